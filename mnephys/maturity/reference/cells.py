"""A laboratory's own cells, read from a table: one row per cell, its stage and what it measures."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from mnephys.errors import ReferenceSetError, SampleSheetError, UnitsError
from mnephys.maturity.reference.known import known_features
from mnephys.maturity.reference.parse import STAGES, load_reference
from mnephys.maturity.scale import Criterion
from mnephys.recording import FloatArray
from mnephys.samples.content import read_content
from mnephys.samples.table import Table, read_table
from mnephys.samples.text import shown
from mnephys.units import unit
from mnephys.wording import nearest, one_line

__all__ = ["FEWEST_CELLS", "OwnCells", "parse_cells", "read_cells"]

FEWEST_CELLS = 3
"""A stage needs so many cells, so that it can be said how they vary."""

_FAR = 100.0
"""Sizes that differ by so much from all published ones are in another unit; adult motor neurons differ by up to 60."""

_STAGE, _BATCH = "stage", "batch"
_WORDS = (_STAGE, _BATCH, "cell")
_HEADER = re.compile(r"(?P<name>\S+?)\s*[\[(](?P<unit>.*)[\])]")


@dataclass(frozen=True, slots=True, eq=False)
class OwnCells:
    """Cells of known stage.

    Parameters
    ----------
    stage, batch : ndarray of str, shape (n_cells,)
        Of each cell; the batch is empty where nobody stated it.
    numbers : mapping of str to ndarray of float, shape (n_cells,)
        By feature, in the units of this package; NaN where not measured.
    categories : mapping of str to ndarray of str, shape (n_cells,)
        By feature; empty where not seen.
    """

    stage: np.ndarray
    batch: np.ndarray
    numbers: Mapping[str, FloatArray]
    categories: Mapping[str, np.ndarray]


def read_cells(path: Path | str) -> OwnCells:
    """Read a table of cells, CSV or Excel.

    Parameters
    ----------
    path : Path or str
        The file.

    Returns
    -------
    OwnCells
        In the order of the file.

    Raises
    ------
    ReadError
        If it cannot be opened.
    ReferenceSetError
        If it is not valid: one line, with file, line, column and what to do.
    """
    try:
        return parse_cells(read_content(path), str(path))
    except SampleSheetError as error:
        raise ReferenceSetError(str(error)) from None


def parse_cells(content: bytes, file: str = "cells.csv") -> OwnCells:
    r"""Check the bytes of a table of cells.

    Parameters
    ----------
    content : bytes
        The first row names the columns: ``stage``, features as this package names them, in its units (a unit may
        stand behind the name, ``ap_amplitude [mV]``), and as far as known ``batch`` and ``cell``. An empty place is
        what was not measured.
    file : str
        What messages call it.

    Returns
    -------
    OwnCells
        In the order of the rows.

    Raises
    ------
    ReferenceSetError
        If it is not valid: one line, with file, line, column and what to do.

    Examples
    --------
    >>> parse_cells(b"stage,ap_amplitud\nmature,80\n", "own")
    Traceback (most recent call last):
    mnephys.errors.ReferenceSetError: own: line 1, column ap_amplitud: is no feature; the nearest is 'ap_amplitude'
    """
    table = _table(content, file)
    (line, header), *rows = table.rows
    columns = _columns(header, file, line)
    for at, row in rows:
        if len(row) > len(header) and any(row[len(header) :]):
            raise _error(file, "has more places than the header has names", "add names or empty them", line=at)
    known = known_features()
    places = [at for at, _ in rows]
    text = {name: [row[place] if place < len(row) else "" for _, row in rows] for name, place in columns.items()}
    stage = [_stage(word, file, at) for word, at in zip(text[_STAGE], places, strict=True)]
    _check_number(stage, places, file)
    numbers, categories = {}, {}
    for name in [name for name in columns if name not in _WORDS]:
        if known[name].categories:
            pairs = zip(text[name], places, strict=True)
            categories[name] = np.array([_category(word, known[name], file, at) for word, at in pairs], dtype=str)
        else:
            numbers[name] = np.array(
                [_number(word, table.decimal_mark, name, file, at) for word, at in zip(text[name], places, strict=True)]
            )
    for name, values in numbers.items():
        _check_size(values, name, file, line)
    if not numbers and not categories:
        raise _error(file, "has no column with a feature", f"add {', '.join(list(known)[:3])} or others", line=line)
    batch = np.array([one_line(word) for word in text.get(_BATCH, [""] * len(rows))], dtype=str)
    return OwnCells(np.array(stage, dtype=str), batch, numbers, categories)


def _error(file: str, problem: str, advice: str, *, line: int = 0, column: str = "") -> ReferenceSetError:
    place = ", ".join([f"line {line}"] * (line > 0) + [f"column {one_line(column)}"] * (column != ""))
    return ReferenceSetError(one_line(f"{file}: {place}{': ' if place else ''}{problem}; {advice}"))


def _table(content: bytes, file: str) -> Table:
    if not content.strip():
        raise _error(file, "is empty", "give it a header with the column stage, and one row for each cell")
    try:
        return read_table(content, file)
    except SampleSheetError as error:
        raise ReferenceSetError(str(error)) from None


def _columns(header: Sequence[str], file: str, line: int) -> dict[str, int]:
    """Return the place of each column by its name, without units."""
    known = known_features()
    columns: dict[str, int] = {}
    for place, title in enumerate(header):
        if not title:
            continue
        match = _HEADER.fullmatch(title)
        name = (match["name"] if match else title).lower()
        if name not in _WORDS and name not in known:
            raise _error(file, "is no feature", nearest(name, [*_WORDS, *known]), line=line, column=title)
        if name in columns:
            raise _error(file, "is there twice", "keep one", line=line, column=title)
        if match and name in known:
            _check_unit(match["unit"], known[name].unit, file, line, title)
        columns[name] = place
    if _STAGE not in columns:
        raise _error(file, "the column stage is missing", f"add it, with {', '.join(STAGES)}", line=line)
    return columns


def _check_unit(written: str, expected: str, file: str, line: int, column: str) -> None:
    try:
        symbol = unit(written).symbol
    except UnitsError:
        symbol = ""
    if symbol != expected:
        raise _error(file, f"is in {shown(written)}", f"convert it to {expected}", line=line, column=column)


def _check_size(values: FloatArray, name: str, file: str, line: int) -> None:
    """Refuse values so far from all published ones that their unit must be another."""
    published = load_reference()
    values = np.abs(values[np.isfinite(values)])
    if name not in published.features or not values.size:
        return
    feature = published.features[name]
    usual = np.abs(feature.scaling.back(published.location[:, list(published.features).index(name)]))
    middle = float(np.median(values))
    if not usual.min() / _FAR < middle < usual.max() * _FAR:
        low, high = sorted((float(usual.min()), float(usual.max())))
        raise _error(
            file,
            f"has a median size of {middle:.3g}, published stages have {low:.3g} to {high:.3g} {feature.unit}",
            f"convert it to {feature.unit}",
            line=line,
            column=name,
        )


def _stage(word: str, file: str, line: int) -> str:
    if word.lower() not in STAGES:
        raise _error(file, f"is {shown(word)}", nearest(word.lower(), STAGES), line=line, column=_STAGE)
    return word.lower()


def _check_number(stage: Sequence[str], lines: Sequence[int], file: str) -> None:
    present = [name for name in STAGES if name in stage]
    if len(present) < 2:
        seen = f"all cells are {present[0]}" if present else "there is no cell"
        raise _error(file, seen, "give it cells of two stages or more", column=_STAGE)
    for name in present:
        if (n := stage.count(name)) < FEWEST_CELLS:
            what = f"is {name} in {n} cell{'s' * (n != 1)} only"
            raise _error(
                file, what, f"a stage needs {FEWEST_CELLS} or more", line=lines[stage.index(name)], column=_STAGE
            )


def _category(word: str, criterion: Criterion, file: str, line: int) -> str:
    if word and word.lower() not in criterion.categories:
        advice = nearest(word.lower(), criterion.categories)
        raise _error(file, f"is {shown(word)}", advice, line=line, column=criterion.feature)
    return word.lower()


def _number(word: str, decimal_mark: str, column: str, file: str, line: int) -> float:
    if not word:
        return float("nan")
    try:
        value = float(word.replace(decimal_mark, ".") if word.isascii() and "_" not in word else "?")
    except ValueError:
        raise _error(file, f"is {shown(word)}", "write a number", line=line, column=column) from None
    if not np.isfinite(value):
        raise _error(file, f"is {shown(word)}", "leave it empty where it was not measured", line=line, column=column)
    return value
