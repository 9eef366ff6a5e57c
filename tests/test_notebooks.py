"""The notebooks tool: its normal form, its complaints, and that the stored outputs really are compared."""

import json
import subprocess
import sys

import nbformat
import pytest
from nbformat import v4

PRINTS = "print(1 + 1)"
FIGURE = {"image/png": "iVBORw0KGgo=", "text/plain": "<Figure size 640x480 with 1 Axes>"}


@pytest.fixture(scope="module")
def tool(root):
    """The module tools/notebooks.py, which is a script and not part of the package."""
    sys.path.insert(0, str(root / "tools"))
    try:
        import notebooks
    finally:
        sys.path.remove(str(root / "tools"))
    return notebooks


def compared(source=PRINTS, outputs=()):
    return v4.new_code_cell(source, outputs=list(outputs), metadata={"tags": ["nbval-check-output"]})


def stream(text, name="stdout"):
    return v4.new_output("stream", name=name, text=text)


def save(path, *cells):
    kernel = {"kernelspec": {"display_name": "Python 3", "name": "python3"}}
    nbformat.write(v4.new_notebook(cells=list(cells), metadata=kernel), path)
    return path


def complete(path, tool):
    """Write a chapter of ten compared cells in normal form."""
    save(path, v4.new_markdown_cell("# Ten sums"), *(compared(f"print({n})", [stream(f"{n}\n")]) for n in range(10)))
    tool.write(path, tool.read(path))
    return path


def test_only_compared_text_is_kept(tool):
    cells = [
        v4.new_code_cell(PRINTS, outputs=[stream("2\n")], execution_count=3, metadata={"scrolled": True}),
        compared(
            outputs=[stream("2"), stream("warned", "stderr"), v4.new_output("display_data", FIGURE), stream("\n")]
        ),
        compared("7", [v4.new_output("execute_result", {"text/plain": "7", "text/latex": "$7$"}, execution_count=4)]),
        v4.new_markdown_cell("   \n"),
    ]
    first, second, third = tool.normal_form(v4.new_notebook(cells=cells)).cells
    assert (first.outputs, first.execution_count, first.metadata) == ([], None, {})
    assert (second.outputs, second.execution_count) == ([stream("2\n")], 1)
    assert third.outputs == [v4.new_output("execute_result", {"text/plain": "7"}, execution_count=1)]


@pytest.mark.parametrize(
    "picture", ["<svg></svg>", '<img src="a.png">', "<b style='background: url(data:image/png,)'>"]
)
def test_html_with_a_picture_is_not_kept(tool, picture):
    cell = compared("html", [v4.new_output("display_data", {"text/html": picture, "text/plain": "p"})])
    assert tool.normal_form(v4.new_notebook(cells=[cell])).cells[0].outputs == []


def test_ids_are_kept_when_valid_and_made_from_the_text_when_not(tool):
    notebook = v4.new_notebook(cells=[v4.new_markdown_cell(text) for text in ("one", "two", "three", "three")])
    for cell, given in zip(notebook.cells, ("intro", "intro", "not valid", "not valid"), strict=True):
        cell["id"] = given
    ids = [cell.id for cell in tool.normal_form(notebook).cells]
    assert ids[0] == "intro" and len(set(ids)) == 4 and "not valid" not in ids
    notebook.cells.insert(1, v4.new_markdown_cell("new"))
    assert set(ids) < {cell.id for cell in tool.normal_form(notebook).cells}


def test_writing_twice_changes_nothing(tool, tmp_path):
    path = save(tmp_path / "a.ipynb", v4.new_markdown_cell("# 卷积\n\n"), v4.new_code_cell(PRINTS, execution_count=9))
    assert tool.write(path, tool.read(path)) is True
    text = path.read_text(encoding="utf-8")
    assert "卷积" in text and text.endswith("}\n")
    assert tool.write(path, tool.read(path)) is False


def test_a_chapter_in_order_gets_no_complaint(tool, tmp_path):
    assert tool.problems(complete(tmp_path / "a.ipynb", tool)) == []


