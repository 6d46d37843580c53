"""What is allowed in a rubric and still looks like a mistake."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from mnephys.maturity.rubric_text import AnyRubric, gates_of
from mnephys.maturity.scale import Criterion, Gate
from mnephys.maturity.section import Section
from mnephys.measurement import Feature
from mnephys.units import conversion_factor

__all__ = ["rubric_warnings"]

_FACTOR = 100
"""A cut that is so many times larger or smaller than a built-in one is most likely meant in another unit."""

_VERSION = re.compile(r"\d+(\.\d+)*\S*")


def rubric_warnings(
    top: Section, rubric: AnyRubric, known: Mapping[str, Sequence[Feature]], built_in: Iterable[AnyRubric]
) -> list[str]:
    """Return what looks like a mistake in a valid rubric.

    Parameters
    ----------
    top : Section
        The whole file.
    rubric : Rubric or NetworkRubric
        What was read from it.
    known : mapping of str to sequence of Feature
        What can be measured, by name.
    built_in : iterable of Rubric and NetworkRubric
        Those that come with the package.

    Returns
    -------
    list of str
        One sentence each, with file, line and place.
    """
    others = [other for other in built_in if other.level == rubric.level and other.sha256 != rubric.sha256]
    found = [*_names(top, rubric, others), *_unused(top, rubric)]
    for place, criterion in enumerate(rubric.criteria.values()):
        where = f"criteria {criterion.feature}"
        section = Section({}, top.file, where, None, top.spot.below("criteria", place))
        found += [str(section.error(*pair)) for pair in _of_criterion(criterion, rubric, known, others)]
    return found


def _names(top: Section, rubric: AnyRubric, others: Sequence[AnyRubric]) -> Iterator[str]:
    if any(other.name == rubric.name for other in others):
        wrong = f"name is {rubric.name!r}, that of a built-in rubric with other content"
        yield str(top.error(wrong, "give it a name of its own, by which scores can be told apart"))
    if not _VERSION.fullmatch(rubric.version):
        yield str(
            top.error(f"version is {rubric.version!r}", "number versions as 1.0.0, and raise it with each change")
        )
    if not rubric.note.strip():
        yield str(top.error("there is no note", "say how well founded the cuts are, and on which cells they rest"))


def _unused(top: Section, rubric: AnyRubric) -> Iterator[str]:
    used = {key for criterion in rubric.criteria.values() for keys in criterion.source.values() for key in keys}
    used |= {key for gates in gates_of(rubric).values() for gate in gates for key in _keys(gate)}
    section = top.below("references")
    for key in rubric.references:
        if key not in used:
            yield str(section.error(f"{key} is used nowhere", "name it as a source of a cut, or remove it"))


def _keys(gate: Gate) -> set[str]:
    return {*gate.source, *(key for inner in gate.any_of for key in _keys(inner))}


def _of_criterion(
    criterion: Criterion, rubric: AnyRubric, known: Mapping[str, Sequence[Feature]], others: Sequence[AnyRubric]
) -> Iterator[tuple[str, str]]:
    levels = sorted({level for feature in known.get(criterion.feature, ()) for level in feature.levels})
    if rubric.level not in levels:
        measured = f"of {' and '.join(levels)}" if levels else "never"
        advice = f"choose a feature of a {rubric.level}, see `mnephys features --list`"
        yield f"feature {criterion.feature!r} is measured {measured}, so that it is missing in every score", advice
    for name in ("immature", "mature", "low", "high"):
        for other in others:
            if _far(own := getattr(criterion, name), theirs := _theirs(criterion, name, other)):
                wrong = f"{name} is {own:g} {criterion.unit}, in the built-in {other.name} it is {theirs:g}"
                yield wrong, f"check that it is in {criterion.unit}"
                break


def _theirs(criterion: Criterion, name: str, other: AnyRubric) -> float | None:
    theirs = other.criteria.get(criterion.feature)
    cut = None if theirs is None else getattr(theirs, name)
    return None if theirs is None or cut is None else cut * conversion_factor(theirs.unit, criterion.unit)


def _far(own: Any, theirs: float | None) -> bool:
    if own is None or theirs is None or not own or not theirs:
        return False
    return not 1 / _FACTOR < abs(own / theirs) < _FACTOR
