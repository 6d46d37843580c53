"""A run: from files to the scores of all subjects."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from mnephys._version import __version__
from mnephys.batch.discover import Found
from mnephys.batch.measure import ignore, measure_all
from mnephys.batch.store import Entry, Store
from mnephys.errors import StoreError
from mnephys.maturity.model import Rubric
from mnephys.measurement import FeatureTable
from mnephys.pipeline import score_subject
from mnephys.samples import SampleSheet, Subject, group_subjects

__all__ = ["Result", "Run", "load_run", "run"]


@dataclass(frozen=True, slots=True)
class Run:
    """What to do.

    Parameters
    ----------
    found : Found
        The recordings.
    rubric : Rubric
        What counts as mature.
    sheet : SampleSheet, optional
        Which recording belongs to which subject.
    name_pattern : str, optional
        How to read that from file names.
    jobs : int
        Processes to use.
    """

    found: Found
    rubric: Rubric
    sheet: SampleSheet | None = None
    name_pattern: str | None = None
    jobs: int = 1


@dataclass(frozen=True, slots=True)
class Result:
    """What came out.

    Parameters
    ----------
    table : FeatureTable
        Measurements and action potentials of all recordings.
    scores : list of dict
        One per subject, as JSON wants them.
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
    subjects, notes = group_subjects(plan.found.names, plan.sheet, plan.name_pattern)
    samples = {name: sample for s in subjects for name, sample in zip(s.names, s.samples, strict=True)}
    paths = {name: plan.found.paths[name] for name in samples}
    measure_all(paths, samples, store, jobs=plan.jobs, done=done)
    store.keep_only(set(samples))
    tables = {entry.name: entry.table for entry in store if not entry.error}
    failures = {**plan.found.unreadable, **{entry.name: entry.error for entry in store if entry.error}}
    scores = [s for subject in subjects if (s := _score(subject, tables, plan.rubric)) is not None]
    table = FeatureTable.concatenate(tables.values())
    rubric = {"name": plan.rubric.name, "version": plan.rubric.version, "sha256": plan.rubric.sha256}
    document = {
        "version": __version__,
        "scores": scores,
        "failures": [{"recording": name, "error": error} for name, error in failures.items()],
        "rubric": {**rubric, "title": plan.rubric.title},
        "notes": list(notes),
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


def _score(subject: Subject, tables: dict[str, FeatureTable], rubric: Rubric) -> dict[str, Any] | None:
    """Return the score of a subject, or None where not one of its recordings could be read."""
    measured = {name: sample for name, sample in zip(subject.names, subject.samples, strict=True) if name in tables}
    if not measured:
        return None
    table = FeatureTable.concatenate(tables[name] for name in measured)
    return score_subject(table, subject.id, list(measured.values()), rubric).to_json()
