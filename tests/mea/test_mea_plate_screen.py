"""Tables of a screen, and the plates of a run: against sums written out plainly."""

from __future__ import annotations

import math
import statistics

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mnephys.errors import SampleSheetError
from mnephys.mea.plate import Wells
from mnephys.mea.plate.of_run import FEATURES, PlatesOfRun, left_out, quality_rows, wells_of_run
from mnephys.mea.plate.screen import CONDITION_COLUMNS, WELL_COLUMNS, condition_records, well_records
from mnephys.measurement import FeatureTable, Measurement, Status
from mnephys.recording import LAYOUTS
from mnephys.samples import Sample, Subject

LAYOUT = LAYOUTS["24-well"]
VALUES = {"": [9.0, 10.0, 12.0, 8.0], "TTX": [1.0, 0.0, 2.0], "CNQX": [5.0, 6.0, 4.5, 5.5]}


def wells_of(values=VALUES, **columns):
    flat = [(treatment, value) for treatment, each in values.items() for value in each]
    return Wells.of(
        "rate",
        "Hz",
        LAYOUT.wells[: len(flat)],
        [value for _, value in flat],
        treatment=[treatment for treatment, _ in flat],
        control=[treatment == "" for treatment, _ in flat],
        **columns,
    )


# --- one row per condition ---


def test_a_row_per_condition_says_what_plain_sums_say():
    rows = {row["treatment"]: row for row in condition_records(wells_of(), positive="ttx")}
    control = VALUES[""]
    low, high = statistics.mean(control), statistics.mean(VALUES["TTX"])
    assert {name: row["role"] for name, row in rows.items()} == {"": "control", "TTX": "positive", "CNQX": "treated"}
    for name, values in VALUES.items():
        row = rows[name]
        assert list(row) == list(CONDITION_COLUMNS)
        assert (row["n_wells"], row["n_measured"]) == (len(values), len(values))
        assert row["mean"] == pytest.approx(statistics.mean(values))
        assert row["sd"] == pytest.approx(statistics.stdev(values))
        assert row["median"] == statistics.median(values)
        assert row["percent_of_control"] == pytest.approx(100 * statistics.mean(values) / low)
        assert row["percent_effect"] == pytest.approx(100 * (statistics.mean(values) - low) / (high - low))
    for name in ("TTX", "CNQX"):
        treated = VALUES[name]
        s_t, s_c = statistics.stdev(treated), statistics.stdev(control)
        distance = statistics.mean(treated) - low
        assert rows[name]["z_factor"] == pytest.approx(1 - 3 * (s_t + s_c) / abs(distance))
        assert rows[name]["ssmd"] == pytest.approx(distance / math.hypot(s_t, s_c))
        assert rows[name]["assay_reason"] == rows[name]["effect_reason"] == ""
    assert rows[""]["z_factor"] is None
    assert rows[""]["assay_reason"] == "these are the control wells"


def test_what_is_missing_has_its_reason_beside_it():
    wells = wells_of({"": [9.0, 10.0, 12.0], "TTX": [0.0, 0.0, 0.0], "CNQX": [np.nan, np.nan], "KCl": [3.0, 4.0]})
    rows = {row["treatment"]: row for row in condition_records(wells, positive="TTX")}
    assert rows["CNQX"]["status"] == "too_few_events"
    assert rows["CNQX"]["reason"] == "none of its wells was measured"
    assert (rows["CNQX"]["mean"], rows["CNQX"]["percent_effect"]) == (None, None)
    assert "not measured" in rows["CNQX"]["effect_reason"]
    assert rows["KCl"]["assay_reason"] == "2 measured treated wells, of at least 3"
    assert rows["TTX"]["z_factor_robust"] is not None
    for row in rows.values():
        assert row["percent_of_control"] is not None or row["reason"]
        assert row["percent_effect"] is not None or row["effect_reason"]
        assert all(row[name] is not None for name in ("z_factor", "ssmd")) or row["assay_reason"]


def test_a_reason_that_holds_for_some_of_the_numbers_names_them():
    rows = condition_records(wells_of({"": [9.0, 10.0, 12.0], "TTX": [1.0, 10.0, 19.0]}))
    assert rows[1]["z_factor_robust"] is rows[1]["ssmd_robust"] is None or rows[1]["z_factor"] is not None
    assert rows[1]["assay_reason"] == "z_factor_robust: treated and control wells have the same median"


