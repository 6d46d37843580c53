"""A stage that published cells contradict is not said; nothing else of a score changes."""

from __future__ import annotations

from dataclasses import replace

import pytest

from mnephys.maturity import Conditions, load_rubric, score_cell
from mnephys.maturity.reference import load_reference, second_opinion
from mnephys.maturity.second_opinion import disagrees, with_second_opinion
from mnephys.measurement import FeatureTable, Measurement, Status
from mnephys.pipeline.cells import score_table

REFERENCE = load_reference()
STATED = Conditions(ljp_mv=0.0, ljp_subtracted=False, rseal_mohm=1e6, bias_pa=0.0)
MATURE = {
    "max_sustained_rate": 20,
    "spike_frequency_adaptation": 1.5,
    "ap_threshold": -40,
    "ap_peak": 40,
    "ap_amplitude": 80,
    "ap_half_width": 1.5,
    "input_resistance": 150,
    "membrane_capacitance": 80,
    "resting_membrane_potential": -65,
}


def scored(table, conditions=STATED):
    return score_cell(table, conditions=conditions, rubric=load_rubric())


def test_a_stage_that_published_cells_share_stays_and_the_probabilities_are_said(cell):
    before = scored(cell("sustained", **MATURE))
    after = with_second_opinion(before, REFERENCE)
    assert (before.stage, after.stage, after.claim) == ("mature", "mature", before.claim)
    assert after.posterior.probabilities["mature"] > 0.9
    assert sum(after.posterior.probabilities.values()) == pytest.approx(1)
    assert after.reasons[: len(before.reasons)] == before.reasons
    assert after.reasons[-1].startswith("Second opinion, from what published cells measure, apart from the rubric: imm")
    assert replace(after, posterior=None, reasons=before.reasons) == before


def test_a_stage_that_published_cells_contradict_is_indeterminate_and_says_both(cell):
    # Silent, and all else as of the most mature: the rubric goes by firing.
    silent = {name: value for name, value in MATURE.items() if name[:3] in {"res", "inp", "mem"}}
    lines = Measurement("ap_amplitude", 85.0, "", "mV"), Measurement("ap_half_width", 1.0, "", "ms")
    before = scored(FeatureTable((*cell("abortive", **silent), *lines)))
    after = with_second_opinion(before, REFERENCE)
    assert before.stage == "immature"
    assert after.posterior.stage == "mature"
    assert after.stage == "indeterminate"
    own = after.posterior.probabilities["immature"]
    assert own < 0.1
    assert after.reasons[0] == (
        "The rubric says immature, but published cells that measure the same are mature (probability "
        f"{after.posterior.probabilities['mature']:.2f}, immature {own:.2f}): the two disagree."
    )
    assert after.reasons[1:] == before.reasons
    assert (after.maturity_index, after.criteria, after.domains) == (
        before.maturity_index,
        before.criteria,
        before.domains,
    )
    assert (after.changes, after.resolutions) == ((), ())


def test_a_claim_of_maturity_falls_with_its_stage(cell):
    before = scored(cell("sustained", **MATURE))
    opinion = second_opinion({"ap_amplitude": 20.0, "ap_half_width": 9.0, "input_resistance": 3000.0}, {}, REFERENCE)
    assert opinion.stage == "immature"
    assert disagrees("mature", opinion, REFERENCE)
    # What the rubric saw replaced by what it did not.
    lines = {"ap_amplitude": 20.0, "ap_half_width": 9.0, "input_resistance": 3000.0}
    other = tuple(
        replace(
            line, value=lines.get(line.feature), status=Status.OK if line.feature in lines else Status.FAILED, text=""
        )
        for line in before.criteria
    )
    after = with_second_opinion(replace(before, criteria=other), REFERENCE)
    assert (before.claim, after.claim, after.stage) == ("mature_in_vitro", "functional", "indeterminate")


def test_a_cell_unlike_every_set_has_no_second_opinion_and_keeps_its_stage(cell):
    strange = {**MATURE, "ap_amplitude": 250, "ap_half_width": 0.02, "input_resistance": 30000}
    before = scored(cell("sustained", **strange))
    after = with_second_opinion(before, REFERENCE)
    assert after.posterior.stage == ""
    assert after.stage == before.stage
    assert after.reasons[-1].startswith("No second opinion: the cell is unlike every set of the reference")


def test_nothing_measured_is_nothing_said():
    before = scored(FeatureTable(()))
    after = with_second_opinion(before, REFERENCE)
    assert after.reasons == before.reasons
    assert after.posterior.used == ()


def test_voltages_are_compared_without_correction(cell):
    shifted = {**MATURE, "resting_membrane_potential": -80, "ap_threshold": -55, "ap_peak": 25}
    corrected = scored(cell("sustained", **shifted), replace(STATED, ljp_mv=15.0, ljp_subtracted=True))
    found = with_second_opinion(corrected, REFERENCE).posterior
    plain = with_second_opinion(scored(cell("sustained", **MATURE)), REFERENCE).posterior
    assert found.probabilities == pytest.approx(plain.probabilities)


def test_a_rubric_that_names_no_reference_gets_none(cell):
    rubric = load_rubric()
    table = cell("sustained", **MATURE)
    assert score_table(table, "c", STATED, rubric).posterior is not None
    assert score_table(table, "c", STATED, replace(rubric, second_opinion="")).posterior is None
