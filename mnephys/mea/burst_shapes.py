"""The shape of network bursts: how the spikes of a well rise to the peak of each burst, and fall from it."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from mnephys.mea.definitions import TIE
from mnephys.mea.merge import MergedTrains, merge
from mnephys.mea.network_bursts import NetworkBursts
from mnephys.mea.segments import segment_mean
from mnephys.measurement import Feature
from mnephys.recording import BoolArray, FloatArray, IntArray, SpikeTrains

__all__ = [
    "BIN_S",
    "FEATURES",
    "WHY_NOT",
    "NetworkBurstShapes",
    "burst_spikes",
    "merged_burst_shapes",
    "network_burst_shapes",
    "shape_columns",
]

BIN_S = 0.01
"""Width of the bins in which the spikes of a network burst are counted, in s."""

_MOST_BINS = 1 << 27
_WELL = ("well",)
_OWN = "mnephys"
_PARAMETERS = {"bin_s": BIN_S}

FEATURES = {
    f.name: f
    for f in (
        Feature(
            "network_burst_peak_rate",
            "Hz",
            _WELL,
            "Highest rate of all electrodes together within a network burst, mean over bursts",
            _OWN,
            (0, 1e8),
            _PARAMETERS,
        ),
        Feature(
            "network_burst_rise_time",
            "ms",
            _WELL,
            "First spike of a network burst to the middle of its peak, mean over bursts",
            _OWN,
            (0, 1e8),
            _PARAMETERS,
        ),
        Feature(
            "network_burst_decay_time",
            "ms",
            _WELL,
            "Middle of the peak of a network burst to its last spike, mean over bursts",
            _OWN,
            (0, 1e8),
            _PARAMETERS,
        ),
        Feature(
            "network_burst_half_width",
            "ms",
            _WELL,
            "Time around the peak of a network burst with at least half its rate, mean over bursts",
            _OWN,
            (0, 1e8),
            _PARAMETERS,
        ),
    )
}
"""The features that this module measures."""

WHY_NOT = dict.fromkeys(FEATURES, "no network burst")
"""Why a metric is not defined, by name."""


@dataclass(frozen=True, slots=True, repr=False, eq=False)
class NetworkBurstShapes:
    """The shapes of network bursts in columns, one entry per burst, in the order of the bursts.

    Parameters
    ----------
    bin : float
        Width of the bins in s.
    profile : ndarray, int, shape (n_bins,)
        Spikes of all electrodes of the well in each bin, burst after burst; the first bin of each begins with its
        first spike.
    offsets : ndarray, int, shape (n_bursts + 1,)
        The bins of burst i are ``profile[offsets[i]:offsets[i + 1]]``.
    peak_time : ndarray, float, shape (n_bursts,)
        Middle of the first of its bins with most spikes, in s, no later than its last spike.
    peak_rate : ndarray, float, shape (n_bursts,)
        Spikes per second in that bin, in Hz.
    rise_time, decay_time : ndarray, float, shape (n_bursts,)
        First spike to peak, and peak to last spike, in ms.
    half_width : ndarray, float, shape (n_bursts,)
        Length of the bins around the peak that have at least half its spikes, without a gap, in ms.
    """

    bin: float
    profile: IntArray
    offsets: IntArray
    peak_time: FloatArray
    peak_rate: FloatArray
    rise_time: FloatArray
    decay_time: FloatArray
    half_width: FloatArray

    def __len__(self) -> int:
        return int(self.peak_time.size)

    def __repr__(self) -> str:
        n = len(self)
        return f"NetworkBurstShapes: {n} burst{'s' * (n != 1)} in bins of {1000 * self.bin:g} ms"


def network_burst_shapes(trains: SpikeTrains, bursts: NetworkBursts, bin: float = BIN_S) -> NetworkBurstShapes:  # noqa: A002 -- the field's word for it
    """Measure the shape of network bursts.

    Parameters
    ----------
    trains : SpikeTrains
        Those that the bursts were found in.
    bursts : NetworkBursts
        Of `mnephys.mea.network_bursts`, by any method. All spikes of the group from the start of a burst to its stop
        count.
    bin : float
        Width of the bins that spikes are counted in, in s; a spike that is before a border by no more than
        `mnephys.mea.TIE` is on it.

    Returns
    -------
    NetworkBurstShapes
        One entry per burst.

    Raises
    ------
    ValueError
        If the bursts are not of these trains, or the width is not positive or too small for the length of the bursts.

    Examples
    --------
    >>> from mnephys.mea.network_bursts import network_bursts
    >>> trains = SpikeTrains.from_lists([[1.0, 1.012, 1.014, 1.05], [1.015, 1.021]], stop=10.0)
    >>> shapes = network_burst_shapes(trains, network_bursts(trains, min_spikes=5))
    >>> shapes.profile.tolist(), shapes.peak_rate
    ([1, 3, 1, 0, 0, 1], array([300.]))
    >>> shapes.rise_time.round(1), shapes.decay_time.round(1), shapes.half_width.round(1)
    (array([15.]), array([35.]), array([10.]))
    """
    return merged_burst_shapes(merge(trains), bursts, bin)


def merged_burst_shapes(merged: MergedTrains, bursts: NetworkBursts, bin: float = BIN_S) -> NetworkBurstShapes:  # noqa: A002 -- the field's word for it
    """Measure the shape of network bursts of trains that are merged already.

    Parameters
    ----------
    merged : MergedTrains
        Of `mnephys.mea.merge.merge`.
    bursts, bin
        As in `network_burst_shapes`.

    Returns
    -------
    NetworkBurstShapes
        One entry per burst.

    Raises
    ------
    ValueError
        As `network_burst_shapes`.
    """
    if not (math.isfinite(bin) and bin > 0):
        raise ValueError(f"a bin of {bin} s cannot be; give its width in s")
    spike, burst = burst_spikes(merged, bursts)
    if float((bursts.duration / bin).sum()) + len(bursts) > _MOST_BINS:
        raise ValueError(
            f"bins of {bin:g} s are too small for network bursts of {bursts.duration.sum():g} s; widen them"
        )
    n_bins = np.floor((bursts.duration + TIE) / bin).astype(np.int64) + 1
    offsets = np.concatenate([[0], np.cumsum(n_bins)])
    at = np.floor((merged.times[spike] - bursts.start[burst] + TIE) / bin).astype(np.int64)
    profile = np.bincount(offsets[burst] + at, minlength=int(offsets[-1]))
    of = np.repeat(np.arange(len(bursts)), n_bins)
    highest = np.maximum.reduceat(profile, offsets[:-1]) if len(bursts) else np.zeros(0, dtype=np.int64)
    peaks = np.flatnonzero(profile == highest[of])
    peak = peaks[np.searchsorted(peaks, offsets[:-1])]
    # The last bin reaches beyond the last spike, the middle of a peak must not.
    rise = np.minimum((peak - offsets[:-1] + 0.5) * bin, bursts.duration)
    return NetworkBurstShapes(
        bin=float(bin),
        profile=profile,
        offsets=offsets,
        peak_time=bursts.start + rise,
        peak_rate=highest / bin,
        rise_time=1000.0 * rise,
        decay_time=1000.0 * (bursts.duration - rise),
        half_width=1000.0 * bin * _stretch(2 * profile >= highest[of], peak, offsets),
    )


def _stretch(high: BoolArray, peak: IntArray, offsets: IntArray) -> IntArray:
    """Count the entries around each peak that are true without a gap, within its segment."""
    low = np.concatenate([[-1], np.flatnonzero(~high), [high.size]])
    after = np.searchsorted(low, peak)
    begin = np.maximum(low[after - 1], offsets[:-1] - 1) + 1
    length: IntArray = np.minimum(low[after], offsets[1:]) - begin
    return length


def burst_spikes(merged: MergedTrains, bursts: NetworkBursts) -> tuple[IntArray, IntArray]:
    """Return the spikes of network bursts: all of their group from start to stop.

    Those of participation may hold more than their `n_spikes`, which are the spikes of the bursts of electrodes.

    Parameters
    ----------
    merged : MergedTrains
        Those that the bursts were found in.
    bursts : NetworkBursts
        Of `mnephys.mea.network_bursts`.

    Returns
    -------
    spike, burst : ndarray, int, shape (n_spikes_in_bursts,)
        Position of each spike in `merged`, and the burst that it belongs to.

    Raises
    ------
    ValueError
        If the bursts are not of these trains.
    """
    if bursts.offsets.size != merged.n_groups + 1:
        raise ValueError(f"the bursts are of {bursts.offsets.size - 1} groups, the trains of {merged.n_groups}")
    first, beyond = np.zeros((2, len(bursts)), dtype=np.int64)
    for group in np.flatnonzero(bursts.counts).tolist():
        of = slice(int(bursts.offsets[group]), int(bursts.offsets[group + 1]))
        begin, end = int(merged.offsets[group]), int(merged.offsets[group + 1])
        times = merged.times[begin:end]
        first[of] = begin + np.searchsorted(times, bursts.start[of])
        beyond[of] = begin + np.searchsorted(times, bursts.stop[of], side="right")
    n_spikes = beyond - first
    fewer = n_spikes < np.maximum(bursts.n_spikes, 1)
    if fewer.any() or (merged.times[first] != bursts.start).any() or (merged.times[beyond - 1] != bursts.stop).any():
        raise ValueError("the network bursts were not found in these trains")
    burst = np.repeat(np.arange(len(bursts)), n_spikes)
    within = np.arange(burst.size) - np.repeat(np.cumsum(n_spikes) - n_spikes, n_spikes)
    return first[burst] + within, burst


def shape_columns(shapes: NetworkBurstShapes, bursts: NetworkBursts) -> dict[str, FloatArray]:
    """Average the shapes of the network bursts of each well.

    Parameters
    ----------
    shapes : NetworkBurstShapes
        Of these bursts.
    bursts : NetworkBursts
        Of all wells.

    Returns
    -------
    dict of str to ndarray, float, shape (n_wells,)
        One column per entry of `FEATURES`, in its unit; NaN where a well has no network burst.
    """
    return {
        f"network_burst_{name}": segment_mean(getattr(shapes, name), bursts.offsets)
        for name in ("peak_rate", "rise_time", "decay_time", "half_width")
    }
