"""Bursts by the histogram of the logarithm of the intervals: every train has a limit of its own."""

from __future__ import annotations

import math

import numpy as np

from mnephys.mea.bursts.columns import Bursts, burst_columns
from mnephys.mea.definitions import TIE, check_threshold
from mnephys.mea.segments import intervals, runs, short_intervals
from mnephys.recording import BoolArray, FloatArray, IntArray, SpikeTrains

__all__ = ["log_isi_bursts", "log_isi_thresholds"]

_LONGEST_THRESHOLD = 1.0
"""A valley at this interval or a longer one parts pauses from pauses, in s."""

_PER_DECADE = 10
_SHORTEST = 0.001  # s
# Tricube weights at a distance of 0 and 1 bin of 2, times 512: in whole numbers ties stay ties.
_MIDDLE, _SIDE = 512, 343


def log_isi_bursts(
    trains: SpikeTrains, max_core_isi: float = 0.1, min_spikes: float = 3, min_void: float = 0.7
) -> Bursts:
    """Find bursts with the logISI method.

    The valley between the peak of intervals within bursts and a later peak is the limit of each train, see
    `log_isi_thresholds`. If it is no longer than `max_core_isi`, bursts are the runs of intervals up to it. If it is
    longer, they are the runs up to it that hold a core, a run of intervals up to `max_core_isi` with `min_spikes`
    spikes. Where no valley is deep enough, or the valley lies at 1 s or above, `max_core_isi` is the limit. A train
    without a peak below `max_core_isi` has no bursts.

    Parameters
    ----------
    trains : SpikeTrains
        Any.
    max_core_isi : float
        Longest interval of a core, in s.
    min_spikes : float
        Fewest spikes of a core, and so of a burst.
    min_void : float
        How deep the valley needs to be, from 0 to 1.

    Returns
    -------
    Bursts
        Train by train, in the order of time.

    Raises
    ------
    ValueError
        If a parameter cannot be.

    Notes
    -----
    Pasquale et al. 2010, 10.1007/s10827-009-0175-1, with the 3 spikes of Cotterill et al. 2016,
    10.1152/jn.00093.2016 (Pasquale et al. take 5). Their limit is the lower edge of the lowest bin, as it is here.
    Times that differ by no more than `mnephys.mea.TIE` are equal.
    """
    check_threshold(max_core_isi, min_spikes)
    threshold = log_isi_thresholds(trains, max_core_isi, min_void)
    limit = np.where(threshold < _LONGEST_THRESHOLD, threshold, max_core_isi)
    # No interval is below a limit that is below 0.
    limit = np.where(np.isnan(threshold), -1.0, limit)
    start, stop = runs(_within(trains, np.minimum(limit, max_core_isi)))
    cored = np.zeros(trains.n_spikes + 1, dtype=np.int64)
    cored[1 + start[stop - start + 1 >= min_spikes]] = 1
    before = np.cumsum(cored)
    first, last = runs(_within(trains, limit))
    kept = before[last] > before[first]
    return burst_columns(trains, first[kept], last[kept])


def _within(trains: SpikeTrains, limit: FloatArray) -> BoolArray:
    """Return which spikes are followed after no more than the limit of their train."""
    joined = short_intervals(trains.times, trains.offsets, np.inf, trains.breaks)
    return joined & (np.diff(trains.times) <= np.repeat(limit, trains.counts)[: joined.size] + TIE)


