"""Synchrony of pairs of electrodes: the spike time tiling coefficient, for all pairs of a well at once."""

from __future__ import annotations

import math

import numpy as np

from mnephys.mea.definitions import DEFINITIONS, TIE
from mnephys.mea.merge import MergedTrains, merge
from mnephys.mea.segments import intervals, segment_sum
from mnephys.measurement import Feature
from mnephys.recording import BoolArray, FloatArray, IntArray, SpikeTrains

__all__ = ["DENSEST", "FEATURES", "WHY_NOT", "mean_sttc", "merged_sttc", "sttc"]

BLOCK = 1 << 22
"""Entries of the largest table that is held at once; of 4 bytes each."""

DENSEST = 0.9
"""Where more of the recording than this is within reach of an electrode's spikes, it enters no mean coefficient."""

WHY_NOT = "fewer than 2 active electrodes, or they fire too densely for the window"
"""Why the mean coefficient of a well is not defined."""

FEATURES = {
    f.name: f
    for f in (
        Feature(
            "sttc",
            "1",
            ("well",),
            "Spike time tiling coefficient, mean over the pairs of active electrodes",
            "10.1523/JNEUROSCI.2767-14.2014",
            (-1.0, 1.0),
            {"window_s": DEFINITIONS["axis-2023"].sttc_window, "densest": DENSEST},
        ),
    )
}
"""The features that this module measures."""


def sttc(trains: SpikeTrains, window: float = 0.05) -> dict[str, FloatArray] | FloatArray:
    """Return the spike time tiling coefficient of every pair of trains of one group.

    The coefficient tells how much more often the spikes of two trains coincide than their rates alone make them:
    1 where all do, 0 where they are independent. Two spikes coincide if they are at most `window` apart; the time
    within `window` of a spike is cut off where the recording begins and ends. It does not depend on when the
    recording began.

    Parameters
    ----------
    trains : SpikeTrains
        Where `stop` is None, the last spike of all ends the recording.
    window : float
        In s; a distance that is longer by no more than `mnephys.mea.TIE` is equal.

    Returns
    -------
    dict of str to ndarray, or ndarray, float, shape (n_trains_of_group, n_trains_of_group)
        One symmetric table per group, or one of all trains where there are no groups. The diagonal is 1; what
        concerns a train without a spike is NaN.

    Notes
    -----
    Cutts & Eglen 2014, 10.1523/JNEUROSCI.2767-14.2014. Where the published quotient is 0 / 0, because one train is
    always within reach of the other, it is 1, its limit.

    Examples
    --------
    >>> trains = SpikeTrains.from_lists([[1.0, 5.0], [1.02, 5.01], [9.0]], stop=10.0)
    >>> sttc(trains).round(3).tolist()
    [[1.0, 1.0, -0.015], [1.0, 1.0, -0.015], [-0.015, -0.015, 1.0]]
    """
    merged = merge(trains)
    firing = trains.counts > 0
    tables = {}
    for at, (label, measured) in enumerate(zip(merged.labels, merged_sttc(merged, window, firing), strict=True)):
        members = merged.members(at, np.ones(trains.n_trains, dtype=bool))
        here = np.flatnonzero(firing[members])
        table = np.full((members.size, members.size), np.nan)
        table[np.ix_(here, here)] = measured
        tables[label] = table
    return tables[""] if trains.groups is None else tables


def merged_sttc(merged: MergedTrains, window: float, chosen: BoolArray) -> list[FloatArray]:
    """Return the coefficients of the pairs of some trains of each group.

    Parameters
    ----------
    merged : MergedTrains
        Of `mnephys.mea.merge.merge`.
    window : float
        As in `sttc`.
    chosen : ndarray, bool, shape (n_trains,)
        Which trains; each needs a spike.

    Returns
    -------
    list of ndarray, float, shape (n_chosen_of_group, n_chosen_of_group)
        One table per group, in the order of the trains.

    Raises
    ------
    ValueError
        If the window is negative or not finite.
    """
    if not (math.isfinite(window) and window >= 0):
        raise ValueError(f"a window of {window} s cannot be; give it in s")
    reach = window + TIE
    tiled = _tiled_fraction(merged.trains, reach)
    counts = merged.trains.counts
    tables: list[FloatArray] = []
    for group in range(merged.n_groups):
        members = merged.members(group, chosen)
        share = _coincidences(merged, group, members, reach) / counts[members][:, np.newaxis]
        covered = tiled[members]
        excess, room = share - covered, 1.0 - share * covered
        each = np.divide(excess, room, out=np.ones_like(share), where=room > 0)
        tables.append((each + each.T) / 2.0)
    return tables


