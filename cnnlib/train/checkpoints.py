"""Store a trained network in one file and use it again, without running any code from that file."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import torch
from torch import nn

from cnnlib.errors import BadInput

KEYS = {"state", "about"}
SAVE_PLAIN = "Save it anew, with numbers, strings, lists and dicts only beside the network."


def save(model: nn.Module, path: str | Path, /, **about) -> Path:
    """Write a network's weights to a file, completely or not at all.

    Parameters
    ----------
    model : nn.Module
        Any network.
    path : str or Path
        The file to write, by custom with the ending ``.pt``.
    **about
        Plain values to keep beside the weights, such as ``model="lenet5"`` or ``epochs=3``.

    Returns
    -------
    Path
        The file written.

    Raises
    ------
    BadInput
        If the folder does not exist or cannot be written, or something beside the weights is not a plain value.

    Examples
    --------
    >>> import tempfile
    >>> file = Path(tempfile.mkdtemp()) / "net.pt"
    >>> _ = save(nn.Linear(2, 1), file, epochs=3)
    >>> load(file, nn.Linear(2, 1))["epochs"]
    3
    """
    path = Path(path)
    write_whole(path, {"state": {k: v.detach().cpu() for k, v in model.state_dict().items()}, "about": about})
    return path


def load(path: str | Path, model: nn.Module) -> dict:
    """Read weights from a file into a network of the same shape.

    Parameters
    ----------
    path : str or Path
        A file written by `save`.
    model : nn.Module
        Receives the weights; stays as it was if they do not fit.

    Returns
    -------
    dict
        What was kept beside the weights.

    Raises
    ------
    BadInput
        If the file is missing, broken, holds anything but plain weights, or does not fit the network.

    Examples
    --------
    >>> load("missing.pt", nn.Linear(2, 1))
    Traceback (most recent call last):
        ...
    cnnlib.errors.BadInput: There is no file missing.pt. Save one first, with cnnlib.train.save(model, 'missing.pt').
    """
    path = Path(path)
    if not path.is_file():
        raise BadInput(f"There is no file {path}. Save one first, with cnnlib.train.save(model, {str(path)!r}).")
    content = _read(path)
    own = model.state_dict()
    wrong = [k for k in own.keys() | content["state"].keys()
             if k not in own or k not in content["state"] or own[k].shape != content["state"][k].shape]  # fmt: skip
    if wrong:
        raise BadInput(
            f"{path} holds the weights of another network; they differ in {', '.join(sorted(wrong)[:3])}. "
            "Build the network with the settings it was saved with."
        )
    model.load_state_dict(content["state"])
    return content["about"]


def fingerprint(model: nn.Module) -> str:
    """Return a network's fingerprint, so that a record can name the weights it speaks of.

    Parameters
    ----------
    model : nn.Module
        Any network, on any device.

    Returns
    -------
    str
        First 16 hex digits of a sha256 over the floating-point tensors of ``state_dict()`` in its order: of each its
        name, its shape and its float32 numbers, little-endian.

    Examples
    --------
    >>> net = nn.Linear(2, 1)
    >>> before = fingerprint(net)
    >>> _ = net.bias.data.add_(1e-6)
    >>> len(before), fingerprint(net) == before
    (16, False)
    """
    digest = hashlib.sha256()
    for name, value in model.state_dict().items():
        if value.is_floating_point():  # batch norm's count of batches decides nothing
            digest.update(f"{name} {tuple(value.shape)}".encode())
            digest.update(value.detach().cpu().float().contiguous().numpy().astype("<f4").tobytes())
    return digest.hexdigest()[:16]


def write_whole(path: Path, content: dict) -> None:
    """Write tensors and plain values to a file, completely or not at all, and only if they can be read back."""
    partial = path.with_name(path.name + ".partial")  # what a killed process leaves is written over the next time
    try:
        torch.save(content, partial)
        read_plain(partial)  # what cannot be read back must not replace what can
        os.replace(partial, path)
    except (OSError, RuntimeError) as problem:  # torch says neither why it cannot open a file nor that a disk is full
        reason = getattr(problem, "strerror", None) or "no such folder, or no room or right to write there"
        raise BadInput(f"Cannot write {path}: {reason}. Choose a folder you may write to.") from problem
    finally:
        partial.unlink(missing_ok=True)


def read_plain(path: Path, mend: str = SAVE_PLAIN):
    """Return what a file holds, if it is tensors and plain values; nothing in it is ever run."""
    try:
        return torch.load(path, map_location="cpu", weights_only=True)
    except Exception as problem:  # reading a broken file may end in any error
        raise BadInput(
            f"{path} is broken, or holds more than weights and plain values ({type(problem).__name__}). {mend}"
        ) from problem


def _read(path: Path) -> dict:
    """Return what `save` has written."""
    content = read_plain(path)
    state = content.get("state") if isinstance(content, dict) and set(content) == KEYS else None
    if not isinstance(state, dict) or not all(isinstance(value, torch.Tensor) for value in state.values()):
        raise BadInput(f"{path} was not written by cnnlib.train.save. Save the network with it, then load it again.")
    return content
