"""A plate map as a sample sheet: a row per well, and no column that names recordings.

Such a map has the columns ``Project, Experiment Date, Plate SN, DIV, Well, Treatment, Size, Dose, Units``, or some of
them, and any other that a sample sheet may have. Where it holds one plate, it is about all recordings; where it holds
several, each row is about the recordings whose names contain the name of its plate. Project, date and size say
nothing of a well's maturity and are left out, and so is ``NA``.
"""

from __future__ import annotations

import fnmatch
import glob
import re
from collections.abc import Sequence
from dataclasses import dataclass

from mnephys.samples.sample import FACTS
from mnephys.samples.table import Table
from mnephys.samples.text import listed, sheet_error, shown
from mnephys.wording import one_line

__all__ = ["SheetTable", "sheet_table"]

_RECORDING = "recording"
_FIELDS = {"plate_sn": "plate", "unit": "dose_unit", "units": "dose_unit"}
_LEFT_OUT = frozenset({"project", "experiment_date", "size"})
_UNKNOWN = "NA"
_ALL = "*"
_ADVICE = "write it as the names of its recordings do, or add a column recording"
_BETWEEN_WORDS = re.compile(r"[\s._-]+")
_MOST_PLATES = 500
# Fewer digits than these stand in the names of most recordings, as a day or a counter.
_FEWEST_DIGITS = 4

# The number of each row and its cells.
_Rows = list[tuple[int, list[str]]]


@dataclass(frozen=True, slots=True)
class SheetTable:
    """A table with a column that names recordings, which it had or was given.

    Parameters
    ----------
    table : Table
        As `mnephys.samples.rows.read_rows` takes it; rows keep their numbers.
    named_by : str
        The column of the file that says which recordings a row is about.
    notes : tuple of str
        A sentence for what the map says and a sheet cannot.
    """

    table: Table
    named_by: str = _RECORDING
    notes: tuple[str, ...] = ()


def sheet_table(table: Table, file: str) -> SheetTable:
    """Return a plate map as the table of a sample sheet, and any other table as it is.

    Parameters
    ----------
    table : Table
        With the header first.
    file : str
        As the user named it, for messages.

    Returns
    -------
    SheetTable
        A table is a plate map where it has a column ``well`` and neither ``recording`` nor ``cell``. DIV is left out,
        with a note, where the same plate has several, because the map does not say which recording is of which day.
        Plate and DIV stand once more in a row without a well, because they are those of every well of the plate.

    Raises
    ------
    SampleSheetError
        If a row names no well, or of several plates none, or names of recordings cannot tell two plates apart.

    Examples
    --------
    >>> rows = ((1, ("Plate SN", "DIV", "Well", "Dose ")), (2, ("P1", "3", "A1", "NA")), (3, ("P2", "3", "A1", "10")))
    >>> for number, cells in sheet_table(Table(rows), "map.csv").table.rows:
    ...     print(number, cells)
    1 ('plate', 'div', 'well', 'dose', 'recording')
    2 ('P1', '3', 'A1', '', '*P1[!0-9]*')
    3 ('P2', '3', 'A1', '10', '*P2[!0-9]*')
    2 ('P1', '3', '', '', '*P1[!0-9]*')
    3 ('P2', '3', '', '', '*P2[!0-9]*')
    """
    (number, titles), *body = table.rows
    fields = [_field(title) for title in titles]
    if "well" not in fields or {_RECORDING, "cell"} & set(fields):
        return SheetTable(table)
    width = max(len(cells) for _, cells in table.rows)
    # A cell beyond the last title stays where it is, so that the sheet can complain of it.
    fields += [""] * (width - len(fields))
    said = [field not in _LEFT_OUT for field in fields]
    rows = [(row, _cells(cells, said)) for row, cells in body]
    well = fields.index("well")
    _check_filled(rows, well, titles[well], "the well, like A1", file)
    patterns = [_ALL] * len(rows)
    named_by = titles[well]
    if "plate" in fields and any(cells[fields.index("plate")] for _, cells in rows):
        plate = fields.index("plate")
        _check_filled(rows, plate, titles[plate], "the plate of this well", file)
        by_plate = _patterns(rows, plate, titles[plate], file)
        if len(by_plate) > 1:
            named_by = titles[plate]
            patterns = [by_plate[cells[plate]] for _, cells in rows]
    notes = _without_days(rows, patterns, fields, file)
    header = ("" if field in _LEFT_OUT else field for field in fields)
    rows += _of_whole_plates(rows, patterns, fields)
    patterns += dict.fromkeys(patterns)
    named = ((row, (*cells, pattern)) for (row, cells), pattern in zip(rows, patterns, strict=True))
    return SheetTable(Table(((number, (*header, _RECORDING)), *named), table.decimal_mark), named_by, notes)


