"""One dose-response curve per treatment of each recording, line, differentiation and vehicle."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from mnephys.mea.plate.conditions import Condition, conditions_of
from mnephys.mea.plate.hill import hill_fit
from mnephys.mea.plate.wells import Wells

__all__ = ["CURVE_COLUMNS", "curve_records"]

MIN_SHOWN = 2
"""A treatment given at fewer doses has no curve that could be asked for."""

_NUMBERS = ("ec50", "low", "high", "slope", "start", "end")

CURVE_COLUMNS = (
    *("recording", "plate", "feature", "unit", "line", "differentiation", "vehicle", "treatment", "dose_unit"),
    *("n_doses", "n_wells", *_NUMBERS, "status", "reason"),
)
"""Columns of a table of curves: `ec50`, `low` and `high` are in `dose_unit`, `start` and `end` in `unit`."""


def curve_records(wells: Wells, confidence: float = 0.95) -> list[dict[str, Any]]:
    """Fit the Hill equation to every treatment that was given at several doses; the control wells are the dose 0.

    Parameters
    ----------
    wells : Wells
        With the controls marked.
    confidence : float
        Of the interval, between 0 and 1.

    Returns
    -------
    list of dict
        One per treatment, with the keys `CURVE_COLUMNS`; what is not known is None, and `reason` says why.

    Examples
    --------
    >>> dose = [0.0] * 3 + [0.1] * 3 + [1.0] * 3 + [10.0] * 3 + [100.0] * 3
    >>> values = [10 / (1 + x / 2) + noise for x, noise in zip(dose, [-0.2, 0.0, 0.2] * 5)]
    >>> rate = Wells.of("rate", "Hz", [f"A{i}" for i in range(15)], values, treatment=[""] * 3 + ["CNQX"] * 12,
    ...                 dose=dose, dose_unit=["uM"] * 15, control=[True] * 3 + [False] * 12)
    >>> [(row["treatment"], round(row["ec50"], 1), row["dose_unit"], row["n_wells"]) for row in curve_records(rate)]
    [('CNQX', 2.0, 'uM', 15)]
    """
    conditions = conditions_of(wells)
    plates = dict(zip(wells.recording.tolist(), wells.plate.tolist(), strict=True))
    dose = np.array([0.0 if one.control else one.dose for one in conditions.each])[conditions.index]
    of_controls = {_batch(one): i for i, one in enumerate(conditions.each) if one.control}
    together: dict[tuple[str, str, str, str, str, str], list[int]] = {}
    for i, one in enumerate(conditions.each):
        if not one.control and math.isfinite(one.dose):
            together.setdefault((*_batch(one), one.treatment, one.dose_unit), []).append(i)
    records = []
    for key, members in together.items():
        if len({conditions.each[i].dose for i in members} - {0.0}) < MIN_SHOWN:
            continue
        recording, line, batch, vehicle, treatment, unit = key
        here = np.isin(conditions.index, [*members, of_controls.get(key[:4], -1)])
        fit = hill_fit(dose[here], wells.values[here], unit, confidence)
        values = (recording, plates[recording], wells.feature, wells.unit, line, batch, vehicle, treatment, unit)
        numbers = [getattr(fit, name) for name in _NUMBERS]
        shown = [number if math.isfinite(number) else None for number in numbers]
        tail = (fit.n_doses, fit.n_wells, *shown, fit.status.value, fit.reason)
        records.append(dict(zip(CURVE_COLUMNS, (*values, *tail), strict=True)))
    return records


def _batch(one: Condition) -> tuple[str, str, str, str]:
    return one.recording, one.line, one.differentiation, one.vehicle
