"""From the recordings of one cell to one measurement of each feature.

Recordings that failed quality control contribute nothing but a reason. Of the others, each feature
takes the measurements with status ``ok``: their median, or their maximum, or the most mature
category, as the criterion says. Where there is none, the first failed attempt is kept for its reason.
"""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from mnephys.errors import UnitsError
from mnephys.maturity.model import AMPLITUDE, DRIVE, PATTERN, QUALITY, RANGE, Rubric
from mnephys.maturity.scale import Combine, Criterion
from mnephys.measurement import FeatureTable, Measurement, Status
from mnephys.units import conversion_factor
from mnephys.wording import nearest

__all__ = ["Drive", "Observed", "checked", "combine"]


_REACHED = "reached"
_STOPPED_EARLY = "stopped early"


class Drive(StrEnum):
    """Whether the cell was given enough current to fire."""

    DRIVEN = "driven"
    NOT_DRIVEN = "not driven"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Observed:
    """What was measured on one cell.

    Parameters
    ----------
    measurements : mapping of str to Measurement
        One for each feature of the rubric, in the unit of its criterion.
    sources : tuple of str
        Names of the recordings used.
    excluded : tuple of (str, str)
        Name and reason of each recording that was not.
    drive : Drive
        Whether the cell was given enough current to fire.
    drive_reason : str
        How that is known, or why it is not.
    usable : bool
        Whether any recording has passed quality control.
    stopped_early : str
        Where the steps stop, if so low that stronger ones might show more; empty where they go far enough, and
        where that is not known.
    """

    measurements: Mapping[str, Measurement]
    sources: tuple[str, ...]
    excluded: tuple[tuple[str, str], ...]
    drive: Drive
    drive_reason: str
    usable: bool
    stopped_early: str = ""

    def numbers(self) -> dict[str, float]:
        """Return the values that were measured.

        Returns
        -------
        dict of str to float
            By feature, in the unit of its criterion.
        """
        return {name: row.value for name, row in self.measurements.items() if row.ok and row.value is not None}

    def categories(self) -> dict[str, str]:
        """Return the categories that were found.

        Returns
        -------
        dict of str to str
            By feature.
        """
        return {name: row.text for name, row in self.measurements.items() if row.ok and row.value is None}


def combine(table: FeatureTable, rubric: Rubric) -> Observed:
    """Return one measurement of each feature of the rubric.

    Parameters
    ----------
    table : FeatureTable
        Of one or more recordings of one cell.
    rubric : Rubric
        What to look for, and how to combine it.

    Returns
    -------
    Observed
        Features that nobody tried to measure are ``not_applicable``.

    Examples
    --------
    >>> from mnephys.maturity.rubric import load_rubric
    >>> rows = [Measurement("input_resistance", v, "", "GOhm", recording=r) for r, v in (("a", 0.4), ("b", 0.6))]
    >>> combine(FeatureTable(tuple(rows)), load_rubric()).measurements["input_resistance"].value
    500.0
    """
    recordings: dict[str, list[Measurement]] = {}
    for row in table.select(level=rubric.level):
        recordings.setdefault(row.recording, []).append(row)
    excluded = {name: reason for name, rows in recordings.items() if (reason := _failed(rows))}
    rows = [row for name, found in recordings.items() if name not in excluded for row in found]
    by_feature: dict[str, list[Measurement]] = {}
    for row in rows:
        by_feature.setdefault(row.feature, []).append(row)
    usable = len(excluded) < len(recordings) or not recordings
    missing = (Status.NOT_APPLICABLE, "was not measured")
    if excluded and not usable:
        missing = (Status.EXCLUDED, "; ".join(excluded.values()))
    measurements = {
        name: _one(criterion, by_feature.get(name, [])) or _missing(criterion, *missing)
        for name, criterion in rubric.criteria.items()
    }
    fired = any(row.ok for row in by_feature.get(AMPLITUDE, []))
    drive, reason = _drive(by_feature.get(DRIVE, []), measurements[PATTERN], rubric.stages.silent_patterns, fired=fired)
    if drive is not Drive.DRIVEN and measurements[PATTERN].ok:
        silent = f"{measurements[PATTERN].text!r} is no finding: {reason}"
        measurements[PATTERN] = _missing(rubric.criteria[PATTERN], Status.NOT_APPLICABLE, silent)
    sources = tuple(name for name in recordings if name and name not in excluded)
    early = _stopped_early(by_feature.get(RANGE, []))
    return Observed(measurements, sources, tuple(excluded.items()), drive, reason, usable, early)


