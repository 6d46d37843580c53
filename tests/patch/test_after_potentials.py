"""After-potentials that were painted, and those of a real cell against eFEL and a plain search."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from reference import eif
from scipy.signal import lfilter

import mnephys
from mnephys.measurement import Status
from mnephys.patch.after_potentials import FEATURES, measure_after_potentials
from mnephys.patch.family import find_family
from mnephys.patch.pulse_response import decay, hump, pulse_response
from mnephys.recording import Clamp, CommandSource, SweepRecording

RATE = 20000.0
PULSE_S, PEAK_S = 0.2, 0.205


def _pulses(n=8, *, ahp=5.0, tau=30.0, adp=0.0, noise=0.0, total=0.8, pulses=(PULSE_S,), rest=-65.0):
    """Sweeps of pulses of 2 ms, each with an action potential, a hump and an AHP of known sizes (mV, ms)."""
    t = np.arange(round(total * RATE)) / RATE
    voltage = np.full((n, t.size), rest) + np.linspace(-1, 1, n)[:, np.newaxis]
    command = np.zeros_like(voltage)
    for at in pulses:
        command[:, (t >= at) & (t < at + 0.002)] = 2000.0
        ms = 1000.0 * (t - at - (PEAK_S - PULSE_S))
        voltage += 100 * np.exp(-((ms / 0.6) ** 2))
        # The AHP is complete 15 ms after the peak, and decays from there.
        deep = np.where(ms < 15, np.clip(ms / 15, 0, 1), np.exp(-(ms - 15) / tau))
        voltage -= np.where(ms > 0, ahp * deep, 0.0)
        voltage += adp * np.exp(-(((ms - 8) / 2) ** 2))
    voltage += np.random.default_rng(0).normal(0, noise, voltage.shape)
    return SweepRecording(voltage, RATE, Clamp.CURRENT, command, CommandSource.EPOCH_TABLE)


def _sweeps(recording, begin, end):
    """Some sweeps of a recording."""
    response, command = recording.response[begin:end], recording.command[begin:end]
    return replace(recording, response=response, command=command, n_valid=None, sweep_start=None)


def _measured(recording):
    return {row.feature: row for row in measure_after_potentials(find_family(recording))}


@pytest.mark.parametrize("tau", [12.0, 30.0, 60.0])
@pytest.mark.parametrize("noise", [0.0, 0.3])
def test_the_decay_of_a_painted_ahp_is_found(tau, noise):
    rows = _measured(_pulses(30, ahp=4.0, tau=tau, noise=noise))
    assert rows["medium_ahp_decay_time"].value == pytest.approx(tau, rel=0.05 if noise else 0.01)
    # The painted minimum is a corner, which a running mean over 2 ms rounds: it may move by 1 ms.
    half = rows["medium_ahp_half_decay_time"].value
    assert half == pytest.approx(np.log(2) * tau, abs=1.0 + (0.1 * tau if noise else 0.0))
    assert "mean of 30 pulses" in rows["medium_ahp_decay_time"].reason
    assert float(rows["medium_ahp_decay_time"].reason.split()[0]) == pytest.approx(4.0, abs=0.3)


def test_the_decay_is_that_of_the_least_squares_exponential_between_90_and_20_percent():
    """A slow tail below 20 % of the depth and a round minimum are no part of it."""
    from scipy.optimize import curve_fit

    recording = _pulses(ahp=0.0)
    ms = 1000.0 * (np.arange(recording.n_samples) / RATE - PEAK_S)
    after = np.clip(ms, 0, None)
    depth = 6.0 * (np.exp(-after / 30) - np.exp(-after / 4)) + 0.5 * (np.exp(-after / 250) - np.exp(-after / 4))
    rows = _measured(replace(recording, response=recording.response - depth.astype(np.float32)))
    lowest = int(np.argmax(depth))
    begin = lowest + int(np.argmax(depth[lowest:] < 0.9 * depth[lowest]))
    end = lowest + int(np.argmax(depth[lowest:] < 0.2 * depth[lowest]))
    (_, tau), _ = curve_fit(lambda x, a, b: a * np.exp(-x / b), ms[begin:end] - ms[begin], depth[begin:end], (5, 30))
    assert rows["medium_ahp_decay_time"].value == pytest.approx(tau, rel=0.02)
    half = ms[lowest + int(np.argmax(depth[lowest:] < 0.5 * depth[lowest]))] - ms[lowest]
    assert rows["medium_ahp_half_decay_time"].value == pytest.approx(half, abs=1.0)


@pytest.mark.parametrize("adp", [2.0, 6.0])
def test_a_painted_hump_is_measured_from_its_trough(adp):
    recording = _pulses(ahp=5.0, adp=adp)
    rows = _measured(recording)
    # Searched sample by sample on one noise-free sweep.
    after = recording.response[0, round((PEAK_S + 0.0015) * RATE) : round((PEAK_S + 0.015) * RATE)]
    falls = next(i for i in range(1, after.size) if after[i] > after[i - 1])
    rises = next(i for i in range(falls, after.size) if after[i] < after[i - 1])
    assert rows["after_depolarization"].value == pytest.approx(after[rises - 1] - after[falls - 1], abs=0.05)
    assert 0.0 < rows["after_depolarization"].value < adp


@pytest.mark.parametrize("noise", [0.0, 0.3])
def test_no_hump_is_zero_and_says_so(noise):
    """The end of an AHP rises as well, but stays: it is no hump."""
    row = _measured(_pulses(30, noise=noise))["after_depolarization"]
    assert row.status is Status.OK
    assert row.value == 0.0
    assert "no hump" in row.reason


@pytest.mark.parametrize(("n", "sd"), [(1, 0.3), (1, 1.0), (5, 1.0), (10, 0.3)])
@pytest.mark.parametrize("reset", [-60.0, -75.0])
def test_membrane_noise_is_no_after_depolarization(n, sd, reset):
    """Noise of a membrane is slow: it makes humps, and falls after an AHP has recovered."""
    neuron = eif.EifNeuron(tau=0.01, reset=reset)
    recording = eif.recorded(neuron, eif.pulses(8 * n, amplitude=900.0), noise=sd)
    rows = [_measured(_sweeps(recording, first, first + n))["after_depolarization"] for first in range(0, 8 * n, n)]
    if (n, sd) == (10, 0.3):
        assert [(row.status, row.value) for row in rows] == [(Status.OK, 0.0)] * 8
        assert all("no hump above the noise" in row.reason for row in rows)
    else:
        # Noise of 1 mV keeps a pulse or two from evoking an action potential after it.
        evoked = [row for row in rows if row.status is not Status.NOT_APPLICABLE]
        assert len(evoked) >= 5
        assert {row.status for row in evoked} == {Status.BAD_INPUT}
        assert all("a hump of 1 mV would not be seen" in row.reason for row in evoked)


def test_a_hump_above_membrane_noise_is_found():
    """20 pulses leave a quarter of the noise: a hump of 3 mV after a trough passes it, and is not larger for it."""
    quiet, rng = _pulses(20, ahp=5.0, adp=6.0), np.random.default_rng(1)
    true = _measured(quiet)["after_depolarization"].value
    shape = quiet.response.shape
    kick = rng.normal(0.0, 0.3 * np.sqrt(2 / (0.01 * RATE)), shape)
    wander = lfilter([1.0], [1.0, -np.exp(-1 / (0.01 * RATE))], kick, axis=1)
    row = _measured(replace(quiet, response=quiet.response + wander.astype(np.float32)))["after_depolarization"]
    assert row.value == pytest.approx(true, abs=0.3)


def test_noise_is_the_mean_range_of_windows_before_the_pulses_over_the_root_of_their_number():
    recording = _pulses(5, noise=0.4)
    response = pulse_response(find_family(recording))
    plain = []
    for sweep in recording.response.astype(float):
        for k in range(1, 5):
            window = sweep[round(PULSE_S * RATE) - 1000 * k :][:1000]
            padded = np.pad(window, 5, mode="edge")
            smooth = [padded[i : i + 11].mean() for i in range(1000)]
            plain.append(max(smooth) - min(smooth))
    assert response.noise(0.5) == pytest.approx(np.sqrt(np.mean(np.square(plain)) / 5), rel=1e-4)


def test_what_an_action_potential_leaves_behind_is_no_noise():
    """The second pulse comes 250 ms after the first: only what precedes the first tells the noise."""
    two = pulse_response(find_family(_pulses(4, ahp=8.0, tau=200.0, noise=0.05, pulses=(PULSE_S, 0.45))))
    assert two.quiet.shape == (4 * 4, round(0.05 * RATE))


def test_without_a_quiet_time_before_the_pulse_nothing_is_told_from_noise():
    recording = _pulses(4, adp=6.0)
    cut = round((PULSE_S - 0.04) * RATE)
    rows = _measured(
        replace(recording, response=recording.response[:, cut:], command=recording.command[:, cut:], n_valid=None)
    )
    for name in ("medium_ahp_decay_time", "after_depolarization"):
        assert rows[name].status is Status.TOO_FEW_EVENTS
        assert "less than 50 ms before the pulses" in rows[name].reason


def test_a_shallow_ahp_within_the_noise_is_none():
    row = _measured(_pulses(1, ahp=0.8, noise=1.5))["medium_ahp_decay_time"]
    assert row.status is Status.TOO_FEW_EVENTS
    assert "noise alone" in row.reason


def test_without_an_ahp_there_is_no_decay():
    rows = _measured(_pulses(ahp=-6.0))
    for name in ("medium_ahp_decay_time", "medium_ahp_half_decay_time"):
        assert rows[name].status is Status.TOO_FEW_EVENTS
        assert "above the baseline" in rows[name].reason


def test_an_ahp_that_outlasts_the_sweep_has_no_decay():
    rows = _measured(_pulses(ahp=5.0, tau=400.0, total=0.35))
    assert rows["medium_ahp_decay_time"].status is Status.TOO_FEW_EVENTS
    assert "half" in rows["medium_ahp_decay_time"].reason


def test_a_recovery_that_is_no_exponential_has_a_half_decay_time_only():
    recording = _pulses(ahp=0.0)
    voltage = recording.response.copy()
    t = 1000.0 * (np.arange(voltage.shape[1]) / RATE - PEAK_S)
    # Stands still at 70 %, then jumps.
    voltage -= np.interp(t, [0, 15, 20, 150, 151, 300, 301], [0, 9, 6.5, 6.2, 3.5, 3.4, 0]).astype(np.float32)
    rows = _measured(replace(recording, response=voltage))
    assert rows["medium_ahp_half_decay_time"].ok
    assert rows["medium_ahp_decay_time"].status is Status.BAD_INPUT


def test_nothing_after_the_next_pulse_counts():
    one = _measured(_pulses(ahp=5.0, tau=20.0))["medium_ahp_decay_time"].value
    two = find_family(_pulses(ahp=5.0, tau=20.0, pulses=(PULSE_S, 0.45)))
    response = pulse_response(two)
    assert response.n_pulses == 16
    assert response.voltage.size <= 0.25 * RATE
    assert _measured(_pulses(ahp=5.0, tau=20.0, pulses=(PULSE_S, 0.45)))["medium_ahp_decay_time"].value == (
        pytest.approx(one, rel=0.02)
    )


def test_a_pulse_that_evokes_nothing_ends_what_is_measured_before_it():
    recording = _pulses(ahp=5.0, tau=20.0)
    voltage, command = recording.response.copy(), recording.command.copy()
    second = slice(round(0.26 * RATE), round(0.262 * RATE))
    command[:, second] = 1000.0
    voltage[:, second.start :] -= 20.0
    response = pulse_response(find_family(replace(recording, response=voltage, command=command)))
    assert response.voltage.size == second.start - round(PEAK_S * RATE)


def test_pulses_that_evoke_two_action_potentials_are_left_out():
    recording = _pulses(6)
    voltage = recording.response.copy()
    ms = 1000.0 * (np.arange(voltage.shape[1]) / RATE - PEAK_S - 0.02)
    voltage[2:4] += (100 * np.exp(-((ms / 0.6) ** 2))).astype(np.float32)
    family = find_family(replace(recording, response=voltage))
    assert family.ap_count.max() == 2
    assert pulse_response(family).n_pulses == 4


def test_long_steps_have_no_single_after_potentials(family_of):
    rows = _measured(family_of([0, 50, 100], spikes=[[], [0.1], [0.1, 0.2]]))
    for name in ("medium_ahp_decay_time", "medium_ahp_half_decay_time", "after_depolarization"):
        assert rows[name].status is Status.NOT_APPLICABLE
        assert "brief pulse" in rows[name].reason


def test_the_slow_ahp_after_a_train_is_the_one_painted(family_of):
    train = list(np.arange(0.05, 0.5, 0.05))
    recording = family_of([0, 50, 100, 150], spikes=[[], [0.1], train, train], total=1.4, noise=0.1)
    voltage = recording.response.copy()
    voltage[2, round(0.7 * RATE) :] -= 3.0
    voltage[3, round(0.7 * RATE) :] -= 4.0
    # 50 ms after the end of the step are 2.5 time constants of the membrane; 200 ms are 10.
    row = _measured(replace(recording, response=voltage))["slow_ahp"]
    assert row.value == pytest.approx(3.5, abs=0.05)
    assert "2 trains" in row.reason


def test_a_slow_ahp_needs_time_and_a_train(family_of):
    train = list(np.arange(0.05, 0.5, 0.05))
    short = _measured(family_of([0, 100], spikes=[[], train], total=1.1))["slow_ahp"]
    assert short.status is Status.NOT_APPLICABLE
    few = _measured(family_of([0, 100], spikes=[[], train[:3]], total=1.4))["slow_ahp"]
    assert few.status is Status.TOO_FEW_EVENTS
    again = [*train, 0.7]
    fires = _measured(family_of([0, 100], spikes=[[], again], total=1.4))["slow_ahp"]
    assert fires.status is Status.TOO_FEW_EVENTS


@settings(max_examples=40, deadline=None)
@given(tau=st.floats(0.002, 0.2), depth=st.floats(0.1, 50), rate=st.sampled_from([10000.0, 20000.0, 50000.0]))
def test_decay_is_that_of_the_exponential_at_any_scale(tau, depth, rate):
    found, half, error = decay(depth * np.exp(-np.arange(round(6 * tau * rate)) / rate / tau), rate)
    assert found == pytest.approx(tau, rel=1e-6)
    assert half == pytest.approx(np.log(2) * tau, rel=0.01)
    assert error < 1e-9


@pytest.mark.parametrize("fill", [np.nan, np.inf, 0.0])
def test_a_voltage_that_is_none_gives_statuses(fill):
    family = find_family(_pulses(3))
    rows = measure_after_potentials(replace(family, voltage=np.full_like(family.voltage, fill)))
    assert [row.feature for row in rows] == list(FEATURES)


def test_the_order_of_sweeps_and_their_number_change_nothing():
    recording = _pulses(6, adp=3.0, noise=0.2)
    one = _measured(recording)
    order = np.tile(np.arange(6)[::-1], 3)
    again = _measured(
        replace(
            recording,
            response=recording.response[order],
            command=recording.command[order],
            n_valid=None,
            sweep_start=None,
        )
    )
    for name in ("medium_ahp_decay_time", "medium_ahp_half_decay_time", "after_depolarization"):
        assert again[name].value == pytest.approx(one[name].value, rel=1e-4), name


def test_the_real_cell_has_a_hump_and_no_ahp(data):
    """32 pulses: 0.8 mV from the trough to the hump, then a slow fall to the baseline from above."""
    recording = mnephys.read(data("patch/File_axon_6.abf"))
    rows = _measured(recording)
    assert rows["medium_ahp_decay_time"].status is Status.TOO_FEW_EVENTS
    single = []
    for sweep in recording.response.astype(float):
        smooth = np.convolve(sweep, np.ones(11) / 11, mode="same")
        after = smooth[int(np.argmax(sweep)) + 20 :][:400]
        trough = int(np.argmin(after[:80]))
        single.append(after[trough:].max() - after[trough])
    assert rows["after_depolarization"].value == pytest.approx(np.median(single), abs=0.05)
    height, trough, crest = hump(pulse_response(find_family(recording)))
    assert 0.5 < height < 1.2
    assert 2.0 < 1000 * trough / RATE < 4.0
    assert 4.0 < 1000 * crest / RATE < 8.0


def test_the_real_hump_is_the_one_of_efel(data):
    """On the mean of the pulses both agree; on single sweeps eFEL adds the noise of two extreme samples."""
    import efel

    recording = mnephys.read(data("patch/File_axon_6.abf"))
    t = 1000.0 * np.arange(recording.n_samples) / recording.sampling_rate
    sweeps = [recording.response.astype(float).mean(axis=0), *recording.response.astype(float)]
    efel.reset()
    efel.set_setting("interp_step", 0.05)
    traces = [{"T": t, "V": sweep, "stim_start": [215.65], "stim_end": [217.65]} for sweep in sweeps]
    values = efel.get_feature_values(traces, ["ADP_peak_amplitude"], raise_warnings=False)
    efel.reset()
    mean, *single = (float(value["ADP_peak_amplitude"][0]) for value in values)
    ours = _measured(recording)["after_depolarization"].value
    assert ours == pytest.approx(mean, abs=0.05)
    assert np.median(single) > mean + 0.05
