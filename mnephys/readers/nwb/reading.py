"""Extracellular recordings in Neurodata Without Borders 2: units and electrical series.

Every electrical series is a recording, because each has a clock of its own. Units belong to the one series that has
their electrodes; where none or several have, they are a recording of their own.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from mnephys._version import __version__
from mnephys.readers.binary import BinaryFile
from mnephys.readers.hdf5.file import Hdf5File, open_hdf5
from mnephys.readers.nwb.electrodes import plate_of
from mnephys.readers.nwb.file import NwbFile, read_nwb_file
from mnephys.readers.nwb.match import series_of_units
from mnephys.readers.nwb.series import Series
from mnephys.readers.nwb.spikes import trains_of_series, trains_of_units
from mnephys.readers.nwb.units import Units
from mnephys.readers.spike_trains.columns import listed
from mnephys.recording import BoolArray, PlateRecording, Provenance
from mnephys.wording import one_line

__all__ = ["is_nwb", "read_nwb"]


def is_nwb(content: Hdf5File) -> bool:
    """Return whether a file is an NWB file.

    Parameters
    ----------
    content : Hdf5File
        Open.

    Returns
    -------
    bool
        True for version 1 too, and for a file in which nothing can be read.

    Raises
    ------
    ReadError
        If the file is damaged.

    Examples
    --------
    >>> import tempfile, h5py
    >>> from mnephys.readers.binary import open_binary
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     with h5py.File(f"{folder}/a.nwb", "w") as made:
    ...         made.attrs["neurodata_type"] = "NWBFile"
    ...     with open_binary(f"{folder}/a.nwb") as file, open_hdf5(file) as content:
    ...         print(is_nwb(content))
    True
    """
    said = content.attributes("")
    kind = said.get("neurodata_type")
    return (isinstance(kind, str) and kind == "NWBFile") or "nwb_version" in said or content.has("nwb_version")


def read_nwb(file: BinaryFile) -> list[PlateRecording]:
    """Read all extracellular recordings of a file.

    Parameters
    ----------
    file : BinaryFile
        Open, recognised by `is_nwb`.

    Returns
    -------
    list of PlateRecording
        One per electrical series, with its raw voltage, which stays in the file, and the spikes on its electrodes, of
        all units of an electrode together. Before them, units of which it is not clear to which series they belong;
        if they are on several electrodes each, or on none, each unit counts as an electrode.

    Raises
    ------
    UnsupportedFormatError
        If it holds neither units nor electrical series, or is of another version.
    FileUnitsError
        If its only series is not in volts.
    CorruptHeaderError
        If something in it cannot be true.
    TruncatedFileError
        If the file was cut.
    ReadError
        Otherwise, if it cannot be read.
    """
    with open_hdf5(file) as content:
        held = read_nwb_file(content)
    # A file with raw voltage is read in pieces, a checksum would take all of it.
    origin = Provenance(
        path=file.path,
        sha256="" if held.series else file.sha256(),
        size=file.size,
        format="NWB",
        format_version=held.version,
        reader=__name__,
        mnephys_version=__version__,
    )
    units = held.units
    if units is None:
        return [_of_series(held, series, origin) for series in held.series]
    which, doubt = series_of_units(units, held.series) if held.series else (None, "")
    if which is None:
        return [
            _of_units(held, units, origin, [doubt] if doubt else []),
            *(_of_series(held, series, origin) for series in held.series),
        ]
    return [_of_series(held, series, origin, units, np.equal(which, i)) for i, series in enumerate(held.series)]


def _of_series(
    held: NwbFile, series: Series, origin: Provenance, units: Units | None = None, mine: BoolArray | None = None
) -> PlateRecording:
    """Return the recording of an electrical series, with those units that belong to it."""
    electrodes = held.electrodes_of(series)
    trains, problems = None, list[str]()
    if units is not None and mine is not None and mine.any():
        trains, problems = trains_of_series(units, mine, series, electrodes["well"])
        problems = [*units.problems, *problems]
    problems.extend(series.problems)
    start, stop = series.edges
    if (n_gaps := series.segments.size - 1) > 0:
        missing = stop - start - series.array.shape[0] / series.rate
        problems.append(f"Series {series.place} has {n_gaps} gap{'s' * (n_gaps > 1)}, {missing:.6g} s in all.")
    if series.unread:
        problems.append(f"Series {series.place} has entries that are not read: {listed(series.unread)}.")
    if series.rows is None:
        problems.append(f"Series {series.place} does not say which electrodes it is of.")
    return PlateRecording(
        plate_of(electrodes),
        electrodes,
        trains,
        well_facts=held.table.facts_of(electrodes) if held.table is not None else {},
        events=held.events,
        problems=_lines(*held.problems, *problems),
        metadata=_metadata(held, series.place, units if trains is not None else None),
        provenance=origin,
        signal=series.signal(),
    )


def _of_units(held: NwbFile, units: Units, origin: Provenance, doubt: Sequence[str]) -> PlateRecording:
    """Return the recording that units are without a series."""
    own = trains_of_units(origin.path, units, held.table)
    return PlateRecording(
        plate_of(own.electrodes),
        own.electrodes,
        own.trains,
        duration_source=own.duration_source,
        # Where units stand for electrodes, nobody knows how many electrodes were silent.
        layout_stated=not own.per_unit,
        well_facts=held.table.facts_of(own.electrodes) if held.table is not None else {},
        events=held.events,
        problems=_lines(*held.problems, *doubt, *units.problems, *own.problems),
        metadata=_metadata(held, units.place, units),
        provenance=origin,
    )


def _lines(*problems: str) -> tuple[str, ...]:
    """Return sentences in which names from the file stand, each on one line."""
    return tuple(one_line(problem) for problem in problems)


def _metadata(held: NwbFile, name: str, units: Units | None) -> dict[str, Any]:
    found: dict[str, Any] = {"name": one_line(name), **held.notes}
    if held.table is not None and held.table.regions:
        found["regions"] = list(held.table.regions)
    if units is not None:
        found["units"] = {"number": len(units.ids), "columns_not_read": [one_line(name) for name in units.unread]}
    return found
