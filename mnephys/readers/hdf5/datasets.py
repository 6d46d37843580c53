"""The datasets of an HDF5 file: what they hold, and whether the file can hold that much."""

from __future__ import annotations

import math
from dataclasses import dataclass

from mnephys.errors import CorruptHeaderError, UnsupportedFormatError
from mnephys.readers.hdf5.bytes import COPY_AGAIN, UNDEFINED, Fields, Source
from mnephys.readers.hdf5.filters import STRONGEST, Filter, foreign_filter, read_filters
from mnephys.readers.hdf5.headers import Header, Kind, shared_content
from mnephys.readers.hdf5.layouts import Layout, Storage, read_layout
from mnephys.readers.hdf5.spaces import read_space
from mnephys.readers.hdf5.types import StoredType, read_type

__all__ = ["Dataset", "read_dataset"]

# A chunk is in memory twice while it is unpacked, beside the values that are read.
_CHUNK, _CHUNK_TIMES, _LARGEST_CHUNK = 16 << 20, 2, 1 << 30
_MOST_DIMENSIONS = 8


@dataclass(frozen=True, slots=True)
class Dataset:
    """A dataset.

    Parameters
    ----------
    path, name : str
        The file and the place in it, for messages.
    base : int
        Where HDF5 begins in the file.
    type : StoredType
        Of a value.
    shape : tuple of int
        Of the whole.
    most : tuple of int, or None
        How far each dimension may grow.
    filters : tuple of Filter
        That packed the chunks.
    layout : Layout
        Where the values are.
    """

    path: str
    name: str
    base: int
    type: StoredType
    shape: tuple[int, ...]
    most: tuple[int | None, ...]
    filters: tuple[Filter, ...]
    layout: Layout

    @property
    def n_values(self) -> int:
        """Number of values."""
        return math.prod(self.shape)

    @property
    def n_bytes(self) -> int:
        """Bytes of all values."""
        return self.n_values * self.type.size

    @property
    def chunk(self) -> tuple[int, ...]:
        """Shape of a chunk; nothing where there are none."""
        return self.layout.chunk[:-1]

    @property
    def chunk_bytes(self) -> int:
        """Bytes of a chunk that is not packed."""
        return math.prod(self.layout.chunk)

    @property
    def grid(self) -> tuple[int, ...]:
        """Number of chunks along each dimension."""
        return tuple(-(-extent // step) for extent, step in zip(self.shape, self.chunk, strict=True))

    def require_readable(self) -> None:
        """Raise unless the values can be unpacked.

        Raises
        ------
        UnsupportedFormatError
            If a filter packed them that is not part of HDF5.
        """
        if foreign := foreign_filter(self.filters):
            name = f" ({foreign.name})" if foreign.name else ""
            problem = f"dataset {self.name} is packed by filter {foreign.number}{name}, which is not read"
            raise UnsupportedFormatError(self.path, problem, "pack it with gzip: h5repack -f GZIP=4 in.h5 out.h5")

    def corrupt(self, problem: str) -> CorruptHeaderError:
        """Return the error for something that cannot be true.

        Parameters
        ----------
        problem : str
            What is wrong with the dataset, a predicate.

        Returns
        -------
        CorruptHeaderError
            To be raised.
        """
        return CorruptHeaderError(self.path, f"dataset {self.name} {problem}", COPY_AGAIN)

    def unwritten(self, where: str = "") -> UnsupportedFormatError:
        """Return the error for values that no program has put into the file.

        Parameters
        ----------
        where : str, optional
            From where on, for example ``" from (60, 0) on"``.

        Returns
        -------
        UnsupportedFormatError
            To be raised.
        """
        problem = f"dataset {self.name} was never written{where}"
        return UnsupportedFormatError(self.path, problem, "the recording was interrupted: record or export it again")

    def too_large(self, stored: int) -> CorruptHeaderError:
        """Return the error for more values than the file can hold.

        Parameters
        ----------
        stored : int
            Bytes that it can hold at most.

        Returns
        -------
        CorruptHeaderError
            To be raised.
        """
        return self.corrupt(f"claims {self.n_values} values, but the file holds only {stored} bytes of them")


def read_dataset(source: Source, header: Header, name: str) -> Dataset:
    """Read the header of a dataset, and check that the file can hold its values.

    Parameters
    ----------
    source : Source
        The file.
    header : Header
        Of the dataset.
    name : str
        Its path, for messages.

    Returns
    -------
    Dataset
        None of its values was read.

    Raises
    ------
    CorruptHeaderError
        If it is no dataset, holds no values, or claims more than the file can hold.
    UnsupportedFormatError
        If it keeps its values in other files, or was never written.
    TruncatedFileError
        If the file ends before its values do.
    """
    path = source.file.path
    if not all(header.has(kind) for kind in (Kind.SPACE, Kind.TYPE, Kind.LAYOUT)):
        raise CorruptHeaderError(path, f"dataset {name} is no dataset", COPY_AGAIN)
    extent = read_space(_message(source, header, Kind.SPACE, name))
    if extent is None:
        raise CorruptHeaderError(path, f"dataset {name} holds no values", COPY_AGAIN)
    dataset = Dataset(
        path=path,
        name=name,
        base=source.base,
        type=read_type(_message(source, header, Kind.TYPE, name)),
        shape=extent.shape,
        most=extent.most,
        filters=read_filters(_message(source, header, Kind.FILTERS, name)) if header.has(Kind.FILTERS) else (),
        layout=read_layout(_message(source, header, Kind.LAYOUT, name)),
    )
    if header.has(Kind.EXTERNAL_FILES) or dataset.layout.storage is Storage.ELSEWHERE:
        problem = f"dataset {name} keeps its values in other files, which are not opened"
        raise UnsupportedFormatError(path, problem, "store the values in the file itself, for example with h5repack")
    _check_chunks(source, dataset)
    _check_size(source, dataset)
    return dataset


def _message(source: Source, header: Header, kind: Kind, name: str) -> Fields:
    message = header.all(kind)[0]
    content = shared_content(source, message.content, kind) if message.shared else message.content
    return Fields(content, source.file.path, f"header of dataset {name}")


def _check_chunks(source: Source, dataset: Dataset) -> None:
    if dataset.layout.storage is not Storage.CHUNKS:
        return
    if len(dataset.chunk) != len(dataset.shape) or not dataset.shape:
        raise dataset.corrupt(f"has {len(dataset.shape)} dimensions and chunks of {len(dataset.chunk)}")
    if 0 in dataset.chunk or dataset.layout.chunk[-1] != dataset.type.size:
        raise dataset.corrupt(f"has chunks of {dataset.layout.chunk} with values of {dataset.type.size} bytes")
    if len(dataset.shape) > _MOST_DIMENSIONS:
        raise dataset.corrupt(f"has {len(dataset.shape)} dimensions; at most {_MOST_DIMENSIONS} are read")
    if dataset.chunk_bytes > (most := min(_CHUNK + _CHUNK_TIMES * source.file.size, _LARGEST_CHUNK)):
        raise dataset.corrupt(f"claims chunks of {dataset.chunk_bytes} bytes; at most {most} are read")


def _check_size(source: Source, dataset: Dataset) -> None:
    layout, needed = dataset.layout, dataset.n_bytes
    if not needed:
        return
    if layout.storage is Storage.CHUNKS:
        # All of a chunk is stored, also what lies beyond the dataset.
        if max(needed, dataset.chunk_bytes) > source.file.size * (STRONGEST if dataset.filters else 1):
            raise dataset.unwritten() if layout.address == UNDEFINED else dataset.too_large(source.file.size)
        return
    stored = len(layout.content) if layout.storage is Storage.HEADER else layout.size or needed
    if layout.storage is Storage.ROW and layout.address == UNDEFINED:
        raise dataset.unwritten()
    if needed > stored:
        raise dataset.too_large(stored)
    if needed < stored:
        raise dataset.corrupt(f"claims {dataset.n_values} values, but takes {stored} bytes")
    if layout.storage is Storage.ROW:
        source.file.check(source.base + layout.address, needed, f"dataset {dataset.name}")
