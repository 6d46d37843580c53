"""The criteria of a rubric file, checked one by one."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from enum import StrEnum
from typing import TypeVar

from mnephys.errors import UnitsError
from mnephys.maturity.model import PATTERN
from mnephys.maturity.scale import Basis, Combine, Criterion, Role
from mnephys.maturity.section import Section
from mnephys.units import unit
from mnephys.wording import nearest

__all__ = ["check_references", "parse_criteria", "symbol"]

_KEYS = (
    "feature",
    "label",
    "domain",
    "role",
    "unit",
    "immature",
    "intermediate",
    "mature",
    "categories",
    "phrases",
    "low",
    "high",
    "combine",
    "magnitude",
    "stands_in_for",
    "zero_for_patterns",
    "needs_active",
    "capped_by",
    "source",
    "basis",
    "note",
    "experiment",
)
_CUTS = ("immature", "intermediate", "mature", "low", "high")
_IDENTITY = "identity"

E = TypeVar("E", bound=StrEnum)


def symbol(section: Section) -> str:
    """Return the unit of a table, spelled as the table of units spells it.

    Parameters
    ----------
    section : Section
        With the key ``unit``.

    Returns
    -------
    str
        The symbol.

    Raises
    ------
    RubricError
        If it is missing or not in the table.

    Examples
    --------
    >>> symbol(Section({"unit": "volts"}, "mine.toml"))
    'V'
    """
    try:
        return unit(section.text("unit")).symbol
    except UnitsError as error:
        raise section.error(str(error).split(";", maxsplit=1)[0], "write mV, pA, MOhm, pF, ms, s, Hz or 1") from None


def check_references(section: Section, keys: tuple[str, ...], references: Mapping[str, object]) -> None:
    """Refuse a reference that is not declared.

    Parameters
    ----------
    section : Section
        Where the keys are written.
    keys : tuple of str
        Keys of references.
    references : mapping
        What is declared.

    Raises
    ------
    RubricError
        If one is not.

    Examples
    --------
    >>> check_references(Section({}, "mine.toml", "criteria rheobase"), ("leroi",), {"leroy": 1})
    Traceback (most recent call last):
    mnephys.errors.RubricError: mine.toml: [criteria rheobase] reference 'leroi' is not declared; the nearest is 'leroy'
    """
    for key in keys:
        if key not in references:
            raise section.error(f"reference {key!r} is not declared", nearest(key, references))


def parse_criteria(
    top: Section, domains: Mapping[str, object], references: Mapping[str, object]
) -> dict[str, Criterion]:
    """Read and check all criteria.

    Parameters
    ----------
    top : Section
        The whole file.
    domains, references : mapping
        What is declared.

    Returns
    -------
    dict of str to Criterion
        By feature, in file order; stand-ins have the cuts of what they stand in for.

    Raises
    ------
    RubricError
        If one is not valid.
    """
    found: dict[str, Criterion] = {}
    places: dict[str, Section] = {}
    for section in top.each("criteria", _KEYS, "feature"):
        criterion = _criterion(section, domains, references)
        if criterion.feature in found:
            raise section.error("is declared twice", "keep one")
        found[criterion.feature], places[criterion.feature] = criterion, section
    patterns = found[PATTERN].categories if PATTERN in found else {}
    for name, criterion in found.items():
        for pattern in criterion.zero_for_patterns:
            if pattern not in patterns:
                raise places[name].error(f"zero_for_patterns has {pattern!r}", nearest(pattern, patterns))
        if criterion.role is Role.STAND_IN:
            found[name] = _with_cuts(criterion, places[name], found)
    return found


def _criterion(section: Section, domains: Mapping[str, object], references: Mapping[str, object]) -> Criterion:
    role = _member(section, "role", Role, Role.SCORED)
    if (domain := section.text("domain", "" if role is Role.IDENTITY else None)) not in domains and (
        role is not Role.IDENTITY
    ):
        raise section.error(f"domain {domain!r} is not declared", nearest(domain, domains))
    cuts = {cut: section.number(cut) for cut in _CUTS}
    categories = section.below("categories")
    source = section.below("source")
    feature = section.text("feature")
    criterion = Criterion(
        feature=feature,
        label=section.text("label", feature.replace("_", " ")),
        domain=_IDENTITY if role is Role.IDENTITY else domain,
        role=role,
        unit=symbol(section),
        **cuts,
        categories={name: categories.required(name) for name in categories.data},
        phrases={name: phrase for name, phrase in _phrases(section).items() if phrase},
        combine=_member(section, "combine", Combine, Combine.MOST_MATURE if categories.data else Combine.MEDIAN),
        magnitude=section.flag("magnitude"),
        stands_in_for=section.text("stands_in_for", ""),
        zero_for_patterns=section.texts("zero_for_patterns"),
        needs_active=_count(section, "needs_active"),
        capped_by=section.text("capped_by", ""),
        source={cut: source.texts(cut) for cut in source.data},
        basis=_member(section, "basis", Basis, None if role is not Role.STAND_IN else Basis.PROXY),
        note=section.text("note", ""),
        experiment=section.text("experiment", ""),
    )
    if (cap := criterion.capped_by) and (cap not in domains or cap == domain):
        raise section.error(f"capped_by is {cap!r}, which is no other domain", nearest(cap, domains))
    _check_cuts(section, criterion)
    _check_source(section, criterion, references)
    return criterion


def _member(section: Section, key: str, kind: type[E], default: E | None) -> E:
    word = section.text(key, None if default is None else default.value)
    try:
        return kind(word)
    except ValueError:
        raise section.error(f"{key} is {word!r}", nearest(word, [member.value for member in kind])) from None


def _count(section: Section, key: str) -> int:
    number = section.number(key) or 0.0
    if number < 0 or not number.is_integer():
        raise section.error(f"{key} is {number:g}", "it needs to be 0, 1, 2, ...")
    return int(number)


def _phrases(section: Section) -> dict[str, str]:
    phrases = section.below("phrases", section.below("categories").data)
    return {name: phrases.text(name) for name in phrases.data}


def _check_cuts(section: Section, criterion: Criterion) -> None:
    if criterion.role is Role.STAND_IN:
        if any(cut in section for cut in ("low", "high", "categories")):
            raise section.error("a stand-in has a range or categories", "give immature and mature, or neither")
        _check_ramp(section, criterion)
        return
    if criterion.role is Role.IDENTITY:
        low = -math.inf if criterion.low is None else criterion.low
        high = math.inf if criterion.high is None else criterion.high
        if not low < high or (criterion.low is None and criterion.high is None):
            raise section.error("low and high give no range", "give low, high or both, low below high")
        return
    if criterion.counts and criterion.immature is None and criterion.mature is None and not criterion.categories:
        raise section.error("has no cuts", "give immature and mature, or categories")
    _check_ramp(section, criterion)
    points = list(criterion.categories.values())
    if points and (min(points) != 0 or max(points) != 1 or points != sorted(points)):
        raise section.error("categories do not rise from 0 to 1", "order them from least to most mature")


def _check_ramp(section: Section, criterion: Criterion) -> None:
    immature, mature, middle = criterion.immature, criterion.mature, criterion.intermediate
    if (immature is None) is not (mature is None) or (middle is not None and mature is None):
        raise section.error("one of immature and mature is missing", "give both or neither")
    if immature is None or mature is None:
        return
    if criterion.categories:
        raise section.error("has cuts and categories", "keep one of them")
    if immature == mature:
        raise section.error(f"immature and mature are both {mature:g}", "make them differ")
    if middle is not None and not min(immature, mature) < middle < max(immature, mature):
        raise section.error(f"intermediate {middle:g} is not between immature and mature", "put it between them")


def _check_source(section: Section, criterion: Criterion, references: Mapping[str, object]) -> None:
    if criterion.role is Role.STAND_IN and criterion.mature is None:
        return
    needed = [cut for cut in _CUTS if cut in section] or (["immature", "mature"] if criterion.categories else ["value"])
    source = section.below("source", [*needed, *(["intermediate"] if criterion.categories else [])])
    for cut in needed:
        if not criterion.source.get(cut):
            raise source.error(f"the source of {cut!r} is missing", f'write source.{cut} = ["key of a reference"]')
    for keys in criterion.source.values():
        check_references(source, keys, references)


def _with_cuts(stand_in: Criterion, section: Section, found: Mapping[str, Criterion]) -> Criterion:
    """Return a stand-in with its own cuts, or with those of what it stands in for."""
    target = found.get(stand_in.stands_in_for)
    if target is None or target.feature == stand_in.feature or target.mature is None or not target.counts:
        raise section.error(
            f"stands_in_for is {stand_in.stands_in_for!r}", nearest(stand_in.stands_in_for, _ramps(found))
        )
    if (target.unit, target.domain) != (stand_in.unit, stand_in.domain):
        raise section.error(f"differs in unit or domain from {target.feature}", "make them the same")
    if stand_in.mature is not None:
        return stand_in
    return replace(
        stand_in,
        immature=target.immature,
        intermediate=target.intermediate,
        mature=target.mature,
        magnitude=target.magnitude,
        source=target.source,
        basis=target.basis,
    )


def _ramps(found: Mapping[str, Criterion]) -> list[str]:
    return [name for name, c in found.items() if c.counts and c.mature is not None]
