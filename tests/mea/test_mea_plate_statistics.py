"""Wells beside baselines and controls, assay quality and doses: against a plain reference, a peer and by hand."""

from __future__ import annotations

import math
import statistics
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from reference import plain_plate
from scipy import stats

from mnephys.mea.plate import (
    Wells,
    compare_conditions,
    conditions_of,
    dose_table,
    relative,
    to_baseline,
    to_controls,
    well_values,
    z_factor,
)
from mnephys.mea.plate.groups import summarise
from mnephys.mea.plate.quality import control_variability
from mnephys.measurement import FeatureTable, Measurement, Status
from mnephys.samples import PlateWells, Sample, Subject, group_wells, load_sheet

NAN = math.nan
# Measured values: few distinct ones, so that ties, zeros and missing wells are common, and none that is next to 0.
numbers = st.one_of(st.none(), st.integers(0, 6).map(float), st.floats(1e-9, 1e6))


def wells_of(groups, **more):
    """Build wells of one recording: values by (treatment, dose), the controls under ("", NaN)."""
    rows = [(t, d, v) for (t, d), values in groups.items() for v in values]
    return Wells.of(
        "rate",
        "Hz",
        [f"A{i}" for i in range(len(rows))],
        [NAN if v is None else v for *_, v in rows],
        treatment=[t for t, _, _ in rows],
        dose=[d for _, d, _ in rows],
        dose_unit=["uM" if t else "" for t, _, _ in rows],
        control=[not t for t, _, _ in rows],
        **more,
    )


def same(found, expected):
    if expected is None:
        return found is None or math.isnan(found)
    return found == pytest.approx(expected, rel=1e-9, abs=1e-9)


# --- groups ---


@given(st.lists(st.tuples(st.integers(-1, 3), numbers), max_size=30))
@settings(deadline=None, max_examples=150)
def test_groups_equal_the_statistics_of_each(entries):
    values = np.array([NAN if v is None else v for _, v in entries], dtype=float)
    found = summarise(values, np.array([g for g, _ in entries], dtype=int), 4)
    for group in range(4):
        own = [v for g, v in entries if g == group and v is not None]
        assert found.n[group] == len(own)
        assert same(found.mean[group], statistics.mean(own) if own else None)
        assert same(found.sd[group], statistics.stdev(own) if len(own) > 1 else None)
        assert same(found.median[group], statistics.median(own) if own else None)
        assert same(found.mad_sd[group], plain_plate.scaled_mad(own) if own else None)


def test_equal_values_have_no_spread_at_all():
    assert summarise(np.full(7, 0.1), np.zeros(7, dtype=int), 1).sd.tolist() == [0.0]


# --- normalisation ---


@given(st.lists(st.tuples(numbers, numbers), max_size=12), st.sampled_from(["ratio", "percent", "log2"]))
@settings(deadline=None, max_examples=150)
def test_values_in_terms_of_a_reference_equal_the_plain_ones(pairs, scale):
    values, reference = (np.array([NAN if p[k] is None else p[k] for p in pairs], dtype=float) for k in (0, 1))
    found, reason = relative(values, reference, scale)
    for (value, against), got, why in zip(pairs, found.tolist(), reason, strict=True):
        expected = plain_plate.relative(value, against, scale)
        assert same(got, expected)
        assert bool(why) == (expected is None and value is not None)


@pytest.mark.parametrize(
    ("reference", "why"),
    [(0.0, "the reference is 0"), (-1.0, "the reference is negative"), (NAN, "there is no reference")],
)
def test_a_reference_that_is_none_is_said_and_never_divided_by(reference, why):
    found, reason = relative(np.array([2.0, NAN]), np.array([reference] * 2))
    assert np.isnan(found).all()
    assert reason == (why, "")


def test_what_no_number_holds_is_said():
    found, reason = relative(np.array([1e300]), np.array([1e-300]))
    assert np.isnan(found[0])
    assert "no number holds" in reason[0]


