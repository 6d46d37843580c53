"""Where the upstroke of an action potential begins: the threshold and the maximum upstroke.

The slope is as noisy as the samples are. Walking back over it stops too early wherever noise dips below the threshold
first, the more the slower the upstroke and the faster the sampling: 0.1 mV of noise at 50 kHz moves the threshold of an
immature action potential by 1 mV, and makes one that never reaches 10 mV/ms seem to reach it. Two things help. A slow
upstroke is looked at through a lower low-pass. And where the crossing is known, a cubic through a window that is as
long as the action potential's own time scale says where exactly; where the onset has a corner that no cubic follows,
a narrower window is taken, or none.
"""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np

from mnephys.patch.detection import Detection
from mnephys.patch.search import highest, last_below
from mnephys.patch.sources import Rise, SettledSlope, Slope, Voltage
from mnephys.recording import FloatArray, IntArray

__all__ = ["SEARCH_BEFORE_PEAK_MS", "Onsets", "find_onsets", "refined_thresholds"]

SEARCH_BEFORE_PEAK_MS = 10.0
SLOW_MS = ((1.5, 700.0), (4.0, 280.0))
"""From so many ms of height over fastest rise on, the low-pass is at so many Hz: its Gaussian is an eighth as wide."""
HALF_WINDOWS = (0.5, 0.35, 0.25)
"""Halves of the windows that are tried, widest first, as shares of amplitude over maximum upstroke."""
LARGEST_MISFIT_MV = 0.1
MIN_HALF = 3
_FEW_ENOUGH = 8
_STEPS_PER_OCTAVE = 4
_PASSES = 2
_NOISE_SAMPLES = 64
_MEDIAN_BEND_OF_UNIT_NORMAL = 0.6745 * 6.0**0.5


@dataclass(frozen=True, slots=True, eq=False)
class Onsets:
    """Where action potentials begin.

    Parameters
    ----------
    position : ndarray, float, shape (n,)
        Flat sample index of the threshold, between samples.
    voltage, slope : ndarray, float, shape (n,)
        There, in mV and mV/ms.
    upstroke : ndarray, int, shape (n,)
        Flat index of the steepest sample.
    max_upstroke : ndarray, float, shape (n,)
        Slope there in mV/ms.
    fastest_rise : ndarray, float, shape (n,)
        Largest rise around it, in mV per `Detection.rise_window`.
    """

    position: FloatArray
    voltage: FloatArray
    slope: FloatArray
    upstroke: IntArray
    max_upstroke: FloatArray
    fastest_rise: FloatArray


def find_onsets(
    rise: Rise,
    peak: IntArray,
    begin: IntArray,
    earliest: IntArray,
    sampling_rate: float,
    detection: Detection,
) -> Onsets:
    """Find the threshold and the maximum upstroke before each peak.

    Parameters
    ----------
    rise : Rise
        Of the family.
    peak : ndarray, int, shape (n,)
        Flat index of the highest sample of each.
    begin, earliest : ndarray, int, shape (n,)
        Flat index of the first sample that may be the steepest, and of the first that may be the threshold.
    sampling_rate : float
        In Hz.
    detection : Detection
        Holds the slope that defines the threshold.

    Returns
    -------
    Onsets
        Of each peak.
    """
    voltage = rise.voltage
    found = _walk_back(Slope(voltage, sampling_rate), rise, peak, begin, earliest, detection)
    top = voltage.sweeps.ravel()[peak]
    # What noise let begin too late seems low and fast, and is only seen to be slower still once it was looked at again.
    for shortest, cutoff in SLOW_MS:
        within = shortest * sampling_rate / (2 * rise.half * 1000.0)
        slow = np.flatnonzero(top - found.voltage > within * found.fastest_rise)
        if not slow.size:
            break
        again = _walk_back(
            Slope(voltage, sampling_rate, cutoff), rise, peak[slow], begin[slow], earliest[slow], detection
        )
        for column in fields(Onsets):
            getattr(found, column.name)[slow] = getattr(again, column.name)
    crossed = found.position > earliest
    height = top - found.voltage
    position, value = refined_thresholds(
        voltage,
        found.position,
        found.voltage,
        found.slope,
        time_scale=height / np.where(crossed & (found.max_upstroke > 0), found.max_upstroke, np.inf),
        bounds=(earliest, peak),
        sampling_rate=sampling_rate,
    )
    return Onsets(position, value, found.slope, found.upstroke, found.max_upstroke, found.fastest_rise)


