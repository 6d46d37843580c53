"""Tags of AxIS files: what was done to wells, what happened when, and what the recording is called."""

from __future__ import annotations

import struct
from datetime import timedelta

import numpy as np
import pytest
from readers.axis_outcomes import (
    assert_voltage,
    counts_of,
    metadata_value,
    outcome,
    read_path,
    told,
    write,
)
from readers.builders.axis_data import SCALE, continuous, spike_dtype, spikes, split_continuous
from readers.builders.axis_file import Note, channel_array, compose, notes
from readers.builders.axis_layout import STARTED, Entry, Layout
from readers.builders.axis_plates import CYTOVIEW_24, CYTOVIEW_48
from readers.builders.axis_tags import (
    DATA_LOSS,
    DOSING,
    STIMULATION,
    SYSTEM_NOTE,
    TAG,
    TREATMENT,
    USER_NOTE,
    deletion,
    event,
    guid,
    key_value,
    old_treatment,
    tag,
    treatment,
)

from mnephys.errors import ReadError

CHANNELS = CYTOVIEW_24.channels()
COUNTS = counts_of(10, CHANNELS)
ONE, TWO = guid("one"), guid("two")
POWERS = {"p": 1e-12, "n": 1e-9, "u": 1e-6, "\u00b5": 1e-6, "\u03bc": 1e-6, "m": 1e-3, "": 1.0, "k": 1e3}


def with_tags(*tags, data=None):
    return compose(channel_array(CYTOVIEW_24), continuous(COUNTS, CHANNELS) if data is None else data, *tags)


@pytest.fixture
def reading(tmp_path):
    """Read a file with some tags."""

    def read(*tags, **options):
        (recording,) = read_path(write(with_tags(*tags, **options), tmp_path))
        return recording

    return read


@pytest.fixture
def damaged(tmp_path):
    """Read a file with a tag that is damaged; everything else in it comes out whole, or it is refused."""

    def read(*tags):
        found = outcome(write(with_tags(event(125, "good"), *tags, treatment("B2", "good")), tmp_path))
        if not isinstance(found, ReadError):
            assert_voltage(found[0], COUNTS, CHANNELS, SCALE)
            assert (0.01, "good") in found[0].events
            assert found[0].well_facts["B2"]["treatment"] == "good"
        return found

    return read


def fact(recording, well, name):
    return recording.well_facts.get(well, {}).get(name, "")


# --- treatments ---


def test_a_treatment(reading):
    recording = reading(treatment("B3", "TTX", note="at noon", dose=1.5, unit="M", control=True))
    facts = recording.well_facts["B3"]
    assert facts["treatment"] == "TTX"
    assert facts["note"] == "at noon"
    assert float(facts["dose"]) == 1.5
    assert facts["dose_unit"] == "M"
    assert facts["control"] == "yes"
    assert facts["active"] == "yes"
    assert all(isinstance(value, str) for each in recording.well_facts.values() for value in each.values())
    assert recording.problems == ()


def test_columns_and_rows_of_wells_are_not_swapped(reading):
    recording = reading(*(treatment(well, f"drug {well}") for well in CYTOVIEW_24.wells))
    assert {well: facts["treatment"] for well, facts in recording.well_facts.items()} == {
        well: f"drug {well}" for well in CYTOVIEW_24.wells
    }


@pytest.mark.parametrize(("on", "control"), [(True, True), (True, False), (False, True), (False, False)])
def test_flags(reading, on, control):
    for part in (treatment("A1", "x", on=on, control=control), old_treatment("A1", on=on, control=control)):
        recording = reading(part)
        assert fact(recording, "A1", "control") in ({"yes"} if control else {"no", ""})
        assert fact(recording, "A1", "active") in ({"yes", ""} if on else {"no"})


def test_tags_of_older_programs_end_after_the_flags(reading):
    recording = reading(old_treatment("A1", control=True), treatment("A2", "TTX"))
    assert fact(recording, "A1", "control") == "yes"
    assert fact(recording, "A1", "treatment") == ""
    assert fact(recording, "A2", "treatment") == "TTX"
    assert recording.problems == ()


