"""Exercises of the chapter "Kernels and feature maps on a photograph"."""

from __future__ import annotations

import torch
from torch.nn import functional as F

from cnnlib.check.engine import Wrong, call, exercise

SOBEL_X = torch.tensor([[-1.0, 0, 1], [-2, 0, 2], [-1, 0, 1]])


def _pictures() -> list[torch.Tensor]:
    """Return two small pictures, one not square, always the same."""
    generator = torch.Generator().manual_seed(3)
    return [torch.rand(9, 12, generator=generator), torch.rand(14, 14, generator=generator)]


def _map_from(answer, *arguments, size) -> torch.Tensor:
    """Return what the reader's function made, as a tensor (H, W) of the size asked for."""
    given = torch.as_tensor(call(answer, *arguments)).detach().float()
    if given.shape != size:
        raise Wrong(f"the map should have shape {tuple(size)}, and yours has {tuple(given.shape)}")
    return given


@exercise("kernels.1", "true convolution")
def convolution(answer) -> str:
    """Judge ``answer(x, w)`` by the impulse and by PyTorch with a flipped kernel."""
    for x in _pictures():
        for k in (1, 2, 3, 5):
            w = torch.arange(k * k, dtype=torch.float32).reshape(k, k) / k
            given = _map_from(answer, x, w, size=torch.Size((x.shape[0] - k + 1, x.shape[1] - k + 1)))

            def correlate(kernel, x=x):
                return F.conv2d(x[None, None], kernel[None, None])[0, 0]

            if torch.allclose(given, correlate(w.flip(0, 1)), atol=1e-4):
                continue
            if torch.allclose(given, correlate(w), atol=1e-4):
                raise Wrong("that is cross-correlation: the kernel comes out upside down. What is missing?")
            if any(torch.allclose(given, correlate(w.flip(d)), atol=1e-4) for d in (0, 1)):
                raise Wrong("you flipped the kernel in one direction only; convolution turns it by 180°")
            if torch.allclose(given, correlate(w.T), atol=1e-4):
                raise Wrong("transposing swaps rows and columns; a turn by 180° flips both")
            raise Wrong(f"with a kernel of {k}×{k} the values differ from the true convolution")
    return "equals the true convolution for kernels of 1 to 5 on two pictures"


@exercise("kernels.2", "a kernel for one diagonal")
def diagonal_kernel(answer) -> str:
    """Judge a 3×3 kernel by its answers to flat patches and to edges along both diagonals."""
    kernel = torch.as_tensor(answer).detach().float()
    if kernel.shape != (3, 3):
        raise Wrong(f"a kernel of shape (3, 3) is wanted, not {tuple(kernel.shape)}")
    if not kernel.isfinite().all():
        raise Wrong("every weight must be a finite number")
    if abs(float(kernel.sum())) > 1e-4:
        raise Wrong(f"its weights sum to {float(kernel.sum()):.3g}, so a flat patch does not answer 0")
    falling = torch.tensor([[0.0, 1, 1], [-1, 0, 1], [-1, -1, 0]])  # the edge runs from upper left to lower right
    rising = falling.flip(1)
    along, across = (float((kernel * edge).sum()) for edge in (falling, rising))
    if abs(along) > 1e-4:
        raise Wrong(f"to an edge along the falling diagonal it answers {along:.3g}, not 0")
    if abs(across) < 1e-2:
        raise Wrong("it answers 0 to the rising diagonal too: a kernel that sees nothing finds nothing")
    return f"0 on flat patches and along the falling diagonal, {across:.3g} along the rising one"


@exercise("kernels.3", "the strength of an edge")
def edge_strength(answer) -> str:
    """Judge ``answer(x)`` by PyTorch, and by what must not change it."""
    for x in _pictures():
        gx, gy = (F.conv2d(x[None, None], w[None, None])[0, 0] for w in (SOBEL_X, SOBEL_X.T))
        given = _map_from(answer, x, size=gx.shape)
        if torch.allclose(given, (gx**2 + gy**2).sqrt(), atol=1e-3):
            continue
        if torch.allclose(given, gx**2 + gy**2, atol=1e-3):
            raise Wrong("that is the square of the strength; the root is missing")
        if torch.allclose(given, gx.abs() + gy.abs(), atol=1e-3):
            raise Wrong("the sum of the absolute values is a cheap stand-in, but asked is the root of the squares")
        if torch.allclose(given, gx + gy, atol=1e-3):
            raise Wrong("in a plain sum an edge one way can cancel an edge the other way. Square before you add")
        raise Wrong("the values differ from √(gx² + gy²) with the Sobel kernels of the chapter")
    return "equals √(gx² + gy²) on two pictures; turning the picture turns the map, inverting it changes nothing"


@exercise("kernels.4", "the hidden kernel")
def recover(answer) -> str:
    """Judge ``answer(x, y)`` on kernels it has not seen."""
    generator = torch.Generator().manual_seed(4)
    for _ in range(3):
        x, w = torch.rand(24, 30, generator=generator), torch.randn(5, 5, generator=generator)
        y = F.conv2d(x[None, None], w[None, None])[0, 0]
        given = _map_from(answer, x.clone(), y.clone(), size=torch.Size((5, 5)))
        if torch.allclose(given, w, atol=0.01):
            continue
        if torch.allclose(given, w.flip(0, 1), atol=0.01):
            raise Wrong("that is the kernel turned by 180°: `y` was made by cross-correlation, as F.conv2d does")
        distance = float((given - w).abs().max())
        raise Wrong(f"it is off by up to {distance:.2g}. If you descend: more steps, or a smaller rate towards the end")
    return "finds three kernels it has never seen, to within 0.01"
