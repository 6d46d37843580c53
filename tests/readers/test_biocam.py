"""3Brain files: every value that was put into a built file comes back, of every well."""

from __future__ import annotations

import pickle
import resource
from dataclasses import replace
from pathlib import Path

import h5py
import numpy as np
import pytest
from readers.builders.biocam_file import (
    FIELDS,
    NEW_FIELDS,
    OLD_FIELDS,
    OLD_SHAPES,
    OLD_SPIKE_FIELDS,
    OLD_SPIKE_SHAPES,
    RATE,
    SHAPES,
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
    TERABYTE_SHAPE,
    channel_names,
    claim,
    close,
    columns_of,
    enlarge,
    in_latest_format,
    link_outside,
    link_to_itself,
    make_virtual,
    only,
    outcome,
    pieces_read_quickly,
    read_plates,
    says,
    shown,
    store_outside,
    told,
)

from mnephys.errors import CorruptHeaderError, ReadError, UnsupportedFormatError
from mnephys.recording import DurationSource, PlateRecording

SIX = ("A1", "A2", "A3", "B1", "B2", "B3")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "slice.brw"


def old_spikes_file() -> OldFile:
    return OldFile(counts=None, spikes=[(900, 63), (10, 63), (12, 4095), (13, 64)])


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
    assert isinstance(outcome(OldFile(inversion=inversion).write(path)), ReadError)


@pytest.mark.parametrize(
    "change", [{"maximum": -4125.0}, {"maximum": float("nan")}, {"minimum": float("-inf")}, {"bits": 0}]
)
def test_a_range_that_cannot_be(path, change):
    assert isinstance(outcome(OldFile(**change).write(path)), ReadError)


@pytest.mark.parametrize("rate", [0.0, -1.0, 99.0, 200_001.0, float("nan"), float("inf")])
def test_a_rate_that_cannot_be(path, rate):
    assert isinstance(outcome(OldFile(rate=rate).write(path)), ReadError)
    assert isinstance(outcome(WellsFile([raw_well()], converter=Converter(rate=rate)).write(path)), ReadError)


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
    "converter",
    [
        Converter(maximum=-4125.0),
        Converter(maximum=float("nan")),
        Converter(max_digital=0),
        Converter(minimum=float("-inf")),
        Converter(scale=0.0),
    ],
)
def test_a_conversion_that_cannot_be(path, converter):
    assert isinstance(outcome(WellsFile([raw_well()], converter=converter).write(path)), ReadError)


def test_a_gap_in_the_table_of_contents(path):
    well = raw_well(n_frames=250)
    file = WellsFile([well], toc=[(0, 100), (100, 150), (1000, 1100)])
    recording = only(file.write(path))
    assert recording.signal.shape == (250, 4)
    segments = recording.signal.segments
    np.testing.assert_array_equal(segments["first"], [0, 150])
    np.testing.assert_allclose(segments["start"], [0.0, 1000 / RATE])
    assert recording.duration == pytest.approx(1100 / RATE)
    close(recording.signal.read(140, 160), file.converter.microvolts(well.counts)[140:160])


def test_a_recording_that_begins_later(path):
    recording = only(WellsFile([raw_well()], toc=[(500, 700)]).write(path))
    np.testing.assert_allclose(recording.signal.segments["start"], [500 / RATE])
    assert recording.start == pytest.approx(500 / RATE)
    assert recording.stop == pytest.approx(700 / RATE)


@pytest.mark.parametrize(
    "toc",
    [
        [],
        [(0, 100)],
        [(0, 100), (100, 500)],
        [(0, 100), (50, 200)],
        [(100, 200), (0, 100)],
        [(0, -200)],
        [(-200, 0)],
        [(0, 1 << 62)],
        [(1 << 62, (1 << 62) + 200)],
    ],
)
def test_tables_of_contents_that_cannot_be(path, toc):
    found = outcome(WellsFile([raw_well()], toc=toc).write(path))
    if not isinstance(found, ReadError):
        (recording,) = found
        assert recording.problems
        assert recording.signal.shape[0] <= 200
        assert (np.diff(recording.signal.segments["start"]) > 0).all()


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
        rest = voltages[~kept]
        # What was not kept is either unknown or rest, and all of it the same.
        assert np.isnan(rest).all() or (np.ptp(rest) == 0 and abs(rest[0]) < 2)
        part_read = recording.signal.read(60, 150, [columns[3], columns[0]])
        np.testing.assert_array_equal(part_read, voltages[60:150, [3, 0]])
    assert recording.problems


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


