"""Passive properties: potential at rest, input resistance, time constant, capacitance, sag."""

from __future__ import annotations

import numpy as np

from mnephys.measurement import Feature, Measurement, Status
from mnephys.patch.charging import (
    BASELINE_S,
    MIN_DEFLECTION_MV,
    PROBE_CURRENT_PA,
    SKIP_MS,
    SMALL_DEFLECTION_MV,
    ChargingFit,
    Deflections,
    family_charging,
    step_deflections,
)
from mnephys.patch.family import Family
from mnephys.patch.segments import Stretches
from mnephys.recording import FloatArray

__all__ = ["FEATURES", "measure_passive"]

MAX_FIT_ERROR = 0.2
SETTLING_TAUS = 3.0

_CELL = ("cell",)
_OWN = "mnephys"
_SMALL = {"largest_deflection_mv": SMALL_DEFLECTION_MV}

FEATURES = {
    f.name: f
    for f in (
        Feature(
            "baseline_potential", "mV", _CELL, "Potential before the steps, at the holding current", _OWN, (-130, 60)
        ),
        Feature("resting_membrane_potential", "mV", _CELL, "Potential at zero current", _OWN, (-130, 60)),
        Feature(
            "input_resistance",
            "MOhm",
            _CELL,
            "Slope of the steady-state deflection against current, deflections up to 20 mV",
            _OWN,
            (0.1, 1e5),
            _SMALL,
        ),
        Feature(
            "input_resistance_peak",
            "MOhm",
            _CELL,
            "The same for the peak deflection: larger where there is sag",
            _OWN,
            (0.1, 1e5),
            _SMALL,
        ),
        Feature(
            "membrane_time_constant",
            "ms",
            _CELL,
            "Single-exponential fit to the mean onset of small steps",
            _OWN,
            (0.01, 2000.0),
            {"skipped_ms": SKIP_MS},
        ),
        Feature(
            "membrane_capacitance",
            "pF",
            _CELL,
            "Time constant over the resistance of the same fit",
            _OWN,
            (0.1, 1e5),
        ),
        Feature(
            "sag_ratio",
            "1",
            _CELL,
            "(peak - steady state) / (peak - baseline) on the most hyperpolarising step; 0 is no sag",
            _OWN,
            (-0.5, 1.0),
        ),
    )
}
"""The features that this module measures."""


def measure_passive(family: Family, *, bias: float | None = None) -> list[Measurement]:
    """Measure the passive properties of a family.

    Parameters
    ----------
    family : Family
        After quality control.
    bias : float, optional
        Current that the amplifier injects in addition to the command, in pA; None where unknown.

    Returns
    -------
    list of Measurement
        One row per entry of `FEATURES`.
    """
    deflections = step_deflections(family)
    fit = None if np.isnan(deflections.current).any() else family_charging(family, deflections)
    baseline = _baseline(family)
    return [
        baseline,
        _resting(family, baseline, bias),
        *_resistances(deflections, fit, _shortest(family, deflections)),
        *_charging(deflections, fit),
        _sag(deflections),
    ]


def _baseline(family: Family) -> Measurement:
    steps = family.steps
    rows = family.usable & steps.before_steps
    if not rows.any():
        return FEATURES["baseline_potential"].missing(Status.EXCLUDED, "no sweep passed quality control")
    reach = np.minimum(steps.stop - steps.start, round(BASELINE_S * family.sampling_rate))
    if not steps.test.any():
        reach = steps.stop - steps.start
    stretches = Stretches.between((steps.stop - reach)[rows], steps.stop[rows])
    taken = family.voltage.ravel()[stretches.index]
    value = float(np.nanmedian(taken)) if np.isfinite(taken).any() else np.nan
    return FEATURES["baseline_potential"].measured(value, remark=f"median over {int(rows.sum())} sweeps")


