"""The vendor's spike list: one row per spike, beside a panel of settings."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

import numpy as np

from mnephys._version import __version__
from mnephys.errors import CorruptHeaderError
from mnephys.readers.axion_csv import CsvText, Row, filled, head_rows, read_text, rows_of, settle_quotes, shown
from mnephys.readers.axion_settings import Settings, plate_layout, read_settings, well_facts
from mnephys.readers.axion_spike_rows import SpikeRows, Titles, find_titles, read_rows
from mnephys.readers.axion_spike_trains import (
    electrode_positions,
    order_problems,
    outside_problems,
    place,
    recorded,
    spike_trains,
    unreadable_problems,
    unreadable_wells,
)
from mnephys.readers.binary import BinaryFile
from mnephys.recording import LAYOUTS, LIKELY, PlateLayout, PlateRecording, Provenance, layout_holding
from mnephys.recording.plate import electrodes_of

__all__ = ["is_spike_list", "read_spike_list"]

# The titles stand in the first line, or below a short preamble.
_LAST_TITLE_ROW = 200
# So many lines may hold the settings.
_HEAD_LINES = 1000
_FOOTER_TITLE = "Well Information"
_MOST_FOOTERS = 100
_FOOTER = re.compile(rf'[ \t]*"?{_FOOTER_TITLE}"?[,;\t ]*\n[ \t]*"?Well"?[,;\t]')
_ADVICE = "export the spike list again"


def is_spike_list(head: bytes) -> bool:
    """Say whether a file is a spike list.

    Parameters
    ----------
    head : bytes
        Its first bytes, best `mnephys.readers.axion_csv.HEAD_BYTES` of them.

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
    for row in head_rows(head)[:_LAST_TITLE_ROW]:
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
    parts = _split(file.path, source)
    rows = read_rows(parts.head[1:], parts.body, parts.titles, parts.line)
    settings = read_settings(row.cells[: parts.titles.panel] for row in parts.head)
    layout, doubts = _layout(file.path, settings, rows, parts.footer)
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


@dataclass(frozen=True, slots=True)
class _Parts:
    """A spike list in parts: its head from the titles on, what stands below from `line` on, and the footer."""

    titles: Titles
    head: list[Row]
    line: int
    body: CsvText
    footer: list[Row]
    problems: tuple[str, ...]


def _split(path: str, source: CsvText) -> _Parts:
    """Return the parts of a spike list."""
    text = source.text
    end = _footer(text)
    upper = text[: min(_beginning_of_line(text, _HEAD_LINES + 1), end)]
    # A description beside the spikes may have several lines; nothing else in the head or below it has.
    settled = settle_quotes(CsvText(upper, source.delimiter), deepest=1)
    rows = list(rows_of(settled))
    each = [find_titles(row.cells) for row in rows[:_LAST_TITLE_ROW]]
    at = next((i for i, titles in enumerate(each) if titles.any), None)
    if at is None or not each[at].both:
        missing = "Electrode" if at is not None and each[at].time >= 0 else "Time (s)"
        line = 1 if at is None else rows[at].line
        raise CorruptHeaderError(path, f"row {line} has no column '{missing}'", f"{_ADVICE}, as a list of spikes")
    footer = list(rows_of(settle_quotes(CsvText(text[end:], source.delimiter))))[1:]
    body = replace(source, text=text[len(upper) : end])
    return _Parts(each[at], rows[at:], upper.count("\n") + 1, body, footer, settled.problems)


def _footer(text: str) -> int:
    """Return where the footer begins; the end of the text where there is none."""
    at = len(text)
    # Comments may have its title too, but not many of them.
    for _ in range(_MOST_FOOTERS):
        at = text.rfind(_FOOTER_TITLE, 0, at)
        if at < 0:
            break
        begin = text.rfind("\n", 0, at) + 1
        if _FOOTER.match(text, begin):
            return begin
    return len(text)


def _beginning_of_line(text: str, line: int) -> int:
    """Return where a line begins, from 1; the end of the text where it has fewer."""
    at = 0
    for _ in range(line - 1):
        at = text.find("\n", at) + 1
        if at == 0:
            return len(text)
    return at


def _layout(path: str, settings: Settings, rows: SpikeRows, footer: list[Row]) -> tuple[PlateLayout, list[str]]:
    """Return the kind of plate, and what is doubtful about it."""
    layout, named = plate_layout(settings)
    if layout is not None:
        return layout, []
    counts = np.bincount(rows.code, minlength=len(rows.names)).tolist()
    held = {}
    for candidate in LIKELY:
        own = electrode_positions(candidate)
        held[candidate.name] = sum(n for n, electrode in zip(counts, rows.names, strict=True) if electrode in own)
    # The first of several with as many is the likeliest; a row that no plate has decides nothing.
    best = max(held, key=held.__getitem__)
    if held[best]:
        layout = LAYOUTS[best]
    else:
        wells = next((row.cells[1 : 1 + filled(row.cells[1:])] for row in footer if row.label.strip() == "Well"), [])
        layout = layout_holding([well.strip() for well in wells], ()) if wells else None
    said = f"the plate type {shown(named)} is not known" if named else "the file names no plate type"
    if layout is None:
        raise CorruptHeaderError(path, f"{said}, and no spike shows which it is", "export it again with its settings")
    return layout, [f"{said}: a {layout.name} plate is the likeliest that has its wells and electrodes"]