@pytest.mark.parametrize(
    "ranges",
    [
        [Range(99, 10, counts_of(5, 1).ravel())],
        [Range(-1, 10, counts_of(5, 1).ravel())],
        [Range(0, -5, counts_of(10, 1).ravel())],
        [Range(0, 195, counts_of(10, 1).ravel())],
        [Range(0, 1 << 60, counts_of(10, 1).ravel())],
        [Range(0, 10, counts_of(20, 1).ravel()), Range(0, 15, counts_of(20, 1).ravel())],
    ],
)
def test_ranges_that_cannot_be(path, ranges):
    part = Well(channels=(0, 1), sparse=[ranges])
    found = outcome(WellsFile([part], toc=[(0, 200)]).write(path))
    if not isinstance(found, ReadError):
        assert found[0].signal.shape == (200, 2)


@pytest.mark.parametrize("at", [0, 4, 8, 16])
@pytest.mark.parametrize("value", [-1, 1, 2**31 - 1, -(2**31)])
def test_sparse_bytes_that_were_forged(path, at, value):
    part = Well(
        channels=(0, 1), sparse=[[Range(0, 10, counts_of(30, 1).ravel()), Range(1, 50, counts_of(5, 1).ravel())]]
    )
    WellsFile([part], toc=[(0, 200)]).write(path)
    content = bytearray(sparse_bytes(part.sparse[0]))
    content[at : at + 4] = (value & 0xFFFFFFFF).to_bytes(4, "little")
    with h5py.File(path, "r+") as file:
        file["Well_A1/EventsBasedSparseRaw"][:] = np.frombuffer(bytes(content), np.uint8)
    outcome(path)


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


@pytest.mark.parametrize("make", [raw_well, sparse_well])
def test_channels_that_are_listed_for_the_plate(path, make):
    channels = (17, 3, 900, 4095)
    part = replace(make(channels=channels), with_channels=False)
    file = WellsFile([part], brainwave=6, plate_channels=channels)
    recording = only(file.write(path))
    assert recording.electrodes["label"].tolist() == ["1_18", "1_4", "15_5", "64_64"]
    assert recording.layout_stated
    assert not says(recording, "channels")
    counts, kept = (part.counts, np.ones((200, 4), bool)) if part.counts is not None else kept_of(part, 200)
    close(recording.signal.read(0, 200)[kept], file.converter.microvolts(counts)[kept])


def test_channels_of_the_plate_do_not_replace_those_of_a_well(path):
    recording = only(WellsFile([raw_well()], brainwave=6, plate_channels=(9, 8, 7, 6)).write(path))
    assert recording.electrodes["label"].tolist() == ["1_1", "1_2", "1_3", "1_4"]


@pytest.mark.parametrize(
    "channels", [(3, 3, 4, 5), (-1, 0, 1, 2), (0, 1, 2, 1 << 20), (0.0, 1, 2, 3), (True, 2, 3, 4), ()]
)
def test_channels_of_the_plate_that_cannot_be(path, channels):
    part = replace(sparse_well(), with_channels=False)
    found = outcome(WellsFile([part], brainwave=6, plate_channels=channels).write(path))
    assert isinstance(found, ReadError) or says(found[0], "StoredPlateElIdxs")


def test_channels_of_the_plate_that_are_fewer_than_the_data(path):
    part = replace(raw_well(), with_channels=False)
    assert isinstance(outcome(WellsFile([part], brainwave=6, plate_channels=(0, 1)).write(path)), ReadError)


# --- wavelets ---


def test_wavelets_are_refused(path):
    with pytest.raises(UnsupportedFormatError, match=r"(?i)slice\.brw.*wavelet"):
        read_plates(WellsFile([Well(wavelet=True)]).write(path))


def test_a_well_of_wavelets_does_not_hide_the_others(path):
    part = raw_well("A2")
    file = WellsFile([Well("A1", wavelet=True), part])
    found = outcome(file.write(path))
    if isinstance(found, ReadError):
        assert "wavelet" in str(found).lower()
    else:
        close(found[0].signal.read(0, 200, columns_of(found[0], "A2")), file.converter.microvolts(part.counts))
        assert says(found[0], "wavelet")


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


