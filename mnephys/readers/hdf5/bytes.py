"""The structures of an HDF5 file as bytes: bounded by the file, by a checksum where there is one, and in number.

Addresses in such a file lead from one structure to the next, and in a damaged one in circles or to the same place again
and again. So what all structures together may cost is fixed when the file is opened.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from mnephys.errors import CorruptHeaderError
from mnephys.readers.binary import BinaryFile
from mnephys.readers.hdf5.checksums import lookup3

__all__ = ["COPY_AGAIN", "UNDEFINED", "Fields", "Source", "typed"]

#: An address that leads nowhere.
UNDEFINED = (1 << 64) - 1
#: What to do about a damaged file.
COPY_AGAIN = "the file is damaged: copy it again, or export it again"

# An intact file is read once; the structures of a file of a few kB are read in pieces of a few bytes.
_READS, _BYTES_PER_READ = 100_000, 64
_BYTES, _TIMES = 4 << 20, 2
# Values that are unpacked at once; a file can say with a few bytes that it holds gigabytes of zeros.
_UNPACKED, _UNPACKED_TIMES = 20 << 20, 4


class Fields:
    r"""Little-endian numbers and texts that stand one after another.

    Parameters
    ----------
    content : bytes
        Where they stand.
    path, place : str
        The file and what this part of it is, for messages.

    Examples
    --------
    >>> fields = Fields(b"\x02\x00ab", "a.h5", "a name")
    >>> fields.take(fields.number(2))
    b'ab'
    """

    __slots__ = ("at", "content", "path", "place")

    def __init__(self, content: bytes, path: str, place: str) -> None:
        self.content = content
        self.path = path
        self.place = place
        self.at = 0

    @property
    def left(self) -> int:
        """Bytes that were not read yet."""
        return len(self.content) - self.at

    def take(self, n_bytes: int) -> bytes:
        """Return the next bytes.

        Parameters
        ----------
        n_bytes : int
            How many.

        Returns
        -------
        bytes
            Exactly so many.

        Raises
        ------
        CorruptHeaderError
            If there are not so many.
        """
        begin = self.at
        self.at = begin + n_bytes
        if not begin <= self.at <= len(self.content):
            raise self.corrupt(f"has {len(self.content)} bytes, too few for what it holds")
        return self.content[begin : self.at]

    def number(self, n_bytes: int) -> int:
        """Return the next number.

        Parameters
        ----------
        n_bytes : int
            Its length.

        Returns
        -------
        int
            Not negative.

        Raises
        ------
        CorruptHeaderError
            If there are not so many bytes.
        """
        return int.from_bytes(self.take(n_bytes), "little")

    def numbers(self, count: int, n_bytes: int = 8) -> tuple[int, ...]:
        """Return the next numbers.

        Parameters
        ----------
        count : int
            How many.
        n_bytes : int
            Length of each.

        Returns
        -------
        tuple of int
            Not negative.

        Raises
        ------
        CorruptHeaderError
            If there are not so many bytes.
        """
        content = self.take(count * n_bytes)
        if n_bytes == 8:
            return struct.unpack(f"<{count}Q", content)
        return tuple(int.from_bytes(content[at : at + n_bytes], "little") for at in range(0, len(content), n_bytes))

    def text(self) -> bytes:
        """Return the next text.

        Returns
        -------
        bytes
            Up to the next NUL, which is read too.

        Raises
        ------
        CorruptHeaderError
            If there is no NUL.
        """
        end = self.content.find(b"\0", self.at)
        if end < 0:
            raise self.corrupt("holds a text without an end")
        return self.take(end + 1 - self.at)[:-1]

    def expect(self, what: bytes | int) -> None:
        """Read bytes, or a number of one byte, of which only one value is possible.

        Parameters
        ----------
        what : bytes or int
            The value.

        Raises
        ------
        CorruptHeaderError
            If it is another.
        """
        expected = bytes([what]) if isinstance(what, int) else what
        if (found := self.take(len(expected))) != expected:
            raise self.corrupt(f"has {found!r} where {expected!r} belongs")

    def corrupt(self, problem: str) -> CorruptHeaderError:
        """Return the error for a value that cannot be true.

        Parameters
        ----------
        problem : str
            What is wrong with this part of the file, a predicate.

        Returns
        -------
        CorruptHeaderError
            To be raised.
        """
        return CorruptHeaderError(self.path, f"the {self.place} {problem}", COPY_AGAIN)


@dataclass(slots=True)
class Source:
    """The bytes of the structures of a file.

    Parameters
    ----------
    file : BinaryFile
        Open.
    base : int
        Where HDF5 begins in it; addresses count from there.
    """

    file: BinaryFile
    base: int = 0
    _reads: int = field(init=False, repr=False)
    _bytes: int = field(init=False, repr=False)

    def __post_init__(self) -> None:
        self._reads = _READS + self.file.size // _BYTES_PER_READ
        self._bytes = _BYTES + _TIMES * self.file.size

    @property
    def largest(self) -> int:
        """Bytes that values of this file may take in memory."""
        return _UNPACKED + _UNPACKED_TIMES * self.file.size

    def bytes(self, address: int, n_bytes: int, place: str) -> bytes:
        """Return a range of bytes.

        Parameters
        ----------
        address, n_bytes : int
            Where it starts and how long it is.
        place : str
            What it is, for the message.

        Returns
        -------
        bytes
            Exactly `n_bytes` of them.

        Raises
        ------
        CorruptHeaderError
            If there can be no such range, or more was read of this file than an intact one needs.
        TruncatedFileError
            If the file ends before it.
        """
        if address == UNDEFINED:
            raise self.corrupt(f"the {place} is missing")
        self._reads -= 1
        self._bytes -= n_bytes
        if self._reads < 0 or self._bytes < 0:
            raise self.corrupt("its structures lead in circles")
        return self.file.bytes(self.base + address, n_bytes, place)

    def fields(self, address: int, n_bytes: int, place: str) -> Fields:
        """Return a range of bytes, to be read as numbers.

        Parameters
        ----------
        address, n_bytes, place
            As in `Source.bytes`.

        Returns
        -------
        Fields
            At its first byte.

        Raises
        ------
        ReadError
            As for `Source.bytes`.
        """
        place = f"{place} at byte {self.base + address}"
        return Fields(self.bytes(address, n_bytes, place), self.file.path, place)

    def checked(self, address: int, n_bytes: int, place: str) -> Fields:
        """Return a range of bytes that ends in the checksum of the rest.

        Parameters
        ----------
        address, n_bytes, place
            As in `Source.bytes`.

        Returns
        -------
        Fields
            At its first byte, without the checksum.

        Raises
        ------
        CorruptHeaderError
            If the checksum is of other bytes.
        ReadError
            As for `Source.bytes`.
        """
        fields = self.fields(address, n_bytes, place)
        content, stored = fields.content[:-4], fields.content[-4:]
        if lookup3(content) != int.from_bytes(stored, "little"):
            raise fields.corrupt("has another checksum than it was written with")
        fields.content = content
        return fields

    def corrupt(self, problem: str) -> CorruptHeaderError:
        """Return the error for something that cannot be true.

        Parameters
        ----------
        problem : str
            What is wrong.

        Returns
        -------
        CorruptHeaderError
            To be raised.
        """
        return CorruptHeaderError(self.file.path, problem, COPY_AGAIN)


@contextmanager
def typed(path: str, what: str) -> Iterator[None]:
    """Turn whatever a damaged file leads to into an error of this package.

    Parameters
    ----------
    path, what : str
        The file, and what is read of it.

    Yields
    ------
    None
        Errors of the block are caught.

    Raises
    ------
    CorruptHeaderError
        In place of anything but an error of this package or of the operating system.
    """
    try:
        yield
    except OSError:
        raise
    except Exception as error:
        # What a damaged structure leads to is of many kinds; it is raised on as one of ours that names the file.
        problem = f"{what} cannot be read ({type(error).__name__}: {error})"
        raise CorruptHeaderError(path, problem, COPY_AGAIN) from error
