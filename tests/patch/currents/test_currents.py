"""Na and K currents against channels of known conductance, and real families."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import mnephys
from mnephys.errors import UnitsError
from mnephys.measurement import Status
from mnephys.patch.currents import FEATURES, measure_currents
from mnephys.patch.currents.activation import Limb, reversal
from mnephys.patch.currents.escape import suspected_levels
from mnephys.patch.limits import QualityLimits
from mnephys.recording import Clamp, CommandSource, SweepRecording

LIMITS = QualityLimits.read().voltage_clamp
CELL = {name for name, feature in FEATURES.items() if feature.levels[0] == "cell"}
CURVE = {name for name in FEATURES if name.startswith("na_activation")}


def peak_of(level, **parts):
    """Return the Na peak that the fixture's channels give at one potential."""
    gates = {"na": 30.0, "half": -25.0, "slope": 6.0, "reversal": 55.0} | parts
    open_share = 1 / (1 + np.exp((gates["half"] - level) / gates["slope"]))
    return gates["na"] * open_share * (level - gates["reversal"])


def copied(recording, response=None, command=None, **more):
    return SweepRecording(
        recording.response if response is None else response,
        recording.sampling_rate,
        Clamp.VOLTAGE,
        recording.command if command is None else command,
        CommandSource.EPOCH_TABLE,
        **more,
    )


def test_sodium_is_what_was_put_in(channels, cells):
    rows = cells(channels(k=0.0), series_resistance=2.0, capacitance=20.0)
    levels = np.arange(-100, 81, 5)
    peak = peak_of(levels).min()
    assert rows["na_current_peak"].value == pytest.approx(peak, rel=0.02)
    assert rows["na_current_density"].value == pytest.approx(peak / 20.0, rel=0.02)
    assert rows["na_reversal_potential"].value == pytest.approx(55.0, abs=1.0)
    assert rows["na_activation_half"].value == pytest.approx(-25.0, abs=0.5)
    assert rows["na_activation_slope"].value == pytest.approx(6.0, abs=0.3)
    assert f"At {levels[np.argmin(peak_of(levels))]} mV" in rows["na_current_peak"].reason
    assert "TTX" in rows["na_current_peak"].reason
    assert rows["leak_conductance"].value == pytest.approx(1.0, abs=0.05)
    assert rows["qc_escape_spikes"].value == 0


def test_confidence_limits_are_as_wide_as_repeated_measurements_scatter(channels, cells):
    for kind, truth in (("half", -25.0), ("slope", 6.0)):
        values, widths = [], []
        for seed in range(10):
            rows = cells(channels(k=0.0, noise=6.0, seed=seed, na=10.0), series_resistance=2.0)
            low, value, high = (rows[f"na_activation_{kind}{end}"].value for end in ("_low", "", "_high"))
            assert low < value < high
            values.append(value)
            widths.append(high - low)
        # Of 95 % limits, a quarter is about one standard deviation.
        assert 0.4 < np.mean(widths) / 4.0 / np.std(values, ddof=1) < 4.0
        assert np.mean(values) == pytest.approx(truth, abs=0.7)


@pytest.mark.parametrize("leak", [0.2, 3.0])
def test_raw_and_corrected_differ_by_the_leak(channels, cells, leak):
    rows = cells(channels(leak=leak, k=0.0, transient=0.0))
    shift = rows["na_current_peak_raw"].value - rows["na_current_peak"].value
    at = float(rows["na_current_peak"].reason.split()[1])
    assert shift == pytest.approx(leak * (at + 60.0), abs=10.0)
    assert rows["na_reversal_potential"].value == pytest.approx(55.0, abs=1.5)


def test_potassium_is_what_was_put_in(channels, cells):
    rows = cells(channels(na=0.0, length=100.0), capacitance=25.0)
    truth = 10.0 / (1 + np.exp(-4.5)) * 125.0
    assert rows["k_current_sustained"].value == pytest.approx(truth, rel=0.02)
    assert rows["k_current_sustained_raw"].value == pytest.approx(truth + 100.0, rel=0.02)
    assert rows["k_current_density"].value == pytest.approx(truth / 25.0, rel=0.02)
    assert rows["k_current_sustained"].reason.startswith("At 40 mV, 100 ms after the step")


