"""A clock is seen among other events, and chance makes none."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from mnephys.patch.synaptic.clockwork import clock


def _poisson(rate, seconds, seed):
    rng = np.random.default_rng(seed)
    return np.sort(rng.uniform(0.0, seconds, rng.poisson(rate * seconds)))


def _mixed(*parts):
    time = np.sort(np.concatenate(parts))
    return np.zeros(time.size, dtype=int), time


@pytest.mark.parametrize(
    ("rate", "every"),
    [(0.0, 0.4), (1.0, 0.4), (30.0, 0.4), (0.0, 1.0), (1.0, 1.0), (20.0, 1.0), (0.0, 5.0), (1.0, 5.0)],
)
def test_a_clock_is_seen_among_spontaneous_events(rate, every):
    jitter = np.random.default_rng(1).normal(0.0, 1e-4, round(60.0 / every))
    ticks = 0.123 + every * np.arange(round(60.0 / every)) + jitter
    # One tick in six is hidden by something else.
    kept = ticks[np.arange(ticks.size) % 6 != 3] if ticks.size > 20 else ticks
    assert clock(*_mixed(_poisson(rate, 60.0, 2), kept), 1, 60.0) == f"every {every:g} s"


@settings(max_examples=30, deadline=None)
@example(rate=40.0, seed=359, seconds=120.0)  # more events than are looked at
@given(rate=st.floats(0.05, 40.0), seed=st.integers(0, 2**32 - 1), seconds=st.sampled_from([30.0, 120.0]))
def test_chance_makes_no_clock(rate, seed, seconds):
    assert clock(*_mixed(_poisson(rate, seconds, seed)), 1, seconds) == ""


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), cv=st.floats(0.1, 0.5))
def test_a_rhythm_that_varies_as_cells_do_is_no_clock(seed, cv):
    intervals = np.random.default_rng(seed).gamma(1.0 / cv**2, cv**2, 100)
    assert clock(*_mixed(np.cumsum(intervals)), 1, float(intervals.sum()) + 1.0) == ""


def test_the_same_time_of_every_sweep_is_a_clock():
    rng = np.random.default_rng(3)
    sweep = np.concatenate([np.arange(10), rng.integers(0, 10, 30)])
    time = np.concatenate([np.full(10, 0.156), rng.uniform(0.0, 5.0, 30)])
    assert clock(sweep, time, 10, 5.0) == "at 0.156 s of every sweep"
    assert clock(sweep[10:], time[10:], 10, 5.0) == ""


def test_few_events_are_no_clock():
    assert clock(*_mixed(np.array([1.0, 2.0, 3.0])), 1, 10.0) == ""
    assert clock(*_mixed(np.zeros(0)), 1, 10.0) == ""
