"""The frame numbers of a MaxWell recording: when it began on the clock of the instrument, and where it was interrupted.

Spikes and events are stamped with the same frame numbers as the samples. A recording begins with the frame of its
first sample, which is time 0.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
from numpy.typing import NDArray

from mnephys.errors import ReadError
from mnephys.readers.hdf5.file import Hdf5File
from mnephys.readers.hdf5.lazy import LazyArray
from mnephys.readers.hdf5.numbers import whole_numbers
from mnephys.readers.maxwell.places import Place
from mnephys.recording import SEGMENT, IntArray, whole_segment

__all__ = ["Clock", "read_clock"]

_BLOCK = 1 << 20
# In s: 115 days, which no recording lasts.
_LONGEST = 1e7
# To find the gaps of an old file all of it has to be unpacked; a longer one than this is not.
_MOST_UNPACKED = 1 << 28
# An old file has rows of channels, and counts in less than two samples are none.
_FEWEST_ROWS, _FEWEST_SAMPLES = 3, 2
_PROBES = 17

#: Returns the frame numbers of samples ``start`` to ``stop``.
Frames = Callable[[int, int], IntArray]


@dataclass(frozen=True, slots=True, eq=False)
class Clock:
    """The frame numbers of the samples of a well.

    Parameters
    ----------
    first : int or None
        Frame of the first sample; None where the file does not say it.
    segments : ndarray of dtype `SEGMENT`, shape (n_segments,)
        Stretches without a gap, from time 0.
    size : int or None
        How many frames are numbered; None where none is.
    problems : tuple of str
        What is doubtful about it, one sentence each.
    """

    first: int | None
    segments: NDArray[np.void]
    size: int | None = None
    problems: tuple[str, ...] = ()


def read_clock(content: Hdf5File, place: Place, raw: LazyArray | None, rate: float) -> Clock:
    """Read the frame numbers of a well.

    Parameters
    ----------
    content : Hdf5File
        Open.
    place : Place
        Of the well.
    raw : LazyArray or None
        Its raw voltage, a row per channel; None where the file holds none, or it cannot be unpacked.
    rate : float
        In Hz.

    Returns
    -------
    Clock
        With one segment and no first frame where they cannot be read or cannot be true.
    """
    try:
        n_samples = None if raw is None else raw.shape[1]
        if place.frames:
            return _stored_clock(content, place, n_samples, rate)
        if raw is None or raw.shape[0] < _FEWEST_ROWS or raw.shape[1] < _FEWEST_SAMPLES:
            return Clock(None, whole_segment())
        with closing(raw):
            return _clock(_row_frames(raw), raw.shape[1], rate, place, most=_MOST_UNPACKED // raw.shape[0])
    except ReadError as error:
        said = f"The frame numbers of well {place.well:03d} in {place.recording} cannot be read"
        return Clock(None, whole_segment(), problems=(f"{said}: {error.problem}.",))


def _stored_clock(content: Hdf5File, place: Place, n_samples: int | None, rate: float) -> Clock:
    array = content.lazy(place.frames)
    if array is None or not array.shape or array.shape[0] == 0:
        return Clock(None, whole_segment())
    size = array.shape[0]
    length = size if n_samples is None else min(size, n_samples)
    with closing(array):
        frames = partial(_stored_frames, content.path, array)
        found = _clock(frames, length, rate, place, most=size)
    if n_samples is not None and n_samples != size:
        said = f"Dataset {place.frames} numbers {size} frames, the raw voltage holds {n_samples}"
        return replace(found, problems=(*found.problems, f"{said}."))
    return found


def _stored_frames(path: str, array: LazyArray, start: int, stop: int) -> IntArray:
    return whole_numbers(path, array.name, array.read(start, stop))


def _row_frames(raw: LazyArray) -> Frames:
    """Return the numbers in the last two rows of an old file, which hold the lower and the upper 16 bits of them."""
    low = raw.shape[0] - 2

    def frames(start: int, stop: int) -> IntArray:
        halves = raw.read_columns(start, stop, slice(low, low + 2)).astype(np.int64)
        numbers: IntArray = halves[0] + (halves[1] << 16)
        return numbers

    return frames


def _clock(frames: Frames, size: int, rate: float, place: Place, most: int) -> Clock:
    """Return the clock of numbers that rise by one from sample to sample but for gaps."""
    if size == 0:
        return Clock(None, whole_segment())
    first, last = int(frames(0, 1)[0]), int(frames(size - 1, size)[0])
    if first >= 0 and last - first == size - 1:
        return Clock(first, whole_segment(), size)
    where = f"of well {place.well:03d} in {place.recording}"
    doubt = (f"The frame numbers {where} do not rise as samples do; it was taken as one stretch without a gap.",)
    # Rows of an old file that hold something else than frame numbers are no fault of it.
    unknown = Clock(None, whole_segment(), problems=doubt if place.frames else ())
    if first < 0 or not size - 1 < last - first <= _LONGEST * rate or not _rises(frames, size):
        return unknown
    if size > most:
        doubt = (f"The recording {where} has gaps, which were not looked for; it was taken as one stretch.",)
        return Clock(first, whole_segment(), size, doubt)
    starts, numbers = _stretches(frames, size)
    if (np.diff(numbers - starts) < 0).any():
        return unknown
    segments = np.zeros(starts.size, SEGMENT)
    segments["first"], segments["start"] = starts, (numbers - first) / rate
    return Clock(first, segments, size)


def _rises(frames: Frames, size: int) -> bool:
    """Return whether some of the numbers rise at least as the samples do."""
    probes = np.unique(np.linspace(0, size - 1, _PROBES).astype(np.int64))
    numbers = np.array([int(frames(probe, probe + 1)[0]) for probe in probes.tolist()])
    return bool((np.diff(numbers - probes) >= 0).all())


def _stretches(frames: Frames, size: int) -> tuple[IntArray, IntArray]:
    """Return the first sample of each stretch without a gap, and its frame."""
    starts, numbers = [np.zeros(1, np.int64)], [frames(0, 1)]
    last = numbers[0]
    for start in range(1, size, _BLOCK):
        block = frames(start, min(start + _BLOCK, size))
        breaks = np.flatnonzero(np.diff(block, prepend=last) != 1)
        starts.append(breaks + start)
        numbers.append(block[breaks])
        last = block[-1:]
    return np.concatenate(starts), np.concatenate(numbers)
