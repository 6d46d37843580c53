"""Neo objects into recordings: what a script already holds in memory, with everything it says kept."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mnephys._version import __version__
from mnephys.errors import ReadError, UnitsError
from mnephys.readers.checks import check_magnitude
from mnephys.recording import Clamp, CommandSource, Provenance, SweepRecording
from mnephys.units import from_quantity

__all__ = ["from_neo"]

_UNIT = {"voltage": "mV", "current": "pA"}
_CLAMP = {"voltage": Clamp.CURRENT, "current": Clamp.VOLTAGE}
_RESPONSE = {clamp: dimension for dimension, clamp in _CLAMP.items()}
_COMMAND = {Clamp.CURRENT: "current", Clamp.VOLTAGE: "voltage"}


@dataclass(frozen=True, slots=True)
class _Channel:
    """One column of a signal that is a voltage or a current; `role` is what an export of ours called it."""

    name: str
    dimension: str
    values: NDArray[np.float32]
    rate: float
    start: float
    role: str
    annotations: Mapping[str, Any]


def from_neo(source: Any, *, channel: str | int | None = None, **overrides: Any) -> SweepRecording:
    """Turn neo objects into a recording.

    Parameters
    ----------
    source : neo.Block, neo.Segment, neo.AnalogSignal, or a sequence of segments or of signals
        Each segment is a sweep. In a sequence of signals those that are a voltage or all those that are a
        current are the sweeps, and those of the other dimension, if there are as many, their commands.
    channel : str or int, optional
        Name or index of the response among the voltages and currents of a segment. If omitted it is the first
        one, or the first that fits an overriding `clamp`.
    **overrides
        Fields of `SweepRecording` to set, such as ``clamp``, ``holding`` or ``junction_potential``.

    Returns
    -------
    SweepRecording
        Values as float32 in mV and pA, short sweeps padded with NaN; a signal of the command's dimension is its
        recorded command. Names, annotations and events stay in ``metadata["neo"]`` and ``tags``.

    Raises
    ------
    ReadError
        If there is no usable signal, no such channel, or the sweeps differ in sampling rate or kind.
    FileUnitsError
        If the values cannot have their unit.

    Examples
    --------
    >>> import neo
    >>> from mnephys.units import to_quantity
    >>> signal = neo.AnalogSignal(to_quantity([[-0.070], [-0.069]], "V"), sampling_rate=to_quantity(1.0, "kHz"))
    >>> recording = from_neo(signal)
    >>> recording
    SweepRecording: current clamp, 1 sweep x 0.002 s @ 1 kHz, response mV, command none
    >>> float(recording.response[0, 0])
    -70.0
    """
    block, segments = _segments(source)
    place = str(getattr(block, "file_origin", None) or "neo object")
    sweeps = [_channels(signals) for signals in _signals(source, segments, place)]
    if not sweeps or not all(sweeps):
        raise ReadError(place, "holds no signal that is a voltage or a current", "give segments with analog signals")
    clamp = Clamp(overrides["clamp"]) if "clamp" in overrides else None
    index = _response(sweeps[0], channel, clamp, place)
    responses = [found[index] if index < len(found) else found[0] for found in sweeps]
    rates, dimensions = {found.rate for found in responses}, {found.dimension for found in responses}
    if len(rates) > 1 or len(dimensions) > 1:
        raise ReadError(
            place,
            f"its sweeps differ: sampling rates {sorted(rates)} Hz, {' and '.join(sorted(dimensions))}",
            "give segments of one protocol and name the channel",
        )
    clamp = _CLAMP[responses[0].dimension]
    commands = [_command(found, response) for found, response in zip(sweeps, responses, strict=True)]
    lengths = np.array([len(response.values) for response in responses])
    with_command = all(len(found.values) == n for found, n in zip(commands, lengths, strict=True) if found is not None)
    complete = with_command and all(found is not None for found in commands)
    stacked = _stack([response.values for response in responses])
    problems = check_magnitude(place, stacked, clamp, channel=responses[0].name, unit=_UNIT[responses[0].dimension])
    if not complete and any(found is not None for found in commands):
        problems += ("Some sweeps have a command of their own length and others none; it was left out.",)
    recording = SweepRecording(
        response=stacked,
        sampling_rate=responses[0].rate,
        clamp=clamp,
        command=_stack([found.values for found in commands if found is not None]) if complete else None,
        command_source=CommandSource.RECORDED if complete else CommandSource.NONE,
        n_valid=lengths,
        sweep_start=np.array([response.start for response in responses]),
        channel=responses[0].name,
        tags=_tags(segments),
        problems=problems,
        metadata=_metadata(block, segments, responses, sweeps[0]),
        provenance=Provenance(
            path=place if place != "neo object" else "", format="neo", reader=__name__, mnephys_version=__version__
        ),
    )
    return replace(_restored(recording, block), **overrides)


def _segments(source: Any) -> tuple[Any, list[Any]]:
    """Return the block, where there is one, and the segments."""
    from neo.core import Block, Segment

    if isinstance(source, Block):
        return source, list(source.segments)
    if isinstance(source, Segment):
        return None, [source]
    if isinstance(source, Sequence):
        return None, [item for item in source if isinstance(item, Segment)]
    return None, []


def _signals(source: Any, segments: list[Any], place: str) -> list[list[Any]]:
    """Return the signals of each sweep."""
    from neo.core import AnalogSignal

    if segments:
        return [list(segment.analogsignals) for segment in segments]
    loose = [source] if isinstance(source, AnalogSignal) else list(source) if isinstance(source, Sequence) else []
    if not loose or not all(isinstance(item, AnalogSignal) for item in loose):
        raise ReadError(place, f"is a {type(source).__name__}", "give a neo block, segments, or analog signals")
    kinds = [_dimension(signal) for signal in loose]
    responses = [signal for signal, kind in zip(loose, kinds, strict=True) if kind == kinds[0]]
    others = [signal for signal, kind in zip(loose, kinds, strict=True) if kind != kinds[0]]
    if len(responses) == len(others):
        return [[response, other] for response, other in zip(responses, others, strict=True)]
    return [[response] for response in responses]


def _dimension(signal: Any) -> str:
    """Return ``voltage`` or ``current``, or an empty string for anything else."""
    for dimension, unit in _UNIT.items():
        try:
            from_quantity(signal[:0], unit)
        except UnitsError:
            continue
        return dimension
    return ""


def _channels(signals: Iterable[Any]) -> list[_Channel]:
    """Return the voltages and currents of a sweep, one per column."""
    found = []
    for signal in signals:
        dimension = _dimension(signal)
        if not dimension or not len(signal):
            continue
        columns = from_quantity(signal, _UNIT[dimension]).astype(np.float32).reshape(len(signal), -1)
        names = [str(name) for name in signal.array_annotations.get("channel_names", [])]
        if len(names) != columns.shape[1]:
            names = [str(signal.name or "")] * columns.shape[1]
        rate = float(f"{float(from_quantity(signal.sampling_rate.rescale('Hz'), 'Hz')):.9g}")
        start = float(from_quantity(signal.t_start.rescale("s"), "s"))
        role = str(signal.annotations.get("role", ""))
        found += [
            _Channel(name, dimension, values, rate, start, role, signal.annotations)
            for name, values in zip(names, columns.T, strict=True)
        ]
    return found


def _response(channels: list[_Channel], channel: str | int | None, clamp: Clamp | None, place: str) -> int:
    """Return the index of the response among the channels of a sweep."""
    names = [found.name for found in channels]
    if isinstance(channel, str) and channel in names:
        return names.index(channel)
    if isinstance(channel, int) and 0 <= channel < len(names):
        return channel
    if channel is not None:
        raise ReadError(place, f"has no channel {channel!r}", f"choose one of {names}")
    if clamp is not None:
        fitting = [index for index, found in enumerate(channels) if found.dimension == _RESPONSE[clamp]]
        if not fitting:
            raise ReadError(place, f"holds no {_RESPONSE[clamp]} for {clamp.value}", "choose the other clamp")
        return fitting[0]
    marked = [index for index, found in enumerate(channels) if found.role == "response"]
    return (marked or [0])[0]


def _command(channels: list[_Channel], response: _Channel) -> _Channel | None:
    """Return the first channel that can be the command of a response, or none."""
    wanted = _COMMAND[_CLAMP[response.dimension]]
    return next((found for found in channels if found.dimension == wanted and found.rate == response.rate), None)


def _stack(sweeps: list[NDArray[np.float32]]) -> NDArray[np.float32]:
    """Return sweeps as rows, padded with NaN."""
    lengths = np.array([len(values) for values in sweeps])
    padded = np.full((len(sweeps), lengths.max()), np.nan, dtype=np.float32)
    padded[np.arange(lengths.max()) < lengths[:, np.newaxis]] = np.concatenate(sweeps)
    return padded


def _tags(segments: list[Any]) -> tuple[tuple[float, str], ...]:
    """Return the events of all segments, each once, in order."""
    found = {
        (float(time), str(label))
        for segment in segments
        for event in segment.events
        for time, label in zip(np.atleast_1d(from_quantity(event.times.rescale("s"), "s")), event.labels, strict=False)
    }
    return tuple(sorted(found))


def _metadata(block: Any, segments: list[Any], responses: list[_Channel], channels: list[_Channel]) -> dict[str, Any]:
    """Return what the objects say beyond the recording itself."""
    said: dict[str, Any] = {
        "block": dict(getattr(block, "annotations", {})),
        "segments": [dict(segment.annotations) for segment in segments],
        "signals": [dict(response.annotations) for response in responses],
        "channels": [found.name for found in channels],
    }
    for name in ("name", "description"):
        if getattr(block, name, None):
            said[name] = str(getattr(block, name))
    when = getattr(block, "rec_datetime", None)
    return {"neo": said, "started": when.isoformat(timespec="milliseconds") if when else ""}


def _restored(recording: SweepRecording, block: Any) -> SweepRecording:
    """Return a recording with the fields that an export of ours wrote into the annotations of its block."""
    written = getattr(block, "annotations", {}).get("mnephys")
    if not isinstance(written, Mapping):
        return recording
    fields = dict(written)
    if recording.command is None or fields.get("command_source") in {"none", "inferred"}:
        fields.pop("command_source", None)
    fields["provenance"] = Provenance(**fields.get("provenance", {}))
    fields["problems"] = tuple(fields.get("problems", ()))
    return replace(recording, **fields)
