"""How regularly network bursts come back: the variation of neighbouring intervals, and their autocorrelation."""

from __future__ import annotations

import numpy as np

from mnephys.mea.network_bursts import NetworkBursts
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

    Parameters
    ----------
    bursts : NetworkBursts
        Of all groups.

    Returns
    -------
    ndarray, float, shape (n_groups,)
        NaN where a group has fewer than `MIN_BURSTS`.

    Examples
    --------
    >>> from mnephys.mea.network_bursts import network_bursts
    >>> from mnephys.recording import SpikeTrains
    >>> clock = [t + d for t in range(20) for d in (0.0, 0.01)]
    >>> periodicity(network_bursts(SpikeTrains.from_lists([clock]), min_spikes=2)).round(2)
    array([1.])
    """
    found = np.full(bursts.counts.size, np.nan)
    wells = np.flatnonzero(bursts.counts >= MIN_BURSTS)
    if not wells.size:
        return found
    counts, of = _binned_starts(bursts, wells)
    mean = segment_mean(counts, of)
    about = counts - np.repeat(mean, np.diff(of))
    variance = segment_mean(about**2, of)
    lags = np.arange(BINS_PER_INTERVAL // 2, 3 * BINS_PER_INTERVAL // 2 + 1)
    # A mean and not a sum over the overlap: a clock is 1 however few intervals there are.
    per_lag = [_lagged_mean(about, of, int(lag)) for lag in lags]
    found[wells] = ratio(np.max(per_lag, axis=0), variance)
    return found


def _binned_starts(bursts: NetworkBursts, wells: IntArray) -> tuple[FloatArray, IntArray]:
    """Return the counts of starts in bins of a tenth of the mean interval, well after well."""
    n = bursts.counts[wells]
    first, last = bursts.start[bursts.offsets[wells]], bursts.start[bursts.offsets[wells + 1] - 1]
    n_bins = BINS_PER_INTERVAL * (n - 1) + 1
    of = np.concatenate([[0], np.cumsum(n_bins)])
    used = np.isin(bursts.group, wells)
    well = np.repeat(np.arange(wells.size), n)
    share = (bursts.start[used] - first[well]) / (last - first)[well]
    at = of[well] + np.rint(share * (n_bins - 1)[well]).astype(np.int64)
    return np.bincount(at, minlength=int(of[-1])).astype(np.float64), of


def _lagged_mean(values: FloatArray, offsets: IntArray, lag: int) -> FloatArray:
    product = np.zeros(values.size)
    product[:-lag] = values[:-lag] * values[lag:]
    segment = np.repeat(np.arange(offsets.size - 1), np.diff(offsets))
    inside = np.arange(values.size) + lag < offsets[segment + 1]
    return ratio(segment_sum(np.where(inside, product, 0.0), offsets), np.diff(offsets) - lag)


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
    between, of = intervals(bursts.start, bursts.offsets)
    return {
        "network_inter_burst_interval_lv": regularity_columns(between, of)["isi_lv"],
        "network_burst_periodicity": periodicity(bursts),
    }
