"""Exercises of the chapter "AlexNet"."""

from __future__ import annotations

import torch
from torch.nn import functional as F

from cnnlib.check.engine import Wrong, call, exercise

COLUMNS = (  # an input size, and layers of (kernel_size, stride, padding)
    (227, ((11, 4, 0), (3, 2, 0), (5, 1, 2), (3, 2, 0), (3, 1, 1), (3, 2, 0))),
    (224, ((11, 4, 0), (3, 2, 0), (5, 1, 2), (3, 2, 0), (3, 1, 1), (3, 2, 0))),
    (224, ((11, 4, 2), (3, 2, 0))),
    (4, ((3, 2, 1),)),
    (30, ((5, 3, 1), (2, 2, 0), (3, 3, 1))),
)


def _tensor(given, like: torch.Tensor, words: str) -> torch.Tensor:
    """Return an answer that is a tensor of the right shape."""
    if not isinstance(given, torch.Tensor):
        raise Wrong(f"a tensor is wanted, not {type(given).__name__}")
    if given.shape != like.shape:
        raise Wrong(f"{words} the shape must be {tuple(like.shape)}, and yours is {tuple(given.shape)}")
    return given.detach().float()


@exercise("alexnet.1", "the size column, with the pixels that no window sees")
def size_column(answer) -> str:
    """Judge ``answer(size, layers)`` by sliding the windows and looking where the gradient arrives."""
    for size, layers in COLUMNS:
        given = call(answer, size, list(layers))
        if not isinstance(given, list | tuple) or len(given) != len(layers):
            raise Wrong(f"a list with one pair for each of the {len(layers)} layers is wanted")
        before = size
        for (kernel, stride, padding), pair in zip(layers, given, strict=True):
            line = torch.zeros(1, 1, before, requires_grad=True)
            out = F.conv1d(line, torch.ones(1, 1, kernel), stride=stride, padding=padding)
            out.sum().backward()
            side, unseen = out.shape[2], int((line.grad == 0).sum())
            case = f"for {before} cells, kernel_size {kernel}, stride {stride} and padding {padding}"
            try:
                said, said_unseen = pair
            except (TypeError, ValueError):
                raise Wrong(f"each layer gives a pair, its output size and its unseen cells; you give {pair}") from None
            if said != side:
                exact = (before + 2 * padding - kernel) / stride + 1
                slips = {exact: "Half a place is no place: round down", side + 1: "The last window would hang over"}
                hint = slips.get(said, "Is the next layer's input this layer's output?" if before != size else "")
                raise Wrong(f"{case} there are {side} places, and you say {said}. {hint}")
            if said_unseen != unseen:
                left = (before + 2 * padding - kernel) % stride
                hint = " The padding at the end is not part of the picture" if said_unseen == left else ""
                raise Wrong(f"{case} {unseen} cells are in no window, and you say {said_unseen}.{hint}")
            before = side
    return f"agrees with sliding windows on {sum(len(layers) for _, layers in COLUMNS)} layers"


