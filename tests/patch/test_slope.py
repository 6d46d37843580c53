"""The derivative is right at every sampling rate and refuses none."""

from __future__ import annotations

import numpy as np
import pytest

from mnephys.patch.slope import voltage_slope


@pytest.mark.parametrize("rate", [1000.0, 4000.0, 10000.0, 12500.0, 20000.0, 50000.0, 200000.0])
def test_a_slow_sine_keeps_its_slope_at_every_rate(rate):
    t = np.arange(int(rate * 0.1)) / rate
    slope = voltage_slope(np.sin(2 * np.pi * 20 * t)[np.newaxis], rate)[0]
    expected = 2 * np.pi * 20 * np.cos(2 * np.pi * 20 * t) / 1000
    inside = slice(t.size // 10, -t.size // 10)
    np.testing.assert_allclose(slope[inside], expected[inside], atol=0.01 * expected.max())


def test_the_low_pass_is_3_db_down_at_its_corner():
    rate, t = 200000.0, np.arange(20000) / 200000.0
    for frequency, gain in ((100.0, 1.0), (5000.0, np.sqrt(0.5))):
        measured = voltage_slope(np.sin(2 * np.pi * frequency * t)[np.newaxis], rate)[0][1000:-1000].max()
        derivative = np.sin(2 * np.pi * frequency / rate) * rate / 1000
        assert measured / derivative == pytest.approx(gain, rel=0.01)
