"""What each plate itself does to its wells, in words: its edge, dead wells, and control wells that vary."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from mnephys.plot import labels

__all__ = ["by_recording"]

_VERDICTS = {
    "qc_edge_effect": ("edge", "edge effect", "no edge effect"),
    "qc_dead_wells": ("dead wells", "dead wells", "no dead well among the untreated ones"),
    "qc_control_cv": ("control wells", "variable controls", "control wells that agree with one another"),
}

Row = Mapping[str, Any]


def by_recording(rows: Iterable[Row]) -> dict[str, dict[str, list[str]]]:
    """Sort the verdicts on plates by recording.

    Parameters
    ----------
    rows : iterable of mapping
        Rows of the tidy table; others than the verdicts of `mnephys.mea.plate.quality` are left out.

    Returns
    -------
    dict of str to dict
        By recording, named as on the page: `found`, a sentence for each thing that is wrong, `fine`, what is not, and
        `open`, what could not be judged and why.

    Examples
    --------
    >>> row = {"recording": "a.csv", "feature": "qc_dead_wells", "id": "", "text": "dead wells", "status": "ok",
    ...        "reason": "No active electrode in A1."}
    >>> by_recording([row])["a.csv"]["found"]
    ['Dead wells: No active electrode in A1.']
    """
    together: dict[str, list[Row]] = {}
    for row in rows:
        if row.get("feature") in _VERDICTS:
            together.setdefault(labels.plain(row.get("recording") or ""), []).append(row)
    return {name: _words(of) for name, of in together.items()}


def _words(rows: Sequence[Row]) -> dict[str, list[str]]:
    wrong_of: dict[str, None] = {}
    open_of: dict[str, None] = {}
    fine_of: dict[str, dict[str, None]] = {}
    for row in rows:
        subject, wrong, good = _VERDICTS[str(row["feature"])]
        of = _of(row)
        reason = labels.prose(row.get("reason") or "")
        if row.get("status") != "ok":
            open_of[f"{subject}{_beside([of])}: {reason}"] = None
        elif row.get("text") == "ok":
            fine_of.setdefault(good, {})[of] = None
        else:
            wrong_of[f"{wrong.capitalize()}{_beside([of])}: {reason}"] = None
    fine = [f"{words}{_beside(list(each))}" for words, each in fine_of.items()]
    return {"found": list(wrong_of), "fine": fine, "open": list(open_of)}


def _of(row: Row) -> str:
    """Return which feature, and which line or vehicle, a verdict is about."""
    feature, _, more = str(row.get("id") or "").partition(": ")
    return ", ".join(filter(None, (labels.feature(feature) if feature else "", labels.plain(more))))


def _beside(each: Sequence[str]) -> str:
    words = "; ".join(filter(None, each))
    return f" ({words})" if words else ""
