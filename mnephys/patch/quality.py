"""Quality control: which sweeps a cell is judged on, and whether it can be judged at all.

A sweep is excluded with a reason and the others stay. Nothing here removes a cell for being immature:
there is no smallest spike and no resting potential that a cell must have. The limits stand in ``quality.toml``.
"""

from __future__ import annotations

import numpy as np

from mnephys.measurement import Feature, Measurement, Status
from mnephys.patch import drive, stability, sweep_faults
from mnephys.patch.baselines import measure_baselines
from mnephys.patch.bridge import BridgeJump, bridge_jump
from mnephys.patch.charging import step_deflections
from mnephys.patch.family import Family
from mnephys.patch.limits import QualityLimits
from mnephys.patch.no_cell import bridge_artefact, disorder, leak
from mnephys.patch.steps import Steps
from mnephys.recording import SIMULATED_COMMENT, CommandSource, FloatArray, SweepRecording

__all__ = ["FEATURES", "QualityLimits", "control_quality", "judge_command", "judge_origin", "judge_seal", "name_limits"]

_SWEEP = ("sweep",)
_CELL = ("cell",)
_OWN = "mnephys"

FEATURES = {
    f.name: f
    for f in (
        *drive.FEATURES.values(),
        Feature("qc_sweep", "1", _SWEEP, "Whether the sweep is used, and why not", _OWN),
        Feature("qc_baseline_noise", "mV", _SWEEP, "SD of the fast noise before the steps", _OWN, (0, 1e3), version=3),
        Feature("qc_baseline_noise_slow", "mV", _SWEEP, "SD of what is below 10 Hz before the steps", _OWN, (0, 1e3)),
        Feature("qc_baseline_shift", "mV", _SWEEP, "Baseline minus the middle baseline of all sweeps", _OWN, version=2),
        *sweep_faults.FEATURES.values(),
        Feature("qc_limits", "1", _CELL, "By which limits quality was judged", _OWN),
        Feature("qc_command", "1", _CELL, "Where the injected current is known from, and what contradicts it", _OWN),
        Feature("qc_origin", "1", _CELL, "Whether a rig recorded it or a program simulated it", _OWN),
        *stability.FEATURES.values(),
        Feature("qc_seal", "1", _CELL, "Stated seal resistance over the input resistance", _OWN, (0, 1e6)),
        Feature(
            "qc_bridge_error", "MOhm", _CELL, "Jump at the edges of steps that the bridge left over", _OWN, version=2
        ),
        Feature("qc_bridge_artefact", "1", _CELL, "Whether the response is an electrode's, not a membrane's", _OWN),
        Feature("qc_recording", "1", _CELL, "Whether the cell can be judged, and why not", _OWN),
    )
}
"""The features of quality control, those of the modules that it joins among them."""


def control_quality(family: Family, limits: QualityLimits | None = None) -> tuple[Family, list[Measurement]]:
    """Judge every sweep and the recording.

    Parameters
    ----------
    family : Family
        A recording with its steps and action potentials.
    limits : QualityLimits, optional
        When to exclude; those of the package if omitted.

    Returns
    -------
    family : Family
        With the sweeps that stay.
    rows : list of Measurement
        `qc_sweep` and its numbers for every sweep, and the cell's verdicts, `qc_recording` at the end.
    """
    limits = limits or QualityLimits.read()
    baselines = measure_baselines(family)
    units = sweep_faults.unit_fault(family.voltage, limits)
    n_sweeps = family.voltage.shape[0]
    reasons = [units] * n_sweeps if units else sweep_faults.find_faults(family, baselines, limits)
    judged = family.with_accepted(np.array([not why for why in reasons]))
    clipping = sweep_faults.measure_clipping(reasons)
    deflections = step_deflections(judged)
    jump = bridge_jump(judged, deflections)
    artefact = bridge_artefact(family, jump, limits)
    fault = artefact or disorder(judged, limits) or leak(judged, deflections, limits)
    if fault:
        reasons = [why or fault for why in reasons]
        judged = judged.with_accepted(np.zeros(n_sweeps, dtype=bool))
    return judged, [
        *(_sweep_verdict(sweep, why) for sweep, why in enumerate(reasons)),
        *_per_sweep("qc_baseline_noise", baselines.noise, "the sweep holds no quiet sample before its first step"),
        *_per_sweep("qc_baseline_noise_slow", baselines.slow_noise, "less than 100 ms are quiet before the first step"),
        *_per_sweep("qc_baseline_shift", baselines.shift, "the sweep holds no sample before its first step"),
        *sweep_faults.measure_aborted(family),
        sweep_faults.measure_units(units, family.voltage),
        clipping,
        *stability.measure_stability(judged, baselines.potential, deflections, limits),
        _bridge_error(jump),
        _named(artefact),
        *drive.measure_drive(judged, limits),
        name_limits(limits),
        _verdict(reasons),
    ]


