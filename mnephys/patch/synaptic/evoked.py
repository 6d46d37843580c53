"""Events that follow what the recording says was done: stimuli, and steps of the command."""

from __future__ import annotations

import numpy as np

from mnephys.patch.steps import find_steps
from mnephys.recording import FloatArray, IntArray, SweepRecording

__all__ = ["evoked"]

LATEST_S = 0.5
JITTER_S = 0.003
FEWEST = 4
LEAST_SHARE = 0.4
BY_CHANCE = 1e-6


def evoked(sweep: IntArray, time: FloatArray, recording: SweepRecording) -> str:
    """Say what events follow at a constant latency, if anything.

    Parameters
    ----------
    sweep : ndarray, int, shape (n,)
        Sweep of each event.
    time : ndarray, float, shape (n,)
        Onset within the sweep in s.
    recording : SweepRecording
        Its tags, with the start of each sweep, and the steps of its command say when something was done. Tags between
        sweeps do not count, nor does any where two sweeps start at the same time, as where the start is not known.

    Returns
    -------
    str
        ``the tags of the recording``, ``the steps of the command`` or nothing.

    Notes
    -----
    Two fifths of the tags or steps, and at least four, have to be followed within 0.5 s by an event at the same
    latency, to 3 ms, and more often than chance has it.

    Examples
    --------
    >>> import numpy as np
    >>> from mnephys.recording import Clamp
    >>> tags = tuple((1.0 + k, "stimulus") for k in range(8))
    >>> recording = SweepRecording(np.zeros((1, 10000)), 1000.0, Clamp.VOLTAGE, tags=tags)
    >>> evoked(np.zeros(8, dtype=int), 1.004 + np.arange(8.0), recording)
    'the tags of the recording'
    >>> evoked(np.zeros(8, dtype=int), 1.1 * np.arange(8.0), recording)
    ''
    """
    for words, (of_sweep, at) in (
        ("the tags of the recording", _tags(recording)),
        ("the steps of the command", _steps(recording)),
    ):
        if _follow(sweep, time, of_sweep, at, recording):
            return words
    return ""


def _tags(recording: SweepRecording) -> tuple[IntArray, FloatArray]:
    """Return sweep and time of each tag within a sweep; none where sweeps start at the same time."""
    at = np.array([time for time, _ in recording.tags], dtype=np.float64)
    begin = np.asarray(recording.sweep_start, dtype=np.float64)
    order = np.argsort(begin, kind="stable")
    if (np.diff(begin[order]) <= 0).any():
        return np.zeros(0, dtype=np.int64), np.zeros(0)
    place = np.searchsorted(begin[order], at, side="right") - 1
    known = (place >= 0) & np.isfinite(at)
    sweep = order[place[known]]
    since = at[known] - begin[sweep]
    within = since < recording.n_samples / recording.sampling_rate
    return sweep[within], since[within]


def _steps(recording: SweepRecording) -> tuple[IntArray, FloatArray]:
    """Return sweep and time of each change of the command."""
    if recording.command is None:
        return np.zeros(0, dtype=np.int64), np.zeros(0)
    steps = find_steps(recording.command, recording.sampling_rate, recording.n_valid)
    later = np.diff(steps.sweep, prepend=-1) == 0
    start = steps.start[later] - steps.sweep[later] * recording.n_samples
    return steps.sweep[later], start / recording.sampling_rate


def _follow(sweep: IntArray, time: FloatArray, of_sweep: IntArray, at: FloatArray, recording: SweepRecording) -> bool:
    from scipy.stats import binom

    if at.size < FEWEST or not time.size:
        return False
    # Sweeps lie so far apart that nothing follows across their ends.
    seconds = recording.n_samples / recording.sampling_rate
    apart = seconds + 2.0 * LATEST_S
    events, done = np.sort(time + sweep * apart), np.sort(at + of_sweep * apart)
    # One event is not to follow two at the same latency.
    done = done[np.diff(done, prepend=-np.inf) > JITTER_S]
    first = np.searchsorted(events, done)
    count = np.searchsorted(events, done + LATEST_S) - first
    owner = np.repeat(np.arange(done.size), count)
    index = np.arange(owner.size) + np.repeat(first - np.cumsum(count) + count, count)
    number = _most_together(owner, events[index] - done[owner])
    share = 1.0 - np.exp(-JITTER_S * time.size / (recording.n_sweeps * seconds))
    chance = owner.size * binom.sf(number - 2, done.size - 1, share)
    return bool(number >= max(FEWEST, LEAST_SHARE * done.size) and chance < BY_CHANCE)


def _most_together(owner: IntArray, latency: FloatArray) -> int:
    """Return how many owners have a latency, in order within each, in the span that most have one in."""
    begin = np.sort(latency)
    together = np.searchsorted(begin, begin + JITTER_S) - np.arange(begin.size)
    # Two of one owner in a span count once: the later is in it if the span begins after `late` and not after `early`.
    same = np.flatnonzero((np.diff(owner) == 0) & (np.diff(latency) < JITTER_S))
    early, late = np.sort(latency[same]), np.sort(latency[same + 1] - JITTER_S)
    again = np.searchsorted(late, begin) - np.searchsorted(early, begin)
    return int((together - again).max(initial=0))
