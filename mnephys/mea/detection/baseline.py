"""What lies below the band, from the sums of blocks of samples, and the extremes of samples above it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from mnephys.mea.detection.kernel import Kernel
from mnephys.recording import FloatArray, IntArray

__all__ = ["BLOCK", "EDGE", "HALF", "TILE", "Baseline", "block_extremes", "block_sums"]

BLOCK = 8
HALF = BLOCK // 2
TILE = 64
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
    smoothing : ndarray, float32, shape (HALF + 2 * NEAR, HALF)
        The samples of a half block, smoothed, from those around them.
    reach : int
        Blocks on each side that a baseline depends on.
    """

    weights: NDArray[np.float32]
    smoothing: NDArray[np.float32]
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
        smoothing = np.zeros((HALF + 2 * NEAR, HALF), np.float32)
        for column in range(HALF):
            smoothing[column : column + near.size, column] = near
        return cls(weights, smoothing, reach)

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
    def halves(around: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return the baseline at the centres of both halves of blocks.

        Parameters
        ----------
        around : ndarray, float32, shape (n_blocks + 2 * EDGE, n_channels)
            Of `around`.

        Returns
        -------
        ndarray, float32, shape (n_blocks, 2, n_channels)
            In the unit of the samples.
        """
        here = around[EDGE:-EDGE]
        halves = np.empty((here.shape[0], 2, here.shape[1]), np.float32)
        for half, beside in enumerate((around[EDGE - 1 : -EDGE - 1], around[EDGE + 1 : around.shape[0] - EDGE + 1])):
            np.multiply(beside - here, 0.25, out=halves[:, half])
            halves[:, half] += here
        return halves

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
        self, values: NDArray[Any], around: NDArray[np.float32], row: IntArray, channel: IntArray
    ) -> NDArray[np.float32]:
        """Return the smoothed samples of half blocks, above the baseline.

        Parameters
        ----------
        values : ndarray, int16 or float32, shape (n, n_channels)
            From the first sample of the halo on.
        around : ndarray, float32, shape (n_blocks + 2 * EDGE, n_channels)
            Of `around`.
        row, channel : ndarray, int, shape (n_halves,)
            Half blocks, counted from the first after the halo.

        Returns
        -------
        ndarray, float32, shape (n_halves, HALF)
            In the unit of the samples.
        """
        length = HALF + 2 * NEAR
        down, across = values.strides
        shape = (max(values.shape[0] - length + 1, 0), values.shape[1], length)
        windows = np.lib.stride_tricks.as_strided(values, shape, (down, across, down), writeable=False)
        near = windows[self.halo + row * HALF - NEAR, channel].astype(np.float32) @ self.smoothing
        block, half = np.divmod(row, 2)
        here, beside = around[block + EDGE, channel], around[block + EDGE - 1 + 2 * half, channel]
        # Blocks from the centre of this one towards that of the one beside.
        share = np.abs((np.arange(HALF) + 0.5) / BLOCK - 0.5 * (1 - half[:, np.newaxis]))
        below: NDArray[np.float32] = here[:, np.newaxis] + share.astype(np.float32) * (beside - here)[:, np.newaxis]
        return near - below


def block_sums(values: NDArray[Any]) -> NDArray[np.float32]:
    """Return the sums of blocks.

    Parameters
    ----------
    values : ndarray, int16 or float32, shape (n_samples, n_channels)
        With `n_samples` a multiple of `BLOCK`.

    Returns
    -------
    ndarray, float32, shape (n_samples // BLOCK, n_channels)
        In the unit of the samples.
    """
    total = np.int32 if values.dtype == np.int16 else np.float32
    sums = np.empty((values.shape[0] // BLOCK, values.shape[1]), np.float32)
    for first in range(0, sums.shape[0], TILE):
        piece = values[first * BLOCK : min(first + TILE, sums.shape[0]) * BLOCK]
        sums[first : first + TILE] = np.add.reduce(piece.reshape(-1, BLOCK, values.shape[1]), axis=1, dtype=total)
    return sums


def block_extremes(values: NDArray[Any], sign: int) -> NDArray[Any]:
    """Return the lowest or the highest sample of both halves of blocks.

    Parameters
    ----------
    values : ndarray, int16 or float32, shape (n_samples, n_channels)
        With `n_samples` a multiple of `BLOCK`.
    sign : int
        -1 for the lowest, 1 for the highest.

    Returns
    -------
    ndarray, int16 or float32, shape (n_samples // BLOCK, 2, n_channels)
        In the unit of the samples.
    """
    reduce = np.minimum.reduce if sign < 0 else np.maximum.reduce
    extremes: NDArray[Any] = reduce(values.reshape(-1, 2, HALF, values.shape[1]), axis=2)
    return extremes


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
