"""A cell that did not stay what it was is not called mature, and loses nothing else by it."""

from __future__ import annotations

from importlib import resources

import pytest

from mnephys.errors import RubricError
from mnephys.maturity import Conditions, load_rubric, score_cell
from mnephys.maturity.rubric import BUILT_IN, parse_rubric
from mnephys.measurement import FeatureTable, Measurement, Status

TEXT = (resources.files("mnephys.maturity") / "rubrics" / BUILT_IN).read_text(encoding="utf-8")
RUBRIC = load_rubric()
MATURE = {
    "max_sustained_rate": 20,
    "spike_frequency_adaptation": 1.5,
    "ap_threshold": -40,
    "ap_peak": 40,
    "ap_amplitude": 80,
    "ap_half_width": 1.5,
    "input_resistance": 230,
    "membrane_capacitance": 80,
    "resting_membrane_potential": -65,
}
STATED = Conditions(ljp_mv=0.0, ljp_subtracted=False, rseal_mohm=1e6, bias_pa=0.0)


def drift(value, recording=""):
    return Measurement("qc_drift", value, "", "mV", recording=recording)


def scored(table, *rows):
    return score_cell(FeatureTable((*table, *rows)), conditions=STATED, rubric=RUBRIC)


@pytest.mark.parametrize(("value", "stage"), [(0.5, "mature"), (10.0, "mature"), (10.1, "indeterminate")])
def test_a_mature_cell_that_drifts_is_indeterminate_and_says_why(cell, value, stage):
    score = scored(cell("sustained", **MATURE), drift(value))
    assert score.stage == stage
    if stage == "indeterminate":
        assert score.reasons[0] == (
            "Would be mature, but its baselines are 10.1 mV apart, more than 10 mV: it changed while it was recorded; "
            "record it again."
        )
        assert score.maturity_index == scored(cell("sustained", **MATURE)).maturity_index
        assert score.resolutions == ()


def test_drift_that_was_not_measured_changes_nothing(cell):
    missing = Measurement("qc_drift", None, "", "mV", Status.TOO_FEW_EVENTS, "fewer than two sweeps are used")
    assert scored(cell("sustained", **MATURE), missing).stage == "mature"


@pytest.mark.parametrize(("pattern", "stage"), [("none", "immature"), ("phasic", "intermediate")])
def test_a_stage_below_mature_stays_what_it_is(cell, pattern, stage):
    assert scored(cell(pattern, **MATURE), drift(30.0)).stage == stage


@pytest.mark.parametrize("order", [(12.0, 1.0), (1.0, 12.0)])
def test_the_recording_that_drifts_most_counts(cell, order):
    rows = [drift(value, recording) for value, recording in zip(order, "ab", strict=True)]
    assert scored(cell("sustained", **MATURE), *rows).stage == "indeterminate"


def test_a_rubric_may_leave_it_out():
    own = parse_rubric(TEXT.replace("mature_drift_mv = 10\n", "").encode())
    assert own.stages.mature_drift_mv == float("inf")


@pytest.mark.parametrize("wrong", ["mature_drift_mv = 0", "mature_drift_mv = -1"])
def test_a_limit_that_cannot_be_is_named(wrong):
    with pytest.raises(RubricError, match=r"mine\.toml.*mature_drift_mv is"):
        parse_rubric(TEXT.replace("mature_drift_mv = 10", wrong).encode(), "mine.toml")
