"""The drill: endless questions on sizes and costs, each checked by computing its answer."""

from __future__ import annotations

import html

import traitlets

from cnnlib.errors import unknown
from cnnlib.widgets import bundle
from cnnlib.widgets.base import BadSetting, Widget
from cnnlib.widgets.tasks import answer

# One question of each kind for a page without JavaScript: what is asked, the layer, its task.
EXAMPLES = {
    "output_size": ("ask_output_size", "nn.Conv2d(3, 96, kernel_size=11, stride=4)", "conv_output_size",
                    {"input_size": 227, "kernel_size": 11, "stride": 4}),
    "pooling_size": ("ask_pooling_size", "nn.MaxPool2d(kernel_size=3, stride=2)", "pool_output_size",
                     {"input_size": 55, "kernel_size": 3, "stride": 2}),
    "transposed_size": ("ask_transposed_size", "nn.ConvTranspose2d(64, 32, kernel_size=4, stride=2, padding=1)",
                        "conv_transpose_output_size", {"input_size": 14, "kernel_size": 4, "stride": 2, "padding": 1}),
    "parameters": ("ask_parameters", "nn.Conv2d(3, 10, kernel_size=11)", "conv_parameters",
                   {"in_channels": 3, "out_channels": 10, "kernel_size": 11}),
    "receptive_field": ("ask_receptive_field", "nn.Conv2d(1, 6, kernel_size=5)\nnn.MaxPool2d(kernel_size=2)",
                        "receptive_field", {"windows": [{"kernel_size": 5}, {"kernel_size": 2, "stride": 2}]}),
    "macs": ("ask_macs", "nn.Conv2d(6, 16, kernel_size=5)", "conv_layer_macs",
             {"input_size": 14, "in_channels": 6, "out_channels": 16, "kernel_size": 5}),
}  # fmt: skip
TOPICS = (*EXAMPLES, "mixed")
LIMITS = {"level": (1, 3), "seed": (0, 1_000_000), "number": (1, 1_000_000)}


class Drill(Widget):
    """Ask without end: output sizes, parameters, receptive fields, multiply-adds, each answer checked by computing it.

    A wrong answer is told which slip it looks like, and after two tries the way to the right one is shown. The same
    topic, level and seed ask the same questions in the same order.

    Parameters
    ----------
    topic : str
        ``"output_size"``, ``"pooling_size"``, ``"transposed_size"``, ``"parameters"``, ``"receptive_field"``,
        ``"macs"`` or ``"mixed"``.
    level : int
        1 (plain), 2 (with traps) or 3 (everything: dilation, groups, long stacks).
    seed : int
        Another seed, other questions.
    number : int
        Which question is shown, from 1.

    Attributes
    ----------
    answered, correct : int
        Questions answered so far, and those of them answered right within two tries.

    Raises
    ------
    BadSetting
        If there is no such topic, or a number is out of range.

    Examples
    --------
    >>> w = Drill(topic="receptive_field", level=2)
    >>> w.answered, w.correct
    (0, 0)
    """

    module = "drill"

    topic = traitlets.Unicode("mixed").tag(sync=True)
    level = traitlets.Int(1).tag(sync=True)
    seed = traitlets.Int(0).tag(sync=True)
    number = traitlets.Int(1).tag(sync=True)
    answered = traitlets.Int(0, read_only=True).tag(sync=True)
    correct = traitlets.Int(0, read_only=True).tag(sync=True)

    @property
    def heights(self) -> tuple[int, int]:
        """Pixels to keep free; questions on stacks have more lines of code."""
        return (970, 740) if self.topic in ("receptive_field", "mixed") else (890, 670)

    @traitlets.validate("topic")
    def _known_topic(self, proposal):
        if proposal["value"] not in TOPICS:
            raise BadSetting(str(unknown("topic", proposal["value"], TOPICS)))
        return proposal["value"]

    @traitlets.validate("level", "seed", "number")
    def _in_range(self, proposal):
        name, value = proposal["trait"].name, proposal["value"]
        low, high = LIMITS[name]
        if not low <= value <= high:
            nearest = min(max(value, low), high)
            raise BadSetting(f"{name} is {value}; it must be from {low} to {high}. Use {name}={nearest}.")
        return value

    def picture(self) -> str:
        """Return a question of the topic with its answer folded away, for a page without JavaScript."""
        text = bundle.words(self.module)
        ask, code, task, args = EXAMPLES["output_size" if self.topic == "mixed" else self.topic]
        question = text[ask].format(n=args.get("input_size"), c=args.get("in_channels"))
        return (
            f'<div class="cw cw-drill"><p><b>{html.escape(text["title"])}: '
            f"{html.escape(text[f'topic_{self.topic}'])}</b></p>"
            f"<p>{html.escape(text['example'])}: {html.escape(question)}</p><pre>{html.escape(code)}</pre>"
            f"<details><summary>{html.escape(text['answer'])}</summary>"
            f"<p>{answer(task, args):,}</p></details>"
            f"<p>{html.escape(text['no_script'])}</p></div>"
        )
