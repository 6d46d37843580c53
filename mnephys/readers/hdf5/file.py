"""Checked access to an HDF5 file, and nothing that leads out of it.

The HDF5 library trusts what it reads. It opens other files that a link or a dataset names, loads filters from the
disk, allocates what a shape claims, and on damaged files loops for ever or ends the program. So its files are read here
without it: bytes that are compared with the size of the file, never an address that is followed twice.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from numpy.typing import NDArray

from mnephys.errors import UnsupportedFormatError
from mnephys.readers.binary import BinaryFile
from mnephys.readers.hdf5.attributes import Attributes
from mnephys.readers.hdf5.bytes import typed
from mnephys.readers.hdf5.datasets import Dataset, read_dataset
from mnephys.readers.hdf5.groups import Groups
from mnephys.readers.hdf5.heap import TextHeap, decoded
from mnephys.readers.hdf5.lazy import LazyArray
from mnephys.readers.hdf5.superblock import SIGNATURE, open_source
from mnephys.readers.hdf5.types import Sort
from mnephys.readers.hdf5.values import read_array, read_table

__all__ = ["SIGNATURE", "Hdf5File", "open_hdf5", "texts_of"]

_DIGITS = re.compile("([0-9]+)")


@dataclass(frozen=True, slots=True)
class Hdf5File:
    """An open HDF5 file. Names are paths with ``/`` and without a slash in front; an empty one is the root.

    Parameters
    ----------
    file : BinaryFile
        The same file, as bytes.
    groups : Groups
        What is where in it.
    described : Attributes
        Of groups and datasets.
    heap : TextHeap
        Its texts of variable length.
    """

    file: BinaryFile
    groups: Groups = field(repr=False)
    described: Attributes = field(repr=False)
    heap: TextHeap = field(repr=False)

    @property
    def path(self) -> str:
        """Where it is, as the user named it."""
        return self.file.path

    def has(self, name: str) -> bool:
        """Return whether there is an entry at a path, of whatever kind.

        Parameters
        ----------
        name : str
            The path.

        Returns
        -------
        bool
            True for a link too, wherever it leads; it is not followed.

        Raises
        ------
        ReadError
            If the file is damaged.
        """
        group, slash, last = name.rpartition("/")
        with typed(self.path, f"what is in group {group or '/'}"):
            header, _ = self.groups.place(group)
            if header is None or (slash and not group):
                return False
            return not name or last in self.groups.entries(header)

    def names(self, group: str) -> list[str]:
        """Return the entries of a group, links too.

        Parameters
        ----------
        group : str
            Its path.

        Returns
        -------
        list of str
            In natural order, ``Stream_2`` before ``Stream_10``; empty if there is no such group.

        Raises
        ------
        ReadError
            If the file is damaged.
        """
        with typed(self.path, f"what is in group {group or '/'}"):
            header, _ = self.groups.place(group)
            return [] if header is None else sorted(self.groups.entries(header), key=_natural)

    def attributes(self, name: str) -> dict[str, Any]:
        """Return the attributes of a group or a dataset.

        Parameters
        ----------
        name : str
            Its path.

        Returns
        -------
        dict of str to int, float, bool, str, ndarray or list of str
            Single values as such, several as an array or, texts, as a list; an attribute of any other kind is left
            out. Empty if nothing is there.

        Raises
        ------
        ReadError
            If they are damaged.
        """
        with typed(self.path, f"attributes of {name or '/'}"):
            header, _ = self.groups.place(name)
            return {} if header is None else self.described.of(header)

    def array(self, name: str, most: int) -> NDArray[Any] | None:
        """Return a dataset of numbers or texts.

        Parameters
        ----------
        name : str
            Its path.
        most : int
            Values beyond this number are a damaged shape.

        Returns
        -------
        ndarray of the stored shape and type, or None
            Integers or floating point as stored, also the integers that stand for names or for false and true; texts
            as bytes; None where the file has no such dataset.

        Raises
        ------
        CorruptHeaderError
            If it is no dataset, holds anything but numbers and texts, or claims more values than the file can hold.
        UnsupportedFormatError
            If it is a link, keeps its values in other files, or is packed by a filter that is not part of HDF5.
        ReadError
            Otherwise, if it cannot be read.
        """
        with typed(self.path, f"dataset {name}"):
            dataset = self._dataset(name)
            return None if dataset is None else read_array(self.heap, dataset, most)

    def table(self, name: str, most: int) -> dict[str, NDArray[Any]] | None:
        """Return a dataset of rows with several fields.

        Parameters
        ----------
        name : str
            Its path.
        most : int
            Rows beyond this number are a damaged shape.

        Returns
        -------
        dict of str to ndarray, shape (n_rows,), or None
            A column per field: numbers as stored, texts of fixed or variable length as text; a field of any other kind
            is left out. None where the file has no such dataset.

        Raises
        ------
        CorruptHeaderError
            If it is no such dataset, or claims more rows than the file can hold.
        UnsupportedFormatError
            As for `Hdf5File.array`.
        ReadError
            Otherwise, if it cannot be read.
        """
        with typed(self.path, f"dataset {name}"):
            dataset = self._dataset(name)
            return None if dataset is None else read_table(self.heap, dataset, most)

    def lazy(self, name: str) -> LazyArray | None:
        """Return a dataset of numbers, of which nothing is read yet.

        Parameters
        ----------
        name : str
            Its path.

        Returns
        -------
        LazyArray or None
            Usable after the file was closed; None where the file has no such dataset.

        Raises
        ------
        CorruptHeaderError
            If it is no dataset of numbers, or claims more than the file can hold.
        UnsupportedFormatError
            If it is a link, or keeps its values in other files.
        ReadError
            Otherwise, if it cannot be read.
        """
        with typed(self.path, f"dataset {name}"):
            dataset = self._dataset(name)
            if dataset is None:
                return None
            if dataset.type.sort is not Sort.NUMBER:
                raise dataset.corrupt("holds no numbers")
            return LazyArray(dataset, self.file.size)

    def _dataset(self, name: str) -> Dataset | None:
        header, linked = self.groups.place(name)
        if linked:
            problem = f"dataset {name} is a link to another place, which is not followed"
            raise UnsupportedFormatError(self.path, problem, "put the data itself in its place")
        return None if header is None else read_dataset(self.groups.source, header, name)


def _natural(name: str) -> tuple[list[tuple[int, str]], str]:
    """Return by what to sort names so that numbers in them count as such."""
    parts = _DIGITS.split(name)
    numbers = {position: parts[position].lstrip("0") for position in range(1, len(parts), 2)}
    key = [(len(numbers.get(position, "")), numbers.get(position, part)) for position, part in enumerate(parts)]
    # Names that differ only in zeros in front.
    return key, name


@contextmanager
def open_hdf5(file: BinaryFile) -> Iterator[Hdf5File]:
    """Open a file as HDF5.

    Parameters
    ----------
    file : BinaryFile
        Open.

    Yields
    ------
    Hdf5File
        Usable in the block.

    Raises
    ------
    TruncatedFileError
        If the file was cut.
    CorruptHeaderError
        If it is damaged, or no HDF5 file.
    UnsupportedFormatError
        If it is of a kind that is not read.

    Examples
    --------
    >>> import tempfile, h5py
    >>> from mnephys.readers.binary import open_binary
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     with h5py.File(f"{folder}/plate.h5", "w") as made:
    ...         made["A1/spikes"] = [0.5, 1.25]
    ...         made["A1"].attrs["treatment"] = "none"
    ...     with open_binary(f"{folder}/plate.h5") as file, open_hdf5(file) as content:
    ...         print(content.names("A1"), content.attributes("A1"), content.array("A1/spikes", 100))
    ['spikes'] {'treatment': 'none'} [0.5  1.25]
    """
    with typed(file.path, "it"):
        source, root = open_source(file)
    heap = TextHeap(source)
    yield Hdf5File(file, Groups(source, root), Attributes(heap), heap)


def texts_of(values: NDArray[Any]) -> list[str]:
    """Return the values of a dataset as text.

    Parameters
    ----------
    values : ndarray of any shape
        Texts as bytes, or numbers.

    Returns
    -------
    list of str
        One per value: texts up to the first NUL, without surrounding white space, UTF-8 or else Latin-1; numbers
        as people write them, NaN as an empty text.

    Examples
    --------
    >>> import numpy as np
    >>> texts_of(np.array([b"uM ", b"NA"])), texts_of(np.array([0.3, 10.0, np.nan]))
    (['uM', 'NA'], ['0.3', '10', ''])
    """
    if values.dtype.kind == "S":
        return [decoded(raw) for raw in values.ravel().tolist()]
    return ["" if number != number else f"{number:.12g}" for number in values.ravel().tolist()]  # noqa: PLR0124 -- NaN