@pytest.mark.parametrize(
    ("cell", "complaint"),
    [
        (compared(), "stores no output"),
        (compared("1/0", [v4.new_output("error", ename="Error", evalue="", traceback=[])]), "stores an error"),
        (v4.new_code_cell("draw()", outputs=[v4.new_output("display_data", FIGURE)]), "stores a picture"),
        (v4.new_code_cell(PRINTS, execution_count=3), "not in normal form"),
    ],
)
def test_each_fault_is_named(tool, tmp_path, cell, complaint):
    path = complete(tmp_path / "a.ipynb", tool)
    notebook = tool.read(path)
    notebook.cells.append(cell)
    path.write_text(tool.as_text(notebook), encoding="utf-8")
    (problem,) = tool.problems(path)
    assert complaint in problem


def test_a_chapter_that_compares_too_little_is_named_and_a_solution_is_not(tool, tmp_path):
    (tmp_path / "solutions").mkdir()
    for path in (tmp_path / "a.ipynb", tmp_path / "solutions" / "a.ipynb"):
        save(path, compared(outputs=[stream("2\n")]))
        tool.write(path, tool.read(path))
    (problem,) = tool.problems(tmp_path / "a.ipynb")
    assert problem.startswith("it compares 1 stored outputs; a chapter needs 10")
    assert tool.problems(tmp_path / "solutions" / "a.ipynb") == []


def test_what_is_no_notebook_is_named(tool, tmp_path):
    (tmp_path / "a.ipynb").write_text("{", encoding="utf-8")
    assert "not a valid notebook" in tool.problems(tmp_path / "a.ipynb")[0]


def test_chapters_and_solutions_go_in_pairs(tool, tmp_path):
    (tmp_path / "solutions").mkdir()
    for name in ("a.ipynb", "b.ipynb", "solutions/b.ipynb", "solutions/c.ipynb"):
        save(tmp_path / name)
    named = [problem.split()[0] for problem in tool.unpaired(tmp_path)]
    assert named == ["chapters/a.ipynb", "chapters/solutions/c.ipynb"]


def test_executing_stores_text_without_a_data_root(tool, tmp_path, monkeypatch):
    monkeypatch.setenv("CNNLIB_DATA", str(tmp_path))
    asks = f"import os; print(os.environ['CNNLIB_DATA'] == {str(tmp_path)!r})"
    path = save(tmp_path / "a.ipynb", compared(asks), compared("6 * 7"))
    tool.write(path, tool.execute(path))
    first, second = tool.read(path).cells
    assert first.outputs == [stream("False\n")]
    assert second.outputs[0].data == {"text/plain": "42"}


@pytest.mark.parametrize("source", ["1 / 0", "import sys; print(1, file=sys.stderr)"])
def test_a_chapter_that_fails_or_warns_is_left_as_it_was(tool, tmp_path, capsys, source):
    path = save(tmp_path / "a.ipynb", compared(source))
    before = path.read_bytes()
    assert tool.main(["--execute", str(path)]) == 1
    assert path.read_bytes() == before
    assert "left as it was" in capsys.readouterr().err


def test_one_changed_output_turns_nbval_red(tool, tmp_path):
    complete(tmp_path / "good.ipynb", tool)
    notebook = json.loads(complete(tmp_path / "spoilt.ipynb", tool).read_text(encoding="utf-8"))
    notebook["cells"][8]["outputs"][0]["text"] = ["8\n"]  # what the cell prints is 7
    (tmp_path / "spoilt.ipynb").write_text(json.dumps(notebook), encoding="utf-8")
    nbval = [sys.executable, "-m", "pytest", "-q", "--nbval-lax", "-p", "no:cacheprovider", "--rootdir", tmp_path]
    run = subprocess.run(nbval, cwd=tmp_path, capture_output=True, text=True, encoding="utf-8")
    assert "1 failed, 19 passed" in run.stdout
    assert "spoilt.ipynb::Cell 7" in run.stdout
