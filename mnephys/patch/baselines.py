"""The time before the first step of each sweep: its potential, its fast and its slow noise."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mnephys.patch.charging import BASELINE_S
from mnephys.patch.family import Family
from mnephys.patch.segments import Stretches, stretch_mean
from mnephys.recording import FloatArray, IntArray

__all__ = ["Baselines", "measure_baselines", "middle"]

SLOW_BLOCK_S = 0.05
SLOW_REACH_S = 1.0
MIN_BLOCKS = 2
AP_BEFORE_MS, AP_AFTER_MS = 1.0, 10.0
MIN_LEFT = 0.5


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
        Standard deviation of the fast noise in mV.
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
    Fast noise: white noise of standard deviation s changes from sample to sample with s x sqrt(2), whatever the slow
    drift. Slow noise: the standard deviation of the means of blocks of 50 ms, which pass what is below 9 Hz (-3 dB),
    over at most the last second before the step. Samples around action potentials (1 ms before the threshold to 10 ms
    after the peak) are left out of both: a cell that fires by itself is no noise.
    """
    steps = family.steps
    n_sweeps, n_samples = family.voltage.shape
    first = np.searchsorted(steps.start, np.arange(n_sweeps) * n_samples)
    first = np.minimum(first, max(len(steps) - 1, 0))
    begins = (steps.sweep[first] == np.arange(n_sweeps)) & steps.before_steps[first]
    stop = np.where(begins, steps.stop[first], 0)
    begin = np.where(begins, steps.start[first], 0)
    start = np.maximum(stop - round(BASELINE_S * family.sampling_rate), begin)
    potential = stretch_mean(family.voltage.ravel(), start, stop)
    return Baselines(
        potential,
        potential - middle(potential),
        _fast_noise(family, start, stop),
        _slow_noise(family, begin, stop),
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


def _firing(family: Family, index: IntArray) -> NDArray[np.bool_]:
    """Return which flat samples belong to an action potential."""
    rate = family.sampling_rate
    offset = np.asarray(family.aps["sweep"], dtype=np.int64) * family.voltage.shape[1]
    if not offset.size:
        return np.zeros(index.size, dtype=bool)
    begin = offset + np.asarray(family.aps["threshold_time"], dtype=np.float64) * rate - AP_BEFORE_MS / 1000.0 * rate
    end = offset + np.asarray(family.aps["peak_time"], dtype=np.float64) * rate + AP_AFTER_MS / 1000.0 * rate
    known = np.isfinite(begin) & np.isfinite(end)
    begin, end = np.sort(begin[known]), np.sort(end[known])
    return np.searchsorted(begin, index, "right") > np.searchsorted(end, index, "right")


def _fast_noise(family: Family, start: IntArray, stop: IntArray) -> FloatArray:
    flat = family.voltage.ravel()
    stretches = Stretches.between(start, np.maximum(stop - 1, start))
    owner = np.repeat(np.arange(start.size), stretches.length)
    square = (flat[stretches.index + 1].astype(np.float64) - flat[stretches.index]) ** 2
    counted = np.isfinite(square) & ~_firing(family, stretches.index)
    total = np.bincount(owner[counted], square[counted], start.size)
    number = np.bincount(owner[counted], minlength=start.size)
    noise: FloatArray = np.sqrt(np.divide(total, 2.0 * number, out=np.full(start.size, np.nan), where=number > 0))
    return noise


def _slow_noise(family: Family, begin: IntArray, stop: IntArray) -> FloatArray:
    """Return the standard deviation of the means of whole blocks, counted back from the step."""
    flat, n_sweeps = family.voltage.ravel(), begin.size
    block = max(1, round(SLOW_BLOCK_S * family.sampling_rate))
    n_blocks = np.minimum((stop - begin) // block, round(SLOW_REACH_S / SLOW_BLOCK_S))
    stretches = Stretches.between(stop - n_blocks * block, stop)
    values = flat[stretches.index].astype(np.float64)
    counted = np.isfinite(values) & ~_firing(family, stretches.index)
    values = np.where(counted, values, 0.0).reshape(-1, block)
    left = counted.reshape(-1, block).sum(axis=1)
    owner = np.repeat(np.arange(n_sweeps), n_blocks)
    kept = left >= MIN_LEFT * block
    mean, owner = values[kept].sum(axis=1) / left[kept], owner[kept]
    number = np.bincount(owner, minlength=n_sweeps)
    enough = number >= MIN_BLOCKS
    average = np.divide(np.bincount(owner, mean, n_sweeps), number, out=np.zeros(n_sweeps), where=number > 0)
    total = np.bincount(owner, (mean - average[owner]) ** 2, n_sweeps)
    noise: FloatArray = np.sqrt(np.divide(total, number - 1, out=np.full(n_sweeps, np.nan), where=enough))
    return noise
