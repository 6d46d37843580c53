from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from mnephys.maturity import Conditions, load_rubric, score_cell
from mnephys.maturity.combine import Drive
from mnephys.maturity.stage import judge
from mnephys.measurement import FeatureTable, Measurement, Status

RUBRIC = load_rubric()
# Nothing unknown: what is tested here is the rubric.
KNOWN = Conditions(ljp_mv=12, ljp_subtracted=False, rseal_mohm=1e6, bias_pa=0, temperature_c=32)

# Mouse lumbar motor neurons, postnatal day 6-10, delayed firing (10.7554/eLife.04046): 52 nS, amplitude 89 from -33 mV.
# Sustained firing is that of all such neurons at day 9 (10.3389/fncel.2015.00349); the rate is free.
NEONATAL = {
    "resting_membrane_potential": -64,
    "input_resistance": 1000 / 52,
    "ap_threshold": -33,
    "ap_peak": 56,
    "ap_amplitude": 89,
    "ap_half_width": 1.4,
    "max_sustained_rate": 20,
}
# Human cortical organoids (10.3389/fnins.2020.593248, Table 1).
ORGANOID_12 = {
    "resting_membrane_potential": -55.3,
    "input_resistance": 8150,
    "membrane_capacitance": 2.89,
    "ap_threshold": -27.6,
    "ap_peak": 21.1,
    "ap_amplitude": 48.7,
    "ap_half_width": 7.59,
}
ORGANOID_16 = {
    "resting_membrane_potential": -55.3,
    "input_resistance": 6400,
    "membrane_capacitance": 5.62,
    "ap_threshold": -25.9,
    "ap_peak": 34.9,
    "ap_amplitude": 60.8,
    "ap_half_width": 3.17,
    "max_sustained_rate": 4.05,
}
# Human NGN2 neurons, week 5 (10.7554/eLife.64434, Table 1): 90.6 mV from a baseline of -55.8, threshold -39.1 mV.
NGN2_5 = {
    "resting_membrane_potential": -55.8,
    "input_resistance": 871.5,
    "ap_threshold": -39.1,
    "ap_peak": 34.8,
    "ap_amplitude": 73.9,
    "ap_half_width": 2.7,
}


def scored(table, conditions=KNOWN):
    return score_cell(table, subject="cell", conditions=conditions, rubric=RUBRIC)


def test_a_neonatal_motor_neuron_is_mature_when_adaptation_is_shown(cell):
    score = scored(cell("sustained", **NEONATAL, spike_frequency_adaptation=1.5))
    assert (score.stage, score.claim) == ("mature", "mature_in_vitro")
    assert score.maturity_index == pytest.approx(1)
    assert score.reasons[0].startswith("Fires to the end of the step")
    assert "adaptation 1.5" in score.reasons[1]


def test_repetitive_firing_alone_is_refused(cell):
    score = scored(cell("sustained", **NEONATAL))
    assert (score.stage, score.claim) == ("indeterminate", "excitable")
    assert "repetitive firing alone is not enough" in score.reasons[0]
    assert score.maturity_index == pytest.approx(1)


def test_adaptation_that_was_looked_for_and_is_absent_is_intermediate(cell):
    score = scored(cell("sustained", **NEONATAL, spike_frequency_adaptation=1.0))
    assert (score.stage, score.claim) == ("intermediate", "excitable")


def test_without_rebound_aps_integration_hangs_on_adaptation(cell):
    score = scored(cell("sustained", **NEONATAL, rebound_spike_count=0))
    assert (score.stage, score.claim) == ("indeterminate", "excitable")
    assert score.reasons[0].startswith(
        "Would be mature, but spike-frequency adaptation was not measured, rebound APs 0"
    )
    table = cell("sustained", **NEONATAL, rebound_spike_count=0, spike_frequency_adaptation=1.0)
    assert scored(table).stage == "intermediate"


@pytest.mark.parametrize(
    "evidence", [{"spike_frequency_adaptation": 1.2}, {"rebound_spike_count": 1}, {"spsc_frequency": 0.5}]
)
def test_each_piece_of_evidence_for_integration_suffices(cell, evidence):
    assert scored(cell("sustained", **NEONATAL, **evidence)).stage == "mature"


def test_a_cortical_organoid_of_12_weeks_is_immature(cell):
    score = scored(cell("single", **ORGANOID_12))
    # passive (1 + 0 + 0) / 3, AP 0, firing 0; currents absent: / 0.9
    assert score.maturity_index == pytest.approx(0.25 / 3 / 0.9)
    assert (score.stage, score.claim) == ("immature", "excitable")
    assert score.reasons[0] == "Fires single APs only; a mature cell fires to the end of the step."


