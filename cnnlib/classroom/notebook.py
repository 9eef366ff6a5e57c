"""Read a notebook that anyone may have written: its code cells, and which exercises they check."""

from __future__ import annotations

import ast
import json
from pathlib import Path
from typing import NamedTuple

from cnnlib.errors import BadInput


class Cell(NamedTuple):
    """One code cell: what to call it in a message, and its text."""

    name: str
    source: str


def read(path: str | Path) -> dict:
    """Return a notebook as the JSON it is.

    Parameters
    ----------
    path : str or Path
        The file.

    Raises
    ------
    BadInput
        If it cannot be read, is no notebook, or one of a format older than 4.

    Examples
    --------
    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp()) / "a.ipynb"
    >>> _ = path.write_text('{"nbformat": 4, "cells": []}')
    >>> read(path)["cells"]
    []
    """
    path = Path(path)
    try:
        notebook = json.loads(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise BadInput(f"{path} cannot be read ({error.strerror or error}).") from error
    except (ValueError, RecursionError) as error:
        raise BadInput(f"{path.name} is not a notebook: it is not JSON. Ask for the .ipynb file itself.") from error
    if isinstance(notebook, dict) and "worksheets" in notebook:
        raise BadInput(f"{path.name} is in an old format. Open it in Jupyter, save it, and hand that in.")
    cells = notebook.get("cells") if isinstance(notebook, dict) else None
    if not isinstance(cells, list) or not all(isinstance(cell, dict) for cell in cells):
        raise BadInput(f"{path.name} is JSON but not a notebook: it has no cells. Ask for the .ipynb file itself.")
    return notebook


def code_cells(notebook: dict) -> list[Cell]:
    r"""Return the code cells in order.

    Parameters
    ----------
    notebook : dict
        As from `read`.

    Examples
    --------
    >>> code_cells({"cells": [{"cell_type": "code", "id": "a", "source": ["x = 1\n", "x"]}]})
    [Cell(name='cell 1 (a)', source='x = 1\nx')]
    """
    found = []
    for number, cell in enumerate(notebook["cells"], start=1):
        if cell.get("cell_type") == "code":
            name = f"cell {number} ({cell['id']})" if "id" in cell else f"cell {number}"
            found.append(Cell(name, text(cell)))
    return found


def text(cell: dict) -> str:
    r"""Return a cell's text, which the format keeps as one string or as lines.

    Parameters
    ----------
    cell : dict
        One of the notebook's cells.

    Examples
    --------
    >>> text({"source": ["a\n", "b"]})
    'a\nb'
    """
    source = cell.get("source", "")
    return source if isinstance(source, str) else "".join(map(str, source))


def checks(source: str) -> dict[str, str]:
    """Return the exercises that a cell checks, each with the expression that is its answer.

    Parameters
    ----------
    source : str
        The text of a code cell; one that does not parse checks nothing.

    Examples
    --------
    >>> checks('check("pooling.1", pool_size)')
    {'pooling.1': 'pool_size'}
    """
    try:
        calls = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call)]
    except (SyntaxError, ValueError, RecursionError):
        return {}
    return {
        call.args[0].value: ast.unparse(call.args[1])
        for call in calls
        if isinstance(call.func, ast.Name) and call.func.id == "check" and len(call.args) >= 2
        if isinstance(call.args[0], ast.Constant) and isinstance(call.args[0].value, str)
    }
