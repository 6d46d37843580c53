"""Damaged and hostile MaxWell files: what is said of each, word by word, and which data are left."""

from __future__ import annotations

import itertools
import resource
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import h5py
import numpy as np
import pytest
from readers.builders.hdf5_plates import (
    TERABYTE_SHAPE,
    Field,
    channel_names,
    claim,
    close,
    columns_of,
    link_outside,
    link_to_itself,
    make_virtual,
    outcome,
    shown,
    store_outside,
    train,
)
from readers.builders.maxwell_file import (
    FIELDS,
    OLD_FIELDS,
    OLD_SHAPES,
    SHAPES,
    MaxWellFile,
    OldMaxOne,
    Well,
    electrode_of,
    full_file,
    old_file,
)
from readers.test_maxwell import check_well

from mnephys.errors import (
    CorruptHeaderError,
    FileUnitsError,
    ReadError,
    TruncatedFileError,
    UnsupportedFormatError,
)
from mnephys.recording import PlateRecording

REC = "wells/well000/rec0000"
RAW = f"{REC}/groups/routed/raw"
WELLS = ("A1", "A2", "A3", "B1", "B2", "B3")
OTHERS = WELLS[1:]
PLATE = "The file does not say which plate it is of; the MaxTwo 6-well plate is the smallest that has its wells."
CONTRADICTION = (
    "What data_store/data0000 says of its recording and well contradicts the names below wells, which were taken."
)
NO_FIRST = "The file does not say with which frame well 000 began in rec0000; that of the others was taken, frame 0."
NO_ORDER = f"Nothing says which row of {RAW} is which channel; they were taken in the order of the table."
IDLE = (
    "The raw voltage of well 000 in rec0000 has 3 rows, 3 of them of channels to which the table connects no "
    "electrode; left out."
)
NO_ELECTRODE = "Well A1: 3 spikes are of channels without an electrode; left out."


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "chip.raw.h5"


def unrouted(number: int) -> str:
    """Return what is said of each well of `full_file`: channel 9 has no row."""
    what = f"The raw voltage of well {number:03d} in rec0000 has 3 rows, and none for 1 electrodes that the table lists"
    return f"{what} ({electrode_of(9, number)}); left out."


def plate(path: Path) -> PlateRecording:
    """Return the one recording of a damaged file, which is neither slow nor harmful."""
    found = outcome(path)
    assert not isinstance(found, ReadError), found
    (recording,) = found
    return recording


def refused(path: Path, kind: type[ReadError], problem: str) -> None:
    """Assert that a file is refused, for this reason and no other."""
    found = outcome(path)
    assert type(found) is kind
    assert found.problem == problem


def check_full(
    recording: PlateRecording,
    *said: str,
    known: Sequence[str] = (PLATE, *map(unrouted, range(6))),
    signal: Sequence[str] = WELLS,
    spikes: Sequence[str] = WELLS,
    wells: Mapping[str, str] | None = None,
) -> None:
    """Assert what is said of a `full_file`, and that the data of some wells are as they were, and no others there."""
    assert sorted(recording.problems) == sorted([*known, *said])
    assert recording.well_problems == (wells or {})
    assert recording.signal.sampling_rate == 20_000
    assert recording.trains.n_spikes == 3 * len(spikes)
    for well, name in zip(full_file().wells, WELLS, strict=True):
        if name in signal:
            check_well(recording, well, name)
        else:
            assert columns_of(recording, name) == []
        for channel, frames in ((5, [20, 250]), (40, [111])) if name in spikes else ():
            times = train(recording, f"{name}_{electrode_of(channel, well.number)}")
            np.testing.assert_allclose(times, np.array(frames) / 20_000)


def check_left_out(path: Path, problem: str) -> None:
    """Assert that the first well of a `full_file` is left out for a reason, and the others are as they were."""
    said = f"Well 000 of rec0000 was left out: {problem}."
    known = [PLATE, *map(unrouted, range(1, 6))]
    check_full(plate(path), said, known=known, signal=OTHERS, spikes=OTHERS, wells={"A1": problem})


