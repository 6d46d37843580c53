"""Where each chunk of a dataset of an HDF5 file is."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from mnephys.readers.hdf5.bytes import UNDEFINED, Source
from mnephys.readers.hdf5.chunk_arrays import PLACE, array_places, places, unwritten
from mnephys.readers.hdf5.datasets import Dataset
from mnephys.readers.hdf5.layouts import Index
from mnephys.readers.hdf5.trees import new_tree, old_tree

__all__ = ["chunk_places"]

# Records of a tree of version 2, without and with filters.
_PLAIN, _PACKED = 10, 11
# The least that a chunk takes in a file: a byte of its own, and an address of 8 bytes.
_LEAST = 9
# So many bytes of chunks do no harm, even if the file has not written all of them.
_HARMLESS = 2 << 20
_LARGEST_NUMBER = 1 << 62


def chunk_places(source: Source, dataset: Dataset) -> NDArray[np.void]:
    """Read where the chunks are.

    Parameters
    ----------
    source : Source
        The file.
    dataset : Dataset
        Stored in chunks.

    Returns
    -------
    ndarray of dtype `PLACE`, shape (n_chunks,)
        Of each chunk, the last dimension of the grid fastest: its first byte in the file, -1 where it was never
        written; its bytes; the filters that were left out. What was written lies in the file.

    Raises
    ------
    ReadError
        If this is damaged, or claims more than the file holds.
    """
    n_chunks = math.prod(dataset.grid)
    least = dataset.chunk_bytes if dataset.layout.index is Index.IMPLICIT else _LEAST
    if n_chunks * least > max(source.file.size, _HARMLESS):
        raise dataset.too_large(source.file.size)
    found = _places(source, dataset, n_chunks)
    written = found["address"] != UNDEFINED
    plain = ~written if dataset.filters else written
    if dataset.layout.plain_edges and dataset.filters:
        plain |= _beyond(dataset)
        found["mask"][plain] = (1 << len(dataset.filters)) - 1
    found["size"][plain & written] = dataset.chunk_bytes
    begins, sizes = found["address"][written], found["size"][written]
    end = np.uint64(source.file.size - source.base)
    if (begins > end).any() or (sizes > end).any() or (begins + sizes > end).any():
        raise dataset.corrupt("has chunks beyond the end of the file")
    order = np.argsort(begins)
    if (sizes == 0).any() or (begins[order][1:] < (begins + sizes)[order][:-1]).any():
        raise dataset.corrupt("has chunks that lie over one another, or are empty")
    found["address"][written] = begins + np.uint64(source.base)
    return found


def _places(source: Source, dataset: Dataset, n_chunks: int) -> NDArray[np.void]:
    layout = dataset.layout
    if n_chunks == 0:
        return np.zeros(0, PLACE)
    if layout.index is Index.OLD_TREE:
        return _scattered(dataset, n_chunks, _from_old_tree(source, dataset))
    if layout.index is Index.NEW_TREE:
        return _scattered(dataset, n_chunks, _from_new_tree(source, dataset))
    if layout.index is Index.SINGLE:
        if n_chunks > 1:
            raise dataset.corrupt(f"has {n_chunks} chunks, but room for one")
        return np.array([(layout.address, layout.size, layout.mask)], PLACE)
    numbers = _stored_numbers(dataset, n_chunks)
    most = int(numbers.max()) + 1
    if layout.index is Index.IMPLICIT:
        if layout.address == UNDEFINED:
            raise dataset.unwritten()
        if layout.address + most * dataset.chunk_bytes > source.file.size:
            raise dataset.too_large(source.file.size)
        found = np.zeros(n_chunks, PLACE)
        found["address"] = layout.address + numbers * dataset.chunk_bytes
        return found
    if most * _LEAST > max(source.file.size, _HARMLESS):
        raise dataset.too_large(source.file.size)
    return array_places(source, layout.address, most, fixed=layout.index is Index.FIXED_ARRAY)[numbers]


def _stored_numbers(dataset: Dataset, n_chunks: int) -> NDArray[np.int64]:
    """Return the number that each chunk has in the file, where the dataset may be larger than it is."""
    axes = list(range(len(dataset.grid)))
    unlimited = [axis for axis in axes if dataset.most[axis] is None]
    if unlimited:
        axes.insert(0, axes.pop(unlimited[0]))
    steps, step = {}, 1
    for axis in reversed(axes):
        steps[axis] = step
        limit = dataset.most[axis]
        step *= dataset.grid[axis] if limit is None else -(-limit // dataset.chunk[axis])
    if step > _LARGEST_NUMBER:
        raise dataset.corrupt(f"may grow to {step} chunks")
    places_in_grid = np.unravel_index(np.arange(n_chunks), dataset.grid)
    return sum((places_in_grid[axis] * steps[axis] for axis in axes), np.zeros(n_chunks, np.int64))


def _from_old_tree(source: Source, dataset: Dataset) -> Iterator[tuple[NDArray[np.void], NDArray[np.uint64]]]:
    rank = len(dataset.shape)
    entry = np.dtype([("size", "<u4"), ("mask", "<u4"), ("first", "<u8", (rank,)), ("end", "<u8"), ("address", "<u8")])
    for count, content in old_tree(source, dataset.layout.address, kind=1, key_size=entry.itemsize - 8):
        entries = np.frombuffer(content, entry, count)
        found = np.zeros(count, PLACE)
        for name in ("address", "size", "mask"):
            found[name] = entries[name]
        chunk = np.array(dataset.chunk, np.uint64)
        if (entries["first"] % chunk).any() or entries["end"].any():
            raise dataset.corrupt("has chunks that begin between others")
        if not dataset.filters and (found["size"] != dataset.chunk_bytes).any():
            raise dataset.corrupt("has chunks of several sizes")
        yield found, entries["first"] // chunk


def _from_new_tree(source: Source, dataset: Dataset) -> Iterator[tuple[NDArray[np.void], NDArray[np.uint64]]]:
    rank = len(dataset.shape)
    kind = _PACKED if dataset.filters else _PLAIN
    for count, size, content in new_tree(source, dataset.layout.address, kind):
        before = size - 8 * rank
        if not (12 < before <= 20 if dataset.filters else before == 8):
            raise dataset.corrupt(f"has chunks that are described in {size} bytes")
        entries = np.frombuffer(content, np.uint8).reshape(count, size)
        first = np.ascontiguousarray(entries[:, before:]).view("<u8")
        yield places(entries[:, :before].tobytes(), count, before), first


def _scattered(
    dataset: Dataset, n_chunks: int, parts: Iterator[tuple[NDArray[np.void], NDArray[np.uint64]]]
) -> NDArray[np.void]:
    """Return where chunks are that are listed in any order, each with its place in the grid."""
    found = unwritten(n_chunks)
    grid = np.array(dataset.grid, np.uint64)
    listed = 0
    for part, where in parts:
        if (where >= grid).any():
            raise dataset.corrupt("has chunks outside of its shape")
        found[np.ravel_multi_index(tuple(where.T.astype(np.int64)), dataset.grid)] = part
        listed += part.size
    if int((found["address"] != UNDEFINED).sum()) != listed:
        raise dataset.corrupt("has a chunk twice")
    return found


def _beyond(dataset: Dataset) -> NDArray[np.bool_]:
    """Return which chunks reach beyond the dataset."""
    last = [extent // step for extent, step in zip(dataset.shape, dataset.chunk, strict=True)]
    where = np.indices(dataset.grid).reshape(len(dataset.grid), -1)
    return np.asarray((where >= np.array(last)[:, np.newaxis]).any(axis=0))
