"""The vendor's spreads, medians and quartiles, and what it measures of electrodes themselves.

Not among them is ``Inter-Burst Interval (Median) - Avg`` of wells: the exports that have it repeat the mean there.
"""

from __future__ import annotations

from types import MappingProxyType

from mnephys.readers.axion_csv.metric_kinds import Kind, Metric, Need, Zero

__all__ = ["ELECTRODE_SPREADS", "WELL_SPREADS"]

_BURST = (Need("burst_count", 1, "no burst"),)
_TWO_BURSTS = (Need("burst_count", 2, "fewer than 2 bursts"),)
_THREE_BURSTS = (Need("burst_count", 3, "fewer than 3 bursts"),)
_FOUR_BURSTS = (Need("burst_count", 4, "fewer than 4 bursts"),)
_TWO_BURSTING = (Need("bursting_electrode_count", 2, "fewer than 2 electrodes with a burst"),)
_NETWORK_BURST = (Need("network_burst_count", 1, "no network burst"),)
_TWO_NETWORK_BURSTS = (Need("network_burst_count", 2, "fewer than 2 network bursts"),)
_COVERED = (Need("covered_electrode_count", 1, "no electrode covered by cells"),)
_QUARTILES = (Need("most_bursts", 4, "no electrode with 4 bursts"),)

_OF_BURSTS = (
    ("burst duration", "burst_duration", "s"),
    ("number of spikes per burst", "spikes_per_burst", "1"),
)
_OF_NETWORK_BURSTS = (
    ("network burst duration", "network_burst_duration", "s"),
    ("number of spikes per network burst", "spikes_per_network_burst", "1"),
    ("number of elecs participating in burst", "electrodes_per_network_burst", "1"),
    ("number of spikes per network burst per channel", "spikes_per_network_burst_per_electrode", "1"),
)
_OF_INTERVALS = (("mean isi within burst", "burst_isi", "s"), ("median isi within burst", "burst_median_isi", "s"))
_RATIO = ("median/mean isi within burst", "burst_median_to_mean_isi", "1")
_NETWORK_INTERVALS = (
    ("mean isi within network burst", "network_burst_isi", "s"),
    ("median isi within network burst", "network_burst_median_isi", "s"),
    ("median/mean isi within network burst", "network_burst_median_to_mean_isi", "1"),
)

WELL_SPREADS = MappingProxyType(
    {
        "median isi within burst - avg": Metric("burst_median_isi", "s", needs=_BURST, zero=Zero.TRUE),
        "median/mean isi within burst - avg": Metric("burst_median_to_mean_isi", needs=_BURST, zero=Zero.TRUE),
        **{
            f"{label} - std": Metric(f"{name}_sd", unit, needs=_TWO_BURSTING, zero=Zero.TRUE)
            for label, name, unit in (*_OF_BURSTS, *_OF_INTERVALS, _RATIO, ("burst frequency", "burst_rate", "Hz"))
        },
        **{
            f"{label} - std": Metric(f"{name}_sd", unit, needs=_BURST, zero=Zero.NONE)
            for label, name, unit in (
                ("inter-burst interval", "inter_burst_interval", "s"),
                ("ibi coefficient of variation", "inter_burst_interval_cv", "1"),
                ("normalized duration iqr", "burst_duration_iqr", "1"),
            )
        },
        "burst percentage - std": Metric(
            "burst_percentage_sd", "%", needs=(Need("spike_count", 2, "fewer than 2 spikes"),), zero=Zero.NONE
        ),
        "normalized duration iqr - avg": Metric("burst_duration_iqr", needs=_QUARTILES, zero=Zero.NONE),
        **{f"{label} (median) - avg": Metric(f"{name}_median", unit, needs=_BURST) for label, name, unit in _OF_BURSTS},
        **{
            f"{label} (median) - std": Metric(f"{name}_median_sd", unit, needs=_TWO_BURSTING, zero=Zero.TRUE)
            for label, name, unit in _OF_BURSTS
        },
        **{
            f"{label} - std": Metric(f"{name}_sd", unit, needs=_TWO_NETWORK_BURSTS, zero=Zero.TRUE)
            for label, name, unit in (*_OF_NETWORK_BURSTS, *_NETWORK_INTERVALS)
        },
        **{
            f"{label} - median": Metric(f"{name}_median", unit, needs=_NETWORK_BURST)
            for label, name, unit in _OF_NETWORK_BURSTS
        },
        **{
            f"{label} - mad": Metric(f"{name}_mad", unit, needs=_NETWORK_BURST, zero=Zero.TRUE)
            for label, name, unit in _OF_NETWORK_BURSTS
        },
        "number of spikes per network burst per channel - avg": Metric(
            "spikes_per_network_burst_per_electrode", needs=_NETWORK_BURST
        ),
        **{
            f"{label} - avg": Metric(name, unit, needs=_NETWORK_BURST, zero=Zero.TRUE)
            for label, name, unit in _NETWORK_INTERVALS[1:]
        },
        "burst peak (max spikes per sec)": Metric("average_network_burst_peak_rate", "Hz", needs=_NETWORK_BURST),
        "time to burst peak": Metric("average_network_burst_peak_time", "s", needs=_NETWORK_BURST),
        "percent bursts with start electrode": Metric("network_burst_start_percentage", "%", needs=_NETWORK_BURST),
        "resistance - avg (kohms)": Metric("electrode_resistance", "kOhm"),
        "resistance - std (kohms)": Metric("electrode_resistance_sd", "kOhm"),
        "number of covered electrodes": Metric("covered_electrode_count", kind=Kind.COUNT),
        "weighted mean resistance (kohms)": Metric(
            "covered_electrode_resistance", "kOhm", needs=_COVERED, zero=Zero.NONE
        ),
    }
)
"""Metrics of the block ``Well Averages``, by `mnephys.readers.axion_csv.metric_names.plain_label`."""

ELECTRODE_SPREADS = MappingProxyType(
    {
        "median isi within burst - avg": Metric("burst_median_isi", "s", needs=_BURST, zero=Zero.TRUE),
        "median/mean isi within burst": Metric("burst_median_to_mean_isi", needs=_BURST, zero=Zero.TRUE),
        **{
            f"{label} - std": Metric(f"{name}_sd", unit, needs=_TWO_BURSTS, zero=Zero.TRUE)
            for label, name, unit in (*_OF_BURSTS, *_OF_INTERVALS)
        },
        "inter-burst interval - std": Metric("inter_burst_interval_sd", "s", needs=_THREE_BURSTS, zero=Zero.TRUE),
        "normalized duration iqr": Metric("burst_duration_iqr", needs=_FOUR_BURSTS, zero=Zero.TRUE, signed=True),
        **{f"{label} - median": Metric(f"{name}_median", unit, needs=_BURST) for label, name, unit in _OF_BURSTS},
        **{
            f"{label} - mad": Metric(f"{name}_mad", unit, needs=_BURST, zero=Zero.TRUE)
            for label, name, unit in _OF_BURSTS
        },
        "inter-burst interval - median": Metric("inter_burst_interval_median", "s", needs=_TWO_BURSTS),
        "inter-burst interval - mad": Metric("inter_burst_interval_mad", "s", needs=_TWO_BURSTS, zero=Zero.TRUE),
        "resistance (kohms)": Metric("electrode_resistance", "kOhm"),
    }
)
"""Metrics of the block ``Measurement``, by the same."""
