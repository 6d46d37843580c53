"""MCS HDF5 files: every value that was put into a built file comes back, and what is wrong with one is said."""

from __future__ import annotations

import pickle
from dataclasses import replace
from pathlib import Path

import h5py
import numpy as np
import pytest
from readers.builders.hdf5_plates import (
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
    train,
    waveforms,
)
from readers.builders.mcs_file import (
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

from mnephys.errors import (
    CorruptHeaderError,
    FileUnitsError,
    ReadError,
    SeveralRecordingsError,
    UnsupportedFormatError,
)
from mnephys.readers import read
from mnephys.recording import DurationSource, PlateRecording, well_name

STREAM = "Data/Recording_0/AnalogStream/Stream_0"
DATA = f"{STREAM}/ChannelData"
SPIKES = "Data/Recording_0/TimeStampStream/Stream_0"
CUT_OUTS = "Data/Recording_0/SegmentStream/Stream_0"
EVENTS = "Data/Recording_0/EventStream/Stream_0"
# `segment_stream` has two channels of different scales on purpose.
SCALES = f"{CUT_OUTS}/SourceInfoChannel gives its channels different scales: check their gains and zeros."
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


def refused(path: Path, kind: type[ReadError], problem: str) -> None:
    """Assert that a file is refused with one error and this problem."""
    found = outcome(path)
    assert type(found) is kind
    assert problem in found.problem


def added(recording: PlateRecording) -> list[str]:
    """Return what is said of a changed `full_file` and not of an intact one."""
    assert SCALES in recording.problems
    return [problem for problem in recording.problems if problem != SCALES]


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
    assert recording.problems == (f"{STREAM} holds 5 rows, of which 3 belong to no channel.",)


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
    file = one(with_channels(electrode_stream(), tick=tick)).write(path)
    refused(file, CorruptHeaderError, f"{STREAM}/InfoChannel states a Tick of {tick} us; sampling rates of 100 Hz")


def test_channels_of_another_rate_are_not_mixed(path):
    stream = electrode_stream()
    channels = [*stream.channels[:3], replace(stream.channels[3], tick=50)]
    file = one(replace(stream, channels=channels)).write(path)
    refused(file, UnsupportedFormatError, "InfoChannel states several sampling rates: ticks from 50 to 100 us")


@pytest.mark.parametrize("unit", ["A", "mV", "NoUnit", "", "furlong"])
def test_other_units_than_volts(path, unit):
    file = one(with_channels(electrode_stream(), unit=unit)).write(path)
    refused(file, FileUnitsError, f"{STREAM}/InfoChannel gives channel 'E1' the unit '{unit}', not V")


@pytest.mark.parametrize(
    ("change", "kind", "problem"),
    [
        ({"factor": 0}, FileUnitsError, "gives channel 'E1' steps of 0 V"),
        ({"exponent": 400}, CorruptHeaderError, "states a unit times ten to the power of 400"),
        ({"exponent": -400}, CorruptHeaderError, "states a unit times ten to the power of -400"),
        ({"exponent": 1 << 30}, CorruptHeaderError, "states a unit times ten to the power of 1073741824"),
        # In uV: more than any converter steps by, and less.
        ({"factor": 1, "exponent": -1}, FileUnitsError, "channel 'E1' states steps of 100000 uV, which no amplifier"),
        ({"factor": -1, "exponent": -1}, FileUnitsError, "channel 'E1' states steps of -100000 uV, which no amplifier"),
        ({"factor": 1, "exponent": -11}, FileUnitsError, "channel 'E1' states steps of 1e-05 uV, which no amplifier"),
    ],
)
def test_a_gain_that_cannot_be(path, change, kind, problem):
    refused(one(with_channels(electrode_stream(), **change)).write(path), kind, f"{STREAM}/InfoChannel")
    refused(path, kind, problem)


@pytest.mark.parametrize(
    ("rows", "ends"), [((0, 1, 2, 4), "0 to 4"), ((0, 1, 2, -1), "-1 to 2"), ((0, 1, 2, 1 << 30), "0 to 1073741824")]
)
def test_a_row_that_is_not_there(path, rows, ends):
    stream = electrode_stream()
    channels = [replace(c, row=r) for c, r in zip(stream.channels, rows, strict=True)]
    file = one(replace(stream, channels=channels)).write(path)
    refused(file, CorruptHeaderError, f"InfoChannel gives rows {ends} to 4 channels; the data have 4, one for each")


def test_two_channels_of_one_row(path):
    stream = electrode_stream()
    channels = [replace(c, row=r) for c, r in zip(stream.channels, (0, 1, 2, 2), strict=True)]
    file = one(replace(stream, channels=channels)).write(path)
    refused(file, CorruptHeaderError, "InfoChannel gives rows 0 to 2 to 4 channels; the data have 4, one for each")


def test_two_channels_of_one_name(path):
    stream = electrode_stream()
    channels = [*stream.channels[:3], replace(stream.channels[3], label="E1")]
    recording = only(one(replace(stream, channels=channels)).write(path))
    assert recording.problems == ("Several electrodes of group 0 are called E1; their numbers tell them apart.",)
    assert channel_names(recording) == ["A1_0 E1", "A1_E2", "A1_E3", "A1_3 E1"]
    close(recording.signal.read(0, 400), stream.voltages())


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


def test_stretches_that_follow_at_once_are_one(path):
    recording = only(one(electrode_stream(stretches=[(0, 0, 149), (15_000, 150, 399)])).write(path))
    assert recording.signal.segments.tolist() == [(0, 0.0)]
    assert recording.duration == pytest.approx(0.04)
    assert recording.problems == ()


_ORDER = f"the rows of {STREAM}/ChannelDataTimeStamps do not follow one another through 400 samples"
_BEFORE = f"row 2 of {STREAM}/ChannelDataTimeStamps begins before the row above it ends"


@pytest.mark.parametrize(
    ("stretches", "problem"),
    [
        ([(0, 0, -1)], _ORDER),
        ([(0, 200, 100)], _ORDER),
        ([(0, 10, 399)], _ORDER),
        ([(0, 0, 149), (1_000_000, 100, 399)], _ORDER),
        ([(0, 0, 149), (1_000_000, 400, 410)], _ORDER),
        ([(1_000_000, 0, 149), (0, 150, 399)], _BEFORE),
        ([(0, 0, 149), (5_000, 150, 399)], _BEFORE),
        ([(-(1 << 62), 0, 399)], f"{STREAM}/ChannelDataTimeStamps states absurd times"),
    ],
)
def test_stretches_that_cannot_be(path, stretches, problem):
    refused(one(electrode_stream(stretches=stretches)).write(path), CorruptHeaderError, problem)


@pytest.mark.parametrize(
    ("stretches", "segments"),
    [
        ([(0, 0, 500)], [(0, 0.0)]),
        ([(0, 0, 149)], [(0, 0.0)]),
        ([(0, 0, 149), (1_000_000, 150, 1 << 40)], [(0, 0.0), (150, 1.0)]),
        ([(0, 0, 149), (1_000_000, 200, 399)], [(0, 0.0), (200, 1.0)]),
    ],
)
def test_samples_that_no_stretch_covers_are_told(path, stretches, segments):
    stream = electrode_stream(stretches=stretches)
    recording = only(one(stream).write(path))
    assert recording.signal.segments.tolist() == segments
    told = f"{STREAM} holds 400 samples, but time stamps for others"
    assert recording.problems == (f"{told}; those without a time stamp are taken to follow the ones before them.",)
    close(recording.signal.read(0, 400), stream.voltages())


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
    McsFile([Recording(analog=[electrode_stream(1, 50)], duration=5_000), Recording()]).write(path)
    recording = only(path)
    assert recording.signal.shape == (50, 1)
    assert recording.problems == ("Recordings without anything of electrodes were left out: Data/Recording_1.",)


# --- other streams ---


def test_streams_without_electrodes_are_no_problem_and_described(path):
    sideband = replace(DIGITAL, subtype="Sideband", label="Sideband Data")
    recording = only(one(AUXILIARY, electrode_stream(), DIGITAL, sideband).write(path))
    assert channel_names(recording) == ["A1_E1", "A1_E2", "A1_E3", "A1_E4"]
    close(recording.signal.read(0, 400), electrode_stream().voltages())
    assert recording.problems == ()
    assert recording.metadata["streams_not_measured"] == [
        "Data/Recording_0/AnalogStream/Stream_0 (Analog Data, Auxiliary)",
        "Data/Recording_0/AnalogStream/Stream_2 (Bits, Digital)",
        "Data/Recording_0/AnalogStream/Stream_3 (Sideband Data, Sideband)",
    ]
    kinds = [stream["kind"] for stream in recording.metadata["streams"]]
    assert kinds == ["Auxiliary", "Electrode", "Digital", "Sideband"]


def test_nothing_is_said_of_other_streams_where_there_are_none(path):
    assert "streams_not_measured" not in only(one(electrode_stream()).write(path)).metadata


def test_streams_of_an_unknown_kind_are_told(path):
    strange = replace(AUXILIARY, subtype="Electrodes", label="Copy")
    full = full_file().recordings[0]
    McsFile([replace(full, analog=[*full.analog, strange])]).write(path)
    with h5py.File(path, "r+") as file:
        # What is called digital and no analog stream may hold spikes.
        file[SPIKES].attrs["DataSubType"] = np.bytes_("Digital")
        file.create_group("Data/Recording_0/FrameStream/Stream_0").attrs["DataSubType"] = np.bytes_("Digital")
    recording = only(path)
    analog = "Data/Recording_0/AnalogStream/Stream_2 (Copy, Electrodes)"
    spikes = f"{SPIKES} (Spike Detector (1) Spike Timestamps, Digital)"
    frames = "Data/Recording_0/FrameStream/Stream_0 (Digital)"
    assert added(recording) == [f"Not read: {analog}, {spikes}, {frames}."]
    assert recording.metadata["streams_not_measured"] == [
        "Data/Recording_0/AnalogStream/Stream_1 (Data Acquisition (1) Digital Data, Digital)"
    ]


def test_an_auxiliary_stream_that_is_damaged_is_told(path):
    damaged = with_channels(AUXILIARY, tick=0)
    recording = only(one(electrode_stream(), damaged).write(path))
    (said,) = recording.problems
    assert said.startswith("Data/Recording_0/AnalogStream/Stream_1 was left out: ")
    assert "states a Tick of 0 us" in said
    close(recording.signal.read(0, 400), electrode_stream().voltages())


def test_a_file_without_electrodes(path):
    file = one(AUXILIARY, DIGITAL).write(path)
    refused(file, UnsupportedFormatError, "holds neither raw voltage nor spikes of electrodes")


def test_of_two_electrode_streams_the_acquired_one_is_read_and_the_other_told(path):
    raw = electrode_stream(seed=1)
    filtered = replace(electrode_stream(4, 390, 2), label="Filter (1) Filter Data", source="43f795b0")
    recording = only(one(filtered, raw).write(path))
    close(recording.signal.read(0, 400), raw.voltages())
    left_out = "Data/Recording_0/AnalogStream/Stream_0 (Filter (1) Filter Data, Electrode)"
    assert recording.problems == (f"Not read beside the raw voltage: {left_out}.",)
    assert "streams_not_measured" not in recording.metadata


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


def _with_last_group(group: int) -> Analog:
    stream = plate_stream([0, 1])
    return replace(stream, channels=[*stream.channels[:-1], replace(stream.channels[-1], group=group)])


@pytest.mark.parametrize(("group", "groups"), [(-1, "-1 to 1"), (1 << 30, "0 to 1073741824"), (96, "0 to 96")])
def test_a_group_that_is_no_well(path, group, groups):
    problem = f"its electrodes are of groups {groups}, which are the wells of no plate"
    refused(one(_with_last_group(group)).write(path), UnsupportedFormatError, problem)


def test_a_group_beyond_24_wells_is_of_a_larger_plate(path):
    recording = only(one(_with_last_group(24), duration=20_000).write(path))
    assert channel_names(recording) == ["A1_12", "A1_21", "A1_33", "A2_12", "A2_21", "C1_33"]
    named = "The file does not name the plate, and its electrodes are of groups 0 to 24"
    assert recording.problems == (f"{named}; 72 wells are assumed.",)


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


def test_spikes_after_the_stated_end_are_kept_and_the_end_is_not_believed(path):
    stamps = Stamps({0: [3_000, 2_500_000]}, labels={0: "E1"})
    recording = only(one(stamps=[stamps], duration=2_000_000).write(path))
    np.testing.assert_allclose(train(recording, "A1_E1"), [0.003, 2.5])
    assert (recording.stop, recording.duration_source) == (2.5, DurationSource.SPIKES)
    assert recording.problems == ("Data/Recording_0 states 2 s, but its spikes are at 0.003 to 2.5 s.",)


def test_no_duration_is_stated(path):
    stamps = Stamps({0: [3_000, 2_500_000]}, labels={0: "E1"})
    recording = only(one(stamps=[stamps], duration=0).write(path))
    assert recording.duration_source == DurationSource.SPIKES
    assert recording.stop == pytest.approx(2.5)
    assert recording.problems == ()


def test_the_length_of_the_signal_is_stated_by_its_samples(path):
    recording = only(one(electrode_stream(), duration=99_000).write(path))
    assert recording.duration == pytest.approx(0.04)
    assert recording.duration_source == DurationSource.STATED
    told = "Data/Recording_0 states a duration of 0.099 s, but its data last 0.04 s, which is what counts."
    assert recording.problems == (told,)


def test_a_time_unit_other_than_seconds(path):
    file = one(electrode_stream(), stamps=[Stamps({0: [1_000]}, unit="V")]).write(path)
    refused(file, FileUnitsError, f"{SPIKES}/InfoTimeStamp gives times in 'V', not s")


def test_spikes_of_a_channel_that_has_no_voltage(path):
    recording = only(one(electrode_stream(), stamps=[Stamps({0: [1_000], 77: [2_000]})]).write(path))
    np.testing.assert_allclose(train(recording, "A1_E1"), [0.001])
    np.testing.assert_allclose(train(recording, "A1_channel 77"), [0.002])
    assert recording.trains.n_spikes == 2
    assert recording.problems == ("Electrodes without a name are called by their numbers: 77.",)


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
    np.testing.assert_allclose(train(recording, "A1_E1"), [0.003, 0.02, 0.0315])
    assert recording.trains.n_spikes == 6
    assert recording.trains.waveforms is None
    assert added(recording) == [f"{CUT_OUTS} holds cut-outs of several lengths; they were left out."]


def test_another_number_of_cutouts_than_of_times(path):
    stream = segment_stream()
    fewer = Segments(stream.times, {**stream.cutouts, 0: stream.cutouts[0][:, :2]}, stream.channels)
    recording = only(one(electrode_stream(), segments=[fewer]).write(path))
    np.testing.assert_allclose(train(recording, "A1_E1"), [0.003, 0.02, 0.0315])
    assert recording.trains.n_spikes == 6
    assert recording.trains.waveforms is None
    told = f"{CUT_OUTS} does not hold one cut-out for each of its time stamps; its cut-outs were left out."
    assert added(recording) == [told]


def test_events(path):
    events = Events([(31_000, 0), (10_000, 0), (25_000, 500)])
    recording = only(one(electrode_stream(), events=[events]).write(path))
    expected = ((0.01, "Stimulation 1"), (0.025, "Stimulation 1 for 0.0005 s"), (0.031, "Stimulation 1"))
    assert recording.events == expected


def test_everything_in_one_file(path):
    recording = only(full_file(shuffled=True).write(path))
    assert recording.signal.shape == (400, 4)
    assert recording.trains.n_spikes == 6
    assert recording.events == ((0.01, "Stimulation 1"), (0.025, "Stimulation 1 for 0.0005 s"))
    assert recording.problems == (SCALES,)
    read_from = [recording.metadata[key] for key in ("signal", "spikes")]
    assert read_from == [[STREAM], SPIKES]
    assert recording.metadata["waveforms"] == {
        "place": CUT_OUTS,
        "seconds_before_spike": 0.001,
        "sampling_rate": 10_000,
    }


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
        raw = root["AnalogStream/Stream_1/ChannelData"][()].astype(float) * 381_470e-9 * 1e6
        stamps = {c: root[f"TimeStampStream/Stream_0/TimeStampEntity_{c}"][0] * 1e-6 for c in range(8)}
        cutouts = {c: root[f"SegmentStream/Stream_0/SegmentData_{c}"][()].T * 381_470e-9 * 1e6 for c in range(8)}
        events = root["EventStream/Stream_0/EventEntity_0"][0] * 1e-6
    recording = only(path)
    signal = recording.signal
    assert signal.sampling_rate == 500
    assert signal.segments["start"].tolist() == pytest.approx([0.1])
    assert channel_names(recording) == [f"A1_E{i}" for i in range(1, 9)]
    close(signal.read(0, signal.shape[0]), raw.T)
    close(signal.read(4000, 4100, [6, 1]), raw.T[4000:4100, [6, 1]])
    assert recording.stop == pytest.approx(19.7)
    assert recording.trains.n_spikes == 224
    for channel in range(8):
        np.testing.assert_allclose(train(recording, f"A1_E{channel + 1}"), stamps[channel])
        close(waveforms(recording, f"A1_E{channel + 1}"), cutouts[channel])
    assert recording.events == tuple((pytest.approx(time), "Digital Events 1") for time in events.tolist())
    filtered = "Data/Recording_0/AnalogStream/Stream_0 (Filter (1) Filter Data, Electrode)"
    assert recording.problems == (f"Not read beside the raw voltage: {filtered}.",)
    digital = "Data/Recording_0/AnalogStream/Stream_2 (Data Acquisition (1) Digital Data, Digital)"
    assert recording.metadata["streams_not_measured"] == [digital]
