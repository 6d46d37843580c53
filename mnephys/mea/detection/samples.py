"""Samples of many channels by position, from an array, a memory map or a signal that stays in its file."""

from __future__ import annotations

from dataclasses import dataclass
from mmap import mmap
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mnephys.recording import BoolArray, CountedSignal, IntArray, Signal, whole_segment

__all__ = ["Samples", "as_samples", "numbers"]


class _Array:
    """An array as a signal; its values come as they are stored."""

    def __init__(self, values: NDArray[Any], sampling_rate: float) -> None:
        self.shape = (int(values.shape[0]), int(values.shape[1]))
        self.sampling_rate = sampling_rate
        self.segments = whole_segment()
        self.electrodes: IntArray = np.arange(self.shape[1])
        self._values = values

    def read(self, start: int, stop: int) -> NDArray[Any]:
        return self._values[start:stop]


class _MappedFile(_Array):
    """A memory map, read by position: pages of a map that were touched would count as memory until the end."""

    def __init__(self, values: NDArray[Any], path: str, offset: int, sampling_rate: float) -> None:
        super().__init__(values, sampling_rate)
        self._path, self._offset, self._dtype = path, offset, values.dtype

    def read(self, start: int, stop: int) -> NDArray[Any]:
        n_channels = self.shape[1]
        at = self._offset + start * n_channels * self._dtype.itemsize
        return np.fromfile(self._path, self._dtype, (stop - start) * n_channels, offset=at).reshape(-1, n_channels)


class _Counts:
    """A signal as it is stored: half the bytes of its voltage, and no rounding."""

    def __init__(self, signal: CountedSignal) -> None:
        self.shape, self.sampling_rate = signal.shape, signal.sampling_rate
        self.segments, self.electrodes = signal.segments, signal.electrodes
        self.read = signal.read_counts


@dataclass(frozen=True, slots=True)
class Samples:
    """One stretch of a signal without a gap; beyond its ends the first and the last sample go on.

    Parameters
    ----------
    signal : Signal or the like
        Where samples come from.
    first, stop : int
        Its samples in the signal.
    start : float
        Time of its first sample in s.
    blanks : ndarray, int, shape (n, 2)
        First and last sample, both kept, of stretches that a straight line replaces, counted from `first`.
    unit : float
        Of one sample as it is read, in the unit of the signal, with its sign.
    """

    signal: Any
    first: int
    stop: int
    start: float
    blanks: IntArray
    unit: float

    @property
    def size(self) -> int:
        """Number of samples."""
        return self.stop - self.first

    @property
    def n_channels(self) -> int:
        """Number of channels."""
        return int(self.signal.shape[1])

    def read(self, start: int, stop: int) -> NDArray[Any]:
        """Return some samples, which may lie beyond the ends.

        Parameters
        ----------
        start, stop : int
            Counted from the first sample of the stretch; `start` may be negative, `stop` beyond the size.

        Returns
        -------
        ndarray, int16 or float32, shape (stop - start, n_channels)
            C-contiguous.
        """
        low = min(max(start, 0), self.size - 1)
        high = max(min(stop, self.size), low + 1)
        values = self._plain(low, high)
        if start < 0 or stop > self.size:
            values = values[np.clip(np.arange(start, stop), 0, self.size - 1) - low]
        return self._bridged(values, start)

    def _plain(self, start: int, stop: int) -> NDArray[Any]:
        values = np.asarray(self.signal.read(self.first + start, self.first + stop))
        if values.dtype != np.int16:
            values = values.astype(np.float32, copy=False)
        return np.ascontiguousarray(values)

    def _bridged(self, values: NDArray[Any], start: int) -> NDArray[Any]:
        """Replace what is blanked by a straight line between the samples at its ends."""
        stop = start + values.shape[0]
        touched = self.blanks[(self.blanks[:, 0] < stop) & (self.blanks[:, 1] > start)]
        if touched.size:
            values = values.copy()
        for first, last in touched.tolist():
            ends = np.stack([self._plain(first, first + 1)[0], self._plain(last, last + 1)[0]]).astype(np.float64)
            at = np.arange(max(first, start), min(last + 1, stop))
            share = (at - first)[:, np.newaxis] / max(last - first, 1)
            line = ends[0] + share * (ends[1] - ends[0])
            values[at - start] = np.rint(line) if values.dtype == np.int16 else line
        return values

    def blanks_reach(self, samples: IntArray, before: int, after: int) -> BoolArray:
        """Return which filtered samples depend on a line that replaces the signal.

        Parameters
        ----------
        samples : ndarray, int, shape (n,)
            Counted from the first sample of the stretch.
        before, after : int
            Samples on both sides that a filtered one depends on.

        Returns
        -------
        ndarray, bool, shape (n,)
            True from `after` samples before each blank to `before` samples after it.
        """
        begun = np.searchsorted(self.blanks[:, 0], samples + after, side="right")
        ended = np.searchsorted(self.blanks[:, 1], samples - before, side="left")
        reached: BoolArray = begun > ended
        return reached

    def blanked(self, samples: IntArray) -> BoolArray:
        """Return which samples lie where a line replaces the signal.

        Parameters
        ----------
        samples : ndarray, int, shape (n,)
            Counted from the first sample of the stretch.

        Returns
        -------
        ndarray, bool, shape (n,)
            True from the first to the last sample of each blank.
        """
        at = np.searchsorted(self.blanks[:, 0], samples, side="right") - 1
        inside: BoolArray = (at >= 0) & (samples <= np.append(self.blanks[:, 1], -1)[at])
        return inside


