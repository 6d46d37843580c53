"""Where the steps of a family are, by its response alone: for recordings whose command is not known."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
from numpy.typing import NDArray

from mnephys.recording import FloatArray, IntArray

__all__ = ["step_bounds"]

MIN_SWEEPS = 4
MEAN_MS = 0.5
REACH_MS = 2.0
APART_MS = 5.0
MIN_STEP_MS = 10.0
AP_HEIGHT_MV = 10.0
AP_BASE_MS = 10.0
BEFORE_AP_MS = 3.0
AFTER_AP_MS = 15.0
NOISE_FLOOR_MV = 0.05
LARGEST_SCORE = 5.0
MIN_SCORE = 3.0
MAX_CANDIDATES = 200
MIN_CORRELATION = 0.8
MIN_FISHER_Z = 3.0
MAX_RATIO = 2.5
BLOCK_SAMPLES = 1 << 20


def step_bounds(voltage: FloatArray, sampling_rate: float) -> IntArray:
    """Find the steps of unknown current that all sweeps of a family share.

    Parameters
    ----------
    voltage : ndarray, float, shape (n_sweeps, n_samples)
        In mV; NaN where nothing was recorded.
    sampling_rate : float
        In Hz.

    Returns
    -------
    ndarray, int, shape (n_steps, 2)
        First sample of each step and the first after it, in order; empty where the family has fewer than
        four sweeps, or no such step.

    Notes
    -----
    A change of the current bends the voltage by the change over the capacitance. So an onset is a sample at
    which several sweeps bend at once, each by its own amount, and its offset the next one at which each bends
    back by about as much. Near an action potential a sweep has no say. Repeats of one step, and action
    potentials that light or a nerve evokes in every sweep, do not differ between sweeps and are not found.

    Examples
    --------
    >>> import numpy as np
    >>> charging = 1 - np.exp(-np.arange(2000) / 100)
    >>> voltage = np.full((5, 3000), -70.0)
    >>> voltage[:, 1000:] += np.outer([-20, -10, 10, 20, 30], charging)
    >>> voltage[:, 2000:] -= np.outer([-20, -10, 10, 20, 30], charging[:1000])
    >>> step_bounds(voltage, 10000.0)
    array([[1000, 2000]])
    """
    reach = max(1, round(REACH_MS / 1000.0 * sampling_rate))
    if voltage.shape[0] < MIN_SWEEPS or voltage.shape[1] < 8 * reach:
        return np.zeros((0, 2), dtype=np.int64)
    bend, noise = _heard(voltage, sampling_rate, reach)
    at = _candidates(bend, noise, round(APART_MS / 1000.0 * sampling_rate))
    at = np.unique([_sharpened(bend, k, reach) for k in at]).astype(np.int64)
    return _pairs(bend[:, at], noise, at, MIN_STEP_MS / 1000.0 * sampling_rate)


def _blocks(shape: tuple[int, ...]) -> Iterator[slice]:
    """Cut many sweeps into some at a time: what is worked out on the way then takes no memory to speak of."""
    step = max(1, BLOCK_SAMPLES // max(shape[1], 1))
    for start in range(0, shape[0], step):
        yield slice(start, start + step)


def _heard(voltage: FloatArray, sampling_rate: float, reach: int) -> tuple[FloatArray, FloatArray]:
    """Return the bends in mV of the sweeps that have any, and how large they usually are in each."""
    resting = _resting(voltage)
    bend = np.empty(voltage.shape, dtype=np.float32)
    noise = np.empty((voltage.shape[0], 1))
    heard = 0
    for rows in _blocks(voltage.shape):
        some = _bends(voltage[rows], resting, sampling_rate, reach)
        size = _noise(some)
        known = np.isfinite(size)
        end = heard + int(known.sum())
        bend[heard:end], noise[heard:end, 0] = some[known], size[known]
        heard = end
    return bend[:heard], noise[:heard]


def _resting(voltage: FloatArray) -> float:
    """Return the median in mV, with which gaps are filled; 0 where there are none to fill, or nothing else."""
    known = np.isfinite(voltage)
    return 0.0 if known.all() or not known.any() else float(np.median(voltage[known], overwrite_input=True))


def _bends(voltage: FloatArray, resting: float, sampling_rate: float, reach: int) -> FloatArray:
    """Return how much the voltage turns at each sample in mV; NaN near action potentials and gaps."""
    from scipy.ndimage import maximum_filter1d, uniform_filter1d

    gap = ~np.isfinite(voltage)
    filled = np.where(gap, resting, voltage).astype(np.float32)
    smooth = uniform_filter1d(filled, max(1, round(MEAN_MS / 1000.0 * sampling_rate)), axis=1, mode="nearest")
    bend = np.full(voltage.shape, np.nan, dtype=np.float32)
    bend[:, reach:-reach] = smooth[:, 2 * reach :] - 2.0 * smooth[:, reach:-reach] + smooth[:, : -2 * reach]
    bend[_near_action_potentials(filled, sampling_rate)] = np.nan
    bend[maximum_filter1d(gap, 4 * reach + 1, axis=1)] = np.nan
    return bend


def _near_action_potentials(voltage: FloatArray, sampling_rate: float) -> NDArray[np.bool_]:
    """Return the samples that an action potential, or whatever rises and falls like one, could bend."""
    from scipy.ndimage import maximum_filter1d, minimum_filter1d

    base, before, after = (max(1, round(ms / 1000.0 * sampling_rate)) for ms in (AP_BASE_MS, BEFORE_AP_MS, AFTER_AP_MS))
    half = base // 2
    left = minimum_filter1d(voltage, 2 * half + 1, axis=1, origin=half)
    right = minimum_filter1d(voltage, 2 * half + 1, axis=1, origin=-half)
    high = voltage - np.maximum(left, right) > AP_HEIGHT_MV
    near: NDArray[np.bool_] = maximum_filter1d(high, before + after + 1, axis=1, origin=(after - before) // 2)
    return near


def _noise(bend: FloatArray) -> FloatArray:
    """Return the usual size of the bends of each sweep in mV, NaN where a sweep has none."""
    size = np.full(bend.shape[0], np.nan)
    heard = np.isfinite(bend).any(axis=1)
    size[heard] = np.nanmedian(np.abs(bend[heard]), axis=1) / 0.6745
    return np.where(heard, np.maximum(size, NOISE_FLOOR_MV), np.nan)


def _mean(shape: tuple[int, ...], of: Callable[[slice], FloatArray]) -> FloatArray:
    """Return the mean over sweeps at each sample, 0 where fewer than four have a say; `of` gives those of a block."""
    count, total = np.zeros(shape[1], dtype=np.int64), np.zeros(shape[1])
    for rows in _blocks(shape):
        size = of(rows)
        unknown = np.isnan(size)
        count += size.shape[0] - unknown.sum(axis=0)
        size[unknown] = 0.0
        total += size.sum(axis=0)
    mean: FloatArray = np.divide(total, count, out=np.zeros(shape[1]), where=count >= MIN_SWEEPS)
    return mean


def _candidates(bend: FloatArray, noise: FloatArray, apart: int) -> IntArray:
    """Return the samples at which several sweeps bend beyond their noise."""
    from scipy.ndimage import maximum_filter1d

    # One large event in one sweep must not make a candidate, so each sweep's word is limited.
    score = np.sqrt(_mean(bend.shape, lambda r: np.minimum(np.abs(bend[r]) / noise[r], LARGEST_SCORE) ** 2))
    size = np.where(score >= MIN_SCORE, _mean(bend.shape, lambda rows: np.abs(bend[rows])), 0.0)
    at = np.flatnonzero((size > 0) & (size == maximum_filter1d(size, 2 * apart + 1)))
    return at[np.argsort(-size[at], kind="stable")[:MAX_CANDIDATES]]


def _sharpened(bend: FloatArray, at: int, reach: int) -> int:
    """Return the sample near `at` where the sweeps that have a say all around it bend most."""
    low = max(at - reach, 0)
    near = bend[:, low : at + reach + 1]
    throughout = np.isfinite(near).all(axis=1)
    return low + int(np.argmax(np.abs(near[throughout]).sum(axis=0))) if throughout.sum() >= MIN_SWEEPS else at


def _pairs(bend: FloatArray, noise: FloatArray, at: IntArray, shortest: float) -> IntArray:
    """Return the candidates that belong together as onset and offset; `bend` is (n_sweeps, n_candidates)."""
    found: list[tuple[int, int]] = []
    free = 0
    for onset in range(at.size):
        if onset < free:
            continue
        back = _bends_back(bend[:, [onset]], bend, noise) & (at >= at[onset] + shortest)
        if back.any():
            offset = int(np.argmax(back))
            found.append((int(at[onset]), int(at[offset])))
            free = offset + 1
    return np.array(found, dtype=np.int64).reshape(-1, 2)


def _bends_back(onset: FloatArray, bend: FloatArray, noise: FloatArray) -> NDArray[np.bool_]:
    """Return at which candidates the sweeps bend by about as much as at the onset, with opposite sign."""
    both = np.isfinite(onset) & np.isfinite(bend)
    count = both.sum(axis=0)
    share = both / np.maximum(count, 1)
    first, second = np.where(both, onset, 0.0), np.where(both, bend, 0.0)
    first = np.where(both, first - (share * first).sum(axis=0), 0.0)
    second = np.where(both, second - (share * second).sum(axis=0), 0.0)
    sizes = (share * first**2).sum(axis=0), (share * second**2).sum(axis=0)
    shared = -(share * first * second).sum(axis=0)
    product = np.sqrt(sizes[0] * sizes[1])
    correlation = np.divide(shared, product, out=np.zeros(count.size), where=product > 0)
    ratio = np.divide(shared, sizes[0], out=np.zeros(count.size), where=sizes[0] > 0)
    certain = np.arctanh(np.clip(correlation, -0.999999, 0.999999)) * np.sqrt(np.maximum(count - 3, 0))
    varies = sizes[0] > (share * noise**2).sum(axis=0)
    alike = (ratio >= 1.0 / MAX_RATIO) & (ratio <= MAX_RATIO)
    return np.asarray((correlation >= MIN_CORRELATION) & (certain >= MIN_FISHER_Z) & varies & alike)
