"""Bursts of single electrodes: closed forms, ties on the sampling grid, and what must hold of any train."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mnephys.mea import TIE, bursts
from mnephys.recording import SpikeTrains

SAMPLE = 1 / 12500
TRAINS = st.lists(st.lists(st.integers(0, 20000), max_size=40), min_size=1, max_size=5)
"""Spike times in samples: intervals of 0, ties with any limit and long pauses all occur."""


METHODS = ("isi-threshold", "max-interval", "log-isi", "poisson-surprise", "rank-surprise")


def trains_of(samples, start=0):
    return SpikeTrains.from_lists([(start + np.asarray(train)) * SAMPLE for train in samples], start=start * SAMPLE)


def found(trains, method="isi-threshold", **parameters):
    """Return the bursts as (train, first, last)."""
    columns = bursts(trains, method, **parameters)
    return list(zip(columns.train.tolist(), columns.first.tolist(), columns.last.tolist(), strict=True))


def test_trains_of_regular_bursts_give_back_how_they_were_made():
    within, between = 0.01, 2.0
    one = [[at * between + k * within for k in range(6)] for at in range(10)]
    trains = SpikeTrains.from_lists([np.concatenate(one), [], one[3], [5.0]])
    columns = bursts(trains)
    assert columns.counts.tolist() == [10, 0, 1, 0]
    assert columns.offsets.tolist() == [0, 10, 10, 11, 11]
    assert columns.n_spikes.tolist() == [6] * 11
    np.testing.assert_allclose(columns.start, [*np.arange(10) * between, 6.0])
    np.testing.assert_allclose(columns.duration, 0.05)
    assert (trains.times[columns.first] == columns.start).all()
    assert (trains.times[columns.last] == columns.stop).all()
    assert repr(columns) == "Bursts: 11 bursts in 2 of 4 trains"


@pytest.mark.parametrize("start", [0, 86400 * 12500])
@pytest.mark.parametrize(("gap", "n_bursts"), [(1249, 1), (1250, 1), (1251, 0)])
def test_an_interval_equal_to_the_limit_is_within_it(start, gap, n_bursts):
    trains = trains_of([np.arange(5) * gap], start)
    assert len(bursts(trains, max_isi=0.1, min_spikes=5)) == n_bursts
    assert len(bursts(trains, "max-interval", max_start_isi=0.1, max_end_isi=0.1)) == n_bursts


def test_a_burst_does_not_reach_from_one_train_into_the_next():
    trains = SpikeTrains.from_lists([[0.96, 0.98, 1.0], [], [1.0, 1.02, 1.04]])
    assert found(trains, min_spikes=3) == [(0, 0, 2), (2, 3, 5)]
    assert found(trains, min_spikes=4) == []


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("samples", [[], [[]], [[], []], [[7]], [[7], [], [7]]])
def test_without_an_interval_there_is_no_burst(method, samples):
    columns = bursts(trains_of(samples), method)
    assert len(columns) == 0
    assert columns.offsets.tolist() == [0] * (len(samples) + 1)
    assert columns.start.dtype == np.float64


@given(samples=TRAINS, max_isi=st.integers(0, 1500), min_spikes=st.integers(2, 6))
@settings(deadline=None)
def test_bursts_are_as_long_as_they_can_be_and_none_is_missed(samples, max_isi, min_spikes):
    trains = trains_of(samples)
    limit = max_isi * SAMPLE + TIE
    columns = bursts(trains, max_isi=max_isi * SAMPLE, min_spikes=min_spikes)
    inside = np.zeros(trains.n_spikes, dtype=bool)
    for train, first, last in zip(columns.train, columns.first, columns.last, strict=True):
        begin, end = trains.offsets[train], trains.offsets[train + 1]
        assert begin <= first < last < end
        assert (np.diff(trains.times[first : last + 1]) <= limit).all()
        assert first == begin or trains.times[first] - trains.times[first - 1] > limit
        assert last == end - 1 or trains.times[last + 1] - trains.times[last] > limit
        assert not inside[first : last + 1].any()
        inside[first : last + 1] = True
    assert (columns.n_spikes >= min_spikes).all()
    assert columns.n_spikes.sum() == inside.sum()
    for begin, end in zip(trains.offsets[:-1], trains.offsets[1:], strict=True):
        length = 0
        for spike in range(begin, end):
            joined = spike > begin and trains.times[spike] - trains.times[spike - 1] <= limit
            length = 0 if inside[spike] else length + 1 if joined else 1
            assert length < min_spikes


SENSITIVE = {"poisson-surprise": {"min_surprise": 2}, "rank-surprise": {"min_surprise": 1}}


@given(samples=TRAINS, method=st.sampled_from(METHODS), data=st.data())
@settings(deadline=None)
def test_each_train_is_measured_as_if_it_were_alone(samples, method, data):
    asked = SENSITIVE.get(method, {"min_spikes": 3})
    together = found(trains_of(samples), method, **asked)
    for train, own in enumerate(samples):
        begin = sum(len(other) for other in samples[:train])
        alone = found(trains_of([own]), method, **asked)
        assert [(f - begin, last - begin) for t, f, last in together if t == train] == [each[1:] for each in alone]
    order = data.draw(st.permutations(range(len(samples))))
    columns = bursts(trains_of([samples[k] for k in order]), method, **asked)
    assert columns.counts.tolist() == [sum(t == k for t, _, _ in together) for k in order]


@given(samples=TRAINS, max_isi=st.integers(0, 1500), min_spikes=st.integers(2, 6))
@settings(deadline=None)
def test_max_interval_with_one_limit_and_no_other_is_the_isi_threshold(samples, max_isi, min_spikes):
    trains, limit = trains_of(samples), max_isi * SAMPLE
    other = {"max_start_isi": limit, "max_end_isi": limit, "min_interval": 0.0, "min_duration": 0.0}
    assert found(trains, "max-interval", min_spikes=min_spikes, **other) == found(
        trains, max_isi=limit, min_spikes=min_spikes
    )


MAX_INTERVAL = {
    "max_start_isi": 0.1,
    "max_end_isi": 0.25,
    "min_interval": 0.3,
    "min_duration": 0.05,
    "min_spikes": 3,
}


@pytest.mark.parametrize(
    ("times", "changes", "expected"),
    [
        # 0.2 s neither begins a burst nor ends one.
        ([0.0, 0.2, 0.4, 0.45, 0.5, 0.7, 0.9], {}, [(2, 6)]),
        ([0.0, 0.2, 0.4, 0.6, 0.8], {}, []),
        # 0.26 s ends it; the next burst is 0.26 s away, too near to be one of its own.
        ([0.0, 0.05, 0.1, 0.36, 0.41, 0.46], {}, [(0, 5)]),
        ([0.0, 0.05, 0.1, 0.36, 0.41, 0.46], {"min_interval": 0.26}, [(0, 2), (3, 5)]),
        ([0.0, 0.05, 0.1, 0.36, 0.41, 0.46], {"min_interval": 0.2601}, [(0, 5)]),
        # Between two bursts lies a spike that belongs to neither, and then to both.
        ([0.0, 0.05, 0.1, 0.4, 0.7, 0.75, 0.8], {}, [(0, 2), (4, 6)]),
        ([0.0, 0.05, 0.1, 0.4, 0.7, 0.75, 0.8], {"min_interval": 0.7}, [(0, 6)]),
        # What is short is merged first and judged then.
        ([0.0, 0.05, 0.31, 0.36], {"min_spikes": 4}, [(0, 3)]),
        ([0.0, 0.05, 0.31, 0.36], {"min_spikes": 4, "min_interval": 0.0}, []),
        ([0.0, 0.02, 0.04], {}, []),
        ([0.0, 0.02, 0.05], {}, [(0, 2)]),
        ([0.0, 0.02, 0.04], {"min_duration": 0.04}, [(0, 2)]),
        # Three in a row, each near to the next, are one.
        ([0.0, 0.05, 0.1, 0.36, 0.41, 0.46, 0.72, 0.77, 0.82], {}, [(0, 8)]),
    ],
)
@pytest.mark.parametrize("start", [0.0, 86400.0])
def test_max_interval_step_by_step(times, changes, expected, start):
    trains = SpikeTrains.from_lists([np.asarray(times) + start], start=start)
    assert [each[1:] for each in found(trains, "max-interval", **MAX_INTERVAL | changes)] == expected


@given(samples=TRAINS)
@settings(deadline=None)
def test_max_interval_bursts_stay_apart_and_are_long_enough(samples):
    columns = bursts(trains_of(samples), "max-interval", **MAX_INTERVAL)
    apart = columns.start[1:] - columns.stop[:-1]
    assert (apart[columns.train[1:] == columns.train[:-1]] >= 0.3 - TIE).all()
    assert (columns.duration >= 0.05 - TIE).all()
    assert (columns.n_spikes >= 3).all()


@pytest.mark.parametrize(
    ("method", "parameters", "message"),
    [
        ("isi-treshold", {}, "burst method 'isi-treshold' is not known; the nearest is 'isi-threshold'"),
        ("log-isi", {"max_isi": 1}, "burst method 'log-isi' has no parameter 'max_isi'"),
        ("log-isi", {"max_core_isi": np.nan}, "a longest interval of nan s cannot be"),
        ("log-isi", {"min_spikes": 1}, "a burst of 1 spikes has no interval"),
        ("log-isi", {"min_void": 1.1}, "min_void is 1.1, needs a fraction from 0 to 1"),
        ("log-isi", {"min_void": np.nan}, "min_void is nan"),
        ("poisson-surprise", {"min_surprise": -1}, "min_surprise is -1, needs a number from 0 up"),
        ("rank-surprise", {"min_surprise": np.inf}, "min_surprise is inf"),
        ("rank-surprise", {"max_isi_quantile": 75}, "max_isi_quantile is 75, needs a fraction from 0 to 1"),
        ("rank-surprise", {"max_isi_quantile": np.nan}, "max_isi_quantile is nan"),
        ("isi-threshold", {"max_iis": 1}, "has no parameter 'max_iis'; the nearest is 'max_isi'"),
        ("isi-threshold", {"max_end_isi": 1}, "burst method 'isi-threshold' has no parameter 'max_end_isi'"),
        ("max-interval", {"max_isi": 1}, "burst method 'max-interval' has no parameter 'max_isi'"),
        ("isi-threshold", {"max_isi": -0.1}, "a longest interval of -0.1 s cannot be"),
        ("isi-threshold", {"max_isi": np.nan}, "a longest interval of nan s cannot be"),
        ("isi-threshold", {"max_isi": np.inf}, "a longest interval of inf s cannot be"),
        ("isi-threshold", {"min_spikes": 1}, "a burst of 1 spikes has no interval; give at least 2"),
        ("max-interval", {"min_spikes": np.nan}, "a burst of nan spikes has no interval"),
        ("max-interval", {"min_interval": -1}, "min_interval is -1"),
        ("max-interval", {"min_duration": np.nan}, "min_duration is nan"),
        ("max-interval", {"max_start_isi": 0.3}, "max_start_isi is 0.3, needs to be from 0 to max_end_isi, 0.25"),
        ("max-interval", {"max_start_isi": np.nan}, "max_start_isi is nan"),
    ],
)
def test_what_cannot_be_is_refused(method, parameters, message):
    trains = SpikeTrains.from_lists([[0.0, 0.1]])
    with pytest.raises(ValueError, match=message):
        bursts(trains, method, **parameters)
