"""What is wrong with an AxIS file, in one line each."""

from __future__ import annotations

import zlib

from mnephys.errors import CorruptHeaderError, ReadError, TruncatedFileError
from mnephys.readers.binary import BinaryFile
from mnephys.readers.damage import CUT, DAMAGED

__all__ = ["check_checksum", "check_same_size", "corrupt", "cut"]


def corrupt(file: BinaryFile, problem: str) -> CorruptHeaderError:
    """Return the error for a field that cannot be true.

    Parameters
    ----------
    file : BinaryFile
        For the message.
    problem : str
        What and where.

    Returns
    -------
    CorruptHeaderError
        To be raised.

    Examples
    --------
    >>> import io
    >>> print(corrupt(BinaryFile("p.raw", io.BytesIO(b""), 0), "states no channel"))
    p.raw: states no channel; the file is damaged: copy it again from the acquisition computer
    """
    return CorruptHeaderError(file.path, problem, DAMAGED)


def cut(file: BinaryFile, what: str, start: int, length: int) -> TruncatedFileError:
    """Return the error for samples that the file does not hold to their end.

    Parameters
    ----------
    file : BinaryFile
        For the message.
    what : str
        What they are.
    start, length : int
        Where they should be, in bytes; `start` lies within the file.

    Returns
    -------
    TruncatedFileError
        To be raised.

    Examples
    --------
    >>> import io
    >>> print(cut(BinaryFile("p.raw", io.BytesIO(b""), 1536), "samples", 1024, 2048).problem)
    ends after 1536 bytes, but its header states 2048 bytes of samples from byte 1024: 512 of them (25.0%) are there
    """
    there = max(file.size - start, 0)
    return TruncatedFileError(
        file.path,
        f"ends after {file.size} bytes, but its header states {length} bytes of {what} from byte {start}: "
        f"{there} of them ({there / max(length, 1):.1%}) are there",
        CUT,
    )


def check_same_size(path: str, before: int, now: int) -> None:
    """Raise unless a file is as long as it was when its headers were read.

    Parameters
    ----------
    path : str
        Of the file, for the message.
    before, now : int
        Its length in bytes.

    Raises
    ------
    TruncatedFileError
        If it became shorter.
    ReadError
        If it became longer: what its headers say is not of the file that is there now.

    Examples
    --------
    >>> check_same_size("p.raw", 2048, 2048)
    """
    problem = f"was {before} bytes long when it was opened and is {now} now"
    if now < before:
        raise TruncatedFileError(path, problem, "copy it again from the acquisition computer")
    if now > before:
        raise ReadError(path, problem, "open it again")


def check_checksum(file: BinaryFile, body: bytes, stored: int, place: str) -> None:
    """Raise unless some bytes are those that were written.

    Parameters
    ----------
    file : BinaryFile
        For the message.
    body : bytes
        What the checksum was taken of.
    stored : int
        CRC-32 of them, as stored behind them.
    place : str
        What they are, for the message.

    Raises
    ------
    CorruptHeaderError
        If their CRC-32 is another.

    Examples
    --------
    >>> import io
    >>> check_checksum(BinaryFile("p.raw", io.BytesIO(b""), 0), b"123456789", 0xCBF43926, "header")
    """
    found = zlib.crc32(body)
    if found != stored:
        raise corrupt(file, f"the checksum of the {place} is {found:#010x}, but {stored:#010x} is stored")
