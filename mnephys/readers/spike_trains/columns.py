"""Spike times that stand one after another, electrode by electrode: checked, and put into the order of a plate."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mnephys.errors import CorruptHeaderError
from mnephys.readers.hdf5.file import texts_of
from mnephys.recording import BoolArray, FloatArray, IntArray
from mnephys.wording import joined, one_line

__all__ = ["LATEST", "Columns", "checked_columns", "in_plate_order", "listed", "without_impossible"]

_EXPORT = "export it again"
_MOST_LISTED = 3
_LONGEST_SHOWN = 60
#: In s: 115 days, which no recording lasts; a later time is a damaged number, or one in another unit.
LATEST = 1e7
# Times lie on the grid of the samples, and were written and read back: nearer ones than this are the same.
_SAME = 1e-6


def listed(items: Sequence[str]) -> str:
    """Return the first of several names, and how many more there are.

    Parameters
    ----------
    items : sequence of str
        At least one, perhaps from a file.

    Returns
    -------
    str
        For a sentence, on one line.

    Examples
    --------
    >>> listed(["A1_11", "A1_12"]), listed(["a", "b", "c", "d", "e"])
    ('A1_11 and A1_12', 'a, b, c and 2 more')
    """
    words = [
        shown if len(shown := one_line(item)) <= _LONGEST_SHOWN else f"{shown[:_LONGEST_SHOWN]}..." for item in items
    ]
    if len(words) > _MOST_LISTED:
        words = [*words[:_MOST_LISTED], f"{len(words) - _MOST_LISTED} more"]
    return joined(words)


@dataclass(frozen=True, slots=True, eq=False)
class Columns:
    """Trains one after another, in the order of the file.

    Parameters
    ----------
    times : ndarray, float64, shape (n_spikes,)
        In s.
    counts : ndarray, int, shape (n_names,)
        How many of them belong to each name.
    names : tuple of str
        Of the electrodes.
    """

    times: FloatArray
    counts: IntArray
    names: tuple[str, ...]


def checked_columns(path: str, spikes: NDArray[Any], counts: NDArray[Any], names: NDArray[Any]) -> Columns:
    """Return the columns of a file once they were found to fit together.

    Parameters
    ----------
    path : str
        Of the file, for messages.
    spikes, counts, names : ndarray of any shape
        The datasets ``spikes``, ``sCount`` and ``names`` as stored.

    Returns
    -------
    Columns
        In the order of the file.

    Raises
    ------
    CorruptHeaderError
        If a dataset has the wrong type or shape, a count cannot be true, or counts do not add up.

    Examples
    --------
    >>> names = np.array([b"A1_11", b"A1_12"])
    >>> checked_columns("a.h5", np.array([0.5, 2.0]), np.array([2, 0]), names).counts
    array([2, 0])
    >>> checked_columns("a.h5", np.array([0.5]), np.array([2, 0]), names)
    Traceback (most recent call last):
    mnephys.errors.CorruptHeaderError: a.h5: dataset sCount counts 2 spikes, dataset spikes holds 1; export it again
    """

    def corrupt(problem: str) -> CorruptHeaderError:
        return CorruptHeaderError(path, problem, _EXPORT)

    for name, values, kinds, what in (
        ("spikes", spikes, "f", "times in s"),
        ("sCount", counts, "iuf", "counts"),
        ("names", names, "S", "names"),
    ):
        if values.dtype.kind not in kinds:
            raise corrupt(f"dataset {name} holds values of type {values.dtype}, not {what}")
        if values.size > max(values.shape, default=1):
            raise corrupt(f"dataset {name} has the shape {values.shape}, not one column")
    if counts.size != names.size:
        raise corrupt(f"dataset sCount holds {counts.size} counts, dataset names {names.size} names")
    texts = texts_of(names)
    exact = counts.ravel().astype(np.float64)
    if (wrong := np.flatnonzero(~((exact >= 0) & (exact == np.floor(exact))))).size:
        raise corrupt(f"dataset sCount states {exact[wrong[0]]:g} spikes of {listed([texts[wrong[0]]])}")
    if (total := float(exact.sum())) != spikes.size:
        raise corrupt(f"dataset sCount counts {total:.15g} spikes, dataset spikes holds {spikes.size}")
    return Columns(spikes.ravel().astype(np.float64, copy=False), exact.astype(np.int64), tuple(texts))


def without_impossible(columns: Columns) -> tuple[Columns, IntArray, tuple[str, ...]]:
    """Leave out times that are not finite, or too large to be in s.

    Parameters
    ----------
    columns : Columns
        In the order of the file.

    Returns
    -------
    columns : Columns
        Without them.
    lost : ndarray, int, shape (n_names,)
        How many were left out of each train.
    problems : tuple of str
        A sentence with their electrodes.
    """
    bad = np.flatnonzero(~(np.abs(columns.times) <= LATEST))
    if not bad.size:
        return columns, np.zeros_like(columns.counts), ()
    lost = _trains_of(bad, columns.counts)
    where = listed([columns.names[index] for index in np.flatnonzero(lost)])
    sentence = (
        f"Dataset spikes: {bad.size} times of {where} cannot be true (first {columns.times[bad[0]]:g} s); left out."
    )
    kept = Columns(np.delete(columns.times, bad), columns.counts - lost, columns.names)
    return kept, lost, (sentence,)


def in_plate_order(
    columns: Columns, slots: IntArray, electrodes: Sequence[str]
) -> tuple[FloatArray, IntArray, tuple[str, ...]]:
    """Put the trains into the order of the electrodes of a plate, each ascending and without repetitions.

    Parameters
    ----------
    columns : Columns
        In the order of the file.
    slots : ndarray, int, shape (n_names,)
        Which electrode each name is; -1 for what is left out. Names of the same electrode are taken together.
    electrodes : sequence of str
        Names of all electrodes of the plate, in order.

    Returns
    -------
    times : ndarray, float64, shape (n_spikes,)
        In s, ascending within each train.
    offsets : ndarray, int, shape (n_electrodes + 1,)
        Electrode i owns ``times[offsets[i]:offsets[i + 1]]``.
    problems : tuple of str
        Sentences with the electrodes that were named twice, not in order, or held a time twice.

    Examples
    --------
    >>> columns = Columns(np.array([5.0, 1.0, 2.0]), np.array([1, 2]), ("A1_12", "A1_11"))
    >>> times, offsets, _ = in_plate_order(columns, np.array([1, 0]), ["A1_11", "A1_12", "A1_13"])
    >>> times.tolist(), offsets.tolist()
    ([1.0, 2.0, 5.0], [0, 2, 3, 3])
    """
    order = np.argsort(slots, kind="stable")
    order = order[slots[order] >= 0]
    moved = columns.counts[order]
    # Where each train begins in the file, less where it begins in the result.
    shift = (np.cumsum(columns.counts) - columns.counts)[order] - (np.cumsum(moved) - moved)
    times = columns.times
    if shift.any() or moved.sum() != times.size:
        times = times[np.repeat(shift, moved) + np.arange(moved.sum())]
    counts = np.zeros(len(electrodes), dtype=np.int64)
    np.add.at(counts, slots[order], moved)
    shared = np.bincount(slots[order], minlength=len(electrodes)) > 1
    times, unsorted = _sorted(times, counts)
    times, repeated = _without_repetitions(times, counts)
    # The trains of one electrode that is named twice need neither be in order nor differ.
    unsorted, again = unsorted & ~shared, np.where(shared, 0, repeated)
    problems = []
    if shared.any():
        where = _where(shared, electrodes)
        problems.append(f"Dataset names holds {where} more than once; the spikes are taken together, equal times once.")
    if unsorted.any():
        problems.append(
            f"Dataset spikes: the times of {_where(unsorted, electrodes)} are not in order; they were sorted."
        )
    if again.any():
        where = _where(again > 0, electrodes)
        problems.append(f"Dataset spikes: {again.sum()} times of {where} stand there again; each was counted once.")
    return times, np.concatenate([[0], np.cumsum(counts - repeated)]), tuple(problems)


def _where(chosen: BoolArray, electrodes: Sequence[str]) -> str:
    return listed([electrodes[index] for index in np.flatnonzero(chosen).tolist()])


def _steps(times: FloatArray, counts: IntArray) -> FloatArray:
    """Return the interval before each spike but the first, infinite where another train begins."""
    steps = np.diff(times)
    starts = np.cumsum(counts)[:-1]
    steps[starts[(starts > 0) & (starts < times.size)] - 1] = np.inf
    return steps


def _trains_of(spikes: IntArray, counts: IntArray) -> IntArray:
    """Return how many of some spikes are of each train."""
    return np.bincount(np.searchsorted(np.cumsum(counts), spikes, side="right"), minlength=counts.size)


def _sorted(times: FloatArray, counts: IntArray) -> tuple[FloatArray, BoolArray]:
    """Return the times ascending within each train, and which trains were not."""
    fell = _trains_of(np.flatnonzero(_steps(times, counts) < 0) + 1, counts) > 0
    if fell.any():
        times = times[np.lexsort((times, np.repeat(np.arange(counts.size), counts)))]
    return times, fell


def _without_repetitions(times: FloatArray, counts: IntArray) -> tuple[FloatArray, IntArray]:
    """Return the times without those that repeat the one before, and how many each train repeated."""
    again = np.flatnonzero(_steps(times, counts) <= _SAME) + 1
    return (np.delete(times, again) if again.size else times), _trains_of(again, counts)
