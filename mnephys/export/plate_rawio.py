"""A plate as neo reads it: its signal in pieces, its spikes, its events."""

from __future__ import annotations

from typing import Any

import numpy as np
from neo.io.basefromrawio import BaseFromRaw
from neo.rawio.baserawio import (
    BaseRawIO,
    _event_channel_dtype,
    _signal_buffer_dtype,
    _signal_channel_dtype,
    _signal_stream_dtype,
    _spike_channel_dtype,
)
from numpy.typing import NDArray

from mnephys.recording import FloatArray, PlateRecording

__all__ = ["PlateIO", "PlateRawIO"]

_EVENT_LABEL = "U256"


class PlateRawIO(BaseRawIO):
    """A plate through the interface of neo's readers.

    Parameters
    ----------
    recording : PlateRecording
        Whatever reader it came from.

    Notes
    -----
    One block; one segment per stretch without a gap; one stream of all channels in uV as float32, which is read when a
    chunk is asked for; one spike channel per electrode, silent ones included; one channel of events. A spike or event
    belongs to the segment that began last before it, and the first segment begins no later than the first of them.

    Examples
    --------
    >>> from mnephys.recording import LAYOUTS, SpikeTrains
    >>> from mnephys.recording.plate import electrodes_of
    >>> electrodes = electrodes_of(LAYOUTS["24-well"])
    >>> trains = SpikeTrains.from_lists([[0.5, 1.0]] + [[]] * 383, electrodes["well"], stop=60.0)
    >>> reader = PlateRawIO(PlateRecording(LAYOUTS["24-well"], electrodes, trains))
    >>> reader.parse_header()
    >>> reader.spike_count(spike_channel_index=0), reader.header["spike_channels"]["name"][0].item()
    (2, 'A1_11')
    """

    rawmode = "other"

    def __init__(self, recording: PlateRecording) -> None:
        super().__init__()
        self.recording = recording
        # Neo asks only for streams and spike channels that the header has.
        self._signal: Any = recording.signal
        self._trains: Any = recording.trains

    def _source_name(self) -> str:
        return self.recording.provenance.path or "plate"

    def _parse_header(self) -> None:
        recording = self.recording
        names = np.char.add(np.char.add(recording.electrodes["well"], "_"), recording.electrodes["label"])
        self._starts, self._stops = _stretches(recording)
        self._event_times = np.array([time for time, _ in recording.events], dtype=np.float64)
        self._event_labels = np.array([text for _, text in recording.events], dtype=_EVENT_LABEL)
        self.header = {
            "nb_block": 1,
            "nb_segment": [self._starts.size],
            "signal_buffers": np.zeros(0, _signal_buffer_dtype),
            "signal_streams": np.zeros(0, _signal_stream_dtype),
            "signal_channels": np.zeros(0, _signal_channel_dtype),
            "spike_channels": np.zeros(0, _spike_channel_dtype),
            "event_channels": np.array([("events", "events", "event")], _event_channel_dtype),
        }
        if (signal := recording.signal) is not None:
            self.header["signal_streams"] = np.array([("voltage", "0", "")], _signal_stream_dtype)
            self.header["signal_channels"] = np.array(
                [
                    (name, name, signal.sampling_rate, "float32", "uV", 1.0, 0.0, "0", "")
                    for name in names[signal.electrodes].tolist()
                ],
                _signal_channel_dtype,
            )
        if recording.trains is not None:
            # A plain array of waveforms says nothing of its time axis: one sample is then one second.
            rate = float(getattr(recording.trains.waveforms, "sampling_rate", 1.0))
            before = round((getattr(recording.trains.waveforms, "before", None) or 0.0) * rate)
            self.header["spike_channels"] = np.array(
                [(name, name, "uV", 1.0, 0.0, before, rate) for name in names.tolist()], _spike_channel_dtype
            )
        self._generate_minimal_annotations()
        self._annotate()

    def _annotate(self) -> None:
        recording = self.recording
        block = self.raw_annotations["blocks"][0]
        block["plate"] = recording.layout.name
        block["problems"] = list(recording.problems)
        columns = ("well", "label", "column", "row", "x", "y")
        for segment in block["segments"]:
            for notes in segment["signals"]:
                rows = recording.electrodes[np.asarray(self._signal.electrodes)]
                notes["__array_annotations__"].update({name: rows[name] for name in columns})
            for notes, row in zip(segment["spikes"], recording.electrodes, strict=False):
                notes.update({name: row[name].item() for name in (*columns, "enabled")})

    def _segment_t_start(self, block_index: int, seg_index: int) -> float:
        return float(self._starts[seg_index])

    def _segment_t_stop(self, block_index: int, seg_index: int) -> float:
        return float(self._stops[seg_index])

    def _first_sample(self, seg_index: int) -> int:
        return int(self._signal.segments["first"][seg_index])

    def _get_signal_size(self, block_index: int, seg_index: int, stream_index: int) -> int:
        last = seg_index + 1 == self._starts.size
        return (int(self._signal.shape[0]) if last else self._first_sample(seg_index + 1)) - self._first_sample(
            seg_index
        )

    def _get_signal_t_start(self, block_index: int, seg_index: int, stream_index: int) -> float:
        return float(self._signal.segments["start"][seg_index])

    def _get_analogsignal_chunk(
        self,
        block_index: int,
        seg_index: int,
        i_start: int | None,
        i_stop: int | None,
        stream_index: int,
        channels: Any,
    ) -> NDArray[np.float32]:
        size, first = self._get_signal_size(block_index, seg_index, stream_index), self._first_sample(seg_index)
        start, stop = 0 if i_start is None else i_start, size if i_stop is None else i_stop
        if not 0 <= start <= stop <= size:
            raise IndexError(f"samples {start} to {stop} are asked for, of {size}")
        found: NDArray[np.float32] = self._signal.read(first + start, first + stop, channels)
        return found

    def _rows(self, times: FloatArray, seg_index: int, t_start: float | None, t_stop: float | None) -> slice:
        """Return which of some sorted times belong to a segment, and lie within limits."""
        begin = -np.inf if seg_index == 0 else self._starts[seg_index]
        end = np.inf if seg_index + 1 == self._starts.size else self._starts[seg_index + 1]
        first = int(np.searchsorted(times, begin if t_start is None else max(begin, t_start)))
        last = int(np.searchsorted(times, end))
        if t_stop is not None:
            last = min(last, int(np.searchsorted(times, t_stop, side="right")))
        return slice(first, max(first, last))

    def _train(self, channel: int) -> tuple[slice, FloatArray]:
        own = slice(int(self._trains.offsets[channel]), int(self._trains.offsets[channel + 1]))
        return own, self._trains.times[own]

    def _spike_count(self, block_index: int, seg_index: int, spike_channel_index: int) -> int:
        rows = self._rows(self._train(spike_channel_index)[1], seg_index, None, None)
        return int(rows.stop - rows.start)

    def _get_spike_timestamps(
        self, block_index: int, seg_index: int, channel: int, t_start: float | None, t_stop: float | None
    ) -> FloatArray:
        times = self._train(channel)[1]
        return times[self._rows(times, seg_index, t_start, t_stop)]

    def _rescale_spike_timestamp(self, spike_timestamps: FloatArray, dtype: str) -> FloatArray:
        return spike_timestamps.astype(dtype)

    def _get_spike_raw_waveforms(
        self, block_index: int, seg_index: int, channel: int, t_start: float | None, t_stop: float | None
    ) -> NDArray[Any] | None:
        own, times = self._train(channel)
        waveforms = self._trains.waveforms
        if waveforms is None:
            return None
        rows = self._rows(times, seg_index, t_start, t_stop)
        found = np.asarray(waveforms[slice(own.start + rows.start, own.start + rows.stop)])
        return found[:, np.newaxis, :]

    def _event_count(self, block_index: int, seg_index: int, event_channel_index: int) -> int:
        rows = self._rows(self._event_times, seg_index, None, None)
        return int(rows.stop - rows.start)

    def _get_event_timestamps(
        self, block_index: int, seg_index: int, channel: int, t_start: float | None, t_stop: float | None
    ) -> tuple[FloatArray, None, NDArray[Any]]:
        rows = self._rows(self._event_times, seg_index, t_start, t_stop)
        return self._event_times[rows], None, self._event_labels[rows]

    def _rescale_event_timestamp(self, event_timestamps: FloatArray, dtype: str, channel: int) -> FloatArray:
        return event_timestamps.astype(dtype)


