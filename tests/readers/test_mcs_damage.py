"""MCS HDF5 files that were damaged or forged: what is refused, what is told, and what is read as it was."""

from __future__ import annotations

import resource
from dataclasses import replace
from pathlib import Path

import h5py
import numpy as np
import pytest
from readers.builders.hdf5_plates import (
    TERABYTE_SHAPE,
    Field,
    claim,
    close,
    link_outside,
    link_to_itself,
    make_virtual,
    names,
    only,
    outcome,
    read_plates,
    shown,
    store_outside,
    told,
)
from readers.builders.mcs_file import FIELDS, SHAPES, Events, electrode_stream, full_file
from readers.test_mcs import CUT_OUTS, DATA, EVENTS, SPIKES, STREAM, added, one, refused

from mnephys.errors import CorruptHeaderError, ReadError, TruncatedFileError, UnsupportedFormatError
from mnephys.recording import PlateRecording


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "plate.h5"


def test_other_protocols(path):
    problem = "is of the protocol 'CMOS_MEA' of Multi Channel Systems, which is not read"
    refused(replace(full_file(), protocol="CMOS_MEA").write(path), UnsupportedFormatError, problem)


def test_another_version_of_the_protocol_is_read_and_told(path):
    recording = only(replace(full_file(), version=9).write(path))
    assert added(recording) == ["Version 9 of the protocol is not known; it was read like version 3."]
    close(recording.signal.read(0, 400), electrode_stream().voltages())


# What is shown of a text of 5000 letters, and of 4000 numbers.
_LETTERS, _NUMBERS = "A" * 60 + "...", "[" + "0.0, " * 11 + "0.0,..."


@pytest.mark.parametrize(("value", "shown"), [(b"A" * 5000, _LETTERS), (np.zeros(4000), _NUMBERS)], ids=["text", "row"])
def test_what_a_file_says_of_its_protocol_is_cut(path, value, shown):
    full_file().write(path)
    with h5py.File(path, "r+") as file:
        file.attrs["McsHdf5ProtocolVersion"] = value
    assert added(only(path)) == [f"Version {shown} of the protocol is not known; it was read like version 3."]
    with h5py.File(path, "r+") as file:
        file.attrs["McsHdf5ProtocolType"] = value
    problem = f"is of the protocol '{shown}' of Multi Channel Systems, which is not read"
    refused(path, UnsupportedFormatError, problem)


def test_what_a_file_says_of_its_streams_is_cut(path):
    full_file().write(path)
    with h5py.File(path, "r+") as file:
        for place in (SPIKES, CUT_OUTS):
            file[place].attrs["DataSubType"] = b"A" * 5000
            file[place].attrs["Label"] = b"B" * 5000
    names_ = ", ".join(f"{place} ({'B' * 60}..., {_LETTERS})" for place in (CUT_OUTS, SPIKES))
    recording = only(path)
    assert recording.trains is None
    # Of cut-outs that are not read, nothing is compared.
    assert recording.problems == (f"Not read: {names_}.",)


def test_a_kind_or_a_label_that_is_no_text_is_none(path):
    full_file().write(path)
    with h5py.File(path, "r+") as file:
        for place in (SPIKES, CUT_OUTS):
            file[place].attrs["DataSubType"] = np.zeros(4000)
            file[place].attrs["Label"] = np.zeros(4000)
    recording = only(path)
    assert added(recording) == []
    assert recording.trains.n_spikes == 6
    assert recording.trains.waveforms is not None


def test_many_streams_make_no_long_sentence(path):
    full_file().write(path)
    with h5py.File(path, "r+") as file:
        parent = file["Data/Recording_0/AnalogStream"]
        for number in range(2, 60):
            file.copy(parent["Stream_0"], parent, name=f"Stream_{number}")
    (said,) = added(only(path))
    assert said.startswith("Not read beside the raw voltage: Data/Recording_0/AnalogStream/Stream_2 (")
    assert said.endswith(", 55 more.")
    assert len(said) < 500


def test_electrodes_without_names_are_told(path):
    one(electrode_stream()).write(path)
    place = "Data/Recording_0/AnalogStream/Stream_0/InfoChannel"
    with h5py.File(path, "r+") as file:
        rows = file[place][()]
        del file[place]
        file[place] = rows[[name for name in rows.dtype.names if name != "Label"]].copy()
    recording = only(path)
    assert recording.problems == ("Electrodes without a name are called by their numbers: 0, 1, 2 and 1 more.",)
    assert recording.electrodes["label"].tolist() == [f"channel {number}" for number in range(4)]


