"""Raw voltage that lies in one or several datasets of an HDF5 file: the channels of all side by side."""

from __future__ import annotations

import operator
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from mnephys.readers.hdf5.signal_parts import Part
from mnephys.recording import IntArray

__all__ = ["Hdf5Signal"]


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Hdf5Signal:
    """Raw voltage in an HDF5 file, a `mnephys.recording.signal.Signal`.

    Parameters
    ----------
    parts : sequence of Part
        Each most often a `mnephys.readers.hdf5.signal_parts.SignalPart`. At least one; several stand side by side,
        from the same first sample on. What is longer than the shortest of them is not part of the signal.
    sampling_rate : float
        In Hz.
    segments : ndarray of dtype `mnephys.recording.signal.SEGMENT`, shape (n_segments,)
        Stretches without a gap.
    electrodes : array_like of int, shape (n_channels,)
        Row of each channel in `PlateRecording.electrodes`.

    Raises
    ------
    ValueError
        If there is no part, or not one electrode per channel.

    Examples
    --------
    >>> import tempfile, h5py
    >>> from mnephys.readers.binary import open_binary
    >>> from mnephys.readers.hdf5.file import open_hdf5
    >>> from mnephys.readers.hdf5.signal_parts import Order, SignalPart
    >>> from mnephys.recording.signal import whole_segment
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     with h5py.File(f"{folder}/raw.h5", "w") as made:
    ...         made["raw"] = [[10, 11, 12], [20, 21, 22]]
    ...     with open_binary(f"{folder}/raw.h5") as file, open_hdf5(file) as content:
    ...         part = SignalPart(content.lazy("raw"), Order.CHANNELS_FIRST, [1, 0], [20, 10], [0.5, 2.0])
    ...     signal = Hdf5Signal([part], 20000.0, whole_segment(), [0, 1])
    ...     print(signal.shape, signal.read(1, 3).tolist())
    ...     signal.close()
    (3, 2) [[0.5, 2.0], [1.0, 4.0]]
    """

    parts: Sequence[Part]
    sampling_rate: float
    segments: NDArray[np.void]
    electrodes: IntArray
    _first: IntArray = field(init=False)

    def __post_init__(self) -> None:
        parts, electrodes = tuple(self.parts), np.asarray(self.electrodes, dtype=np.int64)
        first = np.cumsum([0, *(part.channels.size for part in parts)], dtype=np.int64)
        if not parts or electrodes.shape != (first[-1],):
            raise ValueError(f"{len(parts)} parts of {first[-1]} channels cannot have {electrodes.size} electrodes")
        for name, value in {"parts": parts, "electrodes": electrodes, "_first": first}.items():
            object.__setattr__(self, name, value)

    @property
    def shape(self) -> tuple[int, int]:
        """Samples and channels."""
        return min(part.n_samples for part in self.parts), int(self._first[-1])

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
        start, stop = operator.index(start), operator.index(stop)
        n_samples, n_channels = self.shape
        if not 0 <= start <= stop <= n_samples:
            raise IndexError(f"samples {start} to {stop} are not in a signal of {n_samples} samples")
        chosen = _chosen(channels, n_channels)
        if len(self.parts) == 1 and chosen.size and stop > start:
            return self.parts[0].read(start, stop, chosen)
        owner = np.searchsorted(self._first, chosen, side="right") - 1
        voltage = np.empty((stop - start, chosen.size), np.float32)
        for number, part in enumerate(self.parts):
            here = np.flatnonzero(owner == number)
            if here.size and stop > start:
                voltage[:, here] = part.read(start, stop, chosen[here] - self._first[number])
        return voltage

    def close(self) -> None:
        """Let go of the file; the next `read` opens it again."""
        for part in self.parts:
            part.array.close()

    def __repr__(self) -> str:
        n_samples, n_channels = self.shape
        return f"Hdf5Signal: {n_samples} samples x {n_channels} channels at {self.sampling_rate:g} Hz"


def _chosen(channels: Sequence[int] | slice | None, n_channels: int) -> IntArray:
    if channels is None or isinstance(channels, slice):
        return np.arange(n_channels)[slice(None) if channels is None else channels]
    chosen = np.asarray([operator.index(channel) for channel in channels], dtype=np.int64)
    if ((chosen < 0) | (chosen >= n_channels)).any():
        raise IndexError(f"a signal of {n_channels} channels has no channel {chosen.tolist()}")
    return chosen
