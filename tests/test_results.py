"""The ledger: what is recorded is complete, adds up, and belongs to the networks as they are now."""

import json
import math
import statistics

import pytest

from cnnlib import cli, data, experiments, models, results
from cnnlib.circumstances import PROJECT, circumstances
from cnnlib.devices import device
from cnnlib.errors import BadInput
from cnnlib.experiments.ladder import LEARNING_RATES
from cnnlib.inspect import layer_table
from cnnlib.train import Recipe

REAL = {"MNIST", "Fashion-MNIST", "CIFAR-10", "CIFAR-10 (JPEG copy)"}
RECORDED = [(e, n) for e in results.experiments() for n in results.names(e)]


def _all_of(experiment):
    dataset = experiments.get(experiment).dataset
    return {f"{variant}@{dataset}" for variant in experiments.get(experiment).variants}


REPORTED = {  # what the ledger must hold for the chapters of this book, and over how many seeds at least
    "note001": (5, {"as-written@fashion_mnist", "with-relu@fashion_mnist"}),
    "0501": (5, _all_of("0501")),
    "lenet": (5, _all_of("lenet")),
    "0502": (3, _all_of("0502")),
    "0503": (1, _all_of("0503")),
    "improvements": (3, _all_of("improvements")),
    "note002": (2, _all_of("note002")),
    "note003": (1, _all_of("note003")),
    "degradation": (3, _all_of("degradation")),
    "ladder-grid": (1, _all_of("ladder-grid")),
    "ladder": (3, _all_of("ladder")),
    "regularisation": (3, _all_of("regularisation")),
    "watched": (1, _all_of("watched")),
    "live": (3, _all_of("live")),
    "live-fashion": (3, _all_of("live-fashion")),
    "live-cifar": (3, _all_of("live-cifar")),
    "walk": (3, _all_of("walk")),
    "ablation": (3, _all_of("ablation")),
}


@pytest.mark.parametrize("experiment", REPORTED)
def test_what_the_chapters_report_is_recorded_on_the_real_data(experiment):
    seeds, names = REPORTED[experiment]
    assert set(results.names(experiment)) >= names
    for name in names:
        record = results.load(experiment, name)
        assert record.n >= seeds
        assert record.dataset["title"] in REAL
        assert record.dataset["test"] == 10_000


@pytest.mark.parametrize(("experiment", "name"), RECORDED)
def test_a_record_belongs_to_the_network_and_the_recipe_as_they_are_now(experiment, name):
    record = results.load(experiment, name)
    variant = experiments.get(experiment).variants[record.variant]
    model = models.build(record.model, **record.settings)
    recipe = Recipe(**record.recipe)
    channels, *sides = record.dataset.get("shape", (1, 28, 28))
    table = layer_table(model, (channels, *map(recipe.side, sides)))
    assert (record.parameters, record.macs) == (table.total_parameters, table.total_macs)
    assert (record.model, record.settings) == (variant.model, variant.settings)
    changed = {k for k, v in variant.recipe.as_dict().items() if recipe.as_dict()[k] != v}
    assert changed <= {"epochs"}
    assert name == f"{record.variant}{f'-{recipe.epochs}e' if changed else ''}@{record.dataset['name']}"


@pytest.mark.parametrize(("experiment", "name"), RECORDED)
def test_a_record_is_complete_and_adds_up(experiment, name):
    record = results.load(experiment, name)
    assert [run["seed"] for run in record.runs] == list(range(record.n))
    for run, history in zip(record.runs, record.histories, strict=True):
        # a run that has diverged is stopped there
        assert len(run["epochs"]) == record.recipe["epochs"] or history.diverged
        correct = run["test_accuracy"] * record.dataset["test"]
        assert abs(correct - round(correct)) < 1e-6, "an accuracy is a whole number of right answers"
        assert run["seconds"] >= sum(epoch["seconds"] for epoch in run["epochs"]) * 0.99
    assert record.mean == pytest.approx(sum(record.values) / record.n)
    if record.n > 1:
        assert record.sd == pytest.approx(statistics.stdev(record.values))
    for field in ("commit", "command", "date", "source"):
        assert getattr(record, field)
    assert "changes" not in record.commit
    assert "unknown" not in record.commit
    assert {"processor", "threads", "device"} <= record.hardware.keys()
    assert {"python", "torch", "numpy"} <= record.versions.keys()
    text = (PROJECT / "results" / experiment / f"{name}.json").read_text(encoding="utf-8")
    assert "/" not in record.command, "a command names no path of one machine"
    assert "NaN" not in text


@pytest.mark.parametrize(("experiment", "name"), RECORDED)
def test_confusions_and_mistakes_agree_with_the_accuracy(experiment, name):
    record = results.load(experiment, name)
    for run in record.runs:
        matrix = run["confusion"]
        assert sum(map(sum, matrix)) == record.dataset["test"]
        right = sum(matrix[i][i] for i in range(len(matrix)))
        assert right == round(run["test_accuracy"] * record.dataset["test"])
        surest = [one["probability"] for one in run["mistakes"]]
        assert surest == sorted(surest, reverse=True)
        for one in run["mistakes"]:
            assert one["label"] != one["predicted"]
            assert matrix[one["label"]][one["predicted"]] > 0
    assert sum(map(sum, record.confusion)) == record.n * record.dataset["test"]


@pytest.mark.parametrize(("experiment", "name"), RECORDED)
def test_each_seed_has_weights_of_its_own(experiment, name):
    record = results.load(experiment, name)
    weights = [run["weights"] for run in record.runs if "weights" in run]
    assert len(weights) in (0, record.n), "older records name no weights"
    settled = [one for one, history in zip(weights, record.histories, strict=bool(weights)) if not history.diverged]
    assert len(set(settled)) == len(settled), "only networks that are all NaN are alike"
    assert all(len(one) == 16 and int(one, 16) >= 0 for one in weights)


