"""The response to current steps that evoke nothing: how far it goes, and how it gets there."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mnephys.patch.family import LONG_STEP_MS, Family
from mnephys.patch.segments import Stretches, stretch_mean
from mnephys.patch.steps import Steps
from mnephys.recording import FloatArray, IntArray

__all__ = [
    "BASELINE_S",
    "ChargingFit",
    "Deflections",
    "family_charging",
    "fit_charging",
    "mean_response",
    "step_deflections",
]

BASELINE_S = 0.1
SMALL_DEFLECTION_MV = 20.0
MIN_DEFLECTION_MV = 2.0
SMOOTH_MS = 2.0
SKIP_MS = 0.5
PROBE_CURRENT_PA = 0.5


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


def _small_steps(deflections: Deflections) -> NDArray[np.bool_]:
    """Return the steps whose onset is worth fitting: small, and hyperpolarising where there are any."""
    change = np.abs(deflections.peak - deflections.baseline)
    small = (change <= SMALL_DEFLECTION_MV) & (change >= MIN_DEFLECTION_MV)
    small &= np.abs(deflections.current) > PROBE_CURRENT_PA
    down = small & (deflections.current < 0)
    return down if down.any() else small


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
    rows = _small_steps(deflections)
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


def _first_test(steps: Steps) -> int:
    tests = steps.order[steps.test & steps.from_holding]
    return int(tests.min()) if tests.size else int(steps.order.max(initial=0))


def _odd(milliseconds: float, sampling_rate: float) -> int:
    return 2 * (round(milliseconds / 1000.0 * sampling_rate) // 2) + 1
