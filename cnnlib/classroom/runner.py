"""Run one notebook in this process and record its verdicts: ``python -m cnnlib.classroom.runner NOTEBOOK RECORD``.

Not for calling by hand: `cnnlib.classroom.grading` starts it in a process and a folder of its own, and ends it in time.
The record is one JSON object a line, written at once, so that what was reached counts however the process ends.
"""

from __future__ import annotations

import json
import sys

from cnnlib.check import engine
from cnnlib.classroom import notebook

LONGEST_REMARK = 200


def run(source: str, record: str) -> None:
    """Run all code cells in order, also after one that fails, and record what happens.

    Parameters
    ----------
    source : str
        The notebook.
    record : str
        The file to append to: lines with ``cell`` as each begins, ``verdict`` and ``state`` for each check, ``error``
        for each cell that fails, and ``end`` after the last cell.
    """
    from IPython.core.interactiveshell import InteractiveShell

    with open(record, "a", encoding="utf-8") as lines:

        def note(**what):
            lines.write(json.dumps(what) + "\n")
            lines.flush()

        engine.listen(lambda verdict: note(verdict=verdict.name, state=verdict.state))
        shell = InteractiveShell.instance()
        shell.user_ns["check"] = engine.check  # its import may be in a cell that was deleted
        for cell in notebook.code_cells(notebook.read(source)):
            note(cell=cell.name)
            result = shell.run_cell(cell.source, store_history=False)
            problem = result.error_before_exec or result.error_in_exec
            if problem is not None:
                note(error=f"{type(problem).__name__}: {problem}".splitlines()[0][:LONGEST_REMARK])
        note(end=True)


if __name__ == "__main__":
    run(*sys.argv[1:])
