"""Quality control of voltage-clamp sweeps: which are used, and what of the recording cannot be.

The verdicts carry the names of `mnephys.patch.quality`, so that one table holds both clamps. Nothing here removes
a cell for being immature: there is no smallest current that it must have.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mnephys.measurement import Feature, Measurement, Status
from mnephys.patch.currents.family import BLOCK_SAMPLES, CurrentFamily
from mnephys.patch.quality import FEATURES as CLAMP_FEATURES
from mnephys.patch.segments import Stretches, stretch_mean
from mnephys.recording import FloatArray, IntArray

__all__ = ["FEATURES", "CurrentLimits", "control_sweeps"]

HOLDING_MS = 100.0
CLIPPED_SAMPLES = 3
CLIPPED_BAND = 1e-3
CLIPPED_APPROACH = 20.0
CLIPPED_RUNS = 2
TRANSIENT_MS = 0.5
CHARGING_MS = 3.0
SAME_HOLDING_MV = 0.5
COMPARED = 3


@dataclass(frozen=True, slots=True)
class CurrentLimits:
    """When a voltage-clamp sweep is excluded, and what is tolerated; all can be set.

    Parameters
    ----------
    current_range : float
        No whole-cell amplifier passes more than this, in pA.
    holding_shift : float
        Largest distance of a sweep's holding current from the median at the same potential, in pA.
    noise : float
        Largest standard deviation of the fast noise, in pA.
    voltage_error : float
        Largest series-resistance error at the Na peak, in mV, at which activation is fitted.
    """

    current_range: float = 2.5e5
    holding_shift: float = 200.0
    noise: float = 100.0
    voltage_error: float = 5.0


_CELL, _SWEEP = ("cell",), ("sweep",)
_OWN = "mnephys"

FEATURES = {
    f.name: f
    for f in (
        CLAMP_FEATURES["qc_sweep"],
        Feature("qc_holding_shift", "pA", _SWEEP, "Holding current minus the median at the same potential", _OWN),
        Feature("qc_current_noise", "pA", _SWEEP, "SD of the fast noise before the steps", _OWN, (0, 1e5)),
        CLAMP_FEATURES["qc_clipping"],
        CLAMP_FEATURES["qc_recording"],
    )
}
"""The features that this module measures."""


def control_sweeps(family: CurrentFamily, limits: CurrentLimits) -> tuple[CurrentFamily, FloatArray, list[Measurement]]:
    """Judge every sweep.

    Parameters
    ----------
    family : CurrentFamily
        A recording with its steps.
    limits : CurrentLimits
        When to exclude.

    Returns
    -------
    family : CurrentFamily
        With the sweeps that stay.
    holding : ndarray, float, shape (n_sweeps,)
        Current before the steps in pA; NaN where a sweep holds none.
    rows : list of Measurement
        One per entry of `FEATURES` and sweep or cell.
    """
    holding, noise, potential = _before_steps(family)
    shift = holding - _usual(holding, potential)
    clipped, anywhere = _clipped(family)
    high, low = (reduce(family.current, axis=1) for reduce in (np.fmax.reduce, np.fmin.reduce))
    recorded, extreme = np.isfinite(high), np.fmax(np.abs(high), np.abs(low))
    numbers = zip(recorded.tolist(), clipped.tolist(), extreme.tolist(), shift.tolist(), noise.tolist(), strict=True)
    reasons = [_reason(limits, *each) for each in numbers]
    judged = family.with_accepted(np.array([not why for why in reasons]))
    rows = [_sweep(number, why) for number, why in enumerate(reasons)]
    rows += _numbers("qc_holding_shift", shift) + _numbers("qc_current_noise", noise)
    return judged, holding, [*rows, _clipping(clipped, anywhere), _verdict(reasons)]


def _before_steps(family: CurrentFamily) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return median current, fast noise and potential of the time with which each sweep begins."""
    steps = family.steps
    n_sweeps, n_samples = family.current.shape
    first = np.flatnonzero((steps.start % n_samples == 0) & ~steps.ramp)
    reach = np.minimum(steps.stop - steps.start, round(HOLDING_MS * family.per_ms))[first]
    # In a sweep without a step, or one that begins with it, what comes first is the holding current all the same.
    stretches = Stretches.between(steps.stop[first] - reach, steps.stop[first])
    holding, noise, potential = (np.full(n_sweeps, np.nan) for _ in range(3))
    sweep = steps.sweep[first]
    potential[sweep] = steps.current[first]
    flat = family.current.ravel()
    holding[sweep] = stretch_mean(flat, steps.stop[first] - reach, steps.stop[first])
    inner = Stretches.between(steps.stop[first] - reach, np.maximum(steps.stop[first] - 1, steps.stop[first] - reach))
    owner = np.repeat(np.arange(first.size), inner.length)
    taken = (flat[inner.index + 1].astype(np.float64) - flat[inner.index]) ** 2
    good = np.isfinite(taken)
    total = np.bincount(owner[good], taken[good], first.size)
    count = np.bincount(owner[good], minlength=first.size)
    noise[sweep] = np.sqrt(np.divide(total, 2.0 * count, out=np.full(first.size, np.nan), where=count > 0))
    return np.where(stretches.length.sum() > 0, holding, np.nan), noise, potential


def _usual(holding: FloatArray, potential: FloatArray) -> FloatArray:
    """Return the median holding current of the sweeps held at the same potential."""
    usual = holding.copy()
    good = np.isfinite(holding) & np.isfinite(potential)
    levels = np.round(potential[good] / SAME_HOLDING_MV)
    for level in np.unique(levels):
        own = np.flatnonzero(good)[levels == level]
        # The median of two says nothing about either.
        usual[own] = np.median(holding[own]) if own.size >= COMPARED else holding[own]
    return usual


