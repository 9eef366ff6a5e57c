"""`cnnlib results`: the ledger as a table, as values and as a figure."""

import csv
import io
import json

import pytest

from cnnlib import cli, experiments, plot, results, results_table
from cnnlib.errors import BadInput


def test_the_table_says_what_the_records_say(capsys):
    assert cli.main(["results", "lenet"]) == 0
    said = capsys.readouterr().out
    for name, record in results.load_all("lenet").items():
        line, = [line for line in said.splitlines() if line.startswith(name)]  # fmt: skip
        assert f" {record.n} " in line and f"{record.mean:.2f} ± {record.sd:.2f}" in line
        assert f"{min(record.values):.2f}–{max(record.values):.2f}" in line
        assert f"{record.parameters:,}" in line and f"{record.seconds:,.1f}" in line
        assert record.date in line and record.commit in line
        place = line.split()[-3]
        assert f"on {place}: {record.hardware['processor']}, {record.hardware['threads']} thread" in said


def test_variants_stand_in_the_order_of_their_experiment(capsys):
    assert cli.main(["results", "improvements"]) == 0
    lines = capsys.readouterr().out.splitlines()[3:]
    shown = [line.split("@")[0] for line in lines if "@" in line]
    assert shown == list(experiments.get("improvements").variants)


@pytest.mark.parametrize("form", ["csv", "json"])
def test_values_can_be_read_by_programs(capsys, form):
    assert cli.main(["results", "--format", form]) == 0
    said = capsys.readouterr().out
    read = json.loads(said) if form == "json" else list(csv.DictReader(io.StringIO(said)))
    every = [(e, n) for e in results.experiments() for n in results.names(e)]
    assert sorted((row["experiment"], row["record"]) for row in read) == sorted(every)
    for row in read:
        record = results.load(row["experiment"], row["record"])
        assert float(row["mean"]) == pytest.approx(record.mean, abs=1e-3)
        assert int(row["n"]) == record.n and row["data"] == record.dataset["name"]


def test_seeds_that_ran_side_by_side_are_told_and_older_records_do_not_say():
    old = results.load("0501", "cnn@mnist")
    assert "side by side" not in results_table.text({"old": old})
    new = results.Record(**vars(old) | {"hardware": old.hardware | {"processes": 2}})
    said = results_table.text({"old": old, "new": new})
    assert "1 thread, 2 seeds side by side" in said.splitlines()[-1]
    assert [line.split()[-3] for line in said.splitlines()[2:4]] == ["a", "b"]


@pytest.mark.parametrize(("ending", "begins"), [(".svg", b"<?xml"), (".png", b"\x89PNG"), (".pdf", b"%PDF")])
def test_a_figure_is_saved_as_its_ending_says(tmp_path, capsys, ending, begins):
    file = tmp_path / f"lenet{ending}"
    assert cli.main(["results", "lenet", "--plot", str(file)]) == 0
    assert file.read_bytes().startswith(begins)
    if ending != ".pdf":  # compressed there
        assert b"a line for each seed" in file.read_bytes(), "what it shows is told in the file"


def test_the_figure_has_a_line_and_a_dot_for_each_seed():
    records = results.load_all("improvements")
    curves, outcomes = plot.recorded(records)
    assert len(curves.lines) == sum(record.n for record in records.values())
    dots = [line for line in outcomes.lines if line.get_marker() == "o"]
    assert [list(line.get_xdata()) for line in dots] == [record.values for record in records.values()]
    assert "validation accuracy" in curves.get_ylabel()


def test_one_epoch_has_no_curve_and_no_validation_gives_the_loss():
    record = results.load("0501", "cnn@mnist")
    assert len(plot.recorded({"cnn": record})) == 1
    loss, _ = plot.recorded({"cnn": results.load("0501", "cnn-39e@digits")})
    assert loss.get_ylabel() == "training loss"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["results", "lenet", "--plot", "lenet.gif"], "saved as .svg, .png or .pdf. Try lenet.svg"),
        (["results", "lenet", "--plot", "none/lenet.svg"], "Cannot write none"),
        (["results", "--plot", "all.svg"], "--plot draws one experiment"),
        (["results", "lenett"], "Did you mean 'lenet'"),
    ],
)
def test_bad_input_is_told(tmp_path, monkeypatch, capsys, words, said):
    monkeypatch.chdir(tmp_path)
    assert cli.main(words) == 2
    assert said in capsys.readouterr().err.replace("\\", "/")
    assert list(tmp_path.iterdir()) == []


def test_an_empty_ledger_says_what_to_run(tmp_path):
    with pytest.raises(BadInput, match="cnnlib run 0501"):
        results.load_all("0501", tmp_path)
