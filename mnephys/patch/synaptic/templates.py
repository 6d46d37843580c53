"""The shape of one postsynaptic current: a rise and a decay, unit peak."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mnephys.recording import FloatArray

__all__ = ["Template", "half_times", "shape", "time_to_peak"]

LEAD_DECAYS = 0.5
TAIL_DECAYS = 3.0
BISECTIONS = 40


@dataclass(frozen=True, slots=True)
class Template:
    """What is slid along the trace: a stretch before the onset, the rise and most of the decay.

    Parameters
    ----------
    rise, decay : float
        Time constants in ms.
    sampling_rate : float
        In Hz.

    Raises
    ------
    ValueError
        If a time constant or the sampling rate is not a positive number, or the template would be one of fewer
        than four samples.

    Examples
    --------
    >>> template = Template(1.0, 8.0, 20000.0)
    >>> template.lead, template.samples.size
    (80, 560)
    >>> round(float(template.samples.max()), 3)
    1.0
    """

    rise: float
    decay: float
    sampling_rate: float

    def __post_init__(self) -> None:
        for name in ("rise", "decay", "sampling_rate"):
            value = getattr(self, name)
            if not (np.isfinite(value) and value > 0):
                raise ValueError(f"{name} is {value}, needs a positive number")
        if self.tail < 4:
            raise ValueError(f"a decay of {self.decay:g} ms is too fast for {self.sampling_rate:g} Hz")

    @property
    def lead(self) -> int:
        """Samples before the onset: half a decay time constant."""
        return max(1, round(LEAD_DECAYS * self.decay * self.sampling_rate / 1000.0))

    @property
    def tail(self) -> int:
        """Samples from the onset on: three decay time constants."""
        return round(TAIL_DECAYS * self.decay * self.sampling_rate / 1000.0)

    @property
    def rise_samples(self) -> float:
        """Rise time constant in samples."""
        return self.rise * self.sampling_rate / 1000.0

    @property
    def samples(self) -> FloatArray:
        """The template, sample by sample."""
        t = np.arange(-self.lead, self.tail) * 1000.0 / self.sampling_rate
        return shape(t, np.asarray(self.rise), np.asarray(self.decay))


def shape(t: FloatArray, rise: FloatArray, decay: FloatArray) -> FloatArray:
    """Return ``(1 - exp(-t / rise)) exp(-t / decay)`` scaled to a peak of 1; 0 before the onset.

    Parameters
    ----------
    t : ndarray, float, any shape
        Time after the onset in ms.
    rise, decay : ndarray, float, any shape
        Time constants in ms; broadcast against `t`.

    Returns
    -------
    ndarray, float, of the common shape
        Between 0 and 1.

    Notes
    -----
    The form that Clements & Bekkers (1997, doi:10.1016/S0006-3495(97)78062-7) slide. It is the difference of two
    exponentials, of `decay` and of the faster ``1 / (1 / rise + 1 / decay)``, and has a peak whatever the two are.

    Examples
    --------
    >>> import numpy as np
    >>> shape(np.array([-1.0, 0.0, 2.197, 40.0]), np.array(1.0), np.array(8.0)).round(3)
    array([0.  , 0.  , 1.  , 0.01])
    """
    after = np.maximum(t, 0.0)
    peak_at = time_to_peak(rise, decay)
    peak = -np.expm1(-peak_at / rise) * np.exp(-peak_at / decay)
    scaled: FloatArray = -np.expm1(-after / rise) * np.exp(-after / decay) / peak
    return scaled


def time_to_peak(rise: FloatArray, decay: FloatArray) -> FloatArray:
    """Return when the template peaks.

    Parameters
    ----------
    rise, decay : ndarray, float, any shape
        Time constants in ms.

    Returns
    -------
    ndarray, float, same shape
        Time after the onset in ms.

    Examples
    --------
    >>> import numpy as np
    >>> time_to_peak(np.array(1.0), np.array(8.0)).round(3)
    np.float64(2.197)
    """
    at: FloatArray = rise * np.log1p(decay / rise)
    return at


def half_times(rise: FloatArray, decay: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return rise time, half-decay time and half-width of templates.

    Parameters
    ----------
    rise, decay : ndarray, float, shape (n,)
        Time constants in ms.

    Returns
    -------
    rise_time : ndarray, float, shape (n,)
        From 10 % to 90 % of the peak, in ms.
    half_decay_time : ndarray, float, shape (n,)
        From the peak to half of it, in ms.
    half_width : ndarray, float, shape (n,)
        Between the two points of half the peak, in ms.

    Examples
    --------
    >>> import numpy as np
    >>> [times.round(3) for times in half_times(np.array([1.0]), np.array([8.0]))]
    [array([1.165]), array([6.486]), array([8.242])]
    """
    peak_at = time_to_peak(rise, decay)
    low, half, high = (_crossing(level, np.zeros_like(peak_at), peak_at, rise, decay) for level in (0.1, 0.5, 0.9))
    # At this time after the peak even the slower of two equal exponentials has fallen below a half.
    falling = _crossing(0.5, peak_at + 3.0 * (rise + decay), peak_at, rise, decay)
    return high - low, falling - peak_at, falling - half


def _crossing(level: float, below: FloatArray, above: FloatArray, rise: FloatArray, decay: FloatArray) -> FloatArray:
    """Return when templates pass a level, by bisection between a time below and one above it."""
    for _ in range(BISECTIONS):
        middle = 0.5 * (below + above)
        reached = shape(middle, rise, decay) >= level
        below, above = np.where(reached, below, middle), np.where(reached, middle, above)
    return 0.5 * (below + above)
