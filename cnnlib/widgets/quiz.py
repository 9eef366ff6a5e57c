"""The quiz at the end of a chapter: its questions are a table, its numbers are computed."""

from __future__ import annotations

import html
import re

import traitlets

from cnnlib.errors import unknown
from cnnlib.widgets import bundle
from cnnlib.widgets.base import BadSetting, Widget
from cnnlib.widgets.tasks import answer

PREFIX = "quiz_"


class Quiz(Widget):
    """Ask a handful of questions about a chapter, and explain each answer.

    The questions lie in ``assets/quiz_<chapter>.json``: facts once, and words in each language. An answer with a
    number names a function of `cnnlib.widgets.tasks` and its arguments; the number itself stands nowhere.

    Parameters
    ----------
    chapter : str
        The chapter's file without its ending, for example ``"04_pooling"``.

    Attributes
    ----------
    answered, correct : int
        Questions answered so far, and those of them answered right.

    Raises
    ------
    BadSetting
        If there is no quiz for that chapter.

    Examples
    --------
    >>> w = Quiz(chapter="04_pooling")
    >>> w.answered, w.correct
    (0, 0)
    """

    module = "quiz"

    chapter = traitlets.Unicode("01_why_convolution").tag(sync=True)
    answered = traitlets.Int(0, read_only=True).tag(sync=True)
    correct = traitlets.Int(0, read_only=True).tag(sync=True)

    @staticmethod
    def chapters() -> list[str]:
        """List the chapters that have a quiz.

        Returns
        -------
        list of str
            In alphabetical order.

        Examples
        --------
        >>> "debug_the_notes" in Quiz.chapters()
        True
        """
        return [name.removeprefix(PREFIX) for name in bundle.asset_names() if name.startswith(PREFIX)]

    def assets(self) -> list[str]:
        """Name the table of the chapter's questions."""
        return [PREFIX + self.chapter]

    @property
    def heights(self) -> tuple[int, int]:
        """Pixels to keep free; each chapter's were measured."""
        narrow, wide = bundle.asset(PREFIX + self.chapter)["heights"]
        return narrow, wide

    @traitlets.validate("chapter")
    def _known_chapter(self, proposal):
        if proposal["value"] not in self.chapters():
            raise BadSetting(str(unknown("quiz for the chapter", proposal["value"], self.chapters())))
        return proposal["value"]

    @traitlets.observe("chapter")
    def _fetch_questions(self, change):
        self._assets = self._default_assets()

    def picture(self) -> str:
        """Return the questions with their answers folded away, for a page without JavaScript."""
        text = bundle.words(self.module)
        table = bundle.asset(PREFIX + self.chapter)
        items = "".join(_on_paper(q, table["words"]["en"][q["id"]], text["solution"]) for q in table["questions"])
        return (
            f'<div class="cw cw-quiz cw-quiz-still"><p><b>{html.escape(text["title"])}</b></p><ol>{items}</ol>'
            f"<p>{html.escape(text['no_script'])}</p></div>"
        )


def _on_paper(question: dict, wording: dict, solution: str) -> str:
    code = "\n".join(question.get("code", []))
    code = f"<pre>{html.escape(code)}</pre>" if code else ""
    options = sorted(wording.get("options", {}).values())  # no hint in their order
    listed = "".join(f"<li>{_rich(option)}</li>" for option in options)
    listed = f"<ul>{listed}</ul>" if listed else ""
    return (
        f"<li><p>{_rich(wording['ask'])}</p>{code}{listed}<details><summary>{html.escape(solution)}</summary>"
        f"<p>{_answer(question, wording)}. {_rich(wording['why'])}</p></details></li>"
    )


def _answer(question: dict, wording: dict) -> str:
    if "task" in question:
        value = answer(question["task"], question["args"])
        return " × ".join(f"{v:,}" for v in value) if isinstance(value, list) else f"{value:,}"
    right = question["items"] if question["kind"] == "order" else question["right"]
    right = [right] if isinstance(right, str) else right
    joint = " → " if question["kind"] == "order" else "; "
    return joint.join(_rich(wording["options"][each]) for each in right)


def _rich(sentence: str) -> str:
    return re.sub(r"`([^`]*)`", r"<code>\1</code>", html.escape(sentence))
