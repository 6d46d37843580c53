from __future__ import annotations

import pytest

from mnephys.maturity import Conditions, load_rubric, score_cell
from mnephys.maturity.combine import Drive, combine
from mnephys.measurement import FeatureTable, Measurement, Status

RUBRIC = load_rubric()


def row(feature, value=None, text="", unit="1", status=Status.OK, reason="", recording="a"):
    return Measurement(feature, value, text, unit, status, reason, recording=recording)


def combined(*rows):
    return combine(FeatureTable(rows), RUBRIC)


def test_two_recordings_make_one_cell_with_two_sources(cell):
    steps = cell("phasic", recording="cell1/steps.abf", input_resistance=400)
    more = cell("sustained", recording="cell1/more.abf", input_resistance=600)
    score = score_cell(FeatureTable.concatenate([steps, more]), subject="cell1")
    assert score.sources == ("cell1/steps.abf", "cell1/more.abf")
    assert score.recording == ""
    evidence = {e.feature: e for e in score.criteria}
    assert evidence["input_resistance"].value == 500
    assert "median of 2" in evidence["input_resistance"].reason
    assert evidence["firing_pattern"].text == "sustained"


def test_one_recording_is_named(cell):
    score = score_cell(cell("none", recording="a.abf"))
    assert (score.recording, score.sources) == ("a.abf", ("a.abf",))


@pytest.mark.parametrize(
    ("feature", "unit", "values", "expected"),
    [
        ("rheobase", "pA", (10, 50, 20), 20),
        ("ap_half_width", "ms", (2, 4), 3),
        ("max_sustained_rate", "Hz", (4, 12, 8), 12),
        ("max_firing_rate", "Hz", (4, 12), 12),
        ("rebound_spike_count", "1", (0, 2, 0), 2),
    ],
)
def test_how_values_are_combined(feature, unit, values, expected):
    rows = [row(feature, v, unit=unit, recording=f"r{i}") for i, v in enumerate(values)]
    assert combined(*rows).measurements[feature].value == expected


def test_failed_attempts_are_passed_over_and_kept_for_their_reason():
    failed = row("ap_half_width", unit="ms", status=Status.TOO_FEW_EVENTS, reason="no AP")
    wild = row("ap_half_width", 900.0, unit="ms", status=Status.OUT_OF_RANGE, reason="900 ms is not plausible")
    assert (
        combined(failed, wild, row("ap_half_width", 2.0, unit="ms", recording="b")).measurements["ap_half_width"].value
        == 2
    )
    assert combined(failed).measurements["ap_half_width"].reason == "no AP"
    assert "ap_half_width" not in combined(wild).numbers()


def test_an_excluded_recording_gives_its_reason_and_nothing_else(cell):
    good = cell("sustained", recording="good.abf", input_resistance=400)
    bad = cell("none", recording="bad.abf", input_resistance=4000)
    excluded = row("qc_recording", status=Status.EXCLUDED, reason="bridge artefact of 0.5 mV/pA.", recording="bad.abf")
    score = score_cell(FeatureTable((*good, *bad, excluded)))
    assert score.sources == ("good.abf",)
    assert next(e for e in score.criteria if e.feature == "input_resistance").value == 400
    assert "Recording bad.abf was not used: bridge artefact of 0.5 mV/pA." in score.reasons


def test_all_recordings_excluded_is_indeterminate(cell):
    excluded = row("qc_recording", status=Status.EXCLUDED, reason="the seal was lost", recording="bad.abf")
    score = score_cell(FeatureTable((*cell("sustained", recording="bad.abf", input_resistance=400), excluded)))
    assert (score.stage, score.claim, score.status) == ("indeterminate", "none", Status.EXCLUDED)
    assert (score.maturity_index, score.interval, score.sources) == (None, None, ())
    assert score.reasons[0] == "No recording of the cell could be used."
    assert "seal was lost" in score.reasons[1]
    assert {e.status for e in score.criteria} == {Status.EXCLUDED}


def test_units_are_converted_or_refused():
    assert combined(row("input_resistance", 0.4, unit="GOhm")).measurements["input_resistance"].value == pytest.approx(
        400
    )
    assert combined(row("membrane_time_constant", 0.02, unit="s")).measurements["membrane_time_constant"].value == 20
    wrong = combined(row("input_resistance", 400.0, unit="pA")).measurements["input_resistance"]
    assert (wrong.status, "MOhm" in wrong.reason) == (Status.BAD_INPUT, True)
    strange = combined(row("input_resistance", 400.0, unit="<b>")).measurements["input_resistance"]
    assert strange.status is Status.BAD_INPUT


def test_an_unknown_category_is_bad_input():
    found = combined(row("firing_pattern", text="sustaind")).measurements["firing_pattern"]
    assert found.status is Status.BAD_INPUT
    assert "'sustained'" in found.reason
    assert (
        combined(row("input_resistance", text="high", unit="MOhm")).measurements["input_resistance"].status
        is Status.BAD_INPUT
    )


@pytest.mark.parametrize(
    ("rows", "drive"),
    [
        ([row("firing_pattern", text="single")], Drive.DRIVEN),
        (
            [row("qc_drive", text="not driven", recording="a"), row("qc_drive", text="driven", recording="b")],
            Drive.DRIVEN,
        ),
        ([row("qc_drive", text="not driven"), row("firing_pattern", text="none")], Drive.NOT_DRIVEN),
        ([row("ap_amplitude", 80.0, unit="mV")], Drive.DRIVEN),
        ([row("qc_drive", status=Status.FAILED, reason="no command")], Drive.UNKNOWN),
        ([], Drive.UNKNOWN),
    ],
)
def test_drive(rows, drive):
    assert combined(*rows).drive is drive


def test_a_stated_series_resistance_fills_the_gap(cell):
    score = score_cell(cell("none"), conditions=Conditions(rs_mohm=14.0))
    found = next(e for e in score.criteria if e.feature == "series_resistance")
    assert (found.value, found.points, found.reason) == (14.0, None, "as stated")
    measured = score_cell(cell("none", series_resistance=9.0), conditions=Conditions(rs_mohm=14.0))
    assert next(e for e in measured.criteria if e.feature == "series_resistance").value == 9.0
