"""Bursts by methods that adapt to each train, beside plain references: on real trains and on made-up ones."""

from __future__ import annotations

import math
import tracemalloc

import h5py
import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from reference import plain_bursts

from mnephys.mea import bursts
from mnephys.mea.bursts import log_isi_bursts, poisson_surprise_bursts, rank_surprise_bursts
from mnephys.mea.bursts import rank_surprise as rank_surprise_module
from mnephys.mea.bursts.log_isi import _tallest, _tops, log_isi_thresholds
from mnephys.mea.bursts.surprise import poisson_surprise, rank_surprise
from mnephys.recording import SpikeTrains

STEP = 1 / 12500
PLAIN = {
    "log-isi": plain_bursts.log_isi_bursts,
    "poisson-surprise": plain_bursts.poisson_surprise_bursts,
    "rank-surprise": plain_bursts.rank_surprise_bursts,
}
DAY = 86400.0


def trains_of(times):
    start = min((float(train[0]) for train in times if len(train)), default=0.0)
    return SpikeTrains.from_lists(times, start=start)


def found(trains, method, **parameters):
    """Return the bursts of each train as first and last spike, counted from the first spike of the train."""
    columns = bursts(trains, method, **parameters)
    rows = zip(columns.train.tolist(), columns.first.tolist(), columns.last.tolist(), strict=True)
    each = [[] for _ in range(trains.n_trains)]
    for train, first, last in rows:
        each[train].append((first - int(trains.offsets[train]), last - int(trains.offsets[train])))
    return each


@pytest.fixture(scope="module")
def real(data):
    """Return some trains of a real plate, and no more than the first spikes of each."""

    def cut(name, every, most):
        with h5py.File(data(f"mea/spike_trains_hdf5/{name}"), "r") as file:
            times, counts = file["spikes"][:], file["sCount"][:]
        return [train[:most] for train in np.split(times, np.cumsum(counts)[:-1])[::every]]

    return cut


@pytest.mark.parametrize("method", PLAIN)
@pytest.mark.parametrize(
    ("name", "least"),
    [
        ("CO_20140212_MW1007-51_DIV05_00_001.h5", 1),
        ("ON_20140507_MW1007-103_DIV12_00_001.h5", 250),
        ("ON_20140507_MW1007-103_DIV20_00_001.h5", 250),
    ],
)
def test_bursts_of_real_trains_are_those_of_the_reference(real, name, least, method):
    times = real(name, 20, 400)
    expected = [PLAIN[method](train.tolist()) for train in times]
    assert found(trains_of(times), method) == expected
    assert sum(map(len, expected)) >= least


grids = st.lists(
    st.lists(st.one_of(st.integers(1, 60), st.integers(60, 4000), st.integers(4000, 90000)), max_size=45),
    min_size=1,
    max_size=4,
).map(lambda trains: [np.cumsum(isis, dtype=np.int64) for isis in trains])


@given(ticks=grids, shift=st.sampled_from([0.0, 0.3, DAY]), surprise=st.sampled_from([0.5, 2.0, 5.0]))
@example(ticks=[np.arange(40) * 25], shift=DAY, surprise=0.5)
@example(ticks=[np.zeros(5, dtype=np.int64)], shift=0.3, surprise=0.5)
# The ranks of two stretches from one spike have the same chance, counted out by different sums.
@example(ticks=[np.array([1, 2, 5, 8, 11, 12, 14, 16, 19, 22, 25, 26])], shift=0.0, surprise=0.5)
@settings(deadline=None, max_examples=200)
def test_trains_on_a_sampling_grid_equal_the_reference(ticks, shift, surprise):
    times = [shift + train * STEP for train in ticks]
    trains = SpikeTrains.from_lists(times, start=shift)
    for method in ("poisson-surprise", "rank-surprise"):
        expected = [PLAIN[method](train.tolist(), surprise) for train in times]
        assert found(trains, method, min_surprise=surprise) == expected
    for cutoff, fewest, void in ((0.1, 3, 0.7), (0.02, 4, 0.2)):
        expected = [plain_bursts.log_isi_bursts(train.tolist(), cutoff, fewest, void) for train in times]
        assert found(trains, "log-isi", max_core_isi=cutoff, min_spikes=fewest, min_void=void) == expected


@given(ticks=grids, method=st.sampled_from(list(PLAIN)))
@settings(deadline=None)
def test_no_spike_is_in_two_bursts_and_none_reaches_into_another_train(ticks, method):
    trains = SpikeTrains.from_lists([train * STEP for train in ticks])
    columns = bursts(trains, method, **({} if method == "log-isi" else {"min_surprise": 0.5}))
    assert (columns.n_spikes >= 3).all()
    assert (columns.first[1:] > columns.last[:-1]).all()
    assert (columns.first >= trains.offsets[columns.train]).all()
    assert (columns.last < trains.offsets[columns.train + 1]).all()


