"""Links of pairs that fire together: beside shifting one pair at a time, on independent trains, on real ones."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from reference import plain_connectivity as plain
from reference import plain_mea

import mnephys
from mnephys.mea import connectivity, sttc
from mnephys.mea.surrogates import Ring
from mnephys.recording import SpikeTrains

SAMPLE = 1 / 12500
STOP = 4.0
TRAINS = st.lists(
    st.lists(st.integers(0, 50000), min_size=2, max_size=12, unique=True).map(sorted), min_size=2, max_size=4
)


def trains_of(samples, start=0.0, groups=None):
    return SpikeTrains.from_lists([start + np.array(each) * SAMPLE for each in samples], groups, start, start + STOP)


def shifts_of(label, seed, surrogates, n, length=STOP):
    """Return the shifts as documented: of the seed and the name of the group alone; in s."""
    ticks = round(length * 2**30)
    return np.random.default_rng([seed, *label.encode()]).integers(0, ticks, (surrogates, n)) / 2**30


@given(samples=TRAINS, half=st.integers(0, 4000), seed=st.integers(0, 3))
@settings(deadline=None, max_examples=30)
def test_it_is_the_share_of_shifted_pairs_with_no_smaller_coefficient(samples, half, seed):
    # Half a sample between the window and the nearest possible distance: no rounding decides.
    window = (half + 0.5) * SAMPLE - plain_mea.TOLERANCE
    trains = trains_of(samples)
    found = connectivity(trains, window, 15, seed, min_rate=0)
    np.testing.assert_allclose(found.sttc, sttc(trains, window), atol=1e-8)
    shifts = shifts_of("", seed, 15, len(samples))
    lists = [(np.array(each) * SAMPLE).tolist() for each in samples]
    for i in range(len(samples)):
        assert np.isnan(found.p[i, i])
        for j in range(i):
            expected = plain.p_value(lists[i], lists[j], shifts[:, [i, j]].tolist(), window, 0.0, STOP)
            assert found.p[i, j] == found.p[j, i] == pytest.approx(expected, abs=1e-12)


@given(samples=TRAINS, reach=st.integers(0, 5000), shift=st.lists(st.integers(0, 49999), min_size=4, max_size=4))
@settings(deadline=None)
def test_a_ring_cut_open_is_the_train_that_was_shifted(samples, reach, shift):
    spikes = np.concatenate(samples).astype(np.int64)
    row = np.repeat(np.arange(len(samples)), [len(each) for each in samples])
    found, tiled = Ring.of(spikes, row, 50000, reach).shifted(np.array(shift[: len(samples)]))
    moved = [plain.shifted(each, by, 0, 50000) for each, by in zip(samples, shift, strict=False)]
    for i, a in enumerate(moved):
        assert tiled[i] == pytest.approx(plain_mea.tiled_fraction(a, reach, 0, 50000), abs=1e-12)
        for j, b in enumerate(moved):
            assert found[i, j] == round(plain_mea.coincident_fraction(a, b, reach) * len(a))


def bursting(rng, n, rate=0.2, length=300.0):
    """Return independent trains of bursts of 6 spikes."""
    trains = []
    for _ in range(n):
        onset = rng.uniform(0, length - 1, rng.poisson(rate * length))
        trains.append(np.sort((onset[:, np.newaxis] + rng.uniform(0, 0.3, (onset.size, 6))).ravel()))
    return trains


def test_independent_bursting_trains_are_rarely_linked_and_their_p_values_are_uniform():
    rng = np.random.default_rng(7)
    lists, groups = [], []
    for well in range(10):
        lists += bursting(rng, 8)
        groups += [f"W{well}"] * 8
    found = connectivity(SpikeTrains.from_lists(lists, groups, stop=300.0), surrogates=99)
    pairs = np.concatenate([each.p[np.triu_indices(8, 1)] for each in found.values()])
    assert pairs.size == 280
    for level in (0.05, 0.25, 0.5, 0.75):
        assert (pairs <= level).mean() == pytest.approx(level, abs=4 * np.sqrt(level * (1 - level) / 280))
    assert sum(each.links.any() for each in found.values()) <= 2


def test_trains_that_share_bursts_are_linked_and_others_are_not():
    rng = np.random.default_rng(3)
    own = bursting(rng, 6)
    for at in (1, 2):
        own[at] = np.sort((own[0] + rng.uniform(-0.01, 0.01, own[0].size)).clip(0, 300))
    found = connectivity(SpikeTrains.from_lists(own, stop=300.0))
    together = np.zeros((6, 6), dtype=bool)
    together[:3, :3] = ~np.eye(3, dtype=bool)
    np.testing.assert_array_equal(found.links, together)
    np.testing.assert_array_equal(found.weights, np.where(together, found.sttc, 0.0))
    assert repr(found) == "Connectivity: 3 links of 15 pairs of 6 trains"


def test_another_kind_of_surrogate_comes_to_the_same_links():
    """Elephant's dithered trains: each spike is moved by up to a second."""
    import neo
    import quantities as pq
    from elephant.spike_train_surrogates import dither_spikes

    rng = np.random.default_rng(4)
    own = [np.sort(rng.uniform(1, 99, 80)) for _ in range(3)]
    own.append(np.sort(own[0] + rng.uniform(-0.01, 0.01, 80)))
    links = connectivity(SpikeTrains.from_lists(own, stop=100.0)).links
    np.random.seed(0)  # noqa: NPY002 -- elephant draws from the global generator
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        moved = [dither_spikes(neo.SpikeTrain(t * pq.s, t_stop=100.0), 1 * pq.s, n_surrogates=60) for t in own]
    for i in range(4):
        for j in range(i):
            coefficient = plain_mea.sttc(own[i].tolist(), own[j].tolist(), 0.05, 0.0, 100.0)
            by_chance = [
                plain_mea.sttc(sorted(a.magnitude.tolist()), sorted(b.magnitude.tolist()), 0.05, 0.0, 100.0)
                for a, b in zip(moved[i], moved[j], strict=True)
            ]
            assert links[i, j] == (coefficient > max(by_chance))


