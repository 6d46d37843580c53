"""All that a MaxWell file holds of one well in one recording."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mnephys.errors import CorruptHeaderError, ReadError, UnsupportedFormatError
from mnephys.readers.damage import MOST_SPIKES
from mnephys.readers.hdf5.file import Hdf5File
from mnephys.readers.hdf5.lazy import LazyArray
from mnephys.readers.hdf5.numbers import number_in, whole_numbers
from mnephys.readers.maxwell.clock import Clock, read_clock
from mnephys.readers.maxwell.places import Place
from mnephys.readers.maxwell.raw import read_raw, rows_of
from mnephys.readers.maxwell.settings import Routing, Settings, read_routing, read_settings
from mnephys.recording import IntArray

__all__ = ["Stamps", "Well", "read_well"]

_MOST_EVENTS = 1 << 20
# 115 days, which no recording lasts.
_LONGEST_MS = 1e10


@dataclass(frozen=True, slots=True, eq=False)
class Stamps:
    """A table whose rows happened at a frame.

    Parameters
    ----------
    frames : ndarray, int64, shape (n,)
        When, in frames of the clock of the instrument.
    columns : dict of ndarray, each of shape (n,)
        The whole table.
    """

    frames: IntArray
    columns: dict[str, NDArray[Any]]


@dataclass(frozen=True, slots=True, eq=False)
class Well:
    """One well of one recording.

    Parameters
    ----------
    place : Place
        Where it stands in the file.
    settings : Settings
        Its rate and gain.
    routing : Routing
        Its electrodes; only those that the raw voltage holds, where there is any.
    rows : ndarray, int64, shape (n_electrodes,)
        The row of each in the raw voltage; empty where there is none.
    raw : LazyArray or None
        A row per channel; None where the file holds none, or it cannot be unpacked.
    refused : UnsupportedFormatError or None
        Why it cannot be unpacked.
    n_samples : int or None
        Length of the raw voltage, known also where it cannot be unpacked.
    clock : Clock
        Its frame numbers.
    lasted : float or None
        Length in s as the clock of the computer gives it.
    spikes, events : Stamps or None
        None where the file holds no such table.
    problems : tuple of str
        What was noticed, one sentence each.
    """

    place: Place
    settings: Settings
    routing: Routing
    rows: IntArray
    raw: LazyArray | None
    refused: UnsupportedFormatError | None
    n_samples: int | None
    clock: Clock
    lasted: float | None
    spikes: Stamps | None
    events: Stamps | None
    problems: tuple[str, ...]


def read_well(content: Hdf5File, place: Place, *, old: bool) -> Well:
    """Read one well of one recording; of its raw voltage only where it is.

    Parameters
    ----------
    content : Hdf5File
        Open.
    place : Place
        Where it stands.
    old : bool
        Whether the file has the old layout.

    Returns
    -------
    Well
        With raw voltage, spikes, or both.

    Raises
    ------
    UnsupportedFormatError
        If it has no table of spikes, and only the vendor's library can unpack its raw voltage.
    CorruptHeaderError
        If it holds neither, or what it states cannot be true.
    ReadError
        Otherwise, if it cannot be read.
    """
    settings = read_settings(content, place, old=old)
    routing = read_routing(content, place)
    problems = [*settings.problems, *routing.problems]
    found = read_raw(content, place)
    spikes = _stamps(content, place.spikes, MOST_SPIKES, {"channel"})
    if spikes is None and found is None:
        problem = f"holds neither raw voltage nor spikes of well {place.well:03d} in {place.recording}"
        raise CorruptHeaderError(content.path, problem, "record again, with one of the two")
    array = refused = n_samples = None
    rows: IntArray = np.zeros(0, np.int64)
    if found is not None:
        array, refused = found.array, found.refused
        if refused is not None:
            if spikes is None:
                raise refused
            what = f"Raw voltage of well {place.well:03d} in {place.recording} was left out: {refused.problem}"
            problems.append(f"{what}; {refused.advice}.")
        if found.shape is not None:
            n_samples = found.shape[1]
            rows, said = rows_of(content, place, routing, found.shape[0])
            problems += said
            routing, rows = routing.where(rows >= 0), rows[rows >= 0]
    elif place.frames and content.has(place.frames):
        problems.append(f"Dataset {place.raw} is missing or empty, though its frames are numbered.")
    clock = read_clock(content, place, array, settings.rate)
    problems += clock.problems
    lasted = _lasted(content, place)
    try:
        events = _stamps(content, place.events, _MOST_EVENTS, set())
    except ReadError as error:
        # Remarks of the experimenter are no reason to withhold the recording.
        events = None
        problems.append(f"The events of well {place.well:03d} in {place.recording} were left out: {error.problem}.")
    return Well(
        place, settings, routing, rows, array, refused, n_samples, clock, lasted, spikes, events, tuple(problems)
    )


def _stamps(content: Hdf5File, name: str, most: int, needed: set[str]) -> Stamps | None:
    columns = content.table(name, most)
    if columns is None:
        return None
    if lacking := {"frameno", *needed} - set(columns):
        problem = f"table {name} has no column {min(lacking)}"
        raise CorruptHeaderError(content.path, problem, "the file is damaged: copy it again")
    if odd := sorted(column for column in needed if columns[column].dtype.kind not in "iuf"):
        problem = f"table {name} has a column {odd[0]} of values of type {columns[odd[0]].dtype}, not numbers"
        raise CorruptHeaderError(content.path, problem, "the file is damaged: copy it again")
    return Stamps(whole_numbers(content.path, f"{name} frameno", columns["frameno"]), columns)


def _lasted(content: Hdf5File, place: Place) -> float | None:
    """Return how long the recording lasted, from the times of its begin and end in ms."""
    group = place.settings.rpartition("/")[0]
    if not group:
        return None
    try:
        begin, end = number_in(content, f"{group}/start_time"), number_in(content, f"{group}/stop_time")
    except ReadError:
        return None
    if begin is None or end is None or not 0 < end - begin < _LONGEST_MS:
        return None
    return (end - begin) / 1000.0
