"""What an NWB file holds of extracellular recordings, read and checked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mnephys.errors import ReadError, UnsupportedFormatError
from mnephys.readers.hdf5.file import Hdf5File
from mnephys.readers.nwb.electrodes import ElectrodeTable, nameless, read_electrodes
from mnephys.readers.nwb.notes import read_events, read_notes
from mnephys.readers.nwb.series import Series, find_series, holds_intracellular, read_series
from mnephys.readers.nwb.structure import is_group
from mnephys.readers.nwb.units import Units, find_units, read_units
from mnephys.readers.spike_trains.columns import listed

__all__ = ["NwbFile", "read_nwb_file"]

_MOST_SERIES = 1000
# Every NWB file has them, empty or not.
_REQUIRED = ("acquisition", "general", "processing")
_OTHER_GROUPS = (
    *("processing/ecephys", "units", "intervals"),
    *("general/extracellular_ephys", "general/extracellular_ephys/electrodes"),
)


@dataclass(frozen=True, slots=True, eq=False)
class NwbFile:
    """The parts of an NWB file that recordings are made of.

    Parameters
    ----------
    version : str
        Of NWB.
    table : ElectrodeTable or None
        Its electrodes.
    series : list of Series
        Those that can be read.
    units : Units or None
        None where there is no unit.
    events : tuple of (float, str)
        Time in s and text.
    notes : dict
        What it says of session and subject.
    problems : list of str
        What was noticed, one sentence each, that concerns all recordings.
    """

    version: str
    table: ElectrodeTable | None
    series: list[Series]
    units: Units | None
    events: tuple[tuple[float, str], ...]
    notes: dict[str, Any]
    problems: list[str]

    def electrodes_of(self, series: Series) -> NDArray[np.void]:
        """Return the electrodes of a series.

        Parameters
        ----------
        series : Series
            One of `series`.

        Returns
        -------
        ndarray of dtype `mnephys.recording.ELECTRODE`, shape (n_channels,)
            Numbers alone where the file says nothing of them.
        """
        if self.table is None or series.rows is None:
            return nameless([str(channel) for channel in range(series.n_channels)])
        return self.table.electrodes[series.rows]


def read_nwb_file(content: Hdf5File) -> NwbFile:
    """Return what a file holds.

    Parameters
    ----------
    content : Hdf5File
        Open.

    Returns
    -------
    NwbFile
        With units or at least one series. A series that cannot be read beside others that can is a problem.

    Raises
    ------
    UnsupportedFormatError
        If it is of another version, or holds neither units nor electrical series.
    ReadError
        Or another of its children, if no series can be read and there are no units, or what belongs to all is damaged.
    """
    version = str(content.attributes("").get("nwb_version", ""))
    if not version.startswith("2"):
        named = f"version {listed([version])}" if version else "a version before 2"
        raise UnsupportedFormatError(content.path, f"is an NWB file of {named}", "convert it to NWB 2")
    table = read_electrodes(content)
    n_electrodes = None if table is None else table.electrodes.size
    places, left_out = find_series(content)
    series, errors = _read_series(content, places, n_electrodes)
    tables = find_units(content)
    units = read_units(content, tables[0], n_electrodes) if tables else None
    if units is not None and not units.ids:
        units = None
    if not series and units is None:
        raise errors[0] if errors else _nothing(content)
    events, doubts = read_events(content)
    problems = [
        *(table.problems if table is not None else ()),
        *_missing(content),
        *_no_groups(content),
        *_links(content),
        *left_out,
        *(f"Not read: {error.problem}." for error in errors),
        *(f"Not read: {place}, a second table of units." for place in tables[1:]),
        *doubts,
    ]
    return NwbFile(version, table, series, units, events, read_notes(content), problems)


def _missing(content: Hdf5File) -> list[str]:
    """Return a sentence with the groups that every file has and this one lacks, with whatever stood in them."""
    lacking = [name for name in _REQUIRED if not is_group(content, name)]
    return [f"There is no group {listed(lacking)}, which every NWB file has."] if lacking else []


def _no_groups(content: Hdf5File) -> list[str]:
    """Return a sentence with what should be a group and is none, in which nothing seems to stand."""
    wrong = [place for place in _OTHER_GROUPS if content.has(place) and not is_group(content, place)]
    return [f"Not read, as it is no group: {listed(wrong)}."] if wrong else []


def _links(content: Hdf5File) -> list[str]:
    """Return a sentence with the groups that are links, in which nothing seems to stand."""
    linked = [place for place in (*_REQUIRED, *_OTHER_GROUPS) if content.has(place) and _is_link(content, place)]
    return [f"Not read, as links are not followed: {listed(linked)}."] if linked else []


def _is_link(content: Hdf5File, place: str) -> bool:
    try:
        content.lazy(place)
    except UnsupportedFormatError:
        return True
    except ReadError:
        # A group is no dataset.
        return False
    return False


def _read_series(
    content: Hdf5File, places: Sequence[str], n_electrodes: int | None
) -> tuple[list[Series], list[ReadError]]:
    """Return the series that can be read, and why others cannot."""
    series, errors = list[Series](), list[ReadError]()
    if len(places) > _MOST_SERIES:
        errors.append(UnsupportedFormatError(content.path, f"{len(places) - _MOST_SERIES} more electrical series"))
    for place in places[:_MOST_SERIES]:
        try:
            series.append(read_series(content, place, n_electrodes))
        except ReadError as error:
            errors.append(error)
    return series, errors


def _nothing(content: Hdf5File) -> UnsupportedFormatError:
    if holds_intracellular(content):
        problem = "is an NWB file of intracellular recordings, which are not read from NWB"
        return UnsupportedFormatError(content.path, problem, "give the file of the acquisition program, such as ABF")
    problem = "is an NWB file without units with spike times and without electrical series"
    return UnsupportedFormatError(content.path, problem, "give one with an extracellular recording")
