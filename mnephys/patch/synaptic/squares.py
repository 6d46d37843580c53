"""Steps of the baseline and openings of single channels: their shape is a square, that of a synaptic current is not."""

from __future__ import annotations

import numpy as np

from mnephys.patch.synaptic.fits import of_neighbours
from mnephys.patch.synaptic.refining import Events
from mnephys.patch.synaptic.templates import Template, time_to_peak
from mnephys.patch.synaptic.windows import TAIL_DECAYS, Windows
from mnephys.recording import BoolArray, FloatArray

__all__ = ["beside_steps", "jumps", "shadows", "squares", "until_others"]

NEXT_SHARE = 0.3
NEXT_RISES = 3.0
EDGE_RISES = 3.0
BETTER = 15.0
LIKE_NOISE = 1.3
EDGES = 0.005
SHADOW_SHARE = 0.2
SHADOW_DECAYS = 5.0
SHADOW_BEFORE = 1.0
NEIGHBOURS = 16
JUMP_SHARE = 0.3
JUMP_RISES = 4.0
BESIDE_DECAYS = 10.0


def squares(windows: Windows, found: Events, template: Template) -> BoolArray:
    """Return which events are better described by a square than by a rise and a decay.

    Parameters
    ----------
    windows : Windows
        Around the events.
    found : Events
        With their fits, ordered by sweep and onset.
    template : Template
        What an event looks like.

    Returns
    -------
    ndarray, bool, shape (n,)
        True where a square fits so much better that noise does not explain it.

    Notes
    -----
    The square has one level before and after it, one within, and lasts as long as fits best; one that outlasts the
    window is a step. It is compared with the sum of all fits, on the window up to the next event of a third of
    the amplitude, or five decay time constants. What it leaves over has to be less by 15 times the variance per bin,
    because its edges are chosen and the noise has a colour; and no more than what fits leave over here usually,
    because currents that overlap are fitted badly by either.
    """
    fits = found.fits
    if not windows.at.size:
        return np.zeros(0, dtype=bool)
    before, after = until_others(windows, found, template)
    after = np.minimum(after, TAIL_DECAYS * template.decay)
    time = windows.time
    used = windows.known & (time < (fits.onset + after)[:, None]) & (time > (fits.onset - before)[:, None])
    weight = used.astype(np.float64)
    number = np.maximum(weight.sum(axis=1), 1.0)
    model = fits.baseline[:, None] + fits.events(time) + of_neighbours(windows, fits)
    left = (windows.current - model) * weight
    # The baseline was fitted on the whole window, a square's levels are on this part of it.
    left -= weight * (left.sum(axis=1) / number)[:, None]
    of_fit = (left * left).sum(axis=1)
    centred = (windows.current - ((windows.current * weight).sum(axis=1) / number)[:, None]) * weight
    of_square = _best_square(centred, weight, windows, found, template)
    variance = np.maximum(windows.noise**2, of_fit / number)
    left_over = of_square / number
    usual = float(np.median(np.minimum(of_fit / number, left_over)))
    square: BoolArray = of_square < of_fit - BETTER * variance
    square &= left_over < LIKE_NOISE * usual + EDGES * fits.amplitude**2
    return square


def until_others(windows: Windows, found: Events, template: Template) -> tuple[FloatArray, FloatArray]:
    """Return how far it is to events that are large enough to matter.

    Parameters
    ----------
    windows : Windows
        Around the events.
    found : Events
        With their fits.
    template : Template
        What an event looks like.

    Returns
    -------
    before, after : ndarray, float, shape (n,)
        Time in ms since the last and until the next event of a third of the amplitude; infinite where there is none
        among the nearest 15, and those within three rise time constants do not count.
    """
    at, large, least = windows.at + found.fits.onset, np.abs(found.fits.amplitude), NEXT_RISES * template.rise
    before, after = np.full(at.size, np.inf), np.full(at.size, np.inf)
    order = np.argsort(at, kind="stable")
    for lag in range(1, min(NEIGHBOURS, at.size)):
        first, second = order[:-lag], order[lag:]
        gap = at[second] - at[first]
        matters = (gap > least) & (large[second] >= NEXT_SHARE * large[first])
        after[first] = np.minimum(after[first], np.where(matters, gap, np.inf))
        matters = (gap > least) & (large[first] >= NEXT_SHARE * large[second])
        before[second] = np.minimum(before[second], np.where(matters, gap, np.inf))
    return before, after


