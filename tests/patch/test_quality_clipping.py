"""Clipping, on small arrays: what is cut off has corners, what is round or rests does not."""

from __future__ import annotations

import numpy as np
import pytest

from mnephys.patch.clipping import clipped_sweeps

RATE = 20000.0


def clipped(*sweeps, rest=-65.0, noise=0.0, flat=1.0, slope=2.0, samples=3):
    voltage = np.array(sweeps, dtype=np.float32)
    found = clipped_sweeps(voltage, RATE, rest=rest, noise=noise, flat=flat, slope=slope, samples=samples)
    return np.flatnonzero(found).tolist()


def top(before, after, *, samples=3, height=20.0, quiet=-65.0):
    """A sweep in steps of 1 mV with one flat top that is reached and left by falls, in mV from sample to sample."""
    rise, fall = height - np.cumsum(before)[::-1], height - np.cumsum(after)
    rest = quiet + np.arange(50) % 2
    return np.concatenate([rest, rise, np.full(samples, height), fall, rest])


@pytest.mark.parametrize(("steps", "found"), [(5, []), (8, []), (9, [0])])
def test_a_rounded_peak_falls_by_few_steps_of_the_digitiser(steps, found):
    # Steps of 1 mV: three equal samples of a parabola have neighbours up to 5 mV lower.
    assert clipped(top([steps, 20, 20], [steps, 20, 20])) == found


def test_there_must_be_a_corner_on_both_sides():
    assert clipped(top([20, 20], [20, 20])) == [0]
    # A fast rise and a slow decay, as of a synaptic potential, and the other way round.
    slow = [1] * 40
    assert clipped(top([20, 20], slow)) == []
    assert clipped(top(slow, [20, 20])) == []


@pytest.mark.parametrize(("noise", "found"), [(0.1, [0]), (2.0, [])])
def test_noise_can_make_samples_equal(noise, found):
    assert clipped(top([10, 20, 20], [10, 20, 20]), noise=noise) == found


def test_a_long_flat_top_is_seen_too():
    assert clipped(top([2.0] * 40, [2.0] * 40, samples=2000)) == [0]


def test_a_rest_between_spikes_is_flat_without_being_cut_off():
    spike = np.concatenate([np.arange(-65, 20, 3), np.arange(20, -65, -3)])
    rest = np.full(60, -65.0)
    sweep = np.concatenate([rest, spike, rest, spike + np.where(spike > 0, 1, 0), rest])
    assert clipped(sweep) == []
    assert clipped(sweep, rest=0.0) == [0]


def test_the_run_that_several_peaks_share_is_as_long_as_asked():
    ramp = [3.0] * 20
    both = top(ramp, ramp, samples=30) + np.where(np.arange(170) % 2, 0.02, 0.0)
    two = (both, both)
    assert clipped(*two, noise=0.01) == [0, 1]
    assert clipped(*two, noise=0.01, flat=1.6) == []
    assert clipped(both, noise=0.01) == []


def test_nothing_recorded_is_not_clipped():
    assert clipped(np.full(10, np.nan), np.full(10, np.inf)) == []
    assert clipped(np.full(10, np.nan), top([20, 20], [20, 20])[:10]) == []


@pytest.mark.parametrize("grain", [0.03, 0.3, 1.0])
def test_rounded_peaks_of_any_width_and_phase_are_not_clipped(grain):
    rng = np.random.default_rng(4)
    for _ in range(300):
        time = (np.arange(400) - 200 + rng.uniform(-0.5, 0.5)) / 20.0
        noise = rng.choice([0.0, 0.1, 0.4])
        peak = -65 + rng.uniform(15, 100) * np.exp(-((time / rng.uniform(0.2, 4)) ** 2)) + rng.normal(0, noise, 400)
        assert clipped(np.round(peak / grain) * grain, noise=noise) == []
