"""3Brain files: every value that was put into a built file comes back, of every well."""

from __future__ import annotations

import pickle
from dataclasses import replace
from pathlib import Path

import h5py
import numpy as np
import pytest
from readers.builders.biocam_file import (
    RATE,
    Converter,
    OldFile,
    Range,
    Well,
    WellsFile,
    counts_of,
    full_file,
    kept_of,
    raw_well,
    sparse_bytes,
    sparse_well,
    spikes_well,
)
from readers.builders.hdf5_plates import (
    channel_names,
    close,
    columns_of,
    enlarge,
    in_latest_format,
    only,
    outcome,
    pieces_read_quickly,
    read_plates,
)

from mnephys.errors import CorruptHeaderError, ReadError, TruncatedFileError, UnsupportedFormatError
from mnephys.recording import DurationSource, PlateRecording

SIX = ("A1", "A2", "A3", "B1", "B2", "B3")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "slice.brw"


def old_spikes_file() -> OldFile:
    return OldFile(counts=None, spikes=[(900, 63), (10, 63), (12, 4095), (13, 64)])


def refused(path: Path, said: str, kind: type[ReadError] = CorruptHeaderError) -> None:
    """Assert that a file ends in an error of one kind with some words."""
    found = outcome(path)
    assert type(found) is kind
    assert f"{path.name}: {said}" in str(found)


def trains_of(recording: PlateRecording, well: str) -> list[list[float]]:
    """Return the trains with spikes of a well, in the order of its electrodes."""
    rows = np.flatnonzero(recording.electrodes["well"] == well)
    offsets = recording.trains.offsets
    return [
        recording.trains.times[offsets[row] : offsets[row + 1]].tolist()
        for row in rows
        if offsets[row + 1] > offsets[row]
    ]


# --- version 3 ---


@pytest.mark.parametrize("version", [100, 101, 102])
@pytest.mark.parametrize("inversion", [1.0, -1.0])
@pytest.mark.parametrize("packed", [True, False])
def test_an_old_file(path, version, inversion, packed):
    file = OldFile(version=version, inversion=inversion, packed=packed)
    recording = only(file.write(path))
    assert recording.wells == ("A1",)
    assert recording.signal.shape == (200, 3)
    assert recording.signal.sampling_rate == RATE
    assert recording.signal.segments.tolist() == [(0, 0.0)]
    assert recording.duration == pytest.approx(200 / RATE)
    assert recording.duration_source == DurationSource.STATED
    electrodes = recording.electrodes[recording.signal.electrodes]
    assert list(zip(electrodes["row"].tolist(), electrodes["column"].tolist(), strict=True)) == list(file.channels)
    close(recording.signal.read(0, 200), file.voltages())
    close(recording.signal.read(33, 111, [2, 0]), file.voltages()[33:111, [2, 0]])


@pytest.mark.parametrize(
    ("bits", "maximum", "minimum"), [(12, 4125.0, -4125.0), (12, 1000.0, -3000.0), (14, 8.0, -8.0)]
)
def test_the_range_of_an_old_file(path, bits, maximum, minimum):
    file = OldFile(bits=bits, maximum=maximum, minimum=minimum)
    close(only(file.write(path)).signal.read(0, 200), file.voltages())


def test_an_old_file_without_a_version(path):
    file = OldFile(version=None)
    recording = only(file.write(path))
    close(recording.signal.read(0, 200), file.voltages())


def test_the_version_stands_at_the_group(path):
    file = OldFile(version=100)
    file.write(path)
    with h5py.File(path, "r+") as content:
        del content["3BData/Raw"].attrs["Version"]
    close(only(path).signal.read(0, 200), file.voltages())


@pytest.mark.parametrize(("version", "n_frames"), [(100, 500), (101, 500), (100, 150)])
def test_another_number_of_frames_stated_than_stored(path, version, n_frames):
    file = OldFile(version=version, n_frames=n_frames)
    recording = only(file.write(path))
    assert recording.problems == (f"The file states {n_frames} frames and holds 200, which were taken.",)
    assert recording.duration == pytest.approx(200 / RATE)
    close(recording.signal.read(0, 200), file.voltages())


