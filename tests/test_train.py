"""Training: the loop against a plain one, preparation, bad input, checkpoints."""

import math
import pickle

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from cnnlib import data, models, train
from cnnlib.devices import available, device, set_seed
from cnnlib.errors import BadInput
from cnnlib.train import History, Preparation, Recipe


@pytest.fixture(scope="module")
def digits():
    return data.load("digits")


@pytest.fixture(scope="module")
def few(digits):
    """Return 200 training and 50 test pictures: enough to compare loops."""
    from dataclasses import replace

    parts = {f"{part}_{what}": getattr(digits, f"{part}_{what}")[:count]
             for part, count in (("train", 200), ("test", 50)) for what in ("images", "labels")}  # fmt: skip
    return replace(digits, **parts)


@pytest.mark.parametrize(
    "recipe",
    [
        Recipe(epochs=2, batch_size=32, lr=0.05, momentum=0.9, validation=0),
        Recipe(epochs=2, batch_size=50, lr=0.002, optimizer="adam", weight_decay=0.01, validation=40),
    ],
)
def test_fit_equals_a_plain_loop(few, recipe):
    set_seed(3)
    ours = models.build("lenet5")
    set_seed(3)
    plain = models.build("lenet5")
    history = train.fit(ours, few, recipe, seed=5, device="cpu", progress=False)

    chosen = few.split(recipe.validation, 5)[0] if recipe.validation else torch.arange(200)
    images = few.train_images.float() / 255
    if recipe.optimizer == "sgd":
        optimizer = torch.optim.SGD(plain.parameters(), lr=0.05, momentum=0.9)
    else:
        optimizer = torch.optim.Adam(plain.parameters(), lr=0.002, weight_decay=0.01)
    order = torch.Generator().manual_seed(5)
    losses = []
    for _ in range(2):
        total = 0.0
        for batch in chosen[torch.randperm(len(chosen), generator=order)].split(recipe.batch_size):
            loss = F.cross_entropy(plain(images[batch]), few.train_labels[batch])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            total += loss.item() * len(batch)
        losses.append(total / len(chosen))
    assert history.column("train_loss") == pytest.approx(losses, rel=1e-4)
    for a, b in zip(ours.parameters(), plain.parameters(), strict=True):
        assert torch.allclose(a, b, atol=1e-5)


def test_the_same_seed_gives_the_same_run_and_another_does_not(few):
    def last(seed):
        set_seed(0)
        return train.fit(models.build("cnn_0501"), few, Recipe(), seed=seed, device="cpu", progress=False).last

    a, b, c = last(1), last(1), last(2)
    assert (a["train_loss"], a["val_loss"]) == (b["train_loss"], b["val_loss"])
    assert a["train_loss"] != c["train_loss"]


def test_validation_pictures_are_not_trained_on_and_test_pictures_never_seen(few, monkeypatch):
    seen = []
    original = Preparation.__call__
    monkeypatch.setattr(Preparation, "__call__", lambda self, x: (seen.append(x.clone()), original(self, x))[1])
    net = models.build("fc_0501")
    train.fit(net, few, Recipe(epochs=1, validation=40, batch_size=200), seed=0, device="cpu", progress=False)
    trained, validated = seen
    chosen, held_back = few.split(40, 0)
    assert torch.equal(trained.flatten(1).float().sum(1).sort()[0],
                       few.train_images[chosen].flatten(1).float().sum(1).sort()[0])  # fmt: skip
    assert torch.equal(validated, few.train_images[held_back])


def test_a_learning_rate_that_is_too_large_is_said_not_hidden(few):
    history = train.fit(models.build("lenet5"), few, Recipe(epochs=5, lr=1e6), device="cpu", progress=False)
    assert history.diverged
    assert len(history.epochs) < 5


