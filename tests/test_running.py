"""`cnnlib run` survives everything: what is killed goes on where it was, and the record is the same."""

import json
import os
import random
import signal
import subprocess
import sys
import time
from dataclasses import fields

import doomed_seeds
import pytest
import torch

from cnnlib import cli, experiments, results
from cnnlib.errors import BadInput
from cnnlib.experiments import running
from cnnlib.experiments.board import Board
from cnnlib.experiments.side_by_side import train_side_by_side
from cnnlib.experiments.unfinished import Unfinished

KILLS = int(os.environ.get("CNNLIB_KILLS", 1))  # of each kind
SMALL = {"dataset": "digits", "variants": ["cnn", "fc"], "seeds": 2, "epochs": 3, "device": "cpu"}
WORDS = ["run", "0501", "--data", "digits", "--variants", "cnn", "fc"]
WORDS += ["--seeds", "2", "--epochs", "3", "--device", "cpu"]
RECORDS = ["cnn-3e@digits", "fc-3e@digits"]


def run(root, **more):
    return experiments.run("0501", **SMALL | {"root": root, "progress": False} | more)


def told(root):
    """Return both records as they stand in their files, but for times, the command line and who ran beside whom."""
    whole = []
    for name in RECORDS:
        record = json.loads((root / "0501" / f"{name}.json").read_text(encoding="utf-8"))
        for part in [record["hardware"], record] + record["runs"] + [e for r in record["runs"] for e in r["epochs"]]:
            for key in ("seconds", "date", "command", "processes", "threads"):
                part.pop(key, None)
        whole.append(record)
    return whole


