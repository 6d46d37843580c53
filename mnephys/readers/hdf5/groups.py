"""The groups of an HDF5 file: what stands in them and at a path. Links to other files are not followed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np

from mnephys.readers.hdf5.bytes import UNDEFINED, Fields, Source
from mnephys.readers.hdf5.fractal_heap import open_heap
from mnephys.readers.hdf5.headers import Header, Kind, Message, read_header
from mnephys.readers.hdf5.trees import new_tree, old_tree

__all__ = ["Groups", "decoded_name"]

_GROUP = (Kind.SYMBOL_TABLE, Kind.LINK_INFO, Kind.LINK, Kind.GROUP_INFO)
_HEAP_PREFIX, _TABLE_PREFIX = 32, 8
_SYMBOL = np.dtype([("name", "<u8"), ("header", "<u8"), ("cache", "<u4"), ("reserved", "<u4"), ("scratch", "V16")])
_SOFT_IN_TABLE = 2
_NAMES_OF_LINKS = 5
# Flags of a link: bytes of the length of its name, then what it says of itself.
_CREATION_ORDER, _TYPE, _CHARACTERS = 4, 8, 16
_HARD, _SOFT = 0, 1
# A path that leads through more soft links than this leads in a circle.
_MOST_LINKS = 16

#: Where an entry of a group is: the header at an address, a path within the file, or None for what is outside of it.
Target = int | str | None


def decoded_name(raw: bytes) -> str:
    """Return a name as text.

    Parameters
    ----------
    raw : bytes
        As stored.

    Returns
    -------
    str
        UTF-8, or else Latin-1, in which every byte has a character.

    Examples
    --------
    >>> decoded_name(b"Stream_0")
    'Stream_0'
    """
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return raw.decode("latin-1")


@dataclass(slots=True)
class Groups:
    """All groups of a file, each read once, when it is asked for.

    Parameters
    ----------
    source : Source
        The file.
    root : int
        Address of the header of the root group.
    """

    source: Source
    root: int
    _headers: dict[int, Header] = field(init=False, default_factory=dict, repr=False)
    _entries: dict[int, dict[str, Target]] = field(init=False, default_factory=dict, repr=False)

    def header(self, address: int) -> Header:
        """Return a header.

        Parameters
        ----------
        address : int
            Of the header.

        Returns
        -------
        Header
            Read once.

        Raises
        ------
        ReadError
            If it is damaged.
        """
        if address not in self._headers:
            self._headers[address] = read_header(self.source, address)
        return self._headers[address]

    def entries(self, header: Header) -> dict[str, Target]:
        """Return what stands in a group.

        Parameters
        ----------
        header : Header
            Of a group, or of anything else, in which nothing stands.

        Returns
        -------
        dict of str to int, str or None
            Address of the header of each entry, the path that a link within the file leads to, None for a link to
            another file.

        Raises
        ------
        ReadError
            If the group is damaged.
        """
        if header.address not in self._entries:
            found: dict[str, Target] = {}
            for name, address in self._read(header) if header.has(*_GROUP) else ():
                text = decoded_name(name)
                if not text or text in found:
                    raise self.source.corrupt(f"a group has a name twice, or an empty one ({text!r})")
                found[text] = address
            self._entries[header.address] = found
        return self._entries[header.address]

    def place(self, path: str) -> tuple[Header | None, bool]:
        """Return what stands at a path.

        Parameters
        ----------
        path : str
            Names with ``/`` between them; an empty text is the root.

        Returns
        -------
        header : Header or None
            None if there is nothing, or a link that is not followed is on the way.
        linked : bool
            Whether a link is on the way that leads to another file, nowhere, or in a circle.

        Raises
        ------
        ReadError
            If a group on the way is damaged.
        """
        names, at, links = path.split("/") if path else [], 0, 0
        header = self.header(self.root)
        # Names behind the last link: what is missing before them is where the link leads.
        behind = len(names)
        while at < len(names):
            left = len(names) - at - 1
            entries = self.entries(header)
            if names[at] not in entries:
                return None, left >= behind
            target = entries[names[at]]
            if isinstance(target, int):
                header, at = self.header(target), at + 1
                continue
            links += 1
            if target is None or links > _MOST_LINKS:
                return None, True
            names = [*([] if target.startswith("/") else names[:at]), *_names(target), *names[at + 1 :]]
            header, at, behind = self.header(self.root), 0, min(behind, left)
        return header, False

    def _read(self, header: Header) -> Iterator[tuple[bytes, Target]]:
        for message in header.messages:
            if message.kind == Kind.SYMBOL_TABLE:
                yield from _old_links(self.source, self._fields(message))
            elif message.kind == Kind.LINK:
                yield _link(self._fields(message))
            elif message.kind == Kind.LINK_INFO:
                yield from _new_links(self.source, self._fields(message))

    def _fields(self, message: Message) -> Fields:
        return Fields(message.content, self.source.file.path, "list of a group")


def _names(path: str) -> list[str]:
    """Return the names in the path of a link, which may have slashes and dots to spare."""
    return [name for name in path.split("/") if name not in {"", "."}]


def _old_links(source: Source, fields: Fields) -> Iterator[tuple[bytes, Target]]:
    tree, heap = fields.numbers(2)
    prefix = source.fields(heap, _HEAP_PREFIX, "heap of names")
    prefix.expect(b"HEAP\0")
    prefix.take(3)
    size, _free, address = prefix.numbers(3)
    # Names are read out of this one copy.
    names = source.fields(address, size, "heap of names")
    last = b""
    for count, entries in old_tree(source, tree, kind=0, key_size=8):
        leaf = Fields(entries, source.file.path, "tree node")
        for _ in range(count):
            _key, table = leaf.numbers(2)
            for name, header in _table(source, table, names):
                # The library searches by halves; where the order is broken, a name is not what it was.
                if name <= last:
                    raise names.corrupt(f"holds {decoded_name(name)!r} where another name belongs")
                yield name, header
                last = name


def _table(source: Source, address: int, names: Fields) -> Iterator[tuple[bytes, Target]]:
    prefix = source.fields(address, _TABLE_PREFIX, "table of names")
    prefix.expect(b"SNOD\1")
    prefix.take(1)
    content = source.bytes(address + _TABLE_PREFIX, prefix.number(2) * _SYMBOL.itemsize, "table of names")
    symbols = np.frombuffer(content, _SYMBOL)
    columns = (symbols[column].tolist() for column in ("name", "header", "cache", "scratch"))
    for name, header, cache, scratch in zip(*columns, strict=True):
        names.at = name
        text, target = names.text(), None if header == UNDEFINED else header
        if cache == _SOFT_IN_TABLE:
            names.at = int.from_bytes(bytes(scratch)[:4], "little")
            target = decoded_name(names.text())
        yield text, target


def _new_links(source: Source, fields: Fields) -> Iterator[tuple[bytes, Target]]:
    fields.expect(0)
    fields.take(8 if fields.number(1) & 1 else 0)
    heap_address, tree = fields.numbers(2)
    if heap_address == UNDEFINED:
        return
    heap = open_heap(source, heap_address)
    for count, size, records in new_tree(source, tree, _NAMES_OF_LINKS):
        for at in range(0, count * size, size):
            # Before the identifier stands a hash of the name.
            link = heap.object(records[at + 4 : at + size])
            yield _link(Fields(link, source.file.path, "link"))


def _link(fields: Fields) -> tuple[bytes, Target]:
    """Return the name of a link, and where it leads if that is a header of this file."""
    fields.expect(1)
    flags = fields.number(1)
    kind = fields.number(1) if flags & _TYPE else _HARD
    fields.take((8 if flags & _CREATION_ORDER else 0) + (1 if flags & _CHARACTERS else 0))
    name = fields.take(fields.number(1 << (flags & 3)))
    if kind == _HARD:
        return name, fields.number(8)
    return name, decoded_name(fields.take(fields.number(2))) if kind == _SOFT else None
