"""What do matrix products save on tiny maps? `python benchmarks/tiny_maps.py`.

Prints the processor time of forward and backward on one thread, batch 128, as PyTorch computes a 3×3 convolution and as
`cnnlib.train.tiny_maps` does, for maps and channels on both sides of its limits, and then that of a whole training step
of exercise 0503's network. Quote the ratios; the milliseconds belong to this machine.
"""

import contextlib
import itertools
import statistics
import time

import torch
from torch import nn

from cnnlib import models
from cnnlib.train import tiny_maps

BATCH, REPEATS = 128, 7
BOTH = {"PyTorch": contextlib.nullcontext, "products": tiny_maps.TinyMaps}


def milliseconds(step):
    """Return the median processor time of a step."""
    times = []
    for _ in range(REPEATS + 1):
        start = time.process_time()
        step()
        times.append(1000 * (time.process_time() - start))
    return statistics.median(times[1:])


def compare(title, model, x, precision):
    """Print the times of a training step both ways, one after the other, and their ratio."""

    def step(mode):
        with mode(), torch.autocast("cpu", torch.bfloat16, enabled=precision == torch.bfloat16):
            y = model(x)
        y.float().square().mean().backward()

    plain, product = (milliseconds(lambda mode=mode: step(mode)) for mode in BOTH.values())
    print(f"{str(precision)[6:]:9} {title:24} {plain:7.1f} ms {product:7.1f} ms   {plain / product:.2f} ×", flush=True)


def main():
    """Measure layers without any limit, then the network within the limits in use."""
    torch.set_num_threads(1)
    chosen = tiny_maps.FEWEST_CHANNELS, tiny_maps.LARGEST_SIDE
    print(f"{'':34} {'PyTorch':>10} {'products':>10}   PyTorch / products")
    for precision in (torch.bfloat16, torch.float32):
        tiny_maps.FEWEST_CHANNELS, tiny_maps.LARGEST_SIDE = 1, {precision: 8}
        for side, channels in itertools.product((2, 4, 8), (32, 64, 128, 256, 512)):
            layer = nn.Conv2d(channels, channels, 3, padding=1, bias=False).to(memory_format=torch.channels_last)
            x = torch.randn(BATCH, channels, side, side).to(memory_format=torch.channels_last).requires_grad_()
            compare(f"{channels} channels, {side}×{side}", layer, x, precision)
        tiny_maps.FEWEST_CHANNELS, tiny_maps.LARGEST_SIDE = chosen
        net = models.build("vgg_0503").to(memory_format=torch.channels_last)
        compare("the network of 0503", net, torch.randn(BATCH, 3, 32, 32), precision)


if __name__ == "__main__":
    main()
