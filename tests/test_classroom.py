"""Grading takes what comes: right, wrong, hanging, crashing or broken; and other graders get what they need."""

import csv
import json
import os
import time
from pathlib import Path

import nbformat
import pytest

from cnnlib import classroom
from cnnlib.check import exercises
from cnnlib.classroom import notebook
from cnnlib.cli import main
from cnnlib.errors import BadInput

RIGHT = {
    "pooling.1": "def pool_size(n, k, s, p, ceil_mode):\n    return -1",  # wrong on purpose
    "pooling.4": "def growth(n):\n    return 120 * 16 * ((n // 2 - 4) // 2) ** 2 + 120",
}


def notebook_of(*sources):
    return nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source) for source in sources])


def hand_in(folder, name, *sources):
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(nbformat.writes(notebook_of(*sources)), encoding="utf-8")


def answered():
    first = f'{RIGHT["pooling.1"]}\n\n\ncheck("pooling.1", pool_size)'
    return first, f'{RIGHT["pooling.4"]}\n\n\ncheck("pooling.4", growth)'


@pytest.fixture(scope="module")
def graded(tmp_path_factory):
    """A class's notebooks, graded once: each result by student, and the folder."""
    folder = tmp_path_factory.mktemp("handed in")
    one, four = answered()
    hand_in(folder, "ada/04_pooling.ipynb", "from cnnlib.check import check", "1 / 0", one, four)
    hand_in(folder, "stub.ipynb", "from cnnlib.check import check\ngrowth = ...\ncheck('pooling.4', growth)")
    hand_in(folder, "liar.ipynb", "print('✓ pooling.4: right.')", "if False:\n    check('pooling.4', None)")
    hand_in(folder, "quits.ipynb", four, "import os\nos._exit(7)", one)
    hand_in(folder, "empty.ipynb", "x = 1")
    hand_in(folder, "ada/.ipynb_checkpoints/04_pooling-checkpoint.ipynb", four)
    (folder / "text.ipynb").write_text("My laptop broke.", encoding="utf-8")
    (folder / "list.ipynb").write_text("[1, 2]", encoding="utf-8")
    (folder / "old.ipynb").write_text('{"worksheets": [], "nbformat": 3}', encoding="utf-8")
    before = {path: path.read_bytes() for path in folder.rglob("*.ipynb")}
    results = {row.student: row for row in classroom.grade(folder, seconds=200)}
    assert {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()} == before
    return results


def test_right_answers_count_also_after_a_cell_that_fails(graded):
    ada = graded["ada"]
    assert (ada.points, len(ada.states), ada.file) == (1, 4, "ada/04_pooling.ipynb")
    assert ada.states == {"pooling.1": "wrong", "pooling.2": "absent", "pooling.3": "absent", "pooling.4": "right"}
    assert "ZeroDivisionError: division by zero" in ada.remark
    assert "no check of pooling.2, pooling.3: the cell was deleted or changed" in ada.remark


def test_what_is_not_answered_or_only_printed_earns_nothing(graded):
    assert graded["stub"].points == 0 and graded["stub"].states["pooling.4"] == "missing"
    assert graded["liar"].points == 0 and graded["liar"].states["pooling.4"] == "absent"


def test_what_was_reached_before_a_crash_counts(graded):
    assert graded["quits"].points == 1
    assert "the program ended by itself in cell 2" in graded["quits"].remark and "status 7" in graded["quits"].remark


@pytest.mark.parametrize("student, words", [("text", "not JSON"), ("list", "no cells"), ("old", "old format"),
                                            ("empty", "no exercise")])  # fmt: skip
def test_what_is_no_notebook_gets_a_plain_line(graded, student, words):
    assert words in graded[student].remark and "Traceback" not in graded[student].remark
    assert graded[student].points == 0


def test_no_copy_of_an_editor_is_graded(graded):
    assert len(graded) == 8


HANGS = """import pathlib, signal, subprocess, sys
signal.signal(signal.SIGINT, signal.SIG_IGN)
signal.signal(signal.SIGTERM, signal.SIG_IGN)
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
pathlib.Path({path!r}).write_text(str(child.pid))
while True:
    print("still here " * 1000)"""


def test_a_notebook_that_hangs_is_ended_in_time_with_all_that_it_started(tmp_path):
    pid = tmp_path / "pid.txt"
    hand_in(tmp_path, "hangs.ipynb", "check('pooling.4', None)", HANGS.format(path=str(pid)))
    start = time.monotonic()
    (row,) = classroom.grade(tmp_path, seconds=8)
    assert time.monotonic() - start < 16
    assert "stopped in cell 2" in row.remark and row.states["pooling.4"] == "missing"
    if os.name == "posix":
        with pytest.raises(ProcessLookupError):
            for _ in range(50):  # the system may take a moment to bury it
                if Path(f"/proc/{pid.read_text()}/stat").exists() and zombie(pid.read_text()):
                    raise ProcessLookupError
                os.kill(int(pid.read_text()), 0)
                time.sleep(0.1)


