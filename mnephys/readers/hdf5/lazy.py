"""A dataset of numbers in an HDF5 file, of which only what is asked for is read."""

from __future__ import annotations

import operator
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mnephys.errors import ReadError, TruncatedFileError
from mnephys.readers.binary import open_binary
from mnephys.readers.hdf5.bytes import Source, typed
from mnephys.readers.hdf5.datasets import Dataset
from mnephys.readers.hdf5.selections import Picked, Selector, everything

__all__ = ["LazyArray"]


class LazyArray:
    """A dataset of numbers that stay in the file until they are asked for.

    It needs no open file: each read opens the file and closes it again. It can be pickled.

    Parameters
    ----------
    dataset : Dataset
        Of numbers.
    size : int
        Bytes of the file; a file of another length is not read any more.

    Examples
    --------
    >>> import tempfile, h5py
    >>> from mnephys.readers.hdf5.file import open_hdf5
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     with h5py.File(f"{folder}/raw.h5", "w") as made:
    ...         made["raw"] = np.arange(12).reshape(4, 3)
    ...     with open_binary(f"{folder}/raw.h5") as file, open_hdf5(file) as content:
    ...         raw = content.lazy("raw")
    ...     print(raw, raw.read(1, 3).tolist(), raw.read_columns(2, 3, [3, 0]).tolist())
    LazyArray raw: int64 (4, 3) [[3, 4, 5], [6, 7, 8]] [[11], [2]]
    """

    __slots__ = ("_dataset", "_selector", "_size")

    def __init__(self, dataset: Dataset, size: int) -> None:
        self._dataset = dataset
        self._size = size
        self._selector = Selector(dataset, keep=True)

    @property
    def path(self) -> str:
        """The file, as the user named it."""
        return self._dataset.path

    @property
    def name(self) -> str:
        """The path in the file."""
        return self._dataset.name

    @property
    def shape(self) -> tuple[int, ...]:
        """Number of values along each dimension."""
        return self._dataset.shape

    @property
    def dtype(self) -> np.dtype[Any]:
        """The stored type."""
        return self._dataset.type.dtype

    @property
    def chunks(self) -> tuple[int, ...] | None:
        """Shape of the pieces in which it is stored; None where it is stored in one row."""
        return self._dataset.chunk or None

    @property
    def filters(self) -> tuple[int, ...]:
        """Numbers of the filters that packed the pieces, as HDF5 registers them."""
        return tuple(packed.number for packed in self._dataset.filters)

    def read(self, start: int, stop: int, columns: Sequence[int] | slice | None = None) -> NDArray[Any]:
        """Return some rows, along the first dimension.

        Parameters
        ----------
        start, stop : int
            First row and the one after the last, ``0 <= start <= stop <= shape[0]``.
        columns : sequence of int or slice, optional
            Positions along the second of two dimensions; all if omitted.

        Returns
        -------
        ndarray, shape (stop - start, ...)
            Of the stored type.

        Raises
        ------
        IndexError
            If this is not in the dataset.
        ReadError
            If the file cannot be read any more, was changed, or is damaged there.
        UnsupportedFormatError
            If a filter packed it that is not part of HDF5.
        """
        picked = [self._neighbours(start, stop, 0), *everything(self._dataset)[1:]]
        if columns is not None:
            picked[1] = self._positions(columns, 1)
        return self._read(tuple(picked))

    def read_columns(self, start: int, stop: int, rows: Sequence[int] | slice | None = None) -> NDArray[Any]:
        """Return some columns of two dimensions, of which the second is time.

        Parameters
        ----------
        start, stop : int
            First column and the one after the last, ``0 <= start <= stop <= shape[1]``.
        rows : sequence of int or slice, optional
            Positions along the first dimension; all if omitted.

        Returns
        -------
        ndarray, shape (n_rows, stop - start)
            Of the stored type.

        Raises
        ------
        IndexError
            If this is not in the dataset.
        ReadError
            If the file cannot be read any more, was changed, or is damaged there.
        UnsupportedFormatError
            If a filter packed it that is not part of HDF5.
        """
        return self._read((self._positions(slice(None) if rows is None else rows, 0), self._neighbours(start, stop, 1)))

    def close(self) -> None:
        """Let go of what was kept in memory for the next read."""
        self._selector.forget()

    def _read(self, picked: tuple[Picked, ...]) -> NDArray[Any]:
        with open_binary(self.path) as file:
            if file.size != self._size:
                problem = f"has {file.size} bytes, but had {self._size} when it was opened"
                kind = TruncatedFileError if file.size < self._size else ReadError
                raise kind(self.path, problem, "open it again once it is complete")
            with typed(self.path, f"dataset {self.name}"):
                return self._selector.read(Source(file, self._dataset.base), picked)

    def _neighbours(self, start: int, stop: int, axis: int) -> slice:
        start, stop, extent = operator.index(start), operator.index(stop), self._extent(axis)
        if not 0 <= start <= stop <= extent:
            raise IndexError(f"{start} to {stop} is not in dataset {self.name}, which has {extent} there")
        return slice(start, stop)

    def _positions(self, wanted: Sequence[int] | slice, axis: int) -> Picked:
        extent = self._extent(axis)
        if len(self.shape) != 2:
            raise IndexError(f"dataset {self.name} of shape {self.shape} has no rows and columns")
        if isinstance(wanted, slice):
            start, stop, step = wanted.indices(extent)
            return slice(start, max(start, stop)) if step == 1 else np.arange(start, stop, step)
        positions = np.asarray([operator.index(position) for position in wanted], dtype=np.int64)
        if ((positions < 0) | (positions >= extent)).any():
            raise IndexError(f"{positions.tolist()} are not all in dataset {self.name}, which has {extent} there")
        return positions

    def _extent(self, axis: int) -> int:
        if axis >= len(self.shape):
            raise IndexError(f"dataset {self.name} of shape {self.shape} has no dimension {axis}")
        return self.shape[axis]

    def __reduce__(self) -> tuple[type[LazyArray], tuple[Dataset, int]]:
        return LazyArray, (self._dataset, self._size)

    def __repr__(self) -> str:
        return f"LazyArray {self.name}: {self.dtype} {self.shape}"
