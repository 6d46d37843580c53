"""Where and how the values of a dataset of an HDF5 file are stored."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, IntEnum, auto

from mnephys.readers.hdf5.bytes import UNDEFINED, Fields

__all__ = ["Index", "Layout", "Storage", "read_layout"]

_COMPACT, _CONTIGUOUS, _CHUNKED, _VIRTUAL = range(4)
# Flags of chunks.
_PLAIN_EDGES, _PACKED = 1, 2


class Storage(Enum):
    """Where the values are."""

    HEADER = auto()
    """In the header."""
    ROW = auto()
    """In one row."""
    CHUNKS = auto()
    """In chunks, each of which may be packed."""
    ELSEWHERE = auto()
    """In other datasets or files."""


class Index(IntEnum):
    """How the chunks are found, by the number that the file has for it."""

    OLD_TREE = 0
    SINGLE = 1
    IMPLICIT = 2
    FIXED_ARRAY = 3
    GROWING_ARRAY = 4
    NEW_TREE = 5


@dataclass(frozen=True, slots=True)
class Layout:
    """Where the values are.

    Parameters
    ----------
    storage : Storage
        Their kind of place.
    content : bytes
        The values themselves, if they are in the header.
    address : int
        Of the row, of the only chunk, or of `index`.
    size : int
        Bytes of the row, or of the only chunk if it is packed; 0 where old files do not say it.
    chunk : tuple of int
        Shape of a chunk; behind it, as if it were a dimension, the bytes of a value.
    index : Index
        How the chunks are found.
    mask : int
        Filters that were left out of the only chunk.
    plain_edges : bool
        Whether chunks that reach beyond the dataset are not packed.
    """

    storage: Storage
    content: bytes = b""
    address: int = UNDEFINED
    size: int = 0
    chunk: tuple[int, ...] = ()
    index: Index = Index.OLD_TREE
    mask: int = 0
    plain_edges: bool = False


def read_layout(fields: Fields) -> Layout:
    """Read where values are stored.

    Parameters
    ----------
    fields : Fields
        At the first byte of the message.

    Returns
    -------
    Layout
        Not compared with anything.

    Raises
    ------
    CorruptHeaderError
        If it cannot be true.
    """
    version = fields.number(1)
    if not 1 <= version <= 5:
        raise fields.corrupt(f"lays its values out in version {version}, which is not known")
    if version < 3:
        return _old(fields)
    kind = fields.number(1)
    if kind == _COMPACT:
        return Layout(Storage.HEADER, content=fields.take(fields.number(2)))
    if kind == _CONTIGUOUS:
        address, size = fields.numbers(2)
        return Layout(Storage.ROW, address=address, size=size)
    if kind == _VIRTUAL:
        return Layout(Storage.ELSEWHERE)
    if kind != _CHUNKED:
        raise _unknown(fields, kind)
    return _chunks_by_tree(fields) if version == 3 else _chunks(fields)


def _old(fields: Fields) -> Layout:
    rank, kind = fields.numbers(2, 1)
    fields.take(5)
    if kind not in {_COMPACT, _CONTIGUOUS, _CHUNKED}:
        raise _unknown(fields, kind)
    address = UNDEFINED if kind == _COMPACT else fields.number(8)
    extents = fields.numbers(rank, 4)
    if kind == _COMPACT:
        return Layout(Storage.HEADER, content=fields.take(fields.number(4)))
    if kind == _CONTIGUOUS:
        # The extents were cut to 4 bytes.
        return Layout(Storage.ROW, address=address)
    return Layout(Storage.CHUNKS, address=address, chunk=extents)


def _chunks_by_tree(fields: Fields) -> Layout:
    rank, address = fields.number(1), fields.number(8)
    return Layout(Storage.CHUNKS, address=address, chunk=fields.numbers(rank, 4))


def _chunks(fields: Fields) -> Layout:
    flags, rank, width = fields.numbers(3, 1)
    if not 1 <= width <= 8:
        raise fields.corrupt(f"has extents of {width} bytes")
    chunk = fields.numbers(rank, width)
    number = fields.number(1)
    if not Index.SINGLE <= number <= Index.NEW_TREE:
        raise fields.corrupt(f"finds its chunks in a way with number {number}, which is not known")
    index = Index(number)
    packed = index is Index.SINGLE and bool(flags & _PACKED)
    size, mask = (fields.number(8), fields.number(4)) if packed else (0, 0)
    # How the index grows, which it says again itself.
    fields.take({Index.FIXED_ARRAY: 1, Index.GROWING_ARRAY: 5, Index.NEW_TREE: 6}.get(index, 0))
    address = fields.number(8)
    plain = bool(flags & _PLAIN_EDGES)
    return Layout(Storage.CHUNKS, b"", address, size, chunk, index=index, mask=mask, plain_edges=plain)


def _unknown(fields: Fields, kind: int) -> Exception:
    return fields.corrupt(f"stores its values in a way with number {kind}, which is not known")
