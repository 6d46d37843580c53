"""Shape, leaders and regularity of network bursts: against a plain reference on real trains, and by hand."""

from __future__ import annotations

import math

import h5py
import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from reference import plain_networks

from mnephys.mea import (
    DEFINITIONS,
    burst_shapes,
    leaders,
    measure_plate,
    network_burst_leaders,
    network_burst_shapes,
    network_bursts,
    recurrence,
)
from mnephys.mea.leaders import leader_columns
from mnephys.mea.recurrence import periodicity, recurrence_columns
from mnephys.mea.regularity import regularity_columns
from mnephys.mea.segments import intervals
from mnephys.measurement import Status
from mnephys.recording import SpikeTrains

STEP = 1 / 12500


@pytest.fixture(scope="module")
def real(data):
    """Return the trains of a real plate, of electrodes with a spike, cut to a stretch of it."""

    def cut(name, start, stop):
        with h5py.File(data(f"mea/spike_trains_hdf5/{name}"), "r") as file:
            times, counts = file["spikes"][:], file["sCount"][:]
            wells = [text.decode().partition("_")[0] for text in file["names"][:]]
        each = np.split(times, np.cumsum(counts)[:-1])
        return SpikeTrains.from_lists([t[(t >= start) & (t <= stop)] for t in each], wells, start, stop)

    return cut


def lists(trains):
    labels, group = trains.grouped()
    each = [trains.times[a:b].tolist() for a, b in zip(trains.offsets[:-1], trains.offsets[1:], strict=True)]
    return [(np.flatnonzero(group == i), [each[k] for k in np.flatnonzero(group == i)]) for i in range(len(labels))]


def compare(trains, bursts, width):
    shapes, found = network_burst_shapes(trains, bursts, width), network_burst_leaders(trains, bursts)
    for i, (members, plain) in enumerate(lists(trains)):
        of = range(bursts.offsets[i], bursts.offsets[i + 1])
        for k in of:
            expected = plain_networks.burst_shape(plain, bursts.start[k], bursts.stop[k], width)
            assert shapes.profile[shapes.offsets[k] : shapes.offsets[k + 1]].tolist() == expected.pop("profile")
            for name, value in expected.items():
                assert getattr(shapes, name)[k] == pytest.approx(value, rel=1e-9, abs=1e-6), name
            assert shapes.peak_time[k] == pytest.approx(bursts.start[k] + expected["rise_time"] / 1000)
        spans = [(bursts.start[k], bursts.stop[k]) for k in of]
        expected = plain_networks.leaders(plain, spans)
        assert [-1 if t < 0 else members.tolist().index(t) for t in found.first[list(of)]] == expected["first"]
        assert found.count[members].tolist() == expected["count"]
        assert found.expected[members] == pytest.approx(expected["expected"])
        assert found.p[members] == pytest.approx(expected["p"], rel=1e-6, abs=1e-12)
        assert found.leads[members].tolist() == expected["leads"]
        starts = bursts.start[list(of)].tolist()
        for name, got in recurrence_columns(bursts).items():
            reference = plain_networks.periodicity if name.endswith("periodicity") else plain_networks.local_variation
            assert got[i] == pytest.approx(math.nan if (e := reference(starts)) is None else e, nan_ok=True), name


@pytest.mark.parametrize(
    ("name", "start", "stop", "fewest"),
    [
        ("CO_20140212_MW1007-51_DIV07_00_001.h5", 200.0, 500.0, 10),
        ("ON_20140507_MW1007-103_DIV12_00_001.h5", 300.0, 500.0, 50),
        ("ON_20140507_MW1007-103_DIV20_00_001.h5", 500.0, 600.0, 50),
    ],
)
def test_real_network_bursts_equal_the_reference(real, name, start, stop, fewest):
    trains = real(name, start, stop)
    bursts = network_bursts(trains, min_spikes=fewest, min_electrodes=0.25)
    assert len(bursts) > 100
    compare(trains, bursts, 0.01)
    compare(trains, network_bursts(trains, method="participation"), 0.01)


grids = st.lists(st.integers(0, 5_000), max_size=60).map(lambda ticks: sorted(set(ticks)))


