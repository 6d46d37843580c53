"""Noise against the median absolute deviation of the whole, and of the windows that are looked at."""

import numpy as np
import pytest
from reference.plain_detection import bandpassed, mad_noise
from voltages import coloured, simulated

from mnephys.mea.detection.kernel import bandpass_kernel
from mnephys.mea.detection.noise import noise_levels, windows_of
from mnephys.mea.detection.samples import as_samples
from mnephys.recording import whole_segment

RATE, BAND = 12500.0, (300.0, 5000.0)
KERNEL = bandpass_kernel(RATE, BAND, 3, zero_phase=True)


def stretch(values):
    (samples,), _, _ = as_samples(values, RATE, np.zeros((0, 2)))
    return samples


@pytest.mark.parametrize(
    ("seconds", "least"), [(0.05, 1), (0.5, 5), (1.99, 19), (5, 20), (60, 20), (600, 60), (3600, 360)]
)
def test_windows_are_many_and_evenly_spread(seconds, least):
    n = round(seconds * RATE)
    samples = stretch(np.broadcast_to(np.zeros(1, np.int16), (n, 1)))
    first, length = windows_of(samples, RATE)
    assert first.size >= least
    assert length == min(1250, n)
    assert first[0] >= 0
    assert first[-1] + length <= n
    if first.size > 1:
        assert np.diff(first).min() >= length - 1
        # One in each of equal parts, and not all at the same place in it.
        part = n / first.size
        assert ((first + 1) // part).astype(int).tolist() == list(range(first.size))
        if part > 2 * length:
            assert np.ptp(first % part) > 0.5 * (part - length)


@pytest.mark.parametrize("seconds", [0.3, 1.0])
def test_noise_is_that_of_the_reference_where_all_of_a_window_is_looked_at(seconds):
    values = simulated(5, RATE, seconds=seconds)
    samples = stretch(values)
    first, length = windows_of(samples, RATE)
    windows = [(at, at + length) for at in first.tolist()]
    level = noise_levels(samples, RATE, KERNEL, "mad").level[0]
    # Of many windows not every sample is looked at.
    assert len(windows) * length < 20_000
    for found, column in zip(level, values.T, strict=True):
        y, before = bandpassed(column, RATE, BAND, 3)
        assert found == pytest.approx(mad_noise(y, before, windows), rel=1e-3)


def test_noise_is_near_that_of_the_whole():
    values = simulated(6, RATE, seconds=30.0, n_channels=4)
    level = noise_levels(stretch(values), RATE, KERNEL, "mad").level[0]
    for found, column in zip(level, values.T, strict=True):
        y, before = bandpassed(column, RATE, BAND, 3)
        inner = y[before : before + column.size]
        assert found == pytest.approx(np.median(np.abs(inner - np.median(inner))) / 0.6745, rel=0.04)


def test_adaptive_levels_follow_the_noise_and_no_spikes():
    rng = np.random.default_rng(8)
    values = coloured(rng, round(40 * RATE), 2)
    values[round(20 * RATE) :, 1] *= 3
    y = bandpassed(values[: round(20 * RATE), 1], RATE, BAND, 3)[0]
    quiet = y[round(RATE) : -round(RATE)].std()
    values[::1250, 0] -= 400.0
    levels = noise_levels(stretch(values), RATE, KERNEL, "adaptive")
    held = levels.level[levels.holding(np.round(np.array([5.0, 15.0, 25.0, 35.0]) * RATE).astype(int))]
    assert held[:, 1] == pytest.approx([quiet, quiet, 3 * quiet, 3 * quiet], rel=0.1)
    assert held[:, 0] == pytest.approx(held[0, 0], rel=0.1)
    assert held[0, 0] == pytest.approx(quiet, rel=0.15)


def test_channel_without_numbers_has_no_level_and_a_constant_one_none():
    values = simulated(9, RATE, seconds=3.0).astype(np.float32)
    values[:, 0], values[:, 1] = np.nan, 5.0
    alone = noise_levels(stretch(values[:, 2:]), RATE, KERNEL, "mad").level
    for method in ("mad", "adaptive"):
        level = noise_levels(stretch(values), RATE, KERNEL, method).level
        assert np.isnan(level[:, 0]).all()
        assert (level[:, 1] == 0).all()
        assert (level[:, 2] > 0).all()
    assert noise_levels(stretch(values), RATE, KERNEL, "mad").level[0, 2] == alone[0, 0]


def test_unknown_method_is_refused():
    with pytest.raises(ValueError, match="loud"):
        noise_levels(stretch(np.zeros((100, 1))), RATE, KERNEL, "loud")


def white(seconds, sd=5.0, n_channels=3, seed=8):
    return np.random.default_rng(seed).normal(0, sd, (round(seconds * RATE), n_channels)).astype(np.float32)


GAIN = float(np.sqrt((KERNEL.taps**2).sum()))


@pytest.mark.parametrize("method", ["mad", "adaptive"])
def test_blanked_stretches_are_no_noise(method):
    values = white(60)
    blank = np.stack([np.arange(0.3, 59), np.arange(0.5, 59.1)], 1)
    (samples,), _, _ = as_samples(values, RATE, blank)
    assert noise_levels(samples, RATE, KERNEL, method).level == pytest.approx(5 * GAIN, rel=0.12)


def test_what_comes_at_regular_times_is_no_noise():
    values = white(120)
    for second in range(5, 120, 6):
        values[round(second * RATE) : round((second + 0.1) * RATE)] *= 30
    assert noise_levels(stretch(values), RATE, KERNEL, "mad").level == pytest.approx(5 * GAIN, rel=0.1)


@pytest.mark.parametrize("minutes", [1, 10, 60])
def test_adaptive_noise_is_as_sure_of_a_long_recording(minutes):
    # An hour of the same ten seconds again and again.
    part = white(10, n_channels=1)

    class Again:
        shape, sampling_rate, segments = (minutes * 6 * part.shape[0], 1), RATE, whole_segment()

        def read(self, start, stop):
            return part[np.arange(start, stop) % part.shape[0]]

    (samples,), _, _ = as_samples(Again(), None, np.zeros((0, 2)))
    assert noise_levels(samples, RATE, KERNEL, "adaptive").level == pytest.approx(5 * GAIN, rel=0.15)


@pytest.mark.parametrize("sd", [0.3, 0.5, 2.0])
def test_rounding_to_steps_is_noise(sd):
    values = np.rint(white(30, sd)).astype(np.int16)
    true = np.sqrt(sd**2 + 1 / 12) * GAIN
    assert (noise_levels(stretch(values), RATE, KERNEL, "mad").level >= 0.55 * true).all()
    assert (noise_levels(stretch(values), RATE, KERNEL, "mad").level <= 1.2 * true).all()


def test_time_in_which_a_channel_was_constant_is_left_out_and_told():
    values = white(60, n_channels=4)
    values[: round(20 * RATE), 1] = 3.0
    values[: round(40 * RATE), 2] = 3.0
    values[:, 3] = 3.0
    levels = noise_levels(stretch(values), RATE, KERNEL, "mad")
    assert levels.level[0, :3] == pytest.approx(5 * GAIN, rel=0.1)
    assert levels.level[0, 3] == 0
    assert levels.share == pytest.approx([1, 2 / 3, 1 / 3, 0], abs=0.06)
    assert levels.usable.tolist() == [True, True, False, False]
