"""Makes a second build sound when only chapters have changed: which pages to read again, and which to write.

Sphinx goes by the time of a file; here it is the content that counts. Pages of ``book/`` are read each time, because
they may gather what stands in the chapters; those of ``book/api/`` gather only what stands in the package. If something
of a changed chapter has changed that others can see (its headings and captions, the places that can be linked to, what
it cites), every page is written again; if not, its own.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

from docutils import nodes
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment

NAMED = (nodes.title, nodes.caption)
TAKEN_UP = (addnodes.index, addnodes.pending_xref)  # by the index and by the list of references


def note(app: Sphinx, doctree: nodes.document) -> None:
    env = app.env
    if not hasattr(env, "cnn_pages"):
        env.cnn_pages = {}
    env.cnn_pages[env.docname] = (content(env, env.docname), seen_by_others(doctree))


def content(env: BuildEnvironment, name: str) -> str:
    return hashlib.sha256(Path(env.doc2path(name)).read_bytes()).hexdigest()


def seen_by_others(doctree: nodes.document) -> str:
    seen = []
    for node in doctree.findall(nodes.Element):
        seen += node.get("ids", [])
        if isinstance(node, NAMED):
            seen.append(node.astext())
        elif isinstance(node, TAKEN_UP):
            seen.append(repr(sorted(node.attributes.items(), key=lambda pair: pair[0])))
    return hashlib.sha256("\n".join(seen).encode()).hexdigest()


def outdated(app: Sphinx, env: BuildEnvironment, added: set, changed: set, removed: set) -> list[str]:
    known = env.cnn_before = dict(getattr(env, "cnn_pages", {}))
    return [
        name
        for name in env.found_docs - added
        if not name.startswith(("chapters/", "book/api/")) or name not in known or known[name][0] != content(env, name)
    ]


def others_to_write(app: Sphinx, env: BuildEnvironment) -> list[str]:
    before, now = env.__dict__.pop("cnn_before", {}), env.cnn_pages
    same = before.keys() == now.keys() and all(before[name][1] == now[name][1] for name in now)
    return [] if same else sorted(env.found_docs)


def setup(app: Sphinx) -> dict:
    app.connect("env-get-outdated", outdated)
    app.connect("doctree-read", note)
    app.connect("env-get-updated", others_to_write)
    return {"env_version": 1, "parallel_read_safe": False, "parallel_write_safe": True}
