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
from mnephys.maturity.well_case import WellCase, is_silenced
from mnephys.measurement import Measurement, Status

RUBRIC = load_network_rubric()
UNITS = {name: criterion.unit for name, criterion in RUBRIC.criteria.items()}

# Day 28 of the human motor neurons, the control's mean as the literature notes print it.
DAY_28 = {
    "active_electrode_fraction": 0.82,
    "active_electrode_count": 7.0,
    "burst_percentage": 20.0,
    "network_burst_percentage_axis_2015": 45.0,
    "synchrony_index": 0.086,
}
DAY_34 = {
    "active_electrode_fraction": 0.88,
    "active_electrode_count": 7.0,
    "burst_percentage": 48.0,
    "network_burst_percentage_axis_2015": 75.0,
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
    synchrony = ramp(values["synchrony_index"], 0.005, 0.06, 0.3)
    single = min(ramp(values["burst_percentage"], 0, 10, 50), synchrony)
    together = min(ramp(values["network_burst_percentage_axis_2015"], 0, 25, 75), synchrony)
    return 0.30 * activity + 0.35 * (single + together) / 2 + 0.35 * synchrony


@pytest.mark.parametrize(("values", "stage"), [(DAY_28, "emerging"), (DAY_34, "organised")])
def test_the_means_of_the_data_set_score_as_computed_by_hand(values, stage):
    (well,), (plate,) = scored(case(values))
    assert str(plate.network_stage) == "indeterminate"  # one well makes no plate
    assert well.maturity_index == pytest.approx(expected_index(values), abs=1e-12)
    assert (str(well.network_stage), well.stage, well.claim) == (stage, None, None)
    assert well.interval[0] <= well.maturity_index <= well.interval[1]


def test_a_zero_spike_well_is_absent_with_index_0():
    silent = {"spike_count": 0.0, "active_electrode_fraction": 0.0, "active_electrode_count": 0.0}
    why = dict.fromkeys(("burst_percentage", "network_burst_percentage", "sttc"), "no spike")
    (well,), _ = scored(case(silent, sample={"plated": True}, **why))
    assert (str(well.network_stage), well.maturity_index, well.status) == ("absent", 0.0, Status.OK)
    assert well.reasons[0] == "Absent: not one spike in the well."
    (unknown,), _ = scored(case(silent, **why))
    assert "nobody stated that it was plated" in unknown.reasons[0]


@pytest.mark.parametrize(
    "left_out", ["active_electrode_fraction", "network_burst_percentage_axis_2015", "synchrony_index"]
)
def test_organised_needs_all_three_together(left_out):
    weak = {"active_electrode_fraction": 0.4, "network_burst_percentage_axis_2015": 40.0, "synchrony_index": 0.03}
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
    # Without any synchrony the bursts would not count either, with all of it everything would.
    activity = 0.3 * ramp(0.88, 0.1, 0.5, 0.9)
    bursting = (ramp(48.0, 0, 10, 50) + ramp(75.0, 0, 25, 75)) / 2
    assert well.interval[0] == pytest.approx(activity)
    assert well.interval[1] >= activity + 0.35 * bursting + 0.35
    assert well.confidence == "low"
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
    bare = case(
        {n: v for n, v in DAY_34.items() if "2015" not in n} | {"network_burst_percentage": 75.0},
        plate=plate_rows(duration=None, definitions="axis-2023"),
    )
    (low,), _ = scored(bare)
    assert (low.confidence, str(low.network_stage)) == ("low", "organised")
    text = " ".join(low.reasons)
    for words in (
        "nobody stated how long",
        "untreated in 1 recording",
        "no well of the plate was silenced",
        "axis-2023",
    ):
        assert words in text
    assert "axis-2023" in text


def on(day, values=DAY_34, well="A1", **facts):
    return case(values, well=well, recording=f"d{day}.csv", sample={"div": float(day), **facts})


TTX = {"treatment": "TTX", "dose": 1.0, "dose_unit": "uM"}
SILENT = {"spike_count": 0.0, "active_electrode_count": 0.0, "active_electrode_fraction": 0.0}


def test_a_well_that_fell_silent_speaks_for_its_plate_on_its_day_in_whatever_recording():
    control = replace(on(34, SILENT, "B1", **TTX), recording="d34_ttx.csv")
    (first, second, _, silenced), _ = scored(on(31), on(34), on(31, well="B1"), control)
    assert silenced.maturity_index is None
    assert (first.confidence, second.confidence) == ("moderate", "high")
    assert "1 silenced well of the plate fell silent" in " ".join(second.reasons)
    assert "organised on 2 days in a row" in " ".join(second.reasons)


@pytest.mark.parametrize(
    ("values", "before", "words"),
    [
        ({**SILENT, "active_electrode_count": 3.0}, DAY_34, "stayed active"),
        ({}, DAY_34, "no well of the plate was silenced"),
        (SILENT, SILENT, "no well of the plate was silenced"),
    ],
)
def test_a_silenced_well_that_is_active_blank_or_was_never_alive_proves_nothing(values, before, words):
    (_, doubtful, *_), _ = scored(on(31), on(34), on(31, before, "B1"), on(34, values, "B1", **TTX))
    assert words in " ".join(doubtful.reasons)


@pytest.mark.parametrize(
    ("treatment", "dose", "silenced"),
    [
        *((text, None, True) for text in ("TTX", "ttx", "TTX_1uM", "TTX-1uM", "TTX(1 uM)", "TTX/DMSO", "tetrodotoxin")),
        *((text, None, False) for text in ("TTX washout", "after TTX", "no TTX", "TTX vehicle", "TTXZ", "")),
        ("TTX", 0.0, False),
        ("TTX", 1.0, True),
    ],
)
def test_what_counts_as_silenced(treatment, dose, silenced):
    facts = {"treatment": treatment} | ({} if dose is None else {"dose": dose})
    assert is_silenced(case(DAY_34, sample=facts), RUBRIC) is silenced


def test_two_recordings_of_one_day_are_one_day_and_a_treated_one_is_none():
    again = replace(on(34), recording="d34_again.csv")
    treated = replace(on(35, treatment="bicuculline", dose=10.0), recording="d35_bic.csv")
    (first, _, drugged), _ = scored(on(34), again, treated)
    assert "untreated on 1 day (2 are asked for)" in " ".join(first.reasons)
    assert "not seen organised on 2 days in a row" in " ".join(first.reasons)
    assert any(reason.startswith("Treated with bicuculline 10") for reason in drugged.reasons)


def test_a_gap_breaks_the_row_of_organised_days():
    (first, _, last), _ = scored(on(28), on(31, DAY_28), on(34))
    for one in (first, last):
        assert "not seen organised on 2 days in a row" in " ".join(one.reasons)
        assert one.confidence != "high"


def test_dense_firing_of_each_electrode_for_itself_is_no_network():
    """Network bursts by chance: every spike of the well is in one, and no two electrodes coincide."""
    values = DAY_34 | {"burst_percentage": 100.0, "network_burst_percentage_axis_2015": 100.0, "synchrony_index": 0.0}
    (well,), _ = scored(case(values))
    assert well.domains["bursting"].score == 0
    assert well.maturity_index == pytest.approx(0.3 * ramp(0.88, 0.1, 0.5, 0.9))
    assert str(well.network_stage) == "emerging"
    (line,) = [c for c in well.criteria if c.feature == "burst_percentage"]
    assert "no more than synchrony" in line.reason


def test_bursts_of_one_site_are_no_network():
    lonely = {"active_electrode_fraction": 0.06, "active_electrode_count": 1.0, "burst_percentage": 100.0}
    (well,), _ = scored(case(lonely | {"network_burst_percentage_axis_2015": 0.0}, sttc="fewer than 2"))
    assert (str(well.network_stage), well.maturity_index) == ("absent", 0.0)


def test_a_small_network_on_a_large_array_is_one():
    values = DAY_28 | {"active_electrode_fraction": 5 / 64, "active_electrode_count": 5.0}
    (well,), _ = scored(case(values))
    assert str(well.network_stage) == "emerging"


def test_too_few_network_bursts_by_a_stricter_detector_decide_nothing():
    strict = {n: v for n, v in DAY_34.items() if "2015" not in n} | {"network_burst_percentage": 30.0}
    (well,), _ = scored(case(strict, plate=plate_rows(definitions="axis-2023")))
    assert str(well.network_stage) == "indeterminate"
    assert "spikes in network bursts" in well.reasons[0]


def test_what_the_acquisition_program_switched_off_is_not_scored():
    rows = well_rows(DAY_34) | {"active": Measurement("active", None, "no", "1", level="well", id="A1")}
    (well,), _ = scored(replace(case(DAY_34), rows=rows))
    assert (well.maturity_index, well.reasons) == (None, ("Switched off in the acquisition program.",))


def test_simulated_wells_say_so():
    plate = plate_rows() | {"qc_origin": Measurement("qc_origin", None, "simulated", "1", level="plate")}
    (well,), (verdict,) = scored(case(DAY_34, plate=plate))
    assert well.reasons[-1] == verdict.reasons[-1] == "The recording is simulated: it shows the program, no biology."


def test_the_plate_counts_its_wells_and_names_the_others():
    cases = [case(DAY_34, well=w, sample={"line": "L1"}) for w in ("A1", "A2", "A3")]
    cases += [case(DAY_28, well="A4", sample={"line": "L2"})]
    cases += [case({"spike_count": n}, well=w, sample={"plated": False}) for w, n in (("B1", 2.0), ("B2", 9.0))]
    cases += [case(SILENT, well="B3"), case(DAY_34, well="B4", sample={"treatment": "CNQX", "dose": 10.0})]
    wells, (plate,) = scored(*cases)
    assert str(plate.network_stage) == "organised"
    assert plate.maturity_index == pytest.approx(np.median([w.maturity_index for w in wells[:4]]))
    assert plate.interval == (wells[3].maturity_index, wells[0].maturity_index)
    assert plate.reasons[0] == "4 of 6 scored wells make the verdict: 3 organised, 1 emerging."
    for words in (
        "L1: 3 organised, median index",
        "L2: 1 emerging, median index",
        "1 well is treated and left out of the verdict (B4).",
        "1 well is without an active electrode, and nobody stated whether anything was plated: left out",
        "2 wells are not plated (B1-B2); up to 9 stray spikes in one of them.",
        "provisional",
    ):
        assert any(words in reason for reason in plate.reasons), words


def test_a_plate_of_treated_wells_has_no_verdict():
    treated = [case(DAY_34, well=f"A{i}", sample={"treatment": "CNQX", "dose": 10.0}) for i in range(1, 5)]
    wells, (plate,) = scored(*treated)
    assert all(well.maturity_index for well in wells)
    assert (str(plate.network_stage), plate.maturity_index) == ("indeterminate", None)
    assert plate.reasons[:2] == (
        "No untreated well was scored.",
        "4 wells are treated and left out of the verdict (A1-A4).",
    )


ABSENT = {"active_electrode_fraction": 0.0, "active_electrode_count": 0.0}
UNKNOWN = {n: v for n, v in DAY_34.items() if n != "synchrony_index"}


@pytest.mark.parametrize(
    ("organised", "emerging", "absent", "unknown", "stage"),
    [
        (3, 0, 9, 0, "absent"),
        (6, 0, 6, 0, "organised"),
        (3, 0, 0, 0, "organised"),
        (2, 0, 0, 0, "indeterminate"),
        (2, 1, 0, 0, "emerging"),
        (2, 0, 9, 0, "absent"),
        (0, 9, 3, 0, "emerging"),
        (2, 0, 1, 4, "indeterminate"),
        (5, 0, 1, 1, "organised"),
        (0, 0, 1, 0, "indeterminate"),
        (0, 0, 5, 0, "absent"),
    ],
)
def test_a_plate_has_the_stage_that_enough_of_its_wells_have_reached(organised, emerging, absent, unknown, stage):
    kinds = [DAY_34] * organised + [DAY_28] * emerging + [ABSENT] * absent + [UNKNOWN] * unknown
    plated = {"plated": True}
    _, (plate,) = scored(*(case(values, well=f"A{i}", sample=plated) for i, values in enumerate(kinds, 1)))
    assert str(plate.network_stage) == stage


fractions = st.floats(0, 1)
percentages = st.floats(0, 100)


@given(fractions, percentages, percentages, fractions, st.sampled_from(sorted(DAY_34)), st.floats(0, 1))
@settings(deadline=None, max_examples=60)
def test_more_of_anything_never_lowers_the_index(active, burst, network, synchrony, which, more):
    values = dict(zip(DAY_34, (active, 16 * active, burst, network, synchrony), strict=True))
    raised = dict(values)
    top = {"active_electrode_count": 16.0}.get(which, 100.0 if "percentage" in which else 1.0)
    raised[which] = values[which] + more * (top - values[which])
    (before,), _ = scored(case(values))
    (after,), _ = scored(case(raised))
    assert after.maturity_index >= before.maturity_index - 1e-12