@pytest.mark.parametrize("name", SHAPES)
@pytest.mark.parametrize("axis", [0, -1])
def test_datasets_that_claim_terabytes(path, name, axis):
    full_file().write(path)
    with h5py.File(path) as file:
        shape = list(file[name].shape)
    shape[axis] = TERABYTE_SHAPE
    claim(path, name, tuple(shape))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    refused(path, CorruptHeaderError, f"dataset {name} claims {np.prod(shape, dtype=object)} values, but the file")
    # In kB.
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 64 * 1024


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (link_outside, "is a link to another place, which is not followed"),
        (make_virtual, "keeps its values in other files, which are not opened"),
        (store_outside, "keeps its values in other files, which are not opened"),
    ],
)
def test_data_outside_of_the_file(path, tmp_path, change, problem):
    full_file().write(path)
    change(path, DATA, tmp_path / "other.h5")
    refused(path, UnsupportedFormatError, f"dataset {DATA} {problem}")


@pytest.mark.parametrize("lead", [link_outside, lambda path, name, _: link_to_itself(path, name)], ids=["out", "ring"])
@pytest.mark.parametrize(
    ("name", "kind", "problem"),
    [
        ("Data", CorruptHeaderError, "Data holds 0 recordings"),
        ("Data/Recording_0", UnsupportedFormatError, "holds neither raw voltage nor spikes of electrodes"),
    ],
)
def test_groups_that_lead_elsewhere(path, tmp_path, lead, name, kind, problem):
    lead(full_file().write(path), name, tmp_path / "other.h5")
    refused(path, kind, problem)


@pytest.mark.parametrize("lead", [link_outside, lambda path, name, _: link_to_itself(path, name)], ids=["out", "ring"])
def test_a_stream_that_leads_elsewhere_is_told(path, tmp_path, lead):
    lead(full_file().write(path), STREAM, tmp_path / "other.h5")
    (recording,) = outcome(path)
    assert recording.signal is None
    assert recording.trains.n_spikes == 6
    why = f"dataset {DATA} is a link to another place, which is not followed"
    assert added(recording) == [f"{STREAM} was left out: {why}.", f"Not read: {STREAM}."]


@pytest.mark.parametrize(
    "name", ["..", "Stream_..", "Stream_\x1b[31m", "Stream_\n1", "Stream_" + "9" * 400, "Stream_1.5", "Stream_-1"]
)
@pytest.mark.parametrize("kind", ["AnalogStream", "TimeStampStream", "SegmentStream", "EventStream"])
def test_odd_names_of_streams(path, name, kind):
    full_file().write(path)
    with h5py.File(path, "r+") as file:
        parent = file[f"Data/Recording_0/{kind}"]
        file.copy(parent["Stream_0"], parent, name=name.encode())
    (recording,) = outcome(path)
    told = f"Data/Recording_0/{kind} holds 1 entries that are no numbered streams; left out."
    assert added(recording) == [told]
    assert (recording.signal.shape, recording.trains.n_spikes, len(recording.events)) == ((400, 4), 6, 2)


def test_names_that_are_no_text(path):
    full_file().write(path)
    with h5py.File(path, "r+") as file:
        file["Data/Recording_0/AnalogStream"].create_group(b"Stream_\xff\xfe")
        file["Data"].create_group(b"Recording_\xff")
    (recording,) = outcome(path)
    assert added(recording) == [
        "Data/Recording_0/AnalogStream holds 1 entries that are no numbered streams; left out.",
        "Data holds 1 entries that are no numbered recordings; left out.",
    ]


@pytest.mark.parametrize(
    ("label", "name", "event"),
    [
        ("..", "..", ".."),
        ("../../etc/passwd", "../../etc/passwd", "../../etc/passwd"),
        ("E\x1b[0m1", "E [0m1", "E [0m1"),
        ("E\n1", "E 1", "E 1"),
        ("", "channel 0", "EventEntity_0"),
        ("E" * 200, "E" * 16, "E" * 200),
        ("/", "/", "/"),
        ("\N{MICRO SIGN}", "\N{MICRO SIGN}", "\N{MICRO SIGN}"),
    ],
)
def test_odd_labels(path, label, name, event):
    stream = electrode_stream()
    channels = [replace(stream.channels[0], label=label), *stream.channels[1:]]
    events = Events([(1_000, 0)], label=label, stream=label)
    (recording,) = outcome(one(replace(stream, channels=channels, label=label), events=[events]).write(path))
    assert recording.electrodes["label"].tolist() == [name, "E2", "E3", "E4"]
    assert recording.events == ((0.001, event),)
    told = () if label else ("Electrodes without a name are called by their numbers: 0.",)
    assert recording.problems == told
    close(recording.signal.read(0, 400), stream.voltages())


