"""Facts read from the names of recordings."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mnephys.errors import SampleSheetError
from mnephys.samples import Sample, parse_names
from mnephys.samples.sample import FACTS
from mnephys.samples.text import listed, natural_key


def test_groups_become_facts():
    pattern = r"(?P<differentiation>\w+)/(?P<plate>MW[\d-]+)_DIV(?P<div>\d+)(_(?P<treatment>\w*))?(?P<plated> yes)?"
    assert parse_names(pattern, "CO/MW1007-51_DIV05_") == {"differentiation": "CO", "plate": "MW1007-51", "div": 5.0}
    assert parse_names(pattern, "CO/MW1_DIV05_TTX yes.h5")["plated"] is True
    assert parse_names(pattern, "notes.h5") == {}


@pytest.mark.parametrize(
    ("pattern", "message"),
    [
        ("(?P<div>", r"name pattern '\(\?P<div>': is not a regular expression \(.*\); check its brackets$"),
        ("(?P<a-b>x)", "is not a regular expression"),
        ("x{99999999999999999999}", "is not a regular expression"),
        (r"DIV(\d+)", "has no named group; write "),
        ("(?P<days>x)", r"group 'days' is not known; known are bias_pa, cell"),
        ("(?P<treatmnt>x)", "group 'treatmnt' is not known; the nearest is 'treatment'$"),
        ("(?P<recording>x)", "group 'recording' is not known"),
        ("c(?P<div>.)", r"name pattern 'c\(\?P<div>\.\)': group div of 'ca': 'a' is not a number; write it like 12.5"),
    ],
)
def test_bad_patterns(pattern, message):
    with pytest.raises(SampleSheetError, match=message) as caught:
        parse_names(pattern, "ca")
    assert str(caught.value).isprintable()


def test_long_names_are_refused():
    assert parse_names("(?P<cell>b)$", "a" * 4095 + "b") == {"cell": "b"}
    with pytest.raises(SampleSheetError, match=r"which is 4097 characters long; names may have 4096$"):
        parse_names("(?P<cell>b)$", "a" * 4096 + "b")


def test_patterns_that_python_warns_of():
    assert parse_names("(?P<cell>[[a]+)", "x[a") == {"cell": "[a"}


@pytest.mark.parametrize("field", FACTS)
def test_every_field_can_be_read(field):
    text = "du2015" if field == "derivation_protocol" else "1"
    assert list(parse_names(f"(?P<{field}>{text})", f"a{text}")) == [field]


@pytest.mark.parametrize(
    "values", [{"div": float("nan")}, {"bias_pa": float("inf")}, {"rs_mohm": 0.0}, {"rseal_mohm": -1}]
)
def test_a_sample_refuses_impossible_numbers(values):
    with pytest.raises(ValueError, match=f"{next(iter(values))} is "):
        Sample("a", **values)


@given(st.lists(st.integers(0, 10**30), min_size=2, max_size=5))
def test_numbers_in_text_sort_by_size(numbers):
    words = [f"c{number}_x" for number in numbers]
    assert sorted(words, key=natural_key) == [f"c{number}_x" for number in sorted(numbers)]


@given(st.text(), st.text())
def test_only_equal_text_sorts_as_equal(one, other):
    assert (natural_key(one) == natural_key(other)) is (one == other)
    assert (natural_key(one) < natural_key(other)) or (natural_key(other) <= natural_key(one))


def test_lists_are_cut_short():
    assert [listed(["a"] * n) for n in (1, 2, 4)] == ["'a'", "'a' and 'a'", "'a', 'a', 'a' and 1 other"]
    assert len(listed(["x" * 1000])) == 62
