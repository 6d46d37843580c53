"""Spontaneous firing before steps and without any."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

import mnephys
from mnephys.measurement import Status
from mnephys.patch.family import find_family
from mnephys.patch.unevoked import measure_unevoked
from mnephys.recording import Clamp, CommandSource, SweepRecording

RATE = 20000.0


def _gap_free(times, *, seconds=10.0, command=None):
    t = np.arange(round(seconds * RATE)) / RATE
    voltage = np.full(t.size, -60.0)
    for at in times:
        near = slice(max(0, int((at - 0.01) * RATE)), int((at + 0.01) * RATE))
        voltage[near] += 80 * np.exp(-(((t[near] - at) / 0.0006) ** 2))
    if command is None:
        return SweepRecording(voltage, RATE, Clamp.CURRENT)
    held = np.full((1, t.size), command)
    return SweepRecording(voltage, RATE, Clamp.CURRENT, held, CommandSource.RECORDED)


@pytest.mark.parametrize("command", [None, 0.0, 0.4])
def test_a_recording_without_a_step_is_spontaneous_throughout(command):
    times = np.cumsum(np.random.default_rng(0).uniform(0.2, 0.8, 18))
    table = mnephys.extract(_gap_free(times, command=command))
    rate, spread = table.get("spontaneous_rate"), table.get("spontaneous_isi_cv")
    assert rate.value == pytest.approx(1.8)
    assert "without any step" in rate.reason
    for row in (rate, spread):
        assert ("current is not known" in row.reason) is (command is None)
    assert spread.value == pytest.approx(np.diff(times).std() / np.diff(times).mean(), rel=1e-3)


def test_silence_is_a_rate_of_0_and_no_regularity():
    table = mnephys.extract(_gap_free([]))
    assert table.get("spontaneous_rate").value == 0.0
    assert table.get("spontaneous_isi_cv").status is Status.TOO_FEW_EVENTS


def test_intervals_do_not_cross_sweeps(family_of):
    spikes = [[-0.19, -0.16, -0.11, -0.04]] * 2
    table = mnephys.extract(family_of([0, 20], spikes=spikes))
    assert table.get("spontaneous_rate").value == pytest.approx(8 / 0.4)
    interval = np.tile([0.03, 0.05, 0.07], 2)
    assert table.get("spontaneous_isi_cv").value == pytest.approx(interval.std() / interval.mean(), rel=1e-2)


def test_action_potentials_like_a_clock_are_not_called_spontaneous(data):
    """Light evokes these, 2.5 per second; the file holds no word of it."""
    made = mnephys.extract(_gap_free(np.arange(0.2, 9.8, 0.4)))
    real = mnephys.extract(mnephys.read(data("patch/opto_aps_good_units.abf")))
    for table in (made, real):
        for name in ("spontaneous_rate", "spontaneous_isi_cv"):
            assert table.get(name).status is Status.NOT_APPLICABLE
            assert "clock" in table.get(name).reason


@pytest.mark.parametrize(("held", "times"), [(130.0, np.arange(0.1, 9.9, 0.07) + 0.01), (-20.0, []), (0.6, [])])
def test_a_cell_that_is_held_fires_nothing_spontaneously(held, times):
    table = mnephys.extract(_gap_free(np.asarray(times), command=held))
    for name in ("spontaneous_rate", "spontaneous_isi_cv"):
        assert table.get(name).status is Status.NOT_APPLICABLE
        assert f"held at {held:g} pA" in table.get(name).reason


def test_only_the_sweeps_that_are_not_held_count(family_of):
    """Three sweeps begin at 0 pA, with 2 action potentials each; the fourth is held at 40 pA and fires four."""
    recording = family_of([0, 20, 20, 20], spikes=[[-0.15, -0.08]] * 3 + [[-0.19, -0.16, -0.11, -0.04]])
    command = recording.command.copy()
    command[3] += 40.0
    rows = {row.feature: row for row in measure_unevoked(find_family(replace(recording, command=command)))}
    assert rows["spontaneous_rate"].value == pytest.approx(6 / 0.6)
    assert "6 action potentials in 0.6 s" in rows["spontaneous_rate"].reason
