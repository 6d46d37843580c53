"""Least squares of many bi-exponentials at once, by Levenberg and Marquardt."""

from __future__ import annotations

import numpy as np

from mnephys.patch.synaptic.templates import Template, time_to_peak
from mnephys.patch.synaptic.windows import Windows
from mnephys.recording import BoolArray, FloatArray

__all__ = ["descend"]

PRIOR_LOG_SD = 1.0
PRIOR_ONSET_RISES = 3.0
LARGEST_LOG = 2.3
ROUNDS = 4


def descend(
    alone: FloatArray, known: BoolArray, windows: Windows, values: FloatArray, template: Template
) -> FloatArray:
    """Improve the values of some fits by four steps of Levenberg and Marquardt.

    Parameters
    ----------
    alone : ndarray, float, shape (n, n_bins)
        Windows without the events beside, in pA.
    known : ndarray, bool, shape (n, n_bins)
        Bins that count.
    windows : Windows
        Gives the time axis and the noise.
    values : ndarray, float, shape (n, 5)
        See `mnephys.patch.synaptic.fits.Fits`.
    template : Template
        To whose logarithms of rise and decay those of the fits are drawn.

    Returns
    -------
    ndarray, float, shape (n, 5)
        A step that makes a fit worse is not taken.

    Examples
    --------
    >>> import numpy as np
    >>> from mnephys.patch.synaptic.templates import shape
    >>> time = np.arange(-8.0, 40.0, 0.4)
    >>> known = np.ones((1, time.size), dtype=bool)
    >>> alone = -20.0 * shape(time[np.newaxis], 1.0, 10.0)
    >>> windows = Windows(alone, known, time, np.zeros(1), 0.5)
    >>> values = descend(alone, known, windows, np.array([[0.0, -15.0, 0.0, 0.0, 2.0]]), Template(1.0, 8.0, 1e4))
    >>> values[0, 1].round(1), np.exp(values[0, 4]).round(1)
    (np.float64(-20.0), np.float64(10.0))
    """
    weight = (known / windows.noise).astype(np.float32)
    time = windows.time.astype(np.float32)
    alone = alone.astype(np.float32)
    prior = np.array([0.0, 0.0, 0.0, np.log(template.rise), np.log(template.decay)])
    tight = np.array([0.0, 0.0, 1.0 / (PRIOR_ONSET_RISES * template.rise), 1.0 / PRIOR_LOG_SD, 1.0 / PRIOR_LOG_SD])
    damping = np.full(values.shape[0], 1e-2)

    def cost_of(trial: FloatArray) -> tuple[FloatArray, FloatArray]:
        _, slow, fast = _exponentials(trial, time)
        model = trial[:, :1].astype(np.float32) + trial[:, 1:2].astype(np.float32) * (slow - fast)
        left = (alone - model) * weight
        pulled = (trial - prior) * tight
        return left, (left * left).sum(axis=1, dtype=np.float64) + (pulled * pulled).sum(axis=1)

    left, cost = cost_of(values)
    for _ in range(ROUNDS):
        slope = _slopes(values, time) * weight[:, None, :]
        normal = (slope @ slope.transpose(0, 2, 1)).astype(np.float64) + np.diag(tight**2)
        gradient = (slope @ left[:, :, None])[:, :, 0] - (values - prior) * tight**2
        diagonal = np.einsum("ijj->ij", normal)
        damped = normal + np.eye(5) * (damping[:, None] * diagonal + 1e-9)[:, None, :]
        trial = values + np.linalg.solve(damped, gradient[:, :, None])[:, :, 0]
        trial[:, 3:] = np.clip(trial[:, 3:], prior[3:] - LARGEST_LOG, prior[3:] + LARGEST_LOG)
        trial[:, 2] = np.clip(trial[:, 2], windows.time[0], 0.5 * windows.time[-1])
        trial_left, trial_cost = cost_of(trial)
        better = trial_cost < cost
        values = np.where(better[:, None], trial, values)
        left, cost = np.where(better[:, None], trial_left, left), np.where(better, trial_cost, cost)
        damping = np.clip(np.where(better, damping * 0.2, damping * 8.0), 1e-6, 1e6)
    return values


def _exponentials(values: FloatArray, time: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return time after each onset, the decay and the decay times the rise of unit events, in single precision."""
    after = np.maximum(time - values[:, 2:3].astype(np.float32), np.float32(0.0))
    rise, decay = np.exp(values[:, 3:4]), np.exp(values[:, 4:5])
    peak_at = time_to_peak(rise, decay)
    height = -np.expm1(-peak_at / rise) * np.exp(-peak_at / decay)
    slow = np.exp(after * (-1.0 / decay).astype(np.float32)) * (1.0 / height).astype(np.float32)
    return after, slow, slow * np.exp(after * (-1.0 / rise).astype(np.float32))


def _slopes(values: FloatArray, time: FloatArray) -> FloatArray:
    """Return the derivative of the model with respect to each value, shape (n, 5, n_bins)."""
    after, slow, fast = _exponentials(values, time)
    rise, decay = np.exp(values[:, 3:4]), np.exp(values[:, 4:5])
    # The height of the peak depends on rise and decay as the curve does at its own peak, where the slope is 0.
    top = time_to_peak(rise, decay)
    ratio = np.exp(-top / rise)
    at_top_rise, at_top_decay = -(top / rise) * ratio / (1.0 - ratio), top / decay
    unit = slow - fast
    amplitude = values[:, 1:2].astype(np.float32)
    slope = np.empty((values.shape[0], 5, time.size), dtype=np.float32)
    slope[:, 0] = 1.0
    slope[:, 1] = unit
    began = after > 0
    falling = unit * (1.0 / decay).astype(np.float32) - fast * (1.0 / rise).astype(np.float32)
    slope[:, 2] = amplitude * falling * began
    slope[:, 3] = amplitude * (-after * fast * (1.0 / rise).astype(np.float32) - unit * at_top_rise.astype(np.float32))
    slope[:, 4] = amplitude * unit * (after * (1.0 / decay).astype(np.float32) - at_top_decay.astype(np.float32))
    return slope
