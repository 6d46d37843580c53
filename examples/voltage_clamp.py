"""Voltage clamp: the membrane test and the postsynaptic currents of a cell, from arrays in memory."""

import numpy as np
from scipy.signal import bessel, sosfilt

import mnephys
from mnephys.recording import Clamp, CommandSource, SweepRecording

rate, finer = 20000.0, 20
series, membrane, capacitance = 12.0, 400.0, 40.0  # MOhm, MOhm, pF
rng = np.random.default_rng(1)

# What the membrane passes at -70 mV when a test step of -10 mV is given from 0.1 to 0.3 s, in pA.
t = np.arange(int(5 * rate) * finer) / (rate * finer)
tau = 1e-6 * capacitance * series * membrane / (series + membrane)  # s
steady, instant = -1e4 / (series + membrane), -1e4 / series
step, after = (t >= 0.1) & (t < 0.3), t >= 0.3
current = np.zeros(t.size)
current[step] = steady + (instant - steady) * np.exp(-(t[step] - 0.1) / tau)
current[after] = -(instant - steady) * np.exp(-(t[after] - 0.3) / tau)

# Four sweeps of it, with excitatory currents of 25 pA, two per second, that decay with 6 ms.
sweeps = np.tile(current, (4, 1))
shape = np.exp(-t[:20000] / 0.006) - np.exp(-t[:20000] / 0.0005)
for sweep in sweeps:
    for onset in np.arange(0.75, 4.8, 0.5) + rng.uniform(-0.1, 0.1, 9):
        first = round(onset * rate * finer)
        sweep[first : first + shape.size] -= 25.0 * shape / shape.max()

# The amplifier adds noise, filters at 5 kHz and samples at 20 kHz.
sweeps += rng.normal(0, 10.0, sweeps.shape)
sweeps = sosfilt(bessel(4, 5000.0, fs=rate * finer, output="sos", norm="mag"), sweeps)[:, ::finer]
command = np.tile(np.where(step, -80.0, -70.0)[::finer], (4, 1))

recording = SweepRecording(sweeps, rate, Clamp.VOLTAGE, command, CommandSource.RECORDED)
table = mnephys.extract(recording)
for name in ("series_resistance", "membrane_test_resistance", "membrane_test_capacitance", "spsc_frequency"):
    row = table.get(name)
    print(f"{name:26}{row.value:8.2f} {row.unit}")

events = mnephys.patch.synaptic.events(sweeps[:, round(0.6 * rate) :], rate, polarity="inward")
print(f"{events['sweep'].size} events, median {np.median(events['amplitude']):.1f} pA")

assert abs(table.get("series_resistance").value - series) < 0.03 * series
assert abs(table.get("membrane_test_capacitance").value - capacitance) < 0.03 * capacitance
assert abs(events["sweep"].size - 36) <= 2
