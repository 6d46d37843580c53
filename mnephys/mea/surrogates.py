"""What pairs share by chance: trains shifted around the whole recording, each by its own time."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Self

import numpy as np

from mnephys.mea.tiles import Tiles, count_inside
from mnephys.recording import FloatArray, IntArray

__all__ = ["Ring", "surrogate_counts"]


@dataclass(frozen=True, slots=True, repr=False, eq=False)
class Ring:
    """Trains on a recording whose end is joined to its beginning, with what no shift changes.

    Parameters
    ----------
    spikes : ndarray, int, shape (n_spikes,)
        In ticks; train by train, each ascending.
    row : ndarray, int, shape (n_spikes,)
        The train of each.
    starts : ndarray, int, shape (n_trains,)
        First spike of each train; each has one.
    gaps : ndarray, int, shape (n_spikes,)
        From the spike before to each; for the first of a train from its last, over the seam.
    covered : ndarray, float, shape (n_trains,)
        Ticks within reach of the spikes of each train.
    span, reach : int
        Length of the recording, and how far a spike reaches, in ticks.
    """

    spikes: IntArray
    row: IntArray
    starts: IntArray
    gaps: IntArray
    covered: FloatArray
    span: int
    reach: int

    @classmethod
    def of(cls, spikes: IntArray, row: IntArray, span: int, reach: int) -> Self:
        """Join the ends.

        Parameters
        ----------
        spikes, row : ndarray, int, shape (n_spikes,)
            As in the class.
        span, reach : int
            As in the class; the span is not 0.

        Returns
        -------
        Ring
            Of these trains.

        Examples
        --------
        >>> import numpy as np
        >>> Ring.of(np.array([1, 4, 9]), np.array([0, 0, 0]), 10, 1).gaps
        array([2, 3, 5])
        """
        starts = np.flatnonzero(np.diff(row, prepend=-1))
        last = np.append(starts[1:], spikes.size) - 1
        gaps = np.diff(spikes, prepend=0)
        gaps[starts] = spikes[starts] + span - spikes[last]
        covered = np.add.reduceat(np.minimum(gaps, 2 * reach), starts).astype(np.float64)
        return cls(spikes, row, starts, gaps, covered, span, reach)

    def shifted(self, shift: IntArray) -> tuple[FloatArray, FloatArray]:
        """Cut the ring open again after every train was shifted by its own time.

        Parameters
        ----------
        shift : ndarray, int, shape (n_trains,)
            From 0 to less than the span, in ticks.

        Returns
        -------
        found : ndarray, float, shape (n_trains, n_trains)
            Of `mnephys.mea.tiles.count_inside`.
        tiled : ndarray, float, shape (n_trains,)
            Fraction of the recording within reach of each.
        """
        at = self.spikes + shift[self.row]
        beyond = at >= self.span
        at -= self.span * beyond
        ends = np.append(self.starts[1:], at.size)
        # Those beyond the end are at the beginning now, and the first of them comes first.
        head = ends - np.add.reduceat(beyond, self.starts, dtype=np.int64)
        return self._opened(at, np.where(head == ends, self.starts, head))

    def as_recorded(self) -> tuple[FloatArray, FloatArray]:
        """Cut the ring open where it was joined.

        Returns
        -------
        found : ndarray, float, shape (n_trains, n_trains)
            As of `shifted`.
        tiled : ndarray, float, shape (n_trains,)
            As of `shifted`.
        """
        return self._opened(self.spikes, self.starts)

    def _opened(self, at: IntArray, head: IntArray) -> tuple[FloatArray, FloatArray]:
        """Return what is within reach, given when all spikes are and which of each train comes first."""
        ends = np.append(self.starts[1:], at.size)
        tail = np.where(head == self.starts, ends, head) - 1
        apart = self.gaps > 2 * self.reach
        opens, closes = apart.copy(), np.empty_like(apart)
        closes[:-1] = apart[1:]
        closes[ends - 1] = apart[self.starts]
        opens[head] = closes[tail] = True
        within = Tiles(at[opens] - self.reach, at[closes] + self.reach, self.row[opens])
        tiled = self.covered - np.minimum(self.gaps[head], 2 * self.reach)
        tiled += np.minimum(at[head], self.reach) + np.minimum(self.span - at[tail], self.reach)
        return count_inside(at, self.row, within, self.starts.size), np.minimum(tiled / self.span, 1.0)


def surrogate_counts(ring: Ring, surrogates: int, rng: np.random.Generator) -> Iterator[tuple[FloatArray, FloatArray]]:
    """Yield what surrogates have within reach.

    Parameters
    ----------
    ring : Ring
        The trains.
    surrogates : int
        How many.
    rng : Generator
        Draws the shifts.

    Yields
    ------
    found : ndarray, float, shape (n_trains, n_trains)
        As of `Ring.shifted`.
    tiled : ndarray, float, shape (n_trains,)
        As of `Ring.shifted`.
    """
    for shift in rng.integers(0, ring.span, (surrogates, ring.starts.size)):
        yield ring.shifted(shift)
