"""AxIS files: headers, entries, plates, data sets. Built here; what each holds is known from the builder alone."""

from __future__ import annotations

import numpy as np
import pytest
from readers.axis_outcomes import (
    assert_trains,
    assert_voltage,
    counts_of,
    electrodes,
    enabled,
    outcome,
    read_path,
    records_of,
    told,
    voltage,
    write,
)
from readers.builders.axis_data import (
    CONTINUOUS,
    DATA,
    RAW,
    SCALE,
    SPIKES,
    Combined,
    continuous,
    spikes,
    split_continuous,
    split_extension,
    split_header,
    split_spikes,
)
from readers.builders.axis_file import (
    Note,
    channel_array,
    compose,
    notes,
)
from readers.builders.axis_layout import Data, Entry
from readers.builders.axis_plates import (
    CYTOVIEW_24,
    PLATES,
    Plate,
    names,
)

from mnephys.errors import ReadError, UnsupportedFormatError
from mnephys.recording import LAYOUTS, DurationSource

CHANNELS = CYTOVIEW_24.channels()
COUNTS = counts_of(50, CHANNELS)
FIRED = {"A1_11": [2500, 5000], "C5_42": [7], "D6_44": [125, 126, 7_000_000]}


@pytest.fixture
def reading(tmp_path):
    """Read a file of one recording."""

    def read(file):
        (recording,) = read_path(write(file, tmp_path))
        return recording

    return read


@pytest.fixture
def raw():
    """A small file with raw voltage."""
    return compose(notes(Note("Ann")), channel_array(CYTOVIEW_24), continuous(COUNTS, CHANNELS))


# --- what comes out of a plain file ---


def test_raw_voltage(reading, raw):
    recording = reading(raw)
    assert recording.trains is None
    assert recording.signal.shape == (50, 384)
    assert recording.signal.sampling_rate == 12500.0
    assert recording.signal.segments.tolist() == [(0, 0.0)]
    assert_voltage(recording, COUNTS, CHANNELS, SCALE)
    assert recording.problems == ()
    assert recording.duration_source is DurationSource.STATED
    assert recording.duration == pytest.approx(50 / 12500)


def test_spikes(reading):
    recording = reading(
        compose(channel_array(CYTOVIEW_24), spikes(records_of(FIRED, CHANNELS), CHANNELS, duration=600.0))
    )
    assert recording.signal is None
    assert_trains(recording, FIRED)
    assert recording.trains.groups.tolist() == recording.electrodes["well"].tolist()
    assert recording.problems == ()
    assert recording.duration_source is DurationSource.STATED
    assert (recording.trains.start, recording.trains.stop) == (0.0, 600.0)


def test_the_same_in_the_split_layout(reading):
    recording = reading(compose(channel_array(CYTOVIEW_24), split_continuous(COUNTS)))
    assert_voltage(recording, COUNTS, CHANNELS, SCALE)
    assert recording.problems == ()
    named = reading(compose(channel_array(CYTOVIEW_24), split_continuous(COUNTS, kind=RAW)))
    assert_voltage(named, COUNTS, CHANNELS, SCALE)
    found = reading(compose(channel_array(CYTOVIEW_24), split_spikes(records_of(FIRED, CHANNELS))))
    assert found.signal is None
    assert_trains(found, FIRED)


@pytest.mark.parametrize("primary_type", [0, 1, 2, 7, 0xFFFF])
def test_the_primary_type_is_not_trusted(reading, primary_type):
    parts = channel_array(CYTOVIEW_24), continuous(COUNTS, CHANNELS)
    assert_voltage(reading(compose(*parts, primary_type=primary_type)), COUNTS, CHANNELS, SCALE)
    parts = channel_array(CYTOVIEW_24), spikes(records_of(FIRED, CHANNELS), CHANNELS)
    assert_trains(reading(compose(*parts, primary_type=primary_type)), FIRED)


def test_the_name_of_the_file_is_not_trusted(tmp_path, raw):
    (recording,) = read_path(write(raw, tmp_path, "plate.spk"))
    assert recording.trains is None
    assert_voltage(recording, COUNTS, CHANNELS, SCALE)


