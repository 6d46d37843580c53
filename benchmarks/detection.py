"""From the raw file of a plate to spikes, beside SpikeInterface, in one run on one core.

Both read the same file of 16-bit samples and use the same filter (Butterworth of order 5, 300 to 5000 Hz, forwards and
backwards), noise (median absolute deviation), threshold, polarity and dead time, by channel. SpikeInterface is given a
shorter part of the file: its rate is that of the whole file, its noise counted once. The two take turns, and medians
are compared, by the time of the processor: of the time on the wall others of a machine take their share. Then: two
jobs on two cores, by the time on the wall; the memory of processes that do nothing else, for a short and a long file;
and how many spikes of a known height are found, and how much else, by both. Only ratios mean anything.

Run ``python benchmarks/detection.py`` or, for a short check, ``python benchmarks/detection.py --quick``.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any

# Before numpy is imported: one thread, of ours as of the peer.
for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS"):
    os.environ[name] = "1"

import numpy as np  # noqa: E402 -- after the number of threads is set
from scipy.signal import butter, lfilter, sosfiltfilt  # noqa: E402

from mnephys.mea.detection import Detection, DetectionSettings, detect  # noqa: E402

RATE = 12500.0
BAND = (300.0, 5000.0)
ORDER = 5
LSB = 0.2  # uV
NOISE = 6.0  # uV
SNRS = (4.0, 5.0, 6.0, 8.0, 10.0, 12.0)
WITHIN = 0.5e-3  # s, between a spike and what was found of it
GOAL, FLOOR = 20.0, 5.0
GOAL_TWO, GOAL_MB = 1.8, 400.0


@dataclass(frozen=True)
class Size:
    """How much is measured: channels, s of the file, s of it for the peer, how often, and simulated channels and s."""

    channels: int
    seconds: float
    peer_seconds: float
    repeats: int
    truth_channels: int
    truth_seconds: float
    shorter: float


WHOLE = Size(768, 120.0, 8.0, 3, 32, 60.0, 30.0)
QUICK = Size(192, 12.0, 3.0, 3, 8, 20.0, 6.0)


def voltage(rng: np.random.Generator, n: int, n_channels: int) -> np.ndarray:
    """Return coloured noise, field potentials, hum and drift in uV, float32, shape (n, n_channels)."""
    slow = lfilter([1.0], [1.0, -0.8], rng.normal(size=(n, n_channels)), axis=0)
    made = 0.7 * rng.normal(size=(n, n_channels)) + 0.4 * slow
    made *= NOISE / made.std()
    at = np.arange(n)[:, np.newaxis] / RATE
    for frequency, size in ((0.05, 40.0), (50.0, 5.0), *zip(rng.uniform(1, 60, 10), [12.0] * 10, strict=True)):
        made += size * np.sin(2 * np.pi * (frequency * at + rng.random(n_channels)))
    return made.astype(np.float32)


def template(shift: float) -> tuple[np.ndarray, int]:
    """Return a spike of depth 1, its trough `shift` samples after the sample that is returned too."""
    at = (np.arange(-15, 45) - shift) / RATE / 1e-4
    shape = -np.exp(-0.5 * (at / 1.2) ** 2) + 0.35 * np.exp(-0.5 * ((at - 5.0) / 3.0) ** 2)
    return shape / -shape.min(), 15


def filtered_noise(values: np.ndarray) -> np.ndarray:
    """Return the standard deviation of each channel in the band, before there are spikes."""
    sections = butter(ORDER, BAND, "bandpass", fs=RATE, output="sos")
    return sosfiltfilt(sections, values, axis=0)[round(RATE / 10) : -round(RATE / 10)].std(axis=0)


def add_spikes(rng: np.random.Generator, values: np.ndarray, snr: np.ndarray, noise: np.ndarray) -> list[np.ndarray]:
    """Add 5 spikes a second, at least 5 ms apart, of a depth of `snr` times the noise; return their times in s."""
    n, truth = values.shape[0], []
    for column, deep, level in zip(values.T, snr, noise, strict=True):
        slots = rng.permutation(np.arange(100, n - 200, 125))[: round(5 * n / RATE)]
        places = np.sort(slots + rng.uniform(0, 62, slots.size))
        for place in places.tolist():
            whole = round(place)
            shape, trough = template(place - whole)
            height = rng.choice(SNRS) if np.isnan(deep) else deep
            column[whole - trough : whole - trough + shape.size] += height * level * shape
        truth.append(places / RATE)
    return truth


def write_plate(path: Path, channels: int, seconds: float) -> None:
    """Write a file of 16-bit samples, channels side by side: a few simulated traces, each shifted for many channels."""
    rng = np.random.default_rng(1)
    base = voltage(rng, round(seconds * RATE), 24)
    add_spikes(rng, base, np.full(24, np.nan), filtered_noise(base[: round(4 * RATE)]))
    traces = np.round(base.T / LSB).astype(np.int16)
    n = traces.shape[1]
    shifts = rng.integers(0, n, channels)
    with path.open("wb") as file:
        for first in range(0, n, 12500):
            at = np.arange(first, min(first + 12500, n))
            piece = np.empty((at.size, channels), np.int16)
            for channel in range(channels):
                piece[:, channel] = traces[channel % 24].take(at + shifts[channel], mode="wrap")
            piece.tofile(file)


def mapped(path: Path, channels: int, seconds: float) -> np.ndarray:
    return np.memmap(path, np.int16, "r", shape=(round(seconds * RATE), channels))


def own(signal: np.ndarray, jobs: int = 1) -> Detection:
    """Return what mnephys finds, at its defaults but for the order of the filter."""
    return detect(signal, RATE, DetectionSettings(band=BAND, order=ORDER), jobs=jobs)


def peer(recording: Any, levels: np.ndarray | None = None) -> tuple[Any, float, float]:
    """Return SpikeInterface's peaks, above its own noise or `levels`, and the processor's time for noise and peaks."""
    from spikeinterface.core import get_noise_levels
    from spikeinterface.preprocessing import bandpass_filter
    from spikeinterface.sortingcomponents.peak_detection import detect_peaks

    jobs = {"n_jobs": 1, "chunk_duration": "1s", "progress_bar": False}
    begin = time.process_time()
    clean = bandpass_filter(recording, *BAND, dtype="float32", filter_order=ORDER, direction="forward-backward")
    noise = get_noise_levels(clean, return_in_uV=False, random_slices_kwargs={"seed": 0}, **jobs)
    between = time.process_time()
    chosen = noise if levels is None else levels
    options = {"peak_sign": "neg", "detect_threshold": 5.0, "exclude_sweep_ms": 1.0, "noise_levels": chosen}
    peaks = detect_peaks(clean, method="by_channel", method_kwargs=options, job_kwargs=jobs)
    return peaks, between - begin, time.process_time() - between


def peer_file(path: Path, channels: int, seconds: float) -> Any:
    from spikeinterface.core import read_binary

    recording = read_binary(path, RATE, "int16", num_channels=channels, gain_to_uV=LSB, offset_to_uV=0.0)
    return recording.frame_slice(0, round(seconds * RATE))


def pin(cores: int) -> int:
    """Keep to some of the cores that there are, where the system can; return to how many."""
    if not hasattr(os, "sched_setaffinity"):
        return os.cpu_count() or 1
    chosen = ALLOWED[:cores]
    os.sched_setaffinity(0, chosen)
    return len(chosen)


ALLOWED = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else [0]


def timed_own(path: Path, size: Size, jobs: int) -> tuple[float, float]:
    """Return the time of the processor and that on the wall, in s."""
    begin = time.process_time(), time.perf_counter()
    own(mapped(path, size.channels, size.seconds), jobs)
    return time.process_time() - begin[0], time.perf_counter() - begin[1]


def speed(path: Path, size: Size) -> float:
    """Print channel-seconds per second, and return the ratio to the peer's."""
    timed_own(path, size, 1)
    peer(peer_file(path, size.channels, 1.0))
    total = size.channels * size.seconds
    ours, theirs, walls, two = [], [], [], []
    for _ in range(size.repeats):
        pin(1)
        processor, wall = timed_own(path, size, 1)
        ours.append(total / processor)
        walls.append(total / wall)
        _, noise, peaks = peer(peer_file(path, size.channels, size.peer_seconds))
        theirs.append(total / (noise + peaks * size.seconds / size.peer_seconds))
        cores = pin(2)
        two.append(total / timed_own(path, size, 2)[1])
    pin(1)
    ratio = float(np.median(ours) / np.median(theirs))
    print(f"{size.channels} channels x {size.seconds:g} s, {path.stat().st_size / 1e6:.0f} MB, 16 bits")
    print(f"{'channel-seconds per second':48}{'median':>10}{'lowest':>10}{'highest':>10}")
    for name, rates in (
        ("mnephys, one core, of the processor", ours),
        (f"SpikeInterface, the same, {size.peer_seconds:g} s of the file", theirs),
        ("mnephys, one core, on the wall", walls),
        (f"mnephys, two jobs on {cores} cores, on the wall", two),
    ):
        print(f"{name:48}{np.median(rates):10,.0f}{min(rates):10,.0f}{max(rates):10,.0f}")
    print(f"mnephys to SpikeInterface: {ratio:.1f} (goal {GOAL:g}, floor {FLOOR:g})")
    print(f"two jobs to one: {np.median(two) / np.median(walls):.2f} (goal {GOAL_TWO:g})")
    return ratio


