"""The spike time tiling coefficient: closed forms, ties, the start of the recording, the definition pair by pair."""

from __future__ import annotations

import h5py
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mnephys.mea import TIE, sttc, synchrony
from mnephys.mea.merge import merge
from mnephys.recording import SpikeTrains

SAMPLE = 1 / 12500
STOP = 40000
TRAINS = st.lists(st.lists(st.integers(0, STOP), max_size=25), min_size=1, max_size=6)


def trains_of(samples, start=0, groups=None):
    times = [(start + np.asarray(train)) * SAMPLE for train in samples]
    return SpikeTrains.from_lists(times, groups, start=start * SAMPLE, stop=(start + STOP) * SAMPLE)


def share_tiled(samples, reach):
    """Return the tiled fraction, by painting every half sample that is within `reach`, a multiple of a half."""
    painted = np.zeros(2 * STOP, dtype=bool)
    for sample in samples:
        painted[max(round(2 * (sample - reach)), 0) : round(2 * (sample + reach))] = True
    return painted.mean()


def by_definition(a, b, reach):
    """Return the coefficient of two trains in samples, straight from the paper."""
    a, b = np.asarray(a), np.asarray(b)
    distance = np.abs(a[:, np.newaxis] - b)
    terms = []
    for share, tiled in (
        ((distance.min(axis=1) <= reach).mean(), share_tiled(b, reach)),
        ((distance.min(axis=0) <= reach).mean(), share_tiled(a, reach)),
    ):
        terms.append(1.0 if share * tiled == 1 else (share - tiled) / (1 - share * tiled))
    return sum(terms) / 2


@given(samples=TRAINS, half=st.integers(0, 2000))
@settings(deadline=None, max_examples=50)
def test_it_is_the_published_coefficient(samples, half):
    window = (half + 0.5) * SAMPLE - TIE
    table = sttc(trains_of(samples), window)
    assert table.shape == (len(samples), len(samples))
    for i, a in enumerate(samples):
        for j, b in enumerate(samples):
            if a and b:
                assert table[i, j] == pytest.approx(by_definition(a, b, half + 0.5), abs=1e-9)
            else:
                assert np.isnan(table[i, j])


@given(samples=TRAINS, window=st.sampled_from([0.0, 0.004, 0.05, 0.05004, 1.0, 10.0]))
@settings(deadline=None)
def test_it_is_symmetric_bounded_and_one_with_itself(samples, window):
    table = sttc(trains_of(samples), window)
    np.testing.assert_array_equal(table, table.T)
    firing = np.array([bool(train) for train in samples])
    assert (np.isnan(table) == ~(firing & firing[:, np.newaxis])).all()
    assert (table.diagonal()[firing] == 1.0).all()
    assert (np.abs(table[np.isfinite(table)]) <= 1.0).all()


@given(samples=TRAINS, window=st.sampled_from([0.05, 0.05004]))
@settings(deadline=None)
def test_it_does_not_depend_on_when_the_recording_began(samples, window):
    here, later = sttc(trains_of(samples), window), sttc(trains_of(samples, 86400 * 12500), window)
    np.testing.assert_allclose(later, here, atol=1e-9)


@pytest.mark.parametrize("start", [0, 86400 * 12500])
@pytest.mark.parametrize(
    ("window", "distance", "coincide"),
    [(0.05, 624, True), (0.05, 625, True), (0.05, 626, False), (0.05004, 625, True), (0.05004, 626, False)],
)
def test_spikes_that_are_exactly_a_window_apart_coincide(start, window, distance, coincide):
    # One spike each, so that each tiled fraction is two windows of the whole.
    table = sttc(trains_of([[10000], [10000 + distance]], start), window)
    tiled = 2 * (window + TIE) / (STOP * SAMPLE)
    assert table[0, 1] == pytest.approx(1.0 if coincide else -tiled, abs=1e-9)


def test_tiles_are_cut_off_where_the_recording_begins_and_ends():
    trains = SpikeTrains.from_lists([[100.0, 110.0], [105.0]], start=100.0, stop=110.0)
    reach = 0.5 + TIE
    both_ends, middle = 2 * reach / 10, 2 * reach / 10
    assert sttc(trains, 0.5)[0, 1] == pytest.approx((-middle - both_ends) / 2, abs=1e-12)


def test_the_last_spike_of_all_ends_a_recording_of_unknown_length():
    times = [[0.5, 2.0], [0.52, 4.0], [9.0]]
    known = SpikeTrains.from_lists(times, stop=9.0)
    np.testing.assert_array_equal(sttc(SpikeTrains.from_lists(times)), sttc(known))


def test_a_recording_of_one_instant_is_all_within_reach():
    trains = SpikeTrains.from_lists([[3.0], [3.0], []], start=3.0, stop=3.0)
    np.testing.assert_array_equal(sttc(trains), [[1, 1, np.nan], [1, 1, np.nan], [np.nan] * 3])


def test_independent_trains_have_none():
    rng = np.random.default_rng(5)
    trains = SpikeTrains.from_lists([rng.uniform(0, 600, 3000) for _ in range(6)], stop=600.0)
    pairs = sttc(trains, 0.005)[np.triu_indices(6, 1)]
    assert np.abs(pairs).max() < 0.05
    jitter = [trains.times[:3000] + rng.uniform(-0.002, 0.002, 3000) for _ in range(2)]
    assert sttc(SpikeTrains.from_lists(jitter, start=-1.0, stop=601.0), 0.005)[0, 1] > 0.99


