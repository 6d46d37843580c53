"""Wells over days: joined, ordered, and what the sheet says of wells that a plate does not have."""

from __future__ import annotations

import pytest

from mnephys.errors import SampleSheetError
from mnephys.samples import PlateWells, group_wells, load_sheet

WELLS = ("A1", "A2", "A3", "B1", "B2", "B3")


def sheet(tmp_path, text):
    file = tmp_path / "samples.csv"
    file.write_text(text, encoding="utf-8")
    return load_sheet(file)


def plates(*names, facts=None):
    return {name: PlateWells("6-well", WELLS, facts or {}) for name in names}


SHEET = """recording,plate,well,line,div,plated,treatment
d21.csv,P1,,,21,,
d7.csv,P1,,,7,,
*,P1,A1,WT,,yes,
*,P1,a02,KO,,yes,
*,P1,B3,,,no,
d21.csv,,A1,,,,TTX
"""


def test_wells_of_one_plate_are_one_subject_in_order_of_day(tmp_path):
    subjects, problems = group_wells(plates("d21.csv", "d7.csv"), sheet(tmp_path, SHEET))
    assert problems == []
    assert [s.id for s in subjects] == [f"P1 {well}" for well in WELLS]
    assert {s.names for s in subjects} == {("d7.csv", "d21.csv")}
    first, second = subjects[0], subjects[1]
    assert [s.treatment for s in first.samples] == ["", "TTX"]
    assert [(s.well, s.line, s.div, s.plated) for s in second.samples] == [
        ("A2", "KO", 7.0, True),
        ("A2", "KO", 21.0, True),
    ]
    assert subjects[-1].samples[0].plated is False


def test_without_a_plate_each_recording_is_its_own():
    subjects, _ = group_wells(plates("x/a.csv", "x/b.csv"))
    assert [s.id for s in subjects][:2] == ["x/a.csv A1", "x/a.csv A2"]
    assert len({s.id for s in subjects}) == 12


def test_names_fill_in_and_disagreements_are_said(tmp_path):
    text = "recording,plate,div\nP1_DIV07.csv,P1,8\n"
    pattern = r"(?P<plate>P\d)_DIV(?P<div>\d+)"
    subjects, problems = group_wells(plates("P1_DIV07.csv", "P1_DIV14.csv"), sheet(tmp_path, text), pattern)
    assert [s.div for s in subjects[0].samples] == [8.0, 14.0]
    assert len(problems) == 1
    assert "div is 8 in the sample sheet and 7 in the name" in problems[0]


def test_what_the_file_says_comes_last(tmp_path):
    facts = {"A1": {"treatment": "DMSO", "dose": "0.1", "dose_unit": "%", "note": "45k"}, "A2": {"dose": "much"}}
    text = "recording,well,treatment\n*,A1,vehicle\n*,A3,none\n"
    facts["B1"] = {"treatment": "CNQX", "dose": "10", "dose_unit": "uM"}
    subjects, _ = group_wells(plates("a.csv", facts=facts), sheet(tmp_path, text))
    # A dose belongs to its treatment: that of the file is not joined to the sheet's.
    assert (subjects[0].samples[0].treatment, subjects[0].samples[0].dose) == ("vehicle", None)
    assert (subjects[3].samples[0].treatment, subjects[3].samples[0].dose) == ("CNQX", 10.0)
    assert subjects[1].samples[0].dose is None


def test_a_well_that_the_plate_does_not_have_is_named_with_its_row(tmp_path):
    text = "recording,well,line\n*,A1,WT\n*,K1,WT\n*,A4,KO\n"
    subjects, problems = group_wells(plates("a.csv"), sheet(tmp_path, text))
    assert len(subjects) == 6
    assert subjects[0].samples[0].line == "WT"
    (problem,) = problems
    assert "samples.csv: row 3 and 1 more, column well: a 6-well plate has no well 'K1' and 'A4' (A1 to B3)" in problem


def test_a_line_that_changes_with_the_day_is_a_contradiction(tmp_path):
    text = "recording,plate,well,line\na.csv,P1,A1,WT\nb.csv,P1,A1,KO\na.csv,P1,A2,WT\nb.csv,P1,A2,WT\n"
    _, problems = group_wells(plates("a.csv", "b.csv"), sheet(tmp_path, text))
    (problem,) = [p for p in problems if "contradict" in p or "line is" in p]
    assert "P1 A1: line is 'WT' in a.csv and 'KO' in b.csv" in problem
    assert "give them different wells" in problem


def test_rows_that_contradict_each_other_are_an_error(tmp_path):
    with pytest.raises(SampleSheetError, match="contradicts"):
        sheet(tmp_path, "recording,well,line\n*,A1,WT\n*,a1,KO\n")


def test_one_recording_is_of_one_plate_though_only_some_wells_say_which(tmp_path):
    subjects, problems = group_wells(plates("a.csv"), sheet(tmp_path, "recording,plate,well,line\n*,P1,A1,WT\n"))
    assert {s.plate for s in subjects} == {"P1"}
    assert {s.samples[0].plate for s in subjects} == {"P1"}
    assert problems == []
    text = "recording,plate,well\n*,P1,A1\n*,P1,A2\n*,P2,A3\n"
    subjects, problems = group_wells(plates("a.csv"), sheet(tmp_path, text))
    assert {s.plate for s in subjects} == {"P1"}
    assert "on the plates 'P1' and 'P2'" in problems[0]


def test_plates_of_different_kinds_that_bear_one_name_are_two(tmp_path):
    found = {"a.csv": PlateWells("6-well", WELLS), "b.csv": PlateWells("24-well", (*WELLS, "D6"))}
    subjects, problems = group_wells(found, sheet(tmp_path, "recording,plate\n*,P1\n"))
    assert {s.plate for s in subjects} == {"P1 (6-well)", "P1 (24-well)"}
    assert len({s.id for s in subjects}) == 13
    (problem,) = problems
    assert "P1: is the name of a 6-well and of a 24-well plate" in problem


def test_a_control_column_does_not_undo_the_treatment_of_the_file(tmp_path):
    facts = {"A1": {"treatment": "TTX", "dose": "1", "dose_unit": "uM"}}
    subjects, _ = group_wells(plates("a.csv", facts=facts), sheet(tmp_path, "recording,well,control\n*,A1,yes\n"))
    assert (subjects[0].samples[0].treatment, subjects[0].samples[0].control) == ("TTX", "yes")


def test_the_dose_of_a_file_is_not_joined_to_the_treatment_of_a_name():
    facts = {"A1": {"treatment": "TTX", "dose": "1", "dose_unit": "uM"}}
    subjects, _ = group_wells(plates("a_DMSO.csv", facts=facts), None, r"_(?P<treatment>[A-Z]+)")
    assert (subjects[0].samples[0].treatment, subjects[0].samples[0].dose) == ("DMSO", None)
