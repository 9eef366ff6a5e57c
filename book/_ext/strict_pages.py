"""Lets a site that forbids scripts inside pages (a Content-Security-Policy without ``unsafe-inline``) show the book.

The theme and its helpers write short scripts into every page. Here they become one file, the same for all pages. Only
the one that chooses between light and dark stays where it is, because it must run before anything is painted; a policy
names it by its hash (``tools/policy.py``).
"""

from __future__ import annotations

from pathlib import Path

from sphinx.application import Sphinx

OPTIONS = "book-options.js"


def move_inline_scripts(app: Sphinx, pagename: str, templatename: str, context: dict, doctree: object) -> None:
    scripts = context["script_files"]
    bodies = {id(each): each.attributes["body"] for each in scripts if getattr(each, "attributes", {}).get("body")}
    scripts[:] = [each for each in scripts if id(each) not in bodies]
    # The page's own name is for a menu of versions, which the book does not have.
    text = "\n".join(dict.fromkeys(body for body in bodies.values() if ".pagename =" not in body)) + "\n"
    path = Path(app.outdir) / "_static" / OPTIONS
    if not path.exists() or path.read_text(encoding="utf8") != text:
        path.write_text(text, encoding="utf8")
    app.add_js_file(OPTIONS, priority=400)  # before the scripts that read the options


def drop_print_button(app: Sphinx, pagename: str, templatename: str, context: dict, doctree: object) -> None:
    """Leave printing to the browser's own menu: the theme's button is a script in an attribute."""
    for group in context.get("header_buttons", []):
        group["buttons"] = [each for each in group.get("buttons", []) if each.get("type") != "javascript"]


def setup(app: Sphinx) -> dict:
    app.connect("html-page-context", move_inline_scripts, priority=900)  # after all that add scripts
    app.connect("html-page-context", drop_print_button, priority=900)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
