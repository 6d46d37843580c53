"""Each event's own amplitude, rise and decay: bi-exponential fits of all events at once, neighbours taken away."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from mnephys.patch.segments import Stretches
from mnephys.patch.synaptic.templates import Template, shape, time_to_peak
from mnephys.patch.synaptic.windows import Windows
from mnephys.recording import BoolArray, FloatArray, IntArray

__all__ = ["Fits", "fit", "neighbours", "of_neighbours", "start_fits", "taken_away"]

REACH_WINDOWS = 2.0
PRIOR_LOG_SD = 1.0
PRIOR_ONSET_RISES = 3.0
LARGEST_LOG = 2.3
ROUNDS = 4
EVENTS_AT_ONCE = 512
DRAWN_DECAYS = 8.0
PAIR_MODELS = 4096


@dataclass(frozen=True, slots=True)
class Fits:
    """One bi-exponential per event.

    Parameters
    ----------
    values : ndarray, float, shape (n, 5)
        Baseline and amplitude in pA, onset in ms after the candidate's, logarithms of rise and decay in ms.
    """

    values: FloatArray

    @property
    def baseline(self) -> FloatArray:
        """Current without the event, in pA."""
        return self.values[:, 0]

    @property
    def amplitude(self) -> FloatArray:
        """Peak above the baseline in pA, negative for inward currents."""
        return self.values[:, 1]

    @property
    def onset(self) -> FloatArray:
        """In ms after the candidate's onset."""
        return self.values[:, 2]

    @property
    def rise(self) -> FloatArray:
        """Time constant in ms."""
        rise: FloatArray = np.exp(self.values[:, 3])
        return rise

    @property
    def decay(self) -> FloatArray:
        """Time constant in ms."""
        decay: FloatArray = np.exp(self.values[:, 4])
        return decay

    def events(self, time: FloatArray) -> FloatArray:
        """Return each event without its baseline.

        Parameters
        ----------
        time : ndarray, float, shape (n_bins,) or (n, n_bins)
            In ms after the candidate's onset.

        Returns
        -------
        ndarray, float, shape (n, n_bins)
            In pA.
        """
        return self.amplitude[:, None] * shape(time - self.onset[:, None], self.rise[:, None], self.decay[:, None])


def start_fits(windows: Windows, template: Template) -> Fits:
    """Return amplitudes of the template at all candidates, solved for jointly where they overlap.

    Parameters
    ----------
    windows : Windows
        Around the candidates.
    template : Template
        The shape that all have.

    Returns
    -------
    Fits
        With the template's rise and decay.

    Notes
    -----
    Each candidate's window asks that what its centred template finds be the sum of what it finds in all events that
    reach into the window; the equations of neighbours are solved together.
    """
    from scipy.sparse import coo_matrix, eye
    from scipy.sparse.linalg import spsolve

    n = windows.at.size
    rise, decay = np.asarray(template.rise), np.asarray(template.decay)
    weight = windows.known.astype(np.float64)
    number = np.maximum(weight.sum(axis=1, keepdims=True), 1.0)
    own = shape(windows.time, rise, decay) * weight
    centred = (own - own.sum(axis=1, keepdims=True) / number) * weight
    found = (centred * windows.current).sum(axis=1)
    i, j = neighbours(windows)
    cross = np.zeros(i.size)
    for start in range(0, i.size, PAIR_MODELS):
        part = slice(start, start + PAIR_MODELS)
        lag = (windows.at[i[part]] - windows.at[j[part]])[:, None]
        cross[part] = (centred[i[part]] * shape(windows.time + lag, rise, decay)).sum(axis=1)
    power = (centred * own).sum(axis=1)
    row, column = np.concatenate([i, np.arange(n)]), np.concatenate([j, np.arange(n)])
    matrix = coo_matrix((np.concatenate([cross, power]), (row, column)), shape=(n, n)).tocsc()
    amplitude = np.atleast_1d(spsolve(matrix + 0.02 * power.max(initial=1e-9) * eye(n, format="csc"), found))
    values = np.zeros((n, 5))
    values[:, 1] = amplitude
    values[:, 3], values[:, 4] = np.log(template.rise), np.log(template.decay)
    alone = windows.current - of_neighbours(windows, Fits(values)) - values[:, 1:2] * own
    values[:, 0] = (alone * weight).sum(axis=1) / number[:, 0]
    return Fits(values)


