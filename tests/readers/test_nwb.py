"""NWB files: voltage, and which units belong to it, come back as the reference implementation wrote them."""

from __future__ import annotations

import pickle
from pathlib import Path

import h5py
import numpy as np
import pytest
from readers.builders.hdf5_plates import (
    Field,
    close,
    link_outside,
    names,
    only,
    train,
)
from readers.builders.nwb_file import (
    UNITS,
    Nwb,
    Series,
    Unit,
    clamp_file,
    counts,
    put,
    put_full,
    small,
)

from mnephys.errors import (
    CorruptHeaderError,
    FileUnitsError,
    SeveralRecordingsError,
    TruncatedFileError,
    UnsupportedFormatError,
)
from mnephys.readers import read, read_all
from mnephys.readers.binary import open_binary
from mnephys.readers.hdf5.file import open_hdf5
from mnephys.readers.nwb.reading import is_nwb
from mnephys.recording import DurationSource


@pytest.fixture
def path(tmp_path) -> Path:
    return tmp_path / "plate.nwb"


# --- what an NWB file is ---


def test_an_nwb_file_is_known_by_its_root(path, tmp_path):
    put(path)
    with open_binary(path) as file, open_hdf5(file) as content:
        assert is_nwb(content)
    other = tmp_path / "other.h5"
    with h5py.File(other, "w") as made:
        made["spikes"] = [1.0]
    with open_binary(other) as file, open_hdf5(file) as content:
        assert not is_nwb(content)


def test_the_name_of_the_file_plays_no_part(path, tmp_path):
    recording = read(put(path).rename(tmp_path / "recording.dat"))
    assert recording.provenance.format == "NWB"
    assert recording.provenance.format_version.startswith("2.")
    assert recording.provenance.reader == "mnephys.readers.nwb.reading"


@pytest.mark.parametrize("version", ["NWB-1.0.6", "1.0.6", "3.0.0", ""])
def test_another_version_is_refused(path, version):
    put(path)
    with h5py.File(path, "r+") as content:
        content.attrs["nwb_version"] = version
    with pytest.raises(UnsupportedFormatError, match=r"is an NWB file of .*version.*; convert it to NWB 2"):
        read(path)


def test_version_1_keeps_its_number_in_a_dataset(path):
    with h5py.File(path, "w") as content:
        content["nwb_version"] = np.bytes_("NWB-1.0.6")
        content.create_group("acquisition")
    with pytest.raises(UnsupportedFormatError, match="is an NWB file of a version before 2"):
        read(path)


def test_a_file_of_a_single_cell_is_refused_by_name(path):
    with pytest.raises(UnsupportedFormatError) as caught:
        read(clamp_file(path))
    assert str(caught.value) == (
        f"{path}: is an NWB file of intracellular recordings, which are not read from NWB; give the file of the "
        "acquisition program, such as ABF"
    )


def test_a_file_with_nothing_extracellular_is_refused(path):
    with pytest.raises(UnsupportedFormatError, match="without units with spike times and without electrical series"):
        read(Nwb().write(path))


# --- voltage ---


@pytest.mark.parametrize("dtype", [np.int16, np.uint16, np.int32, np.float32, np.float64])
def test_voltage_is_in_microvolt(path, dtype):
    stored = (counts(1000, 4).astype(np.int64) + (2000 if np.dtype(dtype).kind == "u" else 0)).astype(dtype)
    recording = only(small(series=[Series("raw", stored, range(4), conversion=2.5e-7)], units=()).write(path))
    signal = recording.signal
    assert (signal.shape, signal.sampling_rate) == ((1000, 4), 20000.0)
    close(signal.read(0, 1000), stored * 0.25)
    close(signal.read(10, 30, [3, 1]), stored[10:30, [3, 1]] * 0.25)
    assert recording.trains is None
    assert recording.metadata["name"] == "acquisition/raw"


