"""GoogLeNet against table 1 of its paper, its branches, its heads; the Inception net of note 002."""

import pytest
import torch
from torch.nn import functional as F

from cnnlib import models
from cnnlib.errors import BadInput
from cnnlib.inspect import layer_table
from cnnlib.models.googlenet import HEADS_ON, TABLE, Branches, Inception, auxiliary_head
from cnnlib.models.inception_note002 import InceptionA

# Table 1, the column "output size" (ours with channels first); blocks in their order.
OUTPUTS = {"3a": (256, 28, 28), "3b": (480, 28, 28), "pool3": (480, 14, 14), "4a": (512, 14, 14), "4b": (512, 14, 14),
           "4c": (512, 14, 14), "4d": (528, 14, 14), "4e": (832, 14, 14), "pool4": (832, 7, 7), "5a": (832, 7, 7),
           "5b": (1024, 7, 7)}  # fmt: skip


def parameters(net):
    return sum(p.numel() for p in net.parameters())


@pytest.fixture(scope="module")
def table():
    with torch.device("meta"):
        return layer_table(models.build("googlenet"), (3, 224, 224))


def last_row(table, prefix):
    return [row for row in table if row.name.startswith(prefix) or row.name == prefix][-1]


def test_the_counts_are_the_papers_sum():
    with torch.device("meta"):
        heads = 2 * (2048 * 1024 + 1024 + 1024 * 1000 + 1000) + 128 * (512 + 1) + 128 * (528 + 1)
        assert parameters(models.build("googlenet", auxiliary=False)) == 6_998_552
        assert parameters(models.build("googlenet")) == 6_998_552 + heads


def test_every_output_size_of_table_1(table):
    assert list(OUTPUTS) == list(TABLE)
    shapes = [row.output_shape for row in table if row.kind == "F.cat" or row.name in ("blocks.pool3", "blocks.pool4")]
    assert shapes == list(OUTPUTS.values())
    assert table["stem.conv1"].output_shape == (64, 112, 112)
    assert table["stem.pool1"].output_shape == (64, 56, 56)
    assert table["stem.conv2"].output_shape == (192, 56, 56)
    assert table["stem.pool2"].output_shape == (192, 28, 28)
    assert table["average"].output_shape == (1024, 1, 1)


def test_22_layers_have_weights_on_the_longest_path_and_1500_million_multiply_adds(table):
    blocks = [name for name, row in TABLE.items() if row]
    assert 3 + 2 * len(blocks) + 1 == 22  # the paper counts two layers a block
    assert 1.5e9 < table.total_macs < 1.6e9  # the paper: 1.5 billion in all
    assert not any(row.name.startswith("heads") for row in table), "the heads are not used in evaluation"


