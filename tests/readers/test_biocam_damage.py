"""Damaged and hostile 3Brain files: each ends in one error, or gives all else of the file and a sentence."""

from __future__ import annotations

import resource
from pathlib import Path

import h5py
import numpy as np
import pytest
from readers.builders.biocam_file import OldFile, Well, WellsFile, full_file, raw_well, sparse_well, spikes_well
from readers.builders.hdf5_plates import (
    TERABYTE_SHAPE,
    claim,
    close,
    columns_of,
    link_outside,
    link_to_itself,
    make_virtual,
    only,
    outcome,
    store_outside,
)
from readers.test_biocam import old_spikes_file, refused

from mnephys.errors import CorruptHeaderError, TruncatedFileError, UnsupportedFormatError
from mnephys.recording import PlateRecording

LINK = "is a link to another place, which is not followed"
ELSEWHERE = "keeps its values in other files, which are not opened"
ELSEWHERE_BY = {link_outside: LINK, make_virtual: ELSEWHERE, store_outside: ELSEWHERE}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "slice.brw"


def only_other_well(path: Path, lost: str, why: str) -> PlateRecording:
    """Return a damaged `full_file`, of which one well was left out for some reason, and the other is as it was."""
    (recording,) = outcome(path)
    left = {"A1": "A2", "A2": "A1"}[lost]
    assert set(recording.electrodes["well"]) == {left}
    assert recording.well_problems[lost].startswith(why)
    assert f"Well {lost} was left out: {recording.well_problems[lost]}." in recording.problems
    assert (recording.trains is None) == (lost == "A1")
    intact = only(full_file().write(path.with_name("intact.brw")))
    expected = intact.signal.read(0, 200, columns_of(intact, left))
    np.testing.assert_array_equal(recording.signal.read(0, 200), expected)
    return recording


def grown(name: str) -> str:
    return f"dataset {name} claims "


# --- datasets that are not what they claim ---


@pytest.mark.parametrize("axis", [0, -1])
@pytest.mark.parametrize(
    ("make", "name"),
    [
        (full_file, "TOC"),
        (OldFile, "3BData/Raw"),
        (OldFile, "3BRecInfo/3BMeaStreams/Raw/Chs"),
        (lambda: OldFile(version=100), "3BData/Raw"),
        (old_spikes_file, "3BResults/3BChEvents/SpikeTimes"),
        (old_spikes_file, "3BResults/3BChEvents/SpikeChIDs"),
        (old_spikes_file, "3BResults/3BInfo/MeaChs2ChIDsMatrix"),
    ],
)
def test_datasets_that_claim_terabytes(path, make, name, axis):
    # What is loaded with the first file is not counted.
    only(make().write(path))
    _claim_terabytes(path, name, axis)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    refused(path, grown(name))
    # In kB.
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 64 * 1024


@pytest.mark.parametrize(
    ("well", "name"),
    [
        ("A1", "Raw"),
        ("A1", "StoredChIdxs"),
        ("A1", "SpikeTimes"),
        ("A1", "SpikeChIdxs"),
        ("A2", "EventsBasedSparseRaw"),
        ("A2", "EventsBasedSparseRawTOC"),
    ],
)
def test_wells_that_claim_terabytes(path, well, name):
    # What is loaded with the first file is not counted.
    only(full_file().write(path))
    _claim_terabytes(path, f"Well_{well}/{name}", 0)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    only_other_well(path, well, grown(f"Well_{well}/{name}"))
    # In kB.
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 64 * 1024


def test_waveforms_that_claim_terabytes(path):
    full_file().write(path)
    _claim_terabytes(path, "Well_A1/SpikeForms", 0)
    (recording,) = outcome(path)
    said = [problem for problem in recording.problems if "SpikeForms" in problem]
    assert len(said) == 1
    assert said[0].startswith(f"Waveforms of spikes were left out: {grown('Well_A1/SpikeForms')}")
    assert recording.trains.n_spikes == 4
    assert recording.trains.waveforms is None


def _claim_terabytes(path: Path, name: str, axis: int) -> None:
    with h5py.File(path) as file:
        shape = list(file[name].shape)
    shape[axis] = TERABYTE_SHAPE
    claim(path, name, tuple(shape))


@pytest.mark.parametrize("change", [link_outside, make_virtual, store_outside])
@pytest.mark.parametrize(("make", "name"), [(OldFile, "3BData/Raw"), (full_file, "TOC")])
def test_data_outside_of_the_file(path, tmp_path, change, make, name):
    make().write(path)
    change(path, name, tmp_path / "other.h5")
    refused(path, f"dataset {name} {ELSEWHERE_BY[change]}", UnsupportedFormatError)


