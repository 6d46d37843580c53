"""Whether the gates of a claim are met."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from mnephys.maturity.scale import EVERY_DOMAIN, Criterion, Gate, Scale

__all__ = ["TIE", "Known", "Outcome", "passes"]

TIE = 1e-9
"""A value that reaches a cut but for rounding reaches it."""


class Outcome(StrEnum):
    """What became of a gate."""

    MET = "met"
    UNMET = "unmet"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Known:
    """Everything that a gate may ask for.

    Parameters
    ----------
    rubric : Scale
        What counts.
    numbers : mapping of str to float
        Measured values, in the units of the criteria.
    categories : mapping of str to str
        Categories found.
    scores : mapping of str to float or None
        Of each domain of which enough was measured.
    measured : mapping of str to int
        Features that make the score of each of these domains.
    held : bool
        Whether a current is known to hold the cell off rest.
    """

    rubric: Scale
    numbers: Mapping[str, float]
    categories: Mapping[str, str]
    scores: Mapping[str, float | None]
    measured: Mapping[str, int]
    held: bool = False

    def outcome(self, gate: Gate) -> Outcome:
        """Return what becomes of a gate.

        Parameters
        ----------
        gate : Gate
            Of the same rubric.

        Returns
        -------
        Outcome
            ``unknown`` where what it asks for was not measured.
        """
        if gate.only_if_held and not self.held:
            return Outcome.MET
        if gate.any_of:
            return self._any(gate)
        if gate.measured or gate.one_of:
            return self._found(gate)
        if gate.target == EVERY_DOMAIN:
            weighted = [s for name, s in self.scores.items() if self.rubric.domains[name].weight and s is not None]
            return _met(all(passes(gate, score) for score in weighted)) if weighted else Outcome.UNKNOWN
        if gate.minimum and self.measured.get(gate.target.removeprefix("domain:"), 0) < gate.minimum:
            return Outcome.UNKNOWN
        value = self._number(gate.target)
        return Outcome.UNKNOWN if value is None else _met(passes(gate, value))

    def _any(self, gate: Gate) -> Outcome:
        outcomes = [(self.outcome(inner), inner.decisive) for inner in gate.any_of]
        if any(outcome is Outcome.MET for outcome, _ in outcomes):
            return Outcome.MET
        sought = [outcome for outcome, decisive in outcomes if decisive] or [outcome for outcome, _ in outcomes]
        return Outcome.UNMET if all(outcome is Outcome.UNMET for outcome in sought) else Outcome.UNKNOWN

    def _found(self, gate: Gate) -> Outcome:
        if gate.measured:
            return Outcome.MET if gate.target in {*self.numbers, *self.categories} else Outcome.UNKNOWN
        category = self.categories.get(gate.target)
        return Outcome.UNKNOWN if category is None else _met(category in gate.one_of)

    def _number(self, target: str) -> float | None:
        if target.startswith("domain:"):
            return self.scores.get(target.removeprefix("domain:"))
        value = self.numbers.get(target)
        criterion: Criterion | None = self.rubric.criteria.get(target)
        return abs(value) if value is not None and criterion is not None and criterion.magnitude else value


def _met(passed: bool) -> Outcome:
    return Outcome.MET if passed else Outcome.UNMET


def passes(gate: Gate, value: float) -> bool:
    """Return whether a number passes a gate.

    Parameters
    ----------
    gate : Gate
        With `at_least` or `above`.
    value : float
        In its unit.

    Returns
    -------
    bool
        A value that reaches `at_least` but for rounding passes.

    Examples
    --------
    >>> passes(Gate("ap_peak", above=0.0, unit="mV"), 0.0)
    False
    """
    if gate.at_least is not None:
        return value >= gate.at_least - TIE
    return gate.above is not None and value > gate.above
