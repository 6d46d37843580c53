"""A real MCS HDF5 file, held against plain arithmetic on what h5py reads from it."""

from __future__ import annotations

import json
import pickle
from collections.abc import Callable
from pathlib import Path

import h5py
import numpy as np
import pytest

from mnephys.readers.binary import open_binary
from mnephys.readers.mcs.reading import read_mcs
from mnephys.recording import DurationSource, PlateRecording

FILE = "mea/exports/mcs_standard_500hz.h5"
RAW, FILTERED = "AnalogStream/Stream_1", "AnalogStream/Stream_0"


@pytest.fixture
def path(data: Callable[[str], Path]) -> Path:
    return data(FILE)


@pytest.fixture
def recording(path: Path) -> PlateRecording:
    with open_binary(path) as file:
        (found,) = read_mcs(file)
    return found


@pytest.fixture
def stored(path: Path):
    with h5py.File(path, locking=False) as file:
        yield file["Data/Recording_0"]


def volts(table, data, channel):
    """Return the samples of a channel in uV: what the definition of the format says, in Python's own numbers."""
    (row,) = [row for row in table if row["ChannelID"] == channel]
    assert row["Unit"] == b"V"
    step = float(row["ConversionFactor"]) * 10.0 ** float(row["Exponent"])
    samples = data if "RowIndex" not in table.dtype.names else data[row["RowIndex"]]
    return (samples.astype(np.float64) - float(row["ADZero"])) * step * 1e6


def test_the_signal_is_what_was_acquired(recording, stored):
    signal = recording.signal
    table, data = stored[f"{RAW}/InfoChannel"][()], stored[f"{RAW}/ChannelData"][()]
    assert signal.shape == (9800, 8)
    assert signal.sampling_rate == 500.0
    expected = np.stack([volts(table, data, channel) for channel in range(8)], axis=1)
    np.testing.assert_allclose(signal.read(0, 9800), expected, rtol=1e-6)
    np.testing.assert_allclose(signal.read(4090, 4110, [7, 0, 3]), expected[4090:4110][:, [7, 0, 3]], rtol=1e-6)
    # 381.47 uV per step: the amplitude of the first three samples of E1.
    np.testing.assert_allclose(signal.read(0, 3)[:, 0], np.array([-9, 6, -11]) * 381.47, rtol=1e-6)
    signal.close()


def test_time_stamps_give_the_stretches(recording, stored):
    assert stored[f"{RAW}/ChannelDataTimeStamps"][()].tolist() == [[100_000, 0, 9799]]
    assert recording.signal.segments.tolist() == [(0, 0.1)]


def test_it_lasts_as_long_as_its_electrodes(recording, stored):
    assert stored[f"{FILTERED}/ChannelDataTimeStamps"][0, 0] == 0
    assert (recording.start, recording.stop) == (0.0, pytest.approx(stored.attrs["Duration"] / 1e6))
    assert recording.duration_source is DurationSource.STATED


def test_electrodes_are_those_of_the_array(recording):
    assert recording.layout.name == "MCS Linear8"
    assert recording.wells == ("A1",)
    assert recording.electrodes["label"].tolist() == [f"E{number}" for number in range(1, 9)]
    assert recording.signal.electrodes.tolist() == list(range(8))
    assert not recording.electrodes["column"].any()


def test_spikes_are_the_time_stamps(recording, stored):
    stream = stored["TimeStampStream/Stream_0"]
    assert recording.trains.counts.tolist() == [26, 23, 30, 33, 29, 28, 29, 26]
    for channel in range(8):
        first, last = recording.trains.offsets[channel : channel + 2]
        np.testing.assert_allclose(recording.trains.times[first:last], stream[f"TimeStampEntity_{channel}"][0] / 1e6)


def test_waveforms_are_the_cut_outs(recording, stored):
    stream = stored["SegmentStream/Stream_0"]
    table = stream["SourceInfoChannel"][()]
    waveforms = recording.trains.waveforms
    assert waveforms.shape == (224, 2)
    for channel in range(8):
        first, last = recording.trains.offsets[channel : channel + 2]
        expected = volts(table, stream[f"SegmentData_{channel}"][()], channel).T
        np.testing.assert_allclose(waveforms[first:last], expected, rtol=1e-6)
    np.testing.assert_array_equal(waveforms[[223, 0]], waveforms[:][[223, 0]])
    # The cut-out begins with the sample at the time of the spike, in the filtered stream that was searched.
    samples = np.round(recording.trains.times[:26] * 500).astype(int)
    filtered = volts(stored[f"{FILTERED}/InfoChannel"][()], stored[f"{FILTERED}/ChannelData"][()], 0)
    np.testing.assert_allclose(waveforms[:26][:, 0], filtered[samples], rtol=1e-6)


def test_events_are_those_of_the_port(recording, stored):
    times, durations = stored["EventStream/Stream_0/EventEntity_0"][()]
    assert not durations.any()
    assert [time for time, _ in recording.events] == pytest.approx((times / 1e6).tolist())
    assert {text for _, text in recording.events} == {"Digital Events 1"}


def test_voltage_that_is_not_read_is_told_and_digital_data_are_described(recording):
    filtered = f"Data/Recording_0/{FILTERED} (Filter (1) Filter Data, Electrode)"
    assert recording.problems == (f"Not read beside the raw voltage: {filtered}.",)
    digital = "Data/Recording_0/AnalogStream/Stream_2 (Data Acquisition (1) Digital Data, Digital)"
    assert recording.metadata["streams_not_measured"] == [digital]
    kinds = [stream["kind"] for stream in recording.metadata["streams"]]
    assert kinds == ["Electrode", "Electrode", "Digital", "NeuralSpike", "Spike"]


def test_metadata_have_no_padding_and_are_ready_for_json(recording):
    text = json.dumps(recording.metadata, allow_nan=False)
    assert recording.metadata["data"]["ProgramName"] == "Multi Channel Experimenter"
    assert recording.metadata["started"] == "2014-07-09T10:17:35.172098"
    assert "\\r" not in text
    assert "  " not in text


def test_nothing_is_lost_when_it_travels(recording):
    copy = pickle.loads(pickle.dumps(recording))  # noqa: S301 -- ours
    np.testing.assert_array_equal(copy.signal.read(0, 100), recording.signal.read(0, 100))
    np.testing.assert_array_equal(copy.trains.waveforms[:9], recording.trains.waveforms[:9])
