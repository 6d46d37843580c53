"""Dose-response curves, against simulated truth and against the equation written out plainly."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mnephys.mea.plate.hill import hill_fit, hill_response
from mnephys.measurement import Status

DOSES = np.repeat([0.0, 0.1, 0.3, 1.0, 3.0, 10.0, 30.0], 4)


def truth(dose, ec50=2.0, slope=1.3, start=8.0, end=1.0):
    """The equation as it is printed, one dose at a time."""
    return np.array([start if x == 0 else start + (end - start) / (1 + (ec50 / x) ** slope) for x in dose])


def test_the_equation_is_the_one_that_is_printed():
    assert hill_response(DOSES, 2.0, 1.3, 8.0, 1.0) == pytest.approx(truth(DOSES))


@pytest.mark.parametrize("scale", [1e-200, 1.0, 1e200])
@pytest.mark.parametrize("ec50", [0.3, 2.0, 8.0])
@pytest.mark.parametrize("slope", [0.7, 1.3, 3.0])
@pytest.mark.parametrize(("start", "end"), [(8.0, 1.0), (2.0, 9.0), (0.0, -3.0)])
def test_without_noise_the_truth_is_found(scale, ec50, slope, start, end):
    fit = hill_fit(DOSES, scale * truth(DOSES, ec50, slope, start, end))
    assert (fit.status, fit.n_doses, fit.n_wells) == (Status.OK, 6, 28)
    assert (fit.ec50, fit.slope) == pytest.approx((ec50, slope), rel=1e-3)
    assert (fit.start / scale, fit.end / scale) == pytest.approx((start, end), abs=0.01)


def test_intervals_hold_the_truth_as_often_as_they_say():
    rng = np.random.default_rng(0)
    fits = [hill_fit(DOSES, truth(DOSES) + rng.normal(0, 0.7, DOSES.size)) for _ in range(300)]
    bounded = [fit for fit in fits if np.isfinite(fit.low)]
    assert len(bounded) > 280
    held = np.mean([fit.low <= 2.0 <= fit.high for fit in bounded])
    # Of 300, 95 % are held; four standard errors of that are 5 %.
    assert 0.90 <= held <= 1.0
    assert np.median([fit.ec50 for fit in fits if fit.status is Status.OK]) == pytest.approx(2.0, rel=0.1)
    # An interval of less confidence is shorter.
    value = truth(DOSES) + rng.normal(0, 0.7, DOSES.size)
    wide, short = hill_fit(DOSES, value), hill_fit(DOSES, value, confidence=0.5)
    assert wide.low < short.low < short.high < wide.high


def test_without_an_effect_there_is_none_as_often_as_the_test_says():
    rng = np.random.default_rng(1)
    found = [hill_fit(DOSES, rng.normal(5, 1, DOSES.size)).status for _ in range(200)]
    assert found.count(Status.OK) <= 0.08 * 200


@pytest.mark.parametrize(("ec50", "where"), [(0.02, "below the lowest"), (150.0, "above the highest")])
def test_an_effect_of_which_half_is_not_within_the_doses_is_not_extrapolated(ec50, where):
    fit = hill_fit(DOSES, truth(DOSES, ec50), "uM")
    assert fit.status is Status.NOT_APPLICABLE
    assert fit.reason == f"half of the effect lies {where} of the doses, 0.1 to 30 uM"
    assert np.isnan([fit.ec50, fit.low, fit.high, fit.slope, fit.start, fit.end]).all()


def test_an_interval_that_reaches_beyond_the_doses_is_none():
    rng = np.random.default_rng(2)
    fits = [hill_fit(DOSES, truth(DOSES, 20.0, 1.0) + rng.normal(0, 0.6, DOSES.size), "uM") for _ in range(40)]
    found = [fit for fit in fits if fit.status is Status.OK]
    beyond = [fit for fit in found if fit.reason == "no interval: it would reach beyond the doses, 0.1 to 30 uM"]
    assert len(beyond) > 5
    assert np.isnan([[fit.low, fit.high] for fit in beyond]).all()
    assert all(0.1 <= fit.low <= fit.high <= 30.0 for fit in found if not fit.reason)


def test_an_effect_that_sets_in_between_two_doses_has_no_interval():
    fit = hill_fit(DOSES, np.where(DOSES >= 3.0, 1.0, 8.0) + np.tile([-0.1, 0.0, 0.0, 0.1], 7))
    assert fit.status is Status.OK
    assert 1.0 < fit.ec50 < 3.0
    assert fit.reason == "no interval: the effect sets in between two doses, and nobody knows where"


@pytest.mark.parametrize(
    ("dose", "value", "status", "reason"),
    [
        ([], [], Status.TOO_FEW_EVENTS, "a curve takes 4 doses and 8 wells; measured were 0 and 0"),
        (
            [0, 1, 2, 3] * 4,
            range(16),
            Status.TOO_FEW_EVENTS,
            "a curve takes 4 doses and 8 wells; measured were 3 and 16",
        ),
        (
            [0, 1, 2, 3, 4] * 2,
            [np.nan] * 5 + [1.0] * 5,
            Status.TOO_FEW_EVENTS,
            "a curve takes 4 doses and 8 wells; measured were 4 and 5",
        ),
        (DOSES, np.full(28, 3.0), Status.NOT_APPLICABLE, "the wells do not differ from one another"),
        (DOSES, np.zeros(28), Status.NOT_APPLICABLE, "the wells do not differ from one another"),
    ],
)
def test_too_little_or_nothing_gives_a_status(dose, value, status, reason):
    fit = hill_fit(np.array(dose, dtype=float), np.array(value, dtype=float))
    assert fit.status is status
    assert fit.reason.startswith(reason)


def test_the_order_of_wells_does_not_matter_and_nan_counts_nowhere():
    rng = np.random.default_rng(3)
    value = truth(DOSES) + rng.normal(0, 0.5, DOSES.size)
    order = rng.permutation(DOSES.size)
    one, other = hill_fit(DOSES, value), hill_fit(DOSES[order], value[order])
    assert other.ec50 == pytest.approx(one.ec50, rel=1e-4)
    more = hill_fit(np.append(DOSES, [5.0, np.nan, -1.0]), np.append(value, [np.nan, 4.0, 4.0]))
    assert more == one


@given(
    st.lists(
        st.tuples(
            st.floats(0, 1e300) | st.sampled_from([0.0, 1.0, 2.0, 3.0, 5e-324]),
            st.floats(allow_nan=True, allow_infinity=True) | st.sampled_from([0.0, 1.0, 1e308]),
        ),
        min_size=6,
        max_size=30,
    )
)
@settings(deadline=None, max_examples=150)
def test_whatever_the_wells_there_is_a_curve_or_a_reason(pairs):
    dose, value = np.array(pairs).T
    fit = hill_fit(dose, value)
    assert np.isfinite([fit.ec50, fit.slope, fit.start, fit.end]).all() == (fit.status is Status.OK)
    assert np.isfinite([fit.low, fit.high]).all() or fit.reason


def test_four_doses_and_eight_wells_are_enough():
    dose = np.array([0.1, 1.0, 10.0, 100.0] * 2)
    fit = hill_fit(dose, truth(dose))
    assert (fit.status, fit.n_doses, fit.n_wells) == (Status.OK, 4, 8)
    assert fit.ec50 == pytest.approx(2.0, rel=1e-3)


@pytest.mark.parametrize("confidence", [0.0, 1.0, 95, np.nan])
def test_a_confidence_that_is_none_is_refused(confidence):
    with pytest.raises(ValueError, match="give it between 0 and 1"):
        hill_fit(DOSES, truth(DOSES), confidence=confidence)
