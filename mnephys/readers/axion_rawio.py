"""Axion AxIS recordings for `neo`: a stream for each continuous data set, a spike channel for each electrode.

The files are described in `mnephys.readers.axis.reading`, which reads them without `neo`.
"""

from __future__ import annotations

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

from mnephys.errors import ReadError
from mnephys.readers.axis.blocks import DataSet
from mnephys.readers.axis.choice import is_voltage, signal_of, spike_set
from mnephys.readers.axis.content import AxisContent, read_content
from mnephys.readers.axis.signal import AxisSignal
from mnephys.readers.axis.spikes import SpikeTable, read_spikes
from mnephys.readers.axis.waveforms import waveforms_of
from mnephys.readers.binary import BinaryFile, open_binary
from mnephys.recording import FloatArray, IntArray

__all__ = ["AxionRawIO"]


class AxionRawIO(BaseRawIO):
    """Reader of Axion AxIS files for `neo`.

    One block of one segment. Signals and waveforms stay in the file until they are asked for; spike times are read with
    the header. Signals and waveforms are in uV, with the sign that the file states.

    Parameters
    ----------
    filename : str or Path
        A ``.raw`` or ``.spk`` file.

    Examples
    --------
    >>> AxionRawIO("no_such_plate.raw").parse_header()
    Traceback (most recent call last):
    mnephys.errors.MissingFileError: no_such_plate.raw: does not exist; check the spelling of the path
    """

    name = "AxionRawIO"
    description = "Axion BioSystems AxIS recordings"
    extensions = ["raw", "spk"]  # noqa: RUF012 -- neo reads it from the class
    rawmode = "one-file"

    def __init__(self, filename: str | Path = "") -> None:
        super().__init__()
        self.filename = str(filename)

    def _source_name(self) -> str:
        return self.filename

    def _parse_header(self) -> None:
        with open_binary(self.filename) as file:
            content = read_content(file)
            continuous, problems = self._read_streams(content)
            self._read_spikes(file, content)
        self._tags = content.tags.events
        electrodes = content.plate.electrodes
        names = [f"{well}_{label}" for well, label in electrodes[["well", "label"]].tolist()]
        streams = [(one.name or "voltage", str(number), "") for number, one in enumerate(continuous)]
        channels = [
            channel for number, one in enumerate(continuous) for channel in self._signal_channels(number, one, names)
        ]
        self.header = {
            "nb_block": 1,
            "nb_segment": [1],
            "signal_buffers": np.zeros(0, dtype=_signal_buffer_dtype),
            "signal_streams": np.array(streams, dtype=_signal_stream_dtype),
            "signal_channels": np.array(channels, dtype=_signal_channel_dtype),
            "spike_channels": np.array(self._spike_channels(names), dtype=_spike_channel_dtype),
            "event_channels": np.array([("Tags", "tags", "event")], dtype=_event_channel_dtype),
        }
        self._generate_minimal_annotations()
        # Names from the file stand apart from those that neo gives a meaning.
        told = {key: str(value) for key, value in content.metadata.items()}
        self.raw_annotations["blocks"][0].update(plate=content.plate.name, axis=told, problems=problems)

    def _read_streams(self, content: AxisContent) -> tuple[list[DataSet], list[str]]:
        """Find the continuous data sets that can be read; one that cannot does not cost the others."""
        self._streams: list[AxisSignal] = []
        read, problems = [], list(content.problems)
        for one in content.data_sets:
            if one.is_spikes or one.obstacle:
                continue
            try:
                signal, doubts = signal_of(content, one)
            except ReadError as error:
                problems.append(f"Not read: {one.title}, because {error.problem}.")
                continue
            self._streams.append(signal)
            read.append(one)
            problems += doubts
        return read, problems

    def _read_spikes(self, file: BinaryFile, content: AxisContent) -> None:
        """Read all spikes at once; those of one electrode cannot be found without reading all."""
        self._spikes: SpikeTable | None = None
        self._rows: list[int] = []
        self._duration = 0.0
        spikes, _ = spike_set(content.data_sets)
        if spikes is None:
            return
        plate = content.plate
        table = read_spikes(file, spikes, plate.row_of_code(), plate.electrodes.size, spikes.duration)
        listed = plate.rows if spikes.codes is None else plate.row_of_code()[spikes.codes]
        self._rows = np.union1d(listed[listed >= 0], np.flatnonzero(np.diff(table.offsets))).tolist()
        self._spikes, self._spike_set = table, spikes
        self._waveforms = waveforms_of(file.path, file.size, spikes, table.records, table.trigger)
        self._duration = spikes.duration or 0.0

    def _signal_channels(self, number: int, data_set: DataSet, names: list[str]) -> list[tuple[Any, ...]]:
        rows = self._streams[number].electrodes.tolist()
        rate, kind = data_set.sampling_rate, data_set.dtype.name
        unit, gain = ("uV", data_set.microvolts) if is_voltage(data_set) else ("", data_set.voltage_scale)
        return [(names[row], f"{number}#{names[row]}", rate, kind, unit, gain, 0.0, str(number), "") for row in rows]

    def _spike_channels(self, names: list[str]) -> list[tuple[Any, ...]]:
        if self._spikes is None:
            return []
        rate, gain, before = self._spike_set.sampling_rate, self._spike_set.microvolts, self._spikes.trigger
        return [(names[row], names[row], "uV", gain, 0.0, before, rate) for row in self._rows]

    def _segment_t_start(self, block_index: int, seg_index: int) -> float:
        return min(0.0, float(self._spikes.times.min(initial=0.0))) if self._spikes is not None else 0.0

    def _segment_t_stop(self, block_index: int, seg_index: int) -> float:
        ends = [self._duration, *(each.shape[0] / each.sampling_rate for each in self._streams)]
        if self._spikes is not None:
            ends.append(float(self._spikes.times.max(initial=0.0)))
        # neo wants a segment to last, also where nothing was recorded.
        return max(*ends, self._segment_t_start(block_index, seg_index) + 1e-3)

    def _get_signal_size(self, block_index: int, seg_index: int, stream_index: int) -> int:
        return self._streams[stream_index].shape[0]

    def _get_signal_t_start(self, block_index: int, seg_index: int, stream_index: int) -> float:
        return 0.0

    def _get_analogsignal_chunk(
        self,
        block_index: int,
        seg_index: int,
        i_start: int | None,
        i_stop: int | None,
        stream_index: int,
        channel_indexes: Any,
    ) -> NDArray[Any]:
        stream = self._streams[stream_index]
        stop = stream.shape[0] if i_stop is None else int(i_stop)
        return stream.read_counts(int(i_start or 0), stop, channel_indexes)

    def _spike_count(self, block_index: int, seg_index: int, spike_channel_index: int) -> int:
        return len(self._within(spike_channel_index, None, None))

    def _within(self, spike_channel_index: int, t_start: float | None, t_stop: float | None) -> range:
        """Return which spikes of a channel lie between two times, both included."""
        assert self._spikes is not None  # noqa: S101 -- without spikes there is no spike channel
        row = self._rows[spike_channel_index]
        begin, end = self._spikes.offsets[row : row + 2].tolist()
        times = self._spikes.times[begin:end]
        first = 0 if t_start is None else int(np.searchsorted(times, t_start, side="left"))
        last = times.size if t_stop is None else int(np.searchsorted(times, t_stop, side="right"))
        return range(begin + first, begin + max(first, last))

    def _get_spike_timestamps(
        self, block_index: int, seg_index: int, spike_channel_index: int, t_start: float | None, t_stop: float | None
    ) -> IntArray:
        assert self._spikes is not None  # noqa: S101 -- without spikes there is no spike channel
        held = self._within(spike_channel_index, t_start, t_stop)
        samples: FloatArray = self._spikes.times[held.start : held.stop] * self._spike_set.sampling_rate
        stamps: IntArray = np.rint(samples).astype(np.int64)
        return stamps

    def _rescale_spike_timestamp(self, spike_timestamps: IntArray, dtype: Any) -> FloatArray:
        return (spike_timestamps / self._spike_set.sampling_rate).astype(dtype)

    def _get_spike_raw_waveforms(
        self, block_index: int, seg_index: int, spike_channel_index: int, t_start: float | None, t_stop: float | None
    ) -> NDArray[Any]:
        held = self._within(spike_channel_index, t_start, t_stop)
        return self._waveforms.read_counts(slice(held.start, held.stop))[:, np.newaxis, :]

    def _event_count(self, block_index: int, seg_index: int, event_channel_index: int) -> int:
        return len(self._tags)

    def _get_event_timestamps(
        self, block_index: int, seg_index: int, event_channel_index: int, t_start: float | None, t_stop: float | None
    ) -> tuple[FloatArray, None, NDArray[np.str_]]:
        low, high = -np.inf if t_start is None else t_start, np.inf if t_stop is None else t_stop
        held = [(time, text) for time, text in self._tags if low <= time <= high]
        times = np.array([time for time, _ in held], dtype=np.float64)
        return times, None, np.array([text for _, text in held], dtype="U")

    def _rescale_event_timestamp(
        self, event_timestamps: FloatArray, dtype: Any, event_channel_index: int
    ) -> FloatArray:
        return event_timestamps.astype(dtype)
