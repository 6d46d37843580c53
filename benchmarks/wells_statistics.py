"""Statistics of wells that were recorded on several days: intervals by drawing whole wells again, all days of each.

Days of one well are no independent wells. Every interval here is of 2,000 draws of wells with replacement, 2.5 to
97.5 %.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.stats import rankdata

DRAWS = 2000
BOUNDS = (2.5, 97.5)

Array = np.ndarray


@dataclass(frozen=True)
class Estimate:
    """A number and the interval of its bootstrap; NaN where there is none."""

    value: float
    low: float
    high: float

    def __str__(self) -> str:
        if not np.isfinite(self.value):
            return "-"
        return f"{self.value:.3f} [{self.low:.3f}, {self.high:.3f}]"


def estimate(value: float, drawn: Array) -> Estimate:
    """Return a number with the bounds of its draws."""
    drawn = drawn[np.isfinite(drawn)]
    low, high = np.percentile(drawn, BOUNDS) if drawn.size else (np.nan, np.nan)
    return Estimate(float(value), float(low), float(high))


def drawn_wells(n: int, seed: int = 0) -> Array:
    """Return which wells each draw holds, shape (DRAWS, n)."""
    return np.random.default_rng(seed).integers(0, n, size=(DRAWS, n))


def separation(values: Array, well: Array, young: Array, old: Array) -> Estimate:
    """Return the chance that an old well is higher than a young one, ties counted half (AUC), over what is known."""
    names, place = np.unique(well, return_inverse=True)
    known = np.isfinite(values)
    low, high = np.flatnonzero(known & young), np.flatnonzero(known & old)
    if not low.size or not high.size:
        return Estimate(np.nan, np.nan, np.nan)
    wins = (values[high] > values[low][:, None]) + 0.5 * (values[high] == values[low][:, None])
    # Sums over the days of each pair of wells: a draw weighs the pairs, and nothing is compared again.
    of_low, of_high = (np.eye(len(names))[place[part]] for part in (low, high))
    won, compared = of_low.T @ wins @ of_high, np.outer(of_low.sum(0), of_high.sum(0))
    times = np.stack([np.bincount(draw, minlength=len(names)) for draw in drawn_wells(len(names))]).astype(float)
    with np.errstate(invalid="ignore"):
        drawn = np.einsum("bi,ij,bj->b", times, won, times) / np.einsum("bi,ij,bj->b", times, compared, times)
    return estimate(won.sum() / compared.sum(), drawn)


def course(values: Array, well: Array, day: Array) -> Estimate:
    """Return the median over wells of Spearman's rho with the day; wells with fewer than 4 known days have none."""
    each = np.array([_rho(values[well == name], day[well == name]) for name in np.unique(well)])
    if not np.isfinite(each).any():
        return Estimate(np.nan, np.nan, np.nan)
    drawn = each[drawn_wells(each.size)]
    drawn = drawn[np.isfinite(drawn).any(axis=1)]
    return estimate(float(np.nanmedian(each)), np.nanmedian(drawn, axis=1))


def _rho(values: Array, day: Array) -> float:
    known = np.isfinite(values)
    if known.sum() < 4 or np.ptp(values[known]) == 0:
        return np.nan
    a, b = (rankdata(side[known]) - (known.sum() + 1) / 2 for side in (values, day))
    return float(a @ b / np.sqrt(a @ a * (b @ b)))


def difference(a: Array, b: Array) -> Estimate:
    """Return Hedges' g: mean of a minus mean of b, in their pooled standard deviation, corrected for few wells."""
    a, b = a[np.isfinite(a)], b[np.isfinite(b)]
    if min(a.size, b.size) < 3:
        return Estimate(np.nan, np.nan, np.nan)
    draws_a, draws_b = a[drawn_wells(a.size, 1)], b[drawn_wells(b.size, 2)]
    return estimate(float(_g(a, b)), _g(draws_a, draws_b))


def difference_at_rate(a: Array, b: Array, rate_a: Array, rate_b: Array) -> Estimate:
    """Return the same of what is left once the slope on the logarithm of the rate, within the lines, is taken out."""
    keep_a, keep_b = (np.isfinite(v) & (r > 0) for v, r in ((a, rate_a), (b, rate_b)))
    a, b, x, y = a[keep_a], b[keep_b], np.log(rate_a[keep_a]), np.log(rate_b[keep_b])
    if min(a.size, b.size) < 4:
        return Estimate(np.nan, np.nan, np.nan)
    at_a, at_b = drawn_wells(a.size, 1), drawn_wells(b.size, 2)
    return estimate(float(_adjusted(a, b, x, y)), _adjusted(a[at_a], b[at_b], x[at_a], y[at_b]))


def _g(a: Array, b: Array) -> Array:
    n, m = a.shape[-1], b.shape[-1]
    pooled = ((n - 1) * a.var(-1, ddof=1) + (m - 1) * b.var(-1, ddof=1)) / (n + m - 2)
    with np.errstate(invalid="ignore", divide="ignore"):
        return (1 - 3 / (4 * (n + m) - 9)) * (a.mean(-1) - b.mean(-1)) / np.sqrt(pooled)


def _adjusted(a: Array, b: Array, x: Array, y: Array) -> Array:
    da, db, dx, dy = (v - v.mean(-1, keepdims=True) for v in (a, b, x, y))
    with np.errstate(invalid="ignore", divide="ignore"):
        slope = ((da * dx).sum(-1) + (db * dy).sum(-1)) / ((dx**2).sum(-1) + (dy**2).sum(-1))
        return _g(a - slope[..., None] * x, b - slope[..., None] * y)