def mean_sttc(merged: MergedTrains, window: float, active: BoolArray) -> FloatArray:
    """Return the mean coefficient over the pairs of active electrodes of each well.

    Parameters
    ----------
    merged : MergedTrains
        Of `mnephys.mea.merge.merge`.
    window : float
        As in `sttc`.
    active : ndarray, bool, shape (n_trains,)
        Which electrodes are active; each has a spike.

    Returns
    -------
    ndarray, float, shape (n_groups,)
        NaN where a well has fewer than two active electrodes of which neither fires so densely that nearly all of
        the recording is within reach of its spikes (`DENSEST`): there the coefficient tells nothing, and tends to 1.
    """
    sparse = active & (_tiled_fraction(merged.trains, window + TIE) <= DENSEST)
    tables = merged_sttc(merged, window, sparse)
    pairs = [table[np.triu_indices(len(table), 1)] for table in tables]
    return np.array([each.mean() if each.size else np.nan for each in pairs])


def _tiled_fraction(trains: SpikeTrains, reach: float) -> FloatArray:
    """Return the fraction of the recording within reach of a spike of each train; 0 for a silent one."""
    times = trains.times - trains.start
    stop = float(times.max(initial=0.0)) if trains.stop is None else trains.stop - trains.start
    between, offsets = intervals(times, trains.offsets)
    tiled = segment_sum(np.minimum(between, 2.0 * reach), offsets)
    firing = trains.counts > 0
    first, last = times[trains.offsets[:-1][firing]], times[trains.offsets[1:][firing] - 1]
    tiled[firing] += np.minimum(first, reach) + np.minimum(stop - last, reach)
    if stop <= 0:  # All spikes are at one time, and so is the recording.
        return firing.astype(np.float64)
    # Rounding must not make more of it than there is.
    fraction: FloatArray = np.minimum(tiled / stop, 1.0)
    return fraction


def _coincidences(merged: MergedTrains, group: int, members: IntArray, reach: float) -> FloatArray:
    """Count the spikes of each member that are within reach of a spike of each other: shape (n, n), rows own."""
    counts = merged.trains.counts[members]
    n, n_spikes = members.size, int(counts.sum())
    found = np.zeros((n, n))
    if n == 0:
        return found
    row_of = np.full(merged.trains.n_trains, -1)
    row_of[members] = np.arange(n)
    spikes = slice(merged.offsets[group], merged.offsets[group + 1])
    row = row_of[merged.train[spikes]]
    times = merged.times[spikes][row >= 0] - merged.trains.start
    row = row[row >= 0]
    # What each spike reaches is from `low` to before `high` in the order of time. Reaching is mutual: a spike is
    # below the reach of those whose `high` is not above it.
    high = np.searchsorted(times, times + reach, side="right")
    low = np.cumsum(np.bincount(high, minlength=n_spikes + 1))[:-1]
    by_row = np.argsort(row.astype(np.min_scalar_type(n)), kind="stable")  # small integers are sorted in linear time
    low, high, owner = low[by_row], high[by_row], row[by_row]
    # Stretches that one member's spikes reach in common are one, so that nothing in them is counted twice.
    opens = np.ones(n_spikes, dtype=bool)
    opens[1:] = (low[1:] > high[:-1]) | (owner[1:] != owner[:-1])
    low, high, owner = low[opens], high[np.append(opens[1:], True)], owner[opens]
    starts = np.searchsorted(owner, np.arange(n))
    height = max(BLOCK // (n_spikes + 1), 1)
    for top in range(0, n, height):
        # Entry k of a row is how many of the first k spikes are its own.
        inside = np.flatnonzero((row >= top) & (row < top + height))
        own = np.zeros((min(height, n - top), n_spikes + 1), dtype=np.int32)
        own[row[inside] - top, inside + 1] = 1
        np.cumsum(own, axis=1, out=own)
        found[top : top + height] = np.add.reduceat(own[:, high] - own[:, low], starts, axis=1)
    return found
