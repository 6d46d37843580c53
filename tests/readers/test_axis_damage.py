"""Damaged AxIS files: checksums, lengths and counts that lie, files that were cut."""

from __future__ import annotations

import struct
from dataclasses import replace

import numpy as np
import pytest
from readers.axis_outcomes import (
    assert_voltage,
    counts_of,
    outcome,
    read_path,
    records_of,
    told,
    trains_of,
    write,
)
from readers.builders.axis_data import (
    DATA,
    RAW,
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
)
from readers.builders.axis_layout import Data, Entry, Kind
from readers.builders.axis_plates import (
    CYTOVIEW_24,
)
from readers.builders.axis_tags import event, treatment

from mnephys.errors import ReadError

CHANNELS = CYTOVIEW_24.channels()
COUNTS = counts_of(50, CHANNELS)
FIRED = {"A1_11": [2500, 5000], "C5_42": [7], "D6_44": [125, 126, 7_000_000]}


@pytest.fixture
def raw():
    """A small file with raw voltage."""
    return compose(notes(Note("Ann")), channel_array(CYTOVIEW_24), continuous(COUNTS, CHANNELS))


# --- checksums and lies ---


@pytest.mark.parametrize("name", ["table checksum", "header checksum", "extension checksum"])
def test_checksums_are_checked(tmp_path, name):
    fired = records_of(FIRED, CHANNELS)
    for part in (continuous(COUNTS, CHANNELS), spikes(fired, CHANNELS)):
        file = compose(channel_array(CYTOVIEW_24), part)
        field = file.field(name)
        (tmp_path / "plate.raw").write_bytes(field.forged(file.content, field.value(file.content) ^ 0x100))
        assert told(outcome(tmp_path / "plate.raw"))


def test_the_checksum_of_a_sub_header_is_checked(tmp_path):
    tags = [event(i, str(i)) for i in range(150)]
    file = compose(channel_array(CYTOVIEW_24), *tags, continuous(COUNTS, CHANNELS))
    field = file.field("table checksum", 1)
    (tmp_path / "plate.raw").write_bytes(field.forged(file.content, field.value(file.content) ^ 1))
    assert told(outcome(tmp_path / "plate.raw"))


@pytest.mark.parametrize("name", ["header", "extension", "table"])
def test_no_bit_of_what_a_checksum_covers_changes_unnoticed(tmp_path, raw, name):
    content = raw.content
    end = raw.field(f"{name} checksum").offset
    start = {"header": raw.combined[0], "extension": end - 700, "table": 8}[name]
    generator = np.random.default_rng(8)
    for at, bit in zip(generator.integers(start, end, 60), generator.integers(8, size=60), strict=True):
        damaged = bytearray(content)
        damaged[at] ^= 1 << bit
        (tmp_path / "plate.raw").write_bytes(bytes(damaged))
        assert told(outcome(tmp_path / "plate.raw")), f"bit {bit} of byte {at}"


def same(found, counts) -> bool:
    """Whether a signal is the first part of some counts."""
    n = found.signal.shape[0]
    assert n <= len(counts)
    assert_voltage(found, counts[:n], CHANNELS, SCALE)
    return True


@pytest.mark.parametrize("split", [False, True])
def test_files_that_were_cut(tmp_path, split):
    part = split_continuous(COUNTS) if split else continuous(COUNTS, CHANNELS)
    file = compose(notes(Note("Ann")), channel_array(CYTOVIEW_24), part)
    content = file.content
    data = content.index(COUNTS[0].astype("<i2").tobytes())
    for length in sorted({*range(1, data, 97), data - 1, data, data + 1, data + 767, data + 768, len(content) - 1}):
        (tmp_path / "plate.raw").write_bytes(content[:length])
        found = outcome(tmp_path / "plate.raw")
        assert told(found), f"cut to {length} bytes"
        assert isinstance(found, ReadError) or same(found[0], COUNTS)
        assert length >= data + 768 or isinstance(found, ReadError)


def test_data_that_was_cut_and_reaches_to_the_end(tmp_path):
    for part in (continuous(COUNTS, CHANNELS), split_continuous(COUNTS)):
        file = compose(channel_array(CYTOVIEW_24), part, to_end=True)
        (tmp_path / "plate.raw").write_bytes(file.content[:-100])
        found = outcome(tmp_path / "plate.raw")
        assert told(found)
        assert isinstance(found, ReadError) or same(found[0], COUNTS[:49])


