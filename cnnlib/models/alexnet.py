"""AlexNet: the paper's, in two groups for two GPUs; torchvision's single tower; one for pictures of 32×32.

Source: Krizhevsky, Sutskever and Hinton, "ImageNet classification with deep convolutional neural networks",
Advances in Neural Information Processing Systems 25, 2012, section 3 and figure 2.
"""

from __future__ import annotations

from collections import OrderedDict

from torch import nn

from cnnlib.errors import unknown
from cnnlib.models.building import scaled
from cnnlib.models.registry import register

ACTIVATIONS = {"relu": nn.ReLU, "tanh": nn.Tanh}
GROUPS = (1, 2)


@register(
    "alexnet_2012",
    title="AlexNet (2012)",
    year=2012,
    idea="eight layers, ReLU, dropout, two GPUs, a million pictures",
    source="Krizhevsky, Sutskever and Hinton, NeurIPS 25, 2012, section 3, figure 2",
    departures=(
        "pictures of 227×227: the paper prints 224×224, from which its 55×55 maps come if a size is rounded up, as in "
        "its author's cuda-convnet; PyTorch rounds down",
        "both groups in one layer, in one place, so that response normalisation reaches across their border; the paper "
        "keeps each on a GPU of its own",
    ),
    input_shape=(3, 227, 227),
    parameters=60_965_224,
)
def alexnet_2012(in_channels: int = 3, num_classes: int = 1000, width: float = 1.0, groups: int = 2) -> nn.Module:
    """Build AlexNet as printed: grouped convolutions, local response normalisation, overlapping pooling, dropout.

    The first weights are the paper's too (section 5): deviation 0.01, and biases of 1 where a ReLU should start on its
    open side. They are meant for pixels from -128 to 127, the mean taken off but not divided by anything.

    Parameters
    ----------
    in_channels, num_classes : int
        Channels of the picture; number of logits.
    width : float
        Factor on all channels and hidden units.
    groups : {1, 2}
        2 cuts conv2, conv4 and conv5 in halves that do not see each other, as the paper's two GPUs did; 1 does not.

    Returns
    -------
    nn.Sequential
        From (N, in_channels, 227, 227) to logits (N, num_classes).

    Raises
    ------
    BadInput
        If the width is not above 0, or groups is neither 1 nor 2.

    Examples
    --------
    >>> import torch
    >>> with torch.device("meta"):  # shapes and counts only: nothing is stored or computed
    ...     net = alexnet_2012()
    >>> sum(p.numel() for p in net.parameters())
    60965224
    """
    if groups not in GROUPS:
        raise unknown("number of groups", groups, GROUPS)
    a_group = scaled(width, *(channels // groups for channels in (96, 256, 384, 384, 256, 4096)))
    c1, c2, c3, c4, c5, hidden = (groups * channels for channels in a_group)
    net = nn.Sequential(
        OrderedDict(
            conv1=nn.Conv2d(in_channels, c1, kernel_size=11, stride=4),               # 96×55×55
            relu1=nn.ReLU(),
            norm1=_response_norm(),
            pool1=nn.MaxPool2d(kernel_size=3, stride=2),                              # 96×27×27
            conv2=nn.Conv2d(c1, c2, kernel_size=5, padding=2, groups=groups),         # 256×27×27
            relu2=nn.ReLU(),
            norm2=_response_norm(),
            pool2=nn.MaxPool2d(kernel_size=3, stride=2),                              # 256×13×13
            conv3=nn.Conv2d(c2, c3, kernel_size=3, padding=1),                        # 384×13×13, sees both halves
            relu3=nn.ReLU(),
            conv4=nn.Conv2d(c3, c4, kernel_size=3, padding=1, groups=groups),         # 384×13×13
            relu4=nn.ReLU(),
            conv5=nn.Conv2d(c4, c5, kernel_size=3, padding=1, groups=groups),         # 256×13×13
            relu5=nn.ReLU(),
            pool5=nn.MaxPool2d(kernel_size=3, stride=2),                              # 256×6×6
            flatten=nn.Flatten(),                                                     # 9216
            fc6=nn.Linear(c5 * 6 * 6, hidden), relu6=nn.ReLU(), drop6=nn.Dropout(0.5),
            fc7=nn.Linear(hidden, hidden), relu7=nn.ReLU(), drop7=nn.Dropout(0.5),
            fc8=nn.Linear(hidden, num_classes),
        )
    )  # fmt: skip
    for name, layer in net.named_children():
        if isinstance(layer, nn.Conv2d | nn.Linear):
            nn.init.normal_(layer.weight, std=0.01)
            nn.init.constant_(layer.bias, float(name in ("conv2", "conv4", "conv5", "fc6", "fc7")))
    return net


def _response_norm() -> nn.Module:
    """Return the paper's normalisation over five neighbouring channels (section 3.3: k = 2, n = 5, α = 1e-4, β = 0.75).

    PyTorch divides alpha by the number of channels that it sums over, so the paper's value is multiplied by it here.
    """
    return nn.LocalResponseNorm(size=5, alpha=5 * 1e-4, beta=0.75, k=2)


@register(
    "alexnet",
    title="AlexNet (single tower)",
    year=2014,
    idea="AlexNet in one tower, without response normalisation",
    source='Krizhevsky, "One weird trick for parallelizing convolutional neural networks", 2014, as torchvision has it',
    departures=(
        "of the paper of 2012 it keeps the plan, not the widths: 64, 192, 384, 256, 256 channels, in one group",
        "no response normalisation; padding 2 in the first convolution, for pictures of 224×224",
        "dropout before the fully connected layers, not behind them",
        "conv4 has 256 channels, as in torchvision and in the author's own code; the paper of 2014 says 384",
        "an average pooling to 6×6 before the first fully connected layer, so that larger pictures fit too",
        "PyTorch's own first weights",
    ),
    input_shape=(3, 224, 224),
    parameters=61_100_840,
)
def alexnet(in_channels: int = 3, num_classes: int = 1000, width: float = 1.0, dropout: float = 0.5) -> nn.Module:
    """Build the AlexNet that ``torchvision.models.alexnet`` builds.

    Parameters
    ----------
    in_channels, num_classes : int
        Channels of the picture; number of logits.
    width : float
        Factor on all channels and hidden units.
    dropout : float
        Probability with which a feature is set to zero in training.

    Returns
    -------
    nn.Sequential
        From (N, in_channels, H, W), H and W at least 63 and by custom 224, to logits (N, num_classes).

    Raises
    ------
    BadInput
        If the width is not above 0.

    Examples
    --------
    >>> import torch
    >>> with torch.device("meta"):
    ...     net = alexnet()
    >>> sum(p.numel() for p in net.parameters())
    61100840
    """
    c1, c2, c3, c4, c5, hidden = scaled(width, 64, 192, 384, 256, 256, 4096)
    return nn.Sequential(
        OrderedDict(
            conv1=nn.Conv2d(in_channels, c1, kernel_size=11, stride=4, padding=2),    # 64×55×55
            relu1=nn.ReLU(),
            pool1=nn.MaxPool2d(kernel_size=3, stride=2),                              # 64×27×27
            conv2=nn.Conv2d(c1, c2, kernel_size=5, padding=2),                        # 192×27×27
            relu2=nn.ReLU(),
            pool2=nn.MaxPool2d(kernel_size=3, stride=2),                              # 192×13×13
            conv3=nn.Conv2d(c2, c3, kernel_size=3, padding=1), relu3=nn.ReLU(),       # 384×13×13
            conv4=nn.Conv2d(c3, c4, kernel_size=3, padding=1), relu4=nn.ReLU(),       # 256×13×13
            conv5=nn.Conv2d(c4, c5, kernel_size=3, padding=1), relu5=nn.ReLU(),       # 256×13×13
            pool5=nn.MaxPool2d(kernel_size=3, stride=2),                              # 256×6×6
            average=nn.AdaptiveAvgPool2d(6),                                          # 256×6×6
            flatten=nn.Flatten(),                                                     # 9216
            drop6=nn.Dropout(dropout), fc6=nn.Linear(c5 * 6 * 6, hidden), relu6=nn.ReLU(),
            drop7=nn.Dropout(dropout), fc7=nn.Linear(hidden, hidden), relu7=nn.ReLU(),
            fc8=nn.Linear(hidden, num_classes),
        )
    )  # fmt: skip


@register(
    "alexnet_32",
    title="AlexNet for 32×32",
    idea="AlexNet with a stem for small pictures",
    source="the single tower, with its stem changed for pictures of 32×32",
    departures=(
        "stem: a first convolution of 5×5 with stride 1 and padding 2, for 11×11 with stride 4, so that it keeps 32×32",
        "maps of 32, 15, 7 and 3 cells a side, for 55, 27, 13 and 6: the last pooling leaves 3×3, not 6×6",
        "no response normalisation, as in the single tower; no batch normalisation either, which is of 2015",
        "first weights by He's rule (2015), with the activation's gain, and biases of 0",
    ),
    input_shape=(3, 32, 32),
    parameters=28_714_826,
)
def alexnet_32(
    in_channels: int = 3, num_classes: int = 10, width: float = 1.0, dropout: float = 0.5, activation: str = "relu"
) -> nn.Module:
    """Build an AlexNet for pictures of 32×32; a width of 0.25 suits a laptop.

    Parameters
    ----------
    in_channels, num_classes : int
        Channels of the picture; number of logits.
    width : float
        Factor on all channels and hidden units.
    dropout : float
        Probability with which a feature is set to zero in training.
    activation : {'relu', 'tanh'}
        What follows each convolution and hidden layer.

    Returns
    -------
    nn.Sequential
        From (N, in_channels, 32, 32) to logits (N, num_classes).

    Raises
    ------
    BadInput
        If the width is not above 0, or the activation is unknown.

    Examples
    --------
    >>> sum(p.numel() for p in alexnet_32(width=0.25).parameters())
    1805018
    """
    if activation not in ACTIVATIONS:
        raise unknown("activation", activation, ACTIVATIONS)
    act = ACTIVATIONS[activation]
    c1, c2, c3, c4, c5, hidden = scaled(width, 64, 192, 384, 256, 256, 4096)
    net = nn.Sequential(
        OrderedDict(
            conv1=nn.Conv2d(in_channels, c1, kernel_size=5, padding=2), act1=act(),   # 64×32×32
            pool1=nn.MaxPool2d(kernel_size=3, stride=2),                              # 64×15×15
            conv2=nn.Conv2d(c1, c2, kernel_size=5, padding=2), act2=act(),            # 192×15×15
            pool2=nn.MaxPool2d(kernel_size=3, stride=2),                              # 192×7×7
            conv3=nn.Conv2d(c2, c3, kernel_size=3, padding=1), act3=act(),            # 384×7×7
            conv4=nn.Conv2d(c3, c4, kernel_size=3, padding=1), act4=act(),            # 256×7×7
            conv5=nn.Conv2d(c4, c5, kernel_size=3, padding=1), act5=act(),            # 256×7×7
            pool5=nn.MaxPool2d(kernel_size=3, stride=2),                              # 256×3×3
            flatten=nn.Flatten(),                                                     # 2304
            drop6=nn.Dropout(dropout), fc6=nn.Linear(c5 * 3 * 3, hidden), act6=act(),
            drop7=nn.Dropout(dropout), fc7=nn.Linear(hidden, hidden), act7=act(),
            fc8=nn.Linear(hidden, num_classes),
        )
    )  # fmt: skip
    for layer in net.children():
        if isinstance(layer, nn.Conv2d | nn.Linear):
            nn.init.kaiming_normal_(layer.weight, nonlinearity=activation)
            nn.init.zeros_(layer.bias)
    return net
