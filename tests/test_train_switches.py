"""The named switches of a recipe that make training fast: each does what its name says, and nothing else."""

import warnings
from dataclasses import replace

import pytest
import torch
from torch import nn
from torch.nn import functional as F
from torchvision.transforms import functional as TF

from cnnlib import data, devices, experiments, models, train
from cnnlib.errors import BadInput
from cnnlib.train import Batches, Lookahead, Recipe, augment, whiten
from cnnlib.train.pooled_first import pooled_first

CPU = torch.device("cpu")


@pytest.fixture(scope="module")
def digits():
    return data.load("digits")


@pytest.fixture(scope="module")
def shapes():
    """Return 500 colour pictures to train on and 100 to test on."""
    whole = data.load("shapes", quiet=True)
    parts = {f"{part}_{what}": getattr(whole, f"{part}_{what}")[:count]
             for part, count in (("train", 500), ("test", 100)) for what in ("images", "labels")}  # fmt: skip
    return replace(whole, **parts)


def small_net():
    devices.set_seed(0)
    return models.build("airbench", widths=(8, 16, 16), activation="relu")


def test_all_switches_together_train_and_repeat_to_the_bit(shapes):
    recipe = Recipe(
        epochs=3, batch_size=50, lr=0.3, momentum=0.85, nesterov=True, weight_decay=0.002, bias_lr=8.0,
        schedule="triangle", lookahead=True, whitening=True, label_smoothing=0.1, scaling="standard", crop=2,
        reflect=True, flip=True, alternate=True, cutout=6, early_size=24, early_epochs=1, precision="bfloat16",
    )  # fmt: skip
    nets = [small_net(), small_net()]
    first, second = (train.fit(net, shapes, recipe, device="cpu", progress=False) for net in nets)
    assert first.column("train_loss") == second.column("train_loss")
    assert first.column("train_loss")[-1] < first.column("train_loss")[0]
    assert train.fingerprint(nets[0]) == train.fingerprint(nets[1])


def test_lookahead_is_an_average_with_a_growing_weight():
    """Against the formula, step by step, on one number."""
    net, steps = nn.Linear(1, 1, bias=False), 20
    average = Lookahead(net, steps)
    slow = fast = net.weight.item()
    for taken in range(1, steps + 1):
        fast += 1
        net.weight.data += 1
        average.step()
        if taken % 5 == 0:
            kept = 0.95**5 * (taken / steps) ** 3
            slow = fast = kept * slow + (1 - kept) * fast
        assert net.weight.item() == pytest.approx(fast, rel=1e-5)
    net.weight.data += 7
    average.finish()
    assert net.weight.item() == pytest.approx(slow, rel=1e-5)


def test_lookahead_leaves_counters_alone(shapes):
    net = small_net()
    train.fit(net, shapes, Recipe(batch_size=100, validation=0, lookahead=True), device="cpu", progress=False)
    assert net.blocks[0].norm1.num_batches_tracked == 5


def test_whitened_patches_are_uncorrelated_and_the_layer_is_kept(shapes):
    recipe = Recipe(scaling="standard", whitening=True, batch_size=100)
    net = small_net()
    train.fit(net, shapes, recipe, device="cpu", progress=False)
    layer = net.whitening
    assert not layer.weight.requires_grad
    assert torch.equal(layer.weight[:12], -layer.weight[12:])
    x = Batches(shapes, recipe, 0, CPU).sample()
    outputs = layer(x)[:, :12].transpose(0, 1).flatten(1).detach()  # (12, N·H·W)
    moments = outputs @ outputs.T / outputs.shape[1]
    values = torch.linalg.eigvalsh(_patch_moments(x)).flip(0)
    assert torch.allclose(moments, torch.diag(values / (values + 5e-4)).float(), atol=2e-3)


def _patch_moments(x):
    """Return the second moments of 2×2 patches, with torch's own unfold as the oracle."""
    patches = F.unfold(x, 2).transpose(1, 2).reshape(-1, 12).double()
    return patches.T @ patches / len(patches)


