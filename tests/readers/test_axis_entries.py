"""AxIS files: their entries in any order and number, what they say beside the data, and older kinds of files."""

from __future__ import annotations

import numpy as np
import pytest
from readers.axis_outcomes import (
    assert_trains,
    assert_voltage,
    channel_names,
    counts_of,
    electrodes,
    enabled,
    metadata_value,
    outcome,
    read_path,
    records_of,
    told,
    write,
)
from readers.builders.axis_data import (
    DATA,
    SCALE,
    continuous,
    spikes,
    split_continuous,
    split_spikes,
)
from readers.builders.axis_file import (
    Note,
    beta_file,
    channel_array,
    compose,
    legacy_file,
    notes,
    skip,
    unknown,
)
from readers.builders.axis_layout import Data, Entry
from readers.builders.axis_plates import (
    CYTOVIEW_24,
    CYTOVIEW_48,
    NETRI,
    SIX_WELLS,
    names,
)
from readers.builders.axis_tags import event, treatment

from mnephys.errors import ReadError
from mnephys.recording import DurationSource

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


# --- entries ---


@pytest.mark.parametrize("length", [0, 1, 12, 1000, 5001])
def test_what_is_to_be_skipped_still_takes_its_room(reading, length):
    recording = reading(
        compose(
            skip(length),
            notes(Note("Ann")),
            skip(length),
            channel_array(CYTOVIEW_24),
            event(12500, "before"),
            skip(length),
            continuous(COUNTS, CHANNELS),
            skip(length),
            event(25000, "after"),
        )
    )
    assert_voltage(recording, COUNTS, CHANNELS, SCALE)
    assert [(at, text) for at, text in recording.events] == [(1.0, "before"), (2.0, "after")]
    assert recording.problems == ()


@pytest.mark.parametrize("kind", [0x08, 0x42, 0xFE])
def test_entries_of_an_unknown_type_are_passed_over(reading, kind):
    recording = reading(
        compose(
            unknown(kind, b"AxionBio" * 50),
            channel_array(CYTOVIEW_24),
            unknown(kind, b"x"),
            continuous(COUNTS, CHANNELS),
        )
    )
    assert_voltage(recording, COUNTS, CHANNELS, SCALE)


def test_entries_in_any_order(reading):
    recording = reading(
        compose(
            event(12500, "first"),
            continuous(COUNTS, CHANNELS),
            channel_array(CYTOVIEW_24),
            notes(Note("Ann", "Plate 7")),
        )
    )
    assert_voltage(recording, COUNTS, CHANNELS, SCALE)
    assert recording.events == ((1.0, "first"),)
    assert metadata_value(recording.metadata, "recording name") == "Plate 7"


@pytest.mark.parametrize("n_entries", [122, 123, 124, 248, 249, 250, 251, 400])
def test_tables_of_further_entries(reading, n_entries):
    tags = [event(125 * i, f"event {i}") for i in range(n_entries - 3)]
    recording = reading(compose(channel_array(CYTOVIEW_24), *tags, continuous(COUNTS, CHANNELS)))
    assert recording.events == tuple((i / 100, f"event {i}") for i in range(n_entries - 3))
    assert_voltage(recording, COUNTS, CHANNELS, SCALE)
    assert recording.problems == ()


def test_data_before_a_table_of_further_entries(reading):
    tags = [event(125 * i, f"event {i}") for i in range(300)]
    recording = reading(compose(channel_array(CYTOVIEW_24), continuous(COUNTS, CHANNELS), *tags))
    assert len(recording.events) == 300
    assert_voltage(recording, COUNTS, CHANNELS, SCALE)


def test_the_last_entry_may_reach_to_the_end(reading):
    for part in (continuous(COUNTS, CHANNELS), split_continuous(COUNTS)):
        recording = reading(compose(channel_array(CYTOVIEW_24), part, to_end=True))
        assert recording.signal.shape == (50, 384)
        assert_voltage(recording, COUNTS, CHANNELS, SCALE)
        assert recording.problems == ()
    records = records_of(FIRED, CHANNELS)
    for part in (spikes(records, CHANNELS), split_spikes(records)):
        assert_trains(reading(compose(channel_array(CYTOVIEW_24), part, to_end=True)), FIRED)


