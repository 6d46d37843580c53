"""What lies below the band, from the sums of blocks of samples, and the extremes of samples above it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from mnephys.mea.detection.kernel import Kernel
from mnephys.recording import FloatArray, IntArray

__all__ = ["BLOCK", "EDGE", "TILE", "Baseline", "look_at_blocks"]

BLOCK = 8
TILE = 32
"""Blocks that are looked at together: of a plate of 768 channels they stay in the cache of the processor."""
PERIODS = 3.0
"""Periods of the lower edge of the band, on each side, that a baseline is taken from."""
EDGE = 2
"""Blocks on each side of those that are looked at whose baseline is known too."""
BEND = 0.7
"""What blocks and straight lines miss of a baseline that bends is less than this share of its second difference."""
NEAR = 4
"""Samples on each side that smoothing takes in."""


@dataclass(frozen=True, slots=True, eq=False)
class Baseline:
    """Weights of blocks and of samples.

    Parameters
    ----------
    weights : ndarray, float32, shape (TILE + 2 * EDGE, TILE + 2 * EDGE + 2 * reach)
        The baseline at the centres of blocks, and of `EDGE` on each side, from the sums of blocks.
    smoothing : ndarray, float32, shape (BLOCK + 2 * NEAR, BLOCK)
        The samples of a block, smoothed, from those around them.
    between : ndarray, float32, shape (3, BLOCK)
        The baseline at the samples of a block, on a line, from that at its centre and at those of both beside it.
    reach : int
        Blocks on each side that a baseline depends on.
    """

    weights: NDArray[np.float32]
    smoothing: NDArray[np.float32]
    between: NDArray[np.float32]
    reach: int

    @classmethod
    def of(cls, kernel: Kernel, sampling_rate: float, low: float) -> Self:
        """Return the weights for a filter.

        Parameters
        ----------
        kernel : Kernel
            Zero-phase.
        sampling_rate, low : float
            In Hz: of the signal, and the lower edge of the band.

        Returns
        -------
        Baseline
            A constant is all baseline, and smoothing leaves it as it is.
        """
        reach = int(np.ceil(PERIODS * sampling_rate / low / BLOCK))
        below, above = _outside(kernel, 4 * (reach + 2) * BLOCK)
        inside = np.arange(BLOCK)
        apart = (np.arange(-reach, reach + 1) * BLOCK)[:, np.newaxis, np.newaxis] + inside - inside[:, np.newaxis]
        of_block = below[apart % below.size].sum(axis=(1, 2))
        of_block /= BLOCK * of_block.sum()
        weights = np.zeros((TILE + 2 * EDGE, TILE + 2 * (EDGE + reach)), np.float32)
        for row in range(TILE + 2 * EDGE):
            weights[row, row : row + 2 * reach + 1] = of_block
        near = -above[np.arange(-NEAR, NEAR + 1)]
        near[NEAR] += 1.0
        near /= near.sum()
        smoothing = np.zeros((BLOCK + 2 * NEAR, BLOCK), np.float32)
        for column in range(BLOCK):
            smoothing[column : column + near.size, column] = near
        away = (inside - 0.5 * (BLOCK - 1)) / BLOCK
        between = np.stack([np.maximum(-away, 0.0), 1.0 - np.abs(away), np.maximum(away, 0.0)])
        return cls(weights, smoothing, between.astype(np.float32), reach)

    @property
    def halo(self) -> int:
        """Samples before and after those that are looked at, a multiple of `BLOCK`."""
        return (self.reach + EDGE) * BLOCK

    def around(self, sums: NDArray[np.float32], first: int, number: int) -> NDArray[np.float32]:
        """Return the baseline at the centres of some blocks, and of `EDGE` more on each side.

        Parameters
        ----------
        sums : ndarray, float32, shape (n_blocks + 2 * (reach + EDGE), n_channels)
            Of all blocks, those of the halo too.
        first, number : int
            Which blocks, counted from the first after the halo; at most `TILE`.

        Returns
        -------
        ndarray, float32, shape (number + 2 * EDGE, n_channels)
            In the unit of the samples.
        """
        width = number + 2 * (EDGE + self.reach)
        return self.weights[: number + 2 * EDGE, :width] @ sums[first : first + width]

    @staticmethod
    def roughness(around: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return how much the baseline bends near each block: what blocks and straight lines miss of it is less.

        Parameters
        ----------
        around : ndarray, float32, shape (n_blocks + 2 * EDGE, n_channels)
            Of `around`.

        Returns
        -------
        ndarray, float32, shape (n_blocks, n_channels)
            `BEND` times the largest second difference of the baseline, of this block and the two beside it.
        """
        bend = around[2:] + around[:-2]
        bend -= around[1:-1]
        bend -= around[1:-1]
        np.abs(bend, out=bend)
        largest: NDArray[np.float32] = np.maximum(np.maximum(bend[:-2], bend[1:-1]), bend[2:])
        largest *= BEND
        return largest

    def smoothed(
        self, values: NDArray[Any], around: NDArray[np.float32], block: IntArray, channel: IntArray
    ) -> NDArray[np.float32]:
        """Return the smoothed samples of blocks, above the baseline.

        Parameters
        ----------
        values : ndarray, int16 or float32, shape (n, n_channels)
            From the first sample of the halo on.
        around : ndarray, float32, shape (n_blocks + 2 * EDGE, n_channels)
            Of `around`.
        block, channel : ndarray, int, shape (n_chosen,)
            Blocks, counted from the first after the halo.

        Returns
        -------
        ndarray, float32, shape (n_chosen, BLOCK)
            In the unit of the samples.
        """
        length = BLOCK + 2 * NEAR
        down, across = values.strides
        shape = (max(values.shape[0] - length + 1, 0), values.shape[1], length)
        windows = np.lib.stride_tricks.as_strided(values, shape, (down, across, down), writeable=False)
        smooth: NDArray[np.float32] = (
            windows[self.halo - NEAR + block * BLOCK, channel].astype(np.float32) @ self.smoothing
        )
        below = around[block[:, np.newaxis] + np.arange(EDGE - 1, EDGE + 2), channel[:, np.newaxis]]
        smooth -= below @ self.between
        return smooth


