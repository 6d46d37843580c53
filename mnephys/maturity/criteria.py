"""From a measured value to points, and the evidence that says how."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from mnephys.maturity.scale import Criterion, Role, Scale
from mnephys.measurement import Measurement, Status

__all__ = ["Evidence", "cut_text", "evidence_line", "in_range", "points"]


@dataclass(frozen=True, slots=True)
class Evidence:
    """One line of evidence: what was measured, what it was held against, and what it is worth.

    Parameters
    ----------
    feature : str
        Name of the feature.
    value : float or None
        As measured, in `unit`.
    text : str
        The category, for features that are one.
    unit : str
        A unit of `mnephys.units`.
    status : Status
        Whether it was measured.
    reason : str
        Why it was not, or a remark.
    cut : str
        The cuts in words.
    immature, mature : float or None
        The cuts in numbers.
    points : float or None
        0 to 1; None where it counts nothing.
    domain : str
        Where it counts.
    source : str
        Who stands behind each cut.
    basis : str
        ``seen``, ``secondary`` or ``proxy``.
    note : str
        What a reader should know.
    raw, corrected : float or None
        Of a voltage, before and after the liquid junction potential is subtracted, as far as it is known; the value
        is one of them.
    """

    feature: str
    value: float | None
    text: str
    unit: str
    status: Status
    reason: str
    cut: str
    immature: float | None
    mature: float | None
    points: float | None
    domain: str
    source: str
    basis: str
    note: str
    raw: float | None = None
    corrected: float | None = None

    def to_json(self) -> dict[str, Any]:
        """Return it as JSON wants it.

        Returns
        -------
        dict
            One entry per parameter.
        """
        return {name: str(v) if isinstance(v := getattr(self, name), Status) else v for name in self.__slots__}


def evidence_line(
    scale: Scale, criterion: Criterion, row: Measurement, worth: float | None, remarks: Sequence[str]
) -> Evidence:
    """Return the line of evidence of one criterion.

    Parameters
    ----------
    scale : Scale
        The rubric, whose sources are cited.
    criterion : Criterion
        One of it.
    row : Measurement
        What was measured.
    worth : float, optional
        Its points.
    remarks : sequence of str
        What a reader should know of the value.

    Returns
    -------
    Evidence
        With cuts and sources in words.
    """
    return Evidence(
        feature=criterion.feature,
        value=row.value,
        text=row.text,
        unit=criterion.unit,
        status=row.status,
        reason="; ".join(remarks),
        cut=cut_text(criterion),
        immature=criterion.immature,
        mature=criterion.mature,
        points=worth,
        domain=criterion.domain,
        source=scale.cite(criterion),
        basis=criterion.basis.value,
        note=criterion.note,
    )


def points(criterion: Criterion, value: float | str) -> float:
    """Return what a measured value is worth.

    Parameters
    ----------
    criterion : Criterion
        With cuts or categories.
    value : float or str
        The number in the criterion's unit, or the category.

    Returns
    -------
    float
        0 at the immature cut and beyond, 1 at the mature cut and beyond, straight lines between
        (through 0.5 at an intermediate cut); for a category what the rubric gives it.

    Raises
    ------
    ValueError
        If the criterion has no cuts.

    Examples
    --------
    >>> from mnephys.maturity.rubric import load_rubric
    >>> width = load_rubric().criteria["ap_half_width"]
    >>> [points(width, ms) for ms in (5.0, 4.0, 3.25, 2.5, 1.0)]
    [0.0, 0.0, 0.5, 1.0, 1.0]
    """
    if isinstance(value, str):
        return criterion.categories[value]
    if criterion.immature is None or criterion.mature is None:
        raise ValueError(f"{criterion.feature} has no cuts")
    number = abs(value) if criterion.magnitude else value
    middle = criterion.intermediate
    if middle is None:
        return _line(number, criterion.immature, criterion.mature)
    return 0.5 * (_line(number, criterion.immature, middle) + _line(number, middle, criterion.mature))


def _line(number: float, zero: float, one: float) -> float:
    return min(1.0, max(0.0, (number - zero) / (one - zero)))


def in_range(criterion: Criterion, value: float) -> bool:
    """Return whether a value lies in the range expected of the cell type.

    Parameters
    ----------
    criterion : Criterion
        With a range.
    value : float
        In the criterion's unit.

    Returns
    -------
    bool
        Bounds included.

    Examples
    --------
    >>> from mnephys.maturity.rubric import load_rubric
    >>> in_range(load_rubric().criteria["medium_ahp"], 3.0)
    True
    """
    above = criterion.low is None or value >= criterion.low
    return above and (criterion.high is None or value <= criterion.high)


def cut_text(criterion: Criterion) -> str:
    """Return the cuts of a criterion in words.

    Parameters
    ----------
    criterion : Criterion
        Any.

    Returns
    -------
    str
        One line.

    Examples
    --------
    >>> from mnephys.maturity.rubric import load_rubric
    >>> cut_text(load_rubric().criteria["input_resistance"])
    'immature from 1000 MOhm up, mature from 500 MOhm down'
    """
    unit = "" if criterion.unit == "1" else f" {criterion.unit}"
    if criterion.categories:
        return ", ".join(f"{name} {worth:g}" for name, worth in criterion.categories.items())
    if criterion.immature is not None and criterion.mature is not None:
        worse, better = ("down", "up") if criterion.mature > criterion.immature else ("up", "down")
        if criterion.role is Role.PENALTY:
            return f"lowers the domain from {criterion.mature:g}{unit} {worse}, most from {criterion.immature:g}{unit}"
        middle = "" if criterion.intermediate is None else f"half way at {criterion.intermediate:g}{unit}, "
        return (
            f"immature from {criterion.immature:g}{unit} {worse}, {middle}"
            f"mature from {criterion.mature:g}{unit} {better}"
        )
    return _range_text(criterion, unit)


def _range_text(criterion: Criterion, unit: str) -> str:
    if criterion.low is not None and criterion.high is not None:
        return f"expected {criterion.low:g} to {criterion.high:g}{unit}"
    if criterion.low is not None:
        return f"expected {criterion.low:g}{unit} or more"
    if criterion.high is not None:
        return f"expected {criterion.high:g}{unit} or less"
    return "reported only"
