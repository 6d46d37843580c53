"""How noisy each electrode is after the filter, from short stretches all over the recording."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mnephys.mea.detection.kernel import Kernel
from mnephys.mea.detection.parallel import side_by_side
from mnephys.mea.detection.samples import Samples
from mnephys.recording import BoolArray, FloatArray, IntArray

__all__ = ["LEAST_SHARE", "NOISE", "Levels", "filtered", "medians", "noise_levels", "shared_levels", "windows_of"]

NOISE = ("mad", "adaptive")
"""How noise can be measured."""

WINDOW_S = 0.1
EVERY_S = 10.0
FEWEST_WINDOWS = 20
ENOUGH = 10_000
"""Values of a channel from which its noise is known to 1 %; more of them cost time."""
PER_WINDOW = 500
"""Values of a channel from which the noise of one window is told."""
LONG_S = 1.0
HALF_KNOWN = 0.5
LEAST_SHARE = 0.5
"""A channel of which less can be looked at is not searched: its rate would be over time in which nobody looked."""
MAD_OF_SD = 0.6744897501960817
CLIP_SD = 3.0
CLIPPED_SD = 0.98658
"""The standard deviation of a normal variable of variance 1 that is cut at `CLIP_SD`."""
NEIGHBOURS = 2


@dataclass(frozen=True, slots=True, eq=False)
class Levels:
    """Standard deviations of the noise of every channel at some times.

    Parameters
    ----------
    at : ndarray, int, shape (n_levels,)
        Samples from which each holds, ascending, the first 0.
    level : ndarray, float, shape (n_levels, n_channels)
        In the unit of the signal; NaN where a channel has no number, 0 where it is constant.
    share : ndarray, float, shape (n_channels,)
        Part of what was looked at that are numbers and vary.
    """

    at: IntArray
    level: FloatArray
    share: FloatArray

    @property
    def usable(self) -> BoolArray:
        """Channels that can be searched, shape (n_channels,): most of them varies, and leaves noise."""
        fine = (np.isfinite(self.level) & (self.level > 0)).all(axis=0)
        return np.asarray(fine & (self.share >= LEAST_SHARE))

    def holding(self, samples: IntArray) -> IntArray:
        """Return the row that holds at each sample.

        Parameters
        ----------
        samples : ndarray, int, shape (n,)
            Counted from the beginning of the stretch.

        Returns
        -------
        ndarray, int, shape (n,)
            Rows of `level`.
        """
        return np.searchsorted(self.at, samples, side="right") - 1


def windows_of(samples: Samples, sampling_rate: float) -> tuple[IntArray, int]:
    """Return where noise is looked at: one window at a place of its own in each of equal parts of the stretch.

    What comes at regular times is then not in all windows, nor in none; and the places are the same whoever reads the
    rest in which pieces.

    Parameters
    ----------
    samples : Samples
        A stretch.
    sampling_rate : float
        In Hz.

    Returns
    -------
    first : ndarray, int, shape (n_windows,)
        First sample of each window.
    length : int
        Samples of each window.
    """
    length = min(max(round(WINDOW_S * sampling_rate), 16), samples.size)
    fitting = max(samples.size // length, 1)
    wanted = max(FEWEST_WINDOWS, round(samples.size / (EVERY_S * sampling_rate)))
    number = min(wanted, fitting)
    pitch = samples.size / number
    within = np.random.default_rng(0).random(number) * (pitch - length)
    return (np.arange(number) * pitch + within).astype(np.int64), length


def filtered(samples: Samples, kernel: Kernel, start: int, stop: int) -> NDArray[np.float32]:
    """Return what the filter leaves of some samples.

    Parameters
    ----------
    samples : Samples
        A stretch.
    kernel : Kernel
        The filter.
    start, stop : int
        First sample, and the one after the last.

    Returns
    -------
    ndarray, float32, shape (stop - start, n_channels)
        In the unit of the signal, good to a few millionths of the largest sample.
    """
    values = samples.read(start - kernel.before, stop + kernel.after)
    return convolved(values, kernel)


def convolved(values: NDArray[Any], kernel: Kernel) -> NDArray[Any]:
    """Return the filtered samples of which the whole reach of the kernel is there.

    Parameters
    ----------
    values : ndarray, shape (n, n_channels)
        Samples.
    kernel : Kernel
        The filter.

    Returns
    -------
    ndarray, float32 or float64, shape (n - taps.size + 1, n_channels)
        By Fourier transform; in float64 where the samples are.
    """
    from scipy.fft import irfft, next_fast_len, rfft

    kind = np.float64 if values.dtype == np.float64 else np.float32
    reach = kernel.taps.size - 1
    size = next_fast_len(values.shape[0], real=True)
    response = rfft(kernel.taps[::-1].astype(kind), size)[:, np.newaxis]
    with np.errstate(invalid="ignore", over="ignore"):
        # The kernel leaves nothing of a constant: without it float32 keeps its digits for what varies.
        centred = values.astype(kind) - values[:1].astype(kind)
        whole: NDArray[Any] = irfft(rfft(centred, size, axis=0) * response, size, axis=0, overwrite_x=True)
    return whole[reach : values.shape[0]]


def noise_levels(samples: Samples, sampling_rate: float, kernel: Kernel, method: str, jobs: int = 1) -> Levels:
    """Measure the noise of every channel.

    Parameters
    ----------
    samples : Samples
        A stretch.
    sampling_rate : float
        In Hz.
    kernel : Kernel
        The filter.
    method : str
        ``"mad"``: one level for the whole stretch, the median of the magnitude over 0.6745 (Quiroga et al. 2004,
        10.1162/089976604774201631). ``"adaptive"``: the standard deviation of each window without what is beyond
        3 SD, the median of five neighbouring windows, as levels that follow the noise over the recording.
    jobs : int
        Windows that are looked at at the same time.

    Returns
    -------
    Levels
        In the unit of the signal.

    Raises
    ------
    ValueError
        If there is no such method.
    """
    if method not in NOISE:
        raise ValueError(f"noise {method!r} is not known; give one of {', '.join(NOISE)}")
    first, length = windows_of(samples, sampling_rate)
    of_window = length // PER_WINDOW if method == "adaptive" else first.size * length // ENOUGH
    stride = max(of_window, 1)
    told = _clipped_sd if method == "adaptive" else np.asarray
    looked = list(side_by_side(lambda at: _look(samples, kernel, at, length, stride, told), first.tolist(), jobs))
    flat, step, known = (np.stack([getattr(one, name) for one in looked]) for name in ("flat", "step", "known"))
    floor = step.min(axis=0) * np.sqrt((kernel.taps**2).sum() / 12.0)
    floor[~np.isfinite(floor)] = 0.0
    begin = np.zeros(1, np.int64)
    if method == "adaptive":
        level = _followed(np.stack([one.told for one in looked], axis=1)).T
        begin = np.concatenate([begin, (first[:-1] + first[1:] + length) // 2])
    else:
        parts = np.array_split(np.concatenate([one.told for one in looked], axis=1), jobs)
        level = np.concatenate(list(side_by_side(_mad, parts, jobs)))[np.newaxis]
    # Rounding to steps leaves its own noise, which the median of few values does not see.
    level = np.where(np.isfinite(level), np.maximum(level, floor), level)
    constant = flat.all(axis=0)
    return Levels(begin, np.where(constant, 0.0, level), (known & ~flat).mean(axis=0))


def shared_levels(levels: list[Levels], sizes: IntArray, sampling_rate: float, method: str) -> list[Levels]:
    """Return the noise of stretches of one recording, of which short ones know little.

    Parameters
    ----------
    levels : list of Levels
        Of each stretch.
    sizes : ndarray, int, shape (n_stretches,)
        Samples of each.
    sampling_rate : float
        In Hz.
    method : str
        As in `noise_levels`.

    Returns
    -------
    list of Levels
        One level for all stretches by ``"mad"``: the median over those of at least a second, or over all. By
        ``"adaptive"`` only shorter ones have it.
    """
    if len(levels) == 1:
        return levels
    long = sizes >= min(round(LONG_S * sampling_rate), int(sizes.max()))
    rows = np.concatenate([each.level for each, one in zip(levels, long.tolist(), strict=True) if one])
    share = sizes @ np.stack([each.share for each in levels]) / sizes.sum()
    usual = medians(np.where(rows > 0, rows, np.nan).T.astype(np.float32)).astype(np.float64)
    constant = np.all([(each.level == 0).all(axis=0) for each in levels], axis=0)
    common = Levels(np.zeros(1, np.int64), np.where(constant, 0.0, usual)[np.newaxis], share)
    return [each if method == "adaptive" and one else common for each, one in zip(levels, long.tolist(), strict=True)]


@dataclass(frozen=True, slots=True, eq=False)
class _Look:
    """A window: what was told of each channel, whether it is constant, its smallest step, whether it is numbers."""

    told: FloatArray
    flat: BoolArray
    step: FloatArray
    known: BoolArray


def _look(
    samples: Samples,
    kernel: Kernel,
    at: int,
    length: int,
    stride: int,
    told: Callable[[NDArray[np.float32]], FloatArray],
) -> _Look:
    values = samples.read(at - kernel.before, at + length + kernel.after)
    filtered = convolved(values, kernel)
    inner = values[kernel.before : kernel.before + length].astype(np.float32)
    known = np.isfinite(inner).mean(axis=0) > HALF_KNOWN
    with np.errstate(invalid="ignore"):
        change = np.abs(np.diff(inner, axis=0))
    flat = known & ~(change > 0).any(axis=0)
    step = np.where(change > 0, change, np.inf).min(axis=0, initial=np.inf)
    filtered[:, flat] = np.nan
    filtered[samples.blanks_reach(np.arange(at, at + length), kernel.before, kernel.after)] = np.nan
    return _Look(told(np.ascontiguousarray(filtered[::stride].T)), flat, step.astype(np.float64), known)


def _mad(values: NDArray[np.float32]) -> FloatArray:
    """Return the noise of each channel over all windows; the filter leaves no mean, so that 0 is the middle."""
    return medians(np.abs(values)) / MAD_OF_SD


def _clipped_sd(values: NDArray[np.float32]) -> FloatArray:
    """Return the standard deviation of the values of the last axis, without what stands out."""
    away = _away(values)
    spread = medians(away) / MAD_OF_SD
    inside = away <= CLIP_SD * spread[..., np.newaxis]
    count = np.maximum(inside.sum(axis=-1), 1)
    level: FloatArray = np.sqrt(np.where(inside, away.astype(np.float64) ** 2, 0.0).sum(axis=-1) / count) / CLIPPED_SD
    return np.where(np.isfinite(spread), level, np.nan)


def _away(values: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return how far values are from the median of their axis, the last."""
    with np.errstate(invalid="ignore"):
        away: NDArray[np.float32] = np.abs(values - medians(values)[..., np.newaxis]).astype(np.float32)
    return away


def medians(values: NDArray[np.float32]) -> FloatArray:
    """Return the median of the last axis over what is a number.

    Parameters
    ----------
    values : ndarray, float32, shape (..., n)
        May hold what is no number.

    Returns
    -------
    ndarray, float, shape (...)
        NaN where nothing is a number.
    """
    if np.isfinite(values).all():
        return np.median(values, axis=-1)
    filled = np.where(np.isfinite(values), values, np.nan)
    present: BoolArray = np.asarray(np.isfinite(filled).any(axis=-1))
    middle: FloatArray = np.nanmedian(np.where(present[..., np.newaxis], filled, 0.0), axis=-1)
    return np.where(present, middle, np.nan)


def _followed(level: FloatArray) -> FloatArray:
    """Return the median of each window and its neighbours, so that one burst of spikes or noise moves nothing."""
    windows = np.arange(level.shape[1])[:, np.newaxis] + np.arange(-NEIGHBOURS, NEIGHBOURS + 1)
    around = level[:, np.clip(windows, 0, level.shape[1] - 1)]
    # A stretch without a number has the noise of the whole recording.
    return np.where(np.isfinite(middle := medians(around)), middle, medians(level)[:, np.newaxis])