def resident(which: str) -> float:
    """Return VmHWM or VmRSS of this process in MB; what the `resource` module gives holds the parent's memory too."""
    for line in Path("/proc/self/status").read_text(encoding="utf-8").splitlines():
        if line.startswith(which):
            return int(line.split()[1]) / 1024
    raise OSError(f"/proc/self/status has no {which}")


def above_imports(who: str, path: Path, channels: int, seconds: float) -> float:
    """Search a file, and return by how many MB more than after the imports this process needed."""
    tiny = np.random.default_rng(0).normal(0, 30, (5000, 2)).astype(np.int16)
    if who == "mnephys":
        own(tiny)
        before = resident("VmRSS")
        own(mapped(path, channels, seconds))
    else:
        from spikeinterface.core import NumpyRecording

        peer(NumpyRecording(tiny, RATE))
        before = resident("VmRSS")
        peer(peer_file(path, channels, seconds))
    return resident("VmHWM") - before


def memory(path: Path, size: Size) -> None:
    """Print the memory of processes of their own."""
    if not Path("/proc/self/status").exists():
        print("this system does not say how much memory a process needed")
        return
    for who, seconds in (
        ("mnephys", size.shorter),
        ("mnephys", size.seconds),
        ("SpikeInterface", size.peer_seconds),
    ):
        asked = [sys.executable, __file__, "--memory", who, str(path), str(size.channels), str(seconds)]
        done = subprocess.run(asked, check=True, capture_output=True, text=True)  # noqa: S603 -- this script
        goal = f" (goal {GOAL_MB:g} MB)" if who == "mnephys" else ""
        print(f"memory above imports, {who}, {seconds:g} s: {float(done.stdout):.0f} MB{goal}")


