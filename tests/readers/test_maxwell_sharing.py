"""Wells of a MaxWell file that claim the same bytes: one of them would show the data of the other."""

from __future__ import annotations

import struct
import time
from pathlib import Path

import h5py
import numpy as np
import pytest
from readers.builders.hdf5_plates import columns_of, in_latest_format, only, outcome, train
from readers.builders.maxwell_file import MaxWellFile, OldMaxOne, Well, electrode_of, full_file
from readers.test_maxwell import check_well

from mnephys.errors import CorruptHeaderError
from mnephys.recording import PlateRecording

SECOND, THIRD = "wells/well001/rec0000", "wells/well002/rec0000"
SPIKES = [(20, 5, -8.0), (111, 40, -9.5)]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "chip.raw.h5"


def three() -> list[Well]:
    return [Well(number, spikes=SPIKES, first_frame=0, packing="") for number in range(3)]


def alias(path: Path, name: str, other: str) -> Path:
    """Put another entry in the place of one, as a damaged link does: both are the same object."""
    with h5py.File(path, "r+") as file:
        del file[name]
        file[name] = file[other]
    return path


def move(path: Path, name: str, other: str, by: int = 0) -> Path:
    """Let a dataset that is stored in one row have its values where those of another are."""
    with h5py.File(path) as file:
        old, new = ((file[one].id.get_offset(), file[one].id.get_storage_size()) for one in (name, other))
    content = path.read_bytes()
    assert content.count(struct.pack("<QQ", *old)) == 1
    path.write_bytes(content.replace(struct.pack("<QQ", *old), struct.pack("<QQ", new[0] + by, old[1])))
    return path


def check_first_alone(recording: PlateRecording, reasons: dict[str, str]) -> None:
    """Assert that two wells are left out, each for its reason, and that the first well is as it was."""
    assert recording.well_problems == reasons
    said = [f"Well {number:03d} of rec0000 was left out: {reasons[well]}." for number, well in ((1, "A2"), (2, "A3"))]
    assert sorted(recording.problems[1:]) == said
    assert set(recording.electrodes["well"].tolist()) == {"A1"}
    check_well(recording, three()[0], "A1")
    assert recording.trains.n_spikes == 2


def shared(name: str, other: str) -> str:
    return f"dataset {name} shares its place in the file with {other}, and one of them alone can be right"


@pytest.mark.parametrize("links", ["hard", "soft", "none"])
def test_names_of_one_well_are_no_second_use(path, links):
    recording = only(full_file(links=links).write(path))
    assert not [sentence for sentence in recording.problems if "shares" in sentence]
    assert recording.trains.n_spikes == 18


@pytest.mark.parametrize("name", ["spikes", "groups/routed/raw"])
@pytest.mark.parametrize("latest", [False, True])
def test_raw_voltage_or_spikes_of_another_well(path, name, latest):
    alias(MaxWellFile(three(), links="none").write(path), f"{SECOND}/{name}", f"{THIRD}/{name}")
    one, other = f"{SECOND}/{name}", f"{THIRD}/{name}"
    recording = only(in_latest_format(path) if latest else path)
    check_first_alone(recording, {"A2": shared(one, other), "A3": shared(other, one)})


def test_a_table_without_spikes_that_another_well_has_too(path):
    wells = [*three()[:2], Well(2, packing="")]
    one, other = f"{SECOND}/spikes", f"{THIRD}/spikes"
    alias(MaxWellFile(wells, links="none").write(path), one, other)
    check_first_alone(only(path), {"A2": shared(one, other), "A3": shared(other, one)})


@pytest.mark.parametrize(
    ("name", "first"), [("", "spikes"), ("/groups", "groups/routed/raw"), ("/groups/routed", "groups/routed/raw")]
)
def test_a_whole_group_of_another_well(path, name, first):
    recording = only(alias(MaxWellFile(three(), links="none").write(path), SECOND + name, THIRD + name))
    one, other = (f"{well}/{first}" for well in (SECOND, THIRD))
    check_first_alone(recording, {"A2": shared(one, other), "A3": shared(other, one)})


@pytest.mark.parametrize("by", [0, 8, -8])
def test_values_in_the_place_of_others(path, by):
    one, other = (f"{well}/groups/routed/raw" for well in (SECOND, THIRD))
    recording = only(move(MaxWellFile(three(), links="none").write(path), one, other, by))
    for well in ("A2", "A3"):
        assert columns_of(recording, well) == []
        assert "shares its place in the file with" in recording.well_problems[well]
    check_well(recording, three()[0], "A1")


