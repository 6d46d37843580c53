"""The checksums of an AxIS file, each at the place to which the sizes in its own header lead."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator

PRIMARY, SUB_HEADER = 1018, 1016


def fix_primary(content: bytearray) -> None:
    """Write the checksum of the primary header."""
    _fix(content, 0, PRIMARY)


def fix_sub_header(content: bytearray, start: int) -> None:
    """Write the checksum of a table of further entries."""
    _fix(content, start, start + SUB_HEADER)


def fix_combined(content: bytearray, start: int) -> None:
    """Write both checksums of an 0x07 entry, as far as its sizes leave a place for them."""
    for first, place in _combined(content, start):
        _fix(content, first, place)


def _fix(content: bytearray, first: int, place: int) -> None:
    if first < place <= len(content) - 4:
        struct.pack_into("<I", content, place, zlib.crc32(bytes(content[first:place])))


def _combined(content: bytearray, start: int) -> Iterator[tuple[int, int]]:
    """Yield from where each checksum counts and where it stands."""
    if len(content) < start + 100:
        return
    major, minor, kind = struct.unpack_from("<3H", content, start)
    n_channels, n_sets = struct.unpack_from("<II", content, start + 24)
    at = _behind_texts(content, start + 100 + 8 * ((major, minor) >= (1, 1)), 2)
    if at < 0:
        return
    yield start, at + 16
    extension = at + 20
    if kind == 1:
        if extension + 4 > len(content):
            return
        n_channels, n_sets = struct.unpack_from("<I", content, extension)[0] + 2, 1
    at = _behind_texts(content, extension + 2 * n_channels, n_sets)
    if at >= 0:
        yield extension, at


def _behind_texts(content: bytearray, at: int, n_texts: int) -> int:
    """Return where texts end that each begin with their length; -1 where they cannot."""
    for _ in range(n_texts):
        if not 0 <= at <= len(content) - 4:
            return -1
        length = struct.unpack_from("<i", content, at)[0]
        if not 0 <= length <= len(content) - at - 4:
            return -1
        at += 4 + length
    return at
