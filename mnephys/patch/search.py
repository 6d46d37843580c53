"""Searches in many stretches at once: where each is lowest or highest, where it first or last falls below a level.

Stretches of like length are looked at side by side, as the rows of an array that stays in the processor's cache, and
a search for a crossing looks near first and goes on with those that have found none.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from mnephys.patch.sources import Source
from mnephys.recording import FloatArray, IntArray

__all__ = ["first_below", "highest", "last_below", "lowest"]

_NEAR = 32
_BLOCK = 1 << 17


def lowest(source: Source, start: IntArray, stop: IntArray) -> tuple[IntArray, FloatArray]:
    """Find the smallest value of each stretch, ignoring NaN and infinite samples.

    Parameters
    ----------
    source : Source
        Where to look.
    start, stop : ndarray, int, shape (n,)
        Flat sample indices, each pair within one sweep; a `stop` before its `start` makes an empty stretch.

    Returns
    -------
    at : ndarray, int, shape (n,)
        Flat index of the first such sample, -1 where a stretch is empty or NaN.
    value : ndarray, float64, shape (n,)
        NaN there.

    Examples
    --------
    >>> from mnephys.patch.sources import Voltage
    >>> voltage = Voltage(np.array([[0.0, 3.0, 1.0, 5.0, 4.0]], dtype=np.float32))
    >>> lowest(voltage, np.array([1, 3, 2]), np.array([3, 5, 2]))
    (array([ 2,  4, -1]), array([ 1.,  4., nan]))
    """
    return _extreme(source, start, stop, 1)


def highest(source: Source, start: IntArray, stop: IntArray) -> tuple[IntArray, FloatArray]:
    """Find the largest value of each stretch, ignoring NaN and infinite samples.

    Parameters
    ----------
    source : Source
        Where to look.
    start, stop : ndarray, int, shape (n,)
        Flat sample indices, each pair within one sweep; a `stop` before its `start` makes an empty stretch.

    Returns
    -------
    at : ndarray, int, shape (n,)
        Flat index of the first such sample, -1 where a stretch is empty or NaN.
    value : ndarray, float64, shape (n,)
        NaN there.

    Examples
    --------
    >>> from mnephys.patch.sources import Voltage
    >>> highest(Voltage(np.array([[0.0, 3.0, 1.0]], dtype=np.float32)), np.array([0]), np.array([3]))
    (array([1]), array([3.]))
    """
    at, value = _extreme(source, start, stop, -1)
    return at, -value


def first_below(source: Source, start: IntArray, stop: IntArray, level: FloatArray) -> IntArray:
    """Find the first sample of each stretch that lies below a level.

    Parameters
    ----------
    source : Source
        Where to look.
    start, stop : ndarray, int, shape (n,)
        Flat sample indices, each pair within one sweep.
    level : ndarray, float, shape (n,)
        One for each stretch.

    Returns
    -------
    ndarray, int, shape (n,)
        Flat sample indices, -1 where there is none.

    Examples
    --------
    >>> from mnephys.patch.sources import Voltage
    >>> voltage = Voltage(np.array([[9.0, 3.0, 1.0, 5.0]], dtype=np.float32))
    >>> first_below(voltage, np.array([0, 2]), np.array([4, 2]), np.array([2.0, 2.0]))
    array([ 2, -1])
    """
    found = np.full(np.shape(start), -1, dtype=np.int64)
    width, begin, left = _NEAR, np.array(start, dtype=np.int64), np.flatnonzero(start < stop)
    while left.size:
        for some in _blocks(left, width):
            below = source.rows(begin[some], width) < level[some, np.newaxis]
            below &= np.arange(width) < (stop[some] - begin[some])[:, np.newaxis]
            at = below.argmax(axis=1)
            hit = below[np.arange(at.size), at]
            found[some[hit]] = (begin[some] + at)[hit]
        begin[left] += width
        left = left[(found[left] < 0) & (begin[left] < stop[left])]
        width = min(2 * width, _BLOCK)
    return found


def last_below(source: Source, start: IntArray, stop: IntArray, level: FloatArray) -> IntArray:
    """Find the last sample of each stretch that lies below a level.

    Parameters
    ----------
    source : Source
        Where to look.
    start, stop : ndarray, int, shape (n,)
        Flat sample indices, each pair within one sweep.
    level : ndarray, float, shape (n,)
        One for each stretch.

    Returns
    -------
    ndarray, int, shape (n,)
        Flat sample indices, -1 where there is none.

    Examples
    --------
    >>> from mnephys.patch.sources import Voltage
    >>> voltage = Voltage(np.array([[1.0, 3.0, 1.0, 5.0]], dtype=np.float32))
    >>> last_below(voltage, np.array([0, 3]), np.array([4, 4]), np.array([2.0, 2.0]))
    array([ 2, -1])
    """
    found = np.full(np.shape(start), -1, dtype=np.int64)
    width, end, left = _NEAR, np.array(stop, dtype=np.int64), np.flatnonzero(start < stop)
    while left.size:
        for some in _blocks(left, width):
            begin = np.maximum(end[some] - width, start[some])
            below = source.rows(begin, width) < level[some, np.newaxis]
            below &= np.arange(width) < (end[some] - begin)[:, np.newaxis]
            at = width - 1 - below[:, ::-1].argmax(axis=1)
            hit = below[np.arange(at.size), at]
            found[some[hit]] = (begin + at)[hit]
        end[left] -= width
        left = left[(found[left] < 0) & (end[left] > start[left])]
        width = min(2 * width, _BLOCK)
    return found


def _extreme(source: Source, start: IntArray, stop: IntArray, sign: int) -> tuple[IntArray, FloatArray]:
    """Find the first smallest value of each stretch, of the source or of its negative."""
    start, stop = np.asarray(start, dtype=np.int64), np.asarray(stop, dtype=np.int64)
    if ((stop - start) > _BLOCK).any():
        return _extreme_of_pieces(source, start, stop, sign)
    at = np.full(start.size, -1, dtype=np.int64)
    value = np.full(at.size, np.nan)
    length = stop - start
    widths = np.exp2(np.ceil(np.log2(np.maximum(length, _NEAR)))).astype(np.int64)
    for width in np.unique(widths[length > 0]).tolist():
        for some in _blocks(np.flatnonzero((widths == width) & (length > 0)), width):
            rows = source.rows(start[some], width)
            if sign < 0:
                np.negative(rows, out=rows)
            np.copyto(rows, np.inf, where=np.arange(width) >= length[some, np.newaxis])
            column = rows.argmin(axis=1)
            smallest = rows[np.arange(some.size), column]
            # NaN counts as the smallest of all; where something is that is no number, it has to be taken away first.
            if (gaps := np.flatnonzero(~np.isfinite(smallest))).size:
                filled = np.where(np.isfinite(rows[gaps]), rows[gaps], np.inf)
                column[gaps] = filled.argmin(axis=1)
                smallest[gaps] = filled[np.arange(gaps.size), column[gaps]]
            known = smallest < np.inf
            at[some[known]] = (start[some] + column)[known]
            value[some[known]] = smallest[known]
    return at, value


def _extreme_of_pieces(source: Source, start: IntArray, stop: IntArray, sign: int) -> tuple[IntArray, FloatArray]:
    """Do the same where stretches are longer than the cache: of the pieces of each, the first smallest."""
    n_pieces = np.maximum(-(-(stop - start) // _BLOCK), 1)
    first = np.cumsum(n_pieces) - n_pieces
    owner = np.repeat(np.arange(start.size), n_pieces)
    begin = start[owner] + (np.arange(owner.size) - first[owner]) * _BLOCK
    at, value = _extreme(source, begin, np.minimum(begin + _BLOCK, stop[owner]), sign)
    smallest = np.fmin.reduceat(value, first)
    piece = np.flatnonzero(value == smallest[owner])
    where = np.full(start.size, -1, dtype=np.int64)
    where[owner[piece[::-1]]] = at[piece[::-1]]
    return where, smallest


def _blocks(which: IntArray, width: int) -> Iterator[IntArray]:
    """Yield the stretches in portions of which the windows fit into the cache."""
    step = max(1, _BLOCK // width)
    for first in range(0, which.size, step):
        yield which[first : first + step]
