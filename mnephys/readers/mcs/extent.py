"""When a recording begins and ends: by its samples, and by its own word only where these cannot say."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from mnephys.readers.mcs.file import McsRecording
from mnephys.readers.mcs.streams import AnalogStream
from mnephys.readers.mcs.trains import Spikes
from mnephys.recording import DurationSource, FloatArray

__all__ = ["Extent", "extent_of"]

# Times are whole microseconds.
_SAME = 1e-6
_LONGEST = 315_576_000.0

#: Begin and end in s.
Extent = tuple[float, float]


def extent_of(recording: McsRecording, spikes: Spikes | None, problems: list[str]) -> tuple[Extent, DurationSource]:
    """Return when a recording begins and ends.

    Parameters
    ----------
    recording : McsRecording
        As read.
    spikes : Spikes or None
        Those of it.
    problems : list of str
        Takes a sentence where the stated duration is another than that of the data.

    Returns
    -------
    extent : tuple of float
        First and last sample of the electrodes, of the other channels where there are none; the stated duration only
        where there are no samples, or where spikes are after the last of them.
    source : DurationSource
        The spikes, where nothing else says it.
    """
    times = np.zeros(0) if spikes is None else spikes.stream.trains.times
    sampled = [stream for stream in recording.analog if stream.of_electrodes] or recording.analog
    data = None
    if sampled:
        data = min(stream.edges[0] for stream in sampled), max(stream.edges[1] for stream in sampled)
    if data is not None and _covers(data, times):
        _compare(recording, data, sampled, problems)
        return data, DurationSource.STATED
    stated = _stated(recording, data, times)
    if data is not None and stated is not None:
        what = f"Samples are there from {data[0]:g} to {data[1]:g} s, and spikes outside of that"
        problems.append(
            f"{what}; {recording.place} is taken to last from {stated[0]:g} to {stated[1]:g} s, as it says."
        )
    if stated is not None:
        return stated, DurationSource.STATED
    if data is not None:
        _compare(recording, data, sampled, problems)
        return data, DurationSource.STATED
    first, last = float(times.min(initial=np.inf)), float(times.max(initial=-np.inf))
    if (duration := _duration(recording)) is not None:
        problems.append(f"{recording.place} states {duration:g} s, but its spikes are at {first:g} to {last:g} s.")
    return ((first, last) if times.size else (0.0, 0.0)), DurationSource.SPIKES


def _covers(extent: Extent, times: FloatArray) -> bool:
    return not ((times < extent[0] - _SAME) | (times > extent[1] + _SAME)).any()


def _duration(recording: McsRecording) -> float | None:
    """Return the stated duration in s, None where there is none that can be true."""
    stated = recording.attributes.get("Duration")
    duration = stated / 1e6 if isinstance(stated, int | float) else 0.0
    return duration if 0 < duration < _LONGEST else None


def _stated(recording: McsRecording, data: Extent | None, times: FloatArray) -> Extent | None:
    """Return the stated extent, None if it does not hold all samples and spikes.

    Time stamps count from the start of the recording, or of the acquisition before it.
    """
    duration, stamp = _duration(recording), recording.attributes.get("TimeStamp")
    begins = [0.0, *([data[0]] if data else []), *([stamp / 1e6] if isinstance(stamp, int) else [])]
    for begin in begins if duration is not None else []:
        extent = begin, begin + (duration or 0.0)
        if _covers(extent, times) and (data is None or _covers(extent, np.array(data))):
            return extent
    return None


def _compare(recording: McsRecording, data: Extent, sampled: Sequence[AnalogStream], problems: list[str]) -> None:
    duration = _duration(recording)
    # Whether the time of gaps belongs to a duration is not defined.
    lengths = [data[1] - data[0], *(stream.n_samples / stream.channels.sampling_rate for stream in sampled)]
    tick = max(stream.channels.tick for stream in sampled) / 1e6
    if duration is not None and all(abs(length - duration) > tick + _SAME for length in lengths):
        what = f"{recording.place} states a duration of {duration:g} s"
        problems.append(f"{what}, but its data last {lengths[0]:g} s, which is what counts.")
