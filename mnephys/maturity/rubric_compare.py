"""What differs between two rubrics of one level, and between the scores that they give."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from mnephys.errors import RubricError
from mnephys.maturity.model import Rubric
from mnephys.maturity.rubric_text import AnyRubric, cuts_in_words, gate_in_words, gates_of
from mnephys.maturity.scale import Criterion

__all__ = ["changed_scores", "differences"]

_SAME_INDEX = 0.0005


def differences(first: AnyRubric, second: AnyRubric) -> list[str]:
    """Return what differs between two rubrics.

    Parameters
    ----------
    first, second : Rubric or NetworkRubric
        Of one level.

    Returns
    -------
    list of str
        One line for each cut, weight, gate and setting that differs; labels, notes and sources are not compared.

    Raises
    ------
    RubricError
        If they are for different levels.

    Examples
    --------
    >>> from mnephys.maturity.rubric import load_rubric
    >>> differences(load_rubric(), load_rubric("brainstem_motor_neuron"))[0]
    'weight of firing: 0.35 | 0.39'
    """
    if first.level != second.level:
        raise RubricError(
            f"{first.name} is for a {first.level} and {second.name} for a {second.level}; give two for the same level"
        )
    return [*_domains(first, second), *_criteria(first, second), *_gates(first, second), *_settings(first, second)]


def _pair(what: str, one: object, other: object) -> Iterator[str]:
    if one != other:
        yield f"{what}: {one} | {other}"


def _domains(first: AnyRubric, second: AnyRubric) -> Iterator[str]:
    for name in dict.fromkeys([*first.domains, *second.domains]):
        one, other = first.domains.get(name), second.domains.get(name)
        if one is None or other is None:
            yield f"domain {name}: {_has(one)} | {_has(other)}"
            continue
        yield from _pair(f"weight of {name}", f"{one.weight:g}", f"{other.weight:g}")
        yield from _pair(f"features that a stage needs of {name}", one.minimum, other.minimum)


def _has(what: object) -> str:
    return "missing" if what is None else "there"


def _criteria(first: AnyRubric, second: AnyRubric) -> Iterator[str]:
    for name in dict.fromkeys([*first.criteria, *second.criteria]):
        one, other = first.criteria.get(name), second.criteria.get(name)
        if one is None or other is None:
            yield f"{name}: {_says(one)} | {_says(other)}"
            continue
        yield from _pair(name, _says(one), _says(other))
        yield from _pair(f"domain of {name}", one.domain, other.domain)
        for rule in ("combine", "magnitude", "stands_in_for", "zero_for_patterns", "needs_active", "capped_by"):
            yield from _pair(f"{rule} of {name}", _plain(getattr(one, rule)), _plain(getattr(other, rule)))


def _says(criterion: Criterion | None) -> str:
    if criterion is None:
        return "missing"
    cuts = cuts_in_words(criterion)
    role = criterion.role.value.replace("_", " ")
    return f"{role}, {cuts}" if cuts != "no cut" else role


def _plain(value: object) -> str:
    if isinstance(value, tuple):
        return ", ".join(map(str, value)) or "none"
    return str(value) or "none"


def _gates(first: AnyRubric, second: AnyRubric) -> Iterator[str]:
    for name, gates in gates_of(first).items():
        one = [gate_in_words(gate, first) for gate in gates]
        other = [gate_in_words(gate, second) for gate in gates_of(second)[name]]
        kind = name.replace("_", " ")
        yield from (f"{kind} needs, in the first alone: {words}" for words in one if words not in other)
        yield from (f"{kind} needs, in the second alone: {words}" for words in other if words not in one)


def _settings(first: AnyRubric, second: AnyRubric) -> Iterator[str]:
    one, other = _stated(first), _stated(second)
    for name in one:
        yield from _pair(name, one[name], other[name])


def _stated(rubric: AnyRubric) -> dict[str, str]:
    if isinstance(rubric, Rubric):
        stated: dict[str, Any] = {"identity criteria that have to be met": rubric.identity_minimum}
        for part in (rubric.stages, rubric.scenarios):
            stated |= {name: getattr(part, name) for name in type(part).__dataclass_fields__}
    else:
        of = type(rubric.confidence).__dataclass_fields__
        stated = {name: getattr(rubric.confidence, name) for name in of}
        stated |= {name: getattr(rubric, name) for name in ("plate_wells", "plate_share", "definitions", "silencers")}
    return {name.replace("_", " "): _plain(value) for name, value in stated.items()}


def changed_scores(first: Sequence[Mapping[str, Any]], second: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return the scores that two rubrics give differently.

    Parameters
    ----------
    first, second : sequence of mapping
        Scores of the same subjects in the same order, as `Score.to_json` gives them.

    Returns
    -------
    list of dict
        ``subject``, ``level``, ``id`` and ``recording``, and ``stage``, ``index`` each as a pair, with ``by`` how much
        the index changed, None where one of them has none.
    """
    changed = []
    for one, other in zip(first, second, strict=True):
        stages = [score["stage"] or score["network_stage"] for score in (one, other)]
        indices = [score["maturity_index"] for score in (one, other)]
        by = None if None in indices else indices[1] - indices[0]
        same = indices[0] == indices[1] if by is None else abs(by) < _SAME_INDEX
        if stages[0] == stages[1] and same:
            continue
        named = {key: one[key] for key in ("subject", "level", "id", "recording")}
        changed.append({**named, "stage": stages, "index": indices, "by": by})
    return changed
