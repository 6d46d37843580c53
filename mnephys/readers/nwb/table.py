"""Columns of the tables of an NWB file: plain ones, texts, and those in which a row has several values.

A column ``x`` of several values per row is stored in one piece, beside a column ``x_index`` that says where the values
of each row end.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mnephys.errors import CorruptHeaderError
from mnephys.readers.damage import DAMAGED_NWB
from mnephys.readers.hdf5.file import Hdf5File, texts_of
from mnephys.readers.hdf5.numbers import whole_numbers
from mnephys.readers.spike_trains.columns import listed
from mnephys.recording import IntArray
from mnephys.wording import one_line

__all__ = [
    "MOST_ROWS",
    "Ragged",
    "kind_of",
    "lost_columns",
    "number_column",
    "ragged_column",
    "row_ids",
    "text_column",
]

#: No table of electrodes or units is longer.
MOST_ROWS = 1 << 18


@dataclass(frozen=True, slots=True, eq=False)
class Ragged:
    """The values of a column, row i owns ``values[offsets[i]:offsets[i + 1]]``.

    Parameters
    ----------
    values : ndarray, shape (n_values, ...)
        As stored, without those behind the last row.
    offsets : ndarray, int, shape (n_rows + 1,)
        From 0, never falling.
    surplus : int
        Values behind the last row, which belong to none.
    """

    values: NDArray[Any]
    offsets: IntArray
    surplus: int = 0

    @property
    def counts(self) -> IntArray:
        """Values of each row, shape (n_rows,)."""
        return np.diff(self.offsets)


def kind_of(content: Hdf5File, name: str) -> str:
    """Return what an entry of an NWB file is.

    Parameters
    ----------
    content : Hdf5File
        Open.
    name : str
        Path of a group or a dataset.

    Returns
    -------
    str
        Its type in NWB, such as ``ElectricalSeries``; empty where it states none.
    """
    kind = content.attributes(name).get("neurodata_type", "")
    return kind if isinstance(kind, str) else ""


def lost_columns(content: Hdf5File, table: str) -> list[str]:
    """Return the columns that a table says it has, and has not.

    Parameters
    ----------
    content : Hdf5File
        Open.
    table : str
        Path of a table.

    Returns
    -------
    list of str
        A sentence with their names; none where nothing is missing.

    Raises
    ------
    ReadError
        If the file is damaged.
    """
    stated = content.attributes(table).get("colnames", [])
    held = set(content.names(table))
    names = [stated] if isinstance(stated, str) else stated if isinstance(stated, list) else []
    lost = [name for name in names if name not in held]
    return [f"Table {table} lacks columns that it says it has: {listed(lost)}."] if lost else []


def _corrupt(content: Hdf5File, name: str, problem: str) -> CorruptHeaderError:
    return CorruptHeaderError(content.path, f"dataset {name} {problem}", DAMAGED_NWB)


def row_ids(content: Hdf5File, table: str) -> list[str]:
    """Return the names of the rows of a table.

    Parameters
    ----------
    content : Hdf5File
        Open.
    table : str
        Path of a table.

    Returns
    -------
    list of str
        Their numbers, or where two are alike, counted from 0.

    Raises
    ------
    CorruptHeaderError
        If the table has no column ``id``, or it is not one of whole numbers.
    ReadError
        Otherwise, if it cannot be read.
    """
    name = f"{table}/id"
    values = content.array(name, MOST_ROWS)
    if values is None:
        raise CorruptHeaderError(content.path, f"table {table} has no column id", DAMAGED_NWB)
    if values.ndim != 1:
        raise _corrupt(content, name, f"has shape {values.shape}, not that of a column")
    numbers = whole_numbers(content.path, f"dataset {name}", values).tolist()
    return [str(number) for number in (numbers if len(set(numbers)) == len(numbers) else range(len(numbers)))]


def _column(content: Hdf5File, name: str, n_rows: int) -> NDArray[Any] | None:
    values = content.array(name, MOST_ROWS)
    if values is not None and values.shape != (n_rows,):
        raise _corrupt(content, name, f"has shape {values.shape}, but the table has {n_rows} rows")
    return values


def number_column(content: Hdf5File, name: str, n_rows: int) -> NDArray[np.float64] | None:
    """Return a column of numbers.

    Parameters
    ----------
    content : Hdf5File
        Open.
    name : str
        Path of the column.
    n_rows : int
        Rows of its table.

    Returns
    -------
    ndarray, float64, shape (n_rows,), or None
        NaN where a number is not finite; None where there is no such column, or it has no numbers.

    Raises
    ------
    CorruptHeaderError
        If it has another length than its table.
    ReadError
        Otherwise, if it cannot be read.
    """
    values = _column(content, name, n_rows)
    if values is None or values.dtype.kind not in "iuf":
        return None
    numbers = values.astype(np.float64)
    numbers[~np.isfinite(numbers)] = np.nan
    return numbers


def text_column(content: Hdf5File, name: str, n_rows: int) -> list[str] | None:
    """Return a column as text.

    Parameters
    ----------
    content : Hdf5File
        Open.
    name : str
        Path of the column.
    n_rows : int
        Rows of its table.

    Returns
    -------
    list of str, or None
        One line each; None where there is no such column.

    Raises
    ------
    CorruptHeaderError
        If it has another length than its table.
    UnsupportedFormatError
        If it is stored in a way that is not read.
    ReadError
        Otherwise, if it cannot be read.
    """
    values = _column(content, name, n_rows)
    return None if values is None else [one_line(text) for text in texts_of(values)]


def ragged_column(content: Hdf5File, name: str, n_rows: int, most: int) -> Ragged | None:
    """Return a column of which a row may have several values.

    Parameters
    ----------
    content : Hdf5File
        Open.
    name : str
        Path of the values; where those of each row end stands at the same path with ``_index`` behind it.
    n_rows : int
        Rows of its table.
    most : int
        The largest credible number of values.

    Returns
    -------
    Ragged or None
        None where there is no such column. One without an index has one value per row.

    Raises
    ------
    CorruptHeaderError
        If the index is not of the length of the table, falls, or ends beyond the values.
    ReadError
        Otherwise, if it cannot be read.
    """
    values = content.array(name, most)
    if values is None:
        return None
    if values.ndim == 0:
        raise _corrupt(content, name, "holds a single value, not a column")
    n_values, place = len(values), f"{name}_index"
    stored = content.array(place, MOST_ROWS)
    if stored is None:
        if n_values != n_rows:
            raise _corrupt(content, name, f"has {n_values} values for {n_rows} rows, and no {place} divides them")
        return Ragged(values, np.arange(n_rows + 1))
    ends = whole_numbers(content.path, f"dataset {place}", stored)
    if stored.shape != (n_rows,):
        raise _corrupt(content, place, f"has shape {stored.shape}, but the table has {n_rows} rows")
    offsets = np.concatenate([[0], ends])
    if (np.diff(offsets) < 0).any():
        row = int(np.argmax(np.diff(offsets) < 0))
        raise _corrupt(content, place, f"falls from {offsets[row]} to {offsets[row + 1]} in row {row}")
    last = int(offsets[-1])
    if last > n_values:
        raise _corrupt(content, place, f"ends at {last}, but there are {n_values} values")
    return Ragged(values[:last], offsets, n_values - last)
