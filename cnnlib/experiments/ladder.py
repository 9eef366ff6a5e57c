"""One fair ladder: every family on the same data, with the same epochs, at about the same cost.

The learning rate of each net is the best of one grid on validation pictures (`GRID`, recorded as ``ladder-grid``).
"""

from __future__ import annotations

from dataclasses import replace

from cnnlib.experiments.plan import Experiment, Variant
from cnnlib.train import Recipe

LEARNING_RATES = (0.01, 0.03, 0.1, 0.3, 1.0)
_RECIPE = Recipe(
    epochs=5, batch_size=128, optimizer="sgd", lr=0.1, momentum=0.9, nesterov=True, weight_decay=5e-4,
    schedule="onecycle", scaling="standard", crop=4, flip=True, precision="bfloat16", validation=5000,
)  # fmt: skip
_GRID = replace(_RECIPE, epochs=2, limit=15_000)

# network: (title, its settings, learning rate chosen by the grid). Widths bring each to 10 to 23 million multiply-adds
# a picture; LeNet, far below, is the notes' own.
NETS = {
    "lenet5": ("LeNet", {"in_channels": 3, "image_size": 32, "padding": 0}, 0.1),
    "alexnet_32": ("AlexNet, 32×32", {"width": 0.25}, 0.03),
    "vgg11": ("VGG-11", {"width": 0.25, "image_size": 32, "num_classes": 10}, 0.1),
    "vgg_0503": ("VGG-11 with batch norm", {"width": 0.25}, 0.03),
    "nin": ("NiN", {"width": 0.25}, 0.1),
    "googlenet_32": ("GoogLeNet, 32×32", {"width": 0.125}, 1.0),
    "plain20": ("plain 20", {"width": 0.5}, 0.1),
    "resnet20": ("ResNet-20", {"width": 0.5}, 0.1),
    "preact_resnet20": ("pre-activation ResNet-20", {"width": 0.5}, 0.3),
    "densenet40": ("DenseNet-22", {"width": 0.5, "depth": 22}, 0.3),
}

LADDER = (
    Experiment(
        "ladder-grid",
        "The learning rate of each net of the ladder",
        "this book: 15,000 training pictures, 2 epochs, otherwise the ladder's recipe; the ladder takes the learning "
        "rate with the best validation accuracy",
        "cifar10",
        {
            f"{name}-{lr}": Variant(f"{title}, learning rate {lr}", name, replace(_GRID, lr=lr), settings=settings)
            for name, (title, settings, _) in NETS.items()
            for lr in LEARNING_RATES
        },
    ),
    Experiment(
        "ladder",
        "One fair ladder: every family, same data, same epochs, about the same cost",
        "this book: 45,000 training pictures of 32×32, 5 epochs, SGD with Nesterov momentum 0.9, weight decay 0.0005, "
        "one-cycle learning rate up to the best of a grid on validation pictures, crop with padding 4 and mirror",
        "cifar10",
        {
            name: Variant(title, name, replace(_RECIPE, lr=lr), settings=settings)
            for name, (title, settings, lr) in NETS.items()
        },
    ),
)
