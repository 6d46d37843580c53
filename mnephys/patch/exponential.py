"""One exponential and a jump: the simplest account of how a current step charges a membrane."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mnephys.recording import FloatArray

__all__ = ["ChargingFit", "fit_charging"]


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
        Root mean square residual over how far the exponential goes in the time given, dimensionless.
    at_bound : bool
        Whether the best time constant is the shortest or the longest that was tried.
    """

    jump: float
    resistance: float
    tau: float
    error: float
    at_bound: bool = False


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
    least = int(np.argmin(residual))
    best = int(np.clip(least, 1, candidates.size - 2))
    a, b, c = residual[best - 1 : best + 2]
    shift = 0.5 * (a - c) / (a - 2.0 * b + c) if a - 2.0 * b + c > 0 else 0.0
    ratio = candidates[1] / candidates[0]
    tau = float(candidates[best] * ratio ** np.clip(shift, -1.0, 1.0))
    curve = 1.0 - np.exp(-time / tau)
    centre = curve - curve.mean()
    size = float(centre @ around / (centre @ centre))
    jump = float(response.mean() - size * curve.mean())
    left = float(np.sqrt(np.mean((response - jump - size * curve) ** 2)))
    error = left / abs(size * float(curve.max())) if size else np.inf
    return ChargingFit(jump, size, tau, error, best != least)