# --- plates ---


@pytest.mark.parametrize("plate", PLATES.values(), ids=lambda plate: hex(plate.type))
def test_plates(reading, plate):
    channels = plate.channels()
    counts = np.arange(1, channels.size + 1) * np.array([[1], [-1]])
    recording = reading(compose(channel_array(plate), continuous(counts, channels)))
    assert (recording.layout.rows, recording.layout.columns) == (plate.well_rows, plate.well_columns)
    assert set(recording.layout.labels) == set(plate.labels)
    assert sorted(electrodes(recording)) == sorted(plate.electrodes)
    assert recording.layout_stated
    assert recording.electrodes["enabled"].all()
    for well, label, column, row in recording.electrodes[["well", "label", "column", "row"]].tolist():
        assert label == f"{column:x}{row}"
        assert well in plate.wells
    assert_voltage(recording, counts, channels, SCALE)
    assert recording.problems == ()
    fired = {name: [100 * (i + 1)] for i, name in enumerate(plate.electrodes)}
    assert_trains(reading(compose(channel_array(plate), spikes(records_of(fired, channels), channels))), fired)


@pytest.mark.parametrize("name", LAYOUTS)
def test_known_layouts_are_the_ones_of_the_project(reading, name):
    layout = LAYOUTS[name]
    plate = next(plate for plate in PLATES.values() if len(plate.wells) == len(layout.wells))
    channels = plate.channels()
    recording = reading(compose(channel_array(plate), continuous(counts_of(2, channels), channels)))
    assert recording.layout == layout


@pytest.mark.parametrize("kind", [0x30000FF, 0x18000AA, 0x12345, 0, 0xFFFFFFFF], ids=hex)
def test_unknown_plates_are_read_from_their_channels(reading, kind):
    plate = Plate(kind, 3, 5, 4, 2)
    channels = plate.channels()
    counts = counts_of(20, channels)
    recording = reading(compose(channel_array(plate), continuous(counts, channels)))
    assert_voltage(recording, counts, channels, SCALE)
    assert set(plate.electrodes) <= set(electrodes(recording))
    assert set(plate.wells) <= set(recording.layout.wells)


def test_rows_and_columns_are_not_swapped(reading):
    plate = Plate(0x3000004, 6, 8, 4, 4)
    channels = plate.channels()
    counts = np.where([[name == "F8_21" for name in names(channels)]], 500, 0)
    found = voltage(reading(compose(channel_array(plate), continuous(counts, channels))))
    assert [name for name, column in found.items() if column.any()] == ["F8_21"]


@pytest.mark.parametrize("field", ["well_column", "well_row", "electrode_column", "electrode_row"])
@pytest.mark.parametrize("value", [0, 9, 200, 255])
def test_channels_outside_the_plate_are_told(tmp_path, field, value):
    channels = CYTOVIEW_24.channels()
    channels[field][5] = value
    found = outcome(write(compose(channel_array(CYTOVIEW_24, channels), continuous(COUNTS, channels)), tmp_path))
    assert told(found)
    if not isinstance(found, ReadError):
        intact = voltage(found[0])
        for i in (0, 4, 6, 383):
            np.testing.assert_allclose(intact[names(channels)[i]], COUNTS[:, i] * (SCALE * 1e6), rtol=1e-6)


# --- disabled electrodes, and the order of columns ---

OFF = {"A2", "B1_11", "B1_44", "D6_23"}


def test_electrodes_that_are_missing_in_the_channel_array(reading):
    channels = CYTOVIEW_24.channels(without=OFF)
    counts = counts_of(30, channels)
    assert channels.size == 384 - 16 - 3
    recording = reading(compose(channel_array(CYTOVIEW_24, channels), continuous(counts, channels)))
    assert_voltage(recording, counts, channels, SCALE)
    assert sorted(electrodes(recording)) == sorted(CYTOVIEW_24.electrodes)
    assert enabled(recording) == set(names(channels))
    split = reading(compose(channel_array(CYTOVIEW_24, channels), split_continuous(counts)))
    assert_voltage(split, counts, channels, SCALE)
    assert enabled(split) == set(names(channels))


