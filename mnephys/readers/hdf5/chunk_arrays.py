"""Arrays in which newer HDF5 files keep where the chunks of a dataset are: one that is fixed, one that grows."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from mnephys.readers.hdf5.bytes import UNDEFINED, Fields, Source

__all__ = ["PLACE", "array_places", "places", "unwritten"]

#: Where a chunk is: address, bytes, filters that were left out; the last two are 0 where no filter is used.
PLACE = np.dtype([("address", "<u8"), ("size", "<u8"), ("mask", "<u4")])

_FIXED_HEADER, _GROWING_HEADER = 28, 72
# Signature, version, kind of elements, address of the header.
_PREFIX = 14
_SUM_SIZE = 4
_MOST_BITS = 64


class _Array(NamedTuple):
    """What both kinds have in common."""

    source: Source
    size: int
    page: int


def unwritten(count: int) -> NDArray[np.void]:
    """Return the places of chunks that were never written.

    Parameters
    ----------
    count : int
        How many.

    Returns
    -------
    ndarray of dtype `PLACE`, shape (count,)
        With address -1.
    """
    found = np.zeros(count, PLACE)
    found["address"] = UNDEFINED
    return found


def places(content: bytes, count: int, size: int) -> NDArray[np.void]:
    """Return where chunks are.

    Parameters
    ----------
    content : bytes
        Entries, one after another: address, then, where a filter is used, bytes and filters left out.
    count, size : int
        How many, and bytes of each.

    Returns
    -------
    ndarray of dtype `PLACE`, shape (count,)
        Of each.

    Examples
    --------
    >>> places(bytes([64, 0, 0, 0, 0, 0, 0, 0, 9, 0, 0, 0, 0]), 1, 13).tolist()
    [(64, 9, 0)]
    """
    entries = np.frombuffer(content, np.uint8).reshape(count, size)
    wide = np.zeros((count, PLACE.itemsize), np.uint8)
    wide[:, :8] = entries[:, :8]
    if size > 8:
        wide[:, 8 : 8 + size - 12] = entries[:, 8:-4]
        wide[:, 16:] = entries[:, -4:]
    return wide.view(PLACE)[:, 0]


def array_places(source: Source, address: int, count: int, *, fixed: bool) -> NDArray[np.void]:
    """Return where the first chunks of an array are.

    Parameters
    ----------
    source : Source
        The file.
    address : int
        Of the header of the array; there may be none.
    count : int
        How many chunks.
    fixed : bool
        Which of the two arrays it is.

    Returns
    -------
    ndarray of dtype `PLACE`, shape (count,)
        Of each; address -1 where it was never written.

    Raises
    ------
    ReadError
        If the array is damaged.
    """
    found = unwritten(count)
    if address == UNDEFINED:
        return found
    at = 0
    for part in _fixed(source, address, count) if fixed else _growing(source, address):
        if isinstance(part, int):
            at += part
        else:
            found[at : at + part.size] = part[: count - at]
            at += part.size
        if at >= count:
            break
    return found


def _array(header: Fields, source: Source, size: int, page_bits: int) -> _Array:
    if not (size == 8 or 12 < size <= 20) or page_bits > _MOST_BITS:
        raise header.corrupt(f"has entries of {size} bytes and pages of 2^{page_bits}")
    return _Array(source, size, 1 << page_bits)


def _fixed(source: Source, address: int, count: int) -> Iterator[NDArray[np.void] | int]:
    """Yield where chunks are, or how many were never written, from the first on."""
    header = source.checked(address, _FIXED_HEADER, "list of chunks")
    header.expect(b"FAHD\0")
    _kind, size, page_bits = header.numbers(3, 1)
    n_entries, block = header.numbers(2)
    array = _array(header, source, size, page_bits)
    if n_entries < count:
        raise header.corrupt(f"has {n_entries} entries for {count} chunks")
    if block == UNDEFINED:
        return
    if n_entries <= array.page:
        yield _block(array, block, b"FADB\0", _PREFIX, n_entries)
        return
    n_pages = -(-n_entries // array.page)
    prefix = _PREFIX + -(-n_pages // 8)
    fields = source.checked(block, prefix + _SUM_SIZE, "list of chunks")
    fields.expect(b"FADB\0")
    fields.take(_PREFIX - 5)
    written = fields.take(fields.left)
    for number in range(-(-count // array.page)):
        here = min(array.page, n_entries - number * array.page)
        page = block + prefix + _SUM_SIZE + number * (array.page * array.size + _SUM_SIZE)
        yield _page(array, page, here) if _bit(written, number) else here


def _growing(source: Source, address: int) -> Iterator[NDArray[np.void] | int]:
    """Yield where chunks are, or how many were never written, from the first on."""
    header = source.checked(address, _GROWING_HEADER, "list of chunks")
    header.expect(b"EAHD\0")
    _kind, size, bits, n_first, smallest, n_pointers, page_bits = header.numbers(7, 1)
    header.take(48)
    index = header.number(8)
    array = _array(header, source, size, page_bits)
    if any(number < 1 or number & (number - 1) for number in (smallest, n_pointers)) or not 0 < bits <= _MOST_BITS:
        raise header.corrupt(f"grows from {smallest} entries and {n_pointers} blocks to 2^{bits} entries")
    if index == UNDEFINED:
        return
    # Groups of blocks, which grow alternately in number and in size; the index names the blocks of the first groups.
    n_groups = max(1 + bits - (smallest.bit_length() - 1), 0)
    n_near = min(2 * (n_pointers.bit_length() - 1), n_groups)
    n_blocks = 2 * (n_pointers - 1)
    prefix = _PREFIX + n_first * size
    fields = source.checked(index, prefix + 8 * (n_blocks + n_groups - n_near) + _SUM_SIZE, "list of chunks")
    fields.expect(b"EAIB\0")
    fields.take(_PREFIX - 5)
    yield places(fields.take(n_first * size), n_first, size)
    blocks = iter(fields.numbers(n_blocks))
    groups = fields.numbers(n_groups - n_near)
    offset_size = -(-bits // 8)
    for number in range(n_groups):
        here, entries = 1 << number // 2, smallest << (number + 1) // 2
        if number < n_near:
            for _ in range(here):
                yield _growing_block(array, next(blocks, UNDEFINED), offset_size, entries)
        elif groups[number - n_near] == UNDEFINED:
            yield here * entries
        else:
            yield from _group(array, groups[number - n_near], offset_size, here, entries)


def _group(
    array: _Array, address: int, offset_size: int, n_blocks: int, entries: int
) -> Iterator[NDArray[np.void] | int]:
    n_pages = entries // array.page if entries > array.page else 0
    n_flags = n_blocks * -(-n_pages // 8)
    size = _PREFIX + offset_size + n_flags + 8 * n_blocks + _SUM_SIZE
    fields = array.source.checked(address, size, "list of chunks")
    fields.expect(b"EASB\0")
    fields.take(_PREFIX - 5 + offset_size)
    flags = fields.take(n_flags)
    for number, block in enumerate(fields.numbers(n_blocks)):
        if not n_pages or block == UNDEFINED:
            yield _growing_block(array, block, offset_size, entries)
            continue
        prefix = _PREFIX + offset_size + _SUM_SIZE
        array.source.checked(block, prefix, "list of chunks").expect(b"EADB\0")
        for page in range(n_pages):
            at = block + prefix + page * (array.page * array.size + _SUM_SIZE)
            yield _page(array, at, array.page) if _bit(flags, number * n_pages + page) else array.page


def _growing_block(array: _Array, address: int, offset_size: int, entries: int) -> NDArray[np.void] | int:
    return entries if address == UNDEFINED else _block(array, address, b"EADB\0", _PREFIX + offset_size, entries)


def _block(array: _Array, address: int, signature: bytes, prefix: int, entries: int) -> NDArray[np.void]:
    fields = array.source.checked(address, prefix + entries * array.size + _SUM_SIZE, "list of chunks")
    fields.expect(signature)
    fields.take(prefix - len(signature))
    return places(fields.take(fields.left), entries, array.size)


def _page(array: _Array, address: int, entries: int) -> NDArray[np.void]:
    fields = array.source.checked(address, entries * array.size + _SUM_SIZE, "list of chunks")
    return places(fields.content, entries, array.size)


def _bit(flags: bytes, position: int) -> bool:
    return bool(flags[position // 8] >> (7 - position % 8) & 1)
