"""Quality control names what is wrong, keeps what is right, and never removes the immature."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

import mnephys
from mnephys.measurement import Status
from mnephys.patch.family import find_family
from mnephys.patch.quality import QualityLimits, control_quality


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


def test_clipping_is_found_and_a_flat_rest_is_not(family_of):
    spikes = [[], [], [], [], [0.1, 0.2]]
    recording = family_of(CURRENTS, spikes=spikes)
    clipped = replace(recording, response=np.minimum(recording.response, -40.0))
    # Cut off at -40 mV an action potential of 1.2 ms is flat for about a millisecond.
    assert list(_reasons(clipped, QualityLimits(clipping=0.5))) == ["s4"]
    assert "clipped" in _reasons(clipped, QualityLimits(clipping=0.5))["s4"]
    assert _reasons(recording, QualityLimits(clipping=0.5)) == {}


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
