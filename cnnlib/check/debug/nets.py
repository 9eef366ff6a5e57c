"""Part five, what a network computes: straight lines, and the order of two layers."""

from __future__ import annotations

import torch
from torch import nn

from cnnlib.check.debug import programs
from cnnlib.check.debug.asking import a_tensor
from cnnlib.check.engine import Wrong, call, exercise


@exercise("debug.22", "four layers, one matrix")
def as_matrix(answer) -> str:
    """Judge ``answer(f, shape)``: the matrix A and the vector b with f(x) = A x + b, by trying them on pictures."""
    torch.manual_seed(22)
    note = programs.LeNetOfNote001()
    cases = (
        ("conv-pool-conv-pool of note 001", nn.Sequential(note.conv1, note.pool1, note.conv2, note.pool2), (1, 28, 28)),
        ("one convolution of two channels", nn.Conv2d(2, 3, 3), (2, 5, 6)),
        ("an average pooling", nn.AvgPool2d(2), (3, 4, 4)),
    )
    for words, f, shape in cases:
        with torch.no_grad():
            blank = f(torch.zeros(1, *shape)).flatten().double()
            pictures = torch.randn(4, *shape)
            wanted, flat = f(pictures).flatten(1).double(), pictures.flatten(1).double()
        pair = call(answer, f, shape)
        if not isinstance(pair, tuple | list) or len(pair) != 2:
            raise Wrong("two tensors are wanted, A and b, in this order")
        outputs, inputs = wanted.shape[1], flat.shape[1]
        if outputs != inputs and getattr(pair[0], "shape", None) == (inputs, outputs):
            raise Wrong(f"for {words} A is transposed: it has a row for each output and a column for each pixel")
        A = a_tensor(pair[0], (outputs, inputs), f"for {words}, A, a matrix (outputs, pixels),")
        b = a_tensor(pair[1], (outputs,), f"for {words}, b, a vector with an entry for each output,")

        def same(A, b, x=flat, y=wanted):
            return torch.allclose(x @ A.T + b, y, atol=1e-4)

        if same(A, b):
            continue
        if same(A - blank[:, None], blank):
            raise Wrong(f"for {words} each column of your A still holds the answer to a blank picture, which is b. "
                        "What does one bright pixel change, compared with none?")  # fmt: skip
        if same(A, blank):
            raise Wrong(f"for {words} A is right, and b is not: what does f say to a picture of zeros?")
        raise Wrong(f"for {words} A x + b is not f(x) on a random picture")
    return f"right for {len(cases)} straight things; note 001's first four layers are one matrix of 256×784"


@exercise("debug.23", "LeNet with bends in it")
def lenet(answer) -> str:
    """Judge ``answer()``: note 001's network with a ReLU directly behind each of its two convolutions."""
    torch.manual_seed(23)
    net = call(answer)
    if not isinstance(net, nn.Module):
        raise Wrong(f"an nn.Module is wanted, and you return {type(net).__name__}")
    right = programs.LeNetOfNote001()
    try:
        right.load_state_dict(net.state_dict())
    except RuntimeError:
        raise Wrong("its layers are not the note's. Keep names and sizes; ReLU has no weights") from None
    x = torch.randn(16, 1, 28, 28)
    with torch.no_grad():
        given = call(net, x)
        if not isinstance(given, torch.Tensor) or given.shape != (16, 10):
            raise Wrong("16 pictures (16, 1, 28, 28) should become logits (16, 10)")
        for bends, hint in (
            (("conv1", "conv2"), ""),
            ((), "it is as straight as the note's: nothing stands between the two convolutions"),
            (("conv1",), "the first bend is in its place. But behind the second convolution there are a pooling and "
             "fc1, and all three are still one linear map"),
            (("conv2",), "the second bend is in its place. But the first convolution, its pooling and the second "
             "convolution are still one"),
            (("pool1", "pool2"), "it is bent, but behind the poolings. Averages first and ReLU then is another thing "
             "(one of the claims of exercise 19): directly behind each convolution"),
        ):  # fmt: skip
            right.bends = bends
            if torch.allclose(given, right(x), atol=1e-5):
                if hint:
                    raise Wrong(hint)
                return "a ReLU behind each convolution, and the note's 111,302 parameters as before"
    raise Wrong("with the note's weights and a ReLU directly behind each convolution other logits come out")


@exercise("debug.26", "before or behind the pooling?")
def stage(answer) -> str:
    """Judge ``answer(conv)``: AlexNet's first stage in the order of the paper, on inputs as large as pixels."""
    size, alpha = {"size": 5, "beta": 0.75, "k": 2.0}, 5e-4
    relu, pool = nn.ReLU(), nn.MaxPool2d(3, stride=2)
    norm, weak = nn.LocalResponseNorm(alpha=alpha, **size), nn.LocalResponseNorm(alpha=1e-4, **size)
    for channels, side in ((8, 31), (16, 23)):
        torch.manual_seed(26)
        conv, x = nn.Conv2d(3, channels, 5, stride=2), 60 * torch.randn(2, 3, side, side)
        module = call(answer, conv)
        with torch.no_grad():
            y, wanted = conv(x), pool(norm(relu(conv(x))))
            given = a_tensor(call(module, x.clone()), tuple(wanted.shape), "what the stage returns")
            if torch.allclose(given, wanted.double(), rtol=1e-4, atol=1e-4):
                continue
            for wrong, hint in (
                (weak(pool(relu(y))), "that is the slide's order. In the paper the normalisation comes first"),
                (norm(pool(relu(y))), "your alpha is right, and the order is still the slide's"),
                (pool(weak(relu(y))), "the order is right. But PyTorch divides alpha by the number of neighbours, and "
                 "the paper does not: which alpha must PyTorch get?"),
                (pool(norm(y).relu()), "the paper normalises what comes out of the ReLU"),
                (pool(weak(y).relu()), "the paper normalises what comes out of the ReLU"),
                (pool(relu(y)), "where is the normalisation?"),
                (pool(norm(y)), "where is the ReLU?"),
            ):  # fmt: skip
                if torch.allclose(given, wrong.double(), rtol=1e-4, atol=1e-4):
                    raise Wrong(hint)
        raise Wrong("other numbers come out: convolution, ReLU, normalisation, pooling of 3×3 at stride 2, with the "
                    "paper's n = 5, k = 2, alpha = 1e-4 (not divided by n), beta = 0.75")  # fmt: skip
    return "convolution, ReLU, normalisation, pooling, with the paper's numbers"