@pytest.mark.parametrize("value", [0, 1, -1, 2**31 - 1, 2**32 - 1, 2**63 - 1, "size"])
def test_sizes_counts_and_offsets_that_lie(tmp_path, value):
    fired = records_of({"A1_11": [100, 300], "D6_44": [150]}, CHANNELS)
    channels = CYTOVIEW_24.channels(without=CYTOVIEW_24.wells[1:])
    fired = fired[:2]
    for part in (
        continuous(COUNTS[:, :16], channels),
        spikes(fired, channels),
        split_continuous(COUNTS[:, :16], kind=RAW),
        split_spikes(fired),
    ):
        file = compose(
            notes(Note("Ann")),
            channel_array(CYTOVIEW_24, channels),
            part,
            event(5, "e"),
            treatment("A1", "TTX", dose=1.0),
        )
        forged = file.size + 1 if value == "size" else value
        for field in file.fields:
            if field.kind in {Kind.SIZE, Kind.COUNT, Kind.OFFSET}:
                for fix in (True, False):
                    changed = field.forged(file.content, forged)
                    (tmp_path / "plate.raw").write_bytes(file.repaired(changed) if fix else changed)
                    found = outcome(tmp_path / "plate.raw")
                    for recording in [] if isinstance(found, ReadError) else found:
                        _plausible(recording, field.name)


def _plausible(recording, name):
    """What was read although something lied is a part of the truth, or what was told otherwise."""
    if recording.signal is not None:
        assert recording.signal.sampling_rate == 12500.0, name
        block = recording.signal.read(0, recording.signal.shape[0])
        assert np.isfinite(block).all(), name
        if not recording.problems:
            assert_voltage(
                recording, COUNTS[: len(block), :16], CYTOVIEW_24.channels(without=CYTOVIEW_24.wells[1:]), SCALE
            )
    if recording.trains is not None:
        if not recording.problems:
            assert set(trains_of(recording)["A1_11"]) <= {100 / 12500, 300 / 12500}, name
        if recording.trains.waveforms is not None:
            assert np.isfinite(recording.trains.waveforms[:]).all(), name


