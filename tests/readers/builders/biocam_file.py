"""Build 3Brain files from parts: `.brw` and `.bxr` of version 3 (`OldFile`), of BrainWave 5 and 6 (`WellsFile`).

::

    WellsFile([Well("A1"), Well("B3", sparse=...)]).write(path)

Counts are 12 bits; one count is (maximum - minimum) / 4096 in version 3, / 4095 later.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import h5py
import numpy as np
from numpy.typing import NDArray
from readers.builders.hdf5_plates import Field, written

RATE = 9873.5
"""Frames per second; the vendor's are no round numbers."""

SIDE = 64
"""Rows and columns of the chip with one well."""

CHANNEL = np.dtype([("Row", "<i2"), ("Col", "<i2")])

_VARIABLES = ("BitDepth", "MaxVolt", "MinVolt", "NRecFrames", "SamplingRate", "SignalInversion")

OLD_FIELDS = (
    Field("3BData", attribute="Version"),
    *(Field(f"3BRecInfo/3BRecVars/{name}") for name in _VARIABLES),
    *(Field(f"3BRecInfo/3BMeaChip/{name}") for name in ("NRows", "NCols")),
    *(Field("3BRecInfo/3BMeaStreams/Raw/Chs", column=column) for column in CHANNEL.names),
)
"""Numbers of an `OldFile` with raw data that place, count or scale something."""

OLD_SHAPES = ("3BData/Raw", "3BRecInfo/3BMeaStreams/Raw/Chs")
"""Datasets of an `OldFile` with raw data whose shape is a claim."""

OLD_SPIKE_FIELDS = (
    *(Field(f"3BRecInfo/3BRecVars/{name}") for name in _VARIABLES),
    Field("3BResults/3BChEvents/SpikeTimes"),
    Field("3BResults/3BChEvents/SpikeChIDs"),
    Field("3BResults/3BInfo/MeaChs2ChIDsMatrix"),
)
"""The same of an `OldFile` with spikes."""

OLD_SPIKE_SHAPES = (
    "3BResults/3BChEvents/SpikeTimes",
    "3BResults/3BChEvents/SpikeChIDs",
    "3BResults/3BInfo/MeaChs2ChIDsMatrix",
)
"""The same of an `OldFile` with spikes."""

_CONVERTER = "ValueConverter"
_NEW_CONVERTER = "SignalConverter/DigitalToAnalogConverter"

FIELDS = (
    *(
        Field("ExperimentSettings", key=f"{_CONVERTER}/{name}")
        for name in ("MaxAnalogValue", "MinAnalogValue", "MaxDigitalValue", "MinDigitalValue", "ScaleFactor")
    ),
    Field("ExperimentSettings", key="TimeConverter/FrameRate"),
    Field("TOC"),
    Field("Well_A1/StoredChIdxs"),
    Field("Well_A1/RawTOC"),
    Field("Well_A2/EventsBasedSparseRaw"),
    Field("Well_A2/EventsBasedSparseRawTOC"),
    Field("Well_A2/StoredChIdxs"),
    Field("Well_A1/SpikeTimes"),
    Field("Well_A1/SpikeChIdxs"),
    Field("Well_A1/SpikeForms", attribute="Wavelength"),
)
"""Numbers of `full_file` (BrainWave 5) that place, count or scale something."""

SHAPES = (
    "TOC",
    "Well_A1/Raw",
    "Well_A1/StoredChIdxs",
    "Well_A2/EventsBasedSparseRaw",
    "Well_A2/EventsBasedSparseRawTOC",
    "Well_A1/SpikeTimes",
    "Well_A1/SpikeChIdxs",
    "Well_A1/SpikeForms",
)
"""Datasets of `full_file` whose shape is a claim."""

NEW_FIELDS = (
    *(
        Field("ExperimentInfo", key=f"{_NEW_CONVERTER}/{name}")
        for name in ("MaxAnalogValueMicroVolt", "MinAnalogValueMicroVolt", "MaxDigitalValue", "MinDigitalValue")
    ),
    Field("ExperimentInfo", key="SignalConverter/SampleToTimeConverter/FrameRateHertz"),
    *(one for one in FIELDS if one.path != "ExperimentSettings"),
)
"""Numbers of `full_file` (BrainWave 6) that place, count or scale something."""


