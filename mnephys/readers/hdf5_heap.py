"""Texts of variable length in an HDF5 file, read from its global heap without the HDF5 library.

The library loops for ever over a damaged heap. The layout is that of the *HDF5 File Format Specification* version
3.0, III.E (global heap) and IV.A.2.d (variable-length data).
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from mnephys.errors import CorruptHeaderError
from mnephys.readers.binary import BinaryFile

__all__ = ["LONGEST_TEXT", "REFERENCE", "heap_texts"]

#: Bytes of a text; a longer one is damaged.
LONGEST_TEXT = 1024
#: What a dataset stores of each text: its length, the address of its part of the heap, its number there.
REFERENCE = np.dtype([("length", "<u4"), ("heap", "<u8"), ("index", "<u4")])

_HEADER = np.dtype([("signature", "S4"), ("version", "u1"), ("reserved", "V3"), ("size", "<u8")])
_OBJECT = np.dtype([("index", "<u2"), ("references", "<u2"), ("reserved", "V4"), ("size", "<u8")])
_LARGEST_HEAP = 1 << 24


def heap_texts(file: BinaryFile, offset: int, n_texts: int, place: str) -> NDArray[Any]:
    """Return texts of variable length.

    Parameters
    ----------
    file : BinaryFile
        Open.
    offset, n_texts : int
        Where the references of a dataset start, and how many there are.
    place : str
        What they are, for messages.

    Returns
    -------
    ndarray of bytes, shape (n_texts,)
        Each as stored.

    Raises
    ------
    CorruptHeaderError
        If a reference leads to no text, or the heap claims more than the file holds.
    TruncatedFileError
        If the file ends before it.
    """
    references = file.records(REFERENCE, offset, n_texts, place)
    used = references[references["length"] > 0]
    heaps: dict[int, dict[int, bytes]] = {}
    left = min(file.size, _LARGEST_HEAP)
    for address in np.unique(used["heap"]).tolist():
        heaps[address], size = _objects(file, address, left, place)
        # Parts that overlap could be read again and again.
        left -= size
    texts = []
    for length, address, index in references.tolist():
        text = heaps[address].get(index, b"")[:length] if length else b""
        if len(text) != length or length > LONGEST_TEXT:
            raise _corrupt(file, f"{place} refers to a text of {length} bytes that is not there, or too long")
        texts.append(text)
    return np.array(texts, dtype=bytes) if texts else np.zeros(0, "S1")


def _objects(file: BinaryFile, address: int, most: int, place: str) -> tuple[dict[int, bytes], int]:
    """Return the contents of one part of the heap by number, and its size."""
    header = file.records(_HEADER, address, 1, f"heap of {place}")[0]
    size = int(header["size"])
    if header["signature"] != b"GCOL" or header["version"] != 1 or not _HEADER.itemsize <= size <= most:
        raise _corrupt(file, f"the heap of {place} cannot be true")
    content = file.bytes(address, size, f"heap of {place}")
    found: dict[int, bytes] = {}
    position = _HEADER.itemsize
    while position + _OBJECT.itemsize <= size:
        entry = np.frombuffer(content, _OBJECT, 1, position)[0]
        index, length = int(entry["index"]), int(entry["size"])
        begin = position + _OBJECT.itemsize
        # Number 0 is the free space at the end.
        if index == 0:
            break
        if begin + length > size:
            raise _corrupt(file, f"the heap of {place} holds an object of {length} bytes that it has no room for")
        found[index] = content[begin : begin + length]
        position = begin + (length + 7) // 8 * 8
    return found, size


def _corrupt(file: BinaryFile, problem: str) -> CorruptHeaderError:
    return CorruptHeaderError(file.path, problem, "the file is damaged: copy it again, or export it again")