def test_electrodes_that_are_missing_in_the_list_of_columns(reading):
    channels = CYTOVIEW_24.channels(without=OFF)
    counts = counts_of(30, channels)
    recording = reading(compose(channel_array(CYTOVIEW_24), continuous(counts, channels)))
    assert_voltage(recording, counts, channels, SCALE)
    assert sorted(electrodes(recording)) == sorted(CYTOVIEW_24.electrodes)
    assert enabled(recording) == set(names(channels))


def test_electrodes_that_are_missing_in_a_file_of_spikes(reading):
    channels = CYTOVIEW_24.channels(without=OFF)
    for array in (channels, CHANNELS):
        recording = reading(compose(channel_array(CYTOVIEW_24, array), spikes(records_of(FIRED, channels), channels)))
        assert_trains(recording, FIRED)
        assert sorted(electrodes(recording)) == sorted(CYTOVIEW_24.electrodes)
        assert enabled(recording) == set(names(channels))


def test_a_single_electrode(reading):
    channels = CHANNELS[[77]]
    counts = counts_of(100, channels)
    recording = reading(compose(channel_array(CYTOVIEW_24, channels), continuous(counts, channels)))
    assert recording.signal.shape == (100, 1)
    assert_voltage(recording, counts, channels, SCALE)


def test_columns_follow_the_list_of_ids(reading):
    order = np.random.default_rng(3).permutation(CHANNELS.size)
    recording = reading(compose(channel_array(CYTOVIEW_24), continuous(COUNTS, CHANNELS[order])))
    assert_voltage(recording, COUNTS, CHANNELS[order], SCALE)


def test_columns_of_the_split_layout_follow_the_channel_array(reading):
    channels = CHANNELS[np.random.default_rng(4).permutation(CHANNELS.size)]
    recording = reading(compose(channel_array(CYTOVIEW_24, channels), split_continuous(COUNTS)))
    assert_voltage(recording, COUNTS, channels, SCALE)


def test_a_column_without_an_electrode_is_told(tmp_path):
    channels = CHANNELS.copy()
    channels["chip"][10] = 99
    found = outcome(write(compose(channel_array(CYTOVIEW_24), continuous(COUNTS, channels)), tmp_path))
    assert told(found)
    if not isinstance(found, ReadError):
        intact = voltage(found[0])
        assert "A1_33" not in intact
        np.testing.assert_allclose(intact["A1_34"], COUNTS[:, 11] * (SCALE * 1e6), rtol=1e-6)


def test_two_columns_of_one_electrode_are_told(tmp_path):
    channels = CHANNELS.copy()
    channels[10] = channels[11]
    assert told(outcome(write(compose(channel_array(CYTOVIEW_24), continuous(COUNTS, channels)), tmp_path)))


@pytest.mark.parametrize(
    "columns", [["chip", "channel"], ["well_column", "well_row", "electrode_column", "electrode_row"]]
)
def test_two_channels_at_one_place_are_told(tmp_path, columns):
    channels = CHANNELS.copy()
    for column in columns:
        channels[column][10] = channels[column][200]
    for part in (continuous(COUNTS, CHANNELS), split_continuous(COUNTS), spikes(records_of(FIRED, CHANNELS), CHANNELS)):
        assert told(outcome(write(compose(channel_array(CYTOVIEW_24, channels), part), tmp_path)))


def test_the_split_layout_with_another_number_of_columns_than_channels(tmp_path):
    channels = CYTOVIEW_24.channels(without={"A1"})
    assert told(outcome(write(compose(channel_array(CYTOVIEW_24, channels), split_continuous(COUNTS)), tmp_path)))


# --- scale, rate and sample type ---


@pytest.mark.parametrize("scale", [-5.484861781e-08, -5.8139534883720935e-08, 5.51e-08, 6.5e-08, 1e-6])
def test_the_sign_of_the_scale_counts(reading, scale):
    for part in (continuous(COUNTS, CHANNELS, scale=scale), split_continuous(COUNTS, scale=scale)):
        assert_voltage(reading(compose(channel_array(CYTOVIEW_24), part)), COUNTS, CHANNELS, scale)


