"""Whether a cell stayed the same over the sweeps that are used: its baseline, and its response to the same step."""

from __future__ import annotations

import numpy as np

from mnephys.measurement import Feature, Measurement, Status
from mnephys.patch.charging import Deflections
from mnephys.patch.family import Family
from mnephys.patch.limits import QualityLimits
from mnephys.recording import FloatArray

__all__ = ["FEATURES", "measure_stability"]

PROBE_CURRENT_PA = 0.5
MIN_DEFLECTION_MV = 2.0

_CELL = ("cell",)
_OWN = "mnephys"

FEATURES = {
    f.name: f
    for f in (
        Feature("qc_drift", "mV", _CELL, "Largest minus smallest baseline of the sweeps used", _OWN, (0, 1e3)),
        Feature(
            "qc_resistance_spread",
            "%",
            _CELL,
            "Largest minus smallest input resistance over their median, at a step that sweeps have in common",
            _OWN,
            (0, 1e6),
        ),
        Feature("qc_stability", "1", _CELL, "Whether baseline and resistance stayed the same", _OWN),
    )
}
"""The features that this module measures."""


def measure_stability(
    family: Family, potential: FloatArray, deflections: Deflections, limits: QualityLimits
) -> list[Measurement]:
    """Compare the sweeps that are used with one another.

    Parameters
    ----------
    family : Family
        After quality control.
    potential : ndarray, float, shape (n_sweeps,)
        Baseline of each sweep in mV.
    deflections : Deflections
        Responses to its steps.
    limits : QualityLimits
        What is stable.

    Returns
    -------
    list of Measurement
        One row per entry of `FEATURES`; `qc_stability` is ``stable`` or ``unstable`` and excludes nothing.

    Notes
    -----
    Input resistances at different currents differ by rectification alone. Compared are those at the step of one
    current, at one place of the sweep, that most sweeps have in common: a prepulse, or a repeat. Its median response
    is at least 2 mV; a hyperpolarising one goes before.
    """
    used = potential[family.accepted & np.isfinite(potential)]
    resistance, level = _common_step(family, deflections)
    spread = float(np.ptp(resistance) / np.median(resistance)) if resistance.size else float("nan")
    over = f"over {resistance.size} sweeps at a step of {level:g} pA"
    feature = FEATURES["qc_resistance_spread"]
    change = (
        feature.measured(100.0 * spread, remark=over)
        if resistance.size
        else feature.missing(Status.NOT_APPLICABLE, "no two sweeps have a step in common that evokes nothing")
    )
    if used.size < 2:
        too_few = "fewer than two sweeps are used"
        drift = FEATURES["qc_drift"].missing(Status.TOO_FEW_EVENTS, too_few)
        return [drift, change, FEATURES["qc_stability"].missing(Status.TOO_FEW_EVENTS, too_few)]
    shift = float(np.ptp(used))
    said = f"The baselines of {used.size} sweeps are within {shift:.2g} mV"
    said += f", the input resistance within {spread:.0%} {over}." if resistance.size else "; no step is in common."
    unstable = shift > limits.stability_baseline or spread > limits.stability_resistance
    verdict = FEATURES["qc_stability"].category("unstable" if unstable else "stable", remark=said)
    return [FEATURES["qc_drift"].measured(shift, remark=f"over {used.size} sweeps"), change, verdict]


def _common_step(family: Family, deflections: Deflections) -> tuple[FloatArray, float]:
    """Return the input resistance at the step that most used sweeps have in common, in MOhm, and its current in pA."""
    steps, row = family.steps, deflections.row
    moved = deflections.steady - deflections.baseline
    known = np.isfinite(moved) & (np.abs(deflections.current) > PROBE_CURRENT_PA) & family.accepted[steps.sweep[row]]
    level = steps.level[row][known]
    if not level.size:
        return np.empty(0), float("nan")
    kinds, kind, count = np.unique(
        np.column_stack([steps.order[row][known], level]), axis=0, return_inverse=True, return_counts=True
    )
    kind = kind.ravel()
    moved, current = moved[known], deflections.current[known]
    best = np.empty(0), float("nan")
    # Few kinds of steps: of as many sweeps, the hyperpolarising first.
    for which in np.lexsort((np.sign(kinds[:, 1]), -count)):
        own = kind == which
        if count[which] > 1 and abs(float(np.median(moved[own]))) >= MIN_DEFLECTION_MV:
            best = 1000.0 * moved[own] / current[own], float(kinds[which, 1])
            break
    return best
