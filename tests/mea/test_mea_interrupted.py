"""Interrupted recordings: nothing is measured across a gap, and everything else is what plain references say apart."""

from __future__ import annotations

import math
from itertools import combinations

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from reference import plain_bursts, plain_connectivity, plain_mea, plain_networks

from mnephys.mea import connectivity, cross_correlation_area, cross_correlograms, spike_contrast, sttc
from mnephys.mea.bursts import bursts
from mnephys.mea.clock import Clock
from mnephys.mea.definitions import DEFINITIONS
from mnephys.mea.electrodes import electrode_columns
from mnephys.mea.evoked import evoked_responses
from mnephys.mea.measure import measure_plate
from mnephys.mea.network import network_columns
from mnephys.mea.network_bursts import NetworkBursts, network_bursts
from mnephys.mea.recurrence import periodicity, recurrence_columns
from mnephys.mea.stimuli import spontaneous_trains
from mnephys.mea.stretched import Stretched, stretched_counts
from mnephys.mea.tiles import tiled_fraction
from mnephys.measurement import Status
from mnephys.recording import LAYOUTS, PlateRecording, SpikeTrains
from mnephys.recording.plate import electrodes_of

STEP = 1e-3  # s; times lie on this grid, as samples do


def parts(train, stretches):
    """Return the spikes of each stretch."""
    return [[t for t in train if begin <= t <= end] for begin, end in stretches]


def known(value):
    return math.nan if value is None else value


@st.composite
def interrupted(draw):
    """Draw stretches with gaps between them, and four trains within them; many bursts end and begin at a gap."""
    edges, at = [], 0
    for _ in range(draw(st.integers(1, 4))):
        begin = at + draw(st.integers(1, 300))
        at = begin + draw(st.integers(20, 3000))
        edges.append((begin * STEP, at * STEP))
    trains = []
    for _ in range(4):
        ticks = set()
        for begin, end in edges:
            first, last = round(begin / STEP), round(end / STEP)
            steps = draw(st.lists(st.one_of(st.integers(1, 60), st.integers(60, 600)), max_size=25))
            if draw(st.booleans()):
                ticks |= {tick for tick in (first + np.cumsum(steps)).tolist() if tick <= last}
            else:
                ticks |= {tick for tick in (last - np.cumsum(steps)).tolist() if tick >= first}
        trains.append(sorted(round(tick) * STEP for tick in ticks))
    stop = edges[-1][1] + draw(st.integers(0, 50)) * STEP
    start = draw(st.sampled_from([0.0, -7.0, edges[0][0]]))
    return SpikeTrains.from_lists(trains, start=start, stop=stop, stretches=edges)


def lists(trains):
    """Return trains and stretches as lists."""
    return [each.tolist() for each in np.split(trains.times, trains.offsets[1:-1])], trains.stretches.tolist()


def times_of(found, pieces):
    """Return when the bursts of a train begin and end, given those of each of its pieces."""
    return [(piece[a], piece[b]) for piece, each in zip(pieces, found, strict=True) for a, b in each]


def bursts_of(trains, method, **parameters):
    found = bursts(trains, method, **parameters)
    at = zip(found.start.tolist(), found.stop.tolist(), strict=True)
    split = np.split(list(at), found.offsets[1:-1])
    return [[tuple(burst) for burst in each.tolist()] for each in split] if len(found) else [[]] * trains.n_trains


# --- intervals and bursts of electrodes ---


@given(interrupted())
@settings(deadline=None)
def test_bursts_by_fixed_limits_are_those_of_each_stretch_apart(trains):
    each, stretches = lists(trains)
    for method, plain, parameters in (
        ("isi-threshold", plain_mea.isi_bursts, {"max_isi": 0.1, "min_spikes": 3}),
        (
            "max-interval",
            plain_mea.max_interval_bursts,
            {"max_start_isi": 0.05, "max_end_isi": 0.1, "min_interval": 0.3, "min_duration": 0.01, "min_spikes": 3},
        ),
    ):
        expected = [
            times_of([plain(piece, **parameters) for piece in parts(train, stretches)], parts(train, stretches))
            for train in each
        ]
        assert bursts_of(trains, method, **parameters) == expected