@pytest.mark.parametrize("spikes", [[(12, 99)], [(-5, 0)], [(1 << 62, 0)], [(12, -1)], [(250, 0)]])
def test_spikes_that_cannot_be(path, spikes):
    part = replace(spikes_well(), spikes=[*spikes, (13, 1)], forms=None)
    found = outcome(WellsFile([part]).write(path))
    if not isinstance(found, ReadError):
        assert found[0].problems or found[0].trains.n_spikes == 2
        assert any(np.isclose(found[0].trains.times, 13 / RATE))


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
    with pytest.raises(ReadError, match=r"slice\.brw"):
        signal.read(0, 10)


# --- damaged and hostile files ---

MADE = [
    (full_file, FIELDS, SHAPES),
    (lambda: full_file(brainwave=6), NEW_FIELDS, ()),
    (OldFile, OLD_FIELDS, OLD_SHAPES),
    (lambda: OldFile(version=100), OLD_FIELDS[:1], ("3BData/Raw",)),
    (old_spikes_file, OLD_SPIKE_FIELDS, OLD_SPIKE_SHAPES),
]


@pytest.mark.parametrize(("make", "name"), [(make, name) for make, _, shapes in MADE for name in shapes])
@pytest.mark.parametrize("axis", [0, -1])
def test_datasets_that_claim_terabytes(path, tmp_path, make, name, axis):
    intact = read_plates(make().write(tmp_path / "intact.h5"))
    make().write(path)
    with h5py.File(path) as file:
        shape = list(file[name].shape)
    shape[axis] = TERABYTE_SHAPE
    claim(path, name, tuple(shape))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    found = outcome(path)
    # In kB.
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 64 * 1024
    assert told(found, intact)


@pytest.mark.parametrize("change", [link_outside, make_virtual, store_outside])
@pytest.mark.parametrize(
    ("make", "name"),
    [
        (OldFile, "3BData/Raw"),
        (full_file, "Well_A1/Raw"),
        (full_file, "Well_A2/EventsBasedSparseRaw"),
        (full_file, "TOC"),
    ],
)
def test_data_outside_of_the_file(path, tmp_path, change, make, name):
    intact = read_plates(make().write(tmp_path / "intact.h5"))
    make().write(path)
    change(path, name, tmp_path / "other.h5")
    assert told(outcome(path), intact)


@pytest.mark.parametrize("name", ["Well_A1", "Well_A1/StoredChIdxs", "ExperimentSettings"])
def test_groups_that_lead_elsewhere(path, tmp_path, name):
    intact = read_plates(full_file().write(tmp_path / "intact.h5"))
    full_file().write(path)
    link_outside(path, name, tmp_path / "other.h5")
    assert told(outcome(path), intact)
    ring = full_file().write(tmp_path / "ring.h5")
    link_to_itself(ring, name)
    assert told(outcome(ring), intact)


@pytest.mark.parametrize(
    "name",
    [
        "Well_..",
        "Well_\x1b[31m",
        "Well_A1\n",
        "Well_" + "A" * 400,
        "Well_",
        "Well_Z99",
        "Well_A0",
        "Well_a1",
        "Well_A-1",
    ],
)
def test_odd_names_of_wells(path, name):
    WellsFile([raw_well()]).write(path)
    with h5py.File(path, "r+") as file:
        file.copy(file["Well_A1"], file, name=name.encode())
    found = outcome(path)
    assert isinstance(found, ReadError) or found[0].problems or len(set(found[0].electrodes["well"])) == 2


def test_a_well_of_another_name_is_told(path):
    WellsFile([raw_well(), raw_well("A2")]).write(path)
    with h5py.File(path, "r+") as file:
        file.move("Well_A2", "We\xff\xff_A2")
    assert says(only(path), "well", "_A2", "left out")


@pytest.mark.parametrize("version", [np.bytes_(b"A" * 5000), np.arange(4000)], ids=["letters", "numbers"])
def test_a_version_of_thousands_of_letters_or_numbers_is_cut(path, version):
    OldFile().write(path)
    with h5py.File(path, "r+") as file:
        file["3BData"].attrs["Version"] = version
    found = outcome(path)
    assert isinstance(found, ReadError)
    assert len(str(found)) < 400


def test_waveforms_of_a_length_that_is_not_stated(path):
    WellsFile([spikes_well()]).write(path)
    assert not says(only(path), "SpikeForms")
    with h5py.File(path, "r+") as file:
        del file["Well_A1/SpikeForms"].attrs["Wavelength"]
    recording = only(path)
    assert recording.trains.waveforms.shape == (4, 20)
    assert says(recording, "SpikeForms", "20 samples")


