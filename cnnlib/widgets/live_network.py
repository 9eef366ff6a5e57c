"""The live network: trained networks that run in the page, on what the reader draws or loads."""

from __future__ import annotations

import base64
import binascii
import html
import io
from functools import cache

import torch
import traitlets
from PIL import Image

from cnnlib.errors import unknown
from cnnlib.widgets import bundle
from cnnlib.widgets.base import BadSetting, Widget
from cnnlib.widgets.example_pictures import encode, examples

SHADES = ("grey", "black", "white")
SIZES = {"digits": (1, 28, 28), "clothes": (1, 28, 28), "colours": (3, 32, 32)}
LENETS = ("lenet_mnist_max", "lenet_mnist_average", "lenet_fashion_max", "lenet_fashion_average")


class LiveNetwork(Widget):
    """Run a trained network on a drawing: every layer's feature maps, the scores, and the sum behind each number.

    Parameters
    ----------
    nets : list of str
        The trained networks to choose from, for example ``["0501_fc", "0501_cnn"]``; by default four LeNets. Chosen
        once. `LiveNetwork.names` lists all.
    net : str
        Which of them runs; the first by default.
    example : int
        Which of the pictures to start from, counted from 0; each kind of network has its own.
    pixels : str
        The picture itself, once something was drawn, loaded or handed over by `show`: its bytes in base64.
    centred : bool
        Scale and centre a grey drawing as the pictures of the network's data set were.
    covered : bool
        Cover a patch of the picture, and show what that does to the scores.
    patch_size, top, left : int
        Of the patch: 1 to 16 pixels wide; 0 to 31. It is kept inside the picture.
    shade : {'grey', 'black', 'white'}
        What the patch is painted with.
    shuffle : bool
        Open the demonstration that shuffles the pixels at test time only.
    brush : int
        Width of the pen, 1 to 8 pixels.

    Raises
    ------
    BadSetting
        If there is no such network, or a value is out of range.

    Examples
    --------
    >>> LiveNetwork(net="lenet_mnist_average", example=3).image.shape
    torch.Size([1, 28, 28])
    """

    module = "live_network"

    nets = traitlets.List(traitlets.Unicode(), default_value=list(LENETS)).tag(sync=True)
    net = traitlets.Unicode().tag(sync=True)
    example = traitlets.Int(0).tag(sync=True, limits=(0, 31))
    pixels = traitlets.Unicode("").tag(sync=True)
    centred = traitlets.Bool(True).tag(sync=True)
    covered = traitlets.Bool(False).tag(sync=True)
    patch_size = traitlets.Int(7).tag(sync=True, limits=(1, 16))
    top = traitlets.Int(8).tag(sync=True, limits=(0, 31))
    left = traitlets.Int(8).tag(sync=True, limits=(0, 31))
    shade = traitlets.Unicode("grey").tag(sync=True)
    shuffle = traitlets.Bool(False).tag(sync=True)
    brush = traitlets.Int(2).tag(sync=True, limits=(1, 8))
    pictures = traitlets.Dict(read_only=True).tag(sync=True)

    @traitlets.default("net")
    def _first_net(self):
        return self.nets[0]

    @traitlets.default("pictures")
    def _to_start_from(self):
        return {family: examples(family) for family in sorted({_family(name) for name in self.nets})}

    @property
    def heights(self) -> tuple[int, int]:
        """Pixels to keep free, more where a part below is open from the start."""
        narrow = 2570 + 640 * self.covered + 500 * self.shuffle
        return narrow, 1376 + 450 * self.covered + 430 * self.shuffle

    @staticmethod
    def names() -> list[str]:
        """List the trained networks that the book carries.

        Returns
        -------
        list of str
            What `nets` may hold, in alphabetical order.

        Examples
        --------
        >>> "lenet_mnist_max" in LiveNetwork.names()
        True
        """
        return [name.removeprefix("net_") for name in bundle.asset_names() if name.startswith("net_")]

    @property
    def image(self) -> torch.Tensor:
        """The picture, uint8, (C, H, W); one of those to start from is still to be scaled and centred."""
        of_net = self.pictures[_family(self.net)]
        text = self.pixels or of_net[self.example % len(of_net)]["pixels"]
        values = torch.frombuffer(bytearray(base64.b64decode(text)), dtype=torch.uint8)
        return values.view(SIZES[_family(self.net)])

    def show(self, image: torch.Tensor) -> None:
        """Give the network a picture of your own.

        Parameters
        ----------
        image : Tensor
            uint8, of the shape that the network takes: (1, 28, 28) or (3, 32, 32).

        Raises
        ------
        BadSetting
            If it has another shape or type.

        Examples
        --------
        >>> import torch
        >>> w = LiveNetwork()
        >>> w.show(torch.full((1, 28, 28), 255, dtype=torch.uint8))
        >>> w.image.float().mean().item()
        255.0
        """
        shape = SIZES[_family(self.net)]
        if not isinstance(image, torch.Tensor) or image.dtype != torch.uint8 or tuple(image.shape) != shape:
            given = f"{image.dtype} of shape {tuple(image.shape)}" if isinstance(image, torch.Tensor) else repr(image)
            wanted = f"{self.net} takes a uint8 tensor of shape {shape}"
            raise BadSetting(f"The picture is {given}; {wanted}. Resize it first.")
        self.pixels = encode(image)

    def assets(self) -> list[str]:
        """Name the files of the networks to choose from."""
        return [f"net_{name}" for name in self.nets]

    @traitlets.validate("nets")
    def _are_trained(self, proposal):
        known = self.names()
        for name in proposal["value"]:
            if name not in known:
                raise BadSetting(str(unknown("trained network", name, known)))
        if not proposal["value"]:
            raise BadSetting(f"nets is empty; name at least one trained network. Choose from: {', '.join(known)}.")
        return proposal["value"]

    @traitlets.validate("net")
    def _is_among_them(self, proposal):
        if proposal["value"] not in self.nets:
            raise BadSetting(str(unknown("network among this widget's nets", proposal["value"], self.nets)))
        return proposal["value"]

    @traitlets.validate("shade")
    def _is_a_shade(self, proposal):
        if proposal["value"] not in SHADES:
            raise BadSetting(str(unknown("shade", proposal["value"], SHADES)))
        return proposal["value"]

    @traitlets.validate("example", "patch_size", "top", "left", "brush")
    def _in_range(self, proposal):
        return self.within_limits(proposal, lambda state: None)

    @traitlets.validate("pixels")
    def _is_a_picture(self, proposal):
        lengths = {channels * rows * columns for channels, rows, columns in SIZES.values()}
        try:
            length = len(base64.b64decode(proposal["value"], validate=True))
        except (binascii.Error, ValueError):
            raise BadSetting("pixels is not base64. Use show(image), which makes it from a tensor.") from None
        if length and length not in lengths:
            allowed = " or ".join(map(str, sorted(lengths)))
            raise BadSetting(f"pixels holds {length} bytes; it must be {allowed}. Use show(image).")
        return proposal["value"]

    def state(self) -> dict:
        """Return the settings and the pictures to start from."""
        return super().state() | {"pictures": self.pictures}

    def picture(self) -> str:
        """Return the first picture and a sentence."""
        words = bundle.words(self.module)
        values = self.image.permute(1, 2, 0).numpy()
        sink = io.BytesIO()
        Image.fromarray(values[:, :, 0] if values.shape[2] == 1 else values).save(sink, format="PNG")
        names = ", ".join(words.get(f"net_{name}", name) for name in self.nets)
        said = html.escape(words["no_script"].format(nets=names))
        source = base64.b64encode(sink.getvalue()).decode()
        return (
            f'<div class="cw"><figure><img alt="{html.escape(words["still"])}" src="data:image/png;base64,{source}" '
            f'style="width:12rem;image-rendering:pixelated"><figcaption>{said}</figcaption></figure></div>'
        )


@cache
def _family(name: str) -> str:
    """Return what kind of picture a trained network takes."""
    asset = bundle.asset(f"net_{name}")
    if asset["input"]["channels"] == 3:
        return "colours"
    return "digits" if list(asset["classes"]) == list("0123456789") else "clothes"
