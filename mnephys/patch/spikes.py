"""Where the action potentials are: detection by slope, height and repolarisation.

No fixed voltage decides: immature action potentials peak below -20 mV, and the troughs of strongly
driven ones stay above it. What decides is written in `Detection`.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace

import numpy as np
from numpy.typing import NDArray

from mnephys.patch.candidates import difference_noise, fast_rises
from mnephys.patch.detection import Detection
from mnephys.patch.search import first_below, highest, last_below
from mnephys.patch.segments import Stretches
from mnephys.patch.sources import Rise, Voltage
from mnephys.patch.threshold import SEARCH_BEFORE_PEAK_MS, Onsets, find_onsets
from mnephys.recording import FloatArray, IntArray

__all__ = ["Spikes", "find_spikes"]


MIN_DROP_MV = 2.0
LOOK_BACK_MS = 50.0
NEAR_EDGE_MS = 3.0
SPIKELET_REPOLARISATION = 0.5


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
    max_upstroke : ndarray, float, shape (n,)
        Slope at the steepest, in mV/ms.
    full : ndarray, bool, shape (n,)
        True for action potentials, False for abortive spikelets.
    """

    threshold: FloatArray
    threshold_voltage: FloatArray
    threshold_slope: FloatArray
    upstroke: IntArray
    peak: IntArray
    max_upstroke: FloatArray
    full: NDArray[np.bool_]

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
        return replace(self, **{column.name: getattr(self, column.name)[chosen] for column in fields(self)})


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
    voltage = np.ascontiguousarray(voltage, dtype=np.float32)
    n_samples = voltage.shape[1]
    if not len(voltage) or n_samples < 3 * max(2, round(detection.rise_window / 1000.0 * sampling_rate)):
        return _nothing()
    every = np.sort(_none() if edges is None else edges)
    rising = np.sort(_none() if rising_edges is None else rising_edges)
    half = max(1, round(detection.rise_window / 2000.0 * sampling_rate))
    spoilt = _spoilt(every, half, voltage.size, sampling_rate, detection)
    with np.errstate(invalid="ignore", over="ignore"):  # infinite samples differ by nothing that is a number
        # Noise that the sampling did not resolve looks like a rise.
        enough = np.fmax(detection.min_rise, detection.noise_multiple * difference_noise(voltage))
        begin, end = fast_rises(voltage, half, enough, spoilt)
        source = Voltage(voltage)
        begin, peak = _peaks(source, begin, end, half, sampling_rate, enough)
        if not peak.size:
            return _nothing()
        following = np.append(begin[1:], voltage.size)
        until = _fall_end(peak, following, (peak // n_samples + 1) * n_samples, every, sampling_rate, detection)
        earliest = _earliest(peak, rising, n_samples, sampling_rate, detection)
        rise = Rise(source, half, spoilt)
        onsets = find_onsets(rise, peak, begin - half, earliest, sampling_rate, detection)
        return _judged(rise, peak, onsets, earliest, until, detection)


def _samples(milliseconds: float, sampling_rate: float) -> int:
    return max(1, int(np.ceil(milliseconds / 1000.0 * sampling_rate)))


def _spoilt(
    edges: IntArray, half: int, size: int, sampling_rate: float, detection: Detection
) -> NDArray[np.bool_] | None:
    """Return at which samples the rise holds what a change of the current adds over the electrode."""
    if not edges.size:
        return None
    after = half + _samples(detection.settle, sampling_rate)
    spoilt = np.zeros(size, dtype=bool)
    spoilt[Stretches.between(np.maximum(edges - half, 0), np.minimum(edges + after, size)).index] = True
    return spoilt


def _peaks(
    source: Voltage, begin: IntArray, end: IntArray, half: int, sampling_rate: float, enough: FloatArray
) -> tuple[IntArray, IntArray]:
    """Return start and peak of the rises that end in a peak of their own: it falls before it rises again."""
    n_samples = source.sweeps.shape[1]
    row = begin // n_samples
    row_stop = (row + 1) * n_samples
    following = np.append(begin[1:], source.sweeps.size)[: begin.size]
    reach = np.minimum.reduce([following, end + _samples(SEARCH_BEFORE_PEAK_MS, sampling_rate), row_stop])
    peak, top = highest(source, np.maximum(begin - half, row * n_samples), np.maximum(reach, end))
    fall = np.maximum(MIN_DROP_MV, enough[row])
    own = (peak >= 0) & (first_below(source, peak, np.minimum(following, row_stop), top - fall) >= 0)
    return begin[own], peak[own]


def _earliest(peak: IntArray, rising: IntArray, n_samples: int, sampling_rate: float, detection: Detection) -> IntArray:
    """Return the first sample at which the action potential of each peak may have begun."""
    previous = np.concatenate([[-1], peak[:-1]])
    edge = np.concatenate([[-n_samples], rising])[np.searchsorted(rising, peak, side="right")]
    settled = edge + _samples(detection.settle, sampling_rate)
    back = peak - _samples(LOOK_BACK_MS, sampling_rate)
    row_start = peak // n_samples * n_samples
    earliest: IntArray = np.minimum(np.maximum.reduce([row_start, previous, settled, back]), peak)
    return earliest


def _judged(
    rise: Rise, peak: IntArray, onsets: Onsets, earliest: IntArray, until: IntArray, detection: Detection
) -> Spikes:
    """Return those peaks that are action potentials or abortive spikelets."""
    voltage, steepest, fastest = rise.voltage, onsets.max_upstroke, onsets.fastest_rise
    top = voltage.sweeps.ravel()[peak].astype(np.float64)
    amplitude = top - onsets.voltage
    reached = steepest >= detection.threshold_slope
    before = np.maximum(onsets.upstroke, earliest + 1)
    regenerative = last_below(rise, earliest, before, detection.max_onset_share * fastest) >= 0
    falls_fast = first_below(rise, peak, until, -detection.small_fall * fastest) >= 0
    large = amplitude >= detection.slow_amplitude
    full = (
        regenerative
        & (large | (reached & falls_fast & (amplitude >= detection.min_amplitude)))
        & (steepest >= detection.min_upstroke)
        & (first_below(voltage, peak, until, top - detection.min_repolarisation * amplitude) >= 0)
    )
    row = peak // voltage.sweeps.shape[1]
    steepest_of_row = np.zeros(voltage.sweeps.shape[0])
    np.maximum.at(steepest_of_row, row[full], steepest[full])
    full &= steepest >= detection.relative_upstroke * steepest_of_row[row]
    spikelet = ~full & regenerative & falls_fast & (amplitude >= detection.spikelet_amplitude)
    spikelet &= first_below(voltage, peak, until, top - SPIKELET_REPOLARISATION * amplitude) >= 0
    found = Spikes(
        threshold=onsets.position,
        threshold_voltage=onsets.voltage,
        threshold_slope=onsets.slope,
        upstroke=onsets.upstroke,
        peak=peak,
        max_upstroke=steepest,
        full=full,
    )
    return found.take(full | spikelet)


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


def _none() -> IntArray:
    return np.zeros(0, dtype=np.int64)


def _nothing() -> Spikes:
    none, empty = _none(), np.zeros(0)
    return Spikes(empty, empty, empty, none, none, empty, np.zeros(0, dtype=bool))