def _reason(limits: CurrentLimits, recorded: bool, clipped: bool, extreme: float, shift: float, noise: float) -> str:
    """Return why a sweep is excluded, empty where it stays."""
    if not recorded:
        return "nothing was recorded"
    if extreme > limits.current_range:
        return f"reaches {extreme:.0f} pA, which no patch amplifier passes"
    if clipped:
        return "clipped: the current is cut off flat at the amplifier's limit, apart from charging"
    if abs(shift) > limits.holding_shift:
        return f"drift: the holding current is {shift:+.0f} pA off the median of all sweeps at this potential"
    if noise > limits.noise:
        return f"fast noise of {noise:.0f} pA before the steps"
    return ""


def _clipped(family: CurrentFamily) -> tuple[NDArray[np.bool_], bool]:
    """Return the sweeps cut off flat outside charging transients, and whether any current is cut off at all."""
    clipped = np.zeros(family.current.shape[0], dtype=bool)
    anywhere = False
    top, bottom = (float(extreme.reduce(family.current, axis=None)) for extreme in (np.fmax, np.fmin))
    if not np.isfinite(top):
        return clipped, anywhere
    charging, soon = _after_edges(family)
    sweeps = max(1, BLOCK_SAMPLES // family.current.shape[1])
    for sign, rail in ((1.0, top), (-1.0, -bottom)):
        # In blocks of sweeps: copies of all of them would fill the memory.
        parts = [
            _flat_runs(family.current[first : first + sweeps], sign, rail) + np.array([[first], [0], [0]])
            for first in range(0, clipped.size, sweeps)
        ]
        sweep, begin, end = np.concatenate(parts, axis=1)
        if sweep.size < CLIPPED_RUNS:
            continue
        anywhere = True
        # Charging goes the way of the step; what is cut off against it for longer is a current of channels.
        outside = (charging[sweep, begin] != sign) & ~soon[sweep, end - 1]
        clipped[sweep[outside]] = True
    return clipped, anywhere


def _flat_runs(current: FloatArray, sign: float, rail: float) -> IntArray:
    """Return sweep, first sample and the one behind the last of every run that is flat at the extreme."""
    band = CLIPPED_BAND * abs(rail)
    height = sign * current
    flat = np.zeros((height.shape[0], height.shape[1] + 2), dtype=bool)
    flat[:, 1:-1] = height >= rail - band
    begin, end = np.argwhere(flat[:, 1:] & ~flat[:, :-1]), np.argwhere(~flat[:, 1:] & flat[:, :-1])
    before = height[begin[:, 0], np.maximum(begin[:, 1] - 2, 0)]
    hit = (end[:, 1] - begin[:, 1] >= CLIPPED_SAMPLES) & (rail - before > CLIPPED_APPROACH * band)
    hit &= begin[:, 1] > 1
    return np.stack([begin[hit, 0], begin[hit, 1], end[hit, 1]])


def _after_edges(family: CurrentFamily) -> tuple[NDArray[np.int8], NDArray[np.bool_]]:
    """Return the direction of the step for samples soon after one, and which samples are at its very beginning."""
    steps, size = family.steps, family.size
    inside = steps.start % steps.n_samples != 0
    charging = np.zeros(family.current.size + 1, dtype=np.int8)
    soon = np.zeros(family.current.size + 1, dtype=bool)
    for mask, reach in ((charging, CHARGING_MS), (soon, TRANSIENT_MS)):
        index = steps.start[inside][:, np.newaxis] + np.arange(max(1, round(reach * family.per_ms)))
        index = np.minimum(index, family.current.size)
        mask[index] = np.sign(size[inside])[:, np.newaxis].astype(np.int8) if mask is charging else True
    return charging[:-1].reshape(family.current.shape), soon[:-1].reshape(family.current.shape)


def _clipping(clipped: NDArray[np.bool_], anywhere: bool) -> Measurement:
    feature = FEATURES["qc_clipping"]
    if clipped.any():
        said = f"In {int(clipped.sum())} sweeps the current is cut off flat at the extreme; they are excluded."
        return feature.category("clipped", remark=said)
    if anywhere:
        said = "Charging transients are cut off flat at the extreme; the currents after them are used."
        return feature.category("transients clipped", remark=said)
    return feature.category("none found")


def _sweep(number: int, why: str) -> Measurement:
    feature, name = FEATURES["qc_sweep"], f"s{number}"
    return feature.missing(Status.EXCLUDED, why, id=name) if why else feature.category("used", id=name)


def _numbers(name: str, values: FloatArray) -> list[Measurement]:
    feature, why = FEATURES[name], "the sweep holds no sample before its first step"
    return [
        feature.measured(value, id=f"s{number}")
        if np.isfinite(value)
        else feature.missing(Status.NOT_APPLICABLE, why, id=f"s{number}")
        for number, value in enumerate(values.tolist())
    ]


def _verdict(reasons: list[str]) -> Measurement:
    feature = FEATURES["qc_recording"]
    excluded = [why for why in reasons if why]
    if len(excluded) < len(reasons):
        return feature.category("used", remark=f"{len(excluded)} of {len(reasons)} sweeps excluded" if excluded else "")
    most = max(dict.fromkeys(excluded), key=excluded.count)
    return feature.missing(Status.EXCLUDED, f"all {len(reasons)} sweeps excluded: {most}")
