"""Steps come out of drawn, recorded and unknown commands alike."""

from __future__ import annotations

import numpy as np
import pytest

import mnephys
from mnephys.patch.steps import find_steps, infer_steps
from mnephys.simulate import simulate_cells

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


@pytest.mark.parametrize("name", FACTS)
def test_without_a_command_the_response_gives_the_window(data, name):
    recording = mnephys.read(data(name))
    steps = infer_steps(recording.response, recording.sampling_rate, recording.n_valid)
    assert steps.test.sum() == len(FACTS[name]) * recording.n_sweeps
    for order, ((start, stop), _) in zip(np.unique(steps.order[steps.test]), FACTS[name], strict=True):
        rows = steps.test & (steps.order == order)
        np.testing.assert_allclose(steps.start_time()[rows], start, atol=1e-3)
        np.testing.assert_allclose(steps.stop_time()[rows], stop, atol=1e-3)
    assert np.isnan(steps.current).all()


def test_without_a_command_a_cell_that_fires_in_most_sweeps_has_the_window(tmp_path):
    for path in simulate_cells(["mature"], tmp_path, duration=0.3):
        recording = mnephys.read(path)
        steps = infer_steps(recording.response, recording.sampling_rate, recording.n_valid)
        assert steps.test.sum() == recording.n_sweeps
        np.testing.assert_allclose(steps.start_time()[steps.test], 0.2, atol=1e-3)
        np.testing.assert_allclose(steps.stop_time()[steps.test], 0.5, atol=1e-3)


def test_action_potentials_that_light_evokes_in_every_sweep_are_no_steps(data):
    recording = mnephys.read(data("patch/opto_aps_good_units.abf"))
    # The light flashes every 0.1 s: pieces of 0.2 s are many sweeps with the same two flashes.
    many = recording.response[:, 106000:206000].reshape(-1, 4000)
    for response in (recording.response, many):
        steps = infer_steps(response, recording.sampling_rate, np.full(len(response), response.shape[1]))
        assert not steps.test.any()
        assert len(steps) == len(response)


def test_sweeps_that_share_no_time_share_no_steps(data):
    recording = mnephys.read(data("patch/171116sh_0019.abf"))
    for seed in range(3):
        shift = np.random.default_rng(seed).integers(recording.n_samples, size=recording.n_sweeps)
        shifted = np.stack([np.roll(v, s) for v, s in zip(recording.response, shift, strict=True)])
        assert not infer_steps(shifted, recording.sampling_rate, recording.n_valid).test.any()


def test_a_sweep_that_was_not_recorded_does_not_hinder_the_inference():
    levels = np.array([-20, -10, 0, 10, 20, 30])
    charging = np.append(1 - np.exp(-np.arange(2000) / 100), 1.0)
    voltage = np.full((6, 3000), -70.0)
    voltage[:, 1000:] += np.outer(levels, charging[:2000])
    voltage[:, 2000:] -= np.outer(levels, charging[:1000])
    n_valid = np.array([3000, 3000, 0, 3000, 1500, 3000])
    voltage[np.arange(3000) >= n_valid[:, np.newaxis]] = np.nan
    steps = infer_steps(voltage, 10000.0, n_valid)
    assert steps.sweep[steps.test].tolist() == [0, 1, 3, 4, 5]
    np.testing.assert_allclose(steps.start_time()[steps.test], 0.1, atol=5e-4)
    assert steps.complete[steps.test].tolist() == [True, True, True, False, True]


@pytest.mark.parametrize("value", [-70.0, np.nan])
def test_nothing_is_inferred_from_nothing(value):
    assert not infer_steps(np.full((5, 2000), value), 10000.0, np.full(5, 2000)).test.any()
    assert not infer_steps(np.full((5, 3), value), 10000.0, np.full(5, 3)).test.any()


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


