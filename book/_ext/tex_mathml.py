"""TeX to MathML that Chromium, Firefox and Safari draw alike.

latex2mathml does the parsing. It writes MathML 3, of which browsers know the smaller MathML Core;
what lies between is mended here, and TeX that it did not understand is an error instead of a red word.
"""

from __future__ import annotations

import html
import re
from xml.etree import ElementTree as ET

from latex2mathml.converter import convert_to_element

UNDER = {"max", "min", "lim", "sup", "inf", "argmax", "argmin", "arg max", "arg min"}
FUNCTIONS = UNDER | {"log", "ln", "exp", "sin", "cos", "tan", "tanh", "sinh", "cosh", "det", "dim", "gcd", "deg"}
FENCES = "⌊⌋⌈⌉"
SIZES = {"big": "1.2em", "Big": "1.6em", "bigg": "2.05em", "Bigg": "2.5em"}

# (offset of capital letter A, of small letter a) in Unicode's mathematical alphabets.
ALPHABETS = {
    "bold": (0x1D400, 0x1D41A),
    "bold-italic": (0x1D468, 0x1D482),
    "sans-serif": (0x1D5A0, 0x1D5BA),
    "monospace": (0x1D670, 0x1D68A),
}
BOLD_GREEK = {"bold": (0x1D6A8, 0x1D6C2), "bold-italic": (0x1D71C, 0x1D736)}


class UnknownTeX(ValueError):
    """TeX that cannot be shown: names the command and the formula."""


def _prepare(tex: str) -> str:
    """Rewrite what latex2mathml misreads into what it reads rightly."""
    tex = re.sub(r"\\(begin|end)\{(?:aligned|align\*?|eqnarray\*?)\}", r"\\\1{split}", tex)
    tex = re.sub(r"\\(?:begin|end)\{(?:equation\*?|displaymath|math)\}", "", tex)
    tex = re.sub(r"\\(begin|end)\{(?:gather\*?|gathered)\}", r"\\\1{matrix}", tex)
    tex = re.sub(r"\\(?:mathrm|textrm)\{([A-Za-z][\w .,-]*)\}", r"\\text{\1}", tex)
    tex = re.sub(r"\\operatorname\*\{([^{}]*)\}", lambda m: rf"\operatorname{{{_name(m[1])}}}\limits", tex)
    tex = re.sub(r"\\operatorname\{([^{}]*)\}", lambda m: rf"\operatorname{{{_name(m[1])}}}", tex)
    tex = re.sub(r"\\([bB]igg?)[lrm]?\s*(\\[a-zA-Z|{}]+|.)", lambda m: _big(m), tex)
    return tex.strip()


def _name(tex: str) -> str:
    return re.sub(r"\\[,;: ]|~|\s+", " ", tex).strip()


def _big(match: re.Match) -> str:
    # \bigl\lfloor is left as text by latex2mathml; \left … \right cannot stand alone, so mark the size.
    names = {r"\lfloor": "⌊", r"\rfloor": "⌋", r"\lceil": "⌈", r"\rceil": "⌉", r"\{": "{", r"\}": "}", r"\|": "‖"}
    fence = names.get(match[2], match[2])
    return rf"\text{{@{match[1]}@{fence}}}"


def _mend(parent: ET.Element, display: bool) -> None:
    for node in list(parent):
        _mend(node, display)
        text = html.unescape(node.text or "") if len(node) == 0 else ""
        node.text = text or None
        variant = node.attrib.pop("mathvariant", "normal" if node.get("mathvariant") == "normal" else None)
        if variant == "normal":
            node.set("mathvariant", "normal")
        elif variant in ALPHABETS and node.tag != "mtext":
            node.text = "".join(_letter(c, variant) for c in text)
        elif variant == "monospace":
            node.set("style", "font-family:monospace")
        if node.tag == "mtext":
            _mend_text(node)
        if node.tag in ("mi", "mo"):
            _mend_token(node)
        if node.tag == "msub" and display and (node[0].text or "") in UNDER:
            node.tag = "munder"
        if node.tag == "mover" and len(node[0]) == 0 and len(node[0].text or "") == 1:
            node[1].set("stretchy", "false")
            node.set("accent", "true")
        if node.tag == "mtable":
            _mend_table(node)
    _space_functions(parent)