@pytest.mark.parametrize("method", PLAIN)
@pytest.mark.parametrize("shift", [0.0, DAY])
def test_bursts_on_a_quiet_ground_are_given_back(method, shift):
    rng = np.random.default_rng(5)
    starts = np.arange(20) * 30.0 + rng.uniform(0, 5, 20)
    inside = np.tile(0.008 * np.arange(8), (20, 1))
    alone = np.concatenate([start + 8.0 + np.cumsum(rng.uniform(0.7, 0.9, 20)) for start in starts])
    train = np.sort(np.concatenate([(starts[:, np.newaxis] + inside).ravel(), alone])) + shift
    columns = bursts(SpikeTrains.from_lists([train, []], start=shift), method)
    np.testing.assert_allclose(columns.start, starts + inside[:, 0] + shift)
    np.testing.assert_allclose(columns.stop, starts + inside[:, -1] + shift)
    assert columns.n_spikes.tolist() == [8] * 20


def isis_of(train):
    return SpikeTrains.from_lists([np.cumsum(np.concatenate([[0.0], np.asarray(train)]))])


def test_the_limit_lies_in_the_valley_between_the_peaks():
    # 20 intervals of 10 ms, 20 of 1 s: the lowest bin between is the first empty one, from 10^1.2 ms.
    assert log_isi_thresholds(isis_of([0.01, 1.0] * 20))[0] == pytest.approx(10**1.2 / 1000)
    # Only one peak, and none below 100 ms.
    assert log_isi_thresholds(isis_of([0.01] * 20))[0] == math.inf
    assert np.isnan(log_isi_thresholds(isis_of([0.2, 2.0] * 20))[0])
    # Intervals under 1 ms do not count.
    assert log_isi_thresholds(isis_of([0.0005, 0.01, 1.0] * 20))[0] == pytest.approx(10**1.2 / 1000)


def test_a_valley_that_is_not_deep_enough_parts_nothing():
    filled = [10 ** (step / 10 + 0.05) / 1000 for step in range(11, 20)]
    for each, deep in ((2, True), (20, False)):
        isis = [0.0105] * 40 + filled * each + [0.106] * 40
        assert bool(log_isi_thresholds(isis_of(isis))[0] < 1) is deep


def test_a_peak_at_the_limit_of_cores_is_not_below_it():
    assert np.isnan(log_isi_thresholds(isis_of([0.102, 2.0] * 20))[0])
    assert log_isi_thresholds(isis_of([0.098, 2.0] * 20))[0] < 1


@pytest.mark.parametrize("shift", [0.0, 0.3, DAY, DAY + 0.7])
def test_an_interval_on_the_edge_of_two_bins_is_in_the_upper_one(shift):
    # 125 and 12,500 samples are 10 ms and 1 s.
    train = shift + np.cumsum([0, *[125, 12500] * 20]) * STEP
    assert log_isi_thresholds(SpikeTrains.from_lists([train], start=shift))[0] == pytest.approx(10**1.2 / 1000)


def test_a_valley_from_1_s_on_parts_nothing_and_the_limit_is_that_of_cores():
    ramp = [10 ** (step / 10 + 0.05) / 1000 for step in range(17, 31)]
    train = isis_of([0.0447] * 200 + ramp * 2 + [8.0] * 100)
    assert log_isi_thresholds(train, min_void=0.99)[0] == pytest.approx(10**3.2 / 1000)
    columns = bursts(train, "log-isi", min_void=0.99)
    assert columns.n_spikes.tolist() == [204, 4]
    assert columns.duration.max() == pytest.approx(200 * 0.0447 + sum(ramp[:3]))


@pytest.mark.parametrize(("less", "n_bursts"), [(0.0, 0), (4e-7, 0), (2e-6, 20)])
def test_intervals_of_half_the_mean_begin_no_burst(less, n_bursts):
    train = isis_of([0.008 - less, 0.008 - less, 0.024 + less, 0.024 + less] * 20)
    assert len(poisson_surprise_bursts(train, 0.01)) == n_bursts


def test_a_stretch_that_shares_a_spike_with_a_better_one_is_no_burst():
    # 30 ms twice, right behind the burst of 20 and 10 ms, would be one by itself.
    train = isis_of([0.2, 0.6, 0.02, 0.01, 0.03, 0.03])
    columns = rank_surprise_bursts(train, 0.2, 0.9)
    assert list(zip(columns.first.tolist(), columns.last.tolist(), strict=True)) == [(2, 4)]


def test_a_stretch_that_is_as_surprising_as_asked_is_a_burst_whatever_the_last_digit_says():
    # Ranks 1 and 2 of ten: of a hundred pairs three sum to no more.
    train = isis_of([0.3, 0.4, 0.5, 0.01, 0.02, 0.6, 0.7, 0.8, 0.9, 1.0])
    chance = -np.log(3 / 100)
    assert len(rank_surprise_bursts(train, chance + 1e-12, 0.3)) == 1
    assert len(rank_surprise_bursts(train, chance + 1e-8, 0.3)) == 0


