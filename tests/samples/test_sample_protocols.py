"""The derivation protocol in a sample sheet: known by its key, and not taken for the protocol of the stimulus."""

from __future__ import annotations

import pytest

from mnephys.errors import SampleSheetError
from mnephys.samples import Sample, group_subjects, load_sheet, parse_names


def sheet(folder, text):
    path = folder / "s.csv"
    path.write_text(text)
    return load_sheet(path)


@pytest.mark.parametrize("written", ["du2015", "Du2015", " Du 2015 "])
def test_it_is_read_in_every_spelling(tmp_path, written):
    found = sheet(tmp_path, f"recording,Derivation protocol,protocol\na.abf,{written},steps\n").sample("a.abf")
    assert found.facts() == {"derivation_protocol": "du2015", "protocol": "steps"}
    assert found == Sample("a.abf", derivation_protocol=written, protocol="steps")


@pytest.mark.parametrize(
    ("column", "text", "said"),
    [
        ("derivation_protocol", "du2051", "'du2051' is no derivation protocol; the nearest is 'du2015'"),
        ("derivation_protocol", "ours", "'ours' is no derivation protocol; known are amoroso2013, bakooshli2019, "),
        (
            "protocol",
            "du2015",
            "'du2015' is a derivation protocol, and this column is for the stimulus; use derivation_p",
        ),
    ],
)
def test_a_mistake_is_named_with_its_place(tmp_path, column, text, said):
    with pytest.raises(SampleSheetError) as caught:
        sheet(tmp_path, f"recording,{column}\na.abf,\nb.abf,{text}\n")
    assert str(caught.value).startswith(f"{tmp_path / 's.csv'}: row 3, column {column}: {said}")


def test_names_of_files_can_state_it():
    pattern = "(?P<derivation_protocol>[A-Z][a-z]+[0-9]{4})"
    assert parse_names(pattern, "Qu2014_c1.abf") == {"derivation_protocol": "qu2014"}
    with pytest.raises(SampleSheetError, match=r"'Qux2014' is no derivation protocol; the nearest is 'qu2014'$"):
        parse_names(pattern, "Qux2014_c1.abf")


def test_a_sample_refuses_what_is_not_known():
    with pytest.raises(ValueError, match=r"^'x' is no derivation protocol; known are "):
        Sample("a", derivation_protocol="x")


def test_one_cell_has_one_derivation_protocol(tmp_path):
    rows = "recording,cell,derivation_protocol,protocol\na,c1,du2015,cc\nb,c1,qu2014,vc\n"
    _, problems = group_subjects(["a", "b"], sheet(tmp_path, rows))
    assert [p.partition(";")[0] for p in problems] == ["c1: derivation_protocol is 'du2015' in a and 'qu2014' in b"]
