"""How regular firing is on one step: adaptation, and the spread of the intervals."""

from __future__ import annotations

import numpy as np

from mnephys.measurement import Feature, Measurement, Status
from mnephys.patch.family import FIRING_STEP_MS, Family
from mnephys.patch.firing import StepFiring
from mnephys.patch.intervals import adaptation_index, coefficient_of_variation, local_variation

__all__ = ["FEATURES", "measure_regularity"]

ADAPTATION_MIN_APS = 5
EFEL_DROPPED_SHARE = 0.1
EFEL_DROPPED_MOST = 2

_CELL = ("cell",)
_MIN_APS = {"min_aps": ADAPTATION_MIN_APS}

FEATURES = {
    f.name: f
    for f in (
        Feature(
            "spike_frequency_adaptation",
            "1",
            _CELL,
            "Mean of the last 3 intervals over the first, at the step nearest 2 x rheobase; 1 is none",
            "mnephys",
            (0, 100),
            _MIN_APS,
        ),
        Feature(
            "adaptation_index_efel",
            "1",
            _CELL,
            "eFEL's adaptation_index on the same step: the first 10 % of the action potentials left out, at most 2",
            "10.5281/zenodo.593869",
            (-1, 1),
            _MIN_APS | {"dropped_share": EFEL_DROPPED_SHARE, "dropped_most": EFEL_DROPPED_MOST},
        ),
        Feature(
            "adaptation_index_ipfx",
            "1",
            _CELL,
            "IPFX's adapt on the same step: all intervals, between thresholds",
            "10.1038/s41593-019-0417-0",
            (-1, 1),
            _MIN_APS,
        ),
        Feature("isi_cv", "1", _CELL, "SD (ddof 0) over mean of the intervals, on the same step", "mnephys", (0, 100)),
        Feature(
            "isi_lv",
            "1",
            _CELL,
            "Local variation of the intervals, on the same step: 0 is regular, 1 random, whatever the adaptation",
            "10.1162/089976603322518759",
            (0, 3),
            _MIN_APS,
        ),
    )
}
"""The features that this module measures."""


def measure_regularity(family: Family, firing: StepFiring, rheobase: float) -> list[Measurement]:
    """Measure adaptation and regularity at the step nearest 2 x rheobase.

    Parameters
    ----------
    family : Family
        After quality control.
    firing : StepFiring
        Its firing.
    rheobase : float
        In pA above holding.

    Returns
    -------
    list of Measurement
        One row per entry of `FEATURES`.

    Notes
    -----
    Blocked steps are left out. eFEL counts intervals between peaks, IPFX between thresholds; the first
    leaves out the first 10 % of the action potentials, rounded, at most 2; the second none.
    """
    enough = family.primary & family.firing_test & (firing.count >= ADAPTATION_MIN_APS) & ~firing.blocked
    if not enough.any():
        why = f"no step of at least {FIRING_STEP_MS:g} ms evoked {ADAPTATION_MIN_APS} action potentials"
        return [feature.missing(Status.TOO_FEW_EVENTS, why) for feature in FEATURES.values()]
    step = np.where(enough, family.steps.current - family.steps.holding, np.inf)
    row = int(np.argmin(np.abs(step - 2.0 * rheobase)))
    own = family.ap_step == row
    peak = np.asarray(family.aps["peak_time"], dtype=np.float64)[own]
    threshold = np.asarray(family.aps["threshold_time"], dtype=np.float64)[own]
    interval = np.diff(peak)
    dropped = min(EFEL_DROPPED_MOST, int(np.floor(EFEL_DROPPED_SHARE * peak.size + 0.5)))
    remark = f"at {step[row]:g} pA, {peak.size} action potentials"
    values = {
        "spike_frequency_adaptation": float(interval[-3:].mean() / interval[0]),
        "adaptation_index_efel": adaptation_index(interval[dropped:]).item(),
        "adaptation_index_ipfx": adaptation_index(np.diff(threshold)).item(),
        "isi_cv": coefficient_of_variation(interval).item(),
        "isi_lv": local_variation(interval).item(),
    }
    return [FEATURES[name].measured(value, remark=remark) for name, value in values.items()]
