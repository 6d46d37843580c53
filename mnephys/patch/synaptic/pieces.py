"""Long traces in pieces that overlap: memory stays bounded, and no result depends on where the cuts are."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from mnephys.recording import BoolArray, FloatArray

__all__ = ["filled", "pieces", "row_blocks", "whole_windows"]

PIECE_SAMPLES = 1 << 14
ROWS_AT_ONCE = 8
BLOCK_SAMPLES = 1 << 20
EDGE_MS = 50.0


def pieces(shape: tuple[int, int], width: int, piece: int = PIECE_SAMPLES) -> Iterator[tuple[slice, slice, slice]]:
    """Cut sweeps into pieces for windows of a given width.

    Parameters
    ----------
    shape : tuple of int
        Sweeps and samples of a sweep.
    width : int
        Samples of a window.
    piece : int
        Least samples to take at once; windows wider than half of it make it longer.

    Yields
    ------
    rows, taken, written : slice
        Sweeps, samples to take, and the windows that start in them.

    Examples
    --------
    >>> [(taken, written) for _, taken, written in pieces((1, 10), 3, piece=6)]
    [(slice(0, 6, None), slice(0, 4, None)), (slice(4, 10, None), slice(4, 8, None))]
    """
    step = max(piece, 2 * width) - width + 1
    last = shape[1] - width + 1
    for row in range(0, shape[0], ROWS_AT_ONCE):
        for start in range(0, last, step):
            stop = min(start + step, last)
            yield slice(row, row + ROWS_AT_ONCE), slice(start, stop + width - 1), slice(start, stop)


def row_blocks(shape: tuple[int, int]) -> Iterator[slice]:
    """Cut an array into blocks of whole sweeps, of about a million samples each.

    Parameters
    ----------
    shape : tuple of int
        Sweeps and samples of a sweep.

    Yields
    ------
    slice
        Sweeps; at least one.

    Examples
    --------
    >>> list(row_blocks((3, 600_000)))
    [slice(0, 1, None), slice(1, 2, None), slice(2, 3, None)]
    """
    step = max(1, BLOCK_SAMPLES // max(shape[1], 1))
    for start in range(0, shape[0], step):
        yield slice(start, min(start + step, shape[0]))


def whole_windows(searched: BoolArray, width: int) -> BoolArray:
    """Return which windows hold searched samples only.

    Parameters
    ----------
    searched : ndarray, bool, shape (n_sweeps, n_samples)
        Which samples count.
    width : int
        Samples of a window.

    Returns
    -------
    ndarray, bool, shape (n_sweeps, n_samples - width + 1)
        One value per first sample of a window.

    Examples
    --------
    >>> import numpy as np
    >>> whole_windows(np.array([[True, True, True, False, True]]), 2)
    array([[ True,  True, False, False]])
    """
    n_sweeps, n_samples = searched.shape
    if n_samples < width:
        return np.zeros((n_sweeps, 0), dtype=bool)
    whole = np.empty((n_sweeps, n_samples - width + 1), dtype=bool)
    for rows in row_blocks(searched.shape):
        count = np.zeros((rows.stop - rows.start, n_samples + 1), dtype=np.int32)
        np.cumsum(~searched[rows], axis=1, out=count[:, 1:])
        np.equal(count[:, width:], count[:, :-width], out=whole[rows])
    return whole


def filled(current: FloatArray, searched: BoolArray, sampling_rate: float) -> FloatArray:
    """Bridge what is not searched with straight lines, so that its edges are no steps.

    Parameters
    ----------
    current : ndarray, float, shape (n_sweeps, n_samples)
        In pA.
    searched : ndarray, bool, shape (n_sweeps, n_samples)
        Which samples count; these are finite.
    sampling_rate : float
        In Hz.

    Returns
    -------
    ndarray, float32, shape (n_sweeps, n_samples)
        The same where searched. A gap runs from the mean of the 50 ms before it to that of the 50 ms after it; at the
        ends of a sweep it is level, and a sweep without searched samples is 0.

    Examples
    --------
    >>> import numpy as np
    >>> current = np.array([[np.nan, 2.0, np.nan, np.nan, 5.0]])
    >>> filled(current, np.isfinite(current), 1.0)
    array([[2., 2., 3., 4., 5.]], dtype=float32)
    """
    out = np.where(searched, current, np.float32(0.0)).astype(np.float32, copy=False)
    if searched.all():
        return out
    n_samples = searched.shape[1]
    edge = np.zeros((searched.shape[0], n_samples + 2), dtype=bool)
    edge[:, 1:-1] = searched
    row, start = np.nonzero(edge[:, 1:-1] & ~edge[:, :-2])
    _, last = np.nonzero(edge[:, 1:-1] & ~edge[:, 2:])
    from mnephys.patch.segments import stretch_mean

    reach = np.minimum(last - start + 1, max(1, round(EDGE_MS / 1000.0 * sampling_rate)))
    base = row * n_samples
    at = np.stack([base + start, base + last], axis=1).ravel()
    first = stretch_mean(out.ravel(), base + start, base + start + reach)
    final = stretch_mean(out.ravel(), base + last + 1 - reach, base + last + 1)
    level = np.stack([first, final], axis=1).ravel()
    gap = np.flatnonzero(~searched.ravel())
    if at.size:
        out.ravel()[gap] = _bridged(gap, at, level, n_samples)
    return out


def _bridged(gap: np.ndarray, at: np.ndarray, level: FloatArray, n_samples: int) -> FloatArray:
    """Return the bridge at each gap sample, from the nearest known ones of its own sweep."""
    after = np.searchsorted(at, gap)
    left, right = np.maximum(after - 1, 0), np.minimum(after, at.size - 1)
    row = gap // n_samples
    has_left = (after > 0) & (at[left] // n_samples == row)
    has_right = (after < at.size) & (at[right] // n_samples == row)
    span = np.maximum(at[right] - at[left], 1)
    line = level[left] + (level[right] - level[left]) * (gap - at[left]) / span
    one_sided = np.where(has_left, level[left], np.where(has_right, level[right], 0.0))
    bridge: FloatArray = np.where(has_left & has_right, line, one_sided)
    return bridge
