"""A file whose headers were read before and of which more is wanted now; no file is open in between.

Its bytes are read, not mapped: a map beyond the end of a file that became shorter ends the whole process.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from io import FileIO
from pathlib import Path

from mnephys.errors import MissingFileError, ReadError, TruncatedFileError
from mnephys.readers.axis.errors import check_same_size

__all__ = ["fill", "reopened"]


@contextmanager
def reopened(path: str, size: int) -> Iterator[FileIO]:
    """Open a file again.

    Parameters
    ----------
    path : str
        Of the file.
    size : int
        Its length in bytes when its headers were read.

    Yields
    ------
    FileIO
        Without a buffer; closed when the block ends.

    Raises
    ------
    MissingFileError
        If it does not exist any more.
    TruncatedFileError
        If it became shorter.
    ReadError
        If it became longer, or cannot be opened or read any more.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.NamedTemporaryFile() as file, reopened(file.name, 0) as handle:
    ...     handle.read(1)
    b''
    """
    if Path(path).exists() and not Path(path).is_file():  # a pipe would never answer
        raise ReadError(path, "is no file any more", "put it back where it was")
    try:
        handle = FileIO(path)
    except FileNotFoundError:
        raise MissingFileError(path, "does not exist any more", "put it back where it was") from None
    except OSError as error:
        raise ReadError(path, f"cannot be opened any more: {error.strerror or error}") from error
    with handle:
        check_same_size(path, size, os.fstat(handle.fileno()).st_size)
        try:
            yield handle
        except ReadError:
            raise
        except OSError as error:
            raise ReadError(path, f"cannot be read any more: {error.strerror or error}", "copy it again") from error


def fill(handle: FileIO, offset: int, place: memoryview) -> None:
    """Read exactly so many bytes as there is place for.

    Parameters
    ----------
    handle : FileIO
        Of `reopened`.
    offset : int
        Where they begin in the file.
    place : memoryview
        Of bytes, to be filled.

    Raises
    ------
    TruncatedFileError
        If the file ends before.

    Examples
    --------
    >>> import tempfile
    >>> piece = bytearray(2)
    >>> with tempfile.NamedTemporaryFile() as file:
    ...     n_bytes = file.write(b"abc")
    ...     file.flush()
    ...     with reopened(file.name, n_bytes) as handle:
    ...         fill(handle, 1, memoryview(piece))
    >>> piece
    bytearray(b'bc')
    """
    handle.seek(offset)
    while place and (n_bytes := handle.readinto(place)):
        place = place[n_bytes:]
    if place:
        raise TruncatedFileError(str(handle.name), "became shorter while it was read", "copy it again")