def test_tags_of_a_real_file_say_nothing_of_treatments(tmp_path):
    channels = CYTOVIEW_48.channels()
    tags = [treatment(well) for well in CYTOVIEW_48.wells]
    file = compose(channel_array(CYTOVIEW_48), continuous(counts_of(2, channels), channels), *tags)
    (recording,) = read_path(write(file, tmp_path))
    for well in CYTOVIEW_48.wells:
        for name in ("treatment", "dose", "dose_unit", "note"):
            assert fact(recording, well, name) == ""
    assert recording.problems == ()


@pytest.mark.parametrize("exponent", [12, 9, 6, 3, 0, -3])
def test_doses_are_in_their_base_unit_whatever_they_are_shown_in(reading, exponent):
    recording = reading(treatment("A1", "TTX", dose=2.5e-5, exponent=exponent, unit="M"))
    facts = recording.well_facts["A1"]
    assert facts["dose_unit"].endswith("M")
    shown = float(facts["dose"]) * POWERS[facts["dose_unit"].removesuffix("M")]
    assert shown == pytest.approx(2.5e-5)


def test_a_dose_is_shown_as_the_user_wrote_it(reading):
    # The vendor's own reader documents it: 30 uM is stored as 30e-6 M with the exponent 6.
    facts = reading(treatment("A1", "TTX", dose=30e-6, exponent=6, unit="M")).well_facts["A1"]
    assert (facts["dose"], facts["dose_unit"]) == ("30", "uM")


@pytest.mark.parametrize("dose", [0.0, 1e-9, 0.1, 3.0, 1000.0])
def test_doses_without_an_exponent(reading, dose):
    facts = reading(treatment("A1", "TTX", dose=dose, unit="g/L")).well_facts["A1"]
    assert (float(facts["dose"]), facts["dose_unit"]) == (dose, "g/L")


@pytest.mark.parametrize("dose", [float("nan"), float("inf"), -float("inf")])
def test_a_dose_that_is_none(reading, dose):
    recording = reading(treatment("A1", "TTX", dose=dose, unit="M"))
    assert fact(recording, "A1", "treatment") == "TTX"
    assert fact(recording, "A1", "dose") == ""


@pytest.mark.parametrize("exponent", [-128, 127, 5, -7])
def test_exponents_that_no_prefix_has(damaged, exponent):
    found = damaged(treatment("A1", "TTX", dose=1.0, exponent=exponent, unit="M"))
    if not isinstance(found, ReadError):
        assert found[0].well_facts["A1"]["treatment"] == "TTX"


def test_texts_in_other_alphabets(reading):
    recording = reading(treatment("A1", "Rötelmaus β-Amyloid 1 µM", note="日本語"), event(0, "Tür geöffnet"))
    assert recording.well_facts["A1"]["treatment"] == "Rötelmaus β-Amyloid 1 µM"
    assert recording.well_facts["A1"]["note"] == "日本語"
    assert recording.events == ((0.0, "Tür geöffnet"),)


def test_a_well_that_the_plate_has_not(damaged):
    for well in ("E1", "A7", "P24"):
        found = damaged(treatment(well, "TTX"))
        assert told(found)
        assert isinstance(found, ReadError) or well not in found[0].well_facts


def test_treatments_of_files_with_spikes(reading):
    part = spikes(np.zeros(0, spike_dtype()), CHANNELS, duration=10.0)
    recording = reading(treatment("C4", "TTX"), event(25000, "tap"), data=part)
    assert recording.well_facts["C4"]["treatment"] == "TTX"
    assert recording.events == ((2.0, "tap"),)


def test_tags_of_the_split_layout(reading):
    recording = reading(treatment("C4", "TTX"), event(25000, "tap"), data=split_continuous(COUNTS))
    assert recording.well_facts["C4"]["treatment"] == "TTX"
    assert recording.events == ((2.0, "tap"),)


# --- events ---


@pytest.mark.parametrize("kind", [USER_NOTE, SYSTEM_NOTE])
def test_annotations(reading, kind):
    recording = reading(event(31250, "late", kind=kind), event(12500, "early", kind=kind, lasting=5))
    assert recording.events == ((1.0, "early"), (2.5, "late"))
    assert recording.problems == ()