def plain_poisson(pieces, least):
    isis = [isi for piece in pieces for isi in plain_mea.intervals(piece)]
    mean = sum(isis) / len(isis) if isis else 0.0
    found = []
    for piece in pieces:
        of_piece, i = [], 0
        while i + 2 < len(piece):
            short = max(piece[i + 1] - piece[i], piece[i + 2] - piece[i + 1]) < mean / 2 - plain_bursts.TOLERANCE
            first, last, value = plain_bursts.grow_burst(piece, i, mean) if short else (i, i, -1.0)
            of_piece += [(first, last)] * (value >= least)
            i = last + 1 if value >= least else i + 1
        found.append(of_piece)
    return times_of(found, pieces)


def plain_log_isi(pieces):
    threshold = plain_bursts.log_isi_threshold(
        [isi for piece in pieces for isi in plain_mea.intervals(piece)], 0.1, 0.7
    )
    if threshold is None:
        return []
    limit = 0.1 if threshold >= 1.0 else threshold
    found = []
    for piece in pieces:
        isis = plain_mea.intervals(piece)
        cores = plain_bursts.runs_of([isi <= min(limit, 0.1) + plain_bursts.TOLERANCE for isi in isis], 3)
        wide = plain_bursts.runs_of([isi <= limit + plain_bursts.TOLERANCE for isi in isis], 3)
        found.append([(a, b) for a, b in wide if any(a <= c and d <= b for c, d in cores)])
    return times_of(found, pieces)


def plain_rank(pieces, least):
    of_pieces = [[round(isi / plain_bursts.TOLERANCE) for isi in plain_mea.intervals(piece)] for piece in pieces]
    every = sorted(isi for isis in of_pieces for isi in isis)
    if not every:
        return []
    limit = np.quantile(every, 0.75)
    found = []
    for isis in of_pieces:
        ranks = [sum(o < isi for o in every) + (sum(o == isi for o in every) + 1) / 2 for isi in isis]
        runs = plain_bursts.runs_of([isi < limit for isi in isis], 3)
        found.append(plain_bursts.rank_bursts_of_runs(ranks, runs, len(every), least))
    return times_of(found, pieces)


@given(interrupted())
@settings(deadline=None)
def test_bursts_by_limits_of_the_train_know_the_intervals_of_all_stretches(trains):
    each, stretches = lists(trains)
    pieces = [parts(train, stretches) for train in each]
    assert bursts_of(trains, "log-isi") == [plain_log_isi(one) for one in pieces]
    assert bursts_of(trains, "poisson-surprise", min_surprise=2.0) == [plain_poisson(one, 2.0) for one in pieces]


@pytest.mark.parametrize("seed", range(8))
def test_bursts_by_surprise_know_the_intervals_of_all_stretches(seed):
    rng = np.random.default_rng(seed)
    stretches = [(0.0, 20.0), (20.02, 45.0), (60.0, 80.0)]
    around = np.concatenate([[19.97, 20.03, 44.9], rng.uniform(0, 80, 5)])
    alone, dense = rng.uniform(0, 80, 40), (around[:, np.newaxis] + rng.uniform(0, 0.1, (8, 6))).ravel()
    times = np.unique(np.round(np.concatenate([alone, dense]), 5))
    inside = [t for t in times.tolist() if any(a <= t <= b for a, b in stretches)]
    trains = SpikeTrains.from_lists([inside], stop=80.0, stretches=stretches)
    expected = plain_rank(parts(inside, stretches), 2.0)
    assert bursts_of(trains, "rank-surprise", min_surprise=2.0) == [expected]
    apart = plain_poisson(parts(inside, stretches), 2.0)
    assert bursts_of(trains, "poisson-surprise", min_surprise=2.0) == [apart]
    assert expected


