"""The rows of a vendor's list of spikes or bursts as columns: times, electrodes, values, which cannot be read."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from mnephys.errors import UnitsError
from mnephys.readers.axion_csv.cells import CsvText, Row, number
from mnephys.readers.axion_csv.columns import Cells, decimals, lines_of, packed, unpacked
from mnephys.units import conversion_factor

__all__ = ["Fault", "SpikeRows", "Titles", "find_titles", "read_rows"]

# In s: thirty years. What is later is no time of a spike or a burst.
_LONGEST = 1e9
_TITLES = {
    "time": re.compile(r"time ?\(s(ec)?\)"),
    "electrode": re.compile("electrode"),
    "amplitude": re.compile(r"amplitude ?\((.*)\)"),
    "size": re.compile(r"size ?\(spikes\)"),
    "duration": re.compile(r"duration ?\(s(ec)?\)"),
}


class Fault(IntEnum):
    """What is wrong with a row."""

    NONE = 0
    TIME = 1
    ELECTRODE = 2
    ABSENT = 3
    SIZE = 4
    DURATION = 5


@dataclass(frozen=True, slots=True)
class Titles:
    """Where the columns of a list of spikes or bursts stand.

    Parameters
    ----------
    time, electrode, amplitude, size, duration : int
        Column; -1 where there is none. Spikes have an amplitude, bursts have a size and a duration.
    to_microvolt : float
        An amplitude times this is in uV; NaN where its unit is unknown.
    """

    time: int = -1
    electrode: int = -1
    amplitude: int = -1
    size: int = -1
    duration: int = -1
    to_microvolt: float = np.nan

    @property
    def any(self) -> bool:
        """Whether the column of the times or that of the electrodes is found."""
        return self.time >= 0 or self.electrode >= 0

    @property
    def both(self) -> bool:
        """Whether both are."""
        return self.time >= 0 and self.electrode >= 0

    @property
    def burst_list(self) -> bool:
        """Whether the title of a column says that the rows are bursts."""
        return self.size >= 0 or self.duration >= 0

    @property
    def values(self) -> dict[str, int]:
        """The columns beside time and electrode that there are, by name."""
        columns = {"amplitude": self.amplitude, "size": self.size, "duration": self.duration}
        return {name: column for name, column in columns.items() if column >= 0}

    @property
    def panel(self) -> int:
        """How many columns stand before those of the spikes or bursts: the side panel with the settings."""
        return min(column for column in (self.time, self.electrode, *self.values.values(), 1 << 30) if column >= 0)


def find_titles(cells: Sequence[str]) -> Titles:
    """Return where the columns of a list of spikes or bursts stand.

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
    Titles(time=2, electrode=3, amplitude=4, size=-1, duration=-1, to_microvolt=1000.0)
    """
    found: dict[str, int] = {}
    factor = np.nan
    for column, cell in enumerate(cells):
        title = " ".join(cell.lower().split())
        for name, pattern in _TITLES.items():
            if pattern.fullmatch(title) and name not in found:
                found[name] = column
    if "amplitude" in found:
        factor = _to_microvolt(" ".join(cells[found["amplitude"]].lower().split()))
    return Titles(**found, to_microvolt=factor)


def _to_microvolt(title: str) -> float:
    """Return what an amplitude is multiplied with to be in uV, NaN where its title names no voltage."""
    found = _TITLES["amplitude"].fullmatch(title)
    try:
        return np.nan if found is None else conversion_factor(found[1].replace("v", "V"), "uV")
    except UnitsError:
        return np.nan


@dataclass(frozen=True, slots=True)
class SpikeRows:
    """The rows of a list of spikes or bursts in columns.

    Parameters
    ----------
    line : ndarray, int64, shape (n_rows,)
        The line of the file in which each begins.
    time : ndarray, float64, shape (n_rows,)
        In s; NaN where there is none.
    code : ndarray, int32, shape (n_rows,)
        Position in `names`.
    fault : ndarray, int8, shape (n_rows,)
        `Fault.TIME` where the time is no number or cannot be, else `Fault.NONE`.
    names : tuple of str
        What stands in the column of the electrodes, each once.
    amplitude, size, duration : ndarray, float64, shape (n_rows,), optional
        As the file has it; NaN where it is no number; None where it has no such column.
    """

    line: NDArray[np.int64]
    time: NDArray[np.float64]
    code: NDArray[np.int32]
    fault: NDArray[np.int8]
    names: tuple[str, ...]
    amplitude: NDArray[np.float64] | None = None
    size: NDArray[np.float64] | None = None
    duration: NDArray[np.float64] | None = None


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
    """Return the rows of a list of spikes or bursts in columns.

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
    columns = [titles.time, titles.electrode, *titles.values.values()]
    texts = [[row.cells[column] if column < len(row.cells) else "" for column in columns] for row in head]
    line = [np.array([row.line for row in head], dtype=np.int64)]
    time = [np.array([_number(cells[0], decimal) for cells in texts], dtype=np.float64)]
    code = [np.array([names.code(cells[1]) for cells in texts], dtype=np.int32)]
    spike = [np.array([bool((cells[0] + cells[1]).strip()) for cells in texts], dtype=np.bool_)]
    values = {
        name: [np.array([_number(cells[i], decimal) for cells in texts], dtype=np.float64)]
        for i, name in enumerate(titles.values, start=2)
    }
    for lines in lines_of(body.text.replace('"', "").encode(), body.delimiter):
        times, electrodes = lines.column(titles.time), lines.column(titles.electrode)
        line.append(first + lines.first + np.arange(lines.start.size))
        time.append(_numbers(times, decimal))
        code.append(names.of(electrodes))
        spike.append((times.length > 0) | (electrodes.length > 0))
        for name, column in titles.values.items():
            values[name].append(_numbers(lines.column(column), decimal))
    kept = np.concatenate(spike)
    finite = np.concatenate(time)[kept]
    wrong = ~(np.abs(finite) < _LONGEST)
    finite[wrong] = np.nan
    return SpikeRows(
        line=np.concatenate(line)[kept],
        time=finite,
        code=np.concatenate(code)[kept],
        fault=np.where(wrong, Fault.TIME, Fault.NONE).astype(np.int8),
        names=tuple(names.codes),
        **{name: np.concatenate(parts)[kept] for name, parts in values.items()},
    )