@given(
    st.lists(st.tuples(st.sampled_from(["A1", "B2"]), grids), min_size=1, max_size=5),
    st.sampled_from([0.0, 86400.0]),
    st.sampled_from([25, 250]),
    st.sampled_from([12, 125]),
)
@example([("B2", [0, 1, 2, 3, 196, 798, 3205]), ("B2", [1, 2, 207, 797, 822, 3204])], 0.0, 25, 12)
@settings(deadline=None, max_examples=150)
def test_made_up_network_bursts_equal_the_reference(each, start, isi, width):
    trains = SpikeTrains.from_lists(
        [[start + t * STEP for t in ticks] for _, ticks in each], [well for well, _ in each], start, start + 1
    )
    for method in ("merged", "participation"):
        compare(trains, network_bursts(trains, isi * STEP, 2, 0.0, method=method), width * STEP)


def test_a_burst_of_known_shape():
    # 10 ms bins from 2.0 s: 1, 2, 6, 3, 2, 0, 1 spikes, on two electrodes.
    counts = [1, 2, 6, 3, 2, 0, 1]
    times = [2.0 + 0.01 * i + (0.001 * (k + 1) if i or k else 0.0) for i, n in enumerate(counts) for k in range(n)]
    trains = SpikeTrains.from_lists([times[::2], times[1::2]], stop=9.0)
    shapes = network_burst_shapes(trains, network_bursts(trains, min_spikes=10))
    assert shapes.profile.tolist() == counts
    assert shapes.peak_rate.tolist() == pytest.approx([600])
    assert shapes.rise_time.tolist() == pytest.approx([25])
    assert shapes.decay_time.tolist() == pytest.approx([61 - 25])
    assert shapes.half_width.tolist() == pytest.approx([20])
    assert shapes.peak_time.tolist() == pytest.approx([2.025])


def test_the_peak_is_never_after_the_last_spike():
    trains = SpikeTrains.from_lists([[1.0, 1.002]], stop=9.0)
    shapes = network_burst_shapes(trains, network_bursts(trains, min_spikes=2))
    assert shapes.rise_time.tolist() == pytest.approx([2.0])
    assert shapes.decay_time.tolist() == pytest.approx([0.0])


def test_no_spike_no_burst_no_train():
    for trains in (SpikeTrains.from_lists([], stop=1.0), SpikeTrains.from_lists([[], [0.5]], stop=1.0)):
        bursts = network_bursts(trains)
        assert len(network_burst_shapes(trains, bursts)) == 0
        found = network_burst_leaders(trains, bursts)
        assert not found.leads.any()
        assert np.isnan(leader_columns(found, trains.grouped()[1])["network_burst_leader_count"]).all()
        assert all(np.isnan(values).all() for values in recurrence_columns(bursts).values())


def test_what_cannot_be_is_refused():
    trains = SpikeTrains.from_lists([[1.0, 1.01, 1.02]], stop=9.0)
    bursts = network_bursts(trains, min_spikes=3)
    for width in (0.0, -1.0, math.nan, math.inf):
        with pytest.raises(ValueError, match="cannot be"):
            network_burst_shapes(trains, bursts, width)
    with pytest.raises(ValueError, match="too small"):
        network_burst_shapes(trains, bursts, 1e-12)
    with pytest.raises(ValueError, match="not found in these trains"):
        network_burst_shapes(SpikeTrains.from_lists([[1.0, 1.01, 1.03]], stop=9.0), bursts)
    with pytest.raises(ValueError, match="not found in these trains"):
        network_burst_shapes(SpikeTrains.from_lists([[1.0]], stop=9.0), bursts)
    with pytest.raises(ValueError, match="not found in these trains"):
        network_burst_shapes(SpikeTrains.from_lists([[1.0, 1.02]], stop=9.0), bursts)
    with pytest.raises(ValueError, match="of 1 groups, the trains of 2"):
        network_burst_shapes(SpikeTrains.from_lists([[1.0], []], ["A1", "A2"], stop=9.0), bursts)


def simulated_bursts(rng, n, electrodes, lead):
    """Bursts of 40 spikes on random electrodes at random times; in a share `lead` of them electrode 0 comes first."""
    trains = [[] for _ in range(electrodes)]
    for k in range(n):
        times = np.sort(rng.uniform(0, 0.2, 40)) + 2.0 * k
        who = rng.integers(0, electrodes, 40)
        if rng.random() < lead:
            who[0] = 0
        for t, w in zip(times, who, strict=True):
            trains[w].append(t)
    return SpikeTrains.from_lists(trains, stop=2.0 * n)


