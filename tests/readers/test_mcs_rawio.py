"""The rawio of MCS HDF5 files keeps the rules of neo, and gives neo the values of the file."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import h5py
import numpy as np
import pytest
from neo.io.basefromrawio import BaseFromRaw
from neo.test.rawiotest import rawio_compliance
from readers.builders.mcs_file import (
    Analog,
    Channel,
    Events,
    McsFile,
    Recording,
    Stamps,
    counts_of,
    electrode_stream,
    full_file,
    segment_stream,
    with_channels,
)

from mnephys.errors import ReadError, UnsupportedFormatError
from mnephys.readers.mcs_rawio import McsHdf5RawIO

RULES = (
    rawio_compliance.header_is_total,
    rawio_compliance.check_signal_stream_buffer_hierachy,
    rawio_compliance.count_element,
    rawio_compliance.read_analogsignals,
    rawio_compliance.read_spike_times,
    rawio_compliance.read_spike_waveforms,
    rawio_compliance.read_events,
    rawio_compliance.has_annotations,
)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "plate.h5"


@pytest.fixture
def real(data: Callable[[str], Path]) -> Path:
    return data("mea/exports/mcs_standard_500hz.h5")


class McsHdf5IO(McsHdf5RawIO, BaseFromRaw):
    """Objects of neo, made the way neo makes them of every rawio."""

    mode = "file"

    def __init__(self, filename: Path) -> None:
        McsHdf5RawIO.__init__(self, filename)
        BaseFromRaw.__init__(self, filename)


def parsed(path: Path, **options) -> McsHdf5RawIO:
    reader = McsHdf5RawIO(path, **options)
    reader.parse_header()
    return reader


def keeps_the_rules(reader: McsHdf5RawIO) -> None:
    for rule in RULES:
        rule(reader)


def test_nothing_is_known_before_the_header_is_parsed(real):
    reader = McsHdf5RawIO(real)
    assert "nb_block" not in repr(reader)
    reader.parse_header()
    assert "nb_block: 1" in repr(reader)
    assert "Block 0" in reader._repr_annotations()


def test_the_rules_of_neo_are_kept_on_a_real_file(real):
    keeps_the_rules(parsed(real))


def test_a_real_file_has_its_own_values(real):
    reader = parsed(real)
    assert reader.header["signal_streams"]["id"].tolist() == ["Stream_0", "Stream_1", "Stream_2"]
    assert [reader.get_signal_size(0, 0, stream) for stream in range(3)] == [9850, 9800, 9800]
    assert [reader.get_signal_t_start(0, 0, stream) for stream in range(3)] == [0.0, 0.1, 0.1]
    with h5py.File(real, locking=False) as file:
        root = file["Data/Recording_0"]
        for stream in range(3):
            stored = root[f"AnalogStream/Stream_{stream}/ChannelData"][()].T
            np.testing.assert_array_equal(reader.get_analogsignal_chunk(stream_index=stream), stored)
        voltage = reader.rescale_signal_raw_to_float(
            reader.get_analogsignal_chunk(stream_index=1, channel_indexes=[5]), "float64", 1, channel_indexes=[5]
        )
        expected = root["AnalogStream/Stream_1/ChannelData"][5].astype(float) * 381_470 / 1000
        np.testing.assert_allclose(voltage[:, 0], expected)
        digital = reader.get_analogsignal_chunk(stream_index=2)
        np.testing.assert_array_equal(reader.rescale_signal_raw_to_float(digital, stream_index=2), digital)
        for unit in range(8):
            stamps = root[f"TimeStampStream/Stream_0/TimeStampEntity_{unit}"][0]
            np.testing.assert_allclose(reader.get_spike_timestamps(spike_channel_index=unit), stamps / 1e6)
            cut_outs = root[f"SegmentStream/Stream_0/SegmentData_{unit}"][()].T
            np.testing.assert_array_equal(reader.get_spike_raw_waveforms(spike_channel_index=unit)[:, 0], cut_outs)
        times = root["EventStream/Stream_0/EventEntity_0"][0]
    found, durations, labels = reader.get_event_timestamps()
    np.testing.assert_allclose(found, times / 1e6)
    assert durations is None
    assert set(labels) == {"Digital Events 1"}


def test_neo_makes_objects_of_a_real_file(real):
    block = McsHdf5IO(real).read_block(load_waveforms=True)
    (segment,) = block.segments
    assert [signal.shape for signal in segment.analogsignals] == [(9850, 8), (9800, 8), (9800, 1)]
    assert segment.analogsignals[1].t_start.rescale("s").item() == pytest.approx(0.1)
    assert [train.size for train in segment.spiketrains] == [26, 23, 30, 33, 29, 28, 29, 26]
    assert segment.spiketrains[0].waveforms.shape == (26, 1, 2)
    assert segment.events[0].size == 12
    assert block.annotations["MeaName"] == "Linear8"
    assert any("no time stamps" in told for told in segment.annotations["problems"]) is False


def test_a_segment_per_recording_and_stretch(path):
    gaps = electrode_stream(stretches=[(2_000, 0, 149), (1_000_000, 150, 399)])
    digital = Analog(
        counts_of(1, 400),
        [Channel(8, 0, "1", unit="NoUnit", exponent=0, factor=0)],
        stretches=gaps.stretches,
        subtype="Digital",
    )
    stamps = Stamps({0: [3_000, 1_001_000, 1_025_000], 2: [1_000_000]}, labels={0: "E1", 2: "E3"})
    events = Events([(5_000, 0), (1_010_000, 700)])
    first = Recording(analog=[gaps, digital], stamps=[stamps], events=[events], duration=1_025_000)
    later = electrode_stream(seed=3, stretches=[(0, 0, 399)])
    McsFile([first, Recording(), Recording(analog=[later])]).write(path)
    reader = parsed(path)
    keeps_the_rules(reader)
    assert reader.segment_count(0) == 3
    assert [reader.segment_t_start(0, at) for at in range(3)] == pytest.approx([0.002, 1.0, 0.0])
    assert [reader.segment_t_stop(0, at) for at in range(3)] == pytest.approx([0.017, 1.025, 0.04])
    assert [reader.get_signal_size(0, at, 0) for at in range(3)] == [150, 250, 400]
    assert [reader.get_signal_size(0, at, 1) for at in range(3)] == [150, 250, 0]
    for at, samples in enumerate((gaps.counts[:, :150], gaps.counts[:, 150:], later.counts)):
        np.testing.assert_array_equal(reader.get_analogsignal_chunk(0, at, stream_index=0), samples.T)
    part = reader.get_analogsignal_chunk(0, 1, 10, 20, 0, channel_indexes=[3, 1])
    np.testing.assert_array_equal(part, gaps.counts[[3, 1], 160:170].T)
    assert [[reader.spike_count(0, at, unit) for unit in range(2)] for at in range(3)] == [[1, 0], [2, 1], [0, 0]]
    np.testing.assert_allclose(reader.get_spike_timestamps(0, 1, 0), [1.001, 1.025])
    assert [reader.event_count(0, at, 0) for at in range(3)] == [1, 1, 0]
    times, durations, labels = reader.get_event_timestamps(0, 1, 0)
    assert (times.tolist(), durations.tolist(), labels.tolist()) == ([1.01], [0.0007], ["Stimulation 1"])


def test_cut_outs_have_the_scale_of_their_channel(path):
    cut_outs = segment_stream()
    McsFile([Recording(analog=[electrode_stream()], segments=[cut_outs])]).write(path)
    reader = parsed(path)
    keeps_the_rules(reader)
    assert reader.header["spike_channels"]["id"].tolist() == ["0", "2"]
    assert reader.header["spike_channels"]["wf_left_sweep"].tolist() == [10, 10]
    assert reader.header["spike_channels"]["wf_sampling_rate"].tolist() == [10_000.0] * 2
    for unit, channel in enumerate((0, 2)):
        raw = reader.get_spike_raw_waveforms(spike_channel_index=unit)
        found = reader.rescale_waveforms_to_float(raw, "float64", unit)
        order = np.argsort(cut_outs.times[channel])
        np.testing.assert_allclose(found[:, 0], cut_outs.voltages(channel)[order], rtol=1e-9, atol=1e-9)


def test_recordings_of_other_channels_are_read_one_by_one(path):
    streams = [electrode_stream(), with_channels(electrode_stream(2), tick=50)]
    McsFile([Recording(analog=[stream]) for stream in streams]).write(path)
    with pytest.raises(UnsupportedFormatError, match=r"plate\.h5: .*different channels; .*recording=0"):
        parsed(path)
    for number, stream in enumerate(streams):
        reader = parsed(path, recording=number)
        keeps_the_rules(reader)
        np.testing.assert_array_equal(reader.get_analogsignal_chunk(stream_index=0), stream.counts.T)
    with pytest.raises(UnsupportedFormatError, match="has no recording 2; it holds 2"):
        parsed(path, recording=2)


def test_streams_with_other_gaps_are_refused(path):
    gaps = electrode_stream(stretches=[(0, 0, 149), (1_000_000, 150, 399)])
    whole = Analog(counts_of(1, 400), [Channel(8, 0, "A1")], subtype="Auxiliary")
    McsFile([Recording(analog=[gaps, whole])]).write(path)
    with pytest.raises(UnsupportedFormatError, match="1 to 2 stretches"):
        parsed(path)


def test_another_file_is_refused(path):
    with h5py.File(path, "w") as file:
        file["spikes"] = [1.0]
    with pytest.raises(UnsupportedFormatError, match="no HDF5 file of Multi Channel Systems"):
        parsed(path)
    path.write_bytes(full_file().write(path).read_bytes()[:5000])
    with pytest.raises(ReadError, match=r"plate\.h5"):
        parsed(path)


def test_samples_outside_of_a_segment(path):
    full_file().write(path)
    reader = parsed(path)
    for start, stop in ((-1, 5), (0, 401), (10, 5)):
        with pytest.raises(IndexError):
            reader.get_analogsignal_chunk(0, 0, start, stop, 0)
    assert reader.get_analogsignal_chunk(0, 0, 5, 5, 0).shape == (0, 4)
