"""The rows of a sample sheet: columns checked, cells read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from mnephys.samples.sample import FACTS, Value, parse_value, well_key
from mnephys.samples.table import Table
from mnephys.samples.text import sheet_error, shown
from mnephys.wording import nearest

__all__ = ["Row", "read_rows"]

_NAME = "recording"
_COLUMNS = (_NAME, *FACTS)


@dataclass(frozen=True, slots=True)
class Row:
    """One row of a sheet.

    Parameters
    ----------
    number : int
        As a spreadsheet counts, from 1.
    pattern : str
        Name or glob of the recordings that it is about.
    facts : mapping of str to str, float or bool
        What it states; empty cells are not in it.
    """

    number: int
    pattern: str
    facts: Mapping[str, Value]

    @property
    def well(self) -> str:
        """The `well_key` of the well that it is about; empty where it names none."""
        return well_key(str(self.facts.get("well", "")))


def read_rows(table: Table, file: str) -> tuple[Row, ...]:
    """Read the rows below the header.

    Parameters
    ----------
    table : Table
        With the header first.
    file : str
        As the user named it, for messages.

    Returns
    -------
    tuple of Row
        In sheet order.

    Raises
    ------
    SampleSheetError
        If a column is unknown, given twice or missing, or a cell cannot be read.

    Examples
    --------
    >>> read_rows(Table(((1, ("Recording", "Day of differentiation")), (2, ("a.abf", "35")))), "s.csv")
    (Row(number=2, pattern='a.abf', facts={'day_of_differentiation': 35.0}),)
    """
    (number, header), *body = table.rows
    columns = _columns(header, number, file)
    return tuple(_row(row, cells, columns, table.decimal_mark, file) for row, cells in body)


def _columns(header: tuple[str, ...], row: int, file: str) -> list[str]:
    columns: list[str] = []
    for title in header:
        column = "_".join(title.lower().replace("-", " ").replace("_", " ").split())
        if title and column not in _COLUMNS:
            raise sheet_error(file, f"column {shown(title)} is not known", nearest(column, _COLUMNS), row=row)
        if title and column in columns:
            raise sheet_error(file, "is there twice", "keep one of them", row=row, column=column)
        columns.append(column)
    if _NAME not in columns:
        raise sheet_error(file, "there is no column recording", "add it, with the name of a file per row", row=row)
    return columns


def _row(number: int, cells: tuple[str, ...], columns: list[str], decimal_mark: str, file: str) -> Row:
    pattern, facts = "", {}
    for position, text in enumerate(cells):
        if not text:
            continue
        column = columns[position] if position < len(columns) else ""
        if not column:
            problem = f"cell {position + 1} holds {shown(text)} but its column has no title"
            raise sheet_error(file, problem, "add the title, or quote cells that hold the delimiter", row=number)
        if column == _NAME:
            pattern = text
            continue
        try:
            facts[column] = parse_value(column, text, decimal_mark=decimal_mark)
        except ValueError as error:
            problem, _, advice = str(error).rpartition("; ")
            raise sheet_error(file, problem, advice, row=number, column=column) from error
    if not pattern:
        advice = "write the name of a recording, or * for all"
        raise sheet_error(file, "is empty", advice, row=number, column=_NAME)
    return Row(number, pattern, facts)
