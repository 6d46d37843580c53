"""A plate map, with a row per well and no column of recordings, is a sample sheet too."""

from __future__ import annotations

import csv
import io
from collections import Counter
from pathlib import Path

import openpyxl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mnephys.errors import SampleSheetError
from mnephys.samples import Sample, SampleSheet, load_sheet

HEADER = "Project,Experiment Date,Plate SN,DIV,Well,Treatment,Size,Dose ,Units"
ONE = f"{HEADER}\np,1012016,P1,3,A1,none,NA,NA,NA\np,1012016,P1,3,B02,TTX,1,0.3,uM\n"
TWO = f"{HEADER}\np,d,P1,3,A1,TTX,,1,uM\np,d,P1,3,A2,,,,\np,d,P10,5,A1,none,,,\np,d,P10,5,A2,TTX,,2,nM\n"
ADVICE = "write it as the names of its recordings do, or add a column recording"


@pytest.fixture
def sheet_of(tmp_path: Path):
    """Load a sheet from text."""

    def load(text: str, end: str = "\n") -> SampleSheet:
        path = tmp_path / "map.csv"
        path.write_bytes(text.replace("\n", end).encode())
        return load_sheet(path)

    return load


def complaint(load, text: str) -> str:
    with pytest.raises(SampleSheetError) as caught:
        load(text)
    return "map.csv: " + str(caught.value).partition("map.csv: ")[2]


def test_a_real_map(data):
    sheet = load_sheet(data("mea/exports/expLog_platemap.csv"))
    name = "exampleRecording_1012016_plate1_DIV3_spike_list.csv"
    wells = [f"{row}{column}" for row in "ABCDEF" for column in range(1, 9)]
    samples = [sheet.sample(name, well=well) for well in wells]
    assert {(sample.plate, sample.div, sample.dose, sample.dose_unit) for sample in samples} == {
        ("plate1", 3.0, None, "")
    }
    assert Counter(sample.treatment for sample in samples) == {"": 24, "treatX": 8, "treatY": 8, "untreated": 8}
    assert [sheet.sample(name, well=well).treatment for well in ("B02", "c4", "E7", "F8")] == [
        "treatX",
        "untreated",
        "treatY",
        "",
    ]
    assert sheet.sample(name).facts() == {"plate": "plate1", "div": 3.0}
    assert sheet.problems([name]) == []


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_one_plate_is_about_all_recordings(sheet_of, delimiter, end):
    sheet = sheet_of(ONE.replace(",", delimiter), end)
    assert sheet.sample("d/x.h5", well="A1") == Sample("d/x.h5", plate="P1", well="A1", div=3.0, treatment="none")
    treated = Sample("d/x.h5", plate="P1", well="B2", div=3.0, treatment="TTX", dose=0.3, dose_unit="uM")
    assert sheet.sample("d/x.h5", well="B2") == treated
    assert sheet.problems(["d/x.h5"]) == []
    # What is true of the plate is true of a well without a row.
    assert sheet.sample("d/x.h5", well="F8") == Sample("d/x.h5", plate="P1", well="F8", div=3.0)


def test_a_well_spelled_in_two_ways_is_one_well(sheet_of):
    sheet = sheet_of("Well,Treatment,Dose\nA1,TTX,\na01,TTX,3\nA2,,\n")
    for well in ("A1", "A01", "a1"):
        assert sheet.sample("x.h5", well=well) == Sample("x.h5", well=well, treatment="TTX", dose=3.0)


def test_an_excel_map(tmp_path):
    book = openpyxl.Workbook()
    for row in csv.reader(io.StringIO(ONE)):
        book.active.append([float(cell) if cell in {"3", "0.3"} else cell for cell in row])
    book.save(tmp_path / "map.xlsx")
    assert load_sheet(tmp_path / "map.xlsx").sample("x", well="b2").dose == 0.3


