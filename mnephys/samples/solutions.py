"""The ions of a pipette or bath solution, from the text that a sample sheet holds.

A text lists substances with their concentrations in mM, and may say the pH and what it was adjusted with. Buffers
are charged in part, as the pH says; the base that charged them is ions too, and is added where nobody listed it.
"""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from mnephys.errors import SampleSheetError
from mnephys.samples.ions import IONS
from mnephys.samples.salts import Kind, Substance, is_weak, substance, substance_names
from mnephys.samples.text import shown
from mnephys.wording import nearest

__all__ = ["Solution", "parse_solution"]

LONGEST_TEXT = 4000
USUAL_PH = 7.3
LITTLE_MM = 1.0
"""Of an unknown substance: no more than this shifts a junction potential by about 0.1 mV."""
NOTED_IMBALANCE, REFUSED_IMBALANCE = 0.02, 0.10
"""Of the charge of all cations."""
MOST_MM = 6000.0

_NUMBER = r"(?P<number>\d+(?:[.,]\d+)?|[.,]\d+)"
_UNIT = r"(?P<unit>mmol/l|[uμ]mol/l|mol/l|mm|[uμ]m|nm|m|%|mg/ml|[uμ]g/ml|g/l)?"
_NAME_FIRST = re.compile(rf"(?P<name>\S.*?)[\s:=(]{{1,4}}{_NUMBER}\s*{_UNIT}\)?", re.IGNORECASE)
_NUMBER_FIRST = re.compile(rf"{_NUMBER}\s*{_UNIT}\s+(?:of\s+)?(?P<name>\S.*)", re.IGNORECASE)
_MM = {"": 1.0, "mm": 1.0, "mmol/l": 1.0, "m": 1e3, "mol/l": 1e3, "um": 1e-3, "umol/l": 1e-3, "nm": 1e-6}
_HEADING = re.compile(r"^.*?\bin\s+mM\s*\)?\s*:?", re.IGNORECASE | re.DOTALL)
_REMARK = re.compile(r"\(([^()]*(?:\bpH\b|osm)[^()]*)\)", re.IGNORECASE)
_ASIDE = re.compile(r"\s\((?![\d.,\s]+(?:mM)?\s*\))[^()]*\)")
_BETWEEN = re.compile(r";|,(?!\d)|(?<!\d),|\s(?:and|/|\+)\s", re.IGNORECASE)
_PH = re.compile(r"\bpH\b[^\d]{0,20}(\d+(?:[.,]\d+)?)", re.IGNORECASE)
_CLAUSE = re.compile(r"\bpH\b|osm|\bbubbled\b|\bgassed\b|\bsaturated\b|carbogen|%\s*(?:O2|CO2)\b", re.IGNORECASE)
_TITRANT = re.compile(r"\b(?:with|using|by|w/)\s+(?P<name>[\w\s-]+?)\s*(?:to\b|$|[)(;,.])", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Solution:
    """What is dissolved.

    Parameters
    ----------
    ions : mapping of str to float
        Concentrations in mM by the names of `mnephys.samples.ions.IONS`.
    notes : tuple of str
        What was added, left out or assumed, one sentence each.
    """

    ions: Mapping[str, float]
    notes: tuple[str, ...] = ()


@dataclass(slots=True)
class _Mixture:
    ions: dict[str, float]
    # How much charge a titration may have balanced, by its sign, and how much more charge buffers could carry.
    free: dict[int, float]
    spare: dict[str, float]
    notes: list[str]

    def add(self, name: str, concentration: float) -> None:
        self.ions[name] = self.ions.get(name, 0.0) + concentration

    @property
    def charge(self) -> float:
        return math.fsum(IONS[name].valence * c for name, c in self.ions.items())

    @property
    def cation_charge(self) -> float:
        return math.fsum(max(IONS[name].valence, 0) * c for name, c in self.ions.items())


def parse_solution(text: str) -> Solution:
    """Read which ions a solution holds.

    Parameters
    ----------
    text : str
        For example ``"K-gluconate 130, KCl 4, HEPES 10, Mg-ATP 4 mM, pH 7.3 with KOH"``; numbers may stand before
        the names, and units other than mM behind them. The osmolality and the gas may be said.

    Returns
    -------
    Solution
        Without electric charge, as far as a titration can explain what is missing.

    Raises
    ------
    SampleSheetError
        If more than a trace of something is not known, or charge is left over that nothing explains.

    Examples
    --------
    >>> solution = parse_solution("KCl 140, HEPES 10, pH 7.55 with KOH")
    >>> {name: round(mm, 3) for name, mm in solution.ions.items()}
    {'K': 145.0, 'Cl': 140.0, 'HEPES': 5.0}
    >>> solution.notes
    ('5 mM of K were added, as the base that adjusted the pH.',)
    """
    lines = unicodedata.normalize("NFKC", text).splitlines()
    plain = " ; ".join(" ".join(line.split()) for line in lines)
    if len(plain) > LONGEST_TEXT:
        raise SampleSheetError(f"a solution takes {len(plain)} characters; list its substances in {LONGEST_TEXT}")
    clauses = [clause for remark in _REMARK.findall(plain) for clause in re.split("[;,]", remark)]
    listed = _ASIDE.sub(" ", _HEADING.sub("", _REMARK.sub(" ; ", plain), count=1))
    items = [item.strip(" .\t:") for item in _BETWEEN.split(listed)]
    clauses += [item for item in items if _CLAUSE.search(item)]
    ph = next((float(found[1].replace(",", ".")) for c in clauses if (found := _PH.search(c))), USUAL_PH)
    if not 0 <= ph <= 14:
        raise SampleSheetError(f"a solution of pH {ph:g} does not exist; give 0 to 14")
    mixture = _Mixture({}, {1: 0.0, -1: 0.0}, {}, [])
    for item in items:
        if item and not _CLAUSE.search(item) and item.lower() not in {"mm", "in mm"}:
            _pour(mixture, item, ph)
    if not mixture.ions:
        raise SampleSheetError(f"{shown(text)} lists no salt with its concentration")
    _balance(mixture, _titrant(clauses))
    return Solution(MappingProxyType(mixture.ions), tuple(mixture.notes) + _assumed(mixture.ions))


def _pour(mixture: _Mixture, item: str, ph: float) -> None:
    name, number, unit = _item(item)
    found = substance(name)
    if found is None:
        if unit not in _MM or number * _MM[unit] <= LITTLE_MM:
            mixture.notes.append(f"{shown(name)} was left out, as it is not known and too little to matter.")
            return
        raise SampleSheetError(f"{shown(name)} of a solution is not known; {nearest(name, substance_names())}")
    if found.kind is Kind.NEUTRAL:
        return
    if unit not in _MM:
        raise SampleSheetError(f"{shown(item)} is given in {unit}; give mM")
    concentration = number * _MM[unit]
    if concentration > MOST_MM:
        raise SampleSheetError(f"{shown(item)} is {concentration:g} mM, more than dissolves; give mM")
    _dissolve(mixture, found, concentration, ph)


def _item(item: str) -> tuple[str, float, str]:
    for pattern in (_NAME_FIRST, _NUMBER_FIRST):
        if found := pattern.fullmatch(item):
            unit = (found["unit"] or "").lower().replace("\N{GREEK SMALL LETTER MU}", "u")
            return found["name"], float(found["number"].replace(",", ".")), unit
    raise SampleSheetError(f"{shown(item)} of a solution is no substance with a concentration; write it like KCl 4")


def _dissolve(mixture: _Mixture, what: Substance, concentration: float, ph: float) -> None:
    charged = 1.0
    if what.kind is Kind.BUFFER:
        (ion,) = what.ions
        exponent = what.pka - ph if IONS[ion].valence < 0 else ph - what.pka
        charged = 1.0 / (1.0 + 10.0 ** min(exponent, 30.0))
        mixture.spare[ion] = mixture.spare.get(ion, 0.0) + (1.0 - charged) * concentration
    for name, n in what.ions.items():
        mixture.add(name, n * charged * concentration)
        if what.kind is not Kind.SALT and is_weak(name):
            valence = IONS[name].valence
            mixture.free[1 if valence > 0 else -1] += abs(valence) * n * charged * concentration


def _balance(mixture: _Mixture, titrant: str | None) -> None:
    """Add what titrated the free acids and bases, and refuse what that cannot explain."""
    excess = mixture.charge
    if excess > 0:
        _charge_buffers(mixture, excess)
        excess = mixture.charge
    total = mixture.cation_charge
    explained = mixture.free[-1 if excess < 0 else 1]
    ion = _counterion(mixture, titrant, 1 if excess < 0 else -1)
    added = min(abs(excess), explained) if ion else 0.0
    if ion and added > 0:
        mixture.add(ion, added / abs(IONS[ion].valence))
        if added >= 0.5:
            what = "base" if IONS[ion].valence > 0 else "acid"
            mixture.notes.append(f"{added:.3g} mM of {ion} were added, as the {what} that adjusted the pH.")
    left = mixture.charge
    if abs(left) > NOTED_IMBALANCE * max(total, mixture.cation_charge):
        sign = "positive" if left > 0 else "negative"
        said = f"{abs(left):.3g} mM of {sign} charge"
        if abs(left) > REFUSED_IMBALANCE * max(total, mixture.cation_charge):
            raise SampleSheetError(f"the ions of a solution leave {said} over; list all of its salts")
        mixture.notes.append(f"The ions that are listed leave {said} over.")


def _charge_buffers(mixture: _Mixture, excess: float) -> None:
    """Charge buffers further than the pH says, where more base was listed than that takes."""
    acids = {name: spare for name, spare in mixture.spare.items() if IONS[name].valence < 0}
    room = math.fsum(acids.values())
    for name, spare in acids.items():
        mixture.add(name, spare * min(1.0, excess / room) if room > 0 else 0.0)


def _counterion(mixture: _Mixture, titrant: str | None, sign: int) -> str | None:
    if titrant and IONS[titrant].valence * sign > 0:
        return titrant
    there = [name for name in mixture.ions if IONS[name].valence == sign]
    return max(there, key=lambda name: mixture.ions[name], default=None)


def _titrant(clauses: list[str]) -> str | None:
    """Return the ion of the acid or base that the pH was adjusted with."""
    for clause in clauses:
        if (found := _TITRANT.search(clause)) and (known := substance(found["name"])) and len(known.ions) == 1:
            return next(iter(known.ions))
    return None


def _assumed(ions: Mapping[str, float]) -> tuple[str, ...]:
    names = [name for name, mm in ions.items() if IONS[name].assumed and mm > LITTLE_MM]
    return tuple(f"The mobility of {name} is {IONS[name].source}." for name in names)
