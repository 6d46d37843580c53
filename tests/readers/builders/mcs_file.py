"""Build MCS HDF5 files (Multi Channel DataManager, protocol 1 to 3) from parts.

::

    McsFile(recordings=[Recording(analog=[electrode_stream()], stamps=[Stamps({0: [1500]})])]).write(path)

The values that a part stands for are with it: `Analog.voltages()`, `Segments.voltages(...)`, times in us as given.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import h5py
import numpy as np
from numpy.typing import NDArray
from readers.builders.hdf5_plates import Field, written

RAW_SOURCE = "00000000-0000-0000-0000-000000000000"

_STREAM = "Data/Recording_0/AnalogStream/Stream_0"
_SPIKES = "Data/Recording_0/TimeStampStream/Stream_0"
_CUTOUTS = "Data/Recording_0/SegmentStream/Stream_0"

FIELDS = (
    Field("/", attribute="McsHdf5ProtocolVersion"),
    Field("Data", attribute="DateInTicks"),
    Field("Data/Recording_0", attribute="RecordingID"),
    Field("Data/Recording_0", attribute="TimeStamp"),
    Field("Data/Recording_0", attribute="Duration"),
    *(
        Field(f"{_STREAM}/InfoChannel", column=column)
        for column in ("ChannelID", "RowIndex", "GroupID", "Exponent", "ADZero", "Tick", "ConversionFactor", "ADCBits")
    ),
    Field(f"{_STREAM}/ChannelDataTimeStamps"),
    *(Field(f"{_SPIKES}/InfoTimeStamp", column=column) for column in ("TimeStampEntityID", "GroupID", "Exponent")),
    Field(f"{_SPIKES}/TimeStampEntity_0"),
    *(
        Field(f"{_CUTOUTS}/InfoSegment", column=column)
        for column in ("SegmentID", "GroupID", "PreInterval", "PostInterval")
    ),
    *(
        Field(f"{_CUTOUTS}/SourceInfoChannel", column=column)
        for column in ("ChannelID", "GroupID", "Exponent", "ADZero", "Tick", "ConversionFactor")
    ),
    Field(f"{_CUTOUTS}/SegmentData_ts_0"),
    Field("Data/Recording_0/EventStream/Stream_0/InfoEvent", column="EventID"),
    Field("Data/Recording_0/EventStream/Stream_0/EventEntity_0"),
)
"""Numbers of `full_file` that place, count or scale something."""

SHAPES = (
    f"{_STREAM}/ChannelData",
    f"{_STREAM}/ChannelDataTimeStamps",
    f"{_STREAM}/InfoChannel",
    f"{_SPIKES}/TimeStampEntity_0",
    f"{_CUTOUTS}/SegmentData_0",
    f"{_CUTOUTS}/SegmentData_ts_0",
    "Data/Recording_0/EventStream/Stream_0/EventEntity_0",
)
"""Datasets of `full_file` whose shape is a claim."""


@dataclass(frozen=True)
class Channel:
    """A row of InfoChannel."""

    channel_id: int
    row: int
    label: str
    group: int = 0
    unit: str = "V"
    exponent: int = -12
    ad_zero: int = 0
    tick: int = 100
    factor: int = 59604
    adc_bits: int = 24

    @property
    def microvolts(self) -> float:
        return self.factor * 10.0**self.exponent * 1e6


@dataclass(frozen=True)
class Analog:
    """An AnalogStream: `counts` of shape (row, sample), as they lie in the file."""

    counts: NDArray[np.int32]
    channels: Sequence[Channel]
    stretches: Sequence[tuple[int, int, int]] | None = None
    """First time stamp in us, first and last index; one stretch from 0 if omitted."""
    subtype: str = "Electrode"
    label: str = "Data Acquisition (1) Electrode Raw Data"
    source: str = RAW_SOURCE
    packed: bool = True

    def voltages(self) -> NDArray[np.float64]:
        """Return uV of shape (sample, channel), columns in the order of `channels`."""
        rows = [(self.counts[one.row].astype(float) - one.ad_zero) * one.microvolts for one in self.channels]
        return np.stack(rows, axis=1)


@dataclass(frozen=True)
class Stamps:
    """A TimeStampStream: times of each channel, in s x 10^exponent."""

    times: Mapping[int, Sequence[int]]
    groups: Mapping[int, int] = field(default_factory=dict)
    labels: Mapping[int, str] = field(default_factory=dict)
    unit: str = "s"
    exponent: int = -6


@dataclass(frozen=True)
class Segments:
    """A SegmentStream: times in us and cutouts of shape (sample, spike) of each channel."""

    times: Mapping[int, Sequence[int]]
    cutouts: Mapping[int, NDArray[np.int32]]
    channels: Sequence[Channel]
    before: int = 1000
    after: int = 2000

    def voltages(self, channel_id: int) -> NDArray[np.float64]:
        """Return uV of shape (spike, sample), in the order of `times`."""
        channel = next(one for one in self.channels if one.channel_id == channel_id)
        return ((self.cutouts[channel_id].astype(float) - channel.ad_zero) * channel.microvolts).T


@dataclass(frozen=True)
class Events:
    """An EventStream: time and duration in us."""

    events: Sequence[tuple[int, int]]
    label: str = "Stimulation 1"
    stream: str = "Digital Events 1"


@dataclass(frozen=True)
class Recording:
    """What is in one Recording_n."""

    analog: Sequence[Analog] = ()
    stamps: Sequence[Stamps] = ()
    segments: Sequence[Segments] = ()
    events: Sequence[Events] = ()
    duration: int = 40_000
    time_stamp: int = 0


@dataclass(frozen=True)
class McsFile:
    """A whole file."""

    recordings: Sequence[Recording] = ()
    version: int = 2
    protocol: str = "RawData"
    mea: str = "60MEA200/30iR"
    shuffled: bool = False
    """Whether the fields of the compound datasets come in another order than the documented one."""
    fixed_texts: bool = False
    """Whether texts in compound datasets have a fixed length; the vendor writes them with a variable one."""

    def write(self, path: Path) -> Path:
        with written(path) as file:
            file.attrs["McsHdf5ProtocolType"] = np.bytes_(self.protocol)
            file.attrs["McsHdf5ProtocolVersion"] = np.int32(self.version)
            data = file.create_group("Data")
            texts = {"MeaLayout": self.mea, "MeaName": self.mea, "ProgramName": "Multi Channel Experimenter"}
            for name, text in texts.items():
                data.attrs[name] = _padded(text)
            data.attrs["ProgramVersion"] = _padded("2.20.0.21347")
            data.attrs["MeaSN"] = np.bytes_("")
            data.attrs["Comment"] = np.bytes_("")
            data.attrs["Date"] = np.bytes_("Mittwoch, 9. Juli 2014")
            data.attrs["DateInTicks"] = np.int64(635404978551720981)
            for number, recording in enumerate(self.recordings):
                self._recording(data.create_group(f"Recording_{number}"), number, recording)
        return path

    def _recording(self, group: h5py.Group, number: int, recording: Recording) -> None:
        group.attrs["RecordingID"] = np.int32(number)
        group.attrs["TimeStamp"] = np.int64(recording.time_stamp)
        group.attrs["Duration"] = np.int64(recording.duration)
        group.attrs["Label"] = np.bytes_("")
        kinds: Mapping[str, tuple[Sequence[Any], Any]] = {
            "AnalogStream": (recording.analog, self._analog),
            "TimeStampStream": (recording.stamps, self._stamps),
            "SegmentStream": (recording.segments, self._segments),
            "EventStream": (recording.events, self._events),
        }
        for kind, (streams, write) in kinds.items():
            for position, stream in enumerate(streams):
                write(group.create_group(f"{kind}/Stream_{position}"), stream)

    def _analog(self, group: h5py.Group, stream: Analog) -> None:
        _stream_attributes(group, "Analog", stream.subtype, stream.label, stream.source)
        chunks = (min(8, stream.counts.shape[0]), min(2048, max(stream.counts.shape[1], 1)))
        options = {"compression": "gzip", "chunks": chunks} if stream.packed else {}
        group.create_dataset("ChannelData", data=stream.counts, **options)
        stretches = stream.stretches or [(0, 0, stream.counts.shape[1] - 1)]
        stamps = group.create_dataset("ChannelDataTimeStamps", data=np.array(stretches, np.int64))
        for column, name in enumerate(("FirstTimeStamp", "FirstIndex", "LastIndex")):
            stamps.attrs[f"Column-{column}"] = np.bytes_(name)
        self._table(group, "InfoChannel", [self._channel(one, with_row=True) for one in stream.channels])

    def _stamps(self, group: h5py.Group, stream: Stamps) -> None:
        _stream_attributes(group, "TimeStamp", "NeuralSpike", "Spike Detector (1) Spike Timestamps", RAW_SOURCE)
        rows = []
        for channel, times in stream.times.items():
            group[f"TimeStampEntity_{channel}"] = np.array(times, np.int64).reshape(1, -1)
            rows.append(
                {
                    "TimeStampEntityID": np.int32(channel),
                    "GroupID": np.int32(stream.groups.get(channel, 0)),
                    "Label": "",
                    "Unit": stream.unit,
                    "Exponent": np.int32(stream.exponent),
                    "SourceChannelIDs": str(channel),
                    "SourceChannelLabels": _spaced(stream.labels.get(channel, "")),
                }
            )
        self._table(group, "InfoTimeStamp", rows[::-1])

    def _segments(self, group: h5py.Group, stream: Segments) -> None:
        _stream_attributes(group, "Segment", "Spike", "Spike Detector (1) Spike Data", RAW_SOURCE)
        rows = []
        for channel, times in stream.times.items():
            group[f"SegmentData_{channel}"] = stream.cutouts[channel].astype(np.int32)
            group[f"SegmentData_{channel}"].attrs["SourceChannelID"] = np.int32(channel)
            group[f"SegmentData_ts_{channel}"] = np.array(times, np.int64).reshape(1, -1)
            rows.append(
                {
                    "SegmentID": np.int32(channel),
                    "GroupID": np.int32(next((c.group for c in stream.channels if c.channel_id == channel), 0)),
                    "Label": "",
                    "PreInterval": np.int64(stream.before),
                    "PostInterval": np.int64(stream.after),
                    "SegmentType": "Cutout",
                    "SourceChannelIDs": str(channel),
                }
            )
        self._table(group, "InfoSegment", rows[::-1])
        self._table(group, "SourceInfoChannel", [self._channel(one, with_row=False) for one in stream.channels[::-1]])

    def _events(self, group: h5py.Group, stream: Events) -> None:
        _stream_attributes(group, "Event", "DigitalPort", stream.stream, RAW_SOURCE)
        group["EventEntity_0"] = np.array(stream.events, np.int64).reshape(-1, 2).T
        row = {
            "EventID": np.int32(0),
            "GroupID": np.int32(0),
            "Label": stream.label,
            "RawDataType": "Int",
            "RawDataBytes": np.int32(4),
            "SourceChannelIDs": "8",
            "SourceChannelLabels": _spaced("1"),
        }
        self._table(group, "InfoEvent", [row])

    def _channel(self, channel: Channel, *, with_row: bool) -> dict[str, Any]:
        row: dict[str, Any] = {"ChannelID": np.int32(channel.channel_id)}
        if with_row:
            row["RowIndex"] = np.int32(channel.row)
        row |= {
            "GroupID": np.int32(channel.group),
            "Label": channel.label,
            "RawDataType": "Int",
            "Unit": channel.unit,
            "Exponent": np.int32(channel.exponent),
            "ADZero": np.int32(channel.ad_zero),
            "Tick": np.int64(channel.tick),
            "ConversionFactor": np.int64(channel.factor),
        }
        if self.version > 1:
            row["ADCBits"] = np.int32(channel.adc_bits)
        for side in ("HighPass", "LowPass"):
            row |= {f"{side}FilterType": "", f"{side}FilterCutOffFrequency": "-1", f"{side}FilterOrder": np.int32(-1)}
        return row

    def _table(self, group: h5py.Group, name: str, rows: Sequence[Mapping[str, Any]]) -> None:
        order = list(rows[0]) if rows else []
        if self.shuffled:
            order = [order[position] for position in np.random.default_rng(5).permutation(len(order))]
        text: Any = "S64" if self.fixed_texts else h5py.string_dtype()
        kinds = [(one, text if isinstance(rows[0][one], str) else rows[0][one].dtype) for one in order]
        table = np.empty(len(rows), kinds)
        for one in order:
            values = [row[one] for row in rows]
            table[one] = [v.encode() for v in values] if self.fixed_texts and isinstance(values[0], str) else values
        group.create_dataset(name, data=table)
        group[name].attrs["InfoVersion"] = np.int32(1)


def _padded(text: str) -> np.bytes_:
    return np.bytes_((text.ljust(40) + "\r\n").encode())


def _spaced(text: str) -> str:
    return text.ljust(42) + "\r\n"


def _stream_attributes(group: h5py.Group, kind: str, subtype: str, label: str, source: str) -> None:
    group.attrs["StreamInfoVersion"] = np.int32(1)
    group.attrs["StreamType"] = np.bytes_(kind)
    group.attrs["DataSubType"] = np.bytes_(subtype)
    group.attrs["Label"] = _padded(label)
    group.attrs["SourceStreamGUID"] = np.bytes_(source)
    group.attrs["StreamGUID"] = np.bytes_(f"43f795b0-7881-408f-a840-{len(group.name):012d}")


# --- parts with defaults ---


def counts_of(n_rows: int, n_samples: int, seed: int = 0) -> NDArray[np.int32]:
    """Return counts that differ in every row and sample."""
    rng = np.random.default_rng(seed)
    return rng.integers(-(1 << 18), 1 << 18, (n_rows, n_samples), dtype=np.int32)


def electrode_stream(n_channels: int = 4, n_samples: int = 400, seed: int = 0, **options: Any) -> Analog:
    """Return a stream of electrodes E1, E2, ... at 10 kHz."""
    channels = [Channel(i, i, f"E{i + 1}") for i in range(n_channels)]
    return Analog(counts_of(n_channels, n_samples, seed), channels, **options)


def plate_stream(wells: Sequence[int], labels: Sequence[str] = ("12", "21", "33"), n_samples: int = 200) -> Analog:
    """Return a stream of some wells of a 24-well plate; the group of a channel is the index of its well from 0."""
    places = [(well, label) for well in wells for label in labels]
    channels = [Channel(i, i, label, group=well) for i, (well, label) in enumerate(places)]
    return Analog(counts_of(len(channels), n_samples, 3), channels)


def segment_stream(n_samples: int = 30, *, channels: Sequence[Channel] | None = None) -> Segments:
    """Return cutouts of two channels, whose times are not sorted."""
    chosen = channels or [Channel(0, 0, "E1", ad_zero=5), Channel(2, 2, "E3", exponent=-11)]
    times = {one.channel_id: [20_000 + 7 * one.channel_id, 3_000, 31_500] for one in chosen}
    cutouts = {one.channel_id: counts_of(n_samples, 3, 20 + one.channel_id) for one in chosen}
    return Segments(times, cutouts, chosen)


def full_file(**options: Any) -> McsFile:
    """Return a file with one stream of every kind; `FIELDS` and `SHAPES` are of this one."""
    digital = Analog(
        counts_of(1, 400, 9),
        [Channel(8, 0, "1", unit="NoUnit", exponent=0, factor=0)],
        subtype="Digital",
        label="Data Acquisition (1) Digital Data",
    )
    recording = Recording(
        analog=[electrode_stream(), digital],
        stamps=[Stamps({0: [3_000, 20_000, 31_500], 2: [3_000, 20_014, 31_500]}, labels={0: "E1", 2: "E3"})],
        segments=[segment_stream()],
        events=[Events([(10_000, 0), (25_000, 500)])],
    )
    return McsFile([recording], **options)


def with_channels(stream: Analog, **changes: Any) -> Analog:
    """Return a stream all of whose channels are changed alike."""
    return replace(stream, channels=[replace(one, **changes) for one in stream.channels])
