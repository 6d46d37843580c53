"""Speed of the feature core beside its peers, in one run on one machine, one thread each.

The sweeps are those of a real recording (``MNEPHYS_DATA``) or, without it, simulated ones, cut to 1 s at 20 kHz,
repeated, each with noise of its own. mnephys and eFEL measure 30 features of every action potential and train, each by
its own definition where the two differ; elephant, which has no shape of action potentials, finds their peaks; IPFX
measures spikes and trains where an environment that holds it is named by ``MNEPHYS_IPFX`` (its ``bin/python``; it
cannot share one with current packages). The physical limit is one lagged difference of all samples, in rows that stay
in the cache. Then time and memory are followed over the number and the length of sweeps. Only ratios mean anything.

Run ``python benchmarks/speed.py`` or, for a short check, ``python benchmarks/speed.py --quick``.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
import tracemalloc
import warnings
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

# Before numpy is imported: one thread, of ours as of the peers.
for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[name] = "1"

import numpy as np  # noqa: E402 -- after the number of threads is set

import mnephys  # noqa: E402


@dataclass(frozen=True)
class Case:
    """Sweeps of 1 s, shape (number, 20000) in mV, their sampling rate in Hz, and the step within them in s."""

    voltage: np.ndarray
    rate: float
    start: float
    stop: float


def own_features(case: Case) -> dict[str, np.ndarray]:
    """Measure what eFEL's 30 features are about, each by the definition of mnephys where the two differ."""
    voltage, rate = case.voltage, case.rate
    a = mnephys.patch.action_potentials(voltage, rate, case.start, case.stop)
    t = mnephys.patch.ap_trains(a, len(voltage), case.start, case.stop)
    base = voltage[:, round(0.9 * case.start * rate) : round(case.start * rate)].mean(axis=1)
    to_peak = 1000.0 * (a["peak_time"] - a["threshold_time"])
    return {
        "peak_time": a["peak_time"],
        "peak_voltage": a["peak_voltage"],
        "AP_begin_time": a["threshold_time"],
        "AP_begin_voltage": a["threshold_voltage"],
        "AP_amplitude": a["amplitude"],
        "AP_duration": a["duration"],
        "AP_duration_half_width": a["half_width"],
        "AP_rise_time": a["rise_time"],
        "AP_fall_time": a["fall_time"],
        "AP_rise_rate": a["amplitude"] / to_peak,
        "AP_fall_rate": -a["amplitude"] / (a["duration"] - to_peak),
        "AP_peak_upstroke": a["max_upstroke"],
        "AP_peak_downstroke": a["max_downstroke"],
        "min_AHP_values": a["trough_voltage"],
        "AHP_depth": a["trough_voltage"] - base[a["sweep"]],
        "AHP_depth_from_peak": a["peak_voltage"] - a["trough_voltage"],
        "AHP_time_from_peak": a["trough_time"] - a["peak_time"],
        "fast_AHP": a["fast_ahp"],
        "Spikecount": t["spike_count"],
        "mean_frequency": t["firing_rate"],
        "ISI_values": np.diff(a["peak_time"])[a["sweep"][1:] == a["sweep"][:-1]],
        "ISI_CV": t["isi_cv"],
        "inv_first_ISI": 1.0 / t["first_isi"],
        "inv_last_ISI": 1.0 / t["last_isi"],
        "time_to_first_spike": t["first_spike_latency"],
        "time_to_last_spike": t["last_spike_latency"],
        "adaptation_index": t["adaptation_index_ipfx"],
        "irregularity_index": t["isi_lv"],
        "amp_drop_first_last": -t["amplitude_change"],
        "voltage_base": base,
    }


