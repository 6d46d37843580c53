"""What remains of a recording without the events that were found, some sweeps at a time."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mnephys.patch.segments import Stretches
from mnephys.patch.synaptic.fits import Fits
from mnephys.patch.synaptic.templates import shape
from mnephys.recording import FloatArray, IntArray

__all__ = ["Remains"]

EVENTS_AT_ONCE = 512
DRAWN_DECAYS = 8.0


@dataclass(frozen=True, slots=True)
class Remains:
    """A recording and the events to be taken from it.

    Parameters
    ----------
    current : ndarray, float32, shape (n_sweeps, n_samples)
        In pA.
    sampling_rate : float
        In Hz.
    sweep, onset : ndarray, int, shape (n,)
        Sweep and sample of the events' candidates, ordered by sweep.
    fits : Fits
        The events.
    """

    current: FloatArray
    sampling_rate: float
    sweep: IntArray
    onset: IntArray
    fits: Fits

    @classmethod
    def all_of(cls, current: FloatArray, sampling_rate: float) -> Remains:
        """Return a recording of which nothing is taken.

        Parameters
        ----------
        current : ndarray, float32, shape (n_sweeps, n_samples)
            In pA.
        sampling_rate : float
            In Hz.

        Returns
        -------
        Remains
            Without events.
        """
        none = np.zeros(0, dtype=np.int64)
        return cls(current, sampling_rate, none, none, Fits(np.zeros((0, 5))))

    def rows(self, rows: slice) -> FloatArray:
        """Return some sweeps without their events.

        Parameters
        ----------
        rows : slice
            From a first to before a last sweep.

        Returns
        -------
        ndarray, float32, shape (n_rows, n_samples)
            What remains in pA; the baselines of the events do.

        Examples
        --------
        >>> import numpy as np
        >>> event = -20.0 * shape(np.arange(-50.0, 150.0), 2.0, 20.0)
        >>> fits = Fits(np.array([[-60.0, -20.0, 0.0, np.log(2.0), np.log(20.0)]]))
        >>> remains = Remains(np.array([event, event]), 1000.0, np.array([1]), np.array([50]), fits)
        >>> [int(remains.rows(slice(k, k + 1)).min()) for k in (0, 1)]
        [-19, 0]
        """
        left = np.array(self.current[rows], dtype=np.float32, order="C")
        first, last = np.searchsorted(self.sweep, [rows.start, rows.stop])
        for start in range(first, last, EVENTS_AT_ONCE):
            self._take(left, slice(start, min(start + EVENTS_AT_ONCE, last)), rows.start)
        return left

    def _take(self, left: FloatArray, part: slice, first_row: int) -> None:
        n_samples = left.shape[1]
        step = 1000.0 / self.sampling_rate
        fits = Fits(self.fits.values[part])
        at = self.onset[part] + fits.onset / step
        first = np.clip(np.ceil(at), 0, n_samples).astype(np.int64)
        last = np.clip(first + np.ceil(DRAWN_DECAYS * fits.decay / step), first, n_samples).astype(np.int64)
        base = (self.sweep[part] - first_row) * n_samples
        drawn = Stretches.between(base + first, base + last)
        time = (drawn.index - drawn.spread((base + at).astype(np.float64))) * step
        values = drawn.spread(fits.amplitude) * shape(time, drawn.spread(fits.rise), drawn.spread(fits.decay))
        # The same type on both sides is several times as fast.
        np.subtract.at(left.ravel(), drawn.index, values.astype(np.float32))
