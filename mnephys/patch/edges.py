"""Where the injected current changes, in drawn and in recorded commands."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from mnephys.patch.segments import stretch_mean
from mnephys.recording import FloatArray, IntArray

__all__ = ["EDGE_MERGE_MS", "MIN_STEP_PA", "carried_on", "changes", "shared_edges"]

EDGE_MERGE_MS = 1.0
CONFIRM_MS = 10.0
MIN_STEP_PA = 0.5
NOISE_MULTIPLE = 8.0
DRAWN_SAMPLES = 1_000_000


def carried_on(command: FloatArray) -> FloatArray:
    """Fill in what was not recorded with the last current before it.

    Parameters
    ----------
    command : ndarray, float32, shape (n_sweeps, n_samples)
        In pA; not finite where nothing was recorded.

    Returns
    -------
    ndarray, float32, shape (n_sweeps, n_samples)
        Finite; 0 where nothing was recorded before.

    Examples
    --------
    >>> import numpy as np
    >>> carried_on(np.array([[np.nan, 5.0, np.nan]], dtype=np.float32))
    array([[0., 5., 5.]], dtype=float32)
    """
    known = np.isfinite(command)
    if known.all():
        return command
    last = np.maximum.accumulate(np.where(known, np.arange(command.shape[1]), 0), axis=1)
    carried = np.take_along_axis(command, last, axis=1)
    return np.where(np.isfinite(carried), carried, np.float32(0))


def changes(command: FloatArray, sampling_rate: float) -> tuple[NDArray[np.bool_], float]:
    """Find where the current of each sweep changes.

    Parameters
    ----------
    command : ndarray, float, shape (n_sweeps, n_samples)
        In pA, drawn or recorded; finite.
    sampling_rate : float
        In Hz.

    Returns
    -------
    changed : ndarray, bool, shape (n_sweeps, n_samples)
        True at the first sample of each new level, and throughout a drawn ramp.
    limit : float
        The smallest change that counts, in pA.

    Examples
    --------
    >>> import numpy as np
    >>> changed, limit = changes(np.repeat([[0.0, 50.0]], 100, axis=1), 1000.0)
    >>> np.flatnonzero(changed)
    array([100])
    """
    difference = np.abs(np.diff(command, axis=1, prepend=command[:, :1]))
    span = float(command.max() - command.min())
    if _is_drawn(command):
        return difference > 1e-6 * span, max(1e-4 * span, 1e-3)
    width = max(1, round(EDGE_MERGE_MS / 2000.0 * sampling_rate))
    total = np.cumsum(command, axis=1, dtype=np.float64)
    jump = np.zeros(command.shape)
    middle = slice(width, command.shape[1] - width)
    ahead = total[:, 2 * width :] - total[:, width:-width]
    behind = total[:, width:-width] - total[:, : -2 * width]
    jump[:, middle] = np.abs(ahead - behind) / width
    limit = max(NOISE_MULTIPLE * float(np.median(jump)), 0.02 * span, MIN_STEP_PA)
    from scipy.ndimage import maximum_filter1d

    crest = maximum_filter1d(jump, 2 * width + 1, axis=1)
    found = np.zeros(command.shape, dtype=bool)
    found[:, 1:] = ((jump >= limit) & (jump == crest))[:, :-1]
    return _confirmed(found, command, limit, sampling_rate), limit


def _confirmed(found: NDArray[np.bool_], command: FloatArray, limit: float, sampling_rate: float) -> NDArray[np.bool_]:
    """Return the edges around which the current differs for longer than noise does."""
    n_samples = found.shape[1]
    at = np.flatnonzero(found)
    start = np.union1d(at, np.arange(found.shape[0]) * n_samples)
    own = np.searchsorted(start, at)
    stop = np.append(start[1:], found.size)
    reach = round(CONFIRM_MS / 1000.0 * sampling_rate)
    guard = np.minimum(round(EDGE_MERGE_MS / 1000.0 * sampling_rate), (stop - start) // 4)
    flat = command.ravel()
    ahead = stretch_mean(flat, (start + guard)[own], np.minimum(stop, start + guard + reach)[own])
    behind = stretch_mean(flat, np.maximum(start, stop - guard - reach)[own - 1], (stop - guard)[own - 1])
    confirmed = np.zeros_like(found)
    confirmed.ravel()[at[np.abs(ahead - behind) >= limit]] = True
    return confirmed


def _is_drawn(command: FloatArray) -> bool:
    """Return whether a command is smooth but for its edges; a recorded one is noisy everywhere."""
    if command.shape[1] < 3:
        return True
    # A million samples in a row of three tell what all would.
    step = max(1, command.size // DRAWN_SAMPLES)
    before, here, after = (command[:, k : command.shape[1] - 2 + k : step] for k in range(3))
    change = here - before
    return bool(np.median(np.abs(after - here - change)) <= 0.1 * np.median(np.abs(change)))


def shared_edges(changed: NDArray[np.bool_], sampling_rate: float) -> IntArray:
    """Return the samples at which any sweep begins or ends to change.

    Parameters
    ----------
    changed : ndarray, bool, shape (n_sweeps, n_samples)
        From `changes`.
    sampling_rate : float
        In Hz.

    Returns
    -------
    ndarray, int, shape (n_edges,)
        In order; changes less than 1 ms apart are one.

    Examples
    --------
    >>> import numpy as np
    >>> changed = np.zeros((2, 100), dtype=bool)
    >>> changed[0, 50] = changed[1, 51] = True
    >>> shared_edges(changed, 10000.0)
    array([50])
    """
    at = np.flatnonzero(changed.any(axis=0))
    if not at.size:
        return at
    merge = max(1, round(EDGE_MERGE_MS / 1000.0 * sampling_rate))
    breaks = np.flatnonzero(np.diff(at) > merge)
    first = at[np.concatenate([[0], breaks + 1])]
    last = at[np.concatenate([breaks, [at.size - 1]])]
    edges = np.unique(np.concatenate([first, last[last - first > merge]]))
    inside: IntArray = edges[edges < changed.shape[1]]
    return inside
