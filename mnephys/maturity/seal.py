"""The leak through the seal between pipette and membrane.

A seal of resistance Rs shunts the membrane to 0 mV, so that behind a measured resistance R and resting
potential V stand Rm = 1 / (1/R - 1/Rs) and V (Rs + Rm) / Rs.
"""

from __future__ import annotations

import math

from mnephys.maturity.model import Scenarios

__all__ = ["PERFECT_SEAL", "behind_seal", "possible_seals"]

PERFECT_SEAL = math.inf


def possible_seals(
    known: float | None, resistance: float | None, rest: float | None, ranges: Scenarios
) -> tuple[tuple[float, ...], bool]:
    """Return the seals to try, and whether one that is known is too leaky.

    Parameters
    ----------
    known : float or None
        Seal resistance in MOhm, where it is known.
    resistance : float or None
        Input resistance as measured, in MOhm.
    rest : float or None
        Resting potential as measured, in mV.
    ranges : Scenarios
        The seals to try where it is not.

    Returns
    -------
    seals : tuple of float
        In MOhm, a perfect one first; none that the measurements contradict.
    limited : bool
        Whether the seal is known, and too leaky for the input resistance.

    Examples
    --------
    >>> from mnephys.maturity.rubric import load_rubric
    >>> possible_seals(None, 1500.0, -60.0, load_rubric().scenarios)
    ((inf, 10000.0, 5000.0), False)
    """
    if resistance is None or resistance <= 0:
        return (PERFECT_SEAL,), False
    limited = known is not None and known < ranges.seal_limited_below * resistance
    if known is not None and not limited:
        return (PERFECT_SEAL,), False
    tried = sorted({*ranges.seal_mohm, *(() if known is None else (known,))}, reverse=True)
    possible = tuple(seal for seal in tried if _possible(resistance, rest, seal, ranges.resting_floor_mv))
    return (PERFECT_SEAL, *possible), limited


def _possible(resistance: float, rest: float | None, seal: float, floor: float) -> bool:
    if seal <= resistance:
        return False
    return rest is None or behind_seal(resistance, rest, seal)[1] >= floor


def behind_seal(resistance: float, potential: float, seal: float) -> tuple[float, float]:
    """Return input resistance and resting potential without the leak through the seal.

    Parameters
    ----------
    resistance : float
        As measured, in MOhm.
    potential : float
        As measured, in mV.
    seal : float
        Seal resistance in MOhm, above `resistance`; infinite for a perfect seal.

    Returns
    -------
    resistance, potential : float
        Of the membrane, in MOhm and mV.

    Raises
    ------
    ValueError
        If the seal does not exceed the measured resistance, which contains it.

    Examples
    --------
    >>> behind_seal(500.0, -40.0, 1000.0)
    (1000.0, -80.0)
    """
    if seal <= resistance:
        raise ValueError(f"a seal of {seal:g} MOhm cannot be part of {resistance:g} MOhm")
    if math.isinf(seal):
        return resistance, potential
    # The same as 1 / (1/R - 1/Rs), without a difference that can round to zero.
    membrane = resistance * seal / (seal - resistance)
    return membrane, potential * (seal + membrane) / seal
