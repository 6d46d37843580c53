"""When a recording was interrupted: the stretches of time that it covers, and where trains are cut by the gaps."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from mnephys.recording.arrays import FloatArray, IntArray
from mnephys.recording.signal import Signal

__all__ = ["breaks_of", "checked_stretches", "stretch_of", "stretches_around"]


def checked_stretches(stretches: ArrayLike, start: float, stop: float | None) -> FloatArray:
    """Return the stretches that a recording covers.

    Parameters
    ----------
    stretches : array_like, shape (n_stretches, 2)
        When each begins and ends, in s.
    start, stop : float, or None
        When the recording does; a stop of None is not known.

    Returns
    -------
    ndarray, float, shape (n_stretches, 2)
        The same.

    Raises
    ------
    ValueError
        If there is none, one is not finite or ends before it begins, one begins before the one before it ends, or
        one is outside of the recording.

    Examples
    --------
    >>> checked_stretches([(0, 10), (15, 20)], 0.0, 20.0).tolist()
    [[0.0, 10.0], [15.0, 20.0]]
    """
    found = np.array(stretches, dtype=np.float64)
    if found.ndim != 2 or found.shape[1] != 2 or not len(found):
        raise ValueError(f"stretches has shape {found.shape}, needs begin and end of one stretch or more: (n, 2)")
    wrong = np.flatnonzero(~(np.isfinite(found).all(axis=1) & (found[:, 0] <= found[:, 1])))
    if wrong.size:
        begin, end = found[wrong[0]].tolist()
        raise ValueError(f"stretch {wrong[0]} cannot last from {begin} to {end} s")
    early = np.flatnonzero(found[1:, 0] < found[:-1, 1]) + 1
    if early.size:
        raise ValueError(f"stretch {early[0]} begins at {found[early[0], 0]:g} s, before the one before it ends")
    if found[0, 0] < start or found[-1, 1] > (np.inf if stop is None else stop):
        end = "" if stop is None else f" to {stop:g}"
        raise ValueError(
            f"the stretches from {found[0, 0]:g} to {found[-1, 1]:g} s lie outside the recording ({start:g}{end} s)"
        )
    return found


def stretch_of(times: FloatArray, stretches: FloatArray) -> IntArray:
    """Return the stretch that each time is in.

    Parameters
    ----------
    times : ndarray, float, shape (n,)
        In s.
    stretches : ndarray, float, shape (n_stretches, 2)
        Of `checked_stretches`.

    Returns
    -------
    ndarray, int, shape (n,)
        The last one that has begun; -1 before the first. What is at the border of two that touch is in the later one.

    Examples
    --------
    >>> stretch_of(np.array([3.0, 10.0, 15.0]), np.array([[0.0, 10.0], [15.0, 20.0]]))
    array([0, 0, 1])
    """
    at: IntArray = np.searchsorted(stretches[:, 0], times, side="right") - 1
    return at


def breaks_of(times: FloatArray, offsets: IntArray, stretches: FloatArray | None) -> IntArray:
    """Return which times come first of their train after a gap.

    Parameters
    ----------
    times : ndarray, float, shape (n,)
        In s, ascending within each train.
    offsets : ndarray, int, shape (n_trains + 1,)
        Train i is ``times[offsets[i]:offsets[i + 1]]``.
    stretches : ndarray, float, shape (n_stretches, 2), or None
        None where the recording was not interrupted.

    Returns
    -------
    ndarray, int, shape (n_breaks,)
        Positions in `times`, ascending; each has a time of its train before it, in an earlier stretch.

    Examples
    --------
    >>> times, offsets = np.array([3.0, 16.0, 17.0, 18.0]), np.array([0, 3, 4])
    >>> breaks_of(times, offsets, np.array([[0.0, 10.0], [15.0, 20.0]]))
    array([1])
    """
    if stretches is None or len(stretches) == 1:
        return np.zeros(0, dtype=np.int64)
    at = stretch_of(times, stretches)
    new = np.zeros(times.size + 1, dtype=bool)
    new[1:-1] = at[1:] != at[:-1]
    new[offsets] = False
    return np.flatnonzero(new)


def stretches_around(signal: Signal, times: FloatArray, start: float, stop: float) -> FloatArray | None:
    """Return the stretches in which spikes were looked for, by the voltage beside them.

    Parameters
    ----------
    signal : Signal
        Where it was interrupted, several segments.
    times : ndarray, float, shape (n_spikes,)
        Of all trains, in s, in any order.
    start, stop : float
        When the recording begins and ends, in s.

    Returns
    -------
    ndarray, float, shape (n_stretches, 2), or None
        From `start` to `stop` without the gaps of the signal; None where there is no gap. A spike shows that spikes
        were looked for: a gap that holds one is none, one that holds some within a sample of its ends is shorter.

    Examples
    --------
    >>> from types import SimpleNamespace
    >>> segments = np.array([(0, 0.0), (100, 30.0)], [("first", np.int64), ("start", np.float64)])
    >>> signal = SimpleNamespace(shape=(200, 1), sampling_rate=10.0, segments=segments)
    >>> stretches_around(signal, np.array([2.0, 35.0]), 0.0, 40.0).tolist()
    [[0.0, 10.0], [30.0, 40.0]]
    >>> stretches_around(signal, np.array([20.0]), 0.0, 40.0) is None
    True
    """
    segments, sample = signal.segments, 1.0 / signal.sampling_rate
    opens = np.clip(segments["start"][:-1] + np.diff(segments["first"]) * sample, start, stop)
    closes = np.clip(segments["start"][1:], start, stop)
    ordered = np.sort(times)
    # Spikes within the gap: those up to one sample after its begin, others, those up to one sample before its end.
    first, beyond = np.searchsorted(ordered, opens, side="right"), np.searchsorted(ordered, closes)
    late, early = np.searchsorted(ordered, opens + sample, side="right"), np.searchsorted(ordered, closes - sample)
    early = np.maximum(early, first)
    padded = np.concatenate([ordered, [stop]])
    opened = np.where(late > first, padded[late - 1], opens)
    closed = np.where(early < beyond, padded[early], closes)
    gap = (early <= late) & (opened < closed)
    if not gap.any():
        return None
    edges = np.concatenate([[start], np.column_stack([opened, closed])[gap].ravel(), [stop]])
    return edges.reshape(-1, 2)
