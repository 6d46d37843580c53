"""Spike trains of the electrodes of an NWB file, from the spikes of its units."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mnephys.errors import UnsupportedFormatError
from mnephys.readers.nwb.electrodes import ElectrodeTable, nameless
from mnephys.readers.nwb.series import Series
from mnephys.readers.nwb.units import Units
from mnephys.recording import BoolArray, DurationSource, FloatArray, IntArray, SpikeTrains

__all__ = ["OwnTrains", "pooled", "trains_of_series", "trains_of_units"]

_LONGEST_LABEL = 16


def pooled(units: Units, row: IntArray, n_rows: int) -> tuple[FloatArray, IntArray]:
    """Return the spikes of all units of each row together.

    Parameters
    ----------
    units : Units
        Of a file.
    row : ndarray, int, shape (n_units,)
        The row that each unit belongs to; of those with -1 no spike is taken.
    n_rows : int
        Number of rows.

    Returns
    -------
    times : ndarray, float64, shape (n_spikes,)
        In s, ascending within each row.
    offsets : ndarray, int, shape (n_rows + 1,)
        Where the spikes of each row are.

    Examples
    --------
    >>> times, offsets = np.array([1.0, 3.0, 2.0, 5.0]), np.array([0, 2, 3, 4])
    >>> units = Units("units", ["0", "1", "2"], times, offsets, None, None, (), ())
    >>> pooled(units, np.array([1, 1, 0]), 2)
    (array([5., 1., 2., 3.]), array([0, 1, 4]))
    """
    of_spike = np.repeat(row, units.counts)
    taken = of_spike >= 0
    times, of_spike = units.times[taken], of_spike[taken]
    order = np.lexsort((times, of_spike))
    return times[order], np.searchsorted(of_spike[order], np.arange(n_rows + 1))


def _sharing(row: IntArray) -> list[str]:
    """Say how many rows several units belong to."""
    n = int((np.bincount(row[row >= 0]) > 1).sum())
    some = "1 electrode has" if n == 1 else f"{n} electrodes have"
    return [f"{some} several units, whose spikes count together."] if n else []


def trains_of_series(
    units: Units, mine: BoolArray, series: Series, wells: NDArray[np.str_]
) -> tuple[SpikeTrains, list[str]]:
    """Return the spikes on each electrode of a series.

    Parameters
    ----------
    units : Units
        On one electrode each.
    mine : ndarray, bool, shape (n_units,)
        Which units belong to the series.
    series : Series
        Which knows its electrodes.
    wells : ndarray of str, shape (n_channels,)
        The well of each of its electrodes.

    Returns
    -------
    trains : SpikeTrains
        As long as the series, or up to a spike between its last sample and the next.
    problems : list of str
        What was noticed, one sentence each.

    Raises
    ------
    ValueError
        If units or series do not know their electrodes.
    """
    if units.electrode is None or series.rows is None:
        raise ValueError("units and series without electrodes cannot belong together")
    position = np.full(int(max(series.rows.max(), units.electrode.max())) + 1, -1)
    position[series.rows] = np.arange(series.n_channels)
    row = np.where(mine, position[units.electrode], -1)
    times, offsets = pooled(units, row, series.n_channels)
    start, stop = series.edges
    start, stop = min(start, float(times.min(initial=start))), max(stop, float(times.max(initial=stop)))
    return SpikeTrains(times, offsets, wells, start, stop), _sharing(row)


@dataclass(frozen=True, slots=True, eq=False)
class OwnTrains:
    """Units that are a recording of their own.

    Parameters
    ----------
    electrodes : ndarray of dtype `mnephys.recording.ELECTRODE`, shape (n_electrodes,)
        Those of the file, or one per unit.
    trains : SpikeTrains
        One per electrode.
    duration_source : DurationSource
        Stated where the file says how long units were observed.
    per_unit : bool
        Whether each electrode stands for a unit.
    problems : tuple of str
        What was noticed, one sentence each.
    """

    electrodes: NDArray[np.void]
    trains: SpikeTrains
    duration_source: DurationSource
    per_unit: bool
    problems: tuple[str, ...] = ()


def trains_of_units(path: str, units: Units, table: ElectrodeTable | None) -> OwnTrains:
    """Return units without regard to electrical series.

    Parameters
    ----------
    path : str
        Of the file, for the message.
    units : Units
        At least one.
    table : ElectrodeTable or None
        Of the same file.

    Returns
    -------
    OwnTrains
        With all electrodes of the file if each unit is on one of them, else with an electrode for each unit.

    Raises
    ------
    UnsupportedFormatError
        If the well of no unit is known.
    """
    electrode = units.electrode
    if table is not None and electrode is not None:
        electrodes, row, problems = table.electrodes, electrode, _sharing(electrode)
    else:
        electrodes, row, problems = _one_per_unit(path, units, table)
    times, offsets = pooled(units, row, electrodes.size)
    span = (float(times.min()), float(times.max())) if times.size else (0.0, 0.0)
    start, stop = units.extent or span
    if times.size:
        start, stop = min(start, span[0]), max(stop, span[1])
    return OwnTrains(
        electrodes=electrodes,
        trains=SpikeTrains(times, offsets, electrodes["well"], start, stop),
        duration_source=DurationSource.SPIKES if units.extent is None else DurationSource.STATED,
        per_unit=electrodes is not (None if table is None else table.electrodes),
        problems=tuple(problems),
    )


def _one_per_unit(
    path: str, units: Units, table: ElectrodeTable | None
) -> tuple[NDArray[np.void], IntArray, list[str]]:
    """Return an electrode for each unit of a known well, which of them each unit is, and what was noticed."""
    n_units = len(units.ids)
    fits = max(map(len, units.ids)) <= _LONGEST_LABEL
    electrodes = nameless(units.ids if fits else [str(row) for row in range(n_units)])
    known = np.ones(n_units, np.bool_)
    if table is not None and units.electrodes is not None:
        known = _place(electrodes, units, table)
    if not known.any():
        problem = f"table {units.place} has no unit of which the well is known"
        raise UnsupportedFormatError(path, problem, "give each unit electrodes of one well")
    row = np.where(known, np.cumsum(known) - 1, -1)
    if known.all():
        return electrodes, row, []
    lost = int(units.counts[~known].sum())
    left_out = f"Left out: {(~known).sum()} units with {lost} spikes, of which it is not known in which well they are."
    return electrodes[known], row, [left_out]


def _place(electrodes: NDArray[np.void], units: Units, table: ElectrodeTable) -> BoolArray:
    """Put units where their electrodes are, and return which of them are in one well."""
    assert units.electrodes is not None  # noqa: S101 -- asked before
    rows, offsets, counts = units.electrodes.values, units.electrodes.offsets, units.electrodes.counts
    wells, well = np.unique(table.electrodes["well"], return_inverse=True)
    some = counts > 0
    lowest, highest = (np.full(counts.size, -1) for _ in range(2))
    lowest[some] = np.minimum.reduceat(well[rows], offsets[:-1][some])
    highest[some] = np.maximum.reduceat(well[rows], offsets[:-1][some])
    known: BoolArray = np.logical_and(some, np.equal(lowest, highest))
    if wells.size == 1:
        known[:] = True
        lowest[:] = 0
    electrodes["well"][known] = wells[lowest[known]]
    single = counts == 1
    for name in ("x", "y"):
        electrodes[name][single] = table.electrodes[name][rows[offsets[:-1][single]]]
    return known
