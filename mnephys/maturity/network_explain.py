"""The sentences of a well's score: why the stage is what it is, and what a reader should know of it."""

from __future__ import annotations

from collections.abc import Sequence

from mnephys.maturity.gates import Outcome
from mnephys.maturity.network_rubric import STAGES, NetworkRubric
from mnephys.maturity.network_stage import NetworkStage, NetworkVerdict
from mnephys.maturity.scale import Basis, Gate
from mnephys.maturity.well_case import WellCase, is_treated
from mnephys.wording import joined

__all__ = ["SIMULATED", "network_reasons"]

SIMULATED = "The recording is simulated: it shows the program, no biology."
"""What every score of a simulated recording says."""


def network_reasons(
    case: WellCase, verdict: NetworkVerdict, rubric: NetworkRubric, sure: Sequence[str]
) -> tuple[str, ...]:
    """Return the reasons of a well's score.

    Parameters
    ----------
    case : WellCase
        The well.
    verdict : NetworkVerdict
        What followed from its measurements.
    rubric : NetworkRubric
        By which.
    sure : sequence of str
        The sentences on its confidence.

    Returns
    -------
    tuple of str
        Sentences; the first says why the stage is what it is.
    """
    lines = [_why(case, verdict, rubric), _index_line(verdict, rubric)]
    return (*lines, *(sure if verdict.index is not None else ()), *_remarks(case, verdict, rubric))


def _why(case: WellCase, verdict: NetworkVerdict, rubric: NetworkRubric) -> str:
    """Return why the stage is what it is."""
    # What keeps it from the next stage; the one after that asks for all of this too.
    missed = next((stage for stage, _, outcome in verdict.gates if outcome is Outcome.UNMET), "")
    unmet = [_unmet(g, verdict, rubric) for of, g, o in verdict.gates if of == missed and o is Outcome.UNMET]
    if verdict.stage is NetworkStage.ORGANISED:
        met = [
            _amount(_first(gate).target, verdict, rubric)
            for _, gate, _ in verdict.gates[-len(rubric.stages[STAGES[-1]]) :]
        ]
        return f"Organised: {', '.join(met)}."
    if verdict.stage is NetworkStage.INDETERMINATE:
        unknown = [
            _label(_first(gate).target, rubric) for _, gate, outcome in verdict.gates if outcome is Outcome.UNKNOWN
        ]
        return f"Indeterminate: {joined(dict.fromkeys(unknown))} could not be measured."
    if verdict.stage is NetworkStage.ABSENT and case.number("spike_count") == 0:
        plated = "" if case.sample.get("plated") else ", and nobody stated that it was plated"
        return f"Absent: not one spike in the well{plated}."
    return f"{str(verdict.stage).capitalize()}: {'; '.join(unmet)}."


def _unmet(gate: Gate, verdict: NetworkVerdict, rubric: NetworkRubric) -> str:
    """Return what a gate asks for, and what was found; of several ways to meet it the first."""
    first = _first(gate)
    asked = first.at_least if first.at_least is not None else first.above
    return f"{_amount(first.target, verdict, rubric)}, asked for {asked:g}{_unit(first.unit)} {gate.needs}".rstrip()


def _first(gate: Gate) -> Gate:
    return gate.any_of[0] if gate.any_of else gate


def _amount(target: str, verdict: NetworkVerdict, rubric: NetworkRubric) -> str:
    if target.startswith("domain:"):
        score = verdict.scores[target.removeprefix("domain:")]
        return f"{_label(target, rubric)} {'not measured' if score is None else f'{score:.2f} points'}"
    value = verdict.numbers.get(target)
    if value is None:
        return f"{_label(target, rubric)} not measured"
    return f"{_label(target, rubric)} {value:.3g}{_unit(rubric.criteria[target].unit)}"


def _label(target: str, rubric: NetworkRubric) -> str:
    name = target.removeprefix("domain:")
    return rubric.domains[name].label if target.startswith("domain:") else rubric.criteria[target].label


def _unit(unit: str) -> str:
    return "" if unit in {"", "1"} else f" {unit}"


def _index_line(verdict: NetworkVerdict, rubric: NetworkRubric) -> str:
    if verdict.index is None:
        return "No maturity index: nothing that counts was measured."
    parts = [
        f"{rubric.domains[name].label} {'not measured' if score is None else f'{score:.2f}'}"
        for name, score in verdict.scores.items()
    ]
    return f"Maturity index {verdict.index:.2f} (provisional): {', '.join(parts)}."


def _remarks(case: WellCase, verdict: NetworkVerdict, rubric: NetworkRubric) -> list[str]:
    lines = []
    treatment, dose = case.sample.get("treatment"), case.sample.get("dose")
    if is_treated(case, rubric):
        amount = "" if dose is None else f" {dose:g} {case.sample.get('dose_unit', '')}".rstrip()
        lines.append(f"Treated with {treatment}{amount}: a difference from untreated wells is not one in maturity.")
    elif treatment:
        lines.append(f"Stated as treatment, without a dose: {treatment}.")
    duration, origin = case.plate_rows.get("recording_duration"), case.plate_rows.get("qc_origin")
    if duration is not None and not duration.ok:
        lines.append("Nobody stated how long the recording lasted: in a longer one fewer electrodes would be active.")
    proxies = sum(rubric.criteria[name].basis is Basis.PROXY for name in verdict.points)
    if proxies:
        n = len(verdict.points)
        lines.append(f"{proxies} of the {n} features that count have cuts that rest partly on others (proxies).")
    if origin is not None and origin.text == "simulated":
        lines.append(SIMULATED)
    return lines
