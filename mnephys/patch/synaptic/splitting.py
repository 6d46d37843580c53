"""Two events so close that they were found as one."""

from __future__ import annotations

import numpy as np

from mnephys.patch.synaptic.fits import Fits, of_neighbours
from mnephys.patch.synaptic.refining import Events, joined
from mnephys.patch.synaptic.squares import squares, until_others
from mnephys.patch.synaptic.templates import Template, shape
from mnephys.patch.synaptic.windows import TAIL_DECAYS, Windows
from mnephys.recording import BoolArray, FloatArray

__all__ = ["split"]

LAG_RISES = np.arange(1.5, 6.01, 0.5)
SHIFT_RISES = np.arange(-1.5, 1.01, 0.25)
BETTER = 30.0
MISFIT = 0.03
LIKE_NOISE = 1.3
LEAST_SHARE = 0.3
EVENTS_AT_ONCE = 256


def split(windows: Windows, found: Events, template: Template, smallest: float) -> Events:
    """Put two events where two of the template's shape describe the trace better than one of any shape.

    Parameters
    ----------
    windows : Windows
        Around the events.
    found : Events
        With their fits, ordered by sweep and onset.
    template : Template
        What an event looks like.
    smallest : float
        The amplitude in pA that reaches the threshold: each of the two has it.

    Returns
    -------
    Events
        The same, with some of them parted; the new ones are not yet fitted.

    Notes
    -----
    Both descriptions have five numbers, so what they leave over is compared as it is. Two have to leave less by
    30 times the variance per bin and by 3 % of the square of the amplitude over a rise time constant, as no event is
    exactly of the shape that is fitted; and no more than what the better of both leaves over here usually.
    """
    if not windows.at.size:
        return found
    fits = found.fits
    before, after = until_others(windows, found, template)
    after = np.minimum(after, TAIL_DECAYS * template.decay)
    time = windows.time
    used = windows.known & (time < (fits.onset + after)[:, None]) & (time > (fits.onset - before)[:, None])
    alone = windows.current - of_neighbours(windows, fits)
    number = np.maximum(used.sum(axis=1), 1)
    of_one = _centred_squares(alone - fits.events(time), used)
    every = np.flatnonzero(np.abs(fits.amplitude) > smallest)
    parts: list[FloatArray] = [np.zeros((0, 5))]
    for start in range(0, every.size, EVENTS_AT_ONCE):
        some = every[start : start + EVENTS_AT_ONCE]
        parts.append(_pairs(alone[some], used[some], time, Fits(fits.values[some]), template, smallest))
    pairs = np.concatenate(parts)
    of_better = of_one.copy()
    # Where most events are two, what one leaves over is not what fits leave over.
    of_better[every] = np.minimum(of_one[every], pairs[:, 0])
    usual = float(np.median(of_better / number))
    width = time[1] - time[0]
    least = BETTER * max(windows.noise**2, usual) + MISFIT * fits.amplitude**2 * template.rise / width
    worth = (of_one - number * usual > least) & ~squares(windows, found, template)
    left, first, lag, large, small = pairs[worth[every]].T
    worth = every[worth[every]]
    better = (left < of_one[worth] - least[worth]) & (left < LIKE_NOISE * usual * number[worth])
    worth, first, lag, large, small = (each[better] for each in (worth, first, lag, large, small))
    return _parted(found, worth, (first, first + lag), (large, small), template)


def _centred_squares(values: FloatArray, used: BoolArray) -> FloatArray:
    """Return the sum of squares about the mean of the samples that count."""
    weight = used.astype(np.float64)
    number = np.maximum(weight.sum(axis=1), 1.0)
    centred = (values - ((values * weight).sum(axis=1) / number)[:, None]) * weight
    squares: FloatArray = (centred * centred).sum(axis=1)
    return squares


def _pairs(
    alone: FloatArray, used: BoolArray, time: FloatArray, fits: Fits, template: Template, smallest: float
) -> FloatArray:
    """Return what the best pair leaves over, its first onset and lag in ms, and both amplitudes; shape (n, 5)."""
    weight = used.astype(np.float64)
    number = np.maximum(weight.sum(axis=1, keepdims=True), 1.0)
    rise, decay = np.asarray(template.rise), np.asarray(template.decay)

    def centred(values: FloatArray) -> FloatArray:
        return np.asarray((values - (values * weight).sum(axis=1, keepdims=True) / number) * weight)

    data = centred(alone)
    power = (data * data).sum(axis=1)
    sign = np.sign(fits.amplitude)
    n = alone.shape[0]
    best = np.tile([np.inf, 0.0, 0.0, 0.0, 0.0], (n, 1))
    step = SHIFT_RISES[1] - SHIFT_RISES[0]
    n_shapes = round((SHIFT_RISES[-1] + LAG_RISES[-1] - SHIFT_RISES[0]) / step) + 1
    at = (SHIFT_RISES[0] + step * np.arange(n_shapes)) * template.rise
    shapes = [centred(shape(time - (fits.onset + lag)[:, None], rise, decay)) for lag in at]
    own = np.array([(each * data).sum(axis=1) for each in shapes])
    size = np.array([(each * each).sum(axis=1) for each in shapes])
    for i in range(SHIFT_RISES.size):
        for lag in LAG_RISES:
            j = i + round(lag / step)
            cross = (shapes[i] * shapes[j]).sum(axis=1)
            determinant = np.maximum(size[i] * size[j] - cross**2, 1e-9 * size[i] * size[j] + 1e-12)
            first = (own[i] * size[j] - own[j] * cross) / determinant
            second = (own[j] * size[i] - own[i] * cross) / determinant
            left = power - first * own[i] - second * own[j]
            less = np.minimum(sign * first, sign * second)
            fair = less >= np.maximum(smallest, LEAST_SHARE * np.maximum(sign * first, sign * second))
            trial = np.stack([left, fits.onset + at[i], np.full(n, at[j] - at[i]), first, second], axis=1)
            better = fair & (left < best[:, 0])
            best = np.where(better[:, None], trial, best)
    return best


def _parted(
    found: Events,
    which: np.ndarray,
    onsets: tuple[FloatArray, FloatArray],
    amplitudes: tuple[FloatArray, FloatArray],
    template: Template,
) -> Events:
    """Return the events with two in place of each of some."""
    values = found.fits.values.copy()
    values[which, 3:] = np.log([template.rise, template.decay])
    step = 1000.0 / template.sampling_rate
    shift = np.round(onsets[1] / step).astype(np.int64)
    second = values[which].copy()
    values[which, 1], values[which, 2] = amplitudes[0], onsets[0]
    second[:, 1], second[:, 2] = amplitudes[1], onsets[1] - shift * step
    first = Events(found.sweep, found.onset, found.score, Fits(values))
    return joined(first, Events(found.sweep[which], found.onset[which] + shift, found.score[which], Fits(second)))
