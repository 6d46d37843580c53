"""Criteria, domains and the index of a cell, as plain words and numbers."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from mnephys.plot import labels
from mnephys.report import figures, text
from mnephys.report.references import References

__all__ = ["criterion", "domain", "finite", "index", "status"]

Record = Mapping[str, Any]


def index(score: Record) -> dict[str, Any] | None:
    """Return the maturity index with the geometry of its bar.

    Parameters
    ----------
    score : mapping
        A score record.

    Returns
    -------
    dict or None
        None where there is no index.

    Examples
    --------
    >>> index({"maturity_index": 0.914, "interval": [0.8, 1.0]})["value"], index({})
    ('0.91', None)
    """
    value = finite(score.get("maturity_index"))
    if value is None:
        return None
    low, high = (finite(bound) for bound in (score.get("interval") or (None, None)))
    shown: dict[str, Any] = {"value": f"{value:.2f}", "x": round(100 * value, 1)}
    if low is not None and high is not None:
        shown |= {"interval": f"{low:.2f} to {high:.2f}", "left": round(100 * low, 1)}
        shown["width"] = round(100 * (high - low), 1)
    return shown


def domain(name: str, record: Record) -> dict[str, str]:
    """Return a domain.

    Parameters
    ----------
    name : str
        As the rubric calls it.
    record : mapping
        `score`, `weight`, `measured` and `criteria`.

    Returns
    -------
    dict of str to str
        Name, score, weight, and how much of it was measured.

    Examples
    --------
    >>> domain("ap", {"score": 0.683, "weight": 0.3, "measured": 2, "criteria": 3})["score"]
    '0.68'
    """
    value, weight = finite(record.get("score")), finite(record.get("weight"))
    return {
        "name": text.DOMAINS.get(name, labels.category(name)),
        "score": "not scored" if value is None else f"{value:.2f}",
        "weight": "reported apart" if not weight else f"{weight:.2f}",
        "measured": _measured(record.get("measured"), record.get("criteria")),
    }


def _measured(measured: Any, criteria: Any) -> str:
    """Return how much of a domain was measured, from counts, lists of names, or yes and no."""
    if isinstance(measured, bool) or measured is None:
        return "yes" if measured else "no"
    counts = [len(part) if isinstance(part, (list, tuple, dict)) else part for part in (measured, criteria)]
    return " of ".join(str(int(count)) for count in counts if isinstance(count, (int, float)))


def criterion(row: Record, references: References) -> dict[str, Any]:
    """Return a criterion.

    Parameters
    ----------
    row : mapping
        Of a score record.
    references : References
        Remembers the sources.

    Returns
    -------
    dict
        Value, cut, points, status and source; what was not measured says so.

    Examples
    --------
    >>> row = {"feature": "ap_peak", "value": 31.0, "unit": "mV", "status": "ok", "points": 1.0}
    >>> criterion(row, References())["points"]
    '1.00'
    """
    number, state = finite(row.get("value")), str(row.get("status") or "ok")
    category, unit = str(row.get("text") or ""), str(row.get("unit") or "1")
    value = labels.quantity(number, unit) if number is not None else labels.category(category) if category else ""
    points = finite(row.get("points"))
    reason = labels.prose(row.get("reason") or "")
    measured = state == "ok" and bool(value)
    return {
        "feature": labels.feature(str(row.get("feature") or "")),
        "value": value if measured else f"{value} (not used)" if value else text.missing(row),
        "voltages": _voltages(row, unit) if measured else [],
        "sort": "" if number is None or not measured else repr(number),
        "measured": measured,
        "cut": labels.prose(row.get("cut") or "") if figures.is_scored(row) else "",
        "points": "not scored" if points is None else f"{points:.2f}",
        "points_sort": "" if points is None else repr(points),
        "domain": text.DOMAINS.get(str(row.get("domain")), labels.category(str(row.get("domain") or ""))),
        "status": status(state, reason),
        "source": references.cite(row.get("source") or ""),
        "basis": labels.plain(row.get("basis") or ""),
    }


def _voltages(row: Record, unit: str) -> list[str]:
    """Return a voltage before and after the junction potential is subtracted; nothing where neither is known."""
    both = {name: finite(row.get(name)) for name in ("raw", "corrected")}
    if all(value is None for value in both.values()):
        return []
    return [f"{name} {'not known' if value is None else labels.quantity(value, unit)}" for name, value in both.items()]


def status(state: str, reason: str) -> str:
    """Return how a measurement went, in words.

    Parameters
    ----------
    state : str
        Its status.
    reason : str
        Why, where there is a reason.

    Returns
    -------
    str
        The reason alone where what stands beside it says the rest.

    Examples
    --------
    >>> status("ok", ""), status("failed", "no fit"), status("not_applicable", "no step")
    ('measured', 'failed: no fit', 'no step')
    """
    words = text.STATUSES.get(state, labels.category(state))
    if not reason:
        return words
    # The value beside it says "not measured", or is there.
    return reason if state in {"ok", "not_applicable"} else f"{words}: {reason}"


def finite(value: Any) -> float | None:
    """Return a number out of a record.

    Parameters
    ----------
    value : object
        From JSON.

    Returns
    -------
    float or None
        None for all else, and for what is not finite.

    Examples
    --------
    >>> finite(2), finite(float("nan")), finite("2")
    (2.0, None, None)
    """
    return float(value) if isinstance(value, (int, float)) and math.isfinite(value) else None
