"""Grade what students hand in: run each notebook in a scratch folder, within a time limit, and count right answers.

The notebooks are programs of strangers. They run with the rights of whoever grades: a time limit and a scratch folder
are no fence. Grade inside a container or on an account that may lose everything; the book's page for teachers says how.
"""

from __future__ import annotations

import csv
import json
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

import cnnlib
from cnnlib.check import exercises
from cnnlib.classroom import notebook
from cnnlib.classroom.limits import run_limited
from cnnlib.errors import BadInput

SECONDS = 300
SPREADSHEET_FORMULA = ("=", "+", "-", "@", "\t", "\r")


class Grade(NamedTuple):
    """One notebook's result.

    Attributes
    ----------
    student, file : str
        Who (the folder's name, or the file's where there is no folder), and the path below the folder of all.
    states : dict of str
        For each exercise of the notebook's chapters ``"right"``, ``"wrong"``, ``"missing"`` (not answered), or
        ``"absent"`` (its check was never reached).
    remark : str
        What the teacher should know; empty where all went as it should.
    """

    student: str
    file: str
    states: dict[str, str]
    remark: str

    @property
    def points(self) -> int:
        """Number of right answers."""
        return list(self.states.values()).count("right")


def grade(
    folder: str | Path, seconds: float = SECONDS, jobs: int | None = None, chapters: list[str] | None = None
) -> Iterator[Grade]:
    """Grade every notebook below a folder, in the order of their paths; nothing in the folder is changed.

    Parameters
    ----------
    folder : str or Path
        Holds one folder a student, as Moodle and nbgrader write them, or one file a student.
    seconds : float
        The longest one notebook may take, start included.
    jobs : int, optional
        How many run at once; one for each processor if left out.
    chapters : list of str, optional
        Judges to count, for example ``["pooling"]``: also for a notebook whose checks were all deleted. Without, those
        that the notebook's own checks name.

    Yields
    ------
    Grade
        One a notebook.

    Raises
    ------
    BadInput
        If there is no such folder, no notebook in it, or no exercises of that chapter; if `seconds` or `jobs` is not
        above zero.

    Examples
    --------
    >>> next(grade("no-such-folder"))
    Traceback (most recent call last):
        ...
    cnnlib.errors.BadInput: There is no folder no-such-folder. Name the one that holds the students' notebooks.
    """
    folder, known = Path(folder), exercises()
    if not folder.is_dir():
        raise BadInput(f"There is no folder {folder}. Name the one that holds the students' notebooks.")
    if seconds <= 0 or (jobs is not None and jobs < 1):
        raise BadInput(f"seconds is {seconds} and jobs is {jobs}; both must be above 0.")
    for chapter in chapters or []:
        if not any(name.split(".")[0] == chapter for name in known):
            names = ", ".join(sorted({name.split(".")[0] for name in known}))
            raise BadInput(f"There are no exercises of a chapter {chapter!r}. Choose from: {names}.")
    paths = sorted(path for path in folder.rglob("*.ipynb") if not _hidden(path.relative_to(folder)))
    if not paths:
        raise BadInput(f"There is no notebook (*.ipynb) in {folder}.")
    jobs = jobs or os.cpu_count() or 1
    with ThreadPoolExecutor(jobs) as pool:
        yield from pool.map(lambda path: _grade_one(path, folder, seconds, jobs, chapters, known), paths)


def _hidden(path: Path) -> bool:
    """Return whether a path leads through a folder of an editor or a system, such as .ipynb_checkpoints."""
    return any(part.startswith(".") or part == "__MACOSX" for part in path.parts)


