"""Circuits and channels under voltage clamp, integrated here and by nothing that is tested."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from scipy import signal

from mnephys.recording import Clamp, CommandSource, SweepRecording

FINE = 1e6
FINER = 8


def band_limited(noise, shape, rate, corner, seed):
    """Return noise of a given SD behind the amplifier's filter: no recording holds white noise."""
    white = np.random.default_rng(seed).normal(size=(shape[0], (shape[1] + 50) * FINER))
    sos = signal.bessel(4, corner * 1000.0, norm="mag", fs=rate * FINER, output="sos")
    filtered = signal.sosfilt(sos, white, axis=1)[:, 50 * FINER :: FINER]
    return filtered * (noise / filtered.std())


def admittance(rs, rm, cm, dendrite):
    """Return numerator and denominator (ms, nS) of the current into a cell, perhaps with a dendrite, per mV."""
    one = np.poly1d([1.0])
    membrane = (np.poly1d([cm, 1e3 / rm]), one)
    if dendrite is not None:
        axial, far_rm, far_cm = dendrite
        far = np.poly1d([far_cm, 1e3 / far_rm])
        # In series with the axial resistance, and beside the soma's membrane.
        series = (far * (1e3 / axial), far + 1e3 / axial)
        membrane = (membrane[0] * series[1] + series[0], series[1])
    whole = (membrane[0] * (1e3 / rs), membrane[0] + membrane[1] * (1e3 / rs))
    return whole[0].coeffs, whole[1].coeffs


def circuit_current(command, rs, rm, cm, corner, dendrite=None):
    """Return the filtered current in pA for a command in mV at 1 MHz, by the trapezoidal rule."""
    top, bottom = admittance(rs, rm, cm, dendrite)
    b, a = signal.bilinear(top, bottom, fs=FINE / 1000.0)
    current = signal.lfilter(b, a, command)
    sos = signal.bessel(4, corner * 1000.0, norm="mag", fs=FINE, output="sos")
    return signal.sosfilt(sos, current)