def matched(truth: np.ndarray, found: np.ndarray) -> int:
    """Return how many spikes have something of their own that was found near them."""
    used, count = 0, 0
    for time_of in truth.tolist():
        while used < found.size and found[used] < time_of - WITHIN:
            used += 1
        if used < found.size and found[used] <= time_of + WITHIN:
            used, count = used + 1, count + 1
    return count


def accuracy(size: Size) -> bool:
    """Print recall and precision by the height of spikes, and return whether ours are at least as good."""
    from spikeinterface.core import NumpyRecording

    print(f"{size.truth_channels} channels x {size.truth_seconds:g} s for each height, threshold 5")
    print(f"{'':13}{'mnephys':^22}{'SI, same threshold':^22}{'SI, its own noise':^22}")
    print(f"{'SNR':>5}{'spikes':>8}" + f"{'recall':>11}{'precision':>11}" * 3)
    fine = True
    for snr in SNRS:
        rng = np.random.default_rng(round(snr))
        values = voltage(rng, round(size.truth_seconds * RATE), size.truth_channels)
        truth = add_spikes(rng, values, np.full(size.truth_channels, snr), filtered_noise(values))
        stored = np.round(values / LSB).astype(np.int16)
        found = own(stored)
        recording = NumpyRecording(stored, RATE)
        every = [np.split(found.trains.times, found.trains.offsets[1:-1])]
        for levels in (found.noise, None):
            peaks, _, _ = peer(recording, levels)
            places = [peaks["sample_index"][peaks["channel_index"] == c] for c in range(size.truth_channels)]
            every.append([np.sort(each) / RATE for each in places])
        total = sum(map(len, truth))
        hits = [sum(matched(*pair) for pair in zip(truth, lists, strict=True)) for lists in every]
        wrong = [sum(map(len, lists)) - hit for lists, hit in zip(every, hits, strict=True)]
        shares = (f"{hit / total:11.4f}{hit / max(hit + bad, 1):11.4f}" for hit, bad in zip(hits, wrong, strict=True))
        print(f"{snr:5g}{total:8}" + "".join(shares))
        # One in ten thousand lies so near to the threshold that rounding decides.
        near = 1 + total // 10_000
        fine &= hits[0] >= hits[1] - near and wrong[0] <= wrong[1] + near
    return fine


def main(size: Size) -> None:
    """Print all tables, and fail where the floor is broken."""
    warnings.simplefilter("ignore")
    pin(1)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "plate.bin"
        write_plate(path, size.channels, size.seconds)
        ratio = speed(path, size)
        memory(path, size)
    fine = accuracy(size)
    assert ratio >= FLOOR, f"mnephys is {ratio:.1f} times as fast as SpikeInterface, not {FLOOR:g} times"
    assert fine, "SpikeInterface finds spikes better at a height"


if __name__ == "__main__":
    if "--memory" in sys.argv[1:]:
        who, path, channels, seconds = sys.argv[2:]
        warnings.simplefilter("ignore")
        print(above_imports(who, Path(path), int(channels), float(seconds)))
    else:
        main(QUICK if "--quick" in sys.argv[1:] else WHOLE)
