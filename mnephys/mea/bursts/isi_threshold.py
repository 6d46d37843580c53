"""Bursts by one limit of the interval: the vendor's."""

from __future__ import annotations

from mnephys.mea.bursts.columns import Bursts, burst_columns
from mnephys.mea.definitions import TIE, check_threshold
from mnephys.mea.segments import runs, short_intervals
from mnephys.recording import SpikeTrains

__all__ = ["isi_threshold_bursts"]


def isi_threshold_bursts(trains: SpikeTrains, max_isi: float = 0.1, min_spikes: float = 5) -> Bursts:
    """Find bursts as the vendor's program does: as many spikes as possible with no long interval between them.

    Parameters
    ----------
    trains : SpikeTrains
        Any.
    max_isi : float
        Longest interval within a burst, in s; one that is longer by no more than `mnephys.mea.TIE` is equal.
    min_spikes : float
        Fewest spikes of a burst.

    Returns
    -------
    Bursts
        Train by train, in the order of time.

    Notes
    -----
    The method is reviewed in Cotterill et al. 2016, 10.1152/jn.00093.2016.
    """
    check_threshold(max_isi, min_spikes)
    first, last = runs(short_intervals(trains.times, trains.offsets, max_isi + TIE, trains.breaks))
    enough = last - first + 1 >= min_spikes
    return burst_columns(trains, first[enough], last[enough])
