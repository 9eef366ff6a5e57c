"""How far an experiment is: one bar over all its seeds, with the time left; without a terminal, a line a seed."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Mapping

from tqdm import tqdm

from cnnlib.experiments.seeds import Seed

EVERY = 0.2  # seconds between two tellings


class Share:
    """What `fit` tells of one seed, passed on several times a second.

    Parameters
    ----------
    tell : callable
        Called with the number of pictures in all epochs and of those so far; first with those done before.
    """

    def __init__(self, tell: Callable[[int, int], None]):
        self._tell = tell

    def begin(self, total: int, done: int) -> None:
        """As in `cnnlib.train.progress.Progress`."""
        self._total, self._done, self._last = total, done, time.perf_counter()
        self._tell(total, done)

    def update(self, pictures: int) -> None:
        """As in `cnnlib.train.progress.Progress`."""
        self._done += pictures
        if time.perf_counter() - self._last > EVERY:
            self._last = time.perf_counter()
            self._tell(self._total, self._done)

    def set_postfix_str(self, words: str) -> None:
        """Ignore it: one seed's accuracy says little among many."""

    def __enter__(self):
        return self

    def __exit__(self, *problem):
        pass


class Board:
    """Shows how far an experiment is.

    Parameters
    ----------
    title : str
        What to write before the bar.
    costs : mapping of str to float
        How much work each seed is, by its name, in any unit; those that are finished already left out.
    finished : int
        How many seeds are finished already.
    shown : bool
        Whether anything is shown.
    """

    def __init__(self, title: str, costs: Mapping[str, float], finished: int, shown: bool):
        self._costs, self._share = costs, {}
        self._title, self._finished, self._all = title, finished, finished + len(costs)
        self._terminal = sys.stderr.isatty()
        self._shown = shown
        self._bar = tqdm(
            total=sum(costs.values()), desc=self._words(), disable=not (shown and self._terminal), leave=False,
            smoothing=0, bar_format="{desc} {percentage:3.0f} % |{bar}| {elapsed} so far, {remaining} left",
        )  # fmt: skip

    def tell(self, seed: Seed, total: int, done: int) -> None:
        """Take note of how many pictures of a seed are done."""
        self._move(seed, done / total)

    def done(self, seed: Seed) -> None:
        """Take note that a seed is finished."""
        self._move(seed, 1.0)
        self._finished += 1
        self._bar.set_description_str(self._words())
        if self._shown and not self._terminal:
            run, place = seed.finished, f"{self._finished} of {self._all}"
            said = f"{seed.name}: {run['test_accuracy']:.1%} in {run['seconds']:.1f} s ({place})"
            print(said, file=sys.stderr, flush=True)

    def close(self) -> None:
        """Take the bar away."""
        self._bar.close()

    def _move(self, seed: Seed, share: float) -> None:
        step = (share - self._share.get(seed.name, 0.0)) * self._costs[seed.name]
        if self._bar.disable:
            return
        if seed.name not in self._share:  # done before: it says nothing about the speed
            self._bar.initial += step
        self._share[seed.name] = share
        self._bar.update(step)

    def _words(self) -> str:
        return f"{self._title}: {self._finished} of {self._all} seeds"
