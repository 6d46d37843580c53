"""The bursts of many trains in columns, whichever method found them, and what those of networks share with them."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from mnephys.recording import FloatArray, IntArray, SpikeTrains
from mnephys.recording.stretches import breaks_of

__all__ = ["BurstTimes", "Bursts", "burst_columns"]


class BurstTimes:
    """Bursts in columns, those of one train or one group after the other: how many there are, and how long they last.

    Attributes
    ----------
    start, stop : ndarray, float, shape (n_bursts,)
        Times of the first and the last spike, in s.
    offsets : ndarray, int, shape (n_owners + 1,)
        Where the bursts of each train, or of each group, are.
    """

    __slots__ = ()

    start: FloatArray
    stop: FloatArray
    offsets: IntArray

    def __len__(self) -> int:
        return int(self.start.size)

    @property
    def counts(self) -> IntArray:
        """Bursts of each train, or of each group, shape (n_owners,)."""
        return np.diff(self.offsets)

    @property
    def duration(self) -> FloatArray:
        """From first to last spike in s, shape (n_bursts,)."""
        return self.stop - self.start


@dataclass(frozen=True, slots=True, repr=False, eq=False)
class Bursts(BurstTimes):
    """The bursts of many trains in columns; those of train i are ``offsets[i]`` to ``offsets[i + 1]``.

    Parameters
    ----------
    train : ndarray, int, shape (n_bursts,)
        Which train each belongs to, ascending.
    first, last : ndarray, int, shape (n_bursts,)
        Its first and last spike, both in it, as positions in the times of the trains.
    start, stop : ndarray, float, shape (n_bursts,)
        Times of these two, in s.
    n_spikes : ndarray, int, shape (n_bursts,)
        Spikes from first to last.
    offsets : ndarray, int, shape (n_trains + 1,)
        Where the bursts of each train are.
    breaks : ndarray, int, shape (n_breaks,)
        Bursts that come first of their train after a gap of the recording.
    """

    train: IntArray
    first: IntArray
    last: IntArray
    start: FloatArray
    stop: FloatArray
    n_spikes: IntArray
    offsets: IntArray
    breaks: IntArray = field(default_factory=lambda: np.zeros(0, dtype=np.int64))

    def __repr__(self) -> str:
        with_any = int((self.counts > 0).sum())
        return f"Bursts: {len(self)} burst{'s' * (len(self) != 1)} in {with_any} of {self.counts.size} trains"


def burst_columns(trains: SpikeTrains, first: IntArray, last: IntArray) -> Bursts:
    """Return bursts in columns.

    Parameters
    ----------
    trains : SpikeTrains
        Where they were found.
    first, last : ndarray, int, shape (n_bursts,)
        Their first and last spikes as positions in the times of the trains, ascending, and no spike in two bursts.

    Returns
    -------
    Bursts
        Train by train, in the order of time.

    Examples
    --------
    >>> import numpy as np
    >>> trains = SpikeTrains.from_lists([[1.0, 1.05, 1.1], [2.0, 2.01]])
    >>> burst_columns(trains, np.array([0, 3]), np.array([2, 4])).n_spikes
    array([3, 2])
    """
    train = np.searchsorted(trains.offsets, first, side="right") - 1
    start, offsets = trains.times[first], np.searchsorted(train, np.arange(trains.n_trains + 1))
    return Bursts(
        train=train,
        first=first,
        last=last,
        start=start,
        stop=trains.times[last],
        n_spikes=last - first + 1,
        offsets=offsets,
        breaks=breaks_of(start, offsets, trains.stretches),
    )
