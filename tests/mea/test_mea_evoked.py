"""Responses to stimuli and activity without them: against a plain reference, and by hand."""

from __future__ import annotations

import inspect
import math

import h5py
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from reference import plain_networks

from mnephys.mea import evoked_responses, measure_evoked, spontaneous_trains, stimulus_times
from mnephys.mea.stimulation import FEATURES
from mnephys.measurement import Status
from mnephys.recording import DurationSource, SpikeTrains

STEP = 1 / 12500
WINDOW, AROUND, BIN = (0.003, 0.1), (-0.2, 0.5), 0.01


def compare(trains, pulses, window=WINDOW, around=AROUND, width=BIN, gap=None):
    found = evoked_responses(trains, pulses, window, around, width, gap)
    first = plain_networks.first_pulses(pulses, found.train_gap)
    around = plain_networks.histogram_span(first, window, around, width)
    assert (found.edges[0], found.edges[-1]) == pytest.approx(around)
    expected = plain_networks.counted_stimuli(first, around, trains.start, trains.stop)
    assert found.stimuli.tolist() == expected
    assert found.n_left_out == len(set(pulses)) - len(expected)
    each = [trains.times[a:b].tolist() for a, b in zip(trains.offsets[:-1], trains.offsets[1:], strict=True)]
    _, group = trains.grouped()
    near = [any(around[0] <= t - s < around[1] for s in expected for t in train) for train in each]
    for i, train in enumerate(each):
        plain = plain_networks.evoked(train, expected, window, around, width)
        assert found.counts[i].tolist() == plain["counts"]
        assert (found.responses[i], found.before[i]) == (plain["responses"], plain["before"])
        assert found.latency[i] == pytest.approx(
            math.nan if plain["latency"] is None else plain["latency"], nan_ok=True
        )
        assert found.p[i] == pytest.approx(plain["p"])
        tested = sum(n for n, of in zip(near, group, strict=True) if of == group[i])
        assert found.responds[i] == (plain["p"] * max(tested, 1) <= 0.05)
        left, remaining = plain_networks.spontaneous(train, pulses, 0.5, trains.start, trains.stop)
        cut = spontaneous_trains(trains, pulses, 0.5)
        assert cut.trains.times[cut.trains.offsets[i] : cut.trains.offsets[i + 1]].tolist() == left
        assert cut.duration == pytest.approx(remaining, abs=1e-9)
    return found


def test_real_trains_around_made_up_stimuli_equal_the_reference(data):
    with h5py.File(data("mea/spike_trains_hdf5/ON_20140507_MW1007-103_DIV12_00_001.h5"), "r") as file:
        times, counts = file["spikes"][:], file["sCount"][:]
        wells = [text.decode().partition("_")[0] for text in file["names"][:]]
    each = np.split(times, np.cumsum(counts)[:-1])[:60]
    trains = SpikeTrains.from_lists([t[(t >= 300) & (t <= 400)] for t in each], wells[:60], 300.0, 400.0)
    rng = np.random.default_rng(0)
    pulses = [*(300 + np.round(rng.uniform(0, 100, 60) / STEP) * STEP).tolist(), 350.0, 350.04, 350.08]
    # A stimulus at the first spikes of bursts, as if these were evoked.
    pulses += [float(t) - 0.01 for t in each[0][(each[0] > 305) & (each[0] < 395)][:20]]
    assert compare(trains, pulses).counts.sum() > 500
    assert compare(trains, pulses, gap=0.7).counts.sum() > 1000


grids = st.lists(st.integers(0, 30_000), max_size=30).map(sorted)


@given(
    st.lists(st.tuples(st.sampled_from(["A1", "B2"]), grids), min_size=1, max_size=4),
    st.lists(st.integers(-100, 600).map(lambda k: 50 * k), max_size=12),
    st.sampled_from([0.0, 86400.0]),
)
@settings(deadline=None, max_examples=150)
def test_made_up_trains_and_stimuli_equal_the_reference(each, pulses, start):
    trains = SpikeTrains.from_lists(
        [[start + t * STEP for t in ticks] for _, ticks in each], [w for w, _ in each], start, start + 30_000 * STEP
    )
    compare(trains, [start + k * STEP for k in pulses], (0.0, 0.02), (-0.02, 0.06), 0.004)