@pytest.mark.parametrize(
    ("positive", "why"),
    [
        ("", "no positive control is named"),
        ("NMDA", "its control wells have no positive control beside them"),
        ("TTX", "there are several doses of the positive control; name one of them"),
        ("TTX 1 uM", ""),
        (" ttx  1 UM ", ""),
        ("TTX 1 \N{MICRO SIGN}M", ""),
        ("ttx 1000 nM", ""),
        ("TTX 1e-3mM", ""),
        ("TTX 1 nM", "its control wells have no positive control beside them"),
        ("TTX 1 ug/L", "its control wells have no positive control beside them"),
        ("TTX 1", "its control wells have no positive control beside them"),
    ],
)
def test_the_positive_control_is_named_by_treatment_or_treatment_and_dose(positive, why):
    wells = wells_of(dose=[np.nan] * 4 + [1.0, 1.0, 2.0] + [3.0] * 4, dose_unit=[""] * 4 + ["uM"] * 7)
    rows = [row for row in condition_records(wells, positive) if row["treatment"] == "CNQX"]
    assert [row["effect_reason"] for row in rows] == [why]
    assert (rows[0]["percent_effect"] is None) == bool(why)


def test_a_positive_control_like_the_others_gives_no_percentage():
    rows = condition_records(wells_of({"": [1.0, 2.0, 3.0], "TTX": [2.0, 2.0, 2.0]}), positive="TTX")
    assert {row["effect_reason"] for row in rows} == {"control wells and positive control have the same mean"}


numbers = st.floats(allow_nan=True, allow_infinity=True) | st.sampled_from([0.0, 1.0, 5e-324, 1e308, -1e308])


@given(st.lists(numbers, max_size=5), st.lists(numbers, max_size=5), st.lists(numbers, max_size=5))
@settings(deadline=None, max_examples=150)
def test_whatever_the_values_there_are_numbers_or_reasons(control, ttx, cnqx):
    wells = wells_of({"": control, "TTX": ttx, "CNQX": cnqx})
    for row in condition_records(wells, positive="TTX"):
        shown = [value for value in row.values() if isinstance(value, float)]
        assert np.isfinite(shown).all()
        assert (row["percent_effect"] is None) == bool(row["effect_reason"])
    for row in well_records(wells):
        assert list(row) == list(WELL_COLUMNS)
        assert (row["value"] is None) == (row["status"] != "ok")
        assert row["percent_of_control"] is not None or row["percent_reason"] or row["reason"]


def test_wells_are_in_percent_of_the_mean_of_their_controls():
    rows = well_records(wells_of())
    center = statistics.mean(VALUES[""])
    flat = [value for each in VALUES.values() for value in each]
    assert [row["percent_of_control"] for row in rows] == pytest.approx([100 * value / center for value in flat])
    assert [row["control"] for row in rows] == [True] * 4 + [False] * 7


def test_a_well_without_controls_has_the_reason_of_its_condition():
    wells = wells_of({"": [9.0, 10.0, 12.0], "TTX": [1.0, np.nan]}, line=["a", "a", "a", "b", "b"])
    (treated,) = [row["reason"] for row in condition_records(wells) if row["treatment"] == "TTX"]
    reasons = [row["percent_reason"] for row in well_records(wells)]
    assert reasons == ["", "", "", treated, "not measured"]
    assert treated == "no well of this recording and line is a control"


# --- the plates of a run ---


