"""Text of the vendor's CSV exports: encoding, line ends, delimiter, quotes, and rows that know where they stand."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from mnephys.errors import CorruptHeaderError, ReadError
from mnephys.readers.binary import BinaryFile
from mnephys.wording import one_line

__all__ = [
    "HEAD_BYTES",
    "MOST_BYTES",
    "CsvText",
    "Row",
    "filled",
    "head_rows",
    "number",
    "read_text",
    "rows_of",
    "settle_quotes",
    "shown",
]

#: So many leading bytes show what an export is; fewer do for most.
HEAD_BYTES = 1 << 16

#: A list of 30 million spikes is about as long; what is longer is no export of one plate.
MOST_BYTES = 1 << 30

# A quoted cell of more lines than a description can have is a quote that nobody closed.
_MOST_LINES_OF_A_CELL = 100
_LONGEST_SHOWN = 30
_DELIMITERS = ",;\t"
_UTF16 = (b"\xff\xfe", b"\xfe\xff")


@dataclass(frozen=True, slots=True)
class CsvText:
    """The text of a CSV file.

    Parameters
    ----------
    text : str
        With a line feed at the end of each line, whatever the file has.
    delimiter : str
        Between cells.
    problems : tuple of str
        What was noticed, one sentence each.
    complete : bool
        Whether the last line has a line end.
    """

    text: str
    delimiter: str = ","
    problems: tuple[str, ...] = ()
    complete: bool = True

    @property
    def decimal(self) -> str:
        """The decimal sign: a comma where the semicolon delimits, as spreadsheets of many countries have it."""
        return "," if self.delimiter == ";" else "."


@dataclass(frozen=True, slots=True)
class Row:
    """A row of a CSV file.

    Parameters
    ----------
    line : int
        The line in which it begins, from 1.
    cells : list of str
        As they stand in the file, without quotes.
    """

    line: int
    cells: list[str]

    @property
    def label(self) -> str:
        """Its first cell, empty where there is none."""
        return self.cells[0] if self.cells else ""

    @property
    def blank(self) -> bool:
        """Whether no cell holds more than white space."""
        return not any(cell.strip() for cell in self.cells)


def shown(cell: str) -> str:
    """Return a cell as a message may show it.

    Parameters
    ----------
    cell : str
        Of any length.

    Returns
    -------
    str
        In quotes, on one line, cut where it is long.

    Examples
    --------
    >>> shown("0.1" + chr(10) + "0.2"), shown("")
    ("'0.1 0.2'", 'nothing')
    """
    text = one_line(cell[: 4 * _LONGEST_SHOWN])
    if not text:
        return "nothing"
    return f"'{text}'" if len(text) <= _LONGEST_SHOWN else f"'{text[:_LONGEST_SHOWN]}...'"


def number(cell: str, decimal: str = ".") -> float | None:
    """Return the number that a cell holds.

    Parameters
    ----------
    cell : str
        As it stands in the file.
    decimal : str
        The decimal sign.

    Returns
    -------
    float or None
        It may be NaN or infinite; None where the cell holds no number.

    Examples
    --------
    >>> number(" 2.6E-05 "), number("0,5", ","), number("1_000"), number("abc")
    (2.6e-05, 0.5, None, None)
    """
    # Python reads an underscore between digits as nothing, no export means that.
    if "_" in cell:
        return None
    try:
        return float(cell.replace(decimal, ".") if decimal != "." else cell)
    except ValueError:
        return None


def filled(cells: Sequence[str]) -> int:
    """Return how many cells stand before the empty ones at the end.

    Parameters
    ----------
    cells : sequence of str
        Of one row.

    Returns
    -------
    int
        0 where all are empty.

    Examples
    --------
    >>> filled(["A1", "", "A3", " ", ""])
    3
    """
    return next((i for i in range(len(cells), 0, -1) if cells[i - 1].strip()), 0)


def _with_line_feeds(text: str) -> str:
    """Return a text with a line feed at the end of each line.

    Programs that write CR LF through a channel which makes CR LF of each LF leave CR CR LF; that too ends one line.
    """
    return text.replace("\r\r\n", "\n").replace("\r\n", "\n").replace("\r", "\n")


def _decode(raw: bytes) -> tuple[str, tuple[str, ...]]:
    """Return the text of some bytes, and what was doubtful about them."""
    try:
        return raw.decode("utf-8-sig"), ()
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
    try:
        text, name = raw.decode("cp1252"), "Windows-1252"
    except UnicodeDecodeError:
        text, name = raw.decode("latin-1"), "Latin-1"
    return text, (f"line {line} is not UTF-8: the file was read as {name}; check names with accents and micro signs",)


def _delimiter_of(text: str) -> str:
    """Return the delimiter that is most frequent at the beginning, a comma where none is."""
    head = text[:HEAD_BYTES]
    # Beside a decimal comma, each number has one of either: the semicolon and the tab win a draw.
    return max(reversed(_DELIMITERS), key=head.count) if any(sign in head for sign in _DELIMITERS) else ","


def _row_at(lines: Sequence[str], delimiter: str) -> tuple[int, int]:
    """Return how many lines the row has that begins with the first, and its first cell of several; 0 if it never ends.

    A row of one line has no such cell, and -1 stands for it.
    """
    # One more line than there may be: a row that takes it too has a quote that nobody closed.
    reader = csv.reader((f"{line}\n" for line in (*lines, "")), delimiter=delimiter)
    try:
        cells = next(reader)
    except csv.Error:  # a cell of more than 131072 characters
        return 1, -1
    if reader.line_num > len(lines):
        return 0, -1
    return reader.line_num, next((i for i, cell in enumerate(cells) if "\n" in cell), -1)


def settle_quotes(source: CsvText, deepest: int | None = None) -> CsvText:
    """Return a text without the quotes that nobody closes: one of them would swallow the rows below.

    Parameters
    ----------
    source : CsvText
        Or the first part of one.
    deepest : int, optional
        The last column in which a quoted cell may have several lines; any if omitted.

    Returns
    -------
    CsvText
        With a sentence about the first line that lost its quotes.
    """
    if '"' not in source.text:
        return source
    lines = source.text.split("\n")
    stray, at = [], 0
    while at < len(lines):
        if '"' not in lines[at]:
            at += 1
            continue
        n, column = _row_at(lines[at : at + _MOST_LINES_OF_A_CELL], source.delimiter)
        if n == 0 or (deepest is not None and column > deepest):
            lines[at] = lines[at].replace('"', "")
            stray.append(at + 1)
            n = 1
        at += n
    if not stray:
        return source
    more = f" and {len(stray) - 1} more" if len(stray) > 1 else ""
    problem = f"row {stray[0]}{more}: a quote is opened and never closed, the row was read without it"
    return replace(source, text="\n".join(lines), problems=(*source.problems, problem))


def read_text(file: BinaryFile) -> CsvText:
    """Return the text of a CSV file.

    Parameters
    ----------
    file : BinaryFile
        Open.

    Returns
    -------
    CsvText
        Read as UTF-8, with or without a byte order mark, else as Windows-1252 or Latin-1.

    Raises
    ------
    ReadError
        If it is too long for an export.
    CorruptHeaderError
        If it is not text.
    """
    if file.size > MOST_BYTES:
        raise ReadError(
            file.path, f"has {file.size} bytes, more than an export of one plate", "export a shorter section"
        )
    raw = file.bytes(0, file.size, "text")
    utf16, nul = raw.startswith(_UTF16), raw.find(b"\0")
    if utf16 or nul >= 0:
        line = raw.count(b"\n", 0, max(nul, 0)) + 1
        place = "is UTF-16" if utf16 else f"has a NUL byte in line {line}"
        raise CorruptHeaderError(file.path, f"{place}, no text in UTF-8", "export it again, or save it as CSV (UTF-8)")
    text, problems = _decode(raw)
    text = _with_line_feeds(text)
    return CsvText(text, _delimiter_of(text), problems, text.endswith("\n"))


def rows_of(source: CsvText, first: int = 1) -> Iterator[Row]:
    """Yield the rows of a text.

    Parameters
    ----------
    source : CsvText
        Or a part of one.
    first : int
        The line of the file in which it begins.

    Yields
    ------
    Row
        Also for empty lines.

    Examples
    --------
    >>> [(row.line, row.label) for row in rows_of(CsvText('a,"1' + chr(10) + '2"' + chr(10) + "b,3"))]
    [(1, 'a'), (3, 'b')]
    """
    reader = csv.reader(io.StringIO(source.text), delimiter=source.delimiter)
    line = first
    while True:
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error:  # a cell of more than 131072 characters
            cells = []
        yield Row(line, cells)
        line = first + reader.line_num


def head_rows(head: bytes) -> list[Row]:
    """Return the rows of the beginning of a file that may be anything.

    Parameters
    ----------
    head : bytes
        The first bytes, which may end within a row.

    Returns
    -------
    list of Row
        None where it is not text.
    """
    if b"\0" in head:
        return []
    text = _with_line_feeds(head.decode("utf-8-sig", errors="replace"))
    return list(rows_of(CsvText(text, _delimiter_of(text))))