def test_frames_that_would_be_those_of_more_channels(path):
    # 600 values in 150 frames would be four channels, of which only three are named.
    found = outcome(OldFile(version=101, n_frames=150).write(path))
    assert isinstance(found, CorruptHeaderError)
    assert "does not hold 3 channels" in str(found)
    assert "in 150 frames" in str(found)


@pytest.mark.parametrize("inversion", [0.0, 2.0, float("nan"), -2.0])
def test_an_inversion_that_cannot_be(path, inversion):
    OldFile(inversion=inversion).write(path)
    refused(path, f"3BRecInfo/3BRecVars/SignalInversion states {inversion:g}, which is neither 1 nor -1")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"maximum": -4125.0}, "states a range of -4125 to -4125 uV"),
        ({"maximum": float("nan")}, "states a range of -4125 to nan uV"),
        ({"minimum": float("-inf")}, "states a range of -inf to 4125 uV"),
        ({"bits": 0}, "3BRecInfo/3BRecVars/BitDepth states 0 bits"),
        ({"bits": 25}, "3BRecInfo/3BRecVars/BitDepth states 25 bits"),
    ],
)
def test_a_range_that_cannot_be(path, change, said):
    OldFile(**change).write(path)
    refused(path, said)


@pytest.mark.parametrize("rate", [0.0, -1.0, 99.0, 200_001.0, float("nan"), float("inf")])
def test_a_rate_that_cannot_be(path, rate):
    OldFile(rate=rate).write(path)
    refused(path, f"3BRecInfo/3BRecVars/SamplingRate states a sampling rate of {rate:g} Hz")


@pytest.mark.parametrize(
    ("rate", "said"),
    [
        (0.0, "ExperimentSettings FrameRate states a sampling rate of 0 Hz"),
        (-1.0, "ExperimentSettings FrameRate states a sampling rate of -1 Hz"),
        (99.0, "ExperimentSettings FrameRate states a sampling rate of 99 Hz"),
        (200_001.0, "ExperimentSettings FrameRate states a sampling rate of 200001 Hz"),
        (float("nan"), "dataset ExperimentSettings holds no credible number as TimeConverter.FrameRate"),
        (float("inf"), "dataset ExperimentSettings holds no credible number as TimeConverter.FrameRate"),
    ],
)
def test_a_rate_in_the_settings_that_cannot_be(path, rate, said):
    WellsFile([raw_well()], converter=Converter(rate=rate)).write(path)
    refused(path, said)


def test_spikes_of_an_old_file(path):
    recording = only(old_spikes_file().write(path))
    assert recording.signal is None
    assert recording.trains.n_spikes == 4
    assert recording.duration == pytest.approx(1000 / RATE)
    assert recording.duration_source == DurationSource.STATED
    busy = np.flatnonzero(recording.trains.counts)
    places = [(int(e["row"]), int(e["column"])) for e in recording.electrodes[busy]]
    times = [
        recording.trains.times[recording.trains.offsets[i] : recording.trains.offsets[i + 1]].tolist() for i in busy
    ]
    expected = {(1, 64): [10, 900], (2, 1): [13], (64, 64): [12]}
    assert sorted(places) == sorted(expected)
    for place, found in zip(places, times, strict=True):
        assert found == pytest.approx([frame / RATE for frame in expected[place]])


# --- BrainWave 5 and 6 ---


@pytest.mark.parametrize("brainwave", [5, 6])
@pytest.mark.parametrize("packed", [True, False])
def test_one_well(path, brainwave, packed):
    well = raw_well(channels=(0, 63, 64, 4095, 77))
    file = WellsFile([well], brainwave=brainwave, packed=packed)
    recording = only(file.write(path))
    assert recording.wells == ("A1",)
    assert recording.signal.shape == (200, 5)
    assert recording.signal.sampling_rate == RATE
    assert recording.signal.segments.tolist() == [(0, 0.0)]
    assert recording.duration == pytest.approx(200 / RATE)
    expected = file.converter.microvolts(well.counts)
    close(recording.signal.read(0, 200), expected)
    close(recording.signal.read(199, 200, [4, 1]), expected[199:, [4, 1]])
    assert recording.problems == ()


