"""The plain reference against known counts of real recordings and against waveforms known in closed form."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pyabf
import pytest

from reference.plain_patch import plain_action_potentials, plain_firing, plain_passive, plain_rheobase

RATE = 20000.0


def load(path):
    abf = pyabf.ABF(str(path))
    sweeps = []
    for number in abf.sweepList:
        abf.setSweep(number)
        sweeps.append(abf.sweepY.astype(float))
    return np.array(sweeps), float(abf.dataRate)


def counts(path, start, stop):
    voltage, rate = load(path)
    return [len(plain_action_potentials(sweep, rate, start, stop)) for sweep in voltage]


FIRST_0018 = [0, 0, 0, 0, 0, 0, 1, 1, 3, 4, 5, 6, 6, 7, 8, 8, 9]
SECOND_0018 = [2 if sweep == 7 else n for sweep, n in enumerate(FIRST_0018)]
FIRST_18713001 = [0] * 8 + [1, 2, 3, 4, 5, 6, 6, 7, 7, 7, 8, 8, 8, 8, 9, 9, 9, 9, 9, 9, 10, 9]


@pytest.mark.parametrize(
    ("name", "start", "stop", "expected"),
    [
        ("171116sh_0018", 0.14685, 0.64685, FIRST_0018),
        ("171116sh_0018", 1.64685, 2.14685, SECOND_0018),
        ("18713001", 0.8234, 1.3234, FIRST_18713001),
        ("190619B_0003", 1.0478, 2.0478, [0, 0, 0, 0, 3, 6, 8, 12, 13, 16]),
        ("File_axon_5", 0.2156, 0.7156, [0, 0, 0, 0, 0, 0, 2, 2, 3]),
        ("File_axon_6", 0.2156, 0.2176, [1] * 32),
    ],
)
def test_known_counts(data, name, start, stop, expected):
    assert counts(data(f"patch/{name}.abf"), start, stop) == expected


def test_known_counts_into_depolarisation_block(data):
    voltage, rate = load(data("patch/171116sh_0019.abf"))
    aps = [plain_action_potentials(sweep, rate, 0.14685, 0.64685) for sweep in voltage]
    found = [len(sweep) for sweep in aps]
    assert found[:14] == [0, 0, 3, 6, 9, 11, 13, 14, 15, 15, 15, 16, 15, 14]
    assert found[16:] == [2] * 6
    for sweep in aps[14:16]:
        assert sweep[-1]["peak_time"] > 0.64
        assert sweep[-1]["amplitude"] < sweep[0]["amplitude"] / 2


def test_each_ap_of_real_recordings_is_in_order(data):
    voltage, rate = load(data("patch/171116sh_0018.abf"))
    aps = plain_action_potentials(voltage[16], rate, 0.14685, 0.64685)
    for ap in aps:
        assert ap["threshold_time"] < ap["peak_time"] < ap["trough_time"] < 0.64685
        assert 0 < ap["rise_time"] < ap["half_width"] < 3
    for ap, following in itertools.pairwise(aps):
        assert ap["trough_time"] <= following["threshold_time"]


def flat(seconds=0.2, level=-60.0):
    return np.full(round(seconds * RATE), level)


def triangle(voltage, at, rise=100.0, fall=-40.0, height=80.0):
    """Put a triangular AP on flat ground at sample `at`; slopes in mV/ms."""
    up = round(height / rise * RATE / 1000)
    down = round(height / -fall * RATE / 1000)
    voltage[at : at + up + 1] += np.linspace(0, height, up + 1)
    voltage[at + up + 1 : at + up + down + 1] += np.linspace(height, 0, down + 1)[1:]
    return at + up


def test_triangle_is_measured_exactly():
    voltage = flat()
    peak = triangle(voltage, at=2000)
    (ap,) = plain_action_potentials(voltage, RATE, 0.05, 0.15)
    # The derivative is 0, 50, 100 around the foot, so it passes 10 mV/ms a fifth of the way from 0 to 50.
    assert ap["threshold_time"] == pytest.approx((2000 - 0.8) / RATE, abs=1e-12)
    assert ap["threshold_voltage"] == pytest.approx(-60.0)
    assert (ap["peak_time"], ap["peak_voltage"]) == (peak / RATE, 20.0)
    assert ap["amplitude"] == pytest.approx(80.0)
    assert ap["half_width"] == pytest.approx(0.4 + 1.0)
    assert ap["rise_time"] == pytest.approx(0.64)
    assert ap["max_upstroke"] == pytest.approx(100.0)
    assert ap["max_downstroke"] == pytest.approx(-40.0)
    assert ap["trough_voltage"] == pytest.approx(-60.0)
    assert ap["fast_ahp"] == pytest.approx(0.0, abs=1e-9)


def gaussian(height, width, centre=0.1):
    """Return a Gaussian AP on -60 mV (width = standard deviation in ms), V(t) and dV/dt(t) in ms around its centre."""
    time = (np.arange(round(0.2 * RATE)) / RATE - centre) * 1000
    return -60.0 + height * np.exp(-0.5 * (time / width) ** 2)


def gaussian_threshold(height, width, level):
    """Bisect for the time before the peak at which the slope passes `level`, below the steepest point."""
    far, near = -8 * width, -width
    for _ in range(100):
        middle = (far + near) / 2
        slope = -height * middle / width**2 * math.exp(-0.5 * (middle / width) ** 2)
        far, near = (middle, near) if slope < level else (far, middle)
    return far


@pytest.mark.parametrize(
    ("height", "width", "status"),
    [(90.0, 0.5, "fast"), (50.0, 1.0, "fast"), (25.0, 1.2, "fast"), (25.0, 2.0, "slow"), (30.0, 3.0, "slow")],
)
def test_gaussian_agrees_with_its_formula(height, width, status):
    steepest = height / width * math.exp(-0.5)
    assert (steepest >= 10) == (status == "fast")
    level = 10.0 if status == "fast" else 0.05 * steepest
    at = gaussian_threshold(height, width, level)
    (ap,) = plain_action_potentials(gaussian(height, width), RATE, 0.05, 0.15)
    foot = height * math.exp(-0.5 * (at / width) ** 2)
    assert (ap["threshold_time"] - 0.1) * 1000 == pytest.approx(at, abs=0.01)
    assert ap["threshold_voltage"] == pytest.approx(-60 + foot, abs=0.15)
    assert ap["amplitude"] == pytest.approx(height - foot, abs=0.15)
    half = width * math.sqrt(2 * math.log(height / (foot + (height - foot) / 2)))
    assert ap["half_width"] == pytest.approx(2 * half, rel=0.01)
    edges = [width * math.sqrt(2 * math.log(height / (foot + (height - foot) * part))) for part in (0.1, 0.9)]
    assert ap["rise_time"] == pytest.approx(edges[0] - edges[1], rel=0.01)
    assert ap["max_upstroke"] == pytest.approx(steepest, rel=0.01)
    assert ap["max_downstroke"] == pytest.approx(-steepest, rel=0.01)


def charging(current_mv, tau, start=0.05, stop=0.15, bridge=0.0):
    """Return an RC membrane driven by a step, with a bridge jump of `bridge` mV."""
    time = np.arange(round(0.2 * RATE)) / RATE
    voltage = np.full(len(time), -70.0)
    during = (time >= start) & (time < stop)
    after = time >= stop
    voltage[during] += bridge + current_mv * (1 - np.exp(-(time[during] - start) * 1000 / tau))
    voltage[after] += (
        current_mv * (1 - np.exp(-(stop - start) * 1000 / tau)) * np.exp(-(time[after] - stop) * 1000 / tau)
    )
    return voltage


@pytest.mark.parametrize("tau", [1.0, 5.0, 20.0])
@pytest.mark.parametrize("bridge", [0.0, 25.0, -25.0])
def test_passive_charging_and_its_jumps_are_no_aps(tau, bridge):
    assert plain_action_potentials(charging(60.0, tau, bridge=bridge), RATE, 0.05, 0.15) == []


def test_passive_overshoot_is_no_ap():
    voltage = charging(60.0, 3.0)
    time = np.arange(len(voltage)) / RATE
    during = (time >= 0.05) & (time < 0.15)
    voltage[during] -= 25.0 * (1 - np.exp(-(time[during] - 0.05) * 1000 / 15.0))
    assert plain_action_potentials(voltage, RATE, 0.05, 0.15) == []


def test_aps_on_a_plateau_above_zero_are_found():
    voltage = charging(75.0, 2.0, bridge=20.0)
    peaks = [triangle(voltage, at=at, rise=50.0, fall=-20.0, height=30.0) for at in (1500, 1900, 2400)]
    aps = plain_action_potentials(voltage, RATE, 0.05, 0.15)
    assert [round(ap["peak_time"] * RATE) for ap in aps] == peaks
    assert all(ap["threshold_voltage"] > 0 for ap in aps)


def test_small_aps_below_minus_20_are_found():
    voltage = flat(level=-55.0)
    triangle(voltage, at=2000, rise=10.0, fall=-5.0, height=20.0)
    (ap,) = plain_action_potentials(voltage, RATE, 0.05, 0.15)
    assert ap["peak_voltage"] == pytest.approx(-35.0)


def test_firing_of_known_intervals():
    aps = [{"peak_time": t, "threshold_time": t - 0.001} for t in (0.11, 0.12, 0.14, 0.18, 0.24, 0.30)]
    firing = plain_firing(aps, 0.1, 0.6)
    assert firing["rate"] == pytest.approx(12.0)
    assert firing["instantaneous_rate"] == pytest.approx([100, 50, 25, 1000 / 60, 1000 / 60])
    assert firing["isi_cv"] == pytest.approx(np.std([10, 20, 40, 60, 60]) / 38)
    assert firing["spike_frequency_adaptation"] == pytest.approx((0.04 + 0.06 + 0.06) / 3 / 0.01)
    assert firing["first_spike_latency"] == pytest.approx(0.009)
    assert math.isnan(plain_firing(aps[:4], 0.1, 0.6)["spike_frequency_adaptation"])
    assert math.isnan(plain_firing([], 0.1, 0.6)["first_spike_latency"])


def test_rheobase_is_the_smallest_current_with_an_ap():
    assert plain_rheobase([0, 2, 1, 0], [50.0, 100.0, 75.0, 200.0]) == 75.0
    assert math.isnan(plain_rheobase([0, 0], [50.0, 100.0]))


def test_passive_membrane_of_known_resistance_and_time_constant():
    currents = [-100.0, -50.0, 0.0, 50.0, 400.0]
    voltage = np.array([charging(0.15 * current, 12.0) for current in currents])
    passive = plain_passive(voltage, currents, RATE, 0.05, 0.15)
    # The step lasts 8.3 time constants; the last tenth is still 0.03 % short of its end.
    assert passive["input_resistance"] == pytest.approx(150.0, rel=1e-3)
    assert passive["input_resistance_peak"] == pytest.approx(150.0, rel=1e-3)
    assert passive["membrane_time_constant"][:2] == pytest.approx(12.0, rel=1e-3)
    assert passive["sag_ratio"][:2] == pytest.approx(0.0, abs=1e-3)
    assert passive["baseline"] == pytest.approx(-70.0)
    assert np.isnan(passive["membrane_time_constant"][2:]).all()


def test_sag_ratio_of_a_known_sag():
    voltage = flat()
    voltage[1000:1400], voltage[1400:3000] = -80.0, -75.0
    passive = plain_passive(voltage[None], [-100.0], RATE, 0.05, 0.15)
    assert passive["sag_ratio"][0] == pytest.approx(0.25)
    assert passive["peak_deflection"][0] == pytest.approx(-20.0)
    assert passive["deflection"][0] == pytest.approx(-15.0)


def test_passive_properties_of_a_real_cell(data):
    voltage, rate = load(data("patch/171116sh_0018.abf"))
    passive = plain_passive(voltage, np.arange(-100.0, 301.0, 25.0), rate, 0.14685, 0.64685)
    # eFEL gives 110.6 MOhm and a sag of 0.243 for the first sweep, IPFX a time constant of 37.1 ms.
    assert passive["deflection"][0] / -0.1 == pytest.approx(110.6, rel=0.02)
    assert passive["sag_ratio"][0] == pytest.approx(0.243, abs=0.01)
    assert passive["membrane_time_constant"][0] == pytest.approx(37.1, abs=1.0)
    assert list(passive["count"]) == FIRST_0018
