"""The feature maps of any network on pictures of one's own: every layer, frame by frame."""

from __future__ import annotations

import base64
import html
import io
from collections.abc import Sequence

import numpy as np
import torch
import traitlets
from PIL import Image
from torch import nn

from cnnlib.errors import BadInput, unknown
from cnnlib.widgets import bundle
from cnnlib.widgets import feature_recording as recording
from cnnlib.widgets.base import BadSetting, Widget

MOST_FRAMES = 64


class FeatureMaps(Widget):
    """Look at the output of every layer of any network, on one picture or on several.

    The network runs where there is a GPU, else on the processor, and is given back as it was. What it put out is
    recorded in 8 bits, so that the built page can show it without the network. Layers are modules without children;
    functions such as ``F.relu`` are not seen.

    Parameters
    ----------
    model : nn.Module
        Takes a batch of pictures.
    images : Tensor or sequence of Tensor
        One picture (C, H, W), or several: a batch (N, C, H, W) or a list. Each is a frame. Bytes are divided by 255;
        floating-point pictures are taken as they are, so scale them as the network expects.
    names : sequence of str, optional
        What the frames are called; numbers if left out.
    classes : sequence of str, optional
        Names of the classes, if the last layer has one number for each.
    only : sequence of str, optional
        What the names of the layers to record begin with, such as ``("features.0", "classifier")``; all if left out.
    max_maps : int
        Maps to keep of each layer, 1 to 256.
    kilobytes : int
        Room for the recording, 10 to 2000: fewer and smaller maps are kept until it fits.
    layer : str
        The layer shown; the first if left out.
    frame, map : int
        The frame and the map (or value) shown, from 0.
    own_scale : bool
        Colour each map by its own largest number rather than by the layer's.

    Raises
    ------
    BadInput
        If this is no network, or it cannot take the pictures; the message names the layer.
    BadSetting
        If there is no such layer, frame or map.

    Examples
    --------
    >>> net = nn.Sequential(nn.Conv2d(1, 4, 3), nn.ReLU(), nn.Flatten(), nn.Linear(4 * 36, 2))
    >>> w = FeatureMaps(net, torch.rand(1, 8, 8), classes=("cat", "dog"))
    >>> w.layers
    ['0', '1', '2', '3']
    >>> w.layer = "1"
    >>> tuple(w.maps().shape)
    (4, 6, 6)
    """

    module = "feature_maps"
    heights = (960, 670)

    layer = traitlets.Unicode().tag(sync=True)
    frame = traitlets.Int(0).tag(sync=True)
    map = traitlets.Int(0).tag(sync=True)
    own_scale = traitlets.Bool(False).tag(sync=True)
    record = traitlets.Dict(read_only=True).tag(sync=True)

    def __init__(
        self,
        model: nn.Module,
        images: torch.Tensor | Sequence[torch.Tensor],
        names: Sequence[str] | None = None,
        classes: Sequence[str] = (),
        only: Sequence[str] = (),
        max_maps: int = 64,
        kilobytes: int = 100,
        **settings,
    ):
        for name, value, (low, high) in (("max_maps", max_maps, (1, 256)), ("kilobytes", kilobytes, (10, 2000))):
            if not isinstance(value, int) or not low <= value <= high:
                raise BadInput(f"{name} is {value!r}; it must be a whole number from {low} to {high}.")
        self._model, self._classes, self._only = model, _text(classes), tuple(_text(only))
        self._max_maps, self._characters = max_maps, 1000 * kilobytes
        self._frames = self._run(images, names)
        self._first_record = self._packed()
        super().__init__(**settings)

    @property
    def layers(self) -> list[str]:
        """The names of the layers, in the order in which they ran."""
        return [layer["name"] for layer in self.record["layers"]]

    def maps(self, layer: str | None = None, frame: int | None = None) -> torch.Tensor:
        """Return the recorded maps of a layer in a frame, as the page shows them.

        Parameters
        ----------
        layer : str, optional
            The one shown, if left out.
        frame : int, optional
            The one shown, if left out.

        Returns
        -------
        Tensor, shape (maps, rows, columns)
            One row for a layer without maps.
        """
        layer = self.layer if layer is None else layer
        if layer not in self.layers:
            raise unknown("layer", layer, self.layers)
        return recording.unpacked(self.record)[self.frame if frame is None else frame][layer]

    def show(self, images: torch.Tensor | Sequence[torch.Tensor], names: Sequence[str] | None = None) -> None:
        """Run the network, as it is now, on other pictures and show those.

        Parameters
        ----------
        images : Tensor or sequence of Tensor
            As for the constructor.
        names : sequence of str, optional
            What the frames are called.
        """
        self._replace(self._run(images, names))

    def add(self, image: torch.Tensor, name: str = "") -> None:
        """Run the network, as it is now, on a picture and append that as a frame: after each epoch, for example.

        Parameters
        ----------
        image : Tensor, shape (C, H, W)
            As for the constructor.
        name : str
            What the frame is called; its number if left out.
        """
        new = recording.frame(self._model, image, name or str(len(self._frames)), self._max_maps, self._only)
        self._replace(self._agreeing([*self._frames, new]))
        self.frame = len(self._frames) - 1

    @traitlets.default("record")
    def _recorded(self):
        return self._first_record

    @traitlets.default("layer")
    def _first_layer(self):
        return self._first_record["layers"][0]["name"]

    @traitlets.validate("layer")
    def _is_a_layer(self, proposal):
        if proposal["value"] not in self.layers:
            raise BadSetting(str(unknown("layer", proposal["value"], self.layers)))
        return proposal["value"]

    @traitlets.validate("frame")
    def _is_a_frame(self, proposal):
        return self._one_of("frame", proposal["value"], len(self.record["frames"]))

    @traitlets.validate("map")
    def _is_a_map(self, proposal):
        return self._one_of("map", proposal["value"], _things(self._entry(self.layer)))

    @traitlets.observe("layer")
    def _keep_a_map(self, change):
        self.map = min(self.map, _things(self._entry(self.layer)) - 1)

    def state(self) -> dict:
        """Return the settings and the recording."""
        return super().state() | {"record": self.record}

    def picture(self) -> str:
        """Return the picture and the maps of the layer shown, with a sentence."""
        entry = self._entry(self.layer)
        words = html.escape(bundle.words(self.module)["no_script"].format(layer=self.layer, n=_things(entry)))
        source = base64.b64encode(_png(self.maps())).decode()
        return (
            f'<div class="cw"><figure><img alt="{words}" style="width:100%;max-width:40rem;image-rendering:pixelated" '
            f'src="data:image/png;base64,{source}"><figcaption>{words}</figcaption></figure></div>'
        )

    def __repr__(self) -> str:
        frames = len(self.record["frames"])
        return f"FeatureMaps({type(self._model).__name__}, {frames} frame{'s' * (frames > 1)}, layer={self.layer!r})"

    def _one_of(self, name: str, value: int, count: int) -> int:
        if not 0 <= value < count:
            raise BadSetting(f"{name} is {value}; there are {count}, from 0 to {count - 1}. Use {name}=0.")
        return value

    def _entry(self, layer: str) -> dict:
        return next(entry for entry in self.record["layers"] if entry["name"] == layer)

    def _run(self, images, names) -> list[recording.Frame]:
        if isinstance(images, torch.Tensor) and images.dim() != 4:
            images = [images]
        images = list(images) if isinstance(images, (torch.Tensor, list, tuple)) else [images]
        if not 1 <= len(images) <= MOST_FRAMES:
            raise BadInput(
                f"There are {len(images)} images; 1 to {MOST_FRAMES} can be recorded. Choose some: images[:8]."
            )
        names = [str(i) for i in range(len(images))] if names is None else _text(names)
        if len(names) != len(images):
            raise BadInput(f"There are {len(names)} names for {len(images)} images. Give one name an image, or none.")
        frames = [
            recording.frame(self._model, image, name, self._max_maps, self._only)
            for image, name in zip(images, names, strict=True)
        ]
        return self._agreeing(frames)

    def _agreeing(self, frames: list[recording.Frame]) -> list[recording.Frame]:
        if len(frames) > MOST_FRAMES:
            raise BadInput(
                f"There would be {len(frames)} frames; {MOST_FRAMES} can be recorded. Start anew: w.show(image)."
            )
        first = frames[0].shapes
        for frame in frames[1:]:
            if frame.shapes != first:
                layer = next((n for n in first if frame.shapes.get(n) != first[n]), "another layer")
                raise BadInput(
                    f"Frame {frame.name!r} differs from the first at {layer!r}: {frame.shapes.get(layer)} for "
                    f"{first.get(layer)}. All frames need pictures of one size, and the same network."
                )
        return frames

    def _packed(self) -> dict:
        by_name = recording.kinds(self._model)
        kinds = {layer: recording.kind_of(by_name, layer) for layer in self._frames[0].outputs}
        return recording.packed(self._frames, kinds, self._characters) | {"classes": self._classes}

    def _replace(self, frames: list[recording.Frame]) -> None:
        self._frames = frames
        record = self._packed()
        layers = [layer["name"] for layer in record["layers"]]
        with self.hold_sync():
            self.frame = 0
            self.map = 0
            self.set_trait("record", record)
            if self.layer not in layers:
                self.layer = layers[0]