def test_each_well_is_compared_with_itself_before():
    wells = Wells.of(
        "rate",
        "Hz",
        ["A1", "A1", "A2", "A2", "A1", "A1", "A3"],
        [2.0, 6.0, 0.0, 5.0, 10.0, 5.0, 1.0],
        recording=["b", "t", "b", "t", "b", "t", "t"],
        plate=["P1", "P1", "P1", "P1", "P2", "P2", "P1"],
    )
    after = to_baseline(wells, wells.recording == "b", "log2")
    assert after.feature == "rate_log2_of_baseline"
    assert after.unit == "1"
    np.testing.assert_allclose(after.values, [math.log2(3), NAN, -1.0, NAN])
    assert after.reason == ("", "its baseline: the reference is 0", "", "its baseline: there is no reference")
    assert [row.status for row in after.rows()] == [Status.OK, Status.NOT_APPLICABLE, Status.OK, Status.NOT_APPLICABLE]


def test_several_baselines_of_a_well_count_by_their_mean():
    wells = Wells.of("rate", "Hz", ["A1"] * 4, [1.0, 3.0, NAN, 4.0], recording=["b", "c", "d", "t"], plate=["P1"] * 4)
    assert to_baseline(wells, wells.recording != "t").values.tolist() == [2.0]


@pytest.mark.parametrize(("center", "expected"), [("median", 300.0), ("mean", 200.0)])
def test_wells_are_compared_with_the_controls_of_their_own_recording_and_line(center, expected):
    wells = Wells.of(
        "rate",
        "Hz",
        ["A1", "A2", "A3", "A4", "B1", "B2"],
        [1.0, 0.0, 2.0, 3.0, 5.0, 4.0],
        recording=["r"] * 4 + ["s"] * 2,
        control=[True, True, True, False, True, False],
    )
    wells = replace(wells, values=np.array([1.0, 0.5, 3.0, 3.0, 5.0, 4.0]))
    found = to_controls(wells, center)
    assert found.values[3] == pytest.approx(expected)
    assert found.values[5] == pytest.approx(80.0)
    other = replace(wells, line=np.array(["a", "a", "a", "b", "a", "b"]))
    assert to_controls(other, center).reason[3] == f"{center} of the control wells: there is no reference"


def test_a_well_that_was_not_measured_keeps_its_own_reason():
    wells = Wells.of("rate", "Hz", ["A1", "A2"], [NAN, 1.0], control=[False, True])
    assert to_controls(wells).reason == ("not measured", "")


@pytest.mark.parametrize(("call", "said"), [("scale", "ratios"), ("center", "modus")])
def test_what_is_not_known_is_said(call, said):
    wells = Wells.of("rate", "Hz", ["A1"], [1.0], control=[True])
    with pytest.raises(ValueError, match=said):
        to_controls(wells, **{call: said})


# --- assay quality ---

NAMES = ("z_factor", "z_factor_robust", "ssmd", "ssmd_robust")


@given(st.lists(numbers, max_size=9), st.lists(numbers, max_size=9))
@settings(deadline=None, max_examples=200)
def test_assay_statistics_equal_the_reference(treated, control):
    rows = {row.feature: row for row in compare_conditions(wells_of({("", NAN): control, ("TTX", 1.0): treated}))}
    assert set(rows) == (set(NAMES) if treated else set())
    a, b = ([v for v in values if v is not None] for values in (treated, control))
    for name, row in rows.items():
        if min(len(a), len(b)) < 3:
            assert row.status is Status.TOO_FEW_EVENTS
            continue
        expected = getattr(plain_plate, name)(a, b)
        if expected is None:
            assert row.status is Status.NOT_APPLICABLE
        else:
            # The nearer two centers are to each other, the more their last digits weigh in what is divided by it.
            assert row.value == pytest.approx(expected, rel=1e-6 + 1e-14 * abs(expected), abs=1e-6)
            assert row.reason == f"{len(a)} treated wells against {len(b)} control wells"


