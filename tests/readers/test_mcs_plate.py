"""Which plate and which electrodes an MCS recording is of, and how long it lasts."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from readers.builders.mcs_file import (
    Analog,
    Channel,
    McsFile,
    Recording,
    Stamps,
    counts_of,
    electrode_stream,
    plate_stream,
    segment_stream,
)

from mnephys.errors import UnsupportedFormatError
from mnephys.readers.binary import open_binary
from mnephys.readers.mcs.plate import electrodes_of_sources, plate_of
from mnephys.readers.mcs.reading import read_mcs
from mnephys.recording import PlateRecording


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "plate.h5"


def recorded(path: Path, *analog: Analog, mea: str = "60MEA200/30iR", **parts) -> PlateRecording:
    McsFile([Recording(analog=analog, **parts)], mea=mea).write(path)
    with open_binary(path) as file:
        (recording,) = read_mcs(file)
    return recording


@pytest.mark.parametrize(
    ("names", "groups", "expected"),
    [
        (["24W700/100F-288"], range(24), ("MCS 24-well", 4, 6, True)),
        (["", "96W700/100F-288"], [0, 95], ("MCS 96-well", 8, 12, True)),
        (["72-well"], [0], ("MCS 72-well", 6, 12, True)),
        (["60-6wellMEA200/30iR-Ti"], range(6), ("MCS 6-well", 2, 3, True)),
        (["60MEA200/30iR"], [0], ("MCS 60MEA200/30iR", 1, 1, True)),
        (["60MEA200/30iR"], [3], ("MCS 60MEA200/30iR", 1, 1, True)),
        ([], [0], ("MCS 2-electrode array", 1, 1, True)),
        ([], range(24), ("MCS 24-well", 4, 6, False)),
        ([], [0, 30], ("MCS 72-well", 6, 12, False)),
        (["6-well"], [0, 7], ("MCS 24-well", 4, 6, False)),
    ],
)
def test_the_plate_is_the_one_named_or_the_smallest_that_has_the_groups(names, groups, expected):
    sources = {
        number: (group, str(11 + number % 2)) for number, group in enumerate(group for group in groups for _ in "ab")
    }
    data = dict(zip(("MeaLayout", "MeaName"), names, strict=False))
    layout, stated, problems = plate_of("plate.h5", sources, {name: text for name, text in data.items() if text})
    assert (layout.name, layout.rows, layout.columns, stated) == expected
    assert layout.labels == ("11", "12")
    assert bool(problems) is not stated
    electrodes = electrodes_of_sources(layout, sources)
    wells = ["A1"] * len(groups) if expected[1] == 1 else [layout.wells[group] for group in groups]
    assert electrodes["well"][::2].tolist() == wells


@pytest.mark.parametrize(("name", "count"), [("60-6wellMEA200/30iR-Ti", 6), ("12-well", 12), ("MEA 48 wells", 48)])
def test_chambers_of_one_group_cannot_be_told_apart(name, count):
    sources = {number: (0, label) for number, label in enumerate(["A1", "A2", "F5"])}
    layout, stated, problems = plate_of("plate.h5", sources, {"MeaLayout": name})
    assert (layout.name, layout.rows, layout.columns, stated) == (f"MCS {name}", 1, 1, False)
    said = f"The file names an array of {count} wells and has all electrodes in group 0"
    assert problems == (f"{said}; its chambers cannot be told apart, and are one well here.",)
    assert electrodes_of_sources(layout, sources)["well"].tolist() == ["A1"] * 3


def test_a_file_whose_chambers_cannot_be_told_apart_is_not_stated(path):
    recording = recorded(path, electrode_stream(3), mea="60-6wellMEA200/30iR-Ti")
    assert not recording.layout_stated
    assert recording.wells == ("A1",)
    assert any("cannot be told apart" in told for told in recording.problems)


@pytest.mark.parametrize("groups", [[-1, 0], [0, 96]])
def test_groups_that_are_the_wells_of_no_plate(groups):
    with pytest.raises(UnsupportedFormatError, match=r"plate\.h5: .* wells of no plate"):
        plate_of("plate.h5", {number: (group, "11") for number, group in enumerate(groups)}, {})


@pytest.mark.parametrize(
    ("labels", "places"),
    [
        (["12", "87", "Ref"], [(1, 2), (8, 7), (0, 0)]),
        (["A1", "H8", "J9", "R16"], [(1, 1), (8, 8), (9, 9), (16, 16)]),
        (["E1", "E2", "E8"], [(0, 0)] * 3),
        (["10", "07", "electrode"], [(0, 0)] * 3),
    ],
)
def test_labels_tell_column_and_row_where_they_are_places(path, labels, places):
    channels = [Channel(number, number, label) for number, label in enumerate(labels)]
    recording = recorded(path, Analog(counts_of(len(labels), 300), channels))
    assert recording.electrodes["label"].tolist() == labels
    assert recording.electrodes[["column", "row"]].tolist() == places
    assert recording.electrodes["enabled"].tolist() == [label != "Ref" for label in labels]


def test_electrodes_of_one_name_are_told_apart(path):
    stream = electrode_stream(3)
    channels = [replace(channel, label="E1") for channel in stream.channels[:2]]
    recording = recorded(path, replace(stream, channels=[*channels, stream.channels[2]]))
    assert recording.electrodes["label"].tolist() == ["0 E1", "1 E1", "E3"]
    assert any("are called E1" in told for told in recording.problems)


def test_electrodes_that_only_have_spikes_come_after_those_of_the_signal(path):
    stamps = Stamps({9: [5_000], 1: [3_000]}, labels={9: "E10", 1: "E2"})
    recording = recorded(path, electrode_stream(2), stamps=[stamps])
    assert recording.electrodes["label"].tolist() == ["E1", "E2", "E10"]
    assert recording.trains.counts.tolist() == [0, 1, 1]
    assert recording.signal.electrodes.tolist() == [0, 1]


def test_streams_acquired_side_by_side_are_one_signal(path):
    left = electrode_stream(3, seed=1)
    channels = [Channel(10, 1, "E11"), Channel(11, 0, "E12", factor=1000)]
    right = replace(electrode_stream(2, seed=2), channels=channels, label="Headstage 2")
    filtered = replace(electrode_stream(3, seed=3), source="43f795b0", label="Filter")
    recording = recorded(path, filtered, left, right)
    assert recording.electrodes["label"].tolist() == ["E1", "E2", "E3", "E11", "E12"]
    expected = np.hstack([left.voltages(), right.voltages()])
    np.testing.assert_allclose(recording.signal.read(0, 400), expected, rtol=1e-6, atol=1e-4)
    assert len(recording.problems) == 2
    assert "Filter" in recording.problems[1]
    assert "different scales" in recording.problems[0]


@pytest.mark.parametrize("wells", [[0, 7], [7, 0]])
def test_trains_follow_the_order_of_the_channels(path, wells):
    stream = plate_stream(wells)
    numbers = [channel.channel_id for channel in stream.channels]
    turned = replace(stream, channels=stream.channels[::-1])
    times = {number: [1000 * number + 500, 1000 * number] for number in numbers[::2]}
    recording = recorded(path, turned, mea="24W700/100F-288", stamps=[Stamps(times)])
    assert recording.layout_stated
    for row, channel in enumerate(turned.channels):
        first, last = recording.trains.offsets[row : row + 2]
        expected = sorted(times.get(channel.channel_id, []))
        np.testing.assert_allclose(recording.trains.times[first:last], np.array(expected) / 1e6)
    np.testing.assert_allclose(recording.signal.read(0, 200), turned.voltages(), rtol=1e-6, atol=1e-4)


# --- length ---


def test_spikes_after_the_samples_and_within_the_stated_duration(path):
    recording = recorded(path, electrode_stream(), stamps=[Stamps({0: [3_000, 700_000]})], duration=1_000_000)
    assert (recording.start, recording.stop) == (0.0, 1.0)
    assert recording.trains.n_spikes == 2
    assert any("from 0 to 0.04 s, and spikes outside" in told for told in recording.problems)


def test_spikes_that_nothing_explains_are_left_out(path):
    stamps = Stamps({0: [3_000, 9_000_000_000], 2: [5_000]})
    recording = recorded(path, electrode_stream(), stamps=[stamps])
    assert (recording.start, recording.stop) == (0.0, 0.04)
    assert recording.trains.counts.tolist() == [1, 0, 1, 0]
    assert any("1 of 3 spikes are outside" in told for told in recording.problems)
    assert recording.well_problems == {"A1": "1 of 3 spikes are outside of the recording"}


def test_waveforms_stay_beside_the_spikes_that_are_kept(path):
    stream = segment_stream()
    late = replace(stream, times={0: [20_000, 9_000_000, 31_500], 2: stream.times[2]})
    recording = recorded(path, electrode_stream(), segments=[late])
    assert recording.trains.n_spikes == 5
    kept = stream.voltages(0)[[0, 2]]
    np.testing.assert_allclose(recording.trains.waveforms[:2], kept, rtol=1e-6, atol=1e-4)


@pytest.mark.parametrize(("duration", "doubts"), [(40_000, 0), (40_100, 0), (40_300, 1), (0, 0)])
def test_a_stated_duration_is_only_compared(path, duration, doubts):
    recording = recorded(path, electrode_stream(), duration=duration)
    assert recording.stop == pytest.approx(0.04)
    assert len([told for told in recording.problems if "states a duration" in told]) == doubts


def test_time_stamps_and_cut_outs_of_other_spikes_are_not_mixed(path):
    stream = segment_stream()
    stamps = Stamps({0: [3_000, 20_000], 2: [1_000]}, labels={0: "E1", 2: "E3"})
    recording = recorded(path, electrode_stream(), stamps=[stamps], segments=[stream])
    assert recording.trains.counts.tolist() == [2, 0, 1, 0]
    assert recording.trains.waveforms is None
    assert any("other ones were left out" in told for told in recording.problems)
