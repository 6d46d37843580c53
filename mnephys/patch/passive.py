"""Passive properties: potential at rest, input resistance, time constant, capacitance, sag."""

from __future__ import annotations

import numpy as np

from mnephys.measurement import Feature, Measurement, Status
from mnephys.patch.charging import (
    BASELINE_S,
    MAX_FIT_ERROR,
    MIN_DEFLECTION_MV,
    PROBE_CURRENT_PA,
    SKIP_MS,
    SMALL_DEFLECTION_MV,
    Charging,
    Deflections,
    small_steps,
)
from mnephys.patch.family import Family
from mnephys.patch.membrane import WINDOW_TAUS, MembraneFit
from mnephys.patch.segments import Stretches
from mnephys.recording import FloatArray

__all__ = ["FEATURES", "measure_passive"]

SETTLING_TAUS = 3.0
MAX_SPREAD = 0.25
AMPLIFIED_SHARE = 0.85
OPPOSED_SHARE = 1.05

_CELL = ("cell",)
_OWN = "mnephys"
_SMALL = {"largest_deflection_mv": SMALL_DEFLECTION_MV}
_FIT = {
    "skipped_ms": SKIP_MS,
    "fitted_time_constants": WINDOW_TAUS,
    "largest_standard_error": MAX_SPREAD,
    **_SMALL,
}

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
            "Capacitance over the conductance open before small steps; late channels are fitted apart where they show",
            "10.1007/BF00317936",
            (0.01, 2000.0),
            _FIT,
            version=2,
        ),
        Feature(
            "membrane_time_constant_exponential",
            "ms",
            _CELL,
            "Of one exponential fitted to the same onset up to the sag, as eFEL and IPFX fit it; sag shortens it",
            _OWN,
            (0.01, 2000.0),
            {"skipped_ms": SKIP_MS, **_SMALL},
        ),
        Feature(
            "membrane_capacitance",
            "pF",
            _CELL,
            "Of a membrane, with late channels where they show, fitted to the mean onset of small steps",
            "10.1152/jn.00160.2009",
            (0.1, 1e5),
            _FIT,
            version=2,
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


def measure_passive(family: Family, charging: Charging, *, bias: float | None = None) -> list[Measurement]:
    """Measure the passive properties of a family.

    Parameters
    ----------
    family : Family
        After quality control.
    charging : Charging
        Its responses to steps.
    bias : float, optional
        Current that the amplifier injects in addition to the command, in pA; None where unknown.

    Returns
    -------
    list of Measurement
        One row per entry of `FEATURES`.

    Notes
    -----
    Time constant and capacitance come from one fit to the mean onset of the small steps, weighted by the square of
    their current: one exponential, or a membrane whose channels answer late and against the step where that explains
    the onset clearly better (`mnephys.patch.membrane`). The time constant is the capacitance over the conductance that
    is open before the step; one exponential, as other programs fit it, is 5 to 25 % shorter where there is sag. How
    far off they can be, without noise:

    * capacitance: within 2 % of a cell of one compartment without channels or with such that oppose the step; one
      exponential makes it 3 to 18 % too small where these open or close;
    * capacitance of a cell with dendrites: 2 % too small at an electrotonic length of 0.5, 6 % at 0.7, 19 % at 1; with
      opposing channels, 6 % at 0.5 and 18 % at 0.7;
    * capacitance and time constant where channels amplify the step: one exponential makes them up to several times
      too large, and no residual shows it. The onset then has a second component of the same sign; so has that of a
      long dendrite, where they are too small. Neither is given where the two readings are more than 15 % apart;
      where they are closer, the remark says how far;
    * time constant: within 1 % without channels. Steps of up to 20 mV open and close channels, hence with channels it
      is 1 to 7 % shorter than at rest; the difference shrinks with the steps, to 0 to 3 % at 3 mV.

    Noise adds to that: the remark gives the standard error, and above 25 % there is no value. Noise also hides
    channels: where they do not show, the capacitance is that of one exponential. In real recordings of two to four
    steps of 10 mV, estimates spread by 6 to 18 %.
    """
    deflections = charging.deflections
    baseline = _baseline(family)
    return [
        baseline,
        _resting(family, baseline, bias),
        *_resistances(charging, _shortest(family, deflections)),
        *_membrane(charging),
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


def _resistances(charging: Charging, shortest: float) -> list[Measurement]:
    names = ("input_resistance", "input_resistance_peak")
    deflections, fit = charging.deflections, charging.exponential
    if fit is not None and fit.error <= MAX_FIT_ERROR and shortest < SETTLING_TAUS * fit.tau:
        if fit.at_bound or (charging.membrane is not None and _exponential_spread(charging.membrane) > MAX_SPREAD):
            why = f"steps of {1000 * shortest:.0f} ms end long before the membrane is charged"
            return [FEATURES[name].missing(Status.BAD_INPUT, why) for name in names]
        how = f"from the exponential fit: steps of {1000 * shortest:.0f} ms end before the membrane is charged"
        return [FEATURES[name].measured(1000.0 * fit.resistance, remark=how) for name in names]
    if not charging.current_known:
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


def _exponential_spread(fit: MembraneFit) -> float:
    """Return how uncertain the time constant is where it is that of one exponential, else 0."""
    return fit.tau_spread if fit.opposition == 0 else 0.0


def _membrane(charging: Charging) -> list[Measurement]:
    names = ("membrane_time_constant", "membrane_time_constant_exponential", "membrane_capacitance")
    tau, single, capacitance = (FEATURES[name] for name in names)
    status, why = _no_onset(charging)
    fit, exponential = charging.membrane, charging.exponential
    if fit is None or exponential is None or why:
        return [feature.missing(status, why) for feature in (tau, single, capacitance)]
    settling = charging.settling_tau
    why = "the steps are too short for it" if exponential.at_bound else "the onset is no single exponential"
    one = single.missing(Status.BAD_INPUT, why) if settling is None else single.measured(1000.0 * settling)
    return [
        _told(tau, fit, 1000.0 * fit.tau, fit.tau_spread),
        one,
        _told(capacitance, fit, fit.capacitance, fit.capacitance_spread),
    ]


def _no_onset(charging: Charging) -> tuple[Status, str]:
    """Return why no onset of a step can be taken for that of a membrane; an empty reason where it can."""
    fit, exponential = charging.membrane, charging.exponential
    if not charging.current_known:
        return Status.NOT_APPLICABLE, "the injected current is not known: the file holds no command"
    if exponential is None and small_steps(charging.deflections).any():
        return Status.BAD_INPUT, "the onset of the steps holds fewer than 8 samples"
    if exponential is None:
        why = f"no step that deflects by {MIN_DEFLECTION_MV:g} to {SMALL_DEFLECTION_MV:g} mV without action potentials"
        return Status.TOO_FEW_EVENTS, why
    why = ""
    if fit is None or fit.resistance <= 0:
        why = "the potential does not charge in the direction of the current"
    elif fit.error > MAX_FIT_ERROR:
        why = f"the onset is not that of a membrane being charged (residual {fit.error:.0%} of its size)"
    elif fit.at_bound:
        why = "the steps end before their onset tells a time constant, or the fit ends at a bound"
    return (Status.BAD_INPUT if why else Status.OK), why


def _told(feature: Feature, fit: MembraneFit, value: float, spread: float) -> Measurement:
    """Return what a fit says with how uncertain it is, or why it does not say it."""
    if spread > MAX_SPREAD:
        much = f" (standard error {spread:.0%})" if np.isfinite(spread) else ""
        return feature.missing(Status.BAD_INPUT, f"noise leaves the fit of the onset too uncertain{much}")
    if fit.amplified is not None:
        most, least = fit.amplified.capacitance, fit.capacitance
        either = f"at most {most:.3g} pF if channels amplify the step, at least {least:.3g} pF if dendrites charge late"
        if most < AMPLIFIED_SHARE * least:
            return feature.missing(Status.BAD_INPUT, f"the onset has a second component: {either}")
        return feature.measured(value, remark=f"standard error {spread:.1%}; capacitance {either}")
    how = "one exponential"
    if fit.opposed > OPPOSED_SHARE * fit.capacitance:
        how += f" (channels that oppose the step, not clear here, would make it {fit.opposed:.3g} pF)"
    if fit.opposition > 0:
        how = f"with channels that oppose the step (opposition {fit.opposition:.2g})"
    if fit.fast_channels:
        how += ", as fast as the membrane itself: the true value may be larger"
    return feature.measured(value, remark=f"{how}, standard error {spread:.1%}")


def _sag(deflections: Deflections) -> Measurement:
    feature = FEATURES["sag_ratio"]
    change = deflections.peak - deflections.baseline
    down = (deflections.steady < deflections.baseline - MIN_DEFLECTION_MV) & np.isfinite(change)
    if not down.any():
        return feature.missing(Status.TOO_FEW_EVENTS, "no hyperpolarising step")
    at = int(np.argmin(np.where(down, change, np.inf)))
    ratio = (deflections.peak[at] - deflections.steady[at]) / change[at]
    return feature.measured(float(ratio), remark=f"at {deflections.peak[at]:.1f} mV")
