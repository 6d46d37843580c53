"""What a screen wants of one feature: one row per treatment and dose, and one per well, beside the control wells."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from typing import Any

import numpy as np

from mnephys.mea.plate.assay import FEATURES, compare_conditions
from mnephys.mea.plate.conditions import Condition, conditions_of
from mnephys.mea.plate.dose import DoseTable, dose_table
from mnephys.mea.plate.normalise import to_controls
from mnephys.mea.plate.units import plain, same_dose
from mnephys.mea.plate.wells import Wells
from mnephys.measurement import Measurement
from mnephys.wording import joined

__all__ = ["CONDITION_COLUMNS", "WELL_COLUMNS", "condition_records", "is_named", "well_records"]

_DOSED = re.compile(r"(.+) ([0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?) ?([^ 0-9].*)")
_OF_CONDITION = ("line", "differentiation", "vehicle", "treatment", "dose", "dose_unit")

CONDITION_COLUMNS = (
    *("recording", "plate", "feature", "unit", *_OF_CONDITION, "role", "n_wells", "n_measured"),
    *("mean", "sd", "median", "percent_of_control", "low", "high", "status", "reason"),
    *(*FEATURES, "assay_reason", "percent_effect", "effect_reason"),
)
"""Columns of a table of conditions; what is not known is None, and the reason behind it says why."""

WELL_COLUMNS = (
    *("recording", "plate", "well", *_OF_CONDITION, "control"),
    *("feature", "unit", "value", "status", "reason", "percent_of_control", "percent_reason"),
)
"""Columns of a table of wells."""


def is_named(condition: Condition, name: str) -> bool:
    """Return whether a condition is the one that somebody names.

    Parameters
    ----------
    condition : Condition
        Of a plate.
    name : str
        A treatment, or a treatment with dose and unit: ``TTX 1 uM`` is ``ttx 1000 nM`` too.

    Returns
    -------
    bool
        Never of a control.

    Examples
    --------
    >>> ttx = Condition("", "", "", "TTX", 1.0, "uM", control=False)
    >>> [is_named(ttx, name) for name in ("ttx", "TTX 1 uM", "TTX 1000 nM", "TTX 2 uM", "")]
    [True, True, True, False, False]
    """
    if condition.control or not condition.treatment:
        return False
    wanted, treatment = plain(name), plain(condition.treatment).casefold()
    if wanted.casefold() in {treatment, plain(condition.treated).casefold()}:
        return True
    said = _DOSED.fullmatch(wanted)
    return (
        said is not None
        and said[1].casefold() == treatment
        and same_dose(condition.dose, condition.dose_unit, float(said[2]), said[3])
    )


def condition_records(wells: Wells, positive: str = "") -> list[dict[str, Any]]:
    """Take the wells of each treatment and dose together, beside their control wells.

    Parameters
    ----------
    wells : Wells
        With the controls marked.
    positive : str
        The positive control, as in `is_named`.

    Returns
    -------
    list of dict
        One per condition, with the keys `CONDITION_COLUMNS`. `role` is ``control``, ``positive`` or ``treated``; the
        Z factor of the positive control is Z'. `percent_effect` is 0 at the mean of the control wells and 100 at that
        of the positive control.

    Notes
    -----
    Zhang et al. 1999, 10.1177/108705719900400206; of the percentage and its interval see `dose_table`, of the others
    `compare_conditions`.

    Examples
    --------
    >>> rate = Wells.of("rate", "Hz", ["A1", "A2", "A3", "B1", "B2", "B3"], [9.0, 10.0, 11.0, 0.0, 0.0, 0.3],
    ...                 treatment=["", "", "", "TTX", "TTX", "TTX"], control=[True] * 3 + [False] * 3)
    >>> control, ttx = condition_records(rate, positive="TTX")
    >>> control["role"], control["percent_effect"], control["z_factor"]
    ('control', 0.0, None)
    >>> ttx["role"], ttx["percent_effect"], round(ttx["z_factor"], 2)
    ('positive', 100.0, 0.64)
    """
    table = dose_table(wells)
    compared = iter(compare_conditions(wells))
    plates = dict(zip(wells.recording.tolist(), wells.plate.tolist(), strict=True))
    effects = _effects(table, positive)
    records = []
    for i, one in enumerate(table.conditions):
        rows = [] if one.control else [next(compared) for _ in FEATURES]
        role = "control" if one.control else "positive" if is_named(one, positive) else "treated"
        numbers = {
            name: _number(getattr(table, name)[i])
            for name in ("mean", "sd", "median", "percent_of_control", "low", "high")
        }
        records.append(
            {
                **dict.fromkeys(CONDITION_COLUMNS),
                **_facts(one),
                **numbers,
                "recording": one.recording,
                "plate": plates[one.recording],
                "feature": table.feature,
                "unit": table.unit,
                "role": role,
                "n_wells": int(table.n_wells[i]),
                "n_measured": int(table.n_measured[i]),
                "status": table.status[i].value,
                "reason": table.reason[i],
                **{row.feature: row.value for row in rows},
                "assay_reason": _why(rows) if rows else "these are the control wells",
                **dict(zip(("percent_effect", "effect_reason"), effects[i], strict=True)),
            }
        )
    return records


def well_records(wells: Wells) -> list[dict[str, Any]]:
    """Give each well in terms of its control wells.

    Parameters
    ----------
    wells : Wells
        With the controls marked.

    Returns
    -------
    list of dict
        One per well, with the keys `WELL_COLUMNS`; percent of the mean of the control wells.

    Examples
    --------
    >>> rate = Wells.of("rate", "Hz", ["A1", "A2", "A3"], [2.0, 4.0, 6.0], control=[True, True, False])
    >>> [round(row["percent_of_control"], 1) for row in well_records(rate)]
    [66.7, 133.3, 200.0]
    """
    percent = to_controls(wells, "mean", "percent")
    columns = {name: getattr(wells, name).tolist() for name in ("recording", "plate", "well", *_OF_CONDITION)}
    columns |= {"control": wells.control.tolist(), "value": wells.values.tolist(), "reason": list(wells.reason)}
    columns["percent_of_control"], columns["percent_reason"] = percent.values.tolist(), _uncompared(wells, percent)
    records = []
    for i, status in enumerate(wells.status):
        row = {name: _number(column[i]) for name, column in columns.items()}
        row |= {"feature": wells.feature, "unit": wells.unit, "status": status.value}
        records.append({name: row[name] for name in WELL_COLUMNS})
    return records


def _uncompared(wells: Wells, percent: Wells) -> list[str]:
    """Return why there is no percentage, well by well, in the words of the table of conditions where no control is."""
    conditions = conditions_of(wells)
    alone = set(conditions.treated[conditions.control < 0].tolist())
    return [
        conditions.each[at].without_control if measured and at in alone else why
        for at, measured, why in zip(conditions.index.tolist(), wells.measured.tolist(), percent.reason, strict=True)
    ]


def _effects(table: DoseTable, positive: str) -> list[tuple[float | None, str]]:
    """Return how far each condition is on the way from the control wells to the positive control, and why not."""
    if not positive:
        return [(None, "no positive control is named")] * len(table)
    of: dict[tuple[str, ...], dict[str, list[int]]] = {}
    for i, one in enumerate(table.conditions):
        role = "control" if one.control else "positive" if is_named(one, positive) else ""
        of.setdefault(_batch(one), {}).setdefault(role, []).append(i)
    return [_effect(table, i, of[_batch(one)], one) for i, one in enumerate(table.conditions)]


def _batch(one: Condition) -> tuple[str, ...]:
    return one.recording, one.line, one.differentiation, one.vehicle


def _effect(table: DoseTable, i: int, of: dict[str, list[int]], one: Condition) -> tuple[float | None, str]:
    low, high = of.get("control", []), of.get("positive", [])
    if not low:
        return None, one.without_control
    if len(high) != 1:
        return None, (
            "its control wells have no positive control beside them"
            if not high
            else "there are several doses of the positive control; name one of them"
        )
    start, end, here = (float(table.mean[at]) for at in (low[0], high[0], i))
    if not math.isfinite(start + end + here):
        return None, "its wells, the control wells or those of the positive control were not measured"
    # Less than what rounding leaves of their sums is no distance.
    if abs(end - start) <= 1e-12 * (abs(start) + abs(end)):
        return None, "control wells and positive control have the same mean"
    # No minus before a zero.
    effect = 100.0 * (here - start) / (end - start) + 0.0
    return (effect, "") if math.isfinite(effect) else (None, "the numbers are too large to be compared")


def _facts(one: Condition) -> dict[str, Any]:
    return {name: _number(getattr(one, name)) for name in _OF_CONDITION}


def _number(value: Any) -> Any:
    """Return a number or a text as plain data, None where there is no number."""
    if isinstance(value, float | np.floating):
        return float(value) if math.isfinite(value) else None
    return value


def _why(rows: Sequence[Measurement]) -> str:
    """Return why numbers are missing: each reason once, with the names of those that it is about unless it is all."""
    names: dict[str, list[str]] = {}
    for row in rows:
        if not row.ok:
            names.setdefault(row.reason, []).append(row.feature)
    return "; ".join(why if len(of) == len(rows) else f"{joined(of)}: {why}" for why, of in names.items())
