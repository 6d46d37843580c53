"""The charging of a membrane after a voltage step, seen through the amplifier's low-pass filter.

Of a pipette (Rs) on a membrane (Rm, Cm), a step of dV at time T draws dV times

    g(t) = g_inf + sum of A_k exp(-(t - T) / tau_k),

one term for a sphere, two where dendrites charge later.
The amplifier's filter rounds its edge off and delays it, so that neither the peak nor a line drawn back to the
peak gives g(T) = 1 / Rs. Fitted is therefore g as a 4-pole Bessel filter shows it, which has a closed form. The
step's true instant T and the filter's corner are fitted too: files state neither exactly.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from mnephys.recording import FloatArray

__all__ = ["GROUP_DELAY", "Charging", "fit_charging", "scaled_rows"]

# Poles of the 4-pole Bessel low-pass whose gain is 3 dB down at an angular frequency of 1.
_POLES = (-0.9952087643502738 + 1.257105739454664j, -1.3700678305514458 + 0.4102497174937476j)
GROUP_DELAY = 2.1139

WINDOW_TAUS = 12.0
MIN_SAMPLES = 12
TWO_GAIN = 0.6
TWO_RESIDUAL = 0.004
TWO_SHARE = 0.03
TWO_RATIO = 2.0
EQUALLY_GOOD = 3.84
FEW_SAMPLES = 5.0
LOWEST_CORNER, HIGHEST_CORNER = 0.02, 0.75
STRETCH = 1.2
STRETCH_STEP = 0.04


@dataclass(frozen=True, slots=True)
class Charging:
    """The fitted response to a step of 1 mV.

    Parameters
    ----------
    onset : float
        The step's true instant, in ms after the first sample of the new command.
    corner : float
        Corner frequency of the filter in kHz.
    taus : ndarray, float, shape (n_terms,)
        Time constants in ms, the longest first.
    amplitudes : ndarray, float, shape (n_terms,)
        Conductance of each term at `onset` in nS.
    steady : float
        Conductance after charging in nS.
    base : float
        What was there before the step, in nS.
    residual : float
        Standard deviation of what the fit leaves, as a share of the largest value of the trace.
    single_residual : float
        The same of the fit with one term.
    peak : float
        The largest conductance of the filtered trace in nS.
    error : float
        How much the conductance at the step's instant differs between fits that are equally good, as a share
        of it: coarse sampling of a fast transient leaves it open.
    """

    onset: float
    corner: float
    taus: FloatArray
    amplitudes: FloatArray
    steady: float
    base: float
    residual: float
    single_residual: float
    peak: float
    error: float

    @property
    def initial(self) -> float:
        """Conductance at the step's instant in nS: the inverse of the series resistance."""
        return float(self.amplitudes.sum()) + self.steady

    @property
    def charge(self) -> float:
        """Charge under the exponential terms per mV, in pF."""
        return float(self.amplitudes @ self.taus)

    def at(self, time: FloatArray) -> FloatArray:
        """Return the fitted trace.

        Parameters
        ----------
        time : ndarray, float, shape (n_samples,)
            In ms after the first sample of the new command.

        Returns
        -------
        ndarray, float, shape (n_samples,)
            In nS.
        """
        design = _design(time, self.onset, self.corner, self.taus)
        fitted: FloatArray = design @ np.concatenate([[self.base, self.steady], self.amplitudes])
        return fitted


