"""Which feature functions run on which recording."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from mnephys.evidence import clamp_evidence, plate_evidence, summary_evidence, sweep_evidence
from mnephys.mea import exported, facts, measure, stimulation
from mnephys.mea.definitions import DEFINITIONS, Definitions
from mnephys.mea.detection.plate import detect_plate
from mnephys.mea.detection.settings import DetectionSettings
from mnephys.mea.network_bursts import NetworkBursts
from mnephys.measurement import Feature, FeatureTable, Measurement, Rows, Status
from mnephys.patch import (
    after_potentials,
    agonists,
    ap_features,
    currents,
    firing_features,
    passive,
    quality,
    ramp_features,
    synaptic,
)
from mnephys.patch.charging import measure_charging
from mnephys.patch.family import Family, find_family
from mnephys.patch.limits import QualityLimits
from mnephys.readers import Recording
from mnephys.recording import Clamp, PlateRecording, SweepRecording
from mnephys.summary import PlateSummary

__all__ = ["DEFAULT_DEFINITIONS", "Analysis", "analyse", "declared_features", "extract"]

DEFAULT_DEFINITIONS = DEFINITIONS["axis-2023"]
"""The vendor's current definitions of activity and bursts."""

DEFAULT_DETECTION = DetectionSettings()
"""How spikes are detected where a file holds raw voltage alone."""

OF_CURRENT_CLAMP = (passive, ap_features, after_potentials, firing_features, ramp_features)
"""The rooms whose features every recording under current clamp is measured for, beside `quality`."""

OF_VOLTAGE_CLAMP = (currents, synaptic)
"""Those of every recording under voltage clamp."""


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


def declared_features() -> list[Feature]:
    """Return every feature that can be measured.

    Returns
    -------
    list of Feature
        Those of cells, then those of plates; a name may stand for both.

    Examples
    --------
    >>> [feature.levels for feature in declared_features() if feature.name == "isi_cv"]
    [('cell',), ('electrode', 'well')]
    """
    rooms = (quality, *OF_CURRENT_CLAMP, *OF_VOLTAGE_CLAMP, agonists, measure, stimulation, facts, exported)
    # Both clamps have the same verdicts on sweeps and cell.
    return list({id(feature): feature for room in rooms for feature in room.FEATURES.values()}.values())


def analyse(
    recording: Recording,
    *,
    bias: float | None = None,
    seal: float | None = None,
    definitions: Definitions = DEFAULT_DEFINITIONS,
    quality: QualityLimits | None = None,
    detection: DetectionSettings = DEFAULT_DETECTION,
) -> Analysis:
    """Measure everything that a recording allows.

    Parameters
    ----------
    recording : SweepRecording, PlateRecording or PlateSummary
        Sweeps of a cell, spikes of a plate, or a vendor's metrics of one, which are taken as they are.
    bias : float, optional
        Current that the amplifier injects into a cell besides the command, in pA; None where unknown.
    seal : float, optional
        Seal resistance in MOhm; None where unknown.
    definitions : Definitions, optional
        What counts as active and as a burst on a plate; the vendor's current ones if omitted.
    quality : QualityLimits, optional
        When a sweep or a cell is excluded; the limits of the package if omitted.
    detection : DetectionSettings, optional
        How spikes are detected in the raw voltage of a plate whose file holds no spikes.

    Returns
    -------
    Analysis
        Measurements and evidence.
    """
    if isinstance(recording, SweepRecording):
        return _sweeps(recording, bias, seal, quality or QualityLimits.read())
    if isinstance(recording, PlateSummary):
        more = (*exported.exported_share_2015(recording.table), *facts.well_fact_rows(recording.well_facts))
        table = FeatureTable(Rows.joined([recording.table.rows, Rows.of(more)]))
        return Analysis(table, summary_evidence(recording))
    searched, table, bursts = _plate(recording, definitions, detection)
    return Analysis(table, plate_evidence(searched, table, definitions, bursts))


