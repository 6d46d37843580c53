"""Network bursts beyond their means: medians, quartiles, and the peak of the average one, as the vendor has them."""

from __future__ import annotations

import numpy as np

from mnephys.mea.burst_medians import burst_median_isi, where_defined
from mnephys.mea.burst_shapes import burst_spikes
from mnephys.mea.definitions import DEFINITIONS, TIE
from mnephys.mea.medians import MIN_QUARTILES, segment_iqr, segment_mad, segment_median
from mnephys.mea.merge import MergedTrains
from mnephys.mea.network_bursts import NetworkBursts
from mnephys.mea.segments import ratio, segment_mean, segment_sd
from mnephys.measurement import Feature
from mnephys.recording import FloatArray, IntArray

__all__ = ["AVERAGE_BIN_S", "AVERAGE_WINDOW_S", "FEATURES", "WHY_NOT", "network_median_columns"]

AVERAGE_WINDOW_S = 0.5
"""How long after its start the average network burst is looked at, in s."""

AVERAGE_BIN_S = 0.001
"""Width of the bins of the average network burst, in s."""

_WELL = ("well",)
_TOOL = "Axion Neural Metric Tool"
_BURST = DEFINITIONS["axis-2023"].network_burst_parameters
_AVERAGE = {**_BURST, "window_s": AVERAGE_WINDOW_S, "bin_s": AVERAGE_BIN_S}
_COUNTED = (
    ("network_burst_duration", "s", "First to last spike", 1e5),
    ("spikes_per_network_burst", "1", "Spikes of all electrodes in a network burst", 1e8),
    ("electrodes_per_network_burst", "1", "Electrodes with a spike in a network burst", 1e6),
    ("spikes_per_network_burst_per_electrode", "1", "Spikes in a network burst over the electrodes in it", 1e8),
)

FEATURES = {
    f.name: f
    for f in (
        Feature(
            "network_burst_median_isi",
            "s",
            _WELL,
            "Median interval between the spikes of all electrodes in a network burst, mean over bursts",
            _TOOL,
            (0, 10),
            _BURST,
        ),
        Feature(
            "network_burst_median_isi_sd",
            "s",
            _WELL,
            "Median interval between the spikes of all electrodes in a network burst, SD (ddof 1) over bursts",
            _TOOL,
            (0, 10),
            _BURST,
        ),
        Feature(
            "network_burst_median_to_mean_isi",
            "1",
            _WELL,
            "Median over mean interval in a network burst, mean over bursts",
            _TOOL,
            (0, 2),
            _BURST,
        ),
        Feature(
            "network_burst_median_to_mean_isi_sd",
            "1",
            _WELL,
            "Median over mean interval in a network burst, SD (ddof 1) over bursts",
            _TOOL,
            (0, 2),
            _BURST,
        ),
        *(
            Feature(f"{n}_median", u, _WELL, f"{what}, median", _TOOL, (0, high), _BURST)
            for n, u, what, high in _COUNTED
        ),
        *(
            Feature(f"{n}_mad", u, _WELL, f"{what}, median absolute deviation", _TOOL, (0, high), _BURST)
            for n, u, what, high in _COUNTED
        ),
        Feature(
            "network_burst_duration_iqr",
            "1",
            _WELL,
            "Quartiles of the durations of network bursts apart, over their median. The vendor counts in steps of "
            "10 ms and is up to 20 ms lower",
            _TOOL,
            (-1, 1000),
            _BURST,
            version=2,
        ),
        Feature(
            "average_network_burst_peak_rate",
            "Hz",
            _WELL,
            "Most spikes of all electrodes in a bin after the start of network bursts, per second and burst",
            _TOOL,
            (0, 1e8),
            _AVERAGE,
        ),
        Feature(
            "average_network_burst_peak_time",
            "s",
            _WELL,
            "Start of network bursts to the middle of that bin",
            _TOOL,
            (0, 10),
            _AVERAGE,
        ),
        Feature(
            "network_burst_start_percentage",
            "%",
            _WELL,
            "Network bursts that the most frequent first electrode begins, of all",
            _TOOL,
            (0, 100),
            _BURST,
        ),
    )
}
"""The features that this module measures."""

