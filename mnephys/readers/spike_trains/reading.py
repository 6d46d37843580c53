"""Spike trains of a plate in a flat HDF5 file.

The layout is that of Eglen et al. 2014, doi:10.1186/2047-217X-3-3: ``spikes`` holds the times of all electrodes in s,
one electrode after another, ``sCount`` how many belong to each, ``names`` what each is called (``A1_11``). A silent
electrode is missing, no duration is stored in most files, and times need not begin at 0.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mnephys._version import __version__
from mnephys.errors import CorruptHeaderError, UnsupportedFormatError
from mnephys.readers.binary import BinaryFile
from mnephys.readers.damage import MOST_SPIKES
from mnephys.readers.hdf5.file import Hdf5File, open_hdf5, texts_of
from mnephys.readers.spike_trains.columns import Columns, checked_columns, in_plate_order, listed, without_impossible
from mnephys.readers.spike_trains.notes import metadata, positions, read_notes, stated_extent, well_facts, well_of
from mnephys.recording import (
    LAYOUTS,
    DurationSource,
    IntArray,
    PlateLayout,
    PlateRecording,
    Provenance,
    SpikeTrains,
    layout_holding,
    layout_named,
)
from mnephys.recording.plate import electrodes_of

__all__ = ["is_spike_train_hdf5", "read_spike_train_hdf5"]

_MOST_NAMES = 100_000
_REQUIRED = {"spikes": MOST_SPIKES, "sCount": _MOST_NAMES, "names": _MOST_NAMES}
_ELECTRODE = re.compile("([A-Za-z][0-9]{1,2})_([0-9]{2})")
# A well that lost more of its spikes than this cannot be judged.
_MOST_LOST = 0.01

#: Well and label of an electrode.
Place = tuple[str, str]


def is_spike_train_hdf5(content: Hdf5File) -> bool:
    """Return whether a file is one of these, by what it holds.

    Parameters
    ----------
    content : Hdf5File
        Open.

    Returns
    -------
    bool
        True where it has spikes, counts and names.
    """
    return all(content.has(name) for name in _REQUIRED)


def read_spike_train_hdf5(file: BinaryFile) -> PlateRecording:
    """Read the plate of a file.

    Parameters
    ----------
    file : BinaryFile
        Open, recognised by `is_spike_train_hdf5`.

    Returns
    -------
    PlateRecording
        With every electrode of the plate, which is the one that ``array`` names, or else the likeliest that has all
        electrodes of the file. Begin and end are those of ``recordingtime`` or ``summary/duration`` where these can
        be true, else first and last spike.

    Raises
    ------
    CorruptHeaderError
        If spikes, counts or names are missing, of the wrong type, or do not add up.
    UnsupportedFormatError
        If no electrode is one of a plate that is known, or data lie outside of the file.
    TruncatedFileError
        If the file was cut.
    ReadError
        Otherwise, if it cannot be read.
    """
    with open_hdf5(file) as content:
        stored = checked_columns(file.path, *(_required(content, name, most) for name, most in _REQUIRED.items()))
        found, notes = read_notes(content)
    columns, lost, impossible = without_impossible(stored)
    places = [_place(name) for name in columns.names]
    layout, choice = _layout(file.path, found, columns.names, places)
    electrodes = electrodes_of(layout)
    labels = [f"{well}_{label}" for well, label in electrodes[["well", "label"]].tolist()]
    slots, strays = _slots(file.path, columns, places, layout, labels)
    times, offsets, repairs = in_plate_order(columns, slots, labels)
    where, misplaced = positions(found, len(places))
    electrodes["x"][slots[slots >= 0]], electrodes["y"][slots[slots >= 0]] = where[slots >= 0].T
    first, last = float(times.min(initial=np.inf)), float(times.max(initial=-np.inf))
    extent, doubts = stated_extent(found, first, last)
    facts, unclear = well_facts(found, layout)
    start, stop = extent or ((first, last) if times.size else (0.0, 0.0))
    return PlateRecording(
        layout,
        electrodes,
        SpikeTrains(times, offsets, electrodes["well"], start, stop),
        duration_source=DurationSource.SPIKES if extent is None else DurationSource.STATED,
        layout_stated=not choice,
        well_problems=_well_problems(columns, lost, places, slots, layout),
        well_facts=facts,
        problems=(*impossible, *choice, *strays, *repairs, *misplaced, *doubts, *unclear, *notes),
        metadata=metadata(found),
        provenance=Provenance(
            path=file.path,
            sha256=file.sha256(),
            size=file.size,
            format="HDF5 spike trains",
            reader=__name__,
            mnephys_version=__version__,
        ),
    )


def _required(content: Hdf5File, name: str, most: int) -> NDArray[Any]:
    values = content.array(name, most)
    if values is None:
        raise CorruptHeaderError(content.path, f"has no dataset {name}", "export it again")
    return values


def _place(name: str) -> Place | None:
    parts = _ELECTRODE.fullmatch(name)
    return None if parts is None or not well_of(parts[1]) else (well_of(parts[1]), parts[2])


def _layout(
    path: str, found: Mapping[str, NDArray[Any]], names: Sequence[str], places: Sequence[Place | None]
) -> tuple[PlateLayout, tuple[str, ...]]:
    """Return the plate, and a sentence where the file does not name it."""
    if names and not any(places):
        problem = f"none of its {len(names)} electrodes ({listed(names)}) is one of a plate, which is called like A1_11"
        raise UnsupportedFormatError(path, problem, "give the recording of a multiwell plate")
    named = " ".join(texts_of(found["array"])) if "array" in found else ""
    if (layout := layout_named(named)) is not None:
        return layout, ()
    # What no plate has cannot say which one it is.
    real = [place for place in places if place and any(_has(plate, place) for plate in LAYOUTS.values())]
    wells = {well_of(text) for text in texts_of(found["well"])} if "well" in found else set()
    wells = {well for well in wells if any(plate.place(well) for plate in LAYOUTS.values())}
    if not (real or wells):
        raise UnsupportedFormatError(path, f"is of no plate that is known ({', '.join(LAYOUTS)})", "give one of these")
    layout = layout_holding(wells | {well for well, _ in real}, {label for _, label in real})
    if layout is None:
        layout = max(LAYOUTS.values(), key=lambda plate: sum(_has(plate, place) for place in real))
    plate = f"The plate {listed([named])} is not known" if named else "The file does not say which plate it is of"
    return layout, (f"{plate}; the {layout.name} plate is the likeliest that fits its electrodes and wells.",)


def _has(layout: PlateLayout, place: Place) -> bool:
    return layout.place(place[0]) is not None and place[1] in layout.labels


def _slots(
    path: str, columns: Columns, places: Sequence[Place | None], layout: PlateLayout, labels: Sequence[str]
) -> tuple[IntArray, tuple[str, ...]]:
    """Return which electrode of the plate each name is, -1 for none, and sentences on those."""
    index = {label: position for position, label in enumerate(labels)}
    slots = np.array([index.get("_".join(place or ()), -1) for place in places], dtype=np.int64)
    if slots.size and slots.max() < 0:
        problem = f"none of its {slots.size} electrodes ({listed(columns.names)}) is one of a {layout.name} plate"
        raise UnsupportedFormatError(path, problem, "correct the plate that the dataset array names")
    nameless = [row for row, place in enumerate(places) if place is None]
    homeless = [row for row, place in enumerate(places) if place and layout.place(place[0]) is None]
    others = sorted(set(np.flatnonzero(slots < 0).tolist()) - {*nameless, *homeless})
    problems = []
    if nameless:
        what = f"Dataset names holds {listed([repr(columns.names[row]) for row in nameless])}, not called like A1_11"
        problems.append(f"{what}; left out with {columns.counts[nameless].sum()} spikes.")
    if homeless:
        wells = dict.fromkeys(columns.names[row].partition("_")[0] for row in homeless)
        what = f"A {layout.name} plate has no well {listed(list(wells))}"
        problems.append(f"{what}; its electrodes were left out, with {columns.counts[homeless].sum()} spikes.")
    if others:
        what = f"A well of a {layout.name} plate has no electrode like {listed([columns.names[row] for row in others])}"
        problems.append(f"{what}; left out with {columns.counts[others].sum()} spikes.")
    return slots, tuple(problems)


def _well_problems(
    columns: Columns, lost: IntArray, places: Sequence[Place | None], slots: IntArray, layout: PlateLayout
) -> dict[str, str]:
    """Return the wells that lost more spikes than can be overlooked, and how many."""
    lost = lost + np.where(slots < 0, columns.counts, 0)
    wells = np.array([place[0] if place else "" for place in places])
    found = {}
    for well in np.unique(wells[lost > 0]).tolist():
        here = wells == well
        n_lost, n_all = int(lost[here].sum()), int((lost + np.where(slots < 0, 0, columns.counts))[here].sum())
        if layout.place(well) is not None and n_lost > _MOST_LOST * n_all:
            found[well] = f"{n_lost} of {n_all} spikes could not be read"
    return found