def counts_of(n_frames: int, n_channels: int, seed: int = 0) -> NDArray[np.uint16]:
    """Return 12-bit counts that differ."""
    return np.random.default_rng(seed).integers(1, 4095, (n_frames, n_channels), dtype=np.uint16)


# --- version 3 ---


@dataclass(frozen=True)
class OldFile:
    """A `.brw` (with `counts`) or `.bxr` (with `spikes`) of version 3."""

    counts: NDArray[np.uint16] | None = field(default_factory=lambda: counts_of(200, 3))
    """Shape (frame, channel)."""
    channels: Sequence[tuple[int, int]] = ((1, 1), (5, 64), (64, 2))
    """Row and column, from 1."""
    version: int | None = 101
    inversion: float = 1.0
    bits: int = 12
    maximum: float = 4125.0
    minimum: float = -4125.0
    rate: float = RATE
    n_frames: int | None = None
    """As stated; the truth where omitted."""
    spikes: Sequence[tuple[int, int]] = ()
    """Frame, and channel id: 64 rows of 64 columns, counted from 0."""
    packed: bool = True

    @property
    def gain(self) -> float:
        return (self.maximum - self.minimum) / 2**self.bits

    def voltages(self) -> NDArray[np.float64]:
        """Return uV of shape (frame, channel)."""
        counts = self.counts.astype(float)
        return (4096 - counts if self.inversion == -1 else counts) * self.gain + self.minimum

    def write(self, path: Path) -> Path:
        n_frames = self.n_frames if self.n_frames is not None else 1000 if self.counts is None else len(self.counts)
        with written(path) as file:
            variables = file.create_group("3BRecInfo/3BRecVars")
            variables["BitDepth"] = np.array([self.bits], np.uint8)
            variables["MaxVolt"] = np.array([self.maximum])
            variables["MinVolt"] = np.array([self.minimum])
            variables["NRecFrames"] = np.array([n_frames], np.int64)
            variables["SamplingRate"] = np.array([self.rate])
            variables["SignalInversion"] = np.array([self.inversion])
            chip = file.create_group("3BRecInfo/3BMeaChip")
            chip["NRows"] = chip["NCols"] = np.array([SIDE], np.uint32)
            if self.counts is not None:
                self._raw(file)
            if self.spikes or self.counts is None:
                self._events(file)
        return path

    def _raw(self, file: h5py.File) -> None:
        file["3BRecInfo/3BMeaStreams/Raw/Chs"] = np.array(list(self.channels), CHANNEL)
        data = file.create_group("3BData")
        values = self.counts if self.version == 100 else self.counts.ravel()
        raw = data.create_dataset("Raw", data=values, compression="gzip" if self.packed else None)
        if self.version is not None:
            # Files have it at the group; some descriptions place it at the dataset.
            data.attrs["Version"] = np.int32(self.version)
            raw.attrs["Version"] = np.int32(self.version)

    def _events(self, file: h5py.File) -> None:
        frames, ids = np.array(list(self.spikes), np.int64).reshape(-1, 2).T
        events = file.create_group("3BResults/3BChEvents")
        events["SpikeTimes"] = frames
        events["SpikeChIDs"] = ids.astype(np.int32)
        events["SpikeUnits"] = np.zeros(len(frames), np.int32)
        info = file.create_group("3BResults/3BInfo")
        info["MeaChs2ChIDsMatrix"] = np.arange(SIDE * SIDE, dtype=np.int32).reshape(SIDE, SIDE)
        info["3BSpikes/ChIDs2NSpikes"] = np.bincount(ids, minlength=SIDE * SIDE).astype(np.int32)


# --- BrainWave 5 and 6 ---