@pytest.fixture(scope="module", autouse=True)
def _one_thread():
    """As each process of two has it: with two threads, sums are added up in another order."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    root = tmp_path_factory.mktemp("whole")
    run(root)
    assert [path.name for path in root.iterdir()] == ["0501"], "nothing unfinished is left"
    return told(root)


def state(folder):
    """Return what lies in the folder and when it was written."""
    found = {}
    for path in folder.rglob("*"):
        try:
            found[path] = path.stat().st_mtime_ns
        except FileNotFoundError:  # replaced just now
            continue
    return found


def begin(root, jobs):
    environment = os.environ | {"OMP_NUM_THREADS": "1", "PYTHONUNBUFFERED": "1"}
    return subprocess.Popen(
        [sys.executable, "-m", "cnnlib", *WORDS, "--jobs", str(jobs), "--results", str(root)],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment, start_new_session=True,
    )  # fmt: skip


def interrupt(root, jobs, changes, how):
    """Start the command and end it after so many changes on the disk; return it and what it said."""
    command, before = begin(root, jobs), state(root)
    while changes and command.poll() is None:
        # Ctrl-C before the first checkpoint has nothing to tell
        if (now := state(root)) != before and (how != signal.SIGINT or any(path.suffix == ".pt" for path in now)):
            before, changes = now, changes - 1
    # Ctrl-C in a terminal reaches every process of the command; kill -9 only the one that is named
    if command.poll() is None:
        os.killpg(command.pid, how) if how == signal.SIGINT else command.send_signal(how)
    return command, command.communicate(timeout=300)[1]


@pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")
@pytest.mark.parametrize("jobs", [1, 2])
@pytest.mark.parametrize("how", ["SIGKILL", "SIGINT"])
def test_a_command_that_is_ended_again_and_again_makes_the_same_record(whole, tmp_path, jobs, how):
    chance = random.Random()
    for _ in range(KILLS if how == "SIGKILL" else 1):
        # The first change is the folder; there are some twenty more in a whole run.
        command, said = interrupt(tmp_path, jobs, changes := chance.randint(1, 12), getattr(signal, how))
        complete = all((tmp_path / "0501" / f"{name}.json").exists() for name in RECORDS)
        if how == "SIGINT" and not complete:  # then it came too late to stop anything
            *seeds, last = said.splitlines()
            assert command.returncode == 130 and all("seed" in line for line in seeds), said
            assert "seeds are kept" in last and "The same command goes on from there" in last
        assert complete or command.returncode in (-signal.SIGKILL, 130), (changes, said)
        kept = state(tmp_path)
    again = begin(tmp_path, jobs)
    said = again.communicate(timeout=300)[1]
    assert again.returncode == 0, said
    finished = [path for path in kept if path.match("seed?.json") and path.with_name("about.json") in kept]
    assert len(said.splitlines()) == 4 - len(finished), "what is finished is not trained again"
    assert told(tmp_path) == whole
    assert [path.name for path in tmp_path.iterdir()] == ["0501"], "nothing unfinished is left"


def stop_after(monkeypatch, count):
    """Have somebody press Ctrl-C when so many seeds are done."""
    done, so_far = Board.done, []

    def pressed(self, seed):
        done(self, seed)
        so_far.append(seed)
        if len(so_far) == count:
            raise KeyboardInterrupt

    monkeypatch.setattr(Board, "done", pressed)
    return so_far


def test_finished_seeds_are_kept_also_for_fewer_or_more_of_them(whole, tmp_path, monkeypatch, capsys):
    with monkeypatch.context() as patch:
        stop_after(patch, 3)
        with pytest.raises(KeyboardInterrupt, match="3 of 4 seeds are kept"):
            run(tmp_path)
    assert results.names("0501", tmp_path) == RECORDS[:1]
    assert results.experiments(tmp_path) == ["0501"], "the unfinished is no experiment"
    with monkeypatch.context() as patch:
        trained = stop_after(patch, 0)
        run(tmp_path, seeds=1)
    assert trained == []
    assert results.load("0501", RECORDS[1], tmp_path).n == 1
    with monkeypatch.context() as patch:
        trained = stop_after(patch, 0)
        run(tmp_path)
    assert len(trained) == 4, "when all is written, nothing is left to go on with"
    assert told(tmp_path) == whole


def test_seconds_add_up(tmp_path, monkeypatch):
    """The half of a seed that was trained before the interruption counts, too."""

    def slowly(self, pictures, progress, train=running.Seed.train):
        update, batches = progress.update, []

        def slow(count):
            time.sleep(0.02)  # 23 batches an epoch
            batches.append(count)
            update(count)
            if len(batches) == stop:
                raise KeyboardInterrupt

        progress.update = slow
        train(self, pictures, progress)

    monkeypatch.setattr(running.Seed, "train", slowly)
    stop = 50
    with pytest.raises(KeyboardInterrupt):
        run(tmp_path, seeds=1, variants=["fc"])
    stop = None
    begun = time.perf_counter()
    run(tmp_path, seeds=1, variants=["fc"])
    second = time.perf_counter() - begun
    record = results.load("0501", RECORDS[1], tmp_path)
    assert record.seconds >= sum(epoch["seconds"] for epoch in record.runs[0]["epochs"]) > 3 * 20 * 0.02
    assert record.seconds > 3 * 20 * 0.02
    assert len(record.runs[0]["epochs"]) == 3
    assert sum(epoch["seconds"] for epoch in record.runs[0]["epochs"][:2]) > 2 * 20 * 0.02
    assert second < record.seconds + 5


@pytest.mark.parametrize(("name", "value"), [("commit", "0123"), ("torch", "1.0"), ("data", "f"), ("device", "cuda")])
def test_what_was_begun_otherwise_is_not_mixed_in(whole, tmp_path, monkeypatch, name, value, capsys):
    with monkeypatch.context() as patch:
        stop_after(patch, 1)
        with pytest.raises(KeyboardInterrupt):
            run(tmp_path)
    folder = Unfinished.of("0501", RECORDS[0], tmp_path).folder
    about = json.loads((folder / "about.json").read_text())
    assert name in about
    (folder / "about.json").write_text(json.dumps(about | {name: value}))
    words = [*WORDS, "--results", str(tmp_path)]
    assert cli.main([*words, "--jobs", "1"]) == 2
    said = capsys.readouterr().err
    assert f"{name}: {value!r} then" in said and "everything as it was then, or begin anew with --restart" in said
    assert (folder / "seed0.json").exists(), "nothing is thrown away unasked"
    run(tmp_path, restart=True)
    assert told(tmp_path) == whole


def test_another_number_of_processes_is_told_by_its_option(tmp_path, monkeypatch):
    with monkeypatch.context() as patch:
        stop_after(patch, 1)
        with pytest.raises(KeyboardInterrupt):
            run(tmp_path)
    with pytest.raises(BadInput, match="Go on with --jobs 1, or begin anew with --restart"):
        run(tmp_path, jobs=2)


def test_several_processes_do_not_go_on_with_the_work_of_one(tmp_path, monkeypatch):
    with monkeypatch.context() as patch:
        stop_after(patch, 1)
        with pytest.raises(KeyboardInterrupt):
            run(tmp_path)
    monkeypatch.setattr(running.distributed, "size", lambda: 2)
    with pytest.raises(BadInput, match="only the first would know where it stopped.*--restart"):
        run(tmp_path)
    assert (Unfinished.of("0501", RECORDS[0], tmp_path).folder / "seed0.json").exists()


def test_two_processes_do_not_record_the_same(tmp_path):
    held = Unfinished.of("0501", RECORDS[0], tmp_path).lock()
    with pytest.raises(BadInput, match="Another process records 0501 cnn-3e@digits just now"):
        run(tmp_path)
    held.release()


def test_broken_files_are_told_and_not_thrown_away(tmp_path, monkeypatch):
    with monkeypatch.context() as patch:
        stop_after(patch, 1)
        with pytest.raises(KeyboardInterrupt):
            run(tmp_path)
    folder = Unfinished.of("0501", RECORDS[0], tmp_path).folder
    (folder / "seed1.pt").write_bytes(b"PK half")
    with pytest.raises(BadInput, match=r"seed1\.pt is broken.*delete this one"):
        run(tmp_path)
    (folder / "seed0.json").write_text('{"run": ')
    with pytest.raises(BadInput, match=r"seed0\.json is broken.*--restart"):
        run(tmp_path)
    assert (folder / "seed0.json").exists() and (folder / "seed1.pt").exists()


def test_networks_that_are_to_be_kept_are_kept_also_of_seeds_finished_before(tmp_path, monkeypatch):
    with monkeypatch.context() as patch:
        stop_after(patch, 1)
        with pytest.raises(KeyboardInterrupt):
            run(tmp_path)
    run(tmp_path, keep=tmp_path / "kept")
    assert len(list((tmp_path / "kept" / "0501").glob("*.pt"))) == 4


@pytest.mark.parametrize(
    ("kind", "error", "words"),
    [
        ("Killed", BadInput, r"seed 1 was ended from outside \(exit status -?\d+\).*fewer --jobs.*goes on from"),
        ("Failing", RuntimeError, "seed 1 failed. The others(.|\n)*ZeroDivisionError: a bug of the test"),
    ],
)
def test_a_process_that_ends_badly_is_told_and_the_others_outcomes_stay(tmp_path, monkeypatch, kind, error, words):
    with monkeypatch.context() as patch:
        stop_after(patch, 1)
        with pytest.raises(KeyboardInterrupt):
            run(tmp_path, variants=["fc"], seeds=1)
    unfinished = Unfinished.of("0501", RECORDS[1], tmp_path)
    about = json.loads((unfinished.folder / "about.json").read_text())
    cell, = running._cells(running.get("0501"), "digits", ["fc"], 3, tmp_path)  # fmt: skip
    seeds = cell.seeds(running.get("0501"), 2, running.devices.device("cpu"), None)
    doomed = [getattr(doomed_seeds, kind)(**{f.name: getattr(one, f.name) for f in fields(one)}) for one in seeds]
    done = []
    with pytest.raises(error, match=words):  # one process, which comes to the second seed when the first is done
        train_side_by_side(doomed, 1, about["threads"], lambda *far: None, done.append)
    assert done == doomed[:1]
    assert seeds[0].finished and not seeds[1].finished


def test_without_a_terminal_there_is_a_line_a_seed(tmp_path, capsys):
    run(tmp_path, progress=True, variants=["fc"])
    lines = capsys.readouterr().err.splitlines()
    assert [line.split(":")[0] for line in lines] == ["0501 fc-3e@digits, seed 0", "0501 fc-3e@digits, seed 1"]
    assert lines[1].endswith("s (2 of 2)")


def test_a_terminal_gets_one_bar_with_the_time_left(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True, raising=False)
    board = Board("0501", {"a": 1.0, "b": 3.0}, finished=2, shown=True)

    class One:
        name = "a"

    board.tell(One, 10, 5)  # half of it was done before: an eighth of the work, and no word about the speed
    assert board._bar.initial == 0.5 and board._bar.n == 0.5
    board.tell(One, 10, 8)
    board._bar.start_t -= 60  # a minute for 0.3 of 4, so that 3.2 more take 640 s
    board.done(One)
    board._bar.refresh()
    said = capsys.readouterr().err.split("\r")[-1]
    assert "0501: 3 of 4 seeds" in said and "25 %" in said and "left" in said
    assert board._bar.n == 1.0
    board.close()


def test_jobs_must_be_a_number_of_processes(tmp_path):
    with pytest.raises(BadInput, match="jobs is 0; it must be at least 1"):
        run(tmp_path, jobs=0)
    assert list(tmp_path.iterdir()) == []