def test_without_plus_forty_the_most_depolarised_step_serves(channels, cells):
    rows = cells(channels(range(-100, 31, 10), na=0.0))
    assert rows["k_current_sustained"].reason.startswith("At 30 mV")


def test_the_ratio_is_that_of_the_two(channels, cells):
    rows = cells(channels())
    ratio = -rows["na_current_peak"].value / rows["k_current_sustained"].value
    assert rows["na_k_ratio"].value == pytest.approx(ratio)


def test_a_cell_without_channels_has_none(channels, cells):
    rows = cells(channels(na=0.0, k=0.0))
    assert rows["na_current_peak"].ok
    assert -25.0 < rows["na_current_peak"].value <= 0.0
    assert "no Na current is seen" in rows["na_current_peak"].reason
    assert rows["na_reversal_potential"].status is Status.TOO_FEW_EVENTS
    assert rows["na_activation_half"].status is Status.TOO_FEW_EVENTS
    assert abs(rows["k_current_sustained"].value) < 15.0
    assert rows["na_k_ratio"].status is Status.TOO_FEW_EVENTS


def test_density_needs_a_capacitance(channels, cells):
    row = cells(channels(transient=0.0))["na_current_density"]
    assert row.status is Status.NOT_APPLICABLE
    assert "capacitance is not known" in row.reason


def test_the_membrane_test_of_the_same_recording_gives_the_capacitance(channels, cells):
    rows = cells(channels(transient=60.0, charging=0.4))
    assert "from the membrane test" in rows["na_current_density"].reason
    assert rows["na_current_density"].value == pytest.approx(
        rows["na_current_peak"].value / rows["membrane_test_capacitance"].value
    )
    # Charge of a decay of 60 nS and 0.4 ms, without what the series resistance takes.
    assert rows["membrane_test_capacitance"].value == pytest.approx(60.0 * 0.4, rel=0.1)


def test_what_the_amplifier_compensated_is_a_capacitance(channels, cells):
    told = {"telegraphs": [{"membrane_capacitance_pf": 16.0, "lowpass_hz": "none"}]}
    rows = cells(channels(transient=0.0, metadata=told))
    assert rows["na_current_density"].value == pytest.approx(rows["na_current_peak"].value / 16.0)
    assert "amplifier compensated" in rows["na_current_density"].reason


def test_an_inward_current_that_never_reverses(channels, cells):
    row = cells(channels(range(-100, 31, 10), k=0.0))["na_reversal_potential"]
    assert row.status is Status.BAD_INPUT
    assert row.reason == "The inward current never reversed up to 30 mV."


@pytest.mark.parametrize(("resistance", "fitted"), [(2.0, True), (4.0, False)])
def test_activation_is_refused_above_five_millivolts(channels, cells, resistance, fitted):
    recording = channels(k=0.0)
    rows = cells(recording, series_resistance=resistance)
    error = abs(rows["na_current_peak_raw"].value) * resistance / 1000.0
    assert (error <= 5.0) is fitted
    assert {rows[name].ok for name in CURVE} == {fitted}
    if not fitted:
        assert f"voltage error at the peak is {error:.1f} mV" in rows["na_activation_half"].reason
        asked = cells(recording, series_resistance=resistance, fit_anyway=True)["na_activation_half"]
        assert asked.value == pytest.approx(-25.0, abs=0.5)
        assert "because it was asked for" in asked.reason
        wider = cells(recording, series_resistance=resistance, limits=replace(LIMITS, voltage_error=10.0))
        assert wider["na_activation_half"].ok


def test_the_voltage_error_is_that_of_the_largest_current_of_channels(channels, cells):
    # At +80 mV: the K current that was put in and the leak, at the end of the step.
    lasting = 10.0 / (1.0 + np.exp(-8.5)) * 165.0 + 140.0
    rows = cells(channels(), series_resistance=5.0)
    assert rows["qc_voltage_error"].value == pytest.approx(lasting * 5.0 / 1000.0, rel=0.01)
    assert rows["qc_voltage_error"].reason == "At 80 mV, at the end of the step."
    levels = np.arange(-100, 81, 5)
    recorded = peak_of(levels) + levels + 60.0
    rows = cells(channels(k=0.0), series_resistance=5.0)
    assert rows["qc_voltage_error"].value == pytest.approx(-recorded.min() * 5.0 / 1000.0, rel=0.02)
    assert rows["qc_voltage_error"].reason == f"At {levels[np.argmin(recorded)]} mV, at the peak."