def _best_square(
    centred: FloatArray, weight: FloatArray, windows: Windows, found: Events, template: Template
) -> FloatArray:
    """Return the sum of squares that the best square leaves in each window."""
    n, n_bins = centred.shape
    width = windows.time[1] - windows.time[0]
    total = np.cumsum(centred, axis=1)
    count = np.cumsum(weight, axis=1)
    begin = np.searchsorted(windows.time, found.fits.onset)
    reach = max(2, round(EDGE_RISES * template.rise / width))
    least = max(2, round(template.rise / width))
    gain = np.zeros(n)
    row = np.arange(n)
    bins = np.arange(n_bins)
    for lag in range(-reach, reach + 1):
        edge = np.clip(begin + lag, 1, n_bins - 1)
        inside = total - total[row, edge - 1][:, None]
        held = count - count[row, edge - 1][:, None]
        outside = count[:, -1:] - held
        usable = (bins >= (edge + least)[:, None]) & (held > 1) & (outside > 1)
        # Levels of mean 0 in all: what two levels explain is the square of one sum over both weights.
        explained = inside**2 * (1.0 / np.maximum(held, 1.0) + 1.0 / np.maximum(outside, 1.0))
        gain = np.maximum(gain, np.where(usable, explained, 0.0).max(axis=1))
    best: FloatArray = (centred * centred).sum(axis=1) - gain
    return best


def jumps(windows: Windows, found: Events, template: Template) -> BoolArray:
    """Return at which events the current itself goes where the fit goes.

    Parameters
    ----------
    windows : Windows
        Around the events.
    found : Events
        With their fits.
    template : Template
        What an event looks like.

    Returns
    -------
    ndarray, bool, shape (n,)
        True where the means of the four rise time constants before the onset and of as long from the peak on differ
        by a third of the amplitude. Elsewhere an event only makes up for what is wrong with others beside it. True
        also where one of the two was not searched.
    """
    fits = found.fits
    reach, peak = JUMP_RISES * template.rise, time_to_peak(fits.rise, fits.decay)[:, None]
    # A fit that has gone to the end of its window shall have something before it all the same.
    after_onset = windows.time - np.maximum(fits.onset, windows.time[0] + 0.5 * reach)[:, None]
    levels = []
    for part in ((after_onset < 0) & (after_onset >= -reach), (after_onset >= peak) & (after_onset < peak + reach)):
        used = part & windows.known
        number = used.sum(axis=1)
        total = np.where(used, windows.current, 0.0).sum(axis=1)
        levels.append(np.divide(total, number, out=np.full(number.size, np.nan), where=number > 0))
    jump = np.sign(fits.amplitude) * (levels[1] - levels[0])
    does: BoolArray = ~(jump < JUMP_SHARE * np.abs(fits.amplitude))
    return does


def beside_steps(at: FloatArray, found: Events, square: BoolArray, jump: BoolArray, template: Template) -> BoolArray:
    """Return which events without a jump come shortly before a step of the other polarity that has one.

    Parameters
    ----------
    at : ndarray, float, shape (n,)
        Onset of each in ms on a common axis; sweeps are far apart on it.
    found : Events
        With their fits.
    square : ndarray, bool, shape (n,)
        From `squares`.
    jump : ndarray, bool, shape (n,)
        From `jumps`.
    template : Template
        What an event looks like.

    Returns
    -------
    ndarray, bool, shape (n,)
        True up to ten decay time constants of the template before the step.
    """
    beside = np.zeros(at.size, dtype=bool)
    for sign in (-1.0, 1.0):
        own = found.fits.amplitude * sign > 0
        steps = np.append(np.sort(at[square & jump & ~own]), np.inf)
        until = steps[np.searchsorted(steps, at)] - at
        beside |= own & ~jump & (until < BESIDE_DECAYS * template.decay)
    return beside


def shadows(at: FloatArray, found: Events, square: BoolArray, template: Template) -> BoolArray:
    """Return which events are what the fit of a larger one leaves over.

    Parameters
    ----------
    at : ndarray, float, shape (n,)
        Onset of each in ms on a common axis; sweeps are far apart on it.
    found : Events
        With their fits.
    square : ndarray, bool, shape (n,)
        From `squares`.
    template : Template
        What an event looks like.

    Returns
    -------
    ndarray, bool, shape (n,)
        Those of the other polarity and less than a fifth of the larger one's amplitude, from one of its decay time
        constants before to five after it; and those smaller than a square and within five decay time constants of
        the template of it, as no rise and decay fits that.
    """
    fits = found.fits
    order = np.argsort(at, kind="stable")
    amplitude, onset, decay = fits.amplitude[order], at[order], fits.decay[order]
    peak = onset + time_to_peak(fits.rise, fits.decay)[order]
    first = np.searchsorted(onset, onset - SHADOW_BEFORE * decay)
    last = np.searchsorted(onset, peak + SHADOW_DECAYS * decay)
    count = last - first
    large = np.repeat(np.arange(at.size), count)
    small = np.arange(count.sum()) - np.repeat(np.cumsum(count) - count - first, count)
    share = np.abs(amplitude[small]) / np.maximum(np.abs(amplitude[large]), 1e-30)
    against = (amplitude[small] * amplitude[large] < 0) & (share < SHADOW_SHARE)
    near = np.abs(onset[small] - onset[large]) < SHADOW_DECAYS * template.decay
    against |= square[order[large]] & near & (share < 1.0)
    shadow = np.zeros(at.size, dtype=bool)
    shadow[order[small[against]]] = True
    return shadow
