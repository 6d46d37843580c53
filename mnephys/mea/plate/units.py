"""Doses of one treatment in one unit, so that 1 uM and 1000 nM are the same dose."""

from __future__ import annotations

import math
import re
import unicodedata
from dataclasses import replace

import numpy as np

from mnephys.mea.plate.wells import Wells, labelled

__all__ = ["in_one_unit", "plain", "same_dose", "unit_scale"]

_POWERS = {"": 0, "f": -15, "p": -12, "n": -9, "u": -6, "m": -3, "k": 3}
_MOLAR = re.compile("([fpnum]?)(?:M|mol/[lL])")
_MASS = re.compile("([fpnumk]?)g/([num]?)[lL]")
_DIGITS = 12
"""Converted doses are rounded to so many digits: a factor costs the last ones, and 0.3 uM has to be 300 nM."""


def unit_scale(unit: str) -> tuple[str, int]:
    """Tell what a unit of doses is made of.

    Parameters
    ----------
    unit : str
        As somebody wrote it.

    Returns
    -------
    base : str
        ``"M"`` or ``"g/L"``; of any other unit the unit itself, with u for either micro sign.
    power : int
        Of ten: how many of the base it is.

    Examples
    --------
    >>> unit_scale("nM"), unit_scale("\N{MICRO SIGN}mol/l"), unit_scale("ug/ml"), unit_scale("Gy")
    (('M', -9), ('M', -6), ('g/L', -3), ('Gy', 0))
    """
    spelled = plain(unit)
    if molar := _MOLAR.fullmatch(spelled):
        return "M", _POWERS[molar[1]]
    if mass := _MASS.fullmatch(spelled):
        return "g/L", _POWERS[mass[1]] - _POWERS[mass[2]]
    return spelled, 0


def in_one_unit(wells: Wells) -> Wells:
    """Return wells whose doses of one treatment are in one unit, as far as their units are of one kind.

    Parameters
    ----------
    wells : Wells
        With doses as they were stated.

    Returns
    -------
    Wells
        With the unit that most wells of the treatment have; of equally many the smallest. Where one unit is spelled in
        several ways, the first of them in the alphabet.

    Examples
    --------
    >>> rate = Wells.of("rate", "Hz", ["A1", "A2", "A3"], [2.0, 4.0, 9.0], treatment=["CNQX"] * 3,
    ...                 dose=[1.0, 1000.0, 3.0], dose_unit=["uM", "nM", "uM"])
    >>> found = in_one_unit(rate)
    >>> found.dose.tolist(), found.dose_unit.tolist()
    ([1.0, 1.0, 3.0], ['uM', 'uM', 'uM'])
    """
    units, of = np.unique(wells.dose_unit, return_inverse=True)
    scales = [unit_scale(unit) for unit in units.tolist()]
    bases = np.array([base for base, _ in scales], dtype=str)[of]
    power = np.array([power for _, power in scales], dtype=np.int64)[of]
    kinds, kind = labelled(wells.treatment, bases)
    uses, use = labelled(kind, power)
    used, powers = np.array(uses, dtype=np.int64).reshape(-1, 2).T
    # Of each kind the last one that is written stays: the most frequent, of equally frequent ones the smallest.
    order = np.lexsort((-powers, np.bincount(use, minlength=len(uses))))
    chosen = np.zeros(len(kinds), dtype=np.int64)
    chosen[used[order]] = powers[order]
    shift = power - chosen[kind]
    spelled = {scale: plain(unit) for scale, unit in zip(reversed(scales), reversed(units.tolist()), strict=True)}
    named = [spelled[base, shown] for base, shown in zip(bases.tolist(), chosen[kind].tolist(), strict=True)]
    with np.errstate(over="ignore", under="ignore"):
        moved = np.where(
            shift < 0, wells.dose / 10.0 ** np.maximum(-shift, 0), wells.dose * 10.0 ** np.maximum(shift, 0)
        )
    dose = [
        float(f"{there:.{_DIGITS}g}") if by else here
        for here, there, by in zip(wells.dose.tolist(), moved.tolist(), shift.tolist(), strict=True)
    ]
    return replace(wells, dose=np.array(dose, dtype=np.float64), dose_unit=np.array(named, dtype=str))


def same_dose(one: float, unit: str, other: float, other_unit: str) -> bool:
    """Return whether two doses are the same in other words.

    Parameters
    ----------
    one : float
        A dose.
    unit : str
        Its unit.
    other : float
        Another one.
    other_unit : str
        Its unit.

    Returns
    -------
    bool
        False of units that cannot be compared, such as uM and ug/mL.

    Examples
    --------
    >>> same_dose(1.0, "uM", 1000.0, "nM"), same_dose(1.0, "uM", 1.0, "nM"), same_dose(1.0, "uM", 1.0, "ug/L")
    (True, False, False)
    """
    (base, power), (other_base, other_power) = unit_scale(unit), unit_scale(other_unit)
    return base == other_base and math.isclose(one, other * 10.0 ** (other_power - power), rel_tol=10.0**-_DIGITS)


def plain(text: str) -> str:
    """Return a unit or a treatment without what only looks different.

    Parameters
    ----------
    text : str
        As somebody wrote it.

    Returns
    -------
    str
        With u for either micro sign, and one space between words.

    Examples
    --------
    >>> plain("TTX  1 \N{MICRO SIGN}M")
    'TTX 1 uM'
    """
    return " ".join(unicodedata.normalize("NFKC", text).replace("\N{GREEK SMALL LETTER MU}", "u").split())
