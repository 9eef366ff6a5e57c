"""What several families of networks share: channel counts times a width, and the first weights."""

from __future__ import annotations

from torch import nn

from cnnlib.errors import BadInput


def scaled(width: float, *channels: int) -> tuple[int, ...]:
    """Return channel counts times a width, rounded, each at least 1.

    Parameters
    ----------
    width : float
        Above 0; 1 keeps the counts.
    *channels : int
        As the paper has them.

    Raises
    ------
    BadInput
        If the width is not above 0.

    Examples
    --------
    >>> scaled(0.25, 192, 160, 1)
    (48, 40, 1)
    """
    if not width > 0:
        raise BadInput(f"width is {width}; it must be a number above 0. Use 1 for the paper's channels.")
    return tuple(max(1, round(width * count)) for count in channels)


def draw_weights(net: nn.Module) -> nn.Module:
    """Draw all weights with deviation √(2 / inputs), which keeps a signal's size from ReLU to ReLU; biases start at 0.

    Source: He, Zhang, Ren and Sun, "Delving deep into rectifiers", ICCV 2015, equation 10. PyTorch's own choice is
    smaller by √6, and a net of many layers without batch normalisation then starts with a signal that has died away.

    Parameters
    ----------
    net : nn.Module
        Its convolutions and linear layers are drawn anew.

    Returns
    -------
    nn.Module
        The same network.

    Examples
    --------
    >>> layer = draw_weights(nn.Conv2d(8, 4, 5))
    >>> layer.bias.tolist()
    [0.0, 0.0, 0.0, 0.0]
    """
    for layer in net.modules():
        if isinstance(layer, nn.Conv2d | nn.Linear):
            nn.init.kaiming_normal_(layer.weight, nonlinearity="relu")
            if layer.bias is not None:
                nn.init.zeros_(layer.bias)
    return net