def check_old(recording: PlateRecording, *said: str, n_spikes: int = 3) -> None:
    """Assert what is said of an `old_file`, and that its voltages, and all or none of its spikes, are as they were."""
    assert recording.problems == said
    assert recording.well_problems == {}
    file = old_file()
    assert recording.signal.shape == (300, 4)
    for channel in file.channels:
        column = channel_names(recording).index(f"A1_{electrode_of(channel)}")
        close(recording.signal.read(0, 300, [column])[:, 0], file.voltage(channel))
    assert recording.trains.n_spikes == n_spikes
    if n_spikes:
        np.testing.assert_allclose(train(recording, f"A1_{electrode_of(3)}"), [0.001, 0.0125])
        np.testing.assert_allclose(train(recording, f"A1_{electrode_of(41)}"), [0.00555])


# --- names and versions ---


@pytest.mark.parametrize("version", ["", "0", "-1", "20160703", "version", "2" * 400, "\x1b[0m", "20250101"])
def test_the_layout_counts_and_not_the_version(path, version):
    recording = plate(MaxWellFile([Well()], version=version).write(path))
    check_well(recording, Well(), "A1")
    assert recording.problems == ()
    assert recording.provenance.format_version.isprintable()
    check_old(plate(replace(old_file(), version=version).write(path)))


@pytest.mark.parametrize(
    "name", ["..", "well..", "well\x1b[31m", "well\n1", "well" + "9" * 400, "well-1", "well1.5", "well"]
)
def test_odd_names_of_wells(path, name):
    MaxWellFile([Well()]).write(path)
    with h5py.File(path, "r+") as file:
        file.copy(file["wells/well000"], file["wells"], name=name.encode())
    check_alone(plate(path))


@pytest.mark.parametrize("name", ["..", "rec..", "rec\x1b[31m", "rec\n1", "rec" + "9" * 400, "rec-1", "rec"])
def test_odd_names_of_recordings(path, name):
    MaxWellFile([Well()]).write(path)
    with h5py.File(path, "r+") as file:
        file.copy(file[REC], file["wells/well000"], name=name.encode())
    check_alone(plate(path))


def check_alone(recording: PlateRecording, *said: str) -> None:
    """Assert that a recording is that of one well as it is built, and what is said of it."""
    assert recording.wells == ("A1",)
    assert recording.problems == said
    assert recording.signal.shape == (300, 3)
    check_well(recording, Well(), "A1")


def test_a_group_in_a_ring(path):
    MaxWellFile([Well()]).write(path)
    with h5py.File(path, "r+") as file:
        file["wells/well000/rec0001"] = file["wells"]
        file["wells/well001"] = file["wells"]
    problem = "states no sampling rate: there is no dataset wells/well000/rec0001/settings/sampling"
    check_alone(plate(path), f"Well 000 of rec0001 was left out: {problem}.")


@pytest.mark.parametrize(
    ("message", "told"),
    [
        ("\x1b[0m\n", "[0m"),
        ("", "event type 8, id 0"),
        ("x" * 5000, "x" * 5000),
        ("../../etc/passwd", "../../etc/passwd"),
    ],
    ids=["terminal", "empty", "long", "path"],
)
def test_odd_messages(path, message, told):
    recording = plate(MaxWellFile([Well(events=[(5, message)])]).write(path))
    check_alone(recording)
    assert recording.events == ((0.00025, told),)


# --- shapes, links and places ---


