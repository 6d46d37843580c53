"""The action potential of a cell: one number per property, from the action potentials of a family."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from mnephys.measurement import Feature, Measurement, Status
from mnephys.patch.detection import Detection
from mnephys.patch.family import Family
from mnephys.patch.segments import Stretches, stretch_mean
from mnephys.recording import FloatArray, IntArray

__all__ = ["FEATURES", "measure_action_potential"]

N_STEPS = 3
THRESHOLD_SLOPE = Detection().threshold_slope
MEDIUM_AHP_MS = (10.0, 100.0)
MIN_BASELINE_S = 0.001

_CELL = ("cell",)
_OWN = "mnephys"
_FROM_THRESHOLD = ("ap_threshold", "ap_amplitude", "ap_half_width", "ap_rise_time", "fast_ahp")
_HIDDEN = "the stimulus itself charges the membrane faster than 10 mV/ms, which hides the threshold"
_HOW = f"median over the first action potentials of the {N_STEPS} smallest currents that evoke any"

FEATURES = {
    f.name: f
    for f in (
        Feature(
            "ap_threshold",
            "mV",
            _CELL,
            "Voltage at the last crossing of 10 mV/ms before the maximum upstroke",
            "10.7554/eLife.04046",
            (-100, 40),
            {"slope_mv_per_ms": 10.0, "fraction_of_upstroke": 0.05},
            version=2,
        ),
        Feature("ap_peak", "mV", _CELL, "Highest voltage of the action potential", _OWN, (-80, 120)),
        Feature("ap_overshoot", "mV", _CELL, "Peak above 0 mV; negative where it stays below", _OWN, (-80, 120)),
        Feature("ap_amplitude", "mV", _CELL, "Peak minus threshold", "10.7554/eLife.04046", (0, 200), version=2),
        Feature(
            "ap_half_width", "ms", _CELL, "Width at half the amplitude from threshold", _OWN, (0.05, 100), version=2
        ),
        Feature("ap_rise_time", "ms", _CELL, "From 10 % to 90 % of the amplitude", _OWN, (0.005, 50), version=2),
        Feature("ap_max_upstroke", "mV/ms", _CELL, "Steepest rise", _OWN, (0, 2000), version=2),
        Feature(
            "ap_max_downstroke",
            "mV/ms",
            _CELL,
            "Steepest fall within 50 ms after the peak, negative",
            _OWN,
            (-2000, 0),
            version=2,
        ),
        Feature("upstroke_downstroke_ratio", "1", _CELL, "Steepest rise over steepest fall", _OWN, (0, 100)),
        Feature(
            "fast_ahp",
            "mV",
            _CELL,
            "Threshold minus the lowest voltage within 5 ms after the peak; negative where the fall is slower",
            _OWN,
            (-200, 100),
            {"window_ms": 5.0},
            version=2,
        ),
        Feature(
            "medium_ahp",
            "mV",
            _CELL,
            "Baseline minus the lowest voltage 10-100 ms after an action potential evoked by a pulse of at most 5 ms",
            "10.7554/eLife.04046",
            (-100, 100),
            {"from_ms": MEDIUM_AHP_MS[0], "to_ms": MEDIUM_AHP_MS[1]},
        ),
    )
}
"""The features that this module measures."""

_COLUMNS = {
    "ap_threshold": "threshold_voltage",
    "ap_peak": "peak_voltage",
    "ap_overshoot": "peak_voltage",
    "ap_amplitude": "amplitude",
    "ap_half_width": "half_width",
    "ap_rise_time": "rise_time",
    "ap_max_upstroke": "max_upstroke",
    "ap_max_downstroke": "max_downstroke",
    "fast_ahp": "fast_ahp",
}


def measure_action_potential(family: Family) -> list[Measurement]:
    """Measure the shape of a cell's action potential.

    Parameters
    ----------
    family : Family
        After quality control.

    Returns
    -------
    list of Measurement
        One row per entry of `FEATURES`.

    Notes
    -----
    Near rheobase the shape is least distorted by the injected current, so the first action potentials
    of the three smallest currents that evoke any are used, their median being robust to one odd sweep.
    Without steps, all action potentials are used.
    """
    chosen, how = _chosen(family)
    if not chosen.size:
        rows = [f.missing(Status.TOO_FEW_EVENTS, how) for name, f in FEATURES.items() if name != "medium_ahp"]
        return [*rows, _medium_ahp(family)]
    columns = {name: np.asarray(family.aps[column], dtype=np.float64)[chosen] for name, column in _COLUMNS.items()}
    columns["upstroke_downstroke_ratio"] = columns["ap_max_upstroke"] / -columns["ap_max_downstroke"]
    slope = np.asarray(family.aps["threshold_slope"], dtype=np.float64)[chosen]
    hidden = bool((slope > THRESHOLD_SLOPE + 1e-6).all())
    if (slope < THRESHOLD_SLOPE - 1e-6).any():
        how += "; where the upstroke never reaches 10 mV/ms, threshold is at 5 % of its maximum"
    rows = [
        FEATURES[name].missing(Status.NOT_APPLICABLE, _HIDDEN)
        if hidden and name in _FROM_THRESHOLD
        else _median(FEATURES[name], values, how)
        for name, values in columns.items()
    ]
    return [*rows, _medium_ahp(family)]


def _chosen(family: Family) -> tuple[IntArray, str]:
    """Return the action potentials that stand for the cell, and how they were chosen."""
    steps = family.steps
    primary = family.primary
    if not primary.any():
        primary = family.usable & steps.test
    if not primary.any():
        own = np.flatnonzero(family.accepted[np.asarray(family.aps["sweep"], dtype=np.int64)])
        return own, f"median over {own.size} action potentials" if own.size else "no action potential was recorded"
    fired = primary & (family.ap_count > 0)
    if not fired.any():
        return np.zeros(0, dtype=np.int64), "no step evoked an action potential"
    level = np.where(np.isnan(steps.level), np.arange(len(steps)), steps.level)
    smallest = np.unique(level[fired])[:N_STEPS]
    first = family.first_ap(fired & np.isin(level, smallest))
    clean = first[np.asarray(family.aps["threshold_slope"])[first] <= THRESHOLD_SLOPE + 1e-6]
    return (clean if clean.size else first), f"{_HOW} (n = {(clean if clean.size else first).size})"


def _median(feature: Feature, values: FloatArray, remark: str) -> Measurement:
    known = values[np.isfinite(values)]
    if not known.size:
        return feature.missing(Status.TOO_FEW_EVENTS, "the recording ends before the action potential does")
    return feature.measured(float(np.median(known)), remark=remark)


def _medium_ahp(family: Family) -> Measurement:
    feature, steps = FEATURES["medium_ahp"], family.steps
    pulses = family.usable & steps.pulse & (family.ap_count > 0)
    if not pulses.any():
        why = "no brief pulse (at most 5 ms) evoked an action potential; long steps distort it"
        return feature.missing(Status.NOT_APPLICABLE, why)
    row = np.flatnonzero(pulses)
    ap = family.first_ap(pulses)
    n_samples = family.voltage.shape[1]
    peak = np.rint(np.asarray(family.aps["peak_time"])[ap] * family.sampling_rate).astype(np.int64)
    peak += np.asarray(family.aps["sweep"], dtype=np.int64)[ap] * n_samples
    begin, end = (peak + round(ms / 1000.0 * family.sampling_rate) for ms in MEDIUM_AHP_MS)
    next_pulse = steps.stop[np.minimum(row + 1, len(steps) - 1)]
    window = Stretches.between(begin, np.minimum.reduce([end, (peak // n_samples + 1) * n_samples, next_pulse]))
    lowest = window.argmin(family.voltage.ravel())
    before = np.minimum(round(0.1 * family.sampling_rate), steps.start[row] - steps.start[np.maximum(row - 1, 0)])
    baseline = stretch_mean(family.voltage.ravel(), steps.start[row] - before, steps.start[row])
    depth: NDArray[np.float64] = np.where(lowest >= 0, baseline - family.voltage.ravel()[lowest], np.nan)
    return _median(feature, depth, f"median over {row.size} pulses")
