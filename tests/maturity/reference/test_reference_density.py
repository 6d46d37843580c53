"""Densities, what is missing in them, and the probabilities that follow, against one cell and stage at a time."""

from __future__ import annotations

import itertools
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from reference import plain_stages
from scipy import integrate

from mnephys.maturity.reference import load_reference, opinions
from mnephys.maturity.reference.density import log_density, posterior_of, typicality, unexplained

REFERENCE = load_reference()
N = len(REFERENCE.features)


def cells(seed: int, n: int, missing: float) -> np.ndarray:
    rng = np.random.default_rng(seed)
    stage = rng.integers(len(REFERENCE.stages), size=n)
    rows = REFERENCE.location[stage] + rng.normal(size=(n, N)) * REFERENCE.scale[stage] * 2
    return np.where(rng.random((n, N)) < missing, np.nan, rows)


def random_reference(seed: int):
    rng = np.random.default_rng(seed)
    root = rng.normal(size=(N, N))
    covariance = root @ root.T + np.eye(N)
    sd = np.sqrt(np.diag(covariance))
    return replace(
        REFERENCE,
        location=rng.normal(size=(3, N)) * 5,
        scale=rng.uniform(0.1, 4, size=(3, N)),
        correlation=covariance / np.outer(sd, sd),
        caution=replace(REFERENCE.caution, degrees_of_freedom=float(rng.uniform(1, 30))),
        prior=rng.dirichlet([2, 2, 2]),
        lender=(1, 1, 2) if seed % 2 else (0, 1, 2),
        own=np.array([rng.random(N) < 0.6, np.ones(N), np.ones(N)], dtype=bool) if seed % 2 else np.ones((3, N), bool),
    )


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10**6), st.floats(0, 1))
def test_the_density_is_that_of_a_t_distribution_of_what_was_measured(seed, missing):
    reference = random_reference(seed)
    rows = cells(seed, 6, missing)
    found = log_density(rows, reference)
    expected = [[plain_stages.log_density_of_stage(row, s, reference) for s in range(3)] for row in rows]
    assert found == pytest.approx(np.array(expected), rel=1e-9, abs=1e-9)


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10**6), st.floats(0, 1))
def test_probabilities_are_those_of_one_cell_at_a_time(seed, missing):
    reference = random_reference(seed)
    rows = cells(seed, 5, missing)
    model = reference.categories["firing_pattern"]
    places = np.random.default_rng(seed).integers(-1, len(model.values), size=5)
    found = opinions(rows, {"firing_pattern": places}, reference).probability
    for row, place, probability in zip(rows, places, found, strict=True):
        category = None if place < 0 else ("firing_pattern", model.values[place])
        assert probability == pytest.approx(plain_stages.posterior(row, category, reference), rel=1e-8)


def test_typicality_is_the_tail_of_an_f_distribution_and_of_the_model_itself():
    rows = cells(1, 20, 0.4)
    rows = rows[np.isfinite(rows).any(axis=1)]
    found = typicality(rows, REFERENCE)
    for row, usual in zip(rows, found, strict=True):
        for s in range(3):
            of_stage = (REFERENCE.location[s], REFERENCE.scale[s], REFERENCE.correlation)
            own = np.where(REFERENCE.own[s], row, np.nan)
            expected = plain_stages.typicality(own, *of_stage, 5.0) if np.isfinite(own).any() else 1.0
            assert usual[s] == pytest.approx(expected, rel=1e-9)
    drawn = drawn_from_the_model(20_000, 2)
    own = typicality(drawn[0], REFERENCE)[np.arange(20_000), drawn[1]]
    assert np.quantile(own, [0.01, 0.1, 0.5, 0.9]) == pytest.approx([0.01, 0.1, 0.5, 0.9], abs=0.012)


def drawn_from_the_model(n: int, seed: int, missing: float = 0.0, reference=REFERENCE):
    rng = np.random.default_rng(seed)
    nu = reference.caution.degrees_of_freedom
    stage = rng.integers(3, size=n)
    z = rng.multivariate_normal(np.zeros(N), reference.correlation, size=n)
    z *= np.sqrt(nu / rng.chisquare(nu, size=n))[:, None]
    rows = reference.location[stage] + z * reference.scale[stage]
    return np.where(rng.random((n, N)) < missing, np.nan, rows), stage


@pytest.mark.parametrize("dropped", [0, 2, 3, 6])
def test_what_is_missing_is_integrated_out(dropped):
    row = cells(3, 1, 0.0)
    without = row.copy()
    without[0, dropped] = np.nan

    def joint(value, s):
        return float(np.exp(log_density(np.where(np.arange(N) == dropped, value, row), REFERENCE)[0, s]))

    # A borrowed feature is one of evidence only: its stage has no joint distribution with the others.
    for s in range(3) if dropped == 2 else (1, 2):
        middle, width = REFERENCE.location[s, dropped], REFERENCE.scale[s, dropped]
        parts = [integrate.quad(joint, a, b, args=(s,), epsabs=0)[0] for a, b in halves(middle, width)]
        assert sum(parts) == pytest.approx(float(np.exp(log_density(without, REFERENCE)[0, s])), rel=1e-5)


