"""Medians and quartiles of the vendor: electrodes of two to four bursts, whose bursts the export gives away."""

from __future__ import annotations

import numpy as np
import pytest

import mnephys
from mnephys.mea.burst_medians import burst_median_columns
from mnephys.mea.bursts import isi_threshold_bursts
from mnephys.mea.medians import segment_iqr, segment_mad, segment_median
from mnephys.recording import SpikeTrains

DAYS = (5, 8, 11, 14, 15, 17, 21, 23, 26, 28, 31, 34)
TOOL = (
    "mea/exports/nmt2025_24well_DIV41_neuralMetrics.csv",
    "mea/exports/nmt_24well_agonist_neuralMetrics.csv",
    *(f"mea/motor_neuron_neural_metrics/DIV{day:02d}.csv" for day in DAYS),
)
HALF = 0.5e-6
BIN = 10 / 999
"""The vendor counts durations in a thousand steps from 0 to 10 s."""


def electrodes_of(path):
    found = {}
    for row in mnephys.read(path).table:
        if row.level == "electrode" and row.value is not None:
            found.setdefault(row.id, {})[row.feature] = row.value
    return found


def burst_of(start, mean, median):
    """Return four spikes with intervals of this mean and this median, which needs a median of at most 1.5 means."""
    other = 3 * mean - 2 * median
    assert other >= 0
    return start + np.cumsum([0, *([median, median, other] if other > median else [other, median, median])])


def test_median_over_mean_interval_is_taken_burst_by_burst(data):
    off, apart = [], []
    for name in TOOL:
        for own in electrodes_of(data(name)).values():
            if own.get("burst_count") != 2 or "burst_median_isi_sd" not in own:
                continue
            mean, median = own["burst_isi"], own["burst_median_isi"]
            a, b = own["burst_isi_sd"] / np.sqrt(2), own["burst_median_isi_sd"] / np.sqrt(2)
            # The longer mean may belong to the longer median, or to the shorter.
            pairs = [[(mean - a, median - s * b), (mean + a, median + s * b)] for s in (1, -1)]
            trains = [np.concatenate([burst_of(5.0, *x), burst_of(50.0, *y)]) for x, y in pairs if possible(x, y)]
            trains = SpikeTrains.from_lists(trains, stop=120.0)
            columns = burst_median_columns(trains, isi_threshold_bursts(trains, 1.0, 4))
            np.testing.assert_allclose(columns["burst_median_isi"], median, rtol=1e-9)
            np.testing.assert_allclose(columns["burst_median_isi_sd"], own["burst_median_isi_sd"], rtol=1e-6)
            theirs = own["burst_median_to_mean_isi"]
            # Four printed numbers, each off by half a digit, over the shorter of two means.
            allowed = HALF + 4 * HALF * (1 + 1.5) / (mean - a)
            off.append(np.abs(columns["burst_median_to_mean_isi"] - theirs).min() / allowed)
            apart.append(abs(median / mean - theirs))
    assert len(off) >= 90
    assert max(off) <= 1
    assert np.median(apart) > 100 * HALF  # it is not the ratio of the two means


def possible(*bursts):
    return all(0 <= median <= 1.5 * mean for mean, median in bursts)


def durations_of(own):
    """Return the durations of two, three or four bursts from mean, SD, median and deviation."""
    n, mean, sd = int(own["burst_count"]), own["burst_duration"], own["burst_duration_sd"]
    median, mad = own["burst_duration_median"], own["burst_duration_mad"]
    if n == 2:
        return mean + np.array([-1, 1]) * sd / np.sqrt(2)
    if n == 3:
        # The other two from their sum and the sum of their squares.
        rest, square = 3 * mean - median, 2 * sd**2 + 3 * mean**2 - median**2
        apart = np.sqrt(2 * square - rest**2)
        return np.array([(rest - apart) / 2, median, (rest + apart) / 2])
    # The inner two are `h` from the median, the nearer of the outer two 2 MAD - h, the other by the mean: SD says h.
    skew = 4 * (mean - median)
    h = np.arange(0, mad + 1e-9, 0.00004)[:, np.newaxis]
    near, far = 2 * mad - h, 2 * mad - h + abs(skew)
    tried = median + np.sign(skew or 1) * np.hstack([-near, -h, h, far])
    return np.sort(tried[np.abs(tried.std(axis=1, ddof=1) - sd).argmin()])


