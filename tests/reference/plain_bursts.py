"""Bursts by adaptive methods the slow way: loops over lists, straight from what was published.

Peaks are those of scipy. Nothing here is shared with the package. Trains are ascending lists of spike times in s; a
burst is its first and its last spike. Spike times lie on a sampling grid, so that intervals that differ by no more than
`TOLERANCE` are equal.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from fractions import Fraction

import numpy as np
from scipy.signal import find_peaks

TOLERANCE = 1e-6  # s
EQUAL = 1e-9  # surprises by rank

Train = Sequence[float]
Burst = tuple[int, int]


def runs_of(short: Sequence[bool], min_spikes: int) -> list[Burst]:
    """Find the longest runs of short intervals that join at least `min_spikes` spikes."""
    found = []
    first = None
    for i, joined in enumerate([*short, False]):
        if joined and first is None:
            first = i
        if not joined and first is not None:
            if i - first + 1 >= min_spikes:
                found.append((first, i))
            first = None
    return found


# Pasquale et al. 2010: the histogram of the logarithm of the intervals, in tenths of a decade from 1 ms.


def smoothed_histogram(isis: Sequence[float]) -> list[float]:
    """Count intervals by tenths of a decade, and smooth over five bins by local regression with tricube weights."""
    counts: list[float] = [0.0] * 120
    for isi in isis:
        place = -1
        while 0.001 * 10 ** ((place + 1) / 10) <= isi + TOLERANCE:
            place += 1
        if place >= 0:
            counts[place] += 1
    # Weights of bins at distance 0, 1 and 2 of 2; a straight line through bins that lie evenly gives their mean.
    weights = [(1 - (distance / 2) ** 3) ** 3 for distance in (0, 1, 2)]
    smooth = []
    for i in range(len(counts)):
        total = 0.0
        for j in range(max(i - 2, 0), min(i + 3, len(counts))):
            total += weights[abs(i - j)] * counts[j]
        smooth.append(total)
    return smooth


def peaks_of(height: Sequence[float]) -> list[int]:
    """Find local maxima with scipy, of which the taller takes out those within two bins; an edge is none."""
    padded = np.append(np.asarray(height, dtype=float), -1.0)
    tops, _ = find_peaks(padded)
    # Scipy says nothing of equals: the earlier one is made the taller.
    alone = np.zeros(padded.size)
    alone[tops] = padded[tops] - 1e-6 * tops
    kept, _ = find_peaks(alone, distance=3)
    return [int(at) for at in kept]


def log_isi_threshold(isis: Sequence[float], cutoff: float, void: float) -> float | None:
    """Find the interval that parts bursts from pauses: infinite if nothing does, None if no interval is of a burst."""
    height = smoothed_histogram(isis)
    peaks = peaks_of(height)
    inside = [i for i in peaks if 0.001 * 10 ** (i / 10) < cutoff - TOLERANCE]
    if not inside:
        return None
    main = max(inside, key=lambda i: height[i])
    for peak in peaks:
        if peak <= main:
            continue
        lowest = min(range(main, peak + 1), key=lambda i: height[i])
        if 1 - height[lowest] / math.sqrt(height[main] * height[peak]) >= void - 1e-9:
            return math.pow(10.0, lowest / 10) / 1000
    return math.inf


def log_isi_bursts(times: Train, cutoff: float = 0.1, min_spikes: int = 3, void: float = 0.7) -> list[Burst]:
    """Find bursts by the threshold of their own histogram; above `cutoff` it only widens what `cutoff` finds."""
    isis = [times[i + 1] - times[i] for i in range(len(times) - 1)]
    threshold = log_isi_threshold(isis, cutoff, void)
    if threshold is None:
        return []
    if threshold >= 1.0:
        threshold = cutoff
    cores = runs_of([isi <= min(threshold, cutoff) + TOLERANCE for isi in isis], min_spikes)
    found = []
    for first, last in runs_of([isi <= threshold + TOLERANCE for isi in isis], min_spikes):
        if any(first <= a and b <= last for a, b in cores):
            found.append((first, last))
    return found


# Legendy and Salcman 1985.


def surprise(times: Train, first: int, last: int, mean: float) -> float:
    """Return -ln of the chance that a Poisson train of that rate has as many spikes after the first in that time."""
    expected, least = (times[last] - times[first]) / mean, last - first
    if expected <= 0:
        return math.inf
    # The largest term is taken out of the sum, which would be too small a number otherwise.
    peak = max(least, math.floor(expected))
    log_peak = peak * math.log(expected) - expected - math.lgamma(peak + 1)
    total, term, k = 0.0, 1.0, peak
    while term > 1e-18:
        total += term
        k += 1
        term *= expected / k
    term, k = 1.0, peak
    while k > least:
        term *= k / expected
        k -= 1
        total += term
    return -(log_peak + math.log(total))


def grow_burst(times: Train, first: int, mean: float) -> tuple[int, int, float]:
    """Lengthen three spikes while that surprises more, looking ten spikes ahead, then shorten them from the front."""
    last = first + 2
    best = surprise(times, first, last, mean)
    growing = True
    while growing:
        growing = False
        for i in range(last + 1, min(last + 11, len(times))):
            value = surprise(times, first, i, mean)
            if value > best:
                last, best, growing = i, value, True
                break
            if times[i] - times[i - 1] > 2 * mean + TOLERANCE:
                break
    while last - first > 2:
        value = surprise(times, first + 1, last, mean)
        if value <= best:
            break
        first, best = first + 1, value
    return first, last, best


def poisson_surprise_bursts(times: Train, min_surprise: float = 5.0) -> list[Burst]:
    """Begin at two intervals in a row below half the mean, and go on behind each burst that is found."""
    found = []
    n = len(times)
    mean = (times[-1] - times[0]) / (n - 1) if n > 1 else 0.0
    i = 0
    while i + 2 < n:
        longest = max(times[i + 1] - times[i], times[i + 2] - times[i + 1])
        if longest < mean / 2 - TOLERANCE:
            first, last, value = grow_burst(times, i, mean)
            if value >= min_surprise:
                found.append((first, last))
                i = last + 1
                continue
        i += 1
    return found


# Gourevitch and Eggermont 2007.


def chance_of_ranks(total: int, count: int, n: int) -> float:
    """Return the chance that `count` numbers from 1 to `n` sum to no more than `total`, counted out exactly."""
    ways = 0
    for k in range(count + 1):
        if total - k * n >= count:
            ways += (-1) ** k * math.comb(count, k) * math.comb(total - k * n, count)
    return float(Fraction(ways, n**count))


def log_normal_tail(z: float) -> float:
    """Return ln of the chance that a standard normal number is below z."""
    if z > -30:
        return math.log(0.5 * math.erfc(-z / math.sqrt(2)))
    series = 1 - 1 / z**2 + 3 / z**4 - 15 / z**6
    return -z * z / 2 - math.log(-z * math.sqrt(2 * math.pi)) + math.log(series)


def rank_surprise(ranks: Sequence[float], n: int) -> float:
    """Return -ln of the chance of ranks so low: exact for fewer than 30, by a normal distribution for more."""
    total, count = math.floor(sum(ranks)), len(ranks)
    if count < 30:
        chance = chance_of_ranks(total, count, n)
        return -math.log(chance) if chance else math.inf
    return -log_normal_tail((total - count * (n + 1) / 2) / math.sqrt(count * (n * n - 1) / 12))


def rank_surprise_bursts(times: Train, min_surprise: float = -math.log(0.01), quantile: float = 0.75) -> list[Burst]:
    """Take the most surprising stretch of short intervals first, then the next that shares no spike with one taken."""
    isis = [round((times[i + 1] - times[i]) / TOLERANCE) for i in range(len(times) - 1)]
    n = len(isis)
    if n < 2:
        return []
    ordered = sorted(isis)
    at = quantile * (n - 1)
    below = ordered[math.floor(at)]
    limit = below + (at - math.floor(at)) * (ordered[math.ceil(at)] - below)
    ranks = [sum(other < isi for other in isis) + (sum(other == isi for other in isis) + 1) / 2 for isi in isis]
    return rank_bursts_of_runs(ranks, runs_of([isi < limit for isi in isis], 3), n, min_surprise)


def rank_bursts_of_runs(ranks: Sequence[float], runs: Sequence[Burst], n: int, min_surprise: float) -> list[Burst]:
    """Return the bursts among the stretches of some runs of spikes, given the ranks of all intervals.

    Of equally surprising stretches the one that begins first is taken, and of those the shortest.
    """
    found: list[Burst] = []
    for first, last in runs:
        left = {(a, b): rank_surprise(ranks[a:b], n) for a in range(first, last - 1) for b in range(a + 2, last + 1)}
        while left and max(left.values()) >= min_surprise - EQUAL:
            most = max(left.values())
            begin = min(a for (a, _), value in left.items() if value >= most - EQUAL)
            best = max(value for (a, _), value in left.items() if a == begin)
            end = min(b for (a, b), value in left.items() if a == begin and value >= best - EQUAL)
            found.append((begin, end))
            left = {(a, b): value for (a, b), value in left.items() if b < begin or a > end}
    return sorted(found)


# Wagenaar et al. 2006.


def participation_bursts(
    bursts_of: Sequence[Sequence[tuple[float, float, int]]], min_electrodes: float
) -> list[tuple[float, float, int, int]]:
    """Group the bursts of electrodes (start, stop, spikes) that overlap; keep groups on enough of all electrodes.

    Returns
    -------
    list of (float, float, int, int)
        Start, stop, spikes of the bursts, electrodes with one of them.
    """
    waiting = [(*burst, electrode) for electrode, bursts in enumerate(bursts_of) for burst in bursts]
    found = []
    while waiting:
        group = [min(waiting)]
        waiting.remove(group[0])
        grown = True
        while grown:
            near = [
                one
                for one in waiting
                if any(one[0] <= other[1] + TOLERANCE and other[0] <= one[1] + TOLERANCE for other in group)
            ]
            group += near
            waiting = [one for one in waiting if one not in near]
            grown = bool(near)
        electrodes = len({burst[3] for burst in group})
        if electrodes >= min_electrodes * len(bursts_of) - 1e-9:
            start, stop = min(burst[0] for burst in group), max(burst[1] for burst in group)
            found.append((start, stop, sum(burst[2] for burst in group), electrodes))
    return sorted(found)