@given(interrupted())
@settings(deadline=None)
def test_intervals_of_electrodes_are_those_of_each_stretch_apart(trains):
    each, stretches = lists(trains)
    found = bursts(trains, max_isi=0.1, min_spikes=3)
    columns = electrode_columns(trains, found, trains.duration)
    for i, train in enumerate(each):
        pieces = parts(train, stretches)
        isis = [isi for piece in pieces for isi in plain_mea.intervals(piece)]
        ones = [[piece[a] for a, _ in plain_mea.isi_bursts(piece, 0.1, 3)] for piece in pieces]
        starts = [isi for one in ones for isi in plain_mea.intervals(one)]
        pairs = [
            (a, b) for piece in pieces for a, b in zip(*[plain_mea.intervals(piece)[k:] for k in (0, 1)], strict=False)
        ]
        expected = {
            "mean_firing_rate": len(train) / sum(b - a for a, b in stretches),
            "isi_cv": plain_mea.coefficient_of_variation(isis),
            "isi_cv2": plain_mea.mean([2 * abs(b - a) / (a + b) for a, b in pairs]),
            "isi_lv": plain_mea.mean([3 * ((a - b) / (a + b)) ** 2 for a, b in pairs]),
            "burst_rate": sum(map(len, ones)) / sum(b - a for a, b in stretches),
            "inter_burst_interval": plain_mea.mean(starts),
            "inter_burst_interval_cv": plain_mea.coefficient_of_variation(starts),
        }
        for name, value in expected.items():
            np.testing.assert_allclose(columns[name][i], known(value), rtol=1e-9, atol=1e-12, err_msg=name)


# --- network bursts ---


@given(interrupted())
@settings(deadline=None)
def test_network_bursts_are_those_of_each_stretch_apart(trains):
    each, stretches = lists(trains)
    found = network_bursts(trains, 0.1, 5, 0.5)
    pieces = [[parts(train, stretches)[k] for train in each] for k in range(len(stretches))]
    expected = [plain_mea.network_bursts(piece, 0.1, 5, 0.5) for piece in pieces]
    columns = zip(found.start, found.stop, found.n_spikes, found.n_electrodes, strict=True)
    assert list(columns) == [burst for one in expected for burst in one]
    measured = network_columns(found, np.array([float(trains.n_spikes)]), trains.duration)
    starts = [isi for one in expected for isi in plain_mea.intervals([burst[0] for burst in one])]
    np.testing.assert_allclose(measured["network_inter_burst_interval"], [known(plain_mea.mean(starts))], rtol=1e-9)


@given(interrupted())
@settings(deadline=None)
def test_network_bursts_by_participation_are_those_of_each_stretch_apart(trains):
    each, stretches = lists(trains)
    found = network_bursts(trains, 0.1, 3, 0.5, method="participation")
    expected = []
    for k in range(len(stretches)):
        pieces = [parts(train, stretches)[k] for train in each]
        of = [[(p[a], p[b], b - a + 1) for a, b in plain_mea.isi_bursts(p, 0.1, 3)] for p in pieces]
        expected += sorted(plain_bursts.participation_bursts(of, 0.5))
    columns = zip(found.start, found.stop, found.n_spikes, found.n_electrodes, strict=True)
    assert list(columns) == expected


def test_bursts_on_both_sides_of_a_gap_shorter_than_the_tolerance_do_not_overlap():
    trains = SpikeTrains.from_lists(
        [[0.98, 0.99, 1.0], [1.0000005, 1.01, 1.02]], stop=2.0, stretches=[(0, 1), (1.0000004, 2)]
    )
    assert len(network_bursts(trains, 0.1, 3, 0.5, method="participation")) == 2


def bursts_at(starts, breaks=()):
    n = len(starts)
    one = np.ones(n, dtype=np.int64)
    at = np.array(starts, dtype=float)
    return NetworkBursts(0 * one, at, at + 0.1, 5 * one, one, np.array([0, n]), np.array(breaks, dtype=np.int64))


def test_recurrence_does_not_reach_across_a_gap():
    clock = [*np.arange(10.0), *np.arange(107.35, 117.35)]
    broken = bursts_at(clock, [10])
    assert recurrence_columns(broken)["network_inter_burst_interval_lv"] == pytest.approx(0.0, abs=1e-20)
    assert recurrence_columns(bursts_at(clock))["network_inter_burst_interval_lv"] > 0.2
    assert periodicity(broken) == pytest.approx(1.0, abs=0.02)
    assert periodicity(bursts_at(clock)) < 0.9


