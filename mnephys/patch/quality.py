"""Quality control: which sweeps a cell is judged on, and whether it can be judged at all.

A sweep is excluded with a reason and the others stay. Nothing here removes a cell for being immature:
there is no smallest spike and no resting potential that a cell must have.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mnephys.measurement import Feature, Measurement, Status
from mnephys.patch import drive
from mnephys.patch.bridge import BridgeJump, bridge_jump, ohmic_slope
from mnephys.patch.charging import BASELINE_S, step_deflections
from mnephys.patch.clipping import clipped_sweeps
from mnephys.patch.family import LONG_STEP_MS, Family
from mnephys.patch.segments import Stretches, stretch_mean
from mnephys.patch.steps import Steps
from mnephys.recording import SIMULATED_COMMENT, CommandSource, FloatArray, SweepRecording

__all__ = ["FEATURES", "QualityLimits", "control_quality", "judge_command", "judge_origin"]


@dataclass(frozen=True, slots=True)
class QualityLimits:
    """When a sweep or a cell is excluded; the defaults are a patch lab's, and all can be set.

    Parameters
    ----------
    voltage_range : float
        No membrane is further from 0 mV than this.
    smallest_span : float
        A response that never leaves +- this many mV is in volts, or not of a cell.
    baseline_shift : float
        Largest distance of a sweep's baseline from the median of all, in mV.
    baseline_noise : float
        Largest standard deviation of the fast noise, in mV.
    clipping : float
        Longest flat run at the recording's extreme, in ms, if several peaks hit it steeply.
    clipping_slope : float
        How steeply, in mV/ms.
    bridge_error, bridge_share, bridge_certainty : float
        Largest jump at the edges of hyperpolarising steps, in MOhm, that is tolerated in any case; a
        larger one excludes if it is also more than this share of the whole response and more than this
        many standard errors.
    instant_share : float
        Where more than this share of the response appears at once, there is no membrane.
    instant_deflection : float
        If the response is at least this many mV.
    ohmic_voltage : float
        A steady state beyond this many mV and proportional to the current is an electrode's or a model
        cell's: no membrane gets there.
    dead_potential, dead_deflection : float
        A cell is dead if, in mV, it rests within the first of 0, no step moves it by the second, and
        nothing fires.
    leak_potential, leak_resistance : float
        No living cell is what rests above the first, in mV, with an input resistance below the second,
        in MOhm, and never fires. An immature cell has a high resistance.
    drive_voltage, drive_current : float
        A silent cell was driven if a depolarising step brought its steady state to the first, in mV, or
        injected the second from holding, in pA, and brought it to -30 mV.
    """

    voltage_range: float = 150.0
    smallest_span: float = 1.0
    baseline_shift: float = 10.0
    baseline_noise: float = 3.0
    clipping: float = 1.0
    clipping_slope: float = 2.0
    bridge_error: float = 100.0
    bridge_share: float = 0.25
    bridge_certainty: float = 5.0
    instant_share: float = 0.9
    instant_deflection: float = 5.0
    ohmic_voltage: float = 100.0
    dead_potential: float = 10.0
    dead_deflection: float = 1.0
    leak_potential: float = -20.0
    leak_resistance: float = 150.0
    drive_voltage: float = -10.0
    drive_current: float = 300.0


LEAK_DEFLECTION_MV = 10.0

_SWEEP = ("sweep",)
_CELL = ("cell",)
_OWN = "mnephys"

FEATURES = {
    f.name: f
    for f in (
        *drive.FEATURES.values(),
        Feature("qc_sweep", "1", _SWEEP, "Whether the sweep is used, and why not", _OWN),
        Feature("qc_baseline_noise", "mV", _SWEEP, "SD of the fast noise before the steps", _OWN, (0, 1e3)),
        Feature("qc_baseline_shift", "mV", _SWEEP, "Baseline minus the median baseline of all sweeps", _OWN),
        Feature("qc_command", "1", _CELL, "Where the injected current is known from, and what contradicts it", _OWN),
        Feature("qc_origin", "1", _CELL, "Whether a rig recorded it or a program simulated it", _OWN),
        Feature("qc_drift", "mV", _CELL, "Largest minus smallest baseline of the sweeps used", _OWN, (0, 1e3)),
        Feature(
            "qc_bridge_error", "MOhm", _CELL, "Jump at the edges of steps that the bridge left over", _OWN, version=2
        ),
        Feature("qc_bridge_artefact", "1", _CELL, "Whether the response is an electrode's, not a membrane's", _OWN),
        Feature("qc_recording", "1", _CELL, "Whether the cell can be judged, and why not", _OWN),
    )
}
"""The features of quality control, those of `mnephys.patch.drive` among them."""


def control_quality(family: Family, limits: QualityLimits | None = None) -> tuple[Family, list[Measurement]]:
    """Judge every sweep and the recording.

    Parameters
    ----------
    family : Family
        A recording with its steps and action potentials.
    limits : QualityLimits, optional
        When to exclude.

    Returns
    -------
    family : Family
        With the sweeps that stay.
    rows : list of Measurement
        `qc_sweep` and its numbers for every sweep, and the cell's verdicts.
    """
    limits = limits or QualityLimits()
    baseline, noise = _baselines(family)
    shift = baseline - _median(baseline)
    reasons = _sweep_reasons(family, baseline, noise, limits)
    judged = family.with_accepted(np.array([not why for why in reasons]))
    jump = bridge_jump(judged)
    artefact = _bridge_artefact(family, jump, limits)
    fault = artefact or _dead(judged, limits) or _leak(judged, limits)
    if fault:
        reasons = [why or fault for why in reasons]
        judged = judged.with_accepted(np.zeros(len(reasons), dtype=bool))
    rows = [_sweep_verdict(sweep, why) for sweep, why in enumerate(reasons)]
    rows += _per_sweep("qc_baseline_noise", noise)
    rows += _per_sweep("qc_baseline_shift", shift)
    return judged, [
        *rows,
        _drift(baseline, judged),
        _bridge_error(jump),
        _named(artefact),
        *drive.measure_drive(judged, voltage=limits.drive_voltage, current=limits.drive_current),
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


def _median(values: FloatArray) -> float:
    return float(np.nanmedian(values)) if np.isfinite(values).any() else float("nan")


def _baselines(family: Family) -> tuple[FloatArray, FloatArray]:
    """Return mean and fast noise of the time before the first step of each sweep, in mV."""
    steps = family.steps
    n_sweeps, n_samples = family.voltage.shape
    first = np.searchsorted(steps.start, np.arange(n_sweeps) * n_samples)
    first = np.minimum(first, max(len(steps) - 1, 0))
    begins = (steps.sweep[first] == np.arange(n_sweeps)) & steps.before_steps[first]
    stop = np.where(begins, steps.stop[first], 0)
    start = np.where(begins, np.maximum(stop - round(BASELINE_S * family.sampling_rate), steps.start[first]), 0)
    mean = stretch_mean(family.voltage.ravel(), start, stop)
    change = np.diff(family.voltage.ravel(), append=np.nan)
    stretches = Stretches.between(start, np.maximum(stop - 1, start))
    owner = np.repeat(np.arange(n_sweeps), stretches.length)
    square = change[stretches.index].astype(np.float64) ** 2
    # White noise of SD s changes from sample to sample with SD s x sqrt(2), whatever the slow drift.
    finite = np.isfinite(square)
    total = np.bincount(owner[finite], square[finite], n_sweeps)
    number = np.bincount(owner[finite], minlength=n_sweeps)
    noise = np.sqrt(np.divide(total, 2.0 * number, out=np.full(n_sweeps, np.nan), where=number > 0))
    return mean, noise


def _sweep_reasons(family: Family, baseline: FloatArray, noise: FloatArray, limits: QualityLimits) -> list[str]:
    """Return why each sweep is excluded, empty where it stays."""
    n_sweeps = family.voltage.shape[0]
    finite = np.atleast_1d(np.isfinite(family.voltage).any(axis=1))
    filled = np.where(np.isfinite(family.voltage), family.voltage, 0.0)
    extreme = np.abs(filled).max(axis=1)
    if finite.any() and extreme.max() < limits.smallest_span:
        reason = f"wrong units: the response stays within {extreme.max():.2g} mV of 0, as if it were in V"
        return [reason] * n_sweeps
    clipped = clipped_sweeps(
        family.voltage,
        family.sampling_rate,
        rest=_median(baseline),
        noise=_median(noise),
        flat=limits.clipping,
        slope=limits.clipping_slope,
    )
    shift = baseline - _median(baseline)
    numbers = zip(finite.tolist(), clipped.tolist(), extreme.tolist(), shift.tolist(), noise.tolist(), strict=True)
    return [_sweep_reason(limits, *each) for each in numbers]


def _sweep_reason(
    limits: QualityLimits, recorded: bool, clipped: bool, extreme: float, shift: float, noise: float
) -> str:
    if not recorded:
        return "nothing was recorded"
    if extreme > limits.voltage_range:
        return f"reaches {extreme:.0f} mV, which no membrane does"
    if clipped:
        return "clipped: the response is cut off flat at the amplifier's limit"
    if abs(shift) > limits.baseline_shift:
        return f"drift: the baseline is {shift:+.1f} mV off the median of all sweeps"
    if noise > limits.baseline_noise:
        return f"fast noise of {noise:.1f} mV before the steps"
    return ""


def _bridge_error(jump: BridgeJump | None) -> Measurement:
    feature = FEATURES["qc_bridge_error"]
    if jump is None:
        return feature.missing(Status.NOT_APPLICABLE, "no step without action potentials whose edges could be measured")
    kind = "hyperpolarising" if jump.hyperpolarising else "depolarising, for want of others,"
    remark = f"standard error {jump.error:.2g} MOhm, {jump.n_edges} edges of {kind} steps"
    return feature.measured(jump.value, remark=remark)


def _bridge_artefact(family: Family, jump: BridgeJump | None, limits: QualityLimits) -> str:
    """Return why the response is an electrode's, empty where it is a membrane's."""
    if jump is not None and jump.certain(limits.bridge_certainty):
        if abs(jump.value) > limits.bridge_error and jump.share > limits.bridge_share:
            return f"bridge artefact: the voltage jumps by {jump.value / 1000.0:.2g} mV/pA at the edges of the steps"
        if jump.share > limits.instant_share and jump.largest >= limits.instant_deflection:
            return f"bridge artefact: {jump.share:.0%} of the response appear at once, as with an electrode"
    steps = family.steps
    slope, highest = ohmic_slope(family, steps.test & steps.complete & (steps.duration >= LONG_STEP_MS / 1000.0))
    if not highest > limits.ohmic_voltage:
        return ""
    return (
        f"bridge artefact: the response follows the current like a resistor ({slope:.2g} mV/pA) up to "
        f"{highest:.0f} mV, as an electrode or a model cell does"
    )


def _dead(family: Family, limits: QualityLimits) -> str:
    deflections = step_deflections(family)
    if not family.accepted.any() or family.aps["sweep"].size or not deflections.row.size:
        return ""
    moved = float(np.nanmax(np.abs(deflections.steady - deflections.baseline), initial=0.0))
    rest = _median(deflections.baseline)
    if moved >= limits.dead_deflection or abs(rest) > limits.dead_potential:
        return ""
    return f"no living cell: rests at {rest:.1f} mV and no step moves it by more than {moved:.1g} mV"


def _leak(family: Family, limits: QualityLimits) -> str:
    """Return why there is a hole and no cell, empty where there may be a cell, however immature."""
    deflections = step_deflections(family)
    used = family.accepted[np.asarray(family.aps["sweep"], dtype=np.int64)]
    moved = deflections.steady - deflections.baseline
    # Potassium channels that open on depolarisation would make a high resistance look low.
    probing = np.isfinite(moved) & (deflections.current < 0)
    if not probing.any():
        probing = np.isfinite(moved) & (deflections.current > 0) & (np.abs(moved) <= LEAK_DEFLECTION_MV)
    current = deflections.current[probing]
    if used.any() or not current.size:
        return ""
    resistance = 1000.0 * float(current @ moved[probing] / (current @ current))
    held = float(np.median(family.steps.holding[deflections.row[probing]]))
    rest = _median(deflections.baseline) - held * resistance / 1000.0
    if rest <= limits.leak_potential or resistance >= limits.leak_resistance:
        return ""
    return f"leak: no living cell: rests at {rest:.0f} mV with {resistance:.0f} MOhm and never fires"


def _sweep_verdict(sweep: int, why: str) -> Measurement:
    feature, name = FEATURES["qc_sweep"], f"s{sweep}"
    return feature.missing(Status.EXCLUDED, why, id=name) if why else feature.category("used", id=name)


def _per_sweep(name: str, values: FloatArray) -> list[Measurement]:
    feature = FEATURES[name]
    why = "the sweep holds no sample before its first step"
    return [
        feature.measured(float(value), id=f"s{sweep}")
        if np.isfinite(value)
        else feature.missing(Status.NOT_APPLICABLE, why, id=f"s{sweep}")
        for sweep, value in enumerate(values)
    ]


def _drift(baseline: FloatArray, family: Family) -> Measurement:
    used = baseline[family.accepted & np.isfinite(baseline)]
    if used.size < 2:
        return FEATURES["qc_drift"].missing(Status.TOO_FEW_EVENTS, "fewer than two sweeps are used")
    return FEATURES["qc_drift"].measured(float(np.ptp(used)), remark=f"over {used.size} sweeps")


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
