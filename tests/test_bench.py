"""The benchmark: what it measures, what it keeps, what it says. No test asserts a time."""

import json
from dataclasses import replace

import pytest

from cnnlib import bench, data, experiments, results
from cnnlib.cli import main
from cnnlib.errors import BadInput


@pytest.fixture
def ledger(tmp_path, monkeypatch):
    """Return an empty ledger, and let every experiment run on the embedded digits."""
    digits = data.load("digits")
    monkeypatch.setattr(data, "load", lambda *_, **__: digits)
    return tmp_path


@pytest.fixture
def small(monkeypatch):
    """Make one row of each kind small enough to be measured in a moment."""
    speed, time = bench.Speed("0501", "cnn", 2, 3.0), replace(bench.TIMES["0501"], steps=2)
    monkeypatch.setitem(bench.SPEEDS, "lenet", speed)
    monkeypatch.setitem(bench.TIMES, "0501", time)


def test_rows_name_experiments_and_their_networks_are_the_notes_own():
    for row in [*bench.SPEEDS.values(), *bench.TIMES.values()]:
        assert row.variant in experiments.get(row.experiment).variants
    for row in bench.TIMES.values():
        ours = experiments.get("fast").variants[row.ours]
        notes = experiments.get(row.experiment).variants[row.variant]
        if row.ours != "0503":  # the one where any network may serve
            assert (ours.model, ours.settings) == (notes.model, notes.settings)


def test_both_ways_are_measured_kept_and_said(ledger, small, capsys):
    kept = bench.bench(["lenet", "0501"], full=True, seeds=1, root=ledger)
    assert kept == json.loads((ledger / "bench.json").read_text(encoding="utf-8")) == bench.read(ledger)
    assert kept["speeds"]["lenet"]["about"].keys() >= {"hardware", "versions", "commit", "command", "date"}
    record = results.load("fast", "0501@digits", ledger)
    row = bench.time_row("0501", kept, ledger)
    assert row["ratio"] == pytest.approx(kept["times"]["0501"]["plain"] / record.seconds)
    assert row["same"]
    assert row["reached"] == (record.mean >= 96.15)
    said = capsys.readouterr().out.splitlines()
    assert said[0].startswith("lenet: the notes' loop ") and "aim 3 ×" in said[0]
    assert said[1].startswith("0501: to 96.15 % the notes' way ") and "n = 1 seed" in said[1]


def test_a_quick_table_takes_times_from_the_ledger_and_says_what_is_missing(ledger, small, capsys):
    bench.bench(["lenet", "0501"], root=ledger)
    assert capsys.readouterr().out.splitlines()[1] == "0501: not recorded. Measure it: cnnlib bench 0501 --full"
    assert not bench.read(ledger)["times"]


def test_other_machines_are_told_apart(ledger, small):
    kept = bench.bench(["0501"], full=True, seeds=1, root=ledger, say=lambda words: None)
    kept["times"]["0501"]["about"]["hardware"]["threads"] += 1
    assert not bench.time_row("0501", kept, ledger)["same"]
    assert "different machines" in bench.line("0501", kept, ledger)


def test_bad_input_is_told(ledger, capsys):
    with pytest.raises(BadInput, match="lenet-cifar"):
        bench.bench(["lenet5"], root=ledger)
    assert main(["bench", "nothing", "--results", str(ledger)]) == 2
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
    assert set(kept["times"]) == set(bench.TIMES)
    for row in [*kept["speeds"].values(), *kept["times"].values()]:
        assert row["about"]["command"].startswith("cnnlib bench")
        assert row["about"]["commit"] != "unknown" and "changes" not in row["about"]["commit"]
    for name in bench.TIMES:
        row = bench.time_row(name, kept)
        assert row["same"] and row["record"].n >= 5 and row["reached"]