def test_periodicity_is_that_of_equal_stretches():
    rng = np.random.default_rng(3)
    once = np.cumsum(rng.integers(5, 16, 12)) / 10.0
    # Two stretches of the same bursts have the bins and the products of one, twice.
    twice = bursts_at([*once, *(once + 50.3)], [12])
    assert periodicity(twice) == pytest.approx(periodicity(bursts_at(once)))


@pytest.mark.parametrize(("n_stretches", "defined"), [(1, True), (2, True), (6, False), (12, False)])
def test_periodicity_needs_bursts_in_a_row(n_stretches, defined):
    each = 12 // n_stretches
    starts = [1000.0 * k + i for k in range(n_stretches) for i in range(each)]
    assert np.isfinite(periodicity(bursts_at(starts, range(each, 12, each)))) == [defined]


@pytest.mark.parametrize(
    ("sizes", "defined"),
    [
        ((14,), True),
        ((7, 7), True),
        ((1, 12, 1, 1), True),
        ((2, 4, 1, 3, 9), True),
        ((4, 4, 4), True),
        ((3, 3, 4, 3), False),
        ((2,) * 10, False),
    ],
)
def test_periodicity_is_that_of_bins_and_products_in_each_stretch(sizes, defined):
    rng = np.random.default_rng(sum(sizes))
    breaks, found = np.cumsum(sizes)[:-1], []
    for _ in range(40):
        pieces = [1000.0 * k + np.cumsum(rng.integers(1, 60, n)) / 7.3 for k, n in enumerate(sizes)]
        expected = plain_networks.periodicity_of_stretches([piece.tolist() for piece in pieces])
        found.append(periodicity(bursts_at(np.concatenate(pieces), breaks))[0])
        assert found[-1] == pytest.approx(known(expected), rel=1e-9, nan_ok=True)
    assert np.isfinite(found).any() == defined


def test_stretches_with_one_burst_say_nothing_of_periodicity():
    clock = np.arange(12.0)
    around = [-500.0, *clock, 100.0, 200.0, 300.0]
    assert periodicity(bursts_at(around, [1, 13, 14, 15])) == pytest.approx(periodicity(bursts_at(clock)), rel=1e-12)


def test_wells_beside_each_other_have_their_own_periodicity():
    one, other = np.arange(12.0), np.cumsum(np.random.default_rng(2).integers(5, 16, 11)) / 10.0
    parts = [bursts_at([*one, 50.0], [12]), bursts_at([1.0]), bursts_at([-9.0, *other], [1])]
    both = NetworkBursts(
        np.repeat([0, 1, 2], [13, 1, 12]),
        *(
            np.concatenate([getattr(part, name) for part in parts])
            for name in ("start", "stop", "n_spikes", "n_electrodes")
        ),
        np.array([0, 13, 14, 26]),
        np.array([12, 15]),
    )
    np.testing.assert_allclose(periodicity(both), [periodicity(part)[0] for part in parts])


@pytest.mark.parametrize(
    ("train", "local"), [([1.0, 8.0], np.nan), ([0.0, 1.0, 7.0, 8.5], np.nan), ([0, 1, 7, 8, 10.0], 1 / 3)]
)
def test_intervals_on_both_sides_of_a_gap_are_no_neighbours(train, local):
    trains = SpikeTrains.from_lists([train], stop=10.0, stretches=[(0, 2), (7, 10)])
    columns = electrode_columns(trains, bursts(trains), 5.0)
    np.testing.assert_allclose(columns["isi_lv"], [local])


# --- synchrony ---


def plain_sttc(a, b, stretches, window):
    """Return the coefficient with the time and the coincidences of each stretch apart."""
    reach, whole = window + plain_mea.TOLERANCE, sum(end - begin for begin, end in stretches)
    if not a or not b:
        return math.nan
    halves = []
    for one, other in ((a, b), (b, a)):
        near = tiled = 0.0
        for mine, theirs, (begin, end) in zip(parts(one, stretches), parts(other, stretches), stretches, strict=True):
            near += sum(any(abs(t - u) <= reach for u in theirs) for t in mine)
            tiled += plain_mea.tiled_fraction(theirs, reach, begin, end) * (end - begin) / whole
        share = near / len(one)
        halves.append(1.0 if share * tiled >= 1 - 1e-12 else (share - tiled) / (1 - share * tiled))
    return sum(halves) / 2


