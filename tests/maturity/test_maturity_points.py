from __future__ import annotations

import math
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mnephys.maturity import load_rubric
from mnephys.maturity.criteria import cut_text, in_range, points
from mnephys.maturity.stage import domain_scores, maturity_index

RUBRIC = load_rubric()
RAMPS = [c for c in RUBRIC.criteria.values() if c.immature is not None]


@pytest.mark.parametrize(
    ("feature", "value", "expected"),
    [
        ("resting_membrane_potential", -45, 0),
        ("resting_membrane_potential", -30, 0),
        ("resting_membrane_potential", -50, 0.5),
        ("resting_membrane_potential", -55, 1),
        ("resting_membrane_potential", -70, 1),
        ("input_resistance", 871.5, 0.257),
        ("input_resistance", 8150, 0),
        ("input_resistance", 19, 1),
        ("membrane_capacitance", 27, 0.08),
        ("ap_amplitude", 54, 0.4),
        ("ap_half_width", 3.25, 0.5),
        ("max_sustained_rate", 6.5, 0.5),
        ("ap_threshold", -33, 1),
        ("ap_threshold", -15, 0.5),
        ("na_current_peak", -750, 0.5),
        ("na_current_peak", 750, 0.5),
    ],
)
def test_points_by_hand(feature, value, expected):
    assert points(RUBRIC.criteria[feature], value) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("pattern", "expected"), [("none", 0), ("abortive", 0), ("single", 0), ("phasic", 0.5), ("sustained", 1)]
)
def test_points_of_patterns(pattern, expected):
    assert points(RUBRIC.criteria["firing_pattern"], pattern) == expected


@given(st.sampled_from(RAMPS), st.floats(-2, 3), st.floats(0, 1))
def test_ramps_are_bounded_monotonic_and_without_a_cliff(criterion, where, step):
    span = criterion.mature - criterion.immature
    here = points(criterion, criterion.immature + where * span)
    further = points(criterion, criterion.immature + (where + step) * span)
    assert 0 <= here <= 1
    if not criterion.magnitude:
        assert -1e-9 <= further - here <= step + 1e-9


@given(st.floats(0.01, 0.99), st.floats(-1, 2))
def test_a_ramp_through_an_intermediate_cut(middle, where):
    criterion = replace(RUBRIC.criteria["ap_amplitude"], immature=0.0, intermediate=middle, mature=1.0)
    expected = where / middle / 2 if where < middle else 0.5 + (where - middle) / (1 - middle) / 2
    assert points(criterion, where) == pytest.approx(min(1, max(0, expected)))
    assert points(criterion, middle) == pytest.approx(0.5)


def test_a_criterion_without_cuts_has_no_points():
    with pytest.raises(ValueError, match="no cuts"):
        points(RUBRIC.criteria["rheobase"], 100.0)


def test_domains_are_means_lowered_by_penalties():
    scores = domain_scores(RUBRIC, {"ap_amplitude": 1.0, "ap_half_width": 0.6, "ap_threshold": 0.0})
    assert scores["ap"] == pytest.approx(0.8 * 2 / 3)
    assert domain_scores(RUBRIC, {"ap_amplitude": 1.0, "ap_half_width": 0.6, "ap_threshold": 1.0})[
        "ap"
    ] == pytest.approx(0.8)
    assert domain_scores(RUBRIC, {"ap_threshold": 0.5})["ap"] is None


def test_absent_domains_are_renormalised_and_synaptic_stands_apart():
    scores = {"firing": 1.0, "ap": 0.5, "passive": 0.0, "currents": None, "synaptic": 0.0}
    assert maturity_index(RUBRIC, scores) == pytest.approx((0.35 + 0.15) / 0.9)
    assert maturity_index(RUBRIC, {**scores, "currents": 1.0}) == pytest.approx(0.6)
    assert maturity_index(RUBRIC, {"synaptic": 1.0}) is None


def test_cuts_in_words():
    criteria = RUBRIC.criteria
    assert cut_text(criteria["resting_membrane_potential"]) == "immature from -45 mV up, mature from -55 mV down"
    assert cut_text(criteria["medium_ahp_decay_time"]) == "expected 10 to 60 ms"
    assert cut_text(criteria["rheobase"]) == "reported only"
    assert cut_text(replace(criteria["rheobase"], high=3.0)) == "expected 3 pA or less"
    assert all(cut_text(c).isprintable() for c in criteria.values())


def test_ranges_contain_their_bounds():
    decay = RUBRIC.criteria["medium_ahp_decay_time"]
    assert [in_range(decay, v) for v in (9.9, 10, 60, 60.1)] == [False, True, True, False]
    assert not in_range(decay, math.inf)
