"""Puts a widget's JavaScript together, once for Jupyter and once for the built page.

A widget's front end is a handful of small ES modules in this folder that import each other
(``import { h } from "./dom.js"``). Neither Jupyter nor a page opened from disk can follow such
imports: anywidget is handed one text, and a browser loads no module from ``file://``. So the
modules are joined here into one text. Every top-level name must therefore be unique among the
modules of one widget; the browser reports a clash as a syntax error, and the tests look for one.
"""

from __future__ import annotations

import hashlib
import json
import re
from functools import cache
from pathlib import Path

HERE = Path(__file__).parent
IMPORT = re.compile(r'^import\s+\{[^}]*\}\s+from\s+"\./([\w.]+)\.js";\n', re.MULTILINE)
EXPORT = re.compile(r"^export (?=const|function|class|async)", re.MULTILINE)


@cache
def source(name: str) -> str:
    """Return the text of one module of this folder.

    Parameters
    ----------
    name : str
        The file's name without ``.js``.

    Returns
    -------
    str
        The file's text.

    Examples
    --------
    >>> source("dom").startswith("//")
    True
    """
    return (HERE / f"{name}.js").read_text(encoding="utf8")


def modules(name: str) -> list[str]:
    """List a module and everything it imports, each after what it needs.

    Parameters
    ----------
    name : str
        The module to start from.

    Returns
    -------
    list of str
        Names in the order in which the texts must be joined, `name` last.

    Examples
    --------
    >>> modules("controls")
    ['dom', 'controls']
    """
    order: list[str] = []

    def visit(part: str) -> None:
        for needed in IMPORT.findall(source(part)):
            if needed not in order:
                visit(needed)
        order.append(part)

    visit(name)
    return order


def part(name: str) -> str:
    """Return a module's text without its imports, which joining makes needless.

    Parameters
    ----------
    name : str
        The module's name.

    Returns
    -------
    str
        The text with ``import`` lines and the word ``export`` before declarations removed;
        ``export default`` stays, because it is how a widget is found.

    Examples
    --------
    >>> "import" in part("controls").split("export")[0].split("//")[0]
    False
    """
    return EXPORT.sub("", IMPORT.sub("", source(name)))


def module(name: str) -> str:
    """Return one self-contained ES module: what anywidget is given as ``_esm``.

    Parameters
    ----------
    name : str
        The widget's name, for example ``"conv_explorer"``.

    Returns
    -------
    str
        The joined text.

    Examples
    --------
    >>> module("conv_explorer").count("export default")
    1
    """
    return "\n".join(part(each) for each in modules(name))


def widget_names() -> list[str]:
    """List the widgets: the modules that export a ``render`` function as their default.

    Returns
    -------
    list of str
        Names in alphabetical order.

    Examples
    --------
    >>> "conv_explorer" in widget_names()
    True
    """
    files = sorted(HERE.glob("*.js"))
    return [f.stem for f in files if re.search(r"^export default", f.read_text(encoding="utf8"), re.MULTILINE)]


def page_script() -> str:
    """Return the classic script that brings the widgets of a built page to life.

    Returns
    -------
    str
        JavaScript that needs no server and no kernel, and asks for `module_script` and `asset_script` files.

    Examples
    --------
    >>> "cnn-assets" in page_script()
    True
    """
    digest = hashlib.sha256()
    for text in (*map(module, widget_names()), *map(asset_script, asset_names())):
        digest.update(text.encode())
    return source("page_loader").replace("/* VERSION */", digest.hexdigest()[:8])


def module_script(name: str) -> str:
    """Return the classic script that hands a widget's module to a page, as text.

    Parameters
    ----------
    name : str
        The widget's name.

    Returns
    -------
    str
        JavaScript.

    Examples
    --------
    >>> module_script("conv_explorer")[:56]
    'window.cnnlibWidgets.assets["widget_conv_explorer"] = "/'
    """
    return f"window.cnnlibWidgets.assets[{json.dumps(f'widget_{name}')}] = {json.dumps(module(name))};\n"


def stylesheet(*names: str) -> str:
    """Return the style sheet of some widgets: what all share, then what is each one's own.

    Parameters
    ----------
    *names : str
        Widgets; all of them if none is named.

    Returns
    -------
    str
        CSS.

    Examples
    --------
    >>> ".cnnlib-widget" in stylesheet("conv_explorer")
    True
    """
    files = [HERE / "widgets.css", *(HERE / f"{name}.css" for name in names or widget_names())]
    return "\n".join(file.read_text(encoding="utf8") for file in files if file.is_file())


def asset_names() -> list[str]:
    """List the widgets' large data: what lies in ``assets/``.

    Returns
    -------
    list of str
        Names in alphabetical order.
    """
    return sorted(file.stem for file in (HERE / "assets").glob("*.json"))


def asset(name: str) -> dict:
    """Return one of the widgets' large data sets.

    Parameters
    ----------
    name : str
        One of `asset_names`.

    Returns
    -------
    dict
        What its widget reads.
    """
    return json.loads((HERE / "assets" / f"{name}.json").read_text(encoding="utf8"))


def asset_script(name: str) -> str:
    """Return the classic script that hands such data to a page; a page opened from disk may load nothing else.

    Parameters
    ----------
    name : str
        One of `asset_names`.

    Returns
    -------
    str
        JavaScript.
    """
    text = json.dumps(asset(name), separators=(",", ":"), ensure_ascii=False)
    return f"window.cnnlibWidgets.assets[{json.dumps(name)}] = {text};\n"


def words(name: str, language: str = "en") -> dict[str, str]:
    """Return a widget's words in one language, from the table that JavaScript uses too.

    Parameters
    ----------
    name : str
        The widget's name.
    language : str
        Two letters; English where the table does not have it.

    Returns
    -------
    dict
        Key to sentence.

    Examples
    --------
    >>> words("conv_explorer")["title"]
    'Convolution explorer'
    """
    text = source(f"{name}.words")
    table = json.loads(text[text.index("{") : text.rindex("}") + 1])
    return table.get(language, table["en"])