@given(interrupted(), st.sampled_from([0.005, 0.05, 0.4]))
@settings(deadline=None)
def test_tiling_coefficients_are_over_the_covered_time_alone(trains, window):
    each, stretches = lists(trains)
    table = sttc(trains, window)
    whole = sum(end - begin for begin, end in stretches)
    tiled = [
        sum(
            plain_mea.tiled_fraction(piece, window, begin, end) * (end - begin)
            for piece, (begin, end) in zip(parts(train, stretches), stretches, strict=True)
        )
        for train in each
    ]
    np.testing.assert_allclose(tiled_fraction(trains, window), np.array(tiled) / whole, atol=1e-12)
    for i, j in combinations(range(4), 2):
        expected = plain_sttc(each[i], each[j], stretches, window)
        np.testing.assert_allclose([table[i, j], table[j, i]], expected, atol=1e-7)


@given(interrupted())
@settings(deadline=None)
def test_correlograms_pair_spikes_of_one_stretch(trains):
    each, stretches = lists(trains)
    found, table = cross_correlograms(trains, 0.01, 0.2).counts[""], cross_correlation_area(trains, 0.05)
    for i, j in combinations(range(4), 2):
        pairs = list(zip(parts(each[i], stretches), parts(each[j], stretches), strict=True))
        expected = np.sum([plain_connectivity.correlogram(a, b, 0.01, 20) for a, b in pairs], axis=0)
        np.testing.assert_array_equal(found[i, j], expected)

        def near(one, other):
            both = zip(parts(one, stretches), parts(other, stretches), strict=True)
            return sum(abs(t - u) <= 0.05 + plain_mea.TOLERANCE for a, b in both for t in a for u in b)

        scale = math.sqrt(near(each[i], each[i]) * near(each[j], each[j]))
        np.testing.assert_allclose(table[i, j], near(each[i], each[j]) / scale if scale else math.nan)


def test_no_contrast_of_a_recording_with_a_gap():
    trains = SpikeTrains.from_lists([[1.0, 5.0], [1.0, 5.0]], stop=10.0, stretches=[(0, 2), (4, 10)])
    row = spike_contrast(trains)
    assert (row.status, row.reason) == (
        Status.NOT_APPLICABLE,
        "the recording was interrupted, and its bins would span that",
    )


def test_contrast_of_one_stretch_is_that_of_a_recording_so_long():
    times = np.array([[1.0, 5.0, 7.3], [1.0, 5.1, 6.0]])
    late = SpikeTrains.from_lists(times + 100.0, stop=500.0, stretches=[(100, 110)])
    whole = SpikeTrains.from_lists(times, stop=10.0)
    assert spike_contrast(late).value == pytest.approx(spike_contrast(whole).value)


# --- connectivity ---


@given(interrupted(), st.sampled_from([0.005, 0.05]))
@settings(deadline=None, max_examples=30)
def test_connectivity_has_the_tiling_coefficients(trains, window):
    found = connectivity(trains, window, surrogates=1, min_rate=0.0)
    np.testing.assert_allclose(found.sttc, sttc(trains, window)[np.ix_(found.trains, found.trains)], atol=1e-6)


