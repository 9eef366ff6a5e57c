"""Part one: programs that stop."""

from __future__ import annotations

import contextlib
import io

import torch
from torch import nn

from cnnlib.check.debug import programs
from cnnlib.check.debug.asking import a_number, a_prediction, how_many_are_wrong
from cnnlib.check.engine import Wrong, call, exercise

BLOCKS = ((1, 1, 64), (1, 64, 128), (2, 128, 256), (2, 256, 512), (2, 512, 512))  # VGG-11 as in note 000
COURSE = (64, "M", 128, "M", 256, 256, "M", 512, 512, "M", 512, 512, "M")  # of the course's notebook 05_03


@exercise("debug.1", "a block that does not parse")
def vgg_block(answer) -> str:
    """Judge ``answer(num_convs, in_channels, out_channels)`` against the block, with the same weights."""
    settings = ((1, 1, 4), (1, 4, 6), (2, 3, 8), (3, 5, 5), (3, 2, 7))
    for n, c_in, c_out in settings:
        case = f"with num_convs={n}, in_channels={c_in}, out_channels={c_out}"
        block = call(answer, n, c_in, c_out)
        if not isinstance(block, nn.Module):
            raise Wrong(f"an nn.Module is wanted, and you return {type(block).__name__}")
        convs, pools = ([m for m in block.modules() if isinstance(m, kind)] for kind in (nn.Conv2d, nn.MaxPool2d))
        if len(convs) != n:
            raise Wrong(f"{case} there are {len(convs)} convolutions")
        if len(pools) != 1:
            raise Wrong(f"{case} there are {len(pools)} poolings. The note's own sentence says which is meant: "
                        "'first some convolutions, then one pooling'. How far must the line behind the tab go in?")
        channels = [(conv.in_channels, conv.out_channels) for conv in convs]
        right = programs.vgg_block(n, c_in, c_out).double()
        wanted = [(m.in_channels, m.out_channels) for m in right if isinstance(m, nn.Conv2d)]
        if channels != wanted:
            spelt = " Read the line that was to carry the number on, letter by letter" if n > 1 else ""
            raise Wrong(f"{case} the convolutions go {_arrows(channels)}; they should go {_arrows(wanted)}.{spelt}")
        x = torch.randn(2, c_in, 8, 8, generator=torch.Generator().manual_seed(n), dtype=torch.float64)
        block = block.double()
        for ours, theirs in zip(right.parameters(), block.parameters(), strict=False):
            if ours.shape != theirs.shape:
                raise Wrong(f"{case} a weight has shape {tuple(theirs.shape)}; kernels of 3×3 are wanted, and biases")
            ours.data = theirs.detach().clone()
        given, wanted = call(block, x), right(x)
        if not isinstance(given, torch.Tensor) or given.shape != wanted.shape:
            shape = tuple(given.shape) if isinstance(given, torch.Tensor) else type(given).__name__
            raise Wrong(f"{case} pictures {tuple(x.shape)} become {shape}; {tuple(wanted.shape)} is wanted")
        if not torch.allclose(given, wanted):
            raise Wrong(f"{case} it computes something else. Is a ReLU behind each convolution, and the pooling last?")
    return f"computes what the block should, for {len(settings)} settings"


def _arrows(channels) -> str:
    return ", ".join(f"{a}→{b}" for a, b in channels)


@exercise("debug.2", "which blocks survive a misspelt name?")
def survivors(answer) -> str:
    """Judge a dict from (num_convs, in_channels, out_channels) to True or False, by running the misspelt block."""
    truth = {}
    for setting in BLOCKS:
        try:
            programs.vgg_block(*setting, slip="never updated")(torch.zeros(1, setting[1], 2, 2))
            truth[setting] = True
        except RuntimeError:
            truth[setting] = False
    hint = "which number of channels does its second convolution expect, if it has one, and which does it get?"
    how_many_are_wrong(a_prediction(answer, truth, (True, False)), truth, dict.fromkeys(truth, hint))
    return f"{sum(truth.values())} of the {len(truth)} blocks run, and one of them only by luck"