def run_of(rates, samples, active=lambda _: 8.0):
    """A run of recordings with a rate per well, and what is stated about each well."""
    tables, subjects = {}, []
    for name, values in rates.items():
        rows = []
        for i, (well, value) in enumerate(zip(LAYOUT.wells, values, strict=True)):
            sample = Sample(name, plate="P1", well=well, **samples(name, i))
            subjects.append(Subject(f"P1 {well}", "well", (name,), (sample,), "P1"))
            rows.append(Measurement("weighted_mean_firing_rate", value, "", "Hz", level="well", id=well))
            rows.append(Measurement("active_electrode_count", active(i), "", "1", level="well", id=well))
            rows.append(Measurement("qc_well", None, "ok", "1", level="well", id=well))
            why = "it has no burst"
            rows.append(Measurement("burst_rate", None, "", "Hz", Status.NOT_APPLICABLE, why, "well", well))
            rows.append(Measurement("mean_firing_rate", 1.0, "", "Hz", level="electrode", id=f"{well}_11"))
        tables[name] = FeatureTable(tuple(rows))
    return PlatesOfRun(tables, subjects, dict.fromkeys(rates, LAYOUT))


RATES = [1.0 + i % 7 / 10 for i in range(24)]


def dosed(_, i):
    return {"treatment": "DMSO" if i % 6 < 3 else "TTX"}


def test_every_number_of_wells_is_taken_and_what_is_measured_nowhere_is_said():
    plates = run_of({"a.csv": RATES}, dosed)
    assert [wells.feature for wells in wells_of_run(plates)] == ["weighted_mean_firing_rate", "active_electrode_count"]
    assert left_out(plates) == {"burst_rate": "it has no burst"}


def test_a_baseline_is_each_wells_own():
    plates = run_of({"day0 before.csv": RATES, "day0 after.csv": [3 * rate for rate in RATES]}, dosed)
    rate, _ = wells_of_run(plates, "*before*")
    assert (rate.feature, rate.unit) == ("weighted_mean_firing_rate_percent_of_baseline", "%")
    assert rate.values == pytest.approx(np.full(24, 300.0))
    assert rate.control.sum() == 12


@pytest.mark.parametrize(
    ("baseline", "said"),
    [
        ("before.cs", "no recording of a plate is called 'before.cs'; the nearest is 'before.csv'"),
        ("*.csv", "every recording is called '*.csv'; name those before treatment alone"),
    ],
)
def test_a_baseline_that_is_none_or_all_is_refused(baseline, said):
    plates = run_of({"before.csv": RATES, "after.csv": RATES}, dosed)
    with pytest.raises(SampleSheetError) as caught:
        list(wells_of_run(plates, baseline))
    assert str(caught.value) == said


def verdicts(plates):
    rows = quality_rows(plates)
    assert {row.feature for row in rows} == set(FEATURES)
    return {(row.feature, row.id): (row.text, row.reason) for row in rows if row.feature.startswith("qc_")}


def test_a_dead_corner_an_edge_and_controls_that_vary_are_found():
    def is_outer(i):
        return i // 6 in {0, 3} or i % 6 in {0, 5}

    wild = [(0.1 if is_outer(i) else 5.0) * (1 + i / 100) for i in range(24)]
    found = verdicts(run_of({"a.csv": wild}, dosed, active=lambda i: 0.0 if i == 0 else 8.0 + i % 3))
    assert found["qc_dead_wells", ""] == ("dead wells", "No active electrode in A1.")
    assert found["qc_edge_effect", "weighted_mean_firing_rate"][0] == "edge effect"
    assert found["qc_control_cv", "weighted_mean_firing_rate"][0] == "variable controls"
    assert found["qc_control_cv", "active_electrode_count"][0] == "ok"


def test_controls_are_judged_only_where_somebody_stated_them():
    why = "nobody stated which wells are controls"
    for nothing in (lambda *_: {}, lambda _, i: {"plated": i > 5}):
        assert verdicts(run_of({"a.csv": RATES}, nothing))["qc_control_cv", "active_electrode_count"] == ("", why)
    stated = verdicts(run_of({"a.csv": RATES}, lambda *_: {"treatment": "DMSO"}))
    assert stated["qc_control_cv", "active_electrode_count"][1] != why


def test_recordings_are_judged_each_for_itself():
    plates = run_of({"b.csv": RATES, "a.csv": RATES}, lambda name, i: dosed(name, i) if name == "b.csv" else {})
    names = [row.recording for row in quality_rows(plates)]
    assert names == sorted(names)
    controls = {row.recording: row.status for row in quality_rows(plates) if row.feature == "control_cv"}
    assert controls == {"a.csv": Status.NOT_APPLICABLE, "b.csv": Status.OK}
