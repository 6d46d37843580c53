"""The liquid junction potential between pipette and bath, computed from their ions."""

from __future__ import annotations

import math
from collections.abc import Mapping

from mnephys.errors import SampleSheetError
from mnephys.samples.ions import IONS
from mnephys.samples.solutions import Solution, parse_solution
from mnephys.samples.text import shown
from mnephys.wording import nearest

__all__ = ["TABLE_TEMPERATURE_C", "junction_potential"]

TABLE_TEMPERATURE_C = 25.0
"""What a bath of unknown temperature is taken to have, in degC: that at which the mobilities were measured."""

GAS_CONSTANT = 8.314462618
FARADAY = 96485.33212
ZERO_CELSIUS = 273.15
_COLDEST, _HOTTEST = 0.0, 60.0


def junction_potential(
    internal: Solution | Mapping[str, float] | str,
    external: Solution | Mapping[str, float] | str,
    temperature_c: float = TABLE_TEMPERATURE_C,
) -> float:
    r"""Return the liquid junction potential between pipette and bath by the generalised Henderson equation.

    With valence :math:`z`, mobility :math:`u` and concentration :math:`a` of each ion in pipette (P) and bath (S)

    .. math:: V_L = V_S - V_P = \frac{RT}{F}
        \frac{\sum z u (a_S - a_P)}{\sum z^2 u (a_S - a_P)}
        \ln \frac{\sum z^2 u a_P}{\sum z^2 u a_S}

    as in Barry & Lynch 1991 (doi:10.1007/BF01870526) and Barry 1994 (doi:10.1016/0165-0270(94)90031-0), with
    concentrations for activities. What the amplifier shows, once it read zero in the bath, is the true potential
    plus this one: subtract it (Neher 1992, doi:10.1016/0076-6879(92)07008-C).

    Parameters
    ----------
    internal, external : Solution, mapping of str to float, or str
        Pipette and bath; concentrations in mM by ion, or a text that `parse_solution` reads.
    temperature_c : float
        Of the bath in degC.

    Returns
    -------
    float
        In mV, positive where the true potential is below the one recorded, as with K-gluconate in saline.

    Raises
    ------
    SampleSheetError
        If an ion is not known, a concentration is no number of at least 0, a solution is without ions, or the
        temperature is not that of a bath.

    Examples
    --------
    >>> round(junction_potential("CsF 135, NaCl 10", "NaCl 145", 20.0), 2)
    8.75
    """
    if not _COLDEST <= temperature_c <= _HOTTEST:
        raise SampleSheetError(f"{shown(temperature_c)} degC is no temperature of a bath; give 0 to 60")
    pipette, bath = _ions(internal), _ions(external)
    names = sorted({*pipette, *bath})
    drift = math.fsum(IONS[n].valence * IONS[n].mobility * (bath.get(n, 0.0) - pipette.get(n, 0.0)) for n in names)
    inside, outside = _conductivity(pipette), _conductivity(bath)
    if not (inside > 0 and outside > 0):
        raise SampleSheetError("a solution without ions has no junction potential; list its salts")
    ratio = (inside - outside) / outside
    # Where both conduct alike, the quotient of the equation is 0 / 0 and this is its limit.
    slope = math.log1p(ratio) / ratio if ratio else 1.0
    volt = GAS_CONSTANT * (temperature_c + ZERO_CELSIUS) / FARADAY * -drift / outside * slope
    return 1000.0 * volt + 0.0


def _conductivity(ions: Mapping[str, float]) -> float:
    return math.fsum(IONS[name].valence ** 2 * IONS[name].mobility * mm for name, mm in ions.items())


def _ions(solution: Solution | Mapping[str, float] | str) -> Mapping[str, float]:
    if isinstance(solution, str):
        return parse_solution(solution).ions
    ions = solution.ions if isinstance(solution, Solution) else solution
    for name, concentration in ions.items():
        if name not in IONS:
            raise SampleSheetError(f"the ion {shown(name)} is not known; {nearest(name, IONS)}")
        if not 0 <= concentration < math.inf:
            raise SampleSheetError(f"{shown(concentration)} mM of {name} is no concentration; give a number from 0 up")
    return ions
