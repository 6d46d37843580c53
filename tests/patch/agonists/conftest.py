"""Recordings with applications whose truth is known, made without a line of the room that is tested."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from mnephys.patch.agonists import measure_agonists
from mnephys.recording import Clamp, SweepRecording

RATE = 2000.0


@pytest.fixture(scope="session")
def applied() -> Callable[..., SweepRecording]:
    """Return a gap-free recording with responses given as rows of onset (s), amplitude, time to peak and decay (s)."""

    def build(seconds, responses=(), tags=(), *, clamp=Clamp.VOLTAGE, noise=2.0, drift=0.0, level=-50.0, seed=0):
        t = np.arange(round(seconds * RATE)) / RATE
        trace = level + drift * t + np.random.default_rng(seed).normal(0.0, noise, t.size)
        for onset, amplitude, rise, decay in responses:
            after = t - onset
            up = np.clip(after / rise, 0.0, 1.0)
            down = np.exp(-np.clip(after - rise, 0.0, None) / decay)
            trace += np.where(after > 0, amplitude * up * down, 0.0)
        return SweepRecording(trace, RATE, clamp, tags=tuple(tags))

    return build


@pytest.fixture(scope="session")
def measured() -> Callable[[SweepRecording], dict]:
    def rows(recording):
        found = measure_agonists(recording)
        by_name = {row.feature: row for row in found}
        assert len(by_name) == len(found)
        return by_name

    return rows
