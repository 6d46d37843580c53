"""Raw voltage of which only the samples around events were kept (``EventsBasedSparseRaw``).

Each chunk of the recording is a row of bytes: for each channel its number and the length of what follows (two numbers
of 32 bits), then its ranges: the first frame and the one after the last (64 bits each) and the samples (16 bits each).
A chunk is unpacked when it is asked for. Samples that were not kept are 0 uV.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from mnephys.errors import CorruptHeaderError
from mnephys.readers.biocam.toc import Toc
from mnephys.readers.damage import DAMAGED
from mnephys.readers.hdf5.lazy import LazyArray
from mnephys.readers.spike_frames import positions_of
from mnephys.recording import BoolArray, IntArray

__all__ = ["SparsePart", "sparse_ranges"]

_BLOCK = struct.Struct("<ii")
# In words of 16 bits: number and length of a channel, first frame and stop of a range.
_HEAD, _RANGE = 4, 8
# So many samples are put in place at a time, and so many chunks are kept unpacked: neighbours are asked for next.
_AT_ONCE = 1 << 18
_KEPT = 3


@dataclass(frozen=True, slots=True, eq=False)
class Ranges:
    """What one chunk holds.

    Parameters
    ----------
    channel : ndarray, int64, shape (n_ranges,)
        Number of the channel.
    first, stop : ndarray, int64, shape (n_ranges,)
        First frame and the one after the last.
    at : ndarray, int64, shape (n_ranges,)
        Where in `words` the samples begin.
    words : ndarray, uint16, shape (n_words,)
        The chunk.
    """

    channel: IntArray
    first: IntArray
    stop: IntArray
    at: IntArray
    words: NDArray[np.uint16]


def sparse_ranges(path: str, place: str, content: NDArray[np.uint8], earliest: int, latest: int) -> Ranges:
    """Find the ranges of a chunk, without a step per range: they are linked by their lengths.

    Parameters
    ----------
    path, place : str
        Of the file, and of the chunk in it, for messages.
    content : ndarray, uint8, shape (n_bytes,)
        The chunk.
    earliest, latest : int
        The first frame that it may hold and the one after the last.

    Returns
    -------
    Ranges
        In the order of the chunk.

    Raises
    ------
    CorruptHeaderError
        If lengths lead out of the chunk, or a range is empty or holds other frames.

    Examples
    --------
    >>> chunk = struct.pack("<ii", 7, 20) + struct.pack("<qq", 3, 5) + struct.pack("<HH", 2048, 2050)
    >>> found = sparse_ranges("a.brw", "chunk 0", np.frombuffer(chunk, np.uint8), 0, 10)
    >>> found.channel, found.first, found.stop, found.words[found.at]
    (array([7]), array([3]), array([5]), array([2048], dtype=uint16))
    """

    def corrupt(problem: str) -> CorruptHeaderError:
        return CorruptHeaderError(path, f"{place} {problem}", DAMAGED)

    raw = content.tobytes()
    channels, starts, stops = _blocks(raw)
    if starts is None:
        raise corrupt("holds a channel that is longer than the chunk")
    words = np.frombuffer(raw, "<u2", len(raw) // 2)
    at = _candidates(words)
    first, stop = _frames(words, at), _frames(words, at + _HEAD)
    credible = (first >= earliest) & (first < stop) & (stop <= latest)
    at, first, stop = at[credible], first[credible], stop[credible]
    follows = at + _RANGE + (stop - first)
    block = np.searchsorted(starts, at, side="right") - 1
    ends = stops[np.maximum(block, 0)] if stops.size else np.zeros(at.size, np.int64)
    reached = _reached(at, follows, ends, starts[stops > starts])
    if reached is None:
        raise corrupt("holds a range that is empty, of frames outside of it, or longer than its channel")
    return Ranges(channels[block[reached]], first[reached], stop[reached], at[reached] + _RANGE, words)


def _blocks(content: bytes) -> tuple[IntArray, IntArray | None, IntArray]:
    """Return number, begin and end (in words) of what each channel holds; no begin where a length is wrong."""
    channels, starts, stops = [], [], []
    at, size = 0, len(content)
    while at < size:
        if at + _BLOCK.size > size:
            return np.zeros(0, np.int64), None, np.zeros(0, np.int64)
        channel, length = _BLOCK.unpack_from(content, at)
        at += _BLOCK.size
        if length < 0 or length % 2 or at + length > size:
            return np.zeros(0, np.int64), None, np.zeros(0, np.int64)
        channels.append(channel)
        starts.append(at // 2)
        at += length
        stops.append(at // 2)
    return np.array(channels, np.int64), np.array(starts, np.int64), np.array(stops, np.int64)


def _candidates(words: NDArray[np.uint16]) -> IntArray:
    """Return where a range may begin: its two frame numbers are far below 2**48, so that their highest words are 0."""
    if words.size < _RANGE:
        return np.zeros(0, np.int64)
    count = words.size - _RANGE + 1
    return np.flatnonzero((words[3 : 3 + count] == 0) & (words[7 : 7 + count] == 0))


def _frames(words: NDArray[np.uint16], at: IntArray) -> IntArray:
    """Return the numbers of 48 bits that begin at some words."""
    low, middle, high = (words[at + part].astype(np.int64) for part in range(3))
    return low | (middle << 16) | (high << 32)


def _reached(at: IntArray, follows: IntArray, ends: IntArray, starts: IntArray) -> BoolArray | None:
    """Return which candidates are ranges: those that the lengths lead to; None where they lead astray.

    The path from each start is followed by doubling: after k rounds, all within 2**k steps are found.
    """
    size = at.size
    over, astray = size, size + 1
    following = np.minimum(np.searchsorted(at, follows), max(size - 1, 0))
    found = at[following] == follows if size else np.zeros(0, np.bool_)
    step = np.where(follows == ends, over, np.where(found & (follows < ends), following, astray))
    step = np.concatenate([step, [over, astray]])
    begin = np.minimum(np.searchsorted(at, starts), max(size - 1, 0))
    if starts.size and (size == 0 or (at[begin] != starts).any()):
        return None
    reached = np.zeros(size + 2, np.bool_)
    reached[begin if starts.size else []] = True
    n_found = -1
    while (count := int(reached.sum())) != n_found:
        n_found = count
        reached[step[reached]] = True
        step = step[step]
    return None if reached[astray] else reached[:size]


@dataclass(slots=True, eq=False)
class SparsePart:
    """Channels of one well of which only some samples were kept, a part of an `Hdf5Signal`.

    Parameters
    ----------
    path : str
        Of the file, for messages.
    array : LazyArray
        The bytes of all chunks.
    starts : ndarray, int64, shape (n_chunks + 1,)
        The byte with which each chunk begins, and the number of bytes.
    toc : Toc
        The frames of each chunk.
    numbers : ndarray, int64, shape (n_channels,)
        Number of each channel.
    zero, gain_uv : float
        The stored number that means 0 uV, and one step in uV.
    """

    path: str
    array: LazyArray
    starts: IntArray
    toc: Toc
    numbers: IntArray
    zero: float
    gain_uv: float
    _recent: dict[int, Ranges] = field(default_factory=dict, init=False, repr=False)

    @property
    def channels(self) -> IntArray:
        """Position of each channel among those of the well, shape (n_channels,)."""
        return np.arange(self.numbers.size)

    @property
    def n_samples(self) -> int:
        """Samples in all chunks, kept or not."""
        return self.toc.n_frames

    def read(self, start: int, stop: int, which: IntArray) -> NDArray[np.float32]:
        """Return the voltage of some samples and channels.

        Parameters
        ----------
        start, stop : int
            First sample and the one after the last.
        which : ndarray of int, shape (n,)
            Positions in `channels`, at least one, in any order.

        Returns
        -------
        ndarray, float32, shape (stop - start, n)
            In uV; 0 where no sample was kept.

        Raises
        ------
        CorruptHeaderError
            If a chunk is damaged.
        ReadError
            If the file cannot be read any more.
        """
        voltage = np.zeros((stop - start, which.size), np.float32)
        column = np.full(self.numbers.size, -1, np.int64)
        column[which] = np.arange(which.size)
        samples = self.toc.samples
        first = int(np.searchsorted(samples, start, side="right")) - 1
        last = int(np.searchsorted(samples, stop - 1, side="right")) - 1
        # What belongs to an event may reach into the chunk before and the one after.
        for chunk in range(max(first - 1, 0), min(last + 2, self.toc.first.size)):
            self._put(voltage, start, column, self._ranges(chunk))
        for position in np.flatnonzero(np.bincount(which, minlength=self.numbers.size) > 1).tolist():
            twice = np.flatnonzero(which == position)
            voltage[:, twice] = voltage[:, twice[-1:]]
        return voltage

    def _ranges(self, chunk: int) -> Ranges:
        """Return one chunk, unpacked: with samples for frames, and positions for numbers of channels."""
        if chunk in self._recent:
            return self._recent[chunk]
        place = f"chunk {chunk} of dataset {self.array.name}"
        earliest = int(self.toc.first[max(chunk - 1, 0)])
        latest = int(self.toc.stop[min(chunk + 1, self.toc.stop.size - 1)])
        begin, end = int(self.starts[chunk]), int(self.starts[chunk + 1])
        # Were each sample of each channel a range of its own, there would be so many bytes.
        if end - begin > self.numbers.size * (_BLOCK.size + 2 * (_RANGE + 1)) * (latest - earliest):
            problem = f"{place} claims {end - begin} bytes, more than {latest - earliest} frames can have"
            raise CorruptHeaderError(self.path, problem, DAMAGED)
        content = self.array.read(begin, end)
        found = sparse_ranges(self.path, place, content, earliest, latest)
        channel = positions_of(found.channel, self.numbers)
        if (channel < 0).any():
            problem = f"{place} holds channels that are not among those of the well"
            raise CorruptHeaderError(self.path, problem, DAMAGED)
        first, last = self._sample(found.first), self._sample(found.stop - 1)
        if (last - first != found.stop - 1 - found.first).any() or (first < 0).any():
            raise CorruptHeaderError(self.path, f"{place} holds frames that were not recorded", DAMAGED)
        ranges = Ranges(channel, first, last + 1, found.at, found.words)
        while len(self._recent) >= _KEPT:
            del self._recent[next(iter(self._recent))]
        self._recent[chunk] = ranges
        return ranges

    def _sample(self, frames: IntArray) -> IntArray:
        """Return which sample each frame is, -1 where it is none."""
        chunk = np.searchsorted(self.toc.first, frames, side="right") - 1
        inside = (chunk >= 0) & (frames < self.toc.stop[chunk])
        return np.where(inside, self.toc.samples[chunk] + frames - self.toc.first[chunk], -1)

    def _put(self, voltage: NDArray[np.float32], start: int, column: IntArray, ranges: Ranges) -> None:
        """Put the samples of a chunk where they belong."""
        begin = np.maximum(ranges.first, start)
        end = np.minimum(ranges.stop, start + len(voltage))
        here = np.flatnonzero((begin < end) & (column[ranges.channel] >= 0))
        if not here.size:
            return
        length = (end - begin)[here]
        portion = np.cumsum(length) // _AT_ONCE
        for number in np.unique(portion).tolist():
            some = here[portion == number]
            size = length[portion == number]
            within = np.arange(size.sum()) - np.repeat(np.cumsum(size) - size, size)
            source = np.repeat(ranges.at[some] + begin[some] - ranges.first[some], size) + within
            row = np.repeat(begin[some] - start, size) + within
            counts = ranges.words[source].astype(np.float32)
            voltage[row, np.repeat(column[ranges.channel[some]], size)] = (counts - self.zero) * self.gain_uv

    def __getstate__(self) -> tuple[None, dict[str, object]]:
        # What was unpacked can be unpacked again.
        return None, {name: getattr(self, name) for name in self.__slots__ if name != "_recent"} | {"_recent": {}}
