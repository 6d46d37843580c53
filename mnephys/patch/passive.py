"""Passive properties: potential at rest, input resistance, time constant, capacitance, sag."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mnephys.measurement import Feature, Measurement, Status
from mnephys.patch.family import LONG_STEP_MS, Family
from mnephys.patch.segments import Stretches, stretch_mean
from mnephys.patch.steps import Steps
from mnephys.recording import FloatArray, IntArray

__all__ = ["FEATURES", "ChargingFit", "fit_charging", "measure_passive", "step_deflections"]

BASELINE_S = 0.1
SMALL_DEFLECTION_MV = 20.0
MIN_DEFLECTION_MV = 2.0
SMOOTH_MS = 2.0
SKIP_MS = 0.5
PROBE_CURRENT_PA = 0.5
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


@dataclass(frozen=True, slots=True)
class Deflections:
    """Responses to steps without action potentials, one entry per step.

    Parameters
    ----------
    row : ndarray, int, shape (n,)
        Row of `Family.steps`.
    current : ndarray, float, shape (n,)
        Change of the injected current in pA.
    baseline, steady, peak : ndarray, float, shape (n,)
        Mean before the step, mean of its last tenth (at most 100 ms), and its extreme after smoothing
        over 2 ms, all in mV.
    peak_at : ndarray, int, shape (n,)
        Flat sample of the extreme.
    """

    row: IntArray
    current: FloatArray
    baseline: FloatArray
    steady: FloatArray
    peak: FloatArray
    peak_at: IntArray


@dataclass(frozen=True, slots=True)
class ChargingFit:
    """The response to a unit current step: ``jump + resistance * (1 - exp(-t / tau))``.

    Parameters
    ----------
    jump : float
        What appears at once, over the electrode, in mV/pA.
    resistance : float
        Of the exponential part, in mV/pA (GOhm).
    tau : float
        In s.
    error : float
        Root mean square residual over `resistance`, dimensionless.
    """

    jump: float
    resistance: float
    tau: float
    error: float


def step_deflections(family: Family) -> Deflections:
    """Measure the response to every long step from holding that evokes nothing.

    Parameters
    ----------
    family : Family
        A recording with its steps and action potentials.

    Returns
    -------
    Deflections
        Steps of at least 100 ms in accepted sweeps, at any current: the first test step, and prepulses
        before it. What follows a test step is not at rest.
    """
    from scipy.ndimage import uniform_filter1d

    steps = family.steps
    first = steps.start % steps.n_samples == 0
    away = steps.test | (np.abs(steps.current - steps.holding) > PROBE_CURRENT_PA)
    quiet = (family.ap_count == 0) & (family.spikelet_count == 0)
    # What fires before the step moves its baseline as much as what fires during it.
    silent = quiet & np.concatenate([[True], quiet[:-1]])
    long = steps.duration >= LONG_STEP_MS / 1000.0
    undisturbed = steps.order <= _first_test(steps)
    plain = away & ~first & ~steps.ramp & steps.from_holding
    row = np.flatnonzero(family.usable & plain & long & silent & undisturbed)
    flat = family.voltage.ravel()
    start, stop = steps.start[row], steps.stop[row]
    reach = np.minimum(round(BASELINE_S * family.sampling_rate), start - steps.start[np.maximum(row - 1, 0)])
    baseline = stretch_mean(flat, start - reach, start)
    tenth = np.maximum(np.minimum((stop - start) // 10, round(BASELINE_S * family.sampling_rate)), 1)
    steady = stretch_mean(flat, stop - tenth, stop)
    smooth = uniform_filter1d(family.voltage, _odd(SMOOTH_MS, family.sampling_rate), axis=1, mode="nearest").ravel()
    inside = Stretches.between(start + round(SKIP_MS / 1000.0 * family.sampling_rate), stop)
    down = steady < baseline
    peak_at = np.where(down, inside.argmin(smooth), inside.argmax(smooth))
    peak = np.where(peak_at >= 0, smooth[np.maximum(peak_at, 0)].astype(np.float64), np.nan)
    current = steps.current[row] - steps.before[row]
    return Deflections(row, current, baseline, steady, peak, peak_at)


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


def fit_charging(time: FloatArray, response: FloatArray) -> ChargingFit:
    """Fit a jump and a single exponential to the response to a unit current step.

    For each of 400 time constants the two linear coefficients are solved exactly, all at once; the best
    one is refined by a parabola through its neighbours.

    Parameters
    ----------
    time : ndarray, float, shape (n,)
        After the onset in s.
    response : ndarray, float, shape (n,)
        In mV/pA.

    Returns
    -------
    ChargingFit
        The least-squares solution.

    Examples
    --------
    >>> import numpy as np
    >>> t = np.arange(1, 2000) / 20000
    >>> fit = fit_charging(t, 0.02 + 0.3 * (1 - np.exp(-t / 0.015)))
    >>> round(fit.tau, 4), round(fit.resistance, 3), round(fit.jump, 3)
    (0.015, 0.3, 0.02)
    """
    candidates = np.geomspace(2.0 * (time[1] - time[0]), 4.0 * time[-1], 400)
    rise = 1.0 - np.exp(-time / candidates[:, np.newaxis])
    centred = rise - rise.mean(axis=1, keepdims=True)
    around = response - response.mean()
    spread = np.einsum("ij,ij->i", centred, centred)
    resistance = centred @ around / spread
    residual = around @ around - resistance**2 * spread
    best = int(np.clip(np.argmin(residual), 1, candidates.size - 2))
    a, b, c = residual[best - 1 : best + 2]
    shift = 0.5 * (a - c) / (a - 2.0 * b + c) if a - 2.0 * b + c > 0 else 0.0
    ratio = candidates[1] / candidates[0]
    tau = float(candidates[best] * ratio ** np.clip(shift, -1.0, 1.0))
    curve = 1.0 - np.exp(-time / tau)
    centre = curve - curve.mean()
    size = float(centre @ around / (centre @ centre))
    jump = float(response.mean() - size * curve.mean())
    error = float(np.sqrt(np.mean((response - jump - size * curve) ** 2)) / abs(size)) if size else np.inf
    return ChargingFit(jump, size, tau, error)


def _first_test(steps: Steps) -> int:
    tests = steps.order[steps.test & steps.from_holding]
    return int(tests.min()) if tests.size else int(steps.order.max(initial=0))


def _odd(milliseconds: float, sampling_rate: float) -> int:
    return 2 * (round(milliseconds / 1000.0 * sampling_rate) // 2) + 1


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


def mean_response(family: Family, deflections: Deflections, rows: NDArray[np.bool_]) -> FloatArray:
    """Return the mean response to a unit step in mV/pA, from the onset to the shortest step's end.

    Parameters
    ----------
    family : Family
        The recording.
    deflections : Deflections
        Its responses.
    rows : ndarray, bool, shape (n_deflections,)
        Which to average, weighted by the square of their current.

    Returns
    -------
    ndarray, float, shape (n_samples,)
        Least-squares estimate for a linear membrane.
    """
    steps = family.steps
    start = steps.start[deflections.row[rows]]
    length = int((steps.stop - steps.start)[deflections.row[rows]].min())
    change = family.voltage.ravel()[start[:, np.newaxis] + np.arange(length)] - deflections.baseline[rows, np.newaxis]
    current = deflections.current[rows]
    mean: FloatArray = current @ np.nan_to_num(change) / (current @ current)
    return mean


def small_steps(deflections: Deflections) -> NDArray[np.bool_]:
    """Return the steps whose onset is worth fitting: small, and hyperpolarising where there are any."""
    change = np.abs(deflections.peak - deflections.baseline)
    small = (change <= SMALL_DEFLECTION_MV) & (change >= MIN_DEFLECTION_MV)
    small &= np.abs(deflections.current) > PROBE_CURRENT_PA
    down = small & (deflections.current < 0)
    return down if down.any() else small


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


def family_charging(family: Family, deflections: Deflections) -> ChargingFit | None:
    """Fit the mean onset of the small steps, up to where sag sets in.

    Parameters
    ----------
    family : Family
        The recording.
    deflections : Deflections
        Its responses.

    Returns
    -------
    ChargingFit or None
        None where there is no small step.
    """
    rows = small_steps(deflections)
    if not rows.any():
        return None
    response = mean_response(family, deflections, rows)
    rate = family.sampling_rate
    skip = round(SKIP_MS / 1000.0 * rate)
    peak = deflections.peak_at[rows] - family.steps.start[deflections.row[rows]]
    sagging = np.median(np.abs(deflections.peak - deflections.steady)[rows]) > 0.05 * np.median(
        np.abs(deflections.peak - deflections.baseline)[rows]
    )
    end = int(np.median(peak)) if sagging else response.size
    end = min(max(end, skip + round(0.01 * rate)), response.size)
    if end - skip < 8:
        return None
    return fit_charging(np.arange(skip, end) / rate, response[skip:end])


def _sag(deflections: Deflections) -> Measurement:
    feature = FEATURES["sag_ratio"]
    change = deflections.peak - deflections.baseline
    down = (deflections.steady < deflections.baseline - MIN_DEFLECTION_MV) & np.isfinite(change)
    if not down.any():
        return feature.missing(Status.TOO_FEW_EVENTS, "no hyperpolarising step")
    at = int(np.argmin(np.where(down, change, np.inf)))
    ratio = (deflections.peak[at] - deflections.steady[at]) / change[at]
    return feature.measured(float(ratio), remark=f"at {deflections.peak[at]:.1f} mV")
