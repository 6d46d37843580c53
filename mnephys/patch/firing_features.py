"""What a cell fires on current steps: rheobase, f-I gain, pattern, adaptation, block, rebound."""

from __future__ import annotations

import numpy as np

from mnephys.measurement import Feature, Measurement, Status
from mnephys.patch import onset, regularity, rheobase, unevoked
from mnephys.patch.family import FIRING_STEP_MS, LONG_STEP_MS, Family
from mnephys.patch.firing import PATTERNS, SUSTAINED_MIN_APS, SUSTAINED_TAIL, StepFiring, step_firing

__all__ = ["FEATURES", "measure_firing"]

_SWEEP = ("sweep",)
_CELL = ("cell",)
_OWN = "mnephys"

FEATURES = {
    f.name: f
    for f in (
        Feature("step_current", "pA", _SWEEP, "Injected current during the step", _OWN, (-1e5, 1e5)),
        Feature("spike_count", "1", _SWEEP, "Action potentials evoked by the step", _OWN, (0, 1e6)),
        Feature("firing_rate", "Hz", _SWEEP, "Action potentials over the step's duration", _OWN, (0, 1000)),
        Feature(
            "firing_pattern",
            "1",
            ("cell", "sweep"),
            f"Most sustained firing on any step: {', '.join(PATTERNS)}",
            "10.3389/fncel.2015.00349",
            parameters={
                "sustained_min_aps": SUSTAINED_MIN_APS,
                "sustained_tail_isis": SUSTAINED_TAIL,
                "shortest_step_ms": FIRING_STEP_MS,
            },
        ),
        Feature("max_firing_rate", "Hz", _CELL, "Highest rate over a whole step", _OWN, (0, 1000)),
        Feature("max_instantaneous_rate", "Hz", _CELL, "Inverse of the shortest interval on any step", _OWN, (0, 2000)),
        Feature(
            "max_sustained_rate",
            "Hz",
            _CELL,
            "Highest rate over a step on which firing lasts to the end; 0 where it never does",
            _OWN,
            (0, 1000),
        ),
        Feature(
            "abortive_spike_count", "1", _CELL, "Spikelets that are no action potentials, on steps", _OWN, (0, 1e6)
        ),
    )
}
FEATURES |= rheobase.FEATURES | onset.FEATURES | regularity.FEATURES | unevoked.FEATURES
"""The features that this module and its parts measure."""


def measure_firing(family: Family, tau: float | None) -> list[Measurement]:
    """Measure the firing features of a family.

    Parameters
    ----------
    family : Family
        After quality control.
    tau : float or None
        Time constant in s with which steps charge the membrane, against which the first action potential is early or
        late; None where it is not known.

    Returns
    -------
    list of Measurement
        Rows for each test step (level ``sweep``; ``s3`` is the fourth sweep's first test step, ``s3.2``
        its second) and for the cell.
    """
    firing = step_firing(family)
    return [*_sweep_rows(family, firing), *_cell_rows(family, firing, tau)]


def _sweep_rows(family: Family, firing: StepFiring) -> list[Measurement]:
    steps = family.steps
    rows = np.flatnonzero(steps.test & family.usable)
    sweep = steps.sweep[rows]
    nth = np.arange(rows.size) - np.searchsorted(sweep, sweep) + 1
    out: list[Measurement] = []
    for row, k in zip(rows.tolist(), nth.tolist(), strict=True):
        at = {"level": "sweep", "id": f"s{steps.sweep[row]}" + (f".{k}" if k > 1 else "")}
        current = float(steps.current[row])
        if np.isfinite(current):
            out.append(FEATURES["step_current"].measured(current, **at))
        else:
            reason = "the file holds no command"
            out.append(FEATURES["step_current"].missing(Status.NOT_APPLICABLE, reason, **at))
        out.extend(
            (
                FEATURES["spike_count"].measured(float(firing.count[row]), **at),
                FEATURES["firing_rate"].measured(float(firing.rate[row]), **at),
                FEATURES["firing_pattern"].category(PATTERNS[firing.pattern[row]], **at),
            )
        )
    return out


def _cell_rows(family: Family, firing: StepFiring, tau: float | None) -> list[Measurement]:
    apart = unevoked.measure_unevoked(family)
    rows = family.long_test
    if not rows.any():
        why = f"no constant current step of at least {LONG_STEP_MS:g} ms was recorded to its end"
        others = [f for name, f in FEATURES.items() if f.levels[0] == "cell" and name not in unevoked.FEATURES]
        return [f.missing(Status.NOT_APPLICABLE, why) for f in others] + apart
    instant = 1.0 / firing.shortest[rows & (firing.count >= 2)]
    few = "no step evoked two action potentials"
    return [
        *_sustained_rows(family, firing),
        FEATURES["max_firing_rate"].measured(float(firing.rate[rows].max())),
        FEATURES["max_instantaneous_rate"].measured(float(instant.max()))
        if instant.size
        else FEATURES["max_instantaneous_rate"].missing(Status.TOO_FEW_EVENTS, few),
        FEATURES["abortive_spike_count"].measured(float(family.spikelet_count[rows].sum())),
        *_threshold_rows(family, firing, tau),
        *apart,
    ]


def _sustained_rows(family: Family, firing: StepFiring) -> list[Measurement]:
    """Measure what needs a step long enough to tell whether firing lasts."""
    rows = family.firing_test
    if not rows.any():
        longest = 1000.0 * float(family.steps.duration[family.long_test].max())
        why = f"the longest step lasts {longest:.0f} ms; whether firing lasts takes {FIRING_STEP_MS:g} ms to tell"
        return [FEATURES[name].missing(Status.TOO_FEW_EVENTS, why) for name in ("firing_pattern", "max_sustained_rate")]
    sustained = rows & (firing.pattern == PATTERNS.index("sustained"))
    highest = float(firing.rate[sustained].max()) if sustained.any() else 0.0
    return [
        FEATURES["firing_pattern"].category(PATTERNS[int(firing.pattern[rows].max())]),
        FEATURES["max_sustained_rate"].measured(
            highest, remark="" if sustained.any() else "no step sustained firing to its end"
        ),
    ]


def _threshold_rows(family: Family, firing: StepFiring, tau: float | None) -> list[Measurement]:
    """Measure what is defined relative to the rheobase."""
    steps, rows = family.steps, family.long_test
    features = [f for room in (rheobase, onset, regularity) for f in room.FEATURES.values()]
    if np.isnan(steps.current[rows]).any():
        why = "the injected current is not known: the file holds no command"
        return [f.missing(Status.NOT_APPLICABLE, why) for f in features]
    if not firing.count[rows].any():
        why = f"no action potential up to {(steps.current - steps.holding)[rows].max():g} pA"
        return [f.missing(Status.TOO_FEW_EVENTS, why) for f in features]
    smallest = float(np.median(rheobase.repeated_rheobase(family, firing)))
    return [
        *rheobase.measure_rheobase(family, firing),
        *onset.measure_onset(family, firing, tau),
        *regularity.measure_regularity(family, firing, smallest),
    ]
