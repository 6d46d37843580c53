"""Spike trains of a recording: time stamps, with cut-outs where both are of the same spikes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mnephys.readers.mcs.spike_stream import SpikeStream
from mnephys.readers.mcs.streams import names_of
from mnephys.readers.mcs.waveforms import CutOuts
from mnephys.recording import IntArray, SpikeTrains

__all__ = ["Spikes", "chosen_spikes", "trains_of"]

# Time stamps are whole microseconds.
_SAME = 1e-6
# A well that lost more of its spikes than this cannot be judged.
_MOST_LOST = 0.01


@dataclass(frozen=True, slots=True, eq=False)
class Spikes:
    """The spikes of a recording.

    Parameters
    ----------
    stream : SpikeStream
        Where their times are from.
    cut_outs : CutOuts or None
        Beside these times.
    shape : SpikeStream or None
        Where the cut-outs are from.
    """

    stream: SpikeStream
    cut_outs: CutOuts | None
    shape: SpikeStream | None


def chosen_spikes(
    time_stamps: Sequence[SpikeStream], cut_outs: Sequence[SpikeStream], problems: list[str]
) -> Spikes | None:
    """Return the spikes of the first stream that has them, with the cut-outs that belong to them.

    Parameters
    ----------
    time_stamps, cut_outs : sequence of SpikeStream
        All of a recording.
    problems : list of str
        Takes a sentence for streams that were left out.

    Returns
    -------
    Spikes or None
        Times of the first stream that has any, time stamps before cut-outs; cut-outs of the first stream that has
        the same spikes. None where there is no stream of spikes.
    """
    streams = [*time_stamps, *cut_outs]
    if not streams:
        return None
    times = next((stream for stream in streams if stream.trains.times.size), streams[0])
    shape = next((stream for stream in cut_outs if stream.cut_outs is not None and _same(stream, times)), None)
    # A stream of cut-outs without cut-outs has said why.
    others = [
        stream
        for stream in streams
        if stream not in {times, shape} and (stream.cut_outs is not None or stream in time_stamps)
    ]
    if others:
        names = names_of(stream.origin for stream in others)
        problems.append(f"Spikes are those of {times.origin.name}; other ones were left out: {names}.")
    return Spikes(times, shape.cut_outs if shape else None, shape)


def _same(one: SpikeStream, other: SpikeStream) -> bool:
    """Return whether two streams are of the same spikes."""
    first, second = one.trains, other.trains
    if not (np.array_equal(first.channels, second.channels) and np.array_equal(first.offsets, second.offsets)):
        return False
    # Train by train: the difference of all at once would need as much memory as the times do.
    runs = [first.of(channel) for channel in first.channels.tolist()]
    return all((np.abs(first.times[run] - second.times[run]) <= _SAME).all() for run in runs)


def trains_of(
    spikes: Spikes,
    electrodes: NDArray[np.void],
    rows: Mapping[int, int],
    extent: tuple[float, float],
    problems: list[str],
) -> tuple[SpikeTrains, dict[str, str]]:
    """Return the trains of the electrodes.

    Parameters
    ----------
    spikes : Spikes
        All of a recording.
    electrodes : ndarray of dtype `ELECTRODE`, shape (n_electrodes,)
        Those of the recording.
    rows : mapping of int to int
        Row in `electrodes` of every number of an electrode that has spikes.
    extent : tuple of float
        When the recording begins and ends, in s.
    problems : list of str
        Takes a sentence where spikes are outside of the recording, which are left out.

    Returns
    -------
    trains : SpikeTrains
        One per electrode.
    well_problems : dict of str to str
        Wells that lost too many.
    """
    start, stop = extent
    found, cut_outs = spikes.stream.trains, spikes.cut_outs
    by_row = sorted(found.channels.tolist(), key=lambda channel: rows[channel])
    counts = np.zeros(electrodes.size, np.int64)
    for channel in by_row:
        run = found.of(channel)
        counts[rows[channel]] = run.stop - run.start
    times = found.times
    if by_row != found.channels.tolist():
        order = found.ordered(by_row)
        times, cut_outs = times[order], cut_outs.sorted_by(order) if cut_outs is not None else None
    # A spike on the last sample is half a microsecond late at most.
    inside = (times >= start - _SAME) & (times <= stop + _SAME)
    well_problems: dict[str, str] = {}
    if not inside.all():
        owner = np.repeat(np.arange(electrodes.size), counts)
        kept = np.bincount(owner[inside], minlength=electrodes.size)
        lost = times.size - int(inside.sum())
        problems.append(f"{lost} of {times.size} spikes are outside of {start:g} to {stop:g} s; they were left out.")
        well_problems = _impaired(electrodes["well"], counts, kept)
        order = np.flatnonzero(inside)
        times, counts, cut_outs = times[order], kept, cut_outs.sorted_by(order) if cut_outs is not None else None
    offsets = np.concatenate([[0], np.cumsum(counts)])
    if times.size and (times.min() < start or times.max() > stop):
        times = np.clip(times, start, stop)
    return SpikeTrains(times, offsets, electrodes["well"], start, stop, waveforms=cut_outs), well_problems


def _impaired(wells: NDArray[np.str_], counts: IntArray, kept: IntArray) -> dict[str, str]:
    """Return the wells that lost more of their spikes than can be overlooked."""
    found = {}
    for well in np.unique(wells[kept < counts]).tolist():
        n_all, n_kept = int(counts[wells == well].sum()), int(kept[wells == well].sum())
        if n_all - n_kept > _MOST_LOST * n_all:
            found[well] = f"{n_all - n_kept} of {n_all} spikes are outside of the recording"
    return found