@pytest.mark.parametrize("kind", [STIMULATION, DOSING, DATA_LOSS])
def test_other_events_are_at_their_time(reading, kind):
    recording = reading(event(31250, "something", kind=kind))
    (found,) = recording.events
    assert found[0] == 2.5
    assert found[1]


def test_the_rate_of_an_event_is_its_own(reading):
    assert reading(event(20000, "tap", rate=20000.0)).events == ((1.0, "tap"),)


def test_events_before_zero(reading):
    assert reading(event(-1250, "tap")).events == ((-0.1, "tap"),)


@pytest.mark.parametrize("rate", [0.0, float("nan"), float("inf"), -12500.0])
def test_an_event_whose_rate_cannot_be(damaged, rate):
    found = damaged(event(12500, "when?", rate=rate))
    assert told(found)


@pytest.mark.parametrize("sample", [-(2**63), 2**63 - 1])
def test_an_event_whose_sample_cannot_be(damaged, sample):
    damaged(event(sample, "when?"))


# --- key and value ---


def test_properties_of_the_recording(reading):
    said = {
        "RecordingName": "Plate 7",
        "Investigator": "Ann Lee",
        "Description": "two\r\nlines",
        "AnalogMode": "Neural",
        "Barcode": "48W-123",
        "BioCoreVersion": "2.1",
    }
    recording = reading(*(key_value(key, value) for key, value in said.items()))
    for key, value in said.items():
        found = metadata_value(recording.metadata, key)
        assert found is not None, key
        assert str(found).split() == value.split()
    assert recording.problems == ()


def test_properties_count_before_notes(tmp_path):
    file = compose(
        notes(Note("From the note", "Name of the note", "Text of the note", revision=9)),
        channel_array(CYTOVIEW_24),
        continuous(COUNTS, CHANNELS),
        key_value("Investigator", "From the tag"),
    )
    (recording,) = read_path(write(file, tmp_path))
    assert metadata_value(recording.metadata, "investigator") == "From the tag"
    assert metadata_value(recording.metadata, "recording name") == "Name of the note"


def test_an_unknown_property_is_kept(reading):
    assert "seventeen" in str(dict(reading(key_value("SomethingNew", "seventeen")).metadata))


def test_a_property_without_a_value(reading):
    assert reading(key_value("Barcode", ""), key_value("", "x"), key_value("Investigator", "Ann")).events == ()


# --- revisions ---


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0), (1, 2, 0)])
def test_the_highest_revision_counts(reading, order):
    several = [treatment("A1", f"drug {i}", identity=ONE, revision=i) for i in range(3)]
    assert reading(*(several[i] for i in order)).well_facts["A1"]["treatment"] == "drug 2"
    several = [event(125 * i, f"event {i}", identity=ONE, revision=i) for i in range(3)]
    assert reading(*(several[i] for i in order)).events == ((0.02, "event 2"),)
    several = [key_value("Barcode", f"code {i}", identity=ONE, revision=i) for i in range(3)]
    assert metadata_value(reading(*(several[i] for i in order)).metadata, "barcode") == "code 2"


def test_of_one_revision_the_later_copy_counts(reading):
    several = [key_value("Barcode", text, identity=ONE, revision=4) for text in ("first", "second")]
    assert reading(*several).metadata["Barcode"] == "second"


def test_revisions_are_unsigned_and_large(reading):
    several = [treatment("A1", str(i), identity=ONE, revision=i) for i in (2**32 - 1, 2**31, 5)]
    assert reading(*several).well_facts["A1"]["treatment"] == str(2**32 - 1)


def test_a_newer_revision_may_move_to_another_well(reading):
    recording = reading(
        treatment("A1", "TTX", identity=ONE, revision=0), treatment("A2", "TTX", identity=ONE, revision=1)
    )
    assert fact(recording, "A1", "treatment") == ""
    assert fact(recording, "A2", "treatment") == "TTX"


def test_tags_of_other_identity_stand_side_by_side(reading):
    recording = reading(event(125, "a", identity=ONE, revision=4), event(250, "b", identity=TWO, revision=1))
    assert recording.events == ((0.01, "a"), (0.02, "b"))


