"""Sums and means over the segments of a column, medians of groups, and runs of what is true: all at once.

A segment is one train, one well or one burst; `offsets` says where each begins and ends. Where a recording was
interrupted, `breaks` says which values come first of their segment after a gap, as `mnephys.recording.SpikeTrains` has
them: no interval reaches across one.
"""

from __future__ import annotations

import numpy as np

from mnephys.mea.pieces import interval_counts
from mnephys.recording import BoolArray, FloatArray, IntArray

__all__ = [
    "group_medians",
    "intervals",
    "ratio",
    "runs",
    "segment_cv",
    "segment_mean",
    "segment_sd",
    "segment_sum",
    "short_intervals",
]


def runs(mask: BoolArray) -> tuple[IntArray, IntArray]:
    """Return where what is true begins and ends.

    Parameters
    ----------
    mask : ndarray, bool, shape (n,)
        Any.

    Returns
    -------
    start, stop : ndarray, int, shape (n_runs,)
        First entry of each run, and the first after it.

    Examples
    --------
    >>> import numpy as np
    >>> runs(np.array([True, False, True, True]))
    (array([0, 2]), array([1, 4]))
    """
    edges = np.flatnonzero(np.diff(mask, prepend=False, append=False))
    return edges[::2], edges[1::2]


def intervals(values: FloatArray, offsets: IntArray, breaks: IntArray | None = None) -> tuple[FloatArray, IntArray]:
    """Return the differences between neighbours of one segment.

    Parameters
    ----------
    values : ndarray, float, shape (n,)
        Times in s, for example.
    offsets : ndarray, int, shape (n_segments + 1,)
        Segment i is ``values[offsets[i]:offsets[i + 1]]``.
    breaks : ndarray, int, shape (n_breaks,), optional
        Values that come first of their segment after a gap; none if omitted.

    Returns
    -------
    difference : ndarray, float, shape (n_differences,)
        One less than values in each segment that is not empty, and none to a value after a gap.
    offsets : ndarray, int, shape (n_segments + 1,)
        Where the differences of each segment are.

    Examples
    --------
    >>> import numpy as np
    >>> intervals(np.array([1.0, 3.0, 0.0, 5.0, 6.0]), np.array([0, 2, 2, 5]))
    (array([2., 5., 1.]), array([0, 1, 1, 3]))
    >>> intervals(np.array([1.0, 3.0, 0.0, 5.0, 6.0]), np.array([0, 2, 2, 5]), np.array([4]))
    (array([2., 5.]), array([0, 1, 1, 2]))
    """
    within = np.ones(max(values.size - 1, 0), dtype=bool)
    within[_borders(offsets, values.size) - 1] = False
    if breaks is not None:
        within[breaks - 1] = False
    return np.diff(values)[within], np.concatenate([[0], np.cumsum(interval_counts(offsets, breaks))])


def short_intervals(times: FloatArray, offsets: IntArray, longest: float, breaks: IntArray | None = None) -> BoolArray:
    """Return which spikes are followed, in their own segment, after no more than some time.

    Parameters
    ----------
    times : ndarray, float, shape (n,)
        Ascending within each segment, in s.
    offsets : ndarray, int, shape (n_segments + 1,)
        As in `intervals`.
    longest : float
        In s.
    breaks : ndarray, int, shape (n_breaks,), optional
        As in `intervals`.

    Returns
    -------
    ndarray, bool, shape (max(n - 1, 0),)
        Entry i is the interval from spike i to the next.

    Examples
    --------
    >>> import numpy as np
    >>> short_intervals(np.array([0.0, 0.1, 0.9, 0.9]), np.array([0, 3, 4]), 0.1)
    array([ True, False, False])
    """
    short = np.diff(times) <= longest
    short[_borders(offsets, times.size) - 1] = False
    if breaks is not None:
        short[breaks - 1] = False
    return short


def _borders(offsets: IntArray, n: int) -> IntArray:
    """Return the first entry of every segment but the first that is not empty."""
    inner = offsets[1:-1]
    return inner[(inner > 0) & (inner < n)]


