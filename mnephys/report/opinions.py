"""The second opinion on the wells of a plate, beside the stages of the rubric, which it never changes."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from typing import Any

from mnephys.plot import labels, wells
from mnephys.report.blocks import blocks
from mnephys.report.plates import Plate, Record, day_words

__all__ = ["KEY", "second_opinion"]

KEY = "second_opinion"
"""Where the record of a score holds it."""

_STAGES = ("absent", "emerging", "organised")
_ABOUT = (
    "How the wells stand among your own control wells: the first principal component of all their metrics, in standard "
    "deviations, 0 for their mean. It has no cuts and no stages, follows rate among other things, and changes no stage."
)


def second_opinion(plate: Plate) -> dict[str, Any] | None:
    """Return what the page says of it.

    Parameters
    ----------
    plate : Plate
        With its recordings in order.

    Returns
    -------
    dict or None
        None where no well has one. Else where it comes from, sentences, those that tell of a disagreement apart, and
        the numbers by well and recording.

    Examples
    --------
    >>> from mnephys.report.plates import PlateDay
    >>> base = {"level": "well", "status": "ok", "maturity_index": 0.5}
    >>> low = {**base, "id": "A1", "network_stage": "emerging", KEY: {"score": 1.0}}
    >>> high = {**base, "id": "A2", "network_stage": "organised", KEY: {"score": 0.2}}
    >>> second_opinion(Plate("P", (PlateDay("a.csv", 5.0, None, (low, high)),)))["disagreements"][0]
    'It disagrees with the order of the stages: median 1.00 of emerging wells, 0.20 of organised ones.'
    """
    judged = [(day.day, day.name, score) for day in plate.days for score in day.judged if score.get(KEY)]
    if not judged:
        return None
    known = [(day, name, score) for day, name, score in judged if _score(score) is not None]
    by_stage: dict[str, list[float]] = {}
    for *_, score in known:
        by_stage.setdefault(wells.stage_of(score), []).append(_score(score) or 0.0)
    medians = {stage: statistics.median(by_stage[stage]) for stage in _STAGES if stage in by_stage}
    in_order = list(medians.values()) == sorted(medians.values())
    reference = judged[0][2][KEY].get("reference") or {}
    words = [_ABOUT]
    disagreements = []
    if len(medians) > 1 and in_order:
        words.append(f"It puts the stages in the order of the rubric: {_told(medians)}.")
    elif len(medians) > 1:
        disagreements.append(f"It disagrees with the order of the stages: {_told(medians)}.")
    if in_order:
        disagreements += _wells_out_of_order(known, medians)
    unscored = len(judged) - len(known)
    if unscored:
        words.append(f"{unscored} of {len(judged)} judged wells and days have none: too little was measured.")
    return {
        "name": labels.plain(reference.get("name") or ""),
        "sha256": labels.plain(reference.get("sha256") or "")[:12],
        "words": words,
        "disagreements": disagreements,
        "heads": [day_words(day.day) or labels.plain(day.name) for day in plate.days],
        "rows": _rows(plate),
    }


def _score(record: Record) -> float | None:
    value = (record.get(KEY) or {}).get("score")
    return float(value) if isinstance(value, int | float) else None


def _told(medians: dict[str, float]) -> str:
    (first, value), *others = medians.items()
    words = [f"median {_number(value)} of {first} wells", *(f"{_number(v)} of {stage} ones" for stage, v in others)]
    return ", ".join(words)


def _number(value: float) -> str:
    return f"{value:.2f}".replace("-", "\N{MINUS SIGN}")


def _wells_out_of_order(known: Sequence[tuple[float | None, str, Record]], medians: dict[str, float]) -> list[str]:
    """Return a sentence for each moment and two stages of which wells stand beyond the median of the other."""
    found: dict[tuple[str, str, str], list[str]] = {}
    for day, name, record in known:
        stage, score = wells.stage_of(record), _score(record)
        if stage not in medians or score is None:
            continue
        above = [s for s in medians if _STAGES.index(s) > _STAGES.index(stage) and score > medians[s]]
        below = [s for s in medians if _STAGES.index(s) < _STAGES.index(stage) and score < medians[s]]
        moment = day_words(day) or labels.plain(name)
        for other, side in [(s, "above") for s in above[-1:]] + [(s, "below") for s in below[:1]]:
            found.setdefault((moment, stage, f"{side} the median of the {other} ones"), []).append(str(record["id"]))
    return [
        f"{moment[:1].upper()}{moment[1:]}: {blocks(members)} {'is' if len(members) == 1 else 'are'} {stage} by the "
        f"rubric, but {where} by the second opinion."
        for (moment, stage, where), members in found.items()
    ]


def _rows(plate: Plate) -> list[dict[str, Any]]:
    """Return the numbers of each well, recording by recording."""
    found: dict[str, list[str]] = {}
    for i, day in enumerate(plate.days):
        for record in day.judged:
            score = _score(record)
            values = found.setdefault(str(record.get("id")), [""] * len(plate.days))
            values[i] = "" if score is None else _number(score)
    return [{"well": labels.plain(well), "values": values} for well, values in found.items()]
