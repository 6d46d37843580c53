"""What a well does, from what its electrodes do: the averages of the vendor's program.

Nothing here looks at spikes. The same columns of electrodes give the same wells, whoever measured them, so that
the electrode rows of a vendor's export must give the vendor's own well rows.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from mnephys.mea.definitions import DEFINITIONS
from mnephys.mea.electrodes import FEATURES as OF_ELECTRODES
from mnephys.mea.medians import MIN_QUARTILES
from mnephys.mea.regularity import FEATURES as REGULARITY
from mnephys.mea.segments import ratio
from mnephys.measurement import Feature
from mnephys.recording import BoolArray, FloatArray, IntArray

__all__ = ["FEATURES", "WHY_NOT", "well_columns"]

_WELL = ("well",)
_TOOL = "Axion Neural Metric Tool"
_ACTIVE = {"min_rate_per_minute": DEFINITIONS["axis-2023"].active_min_rate}

# The fewest bursts of the electrodes that each average is over, and what the vendor gives the spread of.
_OVER_BURSTING = {
    "burst_duration": 1,
    "spikes_per_burst": 1,
    "burst_isi": 1,
    "inter_burst_interval": 2,
    "inter_burst_interval_cv": 3,
    "burst_median_isi": 1,
    "burst_median_to_mean_isi": 1,
    "burst_duration_iqr": MIN_QUARTILES,
    "burst_duration_median": 1,
    "spikes_per_burst_median": 1,
    "inter_burst_interval_median": 2,
}
_SPREAD = (*_OVER_BURSTING, "burst_rate", "burst_percentage")
# Electrodes have a spread of these themselves, over their bursts.
_SPREAD_OF_WELLS = tuple(name for name in _SPREAD if f"{name}_sd" not in OF_ELECTRODES)

FEATURES = {
    f.name: f
    for f in (
        Feature(
            "weighted_mean_firing_rate",
            "Hz",
            _WELL,
            "Mean of the rates of active electrodes, 0 where there is none",
            _TOOL,
            (0, 1000),
            _ACTIVE,
        ),
        Feature("electrode_count", "1", _WELL, "Electrodes, silent and switched off included", "mnephys", (1, 1e6)),
        Feature(
            "active_electrode_count",
            "1",
            _WELL,
            "Electrodes that are active",
            _TOOL,
            (0, 1e6),
            _ACTIVE,
        ),
        Feature(
            "active_electrode_fraction", "1", _WELL, "Active electrodes, of all of the well", "mnephys", (0, 1), _ACTIVE
        ),
        Feature("bursting_electrode_count", "1", _WELL, "Electrodes with a burst", _TOOL, (0, 1e6)),
        *(
            Feature(
                f"{of.name}_sd",
                of.unit,
                _WELL,
                f"SD (ddof 1) of {of.name}, over the electrodes that its mean is over",
                _TOOL,
                (0, of.plausible[1]),
                of.parameters,
            )
            for of in (OF_ELECTRODES[name] for name in _SPREAD_OF_WELLS)
        ),
    )
}
"""The features that only wells have; the others are averages of those of `mnephys.mea.electrodes`."""

WHY_NOT = {
    **dict.fromkeys(("isi_cv", *REGULARITY), "no active electrode with 3 spikes"),
    "burst_duration": "no burst",
    "spikes_per_burst": "no burst",
    "burst_isi": "no burst",
    "inter_burst_interval": "no electrode with 2 bursts",
    "inter_burst_interval_cv": "no electrode with 3 bursts",
    "burst_percentage": "no spike",
    "burst_median_isi": "no burst",
    "burst_median_to_mean_isi": "no burst with spikes at different times",
    "burst_duration_iqr": "no electrode with 4 bursts of different lengths",
    "burst_duration_median": "no burst",
    "spikes_per_burst_median": "no burst",
    "inter_burst_interval_median": "no electrode with 2 bursts",
    "burst_duration_sd": "fewer than 2 electrodes with a burst",
    "spikes_per_burst_sd": "fewer than 2 electrodes with a burst",
    "burst_isi_sd": "fewer than 2 electrodes with a burst",
    "inter_burst_interval_sd": "fewer than 2 electrodes with 2 bursts",
    "inter_burst_interval_cv_sd": "fewer than 2 electrodes with 3 bursts",
    "burst_rate_sd": "fewer than 2 electrodes with a burst",
    "burst_percentage_sd": "fewer than 2 electrodes with a spike",
    "burst_median_isi_sd": "fewer than 2 electrodes with a burst",
    "burst_median_to_mean_isi_sd": "fewer than 2 electrodes with a burst",
    "burst_duration_iqr_sd": "fewer than 2 electrodes with 4 bursts of different lengths",
    "burst_duration_median_sd": "fewer than 2 electrodes with a burst",
    "spikes_per_burst_median_sd": "fewer than 2 electrodes with a burst",
    "inter_burst_interval_median_sd": "fewer than 2 electrodes with 2 bursts",
}
"""Why a metric of a well is not defined, by name."""


def well_columns(
    electrodes: Mapping[str, FloatArray], active: BoolArray, group: IntArray, n_groups: int
) -> dict[str, FloatArray]:
    """Take the columns of electrodes together, well by well.

    Averages are plain means over electrodes of the electrodes' own means, so that an electrode with many bursts
    weighs no more than one with few. What is averaged over bursting electrodes is averaged over those that have it:
    an interval between bursts takes two of them, a coefficient of variation three.

    Parameters
    ----------
    electrodes : mapping of str to ndarray, float, shape (n_electrodes,)
        As `mnephys.mea.electrodes.electrode_columns` returns them; NaN where not defined.
    active : ndarray, bool, shape (n_electrodes,)
        Which are active.
    group : ndarray, int, shape (n_electrodes,)
        The well of each, from 0.
    n_groups : int
        Number of wells.

    Returns
    -------
    dict of str to ndarray, float, shape (n_wells,)
        One column per feature, in its unit; NaN where there is nothing to measure, see `WHY_NOT`. Rates of what
        there is none of are 0.

    Examples
    --------
    >>> import numpy as np
    >>> from mnephys.mea.bursts import isi_threshold_bursts
    >>> from mnephys.mea.electrodes import electrode_columns
    >>> from mnephys.recording import SpikeTrains
    >>> trains = SpikeTrains.from_lists([[1.0, 1.1, 3.0], []], stop=10.0)
    >>> columns = electrode_columns(trains, isi_threshold_bursts(trains), 10.0)
    >>> wells = well_columns(columns, np.array([True, False]), np.array([0, 0]), 1)
    >>> wells["mean_firing_rate"], wells["weighted_mean_firing_rate"]
    (array([0.15]), array([0.3]))
    """
    bursts = electrodes["burst_count"]
    present = np.bincount(group, minlength=n_groups)

    def number(mask: BoolArray) -> FloatArray:
        return np.bincount(group[mask], minlength=n_groups).astype(np.float64)

    def total(name: str) -> FloatArray:
        return np.asarray(np.bincount(group, weights=electrodes[name], minlength=n_groups), dtype=np.float64)

    def mean(name: str, mask: BoolArray) -> FloatArray:
        values = electrodes[name]
        used = mask & ~np.isnan(values)
        return ratio(np.bincount(group[used], weights=values[used], minlength=n_groups), number(used))

    def spread(name: str, mask: BoolArray) -> FloatArray:
        values = electrodes[name]
        used = mask & ~np.isnan(values)
        square = (values - mean(name, mask)[group])[used] ** 2
        return np.sqrt(ratio(np.bincount(group[used], weights=square, minlength=n_groups), number(used) - 1.0))

    def rate(name: str, mask: BoolArray) -> FloatArray:
        # None at all is a rate of 0; without a duration no rate is known, whether there are any or not.
        unknown = np.isnan(mean(name, np.ones(group.size, dtype=bool)))
        return np.where(number(mask) > 0, mean(name, mask), np.where(unknown, np.nan, 0.0))

    # What averages over bursting electrodes is over those that have it; the share of spikes in bursts is over every
    # electrode with a spike, active or not, as every export of the vendor has it.
    over = {name: bursts >= fewest for name, fewest in _OVER_BURSTING.items()}
    over |= {"burst_rate": bursts > 0, "burst_percentage": electrodes["spike_count"] > 0}
    # So have the exports it: an electrode whose bursts are alike, or whose histogram says so, does not count.
    over["burst_duration_iqr"] &= electrodes["burst_duration_iqr"] > 0
    return {
        "spike_count": total("spike_count"),
        "mean_firing_rate": ratio(total("mean_firing_rate"), present),
        "weighted_mean_firing_rate": rate("mean_firing_rate", active),
        "electrode_count": present.astype(np.float64),
        "active_electrode_count": number(active),
        "active_electrode_fraction": ratio(number(active), present),
        **{name: mean(name, active) for name in ("isi_cv", *REGULARITY)},
        "burst_count": total("burst_count"),
        "bursting_electrode_count": number(bursts > 0),
        "burst_rate": rate("burst_rate", bursts > 0),
        **{name: mean(name, over[name]) for name in (*_OVER_BURSTING, "burst_percentage")},
        **{f"{name}_sd": spread(name, over[name]) for name in _SPREAD},
    }
