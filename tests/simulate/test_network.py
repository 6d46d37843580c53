"""Simulated networks: closed forms of the model, the truth against the spikes, and the way networks develop."""

from __future__ import annotations

import math
from dataclasses import fields, replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from scipy import stats

from mnephys.simulate.contacts import Contacts, draw_contacts
from mnephys.simulate.development import parameters_at
from mnephys.simulate.network import KINDS, SAMPLING_RATE, simulate_well

STRAY, BACKGROUND, BURST, NETWORK = range(4)
NOTHING = replace(parameters_at(0.0), stray_rate=0.0, pickup_probability=1.0)


def alike(n):
    """Return electrodes that are all active and of gain 1."""
    return Contacts(np.zeros(n), np.ones(n), np.full(n, 40.0))


def ticks_of(well):
    return np.rint(well.trains.times * SAMPLING_RATE).astype(int)


def trains_of(well):
    return np.split(well.trains.times, well.trains.offsets[1:-1])


# --- what holds for every well ---


@given(
    development=st.floats(0, 1),
    busy=st.sampled_from([1.0, 30.0, 1000.0]),
    duration=st.floats(0.01, 20),
    refractory=st.sampled_from([0.0, 0.0005, 0.002, 0.01]),
    seed=st.integers(0, 2**32),
)
@settings(deadline=None, max_examples=60)
@example(development=1e-100, busy=1.0, duration=20.0, refractory=0.002, seed=0)
@example(development=1e-103, busy=1.0, duration=20.0, refractory=0.002, seed=0)
@example(development=5e-324, busy=1000.0, duration=0.01, refractory=0.0, seed=0)
def test_every_spike_is_possible(development, busy, duration, refractory, seed):
    rng = np.random.default_rng(seed)
    usual = parameters_at(development)
    parameters = replace(usual, background_rate=busy * usual.background_rate, refractory=refractory)
    contacts = draw_contacts(16, rng)
    well = simulate_well(parameters, contacts, duration, rng)
    times, electrodes = well.trains.times, well.trains.train_of_spike
    assert (times == ticks_of(well) / SAMPLING_RATE).all()
    assert ((times >= 0) & (times <= duration)).all()
    least = max(1, round(refractory * SAMPLING_RATE))
    assert all((np.diff(np.rint(train * SAMPLING_RATE)) >= least).all() for train in trains_of(well))
    assert ((well.bursts >= 0) == (well.kinds == NETWORK)).all()
    inside = well.bursts >= 0
    assert (times[inside] >= well.onsets[well.bursts[inside]] - 1e-9).all()
    assert (times[inside] <= well.ends[well.bursts[inside]] + 1e-9).all()
    assert (well.active == (contacts.threshold < parameters.pickup_probability)).all()
    assert (well.kinds[~well.active[electrodes]] == STRAY).all()
    assert (well.onsets < well.ends).all()
    assert (well.onsets[1:] > well.ends[:-1]).all()
    assert well.onsets.size == 0 or (well.onsets[0] >= 0 and well.ends[-1] <= duration)


def test_the_same_source_of_chance_gives_the_same_well_and_another_a_different_one():
    one, same, other = (
        simulate_well(
            parameters_at(0.8), draw_contacts(16, np.random.default_rng(5)), 60.0, np.random.default_rng(seed)
        )
        for seed in (7, 7, 8)
    )
    for name in ("times", "offsets", "amplitudes"):
        np.testing.assert_array_equal(getattr(one.trains, name), getattr(same.trains, name))
    for name in ("kinds", "bursts", "onsets", "ends", "active"):
        np.testing.assert_array_equal(getattr(one, name), getattr(same, name))
    assert one.trains.n_spikes != other.trains.n_spikes
    assert not np.isin(one.onsets, other.onsets).any()


def test_an_electrode_that_is_active_stays_so():
    contacts = draw_contacts(64, np.random.default_rng(2))
    active = [
        simulate_well(parameters_at(d), contacts, 1.0, np.random.default_rng(9)).active for d in np.linspace(0, 1, 11)
    ]
    assert active[0].sum() == 0
    assert active[-1].sum() > 50
    assert all((earlier <= later).all() for earlier, later in pairwise(active))


# --- closed forms ---