def test_every_channel_may_have_a_factor_and_all_an_offset(path):
    stored = counts(500, 4)
    factors = np.array([1.0, 0.5, -2.0, 4.0])
    series = Series("raw", stored, range(4), conversion=2e-7, offset=3e-6, channel_conversion=factors)
    signal = only(small(series=[series], units=()).write(path)).signal
    close(signal.read(0, 500), stored * 0.2 * factors + 3.0)


def test_a_single_channel_may_be_a_row(path):
    stored = counts(500, 1)[:, 0]
    recording = only(small(series=[Series("raw", stored, [2])], units=()).write(path))
    assert recording.signal.shape == (500, 1)
    close(recording.signal.read(5, 50), stored[5:50, np.newaxis])
    assert names(recording) == ["A1_2"]


def test_a_signal_outlives_the_file_and_can_be_sent_to_another_process(path):
    stored = counts(1000, 4)
    signal = only(put(path)).signal
    close(pickle.loads(pickle.dumps(signal)).read(990, 1000), stored[990:])  # noqa: S301 -- made here
    signal.close()
    close(signal.read(0, 10), stored[:10])


def test_channels_are_of_the_electrodes_that_the_series_names(path):
    recording = only(small(series=[Series("raw", counts(100, 3), [3, 0, 2])], units=()).write(path))
    assert names(recording) == ["A1_3", "A1_0", "A1_2"]
    assert recording.electrodes["x"].tolist() == [150.0, 0.0, 100.0]
    assert recording.electrodes["y"].tolist() == [20.0] * 3
    assert recording.signal.electrodes.tolist() == [0, 1, 2]
    assert recording.layout.labels == ("0", "2", "3")


def test_a_series_without_electrodes_says_so(path):
    put(path, units=False)
    with h5py.File(path, "r+") as content:
        del content["acquisition/raw/electrodes"]
    recording = only(path)
    assert names(recording) == ["A1_0", "A1_1", "A1_2", "A1_3"]
    assert np.isnan(recording.electrodes["x"]).all()
    assert recording.problems == ("Series acquisition/raw does not say which electrodes it is of.",)


# --- time ---


def test_a_series_lasts_as_long_as_its_samples(path):
    recording = only(
        small(series=[Series("raw", counts(1000, 4), range(4), 10000.0, start=12.5)], units=()).write(path)
    )
    assert (recording.start, recording.stop, recording.duration) == (12.5, 12.6, pytest.approx(0.1))
    assert recording.duration_source is DurationSource.STATED
    assert recording.signal.segments.tolist() == [(0, 12.5)]


@pytest.mark.parametrize("rate", [1000.0, 12500.0, 24414.0625, 30000.0])
def test_even_times_give_the_rate(path, rate):
    times = 3.0 + np.arange(2000) / rate
    recording = only(small(series=[Series("raw", counts(2000, 4), range(4), timestamps=times)], units=()).write(path))
    assert recording.signal.sampling_rate == rate
    assert recording.signal.segments.tolist() == [(0, 3.0)]
    assert recording.problems == ()


def test_jitter_of_a_clock_is_no_gap(path):
    times = np.arange(3000) / 1000 + np.random.default_rng(5).uniform(-2e-4, 2e-4, 3000)
    recording = only(small(series=[Series("raw", counts(3000, 4), range(4), timestamps=times)], units=()).write(path))
    assert recording.signal.sampling_rate == pytest.approx(1000, rel=2e-4)
    assert recording.signal.segments.size == 1


def test_gaps_divide_a_series(path):
    clock = np.concatenate([np.arange(400), 1000 + np.arange(500), 1501 + np.arange(300)])
    stored = counts(1200, 4)
    recording = only(small(series=[Series("raw", stored, range(4), timestamps=clock / 1000)], units=()).write(path))
    assert recording.signal.sampling_rate == 1000.0
    assert recording.signal.segments.tolist() == [(0, 0.0), (400, 1.0), (900, 1.501)]
    assert recording.stop - recording.start == pytest.approx(1.801)
    assert recording.duration == pytest.approx(1.2)
    assert recording.problems == ("Series acquisition/raw has 2 gaps, 0.601 s in all.",)
    close(recording.signal.read(300, 1200), stored[300:])


