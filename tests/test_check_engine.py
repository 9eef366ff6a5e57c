"""The engine of the exercises: a stub is not answered, an error is told, a right answer is right, strict raises."""

import pytest

from cnnlib.check import check, exercises
from cnnlib.check.engine import Exercise, NotAnswered, Wrong, call
from cnnlib.errors import BadInput


@pytest.mark.parametrize("name", exercises())
@pytest.mark.parametrize("stub", [None, ...])
def test_a_stub_is_not_answered_and_does_not_raise(name, stub, capsys):
    check(name, stub)
    assert "not answered yet" in capsys.readouterr().out


@pytest.mark.parametrize("name", exercises())
def test_nonsense_is_never_right_and_never_raises(name, capsys):
    for nonsense in (lambda *a, **k: ..., lambda *a, **k: "seven", "seven", object(), [], {}, -1e9, lambda: None):
        check(name, nonsense)
        assert "✓" not in capsys.readouterr().out


@pytest.mark.parametrize("name", exercises())
def test_strict_raises_unless_right(name):
    with pytest.raises(AssertionError, match=name):
        check(name, None, strict=True)


def test_names_are_the_files_that_hold_the_judges():
    for name, exercise in exercises().items():
        module = f"cnnlib.check.{name.split('.')[0]}"  # a file, or a package of files
        assert exercise.judge.__module__ == module or exercise.judge.__module__.startswith(f"{module}.")
        assert exercise.judge.__doc__
        assert isinstance(exercise, Exercise)


def test_call_tells_what_went_wrong():
    with pytest.raises(NotAnswered):
        call(lambda n: None, 1)
    with pytest.raises(Wrong, match="ZeroDivisionError.*1 / 0"):
        call(lambda n: 1 / 0, 1)
    with pytest.raises(Wrong, match="a function is wanted, not int"):
        call(3)


def test_an_unknown_exercise_is_told():
    with pytest.raises(BadInput, match="arithmetic.1"):
        check("arithmetics.1", 3)
