"""What is not known about a recording, and what the measurements would be if it were otherwise.

Voltages are compared without correction for the liquid junction potential: what was subtracted is
added back. A seal of resistance Rs shunts the membrane to 0 mV, so that behind a measured resistance R
and resting potential V stand Rm = 1 / (1/R - 1/Rs) and V (Rs + Rm) / Rs.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from mnephys.maturity.conditions import Conditions
from mnephys.maturity.model import INPUT_RESISTANCE, RESTING, Role, Rubric, Scenarios

__all__ = ["PERFECT_SEAL", "Scenario", "Unknowns", "adjusted", "behind_seal", "unknowns"]

PERFECT_SEAL = math.inf


@dataclass(frozen=True, slots=True)
class Scenario:
    """One possible truth.

    Parameters
    ----------
    added_back : float
        Junction potential in mV that is added to the voltages.
    seal : float
        Seal resistance in MOhm; infinite for a perfect seal.
    stand_ins : bool
        Whether the baseline potential may stand for the resting potential.
    """

    added_back: float
    seal: float
    stand_ins: bool


@dataclass(frozen=True, slots=True)
class Unknowns:
    """All possible truths about one recording; the first value of each is the reference.

    Parameters
    ----------
    added_back : tuple of float
        Junction potentials in mV that may have to be added back.
    seals : tuple of float
        Seal resistances in MOhm that are possible.
    stand_ins : tuple of bool
        Whether the baseline potential stands for the resting potential.
    seal_limited : bool
        Whether the seal is known, and too leaky for the input resistance.
    """

    added_back: tuple[float, ...]
    seals: tuple[float, ...]
    stand_ins: tuple[bool, ...]
    seal_limited: bool = False

    @property
    def reference(self) -> Scenario:
        """The recording as it was made."""
        return Scenario(self.added_back[0], self.seals[0], self.stand_ins[0])

    def __iter__(self) -> Iterator[Scenario]:
        return itertools.starmap(Scenario, itertools.product(self.added_back, self.seals, self.stand_ins))

    def along(self, name: str) -> list[Scenario]:
        """Return the scenarios that differ from the reference in one respect only.

        Parameters
        ----------
        name : str
            ``added_back``, ``seals`` or ``stand_ins``.

        Returns
        -------
        list of Scenario
            The reference first.
        """
        alone = {"added_back": self.added_back[:1], "seals": self.seals[:1], "stand_ins": self.stand_ins[:1]}
        return list(Unknowns(**{**alone, name: getattr(self, name)}))


def unknowns(conditions: Conditions, numbers: Mapping[str, float], rubric: Rubric) -> Unknowns:
    """Return what is not known about a recording.

    Parameters
    ----------
    conditions : Conditions
        What is known.
    numbers : mapping of str to float
        What was measured; only unknowns that bear on it are returned.
    rubric : Rubric
        The ranges to try.

    Returns
    -------
    Unknowns
        One value where nothing is unknown.

    Examples
    --------
    >>> from mnephys.maturity.rubric import load_rubric
    >>> unknowns(Conditions(ljp_mv=15.0, ljp_subtracted=True), {"ap_peak": 30.0}, load_rubric()).added_back
    (15.0,)
    """
    ranges = rubric.scenarios
    added_back = _added_back(conditions, ranges) if any(name in numbers for name in ranges.shifted) else (0.0,)
    # A current that is known and not zero holds the cell away from rest: then nothing stands in.
    stand_ins: tuple[bool, ...] = (conditions.bias_pa in {None, 0.0},)
    if conditions.bias_pa is None and RESTING not in numbers and any(name in numbers for name in _stand_ins(rubric)):
        stand_ins = (True, False)
    resistance = numbers.get(INPUT_RESISTANCE)
    if resistance is None or resistance <= 0:
        return Unknowns(added_back, (PERFECT_SEAL,), stand_ins)
    known = conditions.rseal_mohm
    limited = known is not None and known < ranges.seal_limited_below * resistance
    if known is not None and not limited:
        return Unknowns(added_back, (PERFECT_SEAL,), stand_ins)
    tried = sorted({*ranges.seal_mohm, *(() if known is None else (known,))}, reverse=True)
    rest = _resting(numbers, rubric) if stand_ins[0] or RESTING in numbers else None
    possible = tuple(seal for seal in tried if _possible(resistance, rest, seal, ranges.resting_floor_mv))
    return Unknowns(added_back, (PERFECT_SEAL, *possible), stand_ins, limited)


def _added_back(conditions: Conditions, ranges: Scenarios) -> tuple[float, ...]:
    if conditions.ljp_subtracted is False:
        return (0.0,)
    if conditions.ljp_mv is None:
        return ranges.junction_potential_mv or (0.0,)
    return (conditions.ljp_mv,) if conditions.ljp_subtracted else (0.0, conditions.ljp_mv)


def _stand_ins(rubric: Rubric) -> list[str]:
    return [c.feature for c in rubric.counted if c.role is Role.STAND_IN and c.stands_in_for == RESTING]


def _resting(numbers: Mapping[str, float], rubric: Rubric) -> float | None:
    return next((numbers[name] for name in (RESTING, *_stand_ins(rubric)) if name in numbers), None)


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


def adjusted(numbers: Mapping[str, float], scenario: Scenario, rubric: Rubric) -> dict[str, float]:
    """Return what the measurements would be in one scenario.

    Parameters
    ----------
    numbers : mapping of str to float
        As measured.
    scenario : Scenario
        What is supposed.
    rubric : Rubric
        Says which voltages the junction potential shifts.

    Returns
    -------
    dict of str to float
        A copy; stand-ins are missing from it where they may not be used.

    Examples
    --------
    >>> from mnephys.maturity.rubric import load_rubric
    >>> adjusted({"ap_peak": 20.0, "ap_amplitude": 60.0}, Scenario(15.0, PERFECT_SEAL, True), load_rubric())
    {'ap_peak': 35.0, 'ap_amplitude': 60.0}
    """
    values = dict(numbers)
    for name in rubric.scenarios.shifted:
        if name in values:
            values[name] += scenario.added_back
    stand_ins = _stand_ins(rubric)
    if not scenario.stand_ins:
        for name in stand_ins:
            values.pop(name, None)
    if (resistance := values.get(INPUT_RESISTANCE)) is not None and math.isfinite(scenario.seal):
        values[INPUT_RESISTANCE], _ = behind_seal(resistance, 0.0, scenario.seal)
        for name in (RESTING, *stand_ins):
            if name in values:
                _, values[name] = behind_seal(resistance, values[name], scenario.seal)
    return values
