"""Keep the chapters in one normal form, so that a change to a chapter reads as that change and nothing else.

    python tools/notebooks.py               bring every chapter and solution into normal form
    python tools/notebooks.py --check       say what is not as it should be, and fail; nothing is written
    python tools/notebooks.py --execute     run them and store the outputs that the tests compare

Paths may follow; without any, all notebooks under chapters/ are meant. In normal form a notebook holds no figure, no
timing and no count of runs: only the text outputs of cells tagged `nbval-check-output`, the same everywhere.
"""

import argparse
import hashlib
import os
import re
import sys
import tempfile
from pathlib import Path

import nbformat
import yaml

CHAPTERS = Path(__file__).resolve().parents[1] / "chapters"
COMPARED = "nbval-check-output"
RUN = 1  # the count of every cell with an output: nbval compares only cells that have one, whichever it is
MIN_COMPARED = 10  # cells with a stored output, in each chapter
CELL_SECONDS = 600
METADATA = {
    "kernelspec": {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}
INSTALL = "install"  # the id of the cell that makes a chapter run where the package is missing
INSTALL_CELL = """\
# On a machine without the package: install it from the project's own address, and let Colab show its widgets.
import importlib.util
import sys

if importlib.util.find_spec("cnnlib") is None:
    %pip install --quiet "cnnlib @ git+{url}@{release}"
if "google.colab" in sys.modules:
    from google.colab import output
    output.enable_custom_widget_manager()"""
KEPT = ("text/plain", "text/html")  # a widget's view is left out here, as nbval leaves it out of the comparison
CELL_METADATA = ("jupyter", "mystnb", "tags")  # what the book and the tests read; editors add much more


def main(arguments=None):
    """Do what the command line asks; return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("paths", nargs="*", type=Path, help="notebooks (default: all under chapters/)")
    mode = parser.add_mutually_exclusive_group()
    mode.add_argument("--check", action="store_true", help="write nothing, fail where something is not as it should be")
    mode.add_argument("--execute", action="store_true", help="run the notebooks and store the outputs to compare")
    options = parser.parse_args(arguments)
    paths = options.paths or notebooks()
    if options.check:
        found = [f"{shown(path)}: {problem}" for path in paths for problem in problems(path)]
        found += [] if options.paths else unpaired()
        print("\n".join(found) or f"{len(paths)} notebooks are in normal form.")
        return 1 if found else 0
    failed = 0
    for path in paths:
        try:
            changed = write(path, execute(path) if options.execute else read(path))
            print(f"{shown(path)}: {'written' if changed else 'unchanged'}")
        except Exception as error:  # whatever a chapter raises: say it and go on to the next
            failed += 1
            print(f"{shown(path)}: left as it was.\n{error}", file=sys.stderr)
    return 1 if failed else 0


def notebooks(folder=CHAPTERS):
    """Return every notebook of the book in order, leaving out editors' backups."""
    return sorted(path for path in folder.rglob("*.ipynb") if ".ipynb_checkpoints" not in path.parts)


def shown(path):
    """Return the path as a reader of the message would write it."""
    path = Path(path).resolve()
    return path.relative_to(CHAPTERS.parent).as_posix() if path.is_relative_to(CHAPTERS.parent) else str(path)


def read(path):
    """Read a notebook as nbformat 4.5."""
    return nbformat.from_dict(nbformat.read(path, as_version=4))


def is_compared(cell):
    """Return whether the tests compare this cell's output."""
    return cell.cell_type == "code" and COMPARED in cell.metadata.get("tags", [])


def install_cell(config=CHAPTERS.parent / "_config.yml"):
    """Return the code that installs cnnlib from the address in the book's settings; nothing while there is none."""
    repository = yaml.safe_load(config.read_text(encoding="utf-8"))["repository"]
    url = (repository["url"] or "").strip().rstrip("/").removesuffix(".git")
    return INSTALL_CELL.format(url=url, release=repository["branch"]) if url else ""


def with_install_cell(cells):
    """Return the cells with the one that installs the package, if there is an address, before all other code."""
    cells = [cell for cell in cells if cell.get("id") != INSTALL]
    source = install_cell()
    if source:
        first = next((place for place, cell in enumerate(cells) if cell.cell_type == "code"), len(cells))
        cell = nbformat.v4.new_code_cell(source, id=INSTALL, metadata={"tags": ["remove-cell"]})
        cells.insert(first, cell)
    return cells


def normal_form(notebook):
    """Return a copy of the notebook in normal form."""
    cells, ids = [], set()
    for cell in with_install_cell(notebook.cells):
        source = cell.source.strip("\n").rstrip()
        if not source:
            continue
        metadata = {key: cell.metadata[key] for key in CELL_METADATA if cell.metadata.get(key)}
        fields = {"id": cell_id(cell.get("id"), source, ids), "source": source, "metadata": metadata}
        if cell.cell_type == "code":
            outputs = text_outputs(cell.outputs) if is_compared(cell) else []
            count = RUN if outputs else None
            cells.append(nbformat.v4.new_code_cell(execution_count=count, outputs=outputs, **fields))
        elif cell.cell_type == "markdown":
            cells.append(nbformat.v4.new_markdown_cell(**fields))
        else:
            cells.append(nbformat.v4.new_raw_cell(**fields))
    return nbformat.v4.new_notebook(cells=cells, metadata=METADATA, nbformat_minor=5)


def cell_id(given, source, taken):
    """Return the cell's own id where it is valid and free, else one derived from its text; note it as taken."""
    number = 0
    while not (given and re.fullmatch(r"[A-Za-z0-9_-]{1,64}", given)) or given in taken:
        given = hashlib.sha256(f"{number}:{source}".encode()).hexdigest()[:8]
        number += 1
    taken.add(given)
    return given


def text_outputs(outputs):
    """Return what nbval compares and is the same everywhere: standard output as one stream, and results as text."""
    kept, printed = [], None
    for output in outputs:
        if output.output_type == "stream" and output.name == "stdout":
            if printed is None:
                printed = nbformat.v4.new_output("stream", name="stdout", text="")
                kept.append(printed)
            printed.text += output.text
        elif output.output_type in ("execute_result", "display_data") and not has_image(output):
            data = {kind: text for kind, text in output.data.items() if kind in KEPT}
            count = {"execution_count": RUN} if output.output_type == "execute_result" else {}
            if data:
                kept.append(nbformat.v4.new_output(output.output_type, data=data, **count))
    return kept


def has_image(output):
    """Return whether an output carries a picture: as image data, or drawn or embedded in its HTML."""
    data = output.get("data", {})
    html = "".join(data.get("text/html", ""))
    return any(kind.startswith("image/") for kind in data) or bool(re.search(r"<svg|<img|data:image", html))


def as_text(notebook):
    """Return the file's content: sorted keys, one space of indent, characters as they are."""
    return nbformat.writes(notebook, version=4).rstrip("\n") + "\n"


def write(path, notebook):
    """Write the notebook in normal form where the file differs from it; return whether it did."""
    text = as_text(normal_form(notebook)).encode()
    if Path(path).read_bytes() == text:
        return False
    scratch = Path(path).with_suffix(".tmp")
    scratch.write_bytes(text)
    os.replace(scratch, path)
    return True


def problems(path):
    """Return what is wrong with one notebook, each as a sentence that says how to mend it."""
    try:
        notebook = read(path)
        nbformat.validate(notebook)
    except (ValueError, nbformat.ValidationError) as error:
        return [f"this is not a valid notebook ({str(error).splitlines()[0]})"]
    found, filled = [], 0
    for number, cell in enumerate(notebook.cells):
        outputs, name = cell.get("outputs", []), f"cell {number} ({cell.get('id', 'no id')})"
        if any(output.output_type == "error" for output in outputs):
            found.append(f"{name} stores an error; mend the cell and run `python tools/notebooks.py --execute`")
        if any(has_image(output) for output in outputs):
            found.append(f"{name} stores a picture; run `python tools/notebooks.py`")
        if is_compared(cell) and not outputs:
            found.append(f"{name} is tagged {COMPARED} but stores no output; run `python tools/notebooks.py --execute`")
        filled += is_compared(cell) and bool(outputs)
    if not found and Path(path).read_bytes() != as_text(normal_form(notebook)).encode():
        found.append("it is not in normal form; run `python tools/notebooks.py`")
    if Path(path).parent.name != "solutions" and filled < MIN_COMPARED:
        found.append(f"it compares {filled} stored outputs; a chapter needs {MIN_COMPARED} (tag cells {COMPARED})")
    return found


def unpaired(folder=CHAPTERS):
    """Return a sentence for each chapter without its solutions and each solution without its chapter."""
    chapters = {path.name for path in folder.glob("*.ipynb")}
    solutions = {path.name for path in (folder / "solutions").glob("*.ipynb")}
    return [f"chapters/{name} has no chapters/solutions/{name}" for name in sorted(chapters - solutions)] + [
        f"chapters/solutions/{name} has no chapter of the same name" for name in sorted(solutions - chapters)
    ]


def execute(path):
    """Run a notebook in its own folder, in a fresh kernel and without any data root; return it with its outputs."""
    from nbclient import NotebookClient

    notebook = read(path)
    with tempfile.TemporaryDirectory() as nothing:
        # What is stored here is compared on machines that hold no data, so it must not depend on any.
        environment = {**os.environ, "CNNLIB_DATA": nothing}
        folder = {"metadata": {"path": str(Path(path).parent)}}
        client = NotebookClient(notebook, timeout=CELL_SECONDS, kernel_name="python3", resources=folder)
        client.execute(env=environment)
    for cell in filter(is_compared, notebook.cells):
        if any(not_comparable(output) for output in cell.outputs):
            raise ValueError(f"cell {cell.id} shows a picture or a warning, so it cannot be compared: drop {COMPARED}.")
    return notebook


def not_comparable(output):
    """Return whether an output holds what is never stored but would be compared: a picture, a warning, other data."""
    if output.output_type == "stream":
        return output.name != "stdout"
    return has_image(output) or not set(output.data) <= {*KEPT, "application/vnd.jupyter.widget-view+json"}


if __name__ == "__main__":
    sys.exit(main())
