"""The plates of section 1.6 of the format notes, and the rows of their channel arrays."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

CHANNEL = np.dtype(
    [
        ("well_column", "u1"),
        ("well_row", "u1"),
        ("electrode_column", "u1"),
        ("electrode_row", "u1"),
        ("chip", "u1"),
        ("channel", "u1"),
        ("aux", "<u2"),
    ]
)
"""One row of a channel array, 8 bytes; columns and rows count from 1."""

NETRI_GAPS = frozenset({"11", "15", "61", "63", "65", "b1", "b5"})


@dataclass(frozen=True, slots=True)
class Plate:
    """A kind of plate."""

    type: int
    well_rows: int
    well_columns: int
    electrode_columns: int
    electrode_rows: int
    gaps: frozenset[str] = frozenset()

    @property
    def wells(self) -> list[str]:
        return [f"{chr(64 + row)}{column}" for row in _one_to(self.well_rows) for column in _one_to(self.well_columns)]

    @property
    def labels(self) -> list[str]:
        grid = [
            f"{column:x}{row}" for column in _one_to(self.electrode_columns) for row in _one_to(self.electrode_rows)
        ]
        return [label for label in grid if label not in self.gaps]

    @property
    def electrodes(self) -> list[str]:
        """Names of all electrodes, as exports write them."""
        return [f"{well}_{label}" for well in self.wells for label in self.labels]

    def channels(self, without: Collection[str] = ()) -> NDArray[np.void]:
        """Return the rows of the channel array.

        A channel's number within its chip runs against the order of the electrodes, so that nothing that counts
        electrodes can pass for it, and differs from the number of the chip. `without` names wells (``A1``) and
        electrodes (``B2_11``) to leave out.
        """
        rows = np.zeros(len(self.electrodes), CHANNEL)
        for i, name in enumerate(self.electrodes):
            well, label = name.split("_")
            place = (int(well[1:]), ord(well[0]) - 64, int(label[0], 16), int(label[1]))
            rows[i] = (*place, 2 + i // 64, 63 - i % 64, 0)
        return rows[[name not in without and name.split("_")[0] not in without for name in self.electrodes]]


def _one_to(last: int) -> range:
    return range(1, last + 1)


def names(channels: NDArray[np.void]) -> list[str]:
    """Return the names of the electrodes of some rows."""
    return [
        f"{chr(64 + int(row['well_row']))}{row['well_column']}_{row['electrode_column']:x}{row['electrode_row']}"
        for row in channels
    ]


_KINDS: dict[tuple[int, int, int, int], tuple[int, ...]] = {
    (1, 1, 8, 8): (0x400001,),
    (1, 2, 8, 8): (0x800000,),
    (2, 3, 8, 8): (0x1800000, 0x1800003),
    (4, 6, 4, 4): (0x1800001, 0x1800002, 0x1800004),
    (3, 4, 8, 8): (0x3000000, 0x3000001, 0x3000016),
    (6, 8, 4, 4): (0x3000002, 0x3000004, 0x3000006, 0x3000007, 0x300000B, 0x300000C, 0x3000015),
}
_KINDS_96 = (0x3000003, 0x3000008, 0x3000009, 0x300000A)
_NETRI = (0x1800008, 0x1800009, 0x180000A, 0x180000B)
_NETRI_PRO = (0x3000011, 0x3000012, 0x3000013, 0x3000014)

PLATES: dict[int, Plate] = {
    plate.type: plate
    for plate in (
        *(Plate(kind, *shape) for shape, kinds in _KINDS.items() for kind in kinds),
        *(Plate(kind, 8, 12, 3, 3, frozenset({"32"})) for kind in _KINDS_96),
        *(Plate(kind, 2, 4, 11, 5, NETRI_GAPS) for kind in _NETRI),
        *(Plate(kind, 4, 4, 11, 5, NETRI_GAPS) for kind in _NETRI_PRO),
    )
}
"""All plates with electrodes that the notes name, by the number in the file."""

CYTOVIEW_24, CYTOVIEW_48 = PLATES[0x1800001], PLATES[0x3000004]
SIX_WELLS, NETRI = PLATES[0x1800003], PLATES[0x1800008]
