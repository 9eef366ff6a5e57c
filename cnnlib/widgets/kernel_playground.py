"""The kernel playground: a kernel with its stride, padding and dilation at work on a photograph."""

from __future__ import annotations

import base64
import html
import io

import torch
import traitlets
from PIL import Image

from cnnlib import data
from cnnlib.errors import unknown
from cnnlib.widgets import bundle
from cnnlib.widgets.base import BadSetting, Widget

SIZE = (80, 120)  # rows and columns: a photograph of 3:2 that a page can carry as 13 kB of text
CHOICES = {
    "photograph": ("china", "flower"),
    "preset": ("identity", "box", "gauss", "sharpen", "sobel_x", "sobel_y", "laplace", "gabor"),
    "pooling": ("none", "max", "average"),
}


class KernelPlayground(Widget):
    """Lay a kernel over a photograph, edit its weights, and see the feature map and its size.

    Parameters
    ----------
    photograph : {'china', 'flower'}
        One of scikit-learn's two sample images, in grey; chosen once.
    preset : str
        The kernel to start from: identity, box, gauss, sharpen, sobel_x, sobel_y, laplace or gabor.
    stride, padding, dilation : int
        As in ``torch.nn.Conv2d``: 1 to 4, 0 to 4, 1 to 4.
    pooling : {'none', 'max', 'average'}
        A 2×2 pooling after the convolution.

    Raises
    ------
    BadSetting
        If a value is not among those.

    Examples
    --------
    >>> KernelPlayground(preset="sobel_x", stride=2)
    KernelPlayground(preset='sobel_x', stride=2)
    """

    module = "kernel_playground"

    photograph = traitlets.Unicode("china").tag(sync=True)
    preset = traitlets.Unicode("identity").tag(sync=True)
    stride = traitlets.Int(1).tag(sync=True, limits=(1, 4))
    padding = traitlets.Int(0).tag(sync=True, limits=(0, 4))
    dilation = traitlets.Int(1).tag(sync=True, limits=(1, 4))
    pooling = traitlets.Unicode("none").tag(sync=True)
    pixels = traitlets.Unicode(read_only=True).tag(sync=True)
    rows = traitlets.Int(SIZE[0], read_only=True).tag(sync=True)
    columns = traitlets.Int(SIZE[1], read_only=True).tag(sync=True)

    @traitlets.default("pixels")
    def _bytes_of_the_photograph(self):
        return base64.b64encode(self.grey().numpy().tobytes()).decode()

    def grey(self) -> torch.Tensor:
        """Return the photograph as the widget shows it: uint8 of shape (rows, columns)."""
        colour = data.photograph(self.photograph, size=SIZE).float()
        weights = torch.tensor([0.299, 0.587, 0.114]).view(3, 1, 1)  # ITU-R BT.601: how bright each primary looks
        return (colour * weights).sum(0).round().to(torch.uint8)

    @traitlets.validate("photograph", "preset", "pooling")
    def _is_a_choice(self, proposal):
        name, value = proposal["trait"].name, proposal["value"]
        if value not in CHOICES[name]:
            raise BadSetting(str(unknown(name, value, CHOICES[name])))
        return value

    @traitlets.validate("stride", "padding", "dilation")
    def _in_range(self, proposal):
        return self.within_limits(proposal, lambda state: None)  # no setting here leaves the photograph without output

    def state(self) -> dict:
        """Return the settings and the photograph's bytes."""
        return super().state() | {"pixels": self.pixels, "rows": self.rows, "columns": self.columns}

    def picture(self) -> str:
        """Return the photograph with a sentence."""
        sink = io.BytesIO()
        Image.fromarray(self.grey().numpy()).save(sink, format="JPEG", quality=80)
        words = html.escape(bundle.words(self.module)["no_script"])
        source = base64.b64encode(sink.getvalue()).decode()
        return (
            f'<figure class="cw"><img alt="{words}" style="width:100%;max-width:{3 * SIZE[1]}px" '
            f'src="data:image/jpeg;base64,{source}"><figcaption>{words}</figcaption></figure>'
        )