def test_waveforms_beyond_float32_are_infinite(path):
    part = replace(spikes_well(), forms=None)
    WellsFile([part]).write(path)
    with h5py.File(path, "r+") as file:
        file["Well_A1/SpikeForms"] = np.full((4, 20), 1e300)
    assert np.isposinf(np.asarray(only(path).trains.waveforms[:])).all()


def test_a_well_in_a_ring(path):
    WellsFile([raw_well()]).write(path)
    with h5py.File(path, "r+") as file:
        file["Well_A2"] = file["/"]
        file["Well_A1/Well_A1"] = file["Well_A1"]
    outcome(path)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "null",
        "[]",
        "17",
        '{"ValueConverter": null}',
        '{"ValueConverter": []}',
        '{"ValueConverter": {"MaxAnalogValue": "x"}}',
        "[" * 100_000,
        '{"a": ' * 50_000,
        "\x1b[0m",
        '{"ValueConverter": {"MaxAnalogValue": ' + "9" * 10_000 + "}}",
    ],
    ids=range(12),
)
@pytest.mark.parametrize("name", ["ExperimentSettings", "ExperimentInfo"])
def test_settings_that_are_no_settings(path, text, name):
    WellsFile([raw_well()], brainwave=5 if name == "ExperimentSettings" else 6).write(path)
    with h5py.File(path, "r+") as file:
        del file[name]
        file[name] = np.array([text.encode()], dtype=h5py.string_dtype())
    assert isinstance(outcome(path), ReadError)


def test_settings_of_fixed_length_are_read(path):
    well = raw_well()
    file = WellsFile([well])
    file.write(path)
    with h5py.File(path, "r+") as content:
        text = content["ExperimentSettings"][0]
        del content["ExperimentSettings"]
        content["ExperimentSettings"] = np.array([text])
    close(only(path).signal.read(0, 200), file.converter.microvolts(well.counts))


@pytest.mark.parametrize("value", [0, -1, 2**31 - 1, 2**32 - 1, 2**62, float("nan")])
@pytest.mark.parametrize(("make", "field"), [(make, field) for make, fields, _ in MADE for field in fields], ids=shown)
def test_forged_numbers_never_surprise(path, make, field, value):
    make().write(path)
    field.forge(path, value)
    found = outcome(path)
    if not isinstance(found, ReadError):
        assert sum(recording.electrodes.size for recording in found) <= 4096
        for recording in found:
            if recording.signal is not None:
                assert recording.signal.sampling_rate == RATE
                assert recording.signal.shape[0] <= 200


@pytest.mark.parametrize("channels", [(0, 1, 2), (0, 1, 2, 3, 4, 5, 6), (0, 1, 2, 2), (-1, 0, 1, 2), ()])
def test_channels_that_cannot_be(path, channels):
    well = raw_well()
    WellsFile([well]).write(path)
    with h5py.File(path, "r+") as file:
        del file["Well_A1/StoredChIdxs"]
        file["Well_A1/StoredChIdxs"] = np.array(channels, np.int32)
    found = outcome(path)
    assert isinstance(found, ReadError) or found[0].problems


@pytest.mark.parametrize("name", ["ExperimentSettings", "TOC", "Well_A1", "Well_A1/StoredChIdxs", "Well_A1/Raw"])
def test_parts_that_are_missing(path, name):
    WellsFile([raw_well()]).write(path)
    with h5py.File(path, "r+") as file:
        del file[name]
    found = outcome(path)
    assert isinstance(found, ReadError) or found[0].problems


@pytest.mark.parametrize(
    "values", [np.zeros((200, 4), np.uint16), np.zeros(800), np.zeros(0, np.uint16), np.zeros(799, np.uint16), "text"]
)
def test_raw_data_of_another_kind(path, values):
    WellsFile([raw_well()]).write(path)
    with h5py.File(path, "r+") as file:
        del file["Well_A1/Raw"]
        file["Well_A1/Raw"] = values
    found = outcome(path)
    if not isinstance(found, ReadError) and not found[0].problems:
        assert found[0].signal.shape == (200, 4)


def test_names_of_electrodes_differ(path):
    recording = only(WellsFile([raw_well(channels=tuple(range(300)))]).write(path))
    assert len(set(channel_names(recording))) == 300


def test_files_that_were_cut(path):
    for file in (OldFile(), full_file()):
        content = file.write(path).read_bytes()
        for size in range(1, len(content), 1999):
            path.write_bytes(content[:size])
            assert isinstance(outcome(path), ReadError)
