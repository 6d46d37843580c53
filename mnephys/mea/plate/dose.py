"""Tables of doses: what the wells of each treatment and dose do, and how that compares with the control wells."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from mnephys.mea.plate.conditions import Condition, Conditions, conditions_of
from mnephys.mea.plate.wells import Wells
from mnephys.measurement import Status
from mnephys.recording import BoolArray, FloatArray, IntArray

__all__ = ["DoseTable", "dose_table", "fieller_interval"]


@dataclass(frozen=True, slots=True, repr=False, eq=False)
class DoseTable:
    """One row per recording, line, differentiation, vehicle, treatment and dose, the control wells first.

    Parameters
    ----------
    feature, unit : str
        What was measured, and in what.
    conditions : tuple of Condition
        What each row is about.
    n_wells, n_measured : ndarray, int, shape (n_rows,)
        Wells, and those of them that have a value.
    mean, sd, median : ndarray, float, shape (n_rows,)
        In `unit`; NaN where there are too few wells for it (1, 2 and 1).
    percent_of_control : ndarray, float, shape (n_rows,)
        100 times the mean over the mean of the control wells; NaN where it is not known.
    low, high : ndarray, float, shape (n_rows,)
        The ends of its confidence interval, see `fieller_interval`; NaN where there is none.
    status : tuple of Status
        Of the percentage.
    reason : tuple of str
        Why there is no percentage, or no interval beside it; empty where there are both.
    """

    feature: str
    unit: str
    conditions: tuple[Condition, ...]
    n_wells: IntArray
    n_measured: IntArray
    mean: FloatArray
    sd: FloatArray
    median: FloatArray
    percent_of_control: FloatArray
    low: FloatArray
    high: FloatArray
    status: tuple[Status, ...]
    reason: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.conditions)

    def __repr__(self) -> str:
        n = len(self)
        return f"DoseTable: {self.feature} of {n} condition{'s' * (n != 1)}, {int(self.n_wells.sum())} wells"

    def to_frame(self) -> Any:
        """Return it as a table.

        Returns
        -------
        pandas.DataFrame
            One row per condition; what is not known is NaN, and `reason` says why.
        """
        import pandas as pd

        return pd.DataFrame(
            {
                "recording": [one.recording for one in self.conditions],
                "feature": [self.feature] * len(self),
                "unit": [self.unit] * len(self),
                "line": [one.line for one in self.conditions],
                "differentiation": [one.differentiation for one in self.conditions],
                "treatment": [one.treatment for one in self.conditions],
                "dose": [one.dose for one in self.conditions],
                "dose_unit": [one.dose_unit for one in self.conditions],
                "control": [one.control for one in self.conditions],
                "vehicle": [one.vehicle for one in self.conditions],
                "n_wells": self.n_wells,
                "n_measured": self.n_measured,
                "mean": self.mean,
                "sd": self.sd,
                "median": self.median,
                "percent_of_control": self.percent_of_control,
                "low": self.low,
                "high": self.high,
                "status": [status.value for status in self.status],
                "reason": list(self.reason),
            }
        )


def dose_table(wells: Wells, confidence: float = 0.95) -> DoseTable:
    """Take the wells of each treatment and dose together.

    Parameters
    ----------
    wells : Wells
        With the controls marked.
    confidence : float
        Of the interval, between 0 and 1.

    Returns
    -------
    DoseTable
        Treatments and doses of each recording, line, differentiation and vehicle, with their own control wells.

    Raises
    ------
    ValueError
        If the confidence is none.

    Examples
    --------
    >>> rate = Wells.of("rate", "Hz", ["A1", "A2", "A3", "B1", "B2", "B3"], [9.0, 10.0, 11.0, 4.0, 5.0, 6.0],
    ...                 treatment=["", "", "", "CNQX", "CNQX", "CNQX"], dose=[float("nan")] * 3 + [10.0] * 3,
    ...                 dose_unit=["", "", "", "uM", "uM", "uM"], control=[True] * 3 + [False] * 3)
    >>> table = dose_table(rate)
    >>> [condition.text for condition in table.conditions], table.percent_of_control
    (['control', 'CNQX 10 uM'], array([100.,  50.]))
    >>> table.low.round(1), table.high.round(1)
    (array([ nan, 30.6]), array([nan, 73.]))
    """
    if not 0 < confidence < 1:
        raise ValueError(f"a confidence of {confidence} cannot be; give it between 0 and 1")
    conditions = conditions_of(wells)
    groups, n = conditions.groups, len(conditions.each)
    control = np.full(n, -1)
    control[conditions.treated] = conditions.control
    is_control = np.array([one.control for one in conditions.each], dtype=bool)
    control[is_control] = np.flatnonzero(is_control)
    mean, sd, count = (np.append(column, np.nan) for column in (groups.mean, groups.sd, groups.n))
    fault = _faults(conditions, control, mean)
    fine = np.array([not text for text in fault], dtype=bool)
    percent = np.full(n, np.nan)
    with np.errstate(over="ignore"):
        np.divide(100.0 * groups.mean, mean[control], out=percent, where=fine)
    fine &= np.isfinite(percent)
    low, high = fieller_interval(
        groups.mean, groups.sd, groups.n, mean[control], sd[control], count[control], confidence
    )
    # The control wells are 100 % of themselves: no interval says anything of that.
    bounded: BoolArray = np.isfinite(low) & np.isfinite(high) & fine & ~is_control
    for i in np.flatnonzero(fine & ~bounded & ~is_control).tolist():
        fault[i] = _no_interval(
            int(groups.n[i]), int(count[control[i]]), float(groups.sd[i]), float(sd[control[i]]), float(groups.mean[i])
        )
    return DoseTable(
        feature=wells.feature,
        unit=wells.unit,
        conditions=conditions.each,
        n_wells=conditions.n_wells,
        n_measured=groups.n,
        mean=groups.mean,
        sd=groups.sd,
        median=groups.median,
        percent_of_control=np.where(fine, percent, np.nan),
        low=np.where(bounded, 100.0 * low, np.nan),
        high=np.where(bounded, 100.0 * high, np.nan),
        status=tuple(
            Status.OK if ok else Status.TOO_FEW_EVENTS if not measured else Status.NOT_APPLICABLE
            for ok, measured in zip(fine.tolist(), groups.n.tolist(), strict=True)
        ),
        reason=tuple(
            text if text or ok else "the control wells have next to nothing"
            for text, ok in zip(fault, fine.tolist(), strict=True)
        ),
    )


def fieller_interval(
    mean: FloatArray,
    sd: FloatArray,
    n: FloatArray | IntArray,
    control_mean: FloatArray,
    control_sd: FloatArray,
    control_n: FloatArray | IntArray,
    confidence: float = 0.95,
) -> tuple[FloatArray, FloatArray]:
    """Return confidence intervals of the ratios of means of independent groups, by Fieller's theorem.

    Parameters
    ----------
    mean, sd, n : ndarray, shape (n_pairs,)
        Of the numerators.
    control_mean, control_sd, control_n : ndarray, shape (n_pairs,)
        Of the denominators.
    confidence : float
        Between 0 and 1.

    Returns
    -------
    low, high : ndarray, float, shape (n_pairs,)
        NaN where either group has fewer than two values, neither varies, all numerators are 0, or the denominator
        cannot be told from 0: then no interval is bounded.

    Notes
    -----
    Fieller 1954, 10.1111/j.2517-6161.1954.tb00159.x. The standard errors are those of the groups, and the degrees of
    freedom those of Welch and Satterthwaite at the ratio that was found: (e^2 + r^2 c^2)^2 / (e^4 / (n - 1) +
    r^4 c^4 / (m - 1)), with the squared standard errors e^2 and c^2.

    Examples
    --------
    >>> import numpy as np
    >>> low, high = fieller_interval(*(np.array([number]) for number in (5.0, 1.0, 3, 10.0, 1.0, 3)))
    >>> low.round(3), high.round(3)
    (array([0.306]), array([0.73]))
    """
    from scipy.special import stdtrit

    low, high = np.full(mean.shape, np.nan), np.full(mean.shape, np.nan)
    usable = (n >= 2) & (control_n >= 2) & (control_mean != 0) & np.isfinite(mean) & np.isfinite(control_mean)
    usable &= (sd > 0) | (control_sd > 0)
    if not usable.any():
        return low, high
    # In units of the denominator, so that squares of large and small numbers stay within range.
    scale, sign = np.abs(control_mean[usable]), np.sign(control_mean[usable])
    with np.errstate(over="ignore", under="ignore", invalid="ignore", divide="ignore"):
        r = mean[usable] / scale * sign
        e2 = (sd[usable] / scale) ** 2 / n[usable]
        c2 = (control_sd[usable] / scale) ** 2 / control_n[usable]
        total = e2 + r**2 * c2
        freedom = 1.0 / ((e2 / total) ** 2 / (n[usable] - 1) + (r**2 * c2 / total) ** 2 / (control_n[usable] - 1))
        t2 = stdtrit(freedom, 0.5 + confidence / 2) ** 2
        # The ratios q with (r - q)^2 <= t^2 (e2 + q^2 c2), which is a bounded stretch where 1 > t^2 c2.
        room = 1.0 - t2 * c2
        inside = r**2 - room * (r**2 - t2 * e2)
        half = np.sqrt(np.maximum(inside, 0.0))
        bounded = (room > 0) & np.isfinite(half)
        low[usable] = np.where(bounded, (r - half) / room, np.nan)
        high[usable] = np.where(bounded, (r + half) / room, np.nan)
    return low, high


def _faults(conditions: Conditions, control: IntArray, mean: FloatArray) -> list[str]:
    """Return why there is no percentage, row by row."""
    found = []
    for i, at in enumerate(control.tolist()):
        if not conditions.groups.n[i]:
            found.append("none of its wells was measured")
        elif at < 0:
            found.append(conditions.each[i].without_control)
        elif np.isnan(mean[at]):
            found.append("no control well was measured")
        elif mean[at] <= 0:
            found.append(
                "the mean of the control wells is 0" if mean[at] == 0 else "the mean of the control wells is negative"
            )
        else:
            found.append("")
    return found


def _no_interval(n: int, control_n: int, sd: float, control_sd: float, mean: float) -> str:
    if min(n, control_n) < 2:
        return "no interval: it takes two wells of each"
    if sd == 0 and (control_sd == 0 or mean == 0):
        return "no interval: its wells do not differ from one another"
    return "no interval: the control wells vary too much for one"
