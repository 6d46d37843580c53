"""How probable each stage is of many cells, or of one cell in many scenarios, at once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from mnephys.maturity.reference.density import log_density, posterior_of, typicality, unexplained
from mnephys.maturity.reference.model import Reference
from mnephys.recording import FloatArray

__all__ = ["NOT_SEEN", "Opinions", "opinions"]

NOT_SEEN = -1
"""In place of a category that was not seen."""


@dataclass(frozen=True, slots=True, eq=False)
class Opinions:
    """What a reference says of many cells.

    Parameters
    ----------
    probability : ndarray of float, shape (n_cells, n_stages)
        Of each stage; the prior where nothing was measured.
    typicality : ndarray of float, shape (n_cells, n_stages)
        How usual the numbers are in each stage, 0 to 1; 1 where there are none.
    spoke : ndarray of float, shape (n_cells, n_features + n_categories, n_stages)
        What each feature adds to the log probability of each stage, beyond what the others say, about its mean over
        the stages; features with numbers first.
    """

    probability: FloatArray
    typicality: FloatArray
    spoke: FloatArray


def opinions(rows: FloatArray, seen: Mapping[str, np.ndarray], reference: Reference) -> Opinions:
    """Return how probable each stage is.

    Parameters
    ----------
    rows : ndarray of float, shape (n_cells, n_features)
        As `Reference.columns` makes them: on the scale of each feature, NaN where not measured.
    seen : mapping of str to ndarray of int, shape (n_cells,)
        Of features with categories, the place of the category among the values of the model; `NOT_SEEN` where not
        seen.
    reference : Reference
        What cells of each stage measure.

    Returns
    -------
    Opinions
        Cell by cell. Given the stage, categories are taken for independent of numbers.

    Examples
    --------
    >>> from mnephys.maturity.reference import load_reference
    >>> reference = load_reference()
    >>> rows = reference.columns({"ap_half_width": np.array([np.nan, 0.9]), "ap_amplitude": np.array([np.nan, 90.0])})
    >>> opinions(rows, {}, reference).probability.round(2).tolist()[0]
    [0.33, 0.33, 0.33]
    """
    rows = np.atleast_2d(np.asarray(rows, dtype=np.float64))
    n_cells, n_stages = len(rows), len(reference.stages)
    by_category = np.zeros((n_cells, len(reference.categories), n_stages))
    for place, name in enumerate(reference.categories):
        if name in seen:
            at = np.asarray(seen[name])
            by_category[:, place] = np.where((at >= 0)[:, None], np.log(reference.shares[name]).T[at], 0.0)
    likelihood = log_density(rows, reference) + by_category.sum(axis=1)
    spoke = np.concatenate([unexplained(rows, reference), by_category], axis=1)
    return Opinions(
        posterior_of(likelihood, reference.prior),
        typicality(rows, reference),
        spoke - spoke.mean(axis=2, keepdims=True),
    )