@pytest.mark.parametrize(("rate", "refractory"), [(1.0, 0.002), (50.0, 0.002), (300.0, 0.002), (50.0, 0.0)])
def test_the_background_has_the_rate_of_a_poisson_process_with_dead_time(rate, refractory):
    n, duration = 50, 60.0
    parameters = replace(NOTHING, background_rate=rate, refractory=refractory)
    well = simulate_well(parameters, alike(n), duration, np.random.default_rng(1))
    # A sample with a spike counts where the samples of the dead time before it have none.
    per_sample = rate / SAMPLING_RATE
    before = max(0, round(refractory * SAMPLING_RATE) - 1)
    expected = -math.expm1(-per_sample) * math.exp(-before * per_sample) * SAMPLING_RATE * n * duration
    assert (well.kinds == BACKGROUND).all()
    assert well.trains.n_spikes == pytest.approx(expected, abs=5 * math.sqrt(expected))


def test_background_intervals_are_exponential_and_the_shortest_is_the_refractory_period():
    slow = simulate_well(replace(NOTHING, background_rate=2.0), alike(20), 500.0, np.random.default_rng(3))
    intervals = np.concatenate([np.diff(train) for train in trains_of(slow)])
    assert stats.kstest(intervals, "expon", args=(0.002, 0.5 - 0.002)).pvalue > 1e-3
    fast = simulate_well(replace(NOTHING, background_rate=100.0), alike(20), 60.0, np.random.default_rng(3))
    assert min(np.diff(np.rint(train * SAMPLING_RATE)).min() for train in trains_of(fast)) == 25


def test_gain_scales_the_rate_of_an_electrode():
    gain = np.repeat([0.5, 1.0, 2.0], 100)
    contacts = Contacts(np.zeros(300), gain, np.full(300, 40.0))
    well = simulate_well(replace(NOTHING, background_rate=3.0), contacts, 100.0, np.random.default_rng(4))
    counts = well.trains.counts.reshape(3, 100).sum(axis=1)
    # Of a Poisson process with dead time t, rate r: r * exp(-r * t), where t is 24.5 samples.
    expected = [3e4 * g * math.exp(-3 * g * 24.5 / SAMPLING_RATE) for g in (0.5, 1, 2)]
    np.testing.assert_allclose(counts, expected, atol=5 * math.sqrt(max(expected)))


def test_stray_detections_are_on_all_electrodes_alike():
    parameters = replace(parameters_at(0.0), stray_rate=0.05)
    well = simulate_well(parameters, draw_contacts(500, np.random.default_rng(0)), 400.0, np.random.default_rng(5))
    counts = well.trains.counts
    assert counts.sum() == pytest.approx(10000, abs=500)
    assert counts.var() / counts.mean() == pytest.approx(1, abs=0.3)
    assert (well.kinds == STRAY).all()
    assert not well.active.any()


def test_single_electrode_bursts_have_their_number_size_and_intervals():
    n, duration = 100, 1000.0
    parameters = replace(NOTHING, burst_rate=0.02, burst_spikes=7.0, burst_interval=0.03)
    well = simulate_well(parameters, alike(n), duration, np.random.default_rng(6))
    bursts = n * duration * 0.02
    # Of a compound Poisson process; a size is 5 + Poisson(2), so that its mean square is 49 + 2.
    assert well.trains.n_spikes == pytest.approx(7 * bursts, abs=5 * math.sqrt(51 * bursts))
    intervals = np.concatenate([np.diff(train) for train in trains_of(well)])
    within = intervals[intervals < 0.2]
    assert within.mean() == pytest.approx(0.03, rel=0.03)
    assert within.std() / within.mean() == pytest.approx(0.5, rel=0.05)
    assert (intervals >= 0.2).sum() == pytest.approx(bursts - n, abs=5 * math.sqrt(bursts))
    assert (well.kinds == BURST).all()


NETWORKING = replace(
    NOTHING, network_burst_rate=0.2, participation=0.7, network_spikes=6.0, network_duration=1.0, refractory=0.0
)


def test_network_bursts_have_their_number_lengths_and_pauses():
    duration, seeds = 100.0, 300
    wells = [simulate_well(NETWORKING, alike(2), duration, np.random.default_rng([7, seed])) for seed in range(seeds)]
    # A burst is drawn where it is whole within the recording.
    mean_length = math.exp(0.3**2 / 2)
    expected = 0.2 * (duration - mean_length)
    n = np.array([well.onsets.size for well in wells])
    assert n.mean() == pytest.approx(expected, abs=5 * n.std() / math.sqrt(seeds))
    lengths = np.log(np.concatenate([well.ends - well.onsets for well in wells]))
    assert lengths.mean() == pytest.approx(0.0, abs=0.02)
    assert lengths.std() == pytest.approx(0.3, abs=0.015)
    pauses = np.concatenate([well.onsets[1:] - well.ends[:-1] for well in wells])
    # Long pauses are somewhat less often seen whole.
    assert pauses.mean() == pytest.approx(5 - mean_length, rel=0.05)
    assert pauses.std() / pauses.mean() == pytest.approx(1 / math.sqrt(3), rel=0.05)


