"""A training run that is interrupted and taken up again ends, to the last bit, where one without a pause ends."""

import random
from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import nn

from cnnlib import data, devices, models, train
from cnnlib.errors import BadInput
from cnnlib.train import Recipe, Watch
from cnnlib.train.recipe import SCHEDULES

EVERYTHING = Recipe(
    epochs=4, batch_size=50, lr=0.3, momentum=0.85, nesterov=True, weight_decay=0.002, bias_lr=8.0,
    schedule="triangle", lookahead=True, whitening=True, label_smoothing=0.1, scaling="standard", crop=2, reflect=True,
    flip=True, alternate=True, cutout=6, early_size=20, early_epochs=2, precision="bfloat16", validation=40,
)  # fmt: skip
PLAIN = Recipe(epochs=4, batch_size=64, lr=0.05, validation=40)
DROPOUT = Recipe(
    epochs=4, batch_size=64, optimizer="adam", lr=0.002, weight_decay=0.01, crop=2, flip=True, rotation=10, shift=0.1,
    validation=40,
)  # fmt: skip
CASES = {f"sgd, {one}": ("lenet5", replace(PLAIN, momentum=0.9, schedule=one)) for one in SCHEDULES} | {
    "everything": ("airbench", EVERYTHING),
    "adam, dropout, augmentation": ("dropout", DROPOUT),
    "adamw, one cycle, biases": (
        "dropout", replace(DROPOUT, optimizer="adamw", schedule="onecycle", bias_lr=2.0, precision="bfloat16")
    ),
    "lookahead": ("lenet5", replace(PLAIN, lookahead=True, epochs=3)),
    "no validation, part of the pictures": ("lenet5", replace(PLAIN, validation=0, limit=150)),
}  # fmt: skip


@pytest.fixture(scope="module")
def few():
    """Return 300 training and 50 test pictures."""
    digits = data.load("digits")
    parts = {f"{part}_{what}": getattr(digits, f"{part}_{what}")[:count]
             for part, count in (("train", 300), ("test", 50)) for what in ("images", "labels")}  # fmt: skip
    return replace(digits, **parts)


def build(name, seed=0):
    devices.set_seed(seed)
    if name == "dropout":
        return nn.Sequential(
            nn.Conv2d(1, 4, 3), nn.BatchNorm2d(4), nn.ReLU(), nn.MaxPool2d(2), nn.Dropout(0.3), nn.Flatten(),
            nn.Linear(676, 10),
        )  # fmt: skip
    if name == "airbench":
        return models.build(name, widths=(8, 16, 16), activation="relu", in_channels=1, filters=8)
    return models.build(name)


class Interrupted:
    """Hears of each batch, and is somebody who presses Ctrl-C at one of them."""

    def __init__(self, after=None):
        self.after, self.batches, self.begun, self.closed = after, 0, None, False

    def begin(self, total, done):
        self.begun = (total, done)

    def update(self, pictures):
        self.batches += 1
        if self.batches == self.after:
            raise KeyboardInterrupt

    def set_postfix_str(self, words):
        pass

    def __enter__(self):
        return self

    def __exit__(self, *problem):
        self.closed = True


def fit(net, few, recipe, **more):
    more = {"seed": 3, "device": "cpu", "progress": False} | more
    return train.fit(net, few, recipe, **more)


def outcome(net, history, watch):
    """Return all that a run leaves, seconds apart: also the random numbers that come next."""
    return {
        "weights": {name: value.clone() for name, value in net.state_dict().items()},
        "epochs": [{k: v for k, v in epoch.items() if k != "seconds"} for epoch in history.epochs],
        "layers": watch.layers,
        "next": (torch.rand(3).tolist(), np.random.rand(), random.random()),
    }


def same(a, b):
    if isinstance(a, dict):
        return a.keys() == b.keys() and all(same(a[key], b[key]) for key in a)
    return torch.equal(a, b) if isinstance(a, torch.Tensor) else a == b


