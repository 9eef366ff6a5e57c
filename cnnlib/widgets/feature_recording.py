"""What a network makes of a picture, recorded so small that a page can carry it.

A frame holds the outputs of every layer on one picture. Each map is stored in whole numbers of -127 to 127 times a step
of its own, so a number is off by half a step at most and zero stays zero. Large maps are averaged down, long lists of
maps are cut, and the layer says so.
"""

from __future__ import annotations

import base64
import zlib
from dataclasses import dataclass

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

from cnnlib import inspect
from cnnlib.errors import BadInput, unknown

MOST_SIDE = 64  # of a recorded map, in cells
MOST_VALUES = 1024  # of a layer without maps
MOST_PIXELS = 2**21  # of a picture
LEVELS = 127
FAILURES = (RuntimeError, ValueError, AttributeError, IndexError, TypeError)


@dataclass
class Frame:
    """The outputs of all layers on one picture.

    Parameters
    ----------
    name : str
        What it is called beside the slider.
    picture : Tensor, shape (1 or 3, H, W)
        The picture, from 0 to 1, as it is shown.
    outputs : dict of str to Tensor
        Layer name to maps (n, h, w), already averaged down; a layer without maps is one map of one row.
    shapes : dict of str to tuple
        Layer name to the shape of its whole output.
    """

    name: str
    picture: torch.Tensor
    outputs: dict[str, torch.Tensor]
    shapes: dict[str, tuple[int, ...]]


def frame(model: nn.Module, image: torch.Tensor, name: str, most_maps: int, only: tuple[str, ...] = ()) -> Frame:
    """Run a network on one picture and keep what a page can show.

    Parameters
    ----------
    model : nn.Module
        Left as it is: mode, device, gradients and hooks.
    image : Tensor, shape (C, H, W)
        Bytes, or numbers scaled as the network expects them.
    name : str
        Of the frame.
    most_maps : int
        Maps to keep of each layer.
    only : tuple of str
        What the names of the layers to keep begin with; all if empty.

    Raises
    ------
    BadInput
        If this is no network, no picture, or the two do not fit; the message names the layer.
    """
    _check(model, image)
    first = next((p for p in model.parameters() if p.is_floating_point()), torch.empty(0))
    numbers = image.float() / 255 if image.dtype == torch.uint8 else image
    numbers = numbers.detach().to(first.dtype)
    try:
        outputs = inspect.feature_maps(model, numbers)
    except FAILURES as problem:
        if isinstance(problem, BadInput):
            raise
        inspect.layer_table(model, tuple(image.shape))  # tells at which layer it fails, if the shape is the reason
        raise BadInput(
            f"The network fails on this picture: {str(problem).splitlines()[0]}. Try model(image[None]) by itself."
        ) from problem
    if not outputs:
        raise BadInput("The network has no layers to look at: none of its modules put out a tensor.")
    if only:
        known = list(outputs)
        outputs = {layer: values for layer, values in outputs.items() if layer.startswith(only)}
        if not outputs:
            raise unknown("layer that begins with", " or ".join(only), known)
    for layer, values in outputs.items():
        if not bool(torch.isfinite(values).all()):
            raise BadInput(
                f"The output of {layer!r} is not finite (NaN or infinite), though the picture is. Look at its weights, "
                "and at the layers before it: a learning rate that is too high leaves such weights behind."
            )
    kept = {layer: _maps(values.float(), most_maps) for layer, values in outputs.items()}
    return Frame(name, _shown(numbers.float()), kept, {layer: tuple(v.shape) for layer, v in outputs.items()})


def packed(frames: list[Frame], kinds: dict[str, str], most_characters: int) -> dict:
    """Return frames as a page carries them: one compressed text, and a table of what is where.

    Parameters
    ----------
    frames : list of Frame
        Of one network; their layers must have the same shapes.
    kinds : dict of str to str
        Layer name to the name of its class.
    most_characters : int
        Maps are left out, then averaged down, until the text is no longer than that.

    Returns
    -------
    dict
        ``layers`` (name, kind, shape, count, rows, columns), ``frames`` (name, picture, steps) and ``data``.
    """
    side, room, levels = MOST_SIDE, 4.0 * most_characters, {}  # room: bytes before they are compressed
    while True:
        if not levels:
            levels = {name: _levels([frame.outputs[name] for frame in frames], side) for name in frames[0].outputs}
            pictures = [_smaller(frame.picture, 2 * side) for frame in frames]
        counts = _counts({name: whole.shape for name, (whole, _) in levels.items()}, room)
        content = b"".join((255 * picture).round().to(torch.uint8).numpy().tobytes() for picture in pictures)
        content += b"".join(levels[name][0][:, :count].numpy().tobytes() for name, count in counts.items())
        text = base64.b64encode(zlib.compress(content)).decode()
        if len(text) <= most_characters or side == 1:
            break
        room = 0.9 * min(room, len(content) * most_characters / len(text))
        if all(count == 1 for count in counts.values()):
            side, room, levels = side // 2, 4.0 * most_characters, {}
    listed = [
        {
            "name": name,
            "kind": kinds.get(name, ""),
            "shape": list(frames[0].shapes[name]),
            "count": count,
            "rows": levels[name][0].shape[2],
            "columns": levels[name][0].shape[3],
        }
        for name, count in counts.items()
    ]
    table = [
        {
            "name": frame.name,
            "picture": list(picture.shape),
            "steps": [levels[name][1][i][:count] for name, count in counts.items()],
        }
        for i, (frame, picture) in enumerate(zip(frames, pictures, strict=True))
    ]
    return {"layers": listed, "frames": table, "data": text}


