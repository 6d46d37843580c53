"""One plate on the page: its maps, its rasters and its tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from mnephys.plot import labels, wells
from mnephys.recording import well_name
from mnephys.report import opinions, rasters, rows, text, verdict
from mnephys.report.blocks import blocks
from mnephys.report.cells import Known
from mnephys.report.facts import about, treatment
from mnephys.report.heatmap import heat_map
from mnephys.report.plates import JUDGED, Plate, PlateDay, day_words
from mnephys.report.recordings import Recording
from mnephys.report.welltables import Features, anchor, apart, features, over_days, table

__all__ = ["MOST_VALUES", "details", "maps", "n_values", "summary", "together"]

MOST_VALUES = 30_000
"""Most values of all wells over days, on one page: beyond them only the tables by recording are shown."""

_MOST_PROBLEMS = 20
# Columns of wells up to which maps stand closer.
_NARROW, _MIDDLE = 6, 8

Record = Mapping[str, Any]


def summary(plate: Plate, recordings: Mapping[str, Recording], key: str) -> dict[str, Any]:
    """Return the head of a plate, and of each of its recordings a row of the overview.

    Parameters
    ----------
    plate : Plate
        With its recordings in order.
    recordings : mapping of str to Recording
        Those of the plate.
    key : str
        Begins the ids of the plate.

    Returns
    -------
    dict
        Values for the template; text is plain.

    Examples
    --------
    >>> summary(Plate("P", (PlateDay("a.csv", 5.0, None, ()),)), {}, "p1")["rows"][0]["when"]
    'day 5'
    """
    shown = [_row(day, recordings, f"{key}r{i}") for i, day in enumerate(plate.days, 1)]
    return {
        "key": key,
        "name": plate.name or key,
        "simulated": any(row["simulated"] for row in shown),
        "rows": shown,
        "latest": shown[-1],
        "dated": plate.is_dated,
    }


def n_values(plate: Plate) -> int:
    """Return how many values the wells of a plate have over all its recordings.

    Parameters
    ----------
    plate : Plate
        With its recordings.

    Returns
    -------
    int
        Wells times criteria times recordings, about.

    Examples
    --------
    >>> n_values(Plate("P", ()))
    0
    """
    judged = [score for day in plate.days for score in day.judged]
    return len(judged) * len(features(judged))


def together(plates: Sequence[Plate]) -> list[list[int]]:
    """Return which plates share one row of maps: neighbours of which each was recorded once.

    Parameters
    ----------
    plates : sequence of Plate
        In their order.

    Returns
    -------
    list of list of int
        Positions in `plates`.

    Examples
    --------
    >>> once, twice = Plate("a", (None,)), Plate("b", (None, None))
    >>> together([once, once, twice, twice, once])
    [[0, 1], [2], [3], [4]]
    """
    found: list[list[int]] = []
    for i, plate in enumerate(plates):
        once = len(plate.days) == 1
        if once and found and len(plates[found[-1][0]].days) == 1:
            found[-1].append(i)
        else:
            found.append([i])
    return found


def maps(
    plates: Sequence[Plate], heads: Sequence[Mapping[str, Any]], recordings: Mapping[str, Recording]
) -> dict[str, Any]:
    """Return the wells of each recording of some plates as a grid.

    Parameters
    ----------
    plates : sequence of Plate
        One, or several that were recorded once.
    heads : sequence of mapping
        The `summary` of each.
    recordings : mapping of str to Recording
        Those of the plates.

    Returns
    -------
    dict
        Values for the template: `days` with a `map` each, and the `groups` of wells with a line or treatment.

    Examples
    --------
    >>> plate = Plate("P", (PlateDay("a.csv", 5.0, None, ()),))
    >>> len(maps([plate], [summary(plate, {}, "p1")], {})["days"][0]["map"]["wells"])
    6
    """
    alone = len(plates) == 1 and len(plates[0].days) > 1
    days = [
        {
            **row,
            "map": heat_map(day, _targets(day, str(row["key"]), layout), layout),
            "plate": "" if alone else head["name"],
            "groups": [] if alone else _groups(plate),
        }
        for plate, head in zip(plates, heads, strict=True)
        for day, row in zip(plate.days, head["rows"], strict=True)
        for layout in (_layout(recordings.get(day.name)),)
    ]
    width = max(day["map"]["n_columns"] for day in days)
    return {
        "name": heads[0]["name"] if alone else "",
        "key": heads[0]["key"],
        "days": days,
        "size": "wide" if width > _MIDDLE else "middle" if width > _NARROW else "narrow",
        "groups": _groups(plates[0]) if alone else [],
    }


def details(plate: Plate, head: Mapping[str, Any], known: Known, *, with_courses: bool) -> dict[str, Any]:
    """Return all that the page says of a plate, pictures included.

    Parameters
    ----------
    plate : Plate
        With its recordings in order.
    head : mapping
        Its `summary`.
    known : Known
        What belongs to it; of the evidence one record is asked for.
    with_courses : bool
        Whether each well is also shown over days.

    Returns
    -------
    dict
        Values for the template.

    Examples
    --------
    >>> from mnephys.report.references import References
    >>> plate = Plate("P", (PlateDay("a.csv", 5.0, None, ()),))
    >>> known = Known({}, {}, None, References())
    >>> details(plate, summary(plate, {}, "p1"), known, with_courses=False)["rasters"].pictures
    ()
    """
    judged = [score for day in plate.days for score in day.judged]
    columns = features(judged)
    key = str(head["key"])
    courses = _courses(plate, key, columns) if with_courses and len(plate.days) > 1 else []
    targets = {course["name"]: course["id"] for course in courses}
    days = [
        _day(day, row, known.recordings.get(day.name), targets)
        for day, row in zip(plate.days, head["rows"], strict=True)
    ]
    return {
        **head,
        "days": days,
        "rasters": rasters.of_plate(plate, known.recordings, known.evidence, key),
        "courses": courses,
        "opinion": opinions.second_opinion(plate),
        "stated": about([score.get("sample") or {} for day in plate.days for score in (day.plate,) if score]),
    }


def _row(day: PlateDay, recordings: Mapping[str, Recording], key: str) -> dict[str, Any]:
    score: Record = day.plate or {}
    recording = recordings.get(day.name)
    return {
        "key": key,
        "name": labels.plain(day.name),
        "day": "" if day.day is None else repr(day.day),
        "when": day_words(day.day),
        "stage": wells.stage_of(score),
        "index": rows.index(score),
        "confidence": labels.plain(score.get("confidence") or ""),
        "counts": verdict.counts(day.stages, day.n_excluded),
        "n_judged": len(day.judged),
        "shares": verdict.shares(day.stages, verdict.NETWORKS),
        "reasons": text.reasons(score),
        "simulated": recording is not None and recording.simulated,
    }


def _day(
    day: PlateDay,
    row: Mapping[str, Any],
    recording: Recording | None,
    courses: Mapping[str, str],
) -> dict[str, Any]:
    key = str(row["key"])
    problems = [] if recording is None else list(recording.problems)
    return {
        **row,
        "table": table(day, key, courses),
        "apart": _apart(day, key, _layout(recording)),
        "problems": problems[:_MOST_PROBLEMS],
        "n_more": max(len(problems) - _MOST_PROBLEMS, 0),
        "source": {} if recording is None else recording.source,
        "known": recording is not None and recording.known,
    }


def _layout(recording: Recording | None) -> Record | None:
    return None if recording is None else (recording.plate or {}).get("layout")


def _apart(day: PlateDay, key: str, layout: Record | None) -> list[dict[str, Any]]:
    n_rows, n_columns = wells.grid((str(score.get("id")) for score in day.wells), layout)
    return apart(day, key, [well_name(row, column) for row in range(n_rows) for column in range(n_columns)])


def _targets(day: PlateDay, key: str, layout: Record | None) -> dict[str, str]:
    """Return what each well leads to: its row, or the line that says why it has none."""
    targets = {well: str(group["id"]) for group in _apart(day, key, layout) for well in group["wells"]}
    for i, score in enumerate(day.wells):
        if wells.state_of(score) in JUDGED:
            targets[str(score.get("id"))] = anchor(key, str(score.get("id")), i)
    return targets


def _courses(plate: Plate, key: str, columns: Features) -> list[dict[str, Any]]:
    """Return the wells that were judged in two recordings or more, over these."""
    found: dict[str, list[tuple[str, Record]]] = {}
    for day in plate.days:
        for score in day.judged:
            found.setdefault(str(score.get("id")), []).append((day_words(day.day) or labels.plain(day.name), score))
    order = sorted(found, key=lambda well: (wells.place(well) is None, wells.place(well) or (0, 0), well))
    return [
        {
            "id": anchor(f"{key}o", well, i),
            "name": well,
            "well": labels.plain(well),
            "line": wells.line_of(found[well][-1][1]),
            "stages": [{"when": when, "stage": wells.stage_of(score)} for when, score in found[well]],
            **over_days(found[well], columns),
        }
        for i, well in enumerate(order)
        if len(found[well]) > 1
    ]


def _groups(plate: Plate) -> list[dict[str, str]]:
    """Return which wells hold which line, and which got which treatment."""
    last: dict[str, Record] = {str(score.get("id")): score for day in plate.days for score in day.judged}
    found: dict[str, list[str]] = {}
    for well, score in last.items():
        words = [wells.line_of(score), treatment(score.get("sample") or {})]
        if any(words):
            found.setdefault(", ".join(filter(None, words)), []).append(well)
    return [{"name": name, "wells": blocks(members)} for name, members in sorted(found.items())]
