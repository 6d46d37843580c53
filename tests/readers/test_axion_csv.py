"""What the readers of CSV exports share: text, quotes, rows, settings, wells."""

from __future__ import annotations

import csv
import io
import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mnephys.errors import CorruptHeaderError, ReadError
from mnephys.readers.axion_csv import cells as axion_csv
from mnephys.readers.axion_csv.cells import CsvText, head_rows, read_text, rows_of, settle_quotes
from mnephys.readers.axion_csv.columns import decimals, lines_of, packed, unpacked
from mnephys.readers.axion_csv.settings import (
    Settings,
    dose_of,
    plate_layout,
    read_settings,
    seconds,
    section_run,
    treatment_facts,
    well_facts,
)
from mnephys.readers.binary import open_binary
from mnephys.recording import LAYOUTS, SIMULATED_COMMENT


@pytest.fixture
def text_of(written):
    def read(content: bytes) -> CsvText:
        with open_binary(written(content, "plate.csv")) as file:
            return read_text(file)

    return read


# --- text ---


@pytest.mark.parametrize("end", [b"\n", b"\r\n", b"\r", b"\r\r\n"])
def test_every_line_end_is_one(text_of, end):
    source = text_of(end.join([b"a,1", b"b,2", b""]))
    assert source.text == "a,1\nb,2\n"
    assert source.complete
    assert source.problems == ()


def test_a_byte_order_mark_is_no_text(text_of):
    assert text_of(b"\xef\xbb\xbfa,1\n").text == "a,1\n"


def test_text_that_is_not_utf8_is_read_and_said(text_of):
    source = text_of("a,1\nb,10 µM\n".encode("cp1252"))
    assert source.text == "a,1\nb,10 µM\n"
    assert source.problems == (
        "line 2 is not UTF-8: the file was read as Windows-1252; check names with accents and micro signs",
    )


def test_bytes_that_windows_does_not_have_are_latin_1(text_of):
    source = text_of(b"a,\x81\n")
    assert source.text == "a,\x81\n"
    assert "Latin-1" in source.problems[0]


@pytest.mark.parametrize(
    ("content", "place"), [(b"a,1\nb\0,2\n", "has a NUL byte in line 2"), ("a,1".encode("utf-16"), "is UTF-16")]
)
def test_what_is_no_text_is_refused(text_of, content, place):
    with pytest.raises(CorruptHeaderError, match=place):
        text_of(content)


def test_an_absurd_size_is_refused_unread(text_of, monkeypatch):
    monkeypatch.setattr(axion_csv, "MOST_BYTES", 3)
    with pytest.raises(ReadError, match="4 bytes, more than an export"):
        text_of(b"a,1\n")


def test_a_last_line_without_an_end_is_noticed(text_of):
    assert not text_of(b"a,1\nb,2").complete


@pytest.mark.parametrize(
    ("content", "delimiter", "decimal"),
    [(b"a,0.5\n", ",", "."), (b"a;0,5;1,5\n", ";", ","), (b"a\t0.5\n", "\t", "."), (b"a\n", ",", ".")],
)
def test_the_delimiter_says_the_decimal_sign(text_of, content, delimiter, decimal):
    source = text_of(content)
    assert (source.delimiter, source.decimal) == (delimiter, decimal)


# --- rows and quotes ---


def test_rows_know_the_line_in_which_they_begin():
    text = 'a,1\nb,"two\n\nlines",x\nc,3\n\nd,4\n'
    assert [(row.line, row.cells) for row in rows_of(CsvText(text))] == [
        (1, ["a", "1"]),
        (2, ["b", "two\n\nlines", "x"]),
        (5, ["c", "3"]),
        (6, []),
        (7, ["d", "4"]),
    ]


def test_a_part_of_a_file_counts_from_where_it_begins():
    assert [row.line for row in rows_of(CsvText("a\nb"), 17)] == [17, 18]


def test_a_quote_that_is_never_closed_costs_only_itself():
    source = settle_quotes(CsvText('a,"open\nb,2\nc,3\n'))
    assert [row.cells for row in rows_of(source)] == [["a", "open"], ["b", "2"], ["c", "3"]]
    assert source.problems == ("row 1: a quote is opened and never closed, the row was read without it",)


def test_a_quote_that_is_closed_far_below_is_taken_for_two():
    lines = ['a,"open', *["b,2"] * 150, 'c",3', "d,4", ""]
    rows = list(rows_of(settle_quotes(CsvText("\n".join(lines)))))
    assert len(rows) == 153
    assert rows[-1].cells == ["d", "4"]


