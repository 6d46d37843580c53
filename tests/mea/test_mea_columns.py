"""Columns of electrodes and wells: closed forms, numpy's own statistics, and what averages over what."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mnephys.mea import bursts, network_bursts
from mnephys.mea.electrodes import FEATURES, WHY_NOT, active_electrodes, electrode_columns
from mnephys.mea.network import FEATURES as OF_NETWORKS
from mnephys.mea.network import SHARE_2015, network_columns
from mnephys.mea.segments import intervals, segment_cv, segment_mean, segment_sum
from mnephys.mea.wells import WHY_NOT as WELL_WHY_NOT
from mnephys.mea.wells import well_columns
from mnephys.recording import SpikeTrains

SEGMENTS = st.lists(st.lists(st.floats(0, 1e6, allow_subnormal=False), max_size=8), max_size=6)


def columns_of(trains, duration=60.0):
    trains = SpikeTrains.from_lists(trains, stop=duration)
    return electrode_columns(trains, bursts(trains), duration)


@given(parts=SEGMENTS)
@settings(deadline=None)
def test_segments_are_summed_and_averaged_as_numpy_does_each(parts):
    values = np.concatenate([*parts, np.zeros(0)])
    offsets = np.concatenate([[0], np.cumsum([len(part) for part in parts], dtype=int)])
    between, within = intervals(values, offsets)
    for at, part in enumerate(parts):
        assert segment_sum(values, offsets)[at] == pytest.approx(sum(part), rel=1e-12)
        np.testing.assert_array_equal(between[within[at] : within[at + 1]], np.diff(part))
        mean, cv = segment_mean(values, offsets)[at], segment_cv(values, offsets)[at]
        assert np.isnan(mean) if not part else mean == pytest.approx(np.mean(part), rel=1e-12)
        if len(part) < 2 or not any(part):
            assert np.isnan(cv)
        else:
            assert cv == pytest.approx(np.std(part, ddof=1) / np.mean(part), rel=1e-9, abs=1e-9)


def test_an_electrode_with_bursts_of_known_shape():
    # Bursts of 5, 6 and 7 spikes, 10, 20 and 30 ms apart, beginning at 1, 3 and 8 s; and two spikes alone.
    shapes = zip((1.0, 3.0, 8.0), (5, 6, 7), (0.01, 0.02, 0.03), strict=True)
    train = np.concatenate([*(start + isi * np.arange(n) for start, n, isi in shapes), [20.0, 30.0]])
    found = {name: values[0] for name, values in columns_of([train]).items()}
    unlike = np.diff(train, 2) / (np.diff(train)[1:] + np.diff(train)[:-1])
    assert found == pytest.approx(
        {
            "spike_count": 20,
            "mean_firing_rate": 20 / 60,
            "isi_cv": np.std(np.diff(train), ddof=1) / np.mean(np.diff(train)),
            "isi_cv2": 2 * np.abs(unlike).mean(),
            "isi_lv": 3 * (unlike**2).mean(),
            "isi_lvr": (3 * unlike**2 * (1 + 0.02 / (np.diff(train)[1:] + np.diff(train)[:-1]))).mean(),
            "burst_count": 3,
            "burst_rate": 3 / 60,
            "burst_duration": (0.04 + 0.1 + 0.18) / 3,
            "spikes_per_burst": 6,
            "burst_isi": 0.02,
            "inter_burst_interval": 3.5,
            "inter_burst_interval_cv": np.std([2, 5], ddof=1) / 3.5,
            "burst_percentage": 90,
            "burst_duration_sd": np.std([0.04, 0.1, 0.18], ddof=1),
            "spikes_per_burst_sd": 1,
            "burst_isi_sd": 0.01,
            "burst_median_isi_sd": 0.01,
            "inter_burst_interval_sd": np.std([2, 5], ddof=1),
            "burst_median_isi": 0.02,
            "burst_median_to_mean_isi": 1,
            "burst_duration_iqr": np.nan,
            "burst_duration_median": 0.1,
            "burst_duration_mad": 0.06,
            "spikes_per_burst_median": 6,
            "spikes_per_burst_mad": 1,
            "inter_burst_interval_median": 3.5,
            "inter_burst_interval_mad": 1.5,
        },
        nan_ok=True,
    )


def volleys(*starts):
    return np.concatenate([start + 0.1 * np.arange(5) for start in starts])


NO_QUARTILES = {"burst_duration_iqr"}
NO_SPREAD = {"burst_duration_sd", "spikes_per_burst_sd", "burst_isi_sd", "burst_median_isi_sd"}
NO_SPREAD_OF_INTERVALS = {"inter_burst_interval_cv", "inter_burst_interval_sd"}
NO_INTERVAL = NO_SPREAD_OF_INTERVALS | {
    "inter_burst_interval",
    "inter_burst_interval_median",
    "inter_burst_interval_mad",
}


@pytest.mark.parametrize(
    ("train", "undefined"),
    [
        ([], {*WHY_NOT}),
        ([1.0, 2.0], {*WHY_NOT} - {"burst_percentage"}),
        ([1.0, 2.0, 3.0], {*WHY_NOT} - {"burst_percentage", "isi_cv", "isi_cv2", "isi_lv", "isi_lvr"}),
        ([1.0, 1.0, 1.0], {*WHY_NOT} - {"burst_percentage"}),
        ([1.0] * 5 + [2.0], NO_QUARTILES | NO_SPREAD | NO_INTERVAL | {"burst_median_to_mean_isi"}),
        (np.arange(5) * 0.1, NO_QUARTILES | NO_SPREAD | NO_INTERVAL),
        (volleys(0, 10), NO_QUARTILES | NO_SPREAD_OF_INTERVALS),
        (volleys(0, 10, 20), NO_QUARTILES),
        (volleys(0, 10, 20, 30), set()),
    ],
)
def test_what_an_electrode_has_none_of_is_not_a_number(train, undefined):
    columns = columns_of([[5.0], train])
    assert {name for name, values in columns.items() if np.isnan(values[1])} == undefined
    assert list(columns) == list(FEATURES)


def test_identical_trains_have_identical_columns_wherever_they_stand():
    rng = np.random.default_rng(3)
    train = np.sort(rng.uniform(0, 60, 500))
    columns = columns_of([[], train, [1.0], [], train, []])
    for values in columns.values():
        np.testing.assert_array_equal(values[1], values[4])
        np.testing.assert_array_equal(values[[0, 3]], values[[5, 5]])


def test_no_rate_without_a_duration():
    columns = columns_of([[]], 0.0)
    assert np.isnan(columns["mean_firing_rate"][0])
    assert columns["spike_count"][0] == 0


@pytest.mark.parametrize("start", [0.0, 102.3, 86400.1])
@pytest.mark.parametrize("minutes", [1, 10, 15])
def test_exactly_the_least_rate_is_active(start, minutes):
    duration = (start + 60.0 * minutes) - start
    count = np.array([5 * minutes - 1, 5 * minutes, 5 * minutes + 1])
    assert active_electrodes(count, duration, 5.0).tolist() == [False, True, True]


def test_a_silent_electrode_is_never_active():
    assert not active_electrodes(np.array([0]), 60.0, 0.0).any()
    assert not active_electrodes(np.array([0]), 0.0, 5.0).any()


def electrode_table(**columns):
    n = len(next(iter(columns.values())))
    return {name: np.array(columns.get(name, [np.nan] * n), dtype=float) for name in FEATURES}


def test_wells_average_over_electrodes_and_not_over_bursts():
    electrodes = electrode_table(
        spike_count=[600, 60, 6, 0, 12],
        mean_firing_rate=[10.0, 1.0, 0.1, 0.0, 0.2],
        isi_cv=[2.0, 1.0, 9.0, np.nan, 3.0],
        isi_cv2=[1.0, 0.5, 2.0, np.nan, 0.0],
        isi_lv=[1.2, 0.2, 3.0, np.nan, 0.0],
        isi_lvr=[4.0, 1.0, 90.0, np.nan, 0.0],
        burst_count=[50, 1, 2, 0, 0],
        burst_rate=[50 / 60, 1 / 60, 2 / 60, 0, 0],
        burst_duration=[0.1, 0.4, 0.7, np.nan, np.nan],
        spikes_per_burst=[10, 6, 5, np.nan, np.nan],
        burst_isi=[0.01, 0.02, 0.03, np.nan, np.nan],
        inter_burst_interval=[1.0, np.nan, 3.0, np.nan, np.nan],
        inter_burst_interval_cv=[0.5, np.nan, np.nan, np.nan, np.nan],
        burst_percentage=[80, 10, 100, np.nan, 0],
        burst_median_isi=[0.01, 0.02, 0.06, np.nan, np.nan],
        burst_median_to_mean_isi=[1.0, 0.5, np.nan, np.nan, np.nan],
        burst_duration_iqr=[0.4, np.nan, np.nan, np.nan, np.nan],
        burst_duration_median=[0.2, 0.4, 0.9, np.nan, np.nan],
        spikes_per_burst_median=[8, 6, 4, np.nan, np.nan],
        inter_burst_interval_median=[2.0, np.nan, 6.0, np.nan, np.nan],
        # What electrodes have of themselves is no part of what wells have.
        burst_duration_sd=[9.0] * 5,
        burst_duration_mad=[9.0] * 5,
    )
    active = np.array([True, True, False, False, True])
    wells = well_columns(electrodes, active, np.array([0, 0, 0, 0, 1]), 2)
    assert {name: values[0] for name, values in wells.items()} == pytest.approx(
        {
            "spike_count": 666,
            "mean_firing_rate": 11.1 / 4,
            "weighted_mean_firing_rate": 5.5,
            "electrode_count": 4,
            "active_electrode_count": 2,
            "active_electrode_fraction": 0.5,
            "isi_cv": 1.5,
            "isi_cv2": 0.75,
            "isi_lv": 0.7,
            "isi_lvr": 2.5,
            "burst_count": 53,
            "bursting_electrode_count": 3,
            "burst_rate": 53 / 180,
            "burst_duration": 0.4,
            "spikes_per_burst": 7,
            "burst_isi": 0.02,
            "inter_burst_interval": 2.0,
            "inter_burst_interval_cv": 0.5,
            "burst_percentage": 190 / 3,
            "burst_duration_sd": 0.3,
            "spikes_per_burst_sd": np.std([10, 6, 5], ddof=1),
            "burst_isi_sd": 0.01,
            "inter_burst_interval_sd": np.sqrt(2),
            "inter_burst_interval_cv_sd": np.nan,
            "burst_rate_sd": np.std([50, 1, 2], ddof=1) / 60,
            "burst_percentage_sd": np.std([80, 10, 100], ddof=1),
            "burst_median_isi": 0.03,
            "burst_median_isi_sd": np.std([1, 2, 6], ddof=1) / 100,
            "burst_median_to_mean_isi": 0.75,
            "burst_median_to_mean_isi_sd": np.sqrt(0.125),
            "burst_duration_iqr": 0.4,
            "burst_duration_iqr_sd": np.nan,
            "burst_duration_median": 0.5,
            "burst_duration_median_sd": np.std([2, 4, 9], ddof=1) / 10,
            "spikes_per_burst_median": 6,
            "spikes_per_burst_median_sd": 2,
            "inter_burst_interval_median": 4,
            "inter_burst_interval_median_sd": np.sqrt(8),
        },
        nan_ok=True,
    )
    assert wells["burst_rate"][1] == 0
    assert wells["burst_percentage"][1] == 0
    assert np.isnan(wells["burst_duration"][1])


def test_metrics_that_an_export_writes_as_0_where_they_are_not_defined_do_not_count():
    """A vendor's export has 0 as interval of a single burst, and 0 as variation of a single interval."""
    counts = {"spike_count": [100] * 3, "burst_count": [1, 2, 3]}
    electrodes = electrode_table(
        **counts, inter_burst_interval=[0, 4, 6], inter_burst_interval_cv=[0, 0, 0.5], burst_rate=[1, 2, 3]
    )
    wells = well_columns(electrodes, np.ones(3, dtype=bool), np.zeros(3, dtype=int), 1)
    assert wells["inter_burst_interval"][0] == 5
    assert wells["inter_burst_interval_cv"][0] == 0.5


