"""Speed of the feature core beside eFEL, in one run on one machine, and against a pass over memory.

The sweeps are those of a real recording (``MNEPHYS_DATA``) or, without it, simulated ones, cut to 1 s at
20 kHz, repeated, each with noise of its own. Both tools measure every action potential of every sweep and
the same eleven properties of each. Times are the best of three; only their ratios mean anything.

Run ``python benchmarks/speed.py`` or, for a short check, ``python benchmarks/speed.py --quick``.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

import mnephys

EFEL_FEATURES = [
    "peak_time",
    "peak_voltage",
    "AP_begin_time",
    "AP_begin_voltage",
    "AP_amplitude",
    "AP_duration_half_width",
    "AP_rise_time",
    "AP_peak_upstroke",
    "AP_peak_downstroke",
    "min_AHP_values",
    "AHP_depth",
]
START, STOP = 0.1468, 0.6468


def sweeps(number: int) -> tuple[np.ndarray, float]:
    """Return sweeps of 1 s, shape (number, 20000), and their sampling rate."""
    root = os.environ.get("MNEPHYS_DATA")
    if root:
        recording = mnephys.read(Path(root) / "patch" / "171116sh_0018.abf")
    else:
        print("MNEPHYS_DATA is not set: simulated sweeps instead of real ones")
        with tempfile.TemporaryDirectory() as folder:
            recording = mnephys.read(mnephys.simulate.simulate_cells(["mature"], folder)[0])
    one = recording.response[:, :20000]
    copies = np.tile(one, (-(-number // one.shape[0]), 1))[:number]
    noise = np.random.default_rng(0).normal(0, 0.02, copies.shape)
    return (copies + noise).astype(np.float32), recording.sampling_rate


def best(function: Callable[[], object], repeats: int = 3) -> tuple[float, object]:
    """Return the shortest time in s and the last result."""
    times = []
    for _ in range(repeats):
        begin = time.perf_counter()
        result = function()
        times.append(time.perf_counter() - begin)
    return min(times), result


def run_efel(voltage: np.ndarray, rate: float) -> int:
    """Measure with eFEL at the native step; return the number of action potentials in the step."""
    import efel

    efel.set_setting("interp_step", 1000.0 / rate)
    efel.set_setting("strict_stiminterval", True)
    t = np.arange(voltage.shape[1]) * 1000.0 / rate
    traces = [{"T": t, "V": v, "stim_start": [1000 * START], "stim_end": [1000 * STOP]} for v in voltage]
    results = efel.get_feature_values(traces, EFEL_FEATURES, raise_warnings=False)
    return sum(0 if r["peak_time"] is None else len(r["peak_time"]) for r in results)


def main(number: int) -> None:
    """Print the table."""
    voltage, rate = sweeps(number)
    mnephys.patch.action_potentials(voltage[:2], rate, START, STOP)
    copy_time, _ = best(voltage.copy)
    own_time, aps = best(lambda: mnephys.patch.action_potentials(voltage, rate, START, STOP))
    part = voltage[: max(1, number // 5)]
    efel_time, efel_count = best(lambda: run_efel(part.astype(float), rate), repeats=1)
    own_count = int((aps["sweep"] < len(part)).sum())
    assert own_count == efel_count, f"{own_count} action potentials, eFEL {efel_count}"
    own, peer = number / own_time, len(part) / efel_time
    print(f"{number} sweeps x 1 s @ {rate / 1000:g} kHz, {aps['sweep'].size} action potentials, counts as eFEL's")
    print(f"{'':24}{'sweeps/s':>10}{'ratio':>8}")
    print(f"{'mnephys':24}{own:10.0f}{own / peer:8.1f}  x eFEL")
    print(f"{'eFEL, native step':24}{peer:10.0f}{1:8.1f}")
    print(f"{'one copy of the array':24}{number / copy_time:10.0f}{own_time / copy_time:8.1f}  copies take as long")


if __name__ == "__main__":
    main(170 if "--quick" in sys.argv[1:] else 1000)
