"""The vendor's list of electrode bursts: one row per burst, beside a panel of settings.

The list has neither spikes nor network bursts, so that it says nothing of firing rates, of activity and of synchrony.
Its rows are in no order: the program does not write them by time, nor by electrode.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from mnephys._version import __version__
from mnephys.errors import CorruptHeaderError, UnsupportedFormatError
from mnephys.measurement import FeatureTable, Measurement, Status
from mnephys.readers.axion_csv.blocks import Column
from mnephys.readers.axion_csv.bursts import (
    chosen_bursts,
    contradicted,
    electrode_metrics,
    listed_bursts,
    well_metrics,
    with_burst_faults,
)
from mnephys.readers.axion_csv.cells import filled, head_rows, read_text, shown
from mnephys.readers.axion_csv.levels import Level
from mnephys.readers.axion_csv.list_parts import LAST_TITLE_ROW, Parts, list_layout, split_list
from mnephys.readers.axion_csv.metric_kinds import Metric
from mnephys.readers.axion_csv.metric_names import ELECTRODE_METRICS, WELL_METRICS
from mnephys.readers.axion_csv.plate_rows import StatedDefinitions, plate_rows, read_definitions
from mnephys.readers.axion_csv.settings import read_settings, well_facts
from mnephys.readers.axion_csv.spike_rows import find_titles, read_rows
from mnephys.readers.axion_csv.spike_trains import (
    electrode_positions,
    place,
    recorded,
    unreadable_problems,
    unreadable_wells,
)
from mnephys.readers.binary import BinaryFile
from mnephys.recording import DurationSource, FloatArray, PlateLayout, Provenance
from mnephys.summary import PlateSummary

__all__ = ["is_burst_list", "read_burst_list"]

_ADVICE = "export the burst list again"
_UNTOLD = "it cannot be measured from a burst list, which holds neither single spikes nor network bursts"
_NO_DURATION = "the burst list does not state how long the recording lasted"


def is_burst_list(head: bytes) -> bool:
    """Say whether a file is a list of bursts.

    Parameters
    ----------
    head : bytes
        Its first bytes, best `mnephys.readers.axion_csv.cells.HEAD_BYTES` of them.

    Returns
    -------
    bool
        True if a row has the title of a time and of what only bursts have. It is true for a list of network bursts
        too, which `read_burst_list` refuses.

    Examples
    --------
    >>> is_burst_list(b"Investigator,,Time (s),Electrode,Size (spikes),Duration (s)")
    True
    >>> is_burst_list(b"Investigator,,Time (s),Electrode,Amplitude(mV)")
    False
    """
    titles = (find_titles(row.cells) for row in head_rows(head)[:LAST_TITLE_ROW])
    return any(each.time >= 0 and each.burst_list for each in titles)


def read_burst_list(file: BinaryFile) -> list[PlateSummary]:
    """Read a list of electrode bursts.

    Parameters
    ----------
    file : BinaryFile
        Open, recognised as a list of bursts.

    Returns
    -------
    list of PlateSummary
        One, with rows of the plate, of every well and of every electrode, those without a burst included. Of what the
        list cannot tell, wells have rows that say so, electrodes have none. Without a stated length there is no rate.

    Raises
    ------
    UnsupportedFormatError
        If it lists the bursts of whole wells.
    ReadError
        Or another of its children, if it is not text, lacks a column, names no plate, or has no row that can be read.
    """
    source = read_text(file)
    parts = split_list(source)
    _check_titles(file.path, parts)
    rows = with_burst_faults(read_rows(parts.head[1:], parts.body, parts.titles, parts.line))
    settings = read_settings(row.cells[: parts.titles.panel] for row in parts.head)
    layout, doubts = list_layout(file.path, settings, rows, parts.footer)
    bursts = place(layout, rows)
    unreadable = unreadable_problems(bursts)
    if rows.line.size and not bursts.usable.any():
        raise CorruptHeaderError(file.path, f"none of its rows can be read; {unreadable[-1]}", _ADVICE)
    start, stop, duration_source, remarks = recorded(settings, rows.time[bursts.usable], "burst")
    stated = duration_source is DurationSource.STATED
    chosen, left_out = chosen_bursts(bursts, *((start, stop) if stated else (-np.inf, np.inf)))
    listed = listed_bursts(bursts, chosen, len(layout.wells) * len(layout.labels))
    duration = stop - start if stated else None
    definitions = read_definitions(settings, source.decimal)
    faults = unreadable_wells(layout, bursts)
    summary = PlateSummary(
        layout=layout,
        table=FeatureTable(
            (
                *plate_rows(settings, duration, definitions, len(layout.wells), len(faults)),
                *_rows(layout, electrode_metrics(listed, duration), faults),
            )
        ),
        well_facts=well_facts(parts.footer, layout),
        problems=(
            *source.problems,
            *parts.problems,
            *doubts,
            *([] if source.complete else ["the last line has no line end: the file may have been cut"]),
            *unreadable,
            *remarks,
            *left_out,
            *contradicted(bursts, chosen, listed, _definition(definitions)),
        ),
        metadata={**settings.metadata(), "n_bursts": int(chosen.size)},
        provenance=Provenance(
            path=file.path,
            sha256=file.sha256(),
            size=file.size,
            format="Axion burst list CSV",
            format_version=settings.version,
            reader=__name__,
            mnephys_version=__version__,
        ),
    )
    return [summary]


def _check_titles(path: str, parts: Parts) -> None:
    """Raise unless the columns are those of bursts of electrodes."""
    titles, place = parts.titles, f"row {parts.title_line}"
    if titles.electrode < 0 and titles.burst_list:
        cells = parts.head[0].cells if parts.head else []
        named = ", ".join(shown(cell) for cell in cells[titles.panel : max(filled(cells), titles.panel)])
        problem = f"{place} names the columns {named}, but no electrode: these are network bursts, which are not read"
        raise UnsupportedFormatError(
            path, problem, "export the list of electrode bursts, the spike list or the metrics"
        )
    columns = {
        "Time (s)": titles.time,
        "Electrode": titles.electrode,
        "Size (spikes)": titles.size,
        "Duration (s)": titles.duration,
    }
    if missing := [name for name, column in columns.items() if column < 0]:
        raise CorruptHeaderError(path, f"{place} has no column '{missing[0]}'", f"{_ADVICE}, as a list of bursts")


def _definition(stated: StatedDefinitions) -> Mapping[str, float]:
    """Return what a burst is by the settings, nothing where they name a method of which this is not known."""
    plain = all("isi" in text.lower() and "threshold" in text.lower() for text in stated.algorithms)
    return stated.numbers if plain and stated.algorithms else {}


def _rows(layout: PlateLayout, electrodes: Mapping[str, FloatArray], faults: Mapping[str, str]) -> list[Measurement]:
    """Return the rows of all wells and electrodes; a well that lost too many rows, and its electrodes, are excluded."""
    names = list(electrode_positions(layout))
    well = np.repeat(np.arange(len(layout.wells)), len(layout.labels))
    of_wells = _level(layout.wells, well_metrics(electrodes, well, len(layout.wells)), WELL_METRICS)
    most = electrodes["burst_count"].reshape(len(layout.wells), len(layout.labels)).max(axis=1)
    of_wells.counts["most_bursts"] = most
    lost = {i: faults[name] for i, name in enumerate(layout.wells) if name in faults}
    lost_electrodes = {i: lost[at] for i, at in enumerate(well.tolist()) if at in lost}
    of_electrodes = _level(names, electrodes, ELECTRODE_METRICS)
    untold = [metric for metric in WELL_METRICS.values() if metric.feature not in of_wells.columns]
    return [
        *(_quality(name, faults.get(name, "")) for name in layout.wells),
        *of_wells.rows("well", lost),
        *(_untold(metric, "well", name, faults.get(name, "")) for metric in untold for name in layout.wells),
        *(_electrode_count(name, len(layout.labels), faults.get(name, "")) for name in layout.wells),
        *of_electrodes.rows("electrode", lost_electrodes),
        *(
            _untold(ELECTRODE_METRICS["burst frequency"], "electrode", name, lost_electrodes.get(i, ""))
            for i, name in enumerate(names)
            if "burst_rate" not in electrodes
        ),
    ]


def _level(ids: Sequence[str], values: Mapping[str, FloatArray], table: Mapping[str, Metric]) -> Level:
    """Return columns of numbers as the level of an export."""
    columns = {name: Column(np.asarray(each, dtype=np.float64), np.isnan(each)) for name, each in values.items()}
    metrics = {metric.feature: metric for metric in table.values() if metric.feature in columns}
    return Level(list(ids), metrics, columns, counts={"burst_count": values["burst_count"]})


def _quality(well: str, fault: str) -> Measurement:
    status = Status.BAD_INPUT if fault else Status.OK
    return Measurement("qc_well", None, "" if fault else "ok", "1", status, fault, "well", well)


def _electrode_count(well: str, n: int, fault: str) -> Measurement:
    if fault:
        return Measurement("electrode_count", None, "", "1", Status.EXCLUDED, fault, "well", well)
    return Measurement("electrode_count", float(n), "", "1", Status.OK, "", "well", well)


def _untold(metric: Metric, level: str, place: str, fault: str) -> Measurement:
    """Return the row of a metric that the list does not give."""
    why = _NO_DURATION if metric.feature == "burst_rate" else _UNTOLD
    status = Status.EXCLUDED if fault else Status.NOT_APPLICABLE
    return Measurement(metric.feature, None, "", metric.unit, status, fault or why, level, place)
