"""The table of contents of an AxIS file: which parts it has, and where each begins.

A header of 1024 bytes holds up to 123 slots, one for each part: its type and its length. The parts stand one behind the
other in the order of the slots; where there are more, further headers of slots stand among them. Files from before
version 1 have no slots: their parts have fixed places.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import IntEnum

from mnephys.errors import UnsupportedFormatError
from mnephys.readers.axis.errors import check_checksum, corrupt, cut
from mnephys.readers.binary import BinaryFile

__all__ = ["HEADER_BYTES", "MAGIC", "Contents", "Entry", "EntryType", "read_contents"]

MAGIC = b"AxionBio"
"""The first bytes of the file, and of each further header of slots."""

HEADER_BYTES = 1024
"""Length of the header, and of each further header of slots."""

_SLOTS_AT = 34
_N_SLOTS = 123
_N_MORE_SLOTS = 126
_CHECKED_BYTES = 1018
_CHECKED_MORE_BYTES = 1016
_NOTE_BYTES = 600
_TO_END = (1 << 56) - 1
_LEGACY_MINOR = (1, 2)
_SPLIT_HEADER_BYTES = 64
_DATA_AT = 44
# A plate of 96 wells with ten revisions of every tag has some thousands.
_MOST_ENTRIES = 100_000


class EntryType(IntEnum):
    """What a part of the file is; others exist, and are passed over.

    Examples
    --------
    >>> EntryType(0x06)
    <EntryType.TAG: 6>
    """

    TERMINATE = 0x00
    NOTES = 0x01
    CHANNELS = 0x02
    SPLIT_HEADER = 0x03
    DATA = 0x04
    SPLIT_EXTENSION = 0x05
    TAG = 0x06
    COMBINED_HEADER = 0x07
    SKIP = 0xFF


_NAMES = {
    EntryType.NOTES: "notes",
    EntryType.CHANNELS: "channel array",
    EntryType.SPLIT_HEADER: "header of a data set",
    EntryType.DATA: "samples",
    EntryType.SPLIT_EXTENSION: "description of a data set",
    EntryType.TAG: "tag",
    EntryType.COMBINED_HEADER: "header of a data set",
}
# Without these there is nothing to read; what is said beside the data may be missing.
_ESSENTIAL = frozenset(_NAMES) - {EntryType.NOTES, EntryType.TAG}


@dataclass(frozen=True, slots=True)
class Entry:
    """A part of the file.

    Parameters
    ----------
    kind : int
        An `EntryType`, or a number that is none.
    start, length : int
        Where it is, in bytes.
    to_end : bool
        Whether its length is not stated: it reaches to the end of the file.

    Examples
    --------
    >>> entry = Entry(EntryType.TAG, 2048, 60)
    >>> entry.name, entry.end
    ('tag at byte 2048', 2108)
    """

    kind: int
    start: int
    length: int
    to_end: bool = False

    @property
    def end(self) -> int:
        """Where the next part begins."""
        return self.start + self.length

    @property
    def name(self) -> str:
        """What it is and where, for messages."""
        known = _NAMES.get(EntryType(self.kind)) if self.kind in set(EntryType) else None
        return f"{known or f'part of type {self.kind:#04x}'} at byte {self.start}"


@dataclass(frozen=True, slots=True)
class Contents:
    """What the header says.

    Parameters
    ----------
    version : tuple of int
        Major and minor version of the file.
    entries : tuple of Entry
        In the order in which they stand, without the last slot; all of them lie within the file.
    legacy_note : bytes
        The note of a file from before version 1: investigator, name and description at fixed places.
    problems : tuple of str
        What was noticed, one sentence each.

    Examples
    --------
    >>> Contents((1, 3), (Entry(EntryType.TAG, 2048, 60), Entry(EntryType.SKIP, 2108, 8))).of(EntryType.TAG)
    [Entry(kind=<EntryType.TAG: 6>, start=2048, length=60, to_end=False)]
    """

    version: tuple[int, int]
    entries: tuple[Entry, ...]
    legacy_note: bytes = b""
    problems: tuple[str, ...] = ()

    def of(self, *kinds: EntryType) -> list[Entry]:
        """Return the parts of some types.

        Parameters
        ----------
        *kinds : EntryType
            Which.

        Returns
        -------
        list of Entry
            In the order of the file.
        """
        return [entry for entry in self.entries if entry.kind in kinds]


def read_contents(file: BinaryFile) -> Contents:
    """Read the header and all further headers of slots.

    Parameters
    ----------
    file : BinaryFile
        Open, beginning with `MAGIC`.

    Returns
    -------
    Contents
        With a place for every part, also of types that are not known.

    Raises
    ------
    CorruptHeaderError
        If a checksum is wrong, or a field cannot be true.
    UnsupportedFormatError
        If the file is of a version that is not known.
    TruncatedFileError
        If the file ends within a header, or before the samples or what is needed to read them do.

    Examples
    --------
    >>> import io, zlib
    >>> body = MAGIC + struct.pack("<3HQIq", 0, 1, 3, 1024, 600, 1024) + bytes(984)
    >>> head = body + struct.pack("<I", zlib.crc32(body)) + bytes(2)
    >>> read_contents(BinaryFile("p.raw", io.BytesIO(head), 1024))
    Contents(version=(1, 3), entries=(), legacy_note=b'', problems=())
    """
    head = file.bytes(0, HEADER_BYTES, "header")
    if head[:8] != MAGIC:
        raise corrupt(file, f"begins with {head[:8]!r} instead of {MAGIC!r}")
    major, minor, notes_at, note_bytes, entries_at = struct.unpack_from("<HHQIq", head, 10)
    (stored,) = struct.unpack_from("<I", head, _CHECKED_BYTES)
    if major == 0 and minor in _LEGACY_MINOR:
        _check_note_length(file, note_bytes)
        return _legacy_contents(file, (major, minor), notes_at, _checksum_problems(head, stored))
    check_checksum(file, head[:_CHECKED_BYTES], stored, "header")
    if major != 1:
        raise UnsupportedFormatError(
            file.path, f"is an AxIS file of version {major}.{minor}", "versions 0.1, 0.2 and 1 can be read"
        )
    _check_note_length(file, note_bytes)
    if entries_at < HEADER_BYTES:
        raise corrupt(file, f"the header places the first part at byte {entries_at}, within the header")
    *entries, last = _entries(file, head, entries_at)
    if last.to_end:
        entries.append(last)
    kept, problems = _within(file, entries)
    if last.end < file.size:
        rest = file.size - last.end
        problems.append(f"{rest} bytes follow the last part that the header lists; they were not read.")
    return Contents((major, minor), kept, problems=tuple(problems))


def _check_note_length(file: BinaryFile, note_bytes: int) -> None:
    if note_bytes != _NOTE_BYTES:
        raise corrupt(file, f"the header states notes of {note_bytes} bytes instead of {_NOTE_BYTES}")


def _entries(file: BinaryFile, head: bytes, position: int) -> Iterator[Entry]:
    """Yield the parts in the order of their slots, the last slot too; every slot advances, whatever its type."""
    slots = struct.unpack_from(f"<{_N_SLOTS}Q", head, _SLOTS_AT)
    n_entries = 0
    while True:
        for place, slot in enumerate(slots):
            kind, length = slot >> 56, slot & _TO_END
            if kind == EntryType.TERMINATE:
                yield Entry(kind, position, 0)
                return
            if length == _TO_END:
                if any(rest >> 56 for rest in slots[place + 1 :]):
                    raise corrupt(file, f"the part at byte {position} reaches to the end, but others follow")
                yield Entry(kind, position, max(file.size - position, 0), to_end=True)
                return
            yield Entry(kind, position, length)
            position += length
        n_entries += len(slots)
        if n_entries > _MOST_ENTRIES:
            raise corrupt(file, f"its headers list more than {_MOST_ENTRIES} parts")
        slots = _more_slots(file, position)
        position += HEADER_BYTES


def _more_slots(file: BinaryFile, position: int) -> tuple[int, ...]:
    place = f"further header at byte {position}"
    body = file.bytes(position, HEADER_BYTES, place)
    if body[:8] != MAGIC:
        raise corrupt(file, f"the {place} begins with {body[:8]!r} instead of {MAGIC!r}")
    (stored,) = struct.unpack_from("<I", body, _CHECKED_MORE_BYTES)
    check_checksum(file, body[:_CHECKED_MORE_BYTES], stored, place)
    return struct.unpack_from(f"<{_N_MORE_SLOTS}Q", body, 8)


def _within(file: BinaryFile, entries: Sequence[Entry]) -> tuple[tuple[Entry, ...], list[str]]:
    """Return the parts that the file holds; without those that are missing it can still be read."""
    missing = [entry for entry in entries if entry.end > file.size]
    for entry in missing:
        if entry.kind == EntryType.DATA and entry.start <= file.size:
            raise cut(file, "samples", entry.start, entry.length)
        if entry.kind in _ESSENTIAL:
            file.check(entry.start, entry.length, entry.name)
    lost = [entry for entry in missing if entry.kind != EntryType.SKIP]
    problems = []
    if lost:
        what = f"{len(lost)} parts, the first is the {lost[0].name}" if len(lost) > 1 else f"the {lost[0].name}"
        problems.append(f"The file was cut after {file.size} bytes and misses {what}; copy it again.")
    return tuple(entry for entry in entries if entry.end <= file.size), problems


def _checksum_problems(head: bytes, stored: int) -> list[str]:
    """Say where the checksum of an old header is wrong, which may never have been written."""
    found = zlib.crc32(head[:_CHECKED_BYTES])
    if stored in {0, found}:
        return []
    return [f"The checksum of the header is {found:#010x}, but {stored:#010x} is stored; compare the file with a copy."]


def _legacy_contents(file: BinaryFile, version: tuple[int, int], notes_at: int, problems: list[str]) -> Contents:
    """Return the parts of a file from before version 1, which stand at fixed places."""
    header = Entry(EntryType.SPLIT_HEADER, HEADER_BYTES, _SPLIT_HEADER_BYTES)
    (data_at,) = struct.unpack_from("<q", file.bytes(header.start, header.length, header.name), _DATA_AT)
    if data_at < header.end:
        raise corrupt(file, f"the {header.name} places the samples at byte {data_at}, within the headers")
    file.check(header.end, data_at - header.end, "channel array")
    entries = (
        header,
        Entry(EntryType.CHANNELS, header.end, data_at - header.end),
        Entry(EntryType.DATA, data_at, file.size - data_at, to_end=True),
    )
    note = b""
    if notes_at + _NOTE_BYTES <= file.size:
        note = file.bytes(notes_at, _NOTE_BYTES, "notes")
    else:
        problems.append(f"The header places the notes at byte {notes_at}, beyond the end of the file.")
    return Contents(version, entries, note, tuple(problems))