def _walk_back(
    slope: Slope, rise: Rise, peak: IntArray, begin: IntArray, earliest: IntArray, detection: Detection
) -> Onsets:
    """Find the steepest sample before each peak, and before that the last crossing of the threshold's slope."""
    rate = slope.sampling_rate
    near = peak - max(1, int(np.ceil(SEARCH_BEFORE_PEAK_MS / 1000.0 * rate)))
    upstroke, steepest = highest(slope, np.maximum.reduce([earliest, begin, near]), peak + 1)
    upstroke = np.where(upstroke < 0, peak, upstroke)
    reached = steepest >= detection.threshold_slope
    level = np.where(reached, detection.threshold_slope, detection.threshold_fraction * steepest)
    run = max(1, int(np.ceil(detection.threshold_run / 1000.0 * rate)))
    below = last_below(SettledSlope(slope, run), earliest, upstroke, level)
    never = np.flatnonzero(below < 0)
    below[never] = last_below(slope, earliest[never], upstroke[never], level[never])
    pair = slope.rows(np.where(below >= 0, below, earliest), 2).astype(np.float64)
    change = pair[:, 1] - pair[:, 0]
    share = np.divide(level - pair[:, 0], change, out=np.zeros(change.size), where=np.isfinite(change) & (change != 0))
    position = np.where(below >= 0, below + np.clip(share, 0.0, 1.0), earliest)
    around = np.maximum(upstroke - rise.half, 0)
    _, fastest = highest(rise, around, np.minimum(upstroke + rise.half + 1, rise.voltage.sweeps.size))
    return Onsets(
        position=position,
        voltage=_at(rise.voltage.sweeps.ravel(), position),
        slope=np.where(below >= 0, level, pair[:, 0]),
        upstroke=upstroke,
        max_upstroke=steepest,
        fastest_rise=fastest,
    )


def refined_thresholds(
    voltage: Voltage,
    position: FloatArray,
    value: FloatArray,
    level: FloatArray,
    *,
    time_scale: FloatArray,
    bounds: tuple[IntArray, IntArray],
    sampling_rate: float,
) -> tuple[FloatArray, FloatArray]:
    """Place thresholds anew where a cubic through the samples around them crosses the threshold's slope.

    Parameters
    ----------
    voltage : Voltage
        Of the family.
    position : ndarray, float, shape (n,)
        Flat sample index at which the slope crosses its threshold, as known so far.
    value : ndarray, float, shape (n,)
        Voltage there in mV.
    level : ndarray, float, shape (n,)
        Slope that is crossed, in mV/ms.
    time_scale : ndarray, float, shape (n,)
        Of each action potential, in ms: its amplitude over its maximum upstroke.
    bounds : tuple of ndarray, int, shape (n,)
        Flat index of the first and of the last sample that a window may hold.
    sampling_rate : float
        In Hz.

    Returns
    -------
    position, value : ndarray, float, shape (n,)
        As given where no window of at least seven samples fits to within 0.1 mV and the noise before it.

    Examples
    --------
    >>> t = np.arange(-200, 200) / 50.0
    >>> voltage = Voltage((-50 + 20 * t + 5 * t**2)[np.newaxis].astype(np.float32))
    >>> one, window = np.ones(1), (np.array([0]), np.array([300]))
    >>> known = {"time_scale": one, "bounds": window, "sampling_rate": 50000.0}
    >>> position, value = refined_thresholds(voltage, 160 * one, -58 * one, 10 * one, **known)
    >>> position.round(2), value.round(2)
    (array([150.]), array([-65.]))
    """
    position, value = position.copy(), value.copy()
    first, last = bounds
    noise = _noise_before(voltage, position)
    room = np.minimum(position - first, last - position)
    left = np.arange(position.size)
    for share in HALF_WINDOWS:
        half = _rounded(np.minimum(share * time_scale[left] * sampling_rate / 1000.0 + 0.5, room[left]))
        for size in np.unique(half[half >= MIN_HALF]).tolist():
            some = left[half == size]
            rise = level[some] * size * 1000.0 / sampling_rate
            at, height, misfit = _crossing(voltage, position[some], rise, size)
            # A centre that has moved may let the window look beyond its bounds by what it moved.
            kept = (misfit <= LARGEST_MISFIT_MV + noise[some]) & (at >= first[some]) & (at <= last[some])
            position[some[kept]], value[some[kept]] = at[kept], height[kept]
            half[np.isin(left, some[kept])] = -1
        left = left[half >= MIN_HALF]
    return position, value


