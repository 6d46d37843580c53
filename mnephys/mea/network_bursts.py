"""Network bursts: the spikes of a whole well without a long interval, on enough of its electrodes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mnephys.mea.definitions import TIE, check_threshold
from mnephys.mea.merge import MergedTrains, merge
from mnephys.mea.segments import runs, short_intervals
from mnephys.recording import FloatArray, IntArray, SpikeTrains

__all__ = ["NetworkBursts", "merged_network_bursts", "network_bursts"]


@dataclass(frozen=True, slots=True, repr=False, eq=False)
class NetworkBursts:
    """Network bursts of many groups in columns; those of group i are ``offsets[i]`` to ``offsets[i + 1]``.

    Parameters
    ----------
    group : ndarray, int, shape (n_bursts,)
        Position of each burst's group in ``trains.grouped()[0]``, ascending.
    start, stop : ndarray, float, shape (n_bursts,)
        Times of the first and the last spike, in s.
    n_spikes : ndarray, int, shape (n_bursts,)
        Spikes of all electrodes in it.
    n_electrodes : ndarray, int, shape (n_bursts,)
        Electrodes with a spike in it.
    offsets : ndarray, int, shape (n_groups + 1,)
        Where the bursts of each group are.
    """

    group: IntArray
    start: FloatArray
    stop: FloatArray
    n_spikes: IntArray
    n_electrodes: IntArray
    offsets: IntArray

    def __len__(self) -> int:
        return int(self.group.size)

    def __repr__(self) -> str:
        with_any = int((self.counts > 0).sum())
        return f"NetworkBursts: {len(self)} burst{'s' * (len(self) != 1)} in {with_any} of {self.counts.size} groups"

    @property
    def counts(self) -> IntArray:
        """Network bursts of each group, shape (n_groups,)."""
        return np.diff(self.offsets)

    @property
    def duration(self) -> FloatArray:
        """From first to last spike in s, shape (n_bursts,)."""
        return self.stop - self.start


def network_bursts(
    trains: SpikeTrains, max_isi: float = 0.1, min_spikes: float = 50, min_electrodes: float = 0.35
) -> NetworkBursts:
    """Find the network bursts of every group, as the vendor's program does.

    The spikes of all electrodes of a group are taken together: as many as possible with no long interval between
    them, if they are enough and enough electrodes take part. No burst reaches from one group into another.

    Parameters
    ----------
    trains : SpikeTrains
        All are one group where they have none. Silent trains count among the electrodes of their group.
    max_isi : float
        Longest interval within a network burst, in s; one that is longer by no more than `mnephys.mea.TIE` is equal.
    min_spikes : float
        Fewest spikes of a network burst.
    min_electrodes : float
        Fraction of the group's electrodes that need a spike in it, from 0 to 1.

    Returns
    -------
    NetworkBursts
        Group by group, in the order of time.

    Examples
    --------
    >>> trains = SpikeTrains.from_lists([[1.0, 1.1], [1.05], []], groups=["A1", "A1", "A1"])
    >>> found = network_bursts(trains, min_spikes=3, min_electrodes=0.5)
    >>> found
    NetworkBursts: 1 burst in 1 of 1 groups
    >>> found.n_spikes, found.n_electrodes
    (array([3]), array([2]))
    """
    return merged_network_bursts(merge(trains), max_isi, min_spikes, min_electrodes)


def merged_network_bursts(
    merged: MergedTrains, max_isi: float, min_spikes: float, min_electrodes: float
) -> NetworkBursts:
    """Find the network bursts of trains that are merged already.

    Parameters
    ----------
    merged : MergedTrains
        Of `mnephys.mea.merge.merge`.
    max_isi, min_spikes, min_electrodes
        As in `network_bursts`.

    Returns
    -------
    NetworkBursts
        Group by group, in the order of time.

    Raises
    ------
    ValueError
        If a parameter cannot be.
    """
    check_threshold(max_isi, min_spikes)
    if not 0 <= min_electrodes <= 1:
        raise ValueError(f"min_electrodes is {min_electrodes}, needs a fraction from 0 to 1 of the electrodes")
    first, last = runs(short_intervals(merged.times, merged.offsets, max_isi + TIE))
    long = last - first + 1 >= min_spikes
    first, last = first[long], last[long]
    group = np.searchsorted(merged.offsets, first, side="right") - 1
    taking_part = _electrodes(merged, first, last)
    present = np.bincount(merged.group, minlength=merged.n_groups)
    # 0.28 of 25 electrodes are 7, which the last digit must not make 8.
    wide = taking_part >= min_electrodes * present[group] - 1e-9
    first, last, group = first[wide], last[wide], group[wide]
    return NetworkBursts(
        group=group,
        start=merged.times[first],
        stop=merged.times[last],
        n_spikes=last - first + 1,
        n_electrodes=taking_part[wide],
        offsets=np.searchsorted(group, np.arange(merged.n_groups + 1)),
    )


def _electrodes(merged: MergedTrains, first: IntArray, last: IntArray) -> IntArray:
    """Count the distinct trains with a spike in each of some stretches of merged spikes, which do not overlap."""
    step = np.zeros(merged.times.size + 1, dtype=np.int32)
    step[first] = np.arange(1, first.size + 1)
    step[last + 1] -= np.arange(1, first.size + 1, dtype=np.int32)
    # Back in the order of the trains, the spikes of one train in one stretch are neighbours.
    stretch = np.empty(merged.times.size, dtype=np.int32)
    stretch[merged.order] = np.cumsum(step[:-1])
    new = np.ones(stretch.size, dtype=bool)
    new[1:] = stretch[1:] != stretch[:-1]
    starts = merged.trains.offsets[:-1]
    new[starts[starts < stretch.size]] = True
    return np.bincount(stretch[new], minlength=first.size + 1)[1:]
