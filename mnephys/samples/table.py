"""From the bytes of a sample sheet to rows of text cells; what the cells mean is not known here."""

from __future__ import annotations

import csv
import io
import re
from dataclasses import dataclass

from mnephys.samples.text import sheet_error

__all__ = ["Table", "read_table"]

_DELIMITERS = (",", ";", "\t")
_LINE_END = re.compile(rb"\r\n|\r|\n")
_ZIP = b"PK\x03\x04"
_SAVE_AS = "save it as 'CSV UTF-8' or as an Excel workbook (.xlsx)"


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of text.

    Parameters
    ----------
    rows : tuple of (int, tuple of str)
        The number of each row that is not blank, as a spreadsheet counts, and its cells without
        surrounding white space.
    decimal_mark : str
        ``","`` where numbers may be written with a comma.
    """

    rows: tuple[tuple[int, tuple[str, ...]], ...]
    decimal_mark: str = "."


def read_table(content: bytes, file: str) -> Table:
    r"""Return the rows of a sheet, CSV or Excel by its content.

    Parameters
    ----------
    content : bytes
        Of the file.
    file : str
        As the user named it, for messages.

    Returns
    -------
    Table
        Its rows that are not blank, the header first.

    Raises
    ------
    SampleSheetError
        If it is neither UTF-8 text nor an Excel workbook, or has no row.

    Examples
    --------
    >>> read_table(b"recording;div\r\na.abf;12,5\r\n", "s.csv").rows[1]
    (2, ('a.abf', '12,5'))
    """
    if content.startswith(_ZIP):
        # Excel is the rarer case, and reading it takes modules that nothing else here needs.
        from mnephys.samples.excel import read_workbook

        table = Table(_without_blanks(read_workbook(content, file)))
    else:
        table = _read_csv(content, file)
    if not table.rows:
        raise sheet_error(file, "is empty", "give it a header row with the column recording")
    return table


def _read_csv(content: bytes, file: str) -> Table:
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        row = len(_LINE_END.split(content[: error.start]))
        raise sheet_error(file, "is not UTF-8 text", _SAVE_AS, row=row) from error
    delimiter = _delimiter(text)
    # With newline="" the csv module sees every kind of line end as it is, also inside quotes.
    lines = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, skipinitialspace=True, strict=True)
    rows: list[list[str]] = []
    try:
        rows.extend(lines)
    except csv.Error as error:
        problem = f"cannot be read as CSV ({error})"
        raise sheet_error(file, problem, "check the quotation marks from there on", row=len(rows) + 1) from error
    return Table(_without_blanks(rows), "," if delimiter == ";" else ".")


def _delimiter(text: str) -> str:
    """Return the delimiter that splits the header into most parts, a comma where none splits it."""
    header = next((line for line in io.StringIO(text, newline="") if line.strip(" \t\r\n,;")), text)
    return max(_DELIMITERS, key=header.count)


def _without_blanks(rows: list[list[str]]) -> tuple[tuple[int, tuple[str, ...]], ...]:
    stripped = ((number, tuple(cell.strip() for cell in row)) for number, row in enumerate(rows, 1))
    return tuple((number, cells) for number, cells in stripped if any(cells))
