"""The slow course of a recording: its low-passed trace on one time axis, at the holding level alone."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mnephys.patch.edges import MIN_STEP_PA as SMALLEST_STEP
from mnephys.recording import BoolArray, Clamp, FloatArray, SweepRecording

__all__ = ["BIN_MS", "Course", "at_level", "slow_course", "sweeps_follow"]

BIN_MS = {Clamp.VOLTAGE: 10.0, Clamp.CURRENT: 50.0}
"""A bin is the mean of the current, or the median of the potential: that has no action potentials in it."""
AFTER_STEP_S = 0.1
COMMAND_NOISE = 8.0
SAMPLED = 500_000
_OVERLAP = 0.5


@dataclass(frozen=True, slots=True)
class Course:
    """A low-passed trace.

    Parameters
    ----------
    time : ndarray, float, shape (n,)
        Middle of each bin in s after the start of the recording, rising.
    value : ndarray, float, shape (n,)
        In pA or mV; finite.
    width : float
        Of a bin in s.
    end : float
        Of the recording in s.
    """

    time: FloatArray
    value: FloatArray
    width: float
    end: float

    def between(self, start: float, stop: float) -> tuple[FloatArray, FloatArray]:
        """Return the bins whose middle lies in a window.

        Parameters
        ----------
        start, stop : float
            In s.

        Returns
        -------
        time, value : ndarray, float, shape (m,)
            Views.
        """
        first, last = np.searchsorted(self.time, [start, stop])
        return self.time[first:last], self.value[first:last]


def sweeps_follow(recording: SweepRecording) -> bool:
    """Return whether the sweeps come one after another, so that a tag has its place among them.

    Parameters
    ----------
    recording : SweepRecording
        As read.

    Returns
    -------
    bool
        False where several sweeps begin at the same time, as they do when nobody stored when they began.

    Examples
    --------
    >>> import numpy as np
    >>> sweeps_follow(SweepRecording(np.zeros((2, 100)), 1000.0, Clamp.VOLTAGE))
    False
    """
    order = np.argsort(recording.sweep_start, kind="stable")
    apart = np.diff(recording.sweep_start[order])
    return bool((apart >= _OVERLAP * recording.n_valid[order][:-1] / recording.sampling_rate).all())


def at_level(recording: SweepRecording) -> BoolArray:
    """Return which samples were recorded at the usual command, and not within 100 ms of another one.

    Parameters
    ----------
    recording : SweepRecording
        As read.

    Returns
    -------
    ndarray, bool, shape (n_sweeps, n_samples)
        All True where the file holds no command.

    Examples
    --------
    >>> import numpy as np
    >>> from mnephys.recording import CommandSource
    >>> command = np.full((1, 1000), -70.0)
    >>> command[0, 200:300] = -80.0
    >>> recording = SweepRecording(np.zeros((1, 1000)), 1000.0, Clamp.VOLTAGE, command, CommandSource.RECORDED)
    >>> int(at_level(recording).sum())
    800
    """
    command = recording.command
    if command is None:
        return np.ones(recording.response.shape, dtype=bool)
    n_samples, after = command.shape[1], round(AFTER_STEP_S * recording.sampling_rate)
    some = command.ravel()[:: max(1, command.size // SAMPLED)]
    some = some[np.isfinite(some)]
    if not some.size:
        return np.ones(command.shape, dtype=bool)
    usual = np.float32(np.median(some))
    with np.errstate(invalid="ignore", over="ignore"):
        # A command that was recorded has noise of its own.
        far = np.float32(max(SMALLEST_STEP, COMMAND_NOISE * float(np.median(np.abs(some - usual)))))
        off = command - usual
        away = ~(np.abs(off, out=off) <= far)
    del off
    count = np.zeros((away.shape[0], n_samples + 1), dtype=np.int32)
    np.cumsum(away, axis=1, out=count[:, 1:])
    near: BoolArray = count[:, 1:] == 0
    if after < n_samples:
        near[:, after:] = count[:, after + 1 :] == count[:, : n_samples - after]
    return near


def slow_course(recording: SweepRecording) -> Course:
    """Return the low-passed trace of a recording.

    Parameters
    ----------
    recording : SweepRecording
        With sweeps that follow one another.

    Returns
    -------
    Course
        Bins with a sample that is not finite, or not at the usual command, are missing.

    Examples
    --------
    >>> import numpy as np
    >>> course = slow_course(SweepRecording(np.full((1, 1000), -20.0), 1000.0, Clamp.VOLTAGE))
    >>> course.time[:2], course.value[:2]
    (array([0.005, 0.015]), array([-20., -20.]))
    """
    rate, response = recording.sampling_rate, recording.response
    n = min(max(1, round(BIN_MS[recording.clamp] / 1000.0 * rate)), recording.n_samples)
    n_bins = recording.n_samples // n
    response = response[:, : n_bins * n]
    good = np.isfinite(response) & at_level(recording)[:, : n_bins * n]
    pieces = np.where(good, response, np.float32(0)).reshape(-1, n_bins, n)
    whole = good.reshape(-1, n_bins, n).all(axis=2)
    with np.errstate(over="ignore", invalid="ignore"):
        if recording.clamp is Clamp.VOLTAGE:
            value = pieces.mean(axis=2, dtype=np.float64)
        else:
            value = np.median(pieces, axis=2, overwrite_input=True).astype(np.float64)
    time = recording.sweep_start[:, np.newaxis] + (np.arange(n_bins) + 0.5) * n / rate
    kept = whole & np.isfinite(value)
    order = np.argsort(time[kept], kind="stable")
    end = float((recording.sweep_start + recording.n_valid / rate).max())
    return Course(time[kept][order], value[kept][order], n / rate, end)
