"""Dose-response curves: the Hill equation fitted to the wells of one treatment, with the dose of half the effect.

The response to a dose x is start + (end - start) / (1 + (EC50 / x)^slope); control wells are the dose 0. An EC50 is
stated only where it lies within the doses that were given: nothing is extrapolated.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from mnephys.measurement import Status
from mnephys.recording import BoolArray, FloatArray

__all__ = ["MIN_DOSES", "MIN_WELLS", "HillFit", "hill_fit", "hill_response"]

MIN_DOSES = 4
"""Fewest doses above 0 to which the four parameters are fitted."""

MIN_WELLS = 8
"""Fewest wells, those at dose 0 included."""

MAX_P = 0.05
"""Where the best curve of a grid explains the wells no better than their mean, by an F test, no effect is halved."""

SLOPES = (0.2, 10.0)
"""Slopes that are tried; at the upper one the effect sets in between two doses, and nobody knows where."""

_BEYOND = math.log(10.0)
_STEPS, _SLOPE_STEPS = 61, 15


@dataclass(frozen=True, slots=True)
class HillFit:
    """A fitted curve, or why there is none.

    Parameters
    ----------
    ec50, low, high : float
        Dose of half the effect and the ends of its confidence interval; NaN where unknown.
    slope : float
        Of Hill; NaN without an EC50, as are the next two.
    start, end : float
        Response at dose 0 and at doses without end.
    n_doses, n_wells : int
        Doses above 0, and wells that were measured.
    status : Status
        Of the EC50.
    reason : str
        Why there is none, or no interval beside it; empty where there are both.
    """

    ec50: float
    low: float
    high: float
    slope: float
    start: float
    end: float
    n_doses: int
    n_wells: int
    status: Status
    reason: str


def hill_response(dose: FloatArray, ec50: float, slope: float, start: float, end: float) -> FloatArray:
    """Return the response to doses.

    Parameters
    ----------
    dose : ndarray, float, shape (n,)
        0 or more.
    ec50, slope, start, end : float
        As of `HillFit`.

    Returns
    -------
    ndarray, float, shape (n,)
        Between `start` and `end`.

    Notes
    -----
    The four-parameter log-logistic model of Ritz et al. 2015, 10.1371/journal.pone.0146021.

    Examples
    --------
    >>> import numpy as np
    >>> hill_response(np.array([0.0, 1.0, 3.0]), 1.0, 1.0, 10.0, 0.0)
    array([10. ,  5. ,  2.5])
    """
    return start + (end - start) * _effect(_logs(dose), math.log(ec50), slope)


def hill_fit(dose: FloatArray, value: FloatArray, unit: str = "", confidence: float = 0.95) -> HillFit:
    """Fit the Hill equation to wells.

    Parameters
    ----------
    dose : ndarray, float, shape (n,)
        Of each well, 0 for control wells; what is not finite or below 0 counts nowhere.
    value : ndarray, float, shape (n,)
        What was measured; NaN counts nowhere.
    unit : str
        Of the doses, for the reason.
    confidence : float
        Of the interval, between 0 and 1.

    Returns
    -------
    HillFit
        With a status where there are too few doses or wells, no effect, or half of it is not within the doses.

    Raises
    ------
    ValueError
        If the confidence is none.

    Notes
    -----
    Least squares over the wells, from the best of a grid on which start and end are solved for (Golub and Pereyra
    1973, 10.1137/0710036). The interval is that of the logarithm of the EC50, from its standard error and Student's t
    with n - 4 degrees of freedom (Ritz et al. 2015, 10.1371/journal.pone.0146021). It is approximate: with 24 wells and
    noise of 3 % of the effect the 95 % interval held the truth in 93 of 100 simulated curves, with 15 % in 92 at a
    slope of 1 and in 87 at a slope of 0.5; of such shallow curves few have an interval, and of those that are shown
    70 of 100 held it. Of curves without any effect 2 of 100 were given an EC50.

    Examples
    --------
    >>> import numpy as np
    >>> dose = np.repeat([0.0, 0.1, 1.0, 10.0, 100.0], 3)
    >>> noise = np.tile([-0.2, 0.0, 0.2], 5)
    >>> fit = hill_fit(dose, hill_response(dose, 2.0, 1.0, 10.0, 0.0) + noise)
    >>> round(fit.ec50, 1), fit.low < 2.0 < fit.high, fit.status.value
    (2.0, True, 'ok')
    """
    if not 0 < confidence < 1:
        raise ValueError(f"a confidence of {confidence} cannot be; give it between 0 and 1")
    used: BoolArray = np.isfinite(dose) & (dose >= 0) & np.isfinite(value)
    x, y = dose[used], value[used]
    doses = np.unique(x[x > 0])
    counts = doses.size, x.size

    def without(status: Status, reason: str) -> HillFit:
        return HillFit(*(math.nan,) * 6, *counts, status, reason)

    if doses.size < MIN_DOSES or x.size < MIN_WELLS:
        have = f"a curve takes {MIN_DOSES} doses and {MIN_WELLS} wells; measured were {doses.size} and {x.size}"
        return without(Status.TOO_FEW_EVENTS, have)
    # In units of the largest, so that squares of large and small numbers stay within range.
    largest = float(np.abs(y).max())
    scaled = y / largest if largest > 0 else y
    if not scaled.std() > 1e-9:
        return without(Status.NOT_APPLICABLE, "the wells do not differ from one another")
    first, p = _first_guess(_logs(x), scaled)
    if p > MAX_P:
        return without(Status.NOT_APPLICABLE, "no effect of the dose stands out from the differences between wells")
    found = _fitted(_logs(x), scaled, first)
    if found is None:
        return without(Status.FAILED, "no curve could be fitted to the wells")
    (start, end, log_ec50, slope), error = found
    lowest, highest = (float(edge) for edge in np.log(doses[[0, -1]]))
    named = f"{doses[0]:g} to {doses[-1]:g} {unit}".strip()
    if not lowest <= log_ec50 <= highest:
        where = "below the lowest" if log_ec50 < lowest else "above the highest"
        return without(Status.NOT_APPLICABLE, f"half of the effect lies {where} of the doses, {named}")
    low, high, why = _interval(log_ec50, error, slope, x.size - 4, confidence)
    beyond = not why and not (lowest <= math.log(low) and math.log(high) <= highest)
    if beyond:
        low, high, why = math.nan, math.nan, f"no interval: it would reach beyond the doses, {named}"
    return HillFit(math.exp(log_ec50), low, high, slope, start * largest, end * largest, *counts, Status.OK, why)


def _logs(dose: FloatArray) -> FloatArray:
    with np.errstate(divide="ignore"):
        return np.asarray(np.log(dose))


def _effect(log_dose: FloatArray, log_ec50: FloatArray | float, slope: FloatArray | float) -> FloatArray:
    """Return the share of the effect at each dose."""
    from scipy.special import expit

    return np.asarray(expit(slope * (log_dose - log_ec50)))


def _fitted(log_dose: FloatArray, y: FloatArray, first: tuple[float, ...]) -> tuple[tuple[float, ...], float] | None:
    """Return the four parameters, and the standard error of the EC50's logarithm."""
    import warnings

    from scipy.optimize import OptimizeWarning, curve_fit

    low, high = _edges(log_dose)

    def model(x: FloatArray, start: float, end: float, log_ec50: float, slope: float) -> FloatArray:
        return start + (end - start) * _effect(x, log_ec50, slope)

    bounds = ([-np.inf, -np.inf, low, SLOPES[0]], [np.inf, np.inf, high, SLOPES[1]])
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", OptimizeWarning)  # Then the covariance is infinite, which is looked at.
            # The logarithm of dose 0 is not finite, and its effect is 0.
            found, covariance = curve_fit(
                model, log_dose, y, first, bounds=bounds, max_nfev=300, check_finite=False, xtol=1e-10, ftol=1e-12
            )
    except (RuntimeError, ValueError, np.linalg.LinAlgError):
        return None
    error = float(np.sqrt(covariance[2, 2])) if covariance[2, 2] >= 0 else math.nan
    return tuple(found.tolist()), error


