"""The current-voltage table: one row per step, raw and corrected side by side."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from mnephys.patch.currents.family import CurrentFamily
from mnephys.patch.currents.leak import Leak
from mnephys.patch.segments import Stretches, stretch_mean
from mnephys.recording import FloatArray, IntArray

__all__ = ["current_voltage"]

INWARD_MS = 10.0
OUTWARD_MS = 100.0
SUSTAINED_SHARE = 0.1
LAST_MS = 0.1
EDGE_SAMPLES = 2
SPIKE_CURRENT_PA = 100.0
SPIKE_NOISE = 10.0
AGAIN_BELOW, AGAIN_ABOVE = 0.7, 0.3


def current_voltage(family: CurrentFamily, leak: Leak, corrected: FloatArray) -> Mapping[str, NDArray[np.generic]]:
    """Measure every step of the family.

    Parameters
    ----------
    family : CurrentFamily
        A recording with its steps.
    leak : Leak
        What was subtracted.
    corrected : ndarray, float, shape (n_sweeps * n_samples,)
        From `mnephys.patch.currents.leak.corrected_current`, of all measured test steps.

    Returns
    -------
    dict of str to ndarray, shape (n_steps,)
        `sweep`, `step` (the row of `family.steps`), `start` (s), `command` and `prepulse` (mV); `inward_peak`, the
        lowest corrected current within 10 ms after the charging, and `inward_peak_raw`, what was recorded at that
        sample (pA); `time_to_peak` (ms after the step); `edge` whether that sample is the first or last but one of
        those searched, or nearer to their ends; `outward_peak`, the highest within 100 ms, and `outward_peak_raw`, as
        recorded at its sample; `sustained`, `sustained_raw`, the mean of the last tenth; `repeated_spike` whether more
        than one sharp inward current follows; `family` whether the step belongs to the current-voltage family. NaN
        where a step is too short.
    """
    shown = family.measured & family.steps.test
    noise = family.noise(shown)
    strong = max(SPIKE_CURRENT_PA, SPIKE_NOISE * noise if np.isfinite(noise) else 0.0)
    parts = [_block(family, leak, corrected, rows, strong) for rows in family.blocks(np.flatnonzero(shown))]
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}


def _block(
    family: CurrentFamily, leak: Leak, corrected: FloatArray, rows: IntArray, strong: float
) -> dict[str, NDArray[np.generic]]:
    """Measure some steps."""
    steps, raw = family.steps, family.current.ravel()
    start, stop = steps.start[rows], steps.stop[rows] - max(1, round(LAST_MS * family.per_ms))
    begin = start + max(1, round(leak.blank * family.per_ms))
    calm = start + max(1, round(leak.settled * family.per_ms))
    soon = np.minimum(stop, begin + round(INWARD_MS * family.per_ms))
    lowest = Stretches.between(begin, soon).argmin(corrected)
    highest = Stretches.between(calm, np.minimum(stop, calm + round(OUTWARD_MS * family.per_ms))).argmax(corrected)
    late = stop - np.maximum(((steps.stop - steps.start)[rows] * SUSTAINED_SHARE).astype(np.int64), 1)
    late = np.maximum(late, start)
    peak = _at(corrected, lowest)
    return {
        "sweep": steps.sweep[rows],
        "step": rows,
        "start": steps.start_time()[rows],
        "command": steps.current[rows],
        "prepulse": steps.before[rows],
        "inward_peak": peak,
        "inward_peak_raw": _at(raw, lowest),
        "time_to_peak": np.where(lowest >= 0, (lowest - start) / family.per_ms, np.nan),
        "edge": (lowest - begin < EDGE_SAMPLES) | (soon - 1 - lowest < EDGE_SAMPLES),
        "outward_peak": _at(corrected, highest),
        "outward_peak_raw": _at(raw, highest),
        "sustained": stretch_mean(corrected, late, stop),
        "sustained_raw": stretch_mean(raw, late, stop),
        "repeated_spike": _spikes_again(corrected, begin, stop, peak, strong),
        "family": family.activation[rows],
    }


def _at(values: FloatArray, index: IntArray) -> FloatArray:
    found: FloatArray = np.where(index >= 0, values[np.maximum(index, 0)].astype(np.float64), np.nan)
    return found


def _spikes_again(
    corrected: FloatArray, begin: IntArray, stop: IntArray, peak: FloatArray, least: float
) -> NDArray[np.bool_]:
    """Return the steps in which the inward current comes back sharply after it was gone."""
    strong = -peak > least
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
