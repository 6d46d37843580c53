from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mnephys.maturity import Conditions, load_rubric, score_cell
from mnephys.maturity.combine import Drive
from mnephys.maturity.scenarios import Scenario, adjusted, unknowns
from mnephys.maturity.seal import PERFECT_SEAL, behind_seal
from mnephys.maturity.stage import judge

RUBRIC = load_rubric()
FIRING = {
    "max_sustained_rate": 20,
    "spike_frequency_adaptation": 1.5,
    "ap_threshold": -40,
    "ap_peak": 40,
    "ap_amplitude": 80,
    "ap_half_width": 1.5,
}


def scored(table, **conditions):
    return score_cell(table, conditions=Conditions(**conditions), rubric=RUBRIC)


def test_an_unknown_junction_potential_that_changes_nothing_is_no_reason_to_hesitate(cell):
    table = cell("phasic", **FIRING, resting_membrane_potential=-56, input_resistance=300)
    score = scored(table, rseal_mohm=1e5)
    assert score.stage == "intermediate"
    assert score.interval[0] < score.maturity_index
    assert any("junction potential" in r and "the same" in r for r in score.reasons)


def test_an_unknown_junction_potential_that_changes_the_stage_is_indeterminate(cell):
    # passive = (RMP points + 0.52) / 2 reaches 0.5 up to -49.8 mV: -58 + 8 mV does, -58 + 10 mV does not.
    table = cell("sustained", **FIRING, resting_membrane_potential=-58, input_resistance=740)
    score = scored(table, rseal_mohm=1e5)
    assert (score.stage, score.claim) == ("indeterminate", "functional")
    assert "liquid junction potential" in score.reasons[0]
    assert "mature if 0 to 8 mV were subtracted, intermediate if 10 to 16 mV" in score.reasons[0]
    assert "ljp_mv" in score.reasons[0]


@pytest.mark.parametrize(
    ("conditions", "stage"),
    [
        ({"ljp_subtracted": False}, "mature"),
        ({"ljp_subtracted": False, "ljp_mv": 15}, "mature"),
        ({"ljp_subtracted": True, "ljp_mv": 15}, "intermediate"),
        ({"ljp_subtracted": True, "ljp_mv": 5}, "mature"),
        ({"ljp_subtracted": True}, "indeterminate"),
        ({"ljp_mv": 5}, "mature"),
        ({"ljp_mv": 15}, "indeterminate"),
        ({}, "indeterminate"),
    ],
)
def test_what_is_known_of_the_junction_potential(cell, conditions, stage):
    table = cell("sustained", **FIRING, resting_membrane_potential=-58, input_resistance=740)
    assert scored(table, rseal_mohm=1e5, **conditions).stage == stage


def test_the_junction_potential_shifts_voltages_and_no_differences(cell):
    table = cell("sustained", **FIRING, resting_membrane_potential=-70, input_resistance=100)
    score = scored(table, ljp_mv=15, ljp_subtracted=True)
    evidence = {e.feature: e for e in score.criteria}
    assert evidence["resting_membrane_potential"].value == -70
    assert "compared as -55 mV" in evidence["resting_membrane_potential"].reason
    assert "compared as 55 mV" in evidence["ap_peak"].reason
    assert evidence["ap_threshold"].points == 1
    assert evidence["ap_amplitude"].reason == ""
    assert any("15 mV was added back" in r for r in score.reasons)


def test_an_ap_peak_just_below_zero_hangs_on_the_junction_potential(cell):
    table = cell("sustained", **{**FIRING, "ap_peak": -5}, resting_membrane_potential=-80, input_resistance=100)
    assert scored(table, rseal_mohm=1e5, ljp_subtracted=False).stage == "intermediate"
    assert scored(table, rseal_mohm=1e5, ljp_subtracted=True, ljp_mv=10).stage == "mature"
    assert scored(table, rseal_mohm=1e5).stage == "indeterminate"


def test_a_leaky_seal_by_hand():
    # Membrane 1 GOhm at -80 mV beside a seal of 1 GOhm to 0 mV: half of both is measured.
    assert behind_seal(500.0, -40.0, 1000.0) == pytest.approx((1000, -80))
    assert behind_seal(500.0, -40.0, PERFECT_SEAL) == (500, -40)
    with pytest.raises(ValueError, match="cannot be part"):
        behind_seal(500.0, -40.0, 500.0)
    assert behind_seal(math.nextafter(1000.0, 0.0), -40.0, 1000.0)[0] > 1e15


@given(st.floats(10, 5000), st.floats(-95, -20), st.floats(500, 50000))
def test_a_leaky_seal_is_undone(membrane, rest, seal):
    g = 1 / membrane + 1 / seal
    measured, potential = 1 / g, rest / membrane / g
    assert behind_seal(measured, potential, seal) == pytest.approx((membrane, rest))