def _edges(log_dose: FloatArray) -> tuple[float, float]:
    given = log_dose[np.isfinite(log_dose)]
    return float(given.min()) - _BEYOND, float(given.max()) + _BEYOND


def _first_guess(log_dose: FloatArray, y: FloatArray) -> tuple[tuple[float, ...], float]:
    """Return the best of a grid of EC50s and slopes, with start and end of least squares, and the p of the F test."""
    from scipy.special import fdtrc

    ec50, slope = (
        axis.ravel()
        for axis in np.meshgrid(np.linspace(*_edges(log_dose), _STEPS), np.geomspace(*SLOPES, _SLOPE_STEPS))
    )
    effect = _effect(log_dose, ec50[:, np.newaxis], slope[:, np.newaxis])
    away = effect - effect.mean(axis=1, keepdims=True)
    own = (away**2).sum(axis=1)
    common = away @ (y - y.mean())
    gain = np.divide(common**2, own, out=np.zeros_like(own), where=own > 1e-12)
    best = int(gain.argmax())
    size = common[best] / own[best] if own[best] > 1e-12 else 0.0
    start = y.mean() - size * effect[best].mean()
    explained, total, freedom = float(gain[best]), float(((y - y.mean()) ** 2).sum()), y.size - 4
    rest = max(total - explained, 1e-30 * total)
    p = float(fdtrc(3, freedom, explained / 3 / (rest / freedom)))
    # Within the bounds, not on them.
    slope_within = float(np.clip(slope[best], 1.01 * SLOPES[0], 0.99 * SLOPES[1]))
    return (float(start), float(start + size), float(ec50[best]), slope_within), p


def _interval(log_ec50: float, error: float, slope: float, freedom: int, confidence: float) -> tuple[float, float, str]:
    from scipy.special import stdtrit

    if slope > 0.99 * SLOPES[1] or not math.isfinite(error):
        return math.nan, math.nan, "no interval: the effect sets in between two doses, and nobody knows where"
    reach = float(stdtrit(freedom, 0.5 + confidence / 2)) * error
    # Beyond 1e100 times the EC50 either way no dose is.
    reach = min(reach, 230.0)
    return math.exp(max(log_ec50 - reach, -700.0)), math.exp(min(log_ec50 + reach, 700.0)), ""
