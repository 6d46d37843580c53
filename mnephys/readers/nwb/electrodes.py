"""The electrodes of an NWB file: their wells, names and places."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from mnephys.errors import UnsupportedFormatError
from mnephys.readers.hdf5.file import Hdf5File
from mnephys.readers.nwb.table import lost_columns, number_column, row_ids, text_column
from mnephys.readers.spike_trains.columns import listed
from mnephys.recording import ELECTRODE, FloatArray, PlateLayout, grid_place, well_name

__all__ = ["ElectrodeTable", "nameless", "plate_of", "read_electrodes"]

_TABLE = "general/extracellular_ephys/electrodes"
_NAMES = ("label", "electrode_name", "channel_name")
_WELL = re.compile("([A-P])0?([1-9]|1[0-9]|2[0-4])")
# What the columns of the data model have room for.
_LONGEST_LABEL = 16
# Wells of a row have numbers of two digits.
_MOST_WELLS = 99


@dataclass(frozen=True, slots=True, eq=False)
class ElectrodeTable:
    """All electrodes that a file knows.

    Parameters
    ----------
    electrodes : ndarray of dtype `ELECTRODE`, shape (n_electrodes,)
        In the order of the table, to whose rows the other tables of the file refer.
    well_facts : dict of str to dict
        What the file calls a well, where that is no name of one.
    regions : tuple of str
        What the file says of where they were, each once.
    problems : tuple of str
        What was noticed, one sentence each.
    """

    electrodes: NDArray[np.void]
    well_facts: dict[str, dict[str, str]] = field(default_factory=dict)
    regions: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()

    def facts_of(self, electrodes: NDArray[np.void]) -> dict[str, dict[str, str]]:
        """Return what the file calls the wells of some electrodes.

        Parameters
        ----------
        electrodes : ndarray of dtype `ELECTRODE`, shape (n_electrodes,)
            Of the table.

        Returns
        -------
        dict of str to dict
            By well, as in `mnephys.recording.PlateRecording`.
        """
        wells = set(electrodes["well"].tolist())
        return {well: facts for well, facts in self.well_facts.items() if well in wells}


def read_electrodes(content: Hdf5File) -> ElectrodeTable | None:
    """Return the electrodes of a file.

    Parameters
    ----------
    content : Hdf5File
        Open.

    Returns
    -------
    ElectrodeTable or None
        None where the file has no table of them. Wells are those of a column ``well``, else the groups of electrodes
        if all are called like a well, else there is one well.

    Raises
    ------
    CorruptHeaderError
        If columns differ in length.
    UnsupportedFormatError
        If it names more wells than are read, or in a way that is not read.
    ReadError
        Otherwise, if it cannot be read.
    """
    if not content.has(_TABLE):
        return None
    ids = row_ids(content, _TABLE)
    n_rows, problems = len(ids), lost_columns(content, _TABLE)
    wells, facts = _wells(content, n_rows, problems)
    labels, places = _labels(content, ids, wells, problems)
    regions = _optional(content, "location", n_rows, problems) or []
    x, y = _positions(content, n_rows)
    electrodes = np.ones(n_rows, ELECTRODE)
    electrodes["well"], electrodes["label"] = wells, labels
    electrodes["column"], electrodes["row"] = np.array(places, np.int16).reshape(-1, 2).T
    electrodes["x"], electrodes["y"] = x, y
    return ElectrodeTable(electrodes, facts, tuple(dict.fromkeys(filter(None, regions))), tuple(problems))


def _positions(content: Hdf5File, n_rows: int) -> tuple[FloatArray, FloatArray]:
    """Return where electrodes are in um, on their probe if the file knows that, NaN where unknown."""
    for names in (("rel_x", "rel_y"), ("x", "y")):
        x, y = (number_column(content, f"{_TABLE}/{name}", n_rows) for name in names)
        if x is not None and y is not None and np.isfinite(x).any() and np.isfinite(y).any():
            return x, y
    unknown = np.full(n_rows, np.nan)
    return unknown, unknown


def _plain_well(name: str) -> str:
    """Return the name of a well as the layouts have it, empty if it is none."""
    match = _WELL.fullmatch(name.strip())
    return f"{match[1]}{match[2]}" if match else ""


def _wells(content: Hdf5File, n_rows: int, problems: list[str]) -> tuple[list[str], dict[str, dict[str, str]]]:
    """Return the well of each electrode, and what the file calls wells that have no name of one."""
    if stated := text_column(content, f"{_TABLE}/well", n_rows):
        plain = [_plain_well(name) for name in stated]
        if all(plain):
            return plain, {}
        different = sorted(set(stated), key=_natural)
        if len(different) > _MOST_WELLS:
            problem = f"column {_TABLE}/well names {len(different)} wells that are not called like A1"
            raise UnsupportedFormatError(content.path, problem, "name them by row and column of the plate")
        named = {name: well_name(0, i) for i, name in enumerate(different)}
        said = ", ".join(f"{well} is '{listed([name])}'" for name, well in list(named.items())[:3])
        more = " and so on" if len(named) > 3 else ""
        problems.append(f"Wells are not called like A1, so that they were given names: {said}{more}.")
        return [named[name] for name in stated], {well: {"note": f"well {name}"} for name, well in named.items()}
    plain = [_plain_well(name) for name in _groups(content, n_rows) or ()]
    return (plain, {}) if plain and all(plain) else (["A1"] * n_rows, {})


def _groups(content: Hdf5File, n_rows: int) -> list[str] | None:
    """Return the group of each electrode, None where that cannot be read and no group can be a well."""
    try:
        return text_column(content, f"{_TABLE}/group_name", n_rows)
    except UnsupportedFormatError:
        # Wells that are taken for one well would make a network of all of them.
        if any(_plain_well(name) for name in content.names(_TABLE.rpartition("/")[0])):
            raise
        return None


def _optional(content: Hdf5File, column: str, n_rows: int, problems: list[str]) -> list[str] | None:
    """Return a column of texts without which the file is as good."""
    try:
        return text_column(content, f"{_TABLE}/{column}", n_rows)
    except UnsupportedFormatError as error:
        problems.append(f"Not read: {error.problem}.")
        return None


def _natural(name: str) -> tuple[tuple[int, str], ...]:
    parts = re.split("([0-9]{1,9})", name)
    return tuple((int(part), "") if part.isdecimal() else (-1, part) for part in parts)


def _labels(
    content: Hdf5File, ids: Sequence[str], wells: Sequence[str], problems: list[str]
) -> tuple[list[str], list[tuple[int, int]]]:
    """Return the name of each electrode within its well, and its column and row where the name tells them.

    A column of names counts if it gives each electrode of a well another one; numbers of rows always do.
    """
    for name in _NAMES:
        labels = _optional(content, name, len(ids), problems)
        if labels and all(labels) and len(set(zip(wells, labels, strict=True))) == len(labels):
            if max(map(len, labels)) <= _LONGEST_LABEL:
                return labels, [grid_place(label) for label in labels]
            problems.append(f"Names of electrodes are longer than {_LONGEST_LABEL} letters; their numbers are used.")
        elif labels:
            problems.append(f"Column {_TABLE}/{name} does not tell electrodes apart; it is not used.")
    return list(ids), [(0, 0)] * len(ids)


def nameless(labels: Sequence[str]) -> NDArray[np.void]:
    """Return electrodes of which nothing is known but a name.

    Parameters
    ----------
    labels : sequence of str
        Of each, at most 16 letters.

    Returns
    -------
    ndarray of dtype `ELECTRODE`, shape (n_labels,)
        In one well.

    Examples
    --------
    >>> nameless(["7", "12"])[["well", "label"]].tolist()
    [('A1', '7'), ('A1', '12')]
    """
    electrodes = np.zeros(len(labels), ELECTRODE)
    electrodes["well"], electrodes["label"], electrodes["enabled"] = "A1", labels, True
    electrodes["x"] = electrodes["y"] = np.nan
    return electrodes


def plate_of(electrodes: NDArray[np.void]) -> PlateLayout:
    """Return the smallest plate that has some electrodes.

    Parameters
    ----------
    electrodes : ndarray of dtype `ELECTRODE`, shape (n_electrodes,)
        At least one.

    Returns
    -------
    PlateLayout
        NWB does not say what plate it is.

    Examples
    --------
    >>> electrodes = nameless(["7", "12"])
    >>> plate_of(electrodes)
    PlateLayout(name='NWB 1-well', rows=1, columns=1, labels=('7', '12'))
    """
    wells = [(ord(well[0]) - ord("A") + 1, int(well[1:])) for well in np.unique(electrodes["well"]).tolist()]
    rows, columns = max(row for row, _ in wells), max(column for _, column in wells)
    labels = tuple(sorted(set(electrodes["label"].tolist()), key=_natural))
    return PlateLayout(f"NWB {rows * columns}-well", rows, columns, labels)
