"""Scoring the networks of plates: each well of each recording, then each plate."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from mnephys.maturity.circumstances import Circumstances, circumstances_of
from mnephys.maturity.confidence import confidence
from mnephys.maturity.criteria import evidence_line, points
from mnephys.maturity.identity import NO_CELL
from mnephys.maturity.network_explain import network_reasons
from mnephys.maturity.network_rubric import ACTIVE_COUNT, NetworkRubric, load_network_rubric
from mnephys.maturity.network_stage import NetworkStage, NetworkVerdict, capped_points, judge_network
from mnephys.maturity.plate_score import score_plate
from mnephys.maturity.result import DomainScore, Score
from mnephys.maturity.stage import domain_scores, maturity_index
from mnephys.maturity.well_case import WellCase, exclusion
from mnephys.measurement import Measurement, Status

__all__ = ["score_networks"]


def score_networks(cases: Sequence[WellCase], rubric: NetworkRubric | None = None) -> list[Score]:
    """Score every well of every recording, and every recording of a plate.

    Index and stage of a well follow from its own measurements alone. Its other recordings and the other wells of the
    plate decide only how much confidence it has; its age decides nothing.

    Parameters
    ----------
    cases : sequence of WellCase
        In the order of the plate; the recordings of a well in the order of time.
    rubric : NetworkRubric, optional
        What counts; the built-in one if omitted.

    Returns
    -------
    list of Score
        One for each well in the order given, then one for each recording of a plate.

    Examples
    --------
    >>> rows = {"active_electrode_count": Measurement("active_electrode_count", 0.0, "", "1", level="well")}
    >>> rows["active_electrode_fraction"] = Measurement("active_electrode_fraction", 0.0, "", "1", level="well")
    >>> [score.network_stage for score in score_networks([WellCase("p A1", "p", "A1", "p.csv", {}, rows, {})])]
    [<NetworkStage.ABSENT: 'absent'>, <NetworkStage.INDETERMINATE: 'indeterminate'>]
    """
    rubric = load_network_rubric() if rubric is None else rubric
    excluded = {i: why for i, case in enumerate(cases) if (why := exclusion(case, rubric)) is not None}
    verdicts = {i: judge_network(rubric, case.rows) for i, case in enumerate(cases) if i not in excluded}
    circumstances = circumstances_of(cases, {i: verdict.stage for i, verdict in verdicts.items()}, rubric)
    wells = [
        _unscored(case, *excluded[i], rubric) if i in excluded else _scored(case, verdicts[i], circumstances[i], rubric)
        for i, case in enumerate(cases)
    ]
    plates: dict[tuple[str, str], list[int]] = {}
    for i, case in enumerate(cases):
        plates.setdefault((case.plate, case.recording), []).append(i)
    return wells + [
        score_plate([cases[i] for i in members], [wells[i] for i in members], rubric) for members in plates.values()
    ]


def _scored(case: WellCase, verdict: NetworkVerdict, circumstances: Circumstances, rubric: NetworkRubric) -> Score:
    level, sure = confidence(case, verdict.stage, circumstances, rubric)
    reasons = network_reasons(case, verdict, rubric, sure)
    return replace(
        _unscored(case, Status.NOT_APPLICABLE if verdict.index is None else Status.OK, "", rubric),
        network_stage=verdict.stage,
        maturity_index=verdict.index,
        interval=_interval(verdict, rubric),
        domains=_domains(verdict, rubric),
        criteria=tuple(
            evidence_line(
                rubric, own, verdict.rows[name], verdict.points.get(name), _line_remarks(verdict, name, rubric)
            )
            for name, own in rubric.criteria.items()
        ),
        reasons=reasons,
        confidence=None if verdict.index is None else level,
    )


def _unscored(case: WellCase, status: Status, reason: str, rubric: NetworkRubric) -> Score:
    """Return the score of a well that has neither stage nor index."""
    return Score(
        subject=case.subject,
        level="well",
        id=case.well,
        recording=case.recording,
        sources=(case.recording,),
        stage=None,
        claim=None,
        network_stage=NetworkStage.INDETERMINATE,
        maturity_index=None,
        interval=None,
        domains={},
        criteria=(),
        identity=NO_CELL,
        reasons=(reason,),
        status=status,
        rubric=rubric.identification,
        sample=case.sample,
    )


def _line_remarks(verdict: NetworkVerdict, name: str, rubric: NetworkRubric) -> list[str]:
    row: Measurement = verdict.rows[name]
    remarks = [row.reason] if row.reason else []
    worth, own = verdict.points.get(name), rubric.criteria[name]
    if worth is None:
        return remarks
    active = verdict.numbers.get(ACTIVE_COUNT)
    if active is not None and active < own.needs_active:
        remarks.append(f"counts 0, as fewer than {own.needs_active} electrodes are active")
    elif own.capped_by and row.value is not None and points(own, row.value) > worth:
        label = rubric.domains[own.capped_by].label
        remarks.append(f"counts {worth:.2f} and not {points(own, row.value):.2f}: no more than {label}")
    return remarks


def _interval(verdict: NetworkVerdict, rubric: NetworkRubric) -> tuple[float, float] | None:
    if verdict.index is None:
        return None
    found = [verdict.index]
    for left_out in verdict.points:
        rest = {name: worth for name, worth in verdict.points.items() if name != left_out}
        index = maturity_index(rubric, domain_scores(rubric, rest | capped_points(rubric, rest)))
        found += [] if index is None else [index]
    # A domain that could not be measured could be anything, and so could what it caps.
    unknown = [name for name, score in verdict.scores.items() if score is None and rubric.domains[name].weight]
    for worth in (0.0, 1.0) if unknown else ():
        scores = dict(verdict.scores) | dict.fromkeys(unknown, worth)
        capped = {n: min(p, worth) for n, p in verdict.points.items() if rubric.criteria[n].capped_by in unknown}
        scores |= {d: s for d, s in domain_scores(rubric, {**verdict.points, **capped}).items() if d not in unknown}
        index = maturity_index(rubric, scores)
        found += [] if index is None else [index]
    return min(found), max(found)


def _domains(verdict: NetworkVerdict, rubric: NetworkRubric) -> dict[str, DomainScore]:
    found = {}
    for name, domain in rubric.domains.items():
        scored = rubric.scored(name)
        counted = [feature for feature in verdict.points if rubric.criteria[feature].domain == name]
        measured = sum(verdict.rows[feature].ok for feature in counted)
        found[name] = DomainScore(verdict.scores[name], domain.weight, measured, len(scored))
    return found
