"""Scoring one cell: combine its recordings, try what is unknown, judge, explain."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace

from mnephys.maturity.combine import Drive, Observed, combine
from mnephys.maturity.conditions import Conditions
from mnephys.maturity.criteria import Evidence, evidence_line
from mnephys.maturity.explain import explain
from mnephys.maturity.findings import Case
from mnephys.maturity.identity import identify
from mnephys.maturity.model import CLAIMS, PATTERN, Rubric
from mnephys.maturity.result import DomainScore, Score
from mnephys.maturity.rubric import load_rubric
from mnephys.maturity.scale import Role
from mnephys.maturity.scenarios import adjusted, possible_patterns, unknowns, with_pattern
from mnephys.maturity.stage import Claim, Stage, Verdict, domain_scores, judge, maturity_index
from mnephys.maturity.what_if import Change, Resolution, changes, resolutions
from mnephys.measurement import FeatureTable, Measurement, Status

__all__ = ["score_cell"]

_SERIES_RESISTANCE = "series_resistance"


def score_cell(
    table: FeatureTable,
    *,
    subject: str = "cell",
    conditions: Conditions | None = None,
    rubric: Rubric | None = None,
) -> Score:
    """Score the maturity of one cell.

    Parameters
    ----------
    table : FeatureTable
        The measurements of all recordings of the cell; rows at other levels are not looked at.
    subject : str
        What to call it.
    conditions : Conditions, optional
        How it was recorded; everything unknown if omitted.
    rubric : Rubric, optional
        What counts as mature; the built-in rubric for spinal motor neurons if omitted.

    Returns
    -------
    Score
        With its evidence. What cannot be decided is ``indeterminate``, never an error.

    Examples
    --------
    >>> from mnephys.measurement import FeatureTable, Measurement
    >>> rows = (
    ...     Measurement("firing_pattern", None, "none", "1"),
    ...     Measurement("qc_drive", None, "driven", "1", reason="the steady state reached -5 mV"),
    ... )
    >>> score_cell(FeatureTable(rows), subject="cell07")
    cell07: immature, claim none, maturity index 0.00 (0.00 to 0.00)
      Fires no AP although it was driven hard enough: the steady state reached -5 mV.
      Maturity index 0.00, below 0.35: firing 0.00, action potential 0.00.
      4 of the 4 features that count have cuts that rest in part on other neurons than motor neurons (proxies).
      Identity (apart from maturity): not assessed
    """
    rubric = load_rubric() if rubric is None else rubric
    conditions = Conditions() if conditions is None else conditions
    observed = _with_conditions(combine(table, rubric), conditions, rubric)
    measured, categories = observed.numbers(), observed.categories()
    patterns = possible_patterns(categories.get(PATTERN), observed.stopped_early, rubric)
    space = unknowns(conditions, measured, rubric, patterns)
    verdicts = {
        s: judge(rubric, adjusted(measured, s, rubric), with_pattern(categories, s), observed.drive, held=space.held)
        for s in space
    }
    reference = verdicts[space.reference]
    stages = {verdict.stage for verdict in verdicts.values()}
    stage = stages.pop() if len(stages) == 1 else Stage.INDETERMINATE
    numbers = adjusted(measured, space.reference, rubric)
    lines = {name: _evidence(rubric, observed, name, numbers, reference) for name in rubric.criteria}
    evidence = {name: _both_ways(line, conditions, rubric) for name, line in lines.items()}
    found = with_pattern(categories, space.reference)
    turning = _what_if(rubric, numbers, found, observed.drive, held=space.held)
    is_identity = {name: criterion.role is Role.IDENTITY for name, criterion in rubric.criteria.items()}
    return Score(
        subject=subject,
        level=rubric.level,
        id="",
        recording=observed.sources[0] if len(observed.sources) == 1 else "",
        sources=observed.sources,
        stage=stage,
        claim=_least_claim(verdicts.values()),
        network_stage=None,
        maturity_index=reference.index,
        interval=_interval(rubric, reference, verdicts.values()),
        domains=_domains(rubric, observed, reference),
        criteria=tuple(line for name, line in evidence.items() if not is_identity[name]),
        identity=identify(rubric, measured, tuple(line for name, line in evidence.items() if is_identity[name])),
        reasons=explain(Case(rubric, observed, conditions, space, numbers, verdicts, stage)),
        status=_status(observed, reference),
        rubric=rubric.identification,
        changes=turning[0],
        resolutions=turning[1],
    )


def _what_if(
    rubric: Rubric, numbers: Mapping[str, float], categories: Mapping[str, str], drive: Drive, *, held: bool
) -> tuple[tuple[Change, ...], tuple[Resolution, ...]]:
    """Return what would change the stage, and what would decide it."""
    gates = tuple(gate for claim in rubric.claims.values() for gate in claim)

    def stage_of(values: Mapping[str, float], named: Mapping[str, str]) -> str:
        return judge(rubric, values, named, drive, held=held).stage.value

    return (
        changes(rubric, gates, numbers, categories, stage_of),
        resolutions(rubric, gates, numbers, categories, stage_of),
    )


def _with_conditions(observed: Observed, conditions: Conditions, rubric: Rubric) -> Observed:
    """Return the same with a series resistance that was stated, where none was measured."""
    row = observed.measurements.get(_SERIES_RESISTANCE)
    if conditions.rs_mohm is None or row is None or row.ok or rubric.criteria[_SERIES_RESISTANCE].unit != "MOhm":
        return observed
    stated = Measurement(_SERIES_RESISTANCE, conditions.rs_mohm, "", "MOhm", reason="as stated")
    return replace(observed, measurements={**observed.measurements, _SERIES_RESISTANCE: stated})


def _evidence(
    rubric: Rubric, observed: Observed, name: str, numbers: Mapping[str, float], verdict: Verdict
) -> Evidence:
    criterion, row = rubric.criteria[name], observed.measurements[name]
    remarks = [row.reason] if row.reason else []
    if row.ok and row.value is not None and name in numbers and numbers[name] != row.value:
        remarks.append(f"compared as {numbers[name]:.4g} {criterion.unit}, with the junction potential added back")
    if not row.ok and name in verdict.points:
        remarks.append(f"counts {verdict.points[name]:g}, as the firing pattern says so")
    if criterion.role is Role.STAND_IN and name in verdict.points:
        remarks.append(f"stands in for {criterion.stands_in_for}")
    return evidence_line(rubric, criterion, row, verdict.points.get(name), remarks)


def _both_ways(line: Evidence, conditions: Conditions, rubric: Rubric) -> Evidence:
    """Return the same, of a voltage with what it is before and after correction for the junction potential."""
    if line.status is not Status.OK or line.value is None or line.feature not in rubric.scenarios.shifted:
        return line
    raw, corrected = conditions.raw_and_corrected(line.value)
    return replace(line, raw=raw, corrected=corrected)


def _domains(rubric: Rubric, observed: Observed, verdict: Verdict) -> dict[str, DomainScore]:
    found = {}
    for name, domain in rubric.domains.items():
        scored = rubric.scored(name)
        stood_in = [
            c.stands_in_for for c in rubric.criteria.values() if c.role is Role.STAND_IN and c.feature in verdict.points
        ]
        measured = sum(observed.measurements[c.feature].ok or c.feature in stood_in for c in scored)
        if scored:
            found[name] = DomainScore(verdict.scores[name], domain.weight, measured, len(scored))
    return found


def _least_claim(verdicts: Collection[Verdict]) -> Claim:
    order = [Claim.NONE, *map(Claim, CLAIMS)]
    return min((verdict.claim for verdict in verdicts), key=order.index)


def _interval(rubric: Rubric, reference: Verdict, verdicts: Collection[Verdict]) -> tuple[float, float] | None:
    found = [verdict.index for verdict in verdicts]
    for left_out in reference.points:
        rest = {name: worth for name, worth in reference.points.items() if name != left_out}
        found.append(maturity_index(rubric, domain_scores(rubric, rest)))
    known = [index for index in found if index is not None]
    return (min(known), max(known)) if reference.index is not None else None


def _status(observed: Observed, verdict: Verdict) -> Status:
    if not observed.usable:
        return Status.EXCLUDED
    return Status.NOT_APPLICABLE if verdict.index is None else Status.OK
