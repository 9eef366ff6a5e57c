"""How much faster are two processor cores than one, as threads or as processes? `python benchmarks/scaling.py`.

Measures one training step of two networks by `cnnlib.train.fit` as one process with one thread, as one with two, and as
two processes with one thread each, in turn, several rounds; and how long two processes take to add up gradients of
several sizes. The median of each is written to `results/scaling.json`, which the book reads. Needs two free cores, no
data (the pictures are noise, which takes as long) and about two minutes. On a busy machine the numbers mean nothing;
the load when it started is written down too.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import torch
from torch import distributed as dist

from cnnlib import data, models, results
from cnnlib.circumstances import circumstances
from cnnlib.train import Recipe, distributed, fit

LAYOUTS = ((1, 1), (1, 2), (2, 1))  # processes, threads of each
NETS = {  # name in the registry: batch, picture, steps to measure
    "lenet_note001": (256, (1, 28, 28), 60),
    "vgg_0503": (128, (3, 32, 32), 6),
}
WARM_UP = 2  # steps that are not counted
MESSAGES = [4 * 10**n for n in range(8)]  # bytes: one number to ten million


class Stopwatch:
    """Takes the time whenever `fit` has computed a step's gradients, as a `Watch` looks at them."""

    def __init__(self):
        self.times = []

    def step(self):
        """Take the time."""
        self.times.append(time.perf_counter())

    def epoch(self):
        """Do nothing: epochs are not of interest."""


def noise(count, shape):
    """Return a data set of random pictures."""
    generator = torch.Generator().manual_seed(0)
    images = torch.randint(256, (count, *shape), dtype=torch.uint8, generator=generator)
    labels = torch.arange(count) % 10
    return data.Dataset("noise", "noise", images, labels, images[:10], labels[:10], tuple("0123456789"), "Random.")


def step_seconds(name):
    """Return the median time of a training step of one network, all processes together."""
    batch, shape, steps = NETS[name]
    watch = Stopwatch()
    torch.manual_seed(0)
    recipe = Recipe(batch_size=batch, lr=0.01, scaling="unit", validation=0)
    pictures = noise(batch * (WARM_UP + steps + 1), shape)
    fit(models.build(name), pictures, recipe, device="cpu", progress=False, watch=watch)
    times = watch.times[WARM_UP:]
    return statistics.median(after - before for before, after in zip(times, times[1:], strict=False))


def message_seconds(size):
    """Return the median time in which the processes add up their gradients of so many bytes."""
    gradient, times = torch.zeros(size // 4), []
    for _ in range(15):
        dist.barrier()
        start = time.perf_counter()
        dist.all_reduce(gradient)
        times.append(time.perf_counter() - start)
    return statistics.median(times[3:])


def work(file):
    """Measure as one of the processes that share the work; the first writes what it found."""
    with distributed.joined("cpu"):
        found = {"steps": {name: step_seconds(name) for name in NETS}}
        if distributed.size() > 1:
            found["messages"] = [message_seconds(size) for size in MESSAGES]
        if distributed.rank() == 0:
            Path(file).write_text(json.dumps(found), encoding="utf-8")


def launch(processes, threads, file):
    """Start the processes and return what they found."""
    start = [sys.executable]
    if processes > 1:
        start += ["-m", "torch.distributed.run", "--standalone", f"--nproc_per_node={processes}"]
    environment = os.environ | {"OMP_NUM_THREADS": str(threads)}
    subprocess.run([*start, __file__, "--work", str(file)], env=environment, check=True)
    return json.loads(file.read_text(encoding="utf-8"))


def main():
    """Measure all layouts in turn, round by round, and write the medians."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3, help="how often each is measured (3)")
    parser.add_argument("--results", metavar="DIR", help="the ledger's folder; results/ if left out")
    parser.add_argument("--work", metavar="FILE", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.work:
        work(options.work)
        return
    load = os.getloadavg()[0] if hasattr(os, "getloadavg") else None
    about = circumstances(torch.device("cpu"))
    found = {layout: [] for layout in LAYOUTS}
    with tempfile.TemporaryDirectory() as folder:
        for number in range(1, options.rounds + 1):
            for layout in LAYOUTS:
                found[layout].append(launch(*layout, Path(folder) / "found.json"))
                print(f"round {number}, {layout[0]} × {layout[1]}: {found[layout][-1]['steps']}", flush=True)
    steps = [
        {"net": name, "batch": NETS[name][0], "parameters": models.card(name).parameters, "processes": processes,
         "threads": threads, "seconds": [round(one["steps"][name], 6) for one in found[processes, threads]]}
        for name in NETS for processes, threads in LAYOUTS
    ]  # fmt: skip
    rounds = [one["messages"] for one in found[2, 1]]
    messages = [{"bytes": size, "seconds": [round(one[i], 7) for one in rounds]} for i, size in enumerate(MESSAGES)]
    about |= {"command": f"python benchmarks/scaling.py --rounds {options.rounds}"}
    hardware = {k: v for k, v in about["hardware"].items() if k != "threads"} | {"cores": os.cpu_count(), "load": load}
    path = results.ledger(options.results) / "scaling.json"
    about |= {"hardware": hardware, "steps": steps, "messages": messages}
    text = json.dumps(about, indent=1, ensure_ascii=False)
    partial = path.with_suffix(".partial")
    partial.write_text(text + "\n", encoding="utf-8")
    os.replace(partial, path)
    print(path)


if __name__ == "__main__":
    main()