def zombie(pid):
    return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] == "Z"


def test_the_command_writes_a_table_that_a_spreadsheet_reads(tmp_path, capsys):
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "=1+1.ipynb").write_text("no", encoding="utf-8")
    table = tmp_path / "grades.csv"
    assert main(["grade", str(tmp_path / "in"), "--chapter", "pooling", "--out", str(table)]) == 0
    assert "not JSON" in capsys.readouterr().out
    with table.open(encoding="utf-8-sig", newline="") as file:
        (row,) = csv.DictReader(file)
    assert row["student"] == "'=1+1" and (row["points"], row["of"], row["pooling.4"]) == ("0", "4", "0")


@pytest.mark.parametrize(
    "arguments", [["no-such-folder"], ["."], [".", "--chapter", "poolin"], [".", "--seconds", "0"]]
)
def test_a_command_that_cannot_be_done_says_why(arguments, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert main(["grade", *arguments]) == 2
    assert capsys.readouterr().err.startswith("cnnlib: ")


def chapters(root):
    return sorted((root / "chapters").glob("*.ipynb"))


def test_every_exercise_of_the_course_is_found_in_the_chapters(root):
    found = [
        name for path in chapters(root) for cell in notebook.code_cells(notebook.read(path))
        for name in notebook.checks(cell.source)
    ]  # fmt: skip
    assert sorted(found) == sorted(exercises())


# What nbgrader's schema of cell metadata, version 3, demands and allows.
NBGRADER = {"schema_version", "grade", "locked", "solution", "task", "grade_id", "points", "checksum", "cell_type"}


def test_the_copy_for_nbgrader_only_adds_cells_that_its_schema_allows(root, tmp_path):
    for path in chapters(root):
        copy = nbformat.read(classroom.for_nbgrader(path, tmp_path, points=2), as_version=4)
        nbformat.validate(copy)
        added = [cell for cell in copy.cells if "nbgrader" in cell.metadata]
        kept = [cell.source for cell in copy.cells if "nbgrader" not in cell.metadata]
        assert kept == [cell.source for cell in nbformat.read(path, as_version=4).cells]
        marks = [cell.metadata.nbgrader for cell in added]
        names = [mark.grade_id for mark in marks]
        assert len(names) == len(set(names)) >= 4
        assert all(set(mark) <= NBGRADER and mark.schema_version == 3 and mark.cell_type == "code" for mark in marks)
        assert all(mark.grade and mark.locked and not mark.solution and mark.points == 2 for mark in marks)
        assert all(set(name) <= set("abcdefghijklmnopqrstuvwxyz0123456789_-") for name in names)


def test_the_cell_for_nbgrader_raises_unless_the_answer_is_right(root, tmp_path):
    copy = notebook.read(classroom.for_nbgrader(root / "chapters" / "04_pooling.ipynb", tmp_path))
    graded = next(cell["source"] for cell in copy["cells"] if cell["id"] == "graded-pooling-4")
    names = {}
    exec(RIGHT["pooling.4"], names)
    exec(graded, names)
    with pytest.raises(AssertionError, match="not answered yet"):
        exec(graded, {"growth": lambda n: ...})


def test_the_copy_for_otter_changes_no_text_and_names_a_test_for_each_exercise(root, tmp_path):
    for path in chapters(root):
        copy = notebook.read(classroom.for_otter(path, tmp_path / path.stem))
        assert [notebook.text(cell) for cell in copy["cells"]] == list(map(notebook.text, notebook.read(path)["cells"]))
        named = [test for cell in copy["cells"] for test in cell["metadata"].get("otter", {}).get("tests", [])]
        assert len(named) >= 4
        assert sorted(named) == sorted(test.stem for test in (tmp_path / path.stem / "tests").iterdir())
        for test in (tmp_path / path.stem / "tests").iterdir():
            compile(test.read_text(encoding="utf-8"), test.name, "exec")


def test_a_copy_never_overwrites_its_chapter(tmp_path):
    hand_in(tmp_path, "one.ipynb", "check('pooling.4', growth)")
    for convert in (classroom.for_nbgrader, classroom.for_otter):
        with pytest.raises(BadInput, match="overwrite"):
            convert(tmp_path / "one.ipynb", tmp_path)
    hand_in(tmp_path, "none.ipynb", "x = 1")
    with pytest.raises(BadInput, match="checks no exercise"):
        classroom.for_nbgrader(tmp_path / "none.ipynb", tmp_path / "out")
    assert json.loads((tmp_path / "one.ipynb").read_text(encoding="utf-8"))["cells"][0]["metadata"] == {}
