"""Show how far a run is: a bar of its own, or a share of somebody else's."""

from __future__ import annotations

from typing import Protocol

from tqdm import tqdm

from cnnlib.train import distributed


class Progress(Protocol):
    """What `fit` tells about its way, as a context: where it begins, and each batch."""

    def begin(self, total: int, done: int) -> None:
        """Hear of how many pictures there are in all epochs, and in those that were done before."""

    def update(self, pictures: int) -> None:
        """Hear of one more batch."""

    def set_postfix_str(self, words: str) -> None:
        """Hear how it goes."""


def bar(progress: bool | Progress, total: int, done: int) -> tqdm | Progress:
    """Return the bar to be updated: a new one, shown or not, or the one that was given."""
    if not isinstance(progress, bool):
        progress.begin(total, done)
        return progress
    hidden = not progress or distributed.rank() > 0
    return tqdm(total=total, initial=done, unit=" pictures", disable=hidden, leave=False, mininterval=0.5)
