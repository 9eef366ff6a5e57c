"""The networks at the size they were made for: the settings of another book, for a GPU.

Dive into Deep Learning (d2l.ai) trains each for ten epochs on Fashion-MNIST and reports the last test accuracy of one
run. On two cores these take hours to days; that is why the ladder has its own sizes.
"""

from __future__ import annotations

from cnnlib.experiments.plan import Experiment, Variant
from cnnlib.train import Recipe


def _at(resize: int, lr: float = 0.01) -> Recipe:
    return Recipe(epochs=10, batch_size=128, lr=lr, resize=resize, precision="fastest", validation=0)


_GREY = {"in_channels": 1, "num_classes": 10}

FULL = (
    Experiment(
        "full",
        "The networks at full size, on Fashion-MNIST",
        "Zhang et al., Dive into Deep Learning, sections 8.1 to 8.4 and 8.6: network, size, batch, learning rate and "
        "epochs; first weights are this book's, which the registry names; VGG's hidden layers are a quarter, too; "
        "pictures are enlarged in floating-point numbers, not in bytes",
        "fashion_mnist",
        {
            "alexnet": Variant("AlexNet, 224×224", "alexnet", _at(224), 88.3, _GREY),
            "vgg": Variant(
                "VGG-11, a quarter of its width, 224×224", "vgg11", _at(224), 92.0, {**_GREY, "width": 0.25}
            ),
            "nin": Variant("NiN, 224×224", "nin_224", _at(224, lr=0.05), 79.0, _GREY),
            "googlenet": Variant(
                "GoogLeNet without its heads, 96×96", "googlenet", _at(96), 88.6, {**_GREY, "auxiliary": False}
            ),
            "resnet": Variant("ResNet-18, 96×96", "resnet18", _at(96), 89.3, _GREY),
        },
    ),
)  # fmt: skip
