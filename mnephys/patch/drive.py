"""Whether a protocol asked enough of a cell: was it driven, how far did the steps go, what was held."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from mnephys.measurement import Feature, Measurement, Status
from mnephys.patch.family import Family
from mnephys.patch.firing import PATTERNS, StepFiring, step_firing
from mnephys.patch.limits import QualityLimits
from mnephys.patch.segments import stretch_mean

__all__ = ["FEATURES", "measure_drive"]

RAISED_MV = 2.0
BASELINE_S = 0.1

_CELL = ("cell",)
_OWN = "mnephys"

FEATURES = {
    f.name: f
    for f in (
        Feature("qc_drive", "1", _CELL, "Whether the steps would have made a mature cell fire", _OWN, version=2),
        Feature("qc_range", "1", _CELL, "Whether the steps went far enough to show the most sustained firing", _OWN),
        Feature("qc_holding_current", "pA", _CELL, "Median command current before the steps", _OWN, (-1e5, 1e5)),
    )
}
"""The features that this module measures."""


def measure_drive(family: Family, limits: QualityLimits) -> list[Measurement]:
    """Say whether a cell that stays silent had the chance to fire, and a firing one the chance to fire more.

    Parameters
    ----------
    family : Family
        After quality control.
    limits : QualityLimits
        From which voltage or current on a silent cell was driven, and how far steps should go.

    Returns
    -------
    list of Measurement
        One row per entry of `FEATURES`. `qc_drive` is ``driven`` or ``not driven``. `qc_range` is ``reached``
        where firing lasts to the end of a step or is blocked, a step of `range_multiple` (1.5) x the smallest
        current with an action potential was given, or a steady state of `range_voltage` (-10 mV) was reached;
        ``stopped early`` where action potentials were evoked and none of that holds; else ``no step``.

    Notes
    -----
    Rebound, spontaneous action potentials and a rest near 0 mV show nothing of what a step would evoke.
    """
    firing = step_firing(family)
    up = _depolarising(family, firing)
    return [_drive(family, firing, up, limits), _range(family, firing, up, limits), _holding(family)]


def _depolarising(family: Family, firing: StepFiring) -> NDArray[np.bool_]:
    """Return the usable test steps that depolarise; where no command is known, by their response."""
    steps = family.steps
    previous = np.maximum(np.arange(len(steps)) - 1, 0)
    reach = np.minimum(steps.stop[previous] - steps.start[previous], round(BASELINE_S * family.sampling_rate))
    baseline = stretch_mean(family.voltage.ravel(), steps.start - reach, steps.start)
    raised = firing.late_voltage - baseline > RAISED_MV
    injected = (steps.current > steps.before) & (steps.current > steps.holding)
    return family.usable & steps.test & np.where(np.isnan(steps.current), raised, injected)


def _drive(family: Family, firing: StepFiring, up: NDArray[np.bool_], limits: QualityLimits) -> Measurement:
    feature, steps = FEATURES["qc_drive"], family.steps
    voltage, current = limits.drive_voltage, limits.drive_current
    if (firing.count[up] > 0).any():
        return feature.category("driven", remark="depolarising steps evoked action potentials")
    rows = up & family.long_test
    if not rows.any():
        return feature.category("not driven", remark="no depolarising current step that could be used")
    late = float(np.nanmax(firing.late_voltage[rows], initial=-np.inf))
    top = float(np.nanmax((steps.current - steps.holding)[rows], initial=-np.inf))
    said = f"the strongest step brings the steady state to {late:.1f} mV"
    if late >= voltage:
        return feature.category("driven", remark=f"{said}, without an action potential")
    if top >= current and late >= limits.drive_current_voltage:
        return feature.category("driven", remark=f"{said} with {top:g} pA, without an action potential")
    return feature.category("not driven", remark=f"{said}, {voltage:g} mV or {current:g} pA are needed")


def _range(family: Family, firing: StepFiring, up: NDArray[np.bool_], limits: QualityLimits) -> Measurement:
    feature, rows = FEATURES["qc_range"], family.long_test
    if not rows.any():
        return feature.category("no step", remark="no current step that could be used")
    up = up & rows
    evoked = up & (firing.count > 0)
    amplitude = family.steps.current - family.steps.holding
    lowest = float(np.nanmin(amplitude[evoked], initial=np.inf))
    top = float(np.nanmax(amplitude[up], initial=-np.inf))
    late = float(np.nanmax(firing.late_voltage[up], initial=-np.inf))
    signs = {
        "firing lasts to the end of a step": (firing.pattern[family.firing_test] == PATTERNS.index("sustained")).any(),
        "firing is blocked at a step": firing.blocked[rows].any(),
        f"steps up to {top:g} pA, action potentials from {lowest:g} pA": top >= limits.range_multiple * lowest,
        f"a step brings the steady state to {late:.1f} mV": late >= limits.range_voltage,
    }
    reached = next((sign for sign, found in signs.items() if found), "")
    if reached:
        return feature.category("reached", remark=reached)
    if not evoked.any():
        return feature.category("no step", remark="no depolarising step evoked an action potential")
    known = f" at {lowest:g} pA: the largest is {top:g} pA" if np.isfinite(lowest) else ""
    return feature.category("stopped early", remark=f"the steps end soon after the first action potential{known}")


def _holding(family: Family) -> Measurement:
    feature, steps = FEATURES["qc_holding_current"], family.steps
    first = family.usable & steps.before_steps
    if not first.any():
        return feature.missing(Status.EXCLUDED, "no sweep passed quality control")
    held = steps.holding[first]
    if not np.isfinite(held).any():
        return feature.missing(Status.NOT_APPLICABLE, "the injected current is not known: the file holds no command")
    return feature.measured(float(np.nanmedian(held)), remark=f"median over {int(np.isfinite(held).sum())} sweeps")
