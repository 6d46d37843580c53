"""The maturity index over days as small panels, one for each cell line; the template draws them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mnephys.plot import labels, wells
from mnephys.plot.days import NOT_STATED, LineDays, by_line
from mnephys.report import text

__all__ = ["WARNING", "courses"]

WARNING = (
    "Rate and bursting differ between the lines of patients and their controls without being maturity. In a "
    "comparison of a disease with its control the index must not be read as maturity: a line that fires more is not "
    "for that reason more mature. Nor does a multi-electrode array say whether the neurons are motor neurons."
)

_WIDTH, _HEIGHT = 250.0, 168.0
_LEFT, _RIGHT, _TOP, _BOTTOM = 24.0, 8.0, 6.0, 32.0
# Labels of days stand at least this part of the axis apart.
_MOST_PANELS, _MOST_TICKS = 24, 8
_MARGIN = 0.03

Record = Mapping[str, Any]


def courses(scores: Iterable[Record]) -> dict[str, Any] | None:
    """Return the panels, their axes and the medians as a table.

    Parameters
    ----------
    scores : iterable of mapping
        Score records of wells and plates.

    Returns
    -------
    dict or None
        None where no two days are known.

    Examples
    --------
    >>> well = {"level": "well", "subject": "P A1", "id": "A1", "status": "ok", "maturity_index": 0.2}
    >>> drawn = courses([{**well, "sample": {"div": 5}}, {**well, "sample": {"div": 9}, "maturity_index": 0.6}])
    >>> drawn["panels"][0]["label"]
    'line not stated, 1 well: median index 0.20 on day 5, 0.60 on day 9'
    >>> courses([well]) is None
    True
    """
    known = list(scores)
    lines = by_line(known)
    if not lines:
        return None
    days = sorted({float(day) for line in lines for day in line.median[:, 0]})
    first, last = days[0], days[-1]
    pad = _MARGIN * (last - first)

    def across(day: NDArray[np.float64]) -> NDArray[np.float64]:
        return _LEFT + (_WIDTH - _LEFT - _RIGHT) * (day - first + pad) / (last - first + 2 * pad)

    def up(index: NDArray[np.float64]) -> NDArray[np.float64]:
        return _TOP + (_HEIGHT - _TOP - _BOTTOM) * (1 - np.clip(index, 0, 1))

    def path(course: NDArray[np.float64]) -> str:
        points = zip(across(course[:, 0]), up(course[:, 1]), strict=True)
        return "M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in points)

    medians = [path(line.median) for line in lines]
    treatments = sorted({labels.plain(t) for s in known if (t := (s.get("sample") or {}).get("treatment"))})
    return {
        "width": _WIDTH,
        "height": _HEIGHT,
        "left": _LEFT,
        "right": _WIDTH - _RIGHT,
        "bottom": _HEIGHT - _BOTTOM,
        "axis": wells.DAYS[wells.day_field(s for s in known if s.get("level") == "well")].capitalize(),
        "levels": [{"y": round(float(up(np.array(v))), 1), "label": f"{v:g}"} for v in (0, 0.25, 0.5, 0.75, 1)],
        "ticks": [{"x": round(float(across(np.array(t))), 1), "label": labels.compact(t)} for t in _labelled(days)],
        "days": [round(float(across(np.array(day))), 1) for day in days],
        "panels": [_panel(line, path, across, up, medians, i) for i, line in enumerate(lines[:_MOST_PANELS])],
        "others": len(lines) > 1,
        "left_out": [labels.plain(line.line) for line in lines[_MOST_PANELS:]],
        "treatments": treatments,
        "heads": [labels.compact(day) for day in days],
        "medians": [_medians(line, days) for line in lines],
        "warning": WARNING,
    }


def _labelled(days: Sequence[float]) -> list[float]:
    """Return the days that get a label: the last, and before it as many as stand apart."""
    apart = (days[-1] - days[0]) / _MOST_TICKS
    found = [days[-1]]
    for day in reversed(days[:-1]):
        if found[-1] - day >= apart:
            found.append(day)
    return found[::-1]


def _panel(line: LineDays, path: Any, across: Any, up: Any, medians: list[str], i: int) -> dict[str, Any]:
    told = ", ".join(f"{index:.2f} on day {labels.compact(day)}" for day, index in line.median)
    n_wells = text.counted(len(line.courses), "well")
    single = [course for course in line.courses if len(course) == 1]
    return {
        "name": line.line,
        "known": line.line != NOT_STATED,
        "n_wells": n_wells,
        "label": f"{line.line}, {n_wells}: median index {told}",
        "wells": "".join(path(course) for course in line.courses if len(course) > 1),
        "lone": [(round(float(across(c[0, 0])), 1), round(float(up(c[0, 1])), 1)) for c in single],
        "median": medians[i],
        "dots": [(round(float(across(day)), 1), round(float(up(index)), 1)) for day, index in line.median],
        "others": "".join(medians[:i] + medians[i + 1 :]),
    }


def _medians(line: LineDays, days: list[float]) -> dict[str, Any]:
    known = {float(day): f"{index:.2f}" for day, index in line.median}
    return {"name": line.line, "n_wells": len(line.courses), "values": [known.get(day, "") for day in days]}
