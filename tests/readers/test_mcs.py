"""MCS HDF5 files: every value that was put into a built file comes back, and what is wrong with one is said."""

from __future__ import annotations

import pickle
import resource
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
    enlarge,
    in_latest_format,
    link_outside,
    link_to_itself,
    make_virtual,
    names,
    only,
    outcome,
    pieces_read_quickly,
    read_plates,
    says,
    shown,
    store_outside,
    told,
    train,
    waveforms,
)
from readers.builders.mcs_file import (
    FIELDS,
    SHAPES,
    Analog,
    Channel,
    Events,
    McsFile,
    Recording,
    Segments,
    Stamps,
    counts_of,
    electrode_stream,
    full_file,
    plate_stream,
    segment_stream,
    with_channels,
)

from mnephys.errors import FileUnitsError, ReadError, SeveralRecordingsError, UnsupportedFormatError
from mnephys.readers import read
from mnephys.recording import DurationSource, well_name

DATA = "Data/Recording_0/AnalogStream/Stream_0/ChannelData"
AUXILIARY = Analog(counts_of(1, 400, 8), [Channel(90, 0, "A1")], subtype="Auxiliary", label="Analog Data")
DIGITAL = Analog(
    counts_of(1, 400, 9), [Channel(91, 0, "D1", unit="NoUnit", exponent=0, factor=0)], subtype="Digital", label="Bits"
)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "plate.h5"


def one(*analog: Analog, **parts) -> McsFile:
    """Return a file of one recording."""
    return McsFile([Recording(analog=analog, **parts)])


# --- the signal ---


@pytest.mark.parametrize("version", [1, 2, 3])
@pytest.mark.parametrize("packed", [True, False])
@pytest.mark.parametrize("shuffled", [True, False])
def test_a_recording_of_every_protocol(path, version, packed, shuffled):
    stream = electrode_stream(packed=packed)
    file = replace(one(stream), version=version, shuffled=shuffled, fixed_texts=version == 3)
    recording = only(file.write(path))
    assert recording.signal.shape == (400, 4)
    assert recording.signal.sampling_rate == 10_000
    assert recording.signal.segments.tolist() == [(0, 0.0)]
    assert channel_names(recording) == ["A1_E1", "A1_E2", "A1_E3", "A1_E4"]
    assert recording.wells == ("A1",)
    assert recording.electrodes["enabled"].all()
    assert recording.trains is None
    assert (recording.start, recording.duration) == pytest.approx((0.0, 0.04))
    assert recording.duration_source == DurationSource.STATED
    assert recording.problems == ()
    assert recording.provenance.path == str(path)
    assert recording.provenance.size == path.stat().st_size
    assert str(version) in recording.provenance.format_version
    close(recording.signal.read(0, 400), stream.voltages())


@pytest.mark.parametrize("packed", [True, False])
def test_parts_of_the_signal(path, packed):
    # Longer than a chunk in both directions.
    stream = electrode_stream(11, 5000, packed=packed)
    signal = only(one(stream).write(path)).signal
    whole = stream.voltages()
    for start, stop in ((0, 0), (0, 1), (2047, 2049), (17, 4999), (4999, 5000), (5000, 5000)):
        close(signal.read(start, stop), whole[start:stop])
    for channels in ([3], [10, 0, 4], [], slice(2, 9, 3), slice(None), slice(None, None, -1), range(4), np.array([7])):
        index = channels if isinstance(channels, slice) else list(channels)
        close(signal.read(100, 2100, channels), whole[100:2100][:, index])
    for start, stop in ((-1, 5), (5, 4), (0, 5001), (6000, 6001)):
        with pytest.raises(IndexError):
            signal.read(start, stop)
    for channels in ([11], [0, -12]):
        with pytest.raises(IndexError):
            signal.read(0, 5, channels)


def test_rows_in_another_order_than_channels(path):
    stream = electrode_stream(5)
    channels = [replace(c, row=r) for c, r in zip(stream.channels, (3, 0, 4, 1, 2), strict=True)]
    permuted = replace(stream, channels=channels)
    recording = only(one(permuted).write(path))
    order = [channel_names(recording).index(f"A1_E{i}") for i in range(1, 6)]
    close(recording.signal.read(0, 400, order), permuted.voltages())
    np.testing.assert_array_equal(permuted.counts[3], stream.counts[3])


