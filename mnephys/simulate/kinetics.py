"""Gate kinetics of the simulated membrane currents.

Every gate is a first-order process: it relaxes towards its steady state with its time constant,
both functions of the membrane potential. Sources of the forms:

* transient sodium (`m`, `h`) and delayed-rectifier potassium (`n`): Hodgkin and Huxley 1952
  (10.1113/jphysiol.1952.sp004764) with the rate functions of Pospischil et al. 2008
  (10.1007/s00422-008-0263-8), which a single voltage `shift` moves along the voltage axis;
* slow non-inactivating potassium, M-type (`p`): Pospischil et al. 2008;
* spike-activated potassium of the slow afterhyperpolarisation (`z`): Ermentrout 1998
  (10.1162/089976698300017106);
* hyperpolarisation-activated cation current (`q`): Huguenard and McCormick 1992
  (10.1152/jn.1992.68.4.1373).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

__all__ = ["GATES", "Kinetics", "steady_states", "time_constants"]

GATES = ("m", "h", "n", "p", "z", "q")
"""Order of the gates in every array of this module."""

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Kinetics:
    """What distinguishes the gates of one neuron from those of another.

    Parameters
    ----------
    shift : float
        Voltage shift of `m`, `h` and `n` in mV; less negative means a more depolarised threshold.
    inactivation_shift : float
        Further shift of `h` alone in mV.
    rate : float
        Factor on the rates of `m`, `h` and `n`; 1 is 36 degC, a Q10 of 3 makes it 0.21 at 22 degC.
    m_current_tau : float
        Time constant of `p` in ms, 3.6 times its largest value, as the source writes it.
    ahp_half : float
        Half-activation of `z` in mV.
    ahp_tau : float
        Time constant of `z` in ms.
    """

    shift: float = -60.0
    inactivation_shift: float = 0.0
    rate: float = 1.0
    m_current_tau: float = 200.0
    ahp_half: float = -5.0
    ahp_tau: float = 100.0


def _linoid(x: Floats, scale: float) -> Floats:
    """Return x / (1 - exp(-x / scale)), continued through its removable pole at 0."""
    small = np.abs(x) < 1e-6
    safe = np.where(small, 1.0, x)
    return np.where(small, scale, safe / -np.expm1(-safe / scale))


def _fast_rates(voltage: Floats, kinetics: Kinetics) -> tuple[Floats, Floats]:
    """Opening and closing rates of m, h and n in 1/ms, each of shape (3, ...)."""
    v = voltage - kinetics.shift
    w = v - kinetics.inactivation_shift
    opening = np.stack([0.32 * _linoid(v - 13, 4), 0.128 * np.exp(-(w - 17) / 18), 0.032 * _linoid(v - 15, 5)])
    closing = np.stack(
        [0.28 * _linoid(40 - v, 5), 4 / (1 + np.exp(-(w - 40) / 5)), 0.5 * np.exp(-(v - 10) / 40)],
    )
    return opening * kinetics.rate, closing * kinetics.rate


def steady_states(voltage: ArrayLike, kinetics: Kinetics) -> Floats:
    """Return the steady state of every gate.

    Parameters
    ----------
    voltage : array_like
        Membrane potential in mV, of any shape.
    kinetics : Kinetics
        The neuron's gates.

    Returns
    -------
    ndarray, float64, shape (6, ...)
        Open probability of each of `GATES`, 0 to 1.

    Examples
    --------
    >>> m, h, *_ = steady_states([-90.0, 0.0], Kinetics())
    >>> bool(m[0] < 0.01 < 0.9 < m[1]), bool(h[1] < 0.01 < 0.9 < h[0])
    (True, True)
    """
    v = np.asarray(voltage, dtype=np.float64)
    opening, closing = _fast_rates(v, kinetics)
    slow = [
        1 / (1 + np.exp(-(v + 35) / 10)),
        1 / (1 + np.exp(-(v - kinetics.ahp_half) / 5)),
        1 / (1 + np.exp((v + 75) / 5.5)),
    ]
    return np.concatenate([opening / (opening + closing), np.stack(slow)])


def time_constants(voltage: ArrayLike, kinetics: Kinetics) -> Floats:
    """Return the time constant of every gate.

    Parameters
    ----------
    voltage : array_like
        Membrane potential in mV, of any shape.
    kinetics : Kinetics
        The neuron's gates.

    Returns
    -------
    ndarray, float64, shape (6, ...)
        In ms, for each of `GATES`.

    Examples
    --------
    >>> time_constants(-35.0, Kinetics(m_current_tau=430.0, ahp_tau=80.0))[3:5].round(3)
    array([100.,  80.])
    """
    v = np.asarray(voltage, dtype=np.float64)
    opening, closing = _fast_rates(v, kinetics)
    slow = [
        kinetics.m_current_tau / (3.3 * np.exp((v + 35) / 20) + np.exp(-(v + 35) / 20)),
        np.full_like(v, kinetics.ahp_tau),
        1 / (np.exp(-14.59 - 0.086 * v) + np.exp(-1.87 + 0.0701 * v)),
    ]
    return np.concatenate([1 / (opening + closing), np.stack(slow)])