def _noise_before(voltage: Voltage, position: FloatArray) -> FloatArray:
    """Return the standard deviation of the noise before each position: of the changes of change, most are its own."""
    n_samples = voltage.sweeps.shape[1]
    width = min(_NOISE_SAMPLES, n_samples)
    at = position.astype(np.int64)
    sweep = at - at % n_samples
    samples = voltage.rows(np.clip(at - width, sweep, sweep + n_samples - width), width)
    bend = np.abs(samples[:, 2:] - 2.0 * samples[:, 1:-1] + samples[:, :-2])
    if bend.shape[1] == 0:
        return np.zeros(at.size)
    middle: FloatArray = np.partition(bend, bend.shape[1] // 2, axis=1)[:, bend.shape[1] // 2].astype(np.float64)
    return middle / _MEDIAN_BEND_OF_UNIT_NORMAL


def _rounded(half: FloatArray) -> IntArray:
    """Return widths rounded down to few different ones, so that many windows are fitted at once."""
    known = np.where(half >= 1.0, half, 1.0)  # NaN is not
    octaves = np.floor(np.log2(known) * _STEPS_PER_OCTAVE) / _STEPS_PER_OCTAVE
    few = np.where(known < _FEW_ENOUGH, known, np.exp2(octaves) + 1e-9)
    return np.floor(few).astype(np.int64)


def _crossing(
    voltage: Voltage, position: FloatArray, rise: FloatArray, half: int
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return where cubics rise by `rise` per half window, their voltage there and their misfit; NaN where nowhere."""
    powers = np.vander(np.linspace(-1.0, 1.0, 2 * half + 1), 4, increasing=True)
    solve = np.linalg.pinv(powers).T
    at, size = position, voltage.sweeps.size
    for _ in range(_PASSES):
        known = np.where(np.isfinite(at), at, position)
        centre = np.clip(np.rint(known).astype(np.int64), half, max(size - half - 1, half))
        samples = voltage.rows(centre - half, 2 * half + 1).astype(np.float64)
        middle = samples[:, half : half + 1].copy()
        samples -= middle
        factors = samples @ solve
        b, c = 2.0 * factors[:, 2], factors[:, 1] - rise
        root = np.sqrt(b * b - 12.0 * factors[:, 3] * c)
        with np.errstate(divide="ignore"):
            # Of the two, that at which the slope increases.
            place = -2.0 * c / (b + root)
        at = np.where(np.abs(place) <= 1.0, centre + place * half, np.nan)
    misfit = np.sqrt(np.mean((samples - factors @ powers.T) ** 2, axis=1) * ((2 * half + 1) / (2 * half - 3)))
    height = middle[:, 0] + np.einsum("ij,ij->i", factors, np.vander(np.nan_to_num(place), 4, increasing=True))
    return at, height, np.where(np.isfinite(at), misfit, np.nan)


def _at(flat: FloatArray, position: FloatArray) -> FloatArray:
    """Return the voltage at a fractional sample."""
    low = np.floor(position).astype(np.int64)
    high = np.minimum(low + 1, flat.size - 1)
    return flat[low] + (position - low) * (flat[high].astype(np.float64) - flat[low])
