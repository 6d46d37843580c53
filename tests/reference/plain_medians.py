"""Spreads and medians of bursts, one burst and one well after the other: slow, and plain to read."""

from __future__ import annotations

import itertools
import math
import statistics

__all__ = ["plain_average_peak", "plain_burst_medians", "plain_iqr", "plain_mad", "plain_start_percentage"]


def plain_mad(values):
    """Return the median absolute deviation from the median."""
    return statistics.median([abs(v - statistics.median(values)) for v in values]) if values else math.nan


def plain_iqr(values):
    """Return the distance of the quartiles over the median; of four values it is that of the inner two."""
    if len(values) < 4 or statistics.median(values) == 0:
        return math.nan
    ordered, n = sorted(values), len(values)
    lower = next(v for k, v in enumerate(ordered, 1) if k / n > 0.25)
    upper = next(v for k, v in enumerate(ordered, 1) if k / n >= 0.75)
    return (upper - lower) / statistics.median(values)


def _mean(values):
    return math.fsum(values) / len(values) if values else math.nan


def _sd(values):
    return statistics.stdev(values) if len(values) > 1 else math.nan


def plain_burst_medians(bursts):
    """Return what is measured of bursts, each a list of spike times."""
    each = [[b - a for a, b in itertools.pairwise(burst)] for burst in bursts]
    means, medians = [_mean(isi) for isi in each], [statistics.median(isi) for isi in each]
    durations, counts = [burst[-1] - burst[0] for burst in bursts], [len(burst) for burst in bursts]
    starts = [burst[0] for burst in bursts]
    between = [b - a for a, b in itertools.pairwise(starts)]
    ratios = [median / mean for mean, median in zip(means, medians, strict=True) if mean > 0]

    def median(values):
        return statistics.median(values) if values else math.nan

    return {
        "duration_sd": _sd(durations),
        "spikes_sd": _sd(counts),
        "isi_sd": _sd(means),
        "median_isi": _mean(medians),
        "median_isi_sd": _sd(medians),
        "interval_sd": _sd(between),
        "ratio": _mean(ratios),
        "ratio_sd": _sd(ratios),
        "iqr": plain_iqr(durations),
        "duration_median": median(durations),
        "duration_mad": plain_mad(durations),
        "spikes_median": median(counts),
        "spikes_mad": plain_mad(counts),
        "interval_median": median(between),
        "interval_mad": plain_mad(between),
    }


def plain_average_peak(bursts, window, width):
    """Return the highest rate of the average of bursts and when it is, of whole numbers of ticks of 1e-4 s."""
    if not bursts:
        return math.nan, math.nan
    counts = [0] * (window // width)
    for burst in bursts:
        for spike in burst:
            if spike - burst[0] < window:
                counts[(spike - burst[0]) // width] += 1
    best = max(counts)
    return best / (len(bursts) * width * 1e-4), (counts.index(best) + 0.5) * width * 1e-4


def plain_start_percentage(firsts):
    """Return how many bursts the most frequent of their first electrodes begins, in %."""
    return 100 * max(firsts.count(f) for f in firsts) / len(firsts) if firsts else math.nan
