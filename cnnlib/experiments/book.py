"""The experiments that this book adds to those of the notes."""

from __future__ import annotations

from dataclasses import replace

from cnnlib.experiments.plan import Experiment, Variant
from cnnlib.train import Recipe

_LENET = Recipe(epochs=10, batch_size=64, optimizer="sgd", lr=0.01, momentum=0.9, scaling="standard", validation=5000)
_LENET_1998 = replace(_LENET, lr=0.005, scaling="lecun1998", pad=2)

BOOK = (
    Experiment(
        "lenet",
        "LeNet-5 as printed in 1998 and as it is built today",
        "this book: SGD with momentum 0.9, batch 64, 10 epochs; each learning rate the best of a grid "
        "(0.0002 to 0.04 for 1998's, 0.01 to 0.1 for the modern one) on 5,000 validation pictures after 3 epochs",
        "mnist",
        {
            "1998": Variant("LeNet-5 of 1998", "lenet5_1998", _LENET_1998),
            "modern": Variant("LeNet-5, modern", "lenet5", _LENET),
        },
    ),
)