@pytest.mark.parametrize("sample_type", [0, 1, 2, 3])
def test_sample_types(reading, sample_type):
    counts = COUNTS * (1, 30, 0.37, 0.37)[sample_type]
    recording = reading(compose(channel_array(CYTOVIEW_24), continuous(counts, CHANNELS, sample_type=sample_type)))
    assert recording.signal.shape == (50, 384)
    assert_voltage(recording, counts, CHANNELS, SCALE)


@pytest.mark.parametrize("sample_type", [4, 255, 0xFFFF])
def test_unknown_sample_types_are_refused(tmp_path, sample_type):
    file = compose(channel_array(CYTOVIEW_24), continuous(COUNTS, CHANNELS))
    content = file.repaired(file.field("sample type").forged(file.content, sample_type))
    (tmp_path / "plate.raw").write_bytes(content)
    assert isinstance(outcome(tmp_path / "plate.raw"), ReadError)


@pytest.mark.parametrize("rate", [100.0, 12500.0, 10000.0, 20000.0, 200_000.0])
def test_rates(reading, rate):
    for part in (continuous(COUNTS, CHANNELS, rate=rate), split_continuous(COUNTS, rate=rate)):
        assert reading(compose(channel_array(CYTOVIEW_24), part)).signal.sampling_rate == rate
    fired = {"A1_11": [11, 50]}
    for part in (
        spikes(records_of(fired, CHANNELS), CHANNELS, rate=rate),
        split_spikes(records_of(fired, CHANNELS), rate=rate),
    ):
        assert_trains(reading(compose(channel_array(CYTOVIEW_24), part)), fired, rate)


@pytest.mark.parametrize("name", ["rate", "scale"])
@pytest.mark.parametrize("value", [0.0, float("nan"), float("inf"), -float("inf")])
def test_rates_and_scales_that_cannot_be(tmp_path, name, value):
    bad = {name: value}
    for part in (
        continuous(COUNTS, CHANNELS, duration=1.0, **bad),
        spikes(records_of(FIRED, CHANNELS), CHANNELS, **bad),
        split_continuous(COUNTS, **bad),
        split_spikes(records_of(FIRED, CHANNELS), **bad),
    ):
        assert isinstance(outcome(write(compose(channel_array(CYTOVIEW_24), part), tmp_path)), ReadError)


@pytest.mark.parametrize("rate", [-12500.0, 99.0, 200_001.0, 1e300])
def test_rates_outside_of_what_amplifiers_do(tmp_path, rate):
    file = compose(channel_array(CYTOVIEW_24), continuous(COUNTS, CHANNELS, rate=rate, duration=1.0))
    assert isinstance(outcome(write(file, tmp_path)), ReadError)


# --- several data sets ---


def test_the_voltage_is_found_among_other_sets(tmp_path):
    bands = {"BroadbandLowFrequency": 5, "Voltage": 6, "BroadbandHighFrequency": 7}
    parts = [
        continuous(counts_of(60, CHANNELS, seed), CHANNELS, set_names=(name,), scale=SCALE * seed, name=name)
        for name, seed in bands.items()
    ]
    recordings = read_path(write(compose(channel_array(CYTOVIEW_24), *parts), tmp_path))
    assert_voltage(recordings[0], counts_of(60, CHANNELS, 6), CHANNELS, SCALE * 6)
    said = str([(recording.metadata, recording.problems) for recording in recordings])
    assert "BroadbandLowFrequency" in said
    assert "BroadbandHighFrequency" in said


@pytest.mark.parametrize("spikes_first", [True, False])
def test_voltage_and_spikes_in_one_file(reading, spikes_first):
    parts = [continuous(COUNTS, CHANNELS), spikes(records_of({"B2_31": [20, 40]}, CHANNELS), CHANNELS, duration=0.004)]
    recording = reading(compose(channel_array(CYTOVIEW_24), *(reversed(parts) if spikes_first else parts)))
    assert_voltage(recording, COUNTS, CHANNELS, SCALE)
    assert_trains(recording, {"B2_31": [20, 40]})


