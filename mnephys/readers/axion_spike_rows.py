"""The rows of a vendor's spike list as columns: times, electrodes, amplitudes, and which rows cannot be read."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from mnephys.errors import UnitsError
from mnephys.readers.axion_columns import Cells, decimals, lines_of, packed, unpacked
from mnephys.readers.axion_csv import CsvText, Row, number
from mnephys.units import conversion_factor

__all__ = ["Fault", "SpikeRows", "Titles", "find_titles", "read_rows"]

# In s: thirty years. What is later is no time of a spike.
_LONGEST = 1e9
_TIME = re.compile(r"time ?\(s(ec)?\)")
_AMPLITUDE = re.compile(r"amplitude ?\((.*)\)")


class Fault(IntEnum):
    """What is wrong with a row."""

    NONE = 0
    TIME = 1
    ELECTRODE = 2
    ABSENT = 3


@dataclass(frozen=True, slots=True)
class Titles:
    """Where the columns of a spike list stand.

    Parameters
    ----------
    time, electrode, amplitude : int
        Column; -1 where there is none.
    to_microvolt : float
        An amplitude times this is in uV; NaN where its unit is unknown.
    burst_list : bool
        Whether the title of a column says that the rows are bursts.
    """

    time: int = -1
    electrode: int = -1
    amplitude: int = -1
    to_microvolt: float = np.nan
    burst_list: bool = False

    @property
    def any(self) -> bool:
        """Whether the column of the times or that of the electrodes is found."""
        return self.time >= 0 or self.electrode >= 0

    @property
    def both(self) -> bool:
        """Whether both are."""
        return self.time >= 0 and self.electrode >= 0

    @property
    def panel(self) -> int:
        """How many columns stand before those of the spikes: the side panel with the settings."""
        return min(column for column in (self.time, self.electrode, self.amplitude, 1 << 30) if column >= 0)


def find_titles(cells: Sequence[str]) -> Titles:
    """Return where the columns of a spike list stand.

    Parameters
    ----------
    cells : sequence of str
        Of the row with the titles.

    Returns
    -------
    Titles
        Of columns that are found.

    Examples
    --------
    >>> find_titles(["Investigator", "", "Time (s)", "Electrode", "Amplitude(mV)"])
    Titles(time=2, electrode=3, amplitude=4, to_microvolt=1000.0, burst_list=False)
    """
    found = {"time": -1, "electrode": -1, "amplitude": -1}
    factor, burst_list = np.nan, False
    for column, cell in enumerate(cells):
        title = " ".join(cell.lower().split())
        amplitude = _AMPLITUDE.fullmatch(title)
        name = "time" if _TIME.fullmatch(title) else "amplitude" if amplitude else title
        if amplitude is not None:
            try:
                factor = conversion_factor(amplitude[1].replace("v", "V"), "uV")
            except UnitsError:
                factor = np.nan
        if found.get(name) == -1:
            found[name] = column
        burst_list = burst_list or title in {"size (spikes)", "duration (s)"}
    return Titles(**found, to_microvolt=factor, burst_list=burst_list)


@dataclass(frozen=True, slots=True)
class SpikeRows:
    """The rows of a spike list in columns.

    Parameters
    ----------
    line : ndarray, int64, shape (n_rows,)
        The line of the file in which each begins.
    time : ndarray, float64, shape (n_rows,)
        In s; NaN where there is none.
    code : ndarray, int32, shape (n_rows,)
        Position in `names`.
    amplitude : ndarray, float64, shape (n_rows,), or None
        As the file has it; NaN where it is no number.
    fault : ndarray, int8, shape (n_rows,)
        `Fault.TIME` where the time is no number or cannot be, else `Fault.NONE`.
    names : tuple of str
        What stands in the column of the electrodes, each once.
    """

    line: NDArray[np.int64]
    time: NDArray[np.float64]
    code: NDArray[np.int32]
    amplitude: NDArray[np.float64] | None
    fault: NDArray[np.int8]
    names: tuple[str, ...]


def _number(cell: str, decimal: str) -> float:
    value = number(cell, decimal)
    return math.nan if value is None else value


def _numbers(cells: Cells, decimal: str) -> NDArray[np.float64]:
    """Return the number of each cell, NaN where it holds none."""
    values, plain = decimals(cells, decimal)
    for line in np.flatnonzero(~plain & (cells.length > 0)).tolist():
        values[line] = _number(cells[line], decimal)
    values[cells.length == 0] = np.nan
    return values


class _Names:
    """Numbers for names, in the order in which they come."""

    def __init__(self) -> None:
        self.codes: dict[str, int] = {}

    def code(self, name: str) -> int:
        return self.codes.setdefault(name.strip(), len(self.codes))

    def of(self, cells: Cells) -> NDArray[np.int32]:
        words, plain = packed(cells)
        each, position = np.unique(words, return_inverse=True)
        codes = np.array([self.code(unpacked(int(word))) for word in each], dtype=np.int32)[position]
        for line in np.flatnonzero(~plain).tolist():
            codes[line] = self.code(cells[line])
        return codes


def read_rows(head: Sequence[Row], body: CsvText, titles: Titles, first: int) -> SpikeRows:
    """Return the rows of a spike list in columns.

    Parameters
    ----------
    head : sequence of Row
        The first rows below the titles, beside which the settings stand.
    body : CsvText
        What stands below them, without a footer; its quotes have no meaning.
    titles : Titles
        Time and electrode are found.
    first : int
        The line of the file in which the body begins.

    Returns
    -------
    SpikeRows
        Of rows with a time or an electrode; the others only belong to the side panel.
    """
    decimal, names = body.decimal, _Names()
    columns = [titles.time, titles.electrode, *([titles.amplitude] if titles.amplitude >= 0 else [])]
    texts = [[row.cells[column] if column < len(row.cells) else "" for column in columns] for row in head]
    line = [np.array([row.line for row in head], dtype=np.int64)]
    time = [np.array([_number(cells[0], decimal) for cells in texts], dtype=np.float64)]
    code = [np.array([names.code(cells[1]) for cells in texts], dtype=np.int32)]
    amplitude = [np.array([_number(cells[-1], decimal) for cells in texts], dtype=np.float64)]
    spike = [np.array([bool((cells[0] + cells[1]).strip()) for cells in texts], dtype=np.bool_)]
    for lines in lines_of(body.text.replace('"', "").encode(), body.delimiter):
        times, electrodes = lines.column(titles.time), lines.column(titles.electrode)
        line.append(first + lines.first + np.arange(lines.start.size))
        time.append(_numbers(times, decimal))
        code.append(names.of(electrodes))
        spike.append((times.length > 0) | (electrodes.length > 0))
        if titles.amplitude >= 0:
            amplitude.append(_numbers(lines.column(titles.amplitude), decimal))
    kept = np.concatenate(spike)
    finite = np.concatenate(time)[kept]
    wrong = ~(np.abs(finite) < _LONGEST)
    finite[wrong] = np.nan
    return SpikeRows(
        line=np.concatenate(line)[kept],
        time=finite,
        code=np.concatenate(code)[kept],
        amplitude=np.concatenate(amplitude)[kept] if titles.amplitude >= 0 else None,
        fault=np.where(wrong, Fault.TIME, Fault.NONE).astype(np.int8),
        names=tuple(names.codes),
    )
