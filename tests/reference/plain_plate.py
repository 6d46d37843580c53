"""Statistics of plates the slow way: loops over lists, straight from the definitions.

Nothing here is shared with the package. None stands for what is not defined.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from decimal import Decimal

from scipy import stats

ROUNDING = (
    1e-12  # of the sum of two centers, which are none below 0; less apart they are the same. Of a spread likewise
)

Values = Sequence[float]


def relative(value: float | None, reference: float | None, scale: str) -> float | None:
    """Value in terms of a positive reference: ratio, percent, or log2 of the ratio; None beyond the numbers."""
    if value is None or reference is None or reference <= 0:
        return None
    ratio = value / reference * (100 if scale == "percent" else 1)
    if math.isinf(ratio):
        return None
    if scale == "log2":
        return math.log2(ratio) if ratio > 0 else None
    return ratio


def settled(spread: float, center: float) -> float:
    """0 for a spread that is rounding alone."""
    return 0.0 if spread <= ROUNDING * abs(center) else spread


def sd(values: Values) -> float:
    """Standard deviation, without rounding."""
    return settled(statistics.stdev(values), statistics.mean(values))


def mad(values: Values) -> float:
    """Scaled median absolute deviation, without rounding."""
    return settled(scaled_mad(values), statistics.median(values))


def amount(dose: str, unit: str) -> Decimal:
    """A dose in M or g/L, exactly."""
    prefixes = {"f": 15, "p": 12, "n": 9, "u": 6, "\u00b5": 6, "\u03bc": 6, "m": 3}
    if unit.endswith("g/ml"):
        return Decimal(dose).scaleb(3 - prefixes.get(unit[:-4], 0))
    base = "mol/l" if unit.endswith("mol/l") else "M"
    return Decimal(dose).scaleb(-prefixes.get(unit.removesuffix(base), 0))


def scaled_mad(values: Values) -> float:
    """Median absolute deviation from the median, times 1.4826."""
    middle = statistics.median(values)
    return 1.4826 * statistics.median([abs(value - middle) for value in values])


def z_factor(treated: Values, control: Values) -> float | None:
    """Z factor of Zhang et al. 1999."""
    a, b = statistics.mean(treated), statistics.mean(control)
    spread = sd(treated) + sd(control)
    return None if abs(a - b) <= ROUNDING * (a + b) else 1 - 3 * spread / abs(a - b)


def z_factor_robust(treated: Values, control: Values) -> float | None:
    """Z factor of medians and scaled MADs."""
    a, b = statistics.median(treated), statistics.median(control)
    spread = mad(treated) + mad(control)
    return None if abs(a - b) <= ROUNDING * (a + b) else 1 - 3 * spread / abs(a - b)


def ssmd(treated: Values, control: Values) -> float | None:
    """Strictly standardised mean difference of independent groups, Zhang 2007."""
    spread = math.hypot(sd(treated), sd(control))
    return None if spread == 0 else (statistics.mean(treated) - statistics.mean(control)) / spread


def ssmd_robust(treated: Values, control: Values) -> float | None:
    """The same of medians and scaled MADs."""
    spread = math.hypot(mad(treated), mad(control))
    return None if spread == 0 else (statistics.median(treated) - statistics.median(control)) / spread


def ratio_interval(treated: Values, control: Values, confidence: float) -> tuple[float, float] | None:
    """Confidence interval of the ratio of two means: all ratios that a t-test does not refute, found by bisection.

    None where it is not bounded: where the test does not refute ratios however large. Degrees of freedom by Welch and
    Satterthwaite at the ratio that was found.
    """
    n, m = len(treated), len(control)
    if n < 2 or m < 2:
        return None
    a, b = statistics.mean(treated), statistics.mean(control)
    va, vb = statistics.variance(treated) / n, statistics.variance(control) / m
    if va + vb == 0:
        return None
    found = a / b
    total = va + found**2 * vb
    if total == 0:
        return None
    freedom = total**2 / (va**2 / (n - 1) + (found**2 * vb) ** 2 / (m - 1))
    limit = stats.t.ppf(0.5 + confidence / 2, freedom)

    def refuted(ratio: float) -> bool:
        return abs(a - ratio * b) > limit * math.sqrt(va + ratio**2 * vb)

    if abs(b) <= limit * math.sqrt(vb):
        return None
    ends = []
    for direction in (-1, 1):
        inside, step = found, abs(found) + 1
        while not refuted(found + direction * step):
            step *= 2
        outside = found + direction * step
        for _ in range(200):
            middle = (inside + outside) / 2
            if refuted(middle):
                outside = middle
            else:
                inside = middle
        ends.append(inside)
    return ends[0], ends[1]


def rank_test(strata: Sequence[tuple[Values, Values]]) -> tuple[float, float] | None:
    """Cliff's delta and van Elteren's two-sided p over strata of (marked values, other values), pair by pair."""
    shift = variance = 0.0
    surplus = n_pairs = 0
    for marked, others in strata:
        if not marked or not others:
            continue
        wins = 0.0
        for x in marked:
            for y in others:
                wins += 1.0 if x > y else 0.5 if x == y else 0.0
                surplus += (x > y) - (x < y)
                n_pairs += 1
        n = len(marked) + len(others)
        pooled = [*marked, *others]
        ties = sum(pooled.count(value) ** 3 - pooled.count(value) for value in set(pooled))
        weight = 1 / (n + 1)
        pairs = len(marked) * len(others)
        shift += weight * (wins - pairs / 2)
        variance += weight**2 * pairs / 12 * (n + 1 - ties / (n * (n - 1)))
    if not n_pairs:
        return None
    p = math.nan if variance < 1e-12 else 2 * stats.norm.sf(abs(shift) / math.sqrt(variance))
    return surplus / n_pairs, p
