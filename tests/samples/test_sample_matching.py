"""Which rows are about a recording, and which of them wins."""

from __future__ import annotations

import fnmatch
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mnephys.errors import SampleSheetError
from mnephys.samples import Sample, SampleSheet, load_sheet
from mnephys.samples.rows import Row


def sheet_of(*rows: tuple[str, dict]) -> SampleSheet:
    return SampleSheet("s.csv", "", tuple(Row(number, *row) for number, row in enumerate(rows, 2)))


def test_the_more_specific_row_wins_per_field():
    sheet = sheet_of(
        ("d14/c1.abf", {"cell": "by path"}),
        ("c1.abf", {"cell": "by name", "line": "by name"}),
        ("c1.*", {"cell": "long glob", "line": "long glob", "donor": "long glob"}),
        ("*", {"cell": "glob", "line": "glob", "donor": "glob", "plate": "glob", "ljp_subtracted": False}),
    )
    assert sheet.sample("d14/c1.abf") == Sample(
        "d14/c1.abf", cell="by path", line="by name", donor="long glob", plate="glob", ljp_subtracted=False
    )
    assert sheet.sample("d21/c1.abf").cell == "by name"
    assert sheet.sample("c1.wcp").cell == "long glob"
    assert sheet.sample("C1.abf").cell == "glob"


def test_zero_and_no_override_but_empty_does_not():
    sheet = sheet_of(("a", {"bias_pa": 0.0, "plated": False}), ("*", {"bias_pa": -20.0, "plated": True, "line": "WT"}))
    assert sheet.sample("a") == Sample("a", bias_pa=0.0, plated=False, line="WT")


@pytest.mark.parametrize(
    ("pattern", "name", "matches"),
    [
        ("*.abf", "d/c1.abf", True),
        ("d/*", "d/e/c1.abf", True),
        ("d/*", "c1.abf", False),
        ("e/*", "d/e/c1.abf", False),
        ("c[12].abf", "c2.abf", True),
        ("c[!12].abf", "c2.abf", False),
        ("c?.abf", "c10.abf", False),
        ("C1.abf", "c1.abf", False),
        ("c[1].abf", "c[1].abf", True),
        ("c[", "c[", True),
        ("d*", "d/c1.abf", False),
        ("c1", "c1.abf", False),
        ("caf\u00e9*", "cafe\u0301 1.abf", True),
        ("cafe\u0301.abf", "d/caf\u00e9.abf", True),
    ],
)
def test_globs(pattern, name, matches):
    sheet = sheet_of((pattern, {"cell": "found"}))
    assert (sheet.sample(name).cell == "found") is matches
    assert (not sheet.problems([name])) is matches


PART = st.text("ab", min_size=1, max_size=3)
NAME = st.lists(PART, min_size=1, max_size=3).map("/".join)
PATTERN = st.text("ab*?/", min_size=1, max_size=5)


@given(name=NAME, patterns=st.lists(PATTERN | NAME, max_size=8, unique=True))
def test_specificity_agrees_with_a_plain_search(name, patterns):
    base = name.split("/")[-1]

    def rank(pattern):
        if pattern == name:
            return 1000
        if pattern == base:
            return 999
        if fnmatch.fnmatchcase(name if "/" in pattern else base, pattern):
            return len(pattern) - pattern.count("*") - pattern.count("?")
        return -1

    matching = sorted((rank(pattern) for pattern in patterns if rank(pattern) >= 0), reverse=True)
    # Each row states a field of its own rank, so that only equally specific ones could contradict each other.
    sheet = sheet_of(*((pattern, {"div": float(rank(pattern))}) for pattern in patterns))
    assert sheet.sample(name).div == (float(matching[0]) if matching else None)
    unmatched = [pattern for pattern in patterns if rank(pattern) < 0]
    assert len(sheet.problems([name])) == len(unmatched)


def test_equally_specific_globs_that_contradict_each_other():
    sheet = sheet_of(("a*", {"line": "WT"}), ("*b", {"line": "KO"}), ("ab", {"donor": "d"}))
    assert sheet.sample("ac").line == "WT"
    message = "s.csv: row 3, column line: 'KO' contradicts 'WT' in row 2 and both match 'ab'; write a row for this"
    with pytest.raises(SampleSheetError, match=message):
        sheet.sample("ab")
    settled = sheet_of(("a*", {"line": "WT"}), ("*b", {"line": "KO"}), ("ab", {"line": "KO"}))
    assert settled.sample("ab").line == "KO"


def test_rows_that_repeat_or_complete_each_other_are_fine():
    sheet = sheet_of(("a", {"line": "WT"}), ("a", {"line": "WT", "div": 3.0}), ("a", {"cell": "c1"}))
    assert sheet.sample("a") == Sample("a", line="WT", div=3.0, cell="c1")


PLATE = (
    ("*", {"plate": "P1", "plated": True}),
    ("*", {"well": "A1", "line": "WT"}),
    ("*", {"well": "A2", "line": "KO"}),
    ("*", {"well": "A9", "plated": False}),
    ("DIV05.csv", {"div": 5.0}),
)


def test_a_plate_map_is_about_its_wells():
    sheet = sheet_of(*PLATE)
    assert sheet.sample("DIV05.csv") == Sample("DIV05.csv", plate="P1", plated=True, div=5.0)
    well = sheet.sample("DIV05.csv", well="A2")
    assert well == Sample("DIV05.csv", plate="P1", plated=True, div=5.0, well="A2", line="KO")
    assert sheet.sample("DIV05.csv", well="A9").plated is False
    assert sheet.sample("DIV05.csv", well="H1").facts() == {"plate": "P1", "well": "H1", "div": 5.0, "plated": True}


