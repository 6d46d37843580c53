"""Cross-correlograms of all pairs of a well at once, and the area under them."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from mnephys.mea.definitions import TIE
from mnephys.mea.merge import MergedTrains, merge
from mnephys.mea.pieces import piece_ends
from mnephys.measurement import Feature
from mnephys.recording import BoolArray, FloatArray, IntArray, SpikeTrains

__all__ = [
    "FEATURES",
    "WHY_NOT",
    "WINDOW",
    "Correlograms",
    "cross_correlation_area",
    "cross_correlograms",
    "mean_cross_correlation_area",
]

WINDOW = 0.02
"""Reach of the area to either side, in s: the synchrony window of the vendor's program."""

BLOCK = 1 << 20
"""Pairs of spikes that are held at once, or those of one spike if they are more."""

WHY_NOT = "fewer than 2 active electrodes"
"""Why the mean area of a well is not defined."""

FEATURES = {
    f.name: f
    for f in (
        Feature(
            "cross_correlation_area",
            "1",
            ("well",),
            "Area under the cross-correlogram over that of the autocorrelograms, mean over pairs of active electrodes",
            "mnephys",
            (0.0, 1e6),
            {"window_s": WINDOW},
        ),
    )
}
"""The features that this module measures."""


@dataclass(frozen=True, slots=True, repr=False, eq=False)
class Correlograms:
    """The cross-correlograms of the pairs of each group.

    Parameters
    ----------
    lags : ndarray, float, shape (n_bins,)
        The middle of each bin in s; the middle bin is at 0.
    counts : dict of str to ndarray, int, shape (n_trains_of_group, n_trains_of_group, n_bins)
        By group: entry ``[a, b, k]`` is the number of pairs of a spike of a and one of b that comes ``lags[k]``
        later. A spike is no pair with itself.
    """

    lags: FloatArray
    counts: dict[str, IntArray]

    def __repr__(self) -> str:
        return f"Correlograms: {self.lags.size} bins to {self.lags.max():g} s of {len(self.counts)} groups"


def cross_correlograms(trains: SpikeTrains, bin_width: float = 0.001, max_lag: float = 0.1) -> Correlograms:
    """Count, for every pair of trains of one group, the pairs of spikes by the time between them.

    Parameters
    ----------
    trains : SpikeTrains
        All are one group, of no name, where they have none.
    bin_width : float
        In s.
    max_lag : float
        Middle of the last bin in s; where it is no multiple of the width, the last multiple below it is.

    Returns
    -------
    Correlograms
        Bin k holds what is at most half a width from its middle; what lies between two bins, as is common where
        times lie on a grid, counts as further from 0. No pair reaches across a gap of the recording. The table of a
        well of n trains has n * n * n_bins numbers of 8 bytes.

    Raises
    ------
    ValueError
        If the width is not positive, or the lag is negative, or one is not finite.

    Examples
    --------
    >>> found = cross_correlograms(SpikeTrains.from_lists([[1.0, 2.0], [1.002]]), max_lag=0.003)
    >>> found.lags.tolist()
    [-0.003, -0.002, -0.001, 0.0, 0.001, 0.002, 0.003]
    >>> found.counts[""][0, 1].tolist()
    [0, 0, 0, 0, 0, 1, 0]
    """
    if not (math.isfinite(bin_width) and bin_width > 0 and math.isfinite(max_lag) and max_lag >= 0):
        raise ValueError(f"bins of {bin_width} s to {max_lag} s cannot be; give both in s")
    half = math.floor(max_lag / bin_width + TIE)
    merged = merge(trains)
    rank = _ranks(merged.group)
    counts = {}
    for at, label in enumerate(merged.labels):
        n = int((merged.group == at).sum())
        ahead = np.zeros(n * n * (half + 1), dtype=np.int64)
        times, row = _spikes(merged, at, rank)
        # What is further from the last middle than half a bin is beyond the table.
        for earlier, later in _pairs(times, _breaks(merged, at), (half + 0.5) * bin_width):
            lag = np.floor((times[later] - times[earlier] + TIE) / bin_width + 0.5).astype(np.int64)
            inside = lag <= half
            entry = (row[earlier] * n + row[later]) * (half + 1) + lag
            ahead += np.bincount(entry[inside], minlength=ahead.size)
        counts[label] = _both_ways(ahead.reshape(n, n, half + 1))
    return Correlograms(np.arange(-half, half + 1) * bin_width, counts)


