"""How probable each stage is of one cell, and why."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from mnephys.maturity.reference.model import Reference
from mnephys.maturity.reference.opinions import NOT_SEEN, opinions

__all__ = ["Opinion", "second_opinion"]


@dataclass(frozen=True, slots=True)
class Opinion:
    """What a reference says of one cell.

    Parameters
    ----------
    probabilities : mapping of str to float
        Of each stage, least mature first.
    prior : mapping of str to float
        The same before anything was measured.
    stage : str
        The most probable one; empty where the cell is unlike every set, or nothing of it was measured.
    probable : str
        The most probable one all the same; empty where nothing was measured.
    typicality : float
        How usual the numbers are in the stage that they suit best, 0 to 1.
    reason : str
        Why no stage is named; empty where one is.
    used : tuple of str
        Features that were used.
    left_out : tuple of (str, str)
        Features of the reference that were not, with the reason.
    spoke : mapping of str to mapping of str to float
        By feature and stage: log ratio to the mean of the stages for which the feature speaks beyond the others.
    behind : mapping of str to tuple of (str, str, str)
        By feature that was used: stage, citation and basis (seen, secondary, proxy) of every set behind it.
    reference : mapping of str to str
        Name, version and SHA-256 of the reference.
    """

    probabilities: Mapping[str, float]
    prior: Mapping[str, float]
    stage: str
    probable: str
    typicality: float
    reason: str
    used: tuple[str, ...]
    left_out: tuple[tuple[str, str], ...]
    spoke: Mapping[str, Mapping[str, float]]
    behind: Mapping[str, tuple[tuple[str, str, str], ...]]
    reference: Mapping[str, str]

    def to_json(self) -> dict[str, Any]:
        """Return it as JSON wants it.

        Returns
        -------
        dict
            One entry per parameter.
        """
        return {
            **{name: getattr(self, name) for name in ("stage", "probable", "typicality", "reason")},
            **{name: dict(getattr(self, name)) for name in ("probabilities", "prior", "reference")},
            "used": list(self.used),
            "left_out": [list(entry) for entry in self.left_out],
            "spoke": {name: dict(stages) for name, stages in self.spoke.items()},
            "behind": {name: [list(entry) for entry in entries] for name, entries in self.behind.items()},
        }


def second_opinion(numbers: Mapping[str, float], categories: Mapping[str, str], reference: Reference) -> Opinion:
    """Return how probable each stage is of one cell.

    Parameters
    ----------
    numbers : mapping of str to float
        Measured values in the units of the reference, voltages without correction for the junction potential. Features
        that the reference does not have are not looked at.
    categories : mapping of str to str
        Categories found.
    reference : Reference
        What cells of each stage measure.

    Returns
    -------
    Opinion
        What was not measured is integrated out. Nothing is raised for a value that cannot be used: it is left out,
        with its reason.

    Examples
    --------
    >>> from mnephys.maturity.reference import load_reference
    >>> values = {"ap_amplitude": 85.0, "ap_half_width": 1.2, "input_resistance": 150.0, "membrane_capacitance": 80.0}
    >>> found = second_opinion(values, {"firing_pattern": "sustained"}, load_reference())
    >>> found.stage, found.used[-1], found.left_out[0]
    ('mature', 'firing_pattern', ('resting_membrane_potential', 'was not measured'))
    """
    left_out = {name: why for name in reference.features if (why := _unusable(numbers, name, reference))}
    left_out |= {name: why for name in reference.categories if (why := _unseen(categories, name, reference))}
    used = tuple(name for name in (*reference.features, *reference.categories) if name not in left_out)
    rows = reference.columns({name: np.array([numbers[name]]) for name in reference.features if name in used})
    seen = {
        name: np.array([model.values.index(categories[name]) if name in used else NOT_SEEN])
        for name, model in reference.categories.items()
    }
    found = opinions(rows, seen, reference)
    probable = reference.stages[int(found.probability[0].argmax())] if used else ""
    usual = float(found.typicality[0].max())
    reason = _reason(used, usual, reference)
    spoke = dict(zip((*reference.features, *reference.categories), found.spoke[0], strict=True))
    return Opinion(
        probabilities=_by_stage(reference, found.probability[0]),
        prior=_by_stage(reference, reference.prior),
        stage="" if reason else probable,
        probable=probable,
        typicality=usual,
        reason=reason,
        used=used,
        left_out=(*left_out.items(), *reference.not_used.items()),
        spoke={name: _by_stage(reference, spoke[name]) for name in used},
        behind={name: reference.behind(name) for name in used},
        reference=reference.identification,
    )


def _by_stage(reference: Reference, values: np.ndarray) -> dict[str, float]:
    return dict(zip(reference.stages, map(float, values), strict=True))


def _unusable(numbers: Mapping[str, float], name: str, reference: Reference) -> str:
    """Return why a number cannot be used, empty if it can."""
    value = numbers.get(name)
    if value is None:
        return "was not measured"
    if not math.isfinite(value):
        return f"{value:g} is no measurement"
    feature = reference.features[name]
    if np.isnan(feature.scaled(np.array(value))):
        return f"{value:g} {feature.unit} has no place on a {feature.scaling} scale"
    return ""


def _unseen(categories: Mapping[str, str], name: str, reference: Reference) -> str:
    """Return why a category cannot be used, empty if it can."""
    if name not in categories:
        return "was not measured"
    return "" if categories[name] in reference.categories[name].values else "is a category that the reference has not"


def _reason(used: tuple[str, ...], usual: float, reference: Reference) -> str:
    if not used:
        return "Nothing was measured that the reference has."
    if usual < reference.caution.typical_at_least:
        return f"The cell is unlike every set of the reference (typicality {usual:.2g})."
    return ""
