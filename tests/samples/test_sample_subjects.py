"""Which recordings are joined to one cell, what it is called, and what is said about doubtful ones."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mnephys.errors import SampleSheetError
from mnephys.samples import SampleSheet, Subject, group_subjects
from mnephys.samples.rows import Row


def sheet_of(*rows: tuple[str, dict]) -> SampleSheet:
    return SampleSheet("s.csv", "", tuple(Row(number, *row) for number, row in enumerate(rows, 2)))


def joined(subjects: list[Subject]) -> dict[str, tuple[str, ...]]:
    return {subject.id: subject.names for subject in subjects}


def test_without_a_sheet_each_file_is_a_cell():
    subjects, problems = group_subjects(["d/c10.abf", "d/c2.abf", "d/c2.abf"])
    assert joined(subjects) == {"d/c2.abf": ("d/c2.abf",), "d/c10.abf": ("d/c10.abf",)}
    assert [subject.level for subject in subjects] == ["cell", "cell"]
    assert (subjects[0].samples[0].facts(), problems) == ({}, [])
    assert group_subjects([]) == ([], [])


def test_two_files_of_one_cell():
    sheet = sheet_of(
        ("*", {"line": "WT", "ljp_mv": 15.0}),
        ("0018.abf", {"cell": "c1", "protocol": "steps", "bias_pa": 0.0, "rs_mohm": 12.0}),
        ("0019.abf", {"cell": "c1", "protocol": "voltage clamp", "bias_pa": -20.0, "rs_mohm": 14.0}),
    )
    subjects, problems = group_subjects(["0020.abf", "0019.abf", "0018.abf"], sheet)
    assert joined(subjects) == {"0020.abf": ("0020.abf",), "c1": ("0018.abf", "0019.abf")}
    cell = subjects[1]
    assert [sample.protocol for sample in cell.samples] == ["steps", "voltage clamp"]
    assert [sample.recording for sample in cell.samples] == list(cell.names)
    assert problems == []


@pytest.mark.parametrize(
    ("cells", "ids"),
    [
        ([{"line": "WT", "plate": "P1"}], ["c1"]),
        ([{"line": "WT", "plate": "P1"}, {"line": "KO", "plate": "P2"}], ["KO c1", "WT c1"]),
        ([{"line": "WT", "plate": "P1"}, {"line": "WT", "plate": "P2"}], ["P1 c1", "P2 c1"]),
        ([{"differentiation": "d1", "plate": "P1"}, {"differentiation": "d2", "plate": "P1"}], ["d1 c1", "d2 c1"]),
        (
            [{"line": "WT", "plate": "P1"}, {"line": "WT", "plate": "P2"}, {"line": "KO", "plate": "P1"}],
            ["KO P1 c1", "WT P1 c1", "WT P2 c1"],
        ),
        ([{"line": "WT"}, {}], ["c1", "WT c1"]),
        ([{"line": "\x07"}, {"line": "a\nb"}], ["'\\x07' c1", "a b c1"]),
    ],
)
def test_ids_have_the_parts_that_tell_cells_apart(cells, ids):
    sheet = sheet_of(*((f"{i}.abf", {"cell": "c1", **facts}) for i, facts in enumerate(cells)))
    subjects, _ = group_subjects([f"{i}.abf" for i in range(len(cells))], sheet)
    assert sorted(subject.id for subject in subjects) == sorted(ids)


def test_ids_never_collide():
    sheet = sheet_of(
        ("1", {"line": "a b", "cell": "c"}),
        ("2", {"line": "a", "plate": "b", "cell": "c"}),
        ("3", {"cell": "x", "line": "WT"}),
        ("4", {"cell": "y"}),
    )
    subjects, _ = group_subjects(["1", "2", "3", "4", "x", "y"], sheet)
    assert [subject.id for subject in subjects] == ["a b c", "a c", "WT x", "x", "y", "y (2)"]
    assert [subject.names for subject in subjects] == [("1",), ("2",), ("3",), ("x",), ("y",), ("4",)]
    evil = sheet_of(("1", {"line": "a b", "cell": "c"}), ("2", {"line": "a\tb", "cell": "c"}))
    assert sorted(joined(group_subjects(["1", "2"], evil)[0])) == ["a b c", "a b c (2)"]


FACT = st.sampled_from(["", "a", "b", "a b", "1"])


@given(keys=st.lists(st.tuples(FACT, FACT, FACT, st.sampled_from(["", "1", "a", "b 1"])), max_size=12), data=st.data())
def test_every_recording_is_in_one_subject_and_order_does_not_matter(keys, data):
    names = [str(i) for i in range(len(keys))]
    fields = ("line", "differentiation", "plate", "cell")
    facts = [{field: value for field, value in zip(fields, key, strict=True) if value} for key in keys]
    sheet = sheet_of(*zip(names, facts, strict=True))
    subjects, problems = group_subjects(names, sheet)
    assert sorted(name for subject in subjects for name in subject.names) == sorted(names)
    assert len({subject.id for subject in subjects}) == len(subjects)
    with_cell = [key for key in keys if key[3]]
    assert len(subjects) == len(set(with_cell)) + len(keys) - len(with_cell)
    for subject in subjects:
        assert len({keys[int(name)] for name in subject.names}) == 1
    shuffled = data.draw(st.permutations(names))
    assert group_subjects(shuffled, sheet) == (subjects, problems)


def test_contradictions_inside_a_cell():
    sheet = sheet_of(
        ("a", {"cell": "c1", "ljp_mv": 12.0, "plated": True, "donor": "d1", "ljp_subtracted": False}),
        ("b", {"cell": "c1", "ljp_mv": 15.0, "plated": True, "ljp_subtracted": True}),
        ("c", {"cell": "c1", "donor": "d2"}),
    )
    subjects, problems = group_subjects(["a", "b", "c"], sheet)
    tail = "correct the sample sheet, or give them different cells"
    assert len(subjects) == 1
    assert problems == [
        f"c1: donor is 'd1' in a and 'd2' in c; {tail}",
        f"c1: ljp_mv is 12 in a and 15 in b; {tail}",
        f"c1: ljp_subtracted is no in a and yes in b; {tail}",
    ]


def test_a_cell_with_two_lines_is_two_cells_and_one_without_is_asked_about():
    sheet = sheet_of(
        ("a", {"cell": "c1", "line": "WT"}), ("b", {"cell": "c1", "line": "KO"}), ("c", {"cell": "c2", "line": "WT"})
    )
    subjects, problems = group_subjects(["a", "b", "c"], sheet)
    assert ([subject.id for subject in subjects], problems) == (["c2", "KO c1", "WT c1"], [])
    sheet = sheet_of(("a", {"cell": "c1", "line": "WT"}), ("b", {"cell": "c1"}))
    subjects, problems = group_subjects(["a", "b"], sheet)
    assert [subject.id for subject in subjects] == ["c1", "WT c1"]
    assert problems == [
        "c1: has no line, so that it is not taken for the same cell as WT c1; fill in the sample sheet if it is"
    ]


def test_names_fill_in_what_the_sheet_leaves_open():
    sheet = sheet_of(("*", {"line": "WT"}), ("c1_cc.abf", {"div": 14.0}))
    subjects, problems = group_subjects(["c1_cc.abf", "c1_vc.abf"], sheet, r"(?P<cell>c\d+)_(?P<protocol>[a-z]+)")
    assert joined(subjects) == {"c1": ("c1_cc.abf", "c1_vc.abf")}
    assert [s.facts() for s in subjects[0].samples] == [
        {"cell": "c1", "line": "WT", "div": 14.0, "protocol": "cc"},
        {"cell": "c1", "line": "WT", "protocol": "vc"},
    ]
    assert problems == []


def test_the_sheet_wins_over_the_name_and_the_disagreement_is_told():
    sheet = sheet_of(("DIV12.abf", {"div": 14.0}))
    subjects, problems = group_subjects(["DIV12.abf", "notes.abf"], sheet, r"DIV(?P<div>\d+)")
    assert [subject.samples[0].div for subject in subjects] == [14.0, None]
    assert problems == [
        "DIV12.abf: div is 14 in the sample sheet and 12 in the name; the sheet's is used, correct the other",
        (
            "the name pattern reads nothing from 1 of 2 recordings: 'notes.abf'; "
            "correct the pattern, or give a sample sheet"
        ),
    ]


def test_a_well_in_the_name_finds_its_row_of_the_plate_map():
    sheet = sheet_of(
        ("*", {"well": "A1", "line": "WT"}), ("*", {"well": "A2", "line": "KO"}), ("c3_A1.abf", {"well": "A2"})
    )
    names = ["c1_A01.abf", "c2_A2.abf", "c3_A1.abf"]
    subjects, problems = group_subjects(names, sheet, r"_(?P<well>[A-H]\d+)")
    assert [subject.samples[0].line for subject in subjects] == ["WT", "KO", "KO"]
    assert problems == [
        "c3_A1.abf: well is 'A2' in the sample sheet and 'A1' in the name; the sheet's is used, correct the other"
    ]


def test_rows_without_recordings_are_problems_and_ambiguous_rows_are_errors():
    sheet = sheet_of(("b", {"cell": "c1"}), ("a*", {"line": "WT"}), ("*c", {"line": "KO"}))
    _, problems = group_subjects(["ab"], sheet)
    assert [sentence.split(";")[0] for sentence in problems] == [
        "s.csv: row 2, column recording: 'b' matches no recording",
        "s.csv: row 4, column recording: '*c' matches no recording",
    ]
    with pytest.raises(SampleSheetError, match="contradicts"):
        group_subjects(["ac"], sheet)
    with pytest.raises(SampleSheetError, match="has no named group"):
        group_subjects([], None, "x")


def test_two_spellings_of_a_well_do_not_disagree():
    sheet = sheet_of(("a_A01.abf", {"well": "A1", "cell": "c1"}), ("b_A01.abf", {"well": "a01", "cell": "c1"}))
    subjects, problems = group_subjects(["a_A01.abf", "b_A01.abf"], sheet, r"_(?P<well>[A-H]\d+)")
    assert ([subject.id for subject in subjects], problems) == (["c1"], [])
