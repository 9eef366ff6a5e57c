"""The exercises of "Training a network": the stub, right answers written in several ways, and typical slips."""

import math

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from cnnlib.check import check
from cnnlib.check.broken_loops import batches_for_it, epoch, mixes, net_from_a_test


def verdict(capsys, name, answer):
    check(name, answer)
    return capsys.readouterr().out


def right(name, answer):
    check(name, answer, strict=True)


def stub(*arguments):
    """Return nothing, as every function with a gap does."""


@pytest.mark.parametrize("number", [1, 2, 4, 5])
def test_stub_is_not_answered(capsys, number):
    assert "not answered yet" in verdict(capsys, f"training.{number}", stub)


@pytest.mark.parametrize("number", [1, 2, 3, 4, 5])
def test_a_number_is_no_function(capsys, number):
    assert "a function is wanted" in verdict(capsys, f"training.{number}", 3.0)


# 1: cross-entropy


def by_logsumexp(z, y):
    return (torch.logsumexp(z, dim=1) - z[torch.arange(len(y)), y]).mean()


def by_shifting(z, y):
    z = z - z.max(dim=1, keepdim=True).values
    return (z.exp().sum(dim=1).log() - z.gather(1, y.view(-1, 1)).squeeze(1)).sum() / len(y)


def by_python(z, y):
    total = 0.0
    for row, label in zip(z.tolist(), y.tolist(), strict=True):
        top = max(row)
        total += top + math.log(sum(math.exp(v - top) for v in row)) - row[label]
    return total / len(y)


def with_onehot(z, y):
    return -(F.one_hot(y, z.shape[1]) * z.log_softmax(dim=1)).sum(dim=1).mean()


@pytest.mark.parametrize("answer", [by_logsumexp, by_shifting, by_python, with_onehot, F.cross_entropy])
def test_cross_entropy_right(answer):
    right("training.1", answer)


@pytest.mark.parametrize(
    ("answer", "hint"),
    [
        (lambda z, y: by_shifting(z, y) * len(y), "sum over the batch"),
        (lambda z, y: -by_logsumexp(z, y), "sign"),
        (lambda z, y: by_logsumexp(z, y) / math.log(2), "base 2"),
        (lambda z, y: by_logsumexp(z, y) / math.log(10), "base 10"),
        (lambda z, y: (z.exp().sum(dim=1).log() - z[torch.arange(len(y)), y]).mean(), "32 bits"),
        (lambda z, y: ((z - z.max()).exp().sum(1).log() - (z - z.max())[torch.arange(len(y)), y]).mean(), "row"),
        (lambda z, y: F.cross_entropy(z.softmax(dim=1), y), "twice"),
        (lambda z, y: -(F.one_hot(y, z.shape[1]) * z.log_softmax(dim=1)).mean(), "only the right class"),
        (lambda z, y: -z.log_softmax(dim=0)[torch.arange(len(y)), y].mean(), "dim=1"),
        (lambda z, y: z.softmax(dim=1)[torch.arange(len(y)), y].mean(), "without the logarithm"),
        (lambda z, y: -z.softmax(dim=1)[torch.arange(len(y)), y].mean().log(), "first take the logarithm of each"),
        (lambda z, y: F.cross_entropy(z, y, reduction="none"), "one number"),
        (lambda z, y: z @ y, "stops with RuntimeError"),
    ],
)
def test_cross_entropy_wrong(capsys, answer, hint):
    said = verdict(capsys, "training.1", answer)
    assert said.startswith("✗") and hint in said


# 2: momentum


def pytorchs_way(w, g, v, lr, momentum):
    v = momentum * v + g
    return w - lr * v, v


def with_the_rate_inside(w, g, v, lr, momentum):
    v = momentum * v - lr * g
    return w + v, v


def in_place(w, g, v, lr, momentum):
    v.mul_(momentum).add_(g)
    w -= lr * v
    return [w, v]


@pytest.mark.parametrize("answer", [pytorchs_way, with_the_rate_inside, in_place])
def test_sgd_step_right(answer):
    right("training.2", answer)


def uphill(w, g, v, lr, momentum):
    v = momentum * v + g
    return w + lr * v, v


