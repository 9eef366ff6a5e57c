"""Lists the weeks of a course, with the minutes that the chapters themselves name.

The directive ``syllabus`` takes YAML: a list of weeks, each with ``chapters`` (file names), ``homework`` (names of
exercises), and texts ``also`` (more homework) and ``discuss``. A chapter or an exercise that does not exist is a
warning, and so an error of the build.
"""

from __future__ import annotations

from pathlib import Path

import yaml
from chapter_fronts import read_front
from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util import logging
from sphinx.util.docutils import SphinxDirective

from cnnlib.classroom import notebook

logger = logging.getLogger(__name__)


def exercises(chapter: dict) -> set[str]:
    return {name for cell in notebook.code_cells(chapter) for name in notebook.checks(cell.source)}


class Syllabus(SphinxDirective):
    """The weeks as a list of definitions."""

    has_content = True

    def run(self) -> list[nodes.Node]:
        """Return the list, made from Markdown."""
        weeks = yaml.safe_load("\n".join(self.content))
        lines = [line for number, week in enumerate(weeks, start=1) for line in self.week(number, week)]
        return self.parse_text_to_nodes("\n".join(lines))

    def week(self, number: int, week: dict) -> list[str]:
        """Return one week's lines of Markdown."""
        names, total, known = [], 0, set()
        for name in week["chapters"]:
            path = Path(self.env.srcdir) / "chapters" / f"{name}.ipynb"
            self.env.note_dependency(str(path))
            chapter = notebook.read(path)
            minutes = read_front(path).minutes
            total += minutes
            known |= exercises(chapter)
            names.append(f"{{doc}}`../chapters/{name}` ({minutes})")
        for wrong in set(week["homework"]) - known:
            logger.warning(f"{wrong} is no exercise of this week's chapters", location=self.get_location())
        homework = ", ".join(f"`{name}`" for name in week["homework"])
        return [
            f"Week {number}: {total} minutes of reading",
            f": - **Read** (minutes): {', '.join(names)}.",
            f"  - **Homework**: {homework}{'; ' + week['also'] if 'also' in week else ''}.",
            f"  - **Discuss**: {week['discuss']}",
            "",
        ]


def setup(app: Sphinx) -> dict:
    app.add_directive("syllabus", Syllabus)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
