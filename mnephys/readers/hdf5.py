"""Checked access to an HDF5 file: arrays of numbers and of texts, and nothing that leads out of it.

The HDF5 library trusts what it reads. It opens other files that a link or a dataset names, loads filters from the
disk, allocates what a shape claims, and on damaged files loops for ever (a chunk of another rank than its dataset, a
heap of texts of variable length) or frees memory twice (compound types). So only what was checked here reaches it.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mnephys.errors import CorruptHeaderError, ReadError, TruncatedFileError, UnsupportedFormatError
from mnephys.readers.binary import BinaryFile, text_field
from mnephys.readers.hdf5_heap import LONGEST_TEXT, REFERENCE, heap_texts

__all__ = ["SIGNATURE", "Hdf5File", "open_hdf5", "texts_of"]

#: The first bytes of an HDF5 file.
SIGNATURE = b"\x89HDF\r\n\x1a\n"

_COPY_AGAIN = "copy the file again, or export it again"
_LARGEST_CHUNK = 1 << 30
# Deflate never makes data smaller than by this factor; the other filters stay far below.
_STRONGEST_FILTER = 1032


@dataclass(frozen=True, slots=True)
class Hdf5File:
    """An open HDF5 file.

    Parameters
    ----------
    file : BinaryFile
        The same file, as bytes.
    root : h5py.File
        Open; nothing else than this class touches it.
    """

    file: BinaryFile
    root: Any = field(repr=False)

    @property
    def path(self) -> str:
        """Where it is, as the user named it."""
        return self.file.path

    def has(self, name: str) -> bool:
        """Return whether the file has an entry of a name at its root, of whatever kind.

        Parameters
        ----------
        name : str
            Without a slash.

        Returns
        -------
        bool
            True for a link too, wherever it leads; it is not followed.

        Raises
        ------
        ReadError
            If the file is damaged.
        """
        with _translated(self.path, "its list of datasets"):
            return bool(self.root.id.links.exists(name.encode()))

    def array(self, name: str, most: int) -> NDArray[Any] | None:
        """Return a dataset.

        Parameters
        ----------
        name : str
            Its name, below groups with ``/``.
        most : int
            Values beyond this number are a damaged shape.

        Returns
        -------
        ndarray of the stored shape and type, or None
            Integers or floating point as stored, texts as bytes; None where the file has no such dataset.

        Raises
        ------
        CorruptHeaderError
            If it is no dataset, holds anything but numbers and texts, or claims more values than the file can hold.
        UnsupportedFormatError
            If it is a link, keeps its values in other files, is packed by a filter that is not part of HDF5, or
            holds packed texts of variable length.
        ReadError
            Otherwise, if it cannot be read.
        """
        from h5py import h5s, h5t

        with _translated(self.path, f"dataset {name}"):
            dataset = self._find(name)
            if dataset is None:
                return None
            stored = dataset.get_type()
            if isinstance(stored, h5t.TypeStringID) and stored.is_variable_str():
                return self._heap_texts(name, dataset, most)
            dtype = self._dtype(name, stored)
            shape = self._shape(name, dataset, dtype.itemsize, most)
            # Zeros, because a chunk that was never written may leave its part of the memory alone.
            values = np.zeros(shape, dtype)
            if values.size:
                dataset.read(h5s.ALL, h5s.ALL, values, mtype=stored)
            return values

    def _find(self, name: str) -> Any | None:
        from h5py import h5d, h5g, h5l, h5o

        place = self.root.id
        for part in name.encode().split(b"/"):
            if not isinstance(place, h5g.GroupID) or not place.links.exists(part):
                return None
            if place.links.get_info(part).type != h5l.TYPE_HARD:
                problem = f"dataset {name} is a link to another place, which is not followed"
                raise UnsupportedFormatError(self.path, problem, "put the data itself in its place")
            place = h5o.open(place, part)
        if not isinstance(place, h5d.DatasetID):
            raise self._corrupt(name, "is no dataset")
        return place

    def _heap_texts(self, name: str, dataset: Any, most: int) -> NDArray[Any]:
        shape = self._shape(name, dataset, REFERENCE.itemsize, most)
        n_texts = math.prod(shape)
        if n_texts == 0:
            return np.zeros(shape, "S1")
        # None where the references are packed, or stand in the header of the dataset.
        offset = dataset.get_offset()
        if offset is None or dataset.get_storage_size() != n_texts * REFERENCE.itemsize:
            problem = f"dataset {name} holds packed texts of variable length, which are not read"
            raise UnsupportedFormatError(self.path, problem, "store them with a fixed length, in numpy as dtype 'S'")
        return heap_texts(self.file, offset, n_texts, f"dataset {name}").reshape(shape)

    def _dtype(self, name: str, stored: Any) -> np.dtype[Any]:
        """Return the type of the values; anything but a standard one needs a conversion, which is not trusted."""
        from h5py import h5t

        if isinstance(stored, h5t.TypeStringID):
            if not 0 < (length := stored.get_size()) <= LONGEST_TEXT:
                raise self._corrupt(name, f"claims texts of {length} bytes; at most {LONGEST_TEXT} are read")
            return np.dtype(f"S{length}")
        for standard in (*_floats(h5t), *_integers(h5t)):
            if stored.equal(standard):
                found: np.dtype[Any] = standard.dtype
                return found
        raise self._corrupt(name, "holds neither numbers nor texts")

    def _shape(self, name: str, dataset: Any, itemsize: int, most: int) -> tuple[int, ...]:
        """Return the shape, once the file was found to hold that much."""
        from h5py import h5d, h5s, h5z

        if dataset.get_space().get_simple_extent_type() == h5s.NULL:
            raise self._corrupt(name, "holds no values")
        shape = tuple(int(extent) for extent in dataset.shape)
        if (n_values := math.prod(shape)) > most:
            raise self._corrupt(name, f"claims {n_values} values; at most {most} are read")
        plan = dataset.get_create_plist()
        layout = plan.get_layout()
        if layout not in {h5d.COMPACT, h5d.CONTIGUOUS, h5d.CHUNKED} or plan.get_external_count():
            problem = f"dataset {name} keeps its values in other files, which are not opened"
            raise UnsupportedFormatError(
                self.path, problem, "store the values in the file itself, for example with h5repack"
            )
        filters = [plan.get_filter(position)[0] for position in range(plan.get_nfilters())]
        known = {h5z.FILTER_DEFLATE, h5z.FILTER_SHUFFLE, h5z.FILTER_FLETCHER32}
        if foreign := sorted(set(filters) - known):
            problem = f"dataset {name} is packed by filter {foreign[0]}, which is not read"
            raise UnsupportedFormatError(self.path, problem, "pack it with gzip: h5repack -f GZIP=4 in.h5 out.h5")
        needed = n_values * itemsize
        if layout == h5d.CHUNKED:
            chunk = plan.get_chunk()
            if len(chunk) != len(shape):
                raise self._corrupt(name, f"has {len(shape)} dimensions and chunks of {len(chunk)}")
            if (whole := math.prod(chunk) * itemsize) > _LARGEST_CHUNK:
                raise self._corrupt(name, f"claims chunks of {whole} bytes; at most {_LARGEST_CHUNK} are read")
            needed = max(needed, whole if n_values else 0)
        stored = min(int(dataset.get_storage_size()), self.file.size)
        if needed > stored * (_STRONGEST_FILTER if filters else 1):
            raise self._corrupt(name, f"claims {n_values} values, but the file holds only {stored} bytes of them")
        return shape

    def _corrupt(self, name: str, problem: str) -> CorruptHeaderError:
        return CorruptHeaderError(self.path, f"dataset {name} {problem}", f"the file is damaged: {_COPY_AGAIN}")


def _floats(h5t: Any) -> tuple[Any, ...]:
    return h5t.IEEE_F64LE, h5t.IEEE_F32LE, h5t.IEEE_F64BE, h5t.IEEE_F32BE


def _integers(h5t: Any) -> tuple[Any, ...]:
    return tuple(
        getattr(h5t, f"STD_{sign}{bits}{end}") for end in ("LE", "BE") for sign in "IU" for bits in (32, 64, 16, 8)
    )


@contextmanager
def _translated(path: str, what: str) -> Iterator[None]:
    """Turn what h5py raises, which is of many kinds, into the errors of this package."""
    try:
        yield
    except ReadError:
        raise
    except Exception as error:
        text = str(error)
        if "truncated file" in text or "addr overflow" in text:
            problem = f"ends before the end that it states itself ({text})"
            raise TruncatedFileError(path, problem, "the file was cut: copy it again") from error
        problem = f"{what} cannot be read ({type(error).__name__}: {text})"
        raise CorruptHeaderError(path, problem, f"the file is damaged: {_COPY_AGAIN}") from error


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
        Closed when the block ends.

    Raises
    ------
    TruncatedFileError
        If the file was cut.
    CorruptHeaderError
        If it is damaged, or no HDF5 file.
    """
    # The library takes a noticeable part of a second to load.
    import h5py

    with _translated(file.path, "it"):
        # Through the open handle: no lock is needed that a read-only network drive refuses.
        root = h5py.File(file.handle, "r")
    try:
        yield Hdf5File(file, root)
    finally:
        with _translated(file.path, "it"):
            root.close()


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
    >>> texts_of(np.array([b"uM ", b"NA"])), texts_of(np.array([0.3, 10.0, np.nan]))
    (['uM', 'NA'], ['0.3', '10', ''])
    """
    if values.dtype.kind == "S":
        return [_decoded(raw) for raw in values.ravel().tolist()]
    return ["" if number != number else f"{number:.12g}" for number in values.ravel().tolist()]  # noqa: PLR0124 -- NaN


def _decoded(raw: bytes) -> str:
    try:
        return raw.split(b"\0", 1)[0].decode().strip()
    except UnicodeDecodeError:
        return text_field(raw)
