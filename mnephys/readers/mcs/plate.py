"""The wells and the electrodes of a recording of Multi Channel Systems."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mnephys.errors import UnsupportedFormatError
from mnephys.readers.mcs.spike_stream import Source, SpikeStream
from mnephys.readers.mcs.streams import AnalogStream
from mnephys.readers.mcs.tables import brief
from mnephys.readers.spike_trains.columns import listed
from mnephys.recording import ELECTRODE, PlateLayout

__all__ = ["electrodes_of_sources", "plate_of", "sources_of"]

# Rows and columns of plates, by their number of wells.
_SHAPES = {1: (1, 1), 6: (2, 3), 12: (3, 4), 24: (4, 6), 48: (6, 8), 72: (6, 12), 96: (8, 12)}
# Those of the multiwell system of the vendor, which groups its channels by well.
_GROUPED = (24, 72, 96)
_LONGEST_LABEL = 16
_COUNT = re.compile(r"(?<![0-9])([0-9]{1,3})[ _-]?(?:wells?|W(?![A-Za-z]))", re.IGNORECASE)
# The columns of large arrays have letters, of which some are left out because they look like others.
_COLUMNS = "ABCDEFGHJKLMNOPR"
_DIGITS = re.compile("([1-9])([1-9])")
_LETTER = re.compile("([A-Z])([1-9][0-9]?)")


def sources_of(analog: Sequence[AnalogStream], spikes: Sequence[SpikeStream], problems: list[str]) -> dict[int, Source]:
    """Return group and name of every electrode.

    Parameters
    ----------
    analog : sequence of AnalogStream
        What makes the signal, in its order.
    spikes : sequence of SpikeStream
        Electrodes that only they have come after those of the signal.
    problems : list of str
        Takes a sentence where two electrodes of a group have one name, or an electrode has none.

    Returns
    -------
    dict of int to (int, str)
        By the number of the electrode; one name for one electrode of a group.
    """
    found: dict[int, Source] = {}
    for stream in analog:
        numbers, groups = stream.channels.ids.tolist(), stream.channels.groups.tolist()
        found |= dict(zip(numbers, zip(groups, stream.channels.labels, strict=True), strict=True))
    for stamps in spikes:
        found |= {number: stamps.sources[number] for number in sorted(stamps.sources) if number not in found}
    if nameless := [str(number) for number, (_, label) in found.items() if label == f"channel {number}"]:
        problems.append(f"Electrodes without a name are called by their numbers: {listed(nameless)}.")
    found = {number: (group, label[:_LONGEST_LABEL]) for number, (group, label) in found.items()}
    shared = {source for source, count in Counter(found.values()).items() if count > 1}
    if shared:
        group, label = min(shared)
        problems.append(f"Several electrodes of group {group} are called {label}; their numbers tell them apart.")
    for number, (group, label) in found.items():
        if (group, label) in shared:
            found[number] = group, f"{number} {label}"[:_LONGEST_LABEL]
    return found


def plate_of(
    path: str, sources: Mapping[int, Source], data: Mapping[str, Any]
) -> tuple[PlateLayout, bool, tuple[str, ...]]:
    """Return the plate.

    Parameters
    ----------
    path : str
        Of the file, for messages.
    sources : mapping of int to (int, str)
        Group and name of every electrode.
    data : mapping
        What the file says of the array: ``MeaLayout``, ``MeaName``.

    Returns
    -------
    layout : PlateLayout
        That which the file names, if it has all groups; else one well if there is one group, else the smallest plate
        of the multiwell system that has them all. One well also where all electrodes of an array with several
        chambers are of group 0.
    stated : bool
        Whether the file names it.
    problems : tuple of str
        Where it does not.

    Raises
    ------
    UnsupportedFormatError
        If no plate has so many wells.
    """
    groups = sorted({group for group, _ in sources.values()})
    labels = tuple(sorted({label for _, label in sources.values()}))
    named = [str(data[name]) for name in ("MeaLayout", "MeaName") if name in data]
    counts = [int(match[1]) for text in named if (match := _COUNT.search(text))]
    stated = next((count for count in counts if count in _SHAPES), None)
    if stated is not None and stated > 1 and stated not in _GROUPED and groups == [0]:
        problem = f"The file names an array of {stated} wells and has all electrodes in group 0"
        doubts = (f"{problem}; its chambers cannot be told apart, and are one well here.",)
        return PlateLayout(_array(named, len(sources)), 1, 1, labels), False, doubts
    if stated is not None and groups[0] >= 0 and groups[-1] < stated:
        name = f"MCS {stated}-well" if stated > 1 else _array(named, len(sources))
        return PlateLayout(name, *_SHAPES[stated], labels), True, ()
    if len(groups) == 1:
        doubt = (f"The file names a plate of {stated} wells, but has group {groups[0]}.",) if stated else ()
        return PlateLayout(_array(named, len(sources)), 1, 1, labels), not doubt, doubt
    wells = next((count for count in _GROUPED if groups[0] >= 0 and groups[-1] < count), None)
    if wells is None:
        problem = f"its electrodes are of groups {groups[0]} to {groups[-1]}, which are the wells of no plate"
        raise UnsupportedFormatError(path, problem, f"give a plate of {_GROUPED[-1]} wells or fewer")
    what = f"names a plate of {stated} wells" if stated else "does not name the plate"
    problem = f"The file {what}, and its electrodes are of groups {groups[0]} to {groups[-1]}"
    return PlateLayout(f"MCS {wells}-well", *_SHAPES[wells], labels), False, (f"{problem}; {wells} wells are assumed.",)


def _array(named: Sequence[str], n_electrodes: int) -> str:
    return f"MCS {brief(named[0])}" if named else f"MCS {n_electrodes}-electrode array"


def electrodes_of_sources(layout: PlateLayout, sources: Mapping[int, Source]) -> NDArray[np.void]:
    """Return the electrodes.

    Parameters
    ----------
    layout : PlateLayout
        From `plate_of`.
    sources : mapping of int to (int, str)
        Group and name of every electrode.

    Returns
    -------
    ndarray of dtype `ELECTRODE`, shape (n_electrodes,)
        In the order of `sources`; a reference electrode is not enabled. Where they are in um is not known.
    """
    wells = layout.wells
    placed = [(wells[group] if len(wells) > 1 else wells[0], label) for group, label in sources.values()]
    letters = {match[1] for _, label in placed if (match := _LETTER.fullmatch(label))}
    rows = [
        (well, label, *_grid_place(label, letters), np.nan, np.nan, label.casefold() != "ref") for well, label in placed
    ]
    return np.array(rows, dtype=ELECTRODE)


def _grid_place(label: str, letters: set[str]) -> tuple[int, int]:
    """Return column and row from 1, zeros where the name tells none.

    One letter before all numbers is no column: a row of electrodes is called E1, E2...
    """
    if match := _DIGITS.fullmatch(label):
        return int(match[1]), int(match[2])
    if (match := _LETTER.fullmatch(label)) and len(letters) > 1:
        return _COLUMNS.find(match[1]) + 1, int(match[2])
    return 0, 0
