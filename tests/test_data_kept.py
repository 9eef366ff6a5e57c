"""Arrays kept from one process to the next: taken again, made anew when they must be, never in the way."""

import numpy as np
import pytest

from cnnlib.data.kept import kept


@pytest.fixture
def program(tmp_path):
    file = tmp_path / "program.py"
    file.write_text("the first text")
    return file


def never():
    raise AssertionError("made again")


def numbers():
    return {"numbers": np.arange(5)}


def test_a_second_call_reads_what_the_first_one_made(tmp_path, program):
    folder = tmp_path / "made"
    first = kept("five", program, numbers, folder)
    again = kept("five", program, never, folder)
    assert first.keys() == again.keys() and np.array_equal(again["numbers"], np.arange(5))
    assert [file.suffix for file in folder.iterdir()] == [".npz"]  # no half-written file stays


def test_a_changed_program_makes_its_arrays_anew_and_leaves_one_file(tmp_path, program):
    folder = tmp_path / "made"
    kept("five", program, numbers, folder)
    program.write_text("another text")
    assert kept("five", program, lambda: {"numbers": np.zeros(2)}, folder)["numbers"].tolist() == [0, 0]
    assert len(list(folder.iterdir())) == 1


@pytest.mark.parametrize("spoil", [lambda old: b"", lambda old: old[:-40], lambda old: b"<html>" + old])
def test_a_spoilt_file_is_made_anew(tmp_path, program, spoil):
    folder = tmp_path / "made"
    kept("five", program, numbers, folder)
    (file,) = folder.iterdir()
    file.write_bytes(spoil(file.read_bytes()))
    assert kept("five", program, numbers, folder)["numbers"].tolist() == [0, 1, 2, 3, 4]
    assert kept("five", program, never, folder)["numbers"].tolist() == [0, 1, 2, 3, 4]


def test_a_folder_that_cannot_be_written_to_only_costs_time(tmp_path, program):
    in_the_way = tmp_path / "file"
    in_the_way.write_text("not a folder")
    assert kept("five", program, numbers, in_the_way)["numbers"].tolist() == [0, 1, 2, 3, 4]
    assert in_the_way.read_text() == "not a folder"
