"""What must not matter does not: units, time, order, repeats, silence; and what is no recording makes no error."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

import mnephys
from mnephys.measurement import Status
from mnephys.patch.waveform import AP_COLUMNS, action_potentials
from mnephys.recording import Clamp, CommandSource, SweepRecording
from mnephys.simulate import STAGES, integrate, record, step_family

RATE = 20000.0
START, STOP = 0.15, 0.45
TIMES = ("threshold_time", "peak_time", "trough_time")
VOLTAGES = ("threshold_voltage", "peak_voltage", "trough_voltage")

few = settings(max_examples=10, deadline=None)
many = settings(max_examples=60, deadline=None)


@pytest.fixture(scope="module")
def family():
    """A mature cell, 8 steps from -60 to 360 pA, with noise."""
    protocol = step_family(-60.0, 60.0, n_sweeps=8, before=START, duration=STOP - START, after=0.15)
    command = protocol.command()
    traces = integrate([STAGES["mature"].neuron], command[np.newaxis], RATE)
    voltage = record(traces, command[np.newaxis], np.random.default_rng(0), noise=0.05)[0]
    return SweepRecording(voltage, RATE, Clamp.CURRENT, command, CommandSource.EPOCH_TABLE)


@pytest.fixture(scope="module")
def aps(family):
    found = action_potentials(family.response, RATE, START, STOP)
    assert found["sweep"].size > 20
    return found


@pytest.fixture(scope="module")
def table(family):
    return mnephys.extract(family, bias=0.0)


def _of_cell(table):
    return {row.feature: row for row in table.rows if row.level == "cell"}


def _same(one, other, scale=None, offset=None, skip=()):
    """Assert that the cell is the same but for factors and offsets of some features."""
    left, right = _of_cell(one), _of_cell(other)
    assert left.keys() == right.keys()
    for name, row in left.items():
        if name in skip:
            continue
        twin = right[name]
        assert (row.status, row.text) == (twin.status, twin.text), name
        if row.value is not None:
            expected = row.value * (scale or {}).get(name, 1.0) + (offset or {}).get(name, 0.0)
            assert twin.value == pytest.approx(expected, rel=2e-4, abs=2e-4), name


def _same_aps(one, other, *, time=0.0, voltage=0.0, tolerance=1e-5):
    for name in AP_COLUMNS:
        shift = time if name in TIMES else voltage if name in VOLTAGES else 0.0
        np.testing.assert_allclose(other[name], one[name] + shift, rtol=tolerance, atol=10 * tolerance, err_msg=name)


def _family(response, command):
    return SweepRecording(response, RATE, Clamp.CURRENT, command, CommandSource.EPOCH_TABLE)


# Units.


@few
@given(st.sampled_from([0.25, 0.5, 2.0, 4.0, 16.0]))
def test_currents_in_another_unit_scale_what_is_made_of_currents(family, table, factor):
    scaled = mnephys.extract(replace(family, command=family.command * np.float32(factor)), bias=0.0)
    units = {"pA": factor, "MOhm": 1 / factor, "pF": factor, "Hz/pA": 1 / factor, "pA/s": factor}
    _same(
        table,
        scaled,
        scale={name: units.get(row.unit, 1.0) for name, row in _of_cell(table).items()},
        skip=[name for name in _of_cell(table) if name.startswith("qc_")],
    )
    qc = [name for name in _of_cell(table) if name.startswith("qc_")]
    assert [scaled.get(name).status for name in qc] == [table.get(name).status for name in qc]


@few
@given(st.integers(-32, 32).map(lambda n: n / 4))
def test_an_offset_of_the_voltage_moves_voltages_and_nothing_else(family, aps, offset):
    _same_aps(aps, action_potentials(family.response + np.float32(offset), RATE, START, STOP), voltage=offset)


def test_volts_taken_for_millivolts_hold_no_action_potential_rather_than_wrong_ones(family):
    assert not action_potentials(family.response / 1000, RATE, START, STOP)["sweep"].size


# Time.


@few
@given(st.integers(1, 3000))
def test_silence_before_shifts_times_and_nothing_else(family, aps, n):
    quiet = np.repeat(family.response[:, :1], n, axis=1)
    shifted = np.concatenate([quiet, family.response], axis=1)
    _same_aps(aps, action_potentials(shifted, RATE, START + n / RATE, STOP + n / RATE), time=n / RATE)


@few
@given(st.integers(1, 3000))
def test_silence_behind_changes_no_action_potential(family, aps, n):
    longer = np.concatenate([family.response, np.repeat(family.response[:, -1:], n, axis=1)], axis=1)
    _same_aps(aps, action_potentials(longer, RATE, START, STOP), tolerance=1e-12)


@few
@given(st.integers(1, 3000))
def test_silence_behind_changes_no_cell(family, table, n):
    noise = np.random.default_rng(n).normal(0, 0.05, (family.n_sweeps, n))
    longer = np.concatenate([family.response, family.response[:, -2000:].mean(axis=1, keepdims=True) + noise], axis=1)
    command = np.pad(family.command, ((0, 0), (0, n)))
    # What is spontaneous is counted over the time at rest, of which there is more.
    _same(table, mnephys.extract(_family(longer, command), bias=0.0), skip=("spontaneous_time",))


@few
@given(st.integers(1, 2000))
def test_samples_that_were_not_recorded_change_no_action_potential(family, aps, n):
    padded = np.pad(family.response, ((0, 0), (0, n)), constant_values=np.nan)
    _same_aps(aps, action_potentials(padded, RATE, START, STOP), tolerance=1e-12)


def test_when_the_recording_was_made_changes_no_cell(family, table):
    _same(table, mnephys.extract(replace(family, sweep_start=family.sweep_start + 1000.0), bias=0.0))


# Order and repeats.


@few
@given(st.permutations(range(8)))
@example(list(range(7, -1, -1)))
def test_the_order_of_sweeps_orders_the_rows_and_changes_nothing_else(family, aps, order):
    found = action_potentials(family.response[list(order)], RATE, START, STOP)
    back = np.array(order)[found["sweep"]]
    by = np.argsort(back, kind="stable")
    _same_aps(
        aps, {name: back[by] if name == "sweep" else column[by] for name, column in found.items()}, tolerance=1e-12
    )


def test_a_family_played_backwards_is_the_same_cell(family, table):
    backwards = _family(family.response[::-1], family.command[::-1])
    _same(table, mnephys.extract(backwards, bias=0.0))


@few
@given(st.integers(2, 4))
def test_repeated_sweeps_repeat_the_rows(family, aps, n):
    found = action_potentials(np.tile(family.response, (n, 1)), RATE, START, STOP)
    size = aps["sweep"].size
    assert found["sweep"].size == n * size
    for k in range(n):
        part = {name: column[k * size : (k + 1) * size] for name, column in found.items()}
        _same_aps(aps, part | {"sweep": part["sweep"] - 8 * k}, tolerance=1e-12)


def test_a_family_recorded_three_times_is_the_same_cell(family, table):
    tiled = _family(np.tile(family.response, (3, 1)), np.tile(family.command, (3, 1)))
    # More of the same narrows the standard error, and shows a spread between repeats that was not known before.
    _same(table, mnephys.extract(tiled, bias=0.0), skip=("fi_gain_error", "qc_resistance_spread"))


# What is no recording.

VALUES = st.sampled_from([np.nan, np.inf, -np.inf, 0.0, -65.0, 40.0, -65.5, 1e30, -1e30, 3e-39])
SHAPES = st.tuples(st.integers(1, 3), st.one_of(st.integers(1, 6), st.sampled_from([19, 20, 21, 60, 400, 3000])))


@st.composite
def wild(draw):
    """Stretches of constant values, of which many are no voltage."""
    n_sweeps, n_samples = draw(SHAPES)
    pieces = draw(st.lists(st.tuples(VALUES, st.integers(1, n_samples)), min_size=1, max_size=6))
    flat = np.concatenate([np.full(length, value) for value, length in pieces])
    return np.resize(flat, (n_sweeps, n_samples))


# The steepest slope before the peak of this one is 0.
FLAT_BEFORE_ITS_PEAK = np.repeat([[1e30, -65.0, 40.0, np.inf, 0.0]], [13, 28, 28, 55, 14], axis=1)


@many
@given(wild(), st.sampled_from([1.0, 1000.0, 12500.0, 20000.0, 1e6]))
@example(FLAT_BEFORE_ITS_PEAK, 20000.0)
def test_any_trace_gives_columns(voltage, rate):
    found = action_potentials(voltage, rate)
    assert set(found) == set(AP_COLUMNS)
    assert len({column.size for column in found.values()}) == 1
    assert all(np.isfinite(found[name]).all() for name in ("threshold_time", "peak_time", "peak_voltage"))


@pytest.mark.parametrize("clamp", Clamp)
@many
@given(wild(), wild(), st.sampled_from([1.0, 1000.0, 20000.0]), st.booleans())
def test_any_recording_gives_statuses(clamp, voltage, command, rate, commanded):
    current = np.resize(command, voltage.shape) if commanded else None
    source = CommandSource.EPOCH_TABLE if commanded else CommandSource.NONE
    _has_statuses(mnephys.extract(SweepRecording(voltage, rate, clamp, current, source)))


def _has_statuses(table):
    for row in table.rows:
        assert row.value is None or np.isfinite(row.value), row
        assert row.status is Status.OK or row.reason, row


@pytest.mark.parametrize("value", [-65.0, 0.0, np.nan, np.inf, -np.inf, 1e38])
@pytest.mark.parametrize("n_samples", [0, 1, 2, 12000])
@pytest.mark.parametrize("beside", [False, True])
def test_a_constant_holds_no_action_potential_and_says_so(value, n_samples, beside):
    voltage = np.full((2, n_samples), value)
    if beside:
        voltage[0] = -65.0
    table = mnephys.extract(SweepRecording(voltage, RATE, Clamp.CURRENT))
    _has_statuses(table)
    assert table.get("ap_threshold").value is None
    assert table.get("ap_threshold").reason
    assert table.get("input_resistance").status is not Status.OK
    assert not len(table.spikes["sweep"])


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("n_samples", [0, 1, 2, 12000])
@pytest.mark.parametrize("commanded", [False, True])
def test_a_recording_of_nothing_says_so_and_has_no_stage(value, n_samples, commanded):
    nothing = np.full((2, n_samples), value)
    command, source = (np.zeros_like(nothing), "recorded") if commanded else (None, "none")
    recording = SweepRecording(nothing, RATE, Clamp.CURRENT, command, source)
    table = mnephys.extract(recording)
    assert table.get("qc_recording").status is Status.EXCLUDED
    assert "nothing was recorded" in table.get("qc_recording").reason
    measured = {row.feature for row in table.rows if row.value is not None and not row.feature.startswith("qc_")}
    assert not measured
    assert mnephys.score(recording).stage == "indeterminate"


@pytest.mark.parametrize("value", [-65.0, 0.0, np.nan, np.inf])
@pytest.mark.parametrize("n_samples", [0, 1, 2, 12000])
@pytest.mark.parametrize("commanded", [False, True])
def test_a_constant_current_under_voltage_clamp_holds_none_and_says_so(value, n_samples, commanded):
    current = np.full((2, n_samples), value)
    command, source = (np.full_like(current, -70.0), "recorded") if commanded else (None, "none")
    table = mnephys.extract(SweepRecording(current, RATE, Clamp.VOLTAGE, command, source))
    _has_statuses(table)
    for feature in ("na_current_peak", "k_current_sustained", "series_resistance", "spsc_amplitude"):
        assert table.get(feature).status is not Status.OK, feature


@pytest.mark.parametrize("shape", [(0, 0), (0, 100), (3, 0), (0,)])
def test_nothing_gives_empty_columns(shape):
    found = action_potentials(np.zeros(shape), RATE)
    assert all(column.size == 0 for column in found.values())


def test_one_bad_sweep_costs_only_itself(family, aps):
    for bad in (np.nan, np.inf, -np.inf, 1e38, 0.0):
        response = family.response.copy()
        response[5] = bad
        found = action_potentials(response, RATE, START, STOP)
        kept = aps["sweep"] != 5
        _same_aps({name: column[kept] for name, column in aps.items()}, found, tolerance=1e-12)


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_a_bad_sample_within_an_action_potential_costs_at_most_its_sweep(family, aps, bad):
    first = np.flatnonzero(aps["sweep"] == 5)[0]
    peak = round(float(aps["peak_time"][first]) * RATE)
    kept = aps["sweep"] != 5
    for offset in (-12, -3, 0, 3, 12, 60):
        response = family.response.copy()
        response[5, peak + offset] = bad
        found = action_potentials(response, RATE, START, STOP)
        others = found["sweep"] != 5
        assert np.isfinite(found["threshold_voltage"]).all()
        _same_aps(*({name: column[rows] for name, column in t.items()} for t, rows in ((aps, kept), (found, others))))