def test_entries_begin_where_the_header_says(reading):
    recording = reading(compose(channel_array(CYTOVIEW_24), continuous(COUNTS, CHANNELS), entries_start=4096))
    assert_voltage(recording, COUNTS, CHANNELS, SCALE)


@pytest.mark.parametrize("version", [(1, 0), (1, 1), (1, 2), (1, 3)])
def test_minor_versions_of_the_file(reading, version):
    recording = reading(compose(channel_array(CYTOVIEW_24), continuous(COUNTS, CHANNELS), version=version))
    assert_voltage(recording, COUNTS, CHANNELS, SCALE)


@pytest.mark.parametrize("version", [(2, 0), (9, 9), (0xFFFF, 0xFFFF)])
def test_a_major_version_of_the_future_is_told(tmp_path, version):
    assert told(
        outcome(write(compose(channel_array(CYTOVIEW_24), continuous(COUNTS, CHANNELS), version=version), tmp_path))
    )


@pytest.mark.parametrize("version", [(1, 0), (1, 1), (1, 2)])
def test_versions_of_the_combined_header(reading, version):
    recording = reading(compose(channel_array(CYTOVIEW_24), continuous(COUNTS, CHANNELS, version=version)))
    assert_voltage(recording, COUNTS, CHANNELS, SCALE)
    assert recording.duration == pytest.approx(50 / 12500)
    assert recording.duration_source is DurationSource.STATED


def test_a_file_without_notes_or_tags(reading):
    assert_voltage(reading(compose(channel_array(CYTOVIEW_24), continuous(COUNTS, CHANNELS))), COUNTS, CHANNELS, SCALE)


@pytest.mark.parametrize(
    "parts",
    [
        [],
        [notes(Note("Ann"))],
        [channel_array(CYTOVIEW_24)],
        [continuous(COUNTS, CHANNELS)],
        [spikes(records_of(FIRED, CHANNELS), CHANNELS)],
        [channel_array(CYTOVIEW_24, CHANNELS[:0]), continuous(COUNTS[:, :0], CHANNELS[:0])],
        [channel_array(CYTOVIEW_24), [Entry(DATA, Data.of(b"x" * 768))]],
        [channel_array(CYTOVIEW_24), treatment("A1", "TTX")],
    ],
    ids=["nothing", "notes", "no data", "no channels", "spikes without channels", "no rows", "no header", "tags"],
)
def test_files_without_a_recording_are_refused(tmp_path, parts):
    assert isinstance(outcome(write(compose(*parts), tmp_path)), ReadError)


def test_an_empty_set_of_spikes_is_a_silent_plate(reading):
    recording = reading(compose(channel_array(CYTOVIEW_24), spikes(records_of({}, CHANNELS), CHANNELS, duration=300.0)))
    assert recording.trains.n_spikes == 0
    assert recording.trains.n_trains == 384
    assert recording.duration == 300.0
    assert recording.duration_source is DurationSource.STATED


# --- what is said beside the data ---


def test_the_start_is_told(reading):
    for file in (
        compose(channel_array(CYTOVIEW_24), continuous(COUNTS, CHANNELS)),
        compose(channel_array(CYTOVIEW_24), split_continuous(COUNTS)),
        legacy_file(COUNTS, CYTOVIEW_24),
    ):
        said = str(dict(reading(file).metadata))
        assert "2024-03-05" in said
        assert "14:07:26" in said


@pytest.mark.parametrize("moment", [(0,) * 7, (2024, 13, 40, 25, 61, 61, 1001), (0xFFFF,) * 7])
def test_a_date_that_cannot_be_costs_nothing_else(reading, moment):
    for part in (continuous(COUNTS, CHANNELS, started=moment), split_continuous(COUNTS, started=moment)):
        recording = reading(compose(channel_array(CYTOVIEW_24), part))
        assert_voltage(recording, COUNTS, CHANNELS, SCALE)


def test_notes(reading):
    recording = reading(
        compose(
            notes(Note("Ann Lee", "Plate 7", "first line\r\nsecond line")),
            channel_array(CYTOVIEW_24),
            continuous(COUNTS, CHANNELS),
        )
    )
    assert metadata_value(recording.metadata, "investigator") == "Ann Lee"
    assert metadata_value(recording.metadata, "recording name") == "Plate 7"
    assert "second line" in metadata_value(recording.metadata, "description")


