"""Draw the picture that a link to the book is shown with, book/_static/social_card.png.

    python tools/draw_social_card.py            draw it
    python tools/draw_social_card.py --check    say whether it still shows the book's title and question; write nothing

On it a kernel of nine numbers, the photograph it is slid over, and the feature map that PyTorch computes from both. The
file is kept in the repository, with a digest of its words and of this script, which is what --check compares.
"""

import argparse
import hashlib
import io
import sys
import textwrap
from pathlib import Path

import torch
import yaml
from matplotlib import pyplot as plt
from matplotlib.colors import LinearSegmentedColormap
from PIL import Image
from PIL.PngImagePlugin import PngInfo
from torch.nn.functional import conv2d

from cnnlib.data import photograph

ROOT = Path(__file__).resolve().parents[1]
TARGET = ROOT / "book" / "_static" / "social_card.png"
SIZE, DPI = (1200, 630), 100  # pixels, as those who show such pictures ask for
QUESTION = "Why does a network that looks at pictures slide small kernels over them?"
CREDIT = "Photograph: danielbuechele (flickr.com), CC BY 2.0, from scikit-learn; changed"
COLOURS = 128
KERNEL = [[-1.0, 0.0, 1.0], [-2.0, 0.0, 2.0], [-1.0, 0.0, 1.0]]
PAPER, INK, MUTED = "#fdfdfc", "#1d2733", "#5b6876"
SIGNED = LinearSegmentedColormap.from_list("signed", ["#b34a08", "#f0b48a", PAPER, "#8fbfe6", "#1f5f99"])


def main(arguments=None):
    """Do what the command line asks; return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="write nothing, fail where the file is out of date")
    if parser.parse_args(arguments).check:
        if written_digest() == digest():
            print(f"{TARGET.name} is up to date.")
            return 0
        print(f"{TARGET.name} is out of date: run `python tools/draw_social_card.py`.", file=sys.stderr)
        return 1
    draw(TARGET)
    print(f"{TARGET} written")
    return 0


def title():
    """Return the book's title from its settings."""
    return yaml.safe_load((ROOT / "_config.yml").read_text(encoding="utf-8"))["title"]


def digest():
    """Return a digest of the words and of how this file draws them."""
    source = Path(__file__).read_text(encoding="utf-8").replace("\r\n", "\n")
    return hashlib.sha256(f"{title()}\n{source}".encode()).hexdigest()


def written_digest(path=TARGET):
    """Return the digest that the picture carries, or None."""
    return Image.open(path).text.get("Digest") if path.exists() else None


def draw(path):
    """Draw the picture."""
    picture = photograph("china", size=(214, 320)).float().mean(dim=0)[8:165]  # as wide for its height as its place
    signed = conv2d(picture[None, None], torch.tensor(KERNEL)[None, None])[0, 0]
    reach = float(signed.abs().quantile(0.985))
    with plt.rc_context({"font.family": "DejaVu Sans", "text.color": INK}):
        figure = plt.figure(figsize=(SIZE[0] / DPI, SIZE[1] / DPI), dpi=DPI, facecolor=PAPER)
        shown(figure, (0.5, 0.52, 0.47, 0.44), picture, cmap="gray")
        shown(figure, (0.5, 0.05, 0.47, 0.44), signed, cmap=SIGNED, vmin=-reach, vmax=reach)
        name, _, rest = title().partition(",")
        big = {"fontsize": 37, "weight": "bold", "linespacing": 1.12}
        figure.text(0.05, 0.9, "\n".join(textwrap.wrap(name, 14)), va="top", **big)
        figure.text(0.05, 0.555, rest.strip(), fontsize=20, color=MUTED, va="top")
        figure.text(0.05, 0.45, "\n".join(textwrap.wrap(QUESTION, 30)), fontsize=15.5, va="top", linespacing=1.45)
        axes = figure.add_axes((0.05, 0.06, 0.105, 0.2))
        axes.imshow(torch.tensor(KERNEL), cmap=SIGNED, vmin=-3, vmax=3)
        for row, numbers in enumerate(KERNEL):
            for column, number in enumerate(numbers):
                axes.text(column, row, f"{number:.0f}".replace("-", "−"), fontsize=15, ha="center", va="center")
        axes.set_xticks([0.5, 1.5], [])
        axes.set_yticks([0.5, 1.5], [])
        axes.grid(color=INK, linewidth=0.8)
        axes.tick_params(length=0)
        figure.text(0.97, 0.014, CREDIT, fontsize=8, color=MUTED, ha="right")
        drawn = io.BytesIO()
        figure.savefig(drawn)
        plt.close(figure)
    said = PngInfo()
    said.add_text("Digest", digest())
    said.add_text("Title", title())
    # A palette makes it a third as heavy, and nobody sees it.
    Image.open(drawn).convert("RGB").quantize(COLOURS).save(path, pnginfo=said, optimize=True)


def shown(figure, place, numbers, **how):
    """Show a plane of numbers without axes."""
    axes = figure.add_axes(place)
    axes.imshow(numbers, aspect="auto", **how)
    axes.set_axis_off()


if __name__ == "__main__":
    sys.exit(main())
