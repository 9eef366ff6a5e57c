"""What an experiment is: a question, and the variants that answer it."""

from __future__ import annotations

from dataclasses import dataclass, field

from cnnlib.train import Recipe


@dataclass(frozen=True)
class Variant:
    """One cell of an experiment: a network and the recipe that trains it.

    Attributes
    ----------
    title : str
        What to call it in a table.
    model : str
        A name in the registry of `cnnlib.models`.
    recipe : Recipe
        How it is trained.
    reported : float, optional
        Test accuracy in percent that the experiment's source states, of a single run.
    settings : dict
        Passed to the network's builder.
    dataset : str, optional
        Where it differs from the experiment's.
    """

    title: str
    model: str
    recipe: Recipe
    reported: float | None = None
    settings: dict = field(default_factory=dict)
    dataset: str | None = None


@dataclass(frozen=True)
class Experiment:
    """A question, the variants that answer it, and where it comes from.

    Attributes
    ----------
    name, title : str
        For the command line; for a page.
    source : str
        Where the recipe comes from.
    dataset : str
        The data set of the original.
    variants : dict of str to Variant
        By their names.
    watch : bool
        Whether the size of each layer's weights and gradients is recorded (`cnnlib.train.Watch`).
    """

    name: str
    title: str
    source: str
    dataset: str
    variants: dict[str, Variant]
    watch: bool = False
