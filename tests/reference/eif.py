"""Exponential integrate-and-fire neurons: what brief pulses and slow ramps show of a cell without any other current.

Its spike-initiation current grows e-fold every `slope_factor` mV (doi:10.1523/JNEUROSCI.23-37-11628.2003). It
has no after-depolarisation and no persistent inward current. Membrane noise is an Ornstein-Uhlenbeck process,
as a membrane makes it of white current noise; the recording is low-passed by a Bessel filter of 4 poles.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.signal import bessel, lfilter

from mnephys.recording import Clamp, CommandSource, SweepRecording

RATE = 20000.0
BANDWIDTH_HZ = 5000.0


@dataclass(frozen=True)
class EifNeuron:
    """Voltages in mV, resistance in GOhm, times in s."""

    rest: float = -70.0
    resistance: float = 0.2
    tau: float = 0.02
    soft_threshold: float = -50.0
    slope_factor: float = 2.0
    reset: float = -60.0

    def respond(self, command: np.ndarray, noise: float = 0.0, seed: int = 0) -> np.ndarray:
        """Integrate (Euler) sweeps side by side; an action potential is painted where the voltage runs away.

        `noise` is the standard deviation of the membrane potential at rest.
        """
        command = np.atleast_2d(command)
        n_sweeps, n_samples = command.shape
        dt = 1.0 / RATE
        kick = noise * np.sqrt(2.0 * dt / self.tau) * np.random.default_rng(seed).normal(size=command.T.shape)
        painted = np.concatenate([np.linspace(-20.0, 30.0, 7)[1:], np.linspace(30.0, self.reset, 24)[1:]])
        voltage = np.empty((n_samples, n_sweeps))
        v = self.rest + kick[0] / np.sqrt(2.0 * dt / self.tau)
        since = np.full(n_sweeps, painted.size)
        for i in range(n_samples):
            spike = self.slope_factor * np.exp(np.minimum((v - self.soft_threshold) / self.slope_factor, 20.0))
            v = v + dt / self.tau * (self.rest - v + spike + self.resistance * command[:, i]) + kick[i]
            since = np.where((since >= painted.size) & (v > -20.0), 0, since)
            painting = since < painted.size
            v = np.where(painting, painted[np.minimum(since, painted.size - 1)], v)
            since = since + painting
            voltage[i] = v
        return voltage.T


def filtered(voltage: np.ndarray, noise: float = 0.0, seed: int = 1) -> np.ndarray:
    """Sweeps as the amplifier's filter of 4 poles leaves them, with `noise` mV of its own before the filter."""
    b, a = bessel(4, BANDWIDTH_HZ, fs=RATE, norm="mag")
    first = voltage[:, :1]
    fast = np.random.default_rng(seed).normal(0.0, noise, voltage.shape)
    return first + lfilter(b, a, voltage - first + fast, axis=1)


def recorded(neuron: EifNeuron, command: np.ndarray, *, noise: float = 0.0, seed: int = 0) -> SweepRecording:
    """The neuron's response to sweeps of known current."""
    command = np.atleast_2d(command)
    voltage = filtered(neuron.respond(command, noise, seed), 0.05, seed + 1000)
    return SweepRecording(voltage, RATE, Clamp.CURRENT, command, CommandSource.EPOCH_TABLE)


def pulses(n: int, *, at: float = 0.2, total: float = 0.5, amplitude: float = 1400.0) -> np.ndarray:
    """Sweeps with one pulse of 2 ms each."""
    t = np.arange(round(total * RATE)) / RATE
    return np.tile(np.where((t >= at) & (t < at + 0.002), amplitude, 0.0), (n, 1))