@given(
    samples=TRAINS,
    longest=st.sampled_from([0.5, 0.7, 1.0, 3.0, 9.0]),
    seed=st.integers(0, 3),
    half=st.integers(0, 2000),
)
@settings(deadline=None, max_examples=30)
def test_with_a_longest_shift_it_is_the_share_of_trains_shifted_in_pieces(samples, longest, seed, half):
    window = (half + 0.5) * SAMPLE - plain_mea.TOLERANCE
    trains = trains_of(samples)
    found = connectivity(trains, window, 15, seed, min_rate=0, longest_shift=longest)
    ticks, n_pieces = round(STOP * 2**30), max(int(STOP / longest), 1)
    widths = np.full(n_pieces, ticks // n_pieces)
    widths[-1] += ticks - widths.sum()
    rng = np.random.default_rng([seed])
    shifts = [rng.integers(0, widths, (len(samples), n_pieces)) / 2**30 for _ in range(15)]
    lists = [(np.array(each) * SAMPLE).tolist() for each in samples]
    own = np.ones((len(samples), len(samples)))
    for shift in shifts:
        moved = [
            plain.shifted_in_pieces(t, s.tolist(), 0.0, STOP / n_pieces) for t, s in zip(lists, shift, strict=True)
        ]
        for i, j in np.ndindex(own.shape):
            recorded = plain_mea.sttc(lists[i], lists[j], window, 0.0, STOP)
            own[i, j] += plain_mea.sttc(moved[i], moved[j], window, 0.0, STOP) >= recorded - 1e-9
    one, other = np.triu_indices(len(samples), 1)
    assert found.p[one, other] == pytest.approx(own[one, other] / 16, abs=1e-12)


def drifting(rng, n, first=0.2, last=4.0, length=600.0):
    """Return independent Poisson trains whose rates rise alike, from one rate to another."""
    trains = []
    for _ in range(n):
        times = rng.uniform(0, length, rng.poisson(last * length))
        trains.append(np.sort(times[rng.uniform(0, last, times.size) < first + (last - first) * times / length]))
    return trains


def test_a_drift_that_independent_trains_share_links_them_unless_shifts_are_short():
    own = drifting(np.random.default_rng(1), 10)
    trains = SpikeTrains.from_lists(own, stop=600.0)
    assert connectivity(trains, surrogates=200).links.any()
    assert not connectivity(trains, surrogates=200, longest_shift=5.0).links.any()


def test_under_a_shared_drift_short_shifts_give_uniform_p_values_and_find_what_is_shared_besides():
    rng = np.random.default_rng(5)
    own = drifting(rng, 16, length=300.0)
    own.append(np.sort((own[0] + rng.uniform(-0.01, 0.01, own[0].size)).clip(0, 300)))
    found = connectivity(SpikeTrains.from_lists(own, stop=300.0), surrogates=99, longest_shift=5.0)
    apart = found.p[:16, :16][np.triu_indices(16, 1)]
    for level in (0.05, 0.25, 0.5, 0.75):
        assert (apart <= level).mean() == pytest.approx(level, abs=4 * np.sqrt(level * (1 - level) / 120))
    assert found.p[0, 16] == 0.01


def test_by_default_a_few_links_among_many_pairs_are_found():
    rng = np.random.default_rng(0)
    own = [np.sort(rng.uniform(0, 60, 20)) for _ in range(16)]
    for i in (1, 2, 3, 4):
        own[i] = np.sort((own[0] + rng.uniform(-0.01, 0.01, 20)).clip(0, 60))
    trains = SpikeTrains.from_lists(own, stop=60.0)
    found = connectivity(trains)
    assert (found.surrogates, found.fewest_links) == (2399, 1)
    assert found.links[:5, :5].sum() == 20
    assert repr(found).endswith("pairs of 16 trains")
    few = connectivity(trains, surrogates=100)
    assert not few.links.any()
    assert repr(few) == "Connectivity: 0 links of 120 pairs of 16 trains; 100 surrogates find no fewer than 24"


@pytest.mark.parametrize(
    ("n", "alpha", "number"), [(0, 0.05, 200), (5, 0.05, 200), (6, 0.05, 299), (16, 0.05, 2399), (64, 0.05, 10_000)]
)
def test_so_many_surrogates_are_enough_for_one_link_within_bounds(n, alpha, number):
    from mnephys.mea.connectivity import _enough

    assert _enough(n, alpha) == number
    assert _enough(n, 1e-300) == (10_000 if n else 200)


@given(p=st.lists(st.integers(1, 20), min_size=1, max_size=15), alpha=st.sampled_from([0.05, 0.1, 0.3]))
def test_links_are_what_the_step_up_procedure_rejects(p, alpha):
    from mnephys.mea.connectivity import Connectivity, _adjusted

    n = 7
    one, other = np.triu_indices(n, 1)
    values = np.resize(np.array(p) / 20, one.size)
    table = np.full((n, n), np.nan)
    table[one, other] = table[other, one] = values
    found = Connectivity(np.arange(n), np.ones((n, n)), table, _adjusted(table), alpha + 1e-12, 19)
    assert found.links[one, other].tolist() == plain.false_discoveries(values.tolist(), alpha)
    np.testing.assert_array_equal(found.links, found.links.T)


@pytest.mark.parametrize(
    ("n", "surrogates", "alpha", "fewest"), [(16, 200, 0.05, 12), (16, 2399, 0.05, 1), (3, 19, 0.05, 3), (0, 9, 0.1, 0)]
)
def test_few_links_need_many_surrogates(n, surrogates, alpha, fewest):
    from mnephys.mea.connectivity import Connectivity, _adjusted

    pairs = np.triu_indices(n, 1)

    def links(number):
        p = np.ones(pairs[0].size)
        p[:number] = 1 / (surrogates + 1)
        table = np.full((n, n), np.nan)
        table[pairs] = table.T[pairs] = p
        return Connectivity(np.arange(n), np.ones((n, n)), table, _adjusted(table), alpha, surrogates)

    assert links(0).fewest_links == fewest
    assert links(fewest).links.sum() == 2 * fewest
    assert not links(fewest - 1).links.any()


def test_the_seed_decides_and_other_groups_do_not():
    rng = np.random.default_rng(2)
    lists = bursting(rng, 8)
    groups = ["A1", "B1"] * 4
    both = connectivity(SpikeTrains.from_lists(lists, groups, stop=300.0), surrogates=30, seed=5)
    alone = connectivity(SpikeTrains.from_lists(lists[1::2], groups[1::2], stop=300.0), surrogates=30, seed=5)
    other = connectivity(SpikeTrains.from_lists(lists, groups, stop=300.0), surrogates=30, seed=6)
    assert list(both) == ["A1", "B1"]
    np.testing.assert_array_equal(both["B1"].p, alone["B1"].p)
    assert both["B1"].trains.tolist() == [1, 3, 5, 7]
    assert not np.array_equal(both["B1"].p, other["B1"].p, equal_nan=True)


def test_it_does_not_depend_on_when_the_recording_began():
    samples = [np.sort(np.random.default_rng(k).integers(0, 50000, 30)) for k in range(4)]
    here, later = (connectivity(trains_of(samples, start), surrogates=20) for start in (0.0, 86400.0))
    np.testing.assert_array_equal(here.p, later.p)


def test_trains_with_too_few_spikes_are_not_tested():
    lists = [[1.0], [1.0, 2.0, 3.0, 4.0, 5.0], [1.0, 2.0, 3.0, 4.0], np.arange(1.0, 20.0), []]
    trains = SpikeTrains.from_lists(lists, stop=60.0)
    assert connectivity(trains, surrogates=5).trains.tolist() == [1, 3]
    assert connectivity(trains, surrogates=5, min_rate=0).trains.tolist() == [1, 2, 3]
    only = connectivity(SpikeTrains.from_lists(lists[:2], ["A1", "A1"], stop=60.0), surrogates=5)["A1"]
    assert only.trains.size == only.sttc.size == only.p.size == only.links.size == only.fewest_links == 0


@pytest.mark.parametrize("lists", [[], [[], []], [[2.0, 2.0], [2.0, 2.0]]])
def test_what_has_no_length_is_not_tested(lists):
    assert (
        connectivity(SpikeTrains.from_lists(lists, start=2.0) if lists else SpikeTrains.from_lists([])).trains.size == 0
    )


def test_trains_that_are_always_within_reach_are_not_linked():
    trains = SpikeTrains.from_lists([np.arange(0.0, 10.0, 0.05), np.arange(0.02, 10.0, 0.05)], stop=10.0)
    found = connectivity(trains, 0.1, 40)
    assert found.sttc[0, 1] == 1.0
    assert found.p[0, 1] == 1.0


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"window": -1.0}, "a window of -1.0 s cannot be"),
        ({"surrogates": 0}, "0 surrogates test nothing"),
        ({"seed": -1}, "a seed of -1 cannot be"),
        ({"alpha": 0.0}, "alpha is 0.0"),
        ({"alpha": float("nan")}, "alpha is nan"),
        ({"min_rate": -1.0}, "min_rate is -1.0"),
        ({"longest_shift": 0.1}, "a longest shift of 0.1 s cannot be; give more than twice the window"),
        ({"longest_shift": float("nan")}, "a longest shift of nan s"),
        ({"longest_shift": float("inf")}, "a longest shift of inf s"),
    ],
)
def test_what_cannot_be_is_refused(wrong, message):
    with pytest.raises(ValueError, match=message):
        connectivity(SpikeTrains.from_lists([[1.0, 2.0]]), **wrong)


