"""Take up a training run where it was interrupted: all that it depends on, kept in one file after each epoch."""

from __future__ import annotations

import random
import time
from pathlib import Path

import numpy as np
import torch
from torch import nn

from cnnlib.data import Dataset
from cnnlib.errors import BadInput
from cnnlib.train.batches import Batches
from cnnlib.train.checkpoints import read_plain, write_whole
from cnnlib.train.history import History
from cnnlib.train.lookahead import Lookahead
from cnnlib.train.recipe import Recipe
from cnnlib.train.watch import Watch

FORMAT = "cnnlib.train.fit, 1"  # the number rises when older files can no longer be taken up


class Resuming:
    """What a run of `fit` consists of, to be kept after each epoch and taken up again.

    As a context, it leaves the network whole also where the run is interrupted: with the average of its weights, where
    there is one, and laid out in memory as others expect it.

    Parameters
    ----------
    path : str or Path, optional
        The file; nothing is kept without one.
    model, dataset, recipe, seed, place
        As in `fit`: they tell the run from all others.
    """

    def __init__(self, path: str | Path | None, model: nn.Module, dataset: Dataset, recipe: Recipe, seed: int,
                 place: torch.device):  # fmt: skip
        self.path = None if path is None else Path(path)
        self.model, self.recipe, self.place = model, recipe, place
        self._about = None if path is None else _identity(model, dataset, recipe, seed, place)
        self._start = time.perf_counter()

    def load(self, optimizer: torch.optim.Optimizer, schedule: torch.optim.lr_scheduler.LRScheduler,
             average: Lookahead | None, batches: Batches, history: History, watch: Watch | None):  # fmt: skip
        """Take the parts of a run as they are before its first epoch, and put into them what the file holds.

        Raises
        ------
        BadInput
            If the file is broken, or of another run. It is left as it is.
        """
        self.optimizer, self.schedule, self.average = optimizer, schedule, average
        self.batches, self.history, self.watch = batches, history, watch
        if self.path is not None:
            self._about["watched"] = watch is not None
            if self.path.exists():
                self._load()
        return self

    def epochs(self) -> range:
        """Return the numbers of the epochs that are still to be trained."""
        done = self.recipe.epochs if self.history.diverged else len(self.history.epochs)
        return range(done + 1, self.recipe.epochs + 1)

    def save(self) -> None:
        """Write the file, completely or not at all; to be called after an epoch."""
        if self.path is None:
            return
        begun = time.perf_counter()
        write_whole(self.path, {
            "format": FORMAT,
            "about": self._about,
            "model": self.model.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "schedule": self.schedule.state_dict(),
            "average": self.average and {"slow": self.average.slow, "taken": self.average.taken},
            "generators": [generator.get_state() for generator in self.batches.generators],
            "random": _random_states(self.place),
            "history": self.history.epochs,
            "seconds": self.history.elsewhere + begun - self._start,
            "watch": self.watch and self.watch.layers,
        })  # fmt: skip
        self.history.elsewhere -= time.perf_counter() - begun

    def _load(self) -> None:
        kept = read_plain(self.path, self._mend())
        if not isinstance(kept, dict) or kept.get("format") != FORMAT:
            raise BadInput(f"{self.path} is no checkpoint of a run of fit. {self._mend()}")
        if differences := _differences(kept["about"], self._about):
            raise BadInput(f"{self.path} is the checkpoint of another run: {'; '.join(differences)}. {self._mend()}")
        try:
            self.model.load_state_dict(kept["model"])
            self.optimizer.load_state_dict(kept["optimizer"])
            self.schedule.load_state_dict(kept["schedule"])
            if self.average:
                self.average.taken = kept["average"]["taken"]
                torch._foreach_copy_(self.average.slow, kept["average"]["slow"])
            for generator, state in zip(self.batches.generators, kept["generators"], strict=True):
                generator.set_state(state)
            if self.watch:
                self.watch.layers[:] = kept["watch"]
            self.history.epochs[:] = kept["history"]
            self.history.elsewhere += kept["seconds"]
            _set_random_states(kept["random"], self.place)
        except (KeyError, TypeError, ValueError, RuntimeError) as problem:
            raise BadInput(f"{self.path} is broken ({type(problem).__name__}: {problem}). {self._mend()}") from problem

    def _mend(self) -> str:
        return "Call fit as that run was called, or name another file, or delete this one to begin anew."

    def __enter__(self):
        return self

    def __exit__(self, kind, problem, trace):
        if kind is not None and self.average:
            self.average.finish()
        self.model.to(memory_format=torch.contiguous_format)


def _identity(model: nn.Module, dataset: Dataset, recipe: Recipe, seed: int, place: torch.device) -> dict:
    """Return what tells a run from all others, as plain values.

    The recipe's precision is the one that is computed in: a trial that another machine may decide otherwise must not
    change it halfway.
    """
    return {
        "recipe": recipe.as_dict() | {"precision": recipe.precision_on(place)},
        "seed": seed,
        "data": f"{dataset.name} {dataset.fingerprint}",
        "layers": {name: f"{type(layer).__name__}({layer.extra_repr()})" for name, layer in model.named_modules()},
        "shapes": {name: list(value.shape) for name, value in model.state_dict().items()},
    }


def _differences(there: dict, here: dict) -> list[str]:
    """Return in words what two identities do not share: all of a recipe's, and the first of a network's layers."""
    said = []
    for part in here:
        if there.get(part) == here[part]:
            continue
        if isinstance(here[part], dict) and isinstance(there.get(part), dict):
            names = [n for n in here[part] | there[part] if here[part].get(n) != there[part].get(n)]
            said += [f"{part} {n!r} is {there[part].get(n)!r} there and {here[part].get(n)!r} here"
                     for n in (names if part == "recipe" else names[:1])]  # fmt: skip
        else:
            said.append(f"{part} is {there.get(part)!r} there and {here[part]!r} here")
    return said


def _random_states(place: torch.device) -> dict:
    """Return the states of the global generators, which dropout draws from, as plain values."""
    name, keys, *rest = np.random.get_state()
    states = {"python": random.getstate(), "numpy": [name, keys.tolist(), *rest], "cpu": torch.get_rng_state()}
    if place.type in ("cuda", "mps"):
        states[place.type] = getattr(torch, place.type).get_rng_state()
    return states


def _set_random_states(states: dict, place: torch.device) -> None:
    random.setstate(states["python"])
    np.random.set_state(tuple(states["numpy"]))
    torch.set_rng_state(states["cpu"])
    if place.type in states and place.type != "cpu":
        getattr(torch, place.type).set_rng_state(states[place.type])
