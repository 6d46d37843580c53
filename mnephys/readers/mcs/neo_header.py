"""What neo wants to know of a whole file, which the recordings of one may contradict."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from mnephys.errors import UnsupportedFormatError
from mnephys.readers.mcs.neo_segments import StretchSegment
from mnephys.readers.mcs.spike_stream import Source
from mnephys.readers.mcs.streams import AnalogStream
from mnephys.readers.mcs.tables import scaled

__all__ = ["channel_rows", "common_cut_outs", "common_streams", "spike_sources"]

#: Zero, step in uV, samples before the spike, sampling rate in Hz.
CutOutScale = tuple[float, float, int, float]

_ADVICE = "read one recording of the file: McsHdf5RawIO(filename, recording=0)"


def common_streams(path: str, segments: Sequence[StretchSegment]) -> dict[str, AnalogStream]:
    """Return the analog streams of a file.

    Parameters
    ----------
    path : str
        For messages.
    segments : sequence of StretchSegment
        All of it.

    Returns
    -------
    dict of str to AnalogStream
        By name, each as it is in the first segment that has it.

    Raises
    ------
    UnsupportedFormatError
        If one of another segment has other channels.
    """
    found: dict[str, AnalogStream] = {}
    for segment in segments:
        for name, piece in segment.pieces.items():
            known = found.setdefault(name, piece.stream)
            if not _alike(known, piece.stream):
                problem = f"{known.origin.place} and {piece.stream.origin.place} have different channels"
                raise UnsupportedFormatError(path, problem, _ADVICE)
    return found


def common_cut_outs(path: str, segments: Sequence[StretchSegment]) -> dict[int, CutOutScale]:
    """Return what the cut-outs of a file mean.

    Parameters
    ----------
    path : str
        For messages.
    segments : sequence of StretchSegment
        All of it.

    Returns
    -------
    dict of int to tuple of float
        By the number of the electrode: zero, step in uV, samples before the spike, and sampling rate in Hz.

    Raises
    ------
    UnsupportedFormatError
        If they mean something else in another recording.
    """
    found: dict[int, CutOutScale] = {}
    for spikes in dict.fromkeys(segment.spikes for segment in segments):
        if spikes is None or spikes.cut_outs is None or spikes.shape is None:
            continue
        first = spikes.stream.trains.offsets[:-1]
        numbers = spikes.stream.trains.channels.tolist()
        for number, entity in zip(numbers, spikes.cut_outs.entity[first].tolist(), strict=True):
            scale = float(spikes.cut_outs.zero[entity]), float(spikes.cut_outs.step_uv[entity])
            rate = spikes.shape.sampling_rate
            meaning = (*scale, int((spikes.shape.before or 0.0) * rate), rate)
            if found.setdefault(number, meaning) != meaning:
                problem = f"the cut-outs of channel {number} mean different voltages in its recordings"
                raise UnsupportedFormatError(path, problem, _ADVICE)
    return found


def spike_sources(segments: Sequence[StretchSegment]) -> dict[int, Source]:
    """Return the electrodes of a file in which spikes were looked for.

    Parameters
    ----------
    segments : sequence of StretchSegment
        All of it.

    Returns
    -------
    dict of int to (int, str)
        Group and name, by the number of the electrode, which rises.
    """
    found: dict[int, Source] = {}
    for segment in segments:
        if segment.spikes is not None:
            found = {**segment.spikes.stream.sources, **found}
    return dict(sorted(found.items()))


def channel_rows(name: str, stream: AnalogStream) -> list[tuple[Any, ...]]:
    """Return the header of the channels of a stream.

    Parameters
    ----------
    name : str
        Of the stream.
    stream : AnalogStream
        Any.

    Returns
    -------
    list of tuple
        As neo wants them: what is in volt in uV, what is no measurement as it is stored.
    """
    channels, dtype = stream.channels, stream.array.dtype.name
    in_volt = np.array(channels.units) == "V"
    gains = scaled(channels.factor, channels.exponent + 6 * in_volt)
    units = ["uV" if unit == "V" else "dimensionless" if unit == "NoUnit" else unit for unit in channels.units]
    found = []
    rows = zip(channels.labels, channels.ids.tolist(), units, gains.tolist(), channels.zero.tolist(), strict=True)
    for label, number, unit, gain, zero in rows:
        scale = (gain, -zero * gain) if gain else (1.0, 0.0)
        found.append((label, str(number), channels.sampling_rate, dtype, unit, *scale, name, ""))
    return found


def _alike(one: AnalogStream, other: AnalogStream) -> bool:
    first, second = one.channels, other.channels
    return (
        first.tick == second.tick
        and first.units == second.units
        and one.array.dtype == other.array.dtype
        and all(np.array_equal(getattr(first, key), getattr(second, key)) for key in ("ids", "zero", "step"))
    )