def fit_charging(time: FloatArray, conductance: FloatArray, corner: float | None = None) -> Charging | None:
    """Fit the mean response to a step.

    Parameters
    ----------
    time : ndarray, float, shape (n_samples,)
        In ms after the first sample of the new command; the samples before it give the baseline.
    conductance : ndarray, float, shape (n_samples,)
        Current over the step's size in nS, finite.
    corner : float, optional
        Where to look for the filter's corner first, in kHz.

    Returns
    -------
    Charging or None
        With two terms where one leaves a residual and two explain it; None where no fit converges.

    Examples
    --------
    >>> import numpy as np
    >>> time = np.arange(-2.0, 10.0, 0.05)
    >>> shown = _design(time, 0.07, 5.0, np.array([0.5])) @ [0.0, 5.0, 95.0]
    >>> fit = fit_charging(time, shown)
    >>> [round(float(value), 3) for value in (1000 / fit.initial, fit.taus[0], fit.charge)]
    [10.0, 0.5, 47.5]
    """
    step = float(time[1] - time[0])
    rough = _rough_tau(time, conductance)
    if not np.isfinite(rough):
        return None
    window = time <= max(WINDOW_TAUS * rough, MIN_SAMPLES * step)
    time, conductance = time[window], conductance[window]
    guess = corner if corner is not None else 0.2 / step
    # What lasts for many samples leaves onset and corner no choice; what lasts for few is tried from all sides.
    bends = (1.0, 0.5, 2.0) if rough < FEW_SAMPLES * step or corner is None else (1.0,)
    starts = [(onset, guess * bend) for onset in (0.0, step, 2 * step)[: len(bends)] for bend in bends]
    one = _fit(time, conductance, starts, np.array([rough]))
    if one is None or one.residual < TWO_RESIDUAL:
        return one
    two = _fit(time, conductance, [(one.onset, one.corner), starts[0]], one.taus[0] * np.array([2.0, 0.3]))
    if two is None or not _needed(one, two):
        return one
    return replace(two, single_residual=one.residual)


def scaled_rows(time: FloatArray, rows: FloatArray, mean: Charging) -> tuple[FloatArray, FloatArray]:
    """Return the conductance at the step's instant and the charge of every single response.

    Parameters
    ----------
    time : ndarray, float, shape (n_samples,)
        As in `fit_charging`.
    rows : ndarray, float, shape (n_rows, n_samples)
        Responses in nS.
    mean : Charging
        Of their mean.

    Returns
    -------
    initial : ndarray, float, shape (n_rows,)
        In nS; NaN where the time constants are not within a factor of 3 of the mean's.
    charge : ndarray, float, shape (n_rows,)
        In pF.

    Notes
    -----
    Onset and filter belong to the rig and are the mean's; the time constants of a row are the mean's times
    one common factor, found on a grid for all rows at once.
    """
    window = time <= max(WINDOW_TAUS * mean.taus[0], MIN_SAMPLES * (time[1] - time[0]))
    time, rows = time[window], rows[:, window]
    grid = np.arange(-STRETCH, STRETCH + STRETCH_STEP / 2, STRETCH_STEP)
    error, initial, charge = (np.empty((grid.size, rows.shape[0])) for _ in range(3))
    for at, stretch in enumerate(np.exp(grid)):
        taus = mean.taus * stretch
        design = _design(time, mean.onset, mean.corner, taus)
        solved = np.linalg.pinv(design) @ rows.T
        error[at] = ((rows.T - design @ solved) ** 2).sum(axis=0)
        initial[at], charge[at] = solved[1:].sum(axis=0), taus @ solved[2:]
    best = np.clip(error.argmin(axis=0), 1, grid.size - 2)
    column = np.arange(rows.shape[0])
    below, middle, above = (error[best + k, column] for k in (-1, 0, 1))
    bend = below - 2.0 * middle + above
    shift = np.divide(0.5 * (below - above), bend, out=np.zeros(best.size), where=bend > 0)
    found = np.abs(shift) <= 1.0

    def parabola(values: FloatArray) -> FloatArray:
        low, mid, high = (values[best + k, column] for k in (-1, 0, 1))
        return np.where(found, mid + shift * (high - low) / 2 + shift**2 * (high - 2 * mid + low) / 2, np.nan)

    return parabola(initial), parabola(charge)


def _needed(one: Charging, two: Charging) -> bool:
    """Return whether the second term is there: it explains much, carries charge and differs from the first."""
    charges = two.amplitudes * two.taus
    apart = two.taus[0] / two.taus[1] > TWO_RATIO
    positive = bool((two.amplitudes > 0).all()) and bool((charges > TWO_SHARE * charges.sum()).all())
    return positive and apart and two.residual < TWO_GAIN * one.residual