LADDER = [n for e, n in RECORDED if e == "ladder"]


@pytest.mark.parametrize("name", LADDER)
def test_the_ladder_takes_the_learning_rate_that_validation_chose(name):
    record = results.load("ladder", name)
    tried = {lr: results.load("ladder-grid", f"{record.model}-{lr}@{record.dataset['name']}") for lr in LEARNING_RATES}
    scores = {lr: one.histories[0].last["val_accuracy"] for lr, one in tried.items()}
    assert record.recipe["lr"] == max(scores, key=scores.get)


@pytest.mark.parametrize(("experiment", "name"), RECORDED)
def test_the_fingerprint_is_that_of_the_data(experiment, name):
    record = results.load(experiment, name)
    try:
        dataset = data.load(record.dataset["name"], fallback=False)
    except BadInput as absent:
        pytest.skip(str(absent))
    assert record.dataset["fingerprint"] == dataset.fingerprint


def test_run_writes_what_load_reads(tmp_path):
    written = experiments.run(
        "0501", seeds=2, dataset="digits", variants=["fc"], root=tmp_path, epochs=2, device="cpu", progress=False
    )
    assert [p.name for p in written] == ["fc-2e@digits.json"]
    record = results.load("0501", "fc-2e@digits", tmp_path)
    assert record.n == 2
    assert record.parameters == 6442
    assert record.runs[0]["test_accuracy"] != record.runs[1]["test_accuracy"]
    again = experiments.run(
        "0501", seeds=1, dataset="digits", variants=["fc"], root=tmp_path / "b", epochs=2, device="cpu", progress=False
    )
    repeated = json.loads(again[0].read_text())["runs"][0]
    assert repeated["test_accuracy"] == record.runs[0]["test_accuracy"], "the seed decides"
    assert len(record.histories) == 2
    assert record.histories[0].column("epoch") == [1, 2]


def test_a_diverged_run_is_recorded_without_a_word_that_json_does_not_have(tmp_path):
    epoch = {"epoch": 1, "train_loss": math.nan, "train_accuracy": 0.1}
    run = {"seed": 0, "test_accuracy": 0.1, "test_loss": math.inf, "seconds": 1, "epochs": [epoch]}
    fields = dict.fromkeys(results.Record.__dataclass_fields__, "") | {"runs": [run], "experiment": "0501"}
    path = results.Record(**fields).write("fc@mnist", tmp_path)

    def refuse(word):
        raise AssertionError(f"{word} is not JSON")

    assert json.loads(path.read_text(), parse_constant=refuse)["runs"][0]["test_loss"] is None
    again = results.load("0501", "fc@mnist", tmp_path)
    assert math.isnan(again.runs[0]["test_loss"]) and again.histories[0].diverged


def test_place_of_says_where_a_single_run_lies():
    values = [{"seed": i, "test_accuracy": a, "test_loss": 1, "seconds": 1, "epochs": []}
              for i, a in enumerate((0.78, 0.79, 0.80))]  # fmt: skip
    fields = dict.fromkeys(results.Record.__dataclass_fields__, "") | {"runs": values}
    record = results.Record(**fields)
    place = "1.0 standard deviations below the mean of 3 seeds (78.0 to 80.0 %); 2 of 3 seeds did better"
    assert record.place_of(78.0) == place
    assert math.isnan(results.Record(**fields | {"runs": values[:1]}).sd)


def test_circumstances_name_this_machine():
    about = circumstances(device("cpu"))
    assert about["hardware"]["device"] == "cpu"
    assert about["hardware"]["processor"]


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda tmp: experiments.run("0501", seeds=0, root=tmp), "seeds is 0"),
        (lambda tmp: experiments.run("501", root=tmp), "Did you mean '0501'"),
        (lambda tmp: experiments.run("0501", variants=["dnn"], root=tmp), "no variant in 0501 'dnn'"),
        (lambda tmp: results.load("0501", "fc@mnits"), "Did you mean 'fc@mnist'"),
        (lambda tmp: results.load("0599", "fc@mnist"), "cnnlib run 0599"),
    ],
)
def test_bad_input_is_told_in_one_sentence(tmp_path, call, words):
    with pytest.raises(BadInput, match=words):
        call(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_broken_record_says_how_to_make_it_anew(tmp_path):
    (tmp_path / "0501").mkdir()
    (tmp_path / "0501" / "fc@mnist.json").write_text('{"experiment": ')
    with pytest.raises(BadInput, match="cnnlib run 0501"):
        results.load("0501", "fc@mnist", tmp_path)


def test_command_line(capsys, tmp_path, monkeypatch):
    monkeypatch.setenv("CNNLIB_DATA", str(tmp_path / "none"))
    assert cli.main(["models"]) == 0
    assert "61,706" in capsys.readouterr().out
    assert cli.main(["models", "lenet5_1998"]) == 0
    assert "60,000" in capsys.readouterr().out
    assert cli.main(["results", "0501"]) == 0
    assert "cnn-permuted@mnist" in capsys.readouterr().out
    assert cli.main(["run", "0501", "--results", str(tmp_path)]) == 2, "a stand-in is never recorded unasked"
    assert "cnnlib fetch mnist" in capsys.readouterr().err
    small = ["--data", "digits", "--variants", "cnn", "--seeds", "1", "--epochs", "1", "--device", "cpu"]
    assert cli.main(["run", "0501", *small, "--results", str(tmp_path)]) == 0
    assert "cnn-1e@digits" in capsys.readouterr().out
