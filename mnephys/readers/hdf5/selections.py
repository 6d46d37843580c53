"""Parts of a dataset of an HDF5 file, read out of its row or its chunks into one array."""

from __future__ import annotations

import itertools
import math
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import suppress
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from mnephys.errors import TruncatedFileError
from mnephys.readers.binary import BinaryFile
from mnephys.readers.hdf5.bytes import UNDEFINED, Source
from mnephys.readers.hdf5.chunks import chunk_places
from mnephys.readers.hdf5.datasets import Dataset
from mnephys.readers.hdf5.filters import PackedError, unpacked
from mnephys.readers.hdf5.layouts import Storage

__all__ = ["Picked", "Selector", "everything"]

# What is read at once of rows of which not all is wanted.
_BLOCK = 1 << 22
# A row of this length is not read as a whole for a part of it.
_LONG_ROW = 1 << 16
# Memory for chunks that were unpacked and may be wanted again: in any case, and at most, for files that are large.
_KEPT, _MOST_KEPT, _SHARE_KEPT = 16 << 20, 256 << 20, 4

#: Positions along one dimension: neighbours, or any.
Picked = slice | NDArray[np.int64]


class _Piece(NamedTuple):
    """What one chunk has of the positions along one dimension: where in the chunk, and where in the result."""

    number: int
    inside: Picked
    outside: Picked


def everything(dataset: Dataset) -> tuple[Picked, ...]:
    """Return the positions of all values.

    Parameters
    ----------
    dataset : Dataset
        Any.

    Returns
    -------
    tuple of slice
        One per dimension.
    """
    return tuple(slice(0, extent) for extent in dataset.shape)


