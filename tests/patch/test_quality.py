"""Quality control names what is wrong, keeps what is right, and never removes the immature."""

from __future__ import annotations

import tracemalloc
from dataclasses import replace

import numpy as np
import pytest

import mnephys
from mnephys.measurement import Status
from mnephys.patch.family import find_family
from mnephys.patch.no_cell import disorder
from mnephys.patch.quality import QualityLimits, control_quality
from mnephys.recording import Clamp, CommandSource, SweepRecording
from mnephys.simulate import STAGES, integrate, record, step_family


def _reasons(recording, limits=None):
    _, rows = control_quality(find_family(recording), limits)
    return {row.id: row.reason for row in rows if row.feature == "qc_sweep" and row.status is Status.EXCLUDED}


def _with(recording, sweep, change):
    voltage = recording.response.copy()
    voltage[sweep] = change(voltage[sweep])
    return replace(recording, response=voltage)


CURRENTS = [-40, -20, 0, 20, 40]


def test_a_good_family_loses_no_sweep(family_of):
    assert _reasons(family_of(CURRENTS, noise=0.2)) == {}


@pytest.mark.parametrize(
    ("change", "named"),
    [
        (lambda v: v + 15, "drift"),
        (lambda v: np.where(v > -63, 200.0, v), "no membrane"),
        (lambda v: v + np.random.default_rng(0).normal(0, 6, v.size), "noise"),
        (lambda v: np.full_like(v, np.nan), "nothing was recorded"),
    ],
)
def test_one_bad_sweep_is_excluded_with_its_reason_and_costs_no_other(family_of, change, named):
    recording = _with(family_of(CURRENTS, noise=0.1), 4, change)
    reasons = _reasons(recording)
    assert list(reasons) == ["s4"]
    assert named in reasons["s4"]
    assert mnephys.extract(recording).get("input_resistance").value == pytest.approx(200, rel=0.02)


SPIKING = [[], [], [], [0.15], [0.1, 0.2]]


def _clipped_at(recording, rail, noise=0.0):
    behind = np.random.default_rng(1).normal(0, noise, recording.response.shape)
    return replace(recording, response=np.minimum(recording.response, rail) + behind)


@pytest.mark.parametrize("noise", [0.0, 0.05])
def test_clipping_is_found_with_noise_behind_it_and_a_flat_rest_is_not(family_of, noise):
    recording = family_of(CURRENTS, spikes=SPIKING)
    # Cut off at -40 mV an action potential of 1.2 ms is flat for about a millisecond.
    reasons = _reasons(_clipped_at(recording, -40.0, noise), replace(QualityLimits.read(), clipping=0.5))
    assert list(reasons) == ["s3", "s4"]
    assert "clipped" in reasons["s4"]
    assert _reasons(_clipped_at(recording, 100.0, noise), replace(QualityLimits.read(), clipping=0.5)) == {}


def test_a_single_peak_is_clipped_where_equal_samples_have_corners(family_of):
    recording = family_of(CURRENTS, spikes=[[], [], [], [], [0.1]])
    assert list(_reasons(_clipped_at(recording, -40.0))) == ["s4"]
    assert list(_reasons(_clipped_at(recording, 10.0))) == ["s4"]
    # With noise behind the limit it could be a peak that is flat by nature.
    assert _reasons(_clipped_at(recording, -40.0, 0.05)) == {}


@pytest.mark.parametrize("grain", [0.03, 0.3, 0.61, 2.0])
@pytest.mark.parametrize("width", [0.35, 0.6, 1.5, 5.0, 40.0])
@pytest.mark.parametrize("noise", [0.0, 0.2])
def test_no_rounded_peak_is_clipped_however_coarse_the_digitiser(family_of, grain, width, noise):
    recording = family_of(CURRENTS)
    t = np.arange(20000) / 20.0
    peak = 70 * np.exp(-(np.abs((t - 320.0) / width) ** np.where(t < 320.0, 2.0, 1.8)))
    voltage = recording.response + np.array([0, 0, 0, 0, 1])[:, np.newaxis] * peak
    voltage = voltage + np.random.default_rng(5).normal(0, noise, voltage.shape)
    assert _reasons(replace(recording, response=np.round(voltage / grain) * grain)) == {}


