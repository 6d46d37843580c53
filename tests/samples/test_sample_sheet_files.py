"""A sheet is read the same however it was saved, and every mistake in it is named with its place."""

from __future__ import annotations

import builtins
import csv
import hashlib
import io
import struct
import zipfile
from pathlib import Path

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mnephys.errors import MissingFileError, MnephysError, ReadError, SampleSheetError
from mnephys.samples import Sample, SampleSheet, load_sheet
from mnephys.samples.rows import read_rows
from mnephys.samples.table import read_table

EXPECTED = Sample(
    "a.abf", cell="c 1", line="KO, clone 2", div=14.0, plated=True, dose=12.5, ljp_subtracted=False, treatment="µM"
)
HEADER = ["Recording", "CELL", "line", "div", "plated", "Dose", "LJP subtracted", "treatment"]
CELLS = ["a.abf", "c 1", "KO, clone 2", "14", "Yes", "12.5", "0", "µM"]


def written(rows, delimiter=",", end="\n", encoding="utf-8", quoting=csv.QUOTE_MINIMAL) -> bytes:
    text = io.StringIO()
    csv.writer(text, delimiter=delimiter, lineterminator=end, quoting=quoting).writerows(rows)
    return text.getvalue().encode(encoding)


def sheet_of(content: bytes) -> SampleSheet:
    return SampleSheet("s.csv", "", read_rows(read_table(content, "s.csv"), "s.csv"))


def saved(folder: Path, content: bytes | str, name: str = "s.csv") -> Path:
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def workbook(rows: list[list[object]]) -> openpyxl.Workbook:
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    return book


def book_bytes(book: openpyxl.Workbook) -> bytes:
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_every_way_to_write_csv_reads_the_same(delimiter, end, encoding, tmp_path):
    content = written([HEADER, CELLS], delimiter, end, encoding)
    sheet = load_sheet(saved(tmp_path, content))
    assert sheet.sample("a.abf") == EXPECTED
    assert sheet.sha256 == hashlib.sha256(content).hexdigest()
    assert repr(sheet) == f"SampleSheet: 1 row, {tmp_path / 's.csv'}"


def test_space_after_a_comma_and_around_text_is_not_meant():
    sheet = sheet_of(b'recording , cell, line\n a.abf, "c, 1",\tWT \n')
    assert sheet.sample("a.abf") == Sample("a.abf", cell="c, 1", line="WT")


def test_decimal_comma_only_beside_semicolons():
    assert sheet_of(b"recording;dose;ljp_mv\na;0,5;-1.5e1\n").sample("a").dose == 0.5
    assert sheet_of(b"recording;dose;ljp_mv\na;0,5;-1.5e1\n").sample("a").ljp_mv == -15.0
    with pytest.raises(SampleSheetError, match=r"row 2, column dose: '0,5' is not a number; write it like 12\.5"):
        sheet_of(b'recording,dose\na,"0,5"\n')
    with pytest.raises(SampleSheetError, match=r"'1\.000,5' is not a number"):
        sheet_of(b"recording;dose\na;1.000,5\n")


@pytest.mark.parametrize("name", ["s.xlsx", "s.csv", "s"])
def test_excel_is_known_by_content(name, tmp_path):
    cells = ["a.abf", "c 1", "KO, clone 2", 14, True, 12.5, 0, "µM"]
    path = saved(tmp_path, book_bytes(workbook([HEADER, [None], cells])), name)
    assert load_sheet(path).sample("a.abf") == EXPECTED
    assert load_sheet(path).rows[0].number == 3


def test_csv_named_xlsx_is_csv(tmp_path):
    assert load_sheet(saved(tmp_path, written([HEADER, CELLS]), "s.xlsx")).sample("a.abf") == EXPECTED


def test_excel_numbers_and_dates_in_text_columns_read_as_shown(tmp_path):
    import datetime as dt

    rows = [["recording", "cell", "plate", "control", "div"], ["a", 7.0, dt.datetime(2015, 11, 14), True, 1.5]]  # noqa: DTZ001 -- Excel has no time zones
    sample = load_sheet(saved(tmp_path, book_bytes(workbook(rows)))).sample("a")
    assert (sample.cell, sample.plate, sample.control, sample.div) == ("7", "2015-11-14", "true", 1.5)
    rows[1][4] = dt.datetime(2015, 1, 12)  # noqa: DTZ001 -- Excel has no time zones
    with pytest.raises(SampleSheetError, match="row 2, column div: '2015-01-12' is not a number"):
        load_sheet(saved(tmp_path, book_bytes(workbook(rows))))


def with_stored_values(content: bytes, **stored: str) -> bytes:
    """Write values beside the formulas of a workbook, as spreadsheet programs do and openpyxl does not."""
    source, target = zipfile.ZipFile(io.BytesIO(content)), io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        for entry in source.infolist():
            text = source.read(entry)
            for cell, xml in stored.items():
                start = text.find(f'<c r="{cell}"'.encode()) if entry.filename == "xl/worksheets/sheet1.xml" else -1
                if start >= 0:
                    end = text.index(b"</c>", start) + 4
                    formula = text[text.index(b"<f>", start) : text.index(b"</f>", start) + 4]
                    kind, value = xml.split("|")
                    cell_xml = f'<c r="{cell}" t="{kind}">'.encode() + formula + f"<v>{value}</v></c>".encode()
                    text = text[:start] + cell_xml + text[end:]
            archive.writestr(entry.filename, text)
    return target.getvalue()