class PlateIO(PlateRawIO, BaseFromRaw):
    """A plate as neo's objects: blocks, segments, signals, spike trains.

    Parameters
    ----------
    recording : PlateRecording
        Whatever reader it came from.

    Examples
    --------
    >>> from mnephys.recording import LAYOUTS, SpikeTrains
    >>> from mnephys.recording.plate import electrodes_of
    >>> electrodes = electrodes_of(LAYOUTS["24-well"])
    >>> trains = SpikeTrains.from_lists([[0.5, 1.0]] + [[]] * 383, electrodes["well"], stop=60.0)
    >>> block = PlateIO(PlateRecording(LAYOUTS["24-well"], electrodes, trains)).read_block()
    >>> len(block.segments), len(block.segments[0].spiketrains), block.annotations["plate"]
    (1, 384, '24-well')
    """

    mode = "other"

    def __init__(self, recording: PlateRecording) -> None:
        PlateRawIO.__init__(self, recording)
        BaseFromRaw.__init__(self)


def _stretches(recording: PlateRecording) -> tuple[FloatArray, FloatArray]:
    """Return begin and end of each segment, which no spike and no event may lie outside of."""
    signal = recording.signal
    starts = np.array([recording.start]) if signal is None else signal.segments["start"].astype(np.float64)
    stops = np.array([recording.stop])
    if signal is not None:
        firsts = np.append(signal.segments["first"], signal.shape[0])
        stops = starts + np.diff(firsts) / signal.sampling_rate
        stops[-1] = max(stops[-1], recording.stop)
    times = np.array([time for time, _ in recording.events], dtype=np.float64)
    if recording.trains is not None:
        times = np.concatenate([times, recording.trains.times])
    starts[0] = min(starts[0], recording.start, times.min(initial=np.inf))
    np.maximum.at(stops, np.searchsorted(starts, times, side="right") - 1, times)
    # Neo accepts no segment without a length.
    return starts, np.where(stops > starts, stops, starts + 1e-9)
