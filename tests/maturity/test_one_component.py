"""The first component is that of plain principal components, and holes are marginalised: by slow references apart."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from mnephys.maturity.one_component import Component, expected_component, first_component


def table(n_rows, n_columns, seed, spread=0.5):
    rng = np.random.default_rng(seed)
    rows = np.outer(rng.normal(size=n_rows), rng.uniform(0.4, 1.0, n_columns)) + spread * rng.normal(
        size=(n_rows, n_columns)
    )
    return standardised(rows)


def standardised(rows):
    return (rows - np.nanmean(rows, axis=0)) / np.nanstd(rows, axis=0)


@pytest.mark.parametrize(("n_rows", "n_columns"), [(30, 3), (200, 12), (15, 40)])
def test_without_holes_it_is_the_first_right_singular_vector(n_rows, n_columns):
    rows = table(n_rows, n_columns, seed=n_rows)
    _, sizes, vectors = np.linalg.svd(rows, full_matrices=False)
    found = first_component(rows)
    assert abs(found.loadings @ vectors[0]) == pytest.approx(1, abs=1e-8)
    assert found.variance == pytest.approx(sizes[0] ** 2 / n_rows, rel=1e-6)
    assert found.explained == pytest.approx(sizes[0] ** 2 / np.sum(sizes**2), rel=1e-6)


def likelihood(rows, component):
    """Log-likelihood of what is known, row by row, with whole covariance matrices."""
    v = component.loadings
    covariance = component.noise * np.eye(v.size) + (component.variance - component.noise) * np.outer(v, v)
    total = 0.0
    for row in rows:
        at = np.flatnonzero(np.isfinite(row))
        part = covariance[np.ix_(at, at)]
        total -= 0.5 * (np.linalg.slogdet(2 * np.pi * part)[1] + row[at] @ np.linalg.solve(part, row[at]))
    return total


def test_with_holes_nothing_near_is_more_likely():
    rng = np.random.default_rng(3)
    rows = table(60, 6, seed=3)
    rows[rng.random(rows.shape) < 0.3] = np.nan
    rows = standardised(rows)
    found = first_component(rows)
    best = likelihood(rows, found)
    for _ in range(40):
        other = found.loadings + 0.03 * rng.normal(size=6)
        variance, noise = found.variance * rng.uniform(0.95, 1.05), found.noise * rng.uniform(0.95, 1.05)
        assert likelihood(rows, Component(other / np.linalg.norm(other), variance, noise)) < best


def test_holes_do_not_move_the_truth():
    rng = np.random.default_rng(5)
    truth = rng.uniform(0.4, 1.0, 8)
    rows = np.outer(rng.normal(size=4000), truth) + 0.5 * rng.normal(size=(4000, 8))
    spread = rows.std(axis=0)
    rows[rng.random(rows.shape) < 0.4] = np.nan
    found = first_component(standardised(rows))
    whole = first_component(standardised(np.outer(rng.normal(size=40000), truth) + 0.5 * rng.normal(size=(40000, 8))))
    assert abs(found.loadings @ whole.loadings) > 0.999
    assert spread.size == 8


@settings(deadline=None, max_examples=60)
@given(st.integers(2, 7), st.integers(0, 2**31), st.floats(0.05, 0.9))
def test_what_is_expected_is_the_conditional_mean_and_deviation_of_a_normal_distribution(n, seed, noise):
    rng = np.random.default_rng(seed)
    v = rng.normal(size=n)
    assume(np.linalg.norm(v) > 0.1)
    v /= np.linalg.norm(v)
    component = Component(v, 1.0 + noise, noise)
    row = rng.normal(size=n)
    known = rng.random(n) < 0.5
    covariance = noise * np.eye(n) + np.outer(v, v)
    weights = covariance[np.ix_(~known, known)] @ np.linalg.pinv(covariance[np.ix_(known, known)])
    mean = v[known] @ row[known] + v[~known] @ weights @ row[known]
    left = covariance[np.ix_(~known, ~known)] - weights @ covariance[np.ix_(known, ~known)]
    place, spread = expected_component(np.where(known, row, np.nan)[np.newaxis], component)
    assert place[0] == pytest.approx(mean, abs=1e-9)
    assert spread[0] == pytest.approx(np.sqrt(max(v[~known] @ left @ v[~known], 0)), abs=1e-7)


def test_all_known_is_the_plain_projection():
    rows = table(20, 5, seed=1)
    found = first_component(rows)
    place, spread = expected_component(rows, found)
    np.testing.assert_allclose(place, rows @ found.loadings)
    assert (spread == 0).all()


def test_copies_leave_no_noise_and_no_error():
    column = standardised(np.arange(12.0))
    found = first_component(np.column_stack([column, column, -column]))
    assert found.explained == pytest.approx(1)
    np.testing.assert_allclose(np.abs(found.loadings), np.sqrt(1 / 3))
