"""Bursts of an electrode beyond their means: spreads, medians and quartiles over its bursts, as the vendor has them."""

from __future__ import annotations

import numpy as np

from mnephys.mea.bursts import Bursts
from mnephys.mea.definitions import DEFINITIONS
from mnephys.mea.medians import MIN_QUARTILES, segment_iqr, segment_mad, segment_median
from mnephys.mea.segments import intervals, ratio, segment_mean, segment_sd
from mnephys.measurement import Feature
from mnephys.recording import FloatArray, IntArray, SpikeTrains

__all__ = ["FEATURES", "WHY_NOT", "burst_median_columns", "burst_median_isi", "where_defined"]

_BOTH, _ELECTRODE = ("electrode", "well"), ("electrode",)
_TOOL = "Axion Neural Metric Tool"
_BURST = DEFINITIONS["axis-2023"].burst_parameters
_OVER = "of a well the mean over bursting electrodes"

FEATURES = {
    f.name: f
    for f in (
        *(
            Feature(
                f"{name}_sd",
                unit,
                _BOTH,
                f"SD (ddof 1) of {name}: of an electrode over its {what}, of a well over the electrodes of the mean",
                _TOOL,
                (0, high),
                _BURST,
            )
            for name, unit, what, high in (
                ("burst_duration", "s", "bursts", 1e5),
                ("spikes_per_burst", "1", "bursts", 1e7),
                ("burst_isi", "s", "bursts", 10),
                ("burst_median_isi", "s", "bursts", 10),
                ("inter_burst_interval", "s", "intervals", 1e6),
            )
        ),
        Feature(
            "burst_median_isi",
            "s",
            _BOTH,
            f"Median interval within a burst, mean over bursts; {_OVER}",
            _TOOL,
            (0, 10),
            _BURST,
        ),
        Feature(
            "burst_median_to_mean_isi",
            "1",
            _BOTH,
            f"Median over mean interval within a burst, mean over bursts; {_OVER}",
            _TOOL,
            (0, 2),
            _BURST,
        ),
        Feature(
            "burst_duration_iqr",
            "1",
            _BOTH,
            "Quartiles of the durations of bursts apart, over their median; of a well the mean over electrodes where "
            "that is above 0. The vendor counts in steps of 10 ms and is up to 20 ms lower",
            _TOOL,
            (-1, 1000),
            _BURST,
        ),
        Feature("burst_duration_median", "s", _BOTH, f"Median over bursts; {_OVER}", _TOOL, (0, 1e5), _BURST),
        Feature(
            "burst_duration_mad", "s", _ELECTRODE, "Median absolute deviation over bursts", _TOOL, (0, 1e5), _BURST
        ),
        Feature("spikes_per_burst_median", "1", _BOTH, f"Median over bursts; {_OVER}", _TOOL, (2, 1e7), _BURST),
        Feature(
            "spikes_per_burst_mad", "1", _ELECTRODE, "Median absolute deviation over bursts", _TOOL, (0, 1e7), _BURST
        ),
        Feature(
            "inter_burst_interval_median",
            "s",
            _BOTH,
            "Median from start to start of bursts; of a well the mean over electrodes with two bursts",
            _TOOL,
            (0, 1e6),
            _BURST,
        ),
        Feature(
            "inter_burst_interval_mad",
            "s",
            _ELECTRODE,
            "Median absolute deviation of the intervals from start to start of bursts",
            _TOOL,
            (0, 1e6),
            _BURST,
        ),
    )
}
"""The features that this module measures of electrodes; `mnephys.mea.wells` averages them."""

WHY_NOT = {
    **dict.fromkeys(("burst_median_isi", "burst_duration_median", "burst_duration_mad"), "no burst"),
    **dict.fromkeys(("spikes_per_burst_median", "spikes_per_burst_mad"), "no burst"),
    "burst_median_to_mean_isi": "no burst with spikes at different times",
    "burst_duration_iqr": f"fewer than {MIN_QUARTILES} bursts of some length",
    **dict.fromkeys(("burst_duration_sd", "spikes_per_burst_sd", "burst_isi_sd"), "fewer than 2 bursts"),
    "burst_median_isi_sd": "fewer than 2 bursts",
    **dict.fromkeys(("inter_burst_interval_median", "inter_burst_interval_mad"), "fewer than 2 bursts"),
    "inter_burst_interval_sd": "fewer than 3 bursts",
}
"""Why a metric of an electrode is not defined, by name."""


