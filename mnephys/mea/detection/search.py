"""Spikes of many channels from raw voltage, piece by piece."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mnephys.mea.detection.baseline import BLOCK
from mnephys.mea.detection.crossings import Crossings, exact_windows, find_crossings
from mnephys.mea.detection.found import Detection, Found, Stretch, joined
from mnephys.mea.detection.kernel import Kernel, bandpass_kernel
from mnephys.mea.detection.levels import shared_levels
from mnephys.mea.detection.noise import noise_levels
from mnephys.mea.detection.parallel import side_by_side
from mnephys.mea.detection.rule import Rule
from mnephys.mea.detection.samples import Samples, as_samples
from mnephys.mea.detection.screen import calibrate
from mnephys.mea.detection.settings import DetectionSettings
from mnephys.mea.detection.spikes import extremes, vertices
from mnephys.recording import Signal, SpikeTrains
from mnephys.wording import nearest

__all__ = ["POLARITIES", "detect", "detect_spikes"]

POLARITIES = {"negative": (-1,), "positive": (1,), "both": (-1, 1)}
"""Signs of the extremes that are spikes."""

LONGEST_S = 1.0
"""Longest dead time, and longest part of a waveform."""


def detect_spikes(
    signal: NDArray[Any] | Signal,
    sampling_rate: float | None = None,
    band: tuple[float, float] = (300.0, 5000.0),
    order: int = 3,
    zero_phase: bool = True,
    threshold: float = 5.0,
    noise: str = "mad",
    polarity: str = "negative",
    dead_time: float = 1e-3,
    jobs: int = 1,
    *,
    waveforms: tuple[float, float] | None = None,
    blank: ArrayLike = (),
    chunk_duration: float = 1.0,
) -> SpikeTrains:
    """Find the spikes of many channels in raw voltage.

    Parameters
    ----------
    signal : ndarray, memory map or Signal, shape (n_samples, n_channels)
        A map, or the `signal` of a `PlateRecording`, is read in pieces, and may be larger than the memory.
    sampling_rate : float, optional
        In Hz; a Signal knows its own.
    band : tuple of float
        Edges of the Butterworth band-pass in Hz.
    order : int
        Of the filter, 1 to 10.
    zero_phase : bool
        Filter forwards and backwards, so that spikes stay where they are; else forwards, as the rigs do.
    threshold : float
        In multiples of the noise of each channel.
    noise : str
        ``"mad"``, one level for each channel, from the median of the magnitude; or ``"adaptive"``, the standard
        deviation as it changes over the recording.
    polarity : str
        ``"negative"``, ``"positive"`` or ``"both"``.
    dead_time : float
        In s. Of extremes that are nearer than this the one furthest from 0 is a spike.
    jobs : int
        Pieces that are searched at the same time.
    waveforms : tuple of float, optional
        Seconds before and after each spike that are cut out of the filtered signal.
    blank : array_like, shape (n, 2), optional
        Begin and end in s of stretches that are ignored: stimulation, for example. A straight line replaces them
        before the filter, and no spike is in them.
    chunk_duration : float
        How much is read at a time, in s. It makes no difference to the result.

    Returns
    -------
    SpikeTrains
        One train per channel, with amplitudes in the unit of the signal. Times and amplitudes are those of a
        parabola through the extreme and its neighbours.

    Raises
    ------
    ValueError
        If the band does not fit the sampling rate, or another parameter cannot be.
    ReadError
        If the file of the signal is damaged or gone.

    Notes
    -----
    Threshold and noise by the median of the magnitude as Quiroga et al. 2004, 10.1162/089976604774201631. The filter
    is a finite response, the Butterworth filter's without its last 1 ppm, and values beyond the threshold are summed
    in float64: a spike depends on the samples around it and on the noise level, and not on the pieces that were read.

    Examples
    --------
    >>> import numpy as np
    >>> voltage = np.random.default_rng(0).normal(0.0, 5.0, (12500, 2))
    >>> voltage[5000:5004, 1] -= [20.0, 80.0, 50.0, 20.0]
    >>> detect_spikes(voltage, 12500.0, threshold=6.0).counts
    array([0, 1])
    """
    settings = DetectionSettings(
        band=band,
        order=order,
        zero_phase=zero_phase,
        threshold=threshold,
        noise=noise,
        polarity=polarity,
        dead_time=dead_time,
    )
    return detect(
        signal, sampling_rate, settings, jobs=jobs, waveforms=waveforms, blank=blank, chunk_duration=chunk_duration
    ).trains


def detect(
    signal: NDArray[Any] | Signal,
    sampling_rate: float | None,
    settings: DetectionSettings,
    *,
    jobs: int = 1,
    waveforms: tuple[float, float] | None = None,
    blank: ArrayLike = (),
    chunk_duration: float = 1.0,
) -> Detection:
    """Find spikes, and say how noisy each channel is and why one was not searched.

    Parameters
    ----------
    signal : ndarray, memory map or Signal, shape (n_samples, n_channels)
        As in `detect_spikes`.
    sampling_rate : float or None
        In Hz; None where the signal knows it.
    settings : DetectionSettings
        How; that electrodes of a well coincide is not looked at here.
    jobs, waveforms, blank, chunk_duration
        As in `detect_spikes`.

    Returns
    -------
    Detection
        Trains, noise and faults of all channels.

    Raises
    ------
    ValueError
        As `detect_spikes`.
    """
    if settings.polarity not in POLARITIES:
        raise ValueError(f"polarity {settings.polarity!r} is not known; {nearest(settings.polarity, POLARITIES)}")
    _check(settings.threshold, settings.dead_time, chunk_duration, jobs)
    blanks = np.asarray(blank, dtype=np.float64).reshape(-1, 2)
    if not (np.isfinite(blanks).all() and (blanks[:, 1] >= blanks[:, 0]).all()):
        raise ValueError("blanks need a begin and an end in s, the end not before the begin")
    stretches, rate, n_channels = as_samples(signal, sampling_rate, blanks)
    kernel = bandpass_kernel(rate, settings.band, settings.order, zero_phase=settings.zero_phase)
    cut = None if waveforms is None else (round(waveforms[0] * rate), round(waveforms[1] * rate) + 1)
    if cut is not None and not (0 <= cut[0] <= LONGEST_S * rate and 1 <= cut[1] <= LONGEST_S * rate + 1):
        raise ValueError(
            f"waveforms cannot reach {waveforms} s around their spikes; give two times of 0 to {LONGEST_S:g} s"
        )
    from threadpoolctl import threadpool_limits

    # The products of matrices are small: threads of their own would wait for one another most of the time.
    with threadpool_limits(1, user_api="blas"):
        prepared = _prepared(stretches, rate, kernel, settings, cut, jobs) if n_channels else []
        found = list(_searched(prepared, chunk_duration, jobs))
    return joined(prepared, found, rate, n_channels)


def _prepared(
    stretches: list[Samples],
    rate: float,
    kernel: Kernel,
    settings: DetectionSettings,
    cut: tuple[int, int] | None,
    jobs: int,
) -> list[Stretch]:
    """Measure the noise of all stretches, and what margin the screen needs."""
    levels = [noise_levels(samples, rate, kernel, settings.noise, jobs) for samples in stretches]
    if not stretches:
        return []
    sizes = np.array([samples.size for samples in stretches])
    levels = shared_levels(levels, sizes, rate, settings.noise)
    turned = -1 if stretches[0].unit < 0 else 1
    signs = tuple(sorted(turned * sign for sign in POLARITIES[settings.polarity]))
    dead_time = round(settings.dead_time * rate)
    rules = [Rule(kernel, each, settings.threshold, signs, each.usable) for each in levels]
    longest = int(np.argmax(sizes))
    screen = calibrate(stretches[longest], rate, settings.band[0], rules[longest])
    return [
        Stretch(samples, rule, screen, rate, dead_time, cut) for samples, rule in zip(stretches, rules, strict=True)
    ]


def _searched(stretches: list[Stretch], chunk_duration: float, jobs: int) -> Iterator[Found]:
    """Yield the spikes of each piece in the order of time."""

    def pieces() -> Iterator[tuple[Stretch, int, int]]:
        for stretch in stretches:
            step = -(-max(round(chunk_duration * stretch.sampling_rate), 1) // BLOCK) * BLOCK
            for start in range(0, stretch.samples.size, step):
                yield stretch, start, min(start + step, stretch.samples.size)

    return side_by_side(lambda piece: _piece(*piece), pieces(), jobs)


def _piece(stretch: Stretch, start: int, stop: int) -> Found:
    """Return the spikes of one piece; what decides about them may lie a dead time outside."""
    dead_time = stretch.dead_time
    crossings = find_crossings(stretch.samples, stretch.rule, stretch.screen, start - dead_time, stop + dead_time)
    crossings = crossings.taken(~stretch.samples.blanked(crossings.sample))
    crossings = crossings.taken(extremes(crossings, dead_time))
    crossings = crossings.taken((crossings.sample >= start) & (crossings.sample < stop))
    sample, value = vertices(crossings)
    time = stretch.samples.start + np.clip(sample, 0, stretch.samples.size) / stretch.sampling_rate
    unit = stretch.samples.unit
    waveforms = _waveforms(stretch, crossings, start, stop) * np.float32(unit)
    return Found(crossings.channel, time, (unit * value).astype(np.float32), waveforms)


def _waveforms(stretch: Stretch, crossings: Crossings, start: int, stop: int) -> NDArray[np.float32]:
    """Return the filtered samples around spikes, none where nobody asked."""
    if stretch.cut is None:
        return np.zeros((crossings.sample.size, 0), np.float32)
    before, after = stretch.cut
    kernel = stretch.rule.kernel
    guard = max(kernel.before, kernel.after) + before + after
    values = stretch.samples.read(start - guard, stop + guard)
    places = crossings.sample - start, crossings.channel
    cuts = [filtered for _, _, filtered in exact_windows(values, kernel, places, guard, before, after)]
    return np.concatenate([np.zeros((0, before + after), np.float32), *cuts])


def _check(threshold: float, dead_time: float, chunk_duration: float, jobs: int) -> None:
    if not (math.isfinite(threshold) and threshold > 0):
        raise ValueError(f"a threshold of {threshold} cannot be; give a multiple of the noise")
    if not 0 <= dead_time <= LONGEST_S:
        raise ValueError(f"a dead time of {dead_time} s cannot be; give 0 to {LONGEST_S:g} s")
    if not (math.isfinite(chunk_duration) and chunk_duration > 0):
        raise ValueError(f"chunks of {chunk_duration} s cannot be; give it in s")
    if jobs != int(jobs) or jobs < 1:
        raise ValueError(f"{jobs} jobs cannot be; give at least 1")