def cross_correlation_area(trains: SpikeTrains, window: float = WINDOW) -> dict[str, FloatArray] | FloatArray:
    """Return the area under the cross-correlogram of every pair of trains of one group, normalised.

    The pairs of a spike of a and a spike of b that are at most `window` apart are counted, and divided by the
    geometric mean of the same counts of a with itself and of b with itself, in which each spike is a pair with itself.
    So it is 1 for two equal trains and 0 for trains that never fire together.

    Parameters
    ----------
    trains : SpikeTrains
        All are one group where they have none.
    window : float
        Reach to either side in s; a distance that is longer by no more than `mnephys.mea.TIE` is equal.

    Returns
    -------
    dict of str to ndarray, or ndarray, float, shape (n_trains_of_group, n_trains_of_group)
        One symmetric table per group, or one of all trains where there are no groups; what concerns a train
        without a spike is NaN.

    Raises
    ------
    ValueError
        If the window is negative or not finite.

    Notes
    -----
    The vendor's "area under normalised cross-correlation" is meant to tell the same, but its formula is not public:
    the numbers are not comparable. Unlike the tiling coefficient it is not corrected for chance, and rises with the
    rates: of independent trains of rate r it is ``2 r window / (1 + 2 r window)``.

    Examples
    --------
    >>> trains = SpikeTrains.from_lists([[1.0, 5.0], [1.01, 5.01], [1.01]])
    >>> cross_correlation_area(trains).round(3).tolist()
    [[1.0, 1.0, 0.707], [1.0, 1.0, 0.707], [0.707, 0.707, 1.0]]
    """
    merged = merge(trains)
    tables = dict(zip(merged.labels, _areas(merged, window), strict=True))
    return tables[""] if trains.groups is None else tables


def mean_cross_correlation_area(merged: MergedTrains, window: float, active: BoolArray) -> FloatArray:
    """Return the mean area over the pairs of active electrodes of each well.

    Parameters
    ----------
    merged : MergedTrains
        Of `mnephys.mea.merge.merge`.
    window : float
        As in `cross_correlation_area`.
    active : ndarray, bool, shape (n_trains,)
        Which electrodes are active; each has a spike.

    Returns
    -------
    ndarray, float, shape (n_groups,)
        NaN where a well has fewer than two active electrodes.

    Examples
    --------
    >>> trains = SpikeTrains.from_lists([[1.0, 5.0], [1.01, 5.01], [1.01]])
    >>> mean_cross_correlation_area(merge(trains), 0.02, trains.counts > 1)
    array([1.])
    """
    means = np.full(merged.n_groups, np.nan)
    for at, table in enumerate(_areas(merged, window)):
        used = active[merged.group == at]
        pairs = table[np.ix_(used, used)][np.triu_indices(int(used.sum()), 1)]
        if pairs.size:
            means[at] = pairs.mean()
    return means


def _areas(merged: MergedTrains, window: float) -> Iterator[FloatArray]:
    """Yield the table of each group."""
    if not (math.isfinite(window) and window >= 0):
        raise ValueError(f"a window of {window} s cannot be; give it in s")
    rank = _ranks(merged.group)
    for at in range(merged.n_groups):
        n = int((merged.group == at).sum())
        times, row = _spikes(merged, at, rank)
        ahead = np.zeros(n * n, dtype=np.int64)
        for earlier, later in _pairs(times, _breaks(merged, at), window):
            ahead += np.bincount(row[earlier] * n + row[later], minlength=n * n)
        one_way = ahead.reshape(n, n).astype(np.float64)
        both = one_way + one_way.T + np.diag(np.bincount(row, minlength=n))
        scale = np.sqrt(np.outer(both.diagonal(), both.diagonal()))
        yield np.divide(both, scale, out=np.full((n, n), np.nan), where=scale > 0)


def _ranks(group: IntArray) -> IntArray:
    """Return the position of each train among those of its group."""
    order = np.argsort(group, kind="stable")
    first = np.searchsorted(group[order], group[order])
    rank = np.empty(group.size, dtype=np.int64)
    rank[order] = np.arange(group.size) - first
    return rank


def _spikes(merged: MergedTrains, group: int, rank: IntArray) -> tuple[FloatArray, IntArray]:
    """Return the spikes of a group in the order of time: when they are, and of which of its trains."""
    here = slice(merged.offsets[group], merged.offsets[group + 1])
    return merged.times[here], rank[merged.train[here]]


def _breaks(merged: MergedTrains, group: int) -> IntArray:
    """Return which of the spikes of a group come first after a gap."""
    breaks, begin = merged.breaks, int(merged.offsets[group])
    return breaks[slice(*np.searchsorted(breaks, merged.offsets[group : group + 2]))] - begin


def _pairs(times: FloatArray, breaks: IntArray, longest: float) -> Iterator[tuple[IntArray, IntArray]]:
    """Yield all pairs of spikes at most `longest` apart, earlier and later, in blocks; none across a gap."""
    beyond = np.searchsorted(times, times + (longest + TIE), side="right")
    if breaks.size:
        ends = piece_ends(np.array([0, times.size]), breaks)
        beyond = np.minimum(beyond, np.repeat(ends, np.diff(ends, prepend=0)))
    partners = beyond - np.arange(1, times.size + 1)
    before = np.concatenate([[0], np.cumsum(partners)])
    first = 0
    while first < times.size:
        stop = max(int(np.searchsorted(before, before[first] + BLOCK, side="right")) - 1, first + 1)
        number = partners[first:stop]
        earlier = np.repeat(np.arange(first, stop), number)
        later = np.arange(earlier.size) - (before[first:stop] - before[first])[earlier - first] + earlier + 1
        yield earlier, later
        first = stop


def _both_ways(ahead: IntArray) -> IntArray:
    """Return the tables with negative lags, of those of the spikes that come later or at once."""
    n, _, n_ahead = ahead.shape
    counts = np.zeros((n, n, 2 * n_ahead - 1), dtype=np.int64)
    counts[:, :, n_ahead - 1 :] += ahead
    counts[:, :, n_ahead - 1 :: -1] += ahead.transpose(1, 0, 2)
    return counts
