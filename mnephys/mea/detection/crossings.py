"""The filtered samples beyond the threshold of one piece of a recording, exact whatever was read around them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mnephys.mea.detection.baseline import BLOCK
from mnephys.mea.detection.kernel import Kernel, convolved
from mnephys.mea.detection.rule import Rule
from mnephys.mea.detection.samples import Samples, numbers
from mnephys.mea.detection.screen import BlockScreen, Hits
from mnephys.recording import IntArray

__all__ = ["Crossings", "exact_windows", "find_crossings"]

BATCH = 512
"""Windows that are filtered at a time, so that they stay in the cache of the processor."""
COLUMNS = 64
"""Channels that are filtered as a whole at a time."""
GUARD = 1e-3
"""A Fourier transform in float32 is right to less than this share of the threshold,"""
WIDE = 1e3
"""where samples span no more than so many thresholds."""


@dataclass(frozen=True, slots=True, eq=False)
class Crossings:
    """Filtered samples beyond the threshold, by channel and time.

    Parameters
    ----------
    channel, sample : ndarray, int, shape (n,)
        Where; samples are counted from the beginning of the stretch.
    value : ndarray, float32, shape (n, 3)
        The filtered sample between its neighbours.
    """

    channel: IntArray
    sample: IntArray
    value: NDArray[np.float32]

    def taken(self, which: Any) -> Crossings:
        """Return some of them.

        Parameters
        ----------
        which : ndarray
            Positions or a mask.

        Returns
        -------
        Crossings
            In the order given.
        """
        return replace(self, channel=self.channel[which], sample=self.sample[which], value=self.value[which])


def find_crossings(samples: Samples, rule: Rule, screen: BlockScreen, start: int, stop: int) -> Crossings:
    """Find every filtered sample beyond the threshold.

    Parameters
    ----------
    samples : Samples
        A stretch.
    rule : Rule
        What is looked for.
    screen : BlockScreen
        Where to look.
    start, stop : int
        First sample and the one after the last, both may lie beyond the stretch.

    Returns
    -------
    Crossings
        By channel and time.
    """
    begin, end = start // BLOCK * BLOCK, -(-stop // BLOCK) * BLOCK
    guard = -(-(max(screen.baseline.halo, rule.kernel.before, rule.kernel.after) + BLOCK) // BLOCK) * BLOCK
    values = samples.read(begin - guard, end + guard)
    limit = rule.lowest_limit(min(max(begin, 0), samples.size - 1), max(min(end, samples.size), 1))
    inner = slice(guard - screen.baseline.halo, values.shape[0] - guard + screen.baseline.halo)
    finite = numbers(values)
    hits = [screen.hits(finite[inner], limit, rule.signs)]
    hits += list(_dense_hits(finite, rule, np.flatnonzero(screen.dense & rule.usable), guard, limit))
    parts = [
        _beyond(rule, rows + begin, channels, filtered)
        for found in hits
        for rows, channels, filtered in exact_windows(values, rule.kernel, found, guard, 1, BLOCK + 1)
    ]
    channel, sample, value = (np.concatenate(column) for column in zip(*parts, strict=True)) if parts else _none()
    inside = (sample >= start) & (sample < stop) & (sample >= 0) & (sample < samples.size)
    order = np.lexsort((sample[inside], channel[inside]))
    return Crossings(channel[inside][order], sample[inside][order], value[inside][order])


def exact_windows(
    values: NDArray[Any], kernel: Kernel, hits: Hits, guard: int, before: int, after: int
) -> Iterator[tuple[IntArray, IntArray, NDArray[np.float32]]]:
    """Yield the exactly filtered samples around some places, a batch at a time.

    Parameters
    ----------
    values : ndarray, int16 or float32, shape (n_samples + 2 * guard, n_channels)
        C-contiguous.
    kernel : Kernel
        The filter.
    hits : tuple of ndarray
        Sample after the guard, and channel, of each place.
    guard : int
        Samples before the first and after the last.
    before, after : int
        Filtered samples before each place, and from it on.

    Yields
    ------
    row : ndarray, int, shape (n,)
        Sample of some of the places.
    channel : ndarray, int, shape (n,)
        Their channels.
    filtered : ndarray, float32, shape (n, before + after)
        The filtered samples around them, summed in float64: exact for samples of 16 bits, in whatever order and
        company.
    """
    rows, channels = hits
    number = before + after
    length = kernel.taps.size + number - 1
    bank = np.zeros((length, number))
    for column in range(number):
        bank[column : column + kernel.taps.size, column] = kernel.taps
    step, row = values.strides[1], values.strides[0]
    n_starts = values.shape[0] - length + 1
    windows = np.lib.stride_tricks.as_strided(
        values, (n_starts, values.shape[1], length), (row, step, row), writeable=False
    )
    first = rows + (guard - kernel.before - before)
    for at in range(0, rows.size, BATCH):
        part = slice(at, at + BATCH)
        cut = windows[first[part], channels[part]].astype(np.float64)
        # What is no number leaves none in reach of the filter, and is told by that.
        with np.errstate(invalid="ignore", over="ignore"):
            filtered = (cut @ bank).astype(np.float32)
        yield rows[part], channels[part], filtered


def _dense_hits(
    values: NDArray[Any], rule: Rule, channels: IntArray, guard: int, limit: NDArray[np.float32]
) -> Iterator[Hits]:
    """Yield the blocks of channels that are filtered as a whole."""
    n_samples = values.shape[0] - 2 * guard
    for at in range(0, channels.size, COLUMNS):
        chosen = channels[at : at + COLUMNS]
        near, taken = (1.0 - GUARD) * limit[chosen], values[:, chosen]
        if float(np.ptp(taken)) > WIDE * float(near.min()):
            taken = taken.astype(np.float64)
        whole = convolved(taken, rule.kernel)[guard - rule.kernel.before :][:n_samples]
        blocks = whole.reshape(-1, BLOCK, chosen.size)
        passed = np.zeros((blocks.shape[0], chosen.size), dtype=bool)
        if -1 in rule.signs:
            passed |= blocks.min(axis=1) < -near
        if 1 in rule.signs:
            passed |= blocks.max(axis=1) > near
        rows, columns = np.nonzero(passed)
        yield rows * BLOCK, chosen[columns]


def _beyond(
    rule: Rule, first: IntArray, channels: IntArray, filtered: NDArray[np.float32]
) -> tuple[IntArray, IntArray, NDArray[np.float32]]:
    """Return the samples of some blocks that are beyond the threshold."""
    inner = filtered[:, 1:-1]
    limit = rule.limit(np.maximum(first, 0), channels)[:, np.newaxis]
    beyond = np.zeros(inner.shape, dtype=bool)
    if -1 in rule.signs:
        beyond |= inner < -limit
    if 1 in rule.signs:
        beyond |= inner > limit
    beyond &= np.isfinite(inner)
    row, column = np.nonzero(beyond)
    around = filtered[row[:, np.newaxis], column[:, np.newaxis] + np.arange(3)]
    return channels[row], first[row] + column, around


def _none() -> tuple[IntArray, IntArray, NDArray[np.float32]]:
    return np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros((0, 3), np.float32)