def _text(names) -> list[str]:
    """Return names as text: classes may be numbers."""
    return [str(name) for name in names]


def _things(entry: dict) -> int:
    """Return how many maps a layer shows, or values where it has no maps."""
    return entry["columns"] if len(entry["shape"]) < 2 else entry["count"]


def _png(maps: torch.Tensor) -> bytes:
    """Return maps side by side as a small picture in the book's colours."""
    stops = np.array([[178, 72, 12], [244, 162, 107], [247, 247, 245], [127, 178, 221], [27, 94, 152]])
    shown = maps[:16].numpy()
    share = shown / max(float(np.abs(shown).max()), 1e-12)
    colour = np.stack([np.interp(share, np.linspace(-1, 1, 5), channel) for channel in stops.T], axis=-1)
    tiles = np.pad(colour, ((0, 0), (0, 1), (0, 1), (0, 0)), constant_values=255)
    across = min(8, len(tiles))
    tiles = np.concatenate([tiles, np.full((-len(tiles) % across, *tiles.shape[1:]), 255.0)])
    rows = [np.concatenate(tiles[i : i + across], axis=1) for i in range(0, len(tiles), across)]
    sink = io.BytesIO()
    Image.fromarray(np.concatenate(rows).round().astype(np.uint8)).quantize(64).save(sink, format="PNG", optimize=True)
    return sink.getvalue()
