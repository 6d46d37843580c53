"""Noise that follows the recording, window by window, against samples that are thrown out one by one."""

import numpy as np
import pytest
from reference.plain_detection import bandpassed, clipped_sd
from voltages import coloured

from mnephys.mea.detection.kernel import bandpass_kernel
from mnephys.mea.detection.noise import noise_levels, windows_of
from mnephys.mea.detection.samples import as_samples

RATE, BAND = 12500.0, (300.0, 5000.0)
KERNEL = bandpass_kernel(RATE, BAND, 3, zero_phase=True)


def test_every_level_is_the_median_of_five_windows_without_what_is_beyond_three_sd():
    rng = np.random.default_rng(17)
    values = coloured(rng, round(30 * RATE), 2)
    values *= np.linspace(1, 4, values.shape[0])[:, np.newaxis]  # louder and louder
    values[::900, 0] -= 30 * values.std()  # spikes
    (samples,), _, _ = as_samples(values, RATE, np.zeros((0, 2)))
    first, length = windows_of(samples, RATE)
    found = noise_levels(samples, RATE, KERNEL, "adaptive")
    assert found.level.shape == (first.size, 2)
    for channel in (0, 1):
        # Of the 1,250 samples of a window every second is looked at.
        y, before = bandpassed(values[:, channel], RATE, BAND, 3)
        told = [clipped_sd(y[before + at : before + at + length : 2].tolist()) for at in first.tolist()]
        last = first.size - 1
        expected = [
            np.median([told[min(max(at + step, 0), last)] for step in (-2, -1, 0, 1, 2)]) for at in range(first.size)
        ]
        # A normal variable has 0.98658 of its standard deviation within three of them.
        ratio = found.level[:, channel] / np.array(expected) * 0.98658
        np.testing.assert_allclose(ratio, 1, atol=0.035)
        assert np.median(ratio) == pytest.approx(1, abs=0.003)
