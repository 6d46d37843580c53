"""Simulated currents whose truth is known, made without a line of the room that is tested."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

RATE = 10000.0


@pytest.fixture(scope="session")
def simulated() -> Callable[..., np.ndarray]:
    """Return a sweep with noise and events given as rows of onset (s), amplitude (pA), rise, decay (ms)."""

    def build(seconds, events=(), *, noise=1.0, seed=0, holding=-60.0) -> np.ndarray:
        t = np.arange(round(seconds * RATE)) / RATE
        current = holding + np.random.default_rng(seed).normal(0.0, noise, t.size)
        for onset, amplitude, rise, decay in events:
            after = 1000.0 * np.clip(t - onset, 0.0, 1.0)
            # The product of Clements & Bekkers as a difference of exponentials, peak read off a fine grid.
            faster = 1.0 / (1.0 / rise + 1.0 / decay)
            fine = np.linspace(0.0, 5.0 * decay, 100001)
            peak = (np.exp(-fine / decay) - np.exp(-fine / faster)).max()
            current += amplitude * (np.exp(-after / decay) - np.exp(-after / faster)) / peak
        return current.astype(np.float32)

    return build
