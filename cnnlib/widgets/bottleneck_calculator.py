"""The bottleneck calculator: a convolution at once, and through a 1×1 convolution to fewer channels."""

from __future__ import annotations

import html

import traitlets

from cnnlib import arithmetic
from cnnlib.widgets import bundle
from cnnlib.widgets.base import Widget


class BottleneckCalculator(Widget):
    """Compare a convolution with the same one behind a 1×1 convolution that reduces the channels.

    The maps keep their size, and biases are left out. Source: Szegedy et al., CVPR 2015, section 4.

    Parameters
    ----------
    in_channels, out_channels : int
        Of the whole: 1 to 1024.
    kernel_size : int
        Of the convolution, 1 to 11.
    size : int
        Height and width of the maps, 1 to 256.
    reduced : int
        Channels between the two, 1 to 1024.

    Raises
    ------
    BadSetting
        If a value is out of range.

    Examples
    --------
    >>> w = BottleneckCalculator()
    >>> w.direct_macs, w.bottleneck_macs, w.last_that_pays
    (120422400, 12443648, 154)
    """

    module = "bottleneck_calculator"

    in_channels = traitlets.Int(192).tag(sync=True, limits=(1, 1024))
    out_channels = traitlets.Int(32).tag(sync=True, limits=(1, 1024))
    kernel_size = traitlets.Int(5).tag(sync=True, limits=(1, 11))
    size = traitlets.Int(28).tag(sync=True, limits=(1, 256))
    reduced = traitlets.Int(16).tag(sync=True, limits=(1, 1024))

    @property
    def direct_macs(self) -> int:
        """Multiply-adds of the convolution from all channels."""
        return arithmetic.conv_macs(self.in_channels, self.out_channels, self.kernel_size, self.size)

    @property
    def bottleneck_macs(self) -> int:
        """Multiply-adds of the 1×1 convolution and of the convolution from the reduced channels."""
        reduce = arithmetic.conv_macs(self.in_channels, self.reduced, 1, self.size)
        return reduce + arithmetic.conv_macs(self.reduced, self.out_channels, self.kernel_size, self.size)

    @property
    def last_that_pays(self) -> int:
        """The largest number of reduced channels that needs fewer multiply-adds; 0 if there is none."""
        window = self.kernel_size**2
        return (window * self.in_channels * self.out_channels - 1) // (self.in_channels + window * self.out_channels)

    @traitlets.validate("in_channels", "out_channels", "kernel_size", "size", "reduced")
    def _in_range(self, proposal):
        return self.within_limits(proposal, _any_size)

    def picture(self) -> str:
        """Return the first state as a table."""
        text = bundle.words(self.module)
        through = text["through"].format(r=self.reduced)
        rows = "".join(
            f"<tr><th>{html.escape(name)}</th><td>{macs:,}</td></tr>"
            for name, macs in ((text["direct"], self.direct_macs), (through, self.bottleneck_macs))
        )
        words = text["no_script"].format(direct=f"{self.direct_macs:,}", through=f"{self.bottleneck_macs:,}")
        head = f"<tr><td></td><th>{text['macs']}</th></tr>"
        return f'<div class="cw"><table class="cw-table">{head}{rows}</table><p>{html.escape(words)}</p></div>'


def _any_size(state: dict) -> int:
    return state["size"]  # maps keep their size, so every kernel fits