def log_isi_thresholds(trains: SpikeTrains, max_core_isi: float = 0.1, min_void: float = 0.7) -> FloatArray:
    """Find the interval that parts bursts from pauses in every train.

    Intervals of 1 ms or more are counted by tenths of a decade, and smoothed by a local regression over five bins
    with tricube weights. Peaks are higher than the bins beside them, never the first bin, and of a flat top the middle
    one; of peaks that are two bins apart only the tallest counts, of equals the earlier. The highest below
    `max_core_isi` is that of bursts. The limit is the lowest bin between it and the first later peak from which it is
    parted: 1 - valley / sqrt(peak * peak) is `min_void` or more.

    Parameters
    ----------
    trains : SpikeTrains
        Any.
    max_core_isi : float
        In s.
    min_void : float
        From 0 to 1.

    Returns
    -------
    ndarray, float, shape (n_trains,)
        In s; infinite where no valley is deep enough, NaN where no peak is below `max_core_isi`.

    Raises
    ------
    ValueError
        If the fraction cannot be.

    Notes
    -----
    Pasquale et al. 2010, 10.1007/s10827-009-0175-1.

    Examples
    --------
    >>> import numpy as np
    >>> train = np.concatenate([start + 0.01 * np.arange(5) for start in np.arange(0.0, 100.0, 5.0)])
    >>> log_isi_thresholds(SpikeTrains.from_lists([train, []])).round(3)
    array([0.016,   nan])
    """
    if not (math.isfinite(min_void) and 0 <= min_void <= 1):
        raise ValueError(f"min_void is {min_void}, needs a fraction from 0 to 1")
    height, edges = _histograms(trains)
    n_trains, n_bins = height.shape
    column = np.arange(n_bins)
    peak = _tallest(_tops(height), height)

    inside = np.where(peak & (edges < max_core_isi - TIE), height, -1)
    main = inside.argmax(axis=1)[:, np.newaxis]
    found = np.take_along_axis(inside, main, axis=1) >= 0
    behind = np.where(column >= main, height, height.max(initial=0) + 1)
    lowest = np.minimum.accumulate(behind, axis=1)
    fallen = np.ones(height.shape, dtype=bool)
    fallen[:, 1:] = lowest[:, 1:] < lowest[:, :-1]
    valley = np.maximum.accumulate(np.where(fallen, column, 0), axis=1)
    tall = np.maximum(np.sqrt(np.take_along_axis(height, main, axis=1).astype(np.float64) * height), 1.0)
    deep = found & peak & (column > main) & (1.0 - lowest / tall >= min_void - 1e-9)
    parted = deep.argmax(axis=1)
    at = edges[valley[np.arange(n_trains), parted]]
    return np.where(found[:, 0], np.where(deep.any(axis=1), at, np.inf), np.nan)


def _tops(height: IntArray) -> BoolArray:
    """Return which bins are local maxima: of equal bins in a row the middle, or the one before it."""
    n_bins = height.shape[1]
    column = np.arange(n_bins)
    slope = np.diff(height, axis=1, append=-1)
    rises = np.diff(height, axis=1, prepend=height[:, :1]) > 0
    last = np.minimum.accumulate(np.where(slope != 0, column, n_bins - 1)[:, ::-1], axis=1)[:, ::-1]
    row, first = np.nonzero(rises & (np.take_along_axis(slope, last, axis=1) < 0))
    top = np.zeros(height.shape, dtype=bool)
    top[row, (first + last[row, first]) // 2] = True
    return top


def _tallest(top: BoolArray, height: IntArray) -> BoolArray:
    """Return the peaks that are left when each, the tallest first, has taken out those within two bins."""
    n_bins = height.shape[1]
    kept = np.zeros(top.shape, dtype=bool)
    # Height first, then the earlier bin: no two of a train are equal.
    waiting = np.where(top, height * n_bins - np.arange(n_bins), -1)
    while (waiting >= 0).any():
        padded = np.pad(waiting, ((0, 0), (2, 2)), constant_values=-1)
        # Two local maxima are never neighbours.
        best = waiting > np.maximum(padded[:, :-4], padded[:, 4:])
        kept |= best
        near = np.pad(best, ((0, 0), (2, 2)))
        waiting[near[:, :-4] | best | near[:, 4:]] = -1
    return kept


def _histograms(trains: SpikeTrains) -> tuple[IntArray, FloatArray]:
    """Return the smoothed histograms of all trains, shape (n_trains, n_bins), and the lower edges of their bins."""
    between, offsets = intervals(trains.times, trains.offsets, trains.breaks)
    longest = max(between.max(initial=0.0), 10 * _SHORTEST) / _SHORTEST
    n_bins = math.ceil(_PER_DECADE * math.log10(longest)) + 1
    edges = _SHORTEST * 10.0 ** (np.arange(n_bins) / _PER_DECADE)
    place = np.searchsorted(edges - TIE, between, side="right") - 1
    owner = np.repeat(np.arange(trains.n_trains), np.diff(offsets))
    used = place >= 0
    flat = owner[used] * n_bins + place[used]
    count = np.bincount(flat, minlength=trains.n_trains * n_bins).reshape(trains.n_trains, n_bins)
    padded = np.pad(count, ((0, 0), (1, 1)))
    return _MIDDLE * count + _SIDE * (padded[:, :-2] + padded[:, 2:]), edges
