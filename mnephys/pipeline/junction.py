"""Which junction potential the recordings of a cell have: stated, or computed from the solutions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from mnephys.errors import SampleSheetError
from mnephys.samples import Sample, Solution, junction_potential, parse_solution
from mnephys.samples.junction import TABLE_TEMPERATURE_C

__all__ = ["DOUBTED_MV", "Junction", "junction_of"]

DOUBTED_MV = 3.0
"""Where the junction potential that is stated and the one computed are further apart, the score says so."""


@dataclass(frozen=True, slots=True)
class Junction:
    """The junction potential of a cell.

    Parameters
    ----------
    ljp_mv : float or None
        In mV; None where it is neither stated nor computed.
    reasons : tuple of str
        How it is known, in sentences; empty where it was just stated.
    """

    ljp_mv: float | None
    reasons: tuple[str, ...] = ()


def junction_of(samples: Sequence[Sample]) -> Junction:
    """Return the junction potential of a cell's recordings.

    Parameters
    ----------
    samples : sequence of Sample
        What is known of each; the first that states the potential counts, and the first that states both solutions.

    Returns
    -------
    Junction
        As stated, else computed from the solutions and rounded to 0.1 mV.

    Examples
    --------
    >>> junction_of([Sample("c1.abf", internal_solution="K-gluconate 145", external_solution="NaCl 150")])
    Junction(ljp_mv=17.3, reasons=('The junction potential was computed from the solutions: 17.3 mV at 25 degC.',))
    """
    stated = next((s.ljp_mv for s in samples if s.ljp_mv is not None), None)
    dissolved = next((s for s in samples if s.internal_solution and s.external_solution), None)
    if dissolved is None:
        return Junction(stated)
    temperature = TABLE_TEMPERATURE_C if dissolved.temperature_c is None else dissolved.temperature_c
    try:
        pipette, bath = parse_solution(dissolved.internal_solution), parse_solution(dissolved.external_solution)
        computed = round(junction_potential(pipette, bath, temperature), 1)
    except SampleSheetError as error:
        why = f"The junction potential could not be computed from the solutions: {str(error).rstrip('.')}."
        return Junction(stated, () if stated is not None else (why,))
    if stated is None:
        how = f"The junction potential was computed from the solutions: {computed:g} mV at {temperature:g} degC."
        return Junction(computed, (how, *_notes("Pipette", pipette), *_notes("Bath", bath)))
    if abs(stated - computed) <= DOUBTED_MV:
        return Junction(stated)
    said = f"The junction potential is stated as {stated:g} mV, but the solutions give {computed:g} mV"
    return Junction(stated, (f"{said}; the stated one was used.",))


def _notes(which: str, solution: Solution) -> list[str]:
    return [f"{which} solution: {' '.join(solution.notes)}"] if solution.notes else []
