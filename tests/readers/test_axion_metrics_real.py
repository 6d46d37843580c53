"""Real exports of metrics, of every generation."""

from __future__ import annotations

import csv
import functools
import math
from collections import defaultdict

import numpy as np
import pytest
from readers.axion_exports import EXPORTS, MOTOR, get, reason

from mnephys.measurement import Status
from mnephys.readers.axion_csv.metric_names import ELECTRODE_METRICS, WELL_METRICS, plain_label
from mnephys.readers.axion_csv.metrics import read_metrics
from mnephys.readers.binary import open_binary
from mnephys.summary import PlateSummary

SHAPES = {
    "isi_cv",
    "burst_duration",
    "spikes_per_burst",
    "burst_isi",
    "inter_burst_interval",
    "network_burst_duration",
    "spikes_per_network_burst",
    "network_burst_isi",
    "electrodes_per_network_burst",
    "spike_distance",
}  # fmt: skip -- names read better in lines


@pytest.fixture(scope="module")
def real(data):
    @functools.cache
    def reader(name: str) -> PlateSummary:
        with open_binary(data({**EXPORTS, **MOTOR}[name])) as file:
            return read_metrics(file)

    return reader


@pytest.mark.parametrize(
    ("name", "feature", "place", "value"),
    [
        ("DIV05", "spike_count", "C1", 90),
        ("DIV05", "burst_percentage", "C1", 14.693878),
        ("DIV05", "inter_burst_interval", "C4", 54.21064),
        ("DIV05", "inter_burst_interval_cv", "C1", 1.247442),
        ("DIV05", "spike_count", "C1_23", 49),
        ("DIV14", "network_burst_percentage", "D3", 25.174825),
        ("DIV14", "network_burst_isi", "D3", 0.024019),
        ("DIV14", "electrodes_per_network_burst", "D3", 2.571429),
        ("DIV14", "burst_duration", "D3", 0.176667),
        ("DIV21", "mean_firing_rate", "B2", 0.329167),
        ("DIV23", "area_under_normalized_cross_correlation", "F3", 0.011736),
        ("DIV28", "network_burst_duration_iqr", "D4", 0.503409),
        ("DIV34", "weighted_mean_firing_rate", "H4", 2.066667),
        ("DIV34", "spike_distance", "A1", 0.569469),
        ("DIV34", "synchrony_index", "A1", 0.506154),
        ("DIV34", "network_burst_count", "A1", 26),
        ("DIV34", "burst_isi", "A1_12", 0.034737),
        ("DIV34", "burst_percentage", "A1_12", 68.446602),
        ("DIV34", "burst_rate", "A1_12", 0.108333),
        ("2025", "mean_firing_rate", "A2", 6.000141),
        ("2025", "isi_cv", "C4", 8.716413),
        ("2025", "active_electrode_count", "C4", 16),
        ("2025", "network_burst_rate", "B3", 0.070136),
        ("2025", "spikes_per_network_burst", "A1", 3415.615385),
        ("2025", "burst_percentage", "C3", 88.620638),
        ("2025", "area_under_cross_correlation", "D6", 100.910124),
        ("agonist", "burst_percentage", "B2", 42.857143),
        ("agonist", "network_burst_count", "C1", 29),
        ("agonist", "network_burst_duration", "D3", 0.90056),
        ("agonist", "synchrony_index", "B5", 0.300905),
        ("agonist", "inter_burst_interval", "A1", 46.02712),
        ("statistics", "burst_percentage", "A1", 1.28720836685438),
        ("statistics", "isi_cv", "A1", 0.89035514132419),
        ("statistics", "network_burst_count", "C1", 49),
        ("statistics", "network_burst_duration", "A5", 0.710008421052632),
        ("statistics", "burst_isi", "C2", 0.0529633333333333),
        ("statistics", "inter_burst_interval", "A1", 4.66276),
        ("statistics", "network_inter_burst_interval_cv", "B6", 0.261801287269418),
        ("statistics", "burst_rate", "A5", 0.0326530612244898),
        ("statistics", "burst_count", "A1_12", 7),
        ("statistics", "burst_percentage", "A1_12", 14.1592920353982),
    ],
)
def test_values_of_real_exports(real, name, feature, place, value):
    row = get(real(name), feature, place)
    assert (row.status, row.value) == (Status.OK, value)


@pytest.mark.parametrize(
    ("name", "feature", "place", "why"),
    [
        ("DIV05", "inter_burst_interval_cv", "C4", "no electrode with 3 bursts"),
        ("DIV05", "network_burst_duration", "C1", "no network burst"),
        ("DIV05", "spike_distance", "A1", "fewer than two active electrodes"),
        ("DIV14", "network_inter_burst_interval_cv", "A3", "fewer than 3 network bursts"),
        ("DIV14", "inter_burst_interval", "A1", "no burst"),
        ("agonist", "inter_burst_interval", "B2", "no electrode with 2 bursts"),
        ("agonist", "isi_cv", "A2", "no active electrode with 3 spikes"),
        ("statistics", "isi_cv", "A1_21", "fewer than 3 spikes"),
    ],
)
def test_what_real_exports_leave_undefined(real, name, feature, place, why):
    assert reason(get(real(name), feature, place)) == (Status.TOO_FEW_EVENTS, why)


