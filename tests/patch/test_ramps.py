"""Where the command ramps: drawn and recorded ones against how they were drawn."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import mnephys
from mnephys.patch.ramps import find_ramps

RATE = 2000.0


def _found(*sweeps, n_valid=None):
    command = np.stack(sweeps)
    return find_ramps(command, RATE, np.full(len(sweeps), command.shape[1]) if n_valid is None else n_valid)


def _drawn(times, levels):
    return np.interp(np.arange(round(times[-1] * RATE)) / RATE, times, levels)


@pytest.mark.parametrize("noise", [0.0, 1.0])
def test_a_triangle_is_two_ramps_that_turn_into_each_other(noise):
    drawn = _drawn([0, 0.6, 2.6, 4.6, 5.2], [10, 10, 210, 10, 10])
    ramps = _found(drawn + np.random.default_rng(0).normal(0, noise, drawn.size))
    np.testing.assert_allclose(ramps.slope, [100, -100], atol=0.5)
    assert ramps.stop[0] == ramps.start[1] == pytest.approx(2.6 * RATE, abs=0.01 * RATE)
    assert ramps.start[0] == pytest.approx(0.6 * RATE, abs=0.06 * RATE if noise else 0.01 * RATE)
    assert ramps.turning.tolist() == [0]
    assert ramps.rested.tolist() == [True, False]
    middle = ramps.current(np.array([0, 1]), np.array([1.6 * RATE, 3.6 * RATE]))
    np.testing.assert_allclose(middle, 110, atol=0.5)


def test_a_plateau_between_up_and_down_makes_no_triangle():
    ramps = _found(_drawn([0, 0.5, 1.5, 2.5, 3.5, 4.0], [0, 0, 100, 100, 0, 0]))
    np.testing.assert_allclose(ramps.slope, [100, -100])
    assert not ramps.turning.size


def test_a_slope_with_a_kink_is_no_ramp():
    assert len(_found(_drawn([0, 0.5, 1.5, 2.5, 3.0], [0, 0, 50, 200, 200]))) == 0


def test_a_ramp_that_begins_with_a_jump_keeps_its_slope_and_is_not_rested():
    drawn = _drawn([0, 0.5, 2.5, 3.0], [50, 50, 150, 150])
    drawn[: round(0.5 * RATE)] = 0.0
    ramps = _found(drawn)
    np.testing.assert_allclose(ramps.slope, [50], rtol=1e-3)
    assert not ramps.rested.any()


def test_steps_sines_and_charging_curves_are_no_ramps():
    t = np.arange(round(3 * RATE)) / RATE
    steps = np.where((t > 1) & (t < 2), 100.0, 0.0)
    assert len(_found(steps, -steps)) == 0
    assert len(_found(100 * np.sin(2 * np.pi * 0.4 * t))) == 0
    assert len(_found(100 * (1 - np.exp(-t / 0.5)))) == 0
    assert len(_found(np.random.default_rng(1).normal(0, 1, t.size))) == 0


def test_an_aborted_sweep_cuts_its_ramp():
    drawn = _drawn([0, 0.5, 2.5, 4.5, 5.0], [0, 0, 200, 0, 0])
    ramps = _found(drawn, drawn, n_valid=np.array([round(3.0 * RATE), drawn.size]))
    assert ramps.complete.tolist() == [True, False, True, True]
    assert ramps.stop[1] == 3.0 * RATE


@settings(max_examples=30, deadline=None)
@given(
    slope=st.floats(5, 500),
    rise=st.floats(0.5, 3),
    holding=st.floats(-100, 100),
    factor=st.sampled_from([0.001, 1.0, 1000.0]),
)
def test_slope_and_turn_follow_the_drawing_in_any_unit(slope, rise, holding, factor):
    top = holding + slope * rise
    drawn = factor * _drawn(
        [0, 0.5, 0.5 + rise, 0.5 + 2 * rise, 1 + 2 * rise], [holding, holding, top, holding, holding]
    )
    ramps = _found(drawn, drawn[::-1])
    np.testing.assert_allclose(ramps.slope, factor * slope * np.array([1, -1, 1, -1]), rtol=1e-3)
    assert ramps.turning.tolist() == [0, 2]
    assert ramps.stop[0] == pytest.approx((0.5 + rise) * RATE, abs=2 + 0.005 * rise * RATE)


@pytest.mark.parametrize("n_samples", [1, 10, 400])
def test_a_command_that_is_too_short_has_none(n_samples):
    assert len(_found(np.arange(float(n_samples)))) == 0


def test_the_real_ramps_are_found(data):
    recording = mnephys.read(data("patch/171116sh_0016.abf"))
    ramps = find_ramps(recording.command, recording.sampling_rate, recording.n_valid)
    assert ramps.sweep.tolist() == list(range(1, 11))
    np.testing.assert_allclose(ramps.slope, 10.0 / 0.9649, rtol=2e-3)
    np.testing.assert_allclose(ramps.level, np.arange(0, 100, 10), atol=0.1)
    assert not ramps.turning.size
