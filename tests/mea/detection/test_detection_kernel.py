"""The finite kernel against scipy's recursive filter, run over what goes on for long."""

import numpy as np
import pytest
from reference.plain_detection import bandpassed
from voltages import simulated

from mnephys.mea.detection.kernel import bandpass_kernel, convolved

CASES = [
    (rate, (300.0, min(5000.0, 0.4 * rate)), order, zero_phase)
    for rate in (10000.0, 12500.0, 20000.0, 25000.0, 50000.0)
    for order in (1, 2, 3, 5)
    for zero_phase in (True, False)
]


@pytest.mark.parametrize(("rate", "band", "order", "zero_phase"), CASES)
def test_kernel_is_response_of_recursive_filter(rate, band, order, zero_phase):
    kernel = bandpass_kernel(rate, band, order, zero_phase=zero_phase)
    impulse = np.zeros(2 * kernel.taps.size + 1)
    impulse[kernel.taps.size] = 1.0
    response, before = bandpassed(impulse, rate, band, order, zero_phase=zero_phase)
    middle = before + kernel.taps.size
    inside = response[middle - kernel.after : middle + kernel.before + 1][::-1]
    outside = np.abs(np.concatenate([response[: middle - kernel.after], response[middle + kernel.before + 1 :]]))
    assert np.abs(kernel.taps - inside).max() < 2e-5 * np.abs(response).max()
    assert outside.max() < 1e-5 * np.abs(response).max()


@pytest.mark.parametrize(("dtype", "within"), [(np.float32, 0.05), (np.float64, 0.005)])
def test_filtered_samples_are_those_of_the_reference(dtype, within):
    values = simulated(7, 12500.0, seconds=1.0, n_channels=2)
    kernel = bandpass_kernel(12500.0, (300.0, 5000.0), 3, zero_phase=True)
    padded = np.pad(values, ((kernel.before, kernel.after), (0, 0)), mode="edge")
    made = convolved(padded.astype(dtype), kernel)
    assert made.dtype == dtype
    for found, column in zip(made.T, values.T, strict=True):
        y, before = bandpassed(column, 12500.0, (300.0, 5000.0), 3)
        assert np.abs(found - y[before : before + column.size]).max() < within


@pytest.mark.parametrize("order", [1, 2, 3, 4, 5])
def test_what_was_cut_off_is_less_than_a_thousandth_of_noise_under_strong_fields(order):
    column = simulated(4, 12500.0, seconds=2.0, n_channels=1)[:, 0]
    kernel = bandpass_kernel(12500.0, (300.0, 5000.0), order, zero_phase=True)
    expected, before = bandpassed(column, 12500.0, (300.0, 5000.0), order)
    expected = expected[before : before + column.size]
    padded = np.pad(column, (kernel.before, kernel.after), mode="edge")
    made = np.correlate(padded, kernel.taps, "valid")
    noise = np.median(np.abs(expected)) / 0.6745
    assert np.abs(made - expected).max() < 1e-3 * noise


@pytest.mark.parametrize("zero_phase", [True, False])
def test_kernel_leaves_nothing_of_a_constant(zero_phase):
    taps = bandpass_kernel(12500.0, (300.0, 5000.0), 3, zero_phase=zero_phase).taps
    assert abs(taps.sum()) < 1e-8


def test_zero_phase_kernel_is_its_own_mirror_image():
    kernel = bandpass_kernel(25000.0, (300.0, 5000.0), 4, zero_phase=True)
    assert kernel.before == kernel.after
    assert np.abs(kernel.taps - kernel.taps[::-1]).max() < 1e-9


def test_causal_kernel_knows_nothing_of_what_comes():
    kernel = bandpass_kernel(12500.0, (300.0, 5000.0), 3, zero_phase=False)
    assert kernel.after == 0
    assert kernel.before > 100


@pytest.mark.parametrize(
    ("rate", "band", "order", "words"),
    [
        (10000.0, (300.0, 5000.0), 3, "needs more than 10000"),
        (12500.0, (300.0, 7000.0), 3, "needs more than 14000"),
        (12500.0, (5000.0, 300.0), 3, "is none"),
        (12500.0, (0.0, 5000.0), 3, "is none"),
        (12500.0, (np.nan, 5000.0), 3, "is none"),
        (12500.0, (300.0, 5000.0), 0, "order 0"),
        (12500.0, (300.0, 5000.0), 11, "order 11"),
        (12500.0, (300.0, 5000.0), 2.5, "order 2.5"),
        (np.nan, (300.0, 5000.0), 3, "nan"),
        (-1.0, (300.0, 5000.0), 3, "-1"),
        (50000.0, (0.01, 5000.0), 3, "samples"),
    ],
)
def test_what_cannot_be_is_refused(rate, band, order, words):
    with pytest.raises(ValueError, match=words):
        bandpass_kernel(rate, band, order, zero_phase=True)