def test_a_cell_of_several_lines_stands_only_where_it_may():
    text = 'a,b,"open\nc,d",e\n'
    assert len(list(rows_of(settle_quotes(CsvText(text))))) == 1
    assert len(list(rows_of(settle_quotes(CsvText(text), deepest=1)))) == 2


def test_a_quote_within_a_cell_is_a_sign_like_any_other():
    source = settle_quotes(CsvText('a,5" wells\nb,2\n'))
    assert [row.cells for row in rows_of(source)] == [["a", '5" wells'], ["b", "2"]]
    assert source.problems == ()


def test_a_cell_that_is_absurdly_long_is_no_cell():
    assert [row.cells for row in rows_of(CsvText(f"a,{'x' * 200_000}\nb,2\n"))] == [[], ["b", "2"]]


@settings(deadline=None)
@given(
    st.lists(
        st.lists(st.text(st.characters(codec="utf-8", exclude_characters="\r\0"), max_size=6), min_size=1, max_size=4),
        min_size=1,
        max_size=6,
    )
)
def test_what_csv_writes_is_read_as_it_was(table):
    buffer = io.StringIO()
    csv.writer(buffer, lineterminator="\n", quoting=csv.QUOTE_ALL).writerows(table)
    source = settle_quotes(CsvText(buffer.getvalue()))
    assert [row.cells for row in rows_of(source)] == table
    assert source.problems == ()


@settings(deadline=None)
@given(st.text(alphabet='",\na1', max_size=60), st.sampled_from([None, 0, 1]))
def test_no_line_is_lost_by_any_quotes(text, deepest):
    source = settle_quotes(CsvText(text), deepest)
    rows = list(rows_of(source))
    n_lines = sum(1 + sum(cell.count("\n") for cell in row.cells) for row in rows)
    assert source.text.count("\n") == text.count("\n")
    assert n_lines == text.count("\n") + (source.text[-1:] not in {"", "\n"})
    assert [row.line for row in rows] == sorted({row.line for row in rows})


def test_the_head_of_a_file_may_be_anything():
    assert head_rows(b"\x89HDF\r\n\x1a\n\0\0") == []
    assert [row.cells for row in head_rows(b"\xef\xbb\xbfa,b\r\n\xff,")] == [["a", "b"], ["\ufffd", ""]]


# --- columns ---


@settings(deadline=None)
@given(
    st.lists(
        st.one_of(
            st.floats(0, 1e5).map(lambda x: f"{x:.5f}"),
            st.floats(0, 1e4).map(lambda x: f"{x:012.6f}"),
            st.integers(-1000, 10**15).map(str),
            st.text(alphabet="0123456789.-eE _", max_size=20),
        ),
        min_size=1,
        max_size=30,
    )
)
def test_plain_numbers_are_read_to_the_last_bit(cells):
    [lines] = lines_of("\n".join(["x," + cell for cell in cells]).encode(), ",")
    values, plain = decimals(lines.column(1))
    for cell, value, is_plain in zip(cells, values, plain, strict=True):
        assert is_plain == (len(cell) <= 16 and bool(re.fullmatch(r"-?(\d+\.?\d*|\.\d+)", cell)))
        assert not is_plain or value == float(cell)


def test_columns_of_short_and_long_lines():
    [lines] = lines_of(b"a,1,x\n\nb\nc,3,y,z\n,,\n", ",")
    column = lines.column(1)
    assert [column[i] for i in range(5)] == ["1", "", "", "3", ""]
    assert lines.column(2).length.tolist() == [1, 0, 0, 1, 0]
    words, plain = packed(lines.column(0))
    assert [unpacked(word) for word in words.tolist()] == ["a", "", "b", "c", ""]
    assert plain.all()


def test_lines_come_block_by_block():
    text = b"".join(b"%d,%d\n" % (i, 2 * i) for i in range(150_000))
    blocks = list(lines_of(text, ","))
    assert len(blocks) == 3
    found = np.concatenate([decimals(block.column(1))[0] for block in blocks])
    assert np.array_equal(found, 2.0 * np.arange(150_000))
    assert [block.first for block in blocks] == [0, 65536, 131072]


# --- settings ---


