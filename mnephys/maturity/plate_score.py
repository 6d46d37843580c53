"""The verdict on one recording of a plate, from the scores of its wells."""

from __future__ import annotations

import statistics
from collections.abc import Sequence

from mnephys.maturity.identity import NO_CELL
from mnephys.maturity.network_rubric import NetworkRubric
from mnephys.maturity.network_stage import NetworkStage
from mnephys.maturity.result import Score
from mnephys.maturity.well_case import WellCase
from mnephys.measurement import Status

__all__ = ["score_plate", "well_ranges"]

_SHARED = ("plate", "line", "donor", "differentiation", "div", "day_of_differentiation", "protocol", "temperature_c")
_PROVISIONAL = (
    "The cuts are provisional, and a network is no cell: this says nothing about single cells, nor whether they are "
    "motor neurons."
)


def score_plate(cases: Sequence[WellCase], wells: Sequence[Score], rubric: NetworkRubric) -> Score:
    """Return the verdict on one recording of a plate.

    Parameters
    ----------
    cases : sequence of WellCase
        All wells of the recording.
    wells : sequence of Score
        Their scores, in the same order.
    rubric : NetworkRubric
        Says how many wells make the stage of a plate.

    Returns
    -------
    Score
        Its index is the median of the wells that were scored, its interval the lowest and highest of them.

    Examples
    --------
    >>> from mnephys.maturity.network_rubric import load_network_rubric
    >>> from mnephys.maturity.network_score import score_networks
    >>> score_networks([WellCase("p A1", "p", "A1", "p.csv", {"plated": False}, {}, {})])[-1].reasons[0]
    'No well was scored.'
    """
    first = cases[0]
    indices = [score.maturity_index for score in wells if score.maturity_index is not None]
    facts = {key: first.sample[key] for key in _SHARED if key in first.sample}
    shared = {k: v for k, v in facts.items() if all(case.sample.get(k) == v for case in cases)}
    return Score(
        subject=first.plate,
        level="plate",
        id="",
        recording=first.recording,
        sources=(first.recording,),
        stage=None,
        claim=None,
        network_stage=_stage(wells, rubric),
        maturity_index=statistics.median(indices) if indices else None,
        interval=(min(indices), max(indices)) if indices else None,
        domains={},
        criteria=(),
        identity=NO_CELL,
        reasons=_reasons(cases, wells, rubric),
        status=Status.OK if indices else Status.NOT_APPLICABLE,
        rubric=rubric.identification,
        confidence=_confidence(wells),
        sample=shared,
    )


def _stage(wells: Sequence[Score], rubric: NetworkRubric) -> NetworkStage:
    stages = [score.network_stage for score in wells if score.maturity_index is not None]
    if not stages:
        return NetworkStage.INDETERMINATE
    needed = min(rubric.plate_wells, len(stages))
    organised = stages.count(NetworkStage.ORGANISED)
    if organised >= needed:
        return NetworkStage.ORGANISED
    if organised + stages.count(NetworkStage.EMERGING) >= needed:
        return NetworkStage.EMERGING
    return NetworkStage.ABSENT if NetworkStage.ABSENT in stages else NetworkStage.INDETERMINATE


def _confidence(wells: Sequence[Score]) -> str | None:
    """Return the confidence that most wells have, the lower one of a tie."""
    levels = [score.confidence for score in wells if score.confidence is not None]
    return max(("low", "moderate", "high"), key=levels.count) if levels else None


def _reasons(cases: Sequence[WellCase], wells: Sequence[Score], rubric: NetworkRubric) -> tuple[str, ...]:
    scored = [score for score in wells if score.maturity_index is not None]
    stages = [str(score.network_stage) for score in scored]
    counts = ", ".join(f"{stages.count(s)} {s}" for s in map(str, reversed(NetworkStage)) if s in stages)
    lines = [f"{len(scored)} well{'s' * (len(scored) != 1)} scored: {counts}." if scored else "No well was scored."]
    if scored:
        lines.append(
            f"A plate has the stage that {rubric.plate_wells} of its wells have reached; its index is their median."
        )
    unplated = [case for case in cases if case.sample.get("plated") is False]
    if unplated:
        most = max((case.number("spike_count") or 0.0 for case in unplated), default=0.0)
        stray = f"up to {most:.0f} stray spike{'s' * (most != 1)} in one of them" if most else "no spike in any of them"
        lines.append(f"{_count(unplated)} not plated ({well_ranges([case.well for case in unplated])}); {stray}.")
    others: dict[str, list[str]] = {}
    for case, score in zip(cases, wells, strict=True):
        if score.maturity_index is None and case.sample.get("plated") is not False:
            others.setdefault(score.reasons[0], []).append(case.well)
    lines += [f"{reason.rstrip('.')}: {well_ranges(names)}." for reason, names in others.items()]
    return (*lines, _PROVISIONAL)


def _count(cases: Sequence[WellCase]) -> str:
    return "1 well is" if len(cases) == 1 else f"{len(cases)} wells are"


def well_ranges(wells: Sequence[str]) -> str:
    """Return wells in short: neighbours of a row together.

    Parameters
    ----------
    wells : sequence of str
        Names, row by row.

    Returns
    -------
    str
        For a sentence.

    Examples
    --------
    >>> well_ranges(["A5", "A6", "A7", "B5", "C1"])
    'A5-A7, B5, C1'
    """
    runs: list[list[str]] = []
    for well in wells:
        last = runs[-1][-1] if runs else ""
        follows = last and last[0] == well[0] and last[1:].isdigit() and well[1:] == str(int(last[1:]) + 1)
        if follows:
            runs[-1].append(well)
        else:
            runs.append([well])
    return ", ".join(run[0] if len(run) == 1 else f"{run[0]}-{run[-1]}" for run in runs)
