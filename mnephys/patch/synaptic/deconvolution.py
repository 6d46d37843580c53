"""The trace with the shape of an event taken out of it: what remains of an event is a short pulse at its onset."""

from __future__ import annotations

import numpy as np

from mnephys.patch.synaptic.pieces import PIECE_SAMPLES, pieces
from mnephys.patch.synaptic.templates import Template
from mnephys.recording import FloatArray

__all__ = ["band_pass", "deconvolve", "inverse_kernel"]

BAND_HZ = (4.0, 100.0)
BAND_DECAY_MS = 8.0
BAND_RISE_MS = 3.0
LEAST_OCTAVES = 4.0
HALF_POWER = 1.1774100225154747  # a Gaussian has fallen to a half at this many SD
REACH_SD = 5.0
GRID_S = 2.0


def band_pass(frequency: FloatArray, band: tuple[float, float] = BAND_HZ) -> FloatArray:
    """Return the gain of the band-pass: two Gaussians in frequency, each a half at its corner.

    Parameters
    ----------
    frequency : ndarray, float, shape (n,)
        In Hz.
    band : tuple of float
        Lower and upper corner in Hz.

    Returns
    -------
    ndarray, float, shape (n,)
        Between 0 and 1; 0 at 0 Hz.

    Examples
    --------
    >>> import numpy as np
    >>> band_pass(np.array([0.0, 4.0, 20.0, 100.0])).round(2)
    array([0.  , 0.5 , 0.97, 0.5 ])
    """
    low, high = (corner / HALF_POWER for corner in band)
    gain: FloatArray = -np.expm1(-0.5 * (frequency / low) ** 2) * np.exp(-0.5 * (frequency / high) ** 2)
    return gain


def inverse_kernel(template: Template, band: tuple[float, float] = BAND_HZ) -> FloatArray:
    """Return the filter that turns an event into a pulse of the event's amplitude at its onset.

    Parameters
    ----------
    template : Template
        The shape of an event.
    band : tuple of float
        Corners of the band-pass in Hz. The upper one holds for decays of 8 ms and more, is higher for faster ones in
        proportion, and at most a fifth of the sampling rate.

    Returns
    -------
    ndarray, float, shape (2 x reach + 1,)
        Odd in length; its middle belongs to the onset.

    Notes
    -----
    Band-pass divided by the Fourier transform of the template, back in time and cut where the Gaussians of
    the band-pass have died away: as exact as the division of whole spectra, and the same for every length of trace.

    Examples
    --------
    >>> import numpy as np
    >>> template = Template(1.0, 8.0, 10000.0)
    >>> trace = np.zeros(10000)
    >>> trace[5000 - template.lead : 5000 + template.tail] = 3.0 * template.samples
    >>> pulse = np.convolve(trace, inverse_kernel(template), mode="same")
    >>> int(pulse.argmax()), round(float(pulse.max()), 1)
    (5000, 3.0)
    """
    from scipy import fft

    rate = template.sampling_rate
    faster = max(1.0, BAND_DECAY_MS / template.decay) * min(1.0, BAND_RISE_MS / template.rise)
    low, high = band[0], min(max(band[1] * faster, LEAST_OCTAVES * band[0]), rate / 5.0)
    reach = round(REACH_SD * HALF_POWER / (2.0 * np.pi * low) * rate)
    size = fft.next_fast_len(max(2 * reach + 1, round(GRID_S * rate), 4 * template.tail), real=True)
    event = np.zeros(size)
    tail = min(size // 2, 3 * template.tail)
    longer = _event(template, tail)
    event[:tail] = longer
    gain = band_pass(fft.rfftfreq(size, 1.0 / rate), (low, high))
    response = fft.irfft(gain / fft.rfft(event), size)
    pulse = fft.irfft(gain, size)
    kernel = np.concatenate([response[-reach:], response[: reach + 1]]) / pulse[0]
    # Without a sum of exactly 0 the holding current would lift the trace.
    return np.asarray(kernel - kernel.mean())


def _event(template: Template, n_samples: int) -> FloatArray:
    from mnephys.patch.synaptic.templates import shape

    t = np.arange(n_samples) * 1000.0 / template.sampling_rate
    return shape(t, np.asarray(template.rise), np.asarray(template.decay))


def deconvolve(current: FloatArray, kernel: FloatArray, *, piece: int = PIECE_SAMPLES) -> FloatArray:
    """Apply the filter of `inverse_kernel` to every sweep.

    Parameters
    ----------
    current : ndarray, float, shape (n_sweeps, n_samples)
        In pA; finite.
    kernel : ndarray, float, shape (2 x reach + 1,)
        From `inverse_kernel`.
    piece : int
        Samples that are worked on at once.

    Returns
    -------
    ndarray, float32, shape (n_sweeps, n_samples)
        In pA: an event of the template's shape peaks at its amplitude. The ends of a sweep are carried on level.

    Notes
    -----
    Pernia-Andrade et al. (2012), doi:10.1016/j.bpj.2012.08.039.

    Examples
    --------
    >>> import numpy as np
    >>> deconvolve(np.full((1, 50), -70.0), inverse_kernel(Template(1.0, 8.0, 1000.0))).round(6).max()
    np.float32(0.0)
    """
    from scipy import fft

    current = np.atleast_2d(current)
    reach = kernel.size // 2
    out = np.zeros(current.shape, dtype=np.float32)
    edge = min(reach, current.shape[1])
    first = current[:, :edge].mean(axis=1, keepdims=True, dtype=np.float64)
    last = current[:, -edge:].mean(axis=1, keepdims=True, dtype=np.float64)
    padded = (current.shape[0], current.shape[1] + 2 * reach)
    for rows, taken, written in pieces(padded, kernel.size, piece):
        inner = slice(max(taken.start - reach, 0), min(taken.stop - reach, current.shape[1]))
        data = np.empty((out[rows].shape[0], taken.stop - taken.start))
        begin = inner.start + reach - taken.start
        end = begin + max(inner.stop - inner.start, 0)
        data[:, :begin], data[:, end:] = first[rows], last[rows]
        data[:, begin:end] = current[rows, inner]
        data -= data[:, :1]
        size = fft.next_fast_len(data.shape[1], real=True)
        spectrum = fft.rfft(data, size, axis=1) * fft.rfft(kernel, size)
        out[rows, written] = fft.irfft(spectrum, size, axis=1)[:, kernel.size - 1 : data.shape[1]]
    return out
