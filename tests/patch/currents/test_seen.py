"""Whether a Na or K current is seen at all: noise behind a filter, hum, mixtures, a missing leak, a slow clamp."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pytest

from mnephys.measurement import Status
from mnephys.patch.currents import measure, measure_currents
from mnephys.patch.currents.activation import Limb, reversal
from mnephys.patch.currents.family import find_currents
from mnephys.recording import Clamp, CommandSource, SweepRecording

FILTERS = [(20000.0, 5.0), (50000.0, 5.0), (50000.0, 2.0), (20000.0, 2.0)]
NOTHING = ("na_current_density", "na_reversal_potential", "na_reversal_potential_raw", "na_activation_half")


@pytest.mark.parametrize(("rate", "corner"), FILTERS)
def test_noise_behind_a_filter_is_as_large_as_it_is(passive, rate, corner):
    recording = passive(rate=rate, corner=corner, rm=1e6)
    family = find_currents(recording)
    assert family.noise(family.activation) == pytest.approx(3.0, rel=0.1)
    width = round(rate * 0.00025)
    before = recording.response[:, : round(0.0195 * rate)].astype(float)
    means = np.array([np.convolve(row, np.ones(width) / width, "valid") for row in before])
    assert family.noise(family.activation, width) == pytest.approx(means.std(axis=1).mean(), rel=0.15)


def test_a_drift_and_events_in_a_few_sweeps_are_no_noise(passive):
    recording = passive(rm=1e6)
    response = recording.response + np.linspace(0.0, 200.0, recording.n_samples)
    response[::5, 250:300] -= 400.0
    family = find_currents(_with(recording, response))
    assert family.noise(family.activation) == pytest.approx(3.0, rel=0.15)


@pytest.mark.parametrize("seed", range(12))
@pytest.mark.parametrize(
    ("rate", "corner", "hum"),
    [*((rate, corner, 0.0) for rate, corner in FILTERS), (20000.0, 5.0, 10.0), (50000.0, 2.0, 30.0)],
)
def test_a_cell_without_channels_shows_no_sodium(passive, rate, corner, hum, seed):
    rows, evidence = measure_currents(passive(rate=rate, corner=corner, hum=hum, seed=seed))
    cell = {row.feature: row for row in rows if row.level == "cell"}
    assert cell["na_current_peak"].ok
    assert "no Na current is seen" in cell["na_current_peak"].reason
    assert {cell[name].status for name in NOTHING} == {Status.TOO_FEW_EVENTS}
    assert not cell["na_k_ratio"].ok
    assert not evidence.limb.present
    assert cell["na_current_peak"].value > -45.0 - 2.5 * hum
    # Of (80 + 70) mV over 510 MOhm; what charges the membrane right after the step is not looked at.
    error = 150.0 / 510.0 * cell["series_resistance"].value
    assert cell["qc_voltage_error"].value == pytest.approx(error, abs=0.15 + 0.01 * hum)


@pytest.mark.parametrize("rate", [20000.0, 50000.0])
def test_a_small_sodium_current_is_seen_in_that_noise(channels, cells, rate):
    rows = cells(channels(range(-100, 81, 10), na=1.0, k=0.0, rate=rate))
    assert rows["na_current_peak"].value == pytest.approx(-63.0, abs=12.0)
    assert rows["na_current_density"].ok
    assert rows["na_reversal_potential"].value == pytest.approx(55.0, abs=12.0)


def test_a_fast_sodium_current_is_not_lost_in_the_blank(channels, cells):
    levels = np.arange(-100, 81, 10)
    rows = cells(channels(levels, k=0.0, rate=50000.0, rise=0.12, decay=0.4, charging=0.05))
    gates = 1.0 / (1.0 + np.exp((-25.0 - levels) / 6.0))
    assert rows["na_current_peak"].value == pytest.approx((30.0 * gates * (levels - 55.0)).min(), rel=0.03)
    assert rows["na_reversal_potential"].value == pytest.approx(55.0, abs=2.0)


def test_a_peak_at_the_edge_of_the_search_is_none(channels, cells):
    rows = cells(channels(range(-100, 81, 10), k=0.0, rise=0.02, decay=0.2, charging=0.4))
    assert rows["na_current_peak"].status is Status.BAD_INPUT
    assert "at the edge of the time searched" in rows["na_current_peak"].reason
    for name in ("na_current_density", "na_activation_half", "na_k_ratio"):
        assert rows[name].value is None


def test_what_was_recorded_is_taken_at_the_corrected_peak(channels):
    recording = channels(k=0.0, leak=3.0, transient=300.0)
    rows, evidence = measure_currents(recording)
    table = evidence.table
    sample = 400 + np.round(table["time_to_peak"] * 20.0).astype(int)
    np.testing.assert_array_equal(table["inward_peak_raw"], recording.response[table["sweep"], sample])
    row = next(row for row in rows if row.feature == "na_current_peak_raw")
    assert row.value == pytest.approx(table["inward_peak_raw"][np.argmin(table["inward_peak"])])


def test_a_level_that_reads_outward_at_its_peak_has_no_reversal():
    level, peak = np.array([-40.0, -20.0, 0.0, 20.0]), np.array([-5.0, -6.0, -7.0, -30.0])
    limb = Limb(level, peak, np.full(4, 0.2), np.array([-5.0, -6.0, -7.0, 4.0]), 10.0)
    assert np.isnan(reversal(limb))


def test_a_leak_that_hides_the_current_as_recorded_is_told(channels, cells):
    rows = cells(channels(na=1.0, k=0.0, leak=20.0, leak_reversal=-90.0, noise=0.5, transient=0.0))
    assert rows["na_reversal_potential"].value == pytest.approx(55.0, abs=5.0)
    assert rows["na_reversal_potential_raw"].status is Status.BAD_INPUT
    assert "The leak makes the current outward" in rows["na_reversal_potential_raw"].reason


@pytest.mark.parametrize(
    ("stage", "lost"),
    [
        ("measure_sodium", "na_current_peak"),
        ("measure_potassium", "k_current_sustained"),
        ("escape_spikes", "qc_escape_spikes"),
        ("voltage_error", "qc_voltage_error"),
        ("run_membrane_test", "series_resistance"),
        ("find_leak", "leak_conductance"),
        ("current_voltage", "na_current_peak"),
    ],
)
def test_what_fails_costs_its_own_rows_only(channels, cells, monkeypatch, stage, lost):
    def fail(*_):
        raise np.linalg.LinAlgError("SVD did not converge")

    recording = channels()
    whole = cells(recording)
    monkeypatch.setattr(measure, stage, fail)
    rows = cells(recording)
    assert rows.keys() == whole.keys()
    assert rows[lost].status is Status.FAILED
    assert "SVD did not converge" in rows[lost].reason
    assert rows["holding_current"] == whole["holding_current"]


@pytest.mark.parametrize("k", [3.0, 10.0, 30.0])
def test_where_sodium_and_potassium_cancel_nothing_reverses(channels, cells, k):
    rows = cells(channels(range(-100, 81, 10), k=k, length=100.0), series_resistance=1.0)
    for name in ("na_reversal_potential", "na_activation_half", "na_activation_slope"):
        assert rows[name].status is Status.BAD_INPUT
        assert "this is where the two cancel" in rows[name].reason
    assert rows["na_current_peak"].ok


def test_a_trace_of_potassium_does_not_matter(channels, cells):
    rows = cells(channels(range(-100, 81, 5), k=1.0, length=100.0), series_resistance=1.0)
    assert rows["na_reversal_potential"].value == pytest.approx(55.0, abs=2.0)
    assert rows["na_activation_half"].value == pytest.approx(-25.0, abs=1.0)


def test_a_curve_that_the_currents_do_not_determine_is_refused(channels, cells):
    recording = channels(range(-80, 81, 20), na=1.2, k=0.0, noise=5.0, transient=0.0)
    rows = cells(recording, series_resistance=1.0)
    assert rows["na_reversal_potential"].ok
    for kind in ("half", "half_low", "half_high", "slope", "slope_low", "slope_high"):
        assert rows[f"na_activation_{kind}"].status is Status.BAD_INPUT
        assert "do not determine the curve" in rows[f"na_activation_{kind}"].reason


def test_a_clamp_slower_than_the_current_is_said(channels, cells):
    recording = channels(k=0.0, na=10.0)
    quick = cells(recording, series_resistance=4.0, capacitance=20.0)
    assert quick["na_activation_half"].ok
    slow = cells(recording, series_resistance=4.0, capacitance=60.0)
    assert slow["na_activation_half"].status is Status.BAD_INPUT
    assert "the clamp needs 1.2 ms" in slow["na_activation_half"].reason
    asked = cells(recording, series_resistance=4.0, capacitance=60.0, fit_anyway=True)["na_activation_half"]
    assert asked.value == pytest.approx(-25.0, abs=1.0)
    assert "because it was asked for: the peak comes" in asked.reason


def test_without_a_leak_there_is_no_potassium_current(passive, cells):
    told = {"telegraphs": [{"membrane_capacitance_pf": 20.0}]}
    rows = cells(passive(range(-40, 41, 10), rm=100.0, rs=10.0, metadata=told))
    assert rows["k_current_sustained_raw"].value == pytest.approx(110.0 / 110.0 * 1000.0, rel=0.01)
    for name in ("k_current_sustained", "k_current_density", "na_k_ratio"):
        assert rows[name].status is Status.NOT_APPLICABLE
        assert rows[name].reason.startswith("No leak could be estimated")


@pytest.mark.parametrize(("rm", "cm", "said"), [(1900.0, 5.0, True), (1900.0, 20.0, False), (300.0, 5.0, False)])
def test_a_seal_without_a_cell_is_suspected(membrane, cells, rm, cm, said):
    rows = cells(membrane(8.0, rm, cm, rate=50000.0, sweeps=20))
    for name in ("membrane_test_resistance", "membrane_test_capacitance"):
        assert rows[name].ok
        assert ("may be a seal and no cell" in rows[name].reason) is said


def test_a_leak_line_less_than_a_picoampere_off_is_not_worth_a_word(channels, cells):
    recording = channels(k=0.0, noise=0.02, transient=0.0)
    for offset, said in ((0.4, False), (4.0, True)):
        response = recording.response + np.where(recording.command > -89.9, offset, 0.0)
        response = response + np.where(recording.command < -90.1, offset, 0.0)
        row = cells(_with(recording, response))["leak_conductance"]
        assert ("off the holding current" in row.reason) is said


def test_a_long_recording_takes_at_most_twice_its_size():
    rng = np.random.default_rng(0)
    command = np.full((600, 20000), -80.0, dtype=np.float32)
    command[:, 4000:14000] = np.resize(np.arange(-100.0, 81.0, 10.0), 600)[:, np.newaxis]
    response = rng.standard_normal(command.shape, dtype=np.float32) + 0.5 * command
    recording = SweepRecording(response, 20000.0, Clamp.VOLTAGE, command, CommandSource.EPOCH_TABLE)
    tracemalloc.start()
    try:
        _, evidence = measure_currents(recording)
        _, highest = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert evidence.table["sweep"].size == 600
    assert highest < 2.0 * (recording.response.nbytes + recording.command.nbytes)


def _with(recording, response):
    return SweepRecording(
        response, recording.sampling_rate, Clamp.VOLTAGE, recording.command, CommandSource.EPOCH_TABLE
    )
