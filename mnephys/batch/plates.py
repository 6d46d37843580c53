"""The plates of a run, from what the run kept: no recording is read again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from typing import Any

from mnephys.batch.store import Store
from mnephys.errors import StoreError
from mnephys.mea.plate.of_run import PlatesOfRun
from mnephys.recording import PlateLayout
from mnephys.samples import Sample, Subject

__all__ = ["layouts_of", "plates_of_run"]

_TEXTS = tuple(item.name for item in fields(Sample) if item.default == "")


def layouts_of(evidence: Mapping[str, Mapping[str, Any]]) -> dict[str, PlateLayout]:
    """Return the layouts of the recordings of plates.

    Parameters
    ----------
    evidence : mapping of str to mapping
        Evidence records by recording.

    Returns
    -------
    dict of str to PlateLayout
        By recording; those of cells are left out.

    Examples
    --------
    >>> layout = {"name": "6-well", "rows": 2, "columns": 3, "labels": ["11"]}
    >>> layouts_of({"a.csv": {"kind": "plate", "layout": layout}, "b.abf": {"kind": "sweeps"}})["a.csv"].wells[:2]
    ('A1', 'A2')
    """
    found = {}
    for name, record in evidence.items():
        if record.get("kind") == "plate":
            stated = record["layout"]
            found[name] = PlateLayout(stated["name"], stated["rows"], stated["columns"], tuple(stated["labels"]))
    return found


def plates_of_run(store: Store, document: Mapping[str, Any]) -> PlatesOfRun:
    """Return the plates of a run with what was measured and stated about their wells.

    Parameters
    ----------
    store : Store
        Of the run.
    document : mapping
        As `mnephys.batch.run.load_run` gives it.

    Returns
    -------
    PlatesOfRun
        Empty where the run had no plate.

    Raises
    ------
    StoreError
        If what was kept is damaged.
    """
    try:
        wells = [score for score in document["scores"] if score["level"] == "well"]
        names = {str(score["recording"]) for score in wells}
        entries = {entry.name: entry for entry in store if entry.name in names}
        tables = {name: entries[name].table for name in sorted(names)}
        layouts = {key: at for entry in entries.values() for key, at in layouts_of(entry.evidence).items()}
        return PlatesOfRun(tables, [_well(score) for score in wells], layouts)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise StoreError(f"{store.path}: what is kept is damaged; run `mnephys score` again") from error


def _well(score: Mapping[str, Any]) -> Subject:
    facts = dict(score["sample"])
    if not all(isinstance(facts.get(name, ""), str) for name in _TEXTS):
        raise TypeError("what was stated in words is no text")
    sample = Sample(score["recording"], **{**facts, "well": score["id"]})
    return Subject(score["subject"], "well", (sample.recording,), (sample,), sample.plate or sample.recording)
