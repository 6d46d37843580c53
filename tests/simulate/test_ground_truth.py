"""The truth itself, on waveforms whose properties are known by formula."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import brentq

from mnephys.simulate.ground_truth import action_potentials, passive_properties, steady_state_resistance
from mnephys.simulate.integration import integrate
from mnephys.simulate.neuron import resting_potential
from mnephys.simulate.stages import STAGES

RATE = 1e5
TIME = np.arange(0, 0.1, 1 / RATE)


def bump(centre, height, sigma):
    return height * np.exp(-((TIME - centre) ** 2) / (2 * sigma**2))


def slope_of_bump(t, centre, height, sigma):
    """In mV/ms."""
    return -height * (t - centre) / sigma**2 * np.exp(-((t - centre) ** 2) / (2 * sigma**2)) / 1000


@pytest.mark.parametrize(("height", "sigma"), [(90.0, 0.0008), (45.0, 0.002), (20.0, 0.0012)])
def test_a_gaussian_action_potential(height, sigma):
    [ap] = action_potentials(-60 + bump(0.05, height, sigma), RATE)
    crossing = brentq(lambda t: slope_of_bump(t, 0.05, height, sigma) - 10.0, 0.05 - 6 * sigma, 0.05 - sigma)
    threshold = height * np.exp(-((crossing - 0.05) ** 2) / (2 * sigma**2))
    level = (threshold + height) / 2
    half_width = 2 * sigma * np.sqrt(2 * np.log(height / level)) * 1000
    assert ap.threshold_slope == 10.0
    assert not ap.threshold_at_break
    assert ap.threshold_time == pytest.approx(crossing, abs=1e-6)
    assert ap.threshold_voltage == pytest.approx(-60 + threshold, abs=0.02)
    assert ap.peak_voltage == pytest.approx(-60 + height, abs=1e-3)
    assert ap.peak_time == pytest.approx(0.05, abs=1e-5)
    assert ap.amplitude == pytest.approx(height - threshold, abs=0.02)
    assert ap.half_width == pytest.approx(half_width, abs=0.002)
    assert ap.max_upstroke == pytest.approx(height / sigma / 1000 * np.exp(-0.5), rel=1e-3)


def test_an_action_potential_slower_than_10_mv_per_ms_takes_5_percent_of_its_upstroke():
    height, sigma = 40.0, 0.004
    [ap] = action_potentials(-40 + bump(0.05, height, sigma), RATE)
    upstroke = height / sigma / 1000 * np.exp(-0.5)
    crossing = brentq(lambda t: slope_of_bump(t, 0.05, height, sigma) - 0.05 * upstroke, 0.05 - 6 * sigma, 0.05 - sigma)
    assert upstroke < 10
    assert ap.threshold_slope == pytest.approx(0.05 * upstroke, rel=1e-3)
    assert ap.threshold_time == pytest.approx(crossing, abs=2e-5)


def test_each_of_several_action_potentials_is_found_once():
    voltage = -60 + sum(bump(centre, 80.0, 0.0008) for centre in (0.02, 0.04, 0.07))
    assert [round(ap.peak_time, 5) for ap in action_potentials(voltage, RATE)] == [0.02, 0.04, 0.07]


def test_an_action_potential_that_the_trace_cuts_off_has_no_half_width():
    voltage = (-60 + bump(0.05, 80.0, 0.0008))[: round(0.0502 * RATE)]
    [ap] = action_potentials(voltage, RATE)
    assert ap.half_width is None


def test_charging_by_steps_is_no_action_potential_however_steep():
    charging = -60 + 200 * -np.expm1(-np.clip(TIME - 0.02, 0, None) / 0.005)
    charging -= 200 * -np.expm1(-np.clip(TIME - 0.08, 0, None) / 0.005)
    assert np.diff(charging).max() * RATE / 1000 > 30
    assert action_potentials(charging, RATE, breaks=[2000, 8000]) == []


def test_a_slow_ramp_ended_by_the_step_is_no_action_potential():
    ramp = -60 + 4 * np.clip(TIME, 0, 0.06) / 0.06 + 20 * np.clip(TIME / 0.06, 0, 1) ** 3
    ramp[TIME > 0.06] -= 100 * (TIME[TIME > 0.06] - 0.06)
    assert action_potentials(ramp, RATE, breaks=[0, 6000]) == []


def test_silence_has_no_action_potentials():
    assert action_potentials(np.full(1000, -60.0), RATE) == []


def test_small_signal_resistance_is_what_a_long_small_step_shows():
    neurons = [stage.neuron for stage in STAGES.values()]
    truth = [passive_properties(neuron) for neuron in neurons]
    assert [t.resting_potential for t in truth] == [resting_potential(neuron) for neuron in neurons]
    assert [t.capacitance for t in truth] == [neuron.capacitance for neuron in neurons]
    level = np.array([500 / t.input_resistance for t in truth])
    current = np.zeros((len(neurons), 2, 8000))
    current[:, :, 100:] = np.stack([level, -level], axis=1)[:, :, None]
    # A coarse step is exact enough where nothing fires, and four seconds outlast the slowest gate.
    end = integrate(neurons, current, 2000.0, max_step=2e-4).voltage[..., -1]
    shown = (end[:, 0] - end[:, 1]) / (2 * level) * 1000
    np.testing.assert_allclose(shown, [t.input_resistance for t in truth], rtol=0.01)


def test_resistance_of_steps_ignores_large_deflections_and_needs_two_currents():
    steady, levels = [-100.0, -70.5, -65.0, -59.5, 30.0], [-20.0, -10.0, -5.0, 0.0, 40.0]
    assert steady_state_resistance(-60.0, steady, levels) == pytest.approx(
        np.polyfit(levels[1:4], steady[1:4], 1)[0] * 1e3
    )
    assert steady_state_resistance(-60.0, [-100.0, -65.0, -65.0], [-10.0, -5.0, -5.0]) is None
