"""Points, domains, index, gates: the stage of the network in one well."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from mnephys.maturity.combine import checked
from mnephys.maturity.criteria import points
from mnephys.maturity.gates import Known, Outcome
from mnephys.maturity.network_rubric import ACTIVE_COUNT, STAGES, NetworkRubric
from mnephys.maturity.scale import Criterion, Gate, Role
from mnephys.maturity.stage import domain_scores, maturity_index
from mnephys.measurement import Measurement, Status

__all__ = ["NetworkStage", "NetworkVerdict", "capped_points", "judge_network"]


class NetworkStage(StrEnum):
    """How organised the network in a well, or on a plate, is."""

    ABSENT = "absent"
    EMERGING = "emerging"
    ORGANISED = "organised"
    INDETERMINATE = "indeterminate"


@dataclass(frozen=True, slots=True)
class NetworkVerdict:
    """What follows from the measurements of one well.

    Parameters
    ----------
    rows : mapping of str to Measurement
        One for each criterion, in its unit.
    numbers : mapping of str to float
        Those that were measured.
    points : mapping of str to float
        Of each feature that counts.
    scores : mapping of str to float or None
        Of each domain; None where nothing of it was measured.
    index : float or None
        The maturity index; None where no domain was measured.
    stage : NetworkStage
        How organised.
    gates : tuple of (str, Gate, Outcome)
        Stage, gate and outcome, in the order of the rubric.
    """

    rows: Mapping[str, Measurement]
    numbers: Mapping[str, float]
    points: Mapping[str, float]
    scores: Mapping[str, float | None]
    index: float | None
    stage: NetworkStage
    gates: tuple[tuple[str, Gate, Outcome], ...]


def judge_network(rubric: NetworkRubric, measured: Mapping[str, Measurement]) -> NetworkVerdict:
    """Return the stage of the network in a well.

    Parameters
    ----------
    rubric : NetworkRubric
        What counts.
    measured : mapping of str to Measurement
        The well's rows by feature.

    Returns
    -------
    NetworkVerdict
        Stage, index and all that led to them.

    Examples
    --------
    >>> from mnephys.maturity.network_rubric import load_network_rubric
    >>> silent = {"active_electrode_fraction": 0.0, "active_electrode_count": 0.0}
    >>> rows = {name: Measurement(name, value, "", "1", level="well") for name, value in silent.items()}
    >>> verdict = judge_network(load_network_rubric(), rows)
    >>> str(verdict.stage), verdict.index
    ('absent', 0.0)
    """
    rows = {name: _row(criterion, measured.get(name)) for name, criterion in rubric.criteria.items()}
    numbers = {name: row.value for name, row in rows.items() if row.ok and row.value is not None}
    worth = _points(rubric, numbers)
    scores = domain_scores(rubric, worth)
    few = {
        name
        for name, domain in rubric.domains.items()
        if sum(rubric.criteria[feature].domain == name for feature in worth) < domain.minimum
    }
    known = {name: score for name, score in scores.items() if name not in few}
    values = Known(rubric, numbers, {}, known, {})
    gates = tuple((stage, gate, values.outcome(gate)) for stage in STAGES for gate in rubric.stages[stage])
    return NetworkVerdict(rows, numbers, worth, scores, maturity_index(rubric, scores), _stage(gates), gates)


def _row(criterion: Criterion, row: Measurement | None) -> Measurement:
    if row is None:
        why = "the file does not give it"
        return Measurement(criterion.feature, None, "", criterion.unit, Status.NOT_APPLICABLE, why)
    return checked(criterion, row)


def _points(rubric: NetworkRubric, numbers: Mapping[str, float]) -> dict[str, float]:
    active = numbers.get(ACTIVE_COUNT)
    worth: dict[str, float] = {}
    for criterion in rubric.counted:
        if criterion.role is Role.SCORED and active is not None and active < criterion.needs_active:
            worth[criterion.feature] = 0.0
        elif criterion.feature in numbers:
            worth[criterion.feature] = points(criterion, numbers[criterion.feature])
    # A stand-in is of no use where what it stands in for counts already, if only as 0.
    own = {name: value for name, value in worth.items() if not _is_covered(rubric.criteria[name], rubric, worth)}
    return own | capped_points(rubric, own)


def capped_points(rubric: NetworkRubric, worth: Mapping[str, float]) -> dict[str, float]:
    """Return the points that the score of another domain lowers.

    Parameters
    ----------
    rubric : NetworkRubric
        Says which criteria are capped, and by what.
    worth : mapping of str to float
        Points of each feature by its own cuts.

    Returns
    -------
    dict of str to float
        Only those that are lowered.

    Examples
    --------
    >>> from mnephys.maturity.network_rubric import load_network_rubric
    >>> capped_points(load_network_rubric(), {"burst_percentage": 0.9, "sttc": 0.25})
    {'burst_percentage': 0.25}
    """
    scores = domain_scores(rubric, worth)
    caps = {name: scores.get(rubric.criteria[name].capped_by) for name in worth}
    return {name: cap for name, cap in caps.items() if cap is not None and cap < worth[name]}


def _is_covered(criterion: Criterion, rubric: NetworkRubric, found: Mapping[str, float]) -> bool:
    """Return whether something that a stand-in would replace, directly or by way of another, was found."""
    seen = {criterion.feature}
    target = criterion.stands_in_for
    while target and target not in seen:
        if target in found:
            return True
        seen.add(target)
        target = rubric.criteria[target].stands_in_for
    return False


def _stage(gates: tuple[tuple[str, Gate, Outcome], ...]) -> NetworkStage:
    reached = NetworkStage.ABSENT
    for stage in STAGES:
        outcomes = [outcome for of, _, outcome in gates if of == stage]
        if Outcome.UNMET in outcomes:
            return reached
        if Outcome.UNKNOWN in outcomes:
            return NetworkStage.INDETERMINATE
        reached = NetworkStage(stage)
    return reached
