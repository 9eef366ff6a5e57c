"""The explorer's file of runs: it is what the ledger holds now, and the sentences about it are true."""

import json

import pytest

from cnnlib import experiments
from cnnlib.errors import BadInput
from cnnlib.widgets import BadSetting, TrainingExplorer, bundle, training_runs

BUILT = training_runs.build()
NAMES = [each["name"] for each in BUILT["comparisons"]]


def first(name):
    """Return the first seed of a watched run."""
    return BUILT["runs"][f"watched/{name}@cifar10"]["seeds"][0]


def layers(name, column, epoch):
    """Return one number for each layer of a watched run."""
    return [layer[column][epoch] for layer in BUILT["runs"][f"watched/{name}@cifar10"]["layers"]]


def test_the_file_is_what_the_ledger_holds(tmp_path):
    """If this fails, records have changed, and ``cnnlib.widgets.training_runs.write()`` must write the file anew."""
    written = training_runs.write(tmp_path)
    assert json.loads(written.read_text(encoding="utf-8")) == bundle.asset(training_runs.ASSET)
    assert written.read_text(encoding="utf-8") == (bundle.HERE / "assets" / written.name).read_text(encoding="utf-8")


def test_every_number_is_the_records():
    for name, run in BUILT["runs"].items():
        record = training_runs.load(name)
        for seed, history in zip(run["seeds"], record.histories, strict=True):
            for column in training_runs.CURVES:
                ours = [float("nan") if v is None else v for v in seed[column]]
                theirs = [v if abs(v) != float("inf") else float("nan") for v in history.column(column)]
                assert ours == pytest.approx(theirs, abs=1e-5, nan_ok=True)
        for ours, theirs in zip(run["layers"], record.runs[0].get("layers", []), strict=True):
            assert ours | {"quantiles": None} == theirs | {"quantiles": None}
            for got, expected in zip(ours["quantiles"], theirs["quantiles"], strict=True):
                assert got == ([None] * 5 if None in expected else pytest.approx(expected, rel=0.006))


def test_every_watched_run_is_shown_and_small():
    watched = {f"watched/{name}@cifar10" for name in experiments.get("watched").variants}
    assert watched == {name for name in BUILT["runs"] if name.startswith("watched/")}
    for name in watched:
        record = training_runs.load(name)
        assert record.runs[0]["layers"]
        path = bundle.HERE.parents[1] / "results" / "watched" / f"{name.split('/')[1]}.json"
        assert path.stat().st_size <= 60_000


@pytest.mark.parametrize("comparison", NAMES)
def test_a_comparison_can_be_set_side_by_side(comparison):
    w = TrainingExplorer(comparison=comparison)
    text = bundle.words("training_explorer")
    assert 3 <= len(w.runs) <= 6, "more lines cannot be told apart"
    for key in (f"name_{comparison}", f"ask_{comparison}", f"look_{comparison}"):
        assert text[key]
    labels = [text[f"run_{name.split('@')[0]}"] for name in w.runs]
    assert len(set(labels)) == len(labels) and max(map(len, labels)) <= 14, "a label stands beside its line"
    records = list(w.runs.values())
    assert len({(r.recipe["epochs"], r.recipe["limit"], r.recipe["validation"]) for r in records}) == 1
    assert len({r.dataset["fingerprint"] for r in records}) == 1


def test_what_the_words_say_about_the_runs_is_true():
    guess = 2.302585
    for name in ("sgd-0.001", "sgd-1"):
        assert first(name)["train_loss"][-1] == pytest.approx(guess, abs=0.02), "two curves look alike"
    assert min(layers("sgd-0.001", "gradient_norm", -1)) > 10 * max(layers("sgd-1", "gradient_norm", -1)), "one is dead"
    seeds = BUILT["runs"]["watched/sgd-10@cifar10"]["seeds"]
    assert any(seed["train_loss"][-1] is None for seed in seeds), "some run diverges"
    plain, others = layers("plain56", "gradient_norm", 0), ("plain20", "resnet20", "resnet56")
    assert plain[0] > 10 * plain[-1] and plain[0] > 10 * max(layers(name, "gradient_norm", 0)[0] for name in others)
    assert first("plain56")["train_loss"][-1] > first("plain20")["train_loss"][-1] + 0.2, "degradation"
    bare = layers("bare-sgd", "gradient_norm", -1)
    assert bare[0] < bare[-1] / 5 and first("bare-sgd")["train_loss"][-1] > guess - 0.02, "no way off the plateau"
    assert first("bare-adam")["train_loss"][-1] < 2
    dropped = {name: first(name) for name in ("nothing", "dropout-0.2", "dropout-0.5", "mirrored")}
    by_loss = max(dropped, key=lambda name: dropped[name]["val_loss"][-1])
    by_accuracy = min(dropped, key=lambda name: dropped[name]["val_accuracy"][-1])
    assert by_loss != by_accuracy, "loss and accuracy do not name the same run as the worst"
    nothing = first("nothing")
    assert nothing["train_accuracy"][-1] - nothing["val_accuracy"][-1] > 0.2, "learnt by heart"


def test_settings_are_validated_and_the_last_state_stays():
    w = TrainingExplorer(comparison="dropout", epoch=15)
    for name, value, words in (
        ("comparison", "depths", "Did you mean 'depth'"),
        ("quantity", "acuracy", "Did you mean 'accuracy'"),
        ("epoch", 21, "have 1 to 20. Use epoch=20"),
        ("epoch", 0, "Use epoch=1"),
    ):
        before = w.state()
        with pytest.raises(BadSetting, match=words):
            setattr(w, name, value)
        assert w.state() == before
    w.comparison = "depth"
    assert w.epoch == w.epochs == 10, "an epoch that the new runs do not have becomes their last"
    with pytest.raises(BadSetting, match="learning-rate"):
        TrainingExplorer(comparison="all")
    with pytest.raises(BadInput, match="cnnlib run watched"):
        training_runs.build("nowhere")
    assert repr(TrainingExplorer(comparison="depth")) == "TrainingExplorer(comparison='depth')"