def test_assay_statistics_by_hand():
    # Means 10 and 2, SDs 1 and 2; medians 10 and 2, MADs 1 and 2.
    rows = compare_conditions(wells_of({("", NAN): [0.0, 2.0, 4.0], ("BIC", 10.0): [9.0, 10.0, 11.0]}))
    assert {row.feature: row.value for row in rows} == pytest.approx(
        {
            "z_factor": 1 - 3 * 3 / 8,
            "z_factor_robust": 1 - 3 * 3 * 1.4826 / 8,
            "ssmd": 8 / math.sqrt(5),
            "ssmd_robust": 8 / (1.4826 * math.sqrt(5)),
        }
    )
    assert {row.id for row in rows} == {"rate: BIC 10 uM"}
    assert {row.level for row in rows} == {"plate"}


def test_too_few_wells_are_said_with_their_numbers():
    rows = compare_conditions(wells_of({("", NAN): [1.0, 2.0], ("TTX", 1.0): [0.0, None]}))
    assert {row.reason for row in rows} == {"1 measured treated well and 2 measured control wells, of at least 3"}


def test_without_a_control_nothing_is_compared():
    rows = compare_conditions(wells_of({("TTX", 1.0): [0.0, 1.0, 2.0]}))
    assert {row.reason for row in rows} == {"no well of this recording and line is a control"}
    assert {row.status for row in rows} == {Status.TOO_FEW_EVENTS}


def test_constant_wells_give_statuses_or_the_limit_of_the_definition():
    rows = compare_conditions(wells_of({("", NAN): [1.0] * 4, ("TTX", 1.0): [1.0] * 4, ("BIC", 1.0): [2.0] * 4}))
    found = {(row.id[6:9], row.feature): row for row in rows}
    assert found["BIC", "z_factor"].value == 1.0
    assert found["TTX", "z_factor"].reason == "treated and control wells have the same mean"
    assert found["BIC", "ssmd"].status is found["TTX", "ssmd"].status is Status.NOT_APPLICABLE


def test_the_order_of_wells_makes_no_difference_between_two_equal_groups():
    values = [470339.29943444836, 470339.29943444836, 694673.4320597787]
    rows = compare_conditions(wells_of({("", NAN): values, ("TTX", 1.0): [values[0], values[2], values[1]]}))
    assert rows[0].reason == "treated and control wells have the same mean"


def test_a_spread_of_one_well_is_refused():
    with pytest.raises(ValueError, match="at least 2"):
        compare_conditions(wells_of({}), min_wells=1)


# --- doses ---


@given(
    st.lists(st.one_of(st.just(0.0), st.floats(1e-6, 100)), max_size=7),
    st.lists(st.floats(0.5, 100), max_size=7),
    st.sampled_from([0.5, 0.9, 0.95]),
)
@settings(deadline=None, max_examples=150)
def test_dose_tables_equal_the_reference(treated, control, confidence):
    table = dose_table(wells_of({("", NAN): control, ("CNQX", 10.0): treated}), confidence)
    frame = table.to_frame().set_index("control")
    assert len(frame) == bool(treated) + bool(control)
    if not treated:
        return
    row = frame.loc[False]
    assert (row.n_wells, row.treatment, row.dose, row.dose_unit) == (len(treated), "CNQX", 10.0, "uM")
    assert row["mean"] == pytest.approx(statistics.mean(treated), rel=1e-9)
    assert row["median"] == pytest.approx(statistics.median(treated), rel=1e-9)
    assert same(row.sd, statistics.stdev(treated) if len(treated) > 1 else None)
    if not control:
        assert math.isnan(row.percent_of_control)
        assert row.reason == "no well of this recording and line is a control"
        return
    assert row.percent_of_control == pytest.approx(100 * statistics.mean(treated) / statistics.mean(control))
    # Spreads of rounding errors alone are none to one and some to the other.
    spread = max(statistics.stdev(v) / 100 if len(v) > 1 else 0 for v in (treated, control))
    if 0 < spread < 1e-9:
        return
    expected = plain_plate.ratio_interval(treated, control, confidence)
    if expected is None:
        assert math.isnan(row.low)
        assert math.isnan(row.high)
        assert row.reason.startswith("no interval")
    else:
        # A denominator that is hardly told from 0 makes the far end huge, and its last digits uncertain.
        assert (row.low, row.high) == pytest.approx([100 * end for end in expected], rel=1e-4, abs=1e-4)


