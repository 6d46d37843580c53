"""The signal of a plate as a recording of SpikeInterface."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from spikeinterface.core import BaseRecording, BaseRecordingSegment

from mnephys.recording import Signal

__all__ = ["PlateTraces"]


class PlateTraces(BaseRecording):
    """Traces that are read from the file of a plate when they are asked for.

    Parameters
    ----------
    signal : Signal
        Of the plate.
    names : sequence of str
        One per channel, like ``A1_11``.

    Notes
    -----
    In uV as float32; one segment per stretch without a gap. It is made again from its signal by pickle, so that
    SpikeInterface can hand it to workers.

    Examples
    --------
    >>> from types import SimpleNamespace
    >>> from mnephys.recording import whole_segment
    >>> ramp = np.arange(20, dtype=np.float32).reshape(10, 2)
    >>> signal = SimpleNamespace(
    ...     shape=(10, 2), sampling_rate=12500.0, segments=whole_segment(), read=lambda a, b, c: ramp[a:b, c]
    ... )
    >>> PlateTraces(signal, ["A1_11", "A1_12"]).get_traces(start_frame=8, channel_ids=["A1_12"]).ravel().tolist()
    [17.0, 19.0]
    """

    def __init__(self, signal: Signal, names: Sequence[str]) -> None:
        super().__init__(signal.sampling_rate, list(names), np.dtype(np.float32))
        firsts = [*signal.segments["first"].tolist(), signal.shape[0]]
        for first, stop, start in zip(firsts, firsts[1:], signal.segments["start"].tolist(), strict=False):
            self.add_recording_segment(_Stretch(signal, first, stop, start))
        self.set_channel_gains(1.0)
        self.set_channel_offsets(0.0)
        parts = [name.partition("_") for name in names]
        self.set_property("well", [well for well, _, _ in parts])
        self.set_property("label", [label for _, _, label in parts])
        self._serializability["json"] = False
        self._kwargs = {"signal": signal, "names": list(names)}


class _Stretch(BaseRecordingSegment):
    def __init__(self, signal: Signal, first: int, stop: int, start: float) -> None:
        super().__init__(sampling_frequency=signal.sampling_rate, t_start=start)
        self._signal, self._first, self._stop = signal, first, stop

    def get_num_samples(self) -> int:
        return self._stop - self._first

    def get_traces(
        self, start_frame: int | None = None, end_frame: int | None = None, channel_indices: Any = None
    ) -> NDArray[np.float32]:
        start = 0 if start_frame is None else start_frame
        stop = self.get_num_samples() if end_frame is None else end_frame
        channels = slice(None) if channel_indices is None else channel_indices
        return self._signal.read(self._first + start, self._first + stop, channels)