def test_the_newest_note_counts(reading):
    several = [Note(f"Person {i}", f"Plate {i}", f"Text {i}", revision=i) for i in (1, 3, 2)]
    recording = reading(compose(notes(*several), channel_array(CYTOVIEW_24), continuous(COUNTS, CHANNELS)))
    assert metadata_value(recording.metadata, "investigator") == "Person 3"


def test_a_note_that_fills_its_field(reading):
    note = Note("I" * 50, "N" * 50, "D" * 500)
    recording = reading(compose(notes(note), channel_array(CYTOVIEW_24), continuous(COUNTS, CHANNELS)))
    assert metadata_value(recording.metadata, "investigator") == "I" * 50


def test_the_description_of_the_settings_is_kept(reading):
    text = "Maestro Settings\r\n   AxIS Version: 3.7.2.8\r\n   Detector: Adaptive 5.5 x SD\r\n"
    for part in (
        continuous(COUNTS, CHANNELS, description=text),
        spikes(records_of(FIRED, CHANNELS), CHANNELS, description=text),
    ):
        said = str(dict(reading(compose(channel_array(CYTOVIEW_24), part)).metadata))
        assert "3.7.2.8" in said
        assert "Adaptive 5.5 x SD" in said


@pytest.mark.parametrize("version", [(1, 1), (1, 2)])
def test_the_stated_duration_of_spikes(reading, version):
    part = spikes(records_of(FIRED, CHANNELS), CHANNELS, duration=610.0, version=version)
    recording = reading(compose(channel_array(CYTOVIEW_24), part))
    assert (recording.duration, recording.duration_source) == (610.0, DurationSource.STATED)


def test_spikes_without_a_stated_duration(reading):
    for part in (
        spikes(records_of(FIRED, CHANNELS), CHANNELS, version=(1, 0)),
        split_spikes(records_of(FIRED, CHANNELS)),
    ):
        recording = reading(compose(channel_array(CYTOVIEW_24), part))
        assert_trains(recording, FIRED)
        assert recording.duration_source is DurationSource.SPIKES


@pytest.mark.parametrize("duration", [0.0, -1.0, float("nan"), float("inf"), 1e300])
def test_a_duration_that_cannot_be(tmp_path, duration):
    part = spikes(records_of(FIRED, CHANNELS), CHANNELS, duration=duration)
    found = outcome(write(compose(channel_array(CYTOVIEW_24), part), tmp_path))
    if not isinstance(found, ReadError):
        assert_trains(found[0], FIRED)
        assert found[0].duration_source is DurationSource.SPIKES


# --- older files ---


@pytest.mark.parametrize("minor", [1, 2])
@pytest.mark.parametrize("plate", [CYTOVIEW_24, CYTOVIEW_48, SIX_WELLS, NETRI], ids=lambda plate: hex(plate.type))
def test_legacy_files(reading, minor, plate):
    channels = plate.channels(without={"A1_11", "B2"})
    counts = counts_of(40, channels)
    recording = reading(legacy_file(counts, plate, minor=minor, channels=channels, rate=20000.0, scale=5.51e-8))
    assert recording.signal.sampling_rate == 20000.0
    assert recording.signal.shape == counts.shape
    assert_voltage(recording, counts, channels, 5.51e-8)
    assert sorted(electrodes(recording)) == sorted(plate.electrodes)
    assert enabled(recording) == set(names(channels))
    assert recording.duration == pytest.approx(40 / 20000)


def test_the_beta(reading):
    counts = np.random.default_rng(5).integers(-3000, 3000, (80, 64))
    recording = reading(beta_file(counts, rate=20000, coefficients=(0.5, 6.6e-5, 0.25, 0.125)))
    assert recording.signal.shape == (80, 64)
    assert recording.signal.sampling_rate == 20000.0
    assert len(set(channel_names(recording))) == 64
    np.testing.assert_allclose(recording.signal.read(0, 80), counts * (6.6e-5 / 1200 * 1e6), rtol=1e-6, atol=1e-9)
    assert "2024-03-05" in str(dict(recording.metadata))
