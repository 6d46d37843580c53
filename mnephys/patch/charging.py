"""The response to current steps that evoke nothing: how far it goes, and how it gets there."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mnephys.patch.exponential import ChargingFit, fit_charging
from mnephys.patch.family import LONG_STEP_MS, Family
from mnephys.patch.membrane import MembraneFit, fit_membrane
from mnephys.patch.segments import Stretches, stretch_mean
from mnephys.patch.steps import Steps
from mnephys.recording import FloatArray, IntArray

__all__ = [
    "BASELINE_S",
    "MAX_FIT_ERROR",
    "PROBE_CURRENT_PA",
    "Charging",
    "Deflections",
    "mean_response",
    "measure_charging",
    "small_steps",
    "step_deflections",
]

BASELINE_S = 0.1
SMALL_DEFLECTION_MV = 20.0
MIN_DEFLECTION_MV = 2.0
SMOOTH_MS = 2.0
SKIP_MS = 0.5
PROBE_CURRENT_PA = 0.5
MAX_FIT_ERROR = 0.2


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
class Charging:
    """Responses to steps, and what the onset of the small ones says of the membrane.

    Parameters
    ----------
    deflections : Deflections
        Of all steps that evoke nothing.
    exponential : ChargingFit or None
        One exponential fitted to the mean onset of the small steps, up to where sag sets in; None without such
        steps, or where the injected current is not known.
    membrane : MembraneFit or None
        Membrane, and late channels where they show, fitted to the same onset; None where not even the exponential
        charges.
    """

    deflections: Deflections
    exponential: ChargingFit | None
    membrane: MembraneFit | None

    @property
    def current_known(self) -> bool:
        """Whether the file holds the command."""
        return not np.isnan(self.deflections.current).any()

    @property
    def time_constant(self) -> float | None:
        """Of the membrane in s, None where the onset does not tell it."""
        fit = self.membrane
        return None if fit is None or not _holds(fit) else fit.tau

    @property
    def settling_tau(self) -> float | None:
        """Of the exponential in s, None where it is not known: channels that oppose a step end its charging sooner."""
        fit = self.exponential
        return None if fit is None or not _holds(fit) else fit.tau


def _holds(fit: ChargingFit | MembraneFit) -> bool:
    return fit.resistance > 0 and fit.error <= MAX_FIT_ERROR and not fit.at_bound


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
    """Return the steps whose onset is worth fitting: small, and hyperpolarising where there are any.

    Parameters
    ----------
    deflections : Deflections
        Of all steps that evoke nothing.

    Returns
    -------
    ndarray, bool, shape (n,)
        One entry per step; none where the injected current is not known.
    """
    change = np.abs(deflections.peak - deflections.baseline)
    small = (change <= SMALL_DEFLECTION_MV) & (change >= MIN_DEFLECTION_MV)
    small &= np.abs(deflections.current) > PROBE_CURRENT_PA
    down = small & (deflections.current < 0)
    return down if down.any() else small


def measure_charging(family: Family) -> Charging:
    """Measure the responses to steps and fit the mean onset of the small ones.

    Parameters
    ----------
    family : Family
        After quality control.

    Returns
    -------
    Charging
        For every feature that rests on it.
    """
    deflections = step_deflections(family)
    rows = small_steps(deflections)
    if np.isnan(deflections.current).any() or not rows.any():
        return Charging(deflections, None, None)
    response = mean_response(family, deflections, rows)
    rate = family.sampling_rate
    skip = round(SKIP_MS / 1000.0 * rate)
    time, onset = np.arange(skip, response.size) / rate, response[skip:]
    until = _before_sag(family, deflections, rows, response.size) - skip
    if until < 8:
        return Charging(deflections, None, None)
    exponential = fit_charging(time[:until], onset[:until])
    charges = exponential.resistance > 0
    return Charging(deflections, exponential, fit_membrane(time, onset, exponential) if charges else None)


def _before_sag(family: Family, deflections: Deflections, rows: NDArray[np.bool_], length: int) -> int:
    """Return after how many samples sag turns the response to some steps; where there is none, their length."""
    skip = round(SKIP_MS / 1000.0 * family.sampling_rate)
    peak = deflections.peak_at[rows] - family.steps.start[deflections.row[rows]]
    sagging = np.median(np.abs(deflections.peak - deflections.steady)[rows]) > 0.05 * np.median(
        np.abs(deflections.peak - deflections.baseline)[rows]
    )
    end = int(np.median(peak)) if sagging else length
    return min(max(end, skip + round(0.01 * family.sampling_rate)), length)


def _first_test(steps: Steps) -> int:
    tests = steps.order[steps.test & steps.from_holding]
    return int(tests.min()) if tests.size else int(steps.order.max(initial=0))


def _odd(milliseconds: float, sampling_rate: float) -> int:
    return 2 * (round(milliseconds / 1000.0 * sampling_rate) // 2) + 1
