"""Network bursts: the merged train of a well, never of two, and enough of its electrodes."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from reference import plain_bursts, plain_mea

import mnephys
from mnephys.mea import bursts, network_bursts
from mnephys.mea.merge import merge
from mnephys.recording import SpikeTrains

SAMPLE = 1 / 12500
GROUPED = st.lists(
    st.tuples(st.sampled_from(["A1", "B1", "C1"]), st.lists(st.integers(0, 15000), max_size=20)), min_size=1, max_size=8
)


def trains_of(grouped):
    times = [np.asarray(samples) * SAMPLE for _, samples in grouped]
    return SpikeTrains.from_lists(times, groups=[group for group, _ in grouped])


def rows(found):
    columns = (found.group, found.start, found.stop, found.n_spikes, found.n_electrodes)
    return list(zip(*(column.tolist() for column in columns), strict=True))


def test_a_volley_over_all_electrodes_is_one_network_burst():
    volley = [5.0 + 0.001 * electrode + 0.02 * np.arange(4) for electrode in range(16)]
    found = network_bursts(SpikeTrains.from_lists(volley, groups=["A1"] * 16))
    assert rows(found) == [(0, 5.0, pytest.approx(5.075), 64, 16)]
    assert found.counts.tolist() == [1]
    assert repr(found) == "NetworkBursts: 1 burst in 1 of 1 groups"


@pytest.mark.parametrize(("gap", "n_bursts"), [(1249, 1), (1250, 1), (1251, 0)])
@pytest.mark.parametrize("start", [0.0, 86400.0])
def test_an_interval_equal_to_the_limit_is_within_it(gap, n_bursts, start):
    times = start + np.arange(6) * gap * SAMPLE
    trains = SpikeTrains.from_lists([times[::2], times[1::2]], start=start)
    assert len(network_bursts(trains, min_spikes=6, min_electrodes=1.0)) == n_bursts


@pytest.mark.parametrize(
    ("n_electrodes", "fraction", "needed"),
    [
        (16, 0.35, 6),
        (8, 0.35, 3),
        (8, 0.25, 2),
        (16, 0.25, 4),
        (20, 0.35, 7),
        (64, 0.35, 23),
        (25, 0.28, 7),
        (7, 0.0, 1),
    ],
)
def test_silent_electrodes_count_among_those_that_could_take_part(n_electrodes, fraction, needed):
    for firing, expected in ((needed, 1), (needed - 1, 0)):
        trains = [[1.0 + 0.01 * k for k in range(60)] for _ in range(firing)] + [[]] * (n_electrodes - firing)
        found = network_bursts(SpikeTrains.from_lists(trains), min_electrodes=fraction)
        assert found.n_electrodes.tolist() == [needed] * expected


def test_two_wells_that_burst_in_turn_are_not_one():
    times = np.arange(10) * 0.08
    trains = SpikeTrains.from_lists([times, times + 0.04], groups=["A1", "B1"])
    assert len(network_bursts(trains, max_isi=0.05, min_spikes=2)) == 0
    assert len(network_bursts(SpikeTrains.from_lists([times, times + 0.04]), max_isi=0.05, min_spikes=2)) == 1


def test_the_end_of_one_well_does_not_run_into_the_beginning_of_the_next():
    trains = SpikeTrains.from_lists([[9.9, 9.95, 10.0], [10.0, 10.05, 10.1]], groups=["A1", "B1"])
    assert [each[3] for each in rows(network_bursts(trains, min_spikes=3))] == [3, 3]
    assert len(network_bursts(trains, min_spikes=4)) == 0


@given(grouped=GROUPED, max_isi=st.integers(0, 800), min_spikes=st.integers(2, 6))
@settings(deadline=None)
def test_each_group_is_measured_as_if_it_were_alone(grouped, max_isi, min_spikes):
    trains = trains_of(grouped)
    labels, _ = trains.grouped()
    found = network_bursts(trains, max_isi * SAMPLE, min_spikes, 0.4)
    assert (np.diff(found.group) >= 0).all()
    assert found.offsets.tolist() == np.searchsorted(found.group, np.arange(len(labels) + 1)).tolist()
    for at, label in enumerate(labels):
        alone = trains_of([(group, samples) for group, samples in grouped if group == label])
        expected = [(at, *row[1:]) for row in rows(network_bursts(alone, max_isi * SAMPLE, min_spikes, 0.4))]
        assert [row for row in rows(found) if row[0] == at] == expected


@given(grouped=GROUPED, max_isi=st.integers(0, 800), min_spikes=st.integers(2, 6))
@settings(deadline=None)
def test_they_are_the_bursts_of_the_merged_train_and_electrodes_are_counted_once(grouped, max_isi, min_spikes):
    trains = trains_of(grouped)
    labels, group = trains.grouped()
    found = network_bursts(trains, max_isi * SAMPLE, min_spikes, 0.0)
    merged = [np.concatenate([trains.times[:0], *_own(trains, group == at)]) for at in range(len(labels))]
    single = bursts(SpikeTrains.from_lists(merged), max_isi=max_isi * SAMPLE, min_spikes=min_spikes)
    assert [row[:4] for row in rows(found)] == list(
        zip(single.train.tolist(), single.start.tolist(), single.stop.tolist(), single.n_spikes.tolist(), strict=True)
    )
    for at, start, stop, _, n_electrodes in rows(found):
        taking_part = [((own >= start) & (own <= stop)).any() for own in _own(trains, group == at)]
        assert n_electrodes == sum(taking_part)


def _own(trains, chosen):
    return [trains.times[trains.offsets[k] : trains.offsets[k + 1]] for k in np.flatnonzero(chosen)]


@given(grouped=GROUPED)
@settings(deadline=None)
def test_merging_keeps_every_spike_with_its_train_and_group(grouped):
    trains = trains_of(grouped)
    merged = merge(trains)
    np.testing.assert_array_equal(np.sort(merged.order), np.arange(trains.n_spikes))
    np.testing.assert_array_equal(trains.times[merged.order], merged.times)
    np.testing.assert_array_equal(trains.train_of_spike[merged.order], merged.train)
    for at, (begin, end) in enumerate(zip(merged.offsets[:-1], merged.offsets[1:], strict=True)):
        assert (np.diff(merged.times[begin:end]) >= 0).all()
        assert (merged.group[merged.train[begin:end]] == at).all()


PARTICIPATION = {"method": "participation", "min_spikes": 2}


def test_overlapping_bursts_are_one_and_need_enough_electrodes():
    # Overlap from electrode to electrode: the third takes part although it does not meet the first.
    chain = [[1.0, 1.1], [1.05, 1.15], [1.13, 1.2], [5.0, 5.1], []]
    trains = SpikeTrains.from_lists(chain)
    assert rows(network_bursts(trains, min_electrodes=0.6, **PARTICIPATION)) == [(0, 1.0, 1.2, 6, 3)]
    assert rows(network_bursts(trains, min_electrodes=0.2, **PARTICIPATION))[1] == (0, 5.0, 5.1, 2, 1)
    assert len(network_bursts(trains, min_electrodes=0.61, **PARTICIPATION)) == 0


def test_a_long_burst_holds_together_what_lies_within_it():
    long, short = 1.0 + 0.05 * np.arange(40), [[1.2, 1.25], [2.0, 2.05], [2.9, 2.95]]
    found = network_bursts(SpikeTrains.from_lists([long, *short]), min_electrodes=1.0, **PARTICIPATION)
    assert rows(found) == [(0, 1.0, pytest.approx(2.95), 46, 4)]
    # An electrode that bursts twice is one electrode.
    found = network_bursts(SpikeTrains.from_lists([long, np.concatenate(short)]), **PARTICIPATION)
    assert found.n_electrodes.tolist() == [2]


@pytest.mark.parametrize(("gap", "n_bursts"), [(0, 1), (1, 2)])
@pytest.mark.parametrize("start", [0.0, 86400.0])
def test_bursts_that_touch_overlap(gap, n_bursts, start):
    ticks = [np.array([0, 100]), np.array([100, 200]) + gap]
    trains = SpikeTrains.from_lists([start + train * SAMPLE for train in ticks], start=start)
    assert len(network_bursts(trains, **PARTICIPATION)) == n_bursts


def test_participation_takes_the_defaults_that_are_stated():
    volley = [1.0 + 0.02 * np.arange(5), 1.01 + 0.02 * np.arange(5), *[[]] * 6]
    assert len(network_bursts(SpikeTrains.from_lists(volley), method="participation")) == 1
    assert len(network_bursts(SpikeTrains.from_lists([*volley, []]), method="participation")) == 0
    assert len(network_bursts(SpikeTrains.from_lists([t[:4] for t in volley]), method="participation")) == 0


@given(
    grouped=GROUPED, max_isi=st.integers(0, 800), min_spikes=st.integers(2, 4), fraction=st.sampled_from([0, 0.3, 0.5])
)
@settings(deadline=None)
def test_participation_equals_the_reference_group_by_group(grouped, max_isi, min_spikes, fraction):
    trains = trains_of(grouped)
    labels, _ = trains.grouped()
    limit = max_isi * SAMPLE
    found = network_bursts(trains, limit, min_spikes, fraction, method="participation")
    expected = []
    for at, label in enumerate(labels):
        own = [np.sort(np.asarray(samples)) * SAMPLE for group, samples in grouped if group == label]
        each = [
            [(times[a], times[b], b - a + 1) for a, b in plain_mea.isi_bursts(times, limit, min_spikes)]
            for times in own
        ]
        expected += [(at, *row) for row in plain_bursts.participation_bursts(each, fraction)]
    assert rows(found) == expected
    assert found.offsets.tolist() == np.searchsorted(found.group, np.arange(len(labels) + 1)).tolist()


def test_participation_of_a_real_plate_equals_the_reference(data):
    trains = mnephys.read(data("mea/spike_trains_hdf5/ON_20140507_MW1007-103_DIV09_00_001.h5")).trains
    labels, group = trains.grouped()
    found = network_bursts(trains, method="participation")
    compared = 0
    for at in range(0, len(labels), 8):
        each = [
            [(times[a], times[b], b - a + 1) for a, b in plain_mea.isi_bursts(times, 0.1, 5)]
            for times in _own(trains, group == at)
        ]
        expected = [(at, *row) for row in plain_bursts.participation_bursts(each, 0.25)]
        assert [row for row in rows(found) if row[0] == at] == expected
        compared += len(expected)
    assert compared > 20


@pytest.mark.parametrize("method", ["merged", "participation"])
@pytest.mark.parametrize("trains", [[], [[]], [[], []], [[1.0]]])
def test_without_an_interval_there_is_none(trains, method):
    found = network_bursts(SpikeTrains.from_lists(trains), min_spikes=2, method=method)
    assert len(found) == 0
    assert found.start.dtype == np.float64
    assert found.n_spikes.dtype == np.int64


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"min_electrodes": 35}, "min_electrodes is 35, needs a fraction from 0 to 1"),
        ({"min_electrodes": -0.1}, "min_electrodes is -0.1"),
        ({"min_electrodes": np.nan}, "min_electrodes is nan"),
        ({"max_isi": -1}, "a longest interval of -1 s cannot be"),
        ({"min_spikes": 1}, "a burst of 1 spikes has no interval"),
        ({"method": "merge"}, "network burst method 'merge' is not known; the nearest is 'merged'"),
        ({"method": "participation", "min_electrodes": 35}, "min_electrodes is 35"),
        ({"method": "participation", "max_isi": np.nan}, "a longest interval of nan s"),
    ],
)
def test_what_cannot_be_is_refused(parameters, message):
    with pytest.raises(ValueError, match=message):
        network_bursts(SpikeTrains.from_lists([[1.0]]), **parameters)