def ratio(part: FloatArray | IntArray, whole: FloatArray | IntArray) -> FloatArray:
    """Return what each part is of its whole.

    Parameters
    ----------
    part, whole : ndarray of shape (n,)
        Any, and not negative.

    Returns
    -------
    ndarray, float, shape (n,)
        NaN where there is nothing to be a part of.

    Examples
    --------
    >>> import numpy as np
    >>> ratio(np.array([1.0, 0.0]), np.array([4, 0]))
    array([0.25,  nan])
    """
    out = np.full(part.shape, np.nan)
    np.divide(part, whole, out=out, where=whole > 0)
    return out


def segment_sum(values: FloatArray | IntArray, offsets: IntArray) -> FloatArray:
    """Return the sum of each segment.

    Parameters
    ----------
    values : ndarray of shape (n,)
        Any.
    offsets : ndarray, int, shape (n_segments + 1,)
        As in `intervals`.

    Returns
    -------
    ndarray, float, shape (n_segments,)
        0 where a segment is empty.

    Examples
    --------
    >>> import numpy as np
    >>> segment_sum(np.array([1.0, 2.0, 4.0]), np.array([0, 2, 2, 3]))
    array([3., 0., 4.])
    """
    total = np.zeros(offsets.size - 1)
    filled = np.flatnonzero(np.diff(offsets))
    if filled.size:
        total[filled] = np.add.reduceat(values, offsets[filled])
    return total


def segment_mean(values: FloatArray | IntArray, offsets: IntArray) -> FloatArray:
    """Return the mean of each segment.

    Parameters
    ----------
    values, offsets
        As in `segment_sum`.

    Returns
    -------
    ndarray, float, shape (n_segments,)
        NaN where a segment is empty.
    """
    return ratio(segment_sum(values, offsets), np.diff(offsets))


def segment_sd(values: FloatArray | IntArray, offsets: IntArray) -> FloatArray:
    """Return the standard deviation (ddof 1) of each segment.

    Parameters
    ----------
    values, offsets
        As in `segment_sum`.

    Returns
    -------
    ndarray, float, shape (n_segments,)
        NaN where a segment has fewer than two values.

    Examples
    --------
    >>> import numpy as np
    >>> segment_sd(np.array([1.0, 3.0, 7.0]), np.array([0, 2, 3])).round(4)
    array([1.4142,    nan])
    """
    count = np.diff(offsets)
    square = segment_sum((values - np.repeat(segment_mean(values, offsets), count)) ** 2, offsets)
    return np.sqrt(ratio(square, count - 1))


def segment_cv(values: FloatArray, offsets: IntArray) -> FloatArray:
    """Return the coefficient of variation of each segment: SD (ddof 1) over mean.

    Parameters
    ----------
    values, offsets
        As in `segment_sum`; no value is negative.

    Returns
    -------
    ndarray, float, shape (n_segments,)
        NaN where a segment has fewer than two values, or all are 0.

    Examples
    --------
    >>> import numpy as np
    >>> segment_cv(np.array([1.0, 3.0, 7.0]), np.array([0, 2, 3])).round(4)
    array([0.7071,    nan])
    """
    return ratio(segment_sd(values, offsets), segment_mean(values, offsets))


def group_medians(values: FloatArray, group: IntArray, n_groups: int) -> FloatArray:
    """Return the median of every group.

    Parameters
    ----------
    values : ndarray, float, shape (n,)
        Finite.
    group : ndarray, int, shape (n,)
        The group of each, from 0.
    n_groups : int
        Number of groups.

    Returns
    -------
    ndarray, float, shape (n_groups,)
        NaN where a group is empty.

    Examples
    --------
    >>> import numpy as np
    >>> group_medians(np.array([3.0, 1.0, 2.0, 8.0]), np.array([0, 0, 2, 0]), 3)
    array([ 3., nan,  2.])
    """
    ordered = values[np.lexsort((values, group))]
    n = np.bincount(group, minlength=n_groups)
    begin = np.cumsum(n) - n
    filled = n > 0
    low, high = begin[filled] + (n[filled] - 1) // 2, begin[filled] + n[filled] // 2
    median = np.full(n_groups, np.nan)
    # Halved before they are added: the sum of two large numbers may be none.
    median[filled] = ordered[low] / 2 + ordered[high] / 2
    return median