def test_a_block_is_its_four_branches_stacked():
    torch.manual_seed(0)
    block, x = Inception(5, Branches(one=2, reduce3=3, three=4, reduce5=2, five=3, pool=1)), torch.randn(2, 5, 9, 9)

    def conv(layers, x, name=""):
        layer = getattr(layers, f"{name}conv")
        return F.conv2d(x, layer.weight, layer.bias, padding=layer.kernel_size[0] // 2).relu()

    three = conv(block.branch3, conv(block.branch3, x, "reduce_"))
    five = conv(block.branch5, conv(block.branch5, x, "reduce_"))
    pooled = conv(block.branch_pool, F.max_pool2d(x, 3, 1, 1))
    wanted = torch.cat([conv(block.branch1, x), three, five, pooled], dim=1)
    assert torch.allclose(block(x), wanted, atol=1e-6)
    assert block.branch5.conv.kernel_size == (5, 5), "the paper's 5×5, not torchvision's 3×3"


def test_heads_answer_in_training_only_and_every_parameter_gets_a_gradient():
    torch.manual_seed(0)
    net = models.build("googlenet_32", width=0.125, auxiliary=True)
    x = torch.rand(8, 3, 32, 32)
    answers = net(x)
    assert [tuple(a.shape) for a in answers] == [(8, 10)] * 3
    sum(a.logsumexp(1).sum() for a in answers).backward()
    assert all(p.grad is not None and p.grad.abs().sum() > 0 for p in net.parameters())
    assert net.eval()(x).shape == (8, 10)
    assert models.build("googlenet_32", width=0.125)(x).shape == (8, 10)
    assert list(net.heads) == list(HEADS_ON)


def test_a_head_sees_4_by_4_cells_for_either_picture_size():
    for side in (14, 16):
        assert auxiliary_head(3, 10).pool(torch.zeros(1, 3, side, side)).shape[2:] == (4, 4)


@pytest.mark.parametrize(("width", "batch_norm"), [(1.0, False), (0.25, True), (0.25, False)])
def test_the_small_version_counts_the_same_blocks(width, batch_norm):
    with torch.device("meta"):
        small = models.build("googlenet_32", width=width, batch_norm=batch_norm)
        before, count = max(1, round(192 * width)), 0
        count += before * (27 + (2 if batch_norm else 1))
        extra = 2 if batch_norm else 1  # scale and shift, or the bias
        for row in filter(None, TABLE.values()):
            c = Branches(*(max(1, round(width * n)) for n in row))
            count += sum(o * (i * k * k + extra) for i, o, k in (
                (before, c.one, 1), (before, c.reduce3, 1), (c.reduce3, c.three, 3), (before, c.reduce5, 1),
                (c.reduce5, c.five, 5), (before, c.pool, 1)))  # fmt: skip
            before = c.out_channels
        assert parameters(small) == count + before * 10 + 10


def test_the_small_version_keeps_32_by_32_up_to_the_first_pooling():
    table = layer_table(models.build("googlenet_32", width=0.125), (3, 32, 32))
    sides = [row.output_shape[1] for row in table if row.kind == "F.cat"]
    assert sides == [32, 32, 16, 16, 16, 16, 16, 8, 8]


def test_the_notes_net_has_88_channels_and_1408_features():
    net = models.build("inception_note002")
    table = layer_table(net, (1, 28, 28))
    assert [row.output_shape for row in table if row.kind == "F.cat"] == [(88, 12, 12), (88, 4, 4)]
    assert table["flatten"].output_shape == (1408,)


def test_the_notes_block_is_affine_and_the_mended_one_is_not():
    torch.manual_seed(0)
    a, b = torch.randn(2, 1, 10, 12, 12)
    for activation, affine in (("none", True), ("relu", False)):
        block = InceptionA(10, activation)
        zero = block(torch.zeros_like(a))
        assert torch.allclose(block(a + b) - zero, block(a) - zero + block(b) - zero, atol=1e-5) is affine


def test_the_notes_forward_gives_the_same():
    torch.manual_seed(0)
    net, x = models.build("inception_note002"), torch.rand(3, 1, 28, 28)

    def block(b, x):
        five = b.branch5.conv(b.branch5.point(x))
        three = b.branch3.conv2(b.branch3.conv1(b.branch3.point(x)))
        pool = b.branch_pool.point(F.avg_pool2d(x, kernel_size=3, stride=1, padding=1))
        return torch.cat([b.branch1.point(x), five, three, pool], dim=1)

    y = block(net.incep1, F.relu(F.max_pool2d(net.conv1(x), 2)))
    y = block(net.incep2, F.relu(F.max_pool2d(net.conv2(y), 2)))
    assert torch.allclose(net(x), net.fc(y.view(3, -1)), atol=1e-6)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: models.build("googlenet", width=0), "width is 0"),
        (lambda: models.build("googlenet_32", width=-2), "width is -2"),
        (lambda: models.build("inception_note002", activation="tanh"), "no activation 'tanh'"),
        (lambda: models.build("googlenet", batch_norm=True), "no setting 'batch_norm'"),
    ],
)
def test_bad_settings_are_told_in_one_sentence(call, words):
    with pytest.raises(BadInput, match=words):
        call()
