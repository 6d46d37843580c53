"""Fitted events, and what those that overlap do to each other."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mnephys.patch.synaptic.templates import shape
from mnephys.patch.synaptic.windows import Windows
from mnephys.recording import FloatArray, IntArray

__all__ = ["PAIR_MODELS", "Fits", "neighbours", "of_neighbours"]

REACH_WINDOWS = 2.0
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
