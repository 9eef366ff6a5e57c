"""Part two: programs that run and are wrong."""

from __future__ import annotations

import functools

import torch
from torch import nn
from torch.nn import functional as F

from cnnlib.check.broken_loops import Probe, batches_for_it, epoch, mixes, net_from_a_test
from cnnlib.check.debug import programs
from cnnlib.check.debug.asking import a_number, a_tensor
from cnnlib.check.engine import NotAnswered, Wrong, call, exercise


@exercise("debug.6", "seven steps that learn nothing")
def seven_steps(answer) -> str:
    """Judge ``answer(cnn, train_loader, learning_rate)`` by the weights that it leaves, against plain SGD."""
    lr, batches, cnn = 0.5, batches_for_it(), net_from_a_test()
    try:
        call(functools.partial(answer, cnn, batches, lr) if callable(answer) else answer)
    except NotAnswered:  # a loop need not return anything; whether it is the stub shows in the network
        if not cnn[-1].modes:
            raise
    except Wrong as problem:
        if "UnboundLocalError" in str(problem) or "NameError" in str(problem):
            raise Wrong(f"{problem}. nn.CrossEntropyLoss() makes a loss function. Which line calls it?") from problem
        raise
    if not cnn[-1].modes:
        raise Wrong("the network was never called")
    start = list(net_from_a_test().parameters())
    if all(torch.equal(a, b) for a, b in zip(cnn.parameters(), start, strict=True)):
        raise Wrong("it runs, and not one weight has moved. `weight = …` lets the name `weight` stand for a new "
                    "tensor; the network still holds the old one. Change that one in place")  # fmt: skip
    for slips in mixes("softmax", "adds up", "uphill"):
        weights, _ = epoch(batches, lr, slips)
        if all(torch.allclose(a, b, atol=1e-5) for a, b in zip(cnn.parameters(), weights, strict=True)):
            if not slips:
                return f"after {len(batches)} steps the weights are those of plain SGD"
            hints = {
                "uphill": "the loss grows from step to step. Where does a gradient point?",
                "softmax": "CrossEntropyLoss takes logits; it has a softmax of its own",
                "adds up": "the gradients of earlier steps are still there in the later ones",
            }
            raise Wrong(hints[next(slip for slip in hints if slip in slips)])
    raise Wrong("the weights have moved, but not by one step of plain SGD for each batch")


@exercise("debug.7", "an accuracy that depends on the neighbours")
def accuracy(answer) -> str:
    """Judge ``answer(net, x, y)``: the share of right answers in evaluation mode, the network left as it was found."""
    random = torch.Generator().manual_seed(7)
    x, y = torch.randn(40, 4, generator=random) + 3, torch.randint(3, (40,), generator=random)
    for was_training in (True, False):
        net = nn.Sequential(nn.BatchNorm1d(4), nn.Linear(4, 3), nn.Dropout(0.5), Probe())
        with torch.no_grad():
            for w in net.parameters():
                w.copy_(torch.randn(w.shape, generator=random))
            right = (net.eval()(x).argmax(dim=1) == y).double().mean().item()
        before = {name: value.clone() for name, value in net.state_dict().items()}
        net[-1].modes.clear()
        net.train(was_training)
        given = a_number(call(functools.partial(answer, net, x, y) if callable(answer) else answer))
        if any(net[-1].modes):
            raise Wrong("the network was asked in training mode: dropout throws the dice, and batch norm looks at the "
                        "neighbours in the batch")  # fmt: skip
        if any(not torch.equal(before[name], value) for name, value in net.state_dict().items()):
            raise Wrong("measuring has changed the network")
        if abs(given - right) > 1e-6:
            slips = {100 * right: "That is in percent; a share from 0 to 1 is wanted",
                     len(y) * right: "That is how many, and not which share"}  # fmt: skip
            hint = next((words for value, words in slips.items() if abs(given - value) < 1e-4), "")
            raise Wrong(f"{right:.3f} of the pictures are right, and you say {given:.3f}. {hint}".rstrip())
        if net.training != was_training:
            modes = ("training", "evaluation") if was_training else ("evaluation", "training")
            raise Wrong(f"the network came in {modes[0]} mode and leaves in {modes[1]} mode. Whoever measures in the "
                        "middle of a training goes on in the wrong mode. net.training tells the mode")  # fmt: skip
    return "measured in evaluation mode, and the network left as it was, in either mode"


@exercise("debug.8", "which p has this dropout?")
def dropout_p(answer) -> str:
    """Judge ``answer(layer)`` on dropout layers in training mode."""
    for p in (0.5, 0.2, 0.75, 0.0, 0.9):
        torch.manual_seed(8)
        given = a_number(call(answer, nn.Dropout(p)))
        if abs(given - p) <= 0.02:
            continue
        slips = {1 - p: "That is the share that stays",
                 1 / (1 - p): "That is the factor by which the survivors are scaled",
                 0.5: "It is not always one half. Send ones through the layer, and look at what comes out"}  # fmt: skip
        hint = next((words for value, words in slips.items() if abs(given - value) <= 0.02), "")
        raise Wrong(f"of a layer with p={p} you say {given:.3g}. {hint}".rstrip())
    return "found for p from 0 to 0.9, without looking it up"


