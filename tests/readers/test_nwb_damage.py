"""NWB files that were damaged or forged end in a recording or in a typed error, and quickly."""

from __future__ import annotations

import resource
from pathlib import Path

import h5py
import numpy as np
import pytest
from readers.builders.hdf5_plates import (
    TERABYTE_SHAPE,
    Field,
    claim,
    in_latest_format,
    link_outside,
    link_to_itself,
    make_virtual,
    outcome,
    store_outside,
    told,
)
from readers.builders.nwb_file import (
    TABLE,
    Electrode,
    put_full,
    small,
)

from mnephys.errors import (
    ReadError,
)
from mnephys.readers.binary import open_binary
from mnephys.readers.nwb.reading import read_nwb


@pytest.fixture
def path(tmp_path) -> Path:
    return tmp_path / "plate.nwb"


@pytest.fixture
def intact(path):
    with open_binary(put_full(path)) as file:
        return read_nwb(file), path


NUMBERS = (
    Field("acquisition/raw/data", "conversion"),
    Field("acquisition/raw/data", "offset"),
    Field("acquisition/raw/starting_time"),
    Field("acquisition/raw/starting_time", "rate"),
    Field("acquisition/raw/electrodes"),
    Field("acquisition/raw/channel_conversion"),
    Field("processing/ecephys/LFP/field/timestamps"),
    Field("processing/ecephys/LFP/field/electrodes"),
    Field("units/spike_times"),
    Field("units/spike_times_index"),
    Field("units/electrodes"),
    Field("units/electrodes_index"),
    Field("units/obs_intervals"),
    Field("units/obs_intervals_index"),
    Field("units/id"),
    Field(f"{TABLE}/id"),
    Field(f"{TABLE}/rel_x"),
    Field("intervals/trials/start_time"),
)


@pytest.mark.parametrize("value", [0, 1, -1, 2**31 - 1, 2**32 - 1, 2**62, 5, np.nan, np.inf, -1e300])
@pytest.mark.parametrize("number", NUMBERS, ids=str)
def test_forged_numbers_end_in_a_recording_or_an_error(intact, number, value):
    before, path = intact
    number.forge(path, value)
    found = outcome(path)
    if isinstance(found, ReadError) or number.path.startswith("units") or "trials" in number.path:
        return
    for old, new in zip(before, [r for r in found if r.signal is not None], strict=False):
        if old.metadata["name"] == new.metadata["name"] and not number.attribute and "timestamps" not in number.path:
            assert new.signal.sampling_rate == old.signal.sampling_rate
            assert new.signal.shape == old.signal.shape


@pytest.mark.parametrize(
    "name",
    [
        "acquisition/raw/data",
        "acquisition/raw/electrodes",
        "acquisition/raw/channel_conversion",
        "processing/ecephys/LFP/field/timestamps",
        "units/spike_times",
        "units/spike_times_index",
        "units/electrodes",
        "units/id",
        f"{TABLE}/id",
        f"{TABLE}/rel_x",
        "intervals/trials/start_time",
    ],
)
def test_datasets_that_claim_terabytes(intact, name):
    _, path = intact
    with h5py.File(path) as content:
        shape = (TERABYTE_SHAPE, *content[name].shape[1:])
    claim(path, name, shape)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    outcome(path)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 64 * 1024


@pytest.mark.parametrize("change", [link_outside, make_virtual, store_outside])
@pytest.mark.parametrize("name", ["acquisition/raw/data", "units/spike_times", f"{TABLE}/id"])
def test_what_lies_in_another_file_is_not_opened(intact, tmp_path, change, name):
    before, path = intact
    change(path, name, tmp_path / "other.bin")
    assert told(outcome(path), before)


@pytest.mark.parametrize("name", ["acquisition/raw", "acquisition", "units", "units/spike_times", TABLE, "intervals"])
def test_links_in_a_circle_end(intact, name):
    _, path = intact
    link_to_itself(path, name)
    outcome(path)


