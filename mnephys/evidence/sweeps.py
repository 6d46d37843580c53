"""The evidence record: the little of a recording that its report needs, so that no raw file is read again.

A record is plain JSON: decimated sweeps, the points of every action potential, the steps with what they
evoked, and a few waveforms.
"""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import numpy as np

from mnephys.measurement import FeatureTable, Status
from mnephys.patch.family import Family
from mnephys.patch.firing import PATTERNS, step_firing
from mnephys.patch.slope import voltage_slope
from mnephys.recording import FloatArray, IntArray, SweepRecording

__all__ = ["sweep_evidence"]

N_POINTS = 1500
N_WAVEFORMS = 40
BEFORE_MS, AFTER_MS = 3.0, 12.0


def sweep_evidence(recording: SweepRecording, table: FeatureTable, family: Family | None) -> dict[str, Any]:
    """Return the evidence record of a sweep recording.

    Parameters
    ----------
    recording : SweepRecording
        What was measured.
    table : FeatureTable
        What was found.
    family : Family, optional
        Its steps and action potentials; None under voltage clamp.

    Returns
    -------
    dict
        JSON-ready: numbers, text, lists, and None where a sweep holds no sample.

    Examples
    --------
    >>> from mnephys.recording import Clamp
    >>> quiet = SweepRecording(np.full((1, 2000), -70.0), 20000.0, Clamp.CURRENT)
    >>> sweep_evidence(quiet, FeatureTable(), None)["n_sweeps"]
    1
    """
    index = _decimated(recording.response)
    command = None if recording.command is None else _lists(np.take_along_axis(recording.command, index, 1), 2)
    verdicts = table.select("qc_sweep", level="sweep")
    source, origin = table.get("qc_command"), table.get("qc_origin")
    return {
        "kind": "sweeps",
        "origin": "recorded" if origin is None else origin.text,
        "clamp": recording.clamp.value,
        "channel": recording.channel,
        "sampling_rate": recording.sampling_rate,
        "n_sweeps": recording.n_sweeps,
        "duration": recording.duration,
        "command_source": recording.command_source.value if source is None else source.text,
        "response_unit": recording.response_unit,
        "command_unit": recording.command_unit,
        "time": np.round(_times(index, recording.sampling_rate), 6).tolist(),
        "response": _lists(np.take_along_axis(recording.response, index, 1), 3),
        "command": command,
        "excluded_sweeps": {row.id[1:]: row.reason for row in verdicts if row.status is Status.EXCLUDED},
        "steps": {} if family is None else _steps(family),
        "spikes": {} if family is None else _spikes(family),
        "waveforms": {} if family is None else _waveforms(family),
        "problems": list(recording.problems),
        "provenance": {**asdict(recording.provenance), "parameters": dict(recording.provenance.parameters)},
    }


def _decimated(response: FloatArray) -> IntArray:
    """Return the samples of each sweep to keep: the lowest and the highest of each bin, in order of time."""
    n_sweeps, n_samples = response.shape
    if n_samples <= N_POINTS:
        return np.broadcast_to(np.arange(n_samples), response.shape)
    width = -(-n_samples // (N_POINTS // 2))
    n_bins = -(-n_samples // width)
    padded = np.full((n_sweeps, n_bins * width), np.nan, dtype=np.float32)
    padded[:, :n_samples] = response
    bins = padded.reshape(n_sweeps, n_bins, width)
    low = np.where(np.isnan(bins), np.inf, bins).argmin(axis=2)
    high = np.where(np.isnan(bins), -np.inf, bins).argmax(axis=2)
    pair = np.sort(np.stack([low, high], axis=2), axis=2) + (np.arange(n_bins) * width)[:, np.newaxis]
    kept: IntArray = np.minimum(pair.reshape(n_sweeps, -1), n_samples - 1)
    return kept


def _times(index: IntArray, sampling_rate: float) -> FloatArray:
    """Return one time axis for all sweeps; within a bin the sweeps differ by less than a pixel."""
    return np.asarray(index[0] / sampling_rate)


def _lists(values: np.ndarray, digits: int) -> list[list[float | None]]:
    rounded = np.round(values.astype(np.float64), digits)
    return [[v if v == v else None for v in row] for row in rounded.tolist()]  # noqa: PLR0124 -- NaN differs from itself


def _numbers(values: np.ndarray, digits: int) -> list[float | None]:
    return _lists(np.atleast_2d(values), digits)[0]


def _steps(family: Family) -> dict[str, Any]:
    steps, firing = family.steps, step_firing(family)
    rows = steps.test & family.usable
    lasting = firing.pattern == PATTERNS.index("sustained")
    return {
        "sweep": steps.sweep[rows].tolist(),
        "step": steps.order[rows].tolist(),
        "start": np.round(steps.start_time()[rows], 6).tolist(),
        "stop": np.round(steps.stop_time()[rows], 6).tolist(),
        "current": _numbers(steps.current[rows], 3),
        "spike_count": firing.count[rows].tolist(),
        "sustained_rate": _numbers(np.where(lasting, firing.rate, np.nan)[rows], 3),
        "pattern": [PATTERNS[p] for p in firing.pattern[rows]],
    }


def _spikes(family: Family) -> dict[str, Any]:
    digits = {"sweep": 0, "peak_time": 6, "peak_voltage": 3, "threshold_time": 6, "threshold_voltage": 3}
    return {name: np.round(np.asarray(family.aps[name]), n).tolist() for name, n in digits.items()}


def _waveforms(family: Family) -> dict[str, Any]:
    """Return up to 40 action potentials around their peak, spread over all that were accepted."""
    sweep = np.asarray(family.aps["sweep"], dtype=np.int64)
    used = np.flatnonzero(family.accepted[sweep])
    used = used[np.unique(np.linspace(0, used.size - 1, min(N_WAVEFORMS, used.size)).astype(int))]
    rate = family.sampling_rate
    around = np.arange(-round(BEFORE_MS / 1000.0 * rate), round(AFTER_MS / 1000.0 * rate) + 1)
    peak = np.rint(np.asarray(family.aps["peak_time"])[used] * rate).astype(np.int64)
    column = peak[:, np.newaxis] + around
    outside = (column < 0) | (column >= family.voltage.shape[1])
    column = np.clip(column, 0, family.voltage.shape[1] - 1)
    slope = voltage_slope(family.voltage[np.unique(sweep[used])], rate) if used.size else family.voltage[:0]
    row = np.searchsorted(np.unique(sweep[used]), sweep[used])
    voltage = np.where(outside, np.nan, family.voltage[sweep[used, np.newaxis], column])
    return {
        "time": np.round(around / rate * 1000.0, 4).tolist(),
        "voltage": _lists(voltage, 3),
        "slope": _lists(np.where(outside, np.nan, slope[row[:, np.newaxis], column]), 2),
    }
