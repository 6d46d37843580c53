"""The rubric's stage of a cell beside what published cells of each stage measure."""

from __future__ import annotations

from dataclasses import replace

from mnephys.maturity.reference.model import Reference
from mnephys.maturity.reference.opinion import Opinion, second_opinion
from mnephys.maturity.result import Score
from mnephys.maturity.stage import Claim, Stage
from mnephys.measurement import Status

__all__ = ["disagrees", "with_second_opinion"]


def with_second_opinion(score: Score, reference: Reference) -> Score:
    """Return the score of a cell with the probability of each stage by a reference.

    Parameters
    ----------
    score : Score
        Of a cell, by the rubric.
    reference : Reference
        What cells of each stage measure.

    Returns
    -------
    Score
        With `posterior` and a sentence on it. A stage that the reference contradicts becomes ``indeterminate``, a claim
        of maturity with it; all else stays.

    Examples
    --------
    >>> from mnephys.maturity.reference import load_reference
    >>> from mnephys.maturity.score import score_cell
    >>> from mnephys.measurement import FeatureTable, Measurement
    >>> rows = Measurement("firing_pattern", None, "none", "1"), Measurement("qc_drive", None, "driven", "1")
    >>> score = with_second_opinion(score_cell(FeatureTable(rows)), load_reference())
    >>> score.stage, score.posterior.probable
    (<Stage.IMMATURE: 'immature'>, 'immature')
    """
    used = [line for line in score.criteria if line.status is Status.OK]
    # The sets are not corrected for the junction potential.
    numbers = {line.feature: line.value if line.raw is None else line.raw for line in used if line.value is not None}
    categories = {line.feature: line.text for line in used if line.text}
    opinion = second_opinion({n: v for n, v in numbers.items() if v is not None}, categories, reference)
    if not opinion.used:
        return replace(score, posterior=opinion)
    if not disagrees(score.stage, opinion, reference):
        return replace(score, posterior=opinion, reasons=(*score.reasons, _beside(opinion)))
    claim = Claim.FUNCTIONAL if score.claim == Claim.MATURE_IN_VITRO else score.claim
    reasons = (_against(str(score.stage), opinion), *score.reasons)
    return replace(
        score, posterior=opinion, stage=Stage.INDETERMINATE, claim=claim, reasons=reasons, changes=(), resolutions=()
    )


def disagrees(stage: str | None, opinion: Opinion, reference: Reference) -> bool:
    """Return whether a reference contradicts a stage.

    Parameters
    ----------
    stage : str or None
        By the rubric.
    opinion : Opinion
        By the reference.
    reference : Reference
        Says how improbable a stage must be for that.

    Returns
    -------
    bool
        False where either names no stage: a cell unlike every set contradicts nothing.
    """
    if stage is None or not opinion.stage or stage not in opinion.probabilities:
        return False
    return opinion.probabilities[stage] < reference.caution.disagrees_below


def _against(stage: str, opinion: Opinion) -> str:
    own, other = opinion.probabilities[stage], opinion.probabilities[opinion.stage]
    return (
        f"The rubric says {stage}, but published cells that measure the same are {opinion.stage} (probability "
        f"{other:.2f}, {stage} {own:.2f}): the two disagree."
    )


def _beside(opinion: Opinion) -> str:
    if opinion.reason:
        return f"No second opinion: {opinion.reason[:1].lower()}{opinion.reason[1:]}"
    shares = ", ".join(f"{stage} {share:.2f}" for stage, share in opinion.probabilities.items())
    return f"Second opinion, from what published cells measure, apart from the rubric: {shares}."
