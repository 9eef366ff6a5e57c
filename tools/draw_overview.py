"""Draw the picture of README.md, book/_static/overview.svg: `python tools/draw_overview.py`.

A small picture, a kernel that finds where the ink begins and ends from left to right, and the feature map that PyTorch
computes from them. The panel brings its own background, so it can be read on a light page and on a dark one.
"""

from pathlib import Path

import torch
from torch.nn.functional import conv2d

TARGET = Path(__file__).resolve().parents[1] / "book" / "_static" / "overview.svg"
CELL, TOP, WIDTH, HEIGHT = 36, 42, 868, 336
PICTURE = ["0000000", "0011100", "0100010", "0000100", "0001000", "0011110", "0000000"]  # a handwritten 2
KERNEL = [[-1.0, 0.0, 1.0]] * 3
ROW, COLUMN = 3, 1  # the output that the picture explains
PAPER, INK, LINE, WINDOW = "#ffffff", "#1f2328", "#d0d7de", "#bc4c00"


def main():
    """Write the picture and say where."""
    picture = torch.tensor([[float(pixel) for pixel in row] for row in PICTURE])
    kernel = torch.tensor(KERNEL)
    outcome = conv2d(picture[None, None], kernel[None, None])[0, 0]
    here = int(outcome[ROW, COLUMN])

    left, middle, right = 36, 400, 632
    kernel_top, output_top = TOP + 2 * CELL, TOP + CELL
    # The window and the output that comes from it, joined through the kernel.
    window = (left + COLUMN * CELL, TOP + ROW * CELL, 3 * CELL)
    output = (right + COLUMN * CELL, output_top + ROW * CELL, CELL)
    parts = [
        *grid(picture, left, TOP, lambda value: grey(1 - value)),
        *grid(kernel, middle, kernel_top, lambda value: signed(value / 2)),
        *grid(outcome, right, output_top, lambda value: signed(value / 3)),
        *rays(window, (middle, kernel_top, 3 * CELL)),
        *rays((middle, kernel_top, 3 * CELL), output),
        frame(*window),
        frame(middle, kernel_top, 3 * CELL),
        frame(*output),
    ]
    told = (
        "A picture of 7 by 7 pixels showing a handwritten 2; a kernel of 3 by 3 numbers, −1 on its left and 1 on its "
        "right; and the feature map of 5 by 5 numbers that they give. One window of the picture is marked: multiplied "
        f"by the kernel number by number and summed, it gives the marked output, {here}."
    )
    TARGET.write_text(
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{told}" '
        f'font-family="system-ui, sans-serif" font-size="15" text-anchor="middle">\n<title>{told}</title>\n'
        f'<rect width="{WIDTH}" height="{HEIGHT}" rx="12" fill="{PAPER}"/>\n' + "\n".join(parts) + "\n</svg>\n",
        encoding="utf-8",
    )
    print(f"{TARGET} written")


def grid(numbers, left, top, colour):
    """Return one square with its number for each entry."""
    parts = []
    for row, line in enumerate(numbers.tolist()):
        for column, value in enumerate(line):
            x, y, fill = left + column * CELL, top + row * CELL, colour(value)
            ink = PAPER if brightness(fill) < 0.5 else INK
            parts.append(f'<rect x="{x}" y="{y}" width="{CELL}" height="{CELL}" fill="{fill}" stroke="{LINE}"/>')
            text = f"{value:.0f}".replace("-", "−")
            parts.append(f'<text x="{x + CELL // 2}" y="{y + CELL // 2 + 5}" fill="{ink}">{text}</text>')
    return parts


def frame(left, top, side):
    """Return a marked square."""
    return f'<rect x="{left}" y="{top}" width="{side}" height="{side}" fill="none" stroke="{WINDOW}" stroke-width="3"/>'


def rays(source, target):
    """Return the lines from the right corners of one square to the left corners of the next."""
    (x, y, side), (to_x, to_y, to_side) = source, target
    ends = ((y, to_y), (y + side, to_y + to_side))
    line = f'stroke="{WINDOW}" stroke-width="1.5" stroke-dasharray="5 4"'
    return [f'<line x1="{x + side}" y1="{start}" x2="{to_x}" y2="{end}" {line}/>' for start, end in ends]


def mix(start, end, share):
    """Return the colour that lies the given share of the way from one to the other."""
    channels = [round(a + (b - a) * share) for a, b in zip(start, end, strict=True)]
    return "#{:02x}{:02x}{:02x}".format(*channels)


def grey(brightness):
    """Return white for 1 and a dark slate for 0."""
    return mix((52, 60, 71), (255, 255, 255), brightness)


def signed(value):
    """Return white for 0, blue for 1 and orange for -1."""
    return mix((255, 255, 255), (9, 105, 218) if value > 0 else (219, 109, 40), abs(value))


def brightness(colour):
    """Return how light a colour looks, from 0 to 1."""
    red, green, blue = (int(colour[start : start + 2], 16) for start in (1, 3, 5))
    return (0.299 * red + 0.587 * green + 0.114 * blue) / 255


if __name__ == "__main__":
    main()
