"""Scoring the wells of plates: which measurements belong to which well, and what was stated about it."""

from __future__ import annotations

import html
import warnings
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from mnephys.maturity.network_rubric import NetworkRubric
from mnephys.maturity.network_score import score_networks
from mnephys.maturity.result import Score
from mnephys.maturity.well_case import WellCase
from mnephys.measurement import FeatureTable, Measurement, Rows
from mnephys.recording import PlateLayout
from mnephys.samples import PlateWells, SampleSheet, Subject, group_wells

__all__ = ["PlateScores", "plate_wells", "score_plates", "score_wells"]


@dataclass(frozen=True, slots=True, repr=False)
class PlateScores(Mapping[str, Score]):
    """The scores of one recording of a plate: a mapping from well to score.

    Parameters
    ----------
    plate : Score
        The verdict on the plate.
    wells : mapping of str to Score
        Every well of the plate, row by row, scored or not.

    Examples
    --------
    >>> from mnephys.maturity.well_case import WellCase
    >>> well, plate = score_networks([WellCase("p A1", "p", "A1", "p.csv", {"plated": False}, {}, {})])
    >>> PlateScores(plate, {"A1": well})["A1"].reasons
    ('Not plated, as was stated.',)
    """

    plate: Score
    wells: Mapping[str, Score]

    def __getitem__(self, well: str) -> Score:
        return self.wells[well]

    def __iter__(self) -> Iterator[str]:
        return iter(self.wells)

    def __len__(self) -> int:
        return len(self.wells)

    def to_json(self) -> list[dict[str, Any]]:
        """Return it as JSON wants it.

        Returns
        -------
        list of dict
            One entry per well, then that of the plate.
        """
        return [score.to_json() for score in (*self.wells.values(), self.plate)]

    def __repr__(self) -> str:
        return repr(self.plate)

    def _repr_html_(self) -> str:
        rows = "".join(
            f"<tr><th>{html.escape(well)}</th><td>{html.escape(str(score.network_stage))}</td>"
            f"<td>{'' if score.maturity_index is None else f'{score.maturity_index:.2f}'}</td>"
            f"<td>{html.escape(score.reasons[0])}</td></tr>"
            for well, score in self.wells.items()
        )
        head = "".join(f"<th>{name}</th>" for name in ("well", "network", "index", "main reason"))
        lines = "".join(f"<li>{html.escape(reason)}</li>" for reason in self.plate.reasons)
        return (
            f"<div><b>{html.escape(self.plate.subject)}</b><ul>{lines}</ul>"
            f"<table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table></div>"
        )


def plate_wells(layout: PlateLayout, facts: Mapping[str, Mapping[str, str]]) -> PlateWells:
    """Return the wells of a recording as the sample sheet wants them.

    Parameters
    ----------
    layout : PlateLayout
        Of the plate.
    facts : mapping of str to mapping of str to str
        What the file says of each well.

    Returns
    -------
    PlateWells
        All that the plate has.

    Examples
    --------
    >>> from mnephys.recording import LAYOUTS
    >>> plate_wells(LAYOUTS["6-well"], {}).wells
    ('A1', 'A2', 'A3', 'B1', 'B2', 'B3')
    """
    return PlateWells(layout.name, layout.wells, facts)


def score_wells(
    subjects: Sequence[Subject], tables: Mapping[str, FeatureTable], rubric: NetworkRubric | None = None
) -> list[Score]:
    """Score wells that were recorded once or on several days, and the plates that they are on.

    Parameters
    ----------
    subjects : sequence of Subject
        The wells, as `mnephys.samples.group_wells` joins them.
    tables : mapping of str to FeatureTable
        The measurements of each recording, by its name.
    rubric : NetworkRubric, optional
        What counts; the built-in one if omitted.

    Returns
    -------
    list of Score
        One for each well and recording, then one for each recording of a plate.
    """
    rows = {name: _by_place(table) for name, table in tables.items()}
    cases = [
        WellCase(
            subject=subject.id,
            plate=subject.plate,
            well=sample.well,
            recording=name,
            sample=sample.facts(),
            rows=rows[name].get(("well", sample.well), {}),
            plate_rows=rows[name].get(("plate", ""), {}),
        )
        for subject in subjects
        for name, sample in zip(subject.names, subject.samples, strict=True)
        if name in rows
    ]
    return score_networks(cases, rubric)


def score_plates(
    plates: Mapping[str, tuple[PlateWells, FeatureTable]],
    sheet: SampleSheet | None = None,
    rubric: NetworkRubric | None = None,
) -> list[PlateScores]:
    """Score recordings of plates.

    Parameters
    ----------
    plates : mapping of str to tuple of (PlateWells, FeatureTable)
        Wells and measurements of each recording, by its name.
    sheet : SampleSheet, optional
        What was done to each well. Recordings of one plate on several days become one subject by it.
    rubric : NetworkRubric, optional
        What counts; the built-in one if omitted.

    Returns
    -------
    list of PlateScores
        One per recording, in the order given.

    Warns
    -----
    UserWarning
        For each thing in the sheet that does not fit the plates; the wells that fit are scored all the same.
    """
    subjects, problems = group_wells({name: wells for name, (wells, _) in plates.items()}, sheet)
    for problem in problems:
        warnings.warn(problem, stacklevel=3)
    found = score_wells(subjects, {name: table for name, (_, table) in plates.items()}, rubric)
    verdicts = {score.recording: score for score in found if score.level == "plate"}
    return [
        PlateScores(verdicts[name], {s.id: s for s in found if s.level == "well" and s.recording == name})
        for name in plates
    ]


@dataclass(frozen=True, slots=True)
class _ByFeature(Mapping[str, Measurement]):
    """Some rows of a table by feature: a score looks at few of those of a well."""

    rows: Rows
    place: Mapping[str, int]

    def __getitem__(self, feature: str) -> Measurement:
        return self.rows[self.place[feature]]

    def __iter__(self) -> Iterator[str]:
        return iter(self.place)

    def __len__(self) -> int:
        return len(self.place)


def _by_place(table: FeatureTable) -> dict[tuple[str, str], _ByFeature]:
    """Return the rows of plate and wells by level and id, then by feature; the first of each counts."""
    rows, found = table.rows, dict[tuple[str, str], dict[str, int]]()
    for i, (level, id_, feature) in enumerate(zip(rows.level, rows.id, rows.feature, strict=True)):
        if level in {"well", "plate"}:
            found.setdefault((level, id_), {}).setdefault(feature, i)
    return {at: _ByFeature(rows, place) for at, place in found.items()}
