"""The current of each stretch of a command: its level, whether it ramps, and what the holding current is."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from mnephys.patch.edges import EDGE_MERGE_MS
from mnephys.patch.segments import stretch_mean
from mnephys.recording import FloatArray, IntArray

__all__ = ["holding_after_step", "stretch_levels", "varies"]

RAMP_SHARE = 0.05
RAMP_PARTS = 10
DRIFT_SHARE = 0.1
HOLDING_DRIFT_PA = 5.0


def stretch_levels(
    flat: FloatArray, start: IntArray, stop: IntArray, limit: float, sampling_rate: float
) -> tuple[FloatArray, NDArray[np.bool_]]:
    """Measure the current of stretches, and tell which of them are ramps.

    Parameters
    ----------
    flat : ndarray, float, shape (n_sweeps * n_samples,)
        The command in pA.
    start, stop : ndarray, int, shape (n,)
        Flat sample indices of each stretch.
    limit : float
        Smallest change that is one, in pA.
    sampling_rate : float
        In Hz.

    Returns
    -------
    level : ndarray, float, shape (n,)
        Mean current in pA, the edges left out.
    ramp : ndarray, bool, shape (n,)
        True where it changes throughout the stretch, up, down or both.

    Examples
    --------
    >>> import numpy as np
    >>> command = np.concatenate([np.full(1000, 50.0), np.linspace(0.0, 100.0, 1000)])
    >>> level, ramp = stretch_levels(command, np.array([0, 1000]), np.array([1000, 2000]), 1.0, 10000.0)
    >>> level.round(1), ramp
    (array([50., 50.]), array([False,  True]))
    """
    guard = np.minimum(round(EDGE_MERGE_MS / 1000.0 * sampling_rate), (stop - start) // 4)
    start, stop = start + guard, stop - guard
    level = stretch_mean(flat, start, stop)
    # The mean of less than a millisecond is noise: of a short stretch, the halves are compared.
    long = stop - start >= RAMP_PARTS * round(EDGE_MERGE_MS / 1000.0 * sampling_rate)
    drift = np.where(long, _spread(flat, start, stop, RAMP_PARTS), _spread(flat, start, stop, 2))
    return np.round(level, 6), drift > np.maximum(limit, RAMP_SHARE * np.abs(level))


def varies(level: FloatArray, column: IntArray, limit: float) -> NDArray[np.bool_]:
    """Tell which stretches are at other currents in other sweeps.

    Parameters
    ----------
    level : ndarray, float, shape (n,)
        Current of each stretch in pA.
    column : ndarray, int, shape (n,)
        Position that it shares with stretches of other sweeps; -1 where sweeps have edges of their own.
    limit : float
        Smallest difference that is one, in pA.

    Returns
    -------
    ndarray, bool, shape (n,)
        True where the level of its column differs between sweeps.

    Examples
    --------
    >>> import numpy as np
    >>> varies(np.array([0.0, 50.0, 0.0, 60.0]), np.array([0, 1, 0, 1]), 1.0)
    array([False,  True, False,  True])
    """
    if not column.size or column.max() < 0:
        return np.zeros(column.size, dtype=bool)
    highest = np.full(column.max() + 1, -np.inf)
    lowest = np.full(column.max() + 1, np.inf)
    np.maximum.at(highest, column, level)
    np.minimum.at(lowest, column, level)
    return np.asarray((highest - lowest)[column] > limit)


def holding_after_step(
    level: FloatArray, ramp: NDArray[np.bool_], sweep: IntArray, column: IntArray, limit: float
) -> float | None:
    """Find the holding current of sweeps that begin with their steps.

    Parameters
    ----------
    level : ndarray, float, shape (n,)
        Current of each stretch in pA.
    ramp : ndarray, bool, shape (n,)
        True for ramps.
    sweep, column : ndarray, int, shape (n,)
        Sweep of each stretch, and its position among the edges that sweeps share; -1 where they share none.
    limit : float
        Smallest difference that is one, in pA.

    Returns
    -------
    float or None
        The current at the end of the sweeps, 0 where nothing follows the steps; None where sweeps begin at holding.

    Notes
    -----
    A holding current that drifts from sweep to sweep differs as much at the end as at the start.

    Examples
    --------
    >>> import numpy as np
    >>> level, column = np.array([-50.0, 5.0, 100.0, 5.0]), np.array([0, 1, 0, 1])
    >>> holding_after_step(level, np.zeros(4, dtype=bool), np.array([0, 0, 1, 1]), column, 1.0)
    5.0
    """
    final = column.max(initial=-1)
    if final < 0 or ramp[column == 0].any():
        return None
    whole = np.isin(sweep, sweep[column == final])
    begin, end = level[whole & (column == 0)], level[whole & (column == final)]
    spread = float(np.ptp(begin))
    if final == 0:
        return 0.0 if spread > max(limit, HOLDING_DRIFT_PA) else None
    common = float(np.ptp(end)) <= max(limit, DRIFT_SHARE * spread)
    return float(np.median(end)) if spread > limit and common else None


def _spread(flat: FloatArray, start: IntArray, stop: IntArray, n_parts: int) -> FloatArray:
    """Return the largest minus the smallest mean of equal parts of each stretch."""
    bounds = start + (stop - start) * np.arange(n_parts + 1)[:, np.newaxis] // n_parts
    parts = stretch_mean(flat, bounds[:-1].ravel(), bounds[1:].ravel()).reshape(n_parts, -1)
    spread: FloatArray = np.fmax.reduce(parts) - np.fmin.reduce(parts)
    return spread
