"""Which feature functions run on which recording: the one place that knows both halves."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from pathlib import PurePath
from typing import Any

import numpy as np

from mnephys.evidence import sweep_evidence
from mnephys.maturity.conditions import Conditions
from mnephys.maturity.model import Rubric
from mnephys.maturity.result import Score
from mnephys.maturity.score import score_cell
from mnephys.measurement import Feature, FeatureTable, Measurement, Status
from mnephys.patch import ap_features, firing_features, passive, quality
from mnephys.patch.family import Family, find_family
from mnephys.recording import Clamp, SweepRecording
from mnephys.samples import Sample

__all__ = ["Analysis", "analyse", "declared_features", "extract", "score", "score_subject"]


@dataclass(frozen=True, slots=True)
class Analysis:
    """What one recording gave.

    Parameters
    ----------
    table : FeatureTable
        Its measurements and action potentials.
    evidence : dict
        What its report needs; see `mnephys.evidence`.
    """

    table: FeatureTable
    evidence: dict[str, Any]


def declared_features() -> dict[str, Feature]:
    """Return every feature that can be measured, by name.

    Returns
    -------
    dict of str to Feature
        In the order in which they are measured.

    Examples
    --------
    >>> declared_features()["input_resistance"].unit
    'MOhm'
    """
    rooms = (quality, passive, ap_features, firing_features)
    return {name: feature for room in rooms for name, feature in room.FEATURES.items()}


def analyse(recording: SweepRecording, *, bias: float | None = None) -> Analysis:
    """Measure everything that a recording allows.

    Parameters
    ----------
    recording : SweepRecording
        Under current or voltage clamp.
    bias : float, optional
        Current that the amplifier injects besides the command, in pA; None where unknown.

    Returns
    -------
    Analysis
        Measurements and evidence.
    """
    origin = quality.judge_origin(recording)
    if recording.clamp is Clamp.VOLTAGE:
        why = "made under voltage clamp, of which nothing is measured yet"
        table = FeatureTable((origin, quality.FEATURES["qc_recording"].missing(Status.NOT_APPLICABLE, why)))
        return Analysis(table, sweep_evidence(recording, table, None))
    family, verdicts = quality.control_quality(find_family(recording))
    command = quality.judge_command(recording, family.steps)
    if family.accepted.any():
        measured = [
            *passive.measure_passive(family, bias=bias),
            *ap_features.measure_action_potential(family),
            *firing_features.measure_firing(family),
        ]
    else:
        measured = _all_excluded(verdicts[-1].reason)
    table = FeatureTable((origin, command, *verdicts, *measured), _spike_columns(family))
    return Analysis(table, sweep_evidence(recording, table, family))


def extract(recording: SweepRecording, *, bias: float | None = None) -> FeatureTable:
    """Measure everything that a recording allows.

    Parameters
    ----------
    recording : SweepRecording
        Under current clamp; under voltage clamp nothing is measured yet, which the table says.
    bias : float, optional
        Current that the amplifier injects besides the command, in pA. Only if it is known, the baseline
        at zero command can be called resting potential.

    Returns
    -------
    FeatureTable
        `to_frame()` is a tidy pandas DataFrame, `spikes` has one row per action potential.

    Examples
    --------
    >>> import mnephys
    >>> from mnephys.recording import Clamp, SweepRecording
    >>> quiet = SweepRecording(np.full((1, 20000), -70.0), 20000.0, Clamp.CURRENT)
    >>> extract(quiet).get("baseline_potential").value
    -70.0
    """
    return analyse(recording, bias=bias).table


def _all_excluded(reason: str) -> list[Measurement]:
    """Return the rows of a recording of which no sweep passed quality control."""
    rooms = (passive, ap_features, firing_features)
    features = [f for room in rooms for f in room.FEATURES.values() if f.levels[0] == "cell"]
    return [f.missing(Status.EXCLUDED, reason) for f in features]


def _spike_columns(family: Family) -> dict[str, Any]:
    """Return the action potentials with the step and current that evoked each."""
    steps = family.steps
    test_before = np.cumsum(steps.test) - 1
    first_of_sweep = np.searchsorted(steps.sweep, steps.sweep)
    offset = test_before[first_of_sweep] + np.where(steps.test[first_of_sweep], 0, 1)
    nth = np.where(steps.test, test_before - offset, -1)
    sweep = np.asarray(family.aps["sweep"], dtype=np.int64)
    return {
        **family.aps,
        "step": nth[family.ap_step],
        "step_current": np.asarray(steps.current)[family.ap_step],
        "used": family.accepted[sweep],
    }


def score(
    what: SweepRecording | FeatureTable | Sequence[SweepRecording],
    *,
    subject: str = "",
    conditions: Conditions | None = None,
    rubric: Rubric | None = None,
) -> Score:
    """Score the maturity of one cell.

    Parameters
    ----------
    what : SweepRecording, FeatureTable, or sequence of SweepRecording
        A recording, its measurements, or all recordings of the one cell.
    subject : str, optional
        What to call the cell; the name of its first file if omitted.
    conditions : Conditions, optional
        How it was recorded: junction potential, seal, bias; if omitted, what the recordings say. What is
        unknown is varied, and the stage is ``indeterminate`` only if it would change.
    rubric : Rubric, optional
        What counts as mature; the built-in rubric if omitted.

    Returns
    -------
    Score
        With its evidence, criterion by criterion. Scoring a table equals scoring its recording.

    Examples
    --------
    >>> import numpy as np
    >>> from mnephys.recording import Clamp
    >>> quiet = SweepRecording(np.full((1, 20000), -70.0), 20000.0, Clamp.CURRENT)
    >>> str(score(quiet).stage)
    'indeterminate'
    """
    if isinstance(what, FeatureTable):
        return _score(what, subject or "cell", conditions or Conditions(), rubric)
    recordings = [what] if isinstance(what, SweepRecording) else list(what)
    conditions = conditions or _stated(recordings)
    names = _distinct([PurePath(r.provenance.path).name or "recording" for r in recordings])
    tables = [extract(r, bias=conditions.bias_pa).named(n) for r, n in zip(recordings, names, strict=True)]
    name = subject or (names[0] if names else "cell")
    return _score(FeatureTable.concatenate(tables), name, conditions, rubric)


def score_subject(table: FeatureTable, subject: str, samples: Sequence[Sample], rubric: Rubric) -> Score:
    """Score the subject of a sample sheet.

    Parameters
    ----------
    table : FeatureTable
        The measurements of all its recordings.
    subject : str
        Its name.
    samples : sequence of Sample
        What is known of each recording; of what they contradict each other in, the first is used.
    rubric : Rubric
        What counts as mature.

    Returns
    -------
    Score
        With its evidence.
    """
    known = {f.name: _first_known(samples, f.name) for f in fields(Conditions)}
    return _score(table, subject, Conditions(**known), rubric)


def _score(table: FeatureTable, subject: str, conditions: Conditions, rubric: Rubric | None) -> Score:
    scored = score_cell(table, subject=subject, conditions=conditions, rubric=rubric)
    if not any(row.text == "simulated" for row in table.select("qc_origin")):
        return scored
    return replace(scored, reasons=(*scored.reasons, "The recording is simulated: it shows the program, no biology."))


def _first_known(samples: Sequence[Sample], name: str) -> Any:
    return next((value for s in samples if (value := getattr(s, name)) is not None), None)


def _stated(recordings: Sequence[SweepRecording]) -> Conditions:
    """Return what the recordings themselves say of their junction potential."""
    known = next((r for r in recordings if r.junction_potential is not None), None)
    if known is None:
        return Conditions()
    return Conditions(ljp_mv=known.junction_potential, ljp_subtracted=known.junction_potential_subtracted)


def _distinct(names: Sequence[str]) -> list[str]:
    """Return the names, numbered where two are the same."""
    return [name if names.count(name) == 1 else f"{name}#{i}" for i, name in enumerate(names)]
