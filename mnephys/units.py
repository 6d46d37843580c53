"""The closed table of units, and the only place that touches `quantities`.

A unit string from a file is looked up here or refused; nothing is guessed. Inside the package every
number is a plain float in the *internal unit* of its dimension.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mnephys.errors import UnitsError

__all__ = ["INTERNAL_UNITS", "Unit", "conversion_factor", "from_quantity", "to_quantity", "unit"]

INTERNAL_UNITS = {
    "voltage": "mV",
    "current": "pA",
    "time": "s",
    "rate": "Hz",
    "resistance": "MOhm",
    "conductance": "nS",
    "capacitance": "pF",
    "slope": "mV/ms",
    "gain": "Hz/pA",
    "current density": "pA/pF",
    "temperature": "degC",
    "number": "1",
}


@dataclass(frozen=True, slots=True)
class Unit:
    """A unit of the table.

    Parameters
    ----------
    symbol : str
        Its one spelling in outputs.
    dimension : str
        A key of `INTERNAL_UNITS`.
    factor : float
        A value in this unit times `factor` is the value in the internal unit.
    """

    symbol: str
    dimension: str
    factor: float


_PREFIXES = {"p": 1e-12, "n": 1e-9, "u": 1e-6, "m": 1e-3, "": 1.0, "k": 1e3, "M": 1e6, "G": 1e9}


def _family(base: str, dimension: str, prefixes: str, internal: float) -> dict[str, Unit]:
    """Build the prefixed units of one base unit; `internal` is the internal unit in base units."""
    names = [prefix if prefix != "-" else "" for prefix in prefixes]
    return {
        f"{name}{base}": Unit(f"{name}{base}", dimension, float(f"{_PREFIXES[name] / internal:.12g}")) for name in names
    }


_TABLE: dict[str, Unit] = {
    **_family("V", "voltage", "num-", 1e-3),
    **_family("A", "current", "pnum-", 1e-12),
    **_family("s", "time", "um-", 1.0),
    **_family("Hz", "rate", "-k", 1.0),
    **_family("Ohm", "resistance", "-kMG", 1e6),
    **_family("S", "conductance", "pnum-", 1e-9),
    **_family("F", "capacitance", "pnum-", 1e-12),
    "mV/ms": Unit("mV/ms", "slope", 1.0),
    "V/s": Unit("V/s", "slope", 1.0),
    "Hz/pA": Unit("Hz/pA", "gain", 1.0),
    "Hz/nA": Unit("Hz/nA", "gain", 1e-3),
    "pA/pF": Unit("pA/pF", "current density", 1.0),
    "degC": Unit("degC", "temperature", 1.0),
    "1": Unit("1", "number", 1.0),
    "%": Unit("%", "number", 1e-2),
}
_WORDS = {
    "volt": "V",
    "volts": "V",
    "millivolt": "mV",
    "millivolts": "mV",
    "ampere": "A",
    "amperes": "A",
    "amps": "A",
    "picoampere": "pA",
    "picoamperes": "pA",
    "nanoampere": "nA",
    "nanoamperes": "nA",
    "second": "s",
    "seconds": "s",
    "hertz": "Hz",
    "ohm": "Ohm",
    "ohms": "Ohm",
    "kiloohm": "kOhm",
    "megaohm": "MOhm",
    "gigaohm": "GOhm",
    "siemens": "S",
    "farad": "F",
    "farads": "F",
    "dimensionless": "1",
    "": "1",
}


def unit(text: str) -> Unit:
    """Look up a unit.

    Parameters
    ----------
    text : str
        As written in a file: surrounding white space and NULs are ignored, both micro signs and the
        ohm sign are understood, and so are the plain words for unprefixed units.

    Returns
    -------
    Unit
        The entry of the table.

    Raises
    ------
    UnitsError
        If it is not in the table.

    Examples
    --------
    >>> unit(" µV ").factor
    0.001
    >>> unit("volts").symbol
    'V'
    """
    bare = text.strip(" \t\r\n\0")
    plain = bare.replace("\N{MICRO SIGN}", "u").replace("\N{GREEK SMALL LETTER MU}", "u")
    plain = plain.replace("\N{OHM SIGN}", "Ohm").replace("\N{GREEK CAPITAL LETTER OMEGA}", "Ohm")
    found = _TABLE.get(plain) or _TABLE.get(_WORDS.get(plain.lower(), "\0"))
    if found is None:
        raise UnitsError(f"unit {bare!r} is not known; known are {', '.join(_TABLE)}")
    return found


def conversion_factor(source: str, target: str) -> float:
    """Return the number that a value in `source` is multiplied with to get it in `target`.

    Parameters
    ----------
    source, target : str
        Units of one dimension.

    Returns
    -------
    float
        The factor, dimensionless.

    Raises
    ------
    UnitsError
        If one is unknown or they differ in dimension.

    Examples
    --------
    >>> conversion_factor("nA", "pA")
    1000.0
    """
    a, b = unit(source), unit(target)
    if a.dimension != b.dimension:
        raise UnitsError(f"{a.symbol} is a {a.dimension}, {b.symbol} a {b.dimension}")
    return float(f"{a.factor / b.factor:.12g}")


def from_quantity(quantity: Any, target: str) -> NDArray[np.float64]:
    """Return the plain values of a `quantities` object.

    Parameters
    ----------
    quantity : quantities.Quantity
        Of any shape; its unit must be in the table.
    target : str
        The unit of the result.

    Returns
    -------
    ndarray, float64, of the same shape
        In `target`.

    Raises
    ------
    UnitsError
        If the unit is unknown or of another dimension.

    Examples
    --------
    >>> import quantities
    >>> from_quantity([1.0, 2.0] * quantities.V, "mV")
    array([1000., 2000.])
    """
    name = str(quantity.dimensionality.string)
    return np.asarray(quantity.magnitude, dtype=np.float64) * conversion_factor(name, target)


def to_quantity(values: ArrayLike, symbol: str) -> Any:
    """Return values as a `quantities` object.

    Parameters
    ----------
    values : array_like
        Of any shape.
    symbol : str
        Their unit, one of the table.

    Returns
    -------
    quantities.Quantity
        Of the same shape, in the same unit.

    Raises
    ------
    UnitsError
        If the unit is unknown.

    Examples
    --------
    >>> to_quantity([1.0], "mV")
    array([1.]) * mV
    """
    import quantities

    found = unit(symbol)
    spelled = {"1": "dimensionless", "%": "percent"}.get(found.symbol, found.symbol)
    # quantities itself has neither.
    if found.symbol in {"nV", "GOhm"}:
        internal = quantities.Quantity(found.factor, INTERNAL_UNITS[found.dimension])
        spelled = quantities.UnitQuantity(found.symbol, internal, symbol=found.symbol)
    return quantities.Quantity(np.asarray(values), spelled)
