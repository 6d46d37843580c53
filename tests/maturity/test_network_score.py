"""Wells: stage, index and confidence, against hand-computed values."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mnephys.maturity.network_rubric import load_network_rubric
from mnephys.maturity.network_score import score_networks
from mnephys.maturity.well_case import WellCase
from mnephys.measurement import Measurement, Status

RUBRIC = load_network_rubric()
UNITS = {name: criterion.unit for name, criterion in RUBRIC.criteria.items()}

# Day 28 of the human motor neurons, the control's mean as the literature notes print it.
DAY_28 = {
    "active_electrode_fraction": 0.82,
    "active_electrode_count": 7.0,
    "burst_percentage": 20.0,
    "network_burst_percentage": 45.0,
    "synchrony_index": 0.086,
}
DAY_34 = {
    "active_electrode_fraction": 0.88,
    "active_electrode_count": 7.0,
    "burst_percentage": 48.0,
    "network_burst_percentage": 75.0,
    "synchrony_index": 0.286,
}


def well_rows(values, **missing):
    rows = {n: Measurement(n, v, "", UNITS.get(n, "1"), level="well", id="A1") for n, v in values.items()}
    for name, reason in missing.items():
        rows[name] = Measurement(name, None, "", UNITS.get(name, "1"), Status.TOO_FEW_EVENTS, reason, "well", "A1")
    return rows


def plate_rows(duration=600.0, definitions="axis-2015"):
    rows = {"definitions": Measurement("definitions", None, definitions, "1", level="plate")}
    if duration is not None:
        rows["recording_duration"] = Measurement("recording_duration", duration, "", "s", level="plate")
    return rows


def case(values, well="A1", recording="d28.csv", sample=None, plate=None, **missing):
    rows = well_rows(values, **missing)
    return WellCase(f"p {well}", "p", well, recording, sample or {}, rows, plate_rows() if plate is None else plate)


def scored(*cases):
    found = score_networks(list(cases), RUBRIC)
    return found[: len(cases)], found[len(cases) :]


def ramp(value, zero, half, one):
    return float(np.interp(value, [zero, half, one], [0.0, 0.5, 1.0]))


def expected_index(values):
    activity = ramp(values["active_electrode_fraction"], 0.1, 0.5, 0.9)
    bursting = ramp(values["burst_percentage"], 0, 10, 50) + ramp(values["network_burst_percentage"], 0, 25, 75)
    synchrony = ramp(values["synchrony_index"], 0.005, 0.06, 0.3)
    return 0.30 * activity + 0.35 * bursting / 2 + 0.35 * synchrony


@pytest.mark.parametrize(("values", "stage"), [(DAY_28, "emerging"), (DAY_34, "organised")])
def test_the_means_of_the_data_set_score_as_computed_by_hand(values, stage):
    (well,), (plate,) = scored(case(values))
    assert well.maturity_index == pytest.approx(expected_index(values), abs=1e-12)
    assert (str(well.network_stage), well.stage, well.claim) == (stage, None, None)
    assert str(plate.network_stage) == stage
    assert well.interval[0] <= well.maturity_index <= well.interval[1]


def test_a_zero_spike_well_is_absent_with_index_0():
    silent = {"spike_count": 0.0, "active_electrode_fraction": 0.0, "active_electrode_count": 0.0}
    why = dict.fromkeys(("burst_percentage", "network_burst_percentage", "sttc"), "no spike")
    (well,), _ = scored(case(silent, sample={"plated": True}, **why))
    assert (str(well.network_stage), well.maturity_index, well.status) == ("absent", 0.0, Status.OK)
    assert well.reasons[0] == "Absent: not one spike in the well."
    (unknown,), _ = scored(case(silent, **why))
    assert "nobody stated that it was plated" in unknown.reasons[0]


@pytest.mark.parametrize("left_out", ["active_electrode_fraction", "network_burst_percentage", "synchrony_index"])
def test_organised_needs_all_three_together(left_out):
    weak = {"active_electrode_fraction": 0.4, "network_burst_percentage": 40.0, "synchrony_index": 0.03}
    (well,), _ = scored(case(DAY_34 | {left_out: weak[left_out]}))
    assert str(well.network_stage) == "emerging"
    assert RUBRIC.criteria[left_out].label.split()[0] in well.reasons[0].lower()


def test_rate_alone_moves_nothing():
    fast = DAY_28 | {"mean_firing_rate": 50.0, "weighted_mean_firing_rate": 80.0, "network_burst_rate": 9.0}
    (slow,), _ = scored(case(DAY_28))
    (quick,), _ = scored(case(fast))
    assert (slow.maturity_index, slow.network_stage) == (quick.maturity_index, quick.network_stage)


def test_the_day_never_enters():
    young, old = (scored(case(DAY_28, sample={"div": day}))[0][0] for day in (2.0, 90.0))
    assert young == replace(old, sample=young.sample)


def test_unknown_synchrony_of_a_bursting_well_is_indeterminate():
    values = {name: value for name, value in DAY_34.items() if name != "synchrony_index"}
    (well,), _ = scored(case(values, sttc="not measured", synchrony_index="blank in the export"))
    assert str(well.network_stage) == "indeterminate"
    assert well.reasons[0] == "Indeterminate: synchrony could not be measured."
    assert well.maturity_index is not None


def test_the_vendors_index_stands_in_for_the_tiling_coefficient_and_never_beside_it():
    (both,), _ = scored(case(DAY_34 | {"sttc": 0.02}))
    assert both.domains["synchrony"].score == 0.0
    exported = {n: v for n, v in DAY_34.items() if n != "synchrony_index"}
    (area,), _ = scored(case(exported | {"area_under_normalized_cross_correlation": 0.3}))
    assert area.domains["synchrony"].score == 1.0


@pytest.mark.parametrize(
    ("sample", "quality", "words"),
    [
        ({"plated": False}, None, "Not plated"),
        ({}, "no data: the export leaves this well blank", "No data"),
        ({"treatment": "TTX 1 uM"}, None, "Silenced on purpose"),
    ],
)
def test_wells_that_are_not_scored_say_why(sample, quality, words):
    one = case(DAY_34, sample=sample)
    if quality:
        rows = {"qc_well": Measurement("qc_well", None, "", "1", Status.EXCLUDED, quality, "well", "A1")}
        one = replace(one, rows=rows)
    (well,), (plate,) = scored(one)
    assert (str(well.network_stage), well.maturity_index, well.status) == ("indeterminate", None, Status.EXCLUDED)
    assert well.reasons[0].startswith(words)
    assert (str(plate.network_stage), plate.maturity_index) == ("indeterminate", None)
    json.dumps([well.to_json(), plate.to_json()], allow_nan=False)


def test_confidence_names_what_speaks_for_and_against():
    bare = case(DAY_34, plate=plate_rows(duration=None, definitions="axis-2023"))
    (low,), _ = scored(bare)
    assert low.confidence == "low"
    text = " ".join(low.reasons)
    for words in ("nobody stated how long", "recorded once", "no well was silenced", "axis-2023"):
        assert words in text
    silenced = WellCase(
        "p B1", "p", "B1", "d28.csv", {"treatment": "TTX"}, well_rows({"active_electrode_count": 0.0}), plate_rows()
    )
    (first, control, second), _ = scored(case(DAY_34), silenced, replace(case(DAY_34), recording="d34.csv"))
    assert control.maturity_index is None
    assert first.confidence == "high"
    assert second.confidence == "moderate"  # no silenced well in its own recording
    assert "organised in 2 recordings in a row" in " ".join(first.reasons)
    still_active = replace(silenced, rows=well_rows({"active_electrode_count": 3.0}))
    (doubtful, _), _ = scored(case(DAY_34), still_active)
    assert "stayed active" in " ".join(doubtful.reasons)


def test_a_gap_breaks_the_row_of_organised_recordings():
    days = [replace(case(values), recording=name) for name, values in (("a", DAY_34), ("b", DAY_28), ("c", DAY_34))]
    (first, _, last), _ = scored(*days)
    assert "organised in 1 recording in a row" in " ".join(first.reasons)
    assert "organised in 1 recording in a row" in " ".join(last.reasons)


def test_the_plate_counts_its_wells_and_names_the_others():
    cases = [case(DAY_34, well=w) for w in ("A1", "A2", "A3")] + [case(DAY_28, well="A4")]
    cases += [case({"spike_count": n}, well=w, sample={"plated": False}) for w, n in (("B1", 2.0), ("B2", 9.0))]
    wells, (plate,) = scored(*cases)
    assert str(plate.network_stage) == "organised"
    assert plate.maturity_index == pytest.approx(np.median([w.maturity_index for w in wells if w.maturity_index]))
    assert plate.reasons[0] == "4 wells scored: 3 organised, 1 emerging."
    assert "2 wells are not plated (B1-B2); up to 9 stray spikes in one of them." in plate.reasons
    assert "provisional" in plate.reasons[-1]


fractions = st.floats(0, 1)
percentages = st.floats(0, 100)


@given(fractions, percentages, percentages, fractions, st.sampled_from(sorted(DAY_34)), st.floats(0, 1))
@settings(deadline=None, max_examples=60)
def test_more_of_anything_never_lowers_the_index(active, burst, network, synchrony, which, more):
    values = dict(zip(DAY_34, (active, 16 * active, burst, network, synchrony), strict=True))
    raised = dict(values)
    top = {"active_electrode_count": 16.0, "burst_percentage": 100.0, "network_burst_percentage": 100.0}.get(which, 1.0)
    raised[which] = values[which] + more * (top - values[which])
    (before,), _ = scored(case(values))
    (after,), _ = scored(case(raised))
    assert after.maturity_index >= before.maturity_index - 1e-12


ABSENT = {"active_electrode_fraction": 0.0, "active_electrode_count": 0.0}


@pytest.mark.parametrize(
    ("organised", "emerging", "absent", "stage"),
    [
        (3, 0, 9, "organised"),
        (2, 1, 0, "emerging"),
        (2, 0, 9, "absent"),
        (0, 3, 9, "emerging"),
        (0, 0, 1, "absent"),
        (2, 0, 0, "organised"),
    ],
)
def test_a_plate_has_the_stage_that_three_wells_have_reached(organised, emerging, absent, stage):
    kinds = [DAY_34] * organised + [DAY_28] * emerging + [ABSENT] * absent
    _, (plate,) = scored(*(case(values, well=f"A{i}") for i, values in enumerate(kinds, 1)))
    assert str(plate.network_stage) == stage
