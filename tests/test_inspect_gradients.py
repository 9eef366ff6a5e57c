"""`inspect.gradient_norms` against gradients taken by hand."""

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from cnnlib import models
from cnnlib.errors import BadInput
from cnnlib.inspect import gradient_norms


def net():
    torch.manual_seed(0)
    return nn.Sequential(nn.Conv2d(1, 4, 3), nn.BatchNorm2d(4), nn.ReLU(), nn.Flatten(), nn.Linear(4 * 36, 10))


X, Y = torch.rand(5, 1, 8, 8), torch.arange(5)


def test_of_outputs_is_the_norm_for_one_picture():
    model = net().eval()  # batch norm fixed: pictures have nothing to do with one another
    norms = []
    for x, y in zip(X, Y, strict=True):
        out = model[0](x[None]).detach().requires_grad_()
        F.cross_entropy(model[1:](out), y[None]).backward()
        norms.append(float(out.grad.norm()))
    assert gradient_norms(model, X, Y)["0"] == pytest.approx(sum(norms) / len(norms), rel=1e-4)


def test_of_outputs_does_not_depend_on_how_many_pictures_there_are():
    model = net().eval()
    once = gradient_norms(model, X, Y)
    twice = gradient_norms(model, torch.cat([X, X]), torch.cat([Y, Y]))
    assert twice == pytest.approx(once, rel=1e-4)


def test_of_weights_is_what_the_optimiser_sees():
    model = net()
    norms = gradient_norms(model, X, Y, of="weights")
    F.cross_entropy(model(X), Y).backward()
    wanted = {"0": float(model[0].weight.grad.norm()), "4": float(model[4].weight.grad.norm())}
    assert norms == pytest.approx(wanted, rel=1e-4)


def test_the_model_stays_as_it_was():
    model = net()
    before = {name: value.clone() for name, value in model.state_dict().items()}
    gradient_norms(model, X, Y)
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())
    assert model[0].weight.grad is None and not model[0]._forward_hooks
    with torch.no_grad():
        assert gradient_norms(model, X, Y)["0"] > 0, "also where the caller has switched gradients off"


def test_layers_come_in_the_order_in_which_they_ran():
    names = list(gradient_norms(models.build("resnet20", width=0.25), torch.rand(4, 3, 32, 32), Y[:4]))
    assert names[:3] == ["conv1", "stage1.0.conv1", "stage1.0.conv2"]
    assert len(names) == 20 and names[-1] == "fc"


@pytest.mark.parametrize("of", ["outputs", "weights"])
def test_small_gradients_have_a_norm_though_their_squares_underflow(of):
    torch.manual_seed(0)
    model = nn.Sequential(nn.Flatten(), nn.Linear(64, 8), nn.Linear(8, 10))
    model[2].weight.data *= 1e-30
    assert 1e-33 < gradient_norms(model, X, Y, of)["1"] < 1e-27


def test_auxiliary_heads_are_left_aside():
    class TwoHeads(nn.Module):
        def __init__(self):
            super().__init__()
            self.main, self.aside = nn.Linear(64, 10), nn.Linear(64, 10)

        def forward(self, x):
            return self.main(x.flatten(1)), self.aside(x.flatten(1))

    torch.manual_seed(0)
    model = TwoHeads()
    assert gradient_norms(model, X, Y)["main"] == pytest.approx(gradient_norms(model.main, X.flatten(1), Y)["Linear"])


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: gradient_norms(net(), X, Y, of="inputs"), "no quantity 'inputs'"),
        (lambda: gradient_norms(net(), X, Y[:3]), "5 images and 3 labels"),
    ],
)
def test_bad_input_is_told_in_one_sentence(call, words):
    with pytest.raises(BadInput, match=words):
        call()
