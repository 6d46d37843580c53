"""Every rule that excludes has a recording on either side of its limit."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from mnephys.measurement import Status
from mnephys.patch.family import find_family
from mnephys.patch.limits import QualityLimits
from mnephys.patch.quality import control_quality

CURRENTS = [-40, -20, 0, 20, 40]
LIMITS = QualityLimits.read()


def reasons(recording, limits=None):
    """Return why sweeps are excluded, by sweep."""
    _, rows = control_quality(find_family(recording), limits)
    return {row.id: row.reason for row in rows if row.feature == "qc_sweep" and row.status is Status.EXCLUDED}


def changed(recording, sweep, change):
    voltage = recording.response.astype(np.float64)
    voltage[sweep] = change(voltage[sweep])
    return replace(recording, response=voltage)


def only(found, named, sweeps=("s4",)):
    assert tuple(found) == tuple(sweeps)
    assert all(named in why for why in found.values())


def everything(found, named):
    only(found, named, [f"s{sweep}" for sweep in range(len(found))])
    assert found


def test_the_smallest_response_that_is_no_volts(family_of):
    recording = family_of(CURRENTS)
    shrunk = recording.response / np.abs(recording.response).max()
    everything(reasons(replace(recording, response=shrunk * 0.149)), "as if it were in V")
    assert not any("units" in why for why in reasons(replace(recording, response=shrunk * 0.151)).values())


def test_the_largest_response_that_is_no_microvolts(family_of):
    recording = family_of(CURRENTS)
    grown = recording.response / np.median(np.abs(recording.response))
    everything(reasons(replace(recording, response=grown * 1001)), "as if it were in uV")
    everything(reasons(replace(recording, response=grown * 999)), "no membrane")


@pytest.mark.parametrize("limit", [150.0, -300.0])
def test_the_voltages_that_no_membrane_has(family_of, limit):
    beyond, within = limit + np.sign(limit), limit - np.sign(limit)
    spot = np.arange(20000) == 15000
    recording = family_of(CURRENTS)
    found = reasons(changed(recording, 4, lambda v: np.where(spot, beyond, v)))
    only(found, f"reaches {beyond:.0f} mV, which no membrane does")
    assert reasons(changed(recording, 4, lambda v: np.where(spot, within, v))) == {}


@pytest.mark.parametrize("sign", [1, -1])
def test_the_largest_shift_of_a_baseline(family_of, sign):
    recording = family_of(CURRENTS)
    only(reasons(changed(recording, 4, lambda v: v + sign * 10.1)), "drift: the baseline is")
    assert reasons(changed(recording, 4, lambda v: v + sign * 9.9)) == {}


def test_a_family_of_two_halves_keeps_one_of_them(family_of):
    recording = family_of([-20, 0, 20, 40])
    found = reasons(changed(recording, slice(2, None), lambda v: v + 25))
    only(found, "drift", ["s2", "s3"])


def test_the_largest_fast_noise(family_of):
    noise = np.random.default_rng(0).normal(0, 1, 20000)
    recording = family_of(CURRENTS)
    only(reasons(changed(recording, 4, lambda v: v + 5.3 * noise)), "fast noise of 5.")
    assert reasons(changed(recording, 4, lambda v: v + 4.7 * noise)) == {}


def test_slow_noise_excludes_only_where_a_lab_asks_for_it(family_of):
    slow = np.sin(2 * np.pi * 5 * np.arange(20000) / 20000)
    recording = changed(family_of(CURRENTS), 4, lambda v: v + 8 * slow)
    assert reasons(recording) == {}
    _, rows = control_quality(find_family(recording))
    found = next(row.value for row in rows if row.feature == "qc_baseline_noise_slow" and row.id == "s4")
    only(reasons(recording, replace(LIMITS, baseline_noise_slow=0.99 * found)), "slow noise")
    assert reasons(recording, replace(LIMITS, baseline_noise_slow=1.01 * found)) == {}


def plateaus(family_of, samples, *, top=20.0, edge=20.0, sweeps=(3, 4), noise=0.02):
    """Peaks cut off for so many samples, hit and left by straight lines of so many mV/ms; noise behind the limit."""
    t = np.arange(20000)
    beside = np.maximum(np.maximum(14000 - t, t - (14000 + samples - 1)), 0) / 20.0
    peak = np.maximum(top - edge * beside, -200.0)
    recording = family_of(CURRENTS)
    voltage = recording.response.astype(np.float64)
    voltage[list(sweeps)] = np.maximum(voltage[list(sweeps)], peak)
    return replace(recording, response=voltage + np.random.default_rng(3).uniform(-noise, noise, voltage.shape))


def test_the_shortest_flat_run_that_two_peaks_share(family_of):
    only(reasons(plateaus(family_of, 21)), "clipped", ["s3", "s4"])
    assert reasons(plateaus(family_of, 18)) == {}
    assert reasons(plateaus(family_of, 21), replace(LIMITS, clipping=1.2)) == {}
    assert reasons(plateaus(family_of, 21, sweeps=(4,))) == {}, "one peak with noise behind the limit may be natural"


def test_how_steeply_a_flat_run_is_hit(family_of):
    only(reasons(plateaus(family_of, 60, edge=4.0)), "clipped", ["s3", "s4"])
    assert reasons(plateaus(family_of, 60, edge=1.5)) == {}
    assert reasons(plateaus(family_of, 60, edge=4.0), replace(LIMITS, clipping_slope=5.0)) == {}


@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_the_shortest_run_of_equal_samples_of_a_single_peak(family_of, sign):
    def alone(samples):
        recording = plateaus(family_of, samples, top=60.0, sweeps=(4,), noise=0.0)
        if sign > 0:
            return recording
        return replace(recording, response=-130.0 - recording.response, command=-recording.command)

    only(reasons(alone(3)), "clipped")
    assert reasons(alone(2)) == {}
    assert reasons(alone(3), replace(LIMITS, clipping_samples=4)) == {}


def test_the_largest_jump_that_is_tolerated_and_the_largest_share(family_of):
    everything(reasons(family_of(CURRENTS, jump=110.0, resistance=100)), "jumps by 0.11 mV/pA")
    assert reasons(family_of(CURRENTS, jump=90.0, resistance=100)) == {}
    everything(reasons(family_of(CURRENTS, jump=150.0, resistance=400)), "jumps")
    assert reasons(family_of(CURRENTS, jump=150.0, resistance=500)) == {}, "a cell of 500 MOhm dwarfs it"


def test_how_certain_a_jump_must_be(family_of):
    recording = family_of(CURRENTS, jump=110.0, resistance=100, noise=0.2)
    _, rows = control_quality(find_family(recording))
    row = next(row for row in rows if row.feature == "qc_bridge_error")
    errors = row.value / float(row.reason.split("standard error ")[1].split()[0])
    everything(reasons(recording, replace(LIMITS, bridge_certainty=0.9 * errors)), "jumps")
    assert reasons(recording, replace(LIMITS, bridge_certainty=1.1 * errors)) == {}


@pytest.mark.parametrize(("currents", "resistance", "artefact"), [
    ([-200, -100, 0, 100], 6.0, True),  # 94 % at once
    ([-200, -100, 0, 100], 14.0, False),  # 86 %
    ([-56, -28, 0], 6.0, True),  # 5.4 mV
    ([-48, -24, 0], 6.0, False),  # 4.6 mV
])  # fmt: skip
def test_what_appears_at_once_and_how_large_it_is(family_of, currents, resistance, artefact):
    found = reasons(family_of(currents, jump=90.0, resistance=resistance))
    if artefact:
        everything(found, "at once, as with an electrode")
    else:
        assert found == {}


@pytest.mark.parametrize(
    ("top", "resistance", "electrode"), [(102, 500, True), (98, 500, False), (120, 950, True), (120, 1050, False)]
)
def test_the_steady_state_and_the_resistance_of_an_electrode(family_of, top, resistance, electrode):
    strongest = (top + 65) * 1000 / resistance
    recording = family_of([-20, 0, 20, 40, strongest], resistance=resistance, tau=30)
    assert reasons(recording, replace(LIMITS, ohmic_voltage=130.0)) == {}
    found = reasons(recording)
    if electrode:
        everything(found, "like a resistor")
    else:
        assert found == {}


@pytest.mark.parametrize(("share", "electrode"), [(0.04, True), (0.06, False)])
def test_how_straight_a_resistor_is(family_of, share, electrode):
    recording = family_of([-80, 0, 80, 160, 240, 320, 360], resistance=500, tau=30)
    inside = np.clip((np.arange(20000) - 4000) / 4000, 0, 1) * (np.arange(20000) < 14000)
    along = recording.command.max(axis=1, keepdims=True).clip(0) / 360
    bend = share * 220 * 4 * along * (1 - along) * inside
    found = reasons(replace(recording, response=recording.response + bend))
    if electrode:
        everything(found, "like a resistor")
    else:
        assert found == {}


@pytest.mark.parametrize(("currents", "rest", "resistance", "hole"), [
    ([-60, 0, 60], -19, 100, True),
    ([-60, 0, 60], -21, 100, False),
    ([-60, 0, 60], -5, 145, True),
    ([-60, 0, 60], -5, 155, False),
    ([0, 60, 120], -5, 18, True),
    ([0, 60, 120], -5, 22, False),
    ([-6, -3, 0], -5, 100, True),
    ([-4, -2, 0], -5, 100, False),
])  # fmt: skip
def test_a_hole_is_high_and_low_in_resistance_and_the_steps_tell(family_of, currents, rest, resistance, hole):
    found = reasons(family_of(currents, rest=rest, resistance=resistance))
    if hole:
        everything(found, "leak: no living cell")
    else:
        assert found == {}


def test_a_hole_never_fires(family_of):
    assert reasons(family_of([-60, 0, 60], rest=-5, resistance=50, spikes=[[], [], [0.1]])) == {}
    everything(reasons(family_of([-60, 0, 60], rest=-5, resistance=50)), "leak")


def test_of_depolarising_steps_the_small_ones_tell_of_a_hole(family_of):
    small, large = family_of([0, 50], rest=-5, resistance=18), family_of([0, 500], rest=-5, resistance=40)
    both = [np.vstack([getattr(small, part), getattr(large, part)[1:]]) for part in ("response", "command")]
    recording = replace(small, response=both[0], command=both[1], n_valid=None, sweep_start=None)
    everything(reasons(recording), "leak")
    assert reasons(recording, replace(LIMITS, leak_deflection=25.0)) == {}
