"""Train several seeds at once, each in a process of its own with a share of the processor.

The processes are started anew (*spawn*), as Windows and macOS need it, and each takes the next seed when it has done
one. Its outcome goes to a file and not through its pipe, so that what is done stays done whatever becomes of the rest.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
import traceback
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import contextmanager, suppress
from multiprocessing import connection

import torch

from cnnlib import data, devices
from cnnlib.errors import BadInput
from cnnlib.experiments.board import Share
from cnnlib.experiments.seeds import Seed

GOES_ON = "The others that are done are kept, and each one's last whole epoch; the same command goes on from there."


def cores() -> int:
    """Return how many processors this process may use.

    Examples
    --------
    >>> cores() >= 1
    True
    """
    affinity = getattr(os, "sched_getaffinity", None)  # Linux only
    return len(affinity(0)) if affinity else os.cpu_count() or 1


def train_side_by_side(
    seeds: Sequence[Seed], jobs: int, threads: int, tell: Callable[[Seed, int, int], None], done: Callable[[Seed], None]
) -> None:
    """Train seeds in so many processes at once.

    Parameters
    ----------
    seeds : sequence of Seed
        In the order in which they are begun.
    jobs, threads : int
        Processes; threads of each.
    tell : callable
        Called with a seed and its pictures in all and so far, several times a second.
    done : callable
        Called with each seed that is finished.

    Raises
    ------
    BadInput
        If a seed cannot be trained, or a process is ended from outside.
    """
    waiting, context = deque(seeds), multiprocessing.get_context("spawn")
    workers = {}  # its pipe: (its process, the seed it trains)
    try:
        with _deaf_to_ctrl_c():  # inherited: a worker is ended by us, and prints no traceback of its own
            for _ in range(min(jobs, len(waiting))):
                pipe, theirs = context.Pipe()
                process = context.Process(target=_work, args=(theirs, threads), daemon=True)
                process.start()
                theirs.close()  # else nobody would notice that the process is gone
                workers[pipe] = (process, waiting.popleft())
        for pipe, (_, seed) in workers.items():
            _give(pipe, seed)
        while workers:
            for pipe in connection.wait(list(workers)):
                process, seed = workers[pipe]
                try:
                    kind, *what = pipe.recv()
                except (EOFError, OSError):
                    process.join()
                    raise BadInput(
                        f"The process of {seed.name} was ended from outside (exit status {process.exitcode}); perhaps "
                        f"the memory was full: then take fewer --jobs. {GOES_ON}"
                    ) from None
                if kind == "far":
                    tell(seed, *what)
                elif kind == "refused":
                    raise BadInput(f"{seed.name}: {what[0]} {GOES_ON}")
                elif kind == "failed":
                    raise RuntimeError(f"{seed.name} failed. {GOES_ON}\n\n{what[0]}")
                else:
                    done(seed)
                    following = waiting.popleft() if waiting else None
                    workers[pipe] = (process, following)
                    _give(pipe, following)
                    if following is None:
                        process.join()
                        del workers[pipe]
    finally:
        for process, _ in workers.values():
            process.terminate()
        for process, _ in workers.values():
            process.join()


def _give(pipe: connection.Connection, seed: Seed | None) -> None:
    with suppress(OSError):  # that the process is gone is found out when it is listened to
        pipe.send(seed)


@contextmanager
def _deaf_to_ctrl_c():
    """Ignore Ctrl-C for a moment; only the main thread may decide that."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def _work(pipe: connection.Connection, threads: int) -> None:
    """Train one seed after the other, as they come through the pipe."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    torch.set_num_threads(threads)
    devices.keep_memory()
    loaded = None
    with suppress(EOFError, OSError):  # the parent is gone
        while (seed := pipe.recv()) is not None:
            try:
                if loaded is None or loaded.name != seed.dataset:
                    loaded = data.load(seed.dataset, fallback=False, quiet=True)
                seed.train(loaded, Share(lambda total, done: pipe.send(("far", total, done))))
                pipe.send(("done",))
            except BadInput as problem:
                pipe.send(("refused", str(problem)))
            except Exception:
                pipe.send(("failed", traceback.format_exc()))


def _end_with_parent() -> None:
    """Wait until the process that started this one is gone, killed perhaps, and go then."""
    multiprocessing.parent_process().join()
    os._exit(1)
