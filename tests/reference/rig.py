"""Simulated cells at 1.1 MHz and the amplifier that records them: the ground truth of the current-clamp core.

Apart from the package's own `mnephys.simulate.record`, this amplifier is causal, as real ones are: a four-pole Bessel
low-pass at 10 kHz, or at 0.4 x the sampling rate where that is lower, through which the noise has gone too.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import optimize, signal

from mnephys import extract
from mnephys.recording import Clamp, CommandSource, SweepRecording
from mnephys.simulate import STAGES, Neuron, integrate, vary
from mnephys.simulate.ground_truth import (
    ActionPotential,
    action_potentials,
    passive_properties,
    steady_state_resistance,
)
from mnephys.simulate.kinetics import steady_states
from mnephys.simulate.neuron import Membrane

Array = NDArray[np.floating[Any]]

FINE = 1.1e6  # steps per second: whole numbers of them make a sample at 10, 20 and 50 kHz
COMMAND = 1e5  # Hz
RATES = (10e3, 20e3, 50e3)
BEFORE, AFTER = 0.05, 0.03  # s
CORNER = 10e3  # Hz
POLES = 4
REGENERATIVE = 5.0  # mV above threshold; a smaller rise leaves a sweep a passive one
COUNTED = 20.0  # mV, and
FASTEST = 5.0  # mV/ms; below either careful definitions differ in what they count
MATCH = 1e-3  # s

NASCENT = replace(
    STAGES["immature"].neuron,
    sodium=20.0,
    capacitance=22.0,
    kinetics=replace(STAGES["immature"].neuron.kinetics, rate=0.05),
)
"""Its upstroke never reaches 10 mV/ms, so that its threshold is at 5 % of the maximum upstroke."""


@dataclass(frozen=True)
class Cell:
    """One simulated cell, its sweeps at `FINE` and what is true of them."""

    name: str
    neuron: Neuron
    levels: Array
    voltage: Array
    start: float
    stop: float
    truth: list[list[ActionPotential]]

    def counted(self, sweep: int) -> list[ActionPotential]:
        """Return the action potentials of a sweep that any careful definition counts."""
        inside = [ap for ap in self.truth[sweep] if self._inside(ap)]
        return [ap for ap in inside if ap.amplitude >= COUNTED and ap.max_upstroke >= FASTEST]

    @property
    def rheobase(self) -> float:
        """The smallest level in pA that fires, NaN where none does."""
        return float(min((level for n, level in enumerate(self.levels) if self.counted(n)), default=np.nan))

    @property
    def quiet(self) -> NDArray[np.bool_]:
        """The sweeps without any regenerative rise."""
        return np.array([not any(ap.amplitude >= REGENERATIVE for ap in sweep) for sweep in self.truth])

    @property
    def resting_potential(self) -> float:
        """In mV, exactly."""
        return passive_properties(self.neuron).resting_potential

    @property
    def time_constant(self) -> float:
        """In ms, exactly: the capacitance over all conductance that is open at rest."""
        gates = steady_states(np.array([[self.resting_potential]]), self.neuron.kinetics)
        conductance, _ = Membrane.of([self.neuron]).sums(gates)
        return self.neuron.capacitance / float(conductance[0, 0])

    @property
    def resistance(self) -> float | None:
        """The slope in MOhm of the noise-free steady state over the quiet steps within 20 mV of rest."""
        last = round(self.stop * FINE)
        tail = last - round(0.1 * (self.stop - self.start) * FINE)
        steady = self.voltage[:, tail:last].mean(axis=1)
        return steady_state_resistance(self.resting_potential, steady[self.quiet], self.levels[self.quiet])

    def _inside(self, ap: ActionPotential) -> bool:
        return self.start <= ap.threshold_time < self.stop and not ap.threshold_at_break


def simulate(names: Sequence[str], *, length: float, seed: int | None = None) -> list[Cell]:
    """Integrate a cell of each stage under its family of 15 steps; varied from the preset where there is a seed."""
    rng = np.random.default_rng(seed)
    chosen, levels = [], []
    for name in names:
        stage = replace(STAGES["immature"], neuron=NASCENT) if name == "nascent" else STAGES[name]
        chosen.append(stage.neuron if seed is None else vary(stage, 1, rng, spread=0.05)[0])
        levels.append(stage.first_level + stage.level_increment * np.arange(15.0))
    return integrated(dict(zip(names, zip(chosen, levels, strict=True), strict=True)), length)


def passive(stage: str, *, length: float) -> Cell:
    """Return the membrane of a stage without its channels, exactly: what charges it has one resistance and one size."""
    preset = STAGES[stage].neuron
    neuron = Neuron(capacitance=preset.capacitance, leak=preset.leak, leak_reversal=preset.leak_reversal)
    levels = neuron.leak * np.linspace(-14.0, 14.0, 15)
    tau = neuron.capacitance / neuron.leak / 1000.0
    time = np.arange(round((BEFORE + length + AFTER) * FINE)) / FINE
    charged = [1.0 - np.exp(-np.maximum(time - edge, 0.0) / tau) for edge in (BEFORE, BEFORE + length)]
    voltage = neuron.leak_reversal + levels[:, np.newaxis] / neuron.leak * (charged[0] - charged[1])
    return Cell(f"{stage}, passive", neuron, levels, voltage, BEFORE, BEFORE + length, [[] for _ in levels])


def integrated(cells: Mapping[str, tuple[Neuron, Array]], length: float) -> list[Cell]:
    """Integrate named neurons under steps of given levels (pA)."""
    first, last = round(BEFORE * COMMAND), round((BEFORE + length) * COMMAND)
    neurons = [neuron for neuron, _ in cells.values()]
    levels = np.array([level for _, level in cells.values()])
    command = np.zeros((*levels.shape, last + round(AFTER * COMMAND)))
    command[:, :, first:last] = levels[:, :, np.newaxis]
    traces = integrate(neurons, command, COMMAND, max_step=1e-6)
    assert round(traces.sampling_rate) == FINE
    breaks = [round(BEFORE * FINE), round((BEFORE + length) * FINE)]
    return [
        Cell(
            name,
            neuron,
            levels[n],
            traces.voltage[n],
            BEFORE,
            BEFORE + length,
            [action_potentials(sweep, FINE, breaks=breaks) for sweep in traces.voltage[n]],
        )
        for n, (name, neuron) in enumerate(zip(cells, neurons, strict=True))
    ]


def recorded(cell: Cell, rate: float, noise: float, seed: int) -> Array:
    """Return what the rig digitises, in single precision; `noise` is its standard deviation in mV up to `CORNER`."""
    own = signal.bessel(POLES, min(CORNER, 0.4 * rate), fs=FINE, norm="mag", output="sos")
    rest = cell.voltage[:, :1]
    out = signal.sosfilt(own, cell.voltage - rest, axis=-1) + rest
    if noise:
        white = np.random.default_rng(seed).standard_normal(cell.voltage.shape)
        full = signal.bessel(POLES, CORNER, fs=FINE, norm="mag", output="sos")
        gain = np.sqrt(np.sum(signal.sosfilt(full, signal.unit_impulse(round(FINE / 100))) ** 2))
        out += noise / gain * signal.sosfilt(own, white, axis=-1)
    return out[:, :: round(FINE / rate)].astype(np.float32)


def delay(rate: float) -> float:
    """Return by how many seconds the low-pass shifts slow signals."""
    corner = min(CORNER, 0.4 * rate)
    sos = signal.bessel(POLES, corner, fs=FINE, norm="mag", output="sos")
    impulse = signal.sosfilt(sos, signal.unit_impulse(round(FINE / 100)))
    return float(np.arange(impulse.size) @ impulse / impulse.sum() / FINE)


def recording(cell: Cell, voltage: Array, rate: float) -> SweepRecording:
    """Return the recording with its command."""
    command = np.zeros(voltage.shape)
    command[:, round(cell.start * rate) : round(cell.stop * rate)] = cell.levels[:, np.newaxis]
    return SweepRecording(voltage, rate, Clamp.CURRENT, command, CommandSource.EPOCH_TABLE)


def fitted_tau(cell: Cell, tau: float) -> float:
    """Fit one exponential to the noise-free onset of the hyperpolarising steps, by a general optimiser; in ms.

    Of several currents of one membrane no single time constant is true: this is what the definition asks for,
    without amplifier, sampling, noise and the core's own search.
    """
    down = cell.quiet & (cell.levels < 0)
    first, last = round(cell.start * FINE), round(cell.stop * FINE)
    deepest = np.max(np.abs(cell.voltage[:, first:last] - cell.resting_potential), axis=1)
    down &= (deepest >= 2) & (deepest <= 20)
    level = cell.levels[down]
    change = level @ (cell.voltage[down, first:last] - cell.resting_potential) / (level @ level)
    time = np.arange(change.size) / FINE * 1000.0
    begin, every = round(0.5e-3 * FINE), 50
    # Up to where sag sets in: the median of the steps' own extremes.
    away = np.abs(cell.voltage[down, first:last] - cell.resting_potential)
    sags = np.median(away.max(axis=1) - away[:, -1]) > 0.05 * np.median(away.max(axis=1))
    end = int(np.median(away.argmax(axis=1))) if sags else change.size
    x, y = time[begin:end:every], change[begin:end:every]

    def curve(t: Array, jump: float, size: float, tau: float) -> Array:
        return jump + size * (1.0 - np.exp(-t / tau))

    found, _ = optimize.curve_fit(curve, x, y, p0=(0.0, float(y[-1]), tau))
    return float(found[2])


def errors(cell: Cell, aps: Mapping[str, Array], shift: float) -> tuple[Array, int]:
    """Compare action potentials with the truth.

    `aps` holds columns `sweep`, `peak_time`, `threshold_voltage`, `peak_voltage` and `half_width`, NaN where a tool
    gives none; its times are late by `shift`. Returned are one row per action potential that was found (threshold
    in mV, peak in mV, half-width in per cent) and how many are true.
    """
    rows, true = [], 0
    for sweep in range(len(cell.truth)):
        for ap in cell.counted(sweep):
            true += 1
            near = (aps["sweep"] == sweep) & (np.abs(aps["peak_time"] - shift - ap.peak_time) < MATCH)
            if near.sum() != 1:
                continue
            threshold, peak, width = (
                aps[name][near][0] for name in ("threshold_voltage", "peak_voltage", "half_width")
            )
            share = width / ap.half_width - 1.0 if ap.half_width else np.nan
            rows.append((threshold - ap.threshold_voltage, peak - ap.peak_voltage, 100.0 * share))
    return np.array(rows).reshape(-1, 3), true


def cell_errors(cell: Cell, rate: float, noise: float, seed: int) -> tuple[float, float, float, float, float]:
    """Return the errors of rest (mV), input resistance, time constant, capacitance (per cent) and rheobase (pA)."""
    table = extract(recording(cell, recorded(cell, rate, noise, seed), rate), bias=0.0)

    def off(feature: str, truth: float) -> float:
        value = table.get(feature).value
        return float("nan") if value is None else value - truth

    def share(feature: str, truth: float | None) -> float:
        return float("nan") if truth is None else 100.0 * off(feature, truth) / truth

    return (
        off("resting_membrane_potential", cell.resting_potential),
        share("input_resistance", cell.resistance),
        share("membrane_time_constant", cell.time_constant),
        share("membrane_capacitance", cell.neuron.capacitance),
        off("rheobase", cell.rheobase),
    )
