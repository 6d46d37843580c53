"""The builder of AxIS files against the offsets and figures of the format notes; no reader is asked."""

from __future__ import annotations

import struct
import zlib

import numpy as np
import pytest
from readers.axis_outcomes import counts_of
from readers.builders.axis_data import (
    DATA,
    RAW,
    continuous,
    many_spikes,
    spike_blocks,
    spike_dtype,
    split_continuous,
)
from readers.builders.axis_file import (
    Note,
    beta_file,
    channel_array,
    compose,
    legacy_file,
    notes,
    skip,
    sparse_raw,
)
from readers.builders.axis_layout import STRUCTURAL, Kind
from readers.builders.axis_plates import CYTOVIEW_24, CYTOVIEW_48, NETRI, PLATES
from readers.builders.axis_tags import event, guid, treatment

CHANNELS = CYTOVIEW_24.channels()
COUNTS = counts_of(50, CHANNELS)
DATE = (2024, 3, 5, 14, 7, 26, 123)


@pytest.fixture
def raw():
    """A small file with raw voltage."""
    return compose(notes(Note("Ann")), channel_array(CYTOVIEW_24), continuous(COUNTS, CHANNELS))


def test_the_builder_gives_the_sizes_of_a_real_file():
    channels = CYTOVIEW_48.channels()
    file = compose(notes(Note()), channel_array(CYTOVIEW_48), many_spikes(36792, channels, duration=610.0))
    content, header = file.content, file.combined[0]
    assert file.field("entry 0 length").value(content) == 618
    assert file.field("entry 1 length").value(content) == 6152
    assert file.field("data length").value(content) == 3899952
    assert file.field("vector header size").value(content) == 1554
    assert file.field("samples per block").value(content) == 38
    assert file.field("block header size").value(content) == 30
    assert content[:8] == b"AxionBio"
    assert struct.unpack_from("<HHHQIq", content, 8) == (0, 1, 3, 1024, 600, 1024)
    assert struct.unpack_from("<I", content, 1018)[0] == zlib.crc32(content[:1018])
    slots = struct.unpack_from("<123Q", content, 34)
    assert [slot >> 56 for slot in slots[:5]] == [0x01, 0x02, 0x07, 0x04, 0]
    name, text = (file.field(f"{which} length").value(content) for which in ("name", "description"))
    fixed = 120 + name + text + 8 + 8
    assert struct.unpack_from("<I", content, header + fixed - 4)[0] == zlib.crc32(content[header : header + fixed - 4])
    assert slots[2] & (1 << 56) - 1 == fixed + 1554
    start = struct.unpack_from("<q", content, header + fixed - 20)[0]
    assert start == header + fixed + 1554 == file.size - 3899952
    assert struct.unpack_from("<I", content, start - 4)[0] == zlib.crc32(content[header + fixed : start - 4])


def test_every_field_of_the_builder_is_where_it_says(raw):
    content = raw.content
    assert raw.field("number of channels").value(content) == 384
    assert raw.field("entry 3 type").value(content) == DATA
    assert raw.field("channels per block").value(content) == 384
    assert {field.kind for field in raw.fields} == set(Kind)
    assert raw.repaired(content) == content
    for field in raw.fields:
        changed = field.forged(content, 0xA5A5)
        assert len(changed) == len(content)
        assert field.value(changed) == 0xA5A5 % (1 << 8 * field.size)


def test_notes_channels_and_tags():
    (note,) = notes(Note("Ann", "Plate 7", "Text", revision=3))
    assert len(note.payload.content) == 618
    assert note.payload.content[50:57] == b"Plate 7"
    assert struct.unpack_from("<I7H", note.payload.content, 600) == (3, *DATE)
    channels = CYTOVIEW_24.channels()
    (array,) = channel_array(CYTOVIEW_24)
    assert struct.unpack_from("<II", array.payload.content) == (25165825, 384)
    last = tuple(int(channels[-1][name]) for name in ("chip", "channel"))
    assert struct.unpack_from("<6BH", array.payload.content, 8 + 383 * 8) == (6, 4, 4, 4, *last, 0)
    (tag,) = treatment("D6", "TTX", dose=1.5, exponent=-6, unit="M", control=True, identity=guid("x"), revision=7)
    body = bytes(tag.payload.content)
    assert struct.unpack_from("<H7H", body) == (1, *DATE)
    assert body[16:32] == guid("x").bytes_le
    assert struct.unpack_from("<I8Bi3si", body, 32) == (7, 6, 4, 0, 0, 3, 255, 255, 255, 3, b"TTX", 0)
    assert struct.unpack_from("<dbi1s", body, 32 + 23) == (1.5, -6, 1, b"M")
    (tag,) = event(12500, "tap", lasting=3)
    assert struct.unpack_from("<dqq4Bi3s", tag.payload.content, 36) == (12500.0, 12500, 3, 0, 0, 0, 0, 3, b"tap")


