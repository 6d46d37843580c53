"""The correlation between features of cells of one stage: as stated, or as the cells of a laboratory show it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from mnephys.recording import FloatArray

__all__ = ["SMALLEST_EIGENVALUE", "matrix_of_pairs", "shrunk_correlation"]

SMALLEST_EIGENVALUE = 0.05
"""Below it a matrix of correlations counts some difference of features as almost without variation."""


def matrix_of_pairs(names: Sequence[str], pairs: Mapping[tuple[str, str], float]) -> FloatArray:
    """Return the matrix of stated correlations.

    Parameters
    ----------
    names : sequence of str
        The features, in the order of rows and columns.
    pairs : mapping of (str, str) to float
        Correlations; pairs that are not in it are not correlated, features that are not in `names` are not looked at.

    Returns
    -------
    ndarray of float, shape (n_features, n_features)
        Symmetric, 1 on the diagonal.

    Examples
    --------
    >>> matrix_of_pairs(["a", "b"], {("b", "a"): 0.5}).tolist()
    [[1.0, 0.5], [0.5, 1.0]]
    """
    matrix = np.eye(len(names))
    place = {name: i for i, name in enumerate(names)}
    for (one, other), r in pairs.items():
        if one in place and other in place:
            matrix[place[one], place[other]] = matrix[place[other], place[one]] = r
    return matrix


def shrunk_correlation(values: FloatArray, groups: np.ndarray) -> tuple[FloatArray, float]:
    """Return the correlation within groups, drawn towards none as far as the cells are few.

    Parameters
    ----------
    values : ndarray of float, shape (n_cells, n_features)
        NaN where not measured; a pair of features is judged by the cells that have both.
    groups : ndarray of int, shape (n_cells,)
        Stage and batch of each cell; their means do not count.

    Returns
    -------
    matrix : ndarray of float, shape (n_features, n_features)
        Its smallest eigenvalue is `SMALLEST_EIGENVALUE` or more.
    shrinkage : float
        0 for the empirical one, 1 for none: the share of Schafer and Strimmer 2005, 10.2202/1544-6115.1175, after
        Ledoit and Wolf. It is the one with the least expected error where correlations are weak; strong ones of few
        cells it draws somewhat further towards none.

    Examples
    --------
    >>> shrunk_correlation(np.array([[0.0, 0.0], [1.0, 1.0]]), np.zeros(2, int))
    (array([[1., 0.],
           [0., 1.]]), 1.0)
    """
    standard, seen = _standardised(values, groups)
    both = seen.T @ seen
    lost = len(np.unique(groups))
    freedom = np.maximum(both - lost, 0.0)
    with np.errstate(divide="ignore", invalid="ignore"):
        mean = standard.T @ standard / both
        squared = (standard**2).T @ (standard**2)
        variance = (squared - both * mean**2) * both / freedom**3
        r = standard.T @ standard / np.sqrt((standard**2).T @ seen * (seen.T @ standard**2))
    usable = (freedom > 2) & ~np.eye(values.shape[1], dtype=bool) & np.isfinite(r)
    strength = float(np.sum(r[usable] ** 2))
    shrinkage = min(1.0, float(np.sum(variance[usable])) / strength) if strength > 0 else 1.0
    matrix = np.where(usable, (1 - shrinkage) * np.where(usable, r, 0.0), 0.0)
    np.fill_diagonal(matrix, 1.0)
    return _held_apart(matrix, shrinkage)


def _standardised(values: FloatArray, groups: np.ndarray) -> tuple[FloatArray, FloatArray]:
    """Return values about the means of their groups in SDs, 0 where not measured, and which were."""
    seen = np.isfinite(values)
    filled = np.where(seen, values, 0.0)
    _, group = np.unique(groups, return_inverse=True)
    member = (np.arange(group.max(initial=0) + 1)[:, None] == group).astype(float)
    means = member @ filled / np.maximum(member @ seen, 1)
    centred = np.where(seen, values - means[group], 0.0)
    rms = np.sqrt((centred**2).sum(axis=0) / np.maximum(seen.sum(axis=0), 1))
    return centred / np.where(rms > 0, rms, 1.0), seen.astype(float)


def _held_apart(matrix: FloatArray, shrinkage: float) -> tuple[FloatArray, float]:
    """Return the matrix, drawn further towards none where pairs of different cells contradict each other."""
    if not matrix.size:
        return matrix, shrinkage
    lowest = float(np.linalg.eigvalsh(matrix)[0])
    if lowest >= SMALLEST_EIGENVALUE:
        return matrix, shrinkage
    # Eigenvalues of (1 - t) R + t I are (1 - t) e + t.
    more = (SMALLEST_EIGENVALUE - lowest) / (1 - lowest)
    return (1 - more) * matrix + more * np.eye(len(matrix)), 1 - (1 - shrinkage) * (1 - more)