@dataclass(frozen=True)
class Converter:
    """What counts and frames stand for."""

    maximum: float = 4125.0
    minimum: float = -4125.0
    max_digital: int = 4095
    min_digital: int = 0
    scale: float = 1.0
    rate: float = RATE

    @property
    def gain(self) -> float:
        return self.scale * (self.maximum - self.minimum) / (self.max_digital - self.min_digital)

    def microvolts(self, counts: NDArray[Any]) -> NDArray[np.float64]:
        return counts.astype(float) * self.gain + self.minimum

    def settings(self) -> dict[str, Any]:
        """Return the content of ExperimentSettings, of BrainWave 5."""
        return {
            "ValueConverter": {
                "MaxAnalogValue": self.maximum,
                "MinAnalogValue": self.minimum,
                "MaxDigitalValue": self.max_digital,
                "MinDigitalValue": self.min_digital,
                "ScaleFactor": self.scale,
            },
            "TimeConverter": {"FrameRate": self.rate},
            "MeaPlate": {"Model": 12},
        }

    def info(self) -> dict[str, Any]:
        """Return the content of ExperimentInfo, of BrainWave 6."""
        return {
            "SignalConverter": {
                "DigitalToAnalogConverter": {
                    "MaxAnalogValueMicroVolt": self.maximum,
                    "MinAnalogValueMicroVolt": self.minimum,
                    "MaxDigitalValue": self.max_digital,
                    "MinDigitalValue": self.min_digital,
                },
                "SampleToTimeConverter": {"FrameRateHertz": self.rate},
            }
        }


@dataclass(frozen=True)
class Range:
    """Samples of a channel that a sparse recording kept."""

    channel: int
    first: int
    counts: NDArray[np.uint16]


@dataclass(frozen=True)
class Well:
    """One well: raw counts, sparse ranges for each row of the table of contents, or spikes."""

    name: str = "A1"
    channels: Sequence[int] = (0, 1, 2, 3)
    counts: NDArray[np.uint16] | None = None
    """Shape (frame, channel); frames of all rows of the table of contents one after the other."""
    sparse: Sequence[Sequence[Range]] | None = None
    wavelet: bool = False
    spikes: Sequence[tuple[int, int]] | None = None
    """Frame and channel."""
    forms: NDArray[np.int16] | None = None
    """Counts of shape (spike, sample)."""
    with_channels: bool = True

    def write(self, group: h5py.Group, toc: NDArray[np.int64], *, packed: bool) -> None:
        group.attrs["Version"] = np.int32(100)
        if self.with_channels:
            group["StoredChIdxs"] = np.array(self.channels, np.int32)
        if self.counts is not None:
            group.create_dataset("Raw", data=self.counts.ravel(), compression="gzip" if packed else None)
            lengths = toc[:, 1] - toc[:, 0]
            group["RawTOC"] = np.concatenate([[0], np.cumsum(lengths)[:-1]]) * len(self.channels)
        if self.sparse is not None:
            pieces = [sparse_bytes(ranges) for ranges in self.sparse]
            group["EventsBasedSparseRaw"] = np.frombuffer(b"".join(pieces), np.uint8)
            group["EventsBasedSparseRawTOC"] = np.cumsum([0, *[len(piece) for piece in pieces][:-1]]).astype(np.int64)
        if self.wavelet:
            group["WaveletBasedEncodedRaw"] = np.arange(500, dtype=np.int16)
            group["WaveletBasedEncodedRaw"].attrs.update({"CompressionLevel": np.int32(3), "DataChunkLength": 200})
            group["WaveletBasedEncodedRawTOC"] = np.zeros(len(toc), np.int64)
        if self.spikes is not None:
            self._spikes(group, toc)

    def _spikes(self, group: h5py.Group, toc: NDArray[np.int64]) -> None:
        frames, channels = np.array(list(self.spikes), np.int64).reshape(-1, 2).T
        group["SpikeTimes"] = frames
        group["SpikeChIdxs"] = channels.astype(np.int32)
        group["SpikeUnits"] = np.zeros(len(frames), np.int32)
        group["SpikeTOC"] = np.searchsorted(frames, toc[:, 0])
        if self.forms is not None:
            group["SpikeForms"] = self.forms.astype(np.int16).ravel()
            group["SpikeForms"].attrs["Wavelength"] = np.int32(self.forms.shape[1])