def test_a_coarse_digitiser_and_the_rest_are_not_clipping(family_of):
    recording = family_of(CURRENTS, spikes=[[], [], [], [], [0.1]])
    # A rest that action potentials fall back to is the lowest potential there is, and flat.
    assert _reasons(family_of([0, 20], spikes=[[-0.1], [-0.15, -0.05]])) == {}
    t = np.arange(20000) / 20.0
    broad = recording.response.copy()
    # Peaks of 20 mV and 6 ms at half height, as an immature cell has them, twice the same.
    broad[3:] += sum(20 * np.exp(-(((t - at) / 3.6) ** 2)) for at in (320.0, 420.0)).astype(np.float32)
    coarse = replace(recording, response=np.round(broad / 0.61) * 0.61)
    assert _reasons(coarse) == {}


def test_volts_that_are_called_millivolts_are_named(family_of):
    recording = family_of(CURRENTS)
    reasons = _reasons(replace(recording, response=recording.response / 1000))
    assert len(reasons) == 5
    assert all("units" in why and "V" in why for why in reasons.values())


def test_a_bridge_that_jumps_by_more_than_the_limit_is_an_artefact(family_of):
    table = mnephys.extract(family_of(CURRENTS, jump=150.0, resistance=100))
    assert table.get("qc_bridge_artefact").status is Status.EXCLUDED
    assert "bridge artefact" in table.get("qc_recording").reason
    assert mnephys.extract(family_of(CURRENTS, jump=15.0)).get("qc_recording").ok


@pytest.mark.parametrize("jump", [-30.0, -20.0, 0.0, 20.0, 30.0])
def test_the_bridge_error_comes_back_whatever_the_noise_and_the_drift(family_of, jump):
    quiet = mnephys.extract(family_of(CURRENTS, jump=jump)).get("qc_bridge_error")
    assert quiet.value == pytest.approx(jump, rel=0.1, abs=0.5)
    recording = family_of(CURRENTS, jump=jump, noise=0.1)
    drifting = recording.response + np.linspace(0, 8, 5)[:, np.newaxis] + np.linspace(0, 3, 20000)
    rough = mnephys.extract(replace(recording, response=drifting)).get("qc_bridge_error")
    error = float(rough.reason.split("standard error ")[1].split()[0])
    assert 0 < error < 5
    assert abs(rough.value - jump) < 4 * error


def _scaled(name, capacitance, first, increment):
    """A preset shrunk to a smaller cell, its currents with it, recorded without any bridge error."""
    stage = STAGES[name]
    share = capacitance / stage.neuron.capacitance
    parts = ("capacitance", "leak", "sodium", "potassium", "m_current", "ahp", "h_current")
    neuron = replace(stage.neuron, **{part: getattr(stage.neuron, part) * share for part in parts})
    protocol = step_family(first * share, increment * share, n_sweeps=7, before=0.15, duration=0.3, after=0.15)
    command = protocol.command()[np.newaxis]
    response = record(integrate([neuron], command, 20000.0), command, np.random.default_rng(0))
    return SweepRecording(response[0], 20000.0, Clamp.CURRENT, command[0], CommandSource.EPOCH_TABLE)


@pytest.mark.parametrize(
    ("name", "capacitance", "first", "increment"), [("immature", 3.0, -6.0, 3.0), ("silent", 3.25, 0.0, 7.0)]
)
def test_channels_and_small_size_make_no_bridge_artefact(name, capacitance, first, increment):
    table = mnephys.extract(_scaled(name, capacitance, first, increment))
    assert table.get("qc_recording").ok
    assert table.get("qc_bridge_artefact").text == "none found"


