"""Reads what a chapter says of itself in its first cells: its title, its aims, its minutes, and what it builds on.

The chapter is the one place where these stand. The landing page's cards and its map of the chapters are made from them.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import nbformat
import yaml

FIRST_CELLS = 4  # in which a chapter says all this
AIMS = "**You will be able to**"
TIME = re.compile(
    r"\*\*Time\*\*: (?:about )?(?P<minutes>\d+) minutes\b.*?"
    r"; the code runs in (?P<run>about \d+ seconds|less than a minute|about \d+ minutes) on two cores"
)
NEEDS = re.compile(r"\*\*Builds on\*\*: (?P<needs>.+)\.$", re.MULTILINE)
NONE = "no other chapter"
LINK = re.compile(r"\[[^]]*\]\((\w+)\.ipynb\)")
CHINESE = re.compile(r"\s*[(（][^()（）]*[\u4e00-\u9fff][^()（）]*[)）]")


class UnreadableFront(ValueError):
    """A chapter whose first cells do not say what they should; the message says how to mend it."""


@dataclass(frozen=True)
class Front:
    """What a chapter says of itself.

    Attributes
    ----------
    name : str
        The file's name without its suffix.
    part : str
        The caption of the part of the book that it stands in.
    title : str
        Its heading.
    aims : tuple of str
        What its reader will be able to do, in Markdown.
    minutes : int
        To read it and try.
    run : str
        How long its code takes on two cores, such as "about 15 seconds".
    needs : tuple of str
        Names of the chapters to read before it.
    """

    name: str
    part: str
    title: str
    aims: tuple[str, ...]
    minutes: int
    run: str
    needs: tuple[str, ...]

    @property
    def aim(self) -> str:
        """Its first aim as a sentence without Chinese words: a card has room for no more."""
        text = CHINESE.sub("", self.aims[0]).rstrip(";.")
        return text[0].upper() + text[1:] + "."


def read_front(path: Path, part: str = "") -> Front:
    """Return what the notebook's first cells say of the chapter."""
    cells = nbformat.read(path, as_version=4).cells[:FIRST_CELLS]
    text = "\n\n".join(cell.source for cell in cells if cell.cell_type == "markdown")
    title = re.search(r"^# (.+)$", text, re.MULTILINE)
    aims = re.findall(r"^- (.+(?:\n  .+)*)", text.partition(AIMS)[2].partition("**Time**")[0], re.MULTILINE)
    time, needs = TIME.search(text), NEEDS.search(text)
    for found, wanted in (
        (title, "# A title"),
        (aims, f"{AIMS}, with a list under it"),
        (time, "**Time**: 40 minutes to read and try; the code runs in about 15 seconds on two cores."),
        (needs, f"**Builds on**: [Title](file.ipynb) and [Title](file.ipynb). Or: **Builds on**: {NONE}."),
    ):
        if not found:
            raise UnreadableFront(f"{path.name}: its first {FIRST_CELLS} cells must say: {wanted}")
    names = tuple(LINK.findall(needs["needs"]))
    if not names and needs["needs"] != NONE:
        raise UnreadableFront(f"{path.name}: 'Builds on' names no chapter as a link; without any it says: {NONE}.")
    aims = tuple(re.sub(r"\s*\n\s*", " ", aim) for aim in aims)
    return Front(path.stem, part, title[1], aims, int(time["minutes"]), time["run"], names)


def read_fronts(root: Path) -> dict[str, Front]:
    """Return every chapter of the table of contents by name, in its order; solutions are no chapters."""
    toc = yaml.safe_load((root / "_toc.yml").read_text(encoding="utf-8"))
    fronts = {}
    for part in toc["parts"]:
        for entry in part["chapters"]:
            path = root / f"{entry['file']}.ipynb"
            if path.parent == root / "chapters":
                fronts[path.stem] = read_front(path, part["caption"])
    return fronts


def in_reading_order(fronts: dict[str, Front]) -> list[Front]:
    """Return the chapters so that each follows all that it builds on, and else as the table of contents has them."""
    order: list[Front] = []
    waiting = dict(fronts)
    for front in fronts.values():
        unknown = [name for name in front.needs if name not in fronts]
        if unknown:
            raise UnreadableFront(f"{front.name}: 'Builds on' names {unknown[0]}, which is no chapter of the contents.")
    while waiting:
        ready = [front for front in waiting.values() if not any(name in waiting for name in front.needs)]
        if not ready:
            raise UnreadableFront(f"These chapters build on each other in a circle: {', '.join(waiting)}.")
        order.append(waiting.pop(ready[0].name))
    return order
