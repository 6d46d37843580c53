"""Sweeps that are cut off flat at the limit of the amplifier or the digitiser."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from mnephys.recording import FloatArray

__all__ = ["clipped_sweeps"]

APPROACH_MS = 0.5
WIDEST_BAND_MV = 0.5
NOISE_MULTIPLE = 8.0
ROUNDED = 4.0
MIN_PEAKS = 2
CLEAR_OF_REST_MV = 5.0
SAMPLES_FOR_GRAIN = 100_000


def clipped_sweeps(
    voltage: FloatArray, sampling_rate: float, *, rest: float, noise: float, flat: float, slope: float
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
        Shortest flat run in ms.
    slope : float
        How steeply the run must be hit, in mV/ms.

    Returns
    -------
    ndarray, bool, shape (n_sweeps,)
        True where a sweep is clipped.

    Notes
    -----
    Flat is what stays within 8 SD of the noise, at most 0.5 mV, of the recording's extreme: noise may
    have been added behind the limit. At least two peaks share a limit; one highest peak is natural. A
    rounded peak that is flat for a run falls by no more than four times the band's height within
    half a run more, so that a corner is told from a peak that is broad or coarsely digitised.

    Examples
    --------
    >>> import numpy as np
    >>> wave = 50 * np.sin(np.arange(4000) / 20)[np.newaxis]
    >>> find = lambda v: clipped_sweeps(v, 20000.0, rest=0.0, noise=0.0, flat=0.5, slope=2.0).tolist()
    >>> find(np.minimum(wave, 30)), find(wave)
    ([True], [False])
    """
    clipped = np.zeros(voltage.shape[0], dtype=bool)
    if not np.isfinite(voltage).any():
        return clipped
    grain = _grain(voltage)
    band = float(np.nan_to_num(np.clip(NOISE_MULTIPLE * noise, 0.0, WIDEST_BAND_MV)))
    longest = max(2, round(flat / 1000.0 * sampling_rate))
    approach = max(1, round(min(APPROACH_MS, flat / 2.0) / 1000.0 * sampling_rate))
    fall = slope * approach * 1000.0 / sampling_rate + ROUNDED * (band + grain)
    for sign in (1.0, -1.0):
        height = sign * voltage
        rail = float(np.nanmax(height))
        if abs(rail - sign * rest) < CLEAR_OF_REST_MV:
            continue
        at = np.zeros((voltage.shape[0], voltage.shape[1] + 2), dtype=bool)
        at[:, 1:-1] = height >= rail - band
        begin = np.argwhere(at[:, 1:] & ~at[:, :-1])
        end = np.argwhere(~at[:, 1:] & at[:, :-1])
        run = end[:, 1] - begin[:, 1]
        previous = height[begin[:, 0], np.maximum(begin[:, 1] - approach, 0)]
        hit = (run >= longest) & (rail - previous >= fall) & (begin[:, 1] >= approach)
        if hit.sum() >= MIN_PEAKS:
            clipped[begin[hit, 0]] = True
    return clipped


def _grain(voltage: FloatArray) -> float:
    """Return the smallest difference between two values that occur: the digitiser's step, or almost 0."""
    flat = voltage.ravel()
    some = np.unique(flat[:: max(1, flat.size // SAMPLES_FOR_GRAIN)])
    some = some[np.isfinite(some)]
    return float(np.diff(some).min()) if some.size > 1 else 0.0
