"""Multi Channel Systems HDF5 files for neo: every stream as it is stored, spikes with cut-outs, and events.

One block; one segment per recording and stretch without a gap, because neo knows no gaps within a signal.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from neo.rawio.baserawio import (
    BaseRawIO,
    _event_channel_dtype,
    _signal_buffer_dtype,
    _signal_channel_dtype,
    _signal_stream_dtype,
    _spike_channel_dtype,
)
from numpy.typing import NDArray

from mnephys.errors import UnsupportedFormatError
from mnephys.readers.binary import open_binary
from mnephys.readers.hdf5.file import open_hdf5
from mnephys.readers.mcs.file import McsFile, is_mcs, read_mcs_file
from mnephys.readers.mcs.neo_header import channel_rows, common_cut_outs, common_streams, spike_sources
from mnephys.readers.mcs.neo_segments import StretchSegment, piece_part, segments_of
from mnephys.recording import FloatArray, IntArray

__all__ = ["McsHdf5RawIO"]


class McsHdf5RawIO(BaseRawIO):
    """Read a file that the Multi Channel DataManager exported.

    Parameters
    ----------
    filename : str or Path
        The file.
    recording : int, optional
        Which of its recordings, from 0; all if omitted, which need to have the same channels.

    Examples
    --------
    >>> McsHdf5RawIO("plate.h5")
    McsHdf5RawIO: plate.h5
    <BLANKLINE>
    """

    name = "McsHdf5RawIO"
    description = "HDF5 files of the Multi Channel DataManager of Multi Channel Systems"
    extensions = ("h5",)
    rawmode = "one-file"

    def __init__(self, filename: str | Path = "", recording: int | None = None) -> None:
        BaseRawIO.__init__(self)
        self.filename = str(filename)
        self.recording = recording

    def _source_name(self) -> str:
        return self.filename

    def _parse_header(self) -> None:
        with open_binary(self.filename) as file, open_hdf5(file) as content:
            if not is_mcs(content):
                problem = "is no HDF5 file of Multi Channel Systems"
                raise UnsupportedFormatError(self.filename, problem, "export it with the DataManager")
            held = read_mcs_file(content)
        self._segments = self._chosen(held)
        self._streams = common_streams(self.filename, self._segments)
        self._parts = {name: piece_part(stream) for name, stream in self._streams.items()}
        self._sources = spike_sources(self._segments)
        self._cut_outs = common_cut_outs(self.filename, self._segments)
        self._kinds = list(dict.fromkeys(kind for segment in self._segments for kind in segment.events))
        streams = [(stream.origin.label or name, name, "") for name, stream in self._streams.items()]
        channels = [row for name, stream in self._streams.items() for row in channel_rows(name, stream)]
        self.header: dict[str, Any] = {
            "nb_block": 1,
            "nb_segment": [len(self._segments)],
            "signal_buffers": np.zeros(0, _signal_buffer_dtype),
            "signal_streams": np.array(streams, _signal_stream_dtype),
            "signal_channels": np.array(channels, _signal_channel_dtype),
            "spike_channels": np.array([self._unit(number) for number in self._sources], _spike_channel_dtype),
            "event_channels": np.array([self._event_channel(kind) for kind in self._kinds], _event_channel_dtype),
        }
        self._generate_minimal_annotations()
        block = self.raw_annotations["blocks"][0]
        block |= {name: value for name, value in held.data.items() if isinstance(value, str | int | float)}
        for segment, notes in zip(self._segments, block["segments"], strict=True):
            notes |= {"name": segment.name, "problems": list(segment.problems)}

    def _chosen(self, held: McsFile) -> list[StretchSegment]:
        recordings = held.recordings
        if self.recording is not None:
            if not 0 <= self.recording < len(recordings):
                problem = f"has no recording {self.recording}; it holds {len(recordings)}"
                raise UnsupportedFormatError(self.filename, problem, "count recordings from 0")
            recordings = [recordings[self.recording]]
        segments = [segment for recording in recordings for segment in segments_of(self.filename, recording)]
        if not segments:
            raise UnsupportedFormatError(self.filename, "holds no samples and no spikes", "export it again")
        return segments

    def _unit(self, number: int) -> tuple[Any, ...]:
        zero, step, before, rate = self._cut_outs.get(number, (0.0, 1.0, 0, 0.0))
        return self._sources[number][1], str(number), "uV", step, -zero * step, before, rate

    def _event_channel(self, kind: str) -> tuple[str, str, str]:
        events = [segment.events[kind] for segment in self._segments if kind in segment.events]
        lasting = any(one.durations.any() for one in events)
        return events[0].label, kind, "epoch" if lasting else "event"

    def _segment_t_start(self, block_index: int, seg_index: int) -> float:
        return self._segments[seg_index].start

    def _segment_t_stop(self, block_index: int, seg_index: int) -> float:
        return self._segments[seg_index].stop

    def _name(self, stream_index: int) -> str:
        return str(self.header["signal_streams"][stream_index]["id"])

    def _get_signal_size(self, block_index: int, seg_index: int, stream_index: int) -> int:
        piece = self._segments[seg_index].pieces.get(self._name(stream_index))
        return piece.last - piece.first if piece else 0

    def _get_signal_t_start(self, block_index: int, seg_index: int, stream_index: int) -> float:
        segment = self._segments[seg_index]
        piece = segment.pieces.get(self._name(stream_index))
        return piece.start if piece else segment.start

    def _get_analogsignal_chunk(
        self,
        block_index: int,
        seg_index: int,
        i_start: int | None,
        i_stop: int | None,
        stream_index: int,
        channel_indexes: Sequence[int] | IntArray | slice | None,
    ) -> NDArray[Any]:
        name, size = self._name(stream_index), self._get_signal_size(block_index, seg_index, stream_index)
        start, stop = 0 if i_start is None else int(i_start), size if i_stop is None else int(i_stop)
        if not 0 <= start <= stop <= size:
            raise IndexError(f"samples {start} to {stop} are not in a signal of {size} samples")
        which = np.arange(self._streams[name].channels.ids.size)
        which = which if channel_indexes is None else which[channel_indexes]
        if start == stop or which.size == 0:
            return np.zeros((stop - start, which.size), self._streams[name].array.dtype)
        piece = self._segments[seg_index].pieces[name]
        part = self._parts[name] if piece.stream is self._streams[name] else piece_part(piece.stream)
        return part.stored(piece.first + start, piece.first + stop, which)

    def _spike_rows(self, seg_index: int, unit: int, start: float | None, stop: float | None) -> IntArray:
        number = int(self.header["spike_channels"][unit]["id"])
        return self._segments[seg_index].spikes_of(number, start, stop)

    def _spike_count(self, block_index: int, seg_index: int, spike_channel_index: int) -> int:
        return int(self._spike_rows(seg_index, spike_channel_index, None, None).size)

    def _get_spike_timestamps(
        self,
        block_index: int,
        seg_index: int,
        spike_channel_index: int,
        t_start: float | None,
        t_stop: float | None,
    ) -> FloatArray:
        rows = self._spike_rows(seg_index, spike_channel_index, t_start, t_stop)
        spikes = self._segments[seg_index].spikes
        return np.zeros(0) if spikes is None else spikes.stream.trains.times[rows]

    def _rescale_spike_timestamp(self, spike_timestamps: FloatArray, dtype: Any) -> NDArray[Any]:
        return spike_timestamps.astype(dtype)

    def _get_spike_raw_waveforms(
        self,
        block_index: int,
        seg_index: int,
        spike_channel_index: int,
        t_start: float | None,
        t_stop: float | None,
    ) -> NDArray[Any] | None:
        spikes = self._segments[seg_index].spikes
        if spikes is None or spikes.cut_outs is None:
            return None
        rows = self._spike_rows(seg_index, spike_channel_index, t_start, t_stop)
        return spikes.cut_outs.stored(rows)[:, np.newaxis]

    def _event_rows(self, seg_index: int, kind: int, start: float | None, stop: float | None) -> IntArray:
        segment = self._segments[seg_index]
        events = segment.events.get(self._kinds[kind])
        if events is None:
            return np.zeros(0, np.int64)
        begin, end = segment.start if start is None else start, segment.stop if stop is None else stop
        return np.flatnonzero((events.times >= begin) & (events.times <= end))

    def _event_count(self, block_index: int, seg_index: int, event_channel_index: int) -> int:
        return int(self._event_rows(seg_index, event_channel_index, None, None).size)

    def _get_event_timestamps(
        self,
        block_index: int,
        seg_index: int,
        event_channel_index: int,
        t_start: float | None,
        t_stop: float | None,
    ) -> tuple[FloatArray, FloatArray | None, NDArray[np.str_]]:
        rows = self._event_rows(seg_index, event_channel_index, t_start, t_stop)
        kind = self.header["event_channels"][event_channel_index]
        labels = np.full(rows.size, kind["name"], dtype="U64")
        if rows.size == 0:
            return np.zeros(0), np.zeros(0) if kind["type"] == b"epoch" else None, labels
        events = self._segments[seg_index].events[self._kinds[event_channel_index]]
        return events.times[rows], events.durations[rows] if kind["type"] == b"epoch" else None, labels

    def _rescale_event_timestamp(
        self, event_timestamps: FloatArray, dtype: Any, event_channel_index: int
    ) -> NDArray[Any]:
        return event_timestamps.astype(dtype)

    def _rescale_epoch_duration(self, raw_duration: FloatArray, dtype: Any, event_channel_index: int) -> NDArray[Any]:
        return raw_duration.astype(dtype)
