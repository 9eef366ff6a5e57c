"""The pair of exercise 0501: a fully connected and a convolutional net with almost equal parameters.

Source: the public course notebook behind the exercise, OUCTheoryGroup/colab_demo, 05_01.
"""

from __future__ import annotations

from collections import OrderedDict

from torch import nn

from cnnlib.models.registry import register

SOURCE = "OUCTheoryGroup/colab_demo, notebook 05_01 (exercise 0501)"
DEPARTURES = ("logits and cross-entropy for log-softmax and negative log-likelihood: the same loss",)


@register(
    "fc_0501",
    title="fully connected net of 0501",
    idea="two hidden layers; blind to the order of the pixels",
    source=SOURCE,
    departures=DEPARTURES,
    input_shape=(1, 28, 28),
    parameters=6_442,
)
def fc_0501(hidden: int = 8) -> nn.Module:
    """Build the fully connected net: 784 inputs, two hidden layers, 10 logits.

    Parameters
    ----------
    hidden : int
        Units in each hidden layer.

    Examples
    --------
    >>> sum(p.numel() for p in fc_0501().parameters())
    6442
    """
    return nn.Sequential(
        OrderedDict(
            flatten=nn.Flatten(),
            fc1=nn.Linear(28 * 28, hidden), relu1=nn.ReLU(),
            fc2=nn.Linear(hidden, hidden), relu2=nn.ReLU(),
            out=nn.Linear(hidden, 10),
        )
    )  # fmt: skip


@register(
    "cnn_0501",
    title="convolutional net of 0501",
    idea="as many parameters, spent on small windows",
    source=SOURCE,
    departures=DEPARTURES,
    input_shape=(1, 28, 28),
    parameters=6_422,
)
def cnn_0501(channels: int = 6) -> nn.Module:
    """Build the convolutional net: two convolutions of 5×5 with max pooling, 50 hidden units, 10 logits.

    Parameters
    ----------
    channels : int
        Feature maps of each convolution.

    Examples
    --------
    >>> sum(p.numel() for p in cnn_0501().parameters())
    6422
    """
    return nn.Sequential(
        OrderedDict(
            conv1=nn.Conv2d(1, channels, kernel_size=5), relu1=nn.ReLU(), pool1=nn.MaxPool2d(2),
            conv2=nn.Conv2d(channels, channels, kernel_size=5), relu2=nn.ReLU(), pool2=nn.MaxPool2d(2),
            flatten=nn.Flatten(),
            fc1=nn.Linear(channels * 4 * 4, 50), relu3=nn.ReLU(),
            out=nn.Linear(50, 10),
        )
    )  # fmt: skip
