"""Hum of the mains and samples at the limit: sines of known amplitude, and what was cut by hand."""

from __future__ import annotations

import numpy as np
import pytest
from signals import plate as plate_of_voltage

from mnephys.mea import DetectionSettings
from mnephys.mea.detection.plate import detect_plate
from mnephys.mea.detection.voltage import look_at_voltage
from mnephys.recording import whole_segment

RATE = 1000.0
AT = np.arange(12000) / RATE


class Held:
    """A signal in memory."""

    def __init__(self, values):
        self.values, self.shape, self.sampling_rate = values, values.shape, RATE
        self.segments = whole_segment()

    def read(self, start, stop):
        return self.values[start:stop]


def line_of(*sines):
    """Return the hum of a channel that is a sum of sines: (Hz, uV) of each."""
    wave = sum(uv * np.sin(2 * np.pi * hz * AT + 0.4) for hz, uv in sines)
    return look_at_voltage(Held(np.stack([wave, 0 * wave + AT], axis=1))).line[0]


@pytest.mark.parametrize("hz", [50.0, 60.0])
def test_hum_has_the_amplitude_of_its_sine(hz):
    assert line_of((hz, 80.0)) == pytest.approx(80.0, rel=1e-3)


def test_of_both_the_larger_counts_and_not_their_sum():
    assert line_of((50.0, 80.0), (60.0, 30.0)) == pytest.approx(80.0, rel=1e-3)


@pytest.mark.parametrize("hz", [45.0, 55.0, 65.0])
def test_what_is_as_strong_beside_the_mains_is_no_hum(hz):
    """A third of the power at each of 45, 55 and 65 Hz is taken off: without one of them more would be left."""
    assert line_of((50.0, 80.0), (hz, 80.0)) == pytest.approx(80.0 * np.sqrt(2 / 3), rel=1e-2)


@pytest.mark.parametrize("hz", [40.0, 70.0, 52.0, 48.0])
def test_what_is_elsewhere_changes_nothing(hz):
    assert line_of((50.0, 80.0), (hz, 80.0)) == pytest.approx(80.0, rel=1e-2)
    assert line_of((hz, 80.0)) < 1.0


def test_hum_is_the_median_of_the_windows():
    wave = 80.0 * np.sin(2 * np.pi * 50 * AT)
    wave[:4000] = 0.0  # two of six windows
    assert look_at_voltage(Held(wave[:, np.newaxis])).line[0] == pytest.approx(80.0, rel=1e-3)
    wave[:8000] = 0.0  # four of six
    assert look_at_voltage(Held(wave[:, np.newaxis])).line[0] == pytest.approx(0.0, abs=1e-6)


def test_a_recording_shorter_than_a_window_has_no_hum():
    assert np.isnan(look_at_voltage(Held(np.sin(AT[:999, np.newaxis]))).line[0])
    assert np.isfinite(look_at_voltage(Held(np.sin(AT[:1000, np.newaxis]))).line[0])


def noise(n=6000):
    """Six windows of a second, of which every sample is looked at."""
    return np.rint(np.random.default_rng(4).normal(0, 100, n)).clip(-150, 150).astype(np.int16)


def test_samples_at_both_limits_are_counted_where_a_neighbour_is_there_too():
    values = np.zeros(6000, dtype=np.int16)
    values[1::2] = 1
    values[500::1000] = -9  # alone: no sample of it counts
    expected = np.zeros(1)
    assert look_at_voltage(Held(values[:, np.newaxis])).clipped == pytest.approx(expected)
    for start in range(200, 6000, 1000):
        values[start : start + 5] = 7
        values[start + 300 : start + 303] = -9
    # Of five in a row four have the next beside them, of three two.
    assert look_at_voltage(Held(values[:, np.newaxis])).clipped == pytest.approx((4 + 2) / 1000)


def test_only_the_extreme_of_all_windows_is_a_limit():
    values = np.zeros(6000, dtype=np.int16)
    values[1::2] = 1
    values[2200:2210] = 40  # one window alone reaches it
    values[4200:4210] = 30
    assert look_at_voltage(Held(values[:, np.newaxis])).clipped == pytest.approx(9 / 1000 / 6)


def test_a_constant_channel_is_not_at_a_limit():
    values = np.stack([np.full(6000, 5), noise()], axis=1).astype(np.int16)
    clipped = look_at_voltage(Held(values)).clipped
    assert clipped[0] == 0
    assert clipped[1] > 0.001


@pytest.mark.parametrize(("times", "found"), [(2.8, False), (3.3, True)])
def test_a_loud_electrode_without_spikes_is_told_from_three_times_the_noise_on(times, found):
    given = plate_of_voltage(trains=False)
    values = np.random.default_rng(2).normal(0, 5, (30000, 4)).astype(np.float32)
    values[:, 2] *= times
    given.signal.values, given.signal.shape = values, values.shape
    given.electrodes["enabled"] = False
    given.electrodes["enabled"][given.signal.electrodes] = True
    voltage = detect_plate(given, DetectionSettings(threshold=9.0)).voltage
    row = given.signal.electrodes[2]
    assert voltage.multiple[row] == pytest.approx(times, rel=0.05)
    assert ("may hide its spikes" in voltage.faults[row]) is found
