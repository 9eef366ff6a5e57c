"""One run over several processes: each computes on its share of every batch, and they add up what they found.

Started by ``torchrun``, every process runs the same program with the same seed, so all draw the same batches and the
same changes of the pictures. Process r of p takes the r-th part of each batch. Before each step the gradients are
averaged (PyTorch's DistributedDataParallel), weighted so that the result is the gradient of the whole batch's mean
loss. So every process takes the same step, and their weights stay alike. Alone, all functions here do nothing.

Two things are each process's own. Dropout draws from its own seed. Batch norm uses, on a processor, the mean and the
deviation of its own share; the running statistics are those of process 0. On GPUs it uses those of the whole batch.

Source: Li et al., "PyTorch Distributed: experiences on accelerating data parallel training", VLDB 2020.
"""

from __future__ import annotations

import copy
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import torch
from torch import distributed as dist
from torch import nn

from cnnlib.errors import BadInput

PATIENCE = timedelta(minutes=10)  # how long a process waits for the others before it gives up
SEED_STEP = 1_000_003  # between the processes' seeds of dropout, so that seeds 0, 1, 2, … of a record do not meet them
_NORMS = (nn.BatchNorm1d, nn.BatchNorm2d, nn.BatchNorm3d)


@contextmanager
def joined(device: str | None = None) -> Iterator[str | None]:
    """Join the other processes that ``torchrun`` started, for as long as the block lasts.

    Parameters
    ----------
    device : str, optional
        ``"cuda"`` or ``"cpu"``; GPUs when there are any, else the processor. Each process takes the GPU of its own
        number on its host.

    Yields
    ------
    str or None
        The device for this process; the one given where ``torchrun`` started no other process.

    Raises
    ------
    BadInput
        If a host has fewer GPUs than processes, the device is not for several processes, or another process ended.

    Examples
    --------
    >>> with joined("cpu") as place:
    ...     place, size(), rank()
    ('cpu', 1, 0)
    """
    if int(os.environ.get("WORLD_SIZE", 1)) == 1 or "RANK" not in os.environ:
        yield device
        return
    place, backend = _own_place(device)
    if backend == "nccl":
        torch.cuda.set_device(place)
    failed = True
    try:
        dist.init_process_group(backend, timeout=PATIENCE)
        yield place
        dist.barrier()  # process 0 may still be writing; if that fails, all fail
        failed = False
    except RuntimeError as problem:
        if _is_about_others(problem):
            raise BadInput(
                f"Process {os.environ['RANK']} lost the others: one of them has ended or cannot be reached. "
                "Its own message says why. Mend that and start all of them again."
            ) from problem
        raise
    finally:
        # Closing the connections tells the others. NCCL would first wait for sums that never come; there the end of
        # this process tells them.
        if dist.is_initialized() and not (failed and backend == "nccl"):
            dist.destroy_process_group()


@contextmanager
def own_folder(path: str | os.PathLike | None) -> Iterator[str | os.PathLike | None]:
    """Give each process a folder to write to: process 0 the one named, every other one that is thrown away.

    So all can run the same program, down to its files, and only what process 0 writes stays.

    Examples
    --------
    >>> with own_folder("results") as folder:
    ...     folder
    'results'
    """
    if rank() == 0:
        yield path
        return
    with tempfile.TemporaryDirectory() as folder:
        yield folder


def rank() -> int:
    """Return this process's number, from 0; process 0 alone prints, shows progress and keeps files."""
    return dist.get_rank() if _together() else 0


def size() -> int:
    """Return how many processes compute together; 1 alone."""
    return dist.get_world_size() if _together() else 1


def share(count: int) -> slice:
    """Return which of so many pictures are this process's: as equal parts as can be, the larger ones first.

    Examples
    --------
    >>> share(256)
    slice(0, 256, None)
    """
    least, more = divmod(count, size())
    start = rank() * least + min(rank(), more)
    return slice(start, start + least + (rank() < more))


