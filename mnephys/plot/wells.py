"""What figures and the page ask of the score of a well: its place, its day, its line, and whether it was judged."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import Any

from mnephys.plot import labels
from mnephys.recording import LAYOUTS

__all__ = [
    "DAYS",
    "MARKS",
    "State",
    "day_field",
    "day_of",
    "grid",
    "index_of",
    "line_of",
    "place",
    "stage_of",
    "state_of",
]

DAYS = {"div": "day in vitro", "day_of_differentiation": "day of differentiation"}
"""The facts that order recordings of a plate, in words; the first that is known counts."""

MARKS = ("organised", "emerging", "absent", "indeterminate")
"""Stages of networks, from the most to the least, and the one that is none."""

_WELL = re.compile(r"([A-Z])([1-9][0-9]?)")
_NO_DATA = "no data"

Record = Mapping[str, Any]


class State(StrEnum):
    """How a well is drawn: with its index, or as one that has none, and why."""

    SCORED = "scored"
    OPEN = "no index"
    UNPLATED = "not plated"
    BLANK = "no data"
    EXCLUDED = "excluded"


def state_of(score: Record) -> State:
    """Return whether a well was scored, or what kind of well it is instead.

    Parameters
    ----------
    score : mapping
        A score record of the level ``well``.

    Returns
    -------
    State
        `SCORED` only with an index; what the sample sheet calls not plated is so whatever else is known.

    Examples
    --------
    >>> state_of({"maturity_index": 0.3}).value, state_of({"sample": {"plated": False}}).value
    ('scored', 'not plated')
    >>> state_of({"status": "excluded", "reasons": ["No data: the export leaves this well blank."]}).value
    'no data'
    """
    if (score.get("sample") or {}).get("plated") is False:
        return State.UNPLATED
    if score.get("status", "ok") == "ok":
        return State.OPEN if index_of(score) is None else State.SCORED
    first = next(iter(score.get("reasons") or ()), "")
    return State.BLANK if str(first).lower().startswith(_NO_DATA) else State.EXCLUDED


def stage_of(score: Record) -> str:
    """Return the stage of a network.

    Parameters
    ----------
    score : mapping
        A score record of the level ``well`` or ``plate``.

    Returns
    -------
    str
        One of `MARKS`.

    Examples
    --------
    >>> stage_of({"network_stage": "emerging"}), stage_of({})
    ('emerging', 'indeterminate')
    """
    stage = str(score.get("network_stage"))
    return stage if stage in MARKS else "indeterminate"


def index_of(score: Record) -> float | None:
    """Return the maturity index.

    Parameters
    ----------
    score : mapping
        A score record.

    Returns
    -------
    float or None
        None where there is none that is finite.

    Examples
    --------
    >>> index_of({"maturity_index": 0.25}), index_of({"maturity_index": float("nan")})
    (0.25, None)
    """
    return _number(score.get("maturity_index"))


def line_of(score: Record) -> str:
    """Return the cell line.

    Parameters
    ----------
    score : mapping
        A score record.

    Returns
    -------
    str
        One printable line; empty where nobody stated it.

    Examples
    --------
    >>> line_of({"sample": {"line": "39b"}}), line_of({})
    ('39b', '')
    """
    return labels.plain((score.get("sample") or {}).get("line") or "")


def day_field(scores: Iterable[Record]) -> str:
    """Return which fact gives the day of all of some scores.

    Parameters
    ----------
    scores : iterable of mapping
        Score records of wells and plates.

    Returns
    -------
    str
        A key of `DAYS`: days of two kinds are never set side by side.

    Examples
    --------
    >>> day_field([{"sample": {"day_of_differentiation": 30}}, {}]), day_field([])
    ('day_of_differentiation', 'div')
    """
    known = {name for score in scores for name in DAYS if day_of(score, name) is not None}
    return next((name for name in DAYS if name in known), next(iter(DAYS)))


def day_of(score: Record, field: str) -> float | None:
    """Return the day of a recording.

    Parameters
    ----------
    score : mapping
        A score record.
    field : str
        A key of `DAYS`.

    Returns
    -------
    float or None
        None where nobody stated it.

    Examples
    --------
    >>> day_of({"sample": {"div": 5.0}}, "div")
    5.0
    """
    return _number((score.get("sample") or {}).get(field))


def place(well: str) -> tuple[int, int] | None:
    """Return where on a plate a well is.

    Parameters
    ----------
    well : str
        Its name.

    Returns
    -------
    tuple of int, or None
        Row and column from 0; None where the name is of another kind.

    Examples
    --------
    >>> place("B12"), place("slice 2")
    ((1, 11), None)
    """
    match = _WELL.fullmatch(well)
    return None if match is None else (ord(match[1]) - ord("A"), int(match[2]) - 1)


def grid(wells: Iterable[str], layout: Record | None = None) -> tuple[int, int]:
    """Return how many rows and columns a plate has.

    Parameters
    ----------
    wells : iterable of str
        Names of wells that have to find their place.
    layout : mapping, optional
        With `rows` and `columns`, as an evidence record has it.

    Returns
    -------
    tuple of int
        As the layout says; where it does not hold all wells, or is missing, those of the smallest plate that does.

    Examples
    --------
    >>> grid(["A1", "D6"]), grid(["A1"], {"rows": 8, "columns": 12}), grid(["H1", "A20"])
    ((4, 6), (8, 12), (8, 20))
    """
    found = {well: where for well in wells if (where := place(well)) is not None}
    n_rows = 1 + max((row for row, _ in found.values()), default=0)
    n_columns = 1 + max((column for _, column in found.values()), default=0)
    stated = [(layout or {}).get(key) for key in ("rows", "columns")]
    match stated:
        case [int(rows), int(columns)] if n_rows <= rows <= 26 and n_columns <= columns <= 99:
            return rows, columns
    fitting = [plate for plate in LAYOUTS.values() if all(plate.place(well) is not None for well in found)]
    known = min(fitting, key=lambda plate: len(plate.wells), default=None)
    return (n_rows, n_columns) if known is None else (known.rows, known.columns)


def _number(value: Any) -> float | None:
    return float(value) if isinstance(value, (int, float)) and math.isfinite(value) else None
