"""Exercises of the chapter "Your own pictures"."""

from __future__ import annotations

import copy

import torch
from torch import nn
from torch.nn import functional as F

from cnnlib.check.engine import Wrong, call, exercise


@exercise("own.1", "the baseline of the most frequent class")
def baseline(answer) -> str:
    """Judge ``answer(train_labels, test_labels)`` on sets whose two parts differ in their shares."""
    cases = [
        ([0] * 7 + [1] * 3, [0, 0, 1, 1, 1, 1, 1, 2, 2]),
        ([2] * 5 + [1] * 4, [1, 1, 1, 2]),
        ([1, 1, 0], [0, 0]),
        ([0, 1, 1, 2], [1, 1, 0]),
    ]
    for train, test in cases:
        common = max(set(train), key=train.count)
        right = test.count(common) / len(test)
        given = call(answer, torch.tensor(train), torch.tensor(test))
        try:
            given = float(given)
        except (TypeError, ValueError, RuntimeError):
            raise Wrong(f"a number is wanted, not {type(given).__name__}") from None
        if abs(given - right) < 1e-6:
            continue
        case = f"for training labels {train} and test labels {test} it is {right:.3f}, and you return {given:.3g}"
        slips = {
            100 * right: "Give a share from 0 to 1, not percent",
            float(common): "That is the class itself. How often is it right?",
            max(test.count(c) for c in test) / len(test): "Which class is most frequent is learned from the *training* "
            "labels; the test labels only judge",
            train.count(common) / len(train): "That is the share of the training labels. How often is the same answer "
            "right among the test labels?",
            1 / len(set(train)): "That is the share for guessing at random",
        }
        hint = next((words for slip, words in slips.items() if abs(given - slip) < 1e-6), "")
        raise Wrong(f"{case}. {hint}")
    return f"right on {len(cases)} sets, also where the test has another most frequent class"


def _thumbnails(images: torch.Tensor, centred: bool = True) -> torch.Tensor:
    small = F.adaptive_avg_pool2d(images.double(), 8).mean(dim=1).flatten(1)
    return small - small.mean(dim=1, keepdim=True) if centred else small


def _pairs(thumbnails: torch.Tensor, limit: float, total: bool = False) -> set[tuple[int, int]]:
    apart = torch.cdist(thumbnails, thumbnails, p=1) / (1 if total else thumbnails.shape[1])
    return {(i, j) for i, j in (apart < limit).nonzero().tolist() if i < j}


def _relatives() -> torch.Tensor:
    """Pictures of which some are moved, brightened or noisy versions of others."""
    draw = torch.Generator().manual_seed(0)
    large = torch.rand(6, 3, 6, 6, generator=draw)
    large = F.interpolate(large, size=(40, 40), mode="bilinear") * 180
    views = []
    for i, scene in enumerate(large):
        views += [scene[:, 2:34, 2:34], scene[:, 3:35, 2:34] + 40 * (i % 2)]
    views.append(views[0] + 4 * torch.rand(3, 32, 32, generator=draw))
    views.append(views[5].clone())
    views[-1][:, 9, 9] += 10  # a single pixel: within any limit, even for a sum
    return torch.stack(views).round().clamp(0, 255).to(torch.uint8)


@exercise("own.2", "near-duplicates")
def near_copies(answer) -> str:
    """Judge ``answer(images, limit)``: the pairs whose brightness-free thumbnails differ by less than the limit."""
    images = _relatives()
    found = 0
    for limit in (4.0, 12.0, 0.5):
        right = _pairs(_thumbnails(images), limit)
        given = call(answer, images.clone(), limit)
        try:
            given = [(int(i), int(j)) for i, j in given]
        except (TypeError, ValueError):
            raise Wrong("a list of pairs (i, j) is wanted") from None
        case = f"{len(right)} pairs of {len(images)} pictures differ by less than {limit:g}, not {len(given)}"
        if set(given) == right and len(given) == len(right):
            found += len(right)
            continue
        if any(i == j for i, j in given):
            raise Wrong(f"{case}. Every picture is like itself; that is no pair")
        if any(i > j for i, j in given) or len(set(given)) < len(given):
            raise Wrong(f"{case}. Each pair is wanted once, with i < j")
        if set(given) == _pairs(_thumbnails(images, centred=False), limit):
            raise Wrong(f"{case}. A brighter version of the same picture is missed: subtract each picture's own mean")
        if set(given) == _pairs(_thumbnails(images), limit, total=True):
            raise Wrong(f"{case}. That is the sum of the differences; the limit is for their mean")
        raise Wrong(f"{case}. Shrink to 8×8 over all channels, subtract each picture's mean, then take mean |a - b|")
    return f"finds all {found} pairs for three limits, moved and brightened ones among them"


