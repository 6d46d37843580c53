"""From the peaks of a Na family to its reversal potential and the Boltzmann curve of its conductance."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from mnephys.patch.currents.family import LEVEL_GRAIN_MV, CurrentFamily
from mnephys.patch.currents.leak import Leak
from mnephys.recording import FloatArray

__all__ = ["Activation", "Limb", "find_limb", "fit_activation", "reversal"]

CLEAR_NOISE = 5.0
CLEAR_SHARE = 0.03
LATENCY_LEVELS = 3
LATENCY_MS = 0.1
SHUT_MV = -60.0
DRIVING_FORCE_MV = 10.0
MIN_LEVELS = 5
CONFIDENCE = 0.95
LASTING_SHARE = 0.2
CLAMP_TAUS = 5.0
WIDEST_HALF_MV = 10.0


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
    sustained : ndarray, float, shape (n_levels,), optional
        Mean leak-corrected current of the end of the step in pA.
    largest : int, optional
        Which level has the largest inward current; that of the lowest peak if omitted.
    seen : bool, optional
        Whether an inward current stands out; whether the largest is clear if omitted.
    cut : bool
        Whether what stands out lies at the edge of the time searched, so that the true peak does not show.
    standing : ndarray, float, shape (n_standing,), optional
        The potentials whose peaks stand out, in mV.
    """

    level: FloatArray
    peak: FloatArray
    latency: FloatArray
    signed: FloatArray
    clear: float
    sustained: FloatArray | None = None
    largest: int | None = None
    seen: bool | None = None
    cut: bool = False
    standing: FloatArray | None = None

    @property
    def at(self) -> int:
        """Index of the largest inward current."""
        return int(np.argmin(self.peak)) if self.largest is None else self.largest

    @property
    def present(self) -> bool:
        """Whether it stands out of the noise."""
        return bool(-self.peak[self.at] > self.clear) if self.seen is None else self.seen

    def lasting(self, potential: float) -> float:
        """Return the current at the end of a step.

        Parameters
        ----------
        potential : float
            In mV.

        Returns
        -------
        float
            On the line between the potentials on either side, in pA; 0 where it was not measured.
        """
        return 0.0 if self.sustained is None else float(np.interp(potential, self.level, self.sustained))


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
    family: CurrentFamily, corrected: FloatArray, table: Mapping[str, FloatArray], leak: Leak
) -> tuple[Limb, Limb]:
    """Average the family's inward peaks per potential.

    Parameters
    ----------
    family : CurrentFamily
        A recording with its steps.
    corrected : ndarray, float, shape (n_sweeps * n_samples,)
        The current that the peaks were found in, in pA.
    table : mapping of str to ndarray, float, shape (n_steps,)
        Rows of the family from `mnephys.patch.currents.peaks.current_voltage`; not empty, peaks finite.
    leak : Leak
        What was subtracted, and from when on peaks were looked for.

    Returns
    -------
    limb, raw : Limb
        Leak-corrected, and as recorded at the same samples.

    Notes
    -----
    An inward current is seen where at two neighbouring potentials above -60 mV (or at the only one) the peak stands out
    by 5 SD of the noise, from 0 and from the end of the step, and does not lie at the edge of the time searched: the
    lowest sample of noise, what is left of the charging, an error of the leak and hum do one of these, not all. While
    the charging lasts, the noise of what was subtracted, scaled to the step, counts as well.
    """
    step = table["step"].astype(np.int64)
    level, own = np.unique(family.level[step], return_inverse=True)
    count = np.bincount(own)

    def mean(values: FloatArray) -> FloatArray:
        averaged: FloatArray = np.bincount(own, values) / count
        return averaged

    peak, recorded, latency = (mean(table[name]) for name in ("inward_peak", "inward_peak_raw", "time_to_peak"))
    sustained, edge = mean(table["sustained"]), mean(table["edge"]) >= 0.5
    least = CLEAR_NOISE * float(np.nan_to_num(family.noise(family.activation)))
    scaled = np.where(latency < leak.settled, mean(np.abs(family.size[step])) * leak.spread, 0.0)
    visible = least * np.hypot(1.0, scaled)
    opened = level > SHUT_MV + LEVEL_GRAIN_MV
    passing = opened & (-peak > visible) & (np.nan_to_num(sustained) - peak > visible)
    opened = opened if opened.any() else np.ones(level.size, dtype=bool)
    # The search begins where charging of no more than about 5 SD is left: at its edge as much again must stand out.
    strong = passing & (-peak > np.where(edge, 2.0, 1.0) * visible)
    seen, cut = _neighbours((passing & ~edge)[opened]), _neighbours(strong[opened])
    if seen or cut:
        height = np.where(opened & passing, peak, np.inf)
    else:
        # Neither an error of the leak, which lasts, nor what is left of the charging is reported as one.
        apart = opened & ~edge if (opened & ~edge).any() else opened
        height = np.where(apart, np.fmax(peak, peak - sustained), np.inf)
    at = int(np.argmin(height))
    cut = cut and (bool(edge[at]) or not seen)
    clear = max(least, CLEAR_SHARE * float(-peak[at]))
    inward = np.flatnonzero(passing & ~edge & (-peak > clear))
    signed, signed_raw = peak.copy(), recorded.copy()
    # Beyond the first potential without a clear peak none is taken for one.
    beyond = np.arange(level.size) > (inward[-1] if inward.size else -1)
    if inward.size and beyond.any():
        usual = float(np.median(latency[inward[-LATENCY_LEVELS:]]))
        half = round(LATENCY_MS * family.per_ms)
        middle = family.steps.start[step] + max(round(usual * family.per_ms), round(leak.blank * family.per_ms) + half)
        around = np.minimum(middle[:, np.newaxis] + np.arange(-half, half + 1), corrected.size - 1)
        signed[beyond] = mean(corrected[around].mean(axis=1, dtype=np.float64))[beyond]
        signed_raw[beyond] = mean(family.current.ravel()[around].mean(axis=1, dtype=np.float64))[beyond]
    limb = Limb(level, peak, latency, signed, clear, sustained, at, seen, cut, level[passing & ~edge & seen])
    return limb, replace(limb, peak=recorded, signed=signed_raw)


def _neighbours(found: NDArray[np.bool_]) -> bool:
    """Return whether two neighbours are true, or the only one."""
    return bool((found[1:] & found[:-1]).any() or (found.size == 1 and found.all()))


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
        where the current never reversed, or is outward at its largest peak already.

    Examples
    --------
    >>> import numpy as np
    >>> level = np.array([-20.0, 0.0, 20.0, 40.0, 60.0])
    >>> current = np.array([-900.0, -1000.0, -600.0, -200.0, 200.0])
    >>> reversal(Limb(level, current, np.ones(5), current, 10.0))
    50.0
    """
    after = np.flatnonzero(limb.signed[limb.at :] >= 0)
    if not after.size or after[0] == 0 or not limb.present:
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