def synchronised(model: nn.Module) -> nn.Module:
    """Return a network whose batch norm, on several GPUs, uses the mean and the deviation of the whole batch.

    Parameters
    ----------
    model : nn.Module
        Stays as it is. PyTorch's SyncBatchNorm needs a GPU, so on a processor the network itself is returned.

    Returns
    -------
    nn.Module
        Shares all parameters and running statistics with the network.
    """
    on_gpu = any(p.is_cuda for p in model.parameters())
    if size() == 1 or not on_gpu or not any(isinstance(layer, _NORMS) for layer in model.modules()):
        return model
    return with_synchronised_norm(model)


def with_synchronised_norm(model: nn.Module) -> nn.Module:
    """Return the network with SyncBatchNorm for batch norm, sharing all parameters and running statistics.

    Examples
    --------
    >>> net = nn.Sequential(nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2))
    >>> twin = with_synchronised_norm(net)
    >>> type(twin[1]).__name__, type(net[1]).__name__, twin[1].running_mean is net[1].running_mean
    ('SyncBatchNorm', 'BatchNorm2d', True)
    """
    numbers = (*model.parameters(), *model.buffers())
    twin = copy.deepcopy(model, memo={id(number): number for number in numbers})  # new layers around the same numbers
    return nn.SyncBatchNorm.convert_sync_batchnorm(twin)


def parallel(model: nn.Module) -> nn.Module:
    """Return a network whose gradients are averaged over all processes; alone, the network itself.

    All processes get the weights of process 0. From here on their random numbers differ, so that dropout does; process
    0's stay as they are.

    Parameters
    ----------
    model : nn.Module
        On this process's device. Each parameter that is trained must take part in the loss.
    """
    if size() == 1:
        return model
    if rank():
        torch.manual_seed((torch.initial_seed() + rank() * SEED_STEP) % 2**63)
    place = next(model.parameters()).device
    return nn.parallel.DistributedDataParallel(model, device_ids=[place] if place.type == "cuda" else None)


def summed(*numbers: torch.Tensor) -> tuple[torch.Tensor, ...]:
    """Return each number, a tensor without dimensions, added up over all processes.

    Examples
    --------
    >>> summed(torch.tensor(2.5), torch.tensor(4))
    (tensor(2.5000), tensor(4))
    """
    if size() == 1:
        return numbers
    total = torch.stack([number.double() for number in numbers])
    dist.all_reduce(total)
    return tuple(total)


def gathered(rows: torch.Tensor, count: int) -> torch.Tensor:
    """Return the rows that all processes computed, each for its `share`, as one tensor of so many rows."""
    if size() == 1:
        return rows
    whole = rows.new_zeros(count, *rows.shape[1:])
    whole[share(count)] = rows
    dist.all_reduce(whole)  # every row is a number plus zeros
    return whole


@torch.no_grad()
def agree(model: nn.Module) -> None:
    """Give every process the running statistics of process 0, so that all judge the same network."""
    if size() > 1:
        for number in model.buffers():
            dist.broadcast(number, src=0)


def _together() -> bool:
    return dist.is_available() and dist.is_initialized()


def _own_place(device: str | None) -> tuple[str, str]:
    """Return this process's device and how it speaks to the others."""
    kind = device or ("cuda" if torch.cuda.is_available() else "cpu")
    if kind == "cpu":
        return "cpu", "gloo"
    if kind != "cuda":
        raise BadInput(
            f"The device is {device!r}, but there are {os.environ['WORLD_SIZE']} processes; each takes a GPU of its "
            "own or the processor. Use --device cuda or --device cpu."
        )
    number, wanted = int(os.environ["LOCAL_RANK"]), int(os.environ["LOCAL_WORLD_SIZE"])
    present = torch.cuda.device_count()
    if wanted > present:
        raise BadInput(
            f"{wanted} processes on this host share {present} GPU{'s' * (present != 1)}; each needs one of its own. "
            f"Use torchrun --nproc_per_node={max(present, 1)}, or --device cpu."
        )
    return f"cuda:{number}", "nccl"


def _is_about_others(problem: RuntimeError) -> bool:
    """Return whether an error says that a connection broke: gloo has no type of its own for it."""
    return isinstance(problem, dist.DistError) or "gloo" in str(problem)
