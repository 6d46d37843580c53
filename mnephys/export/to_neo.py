"""Recordings into neo objects, for every tool that speaks neo."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import numpy as np

from mnephys.recording import PlateRecording, SweepRecording
from mnephys.units import to_quantity

__all__ = ["to_neo"]


def to_neo(recording: SweepRecording | PlateRecording) -> Any:
    """Turn a recording into a neo block.

    Parameters
    ----------
    recording : SweepRecording or PlateRecording
        Any.

    Returns
    -------
    neo.Block
        Of a cell: one segment per sweep, with the response as its first analog signal and the command, where there
        is one, as its second, both float32 with their units and starting at the start of the sweep; padding is cut
        off. Tags are events of the first segment. All other fields are in the annotation ``mnephys``, from
        which `mnephys.readers.from_neo.from_neo` restores them. Of a plate: one segment per stretch without a gap,
        with one spike train per electrode, silent ones included, the events, and the raw voltage as a proxy, which
        reads from the file what its method ``load`` is asked for; well and place of each electrode are annotations.

    Examples
    --------
    >>> import numpy as np
    >>> from mnephys.recording import Clamp
    >>> block = to_neo(SweepRecording(np.full((2, 1000), -70.0), 20000.0, Clamp.CURRENT))
    >>> len(block.segments), block.segments[0].analogsignals[0].units.dimensionality.string
    (2, 'mV')
    """
    return _plate(recording) if isinstance(recording, PlateRecording) else _sweeps(recording)


def _plate(recording: PlateRecording) -> Any:
    from neo.core import Segment

    from mnephys.export.plate_rawio import PlateIO

    block = PlateIO(recording).read_block(lazy=True, create_group_across_segment=False)
    for index, lazy in enumerate(block.segments):
        segment = Segment(index=index, **lazy.annotations)
        segment.analogsignals.extend(lazy.analogsignals)
        segment.spiketrains.extend([train.load() for train in lazy.spiketrains])
        segment.events.extend([events.load() for events in lazy.events])
        block.segments[index] = segment
    return block


def _sweeps(recording: SweepRecording) -> Any:
    from neo.core import AnalogSignal, Block, Event, Segment

    said = recording.metadata.get("neo", {})
    block = Block(name=said.get("name"), description=said.get("description"), file_origin=recording.provenance.path)
    block.annotate(**_plain(said.get("block", {})))
    block.annotate(mnephys=_plain(_fields(recording)))
    rate = to_quantity(recording.sampling_rate, "Hz")
    segment_notes = _per_sweep(said.get("segments"), recording.n_sweeps)
    signal_notes = _per_sweep(said.get("signals"), recording.n_sweeps)
    for sweep, (n, start) in enumerate(zip(recording.n_valid, recording.sweep_start, strict=True)):
        segment = Segment(index=sweep)
        segment.annotate(**segment_notes[sweep])
        t_start = to_quantity(start, "s")
        response = AnalogSignal(
            to_quantity(recording.response[sweep, :n, np.newaxis], recording.response_unit),
            sampling_rate=rate,
            t_start=t_start,
            name=recording.channel,
        )
        response.annotate(**{**signal_notes[sweep], "role": "response"})
        segment.analogsignals.append(response)
        if recording.command is not None:
            command = AnalogSignal(
                to_quantity(recording.command[sweep, :n, np.newaxis], recording.command_unit),
                sampling_rate=rate,
                t_start=t_start,
                name="command",
            )
            command.annotate(role="command", command_source=recording.command_source.value)
            segment.analogsignals.append(command)
        block.segments.append(segment)
    if recording.tags:
        times, labels = zip(*recording.tags, strict=True)
        block.segments[0].events.append(Event(times=to_quantity(times, "s"), labels=np.array(labels), name="tags"))
    block.check_relationships()
    return block


def _fields(recording: SweepRecording) -> dict[str, Any]:
    """Return the fields that signals cannot carry."""
    return {
        "channel": recording.channel,
        "command_source": recording.command_source.value,
        "holding": recording.holding,
        "junction_potential": recording.junction_potential,
        "junction_potential_subtracted": recording.junction_potential_subtracted,
        "problems": list(recording.problems),
        "metadata": dict(recording.metadata),
        "provenance": asdict(recording.provenance),
    }


def _per_sweep(notes: Any, n_sweeps: int) -> list[dict[str, Any]]:
    """Return annotations for each sweep; none where their number does not match."""
    if not isinstance(notes, list) or len(notes) != n_sweeps:
        return [{} for _ in range(n_sweeps)]
    return [_plain(note) for note in notes]


def _plain(value: Any) -> Any:
    """Return a value as neo accepts it in annotations: simple types, and containers of them."""
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if value is None or isinstance(value, str | bytes | bool | int | float | np.number | np.bool_ | np.ndarray):
        return value
    return str(value)