@exercise("alexnet.2", "local response normalisation")
def response_norm(answer) -> str:
    """Judge ``answer(a, n, k, alpha, beta)`` by PyTorch's layer with alpha times n."""
    draw = torch.Generator().manual_seed(0)
    for n, k, alpha, beta in ((5, 2.0, 1e-4, 0.75), (3, 1.0, 0.1, 0.5), (7, 0.5, 0.02, 1.0)):
        a = 10 * torch.randn(2, 9, 4, 5, generator=draw)
        kept = a.clone()
        wanted = F.local_response_norm(a, n, alpha * n, beta, k)
        words = f"with n={n}, k={k:g}, alpha={alpha:g}, beta={beta:g}"
        given = _tensor(call(answer, a, n, k, alpha, beta), wanted, words)
        if not torch.equal(a, kept):
            raise Wrong("your function changes the tensor that it was given")
        if torch.allclose(given, wanted, rtol=1e-3, atol=1e-5):
            continue
        squares = F.pad(a**2, (0, 0, 0, 0, n // 2, n // 2)).unfold(1, n, 1).sum(dim=-1)
        own = F.pad(a, (n // 2, n // 2, n // 2, n // 2)).pow(2).unfold(2, n, 1).unfold(3, n, 1).sum(dim=(-1, -2))
        slips = (
            (a / (k + alpha / n * squares) ** beta, "You divide alpha by n: PyTorch does, the paper does not"),
            (a / (k + alpha * squares), "The exponent beta is missing"),
            (a / (alpha * squares) ** beta, "The constant k is missing"),
            (a / (k + alpha * own) ** beta, "Neighbours are other channels at the same place, not other places"),
            (a / (k + alpha * a**2) ** beta, "Each number is divided by itself only. Where are the neighbours?"),
            (a * (k + alpha * squares) ** beta, "You multiply; the activity of the neighbours must damp"),
        )
        for slip, hint in slips:
            if torch.allclose(given, slip, rtol=1e-3, atol=1e-5):
                raise Wrong(f"{words} the numbers differ. {hint}")
        inner = slice(n // 2, 9 - n // 2)
        if torch.allclose(given[:, inner], wanted[:, inner], rtol=1e-3, atol=1e-5):
            raise Wrong(f"{words} only the first and last channels differ: beyond the edge there are no channels, and "
                        "the sum has fewer terms")  # fmt: skip
        raise Wrong(f"{words} the numbers differ from the formula's")
    return "equals nn.LocalResponseNorm, once its alpha is multiplied by n"


@exercise("alexnet.3", "a grouped convolution as an ordinary one")
def dense_weight(answer) -> str:
    """Judge ``answer(weight, groups)`` by running both convolutions."""
    draw = torch.Generator().manual_seed(0)
    for outs, ins, groups, side in ((8, 8, 2, 3), (6, 4, 1, 3), (12, 6, 3, 1), (5, 5, 5, 3)):
        weight = torch.randn(outs, ins // groups, side, side, generator=draw)
        x = torch.randn(2, ins, 7, 7, generator=draw)
        words = f"for {ins} channels in, {outs} out and {groups} group{'s' * (groups > 1)}"
        like = torch.empty(outs, ins, side, side)
        given = _tensor(call(answer, weight.clone(), groups), like, words)
        if torch.allclose(F.conv2d(x, given), F.conv2d(x, weight, groups=groups), atol=1e-4):
            continue
        if int((given != 0).sum()) > weight.numel():
            raise Wrong(f"{words} {weight.numel()} numbers may differ from zero, and yours has more: a filter must not "
                        "see the channels of other groups")  # fmt: skip
        raise Wrong(f"{words} the two convolutions differ. Filter number o belongs to group o // (filters a group): at "
                    "which input channel does that group begin?")  # fmt: skip
    return "the ordinary convolution computes the same as the grouped one, up to one channel a group"


@exercise("alexnet.4", "the top-k error of several nets together")
def topk_error(answer) -> str:
    """Judge ``answer(logits, labels, k)`` on random nets of which some are surer than others."""
    draw = torch.Generator().manual_seed(0)
    for nets, pictures, classes, k in ((1, 200, 10, 1), (1, 200, 10, 5), (5, 300, 20, 5), (7, 300, 6, 1)):
        labels = torch.randint(classes, (pictures,), generator=draw)
        logits = torch.randn(nets, pictures, classes, generator=draw)
        logits += 1.5 * F.one_hot(labels, classes)
        logits *= torch.linspace(0.3, 5, nets).view(-1, 1, 1)
        given = call(answer, logits.clone(), labels.clone(), k)
        try:
            given = float(given)
        except (TypeError, ValueError, RuntimeError):
            raise Wrong(f"a number is wanted, not {type(given).__name__}") from None
        right = _error(logits.softmax(dim=2).mean(dim=0), labels, k)
        if abs(given - right) < 1e-6:
            continue
        slips = {
            1 - right: "That is the share that is right",
            100 * right: "A fraction from 0 to 1 is wanted, not percent",
            right * pictures: "Divide by the number of pictures",
            _error(logits.mean(dim=0), labels, k): "You average the logits; the paper averages the probabilities",
            _error(logits.softmax(dim=2).mean(dim=0), labels, 1): "You look at the first answer only, whatever k is",
            sum(_error(one, labels, k) for one in logits) / nets: "That is the mean of the nets' errors. Average the "
            "nets' probabilities first, and then count",
            _error(logits.softmax(dim=2).mean(dim=0), labels, k + 1): "That allows one answer too many",
        }
        hints = [hint for value, hint in slips.items() if abs(given - value) < 1e-6]
        case = f"for {nets} net{'s' * (nets > 1)} and k={k} the error is {right:.4f}, and you return {given:.4f}"
        raise Wrong(f"{case}. {hints[0]}" if hints else case)
    return "right for one net and for several, for k = 1 and 5"


def _error(scores: torch.Tensor, labels: torch.Tensor, k: int) -> float:
    """Return the share of pictures whose label is not among the k highest scores."""
    best = scores.topk(k, dim=1).indices
    return 1 - float((best == labels[:, None]).any(dim=1).double().mean())


@exercise("alexnet.5", "one step of the paper's rule")
def paper_step(answer) -> str:
    """Judge ``answer(w, v, g, lr)`` over steps in which the learning rate falls."""
    draw = torch.Generator().manual_seed(0)
    w, v = torch.randn(6, generator=draw), torch.zeros(6)
    for number, lr in enumerate((0.01, 0.01, 0.01, 0.001, 0.001), start=1):
        g = torch.randn(6, generator=draw)
        given = call(answer, w.clone(), v.clone(), g.clone(), lr)
        if not isinstance(given, list | tuple) or len(given) != 2:
            raise Wrong("two tensors are wanted: the new w and the new v")
        new_v = 0.9 * v - 0.0005 * lr * w - lr * g
        said_w, said_v = (_tensor(one, w, "for both") for one in given)
        words = f"in step {number}, with lr={lr:g},"
        if not torch.allclose(said_v, new_v, atol=1e-8, rtol=1e-5):
            slips = (
                (0.9 * v - lr * g, "The weight decay is missing"),
                (0.9 * v - 0.0005 * w - lr * g, "The weight decay is multiplied by the learning rate too"),
                (0.9 * v + g + 0.0005 * w, "That is PyTorch's velocity. The paper's holds the rate and the sign"),
                (0.9 * v + lr * g + 0.0005 * lr * w, "The gradient points uphill"),
                (0.9 * v + 0.0005 * lr * w - lr * g, "The weights must shrink, not grow"),
                (new_v - 0.9 * v, "The momentum is missing: where does the old v go?"),
            )
            hints = [hint for slip, hint in slips if torch.allclose(said_v, slip, atol=1e-8, rtol=1e-5)]
            raise Wrong(f"{words} v is wrong. {hints[0] if hints else 'Compare it with the formula term by term'}")
        if not torch.allclose(said_w, w + new_v, atol=1e-7, rtol=1e-5):
            old = torch.allclose(said_w, w + v, atol=1e-7, rtol=1e-5) and number > 1
            raise Wrong(f"{words} w is wrong. " + ("Add the *new* v" if old else "It is the old w plus the new v"))
        w, v = w + new_v, new_v
    return "five steps agree, also across the fall of the learning rate"