def unpacked(record: dict) -> list[dict[str, torch.Tensor]]:
    """Return the recorded maps, frame by frame: layer name to (count, rows, columns).

    Examples
    --------
    >>> net = nn.Conv2d(1, 2, 3)
    >>> one = frame(net, torch.rand(1, 8, 8), "a picture", 64)
    >>> maps = unpacked(packed([one], {"Conv2d": "Conv2d"}, 10_000))[0]["Conv2d"]
    >>> bool((maps - one.outputs["Conv2d"]).abs().max() <= one.outputs["Conv2d"].abs().max() / 254 + 1e-6)
    True
    """
    content = np.frombuffer(zlib.decompress(base64.b64decode(record["data"])), dtype=np.int8)
    at = sum(int(np.prod(each["picture"])) for each in record["frames"])
    frames = [{} for _ in record["frames"]]
    for i, layer in enumerate(record["layers"]):
        shape = (layer["count"], layer["rows"], layer["columns"])
        size = int(np.prod(shape))
        for frame, each in zip(frames, record["frames"], strict=True):
            levels = torch.from_numpy(content[at : at + size].astype(np.float32)).view(shape)
            frame[layer["name"]] = levels * torch.tensor(each["steps"][i]).view(-1, 1, 1)
            at += size
    return frames


def kinds(model: nn.Module) -> dict[str, str]:
    """Return the class of each layer, by the name that `cnnlib.inspect.feature_maps` gives it."""
    return {name or type(module).__name__: type(module).__name__ for name, module in model.named_modules()}


def kind_of(kinds_by_name: dict[str, str], layer: str) -> str:
    """Return a layer's class; a second run is called ``name (2)``."""
    return kinds_by_name.get(layer) or kinds_by_name.get(layer.rsplit(" (", 1)[0], "")


def _check(model, image) -> None:
    if not isinstance(model, nn.Module):
        mend = "Build it first: model()." if isinstance(model, type) else "Give one: models.build('lenet5')."
        raise BadInput(f"model is {model!r}; it must be an nn.Module. {mend}")
    if not isinstance(image, torch.Tensor):
        raise BadInput(f"The image is a {type(image).__name__}; it must be a tensor (channels, height, width).")
    if image.dim() == 3 and image.shape[1] * image.shape[2] > MOST_PIXELS:
        raise BadInput(
            f"The image has {image.shape[1]}×{image.shape[2]} pixels; at most {MOST_PIXELS:,} are taken. Make it "
            "smaller: cnnlib.data.picture(path, size=224)."
        )
    if image.dtype != torch.uint8 and not image.is_floating_point():
        raise BadInput(f"The image is {image.dtype}; it must be torch.uint8 or floating point. Use image.float().")
    if image.dim() == 3 and 0 in image.shape:
        raise BadInput(f"The image has shape {tuple(image.shape)}; every size must be at least 1.")
    wrong = int((~torch.isfinite(image)).sum()) if image.is_floating_point() else 0
    if wrong:
        raise BadInput(
            f"{wrong:,} numbers of the image are NaN or infinite. Look for a division by zero in its preparation, or "
            "use torch.nan_to_num(image)."
        )


def _maps(values: torch.Tensor, most: int) -> torch.Tensor:
    """Return an output of any shape as maps (n, h, w): at most so many, of at most MOST_SIDE cells a side."""
    if values.dim() < 2:
        return values.reshape(1, 1, -1)[:, :, :MOST_VALUES]
    maps = values.reshape(-1, *values.shape[-2:])[:most]
    return _smaller(maps, MOST_SIDE)


def _smaller(maps: torch.Tensor, most_side: int) -> torch.Tensor:
    factor = -(-max(maps.shape[-2:]) // most_side)
    if factor <= 1:
        return maps
    return F.adaptive_avg_pool2d(maps[None], tuple(-(-side // factor) for side in maps.shape[-2:]))[0]


def _shown(image: torch.Tensor) -> torch.Tensor:
    """Return the picture from 0 to 1: as it is, or stretched from its lowest to its highest number."""
    picture = _smaller(image if image.shape[0] in (1, 3) else image[:1], 2 * MOST_SIDE)
    low, high = float(picture.min()), float(picture.max())
    if low >= 0 and high <= 1:
        return picture
    return (picture - low) / max(high - low, 1e-12)


def _levels(outputs: list[torch.Tensor], side: int) -> tuple[torch.Tensor, list[list[float]]]:
    """Return one layer in all frames as whole numbers (frames, maps, rows, columns), and each map's step."""
    maps = torch.stack([_smaller(output, side) if output.shape[1] > 1 else output for output in outputs])
    steps = [[float(f"{top / LEVELS:.6g}") for top in frame] for frame in maps.abs().amax(dim=(2, 3)).tolist()]
    shares = maps / torch.tensor(steps)[:, :, None, None].clamp(min=1e-30)
    return shares.round().clamp(-LEVELS, LEVELS).to(torch.int8), steps


def _counts(shapes: dict[str, torch.Size], room: float) -> dict[str, int]:
    """Say how many maps of each layer are kept: all layers get the same number of bytes, and one map at least."""

    def at(level):
        return {name: max(1, min(maps, level // (h * w))) for name, (_, maps, h, w) in shapes.items()}

    def size(counts):
        return sum(n * shapes[name][0] * shapes[name][2] * shapes[name][3] for name, n in counts.items())

    low, high = 1, max(maps * h * w for _, maps, h, w in shapes.values())
    while low < high:
        level = (low + high + 1) // 2
        low, high = (level, high) if size(at(level)) <= room else (low, level - 1)
    return at(low)
