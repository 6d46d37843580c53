"""Where a MaxWell file keeps what: the layout of MaxOne files until 2016, and the one with wells since.

Newer files hold each measurement once, below ``data_store``, and name it again as ``wells/well000/rec0000`` and
``recordings/rec0000/well000``. Where these names are links that are not followed, ``data_store`` says itself what
belongs to which well.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from mnephys.readers.hdf5.file import Hdf5File, texts_of
from mnephys.readers.spike_trains.columns import listed
from mnephys.recording import LAYOUTS, PlateLayout
from mnephys.wording import one_line

__all__ = ["Place", "has_wells", "old_place", "plate_of", "well_places"]

_WELL = re.compile(r"well([0-9]{1,4})")
_RECORDING = re.compile(r"rec[0-9]{1,6}")
_STORE = re.compile(r"data[0-9]{1,6}")
_NUMBER = re.compile(r"(?<![-.0-9])[0-9]{1,6}(?![.0-9])")
# Each group of a file takes hundreds of bytes; no plate has so many wells and no day so many recordings.
_MOST_PLACES = 4096
_OLD_RECORDING = "rec0000"
_PLATES = tuple(LAYOUTS[name] for name in ("6-well", "24-well", "96-well"))


@dataclass(frozen=True, slots=True)
class Place:
    """Paths of what a file holds of one well in one recording; not each of them need exist.

    Parameters
    ----------
    recording : str
        For example ``"rec0000"``.
    well : int
        Number of the well, from 0.
    settings : str
        Group of gain and sampling rate.
    mapping : str
        Table of channels and electrodes.
    raw, frames, channels : str
        Raw voltage, the frame number of each of its samples, and the channel of each of its rows; empty where the
        layout has no such dataset.
    spikes, events : str
        Tables of spikes and events.
    """

    recording: str
    well: int
    settings: str
    mapping: str
    raw: str
    frames: str
    channels: str
    spikes: str
    events: str


def has_wells(content: Hdf5File) -> bool:
    """Return whether a file has the layout with wells.

    Parameters
    ----------
    content : Hdf5File
        Open.

    Returns
    -------
    bool
        True from software of 2017 on.
    """
    return any(_WELL.fullmatch(name) for name in content.names("wells")) or any(
        _STORE.fullmatch(name) for name in content.names("data_store")
    )


def old_place(content: Hdf5File) -> Place | None:
    """Return where a file of the old layout keeps its one recording.

    Parameters
    ----------
    content : Hdf5File
        Open.

    Returns
    -------
    Place or None
        None where it has another layout.
    """
    if not content.has("mapping") or not (content.has("sig") or content.has("proc0")):
        return None
    return Place(_OLD_RECORDING, 0, "settings", "mapping", "sig", "", "", "proc0/spikeTimes", "proc0/events")


def well_places(content: Hdf5File) -> tuple[list[Place], tuple[str, ...]]:
    """Return where a file of the layout with wells keeps each well of each recording.

    Parameters
    ----------
    content : Hdf5File
        Open.

    Returns
    -------
    places : list of Place
        By recording, then by well.
    problems : tuple of str
        Sentences on wells that are links to another place, or that say of themselves that they are others, and on
        groups of electrodes that are not read.
    """
    named = _below_wells(content)
    # A link that is not followed looks like an empty group.
    found = {key: group for key, group in named[:_MOST_PLACES] if content.names(group)}
    problems = _add_stored(content, found)
    lost = [group for key, group in named if key not in found]
    known = {well for _, well in found}
    lost += [
        f"wells/{name}"
        for name in content.names("wells")
        if (match := _WELL.fullmatch(name)) and int(match[1]) not in known and not content.names(f"wells/{name}")
    ]
    places = []
    for (recording, well), group in sorted(found.items()):
        groups = content.names(f"{group}/groups")
        # Electrodes that a user put into a group of another name are routed too.
        routed = "routed" if "routed" in groups or not groups else groups[0]
        places.append(_place(recording, well, group, routed))
        if routed != "routed" and groups[1:]:
            said = f"Well {well:03d} in {recording} has no group routed; of its groups {one_line(routed)} was read"
            problems.append(f"{said}, and {listed(groups[1:])} left out.")
    if lost:
        problems.append(f"Nothing is below {listed(lost)}, or they are links, which are not followed; left out.")
    return places, tuple(problems)


def _below_wells(content: Hdf5File) -> list[tuple[tuple[str, int], str]]:
    return [
        ((recording, int(match[1])), f"wells/{well}/{recording}")
        for well in content.names("wells")
        if (match := _WELL.fullmatch(well))
        for recording in content.names(f"wells/{well}")
        if _RECORDING.fullmatch(recording)
    ]


def _add_stored(content: Hdf5File, found: dict[tuple[str, int], str]) -> list[str]:
    """Add what only ``data_store`` holds, and return sentences on what is not clear."""
    groups = [f"data_store/{name}" for name in content.names("data_store") if _STORE.fullmatch(name)]
    groups = [group for group in groups if content.names(group)]
    # Everything is stored once: what the names already lead to is not read again, whatever it says of itself.
    complete = len(groups) <= len(found)
    odd = []
    for group in groups[:_MOST_PLACES]:
        recording, well = _identity(content, f"{group}/recording_id"), _identity(content, f"{group}/well_id")
        key = None if recording is None or well is None else (f"rec{recording:04d}", well)
        if key in found:
            continue
        if key is None or complete:
            odd.append(group)
        else:
            found[key] = group
    if not odd:
        return []
    if complete:
        said = f"What {listed(odd)} says of its recording and well contradicts the names below wells"
        return [f"{said}, which were taken."]
    return [f"{listed(odd)} does not say of which recording and well it is; left out."]


def _identity(content: Hdf5File, name: str) -> int | None:
    """Return the number that a name such as ``well003`` or the number itself stands for."""
    values = content.array(name, 1)
    match = None if values is None else _NUMBER.search(" ".join(texts_of(values)))
    return int(match[0]) if match else None


def _place(recording: str, well: int, group: str, routed: str) -> Place:
    raw = f"{group}/groups/{routed}"
    return Place(
        recording,
        well,
        f"{group}/settings",
        f"{group}/settings/mapping",
        f"{raw}/raw",
        f"{raw}/frame_nos",
        f"{raw}/channels",
        f"{group}/spikes",
        f"{group}/events",
    )


def plate_of(content: Hdf5File, wells: list[int], labels: tuple[str, ...]) -> tuple[PlateLayout, tuple[str, ...]]:
    """Return the plate that some wells are of.

    Parameters
    ----------
    content : Hdf5File
        Open.
    wells : list of int
        Numbers of all wells that were recorded, from 0.
    labels : tuple of str
        Names of the electrodes.

    Returns
    -------
    layout : PlateLayout
        One chip, or a plate of 6, 24 or 96 wells.
    problems : tuple of str
        A sentence where the file does not say which plate it is.
    """
    listed = [int(match[1]) for name in content.names("wellplate") if (match := _WELL.fullmatch(name))]
    n_wells = max([*wells, *listed]) + 1
    if n_wells == 1:
        return PlateLayout("MaxWell 1-well", 1, 1, labels), ()
    known = next((plate for plate in _PLATES if plate.rows * plate.columns >= n_wells), _PLATES[-1])
    layout = PlateLayout(f"MaxTwo {known.name}", known.rows, known.columns, labels)
    if len(listed) == len(layout.wells):
        return layout, ()
    said = f"The file does not say which plate it is of; the {layout.name} plate is the smallest that has its wells."
    return layout, (said,)