def test_evaluate_counts_right_answers_and_keeps_the_mode(few):
    net = nn.Sequential(nn.Flatten(), nn.Dropout(0.9), nn.Linear(784, 10)).train()
    recipe = Recipe(scaling="symmetric")
    score = train.evaluate(net, few, recipe, device="cpu")
    logits = net[2](few.test_images.flatten(1).float() / 127.5 - 1)
    assert score.accuracy == pytest.approx((logits.argmax(1) == few.test_labels).float().mean().item())
    assert score.loss == pytest.approx(F.cross_entropy(logits, few.test_labels).item(), rel=1e-4)
    assert score.n == 50
    assert net.training
    assert torch.allclose(train.predict(net, few, recipe, device="cpu"), logits, atol=1e-5)


@pytest.mark.parametrize(
    ("scaling", "black", "white"), [("unit", 0, 1), ("symmetric", -1, 1), ("lecun1998", -0.1, 1.175)]
)
def test_scalings_map_black_and_white(digits, scaling, black, white):
    picture = torch.zeros(1, 1, 28, 28, dtype=torch.uint8)
    picture[..., 14, 14] = 255
    ready = Preparation(digits, Recipe(scaling=scaling, pad=2))(picture)
    assert ready.shape == (1, 1, 32, 32)
    assert ready[0, 0, 0, 0].item() == pytest.approx(black, abs=1e-6)
    assert ready[0, 0, 16, 16].item() == pytest.approx(white, abs=1e-6)


def test_standard_scaling_uses_the_training_pictures_of_each_channel():
    shapes = data.load("shapes")
    ready = Preparation(shapes, Recipe(scaling="standard"))(shapes.train_images)
    deviations, means = torch.std_mean(ready, dim=(0, 2, 3), correction=0)
    assert torch.allclose(means, torch.zeros(3), atol=1e-3)
    assert torch.allclose(deviations, torch.ones(3), atol=1e-3)


def test_one_permutation_for_all_pictures(digits):
    plain, shuffled = (Preparation(digits, Recipe(permutation_seed=s)) for s in (None, 4))
    a, b = plain(digits.test_images), shuffled(digits.test_images)
    order = torch.randperm(784, generator=torch.Generator().manual_seed(4))
    assert torch.equal(a.flatten(1)[:, order], b.flatten(1))
    assert not torch.equal(a, b)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: Recipe(optimizer="sdg"), "Did you mean 'sgd'"),
        (lambda: Recipe(scaling="none"), "no scaling 'none'"),
        (lambda: Recipe(epochs=0), "epochs is 0"),
        (lambda: Recipe(lr=0), "lr is 0"),
        (lambda: Recipe(lr=float("nan")), "lr is nan"),
        (lambda: Recipe(momentum=1.0), "momentum is 1.0"),
        (lambda: Recipe(optimizer="adam", momentum=0.9), "Adam has its own"),
        (lambda: Recipe(validation=-1), "validation is -1"),
        (lambda: device("gpu"), "Present"),
        (lambda: device("cuda:99"), "Present"),
        (lambda: set_seed(-1), "seed is -1"),
        (lambda: History([{"epoch": 1}]).column("val_loss"), "no column 'val_loss'"),
    ],
)
def test_bad_input_is_told_in_one_sentence(call, words):
    with pytest.raises(BadInput, match=words):
        call()


def test_the_device_is_the_fastest_present():
    assert device().type == available()[0]


def test_a_saved_network_gives_the_same_logits(tmp_path, few):
    net, other = models.build("lenet5"), models.build("lenet5")
    file = train.save(net, tmp_path / "net.pt", model="lenet5", epochs=1)
    assert train.load(file, other) == {"model": "lenet5", "epochs": 1}
    x = torch.rand(3, 1, 28, 28)
    assert torch.equal(net(x), other(x))
    assert [p.name for p in tmp_path.iterdir()] == ["net.pt"]


class Malicious:
    def __reduce__(self):
        return (print, ("code from a file was run",))


