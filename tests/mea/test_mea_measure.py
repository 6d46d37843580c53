"""A plate as measurements: every row that there must be, and the reason of each that has no number."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter
from dataclasses import replace

import h5py
import numpy as np
import pytest

from mnephys import units
from mnephys.mea import DEFINITIONS, burst_shapes, definitions, leaders, measure_plate, network_medians
from mnephys.mea.measure import FEATURES
from mnephys.measurement import FeatureTable, Status
from mnephys.recording import LAYOUTS, SIMULATED_COMMENT, DurationSource, PlateRecording, SpikeTrains
from mnephys.recording.plate import electrodes_of

CURRENT = definitions("axis-2023")
SPREADS = {name for name in FEATURES if name.endswith("_sd") and "burst" in name}
# The rate at the peak of a burst is not over the recording.
RATES = {name for name, feature in FEATURES.items() if feature.unit == "Hz"} - {
    "network_burst_peak_rate",
    "average_network_burst_peak_rate",
}
OF_VOLTAGE = {"noise_level", "line_noise"}
VOLLEYS = np.concatenate([start + 0.02 * np.arange(8) for start in (2.0, 9.0, 20.0, 33.0)])
UNLIKE = np.diff(VOLLEYS, 2) / (np.diff(VOLLEYS)[1:] + np.diff(VOLLEYS)[:-1])
BUSY = {f"A1_{label}": VOLLEYS + 0.001 * k for k, label in enumerate(LAYOUTS["24-well"].labels[:10])}
# Ten volleys one millisecond apart: the spikes follow after 1 ms, and after 11 ms from one round to the next.
MEDIANS = {
    "burst_median_isi": 0.02,
    "burst_median_to_mean_isi": 1,
    "burst_duration_median": 0.14,
    "spikes_per_burst_median": 8,
    "inter_burst_interval_median": 11,
    "network_burst_median_isi": 0.001,
    "network_burst_median_to_mean_isi": 0.079 / 0.149,
    "network_burst_duration_median": 0.149,
    "spikes_per_network_burst_median": 80,
    "electrodes_per_network_burst_median": 10,
    "spikes_per_network_burst_per_electrode_median": 8,
    **{f"{name}_mad": 0 for name in ("network_burst_duration", "spikes_per_network_burst")},
    **{f"{name}_mad": 0 for name in ("electrodes_per_network_burst", "spikes_per_network_burst_per_electrode")},
    "network_burst_duration_iqr": 0,
    # One spike a millisecond in the first ten.
    "average_network_burst_peak_rate": 1000,
    "average_network_burst_peak_time": 0.0005,
    "network_burst_start_percentage": 100,
}


def at(level):
    """Return the features of a level that recordings of spikes have."""
    return {name for name, feature in FEATURES.items() if level in feature.levels} - OF_VOLTAGE


def table_of(recording, by=CURRENT):
    return FeatureTable(tuple(measure_plate(recording, by)))


def numbers(table, level, place):
    return {row.feature: row.value for row in table if (row.level, row.id) == (level, place) and row.value is not None}


def test_every_place_has_every_feature_of_its_level_once(plate_of):
    table = table_of(plate_of(BUSY))
    layout = LAYOUTS["24-well"]
    seen = Counter((row.level, row.id, row.feature) for row in table)
    expected = {("plate", "", name) for name in at("plate")}
    expected |= {("well", well, name) for well in layout.wells for name in at("well")}
    expected |= {
        ("electrode", f"{w}_{e}", name) for w in layout.wells for e in layout.labels for name in at("electrode")
    }
    assert set(seen) == expected
    assert set(seen.values()) == {1}
    for row in table:
        assert row.unit == FEATURES[row.feature].unit
        assert row.level in FEATURES[row.feature].levels


def test_every_feature_is_declared_with_a_unit_a_meaning_and_a_range():
    for name, feature in FEATURES.items():
        assert feature.name == name
        assert units.unit(feature.unit).symbol == feature.unit
        assert feature.meaning
        assert len(feature.meaning.splitlines()) == 1
        assert feature.source
        assert feature.plausible[0] < feature.plausible[1]
    assert FEATURES["burst_duration"].parameters == {"max_isi_s": 0.1, "min_spikes": 5}


def test_rows_of_one_place_stand_together_in_the_order_of_the_plate(plate_of):
    table = table_of(plate_of())
    places = list(dict.fromkeys((row.level, row.id) for row in table))
    layout = LAYOUTS["24-well"]
    wells = [("well", well) for well in layout.wells]
    electrodes = [("electrode", f"{well}_{label}") for well in layout.wells for label in layout.labels]
    assert places == [("plate", ""), *wells, *electrodes]


def test_a_well_of_known_spikes(plate_of):
    table = table_of(plate_of(BUSY))
    well = numbers(table, "well", "A1")
    assert well == pytest.approx(
        {
            "spike_count": 320,
            "mean_firing_rate": 320 / 16 / 60,
            "weighted_mean_firing_rate": 32 / 60,
            "electrode_count": 16,
            "active_electrode_count": 10,
            "active_electrode_fraction": 0.625,
            "isi_cv": np.std(np.diff(VOLLEYS), ddof=1) / np.mean(np.diff(VOLLEYS)),
            "isi_cv2": 2 * np.abs(UNLIKE).mean(),
            "isi_lv": 3 * (UNLIKE**2).mean(),
            "isi_lvr": (3 * UNLIKE**2 * (1 + 0.02 / (np.diff(VOLLEYS)[1:] + np.diff(VOLLEYS)[:-1]))).mean(),
            "burst_count": 40,
            "bursting_electrode_count": 10,
            "burst_rate": 4 / 60,
            "burst_duration": 0.14,
            "spikes_per_burst": 8,
            "burst_isi": 0.02,
            "inter_burst_interval": 31 / 3,
            "inter_burst_interval_cv": np.std([7, 11, 13], ddof=1) / (31 / 3),
            "burst_percentage": 100,
            **dict.fromkeys(SPREADS - {"burst_duration_iqr_sd"}, 0),
            **MEDIANS,
            "spikes_per_network_burst_per_electrode": 8,
            "network_burst_count": 4,
            "network_burst_rate": 4 / 60,
            "network_burst_duration": 0.149,
            "spikes_per_network_burst": 80,
            "network_burst_isi": 0.149 / 79,
            "electrodes_per_network_burst": 10,
            "network_burst_percentage": 100,
            "network_burst_percentage_axis_2015": 100,
            "network_inter_burst_interval": 31 / 3,
            "network_inter_burst_interval_cv": np.std([7, 11, 13], ddof=1) / (31 / 3),
            "network_inter_burst_interval_lv": 3 / 2 * ((4 / 18) ** 2 + (2 / 24) ** 2),
            # Ten spikes in the first of fifteen bins of 10 ms, and the last spike 149 ms after the first.
            "network_burst_peak_rate": 1000,
            "network_burst_rise_time": 5,
            "network_burst_decay_time": 144,
            "network_burst_half_width": 10,
            "coincident_spike_percentage": 0,
            "sttc": 1.0,
        },
        abs=1e-12,
    )
    assert numbers(table, "electrode", "A1_11") == pytest.approx(
        {name: well.get(name, 0) for name in at("electrode") - {"qc_electrode"}}
        | {"spike_count": 32, "mean_firing_rate": 32 / 60, "burst_count": 4}
        | {"inter_burst_interval_sd": np.std([7, 11, 13], ddof=1), "inter_burst_interval_mad": 2},
        abs=1e-12,
    )


def test_the_definitions_stand_with_their_numbers(plate_of):
    plate = {row.feature: row for row in table_of(plate_of(), DEFINITIONS["axis-2015"]) if row.level == "plate"}
    assert plate["definitions"].text == "axis-2015"
    assert {name: row.value for name, row in plate.items() if row.value is not None} == {
        "recording_duration": 60,
        "active_min_rate": 5,
        "burst_max_isi": 0.1,
        "burst_min_spikes": 5,
        "network_burst_max_isi": 0.1,
        "network_burst_min_spikes": 10,
        "network_burst_min_electrodes": 25,
        "sttc_window": 0.05,
    }
    assert plate["recording_duration"].reason == "stated by the file"
    changed = table_of(plate_of(), replace(CURRENT, burst_max_isi=0.05))
    assert changed.get("definitions", level="plate").text == "custom"


def test_the_definitions_are_those_that_are_measured_by(plate_of):
    recording = plate_of({f"A1_1{k}": VOLLEYS for k in (1, 2, 3, 4)})
    old, new = (table_of(recording, definitions(name)) for name in ("axis-2015", "axis-2023"))
    assert old.get("network_burst_count", level="well", id="A1").value == 4
    assert new.get("network_burst_count", level="well", id="A1").value == 0
    strict = table_of(recording, replace(CURRENT, burst_min_spikes=9, active_min_rate=33.0))
    assert strict.get("burst_count", level="well", id="A1").value == 0
    assert strict.get("active_electrode_count", level="well", id="A1").value == 0
    short = table_of(recording, replace(CURRENT, burst_max_isi=0.01))
    assert short.get("burst_count", level="well", id="A1").value == 0
    assert short.get("network_burst_count", level="well", id="A1").value == 0
    short = table_of(recording, replace(definitions("axis-2015"), network_burst_max_isi=0.01))
    assert short.get("burst_count", level="well", id="A1").value == 16
    assert short.get("network_burst_count", level="well", id="A1").value == 0
    apart = plate_of({"A1_11": VOLLEYS, "A1_12": VOLLEYS + 0.003})
    for window, coincide in ((0.003, True), (0.002, False)):
        synchrony = table_of(apart, replace(CURRENT, sttc_window=window)).get("sttc", level="well", id="A1").value
        assert (synchrony == 1) is coincide


def test_a_silent_well_is_measured_all_the_same(plate_of):
    rows = {row.feature: row for row in table_of(plate_of(BUSY)) if row.id == "B2"}
    assert {name for name, row in rows.items() if row.value == 0} == {
        "spike_count",
        "active_electrode_count",
        "active_electrode_fraction",
        "burst_count",
        "bursting_electrode_count",
        "network_burst_count",
        *RATES - {"burst_rate_sd"},
    }
    assert rows["qc_well"].text == "ok"
    without = {name: row for name, row in rows.items() if row.value is None and name != "qc_well"}
    assert {row.status for row in without.values()} == {Status.TOO_FEW_EVENTS}
    assert {name: row.reason for name, row in without.items()} == {
        **dict.fromkeys(("isi_cv", "isi_cv2", "isi_lv", "isi_lvr"), "no active electrode with 3 spikes"),
        **dict.fromkeys(network_medians.FEATURES, "no network burst"),
        "network_burst_duration_iqr": "fewer than 4 network bursts",
        **dict.fromkeys((name for name in SPREADS if "network" in name), "fewer than 2 network bursts"),
        "network_burst_median_to_mean_isi": "no network burst with spikes at different times",
        "network_burst_median_to_mean_isi_sd": "fewer than 2 network bursts with spikes at different times",
        "burst_median_isi": "no burst",
        "burst_median_isi_sd": "fewer than 2 electrodes with a burst",
        "burst_median_to_mean_isi": "no burst with spikes at different times",
        "burst_median_to_mean_isi_sd": "fewer than 2 electrodes with a burst",
        "burst_duration_iqr": "no electrode with 4 bursts of different lengths",
        "burst_duration_iqr_sd": "fewer than 2 electrodes with 4 bursts of different lengths",
        "burst_duration_median": "no burst",
        "burst_duration_median_sd": "fewer than 2 electrodes with a burst",
        "spikes_per_burst_median": "no burst",
        "spikes_per_burst_median_sd": "fewer than 2 electrodes with a burst",
        "inter_burst_interval_median": "no electrode with 2 bursts",
        "inter_burst_interval_median_sd": "fewer than 2 electrodes with 2 bursts",
        "burst_duration_sd": "fewer than 2 electrodes with a burst",
        "spikes_per_burst_sd": "fewer than 2 electrodes with a burst",
        "burst_isi_sd": "fewer than 2 electrodes with a burst",
        "burst_rate_sd": "fewer than 2 electrodes with a burst",
        "inter_burst_interval_sd": "fewer than 2 electrodes with 2 bursts",
        "inter_burst_interval_cv_sd": "fewer than 2 electrodes with 3 bursts",
        "burst_percentage_sd": "fewer than 2 electrodes with a spike",
        "spikes_per_network_burst_per_electrode": "no network burst",
        **dict.fromkeys(burst_shapes.FEATURES, "no network burst"),
        **dict.fromkeys(leaders.FEATURES, "fewer than 5 network bursts that one electrode begins"),
        "network_burst_periodicity": "fewer than 10 network bursts",
        "network_inter_burst_interval_lv": "fewer than 3 network bursts",
        "coincident_spike_percentage": "the well has no spike",
        "burst_duration": "no burst",
        "spikes_per_burst": "no burst",
        "burst_isi": "no burst",
        "inter_burst_interval": "no electrode with 2 bursts",
        "inter_burst_interval_cv": "no electrode with 3 bursts",
        "burst_percentage": "no spike",
        "network_burst_duration": "no network burst",
        "spikes_per_network_burst": "no network burst",
        "network_burst_isi": "no network burst",
        "electrodes_per_network_burst": "no network burst",
        "network_burst_percentage": "no spike",
        "network_burst_percentage_axis_2015": "no spike",
        "network_inter_burst_interval": "fewer than 2 network bursts",
        "network_inter_burst_interval_cv": "fewer than 3 network bursts",
        "sttc": "fewer than 2 active electrodes, or they fire too densely for the window",
    }


def test_percentages_of_what_there_is_none_of_are_0(plate_of):
    table = table_of(plate_of({"C3_11": np.arange(30) * 2.0}))
    assert table.get("burst_percentage", level="electrode", id="C3_11").value == 0
    assert table.get("burst_percentage", level="well", id="C3").value == 0
    assert table.get("network_burst_percentage", level="well", id="C3").value == 0
    assert table.get("burst_percentage", level="electrode", id="C3_12").reason == "no spike"


def test_no_rate_is_given_where_nobody_stated_a_duration(plate_of):
    recording = plate_of(BUSY, duration_source=DurationSource.SPIKES)
    span = 33.0 + 0.14 + 0.009 - 2.0
    table = table_of(recording)
    for row in table:
        if row.feature == "burst_rate_sd" and row.id != "A1":
            assert (row.status, row.reason) == (Status.TOO_FEW_EVENTS, "fewer than 2 electrodes with a burst")
        elif row.feature in RATES:
            assert row.status is Status.NOT_APPLICABLE
            assert row.reason.startswith("the file states no duration: over the 31.149 s from first to last spike it ")
            assert row.reason.endswith(" Hz; give --duration")
    assert f"would be {320 / 16 / span:.6g} Hz" in table.get("mean_firing_rate", level="well", id="A1").reason
    duration = table.get("recording_duration", level="plate")
    assert duration.status is Status.NOT_APPLICABLE
    assert duration.reason == "the file states no duration; its spikes span 31.149 s; give --duration"
    stated = table_of(recording.lasting(60.0))
    assert stated.get("mean_firing_rate", level="well", id="A1").value == pytest.approx(320 / 16 / 60)
    assert stated.get("recording_duration", level="plate").reason == "stated by the user"


def test_activity_is_then_judged_over_the_span_and_at_least_a_minute(plate_of):
    # 4 spikes within 3 s are no 5 per minute; over 120 s it takes 10.
    short = table_of(plate_of({"A1_11": [1, 2, 3, 4], "A1_12": [1, 2, 3, 4, 4]}, duration_source=DurationSource.SPIKES))
    row = short.get("active_electrode_count", level="well", id="A1")
    assert (row.value, row.status) == (1, Status.OK)
    assert row.reason == "which electrodes are active is judged over 60 s: the file states no duration"
    times = {"A1_11": [0.0, 120.0, *range(1, 8)], "A1_12": [*range(10)]}
    long = table_of(plate_of(times, duration_source=DurationSource.SPIKES))
    assert long.get("active_electrode_count", level="well", id="A1").value == 1
    assert "over 120 s" in long.get("active_electrode_fraction", level="well", id="A1").reason
    assert table_of(plate_of(times, stop=120.0)).get("active_electrode_count", level="well", id="A1").reason == ""


@pytest.mark.parametrize("source", DurationSource)
def test_a_plate_without_a_spike_is_measured(plate_of, source):
    table = table_of(plate_of({}, stop=0.0, duration_source=source))
    assert table.get("spike_count", level="well", id="D6").value == 0
    rate = table.get("mean_firing_rate", level="well", id="D6")
    assert rate.value is None
    assert rate.reason
    assert table.get("qc_recording", level="plate").text == "ok"
    assert "No electrode has a spike." in table.get("qc_recording", level="plate").reason


def test_an_electrode_that_is_switched_off_is_excluded_and_still_in_the_denominators(plate_of):
    off = table_of(plate_of(BUSY, disabled=["A1_11", "A1_44"]))
    for name in ("A1_11", "A1_44"):
        rows = [row for row in off if row.id == name]
        assert {(row.status, row.reason) for row in rows} == {(Status.EXCLUDED, "the electrode is switched off")}
        assert len(rows) == len(at("electrode"))
    well = numbers(off, "well", "A1")
    assert (well["electrode_count"], well["active_electrode_count"], well["spike_count"]) == (16, 9, 288)
    assert well["mean_firing_rate"] == pytest.approx(288 / 16 / 60)
    assert well["electrodes_per_network_burst"] == 9
    quality = off.get("qc_well", level="well", id="A1")
    assert (quality.text, quality.reason) == ("ok", "2 of 16 electrodes are switched off")
    assert off.get("spike_count", level="electrode", id="A1_12").value == 32


def test_a_well_of_which_all_electrodes_are_switched_off_was_not_recorded(plate_of):
    off = [f"B1_{label}" for label in LAYOUTS["24-well"].labels]
    table = table_of(plate_of(BUSY, disabled=off))
    rows = [row for row in table if row.id == "B1" or row.id.startswith("B1_")]
    assert {(row.status, row.reason) for row in rows} == {(Status.EXCLUDED, "all its electrodes are switched off")}
    assert table.get("spike_count", level="well", id="A1").value == 320


def test_a_well_that_cannot_be_judged_costs_no_other(plate_of):
    why = "3 of 120 rows could not be read"
    good, bad = table_of(plate_of(BUSY)), table_of(plate_of(BUSY, well_problems={"A1": why}))
    assert bad.get("qc_well", level="well", id="A1").status is Status.BAD_INPUT
    for row in bad:
        if row.id == "A1" or row.id.startswith("A1_"):
            assert row.reason == why
            assert row.value is None
            assert row.status is (Status.BAD_INPUT if row.feature == "qc_well" else Status.EXCLUDED)

    def others(table):
        return [row for row in table if row.level != "plate" and not row.id.startswith("A1")]

    assert others(good) == others(bad)
    assert bad.get("qc_recording", level="plate").reason == "1 of 24 wells cannot be judged."


def test_a_plate_without_a_good_well_cannot_be_judged(plate_of):
    faults = dict.fromkeys(LAYOUTS["24-well"].wells, "no data")
    verdict = table_of(plate_of(BUSY, well_problems=faults)).get("qc_recording", level="plate")
    assert verdict.status is Status.EXCLUDED
    assert verdict.reason == "none of 24 wells can be judged: no data"


@pytest.mark.parametrize(("metadata", "origin"), [({}, "recorded"), ({"comment": SIMULATED_COMMENT}, "simulated")])
def test_the_origin_is_what_the_file_says(plate_of, metadata, origin):
    table = table_of(plate_of(metadata=metadata, problems=("Row 7 was cut.",)))
    assert table.get("qc_origin", level="plate").text == origin
    assert "Row 7 was cut." in table.get("qc_recording", level="plate").reason


def test_a_well_does_not_depend_on_the_others_nor_on_when_the_recording_began(plate_of):
    rng = np.random.default_rng(2)
    one = {f"B2_{k}{j}": np.sort(rng.integers(0, 750000, 400)) / 12500 for k in (1, 2, 3) for j in (1, 2, 3, 4)}
    others = {f"B3_{k}{j}": np.sort(rng.uniform(0, 60, 900)) for k in (1, 2, 3, 4) for j in (1, 2, 3, 4)}
    alone, among = table_of(plate_of(one)), table_of(plate_of(one | others))
    later = table_of(plate_of({name: times + 86400 for name, times in one.items()}, start=86400.0, stop=86460.0))
    for table in (among, later):
        for place in ("B2", "B2_11", "B2_34", "B2_44"):
            level = "electrode" if "_" in place else "well"
            expected = numbers(alone, level, place)
            assert numbers(table, level, place) == pytest.approx(expected, rel=1e-6, abs=1e-9), place


def test_an_implausible_rate_is_out_of_range(plate_of):
    table = table_of(plate_of({"A1_11": np.linspace(0, 1, 2001)}, stop=1.0))
    row = table.get("mean_firing_rate", level="electrode", id="A1_11")
    assert (row.status, row.value) == (Status.OUT_OF_RANGE, 2001)
    assert "outside the plausible range" in row.reason


def test_a_table_survives_its_way_through_csv(plate_of):
    table = table_of(plate_of(BUSY, disabled=["A1_11"]))
    assert FeatureTable.from_frame(table.to_frame()) == table


def test_a_real_plate_is_measured_whole(data):
    with h5py.File(data("mea/spike_trains_hdf5/ON_20140507_MW1007-103_DIV05_00_001.h5")) as file:
        times, counts = file["spikes"][:].ravel(), file["sCount"][:].ravel().astype(int)
        names = [name.decode() for name in file["names"][:].ravel()]
    electrodes = electrodes_of(LAYOUTS["48-well"])
    own = dict(zip(names, np.split(times, np.cumsum(counts)[:-1]), strict=True))
    each = [own.get(f"{well}_{label}", ()) for well, label in zip(electrodes["well"], electrodes["label"], strict=True)]
    trains = SpikeTrains.from_lists(each, electrodes["well"], times.min(), times.max())
    recording = PlateRecording(LAYOUTS["48-well"], electrodes, trains, DurationSource.SPIKES)
    table = table_of(recording.lasting(1000.0))
    assert len(table) == len(at("plate")) + 48 * len(at("well")) + 768 * len(at("electrode"))
    assert sum(row.value for row in table.select("spike_count", level="well")) == times.size
    assert sum(row.value for row in table.select("spike_count", level="electrode")) == times.size
    assert {row.status for row in table} <= {Status.OK, Status.TOO_FEW_EVENTS}
    rates = {row.id: row.value for row in table.select("mean_firing_rate", level="electrode")}
    assert sum(rates.values()) == pytest.approx(times.size / 1000.0)


def test_loading_the_room_loads_nothing_slow():
    code = "import mnephys.mea, sys; sys.stdout.write(' '.join(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    slow = {"pandas", "scipy", "matplotlib", "elephant", "neo", "quantities", "h5py"}
    assert set(done.stdout.split()) & slow == set()
