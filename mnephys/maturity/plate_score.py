"""The verdict on one recording of a plate, from the scores of its wells."""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence

from mnephys.maturity.identity import NO_CELL
from mnephys.maturity.network_explain import SIMULATED
from mnephys.maturity.network_rubric import ACTIVE_COUNT, NetworkRubric
from mnephys.maturity.network_stage import NetworkStage
from mnephys.maturity.result import Score
from mnephys.maturity.well_case import WellCase, is_treated
from mnephys.measurement import Status

__all__ = ["score_plate", "well_ranges"]

_SHARED = (
    *("plate", "line", "donor", "differentiation", "div", "day_of_differentiation"),
    *("derivation_protocol", "protocol", "temperature_c"),
)
_PROVISIONAL = (
    "The cuts are provisional, and a network is no cell: this says nothing about single cells, nor whether they are "
    "motor neurons."
)

_CONFOUNDED = (
    "Between lines, rate is confounded with disease: one that fires more or less is not for that reason more or less "
    "mature."
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
    'No well was scored. Not plated, as was stated.'
    """
    first = cases[0]
    facts = {key: first.sample[key] for key in _SHARED if key in first.sample}
    shared = {k: v for k, v in facts.items() if all(case.sample.get(k) == v for case in cases)}
    counted, left_out = _counted(cases, wells, rubric)
    indices = [score.maturity_index for score in counted if score.maturity_index is not None]
    origin = first.plate_rows.get("qc_origin")
    simulated = [SIMULATED] if origin is not None and origin.text == "simulated" else []
    return Score(
        subject=first.plate,
        level="plate",
        id="",
        recording=first.recording,
        sources=(first.recording,),
        stage=None,
        claim=None,
        network_stage=_stage(counted, rubric),
        maturity_index=statistics.median(indices) if indices else None,
        interval=(min(indices), max(indices)) if indices else None,
        domains={},
        criteria=(),
        identity=NO_CELL,
        reasons=(
            *_verdict(counted, wells, rubric),
            *_lines(counted),
            *left_out,
            *_others(cases, wells),
            _PROVISIONAL,
            *simulated,
        ),
        status=Status.OK if indices else Status.NOT_APPLICABLE,
        rubric=rubric.identification,
        confidence=_confidence(counted),
        sample=shared,
    )


def _counted(cases: Sequence[WellCase], wells: Sequence[Score], rubric: NetworkRubric) -> tuple[list[Score], list[str]]:
    """Return the wells that make the verdict, and sentences on those that were scored and do not."""
    scored = [(case, score) for case, score in zip(cases, wells, strict=True) if score.maturity_index is not None]
    treated = [case.well for case, _ in scored if is_treated(case, rubric)]
    untreated = [(case, score) for case, score in scored if case.well not in treated]
    # An empty well and a silent one look the same.
    doubtful = [c.well for c, _ in untreated if not c.number(ACTIVE_COUNT) and not c.sample.get("plated")]
    known = [score for case, score in untreated if case.well not in doubtful]
    lines = []
    if treated:
        lines.append(f"{_are(len(treated), 'treated')} and left out of the verdict ({well_ranges(treated)}).")
    if doubtful and known:
        why = "and nobody stated whether anything was plated: left out of the verdict"
        lines.append(f"{_are(len(doubtful), 'without an active electrode')}, {why} ({well_ranges(doubtful)}).")
    return known or [score for _, score in untreated], lines


def _are(n: int, what: str) -> str:
    return f"1 well is {what}" if n == 1 else f"{n} wells are {what}"


def _stage(counted: Sequence[Score], rubric: NetworkRubric) -> NetworkStage:
    """Return the highest stage that enough wells have; indeterminate where those of unknown stage could change it."""
    stages = [score.network_stage for score in counted]
    if len(stages) < rubric.plate_wells:
        return NetworkStage.INDETERMINATE
    needed = max(rubric.plate_wells, math.ceil(rubric.plate_share * len(stages) - 1e-9))
    unknown = stages.count(NetworkStage.INDETERMINATE)
    reached = 0
    for stage in (NetworkStage.ORGANISED, NetworkStage.EMERGING):
        reached += stages.count(stage)
        if reached >= needed:
            return stage
        if reached + unknown >= needed:
            return NetworkStage.INDETERMINATE
    return NetworkStage.ABSENT


def _confidence(counted: Sequence[Score]) -> str | None:
    """Return the confidence that most wells have, the lower one of a tie."""
    levels = [score.confidence for score in counted if score.confidence is not None]
    return max(("low", "moderate", "high"), key=levels.count) if levels else None


def _verdict(counted: Sequence[Score], wells: Sequence[Score], rubric: NetworkRubric) -> list[str]:
    n_scored = sum(score.maturity_index is not None for score in wells)
    if not counted and n_scored:
        return ["No untreated well was scored."]
    if not counted:
        reasons = [score.reasons[0] for score in wells if score.reasons]
        return [f"No well was scored. {max(dict.fromkeys(reasons), key=reasons.count, default='')}".rstrip()]
    rule = (
        f"A plate has the highest stage that {rubric.plate_wells} of its wells and {100 * rubric.plate_share:g} % of "
        "them have reached; its index is their median, from the lowest well to the highest."
    )
    n, plural = len(counted), "s" * (n_scored != 1)
    some = "makes" if n == 1 else "make"
    said = f"{n} well{plural} scored" if n == n_scored else f"{n} of {n_scored} scored well{plural} {some} the verdict"
    return [f"{said}: {_counts(counted)}.", rule]


def _counts(scores: Sequence[Score]) -> str:
    stages = [str(score.network_stage) for score in scores]
    order = ("organised", "emerging", "absent", "indeterminate")
    return ", ".join(f"{stages.count(stage)} {stage}" for stage in order if stage in stages)


def _lines(counted: Sequence[Score]) -> list[str]:
    """Return one sentence per cell line, where there are several."""
    by_line: dict[str, list[Score]] = {}
    for score in counted:
        by_line.setdefault(str(score.sample.get("line", "")) or "no line stated", []).append(score)
    if len(by_line) < 2:
        return []
    indices = {n: statistics.median(s.maturity_index or 0.0 for s in scores) for n, scores in by_line.items()}
    told = [f"{name}: {_counts(scores)}, median index {indices[name]:.2f}." for name, scores in by_line.items()]
    return [*told, _CONFOUNDED]


def _others(cases: Sequence[WellCase], wells: Sequence[Score]) -> list[str]:
    """Return sentences on the wells that were not scored."""
    lines = []
    unplated = [case for case in cases if case.sample.get("plated") is False]
    if unplated:
        most = max((case.number("spike_count") or 0.0 for case in unplated), default=0.0)
        stray = f"up to {most:.0f} stray spike{'s' * (most != 1)} in one of them" if most else "no spike in any of them"
        ids = well_ranges([case.well for case in unplated])
        lines.append(f"{_are(len(unplated), 'not plated')} ({ids}); {stray}.")
    others: dict[str, list[str]] = {}
    for case, score in zip(cases, wells, strict=True):
        if score.maturity_index is None and case.sample.get("plated") is not False:
            others.setdefault(score.reasons[0], []).append(case.well)
    return lines + [f"{reason.rstrip('.')}: {well_ranges(names)}." for reason, names in others.items()]


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