def test_a_file_that_cannot_be_used_is_refused_and_never_run(tmp_path, capsys):
    net = models.build("lenet5")
    good = train.save(net, tmp_path / "good.pt").read_bytes()
    (tmp_path / "cut.pt").write_bytes(good[: len(good) // 2])
    (tmp_path / "text.pt").write_text("hello")
    (tmp_path / "evil.pt").write_bytes(pickle.dumps(Malicious()))
    torch.save({"a": torch.zeros(1)}, tmp_path / "foreign.pt")
    train.save(models.build("fc_0501"), tmp_path / "other.pt")
    before = [p.clone() for p in net.parameters()]
    words = {"missing.pt": "no file", "cut.pt": "broken", "text.pt": "broken", "evil.pt": "broken",
             "foreign.pt": "not written by", "other.pt": "another network"}  # fmt: skip
    for name, said in words.items():
        with pytest.raises(BadInput, match=said):
            train.load(tmp_path / name, net)
    assert "code from a file" not in capsys.readouterr().out
    assert all(torch.equal(a, b) for a, b in zip(before, net.parameters(), strict=True))


def test_what_could_not_be_read_back_does_not_replace_what_can(tmp_path):
    net, file = models.build("fc_0501"), tmp_path / "net.pt"
    train.save(net, file, epochs=1)
    with pytest.raises(BadInput, match="plain values"):
        train.save(net, file, where=tmp_path)  # a Path is no plain value
    assert train.load(file, net) == {"epochs": 1}
    assert [p.name for p in tmp_path.iterdir()] == ["net.pt"]


def test_saving_into_a_missing_folder_leaves_nothing(tmp_path):
    with pytest.raises(BadInput, match="Cannot write"):
        train.save(models.build("fc_0501"), tmp_path / "no" / "net.pt")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("schedule", ["constant", "step", "cosine", "onecycle"])
def test_schedules_end_where_they_say(schedule):
    recipe = Recipe(lr=0.1, schedule=schedule)
    optimizer = recipe.make_optimizer([nn.Parameter(torch.zeros(1))])
    steps = recipe.make_schedule(optimizer, 100)
    rates = []
    for _ in range(100):
        rates.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        steps.step()
    last = {"constant": 0.1, "step": 0.001, "cosine": 0.1 * (1 - math.cos(math.pi / 100)) / 2,
            "onecycle": rates[-1]}[schedule]  # fmt: skip
    assert rates[-1] == pytest.approx(last, abs=1e-9)
    assert max(rates) == pytest.approx(0.1, rel=1e-3)
    if schedule == "onecycle":
        assert rates.index(max(rates)) == 30
        assert rates[-1] < 0.001 > 0.1 * rates[0]


def test_auxiliary_heads_count_a_third_in_training_and_nothing_in_evaluation(few):
    class TwoHeads(nn.Module):
        def __init__(self):
            super().__init__()
            self.main, self.side = nn.Linear(784, 10), nn.Linear(784, 10)

        def forward(self, x):
            x = x.flatten(1)
            return (self.main(x), self.side(x)) if self.training else self.main(x)

    set_seed(0)
    net = TwoHeads()
    before = [p.detach().clone() for p in net.side.parameters()]
    recipe = Recipe(batch_size=200, lr=0.1, validation=0)
    train.fit(net, few, recipe, device="cpu", progress=False)
    head = nn.Linear(784, 10)
    head.load_state_dict(dict(zip(("weight", "bias"), before, strict=True)))
    loss = 0.3 * F.cross_entropy(head(few.train_images.flatten(1) / 255), few.train_labels)
    loss.backward()
    assert torch.allclose(net.side.weight, before[0] - 0.1 * head.weight.grad, atol=1e-6)
    assert train.evaluate(net, few, recipe, device="cpu").n == 50


def test_bfloat16_trains_almost_as_float32_and_keeps_float32_weights(few):
    losses = {}
    for precision in ("float32", "bfloat16"):
        set_seed(0)
        net = models.build("lenet5")
        recipe = Recipe(epochs=3, lr=0.1, precision=precision, validation=0)
        losses[precision] = train.fit(net, few, recipe, device="cpu", progress=False).last["train_loss"]
        assert all(p.dtype == torch.float32 for p in net.parameters())
    assert losses["bfloat16"] != losses["float32"]
    assert losses["bfloat16"] == pytest.approx(losses["float32"], rel=0.05)


def test_label_smoothing_is_pytorchs(few):
    set_seed(0)
    net = models.build("fc_0501")
    with torch.no_grad():
        expected = F.cross_entropy(net(few.train_images / 255), few.train_labels, label_smoothing=0.2)
    recipe = Recipe(batch_size=200, label_smoothing=0.2, validation=0)
    history = train.fit(net, few, recipe, device="cpu", progress=False)
    assert history.last["train_loss"] == pytest.approx(float(expected))


def test_training_sees_augmented_pictures_and_validation_the_plain_ones(few, monkeypatch):
    seen = []
    original = Preparation.__call__
    monkeypatch.setattr(Preparation, "__call__", lambda self, x: (seen.append(x.clone()), original(self, x))[1])
    recipe = Recipe(validation=40, batch_size=200, crop=4)
    train.fit(models.build("fc_0501"), few, recipe, seed=0, device="cpu", progress=False)
    chosen, held_back = few.split(40, 0)
    assert not torch.equal(seen[0].sum(), few.train_images[chosen].sum()), "crops lose some ink"
    assert torch.equal(seen[1], few.train_images[held_back])


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"schedule": "cosin"}, "Did you mean 'cosine'"),
        ({"precision": "float16"}, "no precision 'float16'"),
        ({"crop": -1}, "crop is -1"),
        ({"shift": 1.5}, "shift is 1.5"),
        ({"limit": 0}, "limit is 0"),
        ({"optimizer": "adamw", "momentum": 0.9}, "Adam has its own"),
        ({"label_smoothing": 1}, "label_smoothing is 1"),
        ({"nesterov": True}, "needs some"),
    ],
)
def test_bad_new_settings_are_told_in_one_sentence(settings, words):
    with pytest.raises(BadInput, match=words):
        Recipe(**settings)


