"""The types of values in an HDF5 file: standard numbers, texts, tables of these; of all others only the size."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from enum import Enum, auto

import numpy as np

from mnephys.errors import CorruptHeaderError
from mnephys.readers.hdf5.bytes import Fields

__all__ = ["Field", "Sort", "StoredType", "read_type"]

_DEEPEST = 8
_LARGEST = 1 << 24
_NUMBER, _FLOAT, _TIME, _TEXT, _BITS, _OPAQUE, _TABLE, _REFERENCE, _CHOICE, _VARIABLE, _ARRAY = range(11)
# Properties of the floating-point numbers of IEEE 754, by their size; what differs would be read as another value.
_IEEE = {
    2: bytes([0, 0, 16, 0, 10, 5, 0, 10, 15, 0, 0, 0]),
    4: bytes([0, 0, 32, 0, 23, 8, 0, 23, 127, 0, 0, 0]),
    8: bytes([0, 0, 64, 0, 52, 11, 0, 52, 255, 3, 0, 0]),
}
# Flags: most significant byte first, sign, first bit of the mantissa not stored.
_BIG_ENDIAN, _SIGNED, _IMPLIED = 1, 8, 32


class Sort(Enum):
    """What values are."""

    NUMBER = auto()
    """A standard integer or floating-point number."""
    BOOLEAN = auto()
    """False or true."""
    CHOICE = auto()
    """A number that stands for a name."""
    TEXT = auto()
    """A text of fixed length."""
    VARIABLE_TEXT = auto()
    """A text of variable length, which stands elsewhere."""
    TABLE = auto()
    """Several fields."""
    OTHER = auto()
    """Anything that is not read."""


@dataclass(frozen=True, slots=True)
class StoredType:
    """The type of a value.

    Parameters
    ----------
    sort : Sort
        What it is.
    size : int
        Bytes of a value.
    dtype : dtype
        How these bytes are read; of a table, and of what is not read, just as bytes.
    fields : tuple of Field
        Of a table.
    """

    sort: Sort
    size: int
    dtype: np.dtype[np.generic]
    fields: tuple[Field, ...] = ()


@dataclass(frozen=True, slots=True)
class Field:
    """A field of a table.

    Parameters
    ----------
    name : str
        What it is called.
    offset : int
        Its first byte in a row.
    type : StoredType
        Of its values.
    """

    name: str
    offset: int
    type: StoredType


def read_type(fields: Fields, depth: int = 0) -> StoredType:
    """Read the description of a type.

    Parameters
    ----------
    fields : Fields
        At its first byte; after it when this returns.
    depth : int
        How many types it is part of.

    Returns
    -------
    StoredType
        What it describes.

    Raises
    ------
    CorruptHeaderError
        If it cannot be true.
    """
    first, flags, size = fields.number(1), fields.number(3), fields.number(4)
    kind, version = first & 15, first >> 4
    if depth > _DEEPEST or not 1 <= version <= 5 or not 0 < size <= _LARGEST:
        raise fields.corrupt(f"describes a type of version {version} with {size} bytes on level {depth}")
    other = StoredType(Sort.OTHER, size, np.dtype((np.void, size)))
    found: StoredType | None = None
    if kind == _NUMBER:
        found = _integer(flags, size, fields.take(4))
    elif kind == _FLOAT:
        found = _float(flags, size, fields.take(12))
    elif kind == _TEXT:
        found = StoredType(Sort.TEXT, size, np.dtype(f"S{size}"))
    elif kind == _TABLE:
        found = _table(fields, version, flags & 0xFFFF, size, depth)
    elif kind == _CHOICE:
        found = _choice(fields, version, flags & 0xFFFF, depth)
    elif kind == _VARIABLE:
        base = read_type(fields, depth + 1)
        if flags & 15 == 1 and base.size == 1 and size == 16:
            found = StoredType(Sort.VARIABLE_TEXT, size, other.dtype)
    else:
        _skip_other(fields, kind, version, flags, depth)
    return found or other


def _integer(flags: int, size: int, properties: bytes) -> StoredType | None:
    whole = properties == bytes([0, 0, 8 * size & 255, 8 * size >> 8]) if size <= 8 else False
    if not whole or size not in {1, 2, 4, 8} or flags & ~(_BIG_ENDIAN | _SIGNED):
        return None
    end, sign = ">" if flags & _BIG_ENDIAN else "<", "i" if flags & _SIGNED else "u"
    return StoredType(Sort.NUMBER, size, np.dtype(f"{end}{sign}{size}"))


def _float(flags: int, size: int, properties: bytes) -> StoredType | None:
    standard = _IMPLIED | (8 * size - 1) << 8
    if properties != _IEEE.get(size) or flags & ~_BIG_ENDIAN != standard:
        return None
    return StoredType(Sort.NUMBER, size, np.dtype(f"{'>' if flags & _BIG_ENDIAN else '<'}f{size}"))


def _table(fields: Fields, version: int, count: int, size: int, depth: int) -> StoredType:
    found: list[Field] = []
    for _ in range(count):
        name = _name(fields, version)
        offset = fields.number((size.bit_length() - 1) // 8 + 1 if version >= 3 else 4)
        lengths: tuple[int, ...] = ()
        if version == 1:
            n_dimensions = fields.number(1)
            fields.take(11)
            lengths = fields.numbers(4, 4)[:n_dimensions]
        kind = read_type(fields, depth + 1)
        if lengths:
            n_bytes = kind.size * int(np.prod([max(length, 1) for length in lengths], dtype=object))
            if n_bytes > size:
                raise _beyond(fields, name, offset, n_bytes, size)
            kind = StoredType(Sort.OTHER, n_bytes, np.dtype((np.void, n_bytes)))
        if offset + kind.size > size:
            raise _beyond(fields, name, offset, kind.size, size)
        found.append(Field(name, offset, kind))
    found_twice = len({field.name for field in found}) != len(found)
    inner = sorted((field.offset, field.type.size) for field in found)
    if found_twice or any(begin + length > after for (begin, length), (after, _) in itertools.pairwise(inner)):
        raise fields.corrupt("describes a table that has a field twice, or fields that lie over one another")
    return StoredType(Sort.TABLE, size, np.dtype((np.void, size)), tuple(found))


def _beyond(fields: Fields, name: str, offset: int, n_bytes: int, size: int) -> CorruptHeaderError:
    return fields.corrupt(f"places field {name!r} at bytes {offset} to {offset + n_bytes} of a row of {size}")


def _choice(fields: Fields, version: int, count: int, depth: int) -> StoredType:
    base = read_type(fields, depth + 1)
    names = [_name(fields, version) for _ in range(count)]
    values = fields.take(count * base.size)
    if base.sort is not Sort.NUMBER or base.dtype.kind not in "iu":
        return StoredType(Sort.OTHER, base.size, np.dtype((np.void, base.size)))
    numbers = np.frombuffer(values, base.dtype).tolist() if count else []
    if base.size == 1 and dict(zip(names, numbers, strict=True)) == {"FALSE": 0, "TRUE": 1}:
        return StoredType(Sort.BOOLEAN, 1, base.dtype)
    return StoredType(Sort.CHOICE, base.size, base.dtype)


def _name(fields: Fields, version: int) -> str:
    begin = fields.at
    name = fields.text()
    if version < 3:
        fields.take(-(fields.at - begin) % 8)
    return name.decode(errors="replace")


def _skip_other(fields: Fields, kind: int, version: int, flags: int, depth: int) -> None:
    """Read past the properties of a type that is not read."""
    if kind == _TIME:
        fields.take(2)
    elif kind == _BITS:
        fields.take(4)
    elif kind == _OPAQUE:
        fields.take(flags & 255)
    elif kind == _ARRAY:
        n_dimensions = fields.number(1)
        fields.take(n_dimensions * 4 if version >= 3 else 3 + n_dimensions * 8)
        read_type(fields, depth + 1)
    elif kind == _ARRAY + 1:
        # A complex number, of which version 5 says what its parts are.
        read_type(fields, depth + 1)
    elif kind != _REFERENCE:
        raise fields.corrupt(f"describes a type of class {kind}, which is not known")
