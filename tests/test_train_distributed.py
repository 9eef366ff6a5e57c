"""Several processes: two give the result of one, an error of one ends both, and process 0 alone writes and prints."""

import os
import re
import socket
import subprocess
import sys
from types import SimpleNamespace

import distributed_runs
import pytest
import torch

from cnnlib import cli, results, train
from cnnlib.devices import set_seed
from cnnlib.errors import BadInput
from cnnlib.train import Recipe, distributed

PATIENCE = 240  # seconds; two processes that start on a busy machine


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def environment(root):
    """Return the environment of processes that speak through this machine's loopback only."""
    loopback = {"linux": "lo", "darwin": "lo0"}.get(sys.platform)
    more = {"GLOO_SOCKET_IFNAME": loopback} if loopback else {"USE_LIBUV": "0"}  # Windows: PyTorch is built without it
    paths = os.pathsep.join([str(root), str(root / "tests")])
    return os.environ | more | {"PYTHONPATH": paths, "OMP_NUM_THREADS": "1"}


def torchrun(root, *arguments):
    """Run something as two processes and return its output."""
    return subprocess.run(
        [sys.executable, "-m", "torch.distributed.run", "--nproc_per_node=2", "--master_addr=127.0.0.1",
         f"--master_port={free_port()}", *map(str, arguments)],
        env=environment(root), cwd=root, capture_output=True, text=True, timeout=PATIENCE, encoding="utf-8",
    )  # fmt: skip


@pytest.fixture(scope="module")
def together(root, tmp_path_factory):
    """Return what the two processes got, each run by its name."""
    folder = tmp_path_factory.mktemp("together")
    done = torchrun(root, root / "tests" / "distributed_runs.py", folder)
    assert done.returncode == 0, done.stderr
    return [torch.load(folder / f"{number}.pt") for number in (0, 1)]


@pytest.mark.parametrize("name", ["plain", "changed", "early"])
def test_two_processes_give_the_result_of_one(together, name):
    alone, pair = distributed_runs.trained(name), together[0][name]
    for key, value in alone["state"].items():
        assert torch.allclose(pair["state"][key], value, atol=2e-5), key
    for ours, theirs in zip(pair["epochs"], alone["epochs"], strict=True):
        assert ours == pytest.approx(theirs, abs=2e-5)
    assert pair["test"] == pytest.approx(alone["test"], abs=2e-5)
    assert torch.allclose(pair["logits"], alone["logits"], atol=2e-4)
    for ours, theirs in zip(pair["layers"], alone["layers"], strict=True):
        assert ours["gradient_norm"] == pytest.approx(theirs["gradient_norm"], rel=1e-3)


@pytest.mark.parametrize("name", distributed_runs.RECIPES)
def test_both_processes_end_with_the_same_network(together, name):
    first, second = (runs[name] for runs in together)
    assert all(torch.equal(first["state"][key], second["state"][key]) for key in first["state"])
    assert first["epochs"] == second["epochs"]
    assert torch.equal(first["logits"], second["logits"])


def test_dropout_differs_and_the_first_process_keeps_its_chances(together):
    first, second = (runs["plain"]["chance"] for runs in together)
    assert not torch.equal(first, second)
    assert torch.equal(first, distributed_runs.trained("plain")["chance"])


def test_batch_norm_takes_each_processs_own_share(together):
    set_seed(3)
    first_layer = distributed_runs.build("norm")[0]
    recipe = distributed_runs.RECIPES["norm"]  # one step
    ((x, _),) = train.Batches(distributed_runs.few(), recipe, 5, torch.device("cpu")).epoch(1)
    with torch.no_grad():
        own, whole = (0.1 * first_layer(part).mean(dim=(0, 2, 3)) for part in (x[:101], x))
    found = together[0]["norm"]["state"]["1.running_mean"]
    assert (found - own).abs().max() < 0.1 * (found - whole).abs().max()


def test_the_hardware_says_how_many_computed(together):
    assert together[0]["plain"]["hardware"] | {"processes": 2, "backend": "gloo"} == together[0]["plain"]["hardware"]
    alone = distributed_runs.trained("plain")["hardware"]
    assert alone["processes"] == 1 and "backend" not in alone


