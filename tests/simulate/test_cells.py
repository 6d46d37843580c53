"""A folder of simulated cells."""

from __future__ import annotations

import csv
import json

import numpy as np
import pytest

from mnephys.errors import StoreError
from mnephys.simulate import cells
from mnephys.simulate.cells import DEMO_STAGES, SHEET_COLUMNS, simulate_cells
from mnephys.simulate.stages import STAGES

SHORT = {"duration": 0.1}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    path = tmp_path_factory.mktemp("cells") / "demo"
    return path, simulate_cells(["silent", "mature"], path, seed=4, **SHORT)


def test_each_recording_has_its_truth_and_its_row(folder):
    path, recordings = folder
    names = ["cell01", "cell02_coarse", "cell02_fine"]
    assert [r.name for r in recordings] == [f"{name}.abf" for name in names]
    expected = {"samples.csv"} | {f"{name}{end}" for name in names for end in (".abf", ".truth.json")}
    assert {p.name for p in path.iterdir()} == expected
    with (path / "samples.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert tuple(rows[0]) == SHEET_COLUMNS
    assert [row["recording"] for row in rows] == [f"{name}.abf" for name in names]
    assert [row["cell"] for row in rows] == ["cell01", "cell02", "cell02"]
    assert {row["bias_pa"] for row in rows} == {row["ljp_mv"] for row in rows} == {"0"}


def test_the_recording_shows_what_its_truth_says(folder):
    from mnephys.readers import read

    path, recordings = folder
    for file in recordings:
        truth = json.loads((path / f"{file.stem}.truth.json").read_text())
        recording = read(file)
        before = recording.response[:, : round(truth["step"]["start_s"] * recording.sampling_rate)]
        assert before.mean() == pytest.approx(truth["passive"]["resting_potential_mv"], abs=0.02)
        assert before.std() == pytest.approx(truth["noise_mv"], rel=0.05)
        assert (recording.command[:, : before.shape[1]] == 0).all()
        assert truth["recording"] == file.name
        for sweep, response, command in zip(truth["sweeps"], recording.response, recording.command, strict=True):
            assert command[round(0.25 * recording.sampling_rate)] == pytest.approx(sweep["level_pa"])
            for ap in sweep["action_potentials"]:
                near = round(ap["peak_time"] * recording.sampling_rate)
                assert response[near - 2 : near + 3].max() == pytest.approx(ap["peak_voltage"], abs=0.6)
            above = response > -15
            crossings = int((above[1:] & ~above[:-1] & (np.abs(np.diff(response)) > 1)).sum())
            assert crossings == len(sweep["action_potentials"]) + sweep["outside_step_count"]


def test_a_cell_of_two_files_is_one_neuron(folder):
    path, _ = folder
    coarse, fine = (json.loads((path / f"cell02_{name}.truth.json").read_text()) for name in ("coarse", "fine"))
    assert coarse["neuron"] == fine["neuron"]
    assert coarse["passive"]["resting_potential_mv"] == fine["passive"]["resting_potential_mv"]
    assert coarse["maturity"] == fine["maturity"] == "mature"
    assert fine["rheobase_pa"] <= coarse["rheobase_pa"]


def test_the_same_seed_gives_the_same_bytes(folder, tmp_path):
    path, _ = folder
    simulate_cells(["silent", "mature"], tmp_path, seed=4, **SHORT)
    for file in path.iterdir():
        assert (tmp_path / file.name).read_bytes() == file.read_bytes(), file.name


def test_a_cell_depends_on_the_seed_and_its_own_number_only(folder):
    path, _ = folder
    drawn = json.loads((path / "cell01.truth.json").read_text())["neuron"]
    alone, crowd, other = (
        cells._plan([STAGES["silent"]] * n, seed, 0.1, 0.1)[0].neuron for n, seed in ((1, 4), (3, 4), (1, 5))
    )
    assert alone == crowd != other
    assert drawn["capacitance"] == pytest.approx(alone.capacitance, abs=1e-6)


def test_what_is_there_already_is_not_replaced(tmp_path):
    (tmp_path / "samples.csv").write_text("edited by hand\n")
    files = {tmp_path / "new.abf": b"new", tmp_path / "samples.csv": b"simulated\n"}
    with pytest.raises(StoreError, match=r"holds another samples\.csv, which is not replaced"):
        cells._write(tmp_path, files)
    assert [p.name for p in tmp_path.iterdir()] == ["samples.csv"]
    files[tmp_path / "samples.csv"] = b"edited by hand\n"
    cells._write(tmp_path, files)
    assert (tmp_path / "new.abf").read_bytes() == b"new"


def test_a_folder_that_cannot_be_made_is_named(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match="cannot be made"):
        simulate_cells(["silent"], tmp_path / "file" / "below")


def test_batches_hold_everything_once_and_are_even():
    for n in (1, 9, 10, 11, 25):
        batches = list(cells._even_batches(list(range(n)), 10))
        assert [number for batch in batches for number in batch] == list(range(n))
        assert max(map(len, batches)) - min(map(len, batches)) <= 1
        assert max(map(len, batches)) <= 10


def test_no_cells_and_unknown_stages_are_refused(tmp_path):
    with pytest.raises(ValueError, match="no stage"):
        simulate_cells([], tmp_path)
    with pytest.raises(ValueError, match="adult"):
        simulate_cells(["adult"], tmp_path)


def test_the_demonstration_holds_every_stage():
    assert set(DEMO_STAGES) == set(STAGES)
