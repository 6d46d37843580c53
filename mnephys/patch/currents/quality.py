"""Quality control of voltage-clamp sweeps: which are used, and what of the recording cannot be.

The verdicts carry the names of `mnephys.patch.quality`, so that one table holds both clamps. Nothing here removes
a cell for being immature: there is no smallest current that it must have. The limits stand in ``quality.toml``.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from mnephys.measurement import Feature, Measurement, Status
from mnephys.patch.currents.family import BLOCK_SAMPLES, CurrentFamily
from mnephys.patch.currents.holding import Holding, measure_before_steps
from mnephys.patch.limits import CurrentLimits
from mnephys.patch.noise import MIN_SAMPLES
from mnephys.patch.quality import FEATURES as CLAMP_FEATURES
from mnephys.patch.segments import Stretches
from mnephys.recording import FloatArray, IntArray

__all__ = ["FEATURES", "control_sweeps"]

_SWEEP = ("sweep",)
_OWN = "mnephys"

FEATURES = {
    f.name: f
    for f in (
        CLAMP_FEATURES["qc_sweep"],
        Feature(
            "qc_holding_shift", "pA", _SWEEP, "Holding current minus the median at the same potential", _OWN, version=2
        ),
        Feature("qc_current_noise", "pA", _SWEEP, "SD of the fast noise before the steps", _OWN, (0, 1e5), version=2),
        Feature("qc_current_noise_slow", "pA", _SWEEP, "SD of what is below 10 Hz before the steps", _OWN, (0, 1e5)),
        CLAMP_FEATURES["qc_clipping"],
        CLAMP_FEATURES["qc_recording"],
    )
}
"""The features that this module measures."""


def control_sweeps(family: CurrentFamily, limits: CurrentLimits) -> tuple[CurrentFamily, Holding, list[Measurement]]:
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
    holding : Holding
        Current and noise before the steps.
    rows : list of Measurement
        One per entry of `FEATURES` and sweep or cell.
    """
    holding = measure_before_steps(family)
    shift = holding.shift
    clipped, anywhere = _clipped(family, limits)
    high, low = (reduce(family.current, axis=1) for reduce in (np.fmax.reduce, np.fmin.reduce))
    recorded, extreme = np.isfinite(high), np.fmax(np.abs(high), np.abs(low))
    numbers = (recorded, clipped, extreme, shift, holding.noise, holding.slow_noise)
    reasons = [_reason(limits, *each) for each in zip(*(column.tolist() for column in numbers), strict=True)]
    judged = family.with_accepted(np.array([not why for why in reasons]))
    usable = "usable samples before the first step"
    rows = [
        *(_sweep(number, why) for number, why in enumerate(reasons)),
        *_shifts(holding),
        *_numbers("qc_current_noise", holding.noise, [f"fewer than {MIN_SAMPLES + 1} {usable}"] * len(reasons)),
        *_numbers(
            "qc_current_noise_slow", holding.slow_noise, ["less than 100 ms before the first step"] * len(reasons)
        ),
        _clipping(clipped, anywhere),
        _verdict(reasons),
    ]
    return judged, holding, rows


def _reason(
    limits: CurrentLimits, recorded: bool, clipped: bool, extreme: float, shift: float, noise: float, slow_noise: float
) -> str:
    """Return why a sweep is excluded, empty where it stays."""
    if not recorded:
        return "nothing was recorded"
    if extreme > limits.current_range:
        return f"reaches {extreme:.0f} pA, which no patch amplifier passes"
    if clipped:
        return "clipped: the current is cut off flat at the amplifier's limit, apart from charging"
    if abs(shift) > limits.holding_shift:
        return f"drift: the holding current is {shift:+.0f} pA off the median of all sweeps at this potential"
    for kind, value, limit in (("fast", noise, limits.noise), ("slow", slow_noise, limits.noise_slow)):
        if limit is not None and value > limit:
            return f"{kind} noise of {value:.0f} pA before the steps"
    return ""


