"""Noise before the steps, in both clamps: the fast noise about a line, the slow noise by means of blocks."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from mnephys.patch.segments import Stretches
from mnephys.recording import FloatArray, IntArray

__all__ = ["MIN_SAMPLES", "fast_noise", "slow_noise"]

PIECE_MS = 30.0
MIN_RUN = 1.0 / 3.0
MIN_SAMPLES = 8
SLOW_BLOCK_MS = 50.0
SLOW_REACH_MS = 1000.0
MIN_BLOCKS = 2
MIN_LEFT = 0.5


def fast_noise(
    flat: FloatArray, start: IntArray, stop: IntArray, left_out: NDArray[np.bool_], per_ms: float
) -> FloatArray:
    """Return the standard deviation of the fast noise of stretches.

    Parameters
    ----------
    flat : ndarray, float, shape (n_samples,)
        Voltage or current of all sweeps.
    start, stop : ndarray, int, shape (n,)
        Flat sample indices of the stretches.
    left_out : ndarray, bool, shape (n_samples,)
        Samples that do not count. Those that are not finite never do.
    per_ms : float
        Samples per ms.

    Returns
    -------
    ndarray, float64, shape (n,)
        In the unit of `flat`; NaN where no run of at least 8 samples and a third of a piece is left.

    Notes
    -----
    Stretches are cut into whole pieces of 30 ms, counted back from their end (one piece where a stretch is shorter). A
    line is fitted to each run of samples that count, never across what is left out: before an action potential a cell
    is elsewhere than after it. The median of the standard deviations about the lines is taken, so that neither drift
    nor a synaptic event counts. A filter makes neighbouring samples alike: the change from one to the next would tell
    the filter. The lines take about 1 / (B x 30 ms) of the variance of noise of bandwidth B with them; with the median,
    2 to 3 % of the standard deviation are lost at 1 kHz, 0.4 % at 3 kHz.

    Examples
    --------
    >>> import numpy as np
    >>> drifting = np.random.default_rng(0).normal(0.0, 2.0, 2000) + np.linspace(0.0, 50.0, 2000)
    >>> all_count = np.zeros(2000, dtype=bool)
    >>> fast_noise(drifting, np.array([0]), np.array([2000]), all_count, per_ms=20.0).round(1)
    array([2.])
    """
    length = np.clip(stop - start, 1, max(1, round(PIECE_MS * per_ms)))
    n_pieces = np.maximum(stop - start, 0) // length
    owner, nth = _numbered(n_pieces)
    end = stop[owner] - nth * length[owner]
    pieces = Stretches.between(end - length[owner], end)
    values = flat[pieces.index].astype(np.float64)
    counted = np.isfinite(values) & ~left_out[pieces.index]
    begins = counted.copy()
    begins[1:] &= ~counted[:-1]
    begins[pieces.offsets] = counted[pieces.offsets]
    run = (np.cumsum(begins) - 1)[counted]
    owner = np.repeat(owner, pieces.length)[begins]
    spread, count = _about_lines(values[counted], pieces.index[counted], run, owner.size)
    kept = (count >= MIN_SAMPLES) & (count >= MIN_RUN * length[owner])
    return _medians(spread[kept], owner[kept], start.size)


def slow_noise(
    flat: FloatArray, begin: IntArray, stop: IntArray, left_out: NDArray[np.bool_], per_ms: float
) -> FloatArray:
    """Return the standard deviation of the slow noise, below about 10 Hz, at the end of stretches.

    Parameters
    ----------
    flat : ndarray, float, shape (n_samples,)
        Voltage or current of all sweeps.
    begin, stop : ndarray, int, shape (n,)
        Flat sample indices of the stretches, of which at most the last second is used.
    left_out : ndarray, bool, shape (n_samples,)
        Samples that do not count. Those that are not finite never do.
    per_ms : float
        Samples per ms.

    Returns
    -------
    ndarray, float64, shape (n,)
        In the unit of `flat`; NaN of fewer than two blocks.

    Notes
    -----
    The standard deviation of the means of whole blocks of 50 ms, counted back from the end, of which half is left. They
    pass what is below 9 Hz (-3 dB).

    Examples
    --------
    >>> import numpy as np
    >>> steps = np.repeat([1.0, 3.0], 1000)
    >>> slow_noise(steps, np.array([0]), np.array([2000]), np.zeros(2000, dtype=bool), per_ms=20.0).round(3)
    array([1.414])
    """
    block = max(1, round(SLOW_BLOCK_MS * per_ms))
    n_blocks = np.clip((stop - begin) // block, 0, round(SLOW_REACH_MS / SLOW_BLOCK_MS))
    index = Stretches.between(stop - n_blocks * block, stop).index
    values = flat[index].astype(np.float64)
    counted = np.isfinite(values) & ~left_out[index]
    values = np.where(counted, values, 0.0).reshape(-1, block)
    left = counted.reshape(-1, block).sum(axis=1)
    kept = left >= MIN_LEFT * block
    mean, owner = values[kept].sum(axis=1) / left[kept], np.repeat(np.arange(begin.size), n_blocks)[kept]
    number = np.bincount(owner, minlength=begin.size)
    middle = np.bincount(owner, mean, begin.size) / np.maximum(number, 1)
    total = np.bincount(owner, (mean - middle[owner]) ** 2, begin.size)
    enough = number >= MIN_BLOCKS
    noise: FloatArray = np.sqrt(np.divide(total, number - 1, out=np.full(begin.size, np.nan), where=enough))
    return noise


def _numbered(count: IntArray) -> tuple[IntArray, IntArray]:
    """Return for so many of each owner whose each is, and the how manieth."""
    owner = np.repeat(np.arange(count.size), count)
    return owner, np.arange(owner.size) - np.repeat(np.cumsum(count) - count, count)


def _about_lines(values: FloatArray, time: IntArray, run: IntArray, n_runs: int) -> tuple[FloatArray, IntArray]:
    """Return the standard deviation of each run about the line through it, and its number of samples."""
    count = np.bincount(run, minlength=n_runs)

    def per_run(summed: FloatArray) -> FloatArray:
        return np.asarray(np.bincount(run, summed, n_runs), dtype=np.float64)

    # Centred first: sums of squares of flat sample numbers would lose the digits that matter.
    values = values - (per_run(values) / np.maximum(count, 1))[run]
    centred = time - (per_run(time.astype(np.float64)) / np.maximum(count, 1))[run]
    slope = per_run(centred * values) / np.maximum(per_run(centred * centred), 0.5)
    left = per_run((values - slope[run] * centred) ** 2)
    return np.sqrt(left / np.maximum(count - 2, 1)), count


def _medians(values: FloatArray, owner: IntArray, n_owners: int) -> FloatArray:
    """Return the median of each owner's values, which lie side by side; NaN where it has none."""
    number = np.bincount(owner, minlength=n_owners)
    table = np.full((n_owners, int(number.max(initial=1))), np.nan)
    table[_numbered(number)] = values
    known = number > 0
    medians = np.full(n_owners, np.nan)
    medians[known] = np.nanmedian(table[known], axis=1)
    return medians