def test_a_cortical_organoid_of_16_weeks_is_intermediate(cell):
    score = scored(cell("sustained", **ORGANOID_16, spike_frequency_adaptation=1.5))
    firing, ap, passive = (1 + 1.05 / 7) / 2, (1 + 0.83 / 1.5) / 2, 1 / 3
    assert score.domains["firing"].score == pytest.approx(firing)
    assert score.domains["ap"].score == pytest.approx(ap)
    assert score.domains["passive"].score == pytest.approx(passive)
    assert score.maturity_index == pytest.approx((0.35 * firing + 0.3 * ap + 0.25 * passive) / 0.9)
    assert (score.stage, score.claim) == ("intermediate", "functional")


def test_ngn2_neurons_of_week_5_that_stop_firing_are_intermediate(cell):
    score = scored(cell("phasic", **NGN2_5))
    firing, ap, passive = 0.25, (1 + 1.3 / 1.5) / 2, (1 + 128.5 / 500) / 2
    assert score.maturity_index == pytest.approx((0.35 * firing + 0.3 * ap + 0.25 * passive) / 0.9)
    assert (score.stage, score.claim) == ("intermediate", "excitable")
    assert score.reasons[0] == "Fires a few APs and stops; a mature cell fires to the end of the step."


def test_a_silent_cell_that_was_driven_is_immature_and_its_ap_domain_counts_0(cell):
    score = scored(cell("none", resting_membrane_potential=-65, input_resistance=200, membrane_capacitance=80))
    assert (score.stage, score.claim, score.status) == ("immature", "none", Status.OK)
    assert score.domains["ap"].score == 0
    assert score.domains["ap"].measured == 0
    assert score.maturity_index == pytest.approx(0.25 / 0.9)
    assert "-5 mV" in score.reasons[0]
    width = next(e for e in score.criteria if e.feature == "ap_half_width")
    assert (width.value, width.points) == (None, 0)
    assert "counts 0" in width.reason


def test_abortive_spikes_are_immature_even_with_a_high_index(cell):
    without = {n: v for n, v in NEONATAL.items() if not n.startswith("ap_")}
    score = scored(cell("abortive", **{**without, "max_sustained_rate": 0.0}))
    assert (score.stage, score.claim) == ("immature", "none")
    # An AP all the same, evoked by a pulse: that shows excitability, and makes no stage.
    score = scored(cell("abortive", **{**NEONATAL, "max_sustained_rate": 0.0}))
    assert score.maturity_index > 0.35
    assert (score.stage, score.claim) == ("immature", "excitable")


@pytest.mark.parametrize("pattern", ["none", "abortive", ""])
def test_a_cell_that_was_never_driven_is_indeterminate(cell, pattern):
    score = scored(cell(pattern, "not driven", why="the steady state reached -40 mV.", resting_membrane_potential=-65))
    assert (score.stage, score.claim) == ("indeterminate", "none")
    assert score.reasons[0].endswith("whether it fires: the steady state reached -40 mV.")
    assert score.domains["firing"].score is None
    assert score.maturity_index == pytest.approx(1)


def test_silence_without_a_word_on_the_drive_is_indeterminate(cell):
    score = scored(cell("none", "", resting_membrane_potential=-65))
    assert score.stage == "indeterminate"
    assert "enough current" in score.reasons[0]


def test_block_at_strong_drive_is_no_immaturity(cell):
    table = cell("sustained", **NEONATAL, spike_frequency_adaptation=1.5, depolarization_block_current=300)
    score = scored(table)
    assert score.stage == "mature"
    assert any("Depolarisation block at 300 pA is no sign of immaturity" in r for r in score.reasons)


@pytest.mark.parametrize("missing", ["ap_half_width", "max_sustained_rate"])
def test_one_feature_of_firing_or_ap_is_too_few(cell, missing):
    numbers = {name: value for name, value in NEONATAL.items() if name != missing}
    score = scored(cell("sustained", **numbers, spike_frequency_adaptation=1.5))
    assert score.stage == "indeterminate"
    assert score.reasons[0].startswith("Too little of the")
    assert score.maturity_index is not None
    # What is too little for a stage is too little for a claim about the same domain.
    assert score.claim == ("excitable" if missing == "ap_half_width" else "functional")


def test_too_little_is_indeterminate_even_where_another_gate_fails(cell):
    numbers = {name: value for name, value in NGN2_5.items() if name != "ap_half_width"}
    assert scored(cell("phasic", **numbers)).stage == "indeterminate"


def test_a_rubric_that_asks_for_less_still_asks_for_current():
    lax = replace(RUBRIC, domains={name: replace(d, minimum=0) for name, d in RUBRIC.domains.items()})
    numbers = {"ap_amplitude": 80.0, "ap_half_width": 2.0, "ap_peak": -1.0}
    assert judge(lax, numbers, {}, Drive.DRIVEN).stage == "intermediate"
    assert judge(lax, numbers, {}, Drive.NOT_DRIVEN).stage == "indeterminate"