def test_an_aborted_step_is_not_complete():
    command, _ = _family([-10, 0, 10, 20])
    n_valid = np.array([2000, 1000, 1480, 400])
    steps = find_steps(command, 10000.0, n_valid)
    test = steps.test
    assert steps.stop[test].tolist() == [1500, 3000, 5480]
    assert steps.planned_stop[test].tolist() == [1500, 3500, 5500]
    assert steps.complete[test].tolist() == [True, False, True]
    assert steps.complete[steps.sweep == 3].tolist() == [False]


@pytest.mark.parametrize("aborted", [slice(1, 2), slice(None)])
def test_a_recorded_command_that_breaks_off_with_its_sweep_is_no_end_of_the_step(aborted):
    command, n_valid = _family([-10, 0, 10, 20])
    n_valid[aborted] = 1000
    command[np.arange(2000) >= n_valid[:, np.newaxis]] = np.nan
    steps = find_steps(command, 10000.0, n_valid)
    assert steps.current[steps.test].tolist() == [-10, 0, 10, 20]
    assert steps.complete[steps.test].tolist() == (n_valid == 2000).tolist()


def test_steps_of_their_own_length_are_not_complete_where_aborted():
    command = np.zeros((6, 4000))
    for i in range(6):
        command[i, 500 : 700 + 500 * i] = 50.0
    steps = find_steps(command, 10000.0, np.array([4000, 4000, 4000, 4000, 1000, 4000]))
    assert steps.complete[steps.test].tolist() == [True, True, True, True, False, True]


def test_every_edge_is_guarded_and_no_ramp():
    command, n_valid = _family([-20, 0, 20])
    command[:, 1700:1900] = np.linspace(0, 100, 200)
    steps = find_steps(command, 10000.0, n_valid)
    assert steps.edges.tolist() == [500, 1500, 1900, 2500, 3500, 3900, 4500, 5500, 5900]
    assert set(steps.rising_edges) < set(steps.edges)
    unknown = infer_steps(np.full((4, 2000), -70.0), 10000.0, np.full(4, 2000))
    assert unknown.edges.size == 0


@pytest.mark.parametrize("holding", [0.0, -15.0])
def test_sweeps_cut_at_the_onset_begin_with_their_steps(holding):
    command, _ = _family(np.array([-60, -30, 0, 30, 60]) + holding, start=0, stop=1500)
    command[:, 1500:] = holding
    steps = find_steps(command, 10000.0, np.array([2000, 2000, 2000, 2000, 1200]))
    assert (steps.current[steps.test] - holding).tolist() == [-60, -30, 0, 30, 60]
    assert (steps.start[steps.test] % 2000 == 0).all()
    assert (steps.holding == holding).all()
    assert (steps.before[steps.test] == holding).all()
    assert steps.complete[steps.test].tolist() == [True, True, True, True, False]


def test_sweeps_that_are_all_step_are_steps_from_zero():
    steps = find_steps(*_family([-60, 0, 60], start=0, stop=2000)[:1], 10000.0, np.full(3, 2000))
    assert steps.current[steps.test].tolist() == [-60, 0, 60]
    assert not steps.holding.any()


def test_a_holding_current_that_drifts_is_no_step():
    command, n_valid = _family([-60, -30, 0, 30, 60])
    command += np.linspace(0, 20, 5)[:, np.newaxis]
    steps = find_steps(command, 10000.0, n_valid)
    assert (steps.start[steps.test] % 2000 == 500).all()
    np.testing.assert_allclose(steps.holding[steps.test], np.linspace(0, 20, 5), atol=1e-4)
    quiet = np.repeat(np.linspace(0, 2, 5)[:, np.newaxis], 2000, axis=1)
    assert not find_steps(quiet, 10000.0, n_valid).test.any()


