"""The vendor's exports of metrics, of the metric tool (since 2015) and of the Statistics Compiler."""

from __future__ import annotations

from mnephys._version import __version__
from mnephys.errors import CorruptHeaderError
from mnephys.measurement import FeatureTable
from mnephys.readers.axion_csv.blocks import Block, Export, read_blocks
from mnephys.readers.axion_csv.cells import filled, head_rows, read_text, rows_of, settle_quotes, shown
from mnephys.readers.axion_csv.levels import Level, electrode_level, electrode_rows, well_level, well_rows
from mnephys.readers.axion_csv.metric_names import ELECTRODE_METRICS, WELL_METRICS, plain_label
from mnephys.readers.axion_csv.plate_rows import StatedDefinitions, analysis_duration, plate_rows, read_definitions
from mnephys.readers.axion_csv.settings import plate_layout, treatment_facts, well_facts
from mnephys.readers.axion_csv.spike_trains import electrode_positions
from mnephys.readers.binary import BinaryFile
from mnephys.recording import PlateLayout, Provenance, layout_holding
from mnephys.summary import PlateSummary

__all__ = ["is_metrics", "read_metrics"]

_FIRST_LABELS = frozenset({"axis spike file", "well averages", "statistics compiler settings"})
_ADVICE = "export it again"
# If a title lost a name, every row has one cell too many.
_MOST_SENTENCES = 3


def is_metrics(head: bytes) -> bool:
    """Say whether a file is an export of metrics.

    Parameters
    ----------
    head : bytes
        Its first bytes, best `mnephys.readers.axion_csv.cells.HEAD_BYTES` of them.

    Returns
    -------
    bool
        True if a row begins as one of such an export does.

    Examples
    --------
    >>> is_metrics(b"AxIS Spike File,C:/plate.spk"), is_metrics(b"AxIS0Spike0File,E:/plate.spk")
    (True, True)
    >>> is_metrics(b"Investigator,,Time (s),Electrode,Amplitude(mV)")
    False
    """
    labels = (plain_label(row.label) for row in head_rows(head))
    return any(label in _FIRST_LABELS or label.replace("0", " ") in _FIRST_LABELS for label in labels)


def read_metrics(file: BinaryFile) -> PlateSummary:
    """Read an export of metrics.

    Parameters
    ----------
    file : BinaryFile
        Open, recognised as such an export.

    Returns
    -------
    PlateSummary
        Rows of the plate, of every well, and of the electrodes of wells with data. A well that the export leaves
        blank has rows with the status ``excluded``, one that it does not have only its ``qc_well``.

    Raises
    ------
    ReadError
        Or one of its children, if it is not text, or has no averages of wells.
    """
    # A description may have several lines; a quote among numbers is none that anybody meant.
    source = settle_quotes(read_text(file), deepest=1)
    known = {*WELL_METRICS, *ELECTRODE_METRICS}
    export = read_blocks(list(rows_of(source)), known, complete=source.complete, decimal=source.decimal)
    if export.wells is None:
        raise CorruptHeaderError(file.path, "has no row 'Well Averages'", f"{_ADVICE} with the averages of wells")
    layout, doubts = _layout(file.path, export, export.wells)
    duration = analysis_duration(export.settings, source.decimal)
    definitions = read_definitions(export.settings, source.decimal)
    electrodes, missing = _electrodes(layout, export.electrodes, duration, definitions)
    wells = well_level(layout, export.wells, electrodes, duration)
    cut = [] if source.complete else ["the last line has no line end: the file may have been cut"]
    of_wells = well_rows(layout, wells)
    judged = sum(row.feature == "qc_well" and row.ok for row in of_wells)
    n_wells = len(layout.wells)
    return PlateSummary(
        layout=layout,
        table=FeatureTable(
            (
                *plate_rows(export.settings, duration, definitions, n_wells, n_wells - judged),
                *of_wells,
                *electrode_rows(electrodes, wells),
            )
        ),
        well_facts=_facts(export, export.wells, layout),
        problems=(
            *source.problems,
            *cut,
            *export.problems,
            *doubts,
            *missing,
            *_miscounted(wells, electrodes),
        ),
        metadata={**export.settings.metadata(), "not_read": _not_read(export)},
        provenance=Provenance(
            path=file.path,
            sha256=file.sha256(),
            size=file.size,
            format="Axion metrics CSV",
            format_version=export.settings.version,
            reader=__name__,
            mnephys_version=__version__,
        ),
    )