@pytest.mark.parametrize("axis", [0, -1])
@pytest.mark.parametrize("name", SHAPES)
def test_datasets_that_claim_terabytes(path, name, axis):
    problem = enlarged(full_file().write(path), name, axis)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    recording = plate(path)
    # In kB.
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 64 * 1024
    if name.endswith("frame_nos"):
        check_full(recording, f"The frame numbers of well 000 in rec0000 cannot be read: {problem}.", NO_FIRST)
    elif name.endswith("events"):
        check_full(recording, f"The events of well 000 in rec0000 were left out: {problem}.")
        assert [text for _, text in recording.events] == [f'{{"stimulation": 1}} ({well})' for well in OTHERS]
    else:
        check_left_out(path, problem)


@pytest.mark.parametrize("axis", [0, -1])
@pytest.mark.parametrize("name", OLD_SHAPES)
def test_old_datasets_that_claim_terabytes(path, name, axis):
    problem = enlarged(old_file().write(path), name, axis)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    refused(path, CorruptHeaderError, problem)
    # In kB.
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 64 * 1024


def enlarged(path: Path, name: str, axis: int) -> str:
    """Let a dataset claim a terabyte, and return what is to be said of it."""
    with h5py.File(path) as file:
        shape = list(file[name].shape)
    shape[axis] = TERABYTE_SHAPE
    claim(path, name, tuple(shape))
    size, n_values = path.stat().st_size, int(np.prod(shape))
    return f"dataset {name} claims {n_values} values, but the file holds only {size} bytes of them"


LINK = "is a link to another place, which is not followed; put the data itself in its place"
OUTSIDE = (
    "keeps its values in other files, which are not opened; "
    "store the values in the file itself, for example with h5repack"
)
CHANGES = [(link_outside, LINK), (make_virtual, OUTSIDE), (store_outside, OUTSIDE)]
WITHOUT_RAW = (PLATE, *map(unrouted, range(1, 6)))


@pytest.mark.parametrize(("change", "words"), CHANGES, ids=shown)
def test_data_outside_of_the_file(path, tmp_path, change, words):
    change(full_file().write(path), RAW, tmp_path / "other.h5")
    said = f"Raw voltage of well 000 in rec0000 was left out: dataset {RAW} {words}."
    check_full(plate(path), said, known=WITHOUT_RAW, signal=OTHERS)


@pytest.mark.parametrize(("change", "words"), CHANGES, ids=shown)
def test_old_data_outside_of_the_file(path, tmp_path, change, words):
    change(old_file().write(path), "sig", tmp_path / "other.h5")
    recording = plate(path)
    began = "it was taken to begin with its first spike, 0.001 s after frame 0"
    assert recording.problems == (
        f"Raw voltage of well 000 in rec0000 was left out: dataset sig {words}.",
        f"The file does not say with which frame rec0000 began; {began}.",
    )
    assert recording.signal is None
    np.testing.assert_allclose(train(recording, f"A1_{electrode_of(3)}"), [0.001, 0.0125])
    np.testing.assert_allclose(train(recording, f"A1_{electrode_of(41)}"), [0.00555])


def elsewhere(path: Path, name: str, way: str) -> Path:
    """Write a file in which a link that leads to another file, or to itself, stands in the place of a group."""
    full_file(links="none").write(path)
    if way == "outside":
        link_outside(path, name, path.with_name("other.h5"))
    else:
        link_to_itself(path, name)
    return path


@pytest.mark.parametrize("way", ["outside", "ring"])
@pytest.mark.parametrize("name", ["wells/well000", REC])
def test_wells_that_lead_elsewhere(path, name, way):
    said = f"Nothing is below {name}, or they are links, which are not followed; left out."
    check_full(plate(elsewhere(path, name, way)), said, known=WITHOUT_RAW, signal=OTHERS, spikes=OTHERS)


@pytest.mark.parametrize("way", ["outside", "ring"])
def test_raw_voltage_that_leads_elsewhere(path, way):
    said = f"Raw voltage of well 000 in rec0000 was left out: dataset {RAW} {LINK}."
    check_full(plate(elsewhere(path, RAW, way)), said, known=WITHOUT_RAW, signal=OTHERS)


