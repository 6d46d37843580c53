"""MaxOne and MaxTwo recordings of MaxWell (``.raw.h5``): spikes, and raw voltage where any HDF5 library unpacks it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from mnephys._version import __version__
from mnephys.errors import CorruptHeaderError, ReadError
from mnephys.readers.binary import BinaryFile
from mnephys.readers.damage import COPY
from mnephys.readers.hdf5.file import Hdf5File, open_hdf5, texts_of
from mnephys.readers.maxwell.places import Place, has_wells, old_place, plate_of, well_places
from mnephys.readers.maxwell.recording import (
    electrodes_of_wells,
    events_of_wells,
    signal_of_wells,
    spikes_of_wells,
)
from mnephys.readers.maxwell.sharing import read_sharing
from mnephys.readers.maxwell.time import extent_of, length_of
from mnephys.readers.maxwell.wells import Well, read_well
from mnephys.readers.spike_frames import trains_of
from mnephys.readers.spike_trains.columns import listed
from mnephys.readers.well_lengths import groups_of_length
from mnephys.recording import DurationSource, PlateLayout, PlateRecording, Provenance
from mnephys.wording import one_line

__all__ = ["is_maxwell", "read_maxwell"]

_FORMAT = "MaxWell HDF5"
_MOST_TEXTS = 64


def is_maxwell(content: Hdf5File) -> bool:
    """Return whether a file is one of these, by its content.

    Parameters
    ----------
    content : Hdf5File
        Open.

    Returns
    -------
    bool
        True for the old layout of MaxOne and the one with wells.
    """
    return content.has("version") and (has_wells(content) or old_place(content) is not None)


def read_maxwell(file: BinaryFile) -> list[PlateRecording]:
    """Read all recordings of a file.

    Parameters
    ----------
    file : BinaryFile
        Open, recognised by `is_maxwell`.

    Returns
    -------
    list of PlateRecording
        One per recording, with all its wells; wells of another sampling rate, or longer or shorter by more than 1 %,
        are a recording of their own. Times begin with the first frame that was recorded. Raw voltage stays in the
        file; it is missing where only the vendor's library unpacks it, and then `problems` says how to unpack it.

    Raises
    ------
    UnsupportedFormatError
        If there are no spikes, and only the vendor's library unpacks the raw voltage.
    CorruptHeaderError
        If what the file states cannot be true.
    FileUnitsError
        If a gain is one that no amplifier has.
    TruncatedFileError
        If the file was cut.
    ReadError
        Otherwise, if it cannot be read.
    """
    with open_hdf5(file) as content:
        places, links = _places(content)
        sharing = read_sharing(content, places)
        wells, failed = _wells(content, places, sharing.refused)
        numbers = [place.well for place in places]
        plate, doubts = plate_of(content, numbers, ())
        facts = {plate.wells[number]: _facts(content, number) for number in sorted(set(numbers))}
        metadata = _metadata(content)
    provenance = Provenance(
        path=file.path,
        size=file.size,
        format=_FORMAT,
        format_version=str(metadata.get("version", "")),
        reader=__name__,
        mnephys_version=__version__,
    )
    recordings = _recordings(file.path, plate, wells, failed)
    return [
        replace(
            recording,
            problems=(*doubts, *links, *sharing.problems, *_failures(failed), *recording.problems),
            well_problems={**_well_failures(plate, failed, recording), **recording.well_problems},
            well_facts={name: fact for name, fact in facts.items() if fact},
            metadata={"name": name, **metadata, **recording.metadata},
            provenance=provenance,
        )
        for name, recording in zip(_names(recordings), recordings, strict=True)
    ]


def _recordings(
    path: str, plate: PlateLayout, wells: Sequence[Well], failed: dict[Place, ReadError]
) -> list[PlateRecording]:
    """Return each recording, at least one; those that hold nothing are added to what failed."""
    recordings = []
    for held in _alike(wells):
        try:
            recordings.append(_recording(path, plate, held))
        except ReadError as error:
            failed |= {well.place: error for well in held}
    if not recordings:
        raise next(iter(failed.values()))
    return recordings


def _alike(wells: Sequence[Well]) -> list[list[Well]]:
    """Return the wells of each recording, all of one sampling rate and equally long."""
    found = []
    for key in dict.fromkeys((well.place.recording, well.settings.rate) for well in wells):
        held = [well for well in wells if (well.place.recording, well.settings.rate) == key]
        groups = groups_of_length([length_of(well) for well in held])
        found += [[held[position] for position in group] for group in groups]
    return found


def _names(recordings: Sequence[PlateRecording]) -> list[str]:
    """Return a name for each recording: that of the file, with rate and wells where it has several of them."""
    stored = [(recording.metadata["recording"], recording.metadata["sampling_rate_hz"]) for recording in recordings]
    of = [name for name, _ in stored]
    names = []
    for recording, (name, rate) in zip(recordings, stored, strict=True):
        several = len({other for one, other in stored if one == name}) > 1
        told = [f"at {rate:g} Hz"] if several else []
        told += [f"of {listed(list(recording.metadata['wells']))}"] if stored.count((name, rate)) > 1 else []
        names.append(" ".join([name, *told]) if of.count(name) > 1 else name)
    return names


def _places(content: Hdf5File) -> tuple[list[Place], tuple[str, ...]]:
    """Return what the file holds, at least one well of one recording, and sentences on what leads elsewhere."""
    old = None if has_wells(content) else old_place(content)
    places, links = well_places(content) if old is None else ([old], ())
    if not places:
        raise CorruptHeaderError(content.path, "holds no recording of a well", COPY)
    n_wells = len(plate_of(content, [place.well for place in places], ())[0].wells)
    if (beyond := max(place.well for place in places)) >= n_wells:
        raise CorruptHeaderError(content.path, f"holds a well {beyond}, which no plate has", COPY)
    return places, links


def _wells(
    content: Hdf5File, places: Sequence[Place], refused: Mapping[Place, ReadError]
) -> tuple[list[Well], dict[Place, ReadError]]:
    """Read all wells that can be read; one that is damaged is no reason to withhold the others."""
    wells, failed = [], dict(refused)
    for place in places:
        if place in refused:
            continue
        try:
            wells.append(read_well(content, place, old=not place.frames))
        except ReadError as error:
            failed[place] = error
    if not wells:
        raise next(iter(failed.values()))
    return wells, failed


def _failures(failed: dict[Place, ReadError]) -> tuple[str, ...]:
    return tuple(
        f"Well {place.well:03d} of {place.recording} was left out: {error.problem}." for place, error in failed.items()
    )


def _well_failures(plate: PlateLayout, failed: dict[Place, ReadError], recording: PlateRecording) -> dict[str, str]:
    """Return the wells of a recording that could not be read, and why."""
    read = set(recording.electrodes["well"].tolist())
    return {
        plate.wells[place.well]: error.problem
        for place, error in failed.items()
        if recording.metadata["recording"] == place.recording and plate.wells[place.well] not in read
    }


def _recording(path: str, plate: PlateLayout, wells: Sequence[Well]) -> PlateRecording:
    """Return the wells of one recording side by side."""
    names = [plate.wells[well.place.well] for well in wells]
    electrodes = electrodes_of_wells(wells, names)
    extent = extent_of(wells)
    table, lost, lacking = spikes_of_wells(wells, names, extent)
    signal, shorter = signal_of_wells(wells, names, extent.start)
    events, many = events_of_wells(wells, names, extent)
    first = wells[0]
    if table is None and signal is None:
        refused = next((well.refused for well in wells if well.refused is not None), None)
        problem = f"holds neither spikes nor raw voltage of {first.place.recording}"
        raise refused or CorruptHeaderError(path, problem, "record again, with one of the two")
    trains = None
    if table is not None:
        trains, _ = trains_of(table, electrodes["well"], extent.start, extent.stop)
    said = [problem for well in wells for problem in well.problems]
    gains = {name: f"{well.settings.gain_uv:.9g}" for well, name in zip(wells, names, strict=True)}
    if len(steps := set(gains.values())) > 1:
        which = [f"{listed([name for name in names if gains[name] == step])} {step} uV" for step in sorted(steps)]
        said.append(f"Wells were recorded with steps of different size: {'; '.join(which)}.")
    labels = tuple(str(number) for number in np.unique(np.concatenate([well.routing.electrodes for well in wells])))
    return PlateRecording(
        replace(plate, labels=labels),
        electrodes,
        trains,
        duration_source=extent.source if trains is not None else DurationSource.STATED,
        well_problems=lacking,
        events=events,
        problems=(*said, *extent.problems, *lost, *shorter, *many),
        metadata={
            "recording": first.place.recording,
            "sampling_rate_hz": first.settings.rate,
            "wells": {
                name: {"gain_uv": well.settings.gain_uv, "first_frame": well.clock.first, **well.settings.facts}
                for well, name in zip(wells, names, strict=True)
            },
        },
        signal=signal,
    )


def _facts(content: Hdf5File, number: int) -> dict[str, str]:
    """Return what the plate map of the file says of a well."""
    group = f"wellplate/well{number:03d}"
    stored = {
        key: text
        for key, name in (("treatment", "group_name"), ("note", "name"), ("control", "control"))
        if (text := _text(content, f"{group}/{name}"))
    }
    if "control" in stored:
        stored["control"] = "yes" if stored["control"].lower() in {"1", "true", "yes"} else "no"
    return stored


def _metadata(content: Hdf5File) -> dict[str, Any]:
    names = ("version", "mxw_version", "hdf_version", "notes", "assay/script_id", "assay/run_id", "wellplate/id")
    return {name.rpartition("/")[2] or name: text for name in names if (text := _text(content, name))}


def _text(content: Hdf5File, name: str) -> str:
    """Return a text or a number as a text; empty where there is none that can be read."""
    try:
        values = content.array(name, _MOST_TEXTS)
    except ReadError:
        return ""
    return "" if values is None or not values.size else one_line(texts_of(values)[0])