def test_a_jump_of_depolarising_steps_alone_excludes_nothing_and_says_so(family_of):
    table = mnephys.extract(family_of([0, 20, 40], jump=150.0, resistance=100))
    assert table.get("qc_recording").ok
    assert table.get("qc_bridge_error").value == pytest.approx(150, rel=0.02)
    assert "depolarising" in table.get("qc_bridge_error").reason


def test_a_response_that_is_all_jump_is_an_electrode(family_of):
    table = mnephys.extract(family_of([-200, -100, 0, 100], jump=80.0, resistance=1.0, noise=0.1))
    assert "at once" in table.get("qc_bridge_artefact").reason


@pytest.mark.parametrize("noise", [0.0, 0.1, 0.5, 2.0])
def test_a_silent_ohmic_cell_stays_to_100_mv_and_what_follows_the_current_beyond_is_an_electrode(family_of, noise):
    cell = mnephys.extract(family_of([-10, 0, 20, 40, 55], resistance=2000, tau=30, noise=noise))
    assert cell.get("qc_recording").ok
    assert cell.get("qc_drive").text == "driven"
    electrode = mnephys.extract(family_of([-100, 0, 100, 200, 280], resistance=500, rest=-3, tau=14, noise=noise))
    assert "like a resistor (0.5 mV/pA)" in electrode.get("qc_bridge_artefact").reason


@pytest.mark.parametrize(("resistance", "rest"), [(30, -5), (60, -9), (100, -12)])
def test_a_hole_in_the_membrane_is_a_leak_and_no_immature_cell(family_of, resistance, rest):
    table = mnephys.extract(family_of([-60, -30, 0, 30, 90], resistance=resistance, rest=rest, tau=2, noise=0.3))
    assert "leak: no living cell" in table.get("qc_recording").reason


def test_neither_a_potential_nor_a_resistance_alone_makes_a_leak(family_of):
    for resistance, rest in ((1000, -12), (2000, -30), (100, -65)):
        table = mnephys.extract(family_of([-10, 0, 10, 20], resistance=resistance, rest=rest, noise=0.1))
        assert table.get("qc_recording").ok
    firing = family_of([-60, 0, 90], resistance=100, rest=-12, tau=2, spikes=[[], [], [0.1]])
    assert mnephys.extract(firing).get("qc_recording").ok
    held = family_of([-60, 0, 90], resistance=100, rest=-15)
    held = replace(held, command=held.command + 500)
    assert mnephys.extract(held).get("qc_recording").ok, "held at -15 mV, at rest -65 mV"


def test_only_a_depolarising_step_drives(family_of):
    depolarised = mnephys.extract(family_of([-40, -30, -20, -10, 0], rest=-8.0, resistance=250))
    assert depolarised.get("qc_drive").text == "not driven"
    rebound = mnephys.extract(family_of([-80, -60, -40, 0], spikes=[[0.52], [], [], []]))
    assert rebound.get("qc_drive").text == "not driven"
    assert rebound.get("rebound_spike_count").value == 1
    spontaneous = mnephys.extract(family_of([-20, 0, 20], spikes=[[-0.1], [0.1], [-0.1]]))
    assert spontaneous.get("qc_drive").text == "not driven"
    evoked = mnephys.extract(family_of([-20, 0, 20], spikes=[[], [], [0.1]]))
    assert evoked.get("qc_drive").text == "driven"


def test_a_stated_largest_current_drives_a_silent_cell(family_of):
    recording = family_of([-20, 0, 150, 300], resistance=180)
    assert mnephys.extract(recording).get("qc_drive").text == "driven"
    _, rows = control_quality(find_family(recording), replace(QualityLimits.read(), drive_current=310.0))
    drive = next(row for row in rows if row.feature == "qc_drive")
    assert drive.text == "not driven"
    assert "310 pA" in drive.reason
    held = replace(recording, command=recording.command - 80)
    assert mnephys.extract(held).get("qc_drive").text == "driven", "300 pA from holding"