def test_a_response_of_known_latency_is_measured():
    rng = np.random.default_rng(4)
    stimuli = np.arange(1.0, 101.0)
    noise = np.sort(rng.uniform(0, 102, 100))
    answered = rng.random(100) < 0.8
    evoked = stimuli[answered] + rng.normal(0.02, 0.001, answered.sum())
    trains = SpikeTrains.from_lists([np.concatenate([noise, evoked]), noise], ["A1", "A1"], stop=102.0)
    found = evoked_responses(trains, stimuli)
    assert found.responds.tolist() == [True, False]
    assert found.probability[0] == pytest.approx(answered.mean() + 0.1 * (1 - answered.mean()), abs=0.06)
    assert found.latency[0] == pytest.approx(20.0, abs=0.5)
    assert found.rate[0].max() > 5 * found.rate[1].max()
    np.testing.assert_allclose(found.well_rate(trains), found.rate.sum(axis=0, keepdims=True))


def test_without_responses_few_wells_are_said_to_have_one():
    rng = np.random.default_rng(7)
    times = [np.sort(rng.uniform(0, 101, 200)) for _ in range(1600)]
    trains = SpikeTrains.from_lists(times, [f"A{i // 16}" for i in range(1600)], stop=101.0)
    found = evoked_responses(trains, np.arange(1.0, 100.0))
    assert found.responds.reshape(100, 16).any(axis=1).sum() <= 12  # 5 or fewer by chance, +- 2


def test_a_train_of_pulses_is_one_stimulus_and_its_spikes_count_once():
    trains = SpikeTrains.from_lists([[5.02, 5.12]], stop=20.0)
    found = evoked_responses(trains, [5.0, 5.1, 5.2, 10.0])
    assert found.stimuli.tolist() == [5.0, 10.0]
    assert found.n_left_out == 2
    assert found.counts.sum() == 2
    assert found.responses.tolist() == [1]


@pytest.mark.parametrize(
    ("period", "span"), [(1.0, (-0.2, 0.5)), (0.7, (-0.2, 0.5)), (0.5, (-0.2, 0.3)), (0.2, (-0.1, 0.1))]
)
def test_fast_stimuli_all_count_and_the_histogram_spans_no_more_than_their_period(period, span):
    stimuli = period * np.arange(1, 101)
    found = evoked_responses(SpikeTrains.from_lists([stimuli + 0.0205], stop=period * 102), stimuli)
    assert (found.stimuli.size, found.n_left_out) == (100, 0)
    assert (found.edges[0], found.edges[-1]) == pytest.approx(span)
    assert found.counts.sum() == 100
    assert found.responses.tolist() == [100]
    assert found.responds.tolist() == [True]


def test_pulses_that_no_window_parts_are_one_stimulus_and_so_is_a_longer_train_where_it_is_said():
    trains = SpikeTrains.from_lists([[]], stop=20.0)
    assert evoked_responses(trains, 5.0 + 0.19 * np.arange(50)).stimuli.tolist() == [5.0]
    slow = [5.0, 5.3, 5.6, 10.0, 10.3]
    assert evoked_responses(trains, slow).stimuli.tolist() == slow
    found = evoked_responses(trains, slow, train_gap=1.0)
    assert (found.stimuli.tolist(), found.train_gap) == ([5.0, 10.0], 1.0)
    assert found.edges[-1] == pytest.approx(0.5)


@pytest.mark.parametrize("stimuli", [[], [math.nan], [math.inf, -math.inf], [-5.0], [0.0], [9.9]])
def test_without_a_stimulus_that_counts_nothing_is_known(stimuli):
    trains = SpikeTrains.from_lists([[5.0], []], stop=10.0)
    found = evoked_responses(trains, stimuli)
    assert found.stimuli.size == 0
    assert np.isnan(found.probability).all()
    assert np.isnan(found.rate).all()
    assert not found.responds.any()