@pytest.mark.parametrize("way", ["outside", "ring"])
def test_a_file_without_wells_of_its_own(path, way):
    problem = "looks like an HDF5 file of another kind, not like a recording that can be read"
    refused(elsewhere(path, "wells", way), UnsupportedFormatError, problem)


# --- lists of channels ---


def test_a_channel_twice(path):
    recording = plate(MaxWellFile([Well(channels=(5, 17, 5))]).write(path))
    assert recording.problems == (IDLE.replace("3 of them", "1 of them"),)
    order = [channel_names(recording).index(f"A1_{electrode_of(channel)}") for channel in (5, 17)]
    assert recording.signal.shape == (300, 2)
    close(recording.signal.read(0, 300, order[1:]), Well(channels=(5, 17, 5)).voltages()[:, 1:2])


def test_another_number_of_channels_than_of_rows(path):
    MaxWellFile([Well()]).write(path)
    with h5py.File(path, "r+") as file:
        routed = file[f"{REC}/groups/routed"]
        del routed["channels"]
        routed["channels"] = np.array([5, 17], np.uint16)
    recording = plate(path)
    unused = f"Dataset {REC}/groups/routed/channels names 2 channels of 3 rows, and was not used."
    assert recording.problems == (NO_ORDER, unused)
    # The table lists them in another order than the rows have.
    order = [channel_names(recording).index(f"A1_{electrode_of(channel)}") for channel in (40, 17, 5)]
    close(recording.signal.read(0, 300, order), Well().voltages())


def test_electrodes_beyond_the_rows_in_their_order(path):
    well = Well(with_channels=False, not_routed=(9,))
    recording = plate(MaxWellFile([well]).write(path))
    check_well(recording, well, "A1")
    assert recording.problems == (NO_ORDER, unrouted(0))


# --- forged numbers ---

INT, UINT, LONG, NAN = (1 << 31) - 1, (1 << 32) - 1, 1 << 62, float("nan")
VALUES = (0, -1, INT, UINT, LONG, NAN)
NO_RATE = "dataset {name} states a sampling rate of {value:g} Hz, which is not within 100 Hz to 200 kHz"
NO_STEP = "dataset {name} states steps of {value:g} uV, which cannot be true"
NO_AMPLIFIER = "dataset {name} states steps of {steps:g} uV, which no amplifier has: its unit or its value is wrong"
NO_GAIN = "dataset {name} states a gain of {value:g}"
NOT_ON_CHIP = "table {name} lists an electrode or channel {value}"
NOT_WHOLE = "{name}{column} holds {value:g}, which is no whole number"
OLD_NAMES = {"settings/mapping": "mapping", "spikes": "proc0/spikeTimes"}

Forged = tuple[str, str, Sequence[float]]
"""Dataset, column, values."""

REFUSED: list[tuple[Forged, type[ReadError], str]] = [
    (("settings/sampling", "", VALUES), CorruptHeaderError, NO_RATE),
    (("settings/lsb", "", (0, NAN)), CorruptHeaderError, NO_STEP),
    (("settings/lsb", "", (-1, INT, UINT, LONG)), FileUnitsError, NO_AMPLIFIER),
    (("settings/gain", "", (0, -1, NAN)), CorruptHeaderError, NO_GAIN),
    (("settings/mapping", "channel", (INT, UINT)), CorruptHeaderError, NOT_ON_CHIP),
    (("settings/mapping", "electrode", (INT, UINT)), CorruptHeaderError, NOT_ON_CHIP),
    (("settings/mapping", "channel", (LONG, NAN)), CorruptHeaderError, NOT_WHOLE),
    (("settings/mapping", "electrode", (LONG, NAN)), CorruptHeaderError, NOT_WHOLE),
    (("groups/routed/channels", "", (LONG, NAN)), CorruptHeaderError, NOT_WHOLE),
    (("spikes", "frameno", (LONG, NAN)), CorruptHeaderError, NOT_WHOLE),
]
"""Numbers that cannot be true, and why."""

