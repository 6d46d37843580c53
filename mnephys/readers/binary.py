"""Bounded access to the bytes of a file: nothing is read that the file does not hold.

Every reader goes through `BinaryFile`, so that a size or an offset from a header can at worst raise a
`ReadError`, never allocate more than the file is long.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from io import BufferedReader
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from mnephys.errors import CorruptHeaderError, MissingFileError, ReadError, TruncatedFileError
from mnephys.readers.damage import CUT, DAMAGED_HEADER

__all__ = ["BinaryFile", "open_binary", "text_field"]

# A claim beyond this is a damaged field, not the end of a file that was cut.
_LARGEST_CREDIBLE_FILE = 1 << 38


def text_field(raw: bytes) -> str:
    """Return the text of a fixed-width field.

    Parameters
    ----------
    raw : bytes
        Padded with NULs or spaces.

    Returns
    -------
    str
        Up to the first NUL, without surrounding white space; Latin-1, so that every byte has a character
        and the micro sign of old files survives.

    Examples
    --------
    >>> text_field(b"IN 0    ")
    'IN 0'
    """
    return raw.split(b"\0", 1)[0].decode("latin-1").strip()


@dataclass(frozen=True, slots=True)
class BinaryFile:
    """An open file whose size is known.

    Parameters
    ----------
    path : str
        As the user named it, for messages.
    handle : file object
        Open for reading bytes.
    size : int
        Its length in bytes.
    """

    path: str
    handle: BufferedReader = field(repr=False)
    size: int

    def check(self, offset: int, n_bytes: int, place: str) -> None:
        """Raise unless the file holds a range of bytes.

        Parameters
        ----------
        offset, n_bytes : int
            Where it starts and how long it is, from a header.
        place : str
            What it is, for the message.

        Raises
        ------
        CorruptHeaderError
            If the range is negative, or beyond any credible file.
        TruncatedFileError
            If the file ends before the range does.
        """
        end = offset + n_bytes
        if offset < 0 or n_bytes < 0 or end > _LARGEST_CREDIBLE_FILE:
            raise CorruptHeaderError(
                self.path,
                f"the header places the {place} at bytes {offset} to {end}, which cannot be true",
                DAMAGED_HEADER,
            )
        if end > self.size:
            raise TruncatedFileError(
                self.path,
                f"ends after {self.size} bytes, but its header places the {place} at bytes {offset} to {end}",
                CUT,
            )

    def bytes(self, offset: int, n_bytes: int, place: str) -> bytes:
        """Return a range of bytes.

        Parameters
        ----------
        offset, n_bytes : int
            Where it starts and how long it is.
        place : str
            What it is, for the message.

        Returns
        -------
        bytes
            Exactly `n_bytes` of them.

        Raises
        ------
        CorruptHeaderError, TruncatedFileError
            If the file does not hold the range.
        """
        self.check(offset, n_bytes, place)
        self.handle.seek(offset)
        found = self.handle.read(n_bytes)
        if len(found) != n_bytes:
            raise TruncatedFileError(self.path, f"became shorter while the {place} was read", "wait until it is copied")
        return found

    def records(self, dtype: DTypeLike, offset: int, count: int, place: str) -> NDArray[Any]:
        """Return structured records.

        Parameters
        ----------
        dtype : dtype
            Of one record.
        offset, count : int
            Where the first starts and how many there are.
        place : str
            What they are, for the message.

        Returns
        -------
        ndarray, shape (count,)
            A copy, of `dtype`.

        Raises
        ------
        CorruptHeaderError, TruncatedFileError
            If the file does not hold them all.
        """
        kind = np.dtype(dtype)
        if count == 0:
            return np.zeros(0, kind)
        return np.frombuffer(self.bytes(offset, count * kind.itemsize, place), kind, count).copy()

    def sha256(self) -> str:
        """Return the checksum of the whole file.

        Returns
        -------
        str
            Its SHA-256, hexadecimal.
        """
        self.handle.seek(0)
        return hashlib.file_digest(self.handle, "sha256").hexdigest()


def _open(path: str | Path) -> BufferedReader:
    """Open a regular file, or say why not."""
    where = Path(path)
    try:
        odd = "is a folder" if where.is_dir() else "is not a regular file"
        if where.is_file() or not where.exists():
            return where.open("rb")
    except FileNotFoundError:
        raise MissingFileError(path, "does not exist", "check the spelling of the path") from None
    except OSError as error:
        raise ReadError(path, f"cannot be opened: {error.strerror or error}", "check its permissions") from error
    except ValueError:  # what a NUL in the path raises
        raise MissingFileError(path, "is not a path", "check its spelling") from None
    raise ReadError(path, odd, "give the recording itself")


@contextmanager
def open_binary(path: str | Path) -> Iterator[BinaryFile]:
    """Open a file for reading.

    Parameters
    ----------
    path : str or Path
        An existing, regular, non-empty file.

    Yields
    ------
    BinaryFile
        Closed when the block ends.

    Raises
    ------
    MissingFileError
        If nothing is there.
    ReadError
        If it is a folder or a device, or cannot be opened or read.
    TruncatedFileError
        If it is empty.
    """
    with _open(path) as handle:
        size = os.fstat(handle.fileno()).st_size
        if size == 0:
            raise TruncatedFileError(path, "is empty (0 bytes)", "copy it again from the acquisition computer")
        try:
            yield BinaryFile(str(path), handle, size)
        except ReadError:
            raise
        except OSError as error:
            raise ReadError(path, f"cannot be read: {error.strerror or error}", "copy it again") from error