def test_long_times_are_read_piece_by_piece(path, monkeypatch):
    monkeypatch.setattr("mnephys.readers.nwb.clock._BLOCK", 64)
    rng = np.random.default_rng(2)
    for cut in (63, 64, 65, 128, 400, 1023):
        times = np.arange(1024) / 1000 + rng.uniform(-1e-5, 1e-5, 1024)
        times[cut:] += 0.25
        series = Series("raw", counts(1024, 4), range(4), timestamps=times)
        signal = only(small(series=[series], units=()).write(path)).signal
        assert signal.segments["first"].tolist() == [0, cut]
        assert signal.segments["start"].tolist() == [times[0], times[cut]]
        assert signal.sampling_rate == pytest.approx(1000, rel=1e-4)


@pytest.mark.parametrize(
    ("times", "why"),
    [
        (np.cumsum(np.random.default_rng(1).exponential(1e-3, 1000)), "holds irregular times"),
        (np.arange(1000)[::-1] / 1000, "holds times that do not rise"),
        (np.zeros(1000), "holds times that do not rise"),
        (np.full(1000, np.nan), "holds times that do not rise"),
        (np.where(np.arange(1000) == 500, np.nan, np.arange(1000) / 1000), "holds irregular times, from sample 499 on"),
        (np.where(np.arange(1000) == 999, np.inf, np.arange(1000) / 1000), "holds irregular times"),
        (np.arange(1000) / 1000 + np.where(np.arange(1000) >= 500, -0.2, 0), "irregular times, from sample 499 on"),
        (np.repeat(np.arange(500), 2) / 1000, "holds times that do not rise"),
        (np.cumsum(np.tile([0.001, 0.001, 0.01], 400)[:1000]), "irregular times, with more gaps than rate"),
        (np.cumsum(np.linspace(0.0009, 0.0011, 1000)), "irregular times: sample"),
    ],
)
def test_uneven_times_are_refused(path, times, why):
    series = Series("raw", counts(1000, 4), range(4), timestamps=times)
    small(series=[series], units=()).write(path)
    with pytest.raises(UnsupportedFormatError, match=why) as caught:
        read(path)
    assert "dataset acquisition/raw/timestamps" in str(caught.value)
    assert str(caught.value).endswith("resample it, and write it with a starting time and a rate")


@pytest.mark.parametrize("rate", [0.0, -1.0, 99.0, 200_001.0, np.nan, np.inf])
def test_a_rate_that_cannot_be_is_refused(path, rate):
    put(path, units=False)
    Field("acquisition/raw/starting_time", "rate").forge(path, rate)
    with pytest.raises(CorruptHeaderError, match="acquisition/raw/starting_time states a sampling rate of"):
        read(path)


def test_a_series_that_states_no_time_is_refused(path):
    put(path, units=False)
    with h5py.File(path, "r+") as content:
        del content["acquisition/raw/starting_time"]
    with pytest.raises(UnsupportedFormatError, match="series acquisition/raw states no rate"):
        read(path)


def test_times_behind_a_link_are_not_followed_out_of_the_file(path, tmp_path):
    small(series=[Series("raw", counts(100, 4), range(4), timestamps=np.arange(100) / 1000)], units=()).write(path)
    link_outside(path, "acquisition/raw/timestamps", tmp_path / "other.h5")
    with pytest.raises(UnsupportedFormatError, match="link"):
        read(path)


# --- units of volts ---


