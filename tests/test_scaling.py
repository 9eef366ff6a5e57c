"""Steps shared by several processes: the model adds up, and what is measured is complete."""

import json
from statistics import median

import pytest

from cnnlib import models, results
from cnnlib.arithmetic import ring_seconds, step_seconds
from cnnlib.errors import BadInput


def sent_in_a_ring(processes):
    """Return what share of its gradient each process sends, and in how many rounds, by doing it."""
    # whose numbers are in each piece of each process
    held = [[{i} for _ in range(processes)] for i in range(processes)]
    sent, rounds = [0] * processes, 0
    for adding in (True, False):
        for turn in range(processes - 1):
            moves = [(i, (i - turn + (not adding)) % processes) for i in range(processes)]
            parcels = [set(held[i][piece]) for i, piece in moves]
            for (i, piece), parcel in zip(moves, parcels, strict=True):
                neighbour = (i + 1) % processes
                held[neighbour][piece] = parcel | held[neighbour][piece] if adding else parcel
                sent[i] += 1
            rounds += 1
    assert all(piece == set(range(processes)) for pieces in held for piece in pieces), "everybody has the whole sum"
    assert len(set(sent)) == 1
    return sent[0] / processes, rounds


@pytest.mark.parametrize("processes", [1, 2, 3, 8])
def test_the_time_of_a_ring_is_what_its_rounds_take(processes):
    share, rounds = sent_in_a_ring(processes)
    assert ring_seconds(1000, processes, bandwidth=500, latency=0.25) == pytest.approx(share * 1000 / 500 + rounds / 4)


def test_a_shared_step_computes_its_part_and_exchanges():
    assert step_seconds(8.0, 1000, 4, bandwidth=500) == 8.0 / 4 + ring_seconds(1000, 4, bandwidth=500)
    assert step_seconds(8.0, 1000, 1, bandwidth=500, latency=1) == 8.0
    assert step_seconds(8.0, 1000, 4, bandwidth=500, hidden=True) == ring_seconds(1000, 4, bandwidth=500)
    assert step_seconds(8.0, 1000, 4, bandwidth=5000, hidden=True) == 8.0 / 4
    assert step_seconds(0.1, 10**9, 8, bandwidth=1e9) > 0.1, "a slow link makes eight slower than one"


@pytest.mark.parametrize(("wrong", "words"), [
    ({"processes": 0}, "processes is 0"),
    ({"processes": 2.5}, "processes is 2.5"),
    ({"size": -4}, "size is -4"),
    ({"bandwidth": 0}, "bandwidth is 0; it must be above 0"),
    ({"bandwidth": float("nan")}, "bandwidth is nan"),
    ({"latency": -1}, "latency is -1; it must be at least 0"),
    ({"compute": 0}, "compute is 0; it must be above 0"),
])  # fmt: skip
def test_what_the_model_cannot_use_is_refused(wrong, words):
    usual = {"compute": 1.0, "size": 4, "processes": 2, "bandwidth": 1.0, "latency": 0.0}
    with pytest.raises(BadInput, match=words):
        step_seconds(**usual | wrong)


def test_what_is_measured_is_complete():
    text = (results.ledger() / "scaling.json").read_text(encoding="utf-8")
    scaling = json.loads(text)
    rows = {(one["net"], one["processes"], one["threads"]): one for one in scaling["steps"]}
    assert set(rows) == {(net, *layout) for net in ("lenet_note001", "vgg_0503") for layout in ((1, 1), (1, 2), (2, 1))}
    for (net, *_), one in rows.items():
        assert one["parameters"] == models.card(net).parameters
        assert one["seconds"] and min(one["seconds"]) > 0
    sizes, times = zip(*[(one["bytes"], median(one["seconds"])) for one in scaling["messages"]], strict=True)
    assert list(sizes) == sorted(sizes)
    assert times[-1] > times[0] > 0
    assert {"processor", "cores", "load", "system"} <= scaling["hardware"].keys()
    assert {"python", "torch"} <= scaling["versions"].keys()
    assert scaling["date"] and scaling["command"].startswith("python benchmarks/scaling.py")
    assert "changes" not in scaling["commit"] and "unknown" not in scaling["commit"]