WHY_NOT = {
    **dict.fromkeys(FEATURES, "no network burst"),
    "network_burst_median_isi_sd": "fewer than 2 network bursts",
    "network_burst_median_to_mean_isi": "no network burst with spikes at different times",
    "network_burst_median_to_mean_isi_sd": "fewer than 2 network bursts with spikes at different times",
    "network_burst_duration_iqr": f"fewer than {MIN_QUARTILES} network bursts",
}
"""Why a metric is not defined, by name."""


def network_median_columns(merged: MergedTrains, bursts: NetworkBursts) -> dict[str, FloatArray]:
    """Measure the network bursts of every well.

    Parameters
    ----------
    merged : MergedTrains
        Of `mnephys.mea.merge.merge`.
    bursts : NetworkBursts
        Of these, by the method ``"merged"``.

    Returns
    -------
    dict of str to ndarray, float, shape (n_wells,)
        One column per entry of `FEATURES`, in its unit; NaN where there is nothing to measure, see `WHY_NOT`.

    Raises
    ------
    ValueError
        If the bursts are not of these trains.

    Examples
    --------
    >>> from mnephys.mea.merge import merge
    >>> from mnephys.mea.network_bursts import merged_network_bursts
    >>> from mnephys.recording import SpikeTrains
    >>> merged = merge(SpikeTrains.from_lists([[1.0, 1.1, 9.0], [1.02]], stop=10.0))
    >>> columns = network_median_columns(merged, merged_network_bursts(merged, 0.1, 3, 0.5))
    >>> columns["network_burst_median_isi"].round(3), columns["average_network_burst_peak_rate"]
    (array([0.05]), array([1000.]))
    """
    spike, burst = burst_spikes(merged, bursts)
    begin = np.searchsorted(burst, np.arange(len(bursts)))
    of, median = bursts.offsets, burst_median_isi(merged.times, spike[begin], bursts.n_spikes)
    to_mean = where_defined(ratio(median, bursts.duration / (bursts.n_spikes - 1)), of)
    each = (bursts.duration, bursts.n_spikes, bursts.n_electrodes, bursts.n_spikes / bursts.n_electrodes)
    counted: dict[str, FloatArray | IntArray] = dict(zip((name for name, *_ in _COUNTED), each, strict=True))
    rate, time = _average_peak(merged.times[spike] - bursts.start[burst], bursts.group[burst], bursts.counts)
    return {
        "network_burst_median_isi": segment_mean(median, of),
        "network_burst_median_isi_sd": segment_sd(median, of),
        "network_burst_median_to_mean_isi": segment_mean(*to_mean),
        "network_burst_median_to_mean_isi_sd": segment_sd(*to_mean),
        **{f"{name}_median": segment_median(values, of) for name, values in counted.items()},
        **{f"{name}_mad": segment_mad(values, of) for name, values in counted.items()},
        "network_burst_duration_iqr": segment_iqr(bursts.duration, of),
        "average_network_burst_peak_rate": rate,
        "average_network_burst_peak_time": time,
        "network_burst_start_percentage": _start_percentage(merged.train[spike[begin]], merged.group, bursts.counts),
    }


def _average_peak(after: FloatArray, group: IntArray, n_bursts: IntArray) -> tuple[FloatArray, FloatArray]:
    """Return the highest rate of the average network burst of each well, in Hz, and when that is, in s.

    `after` is how long after the start of its burst each spike is, in s.
    """
    n_bins = round(AVERAGE_WINDOW_S / AVERAGE_BIN_S)
    at = np.floor((after + TIE) / AVERAGE_BIN_S).astype(np.int64)
    inside = at < n_bins
    found = np.bincount(group[inside] * n_bins + at[inside], minlength=n_bursts.size * n_bins)
    profile = found.reshape(n_bursts.size, n_bins)
    time = np.where(n_bursts > 0, (profile.argmax(axis=1) + 0.5) * AVERAGE_BIN_S, np.nan)
    return ratio(profile.max(axis=1), n_bursts * AVERAGE_BIN_S), time


def _start_percentage(first: IntArray, group: IntArray, n_bursts: IntArray) -> FloatArray:
    """Return which share of the network bursts of each well its most frequent first electrode begins, in %."""
    most = np.zeros(n_bursts.size, dtype=np.int64)
    np.maximum.at(most, group, np.bincount(first, minlength=group.size))
    return ratio(100.0 * most, n_bursts)
