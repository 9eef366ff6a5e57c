"""The benchmark: what it measures, what it keeps, what it says. No test asserts a time."""

import json
import sys
import warnings
from dataclasses import replace

import pytest

from cnnlib import bench, data, experiments, results
from cnnlib.bench import d2l_trainer, measuring
from cnnlib.cli import main
from cnnlib.errors import BadInput
from cnnlib.train import loop


@pytest.fixture
def ledger(tmp_path, monkeypatch):
    """Return an empty ledger; let every experiment run on a part of the embedded digits, and nothing be compiled."""
    digits = replace(measuring._part(data.load("digits"), 640), name="mnist", requested="mnist")
    monkeypatch.setattr(data, "load", lambda *_, **__: digits)
    monkeypatch.setattr(loop, "compiled", lambda model, *_: model)
    return tmp_path


@pytest.fixture
def small(monkeypatch):
    """Make one row of each kind small enough to be measured in a moment."""
    monkeypatch.setitem(bench.SPEEDS, "lenet", bench.Speed("0501", "cnn", 2, 3.0, "small", other_workers=0))
    monkeypatch.setitem(bench.TIMES, "0501", replace(bench.TIMES["0501"], epochs=2))


def test_rows_name_experiments_and_their_networks_are_the_notes_own():
    for name, row in [*bench.SPEEDS.items(), *bench.TIMES.items()]:
        if row.experiment:
            assert row.variant in experiments.get(row.experiment).variants
        else:
            assert name in ("d2l", "best")
    for row in bench.TIMES.values():
        ours = experiments.get("fast").variants[row.ours]
        if row.ours in ("note001", "0501", "0502"):
            notes = experiments.get(row.experiment).variants[row.variant]
            assert (ours.model, ours.settings) == (notes.model, notes.settings)
            assert (ours.dataset or "cifar10") == experiments.get(row.experiment).dataset


def test_both_ways_are_measured_kept_and_said(ledger, small, capsys):
    kept = bench.bench(["lenet", "0501"], full=True, seeds=2, root=ledger)
    assert kept == json.loads((ledger / "bench.json").read_text(encoding="utf-8")) == bench.read(ledger)
    for found in (kept["speeds"]["lenet"], kept["times"]["0501"]):
        assert found["about"].keys() >= {"hardware", "versions", "commit", "command", "date"}
    speeds, ratios = kept["speeds"]["lenet"], kept["speeds"]["lenet"]["ratios"]
    assert set(ratios) == {"other", "float32", "fastest", "compiled"}
    assert all(low <= middle <= high for middle, low, high in ratios.values())
    assert ratios[speeds["best"]][0] == max(ratios[way][0] for way in ("float32", "fastest", "compiled"))
    record = results.load("fast", "0501@mnist", ledger)
    row = bench.time_row("0501", kept, ledger)
    plain = [sum(epoch["train_seconds"] for epoch in run["epochs"]) for run in row["plain"]["runs"]]
    assert row["plain"]["seconds"] == pytest.approx(plain) and len(plain) == record.n == 2
    assert row["ratio"] == pytest.approx(sum(plain) / 2 / record.seconds)
    assert row["same"]
    assert row["reached"] == (record.mean >= 96.15)
    said = [words for words in capsys.readouterr().out.splitlines() if words.startswith(("lenet: ", "0501: "))]
    assert said[0].startswith("lenet: the notes' loop ") and "aim 3 ×" in said[0]
    assert said[1].startswith("0501: to 96.15 % the notes' way ") and "n = 2 seeds" in said[1]


def test_the_epoch_that_counts_is_the_first_whose_mean_reaches_the_aim(ledger, monkeypatch):
    curves = iter([[0.5, 0.9, 0.7], [0.7, 0.5, 0.9]])  # means 60, 70, 80 %

    def plain_fit(*_, **__):
        history = bench.plain.History()
        history.epochs = [{"epoch": n, "test_accuracy": a, "train_seconds": 2.0, "seconds": 3.0}
                          for n, a in enumerate(next(curves), start=1)]  # fmt: skip
        return history

    monkeypatch.setattr(measuring, "plain_fit", plain_fit)
    row = bench.Time("0501", 65.0, "", "0501", "cnn", epochs=3)
    found = measuring.plain_way(row, 2)
    assert (found["epochs"], found["reached"], found["seconds"]) == (2, True, [4.0, 4.0])
    assert found["accuracy"] == pytest.approx(70)
    curves = iter([[0.5, 0.9, 0.7]] * 9)
    found = measuring.plain_way(replace(row, accuracy=95.0, seeds=1), 5)
    assert (found["epochs"], found["reached"], found["seconds"]) == (3, False, [6.0])


def test_a_quick_table_takes_times_from_the_ledger_and_says_what_is_missing(ledger, small, capsys):
    bench.bench(["lenet", "0501"], root=ledger)
    assert capsys.readouterr().out.splitlines()[1] == "0501: not recorded. Measure it: cnnlib bench 0501 --full"
    assert not bench.read(ledger)["times"]


def test_speeds_of_a_stand_in_are_told_and_not_kept(ledger, small, monkeypatch, capsys):
    stand_in = replace(data.load("mnist"), name="digits")
    monkeypatch.setattr(data, "load", lambda *_, **__: stand_in)
    kept = bench.bench(["lenet"], root=ledger)
    assert not kept["speeds"] and not bench.read(ledger)["speeds"]
    assert "a stand-in: not kept" in capsys.readouterr().out


