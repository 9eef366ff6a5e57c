"""Text on a page that code has written, so that no number in it is typed by hand."""

from __future__ import annotations

import ast
import html
import inspect
import textwrap

from IPython.display import HTML, Markdown, display

from cnnlib import experiments, results
from cnnlib.errors import unknown


def say(text: str) -> None:
    """Show a paragraph of Markdown as the output of a cell.

    Parameters
    ----------
    text : str
        Usually an f-string whose numbers were computed or recorded.

    Examples
    --------
    >>> say(f"A picture has **{640 * 640 * 3:,}** values.")
    <IPython.core.display.Markdown object>
    """
    display(Markdown(text))


def fold(summary: str, svg: str, text: str = "") -> None:
    """Show a figure behind a line that the reader clicks, so that many of them fit on a page.

    Parameters
    ----------
    summary : str
        The line, plain text.
    svg : str
        From `cnnlib.plot.to_svg`.
    text : str
        Plain text below the figure.

    Examples
    --------
    >>> fold("LeNet", "<svg></svg>")
    <IPython.core.display.HTML object>
    """
    below = f"<p>{html.escape(text)}</p>" if text else ""
    display(HTML(f"<details><summary>{html.escape(summary)}</summary>{svg}{below}</details>"))


def listing(thing) -> None:
    """Show the source of a function or class without its docstring, so that a page prints the very code that runs.

    Parameters
    ----------
    thing : function, method or class
        Anything that `inspect.getsource` finds.

    Examples
    --------
    >>> listing(say)
    <IPython.core.display.Markdown object>
    """
    lines = textwrap.dedent(inspect.getsource(thing)).splitlines()
    definition = ast.parse("\n".join(lines)).body[0]
    if ast.get_docstring(definition) is not None:
        words = definition.body[0]
        del lines[words.lineno - 1 : words.end_lineno]
    display(Markdown("```python\n" + "\n".join(lines) + "\n```"))


def full_size(variant: str) -> None:
    """Say what a network reached at full size on a GPU (experiment ``full``), or that this is not recorded.

    Parameters
    ----------
    variant : str
        One of the experiment's.

    Raises
    ------
    BadInput
        If there is no such variant.

    Examples
    --------
    >>> full_size("resnet")
    <IPython.core.display.Markdown object>
    """
    plan = experiments.get("full")
    if variant not in plan.variants:
        raise unknown("variant in full", variant, plan.variants)
    wanted, name = plan.variants[variant], f"{variant}@{plan.dataset}"
    ours = f"**not recorded**, for want of a GPU; `cnnlib run full --variants {variant}` records it"
    if name in results.names("full"):
        record = results.load("full", name)
        ours = f"**{record.sentence()}**, {record.seconds / 60:.0f} minutes a run on {record.hardware['processor']}"
    say(
        f"At full size, {wanted.title}, ten epochs on Fashion-MNIST: {wanted.reported:g} % is what Dive into Deep "
        f"Learning reports of a single run. Here, by the same settings: {ours}."
    )
