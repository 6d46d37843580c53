"""What was found in pieces of raw voltage, made one."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mnephys.mea.detection.levels import LEAST_SHARE
from mnephys.mea.detection.rule import Rule
from mnephys.mea.detection.samples import Samples
from mnephys.mea.detection.screen import BlockScreen
from mnephys.recording import FloatArray, IntArray, SpikeTrains
from mnephys.recording.stretches import stretches_around

__all__ = ["Detection", "Found", "Stretch", "joined"]


@dataclass(frozen=True, slots=True, eq=False)
class Detection:
    """What was found in raw voltage, and how.

    Parameters
    ----------
    trains : SpikeTrains
        One per channel, with `amplitudes` and, if asked for, `waveforms`, in the unit of the signal.
    noise : ndarray, float, shape (n_channels,)
        Standard deviation of each channel after the filter, the median over the recording; NaN where there is none.
    faults : tuple of str
        Why a channel was not searched; empty where it was.
    sampling_rate : float
        In Hz.
    """

    trains: SpikeTrains
    noise: FloatArray
    faults: tuple[str, ...]
    sampling_rate: float


@dataclass(frozen=True, slots=True, eq=False)
class Stretch:
    """A stretch without a gap with all that the search of a piece of it needs.

    Parameters
    ----------
    samples : Samples
        The stretch.
    rule : Rule
        What is looked for.
    screen : BlockScreen
        Where to look.
    sampling_rate : float
        In Hz.
    dead_time : int
        In samples.
    cut : tuple of int, or None
        Samples before each spike, and from it on, that are cut out.
    """

    samples: Samples
    rule: Rule
    screen: BlockScreen
    sampling_rate: float
    dead_time: int
    cut: tuple[int, int] | None


@dataclass(frozen=True, slots=True, eq=False)
class Found:
    """Spikes of one piece.

    Parameters
    ----------
    channel : ndarray, int, shape (n,)
        Where.
    time : ndarray, float, shape (n,)
        In s.
    amplitude : ndarray, float32, shape (n,)
        In the unit of the signal.
    waveform : ndarray, float32, shape (n, n_samples)
        Around each spike; of no sample where nobody asked.
    """

    channel: IntArray
    time: FloatArray
    amplitude: NDArray[np.float32]
    waveform: NDArray[np.float32]


def joined(stretches: list[Stretch], pieces: list[Found], rate: float, n_channels: int) -> Detection:
    """Return all that was found, by channel and time.

    Parameters
    ----------
    stretches : list of Stretch
        Of the recording.
    pieces : list of Found
        Of all of them.
    rate : float
        Sampling rate in Hz.
    n_channels : int
        Of the signal.

    Returns
    -------
    Detection
        In the unit of the signal.
    """
    found = [(each.channel, each.time, each.amplitude, each.waveform) for each in pieces]
    start = stretches[0].samples.start if stretches else 0.0
    stop = max((each.samples.start + each.samples.size / rate for each in stretches), default=0.0)
    noise, faults = _channels(stretches, n_channels)
    times = np.concatenate([np.zeros(0), *(each.time for each in pieces)])
    covered = stretches_around(stretches[0].samples.signal, times, start, stop) if len(stretches) > 1 else None
    if not found:
        silent = SpikeTrains(times, np.zeros(n_channels + 1, np.int64), None, start, stop, stretches=covered)
        return Detection(silent, noise, faults, rate)
    channel, time, amplitude, waveform = (np.concatenate(column) for column in zip(*found, strict=True))
    order = np.lexsort((time, channel))
    offsets = np.concatenate([[0], np.cumsum(np.bincount(channel, minlength=n_channels))])
    cuts = waveform[order] if waveform.shape[1] else None
    trains = SpikeTrains(time[order], offsets, None, start, stop, amplitude[order], cuts, covered)
    return Detection(trains, noise, faults, rate)


def _channels(stretches: list[Stretch], n_channels: int) -> tuple[FloatArray, tuple[str, ...]]:
    """Return the noise of each channel, and why it was not searched."""
    if not stretches:
        return np.full(n_channels, np.nan), ("it has no sample",) * n_channels
    sizes = np.array([stretch.samples.size for stretch in stretches], dtype=np.float64)
    levels = [stretch.rule.levels for stretch in stretches]
    share = sizes @ np.stack([each.share for each in levels]) / sizes.sum()
    level = np.concatenate([np.where(each.usable, each.level, np.nan) for each in levels])
    searched = np.isfinite(level).any(axis=0) & (share >= LEAST_SHARE)
    noise = np.full(n_channels, np.nan)
    noise[searched] = abs(stretches[0].samples.unit) * np.nanmedian(level[:, searched], axis=0)
    constant = np.all([(each.level == 0).all(axis=0) for each in levels], axis=0)
    faults = [
        ""
        if fine
        else "it is constant"
        if flat
        else "it holds no number"
        if part == 0
        else f"{100 * part:.0f} % of it are numbers that vary"
        for fine, flat, part in zip(searched.tolist(), constant.tolist(), share.tolist(), strict=True)
    ]
    return noise, tuple(faults)