@exercise("own.3", "a split that keeps groups together")
def split_by_group(answer) -> str:
    """Judge ``answer(groups, share, seed)``: whole groups, enough of them, by the seed alone."""
    folders = {
        "ten groups of one to ten": [f"thing {n}" for n in range(1, 11) for _ in range(n)],
        "mixed up": [f"{(7 * i) % 12}" for i in range(60)],
        "two groups": ["rex"] * 3 + ["tom"] * 9,
    }
    for words, groups in folders.items():
        total, different = len(groups), set(groups)
        choices = set()
        for seed in range(12):
            for share in (0.25, 0.5, 0.9):
                given = call(answer, list(groups), share, seed)
                case = f"{words}, share {share}, seed {seed}:"
                try:
                    given = [int(place) for place in given]
                except (TypeError, ValueError):
                    raise Wrong("a list of places, whole numbers, is wanted") from None
                if len(set(given)) < len(given) or not set(given) <= set(range(total)):
                    raise Wrong(f"{case} the places must be different, and from 0 to {total - 1}")
                test = {groups[place] for place in given}
                split = test & {groups[place] for place in set(range(total)) - set(given)}
                if split:
                    raise Wrong(f"{case} {min(split)!r} is on both sides")
                if not test:
                    raise Wrong(f"{case} nothing is left to test on")
                if test == different:
                    raise Wrong(f"{case} no group is left to train on")
                if len(given) < share * total and len(test) < len(different) - 1:
                    raise Wrong(f"{case} {len(given)} of {total} pictures are fewer than the share asked for")
                if len(given) - max(groups.count(name) for name in test) >= share * total:  # whichever came last
                    raise Wrong(f"{case} {len(given)} of {total} pictures are more than needed. Stop when enough")
                if sorted(given) != sorted(int(p) for p in call(answer, list(groups), share, seed)):
                    raise Wrong(f"{case} the second call gives another split. Seed your own generator in the function")
                if share == 0.5:
                    choices.add(frozenset(given))
        if len(choices) < 2:
            raise Wrong(f"{words}: twelve seeds give one and the same split. Is the seed used, and anything shuffled?")
    return "whole groups only, enough pictures, the same for the same seed and different for others"


@exercise("own.4", "a new last layer")
def for_new_classes(answer) -> str:
    """Judge ``answer(net, num_classes)``: the same network under a fresh last layer, the old one untouched."""
    torch.manual_seed(0)
    nets = [
        nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(),
                      nn.Linear(4, 10)),
        nn.Sequential(nn.Flatten(), nn.Linear(3 * 8 * 8, 6), nn.ReLU(), nn.Linear(6, 2)),
    ]  # fmt: skip
    for net in nets:
        net(torch.randn(9, 3, 8, 8))  # so that the batch norm has seen something
        before = copy.deepcopy(net.state_dict())
        given = call(answer, net, 5)
        if not isinstance(given, nn.Module):
            raise Wrong(f"a network is wanted, and you return {type(given).__name__}")
        now = net.state_dict()
        if given is net or now.keys() != before.keys() or any(now[k].shape != v.shape for k, v in before.items()):
            raise Wrong("the given network has changed. Copy it first")
        x = torch.randn(7, 3, 8, 8)
        out = call(given.eval(), x)
        if tuple(out.shape) != (7, 5):
            raise Wrong(f"7 pictures must give logits of shape (7, 5), and yours have {tuple(out.shape)}")
        layers = list(given.children())
        last = layers[-1] if layers else None
        if not isinstance(last, nn.Linear) or last.in_features != net[-1].in_features:
            raise Wrong("the last layer is to be *exchanged*, for an nn.Linear that takes as many features as it did")
        features = []
        handle = last.register_forward_hook(lambda module, inputs, output, seen=features: seen.append(inputs[0]))
        given(x)
        handle.remove()
        if not torch.allclose(features[0], net[:-1].eval()(x), atol=1e-6):
            raise Wrong("what comes before the last layer differs. Are all weights, and the running means, taken over?")
        given.train()(x).square().sum().backward()
        if any(p.grad is None for p in given.parameters()):
            raise Wrong("some parameters get no gradient; all layers are to go on learning")
        with torch.no_grad():
            for p in given.parameters():
                p.add_(1)
        if any(not torch.equal(net.state_dict()[k], v) for k, v in before.items()):
            raise Wrong("when the new network is trained the old one changes too: they share weights. Copy deeply")
    return "all weights but the last layer's are taken over, and the given network stays as it was"


@exercise("own.5", "answers with a threshold")
def answers(answer) -> str:
    """Judge ``answer(logits, threshold)``: the surest class, or -1 where its probability is too low."""
    torch.manual_seed(0)
    for scale, classes in ((1.0, 3), (4.0, 10), (0.1, 2)):
        logits = scale * torch.randn(200, classes)
        for threshold in (0.0, 0.5, 0.9):
            sure, label = logits.softmax(dim=1).max(dim=1)
            right = torch.where(sure < threshold, -1, label)
            given = call(answer, logits.clone(), threshold)
            if not isinstance(given, torch.Tensor) or tuple(given.shape) != (200,):
                raise Wrong("200 pictures must give a tensor of shape (200,), an answer each")
            given = given.long()
            if torch.equal(given, right):
                continue
            case = f"with {classes} classes and a threshold of {threshold}"
            if torch.equal(given, torch.where(logits.max(dim=1).values < threshold, -1, label)):
                raise Wrong(f"{case}: you compare the logits. The threshold is for probabilities: softmax first")
            if torch.equal(given, torch.where(logits.sigmoid().max(dim=1).values < threshold, -1, label)):
                raise Wrong(f"{case}: the classes exclude one another, so softmax and not sigmoid")
            if torch.equal(given, torch.where(sure >= threshold, -1, label)):
                raise Wrong(f"{case}: you refuse the sure ones")
            if torch.equal(given, label):
                raise Wrong(f"{case}: nothing is refused, and {int((right == -1).sum())} pictures should be")
            if torch.equal(given, torch.where(logits.softmax(dim=0).max(dim=1).values < threshold, -1, label)):
                raise Wrong(f"{case}: the softmax runs over the pictures. The classes are dimension 1")
            raise Wrong(f"{case}: {int((given != right).sum())} of 200 answers differ")
    return "right for three thresholds, between 2 and 10 classes"
