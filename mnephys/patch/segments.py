"""Operations on many stretches of one long array at once.

A family of sweeps is one flat array; an action potential, an interval or a step is a stretch
``[start, stop)`` of it. These helpers reduce all stretches in one pass, whatever their lengths.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mnephys.recording import FloatArray, IntArray

__all__ = ["Stretches", "interpolated_crossing", "stretch_mean"]

SPARSE = 4


@dataclass(frozen=True, slots=True)
class Stretches:
    """The samples of many stretches, side by side.

    Parameters
    ----------
    index : ndarray, int, shape (n_samples_in_all,)
        Flat sample index of every sample of every stretch, stretch after stretch.
    offsets : ndarray, int, shape (n_stretches,)
        Where each stretch begins in `index`.
    length : ndarray, int, shape (n_stretches,)
        Samples of each stretch; may be 0.

    Examples
    --------
    >>> import numpy as np
    >>> values = np.array([0.0, 3.0, 1.0, 5.0, 4.0])
    >>> two = Stretches.between(np.array([0, 3]), np.array([3, 5]))
    >>> two.argmax(values)
    array([1, 3])
    """

    index: IntArray
    offsets: IntArray
    length: IntArray

    @classmethod
    def between(cls, start: IntArray, stop: IntArray) -> Stretches:
        """Return the stretches ``[start[i], stop[i])``.

        Parameters
        ----------
        start, stop : ndarray, int, shape (n_stretches,)
            Flat sample indices; a `stop` before its `start` makes an empty stretch.

        Returns
        -------
        Stretches
            In the order given.
        """
        start = np.asarray(start, dtype=np.int64)
        length = np.maximum(np.asarray(stop, dtype=np.int64) - start, 0)
        offsets = np.cumsum(length) - length
        index = np.arange(length.sum()) + np.repeat(start - offsets, length)
        return cls(index, offsets, length)

    def spread(self, per_stretch: FloatArray) -> FloatArray:
        """Repeat one value per stretch over its samples.

        Parameters
        ----------
        per_stretch : ndarray, float, shape (n_stretches,)
            The values.

        Returns
        -------
        ndarray, float, shape (n_samples_in_all,)
            One value per entry of `index`.
        """
        return np.repeat(per_stretch, self.length)

    def argmax(self, values: FloatArray) -> IntArray:
        """Return where each stretch is largest.

        Parameters
        ----------
        values : ndarray, float, shape (n_samples,)
            The flat array.

        Returns
        -------
        ndarray, int, shape (n_stretches,)
            Flat index of the first such sample, -1 where a stretch is empty or NaN.
        """
        return self._first(values[self.index], np.fmax)

    def argmin(self, values: FloatArray) -> IntArray:
        """Return where each stretch is smallest.

        Parameters
        ----------
        values : ndarray, float, shape (n_samples,)
            The flat array.

        Returns
        -------
        ndarray, int, shape (n_stretches,)
            Flat index of the first such sample, -1 where a stretch is empty or NaN.
        """
        return self._first(values[self.index], np.fmin)

    def first(self, condition: np.ndarray) -> IntArray:
        """Return the flat index of the first True of each stretch, -1 where there is none.

        Parameters
        ----------
        condition : ndarray, bool, shape (n_samples_in_all,)
            One value per entry of `index`.

        Returns
        -------
        ndarray, int, shape (n_stretches,)
            Flat sample indices.
        """
        hits = np.flatnonzero(condition)
        at = np.searchsorted(hits, self.offsets)
        found = at < np.searchsorted(hits, self.offsets + self.length)
        return self._at(hits, at, found)

    def last(self, condition: np.ndarray) -> IntArray:
        """Return the flat index of the last True of each stretch, -1 where there is none.

        Parameters
        ----------
        condition : ndarray, bool, shape (n_samples_in_all,)
            One value per entry of `index`.

        Returns
        -------
        ndarray, int, shape (n_stretches,)
            Flat sample indices.
        """
        hits = np.flatnonzero(condition)
        after = np.searchsorted(hits, self.offsets + self.length)
        found = after > np.searchsorted(hits, self.offsets)
        return self._at(hits, after - 1, found)

    def _at(self, hits: IntArray, at: IntArray, found: np.ndarray) -> IntArray:
        result = np.full(self.length.size, -1)
        result[found] = self.index[hits[at[found]]]
        return result

    def _first(self, values: FloatArray, best_of: np.ufunc) -> IntArray:
        if not values.size:
            return np.full(self.length.size, -1)
        filled = self.length > 0
        best = np.full(self.length.size, np.nan)
        best[filled] = best_of.reduceat(values, self.offsets[filled])
        return self.first(values == self.spread(best))


def stretch_mean(values: FloatArray, start: IntArray, stop: IntArray) -> FloatArray:
    """Return the mean of each stretch, ignoring NaN.

    Parameters
    ----------
    values : ndarray, float, shape (n_samples,)
        The flat array.
    start, stop : ndarray, int, shape (n_stretches,)
        Flat sample indices; what lies outside of the array does not count.

    Returns
    -------
    ndarray, float64, shape (n_stretches,)
        NaN where a stretch holds no finite sample.

    Examples
    --------
    >>> import numpy as np
    >>> stretch_mean(np.array([1.0, 2.0, np.nan, 5.0]), np.array([0, 2]), np.array([2, 4]))
    array([1.5, 5. ])
    """
    start, stop = np.maximum(start, 0), np.minimum(stop, values.size)
    mean = np.full(start.size, np.nan)
    filled = np.flatnonzero(stop > start)
    filled = filled[np.argsort(start[filled], kind="stable")]
    if not filled.size:
        return mean
    begin, length = start[filled], (stop - start)[filled]
    # Long stretches are summed where they lie, short ones that lie far apart are taken out first.
    sparse = SPARSE * length.sum() < begin[-1] - begin[0]
    total = _sums_of_copies(values, begin, length) if sparse else _sums_in_place(values, begin, length)
    mean[filled] = total / length
    gaps = filled[~np.isfinite(total)]
    mean[gaps] = _mean_of_finite(values, Stretches.between(start[gaps], stop[gaps]))
    return mean


def _sums_of_copies(values: FloatArray, begin: IntArray, length: IntArray) -> FloatArray:
    stretches = Stretches.between(begin, begin + length)
    total: FloatArray = np.add.reduceat(values[stretches.index], stretches.offsets, dtype=np.float64)
    return total


def _sums_in_place(values: FloatArray, begin: IntArray, length: IntArray) -> FloatArray:
    # No stretch may end behind the array in `reduceat`, which takes an empty one for its first sample.
    end = np.minimum(begin + length, values.size - 1)
    total: FloatArray = np.add.reduceat(values, np.stack([begin, end], axis=1).ravel(), dtype=np.float64)[::2]
    return total + np.where((begin + length > end) & (end > begin), np.float64(values[-1]), 0.0)


def _mean_of_finite(values: FloatArray, stretches: Stretches) -> FloatArray:
    taken = values[stretches.index].astype(np.float64)
    finite = np.isfinite(taken)
    owner = np.repeat(np.arange(stretches.length.size), stretches.length)
    total = np.bincount(owner[finite], weights=taken[finite], minlength=stretches.length.size)
    count = np.bincount(owner[finite], minlength=stretches.length.size)
    mean: FloatArray = np.divide(total, count, out=np.full(total.size, np.nan), where=count > 0)
    return mean


def interpolated_crossing(values: FloatArray, before: IntArray, level: FloatArray) -> FloatArray:
    """Return where the line from sample `before` to the next one crosses `level`.

    Parameters
    ----------
    values : ndarray, float, shape (n_samples,)
        The flat array.
    before : ndarray, int, shape (n,)
        The sample before each crossing; negative where there is none.
    level : ndarray, float, shape (n,)
        The level crossed.

    Returns
    -------
    ndarray, float64, shape (n,)
        Flat index with a fraction in 0..1 added; NaN where `before` is negative.

    Examples
    --------
    >>> import numpy as np
    >>> interpolated_crossing(np.array([0.0, 4.0]), np.array([0]), np.array([1.0]))
    array([0.25])
    """
    found = before >= 0
    at = np.where(found, before, 0)
    following = np.minimum(at + 1, values.size - 1)
    low, high = values[at].astype(np.float64), values[following].astype(np.float64)
    rise = high - low
    fraction = np.divide(level - low, rise, out=np.zeros(at.size), where=rise != 0)
    return np.where(found, at + np.clip(fraction, 0.0, 1.0), np.nan)
