"""What is beyond the threshold: a filter, the noise that it leaves, and how many times that."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mnephys.mea.detection.kernel import Kernel
from mnephys.mea.detection.levels import Levels
from mnephys.recording import BoolArray, FloatArray, IntArray

__all__ = ["Rule"]


@dataclass(frozen=True, slots=True, eq=False)
class Rule:
    """What is beyond the threshold.

    Parameters
    ----------
    kernel : Kernel
        The filter.
    levels : Levels
        Noise of every channel over time.
    threshold : float
        In multiples of it.
    signs : tuple of int
        -1 for troughs, 1 for peaks.
    usable : ndarray, bool, shape (n_channels,)
        Channels that are looked at.
    """

    kernel: Kernel
    levels: Levels
    threshold: float
    signs: tuple[int, ...]
    usable: BoolArray

    def limit(self, samples: IntArray, channels: IntArray) -> FloatArray:
        """Return how far from 0 each of some filtered samples must be.

        Parameters
        ----------
        samples, channels : ndarray, int, shape (n,)
            Which, counted from the beginning of the stretch.

        Returns
        -------
        ndarray, float, shape (n,)
            In the unit of the signal.
        """
        return self.threshold * self.levels.level[self.levels.holding(samples), channels]

    def lowest_limit(self, start: int, stop: int) -> NDArray[np.float32]:
        """Return the lowest limit of every channel over some samples.

        Parameters
        ----------
        start, stop : int
            First sample and the one after the last.

        Returns
        -------
        ndarray, float32, shape (n_channels,)
            In the unit of the signal; infinite where nothing is looked at.
        """
        first, last = self.levels.holding(np.array([start, stop - 1])).tolist()
        lowest = self.threshold * self.levels.level[first : last + 1].min(axis=0)
        return np.where(self.usable, lowest, np.inf).astype(np.float32)
