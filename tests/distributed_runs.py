"""What the tests of several processes train, alone or under torchrun: ``python distributed_runs.py FOLDER [fails]``."""

import sys
from dataclasses import replace
from pathlib import Path

import torch
from torch import nn

from cnnlib import data, models
from cnnlib.circumstances import circumstances
from cnnlib.devices import set_seed
from cnnlib.train import Recipe, Watch, distributed, evaluate, fit, predict

STEPS = {"batch_size": 50, "lr": 0.05, "momentum": 0.9}
RECIPES = {
    # 201 pictures in batches of 50: the last has a single one, so that the second process has none
    "plain": Recipe(epochs=2, validation=0, **STEPS),
    # 155 and 46 held back: a last batch of 5, which two cannot share evenly
    "changed": Recipe(
        epochs=2, validation=46, crop=2, reflect=True, flip=True, cutout=5, rotation=10, shift=0.1, lookahead=True,
        label_smoothing=0.1, schedule="triangle", bias_lr=2.0, **STEPS,
    ),
    # 153: a last batch of 3
    "early": Recipe(
        epochs=2, validation=48, whitening=True, alternate=True, flip=True, early_size=20, early_epochs=1,
        scaling="standard", **STEPS,
    ),
    "norm": Recipe(epochs=1, validation=0, batch_size=201, lr=0.05),
}  # fmt: skip


def build(name):
    """Return the network of a run."""
    if name == "early":  # takes pictures of any size
        return nn.Sequential(
            nn.Conv2d(1, 18, 3), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(18, 16, 3), nn.ReLU(), nn.AdaptiveAvgPool2d(2),
            nn.Flatten(), nn.Linear(64, 10),
        )  # fmt: skip
    if name == "norm":
        return nn.Sequential(
            nn.Conv2d(1, 8, 3), nn.BatchNorm2d(8), nn.ReLU(), nn.AdaptiveAvgPool2d(2), nn.Flatten(), nn.Dropout(0.5),
            nn.Linear(32, 10),
        )  # fmt: skip
    return models.build("lenet5")


def few():
    """Return 201 training and 51 test pictures."""
    digits = data.load("digits", quiet=True)
    parts = {f"{part}_{what}": getattr(digits, f"{part}_{what}")[:count]
             for part, count in (("train", 201), ("test", 51)) for what in ("images", "labels")}  # fmt: skip
    return replace(digits, **parts)


def trained(name, place="cpu"):
    """Return what a run ends with: weights, history, scores, what a watch saw."""
    pictures, recipe = few(), RECIPES[name]
    set_seed(3)
    model = build(name)
    watch = Watch(model)
    history = fit(model, pictures, recipe, seed=5, device=place, progress=False, watch=watch)
    logits = predict(model, pictures, recipe, device=place)
    return {
        "state": model.state_dict(),
        "epochs": [{k: v for k, v in epoch.items() if k != "seconds"} for epoch in history.epochs],
        "test": tuple(evaluate(model, pictures, recipe, device=place)),
        "logits": logits,
        "layers": watch.layers,
        "chance": torch.rand(4),
        "hardware": circumstances(torch.device(place))["hardware"],
    }


def main(folder, fails=False):
    """Train all as one of several processes; each writes what it got. Or: the second of them fails on its way."""
    with distributed.joined("cpu") as place:
        if fails and distributed.rank() == 1:
            trained("plain", place)
            raise OSError("no space left on this host")
        runs = {name: trained(name, place) for name in (["plain", "changed"] if fails else RECIPES)}
        torch.save(runs, Path(folder) / f"{distributed.rank()}.pt")


if __name__ == "__main__":
    main(sys.argv[1], fails=sys.argv[2:] == ["fails"])
