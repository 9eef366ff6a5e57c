"""The networks of the book, one file a family, built by name."""

from cnnlib.models import (  # noqa: F401  importing a family enters its networks into the registry
    airbench,
    alexnet,
    cifar_resnet,
    densenet,
    googlenet,
    inception_note002,
    lenet,
    nin,
    notes_residual,
    pair_0501,
    preact_resnet,
    resnet,
    vgg,
)
from cnnlib.models.registry import Card, build, card, names

__all__ = ["Card", "build", "card", "names"]
