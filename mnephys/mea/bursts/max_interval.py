"""Bursts by the MaxInterval method: one limit to begin, another to end."""

from __future__ import annotations

import math

import numpy as np

from mnephys.mea.bursts.columns import Bursts, burst_columns
from mnephys.mea.definitions import TIE, check_threshold
from mnephys.mea.pieces import piece_ends
from mnephys.mea.segments import runs, short_intervals
from mnephys.recording import SpikeTrains

__all__ = ["max_interval_bursts"]


def max_interval_bursts(
    trains: SpikeTrains,
    max_start_isi: float = 0.1,
    max_end_isi: float = 0.25,
    min_interval: float = 0.3,
    min_duration: float = 0.05,
    min_spikes: float = 5,
) -> Bursts:
    """Find bursts with the MaxInterval method.

    A burst begins with the first interval of at most `max_start_isi` and goes on while intervals are at most
    `max_end_isi`. Bursts of one train that are closer than `min_interval`, end to start, become one, with the
    spikes between them. Then what is shorter than `min_duration`, or has fewer spikes than `min_spikes`, is dropped.

    Parameters
    ----------
    trains : SpikeTrains
        Any.
    max_start_isi, max_end_isi : float
        In s, the first no longer than the second.
    min_interval, min_duration : float
        In s.
    min_spikes : float
        Fewest spikes of a burst.

    Returns
    -------
    Bursts
        Train by train, in the order of time.

    Raises
    ------
    ValueError
        If a time is negative or not finite, or a burst would begin with an interval that ends it.

    Notes
    -----
    Reviewed in Cotterill et al. 2016, 10.1152/jn.00093.2016; the defaults are those of meaRtools,
    10.1371/journal.pcbi.1006506. Times that differ by no more than `mnephys.mea.TIE` are equal.
    """
    check_threshold(max_end_isi, min_spikes)
    for name, value in {"min_interval": min_interval, "min_duration": min_duration}.items():
        if not (math.isfinite(value) and value >= 0):
            raise ValueError(f"{name} is {value}, needs a time in s")
    if not 0 <= max_start_isi <= max_end_isi:
        raise ValueError(f"max_start_isi is {max_start_isi}, needs to be from 0 to max_end_isi, {max_end_isi}")
    times, breaks = trains.times, trains.breaks
    start, last = runs(short_intervals(times, trains.offsets, max_end_isi + TIE, breaks))
    begins = np.flatnonzero(short_intervals(times, trains.offsets, max_start_isi + TIE, breaks))
    # The first interval of each run that is short enough to begin a burst, if it has one.
    first = np.append(begins, times.size)[np.searchsorted(begins, start)]
    first, last = first[first < last], last[first < last]
    piece = np.searchsorted(piece_ends(trains.offsets, breaks), first, side="right")
    apart = times[first[1:]] - times[last[:-1]] >= min_interval - TIE
    border = np.ones(first.size + 1, dtype=bool)
    border[1:-1] = apart | (piece[1:] != piece[:-1])
    first, last = first[border[:-1]], last[border[1:]]
    kept = (last - first + 1 >= min_spikes) & (times[last] - times[first] >= min_duration - TIE)
    return burst_columns(trains, first[kept], last[kept])
