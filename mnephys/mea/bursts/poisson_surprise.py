"""Bursts by Poisson surprise: stretches that hold more spikes than chance puts there."""

from __future__ import annotations

import numpy as np

from mnephys.mea.bursts.columns import Bursts, burst_columns
from mnephys.mea.bursts.surprise import check_surprise, poisson_surprise
from mnephys.mea.definitions import TIE
from mnephys.mea.pieces import interval_counts, piece_ends
from mnephys.mea.segments import short_intervals
from mnephys.recording import BoolArray, FloatArray, IntArray, SpikeTrains

__all__ = ["poisson_surprise_bursts"]

_LOOK_AHEAD = 10
"""So many spikes are tried before a burst is taken to have ended."""

_FEWEST = 3


def poisson_surprise_bursts(trains: SpikeTrains, min_surprise: float = 5.0) -> Bursts:
    """Find bursts with the Poisson surprise method.

    A burst begins with two intervals in a row below half the mean interval of its train. Spikes are added at its end
    as long as one of the next ten makes it more surprising, and none of those before that one lies more than twice
    the mean interval behind its neighbour; then spikes are taken from its front as long as that does. It is kept if
    its surprise is `min_surprise` or more, and the search goes on behind it, else one spike further.

    Parameters
    ----------
    trains : SpikeTrains
        Any.
    min_surprise : float
        Least surprise of a burst: -ln of the chance that a Poisson train of the same rate has as many spikes in the
        time from its first spike to its last, the first not counted.

    Returns
    -------
    Bursts
        Train by train, in the order of time; none has fewer than 3 spikes.

    Raises
    ------
    ValueError
        If the surprise is not a number from 0 up.

    Notes
    -----
    Legendy and Salcman 1985, 10.1152/jn.1985.53.4.926. Look-ahead, the first spike that is not counted, and the
    default are those of meaRtools, 10.1371/journal.pcbi.1006506, and of Cotterill et al. 2016,
    10.1152/jn.00093.2016. Times that differ by no more than `mnephys.mea.TIE` are equal.

    Examples
    --------
    >>> import numpy as np
    >>> train = np.sort(np.concatenate([np.arange(0.0, 60.0, 2.0), 30.5 + 0.01 * np.arange(6)]))
    >>> found = poisson_surprise_bursts(SpikeTrains.from_lists([train]))
    >>> found.start, found.n_spikes
    (array([30.5]), array([6]))
    """
    check_surprise(min_surprise)
    mean = _mean_intervals(trains)
    # What begins at a spike depends on what was found before only by whether the search comes there. So bursts are
    # grown from many beginnings of all trains at once, ahead of a search that then only follows them. It asks for
    # those that it comes to and that nobody thought of, so that its result is that of one spike after the other.
    begins = _beginnings(trains, mean)
    ends = np.flatnonzero(begins & ~np.append(begins[1:], False))
    first, last = np.zeros(begins.size, dtype=np.int64), np.full(begins.size, -1)
    asked: IntArray = np.flatnonzero(begins & ~np.append(False, begins[:-1]))
    search = _Search(trains, _following(begins))
    while asked.size:
        head, tail, surprise = _grow(trains, asked, mean)
        first[asked], last[asked] = np.where(surprise >= min_surprise, head, -1), tail
        asked = search.go_on(first, last)
        # A run of beginnings of which one failed is short, and most of its others will be asked for next.
        asked = np.unique(np.concatenate([asked, _rest_of_runs(asked, first, ends)]))
        asked = asked[last[asked] < 0]
    return burst_columns(trains, *search.found())