@pytest.mark.parametrize(
    "net",
    [nn.Sequential(nn.Flatten(), nn.Linear(12, 2)), nn.Sequential(nn.Conv2d(3, 25, 2)),
     nn.Sequential(nn.Conv2d(3, 26, 2))],
    ids=["no convolution", "odd", "too many"],
)  # fmt: skip
def test_whitening_says_what_it_needs(net):
    with pytest.raises(BadInput, match="even number of filters"):
        whiten(net, torch.rand(10, 3, 8, 8))


def test_the_margin_is_the_mirror_image_that_torchvision_makes():
    images = torch.randint(0, 256, (1, 3, 6, 6), dtype=torch.uint8)
    expected = TF.pad(images, [2], padding_mode="reflect")
    windows = {tuple(expected[0, :, r : r + 6, c : c + 6].flatten().tolist()) for r in range(5) for c in range(5)}
    out = augment(images.repeat(400, 1, 1, 1), Recipe(crop=2, reflect=True), torch.Generator().manual_seed(0))
    assert {tuple(picture.flatten().tolist()) for picture in out} == windows


def test_mirror_images_alternate(digits):
    """Every picture is seen as it is in one of two epochs and mirrored in the other; chance decides in which."""
    recipe = Recipe(epochs=4, batch_size=2000, flip=True, alternate=True, validation=0, limit=200)
    batches = Batches(digits, recipe, 0, CPU)
    plain = Batches(digits, replace(recipe, flip=False, alternate=False), 0, CPU)  # the same order
    seen = [(next(iter(batches.epoch(n)))[0], next(iter(plain.epoch(n)))[0]) for n in (1, 2, 3)]
    mirrored = []
    for x, original in seen:
        is_same = (x == original).flatten(1).all(1)
        is_mirrored = (x == original.flip(3)).flatten(1).all(1)
        assert (is_same | is_mirrored).all()
        marks = {tuple(o.flatten().tolist()): bool(m) for o, m in zip(original, is_mirrored, strict=True)}
        mirrored.append(marks)
    lopsided = [key for key in mirrored[0] if torch.tensor(key).view(28, 28).flip(1).flatten().tolist() != list(key)]
    assert all(mirrored[0][k] != mirrored[1][k] and mirrored[0][k] == mirrored[2][k] for k in lopsided)
    assert 60 < sum(mirrored[0].values()) < 140


def test_cutout_hides_one_square_inside():
    images = torch.full((300, 3, 10, 10), 255, dtype=torch.uint8)
    out = augment(images, Recipe(cutout=4), torch.Generator().manual_seed(0))
    sizes = set()
    for picture in out:
        assert torch.equal(picture[0], picture[1])
        rows, columns = (picture[0] == 128).nonzero(as_tuple=True)
        height, width = rows.unique().numel(), columns.unique().numel()
        assert len(rows) == height * width, "a rectangle without holes"
        sizes.add((height, width))
    assert (4, 4) in sizes
    assert max(sizes) == (4, 4)
    assert min(sizes) >= (2, 2), "the middle lies inside"


def test_early_epochs_see_small_pictures(shapes):
    recipe = Recipe(epochs=3, batch_size=250, early_size=20, early_epochs=2, validation=0)
    batches = Batches(shapes, recipe, 0, CPU)
    assert [next(iter(batches.epoch(n)))[0].shape[2:] for n in (1, 2, 3)] == [(20, 20), (20, 20), (32, 32)]
    small, large = (Batches(shapes, replace(recipe, batch_size=500), 0, CPU).epoch(n) for n in (1, 3))
    assert next(small)[0].mean().item() == pytest.approx(next(large)[0].mean().item(), abs=0.01)


