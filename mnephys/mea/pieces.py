"""Where the gaps of a recording cut segments: which intervals are left, and which of them come first after a gap.

A segment is one train or one well, and `offsets` says where each begins and ends. `breaks` says which values come first
of their segment after a gap, as `mnephys.recording.SpikeTrains` has them.
"""

from __future__ import annotations

import numpy as np

from mnephys.recording import IntArray

__all__ = ["interval_breaks", "interval_counts", "piece_ends"]


def interval_counts(offsets: IntArray, breaks: IntArray | None = None) -> IntArray:
    """Return how many intervals each segment has.

    Parameters
    ----------
    offsets, breaks
        As in `mnephys.mea.segments.intervals`.

    Returns
    -------
    ndarray, int, shape (n_segments,)
        Of its values.

    Examples
    --------
    >>> import numpy as np
    >>> interval_counts(np.array([0, 2, 2, 5]), np.array([4]))
    array([1, 0, 1])
    """
    count: IntArray = np.maximum(np.diff(offsets) - 1, 0)
    if breaks is None or not breaks.size:
        return count
    return count - np.bincount(np.searchsorted(offsets, breaks, side="right") - 1, minlength=count.size)


def interval_breaks(offsets: IntArray, breaks: IntArray) -> IntArray:
    """Return which intervals come first after a gap.

    Parameters
    ----------
    offsets, breaks
        As in `mnephys.mea.segments.intervals`.

    Returns
    -------
    ndarray, int, shape (n_breaks,)
        Positions in the differences of `mnephys.mea.segments.intervals`, never falling: those from each on are behind a
        gap, those before it are not. A segment need not have one behind it.

    Examples
    --------
    >>> import numpy as np
    >>> interval_breaks(np.array([0, 2, 2, 5]), np.array([3]))
    array([1])
    """
    heads = np.unique(offsets[:-1])
    # Of the values up to the one behind the gap, heads of segments and those behind gaps end no interval.
    position: IntArray = breaks - np.searchsorted(heads, breaks, side="right") + 1 - np.arange(1, breaks.size + 1)
    return position


def piece_ends(offsets: IntArray, breaks: IntArray) -> IntArray:
    """Return where the pieces end that gaps and the ends of segments cut.

    Parameters
    ----------
    offsets, breaks
        As in `mnephys.mea.segments.intervals`.

    Returns
    -------
    ndarray, int, shape (n_segments + n_breaks,)
        The first value after each piece, never falling.

    Examples
    --------
    >>> import numpy as np
    >>> piece_ends(np.array([0, 2, 2, 5]), np.array([4]))
    array([2, 2, 4, 5])
    """
    return np.sort(np.concatenate([offsets[1:], breaks]))
