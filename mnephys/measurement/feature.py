"""What a feature is: the one declaration beside the function that computes it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

from mnephys.measurement.measured import Measurement, Status

__all__ = ["Feature"]


@dataclass(frozen=True, slots=True)
class Feature:
    """The one declaration of a feature, beside the function that computes it.

    Parameters
    ----------
    name : str
        The field's standard term, in snake case.
    unit : str
        A unit of `mnephys.units`; ``"1"`` for counts, ratios and categories.
    levels : tuple of str
        The levels it is measured at.
    meaning : str
        One line.
    source : str
        DOI of the definition, or ``"mnephys"`` with the definition in the docstring.
    plausible : tuple of float
        A value outside is reported ``out_of_range`` and not used.
    parameters : mapping
        Every number that the definition depends on, with its default.
    version : int
        Counted up when the definition changes.

    Examples
    --------
    >>> rate = Feature("mean_firing_rate", "Hz", ("cell",), "APs per second", "mnephys", (0, 1000))
    >>> rate.measured(12.5).value
    12.5
    >>> rate.measured(-3.0).status
    <Status.OUT_OF_RANGE: 'out_of_range'>
    """

    name: str
    unit: str
    levels: tuple[str, ...]
    meaning: str
    source: str
    plausible: tuple[float, float] = (-math.inf, math.inf)
    parameters: Mapping[str, float | str] = field(default_factory=dict)
    version: int = 1

    def measured(self, value: float, *, level: str = "", id: str = "", remark: str = "") -> Measurement:  # noqa: A002 -- the column's name
        """Return the measurement of a number, ``out_of_range`` where it is not plausible.

        Parameters
        ----------
        value : float
            In the feature's unit.
        level, id : str
            Where it was measured; `level` defaults to the feature's first.
        remark : str
            Something a reader of the number should know.

        Returns
        -------
        Measurement
            With status ``ok``, ``out_of_range``, or ``failed`` for a number that is not finite.
        """
        level = level or self.levels[0]
        number = float(value)
        if not math.isfinite(number):
            return self.missing(Status.FAILED, "the computation gave no finite number", level=level, id=id)
        low, high = self.plausible
        if low <= number <= high:
            return Measurement(self.name, number, "", self.unit, Status.OK, remark, level, id)
        reason = f"{number:.6g} {self.unit} lies outside the plausible range {low:g} to {high:g}"
        return Measurement(self.name, number, "", self.unit, Status.OUT_OF_RANGE, reason, level, id)

    def category(self, text: str, *, level: str = "", id: str = "", remark: str = "") -> Measurement:  # noqa: A002 -- the column's name
        """Return the measurement of a category.

        Parameters
        ----------
        text : str
            The category.
        level, id, remark : str
            As in `measured`.

        Returns
        -------
        Measurement
            With status ``ok``.
        """
        return Measurement(self.name, None, text, self.unit, Status.OK, remark, level or self.levels[0], id)

    def missing(self, status: Status, reason: str, *, level: str = "", id: str = "") -> Measurement:  # noqa: A002 -- the column's name
        """Return the row that says why there is no number.

        Parameters
        ----------
        status : Status
            Any but ``ok``.
        reason : str
            A sentence.
        level, id : str
            As in `measured`.

        Returns
        -------
        Measurement
            Without value and text.
        """
        return Measurement(self.name, None, "", self.unit, status, reason, level or self.levels[0], id)