TWICE = f"Table {REC}/settings/mapping connects a channel or an electrode twice; of each the first was taken, electrode"
NO_ROWS = unrouted(0).replace("1 electrodes", "4 electrodes").replace("25667", "25667, 24520, 25371 and 1 more")
NOT_RISING = (
    "The frame numbers of well 000 in rec0000 do not rise as samples do; it was taken as one stretch without a gap."
)
BAD_FRAMES = (
    "The frame numbers of well 000 in rec0000 cannot be read: {name} holds {value:g}, which is no whole number."
)
BAD_EVENTS = (
    "The events of well 000 in rec0000 were left out: {name} frameno holds {value:g}, which is no whole number."
)
OTHER_GAIN = (
    "Dataset {settings}/lsb states steps of 6.2943 uV, and the gain {value:g} beside it means {implied:g} uV; "
    "the former was taken."
)
LATE = "Well A1: 3 spikes lie outside of the recording (0 to 0.015 s, first at {seconds:g} s); left out."
NO_AMPLITUDES = "Well A1: 3 spikes have amplitudes that cannot be true; all were left out."

TOLD: list[tuple[Forged, Sequence[str], Sequence[str], Sequence[str]]] = [
    (("settings/gain", "", (INT, UINT, LONG)), [OTHER_GAIN, unrouted(0)], WELLS, WELLS),
    (
        ("settings/mapping", "channel", (0,)),
        [
            f"{TWICE} 24520 (channel 0), 25371 (channel 0) and 25815 (channel 0) left out.",
            unrouted(0),
            IDLE,
            NO_ELECTRODE,
        ],
        OTHERS,
        OTHERS,
    ),
    (
        ("settings/mapping", "electrode", (0,)),
        [
            f"{TWICE} 0 (channel 40), 0 (channel 17) and 0 (channel 5) left out.",
            unrouted(0).replace("25667", "0"),
            IDLE,
            NO_ELECTRODE,
        ],
        OTHERS,
        OTHERS,
    ),
    (("settings/mapping", "channel", (-1,)), [IDLE, NO_ELECTRODE], OTHERS, OTHERS),
    (("settings/mapping", "electrode", (-1,)), [IDLE, NO_ELECTRODE], OTHERS, OTHERS),
    (("well_id", "", (-1, INT, UINT, LONG, NAN)), [CONTRADICTION, unrouted(0)], WELLS, WELLS),
    (("recording_id", "", (-1, INT, UINT, LONG, NAN)), [CONTRADICTION, unrouted(0)], WELLS, WELLS),
    (("groups/routed/channels", "", (0, -1, INT, UINT)), [NO_ROWS, IDLE, NO_ELECTRODE], OTHERS, OTHERS),
    (("groups/routed/frame_nos", "", (0, -1, INT, UINT)), [NOT_RISING, NO_FIRST, unrouted(0)], WELLS, WELLS),
    (("groups/routed/frame_nos", "", (LONG, NAN)), [BAD_FRAMES, NO_FIRST, unrouted(0)], WELLS, WELLS),
    (("spikes", "frameno", (-1, INT, UINT)), [LATE, unrouted(0)], WELLS, OTHERS),
    (("spikes", "channel", VALUES), [NO_ELECTRODE, unrouted(0)], WELLS, OTHERS),
    (("spikes", "amplitude", (NAN,)), [NO_AMPLITUDES, unrouted(0)], WELLS, WELLS),
    (("events", "frameno", (LONG, NAN)), [BAD_EVENTS, unrouted(0)], WELLS, WELLS),
]
"""Numbers that are doubtful: what is said, the wells with raw voltage, and those with spikes."""

