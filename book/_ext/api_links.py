"""Reads docstrings as they are meant: names without the module they live in, and sentences with a colon.

Sphinx asks for full names. Here a name that only one documented object ends with is enough; what is not ours
(``torch.Tensor``, ``int``) stays plain text, because its documentation is on another host.
"""

from __future__ import annotations

from docutils import nodes
from sphinx.addnodes import pending_xref
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment


def resolve(app: Sphinx, env: BuildEnvironment, node: pending_xref, words: nodes.Element) -> nodes.Element | None:
    """Return the link, or None where no name or more than one fits."""
    if node.get("refdomain") != "py":
        return None
    domain = env.domains["py"]
    found = [name for name in domain.objects if name == node["reftarget"] or name.endswith("." + node["reftarget"])]
    if len(found) != 1:
        return None
    kind = domain.objects[found[0]].objtype
    return domain.resolve_xref(env, node["refdoc"], app.builder, domain.role_for_objtype(kind), found[0], node, words)


def whole_sentence(app: Sphinx, what: str, name: str, thing: object, options: object, lines: list[str]) -> None:
    """Put a property's sentence together again: napoleon takes what stands before its colon for the type."""
    types = [line for line in lines if line.startswith(":type: ")]
    if what == "property" and types:
        rest = [line for line in lines if line not in types]
        lines[:] = [f"{types[0].removeprefix(':type: ')}: {rest[0]}", *rest[1:]]


def setup(app: Sphinx) -> dict:
    app.connect("autodoc-process-docstring", whole_sentence, priority=600)  # after napoleon
    app.connect("missing-reference", resolve)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
