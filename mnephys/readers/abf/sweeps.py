"""Where the sweeps of an ABF file lie: from its table of sweeps, or from their number."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mnephys.errors import UnsupportedFormatError
from mnephys.readers.abf.fields import corrupt
from mnephys.readers.abf.header import GAP_FREE, VARIABLE_LENGTH, Sweeps
from mnephys.readers.binary import BinaryFile
from mnephys.recording import FloatArray, IntArray

__all__ = ["MOST_SWEEPS", "find_sweeps"]

#: More sweeps than this are a damaged count.
MOST_SWEEPS = 50_000
# Padding may cost this many times the samples themselves, and always this many samples, so that one long sweep
# among thousands of short ones cannot ask for terabytes.
_LARGEST_PADDING, _FREE_PADDING = 16, 1 << 22


def find_sweeps(
    file: BinaryFile,
    table: NDArray[Any] | None,
    *,
    mode: int,
    episodes: int,
    n_points: int,
    n_channels: int,
    sampling_rate: float,
    tick: float,
    interval: float,
    points_per_sweep: int = 0,
) -> Sweeps:
    """Return where the sweeps lie.

    Parameters
    ----------
    file : BinaryFile
        For messages.
    table : structured array, shape (n_sweeps,), or None
        The table of sweeps, where there is one: ``start`` in ticks, ``length`` in samples of all channels.
    mode : int
        Of the acquisition. A gap-free recording is one sweep, however often it was paused.
    episodes : int
        Number of sweeps according to the header.
    n_points, n_channels : int
        Samples of all channels, and channels.
    sampling_rate : float
        Of one channel, in Hz.
    tick : float
        Unit of ``start``, in s.
    interval : float
        From the start of a sweep to that of the next, in s; 0 where the header does not say.
    points_per_sweep : int
        Samples of all channels in a sweep; 0 where the header does not say.

    Returns
    -------
    Sweeps
        At least one, none empty.

    Raises
    ------
    CorruptHeaderError
        If the sweeps do not fit the samples.
    UnsupportedFormatError
        If they differ so much in length that one array cannot hold them.
    """
    per_channel = n_points // n_channels
    if per_channel == 0:
        raise corrupt(file, f"the header states {n_points} samples for {n_channels} channels: there is no sweep")
    if mode == GAP_FREE:
        pauses = 0 if table is None else len(table) - 1
        note = [f"The recording was paused {pauses} times; it is read as one sweep."] if pauses > 0 else []
        return Sweeps(np.array([per_channel]), np.zeros(1), tuple(note))
    if table is None:
        count = max(episodes, 1)
        if count > MOST_SWEEPS or n_points % (count * n_channels):
            raise corrupt(file, f"the header states {episodes} sweeps, which {n_points} samples cannot be divided into")
        length = np.full(count, per_channel // count)
        doubts = _stated_otherwise(count, n_points, points_per_sweep)
        return Sweeps(length, _back_to_back(length / sampling_rate, interval), doubts)
    length = _lengths(file, table, n_points, n_channels, tick * 1e6 if mode == VARIABLE_LENGTH else 0.0)
    problems = _contradictions(file, length, mode, episodes, n_points, n_channels)
    start: FloatArray = table["start"] * tick
    if start[0] < 0 or np.any(np.diff(start) <= 0):
        problems.append("The start times of the sweeps do not increase; the sweeps were set one after another.")
        start = _back_to_back(length / sampling_rate, interval)
    return Sweeps(length, start, tuple(problems))


def _lengths(file: BinaryFile, table: NDArray[Any], n_points: int, n_channels: int, unit: float) -> IntArray:
    """Return samples per channel of each sweep; `unit` is a tick in us where lengths may count ticks, else 0."""
    points = table["length"].astype(np.int64)
    if unit > 0 and points.sum() != n_points:
        # Some programs count these lengths in time units; the number of samples tells which it was.
        in_samples = np.rint(points / unit).astype(np.int64)
        points = in_samples if in_samples.sum() == n_points else points
    wrong = np.flatnonzero((points <= 0) | (points % n_channels != 0))
    if len(wrong):
        raise corrupt(file, f"sweep {wrong[0]} has {points[wrong[0]]} samples for {n_channels} channels")
    return points // n_channels


def _contradictions(
    file: BinaryFile, length: IntArray, mode: int, episodes: int, n_points: int, n_channels: int
) -> list[str]:
    """Return what disagrees about the sweeps, or raise where they cannot be trusted to lie where they seem to."""
    problems = []
    uneven = bool(np.any(length != length[0]))
    missing = n_points - int(length.sum()) * n_channels
    # A cut end leaves equal sweeps in place; a wrong length or number would shift or lose sweeps.
    if missing < 0 or (missing > 0 and (uneven or episodes != len(length))):
        raise corrupt(file, f"its sweeps hold {n_points - missing} samples, its data section {n_points}")
    if len(length) * int(length.max()) > max(_LARGEST_PADDING * n_points // n_channels, _FREE_PADDING):
        raise UnsupportedFormatError(
            file.path,
            f"its {len(length)} sweeps of {length.min()} to {length.max()} samples differ too much for one array",
            "export it as sweeps of one length",
        )
    if missing > 0:
        problems.append(f"{missing} samples after the last sweep were left out.")
    if uneven and mode != VARIABLE_LENGTH:
        problems.append("The sweeps differ in length although the header says that they do not.")
    if episodes != len(length):
        problems.append(f"The header states {episodes} sweeps, the table of sweeps holds {len(length)}.")
    return problems


def _stated_otherwise(count: int, n_points: int, points_per_sweep: int) -> tuple[str, ...]:
    """Return a sentence where the length of a sweep that a header states gives another number of them."""
    if points_per_sweep <= 0 or count * points_per_sweep == n_points:
        return ()
    stated = f"{count} sweeps of {points_per_sweep} samples, but {n_points} samples in all"
    return (f"The header states {stated}; they were cut into {count}.",)


def _back_to_back(duration: FloatArray, interval: float) -> FloatArray:
    """Return start times in s where no table holds them."""
    if math.isfinite(interval) and interval >= duration.max():
        return np.arange(len(duration)) * interval
    return np.cumsum(duration) - duration