def test_no_train_and_no_spike():
    assert evoked_responses(SpikeTrains.from_lists([], stop=9.0), [5.0]).counts.shape == (0, 70)
    assert evoked_responses(SpikeTrains.from_lists([[]]), [5.0]).stimuli.size == 0
    assert spontaneous_trains(SpikeTrains.from_lists([[]]), [5.0]).rate.tolist() == pytest.approx(
        [math.nan], nan_ok=True
    )


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"window": (0.1, 0.1)}, "needs to begin at the stimulus"),
        ({"window": (-0.1, 0.1)}, "needs to begin at the stimulus"),
        ({"around": (-0.01, 0.5)}, "needs to span"),
        ({"around": (-0.2, 0.05)}, "needs to span"),
        ({"bin": 0.0}, "cannot be"),
        ({"bin": 1e-9}, "cannot be"),
        ({"bin": math.nan}, "finite"),
        ({"train_gap": 0.19}, "train_gap of 0.19 s cannot be; windows and bins need 0.2 s"),
        ({"train_gap": math.nan}, "train_gap"),
        ({"train_gap": math.inf}, "train_gap"),
        ({"window": (0.0, math.inf)}, "finite"),
    ],
)
def test_what_cannot_be_is_refused(more, said):
    with pytest.raises(ValueError, match=said):
        evoked_responses(SpikeTrains.from_lists([[]], stop=9.0), [5.0], **more)


def test_a_cut_that_cannot_be_is_refused():
    for cut in (-0.1, math.nan, math.inf):
        with pytest.raises(ValueError, match="cut"):
            spontaneous_trains(SpikeTrains.from_lists([[]], stop=9.0), [5.0], cut)


def test_nothing_is_left_where_stimuli_follow_one_another():
    left = spontaneous_trains(SpikeTrains.from_lists([[0.05, 0.95]], stop=1.0), np.arange(0, 1, 0.1), 0.5)
    assert left.duration == pytest.approx(0.0, abs=1e-12)
    assert left.trains.n_spikes == 0


def test_rows_of_a_plate_that_was_stimulated(plate_of):
    pulses = tuple((float(t), "Stimulation: 800 mV") for t in range(1, 41))
    events = (*pulses, (3.0, "dose"), (7.5, "a note on stimuli"))
    answers = [t + 0.02 for t in range(1, 41)]
    plate = plate_of({"A1_11": answers, "A1_12": [t + 0.7 for t in range(1, 41)], "B1_11": [0.5]}, events=events)
    assert stimulus_times(plate).tolist() == [float(t) for t in range(1, 41)]
    rows = {(r.level, r.id, r.feature): r for r in measure_evoked(plate)}
    assert rows["plate", "", "stimulus_count"].value == 40
    assert rows["well", "A1", "responding_electrode_count"].value == 1
    assert rows["well", "A1", "evoked_response_probability"].value == 1
    assert rows["well", "A1", "evoked_response_latency"].value == pytest.approx(20.0)
    # 40 of 60 s are cut by half; 40 spikes of electrode 12 are left, over 16 electrodes.
    assert rows["well", "A1", "spontaneous_firing_rate"].value == pytest.approx(40 / 40 / 16)
    assert rows["electrode", "A1_12", "evoked_response_probability"].value == 0
    assert rows["electrode", "A1_12", "evoked_response_latency"].reason == "it responds to no stimulus"
    assert rows["well", "B1", "responding_electrode_count"].value == 0
    assert rows["well", "B1", "evoked_response_latency"].reason == "no electrode responds to the stimuli"


def test_a_plate_that_was_not_stimulated_has_one_row(plate_of):
    (row,) = measure_evoked(plate_of({"A1_11": [1.0]}, events=((1.0, "dose"),)))
    assert row.status is Status.NOT_APPLICABLE
    assert row.reason == "the file names no stimulation"


def test_stimuli_at_the_ends_alone_and_an_unknown_duration(plate_of):
    ends = ((0.0, "stim"), (60.0, "stim"))
    rows = {(r.id, r.feature): r for r in measure_evoked(plate_of({"A1_11": [1.0]}, events=ends))}
    assert rows["", "stimulus_count"].value == 0
    assert rows["A1", "responding_electrode_count"].reason == "no stimulus has the time around it recorded"
    assert rows["A1_11", "evoked_response_probability"].reason == "no stimulus has the time around it recorded"
    assert rows["A1_11", "spontaneous_firing_rate"].value == pytest.approx(1 / 59.5)
    unknown = plate_of({"A1_11": [1.0, 9.0]}, events=((5.0, "stim"),), duration_source=DurationSource.SPIKES)
    rates = [r for r in measure_evoked(unknown) if r.feature == "spontaneous_firing_rate"]
    assert {row.status for row in rates} == {Status.NOT_APPLICABLE}


