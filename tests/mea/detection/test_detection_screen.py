"""The screen loses nothing: each signal is searched with it, and with every channel filtered as a whole."""

from dataclasses import replace

import numpy as np
import pytest
from voltages import DEFAULTS, coloured, fields, template

from mnephys.mea.detection import search
from mnephys.mea.detection.screen import calibrate

RATE, SECONDS, CHANNELS = 12500.0, 20.0, 8
N = round(RATE * SECONDS)
AT = np.arange(N)[:, np.newaxis] / RATE
SPIKE = template(RATE)


def scattered(rng, values, shape, heights, per_second):
    """Add a shape here and there, of one height or another."""
    for column in values.T:
        for place in rng.integers(0, N - shape.size, round(per_second * SECONDS)).tolist():
            column[place : place + shape.size] += rng.choice(heights) * shape
    return values


def ramp(seconds, constant):
    return np.exp(-np.arange(round(seconds * RATE)) / (constant * RATE))


def train_of_spikes(seconds, apart):
    made = np.zeros(round(seconds * RATE))
    for first in range(0, made.size - SPIKE.size, apart):
        made[first : first + SPIKE.size] += SPIKE
    return made


def wave(seconds, frequency):
    n = round(seconds * RATE)
    return np.sin(2 * np.pi * frequency * np.arange(n) / RATE) * np.hanning(n)


SIGNALS = {
    "very wide spikes": lambda rng, v: scattered(rng, v, template(RATE, 2e-3), [60, 200, 600], 5),
    "wide spikes": lambda rng, v: scattered(rng, v, template(RATE, 1e-3), [25, 35, 60], 10),
    "two samples": lambda rng, v: scattered(rng, v, np.array([-1.0, -1.0]), [20, 30, 40], 10),
    "one up and one down": lambda rng, v: scattered(rng, v, np.array([-1.0, 1.0]), [20, 30, 40], 10),
    "one sample": lambda rng, v: scattered(rng, v, np.array([-1.0]), [20, 30, 60], 10),
    "bursts of large troughs": lambda rng, v: scattered(rng, v, train_of_spikes(0.05, 25), [100, 500, 1500], 1),
    "bursts of large peaks": lambda rng, v: scattered(rng, v, -train_of_spikes(0.05, 25), [100, 500, 1500], 1),
    "hum of 250 Hz": lambda _, v: v + 30 * np.sin(2 * np.pi * 250 * AT),
    "hum of 50 Hz": lambda _, v: v + 3000 * np.sin(2 * np.pi * 50 * AT),
    "fields": lambda rng, v: v + fields(rng, N, CHANNELS, RATE),
    "steps": lambda rng, v: scattered(rng, v, np.ones(round(0.3 * RATE)), [-1000, 1000], 1),
    "full-scale steps": lambda rng, v: scattered(rng, v, np.ones(round(0.3 * RATE)), [-6000, 6000], 1),
    "artefacts": lambda rng, v: scattered(rng, v, ramp(0.02, 0.003), [-300, 300], 3),
    "large artefacts": lambda rng, v: scattered(rng, v, ramp(0.02, 0.003), [-3000, 3000], 3),
    "bursts of fields of 120 Hz": lambda rng, v: scattered(rng, v, wave(0.2, 120.0), [-300, 300, 1000], 0.5),
    "bursts of fields of 200 Hz": lambda rng, v: scattered(rng, v, wave(0.05, 200.0), [-100, 100, 300], 0.5),
    "louder for a while": lambda _, v: v * np.where((AT > 12) & (AT < 14), 4.0, 1.0),
    "louder for a moment": lambda _, v: v * np.where((AT > 12.03) & (AT < 12.1), 4.0, 1.0),
}


def signal(name, seed):
    rng = np.random.default_rng(seed)
    values = scattered(rng, coloured(rng, N, CHANNELS), SPIKE, [25, 30, 35, 60], 10)
    return np.clip(np.round(SIGNALS[name](rng, values) / 0.2), -32768, 32767).astype(np.int16)


def found(values, monkeypatch, *, dense, **options):
    def screen(*arguments):
        made = calibrate(*arguments)
        return replace(made, dense=np.ones_like(made.dense)) if dense else made

    monkeypatch.setattr(search, "calibrate", screen)
    trains = search.detect_spikes(values, RATE, **(DEFAULTS | options))
    return {
        (channel, time)
        for channel in range(values.shape[1])
        for time in trains.times[trains.offsets[channel] : trains.offsets[channel + 1]].tolist()
    }


@pytest.mark.parametrize("polarity", ["negative", "both"])
@pytest.mark.parametrize("name", SIGNALS)
def test_screen_loses_nothing(name, polarity, monkeypatch):
    values = signal(name, 21)
    screened = found(values, monkeypatch, dense=False, polarity=polarity)
    everything = found(values, monkeypatch, dense=True, polarity=polarity)
    lost = everything - screened
    assert not lost, f"{len(lost)} of {len(everything)}: {sorted(lost)[:5]}"
    assert not screened - everything


@pytest.mark.parametrize(
    "options",
    [
        {"order": 1},
        {"order": 5},
        {"order": 8},
        {"threshold": 3.5},
        {"threshold": 4.5, "polarity": "both"},
        {"noise": "adaptive"},
        {"band": (100.0, 3000.0)},
        {"band": (1000.0, 2000.0)},
        {"band": (300.0, 6000.0)},
        {"band": (200.0, 1000.0)},
    ],
)
def test_screen_loses_nothing_with_other_options(options, monkeypatch):
    values = signal("fields", 22)
    screened = found(values, monkeypatch, dense=False, **options)
    assert screened == found(values, monkeypatch, dense=True, **options)
    assert len(screened) > 100


def test_screen_leaves_little_to_the_filter_on_plain_noise(monkeypatch):
    # Else it would lose nothing because it does nothing.
    rng = np.random.default_rng(23)
    screens = []

    def screen(*arguments):
        screens.append(calibrate(*arguments))
        return screens[-1]

    monkeypatch.setattr(search, "calibrate", screen)
    values = scattered(rng, coloured(rng, N, CHANNELS), SPIKE, [30, 60], 10)
    search.detect_spikes(np.round(5 * values).astype(np.int16), RATE)
    assert not screens[0].dense.any()
    sums = values.shape[0] // 8 * 8
    halo = screens[0].baseline.halo
    inside = np.round(5 * values[: sums - 2 * halo % 8]).astype(np.int16)[: (sums - 2 * halo) // 8 * 8 + 2 * halo]
    y = np.array([5 * 5 * 5.0] * CHANNELS, np.float32)
    rows, _ = screens[0].hits(inside, y, (-1,))
    assert rows.size < 0.02 * inside.size / 8