def _clipped(family: CurrentFamily, limits: CurrentLimits) -> tuple[NDArray[np.bool_], bool]:
    """Return the sweeps cut off flat outside charging transients, and whether any current is cut off at all."""
    clipped = np.zeros(family.current.shape[0], dtype=bool)
    anywhere = False
    top, bottom = (float(extreme.reduce(family.current, axis=None)) for extreme in (np.fmax, np.fmin))
    if not np.isfinite(top):
        return clipped, anywhere
    charging, soon = _after_edges(family, limits)
    sweeps = max(1, BLOCK_SAMPLES // family.current.shape[1])
    for sign, rail in ((1.0, top), (-1.0, -bottom)):
        # In blocks of sweeps: copies of all of them would fill the memory.
        parts = [
            _flat_runs(family.current[first : first + sweeps], sign, rail, limits) + np.array([[first], [0], [0]])
            for first in range(0, clipped.size, sweeps)
        ]
        sweep, begin, end = np.concatenate(parts, axis=1)
        if sweep.size < limits.clipping_runs:
            continue
        anywhere = True
        # Charging goes the way of the step; what is cut off against it for longer is a current of channels.
        outside = (charging[sweep, begin] != sign) & ~soon[sweep, end - 1]
        clipped[sweep[outside]] = True
    return clipped, anywhere


def _flat_runs(current: FloatArray, sign: float, rail: float, limits: CurrentLimits) -> IntArray:
    """Return sweep, first sample and the one behind the last of every run that is flat at the extreme."""
    band = limits.clipping_band * abs(rail)
    height = sign * current
    flat = np.zeros((height.shape[0], height.shape[1] + 2), dtype=bool)
    flat[:, 1:-1] = height >= rail - band
    begin, end = np.argwhere(flat[:, 1:] & ~flat[:, :-1]), np.argwhere(~flat[:, 1:] & flat[:, :-1])
    before = height[begin[:, 0], np.maximum(begin[:, 1] - 2, 0)]
    hit = (end[:, 1] - begin[:, 1] >= limits.clipping_samples) & (rail - before > limits.clipping_approach * band)
    hit &= begin[:, 1] > 1
    return np.stack([begin[hit, 0], begin[hit, 1], end[hit, 1]])


def _after_edges(family: CurrentFamily, limits: CurrentLimits) -> tuple[NDArray[np.int8], NDArray[np.bool_]]:
    """Return the direction of the step for samples soon after one, and which samples are at its very beginning."""
    steps = family.steps
    inside = steps.start % steps.n_samples != 0
    start, stop, direction = steps.start[inside], steps.stop[inside], np.sign(family.size[inside])
    charging = np.zeros(family.current.size, dtype=np.int8)
    soon = np.zeros(family.current.size, dtype=bool)

    def first(reach: float) -> Stretches:
        return Stretches.between(start, np.minimum(start + round(reach * family.per_ms), stop))

    at = first(limits.clipping_charging)
    charging[at.index] = at.spread(direction).astype(np.int8)
    soon[first(limits.clipping_transient).index] = True
    return charging.reshape(family.current.shape), soon.reshape(family.current.shape)


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


def _shifts(holding: Holding) -> list[Measurement]:
    alone, nothing = "fewer than three sweeps at this potential", "the sweep holds no sample before its first step"
    reasons = [alone if known else nothing for known in np.isfinite(holding.current).tolist()]
    return _numbers("qc_holding_shift", holding.shift, reasons)


def _numbers(name: str, values: FloatArray, reasons: list[str]) -> list[Measurement]:
    """Return one row per sweep; each reason is said where its value is unknown."""
    feature = FEATURES[name]
    return [
        feature.measured(value, id=f"s{number}")
        if np.isfinite(value)
        else feature.missing(Status.NOT_APPLICABLE, why, id=f"s{number}")
        for number, (value, why) in enumerate(zip(values.tolist(), reasons, strict=True))
    ]


def _verdict(reasons: list[str]) -> Measurement:
    feature = FEATURES["qc_recording"]
    excluded = [why for why in reasons if why]
    if len(excluded) < len(reasons):
        return feature.category("used", remark=f"{len(excluded)} of {len(reasons)} sweeps excluded" if excluded else "")
    most = max(dict.fromkeys(excluded), key=excluded.count)
    return feature.missing(Status.EXCLUDED, f"all {len(reasons)} sweeps excluded: {most}")
