"""Plates from Python: the same score by every way."""

from __future__ import annotations

import io

import numpy as np
import pandas as pd
import pytest

import mnephys
from mnephys.measurement import FeatureTable
from mnephys.pipeline import declared_features
from mnephys.recording import LAYOUTS, PlateRecording, SpikeTrains
from mnephys.recording.plate import electrodes_of
from mnephys.samples import load_sheet
from mnephys.simulate import simulate_plate


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    folder = tmp_path_factory.mktemp("plate")
    return simulate_plate(folder, days=(7, 28), layout="12-well", duration=40.0)


def test_scoring_a_table_equals_scoring_its_recording(files):
    recording = mnephys.read(files[1])
    table = mnephys.extract(recording)
    read_back = FeatureTable.from_frame(pd.read_csv(io.StringIO(table.to_frame().to_csv(index=False))))
    direct = mnephys.score(recording, subject="P").to_json()
    assert mnephys.score(table, subject="P").to_json() == direct
    assert mnephys.score(read_back, subject="P").to_json() == direct


def test_every_row_is_declared_with_its_unit_and_level(files):
    declared = {(f.name, level): f for f in declared_features() for level in f.levels}
    for row in mnephys.extract(mnephys.read(files[0])):
        assert declared[row.feature, row.level].unit == row.unit


def test_days_of_one_plate_are_one_subject_by_the_sheet(files):
    sheet = load_sheet(files[0].parent / "samples.csv")
    young, old = mnephys.score([mnephys.read(file) for file in files], sheet=sheet)
    assert young["A1"].subject == old["A1"].subject == "SIM1 A1"
    assert (young["A1"].sample["div"], old["A1"].sample["div"]) == (7.0, 28.0)
    assert young["A1"].maturity_index < old["A1"].maturity_index
    assert "untreated on 2 days" in " ".join(old["A1"].reasons)
    assert list(young) == list(old)
    assert len(young) == 12


def test_what_a_person_sees(files):
    scores = mnephys.score(mnephys.read(files[1]))
    assert repr(scores).startswith("SIM1_DIV28_spike_list.csv: network ")
    assert repr(scores["A1"]).startswith("SIM1_DIV28_spike_list.csv A1: network ")
    page = scores._repr_html_()
    assert page.count("<tr>") == 13
    assert "<td>" in page


def test_a_rubric_for_the_other_level_is_refused(files, family_of):
    with pytest.raises(TypeError, match="for cells"):
        mnephys.score(mnephys.read(files[0]), rubric=mnephys.load_rubric())
    with pytest.raises(TypeError, match="for wells"):
        mnephys.score(family_of([0, 10]), rubric=mnephys.maturity.load_network_rubric())


def test_a_row_that_does_not_fit_is_a_warning_and_costs_no_well(files, tmp_path):
    sheet = tmp_path / "samples.csv"
    sheet.write_text("recording,well,line\n*,A1,WT\n*,H12,KO\n")
    with pytest.warns(UserWarning, match="row 3, column well: a 12-well plate has no well 'H12'"):
        scores = mnephys.score(mnephys.read(files[1]), sheet=load_sheet(sheet))
    assert scores["A1"].sample["line"] == "WT"


def test_the_share_of_network_bursts_that_is_scored_does_not_hang_on_the_definitions(files):
    recording = mnephys.read(files[1])
    tables = [mnephys.extract(recording, definitions=mnephys.mea.definitions(n)) for n in ("axis-2015", "axis-2023")]
    old, new = (mnephys.score(table, subject="P") for table in tables)
    assert {w: s.maturity_index for w, s in old.items()} == {w: s.maturity_index for w, s in new.items()}
    shares = [t.get("network_burst_percentage", level="well", id="A1").value for t in tables]
    assert shares[0] > shares[1]


@pytest.mark.parametrize("layout", ["24-well", "96-well"])
def test_cells_that_fire_each_for_itself_are_no_network_at_any_rate(layout):
    """Independent Poisson trains of 0.2 to 20 Hz: bursts and network bursts by chance, and no synchrony."""
    rng = np.random.default_rng(1)
    kind = LAYOUTS[layout]
    electrodes = electrodes_of(kind)
    rates = dict(zip(kind.wells, np.geomspace(0.2, 20, len(kind.wells)), strict=True))
    spikes = [rng.uniform(0, 120, rng.poisson(120 * rates[well])) for well in electrodes["well"].tolist()]
    trains = SpikeTrains.from_lists(spikes, electrodes["well"].tolist(), stop=120.0)
    table = mnephys.extract(PlateRecording(kind, electrodes, trains), definitions=mnephys.mea.definitions("axis-2015"))
    scores = mnephys.score(table)
    last = scores[kind.wells[-1]]
    assert table.get("network_burst_percentage", level="well", id=kind.wells[-1]).value > 99
    assert last.domains["bursting"].score < 0.2
    assert max(score.maturity_index for score in scores.values()) < 0.45
    assert {str(score.network_stage) for score in scores.values()} <= {"absent", "emerging"}
