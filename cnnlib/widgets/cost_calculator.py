"""The parameter calculator: a fully connected layer against a convolution, with a knob for every number."""

from __future__ import annotations

import html

import traitlets

from cnnlib import arithmetic
from cnnlib.widgets import bundle
from cnnlib.widgets.base import Widget


class CostCalculator(Widget):
    """Compare what a fully connected layer and a convolution cost on one picture.

    Parameters
    ----------
    height, width, channels : int
        Of the picture: 1 to 4096, 1 to 4096, 1 to 1024.
    units : int
        Units of the fully connected layer and filters of the convolution, 1 to 4096.
    kernel_size, stride, padding : int
        Of the convolution: 1 to 31, 1 to 16, 0 to 15.
    bias : bool
        Whether every unit and every filter adds a number.

    Raises
    ------
    BadSetting
        If a value is out of range, or the kernel does not fit into the padded picture.

    Examples
    --------
    >>> w = CostCalculator()
    >>> w.dense_parameters, w.conv_parameters
    (12288010, 3640)
    """

    module = "cost_calculator"

    height = traitlets.Int(640).tag(sync=True, limits=(1, 4096))
    width = traitlets.Int(640).tag(sync=True, limits=(1, 4096))
    channels = traitlets.Int(3).tag(sync=True, limits=(1, 1024))
    units = traitlets.Int(10).tag(sync=True, limits=(1, 4096))
    kernel_size = traitlets.Int(11).tag(sync=True, limits=(1, 31))
    stride = traitlets.Int(1).tag(sync=True, limits=(1, 16))
    padding = traitlets.Int(0).tag(sync=True, limits=(0, 15))
    bias = traitlets.Bool(True).tag(sync=True)

    @property
    def output_size(self) -> tuple[int, int]:
        """Height and width of the convolution's feature maps."""
        return _size(self.state())

    @property
    def dense_parameters(self) -> int:
        """Parameters of the fully connected layer."""
        return arithmetic.linear_parameters(self.height * self.width * self.channels, self.units, self.bias)

    @property
    def conv_parameters(self) -> int:
        """Parameters of the convolution."""
        return arithmetic.conv_parameters(self.channels, self.units, self.kernel_size, bias=self.bias)

    @property
    def dense_macs(self) -> int:
        """Multiply-adds of the fully connected layer."""
        return arithmetic.linear_macs(self.height * self.width * self.channels, self.units)

    @property
    def conv_macs(self) -> int:
        """Multiply-adds of the convolution."""
        return arithmetic.conv_macs(self.channels, self.units, self.kernel_size, self.output_size)

    @traitlets.validate("height", "width", "channels", "units", "kernel_size", "stride", "padding")
    def _can_be_computed(self, proposal):
        return self.within_limits(proposal, _size)

    def picture(self) -> str:
        """Return the first state as a table."""
        text = bundle.words(self.module)
        rows = "".join(
            f"<tr><th>{text[name]}</th><td>{dense:,}</td><td>{conv:,}</td></tr>"
            for name, dense, conv in (
                ("parameters", self.dense_parameters, self.conv_parameters),
                ("macs", self.dense_macs, self.conv_macs),
            )
        )
        words = text["no_script"].format(dense=f"{self.dense_parameters:,}", conv=f"{self.conv_parameters:,}")
        head = f"<tr><td></td><th>{text['dense']}</th><th>{text['conv']}</th></tr>"
        return f'<div class="cw"><table class="cw-table">{head}{rows}</table><p>{html.escape(words)}</p></div>'


def _size(state: dict) -> tuple[int, int]:
    return arithmetic.conv_output_size(
        (state["height"], state["width"]), state["kernel_size"], state["stride"], state["padding"]
    )