def judge_command(recording: SweepRecording, steps: Steps) -> Measurement:
    """Say where the command came from.

    Parameters
    ----------
    recording : SweepRecording
        As read.
    steps : Steps
        Its steps, read off the command or, without one, inferred from the response.

    Returns
    -------
    Measurement
        A category of `mnephys.recording.CommandSource`; what the reader noticed is its remark.
    """
    inferred = recording.command is None and bool(steps.test.any())
    source = CommandSource.INFERRED if inferred else recording.command_source
    return FEATURES["qc_command"].category(source.value, remark=" ".join(recording.problems))


def judge_origin(recording: SweepRecording) -> Measurement:
    """Say whether a recording is a simulation of mnephys.

    Parameters
    ----------
    recording : SweepRecording
        As read.

    Returns
    -------
    Measurement
        ``simulated`` where the file says so itself, else ``recorded``.
    """
    simulated = recording.metadata.get("comment") == SIMULATED_COMMENT
    return FEATURES["qc_origin"].category("simulated" if simulated else "recorded")


def judge_seal(resistance: Measurement | None, seal: float | None) -> Measurement:
    """Compare the seal with the input resistance that was measured through it.

    From which ratio on a cell is called *seal-limited*, and what its membrane would be without the leak, is the
    rubric's to say.

    Parameters
    ----------
    resistance : Measurement or None
        Input resistance in MOhm.
    seal : float or None
        Seal resistance in MOhm, where somebody stated it.

    Returns
    -------
    Measurement
        Of `qc_seal`.

    Examples
    --------
    >>> judge_seal(Measurement("input_resistance", 500.0, "", "MOhm"), 4000.0).value
    8.0
    """
    feature = FEATURES["qc_seal"]
    if seal is None:
        return feature.missing(Status.NOT_APPLICABLE, "nobody stated the seal resistance (rseal_mohm)")
    if resistance is None or not resistance.ok or resistance.value is None or resistance.value <= 0:
        return feature.missing(Status.NOT_APPLICABLE, "the input resistance was not measured")
    said = f"The seal has {seal:g} MOhm, the input resistance is {resistance.value:.4g} MOhm."
    if seal <= resistance.value:
        return feature.missing(Status.BAD_INPUT, f"{said} The seal cannot be the smaller of the two.")
    return feature.measured(seal / resistance.value, remark=said)


def name_limits(limits: QualityLimits) -> Measurement:
    """Name the limits by which quality was judged.

    Parameters
    ----------
    limits : QualityLimits
        Of both clamps.

    Returns
    -------
    Measurement
        Of `qc_limits`; its remark says what differs from the limits of the package.

    Examples
    --------
    >>> name_limits(QualityLimits.read()).text
    'default'
    """
    changed = limits.changed()
    return FEATURES["qc_limits"].category(limits.label, remark=f"{', '.join(changed)}." if changed else "")


def _bridge_error(jump: BridgeJump | None) -> Measurement:
    feature = FEATURES["qc_bridge_error"]
    if jump is None:
        return feature.missing(Status.NOT_APPLICABLE, "no step without action potentials whose edges could be measured")
    kind = "hyperpolarising" if jump.hyperpolarising else "depolarising, for want of others,"
    remark = f"standard error {jump.error:.2g} MOhm, {jump.n_edges} edges of {kind} steps"
    return feature.measured(jump.value, remark=remark)


def _sweep_verdict(sweep: int, why: str) -> Measurement:
    feature, name = FEATURES["qc_sweep"], f"s{sweep}"
    return feature.missing(Status.EXCLUDED, why, id=name) if why else feature.category("used", id=name)


def _per_sweep(name: str, values: FloatArray, why: str) -> list[Measurement]:
    feature = FEATURES[name]
    return [
        feature.measured(float(value), id=f"s{sweep}")
        if np.isfinite(value)
        else feature.missing(Status.NOT_APPLICABLE, why, id=f"s{sweep}")
        for sweep, value in enumerate(values)
    ]


def _named(artefact: str) -> Measurement:
    feature = FEATURES["qc_bridge_artefact"]
    return feature.missing(Status.EXCLUDED, artefact) if artefact else feature.category("none found")


def _verdict(reasons: list[str]) -> Measurement:
    feature = FEATURES["qc_recording"]
    excluded = [why for why in reasons if why]
    if len(excluded) < len(reasons):
        remark = f"{len(excluded)} of {len(reasons)} sweeps excluded" if excluded else ""
        return feature.category("used", remark=remark)
    most = max(dict.fromkeys(excluded), key=excluded.count)
    return feature.missing(Status.EXCLUDED, f"all {len(reasons)} sweeps excluded: {most}")
