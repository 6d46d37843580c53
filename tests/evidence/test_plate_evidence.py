"""The evidence record of a plate: what a raster needs, of every electrode that was on, and nothing else."""

from __future__ import annotations

import base64
import json
import zlib

import numpy as np

from mnephys.evidence import plate_evidence, summary_evidence
from mnephys.mea import DEFINITIONS, network_bursts
from mnephys.measurement import FeatureTable
from mnephys.pipeline import analyse
from mnephys.recording import ELECTRODE, LAYOUTS, PlateLayout, PlateRecording, SpikeTrains
from mnephys.recording.plate import electrodes_of

LAYOUT = LAYOUTS["24-well"]


def plate(spikes, disabled=(), start=100.0, stop=160.0):
    electrodes = electrodes_of(LAYOUT, disabled)
    names = [f"{w}_{label}" for w, label in zip(electrodes["well"], electrodes["label"], strict=True)]
    trains = SpikeTrains.from_lists([spikes.get(n, []) for n in names], electrodes["well"], start, stop)
    return PlateRecording(LAYOUT, electrodes, trains)


def counts(record, well):
    raw = zlib.decompress(base64.b64decode(record["raster"]["wells"][well]))
    return np.frombuffer(raw, np.uint8).reshape(len(LAYOUT.labels), record["raster"]["n_bins"])


def test_every_spike_is_in_the_bin_of_its_time_and_the_row_of_its_electrode():
    rng = np.random.default_rng(0)
    spikes = {f"B2_{label}": np.sort(rng.uniform(100, 160, 50)) for label in LAYOUT.labels[:3]}
    spikes["B2_44"] = np.array([100.0, 160.0])
    recording = plate(spikes)
    record = plate_evidence(recording, FeatureTable(), DEFINITIONS["axis-2015"], network_bursts(recording.trains))
    assert list(record["raster"]["wells"]) == ["B2"]
    found = counts(record, "B2")
    for row, label in enumerate(LAYOUT.labels):
        expected, _ = np.histogram(spikes.get(f"B2_{label}", []), bins=1000, range=(100, 160))
        np.testing.assert_array_equal(found[row], expected)
    assert json.loads(json.dumps(record, allow_nan=False)) == record


def test_more_spikes_than_a_byte_counts_stay_the_most_it_counts():
    recording = plate({"A1_11": np.full(400, 130.0)})
    record = plate_evidence(recording, FeatureTable(), DEFINITIONS["axis-2015"], network_bursts(recording.trains))
    assert counts(record, "A1").max() == 255


def test_network_bursts_are_those_that_were_measured():
    volley = {f"A1_{label}": 110 + 0.01 * np.arange(20) for label in LAYOUT.labels}
    on = analyse(plate(volley))
    assert on.evidence["network_bursts"] == {"A1": [[110.0, 110.19]]}
    off = analyse(plate(volley, disabled=[f"A1_{label}" for label in LAYOUT.labels[1:]]))
    assert off.evidence["network_bursts"] == {}
    assert off.table.get("network_burst_count", level="well", id="A1").value == 0


def test_a_plate_without_a_spike_has_no_raster():
    record = analyse(plate({})).evidence
    assert (record["raster"]["wells"], record["network_bursts"], record["n_spikes"]) == ({}, {}, 0)


def test_an_export_says_that_it_holds_metrics_alone(data):
    import mnephys

    summary = mnephys.read(data("mea/motor_neuron_neural_metrics/DIV34.csv"))
    record = summary_evidence(summary)
    assert (record["source"], record["duration"], record["raster"]["wells"]) == ("metrics", 120.0, {})
    assert record["definitions"]["name"] == "axis-2015"
    assert json.loads(json.dumps(record, allow_nan=False)) == record


def test_definitions_have_the_units_of_the_features():
    analysis = analyse(plate({"A1_11": np.array([110.0])}))
    rows = {row.feature: row for row in analysis.table if row.level == "plate"}
    said = analysis.evidence["definitions"]
    assert said["network_burst_min_electrodes"] == 35.0
    for name in said.keys() - {"name"}:
        assert said[name] == rows[name].value, name


def test_of_a_dense_well_the_electrodes_with_the_most_spikes_are_kept_in_their_order():
    n = 100
    layout = PlateLayout("chip", 1, 2, tuple(str(i) for i in range(n)))
    # Well A2 has half of the electrodes, and its rows stand between those of A1.
    rows = [
        (well, str(i), 0, 0, np.nan, np.nan, True) for i in range(n) for well in ("A1", "A2") if i % 2 or well == "A1"
    ]
    electrodes = np.array(rows, ELECTRODE)
    rng = np.random.default_rng(1)
    n_spikes = rng.permutation(len(rows))
    trains = SpikeTrains.from_lists([rng.uniform(0, 60, k) for k in n_spikes], electrodes["well"], stop=60.0)
    recording = PlateRecording(layout, electrodes, trains)
    raster = plate_evidence(recording, FeatureTable(), DEFINITIONS["axis-2015"], network_bursts(trains))["raster"]
    for well, most in (("A1", 64), ("A2", 50)):
        here = np.flatnonzero(electrodes["well"] == well)
        kept = np.sort(here[np.argsort(n_spikes[here])[-most:]])
        assert raster["labels"][well] == electrodes["label"][kept].tolist()
        found = np.frombuffer(zlib.decompress(base64.b64decode(raster["wells"][well])), np.uint8).reshape(most, 1000)
        np.testing.assert_array_equal(found.sum(axis=1), n_spikes[kept])