@exercise("debug.3", "a network that stops three times")
def residual_net(answer) -> str:
    """Judge the text of a program: it must define ``Net``, which is run and compared with the same weights."""
    if not isinstance(answer, str):
        raise Wrong(f"the text of the program is wanted, a str, not {type(answer).__name__}")
    space = programs.run_text(answer)
    if "Net" not in space:
        raise Wrong("the program runs, but defines no Net")
    torch.manual_seed(0)
    net = call(space["Net"])
    if not isinstance(net, nn.Module):
        raise Wrong(f"Net() is {type(net).__name__} and no nn.Module")
    right = programs.ResidualNet()
    try:
        right.load_state_dict(net.state_dict())
    except RuntimeError:
        raise Wrong("your Net has not the note's parameters. Mend what stops it, and leave the layers") from None
    x, said = torch.rand(3, 1, 28, 28), io.StringIO()
    with contextlib.redirect_stdout(said):
        given = call(net, x)
    if said.getvalue():
        raise Wrong(f"it runs, and says {said.getvalue().strip()!r} at every batch. A print that helped to find the "
                    "512 has done its work")  # fmt: skip
    if not isinstance(given, torch.Tensor) or not torch.allclose(given, right(x), atol=1e-5):
        raise Wrong("it runs, but computes something else than the note's network does with the same weights")
    return "it runs in a fresh notebook, says nothing, and computes what the note meant"


@exercise("debug.4", "where do 2,048 features come from?")
def flat_features(answer) -> str:
    """Judge ``answer(cfg, side)`` by PyTorch's own shapes."""
    cases = [(COURSE, 32), (COURSE, 64), ((8, "M", 16), 12), ((6, "M", "M"), 28), ((3, 5, "M", 7, "M"), 30)]
    for cfg, side in cases:
        layers, channels = [], 3
        for entry in cfg:
            layers.append(nn.MaxPool2d(2) if entry == "M" else nn.Conv2d(channels, entry, 3, padding=1))
            channels = channels if entry == "M" else entry
        with torch.no_grad():
            maps = nn.Sequential(*layers)(torch.zeros(1, 3, side, side))
        right, given = maps[0].numel(), a_number(call(answer, list(cfg), side))
        if given == right:
            continue
        pools = cfg.count("M")
        case = f"for cfg={list(cfg)} and pictures of {side}×{side} PyTorch has {right:,}, you {given:g}"
        slips = {
            channels: "That is the number of maps. How many cells has each?",
            channels * maps.shape[-1]: "A map has a height and a width",
            channels * (side / 2**pools) ** 2: "A pooling drops an odd row: 7 becomes 3",
            channels * (side // 2**pools) ** 2 * 3: "The three input channels are gone after the first convolution",
            channels * side * side: "Which entries of cfg change the side?",
        }
        raise Wrong(f"{case}. {slips[given]}" if given in slips else case)
    return f"right for {len(cases)} stacks: the course's needs 512 at 32×32, and 2,048 at 64×64"


@exercise("debug.5", "on the device where the network is")
def its_device(answer) -> str:
    """Judge ``answer(model, x, y)`` with networks on the processor and on PyTorch's device without memory, 'meta'."""
    x, y = torch.rand(4, 6), torch.tensor([0, 1, 2, 1])
    for place in ("cpu", "meta"):
        model = nn.Linear(6, 3, device=place)
        try:
            pair = call(answer, model, x, y)
        except Wrong as problem:
            if any(word in str(problem) for word in ("CUDA", "NVIDIA", "cuda")):
                raise Wrong("on a machine without an NVIDIA GPU this stops. Do not name a device: ask the network "
                            "where its parameters are") from problem  # fmt: skip
            raise
        if not isinstance(pair, tuple | list) or len(pair) != 2 or not all(isinstance(t, torch.Tensor) for t in pair):
            raise Wrong("two tensors are wanted, x and y, in this order")
        for name, given, old in zip("xy", pair, (x, y), strict=True):
            if given.device.type != place:
                raise Wrong(f"the network is on {place!r}, and your {name} on {given.device.type!r}. t.to(place) "
                            "returns a new tensor: is it what you hand back? And who told you the place?")  # fmt: skip
            if given.shape != old.shape or given.dtype != old.dtype or (place == "cpu" and not torch.equal(given, old)):
                raise Wrong(f"{name} comes back changed; only its place should change")
        if next(model.parameters()).device.type != place:
            raise Wrong("you have moved the network. Leave it where it is and bring the batch to it")
    return "the batch follows the network, to any device"
