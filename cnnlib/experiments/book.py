"""The experiments that this book adds to those of the notes."""

from __future__ import annotations

from dataclasses import replace

from cnnlib.experiments.plan import Experiment, Variant
from cnnlib.train import Recipe

_LENET = Recipe(epochs=10, batch_size=64, optimizer="sgd", lr=0.01, momentum=0.9, scaling="standard", validation=5000)
_LENET_1998 = replace(_LENET, lr=0.005, scaling="lecun1998", pad=2)
_DEGRADATION = Recipe(
    epochs=12, batch_size=32, optimizer="sgd", lr=0.05, momentum=0.9, weight_decay=1e-4, schedule="onecycle",
    scaling="standard", crop=4, flip=True, limit=10_000, precision="bfloat16", validation=5000,
)  # fmt: skip
_REGULARISATION = Recipe(
    epochs=30, batch_size=64, optimizer="adamw", lr=0.001, schedule="onecycle", scaling="unit",
    limit=5000, precision="bfloat16", validation=5000,
)  # fmt: skip
_AUGMENTED = replace(_REGULARISATION, crop=4, flip=True)
_IMPROVEMENTS = Recipe(
    epochs=5, batch_size=128, optimizer="adam", lr=0.001, scaling="standard", crop=4, flip=True,
    precision="bfloat16", validation=5000,
)  # fmt: skip
_SCHEDULED = replace(_IMPROVEMENTS, schedule="onecycle")
_WITH_SGD = replace(
    _SCHEDULED, optimizer="sgd", lr=0.1, momentum=0.9, nesterov=True, weight_decay=5e-4
)
_SMOOTHED = replace(_WITH_SGD, label_smoothing=0.1)
_NARROW, _PLAIN = {"width": 0.25}, {"width": 0.25, "batch_norm": False}


def _regularisation() -> dict[str, Variant]:
    def variant(title, recipe=_REGULARISATION, **settings):
        return Variant(title, "vgg_0503", recipe, settings=_PLAIN | settings)

    everything = replace(_AUGMENTED, scaling="standard", weight_decay=0.05)
    return {
        "baseline": variant("nothing"),
        "standardised": variant("standardised inputs", replace(_REGULARISATION, scaling="standard")),
        "weight-decay": variant("weight decay 0.05", replace(_REGULARISATION, weight_decay=0.05)),
        "dropout": variant("dropout 0.5 before the last layer", dropout=0.5),
        "batch-norm": variant("batch norm", batch_norm=True),
        "augmented": variant("random crop and mirror", _AUGMENTED),
        "too-much-augmentation": variant(
            "far too much augmentation", replace(_AUGMENTED, crop=12, rotation=90, shift=0.4)
        ),
        "everything": variant("all but too much augmentation", everything, batch_norm=True, dropout=0.5),
    }


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
    Experiment(
        "degradation",
        "Deeper plain nets train worse, deeper residual nets do not",
        "He et al., CVPR 2016, section 4.2, reduced: half the channels, 10,000 training pictures, 12 epochs in batches "
        "of 32 (3,756 steps where the paper takes 64,000 of 128 pictures), a one-cycle learning rate up to 0.05; "
        "weight decay 0.0001, momentum 0.9, crop with padding 4 and mirror as there",
        "cifar10",
        {
            name: Variant(f"{kind} {depth}", name, _DEGRADATION, settings={"width": 0.5})
            for kind, depth in (("plain", 20), ("plain", 56), ("residual", 20), ("residual", 56))
            for name in [f"{'resnet' if kind == 'residual' else kind}{depth}"]
        },
    ),
    Experiment(
        "regularisation",
        "What each remedy against over-fitting does on few pictures",
        "this book: the simplified VGG at a quarter of its channels, 5,000 training pictures, 30 epochs, AdamW with a "
        "one-cycle learning rate up to 0.001; each variant changes one thing, the last all of them",
        "cifar10",
        _regularisation(),
    ),
    Experiment(
        "improvements",
        "From the recipe of 0503 towards a better one, one change at a time",
        "this book: the simplified VGG at a quarter of its channels, 45,000 training pictures, 5 epochs of the recipe "
        "of 0503; each row adds one change to the row before",
        "cifar10",
        {
            "0503": Variant("the recipe of 0503", "vgg_0503", _IMPROVEMENTS, settings=_NARROW),
            "schedule": Variant("and a one-cycle learning rate", "vgg_0503", _SCHEDULED, settings=_NARROW),
            "sgd": Variant("and SGD 0.1, weight decay 0.0005 for Adam", "vgg_0503", _WITH_SGD, settings=_NARROW),
            "smoothing": Variant("and label smoothing 0.1", "vgg_0503", _SMOOTHED, settings=_NARROW),
            "longer": Variant("and 10 epochs", "vgg_0503", replace(_SMOOTHED, epochs=10), settings=_NARROW),
        },
    ),
)
