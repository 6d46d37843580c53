"""What a cell fires without being driven: before any step, without steps, and after a release."""

from __future__ import annotations

import numpy as np

from mnephys.measurement import Feature, Measurement, Status
from mnephys.patch.family import LONG_STEP_MS, Family
from mnephys.patch.segments import stretch_mean
from mnephys.recording import FloatArray, IntArray

__all__ = ["FEATURES", "measure_unevoked"]

REBOUND_S = 0.5
REBOUND_MIN_FALL_MV = 5.0
REGULARITY_MIN_ISIS = 5
CLOCK_CV = 0.01
HELD_PA = 0.5

_CELL = ("cell",)

FEATURES = {
    f.name: f
    for f in (
        Feature(
            "rebound_spike_count",
            "1",
            _CELL,
            "Most action potentials within 0.5 s after a hyperpolarising step",
            "10.1371/journal.pone.0040154",
            (0, 1000),
            {"window_s": REBOUND_S, "smallest_fall_mv": REBOUND_MIN_FALL_MV},
        ),
        Feature(
            "spontaneous_rate",
            "Hz",
            _CELL,
            "Action potentials per second at 0 pA before any step; over everything where there is no step",
            "mnephys",
            (0, 1000),
            {"stimulated_below_isi_cv": CLOCK_CV, "held_above_pa": HELD_PA},
            version=3,
        ),
        Feature(
            "spontaneous_isi_cv",
            "1",
            _CELL,
            "SD (ddof 0) over mean of the intervals of these action potentials",
            "mnephys",
            (0, 100),
            {"min_intervals": REGULARITY_MIN_ISIS, "held_above_pa": HELD_PA},
            version=2,
        ),
    )
}
"""The features that this module measures."""


def measure_unevoked(family: Family) -> list[Measurement]:
    """Measure spontaneous firing and rebound.

    Parameters
    ----------
    family : Family
        After quality control.

    Returns
    -------
    list of Measurement
        One row per entry of `FEATURES`.

    Notes
    -----
    A holding current drives or silences a cell: only sweeps that are held at 0 pA, within 0.5 pA, count as
    unevoked. Where the command is not known the remark says so. Action potentials that come like a clock (CV of
    the intervals below 0.01, which no cell reaches by itself) are evoked by something that the recording does
    not hold, light for example, and are not called spontaneous.
    """
    return [_rebound(family), *_spontaneous(family)]


def _spontaneous(family: Family) -> list[Measurement]:
    steps = family.steps
    rate, regularity = FEATURES["spontaneous_rate"], FEATURES["spontaneous_isi_cv"]
    quiet = family.usable & steps.before_steps
    if not quiet.any():
        why = "no time before the first step"
        return [f.missing(Status.NOT_APPLICABLE, why) for f in (rate, regularity)]
    held = np.abs(steps.current) > HELD_PA
    if held[quiet].all():
        pa = float(np.median(steps.current[quiet]))
        why = f"the cell is held at {pa:.4g} pA: what it fires, or does not, is not spontaneous"
        return [f.missing(Status.NOT_APPLICABLE, why) for f in (rate, regularity)]
    quiet &= ~held
    duration = float(steps.duration[quiet].sum())
    row = family.ap_step
    same = (row[1:] == row[:-1]) & quiet[row[1:]]
    interval = np.diff(np.asarray(family.aps["peak_time"], dtype=np.float64))[same]
    enough = interval.size >= REGULARITY_MIN_ISIS
    spread = float(interval.std() / interval.mean()) if enough else np.nan
    if spread < CLOCK_CV:
        why = f"action potentials come like a clock (interval CV {spread:.2g}): something not recorded evokes them"
        return [f.missing(Status.NOT_APPLICABLE, why) for f in (rate, regularity)]
    whole = not (steps.test.any() or steps.ramp.any()) and bool(steps.before_steps.all())
    n_aps = int(family.ap_count[quiet].sum())
    remark = f"{n_aps} action potentials in {duration:.3g} s {'without any step' if whole else 'before the steps'}"
    unknown = "; the injected current is not known" if np.isnan(steps.current[quiet]).any() else ""
    few = f"{interval.size} intervals between spontaneous action potentials, {REGULARITY_MIN_ISIS} are needed"
    return [
        rate.measured(n_aps / duration, remark=remark + unknown),
        regularity.measured(spread, remark=f"{interval.size} intervals{unknown}")
        if enough
        else regularity.missing(Status.TOO_FEW_EVENTS, few),
    ]


def _rebound(family: Family) -> Measurement:
    """Count action potentials after the release from hyperpolarisation of sweeps that were silent before."""
    steps, feature = family.steps, FEATURES["rebound_spike_count"]
    position = np.arange(len(steps))
    following, before = np.minimum(position + 1, len(steps) - 1), np.maximum(position - 1, 0)
    below = np.flatnonzero(
        family.usable
        & steps.complete
        & (steps.current < steps.holding)
        & (steps.duration >= LONG_STEP_MS / 1000.0)
        & (steps.sweep[following] == steps.sweep)
        & (steps.sweep[before] == steps.sweep)
        & (following > position)
        & np.isclose(steps.current[following], steps.holding[following], atol=0.5)
    )
    fall = _falls(family, below, before[below])
    released, fall = below[fall >= REBOUND_MIN_FALL_MV], fall[fall >= REBOUND_MIN_FALL_MV]
    if not released.size:
        why = f"no step that hyperpolarises by {REBOUND_MIN_FALL_MV:g} mV and is followed by the holding current"
        return feature.missing(Status.NOT_APPLICABLE, why)
    if family.ap_count[steps.before_steps & family.usable].any():
        why = "the cell fires spontaneously, so that an action potential after a step need not be a rebound"
        return feature.missing(Status.NOT_APPLICABLE, why)
    since = np.asarray(family.aps["threshold_time"], dtype=np.float64) - steps.start_time()[family.ap_step]
    in_time = np.bincount(family.ap_step[since <= REBOUND_S], minlength=len(steps))
    return feature.measured(
        float(in_time[following[released]].max()),
        remark=f"{released.size} releases, from {fall.max():.0f} mV at most",
    )


def _falls(family: Family, row: IntArray, before: IntArray) -> FloatArray:
    """Return by how many mV the last third of each step lies below the 100 ms before it."""
    steps, flat = family.steps, family.voltage.ravel()
    third = np.maximum((steps.stop - steps.start) // 3, 1)[row]
    reach = np.minimum(round(0.1 * family.sampling_rate), (steps.stop - steps.start)[before])
    start, stop = steps.start[row], steps.stop[row]
    return stretch_mean(flat, start - reach, start) - stretch_mean(flat, stop - third, stop)
