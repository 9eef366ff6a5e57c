"""The kernel playground: a filter with its stride, padding, dilation and pooling at work on a photograph."""

from __future__ import annotations

import base64
import html
import io
import math

import numpy as np
import torch
import traitlets
from PIL import Image
from torch.nn import functional as F

from cnnlib import arithmetic, data
from cnnlib.errors import unknown
from cnnlib.widgets import bundle
from cnnlib.widgets import playground_kernels as kernels
from cnnlib.widgets.base import BadSetting, Widget

SIZE = (107, 160)  # rows and columns: a photograph of 3:2 that a page can carry as 10 kB of text
CHANNELS = {"grey": 1, "colour": 3}
MOST_WEIGHT = 1000
CHOICES = {
    "photograph": ("china", "flower"),
    "channels": tuple(CHANNELS),
    "preset": kernels.presets(),
    "pooling": ("none", "max", "average"),
    "view": ("signed", "grey"),
}


class KernelPlayground(Widget):
    """Lay a filter over a photograph, edit its weights, and see the one feature map that it gives, and its size.

    Parameters
    ----------
    photograph : {'china', 'flower'}
        One of scikit-learn's two sample images.
    channels : {'grey', 'colour'}
        One channel, the mean of red, green and blue, and a filter of one plane; or three channels and a filter of three
        planes, whose answers are added up to one map.
    preset : str
        The filter: identity, box, gauss, sharpen, emboss, sobel_x, sobel_y, laplace, gabor; redness and red_green,
        which compare colours; lenet5 and vgg_0503, learned by these networks' first layers; own.
    filter : int
        Which of a network's filters, from 0.
    angle : int
        Direction of the Gabor kernel's wave in degrees, 0 to 180.
    kernel_size : int
        1, 3, 5 or 7, where the preset exists at that size; left out, the preset's usual one.
    weights : list or Tensor, optional
        Your own filter: (rows, columns) or (channels, rows, columns). It sets preset, kernel_size and channels.
    stride, padding, dilation : int
        As in ``torch.nn.Conv2d``: 1 to 4, 0 to 12, 1 to 4.
    relu : bool
        Set what is negative to zero, after the convolution.
    pooling : {'none', 'max', 'average'}
        What comes last.
    pool_size : int
        Side of the pooling's window and its stride, 2 or 3.
    view : {'signed', 'grey'}
        Show the map with a colour for each sign, or as a grey picture from its lowest to its highest value.

    Raises
    ------
    BadSetting
        If a value is not among those.

    Examples
    --------
    >>> w = KernelPlayground(preset="sobel_x", stride=2)
    >>> w.output_size
    (53, 79)
    >>> w.weight
    [[[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]]]
    >>> w.weights = [[0, 1, 0]] * 3
    >>> w.preset, tuple(w.feature_map().shape)
    ('own', (53, 79))
    """

    module = "kernel_playground"
    heights = (2040, 1160)

    photograph = traitlets.Unicode("china").tag(sync=True)
    channels = traitlets.Unicode("grey").tag(sync=True)
    preset = traitlets.Unicode("identity").tag(sync=True)
    filter = traitlets.Int(0).tag(sync=True)
    angle = traitlets.Int(0).tag(sync=True, limits=(0, 180))
    kernel_size = traitlets.Int(3).tag(sync=True)
    weights = traitlets.Any([]).tag(sync=True)
    stride = traitlets.Int(1).tag(sync=True, limits=(1, 4))
    padding = traitlets.Int(0).tag(sync=True, limits=(0, 12))
    dilation = traitlets.Int(1).tag(sync=True, limits=(1, 4))
    relu = traitlets.Bool(False).tag(sync=True)
    pooling = traitlets.Unicode("none").tag(sync=True)
    pool_size = traitlets.Int(2).tag(sync=True, limits=(2, 3))
    view = traitlets.Unicode("signed").tag(sync=True)
    photographs = traitlets.Dict(read_only=True).tag(sync=True)

    @traitlets.default("photographs")
    def _both(self):
        return {name: _jpeg(name) for name in CHOICES["photograph"]}

    def __init__(self, **settings):
        preset = settings.get("preset", "own" if "weights" in settings else "identity")
        if "kernel_size" not in settings and preset in kernels.presets() and preset != kernels.OWN:
            settings["kernel_size"] = kernels.sizes(preset)[0]
        if "channels" not in settings and preset in kernels.IN_COLOUR:
            settings["channels"] = "colour"
        super().__init__(**settings)

    @property
    def weight(self) -> kernels.Filter:
        """The filter's weights: a list of planes, one a channel."""
        if self.preset == kernels.OWN:
            return self.weights
        if self.preset in kernels.LEARNED:
            planes = kernels.learned(self.preset)[self.filter]
        else:
            planes = kernels.designed(self.preset, self.kernel_size, self.angle)
        return kernels.in_channels(planes, CHANNELS[self.channels])

    @property
    def output_size(self) -> tuple[int, int]:
        """Height and width of the map, pooling included."""
        size = arithmetic.conv_output_size(SIZE, self.kernel_size, self.stride, self.padding, self.dilation)
        return size if self.pooling == "none" else arithmetic.pool_output_size(size, self.pool_size)

    def image(self) -> torch.Tensor:
        """Return the photograph as the filter sees it: (1 or 3, rows, columns), from 0 to 1."""
        content = base64.b64decode(self.photographs[self.photograph].split(",")[1])
        pixels = np.array(Image.open(io.BytesIO(content)))
        colour = torch.from_numpy(pixels).permute(2, 0, 1).float() / 255
        return colour if self.channels == "colour" else colour.mean(dim=0, keepdim=True)

    def feature_map(self) -> torch.Tensor:
        """Return the map as PyTorch computes it: (rows, columns)."""
        weight = torch.tensor(self.weight, dtype=torch.float32)[None]
        output = F.conv2d(self.image()[None], weight, None, self.stride, self.padding, self.dilation)
        if self.relu:
            output = output.relu()
        if self.pooling != "none":
            output = (F.max_pool2d if self.pooling == "max" else F.avg_pool2d)(output, self.pool_size)
        return output[0, 0]

    @traitlets.validate("photograph", "channels", "pooling", "view")
    def _is_a_choice(self, proposal):
        name, value = proposal["trait"].name, proposal["value"]
        if value not in CHOICES[name]:
            raise BadSetting(str(unknown(name, value, CHOICES[name])))
        return value

    @traitlets.validate("preset")
    def _is_a_preset(self, proposal):
        value = proposal["value"]
        if value not in CHOICES["preset"]:
            raise BadSetting(str(unknown("preset", value, CHOICES["preset"])))
        if value == kernels.OWN and not self.weights:
            raise BadSetting("preset is 'own', but there are no weights. Give them: weights=[[0, 1, 0]] * 3.")
        return value

    @traitlets.validate("stride", "padding", "dilation", "angle", "pool_size")
    def _in_range(self, proposal):
        return self.within_limits(proposal, lambda state: None)  # no setting here leaves the photograph without output

    @traitlets.validate("kernel_size")
    def _the_preset_has_this_size(self, proposal):
        value, allowed = proposal["value"], sorted(kernels.sizes(self.preset))
        if value not in allowed:
            listed = ", ".join(map(str, allowed))
            raise BadSetting(
                f"kernel_size is {value}; with preset={self.preset!r} it must be one of: {listed}. Use "
                f"kernel_size={allowed[0]}, or weights=... for a filter of your own."
            )
        return value

    @traitlets.validate("filter")
    def _the_network_has_this_filter(self, proposal):
        value = proposal["value"]
        count = len(kernels.learned(self.preset)) if self.preset in kernels.LEARNED else 16
        if not 0 <= value < count:
            raise BadSetting(f"filter is {value}; {self.preset} has the filters 0 to {count - 1}. Use filter=0.")
        return value

    @traitlets.validate("weights")
    def _is_a_filter(self, proposal):
        return _planes(proposal["value"])

    # What belongs together follows: a change of one setting from Python may need another.

    @traitlets.observe("weights")
    def _show_own(self, change):
        if change["new"]:
            self.preset = kernels.OWN
            self.kernel_size = len(change["new"][0])
            self.channels = "colour" if len(change["new"]) == 3 else "grey"

    @traitlets.observe("preset")
    def _fit_to_preset(self, change):
        if self.preset == kernels.OWN:
            self.kernel_size = len(self.weights[0])
            return
        self.weights = []
        if self.kernel_size not in kernels.sizes(self.preset):
            self.kernel_size = kernels.sizes(self.preset)[0]
        if self.preset in kernels.LEARNED:
            self.filter = min(self.filter, len(kernels.learned(self.preset)) - 1)

    @traitlets.observe("kernel_size")
    def _resize_own(self, change):
        if self.preset == kernels.OWN:
            self.weights = kernels.resized(self.weights, self.kernel_size)

    @traitlets.observe("channels")
    def _spread_own(self, change):
        if self.preset == kernels.OWN:
            self.weights = kernels.in_channels(self.weights, CHANNELS[self.channels])

    def state(self) -> dict:
        """Return the settings and both photographs."""
        return super().state() | {"photographs": self.photographs}

    def picture(self) -> str:
        """Return the photograph with a sentence."""
        text = bundle.words(self.module)
        words = html.escape(text["no_script"])
        credit = html.escape(text[f"credit_{self.photograph}"])
        return (
            f'<div class="cw"><figure><img alt="{words}" style="width:100%;max-width:{3 * SIZE[1]}px" '
            f'src="{self.photographs[self.photograph]}"><figcaption>{words} {credit}</figcaption></figure></div>'
        )

    def assets(self) -> list[str]:
        """Name the learned kernels."""
        return ["first_kernels"]


