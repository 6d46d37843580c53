"""The conditions of a plate: which wells were treated alike, and which control wells they are compared with."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np

from mnephys.mea.plate.groups import Groups, summarise
from mnephys.mea.plate.units import in_one_unit, plain
from mnephys.mea.plate.wells import Wells, labelled
from mnephys.recording import BoolArray, IntArray
from mnephys.wording import joined

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
        Whether it is the control of its recording, line, differentiation and vehicle.
    vehicle : str
        What it has, or is compared with, where there is a choice; see `Wells`.
    vehicles : tuple of str
        Among which there is a choice.
    """

    recording: str
    line: str
    differentiation: str
    treatment: str
    dose: float
    dose_unit: str
    control: bool
    vehicle: str = ""
    vehicles: tuple[str, ...] = ()

    @property
    def treated(self) -> str:
        """Treatment and dose as a person writes them; empty where there was none."""
        dose = "" if math.isnan(self.dose) else f"{self.dose:g} {self.dose_unit}".strip()
        return " ".join(part for part in (self.treatment, dose) if part)

    @property
    def text(self) -> str:
        """Line, differentiation, treatment and dose as a person writes them."""
        treated = self.treated
        what = "control" + f" ({treated})" * bool(treated) if self.control else treated or "untreated"
        beside = f" beside {self.vehicle}" if self.vehicle and not self.control else ""
        return ", ".join(part for part in (self.line, self.differentiation, what + beside) if part)

    @property
    def without_control(self) -> str:
        """What is said where no well can be compared with."""
        if self.vehicles:
            named = joined(self.vehicles)
            return f"there are control wells with {named}; name one of them in the column control of the sheet"
        of = "recording, line and differentiation" if self.differentiation else "recording and line"
        return f"no well of this {of} is a control"


@dataclass(frozen=True, slots=True, eq=False)
class Conditions:
    """The conditions of some wells, and what the wells of each are like.

    Parameters
    ----------
    each : tuple of Condition
        Recording by recording, line by line, differentiation by differentiation, vehicle by vehicle; within them the
        control wells first, then by treatment and dose.
    index : ndarray, int, shape (n_wells,)
        The condition of each well.
    treated, control : ndarray, int, shape (n_pairs,)
        Each condition that is no control, and the condition of the control wells of its recording, line,
        differentiation and vehicle; -1 where it has none.
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
        With the controls marked. All control wells of a recording, line, differentiation and vehicle are one condition.

    Returns
    -------
    Conditions
        A well of which nothing is known is one of its own kind, ``untreated``. The same dose in other words is the same
        condition: 1 uM and 1000 nM, CNQX and cnqx.

    Examples
    --------
    >>> rate = Wells.of("rate", "Hz", ["A1", "A2", "A3"], [2.0, 4.0, 9.0], treatment=["", "", "TTX"],
    ...                 dose=[float("nan"), float("nan"), 1.0], dose_unit=["", "", "uM"], control=[True, True, False])
    >>> found = conditions_of(rate)
    >>> [condition.text for condition in found.each], found.treated, found.control
    (['control', 'TTX 1 uM'], array([1]), array([0]))
    """
    wells = in_one_unit(_in_one_spelling(wells))
    is_treated: BoolArray = ~wells.control
    labels, index = labelled(
        wells.recording,
        wells.line,
        wells.differentiation,
        wells.vehicle,
        is_treated,
        np.where(is_treated, wells.treatment, ""),
        np.where(is_treated, wells.dose_unit, ""),
        np.where(is_treated, wells.dose, np.nan),
    )
    choices = _choices(wells)
    each = []
    for recording, line, batch, vehicle, treated, treatment, unit, dose in labels:
        of = choices.get((recording, line, batch), ())
        one = Condition(recording, line, batch, treatment, dose, unit, control=False, vehicle=vehicle, vehicles=of)
        each.append(one if treated else _control(wells, one))
    at = {_batch(one): i for i, one in enumerate(each) if one.control}
    treated_at = [i for i, one in enumerate(each) if not one.control]
    control_at = [at.get(_batch(each[i]), -1) for i in treated_at]
    return Conditions(
        tuple(each),
        index,
        np.array(treated_at, dtype=np.int64),
        np.array(control_at, dtype=np.int64),
        np.bincount(index, minlength=len(each)),
        summarise(wells.values, index, len(each)),
    )


def _in_one_spelling(wells: Wells) -> Wells:
    """Return wells whose treatments differ in more than small and capital letters, each as the first one is written."""
    written, of = np.unique(wells.treatment, return_inverse=True)
    first: dict[str, str] = {}
    shown = [first.setdefault(plain(text).casefold(), text) for text in written.tolist()]
    return replace(wells, treatment=np.array(shown, dtype=str)[of])


def _batch(one: Condition) -> tuple[str, str, str, str]:
    return one.recording, one.line, one.differentiation, one.vehicle


def _choices(wells: Wells) -> dict[tuple[str, str, str], tuple[str, ...]]:
    """Return the vehicles of the control wells of each recording, line and differentiation that has several."""
    found: dict[tuple[str, str, str], list[str]] = {}
    for *batch, vehicle in wells.chosen(wells.control).batches()[0] if wells.control.any() else ():
        if vehicle:
            found.setdefault((batch[0], batch[1], batch[2]), []).append(vehicle)
    return {batch: tuple(vehicles) for batch, vehicles in found.items()}


def _control(wells: Wells, like: Condition) -> Condition:
    """Return the condition of the control wells of a batch, with all that they were treated with."""
    columns = (wells.recording, wells.line, wells.differentiation, wells.vehicle)
    of = wells.control & np.logical_and.reduce([c == at for c, at in zip(columns, _batch(like), strict=True)])
    labels, _ = labelled(wells.treatment[of], wells.dose[of], wells.dose_unit[of])
    treatment, dose, unit = labels[0] if len(labels) == 1 else (_all_named(wells.treatment[of].tolist()), math.nan, "")
    return replace(like, treatment=treatment, dose=dose, dose_unit=unit, control=True)


def _all_named(treatments: list[str]) -> str:
    return " + ".join(sorted({treatment or "untreated" for treatment in treatments}))
