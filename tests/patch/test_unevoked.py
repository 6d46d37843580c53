"""Spontaneous firing before steps and without any."""

from __future__ import annotations

import numpy as np
import pytest

import mnephys
from mnephys.measurement import Status
from mnephys.recording import Clamp, CommandSource, SweepRecording

RATE = 20000.0


def _gap_free(times, *, seconds=10.0, command=False):
    t = np.arange(round(seconds * RATE)) / RATE
    voltage = np.full(t.size, -60.0)
    for at in times:
        near = slice(max(0, int((at - 0.01) * RATE)), int((at + 0.01) * RATE))
        voltage[near] += 80 * np.exp(-(((t[near] - at) / 0.0006) ** 2))
    if not command:
        return SweepRecording(voltage, RATE, Clamp.CURRENT)
    held = np.full((1, t.size), -20.0)
    return SweepRecording(voltage, RATE, Clamp.CURRENT, held, CommandSource.EPOCH_TABLE)


@pytest.mark.parametrize("command", [False, True])
def test_a_recording_without_a_step_is_spontaneous_throughout(command):
    times = np.cumsum(np.random.default_rng(0).uniform(0.2, 0.8, 18))
    table = mnephys.extract(_gap_free(times, command=command))
    rate, spread = table.get("spontaneous_rate"), table.get("spontaneous_isi_cv")
    assert rate.value == pytest.approx(1.8)
    assert "without any step" in rate.reason
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
