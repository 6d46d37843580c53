"""The first principal component of a table with holes, and what it is expected to be where some of it is known.

Each row is taken as ``weights * t + noise``: one hidden number t per row, of mean 0 and variance 1, and noise of the
same variance in every column. These are probabilistic principal components with one component (Tipping & Bishop 1999,
10.1111/1467-9868.00196). Without holes its most likely weights are the first eigenvector of the correlations, and
nothing differs from plain principal components. Holes are left out of every sum: no value stands in for one.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mnephys.recording import BoolArray, FloatArray

__all__ = ["Component", "expected_component", "first_component"]

_MOST_ROUNDS = 20_000
_SETTLED = 1e-12
# A share of the variance that stays with the noise: columns that are copies of one another leave none.
_LEAST_NOISE = 1e-9


@dataclass(frozen=True, slots=True, eq=False)
class Component:
    """One component.

    Parameters
    ----------
    loadings : ndarray, float, shape (n_columns,)
        The direction, of length 1.
    variance : float
        Of the rows along it.
    noise : float
        Variance of a column beside it.
    """

    loadings: FloatArray
    variance: float
    noise: float

    @property
    def explained(self) -> float:
        """Share of the whole variance, 0 to 1."""
        return self.variance / (self.variance + (self.loadings.size - 1) * self.noise)


def first_component(rows: FloatArray) -> Component:
    """Return the most likely first component.

    Parameters
    ----------
    rows : ndarray, float, shape (n_rows, n_columns)
        Each column of mean 0 and variance 1 over what is known of it; NaN where a value is not known. At least two
        columns, and each has two known values.

    Returns
    -------
    Component
        Of either sign.

    Examples
    --------
    >>> rows = np.array([[1.0, 1.0], [-1.0, -1.0], [1.0, np.nan], [-1.0, np.nan]])
    >>> found = first_component(rows)
    >>> np.abs(found.loadings).round(3).tolist(), round(found.explained, 3)
    ([0.707, 0.707], 1.0)
    """
    known = np.isfinite(rows)
    filled = np.where(known, rows, 0.0)
    weights, noise = _start(filled, known)
    for _ in range(_MOST_ROUNDS):
        before = weights
        weights, noise = _next(filled, known, weights, noise)
        if np.max(np.abs(weights - before)) <= _SETTLED * np.max(np.abs(weights)):
            break
    size = float(np.linalg.norm(weights))
    return Component(weights / size, size**2 + noise, noise)


def _start(filled: FloatArray, known: BoolArray) -> tuple[FloatArray, float]:
    """Return weights and noise by the correlations of the rows that are known in both of two columns."""
    both = known.astype(np.float64).T @ known
    values, vectors = np.linalg.eigh(filled.T @ filled / np.maximum(both, 1.0))
    noise = max(float(np.mean(values[:-1])), _LEAST_NOISE)
    return vectors[:, -1] * np.sqrt(max(values[-1] - noise, _LEAST_NOISE)), noise


def _next(filled: FloatArray, known: BoolArray, weights: FloatArray, noise: float) -> tuple[FloatArray, float]:
    """Return weights and noise after one round of expectation and maximisation."""
    mean, spread = _hidden(filled, known, weights, noise)
    second = mean**2 + spread
    weights = (filled.T @ mean) / (known.T @ second)
    left = np.where(known, filled - mean[:, np.newaxis] * weights, 0.0)
    spare = (known @ weights**2) * spread
    return weights, max(float((np.sum(left**2) + np.sum(spare)) / known.sum()), _LEAST_NOISE)


def _hidden(filled: FloatArray, known: BoolArray, weights: FloatArray, noise: float) -> tuple[FloatArray, FloatArray]:
    """Return mean and variance of the hidden number of each row, given what is known of the row."""
    told: FloatArray = known @ weights**2 + noise
    mean: FloatArray = (filled @ weights) / told
    return mean, noise / told


def expected_component(rows: FloatArray, component: Component) -> tuple[FloatArray, FloatArray]:
    """Return how far each row lies along a component.

    Parameters
    ----------
    rows : ndarray, float, shape (n_rows, n_columns)
        NaN where a value is not known.
    component : Component
        Of these columns.

    Returns
    -------
    place, spread : ndarray, float, shape (n_rows,)
        Its mean and standard deviation given the known values. Where all are known, the plain projection, and 0; where
        none is, 0 and the standard deviation along the component.

    Examples
    --------
    >>> component = Component(np.array([0.6, 0.8]), 1.5, 0.5)
    >>> place, spread = expected_component(np.array([[1.0, 1.0], [1.0, np.nan], [np.nan, np.nan]]), component)
    >>> place.round(3).tolist(), spread.round(3).tolist()
    ([1.4, 1.047, 0.0], [0.0, 0.747, 1.225])
    """
    known = np.isfinite(rows)
    filled = np.where(known, rows, 0.0)
    weights = component.loadings * np.sqrt(max(component.variance - component.noise, 0.0))
    mean, spread = _hidden(filled, known, weights, component.noise)
    # What the unknown columns hold of the component: their share of t, and noise of their own.
    unknown: FloatArray = (~known) @ component.loadings**2
    slope = unknown * np.linalg.norm(weights)
    place: FloatArray = filled @ component.loadings + slope * mean
    deviation: FloatArray = np.sqrt(slope**2 * spread + component.noise * unknown)
    return place, deviation