def extract(
    recording: Recording,
    *,
    bias: float | None = None,
    seal: float | None = None,
    definitions: Definitions = DEFAULT_DEFINITIONS,
    quality: QualityLimits | None = None,
    detection: DetectionSettings = DEFAULT_DETECTION,
) -> FeatureTable:
    """Measure everything that a recording allows.

    Parameters
    ----------
    recording : SweepRecording, PlateRecording or PlateSummary
        Of a cell, under current or voltage clamp, or of a plate.
    bias : float, optional
        Current that the amplifier injects besides the command, in pA. Only if it is known, the baseline
        at zero command can be called resting potential.
    seal : float, optional
        Seal resistance in MOhm, to be compared with the input resistance.
    definitions : Definitions, optional
        What counts as active and as a burst on a plate; the vendor's current ones if omitted.
    quality : QualityLimits, optional
        When a sweep or a cell is excluded; the limits of the package if omitted.
    detection : DetectionSettings, optional
        How spikes are detected in the raw voltage of a plate whose file holds no spikes.

    Returns
    -------
    FeatureTable
        `to_frame()` is a tidy pandas DataFrame, `spikes` has one row per action potential of a cell.

    Examples
    --------
    >>> import mnephys
    >>> from mnephys.recording import Clamp, PlateRecording, SweepRecording
    >>> quiet = SweepRecording(np.full((1, 20000), -70.0), 20000.0, Clamp.CURRENT)
    >>> extract(quiet).get("baseline_potential").value
    -70.0
    """
    if isinstance(recording, PlateRecording):
        return _plate(recording, definitions, detection)[1]  # a report's pictures take as long as reading the file
    return analyse(recording, bias=bias, seal=seal, definitions=definitions, quality=quality, detection=detection).table


def _plate(
    recording: PlateRecording, definitions: Definitions, detection: DetectionSettings
) -> tuple[PlateRecording, FeatureTable, NetworkBursts]:
    """Return a plate with the spikes that were found if it had none, its measurements, and its network bursts."""
    detected = detect_plate(recording, detection) if recording.trains is None else None
    recording = recording if detected is None else detected.recording
    measured = measure.measure_plate_and_bursts(recording, definitions, detected)
    more = (*stimulation.measure_evoked(recording), *facts.well_fact_rows(recording.well_facts))
    return recording, FeatureTable(Rows.joined([measured.rows, Rows.of(more)])), measured.network_bursts


def _sweeps(recording: SweepRecording, bias: float | None, seal: float | None, limits: QualityLimits) -> Analysis:
    origin = quality.judge_origin(recording)
    if recording.clamp is Clamp.VOLTAGE:
        return _voltage_clamp(recording, origin, seal, limits)
    family, verdicts = quality.control_quality(find_family(recording), limits)
    command = quality.judge_command(recording, family.steps)
    if family.accepted.any():
        charging = measure_charging(family)
        measured = [
            *passive.measure_passive(family, charging, bias=bias),
            *ap_features.measure_action_potential(family),
            *after_potentials.measure_after_potentials(family),
            *firing_features.measure_firing(family, charging.settling_tau),
            *ramp_features.measure_ramps(family, recording.command),
            *_applied(recording),
        ]
    else:
        measured = _all_excluded(verdicts[-1].reason)
    sealed = quality.judge_seal(_first(measured, "input_resistance"), seal)
    table = FeatureTable((origin, command, *verdicts, sealed, *measured), _spike_columns(family))
    return Analysis(table, sweep_evidence(recording, table, family) | {"quality": asdict(limits)})


def _voltage_clamp(
    recording: SweepRecording, origin: Measurement, seal: float | None, limits: QualityLimits
) -> Analysis:
    rows, behind = currents.measure_currents(recording, limits=limits.voltage_clamp)
    found = synaptic.analyse_synaptic(recording)
    why = "it was recorded under voltage clamp, which shows no firing"
    drive = quality.FEATURES["qc_drive"].missing(Status.NOT_APPLICABLE, why)
    sealed = quality.judge_seal(_first(rows, "membrane_test_resistance"), seal)
    judged = (origin, drive, quality.name_limits(limits), sealed)
    table = FeatureTable((*judged, *rows, *found.rows, *_applied(recording)))
    evidence = sweep_evidence(recording, table, None) | clamp_evidence(behind.table, found.events)
    return Analysis(table, evidence | {"quality": asdict(limits)})


def _first(rows: Sequence[Measurement], name: str) -> Measurement | None:
    return next((row for row in rows if row.feature == name), None)


def _applied(recording: SweepRecording) -> list[Measurement]:
    """Return what agonists and blockers did, of a recording in which somebody noted anything."""
    return agonists.measure_agonists(recording) if recording.tags else []


def _all_excluded(reason: str) -> list[Measurement]:
    """Return the rows of a recording of which no sweep passed quality control."""
    features = [f for room in OF_CURRENT_CLAMP for f in room.FEATURES.values() if f.levels[0] == "cell"]
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
