"""From the name of a substance, as somebody wrote it, to the ions that it gives."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType

from mnephys.samples.ions import IONS, TITRATED

__all__ = ["Kind", "Substance", "is_weak", "substance", "substance_names"]


class Kind(StrEnum):
    """How a substance came into the solution, which decides whether something balanced it."""

    SALT = "salt"
    FREE = "free"
    BUFFER = "buffer"
    NEUTRAL = "neutral"


@dataclass(frozen=True, slots=True)
class Substance:
    """What one formula unit of a substance gives.

    Parameters
    ----------
    kind : Kind
        `FREE` is an acid, a base or a single ion: if its counterion is not listed, it was titrated.
    ions : mapping of str to float
        How many of each ion; of a buffer those of its charged form.
    pka : float, optional
        Of a buffer.
    """

    kind: Kind
    ions: MappingProxyType[str, int] = field(default_factory=lambda: MappingProxyType({}))
    pka: float = 0.0


_CATIONS = {
    "K": ("k", "potassium"),
    "Na": ("na", "sodium"),
    "Cs": ("cs", "cesium", "caesium"),
    "Li": ("li", "lithium"),
    "Rb": ("rb", "rubidium"),
    "NH4": ("nh4", "ammonium"),
    "Ca": ("ca", "calcium"),
    "Mg": ("mg", "magnesium"),
    "Ba": ("ba", "barium"),
    "Sr": ("sr", "strontium"),
    "Co": ("co", "cobalt"),
    "Zn": ("zn", "zinc"),
    "Mn": ("mn", "manganese"),
    "Cd": ("cd", "cadmium"),
    "choline": ("choline",),
    "TEA": ("tea", "tetraethylammonium"),
    "TMA": ("tma", "tetramethylammonium"),
    "NMDG": ("nmdg", "nmethyldglucamine"),
    "Tris": ("tris",),
    "QX-314": ("qx314",),
    "4-AP": ("4ap", "4aminopyridine"),
}
_ANIONS = {
    "Cl": ("cl", "chloride", "hcl"),
    "F": ("f", "fluoride"),
    "Br": ("br", "bromide"),
    "I": ("i", "iodide"),
    "NO3": ("no3", "nitrate"),
    "HCO3": ("hco3", "bicarbonate"),
    "H2PO4": ("h2po4", "dihydrogenphosphate"),
    "HPO4": ("hpo4", "hydrogenphosphate"),
    "SO4": ("so4", "sulfate", "sulphate"),
    "acetate": ("acetate",),
    "aspartate": ("aspartate", "laspartate", "asp"),
    "citrate": ("citrate",),
    "gluconate": ("gluconate", "dgluconate", "gluc"),
    "glutamate": ("glutamate", "lglutamate"),
    "isethionate": ("isethionate",),
    "lactate": ("lactate",),
    "methanesulfonate": (
        "methanesulfonate",
        "methanesulphonate",
        "methylsulfonate",
        "methylsulphonate",
        "mesylate",
        "meso3",
        "ch3so3",
    ),
    "methylsulfate": ("methylsulfate", "methylsulphate", "meso4", "ch3so4"),
    "propionate": ("propionate",),
    "pyruvate": ("pyruvate",),
    "HEPES": ("hepes",),
    "MES": ("mes",),
    "MOPS": ("mops",),
    "phosphocreatine": ("phosphocreatine", "creatinephosphate", "pcr", "pcreatine"),
}
# Which charge these carry, the salt says: K2-EGTA, Mg-ATP, Na3-GTP.
_FAMILIES = {
    "EGTA": (("egta",), ("EGTA(2-)", "EGTA(3-)", "EGTA(4-)")),
    "BAPTA": (("bapta",), ("BAPTA(4-)",)),
    "ATP": (("atp",), ("ATP(2-)", "ATP(3-)", "ATP(4-)")),
    "GTP": (("gtp",), ("GTP(2-)", "GTP(3-)", "GTP(4-)")),
}
_ACIDS = {
    "hcl": "Cl",
    "hydrochloricacid": "Cl",
    "hf": "F",
    "h2so4": "SO4",
    "gluconicacid": "gluconate",
    "dgluconicacid": "gluconate",
    "methanesulfonicacid": "methanesulfonate",
    "methanesulphonicacid": "methanesulfonate",
    "asparticacid": "aspartate",
    "lasparticacid": "aspartate",
    "glutamicacid": "glutamate",
    "lglutamicacid": "glutamate",
    "isethionicacid": "isethionate",
    "aceticacid": "acetate",
}
_NEUTRAL = frozenset(
    {
        *("glucose", "dglucose", "dextrose", "sucrose", "trehalose", "mannitol", "dmannitol", "sorbitol"),
        *("inositol", "myoinositol", "urea", "thiourea", "taurine", "creatine", "glycine", "glutamine", "lglutamine"),
        *("dmso", "water", "h2o"),
    }
)
# Weighed in with protons or counterions that the name does not say.
_BUFFERED = frozenset({"HEPES", "MES", "MOPS", "phosphocreatine", "citrate"})
_DIGITS = "1234"
_COUNTS = {"": 1, "mono": 1, "di": 2, "bi": 2, "tri": 3, "tetra": 4, **{digit: int(digit) for digit in _DIGITS}}
# The charge of all other ions does not depend on the pH, so that no titration can have balanced them.
_WEAK_BASES = frozenset({"NMDG", "Tris"})
_STRONG_ANIONS = frozenset({"Cl", "F", "Br", "I", "NO3", "HCO3", "H2PO4", "HPO4", "SO4"})
_BY_CATION = {spelling: ion for ion, spellings in _CATIONS.items() for spelling in spellings}
_BY_ANION = {spelling: ion for ion, spellings in _ANIONS.items() for spelling in spellings}
_BY_FAMILY = {spelling: name for name, (spellings, _) in _FAMILIES.items() for spelling in spellings}
_HYDRATE = re.compile(r"[\s\N{MIDDLE DOT}\N{BULLET}*.x]+\d*\s*h2o$", re.IGNORECASE)
_CHARGE = re.compile(r"(\d?)[+\N{MINUS SIGN}-]$")


def substance(name: str) -> Substance | None:
    """Return what a substance gives.

    Parameters
    ----------
    name : str
        Formula or name, with or without hyphens and counts.

    Returns
    -------
    Substance or None
        None where it is not known.

    Examples
    --------
    >>> dict(substance("K-gluconate").ions), dict(substance("MgCl2").ions), dict(substance("Na2-ATP").ions)
    ({'K': 1, 'gluconate': 1}, {'Mg': 1, 'Cl': 2}, {'Na': 2, 'ATP(2-)': 1})
    >>> substance("K-glucnate") is None
    True
    """
    for key in _keys(name):
        if found := _known(key):
            return found
    return None


def is_weak(ion: str) -> bool:
    """Return whether an ion is the charged form of an acid or base that a titration brings about.

    Parameters
    ----------
    ion : str
        A name of `IONS`.

    Returns
    -------
    bool
        False for ions that are charged whatever the pH.

    Examples
    --------
    >>> is_weak("gluconate"), is_weak("Cl"), is_weak("K")
    (True, False, False)
    """
    return ion in _WEAK_BASES if IONS[ion].valence > 0 else ion not in _STRONG_ANIONS


def substance_names() -> list[str]:
    """Return names to choose from when one is not known.

    Returns
    -------
    list of str
        Salts of the common cations, buffers and uncharged substances.

    Examples
    --------
    >>> "K-gluconate" in substance_names()
    True
    """
    salts = [f"{cation}-{anion}" for cation in ("K", "Na", "Cs") for anion in ("gluconate", "methanesulfonate")]
    salts += [f"{cation}-{anion}" for cation in ("K", "Cs") for anion in ("methylsulfate", "aspartate", "glutamate")]
    chlorides = ["NaCl", "KCl", "CsCl", "LiCl", "MgCl2", "CaCl2", "TEA-Cl", "NMDG-Cl", "choline-Cl"]
    others = ["NaHCO3", "NaH2PO4", "KH2PO4", "MgSO4", "CsF", "KF", "KOH", "NaOH", "CsOH", "HCl"]
    nucleotides = ["Mg-ATP", "Na2-ATP", "K2-ATP", "Na-GTP", "Na3-GTP", "Na2-phosphocreatine"]
    return [*salts, *chlorides, *others, *nucleotides, *TITRATED, "glucose", "sucrose", "mannitol"]


def _keys(name: str) -> Iterator[str]:
    """Yield the spellings to try: without water of crystals, signs and all that is no letter or digit."""
    plain = _HYDRATE.sub("", name.strip())
    yield _letters(plain)
    # The digit of "Ca2+" is a charge, that of "HCO3-" a count.
    if sign := _CHARGE.search(plain):
        yield _letters(plain[: sign.start()])


def _letters(text: str) -> str:
    return "".join(c for c in text.lower() if c.isascii() and c.isalnum())


def _known(key: str) -> Substance | None:
    if key in _NEUTRAL:
        return Substance(Kind.NEUTRAL)
    for buffer, titrated in TITRATED.items():
        if key == buffer.lower():
            return _of(Kind.BUFFER, {titrated.ion: 1}, titrated.pka)
    if key in _BY_FAMILY:
        return _of(Kind.FREE, {_FAMILIES[_BY_FAMILY[key]][1][0]: 1})
    if ion := _ACIDS.get(key) or _BY_CATION.get(key) or _BY_ANION.get(key):
        return _of(Kind.FREE, {ion: 1})
    for tail in ("oh", "hydroxide"):
        if (ion := _BY_CATION.get(key.removesuffix(tail))) and key.endswith(tail):
            return _of(Kind.FREE, {ion: 1})
    return next((salt for cation, rest in _cations_at_an_end(key) if (salt := _salt(cation, rest))), None)


def _cations_at_an_end(key: str) -> Iterator[tuple[str, str]]:
    """Yield each cation that the key begins or ends with, and what is left."""
    for spelling, ion in _BY_CATION.items():
        if key.startswith(spelling):
            yield ion, key.removeprefix(spelling)
        # "phosphocreatine disodium", "ATP-Mg": the count stands before the name or, as in "ATP-Na2", behind it.
        for count in _COUNTS:
            for end in (f"{count}{spelling}", f"{spelling}{count}"):
                if key.endswith(end):
                    yield ion, f"{count}{key.removesuffix(end)}"


def _salt(cation: str, rest: str) -> Substance | None:
    for prefix, n in _COUNTS.items():
        body = rest.removeprefix(prefix)
        if not rest.startswith(prefix):
            continue
        if family := _BY_FAMILY.get(body):
            return _of_family(cation, n, family)
        for suffix in ("", *_DIGITS):
            m = int(suffix or 1)
            anion = _BY_ANION.get(body.removesuffix(suffix)) if body.endswith(suffix) else None
            if anion and (found := _neutral_salt(cation, n, anion, m, stated=bool(prefix or suffix))):
                return found
    return None


def _of_family(cation: str, n: int, family: str) -> Substance:
    members = _FAMILIES[family][1]
    charge = n * IONS[cation].valence
    # What the salt leaves open, the titration of the solution has balanced.
    member = max(members, key=lambda name: (-IONS[name].valence <= charge, -abs(charge + IONS[name].valence)))
    kind = Kind.SALT if charge + IONS[member].valence == 0 else Kind.FREE
    return _of(kind, {cation: n, member: 1})


def _neutral_salt(cation: str, n: int, anion: str, m: int, *, stated: bool) -> Substance | None:
    plus, minus = IONS[cation].valence, -IONS[anion].valence
    if n * plus == m * minus:
        return _of(Kind.SALT, {cation: n, anion: m})
    if anion in _BUFFERED:
        return _of(Kind.FREE, {cation: n, anion: m})
    if stated:
        return None
    both = math.lcm(plus, minus)
    return _of(Kind.SALT, {cation: both // plus, anion: both // minus})


def _of(kind: Kind, ions: dict[str, int], pka: float = 0.0) -> Substance:
    return Substance(kind, MappingProxyType(ions), pka)