@pytest.mark.parametrize("unit", ["mV", "microvolts", "n.a.", "amperes", ""])
def test_another_unit_than_volts_is_refused(path, unit):
    put(path, units=False)
    with h5py.File(path, "r+") as content:
        content["acquisition/raw/data"].attrs["unit"] = unit
    with pytest.raises(FileUnitsError, match=f"dataset acquisition/raw/data is in '{unit}', not in volts"):
        read(path)


@pytest.mark.parametrize("unit", ["volts", "V", "volt"])
def test_volts_have_several_names(path, unit):
    put(path, units=False)
    with h5py.File(path, "r+") as content:
        content["acquisition/raw/data"].attrs["unit"] = unit
    assert only(path).signal.shape == (1000, 4)


def test_a_missing_unit_is_refused(path):
    put(path, units=False)
    with h5py.File(path, "r+") as content:
        del content["acquisition/raw/data"].attrs["unit"]
    with pytest.raises(FileUnitsError, match="states no unit, not in volts"):
        read(path)


@pytest.mark.parametrize("conversion", [0.0, np.nan, np.inf, -np.inf])
def test_a_factor_that_cannot_be_is_refused(path, conversion):
    put(path, units=False)
    Field("acquisition/raw/data", "conversion").forge(path, conversion)
    with pytest.raises(CorruptHeaderError, match="dataset acquisition/raw/data"):
        read(path)


@pytest.mark.parametrize("conversion", [1.0, 1e-12])
def test_steps_of_no_amplifier_are_refused(path, conversion):
    series = Series("raw", counts(100, 4), range(4), conversion=conversion)
    with pytest.raises(FileUnitsError, match="which no amplifier has"):
        read(small(series=[series], units=()).write(path))


def test_floating_point_may_be_in_volts_already(path):
    stored = counts(100, 4) * 1e-6
    recording = only(small(series=[Series("raw", stored, range(4), conversion=1.0)], units=()).write(path))
    close(recording.signal.read(0, 100), stored * 1e6)


@pytest.mark.parametrize("factor", [0.0, np.nan, np.inf])
def test_a_factor_of_one_channel_that_cannot_be_is_refused(path, factor):
    put_full(path)
    with h5py.File(path, "r+") as content:
        content["acquisition/raw/channel_conversion"][2] = factor
    found = read_all(path)
    assert [recording.metadata["name"] for recording in found if recording.signal] == ["processing/ecephys/LFP/field"]
    assert any("acquisition/raw/data" in problem for problem in found[-1].problems)


# --- channels and electrodes that do not fit ---


def test_samples_and_channels_the_wrong_way_round_are_not_guessed(path):
    put(path, units=False)
    with h5py.File(path, "r+") as content:
        attributes = dict(content["acquisition/raw/data"].attrs)
        del content["acquisition/raw/data"]
        content["acquisition/raw/data"] = counts(4, 1000)
        content["acquisition/raw/data"].attrs.update(attributes)
    with pytest.raises(CorruptHeaderError, match=r"1000 channels \(are samples and channels the wrong way round\?\)"):
        read(path)


@pytest.mark.parametrize("row", [4, -1, 2**31 - 1])
def test_an_electrode_that_is_not_there_is_refused(path, row):
    put(path, units=False)
    with h5py.File(path, "r+") as content:
        content["acquisition/raw/electrodes"][1] = row
    with pytest.raises(CorruptHeaderError, match=f"refers to row {row} of a table of 4 electrodes"):
        read(path)


def test_two_channels_of_one_electrode_are_refused(path):
    put(path, units=False)
    with h5py.File(path, "r+") as content:
        content["acquisition/raw/electrodes"][1] = 0
    with pytest.raises(UnsupportedFormatError, match="two channels of series acquisition/raw are of one electrode"):
        read(path)


