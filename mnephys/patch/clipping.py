"""Sweeps that are cut off flat at the limit of the amplifier or the digitiser."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from mnephys.recording import FloatArray, IntArray

__all__ = ["clipped_sweeps"]

APPROACH_MS = 0.5
WIDEST_BAND_MV = 0.5
NOISE_MULTIPLE = 8.0
ROUNDED = 4.0
CORNER_STEPS = 8.0
MIN_PEAKS = 2
CLEAR_OF_REST_MV = 5.0
SAMPLES_FOR_GRAIN = 100_000


def clipped_sweeps(
    voltage: FloatArray, sampling_rate: float, *, rest: float, noise: float, flat: float, slope: float, samples: int
) -> NDArray[np.bool_]:
    """Return the sweeps that run flat at the extreme of the recording after hitting it steeply.

    Parameters
    ----------
    voltage : ndarray, float, shape (n_sweeps, n_samples)
        In mV; NaN where nothing was recorded.
    sampling_rate : float
        In Hz.
    rest : float
        Potential before the steps in mV; NaN where unknown. A rest is flat without being cut off.
    noise : float
        Standard deviation of the fast noise in mV; NaN where unknown.
    flat : float
        Shortest flat run in ms, where several peaks share the extreme.
    slope : float
        How steeply the run must be hit, in mV/ms.
    samples : int
        Shortest run of equal samples, where one peak alone is at the extreme; at least 3.

    Returns
    -------
    ndarray, bool, shape (n_sweeps,)
        True where a sweep is clipped.

    Notes
    -----
    Several peaks: flat is what stays within 8 SD of the noise, at most 0.5 mV, of the recording's extreme, since noise
    may have been added behind the limit. At least two peaks share it. A rounded peak that is flat for a run falls by no
    more than four times the band's height within half a run more, so that a corner is told from a peak that is broad
    or coarsely digitised.

    One peak: the run is of equal samples, and on both sides of it the voltage falls at once, within half a run, by more
    than `slope`, 8 steps of the digitiser and 8 SD of the noise allow. The parabola of a rounded peak that is equal for
    a run falls by at most 5 steps there; a slow response, however coarse, is left or reached slowly.

    Examples
    --------
    >>> import numpy as np
    >>> wave = 50 * np.sin(np.arange(4000) / 20)[np.newaxis]
    >>> limits = {"rest": 0.0, "noise": 0.0, "flat": 0.5, "slope": 2.0, "samples": 3}
    >>> clipped_sweeps(np.minimum(wave, 30), 20000.0, **limits), clipped_sweeps(wave, 20000.0, **limits)
    (array([ True]), array([False]))
    """
    clipped = np.zeros(voltage.shape[0], dtype=bool)
    finite = np.isfinite(voltage)
    if not finite.any():
        return clipped
    voltage = voltage if finite.all() else np.where(finite, voltage, np.nan)
    grain = _grain(voltage)
    spread = float(np.nan_to_num(noise))
    band = min(max(NOISE_MULTIPLE * spread, 0.0), WIDEST_BAND_MV)
    for sign in (1.0, -1.0):
        height = sign * voltage
        rail = float(np.nanmax(height))
        if abs(rail - sign * rest) < CLEAR_OF_REST_MV:
            continue
        shared = _shared(height, rail, sampling_rate, band=band, grain=grain, flat=flat, slope=slope)
        alone = _alone(height, rail, sampling_rate, noise=spread, grain=grain, slope=slope, samples=samples)
        clipped[[*shared, *alone]] = True
    return clipped


def _shared(
    height: FloatArray, rail: float, sampling_rate: float, *, band: float, grain: float, flat: float, slope: float
) -> IntArray:
    """Return the sweeps in which a limit that several peaks share is hit."""
    longest = max(2, round(flat / 1000.0 * sampling_rate))
    approach = max(1, round(min(APPROACH_MS, flat / 2.0) / 1000.0 * sampling_rate))
    fall = slope * approach * 1000.0 / sampling_rate + ROUNDED * (band + grain)
    sweep, begin, end = _runs(height >= rail - band)
    previous = height[sweep, np.maximum(begin - approach, 0)]
    hit = (end - begin >= longest) & (rail - previous >= fall) & (begin >= approach)
    found: IntArray = sweep[hit] if hit.sum() >= MIN_PEAKS else sweep[:0]
    return found


def _alone(
    height: FloatArray, rail: float, sampling_rate: float, *, noise: float, grain: float, slope: float, samples: int
) -> IntArray:
    """Return the sweeps in which equal samples at the extreme have a corner on both sides."""
    sweep, begin, end = _runs(height == height.dtype.type(rail))
    width = height.shape[1]
    reach = np.clip((end - begin - 1) // 2, 1, max(1, round(APPROACH_MS / 1000.0 * sampling_rate)))
    inside = (begin >= reach) & (end - 1 + reach < width) & (end - begin >= samples)
    sweep, begin, end, reach = sweep[inside], begin[inside], end[inside], reach[inside]
    fall = rail - np.maximum(height[sweep, begin - reach], height[sweep, end - 1 + reach])
    enough = slope * reach * 1000.0 / sampling_rate + CORNER_STEPS * grain + NOISE_MULTIPLE * noise
    found: IntArray = sweep[fall >= enough]
    return found


def _runs(at: NDArray[np.bool_]) -> tuple[IntArray, IntArray, IntArray]:
    """Return sweep, first sample and the one behind the last of each run of True."""
    flat, width = np.flatnonzero(at), at.shape[1]
    breaks = (np.diff(flat) > 1) | (flat[1:] % width == 0)
    some = np.full(min(flat.size, 1), fill_value=True)
    begin, last = flat[np.concatenate([some, breaks])], flat[np.concatenate([breaks, some])]
    sweep = begin // width
    return sweep, begin - sweep * width, last + 1 - sweep * width


def _grain(voltage: FloatArray) -> float:
    """Return the smallest difference between two values that occur: the digitiser's step, or almost 0."""
    flat = voltage.ravel()
    some = np.unique(flat[:: max(1, flat.size // SAMPLES_FOR_GRAIN)])
    some = some[np.isfinite(some)]
    return float(np.diff(some).min()) if some.size > 1 else 0.0
