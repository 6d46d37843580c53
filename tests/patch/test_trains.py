"""Trains of sweeps equal plain loops, elephant's statistics and, on real sweeps, eFEL's and IPFX's definitions."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import mnephys
from mnephys.patch.trains import TRAIN_COLUMNS, ap_trains

TIMES = st.lists(st.lists(st.floats(0.001, 0.3), max_size=8), min_size=1, max_size=6)


def _aps(trains: list[np.ndarray]) -> dict[str, np.ndarray]:
    every = np.concatenate(trains)
    sweep = np.repeat(np.arange(len(trains)), [train.size for train in trains])
    return {"sweep": sweep, "peak_time": every + 0.001, "threshold_time": every, "amplitude": 80.0 - 10.0 * every}


@settings(deadline=None)
@given(TIMES)
def test_columns_equal_plain_loops(intervals):
    trains = [np.cumsum(each, dtype=float) for each in intervals]
    found = ap_trains(_aps(trains), len(trains), 0.0005, 2.5)
    assert found.keys() == TRAIN_COLUMNS.keys()
    for row, train in enumerate(trains):
        isi = np.diff(train)
        change = [(b - a) / (b + a) for a, b in itertools.pairwise(isi)]
        nan = np.nan
        expected = {
            "spike_count": train.size,
            "firing_rate": train.size / 2.4995,
            "first_spike_latency": train[0] - 0.0005 if train.size else nan,
            "last_spike_latency": train[-1] - 0.0005 if train.size else nan,
            "first_isi": isi[0] if isi.size else nan,
            "last_isi": isi[-1] if isi.size else nan,
            "mean_isi": isi.mean() if isi.size else nan,
            "shortest_isi": isi.min() if isi.size else nan,
            "isi_cv": isi.std() / isi.mean() if isi.size else nan,
            "isi_lv": 3 * sum(c * c for c in change) / len(change) if change else nan,
            "adaptation_index_ipfx": sum(change) / len(change) if change else nan,
            "amplitude_change": -10.0 * (train[-1] - train[0]) if isi.size else nan,
        }
        for name, value in expected.items():
            assert found[name][row] == pytest.approx(value, rel=1e-6, abs=1e-9, nan_ok=True), name


def test_spread_of_intervals_is_that_of_elephant():
    from elephant.statistics import cv, lv

    train = np.cumsum(np.random.default_rng(3).gamma(2.0, 0.05, 40))
    found = ap_trains(_aps([train]), 1, 0.0, 10.0)
    assert found["isi_cv"][0] == pytest.approx(cv(np.diff(train)))
    assert found["isi_lv"][0] == pytest.approx(lv(np.diff(train)))


def test_an_action_potential_of_a_sweep_that_is_not_there_is_refused():
    with pytest.raises(ValueError, match="of sweeps 0 to 1, there are 1"):
        ap_trains(_aps([np.array([0.1]), np.array([0.2])]), 1, 0.0, 1.0)


@pytest.mark.parametrize(("start", "stop"), [(0.5, 0.5), (0.5, 0.4), (0.0, np.nan), (0.0, [1.0, 0.0])])
def test_a_step_that_does_not_end_after_it_starts_is_refused(start, stop):
    with pytest.raises(ValueError, match=r"the step of sweep [01] starts at"):
        ap_trains(_aps([np.array([0.1]), np.array([0.2])]), 2, start, stop)


def test_action_potentials_that_are_not_ordered_by_sweep_are_refused():
    aps = _aps([np.array([0.1, 0.2]), np.array([0.1, 0.2])]) | {"sweep": np.array([0, 1, 0, 1])}
    with pytest.raises(ValueError, match="not ordered by sweep"):
        ap_trains(aps, 2, 0.0, 1.0)


def test_the_index_named_after_ipfx_lies_between_thresholds_and_the_spread_between_peaks():
    aps = _aps([np.array([0.1, 0.2, 0.4])]) | {"peak_time": np.array([0.101, 0.21, 0.43])}
    found = ap_trains(aps, 1, 0.0, 1.0)
    assert found["adaptation_index_ipfx"][0] == pytest.approx(1 / 3)
    assert found["isi_lv"][0] == pytest.approx(3 * ((0.22 - 0.109) / (0.22 + 0.109)) ** 2)


def test_real_trains_have_the_rate_and_the_adaptation_of_the_peers(data):
    """Sweep 16 of this file; values of eFEL and IPFX as they were measured side by side, see the definitions."""
    recording = mnephys.read(data("patch/171116sh_0018.abf"))
    aps = mnephys.patch.action_potentials(recording.response, recording.sampling_rate, 0.147, 0.647)
    found = ap_trains(aps, recording.n_sweeps, 0.147, 0.647)
    assert found["firing_rate"][16] == pytest.approx(18.0)
    # IPFX: adapt 0.115, isi_cv 0.377, both over all intervals.
    assert found["adaptation_index_ipfx"][16] == pytest.approx(0.115, abs=0.001)
    assert found["isi_cv"][16] == pytest.approx(0.377, abs=0.004)
