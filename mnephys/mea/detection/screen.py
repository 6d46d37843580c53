"""A cheap look at all samples that leaves few of them for the exact filter.

Of a band-pass only its lower edge needs many samples, and what lies below it is smooth: this baseline is taken from
the sums of blocks of eight samples. The extremes of each block are compared with it first; what passes is
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

from mnephys.mea.detection.baseline import BLOCK, EDGE, TILE, Baseline, look_at_blocks
from mnephys.mea.detection.kernel import convolved
from mnephys.mea.detection.levels import MAD_OF_SD, medians
from mnephys.mea.detection.noise import windows_of
from mnephys.mea.detection.rule import Rule
from mnephys.mea.detection.samples import Samples, numbers
from mnephys.recording import BoolArray, IntArray

__all__ = ["BlockScreen", "Hits", "calibrate"]

MARGIN_SD = 5.0
WINDOWS = 5
MOST_HITS = 0.08
"""Where a larger share of blocks would pass, filtering everything is cheaper."""

Hits = tuple[IntArray, IntArray]
"""First sample and channel of blocks."""


@dataclass(frozen=True, slots=True, eq=False)
class BlockScreen:
    """The screen of one stretch.

    Parameters
    ----------
    baseline : Baseline
        What is compared.
    coarse, fine : ndarray, float32, shape (2, n_channels)
        How far the lowest and the highest sample of a block may seem to be from its exact extremes, as it is
        and smoothed, beyond the roughness of the baseline there.
    dense : ndarray, bool, shape (n_channels,)
        Channels that are filtered as a whole instead.
    """

    baseline: Baseline
    coarse: NDArray[np.float32]
    fine: NDArray[np.float32]
    dense: BoolArray

    def hits(self, values: NDArray[Any], limit: NDArray[np.float32], signs: tuple[int, ...]) -> Hits:
        """Return the blocks in which the exact filter may go beyond a limit.

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
        n_blocks = (values.shape[0] - 2 * self.baseline.halo) // BLOCK
        beside = self.baseline.halo // BLOCK
        sums, extremes = look_at_blocks(values, signs)
        sides = list(zip(signs, extremes, (sign * limit for sign in signs), strict=True))
        rows, channels = [], []
        for first in range(0, n_blocks, TILE):
            number = min(TILE, n_blocks - first)
            around = self.baseline.around(sums, first, number)
            here, rough = around[EDGE:-EDGE], self.baseline.roughness(around)
            passed = np.zeros(here.shape, dtype=bool)
            for sign, extreme, beyond in sides:
                edge = here - sign * rough
                edge += beyond + self.coarse[_side(sign)]
                passed |= _passes(extreme[beside + first : beside + first + number], edge, sign)
            passed &= ~self.dense
            at = np.flatnonzero(passed)
            block, channel = at // limit.size, at % limit.size
            smooth = self.baseline.smoothed(values[first * BLOCK :], around, block, channel)
            near = np.zeros(at.size, dtype=bool)
            for sign, _, beyond in sides:
                edge = (beyond + self.fine[_side(sign)])[channel] - sign * rough[block, channel]
                near |= _passes(smooth, edge[:, np.newaxis], sign).any(axis=1)
            rows.append((first + block[near]) * BLOCK)
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
            # Nearer to 0 than the limit by what makes a block seem nearer than it is.
            margins[stage, side] = middle - sign * MARGIN_SD * spread
        if sign in rule.signs:
            edge = sign * limit + margins[0, side] - sign * rough
            share += _passes(coarse[:, side], edge, sign).mean(axis=0)
    unknown = ~np.isfinite(margins).all(axis=(0, 1))
    return replace(screen, dense=unknown | (share > MOST_HITS))


def _looks(
    samples: Samples, sampling_rate: float, rule: Rule, baseline: Baseline
) -> Iterator[tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.float32], NDArray[np.float32]]]:
    """Yield both looks at the extremes of blocks, the exact ones, each (n, 2, n_channels), and the roughness."""
    first, length = windows_of(samples, sampling_rate)
    n_blocks, kernel, n_channels = min(length // BLOCK, TILE), rule.kernel, samples.n_channels
    rows, guard = n_blocks * BLOCK, max(baseline.halo, kernel.before, kernel.after)
    every = np.divmod(np.arange(n_blocks * n_channels), n_channels)
    chosen = first[:: -(-first.size // WINDOWS)] // BLOCK * BLOCK if n_blocks else first[:0]
    for start in chosen.tolist():
        values = numbers(samples.read(start - guard, start + rows + guard))
        exact = convolved(values, kernel)[guard - kernel.before :][:rows].reshape(-1, BLOCK, n_channels)
        values = values[guard - baseline.halo : guard + rows + baseline.halo]
        inside = values[baseline.halo : baseline.halo + rows]
        around = baseline.around(look_at_blocks(values, ())[0], 0, n_blocks)
        smooth = baseline.smoothed(values, around, *every).reshape(n_blocks, n_channels, BLOCK)
        _, extremes = look_at_blocks(inside, (-1, 1))
        coarse = np.stack(extremes, axis=1) - around[EDGE:-EDGE, np.newaxis]
        fine = np.stack([smooth.min(axis=2), smooth.max(axis=2)], axis=1)
        true = np.stack([exact.min(axis=1), exact.max(axis=1)], axis=1)
        # Where a line stands for the signal, or a channel is constant, nothing is learnt of it.
        true[:, :, (inside == inside[:1]).all(axis=0)] = np.nan
        seen = ~samples.blanks_reach(start + BLOCK * np.arange(n_blocks), guard + BLOCK, guard + BLOCK)
        yield coarse[seen], fine[seen], true[seen], baseline.roughness(around)[seen]