# What comes of each of `VALUES`: the file is refused (r); it is read and something is said (t); it is read as before,
# as the number is not read or means the same (.); another voltage or event, as plausible as the true one (v).
VALUES = (0, -1, 2**31 - 1, 2**32 - 1, 2**62, float("nan"))
OUTCOMES = {
    "/@McsHdf5ProtocolVersion": "tttttt",
    "Data@DateInTicks": "......",
    "Data/Recording_0@RecordingID": "......",
    "Data/Recording_0@TimeStamp": "......",
    "Data/Recording_0@Duration": "..tt..",
    f"{STREAM}/InfoChannel@ChannelID": "rrrrrr",
    f"{STREAM}/InfoChannel@RowIndex": "rrrrrr",
    f"{STREAM}/InfoChannel@GroupID": "....rr",
    f"{STREAM}/InfoChannel@Exponent": "rrrrrr",
    f"{STREAM}/InfoChannel@ADZero": ".vvvrr",
    f"{STREAM}/InfoChannel@Tick": "rrrrrr",
    f"{STREAM}/InfoChannel@ConversionFactor": "rrvvrr",
    f"{STREAM}/InfoChannel@ADCBits": "......",
    f"{STREAM}/ChannelDataTimeStamps": "trrrrr",
    f"{SPIKES}/InfoTimeStamp@TimeStampEntityID": "ttttrr",
    f"{SPIKES}/InfoTimeStamp@GroupID": "....rr",
    f"{SPIKES}/InfoTimeStamp@Exponent": "ttrrrr",
    f"{SPIKES}/TimeStampEntity_0": "ttttrr",
    f"{CUT_OUTS}/InfoSegment@SegmentID": "ttttrr",
    f"{CUT_OUTS}/InfoSegment@GroupID": "....rr",
    f"{CUT_OUTS}/InfoSegment@PreInterval": "....rr",
    f"{CUT_OUTS}/InfoSegment@PostInterval": "......",
    f"{CUT_OUTS}/SourceInfoChannel@ChannelID": "rrrrrr",
    f"{CUT_OUTS}/SourceInfoChannel@GroupID": "....rr",
    f"{CUT_OUTS}/SourceInfoChannel@Exponent": "rrrrrr",
    f"{CUT_OUTS}/SourceInfoChannel@ADZero": "vvvvrr",
    f"{CUT_OUTS}/SourceInfoChannel@Tick": "rrrrrr",
    f"{CUT_OUTS}/SourceInfoChannel@ConversionFactor": "rrrrrr",
    f"{CUT_OUTS}/SegmentData_ts_0": "ttttrr",
    f"{EVENTS}/InfoEvent@EventID": ".vvvrr",
    f"{EVENTS}/EventEntity_0": "vrvvrr",
}


def _measured(recording: PlateRecording) -> tuple[object, ...]:
    """Return what a forged voltage or event does not change."""
    signal, trains = recording.signal, recording.trains
    segments, extent = signal.segments.tolist(), (recording.start, recording.stop)
    of_trains = trains.times.tolist(), trains.counts.tolist()
    return recording.layout, names(recording), signal.shape, signal.sampling_rate, segments, extent, of_trains


def _carried(recording: PlateRecording) -> tuple[object, ...]:
    return recording.signal.read(0, 400).tolist(), recording.trains.waveforms[:].tolist(), recording.events


def _letter(found: list[PlateRecording] | ReadError, intact: PlateRecording) -> str:
    if isinstance(found, ReadError):
        return "r"
    (recording,) = found
    if told(found, [intact]):
        return "t"
    assert _measured(recording) == _measured(intact)
    return "." if _carried(recording) == _carried(intact) else "v"


@pytest.mark.parametrize("field", FIELDS, ids=shown)
def test_forged_numbers_never_surprise(path, tmp_path, field: Field):
    (intact,) = read_plates(full_file().write(tmp_path / "intact.h5"))
    found = ""
    for value in VALUES:
        full_file().write(path)
        field.forge(path, value)
        found += _letter(outcome(path), intact)
    assert found == OUTCOMES[str(field)]