def test_limit_trains_on_so_many_of_the_pictures_not_held_back(few, monkeypatch):
    seen = []
    original = Preparation.__call__
    monkeypatch.setattr(Preparation, "__call__", lambda self, x: (seen.append(x.clone()), original(self, x))[1])
    recipe = Recipe(validation=40, batch_size=200, limit=30, epochs=2)
    history = train.fit(models.build("fc_0501"), few, recipe, seed=0, device="cpu", progress=False)
    assert [len(batch) for batch in seen] == [30, 40, 30, 40]
    assert seen[0].double().sum() == seen[2].double().sum(), "the same ones in every epoch"
    assert 0 <= history.last["train_accuracy"] * 30 == pytest.approx(round(history.last["train_accuracy"] * 30))
    chosen = {tuple(picture.flatten().tolist()) for picture in few.train_images[few.split(40, 0)[0]]}
    assert {tuple(picture.flatten().tolist()) for picture in seen[0]} <= chosen


def test_adamw_keeps_the_decay_out_of_the_scaling():
    weight = nn.Parameter(torch.tensor([2.0]))
    weight.grad = torch.tensor([1.0])
    Recipe(optimizer="adamw", lr=0.1, weight_decay=0.5).make_optimizer([weight]).step()
    assert weight.item() == pytest.approx(2.0 * (1 - 0.1 * 0.5) - 0.1), "Adam's first step has size lr"


def test_the_surest_mistakes_come_first_and_a_diverged_network_has_none():
    logits = torch.tensor([[0.0, 2.0], [0.0, 9.0], [4.0, 0.0], [math.nan, math.nan]])
    labels = torch.tensor([0, 0, 0, 1])
    found = train.confident_mistakes(logits, labels)
    assert [(one.index, one.label, one.predicted) for one in found] == [(1, 0, 1), (0, 0, 1)]
    assert [one.probability for one in found] == [
        pytest.approx(float(F.softmax(logits[i], dim=0)[1]), abs=1e-4) for i in (1, 0)
    ]
    assert len(train.confident_mistakes(logits, labels, count=1)) == 1
