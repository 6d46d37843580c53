"""How right the postsynaptic currents are: against simulated currents of known truth, and how fast.

Prints Markdown tables. Noise of 3 pA SD: white (up to 10 kHz, or after a 2 kHz Bessel filter as most amplifiers have
it), 1/f drift of 1.2 pA and 50 Hz hum of 0.5 pA. Each event has its own rise and decay, within 30 % of the template's.

Run ``python benchmarks/synaptic.py`` or, for a short check, ``python benchmarks/synaptic.py --quick``.
"""

from __future__ import annotations

import resource
import sys
import time

import numpy as np
from scipy import fft, signal

from mnephys.patch import synaptic

RATE = 20000.0
RISE_MS, DECAY_MS = 1.0, 8.0
SPREAD = 0.3
NOISE_PA, DRIFT_PA, HUM_PA = 3.0, 1.2, 0.5
MATCH_S = 0.003
METHODS = ("template", "deconvolution")
AMPLITUDES = (5.0, 7.5, 10.0, 15.0, 20.0, 30.0)


def noise(n: int, rng: np.random.Generator, *, filtered: bool) -> np.ndarray:
    """Return noise as a patch-clamp amplifier gives it, in pA."""
    white = rng.normal(size=n)
    if filtered:
        white = signal.sosfilt(signal.bessel(4, 2000.0, fs=RATE, norm="mag", output="sos"), white)
    frequency = fft.rfftfreq(n, 1.0 / RATE)
    spectrum = fft.rfft(rng.normal(size=n)) / np.sqrt(np.maximum(frequency, 1e-9))
    spectrum[frequency < 0.1] = 0.0
    drift = fft.irfft(spectrum, n)
    hum = HUM_PA * np.sin(2.0 * np.pi * 50.0 * np.arange(n) / RATE + rng.uniform(0.0, 6.28))
    share = np.sqrt(NOISE_PA**2 - DRIFT_PA**2 - 0.5 * HUM_PA**2)
    return (share * white / white.std() + DRIFT_PA * drift / drift.std() + hum).astype(np.float32)


def truth(duration: float, rate: float, rng: np.random.Generator) -> dict[str, np.ndarray]:
    """Return onsets (s) and kinetics (ms) of a Poisson process of events."""
    n = rng.poisson(rate * duration)
    spread = 1.0 + SPREAD * rng.uniform(-1.0, 1.0, (2, n))
    onset = np.sort(rng.uniform(0.1, duration - 0.1, n))
    return {"onset": onset, "rise": RISE_MS * spread[0], "decay": DECAY_MS * spread[1]}


def event(t: np.ndarray, rise: float, decay: float) -> np.ndarray:
    """Return one event of unit peak; `t` in ms after its onset."""
    values = (1.0 - np.exp(-t / rise)) * np.exp(-t / decay)
    peak = rise * np.log(1.0 + decay / rise)
    return values / ((1.0 - np.exp(-peak / rise)) * np.exp(-peak / decay))


def rise_time(rise: float, decay: float) -> float:
    """Return the 10-90 % rise time in ms, read off a fine grid."""
    t = np.linspace(0.0, rise * np.log(1.0 + decay / rise), 20001)
    return float(np.diff(np.interp([0.1, 0.9], event(t, rise, decay), t))[0])


def paint(trace: np.ndarray, true: dict[str, np.ndarray], amplitude: float) -> None:
    """Add events to a trace."""
    for onset, rise, decay in zip(true["onset"], true["rise"], true["decay"], strict=True):
        first = int(np.ceil(onset * RATE))
        last = min(trace.size, first + int(12.0 * decay / 1000.0 * RATE))
        trace[first:last] += amplitude * event(1000.0 * (np.arange(first, last) / RATE - onset), rise, decay)


