"""Draw the cheat sheet as one page to print, book/_static/cheat_sheet.pdf.

    python tools/draw_cheat_sheet.py            draw it
    python tools/draw_cheat_sheet.py --check    say whether the file still says what `cnnlib.sheet` says; write nothing

The file is kept in the repository: a reader has it without building anything, and a build need not draw it. It carries
a digest of all its words and numbers, which is what --check compares; its bytes change with matplotlib's version.
"""

import argparse
import hashlib
import re
import sys
from pathlib import Path

from matplotlib import pyplot as plt
from matplotlib.backends.backend_pdf import PdfPages

from cnnlib import sheet

TARGET = Path(__file__).resolve().parents[1] / "book" / "_static" / "cheat_sheet.pdf"
TITLE = "Convolutional neural networks on one page"
LETTERS = (
    "i, o input and output size · k kernel · s stride · p padding · d dilation · g groups · C channels · H, W height "
    "and width · N pictures a batch · r receptive field · j jump · μ momentum"
)
A4 = (8.27, 11.69)  # inches
INK, MUTED, RULE, ACCENT = "#1d2733", "#5b6876", "#d5dbe1", "#1f6fb2"
LEFT, RIGHT, MIDDLE = 0.055, 0.945, 0.515  # of the page's width
SMALL, TINY = 6.6, 5.6  # points
LINE, ROW, GAP = 0.0248, 0.0112, 0.0205  # of the page's height: a rule, a network, a heading
NETS_AT = {
    "network": LEFT, "idea": 0.318, "year": 0.655, "input": 0.735, "depth": 0.775, "parameters": 0.853,
    "multiply-adds": RIGHT,
}  # fmt: skip
ON_THE_LEFT = ("Sizes", "Receptive field", "Parameters", "First weights")
FLUSH_RIGHT = ("year", "input", "depth", "parameters", "multiply-adds")


def main(arguments=None):
    """Do what the command line asks; return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="write nothing, fail where the file is out of date")
    if parser.parse_args(arguments).check:
        if digest() == written_digest():
            print(f"{TARGET.name} is up to date.")
            return 0
        print(f"{TARGET.name} is out of date: run `python tools/draw_cheat_sheet.py`.", file=sys.stderr)
        return 1
    draw(TARGET)
    print(f"{TARGET} written")
    return 0


def digest():
    """Return a digest of all that the sheet says, and of how this file draws it."""
    rows = [tuple(cell(net) for cell in sheet.COLUMNS.values()) for net in sheet.nets()]
    source = Path(__file__).read_text(encoding="utf-8").replace("\r\n", "\n")
    return hashlib.sha256(repr((sheet.rules(), rows, source)).encode()).hexdigest()


def written_digest(path=TARGET):
    """Return the digest that the file carries, or None."""
    found = re.search(rb"/Keywords \(([0-9a-f]{64})\)", path.read_bytes()) if path.exists() else None
    return found and found[1].decode()


def draw(path):
    """Draw the page."""
    settings = {"pdf.fonttype": 42, "font.family": "DejaVu Sans", "mathtext.fontset": "dejavusans", "text.color": INK}
    said = {"Title": TITLE, "Keywords": digest(), "CreationDate": None, "Producer": None, "Creator": None}
    with plt.rc_context(settings), PdfPages(path, metadata=said) as pages:
        figure = plt.figure(figsize=A4)
        figure.text(LEFT, 0.963, TITLE, fontsize=15, weight="bold")
        figure.text(LEFT, 0.9485, LETTERS, fontsize=TINY, color=MUTED)
        left = [name for name in sheet.sections() if name in ON_THE_LEFT]
        right = [name for name in sheet.sections() if name not in left]
        ends = [draw_rules(figure, left, LEFT, MIDDLE - 0.02), draw_rules(figure, right, MIDDLE, RIGHT)]
        draw_nets(figure, min(ends) - 0.006)
        pages.savefig(figure)
        plt.close(figure)


def heading(figure, y, text, left, right):
    """Write a heading over a thin line."""
    figure.text(left, y, text, fontsize=8, weight="bold", color=ACCENT)
    line(figure, y - 0.0042, left, right)


def line(figure, y, left, right):
    """Draw a thin line across."""
    figure.add_artist(plt.Line2D([left, right], [y, y], color=RULE, linewidth=0.6, transform=figure.transFigure))


def draw_rules(figure, names, left, right):
    """Write the sections one under another; return where they end."""
    y = 0.926
    for name in names:
        heading(figure, y, name, left, right)
        y -= GAP
        for rule in (rule for rule in sheet.rules() if rule.section == name):
            figure.text(left, y, rule.name, fontsize=SMALL)
            figure.text(left, y - 0.0085, rule.example, fontsize=TINY, color=MUTED)
            if rule.formula:
                large = rule.formula.replace(r"\frac", r"\dfrac")  # else it would be set as small as in running text
                figure.text(right, y - 0.0035, f"${large}$", fontsize=7, ha="right", va="center")
            y -= LINE
        y -= 0.006
    return y


def draw_nets(figure, top):
    """Write the table of networks."""
    heading(figure, top, "Every network of the book", LEFT, RIGHT)
    y = top - 0.0145
    for name, x in NETS_AT.items():
        side = "right" if name in FLUSH_RIGHT else "left"
        figure.text(x, y, name, fontsize=TINY, color=MUTED, ha=side)
    for net in sheet.nets():
        y -= ROW
        for name, x in NETS_AT.items():
            side = "right" if name in FLUSH_RIGHT else "left"
            figure.text(x, y, sheet.COLUMNS[name](net), fontsize=TINY, ha=side)


if __name__ == "__main__":
    sys.exit(main())