UNSEEN: list[Forged] = [
    # What the times of begin and end say counts only where no sample is numbered.
    ("start_time", "", VALUES),
    ("stop_time", "", VALUES),
    # The true ones.
    ("well_id", "", (0,)),
    ("recording_id", "", (0,)),
    ("spikes", "amplitude", VALUES[:-1]),
    # An event has a message, which is what is shown of it.
    ("events", "frameno", VALUES[:4]),
    ("events", "eventtype", VALUES),
    ("events", "eventid", VALUES),
]
"""Numbers that change nothing, or only what they state themselves."""

ELSEWHERE: list[Forged] = [
    ("settings/mapping", "x", VALUES),
    ("settings/mapping", "y", VALUES),
    ("spikes", "frameno", (0,)),
    ("../../../version", "", VALUES),
]
"""Numbers that have a test of their own."""


def forged(name: str, column: str, value: float) -> dict[str, object]:
    """Return what the sentences on a forged number of the later layout repeat of it."""
    return {
        "name": f"{REC}/{name}",
        "settings": f"{REC}/settings",
        "column": f" {column}" if column else "",
        "value": value,
        "steps": value * 1e6,
        "seconds": value / 20_000,
        "implied": 3.3 / (1024 * value) * 1e6 if value else 0.0,
    }


def each(table: Sequence[tuple[Forged, object]]) -> list[tuple[str, str, float, object]]:
    """Return the rows of a table for one value each."""
    return [(name, column, value, *rest) for (name, column, values), *rest in table for value in values]


def test_every_number_was_forged_to_every_value():
    tables = [*(row[0] for row in REFUSED), *(row[0] for row in TOLD), *UNSEEN, *ELSEWHERE]
    found = [
        (f"{REC}/{name}".replace(f"{REC}/../../../", ""), column, repr(value))
        for name, column, values in tables
        for value in values
    ]
    wanted = [(field.path, field.column, repr(value)) for field, value in itertools.product(FIELDS, VALUES)]
    assert sorted(found) == sorted(wanted)


@pytest.mark.parametrize(("name", "column", "value", "kind", "problem"), each(REFUSED), ids=shown)
def test_numbers_that_cannot_be_true(path, name, column, value, kind, problem):
    Field(f"{REC}/{name}", column=column).forge(full_file().write(path), value)
    words = forged(name, column, value)
    check_left_out(path, problem.format(**words))
    MaxWellFile([Well(spikes=[(20, 5, -8.0)])]).write(path)
    Field(f"{REC}/{name}", column=column).forge(path, value)
    refused(path, kind, problem.format(**words))


@pytest.mark.parametrize(
    ("name", "column", "value", "kind", "problem"),
    [row for row in each(REFUSED) if row[0] not in {"settings/sampling", "groups/routed/channels"}],
    ids=shown,
)
def test_old_numbers_that_cannot_be_true(path, name, column, value, kind, problem):
    old = OLD_NAMES.get(name, name)
    Field(old, column=column).forge(old_file().write(path), value)
    refused(path, kind, problem.format(**{**forged(name, column, value), "name": old}))


@pytest.mark.parametrize(("name", "column", "value", "said", "signal", "spikes"), each(TOLD), ids=shown)
def test_numbers_that_are_doubtful(path, name, column, value, said, signal, spikes):
    Field(f"{REC}/{name}", column=column).forge(full_file().write(path), value)
    told = [sentence.format(**forged(name, column, value)) if "{" in sentence else sentence for sentence in said]
    recording = plate(path)
    check_full(recording, *told, known=WITHOUT_RAW, signal=signal, spikes=spikes)
    assert (recording.trains.amplitudes is None) == (column == "amplitude")