@pytest.mark.parametrize(
    ("currents", "spikes", "expected"),
    [
        ([-20, 0, 20, 40], [[], [], [], [0.1]], "stopped early"),
        ([0, 20, 40, 59], [[], [], [0.1], [0.1, 0.2]], "stopped early"),
        ([0, 20, 40, 60], [[], [], [0.1], [0.1, 0.2]], "reached"),
        ([-20, 0, 20, 40], [[], [], [], [0.1, 0.2, 0.3, 0.4, 0.45]], "reached"),
        ([-20, 0, 300], [[], [], [0.1]], "reached"),
        ([-20, 0, 300], [], "reached"),
        ([-20, 0, 20], [], "no step"),
        ([-20, -10, 0], [[0.52], [], []], "no step"),
    ],
)
def test_how_far_the_steps_went(family_of, currents, spikes, expected):
    row = mnephys.extract(family_of(currents, spikes=spikes)).get("qc_range")
    assert row.text == expected
    assert row.reason


def test_the_holding_current_is_that_of_the_command(family_of):
    recording = family_of(CURRENTS)
    assert mnephys.extract(recording).get("qc_holding_current").value == 0
    held = mnephys.extract(replace(recording, command=recording.command - 80)).get("qc_holding_current")
    assert held.value == pytest.approx(-80)
    blind = mnephys.extract(replace(recording, command=None, command_source="none")).get("qc_holding_current")
    assert blind.status is Status.NOT_APPLICABLE
    assert "command" in blind.reason


def test_the_fast_charging_of_a_small_cell_is_no_bridge_error(family_of):
    table = mnephys.extract(family_of([-2, -1, 0, 1, 2], resistance=6000, tau=3))
    assert abs(table.get("qc_bridge_error").value) < 100
    assert table.get("qc_recording").ok


def test_the_user_list_recording_is_named_a_bridge_artefact(data):
    table = mnephys.extract(mnephys.read(data("patch/2020_03_02_0000.abf")))
    verdict = table.get("qc_recording")
    assert verdict.status is Status.EXCLUDED
    assert "bridge artefact" in verdict.reason
    assert "0.51 mV/pA" in verdict.reason
    assert table.get("input_resistance").status is Status.EXCLUDED


@pytest.mark.parametrize("name", ["171116sh_0018", "171116sh_0019", "18713001", "190619B_0003", "File_axon_5"])
def test_good_recordings_lose_no_sweep(data, name):
    assert _reasons(mnephys.read(data(f"patch/{name}.abf"))) == {}


def test_a_dead_cell_is_named_and_an_immature_one_is_kept(family_of):
    dead = mnephys.extract(family_of([0, 100, 200], rest=-1.0, resistance=2.0, noise=0.1))
    assert "no living cell" in dead.get("qc_recording").reason
    immature = mnephys.extract(family_of([-10, 0, 10, 20], rest=-25.0, resistance=2000.0, noise=0.1))
    assert immature.get("qc_recording").ok


def test_sweeps_that_were_aborted_are_measured_as_far_as_they_go(family_of):
    recording = _with(family_of(CURRENTS), 1, lambda v: np.where(np.arange(v.size) < 6000, v, np.nan))
    recording = replace(recording, n_valid=np.array([20000, 6000, 20000, 20000, 20000]))
    table = mnephys.extract(recording)
    assert table.get("qc_sweep", level="sweep", id="s1").ok
    assert table.get("input_resistance").ok


def test_the_table_says_where_the_command_came_from(data):
    recording = mnephys.read(data("patch/18713001.abf"))
    assert mnephys.extract(recording).get("qc_command").text == "epoch table"
    blind = replace(recording, command=None, command_source="none")
    table = mnephys.extract(blind)
    assert table.get("qc_command").text == "inferred"
    assert [table.get("spike_count", level="sweep", id=f"s{i}").value for i in (7, 8, 24)] == [0, 1, 9]
    assert table.get("rheobase").status is Status.NOT_APPLICABLE
    assert "command" in table.get("rheobase").reason
    recorded = mnephys.extract(mnephys.read(data("patch/2020_03_02_0000.abf"))).get("qc_command")
    assert recorded.text == "recorded"
    assert "300.3 mV" in recorded.reason


