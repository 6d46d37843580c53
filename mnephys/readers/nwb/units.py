"""The units of an NWB file: their spikes, their electrodes, and when they were observed."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mnephys.errors import CorruptHeaderError
from mnephys.readers.damage import DAMAGED_NWB, MOST_SPIKES
from mnephys.readers.hdf5.file import Hdf5File
from mnephys.readers.hdf5.numbers import whole_numbers
from mnephys.readers.nwb.table import Ragged, kind_of, lost_columns, ragged_column, row_ids
from mnephys.recording import FloatArray, IntArray

__all__ = ["Units", "find_units", "read_units"]

_MOST_PLACES = 1 << 24
# In s: thirty years.
_LONGEST = 1e9
_READ = frozenset({"id", "spike_times", "electrodes", "obs_intervals"})
# Intervals that differ by less, in s, are the same.
_SAME = 1e-6


@dataclass(frozen=True, slots=True, eq=False)
class Units:
    """The units of a file; those of unit i are ``times[offsets[i]:offsets[i + 1]]``.

    Parameters
    ----------
    place : str
        Path of the table.
    ids : list of str
        Their numbers.
    times : ndarray, float64, shape (n_spikes,)
        In s, ascending within each unit, each time of a unit once.
    offsets : ndarray, int, shape (n_units + 1,)
        Where the spikes of each unit are.
    electrodes : Ragged or None
        Rows of the table of electrodes; None where the file does not say.
    extent : tuple of float, or None
        From when to when they were observed, in s; None where the file does not say, or spikes contradict it.
    unread : tuple of str
        Columns that are not read.
    problems : tuple of str
        What was noticed, one sentence each.
    """

    place: str
    ids: list[str]
    times: FloatArray
    offsets: IntArray
    electrodes: Ragged | None
    extent: tuple[float, float] | None
    unread: tuple[str, ...]
    problems: tuple[str, ...]

    @property
    def counts(self) -> IntArray:
        """Spikes of each unit, shape (n_units,)."""
        return np.diff(self.offsets)

    @property
    def electrode(self) -> IntArray | None:
        """The one electrode of each unit, shape (n_units,); None unless each has one.

        It is -1 for a silent unit that has none.
        """
        if self.electrodes is None:
            return None
        n_places = self.electrodes.counts
        if ((n_places != 1) & ((n_places != 0) | (self.counts > 0))).any():
            return None
        found = np.full(n_places.size, -1)
        found[n_places == 1] = self.electrodes.values
        return found


def find_units(content: Hdf5File) -> list[str]:
    """Return where a file has units with spikes.

    Parameters
    ----------
    content : Hdf5File
        Open.

    Returns
    -------
    list of str
        Paths of their tables.

    Raises
    ------
    ReadError
        If the file is damaged.
    """
    inner = (f"processing/ecephys/{name}" for name in content.names("processing/ecephys"))
    places = ["units", *(place for place in inner if kind_of(content, place) == "Units")]
    return [place for place in places if content.has(f"{place}/spike_times")]


def read_units(content: Hdf5File, place: str, n_electrodes: int | None) -> Units:
    """Return the units of a table.

    Parameters
    ----------
    content : Hdf5File
        Open.
    place : str
        Its path, from `find_units`.
    n_electrodes : int or None
        Rows of the table of electrodes, None where the file has none.

    Returns
    -------
    Units
        Sorted, each time of a unit once.

    Raises
    ------
    CorruptHeaderError
        If columns do not fit each other, or a unit refers to an electrode that is not there.
    ReadError
        Otherwise, if it cannot be read.
    """
    ids = row_ids(content, place)
    n_units = len(ids)
    stored = ragged_column(content, f"{place}/spike_times", n_units, MOST_SPIKES)
    if stored is None or stored.values.ndim != 1 or stored.values.dtype.kind != "f":
        held = "nothing" if stored is None else f"{stored.values.dtype} of shape {stored.values.shape}"
        raise CorruptHeaderError(content.path, f"dataset {place}/spike_times holds {held}, not times in s", DAMAGED_NWB)
    times, offsets, problems = _sorted(stored)
    if stored.surplus:
        problems.append(f"Not read: {stored.surplus} spike times behind those of the last unit.")
    extent, doubts = _extent(content, place, n_units, times)
    names = [name for name in content.names(place) if not name.endswith("_index")]
    return Units(
        place=place,
        ids=ids,
        times=times,
        offsets=offsets,
        electrodes=_electrodes(content, place, n_units, n_electrodes),
        extent=extent,
        unread=tuple(name for name in names if name not in _READ),
        problems=(*lost_columns(content, place), *problems, *doubts),
    )


def _sorted(stored: Ragged) -> tuple[FloatArray, IntArray, list[str]]:
    """Return spike times sorted within each unit, each once, where those of each unit are, and what was changed."""
    times = stored.values.astype(np.float64, copy=False)
    unit = np.repeat(np.arange(stored.counts.size), stored.counts)
    problems = []
    real = np.abs(times) < _LONGEST
    if not real.all():
        problems.append(f"Left out: {(~real).sum()} spike times that are no time.")
        times, unit = times[real], unit[real]
    same = np.diff(unit) == 0
    if (np.diff(times)[same] < 0).any():
        problems.append("Spike times were not sorted within each unit; they were sorted.")
        order = np.lexsort((times, unit))
        times, unit = times[order], unit[order]
        same = np.diff(unit) == 0
    twice = np.zeros(times.size, np.bool_)
    twice[1:] = same & (np.diff(times) == 0)
    if twice.any():
        problems.append(f"Counted once: {twice.sum()} spike times that a unit already has.")
        times, unit = times[~twice], unit[~twice]
    return times, np.searchsorted(unit, np.arange(stored.counts.size + 1)), problems


def _electrodes(content: Hdf5File, place: str, n_units: int, n_electrodes: int | None) -> Ragged | None:
    found = ragged_column(content, f"{place}/electrodes", n_units, _MOST_PLACES)
    if found is None or found.values.size == 0:
        return None
    if found.values.ndim != 1:
        problem = f"dataset {place}/electrodes has shape {found.values.shape}, not that of a column"
        raise CorruptHeaderError(content.path, problem, DAMAGED_NWB)
    rows = whole_numbers(content.path, f"dataset {place}/electrodes", found.values)
    if n_electrodes is None or rows.min() < 0 or rows.max() >= n_electrodes:
        held = "no table of electrodes" if n_electrodes is None else f"a table of {n_electrodes} electrodes"
        row = rows.max() if rows.min() >= 0 else rows.min()
        raise CorruptHeaderError(content.path, f"dataset {place}/electrodes refers to row {row} of {held}", DAMAGED_NWB)
    return Ragged(rows, found.offsets)


def _extent(
    content: Hdf5File, place: str, n_units: int, times: FloatArray
) -> tuple[tuple[float, float] | None, list[str]]:
    """Return from when to when units were observed, and what is doubtful about it."""
    name = f"{place}/obs_intervals"
    stored = ragged_column(content, name, n_units, _MOST_PLACES)
    if stored is None or stored.values.size == 0:
        return None, []
    edges = stored.values
    if edges.ndim != 2 or edges.shape[1] != 2 or edges.dtype.kind not in "iuf":
        problem = f"dataset {name} holds {edges.dtype} of shape {edges.shape}, not pairs of times"
        raise CorruptHeaderError(content.path, problem, DAMAGED_NWB)
    begin, end = edges.astype(np.float64).T
    if not ((np.abs(begin) < _LONGEST) & (np.abs(end) < _LONGEST) & (begin < end)).all():
        return None, [f"Dataset {name} holds times that cannot be: how long units were observed is not known."]
    start, stop = float(begin.min()), float(end.max())
    if times.size and (times.min() < start - _SAME or times.max() > stop + _SAME):
        said = f"Units are said to have been observed from {start:g} to {stop:g} s"
        return None, [f"{said}, but have spikes at {times.min():.6g} to {times.max():.6g} s; that is not believed."]
    whole = (np.abs(begin - start) < _SAME) & (np.abs(end - stop) < _SAME)
    if whole.all():
        return (start, stop), []
    differs = "Not all units were observed all the time"
    return (start, stop), [f"{differs}: rates are over the whole {start:g} to {stop:g} s all the same."]
