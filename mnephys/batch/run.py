"""A run: from files to the scores of all subjects."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from mnephys._version import __version__
from mnephys.batch.discover import Found
from mnephys.batch.measure import Settings, ignore, measure_all
from mnephys.batch.plates import layouts_of
from mnephys.batch.store import Entry, Store
from mnephys.batch.well_reference import add_second_opinions
from mnephys.errors import StoreError
from mnephys.maturity.activity_file import WellReference
from mnephys.maturity.derivation import Derivations
from mnephys.maturity.model import Rubric
from mnephys.maturity.parse_derivation import load_derivations
from mnephys.maturity.reference import Reference, load_reference
from mnephys.maturity.result import Score
from mnephys.maturity.rubric_set import RubricSet
from mnephys.mea.detection.settings import DetectionSettings
from mnephys.mea.plate.of_run import PlatesOfRun, quality_rows
from mnephys.measurement import FeatureTable
from mnephys.pipeline import score_subject, score_wells
from mnephys.recording import DurationSource, PlateLayout
from mnephys.samples import PlateWells, SampleSheet, Subject, group_cells, group_wells, known_samples

__all__ = ["Result", "Run", "load_run", "run"]


@dataclass(frozen=True, slots=True)
class Run:
    """What to do.

    Parameters
    ----------
    found : Found
        The recordings.
    rubrics : RubricSet
        What counts as mature, in cells and in wells.
    sheet : SampleSheet, optional
        Which recording belongs to which subject.
    name_pattern : str, optional
        How to read that from file names.
    jobs : int
        Processes to use.
    settings : Settings
        How plates and cells are measured.
    well_reference : WellReference, optional
        Gives each well a second opinion.
    """

    found: Found
    rubrics: RubricSet
    sheet: SampleSheet | None = None
    name_pattern: str | None = None
    jobs: int = 1
    settings: Settings = field(default_factory=Settings)
    well_reference: WellReference | None = None


@dataclass(frozen=True, slots=True)
class Result:
    """What came out.

    Parameters
    ----------
    table : FeatureTable
        Measurements and action potentials of all recordings.
    scores : list of dict
        One per cell, per well and recording, and per recording of a plate, as JSON wants them.
    failures : dict of str to str
        Recording and reason, for each that could not be measured.
    notes : tuple of str
        What a user should know of the sample sheet.
    document : dict
        Everything that the report is made from; its evidence is read from the store when it is asked for.
    """

    table: FeatureTable
    scores: list[dict[str, Any]]
    failures: dict[str, str]
    notes: tuple[str, ...]
    document: dict[str, Any]


def run(plan: Run, store: Store, *, done: Callable[[Entry], None] = ignore) -> Result:
    """Measure what is new, score every subject.

    Parameters
    ----------
    plan : Run
        What to do.
    store : Store
        What is known already, and where the rest goes.
    done : callable
        Called with each recording as it is there.

    Returns
    -------
    Result
        The same for the same inputs, whatever was known before.

    Raises
    ------
    SampleSheetError
        If the sample sheet or the name pattern cannot be used.
    """
    samples, notes = known_samples(plan.found.names, plan.sheet, plan.name_pattern)
    paths = {name: plan.found.paths[name] for name in samples}
    tables: dict[str, FeatureTable] = {}
    failed: dict[str, str] = {}
    plates: dict[str, PlateWells] = {}
    layouts: dict[str, PlateLayout] = {}

    def keep(entry: Entry) -> None:
        """Keep what the scores need; the evidence stays in the store."""
        if entry.error:
            failed[entry.name] = entry.error
        else:
            tables[entry.name] = entry.table
            layouts.update(layouts_of(entry.evidence))
            plates.update(_plates(entry))
        done(entry)

    measure_all(paths, samples, store, plan.settings, jobs=plan.jobs, done=keep)
    store.keep_only(set(samples))
    # They came in the order in which they were done.
    tables = dict(sorted(tables.items()))
    plates, layouts = dict(sorted(plates.items())), dict(sorted(layouts.items()))
    failures = {**plan.found.unreadable, **dict(sorted(failed.items()))}
    cells, more = group_cells([sample for name, sample in samples.items() if name not in plates])
    wells, others = group_wells(plates, plan.sheet, plan.name_pattern)
    notes += more + others + _unused_duration(plan.settings.duration, store, plates)
    notes += _unused_detection(plan.settings.detection, store, plates)
    # Read once, and only where a cell needs it.
    protocols = load_derivations() if any(sample.derivation_protocol for sample in samples.values()) else None
    reference = load_reference() if cells else None
    scored = [
        s for subject in cells if (s := _score(subject, tables, plan.rubrics.cell, protocols, reference)) is not None
    ]
    of_plates = PlatesOfRun({name: tables[name] for name in plates}, wells, layouts)
    scored += score_wells(wells, of_plates.tables, plan.rubrics.well)
    quality = FeatureTable(tuple(quality_rows(of_plates)))
    table = FeatureTable.concatenate([*tables.values(), quality])
    scores = [score.to_json() for score in scored]
    if plan.well_reference is not None:
        add_second_opinions(plan.well_reference, scores, of_plates.tables)
    document = {
        "version": __version__,
        "scores": scores,
        "failures": [{"recording": name, "error": error} for name, error in failures.items()],
        "rubrics": _rubrics(plan.rubrics, {score.level for score in scored}),
        "notes": list(notes),
        "quality": asdict(plan.settings.quality),
        "plate_quality": quality.records(),
        "samples": {name: sample.facts() for name, sample in samples.items()},
    }
    store.set_meta("document", json.dumps(document))
    return Result(table, scores, failures, tuple(notes), {**document, "evidence": store.evidence()})


def load_run(store: Store) -> dict[str, Any]:
    """Return what the report of an earlier run is made from.

    Parameters
    ----------
    store : Store
        Of that run.

    Returns
    -------
    dict
        As `Result.document`; empty where the run never ended.

    Raises
    ------
    StoreError
        If what was kept is damaged.
    """
    kept = store.meta("document")
    if not kept:
        return {}
    try:
        return {**json.loads(kept), "evidence": store.evidence()}
    except (ValueError, TypeError) as error:
        raise StoreError(f"{store.path}: what is kept is damaged; run `mnephys score` again") from error


def _plates(entry: Entry) -> dict[str, PlateWells]:
    """Return the wells of a recording, if it is of a plate."""
    return {
        name: PlateWells(layout.name, layout.wells, entry.evidence[name]["well_facts"])
        for name, layout in layouts_of(entry.evidence).items()
    }


def _unused_duration(duration: float | None, store: Store, plates: Mapping[str, PlateWells]) -> list[str]:
    """Return a sentence where a duration that the user stated was not needed."""
    if duration is None:
        return []
    evidence = store.evidence()
    stated = [name for name in plates if evidence[name].get("duration_source") == DurationSource.STATED]
    if not stated:
        return []
    return [f"--duration was not used for {len(stated)} of {len(plates)} plate recordings, whose files state their own"]


def _unused_detection(detection: DetectionSettings, store: Store, plates: Mapping[str, PlateWells]) -> list[str]:
    """Return a sentence where settings of spike detection that the user stated were not needed."""
    if detection == DetectionSettings():
        return []
    evidence = store.evidence()
    held = [name for name in plates if not evidence[name].get("detection")]
    if not held:
        return []
    whose = "whose files hold spikes or the numbers made of them"
    return [f"--detection was not used for {len(held)} of {len(plates)} plate recordings, {whose}"]


def _rubrics(rubrics: RubricSet, levels: set[str]) -> dict[str, dict[str, str]]:
    """Return what identifies the rubrics that scored something."""
    return {
        scale.level: {**scale.identification, "title": scale.title, "note": scale.note}
        for scale in (rubrics.cell, rubrics.well)
        if scale.level in levels
    }


def _score(
    subject: Subject,
    tables: dict[str, FeatureTable],
    rubric: Rubric,
    protocols: Derivations | None,
    reference: Reference | None,
) -> Score | None:
    """Return the score of a cell, or None where not one of its recordings could be read."""
    measured = {name: sample for name, sample in zip(subject.names, subject.samples, strict=True) if name in tables}
    if not measured:
        return None
    table = FeatureTable.concatenate(tables[name] for name in measured)
    return score_subject(table, subject.id, list(measured.values()), rubric, protocols, reference)
