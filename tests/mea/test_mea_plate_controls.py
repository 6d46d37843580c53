"""Which wells are controls, what they are compared with, and what counts as the same dose or the same plate."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from reference import plain_plate

from mnephys.maturity.network_rubric import load_network_rubric
from mnephys.maturity.well_case import WellCase, is_treated
from mnephys.mea.plate import (
    Wells,
    compare_conditions,
    conditions_of,
    dose_table,
    to_baseline,
    to_controls,
    well_values,
)
from mnephys.mea.plate.quality import control_variability, dead_wells, edge_effect
from mnephys.measurement import FeatureTable, Measurement, Status
from mnephys.recording import LAYOUTS
from mnephys.samples import PlateWells, group_wells, load_sheet
from mnephys.samples.treatments import is_untreated, is_vehicle

NAMES = ("A1", "A2", "A3", "B1", "B2", "B3")


def plate_of(folder, header, rows, recordings=("r.csv",)):
    """Values 1 to 6 of a 6-well plate, by a sheet with one row per well and recording."""
    sheet = folder / "s.csv"
    sheet.write_text("\n".join([f"recording,well,{header}", *rows]), encoding="utf-8")
    facts = {name: PlateWells("6-well", NAMES) for name in recordings}
    subjects, _ = group_wells(facts, load_sheet(sheet))
    table = FeatureTable(
        tuple(Measurement("rate", i + 1.0, "", "Hz", level="well", id=well) for i, well in enumerate(NAMES))
    )
    return well_values("rate", dict.fromkeys(recordings, table), subjects)


def controls_of(folder, header, facts):
    wells = plate_of(folder, header, [f"r.csv,{name},{row}" for name, row in zip(NAMES, facts, strict=True)])
    return "".join("+" if one else "." for one in wells.control.tolist())


# --- which wells are controls ---


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        (["Krebs,,,yes"] * 3 + ["CNQX,3,uM,no"] * 3, "+++..."),
        (["saline,,,yes"] * 2 + ["saline,,,"] + ["CNQX,3,uM,"] * 3, "++...."),
        (["CNQX,0,uM,yes"] * 3 + ["CNQX,3,uM,no"] * 3, "+++..."),
        (["CNQX,0,uM,"] * 3 + ["CNQX,3,uM,"] * 3, "+++..."),
        (["0.1% DMSO,,,"] * 3 + ["CNQX in DMSO,3,uM,"] * 3, "+++..."),
        (["0.1% DMSO,,,no"] + ["0.1% DMSO,,,"] * 2 + ["CNQX,3,uM,"] * 3, ".++..."),
        # Drugs are compared with what they are dissolved in, not with wells that were left alone.
        ([",,,"] * 2 + ["DMSO,,,"] * 2 + ["CNQX,3,uM,"] * 2, "..++.."),
        ([",,,"] * 2 + ["DMSO,,,no"] * 2 + ["CNQX,3,uM,"] * 2, "++...."),
        ([",,,yes"] * 2 + ["DMSO,,,"] * 2 + ["CNQX,3,uM,"] * 2, "++...."),
        # A silencer that the sheet calls a control beside the vehicle is a positive one.
        (["DMSO,,,yes"] * 2 + ["CNQX,3,uM,"] * 2 + ["TTX,1,uM,yes"] * 2, "++...."),
        (["CNQX,3,uM,"] * 6, "......"),
    ],
)
def test_controls_are_those_that_the_sheet_states_else_those_with_a_vehicle_else_the_untreated(
    tmp_path, rows, expected
):
    assert controls_of(tmp_path, "treatment,dose,dose_unit,control", rows) == expected


def test_a_well_without_cells_is_no_control_whatever_is_said_of_it(tmp_path):
    rows = ["Krebs,yes,no", "Krebs,yes,yes", "TTX,,", "TTX,,", "DMSO,,no", "TTX,,"]
    assert controls_of(tmp_path, "treatment,control,plated", rows) == ".+...."


@pytest.mark.parametrize(
    ("treatment", "untreated", "vehicle"),
    [
        ("", True, False),
        ("--", True, False),
        (" Untreated ", True, False),
        ("untreated control", True, False),
        ("DMSO", True, True),
        ("0.1% DMSO", True, True),
        ("DMSO_0.1", True, True),
        ("0.1 % DMSO (v/v) in medium", True, True),
        ("Vehicle control", True, True),
        ("1x PBS", True, True),
        ("H\N{SUBSCRIPT TWO}O", True, True),
        ("H2O2", False, False),
        ("CNQX in DMSO", False, False),
        ("in", False, False),
        ("10", False, False),
        ("control siRNA", False, False),
    ],
)
def test_words_that_say_that_nothing_was_added(treatment, untreated, vehicle):
    assert (is_untreated(treatment), is_vehicle(treatment)) == (untreated, vehicle)
    assert (is_untreated(treatment, 2.0), is_vehicle(treatment, math.nan)) == (untreated, vehicle)
    assert is_untreated(treatment, 0.0)
    dosed = WellCase("p A1", "p", "A1", "d14", {"treatment": treatment, "dose": 2.0}, {}, {})
    assert is_treated(dosed, load_network_rubric()) is not untreated


def test_dead_wells_are_looked_for_among_vehicles_doses_of_0_and_stated_controls():
    active = Wells.of(
        "active_electrode_count",
        "1",
        NAMES,
        [0.0] * 6,
        treatment=["0.1% DMSO", "CNQX", "Krebs", "Krebs", "CNQX", ""],
        dose=[0.1, 0.0, math.nan, math.nan, 3.0, math.nan],
        control=[False, False, True, False, False, False],
    )
    count, verdict = dead_wells(active)
    assert (count.value, count.reason) == (4, "of 4 untreated wells")
    assert verdict.reason == "No active electrode in A1, A2, A3, B3."


# --- what they are compared with ---


def test_each_differentiation_has_its_own_controls(tmp_path):
    rows = ["d1,", "d1,TTX", "d1,TTX", "d2,DMSO", "d2,", "d2,TTX"]
    wells = plate_of(
        tmp_path, "line,differentiation,treatment", [f"r.csv,{n},wt,{r}" for n, r in zip(NAMES, rows, strict=True)]
    )
    # DMSO is the control of its own differentiation alone.
    assert wells.well[wells.control].tolist() == ["A1", "B1"]
    assert to_controls(wells, scale="ratio").values.tolist() == [1.0, 2.0, 3.0, 1.0, 1.25, 1.5]
    table = dose_table(wells)
    assert [c.text for c in table.conditions] == [
        "wt, d1, control",
        "wt, d1, TTX",
        "wt, d2, control (DMSO)",
        "wt, d2, untreated",
        "wt, d2, TTX",
    ]
    assert table.percent_of_control.tolist() == [100.0, 250.0, 100.0, 125.0, 150.0]
    assert table.to_frame().differentiation.tolist() == ["d1", "d1", "d2", "d2", "d2"]
    assert {row.id for row in control_variability(wells)} == {"rate: wt, d1", "rate: wt, d2"}
    alone = wells.chosen(~wells.control)
    assert dose_table(alone).reason[0] == "no well of this recording, line and differentiation is a control"
    assert compare_conditions(alone)[0].reason == dose_table(alone).reason[0]


def test_two_differentiations_at_two_places_are_no_edge_effect():
    layout = LAYOUTS["48-well"]
    outer = np.array([well[0] in "AF" or well[1] in "18" for well in layout.wells])
    batch = np.where(outer ^ (np.arange(48) % 7 == 0), "d1", "d2")
    values = np.where(batch == "d1", 1.0, 9.0) + np.random.default_rng(3).random(48)
    wells = Wells.of("rate", "Hz", layout.wells, values, differentiation=batch)
    assert edge_effect(wells, {"": layout})[-1].text == "ok"
    assert edge_effect(replace(wells, differentiation=np.array([""] * 48)), {"": layout})[-1].text == "edge effect"


def test_spreads_that_are_rounding_alone_are_none():
    wells = Wells.of(
        "rate",
        "Hz",
        NAMES,
        [0.1 + 0.2, 0.3, 0.3, 0.0, 0.0, 0.0],
        treatment=[""] * 3 + ["T"] * 3,
        control=[1, 1, 1, 0, 0, 0],
    )
    found = {row.feature: row for row in compare_conditions(wells)}
    assert found["z_factor"].value == 1.0
    assert found["ssmd"].status is Status.NOT_APPLICABLE
    assert found["ssmd"].reason == "the wells of neither differ from one another"


# --- the same dose ---


@pytest.mark.parametrize(
    ("doses", "units", "texts"),
    [
        ([1.0, 1.0, 1000.0], ["uM", "\N{MICRO SIGN}M", "nM"], ["X 1 uM"]),
        ([1.0, 1000.0, 1.0], ["uM", "nM", "\N{GREEK SMALL LETTER MU}M"], ["X 1 uM"]),
        ([0.3, 300.0, 3e-4], ["uM", "nM", "mmol/L"], ["X 300 nM"]),
        ([1.0, 1000.0, 1.0], ["ug/ml", "ng/mL", "mg/L"], ["X 1 mg/L"]),
        ([4.1, 0.0041, 4.1], ["uM", "mM", "uM"], ["X 4.1 uM"]),
        ([30.0, 3.0, 300.0], ["uM", "uM", "nM"], ["X 0.3 uM", "X 3 uM", "X 30 uM"]),
        ([1.0, 1.0, 1.0], ["Gy", "mGy", "uM"], ["X 1 Gy", "X 1 mGy", "X 1 uM"]),
        ([1.0, 1.0, 1.0], ["mM", "MM", "mm"], ["X 1 MM", "X 1 mM", "X 1 mm"]),
        ([math.nan, math.nan, 1.0], ["", "", "uM"], ["X", "X 1 uM"]),
    ],
)
def test_the_same_dose_in_other_words_is_the_same_condition(doses, units, texts):
    wells = Wells.of("r", "1", ["A1", "A2", "A3"], [1.0] * 3, treatment=["X"] * 3, dose=doses, dose_unit=units)
    assert [c.text for c in conditions_of(wells).each] == texts


def test_a_treatment_in_small_and_capital_letters_is_one():
    treatment, dose = ["CNQX", "cnqx", "Cnqx ", "CNQX II"], [1.0, 1000.0, 1.0, 1.0]
    wells = Wells.of(
        "r", "1", ["A1"] * 4, [1.0] * 4, treatment=treatment, dose=dose, dose_unit=["uM", "nM", "uM", "uM"]
    )
    found = conditions_of(wells)
    assert [c.text for c in found.each] == ["CNQX 1 uM", "CNQX II 1 uM"]
    assert found.index.tolist() == [0, 0, 0, 1]


def test_each_treatment_keeps_the_unit_that_its_own_wells_have():
    treatment, unit = ["X", "X", "Y", "Y", "Y"], ["nM", "nM", "uM", "uM", "uM"]
    wells = Wells.of("r", "1", ["A1"] * 5, [1.0] * 5, treatment=treatment, dose=[500.0] * 5, dose_unit=unit)
    assert [c.text for c in conditions_of(wells).each] == ["X 500 nM", "Y 500 uM"]


UNITS = ["M", "mM", "uM", "\N{MICRO SIGN}M", "\N{GREEK SMALL LETTER MU}M", "nM", "pM", "fM", "umol/l", "nmol/l"]


@given(
    st.lists(
        st.tuples(
            st.sampled_from("XY"),
            st.sampled_from(["0.3", "1", "7.77777", "1000", "300", "1e-3", "3e-4", "7777.77", "1e6", "3e5"]),
            st.sampled_from([*UNITS, "g/ml", "mg/ml", "ug/ml", "ng/ml"]),
        ),
        max_size=16,
    )
)
@settings(deadline=None, max_examples=200)
def test_conditions_are_those_of_exact_amounts(entries):
    wells = Wells.of(
        "r",
        "1",
        [f"A{i}" for i in range(len(entries))],
        [1.0] * len(entries),
        treatment=[t for t, *_ in entries],
        dose=[float(d) for _, d, _ in entries],
        dose_unit=[u for *_, u in entries],
    )
    keys = [(t, u.endswith("g/ml"), plain_plate.amount(d, u)) for t, d, u in entries]
    found = conditions_of(wells)
    assert len(found.each) == len(set(keys))
    assert len({*zip(keys, found.index.tolist(), strict=True)}) == len(set(keys))
    for treatment in "XY":
        # Doses of one kind rise, in one unit.
        own = [c for c in found.each if c.treatment == treatment and not c.dose_unit.endswith(("g/ml", "g/L"))]
        assert [c.dose for c in own] == sorted(c.dose for c in own)
        assert len({c.dose_unit for c in own}) <= 1


# --- the same plate ---


def test_baselines_of_wells_without_a_plate_are_not_mixed():
    wells = Wells.of("rate", "Hz", ["A1"] * 4, [1.0, 10.0, 1.0, 10.0], recording=["a", "b", "a2", "b2"])
    before = np.array([True, True, False, False])
    found = to_baseline(wells, before)
    assert np.isnan(found.values).all()
    assert set(found.reason) == {"its well has several baselines; name the plate in the sheet"}
    assert set(found.status) == {Status.NOT_APPLICABLE}
    named = replace(wells, plate=np.array(["P1", "P2", "P1", "P2"]))
    assert to_baseline(named, before).values.tolist() == [1.0, 1.0]
    # With one baseline there is nothing to mix; what was not measured keeps its own reason.
    assert to_baseline(wells.chosen(wells.recording != "b"), np.array([True, False, False])).values.tolist() == [1, 10]
    unmeasured = Wells.of("rate", "Hz", ["A1"] * 3, [1.0, 2.0, math.nan], recording=["a", "b", "t"])
    assert to_baseline(unmeasured, unmeasured.recording != "t").reason == ("not measured",)
    assert to_baseline(unmeasured, np.zeros(3, dtype=bool)).reason[2] == "not measured"


def test_without_plates_in_the_sheet_it_is_said_that_they_are_missing(tmp_path):
    names = ("before.csv", "after.csv")
    rows = [f"{name},{well},DMSO" for name in names for well in NAMES]
    wells = plate_of(tmp_path, "treatment", rows, names)
    found = to_baseline(wells, wells.recording == "before.csv")
    assert set(found.reason) == {"no baseline is of its plate; name the plate in the sheet"}
    rows = [f"{name},{well},DMSO,P1" for name in names for well in NAMES]
    wells = plate_of(tmp_path, "treatment,plate", rows, names)
    assert to_baseline(wells, wells.recording == "before.csv").values.tolist() == [1.0] * 6
