"""Control wells of several vehicles side by side: never pooled, and compared with as the sheet says."""

from __future__ import annotations

import pytest

from mnephys.mea.plate import compare_conditions, conditions_of, dose_table, to_controls, well_values
from mnephys.mea.plate.quality import control_variability
from mnephys.measurement import FeatureTable, Measurement, Status
from mnephys.samples import PlateWells, group_wells, load_sheet
from mnephys.samples.treatments import vehicle_of

LETTERS = "ABCD"
WELLS = tuple(f"{row}{column}" for row in LETTERS for column in range(1, 7))
DMSO, WATER, CNQX, NMDA = (1.0, 2.0, 3.0), (10.0, 20.0, 30.0), (4.0, 5.0, 6.0), (40.0, 50.0, 60.0)


def wells_of(folder, blocks):
    """Blocks of (treatment, dose, control, values), one well after the other."""
    lines, rows = ["recording,well,treatment,dose,dose_unit,control"], []
    names = iter(WELLS)
    for treatment, dose, control, values in blocks:
        for value in values:
            well = next(names)
            lines.append(f"r.csv,{well},{treatment},{dose},{'uM' if dose else ''},{control}")
            rows.append(Measurement("rate", value, "", "Hz", level="well", id=well))
    lines += [f"r.csv,{well},unused,1,uM,no" for well in names]
    sheet = folder / "s.csv"
    sheet.write_text("\n".join(lines), encoding="utf-8")
    subjects, problems = group_wells({"r.csv": PlateWells("24-well", WELLS)}, load_sheet(sheet))
    assert not problems
    return well_values("rate", {"r.csv": FeatureTable(tuple(rows))}, subjects)


def percents(wells):
    table = dose_table(wells)
    rows = zip(table.conditions, table.percent_of_control, table.reason, strict=True)
    return {one.text: (round(float(percent), 6), why) for one, percent, why in rows if one.treatment != "unused"}


def test_each_vehicle_is_its_own_control_and_the_sheet_says_which_is_meant(tmp_path):
    wells = wells_of(
        tmp_path,
        [("DMSO", "", "", DMSO), ("water", "", "", WATER), ("CNQX", 3, "dmso", CNQX), ("NMDA", 3, "Water", NMDA)],
    )
    found = percents(wells)
    assert found["control (DMSO)"][0] == found["control (water)"][0] == 100.0
    assert found["CNQX 3 uM beside DMSO"][0] == 250.0
    assert found["NMDA 3 uM beside water"][0] == 250.0
    assert set(wells.vehicle[wells.well == "B4"].tolist()) == {"water"}
    rows = [row for row in compare_conditions(wells) if row.feature == "ssmd" and "unused" not in row.id]
    # (5 - 2) and (50 - 20), over SDs of 1 and 1, and of 10 and 10.
    assert [row.value for row in rows] == pytest.approx([3 / 2**0.5, 3 / 2**0.5])
    assert to_controls(wells).values[wells.well == "B4"].tolist() == [200.0]


def test_where_nobody_says_which_vehicle_is_meant_nothing_is_compared(tmp_path):
    wells = wells_of(tmp_path, [("DMSO", "", "", DMSO), ("water", "", "", WATER), ("CNQX", 3, "", CNQX)])
    why = "there are control wells with DMSO and water; name one of them in the column control of the sheet"
    table = dose_table(wells)
    (at,) = [i for i, one in enumerate(table.conditions) if one.treatment == "CNQX"]
    assert (table.status[at], table.reason[at]) == (Status.NOT_APPLICABLE, why)
    rows = [row for row in compare_conditions(wells) if "CNQX" in row.id]
    assert len(rows) == 4
    assert {(row.status, row.reason) for row in rows} == {(Status.TOO_FEW_EVENTS, why)}
    assert not to_controls(wells).measured[wells.treatment == "CNQX"].any()


def test_a_control_that_is_not_among_the_vehicles_is_none(tmp_path):
    wells = wells_of(tmp_path, [("DMSO", "", "", DMSO), ("water", "", "", WATER), ("CNQX", 3, "saline", CNQX)])
    assert "name one of them" in percents(wells)["CNQX 3 uM"][1]


@pytest.mark.parametrize("said", ["", "yes"])
def test_several_vehicles_stay_apart_whether_or_not_the_sheet_calls_them_controls(tmp_path, said):
    wells = wells_of(tmp_path, [("DMSO", "", said, DMSO), ("PBS", "", said, WATER), ("CNQX", 3, "PBS", CNQX)])
    assert percents(wells)["CNQX 3 uM beside PBS"][0] == 25.0
    rows = {row.id: row.value for row in control_variability(wells) if row.feature == "control_cv"}
    assert rows == {"rate: DMSO": 0.5, "rate: PBS": 0.5}


def test_one_vehicle_in_several_spellings_and_amounts_is_one(tmp_path):
    wells = wells_of(
        tmp_path,
        [
            ("0.1% DMSO", "", "", DMSO[:2]),
            ("dmso in medium", "", "", DMSO[2:]),
            ("CNQX", 0, "", (2.0,)),
            ("CNQX", 3, "", CNQX),
        ],
    )
    assert not wells.vehicle.any()
    assert [one.text for one in conditions_of(wells).each if one.control] == [
        "control (0.1% DMSO + CNQX + dmso in medium)"
    ]
    assert percents(wells)["CNQX 3 uM"][0] == 250.0


def test_controls_of_which_nobody_says_the_vehicle_join_none_of_several(tmp_path):
    wells = wells_of(
        tmp_path,
        [("DMSO", "", "", DMSO), ("water", "", "", WATER), ("CNQX", 0, "", (7.0,) * 3), ("CNQX", 3, "DMSO", CNQX)],
    )
    assert percents(wells)["CNQX 3 uM beside DMSO"][0] == 250.0
    assert set(wells.vehicle[wells.control].tolist()) == {"DMSO", "water", "no named vehicle"}


@pytest.mark.parametrize(
    ("treatment", "vehicle"),
    [
        ("DMSO", "dmso"),
        ("0.1 % dmso (v/v) in medium", "dmso"),
        ("DMSO in H2O", "dmso"),
        ("H2O", "water"),
        ("Media", "medium"),
        ("PBS + saline", "pbs saline"),
        ("vehicle control", ""),
        ("untreated", ""),
        ("", ""),
        ("TTX in water", ""),
        ("ethanol", ""),
    ],
)
def test_a_vehicle_is_known_by_its_words(treatment, vehicle):
    assert vehicle_of(treatment) == vehicle