def test_the_interval_holds_the_true_ratio_as_often_as_it_says():
    rng = np.random.default_rng(5)
    hits = 0
    for _ in range(400):
        groups = {("", NAN): rng.normal(10, 2, 8), ("X", 1.0): rng.normal(5, 1.5, 6)}
        table = dose_table(wells_of(groups), 0.9)
        hits += table.low[1] <= 50.0 <= table.high[1]
    # 360 +- 6 by chance
    assert 340 <= hits <= 378


def test_conditions_are_in_the_order_of_controls_treatments_and_doses():
    wells = wells_of({("B", 1.0): [1.0], ("A", 30.0): [2.0], ("A", 3.0): [3.0], ("", NAN): [4.0]})
    assert [c.text for c in conditions_of(wells).each] == ["control", "A 3 uM", "A 30 uM", "B 1 uM"]


def test_all_controls_are_one_condition_and_bear_the_names_that_they_have():
    wells = Wells.of("r", "1", ["A1", "A2"], [1.0, 2.0], control=[True, True], treatment=["DMSO", "DMSO"])
    assert [c.text for c in conditions_of(wells).each] == ["control (DMSO)"]
    mixed = replace(wells, treatment=np.array(["DMSO", ""]))
    assert [c.text for c in conditions_of(mixed).each] == ["control (DMSO + untreated)"]


@pytest.mark.parametrize(
    ("groups", "reason", "status"),
    [
        ({("", NAN): [0.0, 0.0], ("X", 1.0): [1.0, 2.0]}, "the mean of the control wells is 0", "not_applicable"),
        ({("", NAN): [None], ("X", 1.0): [1.0, 2.0]}, "no control well was measured", "not_applicable"),
        ({("", NAN): [1.0, 2.0], ("X", 1.0): [None]}, "none of its wells was measured", "too_few_events"),
        ({("", NAN): [1.0, 2.0], ("X", 1.0): [1.0]}, "no interval: it takes two wells of each", "ok"),
        ({("", NAN): [1.0], ("X", 1.0): [1.0, 2.0]}, "no interval: it takes two wells of each", "ok"),
        ({("", NAN): [1.0, 2.0], ("X", 1.0): [0.0] * 3}, "no interval: its wells do not differ from one another", "ok"),
        ({("", NAN): [0.0, 9.0], ("X", 1.0): [1.0, 2.0]}, "no interval: the control wells vary too much for one", "ok"),
    ],
)
def test_why_there_is_no_percentage_or_no_interval(groups, reason, status):
    table = dose_table(wells_of(groups))
    assert table.reason[1] == reason
    assert table.status[1] == status
    assert math.isnan(table.low[1])


@given(
    st.lists(st.tuples(st.sampled_from(["", "A", "B"]), st.floats(allow_nan=True, allow_infinity=True)), max_size=12),
    st.sampled_from(["ratio", "percent", "log2"]),
)
@settings(deadline=None, max_examples=200)
def test_no_number_that_a_file_can_hold_raises_or_warns(entries, scale):
    groups = {(t, 1.0 if t else NAN): [v for s, v in entries if s == t] for t in ("", "A", "B")}
    wells = wells_of(groups)
    for row in [*compare_conditions(wells), *to_controls(wells, scale=scale).rows(), *control_variability(wells)]:
        assert (row.value is not None) == (row.status in {Status.OK, Status.OUT_OF_RANGE}) or row.text
        assert row.reason or row.ok
    table = dose_table(wells)
    for status, percent, reason in zip(table.status, table.percent_of_control, table.reason, strict=True):
        assert math.isfinite(percent) == (status is Status.OK)
        assert reason or status is Status.OK


def test_no_wells_at_all():
    wells = wells_of({})
    assert len(dose_table(wells)) == 0
    assert compare_conditions(wells) == []
    assert len(to_controls(wells)) == len(to_baseline(wells, np.zeros(0, dtype=bool))) == 0


# --- from tables and sheets ---


