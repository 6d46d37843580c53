"""What the network of a well does: its network bursts, in columns over all wells of a plate."""

from __future__ import annotations

import numpy as np

from mnephys.mea.definitions import DEFINITIONS
from mnephys.mea.electrodes import rate
from mnephys.mea.merge import MergedTrains
from mnephys.mea.network_bursts import NetworkBursts, merged_network_bursts
from mnephys.mea.segments import intervals, ratio, segment_cv, segment_mean, segment_sd, segment_sum
from mnephys.measurement import Feature
from mnephys.recording import FloatArray

__all__ = ["FEATURES", "SHARE_2015", "WHY_NOT", "network_columns", "share_2015"]

SHARE_2015 = "network_burst_percentage_axis_2015"
"""The share of spikes in network bursts by one detector, whatever definitions the rest is measured by."""

_WELL = ("well",)
_TOOL = "Axion Neural Metric Tool"
_BURST = DEFINITIONS["axis-2023"].network_burst_parameters

FEATURES = {
    f.name: f
    for f in (
        Feature(
            "network_burst_count",
            "1",
            _WELL,
            "Network bursts: runs of the spikes of all electrodes with no long interval, on enough of them",
            _TOOL,
            (0, 1e7),
            _BURST,
        ),
        Feature("network_burst_rate", "Hz", _WELL, "Network bursts per second", _TOOL, (0, 100), _BURST),
        Feature("network_burst_duration", "s", _WELL, "First to last spike, mean", _TOOL, (0, 1e5), _BURST),
        Feature("network_burst_duration_sd", "s", _WELL, "First to last spike, SD (ddof 1)", _TOOL, (0, 1e5), _BURST),
        Feature(
            "spikes_per_network_burst",
            "1",
            _WELL,
            "Spikes of all electrodes in a network burst, mean",
            _TOOL,
            (2, 1e8),
            _BURST,
        ),
        Feature(
            "spikes_per_network_burst_sd",
            "1",
            _WELL,
            "Spikes of all electrodes in a network burst, SD (ddof 1)",
            _TOOL,
            (0, 1e8),
            _BURST,
        ),
        Feature(
            "spikes_per_network_burst_per_electrode",
            "1",
            _WELL,
            "Spikes in a network burst over the electrodes that have one in it, mean",
            _TOOL,
            (1, 1e8),
            _BURST,
        ),
        Feature(
            "spikes_per_network_burst_per_electrode_sd",
            "1",
            _WELL,
            "Spikes in a network burst over the electrodes that have one in it, SD (ddof 1)",
            _TOOL,
            (0, 1e8),
            _BURST,
        ),
        Feature(
            "network_burst_isi",
            "s",
            _WELL,
            "Mean interval between the spikes of all electrodes in a network burst, mean over bursts",
            _TOOL,
            (0, 10),
            _BURST,
        ),
        Feature(
            "network_burst_isi_sd",
            "s",
            _WELL,
            "Mean interval between the spikes of all electrodes in a network burst, SD (ddof 1) over bursts",
            _TOOL,
            (0, 10),
            _BURST,
        ),
        Feature(
            "electrodes_per_network_burst",
            "1",
            _WELL,
            "Electrodes with a spike in a network burst, mean",
            _TOOL,
            (1, 1e6),
            _BURST,
        ),
        Feature(
            "electrodes_per_network_burst_sd",
            "1",
            _WELL,
            "Electrodes with a spike in a network burst, SD (ddof 1)",
            _TOOL,
            (0, 1e6),
            _BURST,
        ),
        Feature(
            "network_burst_percentage",
            "%",
            _WELL,
            "Spikes in network bursts, of all spikes of the well",
            _TOOL,
            (0, 100),
            _BURST,
        ),
        Feature(
            SHARE_2015,
            "%",
            _WELL,
            "Spikes in network bursts of at least 10 spikes on 25 % of the electrodes, of all",
            _TOOL,
            (0, 100),
            DEFINITIONS["axis-2015"].network_burst_parameters,
        ),
        Feature(
            "network_inter_burst_interval",
            "s",
            _WELL,
            "Start of a network burst to the start of the next, mean",
            _TOOL,
            (0, 1e6),
            _BURST,
        ),
        Feature(
            "network_inter_burst_interval_cv",
            "1",
            _WELL,
            "SD (ddof 1) over mean of these intervals",
            _TOOL,
            (0, 1000),
            _BURST,
        ),
    )
}
"""The features that this module measures."""

