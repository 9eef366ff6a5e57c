"""What goes wrong in a batch norm written by hand: each usual slip with its hint, for the judges of its exercises."""

from __future__ import annotations

import copy

import torch
from torch import nn
from torch.nn import functional as F

from cnnlib.check.engine import Wrong, call

PARTS = ("output", "mean", "variance")
NORM_SLIPS = {
    "unbiased": "the batch is normalised by its variance with n in the denominator (correction=0), not n - 1",
    "late eps": "eps is added to the variance, under the root",
    "no eps": "where is eps?",
    "no affine": "weight and bias of each channel are still to be applied",
    "per picture": "the statistics run over the pictures too, not over the pixels of each picture alone",
    "per place": "the statistics run over the places too: one mean for each channel, not for each unit",
    "other mode": "those are the other mode's statistics: the batch's own in training, the running ones afterwards",
    "swapped": "in PyTorch momentum is the share of the *new* value: (1 - momentum) · old + momentum · new",
    "biased running": "the running variance takes in the batch's variance with n - 1 in the denominator",
    "stale": "in training the running statistics move, in evaluation they stay",
}


def same_norm(parts, given, training, momentum, eps) -> None:
    """Raise unless all three results are PyTorch's, with a hint at the slip that they show."""
    x, weight, bias, mean, var = given[0], given[1], given[2], given[3].clone(), given[4].clone()
    right = F.batch_norm(x, mean, var, weight, bias, training, momentum, eps), mean, var  # moves mean and var
    for i, name in enumerate(PARTS):
        if torch.allclose(parts[i], right[i], atol=1e-4, rtol=1e-4):
            continue
        case = f"in {'training' if training else 'evaluation'} the {'running ' * bool(i)}{name} differs from PyTorch's"
        for slip, hint in NORM_SLIPS.items():
            if torch.allclose(parts[i], norm_by_hand(*given, training, momentum, eps, slip)[i], atol=1e-4, rtol=1e-4):
                raise Wrong(f"{case}: {hint}")
        raise Wrong(case)


def norm_by_hand(x, weight, bias, running_mean, running_var, training, momentum, eps, slip=""):
    """Return output and running statistics of batch norm, right or with one slip."""
    dims = {"per picture": (2, 3), "per place": (0,)}.get(slip, (0, 2, 3))
    if training != (slip == "other mode"):
        mean = x.mean(dims, keepdim=True)
        var = x.var(dims, keepdim=True, correction=int(slip == "unbiased"))
    else:
        mean, var = (t.view(1, -1, 1, 1) for t in (running_mean, running_var))
    root = var.sqrt() + (eps if slip == "late eps" else 0) if slip in ("late eps", "no eps") else (var + eps).sqrt()
    y = (x - mean) / root
    if slip != "no affine":
        y = y * weight.view(1, -1, 1, 1) + bias.view(1, -1, 1, 1)
    if training == (slip == "stale"):
        return y, running_mean, running_var
    share = 1 - momentum if slip == "swapped" else momentum
    new_var = x.var((0, 2, 3), correction=int(slip != "biased running"))
    return y, running_mean.lerp(x.mean((0, 2, 3)), share), running_var.lerp(new_var, share)


def same_fold(answer, conv, norm, x) -> None:
    """Raise unless ``answer(conv, norm)`` is one convolution that equals both on `x`, and leaves them alone."""
    before = [copy.deepcopy(layer.state_dict()) for layer in (conv, norm)]
    folded, case = call(answer, conv, norm), f"for {conv}"
    for layer, kept in zip((conv, norm), before, strict=True):
        if any(not torch.equal(kept[name], value) for name, value in layer.state_dict().items()):
            raise Wrong("your function changes the layers that it was given. Make a new convolution")
    if not isinstance(folded, nn.Conv2d):
        raise Wrong(f"an nn.Conv2d is wanted, and you return {type(folded).__name__}")
    for name in ("in_channels", "out_channels", "kernel_size", "stride", "padding", "dilation", "groups"):
        if getattr(folded, name) != getattr(conv, name):
            raise Wrong(f"{case} your {name} is {getattr(folded, name)}, not {getattr(conv, name)}")
    wanted, given = norm(conv(x)).detach(), folded(x).detach()
    if torch.allclose(wanted, given, atol=1e-4):
        return
    gamma, mean, var = norm.weight.detach(), norm.running_mean, norm.running_var
    scale, per_filter = gamma / (var + norm.eps).sqrt(), (-1, 1, 1, 1)
    if not torch.allclose(folded.weight, conv.weight * scale.view(per_filter), atol=1e-5):
        slips = {
            "eps is missing": gamma / var.sqrt(),
            "the deviation is the root of the variance": gamma / (var + norm.eps),
            "the norm's weight is missing": 1 / (var + norm.eps).sqrt(),
            "the norm's running variance is missing": gamma,
        }
        hints = [hint for hint, s in slips.items() if torch.allclose(folded.weight, conv.weight * s.view(per_filter))]
        square = conv.weight.shape[0] == conv.weight.shape[1]
        if square and torch.allclose(folded.weight, conv.weight * scale.view(1, -1, 1, 1)):
            hints = ["the factor belongs to each *output* channel, which is the weight's first dimension"]
        raise Wrong(f"{case} the weight is not right yet" + (f": {hints[0]}" if hints else ""))
    old = torch.zeros_like(mean) if conv.bias is None else conv.bias.detach()
    slips = {
        "the bias that the convolution had is missing": norm.bias - scale * mean,
        "the bias that the convolution had passes through the norm as well: scale it": old + norm.bias - scale * mean,
        "the running mean is missing": norm.bias + scale * old,
        "the running mean is subtracted *before* the scaling": norm.bias + scale * old - mean,
        "the norm's own bias is missing": scale * (old - mean),
    }
    now = torch.zeros_like(mean) if folded.bias is None else folded.bias.detach()
    hints = [hint for hint, bias in slips.items() if torch.allclose(now, bias, atol=1e-5)]
    raise Wrong(f"{case} the weight is right and the bias is not" + (f": {hints[0]}" if hints else ""))
