"""Which metrics count, how each becomes a z-score, and that nothing odd in a column breaks it."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.stats import skew

from mnephys.maturity.metric_scales import SKEWED, fit_scales, standardised


def test_a_skewed_metric_is_taken_as_a_logarithm_and_a_symmetric_one_is_not():
    rng = np.random.default_rng(0)
    values = np.column_stack([rng.lognormal(0, 1.5, 200), rng.normal(50, 3, 200), rng.lognormal(0, 0.3, 200)])
    assert 0 < abs(skew(np.log(values[:, 2]))) < skew(values[:, 2]) < SKEWED
    (skewed, plain, slightly), _ = fit_scales(values, ["rate", "share", "isi"])
    assert (skewed.offset, plain.offset, slightly.offset) == (0.0, None, None)
    values = values[:, :2]
    z = standardised(values, [skewed, plain])
    np.testing.assert_allclose(z.mean(axis=0), 0, atol=1e-12)
    np.testing.assert_allclose(z.std(axis=0), 1)
    np.testing.assert_allclose(np.corrcoef(z[:, 0], np.log(values[:, 0]))[0, 1], 1)


def test_zeros_get_half_of_the_smallest_value():
    values = np.append(np.random.default_rng(1).lognormal(0, 1, 99), 0.0)[:, np.newaxis]
    assert skew(values[:, 0]) > SKEWED
    ((metric,), _) = fit_scales(values, ["rate"])
    assert metric.offset == np.sort(values[:, 0])[1] / 2
    assert np.isfinite(standardised(values, [metric])).all()


def test_no_logarithm_of_what_can_be_negative():
    values = np.append(np.random.default_rng(1).lognormal(0, 2, 99), -1e-3)[:, np.newaxis]
    assert fit_scales(values, ["difference"])[0][0].offset is None


def test_what_does_not_count_says_why():
    rng = np.random.default_rng(2)
    values = rng.normal(size=(20, 5))
    values[:11, 1] = np.nan
    values[:, 2] = 8.0
    values[:, 3] = 2 * values[:, 0] + 1
    metrics, left_out = fit_scales(values, ["a", "rare", "flat", "copy", "e"])
    assert [metric.name for metric in metrics] == ["a", "e"]
    assert left_out == {
        "rare": "measured in 9 of 20 control wells",
        "flat": "the same in all control wells",
        "copy": "says the same as a",
    }


def test_a_copy_that_is_known_in_other_wells_is_kept():
    values = np.tile([[1.0], [-1.0]], (10, 2))
    values[:2, 1] = np.nan
    assert len(fit_scales(values, ["a", "b"])[0]) == 2


def test_a_value_without_a_logarithm_was_not_measured():
    ((metric,), _) = fit_scales(np.random.default_rng(1).lognormal(0, 1, 99)[:, np.newaxis], ["rate"])
    found = standardised(np.array([[-1.0], [0.0], [np.inf], [1.0]]), [metric])[:, 0]
    assert np.isfinite(found).tolist() == [False, False, False, True]
    with_zeros = np.append(np.random.default_rng(1).lognormal(0, 1, 99), 0.0)[:, np.newaxis]
    ((metric,), _) = fit_scales(with_zeros, ["rate"])
    assert np.isnan(standardised(np.array([[-metric.offset / 2]]), [metric])).all()


@settings(deadline=None)
@given(arrays(float, (12, 3), elements=st.floats(-1e6, 1e6) | st.floats(allow_infinity=True) | st.just(float("nan"))))
def test_columns_of_any_kind_have_mean_0_and_deviation_1(values):
    metrics, left_out = fit_scales(values, ["a", "b", "c"])
    assert len(metrics) + len(left_out) == 3
    if metrics:
        z = standardised(values[:, ["abc".index(m.name) for m in metrics]], metrics)
        assert np.isfinite(z).any(axis=0).all()
        np.testing.assert_allclose(np.nanmean(z, axis=0), 0, atol=1e-6)
        np.testing.assert_allclose(np.nanstd(z, axis=0), 1, rtol=1e-6)
        assert (np.isfinite(z).sum(axis=0) >= 6).all()


@pytest.mark.parametrize("odd", [np.inf, -np.inf, np.nan])
def test_what_is_not_finite_is_not_known(odd):
    values = np.append(np.arange(12.0), odd)[:, np.newaxis]
    ((metric,), _) = fit_scales(values, ["a"])
    assert (metric.mean, metric.sd) == (5.5, pytest.approx(np.arange(12).std()))
