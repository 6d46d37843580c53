"""What the tests of plates may ask for."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from mnephys.recording import LAYOUTS, DurationSource, PlateRecording, SpikeTrains
from mnephys.recording.plate import electrodes_of


@pytest.fixture
def plate_of() -> Callable[..., PlateRecording]:
    """Build a 24-well plate: `spikes` gives the times of some electrodes, by names such as ``A1_11``."""

    def build(spikes=None, *, stop=60.0, start=0.0, disabled=(), **more) -> PlateRecording:
        layout = LAYOUTS["24-well"]
        electrodes = electrodes_of(layout, disabled)
        names = [f"{well}_{label}" for well, label in zip(electrodes["well"], electrodes["label"], strict=True)]
        unknown = set(spikes or {}) - set(names)
        assert not unknown
        times = [np.asarray((spikes or {}).get(name, ()), dtype=float) for name in names]
        if more.get("duration_source") is DurationSource.SPIKES:
            every = np.concatenate(times)
            start, stop = (every.min(), every.max()) if every.size else (0.0, 0.0)
        trains = SpikeTrains.from_lists(times, groups=electrodes["well"], start=start, stop=stop)
        return PlateRecording(layout, electrodes, trains, **more)

    return build
