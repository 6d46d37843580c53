"""Plate layouts: which wells a plate has, and which electrodes a well.

The layout gives the denominators: an electrode without a spike is missing in most files, and still there.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from types import MappingProxyType

__all__ = ["LAYOUTS", "LIKELY", "PlateLayout", "grid_place", "layout_holding", "layout_named", "well_name"]

_WELL = re.compile(r"([A-Z])([1-9][0-9]?)")
_PLACE = re.compile(r"([1-9a-f])([1-9])")
_COUNT = re.compile(r"(?<!\d)(\d{1,4})[ _-]?well", re.IGNORECASE)


def well_name(row: int, column: int) -> str:
    """Return the name of a well.

    Parameters
    ----------
    row, column : int
        From 0.

    Returns
    -------
    str
        The row as a letter, the column as a number from 1.

    Examples
    --------
    >>> well_name(0, 0), well_name(7, 11)
    ('A1', 'H12')
    """
    return f"{chr(ord('A') + row)}{column + 1}"


def grid_place(label: str) -> tuple[int, int]:
    """Return where an electrode is in the grid of its well.

    Parameters
    ----------
    label : str
        As the vendor writes it: column and row from 1, columns beyond 9 as letters.

    Returns
    -------
    tuple of int
        Column and row from 1; zeros where the label tells no place.

    Examples
    --------
    >>> grid_place("21"), grid_place("b5"), grid_place("unit 7")
    ((2, 1), (11, 5), (0, 0))
    """
    match = _PLACE.fullmatch(label)
    return (int(match[1], 36), int(match[2])) if match else (0, 0)


@dataclass(frozen=True, slots=True)
class PlateLayout:
    """A kind of plate.

    Parameters
    ----------
    name : str
        For example ``"48-well"``.
    rows, columns : int
        Of wells.
    labels : tuple of str
        Electrodes of a well, as the vendor names them; on most plates column and row from 1 (``"21"`` is column 2,
        row 1).

    Examples
    --------
    >>> layout = LAYOUTS["96-well"]
    >>> len(layout.wells), layout.wells[-1], layout.labels
    (96, 'H12', ('11', '12', '13', '21', '22', '23', '31', '33'))
    """

    name: str
    rows: int
    columns: int
    labels: tuple[str, ...]

    @property
    def wells(self) -> tuple[str, ...]:
        """Names of all wells, row by row."""
        return tuple(well_name(row, column) for row in range(self.rows) for column in range(self.columns))

    def place(self, well: str) -> tuple[int, int] | None:
        """Return where a well is.

        Parameters
        ----------
        well : str
            Its name.

        Returns
        -------
        tuple of int, or None
            Row and column from 0; None where the plate has no such well.

        Examples
        --------
        >>> LAYOUTS["48-well"].place("F8"), LAYOUTS["48-well"].place("G1")
        ((5, 7), None)
        """
        match = _WELL.fullmatch(well)
        if match is None:
            return None
        row, column = ord(match[1]) - ord("A"), int(match[2]) - 1
        return (row, column) if row < self.rows and column < self.columns else None


def _grid(columns: int, rows: int) -> tuple[str, ...]:
    return tuple(f"{column}{row}" for column in range(1, columns + 1) for row in range(1, rows + 1))


# The plate of 96 wells has eight electrodes in a grid of nine places; 32 is the reference.
_EIGHT = tuple(label for label in _grid(3, 3) if label != "32")

LAYOUTS = MappingProxyType(
    {
        layout.name: layout
        for layout in (
            PlateLayout("6-well", 2, 3, _grid(8, 8)),
            PlateLayout("12-well", 3, 4, _grid(8, 8)),
            PlateLayout("24-well", 4, 6, _grid(4, 4)),
            PlateLayout("48-well", 6, 8, _grid(4, 4)),
            PlateLayout("96-well", 8, 12, _EIGHT),
        )
    }
)
"""The plates that are known, by name."""


LIKELY = tuple(LAYOUTS[name] for name in ("24-well", "48-well", "96-well", "6-well", "12-well"))
"""The plates in the order in which one is taken that no file names; see `layout_holding`."""


def layout_named(text: str) -> PlateLayout | None:
    """Return the layout that a file names.

    Parameters
    ----------
    text : str
        As a file writes it.

    Returns
    -------
    PlateLayout or None
        None where the text names none that is known.

    Examples
    --------
    >>> layout_named("Maestro 48-Well (Transparent)").name, layout_named("1536-well")
    ('48-well', None)
    """
    found = _COUNT.search(text)
    return None if found is None else LAYOUTS.get(f"{int(found[1])}-well")


def layout_holding(wells: Collection[str], labels: Collection[str]) -> PlateLayout | None:
    """Return the most likely layout that has all of some wells and electrodes.

    Silent electrodes are missing in many files, so that the electrodes that are there fit layouts with more of them as
    well. Plates of 64 electrodes a well are taken only where an electrode is outside the grid of four by four.

    Parameters
    ----------
    wells : collection of str
        Names of wells.
    labels : collection of str
        Electrodes within a well.

    Returns
    -------
    PlateLayout or None
        None where no layout that is known has them all.

    Examples
    --------
    >>> layout_holding({"F8"}, {"44"}).name, layout_holding({"A1"}, {"33"}).name, layout_holding({"A1"}, {"88"}).name
    ('48-well', '24-well', '6-well')
    """
    return next(
        (
            layout
            for layout in LIKELY
            if all(layout.place(well) is not None for well in wells) and set(labels) <= set(layout.labels)
        ),
        None,
    )
