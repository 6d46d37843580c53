"""3Brain files of version 3 (BrainWave 3 and 4): one chip, raw voltage (``.brw``) or spikes (``.bxr``)."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from mnephys.errors import CorruptHeaderError, ReadError, UnsupportedFormatError
from mnephys.readers.biocam.parts import ChipSpikes, ChipWell, Converter, TimeLine, values_in_file
from mnephys.readers.biocam.settings import range_doubts
from mnephys.readers.biocam.spikes import read_spikes, with_forms
from mnephys.readers.damage import DAMAGED
from mnephys.readers.hdf5.file import Hdf5File
from mnephys.readers.hdf5.lazy import LazyArray
from mnephys.readers.hdf5.numbers import checked_gain, checked_rate, number_in, whole_numbers
from mnephys.readers.hdf5.signal_parts import Order, SignalPart
from mnephys.readers.spike_frames import positions_of
from mnephys.readers.spike_trains.columns import listed
from mnephys.recording import IntArray, whole_segment

__all__ = ["read_old", "read_old_converter"]

_VARIABLES = "3BRecInfo/3BRecVars"
_CHIP = "3BRecInfo/3BMeaChip"
_CHANNELS = "3BRecInfo/3BMeaStreams/Raw/Chs"
_RAW = "3BData/Raw"
_EVENTS = "3BResults/3BChEvents"
_MATRIX = "3BResults/3BInfo/MeaChs2ChIDsMatrix"
_VECTOR = "3BResults/3BInfo/MeaChs2ChIDsVector"
_VERSIONS = (100, 101, 102)
_SIDE = 64
_FEWEST_BITS, _MOST_BITS = 8, 24
# In s: 115 days, which no recording lasts.
_LONGEST = 1e7


def _variable(content: Hdf5File, name: str) -> float:
    value = number_in(content, f"{_VARIABLES}/{name}")
    if value is None:
        raise CorruptHeaderError(content.path, f"dataset {_VARIABLES}/{name} is missing", DAMAGED)
    return value


def read_old_converter(content: Hdf5File) -> Converter:
    """Read what stored numbers and frames stand for.

    Parameters
    ----------
    content : Hdf5File
        Open.

    Returns
    -------
    Converter
        With a negative gain where the signal was inverted.

    Raises
    ------
    CorruptHeaderError
        If a variable is missing or cannot be true.
    FileUnitsError
        If a step is one that no amplifier has.
    ReadError
        Otherwise, if it cannot be read.
    """
    rate = checked_rate(content.path, f"{_VARIABLES}/SamplingRate", _variable(content, "SamplingRate"))
    highest, lowest = _variable(content, "MaxVolt"), _variable(content, "MinVolt")
    bits, inversion = _variable(content, "BitDepth"), _variable(content, "SignalInversion")
    if not (math.isfinite(highest) and math.isfinite(lowest) and highest > lowest):
        raise CorruptHeaderError(content.path, f"states a range of {lowest:g} to {highest:g} uV", DAMAGED)
    if not (_FEWEST_BITS <= bits <= _MOST_BITS and bits == int(bits)):
        raise CorruptHeaderError(content.path, f"{_VARIABLES}/BitDepth states {bits:g} bits", DAMAGED)
    if inversion not in {1.0, -1.0}:
        problem = f"{_VARIABLES}/SignalInversion states {inversion:g}, which is neither 1 nor -1"
        raise CorruptHeaderError(content.path, problem, DAMAGED)
    steps = 2 ** int(bits)
    gain = checked_gain(content.path, f"{_VARIABLES}/MaxVolt", (highest - lowest) / steps)
    zero = -lowest / gain
    # An inverted number stands for the number of steps less it.
    doubts = range_doubts(_VARIABLES, lowest, highest)
    if inversion > 0:
        return Converter(rate, gain, zero, problems=doubts)
    return Converter(rate, -gain, steps - zero, problems=doubts)


def read_old(content: Hdf5File, converter: Converter) -> tuple[ChipWell, TimeLine]:
    """Read the chip; of its raw voltage only where it is.

    Parameters
    ----------
    content : Hdf5File
        Open.
    converter : Converter
        Of `read_old_converter`.

    Returns
    -------
    well : ChipWell
        With raw voltage, spikes, or both.
    line : TimeLine
        From 0 to the number of frames that the file states, or that the raw voltage has.

    Raises
    ------
    UnsupportedFormatError
        If the version is not known.
    CorruptHeaderError
        If it holds neither raw voltage nor spikes, or what it states cannot be true.
    ReadError
        Otherwise, if it cannot be read.
    """
    n_frames = _variable(content, "NRecFrames")
    if not (0 < n_frames <= converter.rate * _LONGEST and n_frames == int(n_frames)):
        problem = f"{_VARIABLES}/NRecFrames states {n_frames:g} frames, which cannot be true"
        raise CorruptHeaderError(content.path, problem, DAMAGED)
    problems: list[str] = []
    array, spikes = values_in_file(content, _RAW), read_spikes(content, _EVENTS, "SpikeTimes", "SpikeChIDs")
    if array is None and spikes is None:
        problem = f"holds neither raw voltage ({_RAW}) nor spikes ({_EVENTS})"
        raise CorruptHeaderError(content.path, problem, "export it again, with one of the two")
    recorded = _recorded(content)
    certain = recorded is not None or content.has(_MATRIX)
    part, length = None, int(n_frames)
    if array is not None:
        if recorded is None:
            raise CorruptHeaderError(content.path, f"dataset {_CHANNELS} is missing", DAMAGED)
        part, said = _part(content, array, converter, recorded[0].size, length)
        length = part.n_samples
        problems += said
    stored = None
    if spikes is not None:
        recorded, stored, said = _placed(content, recorded, *spikes)
        problems += said
        if converter.gain_uv > 0:
            stored, doubts = with_forms(content, f"{_EVENTS}/SpikeForms", stored)
            problems += doubts
        elif content.has(f"{_EVENTS}/SpikeForms"):
            problems.append("Waveforms of spikes were left out: how inverted ones are stored is not known.")
    assert recorded is not None  # noqa: S101 -- raw voltage has channels, and spikes have places
    line = TimeLine(0.0, length / converter.rate, whole_segment())
    return ChipWell("A1", *recorded, part, stored, tuple(problems), certain), line


def _recorded(content: Hdf5File) -> tuple[IntArray, IntArray] | None:
    """Return row and column of the channels that were recorded; None where the file does not list them."""
    if not content.has(_CHANNELS):
        return None
    stored = _row_and_column(content)
    rows, columns = (whole_numbers(content.path, f"dataset {_CHANNELS}", values) for values in stored)
    outside = (rows < 1) | (columns < 1) | (rows > _SIDE) | (columns > _SIDE)
    if outside.any() or np.unique(rows * (_SIDE + 1) + columns).size != rows.size or not rows.size:
        problem = f"dataset {_CHANNELS} lists electrodes twice, none, or some that are not on the chip"
        raise CorruptHeaderError(content.path, problem, DAMAGED)
    return rows, columns


def _row_and_column(content: Hdf5File) -> tuple[NDArray[np.generic], NDArray[np.generic]]:
    """Return the two columns of the list of channels, which is a table or an array of two columns."""
    try:
        table = content.table(_CHANNELS, _SIDE * _SIDE)
    except UnsupportedFormatError:
        raise
    except ReadError:
        table = None
    if table is not None and {"Row", "Col"} <= set(table):
        return table["Row"], table["Col"]
    values = content.array(_CHANNELS, 2 * _SIDE * _SIDE)
    if values is None or values.ndim != 2 or values.shape[1] != 2:
        raise CorruptHeaderError(content.path, f"dataset {_CHANNELS} has no row and column of channels", DAMAGED)
    return values[:, 0], values[:, 1]


def _part(
    content: Hdf5File, array: LazyArray, converter: Converter, n_channels: int, n_frames: int
) -> tuple[SignalPart, list[str]]:
    """Return the raw voltage, and sentences where its length is not the one that is stated."""
    version = content.attributes("3BData").get("Version")
    if version is not None and (not isinstance(version, int | float) or version not in _VERSIONS):
        problem = f"is of version {listed([str(version)])} of the raw voltage, which is not known"
        raise UnsupportedFormatError(content.path, problem, f"known are {', '.join(str(one) for one in _VERSIONS)}")
    if array.dtype.kind not in "iu" or len(array.shape) not in {1, 2} or 0 in array.shape:
        problem = f"dataset {_RAW} holds {array.dtype} of shape {array.shape}, not counts of frames by channels"
        raise CorruptHeaderError(content.path, problem, DAMAGED)
    flat = len(array.shape) == 1
    wrong = array.shape[0] % n_channels if flat else int(array.shape[1] != n_channels)
    n_stored = array.shape[0] // n_channels if flat else array.shape[0]
    # Values that would fit the stated length with another number of channels are not those of these channels.
    if flat and n_stored != n_frames and array.shape[0] % n_frames == 0:
        wrong = 1
    if wrong:
        said = f"does not hold {n_channels} channels, which {_CHANNELS} lists, in {n_frames} frames"
        raise CorruptHeaderError(content.path, f"dataset {_RAW} of shape {array.shape} {said}", DAMAGED)
    problems = []
    if n_stored != n_frames:
        problems.append(f"The file states {n_frames} frames and holds {n_stored}, which were taken.")
    zero, gain = np.full(n_channels, converter.zero), np.full(n_channels, converter.gain_uv)
    order = Order.FLAT_FRAMES if flat else Order.FRAMES_FIRST
    return SignalPart(array, order, np.arange(n_channels), zero, gain, n_channels if flat else 0), problems


def _placed(
    content: Hdf5File, recorded: tuple[IntArray, IntArray] | None, frames: IntArray, ids: IntArray
) -> tuple[tuple[IntArray, IntArray], ChipSpikes, list[str]]:
    """Return the electrodes, and for each spike which of them it is of."""
    matrix, problems = _matrix(content)
    rows, columns = np.divmod(np.arange(matrix.size), matrix.shape[1])
    known = matrix.ravel() >= 0
    rows, columns, numbers = rows[known] + 1, columns[known] + 1, matrix.ravel()[known]
    place = positions_of(ids, numbers)
    if recorded is None:
        return (rows, columns), ChipSpikes(frames, place), problems
    position = np.full((matrix.shape[0] + 1, matrix.shape[1] + 1), -1, np.int64)
    inside = (recorded[0] < position.shape[0]) & (recorded[1] < position.shape[1])
    position[recorded[0][inside], recorded[1][inside]] = np.flatnonzero(inside)
    return recorded, ChipSpikes(frames, np.where(place >= 0, position[rows[place], columns[place]], -1)), problems


def _matrix(content: Hdf5File) -> tuple[IntArray, list[str]]:
    """Return the number of the channel at each row and column, -1 for none."""
    sides = [number_in(content, f"{_CHIP}/{name}") for name in ("NRows", "NCols")]
    if any(side is not None and side not in range(1, _SIDE + 1) for side in sides):
        raise CorruptHeaderError(content.path, f"{_CHIP} states a chip of {sides} electrodes", DAMAGED)
    n_rows, n_columns = (_SIDE if side is None else int(side) for side in sides)
    stored = content.array(_MATRIX, _SIDE * _SIDE)
    if stored is None:
        said = "The file does not say which electrode each channel of a spike is; they were counted row by row from 0."
        return np.arange(n_rows * n_columns).reshape(n_rows, n_columns), [said]
    matrix = whole_numbers(content.path, f"dataset {_MATRIX}", stored).reshape(stored.shape)
    used = matrix[matrix >= 0]
    if matrix.ndim != 2 or used.size == 0 or np.unique(used).size != used.size:
        problem = f"dataset {_MATRIX} of shape {matrix.shape} does not number the electrodes of a chip"
        raise CorruptHeaderError(content.path, problem, DAMAGED)
    problems = _contradictions(content, matrix)
    if np.array_equal(np.sort(used), np.arange(matrix.size)):
        return matrix, problems
    said = f"Dataset {_MATRIX} numbers {used.size} of {matrix.size} electrodes, up to {used.max()}"
    return matrix, [*problems, f"{said}; the others were left out, though they may have been recorded."]


def _contradictions(content: Hdf5File, matrix: IntArray) -> list[str]:
    """Return a sentence where the list of row, column and number of channels is not what the matrix says."""
    try:
        table = content.table(_VECTOR, _SIDE * _SIDE)
        if table is None:
            return []
        if not {"Row", "Col", "ID"} <= set(table):
            raise CorruptHeaderError(content.path, "it has no row, column and number of channels", DAMAGED)
        row, column, number = (whole_numbers(content.path, "it", table[name]) for name in ("Row", "Col", "ID"))
    except ReadError as error:
        return [f"Dataset {_VECTOR} was not used: {error.problem}."]
    inside = (row >= 1) & (column >= 1) & (row <= matrix.shape[0]) & (column <= matrix.shape[1])
    elsewhere = ~inside
    elsewhere[inside] = matrix[row[inside] - 1, column[inside] - 1] != number[inside]
    if not elsewhere.any():
        return []
    return [f"Dataset {_VECTOR} places {elsewhere.sum()} channels elsewhere than dataset {_MATRIX}, which was taken."]
