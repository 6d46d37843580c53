"""One search of a recording with one template."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from mnephys.patch.synaptic.candidates import find_candidates
from mnephys.patch.synaptic.fitting import taken_away
from mnephys.patch.synaptic.leftout import LeftOut
from mnephys.patch.synaptic.refining import Events, further, joined, refined
from mnephys.patch.synaptic.squares import shadows, squares
from mnephys.patch.synaptic.templates import Template, half_times
from mnephys.patch.synaptic.unclamped import Unclamped, too_large
from mnephys.patch.synaptic.windows import TAIL_DECAYS, cut_windows
from mnephys.recording import BoolArray, FloatArray, IntArray

__all__ = ["Search", "search"]

MOST_ROUNDS = 4
FAST_MS = 1.0
FAST_LEAST = 3.0
LASTING_DECAYS = 9.0
TOO_LARGE, TOO_FAST, SQUARE = range(3)


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
    """

    kept: Events
    left_out: LeftOut
    template: Template
    reach: float
    searched: float
    smallest: float

    def settled(self) -> Search:
        """Leave out what had not returned when the fits ended.

        Returns
        -------
        Search
            Without the events whose decay is nine times as long as the template's, where the fits end.
        """
        lasting = self.kept.fits.decay > max(LASTING_DECAYS * self.template.decay, 0.5 * TAIL_DECAYS * self.reach)
        more = _left_out(self.kept.take(lasting), np.full(int(lasting.sum()), SQUARE), self.template.sampling_rate)
        return replace(self, kept=self.kept.take(~lasting), left_out=self.left_out.with_more(more))


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
    spikes = too_large(current, searched, template)
    searched = searched & ~spikes.mask
    found = Events.none()
    peaks = find_candidates(current, searched, template, method, threshold)
    residual = current
    for _ in range(MOST_ROUNDS):
        more = further(peaks, residual, searched, template)
        if not more.sweep.size:
            break
        before = found.sweep.size
        found = refined(joined(found, more), current, searched, template, peaks.smallest, reach)
        del residual
        residual = taken_away(current, found.fits, found.sweep, found.onset, template.sampling_rate)
        peaks = find_candidates(residual, searched, template, method, threshold)
        if found.sweep.size <= before:
            break
    kept, left_out = _sorted_out(found, current, searched, template, reach, peaks.smallest, spikes)
    seconds = peaks.searched_samples / template.sampling_rate
    return Search(kept, left_out, template, reach, seconds, peaks.smallest)


def _sorted_out(
    found: Events,
    current: FloatArray,
    searched: BoolArray,
    template: Template,
    reach: float,
    smallest: float,
    spikes: Unclamped,
) -> tuple[Events, LeftOut]:
    """Tell events from what is none."""
    windows = cut_windows(current, searched, template, found.sweep, found.onset, reach)
    at = windows.at + found.fits.onset
    square = squares(windows, found, template)
    shadow = shadows(at, found, square, template)
    _, _, width = half_times(found.fits.rise, found.fits.decay)
    fast = (width < FAST_MS) & (np.abs(found.fits.amplitude) > FAST_LEAST * smallest) & ~square
    square, fast = square & ~shadow, fast & ~shadow
    other = square | fast
    rate = template.sampling_rate
    large = LeftOut(spikes.sweep, spikes.first / rate, spikes.sign, np.full(spikes.sweep.size, TOO_LARGE))
    odd = _left_out(found.take(other), np.where(fast[other], TOO_FAST, SQUARE), rate)
    return found.take(~(other | shadow)), large.with_more(odd)


def _left_out(found: Events, kind: IntArray, sampling_rate: float) -> LeftOut:
    time = found.onset / sampling_rate + found.fits.onset / 1000.0
    return LeftOut(found.sweep, time, found.fits.amplitude, kind)
