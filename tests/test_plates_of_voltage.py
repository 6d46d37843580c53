"""Raw voltage without spikes: described, stored and scored as what it is, and never taken for a silent plate."""

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


def test_every_row_says_that_there_are_no_spikes():
    table = mnephys.extract(plate(trains=False))
    wells = table.select("qc_well", level="well")
    assert len(list(wells)) == 24
    assert all(row.status is Status.NOT_APPLICABLE and "raw voltage and no spikes" in row.reason for row in wells)
    assert table.get("qc_recording", level="plate").status is Status.NOT_APPLICABLE
    rates = list(table.select("mean_firing_rate"))
    assert len(rates) == 24 + 384
    assert not any(row.ok for row in rates)
    assert table.get("recording_duration", level="plate").value == 3000 / RATE


def test_no_well_is_called_absent():
    score = mnephys.score(plate(trains=False))
    assert {well.network_stage for well in score.values()} == {"indeterminate"}
    assert all(well.maturity_index is None for well in score.values())
    assert score.plate.reasons[0].startswith("No well was scored. The file holds raw voltage and no spikes")


def test_voltage_and_spikes_together_are_scored_by_the_spikes():
    assert mnephys.extract(plate()).get("spike_count", level="well", id="A1").value == 4


def test_a_run_over_both_files_of_a_recording(folder):
    with Store() as store:
        result = run(Run(find_recordings([folder]), load_rubrics()), store)
        evidence, table, failures = dict(store.evidence()), result.table, result.failures
    assert not failures
    assert {name: record["source"] for name, record in evidence.items()} == {"P1.raw": "signal", "P1.spk": "spikes"}
    assert evidence["P1.raw"]["n_spikes"] is None
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


def test_wells_that_are_off_do_not_hide_that_there_are_no_spikes():
    given = plate(trains=False)
    given.electrodes["enabled"] = given.electrodes["well"] == "A1"
    assert "raw voltage and no spikes" in mnephys.extract(given).get("qc_recording", level="plate").reason


def test_the_page_says_of_voltage_why_it_draws_no_raster(folder, tmp_path):
    (folder / "P1.spk").unlink()
    code = main(["score", str(folder), "-o", str(tmp_path / "out")], standalone_mode=False)
    assert code in {0, None}
    page = (tmp_path / "out" / "report.html").read_text()
    assert "holds raw voltage alone and no spike times" in page
