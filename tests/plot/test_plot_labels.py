"""Numbers and names as they are printed."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mnephys.plot import labels

MINUS = "\N{MINUS SIGN}"


@given(st.floats(min_value=-1e12, max_value=1e12, allow_nan=False))
def test_a_number_keeps_three_digits_of_its_value(value):
    text = labels.number(value).replace(MINUS, "-").replace("\N{MULTIPLICATION SIGN}10^", "e")
    assert "-" not in labels.number(value)
    assert math.isclose(float(text), value, rel_tol=0.0051, abs_tol=1e-300)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0, "0"),
        (-0.5, f"{MINUS}0.500"),
        (99.96, "100"),
        (999.6, "1000"),
        (0.09996, "0.100"),
        (12345.6, "12346"),
        (1.5e-6, f"1.50\N{MULTIPLICATION SIGN}10^{MINUS}6"),
    ],
)
def test_numbers_at_the_edges_of_a_decade(value, text):
    assert labels.number(value) == text


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_what_is_no_number_is_refused(value):
    with pytest.raises(ValueError, match="cannot be shown"):
        labels.number(value)


@given(st.text(max_size=80))
def test_plain_text_is_one_printable_line(text):
    assert labels.plain(text).isprintable()
    assert labels.plain(labels.plain(text)) == labels.plain(text)


@given(st.text(max_size=80), st.integers(2, 60))
def test_shortened_text_fits(text, length):
    assert len(labels.shorten(text, length)) <= length


@pytest.mark.parametrize(
    ("text", "printed"),
    [
        ("from -45 mV up (-3 +- 7)", f"from {MINUS}45 mV up ({MINUS}3 \N{PLUS-MINUS SIGN} 7)"),
        ("11.7-13.0 Hz on 2026-11-22", "11.7-13.0 Hz on 2026-11-22"),
        ("10.1186/s13195-015-0129-y", "10.1186/s13195-015-0129-y"),
        ("stands in for resting_membrane_potential", "stands in for resting membrane potential"),
        ("my_cell_7.abf in a_b/c_d.abf", "my_cell_7.abf in a_b/c_d.abf"),
        ("6 steps, standard error 1.6e+02 MOhm", "6 steps, standard error 160 M\u03a9"),
        ("5e-02 mV, -1.2e+3 pA, 3e-09 A", f"0.05 mV, {MINUS}1200 pA, 3e-09 A"),
        ("file1e+02.abf of v2.1e+3, hash 1e+02ab", "file1e+02.abf of v2.1e+3, hash 1e+02ab"),
        ("500 MOhm, 2 GOhm, 3 Ohm", "500 M\u03a9, 2 G\u03a9, 3 \u03a9"),
    ],
)
def test_sentences_are_set_as_print_does(text, printed):
    assert labels.prose(text) == printed


def test_no_category_reads_as_a_missing_value():
    assert labels.category("none") == "no AP"
