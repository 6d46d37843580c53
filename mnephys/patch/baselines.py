"""The time before the first step of each sweep: its potential, its fast and its slow noise."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mnephys.patch.charging import BASELINE_S
from mnephys.patch.family import Family
from mnephys.patch.noise import fast_noise, slow_noise
from mnephys.patch.segments import Stretches, stretch_mean
from mnephys.recording import FloatArray

__all__ = ["Baselines", "measure_baselines", "middle"]

AP_BEFORE_MS, AP_AFTER_MS = 1.0, 10.0


@dataclass(frozen=True, slots=True)
class Baselines:
    """One entry per sweep, NaN where it holds no sample before its first step.

    Parameters
    ----------
    potential : ndarray, float, shape (n_sweeps,)
        Mean of the last 100 ms before the first step in mV.
    shift : ndarray, float, shape (n_sweeps,)
        That minus the middle one of all sweeps, in mV.
    noise : ndarray, float, shape (n_sweeps,)
        Standard deviation of the fast noise in mV; NaN too where a cell fires too often to measure it.
    slow_noise : ndarray, float, shape (n_sweeps,)
        Standard deviation of the noise below about 10 Hz in mV; NaN too where 100 ms are not left to measure it.
    """

    potential: FloatArray
    shift: FloatArray
    noise: FloatArray
    slow_noise: FloatArray


def measure_baselines(family: Family) -> Baselines:
    """Measure the time before the first step of each sweep.

    Parameters
    ----------
    family : Family
        A recording with its steps and action potentials.

    Returns
    -------
    Baselines
        One entry per sweep.

    Notes
    -----
    Fast noise, of the last 100 ms before the step, and slow noise, of at most the last second, are those of
    `mnephys.patch.noise`. Samples around action potentials (1 ms before the threshold to 10 ms after the peak) are left
    out of both: a cell that fires by itself is no noise.
    """
    steps, n_sweeps = family.steps, family.voltage.shape[0]
    begin, stop = np.zeros((2, n_sweeps), dtype=np.int64)
    before = steps.before_steps
    begin[steps.sweep[before]], stop[steps.sweep[before]] = steps.start[before], steps.stop[before]
    start = np.maximum(stop - round(BASELINE_S * family.sampling_rate), begin)
    potential = stretch_mean(family.voltage.ravel(), start, stop)
    flat, firing, per_ms = family.voltage.ravel(), _firing(family), family.sampling_rate / 1000.0
    return Baselines(
        potential,
        potential - middle(potential),
        # The last sample before an edge may already move.
        fast_noise(flat, start, np.maximum(stop - 1, start), firing, per_ms),
        slow_noise(flat, begin, stop, firing, per_ms),
    )


def middle(values: FloatArray) -> float:
    """Return the median, of an even number the lower of the two in the middle.

    A family that rests at one potential in one half of its sweeps and at another in the other half is then not far
    from its own middle in every sweep.

    Parameters
    ----------
    values : ndarray, float, shape (n,)
        May hold NaN.

    Returns
    -------
    float
        One of the values; NaN where none is finite.

    Examples
    --------
    >>> import numpy as np
    >>> middle(np.array([-60.0, -30.0, np.nan]))
    -60.0
    """
    finite = np.sort(values[np.isfinite(values)])
    return float(finite[(finite.size - 1) // 2]) if finite.size else float("nan")


def _firing(family: Family) -> NDArray[np.bool_]:
    """Return which flat samples belong to an action potential."""
    rate, aps = family.sampling_rate, family.aps
    firing = np.zeros(family.voltage.size, dtype=bool)
    if not aps["sweep"].size:
        return firing
    begin = np.asarray(aps["threshold_time"], dtype=np.float64) * rate - AP_BEFORE_MS / 1000.0 * rate
    end = np.asarray(aps["peak_time"], dtype=np.float64) * rate + AP_AFTER_MS / 1000.0 * rate
    known = np.isfinite(begin) & np.isfinite(end)
    n_samples = family.voltage.shape[1]
    within = np.clip(np.ceil([begin[known], end[known] + 1.0]), 0, n_samples).astype(np.int64)
    start, stop = within + np.asarray(aps["sweep"], dtype=np.int64)[known] * n_samples
    firing[Stretches.between(start, stop).index] = True
    return firing
