"""The junction potential of a cell: stated or computed, raw beside corrected, one convention that decides."""

from __future__ import annotations

import json

import pytest

import mnephys
from mnephys.maturity import Conditions, load_rubric, score_cell
from mnephys.measurement import FeatureTable, Measurement
from mnephys.pipeline import score_subject
from mnephys.pipeline.junction import Junction, junction_of
from mnephys.samples import Sample

INTERNAL, EXTERNAL = "K-gluconate 145, NaCl 10", "NaCl 150"
VOLTAGES = {"resting_membrane_potential": -60.0, "ap_threshold": -40.0, "ap_peak": 30.0}


def table():
    rows = [Measurement(name, value, "", "mV") for name, value in VOLTAGES.items()]
    rows += [Measurement("ap_amplitude", 70.0, "", "mV"), Measurement("firing_pattern", None, "sustained", "1")]
    return FeatureTable(tuple(rows))


def scored(**stated):
    return score_subject(table(), "c1", [Sample("c1.abf", rseal_mohm=1e5, bias_pa=0.0, **stated)], load_rubric())


def voltages(score):
    return {row["feature"]: (row["raw"], row["corrected"]) for row in score.to_json()["criteria"]}


def test_what_is_not_stated_is_computed_and_said():
    computed = round(mnephys.samples.junction_potential(INTERNAL, EXTERNAL, 37), 1)
    score = scored(internal_solution=INTERNAL, external_solution=EXTERNAL, temperature_c=37.0, ljp_subtracted=False)
    said = f"The junction potential was computed from the solutions: {computed:g} mV at 37 degC."
    assert said in score.reasons
    assert voltages(score)["ap_peak"] == (30, pytest.approx(30 - computed))
    how = f"Voltages were compared without subtracting the junction potential of {computed:g} mV"
    assert sum(reason.startswith(how) for reason in score.reasons) == 1


def test_a_computed_potential_that_was_subtracted_is_added_back_like_a_stated_one():
    solutions = {"internal_solution": INTERNAL, "external_solution": EXTERNAL}
    computed = junction_of([Sample("c1.abf", **solutions)]).ljp_mv
    one, other = scored(ljp_subtracted=True, **solutions), scored(ljp_subtracted=True, ljp_mv=computed)
    assert one.maturity_index == other.maturity_index
    assert [e.points for e in one.criteria] == [e.points for e in other.criteria]
    assert voltages(one) == voltages(other)


@pytest.mark.parametrize(("stated", "doubted"), [(15.0, False), (19.0, False), (13.0, True), (-16.0, True)])
def test_a_stated_potential_counts_and_is_doubted_beyond_3_mv(stated, doubted):
    computed = junction_of([Sample("a", internal_solution=INTERNAL, external_solution=EXTERNAL)]).ljp_mv
    assert computed == pytest.approx(16.3, abs=0.3)
    found = junction_of([Sample("a", ljp_mv=stated, internal_solution=INTERNAL, external_solution=EXTERNAL)])
    assert found.ljp_mv == stated
    said = (
        f"The junction potential is stated as {stated:g} mV, but the solutions give {computed:g} mV; the stated one "
        "was used."
    )
    assert found.reasons == ((said,) if doubted else ())


def test_solutions_that_cannot_be_read_cost_a_sentence_and_nothing_else():
    found = junction_of([Sample("a", internal_solution="K-glucnate 130", external_solution=EXTERNAL)])
    assert found.ljp_mv is None
    (said,) = found.reasons
    assert said.startswith("The junction potential could not be computed from the solutions: 'K-glucnate' of a")
    assert said.endswith(" is not known; the nearest is 'K-gluconate'.")
    stated = Sample("a", ljp_mv=12.0, internal_solution="our usual one", external_solution="aCSF")
    assert junction_of([stated]) == Junction(12.0)


def test_one_solution_alone_says_nothing():
    assert junction_of([Sample("a", internal_solution=INTERNAL), Sample("b", external_solution=EXTERNAL)]) == (
        Junction(None)
    )
    assert junction_of([]) == Junction(None)


def test_what_was_added_to_a_solution_is_said():
    found = junction_of(
        [Sample("a", internal_solution="KCl 140, EGTA 10, pH 7.2 with KOH", external_solution=EXTERNAL)]
    )
    assert found.reasons[1:] == ("Pipette solution: 20 mM of K were added, as the base that adjusted the pH.",)


@pytest.mark.parametrize(
    ("conditions", "expected"),
    [
        ({"ljp_mv": 15.0, "ljp_subtracted": False}, (30.0, 15.0)),
        ({"ljp_mv": 15.0, "ljp_subtracted": True}, (45.0, 30.0)),
        ({"ljp_subtracted": False}, (30.0, None)),
        ({"ljp_subtracted": True}, (None, 30.0)),
        ({"ljp_mv": 15.0}, (None, None)),
        ({}, (None, None)),
    ],
)
def test_raw_and_corrected_stand_side_by_side(conditions, expected):
    score = score_cell(table(), conditions=Conditions(**conditions))
    found = voltages(score)
    assert found["ap_peak"] == expected
    assert found["ap_amplitude"] == (None, None)
    assert found["input_resistance"] == (None, None)
    json.dumps(score.to_json(), allow_nan=False)


def test_the_raw_voltage_decides_whichever_was_measured():
    """The cuts of the rubric are not corrected, as most of their sources are not."""
    corrected = {name: value - 15.0 for name, value in VOLTAGES.items()}
    rows = [Measurement(name, value, "", "mV") for name, value in corrected.items()]
    subtracted = FeatureTable((*rows, *table().rows[len(rows) :]))
    one = score_cell(table(), conditions=Conditions(ljp_mv=15.0, ljp_subtracted=False))
    other = score_cell(subtracted, conditions=Conditions(ljp_mv=15.0, ljp_subtracted=True))
    assert one.maturity_index == other.maturity_index
    assert voltages(one) == voltages(other)
    assert voltages(one)["ap_threshold"] == (-40, -55)
    ways = [[r.split(" ")[0] for r in score.reasons if "15 mV" in r] for score in (one, other)]
    assert ways == [["Voltages"], ["The"]]