def test_only_electrodes_whose_bursts_differ_in_length_count_for_their_quartiles():
    electrodes = electrode_table(burst_count=[9, 4, 5, 3], burst_duration_iqr=[0.3, -0.1, 0.0, 0.7])
    wells = well_columns(electrodes, np.ones(4, dtype=bool), np.zeros(4, dtype=int), 1)
    assert wells["burst_duration_iqr"][0] == 0.3


def test_a_silent_well_has_counts_and_rates_of_0_and_nothing_else():
    electrodes = columns_of([[], [], []])
    wells = well_columns(electrodes, np.zeros(3, dtype=bool), np.array([1, 1, 1]), 2)
    undefined = {name for name, values in wells.items() if np.isnan(values[1])}
    assert undefined == {*WELL_WHY_NOT}
    assert {float(values[1]) for name, values in wells.items() if name not in undefined} == {0.0, 3.0}
    assert wells["electrode_count"][1] == 3


def test_rates_of_a_well_without_a_duration_are_unknown_and_not_0():
    electrodes = columns_of([[]], 0.0)
    wells = well_columns(electrodes, np.zeros(1, dtype=bool), np.zeros(1, dtype=int), 1)
    for name in ("mean_firing_rate", "weighted_mean_firing_rate", "burst_rate"):
        assert np.isnan(wells[name][0])


