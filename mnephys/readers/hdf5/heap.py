"""Texts of variable length in an HDF5 file, which stand in its global heap."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mnephys.errors import CorruptHeaderError
from mnephys.readers.binary import text_field
from mnephys.readers.hdf5.bytes import Source

__all__ = ["LONGEST_TEXT", "REFERENCE", "TextHeap", "decoded"]

#: Bytes of a text; a longer one is damaged. Some programs store all their settings as one.
LONGEST_TEXT = 1 << 24
#: What stands in the place of a text: its length, the address of its part of the heap, its number there.
REFERENCE = np.dtype([("length", "<u4"), ("heap", "<u8"), ("index", "<u4")])

_HEADER = struct.Struct("<4sB3xQ")
# Number, count of references, length.
_OBJECT = struct.Struct("<HH4xQ")


def decoded(raw: bytes) -> str:
    r"""Return a text of a file.

    Parameters
    ----------
    raw : bytes
        As stored.

    Returns
    -------
    str
        Up to the first NUL, without surrounding white space, UTF-8 or else Latin-1.

    Examples
    --------
    >>> decoded(b" uM\0\0")
    'uM'
    """
    try:
        return raw.split(b"\0", 1)[0].decode().strip()
    except UnicodeDecodeError:
        return text_field(raw)


@dataclass(slots=True)
class TextHeap:
    """The global heap of a file, each part read once, when it is asked for.

    Parameters
    ----------
    source : Source
        The file.
    """

    source: Source
    _parts: dict[int, dict[int, bytes]] = field(init=False, default_factory=dict, repr=False)

    def texts(self, references: NDArray[Any], place: str) -> list[bytes]:
        """Return texts.

        Parameters
        ----------
        references : ndarray of dtype `REFERENCE`, shape (n_texts,)
            Where they are.
        place : str
            What they are, for messages.

        Returns
        -------
        list of bytes
            Each as stored.

        Raises
        ------
        CorruptHeaderError
            If a reference leads to no text, or the heap claims more than the file holds.
        TruncatedFileError
            If the file ends before it.
        """
        found, left = [], self.source.largest
        for length, address, index in references.tolist():
            text = self._part(address).get(index, b"")[:length] if length else b""
            left -= length
            if len(text) != length or length > LONGEST_TEXT or left < 0:
                problem = f"{place} refers to a text of {length} bytes that is not there, or too long"
                raise self.source.corrupt(problem)
            found.append(text)
        return found

    def _part(self, address: int) -> dict[int, bytes]:
        if address not in self._parts:
            self._parts[address] = dict(_objects(self.source, address))
        return self._parts[address]


def _objects(source: Source, address: int) -> Iterator[tuple[int, bytes]]:
    """Yield number and content of what a part of the heap holds."""
    header = source.bytes(address, _HEADER.size, "heap of texts")
    signature, version, size = _HEADER.unpack(header)
    if signature != b"GCOL" or version != 1 or size < _HEADER.size:
        raise _damaged(source, address)
    content = source.bytes(address, size, "heap of texts")
    position = _HEADER.size
    while position + _OBJECT.size <= size:
        index, _references, length = _OBJECT.unpack_from(content, position)
        begin = position + _OBJECT.size
        # Number 0 is the free space at the end.
        if index == 0:
            return
        if begin + length > size:
            raise _damaged(source, address)
        yield index, content[begin : begin + length]
        position = begin + (length + 7) // 8 * 8


def _damaged(source: Source, address: int) -> CorruptHeaderError:
    return source.corrupt(f"the heap of texts at byte {source.base + address} cannot be true")
