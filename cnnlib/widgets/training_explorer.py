"""The training explorer: recorded runs that the reader predicts first and then walks through, epoch by epoch."""

from __future__ import annotations

import html
from typing import TYPE_CHECKING

import traitlets

from cnnlib.errors import unknown
from cnnlib.widgets import bundle
from cnnlib.widgets.base import BadSetting, Widget

if TYPE_CHECKING:
    from cnnlib.results import Record

ASSET = "training_runs"
QUANTITIES = ("loss", "accuracy")


class TrainingExplorer(Widget):
    """Predict how some recorded runs end, then look at their curves, gradients and weights in every epoch.

    Parameters
    ----------
    comparison : {'learning-rate', 'optimizer', 'depth', 'batch-norm', 'dropout', 'remedies'}
        Which runs are set side by side.
    epoch : int
        The epoch to begin with, from 1.
    quantity : {'loss', 'accuracy'}
        What the curves show.
    predicted : bool
        Whether the prediction is behind the reader, so that the curves are shown.

    Raises
    ------
    BadSetting
        If there is no such comparison or quantity, or its runs have no such epoch.

    Examples
    --------
    >>> w = TrainingExplorer(comparison="optimizer")
    >>> w.epochs, [name.split("@")[0] for name in w.runs]
    (10, ['watched/sgd-0.01', 'watched/momentum-0.01', 'watched/adam-0.001', 'watched/adam-0.01'])
    """

    module = "training_explorer"

    comparison = traitlets.Unicode("learning-rate").tag(sync=True)
    epoch = traitlets.Int(1).tag(sync=True)
    quantity = traitlets.Unicode("loss").tag(sync=True)
    predicted = traitlets.Bool(False).tag(sync=True)

    def assets(self) -> list[str]:
        """Name the file of recorded runs."""
        return [ASSET]

    @property
    def heights(self) -> tuple[int, int]:
        """Pixels that it takes before the reader has done anything, on a phone and on a wide page."""
        names = self.runs_shown
        if not self.predicted:
            return 1000 + 32 * (len(names) - 4), 660
        return (2150, 1335) if _data()["runs"][names[0]]["layers"] else (1500, 1085)

    @property
    def runs_shown(self) -> list[str]:
        """Names of the runs that are set side by side: experiment, variant and data set."""
        return _comparison(self.comparison)["runs"]

    @property
    def runs(self) -> dict[str, Record]:
        """The records behind the curves, by name."""
        from cnnlib.widgets import training_runs

        return {name: training_runs.load(name) for name in self.runs_shown}

    @property
    def epochs(self) -> int:
        """How many epochs the runs of this comparison have."""
        return max(_data()["runs"][name]["recipe"]["epochs"] for name in self.runs_shown)

    @traitlets.validate("comparison")
    def _is_there(self, proposal):
        names = [each["name"] for each in _data()["comparisons"]]
        if proposal["value"] not in names:
            raise BadSetting(str(unknown("comparison", proposal["value"], names)))
        return proposal["value"]

    @traitlets.validate("quantity")
    def _is_recorded(self, proposal):
        if proposal["value"] not in QUANTITIES:
            raise BadSetting(str(unknown("quantity", proposal["value"], QUANTITIES)))
        return proposal["value"]

    @traitlets.validate("epoch")
    def _is_in_the_runs(self, proposal):
        value, last = proposal["value"], self.epochs
        if not 1 <= value <= last:
            nearest = min(max(value, 1), last)
            have = f"the runs of {self.comparison!r} have 1 to {last}"
            raise BadSetting(f"epoch is {value}; {have}. Use epoch={nearest}.")
        return value

    @traitlets.observe("comparison")
    def _stay_in_the_runs(self, change):
        self.epoch = min(self.epoch, self.epochs)

    def picture(self) -> str:
        """Return the question with the runs as they ended, folded away until asked for."""
        text, data, comparison = bundle.words(self.module), _data(), _comparison(self.comparison)
        asks = comparison["asks"]
        ends = {text[f"run_{name.split('@')[0]}"]: _end(data["runs"][name], asks, text) for name in comparison["runs"]}
        rows = "".join(f"<tr><th>{html.escape(label)}</th><td>{end}</td></tr>" for label, end in ends.items())
        head = f"<tr><th>{text['run']}</th><th>{text['in_the_end'].format(what=text[asks])}</th></tr>"
        shown = " open" if self.predicted else ""
        return (
            f'<div class="cw cw-tr"><p class="cw-tr-ask">{html.escape(text["ask_" + self.comparison])}</p>'
            f"<p>{html.escape(text['order_' + asks].format(epoch=self.epochs))}</p>"
            f'<details{shown}><summary>{text["reveal"]}</summary><table class="cw-table">{head}{rows}</table></details>'
            f'<p class="cw-note">{html.escape(text["no_script"])}</p></div>'
        )


def _data() -> dict:
    return bundle.asset(ASSET)


def _comparison(name: str) -> dict:
    return next(each for each in _data()["comparisons"] if each["name"] == name)


def _end(run: dict, column: str, text: dict) -> str:
    """Return where the seeds of a run ended, in words: one number, a range, or that they diverged."""
    ends = sorted(seed[column][-1] for seed in run["seeds"] if seed["train_loss"][-1] is not None)
    if not ends:
        return text["diverged"]
    percent = column.endswith("accuracy")
    low, high = (f"{100 * v:.1f}" if percent else f"{v:.3f}" for v in (ends[0], ends[-1]))
    words = low if low == high else text["range"].format(low=low, high=high)
    words = text["percent"].format(value=words) if percent else words
    gone = len(run["seeds"]) - len(ends)
    return text["range_diverged"].format(range=words, diverged=gone, seeds=len(run["seeds"])) if gone else words