def test_without_a_compiler_there_is_no_compiled_way(ledger, small, monkeypatch):
    def broken(model, *_):
        warnings.warn("not compiled (RuntimeError): the run is slower, its result the same", stacklevel=2)
        return model

    monkeypatch.setattr(loop, "compiled", broken)
    found = bench.speed(bench.SPEEDS["lenet"], rounds=1)
    assert "compiled" not in found and found["compiling"] is None
    assert "compiled" not in bench.line("lenet", {"device": "cpu", "speeds": {"lenet": found}, "times": {}})


def test_other_machines_are_told_apart(ledger, small):
    kept = bench.bench(["0501"], full=True, seeds=1, root=ledger, say=lambda words: None)
    kept["times"]["0501"]["about"]["hardware"]["threads"] += 1
    assert not bench.time_row("0501", kept, ledger)["same"]
    assert "different machines" in bench.line("0501", kept, ledger)


def test_a_gpu_has_a_table_of_its_own(ledger, small):
    bench.bench(["lenet"], root=ledger, say=lambda words: None)
    kept = bench.read(ledger, "cuda")
    assert not kept["speeds"]
    assert bench.line("lenet", kept, ledger).endswith("cnnlib bench lenet --device cuda")
    assert "≤ 4 s" in bench.time_table(kept, ledger) and "≤ 600 s" in bench.time_table(bench.read(ledger), ledger)


@pytest.mark.parametrize("present", [True, False])
def test_the_row_of_d2l_says_how_to_install_it(ledger, monkeypatch, present, capsys):
    if present:
        pytest.importorskip("d2l", reason=d2l_trainer.HOW)
        monkeypatch.setitem(bench.SPEEDS, "d2l", replace(bench.SPEEDS["d2l"], steps=2, workers=0, other_workers=None))
        found = bench.speed(bench.SPEEDS["d2l"], rounds=1)
        assert found["plain"] > 0
        return
    monkeypatch.setitem(sys.modules, "d2l", None)
    bench.bench(["d2l"], root=ledger)
    assert d2l_trainer.HOW in capsys.readouterr().out


def test_tables_have_a_row_for_everything_and_are_written_as_asked(ledger, small, capsys):
    bench.bench(["lenet", "0501"], full=True, seeds=1, root=ledger)
    kept = bench.read(ledger)
    for table, rows in ((bench.speed_table(kept), bench.SPEEDS), (bench.time_table(kept, ledger), bench.TIMES)):
        lines = table.splitlines()
        assert len(lines) == 2 + len(rows)
        assert len({words.count("|") for words in lines}) == 1
        assert sum("not recorded" in words for words in lines) == len(rows) - 1
    assert main(["bench", "0501", "--results", str(ledger), "--out", str(ledger / "out.md")]) == 0
    written = (ledger / "out.md").read_text(encoding="utf-8")
    parts = (bench.speed_table(kept), bench.time_table(kept, ledger), bench.machines(kept, ledger))
    assert written == "\n\n".join(parts) + "\n"
    assert parts[2].startswith("All measured on: ") and parts[2].count("torch") == 1
    assert main(["bench", "0501", "--results", str(ledger), "--out", str(ledger / "out.json")]) == 0
    assert json.loads((ledger / "out.json").read_text(encoding="utf-8"))["times"]["0501"]["ratio"] > 0


def test_bad_input_is_told(ledger, capsys):
    with pytest.raises(BadInput, match="lenet-cifar"):
        bench.bench(["lenet5"], root=ledger)
    with pytest.raises(BadInput, match="seeds is 0"):
        bench.bench(["lenet"], seeds=0, root=ledger)
    with pytest.raises(BadInput, match="must end in .md"):
        bench.export(ledger / "table.txt", ledger)
    with pytest.raises(BadInput, match="There is no folder"):
        bench.export(ledger / "nowhere" / "table.md", ledger)
    assert main(["bench", "lenet", "--out", "table.txt"]) == 2, "before anything is measured"
    assert main(["bench", "nothing", "--results", str(ledger)]) == 2
    assert main(["bench", "0501", "--device", "abacus", "--results", str(ledger)]) == 2
    (ledger / "bench.json").write_text("{")
    with pytest.raises(BadInput, match="is broken"):
        bench.read(ledger)


def test_0501_needs_the_second_epoch():
    target = bench.TIMES["0501"].accuracy
    assert results.load("0501", "cnn@mnist").mean < target <= results.load("0501", "cnn-2e@mnist").mean


def test_what_is_recorded_is_whole():
    """The file in the ledger: measured by the command, on a named machine, with the records it is compared with."""
    kept = bench.read()
    assert set(kept["speeds"]) == set(bench.SPEEDS)
    assert set(kept["times"]) == {name for name, row in bench.TIMES.items() if row.experiment}
    for row in [*kept["speeds"].values(), *kept["times"].values()]:
        assert row["about"]["command"].startswith("cnnlib bench")
        assert row["about"]["commit"] != "unknown" and "changes" not in row["about"]["commit"]
    for name in kept["times"]:
        row = bench.time_row(name, kept)
        assert row["same"] and row["record"].n >= 5 and row["reached"]
