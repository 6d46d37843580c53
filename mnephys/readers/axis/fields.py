"""What the parts of an AxIS file are made of: texts, dates, and fields that are read one by one.

All numbers are little-endian; a date is seven of 16 bits, a text is its length in bytes and then UTF-8.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from mnephys.readers.axis.errors import check_checksum, corrupt
from mnephys.readers.binary import BinaryFile
from mnephys.wording import one_line

__all__ = ["DATE_BYTES", "Fields", "clean_text", "date_text", "listed"]

DATE_BYTES = 14
"""Length of a date."""

_MOST_NAMED = 5


def clean_text(text: str) -> str:
    r"""Return a text of several lines without control characters.

    Parameters
    ----------
    text : str
        From a file, with any line ends, and perhaps padded with NULs.

    Returns
    -------
    str
        With a line feed between its lines.

    Examples
    --------
    >>> clean_text("Filter:" + chr(13) + chr(10) + "  200 Hz" + chr(0) * 3)
    'Filter:\n  200 Hz'
    """
    lines = ("".join(c if c.isprintable() else " " for c in line).rstrip() for line in text.rstrip("\0").splitlines())
    return "\n".join(lines).strip()


def date_text(raw: bytes) -> tuple[str, bool]:
    """Return a date.

    Parameters
    ----------
    raw : bytes
        Year, month, day, hour, minute, second and millisecond, 16 bits each.

    Returns
    -------
    text : str
        In ISO 8601; empty where there is none, which is what zeros say.
    valid : bool
        False where it is no date.

    Examples
    --------
    >>> date_text(struct.pack("<7H", 2024, 3, 7, 14, 5, 9, 120)), date_text(bytes(14))
    (('2024-03-07T14:05:09.120', True), ('', True))
    >>> date_text(struct.pack("<7H", 2024, 13, 7, 0, 0, 0, 0))
    ('', False)
    """
    year, month, day, hour, minute, second, millisecond = struct.unpack("<7H", raw)
    if not any(raw):
        return "", True
    try:
        # No file says in which time zone it was recorded.
        moment = datetime(year, month, day, hour, minute, second, millisecond * 1000)  # noqa: DTZ001 -- as above
    except ValueError:
        return "", False
    return moment.isoformat(timespec="milliseconds"), True


def listed(names: list[str]) -> str:
    """Return some names for a sentence.

    Parameters
    ----------
    names : list of str
        As many as there are.

    Returns
    -------
    str
        The first of them.

    Examples
    --------
    >>> listed(["A1", "A2"]), listed(list("abcdefg"))
    ('A1, A2', 'a, b, c, d, e and 2 more')
    """
    more = f" and {len(names) - _MOST_NAMED} more" if len(names) > _MOST_NAMED else ""
    return ", ".join(one_line(name) for name in names[:_MOST_NAMED]) + more


@dataclass(slots=True)
class Fields:
    """Bytes that are read field by field.

    Parameters
    ----------
    file : BinaryFile
        For messages.
    body : bytes
        The fields.
    place : str
        What they are, for messages.
    position : int
        Where the next field begins.

    Examples
    --------
    >>> import io
    >>> fields = Fields(BinaryFile("p.raw", io.BytesIO(b""), 0), struct.pack("<hi2s", -1, 2, b"uM"), "tag")
    >>> fields.take("<h"), fields.text(), fields.left
    ((-1,), 'uM', 0)
    """

    file: BinaryFile
    body: bytes
    place: str
    position: int = 0

    @property
    def left(self) -> int:
        """Bytes that were not read yet."""
        return len(self.body) - self.position

    def raw(self, n_bytes: int) -> bytes:
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
            If there are not so many left.
        """
        if not 0 <= n_bytes <= self.left:
            raise corrupt(
                self.file, f"the {self.place} states a field of {n_bytes} bytes where {self.left} bytes are left"
            )
        self.position += n_bytes
        return self.body[self.position - n_bytes : self.position]

    def take(self, pattern: str) -> tuple[Any, ...]:
        """Return the next numbers.

        Parameters
        ----------
        pattern : str
            As for `struct.unpack`.

        Returns
        -------
        tuple
            The numbers.
        """
        return struct.unpack(pattern, self.raw(struct.calcsize(pattern)))

    def text(self) -> str:
        """Return the next text.

        Returns
        -------
        str
            As stored; what is no UTF-8 is replaced by the sign for it.
        """
        (n_bytes,) = self.take("<i")
        return self.raw(n_bytes).decode("utf-8", "replace")

    def date(self, what: str, problems: list[str]) -> str:
        """Return the next date.

        Parameters
        ----------
        what : str
            What it is of, for the sentence.
        problems : list of str
            Gets a sentence where it is none.

        Returns
        -------
        str
            In ISO 8601, empty where there is none.
        """
        text, valid = date_text(self.raw(DATE_BYTES))
        if not valid:
            problems.append(f"The {what} in the {self.place} is no date; it was left out.")
        return text

    def checksum(self, begin: int, what: str) -> None:
        """Read a checksum and compare it with the bytes before it.

        Parameters
        ----------
        begin : int
            Where the bytes begin of which it was taken.
        what : str
            What they are, for the message.
        """
        end = self.position
        (stored,) = self.take("<I")
        check_checksum(self.file, self.body[begin:end], stored, what)
