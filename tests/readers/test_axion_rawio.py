"""The rawio of AxIS files keeps the rules of neo, and gives neo the values of the file."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from neo.io.basefromrawio import BaseFromRaw
from neo.test.rawiotest import rawio_compliance
from readers.axis_outcomes import counts_of, records_of
from readers.builders.axis_data import RAW, SCALE, continuous, spikes, split_continuous, split_spikes
from readers.builders.axis_file import AxisFile, beta_file, channel_array, compose, legacy_file
from readers.builders.axis_plates import CYTOVIEW_24, names
from readers.builders.axis_tags import event, key_value, treatment

from mnephys.errors import CorruptHeaderError, MissingFileError, ReadError, TruncatedFileError
from mnephys.readers.axion_rawio import AxionRawIO

RULES = (
    rawio_compliance.header_is_total,
    rawio_compliance.check_signal_stream_buffer_hierachy,
    rawio_compliance.count_element,
    rawio_compliance.read_analogsignals,
    rawio_compliance.read_spike_times,
    rawio_compliance.read_spike_waveforms,
    rawio_compliance.read_events,
    rawio_compliance.has_annotations,
    rawio_compliance.benchmark_speed_read_signals,
)

CHANNELS = CYTOVIEW_24.channels(without=["A1_11", "C3"])
COUNTS = counts_of(7000, CHANNELS)
LFP = counts_of(1500, CHANNELS, seed=2)
FIRED = {"A1_12": [-3000, 100, 2000, 2100, 7_400_000], "B2_21": [5000], "D6_44": [7, 70, 700, 7000]}
RECORDS = records_of(FIRED, CHANNELS)
ARRAY = channel_array(CYTOVIEW_24)
TAGS = [*event(12_500, "drug added"), *event(2500, "start"), *key_value("Barcode", "P-17"), *treatment("A1", "TTX")]

FILES: dict[str, Callable[[], AxisFile]] = {
    "voltage": lambda: compose(ARRAY, continuous(COUNTS, CHANNELS)),
    "spikes": lambda: compose(ARRAY, spikes(RECORDS, CHANNELS), TAGS),
    "both": lambda: compose(
        ARRAY,
        continuous(COUNTS, CHANNELS),
        continuous(LFP, CHANNELS, set_names=("LFP",), rate=1000.0, sample_type=2),
        spikes(RECORDS, CHANNELS),
        TAGS,
    ),
    "split voltage": lambda: compose(
        channel_array(CYTOVIEW_24, CHANNELS), split_continuous(COUNTS, kind=RAW), split_continuous(LFP, rate=1000.0)
    ),
    "split spikes": lambda: compose(channel_array(CYTOVIEW_24, CHANNELS), split_spikes(RECORDS)),
    "no spikes": lambda: compose(ARRAY, spikes(RECORDS[:0], CHANNELS, duration=0.0)),
    "one sample": lambda: compose(ARRAY, continuous(COUNTS[:1], CHANNELS)),
    "legacy": lambda: legacy_file(COUNTS, CYTOVIEW_24, channels=CHANNELS),
    "beta": lambda: beta_file(COUNTS[:, :64]),
}


class AxionIO(AxionRawIO, BaseFromRaw):
    """Objects of neo, made the way neo makes them of every rawio."""

    mode = "file"

    def __init__(self, filename: Path) -> None:
        AxionRawIO.__init__(self, filename)
        BaseFromRaw.__init__(self, filename)


@pytest.fixture
def path(tmp_path: Path) -> Callable[[str], Path]:
    return lambda name: FILES[name]().write(tmp_path / "plate.raw")


def parsed(path: Path) -> AxionRawIO:
    reader = AxionRawIO(path)
    reader.parse_header()
    return reader


def test_nothing_is_known_before_the_header_is_parsed(path):
    reader = AxionRawIO(path("both"))
    assert "nb_block" not in repr(reader)
    reader.parse_header()
    assert "nb_block: 1" in repr(reader)
    assert "Block 0" in reader._repr_annotations()


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_the_rules_of_neo_are_kept(path, name, rule):
    rule(parsed(path(name)))


def test_each_continuous_data_set_is_a_stream(path):
    reader = parsed(path("both"))
    assert reader.header["signal_streams"]["name"].tolist() == ["Voltage", "LFP"]
    assert [reader.get_signal_size(0, 0, stream) for stream in range(2)] == [7000, 1500]
    assert [reader.get_signal_sampling_rate(stream) for stream in range(2)] == [12500.0, 1000.0]
    np.testing.assert_array_equal(reader.get_analogsignal_chunk(stream_index=0), COUNTS)
    np.testing.assert_array_equal(reader.get_analogsignal_chunk(stream_index=1), LFP.astype("<f4"))
    channels = reader.header["signal_channels"]
    assert np.unique(channels["id"]).size == channels.size
    assert channels["name"].tolist() == [*names(CHANNELS), *names(CHANNELS)]


@pytest.mark.parametrize("chosen", [None, slice(None), slice(3, 9, 2), [5], [7, 2, 2], np.array([0, 365])])
def test_chunks_are_of_the_samples_and_channels_asked_for(path, chosen):
    reader = parsed(path("voltage"))
    found = reader.get_analogsignal_chunk(i_start=2400, i_stop=5001, channel_indexes=chosen)
    expected = COUNTS[2400:5001, slice(None) if chosen is None else chosen]
    np.testing.assert_array_equal(found, expected)
    voltage = reader.rescale_signal_raw_to_float(found, "float64", channel_indexes=chosen)
    np.testing.assert_allclose(voltage, expected * (SCALE * 1e6))


def test_a_spike_channel_is_an_electrode(path):
    reader = parsed(path("spikes"))
    channels = reader.header["spike_channels"]
    assert channels["name"].tolist() == sorted(names(CHANNELS))
    assert set(channels["wf_left_sweep"]) == {11}
    for index, name in enumerate(channels["name"].tolist()):
        fired = np.array(FIRED.get(name, []), dtype=np.int64)
        stamps = reader.get_spike_timestamps(spike_channel_index=index)
        np.testing.assert_array_equal(stamps, fired)
        np.testing.assert_allclose(reader.rescale_spike_timestamp(stamps), fired / 12500)
        raw = reader.get_spike_raw_waveforms(spike_channel_index=index)
        place = np.searchsorted(RECORDS["start"] + 11, fired)
        np.testing.assert_array_equal(raw[:, 0], RECORDS["waveform"][place])
        scaled = reader.rescale_waveforms_to_float(raw, "float64", index)
        np.testing.assert_allclose(scaled[:, 0], RECORDS["waveform"][place] * (SCALE * 1e6))


@pytest.mark.parametrize(
    ("t_start", "t_stop", "expected"),
    [(None, 0.0, [-3000]), (0.008, 0.16, [100, 2000]), (0.161, None, [2100, 7_400_000]), (5.0, 1.0, [])],
)
def test_times_can_be_limited(path, t_start, t_stop, expected):
    reader = parsed(path("spikes"))
    index = reader.header["spike_channels"]["name"].tolist().index("A1_12")
    stamps = reader.get_spike_timestamps(spike_channel_index=index, t_start=t_start, t_stop=t_stop)
    raw = reader.get_spike_raw_waveforms(spike_channel_index=index, t_start=t_start, t_stop=t_stop)
    assert (stamps.tolist(), raw.shape) == (expected, (len(expected), 1, 38))


def test_the_segment_holds_all_spikes_and_samples(path):
    reader = parsed(path("spikes"))
    assert (reader.segment_t_start(0, 0), reader.segment_t_stop(0, 0)) == (-3000 / 12500, 600.0)
    assert parsed(path("voltage")).segment_t_stop(0, 0) == 7000 / 12500
    assert parsed(path("split spikes")).segment_t_stop(0, 0) == 7_400_000 / 12500


def test_tags_are_events(path):
    reader = parsed(path("both"))
    times, durations, labels = reader.get_event_timestamps()
    assert (times.tolist(), durations, labels.tolist()) == ([0.2, 1.0], None, ["start", "drug added"])
    assert reader.get_event_timestamps(t_start=0.5)[2].tolist() == ["drug added"]
    assert reader.raw_annotations["blocks"][0]["axis"]["Barcode"] == "P-17"


def test_neo_makes_objects(path):
    block = AxionIO(path("both")).read_block(load_waveforms=True)
    (segment,) = block.segments
    assert [signal.shape for signal in segment.analogsignals] == [COUNTS.shape, LFP.shape]
    np.testing.assert_allclose(segment.analogsignals[0].rescale("uV").magnitude, COUNTS * (SCALE * 1e6), rtol=1e-6)
    sizes = {train.name: train.size for train in segment.spiketrains if train.size}
    assert sizes == {name: len(fired) for name, fired in FIRED.items()}
    (train,) = (train for train in segment.spiketrains if train.name == "D6_44")
    assert train.waveforms.shape == (4, 1, 38)
    assert segment.events[0].labels.tolist() == ["start", "drug added"]


def test_what_is_wrong_with_a_file_is_an_error_of_the_reader(path, tmp_path):
    with pytest.raises(MissingFileError):
        parsed(tmp_path / "absent.raw")
    content = path("voltage").read_bytes()
    changed = tmp_path / "changed.raw"
    changed.write_bytes(content[:-1000])
    with pytest.raises(TruncatedFileError):
        parsed(changed)
    changed.write_bytes(content[:12] + b"\x7f" + content[13:])
    with pytest.raises(CorruptHeaderError):
        parsed(changed)


@pytest.mark.parametrize("name", ["voltage", "spikes"])
def test_a_file_that_became_shorter_is_an_error(path, name):
    file = path(name)
    reader = parsed(file)
    file.write_bytes(file.read_bytes()[:-1000])
    with pytest.raises(ReadError):
        reader.get_analogsignal_chunk() if name == "voltage" else reader.get_spike_raw_waveforms(spike_channel_index=0)


def test_a_set_that_is_no_voltage_has_its_own_gain_and_no_unit(tmp_path):
    parts = continuous(COUNTS, CHANNELS), continuous(COUNTS, CHANNELS, set_names=("Contractility",), scale=0.25)
    reader = AxionRawIO(compose(ARRAY, *parts).write(tmp_path / "a.raw"))
    reader.parse_header()
    channels = reader.header["signal_channels"]
    by_stream = {stream: channels[channels["stream_id"] == stream][0] for stream in ("0", "1")}
    assert by_stream["0"]["units"] == "uV"
    assert by_stream["0"]["gain"] == pytest.approx(SCALE * 1e6)
    assert (by_stream["1"]["units"], by_stream["1"]["gain"]) == ("", 0.25)