def test_settings_by_section():
    found = read_settings(
        [
            ["Investigator", ""],
            ["Recording Name", "plate 1"],
            ["Description", "line 1\nline 2"],
            ["", ""],
            ["Maestro Settings", ""],
            ["   Plate Type", "CytoView MEA 24"],
            ["   AxIS Version", "3.6.2.2"],
            ["", ""],
            ["AxIS Playback", ""],
            ["   AxIS Version", "3.6.2.3"],
            ["Number of network bursts vary by well"],
            ["", ""],
            ["Analysis Duration (s): ", "122.5"],
            ["Investigator: Ann", ""],
        ]
    )
    assert found.sections == {
        "": {
            "Recording Name": "plate 1",
            "Description": "line 1 line 2",
            "Analysis Duration (s)": "122.5",
            "Investigator": "Ann",
        },
        "Maestro Settings": {"Plate Type": "CytoView MEA 24", "AxIS Version": "3.6.2.2"},
        "AxIS Playback": {"AxIS Version": "3.6.2.3"},
    }
    assert found.version == "3.6.2.3"
    assert found.comment == "line 1 line 2"


def test_settings_of_the_recording():
    found = Settings({"Maestro Settings": {"Sampling Frequency": "12.5 kHz"}}).metadata()
    assert found["sampling_rate"] == 12500.0
    assert "comment" not in found
    assert Settings({"": {"Sampling Frequency": "fast"}}).metadata().keys() == {"settings"}


def test_a_simulated_recording_says_so():
    for key in ("Description", "Experiment ID"):
        assert Settings({"": {key: f"plate 1, {SIMULATED_COMMENT}"}}).metadata()["comment"] == SIMULATED_COMMENT


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("0s", 0.0),
        ("18m2s", 1082.0),
        ("9m57s", 597.0),
        ("1h", 3600.0),
        ("1h2m3.5s", 3723.5),
        ("2m", 120.0),
        ("500ms", 0.5),
        ("1s500ms", 1.5),
        ("10 m 30 s", 630.0),
        ("10", None),
        ("m", None),
        ("1m2", None),
        ("9" * 400 + "s", None),
        ("", None),
    ],
)
def test_lengths_of_time(text, value):
    assert seconds(text) == value


@pytest.mark.parametrize(
    ("text", "section"),
    [
        ("0s to 18m2s", (0.0, 1082.0)),
        ("2m0s to 12m0s", (120.0, 720.0)),
        ("12m0s to 2m0s", None),
        ("0s to 0s", None),
        ("all", None),
        ("0s to soon", None),
    ],
)
def test_the_section_that_was_run(text, section):
    assert section_run(Settings({"": {"Actual File Section Run": text}})) == section


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Maestro 48-Well (Transparent)", "48-well"),
        ("CytoView MEA 24", "24-well"),
        ("CytoView MEA 6", "6-well"),
        ("BioCircuit MEA 96", "96-well"),
        ("TwentyFourWell", "24-well"),
        ("96-well", "96-well"),
        ("Netri Pro", None),
        ("", None),
    ],
)
def test_plate_types(text, name):
    layout, named = plate_layout(Settings({"Maestro Settings": {"Plate Type": text}}))
    assert (None if layout is None else layout.name) == name
    assert named == text


def test_doses():
    for micro in ("\N{MICRO SIGN}", "\N{GREEK SMALL LETTER MU}", "u"):
        assert dose_of(f"10 {micro}M") == {"dose": "10", "dose_unit": "uM"}
    assert dose_of("0.5mM") == {"dose": "0.5", "dose_unit": "mM"}
    assert dose_of("5") == {"dose": "5"}
    assert treatment_facts("D-AP5 [50 µM]") == {"treatment": "D-AP5", "dose": "50", "dose_unit": "uM"}
    assert treatment_facts("line [a]") == {"treatment": "line [a]"}
    assert treatment_facts("  ") == {}


def test_well_information():
    text = (
        "Well,A1,A2,A3,Z9\nActive,True,True,False,True\nWell Coloring,#FFFFFF,#FFFFFF,,\nControl,,True\n"
        "Treatment,CAP,,,x\nConcentration,100 nM,,,\nAdditional Information,,45K cells,\nOther,1,2,3\nTreatment,no,no\n"
    )
    facts = well_facts(rows_of(CsvText(text)), LAYOUTS["24-well"])
    assert facts == {
        "A1": {"active": "yes", "treatment": "CAP", "dose": "100", "dose_unit": "nM"},
        "A2": {"active": "yes", "control": "yes", "note": "45K cells"},
        "A3": {"active": "no"},
    }
