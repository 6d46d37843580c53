"""The sets of a reference file, checked one by one."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from mnephys.maturity.reference.model import CategoryModel, Feature, Fraction, ReferenceSet, Summary
from mnephys.maturity.reference.scales import centre_spread
from mnephys.maturity.scale import Basis
from mnephys.maturity.section import Section
from mnephys.wording import nearest

__all__ = ["parse_sets"]

_SET = ("id", "stage", "source", "basis", "preparation", "note", "values")
_NUMBER = ("mean", "sd", "sem", "n", "centre", "spread")
_FRACTION = ("one_of", "fraction", "n")


def parse_sets(
    top: Section,
    stages: tuple[str, ...],
    features: Mapping[str, Feature],
    categories: Mapping[str, CategoryModel],
    sources: Mapping[str, object],
) -> tuple[ReferenceSet, ...]:
    """Read and check all sets.

    Parameters
    ----------
    top : Section
        The whole file.
    stages : tuple of str
        That a set may be of.
    features, categories : mapping
        What is declared, with numbers and with categories.
    sources : mapping
        What is declared.

    Returns
    -------
    tuple of ReferenceSet
        In file order.

    Raises
    ------
    RubricError
        If one is not valid: one line, with file, set, key and what to do.
    """
    found: dict[str, ReferenceSet] = {}
    for section in top.each("sets", _SET, "id"):
        one = _set(section, stages, features, categories, sources)
        if one.id in found:
            raise section.error("is there twice", "give each set an id of its own")
        found[one.id] = one
    if not found:
        raise top.error("has no sets", "add [[sets]]")
    return tuple(found.values())


def _set(
    section: Section,
    stages: tuple[str, ...],
    features: Mapping[str, Feature],
    categories: Mapping[str, CategoryModel],
    sources: Mapping[str, object],
) -> ReferenceSet:
    stage, source, basis = section.text("stage"), section.text("source"), section.text("basis")
    if stage not in stages:
        raise section.error(f"stage is {stage!r}", nearest(stage, stages))
    if source not in sources:
        raise section.error(f"source {source!r} is not declared", nearest(source, sources))
    if basis not in list(Basis):
        raise section.error(f"basis is {basis!r}", nearest(basis, [member.value for member in Basis]))
    values = section.below("values", [*features, *categories])
    if not values.data:
        raise section.error("has no values", "give it at least one")
    return ReferenceSet(
        id=section.text("id"),
        stage=stage,
        source=source,
        basis=Basis(basis),
        preparation=section.text("preparation", ""),
        summaries={name: _summary(values.below(name, _NUMBER), features[name]) for name in features if name in values},
        fractions={name: _fractions(values, name, model) for name, model in categories.items() if name in values},
    )


def _summary(section: Section, feature: Feature) -> Summary:
    n = _count(section)
    if "centre" in section:
        if any(key in section for key in ("mean", "sd", "sem")):
            raise section.error("has centre and mean, sd or sem", "keep one of the two")
        return _summarised(section, section.required("centre"), _positive(section, "spread"), n)
    if "spread" in section:
        raise section.error("has spread without centre", "write sd, or centre and spread")
    mean, sd, sem = section.required("mean"), _positive(section, "sd"), _positive(section, "sem")
    if np.isnan(feature.scaled(np.array(mean))):
        raise section.error(f"mean is {mean:g}, which has no place on a {feature.scaling} scale", "correct it")
    if sem is not None:
        if sd is not None or n is None:
            raise section.error("has sem with sd or without n", "give sd, or sem and n")
        sd = sem * float(np.sqrt(n))
    centre, spread = centre_spread(feature.scaling, abs(mean) if feature.magnitude else mean, sd)
    return _summarised(section, centre, spread, n)


def _summarised(section: Section, centre: float, spread: float | None, n: float | None) -> Summary:
    if spread is not None and (n is None or n < 2):
        raise section.error(
            "has a spread without n, or of one cell", "say of how many cells, 2 or more, or leave it out"
        )
    return Summary(centre, spread, n)


def _positive(section: Section, key: str) -> float | None:
    value = section.number(key)
    if value is not None and value <= 0:
        raise section.error(f"{key} is {value:g}", "it needs to be above 0; leave it out where it is not known")
    return value


def _count(section: Section) -> float | None:
    n = section.number("n")
    if n is not None and (n < 1 or not n.is_integer()):
        raise section.error(f"n is {n:g}", "it needs to be 1, 2, 3, ...; leave it out where it is not known")
    return n


def _fractions(values: Section, name: str, model: CategoryModel) -> tuple[Fraction, ...]:
    found = []
    for section in values.each(name, _FRACTION, "one_of"):
        one_of, fraction = section.texts("one_of"), section.required("fraction")
        for value in one_of:
            if value not in model.values:
                raise section.error(f"one_of has {value!r}", nearest(value, model.values))
        if not one_of:
            raise section.error("one_of is empty", "name at least one category")
        if not 0 <= fraction <= 1:
            raise section.error(f"fraction is {fraction:g}", "it needs to be 0 to 1")
        found.append(Fraction(one_of, fraction, _count(section)))
    if not found:
        raise values.error(f"{name} is empty", "give it at least one fraction")
    return tuple(found)
