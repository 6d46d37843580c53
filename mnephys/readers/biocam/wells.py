"""Wells of 3Brain files of BrainWave 5 and 6: raw voltage, whole or sparse, and spikes of each."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from mnephys.errors import CorruptHeaderError, ReadError, UnsupportedFormatError
from mnephys.readers.biocam.parts import ChipSpikes, ChipWell, Converter, values_in_file
from mnephys.readers.biocam.sparse import SparsePart
from mnephys.readers.biocam.spikes import read_spikes, with_forms
from mnephys.readers.biocam.toc import Toc
from mnephys.readers.damage import DAMAGED
from mnephys.readers.hdf5.file import Hdf5File
from mnephys.readers.hdf5.lazy import LazyArray
from mnephys.readers.hdf5.numbers import whole_numbers
from mnephys.readers.hdf5.signal_parts import Order, Part, SignalPart
from mnephys.readers.spike_frames import positions_of
from mnephys.recording import IntArray

__all__ = ["on_one_grid", "read_chip_well", "side_of"]

_MOST_CHANNELS = 1 << 16
_MOST_CHUNKS = 1 << 24
# In s: a chunk is a second or so; what is sparse could claim any length.
_LONGEST_CHUNK = 3600.0
_SIDE = 64
# A well that numbers all its electrodes without a gap is a square of so many at least; fewer are a part of a chip.
_SMALLEST = 64
_EXPORT = "export it from BrainWave as raw data that are not compressed, or as spikes"


def read_chip_well(content: Hdf5File, name: str, converter: Converter, toc: Toc | None, *, alone: bool) -> ChipWell:
    """Read one well; of its raw voltage only where it is.

    Parameters
    ----------
    content : Hdf5File
        Open.
    name : str
        Of the well, for example ``"A1"``.
    converter : Converter
        What its numbers stand for.
    toc : Toc or None
        The frames of each chunk.
    alone : bool
        Whether it is the only well of the file.

    Returns
    -------
    ChipWell
        With raw voltage, spikes, or both; its electrodes in one long row by their numbers, until `on_one_grid` knows
        where they are.

    Raises
    ------
    UnsupportedFormatError
        If its raw voltage is compressed by wavelets, and there are no spikes.
    CorruptHeaderError
        If it holds neither, or what it states cannot be true.
    ReadError
        Otherwise, if it cannot be read.
    """
    group = f"Well_{name}"
    problems: list[str] = []
    spikes = read_spikes(content, group, "SpikeTimes", "SpikeChIdxs")
    whole, sparse = (values_in_file(content, f"{group}/{kind}") for kind in ("Raw", "EventsBasedSparseRaw"))
    wavelets = [entry for entry in content.names(group) if entry.startswith("Wavelet")]
    if whole is None and sparse is None and wavelets:
        problem = f"keeps the raw voltage of well {name} compressed by wavelets, which loses part of it and is not read"
        if spikes is None:
            raise UnsupportedFormatError(content.path, problem, _EXPORT)
        problems.append(f"The file {problem}; {_EXPORT}.")
    if whole is None and sparse is None and spikes is None:
        problem = f"holds neither raw voltage nor spikes of well {name}, or only links to them, which are not followed"
        raise CorruptHeaderError(content.path, problem, "export it again, with one of the two")
    for kind, array in (("Raw", whole), ("EventsBasedSparseRaw", sparse)):
        if array is None and content.has(f"{group}/{kind}TOC"):
            problems.append(f"Dataset {group}/{kind} is missing, though a table of its contents is there.")
    # How the channels of a plate of several wells would be divided among them is not known.
    numbers = _stored_channels(content, group, converter.channels if alone else None)
    listed = numbers is not None
    if numbers is None:
        numbers = _unnamed_channels(content, group, whole, toc, spikes)
        problems.append(f"The file does not list the channels of well {name}; {numbers.size} were found in its data.")
    part: Part | None = None
    if whole is not None:
        part, said = _whole_part(content, group, whole, converter, numbers, toc)
        problems += said
    elif sparse is not None:
        part = _sparse_part(content, group, sparse, converter, numbers, toc)
        problems.append(f"Of well {name} only the samples around events were kept; all others are given as 0 uV.")
    stored = None
    if spikes is not None:
        stored = ChipSpikes(spikes[0], positions_of(spikes[1], numbers))
        stored, doubts = with_forms(content, f"{group}/SpikeForms", stored)
        problems += doubts
    return ChipWell(name, np.ones_like(numbers), numbers + 1, part, stored, tuple(problems), listed)


def on_one_grid(wells: Sequence[ChipWell], *, alone: bool) -> tuple[list[ChipWell], tuple[str, ...]]:
    """Put the electrodes of wells, all of which are alike, where they are on the chip.

    Parameters
    ----------
    wells : sequence of ChipWell
        From `read_chip_well`.
    alone : bool
        Whether the file has no other well.

    Returns
    -------
    wells : list of ChipWell
        With row and column of each electrode.
    problems : tuple of str
        A sentence where nothing tells how many columns the grid has.
    """
    numbers = [well.columns - 1 for well in wells]
    side = side_of(numbers, alone=alone)
    columns = _SIDE if side is None else side
    placed = [
        replace(well, rows=of // columns + 1, columns=of % columns + 1) for well, of in zip(wells, numbers, strict=True)
    ]
    if side is not None:
        return placed, ()
    said = f"The grid is not stated; {_SIDE} columns were assumed, and where electrodes are in um is not known."
    return placed, (said,)


def side_of(wells: Sequence[IntArray], *, alone: bool) -> int | None:
    """Return how many columns the grid of every well has.

    Parameters
    ----------
    wells : sequence of ndarray of int, each of shape (n_channels,)
        Numbers of the channels of each well, row by row from 0.
    alone : bool
        Whether the file has no other well: then it is a chip of 64 x 64 electrodes in most cases.

    Returns
    -------
    int or None
        Those of the square that a complete well is; None where no well is complete, or a single one could as well be
        the first rows of a chip.

    Examples
    --------
    >>> side_of([np.arange(256), np.arange(3, 90)], alone=False), side_of([np.array([0, 77])], alone=False)
    (16, None)
    >>> side_of([np.array([0, 77])], alone=True), side_of([np.arange(1024)], alone=True)
    (64, None)
    """
    complete = [math.isqrt(numbers.size) for numbers in wells if _is_square(numbers)]
    if alone:
        return None if any(side != _SIDE for side in complete) else _SIDE
    side = max(complete, default=0)
    highest = max((int(numbers.max(initial=0)) for numbers in wells), default=0)
    return side if highest < side * side else None


def _is_square(numbers: IntArray) -> bool:
    """Return whether channels are all those of a square grid."""
    size = numbers.size
    return size >= _SMALLEST and math.isqrt(size) ** 2 == size and np.array_equal(np.sort(numbers), np.arange(size))


def _stored_channels(content: Hdf5File, group: str, otherwise: tuple[int, ...] | None) -> IntArray | None:
    """Return the numbers of the channels of a well, or else those listed elsewhere; None where there are none."""
    name = f"{group}/StoredChIdxs"
    stored = content.array(name, _MOST_CHANNELS)
    if stored is None:
        return None if otherwise is None else np.array(otherwise, np.int64)
    numbers = whole_numbers(content.path, f"dataset {name}", stored)
    wrong = numbers.size == 0 or numbers.min() < 0 or numbers.max() >= _MOST_CHANNELS
    if wrong or np.unique(numbers).size != numbers.size:
        raise CorruptHeaderError(content.path, f"dataset {name} lists no channel, or one twice or below 0", DAMAGED)
    return numbers


def _unnamed_channels(
    content: Hdf5File, group: str, whole: LazyArray | None, toc: Toc | None, spikes: tuple[IntArray, IntArray] | None
) -> IntArray:
    """Return the numbers of the channels of a well that does not list them."""
    if whole is not None and toc is not None and len(whole.shape) == 1:
        count, rest = divmod(whole.shape[0], toc.n_frames)
        if 0 < count <= _MOST_CHANNELS and rest == 0:
            return np.arange(count)
    for name in ("NoisePlateElIdxs", "NoiseChIdxs"):
        stored = content.array(f"{group}/{name}", 1 << 26) if whole is None and spikes is None else None
        if stored is not None and stored.size:
            numbers: IntArray = np.unique(whole_numbers(content.path, f"dataset {group}/{name}", stored))
            if numbers[0] >= 0 and numbers[-1] < _MOST_CHANNELS:
                return numbers
    if whole is None and spikes is not None:
        numbers = np.unique(spikes[1])
        return numbers[(numbers >= 0) & (numbers < _MOST_CHANNELS)]
    raise CorruptHeaderError(content.path, f"dataset {group}/StoredChIdxs is missing", DAMAGED)


def _whole_part(
    content: Hdf5File, group: str, array: LazyArray, converter: Converter, numbers: IntArray, toc: Toc | None
) -> tuple[SignalPart, list[str]]:
    """Return raw voltage that is stored frame by frame, and sentences where it has another length than stated."""
    name, width = f"{group}/Raw", numbers.size
    if array.dtype.kind not in "iu" or len(array.shape) != 1 or array.shape[0] < width:
        problem = f"dataset {name} holds {array.dtype} of shape {array.shape}, not counts of {width} channels"
        raise CorruptHeaderError(content.path, problem, DAMAGED)
    problems = []
    n_stored, rest = divmod(array.shape[0], width)
    if toc is not None and n_stored != toc.n_frames:
        # Values that would fit the table of contents with another number of channels are not those of these channels.
        if array.shape[0] % toc.n_frames == 0:
            said = f"of {array.shape[0]} values does not hold {width} channels in {toc.n_frames} frames"
            raise CorruptHeaderError(content.path, f"dataset {name} {said}", DAMAGED)
        problems.append(f"Dataset TOC lists {toc.n_frames} frames, dataset {name} holds {n_stored}, which were taken.")
    elif rest:
        problems.append(f"Dataset {name} ends within a frame, which was left out.")
    if toc is not None and (said := _disagreement(content, group, width, toc)):
        problems.append(said)
    zero, gain = np.full(width, converter.zero), np.full(width, converter.gain_uv)
    return SignalPart(array, Order.FLAT_FRAMES, np.arange(width), zero, gain, width), problems


def _disagreement(content: Hdf5File, group: str, width: int, toc: Toc) -> str:
    """Return a sentence where the table of a well says otherwise than the one of the file; else an empty text."""
    name = f"{group}/RawTOC"
    try:
        stored = content.array(name, _MOST_CHUNKS)
        own = None if stored is None else whole_numbers(content.path, f"dataset {name}", stored)
    except ReadError as error:
        return f"Dataset {name} was not used: {error.problem}."
    if own is None or np.array_equal(own[: toc.first.size], toc.samples[:-1] * width):
        return ""
    return f"Dataset {name} contradicts dataset TOC and the number of channels; it was not used."


def _sparse_part(
    content: Hdf5File, group: str, array: LazyArray, converter: Converter, numbers: IntArray, toc: Toc | None
) -> SparsePart:
    """Return raw voltage of which only some samples were kept."""
    name = f"{group}/EventsBasedSparseRaw"
    if toc is None:
        problem = f"says nothing of the frames of {name}: dataset TOC is missing or empty"
        raise CorruptHeaderError(content.path, problem, DAMAGED)
    if array.dtype.kind not in "iu" or array.dtype.itemsize != 1 or len(array.shape) != 1:
        problem = f"dataset {name} holds {array.dtype} of shape {array.shape}, not bytes"
        raise CorruptHeaderError(content.path, problem, DAMAGED)
    if int((toc.stop - toc.first).max()) > _LONGEST_CHUNK * converter.rate:
        problem = f"dataset TOC states a chunk that is longer than {_LONGEST_CHUNK:g} s"
        raise CorruptHeaderError(content.path, problem, DAMAGED)
    stored = content.array(f"{name}TOC", _MOST_CHUNKS)
    if stored is None:
        raise CorruptHeaderError(content.path, f"dataset {name}TOC is missing", DAMAGED)
    starts = whole_numbers(content.path, f"dataset {name}TOC", stored)
    starts = np.concatenate([starts[: toc.first.size], array.shape[:1]])
    if stored.size not in {toc.first.size, toc.first.size + 1} or starts[0] < 0 or (np.diff(starts) < 0).any():
        problem = f"dataset {name}TOC does not place the {toc.first.size} chunks of dataset TOC within {name}"
        raise CorruptHeaderError(content.path, problem, DAMAGED)
    return SparsePart(content.path, array, starts, toc, numbers, converter.zero, converter.gain_uv)