def stale(w, g, v, lr, momentum):
    return w - lr * v, momentum * v + g


def forgetful(w, g, v, lr, momentum):
    return w - lr * (momentum * v + g), v


def damped(w, g, v, lr, momentum):
    v = momentum * v + (1 - momentum) * g
    return w - lr * v, v


def nesterov(w, g, v, lr, momentum):
    v = momentum * v + g
    return w - lr * (g + momentum * v), v


def without_rate(w, g, v, lr, momentum):
    v = momentum * v + g
    return w - v, v


@pytest.mark.parametrize(
    ("answer", "hint"),
    [
        (uphill, "you walk up"),
        (stale, "velocity of the step before"),
        (forgetful, "forgets the earlier gradients"),
        (damped, "1 - momentum"),
        (nesterov, "Nesterov"),
        (without_rate, "where is the learning rate"),
        (lambda w, g, v, lr, momentum: w - lr * g, "two things are wanted"),
        (lambda w, g, v, lr, momentum: (w[:2], v), "shape"),
        (lambda w, g, v, lr, momentum: (w, v), "leaves PyTorch's path"),
    ],
)
def test_sgd_step_wrong(capsys, answer, hint):
    said = verdict(capsys, "training.2", answer)
    assert said.startswith("✗") and hint in said


# 3: the loop with five bugs; a reader's loop is written here with a switch for each


def loop(*slips):
    def train_one_epoch(net, batches, lr):
        total = 0.0
        if "mode" not in slips:
            net.train()
        for x, y in batches:
            z = net(x)
            loss = F.cross_entropy(F.softmax(z, dim=1) if "softmax" in slips else z, y)
            if "adds up" not in slips:
                net.zero_grad()
            loss.backward()
            with torch.no_grad():
                for w in net.parameters():
                    w += (lr if "uphill" in slips else -lr) * w.grad
            total += loss.item() * (1 if "account" in slips else len(y))
        return total / sum(len(y) for x, y in batches)

    return train_one_epoch


ALL = ("mode", "softmax", "adds up", "uphill", "account")


def test_loop_as_given_is_not_answered(capsys):
    assert "not answered yet" in verdict(capsys, "training.3", loop(*ALL))


@pytest.mark.parametrize("slips", [mix for mix in mixes(*ALL) if 0 < len(mix) < 5], ids="+".join)
def test_every_mix_of_mistakes_is_told(capsys, slips):
    said = verdict(capsys, "training.3", loop(*slips))
    assert f"{len(slips)} of the 5 mistakes {'is' if len(slips) == 1 else 'are'} left" in said


@pytest.mark.parametrize(
    ("slip", "hint"),
    [("mode", "evaluation mode"), ("softmax", "floor"), ("adds up", "already there"), ("uphill", "grows"),
     ("account", "mean loss over all pictures")],
)  # fmt: skip
def test_loop_each_mistake_has_its_hint(capsys, slip, hint):
    assert hint in verdict(capsys, "training.3", loop(slip))


def with_an_optimizer(net, batches, lr):
    optimizer, losses = torch.optim.SGD(net.parameters(), lr=lr), []
    net.train()
    for x, y in batches:
        optimizer.zero_grad()
        loss = nn.CrossEntropyLoss(reduction="sum")(net(x), y)
        (loss / len(y)).backward()
        optimizer.step()
        losses.append(loss.detach())
    return sum(losses) / sum(len(y) for _, y in batches)


def clearing_at_the_end(net, batches, lr):
    net.train()
    total = 0.0
    for x, y in batches:
        loss = F.cross_entropy(net(x), y)
        loss.backward()
        with torch.no_grad():
            for w in net.parameters():
                w -= lr * w.grad
                w.grad = None
        total += loss.item() * len(x)
    net.eval()
    return total / sum(len(x) for x, _ in batches)


@pytest.mark.parametrize("answer", [loop(), with_an_optimizer, clearing_at_the_end])
def test_loop_right(answer):
    right("training.3", answer)


def mean_of_means(net, batches, lr):
    means, _ = [], loop()(net, batches, lr)
    means = epoch(batches, lr, ())[1]
    return sum(means) / len(means)