def test_of_several_plates_each_is_about_the_recordings_with_its_name(sheet_of):
    sheet = sheet_of(TWO)
    found = {
        (name, well): sheet.sample(name, well=well)
        for name in ("P1_a.h5", "d/x-P10.h5", "P11_a.h5", "P2.h5")
        for well in ("A1", "A2")
    }
    assert {key: (sample.plate, sample.div, sample.treatment) for key, sample in found.items()} == {
        ("P1_a.h5", "A1"): ("P1", 3.0, "TTX"),
        ("P1_a.h5", "A2"): ("P1", 3.0, ""),
        ("d/x-P10.h5", "A1"): ("P10", 5.0, "none"),
        ("d/x-P10.h5", "A2"): ("P10", 5.0, "TTX"),
        # P1 is not part of P11.
        ("P11_a.h5", "A1"): ("", None, ""),
        ("P11_a.h5", "A2"): ("", None, ""),
        ("P2.h5", "A1"): ("", None, ""),
        ("P2.h5", "A2"): ("", None, ""),
    }
    (problem,) = sheet.problems(["P1_a.h5"])
    assert "map.csv: row 4 and 2 more, column Plate SN: '*P10[!0-9]*' matches no recording; correct the name" in problem


def test_names_of_plates_are_no_globs(sheet_of):
    sheet = sheet_of("plate,well,line\n[P]1*,A1,WT\nP?,A1,KO\n")
    assert sheet.sample("x [P]1* y.h5", well="A1").line == "WT"
    assert sheet.sample("P?.h5", well="A1").line == "KO"
    assert sheet.sample("P1.h5", well="A1").line == ""


def test_a_plate_on_several_days(sheet_of):
    sheet = sheet_of("Plate SN,DIV,Well,Treatment\nP1,3,A1,TTX\nP1,5,A1,TTX\nP1,3,A2,\nP2,7,A1,\n")
    assert [sheet.sample(name, well="A1").div for name in ("P1_a.h5", "P2_a.h5")] == [None, 7.0]
    assert sheet.sample("P1_a.h5", well="A1").treatment == "TTX"
    (note,) = sheet.problems(["P1_a.h5", "P2_a.h5"])
    assert note.partition("map.csv: ")[2] == (
        "column div: the map holds 2 days ('3' and '5') and does not say which of the recordings '*P1[!0-9]*' is of "
        "which, so that they are left out; give the days by a name pattern, or in a sheet with the column recording"
    )


def test_any_field_of_a_sample_may_stand_in_a_map(sheet_of):
    text = "Plate.SN,WELL,line,Day of differentiation,plated,dose_unit\nP1,A1,WT,35,yes,uM\nP1,A2,KO,35,no,uM\n"
    sample = sheet_of(text).sample("x.h5", well="A2")
    assert sample == Sample(
        "x.h5", plate="P1", well="A2", line="KO", day_of_differentiation=35.0, plated=False, dose_unit="uM"
    )


def test_a_map_without_a_plate(sheet_of):
    sheet = sheet_of("Well,Treatment\nA1,TTX\nA2,\n")
    assert [sheet.sample("x", well=well).treatment for well in ("A1", "A2")] == ["TTX", ""]
    assert sheet.sample("x").facts() == {}


