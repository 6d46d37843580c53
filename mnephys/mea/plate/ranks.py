"""Rank tests of wells within their strata: wells that were not treated alike are never compared."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mnephys.recording import BoolArray, FloatArray, IntArray

__all__ = ["RankTest", "stratified_rank_test"]


@dataclass(frozen=True, slots=True)
class RankTest:
    """How two kinds of wells differ.

    Parameters
    ----------
    delta : float
        How much more often a marked well has more than another one of its stratum than less: -1 to 1.
    p : float
        Probability of a difference of that size, either way, by chance; NaN where all values are the same.
    n_marked, n_others : int
        Wells that were compared.
    """

    delta: float
    p: float
    n_marked: int
    n_others: int


def stratified_rank_test(values: FloatArray, marked: BoolArray, stratum: IntArray) -> RankTest:
    """Compare marked wells with the others of their stratum.

    Parameters
    ----------
    values : ndarray, float, shape (n,)
        NaN counts nowhere.
    marked : ndarray, bool, shape (n,)
        Which wells are compared with the others.
    stratum : ndarray, int, shape (n,)
        From 0; wells of different strata are never compared, and a stratum of one kind does not count.

    Returns
    -------
    RankTest
        Without a well of each kind in any stratum, `delta` and `p` are NaN.

    Notes
    -----
    Cliff's delta, 10.1037/0033-2909.114.3.494, over all pairs within the strata. The test is van Elteren's (1960) of
    Wilcoxon's rank sums, each weighted by 1 / (n + 1), in the normal approximation with a correction for ties; of a
    single stratum it is that of Mann and Whitney, 10.1214/aoms/1177730491.

    Examples
    --------
    >>> import numpy as np
    >>> found = stratified_rank_test(np.arange(8.0), np.arange(8) >= 4, np.zeros(8, dtype=int))
    >>> found.delta, round(found.p, 4)
    (1.0, 0.0209)
    """
    from scipy.special import ndtr

    used = ~np.isnan(values)
    value, mark = values[used], marked[used]
    _, of = np.unique(stratum[used], return_inverse=True)
    n_strata = int(of.max(initial=-1)) + 1
    n = np.bincount(of, minlength=n_strata).astype(np.float64)
    n_marked = np.bincount(of, weights=mark, minlength=n_strata)
    pairs = n_marked * (n - n_marked)
    if not pairs.any():
        return RankTest(np.nan, np.nan, 0, 0)
    rank, ties = _midranks(value, of, n_strata)
    wins = np.bincount(of, weights=rank * mark, minlength=n_strata) - n_marked * (n_marked + 1) / 2
    both = pairs > 0
    wins, pairs, n, ties, n_marked = wins[both], pairs[both], n[both], ties[both], n_marked[both]
    weight = 1.0 / (n + 1)
    variance = pairs / 12 * (n + 1 - ties / (n * (n - 1)))
    total = float((weight**2 * variance).sum())
    shift = float((weight * (wins - pairs / 2)).sum())
    # Where all values are tied the variance is 0 but for its last digits.
    p = 2.0 * float(ndtr(-abs(shift) / np.sqrt(total))) if total > 1e-12 else np.nan
    delta = float((2 * wins - pairs).sum() / pairs.sum())
    return RankTest(delta, p, int(n_marked.sum()), int((n - n_marked).sum()))


def _midranks(value: FloatArray, of: IntArray, n_strata: int) -> tuple[FloatArray, FloatArray]:
    """Return the rank of each value within its stratum from 1, and the sum of t^3 - t over the ties of each stratum."""
    order = np.lexsort((value, of))
    new = np.ones(order.size, dtype=bool)
    new[1:] = (np.diff(value[order]) != 0) | (np.diff(of[order]) != 0)
    first = np.flatnonzero(new)
    length = np.diff(np.append(first, order.size))
    begin = np.searchsorted(of[order], np.arange(n_strata))
    tied = np.empty(order.size)
    tied[order] = np.repeat(first + (length + 1) / 2, length) - begin[of[order]]
    cubes = length.astype(np.float64) ** 3 - length
    return tied, np.bincount(of[order][first], weights=cubes, minlength=n_strata).astype(np.float64)