def test_an_unknown_seal_that_changes_the_stage_is_indeterminate(cell):
    # 500 MOhm measured scores 1; behind 2 GOhm it is 667 MOhm. Capacitance 0, resting potential not measured.
    table = cell("sustained", **FIRING, input_resistance=500, membrane_capacitance=20)
    score = scored(table, ljp_subtracted=False, bias_pa=0)
    assert score.stage == "indeterminate"
    assert score.reasons[0].startswith("The stage depends on the seal")
    assert "rseal_mohm" in score.reasons[0]
    assert scored(table, ljp_subtracted=False, bias_pa=0, rseal_mohm=2600).stage == "mature"


def test_a_known_seal_below_five_input_resistances_is_named_and_tried(cell):
    table = cell("sustained", **FIRING, input_resistance=500, membrane_capacitance=20)
    score = scored(table, ljp_subtracted=False, bias_pa=0, rseal_mohm=2400)
    assert score.stage == "indeterminate"
    assert any("seal-limited" in r for r in score.reasons)


def test_only_possible_seals_are_tried():
    numbers = {"input_resistance": 1500.0, "resting_membrane_potential": -60.0}
    # Below 1500 MOhm none can be; behind 2 GOhm the cell would rest at -240 mV, behind 5 GOhm at -86 mV.
    assert unknowns(Conditions(), numbers, RUBRIC).seals == (math.inf, 10000, 5000)
    assert unknowns(Conditions(), {"input_resistance": 1500.0}, RUBRIC).seals == (math.inf, 10000, 5000, 2000)
    held = unknowns(Conditions(bias_pa=-20), {"input_resistance": 1500.0, "baseline_potential": -90.0}, RUBRIC)
    assert held.seals == (math.inf, 10000, 5000, 2000)


def test_the_baseline_stands_in_where_the_bias_is_unknown(cell):
    table = cell("phasic", **FIRING, baseline_potential=-60, input_resistance=300)
    score = scored(table)
    evidence = {e.feature: e for e in score.criteria}
    assert evidence["baseline_potential"].points == 1
    assert evidence["resting_membrane_potential"].points is None
    assert score.domains["passive"].measured == 2
    assert any("stands in for the resting potential" in r for r in score.reasons)


def test_a_bias_that_changes_the_stage_is_indeterminate(cell):
    # With -65 mV as resting potential passive is (1 + 0.6 + 0.25) / 3, without it (0.6 + 0.25) / 2.
    table = cell("sustained", **FIRING, baseline_potential=-65, input_resistance=700, membrane_capacitance=31.25)
    known = {"ljp_subtracted": False, "rseal_mohm": 1e5}
    score = scored(table, **known)
    assert score.stage == "indeterminate"
    assert "bias current" in score.reasons[0]
    assert scored(table, **known, bias_pa=0).stage == "mature"
    assert scored(table, **known, bias_pa=-20).stage == "intermediate"


def test_a_measured_resting_potential_needs_no_stand_in():
    numbers = {"resting_membrane_potential": -60.0, "baseline_potential": -70.0}
    assert unknowns(Conditions(), numbers, RUBRIC).stand_ins == (True,)
    verdict = judge(RUBRIC, numbers, {}, Drive.UNKNOWN)
    assert set(verdict.points) == {"resting_membrane_potential"}


def test_unknowns_that_only_together_change_the_stage_are_all_named(cell):
    # As recorded, and behind any seal, the AP peaks at -5 mV: not mature. With 10 mV added back it peaks at 5 mV, but
    # -45 mV and 600 MOhm give (0 + 0.8) / 2 passive points. Behind 2 GOhm these are -64 mV and 857 MOhm: 0.64, mature.
    table = cell("sustained", **{**FIRING, "ap_peak": -5}, resting_membrane_potential=-55, input_resistance=600)
    assert scored(table, bias_pa=0, ljp_subtracted=False).stage == "intermediate"
    assert scored(table, bias_pa=0, ljp_mv=10, rseal_mohm=1e5).stage == "intermediate"
    score = scored(table, bias_pa=0, ljp_mv=10)
    assert score.stage == "indeterminate"
    assert "junction potential and the seal together" in score.reasons[0]


def test_nothing_is_tried_that_bears_on_nothing():
    space = unknowns(Conditions(), {"ap_amplitude": 80.0}, RUBRIC)
    assert list(space) == [space.reference]


def test_adjusting_leaves_the_measurements_alone():
    numbers = {"baseline_potential": -60.0, "ap_peak": 20.0}
    assert adjusted(numbers, Scenario(10.0, PERFECT_SEAL, stand_ins=False), RUBRIC) == {"ap_peak": 30.0}
    assert numbers == {"baseline_potential": -60.0, "ap_peak": 20.0}


@pytest.mark.parametrize("bad", [{"ljp_mv": math.nan}, {"rseal_mohm": 0.0}, {"rs_mohm": -1.0}, {"bias_pa": math.inf}])
def test_conditions_refuse_what_cannot_be(bad):
    with pytest.raises(ValueError, match=next(iter(bad))):
        Conditions(**bad)
