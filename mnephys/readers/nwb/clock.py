"""When the samples of a series of an NWB file were taken: at a stated rate, or at times of their own."""

from __future__ import annotations

import math
from collections.abc import Iterator
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mnephys.errors import CorruptHeaderError, UnsupportedFormatError
from mnephys.readers.damage import DAMAGED_NWB
from mnephys.readers.hdf5.file import Hdf5File
from mnephys.readers.hdf5.lazy import LazyArray
from mnephys.readers.hdf5.numbers import checked_rate, number_in
from mnephys.recording import SEGMENT, FloatArray, whole_segment

__all__ = ["clock_of"]

_EVEN = "resample it, and write it with a starting time and a rate"
# So many times are read at once.
_BLOCK = 1 << 20
# Of the interval between samples: what is nearer or farther is no jitter of a clock.
_NEAREST, _FARTHEST = 0.5, 1.5
# A recording that stops more often than every hundredth sample has no rate.
_SHORTEST_STRETCH = 100
# In s: thirty years.
_LONGEST = 1e9
# A rate from differences of times is off in its last digits; that of a clock is a simple fraction.
_ROUNDED, _DENOMINATOR = 1e-9, 1000


def clock_of(content: Hdf5File, place: str, n_samples: int) -> tuple[float, NDArray[np.void]]:
    """Return sampling rate and stretches of a series.

    Parameters
    ----------
    content : Hdf5File
        Open.
    place : str
        Path of the series.
    n_samples : int
        That it has.

    Returns
    -------
    rate : float
        In Hz.
    segments : ndarray of dtype `SEGMENT`, shape (n_segments,)
        Stretches without a gap.

    Raises
    ------
    CorruptHeaderError
        If it states a rate or a start that cannot be, or not one time per sample.
    UnsupportedFormatError
        If its samples are not evenly spaced, or their times are not in it.
    ReadError
        Otherwise, if it cannot be read.
    """
    name = f"{place}/starting_time"
    rate = content.attributes(name).get("rate")
    if rate is not None:
        start = number_in(content, name)
        if start is None or not abs(start) < _LONGEST:
            raise CorruptHeaderError(content.path, f"dataset {name} states no time at which it starts", DAMAGED_NWB)
        if not isinstance(rate, int | float):
            raise CorruptHeaderError(content.path, f"dataset {name} states no sampling rate", DAMAGED_NWB)
        return checked_rate(content.path, f"dataset {name}", float(rate)), whole_segment(start)
    name = f"{place}/timestamps"
    times = content.lazy(name)
    if times is None:
        raise UnsupportedFormatError(content.path, f"series {place} states no rate", _EVEN)
    try:
        return _from_times(content.path, name, times, n_samples)
    finally:
        times.close()


def _from_times(path: str, name: str, times: LazyArray, n_samples: int) -> tuple[float, NDArray[np.void]]:
    if times.shape != (n_samples,) or times.dtype.kind != "f":
        problem = f"dataset {name} holds {times.dtype} of shape {times.shape}, not a time in s for each of {n_samples}"
        raise CorruptHeaderError(path, f"{problem} samples", DAMAGED_NWB)
    if n_samples < 2:
        raise UnsupportedFormatError(path, f"dataset {name} holds one time, which is no rate", _EVEN)
    usual = _usual_step(times.read(0, min(n_samples, _BLOCK)))
    if not 0 < usual < _LONGEST:
        raise UnsupportedFormatError(path, f"dataset {name} holds times that do not rise", _EVEN)
    firsts, starts, ends = _stretches(path, name, times, usual)
    lengths = np.diff(np.append(firsts, n_samples))
    spans = ends - starts
    if not spans.sum() > 0:
        raise UnsupportedFormatError(path, f"dataset {name} holds times that do not rise", _EVEN)
    rate = float((lengths - 1).sum() / spans.sum())
    plain = float(Fraction(rate).limit_denominator(_DENOMINATOR))
    rate = checked_rate(path, f"dataset {name}", plain if math.isclose(rate, plain, rel_tol=_ROUNDED) else rate)
    segments = np.zeros(firsts.size, SEGMENT)
    segments["first"], segments["start"] = firsts, starts
    _check_even(path, name, times, segments, rate)
    return rate, segments


def _usual_step(times: NDArray[Any]) -> float:
    """Return the interval between most samples in s, NaN where no two have a time."""
    steps = _steps(times)
    steps = steps[np.isfinite(steps)]
    return float(np.median(steps)) if steps.size else math.nan


def _steps(times: NDArray[Any]) -> FloatArray:
    with np.errstate(invalid="ignore", over="ignore"):
        return np.diff(times.astype(np.float64, copy=False))


def _blocks(times: LazyArray, shared: int) -> Iterator[tuple[int, FloatArray]]:
    """Yield the times piece by piece with their first index; neighbours share some."""
    n = times.shape[0]
    for first in range(0, max(n - shared, 1), _BLOCK):
        yield first, times.read(first, min(first + _BLOCK + shared, n)).astype(np.float64, copy=False)


def _stretches(
    path: str, name: str, times: LazyArray, usual: float
) -> tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.float64]]:
    """Return first sample, and first and last time, of every stretch without a gap."""
    n = times.shape[0]
    firsts, starts, ends = [np.zeros(1, np.int64)], [times.read(0, 1)], []
    n_gaps = 0
    for first, piece in _blocks(times, 1):
        step = _steps(piece)
        odd = ~(step >= _NEAREST * usual)
        if odd.any() or not np.isfinite(piece).all():
            at = first + int(np.argmax(odd))
            raise UnsupportedFormatError(path, f"dataset {name} holds irregular times, from sample {at} on", _EVEN)
        gaps = np.flatnonzero(step > _FARTHEST * usual)
        n_gaps += gaps.size
        if n_gaps * _SHORTEST_STRETCH > n:
            raise UnsupportedFormatError(path, f"dataset {name} holds irregular times, with more gaps than rate", _EVEN)
        firsts.append(first + gaps + 1)
        starts.append(piece[gaps + 1])
        ends.append(piece[gaps])
    ends.append(times.read(n - 1, n))
    return np.concatenate(firsts), np.concatenate(starts), np.concatenate(ends)


def _check_even(path: str, name: str, times: LazyArray, segments: NDArray[np.void], rate: float) -> None:
    """Raise unless every sample is within half an interval of where the rate has it."""
    for first, piece in _blocks(times, 0):
        sample = first + np.arange(piece.size)
        of = np.searchsorted(segments["first"], sample, side="right") - 1
        expected = segments["start"][of] + (sample - segments["first"][of]) / rate
        off = np.abs(piece - expected) * rate
        if off.max() > _NEAREST:
            at = first + int(np.argmax(off > _NEAREST))
            problem = f"dataset {name} holds irregular times: sample {at} is not where {rate:.6g} Hz would have it"
            raise UnsupportedFormatError(path, problem, _EVEN)