def test_rows_that_no_channel_refers_to(path):
    stream = electrode_stream(5)
    part = replace(stream, channels=stream.channels[1:4:2])
    recording = only(one(part).write(path))
    assert channel_names(recording) == ["A1_E2", "A1_E4"]
    close(recording.signal.read(3, 77), part.voltages()[3:77])


def test_zero_factor_and_exponent_are_those_of_the_channel(path):
    zero = 1 << 23
    channels = [
        Channel(0, 0, "E1", ad_zero=zero),
        Channel(1, 1, "E2", ad_zero=-77, factor=381_470, exponent=-9),
        Channel(2, 2, "E3", factor=-59_604),
        Channel(3, 3, "E4", factor=1, exponent=-6, adc_bits=16),
    ]
    stream = Analog(counts_of(4, 400) + np.array([[zero], [0], [0], [0]], np.int32), channels)
    recording = only(one(stream).write(path))
    close(recording.signal.read(0, 400), stream.voltages())
    assert recording.signal.read(0, 400)[:, 0].max() < 20_000


@pytest.mark.parametrize("tick", [5, 20, 25, 30, 40, 50, 100, 2000, 10_000])
def test_the_sampling_rate_follows_the_tick(path, tick):
    recording = only(one(with_channels(electrode_stream(), tick=tick)).write(path))
    assert recording.signal.sampling_rate == pytest.approx(1e6 / tick, rel=1e-12)
    assert recording.duration == pytest.approx(400 * tick * 1e-6)


@pytest.mark.parametrize("tick", [0, -100, 1, 4, 20_000, 1 << 60])
def test_a_tick_that_cannot_be(path, tick):
    with pytest.raises(ReadError, match=r"plate\.h5.*(Tick|sampling rate|Hz)"):
        read_plates(one(with_channels(electrode_stream(), tick=tick)).write(path))


def test_channels_of_another_rate_are_not_mixed(path):
    stream = electrode_stream()
    channels = [*stream.channels[:3], replace(stream.channels[3], tick=50)]
    found = outcome(one(replace(stream, channels=channels)).write(path))
    if not isinstance(found, ReadError):
        assert [r.signal.sampling_rate for r in found] == [10_000]
        assert channel_names(found[0]) == ["A1_E1", "A1_E2", "A1_E3"]
        assert says(found[0], "E4")


@pytest.mark.parametrize("unit", ["A", "mV", "NoUnit", "", "furlong"])
def test_other_units_than_volts(path, unit):
    with pytest.raises(FileUnitsError, match="plate"):
        read_plates(one(with_channels(electrode_stream(), unit=unit)).write(path))


@pytest.mark.parametrize("change", [{"factor": 0}, {"exponent": 400}, {"exponent": -400}, {"exponent": 1 << 30}])
def test_a_gain_that_cannot_be(path, change):
    with pytest.raises(ReadError):
        read_plates(one(with_channels(electrode_stream(), **change)).write(path))


@pytest.mark.parametrize("rows", [(0, 1, 2, 4), (0, 1, 2, -1), (0, 1, 2, 1 << 30)])
def test_a_row_that_is_not_there(path, rows):
    stream = electrode_stream()
    wrong = replace(stream, channels=stream.channels[:0])
    channels = [replace(c, row=r) for c, r in zip(stream.channels, rows, strict=True)]
    with pytest.raises(ReadError, match=r"RowIndex|row"):
        read_plates(one(replace(wrong, channels=channels)).write(path))


def test_two_channels_of_one_name(path):
    stream = electrode_stream()
    channels = [*stream.channels[:3], replace(stream.channels[3], label="E1")]
    found = outcome(one(replace(stream, channels=channels)).write(path))
    if not isinstance(found, ReadError):
        assert says(found[0], "E1")
        close(found[0].signal.read(0, 400, [0, 1, 2]), stream.voltages()[:, :3])


# --- stretches, several recordings ---