def test_the_beginning_of_a_recording_is_like_any_other_moment():
    n = 3000
    wells = [simulate_well(NETWORKING, alike(1), 6.0, np.random.default_rng([18, seed])) for seed in range(n)]
    early = sum(int((well.onsets < 2).sum()) for well in wells)
    assert early == pytest.approx(0.2 * 2 * n, abs=5 * math.sqrt(0.4 * n))


def test_electrodes_take_part_in_network_bursts_as_often_and_with_as_many_spikes_as_stated():
    n = 64
    well = simulate_well(NETWORKING, alike(n), 600.0, np.random.default_rng(8))
    pairs = np.unique(np.stack([well.bursts, well.trains.train_of_spike]), axis=1)
    cells = n * well.onsets.size
    assert pairs.shape[1] == pytest.approx(0.7 * cells, abs=5 * math.sqrt(0.21 * cells))
    lengths = well.ends - well.onsets
    taking_part = np.bincount(pairs[0], minlength=lengths.size)
    expected = float((taking_part * (1 + 5 * lengths / math.exp(0.3**2 / 2))).sum())
    assert well.trains.n_spikes == pytest.approx(expected, rel=0.015)


def test_within_a_network_burst_the_rate_rises_fast_and_decays():
    parameters = replace(NETWORKING, network_jitter=0.0)
    well = simulate_well(parameters, alike(200), 600.0, np.random.default_rng(9))
    place = (well.trains.times - well.onsets[well.bursts]) / (well.ends - well.onsets)[well.bursts]
    first = np.unique(np.stack([well.bursts, well.trains.train_of_spike]), axis=1, return_index=True)[1]
    assert (well.trains.times[first] == well.onsets[well.bursts[first]]).all()
    others = np.delete(place, first)
    assert others.mean() == pytest.approx(1.5 / 4.5, abs=0.01)
    counts = np.histogram(others, bins=5, range=(0, 1))[0]
    assert np.argmax(counts) in {0, 1}
    assert counts[-1] < 0.1 * counts.max()


def test_electrodes_join_with_an_exponential_delay_of_half_the_length_at_most():
    parameters = replace(NETWORKING, network_jitter=0.05, network_spikes=1.0)
    well = simulate_well(parameters, alike(64), 600.0, np.random.default_rng(10))
    delays = well.trains.times - well.onsets[well.bursts]
    assert delays.mean() == pytest.approx(0.05, rel=0.05)
    assert np.median(delays) == pytest.approx(0.05 * math.log(2), rel=0.05)
    slow = simulate_well(replace(parameters, network_jitter=100.0), alike(64), 60.0, np.random.default_rng(10))
    share = (slow.trains.times - slow.onsets[slow.bursts]) / (slow.ends - slow.onsets)[slow.bursts]
    assert share.max() == pytest.approx(0.5, abs=1e-3)


def test_wells_do_not_depend_on_one_another():
    bins = np.arange(0, 601, 1.0)
    parameters = parameters_at(0.95)
    wells = [
        simulate_well(
            parameters, draw_contacts(16, np.random.default_rng([s, 0])), 600.0, np.random.default_rng([s, 1])
        )
        for s in range(8)
    ]
    counts = np.array([np.histogram(well.trains.times, bins)[0] for well in wells])
    # Network bursts come at intervals: neighbouring bins are not independent, so the limit is wide.
    between = np.corrcoef(counts)[np.triu_indices(8, 1)]
    assert np.abs(between).max() < 0.2
    assert abs(between.mean()) < 0.05
    halves = np.array([np.histogram(np.concatenate(trains_of(wells[0])[part::2]), bins)[0] for part in range(2)])
    assert np.corrcoef(halves)[0, 1] > 0.8


@pytest.mark.parametrize("development", [0.2, 0.5, 0.8, 1.0])
def test_the_mean_firing_rate_follows_from_the_parameters(development):
    p = parameters_at(development)
    duration, n, wells = 60.0, 16, 250
    spikes = 0
    for seed in range(wells):
        rng = np.random.default_rng([11, seed])
        spikes += simulate_well(p, draw_contacts(n, rng), duration, rng).trains.n_spikes
    of_active = p.background_rate + p.burst_rate * p.burst_spikes
    whole = 1 - p.mean_network_duration / duration
    of_active += p.network_burst_rate * whole * p.participation * p.network_spikes
    expected = p.stray_rate + p.pickup_probability * of_active
    # The refractory period takes some spikes of network bursts.
    assert 0.95 * expected < spikes / (wells * n * duration) < 1.03 * expected