def _letter(char: str, variant: str) -> str:
    capital, small = ALPHABETS[variant]
    if "A" <= char <= "Z":
        return chr(capital + ord(char) - 65)
    if "a" <= char <= "z":
        return chr(small + ord(char) - 97)
    if variant in BOLD_GREEK and "α" <= char <= "ω":
        return chr(BOLD_GREEK[variant][1] + ord(char) - ord("α"))
    if variant in BOLD_GREEK and "Α" <= char <= "Ω":
        return chr(BOLD_GREEK[variant][0] + ord(char) - ord("Α"))
    return char


def _mend_text(node: ET.Element) -> None:
    text = re.sub(r"\\([_%&#$ {}])", r"\1", node.text or "")
    sized = re.fullmatch(r"@(\w+)@(.)", text)
    if sized:
        size = SIZES[sized[1]]
        node.tag, text = "mo", sized[2]
        node.attrib.update(minsize=size, maxsize=size, stretchy="true", fence="true", symmetric="true")
    node.text = text


def _mend_token(node: ET.Element) -> None:
    text = node.text or ""
    if text in FUNCTIONS:
        node.tag = "mi"  # as an operator it would be set with the wide spaces of a relation
        node.attrib.pop("movablelimits", None)
    elif text and text in FENCES and node.tag == "mi":
        node.tag = "mo"
        node.set("stretchy", "false")
    elif node.tag == "mo" and len(text) > 1 and text.replace(" ", "").isalpha():
        node.tag = "mi"  # \operatorname{ReLU}


def _mend_table(table: ET.Element) -> None:
    lines = table.attrib.pop("columnlines", "").split()
    rules = table.attrib.pop("rowlines", "").split()
    for r, row in enumerate(table):
        for c, cell in enumerate(row):
            style = []
            align = cell.attrib.pop("columnalign", None)
            if align:
                style.append(f"text-align:{align}")
            if c < len(lines) and lines[c] == "solid":
                style.append("border-right:1px solid")
            if r < len(rules) and rules[r] == "solid":
                style.append("border-bottom:1px solid")
            if table.get("columnspacing", "").startswith("0em"):
                style.append("padding-left:0;padding-right:0")
            if style:
                cell.set("style", ";".join(style))
    for name in ("columnspacing", "rowspacing"):
        table.attrib.pop(name, None)


def _space_functions(parent: ET.Element) -> None:
    """Set a thin space between a function's name and an argument without brackets: log p."""
    if parent.tag not in ("mrow", "mtd", "math", "mstyle"):
        return
    for node in list(parent):
        head = node[0] if node.tag in ("msub", "msup", "munder", "msubsup") else node
        if head.tag != "mi" or (head.text or "") not in FUNCTIONS:
            continue
        at = list(parent).index(node) + 1
        follower = parent[at] if at < len(parent) else None
        apply = ET.Element("mo")
        apply.text = "\u2061"
        parent.insert(at, apply)
        if follower is not None and not (follower.tag == "mo" and (follower.text or "") in "([{,;=)|⌊⌈"):
            parent.insert(at + 1, ET.Element("mspace", width="0.167em"))


def convert(tex: str, display: bool = False) -> str:
    r"""Return a formula as one ``<math>`` element with its TeX as annotation.

    Parameters
    ----------
    tex : str
        The formula, without dollar signs.
    display : bool
        Whether it stands on a line of its own.

    Returns
    -------
    str
        MathML.

    Raises
    ------
    UnknownTeX
        Where a command or an alignment mark was not understood.

    Examples
    --------
    >>> "<mfrac>" in convert(r"\frac{1}{2}")
    True
    >>> convert(r"\nonsense x")
    Traceback (most recent call last):
        ...
    tex_mathml.UnknownTeX: '\\nonsense' is not understood in the formula: \nonsense x
    """
    prepared = _prepare(tex)
    try:
        tree = convert_to_element(prepared, display="block" if display else "inline")
    except Exception as error:  # latex2mathml has a dozen kinds of errors without a common base
        raise UnknownTeX(f"{type(error).__name__} in the formula: {tex.strip()}") from error
    _mend(tree, display)
    for node in tree.iter():
        wrong = re.search(r"\\[A-Za-z]+|[\\&@]", node.text or "")
        if wrong and node.tag != "mtext":
            raise UnknownTeX(f"{wrong[0]!r} is not understood in the formula: {tex.strip()}")
    tree.attrib.pop("xmlns", None)
    body = "".join(ET.tostring(child, encoding="unicode") for child in tree)
    kind = "block" if display else "inline"
    source = html.escape(tex.strip(), quote=False)
    return (
        f'<math display="{kind}"><semantics><mrow>{body}</mrow>'
        f'<annotation encoding="application/x-tex">{source}</annotation></semantics></math>'
    )