def test_medians_deviations_and_quartiles_are_the_vendor_s(data):
    electrodes = electrodes_of(data("mea/motor_neuron_neural_metrics/DIV14.csv"))
    compared = dict.fromkeys((2, 3, 4), 0)
    for name, own in electrodes.items():
        n = int(own.get("burst_count", 0))
        if n not in compared:
            continue
        durations, offsets = durations_of(own), np.array([0, n])
        assert durations.mean() == pytest.approx(own["burst_duration"], abs=2 * HALF)
        assert durations.std(ddof=1) == pytest.approx(own["burst_duration_sd"], abs=2 * HALF)
        assert segment_median(durations, offsets)[0] == pytest.approx(own["burst_duration_median"], abs=3 * HALF)
        assert segment_mad(durations, offsets)[0] == pytest.approx(own["burst_duration_mad"], abs=2e-5), name
        compared[n] += 1
        if n == 4:
            ours = segment_iqr(durations, offsets)[0] * own["burst_duration_median"]
            theirs = own["burst_duration_iqr"] * own["burst_duration_median"]
            steps = np.floor(durations / BIN)
            assert theirs == pytest.approx((steps[2] - 1 - steps[1]) * BIN, abs=3 * HALF)
            assert 0 < ours - theirs < 2 * BIN
    assert compared == {2: 7, 3: 5, 4: 6}


def test_the_vendor_counts_durations_in_steps(data):
    electrodes = electrodes_of(data("mea/motor_neuron_neural_metrics/DIV14.csv"))
    apart = [
        own["burst_duration_iqr"] * own["burst_duration_median"]
        for own in electrodes.values()
        if "burst_duration_iqr" in own
    ]
    steps = np.array(apart) / BIN
    np.testing.assert_allclose(steps, np.rint(steps), atol=2e-5)
    assert len(steps) == 36


@pytest.mark.parametrize("name", TOOL[:2])
def test_the_average_network_burst_is_over_all_of_them(data, name):
    table = mnephys.read(data(name)).table
    checked = 0
    for row in table.select("network_burst_count", level="well"):
        if not row.value:
            continue
        share, rate, time = (
            table.get(feature, level="well", id=row.id).value
            for feature in (
                "network_burst_start_percentage",
                "average_network_burst_peak_rate",
                "average_network_burst_peak_time",
            )
        )
        begun, spikes, middle = share / 100 * row.value, rate * 0.001 * row.value, time / 0.001 - 0.5
        np.testing.assert_allclose([begun, spikes, middle], np.rint([begun, spikes, middle]), atol=1e-5)
        checked += 1
    assert checked >= 4


@pytest.mark.parametrize("name", TOOL[:2])
def test_resistances_of_wells_are_those_of_their_electrodes(data, name):
    summary = mnephys.read(data(name))
    table, electrodes = summary.table, electrodes_of(data(name))
    checked = 0
    for row in table.select("electrode_resistance", level="well"):
        own = [
            e["electrode_resistance"]
            for i, e in electrodes.items()
            if i.startswith(row.id + "_") and "electrode_resistance" in e
        ]
        covered = [value for value in own if value >= 18]
        assert row.value == pytest.approx(np.mean(own), abs=2 * HALF)
        spread = table.get("electrode_resistance_sd", level="well", id=row.id)
        assert spread.value == pytest.approx(np.std(own, ddof=1), rel=1e-5)
        assert table.get("covered_electrode_count", level="well", id=row.id).value == len(covered)
        if covered:
            mean = table.get("covered_electrode_resistance", level="well", id=row.id).value
            assert mean == pytest.approx(np.mean(covered), abs=2 * HALF)
        checked += 1
    assert checked == 24
