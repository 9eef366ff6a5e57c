"""What all exercises share: finding one by its name, running it on an answer, and saying what came out."""

from __future__ import annotations

import importlib
import pkgutil
import traceback
from collections.abc import Callable
from typing import NamedTuple

import cnnlib.check
from cnnlib.errors import unknown


class Exercise(NamedTuple):
    """One exercise: its name, its title, and the function that judges an answer."""

    name: str
    title: str
    judge: Callable[[object], str]


class Wrong(Exception):
    """Raised by a judge: why the answer is not right yet, as a hint that does not give it away."""


class NotAnswered(Exception):
    """Raised by a judge, or by `call`, when the answer is still the stub."""


class Verdict(NamedTuple):
    """What came of one answer: the exercise, ``"right"``, ``"wrong"`` or ``"missing"``, and the sentence to print."""

    name: str
    state: str
    words: str


_EXERCISES: dict[str, Exercise] = {}
_LISTENERS: list[Callable[[Verdict], None]] = []


def listen(listener: Callable[[Verdict], None]) -> None:
    """Call a function with each verdict of this process, before it is printed; grading counts points so.

    Parameters
    ----------
    listener : callable
        Takes a `Verdict`.

    Examples
    --------
    >>> heard = []
    >>> listen(heard.append)
    >>> check("arithmetic.1", None)
    arithmetic.1: not answered yet. Replace the ... and run the cell again.
    >>> heard[0].state
    'missing'
    >>> _LISTENERS.remove(heard.append)
    """
    _LISTENERS.append(listener)


def exercise(name: str, title: str) -> Callable:
    """Enter the decorated function as the judge of an exercise.

    The judge gets the answer. It returns in a few words what it has verified, or raises `Wrong` with a hint.

    Parameters
    ----------
    name : str
        ``chapter.number``, where ``chapter`` is the name of the file, or package of files, that holds the judge.
    title : str
        What the exercise asks, in a few words.
    """

    def enter(judge):
        _EXERCISES[name] = Exercise(name, title, judge)
        return judge

    return enter


def exercises() -> dict[str, Exercise]:
    """Return all exercises by name.

    Examples
    --------
    >>> "arithmetic.1" in exercises()
    True
    """
    for module in pkgutil.iter_modules(cnnlib.check.__path__):
        importlib.import_module(f"cnnlib.check.{module.name}")
    return dict(sorted(_EXERCISES.items()))


def _of_chapter(name: str) -> dict[str, Exercise]:
    """Return the exercises known after reading the one file of this chapter; all files together take seconds."""
    chapter = str(name).split(".", maxsplit=1)[0]
    if any(module.name == chapter for module in pkgutil.iter_modules(cnnlib.check.__path__)):
        importlib.import_module(f"cnnlib.check.{chapter}")
    return _EXERCISES


def call(function: Callable, *arguments, **named):
    """Call a reader's function; a stub that returns nothing counts as not answered, an error as wrong.

    Raises
    ------
    NotAnswered
        If the function returns None or ``...``.
    Wrong
        If the function raises, with the line where it happened.
    """
    if not callable(function):
        raise Wrong(f"a function is wanted, not {type(function).__name__}. Hand over its name, without brackets")
    try:
        result = function(*arguments, **named)
    except Exception as problem:  # whatever a reader's code may raise
        line = traceback.extract_tb(problem.__traceback__)[-1].line
        shown = ", ".join([_brief(a) for a in arguments] + [f"{k}={_brief(v)}" for k, v in named.items()])
        raise Wrong(
            f"with ({shown}) your function stops with {type(problem).__name__}: {problem}"
            + (f" (in the line: {line})" if line else "")
        ) from problem
    if result is None or result is ...:
        raise NotAnswered
    return result


def _brief(value: object) -> str:
    """Return a value as a hint shows it: of a tensor only its shape."""
    return f"a tensor of shape {tuple(value.shape)}" if hasattr(value, "shape") else repr(value)


def check(name: str, answer: object, strict: bool = False) -> None:
    """Say whether an answer is right, and if not, what to look at.

    Parameters
    ----------
    name : str
        The exercise, for example ``"arithmetic.1"``.
    answer : object
        A function, a number, a network, as the exercise asks. ``None`` or ``...`` is not answered yet.
    strict : bool
        Raise unless the answer is right; the solutions are checked in this way.

    Raises
    ------
    BadInput
        If there is no such exercise.
    AssertionError
        With ``strict``, if the answer is missing or wrong.

    Examples
    --------
    >>> check("arithmetic.1", None)
    arithmetic.1: not answered yet. Replace the ... and run the cell again.
    """
    verdict = judge(name, answer)
    for listener in _LISTENERS:
        listener(verdict)
    if strict and verdict.state != "right":
        raise AssertionError(verdict.words)
    print(verdict.words)


def judge(name: str, answer: object) -> Verdict:
    """Return the verdict on an answer; `check` says it.

    Parameters
    ----------
    name, answer
        As for `check`.

    Returns
    -------
    Verdict
        The exercise, what came of it, and the sentence for the reader.

    Raises
    ------
    BadInput
        If there is no such exercise.

    Examples
    --------
    >>> judge("arithmetic.1", ...).state
    'missing'
    """
    known = _of_chapter(name)
    if name not in known:
        raise unknown("exercise", name, exercises())
    try:
        if answer is None or answer is ...:
            raise NotAnswered
        said = known[name].judge(answer)
    except NotAnswered:
        return Verdict(name, "missing", f"{name}: not answered yet. Replace the ... and run the cell again.")
    except Exception as problem:  # an answer of any kind may come; a judge that trips over one has found it wrong
        form = f"the answer has not the form that was asked for ({type(problem).__name__}: {problem})"
        hint = problem if isinstance(problem, Wrong) else form
        words = f"✗ {name}: not yet: {hint}"
        return Verdict(name, "wrong", words if words.endswith(("?", ".", "!")) else f"{words}.")
    return Verdict(name, "right", f"✓ {name}: right. {said[0].upper()}{said[1:].rstrip('.')}.")
