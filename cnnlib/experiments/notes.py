"""The experiments that the students' notes report, or name and leave open, with the recipes of their sources."""

from __future__ import annotations

from dataclasses import replace

from cnnlib.experiments.plan import Experiment, Variant
from cnnlib.train import Recipe

_NOTE001 = Recipe(epochs=20, batch_size=256, optimizer="sgd", lr=0.01, scaling="unit", validation=0)
_FASTER = replace(_NOTE001, lr=0.05, momentum=0.9)  # the note's recipe stops long before the nets have learnt
_NOTE002 = Recipe(epochs=10, batch_size=64, optimizer="sgd", lr=0.01, momentum=0.5, scaling="standard", validation=0)
_NOTE003 = Recipe(
    epochs=10, batch_size=128, optimizer="adam", lr=0.001, scaling="standard", validation=0,
    rotation=10, shift=5 / 32, flip=True,
)  # fmt: skip
_0501 = Recipe(epochs=1, batch_size=64, optimizer="sgd", lr=0.01, momentum=0.5, scaling="standard", validation=0)
_PERMUTED = replace(_0501, permutation_seed=501)  # one fixed permutation, for training and for testing
_0502 = Recipe(epochs=10, batch_size=64, optimizer="adam", lr=0.001, scaling="symmetric", validation=0)
_0503 = Recipe(
    epochs=10, batch_size=128, optimizer="adam", lr=0.001, scaling="standard", validation=0, crop=4, flip=True
)
_LENET_CIFAR = {"in_channels": 3, "image_size": 32, "padding": 0}
_AVERAGE = _LENET_CIFAR | {"pooling": "average"}

NOTES = (
    Experiment(
        "note001",
        "LeNet on Fashion-MNIST, as note 001 wrote it and with the activations it forgot",
        "the students' note 001: its net, SGD 0.01, batch 256, 20 epochs, all 60,000 training pictures; "
        "the larger steps (learning rate 0.05, momentum 0.9) are this book's, not tuned further",
        "fashion_mnist",
        {
            "as-written": Variant("as the note wrote it", "lenet_note001", _NOTE001, reported=77.9),
            "with-relu": Variant("with ReLU after the convolutions", "lenet_note001_relu", _NOTE001),
            "as-written-faster": Variant("as the note wrote it, larger steps", "lenet_note001", _FASTER),
            "with-relu-faster": Variant("with ReLU, larger steps", "lenet_note001_relu", _FASTER),
        },
    ),
    Experiment(
        "note002",
        "The two small nets of note 002",
        "the students' note 002, which prints the nets and shows its results only as pictures; the recipe is that of "
        "the course the note follows: SGD 0.01 with momentum 0.5, batch 64, 10 epochs, standardised",
        "mnist",
        {
            "inception": Variant("Inception-A net as the note wrote it", "inception_note002", _NOTE002),
            "inception-relu": Variant(
                "Inception-A net with ReLU in the branches", "inception_note002", _NOTE002,
                settings={"activation": "relu"},
            ),
            "residual": Variant("small residual net", "residual_note002", _NOTE002),
        },  # fmt: skip
    ),
    Experiment(
        "note003",
        "The pre-activation net of note 003",
        "the students' note 003: rotation by 10 degrees, shift by 5/32, mirror, batch 128; the note prints neither the "
        "optimiser nor the epochs of its run: Adam 0.001 and 10 epochs are this book's",
        "cifar10",
        {"preact": Variant("pre-activation net", "preact_note003", replace(_NOTE003, precision="bfloat16"))},
    ),
    Experiment(
        "0501",
        "Permuted pixels: what a convolution relies on",
        "OUCTheoryGroup/colab_demo 05_01: one epoch, SGD 0.01 with momentum 0.5, batch 64, standardised",
        "mnist",
        {
            "fc": Variant("fully connected", "fc_0501", _0501, reported=87),
            "cnn": Variant("convolutional", "cnn_0501", _0501, reported=96),
            "fc-permuted": Variant("fully connected, permuted pixels", "fc_0501", _PERMUTED, reported=83),
            "cnn-permuted": Variant("convolutional, permuted pixels", "cnn_0501", _PERMUTED, reported=80),
        },
    ),
    Experiment(
        "0502",
        "LeNet on colour pictures: pooling, learning rate, optimiser",
        "OUCTheoryGroup/colab_demo 05_02: Adam 0.001, batch 64, 10 epochs, inputs from -1 to 1, all 50,000 training "
        "pictures; the figures are note 000's; the runs with SGD are this book's",
        "cifar10",
        {
            "lenet": Variant("LeNet, Adam 0.001", "lenet5", _0502, 63, _LENET_CIFAR),
            "average-pooling": Variant("average pooling, Adam 0.001", "lenet5", _0502, 62, _AVERAGE),
            "lr-0.01": Variant("LeNet, Adam 0.01", "lenet5", replace(_0502, lr=0.01), 50, _LENET_CIFAR),
            "sgd-0.01": Variant(
                "LeNet, SGD 0.01", "lenet5", replace(_0502, optimizer="sgd", lr=0.01), settings=_LENET_CIFAR
            ),
            "sgd-0.01-momentum": Variant(
                "LeNet, SGD 0.01 with momentum 0.9", "lenet5",
                replace(_0502, optimizer="sgd", lr=0.01, momentum=0.9), settings=_LENET_CIFAR,
            ),
        },  # fmt: skip
    ),
    Experiment(
        "0503",
        "A simplified VGG on colour pictures",
        "OUCTheoryGroup/colab_demo 05_03: Adam 0.001, batch 128, 10 epochs, random crop with padding 4 and mirror, all "
        "50,000 training pictures; the figure is note 000's; bfloat16 is this book's, to save time, and checked by one "
        "run in float32",
        "cifar10",
        {
            "vgg-bf16": Variant("simplified VGG", "vgg_0503", replace(_0503, precision="bfloat16"), reported=82.57),
            "vgg-fp32": Variant("simplified VGG, float32 throughout", "vgg_0503", _0503, reported=82.57),
        },
    ),
)