def _grade_one(path: Path, folder: Path, seconds: float, jobs: int, chapters: list[str] | None, known) -> Grade:
    below = path.relative_to(folder)
    student = below.parts[0] if len(below.parts) > 1 else below.stem
    wanted = list(chapters or [])
    try:
        cells = notebook.code_cells(notebook.read(path))
    except BadInput as problem:
        return Grade(student, below.as_posix(), _expected(wanted, known), str(problem))
    named = [name for cell in cells for name in notebook.checks(cell.source)]
    wanted = wanted or list(dict.fromkeys(name.split(".")[0] for name in named if name in known))
    states = _expected(wanted, known)
    if not states:
        return Grade(student, below.as_posix(), {}, "it checks no exercise of this course. Name the chapter")
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as scratch:
        record = Path(scratch) / "record.jsonl"
        copy = shutil.copy(path, Path(scratch) / "work.ipynb")
        run = [sys.executable, "-m", "cnnlib.classroom.runner", copy, str(record)]
        status = run_limited(run, Path(scratch), _environment(jobs), seconds)
        lines = _lines(record)
    remarks = _remarks(lines, status, seconds)
    for line in lines:
        if line.get("verdict") in states and states[line["verdict"]] != "right":  # once right is right
            states[line["verdict"]] = line["state"]
    gone = [name for name, state in states.items() if state == "absent" and name not in named]
    if gone:
        remarks.append(f"no check of {', '.join(gone)}: the cell was deleted or changed")
    return Grade(student, below.as_posix(), states, "; ".join(remarks))


def _expected(chapters: list[str], known) -> dict[str, str]:
    names = [name for name in known if name.split(".")[0] in chapters]
    return dict.fromkeys(sorted(names, key=lambda name: (name.split(".")[0], int(name.split(".")[1]))), "absent")


def _environment(jobs: int) -> dict[str, str]:
    """Return what a notebook runs with: this very package, no windows, a processor each where several run at once."""
    threads = {"OMP_NUM_THREADS": "1"} if jobs > 1 else {}
    path = os.pathsep.join([str(Path(cnnlib.__file__).parents[1]), *filter(None, [os.environ.get("PYTHONPATH")])])
    return {**os.environ, **threads, "PYTHONPATH": path, "MPLBACKEND": "agg", "PYTHONDONTWRITEBYTECODE": "1"}


def _lines(record: Path) -> list[dict]:
    """Return the record's whole lines; a process that was ended may leave half of one."""
    found = []
    for line in record.read_text(encoding="utf-8", errors="replace").splitlines() if record.exists() else []:
        try:
            found.append(json.loads(line))
        except ValueError:
            continue
    return [line for line in found if isinstance(line, dict)]


def _remarks(lines: list[dict], status: int | None, seconds: float) -> list[str]:
    """Return what to say of how the run went."""
    remarks, cell = [], "the start"
    for line in lines:
        cell = line.get("cell", cell)
        if "error" in line:
            remarks.append(f"{cell} stops with {line['error']}")
    if status is None:
        remarks.append(f"stopped in {cell} after {seconds:g} s, the time limit")
    elif not any("end" in line for line in lines):
        remarks.append(f"the program ended by itself in {cell} (exit status {status})")
    return remarks


def write_table(grades: list[Grade], path: str | Path) -> Path:
    """Write one row a notebook: student, file, points, out of, remark, and 1 or 0 for each exercise.

    Parameters
    ----------
    grades : list of Grade
        From `grade`.
    path : str or Path
        The CSV file, which is written anew. It begins with a mark that makes spreadsheets read it as UTF-8.

    Returns
    -------
    Path
        The file.

    Raises
    ------
    BadInput
        If it cannot be written.

    Examples
    --------
    >>> path = Path(tempfile.mkdtemp()) / "grades.csv"
    >>> row = Grade("Li Wei", "Li Wei/04_pooling.ipynb", {"pooling.1": "right", "pooling.2": "wrong"}, "")
    >>> print(write_table([row], path).read_text(encoding="utf-8-sig"))
    student,file,points,of,remark,pooling.1,pooling.2
    Li Wei,Li Wei/04_pooling.ipynb,1,2,,1,0
    <BLANKLINE>
    """
    names = list(dict.fromkeys(name for row in grades for name in row.states))
    try:
        with open(path, "w", encoding="utf-8-sig", newline="") as file:
            table = csv.writer(file, lineterminator="\n")
            table.writerow(["student", "file", "points", "of", "remark", *names])
            for row in grades:
                marks = [int(row.states[name] == "right") if name in row.states else "" for name in names]
                words = [_inert(text) for text in (row.student, row.file)]
                table.writerow([*words, row.points, len(row.states), _inert(row.remark), *marks])
    except OSError as error:
        raise BadInput(f"{path} cannot be written ({error.strerror or error}). Is it open in a spreadsheet?") from error
    return Path(path)


def _inert(text: str) -> str:
    """Return a text that no spreadsheet takes for a formula: names and errors are chosen by students."""
    return f"'{text}" if text.startswith(SPREADSHEET_FORMULA) else text
