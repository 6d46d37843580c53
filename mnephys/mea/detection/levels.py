"""Levels of noise over a recording, and what stretches of one recording share."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mnephys.recording import BoolArray, FloatArray, IntArray

__all__ = ["LEAST_SHARE", "MAD_OF_SD", "Levels", "medians", "shared_levels"]

LEAST_SHARE = 0.5
"""A channel of which less can be looked at is not searched: its rate would be over time in which nobody looked."""
MAD_OF_SD = 0.6744897501960817
"""The median absolute deviation of a normal variable of variance 1."""
LONG_S = 1.0


@dataclass(frozen=True, slots=True, eq=False)
class Levels:
    """Standard deviations of the noise of every channel at some times.

    Parameters
    ----------
    at : ndarray, int, shape (n_levels,)
        Samples from which each holds, ascending, the first 0.
    level : ndarray, float, shape (n_levels, n_channels)
        In the unit of the signal; NaN where a channel has no number, 0 where it is constant.
    share : ndarray, float, shape (n_channels,)
        Part of what was looked at that are numbers and vary.
    """

    at: IntArray
    level: FloatArray
    share: FloatArray

    @property
    def usable(self) -> BoolArray:
        """Channels that can be searched, shape (n_channels,): most of them varies, and leaves noise."""
        fine = (np.isfinite(self.level) & (self.level > 0)).all(axis=0)
        return np.asarray(fine & (self.share >= LEAST_SHARE))

    def holding(self, samples: IntArray) -> IntArray:
        """Return the row that holds at each sample.

        Parameters
        ----------
        samples : ndarray, int, shape (n,)
            Counted from the beginning of the stretch.

        Returns
        -------
        ndarray, int, shape (n,)
            Rows of `level`.
        """
        return np.searchsorted(self.at, samples, side="right") - 1


def shared_levels(levels: list[Levels], sizes: IntArray, sampling_rate: float, method: str) -> list[Levels]:
    """Return the noise of stretches of one recording, of which short ones know little.

    Parameters
    ----------
    levels : list of Levels
        Of each stretch.
    sizes : ndarray, int, shape (n_stretches,)
        Samples of each.
    sampling_rate : float
        In Hz.
    method : str
        As in `noise_levels`.

    Returns
    -------
    list of Levels
        One level for all stretches by ``"mad"``: the median over those of at least a second, or over all. By
        ``"adaptive"`` only shorter ones have it.
    """
    if len(levels) == 1:
        return levels
    long = sizes >= min(round(LONG_S * sampling_rate), int(sizes.max()))
    rows = np.concatenate([each.level for each, one in zip(levels, long.tolist(), strict=True) if one])
    share = sizes @ np.stack([each.share for each in levels]) / sizes.sum()
    usual = medians(np.where(rows > 0, rows, np.nan).T.astype(np.float32)).astype(np.float64)
    constant = np.all([(each.level == 0).all(axis=0) for each in levels], axis=0)
    common = Levels(np.zeros(1, np.int64), np.where(constant, 0.0, usual)[np.newaxis], share)
    return [each if method == "adaptive" and one else common for each, one in zip(levels, long.tolist(), strict=True)]


def medians(values: NDArray[np.float32]) -> FloatArray:
    """Return the median of the last axis over what is a number.

    Parameters
    ----------
    values : ndarray, float32, shape (..., n)
        May hold what is no number.

    Returns
    -------
    ndarray, float, shape (...)
        NaN where nothing is a number.
    """
    if values.shape[-1] and np.isfinite(values).all():
        return _middle(values)
    filled = np.where(np.isfinite(values), values, np.nan).astype(np.float64)
    present: BoolArray = np.asarray(np.isfinite(filled).any(axis=-1))
    middle: FloatArray = np.nanmedian(np.where(present[..., np.newaxis], filled, 0.0), axis=-1)
    return np.where(present, middle, np.nan)


def _middle(values: NDArray[np.float32]) -> FloatArray:
    """Return the median of the last axis: one partition, where that of numpy sorts twice to look for NaN."""
    half = values.shape[-1] // 2
    parted = np.partition(values, half, axis=-1)
    upper: FloatArray = parted[..., half].astype(np.float64)
    if values.shape[-1] % 2:
        return upper
    middle: FloatArray = 0.5 * (upper + parted[..., :half].max(axis=-1))
    return middle