class _Search:
    """Where the search of every train stands, and what it has found so far."""

    def __init__(self, trains: SpikeTrains, behind: IntArray) -> None:
        self._behind = behind
        self._stop = trains.offsets[1:]
        self._at = behind[trains.offsets[:-1]]
        self._first: list[IntArray] = []
        self._last: list[IntArray] = []

    def go_on(self, first: IntArray, last: IntArray) -> IntArray:
        """Follow what is known (`first` is -1 for no burst, `last` is -1 for not known); return what has to be."""
        moving: IntArray = np.flatnonzero(self._at < self._stop)
        halted: list[IntArray] = [moving[:0]]
        while moving.size:
            at = self._at[moving]
            known = last[at] >= 0
            halted.append(at[~known])
            moving, at = moving[known], at[known]
            burst = first[at] >= 0
            self._first.append(first[at[burst]])
            self._last.append(last[at[burst]])
            self._at[moving] = self._behind[np.where(burst, last[at], at) + 1]
            moving = moving[self._at[moving] < self._stop[moving]]
        return np.concatenate(halted)

    def found(self) -> tuple[IntArray, IntArray]:
        """Return the first and the last spikes of the bursts, ascending."""
        none = np.zeros(0, dtype=np.int64)
        return np.sort(np.concatenate([none, *self._first])), np.sort(np.concatenate([none, *self._last]))


def _mean_intervals(trains: SpikeTrains) -> FloatArray:
    """Return the mean interval of the train of each spike, 0 where it has none."""
    count, breaks = trains.counts, trains.breaks
    number = interval_counts(trains.offsets, breaks)
    mean = np.zeros(count.size)
    some = np.flatnonzero(number)
    begin, end = trains.offsets[some], trains.offsets[some + 1] - 1
    across = trains.times[breaks] - trains.times[breaks - 1]
    owner = np.searchsorted(trains.offsets, breaks, side="right") - 1
    jumped = np.bincount(owner, weights=across, minlength=count.size)
    mean[some] = (trains.times[end] - trains.times[begin] - jumped[some]) / number[some]
    return np.repeat(mean, count)


def _beginnings(trains: SpikeTrains, mean: FloatArray) -> BoolArray:
    """Return after which spikes two intervals below half the mean follow."""
    short = short_intervals(trains.times, trains.offsets, np.inf, trains.breaks)
    short &= np.diff(trains.times) < mean[: short.size] / 2 - TIE
    begins = np.zeros(trains.n_spikes, dtype=bool)
    begins[:-2] = short[:-1] & short[1:]
    return begins


def _following(begins: BoolArray) -> IntArray:
    """Return the first beginning at or behind each spike, and behind the last; the number of spikes for none."""
    n = begins.size
    at = np.append(np.where(begins, np.arange(n), n), n)
    return np.flip(np.minimum.accumulate(np.flip(at)))


def _rest_of_runs(asked: IntArray, first: IntArray, ends: IntArray) -> IntArray:
    """Return the beginnings from each asked for to the end of its run, where the one just before it was no burst."""
    failed = asked[(asked > 0) & (first[asked - 1] < 0)]
    count = ends[np.searchsorted(ends, failed)] - failed + 1
    rest: IntArray = np.repeat(failed - np.cumsum(count) + count, count) + np.arange(count.sum())
    return rest


def _grow(trains: SpikeTrains, first: IntArray, mean: FloatArray) -> tuple[IntArray, IntArray, FloatArray]:
    """Lengthen and shorten the three spikes from each beginning; return first and last spike, and the surprise."""
    times, mean = trains.times, mean[first]
    ends = piece_ends(trains.offsets, trains.breaks)
    end = ends[np.searchsorted(ends, first, side="right")]
    first, last = first.copy(), first + 2
    best = poisson_surprise(times[last] - times[first], last - first, mean)
    tried = last.copy()
    growing = np.arange(first.size)
    while growing.size:
        tried[growing] += 1
        growing = growing[(tried[growing] < end[growing]) & (tried[growing] - last[growing] <= _LOOK_AHEAD)]
        at = tried[growing]
        value = poisson_surprise(times[at] - times[first[growing]], at - first[growing], mean[growing])
        better = value > best[growing]
        near = times[at] - times[at - 1] <= 2.0 * mean[growing] + TIE
        best[growing[better]], last[growing[better]] = value[better], at[better]
        growing = growing[better | near]
    shrinking = np.flatnonzero(last - first >= _FEWEST)
    while shrinking.size:
        at = first[shrinking] + 1
        value = poisson_surprise(times[last[shrinking]] - times[at], last[shrinking] - at, mean[shrinking])
        better = value > best[shrinking]
        shrinking = shrinking[better]
        best[shrinking], first[shrinking] = value[better], at[better]
        shrinking = shrinking[last[shrinking] - first[shrinking] >= _FEWEST]
    return first, last, best
