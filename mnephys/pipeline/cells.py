"""Scoring cells: from the recordings of one, or from its measurements."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields, replace
from typing import Any

from mnephys.maturity.against_protocol import firing_of, read_against, stated_days
from mnephys.maturity.conditions import Conditions
from mnephys.maturity.derivation import Derivations
from mnephys.maturity.model import Rubric
from mnephys.maturity.parse_derivation import load_derivations
from mnephys.maturity.reference import Reference, load_reference
from mnephys.maturity.result import Score
from mnephys.maturity.rubric import load_rubric
from mnephys.maturity.score import score_cell
from mnephys.maturity.second_opinion import with_second_opinion
from mnephys.measurement import FeatureTable
from mnephys.pipeline.junction import junction_of
from mnephys.recording import SweepRecording
from mnephys.samples import Sample

__all__ = ["score_subject", "score_table", "stated_conditions"]


def score_subject(
    table: FeatureTable,
    subject: str,
    samples: Sequence[Sample],
    rubric: Rubric,
    protocols: Derivations | None = None,
    reference: Reference | None = None,
) -> Score:
    """Score the subject of a sample sheet.

    Parameters
    ----------
    table : FeatureTable
        The measurements of all its recordings.
    subject : str
        Its name.
    samples : sequence of Sample
        What is known of each recording; of what they contradict each other in, the first is used. A junction
        potential that nobody stated is computed from the solutions.
    rubric : Rubric
        What counts as mature.
    protocols : Derivations, optional
        What is known of derivation protocols; the list of the package if omitted.
    reference : Reference, optional
        What cells of each stage measure, for the second opinion; that of the package if omitted.

    Returns
    -------
    Score
        With its evidence. Where a derivation protocol is stated, its last reasons read the score against it.
    """
    known = {f.name: _first_known(samples, f.name) for f in fields(Conditions)}
    junction = junction_of(samples)
    scored = score_table(table, subject, Conditions(**{**known, "ljp_mv": junction.ljp_mv}), rubric, reference)
    beside = replace(scored, sample=_shared(samples), reasons=(*scored.reasons, *junction.reasons))
    return replace(beside, reasons=(*beside.reasons, *_by_protocol(beside, rubric, protocols)))


def score_table(
    table: FeatureTable,
    subject: str,
    conditions: Conditions,
    rubric: Rubric | None,
    reference: Reference | None = None,
) -> Score:
    """Score one cell, hold it against the second opinion, and say where it is simulated.

    Parameters
    ----------
    table : FeatureTable
        Of all its recordings.
    subject : str
        Its name.
    conditions : Conditions
        How it was recorded.
    rubric : Rubric, optional
        What counts as mature; the built-in rubric if omitted.
    reference : Reference, optional
        What cells of each stage measure; that of the package if omitted.

    Returns
    -------
    Score
        With its evidence.
    """
    rubric = load_rubric() if rubric is None else rubric
    scored = score_cell(table, subject=subject, conditions=conditions, rubric=rubric)
    if rubric.second_opinion:
        scored = with_second_opinion(scored, load_reference() if reference is None else reference)
    if not any(row.text == "simulated" for row in table.select("qc_origin")):
        return scored
    return replace(scored, reasons=(*scored.reasons, "The recording is simulated: it shows the program, no biology."))


def stated_conditions(recordings: Sequence[SweepRecording]) -> Conditions:
    """Return what recordings themselves say of their junction potential.

    Parameters
    ----------
    recordings : sequence of SweepRecording
        Of one cell.

    Returns
    -------
    Conditions
        Of the first that says something.

    Examples
    --------
    >>> stated_conditions([]).ljp_mv is None
    True
    """
    known = next((r for r in recordings if r.junction_potential is not None), None)
    if known is None:
        return Conditions()
    return Conditions(ljp_mv=known.junction_potential, ljp_subtracted=known.junction_potential_subtracted)


def _by_protocol(score: Score, rubric: Rubric, protocols: Derivations | None) -> tuple[str, ...]:
    """Return the sentences of a score read against the protocol that its cell was derived by; none where unknown."""
    key = score.sample.get("derivation_protocol")
    if not isinstance(key, str):
        return ()
    known = load_derivations() if protocols is None else protocols
    days, fires = stated_days(score.sample), firing_of(score, rubric)
    return read_against(score, known.protocols[key], known.ladder, days, fires)


def _first_known(samples: Sequence[Sample], name: str) -> Any:
    return next((value for s in samples if (value := getattr(s, name)) is not None), None)


def _shared(samples: Sequence[Sample]) -> dict[str, Any]:
    """Return what is stated alike for every recording that states it."""
    every = [sample.facts() for sample in samples]
    keys = dict.fromkeys(key for facts in every for key in facts)
    values = {key: [facts[key] for facts in every if key in facts] for key in keys}
    return {key: found[0] for key, found in values.items() if all(value == found[0] for value in found)}
