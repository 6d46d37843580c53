"""Columns of delimited text as arrays: numbers and words of many lines at a time.

The module `csv` makes a Python object of each cell; a plate has millions of them. What is not plain here (an exponent,
a very long cell) is left to the caller, cell by cell.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["Cells", "Lines", "decimals", "lines_of", "packed", "unpacked"]

#: A cell of more bytes than this is no plain number: 15 digits and a point are exact in a float.
LONGEST_NUMBER = 16
#: A cell of more bytes than this is no plain word: so many fit into one integer.
LONGEST_WORD = 8

_BLOCK = 1 << 16
_POWERS = np.array([10.0**n for n in range(LONGEST_NUMBER + 1)])
_ZERO, _MINUS = ord("0"), ord("-")


@dataclass(frozen=True, slots=True)
class Cells:
    """The cells of one column.

    Parameters
    ----------
    text : ndarray, uint8, shape (n_bytes,)
        With room behind the last cell.
    start, length : ndarray, int64, shape (n_lines,)
        Where each begins and how many bytes it has; 0 where a line is too short to have it.
    """

    text: NDArray[np.uint8]
    start: NDArray[np.int64]
    length: NDArray[np.int64]

    def __getitem__(self, line: int) -> str:
        raw = self.text[self.start[line] : self.start[line] + self.length[line]].tobytes()
        return raw.decode("utf-8", errors="replace")


@dataclass(frozen=True, slots=True)
class Lines:
    """Some lines of delimited text.

    Parameters
    ----------
    first : int
        Position of the first of them among all lines.
    text : ndarray, uint8, shape (n_bytes,)
        All of the text, with room behind it.
    start, stop : ndarray, int64, shape (n_lines,)
        Where each begins and ends.
    delimiters : ndarray, int64, shape (n_delimiters,)
        Where the delimiters of these lines stand.
    """

    first: int
    text: NDArray[np.uint8]
    start: NDArray[np.int64]
    stop: NDArray[np.int64]
    delimiters: NDArray[np.int64]

    def column(self, column: int) -> Cells:
        """Return the cells of a column.

        Parameters
        ----------
        column : int
            From 0.

        Returns
        -------
        Cells
            One for each line.
        """
        first = np.searchsorted(self.delimiters, self.start)
        count = np.searchsorted(self.delimiters, self.stop) - first
        # One more, so that the cell behind the last delimiter can ask for it.
        places = np.append(self.delimiters, 0)
        begin = self.start if column == 0 else places[np.minimum(first + column - 1, places.size - 1)] + 1
        end = np.where(count > column, places[np.minimum(first + column, places.size - 1)], self.stop)
        there = count >= column
        return Cells(self.text, np.where(there, begin, self.stop), np.where(there, end - begin, 0))


def lines_of(text: bytes, delimiter: str) -> Iterator[Lines]:
    """Yield the lines of a text, some at a time.

    Parameters
    ----------
    text : bytes
        Lines end with a line feed, the last one may lack it.
    delimiter : str
        Between cells; quotes have no meaning.

    Yields
    ------
    Lines
        In their order.

    Examples
    --------
    >>> [lines] = lines_of(b"A1_11,0.5" + bytes([10]) + b"A1_12", ",")
    >>> lines.column(0)[1], lines.column(1)[0], lines.column(1)[1]
    ('A1_12', '0.5', '')
    """
    if not text.endswith(b"\n"):
        text += b"\n"
    array = np.frombuffer(text + bytes(LONGEST_NUMBER), dtype=np.uint8)
    stops = np.flatnonzero(array == ord("\n"))
    starts = np.append(0, stops[:-1] + 1)
    for first in range(0, stops.size, _BLOCK):
        start, stop = starts[first : first + _BLOCK], stops[first : first + _BLOCK]
        delimiters = np.flatnonzero(array[start[0] : stop[-1]] == ord(delimiter)) + start[0]
        yield Lines(first, array, start, stop, delimiters)


def decimals(cells: Cells, decimal: str = ".") -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Return plain decimal numbers.

    Parameters
    ----------
    cells : Cells
        Of one column.
    decimal : str
        The decimal sign.

    Returns
    -------
    values : ndarray, float64, shape (n_lines,)
        As `float` reads them, to the last bit; anything where a cell is not plain.
    plain : ndarray, bool, shape (n_lines,)
        False where a cell is none: empty, too long, or with any sign but digits, a minus before and a point between.

    Examples
    --------
    >>> [lines] = lines_of(b"0.02088,-1,1e3,", ",")
    >>> [decimals(lines.column(i))[0].item() for i in range(2)]
    [0.02088, -1.0]
    >>> [decimals(lines.column(i))[1].item() for i in range(4)]
    [True, True, False, False]
    """
    n = cells.start.size
    digits, after, n_digits = np.zeros(n, np.int64), np.zeros(n, np.int64), np.zeros(n, np.int64)
    point, negative = np.zeros(n, np.bool_), np.zeros(n, np.bool_)
    plain = (cells.length > 0) & (cells.length <= LONGEST_NUMBER)
    for i in range(min(int(cells.length.max(initial=0)), LONGEST_NUMBER)):
        sign = cells.text[np.where(plain, cells.start + i, 0)]
        inside = plain & (cells.length > i)
        digit = sign - np.uint8(_ZERO)
        is_digit = inside & (digit < 10)
        digits = np.where(is_digit, digits * 10 + digit, digits)
        n_digits += is_digit
        after += is_digit & point
        is_point = inside & (sign == ord(decimal)) & ~point
        is_minus = inside & (sign == _MINUS) if i == 0 else np.zeros(n, np.bool_)
        plain &= ~inside | is_digit | is_point | is_minus
        point |= is_point
        negative |= is_minus
    values = digits / _POWERS[after]
    return np.where(negative, -values, values), plain & (n_digits > 0)


def packed(cells: Cells) -> tuple[NDArray[np.uint64], NDArray[np.bool_]]:
    """Return short words as integers.

    Parameters
    ----------
    cells : Cells
        Of one column.

    Returns
    -------
    words : ndarray, uint64, shape (n_lines,)
        The bytes of each, the last in the lowest place.
    plain : ndarray, bool, shape (n_lines,)
        False where a cell is longer than an integer.
    """
    plain = cells.length <= LONGEST_WORD
    words = np.zeros(cells.start.size, np.uint64)
    for i in range(min(int(cells.length.max(initial=0)), LONGEST_WORD)):
        sign = cells.text[cells.start + i].astype(np.uint64)
        words = np.where(cells.length > i, (words << np.uint64(8)) | sign, words)
    return words, plain


def unpacked(word: int) -> str:
    """Return the word that an integer holds.

    Parameters
    ----------
    word : int
        As `packed` made it.

    Returns
    -------
    str
        Its text.

    Examples
    --------
    >>> [lines] = lines_of(b"A1_11", ",")
    >>> unpacked(packed(lines.column(0))[0].item())
    'A1_11'
    """
    return word.to_bytes(LONGEST_WORD, "big").lstrip(b"\0").decode("utf-8", errors="replace")