@pytest.mark.parametrize("share", [0, 1, 3])
def test_a_length_that_hides_samples_or_spikes_is_told(tmp_path, share):
    fired = records_of({"A1_11": [100, 300, 500, 700]}, CHANNELS)
    for part in (continuous(COUNTS[:4], CHANNELS), spikes(fired, CHANNELS)):
        file = compose(channel_array(CYTOVIEW_24), part)
        field = file.field("data length")
        forged = field.forged(file.content, field.value(file.content) * share // 4)
        (tmp_path / "plate.raw").write_bytes(file.repaired(forged))
        assert told(outcome(tmp_path / "plate.raw"))


def test_data_that_no_header_describes_are_told(tmp_path):
    fired = records_of({"A1_11": [100]}, CHANNELS)
    for part in (spikes(fired, CHANNELS), continuous(COUNTS, CHANNELS)):
        stray = [Entry(DATA, Data.of(b"x" * 768))]
        assert told(outcome(write(compose(channel_array(CYTOVIEW_24), part, stray), tmp_path)))


def test_voltage_without_a_sample_is_told(tmp_path):
    for file in (
        compose(channel_array(CYTOVIEW_24), continuous(COUNTS[:0], CHANNELS)),
        compose(channel_array(CYTOVIEW_24), split_continuous(COUNTS[:0])),
        legacy_file(COUNTS[:0], CYTOVIEW_24),
    ):
        assert told(outcome(write(file, tmp_path)))


@pytest.mark.parametrize("stated", [5.0, 20.0])
def test_a_duration_that_the_samples_contradict_is_told(tmp_path, stated):
    channels = CHANNELS[:2]
    part = continuous(counts_of(125_000, channels), channels, duration=stated)
    found = outcome(write(compose(channel_array(CYTOVIEW_24, channels), part), tmp_path))
    assert told(found)
    assert isinstance(found, ReadError) or found[0].duration == 10.0


@pytest.mark.parametrize(("n_samples", "off"), [(20, 0.01), (125_000, 0.9), (125_000, -0.9), (2_500_000, 1.9)])
def test_a_stated_duration_that_differs_a_little_is_no_contradiction(tmp_path, n_samples, off):
    channels = CHANNELS[:1]
    data, lasted = Data(2 * n_samples), n_samples / 12500
    stated = lasted * 1.2 if n_samples == 20 else lasted + off
    part = continuous(data, channels, duration=stated)
    (recording,) = read_path(write(compose(channel_array(CYTOVIEW_24, channels), part), tmp_path))
    assert recording.problems == ()
    assert recording.duration == lasted


def test_samples_of_another_type_contradict_the_duration_also_of_a_short_recording(tmp_path):
    file = compose(channel_array(CYTOVIEW_24), continuous(COUNTS, CHANNELS))
    (tmp_path / "plate.raw").write_bytes(file.repaired(file.field("sample type").forged(file.content, 1)))
    (recording,) = outcome(tmp_path / "plate.raw")
    assert recording.signal.shape[0] == 25
    assert "The header of the data set 'Voltage' states 0.004 s, its samples last 0.002 s." in recording.problems


def test_bytes_among_the_samples_of_a_part_that_reaches_to_the_end_are_told(tmp_path):
    file = compose(channel_array(CYTOVIEW_24), continuous(COUNTS, CHANNELS), to_end=True)
    (tmp_path / "plate.raw").write_bytes(_with_bytes_among_samples(file))
    (recording,) = outcome(tmp_path / "plate.raw")
    assert recording.signal.shape[0] == 50
    assert recording.problems == (
        "The file goes on for 38912 bytes of the data set 'Continuous', its header states 38400.",
    )


@pytest.mark.parametrize("part", [split_continuous(COUNTS), continuous(COUNTS, CHANNELS)], ids=["split", "combined"])
def test_bytes_among_the_samples_of_the_last_part_are_told(tmp_path, part):
    file = compose(channel_array(CYTOVIEW_24), part)
    (tmp_path / "plate.raw").write_bytes(_with_bytes_among_samples(file))
    (recording,) = outcome(tmp_path / "plate.raw")
    assert recording.signal.shape[0] == 50
    assert recording.problems == ("512 bytes follow the last part that the header lists; they were not read.",)


@pytest.mark.parametrize("n_entries", [122, 123, 124, 123 + 126])
def test_bytes_behind_the_last_part_are_told_however_many_tables_there_are(tmp_path, n_entries):
    part = continuous(COUNTS, CHANNELS)
    tags = [event(i, str(i))[0] for i in range(n_entries - len(part) - 1)]
    content = compose(channel_array(CYTOVIEW_24), part, tags).content
    for more, problems in (
        (b"", ()),
        (b"\0", ("1 bytes follow the last part that the header lists; they were not read.",)),
    ):
        (tmp_path / "plate.raw").write_bytes(content + more)
        (recording,) = outcome(tmp_path / "plate.raw")
        assert recording.problems == problems
        assert_voltage(recording, COUNTS, CHANNELS, SCALE)


def _with_bytes_among_samples(file) -> bytes:
    content = file.content
    at = content.index(COUNTS[20].astype("<i2").tobytes())
    return content[:at] + bytes(512) + content[at:]


@pytest.mark.parametrize("split", [False, True])
def test_time_points_with_headers_are_told(tmp_path, split):
    # As many bytes as fit: neither a rest nor the duration contradicts.
    counts = counts_of(50, CHANNELS)
    settings = {"block_header": 768}
    part = split_continuous(counts, **settings) if split else continuous(counts, CHANNELS, duration=0.002, **settings)
    (recording,) = outcome(write(compose(channel_array(CYTOVIEW_24), part), tmp_path))
    assert recording.signal.shape[0] == 25
    (sentence,) = recording.problems
    assert sentence.endswith("has 768 bytes before it; passed over.")


@pytest.mark.parametrize("n_channels", [1, 63, 65, 64 + 256, 64 + 1024])
def test_a_beta_file_of_other_than_64_channels_is_refused(tmp_path, n_channels):
    file = beta_file(np.zeros((40, 64)))
    (tmp_path / "plate.raw").write_bytes(file.field("number of channels").forged(file.content, n_channels))
    assert isinstance(outcome(tmp_path / "plate.raw"), ReadError)


def test_noise_behind_the_magic(tmp_path):
    generator = np.random.default_rng(2)
    for length in (0, 1, 30, 1016, 1017, 5000):
        for version in ((1, 3), (0, 1), (0, 2)):
            head = b"AxionBio" + struct.pack("<HHH", 0, *version) + struct.pack("<QIq", 1024, 600, 1024)
            (tmp_path / "plate.raw").write_bytes(head + generator.bytes(length))
            assert isinstance(outcome(tmp_path / "plate.raw"), ReadError)


def test_a_file_composed_twice_is_the_same():
    parts = channel_array(CYTOVIEW_24), continuous(COUNTS, CHANNELS), treatment("A1", "TTX")
    assert compose(*parts).content == compose(*parts).content
    assert replace(compose(*parts)).content == compose(*parts).content
