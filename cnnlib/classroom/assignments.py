"""Copies of a chapter that nbgrader and Otter can grade. The chapter itself stays as it is.

Both tools ask the same judges as the chapter does: what they run is ``check(…, strict=True)``, which raises unless the
answer is right. The texts of the chapter's own cells are not changed.

Formats: nbgrader's cell metadata, version 3 (https://nbgrader.readthedocs.io/en/stable/contributor_guide/metadata.html);
Otter's exception-based test files (https://otter-grader.readthedocs.io/en/latest/test_files/python_format.html).
"""

from __future__ import annotations

import copy
import json
from pathlib import Path

from cnnlib.classroom import notebook
from cnnlib.errors import BadInput

OTTER_TEST = '''"""Otter's test of exercise {name}: the judge that the chapter itself asks."""

from otter.test_files import test_case

OK_FORMAT = False
name = "{identifier}"
points = {points}


@test_case()
def test_answer(env):
    from cnnlib.check import check

    if "{answer}" not in env:
        raise AssertionError("{name}: there is no {answer}; was its cell deleted?")
    check("{name}", env["{answer}"], strict=True)
'''


def for_nbgrader(chapter: str | Path, folder: str | Path, points: float = 1) -> Path:
    """Write a copy of a chapter with a graded, locked cell after each exercise, for nbgrader's ``source`` folder.

    Parameters
    ----------
    chapter : str or Path
        The notebook.
    folder : str or Path
        Where the copy goes: ``source/ASSIGNMENT`` of the course.
    points : float
        What one exercise is worth.

    Returns
    -------
    Path
        The copy, of the chapter's name.

    Raises
    ------
    BadInput
        If the chapter cannot be read or checks no exercise, or the copy would overwrite it.

    Examples
    --------
    >>> import tempfile
    >>> here = Path(tempfile.mkdtemp())
    >>> cell = {"cell_type": "code", "id": "a", "source": 'check("pooling.1", size)', "metadata": {}, "outputs": []}
    >>> _ = (here / "one.ipynb").write_text(json.dumps({"cells": [cell], "nbformat": 4, "nbformat_minor": 5}))
    >>> copied = for_nbgrader(here / "one.ipynb", here / "source" / "ps1")
    >>> print(notebook.read(copied)["cells"][1]["source"])
    from cnnlib.check import check
    <BLANKLINE>
    check("pooling.1", size, strict=True)
    """
    content, exercises = _with_exercises(chapter)
    cells = []
    for cell in content["cells"]:
        cells.append(cell)
        for name, answer in exercises.get(id(cell), {}).items():
            identifier = _identifier(name)
            mark = {"schema_version": 3, "grade": True, "grade_id": identifier, "locked": True, "points": points,
                    "solution": False, "task": False, "cell_type": "code"}  # fmt: skip
            source = f'from cnnlib.check import check\n\ncheck("{name}", {answer}, strict=True)'
            cells.append({"cell_type": "code", "execution_count": None, "id": f"graded-{identifier}",
                          "metadata": {"deletable": False, "editable": False, "nbgrader": mark}, "outputs": [],
                          "source": source})  # fmt: skip
    return _write({**content, "cells": cells}, chapter, folder)


def for_otter(chapter: str | Path, folder: str | Path, points: float = 1) -> Path:
    """Write a copy of a chapter whose exercise cells name their test, and the tests beside it, for Otter-Grader.

    Parameters
    ----------
    chapter : str or Path
        The notebook.
    folder : str or Path
        Where the copy and its ``tests`` folder go; ``otter generate -t tests`` makes an autograder of the latter.
    points : float
        What one exercise is worth.

    Returns
    -------
    Path
        The copy, of the chapter's name. A student who hands in the chapter itself is graded too, by what its names
        stand for at the end.

    Raises
    ------
    BadInput
        If the chapter cannot be read or checks no exercise, an answer is not a plain name, or the copy would
        overwrite the chapter.

    Examples
    --------
    >>> import tempfile
    >>> here = Path(tempfile.mkdtemp())
    >>> cell = {"cell_type": "code", "id": "a", "source": 'check("pooling.1", size)', "metadata": {}, "outputs": []}
    >>> _ = (here / "one.ipynb").write_text(json.dumps({"cells": [cell], "nbformat": 4, "nbformat_minor": 5}))
    >>> notebook.read(for_otter(here / "one.ipynb", here / "out"))["cells"][0]["metadata"]
    {'otter': {'tests': ['pooling-1']}}
    """
    content, exercises = _with_exercises(chapter)
    tests = Path(folder) / "tests"
    for cell in content["cells"]:
        of_cell = exercises.get(id(cell), {})
        for name, answer in of_cell.items():
            if not answer.isidentifier():
                raise BadInput(f"The answer to {name} is {answer!r}; Otter needs a name. Give it one in the chapter.")
            tests.mkdir(parents=True, exist_ok=True)
            text = OTTER_TEST.format(name=name, identifier=_identifier(name), answer=answer, points=points)
            (tests / f"{_identifier(name)}.py").write_text(text, encoding="utf-8")
        if of_cell:
            cell.setdefault("metadata", {})["otter"] = {"tests": [_identifier(name) for name in of_cell]}
    return _write(content, chapter, folder)


def _identifier(name: str) -> str:
    """Return an exercise's name without the full stop, which neither tool allows in a name."""
    return name.replace(".", "-")


def _with_exercises(chapter: str | Path) -> tuple[dict, dict[int, dict[str, str]]]:
    """Return a copy of the notebook, and the exercises of each of its cells by the cell's identity."""
    content = copy.deepcopy(notebook.read(chapter))
    found = {id(cell): notebook.checks(notebook.text(cell)) for cell in content["cells"]
             if cell.get("cell_type") == "code"}  # fmt: skip
    found = {cell: exercises for cell, exercises in found.items() if exercises}
    if not found:
        raise BadInput(f"{chapter} checks no exercise, so there is nothing to grade. Name a chapter.")
    return content, found


def _write(content: dict, chapter: str | Path, folder: str | Path) -> Path:
    target = Path(folder) / Path(chapter).name
    if target.resolve() == Path(chapter).resolve():
        raise BadInput(f"The copy would overwrite {chapter}. Name another folder.")
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(json.dumps(content, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    return target
