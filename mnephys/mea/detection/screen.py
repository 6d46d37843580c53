"""A cheap look at all samples that leaves few of them for the exact filter.

Of a band-pass only its lower edge needs many samples, and what lies below it is smooth: this baseline is taken from
the sums of blocks of eight samples. The extremes of each half block are compared with it first; what passes is
compared again, smoothed over the nearest samples as the upper edge of the band does. How far each of the two is from
the exactly filtered extremes is measured for every channel, and so is the margin that is left for it. The screen
decides what is filtered exactly, never what is found.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mnephys.mea.detection.baseline import BLOCK, HALF, TILE, Baseline, block_extremes, block_sums
from mnephys.mea.detection.noise import MAD_OF_SD, convolved, medians, windows_of
from mnephys.mea.detection.rule import Rule
from mnephys.mea.detection.samples import Samples, numbers
from mnephys.recording import BoolArray, IntArray

__all__ = ["BlockScreen", "Hits", "calibrate"]

MARGIN_SD = 5.0
WINDOWS = 5
MOST_HITS = 0.08
"""Where a larger share of half blocks would pass, filtering everything is cheaper."""

Hits = tuple[IntArray, IntArray]
"""First sample and channel of half blocks."""


@dataclass(frozen=True, slots=True, eq=False)
class BlockScreen:
    """The screen of one stretch.

    Parameters
    ----------
    baseline : Baseline
        What is compared.
    coarse, fine : ndarray, float32, shape (2, n_channels)
        How far the lowest and the highest sample of a half block may seem to be from its exact extremes, as it is
        and smoothed, beyond the roughness of the baseline there.
    dense : ndarray, bool, shape (n_channels,)
        Channels that are filtered as a whole instead.
    """

    baseline: Baseline
    coarse: NDArray[np.float32]
    fine: NDArray[np.float32]
    dense: BoolArray

    def hits(self, values: NDArray[Any], limit: NDArray[np.float32], signs: tuple[int, ...]) -> Hits:
        """Return the half blocks in which the exact filter may go beyond a limit.

        Parameters
        ----------
        values : ndarray, int16 or float32, shape (n_samples + 2 * halo, n_channels)
            With `n_samples` a multiple of `BLOCK`, and the halo of the baseline.
        limit : ndarray, float32, shape (n_channels,)
            How far from 0 a filtered sample must be.
        signs : tuple of int
            -1, 1 or both.

        Returns
        -------
        row, channel : ndarray, int, shape (n_hits,)
            First sample of each, counted from the first after the halo, ascending.
        """
        halo = self.baseline.halo
        n_blocks = (values.shape[0] - 2 * halo) // BLOCK
        sums, inside = block_sums(values), values[halo : halo + n_blocks * BLOCK]
        sides = [(sign, block_extremes(inside, sign), sign * limit) for sign in signs]
        rows, channels = [], []
        for first in range(0, n_blocks, TILE):
            around = self.baseline.around(sums, first, min(TILE, n_blocks - first))
            halves, rough = self.baseline.halves(around), self.baseline.roughness(around)
            passed = np.zeros(halves.shape, dtype=bool)
            for sign, extreme, beyond in sides:
                edge = (beyond + self.coarse[_side(sign)]) - sign * rough
                passed |= _passes(extreme[first : first + TILE], halves + edge[:, np.newaxis], sign)
            passed[:, :, self.dense] = False
            at = np.flatnonzero(passed)
            row, channel = at // limit.size, at % limit.size
            smooth = self.baseline.smoothed(values[first * BLOCK :], around, row, channel)
            near = np.zeros(at.size, dtype=bool)
            for sign, _, beyond in sides:
                edge = (beyond + self.fine[_side(sign)])[channel] - sign * rough[row // 2, channel]
                near |= _passes(smooth, edge[:, np.newaxis], sign).any(axis=1)
            rows.append(first * BLOCK + row[near] * HALF)
            channels.append(channel[near])
        return np.concatenate(rows), np.concatenate(channels)


def _side(sign: int) -> int:
    """Return the row of the lowest or of the highest sample."""
    return (1 + sign) // 2


def _passes(values: NDArray[Any], edge: NDArray[np.float32], sign: int) -> BoolArray:
    passes: BoolArray = values < edge if sign < 0 else values > edge
    return passes


def calibrate(samples: Samples, sampling_rate: float, low: float, rule: Rule) -> BlockScreen:
    """Measure for every channel what margin the screen needs.

    Parameters
    ----------
    samples : Samples
        A stretch.
    sampling_rate, low : float
        In Hz: of the signal, and the lower edge of the band.
    rule : Rule
        What is looked for.

    Returns
    -------
    BlockScreen
        The margins are the median difference and `MARGIN_SD` robust standard deviations. Where too much would pass,
        and for a filter that delays, channels are filtered as a whole.
    """
    n_channels = rule.usable.size
    baseline = Baseline.of(rule.kernel, sampling_rate, low)
    margins, share = np.zeros((2, 2, n_channels), np.float32), np.zeros(n_channels)
    screen = BlockScreen(baseline, margins[0], margins[1], np.ones(n_channels, bool))
    looks = list(_looks(samples, sampling_rate, rule, baseline)) if rule.kernel.zero_phase else []
    if not any(look[0].size for look in looks):
        return screen
    limit = rule.lowest_limit(0, samples.size)
    coarse, fine, exact, rough = (np.concatenate(part) for part in zip(*looks, strict=True))
    for sign in (-1, 1):
        side = _side(sign)
        for stage, seen in enumerate((coarse, fine)):
            apart = seen[:, side] - exact[:, side] + sign * rough
            middle = medians(apart.T)
            spread = medians(np.abs(apart - middle).T) / MAD_OF_SD
            # Nearer to 0 than the limit by what makes a half block seem nearer than it is.
            margins[stage, side] = middle - sign * MARGIN_SD * spread
        if sign in rule.signs:
            edge = sign * limit + margins[0, side] - sign * rough
            share += _passes(coarse[:, side], edge, sign).mean(axis=0)
    unknown = ~np.isfinite(margins).all(axis=(0, 1))
    return replace(screen, dense=unknown | (share > MOST_HITS))


def _looks(
    samples: Samples, sampling_rate: float, rule: Rule, baseline: Baseline
) -> Iterator[tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.float32], NDArray[np.float32]]]:
    """Yield both looks at the extremes of half blocks, the exact ones, each (n, 2, n_channels), and the roughness."""
    first, length = windows_of(samples, sampling_rate)
    n_blocks, kernel, n_channels = min(length // BLOCK, TILE), rule.kernel, samples.n_channels
    rows, guard = n_blocks * BLOCK, max(baseline.halo, kernel.before, kernel.after)
    every = np.divmod(np.arange(2 * n_blocks * n_channels), n_channels)
    chosen = first[:: -(-first.size // WINDOWS)] // BLOCK * BLOCK if n_blocks else first[:0]
    for start in chosen.tolist():
        values = numbers(samples.read(start - guard, start + rows + guard))
        exact = convolved(values, kernel)[guard - kernel.before :][:rows].reshape(-1, HALF, n_channels)
        values = values[guard - baseline.halo : guard + rows + baseline.halo]
        inside = values[baseline.halo : baseline.halo + rows]
        around = baseline.around(block_sums(values), 0, n_blocks)
        smooth = baseline.smoothed(values, around, *every)
        halves = baseline.halves(around)
        pairs = (
            (block_extremes(inside, -1) - halves, block_extremes(inside, 1) - halves),
            (smooth.min(axis=1), smooth.max(axis=1)),
            (exact.min(axis=1), exact.max(axis=1)),
        )
        coarse, fine, true = (np.stack([side.reshape(-1, n_channels) for side in pair], axis=1) for pair in pairs)
        # Where a line stands for the signal, or a channel is constant, nothing is learnt of it.
        true[:, :, (inside == inside[:1]).all(axis=0)] = np.nan
        seen = ~samples.blanks_reach(start + HALF * np.arange(2 * n_blocks), guard + HALF, guard + HALF)
        yield coarse[seen], fine[seen], true[seen], np.repeat(baseline.roughness(around), 2, axis=0)[seen]
