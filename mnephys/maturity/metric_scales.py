"""How metrics of wells become z-scores: logarithms of those that are skewed, mean and spread of the control wells."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from mnephys.recording import BoolArray, FloatArray

__all__ = ["LEAST_SHARE", "SKEWED", "Metric", "fit_scales", "standardised"]

LEAST_SHARE = 0.5
"""A metric counts that at least so large a share of the control wells have."""

SKEWED = 1.0
"""A metric that is never below 0 is taken as a logarithm where its skewness is larger, and less so as a logarithm."""

_SAME = 1e-9
_FLAT = 1e-12
_ABSURD = 1e6
_LEAST = 1e-100


@dataclass(frozen=True, slots=True)
class Metric:
    """One metric.

    Parameters
    ----------
    name : str
        Of the metric.
    mean, sd : float
        Of the control wells, after the logarithm if there is one.
    offset : float or None
        Added before the logarithm, half of the smallest value above 0 of the control wells where some are 0; None for
        no logarithm.
    """

    name: str
    mean: float
    sd: float
    offset: float | None


def fit_scales(values: FloatArray, names: Sequence[str]) -> tuple[tuple[Metric, ...], dict[str, str]]:
    """Choose the metrics that count, and take mean and spread of each.

    Parameters
    ----------
    values : ndarray, float, shape (n_wells, n_metrics)
        NaN where a metric was not measured.
    names : sequence of str
        Of the metrics.

    Returns
    -------
    metrics : tuple of Metric
        In the order of `names`.
    left_out : dict of str to str
        The others, and why: known in too few wells, the same in all, or the same as one before it.

    Examples
    --------
    >>> values = np.array([[1.0, 5.0, 2.0], [2.0, 5.0, 4.0], [3.0, 5.0, 6.0]])
    >>> fit_scales(values, ["rate", "electrodes", "twice"])[1]
    {'electrodes': 'the same in all control wells', 'twice': 'says the same as rate'}
    """
    metrics: list[Metric] = []
    left_out: dict[str, str] = {}
    kept: list[FloatArray] = []
    values = _sized(values)
    known = np.isfinite(values)
    for i, name in enumerate(names):
        n = int(known[:, i].sum())
        if n < max(2, LEAST_SHARE * len(values)):
            left_out[name] = f"measured in {n} of {len(values)} control wells"
            continue
        metric = _scale(name, values[known[:, i], i])
        if metric is None:
            left_out[name] = "the same in all control wells"
            continue
        column = standardised(values[:, i : i + 1], [metric])[:, 0]
        twin = next((m.name for m, other in zip(metrics, kept, strict=True) if _is_copy(other, column)), None)
        if twin is not None:
            left_out[name] = f"says the same as {twin}"
            continue
        metrics.append(metric)
        kept.append(column)
    return tuple(metrics), left_out


def standardised(values: FloatArray, metrics: Sequence[Metric]) -> FloatArray:
    """Return metrics as z-scores.

    Parameters
    ----------
    values : ndarray, float, shape (n_wells, n_metrics)
        NaN where a metric was not measured.
    metrics : sequence of Metric
        In the order of the columns.

    Returns
    -------
    ndarray, float, shape (n_wells, n_metrics)
        NaN where a metric was not measured, is not finite, has no logarithm, or is a million deviations away.

    Examples
    --------
    >>> metrics = [Metric("rate", 0.0, 1.0, 0.0), Metric("interval", 2.0, 4.0, None)]
    >>> standardised(np.array([[1.0, 10.0], [-1.0, np.inf]]), metrics).tolist()
    [[0.0, 2.0], [nan, nan]]
    """
    offset = np.array([np.nan if m.offset is None else m.offset for m in metrics])
    mean, sd = np.array([m.mean for m in metrics]), np.array([m.sd for m in metrics])
    values = _sized(values)
    raised = values + offset
    # Below 0 only by mistake: a metric that is taken as a logarithm was never so in the control wells.
    logged = np.log(raised, out=np.full(values.shape, np.nan), where=(raised > 0) & (values >= 0))
    with np.errstate(over="ignore"):
        found: FloatArray = (np.where(np.isnan(offset), values, logged) - mean) / sd
    return np.where(np.abs(found) < _ABSURD, found, np.nan)


def _sized(values: FloatArray) -> FloatArray:
    """Return values of which no square or cube is out of range: no metric of a well is as small or as large as that."""
    size = np.abs(values)
    return np.where(size < _LEAST, 0.0, np.where(size < 1 / _LEAST, values, np.nan))


def _scale(name: str, values: FloatArray) -> Metric | None:
    """Return how a metric becomes a z-score, or None where it never varies."""
    if _is_flat(values):
        return None
    offset = None
    if values.min() >= 0 and _skewness(values) > SKEWED:
        smallest = float(values[values > 0].min()) / 2 if values.min() == 0 else 0.0
        logged = np.log(values + smallest)
        if abs(_skewness(logged)) < _skewness(values):
            offset, values = smallest, logged
    size = float(np.max(np.abs(values)))
    return Metric(name, size * float(np.mean(values / size)), size * float(np.std(values / size)), offset)


def _is_flat(values: FloatArray) -> bool:
    return bool(np.ptp(values) <= _FLAT * np.max(np.abs(values)))


def _is_copy(a: FloatArray, b: FloatArray) -> bool:
    known: BoolArray = np.isfinite(a) & np.isfinite(b)
    alike = np.array_equal(np.isfinite(a), np.isfinite(b))
    return alike and bool(np.all(np.abs(a[known] - b[known]) <= _SAME))


def _skewness(values: FloatArray) -> float:
    left = values / np.max(np.abs(values))
    left = left - left.mean()
    left = left / np.max(np.abs(left))
    return float(np.mean(left**3) / np.mean(left**2) ** 1.5)