def test_biases_learn_at_their_own_rate():
    net = nn.Sequential(nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2))
    net[1].weight.requires_grad_(False)
    biases, rest = Recipe(lr=0.1, momentum=0.9, weight_decay=0.4, bias_lr=8.0).make_optimizer(
        net.parameters()
    ).param_groups
    assert [tuple(p.shape) for p in biases["params"]] == [(2,), (2,)]
    assert (biases["lr"], biases["weight_decay"]) == (pytest.approx(0.8), pytest.approx(0.05))
    assert [tuple(p.shape) for p in rest["params"]] == [(2, 1, 3, 3)]
    assert (rest["lr"], rest["weight_decay"]) == (0.1, 0.4)


@pytest.mark.parametrize("name", ["sgd", "adam", "adamw"])
def test_the_fused_optimizer_steps_as_the_plain_one(name):
    rule = {"sgd": torch.optim.SGD, "adam": torch.optim.Adam, "adamw": torch.optim.AdamW}[name]
    ours, plain = (nn.Parameter(torch.ones(3)) for _ in range(2))
    fused = Recipe(optimizer=name, lr=0.1, weight_decay=0.01).make_optimizer([ours])
    unfused = rule([plain], lr=0.1, weight_decay=0.01, fused=False, foreach=False)
    for _ in range(5):
        for parameter, optimizer in ((ours, fused), (plain, unfused)):
            optimizer.zero_grad()
            (parameter * torch.tensor([1.0, -2.0, 0.5])).square().sum().backward()
            optimizer.step()
    assert torch.allclose(ours, plain, atol=1e-6)


def test_the_triangle_rises_and_falls_for_each_group():
    recipe = Recipe(lr=2.0, momentum=0.9, bias_lr=4.0, schedule="triangle")
    optimizer = recipe.make_optimizer(nn.Linear(2, 2).parameters())
    schedule = recipe.make_schedule(optimizer, 100)
    rates = []
    for _ in range(100):
        rates.append(schedule.get_last_lr())
        optimizer.step()
        schedule.step()
    biases, rest = zip(*rates, strict=True)
    assert (rest[0], rest[23]) == (pytest.approx(0.4), pytest.approx(2.0))
    assert rest[99] == pytest.approx(0.14, abs=0.03)
    assert max(rest) == rest[23]
    assert all(b == pytest.approx(4 * r) for b, r in zip(biases, rest, strict=True))


@pytest.mark.parametrize("name", ["lenet5", "cnn_0501", "vgg_0503", "resnet18", "residual_note002", "googlenet", "nin"])
def test_pooling_first_gives_the_same_numbers_to_the_bit(name):
    net = models.build(name, **({"width": 0.25} if name in ("vgg_0503", "nin") else {})).train()
    swapped = pooled_first(net)
    assert swapped is not net
    x = torch.randn(2, *models.card(name).input_shape)
    results = []
    for version in (net, swapped):
        net.zero_grad()
        torch.manual_seed(1)
        out = version(x)
        (out[0] if isinstance(out, tuple) else out).square().sum().backward()
        results.append((out, [p.grad.clone() for p in net.parameters() if p.grad is not None]))
    (first, gradients), (second, others) = results
    for a, b in zip(first if isinstance(first, tuple) else (first,), second if isinstance(second, tuple) else (second,),
                    strict=True):  # fmt: skip
        assert torch.equal(a, b)
    assert all(torch.equal(a, b) for a, b in zip(gradients, others, strict=True))


def test_what_is_used_twice_is_not_swapped():
    class Twice(nn.Module):
        def forward(self, x):
            y = F.relu(x)
            return F.max_pool2d(y, 2).sum() + y.sum()

    class Branches(nn.Module):
        def forward(self, x):
            return F.max_pool2d(F.relu(x), 2) if x.sum() > 0 else x

    for net in (Twice(), Branches(), models.build("fc_0501")):
        assert pooled_first(net) is net


def test_without_a_compiler_it_says_so_and_trains(shapes, monkeypatch):
    def broken(model):
        raise RuntimeError("no compiler")

    recipe = Recipe(batch_size=100, compiled=True)
    plain = small_net()
    train.fit(plain, shapes, replace(recipe, compiled=False), device="cpu", progress=False)
    monkeypatch.setattr(torch, "compile", broken)
    net = small_net()
    with pytest.warns(UserWarning, match="not compiled"):
        train.fit(net, shapes, recipe, device="cpu", progress=False)
    assert train.fingerprint(net) == train.fingerprint(plain)