def test_an_unknown_resistance_refuses_activation_too(channels, cells):
    rows = cells(channels(transient=0.0, k=0.0))
    assert {rows[name].status for name in CURVE} == {Status.BAD_INPUT}
    assert "series resistance is not known" in rows["na_activation_half"].reason
    assert rows["qc_voltage_error"].status is Status.NOT_APPLICABLE


def test_the_table_has_a_row_per_step(channels):
    recording = channels()
    table = measure_currents(recording)[1].table
    np.testing.assert_array_equal(table["command"], np.arange(-100, 81, 5))
    np.testing.assert_array_equal(table["sweep"], np.arange(recording.n_sweeps))
    strong = (table["command"] >= -20) & (table["command"] <= 30)
    np.testing.assert_allclose(table["inward_peak"][strong], peak_of(table["command"][strong]), rtol=0.1, atol=60)
    np.testing.assert_allclose(table["time_to_peak"][strong], 0.65, atol=0.3)


@pytest.mark.parametrize("transient", [-300.0, 300.0])
def test_charging_is_no_current(channels, cells, transient):
    rows = cells(channels(na=0.0, k=0.0, transient=transient))
    assert rows["na_current_peak"].value > -25.0
    assert abs(rows["k_current_sustained"].value) < 15.0


def test_charging_that_outlasts_the_sodium_current_is_subtracted(channels, cells):
    recording = channels(k=0.0, charging=2.0, transient=60.0)
    rows = cells(recording)
    assert rows["na_current_peak"].value == pytest.approx(peak_of(np.arange(-100, 81, 5)).min(), rel=0.05)
    assert rows["na_current_peak_raw"].value > 0.5 * rows["na_current_peak"].value


def test_a_type_current_is_the_difference_of_two_prepulses(channels, cells):
    levels = np.tile(np.arange(-60, 41, 20), 2)
    prepulse = np.repeat([-110.0, -40.0], 6)
    row = cells(channels(levels, prepulse=prepulse, na=0.0, k_a=8.0, length=120.0))["k_a_current_peak"]
    time = np.arange(0, 100, 0.05)
    shape = (1 - np.exp(-time / 0.8)) * np.exp(-time / 15.0)
    ready = [1 / (1 + np.exp((70.0 + level) / 5.0)) for level in (-110.0, -40.0)]
    truth = 8.0 * (ready[0] - ready[1]) * 125.0 * shape.max()
    assert row.value == pytest.approx(truth, rel=0.03)
    assert "after -110 mV minus after -40 mV" in row.reason


def test_one_prepulse_is_no_pair(channels, cells):
    row = cells(channels(range(-60, 41, 20), prepulse=-110.0, k_a=8.0))["k_a_current_peak"]
    assert row.status is Status.NOT_APPLICABLE


def test_a_jump_a_delay_and_a_repetition_are_escape_spikes(channels, cells):
    levels = np.arange(-80, 41, 5)
    smooth = channels(levels, k=0.0, na=10.0)
    assert cells(smooth)["qc_escape_spikes"].value == 0
    row = int(np.flatnonzero(levels == -40)[0])
    # All or none: from hardly anything to a spike as large as any, late in the step, for all potentials above.
    spikes = [(sweep, max(6.0 - 0.8 * (sweep - row), 1.0), 1500.0) for sweep in range(row, levels.size)]
    jump = cells(channels(levels, k=0.0, na=3.0, spikes=spikes))["qc_escape_spikes"]
    assert jump.value >= 1
    assert "all or none at -40 mV." in jump.reason
    again = cells(channels(levels, k=0.0, na=10.0, spikes=[(18, 12.0, 500.0), (19, 20.0, 500.0)]))["qc_escape_spikes"]
    assert again.value == 2
    assert "repeated in 2 steps" in again.reason


def test_a_later_peak_at_a_larger_step_is_suspect():
    level = np.array([-40.0, -30.0, -20.0, -10.0])
    peak = np.array([-300.0, -800.0, -900.0, -800.0])
    latency = np.array([1.5, 1.0, 2.5, 0.8])
    limb = Limb(level, peak, latency, peak, 20.0)
    assert suspected_levels(limb)["delayed"].tolist() == [False, False, True, False]


