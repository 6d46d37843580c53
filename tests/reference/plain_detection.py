"""Spikes of one channel of raw voltage the slow way: whole, in float64, with loops, straight from the definition.

Nothing here is shared with the package. A filtered sample is a spike if it is beyond the threshold and none within the
dead time is further from 0, of those beyond the threshold; of equal ones the first is. Its time and height are those
of the vertex of the parabola through it and its neighbours, where that is not more than half a sample away.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.signal import butter, sosfilt, sosfilt_zi, sosfiltfilt

PADDING = 0.5  # s; responses of a band from 100 Hz on are over by far


@dataclass(frozen=True)
class Spike:
    """A spike, and how far the decision that it is one was from another: 1e-4 is a ten-thousandth of the limit."""

    sample: int
    time: float  # in samples
    height: float
    margin: float


def bridged(values: Sequence[float], blanks: Sequence[tuple[int, int]]) -> np.ndarray:
    """Replace the samples from one to another, both kept, by a straight line."""
    made = np.array(values, float)
    for first, last in blanks:
        for i in range(first + 1, last):
            made[i] = made[first] + (made[last] - made[first]) * (i - first) / (last - first)
    return made


def bandpassed(
    values: Sequence[float], rate: float, band: tuple[float, float], order: int, *, zero_phase: bool = True
) -> tuple[np.ndarray, int]:
    """Filter what goes on for long before its first and after its last sample; return also how many came before."""
    sections = butter(order, band, "bandpass", fs=rate, output="sos")
    before = math.ceil(PADDING * rate)
    padded = np.pad(np.asarray(values, float), before, mode="edge")
    if zero_phase:
        return sosfiltfilt(sections, padded, padtype=None), before
    return sosfilt(sections, padded, zi=sosfilt_zi(sections) * padded[0])[0], before


def median(values: Sequence[float]) -> float:
    """Find the middle one, or the mean of the two in the middle."""
    ordered = sorted(values)
    half = len(ordered) // 2
    return ordered[half] if len(ordered) % 2 else (ordered[half - 1] + ordered[half]) / 2


def mad_noise(filtered: np.ndarray, before: int, windows: Sequence[tuple[int, int]]) -> float:
    """Measure noise as Quiroga et al. 2004 over windows of samples (from, to)."""
    seen = [value for first, stop in windows for value in filtered[before + first : before + stop].tolist()]
    return median([abs(value) for value in seen]) / 0.6745


def clipped_sd(values: Sequence[float]) -> float:
    """Find the standard deviation of what is not beyond 3 standard deviations, until nothing is."""
    kept = list(values)
    while True:
        mean = sum(kept) / len(kept)
        sd = math.sqrt(sum((value - mean) ** 2 for value in kept) / len(kept))
        left = [value for value in kept if abs(value - mean) <= 3 * sd]
        if len(left) == len(kept):
            return sd
        kept = left


def spikes(
    filtered: np.ndarray,
    before: int,
    limit: float | Sequence[float],
    polarity: str,
    dead_time: int,
    blanks: Sequence[tuple[int, int]] = (),
) -> list[Spike]:
    """Find the spikes among the samples that are no padding; `limit` is one for all or one for each of them."""
    n = filtered.size - 2 * before
    limits = [float(limit)] * n if np.ndim(limit) == 0 else [float(one) for one in limit]
    y = filtered.tolist()
    ignored = {i for first, last in blanks for i in range(first, last + 1)}

    def beyond(i: int) -> float:
        """Return how high a sample stands, as a share of the limit, where it counts; 0 elsewhere."""
        if not 0 <= i < n or i in ignored:
            return 0.0
        value = y[before + i]
        rises = {"negative": -value, "positive": value, "both": abs(value)}[polarity]
        return rises / limits[i]

    candidates = np.flatnonzero(np.abs(filtered[before : before + n]) > 0.999 * np.min(limits)).tolist()
    found = []
    for i in candidates:
        own = beyond(i)
        if own <= 1:
            continue
        largest, margin = True, own - 1
        for j in range(i - dead_time, i + dead_time + 1):
            if j == i or beyond(j) <= 0.999:
                continue
            rival = abs(y[before + j])
            larger = rival >= abs(y[before + i]) if j < i else rival > abs(y[before + i])
            largest &= not (larger and beyond(j) > 1)
            if abs(rival - abs(y[before + i])) < 0.001 * limits[i]:
                margin = min(margin, max(abs(rival - abs(y[before + i])) / limits[i], 0.0))
        if largest:
            found.append(_vertex(y[before + i - 1 : before + i + 2], i, margin))
    return found


def _vertex(three: list[float], i: int, margin: float) -> Spike:
    a, b, c = three
    bend = a - 2 * b + c
    shift = 0.5 * (a - c) / bend if bend else 0.0
    if abs(shift) > 0.5:
        shift = 0.0  # a slope, of which the vertex is elsewhere
    return Spike(i, i + shift, b + shift * (c - a) / 2 + shift**2 * bend / 2, margin)