_NO_SPREAD = "fewer than 2 network bursts"
WHY_NOT = {
    "network_burst_duration": "no network burst",
    "network_burst_duration_sd": _NO_SPREAD,
    "spikes_per_network_burst": "no network burst",
    "spikes_per_network_burst_sd": _NO_SPREAD,
    "spikes_per_network_burst_per_electrode": "no network burst",
    "spikes_per_network_burst_per_electrode_sd": _NO_SPREAD,
    "network_burst_isi": "no network burst",
    "network_burst_isi_sd": _NO_SPREAD,
    "electrodes_per_network_burst": "no network burst",
    "electrodes_per_network_burst_sd": _NO_SPREAD,
    "network_burst_percentage": "no spike",
    SHARE_2015: "no spike",
    "network_inter_burst_interval": "fewer than 2 network bursts",
    "network_inter_burst_interval_cv": "fewer than 3 network bursts",
}
"""Why a metric is not defined, by name."""


def network_columns(bursts: NetworkBursts, spike_count: FloatArray, duration: float) -> dict[str, FloatArray]:
    """Measure the network bursts of every well.

    Parameters
    ----------
    bursts : NetworkBursts
        Of all wells.
    spike_count : ndarray, float, shape (n_wells,)
        Spikes of each well, in bursts or not.
    duration : float
        What rates are taken over, in s.

    Returns
    -------
    dict of str to ndarray, float, shape (n_wells,)
        One column per entry of `FEATURES`, in its unit; NaN where there is nothing to measure, see `WHY_NOT`.

    Examples
    --------
    >>> import numpy as np
    >>> from mnephys.mea.network_bursts import network_bursts
    >>> from mnephys.recording import SpikeTrains
    >>> trains = SpikeTrains.from_lists([[1.0, 1.1, 9.0], [1.05]], stop=10.0)
    >>> columns = network_columns(network_bursts(trains, min_spikes=3), np.array([4.0]), 10.0)
    >>> columns["network_burst_percentage"], columns["network_inter_burst_interval"]
    (array([75.]), array([nan]))
    """
    inside = segment_sum(bursts.n_spikes, bursts.offsets)
    between_starts = intervals(bursts.start, bursts.offsets, bursts.breaks)
    isi, each = bursts.duration / (bursts.n_spikes - 1), bursts.n_spikes / bursts.n_electrodes
    return {
        "network_burst_count": bursts.counts.astype(np.float64),
        "network_burst_rate": rate(bursts.counts, duration),
        "network_burst_duration": segment_mean(bursts.duration, bursts.offsets),
        "network_burst_duration_sd": segment_sd(bursts.duration, bursts.offsets),
        "spikes_per_network_burst": segment_mean(bursts.n_spikes, bursts.offsets),
        "spikes_per_network_burst_sd": segment_sd(bursts.n_spikes, bursts.offsets),
        "spikes_per_network_burst_per_electrode": segment_mean(each, bursts.offsets),
        "spikes_per_network_burst_per_electrode_sd": segment_sd(each, bursts.offsets),
        "network_burst_isi": segment_mean(isi, bursts.offsets),
        "network_burst_isi_sd": segment_sd(isi, bursts.offsets),
        "electrodes_per_network_burst": segment_mean(bursts.n_electrodes, bursts.offsets),
        "electrodes_per_network_burst_sd": segment_sd(bursts.n_electrodes, bursts.offsets),
        "network_burst_percentage": ratio(100.0 * inside, spike_count),
        "network_inter_burst_interval": segment_mean(*between_starts),
        "network_inter_burst_interval_cv": segment_cv(*between_starts),
    }


def share_2015(merged: MergedTrains, spike_count: FloatArray) -> FloatArray:
    """Return the share of spikes in network bursts by the definitions of 2015.

    Definitions differ in how many spikes a network burst needs, and with them the share, so that shares compare only
    by one of them. A burst by those of 2023 is one by these too.

    Parameters
    ----------
    merged : MergedTrains
        Of `mnephys.mea.merge.merge`.
    spike_count : ndarray, float, shape (n_wells,)
        Spikes of each well.

    Returns
    -------
    ndarray, float, shape (n_wells,)
        In %; NaN for a well without a spike.
    """
    known = DEFINITIONS["axis-2015"]
    bursts = merged_network_bursts(
        merged, known.network_burst_max_isi, known.network_burst_min_spikes, known.network_burst_min_electrodes
    )
    return ratio(100.0 * segment_sum(bursts.n_spikes, bursts.offsets), spike_count)
