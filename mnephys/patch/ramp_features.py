"""What a cell fires on current ramps, and the persistent inward current that slow triangles show."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mnephys.measurement import Feature, Measurement, Status
from mnephys.patch.family import Family
from mnephys.patch.ramps import Ramps, find_ramps
from mnephys.patch.rheobase import rheobases
from mnephys.patch.segments import stretch_mean
from mnephys.recording import FloatArray, IntArray

__all__ = ["FEATURES", "RampFiring", "measure_ramps", "ramp_firing"]

FASTEST_MV_PER_S = 20.0
N_BINS = 100
LEAK_FROM, LEAK_TO = 0.1, 0.4
LEAK_LEAST_MV = 2.0
LEAVE_MV = 1.0
NOISE_MULTIPLE = 4.0
BEFORE_AP_MS = 5.0
OUTLAST_ISIS = 2.0

_CELL = ("cell",)
_HYSTERESIS = "10.1113/jphysiol.1988.sp017336"
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
            "Voltage at which a slow rising ramp leaves the leak line upwards before the first action potential",
            "10.7554/eLife.71385",
            (-120, 20),
            _SLOW | {"leak_from": LEAK_FROM, "leak_to": LEAK_TO, "leak_least_mv": LEAK_LEAST_MV, "leave_mv": LEAVE_MV},
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
        ),
    )
}
"""The features that this module measures."""

_PAIR = ("pic_recruitment_current", "pic_derecruitment_current", "pic_delta_current")


@dataclass(frozen=True, slots=True)
class RampFiring:
    """Rising ramps of accepted sweeps, and what they evoke.

    Parameters
    ----------
    row : ndarray, int, shape (n,)
        Row of the ramps.
    count : ndarray, int, shape (n,)
        Action potentials while it rises.
    first : ndarray, float, shape (n,)
        Flat sample of the first threshold; NaN without one.
    leak_slope : ndarray, float, shape (n,)
        Slope of the leak line in mV/s; NaN where it cannot be told.
    onset : ndarray, float, shape (n,)
        Voltage at which the trace leaves the leak line, in mV; NaN where it does not.
    """

    row: IntArray
    count: IntArray
    first: FloatArray
    leak_slope: FloatArray
    onset: FloatArray


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

    The leak line is fitted from 10 % to 40 % of the time from the start of the ramp to its first action
    potential (or its end), in a hundred bins. The onset is where the trace rises above the line by 1 mV, or
    four times the scatter about it, and stays above; the voltage reported is the line's there, so that an abrupt
    onset is not late. A current that is on from the start of the ramp is part of the line and not seen.
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


def _thresholds(family: Family) -> FloatArray:
    """Return the flat sample of every threshold."""
    sweep = np.asarray(family.aps["sweep"], dtype=np.float64)
    at = np.asarray(family.aps["threshold_time"], dtype=np.float64)
    flat: FloatArray = sweep * family.voltage.shape[1] + at * family.sampling_rate
    return flat


def ramp_firing(family: Family, ramps: Ramps) -> RampFiring:
    """Describe the response to the rising ramps of accepted sweeps.

    Parameters
    ----------
    family : Family
        A recording with its action potentials.
    ramps : Ramps
        Of its command.

    Returns
    -------
    RampFiring
        One entry per rising ramp.
    """
    row = np.flatnonzero(family.accepted[ramps.sweep] & (ramps.slope > 0))
    at = _thresholds(family)
    begin, end = (np.searchsorted(at, edge[row]) for edge in (ramps.start, ramps.stop))
    first = np.where(end > begin, np.append(at, np.nan)[np.minimum(begin, at.size)], np.nan)
    until = np.where(end > begin, first - BEFORE_AP_MS / 1000.0 * family.sampling_rate, ramps.stop[row])
    leak_slope, onset = _leave(family, ramps.start[row], until)
    return RampFiring(row, end - begin, first, leak_slope, onset)


def _leave(family: Family, start: FloatArray, until: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return slope of the leak line in mV/s, and its voltage where the trace leaves it upwards for good."""
    length = np.maximum(until - start, 0.0)
    edge = np.rint(start[:, np.newaxis] + length[:, np.newaxis] * np.linspace(0, 1, N_BINS + 1)).astype(np.int64)
    volts = stretch_mean(family.voltage.ravel(), edge[:, :-1].ravel(), edge[:, 1:].ravel()).reshape(-1, N_BINS)
    x = (np.arange(N_BINS) + 0.5) / N_BINS
    part = (x > LEAK_FROM) & (x < LEAK_TO)
    away = x[part] - x[part].mean()
    rise = volts[:, part] @ away / (away @ away)
    line = volts[:, part].mean(axis=1)[:, np.newaxis] + rise[:, np.newaxis] * (x - x[part].mean())
    above = volts - line
    scatter = above[:, part].std(axis=1)
    limit = np.maximum(LEAVE_MV, NOISE_MULTIPLE * scatter)
    over = above > limit[:, np.newaxis]
    # The last bin that is not over, counted from the end: from the next one on the trace stays above.
    since = N_BINS - np.argmin(over[:, ::-1], axis=1)
    leaves = over[:, -1] & (since > part.sum()) & ~over.all(axis=1)
    at = np.clip(since, 1, N_BINS - 1)
    each = np.arange(start.size)
    low, high = above[each, at - 1], above[each, at]
    share = np.divide(limit - low, high - low, out=np.zeros(low.size), where=high != low)
    crossing = line[each, at - 1] + share * (line[each, at] - line[each, at - 1])
    with np.errstate(divide="ignore", invalid="ignore"):
        slope = np.where(length > N_BINS, rise * family.sampling_rate / length, np.nan)
    told = rise * (LEAK_TO - LEAK_FROM) > np.maximum(LEAK_LEAST_MV, NOISE_MULTIPLE * scatter)
    return slope, np.where(leaves & told & np.isfinite(slope), crossing, np.nan)


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
    found = firing.onset[slow]
    found = found[np.isfinite(found)]
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
    at = _thresholds(family)
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
    return [
        recruitment,
        features[1].measured(float(np.median(off)), remark=remark),
        features[2].measured(float(np.median(delta)), remark=remark),
    ]


def _outlasts(at: FloatArray, final: IntArray, stop: FloatArray) -> NDArray[np.bool_]:
    """Return whether the next action potential after a ramp comes as if firing went on."""
    following = np.append(at, np.inf)[final + 1]
    interval = at[final] - at[np.maximum(final - 1, 0)]
    return np.asarray((final > 0) & (following - at[final] <= OUTLAST_ISIS * interval) & (following >= stop))
