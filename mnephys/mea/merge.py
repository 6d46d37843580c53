"""The spikes of each well in the order of time: sorted once, and used by all that looks across electrodes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mnephys.recording import BoolArray, FloatArray, IntArray, SpikeTrains
from mnephys.recording.stretches import breaks_of

__all__ = ["MergedTrains", "merge"]


@dataclass(frozen=True, slots=True, repr=False, eq=False)
class MergedTrains:
    """Trains with their spikes sorted by group and time; those of group i are ``offsets[i]`` to ``offsets[i + 1]``.

    Parameters
    ----------
    trains : SpikeTrains
        The trains that were merged.
    labels : tuple of str
        The groups.
    group : ndarray, int, shape (n_trains,)
        Position of each train's group in `labels`.
    order : ndarray, int, shape (n_spikes,)
        Position of each merged spike in the times of the trains.
    train : ndarray, int, shape (n_spikes,)
        The train of each merged spike.
    times : ndarray, float, shape (n_spikes,)
        In s, ascending within each group.
    offsets : ndarray, int, shape (n_groups + 1,)
        Where the spikes of each group are.
    """

    trains: SpikeTrains
    labels: tuple[str, ...]
    group: IntArray
    order: IntArray
    train: IntArray
    times: FloatArray
    offsets: IntArray

    @property
    def breaks(self) -> IntArray:
        """The merged spikes that come first of their group after a gap of the recording, shape (n_breaks,)."""
        return breaks_of(self.times, self.offsets, self.trains.stretches)

    @property
    def n_groups(self) -> int:
        """Number of groups."""
        return len(self.labels)

    def members(self, group: int, chosen: BoolArray) -> IntArray:
        """Return the trains of a group that were chosen.

        Parameters
        ----------
        group : int
            Position in `labels`.
        chosen : ndarray, bool, shape (n_trains,)
            Which of all trains.

        Returns
        -------
        ndarray, int, shape (n_members,)
            In the order of the trains.
        """
        return np.flatnonzero((self.group == group) & chosen)


def merge(trains: SpikeTrains) -> MergedTrains:
    """Sort the spikes of each group by time.

    Parameters
    ----------
    trains : SpikeTrains
        In any order of groups.

    Returns
    -------
    MergedTrains
        Spikes at one time stay in the order of their trains.

    Examples
    --------
    >>> merge(SpikeTrains.from_lists([[1.0, 3.0], [7.0], [2.0]], groups=["A1", "B1", "A1"])).times
    array([1., 2., 3., 7.])
    """
    labels, group = trains.grouped()
    of_spike = np.repeat(group, trains.counts)
    offsets = np.concatenate([[0], np.cumsum(np.bincount(of_spike, minlength=len(labels)))])
    # Trains mostly come well by well: then there is nothing to do, and a stable sort by merging is fast.
    order = np.arange(trains.n_spikes) if (np.diff(group) >= 0).all() else np.argsort(of_spike, kind="stable")
    times = trains.times[order]
    for start, stop in zip(offsets[:-1].tolist(), offsets[1:].tolist(), strict=True):
        ascending = np.argsort(times[start:stop], kind="stable")
        order[start:stop] = order[start:stop][ascending]
        times[start:stop] = times[start:stop][ascending]
    return MergedTrains(trains, labels, group, order, trains.train_of_spike[order], times, offsets)