@pytest.mark.parametrize(("name", "column", "value"), each([(row,) for row in UNSEEN]), ids=shown)
def test_numbers_that_state_nothing_but_themselves(path, name, column, value):
    Field(f"{REC}/{name}", column=column).forge(full_file().write(path), value)
    recording = plate(path)
    check_full(recording)
    first = np.float32(value * 6.2943) if column == "amplitude" else np.float32(-8.0 * 6.2943)
    np.testing.assert_allclose(recording.trains.amplitudes[recording.trains.offsets[first_row(recording)]], first)
    frame = value if (name, column) == ("events", "frameno") else 60
    stated = sorted([(frame / 20_000, "A1"), *((0.003, well) for well in OTHERS)])
    assert recording.events == tuple((time, f'{{"stimulation": 1}} ({well})') for time, well in stated)


def first_row(recording: PlateRecording) -> int:
    """Return the row of the electrode with the first spike of well A1."""
    electrodes = recording.electrodes
    return int(np.flatnonzero((electrodes["well"] == "A1") & (electrodes["label"] == str(electrode_of(5))))[0])


@pytest.mark.parametrize("value", VALUES)
@pytest.mark.parametrize("axis", ["x", "y"])
def test_places_are_taken_as_they_are(path, axis, value):
    intact = plate(full_file().write(path)).electrodes
    Field(f"{REC}/settings/mapping", column=axis).forge(path, value)
    electrodes = plate(path).electrodes
    here = electrodes["well"] == "A1"
    np.testing.assert_array_equal(electrodes[axis][here], np.full(3, float(value)))
    np.testing.assert_array_equal(electrodes[axis][~here], intact[axis][~here])
    other = {"x": "y", "y": "x"}[axis]
    np.testing.assert_array_equal(electrodes[["label", other]], intact[["label", other]])


def test_spikes_all_at_the_first_sample(path):
    Field(f"{REC}/spikes", column="frameno").forge(full_file().write(path), 0)
    recording = plate(path)
    assert recording.problems == (PLATE, *map(unrouted, range(6)))
    assert train(recording, f"A1_{electrode_of(5)}").tolist() == [0.0, 0.0]
    assert train(recording, f"A1_{electrode_of(40)}").tolist() == [0.0]


@pytest.mark.parametrize("value", VALUES)
def test_versions_that_are_forged(path, value):
    Field("version").forge(full_file().write(path), value)
    check_full(plate(path))
    Field("version").forge(old_file().write(path), value)
    check_old(plate(path))


OLD_TWICE = "Table mapping connects a channel or an electrode twice; of each the first was taken, electrode"
OLD_TOLD: list[tuple[Forged, str, int]] = [
    (("settings/gain", "", (INT, UINT, LONG)), OTHER_GAIN.replace("{settings}", "settings"), 3),
    (("proc0/spikeTimes", "frameno", (-1, INT, UINT)), LATE, 0),
    (("proc0/spikeTimes", "channel", VALUES), NO_ELECTRODE, 0),
    (("proc0/spikeTimes", "amplitude", (NAN,)), NO_AMPLITUDES, 3),
]


@pytest.mark.parametrize(("name", "column", "value", "said", "n_spikes"), each(OLD_TOLD), ids=shown)
def test_old_numbers_that_are_doubtful(path, name, column, value, said, n_spikes):
    Field(name, column=column).forge(old_file().write(path), value)
    check_old(plate(path), said.format(**forged(name, column, value)), n_spikes=n_spikes)


@pytest.mark.parametrize(
    ("column", "said", "labels", "n_spikes"),
    [
        ("channel", f"{OLD_TWICE} 24890 (channel 0), 25741 (channel 0) and 25889 (channel 0) left out.", ["24483"], 0),
        ("electrode", f"{OLD_TWICE} 0 (channel 30), 0 (channel 7) and 0 (channel 3) left out.", ["0"], 1),
    ],
)
def test_an_old_table_in_which_all_are_one(path, column, said, labels, n_spikes):
    Field("mapping", column=column).forge(old_file().write(path), 0)
    recording = plate(path)
    lost = f"Well A1: {3 - n_spikes} spikes are of channels without an electrode; left out."
    assert recording.problems == (said, lost)
    assert recording.electrodes["label"].tolist() == labels
    assert recording.trains.n_spikes == n_spikes
    close(recording.signal.read(0, 300)[:, 0], old_file().voltage(0 if column == "channel" else 41))