def test_a_well_that_no_plate_has_harms_no_other(sheet_of):
    sheet = sheet_of(f"{ONE}p,d,P1,3,K1,TTX,,9,uM\n")
    assert sheet.sample("x.h5", well="A1").treatment == "none"
    assert sheet.sample("x.h5", well="K1").dose == 9.0
    assert [row.number for row in sheet.rows_about("x.h5") if row.well == "K1"] == [4]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (f"{ONE}p,d,P1,3,,TTX,,,\n", "row 4, column Well: is empty; write the well, like A1"),
        (f"{ONE}p,d,,3,C1,TTX,,,\n", "row 4, column Plate SN: is empty; write the plate of this well"),
        (f"{ONE}\n\np,d,P1,3,C1,TTX,,high,uM\n", "row 6, column dose: 'high' is not a number; write it like 12.5"),
        (f"{ONE}p,d,P1,3,C1,TTX,,1,uM,x\n", "row 4: cell 10 holds 'x' but its column has no title; add the title"),
        (f"{ONE}p,d,P1,3,a01,TTX,,,\n", "row 4, column treatment: 'TTX' contradicts 'none' in row 2 for '*'; keep"),
        ("DIV,Well\nx,A1\n", "row 2, column div: 'x' is not a number; write it like 12.5"),
        ("Well,Cell type\nA1,x\n", "row 1: column 'Cell type' is not known; the nearest is 'cell'"),
        ("Plate SN,Plate,Well\nP1,P1,A1\n", "row 1, column plate: is there twice; keep one of them"),
        ("Well,Well\nA1,A1\n", "row 1, column well: is there twice; keep one of them"),
        # Not the map of a plate, but a sheet that lacks a column.
        ("well,cell,line\nA1,c1,WT\n", "row 1: there is no column recording; add it, with the name of a file per row"),
        (
            "Plate SN,Well\n12,A1\n1012016,A1\n",
            f"row 2, column Plate SN: '12' is too short to be found in the names of recordings; {ADVICE}",
        ),
        (
            "Plate SN,Well\nP1,A1\nKO,A1\nWT-KO,A1\n",
            "row 3, column Plate SN: 'KO' is part of 'WT-KO', so that names of recordings cannot tell them apart; "
            + ADVICE,
        ),
        (
            "Plate SN,Well\n" + "".join(f"P{i}x,A1\n" for i in range(501)),
            "column Plate SN: holds 501 plates; split it: at most 500 are read",
        ),
    ],
)
def test_each_mistake_is_one_line_with_its_place_in_the_file(sheet_of, text, said):
    assert complaint(sheet_of, text).startswith(f"map.csv: {said}")


def test_a_sheet_that_names_recordings_is_no_map(sheet_of):
    sheet = sheet_of("recording,well,plate\na.h5,A1,P1\nb.h5,,P2\n")
    assert [row.pattern for row in sheet.rows] == ["a.h5", "b.h5"]
    assert (sheet.named_by, sheet.notes) == ("recording", ())


WELLS = st.sampled_from([f"{row}{column}" for row in "ABC" for column in range(1, 5)])
PLATES = st.sampled_from(["MW1007-51", "MW1007-5", "MW1007-103", "north", "caf\N{LATIN SMALL LETTER E WITH ACUTE}"])


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    wells=st.dictionaries(
        st.tuples(PLATES, WELLS), st.tuples(st.sampled_from(["TTX", "none", "NA", ""]), st.integers(0, 9)), min_size=1
    )
)
def test_each_well_has_the_facts_of_its_own_row(sheet_of, wells):
    rows = [f"p,d,{plate},7,{well},{treatment},,{dose},uM" for (plate, well), (treatment, dose) in wells.items()]
    sheet = sheet_of("\n".join([HEADER, *rows]))
    for (plate, well), (treatment, dose) in wells.items():
        sample = sheet.sample(f"day7/{plate}_001.h5", well=well)
        assert (sample.plate, sample.div, sample.dose, sample.dose_unit) == (plate, 7.0, float(dose), "uM")
        assert sample.treatment == treatment.replace("NA", "")
    assert sheet.problems([f"{plate}_001.h5" for plate, _ in wells]) == []


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    titles=st.lists(st.sampled_from([*HEADER.split(","), "line", "", "*"]), max_size=6),
    cells=st.lists(
        st.lists(st.sampled_from(["A1", "NA", "7", "", "*", "[", "P1", "x/y", "\x00"]), max_size=9), max_size=5
    ),
)
def test_any_map_gives_a_sheet_or_its_error(sheet_of, titles, cells):
    text = io.StringIO()
    csv.writer(text, quoting=csv.QUOTE_ALL).writerows([["Well", *titles], *cells])
    message = ""
    try:
        sheet = sheet_of(text.getvalue())
        assert all(sentence.isprintable() for sentence in sheet.problems(["P1.h5"]))
    except SampleSheetError as error:
        message = str(error)
    assert message.isprintable()
