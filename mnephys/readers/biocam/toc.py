"""The table of contents of files of BrainWave 5 and 6: which frames each chunk of the recording holds."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mnephys.errors import CorruptHeaderError
from mnephys.readers.damage import DAMAGED
from mnephys.readers.hdf5.file import Hdf5File
from mnephys.readers.hdf5.numbers import whole_numbers
from mnephys.recording import SEGMENT, IntArray

__all__ = ["Toc", "read_toc"]

_MOST_CHUNKS = 1 << 24
# In s: 115 days, which no recording lasts.
_LATEST = 1e7


@dataclass(frozen=True, slots=True, eq=False)
class Toc:
    """Chunks of a recording, one after another.

    Parameters
    ----------
    first, stop : ndarray, int64, shape (n_chunks,)
        First frame of each and the one after its last; rising, none overlaps another.

    Examples
    --------
    >>> toc = Toc(np.array([0, 100, 500]), np.array([100, 150, 600]))
    >>> toc.n_frames, toc.samples.tolist()
    (250, [0, 100, 150, 250])
    >>> toc.segments(100.0).tolist()
    [(0, 0.0), (150, 5.0)]
    """

    first: IntArray
    stop: IntArray

    @property
    def samples(self) -> IntArray:
        """The sample with which each chunk begins, and the number of all samples, shape (n_chunks + 1,)."""
        return np.concatenate([[0], np.cumsum(self.stop - self.first)])

    @property
    def n_frames(self) -> int:
        """Number of all samples."""
        return int((self.stop - self.first).sum())

    def segments(self, rate: float) -> NDArray[np.void]:
        """Return the stretches without a gap.

        Parameters
        ----------
        rate : float
            In Hz.

        Returns
        -------
        ndarray of dtype `SEGMENT`, shape (n_segments,)
            Several where a chunk does not begin with the frame after the last of the one before.
        """
        begins = np.concatenate([[True], self.first[1:] != self.stop[:-1]])
        found = np.zeros(int(begins.sum()), SEGMENT)
        found["first"], found["start"] = self.samples[:-1][begins], self.first[begins] / rate
        return found


def read_toc(content: Hdf5File, rate: float) -> Toc | None:
    """Read the table of contents.

    Parameters
    ----------
    content : Hdf5File
        Open.
    rate : float
        In Hz.

    Returns
    -------
    Toc or None
        None where the file has none, or an empty one.

    Raises
    ------
    CorruptHeaderError
        If it cannot be true.
    ReadError
        Otherwise, if it cannot be read.
    """
    stored = content.array("TOC", 2 * _MOST_CHUNKS)
    if stored is None or stored.size == 0:
        return None
    if stored.ndim != 2 or stored.shape[1] != 2:
        problem = f"dataset TOC has the shape {stored.shape}, not first and last frame of each chunk"
        raise CorruptHeaderError(content.path, problem, DAMAGED)
    frames = whole_numbers(content.path, "TOC", stored).reshape(-1, 2)
    first, stop = frames.T
    wrong = (first < 0) | (stop <= first) | (stop > _LATEST * rate)
    wrong[1:] |= first[1:] < stop[:-1]
    if wrong.any():
        chunk = int(np.argmax(wrong))
        problem = f"dataset TOC places chunk {chunk} at frames {first[chunk]} to {stop[chunk]}, which cannot be true"
        raise CorruptHeaderError(content.path, problem, DAMAGED)
    return Toc(first.copy(), stop.copy())