def test_headers_find_their_data_by_its_place(reading):
    counts = Data.of(COUNTS.astype("<i2"))
    records = records_of({"B2_31": [20, 40]}, CHANNELS)
    fired = Data.of(records)
    voltage_header = Combined(
        kind=CONTINUOUS,
        channels=CHANNELS,
        channels_per_block=384,
        samples_per_block=1,
        block_header=0,
        name="Continuous",
        set_names=("Voltage",),
        duration=0.004,
    ).entries(counts)
    spike_header = Combined(
        kind=SPIKES, channels=CHANNELS, channels_per_block=1, samples_per_block=38, block_header=30, duration=0.004
    ).entries(fired)
    entries = [voltage_header[0], spike_header[0], spike_header[1], voltage_header[1]]
    recording = reading(compose(channel_array(CYTOVIEW_24), entries))
    assert_voltage(recording, COUNTS, CHANNELS, SCALE)
    assert_trains(recording, {"B2_31": [20, 40]})


def test_headers_of_the_split_layout_find_their_data_by_its_place(reading):
    counts, fired = Data.of(COUNTS.astype("<i2")), Data.of(records_of({"B2_31": [20, 40]}, CHANNELS))
    entries = [
        split_header(counts, 384),
        split_extension(RAW, "Voltage"),
        split_header(fired, 1, samples_per_block=38, block_header=30),
        split_extension(SPIKES, "Spikes"),
        Entry(DATA, fired),
        Entry(DATA, counts),
    ]
    recording = reading(compose(channel_array(CYTOVIEW_24), entries))
    assert_voltage(recording, COUNTS, CHANNELS, SCALE)
    assert_trains(recording, {"B2_31": [20, 40]})


@pytest.mark.parametrize("name", ["Contractility", "Viability Impedance"])
def test_what_is_no_voltage_is_never_read_as_one(reading, tmp_path, name):
    other = continuous(COUNTS + 1, CHANNELS, set_names=(name,))
    assert_voltage(
        reading(compose(channel_array(CYTOVIEW_24), other, continuous(COUNTS, CHANNELS))), COUNTS, CHANNELS, SCALE
    )
    found = outcome(write(compose(channel_array(CYTOVIEW_24), other), tmp_path))
    assert isinstance(found, UnsupportedFormatError)
    assert name in str(found)


def test_a_set_that_may_be_filtered_is_told(reading):
    recording = reading(compose(channel_array(CYTOVIEW_24), continuous(COUNTS, CHANNELS, set_names=("LFP",))))
    assert any("'LFP' may be filtered" in problem for problem in recording.problems)
    both = [
        continuous(COUNTS + n, CHANNELS, set_names=(set_,)) for n, set_ in ((1, "BroadbandLow"), (0, "BroadbandHigh"))
    ]
    assert_voltage(reading(compose(channel_array(CYTOVIEW_24), *both)), COUNTS, CHANNELS, SCALE)


def test_several_sets_within_one_block_are_never_taken_for_one(tmp_path):
    both = np.hstack([COUNTS, counts_of(50, CHANNELS, 9)])
    data = Data.of(both.astype("<i2"))
    part = continuous(data, CHANNELS, sets_per_block=2, set_names=("Voltage", "LFP"), duration=50 / 12500)
    found = outcome(write(compose(channel_array(CYTOVIEW_24), part), tmp_path))
    if not told(found):
        assert found[0].signal.shape[0] == 50
        assert_voltage(found[0], COUNTS, CHANNELS, SCALE)


@pytest.mark.parametrize("strange", [{"block_header": 8}, {"samples_per_block": 2}, {"samples_per_block": 0}])
def test_blocks_that_are_not_plain_columns_are_told(tmp_path, strange):
    assert told(outcome(write(compose(channel_array(CYTOVIEW_24), continuous(COUNTS, CHANNELS, **strange)), tmp_path)))


@pytest.mark.parametrize("kind", [3, 9, 0xFFFF])
def test_sets_of_an_unknown_kind_are_told(tmp_path, kind):
    file = compose(channel_array(CYTOVIEW_24), continuous(COUNTS, CHANNELS))
    (tmp_path / "plate.raw").write_bytes(file.repaired(file.field("data type").forged(file.content, kind)))
    assert told(outcome(tmp_path / "plate.raw"))
