"""A score read against the protocol that made the cell: sentences beside the score, which never change it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mnephys.maturity.derivation import DayZero, Derivation, Known, Reached, Said, Shown
from mnephys.maturity.findings import lower_first
from mnephys.maturity.model import PATTERN, Rubric
from mnephys.maturity.result import Score

__all__ = ["firing_of", "read_against", "stated_days"]

_COLUMNS = {DayZero.DIFFERENTIATION: "day_of_differentiation", DayZero.PLATING: "div"}
_FUNCTIONAL = "functional motor neurons"
_BY_MARKERS = "motor neurons, by their markers,"
_NO_PROOF = "Days are no proof of maturity: the protocol changes neither stage, claim nor index."


def read_against(
    score: Score, protocol: Derivation, ladder: Mapping[str, str], days: Mapping[DayZero, float], fires: str = ""
) -> tuple[str, ...]:
    """Return the sentences of a score read against a protocol.

    Parameters
    ----------
    score : Score
        Of a cell; nothing of it is changed.
    protocol : Derivation
        How the cell was made.
    ladder : mapping of str to str
        The rungs of functional evidence in words.
    days : mapping of DayZero to float
        How old the cell is, by what the days are counted from; empty where nobody stated it.
    fires : str, optional
        How the cell fires, as a clause such as ``fires no AP``; empty where that was not measured.

    Returns
    -------
    tuple of str
        When the protocol reaches functional motor neurons, beside what this cell does; then what was shown of their
        function. Nothing is compared with what is only remembered, was not found, or is counted from another day zero.

    Examples
    --------
    >>> from mnephys.maturity.parse_derivation import load_derivations
    >>> from mnephys.maturity.score import score_cell
    >>> from mnephys.measurement import FeatureTable, Measurement
    >>> rows = (Measurement("firing_pattern", None, "none", "1"), Measurement("qc_drive", None, "driven", "1"))
    >>> known = load_derivations()
    >>> day = {DayZero.DIFFERENTIATION: 28.0}
    >>> lines = read_against(
    ...     score_cell(FeatureTable(rows)), known.protocols["du2015"], known.ladder, day, "fires no AP"
    ... )
    >>> print(lines[0])  # doctest: +NORMALIZE_WHITESPACE
    Day 28 of Du et al. 2015: functional motor neurons are reported there by day 28 (seen in its abstract);
    this cell fires no AP and is immature by its own measurements (claim none).
    """
    return f"{_expected(protocol, days)}; {_found(score, fires)}.", f"{_shown(protocol, ladder)} {_NO_PROOF}"


def stated_days(sample: Mapping[str, Any]) -> dict[DayZero, float]:
    """Return how old a cell is, as far as somebody stated it.

    Parameters
    ----------
    sample : mapping of str to object
        The `sample` of a score.

    Returns
    -------
    dict of DayZero to float
        By what the days are counted from.

    Examples
    --------
    >>> stated_days({"div": 14.0, "line": "WT"})
    {<DayZero.PLATING: 'plating'>: 14.0}
    """
    found = {zero: sample.get(column) for zero, column in _COLUMNS.items()}
    return {zero: float(day) for zero, day in found.items() if isinstance(day, (int, float))}


def firing_of(score: Score, rubric: Rubric) -> str:
    """Return how a cell fires, in the words of the rubric.

    Parameters
    ----------
    score : Score
        Of a cell.
    rubric : Rubric
        That scored it.

    Returns
    -------
    str
        A clause such as ``fires no AP``; empty where the firing pattern was not measured.
    """
    pattern = next((line.text for line in score.criteria if line.feature == PATTERN), "")
    phrase = rubric.criteria[PATTERN].phrases.get(pattern, "")
    return lower_first(phrase)


def _expected(protocol: Derivation, days: Mapping[DayZero, float]) -> str:
    """Return when the protocol reaches motor neurons that work, or at least motor neurons."""
    function, cells, name = protocol.function, protocol.motor_neurons, _name(protocol)
    if function.known.judges:
        return _reported(function, _FUNCTIONAL, name, days)
    unknown = f"when motor neurons are functional there {_unknown(function)}"
    if cells.known.judges:
        return f"{_reported(cells, _BY_MARKERS, name, days)}; {unknown}"
    return f"Read against {name}: {unknown}, so that no day is compared"


def _reported(reached: Reached, who: str, name: str, days: Mapping[DayZero, float]) -> str:
    said = ", ".join(filter(None, (reached.words if reached.day is not None else "", _how(reached))))
    when = f"{_after(reached)} ({said})"
    day = days.get(reached.zero)
    if reached.day is None:
        return f"Read against {name}: {who} are reported there after {when}, which is no day to compare with"
    if day is None:
        return f"Read against {name}: {who} are reported there by {when}; {_not_stated(reached.zero, days)}"
    age = f"Day {day:g} of {name}" if reached.zero is DayZero.DIFFERENTIATION else f"{day:g} DIV, read against {name}"
    if day < reached.day:
        return f"{age}: that is before {who} are reported there, which is by {when}"
    return f"{age}: {who} are reported there by {when}"


def _after(reached: Reached) -> str:
    if reached.day is None:
        origin = f", counted from {reached.zero}" if reached.zero is not DayZero.NOT_SAID else ""
        return f"{reached.words}{origin}"
    if reached.zero is DayZero.DIFFERENTIATION:
        return f"day {reached.day:g}"
    if reached.zero is DayZero.PLATING:
        return f"{reached.day:g} DIV"
    origin = "a day zero that is not said" if reached.zero is DayZero.NOT_SAID else reached.zero
    return f"{reached.day:g} days after {origin}"


def _not_stated(zero: DayZero, days: Mapping[DayZero, float]) -> str:
    column = _COLUMNS.get(zero)
    if column is None:
        return "how long ago that was for this cell is not known, so that no day is compared"
    other = "; its other day is counted from another day zero" if days else ""
    return f"{column} of this cell is not stated, so that no day is compared{other}"


def _unknown(reached: Reached) -> str:
    return "was not found" if reached.known is Known.NOT_FOUND else "is known from memory only"


def _found(score: Score, fires: str) -> str:
    claim = f"(claim {str(score.claim).replace('_', ' ')})"
    if score.stage in {None, "indeterminate"}:
        does = f"this cell {fires}, and " if fires else ""
        return f"{does}its own measurements do not settle its stage {claim}"
    return f"this cell {f'{fires} and ' if fires else ''}is {score.stage} by its own measurements {claim}"


def _shown(protocol: Derivation, ladder: Mapping[str, str]) -> str:
    shown = [f"{ladder[item.rung]} ({item.rung})" for item in protocol.evidence if item.known.judges]
    if not shown:
        return f"What {protocol.name} recorded from them was not read by this project."
    return f"Functional evidence read of {protocol.name}: {', '.join(shown)}."


def _name(protocol: Derivation) -> str:
    species = protocol.species
    other = f" ({species.value})" if species.known.judges and species.value != "human" else ""
    return f"{protocol.name}{other}"


def _how(value: Reached | Said | Shown) -> str:
    return f"seen in its {value.place}" if value.known is Known.SEEN else f"second-hand, from {value.place}"
