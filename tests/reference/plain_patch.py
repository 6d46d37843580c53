"""Patch-clamp features the slow way: loops over sweeps, candidates and samples, straight from the definitions.

Nothing here is shared with the package, so that an error would have to be made twice to stay unseen. There is no
low-pass: the derivative is the central difference of the voltage as given.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.floating[Any]]

SWING = 3.0  # mV; a turning point is one that the voltage leaves by at least this much
TRANSIENT = 0.5  # ms after the current edge in which no slope counts: the jump over the bridge and the pipette
UPSTROKE_FLOOR = 5.0  # mV/ms
UPSTROKE_SHARE = 0.05  # of the steepest upstroke in the window; slower waves between APs or in a block are not APs
HEIGHT_FLOOR = 10.0  # mV above threshold
REPOLARISATION = 1 / 3  # of the height, lost after the peak
THRESHOLD_SLOPE = 10.0  # mV/ms
SLOW_SHARE = 0.05  # of the maximum upstroke: the threshold slope of an AP that never reaches THRESHOLD_SLOPE
MARGIN = 5.0  # ms after the end of the window in which the last AP may still be followed
FAST_AHP = 5.0  # ms after the peak


def plain_derivative(voltage: Array, sampling_rate: float) -> Array:
    """Central difference in mV/ms; the two ends are 0."""
    slope = np.zeros(len(voltage))
    slope[1:-1] = (voltage[2:] - voltage[:-2]) * sampling_rate / 2000.0
    return slope


def turning_points(voltage: Array, first: int, last: int) -> list[tuple[int, int, int]]:
    """Find maxima between minima: (minimum before, maximum, minimum after) as sample numbers.

    The voltage rises by `SWING` to the maximum and falls by `SWING` after it. Before the first maximum the
    minimum is that since `first`, after the last one that until `last` (inclusive).
    """
    found = []
    low = high = first
    rising = True
    low_before = first
    for i in range(first, last + 1):
        if rising:
            if voltage[i] > voltage[high]:
                high = i
            elif voltage[high] - voltage[i] >= SWING:
                if voltage[high] - voltage[low_before] >= SWING:
                    found.append((low_before, high))
                rising, low = False, i
            elif voltage[i] < voltage[low_before] and voltage[high] - voltage[low_before] < SWING:
                low_before = high = i
        elif voltage[i] < voltage[low]:
            low = i
        elif voltage[i] - voltage[low] >= SWING:
            rising, high, low_before = True, i, low
    points = []
    for n, (before, peak) in enumerate(found):
        end = found[n + 1][0] if n + 1 < len(found) else last
        after = peak + int(np.argmin(voltage[peak : end + 1]))
        points.append((before, peak, after))
    return points


def steepest(slope: Array, first: int, peak: int) -> int | None:
    """Find the maximum upstroke in [first, peak]: the largest slope that is twice an earlier one.

    Passive charging is steepest at its beginning and only slows down; an AP speeds up.
    """
    best = None
    smallest = np.inf
    for i in range(first, peak + 1):
        if slope[i] > 2 * smallest and slope[i] > 0 and (best is None or slope[i] > slope[best]):
            best = i
        smallest = min(smallest, slope[i])
    return best


def walk_back(voltage: Array, slope: Array, steepest_at: int, limit: int) -> tuple[float, float]:
    """Walk back from the maximum upstroke to the threshold: (sample number with fraction, voltage)."""
    level = THRESHOLD_SLOPE if slope[steepest_at] >= THRESHOLD_SLOPE else SLOW_SHARE * slope[steepest_at]
    i = steepest_at
    while i > limit and slope[i - 1] >= level:
        i -= 1
    if i == limit:
        return float(limit), float(voltage[limit])
    part = (level - slope[i - 1]) / (slope[i] - slope[i - 1])
    return i - 1 + part, float(voltage[i - 1] + part * (voltage[i] - voltage[i - 1]))


def last_rise_through(voltage: Array, level: float, first: int, peak: int) -> float:
    """Sample number, with fraction, where the voltage last rose through `level` before `peak`."""
    for i in range(peak, first, -1):
        if voltage[i - 1] < level <= voltage[i]:
            return float(i - 1 + (level - voltage[i - 1]) / (voltage[i] - voltage[i - 1]))
    return float("nan")


def first_fall_through(voltage: Array, level: float, peak: int, end: int) -> float:
    """Sample number, with fraction, where the voltage first falls through `level` after `peak`."""
    for i in range(peak, end):
        if voltage[i] >= level > voltage[i + 1]:
            return float(i + (voltage[i] - level) / (voltage[i] - voltage[i + 1]))
    return float("nan")


def plain_candidates(voltage: Array, sampling_rate: float, start: float, stop: float) -> list[dict[str, float]]:
    """List every maximum of the window with what the criteria look at, accepted or not.

    A maximum belongs to the window that holds its steepest rise: the AP of a pulse of 2 ms peaks as the pulse ends.
    """
    slope = plain_derivative(voltage, sampling_rate)
    first, last = round(start * sampling_rate), min(round(stop * sampling_rate), len(voltage)) - 1
    end = min(last + round(MARGIN * sampling_rate / 1000), len(voltage) - 1)
    settled = first + round(TRANSIENT * sampling_rate / 1000)
    rows = []
    previous_peak = first
    for before, peak, after in turning_points(voltage, first, end):
        # The derivative of the last sample already sees the jump at the current's end.
        at = steepest(slope, max(before, settled), min(peak, last - 1))
        if at is None:
            continue
        threshold_at, threshold = walk_back(voltage, slope, at, max(previous_peak, first))
        rows.append(
            {
                "peak_at": peak,
                "upstroke_at": at,
                "threshold_at": threshold_at,
                "threshold": threshold,
                "upstroke": float(slope[at]),
                "height": float(voltage[peak] - threshold),
                "fall": float(voltage[peak] - voltage[after]),
            }
        )
        previous_peak = peak
    return rows


def is_action_potential(row: dict[str, float], steepest_of_all: float) -> bool:
    """Apply the criteria: steep enough, high enough above threshold, and repolarising."""
    return (
        row["upstroke"] >= max(UPSTROKE_FLOOR, UPSTROKE_SHARE * steepest_of_all)
        and row["height"] >= HEIGHT_FLOOR
        and row["fall"] >= REPOLARISATION * row["height"]
    )


def plain_action_potentials(voltage: Array, sampling_rate: float, start: float, stop: float) -> list[dict[str, float]]:
    """Detect and measure the APs of one sweep whose maximum upstroke lies in [start, stop).

    Parameters
    ----------
    voltage : ndarray, shape (n_samples,)
        In mV.
    sampling_rate : float
        In Hz.
    start, stop : float
        Beginning and end of the step in s. Slopes of the first `TRANSIENT` ms never count.

    Returns
    -------
    list of dict
        One per AP; times s, widths ms, voltages mV, slopes mV/ms. A quantity whose edge is missing is NaN.
        The falling edge may be found up to `MARGIN` ms after `stop`; the trough, the fast AHP and the
        downstroke end at `stop`, because the end of the current is no repolarisation; an AP that peaks on the last
        sample or later has none of them.
    """
    voltage = np.asarray(voltage, dtype=float)
    rows = plain_candidates(voltage, sampling_rate, start, stop)
    # Only what is high and falls again may set the scale, else a jump would hide the APs beside it.
    shaped = [row for row in rows if is_action_potential(row, 0.0)]
    steepest_of_all = max((row["upstroke"] for row in shaped), default=0.0)
    accepted = [row for row in shaped if is_action_potential(row, steepest_of_all)]
    slope = plain_derivative(voltage, sampling_rate)
    last = min(round(stop * sampling_rate), len(voltage)) - 1
    result = []
    for n, row in enumerate(accepted):
        if n + 1 < len(accepted):
            next_threshold = int(np.floor(accepted[n + 1]["threshold_at"]))
            trough_end = edge_end = next_threshold
        else:
            trough_end = last
            edge_end = min(last + round(MARGIN * sampling_rate / 1000), len(voltage) - 1)
        result.append(measure(voltage, slope, row, sampling_rate, trough_end=trough_end, edge_end=edge_end))
    return result


def measure(
    voltage: Array, slope: Array, row: dict[str, float], sampling_rate: float, *, trough_end: int, edge_end: int
) -> dict[str, float]:
    """Measure one AP; the two ends are the last samples of its trough and of its falling edge."""
    peak = int(row["peak_at"])
    threshold_at, threshold = row["threshold_at"], row["threshold"]
    begin = int(np.floor(threshold_at))
    amplitude = float(voltage[peak] - threshold)
    ms = 1000.0 / sampling_rate
    half = threshold + amplitude / 2
    rise_10 = last_rise_through(voltage, threshold + 0.1 * amplitude, begin, peak)
    rise_90 = last_rise_through(voltage, threshold + 0.9 * amplitude, begin, peak)
    rise_50 = last_rise_through(voltage, half, begin, peak)
    fall_50 = first_fall_through(voltage, half, peak, edge_end)
    followed = trough_end > peak
    nan = float("nan")
    trough = peak + int(np.argmin(voltage[peak : trough_end + 1])) if followed else peak
    ahp_end = min(trough_end, peak + round(FAST_AHP / ms))
    return {
        "threshold_time": threshold_at / sampling_rate,
        "threshold_voltage": threshold,
        "peak_time": peak / sampling_rate,
        "peak_voltage": float(voltage[peak]),
        "amplitude": amplitude,
        "half_width": (fall_50 - rise_50) * ms,
        "rise_time": (rise_90 - rise_10) * ms,
        "max_upstroke": row["upstroke"],
        "max_downstroke": float(np.min(slope[peak : max(trough, peak + 1)])) if followed else nan,
        "trough_time": trough / sampling_rate if followed else nan,
        "trough_voltage": float(voltage[trough]) if followed else nan,
        "fast_ahp": threshold - float(np.min(voltage[peak : ahp_end + 1])) if followed else nan,
    }


def plain_firing(aps: Sequence[dict[str, float]], start: float, stop: float) -> dict[str, Any]:
    """Describe the firing during one step; NaN where there are too few APs.

    Intervals are between peaks. `isi_cv` is the population standard deviation (ddof 0) of at least two intervals
    over their mean.
    """
    peaks = [ap["peak_time"] for ap in aps]
    isis = [later - earlier for earlier, later in itertools.pairwise(peaks)]
    nan = float("nan")
    mean = sum(isis) / len(isis) if isis else nan
    variance = sum((isi - mean) ** 2 for isi in isis) / len(isis) if isis else nan
    return {
        "count": len(aps),
        "rate": len(aps) / (stop - start),
        "isi": isis,
        "instantaneous_rate": [1 / isi for isi in isis],
        "isi_cv": variance**0.5 / mean if len(isis) >= 2 else nan,
        "spike_frequency_adaptation": sum(isis[-3:]) / 3 / isis[0] if len(aps) >= 5 else nan,
        "first_spike_latency": aps[0]["threshold_time"] - start if aps else nan,
    }


def plain_rheobase(counts: Sequence[int], currents: Sequence[float]) -> float:
    """Smallest current in pA that made at least one AP; NaN where none did."""
    firing = [current for count, current in zip(counts, currents, strict=True) if count > 0]
    return float(min(firing)) if firing else float("nan")


def plain_tau(voltage: Array, sampling_rate: float, start: float, stop: float) -> float:
    """Time constant in ms of V = a + b exp(-t/tau), from 1 ms after the step's start to the largest hyperpolarisation.

    For each tau of a geometric ladder, a and b are a straight-line fit; the ladder is refined around the best.
    """
    first, last = round(start * sampling_rate), round(stop * sampling_rate)
    lowest = first + int(np.argmin(voltage[first:last]))
    begin = first + round(0.001 * sampling_rate)
    if lowest - begin < 10:
        return float("nan")
    piece = np.asarray(voltage[begin : lowest + 1], dtype=float)
    time = np.arange(len(piece)) * 1000.0 / sampling_rate
    low, high = 0.1, 2000.0
    best = low
    for _ in range(6):
        ladder = np.geomspace(low, high, 41)
        errors = []
        for tau in ladder:
            x = np.exp(-time / tau) - np.mean(np.exp(-time / tau))
            y = piece - np.mean(piece)
            b = np.sum(x * y) / np.sum(x * x)
            errors.append(float(np.sum((y - b * x) ** 2)))
        n = int(np.argmin(errors))
        best = float(ladder[n])
        low, high = float(ladder[max(n - 1, 0)]), float(ladder[min(n + 1, 40)])
    return best


def plain_passive(
    voltage: Array, currents: Sequence[float], sampling_rate: float, start: float, stop: float
) -> dict[str, Any]:
    """Measure the passive properties of a family of steps.

    Parameters
    ----------
    voltage : ndarray, shape (n_sweeps, n_samples)
        In mV.
    currents : sequence of float
        Current of each sweep's step in pA, relative to the current before it.
    sampling_rate : float
        In Hz.
    start, stop : float
        Beginning and end of the step in s.

    Returns
    -------
    dict
        One value per sweep: `baseline`, `steady_state`, `deflection`, `peak_voltage` (the single most extreme sample of
        the step on the current's side; at 0 pA the steady state), `peak_deflection` (mV), `membrane_time_constant`
        (ms) and `sag_ratio` (hyperpolarising steps only, else NaN), `count` (APs). One value: `input_resistance`
        and `input_resistance_peak` (MOhm), slopes over the same sweeps: those without APs and with a steady
        deflection of at most 20 mV, 0 pA among them.
    """
    first, last = round(start * sampling_rate), round(stop * sampling_rate)
    before = max(first - round(0.1 * sampling_rate), 0)
    tail = round(min(0.1, 0.1 * (stop - start)) * sampling_rate)
    nan = float("nan")
    table: dict[str, list[float]] = {
        name: []
        for name in (
            "baseline",
            "steady_state",
            "deflection",
            "peak_voltage",
            "peak_deflection",
            "membrane_time_constant",
            "sag_ratio",
            "count",
        )
    }
    for sweep, current in zip(np.asarray(voltage, dtype=float), currents, strict=True):
        baseline = float(np.mean(sweep[before:first]))
        steady = float(np.mean(sweep[last - tail : last]))
        step = sweep[first:last]
        peak = float(np.min(step)) if current < 0 else float(np.max(step)) if current > 0 else steady
        table["baseline"].append(baseline)
        table["steady_state"].append(steady)
        table["deflection"].append(steady - baseline)
        table["peak_voltage"].append(peak)
        table["peak_deflection"].append(peak - baseline)
        table["membrane_time_constant"].append(plain_tau(sweep, sampling_rate, start, stop) if current < 0 else nan)
        table["sag_ratio"].append((peak - steady) / (peak - baseline) if current < 0 else nan)
        table["count"].append(len(plain_action_potentials(sweep, sampling_rate, start, stop)))
    result: dict[str, Any] = {name: np.array(column) for name, column in table.items()}
    used = [n for n in range(len(currents)) if result["count"][n] == 0 and abs(result["deflection"][n]) <= 20]
    result["input_resistance"] = plain_resistance(currents, result["deflection"], used)
    result["input_resistance_peak"] = plain_resistance(currents, result["peak_deflection"], used)
    return result


def plain_resistance(currents: Sequence[float], deflections: Array, used: Sequence[int]) -> float:
    """Least-squares slope in MOhm, with an intercept; NaN with fewer than two different currents."""
    x = [float(currents[n]) for n in used]
    y = [float(deflections[n]) for n in used]
    if len(set(x)) < 2:
        return float("nan")
    mean_x, mean_y = sum(x) / len(x), sum(y) / len(y)
    covariance = sum((a - mean_x) * (b - mean_y) for a, b in zip(x, y, strict=True))
    return 1000.0 * covariance / sum((a - mean_x) ** 2 for a in x)