def test_chance_on_a_recorded_command_makes_no_edges():
    command, n_valid = _family(np.linspace(-60, 360, 15), n_samples=24000, start=4000, stop=20000)
    noisy = command + np.random.default_rng(3).normal(0, 2, command.shape)
    for sweep, at in ((3, 9000), (7, 15000), (7, 16000), (11, 2000)):
        noisy[sweep, at - 10 : at] -= 6
        noisy[sweep, at : at + 10] += 6
    steps = find_steps(noisy, 20000.0, n_valid)
    assert len(steps) == 45
    np.testing.assert_allclose(steps.duration[steps.test], 0.8, atol=1e-3)


def test_a_recorded_ramp_that_ends_at_once_keeps_its_end():
    command, n_valid = _family([0, 0, 0], n_samples=24000)
    command[:, 4000:14000] = np.linspace(0, 200, 10000)
    noisy = command + np.random.default_rng(3).normal(0, 0.5, command.shape)
    steps = find_steps(noisy, 20000.0, n_valid)
    np.testing.assert_allclose(steps.edges % 24000, 14000, atol=20)
    assert not steps.test.any()


def test_a_sweep_without_samples_among_steps_of_their_own_length():
    command = np.zeros((6, 4000))
    for i in range(6):
        command[i, 500 : 700 + 500 * i] = 50.0
    n_valid = np.array([4000, 0, 4000, 4000, 4000, 4000])
    steps = find_steps(command, 10000.0, n_valid)
    assert steps.order.tolist() == [0, 1, 2] * 5
    assert steps.sweep[steps.test].tolist() == [0, 2, 3, 4, 5]


def test_real_ramps_are_no_steps_the_flat_one_among_them_neither(data):
    recording = mnephys.read(data("patch/171116sh_0016.abf"))
    steps = find_steps(recording.command, recording.sampling_rate, recording.n_valid)
    assert not steps.test.any()
    table = mnephys.extract(recording)
    assert table.get("ap_peak").ok
    assert table.get("firing_pattern").value is None
    assert not table.get("firing_pattern").ok


@pytest.mark.parametrize("noise", [0.0, 2.0])
def test_a_triangle_is_a_ramp_and_no_step_of_its_mean_current(noise):
    rate = 10000.0
    t = np.arange(50000) / rate
    triangle = np.interp(t, [0.5, 2.5, 4.5], [0.0, 300.0, 0.0])
    command = np.tile(triangle, (3, 1)) + np.random.default_rng(0).normal(0, noise or 1e-12, (3, t.size)) * bool(noise)
    steps = find_steps(command, rate, np.full(3, t.size))
    assert not steps.test.any()
    long = steps.duration > 1.0
    assert steps.ramp[long].all()
    assert long.any()


@pytest.mark.parametrize("pulse", [0.002, 0.003, 0.005])
@pytest.mark.parametrize("rate", [20000.0, 50000.0])
def test_noise_of_a_recorded_command_makes_no_ramps_of_brief_pulses(pulse, rate):
    rng = np.random.default_rng(0)
    command = rng.normal(0, 5.0, (10, int(rate)))
    command[:, int(0.2 * rate) : int((0.2 + pulse) * rate)] += np.linspace(20, 200, 10)[:, np.newaxis]
    steps = find_steps(command, rate, np.full(10, command.shape[1]))
    assert steps.sweep[steps.test].tolist() == list(range(10))
    np.testing.assert_allclose(steps.current[steps.test], np.linspace(20, 200, 10), atol=5)


@pytest.mark.parametrize(("sag", "ramps"), [(3.0, False), (10.0, True)])
def test_a_step_whose_current_sags_by_less_than_a_twentieth_is_no_ramp(sag, ramps):
    command = np.zeros((2, 4000))
    command[:, 1000:3000] = [[100.0], [50.0]] * np.linspace(1.0, 1.0 - sag / 100.0, 2000)
    steps = find_steps(command, 10000.0, np.full(2, 4000))
    assert steps.ramp[steps.order == 1].tolist() == [ramps, ramps]
