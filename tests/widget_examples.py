"""One of each widget, for the tests that ask the same of them all."""

from torch import nn, rand

from cnnlib import widgets

CLASSES = [
    each
    for each in map(vars(widgets).get, widgets.__all__)
    if isinstance(each, type) and issubclass(each, widgets.Widget) and each is not widgets.Widget
]
# Widgets that are not made from nothing.
_NET = nn.Sequential(nn.Conv2d(1, 4, 3), nn.ReLU(), nn.Flatten(), nn.Linear(144, 3))
MADE_OF = {"FeatureMaps": {"model": _NET, "images": rand(1, 8, 8)}, "Quiz": {"chapter": "02_convolution_arithmetic"}}


def make(kind, **settings):
    """Return a widget of this class, with these settings."""
    return kind(**MADE_OF.get(kind.__name__, {}), **settings)