def test_a_recording_from_a_well_takes_what_the_plate_map_says_of_it():
    sheet = sheet_of(*PLATE, ("c7.abf", {"well": "A2", "cell": "c7"}))
    assert sheet.sample("c7.abf") == Sample("c7.abf", plate="P1", plated=True, well="A2", line="KO", cell="c7")


def test_a_well_may_be_spelled_with_a_zero():
    sheet = sheet_of(("*", {"well": "A01", "line": "WT"}), ("*", {"well": "A10", "line": "KO"}), ("c1", {"well": "a1"}))
    assert sheet.sample("p.h5", well="A1") == Sample("p.h5", well="A1", line="WT")
    assert sheet.sample("c1") == Sample("c1", well="a1", line="WT")
    assert sheet.sample("p.h5", well="A11").line == ""


def test_two_spellings_of_a_well_do_not_contradict_each_other():
    sheet = sheet_of(("a*", {"well": "A1", "line": "WT"}), ("*b", {"well": "a01", "div": 3.0}), ("a*", {"well": "A01"}))
    assert sheet.sample("ab", well="A1") == Sample("ab", well="A1", line="WT", div=3.0)
    assert sheet.sample("ab").div == 3.0


def test_one_treated_well_is_not_the_whole_plate():
    sheet = sheet_of(("*", {"treatment": "none"}), ("*", {"well": "A1", "treatment": "TTX"}))
    found = [sheet.sample("p.h5", well=well).treatment for well in ("", "A1", "B1")]
    assert found == ["none", "TTX", "none"]


def test_a_single_well_without_conflict_is_a_fact():
    sheet = sheet_of(("P1_*.abf", {"well": "A1", "line": "WT"}), ("P1_c2.abf", {"well": "A2"}))
    assert sheet.sample("P1_c1.abf").facts() == {"well": "A1", "line": "WT"}
    assert sheet.sample("P1_c2.abf").facts() == {"well": "A2", "line": "WT"}
    assert sheet.sample("P1_c2.abf", well="B1").facts() == {"well": "B1"}


def test_two_rows_about_one_well_that_contradict_each_other():
    with pytest.raises(
        SampleSheetError, match=r"row 4, column line: 'KO' contradicts 'WT' in row 2 for '\*'; keep one"
    ):
        sheet_of(("*", {"well": "A1", "line": "WT"}), ("*", {"well": "A2"}), ("*", {"well": "A1", "line": "KO"}))


def test_problems_name_the_row_and_what_is_near():
    sheet = sheet_of(
        ("c1", {}), ("C2.ABF", {}), (r"d\c1.abf", {}), ("x*", {"well": "A1"}), ("x*", {"well": "A2"}), ("d/c1.abf", {})
    )
    advice = "correct the name, or delete the row if its recording is not among these"
    assert sheet.problems(["d/c1.abf", "d/c2.abf"]) == [
        "s.csv: row 2, column recording: 'c1' matches no recording; the nearest is 'd/c1.abf'",
        "s.csv: row 3, column recording: 'C2.ABF' matches no recording; the nearest is 'd/c2.abf'",
        "s.csv: row 4, column recording: 'd\\\\c1.abf' matches no recording; write / between folders",
        f"s.csv: row 5 and 1 more, column recording: 'x*' matches no recording; {advice}",
    ]


def test_a_bare_name_in_several_folders_is_a_problem():
    sheet = sheet_of(("0001.abf", {"cell": "c1"}))
    (problem,) = sheet.problems(["a/0001.abf", "b/0001.abf", "b/0002.abf"])
    assert problem == (
        "s.csv: row 2, column recording: '0001.abf' is the file name of 'a/0001.abf' and 'b/0001.abf'; "
        "write the folder too if only one is meant"
    )


def test_thousands_of_rows_and_recordings_take_seconds_at_most():
    names = [f"d{i % 50}/c{i}.abf" for i in range(4000)]
    sheet = sheet_of(*((name, {"cell": f"c{i}"}) for i, name in enumerate(names)), ("*", {"line": "WT"}))
    start = time.perf_counter()
    assert sheet.problems(names) == []
    assert [sheet.sample(name).cell for name in names[-2:]] == ["c3998", "c3999"]
    assert {sheet.sample(name).line for name in names} == {"WT"}
    assert time.perf_counter() - start < 5


def test_a_real_plate(data):
    sheet = load_sheet(data("mea/motor_neuron_neural_metrics/samples.csv"))
    assert sheet.sample("DIV05.csv").facts() == {"plate": "14nov15", "differentiation": "14nov15", "div": 5.0}
    wells = [f"{row}{column}" for row in "ABCDEFGH" for column in (1, 2, 3, 4, 9, 10, 11, 12)]
    samples = [sheet.sample("DIV34.csv", well=well) for well in wells]
    assert sum(sample.plated is True for sample in samples) == 32
    assert sum(sample.line == "39b-corrected" for sample in samples) == 12
    assert sum(sample.line == "39b" for sample in samples) == 20
    assert {sample.div for sample in samples} == {34.0}
    assert sheet.sample("DIV34.csv", well="A9").plated is False
    assert sheet.sample("DIV34.csv", well="A5").plated is None