def test_parts_of_the_signal(path):
    well = raw_well(channels=tuple(range(19)), n_frames=3000)
    file = WellsFile([well], toc=[(0, 3000)])
    signal = only(file.write(path)).signal
    whole = file.converter.microvolts(well.counts)
    for start, stop in ((0, 0), (0, 1), (499, 2207), (2999, 3000), (3000, 3000)):
        close(signal.read(start, stop), whole[start:stop])
    for channels in ([3], [18, 0, 4], [], slice(2, 9, 3), slice(None), range(4)):
        index = channels if isinstance(channels, slice) else list(channels)
        close(signal.read(100, 2100, channels), whole[100:2100][:, index])
    for start, stop in ((-1, 5), (5, 4), (0, 3001)):
        with pytest.raises(IndexError):
            signal.read(start, stop)
    with pytest.raises(IndexError):
        signal.read(0, 5, [19])


@pytest.mark.parametrize("brainwave", [5, 6])
@pytest.mark.parametrize("wells", [("A1", "A2"), SIX, ("A2", "B3")])
def test_every_well_is_read(path, brainwave, wells):
    parts = [raw_well(name, tuple(range(2, 4 + i)), seed=i) for i, name in enumerate(wells)]
    file = WellsFile(parts, brainwave=brainwave)
    recordings = read_plates(file.write(path))
    (recording,) = recordings
    assert set(wells) <= set(recording.wells)
    for part in parts:
        columns = columns_of(recording, part.name)
        assert len(columns) == len(part.channels)
        close(recording.signal.read(10, 200, columns), file.converter.microvolts(part.counts)[10:])
    assert recording.signal.shape == (200, sum(len(part.channels) for part in parts))
    if len(wells) == 6:
        assert (recording.layout.rows, recording.layout.columns) == (2, 3)


@pytest.mark.parametrize("brainwave", [5, 6])
def test_the_range(path, brainwave):
    well = raw_well()
    file = WellsFile([well], brainwave=brainwave, converter=Converter(3000.0, -1000.0, max_digital=1023))
    close(only(file.write(path)).signal.read(0, 200), file.converter.microvolts(well.counts))


def test_a_scale_factor_is_not_ignored(path):
    well = raw_well()
    recording = only(WellsFile([well], converter=Converter(scale=2.0)).write(path))
    close(recording.signal.read(0, 200), 2.0 * Converter().microvolts(well.counts))
    assert recording.metadata["gain_uv"] == pytest.approx(2.0 * 8250.0 / 4095)
    assert recording.problems == ("ExperimentSettings states a scale factor of 2; all voltages were multiplied by it.",)


@pytest.mark.parametrize(
    ("converter", "said"),
    [
        (
            Converter(maximum=-4125.0),
            "ExperimentSettings states a range of -4125 to -4125 uV for the numbers 0 to 4095, times 1",
        ),
        (
            Converter(maximum=float("nan")),
            "dataset ExperimentSettings holds no credible number as ValueConverter.MaxAnalogValue",
        ),
        (
            Converter(max_digital=0),
            "ExperimentSettings states a range of -4125 to 4125 uV for the numbers 0 to 0, times 1",
        ),
        (
            Converter(minimum=float("-inf")),
            "dataset ExperimentSettings holds no credible number as ValueConverter.MinAnalogValue",
        ),
        (
            Converter(scale=0.0),
            "ExperimentSettings states a range of -4125 to 4125 uV for the numbers 0 to 4095, times 0",
        ),
    ],
)
def test_a_conversion_that_cannot_be(path, converter, said):
    WellsFile([raw_well()], converter=converter).write(path)
    refused(path, said)


def test_a_gap_in_the_table_of_contents(path):
    well = raw_well(n_frames=250)
    file = WellsFile([well], toc=[(0, 100), (100, 150), (1000, 1100)])
    recording = only(file.write(path))
    assert recording.signal.shape == (250, 4)
    segments = recording.signal.segments
    np.testing.assert_array_equal(segments["first"], [0, 150])
    np.testing.assert_allclose(segments["start"], [0.0, 1000 / RATE])
    assert recording.stop == pytest.approx(1100 / RATE)
    assert recording.duration == pytest.approx(250 / RATE)
    close(recording.signal.read(140, 160), file.converter.microvolts(well.counts)[140:160])