@pytest.mark.parametrize("change", [link_outside, make_virtual, store_outside])
@pytest.mark.parametrize(("well", "name"), [("A1", "Raw"), ("A2", "EventsBasedSparseRaw")])
def test_a_well_outside_of_the_file(path, tmp_path, change, well, name):
    full_file().write(path)
    change(path, f"Well_{well}/{name}", tmp_path / "other.h5")
    only_other_well(path, well, f"dataset Well_{well}/{name} {ELSEWHERE_BY[change]}")


@pytest.mark.parametrize(
    "change", [lambda path, name: link_outside(path, name, path.with_name("o.h5")), link_to_itself]
)
@pytest.mark.parametrize(
    ("name", "missed"), [("Well_A1", "Well_A1/SpikeTimes"), ("Well_A1/StoredChIdxs", "Well_A1/StoredChIdxs")]
)
def test_wells_that_lead_elsewhere(path, change, name, missed):
    full_file().write(path)
    change(path, name)
    only_other_well(path, "A1", f"dataset {missed} {LINK}")


@pytest.mark.parametrize(
    "change", [lambda path, name: link_outside(path, name, path.with_name("o.h5")), link_to_itself]
)
def test_settings_that_lead_elsewhere(path, change):
    full_file().write(path)
    change(path, "ExperimentSettings")
    refused(path, f"dataset ExperimentSettings {LINK}", UnsupportedFormatError)


# --- entries of the root ---


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("Well_..", "'Well_..'"),
        ("Well_\x1b[31m", r"'Well_\x1b[31m'"),
        ("Well_A1\n", r"'Well_A1\n'"),
        ("Well_" + "A" * 400, "'Well_" + "A" * 54 + "..."),
        ("Well_", "'Well_'"),
        ("Well_Z99", "'Well_Z99'"),
        ("Well_A0", "'Well_A0'"),
        ("Well_A13", "'Well_A13'"),
        ("Well_a1", "'Well_a1'"),
        ("Well_A-1", "'Well_A-1'"),
        ("Gell_A1", "'Gell_A1'"),
    ],
)
def test_odd_names_of_wells(path, name, shown):
    well = raw_well()
    file = WellsFile([well])
    file.write(path)
    with h5py.File(path, "r+") as content:
        content.copy(content["Well_A1"], content, name=name.encode())
    (recording,) = outcome(path)
    assert recording.problems == (f"No plate has a well like group {shown}; left out.",)
    assert recording.wells == ("A1",)
    close(recording.signal.read(0, 200), file.converter.microvolts(well.counts))


@pytest.mark.parametrize("make", [lambda: WellsFile([raw_well()]), OldFile], ids=["wells", "old"])
def test_a_group_that_is_not_known_is_told(path, make):
    make().write(path)
    with h5py.File(path, "r+") as file:
        file["Gell_B2/Noise"] = np.arange(3)
        file["Other"] = h5py.ExternalLink("other.h5", "/Well_B1")
    assert only(path).problems == ("What group 'Gell_B2' and 'Other' holds is not known; left out.",)


@pytest.mark.parametrize("make", [lambda: WellsFile([raw_well()]), OldFile], ids=["wells", "old"])
def test_what_holds_no_well_is_not_spoken_of(path, make):
    make().write(path)
    with h5py.File(path, "r+") as file:
        file["Notes"] = "fed on Monday"
        file["Counts"] = np.arange(3)
        file.create_group("Empty")
        file["3BUserInfo/ExpNotes"] = np.arange(3)
    assert only(path).problems == ()


def test_a_well_in_a_file_of_version_3_is_told(path):
    OldFile().write(path)
    with h5py.File(path, "r+") as file:
        file["Well_A1/Raw"] = np.arange(3)
    assert only(path).problems == ("What group 'Well_A1' holds is not known; left out.",)


def test_spikes_under_another_name_are_told(path):
    OldFile(spikes=[(12, 0)]).write(path)
    assert only(path).trains.n_spikes == 1
    with h5py.File(path, "r+") as file:
        file.move("3BResults", "3BResulds")
    recording = only(path)
    assert recording.trains is None
    assert recording.problems == ("What group '3BResulds' holds is not known; left out.",)


def test_a_well_of_another_name_is_told(path):
    WellsFile([raw_well(), raw_well("A2")]).write(path)
    with h5py.File(path, "r+") as file:
        file.move("Well_A2", "We\xff\xff_A2")
    recording = only(path)
    assert recording.problems == ("No plate has a well like group 'We\xff\xff_A2'; left out.",)
    assert recording.wells == ("A1",)


