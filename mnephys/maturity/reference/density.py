r"""How probable the values of many cells are in each stage: whole arrays, no loop over cells.

The values of a cell, on their scales, follow in stage *s* a multivariate t distribution with location
:math:`\mu_s`, scales :math:`\sigma_s`, a correlation that all stages share and a common number of degrees of freedom
:math:`\nu`. Of the features that were measured alone the distribution is again a t of the same kind, with the rows and
columns of the others dropped (Kotz & Nadarajah 2004, 10.1017/CBO9780511550683): what is missing is integrated out,
never filled in.

A stage that borrows a feature has no distribution of it, only what the feature says given all others that were
measured, and that is taken from the lender: the density of the others in the stage itself, times the density of the
borrowed features in the lender given the others. Whatever else was measured, the feature then says nothing between
the two.
"""

from __future__ import annotations

import numpy as np

from mnephys.maturity.reference.model import Reference
from mnephys.recording import FloatArray

__all__ = ["log_density", "posterior_of", "typicality", "unexplained"]

_FARTHEST = 1e100
"""In scales: farther values count as so far, so that their squares are finite."""


def log_density(rows: FloatArray, reference: Reference) -> FloatArray:
    """Return the logarithm of the density of many cells in each stage.

    Parameters
    ----------
    rows : ndarray of float, shape (n_cells, n_features)
        On the scale of each feature; NaN where not measured.
    reference : Reference
        The stages.

    Returns
    -------
    ndarray of float, shape (n_cells, n_stages)
        0 for a cell of which nothing was measured.

    Examples
    --------
    >>> from mnephys.maturity.reference import load_reference
    >>> log_density(np.full((1, 7), np.nan), load_reference()).tolist()
    [[0.0, 0.0, 0.0]]
    """
    density = _log_t(rows, reference)
    for stage, lender in enumerate(reference.lender):
        if lender != stage:
            others = _log_t(np.where(reference.own[stage], rows, np.nan), reference)
            density[:, stage] = others[:, stage] + density[:, lender] - others[:, lender]
    return density


def _log_t(rows: FloatArray, reference: Reference) -> FloatArray:
    """Return the log density as if every stage had all features of its own."""
    from scipy.special import gammaln

    seen = np.isfinite(rows)
    distance, log_root = _distance(rows, seen, reference)
    nu, n_seen = reference.caution.degrees_of_freedom, seen.sum(axis=1)
    constant = gammaln((nu + n_seen) / 2) - gammaln(nu / 2) - n_seen / 2 * np.log(nu * np.pi) - log_root
    scales = seen.astype(float) @ np.log(reference.scale).T
    density: FloatArray = constant[:, None] - scales - (nu + n_seen[:, None]) / 2 * np.log1p(distance / nu)
    return density


def typicality(rows: FloatArray, reference: Reference) -> FloatArray:
    """Return how usual many cells are in each stage.

    Parameters
    ----------
    rows : ndarray of float, shape (n_cells, n_features)
        As in `log_density`.
    reference : Reference
        The stages.

    Returns
    -------
    ndarray of float, shape (n_cells, n_stages)
        Probability that a cell of the stage is at least as far from its middle (Mahalanobis distance, of which the
        mean square over the features is F distributed), by the features of the stage's own sets; 1 where none of them
        was measured.

    Examples
    --------
    >>> from mnephys.maturity.reference import load_reference
    >>> reference = load_reference()
    >>> typicality(reference.location[:1], reference).round(3).tolist()[0][0]
    1.0
    """
    usual = np.empty((len(rows), len(reference.stages)))
    for own in np.unique(reference.own, axis=0):
        stages = (reference.own == own).all(axis=1)
        usual[:, stages] = _tail(np.where(own, rows, np.nan), reference)[:, stages]
    return usual


def _tail(rows: FloatArray, reference: Reference) -> FloatArray:
    """Return the typicality as if every stage had all features of its own."""
    from scipy.special import fdtrc

    seen = np.isfinite(rows)
    distance, _ = _distance(rows, seen, reference)
    n_seen = seen.sum(axis=1)[:, None]
    mean_square = distance / np.maximum(n_seen, 1)
    return np.where(n_seen > 0, fdtrc(np.maximum(n_seen, 1), reference.caution.degrees_of_freedom, mean_square), 1.0)


def unexplained(rows: FloatArray, reference: Reference) -> FloatArray:
    """Return what each feature adds to the density, given all the others that were measured.

    Parameters
    ----------
    rows : ndarray of float, shape (n_cells, n_features)
        As in `log_density`.
    reference : Reference
        The stages.

    Returns
    -------
    ndarray of float, shape (n_cells, n_features, n_stages)
        Log density of all minus log density of all but this one; 0 where it was not measured. Differences between
        stages are the log ratios for which the feature itself speaks, beyond what the others say already.

    Examples
    --------
    >>> from mnephys.maturity.reference import load_reference
    >>> unexplained(np.full((1, 7), np.nan), load_reference()).shape
    (1, 7, 3)
    """
    n_cells, n_features = rows.shape
    without = np.repeat(rows[:, None, :], n_features, axis=1)
    without[:, np.arange(n_features), np.arange(n_features)] = np.nan
    rest = log_density(without.reshape(n_cells * n_features, n_features), reference)
    return log_density(rows, reference)[:, None, :] - rest.reshape(n_cells, n_features, len(reference.stages))


def posterior_of(log_likelihood: FloatArray, prior: FloatArray) -> FloatArray:
    """Return the probability of each stage.

    Parameters
    ----------
    log_likelihood : ndarray of float, shape (n_cells, n_stages)
        Of numbers and categories together.
    prior : ndarray of float, shape (n_stages,)
        Before anything was measured.

    Returns
    -------
    ndarray of float, shape (n_cells, n_stages)
        Each row adds up to 1.

    Examples
    --------
    >>> posterior_of(np.log([[1.0, 3.0]]), np.array([0.5, 0.5])).round(3).tolist()
    [[0.25, 0.75]]
    """
    weight = log_likelihood + np.log(prior)
    weight = np.exp(weight - weight.max(axis=1, keepdims=True))
    probability: FloatArray = weight / weight.sum(axis=1, keepdims=True)
    return probability


def _distance(rows: FloatArray, seen: np.ndarray, reference: Reference) -> tuple[FloatArray, FloatArray]:
    """Return the squared Mahalanobis distance from each stage, and half the log determinant of the correlation."""
    # A row and column of the identity for each missing feature leave both as they are of the others alone.
    patterns, pattern = np.unique(seen, axis=0, return_inverse=True)
    pair = patterns[:, :, None] & patterns[:, None, :]
    matrices = np.where(pair, reference.correlation, np.eye(seen.shape[1]))
    inverse = np.linalg.inv(matrices)[pattern.reshape(-1)]
    _, log_determinant = np.linalg.slogdet(matrices)
    z = np.where(seen[:, None, :], (rows[:, None, :] - reference.location) / reference.scale, 0.0)
    z = np.clip(z, -_FARTHEST, _FARTHEST)
    distance = np.einsum("csi,cij,csj->cs", z, inverse, z, optimize=True)
    return np.maximum(distance, 0.0), log_determinant[pattern.reshape(-1)] / 2
