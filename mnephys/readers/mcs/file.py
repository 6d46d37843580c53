"""A Multi Channel Systems HDF5 file as it is: its recordings, and the streams of each."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar

from mnephys.errors import CorruptHeaderError, ReadError, UnsupportedFormatError
from mnephys.readers.hdf5.file import Hdf5File
from mnephys.readers.mcs.events import Events, read_events
from mnephys.readers.mcs.spike_stream import SpikeStream
from mnephys.readers.mcs.spikes import read_cut_outs, read_time_stamps
from mnephys.readers.mcs.streams import AnalogStream, Origin, read_analog_stream, read_origin
from mnephys.readers.mcs.tables import COPY_AGAIN, brief, described

__all__ = ["McsFile", "McsRecording", "is_mcs", "read_mcs_file"]

_MOST_RECORDINGS = 1000
_MOST_STREAMS = 1000
_VERSIONS = (1, 2, 3)
_KINDS = ("AnalogStream", "SegmentStream", "TimeStampStream", "EventStream", "FrameStream")

_Read = TypeVar("_Read")


@dataclass(frozen=True, slots=True, eq=False)
class McsRecording:
    """One recording of a file.

    Parameters
    ----------
    place : str
        Its group in the file.
    attributes : dict
        What the file says of it.
    analog : list of AnalogStream
        In the order of their numbers.
    time_stamps, cut_outs : list of SpikeStream
        Spikes.
    events : list of Events
        All kinds.
    unread : list of Origin
        Streams of other kinds.
    problems : list of str
        A sentence for everything that was assumed or left out.
    """

    place: str
    attributes: dict[str, Any]
    analog: list[AnalogStream] = field(default_factory=list)
    time_stamps: list[SpikeStream] = field(default_factory=list)
    cut_outs: list[SpikeStream] = field(default_factory=list)
    events: list[Events] = field(default_factory=list)
    unread: list[Origin] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True, eq=False)
class McsFile:
    """A file.

    Parameters
    ----------
    attributes : dict
        Of its root.
    data : dict
        Attributes of the group that holds the recordings: program, array, date.
    recordings : list of McsRecording
        At least one.
    """

    attributes: dict[str, Any]
    data: dict[str, Any]
    recordings: list[McsRecording]


def is_mcs(content: Hdf5File) -> bool:
    """Return whether a file is one of these.

    Parameters
    ----------
    content : Hdf5File
        Open.

    Returns
    -------
    bool
        True for other protocols of the vendor too, which `read_mcs_file` refuses by name.

    Raises
    ------
    ReadError
        If the attributes of the file cannot be read.
    """
    return "McsHdf5ProtocolType" in content.attributes("")


def read_mcs_file(content: Hdf5File) -> McsFile:
    """Read what a file says of its recordings, and their spikes and events; raw voltage stays in the file.

    Parameters
    ----------
    content : Hdf5File
        Open, recognised by `is_mcs`.

    Returns
    -------
    McsFile
        With all recordings.

    Raises
    ------
    UnsupportedFormatError
        If it is of another protocol, or a stream of electrodes is of a kind that is not read.
    CorruptHeaderError
        If it holds no recording, or something in it cannot be true.
    FileUnitsError
        If electrodes are not in volt.
    ReadError
        If it cannot be read.
    """
    attributes = described(content, "")
    if (protocol := attributes.get("McsHdf5ProtocolType")) != "RawData":
        problem = f"is of the protocol {brief(protocol)!r} of Multi Channel Systems, which is not read"
        raise UnsupportedFormatError(content.path, problem, "export raw data with the Multi Channel DataManager")
    names, strange = _numbered(content, "Data", "Recording_")
    if not 0 < len(names) <= _MOST_RECORDINGS:
        raise CorruptHeaderError(content.path, f"Data holds {len(names)} recordings", COPY_AGAIN)
    recordings = [_recording(content, f"Data/{name}") for name in names]
    if strange:
        recordings[0].problems.append(f"Data holds {strange} entries that are no numbered recordings; left out.")
    version = attributes.get("McsHdf5ProtocolVersion")
    if version not in _VERSIONS:
        said = f"Version {brief(version)} of the protocol is not known; it was read like version 3."
        for recording in recordings:
            recording.problems.append(said)
    return McsFile(attributes, described(content, "Data"), recordings)


def _recording(content: Hdf5File, place: str) -> McsRecording:
    recording = McsRecording(place, described(content, place))
    for kind in _KINDS:
        names, strange = _numbered(content, f"{place}/{kind}", "Stream_")
        if strange:
            recording.problems.append(f"{place}/{kind} holds {strange} entries that are no numbered streams; left out.")
        if len(names) > _MOST_STREAMS:
            raise CorruptHeaderError(content.path, f"{place}/{kind} holds {len(names)} streams", COPY_AGAIN)
        for name in names:
            _stream(content, read_origin(content, f"{place}/{kind}/{name}"), kind, recording)
    return recording


def _numbered(content: Hdf5File, group: str, prefix: str) -> tuple[list[str], int]:
    """Return the entries of a group that are called as they should, and how many are not."""
    names = content.names(group)
    numbered = [name for name in names if re.fullmatch(f"{prefix}[0-9]{{1,9}}", name, re.ASCII)]
    return numbered, len(names) - len(numbered)


def _stream(content: Hdf5File, origin: Origin, kind: str, recording: McsRecording) -> None:
    """Read a stream into its recording."""
    subtype = origin.subtype.casefold()
    if kind == "AnalogStream":
        # Without an auxiliary channel the recording is whole.
        read = read_analog_stream if subtype == "electrode" else _tolerant(read_analog_stream)
        found = read(content, origin.place, recording.problems)
        if found is None:
            recording.unread.append(origin)
        else:
            recording.analog.append(found)
    elif kind == "TimeStampStream" and subtype in {"neuralspike", ""}:
        recording.time_stamps.append(read_time_stamps(content, origin.place, recording.problems))
    elif kind == "SegmentStream" and subtype in {"spike", ""}:
        recording.cut_outs.append(read_cut_outs(content, origin.place, recording.problems))
    elif kind == "EventStream":
        recording.events.extend(read_events(content, origin.place))
    else:
        recording.unread.append(origin)


def _tolerant(read: Callable[[Hdf5File, str, list[str]], _Read | None]) -> Callable[..., _Read | None]:
    """Return a reader that says what is wrong with a stream instead of refusing the file."""

    def attempt(content: Hdf5File, place: str, problems: list[str]) -> _Read | None:
        try:
            return read(content, place, problems)
        except ReadError as error:
            problems.append(f"{place} was left out: {error.problem}.")
            return None

    return attempt
