"""Which channel of the amplifier belongs to which electrode of the plate."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mnephys.errors import UnsupportedFormatError
from mnephys.readers.axis.entries import Contents, Entry, EntryType
from mnephys.readers.axis.errors import corrupt
from mnephys.readers.axis.fields import listed
from mnephys.readers.axis.plates import PLATES, electrode_label
from mnephys.readers.binary import BinaryFile
from mnephys.recording import ELECTRODE, IntArray, PlateLayout, well_name
from mnephys.recording.layout import grid_place
from mnephys.recording.plate import electrodes_of

__all__ = ["CHANNEL", "PlateMap", "map_plate", "read_channels"]

CHANNEL = np.dtype(
    [
        ("well_column", "u1"),
        ("well_row", "u1"),
        ("column", "u1"),
        ("row", "u1"),
        ("chip", "u1"),
        ("channel", "u1"),
        ("aux", "<u2"),
    ]
)
"""A row of the channel array; wells and electrodes count from 1."""

_HEAD_BYTES = 8
# Chip and channel are a byte each.
_MOST_CHANNELS = 1 << 16
_MOST_WELL_ROWS = 26
_MOST_WELL_COLUMNS = 99


@dataclass(frozen=True, slots=True, eq=False)
class PlateMap:
    """The plate, and where its channels are.

    Parameters
    ----------
    name : str
        What the vendor calls the plate.
    layout : PlateLayout
        Its wells and electrodes.
    layout_stated : bool
        Whether the file names a kind of plate that is known.
    electrodes : ndarray of dtype `ELECTRODE`, shape (n_electrodes,)
        None of them is marked as enabled.
    rows : ndarray, int64, shape (n_channels,)
        Electrode of each channel of the channel array, -1 where the plate has no such.
    codes : ndarray, uint16, shape (n_channels,)
        256 times the chip plus the channel.
    problems : tuple of str
        What was noticed, one sentence each.

    Examples
    --------
    >>> channels = np.array([(1, 1, 2, 1, 0, 5, 0)], CHANNEL)
    >>> plate = map_plate(0x1800001, channels)
    >>> plate.electrodes[plate.rows][["well", "label"]].tolist(), plate.row_of_code()[[4, 5]].tolist()
    ([('A1', '21')], [-1, 4])
    """

    name: str
    layout: PlateLayout
    layout_stated: bool
    electrodes: NDArray[np.void]
    rows: IntArray
    codes: NDArray[np.uint16]
    problems: tuple[str, ...] = ()

    def row_of_code(self) -> IntArray:
        """Return the electrode of each channel that there could be.

        Returns
        -------
        ndarray, int64, shape (65536,)
            -1 where there is none.
        """
        table = np.full(1 << 16, -1, dtype=np.int64)
        # Of channels that are listed twice, the first counts.
        table[self.codes[::-1]] = self.rows[::-1]
        return table


def read_channels(file: BinaryFile, contents: Contents) -> tuple[int, NDArray[np.void]]:
    """Read the channel array.

    Parameters
    ----------
    file : BinaryFile
        Open.
    contents : Contents
        Of the file.

    Returns
    -------
    plate : int
        The number of the kind of plate.
    channels : ndarray of dtype `CHANNEL`, shape (n_channels,)
        In the order of the file.

    Raises
    ------
    CorruptHeaderError
        If there is none, or its length is not what it states.
    UnsupportedFormatError
        If there are several that differ.

    Examples
    --------
    >>> import io
    >>> body = (0x1800001).to_bytes(4, "little") + bytes([1, 0, 0, 0]) + bytes([1, 2, 3, 4, 0, 7, 0, 0])
    >>> file = BinaryFile("p.raw", io.BytesIO(body), 16)
    >>> plate, channels = read_channels(file, Contents((1, 3), (Entry(EntryType.CHANNELS, 0, 16),)))
    >>> hex(plate), channels.tolist()
    ('0x1800001', [(1, 2, 3, 4, 0, 7, 0)])
    """
    entries = contents.of(EntryType.CHANNELS)
    if not entries:
        raise corrupt(file, "has no channel array, which says where on the plate each channel is")
    # The rest of the headers stands behind that of an old file, so that its own length is not known.
    exact = contents.version[0] > 0
    plate, channels = _channel_array(file, entries[0], exact=exact)
    for entry in entries[1:]:
        again, others = _channel_array(file, entry, exact=exact)
        if again != plate or not np.array_equal(others, channels):
            raise UnsupportedFormatError(
                file.path,
                f"holds several channel arrays that differ, the second is the {entry.name}",
                "save each recording as a file of its own",
            )
    return plate, channels


def _channel_array(file: BinaryFile, entry: Entry, *, exact: bool) -> tuple[int, NDArray[np.void]]:
    if entry.length < _HEAD_BYTES:
        raise corrupt(file, f"the {entry.name} is {entry.length} bytes long")
    plate, n_channels = np.frombuffer(file.bytes(entry.start, _HEAD_BYTES, entry.name), "<u4").tolist()
    room, rest = divmod(entry.length - _HEAD_BYTES, CHANNEL.itemsize)
    if not 0 < n_channels <= min(room, _MOST_CHANNELS) or (exact and (n_channels != room or rest)):
        raise corrupt(file, f"the {entry.name} states {n_channels} channels in {entry.length} bytes")
    return plate, file.records(CHANNEL, entry.start + _HEAD_BYTES, n_channels, entry.name)


def map_plate(plate: int, channels: NDArray[np.void]) -> PlateMap:
    """Return the plate, and the electrode of each channel.

    Parameters
    ----------
    plate : int
        The number of the kind of plate.
    channels : ndarray of dtype `CHANNEL`, shape (n_channels,)
        The channel array.

    Returns
    -------
    PlateMap
        With all electrodes of a plate that is known, and those that occur of another.

    Examples
    --------
    >>> channels = np.array([(2, 1, 1, 1, 0, 0, 0), (1, 3, 10, 1, 0, 1, 0)], CHANNEL)
    >>> plate = map_plate(0x3000099, channels)
    >>> plate.layout.rows, plate.layout.columns, plate.layout.labels, plate.layout_stated
    (3, 2, ('11', 'a1'), False)
    """
    places = [_place(*row) for row in channels[["well_row", "well_column", "column", "row"]].tolist()]
    known = PLATES.get(plate)
    problems = []
    if known is not None:
        name, layout, electrodes = known.name, known.layout, electrodes_of(known.layout)
    else:
        layout = _layout(plate, {place for place in places if place})
        name, electrodes = layout.name, _occurring(layout, places)
        problems.append(
            f"Plate type {plate:#x} is not known: its {len(electrodes)} electrodes are those that the file lists."
        )
    electrodes["enabled"] = False
    index = {place: row for row, place in enumerate(electrodes[["well", "label"]].tolist())}
    rows = np.array([index.get(place, -1) if place else -1 for place in places], dtype=np.int64)
    codes = channels["chip"].astype(np.uint16) << 8 | channels["channel"]
    return PlateMap(
        name, layout, known is not None, electrodes, rows, codes, (*problems, *_doubts(layout, rows, codes))
    )


def _place(well_row: int, well_column: int, column: int, row: int) -> tuple[str, str] | None:
    """Return well and electrode of a channel, None where there can be no such."""
    label = electrode_label(column, row)
    if not (label and 1 <= well_row <= _MOST_WELL_ROWS and 1 <= well_column <= _MOST_WELL_COLUMNS):
        return None
    return well_name(well_row - 1, well_column - 1), label


def _layout(plate: int, places: set[tuple[str, str]]) -> PlateLayout:
    wells = {well for well, _ in places}
    rows = max((ord(well[0]) - ord("A") + 1 for well in wells), default=1)
    columns = max((int(well[1:]) for well in wells), default=1)
    name = f"Axion {rows * columns}-well (type {plate:#x})"
    return PlateLayout(name, rows, columns, tuple(sorted({label for _, label in places}, key=grid_place)))


def _occurring(layout: PlateLayout, places: list[tuple[str, str] | None]) -> NDArray[np.void]:
    """Return the electrodes of an unknown plate that occur, well by well; which others there are, nobody knows."""
    wells = {well: position for position, well in enumerate(layout.wells)}
    held = sorted({place for place in places if place}, key=lambda place: (wells[place[0]], grid_place(place[1])))
    return np.array([(well, label, *grid_place(label), np.nan, np.nan, True) for well, label in held], ELECTRODE)


def _doubts(layout: PlateLayout, rows: IntArray, codes: NDArray[np.uint16]) -> list[str]:
    doubts = []
    absent = np.flatnonzero(rows < 0)
    if absent.size:
        names = listed([f"chip {codes[i] >> 8} channel {codes[i] & 255}" for i in absent])
        doubts.append(
            f"The channel array places {absent.size} channels where a {layout.name} plate has no electrode ({names}); "
            "they were left out."
        )
    if np.unique(codes).size < codes.size:
        doubts.append(f"The channel array lists {codes.size - np.unique(codes).size} channels twice; the first counts.")
    there = rows[rows >= 0]
    if np.unique(there).size < there.size:
        twice = there.size - np.unique(there).size
        doubts.append(f"The channel array gives {twice} electrodes a second channel.")
    return doubts
