"""The bursts of a vendor's burst list, electrode by electrode and well by well.

What a burst is was decided by the program that wrote the list. Averages are those of the vendor's metrics: a well's is
the plain mean over its electrodes of their own means, and an interval between bursts goes from start to start.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mnephys.readers.axion_csv.spike_rows import Fault, SpikeRows
from mnephys.readers.axion_csv.spike_trains import PlacedSpikes
from mnephys.recording import BoolArray, FloatArray, IntArray

__all__ = [
    "ListedBursts",
    "chosen_bursts",
    "contradicted",
    "electrode_metrics",
    "listed_bursts",
    "well_metrics",
    "with_burst_faults",
]

# Fewer spikes have no interval, and more are in no list.
_FEWEST, _MOST = 2, 1e7
# In s. Times are rounded to the sample, durations to the digits of the list.
_ROUNDED = 1e-3


def with_burst_faults(rows: SpikeRows) -> SpikeRows:
    """Return the rows of a burst list, with a fault where the numbers of one are not those of a burst.

    Parameters
    ----------
    rows : SpikeRows
        With `size` and `duration`.

    Returns
    -------
    SpikeRows
        With `Fault.SIZE` for what is no whole number of at least two spikes, `Fault.DURATION` for what lasts no time.

    Examples
    --------
    >>> from mnephys.readers.axion_csv.cells import CsvText, rows_of
    >>> from mnephys.readers.axion_csv.spike_rows import find_titles, read_rows
    >>> titles = find_titles(["Time (s)", "Electrode", "Size (spikes)", "Duration (s)"])
    >>> body = CsvText("0.5,A1_11,5,0.1" + chr(10) + "0.9,A1_11,1,0.1" + chr(10) + "2.0,A1_11,5,-0.1" + chr(10))
    >>> with_burst_faults(read_rows([], body, titles, 1)).fault
    array([0, 4, 5], dtype=int8)
    """
    size, duration = _column(rows.size), _column(rows.duration)
    no_size = ~((size >= _FEWEST) & (size <= _MOST) & (size == np.rint(size)))
    no_duration = ~((duration > 0) & np.isfinite(duration))
    fault = np.where(no_size, Fault.SIZE, np.where(no_duration, Fault.DURATION, Fault.NONE))
    return replace(rows, fault=np.where(rows.fault == Fault.NONE, fault, rows.fault).astype(np.int8))


@dataclass(frozen=True, slots=True, repr=False, eq=False)
class ListedBursts:
    """Bursts sorted by electrode and time.

    Parameters
    ----------
    electrode : ndarray, int, shape (n_bursts,)
        Position of the electrode in the plate, ascending.
    start, duration : ndarray, float, shape (n_bursts,)
        In s.
    size : ndarray, float, shape (n_bursts,)
        Spikes.
    n_electrodes : int
        Of the plate.
    """

    electrode: IntArray
    start: FloatArray
    duration: FloatArray
    size: FloatArray
    n_electrodes: int

    @property
    def counts(self) -> FloatArray:
        """Bursts of each electrode, shape (n_electrodes,)."""
        return np.bincount(self.electrode, minlength=self.n_electrodes).astype(np.float64)

    def mean(self, values: FloatArray) -> FloatArray:
        """Return the mean over the bursts of each electrode.

        Parameters
        ----------
        values : ndarray, float, shape (n_bursts,)
            One for each burst.

        Returns
        -------
        ndarray, float, shape (n_electrodes,)
            NaN where there is no burst.
        """
        return _ratio(np.bincount(self.electrode, weights=values, minlength=self.n_electrodes), self.counts)


def _ratio(part: NDArray[Any], whole: NDArray[Any]) -> FloatArray:
    ratio: FloatArray = np.divide(part, whole, out=np.full(part.shape, np.nan), where=whole > 0)
    return ratio


def _count(n: int) -> str:
    return f"{n} burst{'s' * (n != 1)}"


def chosen_bursts(bursts: PlacedSpikes, start: float, stop: float) -> tuple[IntArray, list[str]]:
    """Return which rows are bursts of the recording, each once.

    Parameters
    ----------
    bursts : PlacedSpikes
        Rows of a burst list, with `with_burst_faults`.
    start, stop : float
        Of the recording, in s; infinite where it is not stated.

    Returns
    -------
    rows : ndarray, int, shape (n_bursts,)
        Sorted by electrode and time.
    problems : list of str
        What was left out, one sentence for each kind.
    """
    time, length = bursts.rows.time, _column(bursts.rows.duration)
    before = bursts.usable & (time < 0)
    outside = bursts.usable & ~before & ((time < start) | (time + length > stop + _ROUNDED))
    problems = [
        f"not counted: {_count(int(mask.sum()))} {where}; the first is {bursts.first(np.flatnonzero(mask))}"
        for mask, where in ((before, "before 0 s"), (outside, f"not wholly within the stated {start:g} to {stop:g} s"))
        if mask.any()
    ]
    at = np.flatnonzero(bursts.usable & ~before & ~outside)
    at = at[np.lexsort((time[at], bursts.electrode[at]))]
    twice = np.zeros(at.size, dtype=np.bool_)
    twice[1:] = (np.diff(time[at]) == 0) & (np.diff(bursts.electrode[at]) == 0)
    if twice.any():
        n, first = _count(int(twice.sum())), bursts.first(at[twice])
        problems.append(f"counted once: {n} at a time at which the electrode already has one; the first is {first}")
    return at[~twice], problems


def _column(values: NDArray[np.float64] | None) -> FloatArray:
    return np.zeros(0) if values is None else values


def listed_bursts(bursts: PlacedSpikes, rows: IntArray, n_electrodes: int) -> ListedBursts:
    """Return some rows as bursts.

    Parameters
    ----------
    bursts : PlacedSpikes
        Rows of a burst list.
    rows : ndarray, int, shape (n_bursts,)
        Those of `chosen_bursts`.
    n_electrodes : int
        Of the plate.

    Returns
    -------
    ListedBursts
        In the order of the rows.
    """
    return ListedBursts(
        electrode=bursts.electrode[rows],
        start=bursts.rows.time[rows],
        duration=_column(bursts.rows.duration)[rows],
        size=_column(bursts.rows.size)[rows],
        n_electrodes=n_electrodes,
    )


def contradicted(
    bursts: PlacedSpikes, rows: IntArray, listed: ListedBursts, definition: Mapping[str, float]
) -> list[str]:
    """Say which bursts cannot be as the list says itself.

    Parameters
    ----------
    bursts : PlacedSpikes
        Rows of a burst list.
    rows : ndarray, int, shape (n_bursts,)
        Those of `chosen_bursts`.
    listed : ListedBursts
        The same as bursts.
    definition : mapping of str to float
        ``burst_max_isi`` in s and ``burst_min_spikes``, as far as the settings of the list say what a burst is.

    Returns
    -------
    list of str
        One sentence for bursts that begin within another of their electrode, one for those that the stated
        definition excludes. They are counted all the same: which of the numbers is wrong nobody knows.
    """
    within = np.zeros(rows.size, dtype=np.bool_)
    end = listed.start + listed.duration
    within[1:] = (np.diff(listed.electrode) == 0) & (listed.start[1:] < end[:-1] - _ROUNDED)
    longest = definition.get("burst_max_isi", np.inf) * (listed.size - 1) + _ROUNDED
    excluded = (listed.duration > longest) | (listed.size < definition.get("burst_min_spikes", 0.0))
    return [
        f"counted all the same: {_count(int(mask.sum()))} {what}; the first is {bursts.first(rows[mask])}"
        for mask, what in (
            (within, "starting before the previous burst of the same electrode ended"),
            (excluded, "with fewer spikes or longer intervals than the stated settings allow"),
        )
        if mask.any()
    ]


def electrode_metrics(bursts: ListedBursts, duration: float | None) -> dict[str, FloatArray]:
    """Measure the bursts of every electrode.

    Parameters
    ----------
    bursts : ListedBursts
        Of the plate.
    duration : float or None
        Of the recording, in s.

    Returns
    -------
    dict of str to ndarray, float, shape (n_electrodes,)
        By feature, in s and Hz; NaN where there is too little. Without a duration there is no rate.

    Examples
    --------
    >>> at = np.array([0, 0])
    >>> two = ListedBursts(at, np.array([1.0, 5.0]), np.array([0.2, 0.4]), np.array([5.0, 9.0]), 2)
    >>> found = electrode_metrics(two, 10.0)
    >>> found["burst_rate"], found["inter_burst_interval"], found["burst_duration"].round(3)
    (array([0.2, 0. ]), array([ 4., nan]), array([0.3, nan]))
    """
    counts, n = bursts.counts, bursts.n_electrodes
    same = np.diff(bursts.electrode) == 0
    interval, of = np.diff(bursts.start)[same], bursts.electrode[1:][same]
    number = np.bincount(of, minlength=n).astype(np.float64)
    mean = _ratio(np.bincount(of, weights=interval, minlength=n), number)
    square = np.bincount(of, weights=(interval - mean[of]) ** 2, minlength=n)
    found = {
        "burst_count": counts,
        "burst_duration": bursts.mean(bursts.duration),
        "spikes_per_burst": bursts.mean(bursts.size),
        "burst_isi": bursts.mean(bursts.duration / (bursts.size - 1)),
        "inter_burst_interval": mean,
        "inter_burst_interval_cv": np.sqrt(_ratio(square, number - 1)) / mean,
    }
    return found if duration is None else found | {"burst_rate": counts / duration}


def well_metrics(electrodes: Mapping[str, FloatArray], well: IntArray, n_wells: int) -> dict[str, FloatArray]:
    """Take the electrodes of every well together.

    Parameters
    ----------
    electrodes : mapping of str to ndarray, float, shape (n_electrodes,)
        As `electrode_metrics` returns them.
    well : ndarray, int, shape (n_electrodes,)
        The well of each, from 0.
    n_wells : int
        Of the plate.

    Returns
    -------
    dict of str to ndarray, float, shape (n_wells,)
        By feature; counts are sums, the others means over the electrodes that have one. A well without a burst has a
        rate of 0.

    Examples
    --------
    >>> columns = {"burst_count": np.array([2.0, 0.0, 0.0]), "burst_rate": np.array([0.2, 0.0, 0.0])}
    >>> found = well_metrics(columns, np.array([0, 0, 1]), 2)
    >>> found["burst_rate"], found["bursting_electrode_count"]
    (array([0.2, 0. ]), array([1., 0.]))
    """
    bursting = electrodes["burst_count"] > 0

    def mean(values: FloatArray, used: BoolArray) -> FloatArray:
        return _ratio(
            np.bincount(well[used], weights=values[used], minlength=n_wells),
            np.bincount(well[used], minlength=n_wells).astype(np.float64),
        )

    found = {name: mean(values, bursting & ~np.isnan(values)) for name, values in electrodes.items()}
    if "burst_rate" in found:
        found["burst_rate"] = np.nan_to_num(found["burst_rate"])
    counts = electrodes["burst_count"]
    summed = np.bincount(well, weights=counts, minlength=n_wells).astype(np.float64)
    return found | {
        "burst_count": summed,
        "bursting_electrode_count": np.bincount(well[bursting], minlength=n_wells).astype(np.float64),
    }
