"""The sheet as tables in Markdown, for its page in the book."""

from __future__ import annotations

from cnnlib.sheet.nets import COLUMNS, nets
from cnnlib.sheet.rules import rules


def as_markdown(head: tuple[str, ...], lines: list[tuple[str, ...]], right: int = 0) -> str:
    """Return a table in Markdown; its last `right` columns hold numbers.

    Examples
    --------
    >>> print(as_markdown(("net", "n"), [("a", "1")], right=1))
    | net | n |
    |---|---:|
    | a | 1 |
    """
    rule = ["---"] * (len(head) - right) + ["---:"] * right
    body = [f"| {' | '.join(cells)} |" for cells in (head, *lines)]
    return "\n".join([body[0], f"|{'|'.join(rule)}|", *body[1:]])


def rules_table(section: str) -> str:
    """Return the rules of one section as a Markdown table.

    Examples
    --------
    >>> rules_table("Learning rate").splitlines()[0]
    '| what | rule of thumb |'
    """
    chosen = [rule for rule in rules() if rule.section == section]
    if not any(rule.formula for rule in chosen):
        return as_markdown(("what", "rule of thumb"), [(rule.name, rule.example) for rule in chosen])
    lines = [(rule.name, f"${rule.formula}$", rule.example) for rule in chosen]
    return as_markdown(("what", "formula", "example"), lines)


def sections() -> list[str]:
    """Return the headings of the sheet's rules, in order.

    Examples
    --------
    >>> sections()[:2]
    ['Sizes', 'Receptive field']
    """
    return list(dict.fromkeys(rule.section for rule in rules()))


def nets_table() -> str:
    """Return all networks as a Markdown table.

    Examples
    --------
    >>> nets_table().splitlines()[0]
    '| network | idea | year | input | depth | parameters | multiply-adds |'
    """
    return as_markdown(tuple(COLUMNS), [tuple(cell(net) for cell in COLUMNS.values()) for net in nets()], right=5)
