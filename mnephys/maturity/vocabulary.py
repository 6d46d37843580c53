"""Whether a rubric asks for what can be measured, in a unit that it can have."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from mnephys.errors import UnitsError
from mnephys.maturity.scale import Criterion, Scale
from mnephys.maturity.section import Section
from mnephys.measurement import Feature
from mnephys.units import conversion_factor
from mnephys.wording import nearest

__all__ = ["check_features"]

_CUTS = ("immature", "intermediate", "mature", "low", "high")


def check_features(top: Section, scale: Scale, known: Mapping[str, Sequence[Feature]]) -> None:
    """Refuse a criterion of what cannot be measured, in another kind of unit, or with a cut that no value can reach.

    Parameters
    ----------
    top : Section
        The whole file.
    scale : Scale
        What was read from it.
    known : mapping of str to sequence of Feature
        What can be measured, by name; cells and plates may have features of the same name.

    Raises
    ------
    RubricError
        If there is one.
    """
    for place, criterion in enumerate(scale.criteria.values()):
        section = Section({}, top.file, f"criteria {criterion.feature}", None, top.spot.below("criteria", place))
        features = known.get(criterion.feature)
        if features is None:
            raise section.error(f"feature {criterion.feature!r} cannot be measured", nearest(criterion.feature, known))
        # The first is what the level of the rubric has, where it has one of that name.
        of_level = [feature for feature in features if scale.level in feature.levels]
        _check_unit(section, criterion, (of_level or list(features))[0])


def _check_unit(section: Section, criterion: Criterion, feature: Feature) -> None:
    try:
        factor = conversion_factor(criterion.unit, feature.unit)
    except UnitsError:
        wrong = f"unit is {criterion.unit!r}, but {criterion.feature} is measured in {feature.unit}"
        raise section.error(wrong, f"write {feature.unit}, and the cuts in it") from None
    lowest, highest = feature.plausible
    for name, cut in _cuts(criterion).items():
        value = cut * factor
        sizes = (value, -value) if criterion.magnitude else (value,)
        if not any(lowest <= size <= highest for size in sizes):
            wrong = f"{name} is {cut:g} {criterion.unit}, which no {criterion.feature} can be"
            raise section.error(wrong, f"give it in {criterion.unit}, {lowest / factor:g} to {highest / factor:g}")


def _cuts(criterion: Criterion) -> Mapping[str, float]:
    found = {name: getattr(criterion, name) for name in _CUTS}
    return {name: cut for name, cut in found.items() if cut is not None}
