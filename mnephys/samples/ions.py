"""The ions of pipette and bath solutions: valence, mobility, and who measured it.

Mobilities are relative to that of potassium, per ion and not per equivalent: limiting equivalent conductivity over
the size of the valence, as in Barry & Lynch (1991). Limiting conductivities hold at 25 degC; their ratios hardly
depend on the temperature.
"""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType

__all__ = ["IONS", "TITRATED", "Ion", "Titrated"]

_NG_BARRY = "Ng & Barry 1995, doi:10.1016/0165-0270(94)00087-W"
_LANGE = "Lange's Handbook of Chemistry, 15th edition, table 8.32"
_UNSW = "ion tables of JPCalc's author, UNSW Sydney, after Barry 1994, doi:10.1016/0165-0270(94)90031-0"


@dataclass(frozen=True, slots=True)
class Ion:
    """One ion.

    Parameters
    ----------
    name : str
        As a solution lists it.
    valence : int
        Charges, with their sign.
    mobility : float
        Relative to potassium.
    source : str
        Who says so; begins with ``"assumed"`` where nobody has measured it.
    """

    name: str
    valence: int
    mobility: float
    source: str

    @property
    def assumed(self) -> bool:
        """Whether the mobility is that of a similar ion."""
        return self.source.startswith("assumed")


@dataclass(frozen=True, slots=True)
class Titrated:
    """What a substance that is weighed in uncharged is at a pH.

    Parameters
    ----------
    ion : str
        A name of `IONS`.
    pka : float
        Where half of it is charged.
    """

    ion: str
    pka: float


_TABLE = (
    ("K", 1, 1.0, _NG_BARRY),
    ("Na", 1, 0.682, _NG_BARRY),
    ("Cs", 1, 1.05, _NG_BARRY),
    ("Li", 1, 0.525, _NG_BARRY),
    ("Rb", 1, 1.059, _NG_BARRY),
    ("NH4", 1, 1.0, _NG_BARRY),
    ("Ca", 2, 0.405, _NG_BARRY),
    ("Mg", 2, 0.361, _NG_BARRY),
    ("Ba", 2, 0.433, _NG_BARRY),
    ("Sr", 2, 0.404, _NG_BARRY),
    ("Co", 2, 0.370, _NG_BARRY),
    ("Zn", 2, 0.359, _NG_BARRY),
    ("Mn", 2, 0.364, _UNSW),
    ("Cd", 2, 0.37, _UNSW),
    ("choline", 1, 0.51, _NG_BARRY),
    ("TEA", 1, 0.444, _NG_BARRY),
    ("TMA", 1, 0.611, _NG_BARRY),
    ("NMDG", 1, 0.33, _NG_BARRY),
    ("Tris", 1, 0.40, _NG_BARRY),
    ("4-AP", 1, 0.45, "assumed: as 2-aminopyridine, 0.45, and 3-aminopyridine, 0.46, of the UNSW ion tables"),
    ("QX-314", 1, 0.33, "assumed: as NMDG, an organic cation of similar size"),
    ("Cl", -1, 1.039, _NG_BARRY),
    ("F", -1, 0.753, _NG_BARRY),
    ("Br", -1, 1.063, _NG_BARRY),
    ("I", -1, 1.045, _NG_BARRY),
    ("NO3", -1, 0.972, _NG_BARRY),
    ("HCO3", -1, 0.605, _NG_BARRY),
    ("H2PO4", -1, 0.45, _NG_BARRY),
    ("HPO4", -2, 0.390, _NG_BARRY),
    ("SO4", -2, 0.544, _NG_BARRY),
    ("acetate", -1, 0.556, _NG_BARRY),
    ("aspartate", -1, 0.30, _NG_BARRY),
    ("citrate", -3, 0.318, _UNSW),
    ("gluconate", -1, 0.33, _NG_BARRY),
    ("glutamate", -1, 0.26, _NG_BARRY),
    ("isethionate", -1, 0.52, _NG_BARRY),
    ("lactate", -1, 0.528, _LANGE),
    ("methanesulfonate", -1, 0.664, _LANGE),
    ("methylsulfate", -1, 0.664, _UNSW),
    ("propionate", -1, 0.487, _NG_BARRY),
    ("pyruvate", -1, 0.528, "assumed: as lactate"),
    ("HEPES", -1, 0.30, _NG_BARRY),
    ("MES", -1, 0.37, _NG_BARRY),
    ("MOPS", -1, 0.35, _NG_BARRY),
    ("EGTA(2-)", -2, 0.24, _NG_BARRY),
    ("EGTA(3-)", -3, 0.25, _NG_BARRY),
    ("EGTA(4-)", -4, 0.25, "assumed: as EGTA(3-)"),
    ("BAPTA(4-)", -4, 0.25, "assumed: as EGTA(3-)"),
    ("ATP(2-)", -2, 0.15, _UNSW),
    ("ATP(3-)", -3, 0.15, _UNSW),
    ("ATP(4-)", -4, 0.15, _UNSW),
    ("GTP(2-)", -2, 0.15, "assumed: as ATP"),
    ("GTP(3-)", -3, 0.15, "assumed: as ATP"),
    ("GTP(4-)", -4, 0.15, "assumed: as ATP"),
    ("phosphocreatine", -2, 0.24, "assumed: as EGTA(2-), of similar size and valence"),
)

IONS = MappingProxyType({row[0]: Ion(*row) for row in _TABLE})
"""All ions that are known, by name."""

_ALWAYS = 0.0

TITRATED = MappingProxyType(
    {
        # At 20 degC; HEPES, MES and Tris as in Good et al. 1966, doi:10.1021/bi00866a011.
        "HEPES": Titrated("HEPES", 7.55),
        "MES": Titrated("MES", 6.15),
        "MOPS": Titrated("MOPS", 7.2),
        # Two protons stay on EGTA at the pH of a cell, none on BAPTA.
        "EGTA": Titrated("EGTA(2-)", _ALWAYS),
        "BAPTA": Titrated("BAPTA(4-)", _ALWAYS),
        "Tris": Titrated("Tris", 8.3),
    }
)
"""Buffers and chelators that are weighed in as acid or base."""
