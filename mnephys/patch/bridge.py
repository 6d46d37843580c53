"""What the electrode adds to the response: the jump at an edge of the current that the bridge left over."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mnephys.patch.charging import Deflections, mean_response
from mnephys.patch.family import Family
from mnephys.patch.firing import step_firing
from mnephys.recording import FloatArray, IntArray

__all__ = ["BridgeJump", "bridge_jump", "ohmic_slope"]

SKIP_MS = 0.3
SHORTEST_MS = 1.0
LONGEST_MS = 8.0
WINDOW_SHARE = 0.4
CLEAR_BEFORE_MS = 20.0
PROBE_CURRENT_PA = 0.5
SMALL_DEFLECTION_MV = 20.0


@dataclass(frozen=True, slots=True)
class BridgeJump:
    """The voltage that appears at once when the current changes.

    Parameters
    ----------
    value, error : float
        Jump and its standard error in MOhm.
    deflection : float
        The whole steady response to the same steps in MOhm.
    largest : float
        Largest deflection that these steps bring, in mV.
    n_edges : int
        Onsets and offsets measured.
    hyperpolarising : bool
        Whether the steps hyperpolarise; of depolarising steps channels may open within the window.
    """

    value: float
    error: float
    deflection: float
    largest: float
    n_edges: int
    hyperpolarising: bool

    @property
    def share(self) -> float:
        """Part of the whole response that appears at once."""
        return abs(self.value / self.deflection) if self.deflection else float("inf")

    def certain(self, errors: float) -> bool:
        """Return whether the jump stands clear of chance and of channels.

        Parameters
        ----------
        errors : float
            How many standard errors it must exceed.

        Returns
        -------
        bool
            Never True of depolarising steps.
        """
        return self.hyperpolarising and abs(self.value) > errors * self.error


def bridge_jump(family: Family, deflections: Deflections) -> BridgeJump | None:
    """Measure the jump at the edges of steps.

    Parameters
    ----------
    family : Family
        A recording with its steps and action potentials.
    deflections : Deflections
        Its responses to steps.

    Returns
    -------
    BridgeJump or None
        None where no edge could be measured.

    Notes
    -----
    A membrane's voltage cannot jump, so a parabola on either side of an edge, begun 0.3 ms from it and
    led back to it, differs by the electrode's share alone, whatever channels do later. The parabolas
    span 0.4 x the time in which 63 % of the response is reached, at least 1 and at most 8 ms. Onsets
    and offsets of hyperpolarising steps count; depolarising ones do where there is no other. Edges with
    an action potential nearby are left out. The standard error is the larger of that from the scatter
    of the edges and that from the noise around the parabolas.
    """
    rows = _probing(deflections)
    if not rows.any():
        return None
    window = _window(family, deflections, rows)
    edge, change = _edges(family, deflections.row[rows], window)
    if not edge.size:
        return None
    jump, noise = _local_jumps(family.voltage.ravel(), edge, window, _samples(SKIP_MS, family.sampling_rate))
    finite = np.isfinite(jump)
    jump, change, noise = jump[finite], change[finite], noise[finite]
    if not jump.size:
        return None
    power = float(change @ change)
    value = float(change @ jump) / power
    left = jump - value * change
    scatter = float(left @ left) / max(jump.size - 1, 1) / power
    chance = float((change**2) @ noise) / power**2
    current = deflections.current[rows]
    moved = deflections.steady[rows] - deflections.baseline[rows]
    return BridgeJump(
        value=1000.0 * value,
        error=1000.0 * float(np.sqrt(max(scatter, chance))),
        deflection=1000.0 * float(current @ moved / (current @ current)),
        largest=float(np.abs(moved).max()),
        n_edges=int(jump.size),
        hyperpolarising=bool((current < 0).all()),
    )


def ohmic_slope(family: Family, rows: NDArray[np.bool_], *, residual: float) -> tuple[float, float]:
    """Return how steeply the steady state follows the current, if it does so like a resistor.

    Parameters
    ----------
    family : Family
        A recording with its steps.
    rows : ndarray, bool, shape (n_rows,)
        Rows of `family.steps` to look at.
    residual : float
        Share of the span of the steady states within which half of them lie of a straight line.

    Returns
    -------
    slope : float
        In mV/pA; NaN where the response is no straight line.
    highest : float
        The highest steady state in mV; NaN with the slope.

    Notes
    -----
    A line through the medians of the lowest and the highest third; straight is where half of the steady
    states lie within `residual` of their whole span of it. Neither noise nor a few odd sweeps move that.
    """
    late, current = step_firing(family).late_voltage[rows], family.steps.current[rows]
    known = np.isfinite(late) & np.isfinite(current)
    late, current = late[known], current[known]
    if late.size < 3 or np.ptp(current) == 0:
        return float("nan"), float("nan")
    by = np.argsort(current, kind="stable")
    late, current = late[by], current[by]
    third = max(late.size // 3, 1)
    low, high = slice(None, third), slice(-third, None)
    run = float(np.median(current[high]) - np.median(current[low]))
    if run <= 0:
        return float("nan"), float("nan")
    slope = float(np.median(late[high]) - np.median(late[low])) / run
    left = late - slope * current
    if np.median(np.abs(left - np.median(left))) > residual * np.ptp(late):
        return float("nan"), float("nan")
    return slope, float(late.max())


def _samples(milliseconds: float, sampling_rate: float) -> int:
    return max(1, round(milliseconds / 1000.0 * sampling_rate))


def _probing(deflections: Deflections) -> NDArray[np.bool_]:
    """Return the hyperpolarising steps, or, without any, the small depolarising ones, or all of these."""
    moved = np.abs(deflections.steady - deflections.baseline)
    known = np.isfinite(moved)
    down = known & (deflections.current < -PROBE_CURRENT_PA)
    if down.any():
        return down
    up = known & (deflections.current > PROBE_CURRENT_PA)
    small = up & (moved <= SMALL_DEFLECTION_MV)
    return small if small.any() else up


def _window(family: Family, deflections: Deflections, rows: NDArray[np.bool_]) -> int:
    """Return how many samples from an edge the membrane bends little enough for a parabola."""
    rate = family.sampling_rate
    response = mean_response(family, deflections, rows)
    width = _samples(SHORTEST_MS, rate)
    total = np.cumsum(np.concatenate([[0.0], response]))
    smooth = (total[width:] - total[:-width]) / width
    steady = float(smooth[-max(smooth.size // 10, 1) :].mean())
    reached = int(np.argmax(smooth * np.sign(steady) >= (1.0 - np.exp(-1.0)) * abs(steady)))
    span = np.clip(WINDOW_SHARE * reached, width, _samples(LONGEST_MS, rate))
    return int(max(span, _samples(SKIP_MS, rate) + 6))


def _edges(family: Family, row: IntArray, window: int) -> tuple[IntArray, FloatArray]:
    """Return the flat samples of the clean edges of steps and the change of current there, in pA."""
    steps = family.steps
    following = np.minimum(row + 1, len(steps) - 1)
    released = row[(following != row) & (steps.sweep[following] == steps.sweep[row]) & ~steps.ramp[following]]
    after = np.concatenate([row, released + 1])
    before = after - 1
    change = steps.current[after] - steps.current[before]
    room = np.minimum(steps.stop[before] - steps.start[before], steps.stop[after] - steps.start[after]) > window
    plain = room & (np.abs(change) > PROBE_CURRENT_PA) & ~steps.ramp[before]
    edge, change = steps.start[after][plain], change[plain]
    sweep = np.asarray(family.aps["sweep"], dtype=np.int64)
    peak_time = np.asarray(family.aps["peak_time"], dtype=np.float64)
    peak = np.sort(sweep * steps.n_samples + peak_time * family.sampling_rate)
    clear = _samples(CLEAR_BEFORE_MS, family.sampling_rate)
    # An upstroke begins before its peak, so an action potential just behind the window counts too.
    quiet = np.searchsorted(peak, edge - clear) == np.searchsorted(peak, edge + window + clear // 4)
    return edge[quiet], change[quiet]


def _local_jumps(flat: FloatArray, edge: IntArray, window: int, skip: int) -> tuple[FloatArray, FloatArray]:
    """Return the jump at each edge in mV and the variance that the noise around the parabolas gives it."""
    after = np.arange(skip, window)
    before = -after - 1
    jump, variance = np.zeros(edge.size), np.zeros(edge.size)
    for sign, at in ((1.0, after), (-1.0, before)):
        design = np.vander(at / window, 3)
        values = flat[edge[:, np.newaxis] + at].astype(np.float64)
        coefficients = values @ np.linalg.pinv(design).T
        rest = values - coefficients @ design.T
        gain = float(np.linalg.inv(design.T @ design)[-1, -1])
        jump += sign * coefficients[:, -1]
        variance += gain * (rest**2).sum(axis=1) / max(at.size - 3, 1)
    return jump, variance
