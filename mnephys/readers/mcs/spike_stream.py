"""The spikes of one stream, train by train; a plate has millions of them, so that nothing is kept twice."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from mnephys.readers.hdf5.lazy import LazyArray
from mnephys.readers.mcs.streams import Origin
from mnephys.readers.mcs.waveforms import CutOuts
from mnephys.recording import FloatArray, IntArray

__all__ = ["Entity", "Source", "SpikeStream", "Trains", "joined"]

#: Well (number of the group) and name of an electrode.
Source = tuple[int, str]


@dataclass(frozen=True, slots=True, eq=False)
class Entity:
    """The spikes of one dataset.

    Parameters
    ----------
    channel : int
        Number of the electrode.
    times : ndarray of float, shape (n_spikes,)
        In s, as they are stored.
    cut_outs : LazyArray, optional
        Beside them.
    """

    channel: int
    times: FloatArray
    cut_outs: LazyArray | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Trains:
    """Spikes of many electrodes: electrode i of `channels` owns ``times[offsets[i]:offsets[i + 1]]``.

    Parameters
    ----------
    channels : ndarray of int, shape (n_channels,)
        Numbers of the electrodes that have spikes, ascending.
    offsets : ndarray of int, shape (n_channels + 1,)
        Where the spikes of each begin.
    times : ndarray of float, shape (n_spikes,)
        In s, ascending within each electrode.
    entity, column : ndarray of int32, shape (n_spikes,)
        From which dataset each is, and its place there.
    """

    channels: IntArray
    offsets: IntArray
    times: FloatArray
    entity: IntArray
    column: IntArray

    def of(self, channel: int) -> slice:
        """Return where the spikes of an electrode are.

        Parameters
        ----------
        channel : int
            Its number.

        Returns
        -------
        slice
            Into `times`, empty where it has none.
        """
        row = int(np.searchsorted(self.channels, channel))
        if row == self.channels.size or self.channels[row] != channel:
            return slice(0, 0)
        return slice(int(self.offsets[row]), int(self.offsets[row + 1]))

    def ordered(self, channels: Iterable[int]) -> IntArray:
        """Return the spikes of electrodes one after another.

        Parameters
        ----------
        channels : iterable of int
            Numbers of electrodes.

        Returns
        -------
        ndarray of int, shape (n_found,)
            Rows of `times`.
        """
        runs = (self.of(channel) for channel in channels)
        return np.concatenate([np.zeros(0, np.int64), *(np.arange(run.start, run.stop) for run in runs)])


def joined(entities: Sequence[Entity]) -> Trains:
    """Return the spikes of datasets, of which several may be of one electrode.

    Parameters
    ----------
    entities : sequence of Entity
        In any order, their times too.

    Returns
    -------
    Trains
        Sorted.

    Examples
    --------
    >>> trains = joined([Entity(7, np.array([0.3, 0.1])), Entity(2, np.array([0.5])), Entity(7, np.array([0.2]))])
    >>> trains.channels.tolist(), trains.offsets.tolist(), trains.times.tolist()
    ([2, 7], [0, 1, 4], [0.5, 0.1, 0.2, 0.3])
    >>> trains.entity.tolist(), trains.column.tolist()
    ([1, 0, 2, 0], [0, 1, 0, 0])
    """
    spiking = [number for number, entity in enumerate(entities) if entity.times.size]
    # By electrode; those of one electrode stay in their order.
    spiking.sort(key=lambda number: entities[number].channel)
    sizes = np.array([entities[number].times.size for number in spiking], dtype=np.int64)
    owners = np.array([entities[number].channel for number in spiking], dtype=np.int64)
    times = np.concatenate([np.zeros(0), *(entities[number].times for number in spiking)])
    entity = np.repeat(np.array(spiking, dtype=np.int32), sizes)
    column = np.concatenate([np.zeros(0, np.int32), *(np.arange(size, dtype=np.int32) for size in sizes.tolist())])
    channels, first = np.unique(owners, return_index=True)
    offsets = np.append(np.cumsum(sizes) - sizes, times.size)[[*first.tolist(), sizes.size]]
    for begin, end in zip(offsets[:-1].tolist(), offsets[1:].tolist(), strict=True):
        if (times[begin + 1 : end] < times[begin : end - 1]).any():
            order = begin + np.argsort(times[begin:end], kind="stable")
            for values in (times, entity, column):
                values[begin:end] = values[order]
    return Trains(channels, offsets, times, entity, column)


@dataclass(frozen=True, slots=True, eq=False)
class SpikeStream:
    """The spikes of a stream.

    Parameters
    ----------
    origin : Origin
        Which stream it is.
    trains : Trains
        Times.
    sources : mapping of int to (int, str)
        Group and name of every electrode in which spikes were looked for, by its number.
    cut_outs : CutOuts, optional
        Beside the times of `trains`.
    before : float, optional
        How much of a cut-out comes before the time of its spike, in s; None where it differs.
    sampling_rate : float
        Of the cut-outs, in Hz.
    """

    origin: Origin
    trains: Trains
    sources: Mapping[int, Source]
    cut_outs: CutOuts | None = None
    before: float | None = None
    sampling_rate: float = 0.0
