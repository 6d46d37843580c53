"""What the steps could show: where they stop early, and where none was long enough."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mnephys.maturity import Conditions, load_rubric, score_cell
from mnephys.measurement import FeatureTable, Measurement, Status

RUBRIC = load_rubric()
KNOWN = Conditions(ljp_mv=12, ljp_subtracted=False, rseal_mohm=1e6, bias_pa=0, temperature_c=32)
EARLY = "the steps stop at 1.2 x rheobase"
GOOD = {
    "spike_frequency_adaptation": 1.5,
    "ap_peak": 40,
    "ap_amplitude": 80,
    "ap_half_width": 1.5,
    "resting_membrane_potential": -70,
    "input_resistance": 230,
}
POOR = {**GOOD, "ap_amplitude": 52, "ap_half_width": 3.9, "resting_membrane_potential": -30, "input_resistance": 3000}


def reach(text, recording="", reason=EARLY):
    return Measurement("qc_range", None, text, "1", reason=reason, recording=recording)


def scored(table, *rows):
    return score_cell(FeatureTable((*table, *rows)), conditions=KNOWN, rubric=RUBRIC)


@pytest.mark.parametrize(("numbers", "stage"), [(GOOD, "intermediate"), (POOR, "immature")])
@pytest.mark.parametrize("pattern", ["single", "phasic"])
def test_a_pattern_at_the_last_step_is_a_lower_bound(cell, pattern, numbers, stage):
    table = cell(pattern, **numbers)
    before = scored(table)
    assert before.stage == stage
    score = scored(table, reach("stopped early"))
    assert (score.stage, score.claim) == ("indeterminate", "excitable")
    assert score.reasons[0].startswith("The steps stop at 1.2 x rheobase; stronger ones might show more: ")
    assert f"{before.stage} if they show no more" in score.reasons[0]
    assert "if they evoke sustained firing" in score.reasons[0]
    assert score.maturity_index == before.maturity_index
    assert score.interval[1] > before.interval[1]


@pytest.mark.parametrize("rows", [(), (reach("reached"),), (reach("no step"),)])
def test_elsewhere_the_pattern_is_a_finding(cell, rows):
    assert scored(cell("phasic", **GOOD), *rows).stage == "intermediate"


def test_a_range_that_could_not_be_judged_is_unknown(cell):
    missing = Measurement("qc_range", None, "", "1", Status.NOT_APPLICABLE, "the file holds no command")
    assert scored(cell("phasic", **GOOD), missing).stage == "intermediate"


def test_a_stage_that_does_not_rest_on_the_pattern_stands(cell):
    # An AP that peaks below 0 mV is not mature, whatever stronger steps show.
    score = scored(cell("phasic", **{**GOOD, "ap_peak": -5}), reach("stopped early"))
    assert score.stage == "intermediate"
    assert any("what stronger steps would show; the stage is the same" in reason for reason in score.reasons)


def test_one_recording_that_goes_far_enough_is_enough(cell):
    table = FeatureTable.concatenate([cell("phasic", recording=name, **GOOD) for name in "ab"])
    assert scored(table, reach("stopped early", "a"), reach("reached", "b")).stage == "intermediate"
    assert scored(table, reach("stopped early", "a"), reach("no step", "b")).stage == "indeterminate"


def test_sustained_firing_is_no_lower_bound(cell):
    table = cell("sustained", **GOOD, max_sustained_rate=20)
    assert scored(table, reach("stopped early")).stage == "mature"


@pytest.mark.parametrize(("drive", "stage"), [("driven", "immature"), ("not driven", "indeterminate")])
@pytest.mark.parametrize("pattern", ["none", "abortive"])
def test_silence_follows_the_drive(cell, pattern, drive, stage):
    assert scored(cell(pattern, drive, input_resistance=900), reach("stopped early")).stage == stage


def test_without_a_reason_the_sentence_still_reads(cell):
    score = scored(cell("phasic", **GOOD), reach("stopped early", reason=""))
    assert score.reasons[0].startswith("The steps stop early; stronger ones might show more: ")


@given(st.sampled_from(["single", "phasic"]), st.floats(5, 110), st.floats(0.5, 10), st.floats(10, 3000))
def test_an_early_stop_never_decides_for_another_stage(cell, pattern, amplitude, width, resistance):
    numbers = {**GOOD, "ap_amplitude": amplitude, "ap_half_width": width, "input_resistance": resistance}
    before, after = scored(cell(pattern, **numbers)), scored(cell(pattern, **numbers), reach("stopped early"))
    assert after.stage in {before.stage, "indeterminate"}
    assert after.claim == before.claim


# ------------------------------------------------------------------------------------- APs without a long step

NO_STEP = "no constant current step of at least 500 ms was given"


def unmeasured(status=Status.NOT_APPLICABLE):
    return [
        Measurement(n, None, "", RUBRIC.criteria[n].unit, status, NO_STEP)
        for n in ("firing_pattern", "max_sustained_rate")
    ]


@pytest.mark.parametrize("found", [{"ap_peak": 30}, {"ap_amplitude": 80}, {"ap_peak": 30, "ap_amplitude": 80}])
@pytest.mark.parametrize("drive", ["driven", "not driven", ""])
def test_an_ap_on_a_pulse_shows_excitability_and_no_stage(cell, found, drive):
    score = scored(cell("", drive, why="no step that could be used", **found), *unmeasured())
    assert (score.stage, score.claim) == ("indeterminate", "excitable")
    assert "never driven" not in score.reasons[0]


def test_an_ap_that_could_not_be_measured_shows_nothing(cell):
    failed = Measurement("ap_peak", 200.0, "", "mV", Status.OUT_OF_RANGE, "200 mV is not plausible")
    assert scored(cell("", "driven"), failed, *unmeasured()).claim == "none"


def test_pulses_alone_are_told_in_one_breath(cell):
    table = cell("", "not driven", why=NO_STEP, ap_peak=30)
    assert scored(table, *unmeasured()).reasons[0] == (
        f"An AP was evoked, but how the cell fires on long steps is not known: {NO_STEP}."
    )
    table = cell("", "driven", ap_peak=30, ap_amplitude=80, ap_half_width=2)
    assert scored(table, *unmeasured(Status.TOO_FEW_EVENTS)).reasons[0] == (
        f"Too little of the firing domain was measured (firing pattern, highest sustained rate: {NO_STEP})."
    )
