"""The threshold of one upstroke, against curves whose slope is known."""

from __future__ import annotations

import numpy as np
import pytest

from mnephys.patch.detection import Detection
from mnephys.patch.sources import Rise, Voltage
from mnephys.patch.threshold import find_onsets, refined_thresholds
from mnephys.patch.waveform import action_potentials

RATES = [10e3, 20e3, 50e3]


def _logistic(rate, *, top_slope, height=50.0, noise=0.0, seed=0):
    """A logistic rise that is `top_slope` mV/ms at its steepest, then a fall."""
    scale = height / (4 * top_slope)  # ms
    t = np.arange(round(0.4 * rate)) / rate * 1000 - 200.0
    rise = height / (1 + np.exp(np.minimum(-t / scale, 100.0)))
    fall = 1 / (1 + np.exp(np.minimum((t - 8 * scale) / (2 * scale), 100.0)))
    voltage = -60 + rise * fall
    return voltage + np.random.default_rng(seed).normal(0, noise, voltage.size), scale


def _crossing(level, *, top_slope, height=50.0):
    """Voltage at which a logistic rise first has a slope."""
    share = 0.5 * (1 - np.sqrt(1 - level / top_slope))
    return -60 + height * share


@pytest.mark.parametrize("rate", RATES)
@pytest.mark.parametrize("top_slope", [15.0, 25.0, 60.0, 150.0])
def test_the_threshold_of_a_logistic_rise_is_where_its_slope_is_ten(rate, top_slope):
    expected = _crossing(10.0, top_slope=top_slope)
    clean, _ = _logistic(rate, top_slope=top_slope)
    assert action_potentials(clean, rate)["threshold_voltage"][0] == pytest.approx(expected, abs=0.25)
    noisy = [_logistic(rate, top_slope=top_slope, noise=0.1, seed=seed)[0] for seed in range(25)]
    found = action_potentials(np.stack(noisy), rate)
    assert found["sweep"].tolist() == list(range(25))
    assert np.median(found["threshold_voltage"]) == pytest.approx(expected, abs=0.5)


@pytest.mark.parametrize("rate", RATES)
def test_noise_lifts_no_slow_upstroke_over_ten(rate):
    """At most 7 mV/ms: the threshold is at 5 % of that, however many noisy samples a millisecond has."""
    expected = _crossing(0.35, top_slope=7.0)
    noisy = np.stack([_logistic(rate, top_slope=7.0, noise=0.1, seed=seed)[0] for seed in range(25)])
    found = action_potentials(noisy, rate)
    assert found["sweep"].tolist() == list(range(25))
    assert (found["threshold_slope"] < 0.5).all()
    np.testing.assert_allclose(found["max_upstroke"], 7.0, rtol=0.07)
    assert np.median(found["threshold_voltage"]) == pytest.approx(expected, abs=0.5)


def test_a_corner_that_no_cubic_follows_is_left_where_it_is():
    """From -60 mV at 100 mV/ms: a window across the corner would lower it."""
    rate = 20000.0
    t = np.arange(4000) / rate * 1000
    voltage = np.interp(t, [0, 100, 101, 103, 200], [-60, -60, 40, -60, -60])
    found = action_potentials(voltage, rate)
    assert found["threshold_voltage"][0] == pytest.approx(-60, abs=1.5)
    assert found["threshold_voltage"][0] >= -60


def _refined(voltage, position, *, first=0, last=None, scale=2.0):
    source = Voltage(np.atleast_2d(np.asarray(voltage, dtype=np.float32)))
    bounds = np.array([first]), np.array([source.sweeps.size - 1 if last is None else last])
    one = np.ones(1)
    return refined_thresholds(
        source, position * one, -99 * one, 10 * one, time_scale=scale * one, bounds=bounds, sampling_rate=20000.0
    )


def test_windows_stay_within_their_bounds():
    t = np.arange(-100, 100) / 20.0
    parabola = -50 + 2 * t**2  # 10 mV/ms at 2.5 ms
    position, value = _refined(parabola, 148.0)
    assert (position[0], value[0]) == (pytest.approx(150.0, abs=0.01), pytest.approx(-37.5, abs=0.01))
    # What lies before the bound would spoil every window that held it.
    parabola[:140] = 40.0
    position, value = _refined(parabola, 148.0, first=140)
    assert value[0] == pytest.approx(-37.5, abs=0.01)
    assert _refined(parabola, 148.0, first=147)[1][0] == -99.0


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_what_is_no_number_leaves_the_threshold_as_it_was(bad):
    t = np.arange(-100, 100) / 20.0
    voltage = -50 + 2 * t**2
    voltage[150] = bad
    with np.errstate(invalid="ignore"):
        assert _refined(voltage, 150.0)[1][0] == -99.0


def test_the_steepest_sample_is_sought_within_ten_milliseconds_of_the_peak():
    voltage, _ = _logistic(20000.0, top_slope=60.0)
    rise = Rise(Voltage(voltage[np.newaxis].astype(np.float32)), 10)
    peak = np.array([int(np.argmax(voltage))])
    found = find_onsets(rise, peak, np.zeros(1, int), np.zeros(1, int), 20000.0, Detection())
    assert found.upstroke[0] == pytest.approx(4000, abs=1)
    # The low-pass and the distance of two samples take some of it.
    assert 0.94 * 60.0 < found.max_upstroke[0] < 60.0
    assert found.position[0] < found.upstroke[0] < peak[0]
