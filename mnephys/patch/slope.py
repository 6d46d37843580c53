"""The derivative of the membrane potential."""

from __future__ import annotations

import numpy as np

from mnephys.recording import FloatArray

__all__ = ["CUTOFF_HZ", "slope_kernel", "voltage_slope"]

CUTOFF_HZ = 5000.0
CUTOFF_FRACTION = 0.45


def voltage_slope(voltage: FloatArray, sampling_rate: float, *, cutoff: float = CUTOFF_HZ) -> FloatArray:
    """Return dV/dt: central difference after a Gaussian low-pass.

    The low-pass follows the sampling rate, so that no rate is refused: its -3 dB point is `cutoff` or
    0.45 x `sampling_rate`, whichever is lower. It has no phase and no ringing.

    Parameters
    ----------
    voltage : ndarray, float, shape (n_sweeps, n_samples)
        In mV. NaN spreads over the width of the filter, a few samples.
    sampling_rate : float
        In Hz.
    cutoff : float
        In Hz.

    Returns
    -------
    ndarray, float32, shape (n_sweeps, n_samples)
        In mV/ms.

    Examples
    --------
    >>> import numpy as np
    >>> ramp = np.arange(100, dtype=np.float32)[np.newaxis] * 0.5
    >>> voltage_slope(ramp, 20000.0)[0, 50]
    np.float32(10.0)
    """
    from scipy.ndimage import correlate1d

    kernel = slope_kernel(sampling_rate, cutoff=cutoff)
    slope: FloatArray = correlate1d(np.asarray(voltage, dtype=np.float32), kernel, axis=-1, mode="nearest")
    return slope


def slope_kernel(sampling_rate: float, *, cutoff: float = CUTOFF_HZ) -> FloatArray:
    """Return the weights of the samples around one, of which its dV/dt is the sum.

    Parameters
    ----------
    sampling_rate : float
        In Hz.
    cutoff : float
        -3 dB point of the low-pass in Hz; at most 0.45 x `sampling_rate` is used.

    Returns
    -------
    ndarray, float32, shape (2 * reach + 1,)
        Odd about its middle; in 1/ms.

    Examples
    --------
    >>> kernel = slope_kernel(20000.0)
    >>> kernel.size, float(kernel[4]), bool(np.allclose(kernel, -kernel[::-1]))
    (9, 0.0, True)
    """
    corner = min(cutoff, CUTOFF_FRACTION * sampling_rate)
    sigma = np.sqrt(np.log(2.0)) / (2.0 * np.pi * corner) * sampling_rate
    reach = int(np.ceil(4.0 * sigma))
    lowpass = np.exp(-0.5 * (np.arange(-reach, reach + 1) / sigma) ** 2)
    kernel = np.convolve(lowpass / lowpass.sum(), [-0.5, 0.0, 0.5]) * sampling_rate / 1000.0
    return kernel.astype(np.float32)