@pytest.mark.parametrize(
    ("values", "problem"),
    [
        (np.zeros(400, np.int32), f"{STREAM} has no dataset ChannelData of whole numbers, channels by samples"),
        (np.zeros((4, 400)), f"{STREAM} has no dataset ChannelData of whole numbers, channels by samples"),
        (np.zeros((2, 2, 2), np.int32), f"{STREAM} has no dataset ChannelData of whole numbers, channels by samples"),
        (np.zeros((3, 400), np.int32), "gives rows 0 to 3 to 4 channels; the data have 3, one for each"),
        ("text", f"dataset {DATA} holds no numbers"),
    ],
    ids=["row", "fractions", "cube", "too few rows", "text"],
)
def test_channel_data_of_another_kind(path, values, problem):
    full_file().write(path)
    with h5py.File(path, "r+") as file:
        del file[DATA]
        file[DATA] = values
    refused(path, CorruptHeaderError, problem)


def test_electrodes_without_a_sample_are_told(path):
    full_file().write(path)
    with h5py.File(path, "r+") as file:
        del file[DATA]
        file[DATA] = np.zeros((4, 0), np.int32)
    recording = only(path)
    assert recording.signal is None
    assert recording.trains.n_spikes == 6
    origin = f"{STREAM} (Data Acquisition (1) Electrode Raw Data, Electrode)"
    assert added(recording) == [f"{STREAM} holds no samples.", f"Not read: {origin}."]


@pytest.mark.parametrize(
    ("name", "problem"),
    [
        ("Data", "Data holds 0 recordings"),
        ("Data/Recording_0", "Data holds 0 recordings"),
        (DATA, f"{STREAM} has no dataset ChannelData of whole numbers, channels by samples"),
        (f"{STREAM}/InfoChannel", f"{STREAM}/InfoChannel is missing or empty"),
        (f"{SPIKES}/InfoTimeStamp", f"{SPIKES}/InfoTimeStamp is missing, so its spikes belong to no electrode"),
        (f"{CUT_OUTS}/InfoSegment", f"{CUT_OUTS}/InfoSegment is missing, so its spikes belong to no electrode"),
    ],
)
def test_parts_without_which_nothing_is_known(path, name, problem):
    full_file().write(path)
    with h5py.File(path, "r+") as file:
        del file[name]
    refused(path, CorruptHeaderError, problem)


_TIMES = f"{SPIKES} (Spike Detector (1) Spike Timestamps, NeuralSpike)"
_SHAPES = f"{CUT_OUTS} (Spike Detector (1) Spike Data, Spike)"


@pytest.mark.parametrize(
    ("name", "told", "with_waveforms"),
    [
        (
            f"{STREAM}/ChannelDataTimeStamps",
            f"{STREAM} has no time stamps; it is assumed to begin at 0 s and to have no gap.",
            True,
        ),
        (
            f"{CUT_OUTS}/SegmentData_0",
            f"{CUT_OUTS} does not hold one cut-out for each of its time stamps; its cut-outs were left out.",
            False,
        ),
        (
            f"{CUT_OUTS}/SegmentData_ts_0",
            f"Spikes are those of {_TIMES}; other ones were left out: {_SHAPES}.",
            False,
        ),
    ],
)
def test_parts_without_which_the_rest_is_read(path, name, told, with_waveforms):
    full_file().write(path)
    with h5py.File(path, "r+") as file:
        del file[name]
    recording = only(path)
    assert added(recording) == [told]
    assert (recording.trains.waveforms is not None) is with_waveforms
    assert recording.trains.n_spikes == 6
    close(recording.signal.read(0, 400), electrode_stream().voltages())


def test_cut_outs_whose_channels_are_not_described_are_left_out(path):
    full_file().write(path)
    with h5py.File(path, "r+") as file:
        del file[f"{CUT_OUTS}/SourceInfoChannel"]
    recording = only(path)
    told = f"{CUT_OUTS} does not describe its channels; its cut-outs were left out."
    assert recording.problems == (told,)
    assert recording.trains.waveforms is None
    assert recording.trains.n_spikes == 6


def test_events_that_are_not_described_have_the_name_of_their_stream(path):
    full_file().write(path)
    with h5py.File(path, "r+") as file:
        del file[f"{EVENTS}/InfoEvent"]
    recording = only(path)
    assert recording.events == ((0.01, "Digital Events 1"), (0.025, "Digital Events 1 for 0.0005 s"))


def test_files_that_were_cut(path):
    content = full_file().write(path).read_bytes()
    for size in range(2000, len(content), 1999):
        path.write_bytes(content[:size])
        refused(path, TruncatedFileError, f"ends before the end that it states itself ({size} of {len(content)} bytes)")
