"""Where the action potentials are: detection by slope, height and repolarisation.

No fixed voltage decides: immature action potentials peak below -20 mV, and the troughs of strongly
driven ones stay above it. What decides is written in `Detection`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from mnephys.patch.segments import Stretches, interpolated_crossing, stretch_min
from mnephys.patch.slope import voltage_slope
from mnephys.recording import FloatArray, IntArray

__all__ = ["Detection", "Spikes", "find_spikes"]


@dataclass(frozen=True, slots=True)
class Detection:
    """What counts as an action potential.

    Parameters
    ----------
    rise_window : float
        A candidate is a rise of `min_rise` within this time, in ms: robust against noise, because two
        samples are compared and not two neighbours.
    min_rise : float
        In mV.
    settle : float
        After a rise of the injected current, the voltage over the electrode is not the cell's for this
        time, in ms.
    min_amplitude : float
        Smallest height above threshold, in mV.
    min_upstroke : float
        Smallest maximum slope, in mV/ms.
    relative_upstroke : float
        Smallest maximum slope as a share of the steepest one in the sweep: what is left of the action
        potentials in depolarisation block falls below it.
    slow_amplitude : float
        Smallest height, in mV, where the slope never reaches `threshold_slope`.
    min_repolarisation : float
        Smallest fall after the peak, as a share of the height.
    max_onset_share : float
        Before an action potential the rise must have been slower than this share of its steepest: a
        charging membrane is steepest at the onset of the step, a regenerative event is not.
    threshold_slope : float
        The slope that defines the threshold, in mV/ms.
    threshold_fraction : float
        The share of the maximum upstroke that defines it where the slope never reaches `threshold_slope`.
    spikelet_amplitude : float
        Smallest height of an abortive spikelet, in mV.
    """

    rise_window: float = 1.0
    min_rise: float = 3.0
    settle: float = 0.3
    min_amplitude: float = 10.0
    min_upstroke: float = 5.0
    relative_upstroke: float = 0.05
    slow_amplitude: float = 20.0
    min_repolarisation: float = 0.3
    max_onset_share: float = 0.5
    threshold_slope: float = 10.0
    threshold_fraction: float = 0.05
    spikelet_amplitude: float = 5.0


SEARCH_AFTER_RISE_MS = 10.0
MIN_DROP_MV = 2.0
LOOK_BACK_MS = 50.0


@dataclass(frozen=True, slots=True)
class Spikes:
    """Action potentials and abortive spikelets, as flat sample indices into the family.

    Parameters
    ----------
    threshold : ndarray, float, shape (n,)
        Threshold crossing, interpolated between samples.
    threshold_voltage : ndarray, float, shape (n,)
        In mV.
    threshold_slope : ndarray, float, shape (n,)
        The slope at the threshold, in mV/ms: `Detection.threshold_slope`; less where the share of the
        maximum upstroke was used; more where the membrane charged faster than that from the onset of
        the step on, so that the threshold found is only an upper bound of the amplitude.
    upstroke, peak : ndarray, int, shape (n,)
        Steepest and highest sample.
    full : ndarray, bool, shape (n,)
        True for action potentials, False for abortive spikelets.
    slope : ndarray, float32, shape (n_sweeps * n_samples,)
        dV/dt of the family in mV/ms.
    """

    threshold: FloatArray
    threshold_voltage: FloatArray
    threshold_slope: FloatArray
    upstroke: IntArray
    peak: IntArray
    full: NDArray[np.bool_]
    slope: FloatArray

    def take(self, chosen: NDArray[np.bool_]) -> Spikes:
        """Return some of them.

        Parameters
        ----------
        chosen : ndarray, bool, shape (n,)
            Which.

        Returns
        -------
        Spikes
            In the same order, of the same family.
        """
        columns = ("threshold", "threshold_voltage", "threshold_slope", "upstroke", "peak", "full")
        return replace(self, **{name: getattr(self, name)[chosen] for name in columns})


def _rises(
    voltage: FloatArray, sampling_rate: float, rising_edges: IntArray, detection: Detection
) -> tuple[FloatArray, int]:
    """Return the rise within the window centred on each sample (flat, NaN where not defined) and its half-width."""
    half = max(1, round(detection.rise_window / 2000.0 * sampling_rate))
    rise = np.full(voltage.shape, np.nan, dtype=np.float32)
    rise[:, half : voltage.shape[1] - half] = voltage[:, 2 * half :] - voltage[:, : -2 * half or None]
    flat = rise.ravel()
    after = half + _settle_samples(sampling_rate, detection)
    spoilt = Stretches.between(np.maximum(rising_edges - half, 0), np.minimum(rising_edges + after, flat.size))
    flat[spoilt.index] = np.nan
    return flat, half


def _settle_samples(sampling_rate: float, detection: Detection) -> int:
    return max(1, int(np.ceil(detection.settle / 1000.0 * sampling_rate)))


def _regions(rise: FloatArray, min_rise: float) -> tuple[IntArray, IntArray]:
    """Return start and stop of every run of samples that rise fast enough."""
    fast = np.concatenate([[False], rise >= min_rise, [False]])
    change = np.flatnonzero(fast[1:] != fast[:-1])
    return change[::2], change[1::2]


def _drop(flat: FloatArray, peak: IntArray, until: IntArray) -> FloatArray:
    lowest = stretch_min(flat, peak, until)
    return np.where(np.isnan(lowest), 0.0, flat[peak] - lowest)


def find_spikes(
    voltage: FloatArray,
    sampling_rate: float,
    *,
    rising_edges: IntArray | None = None,
    detection: Detection | None = None,
) -> Spikes:
    """Find the action potentials of a family of sweeps.

    Parameters
    ----------
    voltage : ndarray, float, shape (n_sweeps, n_samples)
        In mV.
    sampling_rate : float
        In Hz.
    rising_edges : ndarray, int, shape (n_edges,), optional
        Flat index of the first sample at which the injected current had risen: what the electrode adds
        there is not taken for an action potential.
    detection : Detection, optional
        What counts as one.

    Returns
    -------
    Spikes
        In order of time, sweep after sweep.

    Notes
    -----
    The threshold is the last crossing of `Detection.threshold_slope` before the maximum upstroke,
    interpolated (10 mV/ms as in doi:10.7554/eLife.04046), at the earliest at the preceding peak or at
    the onset of the step.

    Examples
    --------
    >>> import numpy as np
    >>> t = np.arange(4000) / 20000
    >>> voltage = -70 + 100 * np.exp(-(((t - 0.1) / 0.0006) ** 2))[np.newaxis]
    >>> find_spikes(voltage, 20000.0).peak
    array([2000])
    """
    detection = detection or Detection()
    voltage = np.asarray(voltage, dtype=np.float32)
    n_samples = voltage.shape[1]
    edges = np.sort(np.zeros(0, dtype=np.int64) if rising_edges is None else rising_edges)
    slope = voltage_slope(voltage, sampling_rate).ravel()
    if n_samples < 3 * max(2, round(detection.rise_window / 1000.0 * sampling_rate)):
        return _nothing(slope)
    flat = voltage.ravel()
    rise, half = _rises(voltage, sampling_rate, edges, detection)
    begin, end = _regions(rise, detection.min_rise)
    begin, end, peak = _peaks(flat, n_samples, begin, end, half, sampling_rate)
    if not peak.size:
        return _nothing(slope)

    row_start = peak // n_samples * n_samples
    previous = np.concatenate([[-1], peak[:-1]])
    edge = np.concatenate([[-n_samples], edges])[np.searchsorted(edges, peak, side="right")]
    settled = edge + _settle_samples(sampling_rate, detection)
    back = peak - round(LOOK_BACK_MS / 1000.0 * sampling_rate)
    earliest = np.minimum(np.maximum.reduce([row_start, previous, settled, back]), peak)
    upstroke = Stretches.between(np.maximum(earliest, begin - half), peak + 1).argmax(slope)
    upstroke = np.where(upstroke >= 0, upstroke, peak)
    steepest = slope[upstroke].astype(np.float64)

    reached = steepest >= detection.threshold_slope
    level = np.where(reached, detection.threshold_slope, detection.threshold_fraction * steepest)
    walk = Stretches.between(earliest, upstroke)
    below = walk.last(slope[walk.index] < walk.spread(level))
    threshold = np.where(below >= 0, interpolated_crossing(slope, below, level), earliest)
    threshold_voltage = _at(flat, threshold)
    crossed_at = np.where(below >= 0, level, slope[earliest])

    amplitude = flat[peak] - threshold_voltage
    following = np.append(begin[1:], flat.size)
    repolarised = _drop(flat, peak, np.minimum(following, row_start + n_samples))
    regenerative = _is_regenerative(rise, earliest, upstroke, begin, end, detection)
    tall = np.where(reached, detection.min_amplitude, detection.slow_amplitude)
    full = (
        regenerative
        & (amplitude >= tall)
        & (steepest >= detection.min_upstroke)
        & (repolarised >= detection.min_repolarisation * amplitude)
    )
    row = peak // n_samples
    steepest_of_row = np.zeros(voltage.shape[0])
    np.maximum.at(steepest_of_row, row[full], steepest[full])
    full &= steepest >= detection.relative_upstroke * steepest_of_row[row]
    spikelet = ~full & regenerative & (amplitude >= detection.spikelet_amplitude) & (repolarised >= 0.5 * amplitude)
    kept = full | spikelet
    return Spikes(
        threshold[kept], threshold_voltage[kept], crossed_at[kept], upstroke[kept], peak[kept], full[kept], slope
    )


def _peaks(
    flat: FloatArray, n_samples: int, begin: IntArray, end: IntArray, half: int, sampling_rate: float
) -> tuple[IntArray, IntArray, IntArray]:
    """Return the rises that end in a peak of their own: the voltage falls before it rises again."""
    if not begin.size:
        return begin, end, begin
    row_stop = (begin // n_samples + 1) * n_samples
    following = np.append(begin[1:], flat.size)
    reach = np.minimum.reduce([following, end + round(SEARCH_AFTER_RISE_MS / 1000.0 * sampling_rate), row_stop])
    peak = Stretches.between(begin - half, np.maximum(reach, end)).argmax(flat)
    own = (peak >= 0) & (_drop(flat, np.maximum(peak, 0), np.minimum(following, row_stop)) >= MIN_DROP_MV)
    return begin[own], end[own], peak[own]


def _is_regenerative(
    rise: FloatArray, earliest: IntArray, upstroke: IntArray, begin: IntArray, end: IntArray, detection: Detection
) -> NDArray[np.bool_]:
    fastest_at = Stretches.between(begin, end).argmax(rise)
    slowest_at = Stretches.between(earliest, np.maximum(upstroke, begin) + 1).argmin(rise)
    known = (fastest_at >= 0) & (slowest_at >= 0)
    return known & (rise[slowest_at] <= detection.max_onset_share * rise[fastest_at])


def _at(flat: FloatArray, position: FloatArray) -> FloatArray:
    """Return the voltage at a fractional sample."""
    low = np.floor(position).astype(np.int64)
    high = np.minimum(low + 1, flat.size - 1)
    return flat[low] + (position - low) * (flat[high].astype(np.float64) - flat[low])


def _nothing(slope: FloatArray) -> Spikes:
    none, empty = np.zeros(0, dtype=np.int64), np.zeros(0)
    return Spikes(empty, empty, empty, none, none, np.zeros(0, dtype=bool), slope)