@given(interrupted(), st.sampled_from([None, 300]), st.integers(0, 9))
@settings(deadline=None, max_examples=50)
def test_surrogates_stay_in_their_pieces_and_are_counted_as_plainly(trains, longest, seed):
    each, _ = lists(trains)
    firing = [train for train in each if train]
    if not firing:
        return
    ticks = [np.rint(np.array(train) / STEP).astype(np.int64) for train in firing]
    stretches = np.rint(trains.stretches / STEP).astype(np.int64)
    row = np.repeat(np.arange(len(ticks)), [one.size for one in ticks])
    cut = Stretched.of(np.concatenate(ticks), row, stretches, 20, longest)
    np.testing.assert_array_equal(cut.begins[np.searchsorted(cut.begins, stretches[:, 0])], stretches[:, 0])
    assert cut.widths.sum() == (stretches[:, 1] - stretches[:, 0]).sum()
    assert longest is None or (cut.widths >= min(longest, (stretches[:, 1] - stretches[:, 0]).min())).all()
    shift = np.random.default_rng(seed).integers(0, cut.widths, (len(ticks), cut.widths.size))
    found, tiled = next(stretched_counts(cut, 1, np.random.default_rng(seed)))
    moved = []
    for train, spikes in enumerate(ticks):
        at = []
        for tick in spikes.tolist():
            piece = max(k for k in range(cut.begins.size) if cut.begins[k] <= tick)
            begin, width = int(cut.begins[piece]), int(cut.widths[piece])
            at.append(begin + (tick - begin + int(shift[train, piece])) % width)
        moved.append(sorted(at))
    of = [parts(train, stretches.tolist()) for train in moved]
    for i, j in np.ndindex(len(ticks), len(ticks)):
        assert found[i, j] == sum(
            any(abs(t - u) <= 20 for u in b) for a, b in zip(of[i], of[j], strict=True) for t in a
        )
    length = int((stretches[:, 1] - stretches[:, 0]).sum())
    for j, pieces in enumerate(of):
        covered = sum(
            plain_mea.tiled_fraction(piece, 20, begin, end) * (end - begin)
            for piece, (begin, end) in zip(pieces, stretches.tolist(), strict=True)
        )
        assert tiled[j] == pytest.approx(covered / length)


def test_a_spike_at_the_border_of_two_pieces_is_in_the_later_one():
    row, stretches = np.zeros(5, dtype=np.int64), np.array([[0, 10], [20, 30]])
    cut = Stretched.of(np.array([0, 5, 10, 20, 25]), row, stretches, 1, 5)
    assert cut.piece.tolist() == [0, 1, 1, 2, 3]


def test_links_across_a_gap_are_found_and_others_are_not():
    rng = np.random.default_rng(5)
    stretches = [(0.0, 100.0), (400.0, 500.0)]
    alone = [np.concatenate([rng.uniform(a, b - 1, 60) for a, b in stretches]) for _ in range(4)]
    trains = SpikeTrains.from_lists([*alone, alone[0] + 0.01], stop=500.0, stretches=stretches)
    found = connectivity(trains, surrogates=400)
    assert np.argwhere(np.triu(found.links)).tolist() == [[0, 4]]
    # Trains that fire in one stretch each share the gap only: nothing links those in the same one.
    split = SpikeTrains.from_lists([rng.uniform(0, 100, 60) for _ in range(4)], stop=500.0, stretches=stretches)
    assert not connectivity(split, surrogates=400).links.any()


def test_trains_are_tested_by_their_rate_over_the_covered_time():
    times = [np.linspace(0.5, 59.5, 6), np.linspace(1.0, 59.0, 6)]
    gaps = SpikeTrains.from_lists(times, stop=600.0, stretches=[(0, 60), (599, 600)])
    assert connectivity(gaps, surrogates=1).trains.tolist() == [0, 1]
    assert connectivity(SpikeTrains.from_lists(times, stop=600.0), surrogates=1).trains.tolist() == []


# --- stimuli ---


def test_stimuli_need_the_time_around_them_in_one_stretch():
    stimuli = [0.5, 2.0, 4.0, 5.1, 6.0, 9.0]
    trains = SpikeTrains.from_lists([[]], stop=10.0, stretches=[(0, 4.3), (5, 10)])
    assert evoked_responses(trains, stimuli).stimuli.tolist() == [0.5, 2.0, 6.0, 9.0]


@given(interrupted(), st.lists(st.integers(0, 12000), max_size=6), st.integers(0, 2000))
@example(SpikeTrains.from_lists([[]], stop=9.0, stretches=[(1, 3), (5, 9)]), [0, 2500, 4000, 8900], 1000)
@settings(deadline=None)
def test_spontaneous_time_is_the_covered_time_that_no_stimulus_precedes(trains, stimuli, cut):
    free = 0
    for begin, end in np.rint(trains.stretches / STEP).astype(int).tolist():
        # The milliseconds from one tick to the next.
        free += sum(not any(s <= tick < s + cut for s in stimuli) for tick in range(begin, end))
    left = spontaneous_trains(trains, np.array(stimuli) * STEP, cut * STEP)
    assert left.duration == pytest.approx(free * STEP, abs=1e-9)


