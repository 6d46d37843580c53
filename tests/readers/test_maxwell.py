"""MaxWell files: every value that was put into a built file comes back, without a filter or library of the vendor."""

from __future__ import annotations

import os
import pickle
from dataclasses import replace
from pathlib import Path

import h5py
import numpy as np
import pytest
from readers.builders.hdf5_plates import (
    FOREIGN_FILTER,
    channel_names,
    close,
    columns_of,
    enlarge,
    in_latest_format,
    names,
    only,
    outcome,
    pieces_read_quickly,
    read_plates,
    says,
    train,
)
from readers.builders.maxwell_file import (
    MaxWellFile,
    OldMaxOne,
    Well,
    electrode_of,
    full_file,
    old_file,
    place_of,
)

from mnephys.errors import CorruptHeaderError, ReadError, SeveralRecordingsError, UnsupportedFormatError
from mnephys.readers import read
from mnephys.readers.maxwell.raw import UNPACK
from mnephys.recording import DurationSource, PlateRecording, well_name

RAW = "wells/well000/rec0000/groups/routed/raw"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "chip.raw.h5"


def check_well(recording: PlateRecording, well: Well, name: str) -> None:
    """Compare electrodes, places and voltages of a well."""
    order = [channel_names(recording).index(f"{name}_{label}") for label in well.labels()]
    n_samples = min(recording.signal.shape[0], well.n_samples)
    close(recording.signal.read(0, n_samples, order), well.voltages()[:n_samples])
    electrodes = recording.electrodes[recording.signal.electrodes[order]]
    places = [place_of(int(label)) for label in well.labels()]
    np.testing.assert_allclose(np.stack([electrodes["x"], electrodes["y"]], axis=1), places)
    assert electrodes["enabled"].all()
    assert len(columns_of(recording, name)) == len(well.channels)


# --- the later layout ---


@pytest.mark.parametrize("links", ["hard", "none"])
@pytest.mark.parametrize("packing", ["", "gzip"])
def test_one_well(path, links, packing):
    well = Well(packing=packing)
    recording = only(MaxWellFile([well], links=links).write(path))
    assert recording.wells == ("A1",)
    assert recording.signal.shape == (300, 3)
    assert recording.signal.sampling_rate == 20_000
    assert (recording.start, recording.duration) == pytest.approx((0.0, 0.015))
    assert recording.duration_source == DurationSource.STATED
    assert "20190530" in recording.provenance.format_version
    check_well(recording, well, "A1")


def test_soft_links_within_the_file_lead_to_the_same(path):
    well = Well()
    check_well(only(MaxWellFile([well], links="soft").write(path)), well, "A1")


def test_parts_of_the_signal(path):
    well = Well(channels=tuple(range(3, 60, 2)), n_samples=1500)
    recording = only(MaxWellFile([well]).write(path))
    signal, whole = recording.signal, well.voltages()
    order = [channel_names(recording).index(f"A1_{label}") for label in well.labels()]
    for start, stop in ((0, 0), (0, 1), (499, 1207), (1499, 1500), (1500, 1500)):
        close(signal.read(start, stop, order), whole[start:stop])
    close(signal.read(10, 20, order[5:1:-2]), whole[10:20, 5:1:-2])
    close(signal.read(10, 20, []), whole[10:20, :0])
    assert signal.read(10, 20, slice(1, 20, 4)).shape == (10, 5)
    for start, stop in ((-1, 5), (5, 4), (0, 1501)):
        with pytest.raises(IndexError):
            signal.read(start, stop)
    with pytest.raises(IndexError):
        signal.read(0, 5, [29])


def test_six_wells(path):
    wells = [Well(i, channels=(5, 17, 40)[: 1 + i % 3]) for i in range(6)]
    recording = only(MaxWellFile(wells).write(path))
    assert len(recording.wells) == 6
    assert recording.signal.shape == (300, 12)
    for well in wells:
        check_well(recording, well, recording.wells[well.number])
    # A plate of six wells has two rows of three.
    assert recording.wells == ("A1", "A2", "A3", "B1", "B2", "B3")


def test_wells_that_are_missing(path):
    wells = [Well(1), Well(4)]
    recording = only(MaxWellFile(wells).write(path))
    assert len(recording.wells) == 6
    for well, name in zip(wells, ("A2", "B2"), strict=True):
        check_well(recording, well, name)
    assert set(recording.electrodes["well"]) == {"A2", "B2"}


