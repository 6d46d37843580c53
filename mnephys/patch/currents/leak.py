"""Linear leak and charging: what a step draws through a membrane whose channels stay shut.

Steps to -60 mV or below, and hyperpolarising ones to -50 mV or below, open neither Na nor K channels. Their
current just after charging over their size is the leak conductance, their mean per mV the shape of the charging.
Both are scaled to the larger steps and subtracted (Bezanilla & Armstrong 1977, doi:10.1085/jgp.70.5.549, without the
extra pulses). Just after charging, because currents that hyperpolarisation turns on slowly (Ih) are no leak of the
depolarised membrane. The leak is a line through the baseline, or, where four potentials show for certain that it
misses the baseline, the line through themselves.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from mnephys.patch.currents.charging import Charging, fit_charging
from mnephys.patch.currents.family import LEVEL_GRAIN_MV, CurrentFamily
from mnephys.patch.currents.membrane_test import MAX_RESIDUAL, SUBTHRESHOLD_MV, MembraneTest
from mnephys.patch.segments import Stretches, stretch_mean
from mnephys.recording import FloatArray

__all__ = ["Leak", "corrected_current", "find_leak", "unknown_leak"]

WAITED_SHARE = 0.1
EARLY_SHARE = 0.25
BLANK_SHARE = 0.1
RISE_CORNERS = 0.7
VISIBLE_NOISE = 5.0
LEFT_SHARE = 0.02
SMOOTHED_MS = 0.25
UNKNOWN_BLANK_MS = 0.5
LONGEST_CHARGING_MS = 50.0
MIN_SIZE_MV = 1.0
SAG_SHARE = 0.2
LINE_LEVELS = 4
LINE_SPAN_MV = 15.0
CERTAIN = 3.0
WORTH_SAYING_PA = 1.0
_RECORDED = "The program subtracted it with P/N pulses while recording."
HYPERPOLARISED_MV = -50.0


@dataclass(frozen=True, slots=True)
class Leak:
    """What is subtracted, and when the charging is over.

    Parameters
    ----------
    conductance : float
        In nS; 0 where nothing is known or nothing is left to subtract.
    error : float
        Its standard error over the steps in nS; NaN where there is only one.
    offset : float
        What the line through the subthreshold currents gives at the potential before the steps, relative to the
        current there, in pA; 0 unless it differs for certain, as it does where holding itself opens channels.
    source : str
        Where the conductance is known from; empty where it is not.
    charging : Charging or None
        The shape of the charging, where it is a clean decay: then it is subtracted too.
    blank : float
        Time after a step before which no current is looked for, in ms.
    settled : float
        Time after which the charging is over, in ms.
    sag : bool
        Whether the subthreshold current grows during the steps, as Ih does.
    spread : float
        Standard deviation of the subtracted charging for noise of 1 pA, per mV of step: it was found in noise too.
    """

    conductance: float
    error: float
    offset: float
    source: str
    charging: Charging | None
    blank: float
    settled: float
    sag: bool
    spread: float = 0.0

    @property
    def known(self) -> bool:
        """Whether corrected currents differ from raw ones for a reason."""
        return bool(self.source)


def find_leak(family: CurrentFamily, test: MembraneTest | None) -> Leak:
    """Estimate the leak from subthreshold steps, else from the membrane test.

    Parameters
    ----------
    family : CurrentFamily
        A recording with its steps.
    test : MembraneTest or None
        Its membrane test.

    Returns
    -------
    Leak
        With an empty `source` where there is neither.
    """
    rows = _subthreshold(family)
    if not rows.any():
        return _from_test(family, test)
    steps, size = family.steps, family.size[rows]
    after = int(min((steps.stop - steps.start)[rows].min(), round(LONGEST_CHARGING_MS * family.per_ms)))
    before = int(min((steps.start % steps.n_samples)[rows].min(), round(5.0 * family.per_ms)))
    pieces = family.windows(steps.start[rows], before, after)
    pieces -= family.baseline()[rows][:, np.newaxis]
    good = np.isfinite(pieces).all(axis=1)
    if not good.any():
        return _from_test(family, test)
    weight = np.where(good, size, 0.0)
    mean = weight @ np.nan_to_num(pieces) / float(weight @ weight)
    time = np.arange(-before, after) / family.per_ms
    clean = test is not None and test.ok
    same = test is not None and bool(np.isin(np.flatnonzero(rows), test.rows).all())
    charging = (test.fit if same and test else fit_charging(time, mean, family.corner)) if clean else None
    if charging is not None and charging.residual > MAX_RESIDUAL:
        charging = None
    largest = float(np.abs(family.size[family.activation]).max(initial=1.0))
    width = max(1, round(SMOOTHED_MS * family.per_ms))
    limit = VISIBLE_NOISE * max(
        family.noise(rows) / largest, family.noise(rows, width) / np.sqrt(float(weight @ weight))
    )
    blank, settled = _lasts(time, mean, charging, float(np.nan_to_num(limit)))
    leak = _regressed(family, rows, charging, blank, settled)
    return leak if leak.charging is None else replace(leak, spread=1.0 / float(np.sqrt(weight @ weight)))


def unknown_leak(source: str = "") -> Leak:
    """Return the leak of which nothing is known.

    Parameters
    ----------
    source : str
        Who subtracted it while recording; empty where nobody did.

    Returns
    -------
    Leak
        Without conductance and charging.

    Examples
    --------
    >>> unknown_leak().known
    False
    """
    return Leak(0.0, float("nan"), 0.0, source, None, UNKNOWN_BLANK_MS, 2 * UNKNOWN_BLANK_MS, False)


def corrected_current(family: CurrentFamily, leak: Leak, rows: NDArray[np.bool_]) -> FloatArray:
    """Subtract baseline, leak and, where its shape is known, charging from some steps.

    Parameters
    ----------
    family : CurrentFamily
        A recording with its steps.
    leak : Leak
        From `find_leak`.
    rows : ndarray, bool, shape (n_rows,)
        Rows of `family.steps`.

    Returns
    -------
    ndarray, float32, shape (n_sweeps * n_samples,)
        In pA; NaN outside the rows.
    """
    steps, flat, base = family.steps, family.current.ravel(), family.baseline()
    corrected = np.full(flat.size, np.nan, dtype=np.float32)
    longest = int((steps.stop - steps.start)[rows].max(initial=0))
    shape = np.full(longest, leak.conductance)
    if leak.charging is not None:
        shape += leak.charging.at(np.arange(longest) / family.per_ms) - leak.charging.base - leak.charging.steady
    for block in family.blocks(np.flatnonzero(rows)):
        stretches = Stretches.between(steps.start[block], steps.stop[block])
        taken = flat[stretches.index].astype(np.float64)
        if leak.known:
            taken -= stretches.spread(base[block] + leak.offset)
        if leak.known and leak.source != _RECORDED:
            own = stretches.index - np.repeat(steps.start[block], stretches.length)
            taken -= shape[own] * stretches.spread(family.size[block])
        # What no amplifier gives may be more than the smaller type holds.
        with np.errstate(over="ignore"):
            corrected[stretches.index] = taken
    return corrected


def _subthreshold(family: CurrentFamily) -> NDArray[np.bool_]:
    """Return the steps that open no channel: of the family's own column where it has any."""
    steps, size = family.steps, family.size
    low = steps.current <= SUBTHRESHOLD_MV + LEVEL_GRAIN_MV
    low |= (size < 0) & (steps.current <= HYPERPOLARISED_MV + LEVEL_GRAIN_MV)
    rows = family.measured & low & (np.abs(size) >= MIN_SIZE_MV) & steps.from_holding
    columns = np.unique(steps.order[family.activation])
    return rows & np.isin(steps.order, columns) if columns.size else rows