@pytest.mark.parametrize("first", [True, False])
def test_what_was_deleted_is_gone(reading, first):
    parts = [event(125, "gone", identity=ONE, revision=1), deletion(ONE, 2)]
    recording = reading(*(reversed(parts) if first else parts), event(250, "there", identity=TWO))
    assert recording.events == ((0.02, "there"),)
    assert recording.problems == ()
    recording = reading(treatment("A1", "gone", identity=ONE, revision=1), deletion(ONE, 2))
    assert fact(recording, "A1", "treatment") == ""


def test_what_was_written_again_after_its_deletion_is_there(reading):
    parts = [event(125, "old", identity=ONE), deletion(ONE, 1), event(250, "new", identity=ONE, revision=2)]
    assert reading(*parts).events == ((0.02, "new"),)


def test_the_same_revision_twice_is_not_two_events(reading):
    part = event(125, "once", identity=ONE, revision=1)
    assert reading(part, part).events == ((0.01, "once"),)


# --- damage ---


@pytest.mark.parametrize("kind", [6, 7, 8, 9, 12, 13, 99, 0xFFFF])
def test_tags_of_other_kinds_are_passed_over(damaged, kind):
    found = damaged(tag(kind, b"\x01\x02\x03" * 20))
    assert not isinstance(found, ReadError)
    assert len(found[0].events) == 1


@pytest.mark.parametrize("length", [0, 1, 2, 16, 35])
def test_a_tag_too_short_for_its_head_is_told(damaged, length):
    assert told(damaged([Entry(TAG, Layout().raw(b"\x02" + bytes(34))), Entry(TAG, Layout().raw(bytes(35)[:length]))]))


@pytest.mark.parametrize("kind", [TREATMENT, USER_NOTE, SYSTEM_NOTE, 11])
@pytest.mark.parametrize("length", [0, 1, 3, 4, 7, 15, 20, 27])
def test_a_tag_that_ends_early_is_told(damaged, kind, length):
    whole = {
        TREATMENT: treatment("A1", "a drug", note="a note", dose=1.0, unit="M"),
        USER_NOTE: event(5, "a text"),
        SYSTEM_NOTE: event(5, "a text", kind=SYSTEM_NOTE),
        11: key_value("a key", "a value that is long enough"),
    }[kind]
    body = bytes(whole[0].payload.content[36:])
    whole_colour = kind == TREATMENT and length == 7
    assert told(damaged(tag(kind, body[: 9 if whole_colour else length])))


@pytest.mark.parametrize("length", [-1, -(2**31), 2**31 - 1, 1000])
def test_texts_whose_length_lies_are_told(damaged, length):
    size = struct.pack("<i", length)
    place = struct.pack("<4B", 1, 1, 0, 0)
    moment = struct.pack("<dqq4x", 12500.0, 5, 0)
    for kind, body in (
        (TREATMENT, place + b"\1\0\0\0" + size + b"text"),
        (USER_NOTE, moment + size + b"text"),
        (11, size + b"text"),
        (11, struct.pack("<i", 3) + b"key" + size + b"text"),
    ):
        assert told(damaged(tag(kind, body)))


def test_texts_that_are_not_utf8_do_not_cost_the_file(damaged):
    body = struct.pack("<dqq4xi", 12500.0, 125, 0, 4) + b"\xff\xfe\x80\x81"
    found = damaged(tag(USER_NOTE, body))
    assert not isinstance(found, ReadError)


def test_texts_with_line_ends_and_control_characters_stay_one_line_in_messages(damaged):
    damaged(event(5, "a\r\nb\0c\x1b[31md"), treatment("A1", "a\r\nb\0"))


def test_dates_of_tags_that_cannot_be(damaged):
    for created in ((0,) * 7, (0xFFFF,) * 7, (2024, 2, 30, 0, 0, 0, 0)):
        body = bytes(event(250, "odd date")[0].payload.content[36:])
        found = damaged(tag(USER_NOTE, body, created=created))
        assert not isinstance(found, ReadError)
        assert (0.02, "odd date") in found[0].events


def test_thousands_of_revisions_of_one_event_are_one_event(reading):
    several = [
        tag(
            USER_NOTE,
            bytes(event(125, "x")[0].payload.content[36:]),
            identity=ONE,
            revision=i,
            created=STARTED + i * timedelta(seconds=1),
        )
        for i in range(3000)
    ]
    assert reading(*several).events == ((0.01, "x"),)
