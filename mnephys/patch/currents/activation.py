"""From the peaks of a Na family to its reversal potential and the Boltzmann curve of its conductance."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mnephys.patch.currents.family import CurrentFamily
from mnephys.patch.currents.peaks import INWARD_MS
from mnephys.recording import FloatArray

__all__ = ["Activation", "Limb", "find_limb", "fit_activation", "reversal"]

CLEAR_NOISE = 5.0
CLEAR_SHARE = 0.03
LATENCY_LEVELS = 3
LATENCY_MS = 0.1
EDGE_SAMPLES = 1.5
DRIVING_FORCE_MV = 10.0
MIN_LEVELS = 5
CONFIDENCE = 0.95


@dataclass(frozen=True, slots=True)
class Limb:
    """The mean inward current at every potential of a family.

    Parameters
    ----------
    level : ndarray, float, shape (n_levels,)
        In mV, rising.
    peak : ndarray, float, shape (n_levels,)
        Lowest current in pA.
    latency : ndarray, float, shape (n_levels,)
        Time to it in ms after the step.
    signed : ndarray, float, shape (n_levels,)
        The peak while it is clearly inward; from there on the current at the time at which the last clear peaks
        came: near its reversal a current has no peak of its own, and beyond it is outward.
    clear : float
        What counts as clearly inward, in pA, positive.
    """

    level: FloatArray
    peak: FloatArray
    latency: FloatArray
    signed: FloatArray
    clear: float

    @property
    def at(self) -> int:
        """Index of the largest inward current."""
        return int(np.argmin(self.peak))

    @property
    def present(self) -> bool:
        """Whether it stands out of the noise."""
        return bool(-self.peak[self.at] > self.clear)


@dataclass(frozen=True, slots=True)
class Activation:
    """A Boltzmann curve g(V) = g_max / (1 + exp((half - V) / slope)).

    Parameters
    ----------
    level, conductance : ndarray, float, shape (n_levels,)
        What was fitted, in mV and nS.
    maximum, half, slope : float
        In nS, mV and mV.
    half_error, slope_error : float
        Half the width of the 95 % confidence interval, in mV.
    """

    level: FloatArray
    conductance: FloatArray
    maximum: float
    half: float
    slope: float
    half_error: float
    slope_error: float


def find_limb(
    family: CurrentFamily, trace: FloatArray, table: dict[str, FloatArray], names: tuple[str, str], earliest: float
) -> Limb:
    """Average the family's inward peaks per potential.

    Parameters
    ----------
    family : CurrentFamily
        A recording with its steps.
    trace : ndarray, float, shape (n_sweeps * n_samples,)
        The current that the peaks were found in, in pA.
    table : dict of str to ndarray, float, shape (n_steps,)
        Rows of the family from `mnephys.patch.currents.peaks.current_voltage`; not empty, peaks finite.
    names : tuple of str
        Columns of peak and time to peak.
    earliest : float
        Time after a step from which peaks were looked for, in ms; a lowest value right there is no peak.

    Returns
    -------
    Limb
        One value per potential.
    """
    level = family.level[table["step"].astype(np.int64)]
    kinds, own = np.unique(level, return_inverse=True)
    count = np.bincount(own)
    peak = np.bincount(own, table[names[0]]) / count
    latency = np.bincount(own, table[names[1]]) / count
    noise = family.noise(family.activation)
    clear = max(CLEAR_NOISE * (noise if np.isfinite(noise) else 0.0), CLEAR_SHARE * float(-peak.min()))
    inward = np.flatnonzero((-peak > clear) & (latency > earliest + EDGE_SAMPLES / family.per_ms))
    signed = peak.copy()
    # Beyond the first potential without a clear peak none is taken for one.
    beyond = np.arange(kinds.size) > (inward[-1] if inward.size else -1)
    if inward.size and beyond.any():
        usual = float(np.median(latency[inward[-LATENCY_LEVELS:]]))
        start = family.steps.start[table["step"].astype(np.int64)]
        half = round(LATENCY_MS * family.per_ms)
        middle = start + max(round(usual * family.per_ms), round(earliest * family.per_ms) + half)
        around = trace[np.minimum(middle[:, np.newaxis] + np.arange(-half, half + 1), trace.size - 1)].mean(axis=1)
        signed[beyond] = (np.bincount(own, around) / count)[beyond]
    return Limb(kinds, peak, latency, signed, clear)


def reversal(limb: Limb) -> float:
    """Return where the inward current reverses.

    Parameters
    ----------
    limb : Limb
        A family's currents.

    Returns
    -------
    float
        Zero of the line through the two potentials on either side of the reversal, or those there are, in mV; NaN
        where the current never reversed.

    Examples
    --------
    >>> import numpy as np
    >>> level = np.array([-20.0, 0.0, 20.0, 40.0, 60.0])
    >>> current = np.array([-900.0, -1000.0, -600.0, -200.0, 200.0])
    >>> reversal(Limb(level, current, np.ones(5), current, 10.0))
    50.0
    """
    after = np.flatnonzero(limb.signed[limb.at :] >= 0)
    if not after.size or not limb.present:
        return float("nan")
    first = limb.at + int(after[0])
    near = slice(max(limb.at, first - 2), min(first + 2, limb.level.size))
    level, current = limb.level[near], limb.signed[near]
    slope, offset = np.polyfit(level - level.mean(), current, 1)
    zero = float(level.mean() - offset / slope) if slope > 0 else float("nan")
    if not limb.level[first - 1] - 1e-9 <= zero <= limb.level[first] + 1e-9:
        low, high = limb.signed[first - 1], limb.signed[first]
        zero = float(limb.level[first - 1] - low * (limb.level[first] - limb.level[first - 1]) / (high - low))
    return round(zero, 9)


def fit_activation(limb: Limb, potential: float) -> Activation | None:
    """Fit a Boltzmann curve to the chord conductance of the peaks.

    Parameters
    ----------
    limb : Limb
        A family's currents.
    potential : float
        Reversal potential in mV.

    Returns
    -------
    Activation or None
        None where fewer than 5 potentials lie 10 mV or more below the reversal, or no fit converges.

    Examples
    --------
    >>> import numpy as np
    >>> level = np.arange(-80.0, 60.0, 5.0)
    >>> current = 20.0 / (1 + np.exp((-30.0 - level) / 6.0)) * (level - 50.0)
    >>> fit = fit_activation(Limb(level, current, level, current, 1.0), 50.0)
    >>> round(float(fit.half), 3), round(float(fit.slope), 3)
    (-30.0, 6.0)
    """
    from scipy.optimize import curve_fit
    from scipy.special import stdtrit

    used = limb.level <= potential - DRIVING_FORCE_MV
    level = limb.level[used]
    conductance = np.minimum(limb.peak[used], 0.0) / (level - potential)
    if used.sum() < MIN_LEVELS or not conductance.max() > 0:
        return None
    top = float(conductance.max())
    middle = float(level[np.argmax(conductance >= top / 2)])

    def boltzmann(volt: FloatArray, maximum: float, half: float, slope: float) -> FloatArray:
        # Clipped, a slope tried on the way does not overflow.
        curve: FloatArray = maximum / (1.0 + np.exp(np.clip((half - volt) / slope, -500.0, 500.0)))
        return curve

    bounds = ([0.0, level[0] - 50.0, 0.2], [10 * top, level[-1] + 50.0, 50.0])
    try:
        best, covariance = curve_fit(boltzmann, level, conductance, [top, middle, 6.0], bounds=bounds)
    except (RuntimeError, ValueError):
        return None
    error = np.sqrt(np.diag(covariance)) * float(stdtrit(level.size - 3, 0.5 + CONFIDENCE / 2))
    if not np.isfinite(error).all():
        return None
    return Activation(level, conductance, *map(float, (*best, error[1], error[2])))


PARAMETERS = {"window_ms": INWARD_MS, "clear_noise": CLEAR_NOISE, "driving_force_mv": DRIVING_FORCE_MV}
"""What the numbers depend on."""