def halves(middle, width):
    edges = middle + width * np.array([-np.inf, -30, -5, 0, 5, 30, np.inf])
    return list(itertools.pairwise(edges))


@settings(max_examples=20, deadline=None)
@given(st.permutations(range(N)), st.permutations(range(8)), st.integers(0, 10**6))
def test_the_order_of_features_and_cells_does_not_matter(features, order, seed):
    rows = cells(seed, 8, 0.3)
    shuffled = replace(
        REFERENCE,
        features={name: REFERENCE.features[name] for name in np.array(list(REFERENCE.features))[list(features)]},
        location=REFERENCE.location[:, features],
        scale=REFERENCE.scale[:, features],
        correlation=REFERENCE.correlation[np.ix_(features, features)],
        own=REFERENCE.own[:, features],
    )
    found, expected = opinions(rows[order][:, features], {}, shuffled), opinions(rows, {}, REFERENCE)
    assert found.probability == pytest.approx(expected.probability[order], rel=1e-9)
    assert found.typicality == pytest.approx(expected.typicality[order], rel=1e-7)
    assert found.spoke == pytest.approx(
        expected.spoke[order][:, [*features, *range(N, expected.spoke.shape[1])]], abs=1e-9
    )


def test_what_a_feature_says_is_what_changes_without_it():
    rows = cells(5, 4, 0.3)
    added = unexplained(rows, REFERENCE)
    for cell in range(4):
        for feature in range(N):
            without = rows[cell : cell + 1].copy()
            without[0, feature] = np.nan
            change = log_density(rows[cell : cell + 1], REFERENCE) - log_density(without, REFERENCE)
            assert added[cell, feature] == pytest.approx(change[0], abs=1e-9)
    spoke = opinions(rows, {"firing_pattern": np.array([-1, 0, 2, 4])}, REFERENCE).spoke
    assert spoke.sum(axis=2) == pytest.approx(np.zeros(spoke.shape[:2]), abs=1e-9)
    assert (spoke[:, :N][np.isnan(rows)] == 0).all()
    assert (spoke[0, N] == 0).all()
    assert spoke[3, N].argmax() == 2


@pytest.mark.parametrize("missing", [0.0, 0.3, 0.8])
def test_on_cells_drawn_from_the_model_the_probabilities_come_true(missing):
    # Every stage with distributions of its own: of a borrowed feature there is none to draw from.
    reference = replace(REFERENCE, lender=(0, 1, 2), own=np.ones((3, N), dtype=bool))
    rows, stage = drawn_from_the_model(30_000, 7, missing, reference)
    shares = REFERENCE.shares["firing_pattern"]
    rng = np.random.default_rng(8)
    pattern = (rng.random(len(stage))[:, None] > np.cumsum(shares, axis=1)[stage]).sum(axis=1)
    probability = opinions(rows, {"firing_pattern": pattern}, reference).probability
    assert calibration_error(probability, stage) < 0.015
    # The measure can fail: probabilities that are too sure of themselves miss by more.
    assert calibration_error(posterior_of(2 * np.log(probability), np.ones(3) / 3), stage) > 0.05


def calibration_error(probability, stage):
    sure, right = probability.max(axis=1), probability.argmax(axis=1) == stage
    bins = np.minimum((sure * 15).astype(int), 14)
    return sum(abs(sure[bins == b].mean() - right[bins == b].mean()) * np.mean(bins == b) for b in np.unique(bins))


def test_a_stage_in_which_nothing_was_measured_has_its_prior():
    nothing = opinions(np.full((2, N), np.nan), {}, replace(REFERENCE, prior=np.array([0.2, 0.3, 0.5])))
    assert nothing.probability == pytest.approx(np.tile([0.2, 0.3, 0.5], (2, 1)))
    assert (nothing.typicality == 1).all()
    assert (nothing.spoke == 0).all()


@pytest.mark.parametrize("value", [1e300, -1e300, 1e-300])
def test_values_beyond_all_measure_give_probabilities(value):
    rows = np.full((1, N), value)
    found = opinions(rows, {}, REFERENCE)
    assert np.isfinite(found.probability).all()
    assert found.probability.sum() == pytest.approx(1.0)
    if abs(value) > 1:
        assert (found.typicality == 0).all()


def test_no_cells_and_no_numbers_are_no_error():
    assert opinions(np.zeros((0, N)), {}, REFERENCE).probability.shape == (0, 3)
    words_only = replace(
        REFERENCE,
        features={},
        location=np.zeros((3, 0)),
        scale=np.zeros((3, 0)),
        correlation=np.zeros((0, 0)),
        lender=(0, 1, 2),
        own=np.zeros((3, 0), dtype=bool),
    )
    found = opinions(np.zeros((2, 0)), {"firing_pattern": np.array([0, 4])}, words_only)
    expected = REFERENCE.shares["firing_pattern"][:, [0, 4]].T
    assert found.probability == pytest.approx(expected / expected.sum(axis=1, keepdims=True))
