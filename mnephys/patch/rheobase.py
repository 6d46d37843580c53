"""What is defined by the current that it takes: rheobase, f-I gain, latency, depolarisation block."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from mnephys.measurement import Feature, Measurement, Status
from mnephys.patch.family import Family
from mnephys.patch.firing import PATTERNS, StepFiring
from mnephys.recording import FloatArray, IntArray

__all__ = ["BLOCK", "FEATURES", "at_rheobase", "measure_rheobase", "repeated_rheobase", "rheobases"]

BLOCK = ("none", "blocked")
"""Whether currents beyond those that sustain firing stop it while the cell stays depolarised."""

_CELL = ("cell",)
_OWN = "mnephys"
_LISTED = 5

FEATURES = {
    f.name: f
    for f in (
        Feature(
            "rheobase",
            "pA",
            _CELL,
            "Smallest step from the holding current with an action potential, median over repeats",
            _OWN,
        ),
        Feature("fi_gain", "Hz/pA", _CELL, "Slope of the f-I curve from rheobase to its maximum", _OWN, (-10, 10)),
        Feature(
            "fi_gain_error", "Hz/pA", _CELL, "Standard error of that slope, from the scatter about it", _OWN, (0, 10)
        ),
        Feature("first_spike_latency", "s", _CELL, "Step onset to first threshold, at rheobase", _OWN, (0, 100)),
        Feature(
            "depolarization_block",
            "1",
            _CELL,
            f"Whether firing is blocked at currents beyond those that sustain it: {', '.join(BLOCK)}",
            _OWN,
        ),
        Feature(
            "depolarization_block_current",
            "pA",
            _CELL,
            "Smallest current at which firing that lower currents sustain stops while the cell stays depolarised",
            _OWN,
        ),
    )
}
"""The features that this module measures."""


def measure_rheobase(family: Family, firing: StepFiring) -> list[Measurement]:
    """Measure what is defined by the smallest current that evokes an action potential, and by the largest.

    Parameters
    ----------
    family : Family
        After quality control, with currents known and at least one action potential on a long step.
    firing : StepFiring
        Its firing.

    Returns
    -------
    list of Measurement
        One row per entry of `FEATURES`.
    """
    steps, rows = family.steps, family.long_test
    step = steps.current - steps.holding
    each = repeated_rheobase(family, firing)
    rheobase = float(np.median(each))
    remark = f"{each.size} families: {_listed(each)}" if each.size > 1 else ""
    if rheobase <= step[rows].min():
        remark = "the smallest current tested already evokes action potentials: an upper bound"
    primary = family.primary
    first = family.first_ap(at_rheobase(family, firing))
    latency = np.asarray(family.aps["threshold_time"])[first] - steps.start_time()[family.ap_step[first]]
    late = FEATURES["first_spike_latency"]
    return [
        FEATURES["rheobase"].measured(rheobase, remark=remark),
        *_gain(step[primary], firing.rate[primary], firing.count[primary]),
        late.measured(float(np.median(latency)))
        if latency.size
        else late.missing(Status.TOO_FEW_EVENTS, "the first step evokes none"),
        *_block(step[primary], firing, primary),
    ]


def repeated_rheobase(family: Family, firing: StepFiring) -> FloatArray:
    """Return the rheobase of every step and repeat of a family.

    Parameters
    ----------
    family : Family
        With currents known.
    firing : StepFiring
        Its firing.

    Returns
    -------
    ndarray, float, shape (n_families_that_fired,)
        In pA above holding.
    """
    steps, rows = family.steps, family.long_test
    step = steps.current - steps.holding
    return rheobases(steps.order[rows], steps.level[rows], step[rows], firing.count[rows])


def at_rheobase(family: Family, firing: StepFiring) -> NDArray[np.bool_]:
    """Return the first steps of all sweeps at the smallest current that evokes an action potential in one.

    Parameters
    ----------
    family : Family
        With currents known.
    firing : StepFiring
        Its firing.

    Returns
    -------
    ndarray, bool, shape (n_rows,)
        Rows of `Family.steps`; none where no such step fires.
    """
    primary, level = family.primary, family.steps.level
    return np.asarray(primary & (level == level[primary & (firing.count > 0)].min(initial=np.inf)))


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


def _listed(currents: FloatArray) -> str:
    """Return the currents as text: all of a few, the range of many."""
    if currents.size > _LISTED:
        return f"{currents.min():.4g} to {currents.max():.4g} pA"
    return ", ".join(f"{current:.4g}" for current in currents) + " pA"


def _gain(current: FloatArray, rate: FloatArray, count: IntArray) -> list[Measurement]:
    gain, error = FEATURES["fi_gain"], FEATURES["fi_gain_error"]
    if not (count > 0).any():
        why = "the first step evokes no action potential"
        return [f.missing(Status.TOO_FEW_EVENTS, why) for f in (gain, error)]
    top = current[rate == rate.max()].min()
    used = (current >= current[count > 0].min()) & (current <= top)
    if np.unique(current[used]).size < 3:
        why = "fewer than three currents between rheobase and the highest rate"
        return [f.missing(Status.TOO_FEW_EVENTS, why) for f in (gain, error)]
    away = current[used] - current[used].mean()
    slope = float(away @ rate[used] / (away @ away))
    scatter = rate[used] - rate[used].mean() - slope * away
    spread = float(np.sqrt(scatter @ scatter / (away.size - 2) / (away @ away)))
    remark = f"{away.size} steps, standard error {spread:.2g} Hz/pA"
    return [gain.measured(slope, remark=remark), error.measured(spread, remark=f"{away.size} steps")]


def _block(current: FloatArray, firing: StepFiring, primary: NDArray[np.bool_]) -> list[Measurement]:
    whether, onset = FEATURES["depolarization_block"], FEATURES["depolarization_block_current"]
    sustained = firing.pattern[primary] == PATTERNS.index("sustained")
    if not sustained.any():
        why = "no step sustained firing to its end"
        return [f.missing(Status.NOT_APPLICABLE, why) for f in (whether, onset)]
    beyond = current > current[sustained].max()
    blocked = beyond & firing.blocked[primary]
    if not blocked.any():
        why = f"no block up to {current.max():g} pA"
        return [whether.category(BLOCK[0], remark=why), onset.missing(Status.TOO_FEW_EVENTS, why)]
    lowest = float(current[blocked].min())
    return [whether.category(BLOCK[1], remark=f"from {lowest:g} pA on"), onset.measured(lowest)]
