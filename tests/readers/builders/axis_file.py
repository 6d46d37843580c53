"""Put Axion AxIS files together from parts, byte by byte as section 1 of the format notes describes them.

A file is composed of parts, each a list of entries::

    file = compose(notes(Note("Ann")), channel_array(plate), continuous(counts, plate.channels()))
    file.write(path)
    for field in file.fields:  # every size, count, offset and type that was written, and more
        file.repaired(field.forged(file.content, 0xFFFFFFFF))
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from readers.builders.axis_checksums import fix_combined, fix_primary, fix_sub_header
from readers.builders.axis_data import COMBINED, continuous, split_header
from readers.builders.axis_layout import STARTED, Data, Entry, Field, Kind, Layout
from readers.builders.axis_plates import CYTOVIEW_48, Plate

MAGIC = b"AxionBio"
NOTES, CHANNELS, SKIP = 0x01, 0x02, 0xFF
TO_END = (1 << 56) - 1
PRIMARY_SLOTS, SUB_SLOTS, PRIMARY_SLOTS_AT, TABLE_SIZE = 123, 126, 34, 1024

Piece = tuple[int, Layout | Data]  # where it begins, and what


@dataclass(frozen=True, eq=False)
class AxisFile:
    """A file that was put together: its pieces, and where its fields are."""

    pieces: tuple[Piece, ...]
    has_primary: bool = True  # the beta has none
    sub_headers: tuple[int, ...] = ()  # where they begin
    combined: tuple[int, ...] = ()  # where 0x07 entries begin

    @property
    def size(self) -> int:
        return max(at + piece.size for at, piece in self.pieces)

    @cached_property
    def fields(self) -> tuple[Field, ...]:
        """Every field that was written, with its place in the file."""
        return tuple(each.moved(at) for at, piece in self.pieces if isinstance(piece, Layout) for each in piece.fields)

    @cached_property
    def content(self) -> bytes:
        """The whole file; only for small ones."""
        content = bytearray(self.size)
        for at, piece in self.pieces:
            content[at : at + piece.size] = b"".join(_chunks(piece))
        return bytes(content)

    def field(self, name: str, nth: int = 0) -> Field:
        """Return a field by its name; of several of that name, the one asked for."""
        return [each for each in self.fields if each.name == name][nth]

    def write(self, path: Path) -> Path:
        """Write the file, of any size; holes take no room on the disk."""
        with path.open("wb") as handle:
            for at, piece in self.pieces:
                handle.seek(at)
                if isinstance(piece, Layout) or piece.blocks is not None:
                    for chunk in _chunks(piece):
                        handle.write(chunk)
            handle.truncate(self.size)
        return path

    def repaired(self, content: bytes) -> bytes:
        """Return a changed file with checksums that fit, each where the changed sizes place it."""
        changed = bytearray(content)
        if self.has_primary:
            fix_primary(changed)
        for at in self.sub_headers:
            fix_sub_header(changed, at)
        for at in self.combined:
            fix_combined(changed, at)
        return bytes(changed)


def _chunks(piece: Layout | Data) -> Iterator:
    return iter([piece.content]) if isinstance(piece, Layout) else piece.chunks()


# --- parts ---


@dataclass(frozen=True, slots=True)
class Note:
    """What the user wrote about a recording."""

    investigator: str = ""
    name: str = ""
    description: str = ""
    revision: int = 0
    written: datetime = STARTED


def notes(*several: Note) -> list[Entry]:
    """Return an 0x01 entry, 618 bytes a note."""
    layout = Layout()
    for note in several:
        layout.padded(note.investigator, 50).padded(note.name, 50).padded(note.description, 500)
        layout.put("I", note.revision, "note revision", Kind.VALUE).moment(note.written, "note written")
    return [Entry(NOTES, layout)]


def channel_array(plate: Plate | int, channels: NDArray[np.void] | None = None) -> list[Entry]:
    """Return an 0x02 entry; `plate` may be the bare number of a kind that is not known."""
    rows = plate.channels() if channels is None else channels
    return [Entry(CHANNELS, _channel_layout(plate if isinstance(plate, int) else plate.type, rows))]


def _channel_layout(kind: int, rows: NDArray[np.void]) -> Layout:
    layout = Layout().put("I", kind, "plate type", Kind.TYPE).put("I", rows.size, "number of channels", Kind.COUNT)
    for i, row in enumerate(rows):
        for name in ("well_column", "well_row", "electrode_column", "electrode_row", "chip", "channel"):
            layout.put("B", int(row[name]), f"channel {i} {name}", Kind.VALUE)
        layout.put("H", int(row["aux"]), f"channel {i} aux", Kind.VALUE)
    return layout


def skip(length: int) -> list[Entry]:
    """Return an entry that is to be passed over, filled with what looks like entries of other kinds."""
    return [Entry(SKIP, Layout().raw((MAGIC * (length // 8 + 1))[:length]))]


def unknown(kind: int, content: bytes) -> list[Entry]:
    """Return an entry of any type."""
    return [Entry(kind, Layout().raw(content))]


# --- files ---


def compose(
    *parts: Sequence[Entry],
    version: tuple[int, int] = (1, 3),
    primary_type: int = 0,
    to_end: bool = False,
    entries_start: int = TABLE_SIZE,
) -> AxisFile:
    """Return a file of the modern kind; `to_end` states no length for the last entry."""
    entries = [entry for part in parts for entry in part]
    head = _primary_head(version, primary_type).put("q", entries_start, "entries start", Kind.OFFSET)
    pieces: list[Piece] = [(0, head)]
    sub_headers, first, slots, at = [], 0, PRIMARY_SLOTS, entries_start
    while True:
        held = entries[first : first + slots]
        _slots(head, held, slots, first, to_end=to_end and first + len(held) == len(entries))
        head.checksum("table checksum").raw(bytes(TABLE_SIZE - head.size))
        for entry in held:
            pieces.append((at, entry.payload))
            at += entry.payload.size
        if len(held) < slots:
            return _settled(pieces, sub_headers, [entry.payload for entry in entries if entry.type == COMBINED])
        head, first, slots = Layout().raw(MAGIC), first + slots, SUB_SLOTS
        sub_headers.append(head)
        pieces.append((at, head))
        at += TABLE_SIZE


def _primary_head(version: tuple[int, int], primary_type: int) -> Layout:
    head = Layout().raw(MAGIC).put("H", primary_type, "primary data type", Kind.TYPE)
    head.put("H", version[0], "file major", Kind.TYPE).put("H", version[1], "file minor", Kind.TYPE)
    head.put("Q", TABLE_SIZE, "notes start", Kind.OFFSET)
    return head.put("I", 600, "legacy notes length", Kind.SIZE)


def _slots(head: Layout, entries: Sequence[Entry], slots: int, first: int, *, to_end: bool) -> None:
    """Append the table: a slot is 7 bytes of length and one of type; the rest of the table is of type 0."""
    for i, entry in enumerate(entries):
        stated = TO_END if to_end and i + 1 == len(entries) else entry.payload.size
        head.fields.append(Field(f"entry {first + i} length", head.size, 7, Kind.SIZE))
        head.raw(stated.to_bytes(7, "little")).put("B", entry.type, f"entry {first + i} type", Kind.TYPE)
    head.raw(bytes(8 * (slots - len(entries))))


def _settled(
    pieces: list[Piece], sub_headers: Sequence[Layout] = (), combined: Sequence[Layout | Data] = ()
) -> AxisFile:
    """Write down where the data came to lie, then the checksums; in copies, so that a part serves many files."""
    where = {id(piece): at for at, piece in pieces}
    copies = {id(piece): piece.copy() for _, piece in pieces if isinstance(piece, Layout)}
    for layout in copies.values():
        for place, data in layout.pointers:
            layout.content[place : place + 8] = where[id(data)].to_bytes(8, "little")
    fix_primary(copies[id(pieces[0][1])].content)
    for layout in sub_headers:
        fix_sub_header(copies[id(layout)].content, 0)
    for layout in combined:
        fix_combined(copies[id(layout)].content, 0)
    return AxisFile(
        tuple((at, copies.get(id(piece), piece)) for at, piece in pieces),
        sub_headers=tuple(where[id(layout)] for layout in sub_headers),
        combined=tuple(where[id(layout)] for layout in combined),
    )


def legacy_file(
    counts: NDArray, plate: Plate, *, minor: int = 2, channels: NDArray[np.void] | None = None, **settings
) -> AxisFile:
    """Return a file of major version 0: one header at 1024, the channel array, the notes, and data to the end."""
    rows = plate.channels() if channels is None else channels
    data = Data.of(counts.astype("<i2"))
    header, array = split_header(data, rows.size, **settings).payload, _channel_layout(plate.type, rows)
    note = Layout().padded("Legacy investigator", 50).padded("Legacy recording", 50).padded("Legacy description", 500)
    note_at = TABLE_SIZE + header.size + array.size
    head = Layout().raw(MAGIC).put("H", 0, "primary data type", Kind.TYPE)
    head.put("H", 0, "file major", Kind.TYPE).put("H", minor, "file minor", Kind.TYPE)
    head.put("Q", note_at, "notes start", Kind.OFFSET).put("I", 600, "legacy notes length", Kind.SIZE)
    head.raw(bytes(TABLE_SIZE - 6 - head.size)).checksum("table checksum").raw(bytes(2))
    return _settled(
        [
            (0, head),
            (TABLE_SIZE, header),
            (TABLE_SIZE + header.size, array),
            (note_at, note),
            (note_at + note.size, data),
        ]
    )


def beta_file(
    counts: NDArray,
    *,
    rate: int = 12500,
    gain: int = 1200,
    coefficients: tuple[float, float, float, float] = (0.0, 6.6e-5, 0.0, 0.0),
    started: datetime = STARTED,
) -> AxisFile:
    """Return a file of the beta: no magic, no plate; its first byte is the number of its 64 channels."""
    head = Layout().put("H", counts.shape[1], "number of channels", Kind.COUNT)
    head.put("I", rate, "sampling rate", Kind.VALUE).put("H", gain, "gain", Kind.VALUE)
    for i, coefficient in enumerate(coefficients):
        head.put("d", coefficient, f"coefficient {i}", Kind.VALUE)
    head.moment(started, "file start")
    return AxisFile(((0, head), (head.size, Data.of(counts.astype("<i2")))), has_primary=False)


def sparse_raw(path: Path, size: int, plate: Plate = CYTOVIEW_48) -> AxisFile:
    """Write a `.raw` of int16 zeros that is as long as asked, to a frame, and takes next to no room on the disk."""
    channels = plate.channels()
    frame = 2 * channels.size
    file = compose(channel_array(plate), continuous(Data(size // frame * frame), channels))
    file.write(path)
    return file
