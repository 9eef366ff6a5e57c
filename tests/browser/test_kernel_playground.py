"""The kernel playground in a real browser: its feature maps are PyTorch's."""

import itertools

import pytest
import torch
from torch.nn import functional as F

from cnnlib.widgets import KernelPlayground

COMPUTED = """async (cases) => {
  const widget = (await window.cnnlibWidgets.load("kernel_playground")).default;
  return cases.map((state) => {
    const kernel = widget.PRESETS[state.preset];
    const { rows, columns, values } = widget.compute(state, kernel);
    return { kernel, rows, columns, values: [...values] };
  });
}"""


def test_feature_maps_equal_torch(visit, page_with):
    widget = KernelPlayground()
    settings = itertools.product(("sobel_x", "gauss", "gabor"), (1, 3), (0, 2), (1, 4), ("none", "max", "average"))
    names = ("preset", "stride", "padding", "dilation", "pooling")
    cases = [widget.state() | dict(zip(names, values, strict=True)) for values in settings]
    image = widget.grey()[None, None].double() / 255
    for case, got in zip(cases, visit(page_with(widget)).evaluate(COMPUTED, cases), strict=True):
        kernel = torch.tensor(got["kernel"], dtype=torch.float64)[None, None]
        expected = F.conv2d(image, kernel, None, case["stride"], case["padding"], case["dilation"])
        if case["pooling"] != "none":
            expected = (F.max_pool2d if case["pooling"] == "max" else F.avg_pool2d)(expected, 2)
        assert (got["rows"], got["columns"]) == expected.shape[2:]
        assert torch.allclose(torch.tensor(got["values"], dtype=torch.float64), expected.flatten(), atol=1e-12)


def test_the_kernel_can_be_chosen_and_edited(visit, page_with):
    page = visit(page_with(KernelPlayground()), width=320)
    note = page.locator(".cw-note").inner_text
    assert "sum to 1" in note()
    page.get_by_label("kernel", exact=True).select_option("laplace")
    assert "sum to 0" in note()
    assert "from −" in note(), "a Laplacian gives negative values too"
    weight = page.get_by_label("Weight in row 1, column 1")
    weight.fill("-3")
    page.keyboard.press("Tab")
    assert "sum to 1" in note()
    weight.fill("")
    page.keyboard.press("Tab")
    assert weight.input_value() == "-3"
    assert page.evaluate("document.documentElement.scrollWidth") <= 320


def test_stride_and_pooling_shrink_the_picture(visit, page_with):
    page = visit(page_with(KernelPlayground()))
    caption = page.locator("figcaption").last.inner_text
    assert "78×118" in caption()
    page.get_by_label("stride", exact=True).fill("2")
    page.keyboard.press("Tab")
    assert "39×59" in caption()
    page.get_by_label("then pooling 2×2").select_option("max")
    assert "19×29" in caption()


@pytest.mark.parametrize("setting", [{"preset": "blur"}, {"stride": 0}, {"pooling": "min"}, {"photograph": "cat"}])
def test_bad_settings_are_refused(setting):
    with pytest.raises(ValueError, match=str(next(iter(setting.values())))):
        KernelPlayground(**setting)
