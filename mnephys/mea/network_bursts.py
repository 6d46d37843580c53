"""Network bursts: what enough electrodes of a well do together.

Either the spikes of the whole well without a long interval, or bursts of its electrodes that overlap.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from mnephys.mea.bursts import Bursts, isi_threshold_bursts
from mnephys.mea.bursts.columns import BurstTimes
from mnephys.mea.definitions import TIE, check_threshold
from mnephys.mea.merge import MergedTrains, merge
from mnephys.mea.segments import runs, short_intervals
from mnephys.recording import BoolArray, FloatArray, IntArray, SpikeTrains
from mnephys.recording.stretches import breaks_of
from mnephys.wording import nearest

__all__ = ["NetworkBursts", "merged_network_bursts", "network_bursts", "participation_network_bursts"]

# Fewest spikes and fraction of electrodes where the caller gives none.
_METHODS = {"merged": (50.0, 0.35), "participation": (5.0, 0.25)}


@dataclass(frozen=True, slots=True, repr=False, eq=False)
class NetworkBursts(BurstTimes):
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
    breaks : ndarray, int, shape (n_breaks,)
        Bursts that come first of their group after a gap of the recording.
    """

    group: IntArray
    start: FloatArray
    stop: FloatArray
    n_spikes: IntArray
    n_electrodes: IntArray
    offsets: IntArray
    breaks: IntArray = field(default_factory=lambda: np.zeros(0, dtype=np.int64))

    def __repr__(self) -> str:
        with_any = int((self.counts > 0).sum())
        return f"NetworkBursts: {len(self)} burst{'s' * (len(self) != 1)} in {with_any} of {self.counts.size} groups"


def network_bursts(
    trains: SpikeTrains,
    max_isi: float = 0.1,
    min_spikes: float | None = None,
    min_electrodes: float | None = None,
    *,
    method: str = "merged",
) -> NetworkBursts:
    """Find the network bursts of every group; none reaches from one group into another.

    By ``"merged"``, as the vendor's program does: the spikes of all electrodes of a group are taken together, as many
    as possible with no long interval between them, if they are enough and enough electrodes take part. By
    ``"participation"``: each electrode has bursts of its own, as `mnephys.mea.bursts` finds them by ``isi-threshold``,
    and those that overlap are one network burst, if enough electrodes take part, see `participation_network_bursts`.

    Parameters
    ----------
    trains : SpikeTrains
        All are one group where they have none. Silent trains count among the electrodes of their group.
    max_isi : float
        Longest interval within a network burst, or within the burst of an electrode, in s; one that is longer by no
        more than `mnephys.mea.TIE` is equal.
    min_spikes : float, optional
        Fewest spikes of a network burst, 50 if omitted; by participation those of the burst of an electrode, 5.
    min_electrodes : float, optional
        Fraction of the group's electrodes that need a spike in it, from 0 to 1, 0.35 if omitted; by participation
        those that need a burst in it, 0.25.
    method : str
        ``"merged"`` or ``"participation"``.

    Returns
    -------
    NetworkBursts
        Group by group, in the order of time.

    Raises
    ------
    ValueError
        If there is no such method, or a parameter cannot be.

    Examples
    --------
    >>> trains = SpikeTrains.from_lists([[1.0, 1.1], [1.05], []], groups=["A1", "A1", "A1"])
    >>> found = network_bursts(trains, min_spikes=3, min_electrodes=0.5)
    >>> found
    NetworkBursts: 1 burst in 1 of 1 groups
    >>> found.n_spikes, found.n_electrodes
    (array([3]), array([2]))
    >>> len(network_bursts(trains, min_spikes=2, min_electrodes=0.5, method="participation"))
    0
    """
    if method not in _METHODS:
        raise ValueError(f"network burst method {method!r} is not known; {nearest(method, _METHODS)}")
    spikes, electrodes = _METHODS[method]
    spikes = spikes if min_spikes is None else min_spikes
    electrodes = electrodes if min_electrodes is None else min_electrodes
    if method == "merged":
        return merged_network_bursts(merge(trains), max_isi, spikes, electrodes)
    return participation_network_bursts(trains, isi_threshold_bursts(trains, max_isi, spikes), electrodes)


