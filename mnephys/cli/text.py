"""Scores as lines of text for a terminal."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

__all__ = ["score_lines"]

STAGES = ("mature", "intermediate", "immature", "indeterminate")
NETWORK_STAGES = ("organised", "emerging", "absent", "indeterminate")

Score = dict[str, Any]


def printable(text: str) -> str:
    """Return text without control characters: a label must not drive the terminal."""
    return "".join(c if c.isprintable() else "?" for c in text)


def score_lines(scores: Sequence[Score]) -> list[str]:
    """Return what a terminal shows of a run.

    Parameters
    ----------
    scores : sequence of dict
        As `Score.to_json` gives them.

    Returns
    -------
    list of str
        Without line ends. Cells have a line or two each, of a single one every reason. Plates have a line or two per
        recording, of a single recording every well. Counts stand at the end, of cells and of wells apart.

    Examples
    --------
    >>> score_lines([])
    ['Nothing could be scored.']
    """
    cells = [score for score in scores if score["level"] == "cell"]
    wells = [score for score in scores if score["level"] == "well"]
    plates = [score for score in scores if score["level"] == "plate"]
    lines = _cells(cells, every_reason=len(scores) == 1) if cells else []
    if plates:
        lines += _wells(wells) if len(plates) == 1 else []
        lines += [line for plate in plates for line in _plate(plate, every_reason=len(plates) == 1)]
    if cells:
        lines.append(f"{_number(cells, 'cell')}: {_counts(cells, 'stage', STAGES)}")
    if wells:
        scored = [score for score in wells if score["maturity_index"] is not None]
        recordings = "" if len(plates) == 1 else f" of {len(plates)} recordings"
        lines.append(f"{_number(scored, 'well')}{recordings}: {_counts(scored, 'network_stage', NETWORK_STAGES)}")
    return lines or ["Nothing could be scored."]


def _cells(cells: Sequence[Score], *, every_reason: bool) -> list[str]:
    lines: list[str] = []
    for score in cells:
        claim = score["claim"].replace("_", " ")
        lines.append(f"{printable(score['subject'])}: {score['stage']}, claim {claim}, {_index(score)}")
        shown = score["reasons"] if every_reason else score["reasons"][:1]
        lines += [f"  {printable(reason)}" for reason in shown]
    return lines


def _wells(wells: Sequence[Score]) -> list[str]:
    return [
        f"{printable(score['id'])}: {score['network_stage']}, {_index(score)}, confidence {score['confidence']}"
        for score in wells
        if score["maturity_index"] is not None
    ]


def _plate(plate: Score, *, every_reason: bool) -> list[str]:
    where = printable(plate["recording"])
    name = "" if plate["subject"] == plate["recording"] else f"{printable(plate['subject'])}, "
    day = plate["sample"].get("div")
    when = "" if day is None else f", day {day:g}"
    shown = plate["reasons"] if every_reason else plate["reasons"][:1]
    lines = [f"{name}{where}{when}: network {plate['network_stage']}, {_of_wells(plate)}"]
    return lines + [f"  {printable(reason)}" for reason in shown]


def _index(score: Score) -> str:
    index, interval = score["maturity_index"], score["interval"]
    if index is None:
        return "no index"
    return f"index {index:.2f}" + ("" if interval is None else f" ({interval[0]:.2f} to {interval[1]:.2f})")


def _of_wells(plate: Score) -> str:
    index, interval = plate["maturity_index"], plate["interval"]
    if index is None or interval is None:
        return "no index"
    return f"median index {index:.2f} (wells {interval[0]:.2f} to {interval[1]:.2f})"


def _number(scores: Sequence[Score], noun: str) -> str:
    return f"{len(scores)} {noun}{'s' * (len(scores) != 1)}"


def _counts(scores: Sequence[Score], key: str, stages: Sequence[str]) -> str:
    counts = {stage: sum(score[key] == stage for score in scores) for stage in stages}
    return ", ".join(f"{n} {stage}" for stage, n in counts.items() if n) or "none scored"
