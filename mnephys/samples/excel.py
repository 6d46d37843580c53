"""The first worksheet of an Excel workbook as rows of text cells."""

from __future__ import annotations

import datetime as dt
import io
import warnings
import zipfile
from typing import Any

from mnephys.errors import SampleSheetError
from mnephys.samples.content import LARGEST
from mnephys.samples.text import sheet_error

__all__ = ["read_workbook"]

_MOST_CELLS = 5_000_000
_INSTALL = "install it with: pip install openpyxl, or save the sheet as 'CSV UTF-8'"


def read_workbook(content: bytes, file: str) -> list[list[str]]:
    """Return the cells of the first worksheet as text.

    A formula counts as the value that the spreadsheet program stored for it; where none is stored
    it counts as its own text. Nothing is ever computed.

    Parameters
    ----------
    content : bytes
        Of an .xlsx file.
    file : str
        As the user named it, for messages.

    Returns
    -------
    list of list of str
        Row by row from the first, blank ones too.

    Raises
    ------
    SampleSheetError
        If openpyxl is not installed, the file is no workbook, is too large or has merged cells.
    """
    _check_size(content, file)
    sheet = _worksheet(content, file, values=False)
    if sheet.max_row * sheet.max_column > _MOST_CELLS:
        problem = f"worksheet has {sheet.max_row} rows and {sheet.max_column} columns"
        raise sheet_error(file, problem, "delete the empty rows and columns")
    if merged := sorted(str(cells) for cells in sheet.merged_cells.ranges):
        # Only the first of merged cells has a value, so that the others would silently be unknown.
        raise sheet_error(file, f"cells {merged[0]} are merged", "unmerge them and fill in each cell")
    cells = [list(row) for row in sheet.iter_rows()]
    formulas = [(i, j) for i, row in enumerate(cells) for j, cell in enumerate(row) if cell.data_type == "f"]
    if formulas:
        stored = _worksheet(content, file, values=True)
        for i, j in formulas:
            cell = stored.cell(i + 1, j + 1)
            # Where a program stored nothing, the cell has neither a value nor a type of its own.
            cells[i][j] = cells[i][j] if cell.value is None and cell.data_type == "n" else cell
    for cell in (cell for row in cells for cell in row if cell.data_type == "e"):
        raise sheet_error(file, f"cell {cell.coordinate} holds the error {cell.value}", "correct or empty it")
    return [[_text(cell.value) for cell in row] for row in cells]


def _check_size(content: bytes, file: str) -> None:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            size = sum(entry.file_size for entry in archive.infolist())
    except (zipfile.BadZipFile, ValueError, NotImplementedError) as error:
        raise _damaged(file, error) from error
    if size > LARGEST:
        problem = f"unpacks to {size / 1e6:.0f} MB, more than the {LARGEST // 1_000_000} MB allowed"
        raise sheet_error(file, problem, "keep only the sample sheet in the workbook")


def _worksheet(content: bytes, file: str, *, values: bool) -> Any:
    try:
        # An extra, and nothing but workbooks needs it.
        from openpyxl import load_workbook
    except ImportError as error:
        raise sheet_error(file, "is an Excel workbook, and openpyxl is not installed", _INSTALL) from error
    try:
        with warnings.catch_warnings():
            # It warns of validation lists, styles and the like, which carry no data.
            warnings.simplefilter("ignore")
            sheets = load_workbook(io.BytesIO(content), data_only=values, keep_links=False).worksheets
    except Exception as error:
        # Its parsers raise errors of many kinds on a damaged file.
        raise _damaged(file, error) from error
    if not sheets:
        raise sheet_error(file, "has no worksheet", "put the sample sheet into the first one")
    return sheets[0]


def _damaged(file: str, error: Exception) -> SampleSheetError:
    return sheet_error(file, f"cannot be read as an Excel workbook ({error})", "save it again as .xlsx or 'CSV UTF-8'")


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, dt.datetime) and value.time() == dt.time():
        return value.date().isoformat()
    # An array formula is an object that has a text.
    return str(getattr(value, "text", value))
