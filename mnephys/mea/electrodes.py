"""What single electrodes do: rates, regularity and bursts, in columns over all electrodes of a plate."""

from __future__ import annotations

import numpy as np

from mnephys.mea.burst_medians import FEATURES as MEDIANS
from mnephys.mea.burst_medians import WHY_NOT as NO_MEDIAN
from mnephys.mea.burst_medians import burst_median_columns
from mnephys.mea.bursts import Bursts
from mnephys.mea.definitions import DEFINITIONS
from mnephys.mea.pieces import interval_breaks
from mnephys.mea.regularity import FEATURES as REGULARITY
from mnephys.mea.regularity import regularity_columns
from mnephys.mea.segments import intervals, ratio, segment_cv, segment_mean, segment_sum
from mnephys.measurement import Feature
from mnephys.recording import BoolArray, FloatArray, IntArray, SpikeTrains

__all__ = ["FEATURES", "WHY_NOT", "active_electrodes", "electrode_columns", "rate"]

_BOTH = ("electrode", "well")
_OWN = "mnephys"
_TOOL = "Axion Neural Metric Tool"
_BURST = DEFINITIONS["axis-2023"].burst_parameters

FEATURES = {
    f.name: f
    for f in (
        Feature("spike_count", "1", _BOTH, "Spikes; of a well those of all its electrodes", _OWN, (0, 1e9)),
        Feature(
            "mean_firing_rate",
            "Hz",
            _BOTH,
            "Spikes per second; of a well the mean over all its electrodes, silent ones included",
            _TOOL,
            (0, 1000),
        ),
        Feature(
            "isi_cv",
            "1",
            _BOTH,
            "SD (ddof 1) over mean of the intervals between spikes; of a well the mean over active electrodes",
            _TOOL,
            (0, 1000),
        ),
        *REGULARITY.values(),
        Feature(
            "burst_count",
            "1",
            _BOTH,
            "Bursts: runs of spikes with no long interval between them; of a well those of all its electrodes",
            _TOOL,
            (0, 1e7),
            _BURST,
        ),
        Feature(
            "burst_rate",
            "Hz",
            _BOTH,
            "Bursts per second; of a well the mean over bursting electrodes, 0 where there is none",
            _TOOL,
            (0, 100),
            _BURST,
        ),
        Feature(
            "burst_duration",
            "s",
            _BOTH,
            "First to last spike of a burst, mean; of a well the mean over bursting electrodes",
            _TOOL,
            (0, 1e5),
            _BURST,
        ),
        Feature(
            "spikes_per_burst",
            "1",
            _BOTH,
            "Spikes of a burst, mean; of a well the mean over bursting electrodes",
            _TOOL,
            (2, 1e7),
            _BURST,
        ),
        Feature(
            "burst_isi",
            "s",
            _BOTH,
            "Mean interval within a burst, mean over bursts; of a well the mean over bursting electrodes",
            _TOOL,
            (0, 10),
            _BURST,
        ),
        Feature(
            "inter_burst_interval",
            "s",
            _BOTH,
            "Start of a burst to the start of the next, mean; of a well the mean over electrodes with two bursts",
            _TOOL,
            (0, 1e6),
            _BURST,
        ),
        Feature(
            "inter_burst_interval_cv",
            "1",
            _BOTH,
            "SD (ddof 1) over mean of these intervals; of a well the mean over electrodes with three bursts",
            _TOOL,
            (0, 1000),
            _BURST,
        ),
        Feature(
            "burst_percentage",
            "%",
            _BOTH,
            "Spikes in bursts, of all; of a well the mean over electrodes with a spike, those without bursts included",
            _TOOL,
            (0, 100),
            _BURST,
        ),
        *MEDIANS.values(),
    )
}
"""The features of electrodes; `mnephys.mea.wells` averages them."""

WHY_NOT = {
    "isi_cv": "fewer than 3 spikes at different times",
    **dict.fromkeys(REGULARITY, "fewer than 3 spikes at different times"),
    "burst_duration": "no burst",
    "spikes_per_burst": "no burst",
    "burst_isi": "no burst",
    "inter_burst_interval": "fewer than 2 bursts",
    "inter_burst_interval_cv": "fewer than 3 bursts",
    "burst_percentage": "no spike",
    **NO_MEDIAN,
}
"""Why a metric of an electrode is not defined, by name."""


def rate(count: FloatArray | IntArray, duration: float) -> FloatArray:
    """Return how many there are per second.

    Parameters
    ----------
    count : ndarray of shape (n,)
        How many.
    duration : float
        In s.

    Returns
    -------
    ndarray, float, shape (n,)
        In Hz; NaN where there is no duration.
    """
    return count / duration if duration > 0 else np.full(count.shape, np.nan)


def active_electrodes(count: IntArray, duration: float, min_rate: float) -> BoolArray:
    """Return which electrodes are active.

    Parameters
    ----------
    count : ndarray, int, shape (n_electrodes,)
        Spikes of each.
    duration : float
        In s.
    min_rate : float
        Spikes per minute from which an electrode is active.

    Returns
    -------
    ndarray, bool, shape (n_electrodes,)
        A silent electrode never is.

    Examples
    --------
    >>> import numpy as np
    >>> active_electrodes(np.array([0, 49, 50]), 600.0, 5.0)
    array([False, False,  True])
    """
    # A duration is a difference of two times: its last digits must not decide.
    return (count > 0) & (count * 60.0 >= min_rate * duration * (1.0 - 1e-9))


def electrode_columns(trains: SpikeTrains, bursts: Bursts, duration: float) -> dict[str, FloatArray]:
    """Measure every electrode.

    Parameters
    ----------
    trains : SpikeTrains
        One per electrode.
    bursts : Bursts
        Of these trains.
    duration : float
        What rates are taken over, in s.

    Returns
    -------
    dict of str to ndarray, float, shape (n_electrodes,)
        One column per entry of `FEATURES`, in its unit; NaN where there is nothing to measure, see `WHY_NOT`.

    Examples
    --------
    >>> from mnephys.mea.bursts import isi_threshold_bursts
    >>> trains = SpikeTrains.from_lists([[1.0, 1.1, 3.0], []], stop=10.0)
    >>> columns = electrode_columns(trains, isi_threshold_bursts(trains, min_spikes=2), 10.0)
    >>> columns["mean_firing_rate"], columns["burst_percentage"].round(2)
    (array([0.3, 0. ]), array([66.67,   nan]))
    """
    count = trains.counts.astype(np.float64)
    in_bursts = segment_sum(bursts.n_spikes, bursts.offsets)
    breaks = trains.breaks
    between_spikes = intervals(trains.times, trains.offsets, breaks)
    between_starts = intervals(bursts.start, bursts.offsets, bursts.breaks)
    return {
        "spike_count": count,
        "mean_firing_rate": rate(count, duration),
        "isi_cv": segment_cv(*between_spikes),
        **regularity_columns(*between_spikes, breaks=interval_breaks(trains.offsets, breaks)),
        "burst_count": bursts.counts.astype(np.float64),
        "burst_rate": rate(bursts.counts, duration),
        "burst_duration": segment_mean(bursts.duration, bursts.offsets),
        "spikes_per_burst": segment_mean(bursts.n_spikes, bursts.offsets),
        "burst_isi": segment_mean(bursts.duration / (bursts.n_spikes - 1), bursts.offsets),
        "inter_burst_interval": segment_mean(*between_starts),
        "inter_burst_interval_cv": segment_cv(*between_starts),
        "burst_percentage": ratio(100.0 * in_bursts, count),
        **burst_median_columns(trains, bursts),
    }
