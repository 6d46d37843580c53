"""The mean of what follows single action potentials evoked by brief pulses, and what is read off it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mnephys.patch.family import Family
from mnephys.patch.segments import stretch_mean
from mnephys.recording import FloatArray, IntArray

__all__ = [
    "BASELINE_S",
    "FIT_FROM",
    "FIT_TO",
    "HUMP_FALL",
    "HUMP_MS",
    "NOISE_MULTIPLE",
    "PulseResponse",
    "decay",
    "hump",
    "pulse_response",
]

WINDOW_MS = 500.0
BASELINE_S = 0.1
RECORDED_SHARE = 0.9
SETTLE_MS = 0.5
NOISE_MULTIPLE = 5.0
FIT_FROM, FIT_TO = 0.9, 0.2
HALF = 0.5
SMOOTH_MS = 0.5
HUMP_MS = 50.0
HUMP_FALL = 0.5


@dataclass(frozen=True, slots=True)
class PulseResponse:
    """The mean of what follows single action potentials evoked by brief pulses.

    Parameters
    ----------
    voltage : ndarray, float, shape (n_samples,)
        In mV above the baseline, from the peak on; as far as nine of ten pulses at least were recorded.
    noise : float
        Standard error of its samples, from the differences of neighbours, in mV.
    settled : float
        Time after the peak from which no pulse acts on the voltage, in s.
    n_pulses : int
        How many were averaged.
    sampling_rate : float
        In Hz.
    """

    voltage: FloatArray
    noise: float
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
        from scipy.ndimage import uniform_filter1d

        width = 2 * (round(milliseconds / 1000.0 * self.sampling_rate) // 2) + 1
        smoothed: FloatArray = uniform_filter1d(self.voltage, width, mode="nearest")
        return smoothed

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
    mean, noise = _mean_after(flat, peak[known], np.minimum(length[known], width), baseline[known], width)
    if not np.isfinite(mean).all():
        return None
    settled = float(np.max(steps.stop[row] - peak, initial=0)) / rate + SETTLE_MS / 1000.0
    return PulseResponse(mean, noise, settled, int(known.sum()), rate)


def _mean_after(
    flat: FloatArray, start: IntArray, length: IntArray, baseline: FloatArray, width: int
) -> tuple[FloatArray, float]:
    """Return the mean of stretches above their baselines, sample by sample, and its standard error."""
    # Views instead of an index per sample: a window costs its samples once.
    padded = np.append(flat, np.full(width, np.nan, dtype=flat.dtype))
    taken = np.lib.stride_tricks.sliding_window_view(padded, width)[start] - baseline[:, np.newaxis].astype(np.float32)
    inside = (np.arange(width) < length[:, np.newaxis]) & np.isfinite(taken)
    count = inside.sum(axis=0)
    total = np.where(inside, taken, 0.0).sum(axis=0, dtype=np.float64)
    mean: FloatArray = np.divide(total, count, out=np.full(width, np.nan), where=count > 0)
    # The second difference of neighbours knows nothing of the slow decay.
    bend = np.abs(np.diff(mean, 2))
    return mean, float(np.median(bend) / 0.6745 / np.sqrt(6.0)) if bend.size else 0.0


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


def hump(response: PulseResponse) -> tuple[float, int, int]:
    """Return the hump after an action potential.

    Parameters
    ----------
    response : PulseResponse
        What follows it.

    Returns
    -------
    height : float
        In mV above the trough before it; 0 where there is none, NaN where the recording is too short to tell.
    trough, crest : int
        Samples after the peak.
    """
    smooth = response.smooth(SMOOTH_MS)
    begin, end = response.sample(1000.0 * response.settled), response.sample(HUMP_MS)
    if end - begin < 3 or smooth.size <= end:
        return np.nan, 0, 0
    after = smooth[begin:]
    before = np.minimum.accumulate(after)
    rise = after - before
    fall = after - np.minimum.accumulate(after[::-1])[::-1]
    size = np.where(fall >= HUMP_FALL * rise, rise, 0.0)[: end - begin]
    crest = int(np.argmax(size))
    height = float(size[crest])
    if height < NOISE_MULTIPLE * response.noise:
        return 0.0, 0, 0
    trough = int(np.argmin(after[: crest + 1]))
    return height, begin + trough, begin + crest
