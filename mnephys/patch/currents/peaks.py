"""The current-voltage table: one row per step, raw and corrected side by side."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from mnephys.patch.currents.family import CurrentFamily
from mnephys.patch.currents.leak import Leak, corrected_current
from mnephys.patch.segments import Stretches, stretch_mean
from mnephys.recording import FloatArray, IntArray

__all__ = ["current_voltage"]

INWARD_MS = 10.0
OUTWARD_MS = 100.0
SUSTAINED_SHARE = 0.1
LAST_MS = 0.1
SPIKE_CURRENT_PA = 100.0
SPIKE_NOISE = 10.0
AGAIN_BELOW, AGAIN_ABOVE = 0.7, 0.3


def current_voltage(family: CurrentFamily, leak: Leak, series_resistance: float) -> Mapping[str, NDArray[np.generic]]:
    """Measure every step of the family.

    Parameters
    ----------
    family : CurrentFamily
        A recording with its steps.
    leak : Leak
        What to subtract.
    series_resistance : float
        In MOhm; NaN where unknown.

    Returns
    -------
    dict of str to ndarray, shape (n_steps,)
        `sweep`, `step` (the row of `family.steps`), `start` (s), `command` and `prepulse` (mV); `inward_peak`,
        `inward_peak_raw` (pA), the lowest within 10 ms after the charging; `time_to_peak` (ms after the
        step); `outward_peak`, `outward_peak_raw`, the highest within 100 ms; `sustained`, `sustained_raw`, the
        mean of the last tenth; `voltage_error` (mV), series resistance times the largest raw current;
        `repeated_spike` whether more than one sharp inward current follows; `family` whether the step belongs to
        the current-voltage family. NaN where a step is too short.
    """
    steps = family.steps
    shown = family.measured & steps.test
    rows = np.flatnonzero(shown)
    corrected = corrected_current(family, leak, shown)
    raw = family.current.ravel()
    start, stop = steps.start[rows], steps.stop[rows] - max(1, round(LAST_MS * family.per_ms))
    begin = start + max(1, round(leak.blank * family.per_ms))
    calm = start + max(1, round(leak.settled * family.per_ms))
    soon = np.minimum(stop, begin + round(INWARD_MS * family.per_ms))
    inward = Stretches.between(begin, soon)
    outward = Stretches.between(calm, np.minimum(stop, calm + round(OUTWARD_MS * family.per_ms)))
    lowest = inward.argmin(corrected)
    late = stop - np.maximum(((steps.stop - steps.start)[rows] * SUSTAINED_SHARE).astype(np.int64), 1)
    sustained_raw = stretch_mean(raw, np.maximum(late, start), stop)
    inward_raw, outward_raw = _at(raw, inward.argmin(raw)), _at(raw, outward.argmax(raw))
    peak = _at(corrected, lowest)
    largest = np.fmax(np.abs(inward_raw), np.abs(sustained_raw))
    return {
        "sweep": steps.sweep[rows],
        "step": rows,
        "start": steps.start_time()[rows],
        "command": steps.current[rows],
        "prepulse": steps.before[rows],
        "inward_peak": peak,
        "inward_peak_raw": inward_raw,
        "time_to_peak": np.where(lowest >= 0, (lowest - start) / family.per_ms, np.nan),
        "outward_peak": _at(corrected, outward.argmax(corrected)),
        "outward_peak_raw": outward_raw,
        "sustained": stretch_mean(corrected, np.maximum(late, start), stop),
        "sustained_raw": sustained_raw,
        "voltage_error": largest * series_resistance / 1000.0,
        "repeated_spike": _spikes_again(family, corrected, begin, stop, peak, shown),
        "family": family.activation[rows],
    }


def _at(values: FloatArray, index: IntArray) -> FloatArray:
    found: FloatArray = np.where(index >= 0, values[np.maximum(index, 0)].astype(np.float64), np.nan)
    return found


def _spikes_again(
    family: CurrentFamily,
    corrected: FloatArray,
    begin: IntArray,
    stop: IntArray,
    peak: FloatArray,
    shown: NDArray[np.bool_],
) -> NDArray[np.bool_]:
    """Return the steps in which the inward current comes back sharply after it was gone."""
    noise = family.noise(shown)
    strong = -peak > max(SPIKE_CURRENT_PA, SPIKE_NOISE * noise if np.isfinite(noise) else 0.0)
    stretches = Stretches.between(begin, np.where(strong, stop, begin))
    owner = np.repeat(np.arange(begin.size), stretches.length)
    height = corrected[stretches.index] / np.where(strong, peak, np.nan)[owner]
    mark = np.where(height > AGAIN_BELOW, 1, np.where(height < AGAIN_ABOVE, -1, 0))
    told = np.flatnonzero(mark)
    rises = np.flatnonzero((mark[told][1:] == 1) & (mark[told][:-1] == -1) & (owner[told][1:] == owner[told][:-1]))
    # Marked at its first sample, a current that is at its peak when the search begins has no rise.
    first = np.ones(told.size, dtype=bool)
    first[1:] = owner[told][1:] != owner[told][:-1]
    count = np.bincount(owner[told][1:][rises], minlength=begin.size)
    count += np.bincount(owner[told][first & (mark[told] == 1)], minlength=begin.size)
    return np.asarray(count > 1)
