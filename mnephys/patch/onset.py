"""When firing begins on a weak step: at once or late; what that says of a motor neuron, and what not.

Fast motor neurons fire late at rheobase, slow ones at once (doi:10.7554/eLife.04046,
doi:10.7554/eLife.71385). That is a subtype and no stage: nothing here is a sign of maturity.
"""

from __future__ import annotations

import numpy as np

from mnephys.measurement import Feature, Measurement, Status
from mnephys.patch.family import FIRING_STEP_MS, Family
from mnephys.patch.firing import StepFiring
from mnephys.recording import IntArray

__all__ = ["FEATURES", "ONSETS", "measure_onset"]

ONSETS = ("immediate", "delayed")
"""Onset of repetitive firing at the smallest current that evokes it."""

CHARGED_TAUS = 5.0
SUBTYPE_STEP_S = 5.0
SUBTYPE_DELAY_S = 0.5
REPETITIVE_APS = 3

_CELL = ("cell",)

FEATURES = {
    f.name: f
    for f in (
        Feature(
            "firing_onset",
            "1",
            _CELL,
            f"Onset of the weakest repetitive firing: {ONSETS[0]}, or {ONSETS[1]} beyond the charging of the membrane",
            "mnephys",
            parameters={
                "charged_after_time_constants": CHARGED_TAUS,
                "shortest_step_ms": FIRING_STEP_MS,
                "repetitive_aps": REPETITIVE_APS,
            },
        ),
        Feature(
            "firing_subtype",
            "1",
            _CELL,
            f"Motor-neuron subtype by its firing at rheobase on steps of 5 s: {', '.join(ONSETS)}; no sign of maturity",
            "10.7554/eLife.04046",
            parameters={
                "step_s": SUBTYPE_STEP_S,
                "shortest_delay_s": SUBTYPE_DELAY_S,
                "repetitive_aps": REPETITIVE_APS,
            },
        ),
    )
}
"""The features that this module measures."""


def measure_onset(family: Family, firing: StepFiring, tau: float | None) -> list[Measurement]:
    """Say whether weak repetitive firing begins at once or late.

    Parameters
    ----------
    family : Family
        After quality control, with currents known.
    firing : StepFiring
        Its firing.
    tau : float or None
        Time constant in s of the exponential with which steps charge the membrane, None where it is not known.

    Returns
    -------
    list of Measurement
        One row per entry of `FEATURES`.

    Notes
    -----
    Read at the smallest current that evokes three action potentials (repetitive firing): noise may evoke a single
    one at rheobase at any time. The membrane is charged to 99.3 % after five time constants of the exponential that
    fits its charging (where channels oppose the step, a shorter one than `membrane_time_constant`); an onset is
    *delayed* where the first action potential comes later than that, so that charging does not explain it.

    The subtype is read at rheobase on steps of 5 s (doi:10.7554/eLife.04046, doi:10.7554/eLife.71385;
    mechanism: doi:10.1016/j.celrep.2018.02.093): *delayed* motor neurons depolarise slowly, fire late and
    then accelerate, *immediate* ones fire at the onset, steadily or adapting. The papers tell them
    apart by eye and print no cut; here *delayed* takes a delayed onset of at least 0.5 s, and intervals
    that get shorter. A late and accelerating onset is what it is on a step of any length. An early one is not:
    what fires early on a short step might have fired late on a weaker one of 5 s, and so might a cell that
    already fires at the smallest current tested. Neither is called immediate.
    """
    steps, level = family.steps, family.steps.level
    enough = family.primary & family.firing_test & (firing.count >= REPETITIVE_APS)
    if not enough.any():
        why = f"no first step of at least {FIRING_STEP_MS:g} ms evoked {REPETITIVE_APS} action potentials"
        return _both(Status.TOO_FEW_EVENTS, why)
    if family.ap_count[steps.before_steps & family.usable].any():
        why = "the cell fires spontaneously, so that the first action potential on a step need not be evoked by it"
        return _both(Status.NOT_APPLICABLE, why)
    rows = np.flatnonzero(enough & (level == level[enough].min()))
    first = np.searchsorted(family.ap_step, rows)
    since = np.asarray(family.aps["threshold_time"], dtype=np.float64)[first] - steps.start_time()[rows]
    latency = float(np.median(since))
    weakest = bool(level[rows[0]] <= level[family.primary].min())
    return [_onset(latency, tau, weakest), _subtype(family, rows, latency, tau, weakest)]


def _both(status: Status, why: str) -> list[Measurement]:
    return [feature.missing(status, why) for feature in FEATURES.values()]


def _onset(latency: float, tau: float | None, weakest: bool) -> Measurement:
    feature = FEATURES["firing_onset"]
    if tau is None:
        why = "the time constant with which steps charge the membrane is not known, so no latency is early or late"
        return feature.missing(Status.NOT_APPLICABLE, why)
    remark = (
        f"first action potential after {1000 * latency:.0f} ms, charging with a time constant of {1000 * tau:.0f} ms"
    )
    if weakest:
        remark += "; the smallest current tested already evokes it, a weaker one might later"
    return feature.category(ONSETS[latency > CHARGED_TAUS * tau], remark=remark)


def _subtype(family: Family, rows: IntArray, latency: float, tau: float | None, weakest: bool) -> Measurement:
    feature, length = FEATURES["firing_subtype"], float(family.steps.duration[rows].min())
    if latency >= max(SUBTYPE_DELAY_S, CHARGED_TAUS * (tau or 0.0)):
        if _last_over_first(family, rows) >= 1.0:
            why = f"the first action potential comes late ({latency:.2g} s), but firing does not accelerate"
            return feature.missing(Status.NOT_APPLICABLE, why)
        return feature.category(ONSETS[1], remark=f"after {latency:.2g} s on steps of {length:.2g} s, accelerating")
    if length < 0.99 * SUBTYPE_STEP_S:
        why = (
            f"a first action potential after {latency:.2g} s on a step of {length:.2g} s does not tell the subtype: "
            f"a weaker step of {SUBTYPE_STEP_S:g} s might evoke a later one"
        )
        return feature.missing(Status.NOT_APPLICABLE, why)
    if weakest:
        why = "the smallest current tested already evokes repetitive firing; the subtype shows at rheobase"
        return feature.missing(Status.NOT_APPLICABLE, why)
    return feature.category(ONSETS[0], remark=f"after {1000 * latency:.0f} ms on steps of {length:.2g} s")


def _last_over_first(family: Family, rows: IntArray) -> float:
    """Return the mean of the last three intervals over the first, median over repeats."""
    peak = np.asarray(family.aps["peak_time"], dtype=np.float64)
    trains = [np.diff(peak[family.ap_step == row]) for row in rows.tolist()]
    return float(np.median([train[1:][-3:].mean() / train[0] for train in trains]))