def as_samples(
    signal: NDArray[Any] | Signal, sampling_rate: float | None, blank: NDArray[np.float64]
) -> tuple[list[Samples], float, int]:
    """Return the stretches of a signal.

    Parameters
    ----------
    signal : ndarray or Signal, shape (n_samples, n_channels)
        An array is read as it is, a map by its file, what is stored in counts of 16 bits as these.
    sampling_rate : float or None
        In Hz; None where the signal knows it.
    blank : ndarray, float, shape (n, 2)
        Begin and end, in s, of what is replaced by a line.

    Returns
    -------
    samples : list of Samples
        One for each stretch with a sample.
    sampling_rate : float
        In Hz.
    n_channels : int
        Number of channels.

    Raises
    ------
    ValueError
        If an array has not two dimensions or no numbers, or the sampling rate is not known or not the signal's.
    """
    source: Any = signal
    unit = 1.0
    if isinstance(signal, np.ndarray):
        if signal.ndim != 2 or signal.dtype.kind not in "iuf":
            raise ValueError(
                f"a signal of shape {signal.shape} and type {signal.dtype} needs samples by channels, in numbers"
            )
        if sampling_rate is None:
            raise ValueError("an array does not know its sampling rate; give it in Hz")
        source = _source(signal, float(sampling_rate))
    elif sampling_rate is not None and not np.isclose(sampling_rate, signal.sampling_rate, rtol=1e-6):
        raise ValueError(f"the signal has {signal.sampling_rate:g} samples per second, not {sampling_rate:g}")
    if isinstance(source, CountedSignal) and source.dtype == np.int16 and source.microvolts:
        source, unit = _Counts(source), float(source.microvolts)
    rate = float(source.sampling_rate)
    bounds = np.append(source.segments["first"], source.shape[0]).astype(np.int64)
    stretches = []
    for first, stop, start in zip(
        bounds[:-1].tolist(), bounds[1:].tolist(), source.segments["start"].tolist(), strict=True
    ):
        if stop > first:
            blanks = _blanks(blank, start, rate, stop - first)
            stretches.append(Samples(source, first, stop, start, blanks, unit))
    return stretches, rate, int(source.shape[1])


def _source(values: NDArray[Any], sampling_rate: float) -> _Array:
    """Return an array as a signal, by its file where it is a stretch of one as it stands there."""
    root: Any = values
    while isinstance(root, np.ndarray) and not isinstance(root.base, mmap):
        root = root.base
    if isinstance(root, np.memmap) and root.mode == "r" and root.filename is not None and values.flags.c_contiguous:
        offset = root.offset + values.ctypes.data - root.ctypes.data
        return _MappedFile(values, root.filename, offset, sampling_rate)
    return _Array(values, sampling_rate)


def _blanks(blank: NDArray[np.float64], start: float, rate: float, size: int) -> IntArray:
    """Return blanks as samples of a stretch, those that touch made one."""
    seen = np.stack([np.floor((blank[:, 0] - start) * rate), np.ceil((blank[:, 1] - start) * rate)], 1)
    seen = seen[(seen[:, 1] > 0) & (seen[:, 0] < size - 1) & (seen[:, 1] > seen[:, 0])]
    edges: IntArray = np.clip(seen, 0, size - 1).astype(np.int64)
    edges = edges[np.argsort(edges[:, 0], kind="stable")]
    if not edges.size:
        return edges
    reach = np.maximum.accumulate(edges[:, 1])
    first = np.flatnonzero(np.append(True, edges[1:, 0] > reach[:-1]))
    merged: IntArray = np.stack([edges[first, 0], reach[np.append(first[1:], edges.shape[0]) - 1]], 1)
    return merged


def numbers(values: NDArray[Any]) -> NDArray[Any]:
    """Return samples with 0 where there is no number, so that one of them is not in every sum.

    Parameters
    ----------
    values : ndarray, int16 or float32, shape (n_samples, n_channels)
        As read.

    Returns
    -------
    ndarray, int16 or float32, shape (n_samples, n_channels)
        The same array where all are numbers.

    Examples
    --------
    >>> numbers(np.array([[1.0, np.nan], [np.inf, 2.0]], np.float32)).tolist()
    [[1.0, 0.0], [0.0, 2.0]]
    """
    if values.dtype == np.int16 or np.isfinite(values).all():
        return values
    return np.where(np.isfinite(values), values, values.dtype.type(0))
