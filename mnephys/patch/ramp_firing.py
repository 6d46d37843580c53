"""What rising ramps evoke: the first action potential, and where the trace leaves its leak line before."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mnephys.patch.family import Family
from mnephys.patch.ramps import Ramps
from mnephys.patch.segments import stretch_mean
from mnephys.recording import FloatArray, IntArray

__all__ = [
    "LEAD_MV",
    "LEAD_SHARE",
    "LEAK_FROM",
    "LEAK_LEAST_MV",
    "LEAK_TO",
    "LEAVE_MV",
    "RampFiring",
    "ramp_firing",
    "thresholds",
]

N_BINS = 100
LEAK_FROM, LEAK_TO = 0.1, 0.4
LEAK_LEAST_MV = 2.0
LEAVE_MV = 1.0
NOISE_MULTIPLE = 4.0
BEFORE_AP_MS = 5.0
LEAD_SHARE = 0.2
LEAD_MV = 3.0


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
    lead : ndarray, float, shape (n,)
        How long before the first action potential, or the end of the ramp, that is; as a share of the time since
        the ramp began.
    below : ndarray, float, shape (n,)
        By how many mV the onset lies below the first threshold; NaN without one.
    """

    row: IntArray
    count: IntArray
    first: FloatArray
    leak_slope: FloatArray
    onset: FloatArray
    lead: FloatArray
    below: FloatArray

    @property
    def told(self) -> NDArray[np.bool_]:
        """True where the onset is none of the spike-initiation current, as far as that can be told."""
        return np.asarray(np.isfinite(self.onset) & (self.lead >= LEAD_SHARE) & ~(self.below < LEAD_MV))


def thresholds(family: Family) -> FloatArray:
    """Return where the thresholds of all action potentials lie.

    Parameters
    ----------
    family : Family
        A recording with its action potentials.

    Returns
    -------
    ndarray, float, shape (n_aps,)
        Flat sample indices.
    """
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
    at = thresholds(family)
    begin, end = (np.searchsorted(at, edge[row]) for edge in (ramps.start, ramps.stop))
    first = np.where(end > begin, np.append(at, np.nan)[np.minimum(begin, at.size)], np.nan)
    until = np.where(end > begin, first - BEFORE_AP_MS / 1000.0 * family.sampling_rate, ramps.stop[row])
    leak_slope, onset, lead = _leave(family, ramps.start[row], until)
    threshold = np.append(np.asarray(family.aps["threshold_voltage"], dtype=np.float64), np.nan)
    below = np.where(end > begin, threshold[np.minimum(begin, at.size)], np.nan) - onset
    return RampFiring(row, end - begin, first, leak_slope, onset, lead, below)


def _leave(family: Family, start: FloatArray, until: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return slope of the leak line in mV/s, its voltage where the trace leaves it for good, and what share is left."""
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
    return slope, np.where(leaves & told & np.isfinite(slope), crossing, np.nan), 1.0 - since / N_BINS