def matched(found: np.ndarray, true: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return pairs of found and true onsets within 3 ms, each used once, nearest first."""
    distance = np.abs(found[:, None] - true)
    pairs = np.argwhere(distance < MATCH_S)
    pairs = pairs[np.argsort(distance[pairs[:, 0], pairs[:, 1]])]
    mine, theirs = [], []
    for i, j in pairs.tolist():
        if i not in mine and j not in theirs:
            mine.append(i)
            theirs.append(j)
    return np.array(mine, dtype=int), np.array(theirs, dtype=int)


def error(measured: np.ndarray, true: np.ndarray) -> str:
    """Return the median of the relative error, and of its size, in per cent."""
    if not measured.size:
        return "-"
    relative = 100.0 * (measured / true - 1.0)
    return f"{np.median(relative):+.1f} / {np.median(np.abs(relative)):.1f}"


def truth_row(method: str, polarity: str, rate: float, amplitude: float, duration: float, *, filtered: bool) -> str:
    """Return one table row: recall, precision and errors."""
    rng = np.random.default_rng([int(10 * rate), int(10 * amplitude), filtered])
    trace, true = noise(int(duration * RATE), rng, filtered=filtered), truth(duration, rate, rng)
    signed = -amplitude if polarity == "inward" else amplitude
    paint(trace, true, signed)
    found = synaptic.events(trace, RATE, polarity=polarity, method=method)
    mine, theirs = matched(found["onset_time"], true["onset"])
    rises = np.array([rise_time(*each) for each in zip(true["rise"][theirs], true["decay"][theirs], strict=True)])
    cells = [
        f"{true['onset'].size}",
        f"{mine.size / max(true['onset'].size, 1):.3f}",
        f"{mine.size / max(found['onset_time'].size, 1):.3f}",
        error(found["amplitude"][mine], np.full(mine.size, signed)),
        error(found["rise_time"][mine], rises),
        error(found["decay_time"][mine], true["decay"][theirs]),
    ]
    kind = "2 kHz" if filtered else "white"
    return f"| {method} | {polarity} | {kind} | {rate:g} | {amplitude:g} | {' | '.join(cells)} |"


def false_rows(minutes: int) -> list[str]:
    """Return one table row per method and noise: false events on noise alone, inward and outward."""
    rows = []
    for filtered in (False, True):
        counts = {(m, p): 0 for m in METHODS for p in ("inward", "outward")}
        for minute in range(0, minutes, 2):
            trace = noise(int(120.0 * RATE), np.random.default_rng([99, minute, filtered]), filtered=filtered)
            for method, polarity in counts:
                found = synaptic.events(trace, RATE, method=method, polarity=polarity)
                counts[method, polarity] += found["onset_time"].size
        for method in METHODS:
            each = [counts[method, polarity] for polarity in ("inward", "outward")]
            upper = max(each) / (60.0 * minutes)
            rows.append(
                f"| {method} | {'2 kHz' if filtered else 'white'} | {minutes} | {each[0] / minutes:.3f} |"
                f" {each[1] / minutes:.3f} | {upper:.4f} |"
            )
    return rows


def speed_row(method: str, seconds: float, rate: float) -> str:
    """Return how long a trace takes."""
    rng = np.random.default_rng(7)
    trace = np.tile(noise(int(min(seconds, 60.0) * RATE), rng, filtered=True), max(1, round(seconds / 60.0)))
    paint(trace, truth(trace.size / RATE, rate, rng), -20.0)
    begin = time.perf_counter()
    found = synaptic.events(trace, RATE, method=method)
    took = time.perf_counter() - begin
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024.0
    return f"| {method} | {seconds:g} | {rate:g} | {found['sweep'].size} | {took:.2f} | {peak:.0f} |"


def truth_table(method: str, *, quick: bool) -> None:
    """Print the rows of one method as they come."""
    rates, amplitudes = ((2.0,), (7.5, 20.0)) if quick else ((0.2, 2.0, 20.0), AMPLITUDES)
    for filtered in (False, True):
        for rate in rates:
            duration = 20.0 if quick else min(300.0, max(40.0, 60.0 / rate))
            for amplitude in amplitudes:
                print(truth_row(method, "inward", rate, amplitude, duration, filtered=filtered), flush=True)
    for amplitude in amplitudes:
        print(truth_row(method, "outward", 2.0, amplitude, 20.0 if quick else 40.0, filtered=True), flush=True)


def main(*, quick: bool) -> None:
    """Print the tables."""
    print("Against simulated truth; errors: median / median of the absolute, in %\n")
    print(
        "| method | polarity | noise | rate (Hz) | amplitude (pA) | n | recall | precision | amplitude | rise | decay |"
    )
    print("|---|---|---|---|---|---|---|---|---|---|---|")
    for method in METHODS:
        truth_table(method, quick=quick)
    print("\nFalse events on noise without events, per minute\n")
    print("| method | noise | minutes | inward | outward | larger of both (Hz) |")
    print("|---|---|---|---|---|---|")
    print("\n".join(false_rows(2 if quick else 60)))
    print("\nSpeed and memory of one trace at 20 kHz; memory is the largest of the process so far\n")
    print("| method | seconds | rate (Hz) | events | took (s) | memory (MB) |")
    print("|---|---|---|---|---|---|")
    for seconds in (60.0,) if quick else (60.0, 600.0):
        for method in METHODS:
            for rate in (1.0,) if quick else (1.0, 20.0):
                print(speed_row(method, seconds, rate), flush=True)


if __name__ == "__main__":
    main(quick="--quick" in sys.argv[1:])