def test_a_file_that_was_cut_is_refused_or_read(intact):
    _, path = intact
    whole = path.read_bytes()
    for end in range(8, len(whole), max(len(whole) // 60, 1)):
        path.write_bytes(whole[:end])
        assert isinstance(outcome(path), ReadError)


@pytest.mark.parametrize(
    ("name", "kind", "left_out"),
    [
        ("acquisition/raw", "..\x1b", "acquisition/raw"),
        ("acquisition/raw", True, "acquisition/raw"),
        ("processing/ecephys/LFP", "C:\\Windows", "processing/ecephys/LFP"),
        ("processing/ecephys/LFP/field", "", "processing/ecephys/LFP/field"),
    ],
)
def test_a_series_of_another_kind_is_said_to_be_left_out(path, name, kind, left_out):
    put_full(path)
    with h5py.File(path, "r+") as content:
        content[name].attrs["neurodata_type"] = kind
    for recording in outcome(path):
        assert f"Not read, as it is said to be no electrical series: {left_out}." in recording.problems


@pytest.mark.parametrize("name", ["processing", "processing/ecephys", "acquisition", "units", "intervals"])
def test_groups_that_are_links_are_said(path, tmp_path, name):
    put_full(path)
    assert not any("links" in problem for recording in outcome(path) for problem in recording.problems)
    link_outside(path, name, tmp_path / "other.h5")
    for recording in outcome(path):
        assert f"Not read, as links are not followed: {name}." in recording.problems
        assert not any("no group" in problem for problem in recording.problems)


def test_acquired_data_under_another_name_are_missed(path):
    put_full(path)
    with h5py.File(path, "r+") as content:
        content.move("acquisition", "acquisitiom")
    assert all("There is no group acquisition, which every NWB file has." in each.problems for each in outcome(path))


def test_entries_of_a_series_that_are_not_read_are_said(path):
    put_full(path)
    with h5py.File(path, "r+") as content:
        content.move("acquisition/raw/channel_conversion", "acquisition/raw/channel_\x1bonversion")
    raw, field = outcome(path)
    assert "Series acquisition/raw has entries that are not read: channel_ onversion." in raw.problems
    assert not any("entries" in problem for problem in field.problems)


@pytest.mark.parametrize("name", ["label", "well"])
def test_columns_of_electrodes_that_are_missing_are_said(path, name):
    put_full(path)
    with h5py.File(path, "r+") as content:
        content.move(f"{TABLE}/{name}", f"{TABLE}/{name}s")
    for recording in outcome(path):
        assert f"Table {TABLE} lacks columns that it says it has: {name}." in recording.problems


def test_columns_of_units_that_are_missing_are_said(path):
    put_full(path)
    with h5py.File(path, "r+") as content:
        del content["units/obs_intervals"]
    assert "Table units lacks columns that it says it has: obs_intervals." in outcome(path)[0].problems


def test_names_that_forge_lines_are_harmless(path):
    hostile = "a\x1b[31m\nb"
    electrodes = [
        Electrode(location=hostile, more={"well": f"w{hostile}{i % 2}", "label": f"{i}\n\x1b"}) for i in range(4)
    ]
    small(electrodes=electrodes).write(path)
    with h5py.File(path, "r+") as content:
        content.move("acquisition/raw", f"acquisition/{hostile}")
    outcome(path)


@pytest.mark.parametrize("name", ["acquisition", "processing", "general"])
@pytest.mark.parametrize("instead", [None, 3.0])
def test_a_group_that_every_file_has_is_missed(path, name, instead):
    with h5py.File(put_full(path), "a") as file:
        file.move(name, f"{name}_of_old")
        if instead is not None:
            file[name] = instead
    found = outcome(path)
    assert isinstance(found, ReadError) or any(
        f"There is no group {name}, which every NWB file has." in problem
        for recording in found
        for problem in recording.problems
    )


def test_a_group_that_lost_the_list_of_its_entries_is_missed(path):
    with h5py.File(put_full(path)) as file:
        at = h5py.h5o.get_info(file["acquisition"].id).addr
    content = bytearray(path.read_bytes())
    # Behind the beginning of the header, its only message: where the list is.
    assert content[at + 16 : at + 20] == bytes([0x11, 0, 16, 0])
    content[at + 16] = 0
    path.write_bytes(content)
    (recording,) = outcome(path)
    assert recording.metadata["name"] == "processing/ecephys/LFP/field"
    assert "There is no group acquisition, which every NWB file has." in recording.problems


@pytest.mark.parametrize("name", ["units", "processing/ecephys", "intervals"])
def test_what_should_be_a_group_and_is_none_is_said(path, name):
    with h5py.File(put_full(path), "r+") as file:
        del file[name]
        file[name] = 3.0
    for recording in outcome(path):
        assert f"Not read, as it is no group: {name}." in recording.problems


# What cannot be read must not be taken for what is not there.
UNREADABLE = {
    "null": h5py.Empty("f8"),
    "record": np.zeros(1, [("a", "f8")]),
    "text": "1",
    "truth": True,
    "one in a row": np.zeros(1),
    "two numbers": np.zeros(2),
    "none in a row": np.zeros(0),
}


@pytest.mark.parametrize("value", UNREADABLE.values(), ids=UNREADABLE)
@pytest.mark.parametrize("key", ["offset", "conversion"])
@pytest.mark.parametrize("place", ["acquisition/raw", "processing/ecephys/LFP/field"])
def test_a_factor_or_an_offset_that_is_there_and_no_number_costs_its_series(path, place, key, value):
    with h5py.File(put_full(path), "r+") as content:
        content[f"{place}/data"].attrs[key] = value
    (recording,) = outcome(path)
    assert recording.metadata["name"] != place
    assert f"Not read: attribute {key} of dataset {place}/data is no number." in recording.problems


def test_an_offset_in_the_newest_structures_that_has_no_value_costs_its_series(path):
    with h5py.File(put_full(path), "r+") as content:
        content["acquisition/raw/data"].attrs["offset"] = h5py.Empty("f8")
    (recording,) = outcome(in_latest_format(path))
    assert "Not read: attribute offset of dataset acquisition/raw/data is no number." in recording.problems


def test_an_offset_that_is_not_stated_is_none(path):
    with h5py.File(put_full(path), "r+") as content:
        del content["processing/ecephys/LFP/field/data"].attrs["offset"]
        stored = content["processing/ecephys/LFP/field/data"][()]
    _, field = outcome(path)
    assert field.problems == ()
    np.testing.assert_allclose(field.signal.read(0, 100), stored)


def test_a_factor_that_is_not_stated_is_said_to_be_assumed(path):
    with h5py.File(put_full(path), "r+") as content:
        del content["processing/ecephys/LFP/field/data"].attrs["conversion"]
        stored = content["processing/ecephys/LFP/field/data"][()]
    raw, field = outcome(path)
    said = "Dataset processing/ecephys/LFP/field/data states no conversion, which is taken to be 1."
    assert (raw.problems, field.problems) == ((), (said,))
    np.testing.assert_allclose(field.signal.read(0, 100), stored * 1e6)


@pytest.mark.parametrize(
    ("place", "key", "value"),
    [
        ("/", "nwb_version", b"A" * 5000),
        ("/", "neurodata_type", np.arange(4000)),
        ("acquisition/raw/data", "unit", b"A" * 5000),
        ("acquisition/raw/data", "conversion", np.True_),
    ],
)
def test_attributes_of_another_kind_are_told_in_one_short_line(path, place, key, value):
    with h5py.File(put_full(path), "a") as file:
        file[place].attrs[key] = value
    found = outcome(path)
    said = [str(found)] if isinstance(found, ReadError) else [p for recording in found for p in recording.problems]
    assert said or key == "neurodata_type"
    assert all(len(sentence) < 500 for sentence in said)
