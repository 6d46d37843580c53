"""One search of a recording with one template."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from mnephys.patch.synaptic.candidates import find_candidates
from mnephys.patch.synaptic.leftout import LeftOut
from mnephys.patch.synaptic.refining import Events, further, joined, refined
from mnephys.patch.synaptic.remains import Remains
from mnephys.patch.synaptic.splitting import split
from mnephys.patch.synaptic.squares import beside_steps, jumps, shadows, squares
from mnephys.patch.synaptic.templates import Template, half_times
from mnephys.patch.synaptic.unclamped import too_large
from mnephys.patch.synaptic.windows import TAIL_DECAYS, Windows, cut_windows
from mnephys.recording import BoolArray, FloatArray, IntArray

__all__ = ["Search", "search", "settled"]

MOST_ROUNDS = 4
FAST_MS = 1.0
FAST_LEAST = 3.0
LASTING_DECAYS = 9.0
TOO_LARGE, TOO_FAST, SQUARE = range(3)


@dataclass(frozen=True, slots=True)
class _Before:
    """Where a search looked, all that it found, and what was too large to search."""

    searched: BoolArray
    found: Events
    large: LeftOut


@dataclass(frozen=True, slots=True)
class Search:
    """What one search gave.

    Parameters
    ----------
    kept : Events
        Of both polarities.
    left_out : LeftOut
        Of both polarities.
    template : Template
        What was looked for.
    reach : float
        The slowest decay in ms that the fits see the end of.
    searched : float
        Time that was looked at, in s.
    smallest : float
        The smallest amplitude that reaches the threshold, in pA.
    before : _Before
        From which to go on.
    """

    kept: Events
    left_out: LeftOut
    template: Template
    reach: float
    searched: float
    smallest: float
    before: _Before


def search(
    current: FloatArray, searched: BoolArray, template: Template, reach: float, method: str, threshold: float
) -> Search:
    """Search a recording with one template.

    Parameters
    ----------
    current : ndarray, float32, shape (n_sweeps, n_samples)
        In pA.
    searched : ndarray, bool, shape (n_sweeps, n_samples)
        Where to look; the current is finite there.
    template : Template
        What an event looks like.
    reach : float
        The slowest decay in ms that the fits are to see the end of.
    method : str
        See `mnephys.patch.synaptic.events`.
    threshold : float
        See `mnephys.patch.synaptic.events`.

    Returns
    -------
    Search
        Events, and what is none.

    Notes
    -----
    Too fast for a synapse is a half-width of less than 1 ms, where the event reaches three times the smallest amplitude
    that is found, so that noise cannot have made it narrow: the action current of an unclamped axon, or what a step of
    the command charges. The fastest synapses known lie above it: those of inner hair cells rise in 0.33 ms and
    decay with 1.24 ms, doi:10.1152/jn.00506.2009, which is 1.4 ms at half the peak.
    """
    rate = template.sampling_rate
    spikes = too_large(current, searched, template)
    searched = searched & ~spikes.mask
    large = LeftOut(spikes.sweep, spikes.first / rate, spikes.sign, np.full(spikes.sweep.size, TOO_LARGE))
    # The mask is as long as the recording.
    del spikes
    found = Events.none()
    remains = Remains.all_of(current, rate)
    peaks = find_candidates(remains, searched, template, method, threshold)
    for _ in range(MOST_ROUNDS):
        more = further(peaks, remains, searched, template)
        if not more.sweep.size:
            break
        before = found.sweep.size
        found = refined(joined(found, more), current, searched, template, peaks.smallest, reach)
        remains = Remains(current, rate, found.sweep, found.onset, found.fits)
        peaks = find_candidates(remains, searched, template, method, threshold)
        if found.sweep.size <= before:
            break
    windows = cut_windows(current, searched, template, found.sweep, found.onset, reach)
    kept, odd = _sorted_out(windows, found, template, peaks.smallest)
    seconds = peaks.searched_samples / rate
    return Search(kept, large.with_more(odd), template, reach, seconds, peaks.smallest, _Before(searched, found, large))


def settled(done: Search, current: FloatArray) -> Search:
    """Part events that are two, and leave out what had not returned when the fits ended.

    Parameters
    ----------
    done : Search
        The last search.
    current : ndarray, float32, shape (n_sweeps, n_samples)
        What was searched, in pA.

    Returns
    -------
    Search
        With what is too close to be found as two, see `mnephys.patch.synaptic.splitting.split`; without events whose
        decay is nine times as long as the template's, where the fits end.
    """
    template, before, smallest = done.template, done.before, done.smallest
    at = (current, before.searched, template)
    windows = cut_windows(*at, before.found.sweep, before.found.onset, done.reach)
    parted = split(windows, before.found, template, smallest)
    if parted.sweep.size > before.found.sweep.size:
        found = refined(parted, *at, smallest, done.reach)
        windows = cut_windows(*at, found.sweep, found.onset, done.reach)
        kept, odd = _sorted_out(windows, found, template, smallest)
        done = replace(done, kept=kept, left_out=before.large.with_more(odd))
    lasting = done.kept.fits.decay > max(LASTING_DECAYS * template.decay, 0.5 * TAIL_DECAYS * done.reach)
    more = _left_out(done.kept.take(lasting), np.full(int(lasting.sum()), SQUARE), template.sampling_rate)
    return replace(done, kept=done.kept.take(~lasting), left_out=done.left_out.with_more(more))


def _sorted_out(windows: Windows, found: Events, template: Template, smallest: float) -> tuple[Events, LeftOut]:
    """Tell events from what is none."""
    at = windows.at + found.fits.onset
    square = squares(windows, found, template)
    shadow = shadows(at, found, square, template)
    # A step would count twice with what only makes up for its fit.
    shadow |= square & beside_steps(at, found, square & ~shadow, jumps(windows, found, template), template)
    _, _, width = half_times(found.fits.rise, found.fits.decay)
    fast = (width < FAST_MS) & (np.abs(found.fits.amplitude) > FAST_LEAST * smallest) & ~square
    square, fast = square & ~shadow, fast & ~shadow
    other = square | fast
    odd = _left_out(found.take(other), np.where(fast[other], TOO_FAST, SQUARE), template.sampling_rate)
    return found.take(~(other | shadow)), odd


def _left_out(found: Events, kind: IntArray, sampling_rate: float) -> LeftOut:
    time = found.onset / sampling_rate + found.fits.onset / 1000.0
    return LeftOut(found.sweep, time, found.fits.amplitude, kind)