def _of_whole_plates(rows: _Rows, patterns: Sequence[str], fields: Sequence[str]) -> _Rows:
    """Return a row for each pattern with what is true of the whole plate, so that it is of wells without a row too."""
    whole: dict[str, tuple[int, list[str]]] = {}
    for (row, cells), pattern in zip(rows, patterns, strict=True):
        _, said = whole.setdefault(pattern, (row, [""] * len(fields)))
        for position, field in enumerate(fields):
            if field in {"plate", "div"}:
                said[position] = said[position] or cells[position]
    return list(whole.values())


def _cells(cells: Sequence[str], said: Sequence[bool]) -> list[str]:
    """Return a cell for each column, empty where it is left out or nobody knows."""
    filled = (*cells, *[""] * (len(said) - len(cells)))
    return [cell if used and cell != _UNKNOWN else "" for cell, used in zip(filled, said, strict=True)]


def _field(title: str) -> str:
    """Return the field that a title means, or the title itself where it means none."""
    plain = "_".join(word for word in _BETWEEN_WORDS.split(title.lower()) if word)
    field = _FIELDS.get(plain, plain)
    return field if field in {_RECORDING, *FACTS, *_LEFT_OUT} else title


def _check_filled(rows: _Rows, position: int, title: str, what: str, file: str) -> None:
    for row, cells in rows:
        if not cells[position]:
            raise sheet_error(file, "is empty", f"write {what}", row=row, column=title)


def _patterns(rows: _Rows, position: int, title: str, file: str) -> dict[str, str]:
    """Return for each plate the pattern of the names that contain its own, once no two can be confused."""
    first: dict[str, int] = {}
    for row, cells in rows:
        first.setdefault(cells[position], row)
    if len(first) > _MOST_PLATES:
        raise sheet_error(
            file, f"holds {len(first)} plates", f"split it: at most {_MOST_PLATES} are read", column=title
        )
    patterns = {plate: _pattern(plate) for plate in first}
    if len(patterns) > 1:
        for plate, row in first.items():
            if plate.isdigit() and len(plate) < _FEWEST_DIGITS:
                problem = f"{shown(plate)} is too short to be found in the names of recordings"
                raise sheet_error(file, problem, _ADVICE, row=row, column=title)
            expression = re.compile(fnmatch.translate(patterns[plate]))
            if other := next((name for name in first if name != plate and expression.match(f"{name}.")), None):
                problem = (
                    f"{shown(plate)} is part of {shown(other)}, so that names of recordings cannot tell them apart"
                )
                raise sheet_error(file, problem, _ADVICE, row=row, column=title)
    return patterns


def _pattern(plate: str) -> str:
    # P1 is not part of P10.
    return f"*{glob.escape(plate)}{'[!0-9]*' if plate[-1:].isdigit() else '*'}"


def _without_days(rows: _Rows, patterns: Sequence[str], fields: Sequence[str], file: str) -> tuple[str, ...]:
    """Empty the cells of div where recordings of several days would match, and say so."""
    if "div" not in fields:
        return ()
    position = fields.index("div")
    days: dict[str, dict[str, None]] = {}
    for (_, cells), pattern in zip(rows, patterns, strict=True):
        if cells[position]:
            days.setdefault(pattern, {})[cells[position]] = None
    several = {pattern: found for pattern, found in days.items() if len(found) > 1}
    for (_, cells), pattern in zip(rows, patterns, strict=True):
        if pattern in several:
            cells[position] = ""
    advice = "give the days by a name pattern, or in a sheet with the column recording"
    return tuple(
        one_line(
            f"{file}: column div: the map holds {len(found)} days ({listed(list(found))}) and does not say which of "
            f"the recordings {shown(pattern)} is of which, so that they are left out; {advice}"
        )
        for pattern, found in several.items()
    )