def test_the_split_layout():
    file = compose(channel_array(CYTOVIEW_24), split_continuous(COUNTS, kind=RAW, rate=20000.0, scale=5.51e-8))
    content = file.content
    header = 1024 + 8 + 384 * 8
    assert struct.unpack_from("<dd7H7HqIII", content, header) == (
        20000.0,
        5.51e-8,
        *DATE,
        *DATE,
        header + 148,
        384,
        1,
        0,
    )
    assert struct.unpack_from("<3H7H7H7s", content, header + 64) == (1, 0, RAW, *DATE, *DATE, b"Voltage")
    assert np.frombuffer(content, "<i2", offset=header + 148).reshape(-1, 384).tolist() == COUNTS.tolist()


def test_older_files():
    content = legacy_file(COUNTS, CYTOVIEW_24, minor=1).content
    data = struct.unpack_from("<q", content, 1024 + 44)[0]
    assert struct.unpack_from("<HHHQI", content, 8) == (0, 0, 1, 1088 + 8 + 384 * 8, 600)
    assert struct.unpack_from("<II", content, 1088) == (25165825, 384)
    assert np.frombuffer(content, "<i2", offset=data).reshape(-1, 384).tolist() == COUNTS.tolist()
    content = beta_file(COUNTS[:, :64], rate=20000, gain=7, coefficients=(1.0, 2.0, 3.0, 4.0)).content
    assert content[0] == 64
    assert struct.unpack_from("<HIH4d7H", content) == (64, 20000, 7, 1.0, 2.0, 3.0, 4.0, *DATE)
    assert np.frombuffer(content, "<i2", offset=54).reshape(-1, 64).tolist() == COUNTS[:, :64].tolist()


def test_tables_of_further_entries():
    file = compose(*([skip(3)] * 123), channel_array(CYTOVIEW_24))
    content, at = file.content, 1024 + 123 * 3
    assert struct.unpack_from("<QQ", content, 34 + 121 * 8) == (0xFF << 56 | 3, 0xFF << 56 | 3)
    assert content[at : at + 8] == b"AxionBio"
    assert struct.unpack_from("<QQ", content, at + 8) == (2 << 56 | 3080, 0)
    assert struct.unpack_from("<II", content, at + 1016) == (zlib.crc32(content[at : at + 1016]), 0)
    assert struct.unpack_from("<II", content, at + 1024) == (25165825, 384)
    ends = compose(*([skip(3)] * 123)).content
    assert struct.unpack_from("<8sQ", ends, at) == (b"AxionBio", 0)
    to_end = compose(channel_array(CYTOVIEW_24), split_continuous(COUNTS), to_end=True).content
    assert struct.unpack_from("<4Q", to_end, 34) == (2 << 56 | 3080, 3 << 56 | 64, 0x04FFFFFFFFFFFFFF, 0)


def test_forged_sizes_move_the_checksum_to_where_a_reader_looks(raw):
    field, checksum = raw.field("description length"), raw.field("header checksum")
    changed = raw.repaired(field.forged(raw.content, field.value(raw.content) - 5))
    start, place = raw.combined[0], checksum.offset - 5
    assert struct.unpack_from("<I", changed, place)[0] == zlib.crc32(changed[start:place])
    for field in raw.fields:
        if field.kind in STRUCTURAL:
            for value in (0, 1, -1, 2**31 - 1, 2**32 - 1, raw.size + 1):
                assert len(raw.repaired(field.forged(raw.content, value))) == raw.size
    assert raw.repaired(raw.content[:2000]) == raw.content[:2000]


def test_a_part_serves_many_files(raw):
    part = continuous(COUNTS, CHANNELS)
    first, second = compose(channel_array(CYTOVIEW_24), part), compose(skip(100), channel_array(CYTOVIEW_24), part)
    assert first.field("data start").value(first.content) + 100 == second.field("data start").value(second.content)
    assert first.content == compose(channel_array(CYTOVIEW_24), part).content
    assert raw.content == raw.content


def test_spikes_by_the_million_come_in_blocks(tmp_path):
    channels = CYTOVIEW_48.channels()
    path = compose(channel_array(CYTOVIEW_48), many_spikes(300_000, channels)).write(tmp_path / "plate.spk")
    written = np.fromfile(path, spike_dtype(), offset=path.stat().st_size - 300_000 * 106)
    assert written.dtype.itemsize == 106
    np.testing.assert_array_equal(written, np.concatenate(list(spike_blocks(300_000, channels))))
    assert (np.diff(written["start"]) >= 0).all()


def test_a_sparse_file_takes_no_room(tmp_path):
    file = sparse_raw(tmp_path / "plate.raw", 12_000_000_000)
    found = (tmp_path / "plate.raw").stat()
    assert found.st_size == file.size
    assert abs(file.size - 12_000_000_000) < 20_000
    assert found.st_blocks * 512 < 100_000


def test_plates():
    assert len(PLATES) == 29
    assert {len(plate.electrodes) for plate in PLATES.values()} == {64, 128, 384, 768}
    assert len(NETRI.labels) == 48
    assert {"b2", "a1", "62"} < set(NETRI.labels)
    assert PLATES[0x3000003].labels == ["11", "12", "13", "21", "22", "23", "31", "33"]
