"""Plates with a signal in memory, for what hands plates on."""

from __future__ import annotations

import numpy as np

from mnephys.recording import LAYOUTS, SEGMENT, PlateRecording, SpikeTrains, whole_segment
from mnephys.recording.plate import electrodes_of

RATE = 12500.0


class Memory:
    """A signal of 4 channels: sample i of channel c is i + c / 10 uV."""

    def __init__(self, segments, electrodes, n_samples=3000):
        self.shape, self.sampling_rate = (n_samples, len(electrodes)), RATE
        self.segments, self.electrodes = segments, np.asarray(electrodes)
        self.values = (np.arange(n_samples)[:, np.newaxis] + np.arange(len(electrodes)) / 10).astype(np.float32)
        self.most = 0

    def read(self, start, stop, channels=None):
        self.most = max(self.most, stop - start)
        return self.values[start:stop, slice(None) if channels is None else channels]

    def close(self):
        """Hold no file."""


class Counted(Memory):
    """A signal that is stored as counts of one size."""

    def __init__(self, counts, microvolts):
        super().__init__(whole_segment(), range(counts.shape[1]), counts.shape[0])
        self.values = (counts * microvolts).astype(np.float32)
        self.counts, self.dtype, self.microvolts = counts, counts.dtype, microvolts

    def read_counts(self, start, stop, channels=None):
        return self.counts[start:stop, slice(None) if channels is None else channels]


def plate(*, signal=True, trains=True, gap=False) -> PlateRecording:
    """A 24-well plate: channels of A1_11, A1_12, B2_21 and D6_44; spikes of A1_11 and B2_21, one of them before 0."""
    layout = LAYOUTS["24-well"]
    electrodes = electrodes_of(layout)
    ids = [f"{well}_{label}" for well, label in electrodes[["well", "label"]].tolist()]
    segments = np.array([(0, 0.0), (1000, 5.0)], SEGMENT) if gap else whole_segment()
    lists = [[] for _ in ids]
    lists[ids.index("A1_11")] = [-0.01, 0.02, 0.04, 5.04 if gap else 0.2]
    lists[ids.index("B2_21")] = [0.02]
    return PlateRecording(
        layout,
        electrodes,
        SpikeTrains.from_lists(lists, electrodes["well"], -0.01, 5.2 if gap else 0.24) if trains else None,
        events=((0.05, "dose"), (5.1, "wash")) if gap else ((0.05, "dose"),),
        signal=Memory(segments, [ids.index(name) for name in ("A1_11", "A1_12", "B2_21", "D6_44")]) if signal else None,
    )