def test_sweeps_that_begin_with_their_step_do_not_drift(family_of):
    recording = family_of([-200, 0, 100, 200])
    cropped = replace(
        recording, response=recording.response[:, 4000:], command=recording.command[:, 4000:], n_valid=None
    )
    assert _reasons(cropped) == {}
    row = mnephys.extract(cropped).get("qc_baseline_shift", level="sweep", id="s0")
    assert row.status is Status.NOT_APPLICABLE


def test_a_fixed_current_alone_does_not_call_a_large_cell_driven(family_of):
    table = mnephys.extract(family_of([-100, 0, 150, 300], resistance=30.0, noise=0.1))
    assert table.get("qc_drive").text == "not driven"
    assert mnephys.score(table).stage == "indeterminate"


def _shuffled(recording, order):
    return replace(recording, response=recording.response[list(order)])


STEPS = [-40, -20, 0, 20, 40, 60]


@pytest.mark.parametrize("order", [(3, 4, 5, 0, 1, 2), (5, 4, 3, 2, 1, 0), (4, 2, 3, 1, 0, 5)])
def test_sweeps_in_another_order_than_the_command_are_named(family_of, order):
    table = mnephys.extract(_shuffled(family_of(STEPS, noise=0.2), order))
    row = table.get("qc_recording")
    assert row.status is Status.EXCLUDED
    assert "out of order" in row.reason
    assert "evoke less at the larger current" in row.reason


@pytest.mark.parametrize("noise", [0.2, 1.0])
def test_firing_drift_and_noise_are_no_disorder(family_of, noise):
    driven = [[], [], [], [0.15], [0.1, 0.2], [0.1, 0.2, 0.3]]
    recording = family_of(STEPS, spikes=driven, noise=noise)
    drifting = replace(recording, response=recording.response + np.linspace(8, 0, len(STEPS))[:, np.newaxis])
    assert _reasons(drifting) == {}
    assert "out of order" in mnephys.extract(_shuffled(recording, (4, 5, 2, 3, 0, 1))).get("qc_recording").reason


@pytest.mark.parametrize("order", [(1, 0, 2, 3, 4, 5), (0, 1, 2, 3, 5, 4), (0, 1, 2, 5, 3, 4)])
def test_sweeps_that_answer_the_right_way_are_kept_whatever_their_order(family_of, order):
    # Nothing tells that they were exchanged.
    assert _reasons(_shuffled(family_of(STEPS, noise=0.2), order)) == {}


def test_one_step_that_something_else_disturbed_makes_no_disorder(family_of):
    recording = family_of(STEPS, noise=0.2)
    disturbed = _with(recording, 1, lambda v: 2 * np.median(v[:500]) - v)
    assert _reasons(disturbed) == {}


def test_thousands_of_steps_are_compared_in_little_memory():
    # A step in each of 5,000 short sweeps: all pairs of them would be 12 million.
    n, rng = 5000, np.random.default_rng(0)
    levels = rng.choice([-40.0, -20.0, 20.0, 40.0], n)
    inside = np.zeros(400)
    inside[100:300] = 1.0
    command = levels[:, np.newaxis] * inside
    good = -65.0 + 0.2 * command + rng.normal(0, 0.2, command.shape)
    for response, disordered in ((good, False), (good[rng.permutation(n)], True)):
        family = find_family(SweepRecording(response, 1000.0, Clamp.CURRENT, command, CommandSource.EPOCH_TABLE))
        tracemalloc.start()
        found = disorder(family, QualityLimits.read())
        most = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert found.startswith("out of order") == disordered
        assert most < 30e6


def test_small_responses_tell_no_order(family_of):
    assert _reasons(_shuffled(family_of([-8, -4, 0, 4, 8, 12], noise=0.2), (5, 4, 3, 2, 1, 0))) == {}
