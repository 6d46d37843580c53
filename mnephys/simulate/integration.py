"""Integration of the membrane equation, many cells and sweeps at once."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mnephys.simulate.kinetics import GATES, steady_states, time_constants
from mnephys.simulate.neuron import Membrane, Neuron, resting_potential

__all__ = ["MAX_STEP", "FineTraces", "integrate", "substeps"]

MAX_STEP = 1e-5
"""Longest integration step in s."""

Floats = NDArray[np.float64]

_TABLE_START, _TABLE_STOP, _TABLE_STEP = -250.0, 250.0, 0.1


@dataclass(frozen=True, slots=True)
class FineTraces:
    """Noise-free membrane potentials at the integration step: the truth of a simulation.

    Parameters
    ----------
    voltage : ndarray, float64, shape (n_cells, n_sweeps, n_steps)
        Membrane potential in mV; step `j` is at time `j / sampling_rate`.
    sampling_rate : float
        Steps per second.
    """

    voltage: Floats
    sampling_rate: float


def substeps(sampling_rate: float, max_step: float = MAX_STEP) -> int:
    """Return how many integration steps make one sample: the least odd number that keeps to `max_step`.

    Odd, because then a window of one sample can be centred on a step (see `record`).

    Parameters
    ----------
    sampling_rate : float
        In Hz.
    max_step : float
        In s.

    Returns
    -------
    int
        Odd.

    Raises
    ------
    ValueError
        If either is not finite and positive.

    Examples
    --------
    >>> substeps(20000.0), substeps(10000.0), substeps(200000.0)
    (5, 11, 1)
    """
    if not (0 < sampling_rate < math.inf and 0 < max_step < math.inf):
        raise ValueError(f"sampling_rate {sampling_rate} Hz and max_step {max_step} s need to be positive")
    least = math.ceil(1 / (sampling_rate * max_step) - 1e-9)
    return least + 1 - least % 2


def integrate(
    neurons: Sequence[Neuron], current: ArrayLike, sampling_rate: float, *, max_step: float = MAX_STEP
) -> FineTraces:
    """Integrate the membrane equation of all cells and sweeps at once.

    Each sweep starts at the resting potential. Gates take the exponential step of Rush and Larsen
    1978 (10.1109/TBME.1978.326270), half a step ahead of the membrane potential, which takes the
    exponential step of its momentary linear equation: second order in the step. The steady states
    and decay factors of the gates come from tables every 0.1 mV, read with linear interpolation.

    Parameters
    ----------
    neurons : sequence of Neuron
        One per cell.
    current : array_like, shape (n_cells, n_sweeps, n_samples)
        Injected current in pA, each sample held until the next.
    sampling_rate : float
        Of `current`, in Hz.
    max_step : float
        Longest integration step in s.

    Returns
    -------
    FineTraces
        With `substeps(sampling_rate, max_step)` steps per sample, the first at the first sample.

    Raises
    ------
    ValueError
        If shapes disagree, a current is not finite, or a cell has no resting potential.

    Examples
    --------
    >>> passive = Neuron(capacitance=100.0, leak=10.0, leak_reversal=-70.0)
    >>> traces = integrate([passive], np.full((1, 1, 2000), 100.0), 20000.0)
    >>> float(traces.voltage[0, 0, 5000].round(3)), traces.voltage.shape
    (-60.067, (1, 1, 10000))
    """
    injected = np.asarray(current, dtype=np.float64)
    if injected.ndim != 3 or injected.shape[0] != len(neurons) or injected.size == 0:
        raise ValueError(f"current has shape {injected.shape}, needs ({len(neurons)}, n_sweeps, n_samples), not empty")
    if not np.isfinite(injected).all():
        raise ValueError("current is not finite everywhere")
    per_sample = substeps(sampling_rate, max_step)
    step = 1000.0 / (sampling_rate * per_sample)
    rest = [resting_potential(neuron) for neuron in neurons]
    start = [steady_states(v, neuron.kinetics) for v, neuron in zip(rest, neurons, strict=True)]
    voltage = np.repeat(np.array(rest)[:, None], injected.shape[1], axis=1)
    gates = np.repeat(np.stack(start, axis=1)[:, :, None], injected.shape[1], axis=2)
    tables = _GateTables.build(neurons, step)
    membrane = Membrane.of(neurons)
    exponent = -step / np.array([[neuron.capacitance] for neuron in neurons])
    by_sample = np.ascontiguousarray(injected.transpose(2, 0, 1))
    traces = np.empty((injected.shape[2] * per_sample, *voltage.shape))
    for index in range(traces.shape[0]):
        traces[index] = voltage
        gates = tables.advance(gates, voltage)
        conductance, driven = membrane.sums(gates)
        target = (driven + by_sample[index // per_sample]) / conductance
        voltage = target + (voltage - target) * np.exp(conductance * exponent)
    return FineTraces(traces.transpose(1, 2, 0), sampling_rate * per_sample)


@dataclass(frozen=True, slots=True)
class _GateTables:
    """Steady state and decay factor of each gate against voltage, all cells one after another."""

    entries: Floats
    first: NDArray[np.intp]
    rows: int

    @classmethod
    def build(cls, neurons: Sequence[Neuron], step: float) -> _GateTables:
        """Tabulate: 6 steady states, 6 decay factors, then the differences of all to the next voltage."""
        rows = round((_TABLE_STOP - _TABLE_START) / _TABLE_STEP) + 1
        grid = np.linspace(_TABLE_START, _TABLE_STOP, rows)
        blocks = []
        for neuron in neurons:
            decay = np.exp(-step / time_constants(grid, neuron.kinetics))
            curves = np.concatenate([steady_states(grid, neuron.kinetics), decay])
            blocks.append(np.concatenate([curves, np.diff(curves, axis=1, append=curves[:, -1:])]))
        # Rows contiguous: gathering from a transposed table would copy all of it at every step.
        entries = np.ascontiguousarray(np.concatenate(blocks, axis=1))
        return cls(entries, np.arange(len(neurons))[:, None] * rows, rows)

    def advance(self, gates: Floats, voltage: Floats) -> Floats:
        """Relax gates (6, n_cells, n_sweeps) for one step at `voltage` (n_cells, n_sweeps)."""
        position = (voltage - _TABLE_START) * (1 / _TABLE_STEP)
        position = np.minimum(np.maximum(position, 0.0), self.rows - 1.0)
        below = position.astype(np.intp)
        position -= below
        entry = self.entries.take(below + self.first, axis=1)
        curves = entry[2 * len(GATES) :] * position
        curves += entry[: 2 * len(GATES)]
        steady, decay = curves[: len(GATES)], curves[len(GATES) :]
        relaxed: Floats = steady + (gates - steady) * decay
        return relaxed
