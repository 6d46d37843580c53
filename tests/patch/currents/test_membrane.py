"""The membrane test against circuits of known parts, a model cell and a real one."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import mnephys
from mnephys.measurement import Status
from mnephys.patch.currents import measure_currents
from mnephys.patch.currents.charging import fit_charging
from mnephys.recording import Clamp, CommandSource, SweepRecording

PARTS = ("series_resistance", "membrane_test_resistance", "membrane_test_capacitance")


def errors(rows, truth):
    return np.array([rows[name].value / true - 1.0 for name, true in zip(PARTS, truth, strict=True)])


@pytest.mark.parametrize("corner", [5.0, 10.0])
@pytest.mark.parametrize("rm", [50.0, 500.0, 2000.0])
@pytest.mark.parametrize("rs", [5.0, 15.0, 40.0])
@pytest.mark.parametrize("cm", [10.0, 35.0, 100.0])
def test_a_circuit_is_measured_within_two_percent(membrane, cells, rs, rm, cm, corner):
    rows = cells(membrane(rs, rm, cm, corner=corner, sweeps=20, length=100.0))
    assert np.abs(errors(rows, (rs, rm, cm))).max() < 0.02


@pytest.mark.parametrize("phase", [1, 11, 19])
@pytest.mark.parametrize(("rs", "rm", "cm"), [(5.0, 200.0, 10.0), (20.0, 1000.0, 60.0)])
def test_and_at_fifty_kilohertz(membrane, cells, rs, rm, cm, phase):
    rows = cells(membrane(rs, rm, cm, rate=50000.0, corner=10.0, phase=phase, length=60.0, sweeps=20))
    assert np.abs(errors(rows, (rs, rm, cm))).max() < 0.02


@pytest.mark.parametrize("phase", [1, 45, 99])
@pytest.mark.parametrize(("rs", "rm", "cm"), [(10.0, 200.0, 40.0), (20.0, 1000.0, 60.0)])
def test_and_at_ten_kilohertz_behind_a_filter_that_suits_it(membrane, cells, rs, rm, cm, phase):
    rows = cells(membrane(rs, rm, cm, rate=10000.0, corner=3.0, phase=phase, length=100.0, sweeps=20))
    assert np.abs(errors(rows, (rs, rm, cm))).max() < 0.02


@pytest.mark.parametrize("phase", [1, 25, 49])
def test_where_between_two_samples_the_edge_lies_does_not_matter(membrane, cells, phase):
    rows = cells(membrane(12.0, 300.0, 30.0, phase=phase, sweeps=20, length=100.0))
    assert np.abs(errors(rows, (12.0, 300.0, 30.0))).max() < 0.01


def test_the_filtered_peak_alone_gives_too_much(membrane, cells):
    rows = cells(membrane(10.0, 500.0, 33.0, corner=2.0))
    assert rows["series_resistance_peak"].value > 14.0
    assert rows["series_resistance"].value == pytest.approx(10.0, rel=0.02)
    assert "The peak alone would give 1" in rows["series_resistance"].reason
    assert "low-pass of 2 kHz" in rows["series_resistance"].reason


@pytest.mark.parametrize("cm", [12.0, 80.0])
def test_area_and_fit_agree(membrane, cells, cm):
    rows = cells(membrane(12.0, 150.0, cm, sweeps=20))
    assert rows["membrane_test_capacitance_charge"].value == pytest.approx(cm, rel=0.03)
    assert rows["membrane_test_capacitance"].value == pytest.approx(cm, rel=0.02)


def test_a_depolarising_step_below_minus_sixty_serves_too(membrane, cells):
    rows = cells(membrane(step=5.0, holding=-80.0, sweeps=40, length=100.0))
    assert np.abs(errors(rows, (15.0, 300.0, 40.0))).max() < 0.03


def test_a_step_above_minus_sixty_does_not(membrane, cells):
    row = cells(membrane(step=15.0))["series_resistance"]
    assert (row.status, row.value) == (Status.NOT_APPLICABLE, None)
    assert row.reason.startswith("No test step of 1 to 20 mV")


def test_charging_faster_than_the_samples_is_refused(membrane, cells):
    row = cells(membrane(5.0, 500.0, 5.0, rate=10000.0, corner=5.0))["series_resistance"]
    assert row.status is Status.BAD_INPUT
    assert "too fast for one sample every 0.1 ms" in row.reason


def test_a_rising_series_resistance_is_seen_sweep_by_sweep(membrane):
    truth = np.linspace(10.0, 14.0, 15)
    rows, _ = measure_currents(membrane(truth, 300.0, 40.0, sweeps=15))
    each = {row.id: row.value for row in rows if row.feature == "series_resistance" and row.level == "sweep"}
    assert list(each) == [f"s{sweep}" for sweep in range(15)]
    np.testing.assert_allclose(list(each.values()), truth, rtol=0.04)
    change = next(row for row in rows if row.feature == "qc_series_resistance_change")
    assert change.value == pytest.approx(100 * (truth[-3:].mean() / truth[:3].mean() - 1), abs=3.0)


def test_dendrites_are_told(membrane, cells):
    rows = cells(membrane(10.0, 400.0, 40.0, dendrite=(60.0, 400.0, 80.0), sweeps=20, length=100.0))
    assert "two time constants" in rows["series_resistance"].reason
    assert rows["series_resistance"].value == pytest.approx(10.0, rel=0.02)
    # Of the membrane behind 60 MOhm not all follows the clamp.
    assert 100.0 < rows["membrane_test_capacitance"].value < 121.0


def test_one_compartment_has_one_time_constant(membrane, cells):
    assert "two time constants" not in cells(membrane())["series_resistance"].reason


def test_an_empty_pipette_has_no_series_resistance(membrane, cells):
    recording = membrane(noise=0.0)
    noisy = np.random.default_rng(0).normal(0, 3, recording.response.shape)
    row = cells(_with(recording, noisy))["series_resistance"]
    assert row.status is Status.NOT_APPLICABLE
    assert "No charging of the membrane stands out" in row.reason


def test_a_compensated_transient_is_not_fitted(membrane, cells):
    recording = membrane(noise=0.5)
    at = np.flatnonzero(np.diff(recording.command[0]))[0] + 1
    response = np.full(recording.response.shape, -50.0)
    decay = np.arange(60)
    response[:, at : at + 60] += 900 * np.exp(-decay / 5.0) - 2000 * np.exp(-decay / 1.5)
    response += np.random.default_rng(0).normal(0, 1, response.shape)
    row = cells(_with(recording, response))["series_resistance"]
    assert row.status is Status.NOT_APPLICABLE
    assert "swings to both sides" in row.reason


def test_a_decay_that_is_no_exponential_is_not_fitted(membrane, cells):
    recording = membrane(noise=0.5)
    at = np.flatnonzero(np.diff(recording.command[0]))
    response = np.full(recording.response.shape, -50.0)
    for edge, sign in zip(at + 1, (-1, 1), strict=True):
        response[:, edge : edge + 400] += sign * 800 * (np.arange(400) < 200)
    row = cells(_with(recording, response))["series_resistance"]
    assert row.status is Status.BAD_INPUT
    assert "no exponential decay" in row.reason


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.floats(0.2, 5.0))
def test_twice_the_current_is_half_the_resistance(membrane, cells, factor):
    recording = membrane(sweeps=4)
    once, scaled = cells(recording), cells(_with(recording, recording.response * factor))
    for name, power in zip(PARTS, (-1, -1, 1), strict=True):
        assert scaled[name].value == pytest.approx(once[name].value * factor**power, rel=1e-3)


def test_the_order_of_sweeps_does_not_matter(membrane, cells):
    recording = membrane()
    once, turned = cells(recording), cells(_with(recording, recording.response[::-1]))
    for name in PARTS:
        assert turned[name].value == pytest.approx(once[name].value, rel=1e-6)


def test_the_model_cell_has_the_parts_on_its_label(data, cells):
    rows = cells(mnephys.read(data("patch/model_vc_step.abf")))
    # 10 MOhm, 500 MOhm and 33 pF +- 10 %; the data's README gives 15-17 MOhm for the filtered peak.
    assert rows["series_resistance"].value == pytest.approx(10.5, abs=1.0)
    assert 15.0 < rows["series_resistance_peak"].value < 17.0
    assert rows["membrane_test_resistance"].value == pytest.approx(500.0, rel=0.02)
    assert "With the series resistance 509." in rows["membrane_test_resistance"].reason
    assert rows["membrane_test_capacitance"].value == pytest.approx(33.0, rel=0.05)
    assert abs(rows["qc_series_resistance_change"].value) < 2.0


def test_a_real_cell_beside_pyabf(data, cells):
    rows = cells(mnephys.read(data("patch/171116sh_0011.abf")))
    # pyabf 2.3.8: Ra 16.9 from a single exponential through the peak, Rm (total) 97.2 MOhm, Ih -130.1 pA.
    assert rows["holding_current"].value == pytest.approx(-130.1, abs=1.0)
    total = rows["series_resistance"].value + rows["membrane_test_resistance"].value
    assert total == pytest.approx(97.2, rel=0.05)
    assert 10.0 < rows["series_resistance"].value < rows["series_resistance_peak"].value < 16.9
    assert "two time constants, 0.49 and 4.8 ms" in rows["series_resistance"].reason


def test_a_trace_that_never_rises_has_no_fit():
    time = np.arange(-2.0, 10.0, 0.05)
    assert fit_charging(time, np.zeros(time.size)) is None


def _with(recording, response):
    return SweepRecording(
        response, recording.sampling_rate, Clamp.VOLTAGE, recording.command, CommandSource.EPOCH_TABLE
    )
