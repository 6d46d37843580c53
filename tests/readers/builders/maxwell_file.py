"""Build MaxWell files from parts: MaxOne of 2016 (`OldMaxOne`), and MaxOne and MaxTwo of later years (`MaxWellFile`).

::

    MaxWellFile([Well(number) for number in range(6)]).write(path)

In the later layout the data of a well stand once, below ``/data_store``; ``/wells/wellNNN/recNNNN`` and
``/recordings/recNNNN/wellNNN`` are hard links to them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import h5py
import numpy as np
from numpy.typing import NDArray
from readers.builders.hdf5_plates import Field, packed_by_foreign_filter, written

MAPPING = np.dtype([("channel", "<i4"), ("electrode", "<i4"), ("x", "<f8"), ("y", "<f8")])
SPIKE = np.dtype([("frameno", "<i8"), ("channel", "<i4"), ("amplitude", "<f4")])
EVENT = np.dtype([("frameno", "<i8"), ("eventtype", "<i4"), ("eventid", "<i4"), ("eventmessage", h5py.string_dtype())])

_REC = "wells/well000/rec0000"

FIELDS = (
    Field("version"),
    *(Field(f"{_REC}/settings/{name}") for name in ("sampling", "lsb", "gain")),
    *(Field(f"{_REC}/settings/mapping", column=column) for column in MAPPING.names),
    *(Field(f"{_REC}/{name}") for name in ("start_time", "stop_time", "well_id", "recording_id")),
    *(Field(f"{_REC}/groups/routed/{name}") for name in ("channels", "frame_nos")),
    *(Field(f"{_REC}/spikes", column=column) for column in SPIKE.names),
    *(Field(f"{_REC}/events", column=column) for column in ("frameno", "eventtype", "eventid")),
)
"""Numbers of `full_file` that place, count or scale something."""

SHAPES = (
    f"{_REC}/groups/routed/raw",
    f"{_REC}/groups/routed/channels",
    f"{_REC}/groups/routed/frame_nos",
    f"{_REC}/settings/mapping",
    f"{_REC}/spikes",
    f"{_REC}/events",
)
"""Datasets of `full_file` whose shape is a claim."""

OLD_FIELDS = (
    Field("version"),
    *(Field(f"settings/{name}") for name in ("lsb", "gain")),
    *(Field("mapping", column=column) for column in MAPPING.names),
    *(Field("proc0/spikeTimes", column=column) for column in SPIKE.names),
)
"""The same of `OldMaxOne`."""

OLD_SHAPES = ("sig", "mapping", "proc0/spikeTimes")
"""The same of `OldMaxOne`."""

DEFAULT_GAIN = 512.0


def microvolts_per_count(lsb: float | None, gain: float | None) -> float:
    """Return what one count stands for: the least significant bit in V, or 3.3 V over 1024 steps at the gain."""
    return lsb * 1e6 if lsb is not None else 3.3 / (1024 * (gain or DEFAULT_GAIN)) * 1e6


def electrode_of(channel: int, well: int = 0) -> int:
    """Return the electrode that the builders connect to a channel: another number, not in the order of channels."""
    return (26_000 - 37 * channel - 1000 * well) % 26_400


def place_of(electrode: int) -> tuple[float, float]:
    """Return x and y in um: 220 columns, 17.5 um apart."""
    return 17.5 * (electrode % 220), 17.5 * (electrode // 220)


def mapping_of(channels: Sequence[int], well: int = 0) -> NDArray[Any]:
    """Return a mapping of channels; of -1, one that no electrode is connected to."""
    electrodes = [electrode_of(channel, well) if channel >= 0 else -1 for channel in channels]
    rows = [(channel, one, *place_of(one)) for channel, one in zip(channels, electrodes, strict=True)]
    return np.array(rows, MAPPING)


def counts_of(n_rows: int, n_samples: int, seed: int = 0) -> NDArray[np.uint16]:
    """Return 10-bit counts around the middle, which differ."""
    return np.random.default_rng(seed).integers(300, 724, (n_rows, n_samples), dtype=np.uint16)


@dataclass(frozen=True)
class Well:
    """One well in one recording: `raw` has a row for each of `channels`, which are those that were routed."""

    number: int = 0
    rec: str = "rec0000"
    channels: Sequence[int] = (5, 17, 40)
    not_routed: Sequence[int] = ()
    """Channels in the mapping without a row of the raw data."""
    unconnected: int = 0
    """Rows of the mapping with channel and electrode -1."""
    n_samples: int = 300
    sampling: float = 20_000.0
    lsb: float | None = 6.2943e-6
    gain: float | None = DEFAULT_GAIN
    first_frame: int = 0
    gap: tuple[int, int] | None = None
    """Sample before which frames were lost, and how many."""
    spikes: Sequence[tuple[int, int, float]] = ()
    """Frame (counted as `first_frame` is), channel, and amplitude in counts."""
    events: Sequence[tuple[int, str]] = ()
    """Frame and message."""
    packing: str = "gzip"
    """``""``, ``"gzip"``, or ``"foreign"``, which nothing here can unpack; ``"absent"`` for spikes alone."""
    with_channels: bool = True
    with_frames: bool = True

    @property
    def raw(self) -> NDArray[np.uint16]:
        return counts_of(len(self.channels), self.n_samples, 100 * self.number + int(self.rec[3:]))

    @property
    def frames(self) -> NDArray[np.uint64]:
        frames = self.first_frame + np.arange(self.n_samples, dtype=np.uint64)
        if self.gap is not None:
            frames[self.gap[0] :] += np.uint64(self.gap[1])
        return frames

    @property
    def mapping(self) -> NDArray[Any]:
        order = [*self.not_routed[:1], *self.channels[::-1], *self.not_routed[1:], *[-1] * self.unconnected]
        # Without a list of the routed channels, rows of the mapping and of the raw data are in one order.
        order = order if self.with_channels else [*self.channels, *self.not_routed, *[-1] * self.unconnected]
        return mapping_of(order, self.number)

    @property
    def microvolts(self) -> float:
        return microvolts_per_count(self.lsb, self.gain)

    def voltages(self) -> NDArray[np.float64]:
        """Return uV of shape (sample, channel), columns in the order of `channels`."""
        return self.raw.T.astype(float) * self.microvolts

    def labels(self) -> list[str]:
        """Return the electrodes of `channels`."""
        return [str(electrode_of(channel, self.number)) for channel in self.channels]

    def write(self, group: h5py.Group) -> None:
        settings = group.create_group("settings")
        settings["sampling"] = np.array([self.sampling])
        settings["hpf"] = np.array([1.0])
        settings["spike_threshold"] = np.array([5.0])
        for name, value in {"lsb": self.lsb, "gain": self.gain}.items():
            if value is not None:
                settings[name] = np.array([value])
        settings["mapping"] = self.mapping
        group["well_id"] = np.array([self.number], np.int32)
        group["recording_id"] = np.array([int(self.rec[3:])], np.int32)
        group["start_time"] = np.array([1_700_000_000_000], np.int64)
        group["stop_time"] = np.array([1_700_000_000_000 + self.n_samples // 20], np.int64)
        group["spikes"] = np.array(list(self.spikes), SPIKE)
        if self.events:
            rows = [(frame, 8, number, message) for number, (frame, message) in enumerate(self.events)]
            group["events"] = np.array(rows, EVENT)
        groups = group.create_group("groups")
        if self.packing != "absent":
            self._routed(groups.create_group("routed"))

    def _routed(self, routed: h5py.Group) -> None:
        if self.packing == "foreign":
            packed_by_foreign_filter(routed, "raw", self.raw)
        else:
            routed.create_dataset("raw", data=self.raw, compression=self.packing or None)
        if self.with_channels:
            routed["channels"] = np.array(self.channels, np.uint16)
        if self.with_frames:
            routed["frame_nos"] = self.frames
        routed["triggered"] = np.array([0], np.int32)


@dataclass(frozen=True)
class MaxWellFile:
    """A file of a version after 2016."""

    wells: Sequence[Well] = field(default_factory=lambda: [Well()])
    version: str = "20190530"
    links: str = "hard"
    """How ``/wells`` refers to the data: ``"hard"``, ``"soft"``, or ``"none"`` where they stand in ``/wells``."""

    def write(self, path: Path) -> Path:
        with written(path) as file:
            file["version"] = np.array([self.version.encode()])
            file["mxw_version"] = np.array([b"22.2.22"])
            file["hdf_version"] = np.array([b"1.12.1"])
            for number, well in enumerate(self.wells):
                ours = f"wells/well{well.number:03d}/{well.rec}"
                stored = f"data_store/data{number:04d}" if self.links != "none" else ours
                well.write(file.create_group(stored))
                if self.links == "none":
                    continue
                for name in (ours, f"recordings/{well.rec}/well{well.number:03d}"):
                    file[name] = h5py.SoftLink(f"/{stored}") if self.links == "soft" else file[stored]
        return path


@dataclass(frozen=True)
class OldMaxOne:
    """A file of version 20160704: one chip, rows of `sig` are channels, two more rows count the frames."""

    n_rows: int = 48
    """Channels of the chip, connected or not; the real one has 1024 and four rows of other kinds."""
    channels: Sequence[int] = (3, 7, 30, 41)
    unconnected: int = 2
    n_samples: int = 300
    lsb: float | None = 6.2943e-6
    gain: float | None = DEFAULT_GAIN
    first_frame: int = 0
    spikes: Sequence[tuple[int, int, float]] = ()
    packing: str = ""
    version: str = "20160704"

    @property
    def sig(self) -> NDArray[np.uint16]:
        frames = self.first_frame + np.arange(self.n_samples)
        counter = np.stack([frames & 0xFFFF, frames >> 16]).astype(np.uint16)
        other = np.zeros((2, self.n_samples), np.uint16)
        return np.concatenate([counts_of(self.n_rows, self.n_samples, 77), other, counter])

    @property
    def mapping(self) -> NDArray[Any]:
        return mapping_of([*self.channels[::-1], *[-1] * self.unconnected])

    @property
    def microvolts(self) -> float:
        return microvolts_per_count(self.lsb, self.gain)

    def voltage(self, channel: int) -> NDArray[np.float64]:
        """Return uV of a channel."""
        return self.sig[channel].astype(float) * self.microvolts

    def write(self, path: Path) -> Path:
        with written(path) as file:
            file["version"] = np.array([self.version.encode()])
            if self.packing == "foreign":
                packed_by_foreign_filter(file["/"], "sig", self.sig)
            else:
                file.create_dataset("sig", data=self.sig, compression=self.packing or None)
            file["mapping"] = self.mapping
            settings = file.create_group("settings")
            for name, value in {"lsb": self.lsb, "gain": self.gain}.items():
                if value is not None:
                    settings[name] = np.array([value])
            file["proc0/spikeTimes"] = np.array(list(self.spikes), SPIKE)
            file["bits"] = np.zeros(0, np.dtype([("frameno", "<i8"), ("bits", "<i4")]))
        return path


def full_file(**options: Any) -> MaxWellFile:
    """Return six wells with spikes and events; `FIELDS` and `SHAPES` are of this one."""
    wells = [
        Well(
            number,
            not_routed=(9,),
            spikes=[(20, 5, -8.0), (111, 40, -9.5), (250, 5, -7.25)],
            events=[(60, '{"stimulation": 1}')],
        )
        for number in range(6)
    ]
    return MaxWellFile(wells, **options)


def old_file(**options: Any) -> OldMaxOne:
    """Return a MaxOne file with spikes; `OLD_FIELDS` and `OLD_SHAPES` are of this one."""
    return OldMaxOne(spikes=[(20, 3, -8.0), (111, 41, -9.5), (250, 3, -7.25)], **options)
