"""Spreads, medians and quartiles of bursts and network bursts, against one burst after the other."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from reference.plain_medians import (
    plain_average_peak,
    plain_burst_medians,
    plain_iqr,
    plain_mad,
    plain_start_percentage,
)

from mnephys.mea import network_bursts
from mnephys.mea.burst_medians import FEATURES, burst_median_columns
from mnephys.mea.bursts import isi_threshold_bursts
from mnephys.mea.definitions import DEFINITIONS
from mnephys.mea.measure import measure_plate_and_bursts
from mnephys.mea.medians import segment_iqr, segment_mad, segment_median
from mnephys.mea.merge import merge
from mnephys.mea.network_bursts import merged_network_bursts
from mnephys.mea.network_medians import FEATURES as OF_NETWORKS
from mnephys.mea.network_medians import network_median_columns
from mnephys.recording import LAYOUTS, PlateRecording, SpikeTrains
from mnephys.recording.plate import electrodes_of

SEGMENTS = st.lists(st.lists(st.floats(0, 1e6, allow_subnormal=False), max_size=20), max_size=6)
# In ticks of 0.1 ms, as many intervals short as long, and some spikes at one time.
TRAIN = st.lists(st.sampled_from([0, 1, 3, 10, 400, 999, 1000, 1001, 9000]), max_size=60)
ELECTRODE = {
    "burst_duration_sd": "duration_sd",
    "spikes_per_burst_sd": "spikes_sd",
    "burst_isi_sd": "isi_sd",
    "burst_median_isi_sd": "median_isi_sd",
    "inter_burst_interval_sd": "interval_sd",
    "burst_median_isi": "median_isi",
    "burst_median_to_mean_isi": "ratio",
    "burst_duration_iqr": "iqr",
    "burst_duration_median": "duration_median",
    "burst_duration_mad": "duration_mad",
    "spikes_per_burst_median": "spikes_median",
    "spikes_per_burst_mad": "spikes_mad",
    "inter_burst_interval_median": "interval_median",
    "inter_burst_interval_mad": "interval_mad",
}
NETWORK = {
    "network_burst_median_isi": "median_isi",
    "network_burst_median_isi_sd": "median_isi_sd",
    "network_burst_median_to_mean_isi": "ratio",
    "network_burst_median_to_mean_isi_sd": "ratio_sd",
    "network_burst_duration_median": "duration_median",
    "network_burst_duration_mad": "duration_mad",
    "spikes_per_network_burst_median": "spikes_median",
    "spikes_per_network_burst_mad": "spikes_mad",
    "network_burst_duration_iqr": "iqr",
}


def ticks_of(steps, first):
    return first + np.cumsum([0, *steps]) if steps else np.zeros(0, dtype=int)


def plain_runs(ticks, longest, fewest):
    """Return the runs of times with no long interval, as lists."""
    runs = []
    for tick in ticks:
        if runs and tick - runs[-1][-1] <= longest:
            runs[-1].append(tick)
        else:
            runs.append([tick])
    return [run for run in runs if len(run) >= fewest]


@given(parts=SEGMENTS)
@settings(deadline=None)
def test_medians_deviations_and_quartiles_of_segments(parts):
    values = np.concatenate([*parts, np.zeros(0)])
    offsets = np.concatenate([[0], np.cumsum([len(part) for part in parts], dtype=int)])
    for at, part in enumerate(parts):
        median = np.median(part) if part else np.nan
        assert segment_median(values, offsets)[at] == pytest.approx(median, rel=1e-12, nan_ok=True)
        assert segment_mad(values, offsets)[at] == pytest.approx(plain_mad(part), rel=1e-9, abs=1e-9, nan_ok=True)
        assert segment_iqr(values, offsets)[at] == pytest.approx(plain_iqr(part), rel=1e-9, abs=1e-9, nan_ok=True)


@pytest.mark.parametrize("n", [*range(1, 10), 15, 16, 17, 31, 32, 33, 1000])
def test_segments_of_every_length_have_the_median_of_numpy(n):
    rng = np.random.default_rng(n)
    parts = [rng.exponential(1.0, k) for k in (n, 1, n + 1, 2)]
    offsets = np.cumsum([0, n, 1, n + 1, 2])
    np.testing.assert_array_equal(segment_median(np.concatenate(parts), offsets), [np.median(part) for part in parts])


def test_quartiles_of_four_values_are_the_inner_two_and_of_eight_the_third_and_the_sixth():
    values = np.array([8.0, 1.0, 2.0, 4.0, 9.0, 1.0, 2.0, 3.0, 5.0, 6.0, 7.0, 8.0])
    np.testing.assert_allclose(segment_iqr(values, np.array([0, 4, 12])), [2 / 3, 4 / 5.5])


@given(steps=st.lists(TRAIN, min_size=1, max_size=4))
@settings(deadline=None, max_examples=60)
def test_the_bursts_of_electrodes_one_after_the_other(steps):
    ticks = [ticks_of(own, 7) for own in steps]
    trains = SpikeTrains.from_lists([own * 1e-4 for own in ticks], stop=1000.0)
    columns = burst_median_columns(trains, isi_threshold_bursts(trains))
    assert list(columns) == list(ELECTRODE)
    assert set(columns) == set(FEATURES)
    for at, own in enumerate(ticks):
        expected = plain_burst_medians([[1e-4 * t for t in run] for run in plain_runs(own, 1000, 5)])
        for name, key in ELECTRODE.items():
            assert columns[name][at] == pytest.approx(expected[key], rel=1e-9, abs=1e-9, nan_ok=True), name


@given(steps=st.lists(TRAIN, min_size=4, max_size=4))
@settings(deadline=None, max_examples=60)
def test_the_network_bursts_of_wells_one_after_the_other(steps):
    ticks = [ticks_of(own, 11 * k) for k, own in enumerate(steps)]
    trains = SpikeTrains.from_lists([own * 1e-4 for own in ticks], groups=["A", "B", "A", "B"], stop=1000.0)
    merged = merge(trains)
    columns = network_median_columns(merged, merged_network_bursts(merged, 0.1, 4, 0.4))
    assert set(columns) == set(OF_NETWORKS)
    for at in (0, 1):
        both = sorted([(tick, k) for k in (at, at + 2) for tick in ticks[k].tolist()])
        runs = plain_runs([tick for tick, _ in both], 1000, 4)
        expected = plain_burst_medians([[1e-4 * t for t in run] for run in runs])
        for name, key in NETWORK.items():
            assert columns[name][at] == pytest.approx(expected[key], rel=1e-9, abs=1e-9, nan_ok=True), name
        electrodes = [len({k for tick, k in both if run[0] <= tick <= run[-1]}) for run in runs]
        each = [len(run) / n for run, n in zip(runs, electrodes, strict=True)]
        for name, values in (
            ("electrodes_per_network_burst", electrodes),
            ("spikes_per_network_burst_per_electrode", each),
        ):
            median = np.median(values) if values else np.nan
            assert columns[f"{name}_median"][at] == pytest.approx(median, nan_ok=True)
            assert columns[f"{name}_mad"][at] == pytest.approx(plain_mad(values), nan_ok=True)
        rate, time = plain_average_peak(runs, 5000, 10)
        assert columns["average_network_burst_peak_rate"][at] == pytest.approx(rate, nan_ok=True)
        assert columns["average_network_burst_peak_time"][at] == pytest.approx(time, nan_ok=True)
        firsts = [min(k for tick, k in both if tick == run[0]) for run in runs]
        share = plain_start_percentage(firsts)
        assert columns["network_burst_start_percentage"][at] == pytest.approx(share, nan_ok=True)


def test_spikes_beyond_the_window_are_no_part_of_the_average_network_burst():
    # Two spikes at 0.4995 s, and more of them at 0.5 s and after.
    train = [0.0, 0.0999, 0.1999, 0.2999, 0.3999, 0.4995, 0.4996, 0.5, 0.5001, 0.5002]
    merged = merge(SpikeTrains.from_lists([np.array(train) + 3.0], stop=10.0))
    columns = network_median_columns(merged, merged_network_bursts(merged, 0.1, 4, 0.4))
    assert columns["average_network_burst_peak_rate"][0] == pytest.approx(2000)
    assert columns["average_network_burst_peak_time"][0] == pytest.approx(0.4995)


def test_a_network_burst_at_one_time_has_no_ratio_and_spoils_no_other():
    ones = [[1.0] * 5, [3.0, 3.01, 3.02, 3.06, 3.07], [5.0, 5.01, 5.02, 5.04, 5.06]]
    merged = merge(SpikeTrains.from_lists([np.concatenate(ones)], stop=10.0))
    columns = network_median_columns(merged, merged_network_bursts(merged, 0.1, 4, 0.4))
    ratios = [0.01 / 0.0175, 0.015 / 0.015]
    assert columns["network_burst_median_to_mean_isi"][0] == pytest.approx(np.mean(ratios))
    assert columns["network_burst_median_to_mean_isi_sd"][0] == pytest.approx(np.std(ratios, ddof=1))


def test_network_bursts_of_other_trains_are_refused():
    trains = SpikeTrains.from_lists([[1.0, 1.1, 1.2], [1.0]], stop=10.0)
    with pytest.raises(ValueError, match="not found in these trains"):
        network_median_columns(
            merge(SpikeTrains.from_lists([[2.0], [3.0]], stop=10.0)), network_bursts(trains, 0.1, 3, 0)
        )


def test_a_plate_has_the_columns_in_its_rows():
    layout = LAYOUTS["24-well"]
    volley = np.concatenate([start + 0.01 * np.arange(n) for start, n in ((1.0, 6), (5.0, 7), (9.0, 9), (20.0, 12))])
    trains = SpikeTrains.from_lists([volley] + [[]] * 383, electrodes_of(layout)["well"], stop=60.0)
    rows = measure_plate_and_bursts(
        PlateRecording(layout, electrodes_of(layout), trains), DEFINITIONS["axis-2023"]
    ).rows
    found = {(row.feature, row.id): row for row in rows}
    assert found["burst_duration_iqr", "A1_11"].value == pytest.approx((0.08 - 0.06) / 0.07)
    assert found["burst_duration_iqr", "A1"].value == pytest.approx((0.08 - 0.06) / 0.07)
    assert found["spikes_per_burst_mad", "A1_11"].value == 1.5
    assert found["burst_duration_iqr", "A1_12"].reason == "fewer than 4 bursts of some length"


def test_no_interval_reaches_across_a_gap():
    train = np.concatenate([start + 0.01 * np.arange(5) for start in (1.0, 3.0, 20.0, 21.0)])
    trains = SpikeTrains.from_lists([train], stop=30.0, stretches=[(0.0, 10.0), (15.0, 30.0)])
    columns = burst_median_columns(trains, isi_threshold_bursts(trains))
    assert columns["inter_burst_interval_median"][0] == pytest.approx(1.5)
    assert columns["inter_burst_interval_mad"][0] == pytest.approx(0.5)
    assert columns["inter_burst_interval_sd"][0] == pytest.approx(np.sqrt(0.5))