def test_too_few_stimuli_tell_nothing_and_the_reason_says_what_became_of_the_pulses(plate_of):
    def rows_of(pulses):
        events = tuple((float(t), "stim") for t in pulses)
        answers = [float(t) + 0.02 for t in pulses]
        return {(r.id, r.feature): r for r in measure_evoked(plate_of({"A1_11": answers}, events=events))}

    fast = rows_of(1.0 + 0.1 * np.arange(100))
    why = "1 of 100 pulses count as stimuli, fewer than 5, because pulses less than 200 ms apart are one stimulus"
    for name in ("responding_electrode_count", "evoked_response_probability", "evoked_response_latency"):
        assert (fast["A1", name].status, fast["A1", name].reason) == (Status.TOO_FEW_EVENTS, why)
    assert fast["A1_11", "evoked_response_probability"].reason == why
    assert fast["", "stimulus_count"].value == 1
    assert fast["", "stimulus_count"].reason == "99 of 100 pulses left out"
    assert fast["A1_11", "spontaneous_firing_rate"].value == pytest.approx(0)
    assert rows_of(range(1, 5))["A1", "evoked_response_latency"].reason == (
        "4 of 4 pulses count as stimuli, fewer than 5"
    )
    assert rows_of(range(1, 6))["A1", "responding_electrode_count"].value == 1
    assert rows_of(np.arange(2, 100) / 2)["A1", "responding_electrode_count"].value == 1


def test_wells_and_electrodes_that_are_off_are_excluded(plate_of):
    events = tuple((float(t), "stim") for t in range(1, 41))
    plate = plate_of({"A1_11": [1.02]}, events=events, disabled=["A1_11"], well_problems={"B1": "spilled"})
    rows = {(r.id, r.feature): r for r in measure_evoked(plate)}
    assert rows["A1_11", "evoked_response_probability"].reason == "the electrode is switched off"
    assert rows["B1", "spontaneous_firing_rate"].reason == "spilled"
    assert rows["B1_44", "spontaneous_firing_rate"].reason == "spilled"
    assert rows["A1", "spontaneous_firing_rate"].value == 0


def test_histograms_are_rates_per_stimulus_and_wells_their_sums():
    """Three spikes 15 ms after two of four stimuli, one after each of the others, and none on the second electrode."""
    pulses = [1.0, 3.0, 5.0, 7.0]
    first = sorted([t + 0.015 + k * 1e-3 for t in pulses[:2] for k in range(3)] + [t + 0.015 for t in pulses[2:]])
    trains = SpikeTrains.from_lists([first, [], [1.017]], ["A1", "A1", "B2"], stop=10.0)
    found = evoked_responses(trains, pulses)
    at = int(np.searchsorted(found.edges, 0.015)) - 1
    assert found.counts[:, at].tolist() == [8, 0, 1]
    assert found.rate[:, at] == pytest.approx([8 / (4 * 0.01), 0, 1 / (4 * 0.01)])
    assert found.well_rate(trains)[:, at] == pytest.approx([200, 25])
    assert np.isnan(evoked_responses(trains, []).rate).all()


@pytest.mark.parametrize(("late", "responses"), [(0.0029, 0), (0.0031, 1), (0.0995, 1), (0.1005, 0)])
def test_a_response_is_looked_for_from_3_to_100_ms(late, responses):
    trains = SpikeTrains.from_lists([[5.0 + late]], stop=10.0)
    assert evoked_responses(trains, [5.0]).responses.tolist() == [responses]


def test_the_window_that_features_declare_is_the_one_that_is_used():
    declared = FEATURES["evoked_response_probability"].parameters
    used = inspect.signature(evoked_responses).parameters["window"].default
    assert (declared["window_start_s"], declared["window_stop_s"]) == used == (0.003, 0.1)
