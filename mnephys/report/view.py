"""What the page shows of a run, as plain words and numbers: the template only arranges it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from mnephys.plot import labels
from mnephys.report import cells, text
from mnephys.report.facts import NOT_STATED
from mnephys.report.recordings import look_up
from mnephys.report.references import References

__all__ = ["page"]

Record = Mapping[str, Any]


def page(run: Record) -> dict[str, Any]:
    """Return all that the page says.

    Parameters
    ----------
    run : mapping
        A run record: `version, scores, evidence, failures, rubric, notes, samples`.

    Returns
    -------
    dict
        Values for the template; strings are plain and still to be escaped. `cells` is made while it is iterated,
        one cell at a time, and `references` is complete after that.

    Examples
    --------
    >>> page({"scores": [], "failures": [{"recording": "a.abf", "error": "is empty"}]})["lost"]
    '1 recording could not be used.'
    """
    scores: Sequence[Record] = run.get("scores") or ()
    failures: Sequence[Record] = run.get("failures") or ()
    evidence: Mapping[str, Record] = run.get("evidence") or {}
    rubric: Record = run.get("rubric") or {}
    references = References()
    recordings = look_up(evidence, (name for score in scores for name in cells.names(score)))
    overview = [cells.summary(score, recordings, f"c{i}") for i, score in enumerate(scores, 1)]
    return {
        "version": labels.plain(run.get("version") or ""),
        "title": labels.plain(rubric.get("title") or "Functional maturity of motor neurons"),
        "verdict": text.verdict(scores),
        "lost": f"{text.counted(len(failures), 'recording')} could not be used." if failures else "",
        "shares": _shares(scores),
        "banner": _banner([cell["simulated"] for cell in overview]),
        "overview": overview,
        "cells": (
            cells.details(score, shown, cells.Known(recordings, evidence, run.get("samples"), references))
            for score, shown in zip(scores, overview, strict=True)
        ),
        "proxies": _proxies(scores),
        "criterion_notes": _notes(scores),
        "references": references,
        "failures": [
            {"recording": labels.plain(f.get("recording")), "error": labels.prose(f.get("error"))} for f in failures
        ],
        "rubric": {key: labels.plain(rubric.get(key) or "") for key in ("name", "version", "sha256")},
        "notes": [labels.prose(note) for note in run.get("notes") or ()],
        "bases": text.BASES,
        "not_stated": NOT_STATED,
    }


def _shares(scores: Iterable[Record]) -> list[dict[str, Any]]:
    """Return the parts of the bar below the verdict, in per mille of its length."""
    stages = [text.stage_of(score) for score in scores]
    shares, left = [], 0.0
    for stage in (s for s in text.STAGES if s in stages):
        n = stages.count(stage)
        width = 1000 * n / len(stages)
        shares.append(
            {"stage": stage, "words": text.STAGES[stage], "n": n, "x": round(left, 2), "width": round(width, 2)}
        )
        left += width
    return shares


def _banner(simulated: Sequence[bool]) -> dict[str, str] | None:
    """Return the warning that stands above all results where a cell is not a real one."""
    if not any(simulated):
        return None
    which = "" if all(simulated) else f"{sum(simulated)} of the {len(simulated)} results are simulated and marked so."
    return {"head": "Simulated cells:", "words": text.SIMULATED, "which": which}


def _proxies(scores: Iterable[Record]) -> str:
    """Return how many of the criteria that counted anywhere rest on neurons of another kind."""
    counted = {r.get("feature"): r for s in scores for r in s.get("criteria") or () if r.get("points") is not None}
    proxies = sum(row.get("basis") == "proxy" for row in counted.values())
    return f"In this run they are behind {proxies} of the {len(counted)} criteria that counted." if proxies else ""


def _notes(scores: Iterable[Record]) -> list[dict[str, str]]:
    """Return what the rubric says of each criterion, once for all cells."""
    rows = [r for s in scores for r in (*(s.get("criteria") or ()), *((s.get("identity") or {}).get("criteria") or ()))]
    pairs = dict.fromkeys((str(row.get("feature") or ""), str(row["note"])) for row in rows if row.get("note"))
    return [{"feature": labels.feature(feature), "note": labels.prose(note)} for feature, note in pairs]
