"""Where an HDF5 file begins and where its root group is.

The layouts in this and the other `hdf5_` modules are those of the *HDF5 File Format Specification* version 3.0 and,
for chunks of any size, of version 4.0.
"""

from __future__ import annotations

from mnephys.errors import CorruptHeaderError, TruncatedFileError, UnsupportedFormatError
from mnephys.readers.binary import BinaryFile
from mnephys.readers.hdf5.bytes import COPY_AGAIN, UNDEFINED, Fields, Source

__all__ = ["SIGNATURE", "open_source"]

#: The first bytes of an HDF5 file.
SIGNATURE = b"\x89HDF\r\n\x1a\n"

# Before the signature another program may have put its own data, of a length that is a power of 2.
_FIRST_OFFSET = 512
# Shared by all versions, and the longest of them.
_SHORTEST, _LONGEST = 48, 100
_PLACE = "superblock"
# What an address or a length may take in bytes.
_LENGTHS = (2, 4, 8, 16, 32)


def open_source(file: BinaryFile) -> tuple[Source, int]:
    """Find the beginning of HDF5 in a file.

    Parameters
    ----------
    file : BinaryFile
        Open.

    Returns
    -------
    source : Source
        Its structures.
    root : int
        Address of the header of the root group.

    Raises
    ------
    CorruptHeaderError
        If it is damaged, or no HDF5 file.
    UnsupportedFormatError
        If it is of a kind that is not read.
    TruncatedFileError
        If it was cut.
    """
    base = _base(file)
    source = Source(file, base)
    fields = source.fields(0, min(_LONGEST, file.size - base), _PLACE)
    fields.take(len(SIGNATURE))
    version = fields.number(1)
    if version > 3:
        raise UnsupportedFormatError(file.path, f"its {_PLACE} has version {version}, which is not known", COPY_AGAIN)
    end, root = _old(source, fields, version) if version < 2 else _new(source, fields)
    if end > file.size:
        problem = f"ends before the end that it states itself ({file.size} of {end} bytes)"
        raise TruncatedFileError(file.path, problem, "the file was cut: copy it again")
    return source, root


def _base(file: BinaryFile) -> int:
    offset = 0
    while offset + _SHORTEST <= file.size:
        if file.bytes(offset, len(SIGNATURE), "signature") == SIGNATURE:
            return offset
        offset = 2 * offset or _FIRST_OFFSET
    raise CorruptHeaderError(file.path, "has no signature of HDF5", "give an HDF5 file")


def _old(source: Source, fields: Fields, version: int) -> tuple[int, int]:
    fields.take(4)
    _check_lengths(source.file, fields)
    # Sizes of tree nodes, which say nothing that the nodes do not say themselves; flags.
    fields.take(9 if version == 0 else 13)
    stated, _free_space, end, driver = fields.numbers(4)
    if driver != UNDEFINED:
        raise UnsupportedFormatError(
            source.file.path, "is one of several files that belong together", "join them with h5repart or h5repack"
        )
    _name, root = fields.numbers(2)
    return end - stated + source.base, root


def _new(source: Source, fields: Fields) -> tuple[int, int]:
    _check_lengths(source.file, fields)
    fields = source.checked(0, _SHORTEST, _PLACE)
    fields.take(len(SIGNATURE) + 4)
    stated, _extension, end, root = fields.numbers(4)
    # The end counts from the beginning of the file, in which HDF5 may have been moved since.
    return end - stated + source.base, root


def _check_lengths(file: BinaryFile, fields: Fields) -> None:
    address, length = fields.numbers(2, 1)
    if address not in _LENGTHS or length not in _LENGTHS:
        raise fields.corrupt(f"states addresses of {address} and lengths of {length} bytes")
    if (address, length) != (8, 8):
        problem = f"has addresses of {address} and lengths of {length} bytes; 8 are read"
        raise UnsupportedFormatError(file.path, problem, "convert it with h5repack")
