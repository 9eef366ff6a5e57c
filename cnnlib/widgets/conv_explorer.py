"""The convolution explorer: kernel, stride, padding, dilation and channels at work on small grids of numbers."""

from __future__ import annotations

import html

import traitlets

from cnnlib import arithmetic
from cnnlib.widgets import bundle
from cnnlib.widgets.base import Widget


class ConvExplorer(Widget):
    """Move a convolution's window by hand, and see every number that it adds up.

    Parameters
    ----------
    input_size : int
        Height and width of the input, 1 to 12.
    in_channels, out_channels : int
        1 to 3, and 1 to 4.
    kernel_size, stride, padding, dilation : int
        As in ``torch.nn.Conv2d``: 1 to 5, 1 to 4, 0 to 3, 1 to 3.

    Raises
    ------
    BadSetting
        If a value is out of range, or the kernel does not fit into the padded input.

    Examples
    --------
    >>> w = ConvExplorer(input_size=7, stride=2)
    >>> w.output_size
    3
    >>> w.padding = 1
    >>> w.output_size
    4
    """

    module = "conv_explorer"

    input_size = traitlets.Int(6).tag(sync=True, limits=(1, 12))
    in_channels = traitlets.Int(1).tag(sync=True, limits=(1, 3))
    out_channels = traitlets.Int(1).tag(sync=True, limits=(1, 4))
    kernel_size = traitlets.Int(3).tag(sync=True, limits=(1, 5))
    stride = traitlets.Int(1).tag(sync=True, limits=(1, 4))
    padding = traitlets.Int(0).tag(sync=True, limits=(0, 3))
    dilation = traitlets.Int(1).tag(sync=True, limits=(1, 3))

    @property
    def output_size(self) -> int:
        """Height and width of the output."""
        return _size(self.state())

    @traitlets.validate("input_size", "in_channels", "out_channels", "kernel_size", "stride", "padding", "dilation")
    def _can_be_shown(self, proposal):
        return self.within_limits(proposal, _size)

    def picture(self) -> str:
        """Return the first state as an inline SVG of input and output grid with a sentence."""
        n, m = self.input_size + 2 * self.padding, self.output_size
        words = html.escape(bundle.words(self.module)["no_script"].format(n=self.input_size, m=m))
        reach = range(0, self.dilation * self.kernel_size, self.dilation)
        cells = _grid(0, n, lambda y, x: y in reach and x in reach)
        cells += _grid((n + 2) * 20, m, lambda y, x: y == x == 0)
        width, height = (n + m + 2) * 20, max(n, m) * 20
        return (
            f'<figure class="cw"><svg role="img" aria-label="{words}" viewBox="-1 -1 {width + 2} {height + 2}" '
            f'style="max-width:{width}px">{cells}</svg><figcaption>{words}</figcaption></figure>'
        )


def _size(settings: dict) -> int:
    names = ("input_size", "kernel_size", "stride", "padding", "dilation")
    return arithmetic.conv_output_size(**{name: settings[name] for name in names})


def _grid(left: int, side: int, marked) -> str:
    """Return the cells of one grid; the marked ones belong to the window."""
    return "".join(
        f'<rect class="cw-still{" window" * marked(y, x)}" x="{left + 20 * x}" y="{20 * y}" width="20" height="20"/>'
        for y in range(side)
        for x in range(side)
    )
