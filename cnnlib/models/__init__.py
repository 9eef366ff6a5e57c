"""The networks of the book, one file a family, built by name."""

from cnnlib.models import lenet, pair_0501  # noqa: F401  importing a family enters its networks into the registry
from cnnlib.models.registry import Card, build, card, names

__all__ = ["Card", "build", "card", "names"]
