"""Which candidates remain events once all are fitted together, and with what shape."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mnephys.patch.synaptic.candidates import Candidates
from mnephys.patch.synaptic.fits import Fits, neighbours, of_neighbours
from mnephys.patch.synaptic.fitting import fit, start_fits
from mnephys.patch.synaptic.remains import Remains
from mnephys.patch.synaptic.templates import Template, time_to_peak
from mnephys.patch.synaptic.windows import Windows, cut_windows
from mnephys.recording import BoolArray, FloatArray, IntArray

__all__ = ["Events", "further", "joined", "refined"]

PASSES = 2
LEAST_SHARE = 0.6
BESIDE_SHARE = 0.25
AGAINST_SHARE = 1.0
LEFT_SHARE = 0.05
LEFT_AGAINST_SHARE = 0.1
NEAR_RISES = 2.0
SAME_RISES = 1.5


@dataclass(frozen=True, slots=True)
class Events:
    """Events with their fits, ordered by sweep and candidate's onset.

    Parameters
    ----------
    sweep, onset : ndarray, int, shape (n,)
        Sweep and sample of each candidate.
    score : ndarray, float, shape (n,)
        From `Candidates`.
    fits : Fits
        Their fits.
    """

    sweep: IntArray
    onset: IntArray
    score: FloatArray
    fits: Fits

    @classmethod
    def none(cls) -> Events:
        """Return no events.

        Returns
        -------
        Events
            Of length 0.
        """
        empty = np.zeros(0, dtype=np.int64)
        return cls(empty, empty, np.zeros(0), Fits(np.zeros((0, 5))))

    def take(self, which: NDArray[Any]) -> Events:
        """Return some of them.

        Parameters
        ----------
        which : ndarray, int or bool, shape (n,)
            Which, as an index or a mask.

        Returns
        -------
        Events
            In the order given.
        """
        return Events(self.sweep[which], self.onset[which], self.score[which], Fits(self.fits.values[which]))


def joined(first: Events, second: Events) -> Events:
    """Return the events of two searches in order.

    Parameters
    ----------
    first, second : Events
        Of the same recording.

    Returns
    -------
    Events
        Ordered by sweep and onset.
    """
    both = Events(
        np.concatenate([first.sweep, second.sweep]),
        np.concatenate([first.onset, second.onset]),
        np.concatenate([first.score, second.score]),
        Fits(np.concatenate([first.fits.values, second.fits.values])),
    )
    return both.take(np.lexsort((both.onset, both.sweep)))


def further(peaks: Candidates, remains: Remains, searched: BoolArray, template: Template) -> Events:
    """Return the candidates that are large enough when those that overlap are solved for together.

    Parameters
    ----------
    peaks : Candidates
        Of one search.
    remains : Remains
        What was searched.
    searched : ndarray, bool, shape (n_sweeps, n_samples)
        Where.
    template : Template
        The shape that all are given.

    Returns
    -------
    Events
        Of the polarity of their candidate.
    """
    if not peaks.sweep.size:
        return Events.none()
    whole = slice(0, searched.shape[0])
    windows = cut_windows(remains.rows(whole), searched, template, peaks.sweep, peaks.onset)
    fits = start_fits(windows, template)
    large = np.abs(fits.amplitude) >= LEAST_SHARE * peaks.smallest
    large &= fits.amplitude * peaks.score > 0
    return Events(peaks.sweep, peaks.onset, peaks.score, fits).take(large)


def _beside(windows: Windows, found: Events, template: Template) -> BoolArray:
    """Return which events are large enough to count beside the others."""
    fits = found.fits
    peak = time_to_peak(fits.rise, fits.decay)
    near = (windows.time >= (fits.onset - NEAR_RISES * template.rise)[:, None]) & (
        windows.time <= (fits.onset + peak + 0.1)[:, None]
    )
    others = of_neighbours(windows, fits) * near
    same = np.sign(fits.amplitude)[:, None] * others
    least = np.maximum(BESIDE_SHARE * same.max(axis=1), AGAINST_SHARE * -same.min(axis=1))
    # What the fit of a large event leaves over is a few per cent of it.
    i, j = neighbours(windows)
    share = np.where(fits.amplitude[i] * fits.amplitude[j] > 0, LEFT_SHARE, LEFT_AGAINST_SHARE)
    np.maximum.at(least, i, share * np.abs(fits.amplitude[j]))
    large: BoolArray = np.abs(fits.amplitude) >= least
    return large


def refined(
    found: Events, current: FloatArray, searched: BoolArray, template: Template, smallest: float, reach: float
) -> Events:
    """Fit all events again, and keep those that remain events.

    Parameters
    ----------
    found : Events
        All that were found so far.
    current : ndarray, float, shape (n_sweeps, n_samples)
        In pA.
    searched : ndarray, bool, shape (n_sweeps, n_samples)
        Where the current counts.
    template : Template
        What an event looks like unless the trace says otherwise.
    smallest : float
        The amplitude in pA that reaches the threshold.
    reach : float
        The slowest decay in ms that the fits are to see the end of.

    Returns
    -------
    Events
        With their own rise and decay.
    """
    windows = cut_windows(current, searched, template, found.sweep, found.onset, reach)
    for _ in range(PASSES):
        found = Events(found.sweep, found.onset, found.score, fit(windows, found.fits, template))
        kept = _kept(windows, found, LEAST_SHARE * smallest, template)
        found, windows = found.take(kept), windows.take(kept)
    return found


def _kept(windows: Windows, found: Events, least: float, template: Template) -> BoolArray:
    """Return which fits are events: of the candidate's polarity, large enough, and not one that another describes."""
    fits = found.fits
    large = np.abs(fits.amplitude)
    kept = (fits.amplitude * found.score > 0) & (large >= least)
    kept &= _beside(windows, found, template)
    at = windows.at + fits.onset
    order = np.flatnonzero(kept)[np.argsort(at[kept], kind="stable")]
    close = np.diff(at[order]) < SAME_RISES * template.rise
    close &= fits.amplitude[order[1:]] * fits.amplitude[order[:-1]] > 0
    first, second = order[:-1][close], order[1:][close]
    kept[np.where(large[first] < large[second], first, second)] = False
    return kept
