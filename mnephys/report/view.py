"""What the page shows of a run, as plain words and numbers: the template only arranges it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from mnephys.plot import labels
from mnephys.report import cells, courses, definitions, limits, lines, plate_quality, plate_view, text, verdict
from mnephys.report.facts import NOT_STATED
from mnephys.report.heatmap import STEPS
from mnephys.report.plates import Plate, group, is_of_plate
from mnephys.report.recordings import look_up
from mnephys.report.references import References
from mnephys.report.rows import criterion
from mnephys.report.welltables import features

__all__ = ["page"]

_TITLE = "Functional maturity of motor neurons"

Record = Mapping[str, Any]


def page(run: Record) -> dict[str, Any]:
    """Return all that the page says.

    Parameters
    ----------
    run : mapping
        A run record: `version, scores, evidence, failures, rubrics, notes, quality, plate_quality, samples`.

    Returns
    -------
    dict
        Values for the template; strings are plain and still to be escaped. `cells`, `maps`,
        `plates` and `network_criteria` are made while they are iterated, one at a time; after that `references` is
        complete.

    Examples
    --------
    >>> page({"scores": [], "failures": [{"recording": "a.abf", "error": "is empty"}]})["lost"]
    '1 recording could not be used.'
    """
    scores: Sequence[Record] = run.get("scores") or ()
    failures: Sequence[Record] = run.get("failures") or ()
    evidence: Mapping[str, Record] = run.get("evidence") or {}
    of_cells = [score for score in scores if not is_of_plate(score)]
    of_wells = [score for score in scores if is_of_plate(score)]
    plates = group(of_wells)
    recordings = look_up(evidence, (name for score in of_cells for name in cells.names(score)))
    of_plates = look_up(evidence, (day.name for plate in plates for day in plate.days))
    references = References()
    known = cells.Known({**recordings, **of_plates}, evidence, run.get("samples"), references)
    heads = [cells.summary(score, recordings, f"c{i}") for i, score in enumerate(of_cells, 1)]
    plate_heads = [plate_view.summary(plate, of_plates, f"p{i}") for i, plate in enumerate(plates, 1)]
    return {
        "version": labels.plain(run.get("version") or ""),
        **_verdicts(of_cells, plates),
        "lost": f"{text.counted(len(failures), 'recording')} could not be used." if failures else "",
        "banner": _banner(
            [cell["simulated"] for cell in heads], [row["simulated"] for p in plate_heads for row in p["rows"]]
        ),
        "overview": heads,
        "cells": (cells.details(score, head, known) for score, head in zip(of_cells, heads, strict=True)),
        "plate_overview": plate_heads,
        "maps": (
            plate_view.maps([plates[i] for i in rows], [plate_heads[i] for i in rows], of_plates)
            for rows in plate_view.together(plates)
        ),
        "plates": _plates(plates, plate_heads, known),
        "plate_quality": plate_quality.by_recording(run.get("plate_quality") or ()),
        "courses": courses.courses(of_wells),
        "lines": lines.lines(of_wells),
        "network_criteria": (criterion(row, references) for row in features(of_wells)),
        "steps": STEPS,
        "proxies": _proxies(of_cells),
        "network_proxies": _proxies(of_wells),
        "criterion_notes": _notes(scores),
        "references": references,
        "failures": [
            {"recording": labels.plain(f.get("recording")), "error": labels.prose(f.get("error"))} for f in failures
        ],
        **_rubrics(run.get("rubrics") or {}),
        "limits": limits.named(run.get("quality")),
        "definitions": definitions.methods(of_plates),
        "notes": [labels.prose(note) for note in run.get("notes") or ()],
        "bases": text.BASES,
        "not_stated": NOT_STATED,
    }


def _verdicts(of_cells: Sequence[Record], plates: Sequence[Plate]) -> dict[str, Any]:
    """Return the sentence and the bar of each kind; a page of plates alone says nothing of cells."""
    stages = Counter(map(text.stage_of, of_cells))
    return {
        "verdict": text.verdict(of_cells) if of_cells or not plates else "",
        "shares": verdict.shares(stages, text.STAGES),
        "network_verdict": verdict.of_plates(plates),
        "network_shares": verdict.shares(verdict.stages_of(plates), verdict.NETWORKS),
        "scope": verdict.SCOPE,
    }


def _plates(plates: Sequence[Plate], heads: Sequence[Record], known: cells.Known) -> Iterable[dict[str, Any]]:
    fits = sum(map(plate_view.n_values, plates)) <= plate_view.MOST_VALUES
    for plate, head in zip(plates, heads, strict=True):
        yield plate_view.details(plate, head, known, with_courses=fits)


def _banner(of_cells: Sequence[bool], of_plates: Sequence[bool]) -> dict[str, str] | None:
    """Return the warning that stands above all results where something is not real."""
    simulated = [*of_cells, *of_plates]
    if not any(simulated):
        return None
    what = "cells" if not any(of_plates) else "recordings" if any(of_cells) else "plates"
    which = "" if all(simulated) else f"{sum(simulated)} of the {len(simulated)} results are simulated and marked so."
    return {"head": f"Simulated {what}:", "words": text.SIMULATED, "which": which}


def _rubrics(rubrics: Mapping[str, Record]) -> dict[str, Any]:
    """Return the rubrics that scored something, and the title that they give to the page."""
    shown = [
        {key: labels.plain(rubric.get(key) or "") for key in ("name", "version", "sha256", "title")}
        | {"note": labels.prose(rubric.get("note") or ""), "level": labels.plain(level)}
        for level, rubric in rubrics.items()
        if rubric
    ]
    titles = dict.fromkeys(rubric["title"] for rubric in shown if rubric["title"])
    return {"rubrics": shown, "title": " \N{MIDDLE DOT} ".join(titles) or _TITLE}


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
