"""Bytes whose fields have names, so that a test can find each of them again and forge it."""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import Self

import numpy as np
from numpy.typing import NDArray

STARTED = datetime(2024, 3, 5, 14, 7, 26, 123000)  # noqa: DTZ001 -- the format holds local time without a zone


class Kind(StrEnum):
    """What a field decides."""

    SIZE = "size"  # a length in bytes
    COUNT = "count"  # how many of something
    OFFSET = "offset"  # where something is
    TYPE = "type"  # how something is to be read
    VALUE = "value"  # a number of the measurement: rate, scale, duration
    TIME = "time"  # a part of a date
    CHECKSUM = "checksum"


STRUCTURAL = (Kind.SIZE, Kind.COUNT, Kind.OFFSET, Kind.TYPE)


@dataclass(frozen=True, slots=True)
class Field:
    """A little-endian field: `size` bytes from `offset` of the file."""

    name: str
    offset: int
    size: int
    kind: Kind

    def value(self, content: bytes) -> int:
        """Return what is written there, as an unsigned number."""
        return int.from_bytes(content[self.offset : self.offset + self.size], "little")

    def forged(self, content: bytes, value: int | bytes) -> bytes:
        """Return the file with another value there; a number that is too wide or negative is cut to the field."""
        new = value if isinstance(value, bytes) else (value % (1 << 8 * self.size)).to_bytes(self.size, "little")
        return content[: self.offset] + new.ljust(self.size, b"\0")[: self.size] + content[self.offset + self.size :]

    def moved(self, by: int) -> Field:
        return replace(self, offset=self.offset + by)


@dataclass(frozen=True, slots=True, eq=False)
class Data:
    """The bytes of an 0x04 entry: made block by block while they are written, or a hole of the file system."""

    size: int
    blocks: Callable[[], Iterable[bytes | bytearray | memoryview]] | None = None

    @classmethod
    def of(cls, values: NDArray | bytes) -> Data:
        raw = values if isinstance(values, bytes) else np.ascontiguousarray(values).tobytes()
        return cls(len(raw), lambda: [raw])

    def chunks(self) -> Iterator[bytes | bytearray | memoryview]:
        yield from self.blocks() if self.blocks is not None else [bytes(self.size)]


@dataclass(slots=True, eq=False)
class Layout:
    """Bytes that grow field by field."""

    content: bytearray = field(default_factory=bytearray)
    fields: list[Field] = field(default_factory=list)
    pointers: list[tuple[int, Data]] = field(default_factory=list)  # i64 to set to where the data comes to lie

    @property
    def size(self) -> int:
        return len(self.content)

    def put(self, code: str, value: float, name: str, kind: Kind) -> Self:
        """Append a number."""
        raw = struct.pack(f"<{code}", value)
        self.fields.append(Field(name, self.size, len(raw), kind))
        self.content += raw
        return self

    def raw(self, content: bytes) -> Self:
        """Append bytes without a meaning for the structure."""
        self.content += content
        return self

    def padded(self, text: str, width: int) -> Self:
        """Append a text of fixed width, filled with NULs."""
        return self.raw(text.encode().ljust(width, b"\0")[:width])

    def text(self, text: str, name: str) -> Self:
        """Append a text behind its length in bytes."""
        raw = text.encode()
        return self.put("i", len(raw), f"{name} length", Kind.SIZE).raw(raw)

    def moment(self, when: datetime | tuple[int, ...], name: str) -> Self:
        """Append a date as seven numbers; a tuple is written as it is."""
        parts = when if isinstance(when, tuple) else (*when.timetuple()[:6], when.microsecond // 1000)
        for part, value in zip(("year", "month", "day", "hour", "minute", "second", "ms"), parts, strict=True):
            self.put("H", value, f"{name} {part}", Kind.TIME)
        return self

    def pointer(self, data: Data, name: str) -> Self:
        """Append the absolute position of some data, which is known when the file is put together."""
        self.pointers.append((self.size, data))
        return self.put("q", 0, name, Kind.OFFSET)

    def checksum(self, name: str) -> Self:
        """Append the place of a CRC, which is computed when the file is put together."""
        return self.put("I", 0, name, Kind.CHECKSUM)

    def copy(self) -> Layout:
        return Layout(bytearray(self.content), self.fields, self.pointers)

    def join(self, other: Layout) -> Self:
        """Append another layout."""
        self.fields += [each.moved(self.size) for each in other.fields]
        self.pointers += [(self.size + at, data) for at, data in other.pointers]
        return self.raw(bytes(other.content))


@dataclass(frozen=True, slots=True, eq=False)
class Entry:
    """One slot of the table and its payload."""

    type: int
    payload: Layout | Data
