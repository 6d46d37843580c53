"""The one pass over all samples: where the voltage rises so fast that it could be an action potential."""

from __future__ import annotations

import warnings
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from mnephys.recording import FloatArray, IntArray

__all__ = ["difference_noise", "fast_rises"]

MAD_OF_UNIT_NORMAL = 0.6745
_PAIRS = 256
_BLOCK = 1 << 17


def difference_noise(voltage: FloatArray) -> FloatArray:
    """Return the noise of the difference of two neighbouring samples of each sweep.

    Parameters
    ----------
    voltage : ndarray, float32, shape (n_sweeps, n_samples)
        In mV.

    Returns
    -------
    ndarray, float64, shape (n_sweeps,)
        Standard deviation in mV, from the median absolute difference of some hundred pairs that are spread over
        the sweep: neighbours differ by the noise alone nearly everywhere. NaN where no pair was recorded.

    Examples
    --------
    >>> noise = np.random.default_rng(0).normal(0, 0.1, (1, 20000)).astype(np.float32)
    >>> abs(difference_noise(noise)[0] / (0.1 * 2**0.5) - 1) < 0.1
    np.True_
    """
    step = max(1, voltage.shape[1] // _PAIRS)
    change = np.abs(voltage[:, 1::step] - voltage[:, : voltage.shape[1] - 1 : step])
    gaps = ~np.isfinite(change).all(axis=1)
    middle = np.full(voltage.shape[0], np.nan)
    if change.shape[1]:
        middle[~gaps] = np.median(change[~gaps], axis=1)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", RuntimeWarning)  # a sweep without a sample has no median
            middle[gaps] = np.nanmedian(np.where(np.isfinite(change[gaps]), change[gaps], np.nan), axis=1)
    return middle / MAD_OF_UNIT_NORMAL


def fast_rises(
    voltage: FloatArray, half: int, enough: FloatArray, spoilt: NDArray[np.bool_] | None = None
) -> tuple[IntArray, IntArray]:
    """Find the runs of samples over which the voltage rises fast.

    Parameters
    ----------
    voltage : ndarray, float32, shape (n_sweeps, n_samples)
        In mV.
    half : int
        The rise at a sample is from so many samples before it to as many after.
    enough : ndarray, float, shape (n_sweeps,)
        A run is where the rise is at least half of this, in mV, if it is at least this somewhere.
    spoilt : ndarray, bool, shape (n_sweeps * n_samples,), optional
        Samples that belong to no run.

    Returns
    -------
    begin, end : ndarray, int, shape (n_runs,)
        Flat index of the first sample of each, and of the first one behind it.

    Examples
    --------
    >>> voltage = np.array([[0, 0, 0, 0, 9, 9, 9, 9, 9]], dtype=np.float32)
    >>> fast_rises(voltage, 1, np.array([3.0]))
    (array([3]), array([5]))
    """
    n_samples = voltage.shape[1]
    every = enough.astype(np.float32)[:, np.newaxis]
    bad = np.flatnonzero(spoilt) if spoilt is not None else np.zeros(0, dtype=np.int64)
    rising: list[IntArray] = []
    high: list[NDArray[np.bool_]] = []
    for row, column, rise in _rises(voltage, half):
        limit = every[row : row + rise.shape[0]]
        first, width = row * n_samples + column + half, rise.shape[1]
        last = first + (rise.shape[0] - 1) * n_samples + width
        here = bad[slice(*np.searchsorted(bad, (first, last)))] - first
        here = here[here % n_samples < width]
        rise[here // n_samples, here % n_samples] = np.nan
        at = np.flatnonzero(rise >= np.float32(0.5) * limit)
        sweep = at // width
        rising.append(first + at + sweep * (n_samples - width))
        high.append(rise.ravel()[at] >= limit[sweep, 0])
    # The last samples of a sweep have no rise, so that no run goes on into the next sweep.
    index = np.concatenate(rising)
    if not index.size:
        return index, index
    begins = np.concatenate([[0], np.flatnonzero(np.diff(index) != 1) + 1])
    kept = np.logical_or.reduceat(np.concatenate(high), begins)
    return index[begins][kept], index[np.append(begins[1:], index.size) - 1][kept] + 1


def _rises(voltage: FloatArray, half: int) -> Iterator[tuple[int, int, FloatArray]]:
    """Yield first sweep, first sample and the rises of pieces that stay in the cache."""
    n_sweeps, n_samples = voltage.shape
    width = n_samples - 2 * half
    high, length = max(1, _BLOCK // n_samples), min(width, _BLOCK)
    for row in range(0, n_sweeps, high):
        sweeps = voltage[row : row + high]
        for column in range(0, width, length):
            here = sweeps[:, column : column + length + 2 * half]
            yield row, column, here[:, 2 * half :] - here[:, : -2 * half]
