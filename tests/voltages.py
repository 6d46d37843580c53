"""Simulated raw voltage of few channels, and how spikes found in it are compared with the plain reference."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from reference.plain_detection import Spike, bandpassed, spikes
from scipy.signal import lfilter

NOISE = 6.0  # uV, before the filter
DEFAULTS: dict[str, Any] = {
    "band": (300.0, 5000.0),
    "order": 3,
    "zero_phase": True,
    "threshold": 5.0,
    "noise": "mad",
    "polarity": "negative",
    "dead_time": 1e-3,
}


def template(rate: float, width: float = 3e-4) -> np.ndarray:
    """Return a spike of depth 1: a trough, and a slower and lower peak after it."""
    at = np.arange(-4 * width, 12 * width, 1.0 / rate)
    shape = -np.exp(-0.5 * (at / (0.4 * width)) ** 2) + 0.35 * np.exp(-0.5 * ((at - 1.6 * width) / width) ** 2)
    return shape / -shape.min()


def coloured(rng: np.random.Generator, n: int, n_channels: int) -> np.ndarray:
    """Return noise with less of high frequencies than of low ones, of standard deviation `NOISE`."""
    white = rng.normal(size=(n, n_channels))
    slow = lfilter([1.0], [1.0, -0.8], rng.normal(size=(n, n_channels)), axis=0)
    mixed = 0.7 * white + 0.4 * slow
    return NOISE * mixed / mixed.std()


def fields(rng: np.random.Generator, n: int, n_channels: int, rate: float, size: float = 60.0) -> np.ndarray:
    """Return field potentials up to some 60 Hz, hum and drift; each about as large as `size` uV."""
    at = np.arange(n)[:, np.newaxis] / rate
    made = size * np.sin(2 * np.pi * (50 * at + rng.random(n_channels)))
    made += 0.2 * size * np.sin(2 * np.pi * (150 * at + rng.random(n_channels)))
    made += size * np.sin(2 * np.pi * (0.1 * at + rng.random(n_channels)))
    for frequency in rng.uniform(2, 60, 12):
        made += size / 3 * np.sin(2 * np.pi * (frequency * at + rng.random(n_channels)))
    return made


def with_spikes(
    rng: np.random.Generator, values: np.ndarray, rate: float, per_second: float = 25.0, sign: float = 1.0
) -> np.ndarray:
    """Add spikes of 25 to 150 uV, some of which are nearer than any dead time."""
    shape = template(rate)
    for column in values.T:
        places = rng.integers(0, values.shape[0] - shape.size, int(per_second * values.shape[0] / rate))
        for place in places.tolist():
            column[place : place + shape.size] += sign * rng.uniform(25, 150) * shape
    return values


def simulated(seed: int, rate: float, seconds: float = 4.0, n_channels: int = 3, sign: float = 1.0) -> np.ndarray:
    """Return voltage with everything, in uV, float64, shape (n, n_channels)."""
    rng = np.random.default_rng(seed)
    n = round(rate * seconds)
    return with_spikes(rng, coloured(rng, n, n_channels) + fields(rng, n, n_channels, rate), rate, sign=sign)


class Agreement(NamedTuple):
    """How two searches of one channel agree: spikes of both, and how near to the other side the others were."""

    matched: int
    apart: float  # samples, the most
    height: float  # of the noise, the most
    near: int  # in one only, but so near to the threshold or to a rival that rounding may decide
    missing: list[Spike]
    extra: list[float]


def agreement(
    column: np.ndarray, times: np.ndarray, heights: np.ndarray, level: float, rate: float, **options: Any
) -> Agreement:
    """Compare the spikes found on a channel, in samples, with those of the reference at the same noise level."""
    asked = DEFAULTS | options
    filtered, before = bandpassed(column, rate, asked["band"], asked["order"], zero_phase=asked["zero_phase"])
    dead_time = round(asked["dead_time"] * rate)
    limit = asked["threshold"] * level
    blanks = asked.get("blanks", ())
    expected = spikes(filtered, before, limit, asked["polarity"], dead_time, blanks)
    unseen = dict(zip(times.tolist(), heights.tolist(), strict=True))
    pairs, near, missing = [], 0, []
    for spike in expected:
        place = min(max(spike.time, 0.0), float(column.size))
        found = min(unseen, key=lambda time, place=place: abs(time - place), default=np.inf)
        if abs(found - place) <= 0.25:
            pairs.append((abs(found - place), abs(unseen.pop(found) - spike.height) / level))
        elif spike.margin < 1e-4:
            near += 1
        else:
            missing.append(spike)
    looser = spikes(filtered, before, limit * (1 - 1e-4), asked["polarity"], dead_time, blanks)
    looser_times = [spike.time for spike in looser if spike.margin < 2e-4]
    extra = [time for time in unseen if not any(abs(time - other) < 0.25 for other in looser_times)]
    near += len(unseen) - len(extra)
    apart, height = np.max(pairs, axis=0) if pairs else (0.0, 0.0)
    return Agreement(len(pairs), float(apart), float(height), near, missing, extra)
