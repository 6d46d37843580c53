"""The second opinion on wells: beside plain principal components, for any order, for holes and for odd input."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.stats import spearmanr

from mnephys.errors import ReferenceSetError
from mnephys.maturity.activity_score import MIN_WELLS, fit_activity, score_activity
from mnephys.measurement import Status

NAMES = ["share", "synchrony", "interval", "bursts", "duration"]


def wells(n=40, seed=0):
    """Symmetric metrics that rise with age, but for the intervals."""
    rng = np.random.default_rng(seed)
    day = rng.choice([5.0, 14.0, 21.0, 28.0], n)
    signs = np.array([1, 1, -1, 1, 0.2])
    return day, np.array([50, 0.2, 9, 4, 0.3]) * (1 + 0.01 * np.outer(day, signs) + 0.05 * rng.normal(size=(n, 5)))


def scores_of(model, values, names=NAMES):
    return [well.score for well in score_activity(model, values, names)]


def test_it_is_plain_principal_components_of_z_scores_in_deviations_of_the_control_wells():
    day, values = wells()
    model = fit_activity(values, NAMES, age=day)
    z = (values - values.mean(axis=0)) / values.std(axis=0)
    _, sizes, vectors = np.linalg.svd(z, full_matrices=False)
    plain = z @ vectors[0]
    plain *= np.sign(spearmanr(plain, day).statistic) / plain.std()
    np.testing.assert_allclose(scores_of(model, values), plain, rtol=1e-6)
    assert model.component.explained == pytest.approx(sizes[0] ** 2 / np.sum(sizes**2))
    assert model.orientation == pytest.approx(spearmanr(plain, day).statistic)
    assert (model.oriented_by, model.n_wells) == ("age of the control wells", 40)


def test_it_rises_with_age_and_else_with_the_active_electrodes():
    day, values = wells()
    old = fit_activity(values, NAMES, age=day)
    assert spearmanr(scores_of(old, values), day).statistic > 0.9
    young = fit_activity(values, NAMES, age=-day)
    np.testing.assert_allclose(scores_of(young, values), -np.array(scores_of(old, values)))
    for unknown in (None, np.full(40, np.nan), np.full(40, 21.0)):
        by_electrodes = fit_activity(values, NAMES, age=unknown, active=30 - day)
        assert by_electrodes.oriented_by == "number of active electrodes of the control wells"
        np.testing.assert_allclose(scores_of(by_electrodes, values), -np.array(scores_of(old, values)))


def test_nothing_that_says_what_is_older_is_an_error():
    _, values = wells()
    with pytest.raises(ReferenceSetError, match="old well or of a young one"):
        fit_activity(values, NAMES, age=np.full(40, 5.0), active=np.full(40, np.nan))


def test_too_few_wells_and_metrics_are_errors_that_say_how_many():
    day, values = wells(MIN_WELLS)
    fit_activity(values, NAMES, age=day)
    with pytest.raises(ReferenceSetError, match=f"^{MIN_WELLS - 1} control wells are too few .* at least {MIN_WELLS}"):
        fit_activity(values[1:], NAMES, age=day[1:])
    with pytest.raises(ReferenceSetError, match=r"^2 metrics vary"):
        fit_activity(values[:, :2], NAMES[:2], age=day)
    with pytest.raises(ReferenceSetError, match=r"^0 metrics vary"):
        fit_activity(np.full((20, 5), np.nan), NAMES, age=np.arange(20))


def test_shapes_that_do_not_fit_are_refused():
    day, values = wells()
    for names in (NAMES[1:], ["share", *NAMES[:-1]]):
        with pytest.raises(ValueError, match="do not fit"):
            fit_activity(values, names, age=day)
    with pytest.raises(ValueError, match="do not fit"):
        fit_activity(values, NAMES, age=day[1:])
    model = fit_activity(values, NAMES, age=day)
    with pytest.raises(ValueError, match="do not fit"):
        score_activity(model, values, NAMES[1:])


@settings(deadline=None, max_examples=25)
@given(st.randoms(use_true_random=False))
def test_the_order_of_wells_and_metrics_does_not_matter(random):
    day, values = wells()
    values[3, 1] = values[7, 4] = np.nan
    rows, columns = random.sample(range(40), 40), random.sample(range(5), 5)
    names = [NAMES[i] for i in columns]
    model = fit_activity(values, NAMES, age=day)
    other = fit_activity(values[np.ix_(rows, columns)], names, age=day[rows])
    assert model.names == other.names
    expected = np.array(scores_of(model, values))
    np.testing.assert_allclose(scores_of(other, values[:, columns], names), expected, atol=1e-7)


@settings(deadline=None, max_examples=25)
@given(st.lists(st.floats(0.01, 100), min_size=5, max_size=5))
def test_the_units_of_metrics_do_not_matter(factors):
    day, values = wells()
    model, scaled = (fit_activity(v, NAMES, age=day) for v in (values, values * factors))
    np.testing.assert_allclose(scores_of(model, values), scores_of(scaled, values * factors), atol=1e-6)


def test_a_hole_is_neither_the_mean_nor_a_zero():
    day, values = wells()
    model = fit_activity(values, NAMES, age=day)
    i = int(np.argmax(scores_of(model, values)))
    whole = scores_of(model, values)[i]
    gap = values[i : i + 1].copy()
    gap[0, 1] = np.nan
    (found,) = score_activity(model, gap, NAMES)
    by_mean, by_zero = gap.copy(), gap.copy()
    by_mean[0, 1], by_zero[0, 1] = values[:, 1].mean(), 0.0
    assert abs(found.score - whole) < abs(scores_of(model, by_mean)[0] - whole)
    assert abs(found.score - whole) < abs(scores_of(model, by_zero)[0] - whole)
    assert (found.measured, found.metrics) == (4, 5)
    assert 0 < found.uncertainty < 0.5
    assert scores_of(model, np.delete(gap, 1, axis=1), [*NAMES[:1], *NAMES[2:]]) == [found.score]


def test_too_little_to_say_has_a_status_and_a_reason():
    day, values = wells()
    model = fit_activity(values, NAMES, age=day)
    nothing, little = np.full((1, 5), np.nan), np.full((1, 5), np.nan)
    little[0, 4] = 0.3
    for row, reason in ((nothing, "None of the 5 metrics"), (little, "Only 1 of the 5 metrics")):
        (found,) = score_activity(model, row, NAMES)
        assert (found.score, found.uncertainty, found.status) == (None, None, Status.NOT_APPLICABLE)
        assert found.reason.startswith(reason)
    assert score_activity(model, np.zeros((0, 5)), NAMES) == []


def test_the_uncertainty_is_what_holes_cost():
    """Of wells drawn from the model the scores with holes differ from the whole ones by what is said."""
    rng = np.random.default_rng(4)
    weights, day = np.array([1.0, 0.8, 0.6, 0.9, 0.7]), rng.normal(size=3000)
    values = np.outer(day, weights) + 0.6 * rng.normal(size=(3000, 5)) * np.sqrt(weights**2 / 0.6)
    model = fit_activity(values, NAMES, age=day)
    gaps = values.copy()
    gaps[:, [0, 3]] = np.nan
    found = score_activity(model, gaps, NAMES)
    scored = [well for well in found if well.score is not None]
    assert len(scored) == 3000
    error = np.array([well.score for well in found]) - scores_of(model, values)
    assert error.std() == pytest.approx(scored[0].uncertainty, rel=0.25)


@settings(deadline=None)
@given(arrays(float, (3, 5), elements=st.floats(allow_nan=True, allow_infinity=True)))
def test_any_numbers_give_a_score_or_a_reason(rows):
    day, values = wells()
    values[:, 0] = np.exp(values[:, 0] / 10)
    model = fit_activity(values, NAMES, age=day)
    found = score_activity(model, rows, NAMES)
    for well in found:
        assert (well.score is None) == (well.status is not Status.OK) == bool(well.reason)
        assert well.score is None or np.isfinite(well.score)