def test_a_recording_that_begins_later(path):
    recording = only(WellsFile([raw_well()], toc=[(500, 700)]).write(path))
    np.testing.assert_allclose(recording.signal.segments["start"], [500 / RATE])
    assert recording.start == pytest.approx(500 / RATE)
    assert recording.stop == pytest.approx(700 / RATE)


@pytest.mark.parametrize(
    ("toc", "said"),
    [
        ([(0, 100)], "dataset Well_A1/Raw of 800 values does not hold 4 channels in 100 frames"),
        ([(0, 100), (50, 200)], "dataset TOC places chunk 1 at frames 50 to 200, which cannot be true"),
        ([(100, 200), (0, 100)], "dataset TOC places chunk 1 at frames 0 to 100, which cannot be true"),
        ([(0, -200)], "dataset TOC places chunk 0 at frames 0 to -200, which cannot be true"),
        ([(-200, 0)], "dataset TOC places chunk 0 at frames -200 to 0, which cannot be true"),
        ([(0, 1 << 40)], "dataset TOC places chunk 0 at frames 0 to 1099511627776, which cannot be true"),
        ([(0, 1 << 62)], "TOC holds 4.61169e+18, which is no whole number"),
        ([(1 << 62, (1 << 62) + 200)], "TOC holds 4.61169e+18, which is no whole number"),
    ],
)
def test_tables_of_contents_that_cannot_be(path, toc, said):
    WellsFile([raw_well()], toc=toc).write(path)
    refused(path, said)


@pytest.mark.parametrize(
    ("toc", "said"),
    [
        ([], "Dataset TOC is missing or empty, so that gaps of the recording are not known."),
        (
            [(0, 100), (100, 500)],
            "Dataset TOC lists 500 frames, dataset Well_A1/Raw holds 200, which were taken.",
        ),
    ],
)
def test_tables_of_contents_that_are_not_of_the_data(path, toc, said):
    well = raw_well()
    file = WellsFile([well], toc=toc)
    recording = only(file.write(path))
    assert recording.problems == (said,)
    assert recording.signal.segments.tolist() == [(0, 0.0)]
    assert recording.duration == pytest.approx(200 / RATE)
    close(recording.signal.read(0, 200), file.converter.microvolts(well.counts))


