"""The mean of what follows single action potentials evoked by brief pulses, and what is read off it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mnephys.patch.family import Family
from mnephys.patch.segments import Stretches, stretch_mean
from mnephys.recording import FloatArray, IntArray

__all__ = [
    "BASELINE_S",
    "FIT_FROM",
    "FIT_TO",
    "HUMP_FALL",
    "HUMP_FALL_MS",
    "HUMP_MS",
    "NOISE_MULTIPLE",
    "SMOOTH_MS",
    "PulseResponse",
    "decay",
    "hump",
    "pulse_response",
]

WINDOW_MS = 500.0
BASELINE_S = 0.1
RECORDED_SHARE = 0.9
SETTLE_MS = 0.5
NOISE_MULTIPLE = 2.0
FIT_FROM, FIT_TO = 0.9, 0.2
HALF = 0.5
SMOOTH_MS = 0.5
HUMP_MS = 50.0
HUMP_FALL = 0.5
HUMP_FALL_MS = 100.0
MOST_WINDOWS = 10


@dataclass(frozen=True, slots=True)
class PulseResponse:
    """The mean of what follows single action potentials evoked by brief pulses.

    Parameters
    ----------
    voltage : ndarray, float, shape (n_samples,)
        In mV above the baseline, from the peak on; as far as nine of ten pulses at least were recorded.
    quiet : ndarray, float, shape (n_windows, n_samples_in_50_ms)
        What the membrane does by itself: windows before the pulses, in mV.
    settled : float
        Time after the peak from which no pulse acts on the voltage, in s.
    n_pulses : int
        How many were averaged.
    sampling_rate : float
        In Hz.
    """

    voltage: FloatArray
    quiet: FloatArray
    settled: float
    n_pulses: int
    sampling_rate: float

    def smooth(self, milliseconds: float) -> FloatArray:
        """Return the running mean over a time, without lag.

        Parameters
        ----------
        milliseconds : float
            Width.

        Returns
        -------
        ndarray, float, shape (n_samples,)
            In mV.
        """
        return self._smoothed(self.voltage, milliseconds)

    def _smoothed(self, voltage: FloatArray, milliseconds: float) -> FloatArray:
        from scipy.ndimage import uniform_filter1d

        width = 2 * (round(milliseconds / 1000.0 * self.sampling_rate) // 2) + 1
        smoothed: FloatArray = uniform_filter1d(voltage, width, mode="nearest")
        return smoothed

    def noise(self, milliseconds: float) -> float:
        """Return how far the mean wanders within 50 ms without any pulse.

        Parameters
        ----------
        milliseconds : float
            Width of the running mean.

        Returns
        -------
        float
            Largest minus smallest value in mV: root mean square over windows before the pulses, over the square
            root of the number of pulses. NaN where no window was recorded.

        Notes
        -----
        Membrane noise is slow: neighbouring samples hardly differ, and yet it makes humps of several ms. The
        windows are as long as a hump may take, and begin 500 ms after an action potential or a step; where none
        does, the last 50 ms before each pulse stand for them.
        """
        if not self.quiet.shape[0]:
            return float("nan")
        wander = np.ptp(self._smoothed(self.quiet, milliseconds), axis=1)
        return float(np.sqrt(np.mean(wander**2) / self.n_pulses))

    def sample(self, milliseconds: float) -> int:
        """Return the sample at a time after the peak.

        Parameters
        ----------
        milliseconds : float
            After the peak.

        Returns
        -------
        int
            At most the number of samples.
        """
        return min(round(milliseconds / 1000.0 * self.sampling_rate), self.voltage.size)


def pulse_response(family: Family) -> PulseResponse | None:
    """Average what follows the single action potentials of brief pulses, aligned to their peaks.

    Parameters
    ----------
    family : Family
        A recording with its steps and action potentials.

    Returns
    -------
    PulseResponse or None
        None where no brief pulse evoked exactly one action potential. Nothing after the next pulse or the
        next action potential is taken.
    """
    steps, rate = family.steps, family.sampling_rate
    rows = family.usable & steps.pulse & (family.ap_count == 1) & (steps.start % steps.n_samples > 0)
    row = np.flatnonzero(rows)
    if not row.size:
        return None
    n_samples = steps.n_samples
    start_of_sweep = np.asarray(family.aps["sweep"], dtype=np.int64) * n_samples
    peaks = np.rint(np.asarray(family.aps["peak_time"]) * rate).astype(np.int64) + start_of_sweep
    onsets = np.asarray(family.aps["threshold_time"]) * rate + start_of_sweep
    ap = family.first_ap(rows)
    peak, flat = peaks[ap], family.voltage.ravel()
    reach = np.minimum(round(BASELINE_S * rate), steps.start[row] - steps.start[row - 1])
    baseline = stretch_mean(flat, steps.start[row] - reach, steps.start[row])
    following_ap = np.append(onsets, flat.size)[ap + 1].astype(np.int64)
    pulses = np.append(steps.start[steps.pulse], flat.size)
    following_pulse = pulses[np.searchsorted(pulses, steps.start[row], side="right").clip(max=pulses.size - 1)]
    end_of_sweep = steps.sweep[row] * n_samples + np.asarray(family.n_valid)[steps.sweep[row]]
    length = np.minimum.reduce([following_ap, following_pulse, end_of_sweep]) - peak
    width = int(min(round(WINDOW_MS / 1000.0 * rate), np.quantile(length, 1.0 - RECORDED_SHARE)))
    known = np.isfinite(baseline) & (length > 0)
    if width < 2 or not known.any():
        return None
    mean = _mean_after(flat, peak[known], np.minimum(length[known], width), baseline[known], width)
    if not np.isfinite(mean).all():
        return None
    settled = float(np.max(steps.stop[row] - peak, initial=0)) / rate + SETTLE_MS / 1000.0
    opening, disturbed = steps.start[row - 1], round(WINDOW_MS / 1000.0 * rate)
    sweep_opens = steps.sweep[row] * n_samples
    # Neither the edge of a sweep nor what the sweep before it held disturbs anything.
    last_event = np.maximum(np.where(opening > sweep_opens, opening, -1), np.append(-1, peaks)[ap])
    calm = np.where(last_event >= sweep_opens, last_event + disturbed, sweep_opens)
    quiet = _quiet(flat, opening, calm, steps.start[row], round(HUMP_MS / 1000.0 * rate))
    return PulseResponse(mean, quiet, settled, int(known.sum()), rate)


def _quiet(flat: FloatArray, opening: IntArray, calm: IntArray, stop: IntArray, width: int) -> FloatArray:
    """Return windows from when it is calm to each pulse; where it is nowhere, the last one before each pulse."""
    number = np.clip((stop - calm) // width, 0, MOST_WINDOWS)
    if not number.any():
        number = (stop - opening >= width).astype(np.int64)
    back = Stretches.between(np.ones_like(number), number + 1)
    start = np.repeat(stop, number) - back.index * width
    windows = flat[start[:, np.newaxis] + np.arange(width)].astype(np.float64)
    finite: FloatArray = windows[np.isfinite(windows).all(axis=1)]
    return finite


def _mean_after(flat: FloatArray, start: IntArray, length: IntArray, baseline: FloatArray, width: int) -> FloatArray:
    """Return the mean of stretches above their baselines, sample by sample."""
    # Views instead of an index per sample: a window costs its samples once.
    padded = np.append(flat, np.full(width, np.nan, dtype=flat.dtype))
    taken = np.lib.stride_tricks.sliding_window_view(padded, width)[start] - baseline[:, np.newaxis].astype(np.float32)
    inside = (np.arange(width) < length[:, np.newaxis]) & np.isfinite(taken)
    count = inside.sum(axis=0)
    total = np.where(inside, taken, 0.0).sum(axis=0, dtype=np.float64)
    mean: FloatArray = np.divide(total, count, out=np.full(width, np.nan), where=count > 0)
    return mean


def decay(depth: FloatArray, sampling_rate: float) -> tuple[float, float, float]:
    """Return how a deflection decays from its extreme.

    Parameters
    ----------
    depth : ndarray, float, shape (n,)
        Positive, from its largest sample on.
    sampling_rate : float
        In Hz.

    Returns
    -------
    tau : float
        Time constant in s of the exponential through the samples from 90 % to 20 % of the depth, or to the end;
        NaN where it does not fall to half.
    half : float
        Time in s to half the depth, interpolated; NaN where it does not fall so far.
    error : float
        Root mean square residual of the exponential, as a share of the depth.

    Examples
    --------
    >>> import numpy as np
    >>> t = np.arange(4000) / 20000
    >>> [round(number, 4) for number in decay(5.0 * np.exp(-t / 0.03), 20000.0)]
    [0.03, 0.0208, 0.0]
    """
    top = float(depth[0])
    begin, middle, end = (_first_below(depth, share * top) for share in (FIT_FROM, HALF, FIT_TO))
    if middle >= depth.size:
        return np.nan, np.nan, np.nan
    above, below = float(depth[middle - 1]), float(depth[middle])
    half = (middle - 1 + (above - HALF * top) / (above - below)) / sampling_rate
    part = depth[begin:end]
    time = np.arange(part.size) / sampling_rate
    weight = part**2
    if part.size < 3 or (part <= 0).any():
        return np.nan, half, np.nan
    away = time - np.average(time, weights=weight)
    slope = float((weight * away) @ np.log(part) / ((weight * away) @ away))
    level = float(np.average(np.log(part), weights=weight))
    residual = part - np.exp(level + slope * away)
    error = float(np.sqrt(np.mean(residual**2)) / top)
    return (-1.0 / slope if slope < 0 else np.nan), half, error


def _first_below(values: FloatArray, level: float) -> int:
    """Return the first sample below a level, the number of samples where there is none."""
    below: NDArray[np.bool_] = values < level
    return int(np.argmax(below)) if below.any() else values.size


def hump(response: PulseResponse, limit: float = 0.0) -> tuple[float, int, int]:
    """Return the hump after an action potential.

    Parameters
    ----------
    response : PulseResponse
        What follows it.
    limit : float
        Smaller rises and falls are noise, in mV.

    Returns
    -------
    height : float
        In mV above the trough before it; 0 where there is none, NaN where the recording is too short to tell.
    trough, crest : int
        Samples after the peak.

    Notes
    -----
    A rise within 50 ms after the peak that is followed, at most 100 ms after it, by a fall of at least half the
    rise. Both have to pass the limit: an AHP that ends rises high, and noise on top of it falls a little.
    """
    smooth = response.smooth(SMOOTH_MS)
    begin, end, last = (response.sample(ms) for ms in (1000.0 * response.settled, HUMP_MS, HUMP_FALL_MS))
    if end - begin < 3 or smooth.size <= end:
        return np.nan, 0, 0
    after = smooth[begin:last]
    before = np.minimum.accumulate(after)
    rise = after - before
    fall = after - np.minimum.accumulate(after[::-1])[::-1]
    seen = (fall >= HUMP_FALL * rise) & (np.minimum(rise, fall) >= limit)
    size = np.where(seen, rise, 0.0)[: end - begin]
    crest = int(np.argmax(size))
    height = float(size[crest])
    if not height:
        return 0.0, 0, 0
    trough = int(np.argmin(after[: crest + 1]))
    return height, begin + trough, begin + crest
