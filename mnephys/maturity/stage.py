"""Points, domains, index, gates: the stage of a cell under one set of values."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from mnephys.maturity.combine import Drive
from mnephys.maturity.criteria import points
from mnephys.maturity.gates import TIE, Known, Outcome
from mnephys.maturity.model import CLAIMS, DRIFT, PATTERN, Rubric
from mnephys.maturity.scale import Gate, Role, Scale

__all__ = ["Claim", "Stage", "Verdict", "domain_scores", "judge", "maturity_index"]


class Stage(StrEnum):
    """How mature a cell is."""

    IMMATURE = "immature"
    INTERMEDIATE = "intermediate"
    MATURE = "mature"
    INDETERMINATE = "indeterminate"


class Claim(StrEnum):
    """What may be said of a cell, lowest first."""

    NONE = "none"
    EXCITABLE = "excitable"
    FUNCTIONAL = "functional"
    MATURE_IN_VITRO = "mature_in_vitro"


@dataclass(frozen=True, slots=True)
class Verdict:
    """What follows from one set of values.

    Parameters
    ----------
    points : mapping of str to float
        Of each feature that counts.
    scores : mapping of str to float or None
        Of each domain; None where nothing of it was measured.
    index : float or None
        The maturity index; None where no weighted domain was measured.
    stage : Stage
        How mature.
    claim : Claim
        What may be said.
    few : tuple of str
        Domains with fewer features than a stage needs.
    gates : tuple of (str, Gate, Outcome)
        Claim, gate and outcome, in the order of the rubric.
    """

    points: Mapping[str, float]
    scores: Mapping[str, float | None]
    index: float | None
    stage: Stage
    claim: Claim
    few: tuple[str, ...]
    gates: tuple[tuple[str, Gate, Outcome], ...]


def judge(
    rubric: Rubric,
    numbers: Mapping[str, float],
    categories: Mapping[str, str],
    drive: Drive,
    *,
    held: bool = False,
) -> Verdict:
    """Return the stage of a cell under one set of values.

    Parameters
    ----------
    rubric : Rubric
        What counts.
    numbers : mapping of str to float
        Measured values, in the units of the criteria.
    categories : mapping of str to str
        Categories found.
    drive : Drive
        Whether the cell was given enough current to fire.
    held : bool, optional
        Whether a current is known to hold the cell off rest.

    Returns
    -------
    Verdict
        Stage, claim and all that led to them.

    Examples
    --------
    >>> from mnephys.maturity.rubric import load_rubric
    >>> judge(load_rubric(), {}, {"firing_pattern": "none"}, Drive.DRIVEN).stage
    <Stage.IMMATURE: 'immature'>
    """
    worth = _all_points(rubric, numbers, categories)
    scores = domain_scores(rubric, worth)
    index = maturity_index(rubric, scores)
    few = tuple(
        name
        for name, domain in rubric.domains.items()
        if domain.minimum and sum(c.feature in worth for c in rubric.scored(name)) < domain.minimum
    )
    known = {name: score for name, score in scores.items() if name not in few}
    counted = [c.domain for name in worth if (c := rubric.criteria[name]).role is not Role.PENALTY]
    values = Known(rubric, numbers, categories, known, {name: counted.count(name) for name in known}, held)
    gates = tuple((claim, gate, values.outcome(gate)) for claim in CLAIMS for gate in rubric.claims[claim])
    stage = _stage(rubric, categories, drive, index, few, [outcome for _, _, outcome in gates])
    if stage is Stage.MATURE and numbers.get(DRIFT, 0.0) > rubric.stages.mature_drift_mv:
        stage = Stage.INDETERMINATE
    return Verdict(worth, scores, index, stage, _claim(stage, gates), few, gates)


def _all_points(rubric: Rubric, numbers: Mapping[str, float], categories: Mapping[str, str]) -> dict[str, float]:
    pattern = categories.get(PATTERN)
    worth = {}
    for criterion in rubric.counted:
        name = criterion.feature
        if criterion.stands_in_for in numbers:
            continue
        if name in numbers and not criterion.categories:
            worth[name] = points(criterion, numbers[name])
        elif name in categories and criterion.categories:
            worth[name] = points(criterion, categories[name])
        elif pattern in criterion.zero_for_patterns:
            worth[name] = 0.0
    return worth


def domain_scores(rubric: Scale, worth: Mapping[str, float]) -> dict[str, float | None]:
    """Return the score of each domain.

    Parameters
    ----------
    rubric : Scale
        What counts.
    worth : mapping of str to float
        Points of each feature that counts.

    Returns
    -------
    dict of str to float or None
        The mean of the points of the scored features, lowered by penalties; None without any.

    Examples
    --------
    >>> from mnephys.maturity.rubric import load_rubric
    >>> domain_scores(load_rubric(), {"ap_amplitude": 1.0, "ap_half_width": 0.5, "ap_threshold": 0.5})["ap"]
    0.625
    """
    totals: dict[str, list[float]] = {}
    penalties: dict[str, list[float]] = {}
    for name, value in worth.items():
        criterion = rubric.criteria[name]
        kind = penalties if criterion.role is Role.PENALTY else totals
        kind.setdefault(criterion.domain, []).append(value)
    scores: dict[str, float | None] = {}
    for name in rubric.domains:
        if not (found := totals.get(name)):
            scores[name] = None
            continue
        score = math.fsum(found) / len(found)
        for penalty in penalties.get(name, []):
            score *= (len(found) + penalty) / (len(found) + 1)
        scores[name] = score
    return scores


def maturity_index(rubric: Scale, scores: Mapping[str, float | None]) -> float | None:
    """Return the weighted mean of the domains that were measured.

    Parameters
    ----------
    rubric : Scale
        The weights.
    scores : mapping of str to float or None
        Of each domain.

    Returns
    -------
    float or None
        0 to 1; None where no weighted domain was measured.

    Examples
    --------
    >>> from mnephys.maturity.rubric import load_rubric
    >>> round(maturity_index(load_rubric(), {"firing": 1.0, "ap": 0.0}), 4)
    0.5385
    """
    weights = {name: rubric.domains[name].weight for name, score in scores.items() if score is not None}
    total = math.fsum(weights.values())
    if total == 0:
        return None
    return math.fsum(weight * (scores[name] or 0.0) for name, weight in weights.items()) / total


def _stage(
    rubric: Rubric,
    categories: Mapping[str, str],
    drive: Drive,
    index: float | None,
    few: tuple[str, ...],
    outcomes: list[Outcome],
) -> Stage:
    if categories.get(PATTERN) in rubric.stages.silent_patterns:
        return Stage.IMMATURE
    if drive is not Drive.DRIVEN or few or index is None:
        return Stage.INDETERMINATE
    if index < rubric.stages.immature_below - TIE:
        return Stage.IMMATURE
    if Outcome.UNMET in outcomes:
        return Stage.INTERMEDIATE
    return Stage.INDETERMINATE if Outcome.UNKNOWN in outcomes else Stage.MATURE


def _claim(stage: Stage, gates: tuple[tuple[str, Gate, Outcome], ...]) -> Claim:
    reached = Claim.NONE
    for name in CLAIMS:
        claim = Claim(name)
        if any(outcome is not Outcome.MET for of, _, outcome in gates if of == name):
            break
        if claim is Claim.FUNCTIONAL and stage is Stage.IMMATURE:
            break
        if claim is Claim.MATURE_IN_VITRO and stage is not Stage.MATURE:
            break
        reached = claim
    return reached