@pytest.mark.parametrize("version", [100, 101, 5])
def test_a_file_of_gigabytes_is_read_in_pieces(path, version):
    n_frames, middle = 300_000, 150_000
    channels = [(1 + i // 64, 1 + i % 64) for i in range(4096)]
    counts = counts_of(40, 4096)
    if version == 5:
        file = WellsFile([Well(channels=range(4096), counts=counts)], toc=[(0, n_frames)], packed=False)
        name, expected = "Well_A1/Raw", file.converter.microvolts(counts)
    else:
        file = OldFile(counts, channels, version=version, n_frames=n_frames, packed=False)
        name, expected = "3BData/Raw", file.voltages()
    file.write(path)
    if version == 100:
        enlarge(path, name, (n_frames, 4096), (slice(middle, middle + 40),), counts)
    else:
        enlarge(path, name, (n_frames * 4096,), (slice(4096 * middle, 4096 * (middle + 40)),), counts.ravel())
    first, here = pieces_read_quickly(path, [(0, 10), (middle - 5, middle + 40)])
    assert path.stat().st_size > 2e9
    assert (first == first[0, 0]).all()
    close(here[5:], expected)


# --- sparse ---


@pytest.mark.parametrize("brainwave", [5, 6])
@pytest.mark.parametrize("wells", [("A1",), SIX])
def test_sparse_wells(path, brainwave, wells):
    parts = [sparse_well(name, (0, 1, 2, 3 + i)) for i, name in enumerate(wells)]
    parts = [replace(part, channels=(0, 1, 2, 3 + i)) for i, part in enumerate(parts)]
    file = WellsFile(parts, brainwave=brainwave)
    recording = only(file.write(path))
    assert recording.signal.shape == (200, 4 * len(wells))
    assert recording.signal.sampling_rate == RATE
    for part in parts:
        counts, kept = kept_of(part, 200)
        columns = columns_of(recording, part.name)
        voltages = recording.signal.read(0, 200, columns)
        close(voltages[kept], file.converter.microvolts(counts)[kept])
        assert (voltages[~kept] == 0).all()
        part_read = recording.signal.read(60, 150, [columns[3], columns[0]])
        np.testing.assert_array_equal(part_read, voltages[60:150, [3, 0]])
    gaps = [f"Of well {name} only the samples around events were kept; all others are given as 0 uV." for name in wells]
    assert [said for said in recording.problems if "0 uV" in said] == gaps


def test_sparse_channels_are_those_that_the_well_names(path):
    part = sparse_well(channels=(3, 17, 900, 4095))
    file = WellsFile([part])
    recording = only(file.write(path))
    counts, kept = kept_of(part, 200)
    voltages = recording.signal.read(0, 200)
    close(voltages[kept], file.converter.microvolts(counts)[kept])


def test_a_sparse_range_across_reads(path):
    counts = counts_of(1000, 1).ravel()
    part = Well(channels=(0, 1), sparse=[[Range(1, 0, counts)]])
    file = WellsFile([part], toc=[(0, 1000)])
    signal = only(file.write(path)).signal
    whole = file.converter.microvolts(counts)
    for start, stop in ((0, 1000), (1, 2), (500, 501), (999, 1000), (250, 750)):
        close(signal.read(start, stop, [1])[:, 0], whole[start:stop])


def test_a_sparse_piece_without_a_range(path):
    part = Well(channels=(0, 1), sparse=[[], [Range(0, 150, counts_of(10, 1).ravel())]])
    file = WellsFile([part])
    voltages = only(file.write(path)).signal.read(0, 200)
    close(voltages[150:160, 0], file.converter.microvolts(part.sparse[1][0].counts))


ASTRAY = "holds a range that is empty, of frames outside of it, or longer than its channel"
STRANGER = "holds channels that are not among those of the well"
TOO_LONG = "holds a channel that is longer than the chunk"


@pytest.mark.parametrize(
    ("kept", "said"),
    [
        (Range(99, 10, counts_of(5, 1).ravel()), STRANGER),
        (Range(-1, 10, counts_of(5, 1).ravel()), STRANGER),
        (Range(0, -5, counts_of(10, 1).ravel()), ASTRAY),
        (Range(0, 195, counts_of(10, 1).ravel()), ASTRAY),
        (Range(0, 1 << 60, counts_of(10, 1).ravel()), ASTRAY),
    ],
)
def test_ranges_that_cannot_be(path, kept, said):
    WellsFile([Well(channels=(0, 1), sparse=[[kept]])], toc=[(0, 200)]).write(path)
    refused(path, f"chunk 0 of dataset Well_A1/EventsBasedSparseRaw {said}")


def test_of_ranges_that_overlap_the_later_one_is_taken(path):
    first, second = counts_of(20, 1, 1).ravel(), counts_of(20, 1, 2).ravel()
    part = Well(channels=(0, 1), sparse=[[Range(0, 10, first), Range(0, 15, second)]])
    file = WellsFile([part], toc=[(0, 200)])
    voltages = only(file.write(path)).signal.read(0, 200)
    close(voltages[10:15, 0], file.converter.microvolts(first[:5]))
    close(voltages[15:35, 0], file.converter.microvolts(second))
    assert np.count_nonzero(voltages) == 25


def forged_sparse_file(path: Path, at: int, value: int) -> Well:
    """Write a well of which two channels have a range each, and other four bytes in the place of some."""
    ranges = [Range(0, 10, counts_of(30, 1).ravel()), Range(1, 50, counts_of(5, 1).ravel())]
    part = Well(channels=(0, 1), sparse=[ranges])
    WellsFile([part], toc=[(0, 200)]).write(path)
    content = bytearray(sparse_bytes(part.sparse[0]))
    content[at : at + 4] = (value & 0xFFFFFFFF).to_bytes(4, "little")
    with h5py.File(path, "r+") as file:
        file["Well_A1/EventsBasedSparseRaw"][:] = np.frombuffer(bytes(content), np.uint8)
    return part


@pytest.mark.parametrize(
    ("at", "values", "said"),
    [
        (0, [-1, 2, 2**31 - 1, -(2**31)], STRANGER),
        (4, [-1, 1, 2**31 - 1, -(2**31)], TOO_LONG),
        (8, [-1, 1, 2**31 - 1, -(2**31)], ASTRAY),
        (16, [-1, 1, 2**31 - 1, -(2**31)], ASTRAY),
    ],
    ids=["channel", "length", "first", "stop"],
)
def test_sparse_bytes_that_were_forged(path, at, values, said):
    for value in values:
        forged_sparse_file(path, at, value)
        refused(path, f"chunk 0 of dataset Well_A1/EventsBasedSparseRaw {said}")


def test_a_sparse_range_of_another_channel_is_taken_as_it_is(path):
    part = forged_sparse_file(path, 0, 1)
    voltages = only(path).signal.read(0, 200)
    assert (voltages[:, 0] == 0).all()
    for kept in part.sparse[0]:
        close(voltages[kept.first : kept.first + len(kept.counts), 1], Converter().microvolts(kept.counts))


def test_many_ranges_are_read_in_time(path):
    # 300,000 ranges of 20 samples: half an hour of 64 busy channels.
    n_channels, n_ranges, every, kept = 64, 4_700, 400, 20
    channels = tuple(range(n_channels))
    record = np.dtype([("first", "<i8"), ("stop", "<i8"), ("counts", "<u2", (kept,))])
    ranges = np.zeros((n_channels, n_ranges), record)
    ranges["first"] = every * np.arange(n_ranges) + np.arange(n_channels)[:, np.newaxis]
    ranges["stop"] = ranges["first"] + kept
    ranges["counts"] = np.random.default_rng(4).integers(1, 4095, ranges["counts"].shape)
    n_bytes = n_ranges * record.itemsize
    content = b"".join(np.array([c, n_bytes], "<i4").tobytes() + ranges[c].tobytes() for c in channels)
    file = WellsFile([Well(channels=channels, sparse=[[]])], toc=[(0, every * n_ranges)])
    file.write(path)
    with h5py.File(path, "r+") as opened:
        del opened["Well_A1/EventsBasedSparseRaw"]
        opened["Well_A1/EventsBasedSparseRaw"] = np.frombuffer(content, np.uint8)
    (found,) = outcome(path)
    first = every * 4_000
    voltages = found.signal.read(first, first + every)
    for channel in (0, 7, 63):
        expected = file.converter.microvolts(ranges["counts"][channel, 4_000])
        close(voltages[channel : channel + kept, channel], expected)


@pytest.mark.parametrize(
    ("make", "problems"),
    [
        (raw_well, ()),
        (sparse_well, ("Of well A1 only the samples around events were kept; all others are given as 0 uV.",)),
    ],
)
def test_channels_that_are_listed_for_the_plate(path, make, problems):
    channels = (17, 3, 900, 4095)
    part = replace(make(channels=channels), with_channels=False)
    file = WellsFile([part], brainwave=6, plate_channels=channels)
    recording = only(file.write(path))
    assert recording.electrodes["label"].tolist() == ["1_18", "1_4", "15_5", "64_64"]
    assert recording.layout_stated
    assert recording.problems == problems
    counts, kept = (part.counts, np.ones((200, 4), bool)) if part.counts is not None else kept_of(part, 200)
    close(recording.signal.read(0, 200)[kept], file.converter.microvolts(counts)[kept])


def test_channels_of_the_plate_do_not_replace_those_of_a_well(path):
    recording = only(WellsFile([raw_well()], brainwave=6, plate_channels=(9, 8, 7, 6)).write(path))
    assert recording.electrodes["label"].tolist() == ["1_1", "1_2", "1_3", "1_4"]


@pytest.mark.parametrize(
    "channels", [(3, 3, 4, 5), (-1, 0, 1, 2), (0, 1, 2, 1 << 20), (0.0, 1, 2, 3), (True, 2, 3, 4), ()]
)
def test_channels_of_the_plate_that_cannot_be(path, channels):
    part = replace(raw_well(), with_channels=False)
    file = WellsFile([part], brainwave=6, plate_channels=channels)
    recording = only(file.write(path))
    assert recording.problems == (
        "ExperimentInfo lists as CorePlateData.StoredPlateElIdxs what are no channels, or one twice; it was not used.",
        "The file does not list the channels of well A1; 4 were found in its data.",
    )
    close(recording.signal.read(0, 200), file.converter.microvolts(part.counts))


def test_sparse_data_without_a_list_of_channels(path):
    WellsFile([replace(sparse_well(), with_channels=False)], brainwave=6, plate_channels=(3, 3)).write(path)
    refused(path, "dataset Well_A1/StoredChIdxs is missing")


def test_channels_of_the_plate_that_are_fewer_than_the_data(path):
    part = replace(raw_well(), with_channels=False)
    WellsFile([part], brainwave=6, plate_channels=(0, 1)).write(path)
    refused(path, "dataset Well_A1/Raw of 800 values does not hold 2 channels in 200 frames")


# --- wavelets ---


WAVELETS = "keeps the raw voltage of well A1 compressed by wavelets, which loses part of it and is not read"


def test_wavelets_are_refused(path):
    WellsFile([Well(wavelet=True)]).write(path)
    refused(path, WAVELETS, UnsupportedFormatError)


def test_spikes_are_read_where_the_raw_voltage_is_in_wavelets(path):
    recording = only(WellsFile([replace(spikes_well(), wavelet=True)]).write(path))
    (said,) = recording.problems
    assert said.startswith(f"The file {WAVELETS}; export it from BrainWave as raw data")
    assert recording.signal is None
    assert recording.trains.n_spikes == 4


def test_a_well_of_wavelets_does_not_hide_the_others(path):
    part = raw_well("A2")
    file = WellsFile([Well("A1", wavelet=True), part])
    recording = only(file.write(path))
    close(recording.signal.read(0, 200), file.converter.microvolts(part.counts))
    assert set(recording.electrodes["well"]) == {"A2"}
    assert f"Well A1 was left out: {WAVELETS}." in recording.problems
    assert recording.well_problems == {"A1": WAVELETS}


# --- spikes ---


@pytest.mark.parametrize("brainwave", [5, 6])
@pytest.mark.parametrize("wells", [("A1",), ("A1", "A2"), SIX])
def test_spikes_of_every_well(path, brainwave, wells):
    parts = [spikes_well(name, seed=i) for i, name in enumerate(wells)]
    recording = only(WellsFile(parts, brainwave=brainwave).write(path))
    assert recording.signal is None
    assert recording.trains.n_spikes == 4 * len(wells)
    assert recording.duration == pytest.approx(200 / RATE)
    assert recording.duration_source == DurationSource.STATED
    assert recording.electrodes.size == 4 * len(wells)
    for seed, name in enumerate(wells):
        first, last = trains_of(recording, name)
        assert first == pytest.approx([12 / RATE, 41 / RATE])
        assert last == pytest.approx([40 / RATE, (150 + seed) / RATE])


def test_waveforms_of_spikes(path):
    part = spikes_well()
    file = WellsFile([part])
    recording = only(file.write(path))
    expected = file.converter.microvolts(part.forms)[[0, 2, 1, 3]]
    assert tuple(recording.trains.waveforms.shape) == (4, 20)
    close(np.asarray(recording.trains.waveforms[np.arange(4)]), expected)
    close(np.asarray(recording.trains.waveforms[[3, 1]]), expected[[3, 1]])


def test_spikes_beside_raw_data(path):
    recording = only(full_file().write(path))
    assert recording.signal is not None
    assert recording.trains.n_spikes == 4
    assert trains_of(recording, "A2") == []
    assert len(columns_of(recording, "A1")) == len(columns_of(recording, "A2")) == 4


@pytest.mark.parametrize(
    ("spike", "said"),
    [
        ((12, 99), "1 spikes are of channels that the well does not have; left out."),
        ((12, -1), "1 spikes are of channels that the well does not have; left out."),
        ((-5, 0), "1 spikes lie outside of the recording, the first at -0.000506406 s; left out."),
        ((250, 0), "1 spikes lie outside of the recording, the first at 0.0253203 s; left out."),
    ],
)
def test_spikes_that_cannot_be(path, spike, said):
    part = replace(spikes_well(), spikes=[spike, (13, 1)], forms=None)
    recording = only(WellsFile([part]).write(path))
    assert recording.problems == (f"Well A1: {said}",)
    assert trains_of(recording, "A1") == [[13 / RATE]]
    assert recording.trains.counts.tolist() == [0, 1, 0, 0]


def test_a_spike_at_no_frame(path):
    WellsFile([replace(spikes_well(), spikes=[(1 << 62, 0), (13, 1)], forms=None)]).write(path)
    refused(path, "dataset Well_A1/SpikeTimes holds 4.61169e+18, which is no whole number")


def test_a_well_without_a_spike(path):
    recording = only(WellsFile([spikes_well(), Well("A2", spikes=[])]).write(path))
    assert recording.trains.n_spikes == 4
    assert "A2" in set(recording.electrodes["well"])


@pytest.mark.parametrize("file", [OldFile(), full_file(), full_file(brainwave=6)], ids=["old", "5", "6"])
def test_newer_structures_of_hdf5(path, file):
    latest = only(in_latest_format(file.write(path)))
    recording = only(path)
    np.testing.assert_array_equal(latest.signal.read(0, 200), recording.signal.read(0, 200))
    assert (latest.problems, channel_names(latest)) == (recording.problems, channel_names(recording))


# --- a signal outlives its file ---


@pytest.mark.parametrize("file", [OldFile(), WellsFile([raw_well(), sparse_well("A2")])], ids=["old", "wells"])
def test_a_signal_is_pickled_and_opened_again(path, file):
    recording = only(file.write(path))
    signal = recording.signal
    expected = signal.read(7, 150, [2, 0])
    for copy in (pickle.loads(pickle.dumps(signal)), pickle.loads(pickle.dumps(recording)).signal):  # noqa: S301 -- ours
        np.testing.assert_array_equal(copy.read(7, 150, [2, 0]), expected)
        copy.close()
    signal.close()
    signal.close()
    np.testing.assert_array_equal(signal.read(7, 150, [2, 0]), expected)
    signal.close()
    path.write_bytes(path.read_bytes()[:-700])
    with pytest.raises(TruncatedFileError, match=r"slice\.brw"):
        signal.read(0, 10)


# --- what is written in other ways ---


def test_waveforms_of_a_length_that_is_not_stated(path):
    WellsFile([spikes_well()]).write(path)
    assert only(path).problems == ()
    with h5py.File(path, "r+") as file:
        del file["Well_A1/SpikeForms"].attrs["Wavelength"]
    recording = only(path)
    assert recording.trains.waveforms.shape == (4, 20)
    said = "Dataset Well_A1/SpikeForms does not say how long a waveform is: 20 samples, by its size."
    assert recording.problems == (said,)


def test_waveforms_beyond_float32_are_infinite(path):
    part = replace(spikes_well(), forms=None)
    WellsFile([part]).write(path)
    with h5py.File(path, "r+") as file:
        file["Well_A1/SpikeForms"] = np.full((4, 20), 1e300)
    assert np.isposinf(np.asarray(only(path).trains.waveforms[:])).all()


def test_settings_of_fixed_length_are_read(path):
    well = raw_well()
    file = WellsFile([well])
    file.write(path)
    with h5py.File(path, "r+") as content:
        text = content["ExperimentSettings"][0]
        del content["ExperimentSettings"]
        content["ExperimentSettings"] = np.array([text])
    close(only(path).signal.read(0, 200), file.converter.microvolts(well.counts))


def test_names_of_electrodes_differ(path):
    recording = only(WellsFile([raw_well(channels=tuple(range(300)))]).write(path))
    assert len(set(channel_names(recording))) == 300


@pytest.mark.parametrize("stated", [19, 21])
def test_waveforms_of_another_length_than_stated_are_left_out(path, stated):
    WellsFile([spikes_well()]).write(path)
    with h5py.File(path, "r+") as file:
        file["Well_A1/SpikeForms"].attrs["Wavelength"] = np.int32(stated)
    recording = only(path)
    why = "dataset Well_A1/SpikeForms of shape (80,) does not hold one waveform for each of 4 spikes"
    assert recording.problems == (f"Waveforms of spikes were left out: {why}.",)
    assert recording.trains.waveforms is None
