"""The A-type K current: what a hyperpolarised prepulse adds to the same step after a depolarised one."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mnephys.patch.currents.family import LEVEL_GRAIN_MV, CurrentFamily
from mnephys.patch.currents.leak import Leak
from mnephys.patch.currents.peaks import OUTWARD_MS

__all__ = ["Pair", "find_pair"]

LOW_MV = -70.0
APART_MV = 20.0
STEP_FROM_MV = -20.0
PREFERRED_MV = 40.0


@dataclass(frozen=True, slots=True)
class Pair:
    """The difference of two steps to one potential.

    Parameters
    ----------
    level, low, high : float
        Potential of the step and of the two prepulses in mV.
    peak : float
        Largest outward difference in pA.
    time : float
        When, in ms after the step.
    count : int
        Steps in each mean, at least.
    """

    level: float
    low: float
    high: float
    peak: float
    time: float
    count: int


def find_pair(family: CurrentFamily, leak: Leak) -> Pair | None:
    """Subtract steps after a depolarised prepulse from the same after a hyperpolarised one.

    Parameters
    ----------
    family : CurrentFamily
        A recording with its steps.
    leak : Leak
        Of which only the end of the charging is used: equal steps have equal leaks.

    Returns
    -------
    Pair or None
        At +40 mV or, without it, the most depolarised potential with such a pair; None where there is none.
    """
    steps = family.steps
    rows = np.flatnonzero(family.measured & (steps.current >= STEP_FROM_MV - LEVEL_GRAIN_MV))
    level, before = family.level[rows], family.prepulse[rows]
    kinds, own = np.unique(level, return_inverse=True)
    if not kinds.size:
        return None
    lowest, highest = np.full(kinds.size, np.inf), np.full(kinds.size, -np.inf)
    np.minimum.at(lowest, own, before)
    np.maximum.at(highest, own, before)
    paired = np.flatnonzero((lowest <= LOW_MV) & (highest - lowest >= APART_MV))
    if not paired.size:
        return None
    at = paired[-1]
    if (kinds[paired] == PREFERRED_MV).any():
        at = paired[kinds[paired] == PREFERRED_MV][0]
    groups = [rows[(own == at) & (before == edge)] for edge in (lowest[at], highest[at])]
    length = min(int((steps.stop - steps.start)[group].min()) for group in groups)
    after = min(length - 1, round((leak.settled + OUTWARD_MS) * family.per_ms))
    skipped = max(1, round(leak.settled * family.per_ms))
    if after <= skipped:
        return None
    low, high = (family.windows(steps.start[group], 0, after).mean(axis=0) for group in groups)
    difference = (low - high)[skipped:]
    if not np.isfinite(difference).all():
        return None
    # The mean of half a ms: the largest single sample of noise is no current.
    width = max(1, round(0.5 * family.per_ms))
    smooth = np.convolve(difference, np.ones(width) / width, "valid") if difference.size >= width else difference
    best = int(np.argmax(smooth))
    return Pair(
        float(kinds[at]),
        float(lowest[at]),
        float(highest[at]),
        float(smooth[best]),
        (skipped + best + width // 2) / family.per_ms,
        min(group.size for group in groups),
    )
