"""Spikes that many electrodes of a well have at the same instant: no axon is that fast, an artefact is."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from mnephys.mea.definitions import TIE
from mnephys.mea.merge import MergedTrains, merge
from mnephys.mea.segments import ratio, segment_sum
from mnephys.measurement import Feature
from mnephys.recording import BoolArray, FloatArray, SpikeTrains

__all__ = ["FEATURES", "SHARE", "WHY_NOT", "coincident_percentage", "coincident_spikes", "without_coincident"]

SHARE = "coincident_spike_percentage"
"""Name of the share of spikes that may be artefacts."""

WHY_NOT = "the well has no spike"
"""Why it is not defined."""

FEATURES = {
    SHARE: Feature(
        SHARE,
        "%",
        ("well",),
        "Spikes that fall within 160 us on at least 4 electrodes of the well, as artefacts do",
        "mnephys",
        (0, 100),
    )
}
"""The features that this module measures."""


def coincident_spikes(merged: MergedTrains, min_electrodes: int = 4, window: float = 160e-6) -> BoolArray:
    """Return which spikes fall on several electrodes of one well at once.

    Parameters
    ----------
    merged : MergedTrains
        Of `mnephys.mea.merge.merge`.
    min_electrodes : int
        Fewest electrodes with a spike in one window, at least 2.
    window : float
        In s, both ends included.

    Returns
    -------
    ndarray, bool, shape (n_spikes,)
        In the order of the merged spikes.

    Raises
    ------
    ValueError
        If fewer than 2 electrodes would do, or the window is negative.

    Examples
    --------
    >>> trains = SpikeTrains.from_lists([[1.0], [1.0001], [1.0002, 5.0]], groups=["A1"] * 3)
    >>> coincident_spikes(merge(trains), 3, 200e-6)
    array([ True,  True,  True, False])
    """
    if min_electrodes < 2 or not window >= 0:
        raise ValueError(f"{min_electrodes} electrodes within {window} s cannot coincide; give at least 2, and a time")
    times, n = merged.times, merged.times.size
    group = np.repeat(np.arange(merged.n_groups), np.diff(merged.offsets))
    # Wells far apart in time: one search then never crosses from one to the next.
    span = float(np.ptp(times)) + 2.0 * window + 1.0 if n else 1.0
    apart = (times - (times.min() if n else 0.0)) + group * span
    covered = np.zeros(n, dtype=bool)
    # Few spikes have enough others so near, and only of these it matters whose they are.
    first = np.flatnonzero(apart[min_electrodes - 1 :] - apart[: max(n - min_electrodes + 1, 0)] <= window + TIE)
    stop = np.searchsorted(apart, apart[first] + window + TIE, side="right")
    length = stop - first
    owner = np.repeat(np.arange(first.size), length)
    spike = np.arange(owner.size) + np.repeat(first - (np.cumsum(length) - length), length)
    n_trains = merged.trains.n_trains
    pairs = np.unique(owner * n_trains + merged.train[spike])
    distinct = np.bincount(pairs // max(n_trains, 1), minlength=first.size)
    covered[spike[distinct[owner] >= min_electrodes]] = True
    return covered


def coincident_percentage(merged: MergedTrains) -> FloatArray:
    """Return the share of the spikes of each well that fall on several electrodes at once.

    Parameters
    ----------
    merged : MergedTrains
        Of `mnephys.mea.merge.merge`.

    Returns
    -------
    ndarray, float, shape (n_groups,)
        In %, by the defaults of `coincident_spikes`; NaN where a well has no spike.
    """
    at_once = segment_sum(coincident_spikes(merged).astype(np.float64), merged.offsets)
    return ratio(100.0 * at_once, np.diff(merged.offsets).astype(np.float64))


def without_coincident(trains: SpikeTrains, min_electrodes: int = 4, window: float = 160e-6) -> SpikeTrains:
    """Return the trains without what falls on several electrodes of one well at once.

    Parameters
    ----------
    trains : SpikeTrains
        With the wells as groups.
    min_electrodes, window
        As in `coincident_spikes`; the defaults are those of the vendor's coincidence filter.

    Returns
    -------
    SpikeTrains
        With the amplitudes and waveforms of the spikes that stay.

    Raises
    ------
    ValueError
        As `coincident_spikes`.

    Examples
    --------
    >>> trains = SpikeTrains.from_lists([[1.0, 2.0], [1.0], [1.0], [1.0]])
    >>> without_coincident(trains).counts
    array([1, 0, 0, 0])
    """
    merged = merge(trains)
    kept = np.ones(trains.n_spikes, dtype=bool)
    kept[merged.order[coincident_spikes(merged, min_electrodes, window)]] = False
    counts = np.bincount(trains.train_of_spike[kept], minlength=trains.n_trains)
    return replace(
        trains,
        times=trains.times[kept],
        offsets=np.concatenate([[0], np.cumsum(counts)]),
        amplitudes=None if trains.amplitudes is None else trains.amplitudes[kept],
        waveforms=None if trains.waveforms is None else trains.waveforms[kept],
    )
