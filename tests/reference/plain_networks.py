"""Shapes of network bursts and responses to stimuli the slow way: loops over lists, straight from the definitions.

Nothing here is shared with the package. Trains are ascending lists of times in s on a sampling grid: a time that is
before a border by up to `TOLERANCE` is on it.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from itertools import pairwise

from scipy import stats

TOLERANCE = 1e-6  # s

Train = Sequence[float]


def burst_shape(trains: Sequence[Train], start: float, stop: float, width: float) -> dict[str, object]:
    """Profile, peak rate in Hz, and rise, decay and half-width in ms of one network burst."""
    spikes = [time for train in trains for time in train if start <= time <= stop]
    profile = [0] * (math.floor((stop - start + TOLERANCE) / width) + 1)
    for time in spikes:
        profile[math.floor((time - start + TOLERANCE) / width)] += 1
    highest = max(profile)
    peak = profile.index(highest)
    left = right = peak
    while left > 0 and 2 * profile[left - 1] >= highest:
        left -= 1
    while right + 1 < len(profile) and 2 * profile[right + 1] >= highest:
        right += 1
    rise = min((peak + 0.5) * width, stop - start)
    return {
        "profile": profile,
        "peak_rate": highest / width,
        "rise_time": 1000 * rise,
        "decay_time": 1000 * (stop - start - rise),
        "half_width": 1000 * width * (right - left + 1),
    }


def leaders(trains: Sequence[Train], bursts: Sequence[tuple[float, float]]) -> dict[str, list[object]]:
    """Who begins the bursts of one well, how often that is by chance, and who leads."""
    n = len(trains)
    first: list[int] = []
    count, expected, takes_part = [0] * n, [0.0] * n, [False] * n
    for start, stop in bursts:
        inside = [[time for time in train if start <= time <= stop] for train in trains]
        early = [i for i in range(n) if inside[i] and inside[i][0] - start <= TOLERANCE]
        if len(early) > 1:
            first.append(-1)
            continue
        first.append(early[0])
        count[early[0]] += 1
        total = sum(len(spikes) for spikes in inside)
        for i in range(n):
            if inside[i]:
                n_inside = sum(bool(spikes) for spikes in inside)
                expected[i] += max(1 / n_inside, len(inside[i]) / total)
            takes_part[i] = takes_part[i] or bool(inside[i])
    judged = sum(who >= 0 for who in first)
    p = [
        stats.binom.sf(count[i] - 1, judged, expected[i] / judged) if count[i] > expected[i] + 1e-9 else 1.0
        for i in range(n)
    ]
    leads = [count[i] > expected[i] + 1e-9 and p[i] * sum(takes_part) <= 0.05 and judged >= 5 for i in range(n)]
    return {"first": first, "count": count, "expected": expected, "p": p, "leads": leads}


def local_variation(times: Train) -> float | None:
    """Local variation of Shinomoto et al. 2003, of the intervals between some times."""
    isi = [times[i + 1] - times[i] for i in range(len(times) - 1)]
    terms = [
        3 * ((isi[i] - isi[i + 1]) / (isi[i] + isi[i + 1])) ** 2 for i in range(len(isi) - 1) if isi[i] + isi[i + 1]
    ]
    return sum(terms) / len(terms) if terms else None


def periodicity(starts: Train) -> float | None:
    """Highest autocorrelation of at least 10 starts in bins of a tenth of their mean interval, 5 to 15 bins apart."""
    return periodicity_of_stretches([starts])


def periodicity_of_stretches(pieces: Sequence[Train]) -> float | None:
    """The same of the starts in each stretch with two: bins from its first to its last; half have another 15 behind."""
    pieces = [piece for piece in pieces if len(piece) > 1]
    n_intervals = sum(len(piece) - 1 for piece in pieces)
    if n_intervals < 9:
        return None
    width = sum(piece[-1] - piece[0] for piece in pieces) / n_intervals / 10
    counts = []
    for piece in pieces:
        bins = [0] * (round((piece[-1] - piece[0]) / width) + 1)
        for time in piece:
            bins[round((time - piece[0]) / width)] += 1
        counts.append(bins)
    every = [number for bins in counts for number in bins]
    mean = sum(every) / len(every)
    variance = sum((number - mean) ** 2 for number in every) / len(every)
    found = []
    for lag in range(5, 16):
        products = [(bins[i] - mean) * (bins[i + lag] - mean) for bins in counts for i in range(len(bins) - lag)]
        if 2 * len(products) < len(every):
            return None
        found.append(sum(products) / len(products) / variance)
    return max(found)


def evoked(
    train: Train,
    stimuli: Train,
    window: tuple[float, float],
    around: tuple[float, float],
    width: float,
) -> dict[str, object]:
    """Histogram, responses, stimuli with a spike before, median latency in ms and p of one train."""
    n_bins = math.ceil((around[1] - around[0]) / width - 1e-9)
    counts = [0] * n_bins
    responses = before = more = less = 0
    latencies = []
    for stimulus in stimuli:
        since = [time - stimulus for time in train]
        for i in range(n_bins):
            left, right = around[0] + i * width, around[0] + (i + 1) * width
            counts[i] += sum(left - TOLERANCE <= s < right - TOLERANCE for s in since)
        answers = [s for s in since if window[0] - TOLERANCE <= s < window[1] - TOLERANCE]
        earlier = any(window[0] - window[1] - TOLERANCE <= s < -TOLERANCE for s in since)
        responses += bool(answers)
        before += earlier
        more += bool(answers) and not earlier
        less += earlier and not answers
        if answers:
            latencies.append(1000 * answers[0])
    return {
        "counts": counts,
        "responses": responses,
        "before": before,
        "latency": statistics.median(latencies) if latencies else None,
        "p": stats.binomtest(more, more + less, 0.5, alternative="greater").pvalue if more else 1.0,
    }


def first_pulses(pulses: Train, gap: float) -> list[float]:
    """Pulses that do not follow another within less than the gap."""
    times = sorted(set(pulses))
    return [time for i, time in enumerate(times) if i == 0 or time - times[i - 1] >= gap - TOLERANCE]


def histogram_span(
    first: Train, window: tuple[float, float], around: tuple[float, float], width: float
) -> tuple[float, float]:
    """Drop bins while there are more than the shortest time between stimuli holds, but none that is needed."""
    period = min((b - a for a, b in pairwise(first)), default=math.inf)
    left, right = 0, math.ceil((around[1] - around[0]) / width - 1e-9)
    while (right - left) * width > period + TOLERANCE and around[0] + (right - 1) * width >= window[1] - TOLERANCE:
        right -= 1
    while (right - left) * width > period + TOLERANCE and around[0] + (left + 1) * width <= window[0] - window[
        1
    ] + TOLERANCE:
        left += 1
    return around[0] + left * width, around[0] + right * width


def counted_stimuli(first: Train, around: tuple[float, float], start: float, stop: float) -> list[float]:
    """Those with the whole time around them in the recording."""
    return [t for t in first if t + around[0] >= start - TOLERANCE and t + around[1] <= stop + TOLERANCE]


def spontaneous(train: Train, pulses: Train, cut: float, start: float, stop: float) -> tuple[list[float], float]:
    """Spikes that no pulse has within `cut` before them, and the time that is left, in s."""
    left = [time for time in train if not any(0 <= time - pulse < cut - TOLERANCE for pulse in pulses)]
    lost = 0.0
    reached = start
    for pulse in sorted(pulses):
        begin, end = max(pulse, reached), min(pulse + cut, stop)
        if end > begin:
            lost += end - begin
            reached = end
    return left, stop - start - lost
