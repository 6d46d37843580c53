"""Synchrony of pairs of electrodes: the spike time tiling coefficient, for all pairs of a well at once."""

from __future__ import annotations

import numpy as np

from mnephys.mea.clock import Clock, reach_of
from mnephys.mea.definitions import DEFINITIONS
from mnephys.mea.merge import MergedTrains
from mnephys.mea.tiles import count_inside, spikes_of, tiled_fraction, tiles, tiles_in_stretches
from mnephys.measurement import Feature
from mnephys.recording import BoolArray, FloatArray, IntArray, SpikeTrains

__all__ = ["DENSEST", "FEATURES", "WHY_NOT", "coefficients", "mean_sttc", "merged_sttc", "sttc"]

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
    within `window` of a spike is cut off where the recording begins and ends, and where it was interrupted: no two
    spikes coincide across a gap. It does not depend on when the recording began.

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
    labels, group = trains.grouped()
    firing = trains.counts > 0
    tables = {}
    for at, (label, measured) in enumerate(
        zip(labels, _tables(trains, group, len(labels), window, firing), strict=True)
    ):
        members = np.flatnonzero(group == at)
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
    return _tables(merged.trains, merged.group, merged.n_groups, window, chosen)


def coefficients(found: FloatArray, counts: IntArray, tiled: FloatArray) -> FloatArray:
    """Return the coefficients of what was counted.

    Parameters
    ----------
    found : ndarray, float, shape (n_trains, n_trains)
        Of `mnephys.mea.tiles.count_inside`.
    counts : ndarray, int, shape (n_trains,)
        Spikes of each train; each has one.
    tiled : ndarray, float, shape (n_trains,)
        Of `mnephys.mea.tiles.tiled_fraction`.

    Returns
    -------
    ndarray, float, shape (n_trains, n_trains)
        Symmetric.

    Examples
    --------
    >>> import numpy as np
    >>> coefficients(np.array([[4.0, 2.0], [1.0, 2.0]]), np.array([4, 2]), np.array([0.5, 0.0]))
    array([[1.  , 0.25],
           [0.25, 1.  ]])
    """
    share = found / counts[:, np.newaxis]
    excess, room = share - tiled, 1.0 - share * tiled
    each = np.divide(excess, room, out=np.ones_like(share), where=room > 0)
    both: FloatArray = (each + each.T) / 2.0
    return both


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
    sparse = active & (tiled_fraction(merged.trains, reach_of(window)) <= DENSEST)
    tables = merged_sttc(merged, window, sparse)
    pairs = [table[np.triu_indices(len(table), 1)] for table in tables]
    return np.array([each.mean() if each.size else np.nan for each in pairs])


def _tables(trains: SpikeTrains, group: IntArray, n_groups: int, window: float, chosen: BoolArray) -> list[FloatArray]:
    """Return the coefficients of the pairs of the chosen trains of each group."""
    reach = reach_of(window)
    clock = Clock.of(trains)
    ticks, reach_ticks = clock.times(trains), clock.reach(reach)
    tiled, stretches = tiled_fraction(trains, reach), clock.stretches(trains)
    tables: list[FloatArray] = []
    for at in range(n_groups):
        members = np.flatnonzero((group == at) & chosen)
        index, row = spikes_of(trains, members)
        spikes = ticks[index]
        if len(stretches) == 1:
            within = tiles(spikes, row, reach_ticks)
        else:
            within = tiles_in_stretches(spikes, row, reach_ticks, stretches)
        found = count_inside(spikes, row, within, members.size)
        tables.append(coefficients(found, trains.counts[members], tiled[members]))
    return tables