def test_the_order_of_electrodes_makes_no_difference_to_their_wells():
    rng = np.random.default_rng(8)
    trains = [np.sort(rng.uniform(0, 60, n)) for n in rng.integers(0, 900, 12)]
    group = np.repeat([0, 1, 2], 4)
    shuffled = rng.permutation(12)
    tables = []
    for order in (np.arange(12), shuffled):
        columns = columns_of([trains[k] for k in order])
        active = active_electrodes(columns["spike_count"].astype(int), 60.0, 5.0)
        tables.append(well_columns(columns, active, group[order], 3))
    for name, values in tables[0].items():
        np.testing.assert_allclose(tables[1][name], values, rtol=1e-12)


def test_a_well_with_network_bursts_of_known_shape():
    # Three volleys over two electrodes, beginning at 1, 3 and 8 s, the last on one of them alone, and a spike alone.
    first = np.concatenate([1.0 + 0.01 * np.arange(5), 3.0 + 0.02 * np.arange(5), 8.0 + 0.03 * np.arange(10)])
    second = np.concatenate([1.005 + 0.01 * np.arange(5), 3.01 + 0.02 * np.arange(5), [50.0]])
    trains = SpikeTrains.from_lists([first, second, [], []], groups=["A1", "A1", "A1", "B1"], stop=60.0)
    found = network_columns(network_bursts(trains, 0.1, 10, 0.3), np.array([31.0, 0.0]), 60.0)
    assert list(found) == [name for name in OF_NETWORKS if name != SHARE_2015]
    assert {name: values[0] for name, values in found.items()} == pytest.approx(
        {
            "network_burst_count": 3,
            "network_burst_rate": 3 / 60,
            "network_burst_duration": (0.045 + 0.09 + 0.27) / 3,
            "network_burst_duration_sd": np.std([0.045, 0.09, 0.27], ddof=1),
            "spikes_per_network_burst": 10,
            "spikes_per_network_burst_sd": 0,
            "spikes_per_network_burst_per_electrode": 20 / 3,
            "spikes_per_network_burst_per_electrode_sd": np.std([5, 5, 10], ddof=1),
            "network_burst_isi": (0.005 + 0.01 + 0.03) / 3,
            "network_burst_isi_sd": np.std([0.005, 0.01, 0.03], ddof=1),
            "electrodes_per_network_burst": 5 / 3,
            "electrodes_per_network_burst_sd": np.std([2, 2, 1], ddof=1),
            "network_burst_percentage": 100 * 30 / 31,
            "network_inter_burst_interval": 3.5,
            "network_inter_burst_interval_cv": np.std([2, 5], ddof=1) / 3.5,
        }
    )
    silent = {name: float(values[1]) for name, values in found.items()}
    assert silent.pop("network_burst_count") == silent.pop("network_burst_rate") == 0
    assert all(np.isnan(value) for value in silent.values())
