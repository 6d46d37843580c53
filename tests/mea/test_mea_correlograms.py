"""Cross-correlograms and the area under them, beside a loop over pairs of spikes."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from reference import plain_connectivity as plain

import mnephys
from mnephys.mea import correlograms, cross_correlation_area, cross_correlograms
from mnephys.mea.merge import merge
from mnephys.recording import SpikeTrains

SAMPLE = 1 / 12500
TRAINS = st.lists(st.lists(st.integers(0, 4000), max_size=12).map(sorted), min_size=1, max_size=5)


def trains_of(samples, start=0.0, groups=None):
    return SpikeTrains.from_lists([start + np.array(each) * SAMPLE for each in samples], groups, start)


# A bin of 12 samples has its borders on spike times, one of 12.5 between them.
@given(
    samples=TRAINS,
    width=st.sampled_from([12, 12.5, 13]),
    half=st.integers(0, 30),
    start=st.sampled_from([0.0, 86400.0]),
)
@settings(deadline=None)
def test_all_pairs_of_spikes_are_counted_by_their_lag(samples, width, half, start):
    found = cross_correlograms(trains_of(samples, start), width * SAMPLE, half * width * SAMPLE)
    np.testing.assert_allclose(found.lags, np.arange(-half, half + 1) * width * SAMPLE)
    lists = [(np.array(each) * SAMPLE).tolist() for each in samples]
    for i, a in enumerate(lists):
        for j, b in enumerate(lists):
            assert found.counts[""][i, j].tolist() == plain.correlogram(a, b, width * SAMPLE, half)


@given(samples=TRAINS, window=st.sampled_from([0.0, 0.004, 0.02, 0.3]))
@settings(deadline=None)
def test_the_area_is_that_of_the_pairs_of_spikes(samples, window):
    table = cross_correlation_area(trains_of(samples), window)
    lists = [(np.array(each) * SAMPLE).tolist() for each in samples]
    expected = [[plain.area(a, b, window) for b in lists] for a in lists]
    np.testing.assert_allclose(table, expected, rtol=1e-12)


@pytest.mark.parametrize("start", [0, 12345, 86400 * 12500])
@pytest.mark.parametrize(("distance", "within"), [(249, True), (250, True), (251, False)])
def test_spikes_that_are_exactly_a_window_apart_are_a_pair(start, distance, within):
    # 250 samples are 20 ms, and their difference in s is anywhere around 0.02.
    times = [[(start + k) * SAMPLE for k in range(by, 50000, 1000)] for by in (0, distance)]
    table = cross_correlation_area(SpikeTrains.from_lists(times), 0.02)
    assert table[0, 1] == (1.0 if within else 0.0)


@pytest.mark.parametrize("block", [1, 7, 100])
def test_working_in_blocks_changes_nothing(monkeypatch, block):
    rng = np.random.default_rng(1)
    trains = SpikeTrains.from_lists([rng.uniform(0, 5, 60) for _ in range(4)], stop=5.0)
    area, counts = cross_correlation_area(trains), cross_correlograms(trains).counts[""]
    monkeypatch.setattr(correlograms, "BLOCK", block)
    np.testing.assert_array_equal(cross_correlation_area(trains), area)
    np.testing.assert_array_equal(cross_correlograms(trains).counts[""], counts)


def test_the_area_is_the_sum_of_the_correlogram():
    rng = np.random.default_rng(2)
    trains = SpikeTrains.from_lists([rng.uniform(0, 50, 300) for _ in range(3)], stop=50.0)
    # One bin of 40 ms in the middle, which ends where the window does; a spike is a pair with itself in the area.
    pairs = cross_correlograms(trains, 0.04, 0.0).counts[""][:, :, 0] + 300 * np.eye(3)
    size = np.sqrt(pairs.diagonal())
    np.testing.assert_allclose(cross_correlation_area(trains, 0.02), pairs / (size * size[:, np.newaxis]))


def test_the_area_of_independent_trains_is_that_of_their_rates():
    rng = np.random.default_rng(3)
    trains = SpikeTrains.from_lists([rng.uniform(0, 2000, 10000) for _ in range(5)], stop=2000.0)
    pairs = cross_correlation_area(trains, 0.02)[np.triu_indices(5, 1)]
    assert pairs.mean() == pytest.approx(0.2 / 1.2, abs=0.003)


def test_groups_are_apart_and_silent_trains_have_no_area():
    groups = ["B1", "A1", "B1", "A1"]
    trains = SpikeTrains.from_lists([[1.0], [1.0, 2.0], [1.01], []], groups, stop=3.0)
    area, counts = cross_correlation_area(trains), cross_correlograms(trains, 0.01, 0.02).counts
    assert list(area) == list(counts) == ["B1", "A1"]
    np.testing.assert_array_equal(area["B1"], np.ones((2, 2)))
    np.testing.assert_array_equal(area["A1"], [[1, np.nan], [np.nan, np.nan]])
    assert counts["B1"][0, 1].tolist() == [0, 0, 0, 1, 0]
    assert counts["B1"][1, 0].tolist() == [0, 1, 0, 0, 0]
    assert counts["A1"].sum() == 0


def test_the_mean_is_over_pairs_of_active_electrodes():
    trains = SpikeTrains.from_lists([[1.0], [1.01], [2.0], [2.0], [2.0]], ["A1", "A1", "A1", "B1", "B1"])
    active = np.array([True, True, True, True, False])
    means = correlograms.mean_cross_correlation_area(merge(trains), 0.02, active)
    assert means[0] == pytest.approx(1 / 3)
    assert math.isnan(means[1])


def test_without_trains_there_is_nothing():
    none = SpikeTrains.from_lists([])
    assert cross_correlation_area(none).shape == (0, 0)
    assert cross_correlograms(none).counts[""].shape == (0, 0, 201)
    assert repr(cross_correlograms(none)) == "Correlograms: 201 bins to 0.1 s of 1 groups"


@pytest.mark.parametrize("window", [-0.02, np.nan, np.inf])
def test_what_cannot_be_is_refused(window):
    trains = SpikeTrains.from_lists([[1.0]])
    with pytest.raises(ValueError, match="cannot be; give it in s"):
        cross_correlation_area(trains, window)
    for wrong in ({"bin_width": window}, {"max_lag": window}, {"bin_width": 0.0}):
        with pytest.raises(ValueError, match="cannot be; give both in s"):
            cross_correlograms(trains, **wrong)


def test_a_real_well_agrees_with_counting_pair_by_pair(data):
    plate = mnephys.read(data("mea/spike_trains_hdf5/CO_20140212_MW1007-51_DIV05_00_001.h5"))
    trains = plate.trains
    labels, group = trains.grouped()
    sizes = np.bincount(group, weights=trains.counts)
    at = int(np.argmin(np.where(sizes > 500, sizes, np.inf)))
    own = [trains.times[trains.offsets[k] : trains.offsets[k + 1]].tolist() for k in np.flatnonzero(group == at)]
    table, counts = cross_correlation_area(trains)[labels[at]], cross_correlograms(trains).counts[labels[at]]
    for i, a in enumerate(own):
        for j, b in enumerate(own):
            assert table[i, j] == pytest.approx(plain.area(a, b, 0.02), rel=1e-12, nan_ok=True)
            assert counts[i, j].tolist() == plain.correlogram(a, b, 0.001, 100)