def test_a_family_needs_steps_that_open_channels(data, cells):
    rows = cells(mnephys.read(data("patch/171116sh_0012.abf")))
    for name in FEATURES:
        if name.startswith(("na_", "k_")):
            assert rows[name].status is Status.NOT_APPLICABLE
    assert rows["series_resistance"].value == pytest.approx(11.2, abs=0.5)
    assert rows["holding_current"].value == pytest.approx(-120.0, abs=2.0)


def test_ramps_are_no_steps(data, cells):
    rows = cells(mnephys.read(data("patch/171116sh_0013.abf")))
    measured = {name for name, row in rows.items() if row.ok and not name.startswith("qc_")}
    assert measured <= {"holding_current"}


def test_a_real_sodium_family(data, cells):
    recording = mnephys.read(data("patch/na_iv_abf2.abf"))
    rows = cells(recording)
    assert rows["na_current_peak_raw"].value == pytest.approx(-1581.0, abs=1.0)
    assert rows["na_current_peak"].reason.startswith("At -20 mV")
    assert rows["na_current_peak"].value == pytest.approx(-1581.0, rel=0.05)
    assert rows["na_reversal_potential_raw"].value == pytest.approx(47.0, abs=2.0)
    assert 44.0 < rows["na_reversal_potential"].value < 56.0
    assert "swings to both sides" in rows["series_resistance"].reason
    assert rows["na_activation_half"].status is Status.BAD_INPUT
    assert -45 < cells(recording, fit_anyway=True)["na_activation_half"].value < -25
    assert rows["qc_escape_spikes"].value == 0


def test_leak_subtracted_while_recording_is_not_subtracted_again(channels, cells):
    rows = cells(channels(metadata={"leak_subtraction": True}, leak=0.0))
    assert rows["leak_conductance"].status is Status.NOT_APPLICABLE
    assert "P/N" in rows["leak_conductance"].reason


def test_ih_is_named_and_not_taken_for_leak(channels, cells):
    recording = channels(na=0.0, length=200.0, transient=0.0)
    late = np.clip((np.arange(recording.n_samples) - 400) / 4000.0, 0, 1)
    grows = 2.0 * np.minimum(recording.command + 90.0, 0.0) * late
    row = cells(copied(recording, recording.response + grows))["leak_conductance"]
    assert row.value == pytest.approx(1.0, abs=0.2)
    recording = channels(range(-130, -89, 10), na=0.0, length=200.0)
    grows = 2.0 * np.minimum(recording.command + 90.0, 0.0) * late[: recording.n_samples]
    row = cells(copied(recording, recording.response + grows))["leak_conductance"]
    assert "as Ih does" in row.reason


def test_a_leak_line_that_misses_the_baseline_is_the_line_of_the_steps(channels, cells):
    recording = channels(k=0.0)
    held = np.where(np.isclose(recording.command, -90.0), -40.0, 0.0)
    held[:, 400:1400] = 0.0
    rows = cells(copied(recording, recording.response + held))
    assert rows["leak_conductance"].value == pytest.approx(1.0, abs=0.15)
    assert "+40 pA off the holding current" in rows["leak_conductance"].reason
    assert rows["na_current_peak"].value == pytest.approx(peak_of(np.arange(-100, 81, 5)).min(), rel=0.03)


