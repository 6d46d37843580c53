"""The second opinion on wells: learnt from the control wells of earlier runs, given to the wells of another."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from mnephys.errors import ReferenceSetError
from mnephys.maturity.activity_file import WellReference
from mnephys.maturity.activity_score import WellActivity, fit_activity, score_activity
from mnephys.measurement import FeatureTable, Measurement
from mnephys.recording import FloatArray
from mnephys.samples.treatments import is_untreated

__all__ = ["KEY", "WellMetrics", "add_second_opinions", "control_wells", "gather_metrics", "learn_from_wells"]

KEY = "second_opinion"
"""Where the record of a score holds it."""

_YES, _NO = frozenset({"yes", "true", "1"}), frozenset({"no", "false", "0"})
_ACTIVE = "active_electrode_count"
_AGES = ("div", "day_of_differentiation")

Record = Mapping[str, Any]


@dataclass(frozen=True, slots=True, eq=False)
class WellMetrics:
    """All metrics of some wells.

    Parameters
    ----------
    wells : sequence of mapping
        The score record of each.
    names : list of str
        Of the metrics: every number of the level of wells but counts, which follow the length of a recording and the
        kind of plate, and quality.
    units : dict of str to str
        Of each metric.
    values : ndarray, float, shape (n_wells, n_metrics)
        NaN where one was not measured.
    active : ndarray, float, shape (n_wells,)
        Number of active electrodes.
    """

    wells: Sequence[Record]
    names: list[str]
    units: dict[str, str]
    values: FloatArray
    active: FloatArray


def gather_metrics(wells: Sequence[Record], tables: Mapping[str, FeatureTable]) -> WellMetrics:
    """Return the metrics of wells.

    Parameters
    ----------
    wells : sequence of mapping
        Score records of wells.
    tables : mapping of str to FeatureTable
        The measurements of each recording, by its name.

    Returns
    -------
    WellMetrics
        A row for each record, in the order given; metrics by name.

    Examples
    --------
    >>> rate = Measurement("mean_firing_rate", 2.0, "", "Hz", level="well", id="A1")
    >>> found = gather_metrics([{"recording": "a.csv", "id": "A1"}], {"a.csv": FeatureTable((rate,))})
    >>> found.names, found.values.tolist()
    (['mean_firing_rate'], [[2.0]])
    """
    at = {(well["recording"], well["id"]): i for i, well in enumerate(wells)}
    measured = [
        (at[name, row.id], row)
        for name, table in tables.items()
        for row in table
        if row.level == "well" and row.ok and row.value is not None and (name, row.id) in at
    ]
    units = {row.feature: row.unit for _, row in reversed(measured) if _is_metric(row)}
    names = sorted(units)
    column = {name: i for i, name in enumerate(names)}
    values, active = np.full((len(wells), len(names)), np.nan), np.full(len(wells), np.nan)
    # Backwards, so that the first of several rows counts.
    for i, row in reversed(measured):
        if row.feature == _ACTIVE:
            active[i] = row.value
        elif units.get(row.feature) == row.unit:
            values[i, column[row.feature]] = row.value
    return WellMetrics(wells, names, units, values, active)


def control_wells(wells: Iterable[Record]) -> tuple[list[Record], str]:
    """Return the wells to learn from.

    Parameters
    ----------
    wells : iterable of mapping
        Score records of any level.

    Returns
    -------
    wells : list of mapping
        Untreated wells that were scored and that the sample sheet calls a control; where it calls none so, all that it
        does not call none.
    note : str
        A sentence, where it calls none so.

    Examples
    --------
    >>> well = {"level": "well", "status": "ok", "maturity_index": 0.5, "sample": {}}
    >>> found, note = control_wells([{**well, "sample": {"control": "yes"}}, well, {**well, "level": "plate"}])
    >>> len(found), note
    (1, '')
    """
    scored = [
        well
        for well in wells
        if well.get("level") == "well" and well.get("status") == "ok" and well.get("maturity_index") is not None
    ]
    untreated = [well for well in scored if is_untreated(_said(well, "treatment"), well["sample"].get("dose"))]
    named = [well for well in untreated if _said(well, "control") in _YES]
    if named:
        return named, ""
    others = [well for well in untreated if _said(well, "control") not in _NO]
    return others, f"no well is called a control: learnt from all {len(others)} untreated wells and days"


def learn_from_wells(metrics: WellMetrics, name: str) -> WellReference:
    """Learn the second opinion.

    Parameters
    ----------
    metrics : WellMetrics
        Of control wells.
    name : str
        For the reference.

    Returns
    -------
    WellReference
        Not yet in a file.

    Raises
    ------
    ReferenceSetError
        If there are too few wells or metrics, or nothing says what is more mature.

    Examples
    --------
    >>> learn_from_wells(gather_metrics([], {}), "mine")
    Traceback (most recent call last):
    mnephys.errors.ReferenceSetError: there is no control well to learn from; say which wells are controls in the sheet
    """
    if not metrics.wells:
        raise ReferenceSetError("there is no control well to learn from; say which wells are controls in the sheet")
    ages = {key: np.array([_number(well, key) for well in metrics.wells]) for key in _AGES}
    age = max(ages.values(), key=lambda known: int(np.isfinite(known).sum()))
    model = fit_activity(metrics.values, metrics.names, age=age, active=metrics.active)
    return WellReference(name, model, {metric: metrics.units[metric] for metric in model.names})


def add_second_opinions(
    reference: WellReference, scores: Iterable[dict[str, Any]], tables: Mapping[str, FeatureTable]
) -> None:
    """Write the second opinion into the records of wells that were scored.

    Parameters
    ----------
    reference : WellReference
        Learnt from control wells.
    scores : iterable of dict
        Score records; those of wells get `KEY`. Nothing else in them changes.
    tables : mapping of str to FeatureTable
        The measurements of each recording, by its name.

    Examples
    --------
    >>> well = {"level": "well", "recording": "a.csv", "id": "A1", "maturity_index": None}
    >>> add_second_opinions(None, [well], {})
    >>> well[KEY] is None
    True
    """
    wells = [score for score in scores if score["level"] == "well"]
    for well in wells:
        well[KEY] = None
    scored = [well for well in wells if well["maturity_index"] is not None]
    if not scored:
        return
    found = gather_metrics(scored, tables)
    # Numbers in another unit than that of the control wells are not theirs.
    alike = [i for i, name in enumerate(found.names) if found.units[name] == reference.units.get(name)]
    opinions = score_activity(reference.model, found.values[:, alike], [found.names[i] for i in alike])
    for well, opinion in zip(scored, opinions, strict=True):
        well[KEY] = _record(opinion, reference)


def _record(opinion: WellActivity, reference: WellReference) -> dict[str, Any]:
    return {
        "score": None if opinion.score is None else round(opinion.score, 6),
        "uncertainty": None if opinion.uncertainty is None else round(opinion.uncertainty, 6),
        "status": str(opinion.status),
        "reason": opinion.reason,
        "measured": opinion.measured,
        "metrics": opinion.metrics,
        "reference": reference.identification,
    }


def _is_metric(row: Measurement) -> bool:
    return not row.feature.endswith("_count") and not row.feature.startswith("qc_")


def _said(well: Record, key: str) -> str:
    return str(well["sample"].get(key, "")).strip().lower()


def _number(well: Record, key: str) -> float:
    value = well["sample"].get(key)
    return float(value) if isinstance(value, int | float) else np.nan
