"""Regularity of neighbouring intervals, beside elephant's on real trains."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from reference import plain_mea

import mnephys
from mnephys.mea.regularity import FEATURES, regularity_columns
from mnephys.mea.segments import intervals
from mnephys.recording import SpikeTrains

NAMES = ("isi_cv2", "isi_lv", "isi_lvr")


def columns_of(trains):
    return regularity_columns(*intervals(trains.times, trains.offsets))


@pytest.mark.parametrize("day", ["CO_20140212_MW1007-51_DIV05", "ON_20140507_MW1007-103_DIV20"])
def test_real_trains_are_as_regular_as_elephant_finds_them(data, day):
    import quantities as pq
    from elephant.statistics import cv2, lv, lvr

    trains = mnephys.read(data(f"mea/spike_trains_hdf5/{day}_00_001.h5")).trains
    found = columns_of(trains)
    compared = 0
    for i, (begin, end) in enumerate(zip(trains.offsets[:-1], trains.offsets[1:], strict=True)):
        isi = np.diff(trains.times[begin:end])
        if isi.size < 2:
            assert all(np.isnan(found[name][i]) for name in NAMES)
            continue
        with warnings.catch_warnings():
            # Two spikes at one time twice in a row are 0 over 0 there.
            warnings.simplefilter("ignore", RuntimeWarning)
            theirs = (cv2(isi), lv(isi), lvr(isi * pq.s, R=5 * pq.ms))
        assert [found[name][i] for name in NAMES] == pytest.approx(theirs, rel=1e-9)
        compared += 1
    assert compared > 200


def test_a_regular_train_has_none_and_a_poisson_train_has_one():
    rng = np.random.default_rng(4)
    poisson = np.cumsum(rng.exponential(1.0, 200_000))
    trains = SpikeTrains.from_lists([np.arange(100.0), poisson, [1.0, 2.0, 4.0]])
    found = columns_of(trains)
    for name in NAMES:
        assert found[name][0] == pytest.approx(0, abs=1e-12)
    assert found["isi_cv2"][1] == pytest.approx(1, abs=0.01)
    assert found["isi_lv"][1] == pytest.approx(1, abs=0.01)
    # Intervals of 1 and 2 s: 2 / 3, 3 / 9, and 3 / 9 * (1 + 0.02 / 3).
    assert [found[name][2] for name in NAMES] == pytest.approx([2 / 3, 1 / 3, (1 + 0.02 / 3) / 3])


def test_the_refractoriness_is_what_is_asked_for():
    between, offsets = np.array([1.0, 2.0]), np.array([0, 2])
    assert regularity_columns(between, offsets, 0.0)["isi_lvr"] == pytest.approx(1 / 3)
    assert regularity_columns(between, offsets, 0.75)["isi_lvr"] == pytest.approx(2 / 3)


@given(st.lists(st.lists(st.integers(0, 2000), max_size=12), max_size=5))
@settings(deadline=None)
def test_every_train_is_as_regular_as_in_the_reference(ticks):
    times = [(np.sort(train) / 12500).tolist() for train in ticks]
    found = columns_of(SpikeTrains.from_lists(times))
    assert list(found) == list(NAMES) == list(FEATURES)
    for i, train in enumerate(times):
        expected = [np.nan if value is None else value for value in plain_mea.local_variation(train, 0.005)]
        assert [found[name][i] for name in NAMES] == pytest.approx(expected, rel=1e-9, abs=1e-9, nan_ok=True)
