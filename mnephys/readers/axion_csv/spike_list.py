"""The vendor's spike list: one row per spike, beside a panel of settings."""

from __future__ import annotations

from mnephys._version import __version__
from mnephys.errors import CorruptHeaderError
from mnephys.readers.axion_csv.cells import head_rows, read_text
from mnephys.readers.axion_csv.list_parts import LAST_TITLE_ROW, list_layout, split_list
from mnephys.readers.axion_csv.settings import read_settings, well_facts
from mnephys.readers.axion_csv.spike_rows import find_titles, read_rows
from mnephys.readers.axion_csv.spike_trains import (
    order_problems,
    outside_problems,
    place,
    recorded,
    spike_trains,
    unreadable_problems,
    unreadable_wells,
)
from mnephys.readers.binary import BinaryFile
from mnephys.recording import PlateRecording, Provenance
from mnephys.recording.plate import electrodes_of

__all__ = ["is_spike_list", "read_spike_list"]

_ADVICE = "export the spike list again"


def is_spike_list(head: bytes) -> bool:
    """Say whether a file is a spike list.

    Parameters
    ----------
    head : bytes
        Its first bytes, best `mnephys.readers.axion_csv.cells.HEAD_BYTES` of them.

    Returns
    -------
    bool
        True if a row has the titles of a list of spikes, or one of them beside the settings; a list of bursts has
        others.

    Examples
    --------
    >>> is_spike_list(b"Investigator,,Time (s),Electrode,Amplitude(mV)")
    True
    >>> is_spike_list(b"Investigator,,Time (s),Electrode,Size (spikes),Duration (s)")
    False
    """
    for row in head_rows(head)[:LAST_TITLE_ROW]:
        titles = find_titles(row.cells)
        beside_settings = row.label.strip().lower() == "investigator" and titles.any
        if titles.both or beside_settings:
            return not titles.burst_list
    return False


def read_spike_list(file: BinaryFile) -> PlateRecording:
    """Read a spike list.

    Parameters
    ----------
    file : BinaryFile
        Open, recognised as a spike list.

    Returns
    -------
    PlateRecording
        With all electrodes of the plate, silent ones too. It lasts as long as the file states, unless the spikes
        contradict it; else from the first to the last spike.

    Raises
    ------
    ReadError
        Or one of its children, if it is not text, lacks a column, names no plate, or has no row that can be read.
    """
    source = read_text(file)
    parts = split_list(source)
    if not parts.titles.both:
        missing = "Electrode" if parts.titles.time >= 0 else "Time (s)"
        problem = f"row {parts.title_line} has no column '{missing}'"
        raise CorruptHeaderError(file.path, problem, f"{_ADVICE}, as a list of spikes")
    rows = read_rows(parts.head[1:], parts.body, parts.titles, parts.line)
    settings = read_settings(row.cells[: parts.titles.panel] for row in parts.head)
    layout, doubts = list_layout(file.path, settings, rows, parts.footer)
    spikes = place(layout, rows)
    unreadable = unreadable_problems(spikes)
    if rows.line.size and not spikes.usable.any():
        raise CorruptHeaderError(file.path, f"none of its rows can be read; {unreadable[-1]}", _ADVICE)
    cut = [] if source.complete else ["the last line has no line end: the file may have been cut"]
    start, stop, duration_source, remarks = recorded(settings, rows.time[spikes.usable])
    trains, doubles = spike_trains(layout, spikes, start, stop, parts.titles.to_microvolt)
    return PlateRecording(
        layout=layout,
        electrodes=electrodes_of(layout),
        trains=trains,
        duration_source=duration_source,
        layout_stated=not doubts,
        well_problems=unreadable_wells(layout, spikes),
        well_facts=well_facts(parts.footer, layout),
        problems=(
            *source.problems,
            *parts.problems,
            *doubts,
            *cut,
            *unreadable,
            *order_problems(spikes),
            *remarks,
            *outside_problems(spikes, start, stop),
            *doubles,
        ),
        metadata=settings.metadata(),
        provenance=Provenance(
            path=file.path,
            sha256=file.sha256(),
            size=file.size,
            format="Axion spike list CSV",
            format_version=settings.version,
            reader=__name__,
            mnephys_version=__version__,
        ),
    )