class Selector:
    """Reads parts of one dataset.

    Parameters
    ----------
    dataset : Dataset
        Any.
    keep : bool
        Whether chunks that were unpacked are kept for the next part.
    """

    __slots__ = ("_keep", "_kept", "_places", "dataset")

    def __init__(self, dataset: Dataset, *, keep: bool) -> None:
        self.dataset = dataset
        self._keep = keep
        self._kept: OrderedDict[int, NDArray[Any]] = OrderedDict()
        self._places: NDArray[np.void] | None = None

    def read(self, source: Source, picked: tuple[Picked, ...]) -> NDArray[Any]:
        """Return some values.

        Parameters
        ----------
        source : Source
            The file, open.
        picked : tuple of slice or ndarray of int, shape (n_positions,)
            The positions along each dimension, inside of its extent; neighbours as a slice without a step. Positions
            of at most one dimension may be an array.

        Returns
        -------
        ndarray of the shape that was picked
            Of the stored type, writable.

        Raises
        ------
        UnsupportedFormatError
            If it was never written there, or packed by a filter that is not part of HDF5.
        ReadError
            If the dataset is damaged there.
        """
        dataset = self.dataset
        dataset.require_readable()
        shape = tuple(_length(one) for one in picked)
        if 0 in shape:
            return np.empty(shape, dataset.type.dtype)
        if dataset.layout.storage is Storage.HEADER:
            whole = np.frombuffer(dataset.layout.content, dataset.type.dtype, dataset.n_values)
            return np.array(whole.reshape(dataset.shape)[picked])
        if dataset.layout.storage is Storage.ROW:
            return _from_row(source.file, dataset, picked, shape)
        return self._from_chunks(source, picked, shape)

    def forget(self) -> None:
        """Let go of what was kept."""
        self._kept.clear()
        self._places = None

    def _from_chunks(self, source: Source, picked: tuple[Picked, ...], shape: tuple[int, ...]) -> NDArray[Any]:
        dataset = self.dataset
        if self._places is None:
            self._places = chunk_places(source, dataset)
        by_axis = [list(_pieces(one, step)) for one, step in zip(picked, dataset.chunk, strict=True)]
        numbers = np.ravel_multi_index(
            tuple(np.meshgrid(*([piece.number for piece in pieces] for pieces in by_axis), indexing="ij")),
            dataset.grid,
        ).ravel()
        if (missing := self._places["address"][numbers] == UNDEFINED).any():
            first = np.unravel_index(int(numbers[missing.argmax()]), dataset.grid)
            where = tuple(int(number) * step for number, step in zip(first, dataset.chunk, strict=True))
            raise dataset.unwritten(f" from {where} on")
        found = np.empty(shape, dataset.type.dtype)
        for number, pieces in zip(numbers.tolist(), itertools.product(*by_axis), strict=True):
            chunk = self._chunk(source.file, number)
            found[tuple(piece.outside for piece in pieces)] = chunk[tuple(piece.inside for piece in pieces)]
        return found

    def _chunk(self, file: BinaryFile, number: int) -> NDArray[Any]:
        """Return a chunk, unpacked."""
        # Pieces of one signal may be read by several threads, and another may have dropped what this one found.
        if (kept := self._kept.get(number)) is not None:
            with suppress(KeyError):
                self._kept.move_to_end(number)
            return kept
        dataset = self.dataset
        address, size, mask = self._places[number].tolist() if self._places is not None else (UNDEFINED, 0, 0)
        stored = file.bytes(address, size, f"dataset {dataset.name}")
        try:
            content = unpacked(stored, dataset.filters, mask, dataset.chunk_bytes)
        except PackedError as error:
            raise dataset.corrupt(f"has a chunk at byte {address} that {error}") from None
        chunk = np.frombuffer(content, dataset.type.dtype).reshape(dataset.chunk)
        if self._keep:
            most = max(_KEPT, min(_MOST_KEPT, file.size // _SHARE_KEPT)) // dataset.chunk_bytes
            self._kept[number] = chunk
            with suppress(KeyError):
                while len(self._kept) > max(most, 1):
                    self._kept.popitem(last=False)
        return chunk


def _length(picked: Picked) -> int:
    return picked.stop - picked.start if isinstance(picked, slice) else int(picked.size)


def _pieces(picked: Picked, step: int) -> Iterator[_Piece]:
    """Yield what each chunk has of the positions along one dimension."""
    if isinstance(picked, slice):
        for number in range(picked.start // step, -(-picked.stop // step)):
            first, last = max(picked.start, number * step), min(picked.stop, (number + 1) * step)
            inside = slice(first - number * step, last - number * step)
            yield _Piece(number, inside, slice(first - picked.start, last - picked.start))
        return
    chunks = picked // step
    for number in np.unique(chunks).tolist():
        outside = np.flatnonzero(chunks == number)
        yield _Piece(number, picked[outside] - number * step, outside)


def _from_row(file: BinaryFile, dataset: Dataset, picked: tuple[Picked, ...], shape: tuple[int, ...]) -> NDArray[Any]:
    begin = dataset.base + dataset.layout.address
    found = np.empty(shape, dataset.type.dtype)
    inner, rows = picked[1:], picked[0] if picked else slice(0, 1)
    row_shape = dataset.shape[1:]
    row_bytes = math.prod(row_shape) * dataset.type.size
    if not isinstance(rows, slice) or (row_bytes >= _LONG_ROW and shape[1:] != row_shape and _neighbours(inner)):
        _rows_one_by_one(file, dataset, rows, inner, found)
    elif shape[1:] == row_shape and _neighbours(inner):
        _read_into(file, begin + rows.start * row_bytes, found, dataset.name)
    else:
        step = max(_BLOCK // row_bytes, 1)
        for first in range(rows.start, rows.stop, step):
            block = np.empty((min(step, rows.stop - first), *row_shape), dataset.type.dtype)
            _read_into(file, begin + first * row_bytes, block, dataset.name)
            found[first - rows.start : first - rows.start + len(block)] = block[(slice(None), *inner)]
    return found


def _neighbours(picked: tuple[Picked, ...]) -> bool:
    return all(isinstance(one, slice) for one in picked)


def _rows_one_by_one(
    file: BinaryFile, dataset: Dataset, rows: Picked, inner: tuple[Picked, ...], found: NDArray[Any]
) -> None:
    """Read only the wanted stretch of each row."""
    value_bytes = math.prod(dataset.shape[2:]) * dataset.type.size
    row_bytes = dataset.shape[1] * value_bytes
    first = inner[0].start if isinstance(inner[0], slice) else 0
    begin = dataset.base + dataset.layout.address + first * value_bytes
    wanted = range(rows.start, rows.stop) if isinstance(rows, slice) else rows.tolist()
    for position, row in enumerate(wanted):
        _read_into(file, begin + row * row_bytes, found[position : position + 1], dataset.name)


def _read_into(file: BinaryFile, offset: int, values: NDArray[Any], name: str) -> None:
    place = f"dataset {name}"
    file.check(offset, values.nbytes, place)
    file.handle.seek(offset)
    if file.handle.readinto(values.reshape(-1).view(np.uint8).data) != values.nbytes:
        raise TruncatedFileError(file.path, f"became shorter while the {place} was read", "wait until it is copied")