@pytest.mark.parametrize("shape", [(0, 4), (10, 4, 3)])
def test_a_series_that_is_no_table_of_samples_is_refused(path, shape):
    put(path, units=False)
    with h5py.File(path, "r+") as content:
        attributes = dict(content["acquisition/raw/data"].attrs)
        del content["acquisition/raw/data"]
        content["acquisition/raw/data"] = np.zeros(shape, np.int16)
        content["acquisition/raw/data"].attrs.update(attributes)
    with pytest.raises((UnsupportedFormatError, TruncatedFileError), match="acquisition/raw"):
        read(path)


# --- several series ---


def test_every_series_is_a_recording(path):
    recordings = read_all(put_full(path))
    assert [recording.metadata["name"] for recording in recordings] == [
        "acquisition/raw",
        "processing/ecephys/LFP/field",
    ]
    assert [recording.signal.sampling_rate for recording in recordings] == [20000.0, 1000.0]
    with pytest.raises(SeveralRecordingsError, match=r"acquisition/raw, processing/ecephys/LFP/field"):
        read(path)


def test_units_belong_to_what_was_acquired_not_to_what_was_computed_from_it(path):
    raw, field = read_all(put_full(path))
    assert train(raw, "B3_0x").tolist() == [0.01, 0.02, 0.04]
    assert field.trains is None


def test_units_belong_to_the_series_that_has_their_electrode(path):
    series = [Series("one", counts(1000, 2), [0, 1]), Series("two", counts(1000, 2), [3, 2])]
    one, two = read_all(small(series=series).write(path))
    assert (names(one), names(two)) == (["A1_0", "A1_1"], ["A1_3", "A1_2"])
    assert train(one, "A1_0").tolist() == [0.03]
    assert train(two, "A1_2").tolist() == [0.01, 0.02, 0.04]
    assert one.trains.n_spikes + two.trains.n_spikes == 4
    assert (two.trains.start, two.trains.stop) == (0.0, 0.05)


@pytest.mark.parametrize(
    ("series", "units", "why"),
    [
        (
            [Series("a", counts(1000, 4), range(4)), Series("b", counts(1000, 4), range(4))],
            UNITS,
            "It is not clear to which series unit 7 belongs: several series have its electrode.",
        ),
        (
            [Series("a", counts(1000, 2), [0, 1])],
            UNITS,
            "It is not clear to which series unit 7 belongs: no series has its electrode.",
        ),
        (
            [Series("a", counts(1000, 4), range(4))],
            [Unit([0.01], [0, 1]), Unit([0.02], [1])],
            "Units are not on one electrode each: it is not clear to which series they belong.",
        ),
        (
            [Series("a", counts(1000, 4), range(4))],
            [Unit([0.01]), Unit([0.02])],
            "Units are not on one electrode each: it is not clear to which series they belong.",
        ),
        (
            [Series("a", counts(1000, 4), range(4))],
            [Unit([0.01, 30.0], [0])],
            "Units have spikes at 0.01 to 30 s, but series acquisition/a lasts from 0 to 0.05 s",
        ),
    ],
)
def test_units_of_which_it_is_not_clear_are_a_recording_of_their_own(path, series, units, why):
    own, *others = read_all(small(series=series, units=units).write(path))
    assert own.metadata["name"] == "units"
    assert own.signal is None
    assert own.trains.n_spikes == sum(len(unit.times) for unit in units)
    assert own.problems[0].startswith(why)
    assert len(others) == len(series)
    assert all(recording.trains is None for recording in others)


def test_a_series_that_cannot_be_read_is_said_beside_the_others(path):
    series = [
        Series("good", counts(1000, 4), range(4)),
        Series(
            "uneven", counts(1000, 4), range(4), timestamps=np.cumsum(np.random.default_rng(1).exponential(1, 1000))
        ),
    ]  # fmt: skip -- one series per line
    recording = only(small(series=series).write(path))
    assert recording.metadata["name"] == "acquisition/good"
    assert recording.trains.n_spikes == 4
    (problem,) = recording.problems
    assert problem.startswith("Not read: dataset acquisition/uneven/timestamps holds irregular times")
