"""The kinds of plates by the number that an AxIS file gives them."""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType

from mnephys.recording import LAYOUTS, PlateLayout

__all__ = ["PLATES", "Plate", "electrode_label"]

_LETTERS = "123456789abcdef"


@dataclass(frozen=True, slots=True)
class Plate:
    """A kind of plate.

    Parameters
    ----------
    name : str
        As the vendor calls it.
    layout : PlateLayout
        Its wells and electrodes.

    Examples
    --------
    >>> PLATES[0x3000004]
    Plate(name='48-well CytoView', layout=PlateLayout(name='48-well', rows=6, columns=8, \
labels=('11', '12', '13', '14', '21', '22', '23', '24', '31', '32', '33', '34', '41', '42', '43', '44')))
    """

    name: str
    layout: PlateLayout


def electrode_label(column: int, row: int) -> str:
    """Return the name of an electrode within its well.

    Parameters
    ----------
    column, row : int
        From 1.

    Returns
    -------
    str
        Column, then row; columns beyond 9 are letters. Empty where there is no such name.

    Examples
    --------
    >>> electrode_label(2, 1), electrode_label(11, 5), electrode_label(0, 1)
    ('21', 'b5', '')
    """
    return f"{_LETTERS[column - 1]}{row}" if 1 <= column <= len(_LETTERS) and 1 <= row <= 9 else ""


def _other(name: str, rows: int, columns: int, grid: tuple[int, int], absent: frozenset[str]) -> PlateLayout:
    labels = (electrode_label(column + 1, row + 1) for column in range(grid[0]) for row in range(grid[1]))
    return PlateLayout(name, rows, columns, tuple(label for label in labels if label not in absent))


_MUSE = _other("Muse 1-well", 1, 1, (8, 8), frozenset())
_CREATOR = _other("Creator Kit 2-well", 1, 2, (8, 8), frozenset())
# Two channels of eleven by five electrodes with the corners left out.
_NETRI_ABSENT = frozenset({"11", "15", "61", "63", "65", "b1", "b5"})
_NETRI_8 = _other("NETRI 8-well", 2, 4, (11, 5), _NETRI_ABSENT)
_NETRI_16 = _other("NETRI 16-well", 4, 4, (11, 5), _NETRI_ABSENT)

PLATES = MappingProxyType(
    {
        0x0400001: Plate("Muse", _MUSE),
        0x0800000: Plate("Creator Kit", _CREATOR),
        0x1800000: Plate("6-well", LAYOUTS["6-well"]),
        0x1800001: Plate("24-well CytoView", LAYOUTS["24-well"]),
        0x1800002: Plate("24-well Circuit", LAYOUTS["24-well"]),
        0x1800003: Plate("6-well CytoView", LAYOUTS["6-well"]),
        0x1800004: Plate("24-well Lumos", LAYOUTS["24-well"]),
        **{0x1800008 + n: Plate("NETRI", _NETRI_8) for n in range(4)},
        0x3000000: Plate("12-well", LAYOUTS["12-well"]),
        0x3000001: Plate("12-well", LAYOUTS["12-well"]),
        0x3000002: Plate("48-well Classic", LAYOUTS["48-well"]),
        0x3000003: Plate("96-well Classic", LAYOUTS["96-well"]),
        0x3000004: Plate("48-well CytoView", LAYOUTS["48-well"]),
        0x3000006: Plate("48-well Lumos", LAYOUTS["48-well"]),
        0x3000007: Plate("48-well E-Stim+", LAYOUTS["48-well"]),
        0x3000008: Plate("96-well Circuit", LAYOUTS["96-well"]),
        0x3000009: Plate("96-well CytoView", LAYOUTS["96-well"]),
        0x300000A: Plate("96-well Lumos", LAYOUTS["96-well"]),
        0x300000B: Plate("48-well Circuit", LAYOUTS["48-well"]),
        0x300000C: Plate("48-well AccuSpot", LAYOUTS["48-well"]),
        **{0x3000011 + n: Plate("NETRI Pro", _NETRI_16) for n in range(4)},
        0x3000015: Plate("48-well Organoid", LAYOUTS["48-well"]),
        0x3000016: Plate("12-well Transparent", LAYOUTS["12-well"]),
    }
)
"""The plates that are known, by the number in the file. Those for impedance have no electrodes to record from."""
