"""Raw voltage without spikes: they are detected, and a well of which nobody knows is never taken for a silent one."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from readers.builders.axis_data import continuous, many_spikes
from readers.builders.axis_file import channel_array, compose
from readers.builders.axis_plates import CYTOVIEW_24
from readers.builders.axis_tags import treatment
from signals import RATE, Memory, plate

import mnephys
from mnephys.batch.discover import find_recordings
from mnephys.batch.measure import content_hash
from mnephys.batch.run import Run, run
from mnephys.batch.store import Store
from mnephys.cli import main
from mnephys.maturity import load_rubrics
from mnephys.measurement import Status
from mnephys.recording import whole_segment

CHANNELS = CYTOVIEW_24.channels()


@pytest.fixture
def folder(tmp_path):
    """The two files that the acquisition program writes of one recording."""
    counts = np.random.default_rng(0).integers(-200, 200, (500, CHANNELS.size), dtype=np.int16)
    tags = treatment("A2", "drug", dose=30e-6, exponent=6, unit="M")
    compose(channel_array(CYTOVIEW_24), continuous(counts, CHANNELS), tags).write(tmp_path / "P1.raw")
    compose(channel_array(CYTOVIEW_24), many_spikes(5000, CHANNELS), tags).write(tmp_path / "P1.spk")
    return tmp_path


def test_spikes_are_detected_in_wells_with_voltage_and_the_others_say_that_there_is_none():
    given = plate(trains=False)
    given.signal.values += np.random.default_rng(1).normal(0, 5, given.signal.values.shape).astype(np.float32)
    given.signal.values[1000:1003, 0] -= 200
    given.electrodes["enabled"][np.isin(given.electrodes["well"], ["A1", "B2", "D6"])] = False
    given.electrodes["enabled"][given.signal.electrodes] = True
    table = mnephys.extract(given)
    assert table.get("spike_count", level="electrode", id="A1_11").value == 1
    assert table.get("spike_count", level="electrode", id="A1_12").value == 0
    assert table.get("qc_well", level="well", id="A1").text == "ok"
    assert table.get("recording_duration", level="plate").value == 3000 / RATE
    unknown = [row for row in table.select("qc_well", level="well") if row.id not in {"A1", "B2", "D6"}]
    assert len(unknown) == 21
    assert all(row.status is Status.BAD_INPUT and "no voltage was recorded" in row.reason for row in unknown)
    rates = [row for row in table.select("mean_firing_rate") if row.id[:2] not in {"A1", "B2", "D6"}]
    assert len(rates) == 21 * 17
    assert not any(row.ok for row in rates)


def slow():
    """A plate of raw voltage with too few samples per second for spikes."""
    given = plate(trains=False)
    given.signal.sampling_rate = 1000.0
    return given


def test_a_rate_too_low_for_spikes_is_said_of_every_well():
    table = mnephys.extract(slow())
    wells = list(table.select("qc_well", level="well"))
    assert len(wells) == 24
    assert all(row.status is Status.BAD_INPUT and "1000 samples per second are too few" in row.reason for row in wells)
    assert not any(row.ok for row in table.select("mean_firing_rate"))
    assert table.get("spike_detection", level="plate").status is Status.NOT_APPLICABLE


def test_no_well_is_called_absent_where_nobody_knows():
    score = mnephys.score(slow())
    assert {well.network_stage for well in score.values()} == {"indeterminate"}
    assert all(well.maturity_index is None for well in score.values())
    assert "samples per second are too few" in score.plate.reasons[0]


def test_voltage_and_spikes_together_are_scored_by_the_spikes():
    assert mnephys.extract(plate()).get("spike_count", level="well", id="A1").value == 4


def test_a_run_over_both_files_of_a_recording(folder):
    with Store() as store:
        result = run(Run(find_recordings([folder]), load_rubrics()), store)
        evidence, table, failures = dict(store.evidence()), result.table, result.failures
    assert not failures
    assert {name: record["source"] for name, record in evidence.items()} == {"P1.raw": "spikes", "P1.spk": "spikes"}
    assert evidence["P1.raw"]["detection"].startswith("300-5000 Hz")
    assert evidence["P1.spk"]["detection"] == ""
    # Neither is read whole by its reader; the run hashes both all the same.
    for name in evidence:
        assert evidence[name]["provenance"]["sha256"] == content_hash(folder / name)
    counts = [row for row in table.select("spike_count", level="well") if row.recording == "P1.spk"]
    assert sum(row.value for row in counts) == 5000
    treatments = {row.recording: row.text for row in table.select("treatment", level="well") if row.id == "A2"}
    assert treatments == {"P1.raw": "drug", "P1.spk": "drug"}


def test_a_length_cannot_be_stated_for_voltage():
    with pytest.raises(ValueError, match="raw voltage is known"):
        plate(trains=False).lasting(10.0)


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ([0, 1, 2], "4 channels, but electrodes for 3"),
        ([0, 1, 2, 384], "not among the 384"),
        ([0, 1, 2, 2], "two channels"),
    ],
)
def test_channels_belong_to_electrodes(rows, said):
    signal = Memory(whole_segment(), [0, 1, 2, 3])
    signal.electrodes = np.array(rows)
    with pytest.raises(ValueError, match=said):
        replace(plate(), signal=signal)


def test_a_recording_holds_something():
    with pytest.raises(ValueError, match="needs trains or a signal"):
        replace(plate(), trains=None, signal=None)


def test_a_well_that_was_switched_off_in_the_plate_map_is_not_scored(tmp_path):
    tags = [*treatment("A1", "", on=False), *treatment("A2", "")]
    path = compose(channel_array(CYTOVIEW_24), many_spikes(5000, CHANNELS), tags).write(tmp_path / "P1.spk")
    score = mnephys.score(mnephys.read(path))
    assert score["A1"].maturity_index is None
    assert score["A1"].reasons[0] == "Switched off in the acquisition program."
    assert score["A2"].maturity_index is not None


def test_wells_that_are_off_do_not_hide_that_no_spike_could_be_detected():
    given = slow()
    given.electrodes["enabled"] = given.electrodes["well"] == "A1"
    assert "samples per second are too few" in mnephys.extract(given).get("qc_recording", level="plate").reason


def test_the_page_says_how_the_spikes_of_voltage_were_detected(folder, tmp_path):
    (folder / "P1.spk").unlink()
    code = main(["score", str(folder), "-o", str(tmp_path / "out")], standalone_mode=False)
    assert code in {0, None}
    page = (tmp_path / "out" / "report.html").read_text()
    assert "the file holds raw voltage, and mnephys detected the spikes in it (300-5000 Hz, order 3" in page