def _resting(family: Family, baseline: Measurement, bias: float | None) -> Measurement:
    feature = FEATURES["resting_membrane_potential"]
    if baseline.value is None:
        return feature.missing(baseline.status, baseline.reason)
    if bias is None:
        why = "the amplifier's bias current is not known, so the baseline need not be the cell at rest"
        return feature.missing(Status.NOT_APPLICABLE, why)
    holding = family.steps.holding[family.usable]
    injected = bias + (float(np.median(holding)) if np.isfinite(holding).all() and holding.size else 0.0)
    if abs(injected) > PROBE_CURRENT_PA:
        return feature.missing(Status.NOT_APPLICABLE, f"{injected:g} pA were injected at baseline")
    return feature.measured(baseline.value, remark=baseline.reason)


def _shortest(family: Family, deflections: Deflections) -> float:
    """Return the length in s of the shortest step that was measured."""
    return float(family.steps.duration[deflections.row].min(initial=np.inf))


def _resistances(deflections: Deflections, fit: ChargingFit | None, shortest: float) -> list[Measurement]:
    names = ("input_resistance", "input_resistance_peak")
    if fit is not None and fit.error < MAX_FIT_ERROR and shortest < SETTLING_TAUS * fit.tau:
        how = f"from the exponential fit: steps of {1000 * shortest:.0f} ms end before the membrane is charged"
        return [FEATURES[name].measured(1000.0 * fit.resistance, remark=how) for name in names]
    if np.isnan(deflections.current).any():
        why = "the injected current is not known: the file holds no command"
        return [FEATURES[name].missing(Status.NOT_APPLICABLE, why) for name in names]
    change = {
        names[0]: deflections.steady - deflections.baseline,
        names[1]: deflections.peak - deflections.baseline,
    }
    small = np.abs(change[names[0]]) <= SMALL_DEFLECTION_MV
    return [_slope(FEATURES[name], deflections.current[small], change[name][small]) for name in names]


def _slope(feature: Feature, current: FloatArray, change: FloatArray) -> Measurement:
    kinds = np.unique(current[np.isfinite(change)])
    if not (np.abs(kinds) > PROBE_CURRENT_PA).any():
        why = f"no step without action potentials that deflects by at most {SMALL_DEFLECTION_MV:g} mV"
        return feature.missing(Status.TOO_FEW_EVENTS, why)
    if kinds.size == 1:
        return feature.measured(1000.0 * float(np.mean(change / current)), remark="from one current only")
    away = current - current.mean()
    slope = float(away @ change / (away @ away))
    residual = change - change.mean() - slope * away
    remark = f"{current.size} steps"
    if current.size > 2:
        error = np.sqrt(residual @ residual / (current.size - 2) / (away @ away))
        remark += f", standard error {1000.0 * error:.2g} MOhm"
    return feature.measured(1000.0 * slope, remark=remark)


def _charging(deflections: Deflections, fit: ChargingFit | None) -> list[Measurement]:
    features = (FEATURES["membrane_time_constant"], FEATURES["membrane_capacitance"])
    if np.isnan(deflections.current).any():
        why = "the injected current is not known: the file holds no command"
        return [f.missing(Status.NOT_APPLICABLE, why) for f in features]
    if fit is None:
        why = f"no step that deflects by {MIN_DEFLECTION_MV:g} to {SMALL_DEFLECTION_MV:g} mV without action potentials"
        return [f.missing(Status.TOO_FEW_EVENTS, why) for f in features]
    if fit.resistance <= 0 or fit.error > MAX_FIT_ERROR:
        why = f"the onset is no single exponential (residual {fit.error:.0%} of its size)"
        return [f.missing(Status.BAD_INPUT, why) for f in features]
    return [features[0].measured(1000.0 * fit.tau), features[1].measured(1000.0 * fit.tau / fit.resistance)]


def _sag(deflections: Deflections) -> Measurement:
    feature = FEATURES["sag_ratio"]
    change = deflections.peak - deflections.baseline
    down = (deflections.steady < deflections.baseline - MIN_DEFLECTION_MV) & np.isfinite(change)
    if not down.any():
        return feature.missing(Status.TOO_FEW_EVENTS, "no hyperpolarising step")
    at = int(np.argmin(np.where(down, change, np.inf)))
    ratio = (deflections.peak[at] - deflections.steady[at]) / change[at]
    return feature.measured(float(ratio), remark=f"at {deflections.peak[at]:.1f} mV")