def test_the_trial_before_compiling_leaves_no_trace(shapes, monkeypatch):
    recipe = Recipe(batch_size=100, compiled=True)
    monkeypatch.setattr(torch, "compile", lambda model: model)
    nets = [small_net(), small_net()]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for net, choice in zip(nets, (recipe, replace(recipe, compiled=False)), strict=True):
            train.fit(net, shapes, choice, device="cpu", progress=False)
    assert train.fingerprint(nets[0]) == train.fingerprint(nets[1])


def test_the_fastest_precision_is_found_once_and_draws_nothing():
    torch.manual_seed(0)
    before = torch.random.get_rng_state()
    found = devices.fastest_precision(CPU)
    assert found in ("float32", "bfloat16")
    assert torch.equal(torch.random.get_rng_state(), before)
    with Recipe(precision="fastest").autocast(CPU):
        assert str((torch.ones(2, 2) @ torch.ones(2, 2)).dtype) == f"torch.{found}"


def test_mirrored_predictions_are_means(shapes):
    net, recipe = small_net(), Recipe()
    both = replace(shapes, test_images=shapes.test_images.flip(3))
    expected = (train.predict(net, shapes, recipe, device="cpu") + train.predict(net, both, recipe, device="cpu")) / 2
    assert torch.allclose(train.predict(net, shapes, recipe, device="cpu", mirrored=True), expected, atol=1e-6)


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"alternate": True}, "flip is False"),
        ({"reflect": True}, "crop is 0"),
        ({"early_size": 24}, "early_epochs is 0"),
        ({"early_epochs": 2}, "early_size is 0"),
        ({"bias_lr": 0.0}, "bias_lr is 0"),
        ({"cutout": -1}, "cutout is -1"),
        ({"schedule": "triangel"}, "Did you mean 'triangle'"),
    ],
)
def test_bad_settings_are_refused(settings, words):
    with pytest.raises(BadInput, match=words):
        Recipe(**settings)


def test_resize_does_what_torchvision_does(digits):
    images = digits.train_images[:5]
    enlarged = train.Preparation(digits, Recipe(resize=96, scaling="symmetric"))(images)
    shrunk = train.Preparation(digits, Recipe(resize=20, pad=2))(images)
    assert (tuple(enlarged.shape), tuple(shrunk.shape)) == ((5, 1, 96, 96), (5, 1, 24, 24))
    torch.testing.assert_close(enlarged, TF.resize(images.float() / 127.5 - 1, [96, 96], antialias=True))
    torch.testing.assert_close(shrunk[:, :, 2:-2, 2:-2], TF.resize(images.float() / 255, [20, 20], antialias=True))
    # and what d2l does: Pillow, which rounds to bytes
    by_pillow = TF.pil_to_tensor(TF.resize(TF.to_pil_image(images[0]), [96, 96])).float() / 127.5 - 1
    assert (by_pillow - enlarged[0]).abs().max() < 1.01 / 127.5


def test_large_pictures_are_tried_a_few_at_a_time(digits):
    seen = []
    net = nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(1, 10))
    net.register_forward_pre_hook(lambda _, inputs: seen.append(tuple(inputs[0].shape)))
    for side, count in ((28, 300), (224, 159)):
        seen.clear()
        train.evaluate(net, digits, Recipe(resize=side), device="cpu")
        assert seen[0] == (count, 1, side, side) and sum(shape[0] for shape in seen) == 300


@pytest.mark.parametrize("name", experiments.get("full").variants)
def test_the_networks_at_full_size_take_their_pictures(digits, name):
    variant = experiments.get("full").variants[name]
    x = train.Preparation(digits, variant.recipe)(digits.train_images[:2])
    assert x.shape[2:] == (variant.recipe.side(28),) * 2 and x.shape[-1] in (96, 224)
    assert models.build(variant.model, **variant.settings)(x).shape == (2, 10)
