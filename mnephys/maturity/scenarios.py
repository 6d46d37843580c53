"""What is not known about a recording, and what the measurements would be if it were otherwise.

Voltages are compared without correction for the liquid junction potential: what was subtracted is
added back. A current that is known to flow at baseline holds the cell off rest: then its baseline is no resting
potential, whatever else is unknown. Where the steps stop early, stronger ones might show more than the pattern
found.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from mnephys.maturity.conditions import Conditions
from mnephys.maturity.model import HOLDING, INPUT_RESISTANCE, PATTERN, RESTING, Rubric, Scenarios
from mnephys.maturity.scale import Role
from mnephys.maturity.seal import behind_seal, possible_seals

__all__ = [
    "AS_FOUND",
    "Scenario",
    "Unknowns",
    "adjusted",
    "injected_current",
    "possible_patterns",
    "unknowns",
    "with_pattern",
]

AS_FOUND = ""
"""The firing pattern of a scenario in which stronger steps show no more."""

_VARIED = ("added_back", "seals", "stand_ins", "patterns")


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
    pattern : str
        What stronger steps would show; `AS_FOUND` for no more than was found.
    """

    added_back: float
    seal: float
    stand_ins: bool
    pattern: str = AS_FOUND


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
    patterns : tuple of str
        What stronger steps may show.
    seal_limited : bool
        Whether the seal is known, and too leaky for the input resistance.
    injected : float or None
        Current at baseline in pA, as far as it is known; None where nothing is known of it.
    held : bool
        Whether it holds the cell off rest.
    """

    added_back: tuple[float, ...]
    seals: tuple[float, ...]
    stand_ins: tuple[bool, ...]
    patterns: tuple[str, ...] = (AS_FOUND,)
    seal_limited: bool = False
    injected: float | None = None
    held: bool = False

    @property
    def reference(self) -> Scenario:
        """The recording as it was made."""
        return Scenario(self.added_back[0], self.seals[0], self.stand_ins[0], self.patterns[0])

    def __iter__(self) -> Iterator[Scenario]:
        return itertools.starmap(Scenario, itertools.product(*(getattr(self, name) for name in _VARIED)))

    def along(self, name: str) -> list[Scenario]:
        """Return the scenarios that differ from the reference in one respect only.

        Parameters
        ----------
        name : str
            ``added_back``, ``seals``, ``stand_ins`` or ``patterns``.

        Returns
        -------
        list of Scenario
            The reference first.
        """
        alone = {varied: getattr(self, varied)[:1] for varied in _VARIED}
        return list(Unknowns(**{**alone, name: getattr(self, name)}))


def injected_current(conditions: Conditions, numbers: Mapping[str, float]) -> float | None:
    """Return the current that flows at baseline, as far as it is known.

    Parameters
    ----------
    conditions : Conditions
        With the bias that the amplifier adds to the command, where it is known.
    numbers : mapping of str to float
        With the holding current of the command, where it is known.

    Returns
    -------
    float or None
        Their sum in pA, either alone where the other is unknown, None where both are.

    Examples
    --------
    >>> injected_current(Conditions(bias_pa=20.0), {"qc_holding_current": -181.0})
    -161.0
    """
    known = [current for current in (numbers.get(HOLDING), conditions.bias_pa) if current is not None]
    return math.fsum(known) if known else None


def unknowns(
    conditions: Conditions,
    numbers: Mapping[str, float],
    rubric: Rubric,
    patterns: tuple[str, ...] = (AS_FOUND,),
) -> Unknowns:
    """Return what is not known about a recording.

    Parameters
    ----------
    conditions : Conditions
        What is known.
    numbers : mapping of str to float
        What was measured; only unknowns that bear on it are returned.
    rubric : Rubric
        The ranges to try.
    patterns : tuple of str, optional
        From `possible_patterns`.

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
    injected = injected_current(conditions, numbers)
    held = injected is not None and abs(injected) > ranges.held_above_pa
    stand_ins: tuple[bool, ...] = (not held,)
    baseline = RESTING not in numbers and any(name in numbers for name in _stand_ins(rubric))
    if conditions.bias_pa is None and baseline and not held:
        stand_ins = (True, False)
    rest = _resting(numbers, rubric) if stand_ins[0] or RESTING in numbers else None
    seals, limited = possible_seals(conditions.rseal_mohm, numbers.get(INPUT_RESISTANCE), rest, ranges)
    return Unknowns(added_back, seals, stand_ins, patterns, limited, injected, held)


def possible_patterns(pattern: str | None, stopped_early: str, rubric: Rubric) -> tuple[str, ...]:
    """Return what stronger steps may show.

    Parameters
    ----------
    pattern : str or None
        The firing pattern found; None where there is none.
    stopped_early : str
        Where the steps stop; empty where they go far enough, and where that is not known.
    rubric : Rubric
        Says which patterns are lower bounds then.

    Returns
    -------
    tuple of str
        `AS_FOUND`, and the most mature pattern if it is possible: as more firing never lowers a stage, what
        lies between needs no trial.

    Examples
    --------
    >>> from mnephys.maturity.rubric import load_rubric
    >>> possible_patterns("single", "the steps stop at 1.2 x rheobase", load_rubric())
    ('', 'sustained')
    """
    if not stopped_early or pattern not in rubric.scenarios.lower_bound_patterns:
        return (AS_FOUND,)
    return AS_FOUND, list(rubric.criteria[PATTERN].categories)[-1]


def with_pattern(categories: Mapping[str, str], scenario: Scenario) -> dict[str, str]:
    """Return the categories with the firing pattern of one scenario.

    Parameters
    ----------
    categories : mapping of str to str
        As found.
    scenario : Scenario
        What is supposed.

    Returns
    -------
    dict of str to str
        A copy.

    Examples
    --------
    >>> with_pattern({"firing_pattern": "single"}, Scenario(0.0, math.inf, True, "sustained"))
    {'firing_pattern': 'sustained'}
    """
    return dict(categories) if scenario.pattern == AS_FOUND else {**categories, PATTERN: scenario.pattern}


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
    >>> adjusted({"ap_peak": 20.0, "ap_amplitude": 60.0}, Scenario(15.0, math.inf, True), load_rubric())
    {'ap_peak': 35.0, 'ap_amplitude': 60.0}
    """
    values = dict(numbers)
    for name in rubric.scenarios.shifted:
        if name in values:
            values[name] += scenario.added_back
    if scenario.pattern != AS_FOUND:
        values |= _as_mature(rubric)
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


def _as_mature(rubric: Rubric) -> dict[str, float]:
    """Return the mature cut of each number that a lower bound of the firing pattern holds at 0."""
    bounded = rubric.scenarios.lower_bound_patterns
    return {
        c.feature: c.mature
        for c in rubric.counted
        if c.mature is not None and any(pattern in c.zero_for_patterns for pattern in bounded)
    }
