"""What the judges of this chapter ask of an answer before they look at its content."""

from __future__ import annotations

import torch

from cnnlib.check.engine import NotAnswered, Wrong


def a_number(given: object) -> float:
    """Return a number, or a tensor that holds one, as a float; raise `Wrong` for anything else."""
    try:
        return float(given.detach() if isinstance(given, torch.Tensor) else given)
    except (TypeError, ValueError, RuntimeError, OverflowError):
        raise Wrong(f"one number is wanted, not {type(given).__name__}") from None


def a_tensor(given: object, shape: tuple[int, ...], what: str) -> torch.Tensor:
    """Return what was given as a tensor of doubles, or raise `Wrong` if it has not the shape."""
    try:
        tensor = torch.as_tensor(given).detach().double()
    except (TypeError, ValueError, RuntimeError):
        raise Wrong(f"{what} is wanted, and you return {type(given).__name__}") from None
    if tuple(tensor.shape) != shape:
        raise Wrong(f"{what} has shape {shape}, and yours has {tuple(tensor.shape)}")
    return tensor


def a_prediction(answer: object, truth: dict, choices: tuple = ()) -> dict:
    """Return a dict of predictions with exactly the keys of the truth; raise `NotAnswered` while a gap is left."""
    if not isinstance(answer, dict) or set(answer) != set(truth):
        raise Wrong(f"a dict with these {len(truth)} keys is wanted: {', '.join(map(repr, truth))}")
    if any(value is None or value is ... for value in answer.values()):
        raise NotAnswered
    for key, value in answer.items():
        if choices and not any(value is c or (isinstance(c, str) and value == c) for c in choices):
            raise Wrong(f"{key!r} is {value!r}; one of {', '.join(map(repr, choices))} is wanted")
    return answer


def how_many_are_wrong(answer: dict, truth: dict, hints: dict) -> None:
    """Raise `Wrong` unless the predictions are the truth: how many are not, and a hint at the first."""
    wrong = [key for key in truth if answer[key] != truth[key]]
    if wrong:
        are = "is" if len(wrong) == 1 else "are"
        raise Wrong(f"{len(wrong)} of {len(truth)} {are} not so. One of them is {wrong[0]!r}: {hints[wrong[0]]}")
