"""Passive properties of an RC membrane come back; of real cells they equal the plain reference."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from reference.plain_patch import plain_passive

import mnephys
from mnephys.measurement import Status
from mnephys.patch.exponential import fit_charging

CURRENTS = [-60, -40, -20, 0, 20, 40]


def _value(table, feature):
    row = table.get(feature)
    assert row.ok, row
    return row.value


@settings(max_examples=20, deadline=None)
@given(st.floats(1, 80), st.floats(0.02, 3), st.floats(0, 0.1))
def test_the_fit_recovers_a_jump_and_an_exponential(tau, resistance, jump):
    t = np.arange(10, 10000) / 20000.0
    fit = fit_charging(t, jump + resistance * (1 - np.exp(-t * 1000 / tau)))
    assert fit.tau * 1000 == pytest.approx(tau, rel=2e-3)
    assert fit.resistance == pytest.approx(resistance, rel=2e-3)
    assert fit.jump == pytest.approx(jump, abs=2e-3 * resistance)
    assert fit.error < 1e-3


@pytest.mark.parametrize(("resistance", "tau"), [(50, 5), (200, 20), (400, 45)])
def test_an_rc_membrane_gives_back_what_it_was_made_of(family_of, resistance, tau):
    currents = np.array(CURRENTS) * 200 / resistance
    table = mnephys.extract(family_of(currents, resistance=resistance, tau=tau, noise=0.1), bias=0.0)
    assert _value(table, "input_resistance") == pytest.approx(resistance, rel=0.01)
    assert _value(table, "membrane_time_constant") == pytest.approx(tau, rel=0.03)
    assert _value(table, "membrane_capacitance") == pytest.approx(1000 * tau / resistance, rel=0.03)
    assert _value(table, "resting_membrane_potential") == pytest.approx(-65, abs=0.02)
    assert abs(_value(table, "sag_ratio")) < 0.03


def test_a_bridge_that_is_off_changes_neither_time_constant_nor_capacitance(family_of):
    table = mnephys.extract(family_of(CURRENTS, jump=20.0))
    assert _value(table, "qc_bridge_error") == pytest.approx(20, rel=0.02)
    assert _value(table, "membrane_time_constant") == pytest.approx(20, rel=0.02)
    assert _value(table, "membrane_capacitance") == pytest.approx(100, rel=0.02)


def test_sag_lowers_the_steady_resistance_and_not_the_peak(family_of):
    table = mnephys.extract(family_of(CURRENTS, sag=0.3, tau=10))
    assert _value(table, "input_resistance") < 0.8 * _value(table, "input_resistance_peak")
    assert _value(table, "sag_ratio") == pytest.approx(0.15, abs=0.1)
    assert _value(table, "sag_ratio") > 0.05


def test_rest_is_claimed_only_where_the_bias_is_known(family_of):
    recording = family_of(CURRENTS)
    assert mnephys.extract(recording).get("resting_membrane_potential").status is Status.NOT_APPLICABLE
    assert mnephys.extract(recording, bias=0.0).get("resting_membrane_potential").value == pytest.approx(-65)
    held = mnephys.extract(recording, bias=-30.0).get("resting_membrane_potential")
    assert held.status is Status.NOT_APPLICABLE
    assert "-30 pA" in held.reason
    assert mnephys.extract(recording, bias=-30.0).get("baseline_potential").ok


def test_deflections_above_20_mv_do_not_count(family_of):
    recording = family_of([-400, -200, -100, 0])
    assert "2 steps" in mnephys.extract(recording).get("input_resistance").reason


def test_without_steps_the_reason_is_said(family_of):
    row = mnephys.extract(family_of([0.0, 0.0])).get("input_resistance")
    assert row.status is Status.TOO_FEW_EVENTS
    assert "no step" in row.reason


@pytest.mark.parametrize(
    ("name", "start", "stop"),
    [("171116sh_0018", 0.1468, 0.6468), ("File_axon_5", 0.21565, 0.71565), ("190619B_0003", 1.0478, 2.0478)],
)
def test_real_cells_equal_the_plain_reference(data, name, start, stop):
    recording = mnephys.read(data(f"patch/{name}.abf"))
    table = mnephys.extract(recording)
    currents = np.linspace(*{"1": (-100, 300, 17), "F": (-100, 300, 9)}.get(name[0], (-120, 420, 10)))
    if name == "190619B_0003":
        currents = np.linspace(-120, 420, 10)
    plain = plain_passive(recording.response, currents, recording.sampling_rate, start, stop)
    assert _value(table, "input_resistance") == pytest.approx(plain["input_resistance"], rel=0.02)


def test_action_potentials_before_a_step_do_not_move_its_resistance(family_of):
    recording = family_of(CURRENTS, spikes=[[-0.1, -0.05], [], [], [], [-0.15], []])
    assert _value(mnephys.extract(recording), "input_resistance") == pytest.approx(200, rel=0.01)


def test_steps_that_end_before_the_membrane_is_charged_do_not_lower_the_resistance(family_of):
    recording = family_of([-20, -10, 10, 20], resistance=780, tau=100, length=0.12, total=0.6)
    row = mnephys.extract(recording).get("input_resistance")
    assert row.value == pytest.approx(780, rel=0.03)
    assert "before the membrane is charged" in row.reason


def _late(recording, factor, tau):
    """Add to the onset of each step a second exponential, by a share of the first."""
    t = np.arange(recording.response.shape[1]) / recording.sampling_rate - 0.2
    inside = (t >= 0) & (t < 0.5)
    extra = np.where(inside, -np.expm1(-np.clip(t, 0, None) / tau), 0.0)
    return replace(recording, response=recording.response + 0.2 * factor * recording.command * extra)


def test_a_second_component_of_the_same_sign_withholds_capacitance_and_time_constant(family_of):
    table = mnephys.extract(_late(family_of([-40, -30, -20], noise=0.1), 1.0, 0.1))
    for name in ("membrane_time_constant", "membrane_capacitance"):
        row = table.get(name)
        assert row.status is Status.BAD_INPUT
        assert "if channels amplify the step" in row.reason


def test_steps_far_shorter_than_the_time_constant_give_neither_it_nor_the_resistance(family_of):
    table = mnephys.extract(family_of([-10, -5], resistance=6000, tau=600, length=0.1, total=0.6, noise=0.1))
    for name in ("membrane_time_constant", "membrane_time_constant_exponential", "membrane_capacitance"):
        assert table.get(name).status is Status.BAD_INPUT
    row = table.get("input_resistance")
    assert row.status is Status.BAD_INPUT
    assert "long before the membrane is charged" in row.reason


@pytest.mark.parametrize("tau", [8.0, 20.0, 35.0])
def test_the_time_constant_of_the_exponential_is_that_of_the_onset(family_of, tau):
    table = mnephys.extract(family_of([-40, -30, -20], tau=tau, noise=0.1))
    assert _value(table, "membrane_time_constant_exponential") == pytest.approx(tau, rel=0.02)


def test_an_onset_that_rings_is_not_that_of_a_membrane(family_of):
    recording = family_of([-40, -30, -20])
    t = np.arange(recording.response.shape[1]) / recording.sampling_rate - 0.2
    ringing = 0.2 * recording.command * np.sin(2 * np.pi * t / 0.03)
    row = mnephys.extract(replace(recording, response=recording.response + ringing)).get("membrane_capacitance")
    assert row.status is Status.BAD_INPUT
    assert "not that of a membrane being charged" in row.reason