def fit(windows: Windows, fits: Fits, template: Template) -> Fits:
    """Improve the fit of every event, its neighbours' present fits taken away first.

    Parameters
    ----------
    windows : Windows
        Around the events.
    fits : Fits
        The present ones.
    template : Template
        What an event looks like unless the trace says otherwise.

    Returns
    -------
    Fits
        After four steps of Levenberg and Marquardt.

    Notes
    -----
    Rise and decay are drawn to the template's as by a normal prior with an SD of 1 of their logarithms. Where the noise
    says little of an event's shape this keeps it sensible; 20 pA in 3 pA of noise do not feel it.
    """
    alone = windows.current - of_neighbours(windows, fits)
    values = fits.values.copy()
    for start in range(0, values.shape[0], EVENTS_AT_ONCE):
        part = slice(start, start + EVENTS_AT_ONCE)
        values[part] = _descend(alone[part], windows.known[part], windows, values[part], template)
    return replace(fits, values=values)


def taken_away(current: FloatArray, fits: Fits, sweep: IntArray, onset: IntArray, sampling_rate: float) -> FloatArray:
    """Take all events from the trace.

    Parameters
    ----------
    current : ndarray, float32, shape (n_sweeps, n_samples)
        In pA.
    fits : Fits
        The events.
    sweep, onset : ndarray, int, shape (n,)
        Sweep and sample of their candidates.
    sampling_rate : float
        In Hz.

    Returns
    -------
    ndarray, float32, shape (n_sweeps, n_samples)
        What remains in pA; their baselines do.
    """
    n_samples = current.shape[1]
    left = np.array(current, dtype=np.float32, order="C")
    flat = left.ravel()
    step = 1000.0 / sampling_rate
    at = onset + fits.onset / step
    first = np.clip(np.ceil(at), 0, n_samples).astype(np.int64)
    last = np.clip(first + np.ceil(DRAWN_DECAYS * fits.decay / step), first, n_samples).astype(np.int64)
    for start in range(0, sweep.size, EVENTS_AT_ONCE):
        part = slice(start, start + EVENTS_AT_ONCE)
        base = sweep[part] * n_samples
        drawn = Stretches.between(base + first[part], base + last[part])
        time = (drawn.index - drawn.spread((base + at[part]).astype(np.float64))) * step
        rise, decay = drawn.spread(fits.rise[part]), drawn.spread(fits.decay[part])
        values = drawn.spread(fits.amplitude[part]) * shape(time, rise, decay)
        # The same type on both sides is several times as fast.
        np.subtract.at(flat, drawn.index, values.astype(np.float32))
    return left


def neighbours(windows: Windows) -> tuple[IntArray, IntArray]:
    """Pair the events whose currents meet.

    Parameters
    ----------
    windows : Windows
        Around the events.

    Returns
    -------
    i, j : ndarray, int, shape (n_pairs,)
        Event j may reach into the window of event i.
    """
    first = np.searchsorted(windows.at, windows.at + windows.time[0] - REACH_WINDOWS * windows.time[-1])
    last = np.searchsorted(windows.at, windows.at + windows.time[-1])
    count = last - first
    i = np.repeat(np.arange(count.size), count)
    j = np.arange(count.sum()) - np.repeat(np.cumsum(count) - count - first, count)
    return i[i != j], j[i != j]


def of_neighbours(windows: Windows, fits: Fits) -> FloatArray:
    """Return what the other events do in each event's window.

    Parameters
    ----------
    windows : Windows
        Around the events.
    fits : Fits
        The events.

    Returns
    -------
    ndarray, float, shape (n, n_bins)
        Their sum in pA.
    """
    total = np.zeros_like(windows.current)
    i, j = neighbours(windows)
    for start in range(0, i.size, PAIR_MODELS):
        part = slice(start, start + PAIR_MODELS)
        lag = (windows.at[i[part]] - windows.at[j[part]])[:, None]
        pairs = Fits(fits.values[j[part]]).events(windows.time + lag)
        # Pairs are ordered by the event whose window they are in.
        begin = np.flatnonzero(np.diff(i[part], prepend=-1))
        total[i[part][begin]] += np.add.reduceat(pairs, begin, axis=0)
    return total


def _descend(
    alone: FloatArray, known: BoolArray, windows: Windows, values: FloatArray, template: Template
) -> FloatArray:
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
