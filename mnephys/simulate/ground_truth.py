"""What is true of a simulated neuron, measured on its noise-free, finely stepped membrane potential.

Written apart from the feature core and plainly, so that the two can be held against each other.
The definitions are the settled ones of the project: threshold at dV/dt = 10 mV/ms, amplitude from
threshold, half-width at (threshold + peak) / 2.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mnephys.simulate.neuron import Neuron, resting_potential, steady_state_current

__all__ = ["ActionPotential", "Passive", "action_potentials", "passive_properties", "steady_state_resistance"]

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class ActionPotential:
    """One true action potential.

    Parameters
    ----------
    threshold_time : float
        In s from the start of the sweep.
    threshold_voltage : float
        In mV.
    peak_time : float
        In s from the start of the sweep.
    peak_voltage, amplitude : float
        In mV; the amplitude is from threshold to peak.
    half_width : float or None
        In ms at (threshold + peak) / 2; None where the membrane does not fall to that level before
        the threshold of the next action potential or the end of the trace.
    max_upstroke : float
        In mV/ms.
    threshold_slope : float
        The dV/dt in mV/ms that defined the threshold: 10, or 5 % of `max_upstroke` where that is less than 10.
    threshold_at_break : bool
        True where dV/dt jumped over that value with the injected current: the amplitude then holds
        the charging of the membrane too.
    """

    threshold_time: float
    threshold_voltage: float
    peak_time: float
    peak_voltage: float
    amplitude: float
    half_width: float | None
    max_upstroke: float
    threshold_slope: float
    threshold_at_break: bool


@dataclass(frozen=True, slots=True)
class Passive:
    """True passive properties.

    Parameters
    ----------
    resting_potential : float
        In mV, without injected current.
    input_resistance : float
        In MOhm: slope of the steady state within about 1 mV of rest.
    capacitance : float
        In pF.
    """

    resting_potential: float
    input_resistance: float
    capacitance: float


def action_potentials(
    voltage: ArrayLike,
    sampling_rate: float,
    *,
    breaks: Sequence[int] = (),
    slope: float = 10.0,
    min_upstroke: float = 1.0,
) -> list[ActionPotential]:
    """Find every regenerative rise of one noise-free trace, small ones too.

    It is a rise to a local maximum whose dV/dt accelerates to a maximum on the way. Charging by a
    step of current only ever slows down, so it is never taken for one; which rises are large enough
    to be called action potentials is left to the caller, who reads `amplitude`.

    Parameters
    ----------
    voltage : array_like, shape (n_steps,)
        Membrane potential in mV, without noise.
    sampling_rate : float
        Steps per second; 100 kHz or more deserves to be called a truth.
    breaks : sequence of int
        Steps at which the injected current changes: dV/dt jumps there without accelerating.
    slope : float
        dV/dt in mV/ms that defines the threshold.
    min_upstroke : float
        Rises that never get as fast as this many mV/ms are slow returns to rest, not regenerative.

    Returns
    -------
    list of ActionPotential
        In order of time.

    Examples
    --------
    >>> t = np.arange(0, 0.02, 1e-5)
    >>> gaussian = -60 + 80 * np.exp(-((t - 0.01) ** 2) / (2 * 0.001**2))
    >>> [ap] = action_potentials(gaussian, 1e5)
    >>> round(ap.peak_voltage, 3), round(ap.peak_time, 5), round(ap.max_upstroke, 1)
    (20.0, 0.01, 48.5)
    """
    v = np.asarray(voltage, dtype=np.float64)
    dvdt = np.diff(v) * sampling_rate / 1000
    peaks = np.flatnonzero((dvdt[:-1] > 0) & (dvdt[1:] <= 0)) + 1
    accelerating = np.concatenate([[False], (dvdt[1:-1] > dvdt[:-2]) & (dvdt[1:-1] >= dvdt[2:]), [False]])
    # At a break dV/dt jumps: the step before and the step after are no maxima of their own making.
    accelerating[[i for b in breaks for i in (b - 1, b) if 0 <= i < accelerating.size]] = False
    accelerating[dvdt < min_upstroke] = False
    falling = np.flatnonzero(dvdt <= 0)
    rises = []
    for peak in peaks:
        before = falling[falling < peak - 1]
        start = before[-1] + 1 if before.size else 0
        candidates = start + np.flatnonzero(accelerating[start:peak])
        if candidates.size == 0:
            continue
        upstroke = int(candidates[np.argmax(dvdt[candidates])])
        # The end of a step turns the slow ramp to the next action potential into a peak of its own.
        cut = any(abs(peak - b) <= 1 for b in breaks) and dvdt[upstroke] < slope
        if not cut:
            rises.append((_threshold(dvdt, upstroke, slope), upstroke, int(peak)))
    ends = [int(place) for (place, _), _, _ in rises[1:]] + [v.size - 1] * bool(rises)
    return [_describe(v, dvdt, sampling_rate, *rise, end, set(breaks)) for rise, end in zip(rises, ends, strict=True)]


def _threshold(dvdt: Floats, upstroke: int, slope: float) -> tuple[float, float]:
    """Walk back from the upstroke; return the place of the last crossing, in steps, and the slope crossed."""
    level = slope if dvdt[upstroke] >= slope else 0.05 * dvdt[upstroke]
    below = np.flatnonzero(dvdt[:upstroke] < level)
    if below.size == 0:
        return 0.0, level
    last = below[-1]
    part = (level - dvdt[last]) / (dvdt[last + 1] - dvdt[last])
    # A difference belongs to the middle of its two steps.
    return float(last + part + 0.5), float(level)


def _describe(
    v: Floats,
    dvdt: Floats,
    sampling_rate: float,
    threshold: tuple[float, float],
    upstroke: int,
    peak: int,
    end: int,
    breaks: set[int],
) -> ActionPotential:
    """Measure one rise whose fall may last until step `end`."""
    place, level = threshold
    steps = np.arange(v.size)
    threshold_voltage = float(np.interp(place, steps, v))
    half = (threshold_voltage + v[peak]) / 2
    up = np.flatnonzero(v[:peak] < half)
    down = np.flatnonzero(v[peak : end + 1] < half)
    width = None
    if up.size and down.size:
        i, j = up[-1], peak + down[0] - 1
        left = i + (half - v[i]) / (v[i + 1] - v[i])
        right = j + (half - v[j]) / (v[j + 1] - v[j])
        width = float((right - left) / sampling_rate * 1000)
    return ActionPotential(
        threshold_time=place / sampling_rate,
        threshold_voltage=threshold_voltage,
        peak_time=peak / sampling_rate,
        peak_voltage=float(v[peak]),
        amplitude=float(v[peak] - threshold_voltage),
        half_width=width,
        max_upstroke=float(dvdt[upstroke]),
        threshold_slope=level,
        threshold_at_break=round(place) in breaks,
    )


def passive_properties(neuron: Neuron) -> Passive:
    """Return rest and small-signal input resistance, exactly, from the steady-state current.

    A potential held for ever needs the steady-state current, so the slope of the steady state is
    known without integrating: 2 mV over the difference of the currents at 1 mV either side of rest.

    Parameters
    ----------
    neuron : Neuron
        The neuron.

    Returns
    -------
    Passive
        Its true passive properties.

    Raises
    ------
    ValueError
        If it has no resting potential.

    Examples
    --------
    >>> passive_properties(Neuron(capacitance=50.0, leak=2.0, leak_reversal=-65.0))
    Passive(resting_potential=-65.0, input_resistance=500.0, capacitance=50.0)
    """
    rest = resting_potential(neuron)
    below, above = steady_state_current(neuron, [rest - 1.0, rest + 1.0])
    return Passive(rest, float(round(2000.0 / (above - below), 9)), neuron.capacitance)


def steady_state_resistance(
    rest: float, steady: ArrayLike, levels: ArrayLike, *, largest: float = 20.0
) -> float | None:
    """Return the input resistance that a family of steps shows.

    It differs from the small-signal one where the membrane rectifies, and is what an analysis of the
    recording should find.

    Parameters
    ----------
    rest : float
        Resting potential in mV.
    steady : array_like, shape (n_sweeps,)
        Noise-free steady state during each step that evokes nothing, in mV.
    levels : array_like, shape (n_sweeps,)
        Current of each of those steps in pA.
    largest : float
        Largest deflection in mV that counts.

    Returns
    -------
    float or None
        Slope of the least-squares line in MOhm; None where fewer than two currents count.

    Examples
    --------
    >>> steady_state_resistance(-65.0, [-90.0, -75.0, -70.0, -65.0], [-50.0, -20.0, -10.0, 0.0])
    500.0
    """
    voltage, current = np.asarray(steady, dtype=np.float64), np.asarray(levels, dtype=np.float64)
    small = np.abs(voltage - rest) <= largest
    voltage, current = voltage[small], current[small]
    if np.unique(current).size < 2:
        return None
    away = current - current.mean()
    return float(1000 * (away @ voltage) / (away @ away))
