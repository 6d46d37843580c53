"""Spikes as instruments with thousands of electrodes store them: one table of frame numbers and channels.

Here they become trains, one per electrode. Nothing loops over spikes.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mnephys.recording import BoolArray, FloatArray, IntArray, SpikeTrains

__all__ = ["SpikeTable", "joined", "positions_of", "trains_of"]


@dataclass(frozen=True, slots=True, eq=False)
class SpikeTable:
    """Spikes in the order of a file.

    Parameters
    ----------
    times : ndarray, float64, shape (n_spikes,)
        In s.
    electrode : ndarray, int64, shape (n_spikes,)
        Row of each spike's electrode.
    amplitudes : ndarray, float32, shape (n_spikes,), or None
        In uV.
    row : ndarray, int64, shape (n_spikes,)
        Where each stands in its file, from 0, so that its waveform is found again.

    Examples
    --------
    >>> table = SpikeTable(np.array([0.2, 0.1]), np.array([1, 0]), None, np.arange(2))
    >>> table.where(table.times < 0.15).electrode
    array([0])
    """

    times: FloatArray
    electrode: IntArray
    amplitudes: NDArray[np.float32] | None
    row: IntArray

    def where(self, kept: BoolArray) -> SpikeTable:
        """Return some of the spikes.

        Parameters
        ----------
        kept : ndarray of bool, shape (n_spikes,)
            Which.

        Returns
        -------
        SpikeTable
            Those, in the same order.
        """
        if kept.all():
            return self
        amplitudes = None if self.amplitudes is None else self.amplitudes[kept]
        return SpikeTable(self.times[kept], self.electrode[kept], amplitudes, self.row[kept])


def joined(tables: list[SpikeTable]) -> SpikeTable:
    """Put several tables below one another.

    Parameters
    ----------
    tables : list of SpikeTable
        In the order of their rows in the file, perhaps none.

    Returns
    -------
    SpikeTable
        With amplitudes only where all tables that hold spikes have them.

    Examples
    --------
    >>> joined([]).times
    array([], dtype=float64)
    """
    amplitudes = [table.amplitudes for table in tables if table.times.size]
    known = [values for values in amplitudes if values is not None]
    return SpikeTable(
        np.concatenate([np.zeros(0), *(table.times for table in tables)]),
        np.concatenate([np.zeros(0, np.int64), *(table.electrode for table in tables)]),
        np.concatenate([np.zeros(0, np.float32), *known]) if len(known) == len(amplitudes) else None,
        np.concatenate([np.zeros(0, np.int64), *(table.row for table in tables)]),
    )


def positions_of(wanted: IntArray, numbers: IntArray) -> IntArray:
    """Return where some channels stand in a list of channels.

    Parameters
    ----------
    wanted : ndarray of int, shape (n_wanted,)
        Numbers of channels, in any order.
    numbers : ndarray of int, shape (n_channels,)
        The list, in any order.

    Returns
    -------
    ndarray, int64, shape (n_wanted,)
        -1 where the list does not have it.

    Examples
    --------
    >>> positions_of(np.array([5, 6, 40]), np.array([40, 17, 5]))
    array([ 2, -1,  0])
    """
    if not numbers.size:
        return np.full(wanted.size, -1, np.int64)
    order = np.argsort(numbers, kind="stable")
    found = order[np.minimum(np.searchsorted(numbers[order], wanted), numbers.size - 1)]
    return np.where(numbers[found] == wanted, found, -1)


def trains_of(table: SpikeTable, wells: NDArray[np.str_], start: float, stop: float) -> tuple[SpikeTrains, IntArray]:
    """Return the trains of all electrodes.

    Parameters
    ----------
    table : SpikeTable
        All spikes, none outside of `start` to `stop`.
    wells : ndarray of str, shape (n_electrodes,)
        The well of each electrode.
    start, stop : float
        When the recording begins and ends, in s.

    Returns
    -------
    trains : SpikeTrains
        One per electrode, silent ones included, each ascending.
    order : ndarray, int64, shape (n_spikes,)
        Which spike of the table each spike of the trains is.

    Examples
    --------
    >>> table = SpikeTable(np.array([0.3, 0.1, 0.2]), np.array([1, 1, 0]), None, np.arange(3))
    >>> trains, order = trains_of(table, np.array(["A1", "A1"]), 0.0, 1.0)
    >>> trains.times, trains.counts, order
    (array([0.2, 0.1, 0.3]), array([1, 2]), array([2, 1, 0]))
    """
    order = np.lexsort((table.times, table.electrode))
    counts = np.bincount(table.electrode, minlength=wells.size)
    offsets = np.concatenate([[0], np.cumsum(counts)])
    amplitudes = None if table.amplitudes is None else table.amplitudes[order]
    return SpikeTrains(table.times[order], offsets, wells, start, stop, amplitudes=amplitudes), order
