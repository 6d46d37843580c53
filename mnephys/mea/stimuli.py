"""When a plate was stimulated, and what its electrodes do while it is not."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike

from mnephys.mea.clock import covered_time
from mnephys.mea.definitions import TIE
from mnephys.recording import FloatArray, PlateRecording, SpikeTrains
from mnephys.recording.stretches import stretch_of

__all__ = ["STIMULATION", "Spontaneous", "checked_times", "first_pulses", "spontaneous_trains", "stimulus_times"]

STIMULATION = "stim"
"""What the text of an event begins with, in small letters, that is a stimulation."""


def stimulus_times(recording: PlateRecording, begins_with: str = STIMULATION) -> FloatArray:
    """Return when a plate was stimulated, by the events of its file.

    Parameters
    ----------
    recording : PlateRecording
        As read.
    begins_with : str
        What the text of a stimulation begins with; capitals make no difference.

    Returns
    -------
    ndarray, float, shape (n_stimuli,)
        In s, sorted, each time once; those that are no number are left out.

    Examples
    --------
    >>> from mnephys.recording import LAYOUTS
    >>> from mnephys.recording.plate import electrodes_of
    >>> electrodes = electrodes_of(LAYOUTS["6-well"])
    >>> trains = SpikeTrains.from_lists([[]] * 384, electrodes["well"], stop=9.0)
    >>> events = ((4.0, "Stimulation"), (1.0, "stimulation: train 1"), (6.0, "dose"))
    >>> stimulus_times(PlateRecording(LAYOUTS["6-well"], electrodes, trains, events=events))
    array([1., 4.])
    """
    start = begins_with.lower()
    return checked_times([time for time, text in recording.events if text.strip().lower().startswith(start)])


def checked_times(times: ArrayLike | Sequence[float]) -> FloatArray:
    """Return times in order, each once.

    Parameters
    ----------
    times : array_like, shape (n,)
        In s; those that are not finite are left out.

    Returns
    -------
    ndarray, float, shape (n_times,)
        Ascending.
    """
    every = np.asarray(times, dtype=np.float64).ravel()
    return np.unique(every[np.isfinite(every)])


def first_pulses(times: FloatArray, apart: float) -> FloatArray:
    """Return the first pulse of each train of pulses.

    Parameters
    ----------
    times : ndarray, float, shape (n_pulses,)
        In s, ascending.
    apart : float
        A pulse that follows another within less than this, in s, belongs to the same train; one that comes sooner by
        no more than `mnephys.mea.TIE` does not.

    Returns
    -------
    ndarray, float, shape (n_trains,)
        In s; each later than the one before by at least `apart`.

    Examples
    --------
    >>> import numpy as np
    >>> first_pulses(np.array([1.0, 1.05, 1.1, 5.0]), 0.1)
    array([1., 5.])
    """
    begins = np.ones(times.size, dtype=bool)
    begins[1:] = np.diff(times) >= apart - TIE
    return times[begins]


@dataclass(frozen=True, slots=True, eq=False)
class Spontaneous:
    """What is left when the time after stimuli is cut out.

    Parameters
    ----------
    trains : SpikeTrains
        Without the spikes of that time; the times of the others are as they were.
    duration : float
        The time that is left, in s, without gaps of the recording.
    """

    trains: SpikeTrains
    duration: float

    @property
    def rate(self) -> FloatArray:
        """Spikes per second of the time that is left, in Hz, shape (n_trains,); NaN where none is left."""
        counts = self.trains.counts
        return counts / self.duration if self.duration > 0 else np.full(counts.size, np.nan)


def spontaneous_trains(trains: SpikeTrains, stimuli: ArrayLike, cut: float = 0.5) -> Spontaneous:
    """Cut the time after stimuli out of trains.

    Parameters
    ----------
    trains : SpikeTrains
        Any. Where `stop` is None, the last spike of all ends the recording.
    stimuli : array_like, shape (n_stimuli,)
        In s, in any order; every pulse counts.
    cut : float
        From a stimulus, in s. A spike at its very end is left.

    Returns
    -------
    Spontaneous
        Trains and the length of time that is left.

    Raises
    ------
    ValueError
        If the cut is negative or not finite.

    Examples
    --------
    >>> trains = SpikeTrains.from_lists([[0.5, 1.2, 4.0], [1.3]], stop=10.0)
    >>> left = spontaneous_trains(trains, [1.0, 1.25], cut=0.5)
    >>> left.trains.counts, left.duration, left.rate.round(3)
    (array([2, 0]), 9.25, array([0.216, 0.   ]))
    """
    if not (math.isfinite(cut) and cut >= 0):
        raise ValueError(f"a cut of {cut} s cannot be; give a time in s")
    times = checked_times(stimuli)
    stretches = trains.start + covered_time(trains)
    left, right = _recorded(times, stretches), _recorded(times + cut, stretches)
    start, stop = _recorded(stretches[[0, -1], [0, 1]], stretches).tolist()
    # Stimuli are in order and cut alike, so that only the next one can shorten what is cut after one.
    lost = np.minimum(right, np.append(left[1:], stop)) - left if times.size else np.zeros(0)
    before = np.searchsorted(times, trains.times, side="right") - 1
    since = trains.times - np.append(times, -np.inf)[before]
    kept = since >= cut - TIE
    counts = np.bincount(trains.train_of_spike[kept], minlength=trains.n_trains)
    cleaned = replace(
        trains,
        times=trains.times[kept],
        offsets=np.concatenate([[0], np.cumsum(counts)]),
        amplitudes=None if trains.amplitudes is None else trains.amplitudes[kept],
        waveforms=None,
    )
    return Spontaneous(cleaned, max(float(stop - start - lost.sum()), 0.0))


def _recorded(times: FloatArray, stretches: FloatArray) -> FloatArray:
    """Return times on a clock that stands still in gaps and beyond the ends of the recording."""
    gaps = stretches[1:, 0] - stretches[:-1, 1]
    at = np.maximum(stretch_of(times, stretches), 0)
    going: FloatArray = np.clip(times, stretches[at, 0], stretches[at, 1])
    missed: FloatArray = np.concatenate([[0.0], np.cumsum(gaps)])
    return going - missed[at]
