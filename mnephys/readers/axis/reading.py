"""Axion AxIS recordings, ``.raw`` and ``.spk``: one container for raw voltage, spikes with waveforms, and notes.

What a file holds is said by the headers of its data sets; its name and the type in its first header say nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from mnephys._version import __version__
from mnephys.errors import UnsupportedFormatError
from mnephys.readers.axis.beta import BETA_BYTES, is_beta
from mnephys.readers.axis.blocks import DataSet
from mnephys.readers.axis.choice import signal_of, spike_set, voltage_set
from mnephys.readers.axis.content import AxisContent, read_content
from mnephys.readers.axis.entries import MAGIC
from mnephys.readers.axis.signal import AxisSignal
from mnephys.readers.axis.spikes import LEEWAY, read_spikes
from mnephys.readers.axis.waveforms import waveforms_of
from mnephys.readers.binary import BinaryFile
from mnephys.recording import DurationSource, PlateRecording, Provenance, SpikeTrains

__all__ = ["is_axis", "read_axis"]

_LITTLE_S, _LITTLE_SHARE = 1.0, 0.01


@dataclass(slots=True)
class _Trains:
    """Trains, and how it is known how long they lasted."""

    trains: SpikeTrains | None = None
    source: DurationSource = DurationSource.STATED
    duration: float | None = None
    problems: list[str] = field(default_factory=list)


def is_axis(head: bytes) -> bool:
    """Return whether a file is one of these.

    Parameters
    ----------
    head : bytes
        Its first bytes; 64 are enough.

    Returns
    -------
    bool
        Whether it begins with the magic number, or with the header of the beta version, which had none.

    Examples
    --------
    >>> is_axis(b"AxionBio" + bytes(56)), is_axis(b"ABF2" + bytes(60))
    (True, False)
    """
    return head[: len(MAGIC)] == MAGIC or is_beta(head[:BETA_BYTES])


def read_axis(file: BinaryFile) -> list[PlateRecording]:
    """Read the plate of a file.

    Parameters
    ----------
    file : BinaryFile
        Open, recognised by `is_axis`.

    Returns
    -------
    list of PlateRecording
        One: with the voltage as its signal, which is read when it is asked for, and with the spikes as its trains.

    Raises
    ------
    CorruptHeaderError
        If a checksum is wrong, a field cannot be true, or something is missing without which nothing can be read.
    TruncatedFileError
        If the file ends before the samples do.
    UnsupportedFormatError
        If the file is of a version or a kind that is not known.

    Examples
    --------
    >>> import io
    >>> read_axis(BinaryFile("p.raw", io.BytesIO(MAGIC + bytes(1016)), 1024))
    Traceback (most recent call last):
    mnephys.errors.CorruptHeaderError: p.raw: the checksum of the header is 0x0a1292d1, but 0x00000000 is stored; the \
file is damaged: copy it again from the acquisition computer
    """
    content = read_content(file)
    voltage, choice = voltage_set(content.data_sets)
    spikes, other_choice = spike_set(content.data_sets)
    if voltage is None and spikes is None:
        raise _nothing(content)
    problems = [*content.problems, *_obstacles(content), *choice, *other_choice]
    signal: AxisSignal | None = None
    if voltage is not None:
        signal, flaws = signal_of(content, voltage)
        problems += flaws
    electrodes = content.plate.electrodes.copy()
    _enable(electrodes, content, signal, spikes)
    held = _Trains() if spikes is None else _trains(file, content, spikes, electrodes, signal)
    read = [one for one in (voltage, spikes) if one is not None]
    others = [one.name or "without a name" for one in content.data_sets if not any(one is each for each in read)]
    settings = {one.name or "voltage": one.description for one in read if one.description}
    return [
        PlateRecording(
            content.plate.layout,
            electrodes,
            held.trains,
            duration_source=held.source,
            stated_duration=held.duration,
            layout_stated=content.plate.layout_stated,
            well_facts=content.tags.facts,
            events=tuple(content.tags.events),
            problems=(*problems, *held.problems),
            metadata=content.metadata | {"data_sets": others} | ({"settings": settings} if settings else {}),
            provenance=Provenance(
                path=file.path,
                size=file.size,
                format="AxIS",
                format_version=content.version,
                reader=__name__,
                mnephys_version=__version__,
            ),
            signal=signal,
        )
    ]


def _nothing(content: AxisContent) -> UnsupportedFormatError:
    names = ", ".join(f"{one.title} ({one.obstacle or 'no voltage'})" for one in content.data_sets[:5])
    advice = "export voltage or spikes from the acquisition program"
    return UnsupportedFormatError(
        content.path, f"holds neither voltage nor spikes that can be read, but {names}", advice
    )


def _obstacles(content: AxisContent) -> Sequence[str]:
    return [f"Not read: {one.title}, because {one.obstacle}." for one in content.data_sets if one.obstacle]


def _enable(
    electrodes: NDArray[np.void], content: AxisContent, signal: AxisSignal | None, spikes: DataSet | None
) -> None:
    """Mark the electrodes that were recorded; of those that were switched off, there is no channel."""
    if signal is not None:
        electrodes["enabled"][signal.electrodes] = True
    if spikes is not None:
        plate = content.plate
        rows = plate.rows if spikes.codes is None else plate.row_of_code()[spikes.codes]
        electrodes["enabled"][rows[rows >= 0]] = True


def _trains(
    file: BinaryFile,
    content: AxisContent,
    data_set: DataSet,
    electrodes: NDArray[np.void],
    signal: AxisSignal | None,
) -> _Trains:
    """Return the spikes of all electrodes, and mark those as recorded that have any."""
    stated = data_set.duration
    table = read_spikes(file, data_set, content.plate.row_of_code(), electrodes.size, stated)
    electrodes["enabled"] |= np.diff(table.offsets) > 0
    times = table.times
    first, last = (float(times.min()), float(times.max())) if times.size else (0.0, 0.0)
    end = max(stated or 0.0, signal.shape[0] / signal.sampling_rate if signal is not None else 0.0)
    source, doubts = _known_length(end, last, data_set.sampling_rate)
    trains = SpikeTrains(
        times,
        table.offsets,
        electrodes["well"],
        start=min(0.0, first),
        stop=max(end, last),
        amplitudes=table.amplitudes,
        waveforms=waveforms_of(file.path, file.size, data_set, table.records, table.trigger),
    )
    # It counts from 0. The spikes of a second before or after it are kept and make it no longer; with those of more,
    # rates over it would be too high.
    little = max(_LITTLE_S, _LITTLE_SHARE * end)
    within = source is DurationSource.STATED and first >= -little and last <= end + little
    duration = end if within else None
    return _Trains(trains, source, duration, [*table.problems, *doubts])


def _known_length(end: float, last: float, rate: float) -> tuple[DurationSource, list[str]]:
    """Return whether the end of a recording is known, and a sentence where its last spike speaks against it."""
    if end == 0:
        return DurationSource.SPIKES, ["The file does not say how long the recording lasted."]
    if last <= end + 1 / rate:
        return DurationSource.STATED, []
    if last <= end + LEEWAY:
        return DurationSource.STATED, [f"The last spike is at {last:g} s, after the end at {end:g} s; it was kept."]
    said = f"The recording is said to end at {end:g} s, but the last spike is at {last:g} s: its length is not known."
    return DurationSource.SPIKES, [said]
