"""The optimally scaled template of Clements & Bekkers (1997), at every sample of every sweep."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mnephys.patch.synaptic.pieces import PIECE_SAMPLES, pieces
from mnephys.recording import FloatArray

__all__ = ["Slid", "slide"]

SMALLEST_ERROR_PA = 1e-6


@dataclass(frozen=True, slots=True)
class Slid:
    """How well the template fits at each sample.

    Parameters
    ----------
    criterion : ndarray, float32, shape (n_sweeps, n_samples - n_template + 1)
        Scale over standard error, with the template's first sample at each sample of the trace.
    error : ndarray, float32, same shape
        The standard error in pA.
    """

    criterion: FloatArray
    error: FloatArray


def slide(current: FloatArray, template: FloatArray, *, piece: int = PIECE_SAMPLES) -> Slid:
    """Fit ``scale x template + offset`` to every window of the trace by least squares.

    Parameters
    ----------
    current : ndarray, float, shape (n_sweeps, n_samples)
        In pA; finite.
    template : ndarray, float, shape (n_template,)
        The shape of an event.
    piece : int
        Samples that are worked on at once.

    Returns
    -------
    Slid
        Empty where the sweeps are shorter than the template.

    Notes
    -----
    Clements & Bekkers (1997), doi:10.1016/S0006-3495(97)78062-7: with sums over the N samples of the window,
    scale = (sum TD - sum T sum D / N) / (sum T^2 - (sum T)^2 / N), offset = (sum D - scale sum T) / N,
    standard error = sqrt(sum (D - scale T - offset)^2 / (N - 1)), criterion = scale / standard error.
    Here sum TD of all windows comes from Fourier transforms, sum D and sum D^2 from running sums; the standard error
    is at least 1e-6 pA, which makes the criterion of a constant trace 0.

    Examples
    --------
    >>> import numpy as np
    >>> trace = np.array([[0.0, 0.1, 2.0, 1.1, -0.1, 0.0, 0.1]])
    >>> slide(trace, np.array([0.0, 1.0, 0.5])).criterion.argmax()
    np.int64(1)
    """
    current = np.atleast_2d(current)
    template = np.asarray(template, dtype=np.float64)
    width = template.size
    shape = (current.shape[0], max(current.shape[1] - width + 1, 0))
    criterion, error = np.zeros(shape, dtype=np.float32), np.zeros(shape, dtype=np.float32)
    from scipy import fft

    centred = template - template.mean()
    power = float(centred @ centred)
    for rows, taken, written in pieces(current.shape, width, piece):
        data = current[rows, taken].astype(np.float64)
        # The offset is free, so a level may be taken away: sums of squares then lose no digits.
        data -= data[:, :1]
        size = fft.next_fast_len(data.shape[1], real=True)
        spectrum = fft.rfft(data, size, axis=1) * fft.rfft(centred, size).conj()
        # The template without its mean is blind to the offset, so this is sum TD - sum T sum D / N.
        product = fft.irfft(spectrum, size, axis=1)[:, : data.shape[1] - width + 1]
        scale = product / power
        square = _running(data * data, width) - _running(data, width) ** 2 / width
        left = np.maximum(square - scale * product, 0.0)
        standard = np.maximum(np.sqrt(left / (width - 1)), SMALLEST_ERROR_PA)
        error[rows, written] = standard
        criterion[rows, written] = scale / standard
    return Slid(criterion, error)


def _running(values: FloatArray, width: int) -> FloatArray:
    """Return the sum of each window."""
    total = np.zeros((values.shape[0], values.shape[1] + 1))
    np.cumsum(values, axis=1, out=total[:, 1:])
    windows: FloatArray = total[:, width:] - total[:, :-width]
    return windows