def test_lists_of_chunks_in_the_place_of_others(path):
    one, other = (f"{well}/groups/routed/raw" for well in (SECOND, THIRD))
    wells = [Well(number, spikes=SPIKES, packing="gzip") for number in range(3)]
    MaxWellFile(wells, links="none").write(path)
    content = path.read_bytes()
    trees = [at for at in range(len(content)) if content.startswith(b"TREE\1", at)]
    assert len(trees) == 3
    path.write_bytes(content.replace(struct.pack("<Q", trees[1]), struct.pack("<Q", trees[2])))
    check_first_alone(only(path), {"A2": shared(one, other), "A3": shared(other, one)})


@pytest.mark.parametrize("name", ["settings/mapping", "settings/lsb", "groups/routed/frame_nos", "settings/sampling"])
def test_other_data_of_two_wells_are_read_and_told(path, name):
    wells = [Well(number, spikes=SPIKES, lsb=(6.2943e-6, 6e-6, 5e-6)[number], gain=None) for number in range(3)]
    recording = only(alias(MaxWellFile(wells, links="none").write(path), f"{SECOND}/{name}", f"{THIRD}/{name}"))
    said = f"Dataset {SECOND}/{name} shares its place in the file with {THIRD}/{name}"
    assert f"{said}; what was read there may be of another well." in recording.problems
    assert recording.well_problems == {}
    for well, where in ((wells[0], "A1"), (wells[2], "A3")):
        check_well(recording, well, where)
        assert train(recording, f"{where}_{electrode_of(5, well.number)}").tolist() == [0.001]


def test_two_datasets_of_one_well(path):
    well = "wells/well000/rec0000"
    move(
        MaxWellFile([Well(packing="", spikes=SPIKES)], links="none").write(path),
        f"{well}/spikes",
        f"{well}/groups/routed/raw",
    )
    found = outcome(path)
    assert type(found) is CorruptHeaderError
    assert found.problem == shared(f"{well}/groups/routed/raw", f"{well}/spikes")


def test_old_spikes_within_the_raw_voltage(path):
    found = outcome(move(OldMaxOne(spikes=SPIKES).write(path), "proc0/spikeTimes", "sig", by=1000))
    assert type(found) is CorruptHeaderError
    assert found.problem == shared("proc0/spikeTimes", "sig")


def test_tables_of_spikes_without_one_share_nothing(path):
    wells = [Well(number, packing="") for number in range(3)]
    recording = only(MaxWellFile(wells).write(path))
    assert len(recording.problems) == 1
    for well, name in zip(wells, ("A1", "A2", "A3"), strict=True):
        check_well(recording, well, name)
    np.testing.assert_array_equal(recording.signal.shape, (300, 9))


@pytest.mark.parametrize("name", ["settings/sampling", "groups/routed/channels", "groups/routed/raw", "spikes"])
def test_a_size_that_is_none_costs_its_own_well_alone(path, name):
    MaxWellFile(three(), links="none").write(path)
    with h5py.File(path) as file:
        dataset = file[f"wells/well000/rec0000/{name}"]
        stored = struct.pack("<QQ", dataset.id.get_offset(), dataset.id.get_storage_size())
        larger = struct.pack("<QQ", dataset.id.get_offset(), dataset.id.get_storage_size() ^ 1 << 20)
    path.write_bytes(path.read_bytes().replace(stored, larger))
    recording = only(path)
    assert set(recording.electrodes["well"].tolist()) == {"A2", "A3"}
    assert "values, but takes" in recording.well_problems["A1"]


def test_thousands_of_wells_in_one_place_take_no_time():
    from mnephys.readers.maxwell.places import Place
    from mnephys.readers.maxwell.sharing import _with_others

    together = [(f"wells/well{number:03d}/rec0000/spikes", Place) for number in range(4096)]
    begin = time.process_time()
    said = [_with_others(name, together) for name, _ in together]
    assert time.process_time() - begin < 1
    assert said[0].endswith("with wells/well001/rec0000/spikes and 4094 others")
    assert said[9].endswith("with wells/well000/rec0000/spikes and 4094 others")