def test_the_command_writes_one_record_equal_to_that_of_one_process(root, tmp_path):
    options = ["run", "note001", "--variants", "with-relu-faster", "--data", "digits", "--seeds", "1", "--epochs", "1",
               "--device", "cpu", "--results"]  # fmt: skip
    done = torchrun(root, "-m", "cnnlib", *options, tmp_path / "pair", "--keep", tmp_path / "kept")
    assert done.returncode == 0, done.stderr
    assert cli.main([*options, str(tmp_path / "alone")]) == 0
    assert len(done.stdout.splitlines()) == 1, "one process prints"
    (written,) = (tmp_path / "pair").rglob("*.*")
    pair, alone = (results.load("note001", written.stem, tmp_path / folder) for folder in ("pair", "alone"))
    assert pair.command.startswith("torchrun --nproc_per_node=2 -m cnnlib run note001")
    assert (pair.hardware["processes"], pair.hardware["backend"]) == (2, "gloo")
    (ours,), (theirs,) = pair.runs, alone.runs
    assert ours["confusion"] == theirs["confusion"]
    assert ours["test_loss"] == pytest.approx(theirs["test_loss"], abs=1e-4)
    timeless = [{k: v for k, v in run["epochs"][0].items() if k != "seconds"} for run in (ours, theirs)]
    assert timeless[0] == pytest.approx(timeless[1], abs=1e-4)
    assert len(list((tmp_path / "kept").rglob("*.pt"))) == 1


def test_an_error_in_one_process_ends_the_other_with_a_clear_message(root, tmp_path):
    port, processes = free_port(), []
    for number in ("0", "1"):
        names = {"RANK": number, "LOCAL_RANK": number, "WORLD_SIZE": "2", "LOCAL_WORLD_SIZE": "2",
                 "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port)}  # fmt: skip
        processes.append(subprocess.Popen(
            [sys.executable, root / "tests" / "distributed_runs.py", tmp_path, "fails"],
            env=environment(root) | names, cwd=root, stderr=subprocess.PIPE, text=True, encoding="utf-8",
        ))  # fmt: skip
    try:
        said = [process.communicate(timeout=PATIENCE)[1] for process in processes]
    finally:
        for process in processes:
            process.kill()
    assert [process.returncode for process in processes] == [1, 1]
    assert "OSError: no space left on this host" in said[1]
    assert re.search("BadInput: Process 0 lost the others: one of them has ended", said[0]), said[0]


@pytest.mark.parametrize(("count", "processes"), [(50, 2), (3, 2), (1, 2), (10, 4), (2, 8)])
def test_the_shares_are_the_whole_and_their_weighted_gradients_its_mean(monkeypatch, count, processes):
    monkeypatch.setattr(distributed, "size", lambda: processes)
    taken, weights = [], []
    for number in range(processes):
        monkeypatch.setattr(distributed, "rank", lambda number=number: number)
        part = distributed.share(count)
        taken += range(count)[part]
        batch = SimpleNamespace(mine=part.stop - part.start, whole=count)
        weights.append(train.Batches.weight.fget(batch))
        assert batch.mine in (count // processes, -(-count // processes))
    assert taken == list(range(count))
    assert sum(weights) / processes == pytest.approx(1)  # what the average over the processes makes of them


def test_synchronised_batch_norm_shares_the_numbers():
    set_seed(0)
    net = distributed_runs.build("norm").eval()
    twin = distributed.with_synchronised_norm(net)
    with torch.no_grad():
        net[1].running_mean += 1
        net[0].weight *= 2
    x = torch.rand(3, 1, 8, 8)
    assert torch.equal(twin(x), net(x))
    assert [type(layer).__name__ for layer in (net[1], twin[1])] == ["BatchNorm2d", "SyncBatchNorm"]
    assert distributed.synchronised(net) is net, "alone, or on a processor, nothing changes"


@pytest.mark.parametrize(("device", "gpus", "words"), [
    ("mps", 0, "Use --device cuda or --device cpu"),
    ("cuda", 1, "3 processes on this host share 1 GPU; each needs one of its own. Use torchrun --nproc_per_node=1"),
    ("cuda", 0, "share 0 GPUs"),
])  # fmt: skip
def test_a_device_that_is_not_for_several_is_refused(monkeypatch, device, gpus, words):
    for name, value in {"RANK": 2, "LOCAL_RANK": 2, "WORLD_SIZE": 3, "LOCAL_WORLD_SIZE": 3}.items():
        monkeypatch.setenv(name, str(value))
    monkeypatch.setattr(torch.cuda, "device_count", lambda: gpus)
    with pytest.raises(BadInput, match=words), distributed.joined(device):
        pass


def test_each_process_takes_the_gpu_of_its_number(monkeypatch):
    for name, value in {"LOCAL_RANK": 1, "LOCAL_WORLD_SIZE": 2, "WORLD_SIZE": 4}.items():
        monkeypatch.setenv(name, str(value))
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    assert distributed._own_place(None) == ("cuda:1", "nccl")
    assert distributed._own_place("cpu") == ("cpu", "gloo")


def test_a_batch_smaller_than_the_number_of_processes_is_refused(monkeypatch):
    monkeypatch.setattr(distributed, "size", lambda: 8)
    with pytest.raises(BadInput, match="batch_size is 4, but there are 8 processes"):
        train.Batches(distributed_runs.few(), Recipe(batch_size=4), 0, torch.device("cpu"))