@pytest.fixture
def membrane() -> Callable[..., SweepRecording]:
    """Build test steps of a cell; `rs` may differ by sweep. The true edge lies `phase` us before a sample."""

    def build(
        rs=15.0,
        rm=300.0,
        cm=40.0,
        *,
        rate=20000.0,
        corner=5.0,
        step=-10.0,
        length=60.0,
        before=10.0,
        noise=3.0,
        sweeps=10,
        phase=13,
        dendrite=None,
        holding=-70.0,
        seed=0,
    ) -> SweepRecording:
        stride = round(FINE / rate)
        on, off = (round(t * 1000.0 / stride) * stride for t in (before, before + length))
        total = off + round(length * 1000.0 / stride) * stride
        fine = np.zeros(total + stride)
        fine[on + stride - phase : off + stride - phase] = step
        taken = slice(stride, None, stride)
        series = np.broadcast_to(np.asarray(rs, dtype=float), sweeps)
        known = {value: circuit_current(fine, value, rm, cm, corner, dendrite)[taken] for value in set(series)}
        response = np.array([known[value] for value in series])
        response += band_limited(noise, response.shape, rate, corner, seed) - 30.0
        command = np.full(response.shape, holding)
        command[:, on // stride : off // stride] += step
        return SweepRecording(response, rate, Clamp.VOLTAGE, command, CommandSource.EPOCH_TABLE, holding=holding)

    return build


LEVELS = tuple(range(-100, 81, 5))


def boltzmann(level, half, slope):
    return 1.0 / (1.0 + np.exp((half - level) / slope))


@pytest.fixture
def channels() -> Callable[..., SweepRecording]:
    """Build a family: Na current whose peak conductance is a Boltzmann curve, K current, leak, charging."""

    def build(
        levels=LEVELS,
        *,
        holding=-90.0,
        prepulse=None,
        na=30.0,
        half=-25.0,
        slope=6.0,
        reversal=55.0,
        k=10.0,
        k_a=0.0,
        leak=1.0,
        leak_reversal=-60.0,
        transient=60.0,
        charging=0.15,
        noise=3.0,
        corner=5.0,
        rise=0.3,
        decay=1.2,
        length=50.0,
        rate=20000.0,
        spikes=None,
        repeats=1,
        seed=0,
        metadata=None,
    ) -> SweepRecording:
        levels = np.repeat(np.asarray(levels, dtype=float), repeats)
        before, first = round(0.02 * rate), round(0.1 * rate) if prepulse is not None else 0
        on = before + first
        off = on + round(length / 1000.0 * rate)
        command = np.full((levels.size, off + round(0.02 * rate)), holding)
        held = np.full(levels.size, holding)
        if prepulse is not None:
            held = np.broadcast_to(np.asarray(prepulse, dtype=float), levels.size)
            command[:, before:on] = held[:, np.newaxis]
        command[:, on:off] = levels[:, np.newaxis]
        time = np.arange(off - on) / rate * 1000.0
        raised = (1.0 - np.exp(-time / rise)) ** 3 * np.exp(-time / decay)
        sodium = (na * boltzmann(levels, half, slope) * (levels - reversal))[:, np.newaxis] * (raised / raised.max())
        potassium = (k * boltzmann(levels, -5.0, 10.0) * (levels + 85.0))[:, np.newaxis] * (
            1 - np.exp(-time / 4.0)
        ) ** 4
        ready = boltzmann(-held, 70.0, 5.0)
        fast = (k_a * ready * (levels + 85.0))[:, np.newaxis] * (1 - np.exp(-time / 0.8)) * np.exp(-time / 15.0)
        response = leak * (command - leak_reversal)
        response[:, on:off] += sodium + potassium + fast
        edge = np.zeros(command.shape)
        edge[:, 1:] = np.diff(command, axis=1)
        response += signal.lfilter([transient], [1.0, -np.exp(-1000.0 / rate / charging)], edge, axis=1)
        for row, at, height in spikes or ():
            response[row, on:off] -= height * np.exp(-(((time - at) / 0.3) ** 2))
        response += band_limited(noise, response.shape, rate, corner, seed)
        return SweepRecording(
            response, rate, Clamp.VOLTAGE, command, CommandSource.EPOCH_TABLE, holding=holding, metadata=metadata or {}
        )

    return build


@pytest.fixture
def passive() -> Callable[..., SweepRecording]:
    """Build a family of a cell that has no channels: a circuit, the filter, noise and perhaps hum."""

    def build(
        levels=tuple(range(-100, 81, 10)),
        *,
        rs=10.0,
        rm=500.0,
        cm=20.0,
        reversal=-70.0,
        holding=-80.0,
        rate=20000.0,
        corner=5.0,
        noise=3.0,
        hum=0.0,
        seed=0,
        metadata=None,
    ) -> SweepRecording:
        stride = round(FINE / rate)
        fine = np.zeros(140_000)
        fine[20_000:120_000] = 1.0
        unit = circuit_current(fine, rs, rm, cm, corner)[::stride]
        step = fine[::stride]
        levels = np.asarray(levels, dtype=float)
        command = holding + np.outer(levels - holding, step)
        response = np.outer(levels - holding, unit) + (holding - reversal) * 1e3 / (rs + rm)
        phase = np.random.default_rng(seed).uniform(0.0, 2.0 * np.pi, (levels.size, 1))
        response += hum * np.sin(2.0 * np.pi * 50.0 * np.arange(step.size) / rate + phase)
        response += band_limited(noise, response.shape, rate, corner, seed)
        return SweepRecording(
            response, rate, Clamp.VOLTAGE, command, CommandSource.EPOCH_TABLE, holding=holding, metadata=metadata or {}
        )

    return build


@pytest.fixture
def cells() -> Callable[..., dict]:
    """Return the cell rows of a recording by name."""
    from mnephys.patch.currents import measure_currents

    def measured(recording, **options):
        rows, _ = measure_currents(recording, **options)
        return {row.feature: row for row in rows if row.level == "cell"}

    return measured
