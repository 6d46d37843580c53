"""Times in whole ticks from the start of a recording: they are sorted and compared exactly, whenever it began."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Self

import numpy as np

from mnephys.mea.definitions import TIE
from mnephys.recording import FloatArray, IntArray, SpikeTrains

__all__ = ["Clock", "covered_time", "reach_of", "recording_length"]

FINEST = 30
"""Times are compared in whole ticks of 2 ** -30 s, a nanosecond: a thousandth of `mnephys.mea.TIE`."""


def recording_length(trains: SpikeTrains) -> float:
    """Return how long the recording is.

    Parameters
    ----------
    trains : SpikeTrains
        Where `stop` is None, the last spike of all ends the recording.

    Returns
    -------
    float
        In s, without the gaps of one that was interrupted.

    Examples
    --------
    >>> recording_length(SpikeTrains.from_lists([[3.0], [9.0]], start=1.0))
    8.0
    >>> recording_length(SpikeTrains.from_lists([[3.0], [9.0]], stretches=[(0, 4), (8, 10)]))
    6.0
    """
    return _extent(trains) if trains.stretches is None else float(np.diff(trains.stretches).sum())


def covered_time(trains: SpikeTrains) -> FloatArray:
    """Return the stretches of a recording.

    Parameters
    ----------
    trains : SpikeTrains
        Where `stop` is None, the last spike of all ends the recording.

    Returns
    -------
    ndarray, float, shape (n_stretches, 2)
        Begin and end of each, in s from the start of the recording.

    Examples
    --------
    >>> covered_time(SpikeTrains.from_lists([[3.0], [9.0]], start=1.0)).tolist()
    [[0.0, 8.0]]
    """
    return np.array([[0.0, _extent(trains)]]) if trains.stretches is None else trains.stretches - trains.start


def _extent(trains: SpikeTrains) -> float:
    """Return the time from the start of a recording to its end, gaps included."""
    if trains.stop is not None:
        return float(trains.stop - trains.start)
    end = trains.start if trains.stretches is None else trains.stretches[-1, 1]
    return float(trains.times.max(initial=end) - trains.start)


def reach_of(window: float) -> float:
    """Return how far a spike reaches.

    Parameters
    ----------
    window : float
        Longest distance of spikes that coincide, in s.

    Returns
    -------
    float
        In s; longer by `mnephys.mea.TIE`.

    Raises
    ------
    ValueError
        If the window is negative or not finite.

    Examples
    --------
    >>> reach_of(0.5)
    0.500001
    """
    if not (math.isfinite(window) and window >= 0):
        raise ValueError(f"a window of {window} s cannot be; give it in s")
    return window + TIE


@dataclass(frozen=True, slots=True)
class Clock:
    """Whole ticks that are so fine that only rounding of the times themselves is coarser.

    Parameters
    ----------
    length : float
        Of the recording, in s, gaps included.
    bits : int
        Binary logarithm of the ticks of a second.

    Examples
    --------
    >>> clock = Clock.of(SpikeTrains.from_lists([[1.0, 2.0]], stop=900.0))
    >>> clock.bits, clock.times(SpikeTrains.from_lists([[0.5]])).tolist() == [2**29]
    (30, True)
    """

    length: float
    bits: int

    @classmethod
    def of(cls, trains: SpikeTrains) -> Self:
        """Return the clock of a recording.

        Parameters
        ----------
        trains : SpikeTrains
            All of it: a time and a code of its train must fit into one whole number.

        Returns
        -------
        Clock
            Of at most 2 ** 30 ticks in a second.
        """
        length = _extent(trains)
        # A time that is shifted, or the end of a tile, lies up to a length beyond the end.
        room = 59 - trains.n_trains.bit_length() - math.frexp(length)[1]
        return cls(length, min(FINEST, room))

    @property
    def span(self) -> int:
        """The length of the recording in ticks, gaps included."""
        return round(math.ldexp(self.length, self.bits))

    def times(self, trains: SpikeTrains) -> IntArray:
        """Return the spike times in ticks from the start of the recording.

        Parameters
        ----------
        trains : SpikeTrains
            Of this recording.

        Returns
        -------
        ndarray, int, shape (n_spikes,)
            The nearest tick of each.
        """
        ticks: IntArray = np.rint(np.ldexp(trains.times - trains.start, self.bits)).astype(np.int64)
        return ticks

    def stretches(self, trains: SpikeTrains) -> IntArray:
        """Return the stretches of the recording.

        Parameters
        ----------
        trains : SpikeTrains
            Of this recording.

        Returns
        -------
        ndarray, int, shape (n_stretches, 2)
            First and last tick of each; no two have one in common.
        """
        ticks: IntArray = np.rint(np.ldexp(covered_time(trains), self.bits)).astype(np.int64)
        ticks[:-1, 1] = np.maximum(np.minimum(ticks[:-1, 1], ticks[1:, 0] - 1), ticks[:-1, 0])
        return ticks

    def reach(self, seconds: float) -> int:
        """Return a reach in ticks.

        Parameters
        ----------
        seconds : float
            In s.

        Returns
        -------
        int
            No more than the recording is long: spikes are never further apart.
        """
        return round(math.ldexp(min(seconds, self.length), self.bits))