def test_a_real_well_agrees_with_shifting_pair_by_pair(data):
    plate = mnephys.read(data("mea/spike_trains_hdf5/CO_20140212_MW1007-51_DIV05_00_001.h5"))
    found = connectivity(plate.trains, surrogates=6, seed=1)
    sizes = {label: plate.trains.counts[each.trains].sum() for label, each in found.items() if each.trains.size > 2}
    label = min(sizes, key=sizes.get)
    each, start, stop = found[label], plate.start, plate.stop
    shifts = shifts_of(label, 1, 6, each.trains.size, stop - start)
    own = [plate.trains.times[plate.trains.offsets[k] : plate.trains.offsets[k + 1]].tolist() for k in each.trains]
    for i in range(len(own)):
        for j in range(i):
            expected = plain.p_value(own[i], own[j], shifts[:, [i, j]].tolist(), 0.05, start, stop)
            assert each.p[i, j] == pytest.approx(expected, abs=1e-12)


def test_one_surrogate_is_the_fewest_that_can_be_asked_for():
    trains = SpikeTrains.from_lists([np.arange(1.0, 60.0, 2.3), np.arange(1.0, 60.0, 3.1)], stop=60.0)
    assert connectivity(trains, surrogates=1).surrogates == 1
    with pytest.raises(ValueError, match="give at least 1"):
        connectivity(trains, surrogates=0)
