"""What was found where a score looks, as the first half of a sentence."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from mnephys.maturity.combine import Observed
from mnephys.maturity.conditions import Conditions
from mnephys.maturity.model import RESTING, Rubric
from mnephys.maturity.scale import EVERY_DOMAIN, Gate, Role
from mnephys.maturity.scenarios import Scenario, Unknowns
from mnephys.maturity.stage import Stage, Verdict

__all__ = ["Case", "amount", "finding", "held_off_rest", "lower_first", "piece", "upper_first"]


@dataclass(frozen=True, slots=True)
class Case:
    """Everything that a sentence may be about.

    Parameters
    ----------
    rubric : Rubric
        What counts.
    observed : Observed
        What was measured.
    conditions : Conditions
        How.
    unknowns : Unknowns
        What is not known of it.
    numbers : mapping of str to float
        The values of the reference scenario.
    verdicts : mapping of Scenario to Verdict
        One for each scenario.
    stage : Stage
        The stage of them all.
    """

    rubric: Rubric
    observed: Observed
    conditions: Conditions
    unknowns: Unknowns
    numbers: Mapping[str, float]
    verdicts: Mapping[Scenario, Verdict]
    stage: Stage

    @property
    def reference(self) -> Verdict:
        """The verdict on the recording as it was made."""
        return self.verdicts[self.unknowns.reference]

    def stages_along(self, name: str) -> list[tuple[Scenario, Stage]]:
        """Return the stages when one unknown varies alone.

        Parameters
        ----------
        name : str
            As in `Unknowns.along`.

        Returns
        -------
        list of (Scenario, Stage)
            The reference first.
        """
        return [(scenario, self.verdicts[scenario].stage) for scenario in self.unknowns.along(name)]

    def changes(self, name: str) -> bool:
        """Return whether one unknown changes the stage by itself.

        Parameters
        ----------
        name : str
            As in `Unknowns.along`.

        Returns
        -------
        bool
            Whether its values give more than one stage.
        """
        return len({stage for _, stage in self.stages_along(name)}) > 1


def finding(case: Case, gate: Gate) -> str:
    """Return what was found where a gate looks.

    Parameters
    ----------
    case : Case
        What was measured.
    gate : Gate
        Where to look.

    Returns
    -------
    str
        A clause without a full stop.
    """
    if gate.only_if_held and gate.target not in case.numbers and (held := held_off_rest(case)):
        return held
    if gate.any_of:
        criteria = case.rubric.criteria
        if found := [piece(case, inner) for inner in gate.any_of if inner.target in case.numbers]:
            sought = [inner.target for inner in gate.any_of if inner.decisive and inner.target not in case.numbers]
            return upper_first(", ".join([*(f"{criteria[name].label} was not measured" for name in sought), *found]))
        labels = [criteria[inner.target].label for inner in gate.any_of if inner.target in criteria]
        return f"None of {', '.join(labels)} was measured"
    if gate.target in case.rubric.criteria:
        return _feature_finding(case, gate.target)
    return _domain_finding(case, gate)


def piece(case: Case, gate: Gate) -> str:
    """Return one piece of evidence beside what was asked for.

    Parameters
    ----------
    case : Case
        What was measured.
    gate : Gate
        On a feature that was measured.

    Returns
    -------
    str
        A clause without a full stop.
    """
    criterion = case.rubric.criteria[gate.target]
    found = amount(case.numbers[gate.target], criterion.unit)
    if gate.measured:
        return f"{criterion.label} {found}"
    low = f"more than {gate.above:g}" if gate.above is not None else f"{gate.at_least:g} or more"
    return f"{criterion.label} {found} ({low} asked for)"


def held_off_rest(case: Case) -> str:
    """Return that a current held the cell off rest, so that nobody knows where it rests.

    Parameters
    ----------
    case : Case
        What was measured.

    Returns
    -------
    str
        A clause without a full stop; empty where that is not so, or not known.
    """
    injected = case.unknowns.injected
    if not case.unknowns.held or injected is None or RESTING in case.numbers:
        return ""
    stand_ins = [c.feature for c in case.rubric.counted if c.role is Role.STAND_IN and c.stands_in_for == RESTING]
    rows = [row for name in stand_ins if (row := case.observed.measurements[name]).ok and row.value is not None]
    where = f"at {amount(rows[0].value, rows[0].unit)}" if rows and rows[0].value is not None else "off rest"
    return f"The cell was held {where} by {amount(injected, 'pA')}, so that its resting potential was not measured"


def _feature_finding(case: Case, feature: str) -> str:
    criterion, row = case.rubric.criteria[feature], case.observed.measurements[feature]
    if feature in case.numbers:
        return upper_first(f"{criterion.label} is {amount(case.numbers[feature], criterion.unit)}")
    if row.ok:
        return criterion.phrases.get(row.text, f"{upper_first(criterion.label)} is {row.text}")
    return upper_first(f"{criterion.label} was not measured")


def _domain_finding(case: Case, gate: Gate) -> str:
    scores, domains, target = case.reference.scores, case.rubric.domains, gate.target
    if target == EVERY_DOMAIN:
        names = [domain.label for domain in domains.values() if domain.weight and scores.get(domain.name) == 0]
        return f"The {' and '.join(names) or 'weighted'} domain scores 0"
    domain = domains[target.removeprefix("domain:")]
    score = scores.get(domain.name)
    counted = sum(case.rubric.criteria[name].domain == domain.name for name in case.reference.points)
    if score is not None and counted < gate.minimum:
        return f"Only {counted} of the {gate.minimum} {domain.label} features was measured"
    return f"The {domain.label} domain " + ("was not measured" if score is None else f"scores {score:.3g}")


def amount(value: float, unit: str) -> str:
    """Return a number with its unit, in three figures or as a whole number.

    Parameters
    ----------
    value : float
        In `unit`.
    unit : str
        A unit of `mnephys.units`.

    Returns
    -------
    str
        As a sentence needs it.

    Examples
    --------
    >>> amount(8150.2, "MOhm"), amount(-54.567, "mV"), amount(2.0, "1")
    ('8150 MOhm', '-54.6 mV', '2')
    """
    figure = f"{value:.3g}" if abs(value) < 1000 else f"{value:.0f}"
    return figure if unit == "1" else f"{figure} {unit}"


def upper_first(text: str) -> str:
    """Return a clause as the beginning of a sentence.

    Parameters
    ----------
    text : str
        A clause.

    Returns
    -------
    str
        With a capital.

    Examples
    --------
    >>> upper_first("f-I slope is 0")
    'F-I slope is 0'
    """
    return text[:1].upper() + text[1:]


def lower_first(text: str) -> str:
    """Return the beginning of a sentence as a clause.

    Parameters
    ----------
    text : str
        A sentence.

    Returns
    -------
    str
        Without its capital, unless it begins with an abbreviation.

    Examples
    --------
    >>> lower_first("The cell"), lower_first("AP peak")
    ('the cell', 'AP peak')
    """
    return text if text[:2].isupper() else text[:1].lower() + text[1:]
