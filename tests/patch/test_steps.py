"""Steps come out of drawn, recorded and unknown commands alike."""

from __future__ import annotations

import numpy as np
import pytest

import mnephys
from mnephys.patch.steps import find_steps, infer_steps

# Windows in s and currents in pA of the recordings, as their README states them.
FACTS = {
    "patch/171116sh_0018.abf": [((0.147, 0.647), (-100, 300, 17)), ((1.647, 2.147), (-100, 300, 17))],
    "patch/171116sh_0019.abf": [((0.147, 0.647), (-100, 2000, 22)), ((1.647, 2.147), (-100, 2000, 22))],
    "patch/18713001.abf": [((0.823, 1.323), (0, 290, 30))],
    "patch/190619B_0003.abf": [((1.048, 2.048), (-120, 420, 10))],
    "patch/File_axon_5.abf": [((0.216, 0.716), (-100, 300, 9))],
}


def _family(levels, *, n_samples=2000, start=500, stop=1500):
    command = np.zeros((len(levels), n_samples))
    command[:, start:stop] = np.asarray(levels)[:, np.newaxis]
    return command, np.full(len(levels), n_samples)


@pytest.mark.parametrize("name", FACTS)
def test_real_families_have_the_steps_of_their_protocol(data, name):
    recording = mnephys.read(data(name))
    steps = find_steps(recording.command, recording.sampling_rate, recording.n_valid)
    orders = np.unique(steps.order[steps.test])
    assert len(orders) == len(FACTS[name])
    for order, ((start, stop), (low, high, n)) in zip(orders, FACTS[name], strict=True):
        rows = steps.test & (steps.order == order)
        np.testing.assert_allclose(steps.start_time()[rows], start, atol=6e-4)
        np.testing.assert_allclose(steps.stop_time()[rows], stop, atol=6e-4)
        np.testing.assert_allclose(steps.current[rows], np.linspace(low, high, n), atol=1e-3)


@pytest.mark.parametrize("name", FACTS)
def test_noise_on_a_recorded_command_does_not_move_the_steps(data, name):
    recording = mnephys.read(data(name))
    noisy = recording.command + np.random.default_rng(1).normal(0, 2, recording.command.shape)
    drawn = find_steps(recording.command, recording.sampling_rate, recording.n_valid)
    found = find_steps(noisy, recording.sampling_rate, recording.n_valid)
    assert found.test.sum() == drawn.test.sum()
    tolerance = 0.001 * recording.sampling_rate
    np.testing.assert_allclose(found.start[found.test], drawn.start[drawn.test], atol=tolerance)
    np.testing.assert_allclose(found.current[found.test], drawn.current[drawn.test], atol=1.0)


@pytest.mark.parametrize("name", ["patch/18713001.abf", "patch/190619B_0003.abf", "patch/File_axon_5.abf"])
def test_without_a_command_the_response_gives_the_window(data, name):
    recording = mnephys.read(data(name))
    steps = infer_steps(recording.response, recording.sampling_rate, recording.n_valid)
    (start, stop), _ = FACTS[name][0]
    np.testing.assert_allclose(steps.start_time()[steps.test], start, atol=2e-3)
    np.testing.assert_allclose(steps.stop_time()[steps.test], stop, atol=2e-3)
    assert np.isnan(steps.current).all()


def test_a_step_of_zero_has_its_window_too():
    steps = find_steps(*_family([-20, 0, 20])[:1], 10000.0, np.full(3, 2000))
    assert steps.current[steps.test].tolist() == [-20, 0, 20]
    assert steps.start[steps.test].tolist() == [500, 2500, 4500]


def test_a_prepulse_that_is_the_same_in_every_sweep_is_no_test_step():
    command, n_valid = _family([10, 20, 30], start=1000)
    command[:, 200:400] = -100
    steps = find_steps(command, 10000.0, n_valid)
    assert steps.current[steps.test].tolist() == [10, 20, 30]
    assert (steps.current == -100).sum() == 3
    assert steps.from_holding[steps.test].all()


def test_repeats_of_one_level_are_test_steps():
    steps = find_steps(*_family([2000] * 4, start=500, stop=520)[:1], 10000.0, np.full(4, 2000))
    assert steps.test.sum() == 4
    assert steps.pulse[steps.test].all()


def test_a_ramp_is_no_step():
    command, n_valid = _family([0, 0])
    command[:, 500:1500] = np.linspace(0, [100, 200], 1000).T
    steps = find_steps(command, 10000.0, n_valid)
    assert not steps.test.any()
    assert steps.ramp.sum() == 2


def test_steps_of_different_length_in_every_sweep_are_found_one_by_one():
    command = np.zeros((6, 4000))
    for i in range(6):
        command[i, 500 : 700 + 500 * i] = 50.0
    steps = find_steps(command, 10000.0, np.full(6, 4000))
    np.testing.assert_allclose(steps.duration[steps.test], 0.02 + 0.05 * np.arange(6))


def test_a_flat_command_is_one_stretch_and_a_short_sweep_ends_where_it_ends():
    steps = find_steps(np.full((2, 1000), 5.0), 10000.0, np.array([1000, 300]))
    assert len(steps) == 2
    assert not steps.test.any()
    assert steps.stop.tolist() == [1000, 1300]


def test_every_recorded_sample_lies_in_exactly_one_stretch():
    command, _ = _family([-10, 0, 10, 20])
    n_valid = np.array([2000, 1200, 400, 2000])
    steps = find_steps(command, 10000.0, n_valid)
    covered = np.zeros(command.size, dtype=int)
    for start, stop in zip(steps.start, steps.stop, strict=True):
        covered[start:stop] += 1
    recorded = (np.arange(2000) < n_valid[:, np.newaxis]).ravel()
    np.testing.assert_array_equal(covered, recorded.astype(int))
