"""Small runs with each layer's weights and gradients on record, for the training explorer to leaf through."""

from __future__ import annotations

from dataclasses import replace

from cnnlib.experiments.plan import Experiment, Variant
from cnnlib.train import Recipe

_SGD = Recipe(epochs=10, batch_size=64, optimizer="sgd", scaling="symmetric", limit=10_000, validation=2000)
_DEPTH = Recipe(
    epochs=10, batch_size=32, optimizer="sgd", lr=0.05, momentum=0.9, schedule="onecycle", scaling="standard",
    limit=1500, precision="bfloat16", validation=1000,
)  # fmt: skip
_NORM = Recipe(
    epochs=10, batch_size=64, optimizer="sgd", lr=0.01, momentum=0.9, scaling="standard", limit=5000,
    precision="bfloat16", validation=2000,
)  # fmt: skip
_FEW = Recipe(
    epochs=20, batch_size=64, optimizer="adam", lr=0.001, schedule="onecycle", scaling="standard", limit=2500,
    precision="bfloat16", validation=2000,
)  # fmt: skip
_LENET = {"in_channels": 3, "image_size": 32, "padding": 0}  # as in exercise 0502


def _variants() -> dict[str, Variant]:
    def lenet(title, **recipe):
        return Variant(title, "lenet5", replace(_SGD, **recipe), settings=_LENET)

    def depth(title, model):
        return Variant(title, model, _DEPTH, settings={"width": 0.25})

    def vgg(title, batch_norm, **recipe):
        return Variant(title, "vgg_0503", replace(_NORM, **recipe), settings={"width": 0.125, "batch_norm": batch_norm})

    def alexnet(title, dropout=0.0, **recipe):
        return Variant(title, "alexnet_32", replace(_FEW, **recipe), settings={"width": 0.125, "dropout": dropout})

    adam = {"optimizer": "adam", "lr": 0.001, "momentum": 0.0}
    return {
        "sgd-0.001": lenet("SGD 0.001", lr=0.001),
        "sgd-0.01": lenet("SGD 0.01", lr=0.01),
        "sgd-0.1": lenet("SGD 0.1", lr=0.1),
        "sgd-1": lenet("SGD 1", lr=1.0),
        "sgd-10": lenet("SGD 10", lr=10.0),
        "momentum-0.01": lenet("SGD 0.01 with momentum 0.9", lr=0.01, momentum=0.9),
        "adam-0.001": lenet("Adam 0.001", **adam),
        "adam-0.01": lenet("Adam 0.01", **adam | {"lr": 0.01}),
        "plain20": depth("plain, 20 layers", "plain20"),
        "plain56": depth("plain, 56 layers", "plain56"),
        "resnet20": depth("residual, 20 layers", "resnet20"),
        "resnet56": depth("residual, 56 layers", "resnet56"),
        "bare-sgd": vgg("no batch norm, SGD 0.01", False),
        "bare-adam": vgg("no batch norm, Adam 0.001", False, **adam),
        "normed-sgd": vgg("batch norm, SGD 0.01", True),
        "normed-adam": vgg("batch norm, Adam 0.001", True, **adam),
        "nothing": alexnet("nothing"),
        "dropout-0.2": alexnet("dropout 0.2", dropout=0.2),
        "dropout-0.5": alexnet("dropout 0.5", dropout=0.5),
        "mirrored": alexnet("random crop and mirror", crop=4, flip=True),
    }


WATCHED = (
    Experiment(
        "watched",
        "Training watched from inside: learning rates, optimizers, depths, batch norm and dropout",
        "this book: small nets on a part of the pictures, so that each run takes well under a minute on one core",
        "cifar10",
        _variants(),
        watch=True,
    ),
)