def test_24_wells_with_another_recording_for_each_row(path):
    wells = [Well(i, rec=f"rec{i // 6:04d}", channels=(5, 17), n_samples=100 + 10 * (i // 6)) for i in range(24)]
    recordings = read_plates(MaxWellFile(wells).write(path))
    assert [recording.metadata["recording"] for recording in recordings] == ["rec0000", "rec0001", "rec0002", "rec0003"]
    for row, recording in enumerate(recordings):
        assert (recording.layout.rows, recording.layout.columns) == (4, 6)
        assert recording.signal.shape == (100 + 10 * row, 12)
        assert set(recording.electrodes["well"].tolist()) == {well_name(row, column) for column in range(6)}
        assert recording.problems == (
            "The file does not say which plate it is of; the MaxTwo 24-well plate is the smallest that has its wells.",
        )
        for column in range(6):
            check_well(recording, wells[6 * row + column], well_name(row, column))
    with pytest.raises(SeveralRecordingsError, match=r"chip\.raw\.h5: holds 4 recordings.*read_all"):
        read(path)


def test_several_recordings_of_a_well(path):
    wells = [Well(0), Well(1), Well(0, rec="rec0001", n_samples=150, channels=(17, 99)), Well(0, rec="rec0010")]
    recordings = read_plates(MaxWellFile(wells).write(path))
    assert [recording.signal.shape for recording in recordings] == [(300, 6), (150, 2), (300, 3)]
    check_well(recordings[0], wells[0], "A1")
    check_well(recordings[0], wells[1], "A2")
    check_well(recordings[1], wells[2], "A1")
    check_well(recordings[2], wells[3], "A1")
    with pytest.raises(SeveralRecordingsError, match=r"chip\.raw\.h5: holds 3 recordings.*read_all"):
        read(path)


@pytest.mark.parametrize("number", [-1, 1, 53])
def test_what_two_names_lead_to_is_read_once(path, number):
    MaxWellFile([Well()]).write(path)
    with h5py.File(path, "r+") as content:
        content["data_store/data0000/recording_id"][0] = number
    recording = only(path)
    check_well(recording, Well(), "A1")
    assert recording.metadata["recording"] == "rec0000"
    assert says(recording, "data0000", "contradicts")


def test_what_only_the_store_has_is_read_too(path):
    MaxWellFile([Well(0), Well(1)]).write(path)
    with h5py.File(path, "r+") as content:
        del content["wells/well001"]
    assert columns_of(only(path), "A2")
    with h5py.File(path, "r+") as content:
        content["data_store/data0001/well_id"][0] = -1
    assert says(only(path), "data0001", "does not say")


def test_wells_of_unequal_rate(path):
    wells = [Well(0), Well(1, sampling=10_000.0)]
    recordings = read_plates(MaxWellFile(wells).write(path))
    assert [recording.metadata["name"] for recording in recordings] == ["rec0000 at 20000 Hz", "rec0000 at 10000 Hz"]
    assert [recording.signal.sampling_rate for recording in recordings] == [20_000, 10_000]
    assert [recording.duration for recording in recordings] == pytest.approx([0.015, 0.03])
    for recording, well, name in zip(recordings, wells, ("A1", "A2"), strict=True):
        assert set(recording.electrodes["well"].tolist()) == {name}
        check_well(recording, well, name)


def test_groups_beside_the_one_that_is_read_are_named(path):
    MaxWellFile([Well()]).write(path)
    with h5py.File(path, "r+") as file:
        groups = file["wells/well000/rec0000/groups"]
        groups.move("routed", "all")
        for name in ("block1", "block2"):
            groups.create_group(name)
    recording = only(path)
    check_well(recording, Well(), "A1")
    assert recording.problems == (
        "Well 000 in rec0000 has no group routed; of its groups all was read, and block1 and block2 left out.",
    )
    with h5py.File(path, "r+") as file:
        del file["wells/well000/rec0000/groups/block1"], file["wells/well000/rec0000/groups/block2"]
    assert only(path).problems == ()


def test_electrodes_that_were_not_routed(path):
    well = Well(not_routed=(9, 800), unconnected=3)
    recording = only(MaxWellFile([well]).write(path))
    assert recording.signal.shape == (300, 3)
    check_well(recording, well, "A1")
    assert not {f"A1_{electrode_of(9)}", "A1_-1"} & set(names(recording))


def test_rows_of_raw_that_the_mapping_does_not_have(path):
    well = Well(channels=(5, 17, 40, 41))
    MaxWellFile([well]).write(path)
    with h5py.File(path, "r+") as file:
        settings = file["wells/well000/rec0000/settings"]
        mapping = settings["mapping"][()]
        del settings["mapping"]
        settings["mapping"] = mapping[mapping["channel"] != 17]
    recording = only(path)
    assert recording.signal.shape == (300, 3)
    order = [channel_names(recording).index(f"A1_{electrode_of(channel)}") for channel in (5, 40, 41)]
    close(recording.signal.read(0, 300, order), well.voltages()[:, [0, 2, 3]])
    rows = "The raw voltage of well 000 in rec0000 has 4 rows"
    assert recording.problems == (f"{rows}, 1 of them of channels to which the table connects no electrode; left out.",)


def test_without_a_list_of_routed_channels(path):
    well = Well(with_channels=False)
    recording = only(MaxWellFile([well]).write(path))
    check_well(recording, well, "A1")
    assert recording.problems == (
        f"Nothing says which row of {RAW} is which channel; they were taken in the order of the table.",
    )


@pytest.mark.parametrize(
    ("lsb", "gain"), [(6.2943e-6, 512.0), (3e-6, None), (None, 1024.0), (None, 112.0), (1e-5, 7.0)]
)
def test_the_gain(path, lsb, gain):
    well = Well(lsb=lsb, gain=gain)
    recording = only(MaxWellFile([well]).write(path))
    check_well(recording, well, "A1")
    assert well.microvolts == (lsb * 1e6 if lsb else 3.3 / (1024 * gain) * 1e6)


def test_steps_that_follow_from_the_gain_are_told(path):
    assert says(only(MaxWellFile([Well(lsb=None)]).write(path)), "no lsb", "512")
    assert not says(only(MaxWellFile([Well()]).write(path)), "lsb")


NO_GAIN = (
    "The file states neither lsb nor gain of well 000 in rec0000; the usual gain of 512 was taken, so that its "
    "voltages may be wrong by a factor."
)


def test_a_gain_that_is_missing_is_told(path):
    well = Well(lsb=None, gain=None)
    recording = only(MaxWellFile([well]).write(path))
    assert recording.problems == (NO_GAIN,)
    check_well(recording, well, "A1")


SETTINGS = "dataset wells/well000/rec0000/settings"


@pytest.mark.parametrize("value", [0.0, float("nan"), float("inf")])
def test_an_lsb_that_cannot_be(path, value):
    found = outcome(MaxWellFile([Well(lsb=value)]).write(path))
    assert type(found) is CorruptHeaderError
    assert found.problem == f"{SETTINGS}/lsb states steps of {value:g} uV, which cannot be true"


@pytest.mark.parametrize(
    ("value", "problem"),
    [
        (0.0, "states a gain of 0"),
        (float("nan"), "states a gain of nan"),
        (float("inf"), "states steps of 0 uV, which cannot be true"),
    ],
)
def test_a_gain_that_cannot_be(path, value, problem):
    found = outcome(MaxWellFile([Well(lsb=None, gain=value)]).write(path))
    assert type(found) is CorruptHeaderError
    assert found.problem == f"{SETTINGS}/gain {problem}"


@pytest.mark.parametrize("rate", [0.0, -20_000.0, 99.0, 200_001.0, float("nan"), float("inf")])
def test_a_rate_that_cannot_be(path, rate):
    found = outcome(MaxWellFile([Well(sampling=rate)]).write(path))
    assert type(found) is CorruptHeaderError
    stated = f"{SETTINGS}/sampling states a sampling rate of {rate:g} Hz"
    assert found.problem == f"{stated}, which is not within 100 Hz to 200 kHz"


def test_the_rate_is_the_one_of_the_file(path):
    recording = only(MaxWellFile([Well(sampling=10_000.0)]).write(path))
    assert recording.signal.sampling_rate == 10_000
    assert recording.duration == pytest.approx(0.03)


# --- spikes and events ---

SPIKES = [(1_000_250, 5, -7.25), (1_000_020, 5, -8.0), (1_000_111, 40, -9.5)]


def seconds(recording: PlateRecording, frame: int) -> float:
    """Return the time of a frame after `first_frame`, counted from where the signal begins."""
    return recording.start + frame / 20_000


@pytest.mark.parametrize("first_frame", [0, 1_000_000])
def test_spikes_and_signal_are_on_one_clock(path, first_frame):
    spikes = [(frame - 1_000_000 + first_frame, channel, amplitude) for frame, channel, amplitude in SPIKES]
    well = Well(first_frame=first_frame, spikes=spikes, events=[(first_frame + 60, '{"stimulation": 1}')])
    recording = only(MaxWellFile([well]).write(path))
    assert recording.signal.segments["start"][0] == recording.start
    np.testing.assert_allclose(
        train(recording, f"A1_{electrode_of(5)}"), [seconds(recording, 20), seconds(recording, 250)]
    )
    np.testing.assert_allclose(train(recording, f"A1_{electrode_of(40)}"), [seconds(recording, 111)])
    assert train(recording, f"A1_{electrode_of(17)}").size == 0
    assert recording.trains.n_spikes == 3
    assert [time for time, _ in recording.events] == pytest.approx([seconds(recording, 60)])
    assert "stimulation" in recording.events[0][1]
    assert recording.duration == pytest.approx(0.015)


def test_amplitudes_are_in_uv(path):
    well = Well(spikes=SPIKES, first_frame=1_000_000)
    recording = only(MaxWellFile([well]).write(path))
    row = names(recording).index(f"A1_{electrode_of(5)}")
    first, last = recording.trains.offsets[row : row + 2]
    np.testing.assert_allclose(recording.trains.amplitudes[first:last], np.array([-8.0, -7.25]) * 6.2943, rtol=1e-6)


@pytest.mark.parametrize("amplitude", [float("nan"), float("inf"), -3e38])
def test_amplitudes_that_cannot_be_true(path, amplitude):
    spikes = [(10, 5, -5.0), (20, 40, amplitude)]
    recording = only(MaxWellFile([Well(spikes=spikes, lsb=1e-3)]).write(path))
    assert recording.trains.n_spikes == 2
    assert recording.trains.amplitudes is None
    assert says(recording, "A1", "1 spikes", "amplitudes")


@pytest.mark.parametrize(
    ("file", "name", "stored"),
    [
        (MaxWellFile([Well(spikes=[(10, 5, -5.0)])], links="none"), "wells/well000/rec0000/spikes", "<U1"),
        (old_file(), "proc0/spikeTimes", "<U2"),
    ],
)
def test_channels_of_spikes_that_are_no_numbers(path, file, name, stored):
    file.write(path)
    with h5py.File(path, "r+") as content:
        rows = content[name][()]
        del content[name]
        content[name] = rows.astype([("frameno", "<i8"), ("channel", "S4"), ("amplitude", "<f4")])
    found = outcome(path)
    assert type(found) is CorruptHeaderError
    assert found.problem == f"table {name} has a column channel of values of type {stored}, not numbers"


def test_spikes_of_six_wells_are_not_mixed(path):
    wells = [Well(i, spikes=[(10 + i, 5, -5.0), (20 + 2 * i, 40, -6.0)]) for i in range(6)]
    recording = only(MaxWellFile(wells).write(path))
    assert recording.trains.n_spikes == 12
    for well in wells:
        name = recording.wells[well.number]
        for channel, frame in ((5, 10 + well.number), (40, 20 + 2 * well.number)):
            times = train(recording, f"{name}_{electrode_of(channel, well.number)}")
            np.testing.assert_allclose(times, [frame / 20_000])


def test_spikes_of_channels_that_were_not_routed(path):
    well = Well(spikes=[(10, 9, -5.0), (20, 5, -5.0), (30, 777, -5.0)], not_routed=(9,))
    recording = only(MaxWellFile([well]).write(path))
    np.testing.assert_allclose(train(recording, f"A1_{electrode_of(5)}"), [0.001])
    assert recording.trains.n_spikes == 1
    assert says(recording, "none for 1 electrodes", str(electrode_of(9)))
    assert says(recording, "A1: 2 spikes are of channels without an electrode")


def test_spikes_before_and_after_the_signal(path):
    well = Well(spikes=[(900, 5, -5.0), (1_020, 5, -5.0), (9_000, 5, -5.0)], first_frame=1_000)
    recording = only(MaxWellFile([well]).write(path))
    np.testing.assert_allclose(train(recording, f"A1_{electrode_of(5)}"), [0.001])
    assert (recording.start, recording.stop, recording.trains.n_spikes) == (0.0, 0.015, 1)
    assert recording.problems == (
        "Well A1: 2 spikes lie outside of the recording (0 to 0.015 s, first at -0.005 s); left out.",
    )


def test_frames_that_were_lost(path):
    well = Well(gap=(100, 5_000), spikes=[(5_150, 5, -5.0)])
    recording = only(MaxWellFile([well]).write(path))
    check_well(recording, well, "A1")
    assert recording.signal.segments["first"].tolist() == [0, 100]
    np.testing.assert_allclose(recording.signal.segments["start"], [0.0, 5_100 / 20_000])
    np.testing.assert_allclose(train(recording, f"A1_{electrode_of(5)}"), [5_150 / 20_000])
    assert recording.stop == pytest.approx(5_300 / 20_000)
    assert recording.duration == pytest.approx(300 / 20_000)
    np.testing.assert_allclose(recording.trains.stretches, np.array([[0, 100], [5_100, 5_300]]) / 20_000)


def test_without_frame_numbers(path):
    well = Well(with_frames=False)
    check_well(only(MaxWellFile([well]).write(path)), well, "A1")


def test_spikes_alone(path):
    well = Well(packing="absent", spikes=[(20, 5, -8.0), (111, 40, -9.5)])
    recording = only(MaxWellFile([well]).write(path))
    assert recording.signal is None
    times = train(recording, f"A1_{electrode_of(5)}"), train(recording, f"A1_{electrode_of(40)}")
    assert times[1][0] - times[0][0] == pytest.approx(91 / 20_000)
    assert f"A1_{electrode_of(17)}" in names(recording)


# --- raw data that only the vendor's filter unpacks ---


def packed(name: str) -> str:
    """Return what is said of raw voltage that only the vendor's library unpacks."""
    return f"dataset {name} is packed by filter {FOREIGN_FILTER}, which only the vendor's library unpacks; {UNPACK}"


def test_spikes_beside_raw_data_of_a_foreign_filter(path):
    wells = [Well(i, packing="foreign", spikes=[(20 + i, 5, -8.0)]) for i in range(6)]
    recording = only(MaxWellFile(wells).write(path))
    for well in wells:
        name = recording.wells[well.number]
        times = train(recording, f"{name}_{electrode_of(5, well.number)}")
        np.testing.assert_allclose(times, [(20 + well.number) / 20_000])
    assert recording.duration == pytest.approx(0.015)
    assert recording.duration_source == DurationSource.STATED
    assert recording.signal is None
    assert [sentence for sentence in recording.problems if "filter" in sentence] == [
        f"Raw voltage of well {number:03d} in rec0000 was left out: {packed(RAW.replace('000', f'{number:03d}', 1))}."
        for number in range(6)
    ]


@pytest.mark.parametrize(
    ("file", "name"), [(MaxWellFile([Well(packing="foreign")]), RAW), (OldMaxOne(packing="foreign"), "sig")]
)
def test_nothing_but_raw_data_of_a_foreign_filter(path, file, name):
    found = outcome(file.write(path))
    assert type(found) is UnsupportedFormatError
    assert str(found).endswith(f": {packed(name)}")


def test_no_library_is_looked_for(path, tmp_path, monkeypatch):
    MaxWellFile([Well(packing="foreign", spikes=[(20, 5, -8.0)])]).write(path)
    folder = tmp_path / "plugins"
    folder.mkdir()
    monkeypatch.setenv("HDF5_PLUGIN_PATH", str(folder))
    # Whoever opens it waits for ever, beyond the time that is allowed.
    os.mkfifo(folder / "libcompression.so")
    (recording,) = outcome(path)
    assert recording.signal is None
    assert recording.problems == (f"Raw voltage of well 000 in rec0000 was left out: {packed(RAW)}.",)
    np.testing.assert_allclose(train(recording, f"A1_{electrode_of(5)}"), [0.001])


# --- MaxOne of 2016 ---


@pytest.mark.parametrize("packing", ["", "gzip"])
@pytest.mark.parametrize(("lsb", "gain"), [(6.2943e-6, 512.0), (None, 256.0)])
def test_an_old_file(path, packing, lsb, gain):
    file = OldMaxOne(packing=packing, lsb=lsb, gain=gain)
    recording = only(file.write(path))
    assert recording.wells == ("A1",)
    assert recording.signal.shape == (300, 4)
    assert recording.signal.sampling_rate == 20_000
    assert recording.duration == pytest.approx(0.015)
    assert "20160704" in recording.provenance.format_version
    for channel in file.channels:
        column = channel_names(recording).index(f"A1_{electrode_of(channel)}")
        close(recording.signal.read(17, 250, [column])[:, 0], file.voltage(channel)[17:250])
        electrode = recording.electrodes[recording.signal.electrodes[column]]
        assert (electrode["x"], electrode["y"]) == place_of(electrode_of(channel))


@pytest.mark.parametrize("first_frame", [0, 70_000])
def test_spikes_of_an_old_file(path, first_frame):
    spikes = [(first_frame + 250, 3, -7.25), (first_frame + 20, 3, -8.0), (first_frame + 111, 41, -9.5)]
    recording = only(OldMaxOne(spikes=spikes, first_frame=first_frame).write(path))
    times = train(recording, f"A1_{electrode_of(3)}")
    np.testing.assert_allclose(np.diff(times), [230 / 20_000])
    np.testing.assert_allclose(train(recording, f"A1_{electrode_of(41)}") - times[0], [91 / 20_000])
    np.testing.assert_allclose(times[0], seconds(recording, 20))


def test_an_old_gain_that_is_missing_is_told(path):
    file = OldMaxOne(lsb=None, gain=None)
    recording = only(file.write(path))
    assert recording.problems == (NO_GAIN,)
    column = channel_names(recording).index(f"A1_{electrode_of(7)}")
    close(recording.signal.read(0, 300, [column])[:, 0], file.voltage(7))


@pytest.mark.parametrize("links", ["hard", "soft", "none"])
def test_newer_structures_of_hdf5(path, links):
    file = full_file(links=links)
    latest = only(in_latest_format(file.write(path)))
    for well in file.wells:
        check_well(latest, well, latest.wells[well.number])
    np.testing.assert_array_equal(latest.trains.times, only(path).trains.times)


# --- a signal outlives its file ---


def test_a_signal_is_pickled_and_opened_again(path):
    file = full_file()
    recording = only(file.write(path))
    signal = recording.signal
    column = columns_of(recording, "B1")
    expected = signal.read(7, 200, column)
    for copy in (pickle.loads(pickle.dumps(signal)), pickle.loads(pickle.dumps(recording)).signal):  # noqa: S301 -- ours
        np.testing.assert_array_equal(copy.read(7, 200, column), expected)
        copy.close()
    signal.close()
    signal.close()
    check_well(recording, file.wells[3], "B1")


def test_a_file_that_changed_since(path):
    signal = only(full_file().write(path)).signal
    signal.read(0, 10)
    signal.close()
    path.write_bytes(path.read_bytes()[:-700])
    with pytest.raises(ReadError, match=r"chip\.raw\.h5"):
        signal.read(0, 10)


def test_a_file_of_gigabytes_is_read_in_pieces(path):
    n_samples, middle = 1_000_000, 500_000
    well = Well(channels=tuple(range(1020)), n_samples=300, packing="")
    MaxWellFile([replace(well, with_frames=False)], links="none").write(path)
    enlarge(path, RAW, (1020, n_samples), (slice(None), slice(middle, middle + 300)), well.raw)
    with h5py.File(path, "r+") as file:
        file["wells/well000/rec0000/groups/routed/frame_nos"] = np.arange(n_samples, dtype=np.uint64)
    first, here = pieces_read_quickly(path, [(0, 10), (middle - 5, middle + 300)])
    assert path.stat().st_size > 2e9
    assert not first.any()
    np.testing.assert_allclose(np.sort(here[5:], axis=1), np.sort(well.voltages(), axis=1), rtol=1e-6)
