"""Bursts of single electrodes: runs of short intervals between spikes."""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from mnephys.mea.definitions import TIE, check_threshold
from mnephys.mea.segments import runs, short_intervals
from mnephys.recording import FloatArray, IntArray, SpikeTrains
from mnephys.wording import nearest

__all__ = ["Bursts", "bursts", "isi_threshold_bursts", "max_interval_bursts"]


@dataclass(frozen=True, slots=True, repr=False, eq=False)
class Bursts:
    """The bursts of many trains in columns; those of train i are ``offsets[i]`` to ``offsets[i + 1]``.

    Parameters
    ----------
    train : ndarray, int, shape (n_bursts,)
        Which train each belongs to, ascending.
    first, last : ndarray, int, shape (n_bursts,)
        Its first and last spike, both in it, as positions in the times of the trains.
    start, stop : ndarray, float, shape (n_bursts,)
        Times of these two, in s.
    n_spikes : ndarray, int, shape (n_bursts,)
        Spikes from first to last.
    offsets : ndarray, int, shape (n_trains + 1,)
        Where the bursts of each train are.
    """

    train: IntArray
    first: IntArray
    last: IntArray
    start: FloatArray
    stop: FloatArray
    n_spikes: IntArray
    offsets: IntArray

    def __len__(self) -> int:
        return int(self.train.size)

    def __repr__(self) -> str:
        with_any = int((self.counts > 0).sum())
        return f"Bursts: {len(self)} burst{'s' * (len(self) != 1)} in {with_any} of {self.counts.size} trains"

    @property
    def counts(self) -> IntArray:
        """Bursts of each train, shape (n_trains,)."""
        return np.diff(self.offsets)

    @property
    def duration(self) -> FloatArray:
        """From first to last spike in s, shape (n_bursts,)."""
        return self.stop - self.start


def bursts(trains: SpikeTrains, method: str = "isi-threshold", **parameters: float) -> Bursts:
    """Find the bursts of every train.

    Parameters
    ----------
    trains : SpikeTrains
        Groups make no difference.
    method : str
        ``"isi-threshold"``, see `isi_threshold_bursts`, or ``"max-interval"``, see `max_interval_bursts`.
    **parameters : float
        Those of the method.

    Returns
    -------
    Bursts
        Train by train, in the order of time.

    Raises
    ------
    ValueError
        If there is no such method or parameter, or a parameter cannot be.

    Examples
    --------
    >>> trains = SpikeTrains.from_lists([[1.0, 1.05, 1.1, 5.0], [2.0, 2.01, 2.02, 2.03]])
    >>> found = bursts(trains, max_isi=0.1, min_spikes=3)
    >>> found
    Bursts: 2 bursts in 2 of 2 trains
    >>> found.start, found.n_spikes
    (array([1., 2.]), array([3, 4]))
    """
    if method not in _METHODS:
        raise ValueError(f"burst method {method!r} is not known; {nearest(method, _METHODS)}")
    find = _METHODS[method]
    known = [name for name in inspect.signature(find).parameters if name != "trains"]
    for name in parameters:
        if name not in known:
            raise ValueError(f"burst method {method!r} has no parameter {name!r}; {nearest(name, known)}")
    return find(trains, **parameters)


def isi_threshold_bursts(trains: SpikeTrains, max_isi: float = 0.1, min_spikes: float = 5) -> Bursts:
    """Find bursts as the vendor's program does: as many spikes as possible with no long interval between them.

    Parameters
    ----------
    trains : SpikeTrains
        Any.
    max_isi : float
        Longest interval within a burst, in s; one that is longer by no more than `mnephys.mea.TIE` is equal.
    min_spikes : float
        Fewest spikes of a burst.

    Returns
    -------
    Bursts
        Train by train, in the order of time.

    Notes
    -----
    The method is reviewed in Cotterill et al. 2016, 10.1152/jn.00093.2016.
    """
    check_threshold(max_isi, min_spikes)
    first, last = runs(short_intervals(trains.times, trains.offsets, max_isi + TIE))
    enough = last - first + 1 >= min_spikes
    return _columns(trains, first[enough], last[enough])


def max_interval_bursts(
    trains: SpikeTrains,
    max_start_isi: float = 0.1,
    max_end_isi: float = 0.25,
    min_interval: float = 0.3,
    min_duration: float = 0.05,
    min_spikes: float = 5,
) -> Bursts:
    """Find bursts with the MaxInterval method.

    A burst begins with the first interval of at most `max_start_isi` and goes on while intervals are at most
    `max_end_isi`. Bursts of one train that are closer than `min_interval`, end to start, become one, with the
    spikes between them. Then what is shorter than `min_duration`, or has fewer spikes than `min_spikes`, is dropped.

    Parameters
    ----------
    trains : SpikeTrains
        Any.
    max_start_isi, max_end_isi : float
        In s, the first no longer than the second.
    min_interval, min_duration : float
        In s.
    min_spikes : float
        Fewest spikes of a burst.

    Returns
    -------
    Bursts
        Train by train, in the order of time.

    Raises
    ------
    ValueError
        If a time is negative or not finite, or a burst would begin with an interval that ends it.

    Notes
    -----
    Reviewed in Cotterill et al. 2016, 10.1152/jn.00093.2016; the defaults are those of meaRtools,
    10.1371/journal.pcbi.1006506. Times that differ by no more than `mnephys.mea.TIE` are equal.
    """
    check_threshold(max_end_isi, min_spikes)
    for name, value in {"min_interval": min_interval, "min_duration": min_duration}.items():
        if not (math.isfinite(value) and value >= 0):
            raise ValueError(f"{name} is {value}, needs a time in s")
    if not 0 <= max_start_isi <= max_end_isi:
        raise ValueError(f"max_start_isi is {max_start_isi}, needs to be from 0 to max_end_isi, {max_end_isi}")
    times = trains.times
    start, last = runs(short_intervals(times, trains.offsets, max_end_isi + TIE))
    begins = np.flatnonzero(short_intervals(times, trains.offsets, max_start_isi + TIE))
    # The first interval of each run that is short enough to begin a burst, if it has one.
    first = np.append(begins, times.size)[np.searchsorted(begins, start)]
    first, last = first[first < last], last[first < last]
    train = np.searchsorted(trains.offsets, first, side="right")
    apart = times[first[1:]] - times[last[:-1]] >= min_interval - TIE
    border = np.ones(first.size + 1, dtype=bool)
    border[1:-1] = apart | (train[1:] != train[:-1])
    first, last = first[border[:-1]], last[border[1:]]
    kept = (last - first + 1 >= min_spikes) & (times[last] - times[first] >= min_duration - TIE)
    return _columns(trains, first[kept], last[kept])


_METHODS: Mapping[str, Callable[..., Bursts]] = {
    "isi-threshold": isi_threshold_bursts,
    "max-interval": max_interval_bursts,
}


def _columns(trains: SpikeTrains, first: IntArray, last: IntArray) -> Bursts:
    train = np.searchsorted(trains.offsets, first, side="right") - 1
    return Bursts(
        train=train,
        first=first,
        last=last,
        start=trains.times[first],
        stop=trains.times[last],
        n_spikes=last - first + 1,
        offsets=np.searchsorted(train, np.arange(trains.n_trains + 1)),
    )
