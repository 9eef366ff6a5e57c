"""From 40 minutes to one: the notes' four experiments by recipes made for speed, and what each switch is worth.

All choices were made on 5,000 validation pictures; the final recipes then train on all training pictures.
"""

from __future__ import annotations

from dataclasses import replace

from cnnlib.experiments.plan import Experiment, Variant
from cnnlib.train import Recipe

_QUICK = Recipe(
    batch_size=128, optimizer="sgd", lr=0.05, momentum=0.9, nesterov=True, schedule="triangle", scaling="standard",
    precision="fastest", validation=0,
)  # fmt: skip
_0502 = replace(_QUICK, epochs=3, momentum=0.94, bias_lr=4.0, weight_decay=0.002, lookahead=True)

# The walk starts from exercise 0503's own recipe; each step changes one thing.
_0503 = Recipe(
    epochs=10, batch_size=128, optimizer="adam", lr=0.001, scaling="standard", crop=4, flip=True, precision="fastest",
    validation=5000,
)  # fmt: skip
_SMALL = {"widths": [32, 64, 128], "activation": "relu"}
_SCHEDULED = replace(_0503, epochs=6, schedule="triangle")
_STEPS = replace(
    _SCHEDULED, batch_size=512, optimizer="sgd", lr=0.9, momentum=0.85, nesterov=True, weight_decay=0.002, bias_lr=8.0
)
_WHITENED = replace(_STEPS, whitening=True)
_SMOOTHED = replace(_WHITENED, label_smoothing=0.1)
_AVERAGED = replace(_SMOOTHED, lookahead=True)
_MIRRORED = replace(_AVERAGED, alternate=True)
_CROPPED = replace(_MIRRORED, crop=2, reflect=True)
_FAST = replace(_CROPPED, early_size=24, early_epochs=4)

_BEST = replace(_FAST, epochs=15, early_epochs=6, lr=0.75, weight_decay=0.0015, crop=4, cutout=8)


def _small(title: str, recipe: Recipe) -> Variant:
    return Variant(title, "airbench", recipe, settings=_SMALL)


FAST = (
    Experiment(
        "fast",
        "The notes' accuracies in seconds",
        "this book: the accuracies that the notes report, reached as soon as two processor cores can; the nets of the "
        "first three are the notes' own",
        "cifar10",
        {
            "note001": Variant(
                "note 001's LeNet", "lenet_note001", replace(_QUICK, limit=20_000), dataset="fashion_mnist"
            ),
            "0501": Variant(
                "0501's convolutional net", "cnn_0501", replace(_QUICK, batch_size=64, limit=16_000), dataset="mnist"
            ),
            "0502": Variant(
                "0502's LeNet", "lenet5", _0502, settings={"in_channels": 3, "image_size": 32, "padding": 0}
            ),
            "0503": _small("a small airbench net", replace(_FAST, validation=0, limit=47_000)),
            "best": Variant("the airbench net", "airbench", replace(_BEST, validation=0)),
        },
    ),
    Experiment(
        "walk",
        "From 40 minutes to one, one change at a time",
        "this book: from the recipe of exercise 0503 to the fast one; each row adds one change to the row before; "
        "45,000 training pictures",
        "cifar10",
        {
            "net": _small("a smaller net, 0503's recipe", _0503),
            "schedule": _small("a rising and falling learning rate, 6 epochs instead of 10", _SCHEDULED),
            "steps": _small("batches of 512, large steps with momentum, larger ones for biases", _STEPS),
            "whitening": _small("a whitening first layer that is not learnt", _WHITENED),
            "smoothing": _small("label smoothing 0.1", _SMOOTHED),
            "lookahead": _small("a slow average of the weights", _AVERAGED),
            "alternate": _small("mirrored every second time, not by chance", _MIRRORED),
            "crop": _small("crops moved by 2 with mirrored edges, not by 4 with black ones", _CROPPED),
            "early": _small("the first 4 epochs on pictures of 24×24", _FAST),
        },
    ),
    Experiment(
        "ablation",
        "What is lost when one switch is turned off",
        "this book: the last recipe of the walk without one of its parts; 45,000 training pictures",
        "cifar10",
        {
            "schedule": _small("without the schedule (half the learning rate throughout)", replace(
                _FAST, schedule="constant", lr=_FAST.lr / 2)),
            "bias": _small("without larger steps for biases", replace(_FAST, bias_lr=1.0)),
            "whitening": _small("without whitening", replace(_FAST, whitening=False)),
            "smoothing": _small("without label smoothing", replace(_FAST, label_smoothing=0.0)),
            "lookahead": _small("without the slow average", replace(_FAST, lookahead=False)),
            "early": _small("whole pictures from the start", replace(_FAST, early_size=0, early_epochs=0)),
        },
    ),
)  # fmt: skip