@pytest.mark.parametrize("column", ["channel", "electrode"])
def test_an_old_table_without_a_connection(path, column):
    Field("mapping", column=column).forge(old_file().write(path), -1)
    recording = plate(path)
    assert recording.problems == (NO_ELECTRODE,)
    assert (recording.signal, recording.electrodes.size, recording.trains.n_spikes) == (None, 0, 0)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        *itertools.product([field for field in OLD_FIELDS if field.column in {"x", "y"}], VALUES),
        *itertools.product([field for field in OLD_FIELDS if field.column == "amplitude"], VALUES[:-1]),
    ],
    ids=shown,
)
def test_old_numbers_that_state_nothing_but_themselves(path, field, value):
    field.forge(old_file().write(path), value)
    check_old(plate(path))


# --- what is missing, or of another kind ---

NO_SAMPLING = f"states no sampling rate: there is no dataset {REC}/settings/sampling"


@pytest.mark.parametrize(
    ("name", "problem"),
    [
        ("settings", NO_SAMPLING),
        ("settings/sampling", NO_SAMPLING),
        (
            "settings/mapping",
            f"does not say which electrodes were recorded: there is no table {REC}/settings/mapping of them",
        ),
    ],
)
def test_settings_that_are_missing(path, name, problem):
    full_file().write(path)
    with h5py.File(path, "r+") as file:
        del file[f"{REC}/{name}"]
    check_left_out(path, problem)


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("groups", NO_FIRST),
        ("groups/routed", NO_FIRST),
        ("groups/routed/raw", f"Dataset {RAW} is missing or empty, though its frames are numbered."),
    ],
)
def test_raw_voltage_that_is_missing(path, name, said):
    full_file().write(path)
    with h5py.File(path, "r+") as file:
        del file[f"{REC}/{name}"]
    check_full(plate(path), said, known=WITHOUT_RAW, signal=OTHERS)


def test_spikes_that_are_missing(path):
    full_file().write(path)
    with h5py.File(path, "r+") as file:
        del file[f"{REC}/spikes"]
    check_full(plate(path), spikes=OTHERS, wells={"A1": "the file holds no table of its spikes"})


@pytest.mark.parametrize(
    ("values", "problem"),
    [
        (
            np.zeros(300, np.uint16),
            f"dataset {RAW} holds uint16 of shape (300,), not counts of channels by samples",
        ),
        (np.zeros((3, 300)), f"dataset {RAW} holds float64 of shape (3, 300), not counts of channels by samples"),
        (
            np.zeros((2, 2, 2), np.uint16),
            f"dataset {RAW} holds uint16 of shape (2, 2, 2), not counts of channels by samples",
        ),
        (np.zeros((3, 0), np.uint16), "holds neither spikes nor raw voltage of rec0000"),
        ("a", f"dataset {RAW} holds no numbers"),
    ],
    ids=["one row", "floats", "three dimensions", "empty", "text"],
)
def test_raw_data_of_another_kind(path, values, problem):
    MaxWellFile([Well()]).write(path)
    with h5py.File(path, "r+") as file:
        del file[RAW]
        file[RAW] = values
    refused(path, CorruptHeaderError, problem)


@pytest.mark.parametrize("make", [full_file, old_file, MaxWellFile, OldMaxOne])
def test_files_that_were_cut(path, make: Callable[[], MaxWellFile | OldMaxOne]):
    content = make().write(path).read_bytes()
    # Shorter ones are not even known as HDF5.
    for size in range(2000, len(content), 1999):
        path.write_bytes(content[:size])
        refused(path, TruncatedFileError, f"ends before the end that it states itself ({size} of {len(content)} bytes)")
