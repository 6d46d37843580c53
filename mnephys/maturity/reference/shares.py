"""From fractions of cells that several laboratories print to the probability of each category in a stage.

Sources seldom print every category: "60 % fire" says how many are in one of several. The probabilities are the most
likely ones under all such statements (grouped multinomial counts, by expectation and maximisation; Dempster, Laird &
Rubin 1977, 10.1111/j.2517-6161.1977.tb01600.x), with some cells assumed in each category before any were seen. Between
categories that no source tells apart, only these assumed cells decide, in every stage alike.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from mnephys.maturity.reference.model import CategoryModel, Fraction
from mnephys.recording import FloatArray

__all__ = ["category_shares", "effective_cells"]

_ROUNDS = 2000


def effective_cells(n: float, between: float) -> float:
    """Return for how many independent cells those of one laboratory count.

    Parameters
    ----------
    n : float
        Its cells.
    between : float
        Correlation of two of them.

    Returns
    -------
    float
        At most ``1 / between``, however many there are.

    Examples
    --------
    >>> effective_cells(91, 0.1)
    9.1
    """
    return n / (1 + (n - 1) * between)


def category_shares(model: CategoryModel, laboratories: Sequence[Sequence[Fraction]], unknown_n: float) -> FloatArray:
    """Return the probability of each category in one stage.

    Parameters
    ----------
    model : CategoryModel
        The categories.
    laboratories : sequence of sequence of Fraction
        What each laboratory says of the stage.
    unknown_n : float
        Number of cells where none is printed.

    Returns
    -------
    ndarray of float, shape (n_categories,)
        Positive; the sum is 1. Equal where there is no laboratory.

    Examples
    --------
    >>> model = CategoryModel("firing_pattern", ("none", "sustained"), 1.0, 0.0)
    >>> category_shares(model, [[Fraction(("sustained",), 0.75, 8)]], 5).round(3).tolist()
    [0.3, 0.7]
    """
    groups, counts = _groups(model, laboratories, unknown_n)
    n = len(model.values)
    share = np.full(n, 1 / n)
    for _ in range(_ROUNDS):
        of_group = groups @ share
        expected = share * (groups.T @ (counts / of_group)) + model.prior_cells
        new = expected / expected.sum()
        if np.allclose(new, share, rtol=0, atol=1e-12):
            break
        share = new
    return share


def _groups(
    model: CategoryModel, laboratories: Sequence[Sequence[Fraction]], unknown_n: float
) -> tuple[FloatArray, FloatArray]:
    """Return which categories each statement is about, and how many cells it is worth."""
    groups = [np.zeros(len(model.values))]
    groups[0] += 1  # A statement without cells, so that there is one.
    counts = [0.0]
    for laboratory in laboratories:
        cells = [unknown_n if f.n is None else f.n for f in laboratory]
        # Statements of one laboratory share its limit: the same cells, line and dish are behind them.
        worth = effective_cells(sum(cells), model.between) / sum(cells) if cells else 0.0
        for fraction, n in zip(laboratory, cells, strict=True):
            inside = np.isin(model.values, fraction.one_of).astype(float)
            groups += [inside, 1 - inside]
            counts += [worth * n * fraction.fraction, worth * n * (1 - fraction.fraction)]
    kept = [i for i, group in enumerate(groups) if group.any()]
    return np.array(groups)[kept], np.array(counts)[kept]
