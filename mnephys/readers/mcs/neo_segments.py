"""A recording of Multi Channel Systems in the terms of neo: one segment per stretch without a gap."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mnephys.errors import UnsupportedFormatError
from mnephys.readers.hdf5.signal_parts import Order, SignalPart
from mnephys.readers.mcs.events import Events
from mnephys.readers.mcs.extent import extent_of
from mnephys.readers.mcs.file import McsRecording
from mnephys.readers.mcs.streams import AnalogStream
from mnephys.readers.mcs.trains import Spikes, chosen_spikes
from mnephys.recording import IntArray

__all__ = ["Piece", "StretchSegment", "piece_part", "segments_of"]


@dataclass(frozen=True, slots=True, eq=False)
class Piece:
    """The part of an analog stream that is in a segment.

    Parameters
    ----------
    stream : AnalogStream
        Whole.
    first, last : int
        Its samples ``first:last`` are in the segment.
    start : float
        Time of the first of them, in s.
    """

    stream: AnalogStream
    first: int
    last: int
    start: float

    @property
    def stop(self) -> float:
        """End of its last sample, in s."""
        return self.start + (self.last - self.first) / self.stream.channels.sampling_rate


@dataclass(frozen=True, slots=True, eq=False)
class StretchSegment:
    """What was recorded without a gap.

    Parameters
    ----------
    name : str
        Recording and, if there are several, stretch.
    start, stop : float
        In s.
    pieces : dict of str to Piece
        By the name of the stream.
    spikes : Spikes or None
        All of the recording.
    events : dict of str to Events
        All of the recording, by the name of their kind.
    final : bool
        Whether what happens at `stop` is in it.
    problems : tuple of str
        What was noticed about the recording.
    """

    name: str
    start: float
    stop: float
    pieces: dict[str, Piece]
    spikes: Spikes | None
    events: dict[str, Events]
    final: bool
    problems: tuple[str, ...]

    def spikes_of(self, channel: int, start: float | None = None, stop: float | None = None) -> IntArray:
        """Return the spikes of an electrode that are in the segment.

        Parameters
        ----------
        channel : int
            Number of the electrode.
        start, stop : float, optional
            Only those not before and not after, in s.

        Returns
        -------
        ndarray of int, shape (n_found,)
            Rows in the stream of spikes, by time.
        """
        if self.spikes is None:
            return np.zeros(0, np.int64)
        trains = self.spikes.stream.trains
        rows = trains.ordered([channel])
        here = trains.times[rows]
        inside = (here >= self.start) & ((here <= self.stop) if self.final else (here < self.stop))
        inside &= (here >= (self.start if start is None else start)) & (here <= (self.stop if stop is None else stop))
        return rows[inside]


def piece_part(stream: AnalogStream) -> SignalPart:
    """Return the channels of a stream of any unit, to read their numbers as stored.

    Parameters
    ----------
    stream : AnalogStream
        Any.

    Returns
    -------
    SignalPart
        In the order of its channels.
    """
    channels = stream.channels
    return SignalPart(stream.array, Order.CHANNELS_FIRST, channels.rows, channels.zero, channels.step)


def segments_of(path: str, recording: McsRecording) -> list[StretchSegment]:
    """Return the segments of a recording.

    Parameters
    ----------
    path : str
        Of the file, for messages.
    recording : McsRecording
        As read.

    Returns
    -------
    list of StretchSegment
        None if it holds no samples and no spikes.

    Raises
    ------
    UnsupportedFormatError
        If its analog streams have not one number of stretches.
    """
    problems = list(recording.problems)
    spikes = chosen_spikes(recording.time_stamps, recording.cut_outs, problems)
    if not recording.analog and spikes is None:
        return []
    (begin, end), _ = extent_of(recording, spikes, problems)
    numbers = {stream.stretches.size for stream in recording.analog}
    if len(numbers) > 1:
        problem = f"the analog streams of {recording.place} have {min(numbers)} to {max(numbers)} stretches"
        raise UnsupportedFormatError(path, problem, "use mnephys.read_all, which reads electrodes by themselves")
    n_segments = max(numbers, default=1)
    pieces = [
        {stream.origin.place.rpartition("/")[2]: _piece(stream, number) for stream in recording.analog}
        for number in range(n_segments)
    ]
    starts = [begin, *(min(piece.start for piece in here.values()) for here in pieces[1:])]
    stops = [*(max(piece.stop for piece in here.values()) for here in pieces[:-1]), end]
    # What is no longer than a moment, for want of samples, neo cannot hold.
    if not all(start < stop for start, stop in zip(starts, stops, strict=True)):
        return []
    name = recording.place.rpartition("/")[2]
    return [
        StretchSegment(
            name if n_segments == 1 else f"{name}, stretch {number}",
            start,
            stop,
            here,
            spikes,
            {kind.place.partition("EventStream/")[2]: kind for kind in recording.events},
            number == n_segments - 1,
            tuple(problems),
        )
        for number, (start, stop, here) in enumerate(zip(starts, stops, pieces, strict=True))
    ]


def _piece(stream: AnalogStream, number: int) -> Piece:
    edges = [*stream.stretches["first"].tolist(), stream.n_samples]
    return Piece(stream, edges[number], edges[number + 1], float(stream.stretches["start"][number]))
