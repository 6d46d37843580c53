"""The subjects of an earlier run, scored again by another rubric: no recording is read."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mnephys.batch.plates import plates_of_run
from mnephys.batch.store import Store
from mnephys.errors import StoreError
from mnephys.maturity.model import Rubric
from mnephys.maturity.network_rubric import NetworkRubric
from mnephys.maturity.parse_derivation import load_derivations
from mnephys.measurement import FeatureTable
from mnephys.pipeline import score_subject, score_wells
from mnephys.samples import Sample, group_cells

__all__ = ["score_again"]


def score_again(store: Store, document: Mapping[str, Any], rubric: Rubric | NetworkRubric) -> list[dict[str, Any]]:
    """Score what an earlier run measured.

    Parameters
    ----------
    store : Store
        Of the run.
    document : mapping
        As `mnephys.batch.run.load_run` gives it.
    rubric : Rubric or NetworkRubric
        For cells, or for wells: the others are left out.

    Returns
    -------
    list of dict
        As `Score.to_json` gives them, in an order that does not depend on the rubric.

    Raises
    ------
    StoreError
        If what was kept is damaged.
    """
    if isinstance(rubric, Rubric):
        return _cells(store, document, rubric)
    plates = plates_of_run(store, document)
    return [score.to_json() for score in score_wells(plates.subjects, plates.tables, rubric)]


def _cells(store: Store, document: Mapping[str, Any], rubric: Rubric) -> list[dict[str, Any]]:
    try:
        of_plates = {str(score["recording"]) for score in document["scores"] if score["level"] != "cell"}
        samples = [Sample(name, **facts) for name, facts in document["samples"].items() if name not in of_plates]
        tables = {entry.name: entry.table for entry in store if not entry.error and entry.name not in of_plates}
        subjects, _ = group_cells(samples)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise StoreError(f"{store.path}: what is kept is damaged; run `mnephys score` again") from error
    protocols = load_derivations()
    found = []
    for subject in subjects:
        measured = {n: sample for n, sample in zip(subject.names, subject.samples, strict=True) if n in tables}
        if measured:
            table = FeatureTable.concatenate(tables[name] for name in measured)
            found.append(score_subject(table, subject.id, list(measured.values()), rubric, protocols).to_json())
    return found