def _jpeg(name: str) -> str:
    """Return a photograph as a data URI: a fifth of the bytes of its pixels."""
    sink = io.BytesIO()
    pixels = data.photograph(name, size=SIZE).permute(1, 2, 0).numpy()
    Image.fromarray(pixels).save(sink, format="JPEG", quality=90, subsampling=0, optimize=True)
    return f"data:image/jpeg;base64,{base64.b64encode(sink.getvalue()).decode()}"


def _planes(weights) -> kernels.Filter:
    """Return weights of any form as a list of planes; an empty list stays empty."""
    try:
        values = np.array(weights.tolist() if hasattr(weights, "tolist") else weights, dtype=np.float64)
    except (TypeError, ValueError):
        values = np.array(math.nan)
    if values.size == 0:
        return []
    planes = values[None] if values.ndim == 2 else values
    shape = planes.shape
    if planes.ndim != 3 or shape[0] not in (1, 3) or shape[1] != shape[2] or shape[1] not in kernels.SIZES:
        raise BadSetting(
            f"weights has the shape {values.shape}; it must be (k, k), or (1, k, k) for a grey or (3, k, k) for a "
            "colour picture, with k one of 1, 3, 5, 7. A filter of a Conv2d is conv.weight[0]."
        )
    if not np.all(np.abs(planes) <= MOST_WEIGHT):  # also false for what is not a number
        raise BadSetting(f"weights must be numbers from -{MOST_WEIGHT} to {MOST_WEIGHT}, such as 0.5.")
    return planes.tolist()
