"""What follows tags at irregular times is evoked; tags between sweeps and chance make nothing evoked."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mnephys.measurement import Status
from mnephys.patch.synaptic import analyse_synaptic
from mnephys.patch.synaptic.evoked import JITTER_S, _most_together, evoked
from mnephys.recording import Clamp, SweepRecording

RATE = 10000.0
TAGS = "the tags of the recording"


def test_what_follows_irregular_tags_is_evoked(simulated):
    tags = np.sort(np.random.default_rng(5).uniform(1.0, 38.0, 30))
    current = simulated(40.0, [(time + 0.006, -40.0, 1.0, 8.0) for time in tags], noise=2.0)
    recording = SweepRecording(
        current[np.newaxis], RATE, Clamp.VOLTAGE, tags=tuple((time, "stimulus") for time in tags)
    )
    analysed = analyse_synaptic(recording)
    rows = {row.feature: row for row in analysed.rows}
    for name in ("spsc_frequency", "spsc_amplitude"):
        assert rows[name].status is Status.EXCLUDED
        assert f"Events come at the same time after {TAGS}: evoked, and not spontaneous." in rows[name].reason
    assert rows["spsc_outward_frequency"].value == 0.0
    assert analysed.events["polarity"].size == 0


def test_what_does_not_follow_irregular_tags_is_spontaneous(simulated):
    rng = np.random.default_rng(6)
    at = np.sort(rng.uniform(1.0, 38.0, 30))
    current = simulated(40.0, [(time, -40.0, 1.0, 8.0) for time in at], noise=2.0)
    tags = tuple((time, "stimulus") for time in rng.uniform(1.0, 38.0, 30))
    analysed = analyse_synaptic(SweepRecording(current[np.newaxis], RATE, Clamp.VOLTAGE, tags=tags))
    assert analysed.rows[0].value == pytest.approx(30 / 40, rel=0.05)
    assert analysed.events["polarity"].size == 30


@settings(max_examples=60, deadline=None)
@given(rate=st.floats(0.1, 80.0), number=st.integers(4, 300), seed=st.integers(0, 2**32 - 1))
def test_chance_makes_nothing_evoked(rate, number, seed):
    rng = np.random.default_rng(seed)
    tags = tuple((time, "stimulus") for time in rng.uniform(0.0, 60.0, number))
    time = np.sort(rng.uniform(0.0, 60.0, rng.poisson(rate * 60.0)))
    recording = SweepRecording(np.zeros((1, 6000)), 100.0, Clamp.VOLTAGE, tags=tags)
    assert evoked(np.zeros(time.size, dtype=int), time, recording) == ""


@settings(max_examples=200, deadline=None)
@given(number=st.integers(0, 40), seed=st.integers(0, 2**32 - 1))
def test_two_events_after_one_tag_count_once(number, seed):
    rng = np.random.default_rng(seed)
    owner, latency = rng.integers(0, 6, number), rng.uniform(0.0, 0.03, number)
    order = np.lexsort((latency, owner))
    owner, latency = owner[order], latency[order]
    slow = [len(set(owner[(latency >= begin) & (latency < begin + JITTER_S)])) for begin in latency]
    assert _most_together(owner, latency) == max(slow, default=0)


def test_one_event_does_not_follow_several_tags_that_are_close_together():
    tags = tuple((1.0 + 0.0005 * k, "stimulus") for k in range(5))
    recording = SweepRecording(np.zeros((1, 60000)), 1000.0, Clamp.VOLTAGE, tags=tags)
    assert evoked(np.zeros(1, dtype=int), np.array([1.01]), recording) == ""


def _sweeps(tags, start):
    """Return ten sweeps of 1 s."""
    return SweepRecording(np.zeros((10, 1000)), 1000.0, Clamp.VOLTAGE, sweep_start=start, tags=tags)


def test_tags_count_in_the_sweep_they_lie_in_and_not_between_sweeps():
    start, sweep = 3.0 * np.arange(10.0), np.arange(10)
    latency = np.random.default_rng(7).uniform(0.1, 0.9, 10)
    inside = tuple((float(time), "stimulus") for time in start + latency)
    assert evoked(sweep, latency + 0.01, _sweeps(inside, start)) == TAGS
    assert evoked(sweep[::-1], (latency + 0.01)[::-1], _sweeps(inside[::-1], start)) == TAGS
    # 0.2 s after a sweep has ended: no event can be seen there.
    between = tuple((float(time) + 1.2, "stimulus") for time in start)
    assert evoked(sweep, np.full(10, 1.21), _sweeps(between, start)) == ""


def test_tags_do_not_count_where_it_is_not_known_when_sweeps_start():
    at = 0.05 + 0.1 * np.arange(9)
    tags = tuple((float(time), "stimulus") for time in at)
    last = np.full(9, 9)
    assert evoked(last, at + 0.01, _sweeps(tags, None)) == ""
    assert evoked(last, at + 0.01, _sweeps(tuple((t + 9.0, w) for t, w in tags), np.arange(10.0))) == TAGS