# --- whole plates ---


def plate_with_gaps(gaps, n_active=6):
    """Return a plate of three stretches of 40 s: its spikes are the same ones, however long the gaps are."""
    rng = np.random.default_rng(11)
    layout = LAYOUTS["24-well"]
    electrodes = electrodes_of(layout)
    begins = np.cumsum([5.0, 40.0 + gaps[0], 40.0 + gaps[1]])
    shared = [np.append(np.sort(rng.uniform(0.0, 39.5, 12)), [0.01, 39.9]) for _ in begins]
    times = [[] for _ in electrodes]
    for place in range(n_active):
        own = [
            np.concatenate([rng.uniform(0, 40, 25), (s + rng.uniform(0, 0.05, (12, s.size))).ravel()]) for s in shared
        ]
        times[place] = np.concatenate([b + o[o < 40.0] for b, o in zip(begins, own, strict=True)])
    stretches = np.column_stack([begins, begins + 40.0])
    trains = SpikeTrains.from_lists(times, electrodes["well"], start=0.0, stop=stretches[-1, 1], stretches=stretches)
    return PlateRecording(layout, electrodes, trains)


def test_no_row_depends_on_how_long_the_gaps_are():
    short, long = (measure_plate(plate_with_gaps(g), DEFINITIONS["axis-2023"]) for g in ((0.001, 0.02), (3.0, 1000.0)))
    assert [(row.feature, row.id, row.status) for row in short] == [(row.feature, row.id, row.status) for row in long]
    for one, other in zip(short, long, strict=True):
        assert (one.value is None) == (other.value is None)
        if one.value is not None:
            assert one.value == pytest.approx(other.value, rel=1e-6, abs=1e-9), one.feature
    measured = {row.feature: row.value for row in short if row.id in {"A1", ""}}
    assert measured["recording_duration"] == pytest.approx(120.0)
    assert measured["network_burst_count"] > 10


def test_without_stretches_the_same_spikes_give_other_rows():
    plate = plate_with_gaps((0.001, 0.02))
    bare = SpikeTrains(plate.trains.times, plate.trains.offsets, plate.trains.groups, 5.0, plate.trains.stop)
    whole = PlateRecording(plate.layout, plate.electrodes, bare)
    apart, across = (
        {row.feature: row.value for row in measure_plate(one, DEFINITIONS["axis-2023"]) if row.id == "A1"}
        for one in (plate, whole)
    )
    for name in ("network_burst_count", "isi_cv", "inter_burst_interval", "sttc", "network_inter_burst_interval"):
        assert apart[name] != across[name], name


def test_the_table_says_that_the_recording_was_interrupted():
    plate = plate_with_gaps((3.0, 9.0), n_active=0)
    rows = measure_plate(plate, DEFINITIONS["axis-2023"])
    said = next(row.reason for row in rows if row.feature == "recording_duration")
    assert said == "stated by the file; interrupted 2 times: nothing is measured across that"
    why = {row.feature: row.reason for row in rows if row.id == "A1_11"}
    assert why["inter_burst_interval"] == "fewer than 2 bursts; intervals across an interruption do not count"
    assert why["burst_duration"] == "no burst"


def test_the_ticks_of_stretches_that_touch_are_apart():
    trains = SpikeTrains.from_lists([[0.5, 1.0]], stop=2.0, stretches=[(0, 1), (1, 2)])
    ticks = Clock.of(trains).stretches(trains)
    assert ticks[0, 1] == ticks[1, 0] - 1
    # What lies on the border is in the later one, and coincides with nothing in the earlier.
    touching = SpikeTrains.from_lists([[0.99], [1.0]], stop=2.0, stretches=[(0, 1), (1, 2)])
    assert sttc(touching, 0.05)[0, 1] < 0
