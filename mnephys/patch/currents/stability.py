"""The holding current of a cell, and whether it and the series resistance stayed the same."""

from __future__ import annotations

import numpy as np

from mnephys.measurement import Measurement, Status
from mnephys.patch.currents.family import CurrentFamily
from mnephys.patch.currents.features import FEATURES
from mnephys.patch.currents.holding import Holding
from mnephys.patch.limits import CurrentLimits
from mnephys.recording import FloatArray

__all__ = ["OF_HOLDING", "judge_stability", "measure_holding"]

OF_HOLDING = ("holding_current", "qc_holding_drift")


def measure_holding(family: CurrentFamily, holding: Holding) -> list[Measurement]:
    """Measure the holding current of the sweeps that are used and how far it moved.

    Parameters
    ----------
    family : CurrentFamily
        After quality control.
    holding : Holding
        Of every sweep.

    Returns
    -------
    list of Measurement
        The rows `holding_current` and `qc_holding_drift`, of the sweeps at the most frequent potential.
    """
    level, own, refusal = _usual(family, holding)
    if refusal is not None:
        return [FEATURES[name].missing(*refusal) for name in OF_HOLDING]
    current = FEATURES["holding_current"].measured(
        float(np.median(own)), remark=f"At {level:g} mV, median over {own.size} sweeps."
    )
    drift = FEATURES["qc_holding_drift"]
    if own.size < 2:
        return [current, drift.missing(Status.TOO_FEW_EVENTS, f"Fewer than two sweeps are held at {level:g} mV.")]
    return [current, drift.measured(float(np.ptp(own)), remark=f"At {level:g} mV, over {own.size} sweeps.")]


def judge_stability(drift: Measurement, change: Measurement, limits: CurrentLimits) -> Measurement:
    """Say whether a cell stayed the same over the sweeps that are used.

    Parameters
    ----------
    drift, change : Measurement
        Of `qc_holding_drift` in pA and `qc_series_resistance_change` in %.
    limits : CurrentLimits
        What is stable.

    Returns
    -------
    Measurement
        The row `qc_stability`: ``stable``, ``unstable`` or, where only one of the two is known and stable, its name:
        ``holding current stable`` or ``series resistance stable``. It excludes nothing.

    Examples
    --------
    >>> from mnephys.patch.limits import QualityLimits
    >>> drift, change = FEATURES["qc_holding_drift"], FEATURES["qc_series_resistance_change"]
    >>> limits = QualityLimits.read().voltage_clamp
    >>> judge_stability(drift.measured(12.0), change.measured(-31.0), limits).text
    'unstable'
    """
    feature = FEATURES["qc_stability"]
    tolerated = ((drift, limits.stability_holding), (change, 100.0 * limits.stability_series))
    known = {row.feature: (row.value, limit) for row, limit in tolerated if row.ok and row.value is not None}
    if not known:
        return feature.missing(drift.status, drift.reason)
    held, rest = "The holding current is not compared", "the series resistance is not known"
    if drift.feature in known:
        held = f"The holding currents are within {drift.value:.3g} pA"
    if change.feature in known:
        rest = f"the series resistance changed by {round(known[change.feature][0]):+d} %"
    unstable = any(abs(value) > limit for value, limit in known.values())
    half = "holding current stable" if drift.feature in known else "series resistance stable"
    text = "unstable" if unstable else "stable" if len(known) == len(tolerated) else half
    return feature.category(text, remark=f"{held}, {rest}.")


def _usual(family: CurrentFamily, holding: Holding) -> tuple[float, FloatArray, tuple[Status, str] | None]:
    """Return the most frequent holding potential in mV and the currents at it in pA, or why there is none."""
    group = np.where(family.accepted, holding.group, -1)
    number, count = np.unique(group[group >= 0], return_counts=True)
    if not number.size:
        return float("nan"), np.empty(0), (Status.EXCLUDED, "No sweep holds a usable baseline.")
    if number.size > 1 and count.max() == 1:
        low, high = (_said(reduce(holding.potential[group >= 0])) for reduce in (np.min, np.max))
        why = f"The holding potential differs from sweep to sweep, {low:g} to {high:g} mV."
        return float("nan"), np.empty(0), (Status.NOT_APPLICABLE, why)
    own = group == number[np.argmax(count)]
    return _said(np.median(holding.potential[own])), holding.current[own], None


def _said(potential: np.floating) -> float:
    """Return a potential in tenths of a mV, never as -0."""
    return round(float(potential), 1) + 0.0
