"""The opinion on one cell, and the published sets fed as cells."""

from __future__ import annotations

import json
import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from reference import plain_stages

from mnephys.maturity.reference import load_reference, second_opinion

REFERENCE = load_reference()
MATURE = {
    "resting_membrane_potential": -64.0,
    "input_resistance": 120.0,
    "membrane_capacitance": 80.0,
    "ap_threshold": -42.0,
    "ap_amplitude": 80.0,
    "ap_half_width": 1.4,
    "max_firing_rate": 14.0,
}
YOUNG = {
    "resting_membrane_potential": -35.0,
    "input_resistance": 2500.0,
    "membrane_capacitance": 20.0,
    "ap_threshold": -27.0,
    "ap_amplitude": 42.0,
    "ap_half_width": 8.0,
    "max_firing_rate": 1.5,
}
# Printed values of adult motor neurons, size and all: none of these rows is in the reference.
ADULT = {
    "rat fast": {"resting_membrane_potential": -61, "ap_threshold": -43, "ap_amplitude": 77, "input_resistance": 1.7},
    "rat slow": {"resting_membrane_potential": -63, "ap_threshold": -42, "ap_amplitude": 84, "input_resistance": 2.7},
    "rat fast, at rheobase": {"ap_threshold": -43, "ap_amplitude": 58, "membrane_capacitance": 3500},
    "mouse large": {"resting_membrane_potential": -71, "input_resistance": 1.67},
    "mouse small": {"resting_membrane_potential": -69, "input_resistance": 3.33},
}
FIRING = {"ap_amplitude", "ap_half_width", "max_firing_rate"}


def values_of(one, reference=REFERENCE):
    return {
        name: float(reference.features[name].scaling.back(np.array(summary.centre)))
        for name, summary in one.summaries.items()
        if name in reference.features
    }


@pytest.mark.parametrize("one", [s for s in REFERENCE.sets if set(s.summaries) & FIRING], ids=lambda s: s.id)
def test_every_set_with_action_potentials_lands_in_its_stage(one):
    found = second_opinion(values_of(one), {}, REFERENCE)
    assert found.stage == one.stage
    assert found.probabilities[one.stage] == max(found.probabilities.values())


@pytest.mark.parametrize("one", [s for s in REFERENCE.sets if s.stage == "mature"], ids=lambda s: s.id)
@pytest.mark.parametrize("pattern", [{}, {"firing_pattern": "sustained"}], ids=["", "sustained"])
def test_no_motor_neuron_of_the_sets_is_called_immature(one, pattern):
    if values_of(one) or pattern:
        found = second_opinion(values_of(one), pattern, REFERENCE)
        assert found.probable == "mature"
        assert found.probabilities["immature"] < 0.15


@pytest.mark.parametrize("name", ADULT)
@pytest.mark.parametrize("pattern", [{}, {"firing_pattern": "sustained"}], ids=["", "sustained"])
def test_no_adult_motor_neuron_is_called_immature_for_its_size(name, pattern):
    found = second_opinion(ADULT[name], pattern, REFERENCE)
    assert found.probable == "mature"


@pytest.mark.parametrize("laboratory", sorted({s.source for s in REFERENCE.sets}))
def test_no_motor_neuron_is_called_immature_by_the_other_laboratories_alone(laboratory, without):
    reference = without(laboratory)
    for one in REFERENCE.sets:
        if one.source == laboratory and one.basis != "proxy" and values_of(one, reference):
            found = second_opinion(values_of(one, reference), {}, reference)
            assert found.probable != "immature"
            assert found.probabilities["immature"] < 0.15


def test_the_two_ends_are_told_apart_and_every_feature_points_the_right_way():
    mature = second_opinion(MATURE, {"firing_pattern": "sustained"}, REFERENCE)
    young = second_opinion(YOUNG, {"firing_pattern": "abortive"}, REFERENCE)
    assert mature.stage == "mature"
    assert mature.probabilities["mature"] > 0.95
    assert young.stage == "immature"
    assert young.probabilities["mature"] < 0.01
    for name in (*REFERENCE.features, "firing_pattern"):
        alone = {name: MATURE[name]} if name in MATURE else {}
        found = second_opinion(alone, {} if alone else {"firing_pattern": "sustained"}, REFERENCE)
        assert found.spoke[name]["mature"] > max(found.spoke[name]["immature"], found.spoke[name]["intermediate"])


