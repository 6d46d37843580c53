"""The filters that pack the chunks of a dataset in an HDF5 file, and how three of them are undone."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from mnephys.readers.hdf5.bytes import Fields
from mnephys.readers.hdf5.checksums import fletcher32
from mnephys.readers.hdf5.groups import decoded_name

__all__ = ["STRONGEST", "Filter", "PackedError", "foreign_filter", "read_filters", "unpacked"]

#: Deflate never makes data smaller than by this factor; the other filters stay far below.
STRONGEST = 1032

_DEFLATE, _SHUFFLE, _FLETCHER = 1, 2, 3
_KNOWN = {_DEFLATE, _SHUFFLE, _FLETCHER}
# Those of HDF5 itself have no name in newer files.
_NAMES = {4: "szip", 5: "nbit", 6: "scaleoffset"}
_MOST = 32
# From this number on, filters are not those of HDF5 itself.
_NAMED_FROM = 256
_SUM_SIZE = 4
# Bytes of a value beyond any number.
_WIDE = 32


class PackedError(Exception):
    """A chunk that its filters did not make."""


class Filter(NamedTuple):
    """A filter."""

    number: int
    name: str
    values: tuple[int, ...]


def read_filters(fields: Fields) -> tuple[Filter, ...]:
    """Read which filters packed the chunks.

    Parameters
    ----------
    fields : Fields
        At the first byte of the message.

    Returns
    -------
    tuple of Filter
        In the order in which they were applied.

    Raises
    ------
    CorruptHeaderError
        If it cannot be true.
    """
    version, count = fields.numbers(2, 1)
    if version not in {1, 2} or count > _MOST:
        raise fields.corrupt(f"has {count} filters in a list of version {version}")
    fields.take(6 if version == 1 else 0)
    found = []
    for _ in range(count):
        number = fields.number(2)
        length = fields.number(2) if version == 1 or number >= _NAMED_FROM else 0
        _flags, n_values = fields.numbers(2, 2)
        name = fields.take(-(-length // 8) * 8 if version == 1 else length)
        values = fields.numbers(n_values, 4)
        fields.take(4 if version == 1 and n_values % 2 else 0)
        text = decoded_name(name.split(b"\0", 1)[0])
        found.append(Filter(number, text or _NAMES.get(number, ""), values))
    return tuple(found)


def foreign_filter(filters: Sequence[Filter]) -> Filter | None:
    """Return a filter that is not undone here.

    Parameters
    ----------
    filters : sequence of Filter
        Of a dataset.

    Returns
    -------
    Filter or None
        The first of them.

    Examples
    --------
    >>> foreign_filter([Filter(1, "deflate", (4,)), Filter(32000, "lzf", ())]).name
    'lzf'
    """
    return next((packed for packed in filters if packed.number not in _KNOWN), None)


def unpacked(content: bytes, filters: Sequence[Filter], mask: int, size: int) -> bytes:
    """Undo the filters of a chunk.

    Parameters
    ----------
    content : bytes
        The chunk as stored.
    filters : sequence of Filter
        In the order in which they were applied, only those that are undone here.
    mask : int
        Those that were left out, a bit each.
    size : int
        Bytes of the chunk before.

    Returns
    -------
    bytes
        Exactly `size` of them.

    Raises
    ------
    PackedError
        If the chunk is damaged.

    Examples
    --------
    >>> unpacked(zlib.compress(b"abcabc"), [Filter(1, "deflate", (4,))], 0, 6)
    b'abcabc'
    """
    used = [packed for position, packed in enumerate(filters) if not mask >> position & 1]
    while used:
        packed = used.pop()
        if packed.number == _DEFLATE:
            # Of what is left, only checksums make it longer.
            content = _inflated(content, size + _SUM_SIZE * len(used))
        elif packed.number == _SHUFFLE:
            content = _unshuffled(content, packed.values)
        else:
            content = _without_sum(content)
    if len(content) != size:
        raise PackedError(f"unpacks to {len(content)} bytes instead of {size}")
    return content


def _inflated(content: bytes, most: int) -> bytes:
    stream = zlib.decompressobj()
    try:
        found = stream.decompress(content, most + 1)
    except zlib.error as error:
        raise PackedError(f"cannot be unpacked ({error})") from None
    if len(found) > most or not stream.eof:
        raise PackedError(f"does not unpack to {most} bytes")
    return found


def _unshuffled(content: bytes, values: tuple[int, ...]) -> bytes:
    width = values[0] if values else 0
    if width < 1:
        raise PackedError("was shuffled by an unknown number of bytes")
    count = len(content) // width
    if width == 1 or count < 2:
        return content
    columns = np.frombuffer(content, np.uint8, count * width).reshape(width, count)
    if width > _WIDE:
        return columns.T.tobytes() + content[count * width :]
    # One column after another, which is several times faster than to transpose them.
    rows = np.empty((count, width), np.uint8)
    for position, column in enumerate(columns):
        rows[:, position] = column
    return rows.tobytes() + content[count * width :]


def _without_sum(content: bytes) -> bytes:
    stored = int.from_bytes(content[-_SUM_SIZE:], "little")
    values = content[:-_SUM_SIZE]
    # Each half is a sum modulo 65535, of which 0 can be written in two ways; old programs swapped the bytes of both.
    swapped = (stored & 0x00FF00FF) << 8 | (stored & 0xFF00FF00) >> 8
    halves = [(number >> 16) % 65535 << 16 | (number & 0xFFFF) % 65535 for number in (stored, swapped)]
    if len(content) < _SUM_SIZE or fletcher32(values) not in halves:
        raise PackedError("has another checksum than it was written with")
    return values
