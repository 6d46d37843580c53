"""The conditions of a plate: which wells were treated alike, and which control wells they are compared with."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from mnephys.mea.plate.groups import Groups, summarise
from mnephys.mea.plate.units import in_one_unit
from mnephys.mea.plate.wells import Wells, labelled
from mnephys.recording import BoolArray, IntArray

__all__ = ["Condition", "Conditions", "conditions_of"]


@dataclass(frozen=True, slots=True)
class Condition:
    """What wells of one recording, line and differentiation were treated with.

    Parameters
    ----------
    recording, line, differentiation, treatment : str
        Empty where unknown; the treatments of control wells that differ are joined.
    dose : float
        In `dose_unit`; NaN where none is stated.
    dose_unit : str
        Empty where unknown.
    control : bool
        Whether it is the control of its recording, line and differentiation.
    """

    recording: str
    line: str
    differentiation: str
    treatment: str
    dose: float
    dose_unit: str
    control: bool

    @property
    def text(self) -> str:
        """Line, differentiation, treatment and dose as a person writes them."""
        dose = "" if math.isnan(self.dose) else f"{self.dose:g} {self.dose_unit}".strip()
        treated = " ".join(part for part in (self.treatment, dose) if part)
        what = "control" + f" ({treated})" * bool(treated) if self.control else treated or "untreated"
        return ", ".join(part for part in (self.line, self.differentiation, what) if part)

    @property
    def without_control(self) -> str:
        """What is said where no well can be compared with."""
        of = "recording, line and differentiation" if self.differentiation else "recording and line"
        return f"no well of this {of} is a control"


@dataclass(frozen=True, slots=True, eq=False)
class Conditions:
    """The conditions of some wells, and what the wells of each are like.

    Parameters
    ----------
    each : tuple of Condition
        Recording by recording, line by line, differentiation by differentiation; within them the control wells first,
        then by treatment and dose.
    index : ndarray, int, shape (n_wells,)
        The condition of each well.
    treated, control : ndarray, int, shape (n_pairs,)
        Each condition that is no control, and the condition of the control wells of its recording, line and
        differentiation; -1 where it has none.
    n_wells : ndarray, int, shape (n_conditions,)
        Wells of each, measured or not.
    groups : Groups
        Of the wells that were measured, one entry per condition.
    """

    each: tuple[Condition, ...]
    index: IntArray
    treated: IntArray
    control: IntArray
    n_wells: IntArray
    groups: Groups


def conditions_of(wells: Wells) -> Conditions:
    """Sort wells by what was done to them.

    Parameters
    ----------
    wells : Wells
        With the controls marked. All control wells of a recording, line and differentiation are one condition.

    Returns
    -------
    Conditions
        A well of which nothing is known is one of its own kind, ``untreated``. The same dose in other words is the same
        condition: 1 uM and 1000 nM.

    Examples
    --------
    >>> rate = Wells.of("rate", "Hz", ["A1", "A2", "A3"], [2.0, 4.0, 9.0], treatment=["", "", "TTX"],
    ...                 dose=[float("nan"), float("nan"), 1.0], dose_unit=["", "", "uM"], control=[True, True, False])
    >>> found = conditions_of(rate)
    >>> [condition.text for condition in found.each], found.treated, found.control
    (['control', 'TTX 1 uM'], array([1]), array([0]))
    """
    wells = in_one_unit(wells)
    is_treated: BoolArray = ~wells.control
    labels, index = labelled(
        wells.recording,
        wells.line,
        wells.differentiation,
        is_treated,
        np.where(is_treated, wells.treatment, ""),
        np.where(is_treated, wells.dose_unit, ""),
        np.where(is_treated, wells.dose, np.nan),
    )
    each = []
    for recording, line, batch, treated, treatment, unit, dose in labels:
        one = Condition(recording, line, batch, treatment, dose, unit, control=False)
        each.append(one if treated else _control(wells, recording, line, batch))
    at = {(one.recording, one.line, one.differentiation): i for i, one in enumerate(each) if one.control}
    treated_at = [i for i, one in enumerate(each) if not one.control]
    control_at = [at.get((each[i].recording, each[i].line, each[i].differentiation), -1) for i in treated_at]
    return Conditions(
        tuple(each),
        index,
        np.array(treated_at, dtype=np.int64),
        np.array(control_at, dtype=np.int64),
        np.bincount(index, minlength=len(each)),
        summarise(wells.values, index, len(each)),
    )


def _control(wells: Wells, recording: str, line: str, batch: str) -> Condition:
    """Return the condition of the control wells of a batch, with all that they were treated with."""
    of = wells.control & (wells.recording == recording) & (wells.line == line) & (wells.differentiation == batch)
    labels, _ = labelled(wells.treatment[of], wells.dose[of], wells.dose_unit[of])
    treatment, dose, unit = labels[0] if len(labels) == 1 else (_all_named(wells.treatment[of].tolist()), math.nan, "")
    return Condition(recording, line, batch, treatment, dose, unit, control=True)


def _all_named(treatments: list[str]) -> str:
    return " + ".join(sorted({treatment or "untreated" for treatment in treatments}))