def table_of(values, feature="mean_firing_rate"):
    return FeatureTable(tuple(Measurement(feature, v, "", "Hz", level="well", id=w) for w, v in values.items()))


def test_the_sheet_says_what_was_done_to_each_well(tmp_path):
    sheet = tmp_path / "s.csv"
    sheet.write_text(
        "recording,plate,well,line,treatment,dose,dose_unit,control,plated\n"
        "r.csv,P1,A1,wt,DMSO,,,yes,\nr.csv,P1,A2,wt,,,,,\nr.csv,P1,A3,wt,TTX,1,uM,yes,\nr.csv,P1,B1,mut,,,,no,\n"
        "r.csv,P1,B2,mut,vehicle,,,,\nr.csv,P1,B3,,,,,,no\n"
    )
    names = ("A1", "A2", "A3", "B1", "B2", "B3")
    subjects, _ = group_wells({"r.csv": PlateWells("6-well", names)}, load_sheet(sheet))
    wells = well_values("mean_firing_rate", {"r.csv": table_of(dict.fromkeys(names, 2.0))}, subjects)
    assert wells.well.tolist() == list(names)
    # A2 is untreated, but the sheet names the controls of its line; beside them A3 is a positive control.
    assert wells.well[wells.control].tolist() == ["A1", "B2"]
    assert wells.status[5] is Status.EXCLUDED
    assert np.isnan(wells.values[5])
    assert wells.plate.tolist() == ["P1"] * 6
    assert (wells.treatment[2], wells.dose[2], wells.dose_unit[2], wells.line[2]) == ("TTX", 1.0, "uM", "wt")


def test_rows_without_a_value_keep_status_and_reason():
    rows = (
        Measurement("rate", None, "", "Hz", Status.TOO_FEW_EVENTS, "no spike", "well", "A1"),
        Measurement("rate", -5.0, "", "Hz", Status.OUT_OF_RANGE, "below 0", "well", "A2"),
        Measurement("rate", None, "high", "1", level="well", id="A3"),
    )
    subjects = [Subject(w, "well", ("r",), (Sample("r", well=w),), "r") for w in ("A1", "A2", "A3")]
    wells = well_values("rate", {"r": FeatureTable(rows)}, subjects)
    assert np.isnan(wells.values).all()
    assert wells.status == (Status.TOO_FEW_EVENTS, Status.OUT_OF_RANGE, Status.NOT_APPLICABLE)
    assert wells.reason == ("no spike", "below 0", "rate is no number")


def test_columns_have_to_agree():
    wells = wells_of({("", NAN): [1.0, 2.0]})
    with pytest.raises(ValueError, match="status has 1 entries for 2 wells"):
        replace(wells, status=(Status.OK,))
    with pytest.raises(ValueError, match="NaN where it is not"):
        replace(wells, status=(Status.OK, Status.FAILED))
    with pytest.raises(ValueError, match="no column 'colour'"):
        Wells.of("r", "1", [], [], colour=[])


def test_z_factor_of_normal_wells_is_near_that_of_the_population():
    rng = np.random.default_rng(1)
    rows = compare_conditions(wells_of({("", NAN): rng.normal(0, 1, 4000), ("X", 1.0): rng.normal(20, 1, 4000)}))
    assert [row.value for row in rows] == pytest.approx([0.7, 0.7, 20 / math.sqrt(2), 20 / math.sqrt(2)], rel=0.05)
    assert stats.norm.ppf(0.75) == pytest.approx(1 / 1.4826, rel=1e-4)


def test_a_z_factor_beyond_all_numbers_is_none():
    huge = np.array([1.0, 4e307, -4e307])
    wells = Wells.of("rate", "Hz", list("abcdef"), [0.0, 0.0, 0.0, *huge], control=[True] * 3 + [False] * 3)
    rows = {row.feature: row for row in compare_conditions(wells)}
    assert all(row.value is None or np.isfinite(row.value) for row in rows.values())
    assert np.isnan(z_factor(np.array([1.0]), np.array([1e308]), np.array([0.0]), np.array([0.0])))
