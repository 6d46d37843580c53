"""Metrics that only a vendor's export has: read and scored, never measured here, as no formula is published."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from mnephys.mea.network import SHARE_2015
from mnephys.measurement import Feature, Measurement

__all__ = ["FEATURES", "exported_share_2015"]

_TOOL = "Axion Neural Metric Tool"

FEATURES = {
    f.name: f
    for f in (
        Feature("synchrony_index", "1", ("well",), "Synchrony of the well's electrodes, by the vendor", _TOOL, (-1, 1)),
        Feature(
            "area_under_normalized_cross_correlation",
            "1",
            ("well",),
            "Area under the normalised cross-correlation of the well's electrodes within the synchrony window",
            _TOOL,
        ),
        Feature(
            "area_under_cross_correlation",
            "1",
            ("well",),
            "Area under the cross-correlation of the well's electrodes within the synchrony window",
            _TOOL,
        ),
        Feature(
            "spike_distance",
            "1",
            ("well",),
            "SPIKE distance of the well's electrodes after Kreuz, by the vendor",
            _TOOL,
            (0, 1),
        ),
        Feature(
            "network_burst_duration_iqr",
            "1",
            ("well",),
            "Interquartile range of the durations of network bursts over their median",
            _TOOL,
            (0, 1000),
        ),
        Feature("synchrony_window", "s", ("plate",), "Window of the vendor's synchrony metrics", _TOOL, (0, 10)),
    )
}
"""The features that exports have beside those of the core."""


def exported_share_2015(rows: Iterable[Measurement]) -> list[Measurement]:
    """Return the shares of spikes in network bursts of an export that took them by the definitions of 2015.

    Parameters
    ----------
    rows : iterable of Measurement
        Of the export.

    Returns
    -------
    list of Measurement
        Those of wells, under the name by which they compare with recordings; empty for an export by other definitions.

    Examples
    --------
    >>> share = Measurement("network_burst_percentage", 40.0, "", "%", level="well", id="A1")
    >>> by = Measurement("definitions", None, "axis-2015", "1", level="plate")
    >>> [(row.feature, row.value) for row in exported_share_2015([by, share])]
    [('network_burst_percentage_axis_2015', 40.0)]
    """
    every = list(rows)
    if not any(row.feature == "definitions" and row.text == "axis-2015" for row in every):
        return []
    shares = [row for row in every if row.feature == "network_burst_percentage" and row.level == "well"]
    return [replace(row, feature=SHARE_2015) for row in shares]
