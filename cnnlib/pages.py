"""Text on a page that code has written, so that no number in it is typed by hand."""

from __future__ import annotations

import inspect

from IPython.display import Markdown, display


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


def listing(thing) -> None:
    """Show the source of a function or class, so that a page prints the very code that runs.

    Parameters
    ----------
    thing : function, method or class
        Anything that `inspect.getsource` finds.

    Examples
    --------
    >>> listing(say)
    <IPython.core.display.Markdown object>
    """
    display(Markdown(f"```python\n{inspect.getsource(thing)}```"))
