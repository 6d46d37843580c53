"""The exception tree is the one drawn, and every message is one line whatever the text in it."""

from __future__ import annotations

import copy
import multiprocessing
import pickle
import re
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from mnephys import errors
from mnephys.errors import MnephysError, ReadError

EVERY = [getattr(errors, name) for name in errors.__all__]
OF_A_FILE = [kind for kind in EVERY if issubclass(kind, ReadError)]
OTHERS = [kind for kind in EVERY if not issubclass(kind, ReadError)]

# Also lone surrogates: names that are not UTF-8 arrive as such from the file system.
any_text = st.text(st.characters(exclude_categories=()), max_size=60)


def drawn_tree() -> dict[str, set[str]]:
    """Return the parents of every class of the drawing, its builtin parents included."""
    parents: dict[str, set[str]] = {}
    above: dict[int, str] = {}
    for line in (errors.__doc__ or "").splitlines():
        if found := re.fullmatch(r"([ │├└─]*)([A-Z]\w+Error)\b(?: \((\w+)\))?.*", line):
            depth = len(found[1])
            nearest = max((d for d in above if d < depth), default=None)
            above[depth] = found[2]
            parents[found[2]] = {name for name in (found[3], above.get(nearest, "Exception")) if name}
    return parents


def test_the_tree_is_the_one_drawn():
    drawn = drawn_tree()
    assert sorted(drawn) == sorted(errors.__all__)
    for kind in EVERY:
        assert drawn[kind.__name__] == {base.__name__ for base in kind.__bases__}, kind


def test_one_base_catches_all_and_nothing_else():
    assert all(issubclass(kind, MnephysError) for kind in EVERY)
    assert not issubclass(ValueError, MnephysError)


@pytest.mark.parametrize("kind", OF_A_FILE)
@given(path=any_text, problem=any_text, advice=any_text)
@example(path="a\nb.abf", problem="is\r\nempty", advice="x\u2028y\x1b[31m")
@example(path="cell\udcff.abf", problem="x", advice="")
@settings(deadline=None, max_examples=50)
def test_the_message_of_a_file_is_one_printable_line(kind, path, problem, advice):
    message = str(kind(path, problem, advice))
    assert message.splitlines() == [message]
    assert message.isprintable()
    assert message.encode("utf-8")


@pytest.mark.parametrize("kind", OTHERS)
@given(text=any_text.filter(lambda text: text.strip()))
@example(text="a\nb")
@example(text="cell\udcff.abf: is not known")
@settings(deadline=None, max_examples=50)
def test_every_other_message_is_one_printable_line(kind, text):
    message = str(kind(text))
    assert len(message.splitlines()) <= 1
    assert message.isprintable()
    assert message.encode("utf-8") is not None


@pytest.mark.parametrize("kind", OF_A_FILE)
def test_a_message_names_file_problem_and_advice(kind):
    assert str(kind("cell.abf", "is empty", "copy it again")) == "cell.abf: is empty; copy it again"
    assert str(kind(Path("day 3/cell.abf"), "is empty")) == "day 3/cell.abf: is empty"


@pytest.mark.parametrize("kind", OF_A_FILE)
def test_the_attributes_of_an_os_error_are_true(kind):
    error = kind(Path("day 3/cell.abf"), "is empty", "copy it again")
    assert (error.path, error.problem, error.advice) == ("day 3/cell.abf", "is empty", "copy it again")
    # Code that catches OSError prints or compares these.
    assert error.filename in {None, "day 3/cell.abf"}
    assert error.errno is None or isinstance(error.errno, int)


@pytest.mark.parametrize("kind", OF_A_FILE)
@given(path=any_text, problem=any_text, advice=any_text)
@example(path="cell\udcff.abf", problem="is empty", advice="")
@settings(deadline=None, max_examples=50)
def test_a_copy_says_the_same(kind, path, problem, advice):
    error = kind(path, problem, advice)
    for other in (pickle.loads(pickle.dumps(error)), copy.copy(error), copy.deepcopy(error)):  # noqa: S301 -- our own
        assert type(other) is kind
        assert str(other) == str(error)
        assert (other.path, other.problem, other.advice) == (error.path, error.problem, error.advice)


def raise_in_worker(kind: type[MnephysError]) -> None:
    arguments = ("cell.abf", "is empty", "copy it again") if issubclass(kind, ReadError) else ("cell.abf: is wrong",)
    raise kind(*arguments)


def test_errors_come_back_from_a_worker_process():
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
        for kind in EVERY:
            with pytest.raises(kind) as caught:
                pool.submit(raise_in_worker, kind).result(timeout=60)
            assert type(caught.value) is kind
            expected = "cell.abf: is empty; copy it again" if issubclass(kind, ReadError) else "cell.abf: is wrong"
            assert str(caught.value) == expected
