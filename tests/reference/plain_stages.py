"""Stages from distributions, one cell and one stage at a time, written from the definitions with scipy's densities."""

from __future__ import annotations

import math

import numpy as np
from scipy import stats


def log_density(row, location, scale, correlation, freedom):
    """Return the log density of one cell in one stage; what is missing is dropped."""
    kept = [i for i, value in enumerate(row) if not math.isnan(value)]
    if not kept:
        return 0.0
    shape = [[scale[i] * scale[j] * correlation[i][j] for j in kept] for i in kept]
    return float(
        stats.multivariate_t([location[i] for i in kept], shape, df=freedom).logpdf(np.array([row[i] for i in kept]))
    )


def log_density_of_stage(row, s, reference):
    """Return the log density of one cell in one stage of a reference, borrowed features as they are in the lender."""

    def of(stage, values):
        nu = reference.caution.degrees_of_freedom
        return log_density(values, reference.location[stage], reference.scale[stage], reference.correlation, nu)

    others = [value if own else math.nan for value, own in zip(row, reference.own[s], strict=True)]
    return of(s, others) + of(reference.lender[s], row) - of(reference.lender[s], others)


def posterior(row, category, reference):
    """Return the probability of each stage of one cell; a category is (feature, word) or None."""
    weights = []
    for s in range(len(reference.stages)):
        weight = math.exp(log_density_of_stage(row, s, reference)) * reference.prior[s]
        if category is not None:
            name, word = category
            weight *= reference.shares[name][s][reference.categories[name].values.index(word)]
        weights.append(weight)
    return [weight / sum(weights) for weight in weights]


def typicality(row, location, scale, correlation, freedom):
    """Return the probability of a larger Mahalanobis distance, by the F distribution of its mean square."""
    kept = [i for i, value in enumerate(row) if not math.isnan(value)]
    z = np.array([(row[i] - location[i]) / scale[i] for i in kept])
    squared = float(z @ np.linalg.solve(np.array([[correlation[i][j] for j in kept] for i in kept]), z))
    return float(stats.f.sf(squared / len(kept), len(kept), freedom))


def random_effects(laboratories, ratio, weight, widening, unknown_n):
    """Return location and scale of each stage of a feature.

    ``laboratories`` maps (stage, laboratory) to a list of (centre, spread or None, n or None).
    """
    squares = freedom = 0.0
    for sets in laboratories.values():
        known = [(c, s, n) for c, s, n in sets if s is not None]
        if known:
            total = sum(n for _, _, n in known)
            mean = sum(n * c for c, _, n in known) / total
            squares += sum((n - 1) * s**2 for _, s, n in known) + sum(n * (c - mean) ** 2 for c, _, n in known)
            freedom += total - 1
    within = squares / freedom
    means, variances = {}, {}
    for key, sets in laboratories.items():
        cells = [unknown_n if n is None else n for _, _, n in sets]
        means[key] = sum(n * c for n, (c, _, _) in zip(cells, sets, strict=True)) / sum(cells)
        variances[key] = within / sum(cells)
    stages = sorted({stage for stage, _ in laboratories})
    excess = labs = 0.0
    for stage in stages:
        of = [means[key] for key in means if key[0] == stage]
        chance = [variances[key] for key in means if key[0] == stage]
        k = len(of)
        excess += sum((m - sum(of) / k) ** 2 for m in of) - sum(v * (k - 1) / k for v in chance)
        labs += k - 1
    between = (max(0.0, excess) + weight * ratio**2 * within) / (labs + weight)
    found = {}
    for stage in stages:
        of = [(means[key], 1 / (variances[key] + between)) for key in means if key[0] == stage]
        total = sum(w for _, w in of)
        found[stage] = (
            sum(m * w for m, w in of) / total,
            widening * math.sqrt(within + between + 1 / total),
        )
    return found
