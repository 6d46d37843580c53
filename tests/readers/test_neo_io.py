"""The readers for neo as its objects, beside what mnephys itself reads."""

from __future__ import annotations

import numpy as np
import pytest
from readers.builders.axis_data import continuous, many_spikes
from readers.builders.axis_file import channel_array, compose
from readers.builders.axis_plates import CYTOVIEW_24
from readers.builders.axis_tags import key_value

import mnephys
from mnephys.errors import ReadError
from mnephys.export.plate_rawio import PlateIO
from mnephys.readers.neo_io import AxionIO, McsHdf5IO

CHANNELS = CYTOVIEW_24.channels(without=["B1"])


def test_axion_voltage(tmp_path):
    counts = np.random.default_rng(0).integers(-2000, 2000, (1000, CHANNELS.size), dtype=np.int16)
    path = compose(channel_array(CYTOVIEW_24, CHANNELS), continuous(counts, CHANNELS)).write(tmp_path / "a.raw")
    (segment,) = AxionIO(path).read_block().segments
    (signal,) = segment.analogsignals
    own = mnephys.read(path).signal
    np.testing.assert_allclose(signal.rescale("uV").magnitude, own.read(0, 1000), rtol=1e-5)
    lazy = AxionIO(path).read_block(lazy=True).segments[0].analogsignals[0]
    assert lazy.shape == (1000, CHANNELS.size)


def test_axion_spikes(tmp_path):
    path = compose(channel_array(CYTOVIEW_24, CHANNELS), many_spikes(2000, CHANNELS)).write(tmp_path / "a.spk")
    segment = AxionIO(path).read_segment(load_waveforms=True)
    own = mnephys.read(path)
    names = np.char.add(np.char.add(own.electrodes["well"], "_"), own.electrodes["label"])
    at = {name: row for row, name in enumerate(names.tolist())}
    assert sum(len(train) for train in segment.spiketrains) == own.trains.n_spikes == 2000
    for train in segment.spiketrains[::37]:
        row = at[train.name]
        rows = slice(*own.trains.offsets[row : row + 2])
        np.testing.assert_allclose(train.times.rescale("s").magnitude, own.trains.times[rows], atol=1e-9)
        found = train.waveforms.rescale("uV").magnitude[:, 0]
        np.testing.assert_allclose(found, own.trains.waveforms[rows], rtol=1e-5, atol=1e-6)


def test_mcs(data):
    path = data("mea/exports/mcs_standard_500hz.h5")
    segment = McsHdf5IO(path).read_segment()
    own = mnephys.read(path)
    raw = next(signal for signal in segment.analogsignals if "Electrode Raw Data" in signal.name)
    assert float(raw.sampling_rate.rescale("Hz")) == own.signal.sampling_rate == 500.0
    assert float(raw.t_start.rescale("s")) == own.signal.segments["start"][0]
    np.testing.assert_allclose(raw.rescale("uV").magnitude, own.signal.read(0, own.signal.shape[0]), rtol=1e-5)
    assert sum(len(train) for train in segment.spiketrains) >= own.trains.n_spikes


@pytest.mark.parametrize("kind", [AxionIO, McsHdf5IO])
def test_what_is_no_such_file(tmp_path, kind):
    path = tmp_path / "a.raw"
    path.write_bytes(bytes(5000))
    with pytest.raises(ReadError):
        kind(path)


def test_names_in_the_file_change_nothing_that_neo_gives_a_meaning(tmp_path):
    counts = np.zeros((100, CHANNELS.size), np.int16)
    # Keys of the dictionary of tags that are fields of neo's own objects.
    keys = ("segments", "self", "name", "rec_datetime")
    pairs = [part for key in keys for part in key_value(key, "x")]
    path = compose(channel_array(CYTOVIEW_24, CHANNELS), continuous(counts, CHANNELS), pairs).write(tmp_path / "a.raw")
    block = AxionIO(path).read_block()
    assert {key: block.annotations["axis"][key] for key in keys} == dict.fromkeys(keys, "x")
    assert len(block.segments) == 1


def test_a_set_that_cannot_be_read_does_not_cost_the_others(tmp_path):
    counts = np.ones((100, CHANNELS.size), np.int16)
    other = continuous(counts[:, :10], CHANNELS[:10], set_names=("Viability",), rate=1.0)
    path = compose(channel_array(CYTOVIEW_24, CHANNELS), continuous(counts, CHANNELS), other).write(tmp_path / "a.raw")
    recording = mnephys.read(path)
    assert recording.signal.shape == counts.shape
    assert any("sampling rate of 1 Hz" in problem for problem in recording.problems)
    assert len(AxionIO(path).read_segment().analogsignals) == 1


def test_waveforms_keep_their_time_axis_on_every_way_to_neo(tmp_path):
    path = compose(channel_array(CYTOVIEW_24, CHANNELS), many_spikes(2000, CHANNELS)).write(tmp_path / "a.spk")
    plate = mnephys.read(path)
    assert (plate.trains.waveforms.sampling_rate, plate.trains.waveforms.before) == (12500.0, 11 / 12500)
    ways = [AxionIO(path).read_segment(load_waveforms=True), PlateIO(plate).read_segment(load_waveforms=True)]
    trains = [next(train for train in way.spiketrains if train.name == "A1_11") for way in ways]
    for train in trains:
        assert float(train.sampling_rate.rescale("Hz")) == 12500.0
        assert float(train.left_sweep.rescale("ms")) == pytest.approx(0.88)
    np.testing.assert_allclose(*(train.waveforms.rescale("uV").magnitude for train in trains), rtol=1e-5, atol=1e-6)
