"""Leaders: electrodes that begin the network bursts of their well more often than chance makes them.

That some sites lead is described by Eytan & Marom 2006, 10.1523/JNEUROSCI.1627-06.2006. The test here is our own. Two
things make an electrode first without leading: it is one of the n that take part in burst b, and any of them is as
likely as any other to have the earliest spike; or it fires much, and any spike of b is as likely as any other to be
the first. By chance it begins b with a probability of no more than the larger of the two: 1 / n, and its share of the
spikes of b.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mnephys.mea.burst_shapes import burst_spikes
from mnephys.mea.definitions import TIE
from mnephys.mea.merge import MergedTrains, merge
from mnephys.mea.network_bursts import NetworkBursts
from mnephys.mea.segments import ratio
from mnephys.measurement import Feature
from mnephys.recording import BoolArray, FloatArray, IntArray, SpikeTrains

__all__ = ["FEATURES", "WHY_NOT", "Leaders", "leader_columns", "merged_leaders", "network_burst_leaders"]

MIN_BURSTS = 5
"""Fewest network bursts with one first electrode by which leaders are told."""

ALPHA = 0.05
"""Probability that a well without a leader is said to have one, at most."""

_PARAMETERS = {"min_bursts": MIN_BURSTS, "alpha": ALPHA}

FEATURES = {
    f.name: f
    for f in (
        Feature(
            "network_burst_leader_count",
            "1",
            ("well",),
            "Electrodes that begin more network bursts than how many take part, and their spikes, make likely",
            "mnephys",
            (0, 1e6),
            _PARAMETERS,
            version=2,
        ),
        Feature(
            "network_burst_leader_share",
            "1",
            ("well",),
            "Network bursts that the most frequent first electrode begins, of those with one first electrode",
            "mnephys",
            (0, 1),
            _PARAMETERS,
        ),
    )
}
"""The features that this module measures."""

WHY_NOT = dict.fromkeys(FEATURES, f"fewer than {MIN_BURSTS} network bursts that one electrode begins")
"""Why a metric is not defined, by name."""


@dataclass(frozen=True, slots=True, repr=False, eq=False)
class Leaders:
    """How often each electrode begins the network bursts of its well.

    Parameters
    ----------
    first : ndarray, int, shape (n_bursts,)
        The train of the first spike of each burst; -1 where another electrode has one within `mnephys.mea.TIE`.
    n_judged : ndarray, int, shape (n_groups,)
        Bursts of each group that one electrode begins.
    count : ndarray, int, shape (n_trains,)
        Of these, how many each train begins.
    expected : ndarray, float, shape (n_trains,)
        How many of these it would begin by chance, at most: the sum over those it takes part in of the larger of
        1 / (electrodes that take part) and its share of the spikes.
    p : ndarray, float, shape (n_trains,)
        Probability to begin at least so many by chance: the upper tail of a binomial distribution of that mean. No
        sum of unequal chances exceeds it from one more than expected on (Hoeffding 1956, 10.1214/aoms/1177728178);
        for fewer than that it is no bound, and too large for a leader. 1 where the electrode begins no more than
        expected.
    leads : ndarray, bool, shape (n_trains,)
        Where `p` times the electrodes of the group that take part in these bursts is at most `ALPHA`; nowhere in a
        group of fewer than `MIN_BURSTS` of these.
    """

    first: IntArray
    n_judged: IntArray
    count: IntArray
    expected: FloatArray
    p: FloatArray
    leads: BoolArray

    def __repr__(self) -> str:
        n = int(self.leads.sum())
        return f"Leaders: {n} of {self.leads.size} electrodes lead"


def network_burst_leaders(trains: SpikeTrains, bursts: NetworkBursts) -> Leaders:
    """Find the electrodes that begin network bursts more often than chance makes them.

    Parameters
    ----------
    trains : SpikeTrains
        Those that the bursts were found in.
    bursts : NetworkBursts
        Of `mnephys.mea.network_bursts`, by any method. All spikes of the group from the start of a burst to its stop
        count.

    Returns
    -------
    Leaders
        Of bursts, groups and trains.

    Raises
    ------
    ValueError
        If the bursts are not of these trains.

    Examples
    --------
    >>> from mnephys.mea.network_bursts import network_bursts
    >>> lead = [float(t) for t in range(10)]
    >>> follow = [t + d for t in lead for d in (0.01, 0.02, 0.03)]
    >>> trains = SpikeTrains.from_lists([lead, follow, follow], stop=20.0)
    >>> found = network_burst_leaders(trains, network_bursts(trains, min_spikes=5))
    >>> found.count, found.expected.round(2), found.leads
    (array([10,  0,  0]), array([3.33, 4.29, 4.29]), array([ True, False, False]))
    """
    return merged_leaders(merge(trains), bursts)


def merged_leaders(merged: MergedTrains, bursts: NetworkBursts) -> Leaders:
    """Find the leaders of trains that are merged already.

    Parameters
    ----------
    merged : MergedTrains
        Of `mnephys.mea.merge.merge`.
    bursts : NetworkBursts
        As in `network_burst_leaders`.

    Returns
    -------
    Leaders
        Of bursts, groups and trains.

    Raises
    ------
    ValueError
        As `network_burst_leaders`.
    """
    from scipy.special import bdtrc

    n_trains = merged.group.size
    spike, burst = burst_spikes(merged, bursts)
    n_spikes = np.bincount(burst, minlength=len(bursts))
    begin = np.cumsum(n_spikes) - n_spikes
    first = merged.train[spike[begin]] if len(bursts) else np.zeros(0, dtype=np.int64)
    early = merged.times[spike] - bursts.start[burst] <= TIE
    shared = np.bincount(burst, weights=early & (merged.train[spike] != first[burst]), minlength=len(bursts)) > 0
    judged = ~shared
    n_judged = np.bincount(bursts.group[judged], minlength=merged.n_groups)
    count = np.bincount(first[judged], minlength=n_trains)
    used = judged[burst]
    pair, own = np.unique(burst[used] * n_trains + merged.train[spike[used]], return_counts=True)
    of, train = np.divmod(pair, max(n_trains, 1))
    taking_part = np.bincount(of, minlength=len(bursts))
    chances = np.maximum(1.0 / taking_part[of], own / n_spikes[of])
    expected = np.bincount(train, weights=chances, minlength=n_trains).astype(np.float64)
    takes_part = np.bincount(train, minlength=n_trains) > 0
    of_train = n_judged[merged.group]
    # Expected is a sum of fractions: its last digits must not decide.
    more = count > expected + 1e-9
    p = np.ones(n_trains)
    chance = np.minimum(ratio(expected, of_train)[more], 1.0)
    p[more] = bdtrc(count[more] - 1.0, of_train[more], chance)
    present = np.bincount(merged.group[takes_part], minlength=merged.n_groups)
    leads = more & (p * present[merged.group] <= ALPHA) & (of_train >= MIN_BURSTS)
    return Leaders(np.where(shared, -1, first), n_judged, count, expected, p, leads)


def leader_columns(leaders: Leaders, group: IntArray) -> dict[str, FloatArray]:
    """Count the leaders of each well.

    Parameters
    ----------
    leaders : Leaders
        Of all wells.
    group : ndarray, int, shape (n_trains,)
        The well of each train.

    Returns
    -------
    dict of str to ndarray, float, shape (n_wells,)
        One column per entry of `FEATURES`; NaN where there are fewer than `MIN_BURSTS` bursts to judge by.
    """
    n_wells = leaders.n_judged.size
    enough = leaders.n_judged >= MIN_BURSTS
    most = np.zeros(n_wells, dtype=np.int64)
    np.maximum.at(most, group, leaders.count)
    number = np.bincount(group[leaders.leads], minlength=n_wells).astype(np.float64)
    return {
        "network_burst_leader_count": np.where(enough, number, np.nan),
        "network_burst_leader_share": np.where(enough, ratio(most, leaders.n_judged), np.nan),
    }
