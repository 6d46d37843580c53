"""`score`: what a user calls, on a cell or on a plate."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import PurePath
from typing import overload

from mnephys.maturity.conditions import Conditions
from mnephys.maturity.model import Rubric
from mnephys.maturity.network_rubric import NetworkRubric
from mnephys.maturity.result import Score
from mnephys.mea.facts import well_facts
from mnephys.measurement import FeatureTable
from mnephys.patch.limits import QualityLimits
from mnephys.pipeline.cells import score_table, stated_conditions
from mnephys.pipeline.extract import extract
from mnephys.pipeline.plates import PlateScores, plate_wells, score_plates
from mnephys.recording import LAYOUTS, PlateRecording, SweepRecording, layout_holding
from mnephys.samples import PlateWells, SampleSheet
from mnephys.summary import PlateSummary

__all__ = ["score"]

Plate = PlateRecording | PlateSummary


@overload
def score(
    what: SweepRecording | Sequence[SweepRecording],
    *,
    subject: str = "",
    conditions: Conditions | None = None,
    rubric: Rubric | None = None,
    sheet: None = None,
    quality: QualityLimits | None = None,
) -> Score: ...
@overload
def score(
    what: Plate,
    *,
    subject: str = "",
    conditions: None = None,
    rubric: NetworkRubric | None = None,
    sheet: SampleSheet | None = None,
) -> PlateScores: ...
@overload
def score(
    what: Sequence[Plate],
    *,
    subject: str = "",
    conditions: None = None,
    rubric: NetworkRubric | None = None,
    sheet: SampleSheet | None = None,
) -> list[PlateScores]: ...
@overload
def score(
    what: FeatureTable,
    *,
    subject: str = "",
    conditions: Conditions | None = None,
    rubric: Rubric | NetworkRubric | None = None,
    sheet: SampleSheet | None = None,
) -> Score | PlateScores: ...
def score(
    what: SweepRecording | Plate | FeatureTable | Sequence[SweepRecording] | Sequence[Plate],
    *,
    subject: str = "",
    conditions: Conditions | None = None,
    rubric: Rubric | NetworkRubric | None = None,
    sheet: SampleSheet | None = None,
    quality: QualityLimits | None = None,
) -> Score | PlateScores | list[PlateScores]:
    """Score the maturity of one cell, or of the networks in the wells of a plate.

    Parameters
    ----------
    what : SweepRecording, PlateRecording, PlateSummary, FeatureTable, or sequence of them
        A recording, its measurements, or all recordings of the one cell or plate.
    subject : str, optional
        What to call the cell or the plate; the name of its first file if omitted.
    conditions : Conditions, optional
        How a cell was recorded: junction potential, seal, bias; if omitted, what the recordings say. What is
        unknown is varied, and the stage is ``indeterminate`` only if it would change.
    rubric : Rubric or NetworkRubric, optional
        What counts as mature; the built-in rubric for cells or for wells if omitted.
    sheet : SampleSheet, optional
        For plates, what was done to each well: which line it is, whether it was plated.
    quality : QualityLimits, optional
        For recordings of cells, when a sweep or a cell is excluded; the limits of the package if omitted.

    Returns
    -------
    Score, PlateScores, or list of PlateScores
        Of a cell; of a recording of a plate; of several recordings of plates, in the order given. With the evidence,
        criterion by criterion. Scoring a table equals scoring its recording.

    Raises
    ------
    TypeError
        If a rubric for wells is given for a cell, or the other way round; if limits of quality are given for a plate or
        for what has been measured already.

    Examples
    --------
    >>> import numpy as np
    >>> from mnephys.recording import Clamp
    >>> quiet = SweepRecording(np.full((1, 20000), -70.0), 20000.0, Clamp.CURRENT)
    >>> str(score(quiet).stage)
    'indeterminate'
    """
    if quality is not None and isinstance(what, (FeatureTable, PlateRecording, PlateSummary)):
        raise TypeError("limits of quality are for recordings of cells, which this is not")
    if isinstance(what, FeatureTable):
        if "well" in what.rows.level:
            return score_plates({subject or "plate": (_wells_of(what), what)}, sheet, _for_wells(rubric))[0]
        return score_table(what, subject or "cell", conditions or Conditions(), _for_cells(rubric))
    recordings = [what] if isinstance(what, (SweepRecording, PlateRecording, PlateSummary)) else list(what)
    names = _distinct([PurePath(r.provenance.path).name or "recording" for r in recordings])
    plates = {n: r for n, r in zip(names, recordings, strict=True) if not isinstance(r, SweepRecording)}
    if plates:
        if len(plates) == 1 and subject:
            plates = {subject: next(iter(plates.values()))}
        wells = {name: (plate_wells(plate.layout, plate.well_facts), extract(plate)) for name, plate in plates.items()}
        found = score_plates(wells, sheet, _for_wells(rubric))
        return found[0] if isinstance(what, (PlateRecording, PlateSummary)) else found
    cells = [r for r in recordings if isinstance(r, SweepRecording)]
    conditions = conditions or stated_conditions(cells)
    bias, seal = conditions.bias_pa, conditions.rseal_mohm
    measured = [extract(r, bias=bias, seal=seal, quality=quality) for r in cells]
    tables = [table.named(n) for table, n in zip(measured, names, strict=True)]
    name = subject or (names[0] if names else "cell")
    return score_table(FeatureTable.concatenate(tables), name, conditions, _for_cells(rubric))


def _wells_of(table: FeatureTable) -> PlateWells:
    """Return the wells that a table speaks of: of the smallest layout that holds them."""
    ids = dict.fromkeys(zip(table.rows.level, table.rows.id, strict=True))
    wells = [id_ for level, id_ in ids if level == "well"]
    labels = {id_.rpartition("_")[2] for level, id_ in ids if level == "electrode"}
    layout = layout_holding(wells, labels) or LAYOUTS["96-well"]
    return PlateWells(layout.name, tuple(wells), well_facts(table.select(level="well")))


def _for_cells(rubric: Rubric | NetworkRubric | None) -> Rubric | None:
    if isinstance(rubric, NetworkRubric):
        raise TypeError(f"the rubric {rubric.name} is for wells, and this is a cell")
    return rubric


def _for_wells(rubric: Rubric | NetworkRubric | None) -> NetworkRubric | None:
    if isinstance(rubric, Rubric):
        raise TypeError(f"the rubric {rubric.name} is for cells, and this is a plate")
    return rubric


def _distinct(names: Sequence[str]) -> list[str]:
    """Return the names, numbered where two are the same."""
    return [name if names.count(name) == 1 else f"{name}#{i}" for i, name in enumerate(names)]
