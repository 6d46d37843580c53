"""The parts of a vendor's list of spikes or bursts: a panel of settings beside the first rows, a body, a footer."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

import numpy as np

from mnephys.errors import CorruptHeaderError
from mnephys.readers.axion_csv.cells import CsvText, Row, filled, rows_of, settle_quotes, shown
from mnephys.readers.axion_csv.settings import Settings, plate_layout
from mnephys.readers.axion_csv.spike_rows import SpikeRows, Titles, find_titles
from mnephys.readers.axion_csv.spike_trains import electrode_positions
from mnephys.recording import LAYOUTS, LIKELY, PlateLayout, layout_holding

__all__ = ["LAST_TITLE_ROW", "Parts", "list_layout", "split_list"]

#: The titles stand in the first row, or below a short preamble.
LAST_TITLE_ROW = 200

# So many lines may hold the settings.
_HEAD_LINES = 1000
_FOOTER_TITLE = "Well Information"
_MOST_FOOTERS = 100
_FOOTER = re.compile(rf'[ \t]*"?{_FOOTER_TITLE}"?[,;\t ]*\n[ \t]*"?Well"?[,;\t]')


@dataclass(frozen=True, slots=True)
class Parts:
    """A list of spikes or bursts in parts.

    Parameters
    ----------
    titles : Titles
        Where its columns stand; neither time nor electrode is found where no row has such titles.
    title_line : int
        The line in which the titles stand; 1 where none has them.
    head : list of Row
        From the titles on, as far as settings may stand beside the rows.
    line : int
        The line in which the body begins.
    body : CsvText
        What stands below the head.
    footer : list of Row
        The well information, below its title.
    problems : tuple of str
        What was noticed, one sentence each.
    """

    titles: Titles
    title_line: int
    head: list[Row]
    line: int
    body: CsvText
    footer: list[Row]
    problems: tuple[str, ...]


def split_list(source: CsvText) -> Parts:
    """Return the parts of a list of spikes or bursts.

    Parameters
    ----------
    source : CsvText
        The whole file.

    Returns
    -------
    Parts
        Rows keep the numbers of their lines.

    Examples
    --------
    >>> parts = split_list(CsvText("Investigator,,Time (s),Electrode" + chr(10) + ",,0.5,A1_11" + chr(10)))
    >>> parts.titles.time, [row.cells for row in parts.head[1:]], parts.footer
    (2, [['', '', '0.5', 'A1_11']], [])
    """
    text = source.text
    end = _footer(text)
    upper = text[: min(_beginning_of_line(text, _HEAD_LINES + 1), end)]
    # A description beside the rows may have several lines; nothing else in the head or below it has.
    settled = settle_quotes(CsvText(upper, source.delimiter), deepest=1)
    rows = list(rows_of(settled))
    each = [find_titles(row.cells) for row in rows[:LAST_TITLE_ROW]]
    at = next((i for i, titles in enumerate(each) if titles.any), None)
    footer = list(rows_of(settle_quotes(CsvText(text[end:], source.delimiter))))[1:]
    body = replace(source, text=text[len(upper) : end])
    line = upper.count("\n") + 1
    if at is None:
        return Parts(Titles(), 1, rows, line, body, footer, settled.problems)
    return Parts(each[at], rows[at].line, rows[at:], line, body, footer, settled.problems)


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


def list_layout(path: str, settings: Settings, rows: SpikeRows, footer: list[Row]) -> tuple[PlateLayout, list[str]]:
    """Return the kind of plate of a list, and what is doubtful about it.

    Parameters
    ----------
    path : str
        Of the file, for the message.
    settings : Settings
        Of the panel.
    rows : SpikeRows
        Of the list.
    footer : list of Row
        The well information.

    Returns
    -------
    layout : PlateLayout
        The one that the settings name, else the likeliest.
    problems : list of str
        A sentence where it is only the likeliest.

    Raises
    ------
    CorruptHeaderError
        If nothing shows which plate it is.
    """
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
        raise CorruptHeaderError(path, f"{said}, and no row shows which it is", "export it again with its settings")
    return layout, [f"{said}: a {layout.name} plate is the likeliest that has its wells and electrodes"]
