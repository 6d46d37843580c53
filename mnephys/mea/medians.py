"""Medians, deviations from them and quartiles of the segments of a column: all at once, without sorting the whole."""

from __future__ import annotations

import numpy as np

from mnephys.mea.segments import ratio
from mnephys.recording import FloatArray, IntArray

__all__ = ["MIN_QUARTILES", "segment_iqr", "segment_mad", "segment_median"]

MIN_QUARTILES = 4
"""Fewest values that have quartiles."""


def segment_median(values: FloatArray | IntArray, offsets: IntArray) -> FloatArray:
    """Return the median of each segment.

    Parameters
    ----------
    values : ndarray of shape (n,)
        Finite.
    offsets : ndarray, int, shape (n_segments + 1,)
        Segment i is ``values[offsets[i]:offsets[i + 1]]``.

    Returns
    -------
    ndarray, float, shape (n_segments,)
        NaN where a segment is empty.

    Examples
    --------
    >>> import numpy as np
    >>> segment_median(np.array([3.0, 1.0, 2.0, 8.0]), np.array([0, 3, 3, 4]))
    array([ 2., nan,  8.])
    """
    count = np.diff(offsets)
    return (_ordered(values, offsets, (count - 1) // 2) + _ordered(values, offsets, count // 2)) / 2.0


def segment_mad(values: FloatArray | IntArray, offsets: IntArray) -> FloatArray:
    """Return the median absolute deviation of each segment from its median, without a factor.

    Parameters
    ----------
    values, offsets
        As in `segment_median`.

    Returns
    -------
    ndarray, float, shape (n_segments,)
        NaN where a segment is empty.

    Examples
    --------
    >>> import numpy as np
    >>> segment_mad(np.array([3.0, 1.0, 2.0, 8.0]), np.array([0, 3, 3, 4]))
    array([ 1., nan,  0.])
    """
    typical = np.repeat(segment_median(values, offsets), np.diff(offsets))
    return segment_median(np.abs(values - typical), offsets)


def segment_iqr(values: FloatArray, offsets: IntArray) -> FloatArray:
    """Return how far the quartiles of each segment are apart, over its median.

    The lower quartile of n values in their order is the first that more than n / 4 are not above, the upper the first
    that at least 3 n / 4 are not above, as the vendor has them.

    Parameters
    ----------
    values, offsets
        As in `segment_median`; no value is negative.

    Returns
    -------
    ndarray, float, shape (n_segments,)
        NaN where a segment has fewer than `MIN_QUARTILES` values, or its median is 0.

    Examples
    --------
    >>> import numpy as np
    >>> segment_iqr(np.array([1.0, 2.0, 4.0, 9.0, 5.0, 6.0]), np.array([0, 4, 6])).round(4)
    array([0.6667,    nan])
    """
    count = np.diff(offsets)
    apart = _ordered(values, offsets, -(-3 * count // 4) - 1) - _ordered(values, offsets, count // 4)
    return np.where(count >= MIN_QUARTILES, ratio(apart, segment_median(values, offsets)), np.nan)


def _ordered(values: FloatArray | IntArray, offsets: IntArray, rank: IntArray) -> FloatArray:
    """Return the value of some rank, from 0, of each segment."""
    count = np.diff(offsets)
    found = np.full(count.size, np.nan)
    # Segments of about one length are the rows of one table: sorting short rows is much faster than one long column.
    room = np.frexp(np.maximum(count - 1, 0))[1]
    for power in np.unique(room[count > 0]).tolist():
        row = np.flatnonzero((room == power) & (count > 0))
        place = np.arange(1 << power)
        at = np.minimum(offsets[row, np.newaxis] + place, values.size - 1)
        table = np.where(place < count[row, np.newaxis], values[at], np.inf)
        table.sort(axis=1)
        found[row] = table[np.arange(row.size), np.clip(rank[row], 0, count[row] - 1)]
    return found