def sparse_bytes(ranges: Sequence[Range]) -> bytes:
    """Return one piece of EventsBasedSparseRaw: for each channel its number, its bytes, and its ranges."""
    content = b""
    for channel in dict.fromkeys(one.channel for one in ranges):
        kept = b"".join(
            struct.pack("<qq", one.first, one.first + len(one.counts)) + one.counts.astype("<u2").tobytes()
            for one in ranges
            if one.channel == channel
        )
        content += struct.pack("<ii", channel, len(kept)) + kept
    return content


@dataclass(frozen=True)
class WellsFile:
    """A `.brw` or `.bxr` of BrainWave 5 (`brainwave=5`: ExperimentSettings) or 6 (ExperimentInfo)."""

    wells: Sequence[Well]
    toc: Sequence[tuple[int, int]] = ((0, 120), (120, 200))
    """First frame and the one after the last of each piece."""
    converter: Converter = field(default_factory=Converter)
    brainwave: int = 5
    packed: bool = True
    plate_channels: Sequence[int] | None = None
    """Channels that BrainWave 6 lists once, for the plate."""

    def write(self, path: Path) -> Path:
        toc = np.array(list(self.toc), np.int64).reshape(-1, 2)
        name = "ExperimentSettings" if self.brainwave == 5 else "ExperimentInfo"
        content = self.converter.settings() if self.brainwave == 5 else self.converter.info()
        if self.plate_channels is not None:
            content["CorePlateData"] = {"StoredPlateElIdxs": list(self.plate_channels)}
        with written(path) as file:
            file.attrs["Version"] = np.int32(320 if self.brainwave == 5 else 400)
            file.attrs["Description"] = np.bytes_("")
            file[name] = np.array([json.dumps(content).encode()], dtype=h5py.string_dtype())
            file["TOC"] = toc
            for well in self.wells:
                well.write(file.create_group(f"Well_{well.name}"), toc, packed=self.packed)
        return path


# --- parts with defaults ---


def raw_well(name: str = "A1", channels: Sequence[int] = (0, 1, 2, 3), n_frames: int = 200, seed: int = 0) -> Well:
    """Return a well with raw counts."""
    return Well(name, channels, counts_of(n_frames, len(channels), seed))


def sparse_well(name: str = "A1", channels: Sequence[int] = (0, 1, 2, 3)) -> Well:
    """Return a well of which some ranges of the first and last channels were kept, in two pieces."""
    first, last = channels[0], channels[-1]
    pieces = [
        [Range(first, 10, counts_of(25, 1, 1).ravel()), Range(first, 70, counts_of(30, 1, 2).ravel())],
        [Range(last, 120, counts_of(40, 1, 3).ravel()), Range(first, 190, counts_of(10, 1, 4).ravel())],
    ]
    return Well(name, channels, sparse=pieces)


def kept_of(well: Well, n_frames: int) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Return the counts of a sparse well as shape (frame, channel), and which of them it holds."""
    counts, kept = np.zeros((n_frames, len(well.channels))), np.zeros((n_frames, len(well.channels)), bool)
    for one in (one for piece in well.sparse for one in piece):
        column, stop = list(well.channels).index(one.channel), one.first + len(one.counts)
        counts[one.first : stop, column], kept[one.first : stop, column] = one.counts, True
    return counts, kept


def spikes_well(name: str = "A1", channels: Sequence[int] = (0, 1, 2, 3), seed: int = 0) -> Well:
    """Return a well with spikes of its first and last channels."""
    spikes = [(12, channels[0]), (40, channels[-1]), (41, channels[0]), (150 + seed, channels[-1])]
    forms = np.random.default_rng(seed).integers(1500, 2600, (len(spikes), 20), dtype=np.int16)
    return Well(name, channels, spikes=spikes, forms=forms)


def full_file(**options: Any) -> WellsFile:
    """Return a raw well that also has spikes, and a sparse one; `FIELDS` and `SHAPES` are of this one."""
    from dataclasses import replace

    spikes = spikes_well()
    return WellsFile(
        [replace(raw_well(), spikes=spikes.spikes, forms=spikes.forms), sparse_well("A2")],
        **options,
    )
