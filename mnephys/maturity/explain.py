"""The sentences of a score: why the stage is what it is, in words that a biologist uses."""

from __future__ import annotations

import itertools
import math

from mnephys.maturity.combine import Drive
from mnephys.maturity.findings import Case, amount, finding, held_off_rest, lower_first, piece, upper_first
from mnephys.maturity.gates import Outcome, passes
from mnephys.maturity.model import DRIFT, INPUT_RESISTANCE, PATTERN
from mnephys.maturity.scale import Basis, Gate, Role
from mnephys.maturity.scenarios import AS_FOUND, Scenario
from mnephys.maturity.stage import Claim, Stage

__all__ = ["explain"]


def explain(case: Case) -> tuple[str, ...]:
    """Return the reasons of a score.

    Parameters
    ----------
    case : Case
        What was measured and what followed.

    Returns
    -------
    tuple of str
        Sentences; the first says why the stage is what it is.
    """
    lines = _why(case)
    index = case.reference.index
    if index is not None:
        limit = case.rubric.stages.immature_below
        low = f", below {limit:g}" if case.reference.stage is Stage.IMMATURE and index < limit else ""
        lines.append(f"Maturity index {index:.2f}{low}: {_scores(case)}.")
    held = held_off_rest(case)
    # Where it decides, it is said already, as the end of another sentence.
    if held and case.numbers and not any(held[1:] in line for line in lines):
        lines.append(f"{held}.")
    lines += _unknown_lines(case) + _remarks(case)
    return tuple(dict.fromkeys(lines))


def _why(case: Case) -> list[str]:
    observed, verdict = case.observed, case.reference
    if not observed.usable:
        return ["No recording of the cell could be used."]
    if verdict.stage is Stage.INDETERMINATE:
        return _undetermined(case)
    if case.stage is Stage.INDETERMINATE:
        return _flips(case) + _gate_lines(case, Outcome.UNMET)
    if verdict.stage is Stage.IMMATURE:
        return _immature(case)
    if verdict.stage is Stage.INTERMEDIATE:
        unmet = _gates(case, Outcome.UNMET)
        # What else would be needed is of interest only to a cell that fires as it should.
        unknown = [] if any(gate.target == PATTERN for _, gate in unmet) else _gate_lines(case, Outcome.UNKNOWN)
        return [line for line, _ in unmet] + unknown
    phrase = case.rubric.criteria[PATTERN].phrases.get(observed.measurements[PATTERN].text, "Fires")
    return [f"{phrase}, and firing, APs and passive properties are all mature in vitro.", *_shown(case)]


def _undetermined(case: Case) -> list[str]:
    observed, verdict = case.observed, case.reference
    if not any(row.ok for row in observed.measurements.values()) and observed.drive is Drive.UNKNOWN:
        return ["Nothing was measured that the rubric looks at."]
    if observed.drive is not Drive.DRIVEN and verdict.claim is not Claim.NONE:
        return [f"An AP was evoked, but how the cell fires on long steps is not known: {_bare(observed.drive_reason)}."]
    if observed.drive is Drive.NOT_DRIVEN:
        return [f"The cell was never driven hard enough to tell whether it fires: {_bare(observed.drive_reason)}."]
    if observed.drive is Drive.UNKNOWN:
        return [f"Whether the cell can fire is not known: {_bare(observed.drive_reason)}."]
    lines = []
    for name in verdict.few:
        domain, scored = case.rubric.domains[name], case.rubric.scored(name)
        missing: dict[str, list[str]] = {}
        for criterion in scored:
            if criterion.feature not in verdict.points:
                reason = _bare(observed.measurements[criterion.feature].reason)
                missing.setdefault(reason, []).append(criterion.label)
        said = "; ".join(f"{', '.join(labels)}: {reason}" for reason, labels in missing.items())
        lines.append(f"Too little of the {domain.label} domain was measured ({said}).")
    lines = lines or [f"Would be mature, but {lower_first(line)}" for line in _gate_lines(case, Outcome.UNKNOWN)]
    return lines or [_changed(case)]


def _changed(case: Case) -> str:
    """Return that a cell did not stay what it was."""
    drift, most = case.numbers[DRIFT], case.rubric.stages.mature_drift_mv
    return (
        f"Would be mature, but its baselines are {drift:.3g} mV apart, more than {most:g} mV: it changed while it was "
        "recorded; record it again."
    )


def _immature(case: Case) -> list[str]:
    pattern = case.observed.measurements[PATTERN]
    if pattern.ok and pattern.text in case.rubric.stages.silent_patterns:
        phrase = case.rubric.criteria[PATTERN].phrases.get(pattern.text, pattern.text)
        return [f"{phrase} although it was driven hard enough: {_bare(case.observed.drive_reason)}."]
    return [line for line, gate in _gates(case, Outcome.UNMET) if gate.target == PATTERN]


def _gates(case: Case, wanted: Outcome) -> list[tuple[str, Gate]]:
    return [
        (f"{finding(case, gate)}; {gate.needs}." if gate.needs else f"{finding(case, gate)}.", gate)
        for _, gate, outcome in case.reference.gates
        if outcome is wanted
    ]


def _gate_lines(case: Case, wanted: Outcome) -> list[str]:
    return [line for line, _ in _gates(case, wanted)]


def _shown(case: Case) -> list[str]:
    pieces = [inner for _, gate, _ in case.reference.gates for inner in gate.any_of if inner.target in case.numbers]
    shown = [piece(case, inner) for inner in pieces if passes(inner, case.numbers[inner.target])]
    return [f"More than repetitive firing was shown: {', '.join(shown)}."] if shown else []


