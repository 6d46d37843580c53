"""Where the action potentials are: detection by slope, height and repolarisation.

No fixed voltage decides: immature action potentials peak below -20 mV, and the troughs of strongly
driven ones stay above it. What decides is written in `Detection`.
"""

from __future__ import annotations

import warnings
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
    noise_multiple : float
        The rise must also exceed the noise of the difference of two samples so many times.
    settle : float
        After a change of the injected current, the voltage over the electrode is not the cell's for this
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
    small_fall : float
        Below `slow_amplitude` the fastest fall must be this share of the fastest rise: a synaptic potential
        of that size rises as fast, and falls as slowly as the membrane discharges.
    min_repolarisation : float
        Smallest fall after the peak, as a share of the height.
    fall_window : float
        The fall must come within this time, in ms, and before the injected current changes.
    max_onset_share : float
        Before an action potential the rise must have been slower than this share of its steepest: a
        charging membrane is steepest at the onset of the step, a regenerative event is not.
    threshold_slope : float
        The slope that defines the threshold, in mV/ms.
    threshold_fraction : float
        The share of the maximum upstroke that defines it where the slope never reaches `threshold_slope`.
    threshold_run : float
        The mean slope over this time before, in ms, must be below too: a dip by noise on the upstroke is no
        threshold.
    spikelet_amplitude : float
        Smallest height of an abortive spikelet, in mV.
    """

    rise_window: float = 1.0
    min_rise: float = 3.0
    noise_multiple: float = 6.0
    settle: float = 0.3
    min_amplitude: float = 10.0
    min_upstroke: float = 5.0
    relative_upstroke: float = 0.05
    slow_amplitude: float = 20.0
    small_fall: float = 0.2
    min_repolarisation: float = 0.3
    fall_window: float = 50.0
    max_onset_share: float = 0.5
    threshold_slope: float = 10.0
    threshold_fraction: float = 0.05
    threshold_run: float = 0.3
    spikelet_amplitude: float = 5.0


SEARCH_AFTER_RISE_MS = 10.0
MIN_DROP_MV = 2.0
LOOK_BACK_MS = 50.0
NEAR_EDGE_MS = 3.0
MAD_OF_UNIT_NORMAL = 0.6745


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


def _rises(voltage: FloatArray, sampling_rate: float, edges: IntArray, detection: Detection) -> tuple[FloatArray, int]:
    """Return the rise within the window centred on each sample (flat, NaN where not defined) and its half-width."""
    half = max(1, round(detection.rise_window / 2000.0 * sampling_rate))
    rise = np.full(voltage.shape, np.nan, dtype=np.float32)
    rise[:, half : voltage.shape[1] - half] = voltage[:, 2 * half :] - voltage[:, : -2 * half or None]
    flat = rise.ravel()
    after = half + _samples(detection.settle, sampling_rate)
    spoilt = Stretches.between(np.maximum(edges - half, 0), np.minimum(edges + after, flat.size))
    flat[spoilt.index] = np.nan
    return flat, half


def _samples(milliseconds: float, sampling_rate: float) -> int:
    return max(1, int(np.ceil(milliseconds / 1000.0 * sampling_rate)))


def _fast_enough(voltage: FloatArray, detection: Detection) -> FloatArray:
    """Return the smallest rise in mV that is none of the noise, for each sweep."""
    # Neighbouring samples differ by the noise alone nearly everywhere; every fourth pair tells as much.
    change = np.abs(voltage[:, 1::4] - voltage[:, :-1:4])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # a sweep without a sample has no median
        noise = np.nanmedian(change, axis=1) / MAD_OF_UNIT_NORMAL
    return np.fmax(detection.min_rise, detection.noise_multiple * noise)


def _regions(rise: FloatArray, enough: FloatArray) -> tuple[IntArray, IntArray]:
    """Return start and stop of every run of rising samples that rises fast enough somewhere."""
    n_samples = rise.size // enough.size
    limit = np.repeat(enough, n_samples)
    rising = np.concatenate([[False], rise >= 0.5 * limit, [False]])
    change = np.flatnonzero(rising[1:] != rising[:-1])
    begin, end = change[::2], change[1::2]
    fast = np.flatnonzero(rise >= limit)
    kept = np.searchsorted(fast, end) > np.searchsorted(fast, begin)
    return begin[kept], end[kept]


def _drop(flat: FloatArray, peak: IntArray, until: IntArray) -> FloatArray:
    lowest = stretch_min(flat, peak, until)
    return np.where(np.isnan(lowest), 0.0, flat[peak] - lowest)


def find_spikes(
    voltage: FloatArray,
    sampling_rate: float,
    *,
    edges: IntArray | None = None,
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
    edges : ndarray, int, shape (n_edges,), optional
        Flat index of the first sample at which the injected current had changed: what the electrode adds
        there is not taken for an action potential, and a fall beyond it not for its repolarisation.
    rising_edges : ndarray, int, shape (n_rising_edges,), optional
        Those of them at which it had risen: no threshold lies before the membrane follows.
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
    n_sweeps, n_samples = voltage.shape
    every = np.sort(_none() if edges is None else edges)
    rising = np.sort(_none() if rising_edges is None else rising_edges)
    slope = voltage_slope(voltage, sampling_rate).ravel()
    if n_samples < 3 * max(2, round(detection.rise_window / 1000.0 * sampling_rate)):
        return _nothing(slope)
    flat = voltage.ravel()
    enough = _fast_enough(voltage, detection)
    rise, half = _rises(voltage, sampling_rate, every, detection)
    begin, peak = _peaks(flat, n_samples, *_regions(rise, enough), half, sampling_rate, enough)
    if not peak.size:
        return _nothing(slope)

    row = peak // n_samples
    previous = np.concatenate([[-1], peak[:-1]])
    edge = np.concatenate([[-n_samples], rising])[np.searchsorted(rising, peak, side="right")]
    settled = edge + _samples(detection.settle, sampling_rate)
    back = peak - _samples(LOOK_BACK_MS, sampling_rate)
    earliest = np.minimum(np.maximum.reduce([row * n_samples, previous, settled, back]), peak)
    near = peak - _samples(SEARCH_AFTER_RISE_MS, sampling_rate)
    upstroke = Stretches.between(np.maximum.reduce([earliest, begin - half, near]), peak + 1).argmax(slope)
    upstroke = np.where(upstroke >= 0, upstroke, peak)
    steepest = slope[upstroke].astype(np.float64)

    reached = steepest >= detection.threshold_slope
    level = np.where(reached, detection.threshold_slope, detection.threshold_fraction * steepest)
    run = _samples(detection.threshold_run, sampling_rate)
    below = _last_below(flat, slope, earliest, upstroke, level, run, sampling_rate)
    threshold = np.where(below >= 0, interpolated_crossing(slope, below, level), earliest)
    threshold_voltage = _at(flat, threshold)
    crossed_at = np.where(below >= 0, level, slope[earliest])

    amplitude = flat[peak] - threshold_voltage
    until = _fall_end(peak, np.append(begin[1:], flat.size), (row + 1) * n_samples, every, sampling_rate, detection)
    repolarised = _drop(flat, peak, until)
    fastest = _near(rise, upstroke, half, np.fmax)
    slowest_before = stretch_min(rise, earliest, np.maximum(upstroke, earliest + 1))
    regenerative = slowest_before <= detection.max_onset_share * fastest
    falls_fast = -stretch_min(rise, peak, until) >= detection.small_fall * fastest
    large = amplitude >= detection.slow_amplitude
    full = (
        regenerative
        & (large | (reached & falls_fast & (amplitude >= detection.min_amplitude)))
        & (steepest >= detection.min_upstroke)
        & (repolarised >= detection.min_repolarisation * amplitude)
    )
    steepest_of_row = np.zeros(n_sweeps)
    np.maximum.at(steepest_of_row, row[full], steepest[full])
    full &= steepest >= detection.relative_upstroke * steepest_of_row[row]
    spikelet = ~full & regenerative & falls_fast & (amplitude >= detection.spikelet_amplitude)
    kept = full | (spikelet & (repolarised >= 0.5 * amplitude))
    return Spikes(
        threshold[kept], threshold_voltage[kept], crossed_at[kept], upstroke[kept], peak[kept], full[kept], slope
    )


def _peaks(
    flat: FloatArray,
    n_samples: int,
    begin: IntArray,
    end: IntArray,
    half: int,
    sampling_rate: float,
    enough: FloatArray,
) -> tuple[IntArray, IntArray]:
    """Return start and peak of the rises that end in a peak of their own: it falls before it rises again."""
    if not begin.size:
        return begin, begin
    row = begin // n_samples
    row_stop = (row + 1) * n_samples
    following = np.append(begin[1:], flat.size)
    reach = np.minimum.reduce([following, end + _samples(SEARCH_AFTER_RISE_MS, sampling_rate), row_stop])
    peak = Stretches.between(np.maximum(begin - half, row * n_samples), np.maximum(reach, end)).argmax(flat)
    fall = np.maximum(MIN_DROP_MV, enough[row])
    own = (peak >= 0) & (_drop(flat, np.maximum(peak, 0), np.minimum(following, row_stop)) >= fall)
    return begin[own], peak[own]


def _last_below(
    flat: FloatArray,
    slope: FloatArray,
    earliest: IntArray,
    upstroke: IntArray,
    level: FloatArray,
    run: int,
    sampling_rate: float,
) -> IntArray:
    """Return the last sample before the upstroke whose slope, and the mean slope before it, is below the level."""
    walk = Stretches.between(earliest, upstroke)
    limit = walk.spread(level)
    below = slope[walk.index] < limit
    before = np.maximum(walk.index - run, 0)
    mean = (flat[walk.index] - flat[before]) * (sampling_rate / 1000.0 / run)
    lasting = walk.last(below & ~(mean >= limit))
    found: IntArray = np.where(lasting >= 0, lasting, walk.last(below))
    return found


def _fall_end(
    peak: IntArray,
    following: IntArray,
    row_stop: IntArray,
    edges: IntArray,
    sampling_rate: float,
    detection: Detection,
) -> IntArray:
    """Return how far the fall of each peak may reach: before the next rise and the next change of the current."""
    window = peak + _samples(detection.fall_window, sampling_rate)
    edge = np.append(edges, row_stop.max(initial=0))[np.searchsorted(edges, peak, side="right")]
    margin = _samples(NEAR_EDGE_MS, sampling_rate)
    # A peak just before the current is switched off falls after it.
    edge = np.where(edge - peak <= margin, edge + margin, edge)
    end: IntArray = np.minimum.reduce([following, row_stop, window, edge])
    return end


def _near(values: FloatArray, at: IntArray, half: int, best_of: np.ufunc) -> FloatArray:
    """Return the best value within half a window of each sample."""
    around = np.clip(at[:, np.newaxis] + np.arange(-half, half + 1), 0, values.size - 1)
    best: FloatArray = best_of.reduce(values[around], axis=1)
    return best


def _none() -> IntArray:
    return np.zeros(0, dtype=np.int64)


def _at(flat: FloatArray, position: FloatArray) -> FloatArray:
    """Return the voltage at a fractional sample."""
    low = np.floor(position).astype(np.int64)
    high = np.minimum(low + 1, flat.size - 1)
    return flat[low] + (position - low) * (flat[high].astype(np.float64) - flat[low])


def _nothing(slope: FloatArray) -> Spikes:
    none, empty = np.zeros(0, dtype=np.int64), np.zeros(0)
    return Spikes(empty, empty, empty, none, none, np.zeros(0, dtype=bool), slope)
