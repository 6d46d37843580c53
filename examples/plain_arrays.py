"""The feature core works on plain arrays: no file, no object of another library."""

import numpy as np

import mnephys

# Two sweeps of 1 s at 20 kHz in mV: one silent, one with three action potentials of known shape.
rate = 20000.0
t = np.arange(int(rate)) / rate
voltage = np.full((2, t.size), -65.0)
for peak in (0.25, 0.35, 0.50):
    voltage[1] += 95.0 * np.exp(-(((t - peak) / 0.0006) ** 2))

aps = mnephys.patch.action_potentials(voltage, rate, start=0.2, stop=0.7)
for name in ("sweep", "peak_time", "peak_voltage", "amplitude", "half_width"):
    print(f"{name:14}{np.round(aps[name], 4)}")

assert aps["sweep"].tolist() == [1, 1, 1]
assert np.allclose(aps["peak_voltage"], 30.0, atol=0.01)
