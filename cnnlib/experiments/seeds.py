"""Train and test one network of an experiment, from one seed, and keep the outcome in a file."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import nn
from torch.nn import functional as F

from cnnlib import data, devices, models
from cnnlib.experiments.plan import Variant
from cnnlib.experiments.unfinished import Unfinished
from cnnlib.train import Watch, confident_mistakes, confusion_matrix, fingerprint, fit, predict, save


@dataclass(frozen=True)
class Seed:
    """One run of an experiment: all that a process needs to know to do it.

    Attributes
    ----------
    experiment, record : str
        What it belongs to.
    variant : Variant
        Network and recipe; the recipe's precision is settled.
    dataset, device : str
        Which pictures; where to compute.
    seed : int
        Decides the first weights and the order of the pictures.
    watched : bool
        Whether the size of each layer's weights and gradients is recorded.
    unfinished : Unfinished
        Where its checkpoint and its outcome go.
    kept : Path, optional
        Where its trained network goes, too.
    """

    experiment: str
    record: str
    variant: Variant
    dataset: str
    device: str
    seed: int
    watched: bool
    unfinished: Unfinished
    kept: Path | None = None

    @property
    def name(self) -> str:
        """How to call it in one line."""
        return f"{self.experiment} {self.record}, seed {self.seed}"

    @property
    def finished(self) -> dict | None:
        """The outcome, if it is there, and with it the trained network where that is asked for."""
        found = self.unfinished.outcome(self.seed)
        if found is None or (self.kept and not (found["kept"] == str(self.kept) and self.kept.exists())):
            return None
        return found["run"]

    def train(self, pictures: data.Dataset, progress) -> None:
        """Train from the last checkpoint on, test, and write the outcome; then the checkpoint is not needed any more.

        Parameters
        ----------
        pictures : Dataset
            Those of ``dataset``.
        progress : Progress
            Hears how far it is.
        """
        checkpoint = self.unfinished.checkpoint(self.seed)
        model, run = _train_and_test(self, pictures, checkpoint, progress)
        if self.kept:
            save(model, self.kept, experiment=self.experiment, record=self.record, seed=self.seed)
        self.unfinished.finish(self.seed, json.dumps({"run": run, "kept": self.kept and str(self.kept)}))


def _train_and_test(one: Seed, pictures: data.Dataset, checkpoint: Path, progress) -> tuple[nn.Module, dict]:
    """Return the trained network and what the ledger keeps of it."""
    recipe, place = one.variant.recipe, torch.device(one.device)
    devices.set_seed(one.seed)
    model = models.build(one.variant.model, **one.variant.settings)
    watch = Watch(model) if one.watched else None
    start = time.perf_counter()
    history = fit(
        model, pictures, recipe, seed=one.seed, device=place, progress=progress, watch=watch, checkpoint=checkpoint
    )
    seconds = time.perf_counter() - start + history.elsewhere
    logits = predict(model, pictures, recipe, device=place)
    matrix = confusion_matrix(logits, pictures.test_labels)
    mirrored = {}
    if recipe.flip:  # told beside the result and never instead of it
        twice = predict(model, pictures, recipe, device=place, mirrored=True)
        mirrored["test_accuracy_mirrored"] = float((twice.argmax(dim=1) == pictures.test_labels).double().mean())
    return model, {
        "seed": one.seed,
        "weights": fingerprint(model),
        "test_accuracy": int(matrix.trace()) / len(logits),
        **mirrored,
        "precision": recipe.precision_on(place),
        "test_loss": float(F.cross_entropy(logits, pictures.test_labels)),
        "seconds": round(seconds, 3),
        "confusion": matrix.tolist(),
        "mistakes": [mistake._asdict() for mistake in confident_mistakes(logits, pictures.test_labels)],
        "epochs": [{k: round(v, 6) for k, v in epoch.items()} for epoch in history.epochs],
    } | ({"layers": watch.layers} if watch else {})
