"""What recording adds, and what it must leave alone."""

from __future__ import annotations

import numpy as np
import pytest

from mnephys.simulate.acquisition import record
from mnephys.simulate.integration import FineTraces, integrate
from mnephys.simulate.stages import STAGES

RATE = 20000.0


@pytest.fixture(scope="module")
def fired():
    current = np.zeros((1, 1, 1600))
    current[:, :, 200:1400] = 150.0
    return integrate([STAGES["mature"].neuron], current, RATE), current


def test_the_filter_hardly_touches_an_action_potential(fired):
    traces, current = fired
    response = record(traces, current, np.random.default_rng(0), noise=0.0)
    sampled = traces.voltage[..., ::5]
    assert sampled.max() > 30
    assert np.abs(response - sampled).max() < 0.1
    assert sampled.max() - response.max() < 0.05
    assert response.argmax() == sampled.argmax()


def test_little_of_the_membrane_potential_lies_above_half_the_sampling_rate(fired):
    traces, _ = fired
    spectrum = np.abs(np.fft.rfft(np.diff(traces.voltage[0, 0]) * np.hanning(traces.voltage.shape[-1] - 1))) ** 2
    frequency = np.fft.rfftfreq(traces.voltage.shape[-1] - 1, 1 / traces.sampling_rate)
    assert spectrum[frequency > RATE / 2].sum() < 1e-4 * spectrum.sum()


def test_the_filter_removes_what_would_fold_onto_the_slow_signal():
    time = np.arange(5000) / 100000.0
    traces = FineTraces(np.sin(2 * np.pi * RATE * time + 0.3)[None, None], 100000.0)
    response = record(traces, np.zeros((1, 1, 1000)), np.random.default_rng(0), noise=0.0)
    assert np.abs(response[..., 1:]).max() < 1e-9


def test_noise_has_the_size_asked_for_and_comes_from_the_generator():
    traces = FineTraces(np.full((1, 4, 50000), -70.0), 100000.0)
    one, two, other = (record(traces, np.zeros((1, 4, 10000)), np.random.default_rng(s), noise=0.2) for s in (1, 1, 2))
    assert one.std() == pytest.approx(0.2, rel=0.02)
    assert one.mean() == pytest.approx(-70.0, abs=0.01)
    assert (one == two).all()
    assert (one != other).any()


def test_a_bridge_error_jumps_with_the_current(fired):
    traces, current = fired
    plain = record(traces, current, np.random.default_rng(0), noise=0.0)
    off = record(traces, current, np.random.default_rng(0), noise=0.0, bridge_error=8.0)
    np.testing.assert_allclose(off - plain, current * 0.008, atol=1e-12)


def test_traces_that_do_not_fit_and_negative_noise_are_refused(fired):
    traces, current = fired
    with pytest.raises(ValueError, match="do not sample"):
        record(traces, current[..., :-1], np.random.default_rng(0))
    with pytest.raises(ValueError, match="0 or more"):
        record(traces, current, np.random.default_rng(0), noise=-1.0)
