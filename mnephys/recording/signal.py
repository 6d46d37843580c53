"""Raw voltage of many channels, read in pieces: a plate of ten minutes is larger than the memory of most computers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from mnephys.recording.arrays import IntArray

__all__ = ["SEGMENT", "CountedSignal", "Signal", "segment_edges", "whole_segment"]

SEGMENT = np.dtype([("first", np.int64), ("start", np.float64)])
"""One stretch without a gap: its first sample (an index into the signal), and the time of that sample in s."""


class Signal(Protocol):
    """What a reader gives of raw voltage; nothing is in memory until `read`.

    Attributes
    ----------
    shape : tuple of int
        Samples and channels.
    sampling_rate : float
        In Hz, the same for all channels.
    segments : ndarray of dtype `SEGMENT`, shape (n_segments,)
        Where the recording was interrupted, several; their first samples rise from 0, their times rise too.
    electrodes : ndarray, int, shape (n_channels,)
        Row of each channel in `PlateRecording.electrodes`.
    """

    @property
    def shape(self) -> tuple[int, int]:
        """Samples and channels."""
        ...

    @property
    def sampling_rate(self) -> float:
        """Samples per second, in Hz."""
        ...

    @property
    def segments(self) -> NDArray[np.void]:
        """Stretches without a gap."""
        ...

    @property
    def electrodes(self) -> IntArray:
        """Row of each channel among the electrodes of the plate."""
        ...

    def read(self, start: int, stop: int, channels: Sequence[int] | slice | None = None) -> NDArray[np.float32]:
        """Return the voltage of some samples.

        Parameters
        ----------
        start, stop : int
            First sample and the one after the last, ``0 <= start <= stop <= shape[0]``.
        channels : sequence of int or slice, optional
            Columns; all if omitted.

        Returns
        -------
        ndarray, float32, shape (stop - start, n_channels)
            In uV.

        Raises
        ------
        IndexError
            If a sample or a channel is outside the signal.
        ReadError
            If the file cannot be read any more, or is damaged there.
        """
        ...

    def close(self) -> None:
        """Let go of the file; the next `read` opens it again."""
        ...


@runtime_checkable
class CountedSignal(Signal, Protocol):
    """A signal that is stored as counts, all of one size: what reads much of it need not make voltage of it all.

    Attributes
    ----------
    dtype : dtype
        Of one count.
    microvolts : float
        Of one count, with its sign.
    """

    @property
    def dtype(self) -> np.dtype[np.generic]:
        """Type of one count."""
        ...

    @property
    def microvolts(self) -> float:
        """Voltage of one count in uV."""
        ...

    def read_counts(self, start: int, stop: int, channels: Sequence[int] | slice | None = None) -> NDArray[Any]:
        """Return some samples as they are stored.

        Parameters
        ----------
        start, stop, channels
            As for `read`.

        Returns
        -------
        ndarray of the type of the file, shape (stop - start, n_channels)
            Times `microvolts` they are in uV.

        Raises
        ------
        IndexError, ReadError
            As `read`.
        """
        ...


def whole_segment(start: float = 0.0) -> NDArray[np.void]:
    """Return the segments of a signal without a gap.

    Parameters
    ----------
    start : float
        Time of its first sample, in s.

    Returns
    -------
    ndarray of dtype `SEGMENT`, shape (1,)
        The one segment.

    Examples
    --------
    >>> whole_segment(0.5)
    array([(0, 0.5)], dtype=[('first', '<i8'), ('start', '<f8')])
    """
    return np.array([(0, start)], SEGMENT)


def segment_edges(signal: Signal) -> tuple[float, float]:
    """Return when a signal begins and ends.

    Parameters
    ----------
    signal : Signal
        Any.

    Returns
    -------
    start, stop : float
        Of its first and after its last sample, in s, gaps included.
    """
    segments = signal.segments
    last = segments[-1]
    rest = signal.shape[0] - int(last["first"])
    return float(segments[0]["start"]), float(last["start"]) + rest / signal.sampling_rate
