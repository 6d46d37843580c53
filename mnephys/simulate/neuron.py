"""The neuron: one isopotential compartment with Hodgkin-Huxley currents.

Units are those of the membrane equation: mV, ms, pA, nS, pF, so that nS x mV = pA and pA / pF = mV/ms.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, fields

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mnephys.simulate.kinetics import Kinetics, steady_states

__all__ = ["Membrane", "Neuron", "resting_potential", "steady_state_current"]

Floats = NDArray[np.float64]

_REST_SEARCH = (-120.0, 0.0)


@dataclass(frozen=True, slots=True)
class Neuron:
    """Parameters of one isopotential neuron.

    Parameters
    ----------
    capacitance : float
        Membrane capacitance in pF.
    leak, leak_reversal : float
        Leak conductance in nS and its reversal potential in mV.
    sodium, potassium : float
        Peak conductances in nS of transient sodium (m^3 h) and delayed-rectifier potassium (n^4).
    m_current : float
        Peak conductance in nS of the slow, non-inactivating potassium current.
    ahp : float
        Peak conductance in nS of the potassium current that each spike activates.
    h_current : float
        Peak conductance in nS of the hyperpolarisation-activated current (sag).
    sodium_reversal, potassium_reversal, h_reversal : float
        Reversal potentials in mV.
    kinetics : Kinetics
        Gate kinetics.

    Raises
    ------
    ValueError
        If the capacitance or the leak is not positive, or a conductance is negative or not finite.

    Examples
    --------
    >>> Neuron(capacitance=50.0, leak=2.0, leak_reversal=-65.0).sodium
    0.0
    """

    capacitance: float
    leak: float
    leak_reversal: float
    sodium: float = 0.0
    potassium: float = 0.0
    m_current: float = 0.0
    ahp: float = 0.0
    h_current: float = 0.0
    sodium_reversal: float = 55.0
    potassium_reversal: float = -90.0
    h_reversal: float = -35.0
    kinetics: Kinetics = field(default_factory=Kinetics)

    def __post_init__(self) -> None:
        if not (0 < self.capacitance < math.inf and 0 < self.leak < math.inf):
            raise ValueError(f"capacitance {self.capacitance} pF and leak {self.leak} nS need to be positive")
        peaks = (self.sodium, self.potassium, self.m_current, self.ahp, self.h_current)
        if not all(0 <= peak < math.inf for peak in peaks):
            raise ValueError(f"conductances {peaks} nS need to be finite and not negative")


@dataclass(frozen=True, slots=True)
class Membrane:
    """Conductances in nS and reversal potentials in mV of several neurons, each of shape (n_cells, 1).

    Parameters
    ----------
    leak, leak_reversal : ndarray, shape (n_cells, 1)
        Of the leak, as in `Neuron`.
    sodium, potassium, m_current, ahp, h_current : ndarray, shape (n_cells, 1)
        Peak conductances, as in `Neuron`.
    sodium_reversal, potassium_reversal, h_reversal : ndarray, shape (n_cells, 1)
        Reversal potentials, as in `Neuron`.
    """

    leak: Floats
    leak_reversal: Floats
    sodium: Floats
    potassium: Floats
    m_current: Floats
    ahp: Floats
    h_current: Floats
    sodium_reversal: Floats
    potassium_reversal: Floats
    h_reversal: Floats

    @classmethod
    def of(cls, neurons: Sequence[Neuron]) -> Membrane:
        """Collect the parameters of neurons.

        Parameters
        ----------
        neurons : sequence of Neuron
            In order.

        Returns
        -------
        Membrane
            One row each.
        """
        return cls(**{f.name: np.array([[getattr(n, f.name)] for n in neurons]) for f in fields(cls)})

    def sums(self, gates: Floats) -> tuple[Floats, Floats]:
        """Return the total conductance and the sum of conductance x reversal potential.

        Parameters
        ----------
        gates : ndarray, shape (6, n_cells, n)
            Open probabilities, in the order of `GATES`.

        Returns
        -------
        tuple of ndarray, shape (n_cells, n)
            In nS and in pA.
        """
        m, h, n, p, z, q = gates
        sodium = self.sodium * (m * m * m * h)
        n_squared = n * n
        potassium = self.potassium * (n_squared * n_squared) + self.m_current * p + self.ahp * z
        cation = self.h_current * q
        driven = sodium * self.sodium_reversal + potassium * self.potassium_reversal
        driven += cation * self.h_reversal + self.leak * self.leak_reversal
        return sodium + potassium + cation + self.leak, driven


def steady_state_current(neuron: Neuron, voltage: ArrayLike) -> Floats:
    """Return the membrane current that holds the neuron at a potential for ever.

    Parameters
    ----------
    neuron : Neuron
        The neuron.
    voltage : array_like
        In mV, of any shape.

    Returns
    -------
    ndarray, float64, of the same shape
        In pA, outward positive: what has to be injected.

    Examples
    --------
    >>> float(steady_state_current(Neuron(50.0, 2.0, -65.0), -60.0))
    10.0
    """
    v = np.asarray(voltage, dtype=np.float64)
    gates = steady_states(v.reshape(1, -1), neuron.kinetics)
    conductance, driven = Membrane.of([neuron]).sums(gates)
    current: Floats = (conductance * v.reshape(1, -1) - driven).reshape(v.shape)
    return current


def resting_potential(neuron: Neuron) -> float:
    """Return the most negative stable potential without injected current.

    Parameters
    ----------
    neuron : Neuron
        The neuron.

    Returns
    -------
    float
        In mV.

    Raises
    ------
    ValueError
        If there is none between -120 and 0 mV.

    Examples
    --------
    >>> resting_potential(Neuron(50.0, 2.0, -65.0))
    -65.0
    """
    grid = np.linspace(*_REST_SEARCH, 2401)
    current = steady_state_current(neuron, grid)
    rising = np.flatnonzero((current[:-1] < 0) & (current[1:] >= 0))
    if rising.size == 0:
        raise ValueError(f"no resting potential between {_REST_SEARCH[0]:g} and {_REST_SEARCH[1]:g} mV")
    low, high = grid[rising[0]], grid[rising[0] + 1]
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if steady_state_current(neuron, middle) < 0 else (low, middle)
    return float(round(high, 12))
