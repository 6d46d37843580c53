"""What pairs share by chance in stretches of a recording: trains shifted around each, or pieces of it, never across."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Self

import numpy as np

from mnephys.mea.tiles import count_inside, tiles_in_stretches
from mnephys.recording import FloatArray, IntArray

__all__ = ["Stretched", "stretched_counts"]


@dataclass(frozen=True, slots=True, repr=False, eq=False)
class Stretched:
    """Trains on the stretches of a recording, which are cut into pieces; the ends of each piece are joined.

    Parameters
    ----------
    spikes, row : ndarray, int, shape (n_spikes,)
        In ticks, train by train, each ascending; and the train of each.
    stretches : ndarray, int, shape (n_stretches, 2)
        Of `mnephys.mea.clock.Clock.stretches`.
    piece : ndarray, int, shape (n_spikes,)
        The piece that each spike is in.
    begins, widths : ndarray, int, shape (n_pieces,)
        In ticks; each lies in one stretch.
    reach : int
        How far a spike reaches, in ticks.
    """

    spikes: IntArray
    row: IntArray
    stretches: IntArray
    piece: IntArray
    begins: IntArray
    widths: IntArray
    reach: int

    @classmethod
    def of(cls, spikes: IntArray, row: IntArray, stretches: IntArray, reach: int, longest: int | None) -> Self:
        """Cut each stretch into as many equal pieces as are no shorter than the longest shift.

        Parameters
        ----------
        spikes, row : ndarray, int, shape (n_spikes,)
            As in the class.
        stretches : ndarray, int, shape (n_stretches, 2)
            As in the class.
        reach : int
            As in the class.
        longest : int or None
            In ticks, above 0; None makes each stretch one piece.

        Returns
        -------
        Stretched
            Each stretch is one piece at least; its last is longer by what is left over.

        Examples
        --------
        >>> import numpy as np
        >>> Stretched.of(np.array([1, 6, 25]), np.array([0, 0, 0]), np.array([[0, 10], [20, 30]]), 1, 5).begins
        array([ 0,  5, 20, 25])
        """
        span = np.maximum(np.diff(stretches, axis=1)[:, 0], 1)
        number = np.ones(span.size, dtype=np.int64) if longest is None else np.maximum(span // longest, 1)
        of = np.repeat(np.arange(span.size), number)
        within = np.arange(of.size) - (np.cumsum(number) - number)[of]
        width = (span // number)[of]
        widths = np.where(within == number[of] - 1, span[of] - width * within, width)
        begins = stretches[of, 0] + width * within
        piece = np.searchsorted(begins, spikes, side="right") - 1
        return cls(spikes, row, stretches, piece, begins, widths, reach)

    def as_recorded(self) -> tuple[FloatArray, FloatArray]:
        """Return what is within reach in the trains as they are.

        Returns
        -------
        found : ndarray, float, shape (n_trains, n_trains)
            Of `mnephys.mea.tiles.count_inside`.
        tiled : ndarray, float, shape (n_trains,)
            Fraction of the time of all stretches within reach of each.
        """
        return self._counted(self.spikes)

    def shifted(self, shift: IntArray) -> tuple[FloatArray, FloatArray]:
        """Shift every train around every piece by a time of its own.

        Parameters
        ----------
        shift : ndarray, int, shape (n_trains, n_pieces)
            From 0 to less than the width of the piece, in ticks.

        Returns
        -------
        found : ndarray, float, shape (n_trains, n_trains)
            As of `as_recorded`.
        tiled : ndarray, float, shape (n_trains,)
            As of `as_recorded`.
        """
        begin, width = self.begins[self.piece], self.widths[self.piece]
        at = begin + (self.spikes - begin + shift[self.row, self.piece]) % width
        return self._counted(at[np.lexsort((at, self.row))])

    def _counted(self, at: IntArray) -> tuple[FloatArray, FloatArray]:
        n = int(self.row[-1]) + 1
        within = tiles_in_stretches(at, self.row, self.reach, self.stretches)
        tiled = np.bincount(within.owner, weights=within.closes - within.opens, minlength=n)
        covered = max(int(np.diff(self.stretches).sum()), 1)
        return count_inside(at, self.row, within, n), tiled / covered


def stretched_counts(
    trains: Stretched, surrogates: int, rng: np.random.Generator
) -> Iterator[tuple[FloatArray, FloatArray]]:
    """Yield what surrogates have within reach.

    Parameters
    ----------
    trains : Stretched
        The trains.
    surrogates : int
        How many.
    rng : Generator
        Draws the shifts.

    Yields
    ------
    found : ndarray, float, shape (n_trains, n_trains)
        As of `Stretched.as_recorded`.
    tiled : ndarray, float, shape (n_trains,)
        As of `Stretched.as_recorded`.
    """
    n = int(trains.row[-1]) + 1
    for _ in range(surrogates):
        yield trains.shifted(rng.integers(0, trains.widths, (n, trains.widths.size)))