def test_two_stretches_with_a_gap(path):
    stream = electrode_stream(stretches=[(2_000, 0, 149), (1_000_000, 150, 399)])
    recording = only(one(stream, duration=1_025_000).write(path))
    assert recording.signal.shape == (400, 4)
    segments = recording.signal.segments
    assert segments["first"].tolist() == [0, 150]
    np.testing.assert_allclose(segments["start"], [0.002, 1.0])
    assert recording.start == pytest.approx(0.002)
    assert recording.stop == pytest.approx(1.0 + 250 / 10_000)
    close(recording.signal.read(140, 160), stream.voltages()[140:160])


def test_stretches_that_follow_at_once_are_one_or_two_without_a_gap(path):
    stream = electrode_stream(stretches=[(0, 0, 149), (15_000, 150, 399)])
    recording = only(one(stream).write(path))
    for segment in recording.signal.segments:
        assert segment["start"] == pytest.approx(segment["first"] / 10_000)
    assert recording.duration == pytest.approx(0.04)


@pytest.mark.parametrize(
    "stretches",
    [
        [(0, 0, 500)],
        [(0, 0, 149), (1_000_000, 150, 1 << 40)],
        [(0, 0, -1)],
        [(0, 200, 100)],
        [(1_000_000, 0, 149), (0, 150, 399)],
        [(0, 0, 149), (5_000, 150, 399)],
        [(0, 0, 149), (1_000_000, 100, 399)],
        [(0, 10, 399)],
        [(-(1 << 62), 0, 399)],
    ],
)
def test_stretches_that_cannot_be(path, stretches):
    found = outcome(one(electrode_stream(stretches=stretches)).write(path))
    if not isinstance(found, ReadError):
        (recording,) = found
        assert recording.problems
        firsts, starts = recording.signal.segments["first"], recording.signal.segments["start"]
        assert (np.diff(firsts) > 0).all()
        assert (np.diff(starts) > 0).all()
        assert np.isfinite(starts).all()
        assert recording.signal.shape[0] <= 400


def test_samples_that_no_stretch_covers_are_told(path):
    recording = only(one(electrode_stream(stretches=[(0, 0, 149), (1_000_000, 200, 399)])).write(path))
    assert recording.signal.shape[0] in {350, 400}
    assert recording.problems


def test_several_recordings(path):
    streams = [electrode_stream(3, 400, 1), with_channels(electrode_stream(2, 300, 2), tick=50)]
    McsFile([Recording(analog=[one_]) for one_ in streams]).write(path)
    recordings = read_plates(path)
    assert len(recordings) == 2
    for recording, stream, rate in zip(recordings, streams, (10_000, 20_000), strict=True):
        assert recording.signal.sampling_rate == rate
        close(recording.signal.read(0, recording.signal.shape[0]), stream.voltages())
    with pytest.raises(SeveralRecordingsError, match=r"plate\.h5: holds 2 recordings.*read_all"):
        read(path)


def test_ten_recordings_come_in_the_order_of_their_numbers(path):
    McsFile([Recording(analog=[electrode_stream(1, 20 + i)]) for i in range(11)]).write(path)
    assert [recording.signal.shape[0] for recording in read_plates(path)] == list(range(20, 31))


def test_a_recording_without_data_does_not_hide_the_others(path):
    McsFile([Recording(analog=[electrode_stream(1, 50)]), Recording()]).write(path)
    found = outcome(path)
    assert not isinstance(found, ReadError)
    assert [recording.signal.shape[0] for recording in found] == [50]
    assert says(found[0], "Recording_1")


# --- other streams ---


def test_streams_without_electrodes_are_left_out_and_told(path):
    recording = only(one(AUXILIARY, electrode_stream(), DIGITAL).write(path))
    assert channel_names(recording) == ["A1_E1", "A1_E2", "A1_E3", "A1_E4"]
    close(recording.signal.read(0, 400), electrode_stream().voltages())
    assert says(recording, "auxiliary")
    assert says(recording, "digital")


def test_a_file_without_electrodes(path):
    with pytest.raises(ReadError, match="electrode"):
        read_plates(one(AUXILIARY, DIGITAL).write(path))


