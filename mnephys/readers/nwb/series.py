"""Raw voltage in an NWB file: its electrical series, each checked before a sample is read."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mnephys.errors import CorruptHeaderError, FileUnitsError, TruncatedFileError, UnsupportedFormatError
from mnephys.readers.damage import DAMAGED_NWB
from mnephys.readers.hdf5.file import Hdf5File
from mnephys.readers.hdf5.lazy import LazyArray
from mnephys.readers.hdf5.numbers import checked_gain, whole_numbers
from mnephys.readers.hdf5.signal import Hdf5Signal
from mnephys.readers.hdf5.signal_parts import Order, SignalPart
from mnephys.readers.nwb.clock import clock_of
from mnephys.readers.nwb.structure import has_attribute
from mnephys.readers.nwb.table import MOST_ROWS, kind_of
from mnephys.readers.spike_trains.columns import listed
from mnephys.recording import FloatArray, IntArray, segment_edges

__all__ = ["Series", "find_series", "holds_intracellular", "read_series"]

_PLACES = ("acquisition", "processing/ecephys")
_CONTAINERS = frozenset({"LFP", "FilteredEphys"})
_SERIES = "ElectricalSeries"
_READ_ELSEWHERE = frozenset({"Units"})
_ENTRIES = frozenset(
    {
        *("data", "timestamps", "starting_time", "electrodes", "channel_conversion"),
        *("control", "control_description", "sync"),
    }
)
_VOLTS = frozenset({"volts", "volt", "v"})
# In uV per number, where numbers have fractions: from counts that were averaged to kilovolts.
_FINEST, _COARSEST = 1e-4, 1e9
# In V, and in steps of a converter of 24 bits.
_HIGHEST_OFFSET, _MOST_STEPS = 10.0, 1 << 24


@dataclass(frozen=True, slots=True, eq=False)
class Series:
    """An electrical series that can be read.

    Parameters
    ----------
    place : str
        Its path in the file.
    array : LazyArray
        Its data, a column per channel, or one channel alone.
    rate : float
        Sampling rate in Hz.
    segments : ndarray of dtype `mnephys.recording.SEGMENT`, shape (n_segments,)
        Stretches without a gap.
    rows : ndarray, int, shape (n_channels,), or None
        Row of each channel in the table of electrodes; None where the series does not say.
    scale_uv, offset : ndarray, float, shape (n_channels,)
        A stored number x is ``(x - offset) * scale_uv`` uV.
    unread : tuple of str
        Entries that no electrical series has, which are not read.
    problems : tuple of str
        What was assumed, one sentence each.
    """

    place: str
    array: LazyArray
    rate: float
    segments: NDArray[np.void]
    rows: IntArray | None
    scale_uv: FloatArray
    offset: FloatArray
    unread: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()

    @property
    def n_channels(self) -> int:
        """Number of channels."""
        return self.scale_uv.size

    @property
    def edges(self) -> tuple[float, float]:
        """When it begins and ends in s, gaps included."""
        return segment_edges(self.signal())

    def signal(self) -> Hdf5Signal:
        """Return its voltage, for a recording whose electrodes are those of the series.

        Returns
        -------
        Hdf5Signal
            Which reads the file when samples are asked for.
        """
        channels = np.arange(self.n_channels)
        order = Order.FRAMES_FIRST if len(self.array.shape) == 2 else Order.FLAT_FRAMES
        part = SignalPart(self.array, order, channels, self.offset, self.scale_uv, self.n_channels)
        return Hdf5Signal([part], self.rate, self.segments, channels)


def find_series(content: Hdf5File) -> tuple[list[str], list[str]]:
    """Return where a file has electrical series.

    Parameters
    ----------
    content : Hdf5File
        Open.

    Returns
    -------
    places : list of str
        Paths: of acquired ones first, then of those that were computed, such as field potentials.
    problems : list of str
        A sentence on what else is there, or on acquired data that are missing altogether.

    Raises
    ------
    ReadError
        If the file is damaged.
    """
    places = [f"{group}/{name}" for group in _PLACES for name in content.names(group)]
    found, others, problems = list[str](), list[str](), list[str]()
    for place in places:
        kind = kind_of(content, place)
        inner = [f"{place}/{each}" for each in content.names(place)] if kind in _CONTAINERS else [place]
        electrical = [each for each in inner if kind_of(content, each).endswith(_SERIES)]
        found += electrical
        if kind not in _READ_ELSEWHERE:
            others += [each for each in inner if each not in electrical]
    if others:
        problems.append(f"Not read, as it is said to be no electrical series: {listed(others)}.")
    return found, problems


def holds_intracellular(content: Hdf5File) -> bool:
    """Return whether a file without extracellular data has some of single cells.

    Parameters
    ----------
    content : Hdf5File
        Open; without units and electrical series.

    Returns
    -------
    bool
        True if it describes their electrodes, or has such a series.

    Raises
    ------
    ReadError
        If the file is damaged.
    """
    if content.has("general/intracellular_ephys"):
        return True
    kinds = (kind_of(content, f"acquisition/{name}") for name in content.names("acquisition"))
    return any("Clamp" in kind for kind in kinds)


def read_series(content: Hdf5File, place: str, n_electrodes: int | None) -> Series:
    """Return an electrical series.

    Parameters
    ----------
    content : Hdf5File
        Open.
    place : str
        Its path, from `find_series`.
    n_electrodes : int or None
        Rows of the table of electrodes, None where the file has none.

    Returns
    -------
    Series
        Of which no sample is read yet.

    Raises
    ------
    FileUnitsError
        If it is not in volts, or its steps are those of no amplifier.
    UnsupportedFormatError
        If it has no even sampling rate, or is laid out in a way that is not read.
    CorruptHeaderError
        If a rate, a factor or an electrode cannot be, or numbers of channels differ.
    TruncatedFileError
        If it has no sample.
    ReadError
        Otherwise, if it cannot be read.
    """
    name = f"{place}/data"
    array = content.lazy(name)
    if array is None:
        raise CorruptHeaderError(content.path, f"series {place} has no data", DAMAGED_NWB)
    if len(array.shape) not in {1, 2} or array.dtype.kind not in "iuf":
        problem = f"dataset {name} holds {array.dtype} of shape {array.shape}, not samples x channels"
        raise UnsupportedFormatError(content.path, problem, "write a column per channel")
    n_samples, n_channels = array.shape[0], array.shape[1] if len(array.shape) == 2 else 1
    if n_samples == 0 or n_channels == 0:
        raise TruncatedFileError(content.path, f"series {place} has no sample", "record it again, or leave it out")
    rows = _rows(content, place, array, n_electrodes)
    scale_uv, offset = _factors(content, place, array, n_channels)
    rate, segments = clock_of(content, place, n_samples)
    unread = tuple(entry for entry in content.names(place) if entry not in _ENTRIES)
    # A damaged file may have lost the factor; numbers that are no steps of a converter do not show it.
    stated = "conversion" in content.attributes(name)
    problems = () if stated else (f"Dataset {name} states no conversion, which is taken to be 1.",)
    return Series(place, array, rate, segments, rows, scale_uv, offset, unread, problems)


def _rows(content: Hdf5File, place: str, array: LazyArray, n_electrodes: int | None) -> IntArray | None:
    """Return the row of each channel in the table of electrodes."""
    name = f"{place}/electrodes"
    stored = content.array(name, MOST_ROWS)
    n_channels = array.shape[1] if len(array.shape) == 2 else 1
    if stored is None:
        return None
    rows = whole_numbers(content.path, f"dataset {name}", stored)
    if rows.size != n_channels:
        turned = " (are samples and channels the wrong way round?)" if rows.size == array.shape[0] else ""
        problem = f"series {place} has {n_channels} channels{turned}, but names {rows.size} electrodes"
        raise CorruptHeaderError(content.path, problem, "write samples x channels, and one electrode per channel")
    if n_electrodes is None or rows.min() < 0 or rows.max() >= n_electrodes:
        held = "no table of electrodes" if n_electrodes is None else f"a table of {n_electrodes} electrodes"
        problem = f"series {place} refers to row {rows.max() if rows.min() >= 0 else rows.min()} of {held}"
        raise CorruptHeaderError(content.path, problem, DAMAGED_NWB)
    if np.unique(rows).size != rows.size:
        problem = f"two channels of series {place} are of one electrode"
        raise UnsupportedFormatError(content.path, problem, "write one channel per electrode")
    return rows


def _factors(content: Hdf5File, place: str, array: LazyArray, n_channels: int) -> tuple[FloatArray, FloatArray]:
    """Return step in uV and stored zero of each channel."""
    name = f"{place}/data"
    said = content.attributes(name)
    unit = said.get("unit")
    if not isinstance(unit, str) or unit.strip().lower() not in _VOLTS:
        named = f"is in {listed([unit])!r}" if isinstance(unit, str) else "states no unit"
        raise FileUnitsError(content.path, f"dataset {name} {named}, not in volts", "write it in volts, as NWB demands")
    conversion, shift = (_number(content, name, said, *each) for each in (("conversion", 1.0), ("offset", 0.0)))
    factors = np.full(n_channels, conversion * 1e6)
    own = content.array(f"{place}/channel_conversion", MOST_ROWS)
    if own is not None:
        if own.shape != (n_channels,) or own.dtype.kind not in "iuf":
            problem = (
                f"dataset {place}/channel_conversion has shape {own.shape}, not one factor for each of {n_channels}"
            )
            raise CorruptHeaderError(content.path, f"{problem} channels", DAMAGED_NWB)
        factors = factors * own
    for factor in np.unique(factors).tolist():
        # Floating point may be in volts already: then what is stored is no step of a converter.
        in_volts = array.dtype.kind == "f" and _FINEST < abs(factor) < _COARSEST
        if not in_volts:
            checked_gain(content.path, f"dataset {name}", factor)
    offset = -shift * 1e6 / factors
    if abs(shift) > _HIGHEST_OFFSET or (array.dtype.kind != "f" and (np.abs(offset) > _MOST_STEPS).any()):
        problem = f"dataset {name} states an offset of {shift:g} V, which no converter has"
        raise CorruptHeaderError(content.path, problem, DAMAGED_NWB)
    return factors, offset


def _number(content: Hdf5File, name: str, said: dict[str, Any], key: str, default: float) -> float:
    value = said.get(key)
    if value is None and not has_attribute(content, name, key):
        return default
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise CorruptHeaderError(content.path, f"attribute {key} of dataset {name} is no number", DAMAGED_NWB)
    return float(value)
