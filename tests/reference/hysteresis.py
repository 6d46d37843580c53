"""A neuron with a persistent inward current, integrated step by step: what slow ramps show of it is known.

A leaky membrane (E, R, tau) fires when it reaches `threshold` and is reset. The persistent inward current
switches on where the membrane passes `on_at` and off below `off_at`; it approaches its amplitude with
the time constant `activation`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mnephys.recording import Clamp, CommandSource, SweepRecording

RATE = 10000.0


@dataclass(frozen=True)
class PicNeuron:
    """Voltages in mV, R in GOhm, currents in pA, times in s."""

    rest: float = -70.0
    resistance: float = 0.1
    tau: float = 0.01
    threshold: float = -45.0
    reset: float = -60.0
    amplitude: float = 120.0
    on_at: float = -52.0
    off_at: float = -66.0
    activation: float = 0.001

    def switches_on(self) -> float:
        """Current at which the slowly driven membrane reaches `on_at`."""
        return (self.on_at - self.rest) / self.resistance

    def stops_firing(self) -> float:
        """Current below which the membrane, with the persistent current on, stays below threshold."""
        return (self.threshold - self.rest) / self.resistance - self.amplitude

    def respond(self, command: np.ndarray) -> np.ndarray:
        """Integrate (Euler) and paint an action potential where the membrane fires."""
        voltage = np.empty(command.size)
        v, m, on, dt = self.rest, 0.0, False, 1.0 / RATE
        # A spike of 50 mV above threshold in 0.5 ms, and its fall to the reset in 1.5 ms.
        up = np.linspace(self.threshold, self.threshold + 60.0, 6)[1:]
        shape = np.concatenate([up, np.linspace(up[-1], self.reset, 16)[1:]])
        i = 0
        while i < command.size:
            on = v >= self.on_at or (on and v > self.off_at)
            m += dt / self.activation * (on - m)
            v += dt / self.tau * (self.rest - v + self.resistance * (command[i] + self.amplitude * m))
            voltage[i] = v
            i += 1
            if v >= self.threshold:
                n = min(shape.size, command.size - i)
                voltage[i : i + n] = shape[:n]
                i += n
                v = self.reset
        return voltage


def triangle(slope: float, top: float, *, holding: float = 0.0, rest: float = 0.5, down: bool = True) -> np.ndarray:
    """A ramp from the holding current to `top` at `slope` pA/s, and down again."""
    rise = (top - holding) / slope
    t = np.arange(round((2 * rest + (1 + down) * rise) * RATE)) / RATE
    return np.interp(t, [rest, rest + rise, rest + (1 + down) * rise], [holding, top, holding if down else top])


def recorded(
    neuron: PicNeuron, commands: list[np.ndarray], *, noise: float = 0.0, current_noise: float = 0.0
) -> SweepRecording:
    """The neuron's responses to several commands, with amplifier noise."""
    rng = np.random.default_rng(0)
    command = np.stack(commands)
    voltage = np.stack([neuron.respond(each) for each in commands]) + rng.normal(0, noise, command.shape)
    source = CommandSource.RECORDED if current_noise else CommandSource.EPOCH_TABLE
    return SweepRecording(voltage, RATE, Clamp.CURRENT, command + rng.normal(0, current_noise, command.shape), source)