def _scores(case: Case) -> str:
    scores, domains = case.reference.scores, case.rubric.domains.values()
    parts = [f"{d.label} {score:.2f}" for d in domains if d.weight and (score := scores.get(d.name)) is not None]
    apart = [f"{d.label} {score:.2f}" for d in domains if not d.weight and (score := scores.get(d.name)) is not None]
    return ", ".join(parts) + (f" (apart from it, {', '.join(apart)})" if apart else "")


# ------------------------------------------------------------------------------------------ what is not known

_ADVICE = {
    "patterns": ("what stronger steps would show", "record stronger steps"),
    "added_back": (
        "the liquid junction potential",
        "state ljp_mv, or both solutions, and ljp_subtracted in the sample sheet",
    ),
    "seals": ("the seal", "state rseal_mohm in the sample sheet"),
    "stand_ins": ("the bias current", "state bias_pa in the sample sheet"),
}
_SPAN = {
    "patterns": "if they {}",
    "added_back": "if {} mV were subtracted",
    "seals": "with a seal of {} MOhm",
    "stand_ins": "if the baseline is {} rest",
}


def _flips(case: Case) -> list[str]:
    alone = [name for name in _ADVICE if case.changes(name)]
    if alone:
        return [f"{_depends(case, name)}: {_spans(case, name)}; {_ADVICE[name][1]}." for name in alone]
    several = [name for name in _ADVICE if len(getattr(case.unknowns, name)) > 1]
    stages = sorted({verdict.stage.value for verdict in case.verdicts.values()})
    what, advice = " and ".join(_ADVICE[n][0] for n in several), ", ".join(_ADVICE[n][1] for n in several)
    return [f"The stage depends on {what} together, which are not known for certain: {' or '.join(stages)}; {advice}."]


def _depends(case: Case, name: str) -> str:
    if name == "patterns":
        return f"{upper_first(_bare(case.observed.stopped_early))}; stronger ones might show more"
    return f"The stage depends on {_ADVICE[name][0]}, which is not known for certain"


def _spans(case: Case, name: str) -> str:
    """Return which stage holds for which values of one unknown."""
    parts = []
    for stage, group in itertools.groupby(case.stages_along(name), key=lambda item: item[1]):
        scenarios = [scenario for scenario, _ in group]
        ends = dict.fromkeys(_value(name, scenario) for scenario in (scenarios[0], scenarios[-1]))
        parts.append(f"{stage.value} {_SPAN[name].format(' to '.join(ends))}")
    return ", ".join(parts)


def _value(name: str, scenario: Scenario) -> str:
    if name == "patterns":
        return "show no more" if scenario.pattern == AS_FOUND else f"evoke {scenario.pattern} firing"
    if name == "added_back":
        return f"{scenario.added_back:g}"
    if name == "seals":
        return "infinite" if math.isinf(scenario.seal) else f"{scenario.seal:g}"
    return "at" if scenario.stand_ins else "away from"


def _unknown_lines(case: Case) -> list[str]:
    lines = []
    unknowns, conditions = case.unknowns, case.conditions
    if unknowns.seal_limited and conditions.rseal_mohm is not None:
        resistance = case.observed.numbers()[INPUT_RESISTANCE]
        times = case.rubric.scenarios.seal_limited_below
        lines.append(
            f"The seal ({amount(conditions.rseal_mohm, 'MOhm')}) is below {times:g} times the "
            f"input resistance ({amount(resistance, 'MOhm')}): resting potential and input resistance are seal-limited."
        )
    if case.stage is not Stage.INDETERMINATE:
        harmless = [_ADVICE[name][0] for name in _ADVICE if len(getattr(unknowns, name)) > 1]
        if harmless:
            lines.append(f"Not known for certain: {', '.join(harmless)}; the stage is the same whatever was tried.")
    if conditions.ljp_subtracted and unknowns.added_back[0]:
        lines.append(
            f"The junction potential of {unknowns.added_back[0]:g} mV was added back to the voltages, "
            "as the cuts are not corrected for it."
        )
    if conditions.ljp_subtracted is False and conditions.ljp_mv and _has_voltages(case):
        lines.append(
            f"Voltages were compared without subtracting the junction potential of {conditions.ljp_mv:g} mV, "
            "as the cuts are not corrected for it."
        )
    return lines


def _has_voltages(case: Case) -> bool:
    return any(name in case.observed.numbers() for name in case.rubric.scenarios.shifted)


# ------------------------------------------------------------------------------------------------------ remarks


def _remarks(case: Case) -> list[str]:
    observed, criteria = case.observed, case.rubric.criteria
    lines = [
        f"{f'Recording {name}' if name else 'A recording'} was not used: {_bare(why)}."
        for name, why in observed.excluded
    ]
    if any(criteria[name].role is Role.STAND_IN for name in case.reference.points) and case.conditions.bias_pa is None:
        lines.append("The baseline potential stands in for the resting potential, as the bias current is unknown.")
    block = observed.measurements.get("depolarization_block_current")
    if block is not None and block.ok and block.value is not None:
        lines.append(f"Depolarisation block at {amount(block.value, block.unit)} is no sign of immaturity.")
    if case.conditions.temperature_c is None and "ap_half_width" in case.numbers:
        lines.append("The temperature is unknown; half-width and rates depend on it.")
    counted = [criteria[name] for name in case.reference.points]
    proxies = sum(criterion.basis is Basis.PROXY for criterion in counted)
    if proxies:
        lines.append(
            f"{proxies} of the {len(counted)} features that count have cuts that rest in part on other neurons than "
            "motor neurons (proxies)."
        )
    return lines


def _bare(reason: str) -> str:
    return reason.rstrip(". ")
