"""What a cell fires on current steps: rheobase, f-I gain, pattern, adaptation, block, rebound."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from mnephys.measurement import Feature, Measurement, Status
from mnephys.patch.family import FIRING_STEP_MS, LONG_STEP_MS, Family
from mnephys.patch.firing import PATTERNS, SUSTAINED_MIN_APS, SUSTAINED_TAIL, StepFiring, step_firing
from mnephys.patch.segments import stretch_mean
from mnephys.recording import FloatArray, IntArray

__all__ = ["FEATURES", "measure_firing", "rheobases"]

ADAPTATION_MIN_APS = 5
REBOUND_S = 0.5
REBOUND_MIN_FALL_MV = 5.0

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
        Feature(
            "rheobase",
            "pA",
            _CELL,
            "Smallest step from the holding current with an action potential, median over repeats",
            _OWN,
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
        Feature("fi_gain", "Hz/pA", _CELL, "Slope of the f-I curve from rheobase to its maximum", _OWN, (-10, 10)),
        Feature("first_spike_latency", "s", _CELL, "Step onset to first threshold, at rheobase", _OWN, (0, 100)),
        Feature(
            "spike_frequency_adaptation",
            "1",
            _CELL,
            "Mean of the last 3 intervals over the first, at the step nearest 2 x rheobase; 1 is none",
            _OWN,
            (0, 100),
            {"min_aps": ADAPTATION_MIN_APS},
        ),
        Feature("isi_cv", "1", _CELL, "SD (ddof 0) over mean of the intervals, on the same step", _OWN, (0, 100)),
        Feature(
            "depolarization_block_current",
            "pA",
            _CELL,
            "Smallest current at which firing that lower currents sustain stops while the cell stays depolarised",
            _OWN,
        ),
        Feature(
            "rebound_spike_count",
            "1",
            _CELL,
            "Most action potentials within 0.5 s after a hyperpolarising step",
            "10.1371/journal.pone.0040154",
            (0, 1000),
            {"window_s": REBOUND_S, "smallest_fall_mv": REBOUND_MIN_FALL_MV},
        ),
        Feature("spontaneous_rate", "Hz", _CELL, "Action potentials per second before any step", _OWN, (0, 1000)),
        Feature(
            "abortive_spike_count", "1", _CELL, "Spikelets that are no action potentials, on steps", _OWN, (0, 1e6)
        ),
    )
}
"""The features that this module measures."""


def measure_firing(family: Family) -> list[Measurement]:
    """Measure the firing features of a family.

    Parameters
    ----------
    family : Family
        After quality control.

    Returns
    -------
    list of Measurement
        Rows for each test step (level ``sweep``; ``s3`` is the fourth sweep's first test step, ``s3.2``
        its second) and for the cell.
    """
    firing = step_firing(family)
    return [*_sweep_rows(family, firing), *_cell_rows(family, firing)]


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


def _cell_rows(family: Family, firing: StepFiring) -> list[Measurement]:
    apart = [_rebound(family), _spontaneous(family)]
    rows = family.long_test
    if not rows.any():
        why = f"no constant current step of at least {LONG_STEP_MS:g} ms was recorded to its end"
        others = [f for name, f in FEATURES.items() if f.levels[0] == "cell" and name not in _APART]
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
        *_threshold_rows(family, firing, int(firing.count[rows].sum())),
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


_APART = {"rebound_spike_count", "spontaneous_rate"}
_NEED_CURRENT = (
    "rheobase",
    "fi_gain",
    "first_spike_latency",
    "spike_frequency_adaptation",
    "isi_cv",
    "depolarization_block_current",
)


def _threshold_rows(family: Family, firing: StepFiring, n_aps: int) -> list[Measurement]:
    """Measure what is defined relative to the rheobase."""
    steps, rows = family.steps, family.long_test
    step = steps.current - steps.holding
    if np.isnan(steps.current[rows]).any():
        why = "the injected current is not known: the file holds no command"
        return [FEATURES[name].missing(Status.NOT_APPLICABLE, why) for name in _NEED_CURRENT]
    if n_aps == 0:
        top = f"no action potential up to {step[rows].max():g} pA"
        return [FEATURES[name].missing(Status.TOO_FEW_EVENTS, top) for name in _NEED_CURRENT]
    each = rheobases(steps.order[rows], steps.level[rows], step[rows], firing.count[rows])
    rheobase = float(np.median(each))
    at_lowest = rheobase <= step[rows].min()
    remark = f"{each.size} families" if each.size > 1 else ""
    if at_lowest:
        remark = "the smallest current tested already evokes action potentials: an upper bound"
    primary = family.primary
    at_rheobase = primary & (steps.level == steps.level[primary & (firing.count > 0)].min(initial=np.inf))
    first = family.first_ap(at_rheobase)
    latency = np.asarray(family.aps["threshold_time"])[first] - steps.start_time()[family.ap_step[first]]
    return [
        FEATURES["rheobase"].measured(rheobase, remark=remark),
        _gain(step[primary], firing.rate[primary], firing.count[primary]),
        FEATURES["first_spike_latency"].measured(float(np.median(latency)))
        if latency.size
        else FEATURES["first_spike_latency"].missing(Status.TOO_FEW_EVENTS, "the first step evokes none"),
        *_regularity(family, firing, rheobase),
        _block(step[primary], firing, primary),
    ]


def rheobases(order: IntArray, level: FloatArray, current: FloatArray, count: IntArray) -> FloatArray:
    """Return the smallest current with an action potential of each step and repeat.

    Parameters
    ----------
    order : ndarray, int, shape (n,)
        Which step of its sweep each entry is.
    level : ndarray, float, shape (n,)
        Equal where the same current was meant.
    current : ndarray, float, shape (n,)
        In pA.
    count : ndarray, int, shape (n,)
        Action potentials.

    Returns
    -------
    ndarray, float, shape (n_families_that_fired,)
        In pA. The k-th time that a level is given counts as the k-th repeat.

    Examples
    --------
    >>> import numpy as np
    >>> current = np.array([10.0, 20.0, 10.0, 20.0])
    >>> rheobases(np.zeros(4, int), current, current, np.array([0, 1, 1, 2]))
    array([20., 10.])
    """
    by = np.lexsort((np.arange(order.size), level, order))
    new = np.ones(order.size, dtype=bool)
    new[1:] = (order[by][1:] != order[by][:-1]) | (level[by][1:] != level[by][:-1])
    position = np.arange(order.size)
    repeat = np.empty(order.size, dtype=np.int64)
    repeat[by] = position - np.maximum.accumulate(np.where(new, position, 0))
    fired = count > 0
    families, owner = np.unique(np.stack([order, repeat])[:, fired], axis=1, return_inverse=True)
    smallest = np.full(families.shape[1], np.inf)
    np.minimum.at(smallest, owner.ravel(), current[fired])
    return smallest


def _gain(current: FloatArray, rate: FloatArray, count: IntArray) -> Measurement:
    feature = FEATURES["fi_gain"]
    if not (count > 0).any():
        return feature.missing(Status.TOO_FEW_EVENTS, "the first step evokes no action potential")
    top = current[rate == rate.max()].min()
    used = (current >= current[count > 0].min()) & (current <= top)
    if np.unique(current[used]).size < 3:
        why = "fewer than three currents between rheobase and the highest rate"
        return feature.missing(Status.TOO_FEW_EVENTS, why)
    away = current[used] - current[used].mean()
    return feature.measured(float(away @ rate[used] / (away @ away)))


def _regularity(family: Family, firing: StepFiring, rheobase: float) -> list[Measurement]:
    names = ("spike_frequency_adaptation", "isi_cv")
    enough = family.primary & family.firing_test & (firing.count >= ADAPTATION_MIN_APS) & ~firing.blocked
    if not enough.any():
        why = f"no step of at least {FIRING_STEP_MS:g} ms evoked {ADAPTATION_MIN_APS} action potentials"
        return [FEATURES[name].missing(Status.TOO_FEW_EVENTS, why) for name in names]
    step = np.where(enough, family.steps.current - family.steps.holding, np.inf)
    row = int(np.argmin(np.abs(step - 2.0 * rheobase)))
    interval = np.diff(np.asarray(family.aps["peak_time"], dtype=np.float64)[family.ap_step == row])
    remark = f"at {step[row]:g} pA, {interval.size + 1} action potentials"
    return [
        FEATURES[names[0]].measured(float(interval[-3:].mean() / interval[0]), remark=remark),
        FEATURES[names[1]].measured(float(interval.std() / interval.mean()), remark=remark),
    ]


def _block(current: FloatArray, firing: StepFiring, primary: NDArray[np.bool_]) -> Measurement:
    feature = FEATURES["depolarization_block_current"]
    sustained = firing.pattern[primary] == PATTERNS.index("sustained")
    if not sustained.any():
        return feature.missing(Status.NOT_APPLICABLE, "no step sustained firing to its end")
    beyond = current > current[sustained].max()
    blocked = beyond & firing.blocked[primary]
    if not blocked.any():
        return feature.missing(Status.TOO_FEW_EVENTS, f"no block up to {current.max():g} pA")
    return feature.measured(float(current[blocked].min()))


def _spontaneous(family: Family) -> Measurement:
    steps = family.steps
    quiet = family.usable & steps.before_steps
    duration = float(steps.duration[quiet].sum())
    if duration <= 0:
        return FEATURES["spontaneous_rate"].missing(Status.NOT_APPLICABLE, "no time before the first step")
    return FEATURES["spontaneous_rate"].measured(
        float(family.ap_count[quiet].sum()) / duration, remark=f"in {duration:.3g} s before the steps"
    )


def _rebound(family: Family) -> Measurement:
    """Count action potentials after the release from hyperpolarisation of sweeps that were silent before."""
    steps, feature = family.steps, FEATURES["rebound_spike_count"]
    following = np.minimum(np.arange(len(steps)) + 1, len(steps) - 1)
    flat = family.voltage.ravel()
    third = np.maximum((steps.stop - steps.start) // 3, 1)
    before = np.maximum(np.arange(len(steps)) - 1, 0)
    reach = np.minimum(round(0.1 * family.sampling_rate), steps.stop[before] - steps.start[before])
    fall = stretch_mean(flat, steps.start - reach, steps.start) - stretch_mean(flat, steps.stop - third, steps.stop)
    released = (
        family.usable
        & steps.complete
        & (steps.current < steps.holding)
        & (fall >= REBOUND_MIN_FALL_MV)
        & (steps.duration >= LONG_STEP_MS / 1000.0)
        & (steps.sweep[following] == steps.sweep)
        & (steps.sweep[before] == steps.sweep)
        & (following > np.arange(len(steps)))
        & np.isclose(steps.current[following], steps.holding[following], atol=0.5)
    )
    if not released.any():
        why = f"no step that hyperpolarises by {REBOUND_MIN_FALL_MV:g} mV and is followed by the holding current"
        return feature.missing(Status.NOT_APPLICABLE, why)
    if family.ap_count[steps.before_steps & family.usable].any():
        why = "the cell fires spontaneously, so that an action potential after a step need not be a rebound"
        return feature.missing(Status.NOT_APPLICABLE, why)
    since = np.asarray(family.aps["threshold_time"], dtype=np.float64) - steps.start_time()[family.ap_step]
    in_time = np.bincount(family.ap_step[since <= REBOUND_S], minlength=len(steps))
    return feature.measured(
        float(in_time[following[released]].max()),
        remark=f"{int(released.sum())} releases, from {fall[released].max():.0f} mV at most",
    )
