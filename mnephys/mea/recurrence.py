"""How regularly network bursts come back: the variation of neighbouring intervals, and their autocorrelation."""

from __future__ import annotations

import numpy as np

from mnephys.mea.network_bursts import NetworkBursts
from mnephys.mea.pieces import interval_breaks, interval_counts, piece_ends
from mnephys.mea.regularity import regularity_columns
from mnephys.mea.segments import intervals, ratio, segment_mean, segment_sum
from mnephys.measurement import Feature
from mnephys.recording import FloatArray, IntArray

__all__ = ["FEATURES", "WHY_NOT", "periodicity", "recurrence_columns"]

BINS_PER_INTERVAL = 10
"""Bins of the autocorrelation, of one mean interval from start to start."""

MIN_BURSTS = 10
"""Fewest network bursts of which an autocorrelation is taken."""

_WELL = ("well",)

FEATURES = {
    f.name: f
    for f in (
        Feature(
            "network_inter_burst_interval_lv",
            "1",
            _WELL,
            "Local variation of the intervals from start to start of network bursts: 0 regular, 1 as by chance",
            "10.1162/089976603322518759",
            (0, 3),
        ),
        Feature(
            "network_burst_periodicity",
            "1",
            _WELL,
            "Highest autocorrelation of the starts of network bursts from 0.5 to 1.5 mean intervals: 1 is a clock",
            "mnephys",
            (-1.5, 1.5),
            {"bins_per_interval": BINS_PER_INTERVAL, "min_bursts": MIN_BURSTS},
        ),
    )
}
"""The features that this module measures."""

WHY_NOT = {
    "network_inter_burst_interval_lv": "fewer than 3 network bursts",
    "network_burst_periodicity": f"fewer than {MIN_BURSTS} network bursts",
}
"""Why a metric is not defined, by name."""


def periodicity(bursts: NetworkBursts) -> FloatArray:
    """Return how strongly the starts of the network bursts of each group repeat after one interval.

    Starts are counted in bins of a tenth of the group's mean interval from start to start, each in the nearest bin,
    from the first start to the last. The autocorrelation at a lag is the mean product of counts so far apart, less the
    mean count, over the variance of the counts; its highest value from half to one and a half mean intervals is taken.
    Of n bursts that come by chance it is below about 3 / sqrt(10 n) in 19 of 20 wells.

    Where the recording was interrupted, each stretch has bins of its own, from its first start to its last, and no
    product reaches across a gap. A stretch with one start has no interval, and is left out.

    Parameters
    ----------
    bursts : NetworkBursts
        Of all groups.

    Returns
    -------
    ndarray, float, shape (n_groups,)
        NaN where a group has fewer than `MIN_BURSTS`, or fewer intervals than these have, or stretches so short that
        fewer than half of the bins have another one and a half mean intervals behind.

    Examples
    --------
    >>> from mnephys.mea.network_bursts import network_bursts
    >>> from mnephys.recording import SpikeTrains
    >>> clock = [t + d for t in range(20) for d in (0.0, 0.01)]
    >>> periodicity(network_bursts(SpikeTrains.from_lists([clock]), min_spikes=2)).round(2)
    array([1.])
    """
    found = np.full(bursts.counts.size, np.nan)
    wells = np.flatnonzero(interval_counts(bursts.offsets, bursts.breaks) >= MIN_BURSTS - 1)
    if not wells.size:
        return found
    counts, of, ends = _binned_starts(bursts, wells)
    mean = segment_mean(counts, of)
    about = counts - np.repeat(mean, np.diff(of))
    variance = segment_mean(about**2, of)
    lags = range(BINS_PER_INTERVAL // 2, 3 * BINS_PER_INTERVAL // 2 + 1)
    # A mean and not a sum over the overlap: a clock is 1 however few intervals there are.
    highest = np.max([_lagged_mean(about, of, ends, lag) for lag in lags], axis=0)
    found[wells] = ratio(highest, variance)
    return found


def _binned_starts(bursts: NetworkBursts, wells: IntArray) -> tuple[FloatArray, IntArray, IntArray]:
    """Return the counts of starts in bins of a tenth of the mean interval, well after well.

    Beside them stand where the bins of each well are, and the first bin after each of its stretches.
    """
    in_a_row = np.diff(piece_ends(bursts.offsets, bursts.breaks), prepend=0)
    used = np.isin(bursts.group, wells) & (np.repeat(in_a_row, in_a_row) > 1)
    start, offsets = bursts.start[used], np.searchsorted(bursts.group[used], np.append(wells, wells[-1] + 1))
    breaks = (np.cumsum(used) - 1)[bursts.breaks[used[bursts.breaks]]]
    # A stretch that was left out may have been the first of its well.
    breaks = breaks[~np.isin(breaks, offsets)]
    ends = piece_ends(offsets, breaks)
    begins = np.concatenate([[0], ends[:-1]])
    well = np.searchsorted(offsets, begins, side="right") - 1
    length = start[ends - 1] - start[begins]
    total = np.bincount(well, weights=length, minlength=wells.size)[well]
    bins = BINS_PER_INTERVAL * interval_counts(offsets, breaks)[well]
    n_bins = np.rint(length / total * bins).astype(np.int64) + 1
    of = np.concatenate([[0], np.cumsum(n_bins)])
    piece = np.repeat(np.arange(ends.size), ends - begins)
    share = (start - start[begins][piece]) / total[piece]
    at = of[piece] + np.rint(share * bins[piece]).astype(np.int64)
    counts = np.bincount(at, minlength=int(of[-1])).astype(np.float64)
    return counts, of[np.searchsorted(well, np.arange(wells.size + 1))], of[1:]


def _lagged_mean(values: FloatArray, offsets: IntArray, ends: IntArray, lag: int) -> FloatArray:
    """Return the mean product of values so far apart, NaN where fewer than half have another so far behind."""
    product = np.zeros(values.size)
    product[:-lag] = values[:-lag] * values[lag:]
    width = np.diff(ends, prepend=0)
    inside = np.arange(values.size) + lag < np.repeat(ends, width)
    n_pairs = segment_sum(inside.astype(np.int64), offsets)
    mean = ratio(segment_sum(np.where(inside, product, 0.0), offsets), n_pairs)
    return np.where(2 * n_pairs >= np.diff(offsets), mean, np.nan)


def recurrence_columns(bursts: NetworkBursts) -> dict[str, FloatArray]:
    """Measure how regularly the network bursts of every well come back.

    Parameters
    ----------
    bursts : NetworkBursts
        Of all wells.

    Returns
    -------
    dict of str to ndarray, float, shape (n_wells,)
        One column per entry of `FEATURES`; NaN where it is not defined, see `WHY_NOT`.
    """
    between = intervals(bursts.start, bursts.offsets, bursts.breaks)
    behind = interval_breaks(bursts.offsets, bursts.breaks)
    return {
        "network_inter_burst_interval_lv": regularity_columns(*between, breaks=behind)["isi_lv"],
        "network_burst_periodicity": periodicity(bursts),
    }
