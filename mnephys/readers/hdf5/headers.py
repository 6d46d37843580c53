"""The headers of groups and datasets in an HDF5 file: lists of messages, each of which says one thing."""

from __future__ import annotations

from collections.abc import Iterator
from enum import IntEnum
from typing import NamedTuple

from mnephys.errors import UnsupportedFormatError
from mnephys.readers.hdf5.bytes import Fields, Source

__all__ = ["Header", "Kind", "Message", "read_header", "shared_content"]

_PLACE = "header"
_PREFIX_OF_1, _PREFIX_OF_2 = 16, 6
# Flags of a message.
_SHARED = 2
# Flags of a header: bytes of its size, order of creation, limits of attributes, times.
_ORDER, _LIMITS, _TIMES = 4, 16, 32


class Kind(IntEnum):
    """What a message is about."""

    SPACE = 0x01
    LINK_INFO = 0x02
    TYPE = 0x03
    LINK = 0x06
    EXTERNAL_FILES = 0x07
    LAYOUT = 0x08
    GROUP_INFO = 0x0A
    FILTERS = 0x0B
    ATTRIBUTE = 0x0C
    CONTINUATION = 0x10
    SYMBOL_TABLE = 0x11
    ATTRIBUTE_INFO = 0x15


class Message(NamedTuple):
    """One message."""

    kind: int
    shared: bool
    content: bytes


class Header(NamedTuple):
    """All messages of a group or a dataset."""

    address: int
    messages: tuple[Message, ...]

    def all(self, kind: Kind) -> list[Message]:
        """Return the messages about something.

        Parameters
        ----------
        kind : Kind
            What they are about.

        Returns
        -------
        list of Message
            In the order of the file.
        """
        return [message for message in self.messages if message.kind == kind]

    def has(self, *kinds: Kind) -> bool:
        """Return whether there is a message about any of several things.

        Parameters
        ----------
        *kinds : Kind
            What it may be about.

        Returns
        -------
        bool
            True if there is one.
        """
        return any(message.kind in kinds for message in self.messages)


def read_header(source: Source, address: int) -> Header:
    """Read the header of a group or a dataset.

    Parameters
    ----------
    source : Source
        The file.
    address : int
        Of the header.

    Returns
    -------
    Header
        Without the messages that only continue it.

    Raises
    ------
    ReadError
        If it is damaged.
    """
    beginning = source.fields(address, 4, _PLACE).content
    read = _read_2 if beginning == b"OHDR" else _read_1
    return Header(address, tuple(message for message in read(source, address) if message.kind != Kind.CONTINUATION))


def _read_1(source: Source, address: int) -> Iterator[Message]:
    fields = source.fields(address, _PREFIX_OF_1, _PLACE)
    fields.expect(1)
    fields.take(1)
    left, _references, size = fields.number(2), fields.number(4), fields.number(4)
    waiting, seen = [(address + _PREFIX_OF_1, size)], {address}
    while waiting and left:
        block = source.fields(*_new_block(source, waiting, seen), _PLACE)
        while left and block.left >= 8:
            kind, size, flags = block.number(2), block.number(2), block.number(1)
            block.take(3)
            message = Message(kind, bool(flags & _SHARED), block.take(size))
            _note_continuation(message, block, waiting)
            left -= 1
            yield message


def _read_2(source: Source, address: int) -> Iterator[Message]:
    fields = source.fields(address, _PREFIX_OF_2, _PLACE)
    fields.take(4)
    fields.expect(2)
    flags = fields.number(1)
    before = _PREFIX_OF_2 + (16 if flags & _TIMES else 0) + (4 if flags & _LIMITS else 0)
    size_bytes = 1 << (flags & 3)
    size = source.fields(address + before, size_bytes, _PLACE).number(size_bytes)
    block = source.checked(address, before + size_bytes + size + 4, _PLACE)
    block.take(before + size_bytes)
    waiting: list[tuple[int, int]] = []
    seen = {address}
    while True:
        # What is shorter than a message is a gap.
        shortest = 6 if flags & _ORDER else 4
        while block.left >= shortest:
            kind, size, message_flags = block.number(1), block.number(2), block.number(1)
            block.take(shortest - 4)
            message = Message(kind, bool(message_flags & _SHARED), block.take(size))
            _note_continuation(message, block, waiting)
            yield message
        if not waiting:
            return
        block = source.checked(*_new_block(source, waiting, seen), _PLACE)
        block.expect(b"OCHK")


def _new_block(source: Source, waiting: list[tuple[int, int]], seen: set[int]) -> tuple[int, int]:
    address, size = waiting.pop(0)
    if address in seen:
        raise source.corrupt(f"the header at byte {source.base + address} continues in itself")
    seen.add(address)
    return address, size


def _note_continuation(message: Message, block: Fields, waiting: list[tuple[int, int]]) -> None:
    if message.kind == Kind.CONTINUATION:
        address, size = Fields(message.content, block.path, block.place).numbers(2)
        waiting.append((address, size))


def shared_content(source: Source, content: bytes, kind: Kind) -> bytes:
    """Return what a message says that is kept elsewhere.

    Parameters
    ----------
    source : Source
        The file.
    content : bytes
        What stands in its place.
    kind : Kind
        What it is about.

    Returns
    -------
    bytes
        The content of the message itself.

    Raises
    ------
    UnsupportedFormatError
        If it is kept where this is not read.
    ReadError
        If it is damaged.
    """
    fields = Fields(content, source.file.path, "reference to a message")
    version, where = fields.numbers(2, 1)
    if not 1 <= version <= 3:
        raise fields.corrupt(f"has version {version}")
    if version == 3 and where != 2:
        problem = "keeps messages of several headers together, which is not read"
        raise UnsupportedFormatError(source.file.path, problem, "convert it with h5repack")
    fields.take(6 if version == 1 else 0)
    for message in read_header(source, fields.number(8)).all(kind):
        if not message.shared:
            return message.content
    raise fields.corrupt("leads to no message")
