"""Which feature functions run on which recording: the one place that knows both halves."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from mnephys.evidence import sweep_evidence
from mnephys.measurement import Feature, FeatureTable, Status
from mnephys.patch import ap_features, firing, passive, quality
from mnephys.patch.family import Family, find_family
from mnephys.recording import Clamp, SweepRecording

__all__ = ["Analysis", "analyse", "declared_features", "extract"]


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
    rooms = (quality, passive, ap_features, firing)
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
    if recording.clamp is Clamp.VOLTAGE:
        why = "made under voltage clamp, of which nothing is measured yet"
        table = FeatureTable((quality.FEATURES["qc_recording"].missing(Status.NOT_APPLICABLE, why),))
        return Analysis(table, sweep_evidence(recording, table, None))
    family, verdicts = quality.control_quality(find_family(recording))
    rows = (
        *verdicts,
        *passive.measure_passive(family, bias=bias),
        *ap_features.measure_action_potential(family),
        *firing.measure_firing(family),
    )
    table = FeatureTable(rows, _spike_columns(family))
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
