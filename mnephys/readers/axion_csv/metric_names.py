"""What the vendor calls its metrics, and what each is here; the one table of both.

A label may mean one thing of a well and another of an electrode: ``Number of Bursts`` of a well is the sum over its
electrodes, and what ends in ``- Avg`` is an average over bursts for an electrode, over electrodes for a well.
"""

from __future__ import annotations

import re
from types import MappingProxyType

from mnephys.readers.axion_csv.metric_kinds import Kind, Metric, Need, Zero
from mnephys.readers.axion_csv.metric_spreads import ELECTRODE_SPREADS, WELL_SPREADS

__all__ = ["ELECTRODE_METRICS", "WELL_METRICS", "factor_of", "plain_label"]

_UNITS = {"s": 1.0, "sec": 1.0, "secs": 1.0, "seconds": 1.0, "ms": 0.001, "hz": 1.0}
_UNIT = re.compile(r"\s*\(([a-z]+)\)", re.IGNORECASE)


_SPIKE = Need("spike_count", 1, "no spike")
_BURST = Need("burst_count", 1, "no burst")
_NETWORK_BURST = Need("network_burst_count", 1, "no network burst")
_ACTIVE_PAIR = (Need("active_electrode_count", 2, "fewer than two active electrodes"),)

WELL_METRICS = MappingProxyType(
    {
        "number of spikes": Metric("spike_count", kind=Kind.COUNT),
        "mean firing rate": Metric("mean_firing_rate", "Hz", Kind.RATE, "spike_count"),
        "isi coefficient of variation": Metric(
            "isi_cv",
            needs=(Need("active_electrode_count", 1, "no active electrode with 3 spikes"),),
            zero=Zero.NONE,
            strict=False,
        ),
        "number of active electrodes": Metric("active_electrode_count", kind=Kind.COUNT),
        "weighted mean firing rate": Metric("weighted_mean_firing_rate", "Hz", Kind.RATE, "active_electrode_count"),
        "number of bursts": Metric("burst_count", kind=Kind.COUNT),
        "number of bursting electrodes": Metric("bursting_electrode_count", kind=Kind.COUNT),
        "burst duration - avg": Metric("burst_duration", "s", needs=(_BURST,)),
        "number of spikes per burst - avg": Metric("spikes_per_burst", needs=(_BURST,)),
        "mean isi within burst - avg": Metric("burst_isi", "s", needs=(_BURST,)),
        "inter-burst interval - avg": Metric(
            "inter_burst_interval", "s", needs=(_BURST, Need("most_bursts", 2, "no electrode with 2 bursts"))
        ),
        "burst frequency - avg": Metric("burst_rate", "Hz", Kind.RATE, "burst_count"),
        "ibi coefficient of variation": Metric(
            "inter_burst_interval_cv",
            needs=(_BURST, Need("most_bursts", 3, "no electrode with 3 bursts")),
            zero=Zero.TRUE,
        ),
        "burst percentage": Metric(
            "burst_percentage",
            "%",
            Kind.SHARE,
            "burst_count",
            (Need("active_electrode_count", 1, "no active electrode"),),
            strict=False,
        ),
        "number of network bursts": Metric("network_burst_count", kind=Kind.COUNT),
        "network burst frequency": Metric("network_burst_rate", "Hz", Kind.RATE, "network_burst_count"),
        "network burst duration - avg": Metric("network_burst_duration", "s", needs=(_NETWORK_BURST,)),
        "number of spikes per network burst - avg": Metric("spikes_per_network_burst", needs=(_NETWORK_BURST,)),
        "mean isi within network burst - avg": Metric("network_burst_isi", "s", needs=(_NETWORK_BURST,)),
        "number of elecs participating in burst - avg": Metric("electrodes_per_network_burst", needs=(_NETWORK_BURST,)),
        "network burst percentage": Metric(
            "network_burst_percentage", "%", Kind.SHARE, "network_burst_count", (_SPIKE,)
        ),
        "network ibi coefficient of variation": Metric(
            "network_inter_burst_interval_cv",
            needs=(Need("network_burst_count", 3, "fewer than 3 network bursts"),),
            zero=Zero.TRUE,
        ),
        "network normalized duration iqr": Metric(
            "network_burst_duration_iqr",
            needs=(Need("network_burst_count", 4, "fewer than 4 network bursts"),),
            zero=Zero.TRUE,
            signed=True,
        ),
        "area under normalized cross-correlation": Metric(
            "area_under_normalized_cross_correlation", needs=_ACTIVE_PAIR, zero=Zero.TRUE, signed=True, strict=False
        ),
        "area under cross-correlation": Metric(
            "area_under_cross_correlation", needs=_ACTIVE_PAIR, zero=Zero.TRUE, signed=True, strict=False
        ),
        "synchrony index": Metric("synchrony_index", needs=_ACTIVE_PAIR, zero=Zero.TRUE, signed=True, strict=False),
        "kreuz spike distance": Metric("spike_distance", needs=_ACTIVE_PAIR, zero=Zero.NONE, strict=False),
        **{
            f"{width} width at half height of {of}": Metric(
                f"{name}_{width}_width", needs=_ACTIVE_PAIR, zero=Zero.NONE, strict=False
            )
            for width in ("half", "full")
            for of, name in (
                ("cross-correlation", "cross_correlation"),
                ("normalized cross-correlation", "normalized_cross_correlation"),
            )
        },
        **WELL_SPREADS,
    }
)
"""Metrics of the block ``Well Averages``, by `plain_label`."""

