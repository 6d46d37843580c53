"""A second opinion on wells: the first principal component of all metrics, learnt from the user's own control wells.

The Neural Activity Score of Passaro et al. 2021, 10.1038/s41598-021-88675-w: metrics of wells as z-scores, and their
first principal component as one number for each well. It knows no cuts and no stages, only in what the control wells
differ most among themselves; where it errs, it does so for other reasons than the rubric. It never changes a stage.

What differs from the paper, which says nothing of these: skewed metrics are taken as logarithms, metrics that say the
same twice count once, and metrics that a well lacks are left out of the sums (`mnephys.maturity.one_component`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from mnephys.errors import ReferenceSetError
from mnephys.maturity.metric_scales import Metric, fit_scales, standardised
from mnephys.maturity.one_component import Component, expected_component, first_component
from mnephys.measurement import Status
from mnephys.recording import FloatArray

__all__ = ["MIN_METRICS", "MIN_WELLS", "ActivityModel", "WellActivity", "fit_activity", "score_activity"]

MIN_WELLS = 10
"""Fewest control wells; those recorded on several days count once for each."""

MIN_METRICS = 3
"""Fewest metrics that most of the control wells have."""

MOST_UNSURE = 0.5
"""Largest uncertainty with which a score is given, in standard deviations of the control wells."""

_BY_AGE, _BY_ELECTRODES = "age of the control wells", "number of active electrodes of the control wells"


@dataclass(frozen=True, slots=True, eq=False)
class ActivityModel:
    """What was learnt from the control wells.

    Parameters
    ----------
    metrics : tuple of Metric
        Those that count, by name, with how each becomes a z-score.
    component : Component
        Of their z-scores; the loadings in the order of the metrics, rising with what `oriented_by` says.
    n_wells : int
        How many control wells it was learnt from.
    oriented_by : str
        What the score rises with.
    orientation : float
        Spearman's rho of the scores of the control wells with it, 0 to 1.
    left_out : dict of str to str
        Metrics that do not count, and why.
    """

    metrics: tuple[Metric, ...]
    component: Component
    n_wells: int
    oriented_by: str
    orientation: float
    left_out: dict[str, str]

    @property
    def names(self) -> tuple[str, ...]:
        """The metrics that count."""
        return tuple(metric.name for metric in self.metrics)


@dataclass(frozen=True, slots=True)
class WellActivity:
    """The score of one well.

    Parameters
    ----------
    score : float or None
        In standard deviations of the control wells, 0 for their mean.
    uncertainty : float or None
        Standard deviation of the score for what was not measured; 0 where all metrics were.
    status : Status
        ``ok``, or ``not_applicable`` where too little was measured.
    reason : str
        Why there is no score.
    measured, metrics : int
        Of so many metrics that count, so many were measured.
    """

    score: float | None
    uncertainty: float | None
    status: Status
    reason: str
    measured: int
    metrics: int


def fit_activity(
    values: ArrayLike,
    names: Sequence[str],
    *,
    age: ArrayLike | None = None,
    active: ArrayLike | None = None,
) -> ActivityModel:
    """Learn the score from control wells.

    Parameters
    ----------
    values : array_like, float, shape (n_wells, n_metrics)
        Metrics of the control wells, each in its own unit; NaN where one was not measured. One row for each well and
        day.
    names : sequence of str
        Of the metrics; no two are the same.
    age : array_like, float, shape (n_wells,), optional
        In days; NaN where unknown. The score rises with it.
    active : array_like, float, shape (n_wells,), optional
        Number of active electrodes, which the score rises with where ages are unknown or all the same.

    Returns
    -------
    ActivityModel
        The same for any order of wells and of metrics.

    Raises
    ------
    ReferenceSetError
        If there are fewer than `MIN_WELLS` wells or `MIN_METRICS` metrics, or nothing says what is more mature.
    ValueError
        If the shapes do not fit.

    Examples
    --------
    >>> day = np.arange(12.0)
    >>> values = np.column_stack([day, day**2, 12 - day + day % 3])
    >>> model = fit_activity(values, ["rate", "bursts", "interval"], age=day)
    >>> model.oriented_by, round(model.component.explained, 2)
    ('age of the control wells', 0.97)
    >>> [round(well.score, 1) for well in score_activity(model, values[[0, 11]], ["rate", "bursts", "interval"])]
    [-1.4, 1.7]
    """
    table = np.asarray(values, dtype=np.float64)
    if table.ndim != 2 or table.shape[1] != len(names) or len(set(names)) != len(names):
        raise ValueError(f"values of shape {table.shape} do not fit {len(names)} different metrics")
    if len(table) < MIN_WELLS:
        raise ReferenceSetError(
            f"{len(table)} control wells are too few to learn from; give at least {MIN_WELLS}, a well counts once for "
            "each day"
        )
    order = sorted(range(len(names)), key=lambda i: names[i])
    metrics, left_out = fit_scales(table[:, order], [names[i] for i in order])
    if len(metrics) < MIN_METRICS:
        raise ReferenceSetError(
            f"{len(metrics)} metrics vary among the control wells and were measured in most of them; "
            f"at least {MIN_METRICS} are needed"
        )
    rows = standardised(table[:, [list(names).index(metric.name) for metric in metrics]], metrics)
    component = first_component(rows)
    place, _ = expected_component(rows, component)
    oriented_by, rho = _orientation(place, age, active)
    if rho < 0:
        component = Component(-component.loadings, component.variance, component.noise)
    return ActivityModel(metrics, component, len(table), oriented_by, abs(rho), left_out)


def score_activity(model: ActivityModel, values: ArrayLike, names: Sequence[str]) -> list[WellActivity]:
    """Score wells.

    Parameters
    ----------
    model : ActivityModel
        Learnt from control wells.
    values : array_like, float, shape (n_wells, n_metrics)
        In the units of the control wells; NaN where a metric was not measured.
    names : sequence of str
        Of the metrics, in any order. One that the model does not know is not used; one that lacks was not measured.

    Returns
    -------
    list of WellActivity
        In the order given. A well that lacks metrics has the score that is expected given the others.

    Raises
    ------
    ValueError
        If the shape does not fit.

    Examples
    --------
    >>> day = np.arange(12.0)
    >>> values = np.column_stack([day, day**2, 12 - day + day % 3])
    >>> model = fit_activity(values, ["rate", "bursts", "interval"], age=day)
    >>> score_activity(model, [[np.nan]], ["rate"])[0].reason
    'None of the 3 metrics of the reference was measured.'
    """
    table = np.asarray(values, dtype=np.float64)
    if table.ndim != 2 or table.shape[1] != len(names) or len(set(names)) != len(names):
        raise ValueError(f"values of shape {table.shape} do not fit {len(names)} different metrics")
    at = {name: i for i, name in enumerate(names)}
    # The last column, all unknown, stands for each metric that is missing.
    table = np.column_stack([table, np.full(len(table), np.nan)])
    rows = standardised(table[:, [at.get(metric.name, -1) for metric in model.metrics]], model.metrics)
    place, spread = expected_component(rows, model.component)
    size = np.sqrt(model.component.variance)
    measured = np.isfinite(rows).sum(axis=1)
    each = zip((place / size).tolist(), (spread / size).tolist(), measured.tolist(), strict=True)
    return [_well(score, unsure, n, len(model.metrics)) for score, unsure, n in each]


def _well(score: float, unsure: float, measured: int, metrics: int) -> WellActivity:
    if measured and unsure <= MOST_UNSURE:
        return WellActivity(score, unsure, Status.OK, "", measured, metrics)
    reason = (
        f"Only {measured} of the {metrics} metrics of the reference were measured, too few to say."
        if measured > 1
        else f"Only 1 of the {metrics} metrics of the reference was measured, too few to say."
        if measured
        else f"None of the {metrics} metrics of the reference was measured."
    )
    return WellActivity(None, None, Status.NOT_APPLICABLE, reason, measured, metrics)


def _orientation(place: FloatArray, age: ArrayLike | None, active: ArrayLike | None) -> tuple[str, float]:
    """Return what the score rises or falls with, and its rank correlation with it."""
    for name, given in ((_BY_AGE, age), (_BY_ELECTRODES, active)):
        if given is None:
            continue
        other = np.asarray(given, dtype=np.float64)
        if other.shape != place.shape:
            raise ValueError(f"{other.size} values of the {name} do not fit {place.size} wells")
        known = np.isfinite(other)
        if known.sum() >= MIN_METRICS and (rho := _spearman(place[known], other[known])):
            return name, rho
    raise ReferenceSetError(
        "nothing says whether a high score is that of an old well or of a young one; give control wells of several "
        "days, or their numbers of active electrodes"
    )


def _spearman(a: FloatArray, b: FloatArray) -> float:
    from scipy.stats import rankdata

    ranks = [rankdata(side) - (a.size + 1) / 2 for side in (a, b)]
    below = float(np.linalg.norm(ranks[0]) * np.linalg.norm(ranks[1]))
    return float(ranks[0] @ ranks[1]) / below if below else 0.0
