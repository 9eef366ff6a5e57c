"""The book's figures: take data, return Axes that know their own description; `show` puts them on the page."""

from cnnlib.plot.charts import bars, confusion, curves, spread
from cnnlib.plot.pictures import images, kernels, maps, mistakes, numbers
from cnnlib.plot.recorded import recorded
from cnnlib.plot.saving import save
from cnnlib.plot.style import COLOURS, describe, figure
from cnnlib.plot.svg import show, to_svg
from cnnlib.plot.tradeoff import tradeoff

__all__ = [
    "COLOURS",
    "bars",
    "confusion",
    "curves",
    "describe",
    "figure",
    "images",
    "kernels",
    "maps",
    "mistakes",
    "numbers",
    "recorded",
    "save",
    "show",
    "spread",
    "to_svg",
    "tradeoff",
]