def _miscounted(*levels: Level) -> list[str]:
    """Say which rows have cells of which nobody knows whose they are."""
    columns = [column for level in levels for column in level.columns.values()]
    found = [f"{column.miscounted}; not read" for column in columns if column.miscounted]
    more = len(found) - _MOST_SENTENCES
    return [*found[:_MOST_SENTENCES], *([f"{more} more rows with too few or too many cells"] if more > 0 else [])]


def _layout(path: str, export: Export, wells: Block) -> tuple[PlateLayout, list[str]]:
    """Return the kind of plate, and what is doubtful about it and the names of its wells."""
    names = [name for name in wells.names if name]
    layout, named = plate_layout(export.settings)
    problems = []
    if layout is None:
        labels = [] if export.electrodes is None else [name.partition("_")[2] for name in export.electrodes.names]
        layout = layout_holding(names, labels) or layout_holding(names, ()) if names else None
        said = f"the plate type {shown(named)} is not known" if named else "the export names no plate type"
        if layout is None:
            place = f"row {wells.title.line} names wells that no plate has"
            raise CorruptHeaderError(path, f"{said}, and {place}", _ADVICE)
        problems.append(f"{said}: a {layout.name} plate is the likeliest that has its wells")
    unknown = [name for name in names if layout.place(name) is None]
    if len(unknown) == len(names):
        raise CorruptHeaderError(path, f"row {wells.title.line} names no well of a {layout.name} plate", _ADVICE)
    if unknown:
        more = f" and {len(unknown) - 1} more" if len(unknown) > 1 else ""
        problems.append(
            f"row {wells.title.line}: a {layout.name} plate has no well {shown(unknown[0])}{more}; not read"
        )
    if twice := sorted({name for name in names if names.count(name) > 1} - set(unknown)):
        problems.append(f"row {wells.title.line}: well {twice[0]} has two columns; the first was read")
    return layout, problems


def _electrodes(
    layout: PlateLayout, block: Block | None, duration: float | None, definitions: StatedDefinitions
) -> tuple[Level, list[str]]:
    """Return the electrodes of an export, and what is doubtful about them."""
    if block is None:
        return Level([]), ["there is no row 'Measurement': the export has no values of electrodes"]
    own = electrode_positions(layout)
    found = electrode_level(list(own), block, duration, definitions.numbers.get("active_min_rate"))
    place = f"row {block.title.line}"
    unknown = [name for name in block.names if name and name not in own]
    problems = []
    if unknown:
        more = f" and {len(unknown) - 1} more" if len(unknown) > 1 else ""
        problems.append(f"{place}: a {layout.name} plate has no electrode {shown(unknown[0])}{more}; not read")
    if len(found.ids) < len(own):
        problems.append(f"{place}: has {len(found.ids)} of the {len(own)} electrodes of the plate")
    return found, problems


def _facts(export: Export, wells: Block, layout: PlateLayout) -> dict[str, dict[str, str]]:
    """Return what the export says of each well."""
    facts = {
        well: said
        for well, text in wells.treatments.items()
        if layout.place(well) is not None and (said := treatment_facts(text))
    }
    # The block of its own has dose and treatment apart.
    for well, said in well_facts(export.facts, layout).items():
        facts[well] = facts.get(well, {}) | said
    return facts


def _not_read(export: Export) -> list[str]:
    """Return the labels of rows with numbers that have no name here."""
    tables = ((export.wells, WELL_METRICS), (export.electrodes, ELECTRODE_METRICS))
    labels = [
        row.label.strip()
        for block, table in tables
        if block is not None
        for label, row in block.rows.items()
        if label not in table and label != "treatment/id" and filled(row.cells[1:])
    ]
    return list(dict.fromkeys(labels))
