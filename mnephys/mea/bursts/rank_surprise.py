"""Bursts by rank surprise: stretches of intervals that rank lower in their train than chance puts together."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise
from typing import Self

import numpy as np

from mnephys.mea.bursts.columns import Bursts, burst_columns
from mnephys.mea.bursts.surprise import EQUAL, check_surprise, rank_surprise
from mnephys.mea.definitions import TIE
from mnephys.mea.pieces import interval_counts
from mnephys.mea.segments import runs, short_intervals
from mnephys.recording import BoolArray, FloatArray, IntArray, SpikeTrains

__all__ = ["rank_surprise_bursts"]

_AT_ONCE = 500_000
"""About so many stretches are judged together, and only the best from each spike is kept: this bounds the memory."""


def rank_surprise_bursts(
    trains: SpikeTrains, min_surprise: float = -math.log(0.01), max_isi_quantile: float = 0.75
) -> Bursts:
    """Find bursts with the rank surprise method, by exhaustive search.

    The intervals of a train are ranked, equal ones by their mean rank. Every stretch of two or more intervals in a
    row that are all below a quantile of them is judged by the sum of its ranks. The most surprising stretch of a run
    is a burst, then the next that has no spike in common with one taken before, down to `min_surprise`. Of equally
    surprising ones it is the one that begins first, and of those the shortest.

    Parameters
    ----------
    trains : SpikeTrains
        Any.
    min_surprise : float
        Least surprise of a burst: -ln of the chance that as many ranks, drawn at random, sum to no more.
    max_isi_quantile : float
        Only intervals below this quantile of those of their train are in bursts, from 0 to 1.

    Returns
    -------
    Bursts
        Train by train, in the order of time; none has fewer than 3 spikes.

    Raises
    ------
    ValueError
        If a parameter cannot be.

    Notes
    -----
    Gourevitch and Eggermont 2007, 10.1016/j.jneumeth.2006.09.024, with their quantile and their surprise, and with the
    exact distribution for fewer than 30 ranks. In their program two bursts may share a spike; here no two do.
    Intervals that differ by no more than about `mnephys.mea.TIE` are equal, and so are surprises that differ by no
    more than 1e-9.

    Examples
    --------
    >>> import numpy as np
    >>> alone = np.cumsum(1.0 + np.arange(30) % 7)
    >>> train = np.sort(np.append(alone, 51.5 + 0.01 * np.arange(6)))
    >>> found = rank_surprise_bursts(SpikeTrains.from_lists([train]))
    >>> found.start, found.n_spikes
    (array([51.5]), array([6]))
    """
    check_surprise(min_surprise)
    if not 0 <= max_isi_quantile <= 1:
        raise ValueError(f"max_isi_quantile is {max_isi_quantile}, needs a fraction from 0 to 1")
    between = short_intervals(trains.times, trains.offsets, np.inf, trains.breaks)
    twice, below = _ranks(trains, between, max_isi_quantile)
    start, stop = runs(below)
    first, last = _taken(_Judge.of(trains, twice), start, stop, min_surprise)
    return burst_columns(trains, np.sort(first), np.sort(last))


def _ranks(trains: SpikeTrains, between: BoolArray, quantile: float) -> tuple[IntArray, BoolArray]:
    """Return twice the rank of the interval behind each spike, 0 where none is, and whether it is a short one."""
    at = np.flatnonzero(between)
    # On a sampling grid equal intervals differ in their last digits, which must not rank them.
    tick = np.rint(np.diff(trains.times)[at] / TIE)
    owner = np.searchsorted(trains.offsets, at, side="right") - 1
    number = interval_counts(trains.offsets, trains.breaks)
    begin = np.cumsum(number) - number
    order = np.lexsort((tick, owner))
    tick, owner = tick[order], owner[order]
    new = np.ones(tick.size + 1, dtype=bool)
    new[1:-1] = (tick[1:] != tick[:-1]) | (owner[1:] != owner[:-1])
    edge = np.flatnonzero(new)
    # The mean rank of equals is half the sum of the first's and the last's.
    mean = np.repeat(edge[:-1] + edge[1:] + 1, np.diff(edge)) - 2 * begin[owner]

    some = np.flatnonzero(number)
    place = quantile * (number[some] - 1)
    low = np.floor(place).astype(np.int64)
    high = np.ceil(place).astype(np.int64)
    limit = np.zeros(number.size)
    lower = tick[begin[some] + low]
    limit[some] = lower + (place - low) * (tick[begin[some] + high] - lower)

    twice, below = np.zeros(between.size, dtype=np.int64), np.zeros(between.size, dtype=bool)
    twice[at[order]], below[at[order]] = mean, tick < limit[owner]
    return twice, below


@dataclass(frozen=True, slots=True, eq=False)
class _Judge:
    """What a stretch is judged by: sums of twice the ranks, and the intervals of the train of each spike."""

    summed: IntArray
    n: IntArray

    @classmethod
    def of(cls, trains: SpikeTrains, twice: IntArray) -> Self:
        number = interval_counts(trains.offsets, trains.breaks)
        return cls(np.append(0, np.cumsum(twice)), np.repeat(number, trains.counts))

    def best(self, origin: IntArray, limit: IntArray) -> tuple[IntArray, FloatArray]:
        """Return last spike and surprise of the best stretch from each origin up to its limit, the shortest of equals.

        Each stretch has two intervals or more, and each limit leaves room for one.
        """
        last, surprise = np.zeros(origin.size, dtype=np.int64), np.zeros(origin.size)
        number = limit - origin - 1
        # Only the best of each origin is kept, so that no more than some stretches are held at a time.
        cuts = np.searchsorted(np.cumsum(number), np.arange(0, number.sum(), _AT_ONCE))
        for a, b in pairwise(np.unique(np.append(cuts, origin.size)).tolist()):
            begins = np.cumsum(number[a:b]) - number[a:b]
            first, count = np.repeat(origin[a:b], number[a:b]), _counted(number[a:b]) + 2
            each = rank_surprise((self.summed[first + count] - self.summed[first]) // 2, count, self.n[first])
            surprise[a:b] = np.maximum.reduceat(each, begins)
            equals = np.flatnonzero(each >= np.repeat(surprise[a:b], number[a:b]) - EQUAL)
            last[a:b] = origin[a:b] + count[equals[np.searchsorted(equals, begins)]]
        return last, surprise


def _taken(judge: _Judge, start: IntArray, stop: IntArray, min_surprise: float) -> tuple[IntArray, IntArray]:
    """Take the best stretch of each run, then the best of those apart from it, and so on."""
    length = stop - start
    origin, run = np.repeat(start, length) + _counted(length), np.repeat(np.arange(start.size), length)
    limit = stop[run]
    wide = limit - origin > 1
    origin, run, limit = origin[wide], run[wide], limit[wide]
    last, surprise = judge.best(origin, limit)
    firsts: list[IntArray] = [origin[:0]]
    lasts: list[IntArray] = [origin[:0]]
    while True:
        # What is not surprising enough is no more so with a nearer limit.
        kept = surprise >= min_surprise - EQUAL
        origin, run, limit = origin[kept], run[kept], limit[kept]
        last, surprise = last[kept], surprise[kept]
        if not origin.size:
            return np.concatenate(firsts), np.concatenate(lasts)
        new = np.diff(run, prepend=-1) > 0
        starts, of = np.flatnonzero(new), np.cumsum(new) - 1
        best = np.flatnonzero(surprise >= np.maximum.reduceat(surprise, starts)[of] - EQUAL)
        head = best[np.searchsorted(best, starts)]
        firsts.append(origin[head])
        lasts.append(last[head])
        begin, end = origin[head][of], last[head][of]
        before = origin < begin
        limit = np.where(before, np.minimum(limit, begin - 1), limit)
        free = (origin > end) | (before & (limit - origin > 1))
        origin, run, limit = origin[free], run[free], limit[free]
        last, surprise = last[free], surprise[free]
        again = np.flatnonzero(last > limit)
        last[again], surprise[again] = judge.best(origin[again], limit[again])


def _counted(number: IntArray) -> IntArray:
    """Return 0, 1, 2 and so on up to each number, one after the other."""
    return np.arange(number.sum()) - np.repeat(np.cumsum(number) - number, number)