def _rough_tau(time: FloatArray, conductance: FloatArray) -> float:
    """Return charge over peak of the transient in ms, NaN where there is none."""
    after = time >= 0
    tail = conductance[after][-max(1, after.sum() // 4) :].mean()
    transient = conductance[after] - tail
    peak = transient.max(initial=0.0)
    if not peak > 0:
        return float("nan")
    step = float(time[1] - time[0])
    last = np.flatnonzero(transient > 0.05 * peak)[-1] + 1
    return max(float(transient[:last].sum() * step / peak), 0.3 * step)


def _fit(
    time: FloatArray, conductance: FloatArray, starts: list[tuple[float, float]], taus: FloatArray
) -> Charging | None:
    """Fit onset, corner and time constants; the conductances follow from them linearly."""
    from scipy.optimize import least_squares

    step, scale = float(time[1] - time[0]), float(np.abs(conductance).max())
    bounds = (np.log(LOWEST_CORNER / step), np.log(HIGHEST_CORNER / step))

    def solve(parameters: FloatArray) -> tuple[FloatArray, FloatArray]:
        design = _design(time, parameters[0], np.exp(parameters[1]), np.exp(parameters[2:]))
        solved = np.linalg.lstsq(design, conductance, rcond=None)[0]
        return solved, (design @ solved - conductance) / scale

    low = np.concatenate([[-3 * step], [bounds[0]], np.full(taus.size, np.log(0.1 * step))])
    high = np.concatenate([[10 * step], [bounds[1]], np.full(taus.size, np.log(10 * time[-1]))])
    fits = []
    for onset, bend in starts:
        start = np.clip(np.concatenate([[onset], [np.log(bend)], np.log(taus)]), low + 1e-6, high - 1e-6)
        units = [step, *([1.0] * (taus.size + 1))]
        found = least_squares(lambda p: solve(p)[1], start, bounds=(low, high), x_scale=units)
        if np.isfinite(found.x).all() and np.isfinite(found.cost):
            fits.append(found)
    if not fits:
        return None
    best = min(fits, key=lambda found: float(found.cost))
    solved, left = solve(best.x)
    # The 95 % point of chi squared for one parameter, in units of the fit's own variance.
    worst = best.cost * (1.0 + EQUALLY_GOOD / max(left.size - best.x.size - solved.size, 1))
    initial = np.array([solve(found.x)[0][1:].sum() for found in fits if found.cost <= worst])
    order = np.argsort(-best.x[2:])
    residual = float(np.sqrt(np.mean(left**2)))
    return Charging(
        onset=float(best.x[0]),
        corner=float(np.exp(best.x[1])),
        taus=np.exp(best.x[2:])[order],
        amplitudes=solved[2:][order],
        steady=float(solved[1]),
        base=float(solved[0]),
        residual=residual,
        single_residual=residual,
        peak=float((conductance - solved[0]).max()),
        error=float(np.ptp(initial) / max(abs(solved[1:].sum()), 1e-9)),
    )


def _design(time: FloatArray, onset: float, corner: float, taus: FloatArray) -> FloatArray:
    """Return base, filtered step and filtered exponentials, one column each."""
    rates = np.concatenate([[0.0], 1.0 / np.asarray(taus)])
    poles = 2 * np.pi * corner * np.concatenate([_POLES, np.conj(_POLES)])
    gain = np.prod(-poles)
    others = poles[:, np.newaxis] - poles[np.newaxis, :]
    np.fill_diagonal(others, 1.0)
    residues = gain / others.prod(axis=1)
    after = np.maximum(time - onset, 0.0)
    # A time constant equal to a pole would divide by 0; real time constants meet complex poles never.
    weight = residues[:, np.newaxis] / (poles[:, np.newaxis] + rates)
    own = (gain / (-rates - poles[:, np.newaxis]).prod(axis=0)).real
    filtered = np.exp(-after[:, np.newaxis] * rates) * own + (np.exp(after[:, np.newaxis] * poles) @ weight).real
    filtered[time < onset] = 0.0
    return np.column_stack([np.ones(time.size), filtered])