def test_an_immature_cell_is_never_more_than_excitable(cell):
    # (0.35 x 0.5 + 0.30 x 0.5 + 0.25 x 0 + 0.10 x 0) / 1 = 0.325
    poor = {"max_sustained_rate": 3, "ap_amplitude": 60, "ap_half_width": 4, "na_current_peak": -300}
    score = scored(cell("sustained", **poor, resting_membrane_potential=-30, spike_frequency_adaptation=1.5))
    assert score.maturity_index == pytest.approx(0.325)
    assert (score.stage, score.claim) == ("immature", "excitable")
    assert score.reasons[0].startswith("Maturity index 0.3")


def test_the_interval_is_that_of_leaving_out_each_feature(cell):
    score = scored(cell("phasic", **NGN2_5))
    firing, ap, passive = 0.25, (1 + 1.3 / 1.5) / 2, (1 + 0.257) / 2
    without = [
        (0.35 * 0.0 + 0.3 * ap + 0.25 * passive) / 0.9,  # firing pattern
        (0.35 * 0.5 + 0.3 * ap + 0.25 * passive) / 0.9,  # sustained rate
        (0.35 * firing + 0.3 * 1.3 / 1.5 + 0.25 * passive) / 0.9,  # amplitude
        (0.35 * firing + 0.3 * 1.0 + 0.25 * passive) / 0.9,  # half-width
        (0.35 * firing + 0.3 * ap + 0.25 * 0.257) / 0.9,  # resting potential
        (0.35 * firing + 0.3 * ap + 0.25 * 1.0) / 0.9,  # input resistance
    ]
    assert score.interval == pytest.approx((min(without), max(without)))


def test_would_be_mature_but_passive_was_not_measured(cell):
    numbers = {n: v for n, v in NEONATAL.items() if n not in {"resting_membrane_potential", "input_resistance"}}
    score = scored(cell("sustained", **numbers, spike_frequency_adaptation=1.5))
    assert (score.stage, score.claim) == ("indeterminate", "functional")
    assert score.reasons[0].startswith("Would be mature, but the passive domain was not measured")
    assert score.domains["passive"].score is None


@pytest.mark.parametrize("only", ["resting_membrane_potential", "input_resistance"])
def test_one_passive_feature_alone_carries_no_mature(cell, only):
    numbers = {k: v for k, v in NEONATAL.items() if k not in {"resting_membrane_potential", "input_resistance"}}
    score = scored(cell("sustained", **numbers, spike_frequency_adaptation=1.5, **{only: NEONATAL[only]}))
    assert score.stage == "indeterminate"
    assert score.reasons[0].startswith("Would be mature, but only 1 of the 2 passive features")


def test_passive_that_was_not_measured_does_not_matter_where_another_gate_fails(cell):
    numbers = {n: v for n, v in NGN2_5.items() if n not in {"resting_membrane_potential", "input_resistance"}}
    assert scored(cell("phasic", **numbers)).stage == "intermediate"


@pytest.mark.parametrize(("peak", "stage"), [(0.5, "mature"), (0.0, "intermediate"), (-5.0, "intermediate")])
def test_a_mature_ap_passes_zero(cell, peak, stage):
    assert scored(cell("sustained", **{**NEONATAL, "ap_peak": peak}, spike_frequency_adaptation=1.5)).stage == stage


def test_a_domain_of_zero_is_never_mature(cell):
    score = scored(cell("sustained", **NEONATAL, spike_frequency_adaptation=1.5, na_current_peak=-300))
    assert score.domains["currents"].score == 0
    assert score.stage == "intermediate"
    assert score.reasons[0] == "The currents domain scores 0; no domain of a mature cell scores 0."


def test_poor_passive_properties_refuse_mature_and_never_functional(cell):
    poor = {**NEONATAL, "resting_membrane_potential": -30, "input_resistance": 3000}
    score = scored(cell("sustained", **poor, spike_frequency_adaptation=1.5))
    assert (score.stage, score.claim) == ("intermediate", "functional")


def test_nothing_that_counts_gives_no_index(cell):
    score = scored(FeatureTable())
    assert (score.stage, score.maturity_index, score.interval) == ("indeterminate", None, None)
    assert score.status is Status.NOT_APPLICABLE
    assert scored(cell("", "", spsc_frequency=1.0)).maturity_index is None


def test_other_levels_are_not_looked_at():
    row = Measurement("input_resistance", 100.0, "", "MOhm", level="well", id="A1")
    assert scored(FeatureTable((row,))).maturity_index is None


