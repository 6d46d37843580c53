"""Sets of several laboratories against a plain pooling, and what it has to do where little is known."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from reference import plain_stages

from mnephys.maturity.reference import load_reference
from mnephys.maturity.reference.model import CategoryModel, Caution, Fraction, Summary
from mnephys.maturity.reference.pool import Laboratory, pool_feature
from mnephys.maturity.reference.scales import Scaling, centre_spread
from mnephys.maturity.reference.shares import category_shares, effective_cells

CAUTION = Caution(5.0, 1.0, 4.0, 5.0, 1.25, 0.01, 0.1, {})

summaries = st.builds(
    Summary,
    st.floats(-50, 50),
    st.floats(0.1, 20),
    st.integers(2, 200).map(float),
) | st.builds(Summary, st.floats(-50, 50), st.none(), st.none() | st.integers(1, 200).map(float))
laboratories = st.lists(
    st.builds(Laboratory, st.integers(0, 2), st.lists(summaries, min_size=1, max_size=3).map(tuple)),
    min_size=1,
    max_size=9,
)


@settings(max_examples=100, deadline=None)
@given(laboratories, st.floats(0, 3), st.floats(0.5, 20), st.floats(1, 2))
def test_pooling_is_that_of_a_plain_one(labs, ratio, weight, widening):
    caution = Caution(5.0, ratio, weight, 5.0, widening, 0.01, 0.1, {})
    found = pool_feature(labs, 3, caution)
    if not any(s.spread is not None for lab in labs for s in lab.sets):
        assert found is None
        return
    plain = {(lab.stage, i): [(s.centre, s.spread, s.n) for s in lab.sets] for i, lab in enumerate(labs)}
    expected = plain_stages.random_effects(plain, ratio, weight, widening, 5.0)
    for stage in range(3):
        if stage in expected:
            assert (found.location[stage], found.scale[stage]) == pytest.approx(expected[stage], rel=1e-9, abs=1e-9)
        else:
            assert math.isnan(found.location[stage])
            assert math.isnan(found.scale[stage])


def test_means_of_laboratories_far_apart_make_wide_stages():
    near = [Laboratory(0, (Summary(m, 1.0, 20.0),)) for m in (-0.1, 0.0, 0.1)]
    far = [Laboratory(0, (Summary(m, 1.0, 20.0),)) for m in (-10.0, 0.0, 10.0)]
    assert pool_feature(far, 1, CAUTION).between > 5 > pool_feature(near, 1, CAUTION).between


def test_the_spread_between_laboratories_is_found_again_in_simulated_ones():
    rng = np.random.default_rng(4)
    free = Caution(5.0, 1.0, 1e-9, 5.0, 1.0, 0.01, 0.1, {})
    found = []
    for _ in range(300):
        labs = [
            Laboratory(i % 2, (Summary(float(c.mean()), float(c.std(ddof=1)), 12.0),))
            for i, c in enumerate(rng.normal(rng.normal(0, 2.0, (16, 1)), 3.0, (16, 12)))
        ]
        found.append(pool_feature(labs, 2, free))
    # Both spreads are unbiased as variances.
    assert np.mean([f.within**2 for f in found]) == pytest.approx(9, rel=0.03)
    assert np.mean([f.between**2 for f in found]) == pytest.approx(4, rel=0.08)


def test_a_new_cell_of_a_new_laboratory_is_inside_as_often_as_said():
    """Central 68 % of cells of laboratories that were not pooled, where the expected spread is the true one."""
    rng = np.random.default_rng(5)
    inside = []
    for _ in range(600):
        means = rng.normal(0, 2.0, 4)
        labs = [
            Laboratory(0, (Summary(float(c.mean()), float(c.std(ddof=1)), 15.0),))
            for c in rng.normal(means[:3, None], 2.0, (3, 15))
        ]
        pooled = pool_feature(labs, 1, Caution(5.0, 1.0, 4.0, 5.0, 1.0, 0.01, 0.1, {}))
        inside.append(abs(rng.normal(means[3], 2.0) - pooled.location[0]) < pooled.scale[0])
    assert np.mean(inside) == pytest.approx(0.68, abs=0.06)


def test_alike_cells_and_sets_without_a_spread_say_nothing():
    assert pool_feature([Laboratory(0, (Summary(1.0, None, None),))], 1, CAUTION) is None
    assert pool_feature([Laboratory(0, (Summary(1.0, None, 30.0), Summary(5.0, None, 30.0)))], 1, CAUTION) is None


def test_sem_is_turned_into_sd_and_a_conductance_into_a_resistance():
    sets = {s.id: s for s in load_reference().sets}
    assert sets["omn_slow"].summaries["ap_amplitude"].spread == pytest.approx(3.6 * math.sqrt(10))
    assert sets["kang2017_d4"].summaries["resting_membrane_potential"].spread == pytest.approx(2.3 * 5)
    # 52 +- 28 nS: drawn as log-normal conductances, resistances have the centre and spread of the set.
    variance = math.log1p((28 / 52) ** 2)
    drawn = np.random.default_rng(0).lognormal(math.log(52) - variance / 2, math.sqrt(variance), 400_000)
    logs = np.log(1000 / drawn)
    resistance = sets["leroy2014_delayed"].summaries["input_resistance"]
    assert (resistance.centre, resistance.spread) == pytest.approx((logs.mean(), logs.std()), abs=0.01)


@given(st.floats(0.1, 1e4), st.floats(0.01, 2.0))
@settings(max_examples=20, deadline=None)
def test_log_normal_values_have_the_centre_and_spread_that_their_moments_give(mean, ratio):
    centre, spread = centre_spread(Scaling.LOG, mean, mean * ratio)
    # The moments of a log-normal distribution, from its own definition.
    assert math.exp(centre + spread**2 / 2) == pytest.approx(mean)
    assert math.exp(centre + spread**2 / 2) * math.sqrt(math.expm1(spread**2)) == pytest.approx(mean * ratio)


def test_fractions_are_compared_by_their_logit():
    centre, spread = centre_spread(Scaling.LOGIT, 0.3, 0.01)
    drawn = Scaling.LOGIT.apply(np.random.default_rng(1).normal(0.3, 0.01, 100_000))
    assert (centre, spread) == pytest.approx((drawn.mean(), drawn.std()), abs=0.002)
    assert Scaling.LOGIT.back(Scaling.LOGIT.apply(np.array([0.01, 0.5]))) == pytest.approx([0.01, 0.5])
    assert np.isnan(Scaling.LOGIT.apply(np.array([0.0, 1.0, -0.1, np.nan]))).all()
    assert np.isnan(Scaling.LINEAR.apply(np.array([np.inf, np.nan]))).all()


# --- categories ---

PATTERNS = CategoryModel("firing_pattern", ("none", "abortive", "single", "phasic", "sustained"), 0.5, 0.1)


def test_shares_are_most_likely_under_what_laboratories_say():
    """Against a plain search for the largest posterior density."""
    from scipy.optimize import minimize

    labs = [
        [Fraction(("single", "phasic", "sustained"), 0.4, 20.0), Fraction(("sustained",), 0.1, 30.0)],
        [Fraction(("phasic", "sustained"), 0.2, None)],
    ]
    statements = [
        (fraction, effective_cells(total, 0.1) / total * (5.0 if fraction.n is None else fraction.n))
        for lab, total in zip(labs, (50.0, 5.0), strict=True)
        for fraction in lab
    ]

    def loss(free):
        share = np.exp(free) / np.exp(free).sum()
        value = -0.5 * np.log(share).sum()
        for fraction, cells in statements:
            inside = sum(share[PATTERNS.values.index(word)] for word in fraction.one_of)
            value -= cells * (fraction.fraction * np.log(inside) + (1 - fraction.fraction) * np.log(1 - inside))
        return value

    best = minimize(loss, np.zeros(5), tol=1e-12).x
    assert category_shares(PATTERNS, labs, 5.0) == pytest.approx(np.exp(best) / np.exp(best).sum(), abs=2e-4)


def test_sets_of_one_source_are_one_laboratory():
    reference = load_reference()
    model = reference.categories["firing_pattern"]
    for row, stage in enumerate(reference.stages):
        laboratories: dict[str, list[Fraction]] = {}
        for one in reference.sets:
            if one.stage == stage:
                laboratories.setdefault(one.source, []).extend(one.fractions.get("firing_pattern", ()))
        expected = category_shares(model, [lab for lab in laboratories.values() if lab], 5.0)
        assert reference.shares["firing_pattern"][row] == pytest.approx(expected)
    assert sum(one.source == "durand2015" for one in reference.sets) == 3


def test_categories_that_nobody_tells_apart_are_alike():
    share = category_shares(PATTERNS, [[Fraction(("phasic", "sustained"), 0.8, 40.0)]], 5.0)
    assert share[3] == pytest.approx(share[4])
    assert share[0] == pytest.approx(share[2])
    assert share[3] > share[0]
    assert share.sum() == pytest.approx(1.0)
    assert category_shares(PATTERNS, [], 5.0) == pytest.approx(np.full(5, 0.2))


def test_a_fraction_of_one_leaves_the_others_possible():
    share = category_shares(PATTERNS, [[Fraction(("sustained",), 1.0, 1000.0)]], 5.0)
    assert share[:4].min() > 0.02
    assert share[4] > 0.7


def test_many_cells_of_one_laboratory_count_as_few():
    assert effective_cells(1e6, 0.1) == pytest.approx(10, rel=1e-4)
    assert effective_cells(7, 0.0) == 7
    assert effective_cells(1, 0.5) == 1
