"""The kernels that the kernel playground offers: designed ones of any odd size, and learned ones.

`playground_kernels.js` is the twin of this module; the browser tests compare the two. A filter is a list of planes,
one a channel of the picture, and a plane a list of rows. The playground's grey is the mean of red, green and blue, so a
kernel on the grey picture and a third of it on each colour give the same map.
"""

from __future__ import annotations

import math

from cnnlib.widgets import bundle

SIZES = (1, 3, 5, 7)
LEARNED = ("lenet5", "vgg_0503")  # names of the asset's networks
OWN = "own"
# preset -> the size it is shown at first, and the smallest at which it is what its name says
FIRST_AND_LEAST = {
    "identity": (3, 1), "box": (5, 1), "gauss": (5, 1), "sharpen": (3, 3), "emboss": (3, 3), "sobel_x": (3, 3),
    "sobel_y": (3, 3), "laplace": (3, 3), "gabor": (7, 3), "redness": (1, 1), "red_green": (3, 3),
}  # fmt: skip
IN_COLOUR = ("redness", "red_green", "vgg_0503")  # what only a colour picture shows

Filter = list[list[list[float]]]


def presets() -> tuple[str, ...]:
    """Return every name that ``preset`` may have.

    Examples
    --------
    >>> presets()[:2], presets()[-1]
    (('identity', 'box'), 'own')
    """
    return (*FIRST_AND_LEAST, *LEARNED, OWN)


def sizes(preset: str) -> tuple[int, ...]:
    """Return the kernel sizes that a preset can have, the one to start with first.

    Examples
    --------
    >>> sizes("gabor"), sizes("lenet5")
    ((7, 3, 5), (5,))
    """
    if preset in LEARNED:
        return (len(learned(preset)[0][0]),)
    first, least = FIRST_AND_LEAST.get(preset, (3, 1))
    return (first, *(size for size in SIZES if size >= least and size != first))


def learned(preset: str) -> list[Filter]:
    """Return the filters of a trained network's first layer.

    Examples
    --------
    >>> len(learned("lenet5")), len(learned("vgg_0503")[0])
    (6, 3)
    """
    return bundle.asset("first_kernels")["nets"][preset]["weights"]


def designed(preset: str, size: int, angle: float) -> Filter:
    """Return a designed kernel of some size: one plane, or three for those that compare colours.

    Examples
    --------
    >>> designed("sobel_x", 3, 0)
    [[[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]]]
    """
    if preset == "redness":
        return [scaled(identity(size), share) for share in (1, -1 / 2, -1 / 2)]
    if preset == "red_green":
        return [scaled(sobel(size), share) for share in (1, -1, 0)]
    return [PLANES[preset](size, angle)]


def in_channels(planes: Filter, channels: int) -> Filter:
    """Return a filter for a grey (1) or a colour picture (3) that answers to grey as before."""
    if len(planes) == channels:
        return planes
    if channels == 3:
        return [scaled(planes[0], 1 / 3) for _ in range(3)]
    return [added(*planes)]


def resized(planes: Filter, size: int) -> Filter:
    """Return a filter of another size: zeros around it, or its middle.

    Examples
    --------
    >>> resized([[[5]]], 3)
    [[[0, 0, 0], [0, 5, 0], [0, 0, 0]]]
    """
    before = (size - len(planes[0])) // 2

    def at(plane, i, j):
        inside = 0 <= i - before < len(plane) and 0 <= j - before < len(plane)
        return plane[i - before][j - before] if inside else 0

    return [[[at(plane, i, j) for j in range(size)] for i in range(size)] for plane in planes]


def scaled(plane, share):
    """Return a plane times a number."""
    return [[share * weight for weight in row] for row in plane]


def outer(column, row):
    """Return the plane of all products."""
    return [[a * b for b in row] for a in column]


def added(*planes):
    """Return the sum of planes."""
    return [[sum(weights) for weights in zip(*rows, strict=True)] for rows in zip(*planes, strict=True)]


def binomial(size):
    """Return row ``size - 1`` of Pascal's triangle: a bell of whole numbers, which sum to 2^(size - 1)."""
    return [math.comb(size - 1, i) for i in range(size)]


def slope(size):
    """Return the bell's difference from left to right: [-1, 0, 1] for 3, [-1, -2, 0, 2, 1] for 5."""
    bell = [0, 0, *binomial(size - 2), 0, 0]
    return [bell[i] - bell[i + 2] for i in range(size)]


def bend(size):
    """Return the bell's second difference: [1, -2, 1] for 3."""
    bell = [0, 0, *binomial(size - 2), 0, 0]
    return [bell[i] - 2 * bell[i + 1] + bell[i + 2] for i in range(size)]


def identity(size):
    """Return a one in the middle of zeros."""
    middle = size // 2
    return [[1 if i == j == middle else 0 for j in range(size)] for i in range(size)]


def gauss(size):
    """Return a bell that sums to 1."""
    return scaled(outer(binomial(size), binomial(size)), 1 / 4 ** (size - 1))


def sobel(size):
    """Return a bell from top to bottom and its slope from left to right."""
    return outer(binomial(size), slope(size))


def laplace(size):
    """Return the Laplacian of a blurred picture: at 3 the four neighbours minus four times the centre."""
    bell = [0, *binomial(size - 2), 0]
    whole = added(outer(bell, bend(size)), outer(bend(size), bell))
    return scaled(whole, 1 / 4 ** (size - 3))


def emboss(size):
    """Return the picture plus its slope along the falling diagonal, as if light came from one side."""
    along_x = scaled(sobel(size), 1 / (2 * 16 ** ((size - 3) // 2)))
    along_y = [list(column) for column in zip(*along_x, strict=True)]
    return added(identity(size), along_x, along_y)


def gabor(size, angle):
    """Return a wave under a bell, the angle in degrees; the weights sum to 0."""
    turn = math.radians(angle)
    reach = range(-(size // 2), size // 2 + 1)
    wave = [
        [
            math.exp(-(x * x + y * y) / (2 * (size / 4) ** 2))
            * math.cos(2 * math.pi * (x * math.cos(turn) + y * math.sin(turn)) / ((size + 1) / 2))
            for x in reach
        ]
        for y in reach
    ]
    mean = sum(map(sum, wave)) / size**2
    return [[value - mean for value in row] for row in wave]


PLANES = {
    "identity": lambda size, angle: identity(size),
    "box": lambda size, angle: [[1 / size**2] * size for _ in range(size)],
    "gauss": lambda size, angle: gauss(size),
    "sharpen": lambda size, angle: added(identity(size), scaled(laplace(size), -1)),
    "emboss": lambda size, angle: emboss(size),
    "sobel_x": lambda size, angle: sobel(size),
    "sobel_y": lambda size, angle: [list(column) for column in zip(*sobel(size), strict=True)],
    "laplace": lambda size, angle: laplace(size),
    "gabor": gabor,
}