def test_leaders_are_found_and_chance_is_none():
    rng = np.random.default_rng(6)
    false = 0
    for _ in range(100):
        trains = simulated_bursts(rng, 40, 12, 0.0)
        found = network_burst_leaders(trains, network_bursts(trains, min_spikes=40))
        assert found.n_judged.tolist() == [40]
        false += found.leads.any()
    assert false <= 12  # 5 or fewer by chance, +- 2
    trains = simulated_bursts(rng, 40, 12, 0.5)
    found = network_burst_leaders(trains, network_bursts(trains, min_spikes=40))
    assert np.flatnonzero(found.leads).tolist() == [0]


def test_four_bursts_tell_no_leader():
    for n, leads in ((4, False), (5, True)):
        follow = [[k + 0.001 * (i + 1) for k in range(n) for i in range(5)] for _ in range(4)]
        trains = SpikeTrains.from_lists([[float(k) for k in range(n)], *follow], stop=9.0)
        found = network_burst_leaders(trains, network_bursts(trains, min_spikes=20))
        assert found.p[0] == pytest.approx((1 / 5) ** n)
        assert found.leads.tolist() == [leads, False, False, False, False]


def test_an_electrode_of_few_spikes_that_is_first_in_its_turn_does_not_lead():
    rng = np.random.default_rng(0)
    false = 0
    for _ in range(60):
        onset = 10.0 * np.arange(1, 41) + rng.uniform(0, 0.05, (8, 40))
        lists = [(of[:, np.newaxis] + 0.005 * np.arange(12 if k else 3)).ravel() for k, of in enumerate(onset)]
        trains = SpikeTrains.from_lists(lists, stop=420.0)
        found = network_burst_leaders(trains, network_bursts(trains))
        assert found.n_judged[0] >= 38
        false += found.leads.any()
    assert false <= 8  # 3 or fewer by chance, +- 2 standard deviations and more


def test_an_electrode_that_fires_most_is_no_leader_for_that():
    rng = np.random.default_rng(8)
    trains = [[], []]
    for k in range(60):
        for t in np.sort(rng.uniform(0, 0.2, 40)):
            trains[int(rng.random() < 0.1)].append(2.0 * k + t)
    columns = SpikeTrains.from_lists(trains, stop=120.0)
    found = network_burst_leaders(columns, network_bursts(columns, min_spikes=40, min_electrodes=0))
    assert found.count[0] > 40
    assert not found.leads.any()


def test_electrodes_that_are_first_together_do_not_lead():
    trains = SpikeTrains.from_lists([[float(k) for k in range(9)]] * 2, stop=9.0)
    found = network_burst_leaders(trains, network_bursts(trains, min_spikes=2))
    assert found.first.tolist() == [-1] * 9
    assert found.n_judged.tolist() == [0]
    assert found.p.tolist() == [1.0, 1.0]


def test_bursts_by_participation_hold_all_spikes_from_start_to_stop():
    volley = [1.0, 1.01, 1.02, 1.03, 1.04, 1.2]
    trains = SpikeTrains.from_lists([volley, [1.005, 1.015, 1.025, 1.035, 1.045], [1.02]], stop=10.0)
    bursts = network_bursts(trains, method="participation")
    # The third electrode has no burst of its own.
    assert bursts.n_spikes.tolist() == [10]
    shapes, found = network_burst_shapes(trains, bursts), network_burst_leaders(trains, bursts)
    assert shapes.profile.sum() == 11
    assert found.first.tolist() == [0]
    assert found.expected.tolist() == pytest.approx([5 / 11, 5 / 11, 1 / 3])


def starts_as_bursts(starts):
    trains = SpikeTrains.from_lists([np.concatenate([starts, np.asarray(starts) + 0.001])])
    return network_bursts(trains, max_isi=0.01, min_spikes=2)


