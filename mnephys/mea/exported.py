"""Metrics that only a vendor's export has: read and scored, never measured here.

Resistances take the instrument. Of the synchrony metrics (synchrony index, areas and widths of cross-correlations,
SPIKE distance) the vendor publishes no exact formula (which electrodes, what at the ends of trains, which bins), and
no export comes with the spikes that a guess could be tried on. `mnephys.mea.synchrony`,
`mnephys.mea.correlograms` and `mnephys.mea.contrast` measure synchrony by formulas that are known.
"""

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
        *(
            Feature(
                f"{name}_{width}_width",
                "1",
                ("well",),
                f"{width.capitalize()} width at half height of the {name.replace('_', ' ')}, by the vendor, "
                "which names no unit",
                _TOOL,
                (0, 1e6),
            )
            for name in ("cross_correlation", "normalized_cross_correlation")
            for width in ("half", "full")
        ),
        Feature(
            "electrode_resistance",
            "kOhm",
            ("electrode", "well"),
            "Resistance that the instrument measured; of a well the mean over its electrodes",
            _TOOL,
            (0, 1e6),
        ),
        Feature("electrode_resistance_sd", "kOhm", ("well",), "SD of it over the electrodes", _TOOL, (0, 1e6)),
        Feature("covered_electrode_count", "1", ("well",), "Electrodes covered by cells", _TOOL, (0, 1e6)),
        Feature(
            "covered_electrode_resistance", "kOhm", ("well",), "Mean resistance of covered electrodes", _TOOL, (0, 1e6)
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