@pytest.mark.parametrize(
    ("names", "others"),
    [
        (("A1", "A2"), "A3, B1, B2 and 1 more"),
        (("A2",), "A1, A3, B1 and 2 more"),
        (("A1", "A2", "A3", "B1", "B3"), "B2"),
    ],
)
def test_wells_of_the_plate_that_the_file_does_not_hold_are_named(path, names, others):
    WellsFile([raw_well(name) for name in names]).write(path)
    said = "The file does not say which plate it is of; the BioCAM 6-well plate has all its wells"
    assert f"{said}, and {others}, of which the file holds nothing." in only(path).problems


def test_wells_that_are_the_whole_plate_are_not_spoken_of(path):
    WellsFile([raw_well(name) for name in ("A1", "A2", "A3", "B1", "B2", "B3")]).write(path)
    assert not [problem for problem in only(path).problems if "plate" in problem]


def test_a_well_in_a_ring(path):
    well = raw_well()
    file = WellsFile([well])
    file.write(path)
    with h5py.File(path, "r+") as content:
        content["Well_A2"] = content["/"]
        content["Well_A1/Well_A1"] = content["Well_A1"]
    (recording,) = outcome(path)
    why = "holds neither raw voltage nor spikes of well A2, or only links to them, which are not followed"
    assert recording.well_problems == {"A2": why}
    assert f"Well A2 was left out: {why}." in recording.problems
    close(recording.signal.read(0, 200), file.converter.microvolts(well.counts))


# --- parts that are missing, or of another kind ---


@pytest.mark.parametrize(
    ("version", "shown"),
    [(np.bytes_(b"A" * 5000), "A" * 60 + "..."), (np.arange(4000), "[ 0 1 2 ... 3997 3998 3999]")],
    ids=["letters", "numbers"],
)
def test_a_version_of_thousands_of_letters_or_numbers_is_cut(path, version, shown):
    OldFile().write(path)
    with h5py.File(path, "r+") as file:
        file["3BData"].attrs["Version"] = version
    refused(path, f"is of version {shown} of the raw voltage, which is not known", UnsupportedFormatError)


NO_TEXT = "is no JSON text"
LACKS = "lacks "
NO_NUMBER = "holds no credible number as "


@pytest.mark.parametrize(
    ("text", "said", "key"),
    [
        ("", NO_TEXT, ""),
        ("{", NO_TEXT, ""),
        ("null", LACKS, "MaxAnalogValue"),
        ("[]", LACKS, "MaxAnalogValue"),
        ("17", LACKS, "MaxAnalogValue"),
        ('{"ValueConverter": null}', LACKS, "MaxAnalogValue"),
        ('{"ValueConverter": []}', LACKS, "MaxAnalogValue"),
        ('{"ValueConverter": {"MaxAnalogValue": "x"}}', NO_NUMBER, "MaxAnalogValue"),
        ('{"ValueConverter": {"MaxAnalogValue": true}}', NO_NUMBER, "MaxAnalogValue"),
        ("[" * 100_000, NO_TEXT, ""),
        ('{"a": ' * 50_000, NO_TEXT, ""),
        ("\x1b[0m", NO_TEXT, ""),
        ('{"ValueConverter": {"MaxAnalogValue": ' + "9" * 10_000 + "}}", NO_TEXT, ""),
    ],
    ids=range(13),
)
def test_settings_that_are_no_settings(path, text, said, key):
    WellsFile([raw_well()]).write(path)
    _put(path, "ExperimentSettings", np.array([text.encode()], dtype=h5py.string_dtype()))
    refused(path, f"dataset ExperimentSettings {said}{key and f'ValueConverter.{key}'}")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{", NO_TEXT),
        ("[]", f"{LACKS}SignalConverter.DigitalToAnalogConverter.MaxAnalogValueMicroVolt"),
        (
            '{"SignalConverter": {"DigitalToAnalogConverter": {"MaxAnalogValueMicroVolt": "x"}}}',
            f"{NO_NUMBER}SignalConverter.DigitalToAnalogConverter.MaxAnalogValueMicroVolt",
        ),
    ],
)
def test_newer_settings_that_are_no_settings(path, text, said):
    WellsFile([raw_well()], brainwave=6).write(path)
    _put(path, "ExperimentInfo", np.array([text.encode()], dtype=h5py.string_dtype()))
    refused(path, f"dataset ExperimentInfo {said}")


@pytest.mark.parametrize(
    ("channels", "said"),
    [
        ((0, 1, 2), "dataset Well_A1/Raw of 800 values does not hold 3 channels in 200 frames"),
        (tuple(range(7)), "dataset Well_A1/Raw of 800 values does not hold 7 channels in 200 frames"),
        ((0, 1, 2, 2), "dataset Well_A1/StoredChIdxs lists no channel, or one twice or below 0"),
        ((-1, 0, 1, 2), "dataset Well_A1/StoredChIdxs lists no channel, or one twice or below 0"),
        ((), "dataset Well_A1/StoredChIdxs lists no channel, or one twice or below 0"),
    ],
)
def test_channels_that_cannot_be(path, channels, said):
    WellsFile([raw_well()]).write(path)
    _put(path, "Well_A1/StoredChIdxs", np.array(channels, np.int32))
    refused(path, said)