def test_formulas_are_never_computed(tmp_path):
    text = '=HYPERLINK("http://example.org","c1")'
    assert sheet_of(b"recording,cell\na,=1+1\n").sample("a").cell == "=1+1"
    content = book_bytes(workbook([["recording", "cell", "line", "div"], ["a", text, "=B2", "=6+8"]]))
    with pytest.raises(SampleSheetError, match=r"row 2, column div: '=6\+8' is not a number"):
        load_sheet(saved(tmp_path, content))
    stored = with_stored_values(content, D2="n|14", C2="str|")
    sample = load_sheet(saved(tmp_path, stored)).sample("a")
    assert (sample.cell, sample.line, sample.div) == (text, "", 14.0)
    assert load_sheet(saved(tmp_path, with_stored_values(content, D2="n|7.0", C2="n|7.0"))).sample("a").line == "7"
    with pytest.raises(SampleSheetError, match=r"cell C2 holds the error #N/A; correct or empty it"):
        load_sheet(saved(tmp_path, with_stored_values(content, D2="n|14", C2="e|#N/A")))


def test_merged_cells_are_refused(tmp_path):
    book = workbook([["recording", "plate"], ["a", "P1"], ["b", None]])
    book.active.merge_cells("B2:B3")
    with pytest.raises(SampleSheetError, match=r"s\.csv: cells B2:B3 are merged; unmerge them and fill in each cell$"):
        load_sheet(saved(tmp_path, book_bytes(book)))


def test_excel_without_openpyxl_says_what_to_install(tmp_path, monkeypatch):
    path = saved(tmp_path, book_bytes(workbook([["recording"], ["a"]])))
    real = builtins.__import__

    def without(name, *args, **kwargs):
        if name.startswith("openpyxl"):
            raise ImportError(name)
        return real(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(MnephysError, match=r"openpyxl is not installed; install it with: pip install openpyxl, or"):
        load_sheet(path)
    assert load_sheet(saved(tmp_path, "recording\na\n")).sample("a") == Sample("a")


def test_damaged_and_oversized_workbooks_are_refused(tmp_path):
    good = book_bytes(workbook([["recording"], ["a"]]))
    other_zip = io.BytesIO()
    with zipfile.ZipFile(other_zip, "w") as archive:
        archive.writestr("notes.txt", "no workbook")
    for content in (good[: len(good) // 2], b"PK\x03\x04", other_zip.getvalue()):
        with pytest.raises(SampleSheetError, match=r"cannot be read as an Excel workbook .*; save it again as \.xlsx"):
            load_sheet(saved(tmp_path, content))
    # The directory at the end of the archive states the unpacked size of each entry.
    entry = good.rindex(b"PK\x01\x02") + 24
    huge = good[:entry] + struct.pack("<I", 3_000_000_000) + good[entry + 4 :]
    with pytest.raises(SampleSheetError, match="unpacks to 3000 MB, more than the 50 MB allowed"):
        load_sheet(saved(tmp_path, huge))
    book = workbook([["recording"], ["a"]])
    book.active["ZZ9000"] = "x"
    book.active["A9001"] = "x"
    with pytest.raises(SampleSheetError, match="has 9001 rows and 702 columns; delete the empty rows and columns"):
        load_sheet(saved(tmp_path, book_bytes(book)))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "s.csv: is empty; give it a header row with the column recording"),
        (" \n;;\n", "s.csv: is empty; give it a header row with the column recording"),
        ("plate,cell\n", "s.csv: row 1: there is no column recording; add it, with the name of a file per row"),
        ("recording,temperature\n", "s.csv: row 1: column 'temperature' is not known; the nearest is 'temperature_c'"),
        ("recording,LJP (mV)\n", "s.csv: row 1: column 'LJP (mV)' is not known; the nearest is 'ljp_mv'"),
        ("recording,div,DIV\n", "s.csv: row 1, column div: is there twice; keep one of them"),
        (
            "recording,div\na,12\nb,twelve\n",
            (
                "s.csv: row 3, column div: 'twelve' is not a number; "
                "write it like 12.5 without a unit, or leave it empty if unknown"
            ),
        ),
        (
            "\nrecording,plated\n\na,maybe\n",
            "s.csv: row 4, column plated: 'maybe' is neither yes nor no; write yes or no, or leave it empty if unknown",
        ),
        (
            "recording,rs_mohm\na,0\n",
            "s.csv: row 2, column rs_mohm: rs_mohm is 0, not positive; give MOhm above 0, or leave it out if unknown",
        ),
        (
            "recording,dose\na,1e999\n",
            "s.csv: row 2, column dose: dose is inf; give a finite number, or leave it out if unknown",
        ),
        (
            "recording,div\n,12\n",
            "s.csv: row 2, column recording: is empty; write the name of a recording, or * for all",
        ),
        (
            "recording,div\na,1,9\n",
            (
                "s.csv: row 2: cell 3 holds '9' but its column has no title; "
                "add the title, or quote cells that hold the delimiter"
            ),
        ),
        (
            'recording,cell\na,"c1\nb,c2\n',
            "s.csv: row 2: cannot be read as CSV (unexpected end of data); check the quotation marks from there on",
        ),
        (
            f"recording,cell\na,{'x' * 200_000}\n",
            (
                "s.csv: row 2: cannot be read as CSV (field larger than field limit (131072)); "
                "check the quotation marks from there on"
            ),
        ),
        (
            "recording,line\na,WT\nb,WT\na,KO\n",
            "s.csv: row 4, column line: 'KO' contradicts 'WT' in row 2 for 'a'; keep one of them",
        ),
    ],
)
def test_each_mistake_is_one_line_with_its_place(text, message):
    with pytest.raises(SampleSheetError) as caught:
        sheet_of(text.encode())
    assert str(caught.value) == message