def test_every_cell_feature_has_a_row_whatever_comes(channels):
    whole = channels(range(-80, 41, 20), repeats=1)
    command, response = whole.command, whole.response
    tail = response.copy()
    tail[2, 700:] = np.nan
    infinite = response.copy()
    infinite[1, 500:600] = np.inf
    hostile = [
        whole,
        copied(whole, np.zeros_like(response)),
        copied(whole, np.full_like(response, np.nan), n_valid=np.full(response.shape[0], response.shape[1])),
        copied(whole, np.full_like(response, np.inf), n_valid=np.full(response.shape[0], response.shape[1])),
        copied(whole, response[:, :1], command[:, :1]),
        copied(whole, response[:1], command[:1]),
        copied(whole, response[:, :420], command[:, :420]),
        copied(whole, tail),
        copied(whole, infinite),
        copied(whole, response, np.full_like(command, -70.0)),
        copied(whole, response, np.full_like(command, np.nan)),
        copied(whole, response, np.linspace(-100, 100, command.size).reshape(command.shape)),
        copied(whole, np.random.default_rng(0).normal(0, 1e30, response.shape)),
        SweepRecording(response, 20000.0, Clamp.VOLTAGE),
        SweepRecording(np.zeros((1, 1)), 1.0, Clamp.VOLTAGE, np.zeros((1, 1)), CommandSource.RECORDED),
    ]
    for recording in hostile:
        rows, _ = measure_currents(recording)
        assert {row.feature for row in rows if row.level == "cell"} == CELL
        names = [row.id for row in rows if row.feature == "qc_sweep"]
        assert names == [f"s{sweep}" for sweep in range(recording.n_sweeps)]


def test_current_clamp_is_refused():
    with pytest.raises(UnitsError, match="needs voltage clamp"):
        measure_currents(SweepRecording(np.zeros((1, 100)), 20000.0, Clamp.CURRENT))


def test_a_telegraph_that_is_no_number_is_ignored(channels, cells):
    for told in ({"telegraphs": "x"}, {"telegraphs": [3]}, {"telegraphs": [{"lowpass_hz": float("nan")}]}, {}):
        assert cells(channels(metadata=told))["na_current_peak"].ok


def test_a_noisy_recorded_command_gives_the_same(channels, cells):
    recording = channels(k=0.0)
    noisy = recording.command + np.random.default_rng(0).normal(0, 0.3, recording.command.shape)
    drawn, found = cells(recording), cells(copied(recording, command=noisy))
    for name, limit in (("na_current_peak", 15.0), ("na_reversal_potential", 1.0), ("k_current_sustained", 15.0)):
        assert found[name].value == pytest.approx(drawn[name].value, abs=limit)


def test_the_order_of_sweeps_does_not_matter(channels, cells):
    recording = channels()
    drawn = cells(recording)
    turned = cells(copied(recording, recording.response[::-1], recording.command[::-1]))
    for name, row in drawn.items():
        assert turned[name].status is row.status
        if row.value is not None and name != "qc_series_resistance_change":
            assert turned[name].value == pytest.approx(row.value, rel=1e-5, abs=1e-3), name


def test_repeating_a_family_changes_little(channels, cells):
    recording = channels(k=0.0)
    once = cells(recording, series_resistance=2.0)
    twice = cells(
        copied(recording, np.tile(recording.response, (2, 1)), np.tile(recording.command, (2, 1))),
        series_resistance=2.0,
    )
    for name in ("na_current_peak", "na_reversal_potential", "na_activation_half", "leak_conductance"):
        assert twice[name].value == pytest.approx(once[name].value, rel=0.01)


@settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.integers(1, 3000))
def test_waiting_longer_before_the_steps_changes_nothing(channels, cells, shift):
    recording = channels(k=0.0, noise=0.0)
    pad = ((0, 0), (shift, 0))
    later = cells(copied(recording, np.pad(recording.response, pad, "edge"), np.pad(recording.command, pad, "edge")))
    for name, row in cells(recording).items():
        if row.value is not None and name.startswith("na_"):
            assert later[name].value == pytest.approx(row.value, rel=1e-4, abs=1e-2), name


@settings(max_examples=30, deadline=None)
@given(st.floats(20.0, 75.0), st.floats(0.5, 50.0))
def test_a_straight_limb_reverses_where_its_line_does(potential, conductance):
    level = np.arange(-60.0, 81.0, 5.0)
    current = conductance / (1 + np.exp((-30.0 - level) / 3.0)) * (level - potential)
    assert reversal(Limb(level, current, np.ones(level.size), current, 0.1)) == pytest.approx(potential, abs=0.1)


def test_sodium_scales_with_the_current(channels, cells):
    recording = channels(k=0.0)
    once, double = cells(recording), cells(copied(recording, recording.response * 2.0))
    assert double["na_current_peak"].value == pytest.approx(2.0 * once["na_current_peak"].value, rel=1e-4)
    assert double["na_reversal_potential"].value == pytest.approx(once["na_reversal_potential"].value, abs=1e-3)
