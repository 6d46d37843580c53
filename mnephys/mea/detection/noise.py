"""How noisy each electrode is after the filter, from short stretches all over the recording."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mnephys.mea.detection.kernel import Kernel, convolved
from mnephys.mea.detection.levels import MAD_OF_SD, Levels, medians
from mnephys.mea.detection.parallel import side_by_side
from mnephys.mea.detection.samples import Samples
from mnephys.recording import BoolArray, FloatArray, IntArray

__all__ = ["NOISE", "noise_levels", "windows_of"]

NOISE = ("mad", "adaptive")
"""How noise can be measured."""

WINDOW_S = 0.1
EVERY_S = 10.0
FEWEST_WINDOWS = 20
ENOUGH = 25_000
"""Values of a channel from which its noise is known to 0.8 %; more of them cost time and memory."""
PER_WINDOW = 500
"""Values of a channel from which the noise of one window is told."""
HALF_KNOWN = 0.5
CLIP_SD = 3.0
CLIPPED_SD = 0.98658
"""The standard deviation of a normal variable of variance 1 that is cut at `CLIP_SD`."""
NEIGHBOURS = 2
COLUMNS = 64
"""Channels whose medians are taken together, so that their values stay in the cache of the processor."""


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
    told = _clipped_sd if method == "adaptive" else np.abs
    looked = list(side_by_side(lambda at: _look(samples, kernel, at, length, stride, told), first.tolist(), jobs))
    flat, step, known = (np.stack([getattr(one, name) for one in looked]) for name in ("flat", "step", "known"))
    floor = step.min(axis=0) * np.sqrt((kernel.taps**2).sum() / 12.0)
    floor[~np.isfinite(floor)] = 0.0
    begin = np.zeros(1, np.int64)
    if method == "adaptive":
        level = _followed(np.stack([one.told for one in looked], axis=1)).T
        begin = np.concatenate([begin, (first[:-1] + first[1:] + length) // 2])
    else:
        away = [one.told for one in looked]
        some = [slice(at, at + COLUMNS) for at in range(0, samples.n_channels, COLUMNS)]
        mads = side_by_side(lambda at: medians(np.concatenate([each[:, at] for each in away]).T), some, jobs)
        level = np.concatenate(list(mads))[np.newaxis] / MAD_OF_SD
    # Rounding to steps leaves its own noise, which the median of few values does not see.
    level = np.where(np.isfinite(level), np.maximum(level, floor), level)
    constant = flat.all(axis=0)
    return Levels(begin, np.where(constant, 0.0, level), (known & ~flat).mean(axis=0))


@dataclass(frozen=True, slots=True, eq=False)
class _Look:
    """A window: what was told of each channel, whether it is constant, its smallest step, whether it is numbers.

    Told is how far from 0 each filtered sample is, as the filter leaves no mean, or their spread.
    """

    told: NDArray[Any]
    flat: BoolArray
    step: FloatArray
    known: BoolArray


def _look(
    samples: Samples,
    kernel: Kernel,
    at: int,
    length: int,
    stride: int,
    told: Callable[[NDArray[np.float32]], NDArray[Any]],
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
    return _Look(told(filtered[::stride]), flat, step.astype(np.float64), known)


def _clipped_sd(filtered: NDArray[np.float32]) -> FloatArray:
    """Return the standard deviation of each channel, without what stands out."""
    away = _away(np.ascontiguousarray(filtered.T))
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


def _followed(level: FloatArray) -> FloatArray:
    """Return the median of each window and its neighbours, so that one burst of spikes or noise moves nothing."""
    windows = np.arange(level.shape[1])[:, np.newaxis] + np.arange(-NEIGHBOURS, NEIGHBOURS + 1)
    around = level[:, np.clip(windows, 0, level.shape[1] - 1)]
    # A stretch without a number has the noise of the whole recording.
    return np.where(np.isfinite(middle := medians(around)), middle, medians(level)[:, np.newaxis])