def test_a_clock_is_periodic_and_chance_is_not():
    rng = np.random.default_rng(3)
    assert periodicity(starts_as_bursts(np.arange(30) * 7.0))[0] == pytest.approx(1.0, abs=0.01)
    jittered = periodicity(starts_as_bursts(7.0 + np.arange(30) * 7.0 + rng.uniform(-0.3, 0.3, 30)))[0]
    for n in (10, 30, 100):
        chance = [periodicity(starts_as_bursts(np.cumsum(0.02 + rng.exponential(5.0, n))))[0] for _ in range(100)]
        assert np.quantile(chance, 0.5) < 3 / math.sqrt(10 * n) < jittered
        assert np.quantile(chance, 0.95) == pytest.approx(3 / math.sqrt(10 * n), rel=0.25)
    assert np.isnan(periodicity(starts_as_bursts(np.arange(9.0)))[0])


def test_local_variation_of_a_clock_and_of_chance():
    rng = np.random.default_rng(3)
    times = np.concatenate([np.arange(50.0), np.cumsum(rng.exponential(1.0, 20_000)), [1.0, 2.0]])
    found = regularity_columns(*intervals(times, np.array([0, 50, 20_050, 20_052])))["isi_lv"]
    assert found[0] == pytest.approx(0.0, abs=1e-12)
    assert found[1] == pytest.approx(1.0, abs=0.03)
    assert np.isnan(found[2])


def test_local_variation_of_times_that_repeat():
    for times, expected in (([1.0, 1.0, 1.0, 2.0], 3.0), ([1.0, 1.0, 1.0], math.nan)):
        between, offsets = intervals(np.array(times), np.array([0, len(times)]))
        assert regularity_columns(between, offsets)["isi_lv"][0] == pytest.approx(expected, nan_ok=True)


def test_rows_of_a_plate(plate_of):
    volleys = {
        f"A1_{label}": [k + d for k in range(12) for d in (at, at + 0.02)]
        for label, at in (("11", 0.1), ("12", 0.105), ("13", 0.11), ("14", 0.115), ("21", 0.12), ("22", 0.125))
    }
    definitions = DEFINITIONS["axis-2015"]
    shapes = {**burst_shapes.FEATURES, **leaders.FEATURES, **recurrence.FEATURES}
    assert set(shapes) == {
        *("network_burst_peak_rate", "network_burst_rise_time", "network_burst_decay_time", "network_burst_half_width"),
        *("network_burst_leader_count", "network_burst_leader_share"),
        *("network_inter_burst_interval_lv", "network_burst_periodicity"),
    }
    measured = measure_plate(plate_of(volleys, disabled=["A1_44"]), definitions)
    rows = {(r.id, r.feature): r for r in measured if r.feature in shapes}
    assert len(rows) == 24 * 8
    assert rows["A1", "network_burst_leader_count"].value == 1
    assert rows["A1", "network_burst_leader_share"].value == 1
    assert rows["A1", "network_burst_periodicity"].value == pytest.approx(1.0, abs=0.02)
    assert rows["A1", "network_burst_rise_time"].value == pytest.approx(25.0)
    assert {row.status for (well, _), row in rows.items() if well == "B1"} == {Status.TOO_FEW_EVENTS}
    off = {f"A1_{c}{r}" for c in "1234" for r in "1234"}
    gone = measure_plate(plate_of({}, disabled=off), definitions)
    assert {row.status for row in gone if row.id == "A1" and row.feature in shapes} == {Status.EXCLUDED}


@pytest.mark.parametrize(("n", "leads"), [(5, False), (6, True)])
def test_electrodes_that_take_part_in_no_network_burst_are_no_chance_to_lead(n, leads):
    """By chance one of two begins all of n with 2 ** -n, and 2 could: that is 6 % for five and 3 % for six."""
    lead = [10.0 * k + t for k in range(n) for t in (0.0, 0.02, 0.04)]
    follow = [t + 0.01 for t in lead]
    trains = SpikeTrains.from_lists([lead, follow] + [[5.0]] * 14, stop=100.0)
    found = network_burst_leaders(trains, network_bursts(trains, 0.1, 6, 0.1))
    assert found.p[0] == pytest.approx(0.5**n)
    assert found.leads.tolist() == [leads] + [False] * 15


def test_no_network_burst_has_no_leader():
    trains = SpikeTrains.from_lists([[1.0], [5.0]], stop=10.0)
    found = network_burst_leaders(trains, network_bursts(trains))
    assert (found.first.size, found.n_judged.tolist(), found.count.tolist()) == (0, [0], [0, 0])
    assert (found.p.tolist(), found.leads.any()) == ([1, 1], False)
