"""Data sets: continuous voltage and spikes, each in the combined (0x07) and in the split layout (0x03, 0x05)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

import numpy as np
from numpy.typing import NDArray
from readers.builders.axis_layout import STARTED, Data, Entry, Kind, Layout

SPLIT, DATA, EXTENSION, COMBINED = 0x03, 0x04, 0x05, 0x07
RAW, SPIKES, CONTINUOUS = 0, 1, 2
SAMPLE_TYPES = {0: "<i2", 1: "<i4", 2: "<f4", 3: "<f8"}
RATE, SCALE = 12500.0, -5.484861781e-08
SPIKE_HEADER = 30


def spike_dtype(n_samples: int = 38, reserved: int = 0) -> np.dtype:
    """Return the record of a spike."""
    return np.dtype(
        [
            ("start", "<i8"),
            ("channel", "u1"),
            ("chip", "u1"),
            ("trigger", "<i4"),
            ("noise", "<f8"),
            ("threshold", "<f8"),
            ("reserved", "u1", (reserved,)),
            ("waveform", "<i2", (n_samples,)),
        ]
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Combined:
    """Everything that an 0x07 header says of its data."""

    kind: int
    channels: NDArray[np.void]
    channels_per_block: int
    samples_per_block: int
    block_header: int
    sample_type: int = 0
    sets_per_block: int = 1
    rate: float = RATE
    scale: float = SCALE
    version: tuple[int, int] = (1, 1)
    duration: float = 0.0
    started: datetime | tuple[int, ...] = STARTED
    name: str = "Discontinuous"
    set_names: tuple[str, ...] = ("Spikes",)
    description: str = "Maestro Settings\r\n   Plate Type: CytoView\r\n"

    def entries(self, data: Data) -> list[Entry]:
        """Return the header, and behind it the data."""
        extension = self._extension()
        head = self._head(extension.size).pointer(data, "data start").put("q", data.size, "data length", Kind.SIZE)
        head.checksum("header checksum").join(extension)
        return [Entry(COMBINED, head), Entry(DATA, data)]

    def _head(self, extension: int) -> Layout:
        head = Layout()
        head.put("H", self.version[0], "header major", Kind.TYPE).put("H", self.version[1], "header minor", Kind.TYPE)
        head.put("H", self.kind, "data type", Kind.TYPE).put("H", self.sample_type, "sample type", Kind.TYPE)
        head.put("d", self.rate, "sampling rate", Kind.VALUE).put("d", self.scale, "voltage scale", Kind.VALUE)
        head.put("I", self.channels_per_block, "channels per block", Kind.COUNT)
        head.put("I", self.sets_per_block, "data sets per block", Kind.COUNT)
        head.put("I", self.samples_per_block, "samples per block", Kind.COUNT)
        head.put("I", extension, "vector header size", Kind.SIZE)
        head.put("I", self.block_header, "block header size", Kind.SIZE)
        for name in ("vector start", "experiment start", "added", "modified"):
            head.moment(self.started, name)
        if self.version >= (1, 1):
            head.put("d", self.duration, "duration", Kind.VALUE)
        return head.text(self.name, "name").text(self.description, "description")

    def _extension(self) -> Layout:
        extension = Layout()
        if self.kind == SPIKES:
            extension.put("I", self.channels.size, "number of channel ids", Kind.COUNT)
        for i, row in enumerate(self.channels):
            extension.put("H", int(row["chip"]) << 8 | int(row["channel"]), f"channel id {i}", Kind.TYPE)
        for name in self.set_names:
            extension.text(name, "data set name")
        return extension.checksum("extension checksum")


def continuous(counts: NDArray | Data, channels: NDArray[np.void], **settings) -> list[Entry]:
    """Return voltage of shape (n_samples, n_channels) in counts, its columns in the order of `channels`."""
    sample_type = settings.pop("sample_type", 0)
    data = counts if isinstance(counts, Data) else Data.of(counts.astype(SAMPLE_TYPES[sample_type]))
    n_samples = data.size // max(1, channels.size * np.dtype(SAMPLE_TYPES[sample_type]).itemsize)
    own = {
        "channels_per_block": channels.size,
        "samples_per_block": 1,
        "block_header": 0,
        "duration": n_samples / settings.get("rate", RATE) if settings.get("rate", RATE) else 0.0,
        "name": "Continuous",
        "set_names": ("Voltage",),
    }
    combined = Combined(kind=CONTINUOUS, channels=channels, sample_type=sample_type, **own | settings)
    return combined.entries(data)


def spikes(records: NDArray[np.void] | Data, channels: NDArray[np.void], **settings) -> list[Entry]:
    """Return spikes of dtype `spike_dtype`; `channels` are those that were recorded."""
    data = records if isinstance(records, Data) else Data.of(records)
    kind = spike_dtype() if isinstance(records, Data) else records.dtype
    own = {
        "channels_per_block": 1,
        "samples_per_block": kind["waveform"].shape[0],
        "block_header": SPIKE_HEADER + kind["reserved"].itemsize,
        "duration": 600.0,
    }
    return Combined(kind=SPIKES, channels=channels, **own | settings).entries(data)


def split_header(
    data: Data,
    channels_per_block: int,
    *,
    rate: float = RATE,
    scale: float = SCALE,
    samples_per_block: int = 1,
    block_header: int = 0,
    started: datetime | tuple[int, ...] = STARTED,
) -> Entry:
    """Return an 0x03 header, 64 bytes."""
    head = Layout().put("d", rate, "sampling rate", Kind.VALUE).put("d", scale, "voltage scale", Kind.VALUE)
    head.moment(started, "file start").moment(started, "experiment start").pointer(data, "first block")
    head.put("I", channels_per_block, "channels per block", Kind.COUNT)
    head.put("I", samples_per_block, "samples per block", Kind.COUNT)
    return Entry(SPLIT, head.put("I", block_header, "block header size", Kind.SIZE))


def split_extension(kind: int, name: str, *, text: str = "", started: datetime = STARTED) -> Entry:
    """Return an 0x05 entry, which says what the data of the header before it is."""
    head = Layout().put("H", 1, "extension major", Kind.TYPE).put("H", 0, "extension minor", Kind.TYPE)
    head.put("H", kind, "data type", Kind.TYPE).moment(started, "added").moment(started, "modified")
    return Entry(EXTENSION, head.padded(name, 50).raw(text.encode()))


def split_continuous(counts: NDArray, *, kind: int | None = None, name: str = "Voltage", **settings) -> list[Entry]:
    """Return int16 voltage of shape (n_samples, n_channels); a `kind` adds an extension."""
    data = Data.of(counts.astype("<i2"))
    extension = [] if kind is None else [split_extension(kind, name)]
    return [split_header(data, counts.shape[1], **settings), *extension, Entry(DATA, data)]


def split_spikes(records: NDArray[np.void], *, name: str = "Spikes", **settings) -> list[Entry]:
    """Return spikes in the split layout."""
    data = Data.of(records)
    kind = records.dtype
    own = {
        "samples_per_block": kind["waveform"].shape[0],
        "block_header": SPIKE_HEADER + kind["reserved"].itemsize,
    }
    return [split_header(data, 1, **own | settings), split_extension(SPIKES, name), Entry(DATA, data)]


# --- many spikes ---


def spike_blocks(
    n_spikes: int, channels: NDArray[np.void], *, duration: float = 600.0, rate: float = RATE, block: int = 1 << 17
) -> Iterator[NDArray[np.void]]:
    """Yield spikes in the order of their times, block by block; the same arguments give the same spikes."""
    templates = np.random.default_rng(0).normal(0, 40, (256, 38))
    templates[:, 11] = -600
    templates = templates.astype("<i2")
    step = (duration * rate - 38) / max(1, n_spikes)  # so that the last waveform ends before the recording
    for first in range(0, n_spikes, block):
        generator = np.random.default_rng(first)
        n = min(block, n_spikes - first)
        records = np.zeros(n, spike_dtype())
        records["start"] = ((first + np.arange(n)) * step).astype(np.int64)
        chosen = channels[generator.integers(channels.size, size=n)]
        records["channel"], records["chip"] = chosen["channel"], chosen["chip"]
        records["trigger"], records["noise"], records["threshold"] = 11, 2e-6, 5.5
        records["waveform"] = templates[generator.integers(256, size=n)]
        yield records


def many_spikes(n_spikes: int, channels: NDArray[np.void], **settings) -> list[Entry]:
    """Return millions of spikes that are made while the file is written."""
    data = Data(
        n_spikes * spike_dtype().itemsize,
        lambda: (records.view(np.uint8).data for records in spike_blocks(n_spikes, channels)),
    )
    return spikes(data, channels, **settings)
