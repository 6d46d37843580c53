"""What the vendor calls its metrics, and what each is here; the one table of both.

A label may mean one thing of a well and another of an electrode: ``Number of Bursts`` of a well is the sum over its
electrodes, and what ends in ``- Avg`` is an average over bursts for an electrode, over electrodes for a well.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

__all__ = ["ELECTRODE_METRICS", "WELL_METRICS", "Kind", "Metric", "Need", "Zero", "factor_of", "plain_label"]

_UNITS = {"s": 1.0, "sec": 1.0, "secs": 1.0, "seconds": 1.0, "ms": 0.001, "hz": 1.0}
_UNIT = re.compile(r"\s*\(([a-z]+)\)", re.IGNORECASE)


class Kind(StrEnum):
    """What a metric is, which says what an empty cell means."""

    COUNT = "count"
    RATE = "rate"
    SHARE = "percentage"
    MEAN = "mean"


class Zero(StrEnum):
    """What a 0 means where there was something to measure."""

    TRUE = "a value like any other"
    NONE = "nothing was measured"
    WRONG = "cannot be"


@dataclass(frozen=True, slots=True)
class Need:
    """What has to be there for a metric to be defined.

    Parameters
    ----------
    count : str
        A feature that is a count; ``most_bursts``, those of the electrode of a well that has most; or ``active``,
        whether an electrode is.
    least : int
        So many are needed.
    reason : str
        Why the metric is not defined with fewer.
    """

    count: str
    least: int
    reason: str


@dataclass(frozen=True, slots=True)
class Metric:
    """A metric of the vendor's under the name it has here.

    Parameters
    ----------
    feature : str
        Its name here.
    unit : str
        Its unit here, a unit of `mnephys.units`.
    kind : Kind
        What it is.
    of : str
        For a rate or a percentage the count that it is made of: where that is 0, so is an empty cell.
    needs : tuple of Need
        For what is undefined where there is too little of something.
    zero : Zero
        For a mean: what a 0 means where nothing is missing.
    signed : bool
        Whether it may be below 0.
    strict : bool
        Whether a value cannot be true where a need is not met. The vendor's cross-correlations take electrodes that
        its own count of active ones leaves out.
    """

    feature: str
    unit: str = "1"
    kind: Kind = Kind.MEAN
    of: str = ""
    needs: tuple[Need, ...] = ()
    zero: Zero = Zero.WRONG
    signed: bool = False
    strict: bool = True


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
