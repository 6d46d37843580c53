"""A cell that a current holds off rest: its baseline is no resting potential."""

from __future__ import annotations

import pytest

from mnephys.maturity import Conditions, load_rubric, score_cell
from mnephys.maturity.scenarios import unknowns
from mnephys.measurement import FeatureTable, Measurement, Status

RUBRIC = load_rubric()
# Everything mature, down to the baseline; whether the cell rests there is what is asked.
MATURE = {
    "max_sustained_rate": 20,
    "spike_frequency_adaptation": 1.5,
    "ap_threshold": -40,
    "ap_peak": 40,
    "ap_amplitude": 80,
    "ap_half_width": 1.5,
    "input_resistance": 230,
    "membrane_capacitance": 80,
    "baseline_potential": -69.5,
}


def holding(current, recording="", unit="pA"):
    return Measurement("qc_holding_current", current, "", unit, recording=recording)


def scored(table, *rows, **conditions):
    known = {"ljp_subtracted": False, "rseal_mohm": 1e6, **conditions}
    return score_cell(FeatureTable((*table, *rows)), conditions=Conditions(**known), rubric=RUBRIC)


@pytest.mark.parametrize(
    ("current", "bias", "stage"),
    [
        (-181, None, "indeterminate"),
        (-181, 0, "indeterminate"),
        (181, None, "indeterminate"),
        (0, -181, "indeterminate"),
        (None, -181, "indeterminate"),
        (None, 20, "indeterminate"),
        (1.1, None, "indeterminate"),
        (-1.1, 0, "indeterminate"),
        (0.6, 0.6, "indeterminate"),
        # At rest, as far as is known.
        (0, None, "mature"),
        (0, 0, "mature"),
        (None, None, "mature"),
        (None, 0, "mature"),
        (1.0, None, "mature"),
        (-1.0, 0, "mature"),
        # A bias that the command takes back leaves the cell at rest.
        (-20, 20, "mature"),
    ],
)
def test_the_current_at_baseline_decides_whether_a_cell_is_at_rest(cell, current, bias, stage):
    rows = [] if current is None else [holding(current)]
    score = scored(cell("sustained", **MATURE), *rows, bias_pa=bias)
    assert score.stage == stage
    assert score.claim == ("mature_in_vitro" if stage == "mature" else "functional")
    evidence = {e.feature: e for e in score.criteria}
    assert (evidence["baseline_potential"].points is None) == (stage == "indeterminate")
    assert evidence["qc_holding_current"].value == current
    assert evidence["qc_holding_current"].points is None


def test_the_sentence_names_potential_and_current(cell):
    score = scored(cell("sustained", **MATURE), holding(-181.2))
    assert score.reasons[0] == (
        "Would be mature, but the cell was held at -69.5 mV by -181 pA, so that its resting potential was not measured."
    )
    assert sum("was held" in reason for reason in score.reasons) == 1
    without = {name: value for name, value in MATURE.items() if name != "baseline_potential"}
    score = scored(cell("sustained", **without), holding(-100), bias_pa=-81)
    assert score.stage == "indeterminate"
    assert "held off rest by -181 pA" in score.reasons[0]


def test_a_baseline_at_a_holding_current_stands_in_nowhere(cell):
    numbers = {**MATURE, "qc_holding_current": -181.0}
    for bias in (None, 0.0, 10.0):
        space = unknowns(Conditions(bias_pa=bias), numbers, RUBRIC)
        assert space.held
        assert not any(scenario.stand_ins for scenario in space)
    assert {s.stand_ins for s in unknowns(Conditions(), {**numbers, "qc_holding_current": 0.0}, RUBRIC)} == {
        True,
        False,
    }
    # The baseline can move neither the index nor its interval.
    scores = [scored(cell("phasic", **{**MATURE, "baseline_potential": v}), holding(-181)) for v in (-90, -20)]
    assert scores[0].maturity_index == scores[1].maturity_index
    assert scores[0].interval == scores[1].interval


@pytest.mark.parametrize(("pattern", "stage"), [("phasic", "intermediate"), ("none", "immature")])
def test_a_cell_that_would_not_be_mature_keeps_its_stage_and_is_told(cell, pattern, stage):
    numbers = MATURE if pattern == "phasic" else {"baseline_potential": -69.5, "input_resistance": 230}
    score = scored(cell(pattern, **numbers), holding(-181))
    assert score.stage == stage
    told = "The cell was held at -69.5 mV by -181 pA, so that its resting potential was not measured."
    assert told in score.reasons
    assert score.reasons[0] != told


def test_a_resting_potential_from_another_recording_is_enough(cell):
    rest = Measurement("resting_membrane_potential", -70.0, "", "mV", recording="gap free")
    table = cell("sustained", recording="steps", **MATURE)
    assert scored(table, holding(-181, "steps")).stage == "indeterminate"
    score = scored(table, holding(-181, "steps"), rest)
    assert score.stage == "mature"
    assert not any("was held" in reason for reason in score.reasons)


def test_several_recordings_count_by_their_median_and_unused_ones_not(cell):
    tables = [cell("sustained", recording=name, **MATURE) for name in "abc"]
    table = FeatureTable.concatenate(tables)

    def stage(*currents):
        return scored(table, *(holding(i, name) for i, name in zip(currents, "abc", strict=True))).stage

    assert stage(0, 0, -181) == "mature"
    assert stage(-181, 0, -170) == "indeterminate"
    excluded = Measurement("qc_recording", None, "", "1", Status.EXCLUDED, "the seal was lost", recording="d")
    assert scored(table, holding(-181, "d"), excluded).stage == "mature"


def test_nanoamperes_are_converted_and_an_unknown_current_is_unknown(cell):
    assert scored(cell("sustained", **MATURE), holding(-0.181, unit="nA")).stage == "indeterminate"
    missing = Measurement("qc_holding_current", None, "", "pA", Status.NOT_APPLICABLE, "the file holds no command")
    assert scored(cell("sustained", **MATURE), missing).stage == "mature"
    assert scored(cell("sustained", **MATURE), missing, bias_pa=-181).stage == "indeterminate"


def test_a_stated_bias_says_nothing_of_a_cell_without_recordings():
    score = score_cell(FeatureTable(), conditions=Conditions(bias_pa=-50), rubric=RUBRIC)
    assert not any("was held" in reason for reason in score.reasons)
