"""What would change a stage: by how much one measurement would have to differ, and what should be measured."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from mnephys.maturity.scale import Criterion, Gate, Role, Scale
from mnephys.wording import joined

__all__ = ["Change", "Resolution", "StageOf", "changes", "resolutions"]

StageOf = Callable[[Mapping[str, float], Mapping[str, str]], str]
"""The stage that follows from numbers and categories."""

UNDECIDED = "indeterminate"
HALVINGS = 14
"""A turning point is found to a ten-thousandth of the way between two cuts."""


@dataclass(frozen=True, slots=True)
class Change:
    """A value of one feature at which the stage turns into another, all else as it was found.

    Parameters
    ----------
    feature, label : str
        Which, and in words.
    found, needed : float or str
        What was measured, and the nearest value that has the other stage; categories for features that are one.
    unit : str
        Of both.
    stage : str
        The other stage.
    """

    feature: str
    label: str
    found: float | str
    needed: float | str
    unit: str
    stage: str

    def to_json(self) -> dict[str, Any]:
        """Return it as JSON wants it.

        Returns
        -------
        dict
            One entry per parameter.
        """
        return {
            "feature": self.feature,
            "found": self.found,
            "needed": self.needed,
            "unit": self.unit,
            "stage": self.stage,
            "sentence": self.sentence,
        }

    @property
    def sentence(self) -> str:
        """What it says, in words."""
        if isinstance(self.found, str) or isinstance(self.needed, str):
            return f"With {self.label} {self.needed} instead of {self.found} it would be {self.stage}."
        unit = "" if self.unit in {"", "1"} else f" {self.unit}"
        side = "more" if self.needed > self.found else "less"
        needed = _rounded(self.needed, up=self.needed > self.found)
        return (
            f"With {self.label} of {needed:.4g}{unit} or {side} instead of {self.found:.3g}{unit} "
            f"it would be {self.stage}."
        )


@dataclass(frozen=True, slots=True)
class Resolution:
    """A measurement that was not made and would decide between stages.

    Parameters
    ----------
    features, labels : tuple of str
        What would have to be measured, together.
    if_mature, if_immature : str
        The stages if all of it were found at its mature, or at its immature cut.
    experiments : tuple of str
        How it is measured, as the rubric says.
    """

    features: tuple[str, ...]
    labels: tuple[str, ...]
    if_mature: str
    if_immature: str
    experiments: tuple[str, ...] = ()

    @property
    def sentence(self) -> str:
        """What it says, in words."""
        how = "".join(f" {experiment}" for experiment in self.experiments)
        mature, immature = (
            ("it reaches its mature cut", "it stays at its immature one")
            if len(self.labels) == 1
            else ("all reach their mature cuts", "all stay at their immature ones")
        )
        return (
            f"To decide, measure {joined(self.labels)}: {self.if_mature} if {mature}, "
            f"{self.if_immature} if {immature}.{how}"
        )

    def to_json(self) -> dict[str, Any]:
        """Return it as JSON wants it.

        Returns
        -------
        dict
            One entry per parameter.
        """
        return {
            "features": list(self.features),
            "if_mature": self.if_mature,
            "if_immature": self.if_immature,
            "experiments": list(self.experiments),
            "sentence": self.sentence,
        }


def changes(
    scale: Scale,
    gates: tuple[Gate, ...],
    numbers: Mapping[str, float],
    categories: Mapping[str, str],
    stage_of: StageOf,
) -> tuple[Change, ...]:
    """Return how much each measurement alone would have to differ for another stage.

    Parameters
    ----------
    scale : Scale
        The rubric.
    gates : tuple of Gate
        Its conditions.
    numbers, categories : mapping
        What was measured.
    stage_of : callable
        The stage that follows from such values.

    Returns
    -------
    tuple of Change
        In the order of the rubric, of each feature the nearest first; none where no value of a feature makes a
        difference. No change is into *indeterminate*.

    Examples
    --------
    >>> from mnephys.maturity.rubric import load_rubric
    >>> def stage_of(numbers, _):
    ...     return "mature" if numbers["ap_half_width"] < 3.0 else "intermediate"
    >>> (change,) = changes(load_rubric(), (), {"ap_half_width": 3.5}, {}, stage_of)
    >>> change.stage, round(change.needed, 3)
    ('mature', 3.0)
    """
    now = stage_of(numbers, categories)
    found: list[Change] = []
    for name, criterion in scale.criteria.items():
        if name in numbers and not criterion.categories:
            found += _numeric(criterion, _knots(criterion, gates), numbers, categories, stage_of, now)
        elif name in categories and criterion.categories:
            found += _categorical(criterion, numbers, categories, stage_of, now)
    return tuple(found)


def _numeric(
    criterion: Criterion,
    knots: list[float],
    numbers: Mapping[str, float],
    categories: Mapping[str, str],
    stage_of: StageOf,
    now: str,
) -> Iterator[Change]:
    """Yield the turning points on both sides of a value: stages change nowhere beyond the outermost cut."""
    name = criterion.feature
    value = abs(numbers[name]) if criterion.magnitude else numbers[name]
    sign = -1.0 if criterion.magnitude and numbers[name] < 0 else 1.0

    def stage_at(number: float) -> str:
        return stage_of({**numbers, name: sign * number}, categories)

    for side in (
        [knot for knot in reversed(knots) if knot < value],
        [knot for knot in knots if knot > value],
    ):
        near, stage = value, now
        for knot in side:
            while (there := stage_at(knot)) != stage:
                near, stage = _turning_point(stage_at, near, knot, stage)
                if stage not in {now, UNDECIDED}:
                    yield Change(name, criterion.label, numbers[name], sign * near, criterion.unit, stage)
                if stage == there:
                    break
            near = knot


def _turning_point(stage_at: Callable[[float], str], near: float, far: float, stage: str) -> tuple[float, str]:
    """Return the nearest value between two whose stage is another, and that stage."""
    for _ in range(HALVINGS):
        middle = 0.5 * (near + far)
        near, far = (middle, far) if stage_at(middle) == stage else (near, middle)
    return far, stage_at(far)


def _categorical(
    criterion: Criterion,
    numbers: Mapping[str, float],
    categories: Mapping[str, str],
    stage_of: StageOf,
    now: str,
) -> Iterator[Change]:
    order, found = list(criterion.categories), categories[criterion.feature]
    here = order.index(found)
    for side in (list(reversed(order[:here])), order[here + 1 :]):
        stage = now
        for category in side:
            if (other := stage_of(numbers, {**categories, criterion.feature: category})) != stage:
                stage = other
                if stage not in {now, UNDECIDED}:
                    yield Change(criterion.feature, criterion.label, found, category, "", stage)


def _knots(criterion: Criterion, gates: tuple[Gate, ...]) -> list[float]:
    """Return the values at which anything bends or turns, ascending, with a little beyond the outermost."""
    cuts = [criterion.immature, criterion.intermediate, criterion.mature]
    own = [gate for gate in _flat(gates) if gate.target == criterion.feature]
    known = sorted(
        {value for gate in own for value in (gate.at_least, gate.above) if value is not None}.union(
            cut for cut in cuts if cut is not None
        )
    )
    if not known:
        return []
    beyond = 0.01 * (known[-1] - known[0]) or 0.01 * abs(known[0]) or 0.01
    return [known[0] - beyond, *known, known[-1] + beyond]


def _rounded(value: float, *, up: bool) -> float:
    """Return a value with three digits that lies on the same side of the turning point."""
    if value == 0:
        return 0.0
    step = 10.0 ** (math.floor(math.log10(abs(value))) - 2)
    return (math.ceil if up else math.floor)(round(value / step, 6)) * step


def _flat(gates: tuple[Gate, ...]) -> Iterator[Gate]:
    for gate in gates:
        yield gate
        yield from _flat(gate.any_of)


def resolutions(
    scale: Scale,
    gates: tuple[Gate, ...],
    numbers: Mapping[str, float],
    categories: Mapping[str, str],
    stage_of: StageOf,
) -> tuple[Resolution, ...]:
    """Return which measurements would decide a stage that is indeterminate.

    Parameters
    ----------
    scale, gates, numbers, categories, stage_of
        As for `changes`.

    Returns
    -------
    tuple of Resolution
        Single measurements that decide; where there is none, several of which none could be left out. Nothing where
        the stage is not indeterminate, or measuring more would not help.
    """
    if stage_of(numbers, categories) != UNDECIDED:
        return ()
    missing = [c for c in scale.criteria.values() if c.feature not in {*numbers, *categories} and _sought(c, gates)]

    def tried(chosen: list[Criterion]) -> Resolution:
        ends = [_supposed(chosen, gates, numbers, categories, mature=mature) for mature in (True, False)]
        stages = [stage_of(*end) for end in ends]
        how = dict.fromkeys(text for c in chosen if (text := c.experiment or _experiment(scale, c)))
        return Resolution(
            tuple(c.feature for c in chosen), tuple(c.label for c in chosen), stages[0], stages[1], tuple(how)
        )

    def decides(resolution: Resolution) -> bool:
        return UNDECIDED not in {resolution.if_mature, resolution.if_immature}

    if single := tuple(one for criterion in missing if decides(one := tried([criterion]))):
        return single
    if not missing or not decides(tried(missing)):
        return ()
    needed = missing
    # What counts least is spared first; what tells the cell type is seldom more work than another step.
    for place in sorted(range(len(missing)), key=lambda i: (_weight(scale, missing[i]), -i)):
        if decides(tried(fewer := [c for c in needed if c is not missing[place]])):
            needed = fewer
    return (tried(needed),)


def _weight(scale: Scale, criterion: Criterion) -> float:
    return scale.domains[criterion.domain].weight if criterion.domain in scale.domains else 1.0


def _experiment(scale: Scale, criterion: Criterion) -> str:
    return scale.domains[criterion.domain].experiment if criterion.domain in scale.domains else ""


def _sought(criterion: Criterion, gates: tuple[Gate, ...]) -> bool:
    """Return whether a criterion bears on a stage: stand-ins are no better than what they stand in for."""
    asked = any(gate.target == criterion.feature for gate in _flat(gates))
    return criterion.role is not Role.STAND_IN and (criterion.counts or asked)


def _supposed(
    chosen: list[Criterion],
    gates: tuple[Gate, ...],
    numbers: Mapping[str, float],
    categories: Mapping[str, str],
    *,
    mature: bool,
) -> tuple[dict[str, float], dict[str, str]]:
    """Return the measurements with what is missing at one end of its cuts."""
    values, named = dict(numbers), dict(categories)
    for criterion in chosen:
        if criterion.categories:
            named[criterion.feature] = list(criterion.categories)[-1 if mature else 0]
        elif knots := _knots(criterion, gates):
            rises = criterion.mature is None or criterion.immature is None or criterion.mature > criterion.immature
            values[criterion.feature] = knots[-1 if mature == rises else 0]
    return values, named
