"""Ticks, tiles, and how many spikes are in them, beside counting pair by pair."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mnephys.mea.clock import Clock, recording_length
from mnephys.mea.definitions import TIE
from mnephys.mea.tiles import count_inside, spikes_of, tiles
from mnephys.recording import SpikeTrains

TRAINS = st.lists(st.lists(st.integers(0, 300), min_size=1, max_size=12), min_size=1, max_size=20)


def columns(trains):
    spikes = np.concatenate([np.sort(train) for train in trains]).astype(np.int64)
    return spikes, np.repeat(np.arange(len(trains)), [len(train) for train in trains])


def counted(trains, reach):
    return [[sum(any(abs(x - y) <= reach for y in b) for x in a) for b in trains] for a in trains]


# More than eight trains are counted in more than one byte.
@given(trains=TRAINS, reach=st.integers(0, 60))
@settings(deadline=None)
def test_spikes_in_the_tiles_of_every_train_are_counted(trains, reach):
    spikes, row = columns(trains)
    np.testing.assert_array_equal(
        count_inside(spikes, row, tiles(spikes, row, reach), len(trains)), counted(trains, reach)
    )


@pytest.mark.parametrize("n", [1, 7, 8, 9, 16, 17, 64, 65, 300])
def test_any_number_of_trains_will_do(n):
    rng = np.random.default_rng(n)
    trains = [rng.integers(0, 2000, 4).tolist() for _ in range(n)]
    spikes, row = columns(trains)
    within = tiles(spikes, row, 9)
    np.testing.assert_array_equal(count_inside(spikes, row, within, n), counted(trains, 9))
    mixed = rng.permutation(spikes.size)
    np.testing.assert_array_equal(count_inside(spikes[mixed], row[mixed], within, n), counted(trains, 9))


@given(trains=TRAINS, reach=st.integers(0, 60))
@settings(deadline=None)
def test_tiles_of_one_train_do_not_touch_and_cover_what_is_within_reach(trains, reach):
    spikes, row = columns(trains)
    within = tiles(spikes, row, reach)
    for k, train in enumerate(trains):
        opens, closes = within.opens[within.owner == k], within.closes[within.owner == k]
        assert (opens[1:] > closes[:-1]).all()
        covered = {t for a, b in zip(opens.tolist(), closes.tolist(), strict=True) for t in range(a, b + 1)}
        assert covered >= {t for spike in train for t in range(spike - reach, spike + reach + 1)}
        # Only between two spikes that both reach the same tick, or neighbouring ones, is there no gap.
        assert len(covered) == closes.sum() - opens.sum() + opens.size


def test_the_spikes_of_some_trains_are_found_wherever_they_are():
    trains = SpikeTrains.from_lists([[5.0, 6.0], [], [1.0], [2.0, 3.0, 4.0]])
    index, row = spikes_of(trains, np.array([3, 1, 0]))
    assert trains.times[index].tolist() == [2.0, 3.0, 4.0, 5.0, 6.0]
    assert row.tolist() == [0, 0, 0, 2, 2]


@pytest.mark.parametrize("length", [0.0, 5e-324, 1e-6, 1.0, 900.0, 86400.0, 1e9, 1e15, 1e300, 8e307])
@pytest.mark.parametrize("n", [0, 1, 768, 26400])
def test_a_time_and_its_train_fit_into_one_number_however_long_the_recording(length, n):
    trains = SpikeTrains.from_lists([[0.0, length], *[[]] * max(n - 1, 0)][: max(n, 1)], stop=length)
    clock = Clock.of(trains)
    ticks = clock.times(trains)
    assert ticks[-1] == clock.span <= 2**62
    # A shifted time and the end of its tile lie up to three lengths from the start; two bits tell the kind.
    assert 3 * clock.span * 4 * 2 ** trains.n_trains.bit_length() < 2**63
    assert clock.reach(2 * length) == clock.span
    if 1e-6 <= length <= 86400:
        assert 2.0**-clock.bits < TIE / 100


def test_the_start_is_taken_off_before_times_become_ticks():
    trains = SpikeTrains.from_lists([[86400.25, 86401.0]], start=86400.0, stop=86410.0)
    assert Clock.of(trains).times(trains).tolist() == [2**28, 2**30]
    assert recording_length(trains) == 10.0
    assert recording_length(SpikeTrains.from_lists([[3.0], [7.5]], start=2.0)) == 5.5
    assert recording_length(SpikeTrains.from_lists([[]], start=2.0)) == 0.0