def one_step_on_everything(net, batches, lr):
    return loop()(net, [tuple(torch.cat(part) for part in zip(*batches, strict=True))], lr)


def without_a_step(net, batches, lr):
    net.train()
    return sum(F.cross_entropy(net(x), y).item() * len(y) for x, y in batches) / sum(len(y) for _, y in batches)


@pytest.mark.parametrize(
    ("answer", "hint"),
    [
        (mean_of_means, "1 of the 5 mistakes is left. One: the weights move as they should"),
        (one_step_on_everything, "one step of plain SGD for each batch"),
        (without_a_step, "Which line was to change them"),
        (lambda net, batches, lr: 1.0, "never called"),
        (lambda net, batches, lr: net(batches[0][0]), "one number"),
    ],
)
def test_loop_wrong(capsys, answer, hint):
    assert hint in verdict(capsys, "training.3", answer)


def test_the_mixes_leave_different_weights():
    """Else the judge could not tell one mistake from another."""
    ends = [epoch(batches_for_it(), 0.5, slips)[0] for slips in mixes("softmax", "adds up", "uphill")]
    for i, one in enumerate(ends):
        for other in ends[:i]:
            assert not all(torch.allclose(a, b, atol=1e-3) for a, b in zip(one, other, strict=True))
    assert not net_from_a_test().training


# 4: choosing


def by_min(histories):
    sound = {lr: h for lr, h in histories.items() if not h.diverged}
    return min(sound, key=lambda lr: sound[lr].last["val_loss"])


def by_loop(histories):
    best = None
    for lr, history in histories.items():
        loss = history.column("val_loss")[-1]
        if math.isfinite(loss) and (best is None or loss < best[0]):
            best = (loss, lr)
    return best[1]


@pytest.mark.parametrize("answer", [by_min, by_loop])
def test_choose_right(answer):
    right("training.4", answer)


@pytest.mark.parametrize(
    ("answer", "hint"),
    [
        (lambda h: min(h, key=lambda lr: h[lr].last["train_loss"]), "lowest training loss"),
        (lambda h: min(h, key=lambda lr: min(h[lr].column("val_loss"))), "of any epoch"),
        (lambda h: max(h, key=lambda lr: h[lr].last["val_accuracy"]), "highest validation accuracy"),
        (lambda h: max(h, key=lambda lr: h[lr].last["val_loss"]), "highest validation loss"),
        (lambda h: min(h, key=lambda lr: h[lr].last["val_loss"]), "nan"),
        (lambda h: min(h[lr].last["val_loss"] for lr in h), "none of the rates"),
        (lambda h: list(h), "none of the rates"),
    ],
)
def test_choose_wrong(capsys, answer, hint):
    said = verdict(capsys, "training.4", answer)
    assert said.startswith("✗") and hint in said


# 5: view and permute


@pytest.mark.parametrize(
    "answer",
    [
        lambda p: p.permute(0, 3, 1, 2).reshape(len(p), -1),
        lambda p: p.permute(0, 3, 1, 2).contiguous().view(p.size(0), -1),
        lambda p: torch.stack([torch.cat([one[..., c].flatten() for c in range(p.shape[3])]) for one in p]),
        lambda p: p.movedim(-1, 1).flatten(1),
    ],
)
def test_to_rows_right(answer):
    right("training.5", answer)


@pytest.mark.parametrize(
    ("answer", "hint"),
    [
        (lambda p: p.view(len(p), -1), "never reorder"),
        (lambda p: p.view(len(p), p.shape[3], p.shape[1], p.shape[2]).flatten(1), "never reorder"),
        (lambda p: p.transpose(1, 3).flatten(1), "height and width are exchanged"),
        (lambda p: p.permute(0, 3, 1, 2).view(len(p), -1), "stops with RuntimeError"),
        (lambda p: p.permute(0, 3, 1, 2), "shape"),
        (lambda p: p.flip(0).permute(0, 3, 1, 2).flatten(1), "wrong order"),
        (lambda p: p.tolist(), "list"),
    ],
)
def test_to_rows_wrong(capsys, answer, hint):
    said = verdict(capsys, "training.5", answer)
    assert said.startswith("✗") and hint in said
