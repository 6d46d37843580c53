"""What can be looked for in windows of a family: its voltage, the slope, and the rise over a short time.

Of a family only the surroundings of its action potentials are looked at closely. A source hands out any number of
windows of one width as the rows of one array, and works out on the way what is sought in them, so that neither the
slope nor the rise is ever held for all samples.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from mnephys.patch.slope import CUTOFF_HZ, slope_kernel
from mnephys.recording import FloatArray, IntArray

__all__ = ["Rise", "SettledSlope", "Slope", "Source", "Voltage"]


class Source(Protocol):
    """Values of a family of sweeps that lie one behind the other."""

    def rows(self, start: IntArray, width: int) -> FloatArray:
        """Return windows.

        Parameters
        ----------
        start : ndarray, int, shape (n,)
            Flat index of the first sample of each.
        width : int
            Samples of each.

        Returns
        -------
        ndarray, float, shape (n, width)
            A copy. What a window holds beyond the end of its sweep means nothing.
        """
        ...


@dataclass(frozen=True, slots=True, eq=False)
class Voltage:
    """The voltage itself, in mV.

    Parameters
    ----------
    sweeps : ndarray, float32, shape (n_sweeps, n_samples)
        C-contiguous.

    Examples
    --------
    >>> Voltage(np.arange(8, dtype=np.float32).reshape(2, 4)).rows(np.array([1, 5]), 2)
    array([[1., 2.],
           [5., 6.]], dtype=float32)
    """

    sweeps: FloatArray

    def rows(self, start: IntArray, width: int) -> FloatArray:
        """Return windows of the voltage.

        Parameters
        ----------
        start : ndarray, int, shape (n,)
            Flat index of the first sample of each.
        width : int
            Samples of each.

        Returns
        -------
        ndarray, float32, shape (n, width)
            In mV.
        """
        return _windows(self.sweeps.ravel(), start, width)

    def widened(self, start: IntArray, width: int, margin: int) -> FloatArray:
        """Return windows with a margin on both sides.

        Parameters
        ----------
        start : ndarray, int, shape (n,)
            Flat index of the first sample of each, without the margin.
        width, margin : int
            Samples of each window, and of each margin.

        Returns
        -------
        ndarray, float32, shape (n, width + 2 * margin)
            Beyond its sweep a window repeats the sweep's first or last sample.
        """
        n_samples = self.sweeps.shape[1]
        begin = start - start % n_samples
        rows = self.rows(np.maximum(start - margin, 0), width + 2 * margin)
        beyond = np.flatnonzero((start - margin < begin) | (start + width + margin > begin + n_samples))
        if beyond.size:
            index = start[beyond, np.newaxis] + np.arange(-margin, width + margin)
            first = begin[beyond, np.newaxis]
            rows[beyond] = self.sweeps.ravel()[np.clip(index, first, first + n_samples - 1)]
        return rows


@dataclass(frozen=True, slots=True, eq=False)
class Slope:
    """dV/dt after a low-pass, in mV/ms, as `mnephys.patch.slope.voltage_slope` has it.

    Parameters
    ----------
    voltage : Voltage
        Of the family.
    sampling_rate : float
        In Hz.
    cutoff : float
        Of the low-pass, in Hz.

    Examples
    --------
    >>> ramp = Voltage(np.arange(100, dtype=np.float32)[np.newaxis] * 0.5)
    >>> Slope(ramp, 20000.0).rows(np.array([50]), 2).round(3)
    array([[10., 10.]], dtype=float32)
    """

    voltage: Voltage
    sampling_rate: float
    cutoff: float = CUTOFF_HZ

    def rows(self, start: IntArray, width: int) -> FloatArray:
        """Return windows of the slope.

        Parameters
        ----------
        start : ndarray, int, shape (n,)
            Flat index of the first sample of each.
        width : int
            Samples of each.

        Returns
        -------
        ndarray, float32, shape (n, width)
            In mV/ms.
        """
        kernel = slope_kernel(self.sampling_rate, cutoff=self.cutoff)
        reach = kernel.size // 2
        wide = self.voltage.widened(start, width, reach)
        # The kernel is odd, so that samples at equal distances share a factor; the middle one counts if it is missing.
        total: FloatArray = wide[:, reach : reach + width] * kernel[reach]
        for distance in range(1, reach + 1):
            right = wide[:, reach + distance : reach + distance + width]
            total += kernel[reach + distance] * (right - wide[:, reach - distance : reach - distance + width])
        return total


@dataclass(frozen=True, slots=True, eq=False)
class SettledSlope:
    """The slope, or the mean slope over a short time before where that is larger, in mV/ms.

    Parameters
    ----------
    slope : Slope
        Of the family.
    run : int
        Samples over which the mean is taken.

    Examples
    --------
    >>> ramp = Voltage(np.arange(100, dtype=np.float32)[np.newaxis] * 0.5)
    >>> SettledSlope(Slope(ramp, 20000.0), 6).rows(np.array([50]), 2)
    array([[10., 10.]], dtype=float32)
    """

    slope: Slope
    run: int

    def rows(self, start: IntArray, width: int) -> FloatArray:
        """Return windows of the slope, or of the mean slope before.

        Parameters
        ----------
        start : ndarray, int, shape (n,)
            Flat index of the first sample of each.
        width : int
            Samples of each.

        Returns
        -------
        ndarray, float32, shape (n, width)
            In mV/ms.
        """
        slope = self.slope.rows(start, width)
        wide = self.slope.voltage.widened(start, width, self.run)[:, : width + self.run]
        mean = (wide[:, self.run :] - wide[:, : -self.run]) * np.float32(self.slope.sampling_rate / 1000.0 / self.run)
        return np.where(mean > slope, mean, slope)


@dataclass(frozen=True, slots=True, eq=False)
class Rise:
    """The rise within a short time centred on each sample, in mV; NaN where that reaches beyond the sweep.

    Parameters
    ----------
    voltage : Voltage
        Of the family.
    half : int
        Half of that time, in samples.
    spoilt : ndarray, bool, shape (n_sweeps * n_samples,), optional
        Where a change of the injected current makes the rise that of the electrode: NaN too.

    Examples
    --------
    >>> ramp = Voltage(np.arange(10, dtype=np.float32)[np.newaxis])
    >>> Rise(ramp, 2).rows(np.array([1]), 3)
    array([[nan,  4.,  4.]], dtype=float32)
    """

    voltage: Voltage
    half: int
    spoilt: NDArray[np.bool_] | None = None

    def rows(self, start: IntArray, width: int) -> FloatArray:
        """Return windows of the rise.

        Parameters
        ----------
        start : ndarray, int, shape (n,)
            Flat index of the first sample of each.
        width : int
            Samples of each.

        Returns
        -------
        ndarray, float32, shape (n, width)
            In mV; NaN where it is not defined or spoilt.
        """
        n_samples = self.voltage.sweeps.shape[1]
        wide = self.voltage.widened(start, width, self.half)
        rise = wide[:, 2 * self.half :] - wide[:, :width]
        first = start % n_samples
        beyond = np.flatnonzero((first < self.half) | (first + width > n_samples - self.half))
        if beyond.size:
            column = first[beyond, np.newaxis] + np.arange(width)
            rise[beyond] = np.where(
                (column < self.half) | (column >= n_samples - self.half), np.float32(np.nan), rise[beyond]
            )
        if self.spoilt is not None:
            rise[_windows(self.spoilt, start, width)] = np.nan
        return rise


def _windows(flat: NDArray[Any], start: IntArray, width: int) -> NDArray[Any]:
    """Return windows of a flat array; beyond its end they repeat its last value."""
    if flat.size >= width:
        inside = np.minimum(start, flat.size - width)
        rows: NDArray[Any] = np.lib.stride_tricks.sliding_window_view(flat, width)[inside]
        late = np.flatnonzero(start != inside)
    else:
        rows = np.empty((start.size, width), dtype=flat.dtype)
        late = np.arange(start.size)
    if late.size:
        rows[late] = flat[np.minimum(start[late, np.newaxis] + np.arange(width), flat.size - 1)]
    return rows
