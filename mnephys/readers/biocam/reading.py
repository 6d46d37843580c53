"""3Brain recordings (``.brw``, ``.bxr``) of all versions: raw voltage and spikes of every well."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from mnephys._version import __version__
from mnephys.errors import CorruptHeaderError, ReadError
from mnephys.readers.binary import BinaryFile
from mnephys.readers.biocam.entries import PREFIX, unknown_entries, wells_in_root
from mnephys.readers.biocam.old import read_old, read_old_converter
from mnephys.readers.biocam.parts import ChipWell, Converter, TimeLine, electrodes_of_chip
from mnephys.readers.biocam.settings import SETTINGS, read_converter
from mnephys.readers.biocam.spikes import FormPart, Forms
from mnephys.readers.biocam.toc import Toc, read_toc
from mnephys.readers.biocam.wells import on_one_grid, read_chip_well
from mnephys.readers.hdf5.file import Hdf5File, open_hdf5
from mnephys.readers.hdf5.signal import Hdf5Signal
from mnephys.readers.spike_frames import SpikeTable, joined, trains_of
from mnephys.readers.spike_trains.columns import LATEST, listed
from mnephys.readers.well_lengths import groups_of_length
from mnephys.recording import (
    ELECTRODE,
    LAYOUTS,
    DurationSource,
    IntArray,
    PlateLayout,
    PlateRecording,
    Provenance,
    SpikeTrains,
    whole_segment,
)

__all__ = ["is_biocam", "read_biocam"]

_FORMAT = "3Brain HDF5"
_OLD = "3BRecInfo"
_PLATES = (PlateLayout("1-well", 1, 1, ()), *(LAYOUTS[name] for name in ("6-well", "24-well", "96-well")))


def is_biocam(content: Hdf5File) -> bool:
    """Return whether a file is one of these, by its content.

    Parameters
    ----------
    content : Hdf5File
        Open.

    Returns
    -------
    bool
        True for files of version 3 and of BrainWave 5 and 6.
    """
    if content.has(_OLD):
        return True
    settings = any(content.has(name) for name in (*SETTINGS, "TOC"))
    return settings and any(name.startswith(PREFIX) for name in content.names(""))


def read_biocam(file: BinaryFile) -> list[PlateRecording]:
    """Read the recordings of a file.

    Parameters
    ----------
    file : BinaryFile
        Open, recognised by `is_biocam`.

    Returns
    -------
    list of PlateRecording
        One, with all wells; wells that are longer or shorter by more than 1 % are a recording of their own. Raw
        voltage and waveforms stay in the file. Electrodes are labelled ``row_column``, from 1; where they are in um
        is known of some chips only. Of sparse raw voltage, samples that were not kept are 0 uV.

    Raises
    ------
    UnsupportedFormatError
        If raw voltage is compressed by wavelets and there is nothing else, or the version is not known.
    CorruptHeaderError
        If what the file states cannot be true.
    FileUnitsError
        If a step of the converter is one that no amplifier has.
    TruncatedFileError
        If the file was cut.
    ReadError
        Otherwise, if it cannot be read.
    """
    with open_hdf5(file) as content:
        version = content.attributes("").get("Version")
        if content.has(_OLD):
            version = content.attributes("3BData").get("Version", version)
            converter = read_old_converter(content)
            well, line = read_old(content, converter)
            recording = _recording(["A1"], [well], converter, line)
            problems = (*converter.problems, *unknown_entries(content), *recording.problems)
            recordings = [replace(recording, problems=problems)]
        else:
            recordings = _read_wells(content)
    provenance = Provenance(
        path=file.path,
        size=file.size,
        format=_FORMAT,
        format_version=str(version) if isinstance(version, int) else "",
        reader=__name__,
        mnephys_version=__version__,
    )
    return [replace(recording, provenance=provenance) for recording in recordings]


def _read_wells(content: Hdf5File) -> list[PlateRecording]:
    """Read all wells that can be read; one that is damaged is no reason to withhold the others."""
    converter = read_converter(content)
    toc = read_toc(content, converter.rate)
    problems = list(converter.problems)
    if toc is None:
        problems.append("Dataset TOC is missing or empty, so that gaps of the recording are not known.")
    names, unread = wells_in_root(content)
    problems += unread
    wells: list[ChipWell] = []
    failed: dict[str, ReadError] = {}
    for name in names:
        try:
            wells.append(read_chip_well(content, name, converter, toc, alone=len(names) == 1))
        except ReadError as error:
            failed[name] = error
    if not wells:
        raise next(iter(failed.values()), CorruptHeaderError(content.path, "holds no well", "copy the file again"))
    problems += [f"Well {name} was left out: {error.problem}." for name, error in failed.items()]
    wells, doubts = on_one_grid(wells, alone=len(names) == 1)
    if doubts:
        converter = replace(converter, pitch=np.nan)
    recordings = _by_length([*(well.name for well in wells), *failed], wells, converter, toc)
    return [
        replace(
            recording,
            problems=(*problems, *doubts, *recording.problems),
            well_problems={**{name: error.problem for name, error in failed.items()}, **recording.well_problems},
        )
        for recording in recordings
    ]


def _by_length(
    names: Sequence[str], wells: Sequence[ChipWell], converter: Converter, toc: Toc | None
) -> list[PlateRecording]:
    """Return all wells as one recording, or those of each length as one."""
    n_frames = None if toc is None else toc.n_frames
    lengths = [n_frames if well.part is None else well.part.n_samples for well in wells]
    groups = groups_of_length(lengths)
    if len(groups) == 1:
        line = _line(
            n_frames if toc is not None else max((one for one in lengths if one), default=None), converter, toc
        )
        return [_recording(names, wells, converter, line)]
    recordings = []
    for group in groups:
        held = [wells[position] for position in group]
        line = _line(max(lengths[position] or 0 for position in group) or None, converter, toc)
        recording = _recording(names, held, converter, line)
        name = f"well{'s' * (len(held) > 1)} {listed([well.name for well in held])}"
        recordings.append(replace(recording, metadata={"name": name, **recording.metadata}))
    return recordings


def _line(n_samples: int | None, converter: Converter, toc: Toc | None) -> TimeLine:
    """Return begin and end of so many samples."""
    if toc is None or n_samples is None:
        return TimeLine(0.0, None if n_samples is None else n_samples / converter.rate, whole_segment())
    chunk = int(np.searchsorted(toc.samples, min(n_samples, toc.n_frames))) - 1
    stop = int(toc.first[chunk]) + min(n_samples, toc.n_frames) - int(toc.samples[chunk])
    segments = toc.segments(converter.rate)
    return TimeLine(
        toc.first[0] / converter.rate, stop / converter.rate, segments[segments["first"] < max(n_samples, 1)]
    )


def _recording(names: Sequence[str], wells: Sequence[ChipWell], converter: Converter, line: TimeLine) -> PlateRecording:
    """Return wells side by side, which are some of those of the plate."""
    electrodes = np.concatenate(
        [np.zeros(0, ELECTRODE), *(electrodes_of_chip(well, converter.pitch) for well in wells)]
    )
    layout, doubts = _layout(names, electrodes)
    signal, shorter = _signal(wells, converter, line)
    trains, source, lost = _trains(wells, converter, line, electrodes)
    lacking = {well.name: "the file holds no spikes of it" for well in wells if trains and well.spikes is None}
    return PlateRecording(
        layout,
        electrodes,
        trains,
        duration_source=source,
        layout_stated=all(well.listed for well in wells),
        well_problems=lacking,
        problems=(*doubts, *(said for well in wells for said in well.problems), *shorter, *lost),
        metadata={"sampling_rate_hz": converter.rate, "gain_uv": converter.gain_uv, **converter.facts},
        signal=signal,
    )


def _layout(names: Sequence[str], electrodes: NDArray[np.void]) -> tuple[PlateLayout, tuple[str, ...]]:
    """Return the smallest plate that has some wells, and a sentence where another one may be meant."""
    places = {(int(row), int(column)) for row, column in electrodes[["row", "column"]].tolist()}
    labels = tuple(f"{row}_{column}" for row, column in sorted(places))
    plate = next(plate for plate in _PLATES if all(plate.place(name) is not None for name in names))
    layout = PlateLayout(f"BioCAM {plate.name}", plate.rows, plate.columns, labels)
    if len(layout.wells) in {1, len(names)}:
        return layout, ()
    others = listed([name for name in layout.wells if name not in names])
    said = f"The file does not say which plate it is of; the {layout.name} plate has all its wells"
    return layout, (f"{said}, and {others}, of which the file holds nothing.",)


def _signal(
    wells: Sequence[ChipWell], converter: Converter, line: TimeLine
) -> tuple[Hdf5Signal | None, tuple[str, ...]]:
    """Return the raw voltage of all wells, and sentences where they are not of one length."""
    first = np.cumsum([0, *(well.rows.size for well in wells)])
    held = [(well, well.part, start) for well, start in zip(wells, first, strict=False) if well.part is not None]
    if not held:
        return None, ()
    n_samples = min(part.n_samples for _, part, _ in held)
    longer = [well.name for well, part, _ in held if part.n_samples > n_samples]
    rows: list[IntArray] = [np.arange(well.rows.size) + start for well, _, start in held]
    segments = line.segments[line.segments["first"] < n_samples]
    signal = Hdf5Signal([part for _, part, _ in held], converter.rate, segments, np.concatenate(rows))
    if not longer:
        return signal, ()
    return signal, (f"Well {listed(longer)} has more samples than the shortest, {n_samples}; the rest was left out.",)


def _trains(
    wells: Sequence[ChipWell], converter: Converter, line: TimeLine, electrodes: NDArray[np.void]
) -> tuple[SpikeTrains | None, DurationSource, tuple[str, ...]]:
    """Return the spikes of all wells, how it is known how long they were looked for, and what was left out."""
    if all(well.spikes is None for well in wells):
        return None, DurationSource.STATED, ()
    tables: list[SpikeTable] = []
    problems: list[str] = []
    before = n_rows = 0
    earliest, latest = (line.start, line.stop) if line.stop is not None else (0.0, LATEST)
    for well in wells:
        if well.spikes is not None:
            times, electrode = well.spikes.frames / converter.rate, well.spikes.electrode
            inside, known = (times >= earliest) & (times <= latest), electrode >= 0
            for lost, why in ((~known, "are of channels that the well does not have"), (known & ~inside, "")):
                if lost.any():
                    said = why or f"lie outside of the recording, the first at {times[lost][0]:g} s"
                    problems.append(f"Well {well.name}: {lost.sum()} spikes {said}; left out.")
            table = SpikeTable(times, electrode + before, None, np.arange(times.size) + n_rows)
            tables.append(table.where(known & inside))
            n_rows += times.size
        before += well.rows.size
    table = joined(tables)
    start, stop, source = line.start, line.stop, DurationSource.STATED
    if stop is None:
        start, stop = (float(table.times.min()), float(table.times.max())) if table.times.size else (0.0, 0.0)
        source = DurationSource.SPIKES
    trains, order = trains_of(table, electrodes["well"], start, stop)
    forms, said_of_forms = _forms(wells, converter, table.row[order])
    if forms is not None:
        trains = SpikeTrains(trains.times, trains.offsets, trains.groups, start, stop, waveforms=forms)
    return trains, source, (*problems, *said_of_forms)


def _forms(wells: Sequence[ChipWell], converter: Converter, order: IntArray) -> tuple[Forms | None, tuple[str, ...]]:
    """Return the waveforms of all spikes; none where a well lacks them, or has longer ones than others."""
    held = [well.spikes for well in wells if well.spikes is not None and well.spikes.frames.size]
    lengths = {spikes.wavelength for spikes in held}
    if lengths in (set(), {0}):
        return None, ()
    if len(lengths) > 1:
        return None, ("Waveforms of spikes were left out: wells lack them, or have waveforms of different lengths.",)
    first = np.cumsum([0, *(spikes.frames.size for spikes in held)]).tolist()
    parts = tuple(
        FormPart(spikes.forms, at) for spikes, at in zip(held, first, strict=False) if spikes.forms is not None
    )
    return Forms(parts, order, lengths.pop(), converter.zero, converter.gain_uv, converter.rate), ()