def _failed(rows: Sequence[Measurement]) -> str:
    return next((row.reason for row in rows if row.feature == QUALITY and not row.ok), "")


def _missing(criterion: Criterion, status: Status, reason: str) -> Measurement:
    return Measurement(criterion.feature, None, "", criterion.unit, status, reason)


def _one(criterion: Criterion, rows: Sequence[Measurement]) -> Measurement | None:
    if not rows:
        return None
    found = [checked(criterion, row) for row in rows]
    usable = [row for row in found if row.ok]
    if not usable:
        return found[0]
    if len(usable) == 1:
        return usable[0]
    remark = f"{criterion.combine.value.replace('_', ' ')} of {len(usable)} measurements"
    if criterion.combine is Combine.MOST_MATURE:
        order = list(criterion.categories)
        return replace(max(usable, key=lambda row: order.index(row.text)), reason=remark, recording="")
    values = [row.value for row in usable if row.value is not None]
    value = (
        max(values, key=abs if criterion.magnitude else float)
        if criterion.combine is Combine.MAX
        else statistics.median(values)
    )
    return replace(usable[0], value=float(value), reason=remark, recording="")


def checked(criterion: Criterion, row: Measurement) -> Measurement:
    """Return a row in the unit of its criterion, or as bad input where it cannot be judged.

    Parameters
    ----------
    criterion : Criterion
        Of the row's feature.
    row : Measurement
        As it was measured, with any status.

    Returns
    -------
    Measurement
        The same where it is not ``ok``.

    Examples
    --------
    >>> from mnephys.maturity.rubric import load_rubric
    >>> criterion = load_rubric().criteria["input_resistance"]
    >>> checked(criterion, Measurement("input_resistance", 0.4, "", "GOhm")).value
    400.0
    """
    if not row.ok:
        return row
    if criterion.categories:
        if row.text in criterion.categories:
            return replace(row, value=None)
        advice = nearest(row.text, criterion.categories)
        return _missing(criterion, Status.BAD_INPUT, f"category {row.text!r} is not in the rubric; {advice}")
    if row.value is None:
        return _missing(criterion, Status.BAD_INPUT, f"is the text {row.text!r}, needs a number")
    return _converted(criterion, row, row.value)


def _converted(criterion: Criterion, row: Measurement, value: float) -> Measurement:
    if row.unit == criterion.unit:
        return row
    try:
        factor = conversion_factor(row.unit, criterion.unit)
    except UnitsError:
        reason = f"is in {row.unit!r}, the rubric needs {criterion.unit}"
        return _missing(criterion, Status.BAD_INPUT, reason)
    return replace(row, value=value * factor, unit=criterion.unit)


def _drive(
    rows: Sequence[Measurement], pattern: Measurement, silent: Sequence[str], *, fired: bool
) -> tuple[Drive, str]:
    if pattern.ok and pattern.text not in silent:
        return Drive.DRIVEN, "an AP was evoked"
    for wanted in (Drive.DRIVEN, Drive.NOT_DRIVEN):
        found = next((row for row in rows if row.ok and row.text == wanted.value), None)
        if found is not None:
            return wanted, found.reason or f"{DRIVE} says so"
    if fired:
        return Drive.DRIVEN, "an AP was recorded"
    failed = next((row.reason for row in rows if not row.ok), "")
    return Drive.UNKNOWN, failed or "the table does not say whether enough current was given"


def _stopped_early(rows: Sequence[Measurement]) -> str:
    """Return where the steps of all recordings stop, empty where those of any go far enough."""
    said = {row.text: row.reason for row in rows if row.ok}
    if _REACHED in said or _STOPPED_EARLY not in said:
        return ""
    return said[_STOPPED_EARLY] or "the steps stop early"
