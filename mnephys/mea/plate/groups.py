"""Mean, spread and middle of many groups of wells at once."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mnephys.mea.segments import group_medians, ratio
from mnephys.recording import FloatArray, IntArray

__all__ = ["MAD_TO_SD", "Groups", "summarise"]

MAD_TO_SD = 1.4826
"""What the median absolute deviation of a normal distribution is multiplied by to give its standard deviation."""


@dataclass(frozen=True, slots=True, eq=False)
class Groups:
    """What the values of each group are like.

    Parameters
    ----------
    n : ndarray, int, shape (n_groups,)
        Values of each.
    mean : ndarray, float, shape (n_groups,)
        NaN where a group is empty, or so large that no number holds it; so are the others.
    sd : ndarray, float, shape (n_groups,)
        Standard deviation (ddof 1); NaN where there are fewer than two values.
    median : ndarray, float, shape (n_groups,)
        NaN where a group is empty.
    mad_sd : ndarray, float, shape (n_groups,)
        Median absolute deviation from the median times `MAD_TO_SD`; NaN where a group is empty.
    """

    n: IntArray
    mean: FloatArray
    sd: FloatArray
    median: FloatArray
    mad_sd: FloatArray


def summarise(values: FloatArray, group: IntArray, n_groups: int) -> Groups:
    """Summarise every group.

    Parameters
    ----------
    values : ndarray, float, shape (n,)
        NaN counts nowhere.
    group : ndarray, int, shape (n,)
        The group of each, from 0; what is below 0 belongs to none.
    n_groups : int
        Number of groups.

    Returns
    -------
    Groups
        One entry per group.

    Examples
    --------
    >>> import numpy as np
    >>> found = summarise(np.array([1.0, 2.0, 6.0, np.nan]), np.array([0, 0, 0, 1]), 2)
    >>> found.n, found.mean, found.median, found.sd.round(3), found.mad_sd.round(3)
    (array([3, 0]), array([ 3., nan]), array([ 2., nan]), array([2.646,   nan]), array([1.483,   nan]))
    """
    used = ~np.isnan(values) & (group >= 0)
    value, of = values[used], group[used]
    n = np.bincount(of, minlength=n_groups)
    median = group_medians(value, of, n_groups)
    with np.errstate(over="ignore", invalid="ignore"):
        mean = ratio(np.bincount(of, weights=value, minlength=n_groups), n)
        # A sum of equal numbers over their count may be off by the last digit, which would be a spread that is none.
        first = np.full(n_groups, np.nan)
        first[of[::-1]] = value[::-1]
        uneven = np.bincount(of, weights=value != first[of], minlength=n_groups) > 0
        mean = np.where(uneven, mean, first)
        square = np.bincount(of, weights=(value - mean[of]) ** 2, minlength=n_groups)
        sd = np.sqrt(ratio(square, n - 1))
        mad_sd = MAD_TO_SD * group_medians(np.abs(value - median[of]), of, n_groups)
    return Groups(n, _held(mean), _held(sd), median, _held(mad_sd))


def _held(values: FloatArray) -> FloatArray:
    return np.where(np.isfinite(values), values, np.nan)
