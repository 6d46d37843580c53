"""How improbable a stretch of spikes is, as -ln of its chance: of a Poisson train, and of ranks."""

from __future__ import annotations

import math

import numpy as np

from mnephys.recording import FloatArray, IntArray

__all__ = ["EQUAL", "EXACT_BELOW", "check_surprise", "poisson_surprise", "rank_surprise"]

EXACT_BELOW = 30
"""The sum of so many ranks, or of more, is taken to be distributed normally."""

EQUAL = 1e-9
"""Surprises by rank that differ by no more are equal: rounding moves them by less than a tenth of it."""

_SMALLEST = 1e-290


def check_surprise(min_surprise: float) -> None:
    """Refuse what cannot be a least surprise.

    Parameters
    ----------
    min_surprise : float
        Least surprise of a burst.

    Raises
    ------
    ValueError
        If it is negative or not finite.
    """
    if not (math.isfinite(min_surprise) and min_surprise >= 0):
        raise ValueError(f"min_surprise is {min_surprise}, needs a number from 0 up")


def poisson_surprise(duration: FloatArray, count: IntArray, mean: FloatArray) -> FloatArray:
    """Return how surprising so many events in a time are in a Poisson train.

    Parameters
    ----------
    duration : ndarray, float, shape (n,)
        In s.
    count : ndarray, int, shape (n,)
        Events within it, at least one.
    mean : ndarray, float, shape (n,)
        Mean interval of the train, in s, above 0.

    Returns
    -------
    ndarray, float, shape (n,)
        -ln of the chance of as many or more; infinite where there is no time.

    Examples
    --------
    >>> import numpy as np
    >>> poisson_surprise(np.array([1.0, 0.0]), np.array([1, 2]), np.array([1.0, 1.0])).round(4)
    array([0.4587,    inf])
    """
    from scipy.special import gammainc, gammaln, hyp1f1

    expected = duration / mean
    chance = gammainc(count, expected)
    surprise = np.full(chance.shape, np.inf)
    np.log(chance, out=surprise, where=chance > _SMALLEST)
    np.negative(surprise, out=surprise, where=chance > _SMALLEST)
    # Below the smallest number that holds all digits the same chance is worked out as its logarithm.
    tiny = np.flatnonzero((chance <= _SMALLEST) & (expected > 0))
    k, x = count[tiny], expected[tiny]
    surprise[tiny] = x + gammaln(k + 1.0) - k * np.log(x) - np.log(hyp1f1(1.0, k + 1.0, x))
    return surprise


def rank_surprise(total: IntArray, count: IntArray, n: IntArray) -> FloatArray:
    """Return how surprising it is that so many ranks sum to so little.

    Parameters
    ----------
    total : ndarray, int, shape (m,)
        Sum of some ranks.
    count : ndarray, int, shape (m,)
        How many they are, at least one.
    n : ndarray, int, shape (m,)
        Ranks go from 1 to this.

    Returns
    -------
    ndarray, float, shape (m,)
        -ln of the chance of a sum no larger, of ranks that are drawn independently; by a normal distribution from
        `EXACT_BELOW` ranks on.

    Examples
    --------
    >>> import numpy as np
    >>> rank_surprise(np.array([2, 3]), np.array([2, 2]), np.array([10, 10])).round(4)
    array([4.6052, 3.5066])
    """
    from scipy.special import log_ndtr

    surprise = np.empty(total.size)
    few = count < EXACT_BELOW
    with np.errstate(divide="ignore"):
        surprise[few] = -np.log(_chance(total[few], count[few], n[few]))
    q, u, m = count[~few].astype(np.float64), total[~few], n[~few].astype(np.float64)
    surprise[~few] = -log_ndtr((u - q * (m + 1.0) / 2.0) / np.sqrt(q * (m * m - 1.0) / 12.0))
    return surprise


def _chance(total: IntArray, count: IntArray, n: IntArray) -> FloatArray:
    """Return the chance that ranks sum to `total` or less, counted out by inclusion and exclusion."""
    from scipy.special import poch

    factorial = np.cumprod(np.append(1.0, np.arange(1.0, EXACT_BELOW)))
    chance = np.zeros(total.size)
    used = np.arange(total.size)
    k = 0
    # Each term takes out the sums in which one more rank is too large. What is improbable has few of them, and
    # where there are many, and they cancel, the chance is near one half or above.
    while used.size:
        q, left = count[used], total[used] - k * n[used]
        ways = poch((left - q + 1).astype(np.float64), q.astype(np.float64)) / n[used].astype(np.float64) ** q
        chance[used] += (-1.0) ** k * ways / (factorial[k] * factorial[q - k])
        k += 1
        used = used[(total[used] - k * n[used] >= count[used]) & (k <= count[used])]
    return np.clip(chance, 0.0, 1.0)
