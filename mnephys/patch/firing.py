"""What every step evokes: counts, rates, intervals, pattern."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mnephys.patch.family import Family
from mnephys.patch.segments import stretch_mean
from mnephys.recording import FloatArray, IntArray

__all__ = ["PATTERNS", "SUSTAINED_MIN_APS", "SUSTAINED_TAIL", "StepFiring", "step_firing"]

PATTERNS = ("none", "abortive", "single", "phasic", "sustained")
"""Firing on one step, from least to most: no response; spikelets only; one action potential; two or more
that stop before the step ends; three or more up to the step's end."""

SUSTAINED_MIN_APS = 3
SUSTAINED_TAIL = 1.5


@dataclass(frozen=True, slots=True)
class StepFiring:
    """Firing on every row of `Family.steps`, in equal-length columns.

    Parameters
    ----------
    count : ndarray, int, shape (n_rows,)
        Action potentials.
    rate : ndarray, float, shape (n_rows,)
        `count` over duration, Hz.
    pattern : ndarray, int, shape (n_rows,)
        Index into `PATTERNS`.
    shortest, longest : ndarray, float, shape (n_rows,)
        Shortest and longest interval between peaks in s; NaN below two action potentials.
    blocked : ndarray, bool, shape (n_rows,)
        Firing stops before the end while the voltage stays above the first threshold.
    late_voltage : ndarray, float, shape (n_rows,)
        Mean of the last tenth of the row in mV, at most 100 ms.
    """

    count: IntArray
    rate: FloatArray
    pattern: IntArray
    shortest: FloatArray
    longest: FloatArray
    blocked: NDArray[np.bool_]
    late_voltage: FloatArray


def step_firing(family: Family) -> StepFiring:
    """Describe the firing on every stretch of a family.

    Parameters
    ----------
    family : Family
        A recording with its steps and action potentials.

    Returns
    -------
    StepFiring
        One entry per row of `family.steps`.

    Notes
    -----
    Firing is *sustained* if there are at least three action potentials and the time from the last one
    to the end of the step is at most 1.5 x the longest interval.
    """
    steps, aps = family.steps, family.aps
    count = family.ap_count
    peak = np.asarray(aps["peak_time"], dtype=np.float64)
    same = family.ap_step[1:] == family.ap_step[:-1]
    interval, owner = np.diff(peak)[same], family.ap_step[1:][same]
    shortest = np.full(count.size, np.inf)
    longest = np.full(count.size, -np.inf)
    np.minimum.at(shortest, owner, interval)
    np.maximum.at(longest, owner, interval)
    last = np.full(count.size, -np.inf)
    np.maximum.at(last, family.ap_step, peak)
    tail = steps.stop_time() - last
    lasting = (count >= SUSTAINED_MIN_APS) & (tail <= SUSTAINED_TAIL * longest)
    pattern = np.select(
        [lasting, count >= 2, count == 1, family.spikelet_count > 0],
        [PATTERNS.index(name) for name in ("sustained", "phasic", "single", "abortive")],
        default=PATTERNS.index("none"),
    )
    tenth = np.minimum((steps.stop - steps.start) // 10, round(0.1 * family.sampling_rate))
    late = stretch_mean(family.voltage.ravel(), steps.stop - np.maximum(tenth, 1), steps.stop)
    first_threshold = np.full(count.size, np.inf)
    firing = count > 0
    at = np.searchsorted(family.ap_step, np.flatnonzero(firing))
    first_threshold[firing] = np.asarray(aps["threshold_voltage"])[at]
    two = count >= 2
    return StepFiring(
        count=count,
        rate=count / steps.duration,
        pattern=pattern,
        shortest=np.where(two, shortest, np.nan),
        longest=np.where(two, longest, np.nan),
        blocked=firing & ~lasting & (late > first_threshold),
        late_voltage=late,
    )
