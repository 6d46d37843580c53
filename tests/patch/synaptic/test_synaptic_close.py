"""Close pairs, slow currents, what is evoked, steps counted once, and blocks that change nothing."""

from __future__ import annotations

import numpy as np
import pytest

from mnephys.patch import infer
from mnephys.patch.synaptic import events, measure_synaptic
from mnephys.patch.synaptic.finding import find_events
from mnephys.patch.synaptic.templates import Template
from mnephys.recording import Clamp, CommandSource, SweepRecording

RATE = 10000.0


def test_pairs_that_are_3_ms_apart_are_parted_and_others_are_not(simulated):
    at = np.arange(0.5, 39.5, 0.4)
    true = [(time, -30.0, 1.0, 8.0) for time in at] + [(time + 0.003, -30.0, 1.0, 8.0) for time in at[::4]]
    found = events(simulated(40.0, true, noise=2.0), RATE)["onset_time"]
    number = np.array([np.sum(np.abs(found - time - 0.0015) < 0.005) for time in at])
    assert (number[::4] == 2).mean() > 0.9
    assert np.delete(number, np.s_[::4]).tolist() == [1] * (at.size - at[::4].size)


@pytest.mark.parametrize("every", [1, 2])
def test_pairs_are_parted_where_most_events_are_pairs(simulated, every):
    at = np.arange(0.5, 39.5, 0.4)
    true = [(time, -30.0, 1.0, 8.0) for time in at] + [(time + 0.003, -30.0, 1.0, 8.0) for time in at[::every]]
    found = events(simulated(40.0, true, noise=2.0), RATE)
    assert found["onset_time"].size == pytest.approx(len(true), abs=3)
    assert np.median(found["amplitude"]) == pytest.approx(-30.0, rel=0.05)


@pytest.mark.parametrize(("rate", "lost"), [(5.0, 0.0), (40.0, 0.15)])
def test_that_close_events_are_lost_is_said_where_they_are(simulated, rate, lost):
    rng = np.random.default_rng(11)
    at = rng.uniform(0.2, 19.5, round(19.3 * rate))
    true = [(time, -20.0 * rng.lognormal(0.0, 0.4), 1.0, 8.0) for time in at]
    current = simulated(20.0, true, noise=2.0)
    row = measure_synaptic(SweepRecording(current[np.newaxis], RATE, Clamp.VOLTAGE))[0]
    assert row.value == pytest.approx((1.0 - lost) * at.size / 20.0, rel=0.06)
    assert ("Events overlap and close ones are lost" in row.reason) == (lost > 0)


@pytest.mark.parametrize("method", ["template", "deconvolution"])
@pytest.mark.parametrize("decay", [60.0, 150.0])
def test_slow_currents_are_found(simulated, method, decay):
    true = [(1.0 + 1.5 * k, -12.0, 8.0, decay) for k in range(24)]
    found = events(simulated(38.0, true, noise=2.0), RATE, method=method)
    assert found["onset_time"].size == pytest.approx(24, abs=2)
    assert np.median(found["decay_time"]) == pytest.approx(decay, rel=0.15)


def _why(simulated, tags, command=None):
    current = simulated(40.0, [(0.62 + k, -20.0, 1.0, 8.0) for k in range(39)])
    source = CommandSource.NONE if command is None else CommandSource.RECORDED
    rows = measure_synaptic(SweepRecording(current[np.newaxis], RATE, Clamp.VOLTAGE, command, source, tags=tags))
    assert rows[0].value is None
    return rows[0].reason


def test_what_follows_tags_or_pulses_is_evoked_and_the_rest_clockwork(simulated):
    tags = tuple((0.615 + k, "stimulus") for k in range(39))
    assert "after the tags of the recording: evoked, and not spontaneous." in _why(simulated, tags)
    assert "test pulses or stimuli" in _why(simulated, tuple((1.03 * k, "comment") for k in range(38)))
    command = np.full((1, 400000), -70.0)
    for k in range(39):
        command[0, round((0.48 + k) * RATE) : round((0.5 + k) * RATE)] = -60.0
    assert "after the steps of the command: evoked" in _why(simulated, (), command)


def test_a_large_step_counts_once(simulated):
    current = simulated(40.0, noise=1.5)
    at = np.arange(1.0, 39.0, 1.0)
    for k, time in enumerate(at):
        current[round(time * RATE) :] += 100.0 * (-1.0) ** k
    found = find_events(current[np.newaxis], np.ones((1, current.size), bool), Template(1.0, 8.0, RATE))
    times = np.concatenate([side.left_out.time for side in found.sides.values()])
    number = np.array([np.sum((times > time - 0.1) & (times < time + 0.5)) for time in at])
    assert (number > 1).mean() < 0.15
    assert (number > 0).mean() > 0.85


@pytest.mark.parametrize("block", [1, 7000])
def test_blocks_of_sweeps_change_no_step(monkeypatch, block):
    rng = np.random.default_rng(2)
    voltage = rng.normal(-70.0, 0.3, (9, 3000)).astype(np.float32)
    charging = 1 - np.exp(-np.arange(2000) / 100)
    levels = rng.normal(0.0, 20.0, 9)
    voltage[:, 1000:] += np.outer(levels, charging)
    voltage[:, 2000:] -= np.outer(levels, charging[:1000])
    voltage[3, 500:700] = voltage[5] = np.nan
    whole = infer.step_bounds(voltage, RATE)
    monkeypatch.setattr(infer, "BLOCK_SAMPLES", block)
    assert infer.step_bounds(voltage, RATE).tolist() == whole.tolist()
    assert np.abs(whole - [[1000, 2000]]).max() <= 5
