"""Columns of numbers as rows of the tidy table, thousands at a time."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mnephys.measurement import Feature, Measurement, Status
from mnephys.recording import FloatArray

__all__ = ["Places", "column", "without_duration"]


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


def column(feature: Feature, places: Places, values: FloatArray, why_not: str, remark: str = "") -> list[Measurement]:
    """Return one row per place.

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
    list of Measurement
        In the order of the places.

    Examples
    --------
    >>> import numpy as np
    >>> cv = Feature("isi_cv", "1", ("electrode",), "Regularity", "mnephys")
    >>> places = Places("electrode", ("A1_11", "A1_12"), ("", ""))
    >>> [row.status.value for row in column(cv, places, np.array([0.5, np.nan]), "fewer than 3 spikes")]
    ['ok', 'too_few_events']
    """
    low, high = feature.plausible
    plain = ((values >= low) & (values <= high)).tolist()
    name, unit, level, status = feature.name, feature.unit, places.level, Status.OK
    return [
        Measurement(name, value, "", unit, status, remark, level, id_)
        if fine and not excluded
        else _other(feature, value, why_not, excluded, level, id_)
        for id_, excluded, value, fine in zip(places.ids, places.excluded, values.tolist(), plain, strict=True)
    ]


def _other(feature: Feature, value: float, why_not: str, excluded: str, level: str, id_: str) -> Measurement:
    if excluded:
        return feature.missing(Status.EXCLUDED, excluded, level=level, id=id_)
    if np.isnan(value):
        return feature.missing(Status.TOO_FEW_EVENTS, why_not, level=level, id=id_)
    return feature.measured(value, level=level, id=id_)


def without_duration(feature: Feature, places: Places, values: FloatArray, span: float) -> list[Measurement]:
    """Return the rows of a rate of which nobody knows the time that it is over.

    Parameters
    ----------
    feature : Feature
        A rate.
    places : Places
        Where.
    values : ndarray, float, shape (n_places,)
        What it would be over the span.
    span : float
        From the first to the last spike of the plate, in s.

    Returns
    -------
    list of Measurement
        None has a value; what it would be is in the reason.

    Examples
    --------
    >>> import numpy as np
    >>> rate = Feature("mean_firing_rate", "Hz", ("well",), "Spikes per second", "mnephys")
    >>> without_duration(rate, Places("well", ("A1",), ("",)), np.array([1.5]), 600.0)[0].reason
    'the file states no duration: over the 600 s from first to last spike it would be 1.5 Hz; give --duration'
    """
    known = f"the file states no duration: over the {span:.6g} s from first to last spike it would be "
    nothing = "the file states no duration, and its spikes span none; give --duration"
    return [
        feature.missing(Status.EXCLUDED, excluded, level=places.level, id=id_)
        if excluded
        else feature.missing(
            Status.NOT_APPLICABLE,
            f"{known}{value:.6g} {feature.unit}; give --duration" if span > 0 else nothing,
            level=places.level,
            id=id_,
        )
        for id_, excluded, value in zip(places.ids, places.excluded, values.tolist(), strict=True)
    ]