@pytest.mark.parametrize(("name", "recipe"), CASES.values(), ids=list(CASES))
def test_an_interrupted_run_ends_as_one_without_a_pause(few, tmp_path, name, recipe):
    net = build(name)
    watch = Watch(net)
    whole = outcome(net, fit(net, few, recipe, watch=watch), watch)

    file, steps = tmp_path / "run.pt", -(-(260 if recipe.validation else recipe.limit) // recipe.batch_size)
    for part, after in enumerate((steps + 2, steps + 1, None)):  # in the second epoch, in the third, not at all
        net = build(name, seed=part and 100 + part)  # other weights and other random numbers, but for the first part
        watch = Watch(net)
        if after is None:
            history = fit(net, few, recipe, watch=watch, checkpoint=file)
        else:
            with pytest.raises(KeyboardInterrupt):
                fit(net, few, recipe, watch=watch, checkpoint=file, progress=Interrupted(after))
            assert [one.name for one in tmp_path.iterdir()] == ["run.pt"]
    assert same(outcome(net, history, watch), whole)
    assert history.elsewhere > sum(epoch["seconds"] for epoch in history.epochs[:2]) - 0.5


def test_a_checkpoint_changes_nothing_and_a_finished_run_is_not_trained_again(few, tmp_path):
    net = build("lenet5")
    whole = outcome(net, fit(net, few, PLAIN), Watch(net))
    for heard in (Interrupted(), Interrupted(1)):  # the second would be interrupted at the first batch
        net = build("lenet5")
        history = fit(net, few, PLAIN, checkpoint=tmp_path / "run.pt", progress=heard)
        assert same(outcome(net, history, Watch(net)), whole)
    assert heard.begun == (4 * 260, 4 * 260)


def test_a_diverged_run_stays_so(few, tmp_path):
    recipe = replace(PLAIN, lr=1e6)
    histories = [fit(build("lenet5"), few, recipe, checkpoint=tmp_path / "run.pt") for _ in range(2)]
    assert [len(one.epochs) for one in histories] == [len(histories[0].epochs)] * 2
    assert histories[1].diverged and len(histories[1].epochs) < recipe.epochs


@pytest.mark.parametrize("after", [1, 7, 12])
def test_ctrl_c_leaves_a_network_that_can_be_used(few, after, monkeypatch):
    """With the average of its weights, in the usual layout, on its device; and the bar is closed."""
    averages = []
    monkeypatch.setattr(train.Lookahead, "__init__", _spied(train.Lookahead.__init__, averages))
    net, heard = build("airbench"), Interrupted(after)
    with pytest.raises(KeyboardInterrupt):
        fit(net, few, EVERYTHING, progress=heard)
    assert heard.closed
    assert all(p.is_contiguous() and p.device.type == "cpu" for p in net.state_dict().values())
    assert all(map(torch.equal, averages[0].slow, [v for v in net.state_dict().values() if v.is_floating_point()]))
    assert 0 <= train.evaluate(net, few, EVERYTHING, device="cpu").accuracy <= 1
    assert len(fit(net, few, EVERYTHING).epochs) == 4, "and trained again"


def _spied(init, averages):
    def spied(self, *arguments, **more):
        init(self, *arguments, **more)
        averages.append(self)

    return spied


FOREIGN = {
    "recipe": (lambda few: {"recipe": replace(PLAIN, lr=0.1)}, "recipe 'lr' is 0.05 there and 0.1 here"),
    "seed": (lambda few: {"seed": 4}, "seed is 3 there and 4 here"),
    "data": (lambda few: {"dataset": replace(few, train_images=few.train_images.flip(3))}, "data is 'digits"),
    "shapes": (lambda few: {"net": models.build("lenet5", num_classes=11)}, "is 'Linear.*out_features=10"),
    "network": (lambda few: {"net": build("dropout")}, "layers"),
    "watched": (lambda few: {"watch": True}, "watched is False there and True here"),
}


@pytest.mark.parametrize("what", FOREIGN)
def test_a_checkpoint_of_another_run_is_refused_and_stays(few, tmp_path, what):
    file = tmp_path / "run.pt"
    fit(build("lenet5"), few, PLAIN, checkpoint=file)
    before = file.read_bytes()
    changes, words = FOREIGN[what]
    call = {"net": build("lenet5"), "dataset": few, "recipe": PLAIN, "seed": 3} | changes(few)
    net = call["net"]
    with pytest.raises(BadInput, match=f"checkpoint of another run: .*{words}.*delete this one to begin anew"):
        fit(net, call["dataset"], call["recipe"], seed=call["seed"], checkpoint=file,
            watch=Watch(net) if "watch" in call else None)  # fmt: skip
    assert file.read_bytes() == before


def test_a_dropout_of_another_strength_is_another_network(few, tmp_path):
    nets = build("dropout"), build("dropout")
    nets[1][4].p = 0.6
    fit(nets[0], few, DROPOUT, checkpoint=tmp_path / "run.pt")
    with pytest.raises(BadInput, match="layers '4' is 'Dropout.*0.3.* there and .*0.6.* here"):
        fit(nets[1], few, DROPOUT, checkpoint=tmp_path / "run.pt")


def test_a_broken_checkpoint_is_refused_and_stays(few, tmp_path):
    file = tmp_path / "run.pt"
    fit(build("lenet5"), few, PLAIN, checkpoint=file)
    whole = file.read_bytes()
    net = build("lenet5")
    train.save(net, tmp_path / "net.pt")
    for content, words in ((whole[: len(whole) // 2], "is broken"), (b"", "is broken"),
                           ((tmp_path / "net.pt").read_bytes(), "no checkpoint of a run")):  # fmt: skip
        file.write_bytes(content)
        with pytest.raises(BadInput, match=f"{words}.*delete this one"):
            fit(net, few, PLAIN, checkpoint=file)
        assert file.read_bytes() == content


def test_a_checkpoint_runs_no_code(few, tmp_path):
    file, trace = tmp_path / "run.pt", tmp_path / "trace"

    class Trap:
        def __reduce__(self):
            return (open, (str(trace), "w"))

    torch.save({"format": Trap()}, file)
    with pytest.raises(BadInput, match="is broken, or holds more than"):
        fit(build("lenet5"), few, PLAIN, checkpoint=file)
    assert not trace.exists()


def test_a_folder_that_is_not_there(few, tmp_path):
    with pytest.raises(BadInput, match="Cannot write .*Choose a folder"):
        fit(build("lenet5"), few, PLAIN, checkpoint=tmp_path / "none" / "run.pt")