def sweeps(number: int) -> Case:
    """Return sweeps of a real family or, without one, of a simulated one, each with noise of its own."""
    root = os.environ.get("MNEPHYS_DATA")
    if root:
        recording = mnephys.read(Path(root) / "patch" / "171116sh_0018.abf")
        start, stop = 0.1468, 0.6468
    else:
        print("MNEPHYS_DATA is not set: simulated sweeps instead of real ones")
        with tempfile.TemporaryDirectory() as folder:
            recording = mnephys.read(mnephys.simulate.simulate_cells(["mature"], folder)[0])
        # An action potential on the edge of the window counts for the one and not for the other.
        start, stop = 0.2, 0.9
    one = recording.response[:, :20000]
    copies = np.tile(one, (-(-number // one.shape[0]), 1))[:number]
    noise = np.random.default_rng(0).normal(0, 0.02, copies.shape)
    return Case((copies + noise).astype(np.float32), recording.sampling_rate, start, stop)


def best(function: Callable[[], object], repeats: int = 3) -> tuple[float, object]:
    """Return the shortest time in s and the last result."""
    times = []
    for _ in range(repeats):
        begin = time.perf_counter()
        result = function()
        times.append(time.perf_counter() - begin)
    return min(times), result


def run_efel(traces: list[dict[str, object]], names: list[str], step_ms: float) -> int:
    """Measure with eFEL; 0.1 ms is its own step, 1000 / rate the native one. Return the number of action potentials."""
    import efel

    efel.reset()
    efel.set_setting("interp_step", step_ms)
    efel.set_setting("strict_stiminterval", True)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # its means of nothing
        found = efel.get_feature_values(traces, names, raise_warnings=False)
    return sum(0 if each["peak_time"] is None else len(each["peak_time"]) for each in found)


def run_elephant(case: Case) -> int:
    """Find the peaks with elephant; return their number."""
    import neo
    import quantities as pq
    from elephant.spike_train_generation import peak_detection

    first, last = round(case.start * case.rate), round(case.stop * case.rate)
    count = 0
    for sweep in case.voltage:
        signal = neo.AnalogSignal(sweep[first:last, np.newaxis], units="mV", sampling_rate=case.rate * pq.Hz)
        count += len(peak_detection(signal, threshold=-20.0 * pq.mV, as_array=True))
    return count


IPFX = """
import sys, time, warnings
import numpy as np
warnings.simplefilter("ignore")
from ipfx.feature_extractor import SpikeFeatureExtractor, SpikeTrainFeatureExtractor
voltage, rate, start, stop = np.load(sys.argv[1]), *map(float, sys.argv[2:5])
t, current = np.arange(voltage.shape[1]) / rate, np.zeros(voltage.shape[1])
spikes = SpikeFeatureExtractor(start=start, end=stop, filter=9.9)
trains = SpikeTrainFeatureExtractor(start=start, end=stop)
def run():
    count = 0
    for sweep in voltage:
        found = spikes.process(t, sweep, current)
        trains.process(t, sweep, current, found)
        count += len(found)
    return count
times = []
for _ in range(3):
    begin = time.perf_counter()
    count = run()
    times.append(time.perf_counter() - begin)
print(min(times), count)
"""


def run_ipfx(case: Case) -> tuple[float, int] | None:
    """Measure with IPFX in its own environment; return time in s and action potentials, None where there is none."""
    python = os.environ.get("MNEPHYS_IPFX")
    if not python:
        return None
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "sweeps.npy"
        np.save(file, case.voltage.astype(float))
        command = [python, "-c", IPFX, str(file), str(case.rate), str(case.start), str(case.stop)]
        # The interpreter is one that the user named.
        said = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()  # noqa: S603 -- see above
    return float(said[0]), int(said[1])


def lagged_difference(voltage: np.ndarray, lag: int) -> int:
    """Take one difference of all samples, some rows at a time; return how many exceed 3 mV."""
    high = max(1, (1 << 16) // voltage.shape[1])
    return sum(
        int(np.count_nonzero(voltage[row : row + high, lag:] - voltage[row : row + high, :-lag] > 3.0))
        for row in range(0, len(voltage), high)
    )


def side_by_side(number: int) -> None:
    """Print sweeps per second of all, and how they compare."""
    case = sweeps(number)
    part = replace(case, voltage=case.voltage[: max(20, number // 5)])
    names = list(own_features(part))
    t = np.arange(part.voltage.shape[1]) * 1000.0 / part.rate

    def counted(features: dict[str, np.ndarray]) -> float:
        return features["Spikecount"][: len(part.voltage)].sum()

    step = {"stim_start": [1000 * case.start], "stim_end": [1000 * case.stop]}
    traces = [{"T": t, "V": sweep, **step} for sweep in part.voltage.astype(float)]
    runs: dict[str, tuple[int, Callable[[], object]]] = {
        "mnephys, 30 features": (number, lambda: counted(own_features(case))),
        "eFEL, native step, 30 features": (len(traces), lambda: run_efel(traces, names, 1000.0 / part.rate)),
        "eFEL, its default step, 30 features": (len(traces), lambda: run_efel(traces, names, 0.1)),
        "elephant, peaks alone": (len(traces), lambda: run_elephant(part)),
        "one lagged difference, in cache": (number, lambda: lagged_difference(case.voltage, 20)),
        "one copy of the array": (number, case.voltage.copy),
    }
    # Three turns, so that what else the machine does meets all alike; of each the fastest.
    taken = dict.fromkeys(runs, np.inf)
    results: dict[str, object] = {}
    for _ in range(3):
        for label, (_, function) in runs.items():
            seconds, results[label] = best(function, 1)
            taken[label] = min(taken[label], seconds)
    speeds = {label: count / taken[label] for label, (count, _) in runs.items()}
    counts = {label: int(results[label]) for label in list(runs)[:4]}
    if (ipfx := run_ipfx(part)) is not None:
        speeds["IPFX, spikes and trains"] = len(traces) / ipfx[0]
        counts["IPFX, spikes and trains"] = ipfx[1]
    print(f"{number} sweeps x 1 s @ {case.rate / 1000:g} kHz, one thread; action potentials of the first {len(traces)}")
    print(f"{'':38}{'sweeps/s':>10}{'mnephys is':>14}{'action potentials':>20}")
    ours = speeds["mnephys, 30 features"]
    for label, speed in speeds.items():
        print(f"{label:38}{speed:10.0f}{ours / speed:12.3g} x{counts.get(label, ''):>20}")
    assert len(set(counts.values())) == 1, "not all found the same action potentials"


def growth(numbers: list[int], lengths: list[float]) -> None:
    """Print how time and memory grow with the number and the length of sweeps of one and the same firing."""
    case = sweeps(max(numbers))
    flat, rate = case.voltage.ravel(), case.rate
    print(f"\n{'sweeps':>8}{'length s':>10}{'ns/sample':>12}{'peak memory above the input':>30}")
    # Whole families, joined to longer sweeps or cut to shorter ones.
    shapes = [(number, 1.0) for number in numbers]
    total = min(max(numbers), 1000)
    shapes += [(max(1, round(total / length)), length) for length in lengths]
    each = []
    for wanted, length in shapes:
        n_samples = round(length * rate)
        number = min(wanted, flat.size // n_samples)
        joined = flat[: number * n_samples].reshape(number, n_samples)
        taken, _ = best(lambda joined=joined: mnephys.patch.action_potentials(joined, rate))
        tracemalloc.start()
        mnephys.patch.action_potentials(joined, rate)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        each.append((number, length, taken / joined.size))
        print(f"{number:8}{length:10g}{1e9 * taken / joined.size:12.2f}{peak / joined.nbytes:28.2f} x")
    by_number, by_length = np.log(np.array(each[: len(numbers)])), np.log(np.array(each[len(numbers) :]))
    for label, size, per_sample in (
        ("number", by_number[:, 0], by_number[:, 2]),
        ("length", by_length[:, 1], by_length[:, 2]),
    ):
        print(f"time grows with the {label} of sweeps to the power of {1 + np.polyfit(size, per_sample, 1)[0]:.2f}")


def main(quick: bool) -> None:
    """Print both tables."""
    side_by_side(170 if quick else 1000)
    growth([50, 200] if quick else [100, 1000, 10000], [0.2, 2.0] if quick else [0.2, 2.0, 20.0])


if __name__ == "__main__":
    main("--quick" in sys.argv[1:])