def test_it_makes_no_difference_how_many_stretches_are_judged_at_once(monkeypatch):
    rng = np.random.default_rng(9)
    trains = SpikeTrains.from_lists([np.sort(rng.exponential(20.0, 300)) for _ in range(4)])
    whole = rank_surprise_bursts(trains, 1.0)
    monkeypatch.setattr(rank_surprise_module, "_AT_ONCE", 7)
    parts = rank_surprise_bursts(trains, 1.0)
    assert len(whole) > 20
    np.testing.assert_array_equal(parts.first, whole.first)
    np.testing.assert_array_equal(parts.last, whole.last)


def test_a_long_run_takes_no_memory_for_each_of_its_stretches():
    rng = np.random.default_rng(3)
    isis = np.concatenate([rng.uniform(0.001, 0.01, 2500), rng.uniform(1, 5, 850)])
    tracemalloc.start()
    found = rank_surprise_bursts(isis_of(isis))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert found.n_spikes[0] > 2400
    assert peak < 100e6  # bytes; three million stretches in four columns alone are 96e6


@pytest.mark.parametrize("tie", [0.0140, 0.0115])
def test_two_equal_bins_at_the_top_are_one_peak(tie):
    isis = [0.0110, 0.0110, tie, tie, 2.0] * 50
    assert log_isi_thresholds(isis_of(isis))[0] < 0.1
    assert len(log_isi_bursts(isis_of(isis))) == 50


@given(
    st.lists(st.lists(st.integers(0, 4), min_size=3, max_size=30), min_size=1, max_size=4).filter(
        lambda rows: len({len(row) for row in rows}) == 1
    )
    | st.lists(st.integers(0, 4), min_size=3, max_size=40).map(lambda row: [row, row[::-1]])
)
@settings(deadline=None, max_examples=300)
def test_peaks_are_those_of_scipy(rows):
    height = np.array(rows)
    peak = _tallest(_tops(height), height)
    assert [np.flatnonzero(row).tolist() for row in peak] == [plain_bursts.peaks_of(row) for row in rows]


def test_a_limit_above_that_of_cores_widens_them():
    core_in_edges, edges_alone, core_alone = [0.15, 0.05, 0.05, 0.15], [0.15, 0.05, 0.15], [0.05, 0.05]
    two_cores, ramp = [0.05, 0.05, 0.2, 0.05, 0.05], [0.055, 0.07, 0.09, 0.11, 0.14, 0.18]
    parts = (core_in_edges, edges_alone, core_alone, two_cores, ramp)
    train = isis_of([isi for part in parts * 10 for isi in (*part, 2.0)])
    # From 50 to 200 ms no bin is empty; the first that is begins at 10^2.5 ms.
    assert log_isi_thresholds(train, min_void=0.8)[0] == pytest.approx(10**2.5 / 1000)
    assert bursts(train, "log-isi", min_void=0.8).n_spikes.tolist() == [5, 3, 6, 7] * 10


@pytest.mark.parametrize("method", PLAIN)
@pytest.mark.parametrize(
    "train", [[1.0, 1.0], [1.0] * 6, [1.0] * 6 + [2.0], [0.0, 1.0], [0.0, 0.5, 1.0], list(np.arange(50.0)), [0.0, 1e6]]
)
def test_trains_of_which_little_can_be_said_raise_nothing(method, train):
    columns = bursts(SpikeTrains.from_lists([train, []]), method)
    assert columns.offsets[-1] == len(columns)
    assert np.isfinite(columns.start).all()


def test_a_poisson_train_has_few_surprises():
    rng = np.random.default_rng(2)
    train = np.sort(rng.uniform(0, 2000.0, 4000))
    trains = SpikeTrains.from_lists([train])
    # A surprise of 5 is a chance of 0.7 %, and each of some thousand spikes may begin one.
    assert len(poisson_surprise_bursts(trains)) < 60
    assert len(poisson_surprise_bursts(trains, 12.0)) == 0
    assert len(rank_surprise_bursts(trains, 14.0)) == 0
    assert len(log_isi_bursts(trains, 0.01)) < 10


@pytest.mark.parametrize(("duration", "count"), [(0.5, 2), (3.0, 1), (20.0, 30), (40.0, 700), (200.0, 900), (1.0, 400)])
def test_poisson_surprise_is_that_of_its_terms_far_below_what_a_number_can_hold(duration, count):
    expected = plain_bursts.surprise([0.0] + [duration] * count, 0, count, 0.5)
    got = poisson_surprise(np.array([duration]), np.array([count]), np.array([0.5]))
    assert got[0] == pytest.approx(expected, rel=1e-9)


@given(
    st.integers(2, 60).flatmap(lambda n: st.tuples(st.just(n), st.lists(st.integers(1, n), min_size=1, max_size=40)))
)
@settings(deadline=None)
def test_rank_surprise_counts_out_what_the_reference_does(drawn):
    n, ranks = drawn
    got = rank_surprise(np.array([sum(ranks)]), np.array([len(ranks)]), np.array([n]))[0]
    assert got == pytest.approx(plain_bursts.rank_surprise(ranks, n), rel=1e-7, abs=1e-3)
