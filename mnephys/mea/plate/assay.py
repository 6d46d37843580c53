"""How far treated wells are from the control wells of their plate, for the spread of both: Z factor and SSMD.

With means m and standard deviations s (ddof 1) of the treated and the control wells, the Z factor is
1 - 3 (s_t + s_c) / abs(m_t - m_c), and the strictly standardised mean difference (m_t - m_c) / sqrt(s_t^2 + s_c^2).
Their robust versions have medians, and median absolute deviations times 1.4826, in their places.

Of Zhang et al. 1999, 10.1177/108705719900400206, the Z factor compares samples with controls, as here; their Z' is the
same number of the positive against the negative control wells.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from mnephys.mea.plate.conditions import Conditions, conditions_of
from mnephys.mea.plate.wells import Wells
from mnephys.measurement import Feature, Measurement, Status
from mnephys.recording import BoolArray, FloatArray

__all__ = ["FEATURES", "MIN_WELLS", "compare_conditions", "ssmd", "z_factor"]

MIN_WELLS = 3
"""Fewest wells of which a spread is taken."""

ROUNDING = 1e-12
"""Centers that differ by less than this share of them are the same, and a spread below this share of its center is
none: means and deviations are off by their last digits."""

_ZHANG_1999 = "10.1177/108705719900400206"
_ZHANG_2007 = "10.1016/j.ygeno.2006.12.014"
_PLATE = ("plate",)
_FEWEST: Mapping[str, float] = {"min_wells": MIN_WELLS}

FEATURES = {
    f.name: f
    for f in (
        Feature(
            "z_factor",
            "1",
            _PLATE,
            "1 - 3 (SD of treated + SD of control wells) / distance of their means",
            _ZHANG_1999,
            (-np.inf, 1),
            _FEWEST,
        ),
        Feature(
            "z_factor_robust", "1", _PLATE, "Z factor of medians and scaled MADs", _ZHANG_1999, (-np.inf, 1), _FEWEST
        ),
        Feature(
            "ssmd",
            "1",
            _PLATE,
            "Strictly standardised mean difference of treated and control wells",
            _ZHANG_2007,
            (-np.inf, np.inf),
            _FEWEST,
        ),
        Feature(
            "ssmd_robust",
            "1",
            _PLATE,
            "Strictly standardised difference of medians by scaled MADs",
            _ZHANG_2007,
            (-np.inf, np.inf),
            _FEWEST,
        ),
    )
}
"""The features that this module measures."""


def z_factor(
    treated_center: FloatArray, treated_spread: FloatArray, control_center: FloatArray, control_spread: FloatArray
) -> FloatArray:
    """Return the Z factor of many pairs of groups.

    Parameters
    ----------
    treated_center, treated_spread, control_center, control_spread : ndarray, float, shape (n_pairs,)
        Means and standard deviations, or medians and scaled median absolute deviations.

    Returns
    -------
    ndarray, float, shape (n_pairs,)
        1 where neither group varies; NaN where both centers are the same but for their last digits. A spread that is
        next to nothing beside its center is none.

    Notes
    -----
    Zhang et al. 1999, 10.1177/108705719900400206.

    Examples
    --------
    >>> import numpy as np
    >>> z_factor(np.array([10.0]), np.array([1.0]), np.array([0.0]), np.array([0.5]))
    array([0.55])
    """
    with np.errstate(over="ignore"):
        spread = _settled(treated_center, treated_spread) + _settled(control_center, control_spread)
        distance = np.abs(treated_center - control_center)
        found = 1.0 - 3.0 * _quotient(spread, np.where(_same(treated_center, control_center), 0.0, distance))
    return np.where(np.isinf(found), np.nan, found)


def ssmd(
    treated_center: FloatArray, treated_spread: FloatArray, control_center: FloatArray, control_spread: FloatArray
) -> FloatArray:
    """Return the strictly standardised mean difference of many pairs of groups.

    Parameters
    ----------
    treated_center, treated_spread, control_center, control_spread : ndarray, float, shape (n_pairs,)
        As in `z_factor`.

    Returns
    -------
    ndarray, float, shape (n_pairs,)
        Negative where the treated wells have less; NaN where neither group varies but for its last digits.

    Notes
    -----
    Zhang 2007, 10.1016/j.ygeno.2006.12.014, for independent groups.

    Examples
    --------
    >>> import numpy as np
    >>> ssmd(np.array([10.0]), np.array([4.0]), np.array([0.0]), np.array([3.0]))
    array([2.])
    """
    with np.errstate(over="ignore"):
        distance = treated_center - control_center
        spread = np.hypot(_settled(treated_center, treated_spread), _settled(control_center, control_spread))
    return _quotient(distance, spread)


def compare_conditions(wells: Wells, min_wells: int = MIN_WELLS) -> list[Measurement]:
    """Compare every treatment and dose with the control wells of its recording, line and differentiation.

    Parameters
    ----------
    wells : Wells
        With the controls marked.
    min_wells : int
        Fewest measured wells of either; with fewer the status is ``too_few_events``.

    Returns
    -------
    list of Measurement
        Every entry of `FEATURES` for every condition, at the level ``plate``; `id` names the feature of the wells and
        the condition, the remark tells the numbers of wells.

    Raises
    ------
    ValueError
        If `min_wells` is below 2.

    Examples
    --------
    >>> rate = Wells.of("rate", "Hz", ["A1", "A2", "A3", "B1", "B2", "B3"], [9.0, 10.0, 11.0, 0.0, 0.0, 0.3],
    ...                 treatment=["", "", "", "TTX", "TTX", "TTX"], control=[True] * 3 + [False] * 3)
    >>> for row in compare_conditions(rate)[:3:2]:
    ...     print(row.feature, row.id, round(row.value, 2), row.reason)
    z_factor rate: TTX 0.64 3 treated wells against 3 control wells
    ssmd rate: TTX -9.75 3 treated wells against 3 control wells
    """
    if min_wells < 2:
        raise ValueError(f"a spread of {min_wells} wells cannot be; min_wells needs to be at least 2")
    conditions = conditions_of(wells)
    a, b, groups = conditions.treated, conditions.control, conditions.groups
    # The last entry stands in for a control that is not there.
    n, mean, sd, median, mad = (
        np.append(column, np.nan) for column in (groups.n, groups.mean, groups.sd, groups.median, groups.mad_sd)
    )
    sd, mad = _settled(mean, sd), _settled(median, mad)
    values = {
        "z_factor": z_factor(mean[a], sd[a], mean[b], sd[b]),
        "z_factor_robust": z_factor(median[a], mad[a], median[b], mad[b]),
        "ssmd": ssmd(mean[a], sd[a], mean[b], sd[b]),
        "ssmd_robust": ssmd(median[a], mad[a], median[b], mad[b]),
    }
    equal = {
        "z_factor": (_same(mean[a], mean[b]), "treated and control wells have the same mean"),
        "z_factor_robust": (_same(median[a], median[b]), "treated and control wells have the same median"),
        "ssmd": ((sd[a] == 0) & (sd[b] == 0), "the wells of neither differ from one another"),
        "ssmd_robust": ((mad[a] == 0) & (mad[b] == 0), "most wells of either do not differ from one another"),
    }
    too_few = _too_few(conditions, min_wells)
    rows = []
    for i, at in enumerate(a.tolist()):
        condition = conditions.each[at]
        where = f"{wells.feature}: {condition.text}"
        remark = f"{int(n[at])} treated wells against {0 if b[i] < 0 else int(n[b[i]])} control wells"
        for name, column in values.items():
            why_not = equal[name][1] if equal[name][0][i] else "their numbers are too large or too small to be compared"
            rows.append(_row(FEATURES[name], column[i], too_few[i], why_not, where, remark, condition.recording))
    return rows


def _too_few(conditions: Conditions, min_wells: int) -> list[str]:
    n = conditions.groups.n.tolist()
    found = []
    for treated, control in zip(conditions.treated.tolist(), conditions.control.tolist(), strict=True):
        if control < 0:
            found.append(conditions.each[treated].without_control)
            continue
        parts = [
            f"{n[at]} measured {what} well{'s' * (n[at] != 1)}"
            for at, what in ((treated, "treated"), (control, "control"))
            if n[at] < min_wells
        ]
        found.append(f"{' and '.join(parts)}, of at least {min_wells}" if parts else "")
    return found


def _row(
    feature: Feature, value: float, too_few: str, why_not: str, where: str, remark: str, recording: str
) -> Measurement:
    if too_few:
        row = feature.missing(Status.TOO_FEW_EVENTS, too_few, id=where)
    elif not np.isfinite(value):
        row = feature.missing(Status.NOT_APPLICABLE, why_not, id=where)
    else:
        row = feature.measured(value, id=where, remark=remark)
    return replace(row, recording=recording)


def _same(one: FloatArray, other: FloatArray) -> BoolArray:
    """Return which numbers differ by no more than the rounding of their sums; NaN is the same as nothing."""
    with np.errstate(over="ignore"):
        near: BoolArray = np.abs(one - other) <= ROUNDING * (np.abs(one) + np.abs(other))
    return near & np.isfinite(one) & np.isfinite(other)


def _settled(center: FloatArray, spread: FloatArray) -> FloatArray:
    """Return spreads without those that are rounding alone."""
    return np.where(spread <= ROUNDING * np.abs(center), 0.0, spread)


def _quotient(part: FloatArray, whole: FloatArray) -> FloatArray:
    known: BoolArray = (whole > 0) & np.isfinite(whole)
    out = np.full(part.shape, np.nan)
    # Of a spread next to nothing the quotient may be more than a number holds.
    with np.errstate(over="ignore", under="ignore"):
        np.divide(part, whole, out=out, where=known)
    out[np.isinf(out)] = np.nan
    return out