def test_identity_is_apart_and_never_a_proof(cell):
    score = scored(cell("none", medium_ahp=3.0, rebound_spike_count=2))
    assert score.stage == "immature"
    assert score.identity.call == "consistent"
    assert "no proof" in score.identity.reasons[-1]
    assert all(e.points is None for e in score.identity.criteria)
    assert scored(cell("none")).identity.call == "not assessed"
    assert scored(cell("none", medium_ahp=0.1)).identity.call == "not distinctive"
    assert scored(cell("none", medium_ahp=3, rebound_spike_count=0)).identity.call == "not distinctive"
    silent = scored(cell("none", medium_ahp=0.1, rebound_spike_count=0)).identity.reasons
    assert silent[:2] == ("Outside the range of motor neurons: medium AHP.", "Not seen: rebound APs.")
    half = cell("none", medium_ahp=3, medium_ahp_decay_time=5, rebound_spike_count=1, spike_frequency_adaptation=1)
    assert scored(half).identity.call == "not distinctive"


# Which way is more mature; ap_peak only for the gate.
BETTER = {
    "resting_membrane_potential": (-80, -20, -1),
    "input_resistance": (10, 3000, -1),
    "membrane_capacitance": (1, 200, 1),
    "ap_amplitude": (5, 110, 1),
    "ap_half_width": (0.5, 10, -1),
    "ap_threshold": (-60, 5, -1),
    "ap_peak": (-30, 60, 1),
    "max_sustained_rate": (0, 60, 1),
    "na_current_peak": (0, 3000, 1),
    "spsc_frequency": (0, 3, 1),
    "spike_frequency_adaptation": (0.5, 3, 1),
    "rebound_spike_count": (0, 5, 1),
}
PATTERNS = ["none", "abortive", "single", "phasic", "sustained"]
RANK = {"immature": 0, "intermediate": 1, "mature": 2}
CLAIMS = ["none", "excitable", "functional", "mature_in_vitro"]
CELLS = st.fixed_dictionaries(
    {}, optional={name: st.floats(low, high).map(lambda v: round(v, 3)) for name, (low, high, _) in BETTER.items()}
)


@given(CELLS, st.sampled_from(PATTERNS), st.sampled_from([*BETTER, "firing_pattern"]), st.floats(0, 1))
def test_a_more_mature_feature_never_lowers_index_stage_or_claim(cell, numbers, pattern, feature, share):
    better, higher = dict(numbers), pattern
    if feature == "firing_pattern":
        higher = PATTERNS[min(4, PATTERNS.index(pattern) + 1 + int(share * 3))]
    else:
        assume(feature in numbers)
        low, high, sign = BETTER[feature]
        better[feature] += share * ((high if sign > 0 else low) - numbers[feature])
    before, after = scored(cell(pattern, **numbers)), scored(cell(higher, **better))
    if before.domains["firing"].measured == after.domains["firing"].measured and feature != "firing_pattern":
        assert after.maturity_index >= before.maturity_index - 1e-9
    if before.stage in RANK and after.stage in RANK:
        assert RANK[after.stage] >= RANK[before.stage]
    assert CLAIMS.index(after.claim) >= CLAIMS.index(before.claim)


@given(CELLS, st.sampled_from([*PATTERNS, ""]), st.sampled_from(["driven", "not driven", ""]))
def test_what_holds_of_every_cell(cell, numbers, pattern, drive):
    score = scored(cell(pattern, drive, **numbers), Conditions())
    assert (score.stage == "mature") == (score.claim == "mature_in_vitro")
    assert score.reasons
    integrated = (
        numbers.get("spike_frequency_adaptation", 0) >= 1.2
        or numbers.get("rebound_spike_count", 0) >= 1
        or numbers.get("spsc_frequency", 0) >= 0.5
    )
    if score.claim in {"functional", "mature_in_vitro"}:
        assert pattern == "sustained"
        assert integrated
    if pattern in {"", "none", "abortive"}:
        assert score.claim == ("excitable" if {"ap_peak", "ap_amplitude"} & set(numbers) else "none")
    if score.maturity_index is not None:
        low, high = score.interval
        assert 0 <= low <= score.maturity_index <= high <= 1
    else:
        assert score.interval is None
    assert "nan" not in repr(score.to_json()).lower().replace("nano", "")


@given(CELLS, st.floats(-80, -20), st.floats(10, 3000))
def test_passive_properties_never_decide_about_functional(cell, numbers, rest, resistance):
    numbers = {**numbers, "ap_amplitude": 80, "ap_half_width": 2.0, "max_sustained_rate": 5, "rebound_spike_count": 1}
    numbers.pop("na_current_peak", None)
    numbers.pop("ap_threshold", None)
    table = cell("sustained", **{**numbers, "resting_membrane_potential": rest, "input_resistance": resistance})
    assert scored(table).claim in {"functional", "mature_in_vitro"}
