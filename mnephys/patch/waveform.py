"""The shape of action potentials: one row per action potential, in equal-length columns."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mnephys.patch.detection import Detection
from mnephys.patch.search import first_below, last_below, lowest
from mnephys.patch.segments import interpolated_crossing
from mnephys.patch.sources import Slope, Voltage
from mnephys.patch.spikes import Spikes, find_spikes
from mnephys.recording import FloatArray, IntArray

__all__ = ["AP_COLUMNS", "Reach", "action_potentials", "shape"]

FAST_AHP_MS = 5.0
MARGIN_MS = 5.0
SEARCH_MS = 100.0
FALL_MS = 50.0
FALLING_MS = 1.0

AP_COLUMNS = {
    "sweep": "1",
    "ap": "1",
    "threshold_time": "s",
    "threshold_voltage": "mV",
    "peak_time": "s",
    "peak_voltage": "mV",
    "amplitude": "mV",
    "half_width": "ms",
    "duration": "ms",
    "rise_time": "ms",
    "fall_time": "ms",
    "max_upstroke": "mV/ms",
    "max_downstroke": "mV/ms",
    "trough_time": "s",
    "trough_voltage": "mV",
    "fast_ahp": "mV",
    "threshold_slope": "mV/ms",
}
"""The columns of `action_potentials` and their units."""


@dataclass(frozen=True, slots=True)
class Reach:
    """How far each action potential may be measured.

    Parameters
    ----------
    stop : ndarray, int, shape (n,)
        Flat sample index at which the action potential's stimulus ends: no trough is sought after it.
    end : ndarray, int, shape (n,)
        The same plus the margin within which a falling phase may be completed, never past the sweep.
    """

    stop: IntArray
    end: IntArray

    @classmethod
    def until(cls, stop: IntArray, peak: IntArray, n_samples: int, n_total: int, sampling_rate: float) -> Reach:
        """Return the reach of action potentials whose stimuli end somewhere.

        Parameters
        ----------
        stop, peak : ndarray, int, shape (n,)
            Flat sample index of the end of each stimulus, and of each peak.
        n_samples, n_total : int
            Samples of a sweep and of the family.
        sampling_rate : float
            In Hz.

        Returns
        -------
        Reach
            Within each one's sweep.
        """
        row_stop = np.minimum((peak // n_samples + 1) * n_samples, n_total)
        margin = round(MARGIN_MS / 1000.0 * sampling_rate)
        return cls(np.minimum(stop, row_stop), np.minimum(stop + margin, row_stop))


def action_potentials(
    voltage: ArrayLike,
    sampling_rate: float,
    start: ArrayLike | None = None,
    stop: ArrayLike | None = None,
    *,
    detection: Detection | None = None,
) -> dict[str, NDArray[np.generic]]:
    """Find the action potentials of sweeps and measure their shape.

    Parameters
    ----------
    voltage : array_like, float, shape (n_sweeps, n_samples) or (n_samples,)
        Membrane potential in mV; NaN where nothing was recorded.
    sampling_rate : float
        In Hz.
    start, stop : float or array_like, shape (n_sweeps,), optional
        Start and end of the current step in s: only action potentials that begin within are measured,
        and none is measured further than `stop` plus 5 ms. The whole sweep if omitted.
    detection : Detection, optional
        What counts as an action potential.

    Returns
    -------
    dict of str to ndarray, shape (n_action_potentials,)
        The columns of `AP_COLUMNS` with the units named there, ordered by sweep and time:

        ``sweep``, ``ap``
            0-based.
        ``threshold_time``, ``threshold_voltage``, ``threshold_slope``
            Last crossing of 10 mV/ms before the maximum upstroke, interpolated; where the upstroke never
            reaches that, 5 % of the maximum upstroke, which `threshold_slope` then says.
        ``peak_time``, ``peak_voltage``
            The highest sample.
        ``amplitude``
            Peak minus threshold.
        ``half_width``
            At (threshold + peak) / 2, both edges interpolated.
        ``duration``
            From the threshold until the voltage has fallen back to the threshold voltage, interpolated.
        ``rise_time``, ``fall_time``
            From 10 % to 90 % of the amplitude, and back, interpolated.
        ``max_upstroke``, ``max_downstroke``
            Extreme slopes between threshold and trough, at most 50 ms after the peak.
        ``trough_time``, ``trough_voltage``
            Lowest sample before the next threshold, at most until `stop`. NaN where `stop` or the end of the
            recording comes while the voltage is still falling: above the threshold, or within 5 ms after the peak.
        ``fast_ahp``
            Threshold minus the lowest sample within 5 ms after the peak; positive downwards. NaN where `stop` or
            the end of the recording comes earlier, and the voltage is still falling.

        NaN where a value does not exist, for example the half-width of a last action potential whose
        falling phase the recording does not hold.

    Raises
    ------
    ValueError
        If `voltage` is not one- or two-dimensional, `sampling_rate` is not positive, or `start` or `stop` is NaN.

    Notes
    -----
    Threshold as in doi:10.7554/eLife.04046; all others as stated here.

    At the very ends of a sweep nothing is guessed. An action potential is left out that rises in the first millisecond
    by more than half of what it rises in its steepest one: it cannot be told from a membrane that is being charged,
    which was not seen to rise slowly before either. So is one that the sweep does not follow until it has fallen by
    30 % of its height.

    Examples
    --------
    >>> import numpy as np
    >>> t = np.arange(4000) / 20000
    >>> voltage = -70 + 100 * np.exp(-(((t - 0.1) / 0.0006) ** 2))
    >>> aps = action_potentials(voltage, 20000.0)
    >>> aps["peak_voltage"], aps["half_width"].round(2)
    (array([30.]), array([0.99]))
    """
    volts = np.atleast_2d(np.asarray(voltage, dtype=np.float32))
    if volts.ndim != 2:
        raise ValueError(f"voltage has shape {volts.shape}, needs (n_sweeps, n_samples)")
    if not (np.isfinite(sampling_rate) and sampling_rate > 0):
        raise ValueError(f"sampling_rate is {sampling_rate}, needs a positive number of Hz")
    n_sweeps, n_samples = volts.shape
    row = np.arange(n_sweeps) * n_samples
    first = row + _samples(start, 0, n_sweeps, n_samples, sampling_rate)
    last = row + _samples(stop, n_samples, n_sweeps, n_samples, sampling_rate)
    edges = None if start is None else first[first > row]
    spikes = find_spikes(volts, sampling_rate, edges=edges, rising_edges=edges, detection=detection)
    owner = np.minimum(spikes.peak // n_samples, n_sweeps - 1)
    inside = (spikes.threshold >= first[owner]) & (spikes.threshold < last[owner]) & spikes.full
    spikes = spikes.take(inside)
    reach = Reach.until(last[spikes.peak // n_samples], spikes.peak, n_samples, volts.size, sampling_rate)
    return shape(volts, sampling_rate, spikes, reach)


@np.errstate(invalid="ignore", over="ignore")  # infinite samples differ by nothing that is a number
def shape(voltage: FloatArray, sampling_rate: float, spikes: Spikes, reach: Reach) -> dict[str, NDArray[np.generic]]:
    """Measure the shape of action potentials that were found.

    Parameters
    ----------
    voltage : ndarray, float32, shape (n_sweeps, n_samples)
        In mV.
    sampling_rate : float
        In Hz.
    spikes : Spikes
        Action potentials only, in order of time.
    reach : Reach
        How far each may be measured.

    Returns
    -------
    dict of str to ndarray, shape (n_action_potentials,)
        As `action_potentials`.
    """
    n_samples = voltage.shape[1]
    source = Voltage(np.ascontiguousarray(voltage))
    flat = source.sweeps.ravel()
    peak, threshold = spikes.peak, spikes.threshold
    sweep = peak // n_samples
    next_threshold = np.append(np.floor(threshold[1:]).astype(np.int64), flat.size)[: peak.size]
    stop = np.minimum(reach.stop, next_threshold)
    end = np.minimum(np.minimum(reach.end, next_threshold), peak + round(SEARCH_MS / 1000.0 * sampling_rate))
    onset = np.floor(threshold).astype(np.int64)
    top = flat[peak].astype(np.float64)
    amplitude = top - spikes.threshold_voltage

    trough, lowest_voltage = lowest(source, peak, stop)
    early_last = peak + round(FAST_AHP_MS / 1000.0 * sampling_rate)
    early_lowest, early = lowest(source, peak, np.minimum(stop, early_last + 1))
    fallen = np.maximum(trough, np.minimum(end, peak + 1))
    fallen = np.minimum(fallen, peak + round(FALL_MS / 1000.0 * sampling_rate))
    _, steepest_fall = lowest(Slope(source, sampling_rate), peak, fallen + 1)
    # What is lowest just before the stimulus or the recording ends was still falling.
    soon = max(1, round(FALLING_MS / 1000.0 * sampling_rate))
    ends = reach.stop <= next_threshold
    cut_short = ends & ~_recorded(flat, early_last, stop)
    early[cut_short & ~_recorded(flat, early_lowest + soon, stop)] = np.nan
    falling = ends & ~_recorded(flat, trough + soon, stop)
    falling &= cut_short | (lowest_voltage > spikes.threshold_voltage)
    trough[falling], lowest_voltage[falling] = -1, np.nan
    levels = {share: spikes.threshold_voltage + share * amplitude for share in (0.0, 0.1, 0.5, 0.9)}
    rises = {s: interpolated_crossing(flat, last_below(source, onset, peak, v), v) for s, v in levels.items() if s}
    falls = {s: _falls_to(source, peak, end, v) for s, v in levels.items()}

    to_ms = 1000.0 / sampling_rate
    sweep_start = sweep * n_samples
    return {
        "sweep": sweep,
        "ap": np.arange(sweep.size) - np.searchsorted(sweep, sweep),
        "threshold_time": (threshold - sweep_start) / sampling_rate,
        "threshold_voltage": spikes.threshold_voltage,
        "peak_time": (peak - sweep_start) / sampling_rate,
        "peak_voltage": top,
        "amplitude": amplitude,
        "half_width": (falls[0.5] - rises[0.5]) * to_ms,
        "duration": (falls[0.0] - threshold) * to_ms,
        "rise_time": (rises[0.9] - rises[0.1]) * to_ms,
        "fall_time": (falls[0.1] - falls[0.9]) * to_ms,
        "max_upstroke": spikes.max_upstroke,
        "max_downstroke": steepest_fall,
        "trough_time": np.where(trough >= 0, (trough - sweep_start) / sampling_rate, np.nan),
        "trough_voltage": lowest_voltage,
        "fast_ahp": spikes.threshold_voltage - early,
        "threshold_slope": spikes.threshold_slope,
    }


def _samples(seconds: ArrayLike | None, default: int, n_sweeps: int, n_samples: int, sampling_rate: float) -> IntArray:
    if seconds is None:
        return np.full(n_sweeps, default)
    at = np.rint(np.asarray(seconds, dtype=np.float64) * sampling_rate)
    if np.isnan(at).any():
        raise ValueError("start and stop need times in s, one of them is NaN")
    return np.broadcast_to(np.clip(at, 0, n_samples).astype(np.int64), (n_sweeps,))


def _recorded(flat: FloatArray, at: IntArray, stop: IntArray) -> NDArray[np.bool_]:
    """Return which samples exist before their stop."""
    return np.asarray((at < stop) & np.isfinite(flat[np.minimum(at, flat.size - 1)]))


def _falls_to(source: Voltage, peak: IntArray, end: IntArray, level: FloatArray) -> FloatArray:
    """Return where the falling phase first crosses a level, as an interpolated flat index."""
    after = first_below(source, peak, end, level)
    return interpolated_crossing(source.sweeps.ravel(), np.where(after > 0, after - 1, -1), level)
