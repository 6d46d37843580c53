"""Deconvolution equals the division of whole spectra, and its noise is measured without the events."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import fft

from mnephys.patch.synaptic.deconvolution import band_pass, deconvolve, inverse_kernel
from mnephys.patch.synaptic.noise import gaussian_core
from mnephys.patch.synaptic.templates import Template, shape

TEMPLATE = Template(1.0, 8.0, 5000.0)


def test_it_equals_the_division_of_whole_spectra():
    trace = np.random.default_rng(0).normal(0.0, 2.0, 40000)
    event = shape(np.arange(40000) / 5.0, np.array(1.0), np.array(8.0))
    gain = band_pass(fft.rfftfreq(40000, 1.0 / 5000.0))
    whole = fft.irfft(fft.rfft(trace) / fft.rfft(event) * gain, 40000) / fft.irfft(gain, 40000)[0]
    own = deconvolve(trace[np.newaxis], inverse_kernel(TEMPLATE))[0]
    inside = slice(5000, 35000)
    assert np.abs(own - whole)[inside].max() < 2e-3 * whole[inside].std()


@pytest.mark.parametrize("piece", [1, 5000, 1 << 20])
def test_it_equals_a_direct_convolution_whatever_the_pieces(piece):
    sweeps = np.random.default_rng(1).normal(-80.0, 2.0, (3, 6000))
    kernel = inverse_kernel(TEMPLATE)
    reach = kernel.size // 2
    own = deconvolve(sweeps, kernel, piece=piece)
    for sweep, row in zip(sweeps, own, strict=True):
        edges = np.full(reach, sweep[:reach].mean()), np.full(reach, sweep[-reach:].mean())
        direct = np.convolve(np.concatenate([edges[0], sweep, edges[1]]), kernel, mode="valid")
        np.testing.assert_allclose(row, direct, atol=1e-4)


def test_events_become_pulses_of_their_amplitude_that_no_longer_overlap():
    t = np.arange(20000) / 5.0
    trace = -30.0 * shape(t - 2000.0, 1.0, 8.0) - 15.0 * shape(t - 2012.0, 1.0, 8.0)
    pulses = deconvolve(trace[np.newaxis], inverse_kernel(TEMPLATE))[0]
    assert pulses[10000] == pytest.approx(-30.0, rel=0.05)
    assert pulses[10060] == pytest.approx(-15.0, rel=0.1)
    assert pulses[10030] > -5.0


def test_a_holding_current_and_a_sweep_shorter_than_the_filter_do_not_matter():
    kernel = inverse_kernel(TEMPLATE)
    assert abs(kernel.sum()) < 1e-12 * np.abs(kernel).sum()
    assert np.abs(deconvolve(np.full((1, 9000), -700.0), kernel)).max() < 1e-3
    short = np.random.default_rng(2).normal(size=(1, 40))
    np.testing.assert_allclose(deconvolve(short - 700.0, kernel), deconvolve(short, kernel), atol=1e-3)


def test_a_float32_holding_current_whose_sum_overflows_does_not_matter():
    kernel = inverse_kernel(TEMPLATE)
    assert (deconvolve(np.full((1, 9000), 1e38, dtype=np.float32), kernel) == 0).all()


def test_events_hardly_larger_than_the_noise_do_not_widen_it():
    values = np.random.default_rng(4).normal(0.0, 1.0, 200000)
    values[:30000] += 3.0
    mean, sd = gaussian_core(values)
    assert abs(mean) < 0.05
    assert sd < 1.06
    assert values.std() > 1.4


@pytest.mark.parametrize("side", [-1.0, 1.0])
def test_the_gaussian_core_is_the_noise_whatever_the_events(side):
    rng = np.random.default_rng(3)
    values = rng.normal(1.0, 2.0, 200000)
    values[:20000] += side * rng.exponential(30.0, 20000)
    assert gaussian_core(values) == pytest.approx((1.0, 2.0), abs=0.12)
    assert values.std() > 5


def test_a_constant_has_no_noise_and_nothing_has_none_to_measure():
    assert gaussian_core(np.full(100, 3.0)) == (3.0, 0.0)
    assert np.isnan(gaussian_core(np.zeros(0))).all()
    assert gaussian_core(np.array([1.0, 2.0, 3.0]))[0] == pytest.approx(2.0)
