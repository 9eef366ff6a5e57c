"""What a recorded number depends on beside its recipe: hardware, versions, commit, command, date."""

from __future__ import annotations

import os
import platform
import shlex
import subprocess
import sys
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

import torch
from torch import distributed as dist

HERE = Path(__file__).resolve().parent
CARRIED = HERE / "project"
# The project's folder. An installed package has none, and carries what is read from it (setup.py): recorded results.
PROJECT = CARRIED if CARRIED.is_dir() else HERE.parent


def circumstances(device: torch.device, processes: int = 1, threads: int | None = None) -> dict:
    """Return hardware, versions, commit, command line and date of a run that happens now.

    Parameters
    ----------
    device : torch.device
        Where it computes.
    processes : int
        How many runs go on side by side: each is slower than alone.
    threads : int, optional
        Of each; those of this process if left out.

    Returns
    -------
    dict
        ``hardware`` and ``versions`` (dicts), ``commit``, ``command`` and ``date`` (strings). Of several processes
        that compute together, the hardware says how many and how they speak, and the command how they were started.

    Examples
    --------
    >>> sorted(circumstances(torch.device("cpu")))
    ['command', 'commit', 'date', 'hardware', 'versions']
    """
    hardware = {
        "processor": _processor(),
        "threads": threads or torch.get_num_threads(),
        "processes": processes,
        "system": platform.system(),
        "device": str(device),
    }
    if device.type == "cuda":
        hardware["device"] = torch.cuda.get_device_name(device)
    start = []
    if dist.is_available() and dist.is_initialized():
        hardware |= {"processes": dist.get_world_size(), "backend": dist.get_backend()}
        start = ["torchrun", *_processes(), "-m"]
    versions = {"python": platform.python_version()} | {
        name: version(name) for name in ("torch", "torchvision", "numpy")
    }
    command = shlex.join([*start, "cnnlib", *sys.argv[1:]])
    date = datetime.now(UTC).date().isoformat()
    return {"hardware": hardware, "versions": versions, "commit": _commit(), "command": command, "date": date}


def _processes() -> list[str]:
    """Return how many processes torchrun started, as its options; it leaves the numbers in the environment."""
    hosts, each = (os.environ.get(name, "1") for name in ("GROUP_WORLD_SIZE", "LOCAL_WORLD_SIZE"))
    return ([f"--nnodes={hosts}"] if hosts != "1" else []) + [f"--nproc_per_node={each}"]


def _processor() -> str:
    """Return the processor's name; Linux keeps it where Python does not look."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        lines = []
    named = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return named[0] if named else platform.processor() or platform.machine()


def _commit() -> str:
    """Return the project's commit, marked where the code that ran differs from it."""

    def git(*arguments):
        done = subprocess.run(["git", *arguments], cwd=PROJECT, capture_output=True, text=True, check=False)
        return done.stdout.strip() if done.returncode == 0 else ""

    try:
        changes = " + changes" if git("status", "--porcelain", "--", "cnnlib") else ""
        commit = git("rev-parse", "--short=12", "HEAD")
    except OSError:  # git itself is missing
        return "unknown"
    return commit + changes if commit else "unknown"
