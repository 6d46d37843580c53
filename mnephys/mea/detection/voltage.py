"""What raw voltage says about an electrode beside its spikes: hum of the mains, and samples at the limit."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mnephys.mea.detection.samples import as_samples, numbers
from mnephys.recording import BoolArray, FloatArray, Signal

__all__ = ["Voltage", "look_at_voltage"]

MAINS_HZ = (50.0, 60.0)
BESIDE_HZ = (45.0, 55.0, 65.0)
WINDOW_S = 1.0
WINDOWS = 6


@dataclass(frozen=True, slots=True, eq=False)
class Voltage:
    """Raw voltage in a few windows, a number for each channel.

    Parameters
    ----------
    line : ndarray, float, shape (n_channels,)
        Amplitude at 50 or 60 Hz, whichever is larger, without what is beside it, in uV; NaN where no window is long
        enough.
    clipped : ndarray, float, shape (n_channels,)
        Share of samples that equal the extreme of the channel and a neighbour that does too.
    """

    line: FloatArray
    clipped: FloatArray


def look_at_voltage(signal: Signal) -> Voltage:
    """Look at a few windows of raw voltage.

    Parameters
    ----------
    signal : Signal
        Of a plate.

    Returns
    -------
    Voltage
        From up to six windows of 1 s, evenly spread over the longest stretch.

    Raises
    ------
    ReadError
        If the file is damaged or gone.
    """
    stretches, rate, n_channels = as_samples(signal, None, np.zeros((0, 2)))
    if not stretches:
        return Voltage(np.full(n_channels, np.nan), np.zeros(n_channels))
    longest = max(stretches, key=lambda each: each.size)
    length = min(round(WINDOW_S * rate), longest.size)
    number = min(WINDOWS, longest.size // length)
    starts = (np.arange(number) * (longest.size / number)).astype(int).tolist()
    looks = [_look(longest.read(start, start + length), rate) for start in starts]
    power, share, extreme, varies = (np.stack(column) for column in zip(*looks, strict=True))
    whole = length >= round(WINDOW_S * rate)
    hum = abs(longest.unit) * np.sqrt(np.maximum(np.median(power, axis=0), 0.0))
    line = hum if whole else np.full(n_channels, np.nan)
    # Only what reaches the extreme of all windows is at the limit, and a constant channel has another fault.
    limit = np.stack([extreme[:, 0].min(axis=0), extreme[:, 1].max(axis=0)])
    clipped = np.where(extreme == limit, share, 0.0).sum(axis=1).mean(axis=0)
    return Voltage(line, np.where(varies.any(axis=0), clipped, 0.0))


def _look(values: NDArray[Any], rate: float) -> tuple[FloatArray, FloatArray, NDArray[Any], BoolArray]:
    """Return the power of the hum, the share of samples at both extremes, these, and whether a channel varies."""
    at = np.arange(values.shape[0]) / rate
    waves = np.exp(-2j * np.pi * np.outer((*MAINS_HZ, *BESIDE_HZ), at))
    known = numbers(values).astype(np.float64)
    power = np.abs(2.0 / values.shape[0] * (waves @ (known - known[:1]))) ** 2
    hum = power[: len(MAINS_HZ)].max(axis=0) - power[len(MAINS_HZ) :].mean(axis=0)
    extreme = np.stack([np.fmin.reduce(values, axis=0), np.fmax.reduce(values, axis=0)])
    there = [values == each for each in extreme]
    share = np.stack([(each[1:] & each[:-1]).sum(axis=0) / values.shape[0] for each in there])
    return hum, share, extreme, extreme[0] < extreme[1]
