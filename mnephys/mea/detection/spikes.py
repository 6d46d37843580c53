"""From samples beyond the threshold to spikes: one for each extreme, at the vertex of a parabola through it."""

from __future__ import annotations

import numpy as np

from mnephys.mea.detection.crossings import Crossings
from mnephys.recording import BoolArray, FloatArray

__all__ = ["extremes", "vertices"]


def extremes(crossings: Crossings, dead_time: int) -> BoolArray:
    """Return which crossings are the furthest from 0 within the dead time on both sides.

    Parameters
    ----------
    crossings : Crossings
        By channel and time.
    dead_time : int
        In samples. What is nearer than this to a larger one, or to an equal one before it, is part of the same spike.

    Returns
    -------
    ndarray, bool, shape (n,)
        It depends on what lies within the dead time only, so that a recording can be searched in pieces.
    """
    size = np.abs(crossings.value[:, 1])
    largest = np.ones(size.size, dtype=bool)
    # As crossings are samples, no more than this many can be in reach.
    for apart in range(1, min(dead_time, size.size - 1) + 1):
        near = crossings.channel[apart:] == crossings.channel[:-apart]
        near &= crossings.sample[apart:] - crossings.sample[:-apart] <= dead_time
        if not near.any():
            break
        largest[apart:] &= ~(near & (size[:-apart] >= size[apart:]))
        largest[:-apart] &= ~(near & (size[apart:] > size[:-apart]))
    return largest


def vertices(crossings: Crossings) -> tuple[FloatArray, FloatArray]:
    """Return where the parabola through each sample and its neighbours has its vertex, and how high.

    Parameters
    ----------
    crossings : Crossings
        Extremes.

    Returns
    -------
    sample : ndarray, float64, shape (n,)
        At most half a sample from the extreme.
    value : ndarray, float64, shape (n,)
        In the unit of the signal.

    Examples
    --------
    >>> import numpy as np
    >>> one = Crossings(np.array([0]), np.array([100]), np.array([[-7.0, -9.0, -9.0]], np.float32))
    >>> vertices(one)
    (array([100.5]), array([-9.25]))
    """
    left, here, right = crossings.value.astype(np.float64).T
    curvature = left - 2.0 * here + right
    bent = np.isfinite(curvature) & (curvature != 0)
    shift = np.where(bent, 0.5 * (left - right) / np.where(bent, curvature, 1.0), 0.0)
    inside = np.abs(shift) <= 0.5
    shift = np.where(inside, shift, 0.0)
    slope = np.where(np.isfinite(left - right), left - right, 0.0)
    return crossings.sample.astype(np.float64) + shift, here - 0.25 * slope * shift
