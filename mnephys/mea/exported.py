"""Metrics that only a vendor's export has: read and scored, never measured here, as no formula is published."""

from __future__ import annotations

from mnephys.measurement import Feature

__all__ = ["FEATURES"]

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