# --- the truth ---


def test_the_truth_is_what_a_plain_count_of_the_spikes_gives():
    rng = np.random.default_rng(12)
    labels = [f"e{index}" for index in range(16)]
    well = simulate_well(parameters_at(0.8), draw_contacts(16, rng), 60.0, rng)
    truth = well.truth(labels)
    kinds, spikes, electrodes = dict.fromkeys(KINDS, 0), {}, {}
    index = 0
    for electrode, train in enumerate(trains_of(well)):
        for _ in train:
            kinds[KINDS[well.kinds[index]]] += 1
            burst = int(well.bursts[index])
            spikes[burst] = spikes.get(burst, 0) + 1
            electrodes.setdefault(burst, set()).add(electrode)
            index += 1
    assert truth["spike_counts"] == kinds
    assert truth["spike_count"] == sum(kinds.values()) == well.trains.n_spikes
    assert truth["active_electrodes"] == [labels[i] for i in range(16) if well.active[i]]
    bursts = truth["network_bursts"]
    assert bursts["onset_s"] == pytest.approx(well.onsets.tolist(), abs=1e-6)
    assert bursts["end_s"] == pytest.approx(well.ends.tolist(), abs=1e-6)
    assert bursts["spike_count"] == [spikes.get(i, 0) for i in range(well.onsets.size)]
    assert bursts["electrode_count"] == [len(electrodes.get(i, ())) for i in range(well.onsets.size)]
    assert sum(bursts["spike_count"]) == kinds["network burst"] > 0
    assert set(truth["parameters"]) == {field.name for field in fields(well.parameters)}


def test_a_network_burst_without_a_spike_is_a_truth_too():
    parameters = replace(NETWORKING, participation=0.0)
    truth = simulate_well(parameters, alike(3), 60.0, np.random.default_rng(13)).truth("abc")
    assert truth["spike_count"] == 0
    bursts = truth["network_bursts"]
    assert len(bursts["onset_s"]) > 5
    assert set(bursts["spike_count"]) == set(bursts["electrode_count"]) == {0}


# --- development ---


def runs(times, max_interval, min_spikes):
    """Return first and last spike of each run of short intervals, one spike after the other."""
    found, first = [], 0
    for index in range(1, len(times) + 1):
        if index == len(times) or times[index] - times[index - 1] > max_interval + 1e-6:
            if index - first >= min_spikes:
                found.append((first, index - 1))
            first = index
    return found


def measured(well, duration, min_spikes=10, min_electrodes=0.25):
    """Measure a well with plain loops: 5 spikes a minute, intervals of 100 ms, the vendor's definitions of 2015."""
    n = well.trains.n_trains
    trains = trains_of(well)
    merged = sorted((time, electrode) for electrode, train in enumerate(trains) for time in train)
    bursts = [
        (a, b)
        for a, b in runs([time for time, _ in merged], 0.1, min_spikes)
        if len({electrode for _, electrode in merged[a : b + 1]}) >= min_electrodes * n
    ]
    return (
        sum(len(train) * 60 / duration >= 5 for train in trains) / n,
        len(merged) / duration / n,
        len(bursts) * 60 / duration,
        100 * sum(b - a + 1 for a, b in bursts) / max(1, len(merged)),
    )


# Development, then mean and SD of active fraction, mean firing rate, network bursts per min, % of spikes in them.
PUBLISHED = [
    (0.15, (0.17, 0.11), (0.063, 0.052), (0.0, 0.1), (0.0, 1.0)),
    (0.43, (0.64, 0.18), (0.37, 0.19), (0.9, 1.6), (4.6, 9.0)),
    (0.59, (0.76, 0.20), (0.85, 0.41), (7.3, 6.2), (23.0, 17.0)),
    (0.78, (0.82, 0.17), (0.97, 0.37), (9.5, 4.4), (45.0, 14.0)),
    (0.95, (0.88, 0.12), (1.77, 0.62), (15.0, 9.0), (75.0, 12.0)),
]