def look_at_blocks(values: NDArray[Any], signs: tuple[int, ...]) -> tuple[NDArray[np.float32], list[NDArray[Any]]]:
    """Return the sums and the extremes of blocks.

    Parameters
    ----------
    values : ndarray, int16 or float32, shape (n_samples, n_channels)
        With `n_samples` a multiple of `BLOCK`.
    signs : tuple of int
        -1 for the lowest sample of each block, 1 for the highest.

    Returns
    -------
    sums : ndarray, float32, shape (n_samples // BLOCK, n_channels)
        In the unit of the samples.
    extremes : list of ndarray, int16 or float32, shape (n_samples // BLOCK, n_channels)
        One for each sign.
    """
    n_blocks, n_channels = values.shape[0] // BLOCK, values.shape[1]
    total = np.int32 if values.dtype == np.int16 else np.float32
    sums = np.empty((n_blocks, n_channels), np.float32)
    extremes = [np.empty((n_blocks, n_channels), values.dtype) for _ in signs]
    # All that is asked of a tile while it is in the cache.
    for first in range(0, n_blocks, TILE):
        stop = min(first + TILE, n_blocks)
        piece = values[first * BLOCK : stop * BLOCK].reshape(-1, BLOCK, n_channels)
        sums[first:stop] = np.add.reduce(piece, axis=1, dtype=total)
        for sign, extreme in zip(signs, extremes, strict=True):
            reduce = np.minimum.reduce if sign < 0 else np.maximum.reduce
            reduce(piece, axis=1, out=extreme[first:stop])
    return sums, extremes


def _outside(kernel: Kernel, least: int) -> tuple[FloatArray, FloatArray]:
    """Return the responses to what the filter takes away below its band, and above, from 0 on and back around."""
    size = 1 << int(np.ceil(np.log2(max(4 * kernel.taps.size, least))))
    padded = np.zeros(size)
    padded[(np.arange(kernel.taps.size) - kernel.before) % size] = kernel.taps
    left = 1.0 - np.fft.rfft(padded).real
    middle = int(np.argmin(left))
    below, above = left.copy(), left.copy()
    below[middle:] = 0.0
    above[:middle] = 0.0
    return np.fft.irfft(below, size), np.fft.irfft(above, size)