@exercise("debug.9", "an average that darkens the border")
def pool_branch(answer) -> str:
    """Judge ``answer(x)``: 3×3 averages at stride 1 over the cells that exist, against PyTorch's own."""
    random = torch.Generator().manual_seed(9)
    for shape in ((1, 1, 5, 5), (2, 3, 4, 7)):
        for x in (torch.ones(shape), torch.randn(shape, generator=random)):
            wanted = F.avg_pool2d(x, 3, stride=1, padding=1, count_include_pad=False)
            given = a_tensor(call(answer, x.clone()), tuple(x.shape), "a map as large as the input")
            if torch.allclose(given, wanted.double(), atol=1e-5):
                continue
            if torch.allclose(given, F.avg_pool2d(x, 3, stride=1, padding=1).double(), atol=1e-5):
                raise Wrong("a picture of ones has 4/9 in its corners: five of nine numbers there are padding. "
                            "Divide by as many cells as exist; avg_pool2d has a setting for it")  # fmt: skip
            if torch.allclose(given, F.max_pool2d(x, 3, stride=1, padding=1).double(), atol=1e-5):
                raise Wrong("that is the largest cell of each window, and the average is asked for")
            if torch.equal(x, torch.ones(shape)):
                raise Wrong("a picture of ones should stay one everywhere")
            raise Wrong("a picture of ones stays as it is, but others come out wrong at the border. Do you fill the "
                        "padding with invented cells? Leave it out of the average instead")  # fmt: skip
    return "every window is averaged over the cells that it really has"


@exercise("debug.10", "a block of straight lines")
def inception(answer) -> str:
    """Judge ``answer(in_channels)``: the Inception block of note 002 with a ReLU behind each of its convolutions."""
    for channels in (10, 3):
        torch.manual_seed(10)
        block = call(answer, channels)
        if not isinstance(block, nn.Module):
            raise Wrong(f"an nn.Module is wanted, and you return {type(block).__name__}")
        right = programs.InceptionA(channels)
        try:
            right.load_state_dict(block.state_dict())
        except RuntimeError:
            raise Wrong("its convolutions are not the note's. Keep names and sizes; ReLU has no weights") from None
        x = torch.randn(2, channels, 9, 9)
        with torch.no_grad():
            given = call(block, x)
            if not isinstance(given, torch.Tensor) or tuple(given.shape) != (2, 88, 9, 9):
                raise Wrong("(2, 10, 9, 9) should become (2, 88, 9, 9): four branches behind one another")
            if torch.allclose(given, right(x), atol=1e-5):
                continue
            for inner, last, hint in (
                (False, False, "it is as straight as before: between two convolutions there is still nothing"),
                (True, False, "inside of the branches it is mended. But the block's last convolutions are followed by "
                 "a convolution too: whichever comes next"),
                (False, True, "the ends are mended. Inside of a branch two convolutions in a row are still one"),
            ):  # fmt: skip
                right.inner, right.last = inner, last
                if torch.allclose(given, right(x), atol=1e-5):
                    raise Wrong(hint)
        raise Wrong("with the note's weights and a ReLU behind each convolution other numbers come out")
    return "seven convolutions, a ReLU behind each, and 88 channels as before"


@exercise("debug.11", "a test set that standardised itself")
def standardise(answer) -> str:
    """Judge ``answer(train, test)``: both scaled by the training pictures' mean and deviation, channel by channel."""
    random = torch.Generator().manual_seed(11)
    tint, spread = torch.tensor([0.0, 4.0, -2.0]).view(3, 1, 1), torch.tensor([1.0, 3.0, 0.5]).view(3, 1, 1)
    train = torch.randn(30, 3, 8, 8, generator=random) * spread + tint
    test = 2 * torch.randn(6, 3, 8, 8, generator=random) * spread + tint + 1

    def scaled(x, by, dims=(0, 2, 3), power=1):
        return (x - by.mean(dim=dims, keepdim=True)) / by.std(dim=dims, keepdim=True) ** power

    pair = call(answer, train.clone(), test.clone())
    if not isinstance(pair, tuple | list) or len(pair) != 2:
        raise Wrong("two tensors are wanted: the training pictures and the test pictures, both standardised")
    ours = a_tensor(pair[0], tuple(train.shape), "the tensor of training pictures")
    theirs = a_tensor(pair[1], tuple(test.shape), "the tensor of test pictures")

    def same(given, wanted):
        return torch.allclose(given, wanted.double(), rtol=1e-2, atol=1e-2)

    if not same(ours, scaled(train, train)):
        hint = "One mean and one deviation for each channel" if same(ours, scaled(train, train, (0, 1, 2, 3))) else (
            "Divide by the standard deviation, not by its square" if same(ours, scaled(train, train, power=2)) else
            "They should have mean 0 and deviation 1 in each channel")  # fmt: skip
        raise Wrong(f"the training pictures are not right yet. {hint}")
    if same(theirs, scaled(test, test)):
        raise Wrong("the test pictures are measured by themselves: in another test set the same picture comes out "
                    "differently, and a dark test set is made bright. Use what the training set says")  # fmt: skip
    if same(theirs, test):
        raise Wrong("the test pictures are as they were; the network expects them as it knows the training pictures")
    if not same(theirs, scaled(test, train)):
        raise Wrong("the test pictures are not right yet: the same two numbers a channel as for training")
    return "both by the training set's numbers, so a picture's values do not depend on its company"
