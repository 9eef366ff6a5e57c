"""The networks that run in the page: small, and trained for pictures that a reader draws or brings along."""

from __future__ import annotations

from dataclasses import replace

from cnnlib.experiments.plan import Experiment, Variant
from cnnlib.train import Recipe

_CLOTHES = Recipe(
    epochs=8, batch_size=64, optimizer="sgd", lr=0.05, momentum=0.9, schedule="onecycle", scaling="standard",
    validation=5000,
)  # fmt: skip
_DIGITS = replace(_CLOTHES, rotation=5, shift=0.05)  # a drawn digit is never quite upright nor quite in the middle
_COLOURS = Recipe(
    epochs=15, batch_size=128, optimizer="sgd", lr=0.05, momentum=0.9, nesterov=True, weight_decay=5e-4,
    schedule="onecycle", scaling="standard", crop=4, flip=True, precision="bfloat16", validation=5000,
)  # fmt: skip


def _both_poolings(recipe: Recipe) -> dict[str, Variant]:
    return {
        pooling: Variant(f"LeNet-5 with {pooling} pooling", "lenet5", recipe, settings={"pooling": pooling})
        for pooling in ("max", "average")
    }


LIVE = (
    Experiment(
        "live",
        "LeNet-5 for the page, with max and with average pooling",
        "this book: SGD with momentum 0.9, batch 64, 8 epochs, a one-cycle learning rate up to 0.05; turned by up to 5 "
        "degrees and moved by up to 0.05, the best of none, these, and twice as far on 5,000 validation pictures after "
        "3 epochs with max pooling",
        "mnist",
        _both_poolings(_DIGITS),
    ),
    Experiment(
        "live-fashion",
        "LeNet-5 on clothes for the page, with max and with average pooling",
        "this book: SGD with momentum 0.9, batch 64, 8 epochs, a one-cycle learning rate up to 0.05, the best of 0.02, "
        "0.05 and 0.1 on 5,000 validation pictures after 3 epochs with max pooling; neither turned nor moved, which "
        "was better there than either",
        "fashion_mnist",
        _both_poolings(_CLOTHES),
    ),
    Experiment(
        "live-cifar",
        "A better small network for colour pictures in the page",
        "this book: SGD with Nesterov momentum 0.9, weight decay 0.0005, batch 128, 15 epochs, crop with padding 4 and "
        "mirror, a one-cycle learning rate up to 0.05, the best of 0.05, 0.1 and 0.2 on 5,000 validation pictures "
        "after 3 epochs",
        "cifar10",
        {"vgg": Variant("simplified VGG, an eighth of its channels", "vgg_0503", _COLOURS, settings={"width": 0.125})},
    ),
)