@pytest.mark.parametrize("word", ["nan", "inf", "1_000", "٣", "12 mV", "0x10", "1e5e5", "."])
def test_what_python_reads_as_a_number_but_people_do_not_write(word):
    with pytest.raises(SampleSheetError, match="is not a number"):
        sheet_of(f"recording,div\na,{word}\n".encode())


def test_not_text(tmp_path):
    rows = "recording,treatment\na,none\nb,10 µM\n"
    message = r"s\.csv: row 3: is not UTF-8 text; save it as 'CSV UTF-8' or as an Excel workbook \(\.xlsx\)$"
    with pytest.raises(SampleSheetError, match=message):
        load_sheet(saved(tmp_path, rows.encode("cp1252")))
    with pytest.raises(SampleSheetError, match="row 1: is not UTF-8 text"):
        load_sheet(saved(tmp_path, rows.encode("utf-16")))


def test_missing_and_unreadable_files(tmp_path):
    with pytest.raises(MissingFileError, match=r"none\.csv: there is no such file; check the path"):
        load_sheet(tmp_path / "none.csv")
    with pytest.raises(ReadError, match="cannot be opened"):
        load_sheet(tmp_path)
    with pytest.raises(ReadError, match="cannot be opened"):
        load_sheet("a\0b")


def test_size_limit(tmp_path, monkeypatch):
    monkeypatch.setattr("mnephys.samples.content.LARGEST", 10)
    with pytest.raises(SampleSheetError, match="is larger than 0 MB; check that it is the sample sheet"):
        load_sheet(saved(tmp_path, "recording\na.abf\n"))


def test_hostile_text_stays_on_one_line(tmp_path):
    forged = "x\nError: all is well\x1b[31m"
    path = saved(tmp_path, written([["recording", "div"], ["a", forged]]))
    with pytest.raises(SampleSheetError) as caught:
        load_sheet(path)
    assert str(caught.value).isprintable()
    assert sheet_of(written([["recording", "cell"], ["a", forged]])).sample("a").cell == forged


TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\ufeff"), max_size=20).map(str.strip)
NUMBER = st.floats(allow_nan=False, allow_infinity=False)
OHMS = st.floats(min_value=1e-3, max_value=1e12)


@given(
    samples=st.lists(
        st.builds(
            Sample,
            recording=st.from_regex(r"[a-z0-9/.]{1,12}", fullmatch=True),
            plate=TEXT,
            cell=TEXT,
            treatment=TEXT,
            div=st.none() | NUMBER,
            bias_pa=st.none() | NUMBER,
            rseal_mohm=st.none() | OHMS,
            plated=st.none() | st.booleans(),
            ljp_subtracted=st.none() | st.booleans(),
        ),
        min_size=1,
        max_size=5,
        unique_by=lambda sample: sample.recording,
    ),
    delimiter=st.sampled_from([",", ";", "\t"]),
    end=st.sampled_from(["\n", "\r\n", "\r"]),
)
def test_what_is_written_is_what_is_read(samples, delimiter, end):
    columns = ["recording", "plate", "cell", "treatment", "div", "bias_pa", "rseal_mohm", "plated", "ljp_subtracted"]

    def cell(value):
        if isinstance(value, float) and delimiter == ";":
            return str(value).replace(".", ",")
        return "" if value is None else str(value)

    rows = [columns, *([cell(getattr(sample, column)) for column in columns] for sample in samples)]
    # Python's own writer leaves a line end unquoted where it is not the one that ends the rows.
    sheet = sheet_of(written(rows, delimiter, end, quoting=csv.QUOTE_ALL))
    assert {row.pattern: Sample(row.pattern, **row.facts) for row in sheet.rows} == {
        sample.recording: sample for sample in samples
    }


@given(st.binary(max_size=200))
def test_any_bytes_give_a_sheet_or_its_error(content):
    message = ""
    try:
        sheet_of(content)
    except SampleSheetError as error:
        message = str(error)
    assert message.isprintable()
