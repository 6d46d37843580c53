r"""From sets of several laboratories to one predictive distribution for each stage and feature.

Of a feature, on its scale: cells vary within a laboratory with variance :math:`w^2`, which is pooled over all stages
(so that no stage wins far from all of them for being wider), and includes how sets of one laboratory and stage differ,
such as fast and slow motor neurons. Means of laboratories vary around the mean of their stage with variance
:math:`\tau^2`, by the moments of Hedges and Olkin (unweighted: no large set outvotes the others), joined to an expected
value that counts as some laboratories. A new cell from a new laboratory then varies around the estimated mean of its
stage with :math:`w^2 + \tau^2 +` the variance of that mean. DerSimonian & Kacker 2007, 10.1016/j.cct.2006.04.004.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from mnephys.maturity.reference.model import Caution, Summary
from mnephys.recording import FloatArray

__all__ = ["Laboratory", "Pooled", "pool_feature"]


@dataclass(frozen=True, slots=True)
class Laboratory:
    """What one laboratory says of one feature at one stage.

    Parameters
    ----------
    stage : int
        Its place among the stages.
    sets : tuple of Summary
        At least one.
    """

    stage: int
    sets: tuple[Summary, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Pooled:
    """Distributions of one feature.

    Parameters
    ----------
    location, scale : ndarray of float, shape (n_stages,)
        NaN for stages without a laboratory.
    within, between : float
        SD within and between laboratories.
    laboratories : ndarray of int, shape (n_stages,)
        How many each stage has.
    """

    location: FloatArray
    scale: FloatArray
    within: float
    between: float
    laboratories: np.ndarray


def pool_feature(laboratories: Sequence[Laboratory], n_stages: int, caution: Caution) -> Pooled | None:
    """Return the distributions of one feature.

    Parameters
    ----------
    laboratories : sequence of Laboratory
        All that measured it.
    n_stages : int
        How many stages there are.
    caution : Caution
        How far they are trusted.

    Returns
    -------
    Pooled or None
        None where no set prints a spread, or all cells are alike: then nothing can be said of how cells vary.

    Examples
    --------
    >>> caution = Caution(5, 1.0, 4, 5, 1.0, 0.01, 0.1, {})
    >>> found = pool_feature([Laboratory(0, (Summary(2.0, 1.0, 10.0),))], 1, caution)
    >>> float(found.location[0]), round(float(found.scale[0]), 3)
    (2.0, 1.761)
    """
    within = _within(laboratories, caution)
    if not within > 0:
        return None
    stage = np.array([lab.stage for lab in laboratories])
    n = np.array([sum(_cells(s, caution) for s in lab.sets) for lab in laboratories])
    centre = np.array([_mean(lab.sets, caution) for lab in laboratories])
    of_mean = within**2 / n
    between = _between(stage, centre, of_mean, within, caution)
    weight = 1 / (of_mean + between**2) if between > 0 else n / within**2
    total = np.bincount(stage, weight, n_stages)
    with np.errstate(divide="ignore", invalid="ignore"):
        location = np.bincount(stage, weight * centre, n_stages) / total
        variance = within**2 + between**2 + 1 / total
    absent = total == 0
    scale = caution.widening * np.sqrt(variance)
    return Pooled(
        np.where(absent, np.nan, location),
        np.where(absent, np.nan, scale),
        within,
        between,
        np.bincount(stage, minlength=n_stages),
    )


def _cells(summary: Summary, caution: Caution) -> float:
    return caution.unknown_n if summary.n is None else summary.n


def _mean(sets: Iterable[Summary], caution: Caution) -> float:
    sets = list(sets)
    cells = [_cells(s, caution) for s in sets]
    return math.fsum(n * s.centre for n, s in zip(cells, sets, strict=True)) / math.fsum(cells)


def _within(laboratories: Sequence[Laboratory], caution: Caution) -> float:
    """Return the SD of cells of one laboratory and stage, pooled over those that print a spread."""
    squares, freedom = 0.0, 0.0
    for laboratory in laboratories:
        known = [s for s in laboratory.sets if s.spread is not None and s.n is not None and s.n > 1]
        if known:
            middle = _mean(known, caution)
            squares += math.fsum(
                (s.n - 1) * s.spread**2 + s.n * (s.centre - middle) ** 2
                for s in known
                if s.n is not None and s.spread is not None
            )
            freedom += math.fsum(_cells(s, caution) for s in known) - 1
    return math.sqrt(squares / freedom) if freedom > 0 else 0.0


def _between(stage: np.ndarray, centre: FloatArray, of_mean: FloatArray, within: float, caution: Caution) -> float:
    """Return the SD of the means of laboratories of one stage, joined to what is expected of it."""
    n_labs = np.bincount(stage)
    per_stage = n_labs[stage]
    middle = np.bincount(stage, centre) / np.maximum(n_labs, 1)
    freedom = float(np.sum(n_labs[n_labs > 0] - 1))
    squares = float(np.sum((centre - middle[stage]) ** 2))
    by_chance = float(np.sum(of_mean * (per_stage - 1) / per_stage))
    found = max(0.0, squares - by_chance)
    expected = caution.between_weight * (caution.between_ratio * within) ** 2
    total = caution.between_weight + freedom
    return math.sqrt((expected + found) / total) if total > 0 else 0.0