def test_of_two_electrode_streams_none_is_lost_silently(path):
    raw = electrode_stream(seed=1)
    filtered = replace(electrode_stream(4, 390, 2), label="Filter (1) Filter Data", source="43f795b0")
    found = outcome(one(filtered, raw).write(path))
    assert not isinstance(found, ReadError)
    told = [recording.signal.read(0, recording.signal.shape[0]) for recording in found]
    expected = {400: (raw, "Filter"), 390: (filtered, "Electrode Raw Data")}
    for recording, values in zip(found, told, strict=True):
        stream, other = expected[len(values)]
        close(values, stream.voltages())
        assert len(found) == 2 or says(recording, other)


# --- wells ---


def test_a_24_well_plate(path):
    stream = plate_stream(range(24))
    recording = only(one(stream).write(path))
    assert (recording.layout.rows, recording.layout.columns) == (4, 6)
    assert recording.wells[0] == "A1"
    assert recording.wells[-1] == "D6"
    for well in range(24):
        name = well_name(well // 6, well % 6)
        columns = columns_of(recording, name)
        assert [channel_names(recording)[c] for c in columns] == [f"{name}_{label}" for label in ("12", "21", "33")]
        close(recording.signal.read(5, 200, columns), stream.voltages()[5:, 3 * well : 3 * well + 3])


def test_a_24_well_plate_with_missing_channels_and_wells(path):
    full = plate_stream([0, 7, 8, 23])
    channels = [c for i, c in enumerate(full.channels) if i not in {1, 11}]
    stream = replace(full, channels=channels)
    recording = only(one(stream).write(path))
    assert len(recording.wells) == 24
    assert sorted(set(channel_names(recording))) == sorted(
        f"{well_name(c.group // 6, c.group % 6)}_{c.label}" for c in channels
    )
    order = [channel_names(recording).index(f"{well_name(c.group // 6, c.group % 6)}_{c.label}") for c in channels]
    close(recording.signal.read(0, 200, order), stream.voltages())
    enabled = recording.electrodes["enabled"][recording.signal.electrodes]
    assert enabled.all()


@pytest.mark.parametrize("group", [24, -1, 1 << 30])
def test_a_group_that_is_no_well(path, group):
    stream = plate_stream([0, 1])
    channels = [*stream.channels[:-1], replace(stream.channels[-1], group=group)]
    found = outcome(one(replace(stream, channels=channels)).write(path))
    if not isinstance(found, ReadError):
        (recording,) = found
        wells = recording.electrodes["well"][recording.signal.electrodes].tolist()
        assert recording.problems or (group == 24 and len(set(wells)) == 3)
        assert wells[:5] == ["A1"] * 3 + ["A2"] * 2


def test_spikes_of_wells(path):
    stream = plate_stream([0, 7])
    stamps = Stamps({0: [2_000], 5: [3_000, 9_000]}, groups={0: 0, 5: 7}, labels={0: "12", 5: "33"})
    recording = only(one(stream, stamps=[stamps]).write(path))
    np.testing.assert_allclose(train(recording, "A1_12"), [0.002])
    np.testing.assert_allclose(train(recording, "B2_33"), [0.003, 0.009])
    assert recording.trains.n_spikes == 3
    assert (recording.trains.groups == recording.electrodes["well"]).all()


# --- spikes, waveforms, events ---


@pytest.mark.parametrize(("exponent", "factor"), [(-6, 1), (-3, 1000), (-9, 1e-3)])
def test_time_stamps(path, exponent, factor):
    times = {0: [3_000, 1_000, 37_000], 3: [], 2: [12_000]}
    stored = {channel: [round(t / factor) for t in of] for channel, of in times.items()}
    recording = only(one(electrode_stream(), stamps=[Stamps(stored, exponent=exponent)]).write(path))
    assert names(recording) == ["A1_E1", "A1_E2", "A1_E3", "A1_E4"]
    np.testing.assert_allclose(train(recording, "A1_E1"), [0.001, 0.003, 0.037])
    np.testing.assert_allclose(train(recording, "A1_E3"), [0.012])
    assert train(recording, "A1_E2").size == train(recording, "A1_E4").size == 0
    assert recording.trains.waveforms is None
    assert recording.signal.shape == (400, 4)


def test_spikes_alone(path):
    stamps = Stamps({0: [3_000, 20_000], 2: [1_999_999]}, labels={0: "E1", 2: "E3"})
    recording = only(one(stamps=[stamps], duration=2_000_000).write(path))
    assert recording.signal is None
    assert {"A1_E1", "A1_E3"} <= set(names(recording))
    np.testing.assert_allclose(train(recording, "A1_E1"), [0.003, 0.02])
    np.testing.assert_allclose(train(recording, "A1_E3"), [1.999999])
    assert recording.duration == pytest.approx(2.0)
    assert recording.duration_source == DurationSource.STATED


def test_spikes_after_the_stated_end(path):
    stamps = Stamps({0: [3_000, 2_500_000]}, labels={0: "E1"})
    recording = only(one(stamps=[stamps], duration=2_000_000).write(path))
    kept = train(recording, "A1_E1")
    assert recording.problems
    assert kept.tolist() == [0.003] or recording.stop >= 2.5


def test_no_duration_is_stated(path):
    stamps = Stamps({0: [3_000, 2_500_000]}, labels={0: "E1"})
    recording = only(one(stamps=[stamps], duration=0).write(path))
    assert recording.duration_source == DurationSource.SPIKES
    assert recording.stop == pytest.approx(2.5)


def test_the_length_of_the_signal_is_stated_by_its_samples(path):
    recording = only(one(electrode_stream(), duration=99_000).write(path))
    assert recording.duration == pytest.approx(0.04)
    assert recording.duration_source == DurationSource.STATED


def test_a_time_unit_other_than_seconds(path):
    found = outcome(one(electrode_stream(), stamps=[Stamps({0: [1_000]}, unit="V")]).write(path))
    assert isinstance(found, FileUnitsError) or says(found[0], "V")


def test_spikes_of_a_channel_that_is_not_there(path):
    recording = only(one(electrode_stream(), stamps=[Stamps({0: [1_000], 77: [2_000]})]).write(path))
    np.testing.assert_allclose(train(recording, "A1_E1"), [0.001])
    assert recording.trains.n_spikes == 2 or says(recording, "77")


def test_waveforms(path):
    stream = segment_stream()
    recording = only(one(electrode_stream(), segments=[stream]).write(path))
    assert recording.trains.n_spikes == 6
    assert tuple(recording.trains.waveforms.shape) == (6, 30)
    assert len(recording.trains.waveforms) == 6
    for channel, name in ((0, "A1_E1"), (2, "A1_E3")):
        times = np.array(stream.times[channel])
        order = np.argsort(times)
        np.testing.assert_allclose(train(recording, name), times[order] * 1e-6)
        close(waveforms(recording, name), stream.voltages(channel)[order])


def test_waveforms_alone(path):
    recording = only(one(segments=[segment_stream()], duration=40_000).write(path))
    assert recording.signal is None
    close(waveforms(recording, "A1_E3"), segment_stream().voltages(2)[[1, 0, 2]])


def test_the_same_spikes_in_two_streams_are_counted_once(path):
    stream = segment_stream()
    stamps = Stamps(stream.times, labels={0: "E1", 2: "E3"})
    recording = only(one(electrode_stream(), stamps=[stamps], segments=[stream]).write(path))
    assert recording.trains.n_spikes == 6
    np.testing.assert_allclose(train(recording, "A1_E1"), [0.003, 0.02, 0.0315])
    close(waveforms(recording, "A1_E1"), stream.voltages(0)[[1, 0, 2]])


def test_cutouts_of_unequal_length(path):
    stream = segment_stream()
    short = {**stream.cutouts, 2: stream.cutouts[2][:20]}
    recording = only(one(electrode_stream(), segments=[replace(stream, cutouts=short)]).write(path))
    assert recording.trains.n_spikes == 6
    assert recording.problems
    if recording.trains.waveforms is not None:
        close(waveforms(recording, "A1_E1")[:, :20], stream.voltages(0)[[1, 0, 2], :20])


def test_another_number_of_cutouts_than_of_times(path):
    stream = segment_stream()
    fewer = Segments(stream.times, {**stream.cutouts, 0: stream.cutouts[0][:, :2]}, stream.channels)
    found = outcome(one(electrode_stream(), segments=[fewer]).write(path))
    assert isinstance(found, ReadError) or found[0].problems


def test_events(path):
    events = Events([(10_000, 0), (25_000, 500), (31_000, 0)])
    recording = only(one(electrode_stream(), events=[events]).write(path))
    assert [time for time, _ in recording.events] == pytest.approx([0.01, 0.025, 0.031])
    assert all("Stimulation 1" in text or "Digital Events 1" in text for _, text in recording.events)


def test_everything_in_one_file(path):
    recording = only(full_file(shuffled=True).write(path))
    assert recording.signal.shape == (400, 4)
    assert recording.trains.n_spikes == 6
    assert len(recording.events) == 2
    assert says(recording, "digital")
    assert recording.metadata


def test_newer_structures_of_hdf5(path):
    latest = only(in_latest_format(full_file().write(path)))
    recording = only(path)
    close(latest.signal.read(0, 400), electrode_stream().voltages())
    np.testing.assert_array_equal(latest.trains.times, recording.trains.times)
    assert (latest.events, latest.problems, names(latest)) == (recording.events, recording.problems, names(recording))


# --- a signal outlives its file ---


def test_a_signal_is_pickled_and_opened_again(path):
    stream = electrode_stream()
    recording = only(full_file().write(path))
    signal = recording.signal
    signal.read(0, 10)
    for copy in (pickle.loads(pickle.dumps(signal)), pickle.loads(pickle.dumps(recording)).signal):  # noqa: S301 -- ours
        assert copy.shape == (400, 4)
        close(copy.read(7, 300, [2]), stream.voltages()[7:300, [2]])
        copy.close()
    signal.close()
    signal.close()
    close(signal.read(0, 400), stream.voltages())


def test_pickled_waveforms(path):
    recording = pickle.loads(pickle.dumps(only(one(segments=[segment_stream()]).write(path))))  # noqa: S301 -- ours
    close(waveforms(recording, "A1_E1"), segment_stream().voltages(0)[[1, 0, 2]])


def test_a_file_that_changed_since(path):
    signal = only(full_file().write(path)).signal
    signal.read(0, 10)
    signal.close()
    path.write_bytes(path.read_bytes()[:-700])
    with pytest.raises(ReadError, match=r"plate\.h5"):
        signal.read(0, 10)
    path.unlink()
    with pytest.raises(ReadError, match=r"plate\.h5"):
        signal.read(0, 10)


def test_a_file_of_gigabytes_is_read_in_pieces(path):
    n_samples, middle = 10_000_000, 5_000_000
    stream = electrode_stream(60, 400, stretches=[(0, 0, n_samples - 1)], packed=False)
    one(stream, duration=n_samples * 100).write(path)
    enlarge(path, DATA, (60, n_samples), (slice(None), slice(middle, middle + 400)), stream.counts)
    first, here = pieces_read_quickly(path, [(0, 10), (middle - 5, middle + 400)])
    assert path.stat().st_size > 2e9
    assert not first.any()
    close(here[5:], stream.voltages())


# --- the real file ---


def test_a_real_file(data):
    path = data("mea/exports/mcs_standard_500hz.h5")
    with h5py.File(path) as file:
        root = file["Data/Recording_0"]
        streams = {
            number: root[f"AnalogStream/Stream_{number}/ChannelData"][()].astype(float) * 381_470e-9 * 1e6
            for number in (0, 1)
        }
        stamps = {c: root[f"TimeStampStream/Stream_0/TimeStampEntity_{c}"][0] * 1e-6 for c in range(8)}
        cutouts = {c: root[f"SegmentStream/Stream_0/SegmentData_{c}"][()].T * 381_470e-9 * 1e6 for c in range(8)}
        events = root["EventStream/Stream_0/EventEntity_0"][0] * 1e-6
    recordings = read_plates(path)
    starts = {9850: (0, 0.0), 9800: (1, 0.1)}
    for recording in recordings:
        signal = recording.signal
        number, start = starts[signal.shape[0]]
        assert signal.sampling_rate == 500
        assert signal.segments["start"].tolist() == pytest.approx([start])
        assert channel_names(recording) == [f"A1_E{i}" for i in range(1, 9)]
        close(signal.read(0, signal.shape[0]), streams[number].T)
        close(signal.read(4000, 4100, [6, 1]), streams[number].T[4000:4100, [6, 1]])
        assert recording.stop == pytest.approx(19.7)
    recording = recordings[0]
    assert recording.trains.n_spikes == 224
    for channel in range(8):
        np.testing.assert_allclose(train(recording, f"A1_E{channel + 1}"), stamps[channel])
        close(waveforms(recording, f"A1_E{channel + 1}"), cutouts[channel])
    assert [time for time, _ in recording.events] == pytest.approx(events.tolist())
    assert says(recording, "digital")
    assert len(recordings) == 2 or says(recording, "Filter") or says(recording, "Raw Data")


# --- damaged and hostile files ---


def test_other_protocols(path):
    with pytest.raises(ReadError):
        read_plates(replace(full_file(), protocol="CMOS_MEA").write(path))
    found = outcome(replace(full_file(), version=9).write(path))
    assert isinstance(found, UnsupportedFormatError) or says(found[0], "9")


@pytest.mark.parametrize("value", [np.bytes_(b"A" * 5000), np.zeros(4000)], ids=["letters", "numbers"])
@pytest.mark.parametrize(
    "name", ["McsHdf5ProtocolType", "McsHdf5ProtocolVersion", "DataSubType", "DataSubType of spikes", "Label"]
)
def test_what_a_file_says_is_cut(path, name, value):
    full_file().write(path)
    with h5py.File(path, "r+") as file:
        streams = [file[f"Data/Recording_0/{kind}/Stream_0"] for kind in ("TimeStampStream", "SegmentStream")]
        for place in streams if "Mcs" not in name else [file]:
            place.attrs[name.split()[0]] = value
    found = outcome(path)
    assert all(len(said) < 500 for said in ([str(found)] if isinstance(found, ReadError) else found[0].problems))


def test_many_streams_make_no_long_sentence(path):
    full_file().write(path)
    with h5py.File(path, "r+") as file:
        parent = file["Data/Recording_0/AnalogStream"]
        for number in range(2, 60):
            file.copy(parent["Stream_1"], parent, name=f"Stream_{number}")
    (said,) = [problem for problem in only(path).problems if problem.startswith("Described")]
    assert len(said) < 500
    assert " more." in said


def test_electrodes_without_names_are_told(path):
    one(electrode_stream()).write(path)
    place = "Data/Recording_0/AnalogStream/Stream_0/InfoChannel"
    with h5py.File(path, "r+") as file:
        rows = file[place][()]
        del file[place]
        file[place] = rows[[name for name in rows.dtype.names if name != "Label"]].copy()
    recording = only(path)
    assert says(recording, "without a name", "numbers")
    assert all(label.startswith("channel ") for label in recording.electrodes["label"])
    assert not says(only(one(electrode_stream()).write(path)), "without a name")


@pytest.mark.parametrize("name", SHAPES)
@pytest.mark.parametrize("axis", [0, -1])
def test_datasets_that_claim_terabytes(path, tmp_path, name, axis):
    intact = read_plates(full_file().write(tmp_path / "intact.h5"))
    full_file().write(path)
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
def test_data_outside_of_the_file(path, tmp_path, change):
    full_file().write(path)
    change(path, DATA, tmp_path / "other.h5")
    found = outcome(path)
    assert isinstance(found, ReadError) or found[0].signal is None


@pytest.mark.parametrize("name", ["Data", "Data/Recording_0", "Data/Recording_0/AnalogStream/Stream_0"])
def test_groups_that_lead_elsewhere(path, tmp_path, name):
    full_file().write(path)
    link_outside(path, name, tmp_path / "other.h5")
    found = outcome(path)
    assert isinstance(found, ReadError) or found[0].signal is None
    ring = full_file().write(tmp_path / "ring.h5")
    link_to_itself(ring, name)
    found = outcome(ring)
    assert isinstance(found, ReadError) or found[0].signal is None


@pytest.mark.parametrize(
    "name", ["..", "Stream_..", "Stream_\x1b[31m", "Stream_\n1", "Stream_" + "9" * 400, "Stream_1.5", "Stream_-1"]
)
@pytest.mark.parametrize("kind", ["AnalogStream", "TimeStampStream", "SegmentStream", "EventStream"])
def test_odd_names_of_streams(path, name, kind):
    full_file().write(path)
    with h5py.File(path, "r+") as file:
        parent = file[f"Data/Recording_0/{kind}"]
        file.copy(parent["Stream_0"], parent, name=name.encode())
    outcome(path)


def test_a_stream_whose_name_is_no_text(path):
    full_file().write(path)
    with h5py.File(path, "r+") as file:
        file["Data/Recording_0/AnalogStream"].create_group(b"Stream_\xff\xfe")
        file["Data"].create_group(b"Recording_\xff")
    outcome(path)


@pytest.mark.parametrize("label", ["..", "../../etc/passwd", "E\x1b[0m1", "E\n1", "", "E" * 200, "/", "\N{MICRO SIGN}"])
def test_odd_labels(path, label):
    stream = electrode_stream()
    channels = [replace(stream.channels[0], label=label), *stream.channels[1:]]
    events = Events([(1_000, 0)], label=label, stream=label)
    found = outcome(one(replace(stream, channels=channels, label=label), events=[events]).write(path))
    if not isinstance(found, ReadError):
        close(found[0].signal.read(0, 400), stream.voltages())


@pytest.mark.parametrize("field", FIELDS, ids=shown)
@pytest.mark.parametrize("value", [0, -1, 2**31 - 1, 2**32 - 1, 2**62, float("nan")])
def test_forged_numbers_never_surprise(path, field: Field, value):
    full_file().write(path)
    field.forge(path, value)
    found = outcome(path)
    if not isinstance(found, ReadError):
        assert sum(recording.electrodes.size for recording in found) <= 64
        for recording in found:
            if recording.signal is not None:
                assert recording.signal.shape[0] <= 400
                # The rate is the one of the tick: 10 kHz, or another that the tick was forged to.
                assert recording.signal.sampling_rate == 10_000


@pytest.mark.parametrize(
    "values",
    [np.zeros(400, np.int32), np.zeros((4, 400)), np.zeros((4, 0), np.int32), np.zeros((2, 2, 2), np.int32), "text"],
)
def test_channel_data_of_another_kind(path, tmp_path, values):
    intact = read_plates(full_file().write(tmp_path / "intact.h5"))
    full_file().write(path)
    with h5py.File(path, "r+") as file:
        del file[DATA]
        file[DATA] = values
    assert told(outcome(path), intact)


@pytest.mark.parametrize(
    "name",
    [
        "Data",
        "Data/Recording_0",
        DATA,
        DATA.replace("ChannelData", "InfoChannel"),
        DATA.replace("ChannelData", "ChannelDataTimeStamps"),
        "Data/Recording_0/TimeStampStream/Stream_0/InfoTimeStamp",
        "Data/Recording_0/SegmentStream/Stream_0/SourceInfoChannel",
        "Data/Recording_0/SegmentStream/Stream_0/SegmentData_0",
        "Data/Recording_0/SegmentStream/Stream_0/SegmentData_ts_0",
        "Data/Recording_0/EventStream/Stream_0/InfoEvent",
    ],
)
def test_parts_that_are_missing(path, tmp_path, name):
    intact = read_plates(full_file().write(tmp_path / "intact.h5"))
    full_file().write(path)
    with h5py.File(path, "r+") as file:
        del file[name]
    assert told(outcome(path), intact) or name.endswith("InfoEvent")


def test_files_that_were_cut(path):
    content = full_file().write(path).read_bytes()
    for size in range(1, len(content), 1999):
        path.write_bytes(content[:size])
        assert isinstance(outcome(path), ReadError)
