"""Which voltage-clamp sweeps are used, and why not."""

from __future__ import annotations

import numpy as np
import pytest

from mnephys.measurement import Status
from mnephys.patch import quality as current_clamp
from mnephys.patch.currents import FEATURES, measure_currents
from mnephys.recording import Clamp, CommandSource, SweepRecording


def rows_of(recording, response=None):
    if response is not None:
        recording = SweepRecording(
            response, recording.sampling_rate, Clamp.VOLTAGE, recording.command, CommandSource.EPOCH_TABLE
        )
    rows, _ = measure_currents(recording)
    sweeps = {row.id: row for row in rows if row.feature == "qc_sweep"}
    return sweeps, {row.feature: row for row in rows if row.level == "cell"}


def test_the_verdicts_are_those_of_current_clamp():
    for name in ("qc_sweep", "qc_recording"):
        assert FEATURES[name] is current_clamp.FEATURES[name]


def test_good_sweeps_are_used(channels):
    sweeps, cell = rows_of(channels())
    assert {row.text for row in sweeps.values()} == {"used"}
    assert (cell["qc_recording"].text, cell["qc_clipping"].text) == ("used", "none found")


def test_a_lost_seal_excludes_its_sweep_alone(channels):
    recording = channels(k=0.0)
    response = recording.response.copy()
    response[7] -= 500.0
    sweeps, cell = rows_of(recording, response)
    assert [name for name, row in sweeps.items() if not row.ok] == ["s7"]
    assert "-500 pA off the median" in sweeps["s7"].reason
    assert "1 of 37 sweeps excluded" in cell["qc_recording"].reason


def test_noise_and_impossible_currents_and_nothing(channels):
    recording = channels()
    response = recording.response.copy()
    response[3, :] += np.random.default_rng(0).normal(0, 300, response.shape[1])
    response[4, 900] = 1e6
    response[5] = np.nan
    sweeps, _ = rows_of(recording, response)
    bad = {name: row.reason for name, row in sweeps.items() if not row.ok}
    assert list(bad) == ["s3", "s4", "s5"]
    assert bad["s3"].startswith("fast noise of ")
    assert bad["s4"].startswith("reaches 1000000 pA")
    assert bad["s5"] == "nothing was recorded"


def test_holding_at_other_potentials_is_no_drift(channels):
    recording = channels(range(-60, 41, 20), holding=-90.0)
    command = recording.command + np.linspace(0, 30, recording.n_sweeps)[:, np.newaxis]
    response = recording.response + np.linspace(0, 900, recording.n_sweeps)[:, np.newaxis]
    moved = SweepRecording(response, 20000.0, Clamp.VOLTAGE, command, CommandSource.EPOCH_TABLE)
    sweeps, cell = rows_of(moved)
    assert all(row.ok for row in sweeps.values())
    assert cell["holding_current"].status is Status.NOT_APPLICABLE
    assert "differs from sweep to sweep" in cell["holding_current"].reason


def test_a_current_cut_off_flat_excludes_its_sweeps(channels):
    recording = channels()
    sweeps, cell = rows_of(recording, np.maximum(recording.response, -700.0))
    cut = [name for name, row in sweeps.items() if not row.ok]
    reached = np.flatnonzero((recording.response[:, 405:1400] < -720.0).sum(axis=1) > 5)
    assert set(cut) <= {f"s{sweep}" for sweep in np.flatnonzero((recording.response < -699).any(axis=1))}
    assert {f"s{sweep}" for sweep in reached} <= set(cut)
    assert cell["qc_clipping"].text == "clipped"


def test_charging_cut_off_flat_is_said_and_its_sweeps_stay(channels):
    recording = channels(k=0.0, na=5.0, transient=300.0, charging=0.3)
    top = 20000.0
    assert (recording.response > top).sum() > 20
    sweeps, cell = rows_of(recording, np.minimum(recording.response, top))
    assert all(row.ok for row in sweeps.values())
    assert cell["qc_clipping"].text == "transients clipped"


def test_when_all_sweeps_go_every_row_says_why(channels):
    recording = channels(range(-60, 41, 20))
    rows, evidence = measure_currents(
        SweepRecording(recording.response * 1e5, 20000.0, Clamp.VOLTAGE, recording.command, CommandSource.EPOCH_TABLE)
    )
    cell = [row for row in rows if row.level == "cell" and not row.feature.startswith("qc_")]
    assert {row.status for row in cell} == {Status.EXCLUDED}
    assert all("no patch amplifier passes" in row.reason for row in cell)
    assert evidence.test is None


@pytest.mark.parametrize("sweeps", [1, 2])
def test_a_sweep_or_two_have_no_median_to_be_off(membrane, sweeps):
    recording = membrane(sweeps=sweeps)
    response = recording.response + np.arange(sweeps)[:, np.newaxis] * 1000.0
    verdicts, _ = rows_of(recording, response)
    assert all(row.ok for row in verdicts.values())
