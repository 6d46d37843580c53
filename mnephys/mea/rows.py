"""Columns of numbers as rows of the tidy table, thousands at a time."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import chain, repeat
from typing import Any

from mnephys.measurement import Feature, Measurement, Rows, Status
from mnephys.recording import FloatArray

__all__ = ["Column", "Places", "by_place", "categories", "column", "measured", "without_duration"]


@dataclass(frozen=True, slots=True)
class Places:
    """The electrodes or the wells that a column has an entry for.

    Parameters
    ----------
    level : str
        ``electrode`` or ``well``.
    ids : tuple of str
        Their names.
    excluded : tuple of str
        Why each is not judged; empty where it is.
    """

    level: str
    ids: tuple[str, ...]
    excluded: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Column:
    """What one feature is at every place; the parts are those of `mnephys.measurement.Measurement`.

    Parameters
    ----------
    feature : Feature
        What was measured.
    value : sequence of float or None, length n_places
        In the feature's unit.
    text : sequence of str, length n_places
        Of a category.
    status : sequence of Status, length n_places
        Whether it was measured.
    reason : sequence of str, length n_places
        Why not, or a remark.
    """

    feature: Feature
    value: Sequence[float | None]
    text: Sequence[str]
    status: Sequence[Status]
    reason: Sequence[str]


def by_place(places: Places, columns: Sequence[Column]) -> Rows:
    """Return the rows of all columns, those of one place together.

    Parameters
    ----------
    places : Places
        Where.
    columns : sequence of Column
        With an entry for each place.

    Returns
    -------
    Rows
        In the order of the places, at each place in that of the columns.

    Examples
    --------
    >>> import numpy as np
    >>> cv = Feature("isi_cv", "1", ("well",), "Regularity", "mnephys")
    >>> places = Places("well", ("A1", "A2"), ("", ""))
    >>> firing = categories(cv, places, ["regular", "random"])
    >>> [row.id for row in by_place(places, [firing, column(cv, places, np.array([0.5, 1.0]), "")])]
    ['A1', 'A1', 'A2', 'A2']
    """
    n = len(places.ids)
    return Rows.checked(
        tuple(each.feature.name for each in columns) * n,
        _in_turn(each.value for each in columns),
        _in_turn(each.text for each in columns),
        tuple(each.feature.unit for each in columns) * n,
        _in_turn(each.status for each in columns),
        _in_turn(each.reason for each in columns),
        (places.level,) * (n * len(columns)),
        tuple(chain.from_iterable(repeat(id_, len(columns)) for id_ in places.ids)),
        ("",) * (n * len(columns)),
    )


def _in_turn(parts: Iterable[Sequence[Any]]) -> tuple[Any, ...]:
    return tuple(chain.from_iterable(zip(*parts, strict=True)))


def measured(feature: Feature, rows: Sequence[Measurement]) -> Column:
    """Return as a column what was measured place by place.

    Parameters
    ----------
    feature : Feature
        What was measured.
    rows : sequence of Measurement
        One for each place, in their order.

    Returns
    -------
    Column
        Of the same.
    """
    kept = Rows.of(rows)
    return Column(feature, kept.value, kept.text, kept.status, kept.reason)


def categories(feature: Feature, places: Places, texts: Sequence[str], remarks: Sequence[str] = ()) -> Column:
    """Return a column of categories.

    Parameters
    ----------
    feature : Feature
        What was measured.
    places : Places
        Where.
    texts : sequence of str, length n_places
        The category of each place that is judged.
    remarks : sequence of str, length n_places, optional
        Stand beside the categories.

    Returns
    -------
    Column
        Without a category where the place is excluded.

    Examples
    --------
    >>> active = Feature("qc_electrode", "1", ("electrode",), "Activity", "mnephys")
    >>> categories(active, Places("electrode", ("A1_11", "A1_12"), ("", "off")), ["active", "silent"]).text
    ['active', '']
    """
    excluded = places.excluded
    return Column(
        feature,
        [None] * len(texts),
        ["" if out else text for out, text in zip(excluded, texts, strict=True)],
        [Status.EXCLUDED if out else Status.OK for out in excluded],
        [out or remark for out, remark in zip(excluded, remarks or [""] * len(texts), strict=True)],
    )


def column(feature: Feature, places: Places, values: FloatArray, why_not: str, remark: str = "") -> Column:
    """Return a column of numbers.

    Parameters
    ----------
    feature : Feature
        What was measured.
    places : Places
        Where.
    values : ndarray, float, shape (n_places,)
        In the feature's unit; NaN where it is not defined.
    why_not : str
        Why it is not defined where it is not.
    remark : str
        Stands beside every number.

    Returns
    -------
    Column
        Without a number where it is not defined, and where the place is excluded.

    Examples
    --------
    >>> import numpy as np
    >>> cv = Feature("isi_cv", "1", ("electrode",), "Regularity", "mnephys")
    >>> places = Places("electrode", ("A1_11", "A1_12"), ("", ""))
    >>> [status.value for status in column(cv, places, np.array([0.5, np.nan]), "fewer than 3 spikes").status]
    ['ok', 'too_few_events']
    """
    low, high = feature.plausible
    plain = (values >= low) & (values <= high)
    numbers, texts = values.tolist(), [""] * values.size
    if plain.all() and not any(places.excluded):
        return Column(feature, numbers, texts, [Status.OK] * values.size, [remark] * values.size)
    found = [
        (number, Status.OK, remark) if fine and not out else _without(feature, number, out, why_not)
        for out, number, fine in zip(places.excluded, numbers, plain.tolist(), strict=True)
    ]
    value, status, reason = zip(*found, strict=True)
    return Column(feature, value, texts, status, reason)


def _without(feature: Feature, value: float, excluded: str, why_not: str) -> tuple[float | None, Status, str]:
    """Return value, status and reason of what is no plain number."""
    if excluded:
        return None, Status.EXCLUDED, excluded
    if math.isnan(value):
        return None, Status.TOO_FEW_EVENTS, why_not
    row = feature.measured(value)
    return row.value, row.status, row.reason


def without_duration(feature: Feature, places: Places, values: FloatArray, why_not: str, span: float) -> Column:
    """Return the column of a rate of which nobody knows the time that it is over.

    Parameters
    ----------
    feature : Feature
        A rate.
    places : Places
        Where.
    values : ndarray, float, shape (n_places,)
        What it would be over the span; NaN where it is not defined, or the span is 0.
    why_not : str
        Why it is not defined where it is not.
    span : float
        From the first to the last spike of the plate, in s.

    Returns
    -------
    Column
        Without a value; what it would be is in the reason.

    Examples
    --------
    >>> import numpy as np
    >>> rate = Feature("mean_firing_rate", "Hz", ("well",), "Spikes per second", "mnephys")
    >>> without_duration(rate, Places("well", ("A1",), ("",)), np.array([1.5]), "no spike", 600.0).reason[0]
    'the file states no duration: over the 600 s from first to last spike it would be 1.5 Hz; give --duration'
    """
    known = f"the file states no duration: over the {span:.6g} s from first to last spike it would be "
    nothing = "the file states no duration, and its spikes span none; give --duration"
    found = [
        (Status.EXCLUDED, out)
        if out
        else (Status.NOT_APPLICABLE, nothing)
        if not span > 0
        else (Status.TOO_FEW_EVENTS, why_not)
        if math.isnan(value)
        else (Status.NOT_APPLICABLE, f"{known}{value:.6g} {feature.unit}; give --duration")
        for out, value in zip(places.excluded, values.tolist(), strict=True)
    ]
    n = values.size
    return Column(feature, [None] * n, [""] * n, [status for status, _ in found], [why for _, why in found])
