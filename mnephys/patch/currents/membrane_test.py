"""The membrane test: series resistance, membrane resistance and capacitance from small voltage steps.

Small steps (1 to 20 mV from holding, hyperpolarising where there are such) of the most frequent length are
averaged per mV, their onsets and, turned over, their ends. `charging` fits the mean; then

    Rs = 1 / g(T),   Rm = 1 / g_steady - Rs,   Cm = Q ((Rs + Rm) / Rm)^2,

with Q the charge per mV under the exponential terms and g_steady the current of the last quarter of the step
against the baselines before and after it. For one term, Cm is tau (1 / Rs + 1 / Rm). Of a cell with dendrites it is
the capacitance of the membrane that follows the clamp (Taylor 2011, doi:10.1007/s10827-011-0346-8).
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from mnephys.measurement import Status
from mnephys.patch.currents.charging import GROUP_DELAY, Charging, fit_charging, scaled_rows
from mnephys.patch.currents.family import LEVEL_GRAIN_MV, CurrentFamily
from mnephys.patch.segments import stretch_mean
from mnephys.recording import FloatArray, IntArray

__all__ = ["MembraneTest", "run_membrane_test"]

LARGEST_STEP_MV = 20.0
SMALLEST_STEP_MV = 1.0
SUBTHRESHOLD_MV = -60.0
BEFORE_MS = 5.0
AFTER_MS = 100.0
MIN_BASELINE = 3
MIN_SIGNAL = 10.0
REVERSED_SHARE = 0.2
MAX_RESIDUAL = 0.05
MAX_OPEN = 0.1
MIN_TAU_SAMPLES = 0.7
MAX_CONDUCTANCE_NS = 1e4
MIN_AFTER = 8
COARSE_SHARE = 0.55


@dataclass(frozen=True, slots=True)
class MembraneTest:
    """What the small steps say.

    Parameters
    ----------
    rows : ndarray, int, shape (n,)
        The rows of the family's steps that were used.
    size : float
        Their median size in mV.
    total : float
        Series and membrane resistance together in MOhm; NaN where the current does not follow the step.
    time : ndarray, float, shape (n_samples,)
        In ms after the step.
    mean : ndarray, float, shape (n_samples,)
        Mean response in nS.
    fit : Charging or None
        Of the mean; None where it was refused.
    status : Status
        ``ok`` where it was measured.
    reason : str
        Why not, else empty.
    both_edges : bool
        Whether the ends of the steps could be used too.
    series, membrane, capacitance : float
        Of the mean, in MOhm, MOhm and pF; NaN where refused.
    charge_capacitance : float
        Capacitance from the area under the current, without a fit, in pF.
    each_series, each_membrane, each_capacitance : ndarray, float, shape (n,)
        The same for every row.
    """

    rows: IntArray
    size: float
    total: float
    time: FloatArray
    mean: FloatArray
    fit: Charging | None
    status: Status
    reason: str
    both_edges: bool
    series: float
    membrane: float
    capacitance: float
    charge_capacitance: float
    each_series: FloatArray
    each_membrane: FloatArray
    each_capacitance: FloatArray

    @property
    def ok(self) -> bool:
        """Whether series resistance and capacitance were measured."""
        return self.status is Status.OK

    @property
    def remark(self) -> str:
        """What a reader of the numbers should know; empty where nothing was fitted."""
        if self.fit is None:
            return ""
        edges = "both edges" if self.both_edges else "the onsets"
        said = f"Fit to {edges} of {self.rows.size} steps of {self.size:g} mV, drawn back to the step's instant"
        said += f" behind a low-pass of {self.fit.corner:.2g} kHz."
        if self.fit.taus.size > 1:
            slow, fast = self.fit.taus[:2]
            said += f" The decay has two time constants, {fast:.2g} and {slow:.2g} ms, as with dendrites: "
            said += f"a single one leaves {self.fit.single_residual:.1%}."
        if self.fit.corner * (self.time[1] - self.time[0]) > COARSE_SHARE:
            said += " The sampling is coarse for this filter, so that the instant is uncertain."
        return said


def run_membrane_test(family: CurrentFamily) -> MembraneTest | None:
    """Measure series resistance, membrane resistance and capacitance.

    Parameters
    ----------
    family : CurrentFamily
        A recording with its steps.

    Returns
    -------
    MembraneTest or None
        With a status and a reason where the steps allow no fit; None where there is no small step.
    """
    rows = _test_rows(family)
    if not rows.size:
        return None
    steps, size = family.steps, family.size[rows]
    total = _steady(family, rows)
    before, after, back = _reach(family, rows)
    blank = np.full(rows.size, np.nan)
    time = (np.arange(-before, after)) / family.per_ms
    pieces = family.windows(steps.start[rows], before, after)
    if back:
        ends = family.windows(steps.stop[rows], before, after)
        pieces = (_settled(pieces, before) - _settled(ends, before)) / 2.0
    else:
        pieces = _settled(pieces, before)
    good = np.isfinite(pieces).all(axis=1)
    weight = np.where(good, size, 0.0)
    mean = weight @ np.nan_to_num(pieces) / max(float(weight @ weight), 1e-12)
    if good.any():
        status, reason, fit = _judged(family, time, mean, before, after)
    else:
        status, reason, fit = Status.BAD_INPUT, "The test steps hold samples that are not numbers.", None
    usable = weight * np.isfinite(total)
    steady = float(usable @ (np.nan_to_num(total) * size)) / max(float(usable @ size), 1e-12)
    whole = MembraneTest(
        rows=rows,
        size=float(np.median(size)),
        total=1e3 / steady if steady > 0 else float("nan"),
        time=time,
        mean=mean,
        fit=fit,
        status=status,
        reason=reason,
        both_edges=back,
        series=float("nan"),
        membrane=float("nan"),
        capacitance=float("nan"),
        charge_capacitance=float("nan"),
        each_series=blank,
        each_membrane=blank,
        each_capacitance=blank,
    )
    return whole if fit is None else _computed(whole, fit, pieces / size[:, np.newaxis], total)


def _test_rows(family: CurrentFamily) -> IntArray:
    """Return the small steps from holding that were given most often in one length."""
    steps, size = family.steps, family.size
    small = (np.abs(size) >= SMALLEST_STEP_MV) & (np.abs(size) <= LARGEST_STEP_MV + LEVEL_GRAIN_MV)
    rows = family.measured & small & steps.from_holding
    down = rows & (size < 0)
    rows = down if down.any() else rows & (steps.current <= SUBTHRESHOLD_MV + LEVEL_GRAIN_MV)
    if not rows.any():
        return np.flatnonzero(rows)
    lengths, count = np.unique(steps.stop[rows] - steps.start[rows], return_counts=True)
    return np.flatnonzero(rows & (steps.stop - steps.start == lengths[::-1][np.argmax(count[::-1])]))


def _reach(family: CurrentFamily, rows: IntArray) -> tuple[int, int, bool]:
    """Return the samples before and after the edges that all rows have, and whether their ends have them too."""
    steps = family.steps
    length = steps.stop - steps.start
    following = np.minimum(rows + 1, len(steps) - 1)
    same = (following > rows) & (steps.sweep[following] == steps.sweep[rows]) & ~steps.ramp[following]
    returns = same & np.isclose(steps.current[following], steps.before[rows], atol=LEVEL_GRAIN_MV)
    after = int(min(length[rows].min(), round(AFTER_MS * family.per_ms)))
    before = int(min(length[rows - 1].min(), length[rows].min() // 2, round(BEFORE_MS * family.per_ms)))
    room = int(length[following].min())
    back = bool(returns.all()) and room >= min(after, round(0.2 * after) + MIN_AFTER)
    return before, min(after, room) if back else after, back


def _settled(pieces: FloatArray, before: int) -> FloatArray:
    """Return the pieces relative to their baseline; the last sample before an edge may already move."""
    last = max(before - 1, 1)
    settled: FloatArray = pieces - pieces[:, :last].mean(axis=1, keepdims=True) if before else pieces
    return settled


def _steady(family: CurrentFamily, rows: IntArray) -> FloatArray:
    """Return the conductance of every step's last quarter against the baselines before and after, in nS."""
    steps, flat = family.steps, family.current.ravel()
    length = steps.stop[rows] - steps.start[rows]
    quarter = np.maximum(length // 4, 1)
    late = stretch_mean(flat, steps.stop[rows] - quarter, steps.stop[rows])
    change = late - family.baseline()[rows]
    following = np.minimum(rows + 1, len(steps) - 1)
    returns = (steps.sweep[following] == steps.sweep[rows]) & (following > rows)
    returns &= np.isclose(steps.current[following], steps.before[rows], atol=LEVEL_GRAIN_MV)
    returns &= steps.stop[following] - steps.start[following] >= length
    # The holding current drifts: what follows the step is as good a baseline as what comes before it.
    end = np.where(returns, steps.stop[rows] + length, 0)
    later = stretch_mean(flat, np.maximum(end - quarter, 0), end)
    change = np.where(returns, (change + late - later) / 2.0, change)
    conductance: FloatArray = change / family.size[rows]
    return conductance


def _judged(
    family: CurrentFamily, time: FloatArray, mean: FloatArray, before: int, after: int
) -> tuple[Status, str, Charging | None]:
    """Return the fit, or why there is none."""
    status, reason = _no_charging(mean, before, after)
    fit = None if reason else fit_charging(time, mean, family.corner)
    if not reason:
        status, reason = _no_decay(fit, float(time[1] - time[0]))
    return status, reason, None if reason else fit


def _no_charging(mean: FloatArray, before: int, after: int) -> tuple[Status, str]:
    """Return why the mean response shows no charging of a membrane."""
    if before < MIN_BASELINE or after < MIN_AFTER:
        why = f"The test step has {before} samples before and {after} after its edge, which is too few."
        return Status.TOO_FEW_EVENTS, why
    tail = mean[-max(1, after // 4) :].mean()
    transient = mean[before:] - tail
    noise = float(np.std(mean[: before - 1]) + np.std(np.diff(mean[-max(2, after // 4) :])) / np.sqrt(2))
    high, low = float(transient.max()), float(-transient.min())
    if max(high, low) <= MIN_SIGNAL * noise:
        why = "No charging of the membrane stands out at the test steps: there is no cell, or it was compensated."
        return Status.NOT_APPLICABLE, why
    # The first samples may still show the level before the step.
    first = int(np.argmax(np.abs(transient[1:]) > 0.5 * max(high, low))) + 1
    if low > REVERSED_SHARE * high and (transient[first] < 0 or transient[first:].min() < -REVERSED_SHARE * high):
        why = "The current at the test steps swings to both sides, as compensation of the capacitance leaves it."
        return Status.NOT_APPLICABLE, why
    return Status.OK, ""


def _no_decay(fit: Charging | None, step: float) -> tuple[Status, str]:
    """Return why a fit is no measurement."""
    if fit is None or not 0 < fit.initial < MAX_CONDUCTANCE_NS or (fit.amplitudes <= 0).any():
        return Status.BAD_INPUT, "The charging at the test steps is no exponential decay."
    if fit.residual > MAX_RESIDUAL:
        why = f"The charging at the test steps is no exponential decay: the fit leaves {fit.residual:.0%} of the peak."
        return Status.BAD_INPUT, why
    if fit.error > MAX_OPEN or fit.taus.min() < MIN_TAU_SAMPLES * step:
        why = f"The membrane charges in {fit.taus.min():.2g} ms, too fast for one sample every {step:.2g} ms."
        return Status.BAD_INPUT, why
    return Status.OK, ""


def _computed(test: MembraneTest, fit: Charging, pieces: FloatArray, total: FloatArray) -> MembraneTest:
    """Return the test with its numbers."""
    series = 1e3 / fit.initial
    membrane = test.total - series
    if not membrane > 0:
        why = "The steady current at the test steps does not follow them, so that there is no membrane resistance."
        return replace(test, status=Status.BAD_INPUT, reason=why, fit=None)
    lost = (test.total / membrane) ** 2
    step = float(test.time[1] - test.time[0])
    after = test.time > fit.onset - step
    window = after & (test.time < fit.onset + 8 * fit.taus[0])
    # The filter delays the rise to the steady current but loses no charge.
    delay = GROUP_DELAY / (2 * np.pi * fit.corner)
    late = np.flatnonzero(window)
    area = float((test.mean[late] - fit.base - fit.steady).sum()) * step
    area += fit.steady * (fit.onset + delay - (test.time[late[0]] - step / 2))
    initial, charge = scaled_rows(test.time, pieces, fit)
    each_series = 1e3 / _positive_each(initial)
    each_membrane = 1e3 / _positive_each(total) - each_series
    share = np.divide(each_series, each_membrane, out=np.full(total.size, np.nan), where=each_membrane > 0)
    return replace(
        test,
        series=series,
        membrane=membrane,
        capacitance=fit.charge * lost,
        charge_capacitance=area * lost,
        each_series=each_series,
        each_membrane=np.where(each_membrane > 0, each_membrane, np.nan),
        each_capacitance=charge * (1.0 + share) ** 2,
    )


def _positive_each(values: FloatArray) -> FloatArray:
    return np.where(values > 0, values, np.nan)
