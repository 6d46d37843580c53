"""What a cell fires on current ramps, and the persistent inward current that slow triangles show."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from mnephys.measurement import Feature, Measurement, Status
from mnephys.patch.family import Family
from mnephys.patch.ramp_firing import (
    LEAD_MV,
    LEAD_SHARE,
    LEAK_FROM,
    LEAK_LEAST_MV,
    LEAK_TO,
    LEAVE_MV,
    RampFiring,
    ramp_firing,
    thresholds,
)
from mnephys.patch.ramps import Ramps, find_ramps
from mnephys.patch.rheobase import rheobases
from mnephys.recording import FloatArray, IntArray

__all__ = ["FEATURES", "measure_ramps"]

FASTEST_MV_PER_S = 20.0
OUTLAST_ISIS = 2.0

_CELL = ("cell",)
_HYSTERESIS = "10.1113/jphysiol.1988.sp017336"
_LEAK = {"leak_from": LEAK_FROM, "leak_to": LEAK_TO, "leak_least_mv": LEAK_LEAST_MV, "leave_mv": LEAVE_MV}
_LEAD = {"lead_share": LEAD_SHARE, "lead_mv": LEAD_MV}
_SLOW = {"fastest_mv_per_s": FASTEST_MV_PER_S}

FEATURES = {
    f.name: f
    for f in (
        Feature(
            "ramp_rheobase",
            "pA",
            _CELL,
            "Smallest injected current at the first threshold on a rising ramp, holding included, median over repeats",
            "mnephys",
        ),
        Feature(
            "persistent_inward_current_onset",
            "mV",
            _CELL,
            "Voltage at which a slow rising ramp leaves the leak line, well before the first action potential",
            "10.7554/eLife.71385",
            (-120, 20),
            _SLOW | _LEAK | _LEAD,
            version=2,
        ),
        Feature(
            "pic_recruitment_current",
            "pA",
            _CELL,
            "Injected current at the first threshold of a slow triangular ramp, holding included",
            _HYSTERESIS,
            parameters=_SLOW,
        ),
        Feature(
            "pic_derecruitment_current",
            "pA",
            _CELL,
            "Injected current at the last threshold of a slow triangular ramp, on its way down, holding included",
            _HYSTERESIS,
            parameters=_SLOW,
        ),
        Feature(
            "pic_delta_current",
            "pA",
            _CELL,
            "Recruitment minus derecruitment current: positive where a persistent inward current sustains firing",
            _HYSTERESIS,
            parameters=_SLOW,
            version=2,
        ),
    )
}
"""The features that this module measures."""

_PAIR = ("pic_recruitment_current", "pic_derecruitment_current", "pic_delta_current")


def measure_ramps(family: Family, command: FloatArray | None) -> list[Measurement]:
    """Measure firing and persistent inward current on ramps.

    Parameters
    ----------
    family : Family
        After quality control.
    command : ndarray, float, shape (n_sweeps, n_samples), optional
        Injected current in pA, None where it is not known.

    Returns
    -------
    list of Measurement
        One row per entry of `FEATURES`.

    Notes
    -----
    A persistent inward current is slow, so a ramp has to be slow for the membrane: at most 20 mV/s along the
    leak line. Published ramps run at 5 to 10 mV/s (1 nA/s into 5.3 MOhm in doi:10.1523/JNEUROSCI.6363-10.2011,
    8 mV/s under voltage clamp in doi:10.1152/jn.1998.80.2.583). Recruitment minus derecruitment is the
    hysteresis of doi:10.1113/jphysiol.1988.sp017336; a negative one, from slow inactivation, is a result as well.
    Neither current is known better than the ramp changes from one action potential to the next: the remark names
    this resolution (the slope times the interval, at the start or at the end of firing, whichever is larger), and
    says so where the difference does not pass it.

    The leak line is fitted from 10 % to 40 % of the time from the start of the ramp to its first action
    potential (or its end), in a hundred bins. The onset is where the trace rises above the line by 1 mV, or
    four times the scatter about it, and stays above; the voltage reported is the line's there, so that an abrupt
    onset is not late. A current that is on from the start of the ramp is part of the line and not seen.

    Every cell that fires leaves its leak line before it does: the current that initiates the action potential
    grows e-fold every 1 to 4 mV (doi:10.1523/JNEUROSCI.23-37-11628.2003), which moves an exponential
    integrate-and-fire neuron by 1 mV over the last 1 to 16 % of the time to its first action potential. What
    begins in the last 20 %, or less than 3 mV below the first threshold, is therefore not called a persistent
    inward current, even where it is one.
    """
    if command is None:
        return _all(Status.NOT_APPLICABLE, "the injected current is not known: the file holds no command")
    ramps = find_ramps(command, family.sampling_rate, family.n_valid)
    firing = ramp_firing(family, ramps)
    if not firing.row.size:
        return _all(Status.NOT_APPLICABLE, "no rising current ramp of at least 0.35 s in the sweeps used")
    return [_rheobase(ramps, firing), _onset(ramps, firing), *_hysteresis(family, ramps, firing)]


def _all(status: Status, why: str) -> list[Measurement]:
    return [feature.missing(status, why) for feature in FEATURES.values()]


def _rheobase(ramps: Ramps, firing: RampFiring) -> Measurement:
    feature, row = FEATURES["ramp_rheobase"], firing.row
    fired = firing.count > 0
    if not fired.any():
        top = float(np.max(ramps.current(row, ramps.stop[row])))
        return feature.missing(Status.TOO_FEW_EVENTS, f"no action potential on ramps up to {top:.4g} pA")
    order = np.arange(row.size) - np.searchsorted(ramps.sweep[row], ramps.sweep[row])
    middle = ramps.current(row, 0.5 * (ramps.start[row] + ramps.stop[row]))
    grain = max(0.01 * float(np.abs(middle).max()), 1e-3)
    current = np.where(fired, ramps.current(row, np.where(fired, firing.first, ramps.start[row])), np.inf)
    each = rheobases(order, np.round(middle / grain), current, firing.count)
    rate = float(np.median(ramps.slope[row[fired]]))
    return feature.measured(float(np.median(each)), remark=f"{each.size} repeats, ramps of {rate:.3g} pA/s")


def _too_fast(firing: RampFiring) -> NDArray[np.bool_]:
    return np.asarray(~(firing.leak_slope <= FASTEST_MV_PER_S))


def _speed_reason(firing: RampFiring) -> str:
    known = firing.leak_slope[np.isfinite(firing.leak_slope)]
    if not known.size:
        return "the ramps are too short to tell their leak line"
    return f"the ramps are too fast: {known.min():.3g} mV/s at least, {FASTEST_MV_PER_S:g} mV/s at most are needed"


def _onset(ramps: Ramps, firing: RampFiring) -> Measurement:
    feature = FEATURES["persistent_inward_current_onset"]
    rested = ramps.rested[firing.row]
    if not rested.any():
        why = "no rising ramp begins after 100 ms at the current from which it rises"
        return feature.missing(Status.NOT_APPLICABLE, why)
    slow = rested & ~_too_fast(firing)
    if not slow.any():
        return feature.missing(Status.NOT_APPLICABLE, _speed_reason(firing))
    found = firing.onset[slow & firing.told]
    late = firing.onset[slow & ~firing.told]
    late = late[np.isfinite(late)]
    if late.size and not found.size:
        why = (
            f"the trace leaves its leak line at {np.median(late):.1f} mV, in the last {LEAD_SHARE:.0%} of the time to "
            f"the first action potential or less than {LEAD_MV:g} mV below its threshold, as in any cell that fires"
        )
        return feature.missing(Status.TOO_FEW_EVENTS, why)
    if not found.size:
        why = f"no slow ramp leaves a leak line that rises by {LEAK_LEAST_MV:g} mV at least upwards and stays above it"
        return feature.missing(Status.TOO_FEW_EVENTS, why)
    return feature.measured(float(np.median(found)), remark=f"{found.size} of {int(slow.sum())} slow ramps")


def _hysteresis(family: Family, ramps: Ramps, firing: RampFiring) -> list[Measurement]:
    features = [FEATURES[name] for name in _PAIR]
    turning = np.isin(firing.row, ramps.turning)
    turning &= ramps.complete[np.minimum(firing.row + 1, len(ramps) - 1)]
    if not turning.any():
        why = "no ramp comes down again: derecruitment takes a triangular one"
        return [f.missing(Status.NOT_APPLICABLE, why) for f in features]
    slow = turning & ~_too_fast(firing)
    if not slow.any():
        return [f.missing(Status.NOT_APPLICABLE, _speed_reason(firing)) for f in features]
    fired = slow & (firing.count > 0)
    if not fired.any():
        return [f.missing(Status.TOO_FEW_EVENTS, "no action potential on slow triangular ramps") for f in features]
    up = firing.row[fired]
    on = ramps.current(up, firing.first[fired])
    at = thresholds(family)
    final = np.searchsorted(at, ramps.stop[up + 1]) - 1
    descending = at[final] >= ramps.start[up + 1]
    recruitment = features[0].measured(float(np.median(on)), remark=f"{up.size} triangular ramps")
    if not descending.any():
        why = "firing stops before the current comes down"
        return [recruitment, *(f.missing(Status.NOT_APPLICABLE, why) for f in features[1:])]
    off = ramps.current(up + 1, at[final])[descending]
    remark = f"{int(descending.sum())} of {up.size} triangular ramps"
    if _outlasts(at, final[descending], ramps.stop[up + 1][descending]).any():
        remark += "; firing outlasts the ramp, so that derecruitment is lower still"
    delta = on[descending] - off
    initial = np.searchsorted(at, firing.first[fired])[descending]
    to_next = ramps.slope[up[descending]] * (at[initial + 1] - at[initial])
    from_last = -ramps.slope[up[descending] + 1] * (at[final[descending]] - at[final[descending] - 1])
    resolution = float(np.median(np.maximum(to_next, from_last))) / family.sampling_rate
    difference, told = float(np.median(delta)), f"; resolution {resolution:.2g} pA"
    if abs(difference) <= resolution:
        told += ", not different from 0"
    return [
        recruitment,
        features[1].measured(float(np.median(off)), remark=remark),
        features[2].measured(difference, remark=remark + told),
    ]


def _outlasts(at: FloatArray, final: IntArray, stop: FloatArray) -> NDArray[np.bool_]:
    """Return whether the next action potential after a ramp comes as if firing went on."""
    following = np.append(at, np.inf)[final + 1]
    interval = at[final] - at[np.maximum(final - 1, 0)]
    return np.asarray((final > 0) & (following - at[final] <= OUTLAST_ISIS * interval) & (following >= stop))
