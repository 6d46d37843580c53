"""Ramps against a neuron whose persistent inward current, and so whose hysteresis, is known."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from reference import eif
from reference.hysteresis import PicNeuron, recorded, triangle

import mnephys
from mnephys.measurement import Status
from mnephys.patch.family import find_family
from mnephys.patch.ramp_features import FEATURES, measure_ramps
from mnephys.patch.ramp_firing import ramp_firing
from mnephys.patch.ramps import find_ramps

PIC = PicNeuron()
PLAIN = replace(PIC, amplitude=0.0)


def _measured(recording):
    return {row.feature: row for row in measure_ramps(find_family(recording), recording.command)}


@pytest.mark.parametrize("noise", [0.0, 0.1])
@pytest.mark.parametrize("current_noise", [0.0, 2.0])
def test_the_hysteresis_of_a_known_persistent_inward_current_is_found(noise, current_noise):
    rows = _measured(recorded(PIC, [triangle(100.0, 300.0)] * 2, noise=noise, current_noise=current_noise))
    # The membrane lags by its time constant, and fires within a few more, which the ramp takes 100 pA/s for.
    lag = 100.0 * 5 * PIC.tau
    recruited = rows["pic_recruitment_current"].value
    assert PIC.switches_on() <= recruited <= PIC.switches_on() + lag
    assert rows["pic_derecruitment_current"].value == pytest.approx(PIC.stops_firing(), abs=2 * lag)
    delta = PIC.switches_on() - PIC.stops_firing()
    assert rows["pic_delta_current"].value == pytest.approx(delta, abs=2 * lag)
    assert delta == pytest.approx(50.0)


def test_without_a_persistent_inward_current_there_is_neither_hysteresis_nor_onset():
    rows = _measured(recorded(PLAIN, [triangle(100.0, 300.0)], noise=0.1))
    assert rows["pic_recruitment_current"].value == pytest.approx(250.0, abs=5.0)
    assert abs(rows["pic_delta_current"].value) < 10.0
    assert rows["persistent_inward_current_onset"].status is Status.TOO_FEW_EVENTS
    assert "stays above" in rows["persistent_inward_current_onset"].reason


@pytest.mark.parametrize("on_at", [-60.0, -56.0])
@pytest.mark.parametrize("down", [True, False])
def test_the_onset_is_the_voltage_at_which_the_current_switches_on(on_at, down):
    # Too weak to reach threshold at once: the trace leaves the leak line and goes on beside it.
    neuron = replace(PIC, on_at=on_at, amplitude=40.0, activation=0.05)
    rows = _measured(recorded(neuron, [triangle(100.0, 300.0, down=down)], noise=0.1))
    assert rows["persistent_inward_current_onset"].value == pytest.approx(on_at, abs=0.5)
    assert (rows["pic_delta_current"].status is Status.NOT_APPLICABLE) is not down


def test_a_current_that_switches_on_close_to_the_threshold_is_not_told_from_spike_initiation():
    neuron = replace(PIC, on_at=-52.0, amplitude=40.0, activation=0.05)
    row = _measured(recorded(neuron, [triangle(100.0, 300.0)], noise=0.1))["persistent_inward_current_onset"]
    assert row.status is Status.TOO_FEW_EVENTS
    assert "leaves its leak line at -5" in row.reason
    assert "as in any cell that fires" in row.reason


def test_what_begins_less_than_3_mv_below_the_first_threshold_is_not_told_however_slow_the_ramp():
    neuron = replace(PIC, rest=-53.0, on_at=-47.7, amplitude=11.5)
    recording = recorded(neuron, [triangle(50.0, 120.0)])
    family = find_family(recording)
    firing = ramp_firing(family, find_ramps(recording.command, recording.sampling_rate, recording.n_valid))
    assert firing.onset[0] == pytest.approx(-47.7, abs=0.2)
    assert firing.lead[0] > 0.2
    assert firing.below[0] == pytest.approx(2.7, abs=0.25)
    row = _measured(recording)["persistent_inward_current_onset"]
    assert row.status is Status.TOO_FEW_EVENTS
    assert "less than 3 mV below its threshold" in row.reason


def _eif_triangle(slope_factor, mv_per_s, noise):
    neuron = eif.EifNeuron(resistance=0.2, slope_factor=slope_factor)
    top = 1.4 * (neuron.soft_threshold - neuron.rest) / neuron.resistance
    rise = top / (mv_per_s / neuron.resistance)
    t = np.arange(round((1.0 + 2 * rise) * eif.RATE)) / eif.RATE
    command = np.interp(t, [0.5, 0.5 + rise, 0.5 + 2 * rise], [0.0, top, 0.0])
    return eif.recorded(neuron, command, noise=noise)


@pytest.mark.parametrize("slope_factor", [1.0, 2.0, 4.0])
@pytest.mark.parametrize("mv_per_s", [7.0, 18.0])
@pytest.mark.parametrize("noise", [0.0, 0.3])
def test_the_current_that_initiates_action_potentials_is_no_persistent_one(slope_factor, mv_per_s, noise):
    rows = _measured(_eif_triangle(slope_factor, mv_per_s, noise))
    assert rows["persistent_inward_current_onset"].status is Status.TOO_FEW_EVENTS
    assert rows["pic_delta_current"].ok
    assert "not different from 0" in rows["pic_delta_current"].reason


def test_the_resolution_of_the_hysteresis_is_what_the_ramp_changes_in_an_interval():
    recording = recorded(PIC, [triangle(100.0, 300.0)])
    row = _measured(recording)["pic_delta_current"]
    interval = np.diff(find_family(recording).aps["threshold_time"])
    assert f"resolution {100.0 * max(interval[0], interval[-1]):.2g} pA" in row.reason
    assert "not different" not in row.reason


def test_half_a_millivolt_above_the_leak_line_is_no_onset():
    rows = _measured(recorded(replace(PIC, amplitude=5.0), [triangle(100.0, 300.0)]))
    assert rows["persistent_inward_current_onset"].status is Status.TOO_FEW_EVENTS


def test_the_foot_of_the_first_action_potential_is_no_onset():
    recording = recorded(PLAIN, [triangle(190.0, 300.0)])
    voltage = recording.response.copy()
    threshold = round(find_family(recording).aps["threshold_time"][0] * recording.sampling_rate)
    foot = np.linspace(0.0, 8.0, 40, dtype=np.float32)
    voltage[0, threshold - 40 : threshold] += foot
    rows = _measured(replace(recording, response=voltage))
    assert rows["ramp_rheobase"].value == pytest.approx(250.0, abs=5.0)
    assert rows["persistent_inward_current_onset"].status is Status.TOO_FEW_EVENTS


def test_a_ramp_that_is_too_fast_for_the_membrane_is_named():
    rows = _measured(recorded(PIC, [triangle(400.0, 300.0)]))
    for name in ("persistent_inward_current_onset", "pic_recruitment_current", "pic_delta_current"):
        assert rows[name].status is Status.NOT_APPLICABLE, name
        assert "too fast: 40 mV/s" in rows[name].reason
    assert rows["ramp_rheobase"].ok


def test_a_ramp_that_does_not_come_down_has_a_rheobase_and_no_derecruitment():
    rows = _measured(recorded(PLAIN, [triangle(100.0, 300.0, down=False)]))
    assert rows["ramp_rheobase"].value == pytest.approx(250.0, abs=3.0)
    assert "no ramp comes down" in rows["pic_derecruitment_current"].reason


def test_firing_that_outlasts_the_ramp_is_a_bound_and_says_so():
    neuron = replace(PIC, amplitude=280.0)
    rows = _measured(recorded(neuron, [triangle(100.0, 300.0)]))
    assert rows["pic_derecruitment_current"].value == pytest.approx(0.0, abs=10.0)
    assert "outlasts" in rows["pic_derecruitment_current"].reason
    assert "outlasts" not in rows["pic_recruitment_current"].reason


def test_firing_that_stops_on_the_way_up_has_no_derecruitment():
    recording = recorded(PLAIN, [triangle(100.0, 300.0)])
    voltage = recording.response.copy()
    voltage[:, round(3.4 * recording.sampling_rate) :] = -30.0
    rows = _measured(replace(recording, response=voltage))
    assert rows["pic_recruitment_current"].ok
    assert rows["pic_delta_current"].status is Status.NOT_APPLICABLE
    assert "stops before" in rows["pic_delta_current"].reason


def test_the_holding_current_counts():
    low = _measured(recorded(PLAIN, [triangle(100.0, 300.0, holding=-50.0)]))
    assert low["ramp_rheobase"].value == pytest.approx(250.0, abs=3.0)


def test_repeats_give_their_median_and_a_staircase_of_ramps_its_smallest():
    up = [triangle(50.0, 150.0 + base, holding=base, down=False) for base in (0.0, 125.0, 250.0)]
    stairs = _measured(recorded(PLAIN, up))
    assert stairs["ramp_rheobase"].value == pytest.approx(250.0, abs=3.0)
    assert "1 repeats" in stairs["ramp_rheobase"].reason
    same = _measured(recorded(PLAIN, [triangle(50.0, 300.0, down=False)] * 3, noise=0.3))
    assert "3 repeats" in same["ramp_rheobase"].reason


def test_sweeps_that_were_excluded_are_not_measured():
    recording = recorded(PIC, [triangle(100.0, 300.0), triangle(100.0, 300.0)])
    family = find_family(replace(recording, command=recording.command))
    kept = family.with_accepted(np.array([False, True]))
    rows = {row.feature: row for row in measure_ramps(kept, recording.command)}
    assert "1 triangular" in rows["pic_recruitment_current"].reason
    none = measure_ramps(family.with_accepted(np.zeros(2, dtype=bool)), recording.command)
    assert {row.status for row in none} == {Status.NOT_APPLICABLE}


@pytest.mark.parametrize("command", [None, np.zeros((1, 50000)), np.full((1, 50000), np.nan)])
def test_without_a_ramp_every_feature_says_why(command):
    recording = recorded(PLAIN, [triangle(100.0, 200.0)])
    family = find_family(replace(recording, command=recording.command))
    short = None if command is None else np.resize(command, recording.response.shape)
    rows = measure_ramps(family, short)
    assert [row.feature for row in rows] == list(FEATURES)
    assert all(row.status is Status.NOT_APPLICABLE and row.reason for row in rows)


@pytest.mark.parametrize("fill", [np.nan, np.inf, 0.0])
def test_a_voltage_that_is_none_gives_statuses(fill):
    recording = recorded(PLAIN, [triangle(100.0, 300.0)])
    family = find_family(recording)
    rows = measure_ramps(replace(family, voltage=np.full_like(family.voltage, fill)), recording.command)
    assert [row.feature for row in rows] == list(FEATURES)


def test_the_real_ramps(data):
    """Eleven ramps of 10 pA in 1 s: the eighth, from 60 to 70 pA, is the first that evokes anything."""
    recording = mnephys.read(data("patch/171116sh_0016.abf"))
    rows = _measured(recording)
    import pyabf

    abf = pyabf.ABF(str(data("patch/171116sh_0016.abf")))
    abf.setSweep(7)
    peak = int(np.argmax(abf.sweepY))
    assert abf.sweepY[peak] > 40
    # The threshold comes some ms before the peak, in which the command hardly moves.
    assert rows["ramp_rheobase"].value == pytest.approx(abf.sweepC[peak], abs=0.2)
    assert rows["pic_delta_current"].status is Status.NOT_APPLICABLE
    assert "100 ms" in rows["persistent_inward_current_onset"].reason
