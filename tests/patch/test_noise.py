"""Noise before the steps: of known size behind filters, with gaps, with action potentials and synaptic potentials."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import signal

from mnephys.patch.noise import fast_noise, slow_noise


def fast(values, left_out=None, per_ms=20.0):
    out = np.zeros(values.size, dtype=bool) if left_out is None else left_out
    return fast_noise(values, np.array([0]), np.array([values.size]), out, per_ms)[0]


@pytest.mark.parametrize(("rate", "corner"), [(20000.0, 2000.0), (50000.0, 2000.0), (50000.0, 10000.0)])
def test_noise_behind_a_filter_is_as_large_as_it_is(rate, corner):
    sos = signal.bessel(4, corner, fs=rate, norm="mag", output="sos")
    noise = signal.sosfilt(sos, np.random.default_rng(0).normal(0, 1, 10 * round(rate)))
    noise /= noise.std()
    start = np.arange(100) * round(0.1 * rate)
    found = fast_noise(noise, start, start + round(0.1 * rate), np.zeros(noise.size, dtype=bool), rate / 1000.0)
    assert np.mean(found) == pytest.approx(1.0, rel=0.03)


def test_a_line_is_never_drawn_across_what_is_left_out():
    values = np.random.default_rng(1).normal(0, 0.1, 2000)
    left_out = np.zeros(2000, dtype=bool)
    for at in (250, 850, 1450):
        left_out[at : at + 150] = True
        values[at : at + 150] += 80.0
        values[at + 75 :] -= 20.0
    assert fast(values, left_out) == pytest.approx(0.1, rel=0.1)
    assert fast(values) > 5.0


def test_where_too_little_counts_there_is_no_noise():
    values = np.random.default_rng(1).normal(0, 1, 600)
    left_out = np.ones(600, dtype=bool)
    left_out[:199] = False
    assert np.isnan(fast(values, left_out))
    left_out[199] = False
    assert np.isfinite(fast(values, left_out))
    assert np.isnan(fast(values[:7]))
    assert np.isfinite(fast(values[:8]))
    assert np.isnan(fast(np.full(600, np.inf)))
    assert fast_noise(values, *np.zeros((2, 3), dtype=int), left_out, 20.0).shape == (3,)


def test_a_synaptic_potential_in_one_piece_of_three_does_not_count():
    values = np.random.default_rng(2).normal(0, 0.1, 2000)
    values[1000:1180] += 10 * np.exp(-np.arange(180) / 60)
    assert fast(values) == pytest.approx(0.1, rel=0.1)


def test_blocks_of_which_less_than_half_counts_are_no_slow_noise():
    values = np.repeat([1.0, 50.0, 3.0], 1000)
    left_out = np.zeros(3000, dtype=bool)
    left_out[1000:1501] = True
    assert slow_noise(values, np.array([0]), np.array([3000]), left_out, 20.0) == pytest.approx(np.sqrt(2.0))
    left_out[1500] = False
    kept = slow_noise(values, np.array([0]), np.array([3000]), left_out, 20.0)
    assert kept == pytest.approx(np.std([1.0, 50.0, 3.0], ddof=1))
