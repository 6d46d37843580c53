"""What the page shows of a run, as plain words and numbers: the template only arranges it."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from mnephys.plot import labels
from mnephys.report import figures, text
from mnephys.report.references import References

__all__ = ["page"]

CELL_BUDGET = 200_000
"""Most characters that the pictures of one cell take on the page."""

_MOST_PICTURED = 4

Record = Mapping[str, Any]


def page(run: Record) -> dict[str, Any]:
    """Return all that the page says.

    Parameters
    ----------
    run : mapping
        A run record: `version, scores, evidence, failures, rubric, notes`.

    Returns
    -------
    dict
        Values for the template; strings are plain and still to be escaped.

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
    cells = [_cell(score, evidence, references, f"c{i}") for i, score in enumerate(scores, 1)]
    return {
        "version": labels.plain(run.get("version") or ""),
        "title": labels.plain(rubric.get("title") or "Functional maturity of motor neurons"),
        "verdict": text.verdict(scores),
        "lost": f"{text.counted(len(failures), 'recording')} could not be used." if failures else "",
        "shares": _shares(scores),
        "cells": cells,
        "criterion_notes": _notes(scores),
        "references": references.entries(),
        "failures": [
            {"recording": labels.plain(f.get("recording")), "error": labels.prose(f.get("error"))} for f in failures
        ],
        "rubric": {key: labels.plain(rubric.get(key) or "") for key in ("name", "version", "sha256")},
        "notes": [labels.prose(note) for note in run.get("notes") or ()],
        "bases": text.BASES,
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


def _cell(score: Record, evidence: Mapping[str, Record], references: References, key: str) -> dict[str, Any]:
    names = list(dict.fromkeys([score.get("recording") or "", *(score.get("sources") or ())]))
    known = [name for name in names if name in evidence]
    pictured = known[:_MOST_PICTURED]
    criteria: Sequence[Record] = score.get("criteria") or ()
    reasons = [labels.prose(reason) for reason in score.get("reasons") or ()]
    stage = text.stage_of(score)
    identity: Record = score.get("identity") or {}
    return {
        "key": key,
        "name": labels.plain(" ".join(filter(None, (str(score.get("subject") or ""), str(score.get("id") or "")))))
        or key,
        "level": labels.plain(score.get("level") or "cell"),
        "stage": stage,
        "stage_words": text.STAGES[stage],
        "claim": text.CLAIMS.get(str(score.get("claim")), labels.category(str(score.get("claim") or "no claim"))),
        "index": _index(score),
        "reasons": reasons or ["no reason was recorded"],
        "domains": [_domain(name, domain) for name, domain in (score.get("domains") or {}).items()],
        "criteria": [_criterion(row, references) for row in criteria if figures.is_scored(row)],
        "reported": [_criterion(row, references) for row in criteria if not figures.is_scored(row)],
        "identity": {
            "call": text.IDENTITIES.get(call := str(identity.get("call") or "not assessed"), labels.category(call)),
            "reasons": [labels.prose(reason) for reason in identity.get("reasons") or ()],
            "criteria": [_criterion(row, references) for row in identity.get("criteria") or ()],
        },
        "pictures": [
            picture
            for i, name in enumerate(pictured, 1)
            for picture in figures.of_recording(evidence[name], f"{key}r{i}", CELL_BUDGET // len(pictured))
        ],
        "scales": figures.of_criteria(score, f"{key}k") if any(map(figures.is_scored, criteria)) else None,
        "not_pictured": [labels.plain(name) for name in known[_MOST_PICTURED:]],
        "examined": bool(known),
        "problems": [sentence for name in known for sentence in _problems(name, evidence[name])],
        "sources": [_source(name, evidence.get(name)) for name in names if name],
    }


def _notes(scores: Iterable[Record]) -> list[dict[str, str]]:
    """Return what the rubric says of each criterion, once for all cells."""
    rows = [r for s in scores for r in (*(s.get("criteria") or ()), *((s.get("identity") or {}).get("criteria") or ()))]
    pairs = dict.fromkeys((str(row.get("feature") or ""), str(row["note"])) for row in rows if row.get("note"))
    return [{"feature": labels.feature(feature), "note": labels.prose(note)} for feature, note in pairs]


def _index(score: Record) -> dict[str, Any] | None:
    """Return the maturity index with the geometry of its bar, or None where there is none."""
    value = _finite(score.get("maturity_index"))
    if value is None:
        return None
    low, high = (_finite(bound) for bound in (score.get("interval") or (None, None)))
    shown: dict[str, Any] = {"value": f"{value:.2f}", "x": round(100 * value, 1)}
    if low is not None and high is not None:
        shown |= {"interval": f"{low:.2f} to {high:.2f}", "left": round(100 * low, 1)}
        shown["width"] = round(100 * (high - low), 1)
    return shown


def _domain(name: str, domain: Record) -> dict[str, str]:
    value, weight = _finite(domain.get("score")), _finite(domain.get("weight"))
    return {
        "name": text.DOMAINS.get(name, labels.category(name)),
        "score": "not scored" if value is None else f"{value:.2f}",
        "weight": "reported apart" if not weight else f"{weight:.2f}",
        "measured": _measured(domain.get("measured"), domain.get("criteria")),
    }


def _measured(measured: Any, criteria: Any) -> str:
    """Return how much of a domain was measured, from counts, lists of names, or yes and no."""
    if isinstance(measured, bool) or measured is None:
        return "yes" if measured else "no"
    counts = [len(part) if isinstance(part, (list, tuple, dict)) else part for part in (measured, criteria)]
    return " of ".join(str(int(count)) for count in counts if isinstance(count, (int, float)))


def _criterion(row: Record, references: References) -> dict[str, Any]:
    number, status = _finite(row.get("value")), str(row.get("status") or "ok")
    category, unit = str(row.get("text") or ""), str(row.get("unit") or "1")
    value = labels.quantity(number, unit) if number is not None else labels.category(category) if category else ""
    points = _finite(row.get("points"))
    reason = labels.prose(row.get("reason") or "")
    measured = status == "ok" and bool(value)
    return {
        "feature": labels.feature(str(row.get("feature") or "")),
        "value": value if measured else f"{value} (not used)" if value else "not measured",
        "sort": "" if number is None or not measured else repr(number),
        "measured": measured,
        "cut": labels.prose(row.get("cut") or "") if figures.is_scored(row) else "",
        "points": "not scored" if points is None else f"{points:.2f}",
        "points_sort": "" if points is None else repr(points),
        "domain": text.DOMAINS.get(str(row.get("domain")), labels.category(str(row.get("domain") or ""))),
        "status": _status(status, reason),
        "source": references.cite(row.get("source") or ""),
        "basis": labels.plain(row.get("basis") or ""),
    }


def _status(status: str, reason: str) -> str:
    words = text.STATUSES.get(status, labels.category(status))
    if not reason:
        return words
    # The value beside it says "not measured", or is there.
    return reason if status in {"ok", "not_applicable"} else f"{words}: {reason}"


def _problems(name: str, record: Record) -> list[str]:
    """Return what is wrong with a recording; sweeps that were excluded for one reason stand together."""
    sentences = [labels.prose(problem) for problem in record.get("problems") or ()]
    together: dict[str, list[str]] = {}
    for sweep, reason in (record.get("excluded_sweeps") or {}).items():
        together.setdefault(labels.prose(reason), []).append(labels.plain(sweep))
    for reason, sweeps in together.items():
        sentences.append(f"sweep{'s' * (len(sweeps) > 1)} {', '.join(sweeps)} excluded: {reason}")
    return [f"{labels.plain(name)}: {sentence}" for sentence in sentences]


def _source(name: str, record: Record | None) -> dict[str, str]:
    if record is None:
        return {"name": labels.plain(name)}
    provenance: Record = record.get("provenance") or {}
    rate, duration = _finite(record.get("sampling_rate")), _finite(record.get("duration"))
    sweeps = text.counted(int(record["n_sweeps"]), "sweep") if record.get("n_sweeps") is not None else ""
    length = f"{sweeps} of {labels.compact(duration)} s" if sweeps and duration is not None else sweeps
    version = f"{provenance.get('format') or ''} {provenance.get('format_version') or ''}"
    return {
        "name": labels.plain(name),
        "format": labels.plain(version),
        "clamp": labels.plain(record.get("clamp") or ""),
        "length": f"{length} at {labels.compact(rate / 1000)} kHz" if rate is not None else length,
        "command": labels.plain(record.get("command_source") or ""),
        "size": text.size(provenance["size"]) if provenance.get("size") else "",
        "sha256": labels.plain(provenance.get("sha256") or "")[:12],
        "reader": labels.plain(provenance.get("reader") or ""),
    }


def _finite(value: Any) -> float | None:
    return float(value) if isinstance(value, (int, float)) and math.isfinite(value) else None
