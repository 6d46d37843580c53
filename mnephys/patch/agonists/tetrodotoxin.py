"""What tetrodotoxin takes away: spontaneous action potentials, or the Na current."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from mnephys.measurement import Feature, Measurement, Status
from mnephys.patch.agonists.course import at_level
from mnephys.patch.agonists.tags import Role, Tag
from mnephys.patch.currents.family import find_currents
from mnephys.patch.currents.leak import corrected_current, find_leak
from mnephys.patch.currents.membrane_test import run_membrane_test
from mnephys.patch.currents.peaks import current_voltage
from mnephys.patch.spikes import find_spikes
from mnephys.recording import Clamp, FloatArray, SweepRecording

__all__ = ["FEATURES", "measure_tetrodotoxin"]

WASH_IN_S = 30.0
LEAST_S = 10.0

_CELL = ("cell",)
_WAIT = {"wash_in_s": WASH_IN_S}
_RATE = {**_WAIT, "least_s": LEAST_S}

FEATURES = {
    f.name: f
    for f in (
        Feature(
            "spontaneous_rate_before_ttx", "Hz", _CELL, "Action potentials per second before TTX", "mnephys", (0, 1000)
        ),
        Feature(
            "spontaneous_rate_in_ttx",
            "Hz",
            _CELL,
            "Action potentials per second from 30 s after the tag that names TTX",
            "mnephys",
            (0, 1000),
            _RATE,
        ),
        Feature(
            "na_current_peak_before_ttx",
            "pA",
            _CELL,
            "Largest inward peak over the potentials that were stepped to before and in TTX",
            "mnephys",
            (-1e5, 1e5),
        ),
        Feature(
            "na_current_peak_in_ttx",
            "pA",
            _CELL,
            "Inward peak at the same potential in TTX",
            "mnephys",
            (-1e5, 1e5),
            _WAIT,
        ),
        Feature("ttx_block", "1", _CELL, "1 - in TTX / before TTX; 1 is complete", "mnephys", (-10, 10), _WAIT),
    )
}
"""The features that this module measures."""

_NAMES = {
    Clamp.CURRENT: ("spontaneous_rate_before_ttx", "spontaneous_rate_in_ttx"),
    Clamp.VOLTAGE: ("na_current_peak_before_ttx", "na_current_peak_in_ttx"),
}


@dataclass(frozen=True, slots=True)
class _Pair:
    """A number before and in tetrodotoxin, or why there is none."""

    before: float = 0.0
    within: float = 0.0
    remark: str = ""
    problem: str = ""


def measure_tetrodotoxin(recording: SweepRecording, tags: Sequence[Tag], problem: str = "") -> list[Measurement]:
    """Compare a recording before and after the first tag that names tetrodotoxin.

    Parameters
    ----------
    recording : SweepRecording
        As read.
    tags : sequence of Tag
        In order of time.
    problem : str
        Why the tags have no place among the sweeps; empty where they have.

    Returns
    -------
    list of Measurement
        Two numbers and the block: of the spontaneous rate under current clamp, at the usual command alone; of the
        leak-corrected inward peak under voltage clamp.

    Notes
    -----
    Before is what lies between the tag and the one that applied something before it. The toxin needs time to
    wash in: what comes within 30 s is not looked at. A wash, and anything else that is applied, ends it.
    """
    names = _NAMES[recording.clamp]
    at = next((i for i, tag in enumerate(tags) if tag.role is Role.TETRODOTOXIN), None)
    if at is None:
        problem = "no tag names TTX alone"
    if at is None or problem:
        return [FEATURES[name].missing(Status.NOT_APPLICABLE, problem) for name in (*names, "ttx_block")]
    tag = tags[at]
    begin = max((t.time for t in tags[:at] if t.role is not Role.OTHER), default=-np.inf)
    ended = next((t.time for t in tags[at + 1 :] if t.role not in {Role.OTHER, Role.TETRODOTOXIN}), np.inf)
    windows = np.array([[begin, tag.time], [tag.time + WASH_IN_S, ended]])
    pair = _rates(recording, windows) if recording.clamp is Clamp.CURRENT else _peaks(recording, windows)
    if pair.problem:
        return [FEATURES[name].missing(Status.NOT_APPLICABLE, pair.problem) for name in (*names, "ttx_block")]
    numbers = zip(names, (pair.before, pair.within), strict=True)
    return [*(FEATURES[name].measured(value, remark=pair.remark) for name, value in numbers), _block(pair)]


def _block(pair: _Pair) -> Measurement:
    if pair.before == 0:
        return FEATURES["ttx_block"].missing(Status.NOT_APPLICABLE, "there is nothing before TTX that it could block")
    return FEATURES["ttx_block"].measured(1.0 - pair.within / pair.before, remark=pair.remark)


def _rates(recording: SweepRecording, windows: FloatArray) -> _Pair:
    rate, n_samples = recording.sampling_rate, recording.n_samples
    quiet = (at_level(recording) & np.isfinite(recording.response)).ravel()
    start = recording.sweep_start
    first = np.clip(np.ceil((windows[:, :1] - start) * rate), 0, n_samples).astype(np.int64)
    last = np.clip(np.ceil((windows[:, 1:] - start) * rate), 0, n_samples).astype(np.int64)
    offset = np.arange(start.size) * n_samples
    count = np.zeros(quiet.size + 1, dtype=np.int32)
    np.cumsum(quiet, out=count[1:])
    seconds = np.maximum(count[offset + last] - count[offset + first], 0).sum(axis=1) / rate
    del count
    if seconds.min() < LEAST_S:
        where = "before" if seconds[0] < LEAST_S else f"from {WASH_IN_S:g} s after"
        return _Pair(problem=f"{seconds.min():.3g} s at the usual command {where} TTX, {LEAST_S:g} s are needed")
    spikes = find_spikes(recording.response, rate)
    peak = spikes.peak[spikes.full]
    peak = peak[quiet[peak]]
    time = start[peak // n_samples] + peak % n_samples / rate
    n = [int(((time >= a) & (time < b)).sum()) for a, b in windows]
    remark = f"{n[0]} action potentials in {seconds[0]:.3g} s before TTX, {n[1]} in {seconds[1]:.3g} s in it"
    return _Pair(n[0] / seconds[0], n[1] / seconds[1], remark)


def _peaks(recording: SweepRecording, windows: FloatArray) -> _Pair:
    family = find_currents(recording)
    if family is None:
        return _Pair(problem="the command potential is not known")
    leak = find_leak(family, run_membrane_test(family))
    table = current_voltage(family, leak, corrected_current(family, leak, family.measured & family.steps.test))
    peak = np.asarray(table["inward_peak"], dtype=np.float64)
    known = np.isfinite(peak) & np.asarray(table["family"], dtype=bool)
    if not known.any():
        return _Pair(problem="no step opened Na channels")
    peak, command = peak[known], np.round(np.asarray(table["command"], dtype=np.float64)[known], 1)
    row = np.asarray(table["sweep"], dtype=np.int64)[known]
    begin = recording.sweep_start[row] + np.asarray(table["start"], dtype=np.float64)[known]
    inside = [(begin >= a) & (begin < b) for a, b in windows]
    both = np.intersect1d(command[inside[0]], command[inside[1]])
    if not both.size:
        return _Pair(problem=f"no potential was stepped to before TTX and again from {WASH_IN_S:g} s after its tag")
    means = [np.array([peak[part & (command == level)].mean() for level in both]) for part in inside]
    best = int(np.argmin(means[0]))
    return _Pair(float(means[0][best]), float(means[1][best]), f"at {both[best]:g} mV")
