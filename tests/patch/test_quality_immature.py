"""No rule removes a cell for being immature: resting high, with a high resistance, silent or nearly so."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import mnephys
from mnephys.recording import Clamp, CommandSource, SweepRecording
from mnephys.simulate import STAGES, integrate, record, step_family

RATE = 10000.0


def cell(currents, *, rest, resistance, capacitance=15.0, prepulse=0.0, noise=0.2, seed=0):
    """A passive membrane in MOhm and pF, integrated step by step; 100 ms prepulse, 200 ms step."""
    command = np.zeros((len(currents), 8000))
    command[:, 1500:2500] = prepulse
    command[:, 4000:6000] = np.asarray(currents, dtype=float)[:, np.newaxis]
    decay = np.exp(-1000.0 / RATE / (resistance * capacitance / 1000.0))
    voltage, now = np.empty(command.shape), np.full(len(currents), float(rest))
    for sample in range(command.shape[1]):
        target = rest + command[:, sample] * resistance / 1000.0
        now = target + (now - target) * decay
        voltage[:, sample] = now
    voltage += np.random.default_rng(seed).normal(0, noise, voltage.shape)
    return SweepRecording(voltage, RATE, Clamp.CURRENT, command, CommandSource.EPOCH_TABLE)


def assert_kept(recording):
    table = mnephys.extract(recording)
    assert table.get("qc_recording").ok, table.get("qc_recording").reason
    excluded = [row.reason for row in table.select("qc_sweep") if not row.ok]
    assert not excluded, excluded
    return table


@pytest.mark.parametrize("currents", [[-20, -10, 0, 10, 20], [0, 5, 10, 15], [-10, -5, 0], [-2, 0, 2], [0.0]])
@pytest.mark.parametrize("rest", [-45, -25, -10, 0, 10])
@pytest.mark.parametrize("resistance", [1000, 2000, 5000])
def test_a_silent_cell_of_gigaohms_is_kept_wherever_it_rests(currents, rest, resistance):
    table = assert_kept(cell(currents, rest=rest, resistance=resistance))
    assert mnephys.score(table).stage in {"immature", "indeterminate"}


@pytest.mark.parametrize("rest", [-30, -10, 0, 10])
def test_a_prepulse_made_for_larger_cells_costs_an_immature_one_no_sweep(rest):
    # -100 pA take 2 GOhm to more than 200 mV below the rest.
    assert_kept(cell([0, 10, 20], rest=rest, resistance=2000, prepulse=-100.0))


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    rest=st.floats(-60, 10),
    resistance=st.floats(500, 8000),
    capacitance=st.floats(4, 40),
    noise=st.floats(0.0, 1.0),
    seed=st.integers(0, 1000),
)
def test_no_immature_membrane_is_excluded(rest, resistance, capacitance, noise, seed):
    # The family is as large as 25 mV to either side.
    step = 25.0 / resistance * 1000.0
    currents = np.array([-1.0, -0.5, 0.0, 0.5, 1.0]) * step
    made = cell(currents, rest=rest, resistance=resistance, capacitance=capacitance, noise=noise, seed=seed)
    assert_kept(made)


@pytest.mark.parametrize("name", ["silent", "immature"])
@pytest.mark.parametrize("reversal", [-40.0, -25.0, -10.0, -1.0])
@pytest.mark.parametrize("channels", [0.0, 1.0])
def test_simulated_immature_cells_are_kept_wherever_they_rest(name, reversal, channels):
    neuron = STAGES[name].neuron
    parts = ("sodium", "potassium", "m_current", "ahp", "h_current")
    neuron = replace(neuron, leak_reversal=reversal, **{part: channels * getattr(neuron, part) for part in parts})
    protocol = step_family(-20.0, 10.0, n_sweeps=5, before=0.3, duration=0.4, after=0.2)
    command = protocol.command()[np.newaxis]
    response = record(integrate([neuron], command, 20000.0), command, np.random.default_rng(1))
    recording = SweepRecording(response[0], 20000.0, Clamp.CURRENT, command[0], CommandSource.EPOCH_TABLE)
    table = assert_kept(recording)
    if channels == 0.0:
        assert table.get("baseline_potential").value == pytest.approx(reversal, abs=1.0)


@pytest.mark.parametrize("rest", [-25.0, -5.0, 0.0, 0.3, 10.0])
def test_a_cell_that_nobody_stepped_is_kept(rest):
    voltage = rest + np.random.default_rng(0).normal(0, 0.08, (1, 40000))
    table = assert_kept(SweepRecording(voltage, 20000.0, Clamp.CURRENT))
    assert table.get("qc_units").text == "plausible"


def test_slow_waves_and_firing_before_the_steps_are_no_noise(family_of):
    quiet = family_of([-20, 0, 20])
    wave = 12 * np.maximum(np.sin(2 * np.pi * 3 * np.arange(20000) / 20000), 0)
    assert_kept(replace(quiet, response=quiet.response + wave))
    # At 4 kHz an action potential changes by tens of mV from sample to sample.
    firing = family_of([0, 20], spikes=[[-0.1, -0.07, -0.04, 0.1], [-0.1, -0.07, -0.04, 0.2]], noise=0.1)
    coarse = SweepRecording(
        firing.response[:, ::5], 4000.0, Clamp.CURRENT, firing.command[:, ::5], CommandSource.EPOCH_TABLE
    )
    table = assert_kept(coarse)
    assert table.get("qc_baseline_noise", level="sweep", id="s0").value == pytest.approx(0.1, rel=0.3)


def test_small_abortive_peaks_are_kept(family_of):
    small = family_of([-10, 0, 10, 20], rest=-30, resistance=2000)
    t = np.arange(20000) / 20.0
    small = replace(small, response=small.response + 4 * np.exp(-(((t - 300) / 3) ** 2)))
    assert_kept(small)
