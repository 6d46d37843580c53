"""Recordings of Multi Channel Systems: HDF5 files that the Multi Channel DataManager exports.

The layout is that of the vendor's *Definition of the HDF5 format for raw data*, protocol versions 1 to 3.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import numpy as np

from mnephys._version import __version__
from mnephys.errors import UnsupportedFormatError
from mnephys.readers.binary import BinaryFile
from mnephys.readers.hdf5.file import open_hdf5
from mnephys.readers.hdf5.signal import Hdf5Signal
from mnephys.readers.mcs.events import event_texts
from mnephys.readers.mcs.extent import extent_of
from mnephys.readers.mcs.file import McsFile, McsRecording, is_mcs, read_mcs_file
from mnephys.readers.mcs.plate import electrodes_of_sources, plate_of, sources_of
from mnephys.readers.mcs.streams import AnalogStream, names_of, signal_streams
from mnephys.readers.mcs.trains import Spikes, chosen_spikes, trains_of
from mnephys.readers.spike_trains.columns import listed
from mnephys.recording import PlateRecording, Provenance, SpikeTrains

__all__ = ["is_mcs", "read_mcs"]


def read_mcs(file: BinaryFile) -> list[PlateRecording]:
    """Read all recordings of a file.

    Parameters
    ----------
    file : BinaryFile
        Open, recognised by `is_mcs`.

    Returns
    -------
    list of PlateRecording
        One per recording that holds electrodes: raw voltage as it was acquired, which stays in the file, and the
        spikes that were found during the recording. Each lasts as long as its data do.

    Raises
    ------
    UnsupportedFormatError
        If it is of another protocol, holds nothing of electrodes, or is of a kind that is not read.
    CorruptHeaderError
        If something in it cannot be true.
    FileUnitsError
        If electrodes are not in volt, or times not in s.
    TruncatedFileError
        If the file was cut.
    ReadError
        Otherwise, if it cannot be read.
    """
    with open_hdf5(file) as content:
        held = read_mcs_file(content)
    places = [recording.place for recording in held.recordings]
    recordings = [_plate_recording(file, held, recording) for recording in held.recordings]
    found = [recording for recording in recordings if recording is not None]
    if empty := [place for place, recording in zip(places, recordings, strict=True) if recording is None]:
        left_out = f"Recordings without anything of electrodes were left out: {listed(empty)}."
        found = [replace(recording, problems=(*recording.problems, left_out)) for recording in found]
    if not found:
        problem = "holds neither raw voltage nor spikes of electrodes"
        raise UnsupportedFormatError(file.path, problem, "export the electrode raw data with the DataManager")
    return found


def _plate_recording(file: BinaryFile, held: McsFile, recording: McsRecording) -> PlateRecording | None:
    """Return a recording, None if there is nothing of electrodes in it."""
    problems = list(recording.problems)
    analog = signal_streams(recording.analog)
    problems += _left_out(recording, analog)
    spikes = chosen_spikes(recording.time_stamps, recording.cut_outs, problems)
    sources = sources_of(analog, [spikes.stream] if spikes else [], problems)
    if not sources:
        return None
    layout, stated, doubts = plate_of(file.path, sources, held.data)
    electrodes = electrodes_of_sources(layout, sources)
    extent, duration_source = extent_of(recording, spikes, problems)
    trains: SpikeTrains | None = None
    well_problems: dict[str, str] = {}
    if spikes:
        rows = {number: row for row, number in enumerate(sources)}
        trains, well_problems = trains_of(spikes, electrodes, rows, extent, problems)
    return PlateRecording(
        layout,
        electrodes,
        trains,
        duration_source=duration_source,
        layout_stated=stated,
        well_problems=well_problems,
        events=event_texts(recording.events),
        problems=(*doubts, *problems),
        metadata=_metadata(held, recording, analog, spikes),
        provenance=Provenance(
            path=file.path,
            size=file.size,
            format="MCS HDF5",
            format_version=str(held.attributes.get("McsHdf5ProtocolVersion", "")),
            reader=__name__,
            mnephys_version=__version__,
        ),
        signal=_signal(analog) if analog else None,
    )


def _left_out(recording: McsRecording, analog: Sequence[AnalogStream]) -> list[str]:
    """Return what is said of streams that may hold what is measured; others are in every file, and no problem."""
    beside = [stream for stream in recording.analog if stream not in analog]
    voltage = [stream.origin for stream in beside if stream.of_electrodes]
    others = [*(stream.origin for stream in beside if not stream.of_electrodes), *recording.unread]
    unknown = [origin for origin in others if not origin.aside]
    said = {"Not read beside the raw voltage": voltage, "Not read": unknown}
    return [f"{what}: {names_of(origins)}." for what, origins in said.items() if origins]


def _signal(analog: Sequence[AnalogStream]) -> Hdf5Signal:
    """Return the raw voltage of streams, whose electrodes are the first of the recording."""
    first = analog[0]
    n_channels = sum(stream.channels.ids.size for stream in analog)
    parts = [stream.part() for stream in analog]
    return Hdf5Signal(parts, first.channels.sampling_rate, first.stretches, np.arange(n_channels))


def _metadata(
    held: McsFile, recording: McsRecording, analog: Sequence[AnalogStream], spikes: Spikes | None
) -> dict[str, Any]:
    spiking = [stream.origin for stream in (*recording.time_stamps, *recording.cut_outs)]
    others = [
        {"place": origin.place, "label": origin.label, "kind": origin.subtype}
        for origin in (*spiking, *recording.unread)
    ]
    found: dict[str, Any] = {
        "file": held.attributes,
        "data": held.data,
        "recording": {"name": recording.place.rpartition("/")[2], **recording.attributes},
        "streams": [*(_described(stream) for stream in recording.analog), *others],
    }
    beside = (*(stream.origin for stream in recording.analog), *recording.unread)
    if aside := [origin.name for origin in beside if origin.aside]:
        found["streams_not_measured"] = aside
    ticks = held.data.get("DateInTicks")
    if isinstance(ticks, int) and 0 < ticks < 3_155_378_975_999_999_999:
        found["started"] = (datetime(1, 1, 1) + timedelta(microseconds=ticks // 10)).isoformat()  # noqa: DTZ001 -- the file knows no time zone
    if analog:
        found["signal"] = [stream.origin.place for stream in analog]
        found["filters"] = analog[0].channels.filters
    if spikes:
        found["spikes"] = spikes.stream.origin.place
        if spikes.shape is not None:
            shape = spikes.shape
            found["waveforms"] = {
                "place": shape.origin.place,
                "seconds_before_spike": shape.before,
                "sampling_rate": shape.sampling_rate,
            }
    return found


def _described(stream: AnalogStream) -> dict[str, Any]:
    start, stop = stream.edges
    return {
        "place": stream.origin.place,
        "label": stream.origin.label,
        "kind": stream.origin.subtype,
        "channels": list(stream.channels.labels),
        "units": sorted(set(stream.channels.units)),
        "sampling_rate": stream.channels.sampling_rate,
        "samples": stream.n_samples,
        "start": start,
        "stop": stop,
    }
