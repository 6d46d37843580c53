"""What tetrodotoxin takes away, from one recording's tags."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from mnephys.measurement import Status
from mnephys.recording import Clamp, CommandSource, SweepRecording

RATE = 10000.0


def firing(before, within, tags, *, seconds=120.0):
    """Return a cell that fires at one rate before 60 s and at another from 80 s on."""
    t = np.arange(round(seconds * RATE)) / RATE
    voltage = -60.0 + np.random.default_rng(0).normal(0, 0.2, t.size)
    times = np.concatenate([np.arange(0.5, 60, 1 / before), np.arange(80.5, 120, 1 / within) if within else []])
    for at in times:
        near = slice(int((at - 0.01) * RATE), int((at + 0.01) * RATE))
        voltage[near] += 80 * np.exp(-(((t[near] - at) / 0.0008) ** 2))
    return SweepRecording(voltage, RATE, Clamp.CURRENT, tags=tags)


def test_rates_before_and_in_ttx(measured):
    rows = measured(firing(2.0, 0.5, ((60.0, "1 uM TTX"),)))
    assert rows["spontaneous_rate_before_ttx"].value == pytest.approx(2.0, rel=0.02)
    assert rows["spontaneous_rate_in_ttx"].value == pytest.approx(0.5, rel=0.1)
    assert rows["ttx_block"].value == pytest.approx(0.75, abs=0.02)
    assert "119 action potentials in 60 s before TTX" in rows["ttx_block"].reason


def test_what_steps_evoke_is_not_spontaneous(measured):
    recording = firing(2.0, 0.5, ((60.0, "TTX"),))
    command = np.zeros(recording.response.shape, dtype=np.float32)
    for at in np.arange(0.5, 60, 1.0):
        command[0, int((at - 0.1) * RATE) : int((at + 0.1) * RATE)] = 50.0
    stepped = replace(recording, command=command, command_source=CommandSource.RECORDED)
    rows = measured(stepped)
    # Every other action potential falls into one of the steps, which with what follows them take 0.3 s each.
    assert rows["spontaneous_rate_before_ttx"].value == pytest.approx(59 / (60 * 0.7), rel=0.02)


def test_silence_in_ttx_is_a_complete_block(measured):
    assert measured(firing(2.0, 0, ((60.0, "TTX"),)))["ttx_block"].value == 1.0


def test_what_comes_while_it_washes_in_and_after_it_was_washed_out_is_not_looked_at(measured):
    rows = measured(firing(2.0, 4.0, ((49.0, "TTX"), (80.4, "wash"))))
    # From 79 s, 30 s after the tag, to the wash there is too little.
    assert rows["spontaneous_rate_in_ttx"].status is Status.NOT_APPLICABLE
    assert "s at the usual command from 30 s after TTX, 10 s are needed" in rows["ttx_block"].reason
    rows = measured(firing(2.0, 4.0, ((45.0, "TTX"), (85.5, "wash"))))
    assert rows["spontaneous_rate_in_ttx"].value == pytest.approx(20 / 10.5, rel=0.1)


def test_a_cell_that_was_silent_has_nothing_to_block(measured):
    quiet = SweepRecording(np.full(1200000, -60.0), RATE, Clamp.CURRENT, tags=((60.0, "TTX"),))
    rows = measured(quiet)
    assert rows["spontaneous_rate_before_ttx"].value == 0.0
    assert rows["ttx_block"].status is Status.NOT_APPLICABLE
    assert rows["ttx_block"].reason == "there is nothing before TTX that it could block"


def test_no_tag_and_a_mixture_are_said(measured):
    for tags in ((), ((60.0, "TTX + picrotoxin"),)):
        assert measured(firing(1.0, 0, tags))["ttx_block"].reason == "no tag names TTX alone"


COMMANDS = np.arange(-80.0, 41.0, 10.0)
PEAKS = np.where(COMMANDS > -60, 20 * (COMMANDS - 60) / (1 + np.exp(-(COMMANDS + 30) / 5)), 0.0)


def family(block, tags, *, apart=5.0):
    """Return two Na current families one after the other, the second with a share of the current gone."""
    t = np.arange(600) / 20000.0
    command = np.full((26, 600), -90.0)
    current = np.random.default_rng(0).normal(0, 1, (26, 600))
    for sweep in range(26):
        level = COMMANDS[sweep % 13]
        command[sweep, 200:500] = level
        after = np.clip(t - t[200], 0, None) * (t < t[500]) / 0.0012
        current[sweep] += 0.3 * (command[sweep] + 90)
        current[sweep] += PEAKS[sweep % 13] * (after * np.exp(1 - after)) ** 3 * (1 if sweep < 13 else 1 - block)
    start = np.arange(26) * apart
    return SweepRecording(
        current, 20000.0, Clamp.VOLTAGE, command, CommandSource.RECORDED, sweep_start=start, tags=tags
    )


def test_the_na_current_before_and_in_ttx(measured):
    rows = measured(family(0.9, ((64.0, "TTX"),)))
    before, within = rows["na_current_peak_before_ttx"], rows["na_current_peak_in_ttx"]
    # Six potentials of the second family come while the toxin washes in.
    assert before.value == pytest.approx(PEAKS.min(), rel=0.03)
    assert within.value == pytest.approx(0.1 * PEAKS.min(), rel=0.1)
    assert rows["ttx_block"].value == pytest.approx(0.9, abs=0.02)
    assert before.reason == within.reason == f"at {COMMANDS[PEAKS.argmin()]:g} mV"


def test_a_family_without_a_second_one_is_no_pair(measured):
    rows = measured(family(0.9, ((120.0, "TTX"),)))
    assert rows["ttx_block"].status is Status.NOT_APPLICABLE
    assert "no potential was stepped to before TTX and again" in rows["ttx_block"].reason


def test_a_current_without_a_command_is_no_pair(measured):
    trace = SweepRecording(np.zeros((1, 1000)), 1000.0, Clamp.VOLTAGE, tags=((0.5, "TTX"),))
    assert measured(trace)["ttx_block"].reason == "the command potential is not known"
