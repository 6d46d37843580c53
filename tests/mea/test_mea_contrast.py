"""SPIKE-contrast beside elephant and beside the definition bin by bin."""

from __future__ import annotations

import math
import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from reference import plain_connectivity as plain

import mnephys
from mnephys.mea import spike_contrast
from mnephys.measurement import Status
from mnephys.recording import SpikeTrains

TRAINS = st.lists(
    st.lists(st.floats(0, 20), min_size=1, max_size=15, unique=True).map(sorted), min_size=2, max_size=5
).filter(lambda trains: max(map(len, trains)) > 1)


def by_elephant(trains, length):
    import neo
    import quantities as pq
    from elephant.spike_train_synchrony import spike_contrast as contrast

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        return float(contrast([neo.SpikeTrain(np.asarray(each) * pq.s, t_stop=length) for each in trains]))


@given(trains=TRAINS, min_bin=st.sampled_from([0.011, 0.3, 2.0]), shrink=st.sampled_from([0.9, 0.7]))
@settings(deadline=None, max_examples=40)
def test_it_is_the_greatest_over_all_bins(trains, min_bin, shrink):
    value = spike_contrast(SpikeTrains.from_lists(trains, stop=20.0), min_bin, shrink)
    expected = plain.spike_contrast(trains, 0.0, 20.0, min_bin, shrink)
    if math.isfinite(expected):
        assert value.value == pytest.approx(expected, abs=1e-12)
    else:
        assert value.reason == "the recording is too short for one bin"


@pytest.mark.parametrize("seed", range(6))
def test_it_is_elephants(seed):
    rng = np.random.default_rng(seed)
    shared = rng.uniform(0, 60, 5 + 20 * seed)
    trains = [np.sort((shared + rng.normal(0, 0.02, shared.size)).clip(0, 60)) for _ in range(4)]
    trains.append(np.sort(rng.uniform(0, 60, 30)))
    value = spike_contrast(SpikeTrains.from_lists(trains, stop=60.0)).value
    assert value == pytest.approx(by_elephant(trains, 60.0), abs=1e-12)


def test_trains_that_burst_together_have_more_of_it():
    rng = np.random.default_rng(1)
    onset = np.arange(5.0, 100.0, 10.0)
    together = [np.sort((onset[:, np.newaxis] + rng.uniform(0, 0.2, (10, 5))).ravel()) for _ in range(6)]
    apart = [np.sort(rng.uniform(0, 100, 50)) for _ in range(6)]
    groups = ["A1"] * 6 + ["A2"] * 6
    found = spike_contrast(SpikeTrains.from_lists([*together, *apart], groups, stop=100.0))
    assert found["A1"].value > 0.95
    assert found["A2"].value < 0.4


def test_it_does_not_depend_on_other_groups_nor_on_silent_trains_nor_on_the_start():
    rng = np.random.default_rng(2)
    own = [rng.integers(0, 6000, 40) / 64 for _ in range(3)]
    alone = spike_contrast(SpikeTrains.from_lists(own, stop=100.0))
    mixed = [own[0], [], [50.0], own[1], own[2]]
    groups = ["A1", "A1", "B1", "A1", "A1"]
    later = SpikeTrains.from_lists([np.add(each, 4096.0) for each in mixed], groups, start=4096.0, stop=4196.0)
    found = spike_contrast(later)["A1"]
    assert found.value == alone.value
    assert (found.id, found.level, found.reason) == ("A1", "well", "1 silent trains left out")


@pytest.mark.parametrize(
    ("lists", "start", "why"),
    [
        ([], 0.0, "fewer than 2 trains have a spike"),
        ([[]], 0.0, "fewer than 2 trains have a spike"),
        ([[1.0, 2.0]], 0.0, "fewer than 2 trains have a spike"),
        ([[1.0], [2.0]], 0.0, "no train has 2 spikes"),
        ([[10.0, 10.0], [10.0]], 10.0, "the recording is too short for one bin"),
    ],
)
def test_too_little_has_none_and_a_reason(lists, start, why):
    found = spike_contrast(SpikeTrains.from_lists(lists, start=start, stop=10.0))
    assert (found.value, found.status, found.reason) == (None, Status.TOO_FEW_EVENTS, why)


def test_two_trains_that_fire_together_are_told_from_a_well_that_does():
    both = [1.0, 3.0, 7.0]
    found = spike_contrast(SpikeTrains.from_lists([both, both, *[[]] * 14], stop=10.0))
    assert found.value == pytest.approx(1.0)
    assert found.reason == "14 silent trains left out"


def test_a_long_silence_costs_no_memory():
    rng = np.random.default_rng(3)
    near = [np.append(np.sort(rng.uniform(0, 10, 20)), 9e11) for _ in range(3)]
    value = spike_contrast(SpikeTrains.from_lists(near, stop=1e12)).value
    assert 0 < value <= 1


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"min_bin": 0.0}, "a smallest bin of 0.0 s cannot be"),
        ({"min_bin": np.nan}, "a smallest bin of nan s cannot be"),
        ({"shrink": 1.0}, "shrink is 1.0"),
        ({"shrink": np.nan}, "shrink is nan"),
    ],
)
def test_what_cannot_be_is_refused(wrong, message):
    with pytest.raises(ValueError, match=message):
        spike_contrast(SpikeTrains.from_lists([[1.0]]), **wrong)


def test_real_wells_agree_with_elephant(data):
    plate = mnephys.read(data("mea/spike_trains_hdf5/ON_20140507_MW1007-103_DIV07_00_001.h5"))
    trains = plate.trains
    labels, group = trains.grouped()
    found = spike_contrast(trains)
    for at in np.argsort(np.bincount(group, weights=trains.counts))[-30::10]:
        members = np.flatnonzero((group == at) & (trains.counts > 0))
        own = [trains.times[trains.offsets[k] : trains.offsets[k + 1]] - trains.start for k in members]
        assert found[labels[at]].value == pytest.approx(by_elephant(own, plate.stop - plate.start), abs=1e-9)


@pytest.mark.parametrize(("stop", "enough"), [(4.0, True), (3.99, False)])
def test_half_a_recording_has_to_hold_the_smallest_bin(stop, enough):
    found = spike_contrast(SpikeTrains.from_lists([[0.0, 0.4], [0.1]], stop=stop), 2.0)
    assert (found.reason != "the recording is too short for one bin") is enough