def participation_network_bursts(trains: SpikeTrains, bursts: Bursts, min_electrodes: float = 0.25) -> NetworkBursts:
    """Find the network bursts of every group from the bursts of its electrodes.

    A network burst is a largest set of bursts of one group of which each overlaps in time with another: there is no
    moment from its start to its stop without a burst. It counts if it is on enough electrodes.

    Parameters
    ----------
    trains : SpikeTrains
        All are one group where they have none.
    bursts : Bursts
        Of these trains, by any method.
    min_electrodes : float
        Fraction of the group's electrodes, silent ones included, that need a burst in it, from 0 to 1.

    Returns
    -------
    NetworkBursts
        Group by group, in the order of time. From the first spike of the first burst to the last spike of any; spikes
        are those of the bursts, and electrodes those with a burst.

    Raises
    ------
    ValueError
        If the fraction cannot be.

    Notes
    -----
    Overlapping bursts of electrodes are one burst of the network after Wagenaar et al. 2006, 10.1186/1471-2202-7-11.
    The fraction is that of py-mea-axion, which takes it of the electrodes that burst. Bursts that lie no more than
    `mnephys.mea.TIE` apart overlap.

    Examples
    --------
    >>> from mnephys.mea.bursts import isi_threshold_bursts
    >>> trains = SpikeTrains.from_lists([[1.0, 1.1, 1.2], [1.15, 1.2, 1.25], [7.0, 7.1, 7.2], []])
    >>> found = participation_network_bursts(trains, isi_threshold_bursts(trains, min_spikes=3), 0.5)
    >>> found.start, found.stop, found.n_spikes, found.n_electrodes
    (array([1.]), array([1.25]), array([6]), array([2]))
    """
    _check_fraction(min_electrodes)
    labels, group_of = trains.grouped()
    of_group = group_of[bursts.train]
    order = np.lexsort((bursts.start, of_group))
    group, train, start, stop = of_group[order], bursts.train[order], bursts.start[order], bursts.stop[order]
    new = _begins(group, start, stop)
    new[breaks_of(start, np.searchsorted(group, np.arange(len(labels) + 1)), trains.stretches)] = True
    head = np.flatnonzero(new)
    part = np.cumsum(new) - 1
    group, n = group[head], head.size
    taking_part = np.bincount(np.unique(part * trains.n_trains + train) // max(trains.n_trains, 1), minlength=n)
    wide = _on_enough(taking_part, group, np.bincount(group_of, minlength=len(labels)), min_electrodes)
    latest = np.maximum.reduceat(stop, head) if n else stop
    spikes = np.bincount(part, weights=bursts.n_spikes[order], minlength=n).astype(np.int64)
    start, offsets = start[head][wide], np.searchsorted(group[wide], np.arange(len(labels) + 1))
    return NetworkBursts(
        group=group[wide],
        start=start,
        stop=latest[wide],
        n_spikes=spikes[wide],
        n_electrodes=taking_part[wide],
        offsets=offsets,
        breaks=breaks_of(start, offsets, trains.stretches),
    )


def _begins(group: IntArray, start: FloatArray, stop: FloatArray) -> BoolArray:
    """Return which bursts, by group and start, begin when all earlier ones of their group have ended."""
    n = start.size
    by_stop = np.argsort(stop, kind="stable")
    rank = np.empty(n, dtype=np.int64)
    rank[by_stop] = np.arange(n)
    # The latest end so far, as a number that is higher in each group than in any before it.
    latest = stop[by_stop[np.maximum.accumulate(group * n + rank) - group * n]]
    new = np.ones(n, dtype=bool)
    new[1:] = (group[1:] != group[:-1]) | (start[1:] > latest[:-1] + TIE)
    return new


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
    _check_fraction(min_electrodes)
    first, last = runs(short_intervals(merged.times, merged.offsets, max_isi + TIE, merged.breaks))
    long = last - first + 1 >= min_spikes
    first, last = first[long], last[long]
    group = np.searchsorted(merged.offsets, first, side="right") - 1
    taking_part = _electrodes(merged, first, last)
    present = np.bincount(merged.group, minlength=merged.n_groups)
    wide = _on_enough(taking_part, group, present, min_electrodes)
    first, last, group = first[wide], last[wide], group[wide]
    start, offsets = merged.times[first], np.searchsorted(group, np.arange(merged.n_groups + 1))
    return NetworkBursts(
        group=group,
        start=start,
        stop=merged.times[last],
        n_spikes=last - first + 1,
        n_electrodes=taking_part[wide],
        offsets=offsets,
        breaks=breaks_of(start, offsets, merged.trains.stretches),
    )


def _check_fraction(min_electrodes: float) -> None:
    if not 0 <= min_electrodes <= 1:
        raise ValueError(f"min_electrodes is {min_electrodes}, needs a fraction from 0 to 1 of the electrodes")


def _on_enough(taking_part: IntArray, group: IntArray, present: IntArray, fraction: float) -> BoolArray:
    """Return which network bursts are on enough of the electrodes of their group."""
    # 0.28 of 25 electrodes are 7, which the last digit must not make 8.
    return taking_part >= fraction * present[group] - 1e-9


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
