"""Detection finds what the recordings' README counts, and nothing else."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import mnephys
from mnephys.patch.family import find_family
from mnephys.patch.spikes import find_spikes
from mnephys.recording import Clamp, CommandSource, SweepRecording
from mnephys.simulate import simulate_cells

# Action potentials per sweep in the window (s), from the README of the recordings.
COUNTS = {
    ("patch/171116sh_0018.abf", 0.147, 0.647): [0] * 6 + [1, 1, 3, 4, 5, 6, 6, 7, 8, 8, 9],
    ("patch/171116sh_0018.abf", 1.647, 2.147): [0] * 6 + [1, 2, 3, 4, 5, 6, 6, 7, 8, 8, 9],
    ("patch/171116sh_0019.abf", 0.147, 0.647): [0, 0, 3, 6, 9, 11, 13, 14, 15, 15, 15, 16, 15, 14],
    ("patch/18713001.abf", 0.823, 1.323): [0] * 8 + [1, 2, 3, 4, 5, 6, 6, 7, 7, 7, 8, 8, 8, 8, 9, 9, 9, 9, 9, 9, 10, 9],
    ("patch/190619B_0003.abf", 1.048, 2.048): [0, 0, 0, 0, 3, 6, 8, 12, 13, 16],
    ("patch/File_axon_5.abf", 0.216, 0.716): [0, 0, 0, 0, 0, 0, 2, 2, 3],
    ("patch/File_axon_6.abf", 0.0, 1.0): [1] * 32,
}


def _counts(voltage, rate, start, stop):
    aps = mnephys.patch.action_potentials(voltage, rate, start, stop)
    return np.bincount(aps["sweep"], minlength=voltage.shape[0]).tolist()


@pytest.mark.parametrize("case", COUNTS, ids=lambda case: f"{case[0][6:-4]}-{case[1]:g}s")
def test_counts_are_those_of_the_readme(data, case):
    name, start, stop = case
    recording = mnephys.read(data(name))
    found = _counts(recording.response, recording.sampling_rate, start, stop)
    assert found[: len(COUNTS[case])] == COUNTS[case]


def test_in_depolarisation_block_two_action_potentials_are_left(data):
    recording = mnephys.read(data("patch/171116sh_0019.abf"))
    assert _counts(recording.response, recording.sampling_rate, 0.147, 0.647)[16:] == [2] * 6


@pytest.mark.parametrize("case", COUNTS, ids=lambda case: f"{case[0][6:-4]}-{case[1]:g}s")
def test_every_peak_is_one_that_the_plain_reference_finds(data, case):
    from reference.plain_patch import plain_action_potentials

    name, start, stop = case
    recording = mnephys.read(data(name))
    aps = mnephys.patch.action_potentials(recording.response, recording.sampling_rate, start, stop)
    for sweep in range(0, recording.n_sweeps, 5):
        plain = plain_action_potentials(recording.response[sweep], recording.sampling_rate, start, stop)
        own = aps["peak_time"][aps["sweep"] == sweep]
        np.testing.assert_allclose(own, [ap["peak_time"] for ap in plain], atol=1e-9)


@pytest.mark.parametrize("name", ["patch/171116sh_0018.abf", "patch/190619B_0003.abf"])
def test_counts_hold_with_noise_and_at_half_the_rate(data, name):
    recording = mnephys.read(data(name))
    start, stop = next((a, b) for n, a, b in COUNTS if n == name)
    noisy = recording.response + np.random.default_rng(0).normal(0, 0.3, recording.response.shape)
    expected = COUNTS[name, start, stop]
    assert _counts(noisy, recording.sampling_rate, start, stop) == expected
    assert _counts(recording.response[:, ::2], recording.sampling_rate / 2, start, stop) == expected


def _bump(height, width_ms, rate=20000.0, rest=-65.0, n=6000):
    t = np.arange(n) / rate * 1000
    return (rest + height * np.exp(-(((t - 150) / width_ms) ** 2)))[np.newaxis]


def test_a_slow_small_action_potential_of_an_immature_cell_is_found():
    # Peaks at -25 mV with at most 6.9 mV/ms: below every fixed voltage and the 10 mV/ms of the threshold.
    spikes = find_spikes(_bump(40, 5), 20000.0)
    assert spikes.full.tolist() == [True]
    assert spikes.threshold_slope[0] < 10


def test_charging_and_discharging_of_a_membrane_are_no_action_potentials():
    t = np.arange(20000) / 20000.0
    for tau in (0.002, 0.005, 0.02):
        charge = np.where(t > 0.2, 1 - np.exp(-(t - 0.2) / tau), 0.0)
        rest = np.where(t > 0.7, 1 - np.exp(-(t - 0.7) / tau), 0.0)
        voltage = (-70 + 60 * (charge - rest))[np.newaxis]
        assert not mnephys.patch.action_potentials(voltage, 20000.0, 0.2, 0.7)["sweep"].size


def test_a_hump_of_delayed_rectification_is_no_action_potential():
    t = np.arange(20000) / 20000.0
    on = np.clip(t - 0.2, 0, None)
    voltage = -70 + 55 * (1 - np.exp(-on / 0.003)) - 20 * (1 - np.exp(-on / 0.015))
    assert not mnephys.patch.action_potentials(voltage, 20000.0, 0.2, 0.7)["sweep"].size


def test_a_bridge_transient_at_the_onset_is_no_action_potential():
    voltage = np.full((1, 20000), -70.0)
    voltage[0, 4000:14000] += 10
    voltage[0, 4000:4004] += [60, 40, 20, 5]
    assert not mnephys.patch.action_potentials(voltage, 20000.0, 0.2, 0.7)["sweep"].size


@pytest.mark.parametrize("n_samples", [1, 2, 10, 19, 20, 41, 60])
def test_a_sweep_too_short_to_hold_one_gives_none(n_samples):
    assert not find_spikes(np.full((3, n_samples), -70.0), 20000.0).peak.size


def test_missing_samples_cost_only_themselves():
    voltage = np.repeat(_bump(100, 0.6), 2, axis=0)
    voltage[1, 4000:] = np.nan
    voltage[0, :100] = np.nan
    assert find_spikes(voltage, 20000.0).peak.tolist() == [3000, 9000]


def _action_potential(peak_ms, width_ms, rate):
    t = np.arange(round(0.2 * rate)) / rate * 1000.0
    return (-65 + 100 * np.exp(-(((t - peak_ms) / np.where(t < peak_ms, width_ms, 2 * width_ms)) ** 2)))[np.newaxis]


@pytest.mark.parametrize("rate", [10000.0, 20000.0, 50000.0])
@pytest.mark.parametrize("width", [0.3, 0.6, 2.0])
def test_at_the_start_of_a_sweep_the_first_ms_may_hold_half_the_steepest_rise(width, rate):
    one = round(0.001 * rate)
    outcome = set()
    for peak in np.arange(1.0, 6.0, 0.05):
        voltage = _action_potential(peak, width, rate)
        share = (voltage[0, one] - voltage[0, 0]) / np.max(voltage[0, one:] - voltage[0, :-one])
        if abs(share - 0.5) > 0.1:
            assert find_spikes(voltage, rate).full.sum() == (share < 0.5), (peak, share)
            outcome.add(bool(share < 0.5))
    assert outcome == {False, True}


@pytest.mark.parametrize("tau", [0.5, 1.0, 3.0])
def test_a_membrane_that_is_charged_from_the_first_sample_on_fires_no_action_potential(tau):
    """What a sweep that was cut at the onset of its step holds, with the delay of a low-pass at 1 kHz."""
    from scipy.signal import bessel, sosfilt

    t = np.arange(4000) / 20.0
    hump = 55 * (1 - np.exp(-t / tau)) - 25 * (1 - np.exp(-t / 12.0))
    slow = sosfilt(bessel(4, 1000.0, fs=20000.0, norm="mag", output="sos"), hump)
    noise = np.random.default_rng(0).normal(0, 0.1, (50, t.size))
    for rise in (hump, slow):
        assert not find_spikes(-70 + rise + noise, 20000.0).full.any()


@pytest.mark.parametrize("rate", [10000.0, 20000.0, 50000.0])
@pytest.mark.parametrize("width", [0.3, 0.6, 2.0])
@pytest.mark.parametrize(("fallen", "found"), [(0.2, 0), (0.4, 1)])
def test_at_the_end_of_a_sweep_a_third_of_the_fall_must_have_been_recorded(width, rate, fallen, found):
    voltage = _action_potential(100.0, width, rate)
    last = 100.0 + 2 * width * np.sqrt(-np.log(1.0 - fallen))
    assert find_spikes(voltage[:, : round(last / 1000.0 * rate) + 1], rate).full.sum() == found


@settings(max_examples=25, deadline=None)
@given(st.lists(st.booleans(), min_size=1, max_size=5), st.floats(-10, 10), st.integers(1, 400))
def test_sweeps_do_not_influence_each_other(order, offset, shift):
    one = _bump(100, 0.6) + offset
    quiet = np.full_like(one, -70.0)
    family = np.concatenate([np.roll(one, shift, axis=1) if spiking else quiet for spiking in order])
    aps = mnephys.patch.action_potentials(family, 20000.0)
    assert aps["sweep"].tolist() == [i for i, spiking in enumerate(order) if spiking]
    if aps["sweep"].size:
        np.testing.assert_allclose(aps["peak_voltage"], 35 + offset, atol=1e-3)
        np.testing.assert_allclose(aps["half_width"], aps["half_width"][0], rtol=1e-4)


@pytest.mark.parametrize("noise", [0.2, 0.4, 1.0])
def test_noise_on_a_passive_membrane_makes_no_action_potential(family_of, noise):
    for seed in range(4):
        recording = family_of(np.arange(-20, 61, 10.0), resistance=800, tau=12, noise=noise, seed=seed)
        family = find_family(recording)
        assert not family.aps["sweep"].size
        assert not family.spikelet_step.size


def test_a_plateau_that_ends_with_the_step_is_no_action_potential():
    t = np.arange(24000) / 20000.0
    up, down = 1 - np.exp(-np.clip(t - 0.3, 0, None) / 0.003), 1 - np.exp(-np.clip(t - 1.0, 0, None) / 0.003)
    voltage = (-65 + 40 * (up - down))[np.newaxis]
    command = np.where((t >= 0.2) & (t < 1.0), 20.0, 0.0)[np.newaxis]
    recording = SweepRecording(voltage, 20000.0, Clamp.CURRENT, command, CommandSource.EPOCH_TABLE)
    assert not find_family(recording).aps["sweep"].size


@pytest.mark.parametrize("jump", [-80.0, -30.0, 30.0])
def test_a_bridge_that_is_off_makes_no_action_potential_at_either_edge(family_of, jump):
    recording = family_of(np.arange(-200, 301, 50.0), jump=jump, noise=0.1)
    assert not find_family(recording).aps["sweep"].size


@pytest.mark.parametrize(("amplitude", "rise", "decay"), [(10, 0.5, 15), (12, 1.0, 15), (10, 2.0, 15)])
def test_synaptic_potentials_are_no_action_potentials(amplitude, rise, decay):
    rng = np.random.default_rng(0)
    k = np.arange(2000) / 20.0
    wave = (1 - np.exp(-k / rise)) * np.exp(-k / decay)
    voltage = -55 + rng.normal(0, 0.1, (3, 24000))
    for sweep in range(3):
        for at in range(4000, 20000, 1600):
            voltage[sweep, at : at + 2000] += amplitude * wave / wave.max()
    assert not find_spikes(voltage, 20000.0).full.any()


@pytest.mark.parametrize("noise", [0.1, 0.3, 0.5])
def test_slow_action_potentials_of_immature_cells_survive_noise(tmp_path, noise):
    (path,) = simulate_cells(["immature", "mature"], tmp_path, seed=5, noise=0.0)[:1]
    recording = mnephys.read(path)
    clean = find_family(recording).aps
    noisy = recording.response + np.random.default_rng(1).normal(0, noise, recording.response.shape)
    found = find_family(replace(recording, response=noisy)).aps
    assert found["sweep"].tolist() == clean["sweep"].tolist()
    assert abs(np.median(found["threshold_voltage"] - clean["threshold_voltage"])) < 2.0
    assert abs(np.median(found["half_width"] / clean["half_width"]) - 1) < 0.08