ELECTRODE_METRICS = MappingProxyType(
    {
        "number of spikes": Metric("spike_count", kind=Kind.COUNT),
        "mean firing rate": Metric("mean_firing_rate", "Hz", Kind.RATE, "spike_count"),
        "isi coefficient of variation": Metric(
            "isi_cv",
            needs=(
                Need("spike_count", 3, "fewer than 3 spikes"),
                Need("active", 1, "not an active electrode; the export gives it for active electrodes alone"),
            ),
            zero=Zero.NONE,
            strict=False,
        ),
        "number of bursts": Metric("burst_count", kind=Kind.COUNT),
        "burst duration - avg": Metric("burst_duration", "s", needs=(_BURST,)),
        "number of spikes per burst - avg": Metric("spikes_per_burst", needs=(_BURST,)),
        "mean isi within burst - avg": Metric("burst_isi", "s", needs=(_BURST,)),
        "inter-burst interval - avg": Metric(
            "inter_burst_interval", "s", needs=(_BURST, Need("burst_count", 2, "fewer than 2 bursts"))
        ),
        "burst frequency": Metric("burst_rate", "Hz", Kind.RATE, "burst_count"),
        "ibi coefficient of variation": Metric(
            "inter_burst_interval_cv", needs=(_BURST, Need("burst_count", 3, "fewer than 3 bursts")), zero=Zero.TRUE
        ),
        "burst percentage": Metric("burst_percentage", "%", Kind.SHARE, "burst_count", (_SPIKE,)),
        **ELECTRODE_SPREADS,
    }
)
"""Metrics of the block ``Measurement``, by `plain_label`."""

# Newer versions write "- Avg" behind what is an average over electrodes.
_SAME = {
    "isi coefficient of variation - avg": "isi coefficient of variation",
    "ibi coefficient of variation - avg": "ibi coefficient of variation",
    "burst percentage - avg": "burst percentage",
}


def plain_label(label: str) -> str:
    """Return the label of a row as the tables have it.

    Parameters
    ----------
    label : str
        As the export has it.

    Returns
    -------
    str
        In small letters, without indentation and unit.

    Examples
    --------
    >>> plain_label("    Burst Duration - Avg (sec)"), plain_label("Burst Percentage - Avg")
    ('burst duration - avg', 'burst percentage')
    """
    plain = " ".join(_UNIT.sub(_without_unit, label).lower().split())
    return _SAME.get(plain, plain)


def _without_unit(found: re.Match[str]) -> str:
    return "" if found[1].lower() in _UNITS else found[0]


def factor_of(label: str) -> float:
    """Return what a value is multiplied with to be in s or Hz.

    Parameters
    ----------
    label : str
        As the export has it; without a unit the value is in s, Hz or % already.

    Returns
    -------
    float
        1 for all units but ms.

    Examples
    --------
    >>> factor_of("Burst Duration - Avg (ms)"), factor_of("Network Burst Frequency")
    (0.001, 1.0)
    """
    found = [_UNITS[unit.lower()] for unit in _UNIT.findall(label) if unit.lower() in _UNITS]
    return found[-1] if found else 1.0
