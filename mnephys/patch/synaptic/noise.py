"""The noise of a detection trace that also holds events."""

from __future__ import annotations

import numpy as np

from mnephys.patch.synaptic.pieces import filled, row_blocks
from mnephys.recording import BoolArray, FloatArray

__all__ = ["gaussian_core", "sd_about_mean"]

BINS = 200
SPAN_SD = 4.0
CORE = 0.3
REFITS = 3
FEWEST = 30
NOISE_WINDOW_S = 0.02


def gaussian_core(values: FloatArray) -> tuple[float, float]:
    """Fit a Gaussian to the peak of the all-points histogram, which is the noise between events.

    Parameters
    ----------
    values : ndarray, float, shape (n,)
        Finite.

    Returns
    -------
    mean, sd : float
        SD 0 where the values are constant; NaN both where there are none.

    Notes
    -----
    Pernia-Andrade et al. (2012), doi:10.1016/j.bpj.2012.08.039, set their threshold in SD of this Gaussian. Here it
    is the parabola through the logarithm of the counts that are at least 30 % of the highest, weighted by the
    square of what the fit before predicts (Guo 2011, doi:10.1109/MSP.2011.941846): events, on either side, have no say.

    Examples
    --------
    >>> import numpy as np
    >>> noise = np.random.default_rng(0).normal(2.0, 3.0, 100000)
    >>> noise[:10000] += 40.0
    >>> [round(float(x), 1) for x in gaussian_core(noise)]
    [2.0, 3.0]
    """
    if not values.size:
        return float("nan"), float("nan")
    middle = float(np.median(values))
    spread = float(np.median(np.abs(values - middle))) / 0.6745
    if not spread > 0:
        return middle, 0.0
    counts, edges = np.histogram((values.astype(np.float64) - middle) / spread, BINS, (-SPAN_SD, SPAN_SD))
    x = 0.5 * (edges[1:] + edges[:-1])
    smooth = np.convolve(counts, np.ones(9) / 9.0, mode="same")
    core = (smooth >= CORE * smooth.max()) & (counts > 0)
    if counts.sum() < FEWEST or core.sum() < 5:
        return middle, spread
    x, logarithm, weight = x[core], np.log(counts[core]), counts[core].astype(np.float64)
    curve = np.zeros(3)
    for _ in range(REFITS):
        curve = np.polyfit(x, logarithm, 2, w=weight)
        weight = np.exp(np.clip(np.polyval(curve, x), 0.0, logarithm.max() + 1.0))
    if not curve[0] < 0:
        return middle, spread
    mean, sd = -curve[1] / (2.0 * curve[0]), np.sqrt(-0.5 / curve[0])
    # Too few values make a parabola of anything; the quartiles cannot be that wrong.
    if not (0.3 < sd < 1.5 and abs(mean) < 1.5):
        return middle, spread
    return middle + float(mean) * spread, float(sd) * spread


def sd_about_mean(current: FloatArray, searched: BoolArray, sampling_rate: float) -> float:
    """Return the SD of the current about its mean over 20 ms.

    Parameters
    ----------
    current : ndarray, float, shape (n_sweeps, n_samples)
        In pA.
    searched : ndarray, bool, shape (n_sweeps, n_samples)
        Which samples count.
    sampling_rate : float
        In Hz.

    Returns
    -------
    float
        In pA, from a million samples.

    Examples
    --------
    >>> import numpy as np
    >>> current = np.random.default_rng(0).normal(-50.0, 2.0, (1, 50000))
    >>> round(sd_about_mean(current, current < 0, 10000.0), 1)
    2.0
    """
    from scipy.ndimage import uniform_filter1d

    width = max(2, round(NOISE_WINDOW_S * sampling_rate))
    stride = max(1, int(searched.sum()) // 1_000_000)
    about = [np.zeros(0, dtype=np.float32)]
    for rows in row_blocks(searched.shape):
        smooth = filled(current[rows], searched[rows], sampling_rate)
        smooth -= uniform_filter1d(smooth, width, axis=1)
        about.append(smooth[searched[rows]][::stride].copy())
    return gaussian_core(np.concatenate(about))[1]