@pytest.mark.parametrize(("development", "published"), [(row[0], row[1:]) for row in PUBLISHED])
def test_wells_look_like_the_published_ones(development, published):
    found = []
    for seed in range(24):
        rng = np.random.default_rng([14, seed])
        well = simulate_well(parameters_at(development), draw_contacts(8, rng), 120.0, rng)
        found.append(measured(well, 120.0))
    for value, (mean, sd) in zip(np.mean(found, axis=0), published, strict=True):
        assert abs(value - mean) <= 0.7 * sd


def test_more_electrodes_are_active_and_more_spikes_are_in_network_bursts_as_networks_develop():
    rows = []
    for seed in range(150):
        rng = np.random.default_rng([15, seed])
        development = rng.uniform(0, 1)
        well = simulate_well(parameters_at(development), draw_contacts(16, rng), 60.0, rng)
        active, rate, *_ = measured(well, 60.0)
        rows.append((development, active, (well.kinds == NETWORK).sum() / max(1, well.kinds.size), rate))
    development, active, share, rate = np.array(rows).T
    assert stats.spearmanr(development, active).statistic > 0.85
    # Networks without a single network burst tie at 0, however far they are.
    assert stats.spearmanr(development, share).statistic > 0.9
    assert stats.spearmanr(development, rate).statistic > 0.9
    assert (share[development < 0.1] < 0.05).all()
    assert share[development > 0.95].min() > 0.6


def test_every_curve_of_development_runs_one_way_but_the_background():
    each = [parameters_at(d) for d in np.linspace(0, 1, 101)]
    for name in (field.name for field in fields(each[0])):
        steps = np.diff([getattr(parameters, name) for parameters in each])
        if name == "background_rate":
            assert (steps[:50] > 0).all()
            assert (steps[-20:] < 0).all()
        elif name == "network_jitter":
            assert (steps < 0).all()
        elif name in {"burst_spikes", "burst_interval", "duration_spread", "stray_rate", "refractory"}:
            assert (steps == 0).all()
        else:
            assert (steps > 0).all(), name


# --- contacts ---


def test_contacts_have_the_means_that_are_stated():
    contacts = draw_contacts(200_000, np.random.default_rng(16))
    assert contacts.gain.mean() == pytest.approx(1, abs=0.006)
    assert np.median(contacts.amplitude) == pytest.approx(40, rel=0.01)
    assert contacts.gain.max() / contacts.gain.min() == pytest.approx(math.exp(4 * 0.5))
    assert contacts.threshold.mean() == pytest.approx(0.5, abs=0.005)
    assert 0 <= contacts.threshold.min() <= contacts.threshold.max() < 1


def test_amplitudes_are_those_of_the_electrodes():
    contacts = Contacts(np.zeros(2), np.ones(2), np.array([25.0, 100.0]))
    well = simulate_well(replace(NOTHING, background_rate=5.0), contacts, 100.0, np.random.default_rng(17))
    low, high = np.split(well.trains.amplitudes, well.trains.offsets[1:-1])
    assert np.median(low) == pytest.approx(25, rel=0.05)
    assert np.median(high) == pytest.approx(100, rel=0.05)
    assert low.min() > 15


# --- what is refused ---


@pytest.mark.parametrize("development", [-0.01, 1.01, math.nan, math.inf])
def test_a_development_outside_of_its_range_is_refused(development):
    with pytest.raises(ValueError, match=r"development is .*, needs to be from 0 to 1"):
        parameters_at(development)


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"pickup_probability": 1.1}, "pickup_probability is 1.1, needs to be from 0 to 1"),
        ({"background_rate": -1.0}, "background_rate is -1.0, needs to be finite and not negative"),
        ({"stray_rate": math.nan}, "stray_rate is nan"),
        ({"burst_spikes": 4.0}, "burst_spikes is 4.0"),
        ({"network_spikes": 0.5}, "network_spikes 0.5"),
        ({"network_burst_rate": 5.0}, "leave no pause"),
        ({"network_duration": 0.0}, "network_duration is 0"),
    ],
)
def test_parameters_that_cannot_be_are_refused(changes, text):
    with pytest.raises(ValueError, match=text):
        replace(parameters_at(0.8), **changes)


@pytest.mark.parametrize("duration", [0.0, -1.0, math.nan, math.inf])
def test_a_duration_that_cannot_be_is_refused(duration):
    with pytest.raises(ValueError, match="duration is"):
        simulate_well(parameters_at(0.5), alike(1), duration, np.random.default_rng(0))


def test_a_well_says_what_it_is():
    well = simulate_well(replace(NETWORKING, participation=0.0), alike(3), 3.0, np.random.default_rng(1))
    assert repr(well).startswith("SimulatedWell: 0 spikes, 3 of 3 electrodes active, ")
