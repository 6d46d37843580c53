"""The table of units is closed, and agrees with an independent one."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
import quantities
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from mnephys import units
from mnephys.errors import UnitsError

SYMBOLS = tuple(units._TABLE)
PAIRS = [
    (a, b)
    for a, b in itertools.product(SYMBOLS, repeat=2)
    if units.unit(a).dimension == units.unit(b).dimension and a != b
]
PREFIXES = {"": 1.0, "p": 1e-12, "n": 1e-9, "u": 1e-6, "m": 1e-3, "k": 1e3, "M": 1e6, "G": 1e9}
symbols = st.sampled_from(SYMBOLS)


def base_value(symbol: str) -> tuple[float, str]:
    """Return what a unit is in SI base units of `quantities`, and in which: an opinion apart from the table's."""
    if symbol in {"1", "%"}:
        return {"1": 1.0, "%": 0.01}[symbol], "number"
    value, name = 1.0, ""
    for part, power in zip(symbol.split("/"), (1, -1), strict=False):
        prefix = part[0] if len(part) > 1 and part[0] in PREFIXES and part != "degC" else ""
        base = {"Ohm": "ohm"}.get(part.removeprefix(prefix), part.removeprefix(prefix))
        simple = quantities.Quantity(1.0, base).simplified
        value *= (PREFIXES[prefix] * float(simple.magnitude)) ** power
        name += f"({simple.dimensionality})^{power}"
    return value, name


def test_every_internal_unit_is_in_the_table_and_is_one():
    for dimension, symbol in units.INTERNAL_UNITS.items():
        assert units.unit(symbol) == units.Unit(symbol, dimension, 1.0)
    assert {units.unit(symbol).dimension for symbol in SYMBOLS} == set(units.INTERNAL_UNITS)


@pytest.mark.parametrize("symbol", SYMBOLS)
def test_a_unit_is_found_by_its_symbol(symbol):
    assert units.unit(symbol).symbol == symbol
    assert units.unit(f" {symbol}\0\0").symbol == symbol


@pytest.mark.parametrize(("source", "target"), PAIRS)
def test_a_factor_is_that_of_an_independent_table(source, target):
    (a, dimension), (b, other) = base_value(source), base_value(target)
    assert dimension == other
    assert units.conversion_factor(source, target) == pytest.approx(a / b, rel=1e-12)


@given(a=symbols, b=symbols)
@settings(deadline=None)
def test_conversions_invert_or_are_refused(a, b):
    if units.unit(a).dimension != units.unit(b).dimension:
        with pytest.raises(UnitsError, match=" is a "):
            units.conversion_factor(a, b)
    else:
        assert units.conversion_factor(a, b) * units.conversion_factor(b, a) == pytest.approx(1, rel=1e-11)


@given(first=st.sampled_from(PAIRS), data=st.data())
@settings(deadline=None)
def test_conversions_chain(first, data):
    a, b = first
    _, c = data.draw(st.sampled_from([pair for pair in PAIRS if pair[0] == b]))
    whole = units.conversion_factor(a, c)
    assert units.conversion_factor(a, b) * units.conversion_factor(b, c) == pytest.approx(whole, rel=1e-11)


@pytest.mark.parametrize(("source", "target", "factor"), [("V", "mV", 1e3), ("nA", "pA", 1e3), ("uV", "mV", 1e-3)])
def test_the_factors_that_files_need_are_exact(source, target, factor):
    assert units.conversion_factor(source, target) == factor


@pytest.mark.parametrize(
    ("text", "symbol"),
    [
        ("\N{MICRO SIGN}V", "uV"),
        ("\N{GREEK SMALL LETTER MU}A", "uA"),
        ("M\N{OHM SIGN}", "MOhm"),
        ("k\N{GREEK CAPITAL LETTER OMEGA}", "kOhm"),
        ("Volts", "V"),
        ("AMPS", "A"),
        ("S", "S"),
        ("s", "s"),
        ("", "1"),
        ("mV      ", "mV"),
    ],
)
def test_spellings_of_files_are_understood(text, symbol):
    assert units.unit(text).symbol == symbol


@pytest.mark.parametrize(
    "text", ["MV", "mv", "PA", "pa", "ma", "Mv", "mS/", "V/", "/ms", "m V", "2V", "None", "?", "Vs"]
)
def test_nothing_is_guessed(text):
    # The case of a prefix is a factor of a thousand million: mV is not MV.
    with pytest.raises(UnitsError, match="is not known"):
        units.unit(text)


@given(text=st.text(st.characters(exclude_categories=()), max_size=20))
@settings(deadline=None)
def test_any_text_is_a_unit_of_the_table_or_refused_in_one_line(text):
    try:
        symbol = units.unit(text).symbol
    except UnitsError as error:
        symbol, message = None, str(error)
    assert symbol in SYMBOLS or len(message.splitlines()) == 1
    assert symbol in SYMBOLS or message.encode("utf-8")


numbers = arrays.arrays(np.float64, arrays.array_shapes(min_dims=0, max_dims=2), elements=st.floats(-1e9, 1e9))


@pytest.mark.parametrize("symbol", SYMBOLS)
def test_every_unit_goes_to_quantities_and_back(symbol):
    values = np.array([[1.5, -2.0], [0.0, 1e3]])
    quantity = units.to_quantity(values, symbol)
    assert quantity.shape == values.shape
    np.testing.assert_array_equal(units.from_quantity(quantity, symbol), values)


@given(values=numbers, pair=st.sampled_from([("V", "mV"), ("nA", "pA"), ("ms", "s"), ("kHz", "Hz"), ("pF", "nF")]))
@settings(deadline=None)
def test_quantities_converts_like_the_table(values, pair):
    source, target = pair
    quantity = units.to_quantity(values, source)
    found = units.from_quantity(quantity, target)
    assert found.dtype == np.float64
    assert found.shape == values.shape
    np.testing.assert_allclose(found, quantity.rescale(target).magnitude, rtol=1e-12)


@pytest.mark.parametrize("value", [1.0 * quantities.m, 1.0 * quantities.V * quantities.s, 1.0 * quantities.mmHg])
def test_a_quantity_outside_the_table_is_refused(value):
    with pytest.raises(UnitsError, match="is not known"):
        units.from_quantity(value, "mV")


def test_a_quantity_of_another_dimension_is_refused():
    with pytest.raises(UnitsError, match="pA is a current, mV a voltage"):
        units.from_quantity([1.0] * quantities.pA, "mV")


def test_units_are_small_and_do_not_change():
    with pytest.raises(AttributeError):
        units.unit("mV").factor = 2.0