def test_plates_of_real_exports(real):
    assert (real("2025").layout.name, real("statistics").layout.name, real("DIV14").layout.name) == (
        "24-well",
        "48-well",
        "96-well",
    )  # fmt: skip -- three names
    for name, generation, duration in (
        ("DIV05", "axis-2015", 120),
        ("agonist", "axis-2023", 363),
        ("2025", "axis-2023", 442),
        ("statistics", "axis-2015", 122.5),
    ):
        summary = real(name)
        assert get(summary, "definitions").text == generation
        assert get(summary, "recording_duration").value == duration
        assert get(summary, "synchrony_window").value == 0.02
        assert summary.problems == ()
        assert not [row for row in summary.table if row.status in {Status.BAD_INPUT, Status.FAILED}]
    assert real("statistics").provenance.format_version == "2.3.2.3"


def test_what_real_exports_say_of_wells(real):
    assert real("agonist").well_facts["A1"] == {"treatment": "Mefloquine", "dose": "30", "dose_unit": "uM"}
    assert real("2025").well_facts["A2"] == {"treatment": "LGI2 KD4_Batch 1"}
    assert real("statistics").well_facts["C1"] == {
        "treatment": "150K Neurons",
        "active": "yes",
        "control": "no",
    }  # fmt: skip -- one fact
    assert real("DIV05").well_facts == {}


@pytest.mark.parametrize("name", MOTOR)
def test_motor_neurons_on_every_day(real, name):
    summary = real(name)
    blank = {well for well in summary.layout.wells if well[1:] in {"5", "6", "7", "8"}}
    rows = summary.table.select("qc_well")
    assert {row.id for row in rows if row.status is Status.EXCLUDED} == blank
    assert {row.reason for row in rows if not row.ok} == {"no data: the export leaves this well blank"}
    assert not [row for row in summary.table if row.level == "electrode" and row.id.partition("_")[0] in blank]
    for well in set(summary.layout.wells) - blank:
        spikes = get(summary, "spike_count", well).value
        assert get(summary, "mean_firing_rate", well).value == pytest.approx(spikes / 120 / 8, abs=1e-6)
        active = get(summary, "active_electrode_count", well).value
        assert get(summary, "active_electrode_fraction", well).value == active / 8
    assert not [row for row in summary.table if row.feature in SHAPES and row.value == 0]
    assert get(summary, "qc_recording").reason == "32 of 96 wells cannot be judged."


def cells_of(path) -> tuple[dict, dict]:
    """Return the cells of both blocks by plain label and name, read without any code of the package's readers."""
    found: tuple[dict, dict] = ({}, {})
    names, block = [], None
    with path.open(encoding="utf-8-sig", newline="") as file:
        for row in csv.reader(file):
            label = row[0].replace("0", " ").strip() if row else ""
            if label in {"Well Averages", "Measurement"}:
                names, block = row[1:], found[label == "Measurement"]
            elif block is not None and len(row) > 1:
                block.setdefault(plain_label(label), dict(zip(names, row[1:], strict=False)))
    return found


@pytest.mark.parametrize("name", [*EXPORTS, *MOTOR])
def test_every_number_is_that_of_the_file(real, data, name):
    summary = real(name)
    blocks = cells_of(data({**EXPORTS, **MOTOR}[name]))
    features = tuple(
        {metric.feature: label for label, metric in table.items()} for table in (WELL_METRICS, ELECTRODE_METRICS)
    )
    read = 0
    for row in summary.table:
        block = {"well": 0, "electrode": 1}.get(row.level)
        if block is None or row.feature not in features[block] or row.status is Status.EXCLUDED:
            continue
        text = blocks[block][features[block][row.feature]][row.id].strip()
        if row.value is None:
            assert text in {"", "0", "0.000000"} or math.isclose(float(text), 0)
        else:
            # The time of the peak is the one number in ms.
            factor = 1e-3 if row.feature == "average_network_burst_peak_time" else 1
            assert row.value == (float(text) * factor if text else 0)
            read += 1
    assert read > 1000


@pytest.mark.parametrize("name", [*EXPORTS, *MOTOR])
def test_the_vendor_averages_burst_percentages_over_electrodes_with_spikes(real, name):
    summary = real(name)
    spiking = defaultdict(list)
    for row in summary.table.select("burst_percentage", level="electrode"):
        if row.ok:
            spiking[row.id.partition("_")[0]].append(row.value)
    compared = 0
    for row in summary.table.select("burst_percentage", level="well"):
        if row.ok:
            assert row.value == pytest.approx(np.mean(spiking[row.id]), abs=2e-6)
            assert row.reason == ""
            compared += 1
    assert compared > 10


@pytest.mark.parametrize("name", [*EXPORTS, *MOTOR])
def test_active_electrodes_are_those_of_5_spikes_per_minute(real, name):
    summary = real(name)
    duration = get(summary, "recording_duration").value
    rates = defaultdict(list)
    for row in summary.table.select("spike_count", level="electrode"):
        if row.ok and row.value * 60 / duration >= 5:
            rates[row.id.partition("_")[0]].append(row.value / duration)
    for row in summary.table.select("active_electrode_count", level="well"):
        if row.ok:
            assert row.value == len(rates[row.id])
            weighted = get(summary, "weighted_mean_firing_rate", row.id).value
            assert weighted == pytest.approx(np.mean(rates[row.id]) if rates[row.id] else 0, abs=1e-6)