@pytest.mark.parametrize(
    ("name", "said", "kind"),
    [
        ("ExperimentSettings", "states neither scale nor frame rate: it has no dataset", CorruptHeaderError),
        ("Well_A1", "looks like an HDF5 file of another kind", UnsupportedFormatError),
        ("Well_A1/Raw", "holds neither raw voltage nor spikes of well A1", CorruptHeaderError),
    ],
)
def test_parts_that_nothing_is_read_without(path, name, said, kind):
    WellsFile([raw_well()]).write(path)
    with h5py.File(path, "r+") as file:
        del file[name]
    refused(path, said, kind)


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("TOC", "Dataset TOC is missing or empty, so that gaps of the recording are not known."),
        ("Well_A1/StoredChIdxs", "The file does not list the channels of well A1; 4 were found in its data."),
    ],
)
def test_parts_whose_lack_is_told(path, name, said):
    well = raw_well()
    file = WellsFile([well])
    file.write(path)
    with h5py.File(path, "r+") as content:
        del content[name]
    recording = only(path)
    assert recording.problems == (said,)
    close(recording.signal.read(0, 200), file.converter.microvolts(well.counts))


def test_raw_data_of_which_only_the_table_is_left(path):
    part = spikes_well()
    WellsFile([Well(counts=raw_well().counts, spikes=part.spikes)]).write(path)
    with h5py.File(path, "r+") as file:
        del file["Well_A1/Raw"]
    recording = only(path)
    assert recording.problems == ("Dataset Well_A1/Raw is missing, though a table of its contents is there.",)
    assert recording.signal is None
    assert recording.trains.n_spikes == 4


@pytest.mark.parametrize(
    ("values", "said"),
    [
        (np.zeros((200, 4), np.uint16), "holds uint16 of shape (200, 4), not counts of 4 channels"),
        (np.zeros(800), "holds float64 of shape (800,), not counts of 4 channels"),
        (np.zeros(0, np.uint16), "holds uint16 of shape (0,), not counts of 4 channels"),
        ("text", "holds no numbers"),
    ],
    ids=["rows", "floats", "empty", "text"],
)
def test_raw_data_of_another_kind(path, values, said):
    WellsFile([raw_well()]).write(path)
    _put(path, "Well_A1/Raw", values)
    refused(path, f"dataset Well_A1/Raw {said}")


def test_raw_data_that_end_within_a_frame(path):
    well = raw_well()
    file = WellsFile([well])
    file.write(path)
    _put(path, "Well_A1/Raw", well.counts.ravel()[:-1])
    recording = only(path)
    assert recording.problems == ("Dataset TOC lists 200 frames, dataset Well_A1/Raw holds 199, which were taken.",)
    close(recording.signal.read(0, 199), file.converter.microvolts(well.counts)[:199])


def _put(path: Path, name: str, values: object) -> None:
    with h5py.File(path, "r+") as file:
        del file[name]
        file[name] = values


@pytest.mark.parametrize("file", [OldFile(), full_file()], ids=["old", "wells"])
def test_files_that_were_cut(path, file):
    content = file.write(path).read_bytes()
    for size in range(2000, len(content), 1999):
        path.write_bytes(content[:size])
        refused(path, "ends before the end that it states itself", TruncatedFileError)


def test_a_file_of_one_byte(path):
    path.write_bytes(OldFile().write(path).read_bytes()[:1])
    refused(path, "looks like unknown binary data", UnsupportedFormatError)


@pytest.mark.parametrize("brainwave", [5, 6])
@pytest.mark.parametrize("spikes", [None, [(12, 0)]])
def test_gaps_of_every_sparse_well_are_told(path, brainwave, spikes):
    wells = [sparse_well("A1"), sparse_well("A2"), raw_well("A3")]
    if spikes:
        wells = [Well(well.name, well.channels, well.counts, well.sparse, spikes=spikes) for well in wells]
    recording = only(WellsFile(wells, brainwave=brainwave).write(path))
    gaps = [problem for problem in recording.problems if "0 uV" in problem]
    said = "only the samples around events were kept; all others are given as 0 uV."
    assert gaps == [f"Of well A1 {said}", f"Of well A2 {said}"]


def test_a_sparse_well_without_any_event_is_told(path):
    recording = only(WellsFile([Well(sparse=[[], []])]).write(path))
    said = "Of well A1 only the samples around events were kept; all others are given as 0 uV."
    assert recording.problems == (said,)
    assert (recording.signal.read(0, 200) == 0).all()
