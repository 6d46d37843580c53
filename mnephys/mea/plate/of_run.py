"""The plates of a run: what each plate does to its wells, and every feature of its wells by treatment and dose."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase

import numpy as np

from mnephys.errors import SampleSheetError
from mnephys.mea.plate import quality
from mnephys.mea.plate.normalise import to_baseline
from mnephys.mea.plate.sheet import well_values
from mnephys.mea.plate.wells import Wells
from mnephys.measurement import FeatureTable, Measurement, Status
from mnephys.recording import BoolArray, PlateLayout
from mnephys.samples import Subject
from mnephys.wording import nearest, one_line

__all__ = ["FEATURES", "JUDGED", "PlatesOfRun", "left_out", "quality_rows", "wells_of_run"]

JUDGED = ("weighted_mean_firing_rate", "active_electrode_count")
"""What the edge of a plate and its control wells are judged by."""

FEATURES = quality.FEATURES
"""The features that `quality_rows` gives."""

_CONTROLS = ("control_cv", "qc_control_cv")


@dataclass(frozen=True, slots=True, repr=False, eq=False)
class PlatesOfRun:
    """All recordings of plates of a run.

    Parameters
    ----------
    tables : mapping of str to FeatureTable
        The measurements of each recording, by its name.
    subjects : sequence of Subject
        The wells, with what was stated about each.
    layouts : mapping of str to PlateLayout
        Of each recording.
    """

    tables: Mapping[str, FeatureTable]
    subjects: Sequence[Subject]
    layouts: Mapping[str, PlateLayout]

    def of_wells(self) -> PlatesOfRun:
        """Return the same with the measurements of wells alone.

        Returns
        -------
        PlatesOfRun
            Of which one feature is found sooner.
        """
        kept = {name: FeatureTable(tuple(table.select(level="well"))) for name, table in self.tables.items()}
        return replace(self, tables=kept)


def quality_rows(plates: PlatesOfRun) -> list[Measurement]:
    """Look for what each plate does to its wells.

    Parameters
    ----------
    plates : PlatesOfRun
        The recordings.

    Returns
    -------
    list of Measurement
        The rows of `mnephys.mea.plate.quality.plate_quality`, by `JUDGED`, sorted by recording. Where the sheet says
        nothing that sets one well apart from the others, no well is a control, and nothing is said of controls.

    Examples
    --------
    >>> quality_rows(PlatesOfRun({}, (), {}))
    []
    """
    wells = plates.of_wells()
    active, *_ = judged = [
        well_values(name, wells.tables, wells.subjects) for name in ("active_electrode_count", *JUDGED)
    ]
    rows = quality.plate_quality(active, judged[1:], plates.layouts)
    undivided = _undivided(active)
    rows = [_without_controls(row) if row.recording in undivided else row for row in rows]
    return sorted(rows, key=lambda row: row.recording)


def wells_of_run(plates: PlatesOfRun, baseline: str = "") -> Iterator[Wells]:
    """Yield every feature of wells that was measured as a number.

    Parameters
    ----------
    plates : PlatesOfRun
        The recordings.
    baseline : str
        Name of the recordings before treatment, where ``*`` stands for anything; with it every value is in percent of
        the same well of the same plate there.

    Yields
    ------
    Wells
        Feature by feature, in the order of the tables.

    Raises
    ------
    SampleSheetError
        If no recording has such a name, or all have.

    Examples
    --------
    >>> list(wells_of_run(PlatesOfRun({}, (), {})))
    []
    """
    wells = plates.of_wells()
    before = {name for name in wells.tables if fnmatchcase(name, baseline)} if baseline else set()
    if baseline and not before:
        raise SampleSheetError(
            one_line(f"no recording of a plate is called {baseline!r}; {nearest(baseline, wells.tables)}")
        )
    if baseline and len(before) == len(wells.tables):
        raise SampleSheetError(one_line(f"every recording is called {baseline!r}; name those before treatment alone"))
    names = {row.feature: None for table in wells.tables.values() for row in table if row.value is not None}
    for name in names:
        found = well_values(name, wells.tables, wells.subjects)
        yield to_baseline(found, np.isin(found.recording, sorted(before)), "percent") if before else found


def left_out(plates: PlatesOfRun) -> dict[str, str]:
    """Return the features of wells that `wells_of_run` leaves out, as no well of any recording has a value.

    Parameters
    ----------
    plates : PlatesOfRun
        The recordings.

    Returns
    -------
    dict of str to str
        By feature, the reason that the first of its wells has. What is told in words and not in numbers is no feature
        that could be compared, and is not among them.

    Examples
    --------
    >>> rate = Measurement("rate", None, "", "Hz", Status.NOT_APPLICABLE, "it has no duration", "well", "A1")
    >>> left_out(PlatesOfRun({"a.csv": FeatureTable((rate,))}, (), {}))
    {'rate': 'it has no duration'}
    """
    rows = [row for table in plates.of_wells().tables.values() for row in table]
    told = {row.feature for row in rows if row.value is not None or row.text}
    found: dict[str, str] = {}
    for row in rows:
        if row.feature not in told:
            found.setdefault(row.feature, row.reason)
    return found


def _undivided(wells: Wells) -> set[str]:
    """Return the recordings of which every well may be a control and none is said to have had anything."""
    said: BoolArray = ~wells.control | (wells.treatment != "")
    # A well that was not plated is no control, and says nothing of the others.
    plated = np.array([status is not Status.EXCLUDED for status in wells.status], dtype=bool)
    return set(wells.recording.tolist()) - set(wells.recording[said & plated].tolist())


def _without_controls(row: Measurement) -> Measurement:
    if row.feature not in _CONTROLS:
        return row
    why = "nobody stated which wells are controls"
    return replace(row, value=None, text="", status=Status.NOT_APPLICABLE, reason=why)