@given(samples=TRAINS, groups=st.lists(st.sampled_from(["A1", "B1", "C1"]), min_size=6, max_size=6))
@settings(deadline=None)
def test_groups_are_apart(samples, groups):
    groups = groups[: len(samples)]
    tables = sttc(trains_of(samples, groups=groups))
    assert list(tables) == list(dict.fromkeys(groups))
    for label, table in tables.items():
        alone = [train for train, group in zip(samples, groups, strict=True) if group == label]
        np.testing.assert_array_equal(table, sttc(trains_of(alone)))


@given(samples=TRAINS, chosen=st.lists(st.booleans(), min_size=6, max_size=6))
@settings(deadline=None)
def test_a_choice_of_trains_gives_the_same_pairs(samples, chosen):
    trains = trains_of(samples)
    chosen = np.array(chosen[: len(samples)]) & (trains.counts > 0)
    (table,) = synchrony.merged_sttc(merge(trains), 0.05, chosen)
    np.testing.assert_array_equal(table, sttc(trains)[np.ix_(chosen, chosen)])
    mean = synchrony.mean_sttc(merge(trains), 0.05, chosen)
    assert mean.shape == (1,)
    if chosen.sum() < 2:
        assert np.isnan(mean[0])
    else:
        assert mean[0] == pytest.approx(table[np.triu_indices(len(table), 1)].mean(), abs=1e-12)


def test_a_group_of_many_trains_is_counted_as_pair_by_pair():
    rng = np.random.default_rng(1)
    samples = [np.sort(rng.integers(0, STOP, 8)) for _ in range(35)]
    table = sttc(trains_of(samples), 20.5 * SAMPLE - TIE)
    expected = [[by_definition(a, b, 20.5) for b in samples] for a in samples]
    np.testing.assert_allclose(table, expected, atol=1e-9)


def test_without_trains_the_table_is_empty():
    assert sttc(SpikeTrains.from_lists([])).shape == (0, 0)


@pytest.mark.parametrize("window", [-0.05, np.nan, np.inf])
def test_a_window_that_cannot_be_is_refused(window):
    with pytest.raises(ValueError, match="cannot be; give it in s"):
        sttc(SpikeTrains.from_lists([[1.0]]), window)


def test_real_wells_agree_with_searching_pair_by_pair(data):
    with h5py.File(data("mea/spike_trains_hdf5/ON_20140507_MW1007-103_DIV07_00_001.h5")) as file:
        times, counts = file["spikes"][:].ravel(), file["sCount"][:].ravel().astype(int)
        names = [name.decode() for name in file["names"][:].ravel()]
    offsets = np.concatenate([[0], np.cumsum(counts)])
    groups = np.array([name.partition("_")[0] for name in names])
    trains = SpikeTrains(times, offsets, groups, times.min(), times.max())
    tables = sttc(trains, 0.05)
    labels, group = trains.grouped()
    busiest = [int(at) for at in np.argsort(np.bincount(group, weights=trains.counts))[-3:]]
    for at in busiest:
        own = [times[offsets[k] : offsets[k + 1]] for k in np.flatnonzero(group == at)]
        expected = [[_searched(a, b, times.min(), times.max()) for b in own] for a in own]
        np.testing.assert_allclose(tables[labels[at]], expected, atol=1e-12)


def _searched(a, b, start, stop, reach=0.05 + TIE):
    """Return the coefficient of one pair in the usual way: the nearest spike of the other by bisection."""

    def coincide(own, other):
        after = np.searchsorted(other, own).clip(0, other.size - 1)
        before = (after - 1).clip(0)
        return (np.minimum(np.abs(own - other[after]), np.abs(own - other[before])) <= reach).mean()

    def tiled(own):
        edges = min(own[0] - start, reach) + min(stop - own[-1], reach)
        return (np.minimum(np.diff(own), 2 * reach).sum() + edges) / (stop - start)

    terms = [
        (p - t) / (1 - p * t) if p * t < 1 else 1.0 for p, t in ((coincide(a, b), tiled(b)), (coincide(b, a), tiled(a)))
    ]
    return sum(terms) / 2


def test_electrodes_that_fire_too_densely_enter_no_mean():
    """Independent, nearly regular trains of 12 Hz: all of the recording is within their reach."""
    rng = np.random.default_rng(3)
    dense = [np.cumsum(rng.normal(1 / 12, 0.004, 700)) for _ in range(4)]
    sparse = [np.sort(rng.uniform(0, 60, 120)) for _ in range(4)]
    trains = SpikeTrains.from_lists(
        [t[(t > 0) & (t < 60)] for t in [*dense, *sparse]], ["A1"] * 4 + ["A2"] * 4, stop=60.0
    )
    everyone = np.ones(8, dtype=bool)
    published = sttc(trains)["A1"]
    assert published[np.triu_indices(4, 1)].mean() > 0.5
    means = synchrony.mean_sttc(merge(trains), 0.05, everyone)
    assert np.isnan(means[0])
    assert abs(means[1]) < 0.1
