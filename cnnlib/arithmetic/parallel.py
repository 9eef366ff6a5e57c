"""How long a training step takes when several processes share it: a model, not a measurement.

Its assumptions: the pictures are divided evenly and computing a p-th of them takes a p-th of the time; the processes
exchange their gradients in a ring, and all links are alike and free. PyTorch exchanges the first gradients while it
computes the others; the truth lies between an exchange that waits and one that is hidden behind the computing. Where
processes share a processor's memory, or a share is too small to keep a GPU busy, it is worse than both.

Source of the ring: Patarasuk and Yuan, "Bandwidth optimal all-reduce algorithms for clusters of workstations", Journal
of Parallel and Distributed Computing 69 (2009).
"""

from __future__ import annotations

from cnnlib.arithmetic.checks import whole_number
from cnnlib.errors import BadInput


def ring_seconds(size: int, processes: int, bandwidth: float, latency: float = 0.0) -> float:
    """Return how long processes in a ring take to add up their gradients, so that each has the sum.

    Each cuts its gradient into as many pieces as there are processes. In p - 1 rounds every process passes a piece to
    its neighbour, which adds its own; in p - 1 more rounds the finished sums go round.

    Parameters
    ----------
    size : int
        Bytes of a gradient: 4 for each parameter in float32.
    processes : int
        At least 1.
    bandwidth : float
        Bytes a second that a process can send to its neighbour while it receives from the other; above 0.
    latency : float
        Seconds that a message takes however small it is; at least 0.

    Returns
    -------
    float
        ``2 (p - 1) / p · size / bandwidth + 2 (p - 1) · latency``.

    Raises
    ------
    BadInput
        If a value is out of range.

    Examples
    --------
    A million parameters, eight processes, a gigabyte a second: each sends 1.75 times its gradient.

    >>> ring_seconds(4_000_000, 8, bandwidth=1e9)
    0.007
    >>> ring_seconds(4_000_000, 1, bandwidth=1e9)
    0.0
    """
    p = whole_number("processes", processes, 1)
    _positive("bandwidth", bandwidth)
    _positive("latency", latency, or_zero=True)
    return 2 * (p - 1) / p * whole_number("size", size, 0) / bandwidth + 2 * (p - 1) * latency


def step_seconds(
    compute: float, size: int, processes: int, bandwidth: float, latency: float = 0.0, hidden: bool = False
) -> float:
    """Return how long a training step takes over several processes.

    Parameters
    ----------
    compute : float
        Seconds that one process takes for the whole batch; above 0.
    size, processes, bandwidth, latency
        As in `ring_seconds`.
    hidden : bool
        Whether gradients are exchanged while the step computes, which is the best that can be, or after it.

    Returns
    -------
    float
        ``compute / processes + ring_seconds(…)``, or the larger of the two where the exchange is hidden.

    Raises
    ------
    BadInput
        If a value is out of range.

    Examples
    --------
    A step of 80 ms takes 10 ms on eight GPUs, and 17 ms with the exchange:

    >>> round(step_seconds(0.080, 4_000_000, 8, bandwidth=1e9), 3)
    0.017
    >>> step_seconds(0.080, 4_000_000, 8, bandwidth=1e9, hidden=True)
    0.01
    """
    ring = ring_seconds(size, processes, bandwidth, latency)
    share = _positive("compute", compute) / processes
    return max(share, ring) if hidden else share + ring


def _positive(name: str, value: float, or_zero: bool = False) -> float:
    if not (value > 0 or (or_zero and value == 0)):
        raise BadInput(f"{name} is {value}; it must be {'at least' if or_zero else 'above'} 0. Give it in SI units.")
    return value
