"""The blocks of a vendor's export of metrics: settings, well information, averages of wells, values of electrodes."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from mnephys.readers.axion_csv.cells import Row, filled, number, shown
from mnephys.readers.axion_csv.metric_names import factor_of, plain_label
from mnephys.readers.axion_csv.settings import Settings, read_settings

__all__ = ["ELECTRODES", "WELLS", "Block", "Column", "Export", "read_blocks"]

WELLS = "well averages"
ELECTRODES = "measurement"
_FACTS = "well information"
_TREATMENTS = "treatment averages"
_SETTINGS = "settings"
_NUMBERS = frozenset({WELLS, ELECTRODES})
_TITLES = _NUMBERS | {_FACTS, _TREATMENTS}

# What is larger counts or measures nothing of a plate.
_LARGEST = 1e12
# What an export writes where it has no number.
_EMPTY = frozenset({"", "nan", "n/a", "na", "-"})
_ZERO_FOR_SPACE = re.compile(r"(?<=[A-Za-z%)])0(?=[A-Za-z(])")


@dataclass(frozen=True, slots=True)
class Column:
    """The values of one metric.

    Parameters
    ----------
    values : ndarray, float64, shape (n_names,)
        NaN where there is no number.
    empty : ndarray, bool, shape (n_names,)
        Where the cell is empty.
    wrong : dict of int to str
        Why a cell that is not empty is no number, by position.
    miscounted : str
        Why nobody knows whose its cells are, as some are missing or too many; empty for any other row.
    """

    values: NDArray[np.float64]
    empty: NDArray[np.bool_]
    wrong: dict[int, str] = field(default_factory=dict)
    miscounted: str = ""


@dataclass(frozen=True, slots=True)
class Block:
    """A block of the export: names in its first row, a metric in each of the others.

    Parameters
    ----------
    title : Row
        With the names of wells or electrodes.
    rows : dict of str to Row
        By plain label; the first of each.
    ends_open : bool
        Whether the last row is the last of a file without a line end.
    decimal : str
        The decimal sign.
    uneven : dict of int to int
        Lines of rows with a number of cells that no other row of the file has, and how many their neighbours have.
    """

    title: Row
    rows: dict[str, Row] = field(default_factory=dict)
    ends_open: bool = False
    decimal: str = "."
    uneven: dict[int, int] = field(default_factory=dict)

    @property
    def names(self) -> list[str]:
        """Names of wells or electrodes, empty cells among them included."""
        cells = self.title.cells[1:]
        return [cell.strip() for cell in cells[: filled(cells)]]

    @property
    def treatments(self) -> dict[str, str]:
        """What the row ``Treatment/ID`` says of each well."""
        row = self.rows.get("treatment/id")
        return {} if row is None else dict(zip(self.names, row.cells[1:], strict=False))

    def column(self, label: str, positions: Sequence[int]) -> Column | None:
        """Return the values of a metric.

        Parameters
        ----------
        label : str
            Its plain label.
        positions : sequence of int
            Of the names that are wanted.

        Returns
        -------
        Column or None
            Of these, in s, Hz or %; None where the block has no such row.
        """
        row = self.rows.get(label)
        if row is None:
            return None
        n = len(self.names)
        place = f"row {row.line} ({row.label.strip()})"
        if miscounted := self._miscounted(row, n):
            why = f"{place} has {miscounted}"
            nothing, each = np.full(len(positions), np.nan), range(len(positions))
            return Column(nothing, np.zeros(len(positions), np.bool_), dict.fromkeys(each, why), why)
        texts = [row.cells[1 + position].strip() for position in positions]
        values = np.full(len(texts), np.nan)
        empty = np.zeros(len(texts), np.bool_)
        wrong = {}
        for i, text in enumerate(texts):
            if text.lower() in _EMPTY:
                empty[i] = True
                continue
            value = number(text, self.decimal)
            if value is None or not abs(value) < _LARGEST:
                wrong[i] = f"{place} has {shown(text)}, which is no number"
            else:
                values[i] = value
        if self.ends_open and row is next(reversed(self.rows.values())) and n - 1 in positions:
            last = list(positions).index(n - 1)
            values[last], empty[last], wrong[last] = np.nan, False, f"{place} is the last of a file that ends within it"
        return Column(values * factor_of(row.label), empty, wrong)

    def _miscounted(self, row: Row, n: int) -> str:
        """Return how many cells a row has that lost or gained some, an empty text for any other."""
        n_cells, found = len(row.cells) - 1, filled(row.cells[1:])
        if n_cells < n or found > n:
            return f"{found if found > n else n_cells} cells for {n} names"
        beside = self.uneven.get(row.line, n_cells)
        # A row without the empty cell at its end is whole, if a value stands below the last name.
        if n_cells > beside or (n_cells < beside and found < n):
            return f"{n_cells} cells, but the rows beside it {beside}"
        return ""


@dataclass(frozen=True, slots=True)
class Export:
    """An export of metrics in blocks.

    Parameters
    ----------
    settings : Settings
        What stands before the first block of numbers.
    facts : list of Row
        The well information, below its title.
    wells, electrodes : Block, optional
        Where the file has them.
    problems : tuple of str
        What was noticed, one sentence each.
    """

    settings: Settings
    facts: list[Row]
    wells: Block | None
    electrodes: Block | None
    problems: tuple[str, ...] = ()


def _without_zeros(rows: Iterable[Row]) -> list[Row]:
    """Return rows of an export in which a 0 stands for each space of the labels."""
    found = []
    for row in rows:
        label, *cells = row.cells or [""]
        # Of settings the value has them too, unless it is a path, which may have such a 0 of its own.
        if filled(cells) == 1 and "\\" not in cells[0] and "/" not in cells[0]:
            cells[0] = _ZERO_FOR_SPACE.sub(" ", cells[0])
        found.append(Row(row.line, [label.replace("0", " "), *cells]))
    return found


def read_blocks(rows: Sequence[Row], known: Collection[str], *, complete: bool = True, decimal: str = ".") -> Export:
    """Return the blocks of an export of metrics.

    Parameters
    ----------
    rows : sequence of Row
        Of the whole file.
    known : collection of str
        Plain labels of rows that count; of these, a second one in a block is noticed.
    complete : bool
        Whether the last line has a line end.
    decimal : str
        The decimal sign.

    Returns
    -------
    Export
        In which a 0 for each space of a label, as one published set has it, is a space again.
    """
    if any(row.label.strip().lower() == WELLS.replace(" ", "0") for row in rows):
        rows = _without_zeros(rows)
    modes = _modes(rows)
    problems: list[str] = []
    blocks = {}
    widths = Counter(len(row.cells) for row in rows if plain_label(row.label) not in _NUMBERS)
    for title in (WELLS, ELECTRODES):
        own = [row for row, mode in zip(rows, modes, strict=True) if mode == title]
        if own:
            blocks[title] = _block(own, known, problems, decimal)
            blocks[title].uneven.update(_uneven(own[1:], widths))
    last = next((row for row in reversed(rows) if not row.blank), None)
    if not complete:
        blocks = {t: replace(b, ends_open=last in b.rows.values()) for t, b in blocks.items()}
    settings = read_settings(row.cells for row, mode in zip(rows, modes, strict=True) if mode == _SETTINGS)
    facts = [row for row, mode in zip(rows, modes, strict=True) if mode == _FACTS and plain_label(row.label) != _FACTS]
    return Export(settings, facts, blocks.get(WELLS), blocks.get(ELECTRODES), tuple(problems))


def _modes(rows: Sequence[Row]) -> list[str]:
    """Return which block each row belongs to; settings stand before the first block of numbers."""
    mode, settings = _SETTINGS, _SETTINGS
    modes = []
    for row in rows:
        label = plain_label(row.label)
        if label in _TITLES:
            mode = label
            settings = "" if label in _NUMBERS else settings
        elif mode not in _NUMBERS and row.blank:
            mode = settings
        modes.append(mode)
    return modes


def _uneven(rows: Sequence[Row], widths: Mapping[int, int]) -> dict[int, int]:
    """Return the lines of rows that alone have so many cells, and how many most of the others have after the first.

    The title says nothing: some programs end it with an empty cell, and no other row. Spreadsheets fill up rows with
    empty cells, but several at once.
    """
    of_values = [row for row in rows if len(row.cells) > 1]
    (usual, count), *_ = [*Counter(len(row.cells) for row in of_values).most_common(1), (0, 0)]
    if count == 1:
        return {}
    return {row.line: usual - 1 for row in of_values if widths[len(row.cells)] == 1}


def _block(rows: Sequence[Row], known: Collection[str], problems: list[str], decimal: str) -> Block:
    """Return a block, and add to the problems what stands in it twice."""
    block = Block(rows[0], decimal=decimal)
    title = plain_label(block.title.label)
    for row in rows[1:]:
        label = plain_label(row.label)
        if label == title:
            problems.append(f"row {row.line}: a second block '{row.label.strip()}' was not read")
            break
        if label in block.rows and label in known:
            problems.append(f"row {row.line}: a second '{row.label.strip()}' was not read")
        elif label not in block.rows and not row.blank:
            block.rows[label] = row
    return block
