"""Finds the entry that a docstring means: ``BadInput`` or ``fit``, written without the module it lives in.

Sphinx asks for the full name. Here a name that only one documented object ends with is enough; what is not ours
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


def setup(app: Sphinx) -> dict:
    app.connect("missing-reference", resolve)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