def _regressed(
    family: CurrentFamily, rows: NDArray[np.bool_], charging: Charging | None, blank: float, settled: float
) -> Leak:
    steps, size, flat = family.steps, family.size[rows], family.current.ravel()
    start, stop = steps.start[rows], steps.stop[rows]
    # Past the time of a Na current, of which a trace may open at -60 mV.
    waited = np.maximum(((stop - start) * WAITED_SHARE).astype(np.int64), round(settled * family.per_ms))
    begin = np.minimum(start + waited, stop - 1)
    end = np.minimum(begin + np.maximum(((stop - start) * EARLY_SHARE).astype(np.int64), 1), stop)
    base = family.baseline()[rows]
    early = stretch_mean(flat, begin, end) - base
    late = stretch_mean(flat, stop - np.maximum((stop - start) // 10, 1), stop) - base
    good = np.isfinite(early) & np.isfinite(late)
    power = float(size[good] @ size[good])
    conductance, error, offset = _line(size[good], early[good])
    count = int(good.sum())
    first, final = (float(size[good] @ each[good]) / max(power, 1e-12) for each in (early, late))
    sag = final - first > max(SAG_SHARE * abs(first), 3.0 * float(np.nan_to_num(error)))
    levels = steps.current[rows]
    if family.subtracted:
        return Leak(0.0, 0.0, 0.0, _RECORDED, None, blank, settled, bool(sag))
    span = f"{levels.min():g} mV" if np.ptp(levels) < LEVEL_GRAIN_MV else f"{levels.min():g} to {levels.max():g} mV"
    said = f"Linear leak of {conductance:.3g} nS from {count} step{'s' * (count > 1)} to {span}, just after charging."
    if abs(offset) >= WORTH_SAYING_PA:
        said += f" Its line passes {offset:+.0f} pA off the holding current."
    return Leak(conductance, error, offset, said, charging, blank, settled, bool(sag))


def _line(size: FloatArray, current: FloatArray) -> tuple[float, float, float]:
    """Return slope in nS, its standard error, and the offset at no step, which is 0 unless it is certain."""
    power = max(float(size @ size), 1e-12)
    through = float(size @ current) / power
    left = current - through * size
    error = float(np.sqrt(left @ left / (size.size - 1) / power)) if size.size > 1 else float("nan")
    if np.unique(np.round(size)).size < LINE_LEVELS or np.ptp(size) < LINE_SPAN_MV:
        return through, error, 0.0
    away = size - size.mean()
    slope = float(away @ current / (away @ away))
    offset = float(current.mean() - slope * size.mean())
    left = current - offset - slope * size
    variance = float(left @ left) / (size.size - 2)
    certain = abs(offset) > CERTAIN * np.sqrt(variance * (1.0 / size.size + size.mean() ** 2 / (away @ away)))
    return (slope, float(np.sqrt(variance / (away @ away))), offset) if certain else (through, error, 0.0)


def _from_test(family: CurrentFamily, test: MembraneTest | None) -> Leak:
    """Return the leak that the membrane test shows, with the charging of its own mean."""
    if test is None or test.fit is None or not np.isfinite(test.total):
        return unknown_leak(_RECORDED if family.subtracted else "")
    blank, settled = _lasts(test.time, test.mean, test.fit, LEFT_SHARE * float(np.abs(test.mean).max()))
    if family.subtracted:
        return Leak(0.0, 0.0, 0.0, _RECORDED, None, blank, settled, False)
    said = "Linear leak from the membrane test, for want of subthreshold steps."
    spread = 1.0 / float(np.linalg.norm(family.size[test.rows]))
    return Leak(1e3 / test.total, float("nan"), 0.0, said, test.fit, blank, settled, False, spread)


def _lasts(time: FloatArray, mean: FloatArray, charging: Charging | None, limit: float) -> tuple[float, float]:
    """Return when currents can be looked for, and when the charging is over, in ms.

    What is left of the charging may hide an inward current until it is down to a tenth; what would look like one,
    scaled to the largest step, must have gone below the noise. A fitted charging is subtracted first.
    """
    step, after = float(time[1] - time[0]), time >= 0
    left = _smooth(mean[after] - mean[after][-max(1, int(after.sum()) // 4) :].mean(), step)
    settled = _calm(left, step, limit, limit)
    blank = _calm(left, step, *[max(BLANK_SHARE * float(np.abs(left).max()), limit)] * 2)
    if charging is not None:
        left = _smooth(mean[after] - charging.at(time[after]), step)
        # One sample more: at the edge itself no fit is exact.
        blank = max(charging.onset + RISE_CORNERS / charging.corner, 0.0) + step
    blank += _calm(left[min(round(blank / step), left.size - 1) :], step, np.inf, limit)
    return max(blank, step), max(blank, settled, step)


def _smooth(values: FloatArray, step: float) -> FloatArray:
    """Return the running mean over a quarter of a ms, whose noise is lower."""
    from scipy.ndimage import uniform_filter1d

    smooth: FloatArray = uniform_filter1d(values, max(1, round(SMOOTHED_MS / step)), mode="nearest")
    return smooth


def _calm(left: FloatArray, step: float, above: float, below: float) -> float:
    """Return after how many ms a current first stays within limits for a quarter of a ms.

    What comes later is no charging: channels may have opened.
    """
    held = max(1, round(SMOOTHED_MS / step))
    beyond = np.cumsum(np.concatenate([[0], (left > above) | (left < -below)]))
    last = np.minimum(np.arange(left.size) + held, left.size)
    calm = np.flatnonzero(beyond[last] == beyond[:-1])
    return float(calm[0]) * step if calm.size else left.size * step
