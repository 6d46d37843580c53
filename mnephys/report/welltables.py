"""The wells of one recording as a table, criterion by criterion, and those without a score in few words."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from mnephys.plot import labels, style, wells
from mnephys.plot.wells import State
from mnephys.report import figures, rows, text
from mnephys.report.blocks import blocks
from mnephys.report.facts import treatment
from mnephys.report.plates import JUDGED, PlateDay
from mnephys.report.remarks import Notes, absent, shared

__all__ = ["Features", "anchor", "apart", "features", "over_days", "table"]

_MISSING = "\N{EN DASH}"
# How the reasons begin that say what raises and lowers the confidence; they are the same for most wells.
_CONFIDENCE = ("Confidence", "Against it")
# The page spells it out where it explains its words.
_SHORT = {"sttc": "STTC"}

Record = Mapping[str, Any]
Features = Sequence[Mapping[str, Any]]
"""The criteria of some wells: of each one record that shows its name, unit and cuts."""


def features(scores: Iterable[Record]) -> list[Record]:
    """Return the criteria that were measured or counted in any of some wells.

    Parameters
    ----------
    scores : iterable of mapping
        Score records.

    Returns
    -------
    list of mapping
        One record of each criterion, those that are scored first, in the order of the rubric.

    Examples
    --------
    >>> row = {"feature": "sttc", "value": 0.2, "points": 0.3}
    >>> [found["feature"] for found in features([{"criteria": [{"feature": "isi_cv"}, row]}])]
    ['sttc']
    """
    found: dict[str, Record] = {}
    shown: set[str] = set()
    for score in scores:
        for row in score.get("criteria") or ():
            name = str(row.get("feature") or "")
            found.setdefault(name, row)
            if row.get("points") is not None or row.get("value") is not None or row.get("text"):
                shown.add(name)
    measured = [row for name, row in found.items() if name in shown]
    return sorted(measured, key=lambda row: not figures.is_scored(row))


def anchor(key: str, well: str, position: int) -> str:
    """Return the id of the row of a well.

    Parameters
    ----------
    key : str
        Begins the ids of the recording.
    well : str
        Its name.
    position : int
        Among the wells of the recording, for names of another kind.

    Returns
    -------
    str
        Safe in an attribute.

    Examples
    --------
    >>> anchor("p1r2", "A1", 0), anchor("p1r2", "<b>", 7)
    ('p1r2-A1', 'p1r2-w7')
    """
    return f"{key}-{well}" if wells.place(well) is not None else f"{key}-w{position}"


def table(day: PlateDay, key: str, courses: Mapping[str, str]) -> dict[str, Any]:
    """Return the judged wells of a recording.

    Parameters
    ----------
    day : PlateDay
        The recording.
    key : str
        Begins its ids.
    courses : mapping of str to str
        The id of what shows a well over days.

    Returns
    -------
    dict
        `columns`, `rows`, the `notes` that letters in them refer to, and what was measured in no well: `absent`.

    Examples
    --------
    >>> well = {"level": "well", "id": "A1", "status": "ok", "maturity_index": 0.31, "reasons": ["Active."]}
    >>> table(PlateDay("a.csv", None, None, (well,)), "p1r1", {})["rows"][0]["id"]
    'p1r1-A1'
    """
    notes, columns = Notes(), features(day.judged)
    remarks = {str(column.get("feature")): _remark(day.judged, column) for column in columns}
    heads = [_column(row) | {"note": notes.letter(*remarks[str(row.get("feature"))])} for row in columns]
    found = [
        _row(score, anchor(key, str(score.get("id")), i), columns, notes, courses, remarks)
        for i, score in enumerate(day.wells)
        if wells.state_of(score) in JUDGED
    ]
    return {
        "columns": heads,
        "rows": found,
        "absent": _unmeasured(day.judged, columns),
        "notes": notes.told(),
        "lines": any(row["line"] for row in found),
        "treatments": any(row["treatment"] for row in found),
    }


def apart(day: PlateDay, key: str, names: Iterable[str]) -> list[dict[str, Any]]:
    """Return the wells without a stage, those of one reason together.

    Parameters
    ----------
    day : PlateDay
        The recording.
    key : str
        Begins its ids.
    names : iterable of str
        All wells of the plate; those without a score are listed too.

    Returns
    -------
    list of dict
        `id`, `words` and the names of the `wells`.

    Examples
    --------
    >>> gone = {"level": "well", "id": "A1", "sample": {"plated": False}}
    >>> [group["words"] for group in apart(PlateDay("a.csv", None, None, (gone,)), "p1r1", ["A1", "A2"])]
    ['not plated: A1 (1 well)', 'no score: A2 (1 well)']
    """
    groups: dict[tuple[State | None, str], list[str]] = {}
    for state in (State.UNPLATED, State.BLANK, State.EXCLUDED):
        for score in day.wells:
            if wells.state_of(score) is state:
                reason = "" if state is State.UNPLATED else labels.prose(next(iter(score.get("reasons") or ()), ""))
                groups.setdefault((state, _bare(reason)), []).append(str(score.get("id")))
    known = {str(score.get("id")) for score in day.wells}
    if unknown := [name for name in names if name not in known]:
        groups[None, ""] = unknown
    return [
        {"id": f"{key}-g{i}", "words": _group(state, reason, found), "wells": found}
        for i, ((state, reason), found) in enumerate(groups.items(), 1)
    ]


def over_days(courses: Sequence[tuple[str, Record]], columns: Features) -> dict[str, Any]:
    """Return the criteria of one well, one column per recording.

    Parameters
    ----------
    courses : sequence of (str, mapping)
        The name of each recording and the well's score in it.
    columns : Features
        The criteria to show, which are the rows here.

    Returns
    -------
    dict
        `heads` and `rows`; each value with the step of its points on the colour scale.

    Examples
    --------
    >>> row = {"feature": "sttc", "value": 0.2, "unit": "1", "points": 0.3}
    >>> over_days([("day 5", {"criteria": [row], "maturity_index": 0.3})], [row])["rows"][1]
    {'name': 'STTC', 'unit': '', 'cells': [{'value': '0.200', 'step': 3}]}
    """
    index = [{"value": _two(wells.index_of(score)), "step": _step(wells.index_of(score))} for _, score in courses]
    found = [{"name": "maturity index", "unit": "", "cells": index}]
    each = [{row.get("feature"): row for row in score.get("criteria") or ()} for _, score in courses]
    for column in columns:
        cells = []
        for criteria in each:
            row = criteria.get(column.get("feature"), {})
            cells.append({"value": _value(row) or _MISSING, "step": _step(rows.finite(row.get("points")))})
        head = _column(column)
        found.append({"name": head["name"], "unit": head["unit"], "cells": cells})
    return {"heads": [head for head, _ in courses], "rows": found}


def _column(row: Record) -> dict[str, Any]:
    name = str(row.get("feature") or "")
    immature, mature = rows.finite(row.get("immature")), rows.finite(row.get("mature"))
    cuts = "" if immature is None or mature is None else f"{labels.compact(immature)} to {labels.compact(mature)}"
    return {
        "name": _name(name),
        "unit": labels.unit(str(row.get("unit") or "1")),
        "cuts": cuts,
        "scored": figures.is_scored(row),
    }


def _remark(scores: Iterable[Record], column: Record) -> list[str]:
    """Return what is remarked on a criterion in every well that has it; other remarks stand at the single value."""
    name = column.get("feature")
    each = (row for score in scores for row in score.get("criteria") or () if row.get("feature") == name)
    return shared(labels.prose(row.get("reason") or "") for row in each if _value(row))


def _unmeasured(scores: Iterable[Record], columns: Features) -> list[str]:
    criteria = [row for score in scores for row in score.get("criteria") or ()]
    shown = {str(column.get("feature") or "") for column in columns}
    names = dict.fromkeys(str(row.get("feature") or "") for row in criteria)
    return absent(criteria, {name: _name(name) for name in names if name not in shown})


def _name(feature: str) -> str:
    return _SHORT.get(feature, labels.feature(feature))


def _row(
    score: Record,
    key: str,
    columns: Features,
    notes: Notes,
    courses: Mapping[str, str],
    remarks: Mapping[str, Sequence[str]],
) -> dict[str, Any]:
    well = str(score.get("id") or "")
    criteria = {row.get("feature"): row for row in score.get("criteria") or ()}
    index, stage, told = wells.index_of(score), wells.stage_of(score), text.reasons(score)
    interval = str((rows.index(score) or {}).get("interval", ""))
    return {
        "id": key,
        "well": labels.plain(well) or key,
        "course": courses.get(well, ""),
        "line": wells.line_of(score),
        "treatment": treatment(score.get("sample") or {}),
        "stage": stage,
        "confidence": labels.plain(score.get("confidence") or ""),
        "confidence_note": notes.letter(" ".join(reason for reason in told[1:] if reason.startswith(_CONFIDENCE))),
        "index": "" if index is None else f"{index:.2f}",
        "step": _step(index),
        "interval": interval.replace(" to ", "\N{EN DASH}"),
        "cells": [_cell(criteria.get(column.get("feature"), {}), notes, remarks) for column in columns],
        "reason": next(iter(told), ""),
    }


def _cell(row: Record, notes: Notes, remarks: Mapping[str, Sequence[str]]) -> dict[str, str]:
    value, reason = _value(row), labels.prose(row.get("reason") or "")
    if not value:
        reason = rows.status(str(row.get("status") or "not_applicable"), reason)
    elif remarks.get(str(row.get("feature"))):
        reason = ""
    return {
        "value": value or _MISSING,
        "sort": repr(rows.finite(row.get("value"))) if value else "",
        "points": _two(rows.finite(row.get("points"))),
        "note": notes.letter(reason),
    }


def _value(row: Record) -> str:
    """Return the number of a criterion without its unit, which stands above the column."""
    number, symbol = rows.finite(row.get("value")), str(row.get("unit") or "1")
    if row.get("status", "ok") != "ok":
        return ""
    if number is None:
        return labels.category(str(row.get("text") or "")) if row.get("text") else ""
    return labels.quantity(number, "1") if symbol == "1" else labels.number(number)


def _two(number: float | None) -> str:
    return "" if number is None else f"{number:.2f}"


def _step(number: float | None) -> int | None:
    return None if number is None else style.index_step(number)


def _bare(reason: str) -> str:
    """Return a reason without what the kind of the well says already."""
    head, colon, rest = reason.partition(":")
    known = head.strip().lower() in {State.BLANK.value, State.EXCLUDED.value}
    return (rest if colon and known else reason).strip().rstrip(".")


def _group(state: State | None, reason: str, names: Sequence[str]) -> str:
    kind = "no score" if state is None else state.value
    why = f" ({reason})" if reason and reason.lower() != kind else ""
    return f"{kind}{why}: {blocks(names)} ({text.counted(len(names), 'well')})"