@pytest.mark.parametrize(
    "others", [{}, {"input_resistance": 1800.0}, YOUNG, MATURE], ids=["", "one", "young", "mature"]
)
@pytest.mark.parametrize("capacitance", [5.0, 15.0, 120.0])
def test_a_stage_that_borrows_is_not_told_from_its_lender_by_that_feature(others, capacitance):
    rest = {name: value for name, value in others.items() if name != "membrane_capacitance"}
    before = second_opinion(rest, {}, REFERENCE).probabilities
    found = second_opinion({**rest, "membrane_capacitance": capacitance}, {}, REFERENCE)
    after = found.probabilities
    assert after["immature"] / after["intermediate"] == pytest.approx(before["immature"] / before["intermediate"])
    said = found.spoke["membrane_capacitance"]
    assert said["immature"] == pytest.approx(said["intermediate"])
    # Alone it speaks for the stage that it is near to; given others, how far it is from what they let expect counts.
    assert rest or (said["mature"] > said["immature"]) == (capacitance == 120.0)


@settings(max_examples=30, deadline=None)
@given(st.sets(st.sampled_from(sorted(MATURE))), st.sampled_from(["", "none", "phasic", "sustained"]))
def test_it_is_the_plain_posterior_of_what_was_measured(names, pattern):
    found = second_opinion({n: YOUNG[n] for n in names}, {"firing_pattern": pattern} if pattern else {}, REFERENCE)
    row = [
        float(f.scaling.apply(np.array(YOUNG[name]))) if name in names else math.nan
        for name, f in REFERENCE.features.items()
    ]
    expected = plain_stages.posterior(row, ("firing_pattern", pattern) if pattern else None, REFERENCE)
    assert list(found.probabilities.values()) == pytest.approx(expected, rel=1e-8)
    assert set(found.used) == {*names, *(["firing_pattern"] if pattern else [])}
    assert {name for name, _ in found.left_out} == {*MATURE, "firing_pattern"} - set(found.used)


def test_a_cell_unlike_every_set_gets_no_stage():
    found = second_opinion({**MATURE, "resting_membrane_potential": 60.0, "ap_half_width": 90.0}, {}, REFERENCE)
    assert (found.stage, found.typicality < 0.01) == ("", True)
    assert found.probable
    assert found.reason.startswith("The cell is unlike every set of the reference")
    assert second_opinion(MATURE, {}, REFERENCE).reason == ""


def test_nothing_measured_leaves_the_prior_and_names_no_stage():
    found = second_opinion({"rheobase": 20.0}, {"note": "x"}, REFERENCE)
    assert (found.stage, found.probable, found.used) == ("", "", ())
    assert found.probabilities == found.prior
    assert found.reason == "Nothing was measured that the reference has."


@pytest.mark.parametrize(
    ("value", "why"),
    [
        (0.0, "0 Hz has no place on a log scale"),
        (-3.0, "-3 Hz has no place on a log scale"),
        (math.nan, "nan is no measurement"),
        (math.inf, "inf is no measurement"),
    ],
)
def test_a_value_that_cannot_be_used_is_left_out_with_its_reason(value, why):
    found = second_opinion({"max_firing_rate": value, "ap_half_width": 2.0}, {"firing_pattern": "odd"}, REFERENCE)
    assert dict(found.left_out)["max_firing_rate"] == why
    assert dict(found.left_out)["firing_pattern"] == "is a category that the reference has not"
    assert found.used == ("ap_half_width",)
    assert found.probabilities == second_opinion({"ap_half_width": 2.0}, {}, REFERENCE).probabilities


def test_the_prior_is_that_of_the_reference_and_it_counts():
    doubtful = {"ap_half_width": 3.0}
    moved = second_opinion(doubtful, {}, replace(REFERENCE, prior=np.array([0.8, 0.1, 0.1])))
    assert moved.prior == {"immature": 0.8, "intermediate": 0.1, "mature": 0.1}
    equal = second_opinion(doubtful, {}, REFERENCE)
    odds = moved.probabilities["immature"] / moved.probabilities["mature"]
    assert odds == pytest.approx(8 * equal.probabilities["immature"] / equal.probabilities["mature"])


def test_it_says_who_stands_behind_it_and_is_json():
    found = second_opinion({"ap_half_width": 2.0}, {}, REFERENCE)
    document = json.loads(json.dumps(found.to_json(), allow_nan=False))
    assert document["reference"] == {"name": "motor_neuron", "version": "1.0.0", "sha256": REFERENCE.sha256}
    behind = document["behind"]["ap_half_width"]
    assert ["immature", "Front Neurosci 2020, 14:593248, Table 1", "proxy"] in behind
    assert ["mature", "Leroy et al. 2014, eLife 3:e04046", "seen"] in behind
    assert {stage for stage, _, _ in behind} == {"immature", "intermediate", "mature"}