def burst_median_isi(times: FloatArray, first: IntArray, n_spikes: IntArray) -> FloatArray:
    """Return the median interval within each of some runs of spikes.

    Parameters
    ----------
    times : ndarray, float, shape (n,)
        Ascending within each run, in s.
    first : ndarray, int, shape (n_runs,)
        Position of the first spike of each.
    n_spikes : ndarray, int, shape (n_runs,)
        How many spikes each has; at least 2.

    Returns
    -------
    ndarray, float, shape (n_runs,)
        In s.

    Examples
    --------
    >>> import numpy as np
    >>> burst_median_isi(np.array([0.0, 1.0, 1.1, 1.3, 1.6]), np.array([1]), np.array([4])).round(3)
    array([0.2])
    """
    offsets = np.concatenate([[0], np.cumsum(n_spikes - 1)])
    spike = np.arange(offsets[-1]) + np.repeat(first - offsets[:-1], n_spikes - 1)
    return segment_median(times[spike + 1] - times[spike], offsets)


def burst_median_columns(trains: SpikeTrains, bursts: Bursts) -> dict[str, FloatArray]:
    """Measure the bursts of every electrode.

    Parameters
    ----------
    trains : SpikeTrains
        One per electrode.
    bursts : Bursts
        Of these trains.

    Returns
    -------
    dict of str to ndarray, float, shape (n_electrodes,)
        One column per entry of `FEATURES`, in its unit; NaN where there is nothing to measure, see `WHY_NOT`.

    Examples
    --------
    >>> from mnephys.mea.bursts import isi_threshold_bursts
    >>> trains = SpikeTrains.from_lists([[1.0, 1.01, 1.02, 1.06, 1.07, 9.0], []])
    >>> columns = burst_median_columns(trains, isi_threshold_bursts(trains))
    >>> columns["burst_median_isi"].round(4), columns["burst_median_to_mean_isi"].round(4)
    (array([0.01,  nan]), array([0.5714,    nan]))
    """
    of, duration = bursts.offsets, bursts.duration
    mean, median = duration / (bursts.n_spikes - 1), burst_median_isi(trains.times, bursts.first, bursts.n_spikes)
    between_starts = intervals(bursts.start, of, bursts.breaks)
    return {
        "burst_duration_sd": segment_sd(duration, of),
        "spikes_per_burst_sd": segment_sd(bursts.n_spikes, of),
        "burst_isi_sd": segment_sd(mean, of),
        "burst_median_isi_sd": segment_sd(median, of),
        "inter_burst_interval_sd": segment_sd(*between_starts),
        "burst_median_isi": segment_mean(median, of),
        "burst_median_to_mean_isi": segment_mean(*where_defined(ratio(median, mean), of)),
        "burst_duration_iqr": segment_iqr(duration, of),
        "burst_duration_median": segment_median(duration, of),
        "burst_duration_mad": segment_mad(duration, of),
        "spikes_per_burst_median": segment_median(bursts.n_spikes, of),
        "spikes_per_burst_mad": segment_mad(bursts.n_spikes, of),
        "inter_burst_interval_median": segment_median(*between_starts),
        "inter_burst_interval_mad": segment_mad(*between_starts),
    }


def where_defined(values: FloatArray, offsets: IntArray) -> tuple[FloatArray, IntArray]:
    """Return what is a number in each segment.

    Parameters
    ----------
    values : ndarray, float, shape (n,)
        NaN where not defined.
    offsets : ndarray, int, shape (n_segments + 1,)
        As in `mnephys.mea.segments.segment_sum`.

    Returns
    -------
    values : ndarray, float, shape (n_defined,)
        The same without what is no number.
    offsets : ndarray, int, shape (n_segments + 1,)
        Where those of each segment are.

    Examples
    --------
    >>> import numpy as np
    >>> where_defined(np.array([1.0, np.nan, 3.0, np.nan]), np.array([0, 3, 4]))
    (array([1., 3.]), array([0, 2, 2]))
    """
    known = ~np.isnan(values)
    return values[known], np.concatenate([[0], np.cumsum(known)])[offsets]
