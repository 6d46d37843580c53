"""The band-pass as a finite kernel: a filtered sample depends on its neighbours, not on where reading began."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mnephys.recording import FloatArray

__all__ = ["Kernel", "bandpass_kernel", "convolved"]

TAIL = 1e-6
"""Where the response stays below this share of its largest value it is cut off."""

MAX_TAPS = 1 << 16
GRID = 2.0**-34
"""The taps are whole multiples of it, so that sums over 16-bit samples are exact in whatever order they are added."""


@dataclass(frozen=True, slots=True, eq=False)
class Kernel:
    """The response of a filter: filtered sample t is the sum of ``taps[i] * sample[t - before + i]``.

    Parameters
    ----------
    taps : ndarray, float64, shape (before + 1 + after,)
        Their sum is 0: a constant leaves nothing.
    before, after : int
        Samples before and after the filtered one that it depends on.
    zero_phase : bool
        Whether it was run forwards and backwards.
    """

    taps: FloatArray
    before: int
    after: int
    zero_phase: bool


def bandpass_kernel(sampling_rate: float, band: tuple[float, float], order: int, *, zero_phase: bool) -> Kernel:
    """Return the response of a Butterworth band-pass.

    Parameters
    ----------
    sampling_rate : float
        In Hz.
    band : tuple of float
        Lower and upper edge in Hz.
    order : int
        Of the Butterworth filter; run twice it is of twice the order.
    zero_phase : bool
        Run forwards and backwards, so that peaks stay where they are; else forwards only, as an amplifier does.

    Returns
    -------
    Kernel
        Its tails are cut off below `TAIL` of the largest value.

    Raises
    ------
    ValueError
        If the band is none, its upper edge is not below half the sampling rate, the order is not 1 to 10, or the
        response is longer than `MAX_TAPS` samples.

    Examples
    --------
    >>> kernel = bandpass_kernel(12500.0, (300.0, 5000.0), 3, zero_phase=True)
    >>> kernel.before == kernel.after, round(float(kernel.taps[kernel.before]), 2)
    (True, 0.75)
    """
    low, high = _check(sampling_rate, band, order)
    size = 1 << 12
    while size <= 2 * MAX_TAPS:
        response, centre = _response(sampling_rate, (low, high), order, size, zero_phase=zero_phase)
        reach = np.flatnonzero(np.abs(response) > TAIL * np.abs(response).max())
        before, after = (int(reach[-1]) - centre, centre - int(reach[0])) if zero_phase else (int(reach[-1]), 0)
        if max(before, after) < size // 4:
            kept = response[centre - after : centre + before + 1][::-1]
            taps = np.round((kept - kept.mean()) / GRID) * GRID
            taps[before] -= taps.sum()
            return Kernel(taps, before, after, zero_phase)
        size *= 2
    raise ValueError(f"a band from {low:g} Hz reaches over more than {MAX_TAPS} samples; give a higher lower edge")


def convolved(values: NDArray[Any], kernel: Kernel) -> NDArray[Any]:
    """Return the filtered samples of which the whole reach of the kernel is there.

    Parameters
    ----------
    values : ndarray, shape (n, n_channels)
        Samples.
    kernel : Kernel
        The filter.

    Returns
    -------
    ndarray, float32 or float64, shape (n - taps.size + 1, n_channels)
        By Fourier transform; in float64 where the samples are.
    """
    from scipy.fft import irfft, next_fast_len, rfft

    kind = np.float64 if values.dtype == np.float64 else np.float32
    reach = kernel.taps.size - 1
    size = next_fast_len(values.shape[0], real=True)
    response = rfft(kernel.taps[::-1].astype(kind), size)[:, np.newaxis]
    with np.errstate(invalid="ignore", over="ignore"):
        # The kernel leaves nothing of a constant: without it float32 keeps its digits for what varies.
        centred = values.astype(kind) - values[:1].astype(kind)
        whole: NDArray[Any] = irfft(rfft(centred, size, axis=0) * response, size, axis=0, overwrite_x=True)
    return whole[reach : values.shape[0]]


def _response(
    sampling_rate: float, band: tuple[float, float], order: int, size: int, *, zero_phase: bool
) -> tuple[FloatArray, int]:
    """Return the response to one impulse, and where in it the impulse is."""
    if zero_phase:
        gain = _gain(np.fft.rfftfreq(size, 1.0 / sampling_rate), sampling_rate, band, order)
        return np.roll(np.fft.irfft(gain**2, size), size // 2), size // 2
    from scipy.signal import butter, sosfilt

    impulse = np.zeros(size)
    impulse[0] = 1.0
    return sosfilt(butter(order, band, "bandpass", fs=sampling_rate, output="sos"), impulse), 0


def _gain(frequency: FloatArray, sampling_rate: float, band: tuple[float, float], order: int) -> FloatArray:
    """Return the gain of the filter that the bilinear transform makes of the Butterworth band-pass."""
    at = np.tan(np.pi / sampling_rate * frequency[1:-1])
    low, high = np.tan(np.pi / sampling_rate * np.asarray(band))
    away = (at**2 - low * high) / (at * (high - low))
    # Nothing passes at 0 Hz and at half the sampling rate.
    return np.pad(1.0 / np.sqrt(1.0 + away ** (2 * order)), 1)


def _check(sampling_rate: float, band: tuple[float, float], order: int) -> tuple[float, float]:
    if not (math.isfinite(sampling_rate) and sampling_rate > 0):
        raise ValueError(f"a sampling rate of {sampling_rate} Hz cannot be")
    low, high = (float(edge) for edge in band)
    if not 0.0 < low < high:
        raise ValueError(f"a band from {low:g} to {high:g} Hz is none; give its lower and its upper edge")
    if high >= sampling_rate / 2.0:
        raise ValueError(
            f"a band up to {high:g} Hz needs more than {2 * high:g} samples per second, and there are {sampling_rate:g}"
        )
    if order != int(order) or not 1 <= order <= 10:
        raise ValueError(f"a filter of order {order} is not offered; give 1 to 10")
    return low, high
