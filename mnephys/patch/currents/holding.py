"""The time before the first step of each voltage-clamp sweep: its current, its fast and its slow noise."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mnephys.patch.currents.family import CurrentFamily
from mnephys.patch.noise import fast_noise, slow_noise
from mnephys.patch.segments import stretch_mean
from mnephys.recording import FloatArray, IntArray

__all__ = ["Holding", "measure_before_steps"]

HOLDING_MS = 100.0
SAME_HOLDING_MV = 0.5
COMPARED = 3


@dataclass(frozen=True, slots=True)
class Holding:
    """One entry per sweep, NaN where it holds too little before its first step.

    Parameters
    ----------
    current : ndarray, float, shape (n_sweeps,)
        Mean of at most the last 100 ms before the first step in pA.
    potential : ndarray, float, shape (n_sweeps,)
        At which it flows, in mV.
    noise : ndarray, float, shape (n_sweeps,)
        Standard deviation of the fast noise in pA.
    slow_noise : ndarray, float, shape (n_sweeps,)
        Standard deviation of the noise below about 10 Hz in pA; NaN too where there are less than 100 ms.
    """

    current: FloatArray
    potential: FloatArray
    noise: FloatArray
    slow_noise: FloatArray

    @property
    def group(self) -> IntArray:
        """Number of the potential that each sweep is held at, from the lowest on; -1 if that or its current is unknown.

        Sorted potentials are one as long as no neighbours are more than 0.5 mV apart: a recorded command jitters, and
        rounded it would fall into two.
        """
        group = np.full(self.current.size, -1)
        good = np.flatnonzero(np.isfinite(self.current) & np.isfinite(self.potential))
        ordered = good[np.argsort(self.potential[good], kind="stable")]
        apart = np.diff(self.potential[ordered], prepend=self.potential[ordered[:1]]) > SAME_HOLDING_MV
        group[ordered] = np.cumsum(apart)
        return group

    @property
    def shift(self) -> FloatArray:
        """Current minus the median of the sweeps held at the same potential, in pA; NaN of fewer than three sweeps."""
        group = self.group
        shift = np.full(self.current.size, np.nan)
        # The median of two says nothing about either. Few potentials: a loop over them costs nothing.
        for number in np.flatnonzero(np.bincount(group[group >= 0]) >= COMPARED):
            own = group == number
            shift[own] = self.current[own] - np.median(self.current[own])
        return shift


def measure_before_steps(family: CurrentFamily) -> Holding:
    """Measure the time before the first step of each sweep.

    Parameters
    ----------
    family : CurrentFamily
        A recording with its steps.

    Returns
    -------
    Holding
        One entry per sweep.

    Notes
    -----
    Fast noise, of the last 100 ms before the step, and slow noise, of at most the last second, are those of
    `mnephys.patch.noise`.
    """
    steps = family.steps
    n_sweeps, n_samples = family.current.shape
    # In a sweep without a step, or one that begins with it, what comes first is the holding current all the same.
    first = np.flatnonzero((steps.start % n_samples == 0) & ~steps.ramp)
    sweep, begin, stop = steps.sweep[first], steps.start[first], steps.stop[first]
    start = np.maximum(stop - round(HOLDING_MS * family.per_ms), begin)
    flat = family.current.ravel()
    all_count = np.broadcast_to(np.False_, flat.shape)
    found = {
        "current": stretch_mean(flat, start, stop),
        "potential": steps.current[first],
        # The last sample before an edge may already move.
        "noise": fast_noise(flat, start, np.maximum(stop - 1, start), all_count, family.per_ms),
        "slow_noise": slow_noise(flat, begin, stop, all_count, family.per_ms),
    }
    whole = {name: np.full(n_sweeps, np.nan) for name in found}
    for name, values in found.items():
        whole[name][sweep] = values
    return Holding(**whole)
